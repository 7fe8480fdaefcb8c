"""How one template goes on in another: include, extends, import, and the blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jinja2
from jinja2 import nodes

from ondemand_attach.templates._analysis._library import Library
from ondemand_attach.templates._analysis._members import constant
from ondemand_attach.templates._analysis._values import HAS_FREE_NAMES, NOTHING, Module, Scope, Value

if TYPE_CHECKING:
    from ondemand_attach.templates._analysis._statements import Statements

_MISSING = "names a template that cannot be found"
_COMPUTED = "computes the name of a template, so what is touched cannot be told"


class Inclusions:
    """Has other templates run by the *statements* of the one that names them."""

    def __init__(self, statements: Statements, library: Library) -> None:
        self._statements = statements
        self._library = library
        self._findings = statements.findings

    def include(self, node: nodes.Include, scope: Scope) -> None:
        names = self._names(node.template, node.lineno, scope)
        found = [self._run(name, dict(scope) if node.with_context else {}) for name in names]
        if names and not any(found) and not node.ignore_missing:
            self._findings.obstacle(node.lineno, _MISSING)

    def extends(self, node: nodes.Extends, scope: Scope) -> None:
        # The parent is rendered when the child is at its end, with all that the child has set by then.
        for name in self._names(node.template, node.lineno, scope):
            if not self._run(name, {HAS_FREE_NAMES: NOTHING}):
                self._findings.obstacle(node.lineno, _MISSING)

    def import_(self, node: nodes.Import, scope: Scope) -> None:
        self._statements.memory.bind(node.target, self.module(node, scope), scope)

    def fromimport(self, node: nodes.FromImport, scope: Scope) -> None:
        module = self.module(node, scope)
        for name in node.names:
            source, target = (name, name) if isinstance(name, str) else name
            value = self._statements.members.member(module, source, node.lineno)
            self._statements.memory.bind(target, value, scope)

    def module(self, node: nodes.Import | nodes.FromImport, scope: Scope) -> Value:
        names = self._names(node.template, node.lineno, scope)
        for name in names:
            exports = dict(scope) if node.with_context else {}
            if not self._run(name, exports):
                self._findings.obstacle(node.lineno, _MISSING)
            self._statements.memory.export(name, exports)
        return frozenset(map(Module, names))

    def block(self, node: nodes.Block, scope: Scope) -> None:
        # A block of a child sees what its place in the parent sees if scoped, else only the top level.
        for template, block in self._library.blocks(node.name):
            self._run_in(template, block, {HAS_FREE_NAMES: NOTHING})
            self._run_in(template, block, {**scope, HAS_FREE_NAMES: NOTHING})

    def _names(self, node: nodes.Expr, line: int, scope: Scope) -> list[str]:
        """Return the template names that *node* may evaluate to."""
        if isinstance(node, nodes.CondExpr) and node.expr2 is not None:
            self._statements.look(node.test, scope)
            return self._names(node.expr1, line, scope) + self._names(node.expr2, line, scope)
        name = constant(node)
        if name is None:
            self._statements.consume(node, scope)
            self._findings.obstacle(line, _COMPUTED)
            return []
        return [name] if isinstance(name, str) else list(map(str, name))

    def _run(self, name: str, scope: Scope) -> bool:
        """Run another template, and return whether there is one of that *name*."""
        try:
            tree = self._library.tree(name)
        except jinja2.TemplateNotFound:
            return False
        self._run_in(name, tree, scope)
        return True

    def _run_in(self, template: str, node: nodes.Template | nodes.Block, scope: Scope) -> None:
        state = frozenset(scope.items())
        self._findings.inside(template, node, state, lambda: self._statements.run(node.body, scope))
