# ruff: noqa: N802, N803, N815, PLR0917 - the names are those of the parent classes
"""A canvas that sees every string and image at the moment it is drawn, and notes what a reader would not see.

It follows the text position itself: ReportLab's text object does not count the width of what it has shown.
"""

from __future__ import annotations

import functools
import unicodedata
from collections import Counter
from typing import Any, Final
from urllib.parse import quote

from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.textobject import PDFTextObject
from xhtml2pdf.builders.printmarks import MarkedCanvas
from xhtml2pdf.config.resources import check_deadline
from xhtml2pdf.xhtml2pdf_reportlab import PmlImageReader

from ondemand_attach.generators._xhtml2pdf_fonts import coverage, needs_shaping
from ondemand_attach.generators._xhtml2pdf_places import Places

MIN_SIZE: Final = 5.0  # points; smaller print is not readable on paper
_SLACK: Final = 1.0
_MIN_IMAGE: Final = 0.1
_OUTSIDE: Final = "{} lies outside of the page or over its edge"
_WAYS: Final = "; give it more space, or let it break"
_TINY: Final = f"text is drawn smaller than {MIN_SIZE:g} pt"
_UNSEEN: Final = "characters without a glyph"
_NO_FONT: Final = (
    "characters above U+FFFF, and scripts whose letters change with their neighbours, are drawn with no "
    "font: replace them in a filter, or make the document with another generator"
)
_SIZELESS: Final = (
    "an image is drawn with no size; give its width in px or mm, as xhtml2pdf reads no percentage there"
)
_IN_ADDRESSES: Final = "".join(map(chr, range(0x21, 0x7F)))
_SYMBOLS: Final = frozenset({"Symbol", "ZapfDingbats"})

_SCRIPTS: Final = frozenset(
    """
    ARABIC ARMENIAN BENGALI CJK CYRILLIC DEVANAGARI ETHIOPIC GEORGIAN GREEK GUJARATI GURMUKHI HANGUL
    HEBREW HIRAGANA KANNADA KATAKANA KHMER LAO LATIN MALAYALAM MONGOLIAN MYANMAR ORIYA SINHALA SYRIAC
    TAMIL TELUGU THAI TIBETAN
    """.split()  # noqa: SIM905 - one name after the other is easier to read
)


class WatchingCanvas(MarkedCanvas):  # type: ignore[misc]
    """Draws, and counts what is lost.

    Attributes:
        unseen: the characters without a glyph, as often as they were drawn.
        faults: how often each other loss was met.
        first: page and text where each loss was met first.
        drawn: every text, in the order of drawing.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._doc.ensureMinPdfVersion("transparency")  # whichever way the texts are drawn
        self.unseen: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.first: dict[str, tuple[int, str]] = {}
        self.drawn: list[str] = []

    def beginText(self, x: float = 0, y: float = 0, direction: str | None = None) -> PDFTextObject:
        return _WatchingText(self, x, y, direction=direction)

    def drawImage(
        self, image: Any, x: float, y: float, width: Any = None, height: Any = None, **kwargs: Any
    ) -> Any:
        # The background of a block is another class, and is clipped to its block.
        if isinstance(image, PmlImageReader):
            natural = image.getSize()
            self.watch_box(
                x, y, natural[0] if width is None else width, natural[1] if height is None else height
            )
        return super().drawImage(image, x, y, width, height, **kwargs)

    def linkURL(self, url: str, *args: Any, **kwargs: Any) -> Any:
        """Link to *url*, whose letters beyond ASCII are written as RFC 3987 section 3.1 has it."""
        return super().linkURL(quote(url, safe=_IN_ADDRESSES), *args, **kwargs)

    def draw_background(self, image: Any, x: float, y: float, width: float, height: float) -> None:
        """Draw an image of the page itself, which may reach over its edge."""
        super().drawImage(image, x, y, width, height, mask="auto")

    def showPage(self) -> None:
        check_deadline()
        super().showPage()

    def watch_box(self, x: float, y: float, width: float, height: float) -> None:
        """Note an image that covers this box of the current coordinates."""
        if abs(width) < _MIN_IMAGE or abs(height) < _MIN_IMAGE:
            self._note(_SIZELESS, "")
        elif not self._holds(x, y, x + width, y + height):
            self._note(_OUTSIDE.format("an image"), "")

    def watch_text(self, text: str, font: str, size: float, x: float, y: float, width: float) -> None:
        """Note what is wrong with *text* at *x*, *y* of the current coordinates."""
        self.drawn.append(text)
        known = coverage(font)
        if known is not None and not known.issuperset(text):
            self.unseen.update(character for character in text if character not in known)
            self.first.setdefault(_UNSEEN, (self.getPageNumber(), text))
        if text.isspace() or font in _SYMBOLS:
            return
        _, _, c, d, _, _ = self._currentMatrix
        if size * size * (c * c + d * d) < (MIN_SIZE - 0.01) ** 2:
            self._note(_TINY, text)
        if not self._holds(x, y - 0.2 * size, x + width, y + 0.7 * size):
            self._note(_OUTSIDE.format("text"), text)

    def _note(self, fault: str, text: str) -> None:
        self.faults[fault] += 1
        self.first.setdefault(fault, (self.getPageNumber(), text))

    def losses(self, told: list[str], places: Places) -> list[str]:
        """Return what was lost of the texts *told*, in words that hold nothing of the document."""
        found = [
            f"{fault} ({count} times{self._where(fault, places)}){_WAYS}"
            for fault, count in self.faults.items()
        ]
        missing = _letters(told) - _letters(self.drawn)
        if missing:
            element = places.of_text(_undrawn(told, self.drawn))
            found.append(
                f"{missing.total()} characters were not drawn on any page"
                + (f", first of {element}" if element else "")
                + _WAYS
            )
        if self.unseen:
            found.append(self._unseen(self._where(_UNSEEN, places)))
        return found

    def _unseen(self, where: str) -> str:
        scripts = ", ".join(sorted({_script(character) for character in self.unseen}))
        needs = {character for character in self.unseen if needs_shaping(character)}
        ways = []
        if needs != set(self.unseen):
            ways.append("give one that can in fonts=")
        if needs:
            ways.append(_NO_FONT)
        count = self.unseen.total()
        return f"{count} characters ({scripts}) cannot be drawn with its fonts{where}; {'; '.join(ways)}"

    def _where(self, fault: str, places: Places) -> str:
        page, text = self.first[fault]
        element = places.of_text(text) if text else None
        return f", first on page {page}" + (f", {element}" if element else "")

    def _holds(self, left: float, bottom: float, right: float, top: float) -> bool:
        a, b, c, d, e, f = self._currentMatrix
        width, height = self._pagesize
        for x, y in ((left, bottom), (right, top)) if b == c == 0 else _corners(left, bottom, right, top):
            if not (
                -_SLACK <= a * x + c * y + e <= width + _SLACK
                and -_SLACK <= b * x + d * y + f <= height + _SLACK
            ):
                return False
        return True


class _WatchingText(PDFTextObject):  # type: ignore[misc]
    _matrix: tuple[float, float, float, float] | None = None
    _charSpace = 0.0
    _wordSpace = 0.0

    def setTextOrigin(self, x: float, y: float) -> None:
        super().setTextOrigin(x, y)
        self._matrix = None
        self._line = self._pen = (x, y)

    def setTextTransform(self, a: float, b: float, c: float, d: float, e: float, f: float) -> None:
        super().setTextTransform(a, b, c, d, e, f)
        self._matrix = (a, b, c, d)
        self._line = self._pen = (e, f)

    def moveCursor(self, dx: float, dy: float) -> None:
        super().moveCursor(dx, dy)
        self._line = self._pen = (self._line[0] + dx, self._line[1] - dy)

    def textLine(self, text: str = "") -> None:
        super().textLine(text)
        self._next_line()

    def _textOut(self, text: str, TStar: int = 0) -> None:
        super()._textOut(text, TStar)
        if TStar:
            self._next_line()

    def _next_line(self) -> None:
        self._line = self._pen = (self._line[0], self._line[1] - self._leading)

    def _formatText(self, text: str | bytes) -> str:
        if text:
            self._watch(text if isinstance(text, str) else text.decode())
        return super()._formatText(text)  # type: ignore[no-any-return]

    def _watch(self, text: str) -> None:
        font, size, (x, y) = self._fontname, self._fontsize, self._pen
        width = stringWidth(text, font, size) + len(text) * self._charSpace
        if self._wordSpace:
            width += text.count(" ") * self._wordSpace
        if self._matrix is None:
            self._canvas.watch_text(text, font, size, x, y, width)
        else:
            self._watch_transformed(text, font, size, width)
        self._pen = (x + width, y)

    def _watch_transformed(self, text: str, font: str, size: float, width: float) -> None:
        canvas = self._canvas
        before = canvas._currentMatrix  # noqa: SLF001
        a0, b0, c0, d0, e0, f0 = before
        (a, b, c, d), (e, f) = self._matrix or (1, 0, 0, 1), self._pen
        canvas._currentMatrix = (  # noqa: SLF001
            a0 * a + c0 * b,
            b0 * a + d0 * b,
            a0 * c + c0 * d,
            b0 * c + d0 * d,
            a0 * e + c0 * f + e0,
            b0 * e + d0 * f + f0,
        )
        canvas.watch_text(text, font, size, 0, 0, width)
        canvas._currentMatrix = before  # noqa: SLF001


def _undrawn(told: list[str], drawn: list[str]) -> str:
    """Return the first of the texts *told* that was not drawn."""
    everything = "".join("".join(drawn).split())
    return next((text for text in told if "".join(text.split()) not in everything), "")


def _letters(texts: list[str]) -> Counter[str]:
    letters = Counter("".join(texts))
    for character in [character for character in letters if _is_optional(character)]:
        del letters[character]
    return letters


@functools.lru_cache(maxsize=4096)
def _is_optional(character: str) -> bool:
    """Return whether it may be missing: white space, and brackets, which right-to-left text mirrors."""
    return unicodedata.category(character)[0] in "ZC" or unicodedata.mirrored(character) == 1


def _corners(left: float, bottom: float, right: float, top: float) -> tuple[tuple[float, float], ...]:
    return (left, bottom), (right, bottom), (left, top), (right, top)


@functools.lru_cache(maxsize=1024)
def _script(character: str) -> str:
    """Name the script only: the character itself may be the customer's."""
    first = unicodedata.name(character, "").split(" ")[0].split("-")[0]
    if first not in _SCRIPTS:
        return "symbols"
    return first if first == "CJK" else first.title()
