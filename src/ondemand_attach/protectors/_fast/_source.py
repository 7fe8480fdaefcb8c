"""Reads a PDF of the plain form without parsing what is in it."""

# mypy: disallow-untyped-calls=False
# pyHanko brings types for a part of itself only.

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.rw_common import PdfHandler
from pyhanko.pdf_utils.writer import PdfFileWriter

from ondemand_attach.protectors._fast import _grammar
from ondemand_attach.protectors._fast._parser import has_recurring_key
from ondemand_attach.protectors._fast._verbatim import Plain, VerbatimWriter, pieces
from ondemand_attach.protectors._stream_padding import PlainStream

_HEADER = re.compile(rb"%PDF-[12]\.[0-9]")
_CROSS_REFERENCES = re.compile(rb"xref[ ]?\r?\n0 ([1-9][0-9]{0,6})[ ]?\r?\n")
_ENTRIES = re.compile(rb"0{10} [0-9]{5} f[ \r][\r\n](?:[0-9]{10} 00000 n[ \r][\r\n])++")
_END = re.compile(rb"startxref\s+([0-9]{1,10})\s+%%EOF\s*\Z")
_STREAM_END = re.compile(rb"[\x00\t\n\x0c\r ]*+endstream[\x00\t\n\x0c\r ]++endobj")
_REFERENCE = re.compile(rb"([1-9][0-9]{0,6}) 0 R")
_LAST_NUMBER = re.compile(rb"[0-9]+\Z")
_INTEGER = re.compile(rb"[0-9]{1,10}")
_ANYTHING = re.compile(rb".*", re.DOTALL)
_COMMENT = re.compile(rb"%[^\r\n]*")
_UNUSUAL = frozenset((b"/ByteRange", b"/Crypt", b"/ObjStm", b"/XRef"))


def light_copy(content: bytes) -> PdfFileWriter | None:
    """Return a writer with the objects of the PDF *content*, or nothing if it is not of the plain form."""
    try:
        source = PlainSource(content)
        writer = VerbatimWriter(source.objects(), source.root, source.info)
    except NotPlainError:
        return None
    parsed = [end.get_object() for end in writer.ends]
    is_sound = all(type(one) is generic.DictionaryObject for one in parsed)
    return writer if is_sound else None


class NotPlainError(Exception):
    """The file is not of the plain form."""


class PlainSource:
    """A PDF of the plain form.

    One classical cross-reference table (ISO 32000-2 section 7.5.4), written in one go, neither encrypted nor
    signed; every object in use, well-formed and referred to.

    Args:
        content: the file.

    Raises:
        NotPlainError: it is not of that form.
    """

    def __init__(self, content: bytes) -> None:
        _found(_HEADER.match(content))
        if content.count(b"startxref") != 1:
            raise NotPlainError
        self._content, self._view = content, memoryview(content)
        start = int(_found(_END.search(content, max(0, len(content) - 64)))[1])
        head = _found(_CROSS_REFERENCES.match(content, start))
        end = head.end() + 20 * int(head[1])
        entries = _found(_ENTRIES.fullmatch(content, head.end(), end))[0]
        self._offsets = [int(entries[place : place + 10]) for place in range(20, len(entries), 20)]
        trailer = _entries(_COMMENT.sub(b"", content[end : content.rindex(b"startxref")]))
        if not trailer.keys() <= {b"/Size", b"/Root", b"/Info", b"/ID"} or trailer.get(b"/Size") != head[1]:
            raise NotPlainError
        self.root = _reference(trailer.get(b"/Root", b""))
        self.info = _reference(trailer[b"/Info"]) if b"/Info" in trailer else None

    @property
    def ends(self) -> tuple[int, ...]:
        """The objects that the trailer refers to."""
        return (self.root,) if self.info is None else (self.root, self.info)

    def objects(self) -> dict[int, Plain]:
        """Return every object by its number."""
        objects: dict[int, Plain] = {}
        waiting = set(self.ends)
        while waiting:
            number = waiting.pop()
            objects[number], references = self._object(number)
            if self.info in references:  # a second use, of which pyHanko makes a second object
                raise NotPlainError
            waiting.update(other for other in references if other not in objects)
        if len(objects) != len(self._offsets):
            raise NotPlainError
        return objects

    def _object(self, number: int) -> tuple[Plain, set[int]]:
        start, end, first_byte = self._place(number)
        body = self._content[start:end]
        one: Plain = body if first_byte is None else self._stream(body, first_byte)
        _check_names(b"()".join(pieces(body)[::2]), body)
        return one, set(_references(body))

    def _place(self, number: int) -> tuple[int, int, int | None]:
        """Return where an object starts and ends, and where the data of a stream start."""
        if number > len(self._offsets):
            raise NotPlainError
        head = _found(_grammar.HEAD.match(self._content, self._offsets[number - 1]))
        end = _grammar.end_of_value(self._content, head.end())
        if int(head[1]) != number or end is None:
            raise NotPlainError
        tail = _found(_grammar.TAIL.match(self._content, end))
        return head.end(), end, tail.end() if tail[1] else None

    def _stream(self, body: bytes, first_byte: int) -> PlainStream:
        entries = dict((_grammar.entries(body, 2) if body.startswith(b"<<") else None) or ())
        filters = (entries.get(name, b"") for name in (b"/Length", b"/Filter", b"/DecodeParms"))
        if any(b"#" in text for text in (*entries, *filters)):  # another spelling of one of these
            raise NotPlainError
        length = int(self._direct(entries.pop(b"/Length", b""), _INTEGER))
        _found(_STREAM_END.match(self._content, first_byte + length))
        for name in entries.keys() & {b"/Filter", b"/DecodeParms"}:
            entries[name] = self._direct(entries[name])
        if _REFERENCE.search(entries.get(b"/Filter", b"")):
            raise NotPlainError
        return PlainStream(entries, self._view[first_byte : first_byte + length])

    def _direct(self, text: bytes, form: re.Pattern[bytes] = _ANYTHING) -> bytes:
        """Return *text*, or what it refers to."""
        if (reference := _REFERENCE.fullmatch(text)) is not None:
            start, end, _ = self._place(int(reference[1]))
            text = self._content[start:end].strip()
        return _found(form.fullmatch(text))[0]


def _found(match: re.Match[bytes] | None) -> re.Match[bytes]:
    if match is None:
        raise NotPlainError
    return match


def _entries(text: bytes) -> dict[bytes, bytes]:
    """Return the entries of a trailer."""
    pairs = _grammar.ENTRY.findall(_found(_grammar.TRAILER.fullmatch(text))[1])
    entries = dict(pairs)
    if len(entries) != len(pairs):
        raise NotPlainError
    return entries


def _reference(value: bytes) -> int:
    return int(_found(_REFERENCE.fullmatch(value))[1])


def _references(body: bytes) -> Iterator[int]:
    # Splitting first is four times as fast as a search through all the numbers of a font.
    for before in body.split(b" 0 R")[:-1]:
        if number := _LAST_NUMBER.search(before[-8:]):
            yield int(number[0])


def _check_names(text: bytes, body: bytes) -> None:
    """Refuse what wants special treatment, and a dictionary with a key that recurs, as pyHanko does.

    Args:
        text: the object without its strings.
        body: the object.
    """
    names = _grammar.NAME.findall(text)
    distinct = set(names)
    if not distinct.isdisjoint(_UNUSUAL):
        raise NotPlainError
    if len(names) != len(distinct) and (b"#" in text or has_recurring_key(body)):
        _read_by_pyhanko(body)


def _read_by_pyhanko(body: bytes) -> None:
    try:
        generic.read_object(BytesIO(body + b" "), generic.Reference(0, 0, _Strict()))
    except Exception as error:
        raise NotPlainError from error


class _Strict(PdfHandler):
    strict = True
