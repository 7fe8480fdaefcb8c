"""The same message, with the library."""

from __future__ import annotations

import functools
import pathlib

import traffic

from ondemand_attach import Mailer, MessageBuilder, PdfEncryptor, PdfSigner, SmtpTransport, Xhtml2PdfGenerator
from ondemand_attach._message import AttachmentRequest, Document


class Library:
    """What an application keeps: a mailer and a builder; and their parts, to be measured one by one.

    Args:
        pkcs12: the file with the key, without a password.
        port: where the SMTP server listens on loopback.
    """

    def __init__(self, pkcs12: pathlib.Path, port: int) -> None:
        self.generator = Xhtml2PdfGenerator(template="order.pdf.html")
        self.encryptor = PdfEncryptor(password="{{ customer.passphrase }}")
        self.signer = PdfSigner.from_pkcs12(pkcs12)
        self.transport = SmtpTransport(f"smtp://127.0.0.1:{port}")
        self.mailer = Mailer(self.transport)
        self.bare = (
            MessageBuilder(templates=traffic.TEMPLATES)
            .sender(traffic.SENDER)
            .subject(traffic.SUBJECT)
            .text(template="order.txt")
            .html(template="order.html")
            .confidential("customer", "order.lines", "order.total")
            .public("customer.first_name")
        )
        self.attach = functools.partial(self.bare.attach, filename="order-{{ order.number }}.pdf")
        self.confirmation = self.attach(self.generator, encryptor=self.encryptor, signer=self.signer)

    def run(self, event: traffic.Event) -> None:
        """Make the message for *event* and send it."""
        self.mailer.send(self.confirmation, event, to=event["customer"]["email"])

    def request(self, event: traffic.Event) -> AttachmentRequest:
        """Return what the builder hands to the plug points for *event*."""
        requests: list[AttachmentRequest] = []

        def keep(document: Document, request: AttachmentRequest) -> Document:
            requests.append(request)
            return document_of(b"encrypted")

        builder = self.attach(lambda _: document_of(b""), encryptor=keep)
        builder.build(event, to=event["customer"]["email"])
        return requests[0]

    def finished(self, pdf: bytes) -> MessageBuilder:
        """Return a builder whose protected attachment is made already."""
        return self.attach(lambda _: document_of(b""), encryptor=lambda *_: document_of(pdf))


def document_of(pdf: bytes) -> Document:
    return Document(content=pdf, media_type="application/pdf")
