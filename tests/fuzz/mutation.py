"""Changes to bytes, as many and as strange as a draw says; the same draw makes the same."""

from __future__ import annotations

import itertools
import random
import re
import struct
from collections.abc import Callable, Sequence
from typing import Any

Change = Callable[[bytes, random.Random], bytes]

LONGEST = 200_000  # bytes; what is longer shows a budget no better
_NUMBERS = (0, 1, 2, 7, 16, 64, 100, 127, 128, 255, 256, 4096, 32767, 32768, 65535, 65536, 1 << 24)
_LARGE = ((1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, (1 << 63) - 1, (1 << 64) - 1)
_TEXTS = (b"-1", b"1e999", b"0x10", b"00", b"1_0", "٣".encode(), b"9" * 5000, b"NaN")
_NESTED = (
    (b"(", b")"),
    (b"[", b"]"),
    (b"<<", b">>"),
    (b"{", b"}"),
    (b"<a>", b"</a>"),
    (b"\x30\x80", b"\0\0"),
)
_DIGIT = re.compile(rb"[0-9]")
_COMMON = (
    b"\0",
    b"\r\n",
    b"\n\n",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\x1b[2J",
    b"%s",
    b"\xe2\x80\xae",
    b"=?utf-8?q?",
)


def mutated(
    seed: bytes,
    chosen: random.Random,
    *,
    others: Sequence[bytes] = (),
    words: Sequence[bytes] = (),
    structures: Sequence[Change] = (),
) -> bytes:
    """Return *seed* with one to six changes.

    Args:
        seed: where it begins.
        chosen: what is drawn from.
        others: seeds that pieces are taken from.
        words: of the format.
        structures: changes that keep lengths and checksums in order, so that readers come further.
    """
    content = seed
    changes = (*_CHANGES, *structures * max(1, len(_CHANGES) // max(1, len(structures))))
    for _ in range(min(chosen.randrange(1, 7), chosen.randrange(1, 7))):
        change = chosen.choice(changes)
        if change is _say:
            content = _put(content, chosen, chosen.choice((*_COMMON, *words)))
        elif change is _splice:
            content = _joined(content, chosen.choice(others or (seed,)), chosen)
        else:
            content = change(content, chosen)
        content = content[:LONGEST]
    return content


def times(piece: Any, count: int) -> Any:
    """Return *piece* again and again, up to *count* times, but no longer than an input may be."""
    return piece * max(1, min(count, LONGEST // max(1, len(piece))))


def _span(content: bytes, chosen: random.Random) -> slice:
    start = chosen.randrange(len(content) + 1)
    longest = chosen.choice((1, 4, 16, 64, 1024, len(content)))
    return slice(start, start + chosen.randrange(longest + 1))


def _put(content: bytes, chosen: random.Random, piece: bytes) -> bytes:
    """Put *piece* into *content*, or over what is there."""
    start = chosen.randrange(len(content) + 1)
    return content[:start] + piece + content[start + (len(piece) if chosen.random() < 0.5 else 0) :]


def _joined(content: bytes, other: bytes, chosen: random.Random) -> bytes:
    return content[: chosen.randrange(len(content) + 1)] + other[chosen.randrange(len(other) + 1) :]


def flip(content: bytes, chosen: random.Random) -> bytes:
    """Turn a few bits, or bytes, into others."""
    found = bytearray(content or b"\0")
    for _ in range(chosen.choice((1, 1, 1, 2, 8))):
        place = chosen.randrange(len(found))
        found[place] = chosen.choice((found[place] ^ 1 << chosen.randrange(8), chosen.randrange(256), 0, 255))
    return bytes(found)


def delete(content: bytes, chosen: random.Random) -> bytes:
    """Leave a piece out."""
    span = _span(content, chosen)
    return content[: span.start] + content[span.stop :]


def duplicate(content: bytes, chosen: random.Random) -> bytes:
    """Say a piece again, up to 2,000 times."""
    span = _span(content, chosen)
    piece = times(content[span], chosen.choice((1, 1, 1, 2, 20, 2000)))
    return content[: span.stop] + piece + content[span.stop :]


def move(content: bytes, chosen: random.Random) -> bytes:
    """Put a piece elsewhere."""
    span = _span(content, chosen)
    return _put(content[: span.start] + content[span.stop :], chosen, content[span])


def truncate(content: bytes, chosen: random.Random) -> bytes:
    """Cut the end off, or the beginning."""
    place = chosen.randrange(len(content) + 1)
    return content[:place] if chosen.random() < 0.8 else content[place:]


def number(content: bytes, chosen: random.Random) -> bytes:
    """Write a number that is at some edge over what is there, in a size and byte order that is drawn."""
    size = chosen.choice("BHIQ")
    value = chosen.choice((*_NUMBERS, *_LARGE, len(content), chosen.randrange(len(content) + 1)))
    packed = struct.pack(chosen.choice("<>") + size, value & ((1 << 8 * struct.calcsize(size)) - 1))
    start = chosen.randrange(len(content) + 1)
    if len(content) >= 512 and chosen.random() < 0.5:
        start -= start % 4
    return content[:start] + packed + content[start + len(packed) :]


def digits(content: bytes, chosen: random.Random) -> bytes:
    """Write another number over one in decimal digits."""
    starts = [found.start() for found in itertools.islice(_DIGIT.finditer(content), 5000)]
    if not starts:
        return _put(content, chosen, b"9" * 20)
    start = end = chosen.choice(starts)
    while start and content[start - 1 : start].isdigit():
        start -= 1
    while content[end : end + 1].isdigit():
        end += 1
    value = chosen.choice((*(b"%d" % each for each in (*_NUMBERS, *_LARGE, len(content))), *_TEXTS))
    return content[:start] + value + content[end:]


def nest(content: bytes, chosen: random.Random) -> bytes:
    """Open something many times, and perhaps close it as often."""
    opening, closing = chosen.choice(_NESTED)
    depth, start = chosen.choice((2, 50, 500, 5000)), chosen.randrange(len(content) + 1)
    end = closing * depth if chosen.random() < 0.7 else b""
    return content[:start] + opening * depth + content[start : start + 1] + end + content[start + 1 :]


def _say(content: bytes, _: random.Random) -> bytes:
    return content


def _splice(content: bytes, _: random.Random) -> bytes:
    return content


_CHANGES: tuple[Change, ...] = (
    *(flip, flip, delete, duplicate, move, truncate, number, number, digits, nest),
    *(_say, _say, _splice),
)
