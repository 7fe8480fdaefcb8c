"""The letters that glyphs are called by in a PDF's encodings, as far as European names need them."""

from __future__ import annotations

import re
import unicodedata

_ACCENTS = {
    "acute": "\u0301", "grave": "\u0300", "dieresis": "\u0308", "circumflex": "\u0302", "tilde": "\u0303",
    "caron": "\u030c", "ring": "\u030a", "cedilla": "\u0327", "ogonek": "\u0328", "macron": "\u0304",
    "breve": "\u0306", "dotaccent": "\u0307", "hungarumlaut": "\u030b", "commaaccent": "\u0327",
}  # fmt: skip
_LETTERS = {
    "germandbls": "ß", "lslash": "ł", "oslash": "ø", "ae": "æ", "oe": "œ", "dcroat": "đ", "dmacron": "đ",
    "dotlessi": "\u0131", "idot": "İ", "eth": "ð", "thorn": "þ", "hbar": "ħ", "tbar": "ŧ", "eng": "ŋ",
    "ij": "ij",
    "fi": "fi", "fl": "fl", "ff": "ff", "ffi": "ffi", "ffl": "ffl", "longs": "s",
    "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4",
    "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
    "at": "@", "plus": "+", "period": ".", "comma": ",", "hyphen": "-", "slash": "/",
}  # fmt: skip
_UNICODE = re.compile(r"uni([0-9A-F]{4})+|u([0-9A-F]{4,6})")
_ACCENTED = re.compile(rf"([A-Za-z]|ae|AE)({'|'.join(_ACCENTS)})")


def letters(name: str) -> str:
    """Return what the glyph *name* stands for; a space for signs and for names that say nothing."""
    return "".join(map(_letter, name.partition(".")[0].split("_")))  # several in a ligature


def _letter(name: str) -> str:
    if len(name) == 1:
        return name
    if known := _LETTERS.get(name) or _LETTERS.get(name.lower(), "").upper():
        return known
    if found := _ACCENTED.fullmatch(name):
        return unicodedata.normalize("NFC", found[1] + _ACCENTS[found[2]])
    if found := _UNICODE.fullmatch(name):
        return "".join(map(_of_code, [found[2]] if found[2] else re.findall("....", name[3:])))
    return " "


def _of_code(digits: str) -> str:
    code = int(digits, 16)
    return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else " "
