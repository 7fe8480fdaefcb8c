"""The plug points. Each is one method; a plain function with the same arguments fits as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ondemand_attach._message import AttachmentRequest, Document, Message, Receipt

__all__ = ["AttachmentGenerator", "Encryptor", "Signer", "Transport"]


class AttachmentGenerator(Protocol):
    """Makes one attachment in memory, at the moment of sending."""

    def generate(self, request: AttachmentRequest, /) -> Document:
        """Return the document for *request*.

        Raises:
            GenerationError: it could not be made without losing content.
        """
        ...


class Encryptor(Protocol):
    """Makes a document unreadable to everyone but the recipient."""

    def encrypt(self, document: Document, request: AttachmentRequest, /) -> Document:
        """Return *document* encrypted.

        Raises:
            ProtectionError: it could not be.
        """
        ...


class Signer(Protocol):
    """Signs a document, after it was encrypted."""

    def sign(self, document: Document, request: AttachmentRequest, /) -> Document:
        """Return *document* signed.

        Raises:
            SigningError: it could not be.
        """
        ...


class Transport(Protocol):
    """Hands a finished message over. The only part that leaves the process."""

    def send(self, message: Message, /) -> Receipt:
        """Send the bytes of *message* exactly as they are, to the recipients of its envelope.

        Raises:
            TransportError: no recipient was accepted, or it is not known whether any was.
        """
        ...
