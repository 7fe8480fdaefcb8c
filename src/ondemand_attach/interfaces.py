"""The plug points. Each is one method; a plain function with the same arguments fits as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ondemand_attach._message import AttachmentRequest, Document, Message, Receipt
    from ondemand_attach.protectors.generated_passwords import GeneratedPassword

__all__ = [
    "AttachmentGenerator",
    "Encryptor",
    "PasswordDelivery",
    "ReadingGenerator",
    "Signer",
    "Transport",
]


class AttachmentGenerator(Protocol):
    """Makes one attachment in memory, at the moment of sending.

    One that renders a template says so with attributes ``template`` and ``source``, one that reads the
    context otherwise with `ReadingGenerator.reads`: `MessageBuilder.check` asks for these. An attribute
    ``conformance``, such as ``"PDF/A-3b"``, has builders refuse what would break it, and ``folders`` names
    what its render processes may read.
    """

    def generate(self, request: AttachmentRequest, /) -> Document:
        """Return the document for *request*.

        Raises:
            GenerationError: it could not be made without losing content.
        """
        ...


class ReadingGenerator(AttachmentGenerator, Protocol):
    """A generator that says what it reads of the context, so that `MessageBuilder.check` can ask it.

    Inherit from it: then a type checker, and `MessageBuilder.attach`, notice if *reads* is missing or
    misspelt. It may be of the class or made in ``__init__``.

    Attributes:
        reads: paths into the context, such as ``("order.number", "lines")``, with everything below them. The
            elements of a list are meant by the path of the list.
    """

    reads: tuple[str, ...]


class Encryptor(Protocol):
    """Makes a document unreadable to everyone but the recipient.

    One for whole messages is given a MIME entity, its header fields first, and returns what goes in its
    place; ``application/pgp-encrypted``, in ASCII armor, is made a multipart/encrypted (RFC 3156). An
    attribute ``protects``, ``"attachment"`` or ``"message"``, has builders refuse it elsewhere.

    To refuse what cannot work while wiring, it may have an attribute ``for_one``, true if several recipients
    cannot be protected for together, and methods ``check_recipients(recipients)``, for those that the builder
    names, and ``check_attachment(generator, filename, signer)``, with the template of the name. They raise a
    `ConfigurationError`. One by password tells the request, ``request.keep_out(password)``, so that a message
    in which it can be read is refused. What its attribute ``password_template`` uses is confidential.
    """

    def encrypt(self, document: Document, request: AttachmentRequest, /) -> Document:
        """Return *document* encrypted.

        Raises:
            ProtectionError: it could not be.
        """
        ...


class Signer(Protocol):
    """Signs a document, after it was encrypted.

    One for whole messages is given a MIME entity and returns a detached signature, with its ``micalg``
    (RFC 1847) as the parameter of its media type: ``application/pkcs7-signature; micalg=sha-256``.
    """

    def sign(self, document: Document, request: AttachmentRequest, /) -> Document:
        """Return *document* signed.

        Raises:
            SigningError: it could not be.
        """
        ...


class PasswordDelivery(Protocol):
    """Brings a generated password to its recipient by another way than the message: SMS, a portal."""

    def deliver(self, password: GeneratedPassword, /) -> object:
        """Take *password* over. Called once the message is finished and proven, before it is sent.

        If it raises, the message is not sent. If the message is not sent for another reason, the next one
        for the same event has another password.
        """
        ...


class Transport(Protocol):
    """Hands a finished message over. The only part that leaves the process.

    One with an attribute ``capabilities`` that holds ``"RAW_MIME"`` passes the bytes on as they are; without
    it, a message that is signed or encrypted as a whole is refused before it is asked to send.
    """

    def send(self, message: Message, /) -> Receipt:
        """Send the bytes of *message* exactly as they are, to the recipients of its envelope.

        Raises:
            TransportError: no recipient was accepted, or it is not known whether any was.
        """
        ...
