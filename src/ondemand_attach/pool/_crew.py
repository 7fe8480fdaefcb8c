"""The processes of a pool: started when they are needed, one for each thread that builds."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator

from ondemand_attach.errors import PoolBusyError
from ondemand_attach.pool._processes import Nursery, Worker, search_path


class Crew:
    """A nursery and its render processes.

    Args:
        processes: how many at most.
        memory_limit: of each, in bytes.
        initializer: what the nursery calls before the first fork.
    """

    def __init__(self, processes: int, memory_limit: int, initializer: Callable[[], object] | None) -> None:
        self.processes, self._memory_limit, self._initializer = processes, memory_limit, initializer
        # Some that start an application, as `celery -A`, change the path only while it is imported.
        self._path = search_path()
        self._begin()
        _crews.add(self)

    def _begin(self) -> None:
        self.warming = threading.Lock()  # who takes all turns must not meet somebody who does the same
        self._lock = threading.Lock()
        self._turns = threading.Semaphore(self.processes)
        self._nursery: Nursery | None = None
        self._workers: set[Worker] = set()
        self._idle: list[Worker] = []

    @contextlib.contextmanager
    def worker(self, seconds: float) -> Iterator[Worker]:
        """Lend a render process to this thread.

        Raises:
            PoolBusyError: all were busy for *seconds*.
            ConfigurationError: the nursery does not start.
        """
        if not self._turns.acquire(timeout=seconds):
            raise PoolBusyError(
                f"all {self.processes} render processes were busy for {seconds:g} s; send again later, or "
                "use more of them"
            )
        try:
            worker = self._idle_worker() or self._new_worker()
            try:
                yield worker
            finally:
                self._return(worker)
        finally:
            self._turns.release()

    def _idle_worker(self) -> Worker | None:
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.is_there():
                    return worker
                self._lose(worker)
        return None

    def _new_worker(self) -> Worker:
        with self._lock:
            try:
                worker = Worker(self._living_nursery())
            except OSError:
                worker = Worker(self._living_nursery())
            self._workers.add(worker)
        return worker

    def _living_nursery(self) -> Nursery:
        if self._nursery is not None and self._nursery.is_gone:
            self._nursery.end()
            self._nursery = None
        if self._nursery is None:
            self._nursery = Nursery(self._memory_limit, self._initializer, self._path)
        return self._nursery

    def _return(self, worker: Worker) -> None:
        with self._lock:
            if worker.is_settled:
                self._idle.append(worker)
            else:
                self._lose(worker)

    def _lose(self, worker: Worker) -> None:
        worker.bury()
        self._workers.discard(worker)

    def close(self, seconds: float) -> None:
        """End all processes, after waiting *seconds* for what is being built. They start anew when needed."""
        deadline = time.monotonic() + seconds
        with contextlib.ExitStack() as stack:
            for _ in range(self.processes):
                if self._turns.acquire(timeout=max(0, deadline - time.monotonic())):
                    stack.callback(self._turns.release)
            self.end()

    def end(self) -> None:
        """End all processes."""
        with self._lock:
            nursery, self._nursery = self._nursery, None
            self._idle.clear()
            for worker in self._workers:
                worker.forget()
            self._workers.clear()
        if nursery is not None:
            nursery.end()

    def forget(self) -> None:
        """Begin anew in a fork of the application, and let go of what belongs to its parent."""
        for worker in self._workers:
            worker.forget()
        if self._nursery is not None:
            self._nursery.forget()
        self._begin()


# An open copy of a connection would keep a process from seeing that the application is gone.
_crews: weakref.WeakSet[Crew] = weakref.WeakSet()


def _forget_all() -> None:
    for crew in list(_crews):
        crew.forget()


os.register_at_fork(after_in_child=_forget_all)
