"""S/MIME: whole messages signed or encrypted, in any mail program that knows it (RFC 8551)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal

from ondemand_attach._exposure._facts import to_keys
from ondemand_attach._given import checked, checked_as
from ondemand_attach._message import AttachmentRequest, Document, Recipient
from ondemand_attach._origins import told
from ondemand_attach._seal import sealed, translated
from ondemand_attach.errors import ConfigurationError, EncryptionError, SigningError
from ondemand_attach.protectors._key_holder import KeyHolder
from ondemand_attach.protectors._recipients import (
    LookUp,
    certificates_for,
    check_callable,
    check_certificates,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self

    from cryptography import x509

    from ondemand_attach.protectors._certificates import Password, Source
    from ondemand_attach.protectors._signing_keys import LocalKey, Sign

__all__ = ["SmimeEncryptor", "SmimeSigner"]


class SmimeSigner(KeyHolder):
    """Signs a whole message, in a part of its own that other mail programs show as a file.

    SHA-256 with RSA (PKCS #1 v1.5) or ECDSA. Give it to `MessageBuilder.whole_message`.

    Args:
        key: as for `PdfSigner`.
        certificate: of the key: x509.Certificate, PEM or DER. If it was issued to mail addresses, one of them
            must be the sender's.
        chain: the certificates from its issuer on; the root may be left out.

    Raises:
        ConfigurationError: the key does not belong to the certificate or is too weak; or the certificate is
            not valid now, or was not issued for signing.
    """

    protects: Literal["message"] = "message"

    @checked
    @sealed
    def __init__(
        self,
        *,
        key: LocalKey | Sign,
        certificate: x509.Certificate | bytes,
        chain: Iterable[x509.Certificate | bytes] = (),
    ) -> None:
        from ondemand_attach.protectors import _certificates

        super().__init__(key, certificate, chain)
        if reason := _certificates.not_for_mail(self._certificate):
            raise ConfigurationError(f"the certificate of the S/MIME signature {reason}")
        self._addresses = translated(
            lambda: _certificates.addresses_of(self._certificate),
            lambda _: ConfigurationError(
                "the certificate of the S/MIME signature has a mail address that cannot be read"
            ),
        )

    @classmethod
    @checked
    @sealed
    def from_pkcs12(cls, source: Source, /, *, password: Password | None = None) -> Self:
        """Read key, certificate and chain as `PdfSigner.from_pkcs12` does."""
        from ondemand_attach.protectors import _certificates

        return cls(**_certificates.from_pkcs12(source, password))

    @classmethod
    @checked
    @sealed
    def from_pem(cls, key: Source, certificate_chain: Source, /, *, password: Password | None = None) -> Self:
        """Read the key and its certificates as `PdfSigner.from_pem` does."""
        from ondemand_attach.protectors import _certificates

        return cls(**_certificates.from_pem(key, certificate_chain, password))

    @classmethod
    @checked
    @sealed
    def from_pkcs11(
        cls,
        module: str,
        /,
        *,
        token: str,
        key: str,
        pin: Password,
        certificate: x509.Certificate | bytes | None = None,
        chain: Iterable[x509.Certificate | bytes] = (),
    ) -> Self:
        """Sign with a key in a token, as `PdfSigner.from_pkcs11` does."""
        from ondemand_attach.protectors._pkcs11 import TokenKey

        asked = TokenKey(module, token=token, pin=pin, label=key)
        return cls(key=asked, certificate=certificate or asked.certificate(), chain=chain)

    @sealed
    @checked_as(SigningError)
    def sign(self, document: Document, request: AttachmentRequest, /) -> Document:
        """Return the detached signature of *document*, a MIME entity.

        Raises:
            SigningError: the certificate has expired or is not of the sender; or the key did not sign.
        """
        from ondemand_attach.protectors import _certificates, _cms, _signing_keys, _smime_proof

        self._check_date(request)
        named, sender = self._addresses, request.sender
        if named and sender and named.isdisjoint(_certificates.forms_of(sender)):
            raise SigningError("the certificate of the S/MIME signature was issued to other mail addresses")
        content = translated(
            lambda: _cms.signed(
                document.content,
                self._certificates_der(),
                lambda data: _signing_keys.signature(self._key, data),
                request.now,
                is_rsa=_signing_keys.is_rsa(self._key),
            ),
            lambda error: SigningError(f"the message could not be signed: {told(error)}"),
        )
        media_type = "application/pkcs7-signature; micalg=sha-256"
        return Document(
            content=content,
            media_type=media_type,
            signature="S/MIME",
            proof=_smime_proof.SignedMessageProof(self._certificate.public_key()),
        )


class SmimeEncryptor:
    """Encrypts a whole message to the certificates of its recipients.

    Give it to `MessageBuilder.whole_message`.

    Args:
        certificates: as for `PdfEncryptor`: by default, the `Recipient.certificate` of every recipient.
        strict: AES-256-GCM and RSAES-OAEP, with which every change is noticed (RFC 8551 section 2.7), but
            which few mail programs read yet. By default, AES-256-CBC and RSAES-PKCS1-v1_5, which all do; sign
            the message as well. For elliptic curves, both use ECDH.
    """

    protects: Literal["message"] = "message"

    @checked
    @sealed
    def __init__(self, *, certificates: LookUp | None = None, strict: bool = False) -> None:
        check_callable(certificates, "certificates")
        self._certificates, self._strict = certificates, strict

    def check_recipients(self, recipients: Iterable[Recipient], /) -> None:
        """Look at the certificates of recipients that a builder names for all of its messages.

        Raises:
            ConfigurationError: one is missing or not fit.
        """
        from ondemand_attach.protectors import _certificates

        if self._certificates is None:
            check_certificates(recipients, _certificates.unfit_for_mail)

    @sealed
    @checked_as(EncryptionError)
    def encrypt(self, document: Document, request: AttachmentRequest, /) -> Document:
        """Return *document*, a MIME entity, encrypted.

        Raises:
            EncryptionError: a certificate is missing, out of date, of somebody else, or not for encryption.
        """
        from ondemand_attach.protectors import _certificates, _cms
        from ondemand_attach.protectors._smime_proof import EncryptedMessageProof

        given = certificates_for(self._certificates, request, _certificates.unfit_for_mail)
        certificates = _certificates.der(given)
        content, key = translated(
            lambda: (
                _cms.auth_enveloped(document.content, certificates, "OAEP")
                if self._strict
                else _cms.enveloped(document.content, certificates, "PKCS1-v1_5")
            ),
            lambda error: EncryptionError(f"the message could not be encrypted: {told(error)}"),
        )
        kind, mode = self._kind
        return Document(
            content=content,
            media_type=f"application/pkcs7-mime; smime-type={kind}",
            encryption=f"S/MIME, AES-256-{mode} {to_keys(len(certificates))}",
            signature=document.signature,
            proof=EncryptedMessageProof(certificates, key, hashlib.sha256(document.content).digest(), mode),
            made_for=request.made_for,
        )

    @property
    def _kind(self) -> tuple[str, Literal["CBC", "GCM"]]:
        return ("authEnveloped-data", "GCM") if self._strict else ("enveloped-data", "CBC")
