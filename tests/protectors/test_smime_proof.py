"""A message that is not signed or encrypted as it should be never leaves: the proof is shown known-bad ones."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from ondemand_attach import (
    Address,
    AttachmentRequest,
    Document,
    MessageBuilder,
    Recipient,
    SmimeEncryptor,
    SmimeSigner,
)
from ondemand_attach.errors import ProofError
from ondemand_attach.protectors import _cms
from protectors.samples import certify, ec_key, rsa_key

CERTIFICATE = certify(rsa_key(), alternative="orders@shop.example")
JANE = certify(rsa_key(), "Jane", alternative="jane@example.com")
OTHER = certify(ec_key(), "Other")
RECIPIENT = Recipient(
    address=Address(addr_spec="jane@example.com"), certificate=JANE.public_bytes(Encoding.PEM)
)
SIGNER = SmimeSigner(key=rsa_key(), certificate=CERTIFICATE)
LETTER = MessageBuilder().sender("orders@shop.example").subject("Order").text("Thank you, {{ name }}.")
CONTEXT = {"name": "Jane"}

Change = Callable[[Document], Document]


def with_content(change: Callable[[bytes], bytes]) -> Change:
    return lambda document: replace(document, content=change(document.content))


class Careless:
    """Does the right thing, then something else."""

    def __init__(self, plug: SmimeSigner | SmimeEncryptor, change: Change) -> None:
        self.plug, self.change = plug, change

    def sign(self, document: Document, request: AttachmentRequest) -> Document:
        assert isinstance(self.plug, SmimeSigner)
        return self.change(self.plug.sign(document, request))

    def encrypt(self, document: Document, request: AttachmentRequest) -> Document:
        assert isinstance(self.plug, SmimeEncryptor)
        return self.change(self.plug.encrypt(document, request))


def by_another_key(_: bytes) -> bytes:
    made = SmimeSigner(key=ec_key(), certificate=certify(ec_key()))
    return made.sign(Document(content=b"x", media_type="text/plain"), some_request()).content


def some_request() -> AttachmentRequest:
    seen: list[AttachmentRequest] = []
    LETTER.attach(
        lambda r: seen.append(r) or Document(content=b"x", media_type="text/plain"), filename="x.txt"
    ).build(CONTEXT, to=RECIPIENT)
    return seen[0]


@pytest.mark.parametrize("encryptor", [None, SmimeEncryptor()], ids=["signed", "signed and encrypted"])
@pytest.mark.parametrize(
    "change",
    [
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
        by_another_key,
        lambda _: b"0\x00",
        lambda _: b"x",
    ],
    ids=["a byte", "another key", "empty", "garbage"],
)
def test_a_signature_that_does_not_hold_is_noticed(
    change: Callable[[bytes], bytes], encryptor: SmimeEncryptor | None
) -> None:
    builder = LETTER.whole_message(signer=Careless(SIGNER, with_content(change)), encryptor=encryptor)
    with pytest.raises(ProofError, match=r"does not hold|cannot be read again"):
        builder.build(CONTEXT, to=RECIPIENT)


def test_a_signed_part_that_changed_afterwards_is_noticed() -> None:
    message = LETTER.whole_message(signer=SIGNER).build(CONTEXT, to=RECIPIENT)
    proof = SIGNER.sign(Document(content=b"x", media_type="text/plain"), some_request()).proof
    assert proof is not None
    proof(message.content)
    for old, new in (
        (b"Thank you", b"thank you"),
        (b"multipart/signed", b"multipart/mixed"),
        (b"\r\n\r\nThank", b"\r\n\r\n\r\nThank"),
    ):
        assert old in message.content
        with pytest.raises(ProofError):
            proof(message.content.replace(old, new, 1))


def encrypted_by_openssl(*options: str) -> Callable[[Path], bytes]:
    def make(folder: Path) -> bytes:
        (folder / "to.pem").write_bytes(JANE.public_bytes(Encoding.PEM))
        (folder / "plain").write_bytes(b"Content-Type: text/plain\r\n\r\nThank you, Jane.\r\n")
        command = ["openssl", "cms", "-encrypt", "-outform", "DER", "-binary", *options]
        subprocess.run(
            [*command, "-in", folder / "plain", "-out", folder / "out", folder / "to.pem"], check=True
        )
        return (folder / "out").read_bytes()

    return make


def to_others(_: Path) -> bytes:
    both = [one.public_bytes(Encoding.DER) for one in (JANE, OTHER)]
    return _cms.enveloped(b"Thank you, Jane.", both, "PKCS1-v1_5")[0]


def to_another(_: Path) -> bytes:
    return _cms.enveloped(b"Thank you, Jane.", [OTHER.public_bytes(Encoding.DER)], "PKCS1-v1_5")[0]


def of_another_text(_: Path) -> bytes:
    return _cms.enveloped(b"Thank you, Joe.", [JANE.public_bytes(Encoding.DER)], "PKCS1-v1_5")[0]


@pytest.mark.parametrize("strict", [False, True], ids=["CBC", "GCM"])
@pytest.mark.parametrize(
    "mutant",
    [
        encrypted_by_openssl("-aes128"),
        encrypted_by_openssl("-des3"),
        encrypted_by_openssl("-aes256"),
        to_others,
        to_another,
        of_another_text,
        lambda _: b"Content-Type: text/plain\r\n\r\nThank you, Jane.\r\n",
    ],
    ids=[
        "AES-128",
        "3DES",
        "another key",
        "a further recipient",
        "another recipient",
        "another text",
        "plain",
    ],
)
def test_a_message_that_is_encrypted_in_another_way_is_noticed(
    mutant: Callable[[Path], bytes], strict: bool, tmp_path: Path
) -> None:
    content = mutant(tmp_path)
    careless = Careless(SmimeEncryptor(strict=strict), with_content(lambda _: content))
    with pytest.raises(ProofError):
        LETTER.whole_message(encryptor=careless).build(CONTEXT, to=RECIPIENT)


def test_a_change_of_the_ciphertext_is_noticed() -> None:
    for strict in (False, True):
        change = with_content(lambda content: content[:-40] + bytes([content[-40] ^ 1]) + content[-39:])
        careless = Careless(SmimeEncryptor(strict=strict), change)
        with pytest.raises(ProofError):
            LETTER.whole_message(encryptor=careless).build(CONTEXT, to=RECIPIENT)
