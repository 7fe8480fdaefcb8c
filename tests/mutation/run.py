"""Changes the code at random and tells which changes no test notices.

A test that cannot fail shows itself this way. Each change is made in a copy of the project, and only the tests
that run the changed line are tried, the smallest first, until one fails. What survives is printed, to be judged
by a reader: it breaks a promise and wants a test, or it changes nothing that matters.

First all tests run once, to learn which lines each of them runs; `--map` keeps that for the next time, as long as
neither code nor tests have changed.
"""

from __future__ import annotations

import argparse
import ast
import itertools
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import trial
from changes import Change, changes_of
from covering import Covering, record

PROJECT = Path(__file__).parents[2]
_LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "dist")


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(shutil.copytree(PROJECT, Path(folder, "project"), ignore=_LEFT_OUT))
        trial.prepare(tree)
        map_ = options.map or Path(folder, "map")
        if not map_.exists():
            record(tree, map_)
        _try(_drawn(tree, options), Covering(map_), options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=100, help="how many changes are drawn")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--skip", type=int, default=0, help="how many of them were tried before")
    parser.add_argument("--seconds", type=float, default=30, help="of CPU, for the tests of one change")
    parser.add_argument("--tests", type=int, default=1000, help="how many tests are tried, at most")
    parser.add_argument(
        "--map", type=lambda path: Path(path).resolve(), help="where it is kept which lines a test runs"
    )
    parser.add_argument("modules", nargs="*", default=["**/*.py"], help="patterns below src/ondemand_attach")
    return parser.parse_args()


def _drawn(tree: Path, options: argparse.Namespace) -> Iterator[tuple[int, Change]]:
    """Draw changes; kinds that are rare are drawn more often than they occur."""
    package = tree / "src/ondemand_attach"
    modules = sorted({module for pattern in options.modules for module in package.glob(pattern)})
    changes = [change for module in modules for change in changes_of(module)]
    kinds = Counter(change.kind for change in changes)
    print(f"{len(changes)} changes to {len(modules)} modules are possible; seed {options.seed}", flush=True)
    generator = random.Random(options.seed)
    keys = {change: generator.random() ** (kinds[change.kind] ** 0.5) for change in changes}
    meant = (change for change in sorted(changes, key=keys.__getitem__, reverse=True) if _is_meant(change))
    return itertools.islice(enumerate(meant, start=1), options.skip, options.count)


def _is_meant(change: Change) -> bool:
    """Tell whether a change leaves a module that compiles and is another."""
    try:
        return ast.dump(ast.parse(change.applied())) != ast.dump(ast.parse(change.module.read_text()))
    except SyntaxError:
        return False


def _try(changes: Iterator[tuple[int, Change]], covering: Covering, options: argparse.Namespace) -> None:
    outcomes: Counter[str] = Counter()
    noticing: set[str] = set()
    for number, change in changes:
        if not outcomes:
            _check_that_all_pass(covering.of(change)[:20])
        diff, before = change.difference(), change.module.read_text()
        change.module.write_text(change.applied())
        outcome, detail = trial.outcome(covering.of(change)[: options.tests], options.seconds)
        change.module.write_text(before)
        outcomes[outcome] += 1
        noticing |= {detail} if "::" in detail else set()
        print(f"{number}. {outcome}: {change.module.name}:{change.place.first}, {change.kind} ({detail})")
        print("" if outcome == "noticed" else diff, flush=True)
    print(", ".join(f"{outcome}: {count}" for outcome, count in outcomes.items()))
    _check_that_all_pass(sorted(noticing))


def _check_that_all_pass(tests: list[str]) -> None:
    """End if a test fails without any change, so that it notices none."""
    outcome, detail = trial.outcome(tests, float("inf"))
    if outcome == "noticed":
        sys.exit(f"this proves nothing: {detail} without any change")


if __name__ == "__main__":
    main()
