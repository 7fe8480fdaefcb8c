"""Tables that are put together anew for each document, from the rows that are kept."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

from reportlab.lib.colors import Color
from reportlab.platypus.flowables import Spacer
from reportlab.platypus.tables import TableStyle
from xhtml2pdf.xhtml2pdf_reportlab import PmlKeepInFrame, PmlParagraph, PmlTable

from ondemand_attach.generators._fast._flowables import TextCell, TextParagraph
from ondemand_attach.generators._fast._states import State
from ondemand_attach.generators._fast._tracking import ToldTable
from ondemand_attach.generators._fast._unsupported import UnsupportedError

_CELLS: Final = (PmlKeepInFrame, TextCell)
_PARAGRAPHS: Final = (PmlParagraph, TextParagraph)
_PLAIN: Final = (Color, int, float, str, type(None))
_DRAWN: Final = ("LINE", "BACKGROUND", "SPAN")  # the other commands are in the styles of the cells

# What says that a table is the same as another, beside its cells.
_ATTRIBUTES: Final = (
    *("_linecmds", "_bkgrndcmds", "_spanCmds", "_nosplitCmds", "_srflcmds", "_sircmds"),
    *("_nrows", "_ncols", "_argH", "_argW", "_rowHeights", "_colWidths", "hAlign", "vAlign"),
    *("repeatRows", "repeatCols", "splitByRow", "splitInRow", "_minRowHeights", "_rowSplitRange"),
)

_KEPT: Final = 200  # rows of one kind; a longer table copies the others each time

ALWAYS: Final = None
"""Stands for the rows that are in every document."""

Command = tuple[Any, ...]
Numbered = Sequence[tuple[int, Any]]


@dataclass(slots=True)
class KeptRow:
    """One row of a table, without its texts.

    Args:
        cells: what is in it.
        styles: ReportLab's style of each cell.
        height: as the markup wants it.
        commands: how it is drawn, as if it were the first row.
        uses: where each of its texts went, with the number of the text within the row.
        links: the fragments of its links, with the number of the address within the row.
    """

    cells: Sequence[Any]
    styles: Sequence[Any]
    height: Any
    commands: Sequence[Command]
    uses: Numbered = ()
    links: Numbered = ()
    states: Sequence[State] = field(init=False, default=())

    @property
    def parts(self) -> Iterator[Any]:
        return chain.from_iterable(cell._content for cell in self.cells if cell)  # noqa: SLF001

    @property
    def fragments(self) -> Iterator[Any]:
        return chain.from_iterable(getattr(part, "frags", ()) for part in self.parts)

    def can_be_copied(self) -> bool:
        """Return whether nothing is in it but text, and nothing in its look is its own."""
        return all(_is_text(cell) for cell in self.cells) and all(map(_is_plain, self.commands))

    def looks_like(self, other: KeptRow) -> bool:
        return bool(_form(self) == _form(other))

    def copied(self, *, is_kept: bool) -> KeptRow:
        """Return a copy for another place in the table, for one document or for all."""
        fragments: dict[int, Any] = {}
        row = KeptRow(
            cells=[cell and _copied(cell, fragments) for cell in self.cells],
            styles=self.styles,
            height=self.height,
            commands=self.commands,
            uses=[(number, use.of([fragments[id(f)] for f in use.fragments])) for number, use in self.uses],
            links=[(number, fragments[id(fragment)]) for number, fragment in self.links],
        )
        if is_kept:
            row.freeze()
        return row

    def freeze(self) -> None:
        """Remember what it is like before any layout."""
        self.states = [State.of(thing) for thing in (*filter(None, self.cells), *self.parts)]


class KeptTable:
    """A table of which some rows may be others.

    Args:
        told: before any layout.
        regions: the first and last of the rows that may be others, by a number.

    Attributes:
        settled: for each column, the rows that settle its width, each as a region and what decides about
            its look; one of them must be in a document.

    Raises:
        UnsupportedError: it cannot be put together anew.
    """

    settled: Sequence[frozenset[Any]] = ()

    def __init__(self, told: ToldTable, regions: Mapping[int, tuple[int, int]]) -> None:
        flowable, commands = told.flowable, told.commands
        is_repeated = any(first < flowable.repeatRows for first, _ in regions.values())
        if is_repeated or not told.columns.explain(flowable._argW):  # noqa: SLF001
            raise UnsupportedError
        self.flowable, self._base, self.regions = flowable, State.of(flowable), regions
        self._widths = list(flowable._argW)  # noqa: SLF001
        self._commands, own = _parted(commands, regions)
        self._level = [command for command in self._commands[0] if command[2][1] == -1]
        self.rows = [
            KeptRow(tuple(cells), tuple(styles), height, own.get(place, ()))  # layout changes the lists
            for place, (cells, styles, height) in enumerate(
                zip(flowable._cellvalues, flowable._cellStyles, flowable._argH, strict=True)  # noqa: SLF001
            )
        ]
        self._order = self._ordered()
        learned = {number: self.rows[first : last + 1] for number, (first, last) in regions.items()}
        made = self._made(learned)
        if any(getattr(made, name) != getattr(flowable, name) for name in _ATTRIBUTES):
            raise UnsupportedError

    def _ordered(self) -> list[tuple[int, int, int | None]]:
        """Return the parts of the table: their first and last row, and the number if they may be others."""
        parts: list[tuple[int, int, int | None]] = [(a, b, n) for n, (a, b) in self.regions.items()]
        varying = {row for first, last, _ in parts for row in range(first, last + 1)}
        parts += [(row, row, None) for row in range(len(self.rows)) if row not in varying]
        return sorted(parts)

    def compose(self, rows: Mapping[int, Sequence[KeptRow]]) -> None:
        """Make the table one with these *rows* in its regions."""
        attributes = self._base.attributes | vars(self._made(rows))
        vars(self.flowable).clear()
        vars(self.flowable).update(attributes)

    def restore(self) -> None:
        """Make it what it was."""
        self._base.restore()

    def is_settled(self, present: Collection[Any]) -> bool:
        """Return whether the columns are as wide as ever if these rows are *present*."""
        return all(ALWAYS in rows or not rows.isdisjoint(present) for rows in self.settled)

    def adopt(self, other: KeptTable) -> None:
        """Take what settles the width of the columns from the *other* table."""
        self.settled = [mine | theirs for mine, theirs in zip(self.settled, other.settled, strict=True)]

    def same_frame(self, other: KeptTable) -> bool:
        """Return whether rows of the *other* table would look the same in this one."""
        frames = ((table._level, table._widths, len(table.settled)) for table in (self, other))  # noqa: SLF001
        return next(frames) == next(frames)

    def _made(self, rows: Mapping[int, Sequence[KeptRow]]) -> PmlTable:
        placed: list[KeptRow] = []
        starts, ends = {-1: -1}, {-1: -1}
        for first, last, number in self._order:
            starts[first] = len(placed)
            placed += [self.rows[first]] if number is None else rows[number]
            ends[last] = len(placed) - 1
        try:
            commands = [
                command
                for part in self._commands
                for command in (
                    _of_rows(rows[part], starts[self.regions[part][0]])
                    if isinstance(part, int)
                    else [_between(command, starts, ends) for command in part]
                )
            ]
        except KeyError:
            raise UnsupportedError from None
        table = self.flowable
        return PmlTable(
            [list(row.cells) for row in placed],
            colWidths=list(self._widths),
            rowHeights=[row.height for row in placed],
            style=TableStyle([command for command in commands if command[0].startswith(_DRAWN)]),
            splitByRow=1,
            repeatRows=table.repeatRows,
            hAlign=table.hAlign,
            vAlign=table.vAlign,
            cellStyles=[list(row.styles) for row in placed],
            normalizedData=1,
        )


def _parted(
    commands: Sequence[Command], regions: Mapping[int, tuple[int, int]]
) -> tuple[list[Any], dict[int, list[Command]]]:
    """Return the commands, with the number of each region in place of those of its rows; and these by row."""
    region_of = {row: n for n, (first, last) in regions.items() for row in range(first, last + 1)}
    level = 1 + max((place for place, command in enumerate(commands) if command[2][1] == -1), default=-1)
    parts: list[Any] = [list(commands[:level])]
    rows: dict[int, list[Command]] = {}
    for command in commands[level:]:
        first, last = command[1][1], command[2][1]
        region = region_of.get(first) if first == last else None
        if region is not None:
            if first not in rows and command[0] == "BACKGROUND":  # of a group of rows that has but one
                raise UnsupportedError
            rows.setdefault(first, []).append(_moved(command, -first))
        if region is None and isinstance(parts[-1], list):
            parts[-1].append(command)
        elif region is None or region not in parts:
            parts.append([command] if region is None else region)
    return parts, rows


def _of_rows(rows: Sequence[KeptRow], start: int) -> list[Command]:
    return [_moved(command, place) for place, row in enumerate(rows, start) for command in row.commands]


def _between(command: Command, starts: Mapping[int, int], ends: Mapping[int, int]) -> Command:
    """Return a command of other rows, or of the whole table, where its rows are now."""
    name, (left, first), (right, last), *rest = command
    if last == -1:
        return command
    if first == last and name in {"LINEABOVE", "LINEBELOW"}:  # of the table's own border
        place = starts[first] if name == "LINEABOVE" else ends[last]
        return name, (left, place), (right, place), *rest
    return name, (left, starts[first]), (right, ends[last]), *rest


def _moved(command: Command, rows: int) -> Command:
    name, (left, first), (right, last), *rest = command
    return name, (left, first + rows), (right, last + rows), *rest


def _is_plain(value: Any) -> bool:
    return all(map(_is_plain, value)) if isinstance(value, tuple | list) else isinstance(value, _PLAIN)


def _is_text(cell: Any) -> bool:
    if isinstance(cell, str):
        return cell == ""
    return type(cell) in _CELLS and all(_is_text_only(part) for part in cell._content)  # noqa: SLF001


def _is_text_only(part: Any) -> bool:
    if type(part) is Spacer:
        return True
    is_paragraph = type(part) in _PARAGRAPHS and not getattr(part, "outline", False)
    return is_paragraph and not any(getattr(fragment, "cbDefn", None) for fragment in part.frags)


def _form(row: KeptRow) -> Any:
    return row.commands, row.height, [cell and _form_of_cell(cell) for cell in row.cells]


def _form_of_cell(cell: Any) -> Any:
    return type(cell), _without(cell, "_content"), [form_of_part(part) for part in cell._content]  # noqa: SLF001


def form_of_part(part: Any) -> Any:
    """Return what a paragraph is like, beside its texts and the addresses of its links."""
    fragments = [_without(fragment, "text", "link") for fragment in getattr(part, "frags", ())]
    style = _without(part.style, "name") if fragments else None
    return type(part), _without(part, "frags", "text", "style"), style, fragments


def _without(thing: Any, *names: str) -> dict[str, Any]:
    return {name: value for name, value in vars(thing).items() if name not in names}


def _copied(cell: Any, fragments: dict[int, Any]) -> Any:
    copy = _twin(cell)
    copy._content = []  # noqa: SLF001
    for part in cell._content:  # noqa: SLF001
        twin = _twin(part)
        if fragments_of := getattr(part, "frags", None):
            twin.frags = [_twin(fragment) for fragment in fragments_of]
            fragments |= {id(old): new for old, new in zip(fragments_of, twin.frags, strict=True)}
        copy._content.append(twin)  # noqa: SLF001
    return copy


def _twin(thing: Any) -> Any:
    twin = object.__new__(type(thing))
    vars(twin).update(vars(thing))
    return twin


@dataclass(slots=True)
class KeptRegion:
    """The rows that may stand in one place of a table, each as often as a recent document had it.

    Args:
        rows: by what decides about their look.
    """

    rows: dict[Any, list[KeptRow]]

    def take(self, keys: Sequence[Any]) -> list[KeptRow]:
        """Return a row for each of *keys*.

        Raises:
            UnsupportedError: one of them was not met yet.
        """
        used: dict[Any, int] = {}
        taken = []
        for key in keys:
            kept = self.rows.get(key)
            if kept is None:
                raise UnsupportedError
            place = used.get(key, 0)
            if place == len(kept):
                kept.append(kept[0].copied(is_kept=place < _KEPT))
            used[key] = place + 1
            taken.append(kept[place])
        return taken

    def trim(self) -> None:
        """Let go of rows that only the longest tables need."""
        for kept in self.rows.values():
            del kept[_KEPT:]

    @property
    def all(self) -> Iterator[KeptRow]:
        return chain.from_iterable(self.rows.values())

    @property
    def states(self) -> Iterator[State]:
        return chain.from_iterable(row.states for row in self.all)

    @property
    def size(self) -> int:
        return sum(len(kept) * 2 * len(kept[0].cells) for kept in self.rows.values())
