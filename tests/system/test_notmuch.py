"""File names read by notmuch, with GMime, as many mail programs on Linux do."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from mime_cases import FILENAMES, INJECTIONS, NAUGHTY, asked, written

HOSTILE = [asked(string)[0] for string in NAUGHTY + INJECTIONS + FILENAMES]


def test_the_reader_sees_the_name_that_was_asked_for(tmp_path: Path) -> None:
    seen = names_in([written(ask) for ask in HOSTILE], tmp_path)
    assert [
        (ask.filename, name) for ask, name in zip(HOSTILE, seen, strict=True) if name != ask.filename
    ] == []


def test_a_name_that_is_written_wrongly_is_seen_otherwise(tmp_path: Path) -> None:
    ask = asked("č; x.pdf")[0]
    wrong = [
        written(ask).replace(b"utf-8''", b"iso-8859-1''"),
        written(ask).replace(b"filename*=utf-8''%C4%8D%3B%20", b"filename=x; "),
    ]
    assert ask.filename not in names_in(wrong, tmp_path)


def names_in(messages: list[bytes], folder: Path) -> list[str]:
    """Return the name of the attachment of each of *messages*."""
    mail = folder / "mail"
    for part in ("cur", "new", "tmp"):
        (mail / part).mkdir(parents=True)
    for number, message in enumerate(messages, 10_000):
        numbered = message.replace(b"<1@shop.example>", b"<%d@shop.example>" % number)
        (mail / "cur" / f"{number}.M1P1.host:2,S").write_bytes(numbered)
    (folder / "config").write_text(f"[database]\npath={mail}\n[user]\nprimary_email=jane@example.com\n")
    _notmuch(folder, "new")
    shown = json.loads(_notmuch(folder, "show", "--format=json", "--entire-thread=false", "--body=true", "*"))
    found = dict(_named(shown))
    return [found[f"{number}@shop.example"] for number in range(10_000, 10_000 + len(messages))]


def _named(shown: Any) -> list[tuple[str, str]]:
    """Find each message in the threads that notmuch shows, with the name of the one file in it."""
    if isinstance(shown, list):
        return [pair for inner in shown for pair in _named(inner)]
    if not isinstance(shown, dict) or "body" not in shown:
        return []
    return [(shown["id"], name) for name in _files(shown["body"])]


def _files(body: Any) -> list[str]:
    if isinstance(body, list):
        return [name for part in body for name in _files(part)]
    inner = body.get("content")
    return ([body["filename"]] if "filename" in body else []) + (
        _files(inner) if isinstance(inner, list) else []
    )


def _notmuch(folder: Path, *arguments: str) -> bytes:
    environment = {**os.environ, "NOTMUCH_CONFIG": str(folder / "config"), "HOME": str(folder)}
    return subprocess.run(["notmuch", *arguments], check=True, capture_output=True, env=environment).stdout
