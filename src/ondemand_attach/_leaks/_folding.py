"""What two texts have in common however they are written: their letters and digits, in words."""

from __future__ import annotations

import re
import unicodedata


def _fold(character: str) -> str:
    folded = unicodedata.normalize("NFKD", character.casefold()).casefold()
    kept = (part for part in folded if unicodedata.category(part) not in {"Mn", "Cf", "Me"})
    return "".join(part if part.isalnum() else " " for part in kept)


class _Folds(dict[int, str]):
    def __missing__(self, code: int) -> str:
        return _fold(chr(code))


_FOLDS = _Folds({code: _fold(chr(code)) for code in range(0x500)})
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
# Bytes that mean nothing are the less likely to spell a name, the fewer of them count as letters.
_BYTE_FOLDS = bytes(ord(_FOLDS[code]) if code < 128 and len(_FOLDS[code]) == 1 else 32 for code in range(256))


def words(text: str) -> str:
    """Return the folded words of *text*, with one space before, between and after them."""
    if not text.isascii():  # str.translate is ten times faster where all is ASCII
        text = _NOT_ASCII.sub(lambda run: run[0].translate(_FOLDS), text)
    return f" {' '.join(text.translate(_FOLDS).split())} "


def words_in_bytes(content: bytes) -> str:
    """Return the folded ASCII words of *content*, each other byte as a space."""
    return f" {content.translate(_BYTE_FOLDS).decode('ascii')} "


def joins(character: str) -> bool:
    """Whether a word goes on at *character*."""
    # From Thai to Hangul, words are written without spaces or with particles attached.
    return character.isalnum() and not "\u0e00" <= character <= "\U0003ffff"
