"""Any file in a ZIP that is encrypted with AES, as WinZip specifies it (AE-2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Final, Literal

from ondemand_attach._given import checked, checked_as
from ondemand_attach._message import AttachmentRequest, Document
from ondemand_attach._origins import told
from ondemand_attach._seal import sealed, translated
from ondemand_attach.errors import ConfigurationError, EncryptionError
from ondemand_attach.protectors import _zip
from ondemand_attach.protectors._of_file import of_file
from ondemand_attach.protectors._password_source import PasswordSource, check_suffix, check_wishes
from ondemand_attach.protectors._passwords import Limits

__all__ = ["ZipEncryptor"]

_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,98}[A-Za-z0-9])?")
_LIMITS: Final = Limits(
    longest=99,  # of 7-Zip
    is_ascii=True,
    guesses_per_second=32_000_000,  # PBKDF2 with a mere thousand rounds of SHA-1, on one strong graphics card
)


class ZipEncryptor:
    """Puts a file into a ZIP that opens with a password: AES-256. Needs the extra ``[zip]``.

    The name inside and the size can be read by everyone. A password can be tried far faster than that of a
    PDF, so 45 bits are the least.

    Args:
        password: as for `PdfEncryptor`, but in ASCII, 99 characters at most.
        name_inside: the name of the file in the ZIP, the same for everyone.
        password_bits: as for `PdfEncryptor`.
        strength: as for `PdfEncryptor`.
        insecure_allow_weak_password: take passwords that can be guessed.

    Raises:
        ConfigurationError: the password is fixed text, the same for everyone; or the name is no file name in
            ASCII.
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
        name_inside: str,
        password_bits: float | None = None,
        strength: Literal["patterns", "zxcvbn"] = "patterns",
        insecure_allow_weak_password: bool = False,
    ) -> None:
        _zip.library()
        self._password = PasswordSource(
            password,
            bits=password_bits,
            strength=strength,
            insecure_allow_weak=insecure_allow_weak_password,
            limits=_LIMITS,
        )
        if not _NAME.fullmatch(name_inside):
            raise ConfigurationError("name_inside= takes a file name in ASCII, such as statement.csv")
        self._name = name_inside

    @property
    def password_template(self) -> str | None:
        """The template of the password, if it has one."""
        return self._password.template

    def check_attachment(self, _: object, filename: str, signer: object, /) -> None:
        """Refuse an attachment that would not be called a ZIP, or be signed as a PDF.

        Raises:
            ConfigurationError: the template of its name ends in another way, or there is a signer for PDF.
        """
        self._password.check()
        check_wishes(filename, {".zip"}, signer)

    @of_file
    @checked_as(EncryptionError)
    def encrypt(self, document: Document, request: AttachmentRequest, /) -> Document:
        """Return a ZIP with *document* in it.

        Raises:
            WeakPasswordError: the password can be guessed, or would not open in every program.
            EncryptionError: the name of the attachment does not end in ``.zip``; or a callable failed.
            MissingRecipientError: a password would be shared by several recipients.
        """
        check_suffix(request.filename, {".zip"}, EncryptionError)
        password = self._password.password_for(request)
        content = translated(
            lambda: _zip.encrypted(document.content, self._name, password),
            lambda error: EncryptionError(f"{request.filename} could not be encrypted: {told(error)}"),
        )
        return Document(
            content=content,
            media_type="application/zip",
            encryption="AES-256 by password (WinZip)",
            made_for=request.made_for,
            proof=_zip.Proof(self._name, password, sha256(document.content).digest()),
        )
