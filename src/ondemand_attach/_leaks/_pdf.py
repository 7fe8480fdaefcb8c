"""What a PDF shows that is not encrypted: its strings, its streams, and the text of its pages."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ondemand_attach._leaks import _pdf_fonts
from ondemand_attach._leaks._budget import Budget, Member
from ondemand_attach._leaks._pdf_content import Fonts, shown
from ondemand_attach._leaks._pdf_filters import decoded, is_dear
from ondemand_attach._leaks._pdf_objects import Object, compressed, objects
from ondemand_attach._leaks._pdf_strings import strings, texts

_MARK = b"%PDF-"
_IMAGE = re.compile(rb"/Subtype\s*/Image\b")
_OBJECT_STREAM = re.compile(rb"/Type\s*/ObjStm\b")
_FONT = re.compile(rb"/Type\s*/Font(?![A-Za-z])|/Subtype\s*/(?:Type[013]|TrueType|MMType1)\b")
_NAME = rb"/([^\s\0()<>\[\]{}/%]+)"
_REFERENCE = re.compile(rb"(?<![0-9])([0-9]{1,10})\s+[0-9]{1,5}\s+R\b")
_ENTRY = re.compile(rb"%s\s+([0-9]{1,10})\s+[0-9]{1,5}\s+R\b" % _NAME)
_CONTENTS = re.compile(rb"/Contents\s*(?:\[([^\]]*)\]|([0-9]{1,10}\s+[0-9]{1,5}\s+R\b))")
_SHOWS_TEXT = re.compile(rb"[)>\]]\s*(?:T[jJ]|['\"])")
_CODES = re.compile(rb"<[0-9A-Fa-f\s\0]*+>")
_CODE_MAP = b"begincmap"
_NOTHING = -1  # the number of no object; what stands between the objects is counted on from it
_MEANINGS = 16  # fonts of one name that are tried where it is not known which is meant
_ANCESTORS = 8
_OCTET_BY_OCTET = 16  # times as dear as inflating
_A_TOKEN = 16  # octets inflated in the time that a string or an operator takes
_A_CODE = 64  # octets inflated in the time that one code of a map takes
_A_NAME = 16  # for an octet of a list of them, in octets that are unpacked


def members(content: bytes, budget: Budget) -> Iterator[Member]:
    """Yield the strings of the objects as text, the data of each stream, and the text that these show."""
    pdf = _Pdf(content, budget)
    yield _utf_8("\n".join(pdf.read())), None
    yield from ((data, "utf-8") for data in pdf.inner)
    yield from ((text, None) for text in pdf.pages())


class _Pdf:
    """One file, whose objects are read once."""

    def __init__(self, content: bytes, budget: Budget) -> None:
        self.content, self.budget = content, budget
        self.bodies: dict[int, bytes] = {}
        self.streams: dict[int, bytes] = {}
        self.inner: list[bytes] = []
        self.maps: dict[int, dict[int, str]] = {}
        self.lengths: dict[int, list[int]] = {}
        self.fonts: dict[int, _pdf_fonts.Font] = {}

    def read(self) -> Iterator[str]:
        """Keep the objects, and yield what their strings say."""
        for place, one in enumerate(objects(self.content)):
            if not self.budget.allows(len(one.body), least=0):
                return
            number = one.number if one.number >= 0 else _NOTHING - 1 - place
            self.bodies[number] = one.body
            yield from self.said(one.body)
            if one.start >= 0 and not _IMAGE.search(one.body):
                yield from self.read_stream(number, one)

    def read_stream(self, number: int, one: Object) -> Iterator[str]:
        octets = memoryview(self.content)[one.start : one.end]
        data = decoded(one.body, octets, self.budget.most)
        dear = _OCTET_BY_OCTET if is_dear(one.body) else 1
        if not data or not self.budget.allows(dear * max(len(data), len(octets))):
            return
        self.streams[number] = data
        if data != octets or _MARK in data:
            # The numbers of glyphs are no text, and what they stand for is read with the fonts.
            has_codes = _SHOWS_TEXT.search(data) or _CODE_MAP in data
            self.inner.append(_CODES.sub(b"<>", data) if has_codes else data)
        if _OBJECT_STREAM.search(one.body):
            self.bodies.update(compressed(one.body, data))
            yield from self.said(data)

    def said(self, octets: bytes) -> Iterator[str]:
        """Yield what the strings of objects say."""
        for string in strings(octets):
            if not self.budget.allows(_A_TOKEN, least=0):
                return
            yield from texts(string)

    def pages(self) -> Iterator[bytes]:
        """Yield the text of each page, and of each other stream that shows any."""
        left = dict.fromkeys(number for number, data in self.streams.items() if _SHOWS_TEXT.search(data))
        if not left:
            return
        self.fonts = {number: self.font(body) for number, body in self.bodies.items() if _FONT.search(body)}
        anywhere = self.fonts_in(*self.bodies.values())
        for body in list(self.bodies.values()):
            numbers = self.contents_of(body)
            if numbers and not left.keys().isdisjoint(numbers):
                yield self.text_of(numbers, self.inherited(body) or anywhere)
                for number in numbers:
                    left.pop(number, None)
        for number in left:
            yield self.text_of([number], self.fonts_in(self.bodies.get(number, b"")) or anywhere)

    def text_of(self, numbers: list[int], fonts: Fonts) -> bytes:
        content = b"\n".join([self.streams.get(number, b"") for number in numbers])
        if not self.budget.allows(len(content)):
            return b""
        text, tokens = shown(content, fonts, -(-self.budget.most // _A_TOKEN))
        self.budget.allows(_A_TOKEN * tokens, least=0)
        return _utf_8(text)

    def contents_of(self, body: bytes) -> list[int]:
        found = _CONTENTS.search(body)
        numbers = _numbers(found[1] or found[2] or b"") if found else []
        if len(numbers) == 1 and numbers[0] not in self.streams:  # an array by itself
            return _numbers(self.bodies.get(numbers[0], b""))
        return numbers

    def inherited(self, page: bytes) -> Fonts:
        """Return the fonts of *page* or of the nearest node above it that names any (7.7.3.4)."""
        fonts = self.fonts_in(page)
        for _ in range(_ANCESTORS):
            parent = dict(_ENTRY.findall(page)).get(b"Parent")
            if fonts or parent is None:
                break
            page = self.bodies.get(int(parent), b"")
            fonts = self.fonts_in(page)
        return fonts

    def fonts_in(self, *bodies: bytes) -> Fonts:
        """Return the fonts that dictionaries name, with what their /Resources and /Font refer to."""
        found: dict[bytes, dict[int, _pdf_fonts.Font]] = {}
        left = [*bodies]
        for body in left:
            for name, reference in _ENTRY.findall(body):
                number = int(reference)
                if number in self.fonts and len(some := found.setdefault(name, {})) < _MEANINGS:
                    some[number] = self.fonts[number]
                elif name in {b"Resources", b"Font"} and len(left) < len(bodies) + _ANCESTORS:
                    left.append(self.bodies.get(number, b""))
        return {name: list(some.values()) for name, some in found.items()}

    def font(self, body: bytes) -> _pdf_fonts.Font:
        entries = {name: int(number) for name, number in _ENTRY.findall(body)}
        to_unicode, encoding = entries.get(b"ToUnicode", _NOTHING), entries.get(b"Encoding", _NOTHING)
        meanings = self.meanings(to_unicode)
        if not _pdf_fonts.is_composite(body):
            differences = self.bodies.get(encoding, b"")
            is_allowed = self.budget.allows(
                _A_NAME * len(differences or body), least=0
            )  # many fonts may share one
            return _pdf_fonts.simple(
                body if is_allowed else b"", differences if is_allowed else b"", meanings
            )
        return _pdf_fonts.composite(body, self.code_lengths(encoding), meanings)

    def code_lengths(self, number: int) -> list[int]:
        if number not in self.lengths:
            self.lengths[number] = _pdf_fonts.code_lengths(self.streams.get(number, b""))
        return self.lengths[number]

    def meanings(self, number: int) -> dict[int, str]:
        if number not in self.maps:
            code_map = self.streams.get(number, b"") if self.budget.allows(0, least=0) else b""
            self.maps[number] = dict(_pdf_fonts.mapped(code_map))
            self.budget.allows(_A_CODE * len(self.maps[number]), least=0)
        return self.maps[number]


def _numbers(references: bytes) -> list[int]:
    return [int(number) for number in _REFERENCE.findall(references)]


def _utf_8(text: str) -> bytes:
    return text.replace("\0", "").encode("utf-8", "replace")
