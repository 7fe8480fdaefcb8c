"""What is changed besides what mutmut changes: an element, a branch, a statement, a result, a pattern."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import libcst as cst
from mutmut.mutation.mutators import mutation_operators

Operator = Callable[[Any], Iterable[cst.CSTNode]]

_TRUTHS = (cst.Name("True"), cst.Name("False"))
_ASSIGNMENTS = (cst.Assign, cst.AnnAssign)  # set to None they fail at once: they say nothing of the tests


def _without_an_element(node: cst.Set | cst.List | cst.Tuple | cst.Dict) -> Iterator[cst.CSTNode]:
    for place in range(len(node.elements)):
        left = [*node.elements[:place], *node.elements[place + 1 :]]
        if left or not isinstance(node, cst.Set):
            yield node.with_changes(elements=left)


def _one_branch_only(node: cst.If | cst.IfExp | cst.CompIf | cst.While) -> Iterator[cst.CSTNode]:
    if isinstance(node, cst.While):
        yield node.with_changes(test=cst.Name("False"))  # for ever tells nothing
    else:
        yield from (node.with_changes(test=truth) for truth in _TRUTHS)


def _without_the_statement(node: cst.SimpleStatementLine) -> Iterator[cst.CSTNode]:
    if is_docstring(node.body[0]):
        return
    if isinstance(node.body[0], cst.Expr | cst.Raise | cst.AugAssign | cst.Continue | cst.Break):
        yield node.with_changes(body=[cst.Pass()])


def is_docstring(node: cst.CSTNode) -> bool:
    """Tell whether a node only says something to a reader."""
    return isinstance(node, cst.Expr) and isinstance(node.value, cst.BaseString)


def _another_result(node: cst.Return) -> Iterator[cst.CSTNode]:
    if isinstance(node.value, cst.Comparison | cst.BooleanOperation | cst.UnaryOperation):
        yield from (node.with_changes(value=truth) for truth in _TRUTHS)
    elif node.value is not None and node.value.__class__ is not cst.Name:
        yield node.with_changes(value=cst.Name("None"))


def _pattern_without_a_character(node: cst.SimpleString) -> Iterator[cst.CSTNode]:
    if "r" not in node.prefix:
        return
    start = len(node.prefix) + len(node.quote)
    for place in range(start, len(node.value) - len(node.quote)):
        text = node.value[:place] + node.value[place + 1 :]
        if _is_pattern(text):
            yield node.with_changes(value=text)


def _is_pattern(literal: str) -> bool:
    try:
        with warnings.catch_warnings(action="error"):
            re.compile(cst.ensure_type(cst.parse_expression(literal), cst.SimpleString).evaluated_value)
    except (re.error, FutureWarning, cst.ParserSyntaxError):
        return False
    return True


def _of_meaning(operator: Operator) -> Operator:
    """Return *operator*, but for sentences: what an error says is a matter of taste."""
    return lambda node: () if isinstance(node, cst.SimpleString) and " " in node.value else operator(node)


KINDS: dict[str, tuple[type[cst.CSTNode], Operator]] = {
    **{
        f"{operator.__name__.removeprefix('operator_')}, {node.__name__}": (node, _of_meaning(operator))
        for node, operator in mutation_operators
        if node not in _ASSIGNMENTS
    },
    **{
        f"element, {node.__name__}": (node, _without_an_element)
        for node in (cst.Set, cst.List, cst.Tuple, cst.Dict)
    },
    **{
        f"branch, {node.__name__}": (node, _one_branch_only)
        for node in (cst.If, cst.IfExp, cst.CompIf, cst.While)
    },
    "statement": (cst.SimpleStatementLine, _without_the_statement),
    "result": (cst.Return, _another_result),
    "pattern": (cst.SimpleString, _pattern_without_a_character),
}
