"""What goes wrong on the way to a server is told in words, and what does not mend itself is not temporary."""

from __future__ import annotations

import errno
import math
import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from http.client import BadStatusLine, IncompleteRead, LineTooLong, RemoteDisconnected
from pathlib import Path
from typing import Any

import pytest
from urllib3.exceptions import ProtocolError

from ondemand_attach import FileTransport, HttpsTransport, MaildirTransport, Message, SmtpTransport
from ondemand_attach._faults import fault
from ondemand_attach.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectionFailedError,
    MissingDependencyError,
    TransportError,
)
from ondemand_attach.testing import SmtpSink
from ondemand_attach.transports._https_connection import Connection
from transports.peers import DAY, Authority, ScriptedServer, Tls, made, says
from transports.test_https import Provider, answer, mailgun
from transports.test_smtp_faults import NAMES

SET_UP = {errno.EACCES, errno.EPERM, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT, errno.EPFNOSUPPORT}
TLS_REASONS = (
    Path(__file__).parents[1].joinpath("data", "tls_reasons.txt").read_text(encoding="ascii").split()
)
"""OpenSSL's names of what its TLS library reports; from Python 3.12 on, no module lists them any more."""


def check_text(text: str) -> None:
    assert NAMES.search(text) is None, text
    assert len(text) > 10


@pytest.mark.parametrize("number", sorted(errno.errorcode), ids=errno.errorcode.get)
def test_every_error_of_the_system_is_told_in_words(number: int) -> None:
    told = fault(OSError(number, "canary"))
    check_text(told.text)
    assert "canary" not in told.text
    assert told.is_temporary == (number not in SET_UP)


TOLD = {
    "connection refused": "ECONNREFUSED",
    "too many files open": "EMFILE",
    "the other side closed": "ECONNRESET ECONNABORTED EPIPE ESHUTDOWN ENOTCONN",
    "no answer in time": "ETIMEDOUT",
    "no way leads there": "ENETUNREACH EHOSTUNREACH ENETDOWN EHOSTDOWN",
    "short of memory or ports": "ENFILE ENOBUFS ENOMEM EADDRNOTAVAIL EAGAIN",
    "does not allow the connection": "EACCES EPERM",
    "cannot use addresses of that kind": "EAFNOSUPPORT EPROTONOSUPPORT EPFNOSUPPORT",
}
KNOWN = {name: text for text, names in TOLD.items() for name in names.split()}


@pytest.mark.parametrize("name", [*KNOWN, "EBADF", "EIO"])
def test_each_usual_error_of_the_system_is_told_with_what_to_do(name: str) -> None:
    assert KNOWN.get(name, "connection lost: ") in fault(OSError(getattr(errno, name), "canary")).text


@pytest.mark.parametrize(
    "error", [ConnectionError(), OSError("canary"), ConnectionResetError(), TimeoutError()]
)
def test_errors_without_a_number_are_outages(error: OSError) -> None:
    told = fault(error)
    check_text(told.text)
    assert told.is_temporary


def of_tls(reason: str | None, kind: type[ssl.SSLError] = ssl.SSLError) -> ssl.SSLError:
    error = kind(1, f"[SSL: {reason}] canary (_ssl.c:1000)")
    error.reason = reason  # type: ignore[assignment]
    return error


@pytest.mark.parametrize("reason", [*TLS_REASONS, None])
def test_every_error_of_tls_is_told_in_words(reason: str | None) -> None:
    told = fault(of_tls(reason))
    check_text(told.text)
    assert "canary" not in told.text


OF_SET_UP = {
    "WRONG_VERSION_NUMBER": "does not speak TLS at this port",
    "HTTP_REQUEST": "does not speak TLS at this port",
    "UNSUPPORTED_PROTOCOL": "no TLS of version 1.2",
    "TLSV1_ALERT_PROTOCOL_VERSION": "no TLS of version 1.2",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "no cipher or kind of key in common",
    "DH_KEY_TOO_SMALL": "no cipher or kind of key in common",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "client certificate",
    "TLSV1_ALERT_UNKNOWN_CA": "client certificate",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "client certificate",
    "TLSV1_UNRECOGNIZED_NAME": "host in the URL",
}
OUTAGES = [
    "UNEXPECTED_EOF_WHILE_READING",
    "TLSV1_ALERT_INTERNAL_ERROR",
    "DECRYPTION_FAILED_OR_BAD_RECORD_MAC",
]


@pytest.mark.parametrize("reason", [*OF_SET_UP, *OUTAGES])
def test_a_handshake_that_can_never_succeed_is_not_temporary(reason: str) -> None:
    told = fault(of_tls(reason))
    assert told.is_temporary == (reason in OUTAGES)
    assert OF_SET_UP.get(reason, "") in told.text


@pytest.mark.parametrize("reason", OUTAGES)
def test_what_breaks_a_tls_connection_is_named(reason: str) -> None:
    assert fault(of_tls(reason)).text == f"the TLS connection broke: {reason.replace('_', ' ').lower()}"


@pytest.mark.parametrize("reason", [None, ""])
def test_a_tls_connection_that_breaks_without_a_reason_was_closed(reason: str | None) -> None:
    assert fault(of_tls(reason)) == fault(ConnectionResetError())


@pytest.mark.parametrize("kind", [ssl.SSLEOFError, ssl.SSLZeroReturnError])
def test_the_end_of_a_tls_connection_is_an_outage(kind: type[ssl.SSLError]) -> None:
    assert fault(of_tls("UNEXPECTED_EOF_WHILE_READING", kind)) == fault(ConnectionResetError())


EAI = sorted({name for name in dir(socket) if name.startswith("EAI_")})


@pytest.mark.parametrize("name", EAI)
def test_only_a_host_that_does_not_exist_is_no_outage_of_the_name_server(name: str) -> None:
    told = fault(socket.gaierror(getattr(socket, name), "canary"))
    check_text(told.text)
    assert told.is_temporary == (name not in {"EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY"})


@pytest.mark.parametrize(
    "error",
    [
        BadStatusLine("canary"),
        IncompleteRead(b"canary"),
        LineTooLong("canary"),
        RemoteDisconnected("canary"),
        smtplib.SMTPServerDisconnected("canary"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_answer_that_breaks_off_or_is_none_is_told_in_words(error: Exception) -> None:
    told = fault(error)
    check_text(told.text)
    assert told.is_temporary
    assert "canary" not in told.text


@pytest.mark.parametrize("error", [ProtocolError("canary"), BadStatusLine("canary")])
def test_errors_of_urllib3_are_told_in_words(error: Exception) -> None:
    connection = Connection("localhost", 1, context=ssl.create_default_context(), deadline=math.inf)
    failure = connection.failure(error)
    assert "the answer is not HTTP" in str(failure)
    assert "canary" not in str(failure)


def test_a_fault_of_the_library_says_where() -> None:
    try:
        {}["canary"]
    except KeyError as error:
        told = fault(error)
    assert re.search(r"KeyError at .*test_faults\.py:[0-9]+ .*ONDEMAND_ATTACH_INSECURE_DEBUG", told.text)
    assert "canary" not in told.text
    assert not told.is_temporary


# against real peers, over both ways


def over_smtps(port: int, context: ssl.SSLContext) -> Any:
    return SmtpTransport(f"smtps://localhost:{port}", ssl_context=context)


def over_starttls(port: int, context: ssl.SSLContext) -> Any:
    return SmtpTransport(f"smtp+starttls://localhost:{port}", ssl_context=context)


def over_https(port: int, context: ssl.SSLContext) -> Any:
    return HttpsTransport(f"https://localhost:{port}/send", lambda _: ({}, b""), ssl_context=context)


WAYS = [over_smtps, over_starttls, over_https]
Way = Callable[[int, ssl.SSLContext], Any]
CERTIFICATES: dict[str, tuple[dict[str, Any], str, bool]] = {
    "self-signed": ({"is_self_signed": True}, r"untrusted certificate: .*self.signed.*cafile=", False),
    "unknown authority": ({}, r"untrusted certificate: .*issuer.*cafile=", False),
    "other names": ({"names": ["mail.other.example"]}, r"not valid for 'localhost'.*into the URL", False),
    "a common name only": (
        {"names": [], "common_name": "localhost"},
        r"only a common name.*into the URL",
        False,
    ),
    "expired": ({"age": 60 * DAY}, r"has expired.*renews it", True),
    "not yet valid": ({"age": -DAY}, r"not yet valid.*clock", True),
}


def failure_of(way: Way, port: int, context: ssl.SSLContext) -> TransportError:
    with way(port, context) as transport, pytest.raises(TransportError) as caught:
        transport.send(made())
    check_text(str(caught.value))
    assert str(caught.value).startswith(f"localhost:{port} ")
    assert not caught.value.is_uncertain
    return caught.value


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", CERTIFICATES)
def test_a_certificate_that_is_not_trusted_says_why_and_what_to_do(
    name: str, way: Way, authority: Authority
) -> None:
    options, words, is_temporary = CERTIFICATES[name]
    issuer = Authority() if name == "unknown authority" else authority
    context = issuer.server_context(**options)
    with ScriptedServer(tls=context, is_implicit=way is not over_starttls) as server:
        failure = failure_of(way, server.port, authority.client_context())
    assert isinstance(failure, ConnectionFailedError)
    assert re.search(words, str(failure))
    assert failure.is_temporary == is_temporary


@pytest.mark.parametrize("way", WAYS)
def test_nobody_listens(way: Way, tls: Tls) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    failure = failure_of(way, port, tls.client)
    assert "connection refused: nothing listens at this port" in str(failure)
    assert failure.is_temporary


@pytest.mark.parametrize("way", [over_smtps, over_https])
def test_a_port_that_does_not_begin_with_tls(way: Way, tls: Tls) -> None:
    with ScriptedServer() as server:
        failure = failure_of(way, server.port, tls.client)
    assert re.search("does not speak TLS at this port: .*(587|port in the URL)", str(failure))
    assert not failure.is_temporary


def test_a_server_that_offers_no_encryption(tls: Tls) -> None:
    with ScriptedServer(clear_offers=[b"AUTH PLAIN"]) as server:
        failure = failure_of(over_starttls, server.port, tls.client)
    assert isinstance(failure, ConnectionFailedError)
    assert "offers no STARTTLS, and nothing is sent in clear text" in str(failure)
    assert not failure.is_temporary


@pytest.mark.parametrize("code", [b"535 5.7.8", b"534 5.7.9", b"535", b"454 4.7.0"])
def test_a_login_that_is_refused(code: bytes, tls: Tls) -> None:
    def log_in(port: int, context: ssl.SSLContext) -> Any:
        url = f"smtp+starttls://user@localhost:{port}"
        return SmtpTransport(url, password=lambda: "canary", ssl_context=context)

    with ScriptedServer({"auth": says(code + b" canary\r\n")}, tls=tls.server) as server:
        failure = failure_of(log_in, server.port, tls.client)
    assert isinstance(failure, AuthenticationError)
    assert ("send again later" if code.startswith(b"4") else "the user or the password is wrong") in str(
        failure
    )
    assert failure.is_temporary == code.startswith(b"4")
    assert "canary" not in str(failure)


BUSY = {408, 425, 429}
UNABLE = {501, 505, 506, 508, 510, 511}  # RFC 9110 section 15.6 and those that it refers to
GATEWAYS = {502, 504, 520, 522, 524, 598, 599}


@pytest.mark.parametrize("status", range(300, 600))
def test_every_status_of_a_provider_is_told_with_what_to_do(status: int) -> None:
    failure = over_https(1, ssl.create_default_context())._failure(status)
    assert re.fullmatch(rf"localhost:1 answered with HTTP status {status}: .{{10,}}", str(failure))
    check_text(str(failure))
    assert failure.is_temporary == (status in BUSY or (status >= 500 and status not in UNABLE | GATEWAYS))
    assert failure.is_uncertain == (status in GATEWAYS)


def test_a_provider_that_does_not_know_the_key(tls: Tls) -> None:
    with Provider(tls, answer("401 Unauthorized")) as server, mailgun(server, tls) as transport:
        with pytest.raises(AuthenticationError, match="the key is wrong") as caught:
            transport.send(made())
    assert not caught.value.is_temporary


# nobody is wiring any more


def wire(*_: Any) -> Any:
    raise ConfigurationError("wired at work")


def lack(*_: Any) -> Any:
    raise MissingDependencyError("wired at work")


@pytest.mark.parametrize("fail", [wire, lack])
def test_callables_of_our_transports_that_wire_while_they_work(fail: Any, tls: Tls) -> None:
    with SmtpSink(tls.server, users={"shop": "secret"}) as sink, Provider(tls) as server:
        base = f"https://localhost:{server.port}"
        transports = [
            SmtpTransport(sink.url, password=fail, ssl_context=tls.client),
            HttpsTransport(base, fail, ssl_context=tls.client),
            HttpsTransport.mailgun(
                domain="shop.example", api_key=fail, base_url=base, ssl_context=tls.client
            ),
        ]
        for transport in transports:
            with pytest.raises(TransportError, match="wired at work") as caught:
                transport.send(made())
            assert not caught.value.is_temporary


def test_a_message_that_wires_while_it_is_read(
    tmp_path: Any, tls: Tls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Message, "chunks", wire)
    for transport in (FileTransport(tmp_path), MaildirTransport(tmp_path)):
        with pytest.raises(TransportError, match="wired at work"):
            transport.send(made())
