"""What the shop promises about its e-mails."""

import email
import email.policy
import os
import ssl
import tempfile
from pathlib import Path
from unittest import enterModuleContext, mock

import pypdfium2
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import TestCase, TransactionTestCase, override_settings

from ondemand_attach import Mailer
from ondemand_attach.errors import TransportError
from ondemand_attach.testing import MemoryTransport, SmtpSink, loopback_tls, self_signed

from . import mails
from .models import Customer, Order, Piece

FOLDER = Path(enterModuleContext(tempfile.TemporaryDirectory()))


def setUpModule():
    """Sign with a key that is made for the tests."""
    key, certificate = self_signed("Garnet & Gold Ltd")
    pkcs12 = serialize_key_and_certificates(None, key, certificate, None, BestAvailableEncryption(b"test"))
    FOLDER.joinpath("key.p12").write_bytes(pkcs12)
    signing = {"SIGNING_KEY_FILE": FOLDER / "key.p12", "SIGNING_KEY_PASSWORD": "test"}
    enterModuleContext(override_settings(**signing))


def shop_with_a_customer(client, stock=1):
    """Fill the shop, and log its customer in."""
    user = User.objects.create_user("zoe", "zoe@example.com", first_name="Zoë", last_name="Lindström")
    Customer.objects.create(
        user=user, street="12 Ferry Road", city="Port Amber", passphrase="amber-kettle-violin-27"
    )
    client.force_login(user)
    return Piece.objects.create(name="Signet ring", price=640, stock=stock)


def text_of(content, password):
    """Return the text of the PDF in an e-mail, opened as the customer would."""
    [attached] = email.message_from_bytes(content, policy=email.policy.default).iter_attachments()
    with pypdfium2.PdfDocument(attached.get_content(), password=password) as document:
        return document[0].get_textpage().get_text_bounded()


class CheckoutTest(TestCase):
    """With a transport that keeps the messages in memory."""

    def setUp(self):
        self.transport = MemoryTransport()
        self.enterContext(mock.patch.object(mails, "mailer", return_value=Mailer(self.transport)))

    def order(self, stock=1):
        piece = shop_with_a_customer(self.client, stock)
        with self.captureOnCommitCallbacks(execute=True):
            self.client.post("/checkout/", {"piece": piece.pk, "engraving": "for ever yours"})

    def test_public_templates_touch_nothing_confidential(self):
        assert mails.confirmation().check() == []

    def test_an_order_is_confirmed_once(self):
        self.order()
        [message] = self.transport.messages
        assert "for ever yours" in text_of(message.content, "amber-kettle-violin-27")
        assert Order.objects.get().mail == Order.Mail.SENT
        mails.send_confirmation(Order.objects.get().pk)
        assert len(self.transport.messages) == 1

    def test_no_order_no_mail(self):
        self.order(stock=0)
        assert not Order.objects.exists()
        assert not self.transport.messages

    def test_what_can_wait_is_sent_later(self):
        def busy(message):
            raise TransportError("busy", is_temporary=True)

        with mock.patch.object(mails, "mailer", return_value=Mailer(busy)):
            self.order()
        assert Order.objects.get().mail == Order.Mail.DUE
        call_command("send_confirmations")
        [message] = self.transport.messages
        assert message.message_id == Order.objects.get().message_id


class SmtpTest(TransactionTestCase):
    """With real transactions and a real mail server."""

    def setUp(self):
        server, client = loopback_tls()
        [certificate] = client.get_ca_certs(binary_form=True)
        FOLDER.joinpath("ca.pem").write_text(ssl.DER_cert_to_PEM_cert(certificate))
        self.enterContext(mock.patch.dict(os.environ, {"SSL_CERT_FILE": str(FOLDER / "ca.pem")}))
        self.sink = self.enterContext(SmtpSink(server, users={"shop": "test"}))
        self.enterContext(override_settings(MAIL_URL=self.sink.url, MAIL_PASSWORD="test"))
        self.addCleanup(mails.mailer().close)

    def test_an_order_is_confirmed(self):
        piece = shop_with_a_customer(self.client)
        self.client.post("/checkout/", {"piece": piece.pk, "engraving": "for ever yours"})
        [delivery] = self.sink.deliveries
        assert delivery.is_encrypted
        assert delivery.recipients == ("zoe@example.com",)
        assert b"Ferry Road" not in delivery.content
        assert "12 Ferry Road" in text_of(delivery.content, "amber-kettle-violin-27")
