"""What the demo promises, checked on the received bytes with readers that this library did not write."""

from __future__ import annotations

import base64
import email
import email.policy
import io
import sys
from typing import TYPE_CHECKING, Any

from ondemand_attach.errors import MissingDependencyError

if TYPE_CHECKING:
    from ondemand_attach.demo._shop import Shop


class Facts:
    """A list of promises; one that failed once has failed."""

    def __init__(self) -> None:
        self._outcomes: dict[str, list[bool]] = {}

    def check(self, fact: str, outcome: bool) -> None:  # noqa: FBT001 - the outcome is the point
        self._outcomes.setdefault(fact, []).append(outcome)

    @property
    def hold(self) -> bool:
        return all(all(outcomes) for outcomes in self._outcomes.values())

    def print(self) -> None:
        marks = "✓✗" if (sys.stdout.encoding or "").lower().startswith("utf") else "+x"
        for fact, outcomes in self._outcomes.items():
            count = f" ({sum(outcomes)}/{len(outcomes)})" if len(outcomes) > 1 else ""
            print(f"  {marks[not all(outcomes)]} {fact}{count}")


def check_mail(
    facts: Facts, shop: Shop, event: dict[str, Any], other: dict[str, Any] | None, content: bytes
) -> None:
    """Open the received mail as the customer would, and as a thief would."""
    pdf = attached_pdf(content)
    secret = event["customer"]["passphrase"]
    text = pdf_text(pdf, secret)
    facts.check("the PDF opens with the customer's passphrase", text is not None)
    facts.check("it does not open without", pdf_text(pdf, "") is None)
    if other is not None:
        facts.check(
            "it does not open with another customer's", pdf_text(pdf, other["customer"]["passphrase"]) is None
        )
    wanted = [
        *event["customer"].values(),
        *event["payment"].values(),
        *(i["engraving"] for i in event["order"]["items_ordered"]),
    ]
    unprinted = {event["customer"]["email"], event["customer"]["first_name"], secret}
    squeezed = "".join((text or "").split())
    facts.check(
        "everything personal can be read in it",
        all("".join(value.split()) in squeezed for value in wanted if value not in unprinted),
    )
    facts.check(
        "the company's signature is valid and covers the whole file", signature_is_valid(pdf, secret, shop)
    )
    readable = readable_parts(content, pdf)
    private = [value for value in wanted if value not in unprinted or value == secret]
    facts.check(
        "nothing personal is anywhere else in the mail", not any(value in readable for value in private)
    )


def attached_pdf(content: bytes) -> bytes:
    """Return the PDF in the received mail."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    return next(
        bytes(part.get_content()) for part in message.walk() if part.get_content_type() == "application/pdf"
    )


def readable_parts(content: bytes, pdf: bytes) -> str:
    """Return all that a relay can read: the raw bytes without the PDF, and every other part decoded."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    raw = content.replace(base64.encodebytes(pdf).replace(b"\n", b"\r\n"), b"")
    decoded = [
        payload for part in message.walk() if isinstance(payload := part.get_payload(decode=True), bytes)
    ]
    texts = [octets.decode("utf-8", "replace") for octets in [raw, *decoded] if octets != pdf]
    return "\n".join([*texts, *map(str, message.values())])


def pdf_text(pdf: bytes, password: str) -> str | None:
    """Return the text of *pdf*, or None if *password* does not open it."""
    pdfium = _pdfium()
    try:
        document = pdfium.PdfDocument(pdf, password=password)
    except pdfium.PdfiumError:
        return None
    with document:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)


def page_image(pdf: bytes, password: str) -> bytes:
    """Return the first page as a PNG."""
    with _pdfium().PdfDocument(pdf, password=password) as document:
        image = document[0].render(scale=1.5).to_pil()
    out = io.BytesIO()
    image.save(out, format="PNG")
    return out.getvalue()


def signature_is_valid(pdf: bytes, password: str, shop: Shop) -> bool:
    """Whether pyHanko finds the signature intact, over the entire file, by the shop's certificate."""
    from cryptography.hazmat.primitives.serialization import Encoding
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.status import SignatureCoverageLevel
    from pyhanko_certvalidator import ValidationContext

    from ondemand_attach._asn1 import x509

    reader = PdfFileReader(io.BytesIO(pdf))
    if reader.encrypted:
        reader.decrypt(password)
    if len(reader.embedded_signatures) != 1:
        return False
    root = x509.Certificate.load(shop.certificate.public_bytes(Encoding.DER))
    status = validate_pdf_signature(reader.embedded_signatures[0], ValidationContext(trust_roots=[root]))
    return bool(status.bottom_line and status.coverage is SignatureCoverageLevel.ENTIRE_FILE)


def _pdfium() -> Any:
    try:
        import pypdfium2
    except ImportError:
        raise MissingDependencyError(
            'the demo opens the PDF with pdfium: pip install "ondemand_attach[demo]"'
        ) from None
    return pypdfium2
