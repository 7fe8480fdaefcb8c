"""PDF encryption and signatures, made in one write (ISO 32000-2, ETSI EN 319 142-1)."""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict, get_args

from ondemand_attach._message import AttachmentRequest, Document
from ondemand_attach._seal import sealed, translated
from ondemand_attach.errors import ConfigurationError, EncryptionError, SigningError
from ondemand_attach.protectors import _passwords

if TYPE_CHECKING:
    from typing import Self, Unpack

    from cryptography import x509

    from ondemand_attach.protectors import _pyhanko
    from ondemand_attach.protectors._certificates import Password, SigningKey, Source

__all__ = ["PdfEncryptor", "PdfPermission", "PdfSigner", "VisibleSignature"]

PdfPermission: TypeAlias = Literal["print", "copy", "annotate", "fill_forms", "assemble", "change"]
"""What a reader lets the recipient do. A request to the reader, not a protection."""

_FLAGS: dict[str, tuple[str, ...]] = {
    "print": ("ALLOW_PRINTING", "ALLOW_HIGH_QUALITY_PRINTING"),
    "copy": ("ALLOW_CONTENT_EXTRACTION",),
    "annotate": ("ALLOW_ANNOTS_FORM_FILLING",),
    "fill_forms": ("ALLOW_FORM_FILLING",),
    "assemble": ("ALLOW_REASSEMBLY",),
    "change": ("ALLOW_MODIFICATION_GENERIC",),
}


class PdfEncryptor:
    """Encrypts a PDF with AES-256, by password or to certificates; everything in it, metadata too.

    A password is made at the moment of use, for one recipient. Choose something that the recipient has or can
    look up and that nobody who sees the mail knows: a code shown in their account, a random part of a letter or
    of a contract number, several such values together. Without a password, the document is encrypted to
    certificates and opens with the private key of any of them.

    A password is estimated from its characters (digits count 3.3 bits, letters that could be a word 2.2, other
    letters 4.7, dates 17) and refused below 40 bits, about 13 days for a graphics card. The estimate cannot
    know that a postcode is in the telephone book or that customer numbers are given out in order, and single
    values may come out lower than the rest of their kind, so aim well above: 5 digits of a postcode with 7 of a
    number are just enough on paper; ``secrets.token_hex(8)`` or ``token_urlsafe(12)`` is out of reach.

    Args:
        password: a template that is rendered with the request's context, without escaping, or a callable that
            takes the request. Must be as SASLprep (RFC 4013) leaves it, 1 to 126 bytes in UTF-8.
        certificates: a callable that takes the request and returns certificates: x509.Certificate, PEM or DER.
            By default, the `Recipient.certificate` of every recipient.
        owner_password: a callable that returns the password that lifts the restrictions of *allow*. By
            default, a random one that nobody knows.
        allow: what readers shall let the recipient do. Screen readers are always let in.
        insecure_allow_weak_password: take passwords that can be guessed.

    Raises:
        ConfigurationError: the password is fixed text, the same for everyone; a permission is unknown; or both
            a password and certificates were given.
    """

    @sealed
    def __init__(
        self,
        *,
        password: str | Callable[[AttachmentRequest], str] | None = None,
        certificates: Callable[[AttachmentRequest], Iterable[x509.Certificate | bytes]] | None = None,
        owner_password: Callable[[AttachmentRequest], str] | None = None,
        allow: Collection[PdfPermission] = ("print", "copy"),
        insecure_allow_weak_password: bool = False,
    ) -> None:
        if password is not None and certificates is not None:
            raise ConfigurationError("encrypt by password or to certificates, not both")
        if password is None and (owner_password is not None or insecure_allow_weak_password):
            raise ConfigurationError("without a password there is no owner password, and no weak one")
        if isinstance(password, str) and "{{" not in password:
            raise ConfigurationError(
                "the password is fixed text, the same for everyone; give a template with an {{ expression }} or a callable"
            )
        if unknown := set(allow) - set(get_args(PdfPermission)):
            raise ConfigurationError(
                f"{', '.join(sorted(unknown))}: no such permission; there are {', '.join(_FLAGS)}"
            )
        self._password = password
        self._certificates = certificates or _own_certificates
        self._owner_password = owner_password or _random
        self._flags = ("ALLOW_ASSISTIVE_TECHNOLOGY", *(flag for name in allow for flag in _FLAGS[name]))
        self._allows_weak = insecure_allow_weak_password

    @sealed
    def encrypt(self, document: Document, request: AttachmentRequest, /) -> Document:
        """Return *document* encrypted for the recipients of *request*.

        Raises:
            WeakPasswordError: the password can be guessed, or would not open in every reader.
            EncryptionError: the document is no PDF, or encrypted or signed already; or a certificate is missing,
                out of date or not meant for encryption.
            MissingRecipientError: a password would be shared by several recipients.
        """
        from ondemand_attach.protectors import _pyhanko

        _require_pdf(document, request, EncryptionError)
        encrypt = self._by_password(request) if self._password is not None else self._to_certificates(request)
        return translated(
            lambda: _pyhanko.encrypted(document.content, encrypt, request.filename),
            lambda error: EncryptionError(
                f"{request.filename} could not be encrypted: {type(error).__name__}"
            ),
        )

    def _by_password(self, request: AttachmentRequest) -> _pyhanko.Encrypt:
        from ondemand_attach.protectors import _pyhanko

        _ = request.recipient
        name, source, owner_source = request.filename, self._password, self._owner_password
        if isinstance(source, str):
            user: object = request.render(source=source, autoescape=False)
        else:
            user = _called(source, request, "the callable for the password")
        owner = _called(owner_source, request, "the callable for the owner password")
        user = _passwords.check(user, whose=f"the password of {name}", insecure_allow_weak=self._allows_weak)
        owner = _passwords.check(owner, whose=f"the owner password of {name}")
        if secrets.compare_digest(user.encode(), owner.encode()):
            raise EncryptionError(f"the owner password of {name} is the password itself; they must differ")
        return _pyhanko.with_password(user, owner, self._flags)

    def _to_certificates(self, request: AttachmentRequest) -> _pyhanko.Encrypt:
        from ondemand_attach.protectors import _certificates, _pyhanko

        name = request.filename
        values = list(_called(self._certificates, request, "the callable for the certificates"))
        if not values:
            raise EncryptionError(f"there is no certificate to encrypt {name} to")
        certificates = translated(
            lambda: [_certificates.certificate_of(value) for value in values],
            lambda _: EncryptionError(
                f"{name} cannot be encrypted: a recipient's certificate is neither PEM nor DER"
            ),
        )
        for certificate in certificates:
            if reason := _certificates.unfit_to_receive(certificate, request.now):
                raise EncryptionError(f"{name} cannot be encrypted: a recipient's certificate {reason}")
        return _pyhanko.to_certificates(_certificates.der(certificates), self._flags)


def _own_certificates(request: AttachmentRequest) -> list[bytes]:
    certificates = [recipient.certificate for recipient in request.recipients]
    if None in certificates:
        raise EncryptionError(f"{request.filename} cannot be encrypted: a recipient has no certificate")
    return [certificate for certificate in certificates if certificate is not None]


def _random(_: AttachmentRequest) -> str:
    return secrets.token_urlsafe(24)


def _called(source: Callable[[AttachmentRequest], Any], request: AttachmentRequest, what: str) -> Any:
    return translated(
        lambda: source(request),
        lambda error: EncryptionError(
            f"{request.filename} cannot be encrypted: {what} raised {type(error).__name__}"
        ),
    )


def _require_pdf(
    document: Document, request: AttachmentRequest, stage: type[EncryptionError | SigningError]
) -> None:
    if document.media_type != "application/pdf":
        raise stage(f"{request.filename} is {document.media_type}, not application/pdf")


@dataclass(frozen=True, slots=True, kw_only=True)
class VisibleSignature:
    """A picture of the signature on a page.

    Args:
        box: left, bottom, right and top edge in points, from the lower left corner of the page.
        page: the index of the page; -1 is the last.
        text: a template that is rendered with the request's context, without escaping; by default the name in
            the certificate and the time in UTC.
        logo: the bytes of a PNG or JPEG image, shown to the left of the text.

    Raises:
        ConfigurationError: the box is empty, or the logo is no PNG or JPEG.
    """

    box: tuple[float, float, float, float]
    page: int = -1
    text: str | None = None
    logo: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        left, bottom, right, top = self.box
        if right - left < 1 or top - bottom < 1:
            raise ConfigurationError(
                "the box of the visible signature is empty; give left, bottom, right, top in points"
            )
        if self.logo is not None and not self.logo.startswith((b"\x89PNG", b"\xff\xd8\xff")):
            raise ConfigurationError("the logo of the visible signature is neither PNG nor JPEG; give its bytes")


class SignatureOptions(TypedDict, total=False):
    """What every way to make a `PdfSigner` takes besides the key."""

    reason: str | None
    location: str | None
    appearance: VisibleSignature | None


class PdfSigner:
    """Signs a PDF: PAdES baseline B-B, SHA-256 with RSA (PKCS #1 v1.5) or ECDSA, the chain embedded.

    The key is loaded and checked once and shared between threads. What `PdfEncryptor.encrypt` returned is
    signed in the same write as it is encrypted; a plain PDF gets the signature appended.

    Args:
        key: an RSA key of 2048 bits or more, or an EC key, as ``cryptography`` loads it.
        certificate: the certificate of the key: x509.Certificate, PEM or DER.
        chain: the certificates from its issuer on; the root may be left out.
        reason: why the document is signed, shown by readers.
        location: where, shown by readers.
        appearance: shows the signature on a page. By default it is invisible.

    Raises:
        ConfigurationError: the key does not belong to the certificate or is too weak, or the certificate is not
            valid now or was not issued for signing.
    """

    @sealed
    def __init__(
        self,
        *,
        key: SigningKey,
        certificate: x509.Certificate | bytes,
        chain: Iterable[x509.Certificate | bytes] = (),
        reason: str | None = None,
        location: str | None = None,
        appearance: VisibleSignature | None = None,
    ) -> None:
        from ondemand_attach.protectors import _certificates

        own, *others = translated(
            lambda: [_certificates.certificate_of(one) for one in (certificate, *chain)],
            lambda _: ConfigurationError("a signing certificate is missing, or neither PEM nor DER"),
        )
        self._key = _certificates.check_pair(key, own)
        if reason_not := _certificates.out_of_date(own, datetime.datetime.now(datetime.UTC)):
            raise ConfigurationError(f"the signing certificate {reason_not}")
        self._certificate, self._chain = own, tuple(others)
        self._reason, self._location, self._appearance = reason, location, appearance

    @classmethod
    @sealed
    def from_pkcs12(
        cls, source: Source, /, *, password: Password | None = None, **options: Unpack[SignatureOptions]
    ) -> Self:
        """Read key, certificate and chain from PKCS #12 (RFC 7292).

        Args:
            source: a path, or the bytes themselves.
            password: a callable that returns the password of the file; called once.
            options: as for `PdfSigner`.

        Raises:
            ConfigurationError: it cannot be read, or as for `PdfSigner`.
        """
        from ondemand_attach.protectors import _certificates

        return cls(**_certificates.from_pkcs12(source, password), **options)

    @classmethod
    @sealed
    def from_pem(
        cls,
        key: Source,
        certificate_chain: Source,
        /,
        *,
        password: Password | None = None,
        **options: Unpack[SignatureOptions],
    ) -> Self:
        """Read the key and its certificates, in any order, from PEM (RFC 7468).

        Args:
            key: a path, or the bytes themselves.
            certificate_chain: a path, or the bytes themselves.
            password: a callable that returns the password of the key; called once.
            options: as for `PdfSigner`.

        Raises:
            ConfigurationError: they cannot be read, or as for `PdfSigner`.
        """
        from ondemand_attach.protectors import _certificates

        return cls(**_certificates.from_pem(key, certificate_chain, password), **options)

    @sealed
    def sign(self, document: Document, request: AttachmentRequest, /) -> Document:
        """Return *document* signed.

        Raises:
            SigningError: the document is no PDF, was signed already, or encrypted before and not by
                `PdfEncryptor` just now; the certificate has expired; or the visible signature does not fit.
        """
        from ondemand_attach.protectors import _certificates, _pyhanko

        _require_pdf(document, request, SigningError)
        if reason_not := _certificates.out_of_date(self._certificate, request.now):
            raise SigningError(f"{request.filename} cannot be signed: the certificate {reason_not}")
        picture = self._picture(request)
        content = translated(
            lambda: _pyhanko.signed(document, self._credentials, picture, request.now),
            lambda error: SigningError(f"{request.filename} could not be signed: {type(error).__name__}"),
        )
        return Document(content=content, media_type=document.media_type)

    @cached_property
    def _credentials(self) -> _pyhanko.Credentials:
        from ondemand_attach.protectors import _certificates, _pyhanko

        return _pyhanko.Credentials(
            key=self._key,
            certificates=tuple(_certificates.der((self._certificate, *self._chain))),
            reason=self._reason,
            location=self._location,
        )

    def _picture(self, request: AttachmentRequest) -> _pyhanko.Picture | None:
        if (shown := self._appearance) is None:
            return None
        from ondemand_attach.protectors import _appearance, _certificates, _pyhanko

        if shown.text is None:
            text = f"Digitally signed by {_certificates.name_of(self._certificate)}\n{request.now.astimezone(datetime.UTC):%Y-%m-%d %H:%M} UTC"
        else:
            text = request.render(source=shown.text, autoescape=False)
        left, bottom, right, top = shown.box
        content = translated(
            lambda: _appearance.drawn(text, shown.logo, right - left, top - bottom),
            lambda error: SigningError(
                f"the signature on {request.filename} could not be drawn: {type(error).__name__}"
            ),
        )
        return _pyhanko.Picture(page=shown.page, box=shown.box, content=content)
