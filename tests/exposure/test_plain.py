"""A run of bytes that no cipher leaves is seen as soon as it is long enough, in each class of bytes."""

from __future__ import annotations

import math
import random
import zlib
from collections.abc import Collection

import pytest

from ondemand_attach._exposure._budget import Budget
from ondemand_attach._exposure._plain import (
    _CLASSES,
    _HALVES,
    _best,
    _has_run,
    _models,
    _scores,
    _shrinks,
    bits_for,
)

BITS = 56
NOISE = random.Random(3).randbytes(1 << 16)
BLANK = {9, 10, 13, 32}
PRINTED = set(range(0x21, 0x7F))
TAILS = set(range(0x80, 0xC0))
SIGNS = BLANK | set(range(0x20, 0x40))
CLASSES: dict[str, set[int]] = {
    "zeros": {0},
    "ones": {0xFF},
    "hexadecimal": BLANK | set(b"0123456789abcdefABCDEF"),
    "base64": BLANK | set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=,.-"),
    "printed": BLANK | PRINTED,
    "ASCII": set(range(0x80)),
    "none of ASCII": set(range(0x80, 0x100)),
    "UTF-8 of two bytes": SIGNS
    | TAILS
    | set(range(0xC2, 0xC6))
    | set(range(0xCC, 0xD2))
    | set(range(0xD7, 0xDC)),
    "UTF-8 of three bytes": SIGNS | TAILS | {0xC2} | set(range(0xE0, 0xF0)),
    "Latin in UTF-8": BLANK | PRINTED | TAILS | set(range(0xC2, 0xC6)),
    "Latin in one byte": BLANK | PRINTED | set(range(0xC0, 0x100)),
    "Cyrillic in one byte": SIGNS | set(range(0xB0, 0x100)),
    "EUC": BLANK | set(range(0xA1, 0xFF)),
}
HALVES: dict[str, set[int]] = {
    "zeros": {0},
    "UTF-16 of alphabets": {*range(7), 0x0E, 0x1E, 0x20},
    "UTF-16 of Chinese": {0, 0x20, 0x30, 0xFF, *range(0x4E, 0xA0)},
    "UTF-16 of Korean": {0, 0x20, 0x30, *range(0xAC, 0xD8)},
    "Shift JIS": {*range(0x81, 0xA0), *range(0xE0, 0xEB)},
    "Big5": set(range(0xA4, 0xCA)),
}


def shortest(members: Collection[int]) -> int:
    """Return how long a run is that random bytes have with a probability below 2**-BITS."""
    return math.ceil(BITS / math.log2(256 / len(members)))


def has_run(data: bytes, classes: Collection[frozenset[int]]) -> bool:
    return any(_has_run(data, members, BITS) for members in classes)


def runs(members: set[int], length: int) -> list[bytes]:
    """Return runs of so many members of a class, in which each of them occurs."""
    chance, left = random.Random(4), sorted(members)
    chance.shuffle(left)
    spread = [left[at : at + length] for at in range(0, len(left), length)]
    return [bytes([*some, *chance.choices(sorted(members), k=length - len(some))]) for some in spread]


@pytest.mark.parametrize(
    ("members", "classes"),
    [
        *((members, _CLASSES) for members in CLASSES.values()),
        *((members, _HALVES) for members in HALVES.values()),
    ],
    ids=[*CLASSES, *(f"each second: {name}" for name in HALVES)],
)
def test_a_run_of_a_class_is_seen_where_it_is_long_enough(
    members: set[int], classes: tuple[frozenset[int], ...]
) -> None:
    length = shortest(members)
    (outside, *_) = set(range(256)) - members or {0}
    for run in runs(members, length):
        assert has_run(run, classes)
        assert has_run(NOISE[:100] + run + NOISE[:100], classes)
        assert not _has_run(bytes([outside]) + run[1:], frozenset(members), BITS)
        assert not _has_run(run[:-1], frozenset(members), BITS)
    assert sum(set(known) == members for known in classes) == 1


def test_there_are_no_other_classes() -> None:
    assert {frozenset(members) for members in CLASSES.values()} == set(_CLASSES)
    assert {frozenset(members) for members in HALVES.values()} == set(_HALVES)
    assert not has_run(NOISE, _CLASSES)
    assert not has_run(NOISE[::2], _HALVES)


@pytest.mark.parametrize("total", [0, 1, 2, 255, 256, 65_535, 65_536, 1 << 28])
def test_a_longer_file_must_show_more(total: int) -> None:
    assert bits_for(total) == 40 + total.bit_length()


def test_what_repeats_itself_is_seen_where_it_shrinks_by_enough() -> None:
    seen = [_shrinks(NOISE[:500] + NOISE[:size], BITS) for size in range(60)]
    for size, is_seen in enumerate(seen):
        packer = zlib.compressobj(1, zlib.DEFLATED, -15)
        data = NOISE[:500] + NOISE[:size]
        saved = len(data) - len(packer.compress(data) + packer.flush())
        assert is_seen == (saved >= BITS // 8)
    assert (seen[0], seen[-1]) == (False, True)


WRITTEN = {
    "words": (0, b"Dear Jane Doe-Smithers, your order was sent today."),
    "numbers": (1, b"4111-1111-1111-1111, 2026-11-30 12:30, CZK 1234.50"),
    "UTF-8 of Greek": (2, "Ελένη Παπαδοπούλου της Ελλάδας".encode()),
    "UTF-8 of Cyrillic": (2, "Щукин Иван Петрович из Москвы".encode()),
    "UTF-8 of Chinese": (2, "王小明先生的订单已经发出请查收".encode()),
}


@pytest.mark.parametrize("kind", WRITTEN)
def test_what_is_written_is_seen_best_by_the_model_of_its_kind(kind: str) -> None:
    place, text = WRITTEN[kind]
    bests = [_best(text, model) for model in _models()[0]]
    assert bests.index(max(bests)) == place
    for data in (text, NOISE[:7] + b"\0" + text + b"\0" + NOISE[:7]):
        assert _scores(data, max(bests), Budget())
    assert not _scores(text, max(bests) + 1, Budget())


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["Ελένη Παπαδοπούλου", "Щукин Иван Петрович"])
def test_utf_16_is_seen_in_both_orders(text: str, order: str) -> None:
    data = text.encode(order)
    best = max(_best(half, _models()[1][0]) for half in (data[::2], data[1::2]))
    assert _scores(data, best, Budget())
    assert best > max(_best(data, model) for model in _models()[0])


@pytest.mark.parametrize("start", [0xC3, 0xCE, 0xD0, 0xE4, 0xE9])
def test_behind_a_first_byte_of_utf_8_another_counts_for_more(start: int) -> None:
    _, _, multibyte = _models()[0]
    tail = multibyte.tables[1][0xB0]
    assert tail > multibyte.tables[0][0xB0]
    assert tail > multibyte.tables[2][0xB0]
    alone = max(0, multibyte.tables[0][start])
    assert _best(bytes([start, 0xB0]), multibyte) == alone + tail
    assert _best(bytes([start, ord("a"), 0xB0]), multibyte) < alone + tail
    assert _best(b"a\xb0", multibyte) == _best(b"a", multibyte)
