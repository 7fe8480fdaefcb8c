# ruff: noqa: N802 - names and arguments are those of the parent class
"""A document context that notes which fragments of the story each value of the markup became."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from reportlab.lib.fonts import tt2ps
from xhtml2pdf.tables import TableData
from xhtml2pdf.util import apply_text_transform
from xhtml2pdf.xhtml2pdf_reportlab import PmlTable

from ondemand_attach.generators._xhtml2pdf_context import DocumentContext

_NO_BREAK_SPACE: Final = "\xa0"
_SPACES: Final = re.compile("( )").split
_NO_BREAK_SPACES: Final = re.compile("(\xa0)").split
_COLLAPSING: Final = frozenset({"normal", "nowrap", "", None})


class Value(str):
    """The text of a node, with the number of the value that it is, and whether it is the title."""

    __slots__ = ("is_title", "number")
    number: int
    is_title: bool

    def __new__(cls, text: str, number: int, *, is_title: bool = False) -> Self:
        value = super().__new__(cls, text)
        value.number, value.is_title = number, is_title
        return value


@dataclass(frozen=True, slots=True)
class Use:
    """Where a value went.

    Args:
        fragments: what it became.
        transform: the CSS text-transform.
        is_nowrap: whether its spaces are kept from breaking.
        is_first: whether white space at its beginning falls away.
    """

    fragments: Sequence[Any]
    transform: str
    is_nowrap: bool
    is_first: bool

    def of(self, fragments: Sequence[Any]) -> Use:
        """Return the same of other *fragments*."""
        return Use(fragments, self.transform, self.is_nowrap, self.is_first)

    def texts(self, value: str) -> list[str]:
        """Return the texts of the fragments that *value* becomes, as xhtml2pdf's `addFrag` makes them."""
        text = value if self.transform == "none" else apply_text_transform(value, self.transform)
        if self.is_nowrap:
            return [_NO_BREAK_SPACE if piece == " " else piece for piece in _SPACES(" ".join(text.split()))]
        texts, is_first = [], self.is_first
        for piece in _NO_BREAK_SPACES(text) if _NO_BREAK_SPACE in text else (text,):
            if piece != _NO_BREAK_SPACE:
                piece = " ".join(("x" + piece + "x").split())[1:-1]  # noqa: PLW2901
                piece = piece.lstrip() if is_first else piece  # noqa: PLW2901
                is_first = is_first and not piece
            texts.append(piece)
        return texts


class Columns:
    """Which rows of a table settle how wide its columns are."""

    def __init__(self) -> None:
        self._declared: dict[int, int] = {}
        self._filled: dict[int, int] = {}
        self._widths: dict[int, Any] = {}
        self._is_consistent = True

    def note(self, table: TableData) -> None:
        """Look at what the row that is being told has changed."""
        for column, width in enumerate(table.colw):
            if width is not None:
                self._declared.setdefault(column, table.row)
                self._is_consistent &= self._widths.setdefault(column, width) == width
        for column in table.col_with_content:
            self._filled.setdefault(column, table.row)

    def explain(self, widths: Sequence[Any]) -> bool:
        """Return whether the *widths* of the columns come from one declaration each, or from none."""
        declared = {column for column, width in enumerate(widths) if width is not None}
        return self._is_consistent and declared == self._declared.keys()

    def settling(self, count: int) -> list[int | None]:
        """Return for each of so many columns the row without which it might be of another width."""
        return [self._declared.get(column, self._filled.get(column)) for column in range(count)]


@dataclass(frozen=True, slots=True)
class ToldTable:
    """A table of the story, with what its flowable does not say.

    Args:
        flowable: the table.
        commands: of its style.
        columns: which rows settle how wide they are.
        is_alone: whether its rows changed nothing outside of it, such as the page.
    """

    flowable: PmlTable
    commands: Sequence[Any]
    columns: Columns
    is_alone: bool


class TrackingContext(DocumentContext):
    """A document on its way, of which the values are followed.

    Attributes:
        addresses: those of links that may differ; set before the document is told.
        uses: where each value went that can be followed, beside its number.
        titles: the same of what became the title.
        is_followed: whether each value that went anywhere can be.
        tables: those of the flow and those in their cells, in the order of their ends.
    """

    def __init__(self, *args: Any) -> None:
        self._columns: dict[TableData, Columns] = {}
        self._before: dict[TableData, tuple[int, Any]] = {}
        super().__init__(*args)
        self.addresses: Sequence[str] = ()
        self.uses: list[tuple[int, Use]] = []
        self.titles: list[tuple[int, Use]] = []
        self.is_followed = True
        self.tables: list[ToldTable] = []

    @property
    def tableData(self) -> TableData:
        """The table that is being told."""
        return self._table

    @tableData.setter
    def tableData(self, table: TableData) -> None:
        self._table = table  # this happens as each table begins, and as it ends
        self._before.setdefault(table, self._end_of_story())

    def swapStory(self, story: Any = None) -> Any:
        table = self.tableData  # this happens as each cell begins, and as it ends
        self._columns.setdefault(table, Columns()).note(table)
        return super().swapStory(story)

    def addStory(self, data: Any) -> None:
        if type(data) is PmlTable:
            table = self.tableData
            is_alone = self._before.pop(table) == self._end_of_story()
            columns = self._columns.pop(table, Columns())
            self.tables.append(ToldTable(data, list(table.styles), columns, is_alone))
        super().addStory(data)

    def _end_of_story(self) -> tuple[int, Any]:
        story = getattr(self, "story", ())
        return len(story), getattr(story[-1], "keepWithNext", None) if story else None

    def addFrag(self, text: Any = "", frag: Any = None) -> None:
        before, is_first = len(self.fragList), self.fragStrip
        super().addFrag(text, frag)
        if isinstance(text, Value):
            self._follow(text, self.fragList[before:], is_first=is_first)
        elif text and isinstance(text, str):
            # White space that is kept belongs to no value, and a style sheet can draw addresses.
            is_drawn = self.frag.whiteSpace not in _COLLAPSING or any(map(text.__contains__, self.addresses))
            self.is_followed &= not is_drawn

    def _follow(self, value: Value, fragments: Sequence[Any], *, is_first: bool) -> None:
        transform = str(getattr(self.frag, "textTransform", None) or "none").lower()
        use = Use(fragments, transform, self.frag.whiteSpace == "nowrap", is_first)
        can_be = self.frag.whiteSpace in _COLLAPSING and all(map(_is_of_first_font, fragments))
        if can_be and use.texts(value) == [fragment.text for fragment in fragments]:
            (self.titles if value.is_title else self.uses).append((value.number, use))
        else:
            self.is_followed = False


def _is_of_first_font(fragment: Any) -> bool:
    """Return whether no other font of the list would be preferred for other letters."""
    families = fragment.fontFamilies
    return not families or fragment.fontName == tt2ps(families[0], fragment.bold, fragment.italic)
