"""What Jinja's filters give; one that is not known here uses its value and arguments to the full."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from jinja2 import nodes

from ondemand_attach.templates._analysis._members import Members, constant
from ondemand_attach.templates._analysis._uses import Uses
from ondemand_attach.templates._analysis._values import (
    NOTHING,
    Arguments,
    Row,
    Value,
    in_a_list,
    loosened,
    union,
)

_Filter: TypeAlias = Callable[[nodes.Filter, Value, Arguments], Value]
_BY_NAME_ONLY = 99  # a position that no argument has


class Filters:
    """Applies filters to values."""

    def __init__(self, uses: Uses, members: Members) -> None:
        self._uses = uses
        self._members = members
        self._known: dict[str, _Filter] = {
            **dict.fromkeys(("list", "reverse", "default", "d"), self.same),
            **dict.fromkeys(("length", "count"), self.length),
            **dict.fromkeys(("first", "last", "random"), self.first),
            **dict.fromkeys(("slice", "batch"), self.lists),
            **dict.fromkeys(("items", "dictsort"), self.items),
            **dict.fromkeys(("sort", "unique", "min", "max", "sum", "join"), self.sort),
            **dict.fromkeys(("select", "reject", "selectattr", "rejectattr"), self.select),
            "attr": self.attr,
            "map": self.map,
            "groupby": self.groupby,
        }

    def apply(self, node: nodes.Filter, value: Value, arguments: Arguments) -> Value:
        """Return what the filter makes of *value*."""
        self._uses.look(value | arguments.every(), node.lineno)
        known = self._known.get(node.name)
        if known is None or node.dyn_args is not None or node.dyn_kwargs is not None:
            return self._uses.consume(value | arguments.every(), node.lineno)
        return known(node, value, arguments)

    def same(self, _: nodes.Filter, value: Value, arguments: Arguments) -> Value:
        return value | arguments.every()

    def length(self, *_: object) -> Value:
        return NOTHING

    def first(self, node: nodes.Filter, value: Value, _: Arguments) -> Value:
        return self._members.elements(value, node.lineno)

    def lists(self, _: nodes.Filter, value: Value, arguments: Arguments) -> Value:
        return in_a_list(value | arguments.every())

    def items(self, node: nodes.Filter, value: Value, _: Arguments) -> Value:
        if node.args or node.kwargs:  # dictsort by value
            self._uses.consume(value, node.lineno)
        return frozenset({Row((NOTHING, loosened(value)), lists=1)})

    def sort(self, node: nodes.Filter, value: Value, arguments: Arguments) -> Value:
        position = {"sort": 2, "sum": 0}.get(node.name, 1)
        keys = self._attribute(node, position, value)
        self._uses.consume(keys | arguments.every(), node.lineno)
        if node.name in {"sum", "join"}:
            return NOTHING
        return self._members.elements(value, node.lineno) if node.name in {"min", "max"} else value

    def select(self, node: nodes.Filter, value: Value, arguments: Arguments) -> Value:
        has_attribute = node.name.endswith("attr")
        tested = (
            self._attribute(node, 0, value) if has_attribute else self._members.elements(value, node.lineno)
        )
        is_truth = len(node.args) <= has_attribute and not node.kwargs
        (self._uses.look if is_truth else self._uses.consume)(tested | arguments.every(), node.lineno)
        return value

    def attr(self, node: nodes.Filter, value: Value, arguments: Arguments) -> Value:
        if not node.args:
            return self._uses.consume(value, node.lineno)
        return self._members.item(value, node.args[0], arguments.positional[0])

    def map(self, node: nodes.Filter, value: Value, arguments: Arguments) -> Value:
        if _argument(node, _BY_NAME_ONLY, "attribute") is None:
            return self._uses.consume(value | arguments.every(), node.lineno)
        default = union(argument for name, argument in arguments.named if name == "default")
        return self._attribute(node, _BY_NAME_ONLY, value) | default

    def groupby(self, node: nodes.Filter, value: Value, arguments: Arguments) -> Value:
        key = self._attribute(node, 0, value)
        self._uses.consume(key | arguments.every(), node.lineno)
        return frozenset({Row((key, value), lists=1, names=("grouper", "list"))})

    def _attribute(self, node: nodes.Filter, position: int, value: Value) -> Value:
        """Return what the attribute argument of *node* leads to in the elements of *value*."""
        elements = self._members.elements(value, node.lineno)
        argument = _argument(node, position, "attribute")
        if argument is None:
            return elements
        attribute = constant(argument)
        if attribute is None:
            return loosened(elements)
        return union(self._members.along(elements, part, node.lineno) for part in str(attribute).split(","))


def _argument(node: nodes.Filter, position: int, name: str) -> nodes.Expr | None:
    """Return the argument at *position* or of that *name*."""
    if position < len(node.args):
        return node.args[position]
    return next((keyword.value for keyword in node.kwargs if keyword.key == name), None)
