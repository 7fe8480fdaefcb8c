"""One SMTP session: smtplib where it is sound, replaced where it is not.

What smtplib leaves open and is closed here: no limit on the whole session or on the size of a reply, a
login in clear text, parameters injected through an address, and a loss after the final dot that looks
like any other.
"""

from __future__ import annotations

import base64
import ipaddress
import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ondemand_attach._message import Address, Message, Refusal
from ondemand_attach.errors import (
    AuthenticationError,
    ConnectionFailedError,
    InvalidAddressError,
    MessageTooLargeError,
    RecipientsRefusedError,
    TransportError,
)
from ondemand_attach.transports._network import asked, connected, described, remaining
from ondemand_attach.transports._server import Server

_MAX_REPLY = 64 * 1024
_REPLY_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
_ENHANCED_CODE = re.compile(rb"[245]\.[0-9]{1,3}\.[0-9]{1,3}(?=\s|$)")
_PATH = re.compile(r"[^\s\x00-\x1f\x7f<>]+")
_FINAL_DOT = "the final dot"
_CLASSES: dict[str, type[TransportError]] = {
    **dict.fromkeys(("connect", "TLS", "EHLO", "STARTTLS"), ConnectionFailedError),
    "AUTH": AuthenticationError,
}
_CLOSING = 421


@dataclass(frozen=True, slots=True)
class _Reply:
    code: int
    text: bytes

    @property
    def refusal(self) -> Refusal:
        enhanced = _ENHANCED_CODE.match(self.text)
        return Refusal(code=self.code, enhanced_code=enhanced[0].decode() if enhanced else None)

    @property
    def refuses(self) -> bool:
        """Whether the command failed but the session goes on."""
        return self.code >= 400 and self.code != _CLOSING


class Session(smtplib.SMTP):
    """A connection to one server, good until the first exception.

    Args:
        server: where to connect and how.
        context: verifies the server; not needed for clear text.
        deadline: the monotonic time at which whatever goes on is given up.
        local_hostname: what EHLO says; the address literal of the local end by default.
    """

    def __init__(
        self, server: Server, *, context: ssl.SSLContext | None, deadline: float, local_hostname: str | None
    ) -> None:
        super().__init__(local_hostname=local_hostname or "")
        self.server = server
        self.context = context
        self.deadline = deadline
        self._stage = "connect"
        self._received = bytearray()

    def open(self, password: Callable[[], str] | None) -> None:
        """Connect, secure the connection, and log in if there is a *password*."""
        self._checked(_Reply(*self.connect(self.server.host, self.server.port)), 2)
        self.local_hostname = self.local_hostname or _literal(self.connection.getsockname()[0])
        self._say_hello()
        if self.server.scheme == "smtp+starttls":
            self._start_tls()
            self._say_hello()
        if password is not None:
            self._log_in(self.server.user or "", password)

    def begin(self, message: Message) -> None:
        """Announce *message* with MAIL, having checked that the server can take it."""
        self._stage = "MAIL"
        sender = message.envelope.sender
        path = "" if sender is None else _path(sender)
        self._ask(" ".join([f"MAIL FROM:<{path}>", *self._parameters(message)]), 2)

    def begins_again(self, message: Message) -> bool:
        """Announce *message* on a kept connection; false if the server had closed it meanwhile."""
        try:
            self.begin(message)
        except TransportError as error:
            if error.code not in (None, _CLOSING):
                raise
        except OSError:
            remaining(self.deadline)
        else:
            return True
        self.close()
        return False

    def finish(self, message: Message) -> dict[str, Refusal]:
        """Name the recipients, send the bytes, and return who was refused."""
        refused = self._refused(message.envelope.recipients)
        self._stage = "DATA"
        self._ask("DATA", 3)
        self.send(_stuffed(message.content))
        self.send(b".\r\n")
        self._stage = _FINAL_DOT
        self._checked(_Reply(*self.getreply()), 2)
        return refused

    def leave(self) -> None:
        """Say QUIT and close; the answer no longer matters."""
        try:
            self.putcmd("QUIT")
            self.getreply()
        except (OSError, TransportError):
            pass
        finally:
            self.close()

    def failure(self, error: Exception) -> TransportError:
        """Translate an error that is not the server's answer."""
        return self._failure(described(error), is_temporary=isinstance(error, OSError))

    def _say_hello(self) -> None:
        self._stage = "EHLO"
        self._checked(_Reply(*self.ehlo()), 2)

    def _start_tls(self) -> None:
        self._stage = "STARTTLS"
        if not self.has_extn("starttls"):
            raise self._failure("not offered", is_temporary=True)
        self._ask("STARTTLS", 2)
        if self._received:  # said before the handshake, so by anyone (CVE-2011-0411)
            raise self._failure("more than one reply", is_temporary=True)
        self.sock = self._secured(self.connection)

    def _secured(self, sock: socket.socket) -> socket.socket:
        if self.context is None:
            raise self._failure("nothing to verify the server with")
        self._stage = "TLS"
        sock.settimeout(remaining(self.deadline))
        return self.context.wrap_socket(sock, server_hostname=self.server.host)

    def _log_in(self, user: str, password: Callable[[], str]) -> None:
        self._stage = "AUTH"
        if not isinstance(self.sock, ssl.SSLSocket):
            raise self._failure("no login over clear text")
        mechanisms = self.esmtp_features.get("auth", "").upper().split()
        if "PLAIN" in mechanisms:  # RFC 4616
            self._ask("AUTH PLAIN " + _base64(f"\0{user}\0{asked(password)}"), 2)
        elif "LOGIN" in mechanisms:
            self._ask("AUTH LOGIN", 3)
            self._ask(_base64(user), 3)
            self._ask(_base64(asked(password)), 2)
        else:
            raise self._failure("neither PLAIN nor LOGIN is offered")

    def _parameters(self, message: Message) -> Iterator[str]:
        content = message.content
        if self.has_extn("size"):
            self._check_size(len(content))
            yield f"SIZE={len(content)}"
        if not content.isascii():
            yield self._supported("8BITMIME", "BODY=8BITMIME")
        if message.envelope.needs_smtputf8 or not content.partition(b"\r\n\r\n")[0].isascii():
            yield self._supported("SMTPUTF8", "SMTPUTF8")

    def _check_size(self, size: int) -> None:
        limit = self.esmtp_features["size"]
        if limit.isdecimal() and 0 < int(limit) < size:
            raise MessageTooLargeError(f"the message has {size} bytes, {self.server} takes {int(limit)}")

    def _supported(self, extension: str, parameter: str) -> str:
        if not self.has_extn(extension):
            raise self._failure(f"the message needs {extension}, which is not offered")
        return parameter

    def _refused(self, recipients: tuple[Address, ...]) -> dict[str, Refusal]:
        self._stage = "RCPT"
        refused = {}
        for recipient in recipients:
            self.putcmd(f"RCPT TO:<{_path(recipient)}>")
            reply = _Reply(*self.getreply())
            if reply.refuses:
                refused[recipient.addr_spec] = reply.refusal
            else:
                self._checked(reply, 2)
        if all(recipient.addr_spec in refused for recipient in recipients):
            raise self._all_refused(refused)
        return refused

    def _all_refused(self, refused: dict[str, Refusal]) -> RecipientsRefusedError:
        first = next(iter(refused.values()))
        return RecipientsRefusedError(
            f"{self.server} refused every recipient, the first with {_shown(first)}",
            is_temporary=any(refusal.code < 500 for refusal in refused.values()),
            code=first.code,
            enhanced_code=first.enhanced_code,
            refused=refused,
        )

    def _ask(self, command: str, expected: int) -> None:
        self.putcmd(command)
        self._checked(_Reply(*self.getreply()), expected)

    def _checked(self, reply: _Reply, expected: int) -> None:
        first_digit = reply.code // 100
        if first_digit == expected:
            return
        if first_digit not in (4, 5):
            raise self._failure(f"the reply {reply.code} makes no sense here", is_temporary=True)
        raise _CLASSES.get(self._stage, TransportError)(
            f"{self.server} answered {self._stage} with {_shown(reply.refusal)}",
            is_temporary=first_digit == 4,
            code=reply.code,
            enhanced_code=reply.refusal.enhanced_code,
        )

    def _failure(self, what: str, *, is_temporary: bool = False) -> TransportError:
        is_uncertain = self._stage == _FINAL_DOT
        return _CLASSES.get(self._stage, TransportError)(
            f"{self.server} failed at {self._stage}: {what}",
            is_temporary=is_temporary and not is_uncertain,
            is_uncertain=is_uncertain,
        )

    # What smtplib itself calls, replaced

    @property
    def connection(self) -> socket.socket:
        """The socket of the open connection."""
        if self.sock is None:
            raise ConnectionError
        return self.sock

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002
        sock = connected(host, port, self.deadline)
        return self._secured(sock) if self.server.scheme == "smtps" else sock

    def send(self, s: Any) -> None:
        """Send all of *s* before the deadline."""
        if self._received:
            raise self._failure("a reply before the command", is_temporary=True)
        rest = memoryview(s.encode() if isinstance(s, str) else s)
        while rest:
            self.connection.settimeout(remaining(self.deadline))
            rest = rest[self.connection.send(rest) :]

    def getreply(self) -> tuple[int, bytes]:
        """Read one reply of at most 64 KiB (RFC 5321 section 4.2.1) before the deadline."""
        codes: set[int] = set()
        texts: list[bytes] = []
        size = 0
        is_complete = False
        while not is_complete:
            line = self._read_line(_MAX_REPLY - size)
            size += len(line)
            parts = _REPLY_LINE.fullmatch(line.rstrip())
            if parts is None or not codes <= {int(parts[1])}:
                raise self._failure("the reply is not SMTP", is_temporary=True)
            codes.add(int(parts[1]))
            texts.append(parts[3] or b"")
            is_complete = parts[2] != b"-"
        return codes.pop(), b"\n".join(texts)

    def _read_line(self, limit: int) -> bytes:
        while (end := self._received.find(b"\n") + 1) == 0:
            if len(self._received) > limit:
                break
            self.connection.settimeout(remaining(self.deadline))
            received = self.connection.recv(_MAX_REPLY)
            if not received:
                raise ConnectionError
            self._received += received
        if end == 0 or end > limit:
            raise self._failure("the reply is too long", is_temporary=True)
        line = bytes(self._received[:end])
        del self._received[:end]
        return line


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


def _literal(address: str) -> str:
    """Write an IP address as RFC 5321 section 4.1.3 has it."""
    prefix = "IPv6:" if ipaddress.ip_address(address.partition("%")[0]).version == 6 else ""
    return f"[{prefix}{address.partition('%')[0]}]"


def _path(address: Address) -> str:
    """Return the address for MAIL and RCPT, where a bracket or space would begin a parameter."""
    path = address.ascii_addr_spec
    if not _PATH.fullmatch(path):
        raise InvalidAddressError("an address of the envelope holds a space or bracket")
    return path


def _stuffed(content: bytes) -> bytes:
    """Double the dots that begin a line (RFC 5321 section 4.5.2); every line ends in CRLF already."""
    end = b"" if content.endswith(b"\r\n") else b"\r\n"
    start = b"." if content.startswith(b".") else b""
    return start + content.replace(b"\r\n.", b"\r\n..") + end


def _shown(refusal: Refusal) -> str:
    return f"{refusal.code} {refusal.enhanced_code}" if refusal.enhanced_code else str(refusal.code)
