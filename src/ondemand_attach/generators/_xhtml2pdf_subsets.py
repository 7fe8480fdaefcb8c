# ruff: noqa: N802 - the name is that of the parent class
"""Subsets of embedded fonts, kept: documents of one kind mostly use the same letters.

ReportLab cuts and compresses each font anew for every document.
"""

from __future__ import annotations

import functools
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from reportlab.pdfbase import pdfdoc
from reportlab.pdfbase.ttfonts import SUBSETN, TTFont, makeToUnicodeCMap

from ondemand_attach.generators._font_programs import unhinted

_KEPT = 64  # subsets of one font, some 20 kB each
_DRAWN_BY_OUTLINES = b"DejaVu"  # fonts of others may need their instructions, as some Chinese ones do
_SYMBOLIC, _NONSYMBOLIC = 4, 32  # ISO 32000-2 table 121


@dataclass(frozen=True, slots=True)
class _Subset:
    """The parts of a subset that are the same in every document."""

    base_font: str
    widths: bytes
    to_unicode: bytes
    file: bytes
    file_size: int


class KeptFont(TTFont):  # type: ignore[misc]
    """A TrueType font that cuts equal subsets once."""

    def __init__(self, name: str, content: bytes) -> None:
        super().__init__(name, BytesIO(content), shapable=False)
        self._subset = functools.lru_cache(maxsize=_KEPT)(self._cut)

    def addObjects(self, doc: Any) -> None:
        """Add the font's objects to a document, as the parent does."""
        for number, codes in enumerate(self.state[doc].subsets):
            name = self.getSubsetInternalName(number, doc)[1:]
            subset = self._subset(number, tuple(codes))
            font = pdfdoc.PDFTrueTypeFont()
            font.Name, font.BaseFont = name, subset.base_font
            font.FirstChar, font.LastChar, font.Widths = 0, len(codes) - 1, subset.widths
            font.ToUnicode = doc.Reference(_stream(subset.to_unicode), "toUnicodeCMap:" + subset.base_font)
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
            to_unicode=zlib.compress(makeToUnicodeCMap(base_font, codes).encode()),
            file=zlib.compress(file),
            file_size=len(file),
        )


def _stream(packed: bytes, **entries: int) -> pdfdoc.PDFStream:
    dictionary = pdfdoc.PDFDictionary({"Filter": pdfdoc.PDFName("FlateDecode"), **entries})
    return pdfdoc.PDFStream(dictionary, packed)
