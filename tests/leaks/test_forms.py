"""A telephone number is the same with and without the code of its country (ITU-T E.164)."""

from __future__ import annotations

import pytest

from ondemand_attach._leaks._forms import forms

TWO_DIGITS = [
    *(20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54, 55, 56, 57, 58),
    *(60, 61, 62, 63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98),
]
ZONES = [21, 22, 23, 24, 25, 26, 29, 35, 37, 38, 42, 50, 59, 67, 68, 69, 80, 85, 87, 88, 96, 97, 99]
CODES = ["1", "7", *map(str, TWO_DIGITS), *(f"{zone}{digit}" for zone in ZONES for digit in "059")]


@pytest.mark.parametrize("code", CODES)
def test_each_code_of_a_country_is_left_out(code: str) -> None:
    for written in (
        f"+{code} 301 234 567",
        f"00{code}301234567",
        f"+{code} (0) 301-234-567",
        f"+{code}.301/234567",
    ):
        assert "301234567" in list(forms(written)), written


@pytest.mark.parametrize(
    ("text", "is_number"), [("+420 1234567", True), ("+420 123456", False), ("+49 123456789012", True)]
)
def test_a_number_has_so_many_digits(text: str, is_number: bool) -> None:
    digits = text.partition(" ")[2]
    assert (digits in list(forms(text))) == is_number


@pytest.mark.parametrize(
    ("text", "shorter", "is_one"),
    [
        ("030 12345678", "3012345678", True),
        ("012345678", "12345678", True),
        ("01234567", "1234567", False),
        ("12345678", "2345678", False),
    ],
)
def test_zeros_in_front_are_left_out_of_long_numbers(text: str, shorter: str, is_one: bool) -> None:
    assert (shorter in list(forms(text))) == is_one
