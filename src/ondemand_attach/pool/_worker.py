"""A render process: builds one message after the other, under guard and within limits."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import re
import shutil
import socket
import sys
import tempfile
import threading
import traceback
from typing import NoReturn

from ondemand_attach import _seal, errors
from ondemand_attach._composition import Composition
from ondemand_attach._message import Message
from ondemand_attach._origins import named
from ondemand_attach._pieces import Base64
from ondemand_attach.errors import ConfigurationError, GenerationError, MailError, ResourceBlockedError
from ondemand_attach.pool import _limits, _parcels, _wire
from ondemand_attach.pool._guard import Guard, roots

_MAX_MESSAGES = 1000
_MAX_NOTES = 100
_MAX_NOTE = 2000

# Each text of ours that takes the place of a foreign error names its class.
_OUT_OF_MEMORY = re.compile("MemoryError|more memory")


def rehearse() -> None:
    """Make a message, so that whatever the libraries load and keep is there before the first fork."""
    from ondemand_attach import MessageBuilder, PdfEncryptor, Xhtml2PdfGenerator

    builder = (
        MessageBuilder()
        .sender("a@example.com")
        .subject("a")
        .html("<p>{{ 'a' }}</p>")
        .attach(
            Xhtml2PdfGenerator(source="<h1>a</h1><p><b>b</b> <i>c</i> <code>d</code></p>"),
            filename="a.pdf",
            encryptor=PdfEncryptor(password="{{ key }}"),  # noqa: S106 - a template
        )
    )
    with contextlib.suppress(MailError):  # what is wrong shows with the first message
        builder.build({"key": "lantern-ferry-saffron-4711"}, to="b@example.com")


def run(connection: socket.socket, orders: _parcels.Orders, folder: str) -> NoReturn:
    """Serve the application at the other end of *connection*, in a process that was just forked for it."""
    try:
        _limits.close_all_but(connection.fileno())
        _limits.apply(orders.memory_limit)
        sys.dont_write_bytecode = True
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        guard = Guard(folder, orders.code)
        worker = Worker(connection, orders, guard, folder)
        sys.addaudithook(guard)
        worker.serve()
    finally:
        os._exit(1)  # without what the nursery would do at its exit


class Worker:
    """Answers the application's requests.

    Args:
        connection: to the application.
        orders: what the pool is told.
        guard: what the process is watched by.
        folder: the private one.
    """

    def __init__(self, connection: socket.socket, orders: _parcels.Orders, guard: Guard, folder: str) -> None:
        self._connection, self._orders, self._guard, self._folder = connection, orders, guard, folder
        self._notes = _Notes()
        self._plans: dict[int, _parcels.Plan] = {}
        self._served = 0

    def serve(self) -> None:
        """Answer until the application hangs up, or this process had better be replaced."""
        limit = self._orders.memory_limit
        with contextlib.suppress(ConnectionError):
            while not self._answer(*_wire.receive(self._connection, limit=limit)):
                pass

    def _answer(self, head: _wire.Head, parts: list[bytes]) -> bool:
        """Answer one request, and say whether it was the last."""
        _limits.die_in(head["seconds"] + 1)
        self._guard.refused.clear()
        failure, message = self._outcome(head, *parts)
        pieces = message.pieces if message else ()
        is_last = self._is_worn() or failure.pop("is_fatal", False)
        answer = {
            "error": failure,
            "is_document": [isinstance(piece, Base64) for piece in pieces],
            "parts_of_receipt": [dataclasses.asdict(part) for part in message.parts] if message else [],
            "template_version": message and message.template_version,
            "is_last": is_last,
            "log": self._notes.taken(),
        }
        contents = (piece.document if isinstance(piece, Base64) else piece for piece in pieces)
        self._clean()
        _wire.send(self._connection, answer, *contents)
        _limits.die_in(0)
        return is_last

    def _outcome(self, head: _wire.Head, parcel: bytes) -> tuple[_wire.Head, Message | None]:
        """Return what went wrong, and what was made."""
        failure: _wire.Head = {}
        message = None
        try:
            if "load" in head:
                self._load(head, parcel)
            else:
                message = self._build(head, parcel)
        except MemoryError:
            failure = _out_of_memory(self._orders)
        except BaseException as error:  # noqa: BLE001 - whatever the application's code raises
            failure = _described(error, self._orders)
        if self._guard.refused:  # even if somebody swallowed the error
            failure |= _refused(self._guard.refused[0], is_loading="load" in head)
        return failure, None if failure else message

    def _load(self, head: _wire.Head, parcel: bytes) -> None:
        self._plans.pop(head["forget"], None)
        self._guard.folders = roots(head["folders"])
        self._plans[head["load"]] = _parcels.unpacked_plan(parcel, self._orders.main)

    def _build(self, head: _wire.Head, parcel: bytes) -> Message:
        self._served += 1
        self._guard.folders = roots(head["folders"])
        plan = self._plans[head["build"]]
        seen, occasion = _parcels.unpacked_event(parcel)
        return Composition(plan.draft, plan.templates, seen, occasion).message()

    def _is_worn(self) -> bool:
        return (
            self._served >= _MAX_MESSAGES
            or _limits.peak_bytes() > self._orders.memory_limit // 2
            or threading.active_count() > 1
        )

    def _clean(self) -> None:
        """Leave nothing of one message for the next."""
        for entry in os.scandir(self._folder):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    os.unlink(entry)


def _refused(text: str, *, is_loading: bool) -> _wire.Head:
    if not is_loading:
        return {"class": ResourceBlockedError.__name__, "text": text}
    text = f"{text}. A module that needs it while it is loaded is loaded by initializer="
    return {"class": ConfigurationError.__name__, "text": text}


def _out_of_memory(orders: _parcels.Orders) -> _wire.Head:
    text = (
        f"the message needs more memory than memory_limit={orders.memory_limit:,} bytes; "
        "make it smaller or raise the limit"
    )
    return {"class": GenerationError.__name__, "text": text, "is_fatal": True}


def _described(error: BaseException, orders: _parcels.Orders) -> _wire.Head:
    """Say what *error* says in names and texts: nothing that was pickled here is loaded elsewhere."""
    if _OUT_OF_MEMORY.search(str(error.args[:1])):
        return _out_of_memory(orders)
    if not isinstance(error, Exception):
        words = f"{named(error)} ended the render process; raise another error, or return"
        error = GenerationError(words).with_traceback(error.__traceback__)
    frames = traceback.format_exception(error) if _seal.keeps_causes() else []
    error = _seal.bare(error)
    return {
        "class": next(cls.__name__ for cls in type(error).__mro__ if cls.__name__ in errors.__all__),
        "text": str(error.args[0]) if error.args else "",
        "is_temporary": isinstance(error, errors.MailError) and error.is_temporary,
        "places": {name: getattr(error, name, None) for name in ("path", "template", "line", "filename")},
        "frames": "".join(frames),
    }


class _Notes(logging.Handler):
    """Keeps what this library logs for the application's log; everything else that is logged ends here."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: list[tuple[int, str]] = []
        loggers = [logging.getLogger(), *map(logging.getLogger, list(logging.root.manager.loggerDict))]
        for logger in loggers:
            logger.handlers.clear()
        logging.lastResort = None
        ours = logging.getLogger("ondemand_attach")
        ours.addHandler(self)
        ours.setLevel(logging.INFO)
        ours.propagate = False

    def emit(self, record: logging.LogRecord) -> None:
        if len(self._kept) < _MAX_NOTES:
            self._kept.append((record.levelno, record.getMessage()[:_MAX_NOTE]))

    def taken(self) -> list[tuple[int, str]]:
        kept, self._kept = self._kept, []
        return kept
