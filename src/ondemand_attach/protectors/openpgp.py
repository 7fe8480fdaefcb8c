"""OpenPGP/MIME: whole messages signed or encrypted, for those whose keys are OpenPGP's (RFC 3156, 9580)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ondemand_attach._given import checked, checked_as
from ondemand_attach._message import AttachmentRequest, Document, Recipient
from ondemand_attach._origins import told
from ondemand_attach._seal import sealed, translated
from ondemand_attach.errors import EncryptionError, SigningError
from ondemand_attach.protectors._key_holder import PrivateKeyHolder
from ondemand_attach.protectors._recipients import certificates_for, check_callable, check_certificates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ondemand_attach.protectors._certificates import Password, Source

__all__ = ["OpenPgpEncryptor", "OpenPgpSigner"]


class OpenPgpSigner(PrivateKeyHolder):
    """Signs a whole message, in a part of its own that other mail programs show as a file.

    SHA-512 with whatever the key is. Needs the extra ``[openpgp]``. Give it to
    `MessageBuilder.whole_message`.

    Args:
        key: one secret key as ``gpg --export-secret-keys`` writes it, armored or binary: the path of a file,
            or the bytes. If its user IDs name mail addresses, one of them must be the sender's.
        password: a callable that returns the password of the key; called once.

    Raises:
        ConfigurationError: the key cannot be read or opened, is weak, was revoked or has expired, or is not
            for signing.
        MissingDependencyError: the extra is not installed.
    """

    protects: Literal["message"] = "message"

    @checked
    @sealed
    def __init__(self, *, key: Source, password: Password | None = None) -> None:
        from ondemand_attach.protectors import _certificates, _openpgp

        _openpgp.library()
        content, secret = _certificates.content_of(key, "the OpenPGP key"), _certificates.secret_of(password)
        self.__setstate__({"content": content, "password": secret})

    @sealed
    @checked_as(SigningError)
    def sign(self, document: Document, request: AttachmentRequest, /) -> Document:
        """Return the detached signature of *document*, a MIME entity, in ASCII armor.

        Raises:
            SigningError: the key has expired or is not of the sender; or it did not sign.
            ProofError: the signature does not hold.
        """
        from ondemand_attach.protectors import _openpgp, _openpgp_proof

        if reason := _openpgp.out_of_use(self._certificate, request.now):
            raise SigningError(f"{request.filename} cannot be signed: the OpenPGP key {reason}")
        named, sender = _openpgp.addresses_of(self._certificate), request.sender
        if named and sender and sender.ascii_addr_spec.lower() not in named:
            raise SigningError("the user IDs of the OpenPGP key name other mail addresses than the sender's")
        content, micalg = translated(
            lambda: _openpgp.signed(document.content, self._signer),
            lambda error: SigningError(f"the message could not be signed: {told(error)}"),
        )
        media_type = f"application/pgp-signature; micalg={micalg}"
        proof = _openpgp_proof.SignedMessageProof(self._certificate)
        return Document(content=content, media_type=media_type, signature="OpenPGP", proof=proof)

    def __getstate__(self) -> dict[str, Any]:
        """Return the key with its password, for a process of our own only."""
        return self._state

    def __setstate__(self, state: dict[str, Any]) -> None:
        from ondemand_attach.protectors import _openpgp

        self._state = state
        self._certificate, self._signer = _openpgp.opened(**state)


class OpenPgpEncryptor:
    """Encrypts a whole message to the OpenPGP certificates of its recipients. Needs the extra ``[openpgp]``.

    AES-256, with integrity protection: as the certificates say that their owners can read it, of version 2
    (AEAD), or of version 1, which GnuPG reads. Give it to `MessageBuilder.whole_message`.

    Args:
        certificates: a callable that finds a certificate, as ``gpg --export`` writes it, for each of the
            recipients of a request; by default, the `Recipient.certificate` of every recipient.

    Raises:
        MissingDependencyError: the extra is not installed.
    """

    protects: Literal["message"] = "message"

    @checked
    @sealed
    def __init__(self, *, certificates: Callable[[AttachmentRequest], Iterable[bytes]] | None = None) -> None:
        from ondemand_attach.protectors import _openpgp

        _openpgp.library()
        check_callable(certificates, "certificates")
        self._certificates = certificates

    def check_recipients(self, recipients: Iterable[Recipient], /) -> None:
        """Look at the certificates of recipients that a builder names for all of its messages.

        Raises:
            ConfigurationError: one is missing or not fit.
        """
        from ondemand_attach.protectors import _openpgp

        if self._certificates is None:
            check_certificates(recipients, _openpgp.unfit_to_receive)

    @sealed
    @checked_as(EncryptionError)
    def encrypt(self, document: Document, request: AttachmentRequest, /) -> Document:
        """Return *document*, a MIME entity, encrypted, in ASCII armor.

        Raises:
            EncryptionError: a certificate is missing, has expired, was revoked, is weak, of somebody else, or
                not for encryption.
        """
        from ondemand_attach.protectors import _openpgp, _openpgp_proof

        given = certificates_for(self._certificates, request, _openpgp.unfit_to_receive)
        certificates = [_openpgp.certificate_of(each) for each in given]
        content = translated(
            lambda: _openpgp.encrypted(document.content, certificates, request.now),
            lambda error: EncryptionError(f"the message could not be encrypted: {told(error)}"),
        )
        return Document(
            content=content,
            media_type="application/pgp-encrypted",
            encryption=_openpgp_proof.description(content),
            signature=document.signature,
            proof=_openpgp_proof.EncryptedMessageProof(certificates),
            made_for=request.made_for,
        )
