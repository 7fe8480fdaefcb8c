"""The statements of a template, in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from jinja2 import nodes

from ondemand_attach._confidential import Marks
from ondemand_attach.templates._analysis._expressions import Expressions
from ondemand_attach.templates._analysis._findings import Findings
from ondemand_attach.templates._analysis._inclusions import Inclusions
from ondemand_attach.templates._analysis._library import Library
from ondemand_attach.templates._analysis._members import Members
from ondemand_attach.templates._analysis._memory import Memory
from ondemand_attach.templates._analysis._uses import Uses
from ondemand_attach.templates._analysis._values import (
    HAS_FREE_NAMES,
    NOTHING,
    Arguments,
    Loop,
    Macro,
    Scope,
    Value,
    flat,
    loosened,
    union,
)


class Statements:
    """Follows the statements of a template; what they mean is known when a run adds nothing to the memory."""

    def __init__(self, library: Library, marks: Marks) -> None:
        self.memory = Memory()
        self.findings = Findings()
        self.uses = Uses(marks, self.memory, self.findings)
        self.members = Members(marks, self.memory, self.uses)
        self.expressions = Expressions(self.memory, self.uses, self.members, self.run_macro)
        inclusions = Inclusions(self, library)
        self._known: dict[type[nodes.Node], Callable[[Any, Scope], object]] = {
            nodes.Output: self.output,
            nodes.For: self.for_,
            nodes.If: self.if_,
            nodes.With: self.with_,
            nodes.Assign: self.assign,
            nodes.AssignBlock: self.assignblock,
            nodes.FilterBlock: self.filterblock,
            nodes.Macro: self.macro,
            nodes.CallBlock: self.callblock,
            nodes.ExprStmt: self.exprstmt,
            nodes.Include: inclusions.include,
            nodes.Extends: inclusions.extends,
            nodes.Import: inclusions.import_,
            nodes.FromImport: inclusions.fromimport,
            nodes.Block: inclusions.block,
        }

    def run(self, body: Iterable[nodes.Node], scope: Scope) -> None:
        """Follow the statements of *body*, which read and bind the names of *scope*."""
        for node in body:
            self._known.get(type(node), self.other)(node, scope)

    def other(self, node: nodes.Node, scope: Scope) -> None:
        inner = dict(scope) if hasattr(node, "body") else scope
        for child in node.iter_child_nodes():
            if isinstance(child, nodes.Expr):
                self.consume(child, scope)
            else:
                self.run([child], inner)

    def output(self, node: nodes.Output, scope: Scope) -> None:
        for part in node.nodes:
            self.consume(part, scope)

    def for_(self, node: nodes.For, scope: Scope) -> None:
        iterated = self.expressions.value(node.iter, scope)
        self.loop(node, self.members.elements(iterated, node.lineno), scope)
        self.run(node.else_, dict(scope))

    def loop(self, node: nodes.For, elements: Value, scope: Scope) -> None:
        """Run the body of a loop over *elements*."""
        inner = dict(scope)
        recursion = self._macro(node) if node.recursive else NOTHING
        plain = frozenset(item for item in flat(elements) if not isinstance(item, Loop))
        self.memory.bind("loop", frozenset({Loop(plain)}) | recursion, inner)
        self.bind(node.target, elements, inner)
        if node.test is not None:
            self.look(node.test, inner)
        self.run(node.body, inner)

    def if_(self, node: nodes.If, scope: Scope) -> None:
        for branch in (node, *node.elif_):
            self.look(branch.test, scope)
        bodies = (node.body, node.else_, *(branch.body for branch in node.elif_))
        ends = [dict(scope) for _ in bodies]
        for body, end in zip(bodies, ends, strict=True):
            self.run(body, end)
        for name in set[str]().union(*ends):
            scope[name] = union(self.memory.named(name, end) for end in ends)

    def with_(self, node: nodes.With, scope: Scope) -> None:
        inner = dict(scope)
        for target, value in zip(node.targets, node.values, strict=True):
            self.bind(target, self.expressions.value(value, scope), inner)
        self.run(node.body, inner)

    def assign(self, node: nodes.Assign, scope: Scope) -> None:
        self.bind(node.target, self.expressions.value(node.node, scope), scope)

    def assignblock(self, node: nodes.AssignBlock, scope: Scope) -> None:
        self.filterblock(node, scope)
        self.bind(node.target, NOTHING, scope)

    def filterblock(self, node: nodes.FilterBlock | nodes.AssignBlock, scope: Scope) -> None:
        self.run(node.body, dict(scope))
        if node.filter is not None:
            self.expressions.value(node.filter, scope)

    def exprstmt(self, node: nodes.ExprStmt, scope: Scope) -> None:
        self.expressions.value(node.node, scope)

    def bind(self, target: nodes.Node, value: Value, scope: Scope) -> None:
        """Assign *value* to a name, to an attribute of a namespace, or to several of these."""
        match target:
            case nodes.Name():
                self.memory.bind(target.name, value, scope)
            case nodes.NSRef():
                self.memory.store(target.attr, value)
            case nodes.Tuple() | nodes.List():
                cells = self.members.unpacked(value, target.items, target.lineno)
                for part, cell in zip(target.items, cells, strict=True):
                    self.bind(part, cell, scope)

    def consume(self, node: nodes.Node, scope: Scope) -> None:
        """Use what *node* may be, and all that is inside of it."""
        self.uses.consume(self.expressions.value(node, scope), node.lineno)

    def look(self, node: nodes.Node, scope: Scope) -> None:
        """Use what *node* may be, but nothing inside of it."""
        self.uses.look(self.expressions.value(node, scope), node.lineno)

    def _macro(self, node: nodes.Macro | nodes.CallBlock | nodes.For) -> Value:
        return frozenset({Macro(node, self.findings.template)})

    def macro(self, node: nodes.Macro, scope: Scope) -> None:
        self.memory.bind(node.name, self._macro(node), scope)

    def callblock(self, node: nodes.CallBlock, scope: Scope) -> None:
        self.expressions.call(node.call, scope, caller=self._macro(node))

    def run_macro(self, macro: Macro, arguments: Arguments) -> None:
        """Run the body of *macro*."""
        if self.findings.is_inside(macro.node):
            arguments = arguments.flat()  # or a recursion could build ever deeper tuples
        self.findings.inside(
            macro.template, macro.node, arguments, lambda: self._enter(macro.node, arguments)
        )

    def _enter(self, node: nodes.Macro | nodes.CallBlock | nodes.For, arguments: Arguments) -> None:
        scope: Scope = {HAS_FREE_NAMES: NOTHING}
        if isinstance(node, nodes.For):
            children = union([*arguments.positional, arguments.anywhere])
            self.loop(node, self.members.elements(children, node.lineno), scope)
            return
        self._bind_parameters(node, arguments, scope)
        self.run(node.body, scope)

    def _bind_parameters(
        self, node: nodes.Macro | nodes.CallBlock, arguments: Arguments, scope: Scope
    ) -> None:
        parameters = [parameter.name for parameter in node.args]
        defaults = dict(zip(reversed(parameters), reversed(node.defaults), strict=False))
        given = dict(arguments.named) | dict(zip(parameters, arguments.positional, strict=False))
        for name in parameters:
            default = self.expressions.value(defaults[name], scope) if name in defaults else NOTHING
            self.memory.bind(name, given.get(name, default) | arguments.anywhere, scope)
        others = (value for name, value in given.items() if name not in parameters)
        spare = loosened(union([*arguments.positional[len(parameters) :], *others, arguments.anywhere]))
        for name in ("varargs", "kwargs"):
            self.memory.bind(name, spare, scope)
        self.memory.bind("caller", arguments.caller | given.get("caller", NOTHING), scope)
