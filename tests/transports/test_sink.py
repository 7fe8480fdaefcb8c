"""SmtpSink seen by the standard library's client."""

from __future__ import annotations

import smtplib
import socket
import threading
import time

import pytest

from ondemand_attach import MessageBuilder, SmtpTransport
from ondemand_attach._smtp_sink import SmtpSink
from ondemand_attach.testing import loopback_tls
from transports.peers import Tls

CONTENT = b"Subject: a\r\n\r\n.\r\n..\r\nx\r\n"
RECIPIENTS = ["jane@shop.example", "joe@shop.example"]


def connected(sink: SmtpSink) -> smtplib.SMTP:
    return smtplib.SMTP(sink.host, sink.port, local_hostname="localhost", timeout=120)


def test_delivery_is_kept() -> None:
    with SmtpSink() as sink:
        with connected(sink) as smtp:
            smtp.sendmail("orders@shop.example", RECIPIENTS, CONTENT, ["BODY=8BITMIME"])
            smtp.sendmail("", RECIPIENTS[:1], CONTENT)
        first, second = sink.deliveries
        assert repr(sink) == f"<SmtpSink at 127.0.0.1:{sink.port} with 2 deliveries>"
    assert (first.sender, first.recipients) == ("orders@shop.example", tuple(RECIPIENTS))
    assert (first.content, first.is_encrypted, first.user) == (CONTENT, False, None)
    assert (second.sender, second.recipients) == ("", ("jane@shop.example",))
    assert sink.connections == 1
    assert "Subject" not in repr(first)


def test_smtputf8() -> None:
    with SmtpSink() as sink, connected(sink) as smtp:
        smtp.sendmail("orders@shop.example", ["jürgen@shop.example"], CONTENT, ["SMTPUTF8", "BODY=8BITMIME"])
    assert sink.deliveries[0].recipients == ("jürgen@shop.example",)


def test_nothing_is_taken_before_starttls(tls: Tls) -> None:
    with SmtpSink(tls.server, users={"shop": "secret"}) as sink, connected(sink) as smtp:
        smtp.ehlo()
        assert not smtp.has_extn("auth")
        for command in (
            "MAIL FROM:<a@shop.example>",
            "AUTH PLAIN AHNob3AAc2VjcmV0",
            "RCPT TO:<a@shop.example>",
        ):
            assert smtp.docmd(command)[0] == 530
        smtp.starttls(context=tls.client)
        smtp.ehlo()
        assert smtp.has_extn("auth")
        assert not smtp.has_extn("starttls")
        assert smtp.docmd("STARTTLS")[0] == 503


def test_commands_before_the_handshake_are_forgotten(tls: Tls) -> None:
    with SmtpSink(tls.server) as sink, connected(sink) as smtp:
        smtp.ehlo()
        smtp.send(b"STARTTLS\r\nMAIL FROM:<injected@shop.example>\r\n")
        assert smtp.getreply()[0] == 220
        assert smtp.sock is not None
        smtp.sock = tls.client.wrap_socket(smtp.sock, server_hostname="127.0.0.1")
        smtp.file = None
        assert smtp.docmd("RCPT TO:<jane@shop.example>")[0] == 503


@pytest.mark.parametrize("mechanism", ["plain", "login"])
@pytest.mark.parametrize("initial_response", [True, False])
def test_login(mechanism: str, initial_response: bool, tls: Tls) -> None:
    with SmtpSink(tls.server, users={"shop": "secret"}) as sink, connected(sink) as smtp:
        smtp.starttls(context=tls.client)
        smtp.ehlo()
        assert smtp.docmd("MAIL FROM:<a@shop.example>")[0] == 530
        smtp.user, smtp.password = "shop", "wrong"
        handler = getattr(smtp, f"auth_{mechanism}")
        with pytest.raises(smtplib.SMTPAuthenticationError):
            smtp.auth(mechanism, handler, initial_response_ok=initial_response)
        smtp.password = "secret"
        smtp.auth(mechanism, handler, initial_response_ok=initial_response)
        smtp.sendmail("orders@shop.example", RECIPIENTS, CONTENT)
    assert (sink.deliveries[0].user, sink.deliveries[0].is_encrypted) == ("shop", True)
    assert sink.url == f"smtp+starttls://shop@127.0.0.1:{sink.port}"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("HELO x", 250),
        ("NOOP", 250),
        ("RSET", 250),
        ("VRFY jane", 502),
        ("", 502),
        ("run", 502),
        ("DATA", 503),
        ("RCPT TO:<a@shop.example>", 503),
        ("MAIL FROM:a@shop.example", 503),
        ("MAIL FROM:<a@shop.example", 503),
        ("STARTTLS", 503),
        ("AUTH PLAIN", 503),
    ],
)
def test_answers(command: str, code: int) -> None:
    with SmtpSink() as sink, connected(sink) as smtp:
        assert smtp.docmd(command)[0] == code


@pytest.mark.parametrize(("argument", "code"), [("PLAIN !", 501), ("PLAIN QQ==", 501), ("CRAM-MD5", 504)])
def test_malformed_login(argument: str, code: int) -> None:
    with SmtpSink(users={"shop": "secret"}) as sink, connected(sink) as smtp:
        assert smtp.docmd("AUTH", argument)[0] == code


def test_refused_recipients_and_size() -> None:
    with SmtpSink(refused=["joe@shop.example"], size_limit=100) as sink, connected(sink) as smtp:
        refused = smtp.sendmail("orders@shop.example", RECIPIENTS, CONTENT)
        assert set(refused) == {"joe@shop.example"}
        with pytest.raises(smtplib.SMTPDataError) as caught:
            smtp.sendmail("orders@shop.example", RECIPIENTS, b"x" * 101)
        assert caught.value.smtp_code == 552
    assert [delivery.recipients for delivery in sink.deliveries] == [("jane@shop.example",)]


def test_close_ends_connections_and_threads() -> None:
    before = threading.active_count()
    with SmtpSink() as sink:
        client = socket.create_connection((sink.host, sink.port))
        client.recv(100)
    assert client.recv(100) == b""
    client.close()
    assert threading.active_count() == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((sink.host, sink.port))


def test_client_that_speaks_no_smtp_harms_nobody(tls: Tls) -> None:
    with SmtpSink(tls.server) as sink:
        for noise in (b"\x16\x03\x01\xff\n", b"\xff" * 30_000, b"STARTTLS\r\nxxxxxxxxxxxxxx"):
            with socket.create_connection((sink.host, sink.port)) as client:
                client.sendall(noise)
        with connected(sink) as smtp:
            assert smtp.noop()[0] == 250
    assert sink.deliveries == []


def test_closing_does_not_wait_for_clients_that_stay() -> None:
    server, client = loopback_tls()
    with SmtpSink(server) as sink, SmtpTransport(sink.url, ssl_context=client) as transport:
        transport.send(
            MessageBuilder().sender("a@shop.example").subject("x").text("x").build({}, to="b@example.com")
        )
        started = time.monotonic()
        sink.close()
        assert time.monotonic() - started < 50  # it would have waited for a minute
