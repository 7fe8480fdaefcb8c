"""HttpsTransport: a provider's HTTPS interface that takes the finished MIME bytes."""

from __future__ import annotations

import base64
import re
import ssl
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from ondemand_attach._message import Message, Receipt
from ondemand_attach._seal import sealed, translated
from ondemand_attach.errors import (
    AuthenticationError,
    ConfigurationError,
    MissingDependencyError,
    TransportError,
)
from ondemand_attach.transports._network import KeptConnections, asked, verifying
from ondemand_attach.transports._receipt import accepted_for_all

if TYPE_CHECKING:
    from ondemand_attach.transports._https_connection import Connection

_DOMAIN = re.compile(r"[A-Za-z0-9.\-]+")
_TEMPORARY = {408, 425, 429}
_UNCERTAIN = {502, 504, 520, 522, 524, 598, 599}
"""A gateway says that it does not know what became of the request, which it had in whole (RFC 9110 sections
15.6.3 and 15.6.5, and what Cloudflare and others say instead)."""


class HttpsTransport:
    """Sends through a provider that takes raw MIME over HTTPS. Needs ``ondemand_attach[http]``.

    It can be shared between threads and keeps its connections. The server is verified, by TLS 1.2 or
    newer; a redirect is an error. The provider, not the envelope, chooses the reverse-path.

    Make one with `mailgun`, or give the interface of another provider.

    Args:
        url: the ``https://`` address to post to.
        encode: makes the headers and the body of the request; it is called for each message.
        timeout: seconds for one message; resolving the host name is not counted.
        ssl_context: verifies the server with another authority, or shows a client certificate.
        rewrites_messages: the provider is known to put messages together anew, so that none may be sent that
            is signed or encrypted as a whole.

    Raises:
        ConfigurationError: one of them is wrong.
        MissingDependencyError: urllib3 is not installed.
    """

    def __init__(
        self,
        url: str,
        encode: Callable[[Message], tuple[dict[str, str], bytes]],
        *,
        timeout: float = 60.0,
        ssl_context: ssl.SSLContext | None = None,
        rewrites_messages: bool = False,
    ) -> None:
        _check_urllib3()
        self._host, self._port, self._path = _parts(url)
        if not timeout > 0:
            raise ConfigurationError("timeout is a number of seconds above zero")
        self._encode = encode
        self.capabilities = frozenset(() if rewrites_messages else {"RAW_MIME"})
        self._timeout = timeout
        self._context = verifying(ssl_context)
        self._idle: KeptConnections[Connection] = KeptConnections()

    @classmethod
    def mailgun(
        cls,
        *,
        domain: str,
        api_key: Callable[[], str],
        base_url: str = "https://api.mailgun.net",
        timeout: float = 60.0,
        ssl_context: ssl.SSLContext | None = None,
    ) -> Self:
        """Send through Mailgun's ``messages.mime``, with tracking off so that nothing is rewritten.

        Args:
            domain: the sending domain as it is registered with Mailgun.
            api_key: returns the key; called for each message.
            base_url: ``https://api.eu.mailgun.net`` for a domain in the EU.
            timeout: as above.
            ssl_context: as above.

        Raises:
            ConfigurationError: one of them is wrong.
            MissingDependencyError: urllib3 is not installed.
        """
        if not _DOMAIN.fullmatch(domain):
            raise ConfigurationError("domain is an ASCII domain name")
        if not callable(api_key):
            raise ConfigurationError("api_key is a callable that returns it, such as a lambda")
        url = f"{base_url.rstrip('/')}/v3/{domain}/messages.mime"
        return cls(
            url, lambda message: _for_mailgun(message, api_key), timeout=timeout, ssl_context=ssl_context
        )

    @sealed
    def send(self, message: Message, /) -> Receipt:
        """Post the bytes of *message* exactly as they are.

        Raises:
            AuthenticationError: the key was not accepted.
            TransportError: the message was not taken; if ``is_uncertain``, it may have been.
        """
        headers, body = self._encode(message)
        connection = self._connection(time.monotonic() + self._timeout)
        try:
            status = translated(lambda: connection.post(self._path, headers, body), connection.failure)
        except BaseException:
            connection.close()
            raise
        if connection.sock is not None:
            self._idle.keep(connection, connection.sock)
        if status // 100 != 2:
            raise self._failure(status)
        return accepted_for_all(message, f"HTTP status {status}")

    def _connection(self, deadline: float) -> Connection:
        from ondemand_attach.transports._https_connection import Connection

        kept = self._idle.take()
        if kept is None:
            return Connection(self._host, self._port, context=self._context, deadline=deadline)
        kept.renew(deadline)
        return kept

    def _failure(self, status: int) -> TransportError:
        kind = AuthenticationError if status in (401, 403) else TransportError
        is_uncertain = status in _UNCERTAIN
        return kind(
            f"{self._host}:{self._port} answered with HTTP status {status}",
            is_temporary=not is_uncertain and (status in _TEMPORARY or status >= 500),
            is_uncertain=is_uncertain,
            code=status,
        )

    def close(self) -> None:
        """Close the connections that are idle. The transport can still be used."""
        while (connection := self._idle.take()) is not None:
            connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<HttpsTransport https://{self._host}:{self._port}>"


def _for_mailgun(message: Message, api_key: Callable[[], str]) -> tuple[dict[str, str], bytes]:
    from urllib3.filepost import encode_multipart_formdata

    body, content_type = encode_multipart_formdata(
        [
            *(("to", recipient.ascii_addr_spec) for recipient in message.envelope.recipients),
            ("o:tracking", "no"),
            ("message", ("message.eml", message.content, "message/rfc822")),
        ]
    )
    credentials = base64.b64encode(f"api:{asked(api_key)}".encode()).decode("ascii")
    return {"Authorization": f"Basic {credentials}", "Content-Type": content_type}, body


def _parts(url: str) -> tuple[str, int, str]:
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError:
        port = 0
    if not port or parts.scheme != "https" or not parts.hostname or parts.username is not None:
        raise ConfigurationError("the URL of the provider is https://host[:port]/path, without a login")
    return parts.hostname, port, parts.path + (f"?{parts.query}" if parts.query else "")


def _check_urllib3() -> None:
    from importlib.util import find_spec

    if find_spec("urllib3") is None:
        raise MissingDependencyError('HttpsTransport needs urllib3: pip install "ondemand_attach[http]"')
