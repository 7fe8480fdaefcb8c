"""DKIM signatures over the final bytes, verified without a DNS."""

from __future__ import annotations

import email
import email.policy
import pickle
import sys
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from ondemand_attach import (
    Address,
    DkimSigner,
    Mailer,
    MemoryTransport,
    MessageBuilder,
    Receipt,
    Recipient,
    RenderPool,
    SmimeEncryptor,
    SmimeSigner,
)
from ondemand_attach.errors import (
    ConfigurationError,
    InvalidHeaderError,
    MissingDependencyError,
    ProofError,
    SigningError,
    TransportError,
)
from protectors.samples import certify, ec_key, rsa_key
from scale import SCALE

ED25519 = Ed25519PrivateKey.generate()
BUILDER = (
    MessageBuilder()
    .sender("Krämer & Söhne <orders@mail.shop.example>")
    .subject("Ihre Bestellung für {{ name }} " + "x" * 90)
    .text("Guten Tag\n\n. \n \n")
    .html("<p>Guten Tag</p>")
    .attach_file(__file__)
    .cc("copy@example.com")
)
KEYS = {"RSA": rsa_key(), "Ed25519": ED25519}


def signer(kind: str = "RSA", domain: str = "shop.example") -> DkimSigner:
    return DkimSigner(domain=domain, selector="mails", key=KEYS[kind])


def holds(content: bytes, signer: DkimSigner, number: int = 0) -> bool:
    asked: list[bytes] = []

    def look_up(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return signer.dns_record.encode()

    verified = dkim.DKIM(content).verify(idx=number, dnsfunc=look_up)
    assert asked == [f"mails._domainkey.{signer.domain}.".encode()]
    return verified


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("domain", ["shop.example", "mail.shop.example", "MAIL.shop.example."])
def test_a_signed_message_is_verified(kind: str, domain: str) -> None:
    by = signer(kind, domain)
    message = BUILDER.dkim(by).build({"name": "Jiří"}, to="jane@example.com")
    assert message.content.startswith(b"DKIM-Signature: v=1; a=")
    assert message.needs_raw_mime
    assert holds(message.content, by)
    assert email.message_from_bytes(message.content, policy=email.policy.default)["Subject"].startswith(
        "Ihre Bestellung für Jiří"
    )


def test_two_signatures_hold_beside_each_other() -> None:
    rsa, ed25519 = signer(), signer("Ed25519")
    message = BUILDER.dkim(rsa).dkim(ed25519).build({"name": "x"}, to="jane@example.com")
    assert holds(message.content, rsa, 0)
    assert holds(message.content, ed25519, 1)


def test_every_change_of_what_is_signed_is_found() -> None:
    by = signer()
    content = BUILDER.dkim(by).build({"name": "x"}, to="jane@example.com").content
    assert holds(content, by)
    start = content.index(b"Subject:")
    for place in range(start, len(content) - 4, max(1, len(content) // (40 * SCALE))):
        if not content[place : place + 1].isalnum():
            continue
        changed = (
            content[:place] + (b"Q" if content[place : place + 1] != b"Q" else b"R") + content[place + 1 :]
        )
        try:
            assert not holds(changed, by)
        except dkim.DKIMException:
            continue
    for added in (
        b"From: other@example.com\r\n",
        b"Subject: other\r\n",
        b"Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n",
        b"Reply-To: other@example.com\r\n",
        b"Content-Type: text/html\r\n",
        b"Sender: other@example.com\r\n",
        b"List-Unsubscribe: <https://evil.example>\r\n",
        b"In-Reply-To: <other@example.com>\r\n",
        b"Resent-From: other@example.com\r\n",
        b"Content-Disposition: attachment\r\n",
    ):
        end = content.index(b"\r\n\r\n") + 2
        assert not holds(content[:end] + added + content[end:], by)
        assert not holds(content[:start] + added + content[start:], by)


MAY_BE_THERE_ONCE = [
    *("From", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID"),
    *("Sender", "In-Reply-To", "References", "List-Unsubscribe", "List-Unsubscribe-Post"),
    *("MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Content-Disposition"),
    *("Resent-From", "Resent-Sender", "Resent-To", "Resent-Cc", "Resent-Date", "Resent-Message-ID"),
]


@pytest.mark.parametrize("name", MAY_BE_THERE_ONCE)
def test_no_second_field_can_be_added(name: str) -> None:
    by = signer("Ed25519")
    content = BUILDER.dkim(by).build({"name": "x"}, to="jane@example.com").content
    signature, _, rest = content.partition(b"\r\nFrom:")
    assert not holds(f"{name}: other\r\n".encode() + content, by)
    assert not holds(signature + f"\r\n{name}: other\r\nFrom:".encode() + rest, by)
    assert holds(b"X-Other: other\r\n" + content, by)


def test_every_field_is_signed() -> None:
    by = signer()
    builder = BUILDER.header("List-Unsubscribe", "<https://shop.example/u>")
    message = (
        builder.header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
        .dkim(by)
        .build({"name": "x"}, to="a@b.example")
    )
    assert holds(message.content, by)
    for name in (b"List-Unsubscribe-Post", b"Auto-Submitted", b"Message-ID"):
        assert not holds(message.content.replace(b"\r\n" + name + b": ", b"\r\n" + name + b": x"), by)


@pytest.mark.parametrize("name", ["X-Order-2", "X!#$%&'*+.^_`|~-0189"])
def test_a_field_of_any_name_is_signed(name: str) -> None:
    by = signer("Ed25519")
    content = BUILDER.header(name, "one").dkim(by).build({"name": "x"}, to="a@b.example").content
    assert holds(content, by)
    assert not holds(content.replace(f"{name}: one".encode(), f"{name}: two".encode()), by)


PUNCTUATION = sorted(set(map(chr, range(33, 127))) - set(":;"))


def test_whatever_name_is_taken_can_be_signed() -> None:
    """A name that no signature can list is refused where it is given, not when the message is proven."""
    signed = BUILDER.dkim(signer("Ed25519"))
    for character in PUNCTUATION:
        assert signed.header(f"X{character}y", "1").build({"name": "x"}, to="jane@example.com")
    for name in ("X;y", "X;", ";", "X:y", "X y", "Xé", "X\x7f"):
        with pytest.raises(InvalidHeaderError, match="without a space, colon or semicolon"):
            BUILDER.header(name, "1")


@pytest.mark.parametrize(
    "content",
    [
        b"", b"text", b"\r\n\r\n", b"A: b", b"A: b\r\n", b"A: b\n\ntext", b"A;b: c\r\n\r\n", b"A b: c\r\n\r\n",
        b"\xe9: c\r\n\r\n", b" A: c\r\n\r\n", b"A : c\r\n\r\n", b"A: b\r\nnone\r\n\r\n", b": x\r\n\r\n",
        b"A: b\nC: d\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_no_message_is_told_in_words(content: bytes) -> None:
    with pytest.raises(SigningError, match="give a whole message"):
        signer("Ed25519").sign(content)


@pytest.mark.parametrize(
    "content", [b"A: b\r\n\r\n", b"A:b\r\n c\r\n\td\r\nE:\r\n\r\n\xff\n\n", b"A=b: \xe9\r\n\r\ntext"]
)
def test_any_message_is_signed(content: bytes) -> None:
    assert signer("Ed25519").sign(content).startswith(b"DKIM-Signature: ")


def test_a_wrapped_message_is_signed_around() -> None:
    jane = Recipient(
        address=Address(addr_spec="jane@example.com"),
        certificate=certify(rsa_key()).public_bytes(Encoding.PEM),
    )
    by = signer()
    wrapped = BUILDER.whole_message(
        encryptor=SmimeEncryptor(certificates=lambda _: [jane.certificate] * 2),
        signer=SmimeSigner(key=ec_key(), certificate=certify(ec_key())),
    )
    content = wrapped.dkim(by).build({"name": "x"}, to=jane).content
    assert b"application/pkcs7-mime" in content
    assert holds(content, by)


def test_a_render_pool_signs_too() -> None:
    by = signer()
    with RenderPool(time_limit=30) as pool:
        assert holds(pool.build(BUILDER.dkim(by), {"name": "x"}, to="jane@example.com").content, by)


def test_the_key_does_not_travel_otherwise() -> None:
    with pytest.raises(TypeError, match="private key"):
        pickle.dumps(signer())


def test_a_transport_that_may_change_the_bytes_gets_nothing() -> None:
    class Careless:
        def send(self, message: object) -> Receipt:
            raise AssertionError

    with pytest.raises(TransportError, match="leaves the bytes alone"):
        Mailer(Careless()).send(BUILDER.dkim(signer()), {"name": "x"}, to="jane@example.com")
    transport = MemoryTransport()
    Mailer(transport).send(BUILDER.dkim(signer()), {"name": "x"}, to="jane@example.com")
    assert len(transport.messages) == 1


@pytest.mark.parametrize("is_locked", [False, True])
def test_keys_are_read_from_pem(is_locked: bool, tmp_path: Path) -> None:
    protection = BestAvailableEncryption(b"of the file") if is_locked else NoEncryption()
    pem = ED25519.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)
    file = tmp_path / "dkim.pem"
    file.write_bytes(pem)
    for source in (pem, file, str(file)):
        made = DkimSigner(
            domain="shop.example",
            selector="s",
            key=source,
            password=(lambda: "of the file") if is_locked else None,
        )
        assert made.dns_record == signer("Ed25519").dns_record


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: DkimSigner(domain="shop.example", selector="s", key=rsa_key(1024)), "1024 bits"),
        (lambda: DkimSigner(domain="shop.example", selector="s", key=ec_key()), "RSA or Ed25519"),
        (lambda: DkimSigner(domain="shop.example", selector="s", key=b"nonsense"), "cannot be read"),
        (lambda: DkimSigner(domain="shop.example", selector="s", key="/nowhere"), "cannot be read"),
        (lambda: DkimSigner(domain="krämer.example", selector="s", key=ED25519), "A-labels"),
        (lambda: DkimSigner(domain="", selector="s", key=ED25519), "looked up"),
        (lambda: DkimSigner(domain="shop.example", selector="s 1", key=ED25519), "looked up"),
        (lambda: DkimSigner(domain="shop.example", selector="s._domainkey", key=ED25519), "before ._domain"),
        (
            lambda: DkimSigner(domain="shop.example", selector="s._DomainKey.shop.example", key=ED25519),
            "before ._domainkey",
        ),
        (lambda: DkimSigner(domain="shop.example", selector="s.", key=ED25519), "looked up"),
        (
            lambda: BUILDER.dkim(signer(domain="example")) and BUILDER.dkim(signer(domain="hop.example")),
            "hop.example",
        ),
        (lambda: BUILDER.dkim(signer(domain="other.example")), "mail from mail.shop.example"),
        (lambda: MessageBuilder().dkim(signer()), "nobody yet"),
        (lambda: BUILDER.dkim(signer()).sender("a@other.example"), "other.example"),
        (lambda: BUILDER.whole_message(signer=signer()), r"give it to dkim\(…\)"),
    ],
)
def test_wishes_that_cannot_be_met_are_refused_while_wiring(make: object, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        make()


def test_a_signature_that_does_not_hold_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    by = signer()
    monkeypatch.setattr(by, "_key", DkimSigner(domain="a", selector="b", key=rsa_key(3072))._key)
    with pytest.raises(ProofError):
        BUILDER.dkim(by).build({"name": "x"}, to="jane@example.com")
    monkeypatch.setattr(by, "_key", b"nonsense")
    with pytest.raises(SigningError):
        BUILDER.dkim(by).build({"name": "x"}, to="jane@example.com")


def test_the_extra_is_named_if_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dkim", None)
    with pytest.raises(MissingDependencyError, match=r"ondemand_attach\[dkim\]"):
        signer()


@pytest.mark.parametrize(
    "name", ["m m", " m", "m.", ".m", "m..n", "m\n", "m\r\nX: y", "m;d=x", "-m", "m-", "", "é", "m" * 64]
)
@pytest.mark.parametrize("what", ["selector", "domain"])
def test_a_key_that_nobody_could_look_up_is_refused_while_wiring(what: str, name: str) -> None:
    names = {"domain": "shop.example", "selector": "mail", what: name}
    if names["domain"] == "m.":
        assert DkimSigner(**names, key=ED25519).domain == "m"  # the root of the DNS may be written
        return
    with pytest.raises(ConfigurationError, match=f"{what}=.*looked up"):
        DkimSigner(**names, key=ED25519)


@pytest.mark.parametrize(
    "selector", ["s", "s1-2026", "mail.eu", "mail_2026", "M2", "xn--mller-kva", "m" * 63]
)
def test_a_selector_that_can_be_looked_up_is_taken(selector: str) -> None:
    assert DkimSigner(domain="mail.shop.example", selector=selector, key=ED25519).selector == selector
