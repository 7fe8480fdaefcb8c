"""The checks of the promises, on e-mails that break them."""

from __future__ import annotations

import email.policy
import io
from email.message import EmailMessage

import pikepdf
import pypdfium2
import pytest

from how_to.promises import (
    ENGRAVING,
    assert_nothing_outside_of_the_pdf,
    assert_opens_with_the_passphrase_only,
)


def mail(
    text: str = "Thank you.",
    *,
    cte: str = "8bit",
    subject: str = "Your order",
    filename: str = "order.pdf",
    pdf: bytes = b"",
) -> bytes:
    message = EmailMessage(policy=email.policy.SMTP)
    message["Subject"] = subject
    message.set_content(text, cte=cte)
    message.add_attachment(pdf, maintype="application", subtype="pdf", filename=filename)
    return message.as_bytes()


def test_a_good_mail_passes() -> None:
    assert_nothing_outside_of_the_pdf(mail())


LEAKS = {
    "in clear": mail(f"It says {ENGRAVING}."),
    "in base64": mail(f"It says {ENGRAVING}.", cte="base64"),
    "in quoted-printable": mail("Dear Zoë Lindström", cte="quoted-printable"),
    "in the subject": mail(subject="For Zoë Lindström"),
    "in the file name": mail(filename="Lindström.pdf"),
    "in an open PDF": mail(pdf=ENGRAVING.encode()),
}


@pytest.mark.parametrize("content", LEAKS.values(), ids=LEAKS)
def test_a_leak_is_seen(content: bytes) -> None:
    with pytest.raises(AssertionError):
        assert_nothing_outside_of_the_pdf(content)


@pytest.mark.parametrize("password", ["", "amber-kettle-violin-28"])
def test_another_password_is_seen(password: str) -> None:
    pdf = pikepdf.Pdf.new()
    pdf.add_blank_page()
    encrypted = io.BytesIO()
    pdf.save(encrypted, encryption=pikepdf.Encryption(owner="of the owner", user=password))
    with pytest.raises((pytest.fail.Exception, pypdfium2.PdfiumError)):
        assert_opens_with_the_passphrase_only(encrypted.getvalue())
