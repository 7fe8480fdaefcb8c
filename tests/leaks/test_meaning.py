"""A date or an amount is known for one in each of its usual spellings."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from ondemand_attach._leaks._meaning import is_figure, meant

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
SHORT = [month[:3] for month in MONTHS] + ["Sept"]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
SHORT_DAYS = [day[:3] for day in DAYS] + ["Tues", "Wednes", "Thur", "Thurs", "Satur"]
CURRENCIES = [
    "EUR",
    "USD",
    "GBP",
    "CHF",
    "CZK",
    "PLN",
    "HUF",
    "SEK",
    "NOK",
    "DKK",
    "ISK",
    "RON",
    "BGN",
    "TRY",
    "UAH",
    "ILS",
    "JPY",
    "CNY",
    "KRW",
    "INR",
    "AUD",
    "CAD",
    "NZD",
    "SGD",
    "HKD",
    "ZAR",
    "BRL",
    "MXN",
    "AED",
    "SAR",
    "THB",
    "IDR",
    "PHP",
    "VND",
    "Kč",
    "Ft",
    "zł",
    "kr",
    "lei",
    "€",
    "$",
    "£",
    "¥",
    "₹",
    "₽",
]


@pytest.mark.parametrize("month", [*MONTHS, *SHORT])
def test_each_month_may_be_in_a_date(month: str) -> None:
    for spelt in (month, month.lower(), month.upper(), f"{month}."):
        for text in (f"3 {spelt} 2026", f"{spelt} 3, 2026", f"3rd of {spelt} 2026", f"03-{spelt}-2026"):
            assert is_figure(text), text
    assert not is_figure(f"3 {month[:-1]}x 2026")
    assert not is_figure(f"3 {month}")
    assert not is_figure(month)


@pytest.mark.parametrize("day", [*DAYS, *SHORT_DAYS])
def test_each_day_of_the_week_may_stand_before_it(day: str) -> None:
    for text in (f"{day}, 3 May 2026", f"{day.lower()} 3 May 2026", f"{day}., May 3 2026"):
        assert is_figure(text), text
    assert not is_figure(f"{day[:-1]}x, 3 May 2026")
    assert not is_figure(f"{day}")


@pytest.mark.parametrize("time", ["12:30", "9.05", "9:05 am", "9:05 PM", "9:05p.m."])
@pytest.mark.parametrize("join", [" ", ", ", " at ", ", at "])
def test_a_time_may_follow_it(join: str, time: str) -> None:
    assert is_figure(f"3 May 2026{join}{time}")
    assert not is_figure(f"3 May 2026{join}{time} Jane")


@pytest.mark.parametrize("currency", CURRENCIES)
def test_an_amount_is_one_of_any_currency(currency: str) -> None:
    for text in (f"{currency} 5", f"{currency}5", f"5 {currency}", f"-5{currency}", f"1,234.50 {currency}"):
        assert is_figure(text), text
    assert not is_figure(currency)
    assert not is_figure(f"5 {currency} Jane")
    assert not is_figure(f"1.234.5 x{currency}")


@pytest.mark.parametrize("sign", [",", ".", "'", "’", " ", "\u00a0", "\u202f"])
def test_thousands_are_kept_apart_by_one_sign(sign: str) -> None:
    assert is_figure(f"1{sign}234{sign}567 EUR")
    assert is_figure(f"1{sign}234{sign}567{',' if sign == '.' else '.'}5")
    assert not is_figure(f"1{sign}234{sign}567{sign}50")
    assert not is_figure(f"1{sign}23 EUR") or sign in ",."


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12.50", Decimal("12.50")),
        ("-12.5", Decimal("-12.5")),
        ("2026-02-28", date(2026, 2, 28)),
        ("2026-02-31", None),
        ("28.2.2026", date(2026, 2, 28)),
        ("31.2.2026", None),
        ("2026-02-28T10:20:30", datetime(2026, 2, 28, 10, 20, 30)),
        ("", None),
        ("Jane", None),
        ("x12.50", None),
    ],
)
def test_what_a_text_means_is_told_if_it_is_sure(text: str, value: object) -> None:
    assert meant(text) == value
