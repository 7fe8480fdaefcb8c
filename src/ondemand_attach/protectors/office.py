"""Office documents that open with a password ([MS-OFFCRYPTO] section 2.3.4.10, agile encryption)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from ondemand_attach._given import checked, checked_as
from ondemand_attach._message import AttachmentRequest, Document
from ondemand_attach._origins import told
from ondemand_attach._seal import sealed, translated
from ondemand_attach.errors import EncryptionError
from ondemand_attach.protectors import _office
from ondemand_attach.protectors._of_file import of_file
from ondemand_attach.protectors._password_source import PasswordSource, check_suffix, check_wishes

__all__ = ["OfficeEncryptor"]

_KINDS: Final = {".docx": "wordprocessingml", ".pptx": "presentationml", ".xlsx": "spreadsheetml"}
_MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument."


class OfficeEncryptor:
    """Encrypts a spreadsheet, text or presentation of Office Open XML by password: AES-256.

    Needs the extra ``[office]``. The password is made a key by 100,000 rounds of SHA-512, so a document takes
    some tenths of a second.

    Args:
        password: as for `PdfEncryptor`.
        password_bits: as for `PdfEncryptor`.
        strength: as for `PdfEncryptor`.
        insecure_allow_weak_password: take passwords that can be guessed.

    Raises:
        ConfigurationError: the password is fixed text, the same for everyone.
        MissingDependencyError: the extra is not installed.
    """

    protects: Literal["attachment"] = "attachment"
    for_one: Final = True

    @checked
    @sealed
    def __init__(
        self,
        *,
        password: str | Callable[[AttachmentRequest], str],
        password_bits: float | None = None,
        strength: Literal["patterns", "zxcvbn"] = "patterns",
        insecure_allow_weak_password: bool = False,
    ) -> None:
        _office.library()
        self._password = PasswordSource(
            password,
            bits=password_bits,
            strength=strength,
            insecure_allow_weak=insecure_allow_weak_password,
        )

    @property
    def password_template(self) -> str | None:
        """The template of the password, if it has one."""
        return self._password.template

    def check_attachment(self, _: object, filename: str, signer: object, /) -> None:
        """Refuse an attachment that would not be called an Office document, or be signed as a PDF.

        Raises:
            ConfigurationError: the template of its name ends in another way, or there is a signer for PDF.
        """
        self._password.check()
        check_wishes(filename, _KINDS, signer)

    @of_file
    @checked_as(EncryptionError)
    def encrypt(self, document: Document, request: AttachmentRequest, /) -> Document:
        """Return *document* encrypted.

        Raises:
            WeakPasswordError: the password can be guessed, or would not open in every program.
            EncryptionError: the name of the attachment is that of another kind; the document is not of
                Office Open XML, or is encrypted already; or a callable failed.
            MissingRecipientError: a password would be shared by several recipients.
        """
        suffixes = [
            s for s, kind in _KINDS.items() if document.media_type.startswith(f"{_MEDIA_TYPE}{kind}.")
        ]
        if not suffixes:
            raise EncryptionError(
                f"{request.filename} is {document.media_type}, not of Office Open XML; "
                "give it a .docx, .pptx or .xlsx"
            )
        check_suffix(request.filename, suffixes, EncryptionError)
        password = self._password.password_for(request)
        content = translated(
            lambda: _office.encrypted(document.content, password),
            lambda error: EncryptionError(f"{request.filename} could not be encrypted: {told(error)}"),
        )
        return Document(
            content=content,
            media_type=document.media_type,
            encryption="AES-256 by password (Office)",
            made_for=request.made_for,
            proof=_office.Proof.of(password, document.content),
        )
