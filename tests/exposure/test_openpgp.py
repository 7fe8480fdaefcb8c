"""OpenPGP packets are read with every kind of length (RFC 9580 section 4.2), in armor or not."""

from __future__ import annotations

import base64
import random

import pytest

from ondemand_attach._exposure import _openpgp
from ondemand_attach._exposure._budget import Budget, TooLargeError
from ondemand_attach._exposure._facts import Facts
from ondemand_attach._exposure._openpgp import _packets

NOISE = random.Random(8).randbytes(1 << 17)
POINT = b"\x01\x07\x40" + NOISE[:32]
TO_KEY = b"\x03" + NOISE[40:48] + b"\x12" + POINT + b"\x30" + NOISE[48:96]
BY_PASSWORD = b"\x04\x09\x03\x08" + NOISE[:8] + b"\xff"
SEIPD = b"\x01" + NOISE[:100]
SEIPD_2 = b"\x02\x09\x02\x10" + NOISE[:100]
AEAD = b"\x01\x09\x02\x10" + NOISE[:100]


def new(tag: int, body: bytes) -> bytes:
    return bytes([0xC0 | tag, 0xFF]) + len(body).to_bytes(4, "big") + body


def old(tag: int, body: bytes, kind: int = 2) -> bytes:
    size = (1, 2, 4, 0)[kind]
    return bytes([0x80 | tag << 2 | kind]) + (len(body).to_bytes(size, "big") if size else b"") + body


def in_pieces(tag: int, body: bytes, power: int) -> bytes:
    """Return a packet of pieces of so many octets, the last of what is left (section 4.2.1.4)."""
    size, made = 1 << power, bytes([0xC0 | tag])
    while len(body) > size:
        made, body = made + bytes([0xE0 | power]) + body[:size], body[size:]
    return made + new(tag, body)[1:]


def read(content: bytes) -> list[tuple[int, bytes]]:
    return [(packet.tag, packet.body) for packet in _packets(content, Budget())]


@pytest.mark.parametrize("size", [0, 1, 191, 192, 193, 255, 256, 8_383, 8_384, 65_535, 65_536])
@pytest.mark.parametrize("tag", [1, 3, 9, 10, 11])
def test_each_kind_of_length_is_read(size: int, tag: int) -> None:
    body = NOISE[:size]
    written = [new(tag, body), old(tag, body, 2)]
    written += [old(tag, body, 0)] if size < 256 else []
    written += [old(tag, body, 1)] if size < 65_536 else []
    written += [bytes([0xC0 | tag, size]) + body] if size < 192 else []
    if 192 <= size < 8_384:
        written += [bytes([0xC0 | tag, 192 + (size - 192 >> 8), size - 192 & 0xFF]) + body]
    for packet in written:
        assert read(packet) == [(tag, body)]
        assert read(packet + new(18, b"x")) == [(tag, body), (18, b"x")]
        if size:
            with pytest.raises(IndexError):
                read(packet[:-1])
    assert read(old(tag, body, 3)) == [(tag, body)]  # up to the end


@pytest.mark.parametrize("tag", [18, 20, 45, 60, 63])
def test_new_headers_have_more_tags(tag: int) -> None:
    assert read(new(tag, b"x")) == [(tag, b"x")]


@pytest.mark.parametrize("power", [0, 1, 8, 9, 16])
def test_pieces_are_put_together(power: int) -> None:
    body = NOISE[: 3 * (1 << power) + 5] if power < 16 else NOISE[: (1 << power) + 5]
    assert read(in_pieces(18, body, power) + new(1, b"x")) == [(18, body), (1, b"x")]


@pytest.mark.parametrize("first", [0x00, 0x01, 0x30, 0x7F])
def test_what_is_no_packet_is_none(first: int) -> None:
    with pytest.raises(IndexError):
        read(bytes([first, 1, 1]))


def test_packets_and_pieces_are_counted() -> None:
    for content in (new(10, b"") * 100, in_pieces(18, NOISE[:500], 0)):
        assert list(_packets(content, Budget(steps=3_000)))
        with pytest.raises(TooLargeError):
            list(_packets(content, Budget(steps=1_500)))


def facts(*packets: bytes) -> Facts:
    return _openpgp.facts(b"".join(packets), Budget())


KEY = "the holder of the OpenPGP key"
PASSWORD = "holders of the password"


@pytest.mark.parametrize(
    ("packets", "encryption", "readers"),
    [
        ([new(1, TO_KEY), new(18, SEIPD)], "OpenPGP to a key", KEY),
        ([old(1, TO_KEY), new(18, SEIPD)], "OpenPGP to a key", KEY),
        ([new(1, TO_KEY)] * 2 + [new(18, SEIPD)], "OpenPGP to 2 keys", "holders of 2 OpenPGP keys"),
        ([new(3, BY_PASSWORD), new(18, SEIPD)], "OpenPGP by password", PASSWORD),
        ([new(3, BY_PASSWORD)] * 2 + [new(18, SEIPD)], "OpenPGP by password", PASSWORD),
        ([new(1, TO_KEY), new(3, BY_PASSWORD), new(18, SEIPD)], "OpenPGP to a key and by password", f"{KEY} and {PASSWORD}"),
        ([new(1, TO_KEY), new(18, SEIPD_2)], "OpenPGP, AES-256 to a key", KEY),
        ([new(1, TO_KEY), new(20, AEAD)], "OpenPGP, AES-256 to a key", KEY),
        ([new(1, TO_KEY), new(20, AEAD[:1] + b"\x07" + AEAD[2:])], "OpenPGP, AES-128 to a key", KEY),
        ([new(1, TO_KEY), new(20, AEAD[:1] + b"\x08" + AEAD[2:])], "OpenPGP, AES-192 to a key", KEY),
        ([new(10, b"PGP"), new(1, TO_KEY), new(10, b"PGP"), new(18, SEIPD)], "OpenPGP to a key", KEY),
    ],
)  # fmt: skip
def test_a_message_is_for_those_that_its_session_keys_are_for(
    packets: list[bytes], encryption: str, readers: str
) -> None:
    found = facts(*packets)
    assert (found.encryption, found.readers) == (encryption, readers)
    assert _openpgp.fits(b"".join(packets))


@pytest.mark.parametrize(
    "packets",
    [
        [new(18, SEIPD)],
        [new(1, TO_KEY)],
        [new(1, TO_KEY), new(9, SEIPD)],
        [new(1, TO_KEY), new(11, SEIPD)],
        [new(1, TO_KEY), new(18, SEIPD), new(18, SEIPD)],
        [new(1, TO_KEY), new(11, b"b\0\0\0\0\0Jane"), new(18, SEIPD)],
        [new(1, TO_KEY), new(10, b"PGQ"), new(18, SEIPD)],
        [new(1, TO_KEY), new(60, b"Jane"), new(18, SEIPD)],
        [new(18, SEIPD), new(1, TO_KEY)],
    ],
)
def test_packets_in_another_order_are_no_encrypted_message(packets: list[bytes]) -> None:
    assert facts(*packets) == Facts()


@pytest.mark.parametrize(
    "packets",
    [
        [new(1, TO_KEY[:-1]), new(18, SEIPD)],
        [new(3, BY_PASSWORD[:-1]), new(18, SEIPD)],
        [new(1, TO_KEY), new(18, b"\x03" + NOISE[:100])],
        [new(1, TO_KEY), new(18, b"\0" + NOISE[:100])],
        [new(1, TO_KEY), new(18, b"\x01" + NOISE[:41])],
        [new(1, TO_KEY), new(18, b"\x02\x09" + NOISE[:62])],
        [new(1, TO_KEY), new(18, b"\x02\x03" + NOISE[:100])],
        [new(1, TO_KEY), new(20, b"\x02\x09" + NOISE[:100])],
        [new(1, TO_KEY), new(20, b"\x01\x02" + NOISE[:100])],
        [new(1, TO_KEY), new(18, b"\x01" + b"Dear Jane Doe, your account is DE02 1203 0000 " * 5)],
    ],
)
def test_packets_of_another_form_are_for_everyone(packets: list[bytes]) -> None:
    found = facts(*packets)
    assert found.encryption
    assert found.encryption.endswith("parts in clear")
    assert not found.readers


def test_the_shortest_ciphertexts_count() -> None:
    assert facts(new(1, TO_KEY), new(18, b"\x01" + NOISE[:42])).readers
    assert facts(new(1, TO_KEY), new(18, b"\x02\x09" + NOISE[:63])).readers


def armored(
    begin: str = "-----BEGIN PGP MESSAGE-----\n", head: str = "", blank: str = "\n", end: str = ""
) -> bytes:
    text = base64.encodebytes(new(1, TO_KEY) + new(18, SEIPD)).decode()
    return f"{begin}{head}{blank}{text}{end}-----END PGP MESSAGE-----\n".encode()


@pytest.mark.parametrize(
    "content",
    [
        armored(),
        armored("\n \n-----BEGIN PGP MESSAGE----- \t\n"),
        armored(head="Version: GnuPG v2\n"),
        armored(head="Comment: https://gnupg.org\nCharset: utf-8\n", blank=" \t\n"),
        armored(end="=aB3+\n"),
        armored().replace(b"\n", b"\r\n"),
        armored() + b"\n \n",
    ],
)
def test_a_usual_armor_is_read(content: bytes) -> None:
    assert _openpgp.fits(content)
    assert facts(content).readers == KEY


@pytest.mark.parametrize(
    "content",
    [
        armored(head="Comment: for Jane Doe\n"),
        armored(head="Hash: SHA256\n"),
        armored(head="Version: GnuPG v2\nComment: for Jane Doe\n"),
        armored(head="Version: GnuPG " + "x" * 41 + "\n"),
        armored() + b"Jane",
        b"Jane\n" + armored(),
        armored(end="Jane Doe\n"),
        armored("-----BEGIN PGP MESSAGE----- Jane\n"),
        armored("-----BEGIN PGP SIGNATURE-----\n"),
        armored(end="=aB3\n"),
        armored(end="=aB3+x\n"),
    ],
)
def test_an_armor_with_words_of_somebody_is_for_everyone(content: bytes) -> None:
    try:
        found = facts(content)
    except (ValueError, IndexError):
        return
    assert not found.readers


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (new(1, TO_KEY), True),
        (new(3, BY_PASSWORD), True),
        (new(10, b"PGP"), True),
        (b" \n" * 200 + b"-----BEGIN PGP MESSAGE-----", True),
        (b" \n" * 600 + b"-----BEGIN PGP MESSAGE-----", False),
        (b"-----BEGIN PGP SIGNED MESSAGE-----", False),
        (new(10, b"PGQ"), False),
        (new(18, SEIPD), False),
        (new(1, TO_KEY[:-1]), False),
        (new(3, BY_PASSWORD[:-1]), False),
        (new(11, TO_KEY), False),
        (b"%PDF", False),
        (b"", False),
    ],
)
def test_a_message_is_known_by_its_first_packet(content: bytes, expected: bool) -> None:
    assert _openpgp.fits(content) is expected
