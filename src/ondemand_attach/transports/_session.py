"""The dialogue of one SMTP session (RFC 5321)."""

from __future__ import annotations

import base64
import ipaddress
import re
import ssl
from collections.abc import Callable, Iterable, Iterator

from ondemand_attach._message import Address, Envelope, Message, Refusal
from ondemand_attach._outcome import refusal_of_all
from ondemand_attach._pieces import coalesced
from ondemand_attach.errors import (
    InvalidAddressError,
    MessageTooLargeError,
    TransportError,
)
from ondemand_attach.transports._bounded_smtp import FINAL_DOT, BoundedSmtp, Reply
from ondemand_attach.transports._network import asked

_PIPELINED = 100
_SIZE = re.compile(r"[0-9]{1,20}")  # RFC 1870 section 4
_MECHANISM = re.compile(r"[A-Z0-9_-]{1,20}")  # RFC 4422 section 3.1
_PATH = re.compile(r"[^\s\x00-\x1f\x7f<>]+")


class Session(BoundedSmtp):
    """A session with one server, good until the first exception.

    EHLO says the address of this end, if nothing else was given.
    """

    def open(self, password: Callable[[], str] | None) -> None:
        """Connect, secure the connection, and log in if there is a *password*."""
        greeting = Reply(*self.connect(self.server.host, self.server.port))
        self.check(greeting, 2)
        self.local_hostname = self.local_hostname or _literal(self.connection.getsockname()[0])
        self._say_hello()
        if self.server.scheme == "smtp+starttls":
            self._start_tls()
            self._say_hello()
        if password is not None:
            self._log_in(self.server.user or "", password)

    def prepare(self, message: Message) -> dict[str, Refusal]:
        """Announce *message*, having checked that the server can take it, and return who was refused.

        Thereafter the server waits for the bytes. With PIPELINING (RFC 2920), the commands go together; DATA
        goes along only if there are no copies, which the server would take though all others were refused.

        Raises:
            RecipientsRefusedError: all were refused whom the message is for.
            TransportError: the message was refused otherwise, or the session ended.
        """
        self.stage = "MAIL"
        envelope, is_pipelined = message.envelope, self._pipelines(message)
        path = "" if envelope.sender is None else _path(envelope.sender)
        command = " ".join([f"MAIL FROM:<{path}>", *self._parameters(message)])
        with_data = is_pipelined and not envelope.copies
        rest = (*map(_rcpt, envelope.recipients), *["DATA"] * with_data) if is_pipelined else ()
        self.send("".join(f"{line}\r\n" for line in (command, *rest)))
        self.check(self.reply(), 2)
        refused = self._refused(envelope, is_asked=is_pipelined)
        self.stage = "DATA"
        if not with_data:
            self.putcmd("DATA")
        self.check(self.reply(), 3)
        return refused

    def hand_over(self, message: Message) -> Reply:
        """Send the bytes of *message* after `prepare()`, and return the last reply."""
        for octets in coalesced(_stuffed(message.chunks())):
            self.send(octets)
        self.stage = FINAL_DOT
        answer = self.reply()
        self.check(answer, 2)
        return answer

    def leave(self) -> None:
        """Say QUIT and close; the answer no longer matters."""
        try:
            self.putcmd("QUIT")
            self.reply()
        except (OSError, TransportError):
            pass
        finally:
            self.close()

    def _say_hello(self) -> None:
        self.stage = "EHLO"
        self.check(Reply(*self.ehlo()), 2)

    def _start_tls(self) -> None:
        self.stage = "STARTTLS"
        if not self.has_extn("starttls"):
            raise self.impossible(
                "it offers no STARTTLS, and nothing is sent in clear text; name a port or server that "
                "encrypts, smtps:// if it begins with TLS. Some firewalls and virus scanners hide the offer"
            )
        self.ask("STARTTLS", 2)
        self.secure()

    def _log_in(self, user: str, password: Callable[[], str]) -> None:
        self.stage = "AUTH"
        if not isinstance(self.sock, ssl.SSLSocket):
            raise self.impossible("no login over clear text")
        mechanisms = self.esmtp_features.get("auth", "").upper().split()
        if "PLAIN" in mechanisms:  # RFC 4616
            self.ask("AUTH PLAIN " + _base64(f"\0{user}\0{asked(password)}"), 2)
        elif "LOGIN" in mechanisms:
            self.ask("AUTH LOGIN", 3)
            self.ask(_base64(user), 3)
            self.ask(_base64(asked(password)), 2)
        else:
            raise self.impossible(_no_login(mechanisms))

    def _parameters(self, message: Message) -> Iterator[str]:
        if self.has_extn("size"):
            self._check_size(message.size)
            yield f"SIZE={message.size}"
        texts = b"".join(piece for piece in message.pieces if isinstance(piece, bytes))  # base64 is ASCII
        if not texts.isascii():
            yield self._supported("8BITMIME", "BODY=8BITMIME")
        if message.envelope.needs_smtputf8 or not texts.partition(b"\r\n\r\n")[0].isascii():
            yield self._supported("SMTPUTF8", "SMTPUTF8")

    def _check_size(self, size: int) -> None:
        said = self.esmtp_features["size"]
        limit = int(said) if _SIZE.fullmatch(said) else 0  # which means none
        if 0 < limit < size:
            raise MessageTooLargeError(f"the message has {size} bytes, {self.server} takes {limit}")

    def _supported(self, extension: str, parameter: str) -> str:
        if not self.has_extn(extension):
            raise self.impossible(f"the message needs {extension}, which is not offered")
        return parameter

    def _pipelines(self, message: Message) -> bool:
        # RFC 2920 section 3.1: what is not yet read must fit into the buffers on both ways.
        return self.has_extn("pipelining") and len(message.envelope.recipients) <= _PIPELINED

    def _refused(self, envelope: Envelope, *, is_asked: bool) -> dict[str, Refusal]:
        self.stage = "RCPT"
        refused = {}
        for recipient in envelope.recipients:
            if not is_asked:
                self.putcmd(_rcpt(recipient))
            reply = self.reply()
            if reply.is_refusal:
                refused[recipient.addr_spec] = reply.refusal
            else:
                self.check(reply, 2)
        if (failure := refusal_of_all(envelope, refused, by=str(self.server))) is not None:
            raise failure
        return refused


def _no_login(mechanisms: Iterable[str]) -> str:
    """Say that there is no way to log in with a password, and what is offered instead."""
    offered = ", ".join(filter(_MECHANISM.fullmatch, mechanisms))
    if not offered:
        return (
            "it offers no login; at the ports for submission it may, 587 (smtp+starttls://) or 465 "
            "(smtps://), or it needs none: leave out the user in the URL and password="
        )
    return (
        f"it offers neither PLAIN nor LOGIN, only {offered}; have it allow logins with a password, mostly "
        "one that is made for an application, or name another server"
    )


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


def _literal(address: str) -> str:
    """Write an IP address as RFC 5321 section 4.1.3 has it."""
    address = address.partition("%")[0]
    return f"[IPv6:{address}]" if ipaddress.ip_address(address).version == 6 else f"[{address}]"


def _path(address: Address) -> str:
    """Return the address for MAIL and RCPT, where a bracket or space would begin a parameter."""
    path = address.ascii_addr_spec
    if not _PATH.fullmatch(path):
        raise InvalidAddressError("an address of the envelope holds a space or bracket")
    return path


def _rcpt(recipient: Address) -> str:
    return f"RCPT TO:<{_path(recipient)}>"


def _stuffed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Double the dots that begin a line, and end with the final one (RFC 5321 section 4.5.2).

    Every line ends in CRLF already, which no chunk divides.
    """
    begins_line = True
    for chunk in chunks:
        yield b"." if begins_line and chunk.startswith(b".") else b""
        yield chunk.replace(b"\r\n.", b"\r\n..") if b"." in chunk else chunk  # base64 has none
        begins_line = chunk.endswith(b"\r\n") or (begins_line and not chunk)
    yield b".\r\n" if begins_line else b"\r\n.\r\n"
