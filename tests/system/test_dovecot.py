"""Read by Dovecot, as an IMAP client sees it."""

from __future__ import annotations

import imaplib
import re
import shutil
import tempfile
import urllib.parse
from collections.abc import Iterator
from email.header import decode_header
from pathlib import Path
from typing import Any

import pytest

from mime_cases import FILENAMES, INJECTIONS, NAUGHTY, Asked, asked, written, written_by_hand

IMAP = "/usr/lib/dovecot/imap"
USER, GROUP = "nobody", "nogroup"
TOKEN = re.compile(rb'\(|\)|"((?:[^"\\]|\\.)*)"|[^\s()"]+', re.DOTALL)
CONFIGURATION = """
base_dir = {folder}/base
state_dir = {folder}/state
log_path = {folder}/log
mail_location = maildir:{folder}/mail
mail_uid = nobody
mail_gid = nogroup
first_valid_uid = 0
first_valid_gid = 0
ssl = no
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp())  # not below pytest's, which only root may enter
    yield folder
    shutil.rmtree(folder)


def test_every_string_stays_in_its_slot(folder: Path) -> None:
    asks = [asked(string)[0] for string in NAUGHTY + INJECTIONS + FILENAMES]
    seen = fetched(folder, [written(ask) for ask in asks])
    assert [(ask, mail) for ask, mail in zip(asks, seen, strict=True) if mail != wanted(ask)] == []


def test_the_standard_library_would_fail(folder: Path) -> None:
    ask, _ = asked("=?utf-8?b?aGk=?=")
    assert fetched(folder, [written_by_hand(ask)]) != [wanted(ask)]


def wanted(ask: Asked) -> dict[str, Any]:
    return {"subject": ask.subject, "filename": ask.filename, "bcc": b"\r\n", **ask.mailboxes}


def fetched(folder: Path, messages: list[bytes]) -> list[dict[str, Any]]:
    for part in ("cur", "new", "tmp"):
        (folder / "mail" / part).mkdir(parents=True)
    for number, message in enumerate(messages, 10_000):
        (folder / "mail" / "new" / f"{number}.M1P1.host").write_bytes(message)
    (folder / "dovecot.conf").write_text(CONFIGURATION.format(folder=folder))
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, USER, GROUP)
    with imaplib.IMAP4_stream(
        f"USER={USER} HOME={folder} runuser -u {USER} -- {IMAP} -c {folder}/dovecot.conf"
    ) as imap:
        imap.select("INBOX")
        return [fetched_one(imap, number) for number in range(1, len(messages) + 1)]


def fetched_one(imap: imaplib.IMAP4, number: int) -> dict[str, Any]:
    _, answer = imap.fetch(str(number), "(BODY.PEEK[HEADER.FIELDS (BCC)])")
    bcc = answer[0][1]
    _, answer = imap.fetch(str(number), "(ENVELOPE BODYSTRUCTURE)")
    (_, (_, envelope, _, structure)) = parsed(b"".join(map(quoted, answer)))
    _, subject, sender, _, reply_to, to, cc, bcc_boxes, *_ = envelope
    assert bcc_boxes is None
    ((key, value),) = [(disposition[1][0], disposition[1][1]) for disposition in [structure[1][8]]]
    filename = value if key == "filename" else urllib.parse.unquote(value.removeprefix("utf-8''"))
    boxes = {"from": sender, "to": to, "cc": cc, "reply-to": reply_to}
    return {
        "subject": decoded(subject),
        "filename": filename,
        "bcc": bcc,
        **{name: [(decoded(each[0]), f"{each[2]}@{each[3]}") for each in boxes[name]] for name in boxes},
    }


def quoted(piece: bytes | tuple[bytes, bytes]) -> bytes:
    """A literal (RFC 9051 section 4.3) as a quoted string."""
    if isinstance(piece, bytes):
        return piece
    text = piece[1].replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return re.sub(rb"\{\d+\}\Z", b"", piece[0]) + b'"' + text + b'"'


def parsed(answer: bytes) -> list[Any]:
    stack: list[list[Any]] = [[]]
    for token in TOKEN.finditer(answer):
        if token[0] == b"(":
            stack.append([])
        elif token[0] == b")":
            inner = stack.pop()
            stack[-1].append(inner)
        elif token[1] is not None:
            stack[-1].append(re.sub(rb"\\(.)", rb"\1", token[1]).decode())
        else:
            stack[-1].append(None if token[0] == b"NIL" else token[0].decode())
    return stack[0]


def decoded(text: str | None) -> str:
    if text is None or "=?" not in text:
        return text or ""
    return b"".join(
        each if isinstance(each, bytes) else each.encode() for each, _ in decode_header(text)
    ).decode()
