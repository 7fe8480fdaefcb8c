"""Other values of the same form, by which is found what of a password comes of confidential ones."""

from __future__ import annotations

import datetime
import decimal
import string
import uuid
from typing import Any

import pytest

from ondemand_attach.protectors._password_parts import _other

VALUES: list[Any] = [
    string.ascii_letters,
    string.digits,
    "Jane Doe-Smithers, 7b",
    "Ladislav Žluťoučký",
    "шшжж Ελλάδα",
    "!?=#%&*<>@[]^`{|}~$\"'\\",
    "x" * 1000,
    *(int(f"{digit}{digit}") for digit in "123456789"),
    10203040506070809,
    -7,
    3.25,
    decimal.Decimal("1029.50"),
    datetime.date(1984, 1, 1),
    datetime.date(1987, 12, 31),
    datetime.datetime(2032, 2, 29, 4, 5, tzinfo=datetime.UTC),
    *(uuid.UUID(int=int(digit * 32, 16)) for digit in string.hexdigits.lower()[:16]),
    uuid.UUID("0123456789abcdeffedcba9876543210"),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_another_value_differs_in_each_letter_and_digit(value: Any) -> None:
    other = _other(value)
    assert type(other) is type(value)
    told, others = str(value), str(other)
    if isinstance(value, datetime.date):
        assert (value.year, value.month, value.day) != (other.year, other.month, other.day)
        assert all(a != b for a, b in zip(value.timetuple()[:3], other.timetuple()[:3], strict=True))
        assert len(told) == len(others)
        return
    assert len(told) == len(others)
    for before, after in zip(told, others, strict=True):
        assert (before != after) == (before not in " -_./,:;()+"), (told, others)
        if before.isascii() and not isinstance(value, uuid.UUID):
            kinds = (str.isupper, str.islower, str.isdigit)
            assert [is_one(before) for is_one in kinds] == [is_one(after) for is_one in kinds]


def test_a_long_text_becomes_one_of_its_length() -> None:
    assert _other("x" * 1001) == "q" * 1001


@pytest.mark.parametrize("value", [True, False, None, b"octets"])
def test_what_has_no_other_form_stays(value: object) -> None:
    assert _other(value) is value


@pytest.mark.parametrize("value", [float("inf"), decimal.Decimal("NaN")])
def test_numbers_that_are_none_stay_or_become_others(value: Any) -> None:
    assert type(_other(value)) is type(value)
