"""What a text stands for: JSON has neither dates nor exact numbers, so a context has them as texts."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

_LONGEST = 40
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_POINT_OF_TIME = re.compile(rf"{_DAY.pattern}[T ][0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}}[^ ]*)?.*")
_WITH_DOTS = re.compile(r"([0-9]{1,2})\. ?([0-9]{1,2})\. ?([0-9]{4})")
_AMOUNT = re.compile(r"-?[0-9]{1,15}\.[0-9]{1,6}")


def meant(text: str) -> date | Decimal | None:
    """Return the day, point of time or amount that *text* is, if it is one and leaves no doubt which."""
    if not text or len(text) > _LONGEST or not (text[0].isdecimal() or text[0] == "-"):
        return None
    if _AMOUNT.fullmatch(text):
        return Decimal(text)
    try:
        return _time_in(text)
    except ValueError:  # 31 February
        return None


def _time_in(text: str) -> date | None:
    if _POINT_OF_TIME.fullmatch(text):
        return datetime.fromisoformat(text)
    if found := _DAY.fullmatch(text):
        return date(*map(int, found.groups()))
    if found := _WITH_DOTS.fullmatch(text):
        day, month, year = map(int, found.groups())
        return date(year, month, day)
    return None
