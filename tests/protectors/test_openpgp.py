"""Whole messages signed and encrypted with OpenPGP, read by Sequoia and by the standard library."""

from __future__ import annotations

import base64
import datetime
import email
import email.policy
import functools
import pickle
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pysequoia
import pytest
from pysequoia import CipherSuite, Profile, Tsk

from ondemand_attach import (
    Address,
    Document,
    MessageBuilder,
    OpenPgpEncryptor,
    OpenPgpSigner,
    Recipient,
    RenderPool,
    SmimeEncryptor,
    Xhtml2PdfGenerator,
)
from ondemand_attach.errors import (
    ConfigurationError,
    EncryptionError,
    MissingDependencyError,
    ProofError,
    ProtectionError,
    SigningError,
)
from ondemand_attach.protectors._openpgp import out_of_use
from ondemand_attach.testing import EncryptorContract

FILES = Path(__file__).parent.parent / "data" / "openpgp"  # as GnuPG 2.2 exports them
SENDER = "orders@shop.example"
NAME, IBAN = "Jiří Dvořák-Novotný", "DE02120300000000202051"
CONTEXT = {"number": "GG-40001", "customer": {"name": NAME, "iban": IBAN}}
TRAPS = "From the shop\n.\n..\n-- \nFrom  \n trailing \t\n=20\n\n"
BUILDER = (
    MessageBuilder()
    .sender(f"Shop <{SENDER}>")
    .subject("Your order {{ number }}")
    .text(TRAPS + "Thank you.")
    .html("<p>Thank you.</p>")
    .confidential("customer")
)
SECRET_TEXT = BUILDER.text("Dear {{ customer.name }}, your IBAN is {{ customer.iban }}.\n" + TRAPS)


@functools.cache
def key(user_id: str | None = f"Shop <{SENDER}>", profile: str = "RFC4880", suite: str = "Cv25519") -> Tsk:
    return Tsk.generate(user_id, profile=getattr(Profile, profile), cipher_suite=getattr(CipherSuite, suite))


def recipient(name: str, certificate: bytes | None = None) -> Recipient:
    address = f"{name}@example.com"
    content = certificate or bytes(key(f"{name} <{address}>").extract_certificate())
    return Recipient(address=Address(addr_spec=address), certificate=content)


def signer(of: Tsk | None = None) -> OpenPgpSigner:
    return OpenPgpSigner(key=bytes(of or key()))


def parsed(content: bytes) -> Any:
    return email.message_from_bytes(content, policy=email.policy.default)


def signed_entity(content: bytes) -> bytes:
    """Return the bytes of the first part of a multipart/signed, as its reader hashes them."""
    boundary = parsed(content).get_boundary().encode()
    return content.split(b"\r\n--" + boundary)[1].removeprefix(b"\r\n")


def holds(content: bytes, of: Tsk | None = None) -> bool:
    armored = parsed(content).get_payload(1).get_payload()
    signature = pysequoia.Sig.from_bytes(armored.encode())
    certificate = (of or key()).extract_certificate()
    try:
        return bool(
            pysequoia.verify(
                signed_entity(content), store=lambda _: [certificate], signature=signature
            ).valid_sigs
        )
    except RuntimeError:
        return False


def decrypted(content: bytes, name: str) -> bytes | None:
    armored = parsed(content).get_payload(1).get_payload()
    try:
        done = pysequoia.decrypt(armored.encode(), key(f"{name} <{name}@example.com>").decryptor())
    except RuntimeError:
        return None
    return done.bytes


# --- signatures


@pytest.mark.parametrize("suite", ["Cv25519", "P256", "RSA2k"])
@pytest.mark.parametrize("profile", ["RFC4880", "RFC9580"])
def test_a_signature_holds_for_every_kind_of_key(suite: str, profile: str) -> None:
    own = key(profile=profile, suite=suite)
    message = BUILDER.whole_message(signer=signer(own)).build(CONTEXT, to="jane@example.com")
    found = parsed(message.content)
    assert found.get_content_type() == "multipart/signed"
    assert (found.get_param("protocol"), found.get_param("micalg")) == (
        "application/pgp-signature",
        "pgp-sha512",
    )
    assert found["Subject"] == "Your order GG-40001"
    body, signature = found.iter_parts()
    assert body.get_body(("plain",)).get_content().replace("\r\n", "\n").startswith(TRAPS)
    assert signature.get_content_type() == "application/pgp-signature"
    assert (signature["Content-Transfer-Encoding"], signature.get_filename()) == ("7bit", "signature.asc")
    assert signature.get_payload().startswith("-----BEGIN PGP SIGNATURE-----")
    assert holds(message.content, own)
    assert not holds(message.content, key("another <x@example.com>"))
    assert message.needs_raw_mime


def test_what_is_signed_survives_every_way() -> None:
    message = BUILDER.whole_message(signer=signer()).build(CONTEXT, to="jane@example.com")
    entity = signed_entity(message.content)
    assert entity.isascii()
    assert not re.search(rb"[ \t]\r\n|(?:^|\n)(?:From |\.)", entity)
    assert max(map(len, entity.split(b"\r\n"))) <= 78


def test_a_change_of_one_byte_breaks_the_signature() -> None:
    content = BUILDER.whole_message(signer=signer()).build(CONTEXT, to="jane@example.com").content
    assert holds(content)
    for before, after in (
        (b"Thank you.", b"thank you."),
        (b"text/plain", b"text/plaix"),
        (b"=20\r\n", b"\r\n"),
    ):
        assert not holds(content.replace(before, after, 1))


def test_a_key_of_another_sender_does_not_sign() -> None:
    builder = BUILDER.sender("billing@shop.example").whole_message(signer=signer())
    with pytest.raises(SigningError, match="name other mail addresses") as raised:
        builder.build(CONTEXT, to="jane@example.com")
    assert "orders" not in str(raised.value)
    nameless = key(None)
    content = BUILDER.whole_message(signer=signer(nameless)).build(CONTEXT, to="jane@example.com").content
    assert holds(content, nameless)


def test_an_internationalised_domain_is_the_same_in_both_forms() -> None:
    own = key("Shop <orders@krämer.example>")
    builder = BUILDER.sender("Orders@xn--krmer-hra.example").whole_message(signer=signer(own))
    assert holds(builder.build(CONTEXT, to="jane@example.com").content, own)


@pytest.mark.parametrize("form", [bytes, lambda own: str(own).encode(), str])
def test_the_key_comes_armored_or_binary(form: Callable[[Tsk], bytes | str], tmp_path: Path) -> None:
    assert OpenPgpSigner(key=form(key()))
    if isinstance(content := form(key()), bytes):
        (tmp_path / "key").write_bytes(content)
        for source in (tmp_path / "key", str(tmp_path / "key")):
            assert OpenPgpSigner(key=source)


def test_the_key_does_not_travel() -> None:
    with pytest.raises(TypeError, match="private key"):
        pickle.dumps(signer())


def test_a_signature_that_does_not_hold_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    by = signer()
    monkeypatch.setattr(by, "_signer", key("another <x@example.com>").signer())
    with pytest.raises(ProofError):
        BUILDER.whole_message(signer=by).build(CONTEXT, to="jane@example.com")


def revoked(own: Tsk) -> bytes:
    return bytes(own) + bytes(own.extract_certificate().revoke(own.certifier()))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: OpenPgpSigner(key=b"garbage"), "cannot be read"),
        (lambda: OpenPgpSigner(key=b""), "cannot be read"),
        (lambda: OpenPgpSigner(key=bytes(key()) + bytes(key("a <a@example.com>"))), "cannot be read"),
        (lambda: OpenPgpSigner(key="/nowhere"), "cannot be read: No such file"),
        (lambda: OpenPgpSigner(key=bytes(key().extract_certificate())), "cannot sign: no secret key"),
        (lambda: OpenPgpSigner(key=revoked(key())), "was revoked"),
        (lambda: OpenPgpSigner(key=(FILES / "expired.asc").read_bytes()), "expired on 2026-01-01"),
        (lambda: OpenPgpSigner(key=(FILES / "dsa.asc").read_bytes()), "has a DSA key"),
        (lambda: OpenPgpSigner(key=(FILES / "rsa1536.asc").read_bytes()), "minimum strength"),
        (lambda: OpenPgpSigner(key=(FILES / "sha1.asc").read_bytes()), "minimum strength"),
        (lambda: OpenPgpSigner(key=(FILES / "locked-secret-key.asc").read_bytes()), "needs password="),
        (lambda: OpenPgpSigner(key=FILES / "revoked-signing-subkey.asc"), "no secret key for that now"),
        (lambda: locked("wrong-4711"), "password does not open it; give its own"),
        (lambda: locked(b"\xff"), "password does not open it; give its own"),
        (lambda: locked("amber-kettle\n"), r"\.strip\(\) it"),
        (lambda: OpenPgpSigner(key=one_line("locked-secret-key.asc")), "the two signs"),
        (lambda: OpenPgpSigner(key=FILES / "signing-only.asc"), "it is a public key"),
        (lambda: BUILDER.attach(lambda _: iban("x"), filename="x.txt", signer=signer()), "whole_message"),
        (lambda: BUILDER.bcc("a@example.com").whole_message(encryptor=OpenPgpEncryptor()), "blind"),
    ],
)
def test_keys_that_cannot_sign_are_refused_while_wiring(make: Callable[[], object], reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason) as raised:
        make()
    assert "4711" not in str(raised.value)
    assert raised.value.__cause__ is raised.value.__context__ is None


def one_line(name: str) -> str:
    return (FILES / name).read_text().replace("\n", "\\n")


def locked(password: str | bytes) -> OpenPgpSigner:
    return OpenPgpSigner(key=FILES / "locked-secret-key.asc", password=lambda: password)


@pytest.mark.parametrize("password", ["amber-kettle", b"amber-kettle"])
def test_a_locked_key_is_opened(password: str | bytes) -> None:
    message = (
        BUILDER.sender("jane@example.com").whole_message(signer=locked(password)).build(CONTEXT, to=SENDER)
    )
    assert parsed(message.content).get_param("micalg") == "pgp-sha512"
    assert "amber" not in repr(locked(password))


# --- encryption


@pytest.mark.parametrize("is_signed", [False, True])
def test_every_recipient_reads_the_message_and_nobody_else(*, is_signed: bool) -> None:
    builder = SECRET_TEXT.attach(
        lambda request: iban(request.context["customer"]["iban"]), filename="{{ customer.iban }}.txt"
    )
    builder = builder.whole_message(encryptor=OpenPgpEncryptor(), signer=signer() if is_signed else None)
    message = builder.cc(recipient("joe")).build(CONTEXT, to=recipient("jane"))
    outer = parsed(message.content)
    assert outer.get_content_type() == "multipart/encrypted"
    assert outer.get_param("protocol") == "application/pgp-encrypted"
    assert outer["Subject"] == "[...]"
    version, data = outer.iter_parts()
    assert version.get_content_type() == "application/pgp-encrypted"
    assert version.get_content() == b"Version: 1"
    assert data.get_content_type() == "application/octet-stream"
    assert (data["Content-Transfer-Encoding"], data.get_filename()) == ("7bit", "encrypted.asc")
    assert IBAN.encode() not in message.content
    for name in ("jane", "joe"):
        inner = decrypted(message.content, name)
        assert inner is not None
        if is_signed:
            assert holds(inner)
            inner = signed_entity(inner)
        body = parsed(inner)
        assert (body["Subject"], body.get_param("hp")) == ("Your order GG-40001", "cipher")
        text = body.get_body(("plain",)).get_content().replace("\r\n", "\n")
        assert text == f"Dear {NAME}, your IBAN is {IBAN}.\n{TRAPS}".rstrip("\n")
        (attachment,) = body.iter_attachments()
        assert (attachment.get_filename(), attachment.get_content()) == (f"{IBAN}.txt", IBAN)
    assert decrypted(message.content, "jim") is None
    assert builder.build(CONTEXT, to=recipient("jane")).content != message.content


def iban(content: str) -> Document:
    return Document(content=content.encode(), media_type="text/plain; charset=utf-8")


def test_a_change_of_one_byte_is_noticed() -> None:
    content = (
        SECRET_TEXT.whole_message(encryptor=OpenPgpEncryptor()).build(CONTEXT, to=recipient("jane")).content
    )
    assert decrypted(content, "jane") is not None
    lines = content.split(b"\r\n")
    for number in range(lines.index(b"-----BEGIN PGP MESSAGE-----") + 4, len(lines) - 5):
        place = lines[number]
        other = [*lines[:number], (b"B" if place[:1] == b"A" else b"A") + place[1:], *lines[number + 1 :]]
        assert decrypted(b"\r\n".join(other), "jane") is None


class TestOpenPgpEncryptor(EncryptorContract):
    is_for_one = False

    def make(self) -> OpenPgpEncryptor:
        return OpenPgpEncryptor(certificates=lambda request: [recipient("jane").certificate or b""])


UNFIT = {
    "dsa": "has a DSA key",
    "elgamal": "has no key for encryption",
    "expired": "expired on 2026-01-01 00:00 UTC",
    "expired-subkey": "has no key for encryption",
    "revoked-subkey": "has no key for encryption",
    "rsa1536": "does not meet the minimum strength",
    "rsa1536-subkey": "has no key for encryption",
    "sha1": "does not meet the minimum strength",
    "signing-only": "has no key for encryption",
}


@pytest.mark.parametrize("kind", UNFIT)
def test_an_unfit_certificate_is_refused(kind: str) -> None:
    jane = recipient("jane", (FILES / f"{kind}.asc").read_bytes())
    refuses("jane", jane.certificate or b"", UNFIT[kind])


def refuses(name: str, certificate: bytes, reason: str) -> None:
    builder = SECRET_TEXT.whole_message(encryptor=OpenPgpEncryptor())
    with pytest.raises(EncryptionError, match=reason) as raised:
        builder.build(CONTEXT, to=recipient(name, certificate))
    shown = "".join(traceback.format_exception(raised.value))
    assert "example.com" not in shown
    assert "backtrace" not in shown


def test_the_library_alone_would_encrypt_to_what_is_no_longer_valid() -> None:
    own = key("jane <jane@example.com>")
    for content in (
        (FILES / "expired.asc").read_bytes(),
        (FILES / "expired-subkey.asc").read_bytes(),
        revoked(own),
    ):
        assert pysequoia.encrypt(b"secret", [pysequoia.Cert.from_bytes(content)])


def test_certificates_that_were_revoked_or_are_somebody_elses_are_refused() -> None:
    own, other = key("jane <jane@example.com>"), key("joan <joan@example.com>")
    certificate = own.extract_certificate()
    without_id = bytes(certificate) + bytes(
        certificate.revoke_user_id(certificate.user_ids[0], own.certifier())
    )
    unsigned_id = bytes(other.extract_certificate()) + user_id_packet(certificate)
    refuses("jane", revoked(own), "was revoked")
    refuses("jane", without_id, "no valid user ID")
    refuses("jane", bytes(key(None).extract_certificate()), "no valid user ID")
    refuses("jane", bytes(other.extract_certificate()), "another mail address")
    refuses("jane", unsigned_id, "another mail address")
    refuses("jane", b"garbage", "is not one OpenPGP certificate")
    refuses("jane", one_line("signing-only.asc").encode(), "the two signs")
    refuses(
        "jane", bytes(certificate) * 2 + bytes(other.extract_certificate()), "is not one OpenPGP certificate"
    )


def user_id_packet(certificate: pysequoia.Cert) -> bytes:
    return next(bytes(each) for each in packets(certificate) if each.tag == pysequoia.packet.Tag.UserID)


def packets(certificate: pysequoia.Cert) -> list[Any]:
    return list(pysequoia.packet.PacketPile.from_bytes(bytes(certificate)))


def packet(tag: int, body: bytes) -> bytes:
    return bytes([0xC0 | tag, 0xFF]) + len(body).to_bytes(4) + body  # RFC 9580 section 4.2.1


def sound() -> list[bytes]:
    return [bytes(each) for each in packets(key("jane <jane@example.com>").extract_certificate())]


def bodies(*which: int) -> list[bytes]:
    found = packets(key("jane <jane@example.com>").extract_certificate())
    return [bytes(found[place].body) for place in which]


PASSED_OVER = {
    **{f"a packet of tag {tag}": lambda tag=tag: packet(tag, b"\x01a") for tag in (40, 45, 59, 60, 63)},
    "padding": lambda: packet(21, b"\0" * 9),
    "a user attribute": lambda: packet(17, b"\x02\x01a"),
    "a signature of another type": lambda: packet(2, (b := bodies(1)[0])[:1] + b"\x77" + b[2:]),
    "a signature of another version": lambda: packet(2, b"\x63" + bodies(1)[0][1:]),
    "a subkey of another algorithm": lambda: packet(14, (b := bodies(4)[0])[:5] + b"\x23" + b[6:]),
    "a subkey of another version": lambda: packet(14, b"\x63" + bodies(4)[0][1:]),
    "a subkey that is cut off": lambda: packet(14, bodies(4)[0][:7]),
}
"""What a reader that does not know it passes over (RFC 9580 sections 4.3, 5.2 and 5.5.2)."""


@pytest.mark.parametrize("place", [2, 4, None], ids=["first", "in the middle", "at the end"])
@pytest.mark.parametrize("name", PASSED_OVER)
def test_what_is_not_known_in_a_certificate_is_passed_over(name: str, place: int | None) -> None:
    parts = sound()
    parts.insert(len(parts) if place is None else place, PASSED_OVER[name]())
    to = recipient("jane", b"".join(parts))
    OpenPgpEncryptor().check_recipients([to])
    message = SECRET_TEXT.whole_message(encryptor=OpenPgpEncryptor()).build(CONTEXT, to=to)
    assert decrypted(message.content, "jane") is not None


DAMAGED = {
    **{
        f"a critical packet of tag {tag}": lambda tag=tag: [*sound(), packet(tag, b"a")]
        for tag in (15, 22, 39)
    },
    "a key of another algorithm": lambda: [
        packet(6, (b := bodies(0)[0])[:5] + b"\x63" + b[6:]),
        *sound()[1:],
    ],
    "a key alone": lambda: sound()[:1],
    "a key that is cut off": lambda: [packet(6, bodies(0)[0][:9]), *sound()[1:]],
    "a key of a curve that is not known": lambda: [
        packet(6, (b := bodies(0)[0])[:7] + bytes([b[7] ^ 1]) + b[8:]),
        *sound()[1:],
    ],
}


@pytest.mark.parametrize("is_armored", [False, True], ids=["binary", "armored"])
@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_certificate_is_refused_in_a_line(name: str, *, is_armored: bool) -> None:
    content = b"".join(DAMAGED[name]())
    if is_armored:
        text = base64.encodebytes(content).decode()
        content = (
            f"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{text}-----END PGP PUBLIC KEY BLOCK-----\n".encode()
        )
    encryptor = OpenPgpEncryptor()
    with pytest.raises(ConfigurationError) as wiring:
        encryptor.check_recipients([recipient("jane", content)])
    with pytest.raises(EncryptionError) as sending:
        SECRET_TEXT.whole_message(encryptor=encryptor).build(CONTEXT, to=recipient("jane", content))
    for raised in (wiring, sending):
        assert "certificate" in str(raised.value)
        assert "\n" not in str(raised.value)
        assert "RuntimeError" not in "".join(traceback.format_exception(raised.value))


def test_a_damaged_key_is_refused_in_a_line() -> None:
    content = bytes(key("jane <jane@example.com>")) + packet(22, b"a")
    with pytest.raises(ConfigurationError, match="the OpenPGP key ") as raised:
        OpenPgpSigner(key=content)
    assert "\n" not in str(raised.value)


def test_a_forged_binding_does_not_revive_an_expired_subkey() -> None:
    expired = pysequoia.Cert.from_bytes((FILES / "expired-subkey.asc").read_bytes())
    forged = packets(key().extract_certificate())[-1]
    assert forged.key_flags.transport_encryption
    mixed = bytes(expired) + bytes(forged)
    assert pysequoia.encrypt(b"secret", [pysequoia.Cert.from_bytes(mixed)])
    refuses("jane", mixed, "has no key for encryption")


def test_every_recipient_needs_a_certificate() -> None:
    jane, joe = recipient("jane"), recipient("joe")
    builder = SECRET_TEXT.whole_message(encryptor=OpenPgpEncryptor())
    with pytest.raises(EncryptionError, match="certificate is missing"):
        builder.build(CONTEXT, to=[jane, "joe@example.com"])
    found = [jane.certificate]
    looked_up = SECRET_TEXT.whole_message(encryptor=OpenPgpEncryptor(certificates=lambda _: found))
    with pytest.raises(EncryptionError, match="1 certificates for 2 recipients"):
        looked_up.build(CONTEXT, to=["jane@example.com", "joe@example.com"])
    found.append(joe.certificate)
    content = looked_up.build(CONTEXT, to=["jane@example.com", "joe@example.com"]).content
    assert decrypted(content, "joe") is not None


def test_the_two_kinds_of_certificates_are_not_mistaken_for_each_other() -> None:
    with pytest.raises(EncryptionError, match="neither PEM nor DER"):
        SECRET_TEXT.whole_message(encryptor=SmimeEncryptor()).build(CONTEXT, to=recipient("jane"))


def test_a_render_pool_makes_such_messages() -> None:
    builder = SECRET_TEXT.attach(
        Xhtml2PdfGenerator(source="<p>{{ customer.iban }}</p>"), filename="order.pdf"
    )
    builder = builder.sender("jane@example.com").whole_message(
        encryptor=OpenPgpEncryptor(), signer=locked("amber-kettle")
    )
    with RenderPool(time_limit=60) as pool:
        message = pool.build(builder, CONTEXT, to=recipient("joe"))
    assert message.needs_raw_mime
    inner = decrypted(message.content, "joe")
    assert inner is not None
    assert parsed(inner).get_content_type() == "multipart/signed"


# --- signers and encryptors of the application


@pytest.mark.parametrize(
    "media_type",
    [
        "application/x-ours",
        "application/x-ours; micalg=",
        "application/x-ours; micalg=a\r\nBcc: x@example.com",
        'application/x-ours; micalg=a"',
        "application/x-ours; micalg=sha-256; x=y",
        "text/plain; micalg=sha-256",
        'application/x"ours; micalg=sha-256',
    ],
)
def test_a_media_type_that_says_no_micalg_is_refused(media_type: str) -> None:
    ours = Document(content=b"signature", media_type=media_type)
    with pytest.raises(SigningError, match="RFC 1847"):
        BUILDER.whole_message(signer=lambda *_: ours).build(CONTEXT, to="jane@example.com")


def test_a_signature_of_a_kind_of_the_application_is_taken() -> None:
    ours = Document(content=b"signature", media_type="application/x-ours; micalg=sha-256")
    found = parsed(
        BUILDER.whole_message(signer=lambda *_: ours).build(CONTEXT, to="jane@example.com").content
    )
    assert (found.get_param("protocol"), found.get_param("micalg")) == ("application/x-ours", "sha-256")
    assert found.get_payload(1).get_content() == b"signature"


@pytest.mark.parametrize(
    "content",
    [
        b"binary\xff",
        b"-----BEGIN PGP MESSAGE-----\n\nYQ==\n-----END PGP MESSAGE-----",
        b"-----BEGIN PGP MESSAGE-----\r\n\r\nYQ==\r\n",
        b"-----BEGIN PGP MESSAGE-----\r\n\r\n" + b"Y" * 80 + b"\r\n-----END PGP MESSAGE-----",
    ],
)
def test_only_what_is_armored_goes_unencoded(content: bytes) -> None:
    ours = Document(content=content, media_type="application/pgp-encrypted")
    with pytest.raises(ProtectionError, match="ASCII armor"):
        SECRET_TEXT.whole_message(encryptor=lambda *_: ours).build(CONTEXT, to="jane@example.com")


@pytest.mark.parametrize("make", [lambda: OpenPgpSigner(key=b"x"), OpenPgpEncryptor])
def test_the_extra_is_named_if_it_is_missing(
    make: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pysequoia", None)
    with pytest.raises(MissingDependencyError, match=r"ondemand_attach\[openpgp\]"):
        make()


def test_whatever_the_library_raises_is_an_error_without_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> bytes:
        raise RuntimeError("of Jane Doe")

    monkeypatch.setattr("ondemand_attach.protectors._openpgp.encrypted", broken)
    builder = SECRET_TEXT.whole_message(encryptor=OpenPgpEncryptor())
    with pytest.raises(EncryptionError) as caught:
        builder.build(CONTEXT, to=recipient("jane"))
    assert "Jane" not in str(caught.value)


@pytest.mark.parametrize(("seconds", "is_out"), [(-1, False), (0, True), (1, True)])
def test_a_certificate_ends_at_the_second_that_it_says(seconds: int, is_out: bool) -> None:
    certificate = pysequoia.Cert.from_bytes((FILES / "expired.asc").read_bytes())
    assert certificate.expiration
    reason = out_of_use(certificate, certificate.expiration + datetime.timedelta(seconds=seconds))
    assert (reason is not None) == is_out
    assert reason in {None, "expired on 2026-01-01 00:00 UTC"}
