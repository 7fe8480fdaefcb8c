"""Which table rows of a document may be others in another document, told from its tags.

Only what is written plainly is understood: a row whose tags are all known to act on nothing but itself, in a
table that is nested as HTML wants it.
"""

from __future__ import annotations

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
    reader = _Reader()
    for place, tag in enumerate(tags):
        part = _PART.match(tag)
        if reader.is_between_cells and (kinds[place].strip(" ") or not (part or tag.startswith("<!--"))):
            raise MisplacedError
        if part is None:
            reader.content(tag)
        elif part[1]:
            reader.end(part[2].lower(), tag, place)
        else:
            reader.start(part[2].lower(), tag, place)
    return sorted(reader.found)


class _Reader:
    """Follows the nesting of tables."""

    def __init__(self) -> None:
        self.found: list[Span] = []
        self._open: list[str] = []
        self._tables: list[_Table] = []
        self._row: int | None = None  # where the one begins that may vary
        self._inert: set[str] = set()

    @property
    def is_between_cells(self) -> bool:
        return bool(self._open) and self._open[-1] not in _HOLD_CONTENT

    def content(self, tag: str) -> None:
        """Look at a tag in a cell, or outside of tables."""
        if self._row is not None and not self._is_inert(tag):
            self._row = None

    def start(self, name: str, tag: str, place: int) -> None:
        if name == "table":
            self._start_table()
            return
        self._close_until(_PARENTS[name])
        table = self._tables[-1]
        if name == "tr":
            table.covered = max(table.covered - 1, 0)
            self._row = place if self._open[-1] != "thead" and not table.covered else None
        self.content(tag)
        if "rowspan" in tag.lower():
            rowspan = _ROWSPAN.fullmatch(tag)
            table.is_plain &= rowspan is not None
            table.covered = max(table.covered, int(rowspan[1]) if rowspan else 0)
        if name != "col":
            self._open.append(name)

    def end(self, name: str, tag: str, place: int) -> None:
        self._close_until({name})
        self._open.pop()
        self.content(tag)
        if name == "tr" and self._row is not None:
            self._add((self._row, place))
        if name in {"tr", "table"}:
            self._row = None
        if name == "table":
            table = self._tables.pop()
            self.found += table.spans if table.is_plain else []

    def _start_table(self) -> None:
        if self.is_between_cells:
            raise MisplacedError
        self._open.append("table")
        self._tables.append(_Table())
        self._row = None

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

    def _is_inert(self, tag: str) -> bool:
        if tag not in self._inert:
            style = _STYLE.search(tag)
            if not _INERT_TAG.fullmatch(tag) or not (style is None or _INERT_STYLE.fullmatch(style[1])):
                return False
            self._inert.add(tag)
        return True
