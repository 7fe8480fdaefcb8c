"""``ondemand-attach verify``: whether a file is what a receipt says was sent."""

from __future__ import annotations

import argparse
import pathlib
import re
from typing import Final

from ondemand_attach import _exposure
from ondemand_attach._characters import UNSAFE
from ondemand_attach._commands._files import content_of
from ondemand_attach._receipt import Receipt, digest

_FIELD: Final = re.compile(rb"([!-9;-~]+):[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*")
_BARE_LF: Final = re.compile(rb"(?<!\r)\n")
_TRACE: Final = re.compile(
    r"received|return-path|delivered-to|envelope-to|x-[a-z0-9-]+|dkim-signature|domainkey-signature"
    r"|authentication-results|received-spf|arc-[a-z-]+"
)
"""What servers put in front (RFC 5321 section 4.4, RFC 6376, RFC 8601, RFC 7208, RFC 8617). No mail program
shows any of it as the sender's."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the options of the command."""
    parser.add_argument("receipt", type=pathlib.Path, metavar="RECEIPT", help="the JSON of a receipt")
    parser.add_argument(
        "file", type=pathlib.Path, metavar="FILE", help="the message (.eml), or one of its attachments"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print what matches; return 0 if the file is the message or a document of it, else 1."""
    receipt = Receipt.from_json(content_of(arguments.receipt))
    content = content_of(arguments.file)
    whole = _whole(receipt, content)
    found = [whole, *_documents(receipt, content)] if whole else _documents(receipt, content)
    inside = _inside(receipt, content) if whole or not found else []
    if not found:
        print(f"{arguments.file} is not what the receipt says was sent")
    for line in (*found, *(f"in it: {line}" for line in inside)):
        print(line)
    if found:
        print(_circumstances(receipt))
    return 0 if found else 1


def _whole(receipt: Receipt, content: bytes) -> str | None:
    """Say that *content* ends with the message, after nothing but trace fields."""
    for text in (content, _BARE_LF.sub(b"\r\n", content)):  # some servers store messages with bare LF
        start = len(text) - (receipt.size or 0)
        if start >= 0 and digest(memoryview(text)[start:]) == receipt.sha256:
            added = _names(text[:start])
            if added is not None and all(map(_TRACE.fullmatch, added)):
                unique = ", ".join(dict.fromkeys(added))
                return "whole message" + (f"; put in front on the way: {unique}" if added else "")
    return None


def _names(head: bytes) -> list[str] | None:
    """Return the names of the header fields that *head* consists of, in lower case."""
    fields = list(_FIELD.finditer(head))
    if sum(len(field[0]) for field in fields) != len(head):
        return None
    return [field[1].decode().lower() for field in fields]


def _documents(receipt: Receipt, content: bytes) -> list[str]:
    """Say which documents of the receipt *content* is."""
    sha256 = digest(content)
    return [
        f"{part.part}, {state}"
        for part in receipt.parts
        for state, known in (
            ("protected" if part.encryption else "as sent", part.sha256),
            ("plain", part.plain_sha256),
        )
        if known == sha256
    ]


def _inside(receipt: Receipt, content: bytes) -> list[str]:
    if not _exposure.is_message(content):
        return []
    parts = _exposure.parts_of(content)
    return [line for part in parts[1:] for line in _documents(receipt, part.content)]


def _circumstances(receipt: Receipt) -> str:
    when = f"at {receipt.sent_at.isoformat(timespec='seconds')} " if receipt.sent_at else ""
    answer = f"; the server answered: {receipt.answer}" if receipt.answer else ""
    return UNSAFE.sub("?", f"sent {when}as {receipt.message_id}{answer}")
