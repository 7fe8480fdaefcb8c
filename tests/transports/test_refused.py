"""What transports and servers refuse, and in which words: tried, and written into docs/reference/refused.md."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ondemand_attach import HttpsTransport, SmtpTransport
from ondemand_attach.errors import ConfigurationError, MailError, TransportError
from pages import check_page, table
from transports.peers import DAY, Action, Authority, ScriptedServer, Tls, made, says, says_and_drops
from transports.test_https import Provider, answer, mailgun

PAGE = "refused.md"
UNVERIFYING = ssl.create_default_context()
UNVERIFYING.check_hostname = False
OLD = ssl.create_default_context()
OLD.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED

HOST = "mail.shop.example"
SMTP: dict[str, tuple[str, dict[str, Any]]] = {
    "a password in the URL": (f"smtps://user:canary@{HOST}", {}),
    "a user without a password": (f"smtps://user@{HOST}", {}),
    "a password without a user": (f"smtps://{HOST}", {"password": str}),
    "a password that is no callable": (f"smtps://user@{HOST}", {"password": "canary"}),
    "a login without TLS": ("smtp://user@localhost", {"password": str}),
    "another machine without TLS": (f"smtp://{HOST}", {}),
    "another scheme": (f"https://{HOST}", {}),
    "no scheme": (f"{HOST}:25", {}),
    "no host": ("smtps://", {}),
    "a host that is none": ("smtps://mail..example", {}),
    "a port that is none": (f"smtps://{HOST}:99999", {}),
    "something after the port": (f"smtps://{HOST}/canary", {}),
    "a time limit of nothing": (f"smtps://{HOST}", {"timeout": 0}),
    "a time limit that is no number": (f"smtps://{HOST}", {"timeout": "10s"}),
    "a name for EHLO that is none": (f"smtps://{HOST}", {"local_hostname": "a b"}),
    "a context that verifies nothing": (f"smtps://{HOST}", {"ssl_context": UNVERIFYING}),
    "a context with old TLS": (f"smtps://{HOST}", {"ssl_context": OLD}),
}
MAILGUN: dict[str, dict[str, Any]] = {
    "a domain that is none": {"domain": "shop.example/x"},
    "a key that is no callable": {"api_key": "canary"},
    "an address without TLS": {"base_url": "http://api.mailgun.net"},
    "an address with a user": {"base_url": "https://user:canary@api.mailgun.net"},
    "an address with a wrong port": {"base_url": "https://api.mailgun.net:canary"},
    "a time limit below zero": {"timeout": -1.0},
    "a context that verifies nothing": {"ssl_context": UNVERIFYING},
}


def refusal(act: Callable[[], object], kind: type[MailError]) -> MailError:
    """Return the error, once it is sure that it says nothing it should not."""
    with pytest.raises(kind) as caught:
        act()
    assert "canary" not in f"{caught.value!r}{caught.value}"
    return caught.value


def row(error: MailError) -> dict[str, str]:
    words = re.sub(r"(127\.0\.0\.1):\d+", r"\1:587", str(error))
    words = re.sub(r"(localhost):\d+", r"\1:443", words)
    return {"error": f"`{type(error).__name__}`", "words": words}


def sending(error: MailError) -> dict[str, str]:
    assert isinstance(error, TransportError)
    again = "perhaps sent" if error.is_uncertain else "yes" if error.is_temporary else "no"
    return {**row(error), "again": again}


def test_smtp_that_is_wired_wrongly() -> None:
    rows = {
        name: row(refusal(lambda url=url, options=options: SmtpTransport(url, **options), ConfigurationError))  # type: ignore[misc]
        for name, (url, options) in SMTP.items()
    }
    check_page(PAGE, "SMTP", table(rows, "given"))


def test_https_that_is_wired_wrongly() -> None:
    usual: dict[str, Any] = {"domain": "shop.example", "api_key": str}
    rows = {
        name: row(refusal(lambda given=given: HttpsTransport.mailgun(**usual | given), ConfigurationError))  # type: ignore[misc]
        for name, given in MAILGUN.items()
    }
    rows["encode= that is no function"] = row(
        refusal(lambda: HttpsTransport("https://provider.example/", "canary"), ConfigurationError)  # type: ignore[arg-type]
    )
    check_page(PAGE, "HTTPS", table(rows, "given"))


REPLIES: dict[str, tuple[str, Action]] = {
    "the login is refused": ("auth", says(b"535 5.7.8 canary\r\n")),
    "the sender is refused": ("mail", says(b"550 5.7.1 canary\r\n")),
    "all recipients are refused": ("rcpt", says(b"550 5.1.1 canary\r\n")),
    "all recipients are refused for now": ("rcpt", says(b"450 4.2.1 canary\r\n")),
    "the content is refused": ("dot", says(b"554 5.6.0 canary\r\n")),
    "busy": ("greeting", says_and_drops(b"421 4.3.2 canary\r\n")),
    "no SMTP": ("greeting", says(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
    "STARTTLS is refused": ("starttls", says(b"454 4.7.0 canary\r\n")),
    "no TLS behind STARTTLS": ("handshake", says(b"250 no TLS here\r\n")),
    "gone after the final dot": ("dot", says_and_drops(b"")),
}
CERTIFICATES: dict[str, Callable[[Authority], ssl.SSLContext]] = {
    "certificate: self-signed": lambda authority: authority.server_context(is_self_signed=True),
    "certificate: of an authority that is not known": lambda _: Authority().server_context(),
    "certificate: expired": lambda authority: authority.server_context(age=60 * DAY),
    "certificate: of another host": lambda authority: authority.server_context(["mail.other.example"]),
}


def over_smtp(server: ScriptedServer, tls: Tls) -> None:
    url = f"smtp+starttls://user@127.0.0.1:{server.port}"
    with SmtpTransport(url, password=lambda: "canary-password", ssl_context=tls.client) as transport:
        transport.send(made())


def of_smtp(authority: Authority, tls: Tls) -> Iterator[tuple[str, dict[str, str]]]:
    for name, (stage, action) in REPLIES.items():
        offers = (b"STARTTLS",)
        with ScriptedServer({stage: action}, tls=tls.server, clear_offers=offers) as server:
            yield name, sending(refusal(lambda server=server: over_smtp(server, tls), MailError))  # type: ignore[misc]
    for name, context in CERTIFICATES.items():
        with ScriptedServer(tls=context(authority), clear_offers=(b"STARTTLS",)) as server:
            yield name, sending(refusal(lambda server=server: over_smtp(server, tls), MailError))  # type: ignore[misc]


def test_smtp_servers_that_refuse(authority: Authority, tls: Tls) -> None:
    check_page(PAGE, "SMTP servers", table(dict(of_smtp(authority, tls)), "the server"))


STATUSES = (
    *("301 Moved Permanently", "400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found"),
    *("413 Content Too Large", "429 Too Many Requests", "500 Internal Server Error", "502 Bad Gateway"),
    *("503 Service Unavailable", "504 Gateway Timeout"),
)


def of_https(authority: Authority, tls: Tls) -> Iterator[tuple[str, dict[str, str]]]:
    for status in STATUSES:
        with Provider(tls, answer(status, b"canary")) as server, mailgun(server, tls) as transport:
            yield status, sending(refusal(lambda transport=transport: transport.send(made()), MailError))  # type: ignore[misc]
    for name, context in CERTIFICATES.items():
        with Provider(Tls(server=context(authority), client=tls.client)) as server:
            with mailgun(server, tls) as transport:
                yield name, sending(refusal(lambda transport=transport: transport.send(made()), MailError))  # type: ignore[misc]


def test_providers_that_refuse(authority: Authority, tls: Tls) -> None:
    check_page(PAGE, "HTTPS providers", table(dict(of_https(authority, tls)), "the provider"))
