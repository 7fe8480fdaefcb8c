"""Strings and names of a PDF, ISO 32000-2, 7.3.4 and 7.3.5, and what they say, 7.9.2."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

# A literal string without parentheses in it; those that hold some are followed one by one.
_FLAT = re.compile(rb"\(((?:[^()\\]++|\\[\s\S])*+)\)")
_PARENTHESIS = re.compile(rb"\\[\s\S]|[()]")
_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|(\r\n|[\s\S]))")
_ESCAPED = {
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"b": b"\b",
    b"f": b"\f",
    b"\n": b"",
    b"\r": b"",
    b"\r\n": b"",
}
_IN_NAME = re.compile(rb"#([0-9A-Fa-f]{2})")
_START = re.compile(rb"\(|<([0-9A-Fa-f\s\0]*+)>|/([^\s\0()<>\[\]{}/%]*#[^\s\0()<>\[\]{}/%]*)|%[^\r\n]*+")
_LANGUAGE = re.compile(r"\x1b[^\x1b]{0,20}\x1b")
_CONTROLS = re.compile(r"[\0-\x08\x0e-\x1f]")
_MARKED = {codecs.BOM_UTF16_BE: "utf-16-be", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF8: "utf-8"}
# Annex D.2, where it is not Latin-1: its letters; its signs do not count.
_PDF_DOC = {
    **dict.fromkeys((*range(0x18, 0x20), *range(0x80, 0xA1)), " "),
    **dict(enumerate("ﬁﬂŁŒŠŸŽıłœšž", 0x93)),
}


def literal(content: bytes, start: int) -> tuple[bytes, int]:
    """Return the octets of the literal string that begins at *start*, and where it ends."""
    if flat := _FLAT.match(content, start):
        return _unescaped(flat[1]), flat.end()
    depth, at = 0, start
    for found in _PARENTHESIS.finditer(content, start):
        depth += {b"(": 1, b")": -1}.get(found[0], 0)
        at = found.end()
        if not depth:
            return _unescaped(content[start + 1 : at - 1]), at
    return _unescaped(content[start + 1 :]), len(content)


def hexadecimal(digits: bytes) -> bytes:
    """Return the octets of a string in hexadecimal; a digit that is missing at the end is 0."""
    compact = digits.translate(None, b"\0\t\n\f\r\v ")
    return bytes.fromhex((compact + b"0" * (len(compact) % 2)).decode("ascii"))


def strings(content: bytes) -> Iterator[bytes]:
    """Yield the octets of each string in *content*, and of names that are written with ``#``."""
    found = _START.search(content)
    while found:
        end = found.end()
        if found[0] == b"(":
            octets, end = literal(content, found.start())
            yield octets
        elif found[1]:
            yield hexadecimal(found[1])
        elif found[2]:
            yield _IN_NAME.sub(lambda match: bytes.fromhex(match[1].decode()), found[2])
        found = _START.search(content, end)


def texts(octets: bytes) -> Iterator[str]:
    """Yield what *octets* say as a text string; nothing if it is no text."""
    for text in _readings(octets):
        readable = _LANGUAGE.sub("", text)  # 7.9.2.2.2
        if not _CONTROLS.search(readable):
            yield readable


def _readings(octets: bytes) -> Iterator[str]:
    for mark, charset in _MARKED.items():
        if octets.startswith(mark):
            yield octets[len(mark) :].decode(charset, "replace")
            return
    if b"\0" in octets:  # UTF-16 without its mark, as some makers write it
        yield octets.decode("utf-16-be", "replace")
        return
    yield octets.decode("latin-1").translate(_PDF_DOC)
    if not octets.isascii():
        try:
            yield octets.decode("utf-8")
        except ValueError:
            return


def _unescaped(octets: bytes) -> bytes:
    return _ESCAPE.sub(_octets, octets) if b"\\" in octets else octets


def _octets(match: re.Match[bytes]) -> bytes:
    if match[1]:
        return bytes([int(match[1], 8) & 0xFF])
    return _ESCAPED.get(match[2], match[2])
