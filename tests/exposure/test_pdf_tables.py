"""A stream that says where objects are says nothing else (ISO 32000-2 section 7.5.8)."""

from __future__ import annotations

import random
import zlib
from typing import Any

import pytest

from ondemand_attach._exposure._budget import Budget, TooLargeError
from ondemand_attach._exposure._pdf_objects import Stream
from ondemand_attach._exposure._pdf_tables import is_table

STARTS = {10, 300, 70_000}


def rows(*entries: tuple[int, int, int], widths: tuple[int, int, int] = (1, 4, 2)) -> bytes:
    return b"".join(
        number.to_bytes(width, "big")
        for entry in entries
        for number, width in zip(entry, widths, strict=True)
    )


def check(data: bytes, size: int, widths: tuple[Any, ...] = (1, 4, 2), **entries: Any) -> bool:
    dictionary = {"/W": list(widths), "/Size": size} | {f"/{name}": value for name, value in entries.items()}
    return is_table(Stream(number=4, dictionary=dictionary, data=memoryview(data)), STARTS, Budget())


GOOD = [(0, 0, 65_535), (1, 10, 0), (1, 300, 65_535), (1, 70_000, 1), (1, 0, 0), (2, 12, 7), (0, 5, 0)]


@pytest.mark.parametrize("widths", [(1, 4, 2), (1, 3, 2), (2, 4, 2), (1, 4, 4), (4, 8, 8)])
def test_entries_of_any_width_are_read(widths: tuple[int, int, int]) -> None:
    assert check(rows(*GOOD, widths=widths), len(GOOD), widths)


@pytest.mark.parametrize("entry", GOOD)
def test_each_usual_entry_is_one(entry: tuple[int, int, int]) -> None:
    assert check(rows(entry), 1)


@pytest.mark.parametrize(
    "entry", [(1, 11, 0), (1, 301, 0), (3, 10, 0), (255, 0, 0), (1, 0x4A616E65, 0), (2, 0x4A616E65, 0)]
)
def test_what_is_no_entry_may_be_a_text(entry: tuple[int, int, int]) -> None:
    assert not check(rows(entry), 1)
    assert not check(rows(*GOOD, entry), len(GOOD) + 1)


@pytest.mark.parametrize("number", [65_536, 0x4A616E65])
def test_a_generation_is_a_small_number(number: int) -> None:
    for kind in (0, 1):
        assert not check(rows((kind, 10, number), widths=(1, 4, 4)), 1, (1, 4, 4))


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ((0, 1 << 20, 0), True),
        ((0, (1 << 20) + 1, 0), False),
        ((2, 500_000, 1 << 20), True),
        ((2, 500_001, 0), False),
        ((2, 0, (1 << 20) + 1), False),
    ],
)
def test_no_number_is_so_large(entry: tuple[int, int, int], expected: bool) -> None:
    assert check(rows(entry, widths=(1, 4, 4)), 1, (1, 4, 4)) is expected


def test_without_a_kind_all_are_places() -> None:
    assert check(rows((0, 10, 0), widths=(0, 4, 2)), 1, (0, 4, 2))
    assert not check(rows((0, 11, 0), widths=(0, 4, 2)), 1, (0, 4, 2))


def test_without_a_generation_it_is_none() -> None:
    assert check(rows((1, 10, 0), (2, 12, 0), widths=(1, 4, 0)), 2, (1, 4, 0))


@pytest.mark.parametrize(
    "widths", [(1, 4), (1, 4, 2, 1), (1, -4, 2), (1, "4", 2), (0, 0, 0), (1, 9_999, 2), ()]
)
def test_other_widths_are_refused(widths: tuple[Any, ...]) -> None:
    assert not check(rows(*GOOD), len(GOOD), widths)


@pytest.mark.parametrize("widths", [(9, 4, 2), (1, 9, 2), (1, 4, 9)])
def test_no_number_is_so_wide(widths: tuple[int, int, int]) -> None:
    assert not check(rows(*GOOD, widths=widths), len(GOOD), widths)


@pytest.mark.parametrize("size", [len(GOOD) - 1, len(GOOD) + 1, 0])
def test_there_is_nothing_behind_the_entries(size: int) -> None:
    assert not check(rows(*GOOD), size)
    assert not check(zlib.compress(rows(*GOOD)), size, Filter="/FlateDecode")


def test_the_index_says_how_many_there_are() -> None:
    assert check(rows(*GOOD), 99, Index=[0, 3, 7, len(GOOD) - 3])
    assert not check(rows(*GOOD), 99, Index=[0, 3, 7, len(GOOD) - 2])
    with pytest.raises(TooLargeError):
        check(rows(*GOOD), 1 << 40)


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_line_end_may_follow(end: bytes) -> None:
    data = rows(*GOOD)
    assert check(data + end, len(GOOD))
    assert check(zlib.compress(data) + end, len(GOOD), Filter="/FlateDecode")
    assert check(zlib.compress(data) + end, len(GOOD), Filter=["/FlateDecode"], DecodeParms=[None])
    assert not check(zlib.compress(data) + end + b"Jane", len(GOOD), Filter="/FlateDecode")
    assert not check(data + end + b"Jane", len(GOOD))


def test_other_filters_are_refused() -> None:
    assert not check(rows(*GOOD), len(GOOD), Filter="/ASCIIHexDecode")
    assert not check(zlib.compress(rows(*GOOD))[:-1], len(GOOD), Filter="/FlateDecode")
    with pytest.raises(TooLargeError):
        check(rows(*GOOD), len(GOOD), Filter=["/FlateDecode", "/FlateDecode"])


def predicted(data: bytes, kinds: list[int], width: int = 7) -> bytes:
    """Filter rows as PNG does (RFC 2083 section 6), written down anew."""
    made, above = b"", bytes(width)
    for number, start in enumerate(range(0, len(data), width)):
        row, kind = data[start : start + width], kinds[number % len(kinds)]
        made += bytes([kind])
        for place, octet in enumerate(row):
            left, corner, up = (
                (row[place - 1], above[place - 1], above[place]) if place else (0, 0, above[place])
            )
            estimate = left + up - corner
            near = min((left, up, corner), key=lambda each: abs(estimate - each))
            made += bytes([octet - (0, left, up, (left + up) // 2, near)[kind] & 0xFF])
        above = row
    return made


@pytest.mark.parametrize("kinds", [[0], [1], [2], [3], [4], [4, 3, 2, 1, 0], [2, 4, 1]])
@pytest.mark.parametrize("predictor", [10, 12, 15])
def test_filtered_rows_are_read(kinds: list[int], predictor: int) -> None:
    chance = random.Random(9)
    entries = [chance.choice(GOOD) for _ in range(40)]
    data = zlib.compress(predicted(rows(*entries), kinds))
    parameters = {"/Predictor": predictor, "/Columns": 7}
    assert check(data, 40, Filter="/FlateDecode", DecodeParms=parameters)
    assert check(data, 40, Filter=["/FlateDecode"], DecodeParms=[parameters])
    assert not check(data, 40, Filter="/FlateDecode", DecodeParms=parameters | {"/Columns": 6})
    assert not check(data, 40, Filter="/FlateDecode", DecodeParms={"/Predictor": predictor})
    assert not check(data, 40, Filter="/FlateDecode")
    bad = zlib.compress(predicted(rows(*entries[:-1], (1, 11, 0)), kinds))
    assert not check(bad, 40, Filter="/FlateDecode", DecodeParms=parameters)
