"""Where the gain comes from: the same stages one by one, and what the confidentiality boundary costs."""

from __future__ import annotations

import statistics

import boundary
import clock
import sides
from report import Report
from table import Bench


def stages(report: Report, bench: Bench) -> None:
    """Print each stage against by hand and, if it differs, by hand with key or connection kept."""
    report.heading("Stage by stage: 1 to 25 rows")
    plain = {event["order"]["number"]: bench.both[0].hand.render(event) for event in bench.events}
    for name, stage in sides.STAGES.items():
        for one in bench.both if "sign" in name else bench.both[:1]:
            label = f"{name}, {one.kind}" if "sign" in name else name
            ours, hand, *kept = clock.costs(sides.bound(stage, one, plain), bench.events)
            report.row(label, hand, ours, at_least=None if name in sides.DOING_MORE else 1)
            for costs in kept:
                report.row(f"{label}, by hand kept", costs, ours)


def shares(_: Report, bench: Bench) -> None:
    """Print the share of the boundary in a whole message."""
    print("\nThe boundary: share of a whole message")
    for part, found in boundary.shares(bench.both[0].library, bench.events).items():
        print(f"  {part:<54}{statistics.median(found):>8.1%}")
