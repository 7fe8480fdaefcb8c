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
_CURRENCY = (
    r"(?:[\u20a0-\u20cf$£¥]|EUR|USD|GBP|CHF|CZK|PLN|HUF|SEK|NOK|DKK|ISK|RON|BGN|TRY|UAH|ILS|JPY|CNY|KRW|INR"
    r"|AUD|CAD|NZD|SGD|HKD|ZAR|BRL|MXN|AED|SAR|THB|IDR|PHP|VND|Kč|Ft|zł|kr|lei)\.?"
)
# Separators of thousands are the same, and another one than that of the fraction: 192.168.100.5 is no amount.
_MONEY = re.compile(
    rf"({_CURRENCY}\s?)?-?[0-9]{{1,3}}"
    r"(?:([,.'’ \u00a0\u202f])[0-9]{3}(?:\2[0-9]{3})*((?!\2)[.,][0-9]{1,2})?"
    rf"|[0-9]{{0,12}}([.,][0-9]{{1,2}})?)(\s?{_CURRENCY})?"
)
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,? )?"
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DATE = re.compile(
    rf"{_WEEKDAY}(?:[0-9]{{1,2}}(?:st|nd|rd|th)?[ -](?:of )?{_MONTH}[ -][0-9]{{4}}"
    rf"|{_MONTH} [0-9]{{1,2}}(?:st|nd|rd|th)?,? [0-9]{{4}}|[0-9]{{1,2}}/[0-9]{{1,2}}/[0-9]{{4}})"
    r"(?:,?(?: at)? [0-9]{1,2}[:.][0-9]{2}(?: ?[ap]\.?m\.?)?)?",
    re.IGNORECASE,
)


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


def is_figure(text: str) -> bool:
    """Whether *text* is as a whole a date, a point of time or an amount: how much or when, and not who."""
    text = text.strip()
    if not text or len(text) > _LONGEST:
        return False
    money = _MONEY.fullmatch(text)
    is_money = money is not None and any(money.group(1, 3, 4, 5))  # a currency or a fraction
    return is_money or meant(text) is not None or _DATE.fullmatch(text) is not None


def _time_in(text: str) -> date | None:
    if _POINT_OF_TIME.fullmatch(text):
        return datetime.fromisoformat(text)
    if found := _DAY.fullmatch(text):
        return date(*map(int, found.groups()))
    if found := _WITH_DOTS.fullmatch(text):
        day, month, year = map(int, found.groups())
        return date(year, month, day)
    return None
