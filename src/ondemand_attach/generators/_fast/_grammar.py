"""Which table rows of a document may be others in another document, told from its tags.

Only what is written plainly is understood: a row whose tags are all known to act on nothing but itself, in a
table that is nested as HTML wants it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

Span = list[tuple[int, int]]
"""The first and last tag of each of the rows that stand beside each other."""

_PART: Final = re.compile(
    r"<(/?)(table|caption|colgroup|col|thead|tbody|tfoot|tr|td|th)(?=[\s/>])", re.IGNORECASE
)
_PARENTS: Final = {
    "caption": {"table"},
    "colgroup": {"table"},
    "col": {"table", "colgroup"},
    "thead": {"table"},
    "tbody": {"table"},
    "tfoot": {"table"},
    "tr": {"table", "thead", "tbody", "tfoot"},
    "td": {"tr"},
    "th": {"tr"},
}
_HOLD_CONTENT: Final = frozenset({"td", "th", "caption"})

_ROWSPAN: Final = re.compile(
    r"<t[dh](?:\s+(?!rowspan)[a-z-]+=\"[^\"]*\")*\s+rowspan=\"(\d{1,3})\"(?:\s+(?!rowspan)[a-z-]+=\"[^\"]*\")*\s*>"
)
_INERT_TAG: Final = re.compile(
    r"(?!<tr\b[^>]*\sbgcolor)"  # xhtml2pdf lets it act on other rows too
    r"</?(?:tr|td|th|a|abbr|b|big|br|code|div|em|font|i|p|s|small|span|strong|sub|sup|u)"
    r"(?:\s+(?:align|bgcolor|class|color|colspan|face|height|href|nowrap|scope|size|style|title|valign|width)"
    r"=(?:\"[^\"<>&]*\"|'[^'<>&]*'))*\s*/?>"
)
_STYLE: Final = re.compile(r"\sstyle=[\"']([^\"']*)")
_INERT_STYLE: Final = re.compile(
    r"(?:\s*(?:background(?:-color)?|border(?:-[a-z-]+)?|color|font(?:-[a-z]+)?|height|letter-spacing|"
    r"line-height|padding(?:-[a-z]+)?|text-(?:align|decoration|indent|transform)|vertical-align|white-space|"
    r"width|word-spacing)\s*:[^:;\\/()]*(?:;|$))*\s*"
)


class MisplacedError(Exception):
    """Something stands between the cells of a table; a parser moves it out of there."""


class _Tag:
    """A tag, of which a document has the same many times."""

    def __init__(self, text: str) -> None:
        part = _PART.match(text)
        self.part = part[2].lower() if part else ""  # of a table
        self.is_end = text[1] == "/"
        self._text = text

    @functools.cached_property
    def is_inert(self) -> bool:
        """Whether it acts on nothing but the row that it is in."""
        if not _INERT_TAG.fullmatch(self._text):
            return False
        style = _STYLE.search(self._text)
        return style is None or _INERT_STYLE.fullmatch(style[1]) is not None

    @functools.cached_property
    def rowspan(self) -> int | None:
        """How many rows a cell spans, or 0 if it does not say so, or None if it does not say so plainly."""
        if "rowspan" not in self._text.lower():
            return 0
        rowspan = _ROWSPAN.fullmatch(self._text)
        return int(rowspan[1]) if rowspan else None


@dataclass(slots=True)
class _Table:
    spans: list[Span] = field(default_factory=list)
    covered: int = 0  # how many rows from here on a cell spans
    is_plain: bool = True


def varying_rows(tags: Sequence[str], kinds: Sequence[str]) -> list[Span]:
    """Return the rows of which there may be others, in document order.

    Args:
        tags: of the document.
        kinds: for the text before each tag what it is like: empty, blank or something else.

    Raises:
        MisplacedError: a text or a tag stands between the cells of a table.
    """
    reader, known = _Reader(), {tag: _Tag(tag) for tag in set(tags)}
    for place, (text, kind) in enumerate(zip(tags, kinds, strict=False)):
        tag = known[text]
        if reader.is_between_cells and (kind not in {"", " "} or not (tag.part or text.startswith("<!--"))):
            raise MisplacedError
        if reader.row is not None and not tag.is_inert:
            reader.row = None
        if tag.part:
            (reader.end if tag.is_end else reader.start)(tag, place)
    return sorted(reader.found)


class _Reader:
    """Follows the nesting of tables."""

    def __init__(self) -> None:
        self.found: list[Span] = []
        self.row: int | None = None  # where the one begins that may vary
        self.is_between_cells = False
        self._open: list[str] = []
        self._tables: list[_Table] = []

    def start(self, tag: _Tag, place: int) -> None:
        if tag.part == "table":
            self._start_table()
            return
        self._close_until(_PARENTS[tag.part])
        table = self._tables[-1]
        if tag.part == "tr":
            table.covered = max(table.covered - 1, 0)
            may_vary = tag.is_inert and self._open[-1] != "thead" and not table.covered
            self.row = place if may_vary else None
        if tag.rowspan != 0:
            table.is_plain &= tag.rowspan is not None
            table.covered = max(table.covered, tag.rowspan or 0)
        if tag.part != "col":
            self._open.append(tag.part)
        self.is_between_cells = self._open[-1] not in _HOLD_CONTENT

    def end(self, tag: _Tag, place: int) -> None:
        self._close_until({tag.part})
        self._open.pop()
        if tag.part == "tr" and self.row is not None:
            self._add((self.row, place))
        if tag.part in {"tr", "table"}:
            self.row = None
        if tag.part == "table":
            table = self._tables.pop()
            self.found += table.spans if table.is_plain else []
        self.is_between_cells = bool(self._open) and self._open[-1] not in _HOLD_CONTENT

    def _start_table(self) -> None:
        if self.is_between_cells:
            raise MisplacedError
        self._open.append("table")
        self._tables.append(_Table())
        self.is_between_cells = True

    def _close_until(self, names: Collection[str]) -> None:
        """Close what ends by itself where one of these begins or ends."""
        while self._open and self._open[-1] not in names and self._open[-1] != "table":
            self._open.pop()
        if not self._open or self._open[-1] not in names:
            raise MisplacedError

    def _add(self, row: tuple[int, int]) -> None:
        spans = self._tables[-1].spans
        if spans and spans[-1][-1][1] == row[0] - 1:
            spans[-1].append(row)
        else:
            spans.append([row])
