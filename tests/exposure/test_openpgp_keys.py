"""A packet with a session key counts as one if every octet is where RFC 9580 puts it, and not otherwise."""

from __future__ import annotations

import pytest

from ondemand_attach._exposure._openpgp_keys import is_for_key, is_for_password

RSA, RSA_ENCRYPT_ONLY, ELGAMAL, ECDH, X25519, X448 = 1, 2, 16, 18, 25, 26
V3 = bytes([3, *range(1, 9)])  # with the identifier of a key
V6_TO_4 = bytes([6, 21, 4, *range(20)])  # with the fingerprint of a key of version 4
V6_TO_6 = bytes([6, 33, 6, *range(32)])
V6_TO_NOBODY = bytes([6, 0])
HEADS = {"v3": V3, "v6 to v4": V6_TO_4, "v6 to v6": V6_TO_6, "v6 to nobody": V6_TO_NOBODY}
CURVES = {  # the octets of a point: RFC 9580 section 9.2
    "Curve25519": b"\x40" + b"\x11" * 32,
    "X448": b"\x40" + b"\x11" * 56,
    "P-256, Brainpool 256": b"\x04" + b"\x11" * 64,
    "Brainpool 384, P-384": b"\x04" + b"\x11" * 96,
    "Brainpool 512": b"\x04" + b"\x11" * 128,
    "P-521": b"\x04" + b"\x11" * 132,
}


def number(bits: int) -> bytes:
    """Return a multiprecision integer of so many bits (section 3.2)."""
    return bits.to_bytes(2, "big") + ((1 << bits) - 3).to_bytes((bits + 7) // 8, "big")


def point(octets: bytes) -> bytes:
    return int.from_bytes(octets, "big").bit_length().to_bytes(2, "big") + octets


def wrapped(size: int, said: bytes = b"") -> bytes:
    """Return a wrapped session key with its length, which counts what is said in clear (section 5.1.6)."""
    return bytes([size + len(said)]) + said + b"\x22" * size


KEYS: dict[str, bytes] = {
    **{f"RSA-{bits}": bytes([RSA]) + number(bits) for bits in (1024, 1023, 2047, 2048, 3072, 4096, 8192)},
    "RSA, encrypt only": bytes([RSA_ENCRYPT_ONLY]) + number(2048),
    **{f"Elgamal-{bits}": bytes([ELGAMAL]) + number(bits) + number(bits - 3) for bits in (1024, 2048, 4096)},
    **{curve: bytes([ECDH]) + point(octets) + wrapped(40) for curve, octets in CURVES.items()},
    **{
        f"ECDH, {size} octets": bytes([ECDH]) + point(CURVES["X448"]) + wrapped(size)
        for size in (24, 32, 48, 72)
    },
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_session_key_for_each_kind_of_key_is_one(head: bytes, key: bytes) -> None:
    assert is_for_key(head + key)
    for broken in (head + key + b"\0", head + key[:-1], head[:-1] + key, head + b"\x11" + key, head, key):
        assert not is_for_key(broken)
    assert not is_for_key(head + bytes([key[0] ^ 0x40]) + key[1:])  # an algorithm that is none
    assert not is_for_key(bytes([head[0] + 1]) + head[1:] + key)  # a version that is none


@pytest.mark.parametrize(("algorithm", "size"), [(X25519, 32), (X448, 56)])
@pytest.mark.parametrize(
    ("head", "said"), [(V3, b"\x09"), (V6_TO_4, b""), (V6_TO_6, b""), (V6_TO_NOBODY, b"")]
)
def test_a_session_key_for_the_newer_curves_is_one(
    algorithm: int, size: int, head: bytes, said: bytes
) -> None:
    key = bytes([algorithm]) + b"\x11" * size
    for length in (24, 32, 40, 72):
        assert is_for_key(head + key + wrapped(length, said))
    for length in (0, 8, 16, 23, 25, 33, 36, 44, 71, 80):
        assert not is_for_key(head + key + wrapped(length, said))
    assert not is_for_key(head + key + wrapped(40, said) + b"\0")
    assert not is_for_key(head + key[:-1] + wrapped(40, said))
    assert not is_for_key(head + key + b"\0" + wrapped(40, said))
    assert not is_for_key(head + key + wrapped(40, b"" if said else b"\x09"))


@pytest.mark.parametrize("octets", [1, 2, 31, 32, 34, 48, 56, 58, 64, 66, 96, 98, 128, 130, 132, 134])
def test_what_is_no_point_of_a_curve_makes_no_session_key(octets: int) -> None:
    assert not is_for_key(V3 + bytes([ECDH]) + point(b"\x41" * octets) + wrapped(40))


@pytest.mark.parametrize("length", [0, 8, 16, 20, 23, 25, 28, 31, 33, 39, 44, 71, 73, 80])
def test_what_is_no_wrapped_key_is_no_session_key(length: int) -> None:
    assert not is_for_key(V3 + bytes([ECDH]) + point(CURVES["Curve25519"]) + wrapped(length))


@pytest.mark.parametrize(
    "rest",
    [
        number(952),  # of a modulus that nobody would use
        number(512),
        b"",
        b"\x08",
        b"\x08\0" + b"\0" + b"\x11" * 255,  # shorter than it says
        b"\x07\xf8" + b"\x11" * 256,  # longer than it says
        b"\x08\0" + b"\x11" * 256,  # its first bit is none
        number(2048) + number(2048),
    ],
    ids=lambda rest: f"{len(rest)} octets, {rest[:4].hex()}",
)
def test_what_is_no_large_number_is_no_session_key(rest: bytes) -> None:
    assert not is_for_key(V3 + bytes([RSA]) + rest)
    assert not is_for_key(V3 + bytes([ELGAMAL]) + number(2048) + rest + b"\0")
    assert not is_for_key(V3 + bytes([ELGAMAL]) + rest + rest[:-1])


def test_the_shortest_number_is_of_a_key_of_1024_bits() -> None:
    assert is_for_key(V3 + bytes([RSA]) + number(120 * 8))  # one in 2**64 begins with eight empty octets
    assert not is_for_key(V3 + bytes([RSA]) + number(119 * 8))


@pytest.mark.parametrize("size", [1, 20, 22, 32, 34])
def test_what_is_no_fingerprint_names_no_key(size: int) -> None:
    assert not is_for_key(bytes([6, size]) + bytes(size) + KEYS["RSA-2048"])


S2K = {  # section 3.7.1
    "simple": bytes([0, 8]),
    "salted": bytes([1, 8, *range(8)]),
    "iterated": bytes([3, 8, *range(8), 0xFF]),
    "Argon2": bytes([4, *range(16), 1, 4, 21]),
}
GOOD_CIPHERS = [7, 8, 9, 10, 11, 12, 13]


@pytest.mark.parametrize("s2k", S2K.values(), ids=S2K)
@pytest.mark.parametrize("cipher", GOOD_CIPHERS)
def test_a_session_key_for_a_password_is_one(s2k: bytes, cipher: int) -> None:
    for encrypted in (0, 17, 25, 33):
        assert is_for_password(bytes([4, cipher]) + s2k + bytes(encrypted))
    for encrypted in (1, 16, 18, 24, 26, 32, 34, 41):
        assert not is_for_password(bytes([4, cipher]) + s2k + bytes(encrypted))


@pytest.mark.parametrize("s2k", S2K.values(), ids=S2K)
@pytest.mark.parametrize("version", [5, 6])
def test_a_session_key_that_is_authenticated_is_one(s2k: bytes, version: int) -> None:
    sizes = [len(s2k)] if version == 6 else []
    head = bytes([version, *([0] * (version == 6)), 9, 2, *sizes]) + s2k  # OCB
    for encrypted in (40, 41, 15 + 32 + 16, 129):
        assert is_for_password(head + bytes(encrypted))
    for encrypted in (0, 17, 39, 130, 131):
        assert not is_for_password(head + bytes(encrypted))


@pytest.mark.parametrize("cipher", [0, 1, 2, 3, 4, 5, 6, 14, 15, 110, 255])
def test_a_weak_or_unknown_cipher_protects_no_session_key(cipher: int) -> None:
    assert not is_for_password(bytes([4, cipher]) + S2K["iterated"])
    assert not is_for_password(bytes([5, cipher, 2]) + S2K["iterated"] + bytes(48))


@pytest.mark.parametrize("kind", [2, 5, 100, 101, 110, 255])
def test_an_unknown_way_from_a_password_to_a_key_is_none(kind: int) -> None:
    assert not is_for_password(bytes([4, 9, kind, 8, *range(8), 0xFF]))


@pytest.mark.parametrize("version", [0, 1, 2, 3, 7, 8])
def test_an_unknown_version_is_none(version: int) -> None:
    assert not is_for_password(bytes([version, 9]) + S2K["iterated"])
    assert version == 3 or not is_for_key(bytes([version]) + V3[1:] + KEYS["RSA-2048"])


def test_what_ends_before_its_time_is_none() -> None:
    for whole in (V3 + KEYS["Curve25519"], V6_TO_6 + KEYS["RSA-2048"]):
        assert not any(is_for_key(whole[:length]) for length in range(len(whole)))
    for whole in (bytes([4, 9]) + S2K["iterated"], bytes([6, 0, 9, 2, 20]) + S2K["Argon2"] + bytes(40)):
        assert not any(is_for_password(whole[:length]) for length in range(len(whole)))
