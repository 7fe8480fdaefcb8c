# ruff: noqa: N802, N803, PLR0917 - the names and arguments are those of the parent classes
"""Paragraphs and table cells of plain text, measured and drawn by their look.

They are xhtml2pdf's own, and fall back to being just that for whatever a look does not cover.
"""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, Final
from uuid import uuid4

from reportlab.lib.enums import TA_CENTER, TA_LEFT, TA_RIGHT
from reportlab.pdfbase.pdfmetrics import getAscentDescent, getFont
from reportlab.platypus.flowables import _FUZZ, Flowable
from xhtml2pdf.builders.block import BlockBox, _UnsplittableBlockBox
from xhtml2pdf.xhtml2pdf_reportlab import PmlKeepInFrame, PmlParagraph, PmlTable

from ondemand_attach.generators._fast._long_tables import LongTable
from ondemand_attach.generators._fast._looks import Line, Look, Text, number
from ondemand_attach.generators._fast._markup import SIMPLE
from ondemand_attach.generators._xhtml2pdf_subsets import KeptFont

MAX_TEXT: Final = 2_000  # characters; xhtml2pdf looks at the clock while it breaks longer ones

BOXES: Final = (BlockBox, _UnsplittableBlockBox)

_KEPT: Final = 512
_UNBOUNDED: Final = 0xFFFFFFF
_ANY_HEIGHT: Final = 72000  # ReportLab's word for it
_UNFIT: Final = ("cbDefn", "link", "underline", "strike", "rise")
_LOOK: Final = ("fontSize", "textColor", "backColor")


class TextParagraph(PmlParagraph):  # type: ignore[misc]
    """A paragraph of plain text."""

    look: Look | None = None
    _lines: tuple[Line, ...] | None = None
    _told: list[Text] | None = None
    _available = _widest = 0.0

    def wrap(self, availWidth: float, availHeight: float) -> tuple[float, float]:
        look = self.look
        texts = None if look is None else _texts(self.frags)
        if look is None or texts is None:
            self._lines = None
            return super().wrap(availWidth, availHeight)  # type: ignore[no-any-return]
        self.setMaxHeight(availHeight)
        available = availWidth - look.extra[0]
        if self._lines is None or self._told != texts or not self._would_break_alike(look, available):
            self._told, (self._lines, self._widest) = texts, look.broken(texts, available)
            self.height = look.height(len(self._lines))
        self._available = available
        self.width = max(available, self._widest) + look.extra[0]
        return self.width, self.height

    def _would_break_alike(self, look: Look, available: float) -> bool:
        """Whether the lines are known: a table asks three times, the last time with a trifle less room."""
        return available == self._available or (
            available < self._available and self._widest <= look.limit(available)
        )

    def split(self, availWidth: float, availHeight: float) -> list[Flowable]:
        if self.look is not None:
            self._lines = None
            PmlParagraph.wrap(self, availWidth, availHeight)
        return super().split(availWidth, availHeight)  # type: ignore[no-any-return]

    def draw(self) -> None:
        if self.look is None or self._lines is None:
            super().draw()
            return
        if getattr(self, "outline", False):
            self._enter()
        code = self.look.code(self.canv, self._lines, self.height, self._available)
        self.canv._code.append(code)  # noqa: SLF001

    def _enter(self) -> None:
        """Enter the heading into the outline, below the last one of a lower level, as xhtml2pdf does."""
        self.tocKey = getattr(self, "tocKey", None) or uuid4().hex
        levels = self.canv.__dict__.setdefault("outlineLevels", [])
        while levels and levels[-1] >= self.outlineLevel:
            levels.pop()
        self.canv.bookmarkPage(self.tocKey)
        self.canv.addOutlineEntry(self.text, self.tocKey, len(levels), not self.outlineOpen)
        levels.append(self.outlineLevel)


class TextCell(PmlKeepInFrame):  # type: ignore[misc]
    """A table cell that holds one paragraph of plain text."""

    def wrap(self, availWidth: float, availHeight: float) -> tuple[float, float]:
        (paragraph,) = self._content
        width, room = max(availWidth, 1.0), max(availHeight, 1.0)
        self.maxWidth, self.maxHeight = width, self.setMaxHeight(room)
        natural, height = paragraph.wrap(width, _UNBOUNDED)
        after = paragraph.getSpaceAfter()
        total = height + after - after
        if height <= _FUZZ or total > min(self.maxHeight, room) + _FUZZ:
            return super().wrap(availWidth, availHeight)  # type: ignore[no-any-return]
        self.width, self.height = min(natural, width) - _FUZZ, total - _FUZZ
        return self.width, self.height

    def getSpaceBefore(self, *_: Any) -> float:
        return float(self._content[0].getSpaceBefore())

    def getSpaceAfter(self, *_: Any) -> float:
        return float(self._content[0].getSpaceAfter())

    def drawOn(self, canv: Any, x: float, y: float, _sW: float = 0) -> None:
        (paragraph,) = self._content
        if paragraph.look is None or hasattr(self, "_scale"):
            super().drawOn(canv, x, y, _sW)
            return
        _, height = paragraph.wrap(self.width, _UNBOUNDED)
        y = y + self.height - height
        a, b, c, d, e, f = before = canv._currentMatrix  # noqa: SLF001
        canv._currentMatrix = (a, b, c, d, a * x + c * y + e, b * x + d * y + f)  # noqa: SLF001
        canv._code.append(f"q\n1 0 0 1 {number(x)} {number(y)} cm")  # noqa: SLF001
        paragraph.canv = canv
        paragraph.draw()
        del paragraph.canv
        canv._code.append("Q")  # noqa: SLF001
        canv._currentMatrix = before  # noqa: SLF001


class TextTable(LongTable):
    """A table, most of whose cells hold text alone."""

    def _listCellGeom(
        self, V: Any, w: float, s: Any, W: Any = None, H: Any = None, aH: float = _ANY_HEIGHT
    ) -> tuple[float, float]:
        available = w - s.leftPadding - s.rightPadding
        if len(V) != 1 or type(V[0]) is not TextCell or available < 0:
            return super()._listCellGeom(V, w, s, W=W, H=H, aH=aH)  # type: ignore[no-any-return]
        (cell,) = V
        room = (self.getMaxHeight() or aH) if aH == _ANY_HEIGHT else aH
        width, height = cell.wrapOn(
            getattr(self, "canv", None), available, room - s.topPadding - s.bottomPadding
        )
        if W is not None:
            W.append(width)
            H.append(height)
        before, after = cell.getSpaceBefore(), cell.getSpaceAfter()
        return max(0, width), height + after + before - before - after


class Looks:
    """The looks of the styles that were met last. Not thread-safe: one renderer draws at a time."""

    def __init__(self) -> None:
        self._looks: OrderedDict[Hashable, Look | None] = OrderedDict()

    def quicken(self, story: Iterable[Any], *, is_kept: bool) -> None:
        """Give the paragraphs of plain text in *story*, and the cells that hold one, their look.

        Args:
            story: before its layout.
            is_kept: whether it will be drawn many times, so that headings and the like, of which a document
                has one or two of a kind, are worth a look too.
        """
        for flowable in story:
            if type(flowable) is PmlParagraph:
                if is_kept or (len(flowable.frags) == 2 and not flowable.outline):
                    self._quicken(flowable)
            elif isinstance(flowable, PmlTable):
                if type(flowable) is PmlTable:
                    flowable.__class__ = TextTable
                for row in flowable._cellvalues:  # noqa: SLF001
                    self.quicken(row, is_kept=is_kept)
            elif type(flowable) is PmlKeepInFrame:
                self._quicken_cell(flowable, is_kept=is_kept)
            elif type(flowable) in BOXES:
                self.quicken(flowable.content, is_kept=is_kept)

    def _quicken_cell(self, cell: PmlKeepInFrame, *, is_kept: bool) -> None:
        self.quicken(cell._content, is_kept=is_kept)  # noqa: SLF001
        is_text = [type(part) is TextParagraph and _texts(part.frags) for part in cell._content]  # noqa: SLF001
        if len(is_text) == 1 and is_text[0] and cell.mode == "shrink" and cell.fakeWidth is None:
            cell.__class__ = TextCell

    def _quicken(self, paragraph: PmlParagraph) -> None:
        look = self._look(paragraph) if _is_plain(paragraph) else None
        if look is not None:
            paragraph.__class__ = TextParagraph
            paragraph.look = look

    def _look(self, paragraph: PmlParagraph) -> Look | None:
        has_breaks = any(hasattr(frag, "lineBreak") for frag in paragraph.frags)
        key = has_breaks, _style_of(paragraph)
        try:
            self._looks.move_to_end(key)
        except KeyError:
            self._looks[key] = _learned(paragraph, has_breaks=has_breaks)
            if len(self._looks) > _KEPT:
                self._looks.popitem(last=False)
        except TypeError:  # not hashable
            return None
        return self._looks[key]


def _learned(paragraph: PmlParagraph, *, has_breaks: bool) -> Look | None:
    try:
        return Look(paragraph, has_breaks=has_breaks)
    except ValueError:
        return None


def _is_plain(paragraph: PmlParagraph) -> bool:
    style, frags = paragraph.style, paragraph.frags
    # A page number in a header or footer is put in before each page is drawn.
    texts = _texts([frag.clone(text="1") if _is_number(frag) else frag for frag in frags])
    return bool(
        texts
        and sum(len(each.text) for each in texts) <= MAX_TEXT
        and all(SIMPLE.fullmatch(each.text) for each in texts)
        and not any(getattr(frag, name, None) for frag in frags for name in _UNFIT)
        and not (paragraph.bulletText or paragraph.dir != "ltr")
        and style.alignment in {TA_LEFT, TA_CENTER, TA_RIGHT}
        and not (style.firstLineIndent or style.wordWrap or style.textOverflow)
        and style.letterSpacing == style.wordSpacing == "normal"
        and not getattr(frags[0], "splitLongWords", False)
        and all(_is_alike(frags[0], frag) for frag in frags)
        and all(isinstance(getFont(each.font_name), KeptFont) for each in texts)
    )


def _texts(frags: Sequence[Any]) -> list[Text] | None:
    """Return the texts between the line breaks, or None if there is more to them than that."""
    if len(frags) < 2:
        return None
    first, last = frags[0], frags[-1]
    if len(frags) == 2 and type(first.text) is str:  # the most usual, for which the rest would do as well
        is_plain = first.text.strip() and "\xa0" not in first.text and last.text == ""
        return [Text(first.text, first.fontName)] if is_plain else None
    texts, breaks = [Text("", "")], []
    for frag in frags:
        before = texts[-1]
        if frag.text == "" and hasattr(frag, "lineBreak"):
            breaks.append(frag.fontName)
            texts.append(Text("", ""))
        elif frag.text == "":
            continue
        elif not _goes_on(before, frag):
            return None
        else:
            texts[-1] = Text(before.text + frag.text, frag.fontName)
    fonts = zip(texts[:-1], breaks, texts[1:], strict=True)
    is_plain = all(each.text for each in texts) and all(a in {x.font_name, b.font_name} for x, a, b in fonts)
    return texts if is_plain else None


def _goes_on(before: Text, frag: Any) -> bool:
    """Whether what is in *frag* is drawn together with the text *before*: with a space between, and alike."""
    text = frag.text
    if type(text) is not str or "\xa0" in text or not text.strip():
        return False
    return not before.text or (
        before.font_name == frag.fontName and (before.text[-1].isspace() or text[0].isspace())
    )


def _is_number(frag: Any) -> bool:
    return bool(frag.insideStaticFrame and (frag.pageNumber or frag.pageCount))


def _is_alike(frag: Any, other: Any) -> bool:
    """Whether text of one looks like text of the other, but for the font, which is as high."""
    sizes = (getAscentDescent(each.fontName, each.fontSize) for each in (frag, other))
    return operator.eq(*sizes) and all(getattr(frag, n, None) == getattr(other, n, None) for n in _LOOK)


def _style_of(paragraph: PmlParagraph) -> Hashable:
    style, frag = dict(paragraph.style.__dict__), dict(paragraph.frags[0].__dict__)
    del style["name"], frag["text"]
    frag.pop("fontFamilies", None)
    return tuple(style.items()), tuple(frag.items()), paragraph.autoLeading
