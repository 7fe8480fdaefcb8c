"""RenderPool: builds messages in processes of their own, which can be cut off."""

from __future__ import annotations

import itertools
import math
import os
import weakref
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from ondemand_attach._given import checked
from ondemand_attach._message import Message
from ondemand_attach._seal import at_work, sealed
from ondemand_attach.errors import ConfigurationError, GenerationError

if TYPE_CHECKING:
    import datetime
    from types import TracebackType
    from typing import Self

    from ondemand_attach._builder import MessageBuilder, RecipientLike
    from ondemand_attach.pool._processes import Plan

_LEAST_MEMORY = 256 << 20


class RenderPool:
    """Builds messages in warm processes, which draw, encrypt and sign, and can be cut off.

    A document that hangs, or needs too much memory, is one typed error, and the next message is not
    affected. The processes have no network, start no program, and read no files but code and what the builder
    names. They start with the first message, or by `warm_up()`, and end with the application, also if that is
    killed.

    Safe to share between threads. After a fork, each process of the application has render processes of its
    own. POSIX only.

    Args:
        processes: how many build at the same time; as many as there are cores to spare.
        time_limit: seconds for one message, after which its process is killed. As long is waited for a
            process that is free.
        memory_limit: bytes of address space for each process; enforced on Linux.
        initializer: a function at the top level of a module, called once before the first process is forked,
            such as ``django.setup``. It must start no thread.

    Raises:
        ConfigurationError: a limit makes no sense, or this is no POSIX system.
    """

    @checked
    def __init__(
        self,
        *,
        processes: int = 1,
        time_limit: float = 30.0,
        memory_limit: int = 512 << 20,
        initializer: Callable[[], object] | None = None,
    ) -> None:
        if not hasattr(os, "fork"):
            raise ConfigurationError("RenderPool needs a POSIX system; leave it out here")
        if processes < 1 or not (math.isfinite(time_limit) and time_limit > 0):
            raise ConfigurationError("RenderPool needs a process, and time_limit= seconds above 0")
        if memory_limit < _LEAST_MEMORY:
            raise ConfigurationError(f"memory_limit= is below {_LEAST_MEMORY:,}, which the libraries need")
        _check(initializer)
        from ondemand_attach.pool._crew import Crew

        self._time_limit, self._memory_limit = time_limit, memory_limit
        self._crew = Crew(processes, memory_limit, initializer)
        self._plans: weakref.WeakKeyDictionary[MessageBuilder, Plan] = weakref.WeakKeyDictionary()
        self._tokens = itertools.count(1)
        weakref.finalize(self, self._crew.end)

    @at_work(GenerationError)
    @checked
    def build(
        self,
        builder: MessageBuilder,
        context: object,
        *,
        to: RecipientLike | Iterable[RecipientLike] = (),
        now: datetime.datetime | None = None,
        message_id: str | None = None,
    ) -> Message:
        """Make the finished message for one event, as `MessageBuilder.build` does.

        Raises:
            GenerationTimeoutError: it was not finished in time.
            PoolBusyError: no process was free in time, or none can be started now.
            GenerationError: it needs more memory than allowed, or its process died; or the builder cannot be
                sent to another process, which `warm_up` tells while wiring.
            ResourceBlockedError: something was asked for that a render process may not do.
            MailError: those of `MessageBuilder.build`.
        """
        from ondemand_attach.pool import _parcels

        composition = builder._composition(context, to, now, message_id)  # noqa: SLF001 - of this library
        plan, event = self._plan(builder), _parcels.packed_event(composition)
        if len(event) > self._memory_limit // 4:
            raise GenerationError(f"the context is too large for memory_limit={self._memory_limit:,} bytes")
        with self._crew.worker(self._time_limit) as worker:
            made = worker.build(plan, event, self._time_limit, self._memory_limit)
        return composition.handed_over(composition.finished(made.pieces, made.parts, made.template_version))

    @sealed
    @checked
    def warm_up(self, *builders: MessageBuilder) -> None:
        """Start all processes now, and send *builders* ahead, so that no message has to wait for it.

        Raises:
            ConfigurationError: the processes cannot be started, or a builder cannot be sent to them.
            PoolBusyError: a process was kept busy by other messages, or none can be started now.
        """
        plans = [self._plan(builder) for builder in builders]
        with self._crew.warming, ExitStack() as stack:
            for _ in range(self._crew.processes):
                worker = stack.enter_context(self._crew.worker(self._time_limit))
                for plan in plans:
                    worker.load(plan)

    def close(self) -> None:
        """End the processes, after what is being built. They start anew when they are needed again."""
        self._crew.close(self._time_limit)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _plan(self, builder: MessageBuilder) -> Plan:
        """Return *builder* packed, which is done once, as builders do not change."""
        plan = self._plans.get(builder)
        if plan is None:
            from ondemand_attach.pool import _parcels
            from ondemand_attach.pool._processes import Plan

            inside = builder._draft, builder._templates  # noqa: SLF001 - of this library
            plan = Plan(next(self._tokens), _parcels.folders_of(*inside), _parcels.packed_plan(*inside))
            self._plans[builder] = plan
        return plan


def _check(initializer: Callable[[], object] | None) -> None:
    name = f"{getattr(initializer, '__module__', '')}.{getattr(initializer, '__qualname__', '<')}"
    if initializer is not None and ("<" in name or name.startswith("__main__.")):
        raise ConfigurationError(
            "initializer= takes a function at the top level of a module, not of a script"
        )
