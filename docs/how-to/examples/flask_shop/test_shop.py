"""What the shop promises about its e-mails."""

import email
import email.policy
import ssl

import pypdfium2
import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

from flask_shop import create_app, database
from ondemand_attach import Mailer
from ondemand_attach.errors import TransportError
from ondemand_attach.testing import MemoryTransport, SmtpSink, loopback_tls, self_signed


@pytest.fixture(scope="session")
def signing_key_file(tmp_path_factory):
    key, certificate = self_signed("Garnet & Gold Ltd")
    file = tmp_path_factory.mktemp("keys") / "key.p12"
    file.write_bytes(
        serialize_key_and_certificates(None, key, certificate, None, BestAvailableEncryption(b"test"))
    )
    return file


@pytest.fixture
def app(tmp_path, signing_key_file):
    app = create_app(
        TESTING=True,
        SECRET_KEY="test",
        DATABASE=tmp_path / "shop.sqlite3",
        PASSPHRASE_KEYS=Fernet.generate_key().decode(),
        SIGNING_KEY_FILE=signing_key_file,
        SIGNING_KEY_PASSWORD="test",
        MAIL_PASSWORD="test",
    )
    with app.app_context():
        database.create_tables()
        database.connection().execute(
            "INSERT INTO piece (name, price, stock) VALUES ('Signet ring', '640.00', 1)"
        )
        database.add_customer(
            email="zoe@example.com",
            first_name="Zoë",
            last_name="Lindström",
            street="12 Ferry Road",
            city="Port Amber",
            passphrase="amber-kettle-violin-27",
        )
    return app


@pytest.fixture
def transport(app):
    transport = MemoryTransport()
    app.extensions["mails"].mailer = Mailer(transport)
    return transport


def order(app):
    client = app.test_client()
    with client.session_transaction() as session:
        session["customer"] = 1
    return client.post("/checkout/", data={"piece": 1, "engraving": "for ever yours"}).status_code


def text_of(content, password):
    """Return the text of the PDF in an e-mail, opened as the customer would."""
    [attached] = email.message_from_bytes(content, policy=email.policy.default).iter_attachments()
    with pypdfium2.PdfDocument(attached.get_content(), password=password) as document:
        return document[0].get_textpage().get_text_bounded()


def test_public_templates_touch_nothing_confidential(app):
    assert app.extensions["mails"].confirmation.check() == []


def test_an_order_is_confirmed_once(app, transport):
    order(app)
    app.test_cli_runner().invoke(args=["send-confirmations"])
    [message] = transport.messages
    assert "for ever yours" in text_of(message.content, "amber-kettle-violin-27")


def test_no_order_no_mail(app, transport):
    assert order(app) == 302
    assert order(app) == 409  # it was the last one
    assert len(transport.messages) == 1


def test_what_can_wait_is_sent_later(app, transport):
    def busy(message):
        raise TransportError("busy", is_temporary=True)

    app.extensions["mails"].mailer = Mailer(busy)
    assert order(app) == 302
    app.extensions["mails"].mailer = Mailer(transport)
    app.test_cli_runner().invoke(args=["send-confirmations"])
    assert len(transport.messages) == 1


def test_an_order_is_confirmed_over_smtp(app, tmp_path, monkeypatch):
    server, client = loopback_tls()
    [certificate] = client.get_ca_certs(binary_form=True)
    tmp_path.joinpath("ca.pem").write_text(ssl.DER_cert_to_PEM_cert(certificate))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with SmtpSink(server, users={"shop": "test"}) as sink:
        app.config["MAIL_URL"] = sink.url
        with app.extensions["mails"].mailer:
            order(app)
    [delivery] = sink.deliveries
    assert delivery.is_encrypted
    assert delivery.recipients == ("zoe@example.com",)
    assert b"Ferry Road" not in delivery.content
    assert "12 Ferry Road" in text_of(delivery.content, "amber-kettle-violin-27")
