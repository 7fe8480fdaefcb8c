"""HttpsTransport: a provider's HTTPS interface that takes the finished MIME bytes."""

from __future__ import annotations

import base64
import json
import logging
import re
import ssl
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from ondemand_attach._answers import identifier
from ondemand_attach._faults import UNCERTAIN, may_pass
from ondemand_attach._given import checked
from ondemand_attach._hosts import is_host
from ondemand_attach._message import Message, Receipt
from ondemand_attach._origins import told
from ondemand_attach._seal import as_outage, at_work, translated
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
_FIELD_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110 section 5.1
_FIELD_VALUE = re.compile(r"[\t -~\x80-\xff]*")  # section 5.5
_UNCERTAIN = {502, 504, 520, 522, 524, 598, 599}
"""A gateway says that it does not know what became of the request, which it had in whole (RFC 9110 sections
15.6.3 and 15.6.5, and what Cloudflare and others say instead)."""
_UNDERSTOOD = "it does not take an address, or what encode= makes; see what it says of this in its own log"
_TODO = {
    400: _UNDERSTOOD,
    401: "the key is wrong, or of another account or region",
    403: "the key may not send, or not for this sender or domain",
    404: "there is nothing at this address; see the URL, and the domain in it",
    413: "the message is larger than it takes",
    422: _UNDERSTOOD,
    429: "it limits how many messages it takes; send again later, or fewer at a time",
}

_log = logging.getLogger("ondemand_attach")


class HttpsTransport:
    """Sends through a provider that takes raw MIME over HTTPS. Needs ``ondemand_attach[http]``.

    It can be shared between threads and keeps its connections. The server is verified, by TLS 1.2 or
    newer; a redirect is an error. The provider, not the envelope, chooses the reverse-path.

    Make one with `mailgun`, or give the interface of another provider.

    Args:
        url: the ``https://`` address to post to.
        encode: makes the header fields and the body of the request; it is called for each message.
        decode: finds in the body of an answer what the provider calls the message, for
            `Receipt.provider_id`. It is called after the message was taken, with 64 KiB at most. If it raises
            or finds none, the log says so, and the message is sent all the same.
        timeout: seconds for one message; resolving the host name is not counted.
        ssl_context: verifies the server with another authority, or shows a client certificate.
        rewrites_messages: the provider is known to put messages together anew, so that none may be sent that
            is signed or encrypted as a whole.

    Raises:
        ConfigurationError: one of them is wrong.
        MissingDependencyError: urllib3 is not installed.
    """

    @checked
    def __init__(
        self,
        url: str,
        encode: Callable[[Message], tuple[dict[str, str], bytes]],
        *,
        decode: Callable[[bytes], str | None] | None = None,
        timeout: float = 60.0,
        ssl_context: ssl.SSLContext | None = None,
        rewrites_messages: bool = False,
    ) -> None:
        _check_urllib3()
        self._host, self._port, self._path = _parts(url)
        if not callable(encode) or not (decode is None or callable(decode)):
            raise ConfigurationError("encode and decode are functions, or other callables")
        self._decode = decode
        if not timeout > 0:
            raise ConfigurationError("timeout is a number of seconds above zero")
        self._encode = encode
        self.capabilities = frozenset(() if rewrites_messages else {"RAW_MIME"})
        self._timeout = timeout
        self._context = verifying(ssl_context)
        self._idle: KeptConnections[Connection] = KeptConnections()

    @classmethod
    @checked
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
            url,
            lambda message: _for_mailgun(message, api_key),
            decode=_id_of_mailgun,
            timeout=timeout,
            ssl_context=ssl_context,
        )

    @at_work(TransportError)
    @checked
    def send(self, message: Message, /) -> Receipt:
        """Post the bytes of *message* exactly as they are.

        Raises:
            AuthenticationError: the key was not accepted.
            TransportError: the message was not taken; if ``is_uncertain``, it may have been. So is a lost
                connection or an answer of a gateway (502, 504) after the whole request was sent.
        """
        headers, body = self._request(message)
        connection = self._connection(time.monotonic() + self._timeout)
        try:
            status, said = translated(lambda: connection.post(self._path, headers, body), connection.failure)
        except BaseException:
            connection.close()
            raise
        if connection.sock is not None:
            self._idle.keep(connection, connection.sock)
        if status // 100 != 2:
            raise self._failure(status)
        return accepted_for_all(message, f"HTTP status {status}", self._id_in(said, message))

    def _request(self, message: Message) -> tuple[dict[str, str], bytes]:
        """Return what encode= makes of *message*, of which no word is quoted: there may be a key in it."""
        match translated(lambda: self._encode(message), _not_encoded):
            case (Mapping() as headers, bytes() as body) if all(map(_is_field, headers.items())):
                return dict(headers), body
        raise TransportError(
            "encode= did not return two things: a mapping of names and values of header fields, each in one "
            "line of Latin-1, and bytes"
        )

    def _id_in(self, said: bytes | None, message: Message) -> str | None:
        """Return what the provider calls *message*. That is sent, so nothing here may be an error."""
        if self._decode is None:
            return None
        problem = "the answer is longer than 64 KiB, or did not come in whole"
        if said is not None:
            try:
                found = self._decode(said)
            except Exception as error:  # noqa: BLE001 - whatever the application's code raises
                problem = f"decode= raised {told(error)}"
            else:
                if (shown := identifier(found, message.envelope.recipients)) is not None:
                    return shown
                problem = "decode= found none of 1 to 200 visible ASCII characters without an address"
        _log.warning("%s is sent, but its receipt has no provider_id: %s", message.message_id, problem)
        return None

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
        todo = UNCERTAIN if is_uncertain else _todo(status)
        return kind(
            f"{self._host}:{self._port} answered with HTTP status {status}: {todo}",
            is_temporary=not is_uncertain and may_pass(status),
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


def _todo(status: int) -> str:
    if status // 100 == 3:
        return "it wants to be asked elsewhere, which is not done; give the final address as url="
    if status not in _TODO and may_pass(status):
        return "it is out of order; send again later"
    return _TODO.get(status, "see what it says of this in its own log")


def _not_encoded(error: Exception) -> TransportError:
    return as_outage(TransportError(f"encode= raised {told(error)}"), error)


def _is_field(field: tuple[object, object]) -> bool:
    name, value = field
    return (
        isinstance(name, str)
        and isinstance(value, str)
        and _FIELD_NAME.fullmatch(name) is not None
        and _FIELD_VALUE.fullmatch(value) is not None
    )


def _id_of_mailgun(content: bytes) -> str:
    return str(json.loads(content)["id"])


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
    is_whole = port and parts.scheme == "https" and parts.hostname and is_host(parts.hostname)
    if not is_whole or parts.username is not None:
        raise ConfigurationError("the URL of the provider is https://host[:port]/path, without a login")
    return str(parts.hostname), port, parts.path + (f"?{parts.query}" if parts.query else "")


def _check_urllib3() -> None:
    from importlib.util import find_spec

    if find_spec("urllib3") is None:
        raise MissingDependencyError('HttpsTransport needs urllib3: pip install "ondemand_attach[http]"')
