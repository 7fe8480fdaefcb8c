"""Decoding: bytes to text, and the escapes that a text may be written in."""

from __future__ import annotations

import binascii
import codecs
import html
import itertools
import re
import urllib.parse
from collections.abc import Callable
from typing import TypeAlias

# UTF-32 first: its mark begins with that of UTF-16.
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_MARKS = tuple(BYTE_ORDER_MARKS)
# Decoders that are no charsets of a text, some of them slow or noisy.
_NO_CHARSETS = frozenset({"punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined"})

_REFERENCE = re.compile(r"&#(?:0*([0-9]++)|([xX])0*([0-9A-Fa-f]++))")
_UNIT_SIGN = re.compile(r"\\u|%u")
_HEX_SIGN = re.compile(r"%|=|\\x")
_ENCODED_WORD = re.compile(r"=\?([^?\s*]+)[^?\s]*\?([bBqQ])\?([^?]*)\?=")
_A_LABEL = re.compile(r"xn--([a-z0-9-]{1,59})", re.IGNORECASE)
_CONTENT = re.compile("content", re.IGNORECASE)  # CSS Syntax section 2: case means nothing
_IN_STYLE = re.compile(r"\\([0-9A-Fa-f]{2,6})[ \t\r\n]?")  # CSS Syntax section 4.3.7
# One alone is as likely an attribute: width=60.
_QUOTED = re.compile(r"=(?:[0-9A-Fa-f]{2}(?:=[0-9A-Fa-f]{2})+|20|2C|2E|3D|5F|[89A-F][0-9A-F])")


def text_of(content: bytes, charset: str = "utf-8") -> str:
    """Decode *content*, in one way or another."""
    if marked := marked_charset(content):
        return content.decode(marked, "replace")
    try:
        return content.decode(charset if charset == "utf-8" else codec_of(charset))
    except (ValueError, LookupError):
        return content.decode("latin-1")


def marked_charset(content: bytes) -> str | None:
    """Return the charset that the byte order mark of *content* tells."""
    if not content.startswith(_MARKS):
        return None
    return next(name for mark, name in BYTE_ORDER_MARKS.items() if content.startswith(mark))


def codec_of(charset: str) -> str:
    """Return the name under which Python knows *charset*.

    Raises:
        LookupError, ValueError: it is no charset of a text.
    """
    name = codecs.lookup(charset).name
    if name in _NO_CHARSETS:
        raise LookupError(name)
    return name


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
        text = html.unescape(_REFERENCE.sub(_shorter, text) if "&#" in text else text)
    for mark, escapes in _ESCAPES.items():
        for sign, pattern, decode in escapes if mark in text else ():
            if sign in text:
                text = pattern.sub(decode, text)
    return text


def unquoted(text: str) -> str:
    """Decode quoted-printable in text that was not declared so."""
    if "=" not in text:
        return text
    return _QUOTED.sub(_hexadecimal, text.replace("=\r\n", "").replace("=\n", ""))


def from_style_sheet(text: str) -> str:
    """Decode the escapes of what a style sheet has shown: ``content`` with code points in hexadecimal."""
    return _IN_STYLE.sub(_code_point, text) if "\\" in text and _CONTENT.search(text) else text


def with_unicode_labels(text: str) -> str:
    """Decode the A-labels of domains."""
    return _A_LABEL.sub(_unicode_label, text) if "--" in text else text


def _shorter(match: re.Match[str]) -> str:
    """Write a character reference without its zeros; with more digits than any character has, it is none."""
    sign, digits = match[2] or "", match[1] or match[3]
    return f"&#{sign}{digits}" if len(digits) < 8 else "\ufffd"


def _encoded_words(match: re.Match[str]) -> str:
    """Decode adjacent RFC 2047 words, which may share a multi-byte character between them."""
    return "".join(
        text_of(b"".join(_word(encoding, text) for _, encoding, text in words), charset)
        for charset, words in itertools.groupby(
            _ENCODED_WORD.findall(match[0]), key=lambda word: word[0].lower()
        )
    )


def _word(encoding: str, text: str) -> bytes:
    octets = text.encode("ascii", "ignore")
    return (from_base64(octets) or b"") if encoding in "bB" else binascii.a2b_qp(octets, header=True)


def _extended(match: re.Match[str]) -> str:
    """Decode an RFC 2231 value, which says its charset itself."""
    octets = urllib.parse.unquote_to_bytes(match[2].encode("utf-8", "surrogatepass"))
    return f"*={text_of(octets, match[1])}"


def _code_point(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "\ufffd"


def _unicode_label(match: re.Match[str]) -> str:
    """Decode a label of a domain, RFC 3492."""
    try:
        return match[1].encode("ascii").decode("punycode")
    except ValueError:
        return match[0]


def _octal(match: re.Match[str]) -> str:
    return text_of(bytes(int(digits, 8) for digits in match[0][1:].split("\\")))


def _utf_16(match: re.Match[str]) -> str:
    return bytes.fromhex(_UNIT_SIGN.sub("", match[0])).decode("utf-16-be", "replace")


def _hexadecimal(match: re.Match[str]) -> str:
    return text_of(bytes.fromhex(_HEX_SIGN.sub("", match[0])))


_Escape: TypeAlias = tuple[str, re.Pattern[str], Callable[[re.Match[str]], str]]
# By a sign that all of them have, as most texts have none.
_ESCAPES: dict[str, tuple[_Escape, ...]] = {
    "*": (
        # RFC 2231 section 3: the value goes on in the next parameter.
        ("*1", re.compile(r"\"?;\s*[\w-]+\*[1-9][0-9]*\*?=\"?"), lambda _: ""),
        ("*=", re.compile(r"\*=\"?([\w.:+-]{1,40})'[\w-]{0,20}'([^\s;\"]+)", re.ASCII), _extended),
    ),
    "%": (
        ("%u", re.compile(r"(?:%u[0-9A-Fa-f]{4})+"), _utf_16),
        ("%", re.compile(r"(?:%[0-9A-Fa-f]{2})+"), _hexadecimal),
    ),
    "\\": (
        ("\\\\", re.compile(r"\\\\"), lambda _: "\\"),  # a quoted-pair, RFC 5322 section 3.2.1
        ("\\x", re.compile(r"(?:\\x[0-9A-Fa-f]{2})+"), _hexadecimal),
        ("\\u", re.compile(r"(?:\\u[0-9A-Fa-f]{4})+"), _utf_16),
        ("\\u{", re.compile(r"\\u\{([0-9A-Fa-f]{1,6})\}"), _code_point),
        ("\\U", re.compile(r"\\U([0-9A-Fa-f]{8})"), _code_point),
        ("\\", re.compile(r"(?:\\[0-3][0-7]{2})+"), _octal),
    ),
    "--": tuple(  # RFC 5890 section 2.3.2.1: case means nothing
        (f"{sign}--", _A_LABEL, _unicode_label) for sign in ("xn", "XN", "Xn", "xN")
    ),
    "=?": (("=?", re.compile(r"(?:=\?[^?\s]+\?[bBqQ]\?[^?]*\?=\s*)+"), _encoded_words),),
}
