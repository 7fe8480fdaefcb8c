"""The certificates of those who shall be able to read."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from ondemand_attach._message import AttachmentRequest, Recipient
from ondemand_attach._origins import told
from ondemand_attach._seal import as_outage, translated
from ondemand_attach.errors import ConfigurationError, EncryptionError

if TYPE_CHECKING:
    from cryptography import x509

LookUp: TypeAlias = "Callable[[AttachmentRequest], Iterable[x509.Certificate | bytes]]"
Unfit: TypeAlias = Callable[[object, Iterable[Recipient], datetime.datetime], str | None]
"""Says why nothing should be encrypted to a certificate for its holders at a time, if so."""


def check_callable(source: object, option: str) -> None:
    """Refuse what an application cannot be asked by, if anything was given.

    Raises:
        ConfigurationError: it cannot be called.
    """
    if source is not None and not callable(source):
        raise ConfigurationError(f"{option}= takes a callable, not a value of type {type(source).__name__}")


def check_certificates(recipients: Iterable[Recipient], unfit: Unfit) -> None:
    """Look at the certificates of recipients that are known while wiring.

    Raises:
        ConfigurationError: one is missing, out of date, too weak, of somebody else, or not for encryption.
    """
    now = datetime.datetime.now(datetime.UTC)
    for recipient in recipients:
        if reason := unfit(recipient.certificate, (recipient,), now):
            raise ConfigurationError(
                f"the certificate of a recipient of the builder {reason}; give each a "
                "Recipient(certificate=…), or have them looked up by certificates="
            )


def certificates_for(look_up: LookUp | None, request: AttachmentRequest, unfit: Unfit) -> list[object]:
    """Return the certificates to encrypt to, as they were given.

    Args:
        look_up: finds them; without it, they are those of the recipients.
        request: who the recipients are, and when.
        unfit: says of each whether it may be used.

    Raises:
        EncryptionError: one is missing, out of date, too weak, of somebody else, or not for encryption.
    """
    given = _given(look_up, request)
    now = datetime.datetime.now(datetime.UTC)
    for certificate, holders in given:
        if reason := unfit(certificate, holders, request.now) or unfit(certificate, holders, now):
            raise EncryptionError(
                f"{request.filename} cannot be encrypted: a recipient's certificate {reason}"
                f"{_hint(certificate)}"
            )
    certificates = [certificate for certificate, _ in given]
    for recipient in request.recipients if look_up else ():
        if all(unfit(certificate, (recipient,), now) for certificate in certificates):
            raise EncryptionError(
                f"{request.filename} cannot be encrypted: the application's callable returned no certificate "
                "of one of the recipients, who could not read it"
            )
    return certificates


def _hint(certificate: object) -> str:
    if certificate is None:
        return "; give Recipient(certificate=…), or a look-up with certificates="
    if isinstance(certificate, str):
        return "; give what is in the file, as bytes, not its path"
    return "; ask the recipient for another"


def _given(look_up: LookUp | None, request: AttachmentRequest) -> list[tuple[object, tuple[Recipient, ...]]]:
    """Return each certificate beside the recipients one of whom must be its holder."""
    if look_up is None:
        return [(recipient.certificate, (recipient,)) for recipient in request.recipients]
    returned = asked(look_up, "certificates", request)
    if isinstance(returned, str | bytes) or not isinstance(returned, Iterable):
        raise EncryptionError(
            f"{request.filename} cannot be encrypted: the application's callable for the certificates "
            f"returned a value of type {type(returned).__name__}; return a list, be it of one"
        )
    found = asked(lambda _: list(returned), "certificates", request)
    if len(found) < len(request.recipients):
        raise EncryptionError(
            f"{request.filename} cannot be encrypted: the application's callable returned {len(found)} "
            f"certificates for {len(request.recipients)} recipients; return one for each, be it the same"
        )
    return [(certificate, request.recipients) for certificate in found]


def asked(source: Callable[[AttachmentRequest], Any], what: str, request: AttachmentRequest) -> Any:
    """Return what the application's callable *source* gives.

    Raises:
        EncryptionError: it failed.
    """
    return translated(
        lambda: source(request),
        lambda error: as_outage(
            EncryptionError(
                f"{request.filename} cannot be encrypted: the application's callable for the {what} "
                f"failed: {told(error)}"
            ),
            error,
        ),
    )
