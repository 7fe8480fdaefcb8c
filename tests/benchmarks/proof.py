"""That both sides do what they are measured for: what arrived is opened as the customer would."""

from __future__ import annotations

import email
import email.policy
import io
from collections.abc import Iterator

import asn1crypto.x509
import pypdfium2
import traffic
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext


def readable(content: bytes, event: traffic.Event, certificate: x509.Certificate) -> str:
    """Check the message made for *event*, and return the text of its document without white space."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert message["To"] == event["customer"]["email"], "sent to somebody else"
    types = {part.get_content_type() for part in message.walk()}
    assert {"text/plain", "text/html"} <= types, "a body is missing"
    pdf = next(bytes(part.get_content()) for part in message.iter_attachments())
    assert not _opens(pdf, "another-passphrase-1234"), "opens with any passphrase"
    passphrase = event["customer"]["passphrase"]
    assert _is_signed(pdf, passphrase, certificate), "the signature is not valid over the whole file"
    with pypdfium2.PdfDocument(pdf, password=passphrase) as document:
        pages = [_squeezed(page.get_textpage().get_text_bounded()) for page in document]
    for number, page in enumerate(pages, 1):
        assert f"page{number}of{len(pages)}" in page, "page number or page count is wrong"
    text = "".join(pages)
    missing = [value for value in _values(event) if _squeezed(value) not in text]
    assert not missing, f"not in the document: {missing}"
    return text


def _values(event: traffic.Event) -> Iterator[str]:
    customer, order = event["customer"], event["order"]
    yield from (customer[name] for name in ("name", "street", "city", "iban", "policy"))
    yield from (order[name] for name in ("number", "date", "total"))
    yield from (str(value) for line in order["lines"] for value in line.values())


def _opens(pdf: bytes, password: str) -> bool:
    try:
        pypdfium2.PdfDocument(pdf, password=password).close()
    except pypdfium2.PdfiumError:
        return False
    return True


def _is_signed(pdf: bytes, passphrase: str, certificate: x509.Certificate) -> bool:
    reader = PdfFileReader(io.BytesIO(pdf))
    reader.decrypt(passphrase)
    encryption = reader.encrypt_dict
    assert encryption is not None
    assert encryption["/R"] == 6, "not AES-256 as ISO 32000-2 section 7.6.4 has it"
    root = asn1crypto.x509.Certificate.load(certificate.public_bytes(Encoding.DER))
    status = validate_pdf_signature(reader.embedded_signatures[0], ValidationContext(trust_roots=[root]))
    return status.bottom_line and status.coverage is SignatureCoverageLevel.ENTIRE_FILE


def _squeezed(text: str) -> str:
    return "".join(text.split())
