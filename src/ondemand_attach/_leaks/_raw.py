"""What of a protected document anybody can read: whether a value stands there."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from ondemand_attach._leaks._forms import LONGEST
from ondemand_attach._leaks._pdf_objects import outside_of_streams
from ondemand_attach._leaks._pdf_strings import hexadecimal, literal

_SHORTEST = 6
_FEWEST_DIGITS = 8
_LONGEST_WORD = 11
_HEXADECIMAL = re.compile(rb"<([0-9A-Fa-f\s]++)>")
_LITERAL = re.compile(rb"\((?:[^()\\]++|\\[\s\S])*+\)")
_LONGEST = 1024  # octets
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
    clear = b"".join(outside_of_streams(content))
    table, last = clear.rfind(b"\nxref"), clear.rfind(b"startxref")
    clear = clear[:table] if 0 <= table < last else clear[: last if last >= 0 else None]
    clear = _HEXADECIMAL.sub(lambda string: _plain(hexadecimal(string[1])), clear)
    return _LITERAL.sub(lambda string: _plain(literal(string[0], 0)[0]), clear) if b"\\" in clear else clear


def _plain(octets: bytes) -> bytes:
    """Return what a string says, but for what only AES could have made, or a signature."""
    if len(octets) % _BLOCK == 0 or len(octets) > _LONGEST:
        return b"<>"
    return b"(" + octets + b")"
