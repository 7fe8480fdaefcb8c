"""What the confidentiality boundary and the proof of protection cost within whole messages."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import clock
import traffic
from library import Library

from ondemand_attach import _builder, _composition

PARTS = {
    (_builder, "views"): "views",
    (_composition, "find_leaks"): "leak scan",
    (_composition, "prove"): "proof",
}


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
    originals = {place: getattr(*place) for place in PARTS}
    spent = dict.fromkeys(PARTS.values(), 0.0)
    for place, part in PARTS.items():
        setattr(*place, _adding(originals[place], spent, part))
    try:
        yield spent
    finally:
        for place, original in originals.items():
            setattr(*place, original)


def _adding(function: Callable[..., Any], spent: dict[str, float], part: str) -> Callable[..., Any]:
    def clocked(*args: Any, **kwargs: Any) -> Any:
        results: list[Any] = []
        spent[part] += clock.cost_of(lambda: results.append(function(*args, **kwargs))).cpu
        return results[0]

    return clocked
