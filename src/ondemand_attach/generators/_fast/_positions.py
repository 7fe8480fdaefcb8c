"""What a style sheet can see of a document beside its tags: the positions of table rows, and addresses."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterator
from enum import Flag, auto
from itertools import chain
from typing import Any, Final

from xhtml2pdf.w3c.css import _parse_nth

_ENDS: Final = frozenset({"first-child", "last-child", "only-child", "not-first-child", "not-last-child"})
_ALTERNATING: Final = frozenset({(2, 0), (2, 1)})


class Sight(Flag):
    """What a style sheet sees of the position of a row among its siblings, and of addresses."""

    NOTHING = 0
    ENDS = auto()
    PARITY = auto()
    ALL = auto()
    ADDRESSES = auto()


def sight(context: Any) -> Sight:
    """Return what the style sheets of *context* see."""
    cascade = context.cssCascade
    if any(name.startswith("counter-") for name in cascade.propertyNames):
        return Sight.ALL
    selectors = (selector for ruleset in cascade.iterCSSRulesets() for selector in ruleset)
    found = (_seen(selector, str(selector.name).lower()) for selector in selectors)
    return functools.reduce(operator.or_, chain.from_iterable(found), Sight.NOTHING)


def _seen(selector: Any, subject: str) -> Iterator[Sight]:
    """Return what each condition of *selector*, which is about a *subject*, sees of rows."""
    for qualifier in getattr(selector, "qualifiers", ()):
        if qualifier.isCombiner():
            if qualifier.op in {"+", "~"} and subject in {"tr", "*"}:
                yield Sight.ALL
            yield from _seen(qualifier.selector, str(qualifier.selector.name).lower())
        elif qualifier.isPseudo():
            yield from _seen_by_pseudo_class(qualifier, subject)
        elif qualifier.isAttr() and any(name in str(qualifier.name).lower() for name in ("href", "src")):
            yield Sight.ADDRESSES


def _seen_by_pseudo_class(qualifier: Any, subject: str) -> Iterator[Sight]:
    selectors = getattr(qualifier, "selectors", None)
    if selectors is not None:
        if qualifier.name == "has" or getattr(qualifier, "nth", None):
            yield Sight.ALL
        for selector in selectors:
            name = str(selector.name).lower()
            yield from _seen(selector, subject if name == "*" else name)
    elif subject not in {"tr", "*"} or not qualifier.name.endswith(("-child", "-of-type")):
        return
    elif qualifier.name in _ENDS:
        yield Sight.ENDS
    else:
        is_parity = qualifier.name == "nth-child" and _parse_nth(qualifier.params) in _ALTERNATING
        yield Sight.PARITY if is_parity else Sight.ALL
