"""Read by the parsers that Node programs use."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mime_cases import FIELDS, FILENAMES, INJECTIONS, NAUGHTY, Asked, as_read, asked, written, written_by_hand

READER = Path(__file__).with_name("read_mail.cjs")
HOSTILE = [asked(string)[0] for string in NAUGHTY + INJECTIONS + FILENAMES]

Read = Callable[[list[bytes]], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def read(node_packages: None) -> Read:
    def run(messages: list[bytes]) -> list[dict[str, Any]]:
        lines = "".join(f"{base64.b64encode(message).decode()}\n" for message in messages)
        done = subprocess.run(["node", READER], input=lines, check=True, capture_output=True, text=True)
        return [json.loads(line) for line in done.stdout.removesuffix("\n").split("\n")]

    return run


def test_every_string_stays_in_its_slot(read: Read) -> None:
    assert list(differences(HOSTILE, read([written(ask) for ask in HOSTILE]))) == []


def test_they_see_what_the_standard_library_lets_through(read: Read) -> None:
    names = ["<evil@x.test> " + "a" * 100, "Doe, Jane " + "word " * 20]
    asks = [*(asked(name)[0] for name in names), asked("=?utf-8?b?aGk=?=")[0]]
    found = {slot for _, slot, _ in differences(asks, read([written_by_hand(ask) for ask in asks]))}
    assert "subject" in found


def differences(asks: list[Asked], seen: list[dict[str, Any]]) -> Iterator[tuple[str, str, Asked]]:
    for ask, readers in zip(asks, seen, strict=True):
        for reader, mail in readers.items():
            # postal-mime takes a leading U+FEFF for a byte order mark.
            fold = (lambda text: text.replace("\ufeff", "")) if reader == "postal-mime" else str
            yield from ((reader, slot, ask) for slot, is_same in compared(ask, mail, fold) if not is_same)


def compared(ask: Asked, mail: dict[str, Any], fold: Callable[[str], str]) -> Iterator[tuple[str, bool]]:
    yield "headers", sorted(mail["headers"]) == sorted(set(FIELDS) - {"content-transfer-encoding"})
    for name, pairs in ask.mailboxes.items():
        yield f"{name} addresses", [spec for _, spec in mail[name]] == [spec for _, spec in pairs]
        yield (
            f"{name} names",
            [fold(display) for display, _ in mail[name]] == [fold(each) for each, _ in pairs],
        )
    yield "subject", fold(mail["subject"]) == fold(ask.subject)
    yield "note", fold(mail["note"]) == fold(ask.note)
    yield "filename", mail["filename"] == [ask.filename]
    yield "sizes", mail["sizes"] == [4]
    yield "text", fold(as_read(mail["text"])) == fold(as_read(ask.text))
    yield "html", fold(as_read(mail["html"])) == fold(as_read(ask.html))
