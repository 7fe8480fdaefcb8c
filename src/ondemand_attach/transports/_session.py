"""The dialogue of one SMTP session (RFC 5321)."""

from __future__ import annotations

import base64
import ipaddress
import re
import ssl
from collections.abc import Callable, Iterable, Iterator

from ondemand_attach._message import Address, Message, Refusal
from ondemand_attach._pieces import coalesced
from ondemand_attach.errors import (
    InvalidAddressError,
    MessageTooLargeError,
    RecipientsRefusedError,
    TransportError,
)
from ondemand_attach.transports._bounded_smtp import FINAL_DOT, BoundedSmtp, Reply, shown
from ondemand_attach.transports._network import asked, remaining

_PIPELINED = 100
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

    def begin(self, message: Message) -> None:
        """Announce *message* with MAIL, having checked that the server can take it.

        With PIPELINING (RFC 2920), the commands up to DATA go along; their replies are read by `finish()`.
        """
        self.stage = "MAIL"
        sender = message.envelope.sender
        path = "" if sender is None else _path(sender)
        command = " ".join([f"MAIL FROM:<{path}>", *self._parameters(message)])
        rest = (*map(_rcpt, message.envelope.recipients), "DATA") if self._pipelines(message) else ()
        self.send("".join(f"{line}\r\n" for line in (command, *rest)))
        self.check(self.reply(), 2)

    def begins_again(self, message: Message) -> bool:
        """Announce *message* on a kept connection; false if the server had closed it meanwhile."""
        try:
            self.begin(message)
        except TransportError as error:
            if error.code not in (None, 421):
                raise
        except OSError:
            remaining(self.deadline)
        else:
            return True
        self.close()
        return False

    def finish(self, message: Message) -> tuple[dict[str, Refusal], Reply]:
        """Name the recipients, send the bytes, and return who was refused, and the last reply."""
        is_asked = self._pipelines(message)
        refused = self._refused(message.envelope.recipients, is_asked=is_asked)
        self.stage = "DATA"
        if not is_asked:
            self.putcmd("DATA")
        self.check(self.reply(), 3)
        for octets in coalesced(_stuffed(message.chunks())):
            self.send(octets)
        self.stage = FINAL_DOT
        answer = self.reply()
        self.check(answer, 2)
        return refused, answer

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
            raise self.broken("not offered")
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
            raise self.impossible("neither PLAIN nor LOGIN is offered")

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
        limit = self.esmtp_features["size"]
        if limit.isdecimal() and 0 < int(limit) < size:
            raise MessageTooLargeError(f"the message has {size} bytes, {self.server} takes {int(limit)}")

    def _supported(self, extension: str, parameter: str) -> str:
        if not self.has_extn(extension):
            raise self.impossible(f"the message needs {extension}, which is not offered")
        return parameter

    def _pipelines(self, message: Message) -> bool:
        # RFC 2920 section 3.1: what is not yet read must fit into the buffers on both ways.
        return self.has_extn("pipelining") and len(message.envelope.recipients) <= _PIPELINED

    def _refused(self, recipients: tuple[Address, ...], *, is_asked: bool) -> dict[str, Refusal]:
        self.stage = "RCPT"
        refused = {}
        for recipient in recipients:
            if not is_asked:
                self.putcmd(_rcpt(recipient))
            reply = self.reply()
            if reply.is_refusal:
                refused[recipient.addr_spec] = reply.refusal
            else:
                self.check(reply, 2)
        if all(recipient.addr_spec in refused for recipient in recipients):
            raise self._all_refused(refused)
        return refused

    def _all_refused(self, refused: dict[str, Refusal]) -> RecipientsRefusedError:
        first = next(iter(refused.values()))
        return RecipientsRefusedError(
            f"{self.server} refused every recipient, the first with {shown(first)}",
            is_temporary=any(refusal.code < 500 for refusal in refused.values()),
            code=first.code,
            enhanced_code=first.enhanced_code,
            refused=refused,
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
