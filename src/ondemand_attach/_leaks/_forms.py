"""How a value is commonly written, apart from punctuation and case."""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum

LONGEST = 64
_SHORTEST_FRACTION = 5
_MOST_DIGITS = 50  # to write 1E+999999999 out would take for ever, and nobody does

_MONTHS = [
    (name, name[:3])
    for name in (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    )
]  # fmt: skip


def forms(value: object) -> Iterator[str]:
    """Yield the ways in which *value* is commonly written; nothing for what is no secret: None, True."""
    match value:
        case None | bool():
            return
        case Enum():
            yield from forms(value.value)
        case str():
            yield from _text_forms(str(value))
        case int() | float() | Decimal():
            yield from _number_forms(value)
        case datetime() if value.time() != time():
            yield from (f"{day} {value:%H:%M}" for day in _date_forms(value))
            yield from (f"{value:%Y-%m-%dT%H:%M:%S}", f"{value:%Y%m%dT%H%M%S}")
        case date():
            yield from _date_forms(value)
        case bytes():
            yield value[:LONGEST].decode("latin-1")
            yield value[: LONGEST // 2].hex()
            yield binascii.b2a_base64(value[: LONGEST // 4 * 3]).decode("ascii").rstrip("=\n")
        case _:
            yield str(value)


def _text_forms(text: str) -> Iterator[str]:
    yield text
    if text.replace(" ", "").isdigit():
        yield text.replace(" ", "")
    name, at, domain = text.rpartition("@")
    if at and not domain.isascii():
        try:
            yield f"{name}@{domain.encode('idna').decode('ascii')}"
        except UnicodeError:
            return


def _number_forms(value: float | Decimal) -> Iterator[str]:
    if not Decimal(value).is_finite() or Decimal(value).adjusted() > _MOST_DIGITS:
        return
    if value == int(value):
        yield from (f"{int(value)}", f"{int(value):,}")
    fractions = () if isinstance(value, int) else (f"{value}", f"{value:f}", f"{value:,.2f}", f"{value:.2f}")
    # A short one such as 12.50 is also a time of day and many a price.
    yield from (form for form in fractions if sum(map(str.isdigit, form)) >= _SHORTEST_FRACTION)


def _date_forms(value: date) -> Iterator[str]:
    year, month, day = value.year, value.month, value.day
    yield from (
        f"{year:04}-{month:02}-{day:02}",
        f"{day:02}.{month:02}.{year:04}",
        f"{month:02}/{day:02}/{year:04}",
    )
    yield from (f"{year}-{month}-{day}", f"{day}.{month}.{year}", f"{month}/{day}/{year}")
    for name in _MONTHS[month - 1]:
        yield from (
            f"{day} {name} {year}",
            f"{name} {day} {year}",
            f"{day:02} {name} {year}",
            f"{day}th {name} {year}",
        )
