"""What of a template is the same for everyone, and what it uses of the data."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

import jinja2
from jinja2 import meta, nodes

_SHORTEST: Final = 4
"""Characters; what is shorter is a separator, or part of a format."""
_BLANK: Final = re.compile(r"%[^a-zA-Z]*[a-zA-Z]|\{[^{}]*\}")  # of the filters `format` and the like


class Facts(NamedTuple):
    """What is known of a template.

    Args:
        is_fixed: whether it uses nothing of the data.
        constants: the texts that its expressions hold themselves, the longest first.
        lookups: the values of the data that it uses, each as an expression such as ``customer.code``.
    """

    is_fixed: bool
    constants: Sequence[str]
    lookups: Sequence[str]


def facts(source: str) -> Facts:
    """Look at a template, without rendering it."""
    try:
        parsed = jinja2.Environment().parse(source)  # noqa: S701 - nothing is rendered
    except jinja2.TemplateSyntaxError:  # which rendering tells
        return Facts(is_fixed=False, constants=(), lookups=())
    names = meta.find_undeclared_variables(parsed)
    is_fixed = not names and not any(meta.find_referenced_templates(parsed))
    texts = {text for node in parsed.find_all(nodes.Const) for text in _BLANK.split(str(node.value))}
    constants = sorted((text for text in texts if len(text) >= _SHORTEST), key=len, reverse=True)
    return Facts(is_fixed, constants, _lookups(parsed, names))


def _lookups(parsed: nodes.Template, names: Collection[str]) -> list[str]:
    called = {id(node.node) for node in parsed.find_all(nodes.Call)}
    found = [
        (node, path)
        for node in parsed.find_all((nodes.Name, nodes.Getattr, nodes.Getitem))
        if id(node) not in called and (path := _path(node, names))
    ]
    inner = {id(node.node) for node, _ in found if isinstance(node, nodes.Getattr | nodes.Getitem)}
    return list(dict.fromkeys(path for node, path in found if id(node) not in inner))


def _path(node: nodes.Node, names: Collection[str]) -> str | None:
    match node:
        case nodes.Name(name=name) if name in names:
            return str(name)
        case nodes.Getattr(node=inner, attr=attr):
            path = _path(inner, names)
            return path and f"{path}.{attr}"
        case nodes.Getitem(node=inner, arg=nodes.Const(value=key)):
            path = _path(inner, names)
            return path and f"{path}[{key!r}]"
    return None
