"""Transactional e-mail whose personal data travels only in a protected attachment made on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ondemand_attach._builder import MessageBuilder
    from ondemand_attach._confidential import Confidential
    from ondemand_attach._mailer import Mailer
    from ondemand_attach._message import (
        Address,
        Attachment,
        AttachmentRequest,
        Document,
        Envelope,
        Message,
        Receipt,
        Recipient,
        Refusal,
    )
    from ondemand_attach.errors import MailError
    from ondemand_attach.generators.xhtml2pdf import Xhtml2PdfGenerator
    from ondemand_attach.interfaces import AttachmentGenerator, Encryptor, Signer, Transport
    from ondemand_attach.protectors.pdf import PdfEncryptor, PdfSigner, VisibleSignature
    from ondemand_attach.transports.file import FileTransport, MaildirTransport
    from ondemand_attach.transports.https import HttpsTransport
    from ondemand_attach.transports.memory import MemoryTransport
    from ondemand_attach.transports.smtp import SmtpTransport

__version__ = "0.1.0"

_HOMES = {
    "Address": "_message",
    "Attachment": "_message",
    "AttachmentGenerator": "interfaces",
    "AttachmentRequest": "_message",
    "Confidential": "_confidential",
    "Document": "_message",
    "Encryptor": "interfaces",
    "Envelope": "_message",
    "FileTransport": "transports.file",
    "HttpsTransport": "transports.https",
    "MailError": "errors",
    "Mailer": "_mailer",
    "MemoryTransport": "transports.memory",
    "Message": "_message",
    "MessageBuilder": "_builder",
    "PdfEncryptor": "protectors.pdf",
    "PdfSigner": "protectors.pdf",
    "Receipt": "_message",
    "Recipient": "_message",
    "Refusal": "_message",
    "Signer": "interfaces",
    "SmtpTransport": "transports.smtp",
    "Transport": "interfaces",
    "VisibleSignature": "protectors.pdf",
    "Xhtml2PdfGenerator": "generators.xhtml2pdf",
}

__all__ = [*_HOMES, "__version__"]  # noqa: PLE0604 - names, all of them strings


def __getattr__(name: str) -> object:
    """Load a public name when it is first used, so that importing the package costs next to nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
