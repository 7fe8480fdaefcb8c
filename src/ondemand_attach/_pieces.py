"""The bytes of a message in pieces: text as it is, documents in base64 that is made while it is sent."""

from __future__ import annotations

import struct
from binascii import b2a_base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from ondemand_attach.errors import MessageError

_LINE: Final = 76  # RFC 2045 section 6.8
_LINE_OCTETS: Final = 57
# Blocks of so many lines, with the function that splits them: what one makes stays in the processor's cache.
_BLOCKS: Final = tuple((lines, struct.Struct("76s" * lines).unpack) for lines in (2048, 128))
_WRITE: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Base64:
    """A document on its way to base64 in lines of 76 characters, each ended by CRLF.

    Its length is that of the lines; they are made anew whenever it is iterated over, some 160 kB at a time.

    Args:
        document: the bytes.
    """

    document: bytes = field(repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "document", frozen(self.document))

    def __len__(self) -> int:
        characters = -(-len(self.document) // 3) * 4
        return characters + max(-(-characters // _LINE), 1) * 2

    def __iter__(self) -> Iterator[bytes]:
        left = memoryview(self.document)
        for lines, split in _BLOCKS:
            size = lines * _LINE_OCTETS
            while len(left) >= size:
                yield b"\r\n".join((*split(b2a_base64(left[:size], newline=False)), b""))
                left = left[size:]
        rest = b2a_base64(left, newline=False)
        if rest or not self.document:  # nothing at all still has the line end before the delimiter
            starts = range(0, max(len(rest), 1), _LINE)
            yield b"".join([rest[start : start + _LINE] + b"\r\n" for start in starts])


Piece: TypeAlias = bytes | Base64


def frozen(content: bytes | bytearray | memoryview) -> bytes:
    """Return *content* if it cannot change any more, else a copy."""
    return content if type(content) is bytes else bytes(memoryview(content))


def chunks(pieces: Iterable[Piece]) -> Iterator[bytes]:
    """Yield the bytes of *pieces*."""
    for piece in pieces:
        if isinstance(piece, Base64):
            yield from piece
        else:
            yield piece


def coalesced(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes of *chunks* with small ones put together, up to about 64 kB."""
    held: list[bytes] = []
    size = 0
    for chunk in filter(None, chunks):  # one alone is then not copied
        held.append(chunk)
        size += len(chunk)
        if size >= _WRITE:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def merged(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Return *pieces* with those joined that are bytes and stand next to each other."""
    found: list[Piece] = []
    run: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, Base64):
            found += (b"".join(run), piece)
            run = []
        else:
            run.append(piece)
    return (*found, b"".join(run))


def elided(pieces: Iterable[Piece]) -> tuple[bytes, dict[bytes, bytes]]:
    """Return the bytes with a line in place of each document, and the documents by what stands for them.

    What holds the lines reads as what holds the documents: base64 in lines can neither end a part nor begin
    a header field. A line in its place is made of what nothing else may hold: NUL.

    Raises:
        MessageError: something else does hold it.
    """
    documents: dict[bytes, bytes] = {}
    texts: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, Base64):
            stand_in = b"\0%d\0" % len(documents)
            documents[stand_in] = piece.document
            texts.append(stand_in + b"\r\n")
        elif b"\0" in piece:
            raise MessageError("the message holds a NUL")
        else:
            texts.append(piece)
    return b"".join(texts), documents
