"""Kinds of values: figures, which say how much or when, and numbers that somebody has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from ondemand_attach._leaks import _meaning
from ondemand_attach._leaks._forms import forms

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", re.ASCII)
_CARD = re.compile(r"[0-9]{13,19}", re.ASCII)
_ADDRESS = re.compile(r"[^@\s]+@([^@\s]+\.[^@\s]+)")
_IDENTIFYING = 9  # digits; a text of so many is a number that somebody has, not how much of something


def is_figure(value: object, *, is_public: bool = True) -> bool:
    """Whether *value* says how much or when, and not who; a short number as text may if it is not public."""
    if isinstance(value, str):
        return _meaning.is_figure(value) or (
            not is_public and value.strip().isdigit() and not is_identifying(value)
        )
    is_figure_by_type = isinstance(value, int | float | Decimal | date | time | timedelta)
    return is_figure_by_type and not isinstance(value, bool) and not _is_long_number(value)


def is_identifying(value: object) -> bool:
    """Whether *value* is a number that somebody has: of a customer, a telephone, a passport."""
    return _is_long_number(value) or (
        isinstance(value, str)
        and not _meaning.is_figure(value)
        and sum(map(str.isdigit, value)) >= _IDENTIFYING
    )


def _is_long_number(value: object) -> bool:
    """Whether a whole number is no amount, as so long a one would end in zeros: 150,000,000 IDR."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return False
    number = Decimal(value)
    is_whole = number.is_finite() and number == number.to_integral_value()
    has_cents = isinstance(value, Decimal) and number.as_tuple().exponent != 0
    return is_whole and not has_cents and number.adjusted() + 1 >= _IDENTIFYING and number % 1000 != 0


def is_account(value: object) -> bool:
    """Whether *value* is an IBAN (ISO 13616) or the number of a card, as its check digits say."""
    text = re.sub(r"[\s-]", "", value).upper() if isinstance(value, str) else ""
    if _IBAN.fullmatch(text):
        return int("".join(str(int(sign, 36)) for sign in text[4:] + text[:4])) % 97 == 1
    if not _CARD.fullmatch(text):
        return False
    doubled = (int(digit) * (1 + number % 2) for number, digit in enumerate(reversed(text)))
    return sum(each // 10 + each % 10 for each in doubled) % 10 == 0  # ISO/IEC 7812


def is_address(value: object, own: str) -> bool:
    """Whether *value* is an e-mail address in another domain than *own*, and the domains beside it."""
    found = _ADDRESS.fullmatch(value.strip()) if isinstance(value, str) else None
    return found is not None and _registered(found[1]) != _registered(own)


def _registered(domain: str) -> str:
    """Return the last two labels, which is less than what was registered below a suffix such as co.uk."""
    return ".".join(domain.lower().rsplit(".", 2)[-2:])


def figures(value: object) -> Iterator[str]:
    """Yield how a public figure is commonly written, also in part."""
    yield str(value)
    yield from forms(value)
    if isinstance(value, datetime):
        yield from (*forms(value.date()), f"{value:%H:%M}")
    if isinstance(value, date):
        yield from (f"{value.day}", f"{value.day:02}", f"{value.month}", f"{value.month:02}", f"{value.year}")
        yield from (f"{value:%B}", f"{value:%b}", f"{value:%A}", f"{value:%a}")
