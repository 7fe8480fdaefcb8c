"""What calls give: ``dict()``, ``namespace()``, the methods of a mapping, and code that is not known."""

from __future__ import annotations

from dataclasses import replace

from jinja2 import nodes

from ondemand_attach.templates._analysis._members import Members
from ondemand_attach.templates._analysis._memory import Memory
from ondemand_attach.templates._analysis._uses import Uses
from ondemand_attach.templates._analysis._values import (
    NOTHING,
    Arguments,
    Macro,
    Namespace,
    Place,
    Row,
    Scope,
    Value,
    loosened,
    union,
)


class Calls:
    """Calls what is not a macro."""

    def __init__(self, memory: Memory, uses: Uses, members: Members) -> None:
        self._memory = memory
        self._uses = uses
        self._members = members

    def result(self, node: nodes.Call, called: Value, arguments: Arguments, scope: Scope) -> Value:
        """Return what calling *called* gives."""
        if (
            isinstance(node.node, nodes.Name)
            and node.node.name in {"dict", "namespace"}
            and node.node.name not in scope
        ):
            return self.container(node.node.name, node.lineno, arguments)
        if called and all(isinstance(item, Macro) for item in called):
            return NOTHING
        methods = [item for item in called if isinstance(item, Place)]
        if not methods:
            return self._uses.consume(arguments.every(), node.lineno)
        return union(self.method(method, node, arguments) for method in methods)

    def container(self, name: str, line: int, arguments: Arguments) -> Value:
        if name == "dict":
            return loosened(arguments.every())
        self._uses.consume(union([*arguments.positional, arguments.anywhere]), line)
        for attribute, value in arguments.named:
            self._memory.store(attribute, value)
        return frozenset({Namespace()})

    def method(self, method: Place, node: nodes.Call, arguments: Arguments) -> Value:
        """Return what a method of a place gives, or a function of the context."""
        owner = replace(method, path=method.path[:-1])
        owners: Value = frozenset({owner})
        # A guard refuses any method, and it is the guard that is touched: not iban.upper, but iban.
        used = owners if self._uses.is_guard(owner.path) and not method.is_loose else frozenset({method})
        self._uses.look(used, node.lineno)
        name = method.path[-1] if owner.path and not method.is_loose else ""
        if name == "get" and node.args:
            rest = replace(arguments, positional=arguments.positional[1:]).every()
            return self._members.item(owners, node.args[0], arguments.positional[0]) | rest
        if name in {"items", "values", "keys", "copy"} and not _has_arguments(node):
            return self.view(name, owners, node.lineno)
        return self._uses.consume(arguments.every() | used | (owners if owner.path else NOTHING), node.lineno)

    def view(self, name: str, owner: Value, line: int) -> Value:
        self._uses.look(owner, line)
        anything = loosened(owner)
        pairs: Value = frozenset({Row((NOTHING, anything), lists=1)})
        return {"items": pairs, "values": anything, "keys": NOTHING, "copy": owner}[name]


def _has_arguments(node: nodes.Call) -> bool:
    return bool(node.args or node.kwargs or node.dyn_args or node.dyn_kwargs)
