"""Bytes of servers that anybody may have made: a receipt or one typed error, whatever they are."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from ondemand_attach import Receipt, SmtpTransport
from ondemand_attach.errors import MessageTooLargeError, TransportError
from scale import SCALE
from transports.peers import Action, ScriptedServer, Tls, Wire, made, says_and_drops
from transports.test_https import Provider, mailgun

COUNT = 60 * SCALE
STAGES = ("greeting", "ehlo", "mail", "rcpt", "data", "dot")
TOKENS = [
    *(
        b"250",
        b"354",
        b"220",
        b"421",
        b"450",
        b"550 5.1.1",
        b"999",
        b"-",
        b" ",
        b"\t",
        b"\r\n",
        b"\n",
        b"\r",
        b"\0",
    ),
    *(
        b"250-",
        b"250 ok\r\n",
        b"354 go\r\n",
        b"250-SIZE ",
        b"SIZE",
        b"AUTH=",
        b"AUTH PLAIN",
        b"STARTTLS",
        b"PIPELINING",
    ),
    *(
        b"9" * 5000,
        b"x" * 70_000,
        b"\xff\xfe",
        "²٣".encode(),
        b"canary@shop.example",
        b"\x1b[2J",
        b"=?utf-8?q?x?=",
    ),
]
HTTP = [
    *(
        b"HTTP/1.1 ",
        b"HTTP/9.9 ",
        b"200",
        b"500",
        b"100",
        b"-1",
        b"9" * 5000,
        b" OK",
        b"\r\n",
        b"\n",
        b"\r\n\r\n",
        b":",
    ),
    *(
        b"Content-Length: ",
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: close\r\n",
        b"0",
        b"ffffffffffffffff",
        b"x",
    ),
    *(
        b"x" * 70_000,
        b"\xff\0",
        b"canary@shop.example",
        b"Set-Cookie: a=b; expires=x\r\n",
        b"Location: http://x/\r\n",
    ),
]


def said(chosen: random.Random, tokens: list[bytes]) -> bytes:
    return b"".join(chosen.choices(tokens, k=chosen.randint(1, 12)))


def outcome(send: Callable[[], Receipt]) -> str:
    try:
        return f"{send().answer}"
    except (TransportError, MessageTooLargeError) as error:
        return str(error)


def test_whatever_a_mail_server_says(caplog: pytest.LogCaptureFixture) -> None:
    for seed in range(COUNT):
        chosen = random.Random(seed)
        script: dict[str, Action] = {chosen.choice(STAGES): says_and_drops(said(chosen, TOKENS))}
        with ScriptedServer(script, clear_offers=[b"PIPELINING"] * chosen.randint(0, 1)) as server:
            with SmtpTransport(f"smtp://localhost:{server.port}", timeout=120) as transport:
                told = outcome(lambda transport=transport: transport.send(made()))  # type: ignore[misc]
        assert "canary" not in told, seed
        assert len(told) < 300, seed
    assert caplog.text == ""


def test_whatever_a_provider_says(tls: Tls, caplog: pytest.LogCaptureFixture) -> None:
    for seed in range(COUNT):
        chosen = random.Random(seed)
        start = chosen.choice(
            [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"]
        )
        act: Callable[[Wire], None] = says_and_drops(start + said(chosen, HTTP))
        with Provider(tls, act) as server, mailgun(server, tls, timeout=120) as transport:
            told = outcome(lambda transport=transport: transport.send(made()))  # type: ignore[misc]
        assert "canary" not in told, seed
        assert len(told) < 300, seed
    assert all("no provider_id" in record.getMessage() for record in caplog.records)
    assert "canary" not in caplog.text
