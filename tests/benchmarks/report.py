"""Prints what was measured beside its goal, and remembers which goals were missed."""

from __future__ import annotations

from collections.abc import Sequence

import clock

NOISE = 0.05  # two runs of the same code differ by as much on a busy machine


class Report:
    """Prints rows, and remembers which of them missed their goal by more than the noise."""

    def __init__(self) -> None:
        self.missed: list[str] = []

    def heading(self, title: str) -> None:
        columns = f"{'median':>8}{'middle half':>15}{'total':>8}{'wall':>8}{'goal':>10}"
        print(f"\n{title:<56}{columns}", flush=True)

    def row(
        self,
        name: str,
        others: Sequence[clock.Cost],
        ours: Sequence[clock.Cost],
        *,
        at_least: float | None = None,
        at_most: float | None = None,
    ) -> None:
        """Print how many times as much as *ours* the *others* cost."""
        ratio = clock.ratio(others, ours)
        half = f"{ratio.low:.2f} – {ratio.high:.2f}"
        columns = f"{ratio.cpu:>8.2f}{half:>15}{ratio.total:>8.2f}{ratio.wall:>8.2f}"
        self._print(name, columns, ratio.cpu, at_least, at_most)

    def value(
        self,
        name: str,
        value: float,
        unit: str = "",
        *,
        at_least: float | None = None,
        at_most: float | None = None,
    ) -> None:
        """Print one *value* that is no ratio of messages."""
        self._print(name, f"{f'{value:.2f}{unit}':>8}{'':>31}", value, at_least, at_most)

    def note(self, text: str) -> None:
        print(f"  {text}", flush=True)

    def _print(
        self, name: str, columns: str, value: float, at_least: float | None, at_most: float | None
    ) -> None:
        goal, reached = _judged(value, at_least, at_most)
        print(f"  {name:<54}{columns}{goal:>10}  {reached}".rstrip(), flush=True)
        self.missed += [name] * (reached == "missed")


def _judged(value: float, at_least: float | None, at_most: float | None) -> tuple[str, str]:
    """Return the goal and whether it was reached; within the noise is neither reached nor missed."""
    if at_least is not None:
        goal, share = f">= {at_least:g}", value / at_least
    elif at_most is not None:
        goal, share = f"<= {at_most:g}", at_most / value if value > 0 else 1.0
    else:
        return "", ""
    return goal, "reached" if share >= 1 else "within the noise" if share >= 1 - NOISE else "missed"
