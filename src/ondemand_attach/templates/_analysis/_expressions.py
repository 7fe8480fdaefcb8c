"""The value of an expression, found by looking at the values of its parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import nodes

from ondemand_attach.templates._analysis._calls import Calls
from ondemand_attach.templates._analysis._filters import Filters
from ondemand_attach.templates._analysis._members import Members
from ondemand_attach.templates._analysis._memory import Memory
from ondemand_attach.templates._analysis._uses import Uses
from ondemand_attach.templates._analysis._values import (
    NOTHING,
    Arguments,
    Macro,
    Place,
    Row,
    Scope,
    Value,
    has_rows,
    in_a_list,
    loosened,
    union,
)

_COMPARISONS = frozenset({"eq", "ne", "==", "!=", "equalto"})
_TESTS_OF_THE_KIND = frozenset(
    {"boolean", "callable", "defined", "false", "float", "integer", "iterable", "mapping", "none", "number"}
    | {"sequence", "string", "true", "undefined"}
)


class Expressions:
    """Follows the expressions of a template; one of an unknown kind uses its parts to the full.

    Args:
        memory: what the names mean.
        uses: where each use of a value is told.
        members: what is inside of a value.
        run_macro: runs the statements of a macro with arguments.
    """

    def __init__(
        self, memory: Memory, uses: Uses, members: Members, run_macro: Callable[[Macro, Arguments], None]
    ) -> None:
        self._memory = memory
        self._uses = uses
        self._members = members
        self._run_macro = run_macro
        self._filters = Filters(uses, members)
        self._calls = Calls(memory, uses, members)
        self._known: dict[type[nodes.Node], Callable[[Any, Scope], Value]] = {
            nodes.Name: self.of_name,
            nodes.ContextReference: self.of_context,
            nodes.DerivedContextReference: self.of_context,
            nodes.Getattr: self.of_getattr,
            nodes.Getitem: self.of_getitem,
            nodes.Tuple: self.of_tuple,
            nodes.List: self.of_list,
            nodes.Dict: self.of_dict,
            nodes.CondExpr: self.of_condexpr,
            nodes.And: self.of_and_or,
            nodes.Or: self.of_and_or,
            nodes.Add: self.of_add_mul,
            nodes.Mul: self.of_add_mul,
            nodes.Not: self.of_not,
            nodes.Compare: self.of_compare,
            nodes.Test: self.of_test,
            nodes.Filter: self.of_filter,
            nodes.Call: self.call,
        }

    def value(self, node: nodes.Node, scope: Scope) -> Value:
        """Return what *node* may be."""
        return self._known.get(type(node), self.of_other)(node, scope)

    def of_other(self, node: nodes.Node, scope: Scope) -> Value:
        for child in node.iter_child_nodes():
            self._uses.consume(self.value(child, scope), child.lineno)
        return NOTHING

    def of_name(self, node: nodes.Name, scope: Scope) -> Value:
        return self._memory.named(node.name, scope)

    def of_context(self, *_: object) -> Value:
        return frozenset({Place((), is_loose=True)})

    def of_getattr(self, node: nodes.Getattr, scope: Scope) -> Value:
        return self._members.member(self.value(node.node, scope), node.attr, node.lineno)

    def of_getitem(self, node: nodes.Getitem, scope: Scope) -> Value:
        value = self.value(node.node, scope)
        key = self.value(node.arg, scope)
        if isinstance(node.arg, nodes.Slice):
            self._uses.look(value, node.lineno)
            return value
        return self._members.item(value, node.arg, key)

    def of_tuple(self, node: nodes.Tuple, scope: Scope) -> Value:
        return frozenset({Row(tuple(self.value(item, scope) for item in node.items))})

    def of_list(self, node: nodes.List, scope: Scope) -> Value:
        return in_a_list(union(self.value(item, scope) for item in node.items))

    def of_dict(self, node: nodes.Dict, scope: Scope) -> Value:
        for pair in node.items:
            self._uses.consume(self.value(pair.key, scope), pair.lineno)
        return loosened(union(self.value(pair.value, scope) for pair in node.items))

    def of_condexpr(self, node: nodes.CondExpr, scope: Scope) -> Value:
        self._uses.look(self.value(node.test, scope), node.lineno)
        branches = (node.expr1, node.expr2)
        return union(self.value(branch, scope) for branch in branches if branch is not None)

    def of_and_or(self, node: nodes.And | nodes.Or, scope: Scope) -> Value:
        left = self.value(node.left, scope)
        self._uses.look(left, node.lineno)
        return left | self.value(node.right, scope)

    def of_add_mul(self, node: nodes.Add | nodes.Mul, scope: Scope) -> Value:
        value = self.value(node.left, scope) | self.value(node.right, scope)
        self._uses.look(value, node.lineno)
        return value if not has_rows(value) else loosened(value)

    def of_not(self, node: nodes.Not, scope: Scope) -> Value:
        self._uses.look(self.value(node.node, scope), node.lineno)
        return NOTHING

    def of_compare(self, node: nodes.Compare, scope: Scope) -> Value:
        sides = [node.expr, *(operand.expr for operand in node.ops)]
        # A constant is equal to no mapping, so nothing inside of one is compared.
        is_to_constant = sum(not isinstance(side, nodes.Const) for side in sides) == 1
        use = self._uses.look if is_to_constant else self._uses.consume
        value = union(self.value(side, scope) for side in sides)
        use(value, node.lineno)
        if any(operand.op in {"in", "notin"} for operand in node.ops):  # compares it with each element
            use(self._members.elements(value, node.lineno), node.lineno)
        return NOTHING

    def of_test(self, node: nodes.Test, scope: Scope) -> Value:
        value = self.value(node.node, scope) | self.arguments(node, scope).every()
        is_about_the_kind = node.name in _TESTS_OF_THE_KIND
        is_to_constant = node.name in _COMPARISONS and all(isinstance(a, nodes.Const) for a in node.args)
        (self._uses.look if is_about_the_kind or is_to_constant else self._uses.consume)(value, node.lineno)
        return NOTHING

    def of_filter(self, node: nodes.Filter, scope: Scope) -> Value:
        value = NOTHING if node.node is None else self.value(node.node, scope)
        return self._filters.apply(node, value, self.arguments(node, scope))

    def call(self, node: nodes.Call, scope: Scope, caller: Value = NOTHING) -> Value:
        """Return what a call gives; *caller* is the body of a call block."""
        called = self.value(node.node, scope)
        arguments = self.arguments(node, scope, caller)
        for macro in called:
            if isinstance(macro, Macro):
                self._run_macro(macro, arguments)
        return self._calls.result(node, called, arguments, scope)

    def arguments(
        self, node: nodes.Call | nodes.Filter | nodes.Test, scope: Scope, caller: Value = NOTHING
    ) -> Arguments:
        """Return the values of all arguments; what is unpacked from * and ** may be any of them."""
        unpacked = [part for part in (node.dyn_args, node.dyn_kwargs) if part is not None]
        return Arguments(
            positional=tuple(self.value(argument, scope) for argument in node.args),
            named=tuple((str(keyword.key), self.value(keyword.value, scope)) for keyword in node.kwargs),
            anywhere=loosened(union(self.value(part, scope) for part in unpacked)),
            caller=caller,
        )
