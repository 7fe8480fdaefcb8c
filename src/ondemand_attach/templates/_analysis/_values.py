"""What an expression may be: places of the context, and what a template builds around them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from jinja2 import nodes

from ondemand_attach._confidential import Path


@dataclass(frozen=True, slots=True)
class Place:
    """A path of the context; if loose, that path or anything below it.

    The elements of a list share the path of the list.
    """

    path: Path
    is_loose: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A tuple, inside of so many lists."""

    cells: tuple[Value, ...]
    lists: int = 0
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Macro:
    """What runs statements when it is called: a macro, the body of a call block, a recursive loop."""

    node: nodes.Macro | nodes.CallBlock | nodes.For
    template: str


@dataclass(frozen=True, slots=True)
class Module:
    """An imported template."""

    template: str


@dataclass(frozen=True, slots=True)
class Loop:
    """The variable ``loop``."""

    elements: Value


@dataclass(frozen=True, slots=True)
class Namespace:
    """Any of the namespace() objects: they are not told apart."""


Item: TypeAlias = "Place | Row | Macro | Module | Loop | Namespace"
Value: TypeAlias = frozenset[Item]  # any of these; what is not from the context is nothing
Scope: TypeAlias = dict[str, Value]

NOTHING: Value = frozenset()
HAS_FREE_NAMES = ""  # a key in a scope whose unknown names may come from any other scope
_MAX_LISTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """The arguments of a call, a filter or a test."""

    positional: tuple[Value, ...]
    named: tuple[tuple[str, Value], ...]
    anywhere: Value  # from * and **
    caller: Value = NOTHING

    def every(self) -> Value:
        """Return what any of them may be, but for the caller."""
        return union([*self.positional, *(value for _, value in self.named), self.anywhere])

    def flat(self) -> Arguments:
        """Return them without tuples."""
        return replace(
            self,
            positional=tuple(map(flat, self.positional)),
            named=tuple((name, flat(value)) for name, value in self.named),
        )


def union(values: Iterable[Value]) -> Value:
    """Return what any of *values* may be."""
    return NOTHING.union(*values)


def loosened(value: Value) -> Value:
    """Return *value* when it cannot be told any longer at what depth of a container it is."""
    return union(map(_loosened, value))


def _loosened(item: Item) -> Value:
    match item:
        case Place():
            return frozenset({replace(item, is_loose=True)})
        case Row():
            return loosened(union(item.cells))
        case _:
            return frozenset({item})


def flat(value: Value) -> Value:
    """Return *value* without tuples."""
    return union(_loosened(item) if isinstance(item, Row) else frozenset({item}) for item in value)


def in_a_list(value: Value) -> Value:
    """Return a list of *value*."""
    return frozenset(
        replace(item, lists=min(item.lists + 1, _MAX_LISTS)) if isinstance(item, Row) else item
        for item in value
    )


def has_rows(value: Value) -> bool:
    """Whether *value* may be a tuple."""
    return any(isinstance(item, Row) for item in value)
