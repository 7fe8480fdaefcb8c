"""What two texts have in common however they are written: their letters and digits, in words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# Letters of their own that are written with others where a keyboard or a file name has none of them.
_PLAIN = {
    "\u0131": "i",
    "ȷ": "j",
    "ð": "d",
    "þ": "th",
    "ŋ": "n",
    "ĸ": "k",
    "ə": "e",
    "\u0640": "",
    "\u115f": "",
    "\u1160": "",
}
_LATIN = re.compile(r"LATIN SMALL (?:LETTER|LIGATURE) ([A-Z]{1,2})(?: WITH .+)?")
_MODIFIED = re.compile(r"(CYRILLIC SMALL LETTER .+?) WITH .+")


def _fold(character: str) -> str:
    folded = unicodedata.normalize("NFKD", character.casefold()).casefold()
    return "".join(map(_letters, folded))


def _letters(part: str) -> str:
    """Return what counts of one letter or sign: ``l`` for ``ł``, ``ae`` for ``æ``, ``7`` for any seven."""
    category = unicodedata.category(part)
    if category in {"Mn", "Cf", "Me"}:
        return ""
    if not part.isalnum() or "\u02b9" <= part <= "\u02ff":  # apostrophes that count as letters
        return " "
    if category == "Nd":
        return str(unicodedata.digit(part))
    if (plain := _PLAIN.get(part)) is not None:
        return plain
    name = unicodedata.name(part, "")
    if latin := _LATIN.fullmatch(name):
        return latin[1].lower()
    modified = _MODIFIED.fullmatch(name)
    return _named(modified[1], part) if modified else part


def _named(name: str, otherwise: str) -> str:
    try:
        return unicodedata.lookup(name)
    except KeyError:
        return otherwise


_OFTEN = 0x10000  # the characters before it are not so many that they could not be kept


class _Folds(dict[int, str]):
    def __missing__(self, code: int) -> str:
        fold = _fold(chr(code))
        if code < _OFTEN:
            self[code] = fold
        return fold


_FOLDS = _Folds({code: _fold(chr(code)) for code in (*range(0x80, 0x500), *range(0x2000, 0x2100))})
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_ASCII_FOLDS = bytes(ord(_fold(chr(code))) if code < 128 else code for code in range(256))
_FOLDS_IN_LINES = bytes(10 if code == 10 else fold for code, fold in enumerate(_ASCII_FOLDS))
# Bytes that mean nothing are the less likely to spell a name, the fewer of them count as letters.
_BYTE_FOLDS = bytes(fold if fold < 128 else 32 for fold in _ASCII_FOLDS)


def words(text: str) -> str:
    """Return the folded words of *text*, with one space before, between and after them."""
    return f" {' '.join(_folded(text, _ASCII_FOLDS).split())} "


def words_of_each(texts: Iterable[str]) -> list[str]:
    """Return the folded words of each of *texts*, with one space between two."""
    lines = "".join([text.replace("\n", " ") + "\n" for text in texts])
    return [" ".join(line.split()) for line in _folded(lines, _FOLDS_IN_LINES).split("\n")[:-1]]


def _folded(text: str, ascii_folds: bytes) -> str:
    # A table of bytes is ten times as fast as one of characters.
    text = text.encode("utf-8", "surrogatepass").translate(ascii_folds).decode("utf-8", "surrogatepass")
    return text if text.isascii() else _NOT_ASCII.sub(lambda run: run[0].translate(_FOLDS), text)


def words_in_bytes(content: bytes) -> str:
    """Return the folded ASCII words of *content*, each other byte as a space."""
    return f" {content.translate(_BYTE_FOLDS).decode('ascii')} "


def joins(character: str) -> bool:
    """Whether a word goes on at *character*."""
    # From Thai to Hangul, words are written without spaces or with particles attached.
    return character.isalnum() and not "\u0e00" <= character <= "\U0003ffff"
