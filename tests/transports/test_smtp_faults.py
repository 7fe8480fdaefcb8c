"""Every misbehaviour of a server at every stage, and what the application is told."""

from __future__ import annotations

import re
import smtplib
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest

from ondemand_attach import SmtpTransport
from ondemand_attach.errors import AuthenticationError, ConnectionFailedError, TransportError
from transports.peers import (
    OFFERS,
    Action,
    ScriptedServer,
    Tls,
    drips,
    drops,
    endless,
    made,
    says,
    says_and_drops,
    stalls,
    stalls_deaf,
)

DEADLINE = 12.0  # seconds, which nothing takes on a busy machine but what waits
WAITING = ("stall", "drip", "stops reading")
NAMES = re.compile(r"\w+(Error|Exception)\b|\bE(?!HLO)[A-Z]{3,}\b|[A-Z]_[A-Z]")  # of classes and constants
BEFORE_THE_DOT = ("greeting", "ehlo", "starttls", "secure ehlo", "auth", "mail", "rcpt", "data")

ANSWERS: dict[str, tuple[Action, str]] = {
    "4xx": (says(b"450 4.2.1 canary@server\r\n"), "temporary"),
    "4xx in two lines": (says(b"451-4.3.0 canary\r\n451 4.3.0 canary\r\n"), "temporary"),
    "5xx": (says(b"550 5.1.1 canary@server\r\n"), "permanent"),
    "5xx without a text": (says(b"554\r\n"), "permanent"),
    "421": (says_and_drops(b"421 4.3.2 canary\r\n"), "temporary"),
}
NONSENSE: dict[str, Action] = {
    "garbage": says(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "binary": says(b"\x16\x03\x01\x00\xff\x00\n\x00\r\n"),
    "two codes in one reply": says(b"250-yes\r\n550 no\r\n"),
    "unknown code": says(b"999 what\r\n"),
    "empty line": says(b"\r\n"),
    "drop": drops,
    "drop in a reply": says_and_drops(b"250-one\r\n25"),
    "stall": stalls,
    "drip": drips(b"250-"),
    "endless lines": endless(b"250-x\r\n"),
    "endless line": endless(b"250 xxxxxxxxxxxxxxxx"),
}
NAMED = {"secure ehlo": "EHLO", "handshake": "(START)?TLS", "dot": "the final dot", "body": "DATA"}
BRIEF = 3.0  # seconds, for a client of which it is known that it fails
UNEXPECTED = dict.fromkeys(BEFORE_THE_DOT, b"354 go on\r\n") | {"data": b"250 ok\r\n"}
ALERT = says_and_drops(b"\x15\x03\x03\x00\x02\x02\x28")
HANDSHAKES: dict[str, tuple[Action, str]] = {
    "clear text": (says(b"250 no TLS here\r\n"), "permanent"),  # a wrong port does not mend itself
    "drop": (drops, "temporary"),
    "stall": (stalls, "temporary"),
    "drip": (drips(b"\x16\x03\x03\x40\x00"), "temporary"),
}


@dataclass(frozen=True)
class Case:
    stage: str
    fault: str
    action: Action
    expected: str
    is_implicit: bool = False
    is_pipelined: bool = False
    content: bytes = b"Subject: canary\r\n\r\ncanary\r\n"

    @property
    def deadline(self) -> float:
        """Where nobody waits, the machine has all the time that it wants."""
        return DEADLINE if self.fault in WAITING else 120.0

    def __str__(self) -> str:
        kind = "smtps " if self.is_implicit else "pipelined " if self.is_pipelined else ""
        return f"{kind}{self.stage}: {self.fault}"


def cases() -> Iterator[Case]:
    for stage in BEFORE_THE_DOT:
        for fault, (action, expected) in ANSWERS.items():
            yield Case(stage, fault, action, expected)
        for fault, action in NONSENSE.items():
            yield Case(stage, fault, action, "temporary")
        yield Case(stage, "positive but out of place", says(UNEXPECTED[stage]), "temporary")
    for fault, (action, expected) in ANSWERS.items():
        yield Case("dot", fault, action, expected)
        yield Case("quit", fault, action, "ok")
    for fault, action in NONSENSE.items():
        yield Case("dot", fault, action, "uncertain")
        yield Case("quit", fault, action, "ok")
    yield Case("dot", "354 again", says(b"354 go on\r\n"), "uncertain")
    yield Case("dot", "line feed only", says(b"250 ok\n"), "ok")
    yield Case("dot", "many long lines", says(b"250-%b\r\n" % (b"y" * 900) * 50 + b"250 y\r\n"), "ok")
    large = b"Subject: canary\r\n\r\n" + b"canary\r\n" * 3_000_000
    for fault, action in {"drop": drops, "stops reading": stalls_deaf}.items():
        yield Case("body", fault, action, "temporary", content=large)
    for fault, (action, expected) in HANDSHAKES.items():
        yield Case("handshake", fault, action, expected)
        yield Case("handshake", fault, action, expected, is_implicit=True)
    yield Case("handshake", "alert", ALERT, "permanent")
    yield Case("handshake", "alert", ALERT, "permanent", is_implicit=True)
    for fault in ("4xx", "5xx", "421"):
        yield Case("greeting", fault, *ANSWERS[fault], is_implicit=True)


CASES = list(cases())
CASES += [
    replace(case, is_pipelined=True)
    for case in CASES
    if case.stage in ("mail", "rcpt", "data", "body", "dot")
]


@dataclass(frozen=True)
class Outcome:
    kind: str
    seconds: float
    error: Exception | None = None


Client = Callable[[int, Case, ssl.SSLContext], None]


def with_transport(port: int, case: Case, context: ssl.SSLContext) -> None:
    scheme = "smtps" if case.is_implicit else "smtp+starttls"
    password = "canary-password"
    with SmtpTransport(
        f"{scheme}://canary-user@127.0.0.1:{port}",
        password=lambda: password,
        timeout=case.deadline,
        ssl_context=context,
    ) as transport:
        transport.send(made(case.content))


def with_smtplib(port: int, case: Case, context: ssl.SSLContext) -> None:
    """Send as one would from the library's documentation, and retry what smtplib calls temporary."""
    try:
        with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost", timeout=BRIEF) as smtp:
            smtp.starttls(context=context)
            smtp.login("canary-user", "canary-password")
            smtp.sendmail("orders@shop.example", ["jane@shop.example"], case.content)
    except smtplib.SMTPResponseException as error:
        raise TransportError("refused", is_temporary=error.smtp_code < 500) from error
    except OSError as error:
        raise TransportError("lost", is_temporary=True) from error


def outcome(case: Case, tls: Tls, client: Client = with_transport) -> Outcome:
    script, offers = {case.stage: case.action}, (*OFFERS, b"PIPELINING") if case.is_pipelined else OFFERS
    with ScriptedServer(script, tls=tls.server, is_implicit=case.is_implicit, offers=offers) as server:
        started = time.monotonic()
        try:
            client(server.port, case, tls.client)
        except TransportError as error:
            kind = "uncertain" if error.is_uncertain else "temporary" if error.is_temporary else "permanent"
            return Outcome(kind, time.monotonic() - started, error)
        return Outcome("ok", time.monotonic() - started)


def outcomes_of(chosen: list[Case], tls: Tls, client: Client = with_transport) -> dict[Case, Outcome]:
    """Play many cases at once; most of them only wait."""
    with ThreadPoolExecutor(32) as pool:
        return dict(zip(chosen, pool.map(lambda case: outcome(case, tls, client), chosen), strict=True))


@pytest.fixture(scope="module")
def outcomes(tls: Tls) -> dict[Case, Outcome]:
    return outcomes_of(CASES, tls)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_fault(case: Case, outcomes: dict[Case, Outcome]) -> None:
    found = outcomes[case]
    assert found.kind == case.expected, found.error
    assert found.seconds < case.deadline + 100  # no more is meant than that it ends
    if case.stage in ("greeting", "ehlo", "starttls", "handshake", "secure ehlo"):
        assert isinstance(found.error, ConnectionFailedError)
    if case.stage == "auth":
        assert isinstance(found.error, AuthenticationError)
    if case.fault.startswith("endless") and case.stage != "quit":
        assert "the reply is too long" in str(found.error)
    if found.error is not None:
        assert "canary" not in str(found.error)
        assert "127.0.0.1:" in str(found.error)
        assert re.fullmatch(r"[^:]+:[0-9]+ (answered|refused|failed at) .+: .{10,}", str(found.error))
        assert NAMES.search(str(found.error)) is None
        stage = NAMED.get(case.stage, case.stage if case.stage == "greeting" else case.stage.upper())
        assert re.match(
            rf"[^:]+:[0-9]+ (answered {stage} with|failed at {stage}:|refused every recipient,)",
            str(found.error),
        )


def test_table_is_large_enough() -> None:
    assert len(CASES) >= 150


def test_plain_smtplib_fails_this_harness(tls: Tls) -> None:
    """The harness sees what it is there for."""
    known = {"quit: 421", "quit: garbage", "ehlo: endless lines", "mail: drip", "dot: drop", "dot: garbage"}
    brief = {"drip": drips(b"250-", BRIEF + 4), "endless lines": endless(b"250-x\r\n", BRIEF + 4)}
    chosen = [
        replace(case, action=brief.get(case.fault, case.action)) for case in CASES if str(case) in known
    ]
    found = outcomes_of(chosen, tls, with_smtplib)
    wrong = {
        str(case) for case in chosen if found[case].kind != case.expected or found[case].seconds >= BRIEF + 2
    }
    assert wrong == known
