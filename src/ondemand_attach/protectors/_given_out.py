"""Numbers that are given out: telephones, identities, taxes, accounts, cards, plates.

Most are known by their length alone: so many digits have telephones (ITU-T E.164), identities, taxes and
accounts. Of such a number, a region, a date, an order or check digits are known, so a digit counts 2.6 bits.
Longer ones, and those of letters and digits, are known by their form, where chance hardly makes it.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from ondemand_attach.protectors import _strength_tables as tables
from ondemand_attach.protectors._characters import (
    chunks,
    core,
    is_apart,
    is_grouped_by_sense,
    is_of_one_case,
    signs,
)

_DIGITS: Final = 15
_DIGIT_BITS: Final = 2.6
_FORMAT_BITS: Final = 32.0
_IBAN_BITS: Final = 30.0
DATE_BITS: Final = 17.0
"""A day of the last 120 years, in one of three formats."""


class GivenOut(NamedTuple):
    """What a number is, and how many bits a guesser must search."""

    bits: float
    kind: str


def number(password: str) -> GivenOut | None:
    """Return what *password* is if it is of digits, with a label or an extension beside them."""
    has_signs = signs(password) > 1
    password = _EXTENSION.sub("", password)
    if _is_card(password):
        return GivenOut(_DIGIT_BITS * _DIGITS, "the number of a card")
    digits = sum(map(str.isdecimal, password))
    if not 0 < digits <= _DIGITS or has_signs or not _is_labelled(password, digits):
        return None
    if any(span == (0, len(password)) for span in dates(password)):
        return GivenOut(DATE_BITS, "a date")
    kind = f"a number of {digits} digits, as telephones, accounts and persons have"
    return GivenOut(_DIGIT_BITS * digits, kind)


_EXTENSION = re.compile(r"[-. ,/_]*(?:e?xt|x|dw|poste|int|kl|linka)[-. _]*[0-9]{1,5}\W*$", re.IGNORECASE)


# --- digits beside a label

_LETTERS = re.compile(r"[^\W\d_]+")
_BESIDE = re.compile(r"[^\W\d_]+\d+|\d+[^\W\d_]+")
_HEXADECIMAL = re.compile("[0-9a-f]{13,}|[0-9A-F]{13,}")
_FEW, _MANY = 7, 10
_LONG_LABEL: Final = 3


def _is_labelled(password: str, digits: int) -> bool:
    """Whether the letters of *password* are but a label of its digits: there are none, or they stand apart.

    A random code has few letters now and then. So the digits must be many, or grouped as codes are not.
    """
    whole, labels = core(password), _LETTERS.findall(password)
    if not labels:
        return True
    if _HEXADECIMAL.fullmatch(whole):
        return False
    is_one = len(labels) == 1 or min(map(len, labels)) >= _LONG_LABEL
    if is_one and is_apart(password) and is_grouped_by_sense(password):
        return digits >= _FEW
    is_beside = _BESIDE.fullmatch(whole) is not None or (is_one and is_apart(password))
    return is_beside and digits >= _MANY - (len(whole) - digits >= _LONG_LABEL)


# --- cards

_ON_A_CARD = re.compile(r"[0-9]{4}(?: +[0-9]{4}){3}(?: +[0-9]{1,3})?")
_BY_FOUR = re.compile(r"[0-9]{4}(?:[^-0-9]+[0-9]{4}){3}(?:[^-0-9]+[0-9]{1,3})?")
_IN_GROUPS = re.compile(r"[-_./,: 0-9]{17,}")


def _is_card(password: str) -> bool:
    """Whether there are groups as on a card; or such as codes have not, of what can be the number of one.

    With hyphens between fours, or without anything, codes are written too, and one in 43 could be a card's.
    """
    if not _IN_GROUPS.fullmatch(password):
        return False
    is_no_code = _BY_FOUR.fullmatch(password) or is_grouped_by_sense(password)
    return bool(_ON_A_CARD.fullmatch(password) or (is_no_code and _can_be_card(core(password))))


def _can_be_card(digits: str) -> bool:
    """Whether somebody issues such numbers, and the check digit is right (ISO/IEC 7812-1, Luhn)."""
    doubled = (int(each) * (1 + at % 2) for at, each in enumerate(reversed(digits)))
    return tables.CARD.fullmatch(digits) is not None and sum(n - 9 * (n > 9) for n in doubled) % 10 == 0


# --- formats


def formatted(password: str) -> GivenOut | None:
    """Return what *password* is if it has the form of an account, a tax or identity number or a plate."""
    letters = core(password)
    whole = letters.upper()
    if is_of_one_case(letters) and _is_iban(whole):  # a code of both cases is one by chance too often
        return GivenOut(_IBAN_BITS, "the number of an account (IBAN)")
    if tables.CHINESE.fullmatch(whole) and _is_chinese(whole):
        return GivenOut(_FORMAT_BITS, "an identity number")
    kind = next((kind for kind, form in tables.FORMATS if form.fullmatch(whole)), None)
    if kind is None or not _is_written_so(kind, password):
        return None
    return GivenOut(_FORMAT_BITS, kind)


def _is_written_so(kind: str, password: str) -> bool:
    """Whether plates are of one case, and groups are no code's, which cut through letters and digits."""
    is_code = len(chunks(password)) > 1 and not is_grouped_by_sense(password) and not is_apart(password)
    if signs(password):
        return False
    return (kind != tables.PLATE or is_of_one_case(core(password))) and (kind == tables.DRIVER or not is_code)


def _is_iban(whole: str) -> bool:
    """Whether length and check digits are right (ISO 13616, and ISO 7064, mod 97-10)."""
    if not (whole.isascii() and whole[2:4].isdecimal() and len(whole) == tables.IBAN.get(whole[:2])):
        return False
    return int("".join(str(int(character, 36)) for character in whole[4:] + whole[:4])) % 97 == 1


def _is_chinese(whole: str) -> bool:
    """Whether the last character is right (ISO 7064, mod 11-2)."""
    total = sum(pow(2, 17 - at, 11) * int(digit) for at, digit in enumerate(whole[:17]))
    return "10X98765432"[total % 11] == whole[17]


# --- dates


def dates(password: str) -> Iterator[tuple[int, int]]:
    """Yield where dates start and end."""
    for pattern in tables.DATES:
        yield from (match.span("all") for match in pattern.finditer(password) if _is_date(match))


def _is_date(match: re.Match[str]) -> bool:
    year, month, day = (int(match[name]) for name in "ymd")
    try:
        datetime.date(year if year > 99 else 2000 + year, month, day)
    except ValueError:
        return False
    return True
