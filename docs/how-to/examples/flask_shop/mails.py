"""The shop's e-mails: what is sent with what, and the one method that sends."""

import functools
import logging
from pathlib import Path

from ondemand_attach import Mailer, MessageBuilder, PdfEncryptor, PdfSigner, SmtpTransport, Xhtml2PdfGenerator
from ondemand_attach.errors import MailError

from . import database

log = logging.getLogger(__name__)


class Mails:
    """One per application. Mailer and builder are made when the first e-mail is sent."""

    def __init__(self, app):
        self.config = app.config
        self.templates = Path(app.root_path, app.template_folder, "mail")
        self.assets = Path(app.static_folder)

    @functools.cached_property
    def mailer(self):
        """The mailer of this process."""
        transport = SmtpTransport(
            self.config["MAIL_URL"], password=lambda: self.config["MAIL_PASSWORD"], timeout=10
        )
        return Mailer(transport)

    @functools.cached_property
    def confirmation(self):
        """The confirmation of an order: templates, key and certificate are loaded once."""
        return (
            MessageBuilder(templates=self.templates)
            .sender("Garnet & Gold <orders@shop.example>")
            .subject("Your order {{ order.number }}")
            .html(template="order.html")
            .confidential("customer", "order.piece", "order.price", "order.engraving")
            .public("customer.first_name")
            .attach(
                Xhtml2PdfGenerator(template="order.pdf.html", assets=[self.assets]),
                filename="order-{{ order.number }}.pdf",
                encryptor=PdfEncryptor(password="{{ customer.passphrase }}"),
                signer=PdfSigner.from_pkcs12(
                    self.config["SIGNING_KEY_FILE"], password=lambda: self.config["SIGNING_KEY_PASSWORD"]
                ),
            )
        )

    def send_confirmation(self, order):
        """Send the confirmation of one order, if it is due and nobody else is sending it."""
        mailer, confirmation = self.mailer, self.confirmation
        if not database.move(order, "due", "sending"):
            return
        message_id, to = database.receiver_of(order)
        try:
            receipt = mailer.send(confirmation, database.event_of(order), to=to, message_id=message_id)
            after = "partly" if receipt.refused else "sent"
            for refusal in receipt.refused.values():  # the customer was accepted, another recipient was not
                log.warning("order %s is %s: a recipient was refused: %s", order, after, refusal)
        except MailError as error:
            after = "due" if error.is_temporary else "stuck"
            log.warning("order %s is %s, %s was not sent: %s", order, after, message_id, error)
        database.move(order, "sending", after)

    def send_due(self):
        """Send what could not be sent at once; run it every few minutes."""
        for order in database.due():
            self.send_confirmation(order)
