"""How many bits a guesser must search, and what kind of thing a password looks like.

A code that a machine made must pass, and what somebody could know or look up must not. So a kind is only seen
where chance would make a random code of 50 bits look so less than once in 10,000 times, and separators count
nothing. The lowest of these counts:

* every letter and digit, out of the kinds of them that there are;
* as a number that is given out (`_given_out`), such as a telephone's or an account's;
* as characters of known kinds, in a form that a guesser knows, as those of a plate: few runs of letters and
  digits, with dates, well-known words, walks over the keyboard and repeats between them;
* as words, names, years and months (`_spoken`).
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from ondemand_attach.protectors import _strength_tables as tables
from ondemand_attach.protectors._characters import SIGN_BITS, classes_of, core, is_of_one_case, plain, signs
from ondemand_attach.protectors._given_out import DATE_BITS, dates, formatted, number
from ondemand_attach.protectors._spoken import spoken_bits

LEAST_BITS: Final = 40


class Estimate(NamedTuple):
    """What is thought of a password.

    Args:
        bits: how many a guesser must search, at most.
        kind: what it looks like, in words that follow "looks like"; empty if like nothing in particular.
    """

    bits: float
    kind: str = ""


def estimated_bits(password: str) -> float:
    """Estimate how many bits a guesser must search, at most."""
    return estimate(password).bits


def estimate(password: str) -> Estimate:
    """Estimate *password*; see above.

    The estimate sees characters only: it does not know which names, dates or numbers a guesser already knows
    of the recipient.
    """
    return min(_estimates(password), key=lambda one: one.bits)


def _estimates(password: str) -> Iterator[Estimate]:
    classes = classes_of(password)
    at_random = _at_random(classes, password)
    yield Estimate(at_random)
    yield from (Estimate(*found) for found in (number(password), formatted(password)) if found)
    by_format = _cheapest(password, classes)
    if by_format < (LEAST_BITS if at_random < _SURELY else min(LEAST_BITS, at_random - _CHANCE - _PLACES)):
        yield Estimate(by_format, "a format or a word that guessers know")
    spoken = spoken_bits(password, classes, most_told=max(_SURELY, at_random) - _CHANCE)
    if spoken is not None:
        yield Estimate(spoken, "words, names or dates that could be looked up")


_CHANCE: Final = 13.5
"""Bits that a kind must explain better than chance; 1 in 10,000 is 13.3."""
_PLACES: Final = 2.5
"""Bits for that a date, a word or a walk may stand in many places of a code."""
_SURELY: Final = 50
"""From so many bits on, codes pass."""

# --- as random characters

_SIZES = {"0": 10, "a": 26, "A": 26, "!": 33, "ž": 100}
_HEXADECIMAL = re.compile("[-: ]*(?:[0-9a-f][-: ]*){13,}|[-: ]*(?:[0-9A-F][-: ]*){13,}")


def _at_random(classes: list[str], password: str) -> float:
    """What letters, digits and signs hold if each is random; a separator may be there for the eye."""
    counted = [each for each in classes if each != " "]
    size = sum(_SIZES[each] for each in set(counted)) or 1
    if "!" in counted and not signs(password):
        size -= _SIZES["!"] - 2  # base64url has two signs
    return len(counted) * math.log2(min(size, 16) if _HEXADECIMAL.fullmatch(password) else size)


# --- as characters of known kinds

_CLASS_BITS = {"0": math.log2(10), "a": math.log2(26), "A": math.log2(26), " ": 0.0, "!": SIGN_BITS, "ž": 6.0}
_CHANGE, _CHANGE_OF_OTHERS, _LONG = 3.0, 5.5, 9
"""What a change from letters to digits counts. Plates are short and not in large and small letters."""
_AGAIN: Final = 6.4  # bits, for that there is a date, or something once more, at all


class _Piece(NamedTuple):
    start: int
    end: int
    bits: float


def _cheapest(password: str, classes: list[str]) -> float:
    cheapest = [0.0] + [math.inf] * len(password)
    for piece in sorted(_pieces(password, classes)):
        cheapest[piece.end] = min(cheapest[piece.end], cheapest[piece.start] + piece.bits)
    return cheapest[-1]


def _pieces(password: str, classes: list[str]) -> Iterator[_Piece]:
    yield from _characters(password, classes)
    yield from (_Piece(*span, DATE_BITS + _AGAIN) for span in dates(password))
    yield from _well_known(password)
    yield from _walks(password)
    yield from _repeats(password)


def _characters(password: str, classes: list[str]) -> Iterator[_Piece]:
    letters = core(password)
    change = _CHANGE if len(letters) < _LONG and is_of_one_case(letters) else _CHANGE_OF_OTHERS
    before = " "
    for index, own in enumerate(classes):
        yield _Piece(index, index + 1, _CLASS_BITS[own] + change * (own != before != " " != own))
        before = before if own == " " else own


_KNOWN_WORD, _SHORT_WORD = 9.0, 13.0
_BEGIN: Final = 4  # letters of the shortest; only longer ones are looked for with digits in place of letters
_LEET = str.maketrans("01345789@$!", "oieastbgasi")
_WELL_KNOWN: Final = {
    begin: tuple(words)
    for begin, words in itertools.groupby(sorted(tables.WELL_KNOWN), key=lambda word: word[:_BEGIN])
}


def _well_known(password: str) -> Iterator[_Piece]:
    folded = plain(password).lower()
    if len(folded) != len(password):
        return
    leet = folded.translate(_LEET)
    for start in range(len(leet) - _BEGIN + 1):
        for word in _WELL_KNOWN.get(leet[start : start + _BEGIN], ()):
            end, is_short = start + len(word), len(word) == _BEGIN
            is_there = word == (folded if is_short else leet)[start:end]
            if is_there and is_of_one_case(password[start + 1 : end]):
                yield _Piece(start, end, _SHORT_WORD if is_short else _KNOWN_WORD)


_SHORTEST_WALK, _WALK_BITS = 4, 10.0


def _walks(password: str) -> Iterator[_Piece]:
    folded = password.lower()
    if len(folded) != len(password):
        return
    for start in range(len(folded)):
        for end in range(start + _SHORTEST_WALK, len(folded) + 1):
            if folded[start:end] not in tables.WALKS or not is_of_one_case(password[start + 1 : end]):
                break
            yield _Piece(start, end, _WALK_BITS + math.log2(end - start))


_REPEAT = re.compile(r"(.)\1{3}|(..)\2\2|(.{3,})\3", re.DOTALL)
_LONGER_THAN_ONE: Final = 2.5


def _repeats(password: str) -> Iterator[_Piece]:
    """Yield what is there again at once: a character four times, two thrice, or more twice."""
    if not _REPEAT.search(password):
        return
    for size in range(1, len(password) // 2 + 1):
        for start, times in _recurring(password, size):
            block = password[start : start + size]
            if times * size >= (4 if size == 1 else 6) and block not in (block + block)[1:-1]:
                again = _AGAIN + _LONGER_THAN_ONE * (size > 1) + math.log2(times)
                yield _Piece(start, start + times * size, estimated_bits(block) + again)


def _recurring(password: str, size: int) -> Iterator[tuple[int, int]]:
    """Yield where the same *size* characters stand more than once after each other, and how many times."""
    recurring = (first == later for first, later in zip(password, password[size:], strict=False))
    start = 0
    for recurs, run in itertools.groupby(recurring):
        length = len(list(run))
        if recurs and length >= size:
            yield start, 1 + length // size
        start += length
