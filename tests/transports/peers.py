"""Certificates, and an SMTP server that does at each stage what a script says."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import select
import socket
import ssl
import struct
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ondemand_attach import Address, Envelope, Message

NAMES = ("localhost", "127.0.0.1")
SIGNS_CERTIFICATES = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)
OFFERS = (b"8BITMIME", b"SMTPUTF8", b"SIZE 50000000")
DAY = datetime.timedelta(days=1)
LASTS = 60.0  # seconds; what a peer does without an end, unless the other side leaves


def made(
    content: bytes = b"Subject: order\r\n\r\ncanary-in-the-content\r\n.\r\n..two\r\n",
    recipients: Iterable[str] = ("jane@shop.example",),
    sender: str | None = "orders@shop.example",
) -> Message:
    envelope = Envelope(
        sender=Address(addr_spec=sender) if sender else None,
        recipients=tuple(Address(addr_spec=recipient) for recipient in recipients),
    )
    return Message(envelope=envelope, message_id="<1@shop.example>", content=content)


class Authority:
    """A certificate authority for one test run."""

    def __init__(self, name: str = "test authority") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._signed(self.name, self.key, is_authority=True)

    def client_context(self) -> ssl.SSLContext:
        """Trust this authority and no other."""
        return ssl.create_default_context(cadata=self.certificate.public_bytes(Encoding.PEM).decode())

    def server_context(
        self,
        names: Iterable[str] = NAMES,
        *,
        age: datetime.timedelta = DAY,
        is_self_signed: bool = False,
        usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH,
        common_name: str = "server",
    ) -> ssl.SSLContext:
        """Issue a certificate that was made *age* ago, good for 30 days."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "pem")
            path.write_bytes(
                self.pem(names, age=age, is_self_signed=is_self_signed, usage=usage, common_name=common_name)
            )
            context.load_cert_chain(path)
        return context

    def pem(
        self,
        names: Iterable[str] = NAMES,
        *,
        age: datetime.timedelta = DAY,
        is_self_signed: bool = False,
        usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH,
        common_name: str = "server",
    ) -> bytes:
        """Return a certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        issuer = Authority(common_name) if is_self_signed else self
        certificate = issuer._signed(subject, key, names=names, age=age, usage=usage)
        chain = certificate.public_bytes(Encoding.PEM) + key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        if is_self_signed:
            chain += issuer.certificate.public_bytes(Encoding.PEM)
        return chain

    def _signed(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        *,
        names: Iterable[str] = (),
        age: datetime.timedelta = DAY,
        is_authority: bool = False,
        usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH,
    ) -> x509.Certificate:
        start = datetime.datetime.now(datetime.UTC) - age
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + 30 * DAY)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        )
        builder = builder.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
        builder = builder.add_extension(  # Python 3.13 asks for it (VERIFY_X509_STRICT)
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
        )
        if is_authority:
            builder = builder.add_extension(SIGNS_CERTIFICATES, critical=True)
        else:
            builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if names := tuple(names):
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False
            )
        return builder.sign(self.key, hashes.SHA256())


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@dataclass(frozen=True)
class Tls:
    """A server's context and a client's that trusts it."""

    server: ssl.SSLContext
    client: ssl.SSLContext


class Left(Exception):  # noqa: N818 - not an error
    """The connection is over."""


@dataclass
class Wire:
    """One connection of the scripted server."""

    sock: socket.socket
    clear: bytearray = field(default_factory=bytearray)
    encrypted: bytearray = field(default_factory=bytearray)
    pending: bytes = b""

    @property
    def is_encrypted(self) -> bool:
        return isinstance(self.sock, ssl.SSLSocket)

    def say(self, text: bytes) -> None:
        try:
            self.sock.sendall(text)
        except OSError:
            raise Left from None

    def hear(self) -> bytes:
        try:
            received = self.sock.recv(65536)
        except OSError:
            raise Left from None
        if not received:
            raise Left
        (self.encrypted if self.is_encrypted else self.clear).extend(received)
        return received

    def until(self, end: bytes) -> bytes:
        while end not in self.pending:
            self.pending += self.hear()
        found, _, self.pending = self.pending.partition(end)
        return found


Action = Callable[[Wire], None]


def says(text: bytes) -> Action:
    return lambda wire: wire.say(text)


def in_turn(*actions: Action) -> Action:
    rest = list(actions)

    def action(wire: Wire) -> None:
        rest.pop(0)(wire)

    return action


def drops(wire: Wire) -> None:
    raise Left


def says_and_drops(text: bytes) -> Action:
    def action(wire: Wire) -> None:
        wire.say(text)
        raise Left

    return action


def says_and_resets(text: bytes) -> Action:
    def action(wire: Wire) -> None:
        wire.say(text)
        wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Left

    return action


def stalls(wire: Wire) -> None:
    with contextlib.suppress(Left):
        while True:
            wire.hear()
    raise Left


def stalls_deaf(wire: Wire) -> None:
    """Read nothing more; the client's own limit must end it."""
    gone = select.poll()
    gone.register(wire.sock, 0)  # which tells that the connection ended, and nothing else
    gone.poll(LASTS * 1000)
    raise Left


def drips(text: bytes, seconds: float = LASTS) -> Action:
    """Send *text*, then a byte every few milliseconds, for longer than any test waits."""

    def action(wire: Wire) -> None:
        wire.say(text)
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            wire.say(b"x")
            time.sleep(0.02)
        raise Left

    return action


def endless(line: bytes, seconds: float = LASTS) -> Action:
    def action(wire: Wire) -> None:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            wire.say(line * 1000)
        raise Left

    return action


class ScriptedServer:
    """An SMTP server that takes every message, but for what the script says at one of these stages.

    Stages: greeting, ehlo, starttls, handshake, secure ehlo, auth, mail, rcpt, data, body, dot, quit.
    Each action is for one connection, taken in turn; the last goes for all that follow.
    """

    def __init__(
        self,
        script: dict[str, Action] | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        is_implicit: bool = False,
        offers: Iterable[bytes] = OFFERS,
        clear_offers: Iterable[bytes] = (b"STARTTLS",),
        first_scripts: Iterable[dict[str, Action]] = (),
    ) -> None:
        self.script = script or {}
        self.scripts = list(first_scripts)
        self.tls = tls
        self.is_implicit = is_implicit
        self.offers = tuple(offers)
        self.clear_offers = tuple(clear_offers)
        self.wires: list[Wire] = []
        self.contents: list[bytes] = []
        self.commands: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def clear(self) -> bytes:
        """Everything that was received outside of TLS."""
        return b"".join(wire.clear for wire in self.wires)

    @property
    def encrypted(self) -> bytes:
        """Everything that was received inside of TLS."""
        return b"".join(wire.encrypted for wire in self.wires)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for sock in (self._listener, *(wire.sock for wire in self.wires)):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                wire = Wire(sock)
                self.wires.append(wire)
                script = self.scripts.pop(0) if self.scripts else self.script
                self._threads.append(threading.Thread(target=self._serve, args=(wire, script), daemon=True))
                self._threads[-1].start()

    def _serve(self, wire: Wire, script: dict[str, Action]) -> None:
        try:
            if self.is_implicit:
                self._handshake(wire, script)
            script.get("greeting", says(b"220 scripted\r\n"))(wire)
            while True:
                self._answer(wire, script, wire.until(b"\r\n"))
        except Left:
            pass
        finally:
            wire.sock.close()

    def _answer(self, wire: Wire, script: dict[str, Action], line: bytes) -> None:
        self.commands.append(line)
        verb = line.partition(b" ")[0].lower().decode("latin-1")
        stage = "secure ehlo" if verb == "ehlo" and wire.is_encrypted else verb
        if stage in script and stage != "starttls":
            script[stage](wire)
        elif verb == "ehlo":
            extra = (b"AUTH PLAIN LOGIN",) if wire.is_encrypted else self.clear_offers
            wire.say(b"".join(b"250-%s\r\n" % offer for offer in (b"scripted", *self.offers, *extra)))
            wire.say(b"250 HELP\r\n")
        elif verb == "starttls":
            script.get("starttls", says(b"220 go ahead\r\n"))(wire)
            self._handshake(wire, script)
        elif verb == "data":
            self._receive(wire, script)
        elif verb == "quit":
            wire.say(b"221 bye\r\n")
            raise Left
        else:
            wire.say(b"235 welcome\r\n" if verb == "auth" else b"250 ok\r\n")

    def _handshake(self, wire: Wire, script: dict[str, Action]) -> None:
        if "handshake" in script:
            with contextlib.suppress(OSError):  # the client begins; what came earlier would be a second reply
                wire.sock.recv(1, socket.MSG_PEEK)
            script["handshake"](wire)
            return
        assert self.tls is not None
        plain = wire.sock
        try:
            wire.sock = self.tls.wrap_socket(plain, server_side=True)
        except OSError:
            plain.close()
            raise Left from None

    def _receive(self, wire: Wire, script: dict[str, Action]) -> None:
        wire.say(b"354 end with a dot\r\n")
        if "body" in script:
            wire.hear()
            script["body"](wire)
        content = wire.until(b"\r\n.\r\n") + b"\r\n"
        self.contents.append(content)
        script.get("dot", says(b"250 2.0.0 taken\r\n"))(wire)
