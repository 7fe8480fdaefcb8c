"""Costs of several ways to do the same, taken in turns so that a busy machine is equally busy for each."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

Work = Callable[[], object]
Prepare = Callable[[Any], Sequence[Work]]
"""Returns the work of each way for one event, or what stands for one; what it does itself is not measured."""


class Cost(NamedTuple):
    """Seconds of this process, all threads together, and seconds on the wall."""

    cpu: float
    wall: float


class Ratio(NamedTuple):
    """How many times as much the other way needs.

    Args:
        cpu: the median over the events.
        low: where the middle half of the events begins.
        high: where it ends.
        total: over all events together.
        wall: by the clock on the wall.
    """

    cpu: float
    low: float
    high: float
    total: float
    wall: float


def costs(prepare: Prepare, events: Sequence[Any]) -> list[list[Cost]]:
    """Return what each way needs for each of *events*; the first warms up and is left out."""
    turns = [_turn(prepare(event), first) for first, event in enumerate(events)]
    return [list(way) for way in zip(*turns[1:], strict=True)]


def _turn(works: Sequence[Work], first: int) -> list[Cost]:
    order = [(first + place) % len(works) for place in range(len(works))]
    taken = {index: cost_of(works[index]) for index in order}
    return [taken[index] for index in range(len(works))]


def cost_of(work: Work) -> Cost:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Cost(time.process_time() - cpu, time.perf_counter() - wall)


def ratio(others: Sequence[Cost], ours: Sequence[Cost]) -> Ratio:
    cpu = [other.cpu / our.cpu for other, our in zip(others, ours, strict=True)]
    low, median, high = statistics.quantiles(cpu, n=4, method="inclusive")
    total = sum(other.cpu for other in others) / sum(our.cpu for our in ours)
    return Ratio(median, low, high, total, _undisturbed(others) / _undisturbed(ours))


def _undisturbed(costs: Sequence[Cost]) -> float:
    """Return the seconds on the wall that a quarter stays below; waiting for others only ever adds to it."""
    return statistics.quantiles([cost.wall for cost in costs], n=4, method="inclusive")[0]
