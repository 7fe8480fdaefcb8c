"""smtplib, with limits on time and on the size of a reply, and with trust only in a verified server."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from dataclasses import dataclass
from typing import Any

from ondemand_attach._faults import UNCERTAIN, Advice, Fault, fault
from ondemand_attach._message import Refusal
from ondemand_attach.errors import AuthenticationError, ConnectionFailedError, TransportError
from ondemand_attach.transports._network import check_name, connected, remaining
from ondemand_attach.transports._server import Server

FINAL_DOT = "the final dot"
_MAX_REPLY = 64 * 1024
_REPLY_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
_ENHANCED_CODE = re.compile(rb"[245]\.[0-9]{1,3}\.[0-9]{1,3}(?=\s|$)")
_CLASSES: dict[str, type[TransportError]] = {
    **dict.fromkeys(("connect", "greeting", "TLS", "EHLO", "STARTTLS"), ConnectionFailedError),
    "AUTH": AuthenticationError,
}
_NO_TLS = "smtps:// is for ports that begin with TLS, mostly 465, and smtp+starttls:// for others, mostly 587"
_NO_SMTP = "see that the port in the URL is one of a mail server, and not one that begins with TLS (smtps://)"
_TODO = {
    ("greeting", 4): "it is busy or limits connections; send again later, or from fewer threads",
    ("greeting", 5): "it takes no mail from this machine; ask who runs it, or name another server",
    (
        "STARTTLS",
        5,
    ): "it cannot encrypt, and nothing is sent in clear text; ask who runs it, or name another server",
    ("AUTH", 4): "it cannot check logins now; send again later",
    ("AUTH", 5): (
        "the user or the password is wrong, or the account may not send by SMTP; many providers want a "
        "password that is made for one application"
    ),
    ("MAIL", 5): "it does not let this login or machine send for sender() or return_path()",
    ("the final dot", 5): "it does not take what is in the message; ask who runs it why",
}
_LATER = {4: "send again later", 5: "to send again will not help; ask who runs it why"}
_BY_CODE = {
    421: "it ends the session; send again later, or from fewer threads",
    530: "it wants a login or TLS first: smtp+starttls://user@host with password=",
    552: "the message is larger than it takes, or the mailbox is full",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answered to one command (RFC 5321 section 4.2)."""

    code: int
    text: bytes

    @property
    def refusal(self) -> Refusal:
        """The codes without the text, which may quote an address."""
        enhanced = _ENHANCED_CODE.match(self.text)
        return Refusal(code=self.code, enhanced_code=enhanced[0].decode() if enhanced else None)

    @property
    def is_refusal(self) -> bool:
        """Whether the command failed but the session goes on, unlike after 421."""
        return self.code // 100 in (4, 5) and self.code != 421


class BoundedSmtp(smtplib.SMTP):
    """A connection on which nothing takes or grows longer than it may.

    Args:
        server: where to connect and how.
        context: verifies the server; not needed for clear text.
        deadline: the monotonic time at which whatever goes on is given up.
        local_hostname: what EHLO says.
    """

    def __init__(
        self, server: Server, *, context: ssl.SSLContext | None, deadline: float, local_hostname: str | None
    ) -> None:
        super().__init__(local_hostname=local_hostname or "")
        self.server = server
        self.context = context
        self.deadline = deadline
        self.stage = "connect"
        self._received = bytearray()

    @property
    def connection(self) -> socket.socket:
        """The socket of the open connection."""
        if self.sock is None:
            raise ConnectionError
        return self.sock

    def secure(self) -> None:
        """Begin TLS after STARTTLS was answered (RFC 3207)."""
        if self._received:  # said before the handshake, so by anyone (CVE-2011-0411)
            raise self.impossible("more than one reply, before TLS began; somebody may be in between")
        self.sock = self._secured(self.connection)

    def ask(self, command: str, expected: int) -> None:
        """Send *command* and check that the reply begins with the digit *expected*."""
        self.putcmd(command)
        self.check(self.reply(), expected)

    def reply(self) -> Reply:
        """Read one reply."""
        return Reply(*self.getreply())

    def check(self, reply: Reply, expected: int) -> None:
        """Raise what *reply* means, unless it begins with the digit *expected*."""
        first_digit = reply.code // 100
        if first_digit == expected:
            return
        if first_digit not in (4, 5):
            raise self.broken(f"the reply {reply.code} makes no sense here")
        todo = _BY_CODE.get(reply.code) or _TODO.get((self.stage, first_digit)) or _LATER[first_digit]
        raise self._error_class(
            f"{self.server} answered {self.stage} with {reply.refusal}: {todo}",
            is_temporary=first_digit == 4,
            code=reply.code,
            enhanced_code=reply.refusal.enhanced_code,
        )

    def failure(self, error: Exception) -> TransportError:
        """Translate an error that is not the server's answer."""
        return self._failed(fault(error, Advice(port=_NO_TLS)))

    def broken(self, what: str) -> TransportError:
        """Make the error for a session that ended otherwise than by an answer."""
        return self._failed(Fault(what, is_temporary=True))

    def impossible(self, what: str) -> TransportError:
        """Make the error for what will not work next time either."""
        return self._failed(Fault(what, is_temporary=False))

    def _failed(self, what: Fault) -> TransportError:
        is_uncertain = self.stage == FINAL_DOT
        todo = f"; {_NO_SMTP}" if self.stage == "greeting" and what.is_temporary else ""
        todo = f"; {UNCERTAIN}" if is_uncertain else todo
        return self._error_class(
            f"{self.server} failed at {self.stage}: {what.text}{todo}",
            is_temporary=what.is_temporary and not is_uncertain,
            is_uncertain=is_uncertain,
        )

    @property
    def _error_class(self) -> type[TransportError]:
        return _CLASSES.get(self.stage, TransportError)

    def _secured(self, sock: socket.socket) -> socket.socket:
        if self.context is None:
            raise self.impossible("there is nothing to verify the server with")
        self.stage = "TLS"
        sock.settimeout(remaining(self.deadline))
        secured = self.context.wrap_socket(sock, server_hostname=self.server.host)
        try:
            check_name(secured, self.server.host)
        except BaseException:
            secured.close()
            raise
        return secured

    # What smtplib calls, replaced

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002
        sock = connected(host, port, self.deadline)
        if self.server.scheme == "smtps":
            sock = self._secured(sock)
        self.stage = "greeting"
        return sock

    def send(self, s: Any) -> None:
        """Send all of *s* before the deadline."""
        if self._received:
            raise self.broken("a reply before the command")
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
                raise self.broken("the reply is not SMTP")
            codes.add(int(parts[1]))
            texts.append(parts[3] or b"")
            is_complete = parts[2] != b"-"
        return codes.pop(), b"\n".join(texts)

    def _read_line(self, limit: int) -> bytes:
        while (end := self._received.find(b"\n") + 1) == 0 and len(self._received) <= limit:
            self.connection.settimeout(remaining(self.deadline))
            received = self.connection.recv(_MAX_REPLY)
            if not received:
                raise ConnectionError
            self._received += received
        if end == 0 or end > limit:
            raise self.broken("the reply is too long")
        line = bytes(self._received[:end])
        del self._received[:end]
        return line
