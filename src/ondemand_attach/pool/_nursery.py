"""The nursery: a process that has loaded the libraries, runs one thread, and forks render processes.

The application cannot fork them itself, as it may have threads, and a new interpreter for each would take a
second. The nursery sees no message and no builder. It alone reaps what it forked, and only when told to, so
no process id can be one that was given out again. When the application is gone, it ends what it forked,
removes the private folders, and ends.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import select
import shutil
import signal
import socket
import tempfile
import threading
from typing import Final

from ondemand_attach._origins import told
from ondemand_attach.errors import ConfigurationError, MailError
from ondemand_attach.pool import _limits, _wire, _worker
from ondemand_attach.pool._parcels import Orders

_MAX_INITIALIZER: Final = 1 << 20


def main() -> None:
    """Serve the application, which is at the other end of standard input."""
    control = socket.socket(fileno=os.dup(0))
    head, (initializer,) = _wire.receive(control, limit=_MAX_INITIALIZER)
    failure = _prepared(initializer)
    _wire.send(control, {"failure": failure})
    if failure is None:
        _Nursery(control, Orders.of(head)).serve()
    os._exit(0)  # taking the interpreter down would keep the application waiting


def _prepared(initializer: bytes) -> str | None:
    """Load what every render process needs, and say what is wrong, if so."""
    _limits.silence()
    _limits.hide()
    try:
        if initializer:
            _call(initializer)
        _worker.rehearse()
        _check_threads()
    except BaseException as error:  # noqa: BLE001 - whatever the application's initializer raises
        return str(error) if isinstance(error, MailError) else told(error)
    gc.collect()
    gc.freeze()  # so that no collection touches, and thereby copies, what is shared with the forks
    return None


def _call(initializer: bytes) -> None:
    try:
        function = pickle.loads(initializer)  # noqa: S301 - from the application
    except ImportError as error:
        raise ConfigurationError(f"the module {error.name!r} of initializer= is not found") from None
    function()


def _check_threads() -> None:
    if threading.active_count() > 1:
        raise ConfigurationError("initializer= has started a thread, which would not survive a fork")


class _Nursery:
    def __init__(self, control: socket.socket, orders: Orders) -> None:
        self.control, self.orders = control, orders
        self.application = os.getppid()
        self.folders: dict[int, str] = {}

    def serve(self) -> None:
        try:
            while self.goes_on():
                pass
        finally:
            for pid in list(self.folders):
                self.bury(pid)
            shutil.rmtree(self.orders.folder, ignore_errors=True)

    def goes_on(self) -> bool:
        """Do what the application asks for next, and say whether there still is an application."""
        if not select.select([self.control], [], [], 1.0)[0]:
            # A fork of the application that was made in an unlucky moment may hold the connection open.
            return os.getppid() == self.application
        command, connections, *_ = socket.recv_fds(self.control, _wire.COMMAND.size, 1)
        if len(command) < _wire.COMMAND.size:
            return False
        verb, pid = _wire.COMMAND.unpack(command)
        answer = self.fork(connections[0]) if verb == _wire.FORK else self.bury(pid)
        self.control.sendall(_wire.ANSWER.pack(answer))
        return True

    def fork(self, connection: int) -> int:
        """Return the id of a new render process, or a negative error number."""
        try:
            folder = tempfile.mkdtemp(dir=self.orders.folder)
            pid = os.fork()
        except OSError as error:
            pid = -(error.errno or 1)
        if pid == 0:
            _worker.run(socket.socket(fileno=connection), self.orders, folder)
        os.close(connection)
        if pid > 0:
            self.folders[pid] = folder
        return pid

    def bury(self, pid: int) -> int:
        """End the render process *pid*, and return how it ended, as `os.waitpid` says it."""
        if pid not in self.folders:
            return 0
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        shutil.rmtree(self.folders.pop(pid), ignore_errors=True)
        return status
