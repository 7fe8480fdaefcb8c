"""How many bits a guesser must search, and what kind of thing a password looks like.

A code that a machine made must pass, and what somebody could know or look up must not. So a kind is only seen
where chance would make a random code look so less than once in 10,000 times, and separators count nothing.
The lowest of these counts:

* every letter and digit, out of the kinds of them that there are;
* as a number of up to 15 digits: so many have telephones (ITU-T E.164), identities, taxes and accounts. Of
  such a number, a region, a date, an order or check digits are known, so a digit counts 2.6 bits;
* as one of the longer formats that are given out, such as an IBAN;
* as a number plate, an identity card: few runs of letters and digits, of which a guesser knows the format;
* as words, names, years and months, where the letters follow each other as those of a language do.
"""

from __future__ import annotations

import datetime
import functools
import itertools
import math
import re
import unicodedata
from collections.abc import Iterator
from typing import Final, NamedTuple

from ondemand_attach.protectors import _strength_tables as tables

LEAST_BITS: Final = 40
_LETTER, _DIGIT = math.log2(26), math.log2(10)
_CHANCE: Final = 13.5
"""Bits that a kind must explain better than chance; 1 in 10,000 is 13.3."""
_SURELY: Final = 50
_GIVEN_OUT: Final = 15  # digits
_GIVEN_OUT_BITS: Final = 2.6
_WORD, _LONG_WORD, _MORE_LETTERS = 12.5, 12, 2.2
_DATE_BITS: Final = 17.0  # a day of the last 120 years, in one of three formats


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
    core, classes = "".join(filter(str.isalnum, password)), _classes(password)
    at_random = _at_random(classes, password)
    found = (
        Estimate(at_random),
        _number(password, core),
        _format(core.upper()),
        _by_format(password, classes, core),
        _spoken(password, classes, at_random),
    )
    return min(filter(None, found), key=lambda one: one.bits)


# --- characters

_SEPARATORS = frozenset(" -_./,:;()+")
_NOT_SEPARATING = re.compile(
    "^[-_.]|[-_]$|[a-z][0-9]*[A-Z]|[A-Z]{2}[0-9]*[a-z]|-.*_|_.*-|[-_]{2}"
)  # as token_urlsafe() makes
_SHORT: Final = 8
_SIZES = {"0": 10, "a": 26, "A": 26, "!": 33, "ž": 100}
_SIGN_BITS: Final = 5.0


@functools.lru_cache(maxsize=256)
def _class_of(character: str) -> str:
    """The class that an attacker's mask would name."""
    if character.isdecimal():
        return "0"
    if not character.isascii():
        return "ž"
    if character.isalpha():
        return "a" if character.islower() else "A"
    return " " if character in _SEPARATORS else "!"


def _classes(password: str) -> list[str]:
    """The class of each character. Separators that do not separate are signs like others."""
    classes = [_class_of(character) for character in password]
    is_code = "!" in classes or (len(password) > _SHORT and _NOT_SEPARATING.search(password))
    return ["!" if each == " " else each for each in classes] if is_code else classes


def _at_random(classes: list[str], password: str) -> float:
    """What letters, digits and signs hold if each is random; a separator may be there for the eye."""
    counted = [each for each in classes if each != " "]
    size = sum(_SIZES[each] for each in set(counted)) or 1
    return len(counted) * math.log2(16 if _HEXADECIMAL.fullmatch(password) else size)


# --- numbers that are given out

_EXTENSION = re.compile(r"[-. ,/](?:e?xt|x|dw|poste|int|kl|linka)[-. ]*[0-9]{1,5}\W*$", re.IGNORECASE)
_GROUPS_OF_CARD = re.compile(r"[0-9]{4}(?: [0-9]{4}){3}(?: [0-9]{1,3})?")
_LETTERS = re.compile(r"[^\W\d_]+")
_LABELLED: Final = 10  # digits, from which on letters beside them are but a label; 7 if it stands apart
_CHUNK = re.compile(r"[^\W_]+")
_APART = re.compile(r"(?:[\W_]*(?:[^\W\d_]+|[0-9]+)(?![^\W_]))*[\W_]*")
_HEXADECIMAL = re.compile("[-: ]*(?:[0-9a-f][-: ]*){13,}|[-: ]*(?:[0-9A-F][-: ]*){13,}")


def _number(password: str, core: str) -> Estimate | None:
    """A telephone, identity, tax or account number: digits, beside which one label may stand."""
    if found := _EXTENSION.search(password):
        password = password[: found.start()]
    digits = sum(map(str.isdecimal, password))
    if _GROUPS_OF_CARD.fullmatch(password):
        return Estimate(_GIVEN_OUT_BITS * _GIVEN_OUT, "the number of a card")
    signs = sum(_class_of(character) == "!" for character in password)
    if not digits or digits > _GIVEN_OUT or signs > 1 or not _is_label(password, digits, core):
        return None
    if any(date.end == len(password) for date in _dates(password) if date.start == 0):
        return Estimate(_DATE_BITS, "a date")
    kind = f"a number of {digits} digits, as telephones, accounts and persons have"
    return Estimate(_GIVEN_OUT_BITS * digits, kind)


def _is_label(password: str, digits: int, core: str) -> bool:
    """Whether the letters of *password* are but a label of its digits."""
    labels = _LETTERS.findall(password)
    if not labels or _HEXADECIMAL.fullmatch(core):
        return not labels
    if _APART.fullmatch(password) and (len(labels) == 1 or min(map(len, labels)) > 2):
        return digits >= (_LABELLED - 3 if _is_uneven(password) else _LABELLED - 1)
    return digits >= _LABELLED and len(_LETTERS.findall(core)) == 1


def _is_uneven(password: str) -> bool:
    """Whether there are groups, and not all of one length, as those of a code are."""
    return len({*map(len, _CHUNK.findall(password))}) > 1


def _is_date(match: re.Match[str]) -> bool:
    found = match.groupdict()
    year = int(found["y"])
    try:
        datetime.date(year if year > 99 else 2000 + year, int(found["m"]), int(found["d"]))
    except ValueError:
        return False
    return True


def _format(core: str) -> Estimate | None:
    is_long = core.isascii() and core[2:4].isdecimal() and len(core) == tables.IBAN.get(core[:2])
    if is_long and _is_iban(core):
        return Estimate(30.0, "the number of an account (IBAN)")
    if tables.CHINESE.fullmatch(core) and _is_chinese(core):
        return Estimate(32.0, "an identity number")
    return next((Estimate(32.0, kind) for kind, form in tables.FORMATS if form.fullmatch(core)), None)


def _is_iban(core: str) -> bool:
    """Whether the check digits are right (ISO 7064, mod 97-10)."""
    return int("".join(str(int(character, 36)) for character in core[4:] + core[:4])) % 97 == 1


def _is_chinese(core: str) -> bool:
    """Whether the last character is right (ISO 7064, mod 11-2)."""
    total = sum(pow(2, 17 - at, 11) * int(digit) for at, digit in enumerate(core[:17]))
    return "10X98765432"[total % 11] == core[17]


# --- formats that a guesser knows: plates, cards, names with a year

_CHANGE, _CHANGE_OF_OTHERS, _LONG = 3.0, 5.5, 10
"""What a change from letters to digits counts. Plates are short and not in large and small letters."""
_CLASS_BITS = {"0": _DIGIT, "a": _LETTER, "A": _LETTER, " ": 0.0, "!": _SIGN_BITS, "ž": 6.0}
_AGAIN: Final = 6.4  # bits, for that there is a date, or something once more, at all
_OF_NUMBERS: Final = 6


class _Piece(NamedTuple):
    start: int
    end: int
    bits: float


def _by_format(password: str, classes: list[str], core: str) -> Estimate | None:
    """As characters of kinds that are known, put together with dates, well-known words, walks and repeats."""
    is_plain = len(core) < _LONG and (core == core.upper() or core == core.lower())
    bits = _cheapest(password, classes, _CHANGE if is_plain else _CHANGE_OF_OTHERS)
    # A long number has many places for a date or a walk, and no change of kinds that speaks for a code.
    least = LEAST_BITS - (_OF_NUMBERS if core.isdecimal() else 0)
    return Estimate(bits, "a format or a word that guessers know") if bits < least else None


def _cheapest(password: str, classes: list[str], change: float) -> float:
    cheapest = [0.0] + [math.inf] * len(password)
    for piece in sorted(_pieces(password, classes, change)):
        cheapest[piece.end] = min(cheapest[piece.end], cheapest[piece.start] + piece.bits)
    return cheapest[-1]


def _pieces(password: str, classes: list[str], change: float) -> Iterator[_Piece]:
    before = " "
    for index, own in enumerate(classes):
        yield _Piece(index, index + 1, _CLASS_BITS[own] + change * (own != before != " " != own))
        before = before if own == " " else own
    yield from _dates(password)
    yield from _well_known(password)
    yield from _walks(password)
    yield from _repeats(password)


def _dates(password: str) -> Iterator[_Piece]:
    for pattern in tables.DATES:
        for match in pattern.finditer(password):
            if _is_date(match):
                yield _Piece(*match.span("all"), _DATE_BITS + _AGAIN)


_KNOWN_WORD, _SHORTEST_WORD = 9.0, 4
_LEET = str.maketrans("01345789@$!", "oieastbgasi")


def _well_known(password: str) -> Iterator[_Piece]:
    plain = _plain(password).lower()
    if len(plain) != len(password):
        return
    leet = plain.translate(_LEET)
    for word in tables.WELL_KNOWN:
        is_short = len(word) == _SHORTEST_WORD
        bits = _KNOWN_WORD + 4.0 * is_short
        for start in _places(word, plain if is_short else leet):
            if _is_of_one_case(password[start + 1 : start + len(word)]):
                yield _Piece(start, start + len(word), bits)


def _places(word: str, text: str) -> Iterator[int]:
    start = text.find(word)
    while start >= 0:
        yield start
        start = text.find(word, start + 1)


def _is_of_one_case(text: str) -> bool:
    return text in {text.lower(), text.upper()}


def _plain(letters: str) -> str:
    decomposed = unicodedata.normalize("NFD", letters)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _walks(password: str) -> Iterator[_Piece]:
    folded = password.lower()
    if len(folded) != len(password):
        return
    for start in range(len(folded)):
        for end in range(start + 4, len(folded) + 1):
            if folded[start:end] not in tables.WALKS or not _is_of_one_case(password[start + 1 : end]):
                break
            yield _Piece(start, end, 10.0 + math.log2(end - start))


_REPEAT = re.compile(r"(.)\1{3}|(..)\2\2|(.{3,})\3", re.DOTALL)


def _repeats(password: str) -> Iterator[_Piece]:
    if not _REPEAT.search(password):
        return
    for size in range(1, len(password) // 2 + 1):
        recurring = (first == later for first, later in zip(password, password[size:], strict=False))
        start = 0
        for recurs, run in itertools.groupby(recurring):
            times, block = 1 + (length := len(list(run))) // size, password[start : start + size]
            is_shortest = block not in (block + block)[1:-1]
            if recurs and is_shortest and times * size >= (4 if size == 1 else 6) and times > 1:
                yield _Piece(
                    start,
                    start + times * size,
                    estimated_bits(block) + _AGAIN + 2.5 * (size > 1) + math.log2(times),
                )
            start += length


# --- words, names, years, months

_TOKENS = re.compile(r"[0-9]+|[A-Z]?[^\W\d_A-Z]+|[A-Z]+")
_SMALL = frozenset("and da de del den der di do du la le nd of rd st th the und".split())  # noqa: SIM905 - a list of words
_YEAR = re.compile("19[2-9][0-9]|20[0-3][0-9]")
_SYLLABLES: Final = "\u3000"  # from here on, a character is a syllable or a word
_FOREIGN: Final = 6  # bits by which another script than ours speaks for a word: codes are in ASCII


class _Token(NamedTuple):
    """A word or number: what it takes to find it, and what it takes to say it if it might be random."""

    guessed: float
    told: float


def _spoken(password: str, classes: list[str], at_random: float) -> Estimate | None:
    """As words and numbers, if it speaks for these more than chance would let random letters do."""
    tokens = [_token(text) for text in _TOKENS.findall(_plain(password))]
    each = 3.0 + 1.6 * ({"a", "A"} <= {*classes})  # what follows, how long it is, and in which case
    told = _SIGN_BITS * classes.count("!") + sum(token.told + each for token in tokens)
    if _is_uneven(password) and _APART.fullmatch(password):
        told -= 3.0 * (len(_CHUNK.findall(password)) - 1)
    if not _LETTERS.search(password) or told > max(_SURELY, at_random) - _CHANCE:
        return None
    signs = sum(_class_of(character) == "!" for character in password)
    guessed = _SIGN_BITS * signs + sum(token.guessed for token in tokens) + len(tokens) - 1
    return Estimate(guessed, "words, names or dates that could be looked up")


def _token(text: str) -> _Token:
    length = len(text)
    if text[0].isdecimal():
        return _Token(*(7.0, 7.0) if _YEAR.fullmatch(text) else (_DIGIT * length, _DIGIT * length))
    word = text.lower()
    if max(word) >= _SYLLABLES:
        return _Token(_FOREIGN * length, 0.0)
    if word in _SMALL:
        return _Token(3.0, 5.0)
    guessed = min(_LETTER * length, _WORD) + _MORE_LETTERS * max(0, length - _LONG_WORD)
    return _Token(guessed, _told(word))


def _told(word: str) -> float:
    return sum(itertools.starmap(_told_after, zip(" " + word, word, strict=False)))


def _told_after(before: str, letter: str) -> float:
    if not letter.isascii():
        return -_FOREIGN
    if not "a" <= before <= "z":
        return _LETTER
    return _LETTER - tables.FOLLOWING[ord(before) - 97][ord(letter) - 97]
