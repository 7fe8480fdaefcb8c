"""The changes that can be made to a module, one at a time."""

from __future__ import annotations

import difflib
import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
from kinds import KINDS, is_docstring
from libcst.metadata import MetadataWrapper, PositionProvider

_WORDING = (cst.Annotation, cst.BaseString)  # not looked into: f-strings, strings that are joined


@dataclass(frozen=True, slots=True)
class Place:
    """Where a change is made.

    Args:
        first: the line on which the statement begins.
        last: the line on which what is changed ends.
        is_in_function: whether a call of a function runs it, and not the import of the module.
    """

    first: int
    last: int
    is_in_function: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One change to a module.

    Args:
        module: the file.
        kind: what is changed.
        place: where.
        number: which it is of all the changes to the module.
    """

    module: Path
    kind: str
    place: Place
    number: int

    @functools.lru_cache(maxsize=4)  # noqa: B019 - values that live as long as the process
    def applied(self) -> str:
        """Return the text of the module after the change."""
        wrapper = MetadataWrapper(cst.parse_module(self.module.read_text()))
        _, _, old, new = next(itertools.islice(_all(wrapper), self.number, None))
        return wrapper.module.deep_replace(old, new).code

    def difference(self) -> str:
        """Return what the change is, as a diff."""
        texts = (self.module.read_text().splitlines(), self.applied().splitlines())
        return "\n".join([*difflib.unified_diff(*texts, lineterm="", n=2)][2:])


def changes_of(module: Path) -> list[Change]:
    """Return all the changes that can be made to a file."""
    found = _all(MetadataWrapper(cst.parse_module(module.read_text())))
    return [Change(module, kind, place, number) for number, (kind, place, _, _) in enumerate(found)]


def _all(wrapper: MetadataWrapper) -> Iterator[tuple[str, Place, cst.CSTNode, cst.CSTNode]]:
    lines = {
        node: (position.start.line, position.end.line)
        for node, position in wrapper.resolve(PositionProvider).items()
    }
    for node, place in _nodes(wrapper.module, Place(1, 1, is_in_function=False), lines):
        for kind, (of, made) in KINDS.items():
            if isinstance(node, of):
                yield from ((kind, place, node, new) for new in made(node))


def _nodes(
    node: cst.CSTNode, at: Place, lines: dict[cst.CSTNode, tuple[int, int]]
) -> Iterator[tuple[cst.CSTNode, Place]]:
    first, last = lines.get(node, (at.first, at.first))
    if isinstance(node, cst.BaseStatement | cst.SimpleStatementLine):
        at = Place(first, first, at.is_in_function)
    yield node, Place(at.first, at.first if hasattr(node, "body") else last, at.is_in_function)
    for child in () if _is_wording(node) else node.children:
        inside = isinstance(node, cst.FunctionDef) and child is node.body
        yield from _nodes(child, Place(at.first, at.first, at.is_in_function or inside), lines)


def _is_wording(node: cst.CSTNode) -> bool:
    """Tell whether what is below says something to a reader only."""
    return is_docstring(node) or isinstance(node, (cst.Raise, *_WORDING))
