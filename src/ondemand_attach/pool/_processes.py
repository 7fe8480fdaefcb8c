"""The application's side of its nursery and of each render process."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import logging
import multiprocessing.spawn
import os
import pickle
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from ondemand_attach import errors
from ondemand_attach._characters import UNSAFE
from ondemand_attach._pieces import Base64, Piece
from ondemand_attach._receipt import PartReceipt, parts_from
from ondemand_attach.errors import (
    ConfidentialityError,
    ConfigurationError,
    GenerationError,
    GenerationTimeoutError,
    MailError,
    PoolBusyError,
    TemplateError,
)
from ondemand_attach.pool import _wire
from ondemand_attach.pool._parcels import Orders

_NAME: Final = "ondemand_attach render process"  # read by whoever lists processes
_PROGRAM: Final = (
    "import sys; sys.path[:] = sys.argv[2:]; from ondemand_attach.pool._nursery import main; main()"
)
_START_LIMIT: Final = 60.0
_ANSWER_LIMIT: Final = 10.0
_KEPT_PLANS: Final = 32
_SHORTAGES: Final = {errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE}

_log = logging.getLogger("ondemand_attach")


class Plan(NamedTuple):
    """A builder, packed.

    Args:
        token: what the render processes know it by.
        folders: what it may read.
        content: the pickle.
    """

    token: int
    folders: tuple[str, ...]
    content: bytes


class Nursery:
    """The process that forks the render processes.

    Args:
        memory_limit: of each of them, in bytes.
        initializer: what it calls before the first fork.
        path: where modules of the application are found, besides where they are found now.

    Raises:
        ConfigurationError: it cannot be started.
        PoolBusyError: it was ended by somebody, or the system allows no more processes now.
    """

    def __init__(
        self, memory_limit: int, initializer: Callable[[], object] | None, path: Sequence[str]
    ) -> None:
        if "ondemand_attach.pool._nursery" in sys.modules:  # this process is one
            raise ConfigurationError(
                "a RenderPool is used by a module that its own processes load; use it in functions, or below "
                "if __name__ == '__main__':"
            )
        self.is_gone = False
        self._lock = threading.Lock()
        self._folder = ""
        path = list(dict.fromkeys([*search_path(), *path]))
        self._process, self._control = _started(path)
        try:
            self._folder = tempfile.mkdtemp(prefix="ondemand-attach-")
            self._prepare(_orders(self._folder, memory_limit, path), initializer)
        except BaseException:
            self.end()
            raise

    def _prepare(self, orders: Orders, initializer: Callable[[], object] | None) -> None:
        parcel = pickle.dumps(initializer) if initializer else b""
        deadline = time.monotonic() + _START_LIMIT
        try:
            _wire.send(self._control, dataclasses.asdict(orders), parcel, deadline=deadline)
            answer, _ = _wire.receive(self._control, limit=0, deadline=deadline)
            failure = answer["failure"]
        except OSError:
            raise self._unstarted() from None
        if failure is not None:
            raise ConfigurationError(f"the render processes cannot be started: {failure}")
        self._control.settimeout(_ANSWER_LIMIT)

    def _unstarted(self) -> MailError:
        """Tell what ended from outside, or was too slow, from what ends by itself each time."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_ANSWER_LIMIT / 10)
        code = self._process.returncode
        if code is None:
            return PoolBusyError(
                f"the render processes did not start within {_START_LIMIT:g} s; send again later"
            )
        if code < 0:
            return PoolBusyError(
                f"the render processes {_ended(code)} while they started, maybe for want of memory; send "
                "again later"
            )
        python = multiprocessing.spawn.get_executable()
        return ConfigurationError(
            f"the render processes cannot be started: {python!r} {_ended(code)}; "
            "name a Python in which ondemand_attach is installed with multiprocessing.set_executable()"
        )

    def fork(self) -> tuple[int, socket.socket]:
        """Return the id of a new render process, and the connection to it.

        Raises:
            OSError: the nursery is gone.
            PoolBusyError: the system allows no more processes now.
        """
        ours, theirs = socket.socketpair()
        with theirs, contextlib.ExitStack() as undo:
            undo.callback(ours.close)
            pid = self._told(_wire.FORK, 0, theirs)
            if pid < 0:
                raise PoolBusyError(f"no render process can be forked: {os.strerror(-pid)}; send again later")
            undo.pop_all()
        return pid, ours

    def bury(self, pid: int) -> str:
        """End a render process, and say how it ended."""
        try:
            code = os.waitstatus_to_exitcode(self._told(_wire.BURY, pid))
        except (OSError, ValueError):
            return "ended together with the nursery"
        return _ended(code)

    def _told(self, verb: bytes, pid: int, *connections: socket.socket) -> int:
        descriptors = [connection.fileno() for connection in connections]
        try:
            with self._lock:
                socket.send_fds(self._control, [_wire.COMMAND.pack(verb, pid)], descriptors)
                answer = self._control.recv(_wire.ANSWER.size, socket.MSG_WAITALL)
            return int(_wire.ANSWER.unpack(answer)[0])
        except (OSError, struct.error):
            self.is_gone = True
            raise ConnectionError from None

    def end(self) -> None:
        """End the nursery and all that it has forked."""
        self.is_gone = True
        self._control.close()
        try:
            self._process.wait(_ANSWER_LIMIT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def forget(self) -> None:
        """Let go of it in a fork of the application, whose parent goes on using it."""
        self._control.close()
        self._process.returncode = 0


class Worker:
    """A render process.

    Attributes:
        is_settled: whether it has answered, and will answer again.
    """

    def __init__(self, nursery: Nursery) -> None:
        self._nursery = nursery
        self._pid, self._connection = nursery.fork()
        self._known: OrderedDict[int, None] = OrderedDict()
        self._ending: str | None = None
        self.is_settled = True

    def build(self, plan: Plan, event: bytes, seconds: float, limit: int) -> Answer:
        """Return what makes the message for *event*, of at most *limit* bytes.

        Raises:
            GenerationTimeoutError: not within *seconds*.
            GenerationError: the process ended, or ran out of memory.
            MailError: whatever went wrong in it.
        """
        deadline = time.monotonic() + seconds
        self.load(plan, seconds)
        head = {"build": plan.token, "folders": plan.folders}
        return self._asked(head, event, seconds, deadline, limit)

    def load(self, plan: Plan, seconds: float = _START_LIMIT) -> None:
        """Send *plan* ahead, unless it is there.

        Raises:
            ConfigurationError: it cannot be loaded there.
            GenerationTimeoutError: it was not loaded within *seconds*.
        """
        if plan.token in self._known:
            self._known.move_to_end(plan.token)
            return
        oldest = self._known.popitem(last=False)[0] if len(self._known) >= _KEPT_PLANS else None
        head = {"load": plan.token, "forget": oldest, "folders": plan.folders}
        self._asked(head, plan.content, seconds, time.monotonic() + seconds, 0)
        self._known[plan.token] = None

    def _asked(self, head: _wire.Head, parcel: bytes, seconds: float, deadline: float, limit: int) -> Answer:
        self.is_settled = False
        try:
            _wire.send(self._connection, {**head, "seconds": seconds}, parcel, deadline=deadline)
            answer = _read(*_wire.receive(self._connection, limit=limit, deadline=deadline))
        except TimeoutError:
            self.bury()
            raise GenerationTimeoutError(
                f"the message was not finished within {seconds:g} s; make it smaller or raise time_limit="
            ) from None
        except (OSError, ValueError, TypeError, LookupError, AttributeError, OverflowError):  # see _read
            raise GenerationError(f"the render process that built the message {self.bury()}") from None
        self.is_settled = not answer.is_last
        for level, text in answer.notes:
            _log.log(level, "%s", text)
        if answer.error is not None:
            raise answer.error
        return answer

    def is_there(self) -> bool:
        """Whether it is still there: one that is idle says nothing but that it is gone."""
        poll = select.poll()
        poll.register(self._connection, select.POLLIN)
        return not poll.poll(0)

    def bury(self) -> str:
        """End it, and say how it ended."""
        if self._ending is None:
            self._connection.close()
            self._ending = self._nursery.bury(self._pid)
        return self._ending

    def forget(self) -> None:
        """Let go of it in a fork of the application, whose parent goes on using it."""
        self._connection.close()


class Answer(NamedTuple):
    """What a render process answers.

    Args:
        error: what went wrong.
        is_last: whether the process had better be replaced.
        notes: what was logged.
        pieces: the bytes of the message.
        parts: what its receipt will say of the files in it.
        template_version: what it was made from.
    """

    error: MailError | None
    is_last: bool
    notes: list[tuple[int, str]]
    pieces: tuple[Piece, ...]
    parts: tuple[PartReceipt, ...]
    template_version: str | None


def _read(head: _wire.Head, parts: list[bytes]) -> Answer:
    """Take an answer apart. It may come from a process that a hostile document has taken over."""
    version = head["template_version"]
    return Answer(
        error=_error(head["error"]) if head["error"] else None,
        is_last=bool(head["is_last"]),
        notes=[(int(level), UNSAFE.sub(" ", str(text))) for level, text in head["log"]],
        pieces=tuple(
            Base64(part) if is_document else part
            for part, is_document in zip(parts, head["is_document"], strict=True)
        ),
        parts=parts_from(head["parts_of_receipt"]),
        template_version=None if version is None else str(version),
    )


def _error(said: _wire.Head) -> MailError:
    cls = {name: getattr(errors, name) for name in errors.__all__}[said["class"]]
    text, places = str(said["text"]), said.get("places", {})
    where: dict[str, Any] = {name: places.get(name) for name in ("template", "line")}
    if issubclass(cls, ConfidentialityError):
        error: MailError = cls(text, path=str(places.get("path")), **where)
    elif issubclass(cls, TemplateError | GenerationError):
        error = cls(text, **where)
    else:
        error = cls(text)
    if said.get("is_temporary", error.is_temporary) != error.is_temporary:
        error.is_temporary = bool(said["is_temporary"])
    if places.get("filename") is not None:
        error.filename = str(places["filename"])  # type: ignore[attr-defined]
    if said.get("frames"):
        error.add_note(str(said["frames"]))
    return error


def search_path() -> list[str]:
    """Return where modules are looked for, whatever the working directory will be."""
    return [*map(os.path.abspath, sys.path)]


def _started(path: Sequence[str]) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start a nursery, and return it with the connection to it, which is its standard input."""
    executable = multiprocessing.spawn.get_executable()
    ours, theirs = socket.socketpair()
    with theirs, contextlib.suppress(OSError, TypeError), _short_of(ours):
        process = subprocess.Popen(  # noqa: S603 - this interpreter, this library
            [executable, "-I", "-c", _PROGRAM, _NAME, *path],
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # what is typed at the terminal is for the application
            env={**os.environ, "MALLOC_ARENA_MAX": "1"},  # each other takes 64 MiB of the memory limit
        )
        return process, ours
    ours.close()
    raise ConfigurationError(f"{executable!r} is no Python; name one with multiprocessing.set_executable()")


@contextlib.contextmanager
def _short_of(connection: socket.socket) -> Iterator[None]:
    """Raise a `PoolBusyError` if the system has no process, memory or file left, which ends by itself."""
    try:
        yield
    except OSError as error:
        if error.errno not in _SHORTAGES:
            raise
        connection.close()
        raise PoolBusyError(
            f"no process can be started: {os.strerror(error.errno)}; send again later"
        ) from None


def _ended(code: int) -> str:
    """Say how a process ended, of which `subprocess` says *code*."""
    if code >= 0:
        return f"exited with status {code}"
    names = {number.value: number.name for number in signal.Signals}
    return f"was ended by {names.get(-code, f'signal {-code}')}"


def _orders(folder: str, memory_limit: int, path: Sequence[str]) -> Orders:
    main = _main_module()
    return Orders(folder=folder, memory_limit=memory_limit, code=_code(main[1], path), main=main)


def _main_module() -> tuple[str | None, str | None]:
    main = sys.modules["__main__"]
    file = getattr(main, "__file__", None)
    name = getattr(getattr(main, "__spec__", None), "name", None)
    return name, os.path.abspath(file) if file and os.path.isfile(file) else None


def _code(main: str | None, path: Sequence[str]) -> list[str]:
    """Return where modules of the application are: on the path, and where an import hook found them."""
    modules = [module for name, module in list(sys.modules.items()) if "." not in name]
    files = filter(None, (getattr(module, "__file__", None) for module in modules))
    folders = {os.path.dirname(os.path.abspath(file)) for file in files}
    return sorted({*path, *folders, *([main] if main else [])})
