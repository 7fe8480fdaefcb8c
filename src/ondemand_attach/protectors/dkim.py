"""DKIM: who answers for a message (RFC 6376), signed over its final bytes."""

from __future__ import annotations

import base64
import os
import re
from typing import TYPE_CHECKING, Any, Final, Literal

from ondemand_attach._extras import require
from ondemand_attach._given import checked, checked_as
from ondemand_attach._origins import told
from ondemand_attach._seal import sealed, translated
from ondemand_attach.errors import ConfigurationError, ProofError, SigningError
from ondemand_attach.protectors._key_holder import PrivateKeyHolder

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from ondemand_attach.protectors._certificates import Password, Source

__all__ = ["DkimSigner"]

_HEADER: Final = re.compile(rb"([!-9<-~]+:[^\n]*\r\n([ \t][^\n]*\r\n)*)+\r\n")
"""Fields with names that a signature can list: a semicolon would end the list (RFC 6376 section 3.5)."""
# sub-domain *("." sub-domain), RFC 5321 section 4.1.2 and RFC 6376 section 3.1; in use are underscores, too.
_LABEL: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_DOMAIN: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_LONGEST: Final = 253  # characters of a name, RFC 1035 section 2.3.4
_NAME: Final = re.compile(rb"^([!-9;-~]+):", re.MULTILINE)
# Signed once more than they are there, so that none can be added in front (RFC 6376 section 8.15).
_ONCE: Final = (
    *(b"from", b"reply-to", b"to", b"cc", b"subject", b"date", b"message-id"),
    *(b"sender", b"in-reply-to", b"references", b"list-unsubscribe", b"list-unsubscribe-post"),
    *(b"mime-version", b"content-type", b"content-transfer-encoding", b"content-disposition"),
    *(b"resent-from", b"resent-sender", b"resent-to", b"resent-cc", b"resent-date", b"resent-message-id"),
)


class DkimSigner(PrivateKeyHolder):
    """Adds a DKIM-Signature field: SHA-256 with RSA, or Ed25519 (RFC 8463). Needs the extra ``[dkim]``.

    The whole header and body are signed, and no second From, To, Subject, Date and the like can be added.

    Give it to `MessageBuilder.dkim`. Needed only where the mail server does not sign by itself.

    Args:
        domain: the domain that signs: the sender's, or one above it.
        selector: under which name the public key is in the DNS: ``selector._domainkey.domain``.
        key: an RSA key of 2048 bits or more, or an Ed25519 key; as ``cryptography`` loads it, or in PEM: the
            path of a file, or the bytes.
        password: a callable that returns the password of the PEM; called once.

    Raises:
        ConfigurationError: domain or selector can be no name in the DNS, or the key cannot be read, or is
            weak or of another kind.
        MissingDependencyError: the extra is not installed.
    """

    protects: Literal["header"] = "header"

    @checked
    @sealed
    def __init__(
        self,
        *,
        domain: str,
        selector: str,
        key: RSAPrivateKey | Ed25519PrivateKey | Source,
        password: Password | None = None,
    ) -> None:
        _library()
        self.domain, self.selector = domain.lower().removesuffix("."), selector
        for what, name, example in (
            ("domain", self.domain, "shop.example"),
            ("selector", selector, "mail2026"),
        ):
            if not _DOMAIN.fullmatch(name) or len(name) > _LONGEST:
                raise ConfigurationError(
                    f"{what}={name!r} cannot be looked up in the DNS; give labels of ASCII letters, digits, "
                    f"hyphens with dots between them, such as {example!r}, others as A-labels (RFC 5890)"
                )
        if "_domainkey" in selector.lower():
            raise ConfigurationError(
                "selector= is what stands before ._domainkey in the name of the DNS record, such as mail2026"
            )
        self._algorithm, self._key, self._record = _prepared(key, password)

    @property
    def dns_record(self) -> str:
        """What the TXT record at ``selector._domainkey.domain`` is to say (RFC 6376 section 3.6.1)."""
        return self._record

    @sealed
    @checked_as(SigningError)
    def sign(self, content: bytes, /) -> bytes:
        """Return the header field that goes in front of *content*, a message with CRLF line ends.

        Raises:
            SigningError: it could not be signed, or does not begin with a header.
            ProofError: the signature does not hold.
        """
        dkim = _library()
        header = _HEADER.match(content)
        if header is None:
            raise SigningError(
                "what DKIM is to sign does not begin with header fields, each with a name of printable ASCII "
                "without a semicolon, with CRLF line ends and an empty line after them; give a whole message"
            )
        field: bytes = translated(
            lambda: dkim.sign(
                content,
                self.selector.encode(),
                self.domain.encode(),
                self._key,
                canonicalize=(b"relaxed", b"relaxed"),
                signature_algorithm=self._algorithm,
                include_headers=[*_NAME.findall(header[0]), *_ONCE],
            ),
            lambda error: SigningError(f"the message could not be signed with DKIM: {told(error)}"),
        )
        if not dkim.verify(field + content, dnsfunc=lambda *_, **__: self._record.encode()):
            raise ProofError("the DKIM signature does not hold")
        return field

    def answers_for(self, domain: str) -> bool:
        """Whether the signature is aligned with mail from *domain*, for DMARC (RFC 7489 section 3.1)."""
        return "." in self.domain and f".{domain.lower()}".endswith(f".{self.domain}")


def _library() -> Any:
    return require("dkim", "DKIM needs dkimpy", extra="dkim")


def _prepared(key: Any, password: Password | None) -> tuple[bytes, bytes, str]:
    """Return the algorithm, the key as dkimpy takes it, and the record of its public key."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from ondemand_attach.protectors import _certificates

    if isinstance(key, bytes | str | os.PathLike):
        key = _certificates.private_key(key, password)
    if isinstance(key, RSAPrivateKey):
        if key.key_size < 2048:
            raise ConfigurationError(f"the DKIM key has {key.key_size} bits; 2048 are the least (RFC 8301)")
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return b"rsa-sha256", private, _record("rsa", public)
    if isinstance(key, Ed25519PrivateKey):
        private = base64.b64encode(key.private_bytes_raw())
        return b"ed25519-sha256", private, _record("ed25519", key.public_key().public_bytes_raw())
    raise ConfigurationError(
        f"a {type(key).__name__} cannot make DKIM signatures; give an RSA or Ed25519 key"
    )


def _record(kind: str, public_key: bytes) -> str:
    return f"v=DKIM1; k={kind}; p={base64.b64encode(public_key).decode()}"
