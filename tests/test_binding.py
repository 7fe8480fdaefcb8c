"""Data, address and secret are of one person: what was made for another is refused, early and late."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ondemand_attach import (
    Address,
    AttachmentRequest,
    Document,
    Envelope,
    Mailer,
    MemoryTransport,
    Message,
    MessageBuilder,
    PdfEncryptor,
    RenderPool,
    Xhtml2PdfGenerator,
)
from ondemand_attach.errors import EncryptionError, GenerationError, MessageError, ProtectionError

JANE = {"customer": {"name": "Jane Doe-Smithers", "email": "jane@example.com", "code": "k3jd92kfaa0l"}}
JOE = {"customer": {"name": "Joe Bloggs-Miller", "email": "joe@example.com", "code": "m9xq41vbcc7t"}}
LETTER = (
    MessageBuilder().sender("orders@shop.example").subject("Order").text("Thanks.").confidential("customer")
)
GENERATOR = Xhtml2PdfGenerator(source="<p>{{ customer.name }}</p>")
ENCRYPTOR = PdfEncryptor(password="{{ customer.code }}")
STATEMENT = LETTER.attach(GENERATOR, filename="order.pdf", encryptor=ENCRYPTOR)


def kept(make: Callable[..., Document]) -> Callable[..., Document]:
    """Make a document once, which is the mistake."""
    documents: list[Document] = []

    def call(*args: Any) -> Document:
        if not documents:
            documents.append(make(*args))
        return documents[0]

    return call


def test_a_cached_document_of_another_customer_is_refused() -> None:
    builder = LETTER.attach(kept(GENERATOR.generate), filename="order.pdf", encryptor=ENCRYPTOR)
    assert builder.build(JANE, to="jane@example.com")
    with pytest.raises(GenerationError, match="made for another recipient"):
        builder.build(JOE, to="joe@example.com")


def test_so_is_a_cached_protected_one() -> None:
    builder = LETTER.attach(GENERATOR, filename="order.pdf", encryptor=kept(ENCRYPTOR.encrypt))
    assert builder.build(JANE, to="jane@example.com")
    with pytest.raises(EncryptionError, match="made for another recipient"):
        builder.build(JOE, to="joe@example.com")


def text_of(request: AttachmentRequest) -> Document:
    """Make a document as an application's own generator does, which says nothing of whom it is for."""
    return Document(content=request.context["customer"]["name"].encode(), media_type="text/plain")


def sealed_by(document: Document, request: AttachmentRequest) -> Document:
    return Document(
        content=document.content[::-1], media_type="application/pkcs7-mime", encryption="backwards"
    )


def signed_by(document: Document, request: AttachmentRequest) -> Document:
    return Document(content=document.content + b"!", media_type=document.media_type, signature="!")


@pytest.mark.parametrize(
    "builder",
    [
        LETTER.attach(kept(text_of), filename="a.txt", encryptor=sealed_by),
        LETTER.attach(text_of, filename="a.txt", encryptor=kept(sealed_by)),
        LETTER.attach(text_of, filename="a.txt", encryptor=sealed_by, signer=kept(signed_by)),
        LETTER.attach(kept(text_of), filename="a.txt").whole_message(encryptor=sealed_by),
        LETTER.attach(text_of, filename="a.txt", signer=kept(signed_by)).whole_message(encryptor=sealed_by),
        LETTER.attach(text_of, filename="a.txt").whole_message(encryptor=kept(sealed_by)),
    ],
)
def test_so_is_whatever_an_application_makes_once(builder: MessageBuilder) -> None:
    assert builder.build(JANE, to="jane@example.com")
    with pytest.raises((GenerationError, ProtectionError), match="made for another recipient"):
        builder.build(JOE, to="joe@example.com")


def test_a_signer_need_not_know_how_a_document_was_encrypted() -> None:
    builder = LETTER.attach(text_of, filename="a.txt", encryptor=sealed_by, signer=signed_by)
    (part,) = builder.build(JANE, to="jane@example.com").parts
    assert (part.encryption, part.signature) == ("backwards", "!")


def test_a_file_for_everyone_goes_to_all(tmp_path: Path) -> None:
    (tmp_path / "terms.txt").write_bytes(b"The terms.\n")
    builder = LETTER.attach_file(tmp_path / "terms.txt").whole_message(encryptor=sealed_by)
    assert builder.build(JANE, to="jane@example.com")
    assert builder.build(JOE, to="joe@example.com")


def test_a_document_for_everyone_may_be_kept() -> None:
    def terms(_: AttachmentRequest) -> Document:
        return Document(content=b"The terms.\n", media_type="text/plain")

    builder = LETTER.attach(kept(terms), filename="terms.txt")
    assert builder.build(JANE, to="jane@example.com")
    assert builder.build(JOE, to="joe@example.com")


def test_a_pickle_remembers_whom_a_document_was_made_for() -> None:
    document = Document(content=b"x", media_type="text/plain", made_for=frozenset({"jane@example.com"}))
    assert pickle.loads(pickle.dumps(document)).made_for == {"jane@example.com"}
    assert "jane" not in repr(document)


def to_joe(message: Message) -> Message:
    envelope = Envelope(sender=None, recipients=(Address(addr_spec="joe@example.com"),))
    return dataclasses.replace(message, envelope=envelope)


def test_a_protected_message_cannot_be_given_to_another_recipient() -> None:
    message = STATEMENT.build(JANE, to="jane@example.com")
    with pytest.raises(MessageError, match="for whom the protected parts of the message were not made"):
        to_joe(message)
    assert to_joe(LETTER.build(JANE, to="jane@example.com"))


def test_nor_can_one_that_a_render_pool_made() -> None:
    with RenderPool(time_limit=60) as pool:
        message = pool.build(STATEMENT, JANE, to="jane@example.com")
    with pytest.raises(MessageError):
        to_joe(message)


def test_the_mailer_looks_again() -> None:
    message, transport = STATEMENT.build(JANE, to="jane@example.com"), MemoryTransport()
    other = Envelope(sender=None, recipients=(Address(addr_spec="joe@example.com"),))
    object.__setattr__(message, "envelope", other)
    with pytest.raises(MessageError, match="for whom the protected parts"):
        Mailer(transport).deliver(pickle.loads(pickle.dumps(message)))
    assert not transport.messages


def test_copies_that_the_builder_names_are_meant() -> None:
    message = STATEMENT.bcc("archive@shop.example").build(JANE, to="jane@example.com")
    assert {address.addr_spec for address in message.envelope.recipients} == {
        "jane@example.com",
        "archive@shop.example",
    }


def test_the_recipient_comes_with_the_data() -> None:
    builder = STATEMENT.recipient_at("customer.email")
    (recipient,) = builder.build(JANE).envelope.recipients
    assert recipient.addr_spec == "jane@example.com"
    assert builder.build(JANE, to="Jane <jane@example.com>")


@pytest.mark.parametrize("to", ["joe@example.com", ["jane@example.com", "joe@example.com"]], ids=str)
def test_another_recipient_than_that_of_the_data_is_refused(to: Any) -> None:
    with pytest.raises(
        MessageError, match=r"not the one address that the context holds at 'customer\.email'"
    ):
        STATEMENT.recipient_at("customer.email").build(JANE, to=to)


NAMED = {"customer": {**JANE["customer"], "email": "Zdenka Kvapilova <z@example.com>"}}


def to_of(message: Message) -> str:
    (line,) = [line for line in message.content.decode().split("\r\n") if line.startswith("To:")]
    return line


@pytest.mark.parametrize(
    ("marks", "public", "to"),
    [
        (["customer"], [], "To: z@example.com"),
        (["customer.email"], [], "To: z@example.com"),
        (["customer"], ["customer.email"], "To: Zdenka Kvapilova <z@example.com>"),
        (["customer.code"], [], "To: Zdenka Kvapilova <z@example.com>"),
        ([], [], "To: Zdenka Kvapilova <z@example.com>"),
    ],
)
def test_a_confidential_name_beside_the_address_is_left_out(
    marks: list[str], public: list[str], to: str
) -> None:
    builder = (
        MessageBuilder().sender("bank@bank.example").subject("s").text("t").recipient_at("customer.email")
    )
    message = builder.confidential(*marks).public(*public).build(NAMED)
    assert to_of(message) == to
    assert [one.addr_spec for one in message.envelope.recipients] == ["z@example.com"]


@pytest.mark.parametrize(
    "spelt", ['"Kvapilova, Zdenka" <z@example.com>', "Žďár Kvapilová <z@example.com>", "<z@example.com>"]
)
def test_a_generator_is_not_told_the_name_either(spelt: str) -> None:
    seen: list[str] = []

    def generate(request: AttachmentRequest) -> Document:
        seen.append(request.recipient.address.display_name)
        return Document(content=b"x", media_type="text/plain")

    builder = (
        MessageBuilder().sender("bank@bank.example").subject("s").text("t").recipient_at("customer.email")
    )
    builder = builder.confidential("customer").attach(generate, filename="a.txt")
    message = builder.build({"customer": {"email": spelt}})
    assert (to_of(message), seen) == ("To: z@example.com", [""])


@pytest.mark.parametrize("email", [None, 7, ["jane@example.com"]], ids=str)
def test_data_without_an_address_is_refused(email: Any) -> None:
    context = {"customer": {**JANE["customer"], "email": email}}
    with pytest.raises(MessageError, match=r"no address in the context at 'customer\.email'"):
        STATEMENT.recipient_at("customer.email").build(context)


@pytest.mark.parametrize(
    ("path", "meant"),
    [("customer.emial", "'customer.email'"), ("custmer.email", "'customer'"), ("customer.fax", None)],
)
def test_a_misspelt_path_of_the_recipient_is_called_one(path: str, meant: str | None) -> None:
    with pytest.raises(MessageError) as caught:
        STATEMENT.recipient_at(path).build(JANE)
    assert ("did you mean" in str(caught.value)) is (meant is not None)
    assert (meant or "leave out who has none") in str(caught.value)
