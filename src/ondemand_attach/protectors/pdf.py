"""PDF encryption and signatures, made in one write."""

from __future__ import annotations

from ondemand_attach.protectors._levels import SignatureLevel, TimeStampAuthority
from ondemand_attach.protectors._pdf_encryptor import PdfEncryptor, PdfPermission
from ondemand_attach.protectors._pdf_signer import PdfSigner, PermittedChanges
from ondemand_attach.protectors._visible_signature import VisibleSignature

__all__ = [
    "PdfEncryptor",
    "PdfPermission",
    "PdfSigner",
    "PermittedChanges",
    "SignatureLevel",
    "TimeStampAuthority",
    "VisibleSignature",
]
