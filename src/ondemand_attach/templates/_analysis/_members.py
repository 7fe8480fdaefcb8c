"""What is inside of a value: its attributes, its items, its elements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from jinja2 import nodes

from ondemand_attach._confidential import Marks
from ondemand_attach.templates._analysis._memory import Memory
from ondemand_attach.templates._analysis._uses import Uses
from ondemand_attach.templates._analysis._values import (
    NOTHING,
    Item,
    Loop,
    Module,
    Namespace,
    Place,
    Row,
    Value,
    has_rows,
    loosened,
    union,
)

_LOOP_NUMBERS = frozenset({"index", "index0", "revindex", "revindex0", "length", "depth", "depth0"})


class Members:
    """Takes something out of a value, which is a look at that value."""

    def __init__(self, marks: Marks, memory: Memory, uses: Uses) -> None:
        self._depth = max((len(path) for path in marks.confidential | marks.public), default=1)
        self._memory = memory
        self._uses = uses

    def member(self, value: Value, name: str, line: int) -> Value:
        """Return what ``value.name`` may be."""
        return union(self._member(item, name, line) for item in value)

    def _member(self, item: Item, name: str, line: int) -> Value:
        match item:
            case Place():
                self._uses.look(frozenset({item}), line)
                return frozenset({item if item.is_loose else self._below(item, name)})
            case Row():
                cells = dict(zip(item.names, item.cells, strict=False))
                return cells.get(name, loosened(frozenset({item})))
            case Module():
                return self._memory.exported(item.template, name)
            case Namespace():
                return self._memory.attributes.get(name, NOTHING)
            case Loop():
                return item.elements if name in {"previtem", "nextitem"} else NOTHING
        return NOTHING

    def _below(self, place: Place, name: str) -> Place:
        # Below the deepest mark all are alike, and a loop that goes down further must come to an end.
        return Place((*place.path, name)[: self._depth + 1], is_loose=name.startswith("_"))

    def along(self, value: Value, dotted: str, line: int) -> Value:
        """Return what Jinja's attribute argument *dotted* leads to: ``lines.0.name``."""
        for name in dotted.split("."):
            value = self.at(value, int(name), line) if name.isdigit() else self.member(value, name, line)
        return value

    def at(self, value: Value, index: int, line: int) -> Value:
        """Return what ``value[index]`` may be."""
        return union(
            item.cells[index]
            if isinstance(item, Row) and item.lists == 0 and -len(item.cells) <= index < len(item.cells)
            else self._elements(item, line)
            for item in value
        )

    def item(self, value: Value, key: nodes.Expr, named: Value) -> Value:
        """Return what ``value[key]`` may be, where the key is *named* by a value of the context."""
        match constant(key):
            case str() as name:
                return self.member(value, name, key.lineno)
            case int() as index:
                return self.at(value, index, key.lineno)
        self._uses.consume(named, key.lineno)
        self._uses.look(value, key.lineno)
        if _is_number(key) and not has_rows(value):
            return value
        return loosened(self.elements(value, key.lineno))

    def elements(self, value: Value, line: int) -> Value:
        """Return what iterating over *value* may give."""
        return union(self._elements(item, line) for item in value)

    def _elements(self, item: Item, line: int) -> Value:
        match item:
            case Place():
                self._uses.look(frozenset({item}), line)
                return frozenset({item})
            case Row(lists=0):
                return union(item.cells)
            case Row():
                return frozenset({replace(item, lists=item.lists - 1)})
            case Namespace():
                return self._memory.anything_stored()
            case Module():
                return self._memory.anything_exported(item.template)
        return NOTHING

    def unpacked(self, value: Value, targets: Sequence[nodes.Node], line: int) -> list[Value]:
        """Return what each of *targets* may be when *value* is assigned to all of them."""
        parts = [self._unpacked(item, len(targets), line) for item in value]
        return [union(cells) for cells in zip(*parts, strict=True)] or [NOTHING] * len(targets)

    def _unpacked(self, item: Item, count: int, line: int) -> Sequence[Value]:
        if isinstance(item, Row) and item.lists == 0 and len(item.cells) == count:
            return item.cells
        return [self._elements(item, line)] * count


def constant(node: nodes.Expr) -> Any:
    """Return the value of *node*, or None if it is not known before rendering."""
    try:
        return node.as_const()
    except nodes.Impossible:
        return None


def _is_number(node: nodes.Expr) -> bool:
    match node:
        case nodes.Const():
            return isinstance(node.value, int)
        case nodes.Getattr(node=nodes.Name(name="loop")):
            return node.attr in _LOOP_NUMBERS
        case nodes.BinExpr():
            return _is_number(node.left) and _is_number(node.right)
    return False
