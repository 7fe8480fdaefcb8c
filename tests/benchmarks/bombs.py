"""Bombs, one after the other through a pool: how long over its limit, how much memory, which error."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

from ondemand_attach import RenderPool
from ondemand_attach.errors import MailError
from pool.bombs import MEMORY_LIMIT, ORDINARY, TIME_LIMIT, Bomb, bombs


class Row(NamedTuple):
    """What came of one bomb.

    Args:
        over: seconds over the time limit; below 0 if it ended earlier.
        peak: MB that the render process had at most.
        error: the class of the error; empty if there was none.
        is_next_right: whether the ordinary message after it was made.
    """

    name: str
    over: float
    peak: float
    error: str
    is_next_right: bool

    @property
    def is_held(self) -> bool:
        """Whether the bomb did no harm."""
        return self.over <= 1 and self.peak <= MEMORY_LIMIT / 1e6 and bool(self.error) and self.is_next_right


def rows(names: Iterable[str] = ()) -> Iterator[Row]:
    """Yield what comes of each bomb, or of those with *names*."""
    made = bombs()
    with RenderPool(processes=1, time_limit=TIME_LIMIT, memory_limit=MEMORY_LIMIT) as pool:
        for name in names or made:
            yield row(pool, name, made[name]())


def row(pool: RenderPool, name: str, bomb: Bomb) -> Row:
    """Let *bomb* go off in a fresh process of *pool*, and make an ordinary message afterwards."""
    _end_idle(pool)
    pool.warm_up(bomb.builder, ORDINARY)
    error = ""
    with _watched(pool) as peaks:
        started = time.monotonic()
        try:
            pool.build(bomb.builder, bomb.context, to="a@example.com")
        except MailError as failure:
            error = type(failure).__name__
        over = time.monotonic() - started - TIME_LIMIT
    limit, pool._time_limit = pool._time_limit, 120.0  # the limit is for the bomb; a machine may be busy
    message = pool.build(ORDINARY, {"number": 1, "html": "<p>x</p>"}, to="a@example.com")
    pool._time_limit = limit
    return Row(name, over, max(peaks) * 1024 / 1e6, error, b"ZmluZQ==" in message.content)


def _end_idle(pool: RenderPool) -> None:
    for worker in pool._crew._idle:
        os.kill(worker._pid, signal.SIGKILL)
        while worker.is_there():
            time.sleep(0.001)


@contextlib.contextmanager
def _watched(pool: RenderPool) -> Iterator[list[float]]:
    """Look at the peak of the render process, in KB, again and again (Linux)."""
    peaks, is_over = [0.0], threading.Event()
    (worker,) = pool._crew._workers
    status = Path(f"/proc/{worker._pid}/status")

    def look() -> None:
        with contextlib.suppress(OSError, IndexError):  # it has ended
            peaks.append(float(status.read_text().split("VmHWM:")[1].split()[0]))

    def look_again() -> None:
        while not is_over.wait(0.005):
            look()

    look()
    thread = threading.Thread(target=look_again)
    thread.start()
    try:
        yield peaks
    finally:
        is_over.set()
        thread.join()
        look()


def main() -> int:
    print(f"{'':<45}{'over, s':>9}{'peak, MB':>10}  error")
    done = []
    for each in rows(sys.argv[1:]):
        done.append(each)
        end = f"{each.error}{'' if each.is_held else '  NOT HELD'}"
        print(f"{each.name:<45}{each.over:>9.2f}{each.peak:>10.0f}  {end}", flush=True)
    print(f"{len(done)} bombs, {sum(not each.is_held for each in done)} not held")
    return not all(each.is_held for each in done)


if __name__ == "__main__":
    sys.exit(main())
