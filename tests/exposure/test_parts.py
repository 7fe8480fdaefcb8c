"""What a part holds, which standard signs it, and which domains answer for a message."""

from __future__ import annotations

import base64
import string

import pytest

from ondemand_attach._exposure._budget import Budget
from ondemand_attach._exposure._mime import entity_of
from ondemand_attach._exposure._parts import (
    _first_lines,
    _from_base64,
    _signed_for,
    _standard,
    is_message,
    parts_of,
)

ALPHABET = string.ascii_letters + string.digits + "+/"


@pytest.mark.parametrize("letter", ALPHABET)
def test_each_letter_of_base64_may_stand_in_each_place(letter: str) -> None:
    for place in range(4):
        group = ["A"] * 4
        group[place] = letter
        text = "".join(group)
        assert _from_base64(text.encode()) == (base64.b64decode(text), True)
        for end in ("==", "="):
            if place < 4 - len(end):
                shorter = text[: 4 - len(end)] + end
                assert _from_base64(f"AAAA{shorter}".encode()) == (base64.b64decode(f"AAAA{shorter}"), True)


@pytest.mark.parametrize("text", [b"QUJD\r\nREVG", b" QU\tJD ", b"", b"QUI=\n", b"QQ==\r\n"])
def test_base64_may_be_wrapped(text: bytes) -> None:
    assert _from_base64(text) == (base64.b64decode(text), True)


@pytest.mark.parametrize(
    "text",
    [
        b"QUJD Jane!",
        b"QQ",
        b"QQ=",
        b"QQ===",
        b"=QUJD",
        b"QQ==QUJD",
        b"QUJD\0",
        b"\xff",
        b"-_--",
        b"Jane Doe?",
    ],
)
def test_what_is_no_base64_is_not_all_that_stands_there(text: bytes) -> None:
    assert not _from_base64(text)[1]


@pytest.mark.parametrize(
    ("protocol", "standard"),
    [
        ("application/pkcs7-signature", "S/MIME"),
        ("application/x-pkcs7-signature", "S/MIME"),
        ("application/pgp-signature", "OpenPGP"),
        ("application/x-unheard", "unknown"),
        ("", "unknown"),
    ],
)
def test_the_protocol_names_the_standard(protocol: str, standard: str) -> None:
    assert _standard(protocol) == standard
    head = f'Content-Type: multipart/signed; protocol="{protocol}"; boundary=b\n\n--b\n\ntext\n--b\n\nsign\n--b--\n'
    assert [part.facts.signature for part in parts_of(head.encode())] == [None, standard, standard]
    assert [part.part for part in parts_of(head.encode())] == ["header", "text body", "signature"]


@pytest.mark.parametrize(
    ("fields", "signed"),
    [
        ("DKIM-Signature: v=1; d=shop.example; s=x", "DKIM of shop.example"),
        ("DKIM-Signature: v=1;d = shop.example;s=x", "DKIM of shop.example"),
        ("dkim-signature: d=a.example\nDKIM-Signature: d=b.example", "DKIM of a.example, DKIM of b.example"),
        ("DKIM-Signature: v=1; bd=x; id=y", None),
        ("DKIM-Signature: v=1", None),
        ("X-DKIM-Signature: d=shop.example", None),
        ("DKIM-Signature: d=x\n" * 25, ", ".join(["DKIM of x"] * 20)),
    ],
)
def test_the_domains_that_sign_are_told(fields: str, signed: str | None) -> None:
    assert _signed_for(entity_of(f"{fields}\n\nbody".encode(), Budget())) == signed


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"Subject: x", True),
        (b"X-!#~ : x", True),
        (b"From a@b Mon\r\nSubject: x", True),
        (b"From a@b Mon\nSubject: x", True),
        (b"From a@b Mon\n\nSubject: x", False),
        (b" Subject: x", False),
        (b"Subject", False),
        (b": x", False),
        (b"Sub ject: x", False),
        (b"\xe9: x", False),
        (b"%PDF-1.7", False),
        (b"", False),
    ],
)
def test_a_message_begins_with_a_field(content: bytes, expected: bool) -> None:
    assert is_message(content) is expected


@pytest.mark.parametrize(
    ("head", "names"),
    [
        ("Content-Type: text/plain", ["text body"]),
        ("Content-Type: TEXT/HTML", ["HTML body"]),
        ("X: y", ["text body"]),
        ("Content-Type: text/calendar", ["attachment 1"]),
        ("Content-Type: text/plain; name=a", ["text body"]),
        ("Content-Type: text/plain\nContent-Disposition: attachment", ["attachment 1"]),
        ("Content-Type: text/plain\nContent-Disposition: inline", ["text body"]),
        ("Content-Type: image/png\nContent-Disposition: inline; filename=a", ["inline file"]),
        ("Content-Type: image/png\nContent-Disposition: inline", ["attachment 1"]),
        ("Content-Type: image/png\nContent-Disposition: x; filename=a", ["attachment 1"]),
        ("Content-Type: application/pkcs7-mime", ["opaque message"]),
        ("Content-Type: application/x-pkcs7-mime", ["opaque message"]),
        ("Content-Type: application/pkcs7-signature", ["attachment 1"]),
    ],
)
def test_a_part_is_called_by_what_it_is(head: str, names: list[str]) -> None:
    assert [part.part for part in parts_of(f"{head}\n\nbody".encode())] == ["header", *names]


@pytest.mark.parametrize(
    ("content", "head"),
    [
        (b"Subject: x", b"Subject: x"),
        (b"Subject: x\r\n\r\nJane", b"Subject: x\r\n\r\n"),
        (b"", b""),
    ],
)
def test_the_header_of_what_is_too_much_is_listed_by_itself(content: bytes, head: bytes) -> None:
    assert _first_lines(content).content == head
