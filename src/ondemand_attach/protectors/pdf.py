"""PDF encryption and signatures, made in one write."""

from __future__ import annotations

from ondemand_attach.protectors._pdf_encryptor import PdfEncryptor, PdfPermission
from ondemand_attach.protectors._pdf_signer import PdfSigner, VisibleSignature

__all__ = ["PdfEncryptor", "PdfPermission", "PdfSigner", "VisibleSignature"]
