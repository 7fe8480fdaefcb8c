"""The levels of PAdES baseline signatures (ETSI EN 319 142-1 section 6) and who gives their time stamps."""

from __future__ import annotations

import contextlib
import math
import urllib.parse
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from ondemand_attach._given import checked_fields, shown
from ondemand_attach._hosts import is_loopback
from ondemand_attach._seal import translated
from ondemand_attach.errors import ConfigurationError

if TYPE_CHECKING:
    from cryptography import x509

SignatureLevel: TypeAlias = Literal["B-B", "B-T", "B-LT", "B-LTA"]
"""What a signature proves, and for how long: by whom (B-B); since when (B-T); also once the certificates have
expired, from the file alone (B-LT); also once the algorithms have aged, if stamped again by then (B-LTA)."""

_LEVELS: tuple[SignatureLevel, ...] = get_args(SignatureLevel)


@checked_fields()
@dataclass(frozen=True, slots=True, kw_only=True)
class TimeStampAuthority:
    """A server that says when something was there: RFC 3161 over HTTP.

    It is sent a hash of the document, and nothing else about it or its recipient.

    Args:
        url: where it listens. Many listen at ``http:`` only; what they answer is signed. A query is not
            shown, as it may hold a key.
        trust_roots: the root certificates that its own must lead to, each an x509.Certificate, PEM or DER.
            Needed from B-LT on. Without any, whoever answers is believed.
        credentials: a callable that returns user name and password, for HTTP basic authentication. They are
            told nobody but a server at ``https:``, or on this machine.
        timeout: how long to wait for an answer, in seconds.

    Raises:
        ConfigurationError: the URL is not one of HTTP, a root is no certificate, the timeout is none, or
            the credentials would go over the network in clear text.
    """

    url: str
    trust_roots: Iterable[x509.Certificate | bytes] = field(default=(), repr=False)
    credentials: Callable[[], tuple[str, str]] | None = field(default=None, repr=False)
    timeout: float = 5.0

    def __post_init__(self) -> None:
        self._check_url()
        if not (isinstance(self.timeout, int | float) and 0 < self.timeout < math.inf):
            raise ConfigurationError("timeout= of a time stamp authority takes seconds, more than 0")
        from ondemand_attach.protectors import _certificates

        roots = translated(
            lambda: _certificates.der(self.trust_roots),
            lambda _: ConfigurationError(
                "a root in trust_roots= of the time stamp authority is neither PEM nor DER; "
                "give the content of a file"
            ),
        )
        object.__setattr__(self, "trust_roots", tuple(roots))

    def _check_url(self) -> None:
        parts = _parts_of(self.url)
        if (
            parts is None
            or parts.scheme not in {"http", "https"}
            or "@" in parts.netloc
            or parts.fragment
            or not (self.url.isascii() and self.url.isprintable() and " " not in self.url)
        ):
            raise ConfigurationError(
                "the URL of a time stamp authority begins with http:// or https:// and names no user; "
                "give user and password with credentials="
            )
        if self.credentials and parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            raise ConfigurationError("credentials= of a time stamp authority need a URL with https://")

    def __repr__(self) -> str:
        return f"TimeStampAuthority(url={self.url.partition('?')[0]!r}, timeout={self.timeout})"


def _parts_of(url: str) -> urllib.parse.SplitResult | None:
    with contextlib.suppress(ValueError, TypeError, AttributeError):
        parts = urllib.parse.urlsplit(url)
        if parts.hostname and parts.port != 0:
            return parts
    return None


def ladder(level: SignatureLevel, may_fall_to: SignatureLevel | None) -> tuple[SignatureLevel, ...]:
    """Return the levels to try, the best first.

    Raises:
        ConfigurationError: one is unknown, or the second is not below the first.
    """
    for name, given in (("level", level), ("may_fall_to", may_fall_to)):
        if given not in _LEVELS and not (given is None and name == "may_fall_to"):
            raise ConfigurationError(
                f"{name}= takes a level of signature, {', '.join(_LEVELS)}, not {shown(given)}"
            )
    highest = _LEVELS.index(level)
    lowest = highest if may_fall_to is None else _LEVELS.index(may_fall_to)
    if may_fall_to is not None and lowest >= highest:
        raise ConfigurationError(f"may_fall_to={may_fall_to!r} is not below {level}; name a lower level")
    return _LEVELS[lowest : highest + 1][::-1]
