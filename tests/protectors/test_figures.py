"""Random passwords and changes: 200 and 1,000 of them, or ten times as many with a scale of 10."""

from __future__ import annotations

import email
import email.policy
import random
import re
import string
from io import BytesIO
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from ondemand_attach import Address, MessageBuilder, PdfEncryptor, PdfSigner, Recipient, SmimeEncryptor
from ondemand_attach.errors import WeakPasswordError
from ondemand_attach.testing import attachment_request
from protectors.samples import CANARY, KEYS, SECRET, certify, decrypted, flaws, order
from scale import SCALE

REQUEST = attachment_request({})
ALPHABETS = [
    string.ascii_letters + string.digits,
    string.digits,
    string.ascii_lowercase + "- ",
    string.printable[:94],
    "abcdefghijklmnopqrstuvwxyzáéíóúýčďěňřšťžůäöüß",
    "абвгдежзийклмнопрстуфхцчшщъыьэюя",
    "αβγδεζηθικλμνξοπρστυφχψωάέήίόύώ",
    "北京上海广州深圳天津重庆成都武汉杭州南京",
]


def sealed_by(password: str) -> bytes | None:
    try:
        return PdfEncryptor(password=lambda _: password).encrypt(order(), REQUEST).content
    except WeakPasswordError:
        return None


def opens(content: bytes, password: str) -> bool:
    """Whether pdfium reads the text."""
    try:
        with pypdfium2.PdfDocument(content, password) as pdf:
            return CANARY in pdf[0].get_textpage().get_text_range()
    except pypdfium2.PdfiumError:
        return False


def like(password: str, rng: random.Random) -> set[str]:
    """Return passwords that are nearly the same."""
    place = rng.randrange(len(password))
    other = chr(ord(password[place]) ^ 1)
    near = {
        password[:-1],
        password + "a",
        password[:place] + other + password[place + 1 :],
        password.swapcase(),
    }
    return near - {password}


def test_each_document_opens_with_its_password_and_never_without() -> None:
    rng, taken = random.Random(20_261), 0
    while taken < 200 * SCALE:
        password = "".join(rng.choices(rng.choice(ALPHABETS), k=rng.randint(10, 40)))
        content = sealed_by(password)
        if content is not None:
            assert opens(content, password), password
            assert not any(opens(content, wrong) for wrong in ("", rng.choice([*like(password, rng)])))
            taken += 1


@pytest.mark.parametrize("revision", [2, 3, 4, 6])
def test_a_document_with_an_empty_password_would_be_seen(revision: int) -> None:
    output, wish = BytesIO(), pikepdf.Encryption(owner="o", user="", R=revision)  # type: ignore[arg-type]
    with pikepdf.open(BytesIO(order().content)) as pdf:
        pdf.save(output, encryption=wish if revision > 3 else wish._replace(aes=False, metadata=False))
    assert opens(output.getvalue(), "")


# --- signatures


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("is_encrypted", [False, True])
def test_every_changed_byte_of_a_signed_document_is_seen(kind: str, is_encrypted: bool) -> None:
    certificate = certify(KEYS[kind]())
    document = PdfEncryptor(password=lambda _: SECRET).encrypt(order(), REQUEST) if is_encrypted else order()
    content = PdfSigner(key=KEYS[kind](), certificate=certificate).sign(document, REQUEST).content
    password = SECRET if is_encrypted else None
    assert not flaws(content, certificate, password)
    start, end = hole(content)
    covered = [*range(start), *range(end, len(content))]
    rng = random.Random(7731)
    for _ in range(167 * SCALE):
        place = rng.choice(covered)
        assert flaws(changed(content, place, rng), certificate, password), f"{place} of {len(content)}"


def hole(content: bytes) -> tuple[int, int]:
    """Where the signature itself is, between what the ByteRange covers."""
    found = re.search(rb"/ByteRange ?\[ ?(\d+) (\d+) (\d+) (\d+)", content)
    assert found is not None
    return int(found[2]), int(found[3])


def changed(content: bytes, place: int, rng: random.Random) -> bytes:
    return content[:place] + bytes([content[place] ^ rng.randrange(1, 256)]) + content[place + 1 :]


# --- AES-GCM


@pytest.mark.parametrize("kind", KEYS)
def test_changes_of_a_strict_message_are_all_refused(kind: str, tmp_path: Path) -> None:
    assert all(refused(kind, 34 * SCALE, tmp_path, strict=True))


def test_changes_of_a_message_in_cbc_are_not(tmp_path: Path) -> None:
    assert not all(refused("RSA-2048", 34, tmp_path, strict=False))


def refused(kind: str, count: int, tmp_path: Path, *, strict: bool) -> list[bool]:
    """Change a byte of the ciphertext, *count* times; return whether OpenSSL refused that."""
    key, certificate = KEYS[kind](), certify(KEYS[kind](), alternative="jane@example.com")
    jane = Recipient(
        address=Address(addr_spec="jane@example.com"), certificate=certificate.public_bytes(Encoding.DER)
    )
    letter = MessageBuilder().sender("orders@shop.example").subject("Order").text(f"{CANARY}. " * 100)
    message = letter.whole_message(encryptor=SmimeEncryptor(strict=strict)).build({}, to=jane)
    cms = parsed(message.content)
    status, text = decrypted(tmp_path, cms, key, certificate, "-inform", "DER")
    assert status == 0
    rng, start = random.Random(4), len(cms) - len(text)  # the ciphertext is as long, and its tag follows
    mutants = (changed(cms, rng.randrange(start, len(cms)), rng) for _ in range(count))
    return [decrypted(tmp_path, each, key, certificate, "-inform", "DER")[0] != 0 for each in mutants]


def parsed(content: bytes) -> bytes:
    entity = email.message_from_bytes(content, policy=email.policy.default)
    payload = entity.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload
