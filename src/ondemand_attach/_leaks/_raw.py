"""What of a protected document anybody can read: whether a value stands there."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from ondemand_attach._leaks._forms import LONGEST

_SHORTEST = 6
_FEWEST_DIGITS = 8
_LONGEST_WORD = 11
_HEXADECIMAL = re.compile(rb"<([0-9A-Fa-f]+)>")
_BLOCK = 16  # bytes, of AES


def found_raw(values: Iterable[tuple[str, object]], contents: Collection[bytes]) -> Iterator[str]:
    """Yield the paths of the *values* that stand in one of the protected *contents* as they are."""
    places = [(octets, b"\0" in octets) for octets in map(_readable, contents)]
    for path, value in values:
        text = str(value)[:LONGEST]
        if not _is_telling(text):
            continue
        narrow, wide = text.encode(errors="replace"), text.encode("utf-16-be", "replace")
        if any(narrow in octets or (has_wide and wide in octets) for octets, has_wide in places):
            yield path


def _is_telling(text: str) -> bool:
    """Whether *text* cannot be there by chance: as a word of the format, or in a measure such as 841.89."""
    if text.isalpha() and text.isascii():
        return len(text) > _LONGEST_WORD
    if not any(map(str.isalpha, text)):
        return sum(map(str.isdigit, text)) >= _FEWEST_DIGITS
    return len(text) >= _SHORTEST


def _readable(content: bytes) -> bytes:
    if not content.startswith(b"%PDF-"):
        return content
    return _HEXADECIMAL.sub(_plain, b"".join(_outside_of_streams(content)))


def _outside_of_streams(content: bytes) -> Iterator[bytes]:
    """Yield the objects of a PDF without the data of their streams, and without the table of places."""
    start, last = 0, content.rfind(b"startxref")
    while (end := content.find(b"stream", start)) >= 0:
        yield content[start:end]
        start = content.find(b"endstream", end)
        if start < 0:
            return
        start += len(b"endstream")
    table = content.rfind(b"\nxref", start, last)
    yield content[start : table if table >= 0 else None]


def _plain(string: re.Match[bytes]) -> bytes:
    """Decode a string in hexadecimal, but for what only AES could have made, or a signature."""
    if len(string[1]) % 2 or len(string[1]) % (2 * _BLOCK) == 0 or len(string[1]) > 2048:
        return b"<>"
    return bytes.fromhex(string[1].decode())
