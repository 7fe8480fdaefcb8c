"""What a message costs, as a ratio to the same libraries composed by hand: above 1 the library needs less.

Nothing is measured that does not work: first, what each side sends is opened and checked. Ends with status 1
if a goal is missed by more than the noise.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.resources
import importlib.util
import logging
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import credentials
import details
import sides
import table
import traffic
from report import Report


def main() -> int:
    options = _options()
    logging.disable(logging.CRITICAL)  # xhtml2pdf's remarks
    report, started = Report(), time.perf_counter()
    with _bench(options) as bench:
        print(
            f"CPU time by hand / CPU time of the library, seed {options.seed}: {options.messages} messages a row,"
        )
        print(
            f"after {options.warm_up} others that were sent before, none of them measured; {_accelerated()}"
        )
        report.heading("Goals: 1 to 25 rows, encrypted, signed, over SMTP")
        for rows in table.ROWS:
            if not options.only or rows.__name__ in options.only:
                rows(report, bench)
        if not options.only:
            details.stages(report, bench)
            details.shares(report, bench)
    print(f"\n{time.perf_counter() - started:.0f} s; missed: {', '.join(report.missed) or 'nothing'}")
    return bool(report.missed)


@contextlib.contextmanager
def _bench(options: argparse.Namespace) -> Iterator[table.Bench]:
    with tempfile.TemporaryDirectory() as folder, _sink() as port, _fonts() as fonts:
        keys = credentials.make(Path(folder))
        both = [sides.Sides(kind, pkcs12, port, fonts) for kind, pkcs12 in keys.items()]
        for one in both:
            one.warm_up(traffic.varied(options.seed + 1, options.warm_up))
            for event in traffic.varied(options.seed + 2, 4):
                one.check(event)
        yield table.Bench(
            both=both,
            seed=options.seed,
            messages=options.messages,
            pkcs12=keys["RSA-2048"],
            port=port,
            fonts=fonts,
            long_run=options.long_run,
            has_bombs=options.bombs,
        )
        for one in both:
            one.close()


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


def _accelerated() -> str:
    is_there = importlib.util.find_spec("_rl_accel") is not None
    return f"{'with' if is_there else 'without'} ReportLab's accelerator, on every side"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=2026, help="of all that is sent (default: %(default)s)")
    parser.add_argument(
        "--messages", type=int, default=30, help="measured in each row (default: %(default)s)"
    )
    parser.add_argument("--warm-up", type=int, default=200, help="sent before (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="5 messages a row, after 20")
    parser.add_argument("--long", dest="long_run", action="store_const", const=10_000, default=1_000,
                        help="watch the memory over 10,000 messages, not 1,000")  # fmt: skip
    parser.add_argument("--bombs", action="store_true", help="set the resource bombs off too")
    names = [rows.__name__ for rows in table.ROWS]
    parser.add_argument("--only", nargs="+", choices=names, help="only these rows with goals")
    options = parser.parse_args()
    if options.quick:
        options.messages, options.warm_up = 5, 20
    return options


if __name__ == "__main__":
    sys.exit(main())
