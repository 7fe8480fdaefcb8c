"""Encrypted OpenPGP messages (RFC 9580), armored or not."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from typing import Final

from ondemand_attach._exposure._facts import BY_PASSWORD, Facts, to_keys

_ARMOR: Final = re.compile(
    rb"\s*-----BEGIN PGP MESSAGE-----[ \t]*\r?\n((?:[^\r\n]+\r?\n)*)[ \t]*\r?\n"
    rb"((?:[A-Za-z0-9+/]+[ \t]*\r?\n)*(?:[A-Za-z0-9+/]+=*[ \t]*\r?\n)?)(?:=[A-Za-z0-9+/]{4}\s*)?"
    rb"-----END PGP MESSAGE-----\s*"
)
_TO_KEY, _BY_PASSWORD, _PROTECTED, _AEAD = 1, 3, 18, 20
_CIPHERS: Final = {7: "AES-128", 8: "AES-192", 9: "AES-256"}


def fits(content: bytes) -> bool:
    """Whether *content* is an encrypted OpenPGP message, by its first packet."""
    if content.lstrip()[:27] == b"-----BEGIN PGP MESSAGE-----":
        return True
    try:
        return next(_packets(content))[0] in {_TO_KEY, _BY_PASSWORD} and _facts(content) is not None
    except (IndexError, StopIteration):
        return False


def facts(content: bytes) -> Facts:
    """Say to whom an OpenPGP message is encrypted."""
    armored = _ARMOR.fullmatch(content)
    if armored is None:
        return _facts(content) or Facts()
    headers, body = armored.groups()
    return (_facts(binascii.a2b_base64(body)) or Facts()).if_all(not headers)


def _facts(content: bytes) -> Facts | None:
    *sessions, (tag, body) = _packets(content)
    tags = [each for each, _ in sessions]
    if tag not in {_PROTECTED, _AEAD} or not tags or not set(tags) <= {_TO_KEY, _BY_PASSWORD}:
        return None
    number, with_password = tags.count(_TO_KEY), _BY_PASSWORD in tags
    # Only the newer kinds of packets say the cipher in clear.
    says_cipher = tag == _AEAD or body[0] == 2
    cipher = f", {_CIPHERS.get(body[1], 'another cipher')}" if says_cipher else ""
    ways = [f"{to_keys(number, 'key')}"] * bool(number) + ["by password"] * with_password
    holders = "the holder of the OpenPGP key" if number == 1 else f"holders of {number} OpenPGP keys"
    readers = [holders] * bool(number) + [BY_PASSWORD] * with_password
    return Facts(encryption=f"OpenPGP{cipher} {' and '.join(ways)}", readers=" and ".join(readers))


def _packets(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the tag of each packet with the first octets of its body (RFC 9580 section 4.2)."""
    place = 0
    while place < len(content):
        tag, length, place, goes_on = _header(content, place)
        yield tag, content[place : place + 2]
        while goes_on:
            length, place, goes_on = _new_length(content, place + length)
        place += length
    if place > len(content):
        raise IndexError


def _header(content: bytes, place: int) -> tuple[int, int, int, bool]:
    first, place = content[place], place + 1
    if not first & 0x80:
        raise IndexError
    if first & 0x40:
        return first & 0x3F, *_new_length(content, place)
    size = (1, 2, 4, 0)[first & 3]
    length = int.from_bytes(content[place : place + size], "big") if size else len(content) - place
    return first >> 2 & 0xF, length, place + size, False


def _new_length(content: bytes, place: int) -> tuple[int, int, bool]:
    """Return a length, where what is so long begins, and whether another part follows it."""
    first = content[place]
    if first < 192:
        return first, place + 1, False
    if first < 224:
        return ((first - 192) << 8) + content[place + 1] + 192, place + 2, False
    if first == 255:
        return int.from_bytes(content[place + 1 : place + 5], "big"), place + 5, False
    return 1 << (first & 0x1F), place + 1, True
