"""What travels between the processes, and what may come from one that was taken over."""

from __future__ import annotations

import dataclasses
import datetime
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from ondemand_attach import MessageBuilder
from ondemand_attach._confidential import Guard
from ondemand_attach._receipt import PartReceipt
from ondemand_attach.errors import (
    ConfidentialityError,
    ConfigurationError,
    GenerationError,
    MailError,
    MissingDependencyError,
    TransportError,
    UnreachedLevelError,
)
from ondemand_attach.pool import _parcels, _processes, _wire
from pool import plugs
from pool.plugs import LETTER, doing

NOW = datetime.datetime(2026, 5, 4, 12, tzinfo=datetime.UTC)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    with one, other:
        yield one, other


def test_a_frame_arrives_as_it_was_sent(pair: tuple[socket.socket, socket.socket]) -> None:
    parts = [b"", b"x", bytes(range(256)) * 100_000]
    sending = threading.Thread(target=_wire.send, args=(pair[0], {"a": "ž"}, *parts))
    sending.start()
    head, received = _wire.receive(pair[1], limit=1 << 26)
    sending.join()
    assert head["a"] == "ž"
    assert received == parts


def frame(head: object, length: int | None = None) -> bytes:
    encoded = head if isinstance(head, bytes) else json.dumps(head).encode()
    return struct.pack("!I", len(encoded) if length is None else length) + encoded


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\0\0",
        frame({}, 1 << 30),
        frame(b"no JSON"),
        frame(b"\xff"),
        frame(b"[" * 100_000),
        frame([]),
        frame({}),
        frame({"parts": 1}),
        frame({"parts": [-1]}),
        frame({"parts": ["1"]}),
        frame({"parts": [1.5]}),
        frame({"parts": [101]}),
        frame({"parts": [60, 60]}),
        frame({"parts": [9]}) + b"short",
    ],
    ids=lambda sent: repr(sent[:30]),
)
def test_what_is_no_frame_is_an_error(pair: tuple[socket.socket, socket.socket], sent: bytes) -> None:
    pair[0].sendall(sent)
    pair[0].shutdown(socket.SHUT_WR)
    with pytest.raises(ConnectionError):
        _wire.receive(pair[1], limit=100)


def test_a_frame_that_drips_is_late(pair: tuple[socket.socket, socket.socket]) -> None:
    done = threading.Event()

    def drip() -> None:
        pair[0].sendall(frame({"parts": [1000]}))
        while not done.wait(0.01):
            pair[0].sendall(b"x")

    dripping = threading.Thread(target=drip)
    dripping.start()
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        _wire.receive(pair[1], limit=1000, deadline=started + 0.2)
    done.set()
    dripping.join()
    with pytest.raises(TimeoutError):
        _wire.send(pair[0], {}, bytes(1 << 24), deadline=time.monotonic() + 0.05)
    with pytest.raises(TimeoutError):
        _wire.send(pair[0], {}, deadline=time.monotonic() - 1)


PART = dataclasses.asdict(PartReceipt(part="attachment 1", media_type="text/plain", size=1))


def answer(**changes: Any) -> dict[str, Any]:
    receipt = {"parts_of_receipt": [], "template_version": None}
    return {"error": {}, "is_last": False, "log": [], "is_document": [], **receipt, **changes}


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        answer(error={"class": "OSError", "text": ""}),
        answer(error={"class": "annotations", "text": ""}),
        answer(error={"class": ["MailError"], "text": ""}),
        answer(error={"class": "MailError"}),
        answer(error=["x"]),
        answer(error={"class": "MailError", "text": "", "places": 1}),
        answer(log=[1]),
        answer(log=[["x", "y"]]),
        answer(log=[[float("inf"), "y"]]),
        answer(log=[[float("nan"), "y"]]),
        answer(log=1),
        answer(is_document=[True]),
        answer(is_document=1),
        answer(parts_of_receipt=1),
        answer(parts_of_receipt=[{"part": "attachment 1"}]),
        answer(parts_of_receipt=[PART | {"sha256": "canary"}]),
        answer(parts_of_receipt=[PART | {"size": True}]),
    ],
    ids=str,
)
def test_an_answer_that_is_wrong_is_an_error(wrong: dict[str, Any]) -> None:
    with pytest.raises((LookupError, TypeError, ValueError, AttributeError, OverflowError)):
        _processes._read(wrong, [])


@pytest.mark.parametrize("log", [[[float("inf"), "y"]], [["30", None], 1]], ids=str)
def test_the_application_hears_that_the_process_is_gone(
    pair: tuple[socket.socket, socket.socket], log: object
) -> None:
    class Worker(_processes.Worker):
        def __init__(self) -> None:
            self._connection, self._ending, self.is_settled = pair[0], "was ended", True

    encoded = json.dumps({**answer(log=log), "parts": []}).encode()
    pair[1].sendall(struct.pack("!I", len(encoded)) + encoded)
    with pytest.raises(GenerationError, match="the render process that built the message was ended"):
        Worker()._asked({}, b"", 60.0, time.monotonic() + 60.0, 0)


def test_what_a_process_has_logged_stays_on_its_line() -> None:
    said = answer(log=[[30, "content was lost\n2026-03-14 ERROR forged \x1b[2J\ud800"]])
    assert _processes._read(said, []).notes == [(30, "content was lost 2026-03-14 ERROR forged  [2J ")]


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"class": "MailError", "text": "t"}, MailError("t")),
        ({"class": "MissingDependencyError", "text": "t"}, MissingDependencyError("t")),
        ({"class": "TransportError", "text": "t"}, TransportError("t")),
        (
            {
                "class": "ConfidentialityError",
                "text": "t",
                "places": {"path": "a.b", "template": "x", "line": 3},
            },
            ConfidentialityError("t", path="a.b", template="x", line=3),
        ),
        ({"class": "GenerationError", "text": "t", "places": {"line": 3}}, GenerationError("t", line=3)),
        (
            {"class": "UnreachedLevelError", "text": "t", "is_temporary": True},
            UnreachedLevelError("t", is_temporary=True),
        ),
        ({"class": "UnreachedLevelError", "text": "t", "is_temporary": False}, UnreachedLevelError("t")),
    ],
    ids=str,
)
def test_an_error_is_made_of_names_and_texts(said: dict[str, Any], error: MailError) -> None:
    found = _processes._read(answer(error=said), []).error
    assert (type(found), str(found), vars(found)) == (type(error), str(error), vars(error))


def composition(builder: MessageBuilder, context: object) -> Any:
    return builder._composition(context, "a@example.com", NOW, None)


def test_a_builder_and_an_event_are_the_same_after_the_journey() -> None:
    builder = doing(str, "x").confidential("iban")
    plan = _parcels.unpacked_plan(_parcels.packed_plan(builder._draft, builder._templates), (None, None))
    assert plan.draft.enclosures[0].generate.__self__ == builder._draft.enclosures[0].generate.__self__  # type: ignore[attr-defined]
    sent = composition(builder, {"number": 1, "iban": "x", "when": NOW})
    seen, occasion = _parcels.unpacked_event(_parcels.packed_event(sent))
    assert (seen.full, seen.values) == (sent.seen.full, sent.seen.values)
    assert isinstance(dict.get(seen.public, "iban"), Guard)  # type: ignore[arg-type]
    assert (occasion.now, occasion.message_id) == (NOW, sent.message_id)


class Unloadable:
    def generate(self, _: object) -> None: ...

    def __reduce__(self) -> Any:
        return plugs.raise_error, (OSError("canary"),)


class Misconfigured(Unloadable):
    def __reduce__(self) -> Any:
        return plugs.raise_error, (ConfigurationError("as it is"),)


def test_what_cannot_be_loaded_is_an_error() -> None:
    for generator, text in (
        (Unloadable(), "could not load the builder: OSError"),
        (Misconfigured(), "as it is"),
    ):
        builder = LETTER.attach(generator, filename="a")  # type: ignore[arg-type]
        parcel = _parcels.packed_plan(builder._draft, builder._templates)
        with pytest.raises(ConfigurationError, match=text):
            _parcels.unpacked_plan(parcel, (None, None))
    with pytest.raises(ConfigurationError, match="could not load the context"):
        _parcels.unpacked_event(b"no pickle")
