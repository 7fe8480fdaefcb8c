"""What the confidentiality boundary costs within whole messages."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import clock
import traffic
from library import Library

from ondemand_attach import _composition

PARTS = {"views": "views", "find_leaks": "leak scan"}


def shares(library: Library, events: Sequence[traffic.Event]) -> dict[str, list[float]]:
    """Return for each part of the boundary its share of the CPU time of each message."""
    found: dict[str, list[float]] = {part: [] for part in PARTS.values()}
    for event in events:
        with _clocked() as spent:
            whole = clock.cost_of(functools.partial(library.run, event)).cpu
        for part, seconds in spent.items():
            found[part].append(seconds / whole)
    return found


@contextmanager
def _clocked() -> Iterator[dict[str, float]]:
    originals = {name: getattr(_composition, name) for name in PARTS}
    spent = dict.fromkeys(PARTS.values(), 0.0)
    for name, part in PARTS.items():
        setattr(_composition, name, _adding(originals[name], spent, part))
    try:
        yield spent
    finally:
        for name, original in originals.items():
            setattr(_composition, name, original)


def _adding(function: Callable[..., Any], spent: dict[str, float], part: str) -> Callable[..., Any]:
    def clocked(*args: Any, **kwargs: Any) -> Any:
        results: list[Any] = []
        spent[part] += clock.cost_of(lambda: results.append(function(*args, **kwargs))).cpu
        return results[0]

    return clocked
