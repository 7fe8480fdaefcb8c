"""Transactional e-mail whose personal data travels only in a protected attachment made on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ondemand_attach._builder import MessageBuilder as MessageBuilder
    from ondemand_attach._confidential import Finding as Finding
    from ondemand_attach._exposure import Exposure as Exposure
    from ondemand_attach._mailer import Mailer as Mailer
    from ondemand_attach._message import Address as Address
    from ondemand_attach._message import Attachment as Attachment
    from ondemand_attach._message import AttachmentRequest as AttachmentRequest
    from ondemand_attach._message import Document as Document
    from ondemand_attach._message import Envelope as Envelope
    from ondemand_attach._message import Message as Message
    from ondemand_attach._message import Receipt as Receipt
    from ondemand_attach._message import Recipient as Recipient
    from ondemand_attach._message import Refusal as Refusal
    from ondemand_attach._receipt import PartReceipt as PartReceipt
    from ondemand_attach._records import Confidential as Confidential
    from ondemand_attach.errors import MailError as MailError
    from ondemand_attach.generators.xhtml2pdf import Xhtml2PdfGenerator as Xhtml2PdfGenerator
    from ondemand_attach.interfaces import AttachmentGenerator as AttachmentGenerator
    from ondemand_attach.interfaces import Encryptor as Encryptor
    from ondemand_attach.interfaces import PasswordDelivery as PasswordDelivery
    from ondemand_attach.interfaces import ReadingGenerator as ReadingGenerator
    from ondemand_attach.interfaces import Signer as Signer
    from ondemand_attach.interfaces import Transport as Transport
    from ondemand_attach.pool.render_pool import RenderPool as RenderPool
    from ondemand_attach.protectors.dkim import DkimSigner as DkimSigner
    from ondemand_attach.protectors.generated_passwords import GeneratedPassword as GeneratedPassword
    from ondemand_attach.protectors.office import OfficeEncryptor as OfficeEncryptor
    from ondemand_attach.protectors.openpgp import OpenPgpEncryptor as OpenPgpEncryptor
    from ondemand_attach.protectors.openpgp import OpenPgpSigner as OpenPgpSigner
    from ondemand_attach.protectors.pdf import PdfEncryptor as PdfEncryptor
    from ondemand_attach.protectors.pdf import PdfSigner as PdfSigner
    from ondemand_attach.protectors.pdf import TimeStampAuthority as TimeStampAuthority
    from ondemand_attach.protectors.pdf import VisibleSignature as VisibleSignature
    from ondemand_attach.protectors.smime import SmimeEncryptor as SmimeEncryptor
    from ondemand_attach.protectors.smime import SmimeSigner as SmimeSigner
    from ondemand_attach.protectors.zip import ZipEncryptor as ZipEncryptor
    from ondemand_attach.transports.file import FileTransport as FileTransport
    from ondemand_attach.transports.file import MaildirTransport as MaildirTransport
    from ondemand_attach.transports.https import HttpsTransport as HttpsTransport
    from ondemand_attach.transports.memory import MemoryTransport as MemoryTransport
    from ondemand_attach.transports.smtp import SmtpTransport as SmtpTransport

__version__ = "0.1.0"

_HOMES = {
    "Address": "_message",
    "Attachment": "_message",
    "AttachmentGenerator": "interfaces",
    "AttachmentRequest": "_message",
    "Confidential": "_records",
    "DkimSigner": "protectors.dkim",
    "Document": "_message",
    "Encryptor": "interfaces",
    "Envelope": "_message",
    "Exposure": "_exposure",
    "FileTransport": "transports.file",
    "Finding": "_confidential",
    "GeneratedPassword": "protectors.generated_passwords",
    "HttpsTransport": "transports.https",
    "MailError": "errors",
    "MaildirTransport": "transports.file",
    "Mailer": "_mailer",
    "MemoryTransport": "transports.memory",
    "Message": "_message",
    "MessageBuilder": "_builder",
    "OfficeEncryptor": "protectors.office",
    "OpenPgpEncryptor": "protectors.openpgp",
    "OpenPgpSigner": "protectors.openpgp",
    "PartReceipt": "_receipt",
    "PasswordDelivery": "interfaces",
    "PdfEncryptor": "protectors.pdf",
    "PdfSigner": "protectors.pdf",
    "ReadingGenerator": "interfaces",
    "Receipt": "_message",
    "Recipient": "_message",
    "Refusal": "_message",
    "RenderPool": "pool.render_pool",
    "Signer": "interfaces",
    "SmimeEncryptor": "protectors.smime",
    "SmimeSigner": "protectors.smime",
    "SmtpTransport": "transports.smtp",
    "TimeStampAuthority": "protectors.pdf",
    "Transport": "interfaces",
    "VisibleSignature": "protectors.pdf",
    "Xhtml2PdfGenerator": "generators.xhtml2pdf",
    "ZipEncryptor": "protectors.zip",
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
