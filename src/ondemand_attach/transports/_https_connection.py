"""One HTTPS connection on urllib3; imported only when an `HttpsTransport` is made."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from typing import cast

from urllib3.connection import HTTPSConnection
from urllib3.exceptions import HTTPError

from ondemand_attach._faults import UNCERTAIN, fault
from ondemand_attach.errors import ConnectionFailedError, TransportError
from ondemand_attach.transports._network import check_name, connected, remaining

MAX_ANSWER = 64 * 1024
_BROKEN = (OSError, HTTPError, http.client.HTTPException)


class Connection(HTTPSConnection):
    """A connection to one server, good until the first exception.

    Args:
        host: the server.
        port: its TCP port.
        context: verifies the server.
        deadline: the monotonic time at which whatever goes on is given up.
    """

    def __init__(self, host: str, port: int, *, context: ssl.SSLContext, deadline: float) -> None:
        super().__init__(host, port, ssl_context=context)
        self.deadline = deadline
        self._stage = "connect"

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes | None]:
        """Send *body*, and return the HTTP status and the answer. A redirect is not followed.

        The answer is None if it is longer than 64 KiB, or does not come in whole: the status is what counts.
        """
        if self.sock is None:
            self.connect()
        self._stage = "the request"  # a kept connection was at the answer to another message
        with self._cut_off():
            self.request(
                "POST", path, body=body, headers=headers, preload_content=False, decode_content=False
            )
            self._stage = "the answer"
            response = self.getresponse()
            return response.status, self._read(response)

    def connect(self) -> None:
        """Connect, and verify the server."""
        super().connect()
        check_name(cast("ssl.SSLSocket", self.sock), self.host)

    def getresponse(self) -> http.client.HTTPResponse:  # type: ignore[override]
        """Return the answer. urllib3's own method logs a damaged header, in which an address may stand."""
        return http.client.HTTPConnection.getresponse(self)

    def renew(self, deadline: float) -> None:
        """Give a kept connection its next *deadline*."""
        self.deadline = deadline
        self.sock.settimeout(remaining(deadline))

    def failure(self, error: Exception) -> TransportError:
        """Translate an error that is not the server's answer."""
        is_uncertain = self._stage == "the answer"
        kind = ConnectionFailedError if self._stage == "connect" else TransportError
        if time.monotonic() >= self.deadline:  # the connection was shut down for that, by `_cut_off`
            error = TimeoutError()
        what = fault(http.client.HTTPException() if isinstance(error, HTTPError) else error)
        return kind(
            f"{self.host}:{self.port} failed at {self._stage}: {what.text}"
            f"{f'; {UNCERTAIN}' if is_uncertain else ''}",
            is_temporary=not is_uncertain and what.is_temporary,
            is_uncertain=is_uncertain,
        )

    def _new_conn(self) -> socket.socket:
        sock = connected(self.host, self.port or 443, self.deadline)
        sock.settimeout(remaining(self.deadline))
        return sock

    @contextlib.contextmanager
    def _cut_off(self) -> Iterator[None]:
        """End the connection at the deadline, however slowly the server drips."""
        timer = threading.Timer(remaining(self.deadline), _shut_down, [self.sock])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _read(self, response: http.client.HTTPResponse) -> bytes | None:
        """Make room for the next answer, or close if that would take more than a little reading."""
        with contextlib.suppress(*_BROKEN):
            content = b""
            while len(content) <= MAX_ANSWER:
                part = response.read(MAX_ANSWER)
                if not part:
                    return None if response.length else content  # closed before the end
                content += part
        response.close()
        self.close()
        return None


def _shut_down(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # ssl's own shutdown() forgets the encryption first, so that another thread could write in clear
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
