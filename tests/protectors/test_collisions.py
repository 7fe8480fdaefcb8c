"""Wishes that cannot be met together are refused while the builder is put together."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fuzz.seeds import of_numbers
from ondemand_attach import (
    Address,
    AttachmentRequest,
    Document,
    MessageBuilder,
    PdfEncryptor,
    PdfSigner,
    Recipient,
    SmimeEncryptor,
    SmimeSigner,
    Xhtml2PdfGenerator,
)
from ondemand_attach.errors import ConfigurationError, EncryptionError, MessageError
from ondemand_attach.testing import attachment_request
from protectors.samples import certify, ec_key, order, rsa_key

LETTER = MessageBuilder().sender("orders@shop.example").subject("Order").text("Thanks.")
GENERATOR = Xhtml2PdfGenerator(source="<p>x</p>")
BY_PASSWORD = PdfEncryptor(password="{{ code }}")
KEY = rsa_key()


def with_certificate(certificate: x509.Certificate | bytes | None) -> Recipient:
    content = (
        certificate.public_bytes(Encoding.PEM) if isinstance(certificate, x509.Certificate) else certificate
    )
    return Recipient(address=Address(addr_spec="jane@example.com"), certificate=content)


FIT = with_certificate(certify(KEY, alternative="jane@example.com"))


class Invoices:
    """Makes what no encryption by password may touch."""

    conformance = "Factur-X 1.0 EN 16931 (PDF/A-3b)"

    def generate(self, _: AttachmentRequest) -> Document:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("wire", "nearest"),
    [
        (
            lambda b: b.to("a@x.example", "b@x.example").attach(
                GENERATOR, filename="o.pdf", encryptor=BY_PASSWORD
            ),
            "goes to 2 or more; leave out",
        ),
        (
            lambda b: b.attach(GENERATOR, filename="o.pdf", encryptor=BY_PASSWORD).cc("boss@x.example"),
            r"send copies with bcc\(\)",
        ),
        (
            lambda b: (
                b.recipient_at("email")
                .to("a@x.example")
                .attach(GENERATOR, filename="o.pdf", encryptor=BY_PASSWORD)
            ),
            "goes to 2 or more",
        ),
        (lambda b: b.generated_password("pin", digits=16, delivery=print).cc("boss@x.example"), "goes to 2"),
        (
            lambda b: b.attach(Invoices(), filename="invoice.pdf", encryptor=BY_PASSWORD),
            "encrypted as a whole, or make a plain PDF",
        ),
        (
            lambda b: b.to("jane@example.com").whole_message(encryptor=SmimeEncryptor()),
            "is missing; give each a",
        ),
        (
            lambda b: b.whole_message(encryptor=SmimeEncryptor()).cc("boss@x.example"),
            "is missing; give each a",
        ),
        (
            lambda b: b.to(FIT, "joe@example.com").attach(
                GENERATOR, filename="o.pdf", encryptor=PdfEncryptor()
            ),
            "looked up by certificates=",
        ),
    ],
    ids=["two", "copy", "bound and two", "generated", "Factur-X", "S/MIME", "S/MIME copy", "one of two"],
)
def test_they_are_refused_with_the_nearest_possible_way(
    wire: Callable[[MessageBuilder], MessageBuilder], nearest: str
) -> None:
    with pytest.raises(ConfigurationError, match=nearest):
        wire(LETTER)


def test_what_fits_is_let_through() -> None:
    assert LETTER.to(FIT).whole_message(encryptor=SmimeEncryptor())
    assert LETTER.to(FIT).cc(FIT).attach(GENERATOR, filename="o.pdf", encryptor=PdfEncryptor())
    assert LETTER.bcc("archive@x.example").attach(GENERATOR, filename="o.pdf", encryptor=BY_PASSWORD)
    assert LETTER.to("jane@example.com").attach(GENERATOR, filename="o.pdf", encryptor=BY_PASSWORD)
    looked_up = SmimeEncryptor(certificates=lambda _: [])
    assert LETTER.to("jane@example.com").whole_message(encryptor=looked_up)
    assert LETTER.attach(Invoices(), filename="invoice.pdf")


def certificate(**options: Any) -> x509.Certificate:
    return certify(
        options.pop("key", KEY), alternative=options.pop("alternative", "jane@example.com"), **options
    )


def mailbox(address: str) -> x509.OtherName:
    content = address.encode()
    return x509.OtherName(x509.ObjectIdentifier("1.3.6.1.5.5.7.8.9"), bytes([12, len(content)]) + content)


UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
CLIENT, MAIL, ANY = (
    x509.ExtendedKeyUsage([oid])
    for oid in (
        x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH,
        x509.oid.ExtendedKeyUsageOID.EMAIL_PROTECTION,
        x509.oid.ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    )
)
DER = certificate().public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (None, "is missing"),
        (b"garbage", "is neither PEM nor DER"),
        (DER[:-20], "is neither PEM nor DER"),
        (certificate(days=(-9, -2)), "expired on"),
        (certificate(days=(2, 9)), "is not valid before"),
        (certificate(usages=["digital_signature"]), "lacks keyEncipherment"),
        (certificate(key=ec_key(), usages=["key_encipherment"]), "lacks keyAgreement"),
        (certificate(key=rsa_key(1024)), "fewer than 2048 bits"),
        (of_numbers(16385), "more than 16384 bits"),
        (of_numbers(200_000), "more than 16384 bits"),
        (of_numbers(4096, (1 << 3000) + 1), "exponent of more than 64 bits"),
        (certificate(alternative="joe@example.com"), "issued to another mail address"),
        (certificate(further=[(UNKNOWN, True)]), "critical extension that is not known"),
        (certificate(further=[(CLIENT, False)]), r"not issued for mail \(emailProtection\)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_certificate_that_is_not_fit_is_refused_early_and_late(given: Any, reason: str) -> None:
    builder = LETTER.whole_message(encryptor=SmimeEncryptor())
    with pytest.raises(ConfigurationError, match=reason):
        builder.to(with_certificate(given))
    with pytest.raises(EncryptionError, match=f"a recipient's certificate {reason}|{reason}") as raised:
        builder.build({}, to=with_certificate(given))
    assert "jane" not in str(raised.value)


def test_a_signing_certificate_that_nobody_may_rely_on_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="critical extension that is not known"):
        SmimeSigner(key=KEY, certificate=certificate(further=[(UNKNOWN, True)]))
    assert SmimeSigner(key=KEY, certificate=certificate(further=[(UNKNOWN, False)]))


@pytest.mark.parametrize("extension", [MAIL, ANY, CLIENT], ids=["mail", "any", "client"])
def test_extended_key_usage_is_of_mail_alone(extension: x509.ExtendedKeyUsage) -> None:
    recipient = with_certificate(certificate(further=[(extension, False)]))
    assert LETTER.to(recipient).attach(GENERATOR, filename="o.pdf", encryptor=PdfEncryptor())
    if extension is CLIENT:
        with pytest.raises(ConfigurationError, match="not issued for mail"):
            SmimeSigner(key=KEY, certificate=certificate(further=[(CLIENT, False)]))
    else:
        assert LETTER.to(recipient).whole_message(encryptor=SmimeEncryptor())


def test_an_internationalised_mailbox_is_its_holder() -> None:
    names = x509.SubjectAlternativeName([mailbox("jürgen@xn--bcher-kva.example")])
    for_juergen = certify(KEY, further=[(names, False)]).public_bytes(Encoding.DER)
    for address, fits in (("jürgen@bücher.example", True), ("jurgen@bücher.example", False)):
        recipient = Recipient(address=Address(addr_spec=address), certificate=for_juergen)
        builder = LETTER.whole_message(encryptor=SmimeEncryptor())
        if fits:
            assert builder.build({}, to=recipient)
        else:
            with pytest.raises(EncryptionError, match="another mail address"):
                builder.build({}, to=recipient)


@pytest.mark.parametrize(
    ("found", "reason"),
    [([], "0 certificates for 1 recipients"), (None, "value of type NoneType"), ([None], "is missing")],
    ids=str,
)
def test_a_look_up_that_finds_too_little_is_refused(found: Any, reason: str) -> None:
    builder = LETTER.whole_message(encryptor=SmimeEncryptor(certificates=lambda _: found))
    with pytest.raises(EncryptionError, match=reason):
        builder.build({}, to="jane@example.com")


def test_each_of_several_recipients_can_read_what_is_encrypted_to_a_look_up() -> None:
    jane, joe = (certificate(alternative=f"{name}@example.com") for name in ("jane", "joe"))
    for found, can_be_read in (([jane, joe], True), ([joe, jane], True), ([jane, jane], False)):
        builder = LETTER.whole_message(encryptor=SmimeEncryptor(certificates=lambda _, found=found: found))
        if can_be_read:
            assert builder.build({}, to=["jane@example.com", "joe@example.com"])
        else:
            with pytest.raises(EncryptionError, match="no certificate of one of the recipients"):
                builder.build({}, to=["jane@example.com", "joe@example.com"])


def test_the_time_of_the_message_makes_no_certificate_valid() -> None:
    now = datetime.datetime.now(datetime.UTC)
    expired = with_certificate(certificate(days=(-90, -30)))
    builder = LETTER.whole_message(encryptor=SmimeEncryptor())
    for moment in (now, now - datetime.timedelta(days=60)):
        with pytest.raises(EncryptionError, match="expired on"):
            builder.build({}, to=expired, now=moment)
    assert builder.build({}, to=FIT, now=now)
    with pytest.raises(EncryptionError, match="is not valid before"):
        builder.build({}, to=FIT, now=now - datetime.timedelta(days=4000))


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        (None, r"give Recipient\(certificate=…\)"),
        ("jane.pem", "takes bytes, such as those of a file, not its path, not text"),
    ],
)
def test_it_is_said_how_a_certificate_is_given(given: Any, hint: str) -> None:
    with pytest.raises((EncryptionError, MessageError), match=hint):
        LETTER.whole_message(encryptor=SmimeEncryptor()).build({}, to=with_certificate(given))


def test_each_of_several_recipients_needs_a_certificate_which_may_be_the_same() -> None:
    gateway = certify(KEY)
    for found, text in (([gateway], "1 certificates for 2 recipients"), ([gateway, gateway], None)):
        builder = LETTER.whole_message(encryptor=SmimeEncryptor(certificates=lambda _, found=found: found))
        if text is None:
            assert builder.build({}, to=["jane@example.com", "joe@example.com"])
        else:
            with pytest.raises(EncryptionError, match=text):
                builder.build({}, to=["jane@example.com", "joe@example.com"])


def test_pdf_a_is_known_by_its_metadata_too() -> None:
    def archived(_: AttachmentRequest) -> Document:
        xmp = b'%PDF-1.7\n<x:xmpmeta xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">'
        return Document(content=xmp, media_type="application/pdf")

    builder = LETTER.attach(archived, filename="o.pdf", encryptor=PdfEncryptor(password="{{ code }}"))
    with pytest.raises(EncryptionError, match=r"o\.pdf is PDF/A, which must not be encrypted"):
        builder.build({"code": "k3jd92kfaa0l"}, to="jane@example.com")


def changed(certificate: x509.Certificate, old: bytes, new: bytes) -> bytes:
    pem = x509.load_der_x509_certificate(certificate.public_bytes(Encoding.DER).replace(old, new))
    return pem.public_bytes(Encoding.PEM)


EC_KEY, NO_KEY = b"\x2a\x86\x48\xce\x3d\x02\x01", b"\x2a\x86\x48\xce\x3d\x02\x7f"


def test_an_issuer_with_a_key_of_an_unknown_kind_is_no_hindrance() -> None:
    """It is embedded as it is; whoever relies on the signature may know it."""
    pem = ec_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    issuer = changed(certify(ec_key(3), "Example Issuer"), EC_KEY, NO_KEY)
    signer = PdfSigner.from_pem(pem, issuer + certify(ec_key()).public_bytes(Encoding.PEM))
    assert signer.sign(order(), attachment_request({})).signature == "PAdES B-B"


@pytest.mark.parametrize("kind", [PdfSigner, SmimeSigner])
def test_a_name_that_cannot_be_read_is_told_while_wiring(kind: Any) -> None:
    """Latin-1 that is said to be UTF-8: pyHanko stumbles over it with each signature."""
    pem = ec_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    own = changed(certify(ec_key(), "Example"), b"Example", b"Ex\xe4mple")
    issuer = changed(certify(ec_key(3), "Example"), b"Example", b"Ex\xe4mple")
    good = certify(ec_key()).public_bytes(Encoding.PEM)
    for wire in (
        lambda: kind.from_pem(pem, own),
        lambda: kind.from_pem(pem, issuer + good),
        lambda: kind(key=ec_key(), certificate=own),
        lambda: kind(key=ec_key(), certificate=good, chain=[issuer]),
    ):
        with pytest.raises(ConfigurationError, match="has a name that is not in the character set"):
            wire()
