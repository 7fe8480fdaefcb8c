"""The packets with the key of an encrypted OpenPGP message (RFC 9580 sections 5.1 and 5.3), by their form."""

from __future__ import annotations

from typing import Final

_RSA: Final = {1, 2}
_ELGAMAL, _ECDH, _X25519, _X448 = 16, 18, 25, 26
_SHORTEST_NUMBER: Final = 120  # octets of a number modulo one of 1024 bits or more
_POINTS: Final = {33, 57, 65, 97, 129, 133}  # octets of a point, by the curve
_SIZES: Final = {_X25519: 32, _X448: 56}
_FINGERPRINTS: Final = {0, 21, 33}
_GOOD_CIPHERS: Final = range(7, 14)  # AES, Twofish, Camellia
_S2K: Final = {0: 2, 1: 10, 3: 11, 4: 20}  # octets of what makes a key of a password, by its kind
_WRAPPED: Final = range(24, 73)
_AEAD_KEYS: Final = range(40, 130)


def is_for_key(body: bytes) -> bool:
    """Whether *body* holds a session key, encrypted to a public key."""
    try:
        start = {3: 9, 6: 2 + body[1]}[body[0]]
        is_known = body[0] == 3 or body[1] in _FINGERPRINTS
        return is_known and _is_encrypted(body[start], body[start + 1 :], body[0])
    except (IndexError, KeyError):
        return False


def _is_encrypted(algorithm: int, rest: bytes, version: int) -> bool:
    if algorithm in _RSA:
        return _after_number(rest) == b""
    if algorithm == _ELGAMAL:
        behind = _after_number(rest)
        return behind is not None and _after_number(behind) == b""
    if algorithm == _ECDH:
        size = (int.from_bytes(rest[:2], "big") + 7) // 8
        return size in _POINTS and _is_wrapped(rest[2 + size :], 0)
    size = _SIZES[algorithm]
    return _is_wrapped(rest[size:], 1 if version == 3 else 0)  # version 3 says the cipher in clear


def _after_number(rest: bytes) -> bytes | None:
    """Return what stands behind a large number, if there is one (section 3.2)."""
    bits = int.from_bytes(rest[:2], "big")
    number = rest[2 : 2 + (bits + 7) // 8]
    if len(number) < _SHORTEST_NUMBER or int.from_bytes(number, "big").bit_length() != bits:
        return None
    return rest[2 + len(number) :]


def _is_wrapped(rest: bytes, said: int) -> bool:
    """Whether *rest* is a wrapped key (RFC 3394) with its length, behind *said* octets in clear."""
    size = rest[0] - said
    return len(rest) == 1 + rest[0] and size in _WRAPPED and size % 8 == 0


def is_for_password(body: bytes) -> bool:
    """Whether *body* says how the key is made of a password, or holds one encrypted with such a key."""
    try:
        version, start = body[0], {4: 1, 5: 1, 6: 2}[body[0]]
        cipher, place = body[start], start + {4: 1, 5: 2, 6: 3}[version]
        encrypted = len(body) - place - _S2K[body[place]]
    except (IndexError, KeyError):
        return False
    sizes = {0, 17, 25, 33} if version == 4 else _AEAD_KEYS
    return cipher in _GOOD_CIPHERS and encrypted in sizes
