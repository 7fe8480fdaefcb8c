"""Whole messages signed and encrypted with S/MIME, read by OpenSSL and by the standard library."""

from __future__ import annotations

import email
import email.message
import email.policy
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

from ondemand_attach import (
    Address,
    AttachmentRequest,
    Document,
    Mailer,
    MemoryTransport,
    Message,
    MessageBuilder,
    PdfEncryptor,
    PdfSigner,
    Recipient,
    RenderPool,
    SmimeEncryptor,
    SmimeSigner,
    SmtpTransport,
    Xhtml2PdfGenerator,
)
from ondemand_attach.errors import (
    ConfidentialityError,
    ConfigurationError,
    EncryptionError,
    GenerationError,
    InvalidHeaderError,
    MailError,
    SigningError,
    TransportError,
)
from protectors.samples import KEYS, certify, decrypted, ec_key, openssl, rsa_key

SENDER = "orders@shop.example"
CERTIFICATES = {kind: certify(key(), alternative=SENDER) for kind, key in KEYS.items()}
NAME, IBAN = "Jiří Dvořák-Novotný", "DE02120300000000202051"
CONTEXT = {"number": "GG-40001", "customer": {"name": NAME, "iban": IBAN}}
TRAPS = "From the shop\n.\n..\n-- \nFrom  \n trailing \n=20\n\n"

BUILDER = (
    MessageBuilder()
    .sender(f"Shop <{SENDER}>")
    .subject("Your order {{ number }}")
    .text(TRAPS + "Thank you.")
    .html("<p>Thank you.</p>")
    .confidential("customer")
)


def recipient(name: str, kind: str) -> Recipient:
    certificate = certify(KEYS[kind](), name, alternative=f"{name}@example.com")
    return Recipient(
        address=Address(addr_spec=f"{name}@example.com"), certificate=certificate.public_bytes(Encoding.PEM)
    )


PEOPLE = {name: recipient(name, kind) for name, kind in zip(("jane", "joe", "jim"), KEYS, strict=True)}


def signer(kind: str = "RSA-2048") -> SmimeSigner:
    return SmimeSigner(key=KEYS[kind](), certificate=CERTIFICATES[kind])


def verified(folder: Path, content: bytes, kind: str) -> bytes | None:
    """Return what OpenSSL finds signed in *content*, if the signature holds."""
    (folder / "ca.pem").write_bytes(CERTIFICATES[kind].public_bytes(Encoding.PEM))
    status, out = openssl(folder, content, "-verify", "-CAfile", folder / "ca.pem")
    return out if status == 0 else None


def opened(folder: Path, content: bytes, name: str, kind: str) -> bytes | None:
    """Return what OpenSSL decrypts for *name*."""
    certificate = x509.load_pem_x509_certificate(PEOPLE[name].certificate or b"")
    status, out = decrypted(folder, content, KEYS[kind](), certificate)
    return out if status == 0 else None


@pytest.mark.parametrize("is_first", [True, False])
def test_a_file_with_the_chain_of_the_recipient_is_encrypted_to_the_recipient(
    is_first: bool, tmp_path: Path
) -> None:
    root = certify(rsa_key(), "Root")
    own = certify(ec_key(), "jane", issuer=(rsa_key(), root), alternative="jane@example.com")
    content = b"".join(each.public_bytes(Encoding.PEM) for each in ([own, root] if is_first else [root, own]))
    jane = Recipient(address=Address(addr_spec="jane@example.com"), certificate=content)
    message = BUILDER.whole_message(encryptor=SmimeEncryptor()).build(CONTEXT, to=jane)
    status, _ = decrypted(tmp_path, message.content, ec_key(), own)
    assert status == 0


def parsed(content: bytes) -> email.message.EmailMessage:
    return email.message_from_bytes(content, policy=email.policy.default)  # type: ignore[return-value]


def plain(message: Any) -> str:
    return str(message.get_body(("plain",)).get_content()).replace("\r\n", "\n")


# --- signatures


@pytest.mark.parametrize("kind", KEYS)
def test_a_signature_holds_for_every_kind_of_key(kind: str, tmp_path: Path) -> None:
    message = BUILDER.whole_message(signer=signer(kind)).build(CONTEXT, to="jane@example.com")
    inner = verified(tmp_path, message.content, kind)
    assert inner is not None
    found = parsed(message.content)
    assert found.get_content_type() == "multipart/signed"
    assert found.get_param("protocol") == "application/pkcs7-signature"
    assert found.get_param("micalg") == "sha-256"
    assert found["Subject"] == "Your order GG-40001"
    body, signature = found.iter_parts()
    assert plain(body).startswith("From the shop\n.\n..\n")
    assert signature.get_filename() == "smime.p7s"
    assert message.needs_raw_mime


def test_a_change_of_one_byte_breaks_the_signature(tmp_path: Path) -> None:
    content = BUILDER.whole_message(signer=signer()).build(CONTEXT, to="jane@example.com").content
    start = content.index(b"Thank you.")
    changed = content[:start] + b"thank you." + content[start + 10 :]
    assert verified(tmp_path, content, "RSA-2048") is not None
    assert verified(tmp_path, changed, "RSA-2048") is None


def test_attachments_are_signed_with_the_message(tmp_path: Path) -> None:
    builder = BUILDER.attach(
        lambda _: Document(content=b"a,b\r\n", media_type="text/csv"), filename="list.csv"
    )
    message = builder.whole_message(signer=signer()).build(CONTEXT, to="jane@example.com")
    inner = verified(tmp_path, message.content, "RSA-2048")
    assert inner is not None
    (attachment,) = parsed(inner).iter_attachments()
    assert attachment.get_content() == "a,b\r\n"


def test_confidential_values_stay_out_of_a_message_that_is_only_signed() -> None:
    for builder in (BUILDER.text("Dear {{ customer.name }}"), BUILDER.text(f"IBAN {IBAN}")):
        with pytest.raises(ConfidentialityError):
            builder.whole_message(signer=signer()).build(CONTEXT, to="jane@example.com")


def test_a_certificate_of_another_sender_does_not_sign() -> None:
    builder = BUILDER.sender("billing@shop.example").whole_message(signer=signer())
    with pytest.raises(SigningError, match="issued to other mail addresses"):
        builder.build(CONTEXT, to="jane@example.com")
    unnamed = SmimeSigner(key=rsa_key(), certificate=certify(rsa_key()))
    assert BUILDER.whole_message(signer=unnamed).build(CONTEXT, to="jane@example.com").content


def test_the_key_comes_from_files_too(tmp_path: Path) -> None:
    key, certificate = rsa_key(), CERTIFICATES["RSA-2048"]
    (tmp_path / "a.p12").write_bytes(
        pkcs12.serialize_key_and_certificates(b"shop", key, certificate, None, NoEncryption())
    )
    (tmp_path / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "chain.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    for own in (
        SmimeSigner.from_pkcs12(tmp_path / "a.p12"),
        SmimeSigner.from_pem(tmp_path / "key.pem", tmp_path / "chain.pem"),
    ):
        message = BUILDER.whole_message(signer=own).build(CONTEXT, to="jane@example.com")
        assert verified(tmp_path, message.content, "RSA-2048") is not None


# --- encryption


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("is_signed", [False, True])
def test_every_recipient_reads_the_message_and_nobody_else(
    *, strict: bool, is_signed: bool, tmp_path: Path
) -> None:
    builder = (
        BUILDER.text("Dear {{ customer.name }}, your IBAN is {{ customer.iban }}.\n" + TRAPS)
        .html("<p>{{ customer.name }}</p>")
        .attach(lambda request: text(request.context["customer"]["iban"]), filename="{{ customer.iban }}.txt")
        .whole_message(encryptor=SmimeEncryptor(strict=strict), signer=signer() if is_signed else None)
    )
    message = builder.build(CONTEXT, to=PEOPLE.values())
    outer = parsed(message.content)
    assert outer.get_content_type() == "application/pkcs7-mime"
    assert outer.get_param("smime-type") == ("authEnveloped-data" if strict else "enveloped-data")
    assert outer["Subject"] == "[...]"
    assert IBAN.encode() not in message.content
    for name, kind in zip(PEOPLE, KEYS, strict=True):
        inner = opened(tmp_path, message.content, name, kind)
        assert inner is not None
        if is_signed:
            assert verified(tmp_path, inner, "RSA-2048") is not None
            inner = parsed(inner).get_payload(0).as_bytes()
        body = parsed(inner)
        assert body["Subject"] == "Your order GG-40001"
        assert plain(body).startswith(f"Dear {NAME}, your IBAN is {IBAN}.\n")
        (attachment,) = body.iter_attachments()
        assert (attachment.get_filename(), attachment.get_content()) == (f"{IBAN}.txt", IBAN)
    assert opened(tmp_path, message.content, "jane", "P-256") is None


def text(content: str) -> Document:
    return Document(content=content.encode(), media_type="text/plain; charset=utf-8")


def test_the_header_is_protected_inside(tmp_path: Path) -> None:
    builder = BUILDER.reply_to("help@shop.example").cc(PEOPLE["joe"]).header("X-Shop", "garnet")
    message = builder.whole_message(encryptor=SmimeEncryptor()).build(CONTEXT, to=PEOPLE["jane"])
    inner = opened(tmp_path, message.content, "jane", "RSA-2048")
    assert inner is not None
    found, outer = parsed(inner), parsed(message.content)
    assert found.get_param("hp") == "cipher"
    names = ("From", "To", "Cc", "Reply-To", "Date", "Message-ID")
    assert [found[name] for name in names] == [outer[name] for name in names]
    shown = dict(value.split(": ", 1) for value in found.get_all("HP-Outer"))
    assert shown.pop("Subject") == "[...]"
    assert shown == {name: str(outer[name]) for name in names}
    assert outer["X-Shop"] == "garnet"


def test_the_outer_subject_can_be_chosen_and_is_the_same_for_all() -> None:
    builder = BUILDER.whole_message(encryptor=SmimeEncryptor(), outer_subject="Encrypted message")
    assert parsed(builder.build(CONTEXT, to=PEOPLE["jane"]).content)["Subject"] == "Encrypted message"
    with pytest.raises(InvalidHeaderError):
        BUILDER.whole_message(encryptor=SmimeEncryptor(), outer_subject="two\nlines")


@pytest.mark.parametrize(
    "builder",
    [
        BUILDER.subject("For {{ customer.name }}"),
        BUILDER.header("X-Name", "{{ customer.iban }}"),
        BUILDER.header("X-Name", IBAN),
    ],
)
def test_the_header_of_an_encrypted_message_stays_public(builder: MessageBuilder) -> None:
    with pytest.raises(ConfidentialityError):
        builder.whole_message(encryptor=SmimeEncryptor()).build(CONTEXT, to=PEOPLE["jane"])


def test_check_knows_what_is_public() -> None:
    builder = BUILDER.text("{{ customer.name }}").subject("{{ customer.iban }}")
    touched = {(finding.template, finding.path) for finding in builder.check()}
    assert len(touched) == 2
    encrypted = builder.whole_message(encryptor=SmimeEncryptor())
    assert [finding.path for finding in encrypted.check()] == ["customer.iban"]


PRIVATE: dict[str, Callable[[MessageBuilder], MessageBuilder]] = {
    "text": lambda builder: builder.text("{{ customer.name }}"),
    "html": lambda builder: builder.html("<p>{{ customer.name }}</p>"),
    "filename": lambda builder: builder.attach(lambda _: text("x"), filename="{{ customer.name }}.txt"),
    "document": lambda builder: builder.attach(named, filename="a.txt"),
    "generator": lambda builder: builder.attach(
        Xhtml2PdfGenerator(source="<p>{{ customer.name }}</p>"), filename="a.pdf"
    ),
}


def named(request: AttachmentRequest) -> Document:
    return Document(content=request.context["customer"]["name"].encode(), media_type="text/plain")


@pytest.mark.parametrize("what", PRIVATE)
def test_all_that_an_encrypted_message_holds_may_be_confidential(what: str) -> None:
    builder = PRIVATE[what](BUILDER)
    with pytest.raises(MailError):
        builder.build(CONTEXT, to=PEOPLE["jane"])
    for encrypted in (
        builder.whole_message(encryptor=SmimeEncryptor()),
        builder.whole_message(encryptor=SmimeEncryptor(), signer=signer()),
    ):
        assert encrypted.check() == []
        assert NAME.encode() not in encrypted.build(CONTEXT, to=PEOPLE["jane"]).content
    signed = builder.whole_message(signer=signer())
    with pytest.raises(MailError):
        signed.build(CONTEXT, to=PEOPLE["jane"])
    if what != "document":
        assert signed.check() != []


# --- what is refused


def test_wrong_places_and_colliding_wishes_are_refused_while_wiring() -> None:
    for step in (
        BUILDER.whole_message,
        lambda: BUILDER.whole_message(encryptor=PdfEncryptor(password="{{ number }}")),
        lambda: BUILDER.whole_message(signer=PdfSigner(key=ec_key(), certificate=certify(ec_key()))),
        lambda: BUILDER.attach(lambda _: text("x"), filename="x.txt", encryptor=SmimeEncryptor()),
        lambda: BUILDER.attach(lambda _: text("x"), filename="x.txt", signer=signer()),
        lambda: BUILDER.bcc("boss@shop.example").whole_message(encryptor=SmimeEncryptor()),
        lambda: BUILDER.whole_message(encryptor=SmimeEncryptor()).bcc("boss@shop.example"),
    ):
        with pytest.raises(ConfigurationError):
            step()
    assert BUILDER.bcc("boss@shop.example").whole_message(signer=signer())


def test_a_recipient_without_certificate_stops_the_message() -> None:
    builder = BUILDER.whole_message(encryptor=SmimeEncryptor())
    with pytest.raises(EncryptionError, match="certificate is missing"):
        builder.build(CONTEXT, to=[PEOPLE["jane"], "joe@example.com"])


def test_a_look_up_that_leaves_somebody_out_stops_the_message() -> None:
    found = [PEOPLE["jane"].certificate]
    builder = BUILDER.whole_message(encryptor=SmimeEncryptor(certificates=lambda _: found))
    assert builder.build(CONTEXT, to=PEOPLE["jane"])
    with pytest.raises(EncryptionError, match="1 certificates for 2 recipients"):
        builder.build(CONTEXT, to=[PEOPLE["jane"], PEOPLE["joe"]])


def test_an_encryptor_that_does_nothing_is_noticed() -> None:
    builder = BUILDER.text("{{ customer.name }}").whole_message(encryptor=lambda document, _: document)
    with pytest.raises(EncryptionError, match="returned the document as it was"):
        builder.build(CONTEXT, to="jane@example.com")


def test_what_an_earlier_step_set_stays() -> None:
    letterhead = BUILDER.whole_message(encryptor=SmimeEncryptor(), outer_subject="A letter")
    message = letterhead.whole_message(signer=signer()).build(CONTEXT, to=PEOPLE["jane"])
    assert parsed(message.content)["Subject"] == "A letter"
    assert parsed(message.content).get_content_type() == "application/pkcs7-mime"
    assert IBAN.encode() not in message.content


def test_the_signer_of_a_message_that_anybody_can_read_is_given_public_values_only() -> None:
    seen: list[object] = []

    def sign(_: Document, request: AttachmentRequest) -> Document:
        seen.append(request.context["customer"].iban)
        raise AssertionError

    with pytest.raises(ConfidentialityError, match=r"customer\.iban"):
        BUILDER.whole_message(signer=sign).build(CONTEXT, to="jane@example.com")
    assert seen == []


def test_an_error_holds_no_confidential_name_of_a_file() -> None:
    def failing(request: AttachmentRequest) -> Document:
        raise GenerationError(f"cannot draw {request.filename}")

    builder = BUILDER.attach(failing, filename="{{ customer.name }}.pdf")
    with pytest.raises(GenerationError) as raised:
        builder.whole_message(encryptor=SmimeEncryptor()).build(CONTEXT, to=PEOPLE["jane"])
    shown = "".join(traceback.format_exception(raised.value))
    assert raised.value.filename == "attachment 1 ({{ customer.name }}.pdf)"
    assert "Novotn" not in shown
    assert "cannot draw attachment 1" in shown

    pasted = BUILDER.attach(failing, filename=f"Letter for {NAME}.pdf")
    with pytest.raises(GenerationError) as raised:
        pasted.whole_message(encryptor=SmimeEncryptor()).build(CONTEXT, to=PEOPLE["jane"])
    assert raised.value.filename == "attachment 1"
    assert "Novotn" not in str(raised.value)


class Rewriting:
    """A transport of a provider that puts messages together anew."""

    def __init__(self) -> None:
        self.sent: list[Message] = []

    def send(self, message: Message) -> Any:
        self.sent.append(message)


def test_a_transport_that_may_rewrite_is_never_given_a_wrapped_message() -> None:
    wrapped, transport = BUILDER.whole_message(signer=signer()), Rewriting()
    unreachable = SmtpTransport("smtp://127.0.0.1:9", rewrites_messages=True)
    for way_out in (transport, transport.send, unreachable):
        mailer = Mailer(way_out)
        with pytest.raises(TransportError, match="RAW_MIME"):
            mailer.send(wrapped, CONTEXT, to="jane@example.com")
        with pytest.raises(TransportError, match="RAW_MIME"):
            mailer.deliver(wrapped.build(CONTEXT, to="jane@example.com"))
    assert transport.sent == []
    memory = MemoryTransport()
    Mailer(memory).send(wrapped, CONTEXT, to="jane@example.com")
    assert len(memory.messages) == 1


def test_a_render_pool_makes_wrapped_messages(tmp_path: Path) -> None:
    builder = (
        BUILDER.text("Dear {{ customer.name }}")
        .attach(Xhtml2PdfGenerator(source="<p>{{ customer.iban }}</p>"), filename="order.pdf")
        .whole_message(encryptor=SmimeEncryptor(), signer=signer("P-256"))
    )
    with RenderPool(time_limit=60) as pool:
        message = pool.build(builder, CONTEXT, to=PEOPLE["jane"])
    assert message.needs_raw_mime
    inner = opened(tmp_path, message.content, "jane", "RSA-2048")
    assert inner is not None
    assert verified(tmp_path, inner, "P-256") is not None


def test_a_pdf_is_signed_after_a_message_in_the_same_process() -> None:
    # asn1crypto turns its names of attributes around once; pyHanko adds its own when it is imported.
    done = subprocess.run(
        [sys.executable, "-c", AFTER],
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent.parent,
    )
    assert done.returncode == 0, done.stderr


AFTER = """
from asn1crypto import cms
cms.CMSAttributeType("message_digest")
from protectors.samples import certify, flaws, order, rsa_key
from ondemand_attach import PdfSigner
from ondemand_attach.testing import attachment_request
key = rsa_key()
certificate = certify(key)
assert flaws(PdfSigner(key=key, certificate=certificate).sign(order(), attachment_request({})).content, certificate) == []
"""
