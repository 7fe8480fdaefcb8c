"""The certificates of those who shall be able to read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from ondemand_attach._message import AttachmentRequest, Recipient
from ondemand_attach._seal import translated
from ondemand_attach.errors import EncryptionError

if TYPE_CHECKING:
    from cryptography import x509

LookUp: TypeAlias = "Callable[[AttachmentRequest], Iterable[x509.Certificate | bytes]]"


def certificates_for(look_up: LookUp | None, request: AttachmentRequest) -> list[bytes]:
    """Return the certificates to encrypt to, in DER.

    Args:
        look_up: finds them; without it, they are those of the recipients.
        request: who the recipients are, and when.

    Raises:
        EncryptionError: one is missing, out of date, too weak, of somebody else, or not for encryption.
    """
    from ondemand_attach.protectors import _certificates

    name, given = request.filename, _given(look_up, request)
    certificates = translated(
        lambda: [_certificates.certificate_of(value) for value, _ in given],
        lambda _: EncryptionError(
            f"{name} cannot be encrypted: a recipient's certificate is neither PEM nor DER"
        ),
    )
    if not certificates:
        raise EncryptionError(f"there is no certificate to encrypt {name} to")
    for certificate, (_, holders) in zip(certificates, given, strict=True):
        reason = _certificates.unfit_to_receive(certificate, request.now)
        named = _certificates.addresses_of(certificate)
        if not reason and named and named.isdisjoint(map(_lowered, holders)):
            reason = "was issued to another mail address"
        if reason:
            raise EncryptionError(f"{name} cannot be encrypted: a recipient's certificate {reason}")
    return _certificates.der(certificates)


def _given(look_up: LookUp | None, request: AttachmentRequest) -> list[tuple[object, tuple[Recipient, ...]]]:
    """Return each certificate beside the recipients one of whom must be its holder."""
    if look_up is not None:
        return [(certificate, request.recipients) for certificate in asked(look_up, "certificates", request)]
    if any(recipient.certificate is None for recipient in request.recipients):
        raise EncryptionError(f"{request.filename} cannot be encrypted: a recipient has no certificate")
    return [(recipient.certificate, (recipient,)) for recipient in request.recipients]


def _lowered(recipient: Recipient) -> str:
    return recipient.address.ascii_addr_spec.lower()


def asked(source: Callable[[AttachmentRequest], Any], what: str, request: AttachmentRequest) -> Any:
    """Return what the application's callable *source* gives.

    Raises:
        EncryptionError: it failed.
    """
    return translated(
        lambda: source(request),
        lambda error: EncryptionError(
            f"{request.filename} cannot be encrypted: the application's callable for the {what} "
            f"raised {type(error).__name__}"
        ),
    )
