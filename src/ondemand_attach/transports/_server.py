"""Reads the URL of an SMTP server."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from ondemand_attach._hosts import is_host, is_loopback
from ondemand_attach._seal import translated
from ondemand_attach.errors import ConfigurationError

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_HOST = re.compile(r"[\w.\-]+|[0-9a-fA-F:.]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where to connect and how.

    Args:
        scheme: ``smtp``, ``smtp+starttls`` or ``smtps``.
        host: a host name or IP address, without brackets.
        port: the TCP port.
        user: the name to log in with, if any.
    """

    scheme: str
    host: str
    port: int
    user: str | None = field(repr=False)

    @classmethod
    def parse(cls, url: str) -> Server:
        """Read ``scheme://[user@]host[:port]``.

        Raises:
            ConfigurationError: *url* is something else, or holds a password.
        """
        parts = translated(lambda: urlsplit(url), _unreadable)
        if parts.scheme not in _PORTS:
            raise ConfigurationError(f"the URL of an SMTP server begins with one of {', '.join(_PORTS)}")
        if parts.password is not None:
            raise ConfigurationError(
                "the URL of the SMTP server holds a password, and URLs end in logs; pass password=callable"
            )
        if parts.path not in ("", "/") or parts.query or parts.fragment:
            raise ConfigurationError("the URL of an SMTP server has nothing after the port")
        return cls(
            scheme=parts.scheme,
            host=_host(parts),
            port=_port(parts),
            user=_user(parts),
        )

    @property
    def is_encrypted(self) -> bool:
        """Whether TLS is used, from the start or after STARTTLS (RFC 3207)."""
        return self.scheme != "smtp"

    @property
    def is_loopback(self) -> bool:
        """Whether the server runs on this machine."""
        return is_loopback(self.host)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _unreadable(_: Exception) -> ConfigurationError:
    return ConfigurationError("the URL of the SMTP server cannot be read")


def _user(parts: SplitResult) -> str | None:
    user = unquote(parts.username or "")
    if "\0" in user:
        raise ConfigurationError("the user in the URL of the SMTP server holds a NUL")
    return user or None


def _host(parts: SplitResult) -> str:
    if parts.hostname is None or not (_HOST.fullmatch(parts.hostname) and is_host(parts.hostname)):
        raise ConfigurationError("the URL of the SMTP server names no valid host")
    return parts.hostname


def _port(parts: SplitResult) -> int:
    try:
        return parts.port or _PORTS[parts.scheme]
    except ValueError:
        pass
    raise ConfigurationError("the port in the URL of the SMTP server is not a number from 1 to 65535")
