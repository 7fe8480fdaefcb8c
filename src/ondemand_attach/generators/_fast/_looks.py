"""How a paragraph of one style is measured and drawn, learned from the libraries' own drawing of samples.

A look exists for paragraphs of plain text in one font and colour, such as fill the cells of a table. For
samples of one line and of three it must write, character by character, what the libraries write; a style for
which it does not has no look, and its paragraphs are drawn by the libraries as ever.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from typing import Any, Final, NamedTuple

from reportlab.lib.enums import TA_CENTER, TA_LEFT, TA_RIGHT
from reportlab.lib.rl_accel import fp_str
from reportlab.pdfbase.pdfmetrics import getFont, stringWidth
from xhtml2pdf.reportlab_paragraph import _maxLeadingExtent
from xhtml2pdf.xhtml2pdf_reportlab import PmlParagraph

from ondemand_attach.generators._xhtml2pdf_canvas import WatchingCanvas

_SHARE: Final = {TA_LEFT: 0.0, TA_CENTER: 0.5, TA_RIGHT: 1.0}
_SAMPLES: Final = ((["(x) y"], 1000.0), (["iii i ii"], 1.0))  # one line; a line for each word
_WITH_BREAKS: Final = ((["(x) y", "iii i"], 1000.0), (["x y", "i ii"], 1.0))
_NO_MOVE: Final = 1e-6  # points

# What the libraries write for a paragraph of plain text.
_PLAIN_TEXT: Final = re.compile(
    r"(?P<head>.*?)(?P<rule>[\d.]+ w)(?:\n(?P=rule))*\n"
    r"BT 1 0 0 1 (?P<left>\S+) \S+ Tm(?: \S+ 0 Td)? (?P<state>\S+ TL \S+ \S+ \S+ rg) "
    r"/\S+ (?P<font>\S+ Tf \S+ TL) .* ET(?P<tail>.*)",
    re.DOTALL,
)

number = lru_cache(maxsize=8192)(fp_str)
_width = lru_cache(maxsize=8192)(stringWidth)
forget_words = _width.cache_clear


class Text(NamedTuple):
    """Text between two line breaks of a paragraph, in one font."""

    text: str
    font_name: str


class Line(NamedTuple):
    """A line of text.

    Args:
        text: its words with single spaces between.
        font_name: that of all of it.
        width: in points.
        is_broken: whether a line break ends it.
    """

    text: str
    font_name: str
    width: float
    is_broken: bool = False


class Look:
    """How the plain text of one style is broken into lines and drawn.

    Args:
        paragraph: one of that style.
        has_breaks: whether there may be line breaks in it.

    Raises:
        ValueError: the libraries draw more for it than plain text.
    """

    def __init__(self, paragraph: PmlParagraph, *, has_breaks: bool) -> None:
        style, fragment = paragraph.style, paragraph.frags[0]
        self.font_name, self.font_size = fragment.fontName, fragment.fontSize
        self.share = _SHARE[style.alignment]
        self.indents = style.leftIndent, style.rightIndent
        chosen = _SAMPLES + _WITH_BREAKS if has_breaks else _SAMPLES
        self._learn([_Sample(paragraph, texts, width) for texts, width in chosen])

    def _learn(self, samples: Sequence[_Sample]) -> None:
        written = [_PLAIN_TEXT.fullmatch(sample.code) for sample in samples]
        first, drawn = written[0], samples[0].paragraph
        if first is None:
            raise ValueError("more is drawn than plain text")
        self._head, self._tail, self._rule = first["head"], first["tail"], first["rule"] + "\n"
        self._left, self._state, self._in_font = first["left"], first["state"], first["font"]
        line = drawn.blPara.lines[0]
        self._ascent = line.ascent
        self._line_height = sum(_maxLeadingExtent(line, drawn.style.leading))
        self.extra = drawn.deltaWidth, drawn.deltaHeight
        self._inset = (
            drawn.style.paddingLeft + drawn.borderWidthLeft,
            -(drawn.style.paddingTop + drawn.borderWidthTop),
        )
        for sample in samples:
            self._compare(sample)

    def _compare(self, sample: _Sample) -> None:
        available = sample.width - self.extra[0]
        lines, widest = self.broken([Text(text, self.font_name) for text in sample.texts], available)
        size = max(available, widest) + self.extra[0], self.height(len(lines))
        code = self.code(sample.canvas, lines, size[1], available)
        if (code, *size) != (sample.code, sample.paragraph.width, sample.paragraph.height):
            raise ValueError("it is drawn in another way")

    def __deepcopy__(self, _: object) -> Look:
        return self

    def broken(self, texts: Sequence[Text], available: float) -> tuple[tuple[Line, ...], float]:
        """Break *texts* into lines for a paragraph *available* points wide; return them and the widest one.

        The sums are those of the libraries, in their order, so that the last bit is the same.

        Args:
            texts: those between the line breaks of the paragraph.
            available: the room for it.
        """
        limit, size, widest = self.limit(available), self.font_size, 0.0
        lines: list[Line] = []
        for number, (text, font_name) in enumerate(texts, 1):
            space = _width(" ", font_name, size)
            words: list[str] = []
            width = -space
            for word in text.split():
                word_width = 0 + _width(word, font_name, size)
                longer = width + space + word_width if word_width > 0 else width
                if longer > limit and words:
                    lines.append(Line(" ".join(words), font_name, width))
                    widest = max(width, widest)
                    words, width = [word], word_width
                else:
                    words.append(word)
                    width = longer
            lines.append(Line(" ".join(words), font_name, width, number < len(texts)))
            widest = max(width, widest)
        return tuple(lines), widest

    def limit(self, available: float) -> float:
        """Return how wide a line may be in a paragraph *available* points wide."""
        left, right = self.indents
        return float(available - left - right)

    def height(self, lines: int) -> float:
        """Return the height of a paragraph of so many lines, in points."""
        height = 0.0  # summed up as the libraries do it
        for _ in range(lines):
            height += self._line_height
        return float(height + self.extra[1])

    def code(self, canvas: Any, lines: Sequence[Line], height: float, available: float) -> str:
        """Return the operators that draw *lines* in a paragraph of that height, and note what is drawn."""
        left, limit = self.indents[0], self.limit(available)
        top = height - self._ascent
        texts = _Texts(canvas, self)
        parts: list[str] = []
        for index, (text, font_name, width, is_broken) in enumerate(lines):
            move = self.share * (limit - width) if self.share else 0.0
            x, y = self._inset[0] + left + move, self._inset[1] + top - index * self._line_height
            canvas.watch_text(text, font_name, self.font_size, x, y, width)
            _move(parts, move)
            parts += [self._state] * (index == 0)
            parts.append(texts.shown(text, font_name) + ("  T*" if is_broken else " T*"))
            _move(parts, -move)
        return (
            f"{self._head}{self._rule * len(lines)}BT 1 0 0 1 {self._left} {number(top)} Tm "
            f"{' '.join(parts)} ET{self._tail}"
        )


def _move(parts: list[str], x: float) -> None:
    if abs(x) <= _NO_MOVE:
        return
    if parts and parts[-1].endswith(" Td"):  # the libraries add the second move to the first as written
        x += float(parts.pop().split(" ")[0])
    parts.append(f"{number(x)} 0 Td")


class _Texts:
    """The strings of one text object, between which the font changes, or the subset of its letters."""

    def __init__(self, canvas: Any, look: Look) -> None:
        self._canvas, self._look, self._last = canvas, look, ("", -1)

    def shown(self, text: str, font_name: str) -> str:
        document, font, written = self._canvas._doc, getFont(font_name), []  # noqa: SLF001 - as ReportLab's own
        for subset, codes in font.splitString(text, document):
            if (font_name, subset) != self._last:
                written.append(f"{font.getSubsetInternalName(subset, document)} {self._look._in_font}")  # noqa: SLF001
                self._last = font_name, subset
            written.append(f"({self._canvas._escape(codes)}) Tj")  # noqa: SLF001
        return " ".join(written)


class _Sample:
    """A paragraph of the same style as another, as the libraries draw it."""

    def __init__(self, paragraph: PmlParagraph, texts: Sequence[str], width: float) -> None:
        self.texts, self.width = texts, width
        self.paragraph = PmlParagraph.__new__(PmlParagraph)
        self.paragraph.__dict__.update(paragraph.__dict__)
        first, last = paragraph.frags[0], paragraph.frags[-1]
        self.paragraph.outline = False
        self.paragraph.frags = [first.clone(text=texts[0])]
        for text in texts[1:]:
            self.paragraph.frags += (first.clone(text="", lineBreak=1), first.clone(text=text))
        self.paragraph.frags.append(last)
        self.canvas = WatchingCanvas(BytesIO())
        self.paragraph.wrapOn(self.canvas, width, 100_000)
        self.canvas._code.clear()  # noqa: SLF001
        self.paragraph._drawOn(self.canvas)  # noqa: SLF001
        self.code = "\n".join(self.canvas._code)  # noqa: SLF001
