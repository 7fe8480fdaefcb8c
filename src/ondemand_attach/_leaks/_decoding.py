"""Decoding: bytes to text, and the escapes that a text may be written in."""

from __future__ import annotations

import binascii
import html
import re
from collections.abc import Callable

BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")

_HEX_SIGN = re.compile(r"%|=|\\x")
_ENCODED_WORD = re.compile(r"=\?([^?\s*]+)[^?\s]*\?([bBqQ])\?([^?]*)\?=")
# One alone is as likely an attribute: width=60.
_QUOTED = re.compile(r"=(?:[0-9A-Fa-f]{2}(?:=[0-9A-Fa-f]{2})+|20|2C|2E|3D|5F|[89A-F][0-9A-F])")


def text_of(content: bytes, charset: str = "utf-8") -> str:
    """Decode *content*, in one way or another."""
    if content.startswith(BYTE_ORDER_MARKS):
        return content.decode("utf-16", "replace")
    try:
        return content.decode(charset)
    except (ValueError, LookupError):
        return content.decode("latin-1")


def from_base64(content: bytes) -> bytes | None:
    """Decode *content*, padded or not, or return None if it is no base64."""
    compact = content.translate(None, b" \t\r\n").rstrip(b"=")
    try:
        return binascii.a2b_base64(compact + b"=" * (-len(compact) % 4), strict_mode=True)
    except binascii.Error:
        return None


def unescaped(text: str) -> str:
    """Decode what leaves no doubt that it is encoded."""
    if "&" in text:
        text = html.unescape(text)
    for sign, pattern, decode in _ESCAPES:
        if sign in text:
            text = pattern.sub(decode, text)
    return text


def unquoted(text: str) -> str:
    """Decode quoted-printable in text that was not declared so."""
    if "=" not in text:
        return text
    return _QUOTED.sub(_hexadecimal, text.replace("=\r\n", "").replace("=\n", ""))


def _encoded_words(match: re.Match[str]) -> str:
    """Decode adjacent RFC 2047 words, which may share a multi-byte character between them."""
    pieces = _ENCODED_WORD.findall(match[0])
    joined = b"".join(
        from_base64(piece.encode("ascii", "ignore")) or b""
        if encoding in "bB"
        else binascii.a2b_qp(piece.encode("ascii", "ignore"), header=True)
        for _, encoding, piece in pieces
    )
    return text_of(joined, pieces[0][0] if pieces else "utf-8")


def _octal(match: re.Match[str]) -> str:
    return text_of(bytes(int(digits, 8) for digits in match[0][1:].split("\\")))


def _utf_16(match: re.Match[str]) -> str:
    return bytes.fromhex(match[0].replace("\\u", "")).decode("utf-16-be", "replace")


def _hexadecimal(match: re.Match[str]) -> str:
    return text_of(bytes.fromhex(_HEX_SIGN.sub("", match[0])))


_ESCAPES: tuple[tuple[str, re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    # RFC 2231 section 3: the value goes on in the next parameter.
    ("*1", re.compile(r"\"?;\s*[\w-]+\*[1-9][0-9]*\*?=\"?"), lambda _: ""),
    ("%", re.compile(r"(?:%[0-9A-Fa-f]{2})+"), _hexadecimal),
    ("\\\\", re.compile(r"\\\\"), lambda _: "\\"),  # a quoted-pair, RFC 5322 section 3.2.1
    ("\\x", re.compile(r"(?:\\x[0-9A-Fa-f]{2})+"), _hexadecimal),
    ("\\u", re.compile(r"(?:\\u[0-9A-Fa-f]{4})+"), _utf_16),
    ("\\", re.compile(r"(?:\\[0-3][0-7]{2})+"), _octal),
    ("=?", re.compile(r"(?:=\?[^?\s]+\?[bBqQ]\?[^?]*\?=\s*)+"), _encoded_words),
    # PDF text with kerning: [(Ja) 20 (ne)] TJ
    ("TJ", re.compile(r"\)\s*-?[0-9.]+\s*\("), lambda _: ""),
)
