"""What the codes of a PDF's fonts stand for, ISO 32000-2, 9.6.5 and 9.10: ToUnicode maps and encodings."""

from __future__ import annotations

import functools
import re
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from ondemand_attach._leaks._pdf_glyphs import letters
from ondemand_attach._leaks._pdf_strings import hexadecimal

_MOST = 0x10000  # codes of a font that have a meaning
_STRING = re.compile(rb"<([0-9A-Fa-f\s\0]*+)>|([\[\]])")
_DIFFERENCE = re.compile(rb"([0-9]{1,3})\b|/([^\s/\[\]<>()]+)")
_DIFFERENCES = re.compile(rb"/Differences\s*\[([^\]]*)\]")
_COMPOSITE = re.compile(rb"/Subtype\s*/Type0\b")
_BASED = re.compile(rb"/BaseEncoding\s*/(\w+)")
_NAMED = re.compile(rb"/Encoding\s*/([^\s/\[\]<>()]+)")
_CODECS = (
    (re.compile(r".*(?:UCS2|UTF16)"), "utf-16-be"),
    (re.compile(r".*UTF8"), "utf-8"),
    (re.compile(r".*UTF32"), "utf-32-be"),
    (re.compile(r"90ms|90pv|83pv|Add-RKSJ|Ext-RKSJ"), "cp932"),
    (re.compile(r"EUC-[HV]"), "euc_jp"),
    (re.compile(r"GB"), "gb18030"),
    (re.compile(r"B5|ETen|HK"), "big5hkscs"),
    (re.compile(r"KSC"), "cp949"),
)
_STANDARD = {
    0xAE: "ﬁ", 0xAF: "ﬂ", 0xE1: "Æ", 0xE8: "Ł", 0xE9: "Ø", 0xEA: "Œ",
    0xF1: "æ", 0xF5: "\u0131", 0xF8: "ł", 0xF9: "ø", 0xFA: "œ", 0xFB: "ß",
}  # fmt: skip
_BASES = {
    name: {code: bytes([code]).decode(charset, "replace") for code in range(256)} | special
    for name, charset, special in (
        (b"", "cp1252", {}),
        (b"StandardEncoding", "latin-1", _STANDARD),
        (b"MacRomanEncoding", "mac_roman", {}),
    )
}


# Decodes the octets of a shown string.
Font: TypeAlias = Callable[[bytes], str]


def simple(dictionary: bytes, encoding: bytes, meanings: Mapping[int, str]) -> Font:
    """Return a font of one octet for each code.

    Args:
        dictionary: of the font.
        encoding: the dictionary of its encoding; empty if it stands in that of the font.
        meanings: its ToUnicode map.
    """
    named = _base(dictionary, encoding or dictionary) | {
        code: meanings[code] for code in meanings if code < 256
    }
    return functools.partial(_of_simple, named)


def composite(dictionary: bytes, lengths: Sequence[int], meanings: Mapping[int, str]) -> Font:
    """Return a font of codes of several octets (9.7).

    Args:
        dictionary: of the font.
        lengths: of its codes, in octets.
        meanings: its ToUnicode map.
    """
    named = _NAMED.search(dictionary)
    name = named[1].decode("latin-1") if named else ""
    for pattern, charset in () if meanings else _CODECS:
        if pattern.match(name):
            return functools.partial(_of_charset, charset)
    if tuple(lengths or (2,)) == (2,):
        return functools.partial(_of_two_octets, meanings)
    return functools.partial(_of_any_length, meanings, lengths)


def is_composite(dictionary: bytes) -> bool:
    """Whether the font of *dictionary* has codes of several octets."""
    return _COMPOSITE.search(dictionary) is not None


def _of_charset(charset: str, octets: bytes) -> str:
    return octets.decode(charset, "replace")


def _base(dictionary: bytes, encoding: bytes) -> dict[int, str]:
    named, based = _NAMED.search(dictionary), _BASED.search(encoding)
    name = (based or named or [b"", b""])[1]
    meanings = dict(_BASES.get(name, _BASES[b""]))
    found, code = _DIFFERENCES.search(encoding), 0
    for number, glyph in _DIFFERENCE.findall(found[1]) if found else ():
        if number:
            code = int(number)
        else:
            meanings[code] = letters(glyph.decode("latin-1"))
            code += 1
    return meanings


def _of_simple(meanings: Mapping[int, str], octets: bytes) -> str:
    return octets.decode("latin-1").translate(meanings)


def _of_two_octets(meanings: Mapping[int, str], octets: bytes) -> str:
    codes = struct.unpack_from(f">{len(octets) // 2}H", octets)
    return "".join([meanings.get(code, " ") for code in codes])


def _of_any_length(meanings: Mapping[int, str], lengths: Sequence[int], octets: bytes) -> str:
    pieces, at = list[str](), 0
    while at < len(octets):
        codes = [(length, int.from_bytes(octets[at : at + length], "big")) for length in lengths]
        length, code = next((one for one in codes if one[1] in meanings), codes[-1])
        pieces.append(meanings.get(code, " "))
        at += length
    return "".join(pieces)


def code_lengths(code_map: bytes) -> list[int]:
    """Return how long the codes of a map are, in octets, shortest first."""
    spaces = (strings for strings in _blocks(code_map, b"codespacerange"))
    lengths = {len(one) for strings in spaces for one in strings if isinstance(one, bytes)}
    return sorted(lengths & {1, 2, 3, 4})


def mapped(code_map: bytes) -> Iterator[tuple[int, str]]:
    """Yield the codes of a ToUnicode map, with what each stands for."""
    for strings in _blocks(code_map, b"bfchar"):
        yield from (
            (_code(one), _meaning(other)) for one, other in zip(strings[::2], strings[1::2], strict=False)
        )
    left = _MOST
    for strings in _blocks(code_map, b"bfrange"):
        for first, last, target in _ranges(strings):
            count = min(max(_code(last) - first + 1, 0), left)
            left -= count
            yield from (
                (first + at, meaning) for at, meaning in zip(range(count), _following(target), strict=False)
            )


_Target = bytes | list[bytes]


def _blocks(code_map: bytes, name: bytes) -> Iterator[list[_Target]]:
    for block in code_map.split(b"begin" + name)[1:]:
        yield _strings(block.partition(b"end" + name)[0])


def _strings(block: bytes) -> list[_Target]:
    found: list[_Target] = []
    array: list[bytes] | None = None
    for digits, bracket in _STRING.findall(block):
        if bracket == b"[":
            array = []
        elif bracket:
            found.append(array or [])
            array = None
        else:
            (found if array is None else array).append(hexadecimal(digits))
    return found


def _ranges(strings: list[_Target]) -> Iterator[tuple[int, _Target, _Target]]:
    for first, last, target in zip(strings[::3], strings[1::3], strings[2::3], strict=False):
        yield _code(first), last, target


def _following(target: _Target) -> Iterator[str]:
    if isinstance(target, list):
        yield from map(_meaning, target)
        return
    for step in range(_MOST):
        code = int.from_bytes(target[-2:], "big") + step
        yield _meaning(target[:-2] + (code & 0xFFFF).to_bytes(2, "big"))


def _code(octets: _Target) -> int:
    return int.from_bytes(octets, "big") if isinstance(octets, bytes) and len(octets) <= 4 else -1


_MEANING = 128  # octets: a ligature stands for some letters, a picture of a word for a word


def _meaning(octets: _Target) -> str:
    return octets[:_MEANING].decode("utf-16-be", "replace") if isinstance(octets, bytes) else " "
