"""Encrypted OpenPGP messages (RFC 9580), armored or not."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from ondemand_attach._exposure._budget import Budget, TooLargeError
from ondemand_attach._exposure._facts import BY_PASSWORD, Facts, to_keys
from ondemand_attach._exposure._openpgp_keys import is_for_key, is_for_password
from ondemand_attach._exposure._plain import is_any_plain

_ARMOR: Final = re.compile(
    rb"\s*+-----BEGIN PGP MESSAGE-----[ \t]*+\r?\n((?:[^\r\n]*[^\r\n \t][^\r\n]*+\r?\n)*+)[ \t]*+\r?\n"
    rb"((?:[A-Za-z0-9+/]++[ \t]*+\r?\n)*+(?:[A-Za-z0-9+/]*+={1,2}[ \t]*+\r?\n)?+)(?:=[A-Za-z0-9+/]{4}\s*+)?+"
    rb"-----END PGP MESSAGE-----\s*+"
)
_SAYS: Final = re.compile(  # what programs write by themselves in the header of an armor
    rb"Version: ?(?:GnuPG|OpenPGP\.js|ProtonMail|Proton|Mailvelope|BCPG|Sequoia|GopenPGP|FlowCrypt|Keybase|"
    rb"rPGP|OpenKeychain|APG|PGP|NetPGP|RNP|Encryption Desktop)[-\w.+/() ]{0,40}"
    rb"|Comment: ?(?:https?://)?(?:www\.)?(?:openpgpjs\.org|protonmail\.com|proton\.me|gnupg\.org|gpgtools\.org|"
    rb"mailvelope\.com|enigmail\.net|keybase\.io/crypto|flowcrypt\.com)/?"
    rb"|Charset: ?[-\w]{1,20}"
)
_TO_KEY, _BY_PASSWORD, _MARKER, _PROTECTED, _AEAD = 1, 3, 10, 18, 20
_SESSIONS: Final = {_TO_KEY, _BY_PASSWORD}
_CIPHERS: Final = {7: "AES-128", 8: "AES-192", 9: "AES-256"}
_SHORTEST: Final = 16 + 2 + 2 + 22  # a prefix, a packet of nothing and a hash (RFC 9580 section 5.13.1)
_SHORTEST_AEAD: Final = 32 + 16 + 16  # a salt or nonce, and tags
_STEPS: Final = 20
_STEPS_OF_PART: Final = 4
_MOST_PARTS: Final = 8  # of the packet that tells whether it is one


class _Packet(NamedTuple):
    tag: int
    body: bytes


def fits(content: bytes) -> bool:
    """Whether *content* is an encrypted OpenPGP message, by its first packet."""
    if content[:1024].lstrip()[:27] == b"-----BEGIN PGP MESSAGE-----":
        return True
    try:
        packet = next(_packets(content, Budget(steps=_MOST_PARTS * _STEPS)))
    except (IndexError, StopIteration, TooLargeError):
        return False
    return packet == (_MARKER, b"PGP") or (packet.tag in _SESSIONS and _is_session(packet))


def facts(content: bytes, budget: Budget | None = None) -> Facts:
    """Say to whom an OpenPGP message is encrypted.

    Raises:
        ValueError, IndexError: it is damaged.
        TooLargeError: there are too many packets, or parts of one.
    """
    budget = budget or Budget()
    armored = _ARMOR.fullmatch(content)
    if armored is None:
        return _facts(content, budget)
    headers, body = armored.groups()
    is_usual = all(map(_SAYS.fullmatch, headers.splitlines()))
    return _facts(binascii.a2b_base64(body), budget).if_all(is_usual)


def _facts(content: bytes, budget: Budget) -> Facts:
    packets = [packet for packet in _packets(content, budget) if packet != (_MARKER, b"PGP")]
    *sessions, (tag, body) = packets
    tags = [each.tag for each in sessions]
    if tag not in {_PROTECTED, _AEAD} or not tags or not set(tags) <= _SESSIONS:
        return Facts()
    number, with_password = tags.count(_TO_KEY), _BY_PASSWORD in tags
    ways = [f"{to_keys(number, 'key')}"] * bool(number) + ["by password"] * with_password
    holders = "the holder of the OpenPGP key" if number == 1 else f"holders of {number} OpenPGP keys"
    readers = [holders] * bool(number) + [BY_PASSWORD] * with_password
    encryption = f"OpenPGP{_cipher(tag, body)} {' and '.join(ways)}"
    is_all = all(map(_is_session, sessions)) and _is_ciphertext(tag, body)
    found = Facts(encryption=encryption, readers=" and ".join(readers))
    return found.if_all(is_all and not is_any_plain((each.body for each in packets), budget))


def _cipher(tag: int, body: bytes) -> str:
    """Name the cipher, which only the newer kinds of packets say in clear."""
    says_cipher = tag == _AEAD or body[0] == 2
    return f", {_CIPHERS.get(body[1], 'another cipher')}" if says_cipher else ""


def _is_session(packet: _Packet) -> bool:
    return is_for_key(packet.body) if packet.tag == _TO_KEY else is_for_password(packet.body)


def _is_ciphertext(tag: int, body: bytes) -> bool:
    """Whether *body* has the version that it should, and the length that encryption gives it at least."""
    if tag == _PROTECTED and body[0] == 1:
        return len(body) > _SHORTEST
    return body[0] == (1 if tag == _AEAD else 2) and body[1] in _CIPHERS and len(body) > _SHORTEST_AEAD


def _packets(content: bytes, budget: Budget) -> Iterator[_Packet]:
    """Yield the packets (RFC 9580 section 4.2)."""
    place = 0
    while place < len(content):
        tag, length, place, goes_on = _header(content, place)
        pieces = [content[place : place + length]]
        while goes_on:
            budget.spend(_STEPS_OF_PART)
            length, place, goes_on = _new_length(content, place + length)
            pieces.append(content[place : place + length])
        place += length
        budget.spend(_STEPS)
        if place > len(content):
            raise IndexError
        yield _Packet(tag, b"".join(pieces))


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
