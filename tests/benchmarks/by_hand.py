"""The same message, as a careful user would write it from the documentation of the same libraries."""

# mypy: disallow-untyped-calls=False
# pyHanko brings types for a part of itself only.

from __future__ import annotations

import email.message
import email.utils
import io
import secrets
import smtplib
from pathlib import Path

import jinja2
import traffic
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from pyhanko.sign import signers
from xhtml2pdf import pisa
from xhtml2pdf.config.resources import ResourceAccessPolicy


class ByHand:
    """jinja2, xhtml2pdf, pyHanko, email and smtplib, one after the other.

    Args:
        pkcs12: the file with the key, without a password.
        port: where the SMTP server listens on loopback.
        fonts: the font file for each CSS font-weight.
    """

    def __init__(self, pkcs12: Path, port: int, fonts: dict[str, Path]) -> None:
        loader = jinja2.FileSystemLoader(traffic.TEMPLATES)
        self.templates = jinja2.Environment(loader=loader, autoescape=jinja2.select_autoescape())
        self.subject = self.templates.from_string(traffic.SUBJECT)
        self.fonts = fonts
        folder = next(iter(fonts.values())).parent
        self.policy = ResourceAccessPolicy(allow_remote=False, base_dir=folder)
        self.signer: signers.Signer = signers.SimpleSigner.load_pkcs12(str(pkcs12))
        self.port = port

    def run(self, event: traffic.Event) -> None:
        """Make the message for *event* and send it."""
        passphrase = event["customer"]["passphrase"]
        pdf = self.sign(self.encrypt(self.render(event), passphrase), passphrase)
        self.send(self.message(event, pdf))

    def render(self, event: traffic.Event) -> bytes:
        return self.pdf(self.templates.get_template("order_by_hand.pdf.html").render(event, fonts=self.fonts))

    def pdf(self, html: str) -> bytes:
        output = io.BytesIO()
        if pisa.CreatePDF(html, dest=output, resource_policy=self.policy).err:
            raise RuntimeError("the document could not be rendered")
        return output.getvalue()

    def encrypt(self, pdf: bytes, passphrase: str) -> bytes:
        writer = copy_into_new_writer(PdfFileReader(io.BytesIO(pdf)))
        writer.encrypt(owner_pass=secrets.token_urlsafe(24), user_pass=passphrase)
        output = io.BytesIO()
        writer.write(output)
        return output.getvalue()

    def sign(self, pdf: bytes, passphrase: str) -> bytes:
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        writer.encrypt(passphrase)
        metadata = signers.PdfSignatureMetadata(field_name="Signature1")
        output: io.BytesIO = signers.sign_pdf(writer, metadata, signer=self.signer)
        return output.getvalue()

    def message(self, event: traffic.Event, pdf: bytes) -> email.message.EmailMessage:
        text = self.templates.get_template("order.txt").render(event)
        html = self.templates.get_template("order.html").render(event)
        return self.mime(event, self.subject.render(event), text, html, pdf)

    def mime(
        self, event: traffic.Event, subject: str, text: str, html: str, pdf: bytes
    ) -> email.message.EmailMessage:
        message = email.message.EmailMessage()
        message["From"] = traffic.SENDER
        message["To"] = event["customer"]["email"]
        message["Subject"] = subject
        message["Date"] = email.utils.localtime()
        message["Message-ID"] = email.utils.make_msgid(domain="shop.example")
        message.set_content(text)
        message.add_alternative(html, subtype="html")
        name = f"order-{event['order']['number']}.pdf"
        message.add_attachment(pdf, maintype="application", subtype="pdf", filename=name)
        return message

    def send(self, message: email.message.EmailMessage) -> None:
        with self.connection() as smtp:
            smtp.send_message(message)

    def connection(self) -> smtplib.SMTP:
        # Without a name of its own, smtplib asks the DNS for it: a matter of the network, not of the code.
        return smtplib.SMTP("127.0.0.1", self.port, local_hostname="shop.example")


class ByHandKeptKey(ByHand):
    """The same, by a user who measured: the private key stays loaded."""

    def __init__(self, pkcs12: Path, port: int, fonts: dict[str, Path]) -> None:
        super().__init__(pkcs12, port, fonts)
        self.signer = KeptKeySigner(pkcs12)


class ByHandKept(ByHandKeptKey):
    """The same again, with the connection kept open too."""

    def __init__(self, pkcs12: Path, port: int, fonts: dict[str, Path]) -> None:
        super().__init__(pkcs12, port, fonts)
        self.smtp = self.connection()

    def send(self, message: email.message.EmailMessage) -> None:
        self.smtp.send_message(message)


class KeptKeySigner(signers.Signer):
    """pyHanko's own loads the private key for every signature; its docs say to subclass for anything else."""

    def __init__(self, pkcs12: Path) -> None:
        loaded = signers.SimpleSigner.load_pkcs12(str(pkcs12))
        super().__init__(signing_cert=loaded.signing_cert, cert_registry=loaded.cert_registry)
        self.key = serialization.load_der_private_key(loaded.signing_key.dump(), password=None)

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:  # noqa: FBT002
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        assert isinstance(self.key, ec.EllipticCurvePrivateKey)
        return self.key.sign(data, ec.ECDSA(hashes.SHA256()))
