"""An OpenPGP message that is not as it should be never leaves: the proof is shown known-bad ones."""

from __future__ import annotations

import functools
from collections.abc import Callable

import pysequoia
import pytest
from pysequoia import ArmorKind, Profile, Tsk
from pysequoia.packet import PacketPile

from ondemand_attach import (
    Address,
    AttachmentRequest,
    Document,
    MessageBuilder,
    OpenPgpEncryptor,
    OpenPgpSigner,
    Recipient,
)
from ondemand_attach.errors import ProofError
from ondemand_attach.protectors import _openpgp

LETTER = MessageBuilder().sender("orders@shop.example").subject("Order").text("Thank you, {{ name }}.")
CONTEXT = {"name": "Jane"}


@functools.cache
def key(name: str, profile: str) -> Tsk:
    return Tsk.generate(f"{name} <{name}@shop.example>", profile=getattr(Profile, profile))


def recipient(name: str = "jane", profile: str = "RFC4880") -> Recipient:
    certificate = bytes(key(name, profile).extract_certificate())
    return Recipient(address=Address(addr_spec=f"{name}@shop.example"), certificate=certificate)


class Plug:
    """Promises one thing and does another."""

    def __init__(self, plug: OpenPgpSigner | OpenPgpEncryptor, make: Callable[[bytes], bytes]) -> None:
        self.plug, self.make = plug, make

    def sign(self, document: Document, request: AttachmentRequest) -> Document:
        assert isinstance(self.plug, OpenPgpSigner)
        return self._changed(self.plug.sign(document, request), document)

    def encrypt(self, document: Document, request: AttachmentRequest) -> Document:
        assert isinstance(self.plug, OpenPgpEncryptor)
        return self._changed(self.plug.encrypt(document, request), document)

    def _changed(self, made: Document, document: Document) -> Document:
        content = self.make(document.content).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n").rstrip()
        return Document(
            content=content, media_type=made.media_type, encryption=made.encryption, proof=made.proof
        )


def signed_by(name: str) -> Callable[[bytes], bytes]:
    signer = key(name, "RFC4880").signer()
    return lambda content: _openpgp.signed(content, signer)[0]


OWN = OpenPgpSigner(key=bytes(key("orders", "RFC4880")))


def test_a_right_signature_goes() -> None:
    assert LETTER.whole_message(signer=Plug(OWN, signed_by("orders"))).build(CONTEXT, to=recipient())


@pytest.mark.parametrize(
    "make",
    [
        signed_by("another"),
        lambda content: signed_by("orders")(content + b"."),
        lambda content: signed_by("orders")(content)[:-200] + b"\r\n-----END PGP SIGNATURE-----",
        lambda _: b"-----BEGIN PGP SIGNATURE-----\r\n\r\n-----END PGP SIGNATURE-----",
    ],
    ids=["another key", "another text", "cut off", "empty"],
)
@pytest.mark.parametrize("encryptor", [None, OpenPgpEncryptor()], ids=["signed", "signed and encrypted"])
def test_a_signature_that_does_not_hold_is_noticed(
    make: Callable[[bytes], bytes], encryptor: OpenPgpEncryptor | None
) -> None:
    builder = LETTER.whole_message(signer=Plug(OWN, make), encryptor=encryptor)
    with pytest.raises(ProofError, match=r"does not hold|cannot be read again"):
        builder.build(CONTEXT, to=recipient())


def test_a_signed_part_that_changed_afterwards_is_noticed() -> None:
    builder, proofs = LETTER.whole_message(signer=OWN), []
    message = builder.build(CONTEXT, to=recipient())

    class Watching(Plug):
        def sign(self, document: Document, request: AttachmentRequest) -> Document:
            made = self.plug.sign(document, request)  # type: ignore[union-attr]
            proofs.append(made.proof)
            return made

    LETTER.whole_message(signer=Watching(OWN, bytes)).build(CONTEXT, to=recipient())
    (proof,) = proofs
    assert proof is not None
    proof(message.content)
    for old, new in ((b"Thank you", b"thank you"), (b"multipart/signed", b"multipart/mixed")):
        with pytest.raises(ProofError):
            proof(message.content.replace(old, new, 1))


def encrypted_to(*names: str, **options: object) -> Callable[[bytes], bytes]:
    certificates = [key(name, "RFC4880").extract_certificate() for name in names]
    return lambda content: pysequoia.encrypt(content, certificates, **options)


def without_integrity_protection(content: bytes) -> bytes:
    """Return *content* with the head of an obsolete packet, Symmetrically Encrypted Data."""
    octets = pysequoia.encrypt(content, [key("jane", "RFC4880").extract_certificate()], armor=False)
    session_key, _ = PacketPile.from_bytes(octets)
    length = len(session_key.body) + 2
    return str(pysequoia.armor(octets[:length] + b"\xc9" + octets[length + 1 :], ArmorKind.Message)).encode()


def in_the_clear(content: bytes) -> bytes:
    literal = b"b\x00\x00\x00\x00\x00" + content
    head = b"\xcb\xff" + len(literal).to_bytes(4, "big")
    return str(pysequoia.armor(head + literal, ArmorKind.Message)).encode()


@pytest.mark.parametrize("profile", ["RFC4880", "RFC9580"])
def test_a_right_message_goes(profile: str) -> None:
    people = [recipient("jane", profile), recipient("joe", profile)]
    assert LETTER.whole_message(encryptor=OpenPgpEncryptor()).build(CONTEXT, to=people)
    plug = Plug(OpenPgpEncryptor(), encrypted_to("jane"))
    assert LETTER.whole_message(encryptor=plug).build(CONTEXT, to=recipient())


@pytest.mark.parametrize(
    "make",
    [
        encrypted_to("jane", "another"),
        encrypted_to("another"),
        encrypted_to("jane", passwords=["amber-4711"]),
        encrypted_to(passwords=["amber-4711"]),
        without_integrity_protection,
        in_the_clear,
        lambda content: encrypted_to("jane")(content)[:-200] + b"\n-----END PGP MESSAGE-----",
    ],
    ids=["one more", "another", "a password too", "a password", "obsolete", "in the clear", "cut off"],
)
def test_a_message_that_others_can_read_or_nobody_is_noticed(make: Callable[[bytes], bytes]) -> None:
    builder = LETTER.whole_message(encryptor=Plug(OpenPgpEncryptor(), make))
    with pytest.raises(ProofError):
        builder.build(CONTEXT, to=recipient())


def test_a_recipient_left_out_is_noticed() -> None:
    builder = LETTER.whole_message(encryptor=Plug(OpenPgpEncryptor(), encrypted_to("jane")))
    with pytest.raises(ProofError, match="others than its recipients"):
        builder.build(CONTEXT, to=[recipient("jane"), recipient("joe")])
