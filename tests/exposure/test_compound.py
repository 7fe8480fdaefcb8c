"""A compound file is all accounted for only if header, tables and directory hold nothing but what they should."""

from __future__ import annotations

import random

import pytest

from exposure_cases import office_of
from ondemand_attach._exposure._budget import Budget
from ondemand_attach._exposure._compound import CompoundFile

CONTENT = office_of(b"information" * 9, random.Random(5).randbytes(6_000))
DIRECTORY = CONTENT.index("Root Entry".encode("utf-16-le"))


def is_all(content: bytes) -> bool:
    return CompoundFile(content, Budget()).is_all


def changed(at: int, octets: bytes) -> bytes:
    return CONTENT[:at] + octets + CONTENT[at + len(octets) :]


def test_a_file_with_nothing_else_in_it_is_accounted_for() -> None:
    assert is_all(CONTENT)


@pytest.mark.parametrize("at", [8, 15, 23, 34, 39])
def test_letters_in_the_header_are_seen(at: int) -> None:
    assert not is_all(changed(at, b"J"))


def test_letters_among_the_sectors_in_the_header_are_seen() -> None:
    assert not is_all(changed(508, b"Jane"))


@pytest.mark.parametrize("entry", [1, 2])
def test_a_name_that_two_streams_have_is_seen(entry: int) -> None:
    name = CONTENT[DIRECTORY + 128 * entry : DIRECTORY + 128 * entry + 66]
    other = DIRECTORY + 128 * (3 - entry)
    assert not is_all(CONTENT[:other] + name + CONTENT[other + 66 :])


def test_letters_in_an_entry_are_seen() -> None:
    assert not is_all(changed(DIRECTORY + 128 + 80, b"Jane"))


def test_letters_behind_a_table_are_seen() -> None:
    assert not is_all(changed(512 + 500, b"Jane"))


@pytest.mark.parametrize("more", [b"J", b"Jane" * 100])
def test_what_is_no_whole_sector_at_the_end_is_seen(more: bytes) -> None:
    assert not is_all(CONTENT + more)
