"""A large document is there once, from the generator to the transport."""

from __future__ import annotations

import random
import tracemalloc

import pytest

from ondemand_attach import Document, MemoryTransport, MessageBuilder
from ondemand_attach.errors import ConfidentialityError

LARGE = Document(content=random.Random(1).randbytes(10_000_000), media_type="application/octet-stream")
TEXT = Document(content="Žluťoučký kůň, 1234;\n".encode() * 100_000, media_type="text/csv")
CONTEXT = {"name": "Jane Doe-Smithers", "iban": "CZ6508000000192000145399", "number": "1"}
ORDER = (
    MessageBuilder()
    .sender("orders@shop.example")
    .subject("Order {{ number }}")
    .text("Thank you.\n")
    .html("<p>Thank you.</p>")
    .confidential("name", "iban")
)
PROTECTED = ORDER.attach(lambda _: TEXT, filename="order.bin", encryptor=lambda *_: LARGE)


def peak_of(builder: MessageBuilder) -> int:
    builder.build(CONTEXT, to="jane@example.com")
    tracemalloc.start()
    MemoryTransport().send(builder.build(CONTEXT, to="jane@example.com"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_a_protected_document_is_not_copied() -> None:
    assert peak_of(PROTECTED) < 500_000


def test_neither_are_the_equal_documents_of_two_attachments() -> None:
    again = Document(content=bytes(bytearray(LARGE.content)), media_type="application/pdf")
    assert peak_of(PROTECTED.attach(lambda _: TEXT, filename="b.bin", encryptor=lambda *_: again)) < 500_000


def test_a_document_is_searched_window_by_window() -> None:
    assert peak_of(ORDER.attach(lambda _: LARGE, filename="order.bin")) < 4_000_000


@pytest.mark.parametrize("place", ["first", "last"])
def test_what_is_searched_so_is_found(place: str) -> None:
    secret = CONTEXT["name"].encode()
    content = secret + TEXT.content if place == "first" else TEXT.content + secret
    leaking = Document(content=content, media_type="text/csv")
    with pytest.raises(ConfidentialityError, match="stands in the attachment 1"):
        ORDER.attach(lambda _: leaking, filename="order.csv").build(CONTEXT, to="jane@example.com")


def test_the_message_holds_the_document_itself() -> None:
    message = PROTECTED.build(CONTEXT, to="jane@example.com")
    assert any(getattr(piece, "document", None) is LARGE.content for piece in message.pieces)
    assert message.size == len(message.content)
