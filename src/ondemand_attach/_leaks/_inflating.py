"""Decompression as far as it goes: what came out before an error counts. No more is made than asked for."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Any, TypeAlias

_INPUT = 1 << 16  # octets handed over at once, so that what a reader leaves over is never much to copy
_DICTIONARY = 64 << 20  # octets that LZMA may ask for
_ERRORS = (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, MemoryError)

# A reader of the standard library: decompress(), eof, unused_data.
Opener: TypeAlias = Callable[[], Any]


def deflate() -> Any:
    """Return a reader of raw deflate, RFC 1951."""
    return zlib.decompressobj(wbits=-15)


def zlib_or_gzip() -> Any:
    """Return a reader of zlib (RFC 1950) or gzip (RFC 1952), as the header says."""
    return zlib.decompressobj(wbits=47)


def bzip2() -> Any:
    """Return a reader of bzip2."""
    return bz2.BZ2Decompressor()


def xz() -> Any:
    """Return a reader of .xz and .lzma files."""
    return lzma.LZMADecompressor(memlimit=_DICTIONARY)


def inflated(opener: Opener, content: bytes | memoryview, start: int, most: int) -> tuple[bytes, int]:
    """Decompress what begins at *start* in *content*, and return it with the place where it ends.

    Args:
        opener: makes the reader.
        content: what holds it.
        start: where it begins.
        most: octets to make of it.
    """
    reader, pieces, view = opener(), list[bytes](), memoryview(content)
    at, size, step = start, 0, _INPUT
    while not reader.eof and size < most and at < len(view):
        try:
            pieces.append(reader.decompress(view[at : at + step], most - size))
        except _ERRORS:
            # What came out of this piece before the error is lost; it is read once more, in smaller ones.
            if not (step := step // 16):
                break
            reader = _advanced(opener, view[start:at], size)
            continue
        size += len(pieces[-1])
        at += step
    end = min(at, len(view)) - (len(reader.unused_data) if reader.eof else 0)
    return b"".join(pieces), end


def _advanced(opener: Opener, view: memoryview, size: int) -> Any:
    reader = opener()
    for at in range(0, len(view), _INPUT):
        size -= len(reader.decompress(view[at : at + _INPUT], size + 1))
    return reader


def joined(opener: Opener, content: bytes, start: int, most: int) -> tuple[bytes, int]:
    """Do the same with all that follows at once: gzip, bzip2 and xz files may be put one behind the other."""
    mark, pieces, size = content[start : start + 2], list[bytes](), 0
    while size < most and content[start : start + 2] == mark:
        piece, end = inflated(opener, content, start, most - size)
        start = max(start, end)
        if not piece and pieces:
            break
        pieces.append(piece)
        size += len(piece) + 1  # an empty one is not free
    return b"".join(pieces), start
