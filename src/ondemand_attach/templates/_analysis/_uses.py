"""What is done to a value: it is looked at, or used to the full."""

from __future__ import annotations

from collections.abc import Iterator

from ondemand_attach._confidential import Marks, Path
from ondemand_attach.templates._analysis._findings import Findings
from ondemand_attach.templates._analysis._memory import Memory
from ondemand_attach.templates._analysis._values import NOTHING, Namespace, Place, Row, Value, union


class Uses:
    """Reports each use of what is marked."""

    def __init__(self, marks: Marks, memory: Memory, findings: Findings) -> None:
        self._marks = marks
        self._memory = memory
        self._findings = findings

    def look(self, value: Value, line: int) -> None:
        """Use *value* itself, but nothing inside of it: its truth, its length, its members."""
        for item in value:
            if isinstance(item, Place) and item.is_loose:
                self.consume(frozenset({item}), line)
            elif isinstance(item, Place) and self.is_guard(item.path):
                self._report(item.path, line)

    def consume(self, value: Value, line: int) -> Value:
        """Use *value* and all that is inside of it: print, compare, pass to unknown code."""
        for item in value:
            match item:
                case Place():
                    for path in self._confidential_at(item.path):
                        self._report(path, line)
                case Row():
                    self.consume(union(item.cells), line)
                case Namespace():
                    self.consume(self._memory.anything_stored(), line)
        return NOTHING

    def is_guard(self, path: Path) -> bool:
        """Whether one guard stands for all at *path*, because nothing below it is public."""
        has_public = any(public[: len(path)] == path for public in self._marks.public)
        return self._is_confidential(path) and not has_public

    def _report(self, path: Path, line: int) -> None:
        self._findings.touch(line, ".".join(path), is_guard=self.is_guard(path))

    def _confidential_at(self, path: Path) -> Iterator[Path]:
        if self._is_confidential(path):
            yield path
        for mark in self._marks.confidential:
            if len(mark) > len(path) and mark[: len(path)] == path:
                yield mark

    def _is_confidential(self, path: Path) -> bool:
        """Whether the nearest declaration at or above *path* is a mark."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._marks.public:
                return False
            if path[:length] in self._marks.confidential:
                return True
        return False
