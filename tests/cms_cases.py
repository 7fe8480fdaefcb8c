"""Enveloped data of every form, put together element by element (RFC 5652, RFC 5083)."""

from __future__ import annotations

import random

PKCS7 = "06092a864886f70d0107"
ENVELOPED, SIGNED, DATA = (bytes.fromhex(PKCS7 + end) for end in ("03", "02", "01"))
AUTHENTICATED = bytes.fromhex("060b2a864886f70d0109100117")
VERSION = b"\x02\x01\x00"


def noise(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


def der(tag: int, *members: bytes) -> bytes:
    body = b"".join(members)
    return bytes([tag, 0x84]) + len(body).to_bytes(4, "big") + body


def cipher(number: int) -> bytes:
    return der(0x30, bytes.fromhex("06096086480165030401") + bytes([number]), der(0x04, noise(16, 2)))


def of_rsa(key: bytes = noise(256, 3), identifier: bytes = b"", algorithm: bytes = b"") -> bytes:
    return der(0x30, VERSION, der(0x30, identifier), der(0x30, algorithm), der(0x04, key))


def of_ecdh(*keys: bytes, ukm: bytes = b"", identifier: bytes = b"", algorithm: bytes = b"") -> bytes:
    originator = der(0xA0, der(0xA1, der(0x30), der(0x03, b"\0" + noise(65, 4))))
    pairs = der(0x30, *(der(0x30, der(0x30, identifier), der(0x04, key)) for key in keys))
    return der(0xA1, VERSION, originator, ukm, der(0x30, algorithm), pairs)


def message(
    *recipients: bytes,
    kind: bytes = ENVELOPED,
    number: int = 42,
    data: bytes = noise(480, 5),
    rest: bytes = b"",
    content: bytes | None = None,
    originator: bytes = b"",
) -> bytes:
    inner = der(0x30, DATA, cipher(number), der(0x80, data)) if content is None else content
    body = der(0x30, VERSION, originator, der(0x31, *(recipients or (of_rsa(),))), inner, rest)
    return der(0x30, kind, der(0xA0, body))


def tagged(tag: bytes = noise(16, 6), number: int = 46, **options: bytes) -> bytes:
    return message(kind=AUTHENTICATED, number=number, rest=der(0x04, tag), **options)
