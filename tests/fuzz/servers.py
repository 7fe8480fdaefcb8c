"""Targets that read what servers answer: mail servers, providers, time stamps, revocation, render processes."""

from __future__ import annotations

import functools
import json
import pathlib
import random
import socket
import ssl
import struct
import tempfile
import time
from contextlib import ExitStack
from typing import Any

from werkzeug.wrappers import Response

from fuzz import seeds, structures
from fuzz.seeds import REQUEST
from fuzz.target import Target
from ondemand_attach import HttpsTransport, PdfSigner, SmtpTransport, TimeStampAuthority
from ondemand_attach._receipt import PartReceipt
from ondemand_attach.errors import MailError, SigningError, TransportError
from ondemand_attach.pool import _processes
from protectors import authority
from transports.peers import Authority, Left, ScriptedServer, Wire, made

_ADDRESSES = ("jane.novotna@shop.example", "hidden@shop.example")


@functools.cache
def _kept() -> ExitStack:
    """What runs until this process, which is a fork, is ended."""
    return ExitStack()


# --- SMTP

_STAGES = ("greeting", "ehlo", "mail", "rcpt", "data", "dot", "quit")


class _Speaking(ScriptedServer):
    """Says the given lines, one piece at each stage, whatever it hears."""

    pieces: list[bytes] = []

    def _serve(self, wire: Wire, _: Any) -> None:
        wire.sock.settimeout(0.5)  # when both wait for the other, this one gives up
        try:
            for piece in self.pieces:
                wire.say(piece)
                line = wire.until(b"\r\n")
                if line.upper() == b"DATA" and b"354" in self.pieces[-1][:3]:
                    wire.until(b"\r\n.\r\n")
        except Left:
            pass
        finally:
            wire.sock.close()


@functools.cache
def _smtp() -> _Speaking:
    return _kept().enter_context(_Speaking())


def smtp(content: bytes) -> None:
    """Send a message to a server that answers anything."""
    server = _smtp()
    server.pieces = content.split(b"\0")
    with SmtpTransport(f"smtp://127.0.0.1:{server.port}", timeout=5.0) as transport:
        transport.send(made(recipients=_ADDRESSES))


_SMTP = (
    *(
        b"220 mail.example ESMTP\r\n",
        b"250-mail.example\r\n250-SIZE 50000000\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
    ),
    *(b"250 2.1.0 ok\r\n", b"250 2.1.5 ok\r\n", b"550 5.1.1 <jane.novotna@shop.example> unknown\r\n"),
    *(b"354 end with a dot\r\n", b"250 2.0.0 taken as 4711\r\n", b"221 bye\r\n"),
)


def _smtp_seeds() -> dict[str, bytes]:
    pipelining = _SMTP[1].replace(b"8BITMIME", b"PIPELINING")
    return {
        "taken": b"\0".join(_SMTP),
        "pipelined": b"\0".join((_SMTP[0], pipelining, b"".join(_SMTP[2:6]), *_SMTP[6:])),
        "refused": b"\0".join(
            (*_SMTP[:2], b"550-5.7.1 no\r\n550 5.7.1 jane.novotna@shop.example\r\n", _SMTP[7])
        ),
    }


def _smtp_bad() -> dict[str, bytes]:
    return {
        "a SIZE of many digits": b"\0".join((_SMTP[0], b"250-a\r\n250 SIZE " + b"9" * 400 + b"\r\n")),
        "a line without an end": b"220 " + b"a" * 100_000,
        "many lines": b"220-a\r\n" * 20_000,
        "another script's digits": "٢٢٠ a\r\n".encode(),
    }


# --- HTTPS


class _Answering(ScriptedServer):
    """Answers each request with the same bytes."""

    answer = b""

    def _serve(self, wire: Wire, _: Any) -> None:
        try:
            self._handshake(wire, {})
            head = wire.until(b"\r\n\r\n").lower()
            length = int(head.partition(b"content-length:")[2].split()[0])
            while len(wire.pending) < length:  # what is not read resets the connection
                wire.pending += wire.hear()
            wire.say(self.answer)
        except (Left, OSError):
            pass
        finally:
            wire.sock.close()


@functools.cache
def _https() -> tuple[_Answering, ssl.SSLContext]:
    issuer = Authority()
    server = _kept().enter_context(_Answering(tls=issuer.server_context(), is_implicit=True))
    return server, issuer.client_context()


def https(content: bytes) -> None:
    """Send a message to a provider that answers anything."""
    server, trust = _https()
    server.answer = content
    url = f"https://localhost:{server.port}"
    with HttpsTransport.mailgun(
        domain="mg.shop.example", api_key=lambda: "key", base_url=url, timeout=5.0, ssl_context=trust
    ) as transport:
        transport.send(made(recipients=_ADDRESSES))


_QUEUED = b'{"id": "<1@shop.example>", "message": "Queued. Thank you."}'
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(_QUEUED)


def _https_seeds() -> dict[str, bytes]:
    chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (len(_QUEUED), _QUEUED)
    return {
        "queued": _HEAD + _QUEUED,
        "in chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk,
        "refused": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 42\r\n\r\n"
        b'{"message": "jane.novotna@shop.example no"}',
        "moved": b"HTTP/1.1 302 Found\r\nLocation: https://localhost:1/\r\nContent-Length: 0\r\n\r\n",
    }


def _https_bad() -> dict[str, bytes]:
    return {
        "an address in a damaged header": b"HTTP/1.1 200 OK\r\nno colon for jane.novotna@shop.example\r\nContent-Length: 0\r\n\r\n",
        "many headers": b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 5000 + b"\r\n",
        "a length of many digits": b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        "a status of many digits": b"HTTP/1.1 " + b"9" * 5000 + b" OK\r\n\r\n",
        "a chunk of many digits": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"f" * 5000
        + b"\r\n",
    }


# --- time stamps and revocation


@functools.cache
def _authority() -> authority.Authority:
    folder = _kept().enter_context(tempfile.TemporaryDirectory())
    return _kept().enter_context(authority.running(pathlib.Path(folder)))


def _signed_at(level: Any, paths: tuple[str, ...], content: bytes) -> None:
    """Sign while the servers' answers, or what they would be, are changed as *content* says."""
    own = _authority()
    usual = own.answers[""]

    def special(asked: Any, forward: Any) -> Response:
        answer = Response.from_app(forward, asked.environ)
        return Response(_rewritten(answer.get_data(), content), content_type=answer.content_type)

    own.answers.clear()
    own.answers |= dict.fromkeys(paths, special)
    own.answers[""] = usual
    signer = PdfSigner(
        key=own.keys["signer"],
        certificate=own.certificates["signer"],
        chain=own.chain,
        level=level,
        time_stamps=TimeStampAuthority(url=own.clock, trust_roots=[own.root], timeout=2.0),
    )
    signer.sign(seeds.plain(), REQUEST)


def _rewritten(answer: bytes, content: bytes) -> bytes:
    """Return the bytes that *content* is, or the genuine answer changed as it says: it begins with a seed."""
    if not content.startswith(b"!"):
        return content
    chosen = random.Random(content)
    for _ in range((len(content) - 1) % 4):
        answer = structures.der(answer, chosen)
    return answer


def time_stamp(content: bytes) -> None:
    """Sign with a time stamp authority that answers anything."""
    _signed_at("B-T", ("/shop/tsa",), content)


def revocation(content: bytes) -> None:
    """Sign with OCSP responders and lists of revoked certificates that say anything."""
    _signed_at("B-LT", ("/shop/ocsp", "/shop/crls"), content)


def _answers() -> dict[str, bytes]:
    return {
        "genuine": b"!",
        **{f"changed in way {number}": b"!%d" % number for number in range(20)},
        "refused": bytes.fromhex("30053003020102"),
        "try later": bytes.fromhex("30030a0103"),
    }


def _bad_answers() -> dict[str, bytes]:
    return {
        "nothing": b"",
        "deep": structures._wrapped(b"\x02\x01\x01", 3000),
        "a length of 4 GB": b"\x30\x84\xff\xff\xff\xff\x02",
        "no end": b"\x30\x80" * 5000,
        "a page": b"<html>Not now</html>",
    }


# --- the render processes


class _Alone(_processes.Worker):
    """The application's end of a connection to a render process, without the process."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection, self._ending, self.is_settled = connection, "has ended", True


def wire(content: bytes) -> None:
    """Read what a render process answers, as one that a hostile document has taken over might."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setblocking(False)
        theirs.send(content[:100_000])
        theirs.shutdown(socket.SHUT_WR)
        try:
            _Alone(ours)._asked({"build": 1}, b"", 5.0, time.monotonic() + 5.0, 1 << 20)
        except MailError as error:
            if type(error) is not MailError or "makers of" in str(error):  # it may name any of ours
                raise


def _frame(head: object, *parts: bytes) -> bytes:
    encoded = head if isinstance(head, bytes) else json.dumps(head).encode()
    return struct.pack("!I", len(encoded)) + encoded + b"".join(parts)


def reframed(content: bytes, chosen: Any) -> bytes:
    """Change the head of a frame, and write its length anew."""
    (length,) = struct.unpack("!I", content[:4].ljust(4, b"\0"))
    head = structures.json_(content[4 : 4 + length], chosen)
    return struct.pack("!I", len(head)) + head + content[4 + length :]


_ANSWER: dict[str, Any] = {
    "error": None,
    "is_last": False,
    "log": [[30, "a warning"]],
    "is_document": [False, True],
    "parts_of_receipt": [],
    "template_version": "0" * 64,
    "parts": [4, 3],
}
_ERROR: dict[str, Any] = {
    "class": "ConfidentialityError",
    "text": "a value",
    "is_fatal": True,
    "places": {"path": "a.b", "template": "t", "line": 3, "filename": "x.pdf"},
    "frames": "",
}


def _wire_seeds() -> dict[str, bytes]:
    import dataclasses

    part = dataclasses.asdict(PartReceipt(part="attachment 1", media_type="text/csv", size=3))
    failed = {**_ANSWER, "error": _ERROR, "parts": [], "is_document": [], "parts_of_receipt": []}
    return {
        "built": _frame({**_ANSWER, "parts_of_receipt": [part]}, b"textabc"),
        "failed": _frame(failed),
    }


def _wire_bad() -> dict[str, bytes]:
    quiet = {**_ANSWER, "parts": [], "is_document": [], "parts_of_receipt": []}
    return {
        "a level beyond all": _frame(json.dumps(quiet).replace("30", "1e999").encode()),
        "a level of many digits": _frame(json.dumps(quiet).replace("30", "9" * 3000).encode()),
        "no level": _frame(json.dumps(quiet).replace("30", "NaN").encode()),
        "deep": _frame(b"[" * 100_000),
        "long": b"\xff\xff\xff\xff",
        "a class that is none": _frame({**quiet, "error": {**_ERROR, "class": []}}),
        "a note that is no text": _frame({**quiet, "error": {**_ERROR, "frames": {"a": 1}}}),
        "places that are a list": _frame({**quiet, "error": {**_ERROR, "places": [1]}}),
    }


TARGETS = (
    Target(
        name="answers of mail servers",
        seeds=_smtp_seeds,
        known_bad=_smtp_bad,
        read=smtp,
        runs=80,
        words=(
            b"250-",
            b"421 4.3.2 closing\r\n",
            b"\r\n",
            b"\0",
            b"SIZE 0",
            b"550 ",
            b"\xff\xfe",
            b"jane.novotna@shop.example",
            b"5.1.1",
        ),
        structures=(structures.lines, structures.lines),
    ),
    Target(
        name="answers of providers",
        seeds=_https_seeds,
        known_bad=_https_bad,
        read=https,
        runs=100,
        words=(
            b"HTTP/1.1 100 Continue\r\n\r\n",
            b"Transfer-Encoding: chunked\r\n",
            b"Content-Encoding: gzip\r\n",
            b"\xff",
            b"Connection: close\r\n",
        ),
        structures=(structures.lines, structures.lines, structures.json_),
        expected=(TransportError,),
    ),
    Target(
        name="answers of time stamp authorities",
        seeds=_answers,
        known_bad=_bad_answers,
        read=time_stamp,
        runs=25,
        words=(b"!", b"\x30\x80"),
        expected=(SigningError,),
    ),
    Target(
        name="answers about revocation",
        seeds=_answers,
        known_bad=_bad_answers,
        read=revocation,
        runs=20,
        words=(b"!", b"\x30\x80"),
        expected=(SigningError,),
    ),
    Target(
        name="answers of render processes",
        seeds=_wire_seeds,
        known_bad=_wire_bad,
        read=wire,
        runs=1500,
        structures=(reframed, reframed, reframed),
    ),
)
