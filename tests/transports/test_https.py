"""HttpsTransport against a TLS server that plays Mailgun's messages.mime."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import email.parser
import email.policy
import importlib.util
import json
import logging
import re
import ssl
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from ondemand_attach import HttpsTransport, Mailer, Message, Receipt
from ondemand_attach.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectionFailedError,
    MissingDependencyError,
    TransportError,
)
from transports.peers import (
    DAY,
    Authority,
    Left,
    ScriptedServer,
    Tls,
    Wire,
    drips,
    drops,
    endless,
    in_turn,
    made,
    says,
    says_and_drops,
    stalls,
)

KEY = "key-canary"
QUEUED = b'{"id": "<1@shop.example>", "message": "Queued. Thank you."}'


def answer(status: str, body: bytes = QUEUED, headers: str = "") -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    )
    return head.encode() + body


@dataclass(frozen=True)
class Request:
    line: str
    headers: dict[str, str]
    body: bytes = dataclasses.field(repr=False)

    def parts(self) -> list[tuple[str, bytes]]:
        """Take the multipart body apart, byte by byte (RFC 7578)."""
        (boundary,) = re.findall(r"boundary=(\S+)", self.headers["content-type"])
        pieces = self.body.split(b"--" + boundary.encode())
        assert (pieces[0], pieces[-1]) == (b"", b"--\r\n")
        found = []
        for piece in pieces[1:-1]:
            head, _, content = piece.partition(b"\r\n\r\n")
            assert content.endswith(b"\r\n")
            found.append((head.strip().decode(), content[:-2]))
        return found


class Provider(ScriptedServer):
    """Speaks just enough HTTP/1.1 over TLS; `act` answers each request."""

    def __init__(self, tls: Tls, act: Callable[[Wire], None] | bytes = b"") -> None:
        self.requests: list[Request] = []
        self.act = act if callable(act) else says(act or answer("200 OK"))
        super().__init__(tls=tls.server, is_implicit=True)

    def _serve(self, wire: Wire, script: Any) -> None:
        try:
            self._handshake(wire, {})
            while True:
                self._take(wire)
                self.act(wire)
        except Left:
            pass
        finally:
            wire.sock.close()

    def _take(self, wire: Wire) -> None:
        head = wire.until(b"\r\n\r\n").decode()
        line, _, rest = head.partition("\r\n")
        fields = (field.partition(":") for field in rest.split("\r\n"))
        headers = {key.lower(): value.strip() for key, _, value in fields}
        length = int(headers["content-length"])
        while len(wire.pending) < length:
            wire.pending += wire.hear()
        self.requests.append(Request(line, headers, wire.pending[:length]))
        wire.pending = wire.pending[length:]


def mailgun(server: ScriptedServer, tls: Tls, *, timeout: float = 120.0) -> HttpsTransport:
    return HttpsTransport.mailgun(
        domain="mg.shop.example",
        api_key=lambda: KEY,
        base_url=f"https://localhost:{server.port}",
        timeout=timeout,
        ssl_context=tls.client,
    )


CONTENTS = {
    "ordinary": b"Subject: a\r\nTo: jane@shop.example\r\n\r\nx\r\n",
    "mbox and dots": b"Subject: a\r\n\r\nFrom x\r\n.\r\n..\r\n",
    "trailing space": b"Subject: a \r\n\r\n  \r\n\t\r\n\r\n\r\n",
    "binary": b"Subject: a\r\n\r\n" + bytes(range(256)) * 10 + b"\r\n",
    "boundaries": b"Subject: a\r\n\r\n--\r\n----x--\r\nContent-Disposition: form-data\r\n",
    "large": b"Subject: a\r\n\r\n" + b"0123456789\r\n" * 800_000,
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_bytes_arrive_exactly(content: bytes, tls: Tls) -> None:
    recipients = ["jane@shop.example", "hidden@shop.example", "jürgen@bücher.example"]
    with Provider(tls) as server, mailgun(server, tls) as transport:
        receipt = transport.send(made(content, recipients))
    (request,) = server.requests
    assert request.line == "POST /v3/mg.shop.example/messages.mime HTTP/1.1"
    assert request.headers["authorization"] == "Basic " + base64.b64encode(b"api:key-canary").decode()
    names = [re.findall(r'name="([^"]*)"', head)[0] for head, _ in request.parts()]
    values = [value for _, value in request.parts()]
    assert names == ["to", "to", "to", "o:tracking", "message"]
    assert values[:4] == [
        b"jane@shop.example",
        b"hidden@shop.example",
        "jürgen@xn--bcher-kva.example".encode(),
        b"no",
    ]
    assert values[4] == content
    assert receipt.message_id == "<1@shop.example>"
    assert receipt.accepted == tuple(recipients)


def test_request_is_what_the_standard_library_reads(tls: Tls) -> None:
    with Provider(tls) as server, mailgun(server, tls) as transport:
        transport.send(made(CONTENTS["ordinary"]))
    (request,) = server.requests
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    parsed = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + request.body)
    upload = list(parsed.iter_parts())[-1]
    assert upload.get_content_disposition() == "form-data"
    assert upload.get_filename() == "message.eml"
    assert upload.get_content_type() == "message/rfc822"


def test_connection_is_kept(tls: Tls) -> None:
    with Provider(tls) as server, mailgun(server, tls) as transport:
        for _ in range(5):
            transport.send(made())
    assert len(server.requests) == 5
    assert len(server.wires) == 1


def test_connection_closed_while_idle_is_opened_again(tls: Tls) -> None:
    def say_and_leave(wire: Wire) -> None:
        wire.say(answer("200 OK"))
        raise Left

    with Provider(tls, say_and_leave) as server, mailgun(server, tls) as transport:
        for _ in range(3):
            transport.send(made())
            server.wires[-1].sock.close()
    assert len(server.requests) == 3
    assert len(server.wires) == 3


def test_chunked_answer_keeps_the_connection(tls: Tls) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{}\n\r\n0\r\n\r\n"
    with Provider(tls, chunked) as server, mailgun(server, tls) as transport:
        for _ in range(3):
            transport.send(made())
    assert len(server.wires) == 1


def test_connection_with_a_long_answer_is_not_kept(tls: Tls) -> None:
    with Provider(tls, answer("200 OK", b"x" * 1_000_000)) as server, mailgun(server, tls) as transport:
        for _ in range(3):
            transport.send(made())
    assert len(server.wires) == 3


def test_server_that_closes_each_time(tls: Tls) -> None:
    closing = answer("200 OK", headers="Connection: close\r\n")
    with Provider(tls, closing) as server, mailgun(server, tls) as transport:
        for _ in range(3):
            transport.send(made())
    assert len(server.wires) == 3


def test_threads_have_a_connection_each(tls: Tls) -> None:
    with Provider(tls) as server, mailgun(server, tls) as transport:
        contents = [b"Subject: %d\r\n\r\n" % number for number in range(64)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda content: transport.send(made(content)), contents))
    assert {request.parts()[-1][1] for request in server.requests} == set(contents)
    assert len(server.wires) <= 4


@pytest.mark.parametrize(
    ("status", "kind", "is_temporary"),
    [
        ("400 Bad Request", TransportError, False),
        ("401 Unauthorized", AuthenticationError, False),
        ("402 Payment Required", TransportError, False),
        ("403 Forbidden", AuthenticationError, False),
        ("404 Not Found", TransportError, False),
        ("408 Request Timeout", TransportError, True),
        ("413 Content Too Large", TransportError, False),
        ("429 Too Many Requests", TransportError, True),
        ("500 Internal Server Error", TransportError, True),
        ("503 Service Unavailable", TransportError, True),
        ("301 Moved Permanently", TransportError, False),
        ("307 Temporary Redirect", TransportError, False),
    ],
)
def test_status(status: str, kind: type[TransportError], is_temporary: bool, tls: Tls) -> None:
    with Provider(tls) as elsewhere:
        location = f"Location: https://localhost:{elsewhere.port}/\r\n"
        with Provider(tls, answer(status, b'{"message": "canary"}', location)) as server:
            transport = mailgun(server, tls)
            with pytest.raises(TransportError) as caught:
                transport.send(made())
            transport.close()
    assert type(caught.value) is kind
    assert caught.value.is_temporary == is_temporary
    assert not caught.value.is_uncertain
    assert caught.value.code == int(status[:3])
    assert "canary" not in str(caught.value)
    assert elsewhere.wires == []


@pytest.mark.parametrize(
    "status",
    ["502 Bad Gateway", "504 Gateway Timeout", "520 Unknown", "522 Timed Out", "524 Timeout", "599 Timeout"],
)
def test_a_gateway_that_does_not_know_what_became_of_it_leaves_it_uncertain(status: str, tls: Tls) -> None:
    with Provider(tls, answer(status)) as server, mailgun(server, tls) as transport:
        with pytest.raises(TransportError) as caught:
            transport.send(made())
    assert (caught.value.is_uncertain, caught.value.is_temporary) == (True, False)
    assert caught.value.code == int(status[:3])


DAMAGED = {
    "a line without a colon": b"no colon for jane@shop.example\r\nContent-Length: 0\r\n",
    "a line that begins with a space": b" jane@shop.example\r\nContent-Length: 0\r\n",
    "a name with a space": b"X jane@shop.example: 1\r\nContent-Length: 0\r\n",
    "no name": b": jane@shop.example\r\nContent-Length: 0\r\n",
    "two lengths": b"Content-Length: 1\r\nContent-Length: jane@shop.example\r\n",
    "a length of thousands of digits": b"Content-Length: " + b"9" * 5000 + b"\r\n",
    "a multipart without a boundary": b"Content-Type: multipart/mixed; for=jane@shop.example\r\n",
    "a cookie": b"Set-Cookie: jane@shop.example; expires=never\r\nContent-Length: 0\r\n",
    "an encoding that is none": b"Content-Encoding: jane@shop.example\r\nContent-Length: 0\r\n",
    "8-bit": b"X: \xff\xfe jane@shop.example\r\nContent-Length: 0\r\n",
}


@pytest.mark.parametrize("header", DAMAGED.values(), ids=DAMAGED)
@pytest.mark.parametrize("status", [b"200 OK", b"500 NO jane@shop.example"])
def test_nothing_of_an_answer_reaches_a_log(
    header: bytes, status: bytes, tls: Tls, caplog: pytest.LogCaptureFixture
) -> None:
    said = b"HTTP/1.1 " + status + b"\r\n" + header + b"\r\n"
    # Some of these have no end that can be told; whether that is waited for makes no difference here.
    with (
        caplog.at_level(logging.DEBUG),
        Provider(tls, said) as server,
        mailgun(server, tls, timeout=1.0) as transport,
        contextlib.suppress(TransportError),
    ):
        assert transport.send(made()).answer == "HTTP status 200"
    assert "jane" not in caplog.text


def endless_after(start: bytes, line: bytes) -> Callable[[Wire], None]:
    def action(wire: Wire) -> None:
        wire.say(start)
        endless(line)(wire)

    return action


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
FAULTS: dict[str, tuple[Callable[[Wire], None] | bytes, str]] = {
    "drop": (drops, "uncertain"),
    "stall": (stalls, "uncertain"),
    "garbage": (b"220 mail.shop.example ESMTP\r\n\r\n", "uncertain"),
    "empty line": (b"\r\n\r\n", "uncertain"),
    "drip in the status": (drips(b"HTTP/1.1 200"), "uncertain"),
    "drip in a header": (drips(b"HTTP/1.1 200 OK\r\nX: "), "ok"),  # the status is the answer
    "endless status": (endless(b"HTTP/1.1 200 xxxxxxxxxxxxxxxxxx"), "uncertain"),
    "endless header": (endless(b"HTTP/1.1 200 OK\r\nX: xxxxxxxxxxx"), "uncertain"),
    "endless headers": (endless(b"HTTP/1.1 200 OK\r\n"), "uncertain"),
    "endless 100": (endless(b"HTTP/1.1 100 Continue\r\n\r\n"), "uncertain"),
    "status only": (b"HTTP/1.1 200 OK\r\n\r\n", "ok"),
    "drip in the body": (drips(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"), "ok"),
    "endless body": (endless(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100), "ok"),
    "length of thousands of digits": (
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        "ok",
    ),
    "endless chunk size": (endless_after(CHUNKED, b"0" * 90), "ok"),
    "endless trailers": (endless_after(CHUNKED + b"0\r\n", b"x: y\r\n"), "ok"),
    "status of thousands of digits": (b"HTTP/1.1 " + b"2" * 5000 + b" OK\r\n\r\n", "uncertain"),
    "status below zero": (b"HTTP/1.1 -20 OK\r\n\r\n", "uncertain"),
    "short body": (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx", "ok"),
    "refusal with an endless body": (endless(b"HTTP/1.1 500 NO\r\n\r\n" + b"x" * 100), "temporary"),
}


@dataclass(frozen=True)
class Outcome:
    kind: str
    seconds: float
    text: str = ""


BRIEF = 5.0  # seconds, after which a client gives up on a peer that waits or says something without an end
WAITING = re.compile("drip|stall|endless|short body|length of|status only|refusal")


def outcome(act: Callable[[Wire], None] | bytes, tls: Tls, deadline: float) -> Outcome:
    with Provider(tls, act) as server:
        started = time.monotonic()
        try:
            with mailgun(server, tls, timeout=deadline) as transport:
                transport.send(made())
        except TransportError as error:
            kind = "uncertain" if error.is_uncertain else "temporary" if error.is_temporary else "permanent"
            return Outcome(kind, time.monotonic() - started, str(error))
        return Outcome("ok", time.monotonic() - started)


@pytest.fixture(scope="module")
def outcomes(tls: Tls) -> Iterator[dict[str, Outcome]]:
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(
            lambda name: outcome(FAULTS[name][0], tls, BRIEF if WAITING.match(name) else 120.0), FAULTS
        )
        yield dict(zip(FAULTS, found, strict=True))


@pytest.mark.parametrize("fault", FAULTS)
def test_fault(fault: str, outcomes: dict[str, Outcome]) -> None:
    assert outcomes[fault].kind == FAULTS[fault][1], outcomes[fault].text
    assert outcomes[fault].seconds < 200  # no more is meant than that it ends
    assert "canary" not in outcomes[fault].text


def test_body_that_is_not_read_is_temporary(tls: Tls) -> None:
    class Deaf(Provider):
        def _take(self, wire: Wire) -> None:
            wire.hear()
            raise Left

    with Deaf(tls) as server, mailgun(server, tls) as transport:
        with pytest.raises(TransportError) as caught:
            transport.send(made(b"x" * 30_000_000))
    assert caught.value.is_temporary
    assert not caught.value.is_uncertain


BAD_PEERS: dict[str, Callable[[Authority], ssl.SSLContext]] = {
    "self-signed": lambda authority: authority.server_context(is_self_signed=True),
    "expired": lambda authority: authority.server_context(age=60 * DAY),
    "wrong host": lambda authority: authority.server_context(["mail.other.example"]),
    "unknown authority": lambda _: Authority().server_context(),
}


@pytest.mark.parametrize("context", BAD_PEERS.values(), ids=BAD_PEERS)
def test_bad_peer_learns_nothing(
    context: Callable[[Authority], ssl.SSLContext], authority: Authority, tls: Tls
) -> None:
    with Provider(Tls(server=context(authority), client=tls.client)) as server:
        with pytest.raises(ConnectionFailedError, match="untrusted certificate") as caught:
            mailgun(server, tls).send(made())
    assert caught.value.is_temporary == (context is BAD_PEERS["expired"])
    assert server.encrypted == b""
    assert b"canary" not in server.clear


@pytest.mark.parametrize("names", [[], ["127.0.0.1"]], ids=["no names", "another kind of name"])
def test_a_certificate_that_names_the_host_in_its_common_name_only_is_not_trusted(
    names: list[str], authority: Authority
) -> None:
    context = authority.client_context()
    assert context.hostname_checks_common_name  # as an application's own context has it
    server_context = authority.server_context(names, common_name="localhost")
    with Provider(Tls(server=server_context, client=context)) as server:
        with mailgun(server, Tls(server=server_context, client=context)) as transport:
            with pytest.raises(ConnectionFailedError, match="only a common name"):
                transport.send(made())
    assert server.requests == []
    assert context.hostname_checks_common_name


def test_peer_without_tls_learns_nothing(tls: Tls) -> None:
    with ScriptedServer() as server:
        with pytest.raises(ConnectionFailedError):
            mailgun(server, tls).send(made())
    assert b"canary" not in server.clear
    assert b"Basic" not in server.clear


def test_interrupted_connection_is_dropped(tls: Tls, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with Provider(tls) as server, mailgun(server, tls) as transport:
        with monkeypatch.context() as patch:
            patch.setattr("ondemand_attach.transports._https_connection.Connection.getresponse", interrupt)
            with pytest.raises(KeyboardInterrupt):
                transport.send(made())
        transport.send(made())
    assert len(server.wires) == 2


def test_a_message_that_was_not_begun_on_a_kept_connection_is_not_uncertain(
    tls: Tls, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: threading.Timer) -> None:
        raise RuntimeError("can't start new thread")

    with Provider(tls) as server, mailgun(server, tls) as transport:
        transport.send(made())
        with monkeypatch.context() as patch:
            patch.setattr(threading.Timer, "start", refuse)
            with pytest.raises(TransportError) as caught:
                transport.send(made())
        transport.send(made())
    assert not caught.value.is_uncertain
    assert len(server.requests) == 2


def test_no_thread_is_left(tls: Tls) -> None:
    before = set(threading.enumerate())
    with Provider(tls) as server:
        with mailgun(server, tls) as transport:
            transport.send(made())
    for thread in set(threading.enumerate()) - before:
        thread.join(60)  # those of the server may be about to end
        assert not thread.is_alive()


def failing() -> str:
    raise KeyError("canary")


def test_callable_without_a_key(tls: Tls) -> None:
    with Provider(tls) as server:
        transport = HttpsTransport.mailgun(
            domain="shop.example",
            api_key=failing,
            base_url=f"https://localhost:{server.port}",
            ssl_context=tls.client,
        )
        with pytest.raises(AuthenticationError, match="KeyError") as caught:
            transport.send(made())
    assert "canary" not in "".join(traceback.format_exception(caught.value))
    assert server.requests == []


def test_another_provider(tls: Tls) -> None:
    def encode(message: Any) -> tuple[dict[str, str], bytes]:
        return {"Content-Type": "text/plain"}, base64.b64encode(message.content)

    with Provider(tls, answer("202 Accepted", b"")) as server:
        url = f"https://localhost:{server.port}/users/me/sendMail?x=1"
        with HttpsTransport(url, encode, ssl_context=tls.client) as transport:
            transport.send(made())
    assert server.requests[0].line == "POST /users/me/sendMail?x=1 HTTP/1.1"
    assert base64.b64decode(server.requests[0].body) == made().content


# what the application's own functions make of it


def posting(server: ScriptedServer, tls: Tls, encode: Any = None, decode: Any = None) -> HttpsTransport:
    url = f"https://localhost:{server.port}/send"
    return HttpsTransport(
        url, encode or (lambda _: ({}, b"")), decode=decode, ssl_context=tls.client, timeout=120
    )


def raising(*_: Any) -> Any:
    raise ValueError("canary")


def raising_in_a_library(_: Any) -> Any:
    return {}, json.dumps({"canary": object()}).encode()


def wiring_at_work(_: Any) -> Any:
    HttpsTransport("canary", raising)


@pytest.mark.parametrize(
    ("encode", "words"),
    [
        (raising, r"encode= raised ValueError at .*test_https\.py:[0-9]+ \(raising\)"),
        (raising_in_a_library, r"raised TypeError at .*test_https\.py:[0-9]+ \(raising_in_a_library\)"),
        (wiring_at_work, "the URL of the provider"),
        (lambda _: None, "did not return two things"),
        (lambda _: ({}, "canary"), "did not return two things"),
        (lambda _: ({}, b"", 1), "did not return two things"),
        (lambda _: ([("a", "b")], b""), "did not return two things"),
        (lambda _: ({"X": "a\r\nBcc: canary"}, b""), "did not return two things"),
        (lambda _: ({"X: y": "canary"}, b""), "did not return two things"),
        (lambda _: ({"X": "€ canary"}, b""), "did not return two things"),
        (lambda _: ({"X": None}, b""), "did not return two things"),
        (lambda _: ({b"X": "canary"}, b""), "did not return two things"),
    ],
)
def test_a_request_that_cannot_be_made_is_an_error_that_no_retry_mends(
    encode: Any, words: str, tls: Tls
) -> None:
    with Provider(tls) as server, posting(server, tls, encode) as transport:
        with pytest.raises(TransportError, match=words) as caught:
            transport.send(made())
    assert type(caught.value) is TransportError
    assert (caught.value.is_temporary, caught.value.is_uncertain) == (False, False)
    assert "canary" not in str(caught.value)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert server.wires == []


def test_the_id_of_the_provider_is_in_the_receipt(tls: Tls) -> None:
    with Provider(tls) as server, mailgun(server, tls) as transport:
        receipt = Mailer(transport).deliver(made())
    assert receipt.provider_id == "<1@shop.example>"
    assert Receipt.from_json(receipt.to_json()).provider_id == "<1@shop.example>"


def test_a_provider_is_asked_in_its_own_words(tls: Tls) -> None:
    said = answer("202 Accepted", b'{"MessageId": "0100-abc"}')
    with Provider(tls, said) as server:
        with posting(server, tls, decode=lambda body: json.loads(body)["MessageId"]) as transport:
            assert [transport.send(made()).provider_id for _ in range(2)] == ["0100-abc"] * 2
    assert len(server.wires) == 1


def interrupted(*_: Any) -> Any:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("said", "decode", "words"),
    [
        (answer("200 OK"), raising, r"decode= raised ValueError at .*test_https\.py:[0-9]+"),
        (answer("200 OK", b"canary"), json.loads, "decode= raised JSONDecodeError"),
        (answer("200 OK"), lambda _: None, "decode= found none"),
        (answer("200 OK"), lambda _: 4711, "decode= found none"),
        (answer("200 OK"), lambda _: "canary " * 2, "decode= found none"),
        (answer("200 OK"), lambda _: "x" * 201, "decode= found none"),
        (answer("200 OK"), lambda _: "bounce+jane=shop.example@x", "decode= found none"),
        (answer("200 OK"), lambda _: "for-Jane@shop.example", "decode= found none"),
        (answer("200 OK", b"x" * 65537), lambda _: "canary", "longer than 64 KiB"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx", lambda _: "canary", "did not come in whole"),
    ],
)
def test_a_message_that_was_taken_is_sent_whatever_is_made_of_the_answer(
    said: bytes, decode: Any, words: str, tls: Tls, caplog: pytest.LogCaptureFixture
) -> None:
    with Provider(tls, in_turn(says_and_drops(said))) as server:
        with posting(server, tls, decode=decode) as transport:
            receipt = transport.send(made())
    assert receipt.accepted == ("jane@shop.example",)
    assert receipt.provider_id is None
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert re.search(words, record.getMessage())
    assert "<1@shop.example> is sent, but its receipt has no provider_id" in record.getMessage()
    assert not {"canary", "jane"} & set(re.findall(r"\w+", record.getMessage().lower()))


def test_an_answer_of_64_kib_is_decoded(tls: Tls) -> None:
    with Provider(tls, answer("200 OK", b"x" * 65536)) as server:
        with posting(server, tls, decode=lambda body: str(len(body))) as transport:
            assert transport.send(made()).provider_id == "65536"


def test_a_refusal_is_not_decoded(tls: Tls) -> None:
    with Provider(tls, answer("400 Bad Request")) as server, posting(server, tls, decode=interrupted) as one:
        with pytest.raises(TransportError, match="400"):
            one.send(made())


def test_what_a_transport_of_the_application_calls_the_message_is_checked_as_well() -> None:
    given: list[Any] = ["0100-abc", "jane@shop.example", 4711, "a b"]

    def send(message: Message) -> Receipt:
        return Receipt(message_id=message.message_id, provider_id=given.pop(0))

    assert [Mailer(send).deliver(made()).provider_id for _ in range(4)] == ["0100-abc", None, None, None]


@pytest.mark.parametrize(("encode", "decode"), [("canary", None), (raising, "canary"), (None, None)])
def test_what_is_no_function_is_refused_while_wiring(encode: Any, decode: Any) -> None:
    with pytest.raises(ConfigurationError, match="functions"):
        HttpsTransport("https://provider.example/", encode, decode=decode)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"domain": "shop.example/x"}, "domain"),
        ({"domain": ""}, "domain"),
        ({"api_key": "canary"}, "callable"),
        ({"base_url": "http://api.mailgun.net"}, "https://host"),
        ({"base_url": "https://user:canary@api.mailgun.net"}, "https://host"),
        ({"base_url": "https://api.mailgun.net:canary"}, "https://host"),
        ({"base_url": "https://api..mailgun.net"}, "https://host"),
        ({"timeout": -1.0}, "timeout"),
    ],
)
def test_wrong_wiring(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigurationError, match=text) as caught:
        HttpsTransport.mailgun(**{"domain": "shop.example", "api_key": str, **options})
    assert "canary" not in str(caught.value)


def test_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingDependencyError, match=r'pip install "ondemand_attach\[http\]"'):
        HttpsTransport.mailgun(domain="shop.example", api_key=str)


def test_repr_has_no_path() -> None:
    transport = HttpsTransport.mailgun(domain="shop.example", api_key=str)
    assert repr(transport) == "<HttpsTransport https://api.mailgun.net:443>"


@pytest.mark.parametrize("name", ["stall", "drip in the status"])
def test_a_request_that_our_time_limit_ended_says_so(name: str, tls: Tls) -> None:
    found = outcome(FAULTS[name][0], tls, 1.0)
    assert "no answer in time" in found.text
    assert "closed" not in found.text
