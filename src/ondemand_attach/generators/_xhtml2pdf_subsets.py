# ruff: noqa: N802 - the name is that of the parent class
"""Subsets of embedded fonts, kept: documents of one kind mostly use the same letters.

ReportLab cuts and compresses each font anew for every document. It also gives a letter another code in each
face, so that each needs a table of its own that tells which letters its codes are, and in a protected file
such a table takes 4 kB. Here a letter has one code in all fonts of a document, which share one table.
"""

from __future__ import annotations

import functools
import itertools
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from weakref import WeakKeyDictionary

from reportlab.pdfbase import pdfdoc
from reportlab.pdfbase.ttfonts import SUBSETN, TTFont, makeToUnicodeCMap

from ondemand_attach.generators._font_programs import unhinted

_KEPT = 64  # subsets of one font, some 20 kB each
_DRAWN_BY_OUTLINES = b"DejaVu"  # fonts of others may need their instructions, as some Chinese ones do
_SYMBOLIC, _NONSYMBOLIC = 4, 32  # ISO 32000-2 table 121
_ASCII = range(32, 128)  # has the same codes, so that word spacing finds its space
_NO_BREAK = 0xA0  # is drawn as a space


@dataclass(frozen=True, slots=True)
class _Subset:
    """The parts of a subset that are the same in every document."""

    base_font: str
    widths: bytes
    file: bytes
    file_size: int


class KeptFont(TTFont):  # type: ignore[misc]
    """A TrueType font that cuts equal subsets once."""

    def __init__(self, name: str, content: bytes) -> None:
        super().__init__(name, BytesIO(content), shapable=False)
        self.state = _States(self.face.charToGlyph)
        self._subset = functools.lru_cache(maxsize=_KEPT)(self._cut)

    def splitString(self, text: str | bytes, doc: Any, encoding: str = "utf-8") -> list[tuple[int, bytes]]:
        """Return the codes of a text, in runs of one subset each, with its number."""
        letters = text.decode(encoding) if isinstance(text, bytes) else text
        codes = letters.translate(self.state[doc].codes)
        try:
            return [(0, codes.encode("latin-1"))] if codes else []
        except UnicodeEncodeError:
            runs = itertools.groupby(map(ord, codes), key=lambda code: code >> 8)
            return [(number, bytes(code & 255 for code in run)) for number, run in runs]

    def addObjects(self, doc: Any) -> None:
        """Add the font's objects to a document, as the parent does."""
        for number, codes in enumerate(self.state[doc].subsets):
            name = self.getSubsetInternalName(number, doc)[1:]
            subset = self._subset(number, tuple(codes))
            font = pdfdoc.PDFTrueTypeFont()
            font.Name, font.BaseFont = name, subset.base_font
            font.FirstChar, font.LastChar, font.Widths = 0, len(codes) - 1, subset.widths
            font.ToUnicode = _table(doc, number)
            font.FontDescriptor = self._descriptor(doc, subset)
            doc.Reference(font, name)
            doc.idToObject["BasicFonts"].dict[name] = font
        del self.state[doc]

    def _descriptor(self, doc: Any, subset: _Subset) -> Any:
        face, name = self.face, subset.base_font
        file = _stream(subset.file, Length1=subset.file_size)
        descriptor = pdfdoc.PDFDictionary(
            {
                "Type": "/FontDescriptor",
                "Ascent": face.ascent,
                "CapHeight": face.capHeight,
                "Descent": face.descent,
                "Flags": face.flags & ~_NONSYMBOLIC | _SYMBOLIC,
                "FontBBox": pdfdoc.PDFArray(face.bbox),
                "FontName": pdfdoc.PDFName(name),
                "ItalicAngle": face.italicAngle,
                "StemV": face.stemV,
                "FontFile2": doc.Reference(file, f"fontFile:{face.filename}({name})"),
                "MissingWidth": face.defaultWidth,
            }
        )
        return doc.Reference(descriptor, "fontDescriptor:" + name)

    def _cut(self, number: int, codes: tuple[int, ...]) -> _Subset:
        base_font = (SUBSETN(number) + b"+" + self.face.name + self.face.subfontNameX).decode("pdfdoc")
        file = self.face.makeSubset(codes)
        if self.face.name.startswith(_DRAWN_BY_OUTLINES):
            file = unhinted(file)
        return _Subset(
            base_font=base_font,
            widths=pdfdoc.PDFArray(map(self.face.getCharWidth, codes)).format(None),
            file=zlib.compress(file),
            file_size=len(file),
        )


class _Codes(dict[int, int]):
    """The code of each letter of a document: ASCII as it is, others in the order of their first use."""

    def __init__(self) -> None:
        super().__init__(zip(_ASCII, _ASCII, strict=True))
        self._free = (code for code in itertools.count(1) if code & 255 not in (0, 32) and code not in _ASCII)

    def __missing__(self, letter: int) -> int:
        code = self[letter] = next(self._free)
        return code


_CODES: WeakKeyDictionary[Any, _Codes] = WeakKeyDictionary()


class _CodesOfFont(dict[int, int]):
    """The codes of the letters that are drawn with one font."""

    def __init__(self, glyphs: Mapping[int, int], codes: _Codes) -> None:
        super().__init__(zip(_ASCII, _ASCII, strict=True))
        self._glyphs, self._codes = glyphs, codes

    def __missing__(self, letter: int) -> int:
        if letter == _NO_BREAK:
            return ord(" ")
        if letter not in self._glyphs:
            return 0
        code = self[letter] = self._codes[letter]
        return code


class _State:
    """What a font knows of a document, as ReportLab asks for it."""

    def __init__(self, codes: _CodesOfFont) -> None:
        self.codes, self.namePrefix, self.internalName = codes, "F", None
        self._last: tuple[int, list[list[int]]] = (0, [])

    @property
    def subsets(self) -> list[list[int]]:
        if self._last[0] != len(self.codes):  # it is asked for with each text
            self._last = len(self.codes), _subsets(self.codes)
        return self._last[1]


class _States(WeakKeyDictionary[Any, _State]):
    def __init__(self, glyphs: Mapping[int, int]) -> None:
        super().__init__()
        self._glyphs = glyphs

    def __getitem__(self, doc: Any) -> _State:
        if doc not in self:
            self[doc] = _State(_CodesOfFont(self._glyphs, _CODES.setdefault(doc, _Codes())))
        return super().__getitem__(doc)


def _subsets(codes: Mapping[int, int]) -> list[list[int]]:
    """Return the letters of each subset by their codes; the first draws nothing, and 32 is a space."""
    letters = {code: letter for letter, code in codes.items()}
    end = max(letters) + 1
    return [
        [letters.get(code, 32 if code & 255 == 32 else 0) for code in range(start, min(start + 256, end))]
        for start in range(0, end, 256)
    ]


def _table(doc: Any, number: int) -> Any:
    """Return the table of a document that tells which letters the codes of a subset are."""
    name = f"toUnicodeCMap:{number}"
    if name in doc.idToObject:
        return pdfdoc.PDFObjectReference(name)
    return doc.Reference(_stream(_to_unicode(tuple(_subsets(_CODES[doc])[number]))), name)


@functools.lru_cache(maxsize=_KEPT)
def _to_unicode(codes: tuple[int, ...]) -> bytes:
    """Return the compressed table of the letters of a subset (ISO 32000-2 section 9.10.3)."""
    return zlib.compress(makeToUnicodeCMap("Adobe-Identity-UCS", codes).encode())


def _stream(packed: bytes, **entries: int) -> pdfdoc.PDFStream:
    dictionary = pdfdoc.PDFDictionary({"Filter": pdfdoc.PDFName("FlateDecode"), **entries})
    return pdfdoc.PDFStream(dictionary, packed)
