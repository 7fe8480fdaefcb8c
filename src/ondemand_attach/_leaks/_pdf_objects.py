"""The objects of a PDF, found as they stand in it, as readers find them that repair files."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

_OBJECT = re.compile(rb"(?<![0-9])([0-9]{1,10})\s+[0-9]{1,5}\s+obj\b")
_LENGTH = re.compile(rb"/Length\s+([0-9]{1,10})\b(?!\s+[0-9]+\s+R)")
_BEFORE_A_STREAM = re.compile(rb">>\s*\Z")
_FIRST = re.compile(rb"/First\s+([0-9]{1,9})")
_NUMBER = re.compile(rb"[0-9]{1,10}")
_SPACES = 32  # octets that may stand between a dictionary and its stream


class Object(NamedTuple):
    """An object of a PDF.

    Args:
        number: its number; -1 if it says none.
        body: the object, without the data of its stream.
        start: where the data of its stream begins; -1 if it has none.
        end: where they end.
    """

    number: int
    body: bytes
    start: int
    end: int


def objects(content: bytes) -> Iterator[Object]:
    """Yield the objects of *content* in their order, and with them whatever stands between them."""
    at = 0
    for start, data, end, after in _streams(content):
        *before, last = _split(content[at:start])
        yield from before
        yield last._replace(start=data, end=end)
        at = after
    yield from _split(content[at:])


def outside_of_streams(content: bytes) -> Iterator[bytes]:
    """Yield what stands before, between and behind the data of streams."""
    at = 0
    for start, _, _, after in _streams(content):
        yield content[at:start]
        at = after
    yield content[at:]


def compressed(body: bytes, data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the numbers and bodies of the objects in an object stream (7.5.7).

    Args:
        body: its dictionary.
        data: its data, without filters.
    """
    found = _FIRST.search(body)
    first = int(found[1]) if found else 0
    header = [int(number) for number in _NUMBER.findall(data[:first])]
    places = sorted(zip(header[1::2], header[::2], strict=False))
    ends = [*(place for place, _ in places[1:]), len(data)]
    for (place, number), end in zip(places, ends, strict=False):
        yield number, data[first + place : first + end]


def _streams(content: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yield where the word stream stands, where the data begin and end, and what follows, for each stream."""
    at = content.find(b"stream")
    while at >= 0:
        end, after = -1, at + len(b"stream")
        if _BEFORE_A_STREAM.search(content, max(at - _SPACES, 0), at):
            data = after + (2 if content.startswith(b"\r\n", after) else 1)
            end = _end(content, at, data)
            if end < 0 and content.find(b"endstream", data) < 0:
                return  # cut off: what is left is read as objects, as it would be by a reader that repairs it
            if end >= 0:
                after = content.find(b"endstream", end) + len(b"endstream")
                yield at, data, end, after
        at = content.find(b"stream", after)


def _end(content: bytes, at: int, data: int) -> int:
    """Return where data end: where their length says, if that is where they are said to end, else there."""
    lengths = _LENGTH.findall(content, max(content.rfind(b"obj", max(at - 2000, 0), at), 0), at)
    end = data + int(lengths[-1]) if lengths else -1
    if end >= 0 and content[end : end + 20].lstrip().startswith(b"endstream"):
        return end
    return content.find(b"endstream", data)


def _split(content: bytes) -> list[Object]:
    places = [(found.start(), int(found[1])) for found in _OBJECT.finditer(content)]
    starts = [(0, -1), *places, (len(content), -1)]
    return [
        Object(number, content[start:end], -1, -1) for (start, number), (end, _) in itertools.pairwise(starts)
    ]
