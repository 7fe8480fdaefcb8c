"""What the characters of a password are: classes that an attacker's mask would name, separators, groups."""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import Final

SEPARATORS: Final = " -_./,:;()+"
SIGN_BITS: Final = 5.0
"""What a sign counts: there are 33, a few of which are in most passwords."""

_NOT_SEPARATING = re.compile(
    r"[a-z][0-9]*[A-Z]|[A-Z]{2}[0-9]*[a-z]|-.*_|_.*-"  # as token_urlsafe() makes
    r"|^[-_.,/:;)]|[-_,/:;(+]$|[-_.,/:;()+][-_.,/:;)+]|[+](?![0-9(])"  # as in no word or plate
    r"|^[^(]*[)]|[(][^)]*(?:[(]|$)"
)
_SHORT: Final = 8
_OF_WORDS: Final = SEPARATORS.translate({32: None, 41: None})  # brackets come in pairs
_MOST: Final = 2  # of these, in whatever is no number
_CHUNK = re.compile(r"[^\W_]+")
_APART = re.compile(r"(?:[\W_]*(?:[^\W\d_]+|[0-9]+)(?![^\W_]))*[\W_]*")


def classes_of(password: str) -> list[str]:
    """Return the class of each character. Separators that do not separate are signs like others."""
    classes = [class_of(character) for character in password]
    if "!" in classes or (len(password) > _SHORT and _is_code(password)):
        return ["!" if each == " " else each for each in classes]
    return classes


def _is_code(password: str) -> bool:
    """Whether its separators are such that nobody writes."""
    return len({*password}.intersection(_OF_WORDS)) > _MOST or _NOT_SEPARATING.search(password) is not None


@functools.lru_cache(maxsize=256)
def class_of(character: str) -> str:
    """Return 0 for a digit, a or A for a letter, ž for another one, a space for a separator, ! for a sign."""
    if character.isdecimal():
        return "0"
    if not character.isascii():
        return "ž"
    if character.isalpha():
        return "a" if character.islower() else "A"
    return " " if character in SEPARATORS else "!"


def signs(password: str) -> int:
    """Return how many signs there are that never separate."""
    return sum(class_of(character) == "!" for character in password)


def core(password: str) -> str:
    """Return the letters and digits of *password*."""
    return "".join(filter(str.isalnum, password))


def plain(letters: str) -> str:
    """Return *letters* without accents."""
    decomposed = unicodedata.normalize("NFD", letters)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def chunks(password: str) -> list[str]:
    """Return what stands between separators and signs."""
    return _CHUNK.findall(password)


def is_apart(password: str) -> bool:
    """Whether no letter touches a digit."""
    return _APART.fullmatch(password) is not None


def is_grouped_by_sense(password: str) -> bool:
    """Whether there are groups, and not as in a code: there all have one length, but for the last."""
    lengths = [len(chunk) for chunk in chunks(password)]
    if len(lengths) < 3:
        return len({*lengths}) > 1
    return len({*lengths[:-1]}) > 1 or lengths[-1] > lengths[0]


def is_of_one_case(text: str) -> bool:
    """Whether all letters are small, or all are capitals."""
    return text in {text.lower(), text.upper()}
