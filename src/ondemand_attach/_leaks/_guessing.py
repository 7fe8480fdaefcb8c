"""Guessing: what any run of letters and digits would say, were it base64 or hexadecimal."""

from __future__ import annotations

import base64
import binascii
import codecs
import re

_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_LINE_END_IN_BASE64 = re.compile(rb"\n(?<=[A-Za-z0-9+/]{4}\n)[ \t]*(?=[A-Za-z0-9+/]+=*(?:\n|$))")
_TOKEN = re.compile(rb"[A-Za-z0-9+/]{6,}")
_WORD = re.compile(rb"[A-Za-z0-9]{6,}")
_HEX = re.compile(rb"[0-9A-Fa-f]{8,}")
_BASE32 = re.compile(rb"[A-Z2-7]{13,}")
_READABLE = re.compile(rb"\0\0\0((?:[\t\r\n\x20-\x7e]++|[\xc2-\xf4][\x80-\xbf]{1,3})++)(?=\0)")


def base64_tokens(text: str) -> list[bytes]:
    """Return the runs of the base64 alphabet, put together again where they were wrapped into lines."""
    data = text.encode("ascii", "replace").translate(_URL_SAFE).replace(b"\r\n", b"\n")
    return _TOKEN.findall(_LINE_END_IN_BASE64.sub(b"", data))


def readable_tokens(tokens: list[bytes]) -> str:
    """Decode what looks like base64, base32 or hexadecimal, and keep it where it is readable text."""
    joined = b" ".join(tokens)
    runs = [run[: len(run) // 2 * 2] for run in _HEX.findall(joined)]
    base32 = [_from_base32(run) for run in _BASE32.findall(joined)]
    words = _WORD.findall(b" ".join([token for token in tokens if not token.isalnum()]))
    padded = [token + b"AAAAAAAA"[len(token) % 4 :] for token in tokens + words]
    texts = [_from_hexadecimal(run) for run in runs]
    plain = b"\0\0\0".join([b"", binascii.a2b_base64(b"".join(padded)), *texts, *base32, b""])
    return " , ".join([piece.decode("utf-8", "ignore") for piece in _READABLE.findall(plain)])


def _from_hexadecimal(run: bytes) -> bytes:
    octets = bytes.fromhex(run.decode("ascii"))
    if octets.startswith(codecs.BOM_UTF16_BE) or b"\0" in octets:
        wide = octets.decode("utf-16-be", "ignore").removeprefix("\ufeff").replace("\0", "")
        return octets.replace(b"\0", b"").lstrip(codecs.BOM_UTF16_BE) + b"\0\0\0" + wide.encode()
    return octets


def _from_base32(run: bytes) -> bytes:
    whole = len(run) - (len(run) % 8 in {1, 3, 6})  # of so many over, the last says nothing
    return base64.b32decode(run[:whole] + b"=" * (-whole % 8))


def unaligned_base64(tokens: list[bytes]) -> bytes:
    """Decode all that may be base64 from each of the four places where a group may begin."""
    data = b"".join([token for token in tokens if len(token) >= 8]) + b"AAA"
    groups = (data[start : start + (len(data) - start) // 4 * 4] for start in range(4))
    return b"\n\n".join([binascii.a2b_base64(group) for group in groups])
