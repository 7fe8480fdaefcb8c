"""All that stands in a PDF, from its first byte to its last, whatever a cross-reference says of it.

A reader follows references, and sees the objects that they lead to. Whoever has the bytes sees all of them.
So the file is read in one pass, and what is no object, trailer, table or known comment is noticed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from ondemand_attach._exposure._budget import Budget, at_most
from ondemand_attach._exposure._pdf_values import SPACE, MalformedError, Reference, Values

_MOST_STRINGS: Final = 300_000
_SPACES: Final = re.compile(SPACE + rb"*+")
_HEAD: Final = re.compile(rb"(\d{1,10})" + SPACE + rb"++(\d{1,5})" + SPACE + rb"++obj(?![A-Za-z0-9])")
_NEXT: Final = re.compile(rb"(?<![0-9])\d{1,10}" + SPACE + rb"++\d{1,5}" + SPACE + rb"++obj\b|\btrailer\b")
_STREAM: Final = re.compile(SPACE + rb"*+stream(?:\r\n|\n|\r)?")
_ENDSTREAM: Final = re.compile(SPACE + rb"*+endstream")
_ENDOBJ: Final = re.compile(SPACE + rb"*+endobj(?![A-Za-z0-9])")
_TRAILER: Final = re.compile(rb"trailer(?![A-Za-z0-9])")
_TABLE: Final = re.compile(
    rb"xref(?=[\0\t\n\f\r ])(?:"
    + SPACE
    + rb"*+\d{1,10}"
    + SPACE
    + rb"++\d{1,10}(?=[\0\t\n\f\r ])(?:"
    + SPACE
    + rb"*+\d{10}"
    + SPACE
    + rb"++\d{5}"
    + SPACE
    + rb"++[nf](?=[\0\t\n\f\r ]))*+)*+"
)
_ENTRY: Final = re.compile(rb"(\d{10})" + SPACE + rb"++\d{5}" + SPACE + rb"++n")
_START: Final = re.compile(rb"startxref" + SPACE + rb"++\d{1,19}(?=[\0\t\n\f\r ]|\Z)")
_COMMENT: Final = re.compile(rb"%[^\r\n]*+")
_KNOWN_COMMENT: Final = re.compile(
    rb"%PDF-[12]\.\d|%%EOF|%"
    rb"|%\s?(?:iText|PDFsharp|MigraDoc|OpenPDF|Written by MuPDF|Original object ID:)"
    rb"(?:[- ](?:Core|Version|pdf[A-Z][a-zA-Z]{1,7}))?[- ]?\d{1,5}(?:[. ]\d{1,5}){0,3}(?:-SNAPSHOT)?"
    rb"(?: \((?:verbose mode|no source)\))?"
)
_IS_BINARY: Final = re.compile(rb"%[\x80-\xff]{4,8}")
_MOST_BINARY: Final = 2  # eight bytes are no text that could be told from others


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream: its *dictionary*, and its *data* as it stands there, perhaps with a line end too many."""

    number: int
    dictionary: dict[str, Any]
    data: memoryview

    def is_of(self, kind: str) -> bool:
        """Whether its dictionary says that it is of the *kind*."""
        return bool(self.dictionary.get("/Type") == kind)


@dataclass(slots=True)
class Objects:
    """What was found.

    Args:
        streams: all of them.
        strings: each with the number of the object that it is in, but for those in trailers.
        dictionaries: those that say how the file is encrypted or signed, with the number of their object.
        trailers: the dictionaries that stand as trailers, also of cross-reference streams.
        starts: the places at which objects begin.
        places: those at which cross-reference tables say that they do.
        revisions: how often the file ends, for each time that something was put behind it.
        is_all: whether there is nothing else.
    """

    streams: list[Stream] = field(default_factory=list)
    strings: list[tuple[int, bytes]] = field(default_factory=list)
    dictionaries: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    trailers: list[dict[str, Any]] = field(default_factory=list)
    starts: set[int] = field(default_factory=set)
    places: set[int] = field(default_factory=set)
    revisions: int = 0
    is_all: bool = True


def objects_of(content: bytes, budget: Budget) -> Objects:
    """Read all of the PDF *content*.

    Raises:
        TooLargeError: there is too much in it.
    """
    return _Scan(content, budget).found


class _Scan:
    def __init__(self, content: bytes, budget: Budget) -> None:
        self._content, self._values, self.found = content, Values(content, budget), Objects()
        self._budget = budget
        self._view = memoryview(content)
        place = 0
        while place < len(content):
            place = self._next(place)
        self.found.is_all &= _are_known(self._values.comments)

    def _next(self, place: int) -> int:
        """Read what stands at *place*; return where it ends, or where reading can go on."""
        self._budget.spend()
        place = _end(_SPACES, self._content, place)
        if place == len(self._content):
            return place
        try:
            return self._thing(place)
        except MalformedError:
            self.found.is_all = False
            following = _NEXT.search(self._content, max(place + 1, self._values.reached))
            return following.start() if following else len(self._content)

    def _thing(self, place: int) -> int:
        if head := _HEAD.match(self._content, place):
            return self._object(place, int(head[1]), head.end())
        if comment := _COMMENT.match(self._content, place):
            self._values.comments.append(comment[0])
            return comment.end()
        if trailer := _TRAILER.match(self._content, place):
            value, place = self._values.value(trailer.end())
            self.found.trailers.append(_dictionary(value))
            return place
        if table := _TABLE.match(self._content, place):
            self._places(table)
            return table.end()
        place = _end(_START, self._content, place)
        self.found.revisions += 1
        return place

    def _places(self, table: re.Match[bytes]) -> None:
        """Note where a cross-reference table sends its readers; some writers point at the space in front."""
        for entry in _ENTRY.finditer(self._content, table.start(), table.end()):
            self._budget.spend()
            self.found.places.add(_end(_SPACES, self._content, int(entry[1])))

    def _object(self, start: int, number: int, place: int) -> int:
        value, place = self._values.value(place)
        if stream := _STREAM.match(self._content, place):
            place = self._values.reached = self._stream(number, _dictionary(value), stream.end())
        else:
            self._note(number, value)
        self.found.starts.add(start)
        return _end(_ENDOBJ, self._content, place)

    def _stream(self, number: int, dictionary: dict[str, Any], start: int) -> int:
        end = self._end_of_data(start, dictionary.get("/Length"))
        stream = Stream(number, dictionary, self._view[start:end])
        self.found.streams.append(stream)
        if stream.is_of("/XRef"):
            self.found.trailers.append(dictionary)
        else:
            self._note(number, dictionary)
        return _end(_ENDSTREAM, self._content, end)

    def _end_of_data(self, start: int, length: object) -> int:
        if isinstance(length, int) and length >= 0 and _ENDSTREAM.match(self._content, start + length):
            return start + length
        end = self._content.find(b"endstream", start)
        if end < 0:
            self._values.reached = len(self._content)
            raise MalformedError
        return end

    def _note(self, number: int, value: Any) -> None:
        """Keep the strings in *value*, and its dictionaries that tell of encryption or signatures."""
        for each in _within(value, self._budget):
            if isinstance(each, bytes):
                self.found.strings.append((number, each))
            elif not each.keys().isdisjoint(_TELLING):
                self.found.dictionaries.append((number, each))
        at_most(len(self.found.strings), _MOST_STRINGS)


def _are_known(comments: Iterable[bytes]) -> bool:
    """Whether *comments* are those of programs: which one it was, and that the file is binary."""
    others = [each for each in map(bytes.rstrip, comments) if not _KNOWN_COMMENT.fullmatch(each)]
    return len(others) <= _MOST_BINARY and all(map(_IS_BINARY.fullmatch, others))


_TELLING: Final = {"/ByteRange", "/V", "/DSS", "/Certs", "/Pages"}


def _within(value: Any, budget: Budget) -> Iterator[bytes | dict[str, Any]]:
    """Yield each string and dictionary in *value*, but for signatures, which are never encrypted."""
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, dict):
        yield value
        for name, each in value.items():
            if not (name == "/Contents" and _is_signature(value, budget)):
                yield from _within(each, budget)
    elif isinstance(value, list):
        for each in value:
            yield from _within(each, budget)


def strings_in(value: Any, budget: Budget) -> list[bytes]:
    """Return the strings in *value*."""
    return [each for each in _within(value, budget) if isinstance(each, bytes)]


def _is_signature(value: dict[str, Any], budget: Budget) -> bool:
    """Whether *value* has a signature where ISO 32000-2 section 7.6.2 lets one be in clear."""
    from ondemand_attach._exposure import _cms

    contents = value.get("/Contents")
    return "/ByteRange" in value and isinstance(contents, bytes) and _cms.is_signed(contents, budget)


def _dictionary(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or isinstance(value, Reference):
        raise MalformedError
    return value


def _end(pattern: re.Pattern[bytes], content: bytes, place: int) -> int:
    found = pattern.match(content, place)
    if found is None:
        raise MalformedError
    return found.end()
