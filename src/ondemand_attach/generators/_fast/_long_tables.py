# ruff: noqa: N802, N803, SLF001 - the names are those of the parent class
"""Tables over many pages.

ReportLab divides a table at the end of each page, and for what is left goes through all lines and backgrounds
of all rows, so that its time grows with the square of the rows. Here those of rows that are far away wait.
Spans do not: the heights of all rows are measured with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

from xhtml2pdf.xhtml2pdf_reportlab import PmlTable

_MANY_ROWS: Final = 200
_NEAR: Final = 100
_SIMPLE: Final = frozenset({"BACKGROUND", "LINEABOVE", "LINEBELOW", "LINEBEFORE", "LINEAFTER"})
_LISTS: Final = ("_linecmds", "_bkgrndcmds")

Command = tuple[Any, ...]


@dataclass(slots=True)
class _Waiting:
    """The last commands of a list, in the order of their rows.

    Args:
        commands: as they were first told.
        start: how many of them wait no more.
        moved: by how many rows all of them have come closer.
    """

    commands: Sequence[Command]
    start: int = 0
    moved: int = 0

    def before(self, row: int) -> list[Command]:
        """Return those about rows before *row*, which wait no more."""
        first, moved = self.start, self.moved
        while self.start < len(self.commands) and self.commands[self.start][1][1] - moved < row:
            self.start += 1
        return [
            (name, (left, top - moved), (right, bottom - moved), *rest)
            for name, (left, top), (right, bottom), *rest in self.commands[first : self.start]
        ]


class LongTable(PmlTable):  # type: ignore[misc]
    """xhtml2pdf's table, divided in time that grows with the number of its rows."""

    _waiting: dict[str, _Waiting] | None = None

    def _splitRows(self, availHeight: float, doInRowSplit: int = 0) -> list[Any]:
        if doInRowSplit or self._nrows < _MANY_ROWS:
            self._recall(self._nrows)
            return super()._splitRows(availHeight, doInRowSplit)  # type: ignore[no-any-return]
        if self._waiting is None:
            self._waiting = {name: self._far(name) for name in _LISTS}
        heights = accumulate(self._rowHeights[: self._hmax])
        fitting = next((row for row, height in enumerate(heights) if height > availHeight), self._nrows)
        self._recall(fitting + 2)
        parts: list[Any] = super()._splitRows(availHeight, doInRowSplit)
        if len(parts) > 1:
            rows = self._nrows - parts[1]._nrows
            parts[1]._waiting = {
                name: _Waiting(waiting.commands, waiting.start, waiting.moved + rows)
                for name, waiting in self._waiting.items()
            }
        return parts

    def draw(self) -> None:
        self._recall(self._nrows)
        super().draw()

    def _far(self, name: str) -> _Waiting:
        """Take the commands at the end of a list if each is about one far row, in the order of the rows."""
        commands, last = getattr(self, name), self._nrows
        start = len(commands)
        while start and commands[start - 1][0] in _SIMPLE and _is_between(_NEAR, commands[start - 1], last):
            start -= 1
            last = commands[start][1][1]
        setattr(self, name, commands[:start])
        return _Waiting(commands[start:])

    def _recall(self, row: int) -> None:
        for name, waiting in (self._waiting or {}).items():
            getattr(self, name).extend(waiting.before(row))


def _is_between(first: int, command: Command, last: int) -> bool:
    top, bottom = command[1][1], command[2][1]
    return type(top) is int and first <= top == bottom <= last
