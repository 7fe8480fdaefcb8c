"""What a message costs, as a ratio to the same libraries composed by hand: above 1 the library needs less.

Nothing is measured that does not work: first, what each side sends is opened and checked. Ends with status 1
if a stage needs more than by hand, or a whole message with an RSA key more than half.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import importlib.resources
import logging
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import boundary
import clock
import credentials
import sides
import start_up
import traffic

_NOISE = 0.05  # two runs of the same code differ by as much on a busy machine
_WHOLE_GOALS = {"RSA-2048": 2.0, "P-256": 1.0}


class Report:
    """Prints ratios, and remembers which of them missed their goal."""

    def __init__(self) -> None:
        self.missed: list[str] = []

    def heading(self, title: str) -> None:
        print(f"\n{title:<44}{'median':>7}{'middle half':>15}{'total':>8}{'wall':>8}", flush=True)

    def row(
        self, name: str, others: Sequence[clock.Cost], ours: Sequence[clock.Cost], *, goal: float = 0
    ) -> None:
        ratio = clock.ratio(others, ours)
        is_missed = ratio.cpu < goal * (1 - _NOISE)
        half = f"{ratio.low:.2f} – {ratio.high:.2f}"
        columns = f"{ratio.cpu:>7.2f}{half:>15}{ratio.total:>8.2f}{ratio.wall:>8.2f}"
        print(f"  {name:<42}{columns}{f'  below {goal:g}' if is_missed else ''}", flush=True)
        self.missed += [name] * is_missed


def main() -> int:
    options = _options()
    logging.disable(logging.CRITICAL)  # xhtml2pdf's remarks
    report, started = Report(), time.perf_counter()
    uniform, varied = (make(options.seed, options.messages + 1) for make in (traffic.uniform, traffic.varied))
    with tempfile.TemporaryDirectory() as folder, _sink() as port, _fonts() as fonts:
        keys = credentials.make(Path(folder))
        both = [sides.Sides(kind, pkcs12, port, fonts) for kind, pkcs12 in keys.items()]
        for one in both:
            for event in (uniform[0], *varied[:3]):
                one.check(event)
        print(f"CPU time by hand / CPU time of the library; {options.messages} orders, seed {options.seed}")
        _whole(report, both, "A whole message: one page, 8 rows", uniform)
        _whole(report, both, "A whole message: 1 to 25 rows", varied)
        _stages(report, both, varied)
        _boundary(both[0], varied)
        for one in both:
            one.close()
    _start_up(max(2, options.messages // 3))
    print(f"\n{time.perf_counter() - started:.0f} s; below the goal: {', '.join(report.missed) or 'nothing'}")
    return bool(report.missed)


def _whole(report: Report, both: Sequence[sides.Sides], title: str, events: Sequence[traffic.Event]) -> None:
    report.heading(title)
    for one in both:
        ours, hand, kept = clock.costs(functools.partial(sides.whole, one), events)
        report.row(one.kind, hand, ours, goal=_WHOLE_GOALS[one.kind])
        report.row(f"{one.kind}, by hand with key and SMTP kept", kept, ours)


def _stages(report: Report, both: Sequence[sides.Sides], events: Sequence[traffic.Event]) -> None:
    report.heading("Stage by stage: 1 to 25 rows")
    plain = {event["order"]["number"]: both[0].hand.render(event) for event in events}
    for name, stage in sides.STAGES.items():
        for one in both if "sign" in name else both[:1]:
            label = f"{name}, {one.kind}" if "sign" in name else name
            ours, hand, *kept = clock.costs(_bound(stage, one, plain), events)
            report.row(label, hand, ours, goal=0 if name in sides.DOING_MORE else 1)
            for costs in kept:
                report.row(f"{label}, by hand kept", costs, ours)


def _bound(stage: sides.Stage, one: sides.Sides, plain: dict[str, bytes]) -> clock.Prepare:
    return lambda event: stage(one, event, plain[event["order"]["number"]])


def _boundary(one: sides.Sides, events: Sequence[traffic.Event]) -> None:
    print("\nThe boundary: share of a whole message")
    for part, shares in boundary.shares(one.library, events).items():
        print(f"  {part:<42}{statistics.median(shares):>7.1%}")


def _start_up(repeats: int) -> None:
    print("\nStart: CPU time of an interpreter with the import / without")
    bare, *others = start_up.seconds(repeats).items()
    for name, seconds in others:
        print(f"  {name:<42}{seconds / bare[1]:>7.2f}{f'+{1000 * (seconds - bare[1]):.0f} ms':>15}")


@contextlib.contextmanager
def _sink() -> Iterator[int]:
    command = [sys.executable, str(Path(__file__).with_name("sink.py"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()


@contextlib.contextmanager
def _fonts() -> Iterator[dict[str, Path]]:
    fonts = importlib.resources.files("ondemand_attach.generators") / "fonts"
    with importlib.resources.as_file(fonts) as folder:
        yield {"normal": folder / "DejaVuSans.ttf", "bold": folder / "DejaVuSans-Bold.ttf"}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=2026, help="of the orders (default: %(default)s)")
    parser.add_argument("--messages", type=int, default=20, help="orders of each kind (default: %(default)s)")
    parser.add_argument("--quick", dest="messages", action="store_const", const=5, help="only 5")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
