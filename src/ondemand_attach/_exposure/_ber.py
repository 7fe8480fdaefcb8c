"""The elements of ASN.1 in BER (X.690), whose nesting and number no file can raise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from ondemand_attach._exposure._budget import Budget, at_most

_DEEPEST: Final = 32
_STEPS: Final = 10  # an element is a large thing
_CONSTRUCTED: Final = 0x20

SEQUENCE: Final = 0x30
SET: Final = 0x31
INTEGER: Final = 0x02
OCTETS: Final = 0x04
OBJECT: Final = 0x06


@dataclass(slots=True)
class Element:
    """One element.

    Args:
        tag: its first octet.
        value: its contents, as they stand there.
        members: what it is made of, if it is.
        whole: all of it, with tag and length.
    """

    tag: int
    value: memoryview
    members: list[Element] = field(default_factory=list)
    whole: memoryview = field(default_factory=lambda: memoryview(b""))

    def pieces(self) -> Iterator[memoryview]:
        """Yield the octets of a string, which may come in pieces (X.690 section 8.7)."""
        if not self.tag & _CONSTRUCTED:
            yield self.value
        for member in self.members:
            if member.tag & ~_CONSTRUCTED != OCTETS:
                raise ValueError
            yield from member.pieces()


def element_of(content: bytes, budget: Budget, *, is_padded: bool = False) -> Element:
    """Return the one element that *content* is.

    Args:
        content: its octets.
        budget: what may be spent.
        is_padded: whether zeros may stand behind it.

    Raises:
        ValueError, IndexError: it is something else, or something stands behind.
        TooLargeError: there are too many elements, or too deep.
    """
    found, end = _Reader(content, budget).element(0, len(content), 0)
    if content[end:].strip(b"\0" if is_padded else b""):
        raise ValueError
    return found


class _Reader:
    def __init__(self, content: bytes, budget: Budget) -> None:
        self._content, self._view, self._budget = content, memoryview(content), budget

    def element(self, place: int, limit: int, depth: int) -> tuple[Element, int]:
        self._budget.spend(_STEPS)
        tag, start, length = self._head(place)
        end = limit if length is None else start + length
        if end > limit:
            raise ValueError
        members: list[Element] = []
        if tag & _CONSTRUCTED:
            members, end = self._members(start, end, at_most(depth + 1, _DEEPEST), is_open=length is None)
        after = end + 2 if length is None else end
        return Element(tag, self._view[start:end], members, self._view[place:after]), after

    def _members(self, place: int, end: int, depth: int, *, is_open: bool) -> tuple[list[Element], int]:
        """Return the members, and where they end; those of unknown length end with two zeros."""
        found: list[Element] = []
        while place < end:
            if is_open and self._content[place : place + 2] == b"\0\0":
                return found, place
            member, place = self.element(place, end, depth)
            found.append(member)
        if is_open:
            raise ValueError
        return found, place

    def _head(self, place: int) -> tuple[int, int, int | None]:
        """Return tag, place of the value and its length."""
        tag, first = self._content[place], self._content[place + 1]
        if tag & 0x1F == 0x1F:  # tags of several octets: not in CMS
            raise ValueError
        if first < 0x80:
            return tag, place + 2, first
        if first == 0x80:
            return tag, place + 2, None
        size = at_most(first & 0x7F, 8)
        return tag, place + 2 + size, int.from_bytes(self._content[place + 2 : place + 2 + size], "big")
