"""Words, names, years and months: letters that follow each other as those of a language do."""

from __future__ import annotations

import itertools
import math
import re
from typing import Final, NamedTuple

from ondemand_attach.protectors import _strength_tables as tables
from ondemand_attach.protectors._characters import (
    SIGN_BITS,
    chunks,
    is_apart,
    is_grouped_by_sense,
    plain,
    signs,
)

_LETTER, _DIGIT = math.log2(26), math.log2(10)
_FOLLOWS: Final = 1.6  # bits for whether a word, a number or a sign follows
_WORD, _LONG_WORD, _MORE_LETTERS = 12.5, 12, 2.2
_SMALL_WORD, _YEAR_BITS = (3.0, 5.0), (7.0, 7.0)
_TOKENS = re.compile(r"[0-9]+|[A-Z]?[^\W\d_A-Z]+|[A-Z]+")
_SMALL = frozenset("and da de del den der di do du la le nd of rd st th the und".split())  # noqa: SIM905 - a list of words
_YEAR = re.compile("19[2-9][0-9]|20[0-3][0-9]")
_SYLLABLES: Final = "\u3000"  # from here on, a character is a syllable or a word
_FOREIGN: Final = 6  # bits by which another script than ours speaks for a word: codes are in ASCII


class _Token(NamedTuple):
    """A word or number: what it takes to find it, and what it takes to say it if it might be random."""

    guessed: float
    told: float


def spoken_bits(password: str, classes: list[str], most_told: float) -> float | None:
    """Return what words and numbers hold, if they explain *password* better than chance.

    Args:
        password: as it is typed; one without letters is not spoken.
        classes: of its characters.
        most_told: how many bits it may take to say it as words. By Kraft's inequality, few random codes take
            as few.
    """
    tokens = [_token(text) for text in _TOKENS.findall(plain(password))]
    if not any(map(str.isalpha, password)) or _told(tokens, password, classes) > most_told:
        return None
    return SIGN_BITS * signs(password) + sum(token.guessed for token in tokens) + len(tokens) - 1


def _told(tokens: list[_Token], password: str, classes: list[str]) -> float:
    """Return how many bits it takes to say each token, what follows, how long it is, and in which case."""
    each = _FOLLOWS + 1.4 + 1.6 * ({"a", "A"} <= {*classes})
    told = (SIGN_BITS + _FOLLOWS) * classes.count("!") + sum(token.told + each for token in tokens)
    if is_apart(password) and is_grouped_by_sense(password):  # where each token ends is told by the groups
        told -= 3.0 * (len(chunks(password)) - 1)
    return told


def _token(text: str) -> _Token:
    length, word = len(text), text.lower()
    if _YEAR.fullmatch(text):
        return _Token(*_YEAR_BITS)
    if text[0].isdecimal():
        return _Token(_DIGIT * length, _DIGIT * length)
    if max(word) >= _SYLLABLES:
        return _Token(_FOREIGN * length, 0.0)
    if word in _SMALL:
        return _Token(*_SMALL_WORD)
    guessed = min(_LETTER * length, _WORD) + _MORE_LETTERS * max(0, length - _LONG_WORD)
    return _Token(guessed, sum(itertools.starmap(_told_after, zip(" " + word, word, strict=False))))


def _told_after(before: str, letter: str) -> float:
    if not letter.isascii():
        return -_FOREIGN
    if not "a" <= before <= "z":
        return _LETTER
    return _LETTER - tables.FOLLOWING[ord(before) - 97][ord(letter) - 97]
