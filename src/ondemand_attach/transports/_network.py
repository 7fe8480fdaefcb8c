"""What every way out over TCP shares: a deadline, verified TLS, connections kept for the next message."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from ondemand_attach._faults import is_outage
from ondemand_attach._given import kind
from ondemand_attach._hosts import is_address
from ondemand_attach._origins import told
from ondemand_attach._seal import translated
from ondemand_attach.errors import AuthenticationError, ConfigurationError

_MAX_IDLE = 60.0


class _Connection(Protocol):
    def close(self) -> None: ...


C = TypeVar("C", bound=_Connection)


class KeptConnections(Generic[C]):
    """The connections that no thread is using, the most recently used first.

    A connection that was idle for a minute, was closed or written to by the server, or was made before
    this process was forked is closed instead of being handed out.
    """

    def __init__(self) -> None:
        self._kept: deque[tuple[C, socket.socket, float, int]] = deque()

    def keep(self, connection: C, sock: socket.socket) -> None:
        """Keep *connection*, which uses *sock*, for the next message."""
        self._kept.append((connection, sock, time.monotonic(), os.getpid()))

    def take(self) -> C | None:
        """Return a connection that seems alive, or nothing."""
        with contextlib.suppress(IndexError):  # none is left
            while True:
                connection, sock, since, process = self._kept.pop()
                is_fresh = process == os.getpid() and time.monotonic() - since < _MAX_IDLE
                if is_fresh and _is_quiet(sock):
                    return connection
                connection.close()
        return None


def _is_quiet(sock: socket.socket) -> bool:
    """Whether the server neither closed the connection nor said something unasked."""
    sock.setblocking(False)
    try:
        socket.socket.recv(sock, 1, socket.MSG_PEEK)  # the method of the base class looks below TLS
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


def remaining(deadline: float) -> float:
    """Return the seconds until *deadline* on the monotonic clock.

    Raises:
        TimeoutError: it has passed.
    """
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


def connected(host: str, port: int, deadline: float) -> socket.socket:
    """Connect over TCP, giving each address of *host* its share of the time."""
    addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    failure = OSError(errno.EADDRNOTAVAIL, "no address")
    for tried, (family, sort, protocol, _, address) in enumerate(addresses):
        sock = socket.socket(family, sort, protocol)
        try:
            sock.settimeout(remaining(deadline) / (len(addresses) - tried))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure


def verifying(context: ssl.SSLContext | None) -> ssl.SSLContext:
    """Return *context*, or a new one, after checking that it trusts no one blindly.

    Raises:
        ConfigurationError: it accepts any certificate, any name, or TLS older than 1.2.
    """
    if context is None:
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.hostname_checks_common_name = False  # RFC 9525 section 6.3
    if not isinstance(context, ssl.SSLContext):
        raise ConfigurationError(
            "ssl_context= takes an ssl.SSLContext, such as of ssl.create_default_context(), not "
            f"{kind(context)}"
        )
    if context.verify_mode != ssl.CERT_REQUIRED or not context.check_hostname:
        raise ConfigurationError(
            "the ssl_context does not verify the server; keep ssl.create_default_context() as it is "
            "and add your own authority with load_verify_locations()"
        )
    if context.minimum_version < ssl.TLSVersion.TLSv1_2:
        raise ConfigurationError("the ssl_context allows TLS before 1.2; set its minimum_version")
    return context


def check_name(sock: ssl.SSLSocket, host: str) -> None:
    """Refuse a certificate that names *host* in its common name only (RFC 9525 section 6.3).

    A context of the application may let it through. To switch that off there would change its object.

    Raises:
        ssl.SSLCertVerificationError: it does.
    """
    if is_address(host):
        return  # never looked for in a common name
    names: Any = (sock.getpeercert() or {}).get("subjectAltName", ())
    if not any(kind == "DNS" for kind, _ in names):
        error = ssl.SSLCertVerificationError(ssl.SSL_ERROR_SSL, "no subjectAltName")
        error.verify_message = (
            "it has no subjectAltName with a host name, only a common name, which counts nothing (RFC 9525)"
        )
        error.verify_code = 62  # X509_V_ERR_HOSTNAME_MISMATCH
        raise error


def asked(secret: Callable[[], str]) -> str:
    """Return what the application's callable answers now.

    Raises:
        AuthenticationError: it raised something, or answered with what cannot be a secret.
    """
    answer: object = translated(secret, _unanswered)
    if not isinstance(answer, str):
        raise AuthenticationError(
            f"the callable for the password or key returned a {type(answer).__name__}; it must return text"
        )
    if "\0" in answer:
        raise AuthenticationError("what the callable for the password or key returned holds a NUL")
    if answer.endswith(("\n", "\r")):  # as from a file; no password ends so (RFC 4013 section 2.3)
        raise AuthenticationError(
            "what the callable for the password or key returned ends with the end of a line; have it "
            ".strip() that"
        )
    return answer


def _unanswered(error: Exception) -> AuthenticationError:
    """Take for an outage, of a vault or the like, what is no fault in the application's code or settings."""
    return AuthenticationError(
        f"the callable for the password or key raised {told(error)}",
        is_temporary=is_outage(error),
    )
