"""Enveloped data counts as protected if every element is where RFC 5652 and RFC 5083 put it, and not otherwise."""

from __future__ import annotations

import pytest

from cms_cases import (
    AUTHENTICATED,
    DATA,
    ENVELOPED,
    SIGNED,
    VERSION,
    cipher,
    der,
    message,
    noise,
    of_ecdh,
    of_rsa,
    tagged,
)
from ondemand_attach._exposure import _cms
from ondemand_attach._exposure._budget import Budget
from ondemand_attach._exposure._facts import Facts


def facts(content: bytes) -> Facts:
    return _cms.facts(content, Budget())


CBC = {2: "AES-128", 22: "AES-192", 42: "AES-256"}
GCM = {6: "AES-128", 26: "AES-192", 46: "AES-256"}


@pytest.mark.parametrize("number", range(50))
def test_each_cipher_is_known_by_its_number(number: int) -> None:
    found = facts(message(number=number))
    if number in CBC:
        assert found.encryption == f"S/MIME, {CBC[number]}-CBC to a certificate"
        assert found.readers == "the holder of the certificate's key"
    elif number not in GCM:
        assert found == Facts(encryption="unknown or weak")
    authenticated = facts(tagged(number=number))
    if number in GCM:
        assert authenticated.encryption == f"S/MIME, {GCM[number]}-GCM to a certificate"
        assert authenticated.readers
    else:
        assert not authenticated.readers


@pytest.mark.parametrize("number", GCM)
def test_a_cipher_with_a_tag_has_one_in_a_message_of_that_kind(number: int) -> None:
    assert not facts(message(number=number)).readers
    assert not facts(message(kind=AUTHENTICATED, number=number)).readers
    assert not facts(message(number=number, rest=der(0x04, noise(16)))).readers


@pytest.mark.parametrize("count", range(1, 5))
def test_recipients_are_counted(count: int) -> None:
    for recipients in ([of_rsa()] * count, [of_ecdh(*[noise(40)] * count)], [of_ecdh(noise(40))] * count):
        found = facts(message(*recipients))
        assert found.encryption
        assert found.encryption.endswith("to a certificate" if count == 1 else f"to {count} certificates")
        assert found.readers
    assert facts(message(of_rsa(), of_ecdh(noise(24)))).readers == "holders of 2 certificates' keys"


@pytest.mark.parametrize(
    "content",
    [
        message(of_rsa(noise(64))),
        message(of_rsa(noise(512))),
        message(of_ecdh(noise(24))),
        message(of_ecdh(noise(40), ukm=der(0xA1, der(0x04, noise(16))))),
        message(data=noise(16)),
        message(data=noise(4096)),
        message(of_rsa(identifier=der(0x13, b"x" * 256))),
        message(of_rsa(identifier=der(0x80, b"x" * 32))),
        message(originator=der(0xA0)),
        message(originator=der(0xA0, der(0xA0, der(0x30, b"\x02\x01\x07")))),
        message(originator=der(0xA0, der(0xA0, der(0x30)), der(0xA1, der(0x30), der(0x30)))),
        message(
            content=der(0x30, DATA, cipher(42), der(0xA0, der(0x04, noise(100)), der(0x04, noise(60, 9))))
        ),
        *(tagged(noise(size)) for size in range(12, 17)),
        tagged(data=noise(481)),
    ],
)
def test_what_is_formed_as_it_should_be_is_protected(content: bytes) -> None:
    assert facts(content).readers


@pytest.mark.parametrize(
    "content",
    [
        *(message(data=noise(size)) for size in (0, 1, 15, 17, 481)),
        message(rest=der(0xA1, der(0x30, b"\x0c\x04Jane"))),
        message(rest=der(0x04, noise(16))),
        message(data=b"Dear Jane Doe, your account number is DE02 1203 0000 0000 2020 51" * 16),
        message(of_rsa(b"Dear Jane Doe, your account number is DE02 1203 0000 0000 2020 51" * 2)),
        message(of_ecdh(b"Dear Jane Doe, your account number is DE02 1203 0000 0000 2020 51" * 2)),
        message(originator=der(0xA0, der(0xA2, der(0x30)))),
        message(originator=der(0xA0, der(0xA0, der(0x31)))),
        message(originator=der(0xA0, der(0x30))),
        *(tagged(noise(size)) for size in (0, 11, 17, 32)),
        tagged(data=b""),
        message(kind=AUTHENTICATED, number=46),
        message(kind=AUTHENTICATED, number=46, rest=der(0x04, noise(16)) * 2),
        message(kind=AUTHENTICATED, number=46, rest=der(0x03, noise(16))),
        message(kind=AUTHENTICATED, number=46, rest=der(0xA1, der(0x30)) + der(0x04, noise(16))),
    ],
)
def test_what_stands_beside_the_ciphertext_is_for_everyone(content: bytes) -> None:
    found = facts(content)
    assert found.encryption
    assert not found.readers


RECIPIENTS = {
    "key-encryption key": der(0xA2, VERSION, der(0x30), der(0x30), der(0x04, noise(40))),
    "password": der(0xA3, VERSION, der(0xA0), der(0x30), der(0x04, noise(40))),
    "other": der(0xA4, DATA, der(0x30)),
    "short RSA key": of_rsa(noise(63)),
    "short wrapped key": of_ecdh(noise(23)),
    "no octets": der(0x30, VERSION, der(0x30), der(0x30), der(0x03, noise(256))),
    "one too few": der(0x30, VERSION, der(0x30), der(0x04, noise(256))),
    "one too many": der(0x30, VERSION, der(0x30), der(0x30), der(0x30), der(0x04, noise(256))),
    "agreement of too few": der(
        0xA1, VERSION, der(0xA0), der(0x30, der(0x30, der(0x30), der(0x04, noise(40))))
    ),
    "long name": of_rsa(identifier=der(0x13, b"x" * 257)),
    "long names": of_rsa(identifier=der(0x13, b"x" * 256) * 8),
    "long identifier": of_rsa(identifier=der(0x80, b"x" * 33)),
    "long algorithm": of_rsa(algorithm=der(0x13, b"x" * 257)),
    "long name in an agreement": of_ecdh(noise(40), identifier=der(0x13, b"x" * 257)),
    "long material": of_ecdh(noise(40), ukm=der(0xA1, der(0x04, noise(257)))),
}


@pytest.mark.parametrize("recipient", RECIPIENTS.values(), ids=RECIPIENTS)
def test_a_recipient_of_another_form_is_refused(recipient: bytes) -> None:
    for content in (message(recipient), message(of_rsa(), recipient)):
        with pytest.raises((ValueError, IndexError)):
            facts(content)
        with pytest.raises((ValueError, IndexError)):
            _cms.recipients(content, Budget())


@pytest.mark.parametrize(
    "content",
    [
        der(0x31, ENVELOPED, message()[17:]),
        der(0x30, b"\x0c" + ENVELOPED[1:], message()[17:]),
        message(content=der(0x31, DATA, cipher(42), der(0x80, noise(480)))),
        message(content=der(0x30, DATA, cipher(42), der(0x81, noise(480)))),
        message(content=der(0x30, DATA, der(0x30), cipher(42), der(0x80, noise(480)))),
        message(content=der(0x30, DATA, cipher(42), der(0x30), der(0x80, noise(480)))),
        message(
            content=der(0x30, DATA, der(0x30, cipher(42)[6:17], der(0x04, noise(257))), der(0x80, noise(480)))
        ),
        message()[:-1],
        message() + b"\0",
        b"",
        der(0x30),
    ],
)
def test_what_is_no_enveloped_data_is_never_protected(content: bytes) -> None:
    try:
        found = facts(content)
    except (ValueError, IndexError):
        return
    assert not found.readers


@pytest.mark.parametrize(
    ("content", "number"),
    [(message(), 1), (message(of_rsa(), of_rsa()), 2), (message(of_ecdh(noise(40), noise(24))), 2)],
)
def test_the_recipients_of_a_key_are_counted(content: bytes, number: int) -> None:
    assert _cms.recipients(content, Budget()) == number


@pytest.mark.parametrize(
    "content",
    [
        message(data=noise(481)),
        message(rest=der(0xA1, der(0x30))),
        message(data=b"Dear Jane Doe, your account number is DE02 1203 0000 0000 2020 51" * 16),
        tagged(),
    ],
)
def test_a_key_in_clear_has_no_recipients(content: bytes) -> None:
    with pytest.raises((ValueError, IndexError)):
        _cms.recipients(content, Budget())


TEXT = b"Dear Jane Doe, your account number is DE02 1203 0000 0000 2020 51" * 3


@pytest.mark.parametrize("tag", [0x03, 0x04])
def test_what_comes_with_a_key_agreement_is_looked_at(tag: int) -> None:
    assert facts(message(of_ecdh(noise(40), ukm=der(0xA1, der(tag, noise(190)))))).readers
    assert not facts(message(of_ecdh(noise(40), ukm=der(0xA1, der(tag, TEXT))))).readers


def test_what_an_algorithm_says_is_looked_at() -> None:
    for octets, is_protected in ((noise(190), True), (TEXT, False)):
        found = facts(message(of_ecdh(noise(40), algorithm=der(0x04, octets))))
        assert bool(found.readers) == is_protected


def test_a_version_is_a_number() -> None:
    body = der(
        0x30, der(0x02, b"x" * 257), der(0x31, of_rsa()), der(0x30, DATA, cipher(42), der(0x80, noise(480)))
    )
    with pytest.raises((ValueError, IndexError)):
        facts(der(0x30, ENVELOPED, der(0xA0, body)))


def test_lengths_may_be_left_open() -> None:
    def opened(tag: int, *members: bytes) -> bytes:
        return bytes([tag, 0x80]) + b"".join(members) + b"\0\0"

    pieces = opened(0xA0, der(0x04, noise(100)), der(0x04, noise(60, 9)))
    body = opened(0x30, VERSION, der(0x31, of_rsa()), opened(0x30, DATA, cipher(42), pieces))
    content = opened(0x30, ENVELOPED, opened(0xA0, body))
    assert facts(content).readers
    for cut in (2, 4, 6):
        with pytest.raises((ValueError, IndexError)):
            facts(content[:-cut])


def test_a_signature_is_one_and_nothing_else_is() -> None:
    signed = der(0x30, SIGNED, der(0xA0, der(0x30, VERSION)))
    assert facts(signed) == Facts(signature="S/MIME")
    for kind in (DATA, ENVELOPED[:-1] + b"\x05", ENVELOPED[:-1] + b"\x06"):
        assert facts(der(0x30, kind, der(0xA0, der(0x30, VERSION)))) == Facts()
    assert facts(message(kind=DATA)) == Facts()


def test_no_recipient_is_nobody() -> None:
    body = der(0x30, VERSION, der(0x31), der(0x30, DATA, cipher(42), der(0x80, noise(480))))
    assert facts(der(0x30, ENVELOPED, der(0xA0, body))) == Facts(encryption="unknown or weak")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (message(), True),
        (tagged(), True),
        (b"\x30\x80" + ENVELOPED, True),
        (b"\x30\x80" + SIGNED, True),
        (b"\x31\x80" + ENVELOPED, False),
        (b"\x30" + bytes(30) + ENVELOPED, False),
        (b"\x30\x80" + b"\x06\x03\x55\x04\x03" * 4, False),
        (b"", False),
    ],
)
def test_cms_is_known_by_how_it_begins(content: bytes, expected: bool) -> None:
    assert _cms.fits(content) is expected
