from __future__ import annotations

import base64
import copy
import io
import itertools
import pickle
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ondemand_attach import Address, Envelope, Message
from ondemand_attach._pieces import Base64, Piece, chunks, coalesced, elided, merged
from ondemand_attach.errors import MessageError

ENVELOPE = Envelope(sender=None, recipients=(Address(addr_spec="jane@example.com"),))
BORDERS = [57, 57 * 128, 57 * 2048, 57 * (2048 + 128)]
SIZES = sorted({0, 1, 2, 3, *(border + step for border in BORDERS for step in (-1, 0, 1, 2)), 300_000})
PIECES = st.lists(st.binary(max_size=80) | st.builds(Base64, st.binary(max_size=200)), max_size=6)


def made(*pieces: Piece) -> Message:
    return Message(envelope=ENVELOPE, message_id="<1@shop.example>", pieces=pieces)


def lines_of(document: bytes) -> bytes:
    return base64.encodebytes(document).replace(b"\n", b"\r\n") or b"\r\n"


class TestBase64:
    @pytest.mark.parametrize("size", SIZES)
    def test_lines_are_those_of_the_standard_library(self, size: int) -> None:
        document = random.Random(size).randbytes(size)
        piece = Base64(document)
        assert b"".join(piece) == lines_of(document)
        assert len(piece) == len(lines_of(document))

    @given(st.binary(max_size=500))
    def test_length_is_known_beforehand(self, document: bytes) -> None:
        assert len(Base64(document)) == len(b"".join(Base64(document))) == len(lines_of(document))

    def test_no_chunk_is_large(self) -> None:
        assert max(map(len, Base64(bytes(3_000_000)))) < 200_000

    def test_a_document_that_may_change_is_copied(self) -> None:
        document = bytearray(b"before")
        piece, viewed = Base64(document), Base64(memoryview(document)[1:])  # type: ignore[arg-type]
        document[:] = b"after!"
        assert (piece.document, viewed.document) == (b"before", b"efore")

    def test_no_byte_of_the_document_is_in_its_repr(self) -> None:
        assert "canary" not in repr(Base64(b"canary"))


class TestMessage:
    def test_content_is_made_of_the_pieces(self) -> None:
        message = made(b"Subject: a\r\n\r\n", Base64(b"abc"), b"end\r\n")
        assert message.content == bytes(message) == b"Subject: a\r\n\r\nYWJj\r\nend\r\n"
        assert b"".join(message.chunks()) == message.content

    @given(PIECES)
    def test_size_is_that_of_the_content(self, pieces: list[Piece]) -> None:
        assert made(*pieces).size == len(made(*pieces).content)

    @given(PIECES)
    def test_a_message_that_was_stored_as_bytes_is_the_same(self, pieces: list[Piece]) -> None:
        message = made(*pieces)
        stored = Message(envelope=ENVELOPE, message_id="<1@shop.example>", content=bytes(message))
        assert stored == message
        assert hash(stored) == hash(message)

    @pytest.mark.parametrize(
        "other",
        [
            made(b"Subject: a\r\n\r\n", Base64(b"abd")),
            made(b"Subject: a\r\n\r\n", Base64(b"abcd")),
            replace(made(b"Subject: a\r\n\r\n", Base64(b"abc")), message_id="<2@shop.example>"),
            b"Subject: a\r\n\r\nYWJj\r\n",
        ],
        ids=repr,
    )
    def test_whatever_differs_is_not_equal(self, other: object) -> None:
        assert made(b"Subject: a\r\n\r\n", Base64(b"abc")) != other

    @pytest.mark.parametrize(
        "again", [copy.copy, copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))]
    )
    def test_copies_are_equal(self, again: Callable[[Message], Message]) -> None:
        message = made(b"Subject: a\r\n\r\n", Base64(b"abc"))
        assert again(message) == message
        assert again(message).pieces == message.pieces

    def test_its_pickle_needs_no_class_but_its_own(self) -> None:
        class Unpickler(pickle.Unpickler):
            def find_class(self, module: str, name: str) -> Any:
                assert module.startswith("ondemand_attach.")
                return super().find_class(module, name)

        message = made(b"Subject: a\r\n\r\n", Base64(b"abc"))
        assert Unpickler(io.BytesIO(pickle.dumps(message))).load() == message

    def test_its_pickle_holds_a_document_once_and_not_in_base64(self) -> None:
        assert len(pickle.dumps(made(b"Subject: a\r\n\r\n", Base64(bytes(100_000))))) < 101_000

    def test_parts_of_it_can_be_replaced(self) -> None:
        message = made(b"Subject: a\r\n\r\n", Base64(b"abc"))
        assert replace(message, message_id="<2@shop.example>").content == message.content
        assert replace(message, content=b"Subject: b\r\n\r\n").content == b"Subject: b\r\n\r\n"

    def test_bytes_that_may_change_are_copied(self) -> None:
        content = bytearray(b"Subject: a\r\n\r\n")
        messages = [
            Message(envelope=ENVELOPE, message_id="<1@shop.example>", content=content),  # type: ignore[arg-type]
            made(content),  # type: ignore[arg-type]
        ]
        content[:] = b"Bcc: b\r\n\r\n"
        assert [message.content for message in messages] == [b"Subject: a\r\n\r\n"] * 2

    def test_it_is_frozen_and_shows_no_byte_of_its_content(self) -> None:
        message = made(b"canary", Base64(b"canary"))
        with pytest.raises(AttributeError):
            message.pieces = ()  # type: ignore[misc]
        assert "canary" not in repr(message)
        assert "<1@shop.example>" in repr(message)


class TestElided:
    def test_a_line_stands_for_each_document(self) -> None:
        content, documents = elided([b"a\r\n", Base64(b"first"), b"b\r\n", Base64(b"second"), b""])
        assert content == b"a\r\n\x000\x00\r\nb\r\n\x001\x00\r\n"
        assert documents == {b"\x000\x00": b"first", b"\x001\x00": b"second"}

    @pytest.mark.parametrize("forged", [b"\x000\x00", b"\x00"])
    def test_nothing_else_can_pass_for_such_a_line(self, forged: bytes) -> None:
        with pytest.raises(MessageError, match="NUL"):
            elided([b"a\r\n", Base64(b"first"), forged])


@given(PIECES)
def test_joining_pieces_changes_no_byte(pieces: list[Piece]) -> None:
    joined = merged(pieces)
    assert b"".join(chunks(joined)) == b"".join(chunks(pieces))
    assert not any(
        isinstance(one, bytes) and isinstance(two, bytes) for one, two in itertools.pairwise(joined)
    )
    written = list(coalesced(chunks(pieces)))
    assert b"".join(written) == b"".join(chunks(pieces))


def test_a_large_chunk_is_written_without_another_copy_of_it() -> None:
    large = b"x" * 100_000
    written = list(coalesced([b"", large, b"", large]))
    assert written[0] is written[1] is large


def test_small_chunks_are_written_together() -> None:
    sizes = [len(octets) for octets in coalesced([b"x" * 1000] * 200)]
    assert sizes == [66_000, 66_000, 66_000, 2000]
