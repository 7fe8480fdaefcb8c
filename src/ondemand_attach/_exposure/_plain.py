"""Whether bytes that should be encrypted show that they are not.

What a good cipher leaves cannot be told from bytes drawn at random, so whatever could not have been drawn is
no ciphertext. Two kinds of tests, both with a bound that holds for any length: random bytes hold a run of *k*
bytes of a class of *c* at a given place with probability (c/256)^k; and they score *b* bits in any model, or
are made *b* bits shorter by any code, with probability 2^-b (Kraft, Markov, Ville).
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final, NamedTuple

from ondemand_attach._exposure._budget import Budget
from ondemand_attach._exposure._packed import holds_deflated, is_packed

_SURE: Final = 40
_WINDOW: Final = 1 << 14
_SHORT: Final = 1 << 9
_LINE, _MANY = 64, 42  # of so many random bytes, 24 are letters or signs, and 43 or more of one in 10^5
_EMPTY_VECTOR: Final = bytes(16)
_SCALE: Final = 64
_COARSE: Final = 4  # so that what a byte scores at most is a byte

_SPACES, _PRINTED = {9, 10, 13, 32}, range(0x21, 0x7F)
_SIGNS: Final = {*_SPACES, *range(0x20, 0x40)}
_TAILS: Final = range(0x80, 0xC0)  # of characters in UTF-8
_LETTERS_AND_SIGNS: Final = frozenset({*_PRINTED, *_SPACES})
_CLASSES: Final = tuple(
    frozenset(members)
    for members in (
        {0},
        {0xFF},
        {*b"0123456789abcdefABCDEF", *_SPACES},
        {*b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=,.-", *_SPACES},
        _LETTERS_AND_SIGNS,
        range(0x80),
        range(0x80, 0x100),
        {*_SIGNS, *_TAILS, *range(0xC2, 0xC6), *range(0xCC, 0xD2), *range(0xD7, 0xDC)},  # of two bytes
        {*_SIGNS, *_TAILS, 0xC2, *range(0xE0, 0xF0)},  # of three
        {*_PRINTED, *_SPACES, *_TAILS, *range(0xC2, 0xC6)},  # Latin letters
        {*_PRINTED, *_SPACES, *range(0xC0, 0x100)},  # the same in ISO 8859 and Windows
        {*_SIGNS, *range(0xB0, 0x100)},  # Greek, Cyrillic, Hebrew, Arabic, Thai there
        {*_SPACES, *range(0xA1, 0xFF)},  # EUC, GB 2312
    )
)
_HALVES: Final = tuple(  # of what comes in units of two bytes
    frozenset(members)
    for members in (
        {0},
        {*range(7), 0x0E, 0x1E, 0x20},  # UTF-16: alphabets
        {0, 0x20, 0x30, 0xFF, *range(0x4E, 0xA0)},  # Chinese, Japanese
        {0, 0x20, 0x30, *range(0xAC, 0xD8)},  # Korean
        {*range(0x81, 0xA0), *range(0xE0, 0xEB)},  # Shift JIS
        {*range(0xA4, 0xCA)},  # Big5
    )
)
_HANZI: Final = dict.fromkeys(range(0x4E, 0xA0), 1.0)
_LETTERS: Final = {  # of English and Czech, in percent
    ord(letter): weight
    for letter, weight in zip(
        " eaonitsrlduhmckpvgbywzfxjq",
        (
            14,
            9,
            7.5,
            6,
            5.5,
            5.5,
            5.5,
            5,
            4.5,
            3.5,
            3,
            3,
            2,
            2.2,
            2.5,
            1.5,
            2,
            1.5,
            1.5,
            1.2,
            1,
            0.7,
            1,
            1,
            0.3,
            0.5,
            0.2,
        ),
        strict=True,
    )
}


def bits_for(total: int) -> int:
    """Return how many bits a test must show, so that of *total* bytes of ciphertext none is called plain.

    The chance is below 10^-9 for a whole file, with all tests that there are.
    """
    return _SURE + total.bit_length()


def is_any_plain(items: Iterable[bytes | memoryview], budget: Budget) -> bool:
    """Whether any of the *items* of one file shows that no cipher made it.

    Raises:
        TooLargeError: too much of it looks like words, but is none.
    """
    found = list(items)
    bits = bits_for(sum(map(len, found)))
    return any(_is_plain(bytes(item), bits, budget) for item in found)


def _is_plain(data: bytes, bits: int, budget: Budget) -> bool:
    """Whether *data* holds text in a usual encoding, repeats itself, or is packed in a usual format."""
    data = data.removeprefix(_EMPTY_VECTOR)  # a poor initialisation vector, not a text
    return bool(data) and (
        any(_scores(piece, bits * _SCALE, budget) for piece in _wordy(data))
        or any(_has_run(data, members, bits) for members in _CLASSES)
        or any(_has_run(half, members, bits) for half in (data[::2], data[1::2]) for members in _HALVES)
        or any(_shrinks(window, bits) for window in _windows(data))
        or is_packed(data, bits)
        or is_packed(data[16:], bits)
        or holds_deflated(data)
    )


def _has_run(data: bytes, members: frozenset[int], bits: int) -> bool:
    length = math.ceil(bits / math.log2(256 / len(members)))
    return len(data) >= length and b"\1" * length in data.translate(_table(members))


@cache
def _table(members: frozenset[int]) -> bytes:
    return bytes(octet in members for octet in range(256))


def _windows(data: bytes) -> Iterator[bytes]:
    return (data[start : start + _WINDOW] for start in range(0, len(data), _WINDOW))


def _shrinks(data: bytes, bits: int) -> bool:
    packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    return len(packer.compress(data)) + len(packer.flush()) <= len(data) - math.ceil(bits / 8)


def _wordy(data: bytes) -> Iterator[bytes]:
    """Yield the pieces of *data* that are worth a closer look: all of it, or where there are many letters."""
    if len(data) <= _SHORT:
        yield data
        return
    letters = data.translate(_table(_LETTERS_AND_SIGNS))
    for start in range(0, len(data), _LINE // 2):
        if letters.count(1, start, start + _LINE) > _MANY:
            yield data[max(start - _LINE, 0) : start + 2 * _LINE]


def _scores(data: bytes, least: int, budget: Budget) -> bool:
    """Whether some piece of *data* is so much likelier as words, or as numbers, than at random."""
    whole, half = _models()
    possible = [
        (text, model)
        for texts, models in (((data,), whole), ((data[::2], data[1::2]), half))
        for model in models
        for text in texts
        if sum(text.translate(model.highest)) * _COARSE >= least
    ]
    if possible:
        budget.look_closely(len(data))
    return any(_best(text, model) >= least for text, model in possible)


def _best(data: bytes, model: _Model) -> int:
    best = score = 0
    table = model.tables[0]
    for octet in data:
        score = max(score + table[octet], 0)
        best, table = max(best, score), model.tables[_BEHIND[octet]]
    return best


class _Model(NamedTuple):
    """What each byte scores.

    Args:
        tables: in general, behind the first byte of a character in UTF-8, behind another of it.
        highest: at most, wherever it stands, in coarse steps.
    """

    tables: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]
    highest: bytes


_BEHIND: Final = tuple(1 if octet >= 0xC2 else 2 if 0x80 <= octet < 0xC0 else 0 for octet in range(256))


@cache
def _models() -> tuple[tuple[_Model, ...], tuple[_Model, ...]]:
    """Return the models of bytes, and those of each second byte."""
    capitals, digits = _evenly(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"), _evenly(b"0123456789")
    signs, rest = _evenly(b".,:-/@()'+\r\n"), _evenly(range(256))
    words = _table_of((_LETTERS, 78), (capitals, 6), (digits, 5), (signs, 6), (rest, 5))
    numbers = _table_of((digits, 50), (capitals, 20), (_LETTERS, 15), (signs, 12), (rest, 3))
    first = _evenly([0xC3, 0xC4, 0xC5, 0xCE, 0xCF, 0xD0, 0xD1, 0xD8, 0xD9, *range(0xE3, 0xEA)])
    start = _table_of((_LETTERS, 45), (first, 40), (capitals, 4), (digits, 3), (signs, 4), (rest, 4))
    tail = _evenly(_TAILS)
    after = _table_of((tail, 45), (_LETTERS, 25), (first, 25), (digits, 1), (signs, 1), (rest, 3))
    utf_16 = _table_of(
        (_evenly([0]), 35),
        (_evenly(range(1, 7)), 15),
        (_evenly([0x20, 0x30, 0xFF]), 22),
        (_HANZI, 25),
        (rest, 3),
    )
    whole = ((words,) * 3, (numbers,) * 3, (start, _table_of((tail, 97), (rest, 3)), after))
    return tuple(map(_model, whole)), (_model((utf_16,) * 3),)


def _model(tables: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]) -> _Model:
    highest = (max(0, *scores) for scores in zip(*tables, strict=True))
    return _Model(tables, bytes(-(-score // _COARSE) for score in highest))


def _evenly(octets: Iterable[int]) -> dict[int, float]:
    return dict.fromkeys(octets, 1.0)


def _table_of(*groups: tuple[dict[int, float], int]) -> tuple[int, ...]:
    """Return the bits that each byte scores, scaled, when the *groups* have so many percent each."""
    shares = [0.0] * 256
    for group, percent in groups:
        for octet, weight in group.items():
            shares[octet] += percent / 100 * weight / sum(group.values())
    return tuple(math.floor(math.log2(share * 256) * _SCALE) for share in shares)
