"""What a template uses of the data."""

from __future__ import annotations

import functools
from collections.abc import Collection
from typing import Any, NamedTuple, TypeAlias

import jinja2
from jinja2 import meta, nodes

Path: TypeAlias = tuple[str, ...]


class Facts(NamedTuple):
    """What is known of a template.

    Args:
        lookups: the paths of the data that it uses. An element of a list is meant by the path of the list.
        is_whole: whether it needs no other template.
    """

    lookups: frozenset[Path]
    is_whole: bool


@functools.lru_cache(maxsize=256)
def facts(source: str) -> Facts:
    """Look at a template, without rendering it. One that cannot be parsed uses nothing; rendering tells."""
    environment = jinja2.Environment()  # noqa: S701 - nothing is rendered
    try:
        parsed = environment.parse(source)
    except jinja2.TemplateSyntaxError:
        return Facts(frozenset(), is_whole=False)
    for node in parsed.find_all((nodes.Filter, nodes.Test)):  # of the application, which are not known here
        known: Any = environment.filters if isinstance(node, nodes.Filter) else environment.tests
        known.setdefault(node.name, str)
    is_whole = not any(True for _ in meta.find_referenced_templates(parsed))
    return Facts(lookups(parsed), is_whole)


def lookups(parsed: nodes.Template) -> frozenset[Path]:
    """Return the paths of the data that a template uses."""
    names: Collection[str] = meta.find_undeclared_variables(parsed)
    called = {id(node.node) for node in parsed.find_all(nodes.Call)}
    found = [
        (node, path)
        for node in parsed.find_all((nodes.Name, nodes.Getattr, nodes.Getitem))
        if id(node) not in called and (path := _path(node, names))
    ]
    inner = {id(node.node) for node, _ in found if isinstance(node, nodes.Getattr | nodes.Getitem)}
    return frozenset(path for node, path in found if id(node) not in inner)


def _path(node: nodes.Node, names: Collection[str]) -> Path:
    match node:
        case nodes.Name(name=name) if name in names:
            return (str(name),)
        case nodes.Getattr(node=inner, attr=attr):
            path = _path(inner, names)
            return path and (*path, str(attr))
        case nodes.Getitem(node=inner, arg=nodes.Const(value=str(key))):
            path = _path(inner, names)
            return path and (*path, key)
        case nodes.Getitem(node=inner):
            return _path(inner, names)
    return ()
