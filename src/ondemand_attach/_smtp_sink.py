"""SmtpSink: a small real SMTP server that keeps what it receives, for tests and the demo."""

from __future__ import annotations

import base64
import binascii
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import quote

_TIMEOUT = 60.0
_OPEN = ("EHLO", "HELO", "NOOP", "QUIT", "RSET", "STARTTLS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What a client handed over.

    Args:
        sender: the reverse-path of MAIL; empty for the null reverse-path.
        recipients: the forward-paths of RCPT that were accepted.
        content: the bytes between DATA and the final dot, without the dots added in transit.
        is_encrypted: whether the connection used TLS.
        user: the name that the client had logged in with.
    """

    sender: str
    recipients: tuple[str, ...]
    content: bytes = field(repr=False)
    is_encrypted: bool
    user: str | None = None


class SmtpSink:
    """An SMTP server on this machine that keeps every message in `deliveries`.

    With an *ssl_context* it offers STARTTLS and takes neither a login nor mail before it.

    Args:
        ssl_context: a server's context, with a certificate for *host*.
        users: user names with their passwords; mail is then taken only after a login (AUTH PLAIN or LOGIN).
        refused: recipients that are answered with ``550 5.1.1``.
        size_limit: what is said with SIZE (RFC 1870), in bytes.
        host: the name or address to listen on.

    Attributes:
        deliveries: what was received, in this order; complete when the client's send returns.
        connections: how many connections were made.
    """

    def __init__(
        self,
        ssl_context: ssl.SSLContext | None = None,
        *,
        users: Mapping[str, str] | None = None,
        refused: Collection[str] = (),
        size_limit: int = 50_000_000,
        host: str = "127.0.0.1",
    ) -> None:
        self.ssl_context = ssl_context
        self.users = users
        self.refused = refused
        self.size_limit = size_limit
        self.host = host
        self.deliveries: list[Delivery] = []
        self.connections = 0
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server((host, 0))
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    @property
    def url(self) -> str:
        """The URL for `SmtpTransport`, with the first of the users."""
        scheme = "smtp" if self.ssl_context is None else "smtp+starttls"
        login = f"{quote(next(iter(self.users)), safe='')}@" if self.users else ""
        return f"{scheme}://{login}{self.host}:{self.port}"

    def close(self) -> None:
        """Stop listening and end every connection."""
        for sock in (self._listener, *self._open):
            _end(sock)
        for thread in self._threads:
            thread.join(_TIMEOUT)
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<SmtpSink at {self.host}:{self.port} with {len(self.deliveries)} deliveries>"

    def encrypted(self, sock: socket.socket, context: ssl.SSLContext) -> socket.socket:
        """Return *sock* under TLS; the plain object is detached by this, and could not be ended any more."""
        wrapped = context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        self._open.discard(sock)
        self._open.add(wrapped)
        try:
            wrapped.do_handshake()
        except BaseException:
            self._open.discard(wrapped)
            wrapped.close()
            raise
        return wrapped

    def _start(self, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, daemon=True)
        self._threads = [*(other for other in self._threads if other.is_alive()), thread]
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                sock, _ = self._listener.accept()
                self.connections += 1
                self._open.add(sock)
                self._start(lambda sock=sock: self._serve(sock))  # type: ignore[misc]

    def _serve(self, sock: socket.socket) -> None:
        dialogue = _Dialogue(self, sock)
        try:
            dialogue.run()
        except (OSError, ValueError):  # the client left, or is no SMTP client
            pass
        finally:
            dialogue.close()


class _Dialogue:
    """One connection."""

    def __init__(self, sink: SmtpSink, sock: socket.socket) -> None:
        self._sink = sink
        self._sock = sock
        self._user: str | None = None
        self._extended = False
        self._is_over = False
        sock.settimeout(_TIMEOUT)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._lines = sock.makefile("rb")
        self._forget()

    def run(self) -> None:
        self._reply("220 sink ESMTP")
        while not self._is_over:
            line = self._line()
            verb, _, argument = line.partition(" ")
            known = getattr(self, f"_on_{verb.lower()}", None) if verb.isascii() else None
            self._reply(
                self._forbidden(verb.upper()) or (known(argument) if known else "502 5.5.1 unknown command")
            )

    def close(self) -> None:
        self._sink._open.discard(self._sock)  # noqa: SLF001 - of this module
        self._lines.close()
        self._sock.close()

    def _forget(self) -> None:
        self._sender: str | None = None
        self._recipients: list[str] = []

    def _reply(self, text: str) -> None:
        if text:
            self._sock.sendall(f"{text}\r\n".encode())

    def _line(self) -> str:
        line = self._lines.readline(20_000)
        if not line.endswith(b"\n"):
            raise ConnectionError
        return line.rstrip(b"\r\n").decode()

    @property
    def _is_encrypted(self) -> bool:
        return isinstance(self._sock, ssl.SSLSocket)

    def _forbidden(self, verb: str) -> str:
        if self._sink.ssl_context is not None and not self._is_encrypted and verb not in _OPEN:
            return "530 5.7.0 STARTTLS first"
        if self._sink.users is not None and self._user is None and verb not in (*_OPEN, "AUTH"):
            return "530 5.7.0 authentication required"
        return ""

    def _on_helo(self, _: str) -> str:
        self._forget()
        return "250 sink"

    def _on_ehlo(self, _: str) -> str:
        self._forget()
        offers = ["sink", f"SIZE {self._sink.size_limit}", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"]
        if self._sink.ssl_context is not None and not self._is_encrypted:
            offers.append("STARTTLS")
        elif self._sink.users is not None:
            offers.append("AUTH PLAIN LOGIN")
        return "\r\n".join([*(f"250-{offer}" for offer in offers), "250 PIPELINING"])

    def _on_starttls(self, _: str) -> str:
        if self._sink.ssl_context is None or self._is_encrypted:
            return "503 5.5.1 no TLS here"
        self._reply("220 2.0.0 go ahead")
        self._forget()
        self._lines.close()
        self._sock = self._sink.encrypted(self._sock, self._sink.ssl_context)
        self._lines = self._sock.makefile("rb")
        return ""

    def _on_auth(self, argument: str) -> str:
        if self._sink.users is None:
            return "503 5.5.1 no login here"
        mechanism, _, initial = argument.partition(" ")
        try:
            match mechanism.upper():
                case "PLAIN":
                    _, user, password = (_decoded(initial) if initial else self._asked("")).split("\0")
                case "LOGIN":
                    user = _decoded(initial) if initial else self._asked("User Name")
                    password = self._asked("Password")
                case _:
                    return "504 5.5.4 unknown mechanism"
        except (binascii.Error, ValueError):
            return "501 5.5.2 malformed"
        if self._sink.users.get(user) != password:
            return "535 5.7.8 wrong user or password"
        self._user = user
        return "235 2.7.0 welcome"

    def _asked(self, question: str) -> str:
        self._reply(f"334 {base64.b64encode(question.encode()).decode()}")
        return _decoded(self._line())

    def _on_mail(self, argument: str) -> str:
        path = _path(argument, "FROM:")
        if path is None or self._sender is not None:
            return "503 5.5.1 nested or malformed MAIL"
        self._sender = path
        return "250 2.1.0 sender ok"

    def _on_rcpt(self, argument: str) -> str:
        path = _path(argument, "TO:")
        if not path or self._sender is None:
            return "503 5.5.1 RCPT before MAIL, or malformed"
        if path in self._sink.refused:
            return "550 5.1.1 no such user here"
        self._recipients.append(path)
        return "250 2.1.5 recipient ok"

    def _on_data(self, _: str) -> str:
        if not self._recipients:
            return "503 5.5.1 DATA before RCPT"
        self._reply("354 end with a dot")
        content = self._content()
        if len(content) > self._sink.size_limit:
            self._forget()
            return "552 5.3.4 too large"
        self._sink.deliveries.append(
            Delivery(
                sender=self._sender or "",
                recipients=tuple(self._recipients),
                content=content,
                is_encrypted=self._is_encrypted,
                user=self._user,
            )
        )
        self._forget()
        return "250 2.0.0 kept"

    def _content(self) -> bytes:
        lines = []
        while (line := self._lines.readline()) != b".\r\n":
            if not line:
                raise ConnectionError
            lines.append(line.removeprefix(b"."))
        return b"".join(lines)

    def _on_rset(self, _: str) -> str:
        self._forget()
        return "250 2.0.0 forgotten"

    def _on_noop(self, _: str) -> str:
        return "250 2.0.0 ok"

    def _on_quit(self, _: str) -> str:
        self._is_over = True
        return "221 2.0.0 bye"


def _path(argument: str, keyword: str) -> str | None:
    if not argument.upper().startswith(f"{keyword}<"):
        return None
    path, end, _ = argument[len(keyword) + 1 :].partition(">")
    return path if end else None


def _decoded(text: str) -> str:
    return base64.b64decode(text, validate=True).decode()


def _end(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
