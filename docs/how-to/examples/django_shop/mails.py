"""The shop's e-mails: what is sent with what, and the one function that sends."""

import functools
import logging

from django.conf import settings

from ondemand_attach import Mailer, MessageBuilder, PdfEncryptor, PdfSigner, SmtpTransport, Xhtml2PdfGenerator
from ondemand_attach.errors import MailError

from .models import Order

log = logging.getLogger(__name__)


def mailer():
    """Return the mailer of this process, made when the first e-mail is sent."""
    return _mailer(settings.MAIL_URL)


@functools.cache
def _mailer(url):
    return Mailer(SmtpTransport(url, password=lambda: settings.MAIL_PASSWORD, timeout=10))


@functools.cache
def confirmation():
    """Return the confirmation of an order: templates, key and certificate are loaded once."""
    return (
        MessageBuilder(templates=settings.BASE_DIR / "templates/mail")
        .sender("Garnet & Gold <orders@shop.example>")
        .subject("Your order {{ order.number }}")
        .html(template="order.html")
        .confidential("customer", "order.piece", "order.price", "order.engraving")
        .public("customer.first_name")
        .attach(
            Xhtml2PdfGenerator(template="order.pdf.html", assets=[settings.BASE_DIR / "static"]),
            filename="order-{{ order.number }}.pdf",
            encryptor=PdfEncryptor(password="{{ customer.passphrase }}"),
            signer=PdfSigner.from_pkcs12(
                settings.SIGNING_KEY_FILE, password=lambda: settings.SIGNING_KEY_PASSWORD
            ),
        )
    )


def event_of(order):
    """Return what happened as plain data."""
    customer = order.customer
    return {
        "order": {
            "number": order.number,
            "placed": order.placed,
            "piece": order.piece.name,
            "price": order.piece.price,
            "engraving": order.engraving,
        },
        "customer": {
            "first_name": customer.user.first_name,
            "name": customer.user.get_full_name(),
            "street": customer.street,
            "city": customer.city,
            "passphrase": customer.passphrase,
        },
    }


def send_confirmation(pk):
    """Send the confirmation of one order, if it is due and nobody else is sending it."""
    post, builder = mailer(), confirmation()
    due = Order.objects.filter(pk=pk, mail=Order.Mail.DUE)
    if not due.update(mail=Order.Mail.SENDING):
        return
    order = Order.objects.select_related("customer__user", "piece").get(pk=pk)
    try:
        to = order.customer.user.email
        receipt = post.send(builder, event_of(order), to=to, message_id=order.message_id)
        order.mail = Order.Mail.PARTLY if receipt.refused else Order.Mail.SENT
        for refusal in receipt.refused.values():  # the customer was accepted, another recipient was not
            log.warning("order %s is %s: a recipient was refused: %s", order.number, order.mail, refusal)
    except MailError as error:
        order.mail = Order.Mail.DUE if error.is_temporary else Order.Mail.STUCK
        log.warning("order %s is %s, %s was not sent: %s", order.number, order.mail, order.message_id, error)
    order.save(update_fields=["mail"])
