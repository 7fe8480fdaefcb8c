"""What render processes bring and cost: throughput, the event loop's delay, and memory over many messages.

Each figure is taken in an interpreter of its own, so that nothing of the others is in it.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import credentials
import traffic
from library import Library

from ondemand_attach import Mailer, Message, Receipt, RenderPool

SEED = 2026


def throughput(messages: int = 60, rounds: int = 15, *, seed: int = SEED) -> dict[str, float]:
    """Return messages per second with one process and with two, and how many times as many; the best of rounds."""
    return _alone("_throughput", messages, rounds, seed)


def loop_delay(messages: int = 100) -> dict[str, float]:
    """Return by how many ms an event loop is late while *messages* are made: idle, busy, and what they add.

    ``added`` is the 99th percentile while busy, less the median of the idle loop.
    """
    return _alone("_loop_delay", messages)


def growth(messages: int = 10_000, *, processes: int = 0, seed: int = SEED) -> dict[str, float]:
    """Return by how many MB this process grows over *messages*, and what its render processes have at the end.

    Args:
        messages: after 500 that do not count.
        processes: without any, the messages are made in the process itself.
    """
    return _alone("_growth", messages, processes, seed)


def _alone(function: str, *arguments: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--only", function, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def _throughput(messages: int, rounds: int, seed: int) -> dict[str, float]:
    events, builder = traffic.varied(seed, messages), _builder()
    seconds: dict[int, list[float]] = {1: [], 2: []}
    pools = {count: RenderPool(processes=count) for count in seconds}
    for pool in pools.values():
        pool.warm_up(builder)
        _built(pool, builder, events[:20])
    for _ in range(rounds):
        for count, pool in pools.items():
            seconds[count].append(_built(pool, builder, events))
    one, two = (messages / min(taken) for taken in seconds.values())
    return {"one": one, "two": two, "times": two / one}


def _built(pool: RenderPool, builder: Any, events: list[traffic.Event]) -> float:
    started = time.perf_counter()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda event: pool.build(builder, event, to="a@example.com"), events))
    return time.perf_counter() - started


def _loop_delay(messages: int) -> dict[str, float]:
    return asyncio.run(_delays(messages))


async def _delays(messages: int) -> dict[str, float]:
    builder, mailer = _builder(), Mailer(_accepted, pool=RenderPool(processes=2))
    events = traffic.varied(SEED, messages)
    for event in events[:10]:
        await mailer.asend(builder, event, to="a@example.com")
    idle = await _lateness(asyncio.sleep(3))
    busy = await _lateness(
        asyncio.gather(*(mailer.asend(builder, event, to="a@example.com") for event in events))
    )
    mailer.close()
    added = _percentile(busy, 99) - statistics.median(idle)
    return {
        "idle p50": statistics.median(idle),
        "idle p99": _percentile(idle, 99),
        "busy p50": statistics.median(busy),
        "busy p99": _percentile(busy, 99),
        "busy max": max(busy),
        "added": added,
    }


async def _lateness(work: Any) -> list[float]:
    """Return by how many ms a sleep of 1 ms is late, again and again until *work* is done."""
    task, late = asyncio.ensure_future(work), []
    while not task.done():
        started = time.perf_counter()
        await asyncio.sleep(0.001)
        late.append(1000 * (time.perf_counter() - started - 0.001))
    await task
    return late


def _growth(messages: int, processes: int, seed: int) -> dict[str, float]:
    builder = _builder()
    pool = RenderPool(processes=processes) if processes else None
    mailer = Mailer(_accepted, pool=pool)
    started = 0.0
    for number, event in enumerate(traffic.varied(seed, messages + 500)):
        if number == 500:
            started = _resident("self")
        mailer.send(builder, event, to=event["customer"]["email"])
    result = {"grown": _resident("self") - started, "resident": _resident("self")}
    if pool is not None:
        result["largest process"] = max(_resident(str(worker._pid)) for worker in pool._crew._workers)
    mailer.close()
    return result


def _resident(process: str) -> float:
    gc.collect()
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024 / 1e6


def _builder() -> Any:
    with tempfile.TemporaryDirectory() as folder:
        return Library(credentials.make(Path(folder))["RSA-2048"], 1).confirmation


def _accepted(message: Message) -> Receipt:
    return Receipt(message_id=message.message_id, accepted=())


def _percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--messages", type=int, default=10_000, help="for the growth (default: %(default)s)")
    options = parser.parse_args()
    if options.only:
        logging.disable(logging.CRITICAL)
        function: Callable[..., dict[str, float]] = globals()[options.only[0]]
        print(json.dumps(function(*map(int, options.only[1:]))))
        return
    _show("throughput, messages per second", throughput())
    _show("lateness of an event loop, ms", loop_delay())
    _show("growth in the process, MB", growth(options.messages))
    _show("growth with a pool of 2, MB", growth(options.messages, processes=2))


def _show(title: str, figures: dict[str, float]) -> None:
    print(f"{title:<34}" + "  ".join(f"{name} {figure:.2f}" for name, figure in figures.items()), flush=True)


if __name__ == "__main__":
    main()
