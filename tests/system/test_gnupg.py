"""OpenPGP messages read by GnuPG 2.2, to and from keys of its own and of Sequoia."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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
    Xhtml2PdfGenerator,
)
from ondemand_attach.errors import ConfigurationError, EncryptionError
from system.gnupg import Ring, parsed

SHOP, IBAN, PASSWORD = "orders@shop.example", "DE02120300000000202051", "amber-kettle-violin"
CONTEXT = {"number": "GG-40001", "customer": {"name": "Jiří Dvořák", "iban": IBAN}}
TRAPS = "From the shop\n.\n..\n-- \nFrom  \n trailing \t\n=20\n\nIhr Schmuckgeschäft"
BUILDER = (
    MessageBuilder()
    .sender(f"Shop <{SHOP}>")
    .subject("Your order {{ number }}")
    .text(TRAPS)
    .html("<p>Thank you.</p>")
    .confidential("customer")
)
SECRET_TEXT = BUILDER.text("{{ customer.name }}: {{ customer.iban }}\n" + TRAPS)
KINDS = ["default", "ed25519", "nistp256"]  # by default, RSA


def recipient(name: str, ring: Ring) -> Recipient:
    address = f"{name}@example.com"
    return Recipient(address=Address(addr_spec=address), certificate=ring.public(address))


@pytest.mark.parametrize("kind", KINDS)
def test_gnupg_verifies_what_its_keys_sign(kind: str, rings: list[Ring]) -> None:
    shop, jane, _ = rings
    shop.make(SHOP, kind, password=PASSWORD)
    signer = OpenPgpSigner(key=shop.secret(SHOP, PASSWORD), password=lambda: PASSWORD)
    message = (
        BUILDER.attach_file(Path(__file__).with_name("read_mail.cjs"))
        .whole_message(signer=signer)
        .build(CONTEXT, to="jane@example.com")
    )
    jane.gpg("--import", content=shop.public(SHOP))
    assert parsed(message.content).get_param("micalg") == "pgp-sha512"
    assert jane.holds(message.content)
    for before, after in ((b"shop\r\n", b"Shop\r\n"), (b"=20\r\n", b"\r\n"), (b"<p>", b"<b>")):
        changed = message.content.replace(before, after, 1)
        assert changed != message.content
        assert not jane.holds(changed)
    for wrong in (None, lambda: PASSWORD[:-1]):
        with pytest.raises(ConfigurationError, match="password") as raised:
            OpenPgpSigner(key=shop.secret(SHOP, PASSWORD), password=wrong)
        assert PASSWORD[:-1] not in str(raised.value)


@pytest.mark.parametrize("suite", [CipherSuite.Cv25519, CipherSuite.RSA2k, CipherSuite.P256])
def test_gnupg_verifies_what_keys_of_sequoia_sign(suite: Any, rings: list[Ring]) -> None:
    key = Tsk.generate(f"Shop <{SHOP}>", profile=Profile.RFC4880, cipher_suite=suite)
    message = BUILDER.whole_message(signer=OpenPgpSigner(key=bytes(key))).build(
        CONTEXT, to="jane@example.com"
    )
    rings[1].gpg("--import", content=bytes(key.extract_certificate()))
    assert rings[1].holds(message.content)
    assert not rings[1].holds(message.content.replace(b"shop\r\n", b"Shop\r\n", 1))


@pytest.mark.parametrize("kind", KINDS)
def test_both_recipients_decrypt_and_nobody_else(kind: str, rings: list[Ring]) -> None:
    shop, jane, joe = rings
    shop.make(SHOP)
    jane.make("jane@example.com", kind)
    joe.make("joe@example.com")
    jane.gpg("--import", content=shop.public(SHOP))
    builder = SECRET_TEXT.attach(plain, filename="{{ customer.iban }}.txt").whole_message(
        encryptor=OpenPgpEncryptor(), signer=OpenPgpSigner(key=shop.secret(SHOP))
    )
    message = builder.build(CONTEXT, to=[recipient("jane", jane), recipient("joe", joe)])
    assert IBAN.encode() not in message.content
    inner = jane.decrypted(message)
    assert inner == joe.decrypted(message)
    assert inner is not None
    assert jane.holds(inner)
    body, _ = parsed(inner).iter_parts()
    assert (body["Subject"], body.get_param("hp")) == ("Your order GG-40001", "cipher")
    text = body.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert text.rstrip("\n") == f"Jiří Dvořák: {IBAN}\n{TRAPS}"
    assert shop.decrypted(message) is None
    assert joe.decrypted(builder.build(CONTEXT, to=recipient("jane", jane))) is None


def plain(request: Any) -> Document:
    return Document(content=request.context["customer"]["iban"].encode(), media_type="text/plain")


def test_it_is_aes_256_with_integrity_protection(rings: list[Ring]) -> None:
    _, jane, _ = rings
    jane.make("jane@example.com")
    message = SECRET_TEXT.whole_message(encryptor=OpenPgpEncryptor()).build(
        CONTEXT, to=recipient("jane", jane)
    )
    armored = parsed(message.content).get_payload(1).get_payload()
    status, _, said = jane.gpg("-v", "--decrypt", content=armored.encode())
    assert status == 0
    assert "[GNUPG:] DECRYPTION_INFO 2 9" in said  # MDC by SHA-1, AES-256
    lines = armored.splitlines()
    for number in range(10, len(lines) - 2, 7):
        changed = [*lines[:number], lines[number][::-1], *lines[number + 1 :]]
        assert jane.gpg("--decrypt", content="\n".join(changed).encode())[0] != 0


def test_a_render_pool_makes_what_gnupg_reads(rings: list[Ring]) -> None:
    shop, jane, _ = rings
    shop.make(SHOP)
    jane.make("jane@example.com")
    jane.gpg("--import", content=shop.public(SHOP))
    order = Xhtml2PdfGenerator(source="<p>{{ customer.iban }}</p>")
    builder = SECRET_TEXT.attach(order, filename="order.pdf").whole_message(
        encryptor=OpenPgpEncryptor(), signer=OpenPgpSigner(key=shop.secret(SHOP))
    )
    with RenderPool(time_limit=60) as pool:
        message = pool.build(builder, CONTEXT, to=recipient("jane", jane))
    inner = jane.decrypted(message)
    assert inner is not None
    assert jane.holds(inner)


def test_what_gnupg_has_revoked_is_refused(rings: list[Ring]) -> None:
    shop, jane, _ = rings
    shop.make(SHOP)
    jane.make("jane@example.com")
    builder = SECRET_TEXT.whole_message(encryptor=OpenPgpEncryptor())
    assert builder.build(CONTEXT, to=recipient("jane", jane))
    for ring, address in ((shop, SHOP), (jane, "jane@example.com")):
        (certificate,) = (ring.folder / "openpgp-revocs.d").iterdir()
        ring.gpg("--import", content=certificate.read_bytes().replace(b":-----BEGIN", b"-----BEGIN"))
        assert b"r:" in ring.gpg("--with-colons", "--list-keys", address)[1]
    with pytest.raises(EncryptionError, match="was revoked"):
        builder.build(CONTEXT, to=recipient("jane", jane))
    with pytest.raises(ConfigurationError, match="was revoked"):
        OpenPgpSigner(key=shop.secret(SHOP))
