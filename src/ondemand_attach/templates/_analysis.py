"""Which confidential paths does a public template touch? Found in its syntax tree, without rendering.

An abstract interpretation: every expression has a value, which says where in the context it may come
from. An alias, a loop variable, a macro's parameter carry that along. Whatever cannot be followed is
taken to be used to the full, so the answer errs to the safe side: a template without a finding touches
no guard, whatever the data. The one thing not looked into is Python code that a template calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import jinja2
from jinja2 import nodes

from ondemand_attach._confidential import Marks, Path
from ondemand_attach._seal import translated
from ondemand_attach.errors import MailError, TemplateError

_TOUCHES = "is confidential and touched here"
_MISSING = "names a template that cannot be found"
_COMPUTED = "computes the name of a template, so what is touched cannot be told"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A place in a public template that must not stay as it is.

    Args:
        template: the template, or the slot such as ``<subject>``.
        line: the line in it.
        path: the confidential path that is touched; empty if the place cannot be analysed.
        reason: what is wrong.
    """

    template: str
    line: int
    path: str
    reason: str = _TOUCHES

    def __str__(self) -> str:
        return f"{self.template}:{self.line}: {f'{self.path} {self.reason}'.strip()}"


def touched(
    environment: jinja2.Environment, marks: Marks, *, template: str, source: str | None = None
) -> list[Finding]:
    """Return what *template*, and all that it includes, imports and extends, touches.

    Args:
        environment: the environment that renders it.
        marks: the confidential paths.
        template: its name, for the findings and, without *source*, for the loader.
        source: its text, if it is not to be loaded.

    Raises:
        TemplateError: the template could not be loaded or parsed.
    """
    analysis = _Analysis(environment, marks)
    return translated(
        lambda: analysis.findings_in(template, source), lambda error: _unreadable(error, template)
    )


def _unreadable(error: Exception, template: str) -> MailError:
    if isinstance(error, jinja2.TemplateSyntaxError):
        return TemplateError(
            error.message or "syntax error", template=error.name or template, line=error.lineno
        )
    if isinstance(error, jinja2.TemplateNotFound):
        return TemplateError("not found in any of the template folders", template=template)
    return TemplateError(f"{type(error).__name__} while analysing", template=template)


# --- values --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    """A path of the context; if loose, that path or anything below it.

    The elements of a list share the path of the list.
    """

    path: Path
    is_loose: bool = False


@dataclass(frozen=True, slots=True)
class _Row:
    """A tuple, inside of so many lists."""

    cells: tuple[Value, ...]
    lists: int = 0
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Macro:
    node: nodes.Macro | nodes.CallBlock | nodes.For
    template: str


@dataclass(frozen=True, slots=True)
class _Module:
    template: str


@dataclass(frozen=True, slots=True)
class _Loop:
    elements: Value


@dataclass(frozen=True, slots=True)
class _Namespace:
    """Any of the namespace() objects: they are not told apart."""


Value: TypeAlias = "frozenset[_Place | _Row | _Macro | _Module | _Loop | _Namespace]"
Scope: TypeAlias = dict[str, Value]

NOTHING: Value = frozenset()
_HAS_FREE_NAMES = ""  # a key in a scope whose unknown names may come from any other scope
_MAX_LISTS = 4


def _union(values: Iterable[Value]) -> Value:
    return frozenset().union(*values)


def _loosened(value: Value) -> Value:
    """Return *value* when it cannot be told any longer at what depth of a container it is."""
    return _union(
        frozenset({replace(item, is_loose=True)})
        if isinstance(item, _Place)
        else _loosened(_union(item.cells))
        if isinstance(item, _Row)
        else frozenset({item})
        for item in value
    )


def _flat(value: Value) -> Value:
    return _union(
        _loosened(_union(item.cells)) if isinstance(item, _Row) else frozenset({item}) for item in value
    )


def _in_a_list(value: Value) -> Value:
    return frozenset(
        replace(item, lists=min(item.lists + 1, _MAX_LISTS)) if isinstance(item, _Row) else item
        for item in value
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arguments:
    positional: tuple[Value, ...]
    named: tuple[tuple[str, Value], ...]
    anywhere: Value  # from * and **
    caller: Value

    def flat(self) -> _Arguments:
        return replace(
            self,
            positional=tuple(map(_flat, self.positional)),
            named=tuple((name, _flat(value)) for name, value in self.named),
        )


# --- statements ----------------------------------------------------------------------------------


class _Analysis:
    """Follows the statements of a template in their order."""

    def __init__(self, environment: jinja2.Environment, marks: Marks) -> None:
        self.environment = environment
        self.marks = marks
        self.depth = max((len(path) for path in marks.confidential | marks.public), default=1)
        self.template = ""
        self.findings: dict[Finding, None] = {}
        self.ever: Scope = {}  # all that was ever bound to a name
        self.namespaces: Scope = {}  # all that was ever put into an attribute of a namespace
        self.modules: dict[str, Scope] = {}
        self.trees: dict[str, nodes.Template] = {}
        self.blocks: dict[str, dict[int, tuple[str, nodes.Block]]] = {}
        self.active: set[object] = set()

    def findings_in(self, template: str, source: str | None) -> list[Finding]:
        self.tree(template, source)
        before: object = None
        while before != (before := (dict(self.ever), dict(self.namespaces), dict(self.modules))):
            self.inside(template, lambda: self.run(self.trees[template].body, {}))
        return sorted(self.findings, key=lambda finding: (finding.template, finding.line, finding.path))

    def tree(self, name: str, source: str | None = None) -> nodes.Template:
        if name not in self.trees:
            if source is None:
                if self.environment.loader is None:
                    raise jinja2.TemplateNotFound(name)
                source = self.environment.loader.get_source(self.environment, name)[0]
            self.trees[name] = tree = self.environment.parse(source, name)
            for block in tree.find_all(nodes.Block):
                self.blocks.setdefault(block.name, {})[id(block)] = (name, block)
        return self.trees[name]

    def inside(self, template: str, work: Callable[[], object]) -> None:
        outer, self.template = self.template, template
        work()
        self.template = outer

    def once(self, key: object, work: Callable[[], object]) -> None:
        """Do *work* unless it is being done already: recursion finds nothing new."""
        if key in self.active:
            return
        self.active.add(key)
        work()
        self.active.discard(key)

    def report(self, line: int, path: str, reason: str = _TOUCHES) -> None:
        self.findings[Finding(template=self.template, line=line, path=path, reason=reason)] = None

    def run(self, body: Iterable[nodes.Node], scope: Scope) -> None:
        for node in body:
            getattr(self, f"run_{type(node).__name__.lower()}", self.run_other)(node, scope)

    def run_output(self, node: nodes.Output, scope: Scope) -> None:
        for part in node.nodes:
            self.consume(self.value(part, scope), part.lineno)

    def run_for(self, node: nodes.For, scope: Scope) -> None:
        self.loop(node, self.elements(self.value(node.iter, scope), node.lineno), scope)
        self.run(node.else_, dict(scope))

    def loop(self, node: nodes.For, elements: Value, scope: Scope) -> None:
        inner = dict(scope)
        recursion = frozenset({_Macro(node, self.template)}) if node.recursive else NOTHING
        plain = frozenset(item for item in _flat(elements) if not isinstance(item, _Loop))
        self.bind("loop", frozenset({_Loop(plain)}) | recursion, inner)
        self.assign(node.target, elements, inner)
        if node.test is not None:
            self.look(self.value(node.test, inner), node.test.lineno)
        self.run(node.body, inner)

    def run_if(self, node: nodes.If, scope: Scope) -> None:
        for branch in (node, *node.elif_):
            self.look(self.value(branch.test, scope), branch.test.lineno)
        ends = [dict(scope) for _ in range(2 + len(node.elif_))]
        for end, body in zip(
            ends, (node.body, node.else_, *(branch.body for branch in node.elif_)), strict=True
        ):
            self.run(body, end)
        for name in set().union(*ends):
            scope[name] = _union(self.named(name, end) for end in ends)

    def run_with(self, node: nodes.With, scope: Scope) -> None:
        inner = dict(scope)
        for target, value in zip(node.targets, node.values, strict=True):
            self.assign(target, self.value(value, scope), inner)
        self.run(node.body, inner)

    def run_assign(self, node: nodes.Assign, scope: Scope) -> None:
        self.assign(node.target, self.value(node.node, scope), scope)

    def run_assignblock(self, node: nodes.AssignBlock, scope: Scope) -> None:
        self.run_filterblock(node, scope)
        self.assign(node.target, NOTHING, scope)

    def run_filterblock(self, node: nodes.FilterBlock | nodes.AssignBlock, scope: Scope) -> None:
        self.run(node.body, dict(scope))
        if node.filter is not None:
            self.value(node.filter, scope)

    def run_macro(self, node: nodes.Macro, scope: Scope) -> None:
        self.bind(node.name, frozenset({_Macro(node, self.template)}), scope)

    def run_callblock(self, node: nodes.CallBlock, scope: Scope) -> None:
        self.call(node.call, scope, caller=frozenset({_Macro(node, self.template)}))

    def run_exprstmt(self, node: nodes.ExprStmt, scope: Scope) -> None:
        self.value(node.node, scope)

    def run_include(self, node: nodes.Include, scope: Scope) -> None:
        names = self.names(node.template, node.lineno, scope)
        found = [self.other(name, dict(scope) if node.with_context else {}) for name in names]
        if names and not any(found) and not node.ignore_missing:
            self.report(node.lineno, "", _MISSING)

    def run_extends(self, node: nodes.Extends, scope: Scope) -> None:
        # The parent is rendered when the child is at its end, with all that the child has set by then.
        for name in self.names(node.template, node.lineno, scope):
            if not self.other(name, {_HAS_FREE_NAMES: NOTHING}):
                self.report(node.lineno, "", _MISSING)

    def run_import(self, node: nodes.Import, scope: Scope) -> None:
        self.bind(node.target, self.module(node, scope), scope)

    def run_fromimport(self, node: nodes.FromImport, scope: Scope) -> None:
        module = self.module(node, scope)
        for name in node.names:
            source, target = (name, name) if isinstance(name, str) else name
            self.bind(target, self.member(module, source, node.lineno), scope)

    def module(self, node: nodes.Import | nodes.FromImport, scope: Scope) -> Value:
        names = self.names(node.template, node.lineno, scope)
        for name in names:
            self.modules.setdefault(name, {})
            exports = dict(scope) if node.with_context else {}
            if not self.other(name, exports):
                self.report(node.lineno, "", _MISSING)
            for export, value in exports.items():
                self.modules[name][export] = self.modules[name].get(export, NOTHING) | value
        return frozenset(map(_Module, names))

    def names(self, node: nodes.Expr, line: int, scope: Scope) -> list[str]:
        """Return the template names that *node* may evaluate to."""
        if isinstance(node, nodes.CondExpr) and node.expr2 is not None:
            self.look(self.value(node.test, scope), line)
            return self.names(node.expr1, line, scope) + self.names(node.expr2, line, scope)
        constant = _constant(node)
        if constant is None:
            self.consume(self.value(node, scope), line)
            self.report(line, "", _COMPUTED)
            return []
        return [constant] if isinstance(constant, str) else list(map(str, constant))

    def other(self, name: str, scope: Scope) -> bool:
        """Run another template, and return whether there is one of that *name*."""
        try:
            tree = self.tree(name)
        except jinja2.TemplateNotFound:
            return False
        key = (name, frozenset(scope.items()))
        self.once(key, lambda: self.inside(name, lambda: self.run(tree.body, scope)))
        return True

    def run_block(self, node: nodes.Block, scope: Scope) -> None:
        # A block of a child sees what its place in the parent sees if scoped, else only the top level.
        for template, block in list(self.blocks[node.name].values()):
            for seen in ({}, dict(scope)):
                seen[_HAS_FREE_NAMES] = NOTHING
                work = self._block(template, block, seen)
                self.once((id(block), frozenset(seen.items())), work)

    def _block(self, template: str, block: nodes.Block, scope: Scope) -> Callable[[], None]:
        return lambda: self.inside(template, lambda: self.run(block.body, scope))

    def run_other(self, node: nodes.Node, scope: Scope) -> None:
        inner = dict(scope) if hasattr(node, "body") else scope
        for child in node.iter_child_nodes():
            if isinstance(child, nodes.Expr):
                self.consume(self.value(child, scope), child.lineno)
            else:
                self.run([child], inner)

    # Names

    def assign(self, target: nodes.Node, value: Value, scope: Scope) -> None:
        match target:
            case nodes.Name():
                self.bind(target.name, value, scope)
            case nodes.NSRef():
                self.namespaces[target.attr] = self.namespaces.get(target.attr, NOTHING) | _loosened(value)
            case nodes.Tuple() | nodes.List():
                for part, cell in zip(target.items, self.unpacked(value, target), strict=True):
                    self.assign(part, cell, scope)

    def bind(self, name: str, value: Value, scope: Scope) -> None:
        scope[name] = value
        self.ever[name] = self.ever.get(name, NOTHING) | _flat(value)

    def named(self, name: str, scope: Scope) -> Value:
        if name in scope:
            return scope[name]
        place: Value = frozenset({_Place((name,))})
        return place | self.ever.get(name, NOTHING) if _HAS_FREE_NAMES in scope else place

    def unpacked(self, value: Value, target: nodes.Tuple | nodes.List) -> list[Value]:
        cells = [NOTHING] * len(target.items)
        for item in value:
            if isinstance(item, _Row) and item.lists == 0 and len(item.cells) == len(cells):
                parts = list(item.cells)
            else:
                parts = [self.elements(frozenset({item}), target.lineno)] * len(cells)
            cells = [cell | part for cell, part in zip(cells, parts, strict=True)]
        return cells

    # --- expressions -----------------------------------------------------------------------------

    def value(self, node: nodes.Node, scope: Scope) -> Value:
        evaluate: Callable[[nodes.Node, Scope], Value] = getattr(
            self, f"value_of_{type(node).__name__.lower()}", self.value_of_other
        )
        return evaluate(node, scope)

    def value_of_other(self, node: nodes.Node, scope: Scope) -> Value:
        for child in node.iter_child_nodes():
            self.consume(self.value(child, scope), child.lineno)
        return NOTHING

    def value_of_name(self, node: nodes.Name, scope: Scope) -> Value:
        return self.named(node.name, scope)

    def value_of_contextreference(self, _: nodes.ContextReference, __: Scope) -> Value:
        return frozenset({_Place((), is_loose=True)})

    value_of_derivedcontextreference = value_of_contextreference

    def value_of_getattr(self, node: nodes.Getattr, scope: Scope) -> Value:
        return self.member(self.value(node.node, scope), node.attr, node.lineno)

    def value_of_getitem(self, node: nodes.Getitem, scope: Scope) -> Value:
        value = self.value(node.node, scope)
        if isinstance(node.arg, nodes.Slice):
            self.value(node.arg, scope)
            self.look(value, node.lineno)
            return value
        return self.item(value, node.arg, scope)

    def item(self, value: Value, key: nodes.Expr, scope: Scope) -> Value:
        match _constant(key):
            case str() as name:
                return self.member(value, name, key.lineno)
            case int() as index:
                return self.at(value, index, key.lineno)
        self.consume(self.value(key, scope), key.lineno)
        self.look(value, key.lineno)
        return value if _is_number(key) and not _rows(value) else _loosened(self.elements(value, key.lineno))

    def value_of_tuple(self, node: nodes.Tuple, scope: Scope) -> Value:
        return frozenset({_Row(tuple(self.value(item, scope) for item in node.items))})

    def value_of_list(self, node: nodes.List, scope: Scope) -> Value:
        return _in_a_list(_union(self.value(item, scope) for item in node.items))

    def value_of_dict(self, node: nodes.Dict, scope: Scope) -> Value:
        for pair in node.items:
            self.consume(self.value(pair.key, scope), pair.lineno)
        return _loosened(_union(self.value(pair.value, scope) for pair in node.items))

    def value_of_condexpr(self, node: nodes.CondExpr, scope: Scope) -> Value:
        self.look(self.value(node.test, scope), node.lineno)
        branches = (node.expr1, node.expr2)
        return _union(self.value(branch, scope) for branch in branches if branch is not None)

    def value_of_and(self, node: nodes.And | nodes.Or, scope: Scope) -> Value:
        left = self.value(node.left, scope)
        self.look(left, node.lineno)
        return left | self.value(node.right, scope)

    value_of_or = value_of_and

    def value_of_add(self, node: nodes.Add | nodes.Mul, scope: Scope) -> Value:
        value = self.value(node.left, scope) | self.value(node.right, scope)
        self.look(value, node.lineno)
        return value if not _rows(value) else _loosened(value)

    value_of_mul = value_of_add

    def value_of_not(self, node: nodes.Not, scope: Scope) -> Value:
        self.look(self.value(node.node, scope), node.lineno)
        return NOTHING

    def value_of_compare(self, node: nodes.Compare, scope: Scope) -> Value:
        sides = [node.expr, *(operand.expr for operand in node.ops)]
        # A constant is equal to no mapping, so nothing inside of one is compared.
        use = self.look if sum(not isinstance(side, nodes.Const) for side in sides) == 1 else self.consume
        use(_union(self.value(side, scope) for side in sides), node.lineno)
        return NOTHING

    def value_of_marksafe(self, node: nodes.MarkSafe, scope: Scope) -> Value:
        return self.value(node.expr, scope)

    value_of_marksafeifautoescape = value_of_marksafe

    def value_of_test(self, node: nodes.Test, scope: Scope) -> Value:
        value = self.value(node.node, scope) | _union(self._arguments(node, scope))
        is_about_the_kind = node.name in _TESTS_OF_THE_KIND
        is_to_constant = node.name in _COMPARISONS and all(isinstance(a, nodes.Const) for a in node.args)
        (self.look if is_about_the_kind or is_to_constant else self.consume)(value, node.lineno)
        return NOTHING

    def _arguments(self, node: nodes.Call | nodes.Filter | nodes.Test, scope: Scope) -> list[Value]:
        """Return the values of all arguments; what is unpacked from * and ** comes last, loosened."""
        parts = [*node.args, *(keyword.value for keyword in node.kwargs)]
        unpacked = [part for part in (node.dyn_args, node.dyn_kwargs) if part is not None]
        return [self.value(part, scope) for part in parts] + [
            _loosened(self.value(p, scope)) for p in unpacked
        ]

    # Calls

    def value_of_call(self, node: nodes.Call, scope: Scope) -> Value:
        return self.call(node, scope)

    def call(self, node: nodes.Call, scope: Scope, *, caller: Value = NOTHING) -> Value:
        called = self.value(node.node, scope)
        arguments = self._arguments(node, scope)
        macros = [item for item in called if isinstance(item, _Macro)]
        for macro in macros:
            self.call_macro(macro, node, scope, caller)
        if (
            isinstance(node.node, nodes.Name)
            and node.node.name not in scope
            and node.node.name in _CONTAINERS
        ):
            return self.container(node, arguments, scope)
        if called and len(macros) == len(called):
            return NOTHING
        self.look(called, node.lineno)
        methods = [item for item in called if isinstance(item, _Place)]
        return _union(self.call_method(method, node, arguments, scope) for method in methods) | self.consume(
            _union(arguments) if not methods else NOTHING, node.lineno
        )

    def container(self, node: nodes.Call, arguments: list[Value], scope: Scope) -> Value:
        if node.node.name == "dict":  # type: ignore[attr-defined]
            return _loosened(_union(arguments))
        self.consume(_union(arguments[: len(node.args)]), node.lineno)
        for keyword in node.kwargs:
            self.assign(nodes.NSRef("", keyword.key), self.value(keyword.value, scope), scope)
        if node.dyn_kwargs is not None:
            self.consume(self.value(node.dyn_kwargs, scope), node.lineno)
        return frozenset({_Namespace()})

    def call_method(self, method: _Place, node: nodes.Call, arguments: list[Value], scope: Scope) -> Value:
        owner: Value = frozenset({replace(method, path=method.path[:-1])})
        name = method.path[-1] if len(method.path) > 1 and not method.is_loose else ""
        if name == "get" and node.args:
            return self.item(owner, node.args[0], scope) | _union(arguments[1:])
        if name in {"items", "values", "keys", "copy"} and not arguments:
            self.look(owner, node.lineno)
            anything = _loosened(owner)
            pairs: Value = frozenset({_Row((NOTHING, anything), lists=1)})
            return {"items": pairs, "values": anything, "keys": NOTHING, "copy": owner}[name]
        self.consume(_union(arguments), node.lineno)
        self.consume(frozenset({method}), node.lineno)
        return self.consume(owner, node.lineno) if len(method.path) > 1 else NOTHING

    def call_macro(self, macro: _Macro, node: nodes.Call, scope: Scope, caller: Value) -> None:
        unpacked = [part for part in (node.dyn_args, node.dyn_kwargs) if part is not None]
        arguments = _Arguments(
            positional=tuple(self.value(argument, scope) for argument in node.args),
            named=tuple((keyword.key, self.value(keyword.value, scope)) for keyword in node.kwargs),
            anywhere=_loosened(_union(self.value(part, scope) for part in unpacked)),
            caller=caller,
        )
        if any(isinstance(key, tuple) and key[0] == id(macro.node) for key in self.active):
            arguments = arguments.flat()  # or a recursion could build ever deeper tuples
        self.once(
            (id(macro.node), arguments),
            lambda: self.inside(macro.template, lambda: self.enter(macro.node, arguments)),
        )

    def enter(self, node: nodes.Macro | nodes.CallBlock | nodes.For, arguments: _Arguments) -> None:
        scope: Scope = {_HAS_FREE_NAMES: NOTHING}
        if isinstance(node, nodes.For):
            children = _union([*arguments.positional, arguments.anywhere])
            self.loop(node, self.elements(children, node.lineno), scope)
            return
        parameters = [parameter.name for parameter in node.args]
        defaults = dict(zip(reversed(parameters), reversed(node.defaults), strict=False))
        given = dict(arguments.named) | dict(zip(parameters, arguments.positional, strict=False))
        for name in parameters:
            default = self.value(defaults[name], scope) if name in defaults else NOTHING
            self.bind(name, given.get(name, default) | arguments.anywhere, scope)
        others = (value for name, value in given.items() if name not in parameters)
        spare = [*arguments.positional[len(parameters) :], *others, arguments.anywhere]
        for name in ("varargs", "kwargs"):
            self.bind(name, _loosened(_union(spare)), scope)
        self.bind("caller", arguments.caller | given.get("caller", NOTHING), scope)
        self.run(node.body, scope)

    # Filters

    def value_of_filter(self, node: nodes.Filter, scope: Scope) -> Value:
        value = NOTHING if node.node is None else self.value(node.node, scope)
        self.look(value, node.lineno)
        arguments = self._arguments(node, scope)
        self.look(_union(arguments), node.lineno)
        follow = getattr(self, f"filter_{_FILTERS.get(node.name)}", None)
        if follow is None or node.dyn_args is not None or node.dyn_kwargs is not None:
            return self.consume(value | _union(arguments), node.lineno)
        result: Value = follow(node, value, arguments, scope)
        return result

    def filter_same(self, _: nodes.Filter, value: Value, arguments: list[Value], __: Scope) -> Value:
        return value | _union(arguments)

    def filter_length(self, *_: object) -> Value:
        return NOTHING

    def filter_first(self, node: nodes.Filter, value: Value, _: list[Value], __: Scope) -> Value:
        return self.elements(value, node.lineno)

    def filter_lists(self, _: nodes.Filter, value: Value, arguments: list[Value], __: Scope) -> Value:
        return _in_a_list(value | _union(arguments))

    def filter_attr(self, node: nodes.Filter, value: Value, _: list[Value], scope: Scope) -> Value:
        return self.item(value, node.args[0], scope) if node.args else self.consume(value, node.lineno)

    def filter_items(self, node: nodes.Filter, value: Value, _: list[Value], __: Scope) -> Value:
        if node.args or node.kwargs:  # dictsort by value
            self.consume(value, node.lineno)
        return frozenset({_Row((NOTHING, _loosened(value)), lists=1)})

    def filter_map(self, node: nodes.Filter, value: Value, arguments: list[Value], _: Scope) -> Value:
        if _argument(node, 99, "attribute") is None:
            return self.consume(value | _union(arguments), node.lineno)
        default = _union(
            argument
            for keyword, argument in zip(node.kwargs, arguments[len(node.args) :], strict=False)
            if keyword.key == "default"
        )
        return self.attribute(node, 99, value) | default

    def filter_sort(self, node: nodes.Filter, value: Value, arguments: list[Value], _: Scope) -> Value:
        position = {"sort": 2, "sum": 0, "join": 1}.get(node.name, 1)
        self.consume(self.attribute(node, position, value) | _union(arguments), node.lineno)
        if node.name in {"sum", "join"}:
            return NOTHING
        return self.elements(value, node.lineno) if node.name in {"min", "max"} else value

    def filter_groupby(self, node: nodes.Filter, value: Value, arguments: list[Value], _: Scope) -> Value:
        key = self.attribute(node, 0, value)
        self.consume(key | _union(arguments), node.lineno)
        return frozenset({_Row((key, value), lists=1, names=("grouper", "list"))})

    def filter_select(self, node: nodes.Filter, value: Value, arguments: list[Value], _: Scope) -> Value:
        has_attribute = node.name.endswith("attr")
        looked_at = self.attribute(node, 0, value) if has_attribute else self.elements(value, node.lineno)
        is_truth = len(node.args) <= has_attribute and not node.kwargs
        (self.look if is_truth else self.consume)(looked_at | _union(arguments), node.lineno)
        return value

    def attribute(self, node: nodes.Filter, position: int, value: Value) -> Value:
        """Return what the attribute argument of *node* leads to in the elements of *value*."""
        elements = self.elements(value, node.lineno)
        argument = _argument(node, position, "attribute")
        if argument is None:
            return elements
        constant = _constant(argument)
        if constant is None:
            return _loosened(elements)
        return _union(
            self._along(elements, part.split("."), node.lineno) for part in str(constant).split(",")
        )

    def _along(self, value: Value, names: list[str], line: int) -> Value:
        for name in names:
            value = self.at(value, int(name), line) if name.isdigit() else self.member(value, name, line)
        return value

    # --- what is done to a value -----------------------------------------------------------------

    def member(self, value: Value, name: str, line: int) -> Value:
        """Return what ``value.name`` may be."""
        return _union(self._member(item, name, line) for item in value)

    def _member(self, item: object, name: str, line: int) -> Value:
        match item:
            case _Place():
                self.look(frozenset({item}), line)
                path = (*item.path, name)[: self.depth + 1]
                return frozenset({item if item.is_loose else _Place(path, is_loose=name.startswith("_"))})
            case _Row():
                cells = dict(zip(item.names, item.cells, strict=False))
                return cells.get(name, _loosened(frozenset({item})))
            case _Module():
                return self.modules[item.template].get(name, NOTHING)
            case _Namespace():
                return self.namespaces.get(name, NOTHING)
            case _Loop():
                return item.elements if name in {"previtem", "nextitem"} else NOTHING
        return NOTHING

    def at(self, value: Value, index: int, line: int) -> Value:
        """Return what ``value[index]`` may be."""
        return _union(
            item.cells[index]
            if isinstance(item, _Row) and item.lists == 0 and -len(item.cells) <= index < len(item.cells)
            else self.elements(frozenset({item}), line)
            for item in value
        )

    def elements(self, value: Value, line: int) -> Value:
        """Return what iterating over *value* may give."""
        return _union(self._elements(item, line) for item in value)

    def _elements(self, item: object, line: int) -> Value:
        match item:
            case _Place():
                self.look(frozenset({item}), line)
                return frozenset({item})
            case _Row(lists=0):
                return _union(item.cells)
            case _Row():
                return frozenset({replace(item, lists=item.lists - 1)})
            case _Namespace():
                return _union(self.namespaces.values())
            case _Module():
                return _loosened(_union(self.modules[item.template].values()))
        return NOTHING

    def look(self, value: Value, line: int) -> None:
        """Use *value* itself, but nothing inside of it: its truth, its length, its members."""
        for item in value:
            if isinstance(item, _Place) and item.is_loose:
                self.consume(frozenset({item}), line)
            elif isinstance(item, _Place) and self.is_guard(item.path):
                self.report(line, ".".join(item.path))

    def consume(self, value: Value, line: int) -> Value:
        """Use *value* and all that is inside of it: print, compare, pass to unknown code."""
        for item in value:
            if isinstance(item, _Place):
                for path in self.confidential_at(item.path):
                    self.report(line, ".".join(path))
            elif isinstance(item, _Row):
                self.consume(_union(item.cells), line)
            elif isinstance(item, _Namespace):
                self.consume(_union(self.namespaces.values()), line)
        return NOTHING

    def confidential_at(self, path: Path) -> Iterator[Path]:
        if self.is_confidential(path):
            yield path
        yield from (
            mark for mark in self.marks.confidential if len(mark) > len(path) and mark[: len(path)] == path
        )

    def is_confidential(self, path: Path) -> bool:
        """Whether the nearest declaration at or above *path* is a mark."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.marks.public:
                return False
            if path[:length] in self.marks.confidential:
                return True
        return False

    def is_guard(self, path: Path) -> bool:
        """Whether one guard stands for all at *path*, because nothing below it is public."""
        if not self.is_confidential(path):
            return False
        return not any(public[: len(path)] == path for public in self.marks.public)


_CONTAINERS = frozenset({"namespace", "dict"})
_COMPARISONS = frozenset({"eq", "ne", "==", "!=", "equalto"})
_TESTS_OF_THE_KIND = frozenset(
    {"boolean", "callable", "defined", "false", "float", "integer", "iterable", "mapping", "none", "number"}
    | {"sequence", "string", "true", "undefined"}
)
_FILTERS = {
    **dict.fromkeys(("list", "reverse", "default", "d"), "same"),
    **dict.fromkeys(("length", "count"), "length"),
    **dict.fromkeys(("first", "last", "random"), "first"),
    **dict.fromkeys(("slice", "batch"), "lists"),
    **dict.fromkeys(("items", "dictsort"), "items"),
    **dict.fromkeys(("sort", "unique", "min", "max", "sum", "join"), "sort"),
    **dict.fromkeys(("select", "reject", "selectattr", "rejectattr"), "select"),
    **{name: name for name in ("attr", "map", "groupby")},
}
_LOOP_NUMBERS = frozenset({"index", "index0", "revindex", "revindex0", "length", "depth", "depth0"})


def _argument(node: nodes.Filter, position: int, name: str) -> nodes.Expr | None:
    """Return the argument at *position* or of that *name*."""
    if position < len(node.args):
        return node.args[position]
    return next((keyword.value for keyword in node.kwargs if keyword.key == name), None)


def _constant(node: nodes.Expr) -> Any:
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


def _rows(value: Value) -> bool:
    return any(isinstance(item, _Row) for item in value)
