"""How a value is commonly written, apart from punctuation and case."""

from __future__ import annotations

import binascii
import contextlib
import itertools
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum

from ondemand_attach._leaks._decoding import with_unicode_labels
from ondemand_attach._leaks._meaning import meant

LONGEST = 64
_SHORTEST_FRACTION = 5
_SHORT = 10  # characters, of a text that counts as a whole word
_MOST_PARTS = 32
_HAS_DOTS = re.compile("[äöüåøÄÖÜÅØ]")
_FROM_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff]")
# How letters are written where there are none with dots, rings and strokes.
_SPELT = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "å": "aa",
        "ø": "oe",
        "Ä": "Ae",
        "Ö": "Oe",
        "Ü": "Ue",
        "Å": "Aa",
        "Ø": "Oe",
    }
)
# The country code of a telephone number, one to three digits long (ITU-T E.164), and the rest.
_INTERNATIONAL = re.compile(
    r"(?:\+|00)(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[2-9][0-9]{2})([0-9]{7,12})"
)
_NOT_DIALLED = re.compile(r"\(0\)|[\s()./\u2010-\u2013-]")
_LONGEST_NUMBER = 32
_PAIRS = re.compile(r"(?<=[0-9])(?=(?:[0-9]{2})+\Z)")
_SHORTEST_WITHOUT_ZEROS = 8
_MOST_DIGITS = 50  # to write 1E+999999999 out would take for ever, and nobody does

_MONTHS = [
    (name, name[:3], *(["Sept"] if name == "September" else []))
    for name in (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    )
]  # fmt: skip
_ENDINGS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}


def forms(value: object) -> Iterable[str]:
    """Return the ways in which *value* is commonly written; nothing for what is no secret: None, True."""
    match value:
        case None | bool():
            written: Iterable[str] = ()
        case Enum():
            written = forms(value.value)
        case str():
            written = itertools.chain(_text_forms(str(value)), forms(meant(value)))
        case int() | float() | Decimal():
            written = _number_forms(value)
        case datetime() if value.time() != time():
            written = _time_forms(value)
        case date():
            written = _date_forms(value)
        case bytes():
            written = _octet_forms(value)
        case _:
            written = (str(value),)
    return written


def _text_forms(text: str) -> Iterator[str]:
    yield text
    if len(text) > LONGEST:
        yield from (text[at : at + LONGEST] for at in _places_in(text))
    if text.replace(" ", "").isdigit():
        yield text.replace(" ", "")
    if len(text) <= _LONGEST_NUMBER and text.lstrip("+(").startswith(tuple("0123456789")):
        yield from _shorter_numbers(text)
    if "--" in text:
        yield with_unicode_labels(text)  # as it stands in what was decoded
    if "@" in text:
        yield from _spelt_addresses(text)
    if len(text) <= _SHORT and not text.isalnum():
        letters = "".join(filter(str.isalnum, text))
        yield from [letters] * letters.isalpha()  # O'Brien as obrien
    if not text.isascii():
        yield from _foreign_forms(text)


def _shorter_numbers(text: str) -> Iterator[str]:
    """Yield what a number has in common at home and abroad, and with a program that drops zeros in front."""
    digits = _NOT_DIALLED.sub("", text)
    if found := _INTERNATIONAL.fullmatch(digits):
        yield found[1].lstrip("0")  # 030… is +49 30…
    elif digits.isdigit() and digits.startswith("0") and len(digits.lstrip("0")) >= _SHORTEST_WITHOUT_ZEROS:
        yield digits.lstrip("0")


def _spelt_addresses(text: str) -> Iterator[str]:
    """Yield an address as it is spelt so that no robot reads it."""
    name, _, domain = text.partition("@")
    yield from (f"{name} at {domain}", f"{name} at {domain.replace('.', ' dot ')}")


def _places_in(text: str) -> Iterator[int]:
    """Yield where the parts begin by which a long text is known, each as long as the first."""
    yield from range(LONGEST, min(len(text), _MOST_PARTS * LONGEST) - LONGEST, LONGEST)
    yield len(text) - LONGEST


def _foreign_forms(text: str) -> Iterator[str]:
    if _HAS_DOTS.search(text):
        yield text.translate(_SPELT)
    if _FROM_RIGHT_TO_LEFT.search(text):
        yield text[::-1]  # as it is drawn, from left to right
    name, at, domain = text.rpartition("@")
    if at and not domain.isascii():
        with contextlib.suppress(UnicodeError):
            yield f"{name}@{domain.encode('idna').decode('ascii')}"


def _octet_forms(octets: bytes) -> Iterator[str]:
    yield octets[:LONGEST].decode("latin-1")
    yield octets[: LONGEST // 2].hex()
    yield binascii.b2a_base64(octets[: LONGEST // 4 * 3]).decode("ascii").rstrip("=\n")


def _time_forms(moment: datetime) -> Iterator[str]:
    yield from (f"{day} {moment:%H:%M}" for day in _date_forms(moment))
    yield from (f"{moment:%Y-%m-%dT%H:%M:%S}", f"{moment:%Y%m%dT%H%M%S}")
    yield from (
        f"{name} {moment.day} {moment:%H:%M:%S} {moment.year}" for name in _MONTHS[moment.month - 1][1:]
    )


def day_and_clock(value: object) -> tuple[Iterable[str], time | None]:
    """Return the ways to write the day of a point of time, and its time of day; nothing of what is none."""
    point = meant(value) if isinstance(value, str) else value
    if not isinstance(point, datetime) or point.time() == time():
        return (), None
    return _date_forms(point), point.time()


def _number_forms(value: float | Decimal) -> list[str]:
    number = Decimal(value)
    if not number.is_finite() or number.adjusted() > _MOST_DIGITS:
        return []
    whole = int(value)
    written = [f"{whole}", f"{whole:,}", _in_lakhs(whole)] if value == whole else []
    if isinstance(value, int):
        return written
    shortest = Decimal(float.__repr__(value)) if isinstance(value, float) else number
    fractions = [f"{value}", f"{value:f}", f"{value:,.2f}", f"{value:.2f}"]
    if value != whole:  # JSON and spreadsheets have no zeros at the end
        fractions += [f"{shortest:f}".rstrip("0"), f"{shortest:,f}".rstrip("0")]
    # A short one such as 12.50 is also a time of day and many a price.
    return [*written, *(form for form in fractions if sum(map(str.isdigit, form)) >= _SHORTEST_FRACTION)]


def _in_lakhs(whole: int) -> str:
    """Write a number with commas as in India, 12,34,567."""
    return f"{_PAIRS.sub(',', str(whole)[:-3])},{str(whole)[-3:]}"


def _date_forms(value: date) -> Iterator[str]:
    year, month, day = value.year, value.month, value.day
    yield from (
        f"{year:04}-{month:02}-{day:02}",
        f"{day:02}.{month:02}.{year:04}",
        f"{month:02}/{day:02}/{year:04}",
    )
    yield from (f"{year}-{month}-{day}", f"{day}.{month}.{year}", f"{month}/{day}/{year}")
    ordinal = f"{day}{_ENDINGS.get(day, 'th')}"
    days = dict.fromkeys((f"{day}", f"{day:02}", ordinal))
    for name in _MONTHS[month - 1]:
        yield from (f"{each} {name} {year}" for each in (*days, f"{ordinal} of"))
        yield from (f"{name} {each} {year}" for each in days)
