"""PDF encryption (ISO 32000-2 section 7.6)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from ondemand_attach._given import checked, checked_as, shown
from ondemand_attach._message import AttachmentRequest, Document, Recipient
from ondemand_attach._seal import sealed, translated
from ondemand_attach.errors import ConfigurationError, EncryptionError
from ondemand_attach.protectors._foreign import is_pdf_a, wrong_with
from ondemand_attach.protectors._of_file import of_file
from ondemand_attach.protectors._password_source import PasswordSource
from ondemand_attach.protectors._recipients import (
    LookUp,
    asked,
    certificates_for,
    check_callable,
    check_certificates,
)

if TYPE_CHECKING:
    from ondemand_attach.protectors import _pyhanko

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


_NOT_PDF_A = (
    "which must not be encrypted (ISO 19005-2 section 6.1.3): send it in an encrypted ZIP or in a "
    "message that is encrypted as a whole, or make a plain PDF"
)


class PdfEncryptor:
    """Encrypts a PDF with AES-256, by password or to certificates; everything in it, metadata too.

    A password is made at the moment of use, for one recipient. Choose what the recipient has or can look up
    and what nobody who sees the mail knows: a code shown in their account, part of a letter or a contract
    number, several such values together. Without a password, the document is encrypted to certificates and
    opens with the private key of any of them.

    What the template uses is confidential. Only that counts, not fixed text and public values, and it is
    refused below 40 bits, which a graphics card searches in 13 days: numbers of up to 15 digits, dates,
    names, number plates. The estimate cannot know what an acquaintance knows, nor that numbers are given out
    in order. Of random codes of 50 bits or more, such as 16 digits, ten letters and digits or
    ``token_urlsafe(12)``, fewer than one in 10,000 is refused; of those that have *password_bits*, none.

    Args:
        password: a template that is rendered with the request's context, without escaping, from text and
            whole numbers; or a callable that takes the request. Must be as SASLprep (RFC 4013) leaves it,
            1 to 126 bytes in UTF-8.
        certificates: a callable that takes the request and returns certificates, each an x509.Certificate,
            PEM or DER. By default, the `Recipient.certificate` of every recipient. One that was issued to a
            mail address must be of a recipient's.
        owner_password: a callable that returns the password that lifts the restrictions of *allow*. By
            default, there is none.
        allow: what readers shall let the recipient do. Screen readers are always let in.
        rsa_padding: how the key is wrapped for RSA certificates. Few readers know RSAES-OAEP.
        password_bits: how many bits each password holds, if a machine makes it; then it is not estimated.
        strength: ``"zxcvbn"`` has each password estimated by that library too, which knows common
            passwords, names and words; the lower estimate counts. Needs the extra ``[strength]``.
        insecure_allow_weak_password: take passwords that can be guessed.
        insecure_omit_mac: leave out the integrity MAC (ISO/TS 32004), for a reader that stumbles over it.

    Raises:
        ConfigurationError: the password is fixed text, the same for everyone; a permission is unknown; or a
            password and certificates were both given.
        MissingDependencyError: the extra is not installed.
    """

    protects: Literal["attachment"] = "attachment"

    @checked
    @sealed
    def __init__(
        self,
        *,
        password: str | Callable[[AttachmentRequest], str] | None = None,
        certificates: LookUp | None = None,
        owner_password: Callable[[AttachmentRequest], str] | None = None,
        allow: Collection[PdfPermission] = ("print", "copy"),
        rsa_padding: Literal["PKCS1-v1_5", "OAEP"] = "PKCS1-v1_5",
        password_bits: float | None = None,
        strength: Literal["patterns", "zxcvbn"] = "patterns",
        insecure_allow_weak_password: bool = False,
        insecure_omit_mac: bool = False,
    ) -> None:
        if password is not None and certificates is not None:
            raise ConfigurationError("PdfEncryptor takes password= or certificates=, not both")
        if password is None and (
            owner_password is not None
            or insecure_allow_weak_password
            or strength != "patterns"
            or password_bits is not None
        ):
            raise ConfigurationError("without a password there is no owner password, and no strength of one")
        if unknown := [name for name in allow if name not in get_args(PdfPermission)]:
            raise ConfigurationError(f"allow= takes {', '.join(_FLAGS)}, not {shown(unknown[0])}")
        self._password = (
            None
            if password is None
            else PasswordSource(
                password,
                bits=password_bits,
                strength=strength,
                insecure_allow_weak=insecure_allow_weak_password,
            )
        )
        check_callable(certificates, "certificates")
        check_callable(owner_password, "owner_password")
        self._certificates = certificates
        self._owner_password = owner_password
        self._flags = ("ALLOW_ASSISTIVE_TECHNOLOGY", *(flag for name in allow for flag in _FLAGS[name]))
        self._with_mac = not insecure_omit_mac
        if rsa_padding not in ("PKCS1-v1_5", "OAEP"):
            raise ConfigurationError(f"rsa_padding= takes PKCS1-v1_5 or OAEP, not {shown(rsa_padding)}")
        self._with_oaep = rsa_padding == "OAEP"

    @property
    def password_template(self) -> str | None:
        """The template of the password, if it has one."""
        return None if self._password is None else self._password.template

    @property
    def for_one(self) -> bool:
        """Whether what it makes is for one recipient, as by password."""
        return self._password is not None

    def check_attachment(self, generator: object, _filename: str, _signer: object, /) -> None:
        """Refuse a generator whose documents may not be encrypted, by its attribute ``conformance``.

        Raises:
            ConfigurationError: it makes PDF/A, or invoices that are (Factur-X, ZUGFeRD).
        """
        if self._password is not None:
            self._password.check()
        conformance = str(getattr(generator, "conformance", ""))
        if conformance.startswith(("PDF/A", "Factur-X", "ZUGFeRD")):
            raise ConfigurationError(f"a {type(generator).__name__} makes {conformance}, {_NOT_PDF_A}")

    def check_recipients(self, recipients: Iterable[Recipient], /) -> None:
        """Look at the certificates of recipients that a builder names for all of its messages.

        Raises:
            ConfigurationError: one is missing or not fit.
        """
        from ondemand_attach.protectors import _certificates

        if self._password is None and self._certificates is None:
            check_certificates(recipients, _certificates.unfit_to_receive)

    @of_file
    @checked_as(EncryptionError)
    def encrypt(self, document: Document, request: AttachmentRequest, /) -> Document:
        """Return *document* encrypted for the recipients of *request*.

        Raises:
            WeakPasswordError: the password can be guessed, or would not open in every reader.
            EncryptionError: the document is no PDF, or is encrypted or signed already; a certificate is
                missing, out of date, of somebody else, or not meant for encryption; or a callable failed.
            MissingRecipientError: a password would be shared by several recipients.
        """
        from ondemand_attach.protectors import _pyhanko

        if document.media_type != "application/pdf":
            raise EncryptionError(
                f"{request.filename} is {document.media_type}, not application/pdf; give it a PDF"
            )
        if is_pdf_a(document.content):
            raise EncryptionError(f"{request.filename} is PDF/A, {_NOT_PDF_A}")
        if self._password is None:
            encrypt = self._to_certificates(request)
        else:
            encrypt = self._by_password(self._password, request)
        return translated(
            lambda: _pyhanko.encrypted(document.content, encrypt, request),
            lambda error: EncryptionError(f"{request.filename} could not be encrypted: {wrong_with(error)}"),
        )

    def _by_password(self, source: PasswordSource, request: AttachmentRequest) -> _pyhanko.Encryption:
        from ondemand_attach.protectors import _pyhanko

        user = source.password_for(request)
        if self._owner_password is None:
            return _pyhanko.with_password(user, None, self._flags, with_mac=self._with_mac)
        owner = asked(self._owner_password, "owner password", request)
        owner = source.checked(owner, f"the owner password of {request.filename}", request)
        if secrets.compare_digest(user.encode(), owner.encode()):
            raise EncryptionError(
                f"the owner password of {request.filename} is the password; they must differ"
            )
        request.keep_out(owner)
        return _pyhanko.with_password(user, owner, self._flags, with_mac=self._with_mac)

    def _to_certificates(self, request: AttachmentRequest) -> _pyhanko.Encryption:
        from ondemand_attach.protectors import _certificates, _pyhanko

        return _pyhanko.to_certificates(
            _certificates.der(certificates_for(self._certificates, request, _certificates.unfit_to_receive)),
            self._flags,
            with_oaep=self._with_oaep,
            with_mac=self._with_mac,
        )
