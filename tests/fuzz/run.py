"""A long search: ``python tests/fuzz/run.py [--minutes 30] [--draw 7] [NAME …]``.

All targets take turns, each as long as any other, with other draws each time. What is found is printed with its
input; keep it as a known-bad one of its target.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
import time

if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from fuzz.all import TARGETS
from fuzz.runner import Outcome, run


def main() -> int:
    """Search, print what was found, and return 1 if anything was."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="of a target; by default all")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=10**6, help="after which it ends before its time")
    parser.add_argument("--draw", type=int, default=1, help="the number of the first draw")
    parser.add_argument("--scale", type=float, default=1.0, help="how many times the usual number at a time")
    parser.add_argument("--without-known-bad", action="store_true")
    parser.add_argument("--json", type=pathlib.Path, help="where to write the figures")
    asked = parser.parse_args()
    ends, draw = time.monotonic() + 60 * asked.minutes, asked.draw
    totals = {target.name: Outcome() for target in TARGETS if not asked.names or target.name in asked.names}
    while time.monotonic() < ends and draw < asked.draw + asked.rounds:
        for target in TARGETS:
            if target.name in totals and time.monotonic() < ends:
                found = run(
                    target,
                    int(target.runs * asked.scale),
                    draw=draw,
                    with_known_bad=draw == asked.draw and not asked.without_known_bad,
                    until=lambda: time.monotonic() > ends,
                )
                _add(totals[target.name], found)
                _print(target.name, found)
        draw += 1
        if asked.json:
            asked.json.write_text(json.dumps(_figures(totals), indent=1), encoding="utf-8")
    print(json.dumps(_figures(totals), indent=1))  # noqa: T201
    return int(any(outcome.findings for outcome in totals.values()))


def _add(total: Outcome, found: Outcome) -> None:
    total.executions += found.executions
    total.seconds += found.seconds
    for each in found.findings:
        if (each.kind, each.what) not in total.counts:
            total.findings.append(each)
    for key, count in found.counts.items():
        total.counts[key] = total.counts.get(key, 0) + count


def _print(name: str, found: Outcome) -> None:
    print(f"{name}: {found.executions} in {found.seconds:.1f} s", flush=True)  # noqa: T201
    if found.findings:
        print(found.report(), flush=True)  # noqa: T201


def _figures(totals: dict[str, Outcome]) -> dict[str, dict[str, object]]:
    return {
        name: {
            "executions": outcome.executions,
            "seconds": round(outcome.seconds, 1),
            "found": {": ".join(key): count for key, count in outcome.counts.items()},
        }
        for name, outcome in totals.items()
    }


if __name__ == "__main__":
    sys.exit(main())
