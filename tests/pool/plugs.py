"""Plug points for the tests: at the top level of a module, as render processes need them."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import logging
import os
import pathlib
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from ondemand_attach import AttachmentRequest, Document, MessageBuilder, RenderPool
from ondemand_attach.errors import GenerationError, ResourceBlockedError

LETTER = (
    MessageBuilder()
    .sender("shop@shop.example")
    .subject("Order {{ number }}")
    .text("Thank you, {{ number }}.")
)


@dataclass(frozen=True)
class Doing:
    """Generates a document that says what a call has returned."""

    call: Callable[..., object]
    arguments: tuple[Any, ...] = ()
    folders: tuple[str, ...] = ()

    def generate(self, _: AttachmentRequest) -> Document:
        return Document(content=str(self.call(*self.arguments)).encode(), media_type="text/plain")


def doing(call: Callable[..., object], *arguments: object, folders: tuple[str, ...] = ()) -> MessageBuilder:
    return LETTER.attach(Doing(call, arguments, folders), filename="result.txt")


def result(pool: RenderPool, builder: MessageBuilder) -> str:
    """Return what a generator of *builder* has made in *pool*."""
    content = pool.build(builder, {"number": 1}, to="a@example.com").content
    (attachment,) = email.message_from_bytes(content, policy=email.policy.default).iter_attachments()
    return str(attachment.get_content())


def use(pool: RenderPool | None, answers: Connection) -> None:
    """Send the number of the process that renders for this one."""
    answers.send(result(pool or RenderPool(time_limit=120), doing(os.getppid)))


def hang() -> None:
    while True:
        with contextlib.suppress(BaseException):
            time.sleep(60)


def allocate(size: int) -> int:
    return len(bytearray(size))


def grow() -> None:
    kept = []
    while True:
        kept.append(bytearray(1 << 20))


def close_all() -> None:
    os.closerange(3, 100)


def sleep(seconds: float) -> str:
    time.sleep(seconds)
    return "slept"


def raise_error(error: BaseException) -> None:
    raise error


def swallowing(call: Callable[..., object], *arguments: object) -> str:
    try:
        return str(call(*arguments))
    except ResourceBlockedError:
        return "went on"


def start_thread() -> int:
    threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
    return os.getpid()


def log_and_print(text: str) -> None:
    logging.getLogger("ondemand_attach").warning("ours: %s", text)
    logging.getLogger("theirs").error("theirs: %s", text)
    print(text)  # noqa: T201
    print(text, file=sys.stderr)  # noqa: T201


def temporary_files() -> str:
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "a").write_text("a")
        os.rename(pathlib.Path(folder, "a"), pathlib.Path(folder, "b"))
    handle, name = tempfile.mkstemp()
    os.close(handle)
    return f"{tempfile.gettempdir()} {oct(os.stat(tempfile.gettempdir()).st_mode)} {name}"


def read_through_link(target: str, link: Callable[[str, str], None]) -> str:
    name = os.path.join(tempfile.gettempdir(), "link")
    link(target, name)
    with open(name) as file:
        return file.read()


def limits() -> dict[str, Any]:
    import resource

    names = ("RLIMIT_AS", "RLIMIT_CORE", "RLIMIT_FSIZE")
    return {name: resource.getrlimit(getattr(resource, name))[0] for name in names}


def open_files() -> str:
    names = (f"/proc/self/fd/{number}" for number in range(20))
    return " ".join(os.readlink(name) for name in names if os.path.lexists(name))


def leave_file_and_die() -> None:
    pathlib.Path(tempfile.gettempdir(), "left").write_text("left")
    os._exit(1)


def deaf_to_signals() -> None:
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    while True:
        pass


class OwnError(GenerationError):
    """An error of the application."""


def refuse(text: str) -> None:
    raise OwnError(text, template="a.html", line=3)


INITIALIZED: list[str] = []


def initialize() -> None:
    INITIALIZED.append("yes")


def initialized() -> list[str]:
    return INITIALIZED


def fail_to_initialize() -> None:
    raise KeyError("canary")


def initialize_with_thread() -> None:
    threading.Thread(target=time.sleep, args=(30,), daemon=True).start()


def upper(text: str) -> str:
    return text.upper()


def remove_relative_to(folder: str, name: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.remove(name, dir_fd=descriptor)
    finally:
        os.close(descriptor)


def connect_to_unix_socket(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(path)


def run_event_loop() -> str:
    return asyncio.run(asyncio.sleep(0, result="done"))


def walk(folder: str) -> list[object]:
    return list(os.walk(folder))
