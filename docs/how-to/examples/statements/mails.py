"""What is sent, and with what; shared by everything that sends."""

import os

from ondemand_attach import (
    Mailer,
    MessageBuilder,
    PdfEncryptor,
    RenderPool,
    SmtpTransport,
    Xhtml2PdfGenerator,
)

STATEMENT = (
    MessageBuilder()
    .sender("Bank <statements@bank.example>")
    .subject("Your statement")
    .text("Your statement is attached. It opens with the passphrase that your bank shows you after login.")
    .confidential("name", "amount", "passphrase")
    .attach(
        Xhtml2PdfGenerator(source="<h1>Statement</h1><p>{{ name }}: {{ amount }}</p>"),
        filename="statement.pdf",
        encryptor=PdfEncryptor(password="{{ passphrase }}"),
    )
)
pool = RenderPool(processes=1, time_limit=10)
mailer = Mailer(
    SmtpTransport(os.environ["BANK_MAIL_URL"], password=lambda: os.environ["BANK_MAIL_PASSWORD"]), pool=pool
)


def event_of(number):
    """Return what the statement with this number says, and who gets it; here it is invented."""
    amount, passphrase = f"{number}.00 EUR", f"walnut-ferry-{8823 + number}-cobalt"
    return {"name": "Maria Rossi", "amount": amount, "passphrase": passphrase}, "maria@example.com"
