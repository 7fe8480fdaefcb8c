"""What a password must be: typed the same in every reader, and not guessed in a day."""

from __future__ import annotations

import datetime
import functools
import itertools
import math
import re
import stringprep
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

from ondemand_attach.errors import ConfigurationError, WeakPasswordError
from ondemand_attach.protectors import _zxcvbn

LEAST_BITS = 40
GUESSES_PER_SECOND = 1_000_000
"""One strong graphics card on the R6 hash, rounded up; pure Python makes 1,500 on one core."""


Strength: TypeAlias = Literal["patterns", "zxcvbn"]
"""What estimates a password: the patterns here alone, or zxcvbn with its lists of words as well."""


class Limits(NamedTuple):
    """What files of one kind take; by default, PDF of revision 6.

    Args:
        longest: bytes in UTF-8; poppler fails from 127 on, PDF allows 127 (ISO 32000-2 section 7.6.4.3.3).
        is_ascii: nothing else.
        guesses_per_second: how fast somebody who has the file can try.
    """

    longest: int = 126
    is_ascii: bool = False
    guesses_per_second: int = GUESSES_PER_SECOND


PDF: Final = Limits()


def check(
    password: object,
    *,
    whose: str,
    varying: object = None,
    insecure_allow_weak: bool = False,
    strength: Strength = "patterns",
    known: Sequence[str] = (),
    limits: Limits = PDF,
) -> str:
    """Return *password* if it opens in every reader and is strong enough.

    Args:
        password: what the application gave.
        whose: how the error text names it. The password itself is never shown.
        varying: the part that is not the same for everyone, if that is not all of it.
        insecure_allow_weak: let a password through that can be guessed. It must still open everywhere.
        strength: what estimates it.
        known: words that a guesser tries first.
        limits: of the kind of file.

    Raises:
        WeakPasswordError: it is not such a password.
    """
    if not isinstance(password, str):
        raise WeakPasswordError(f"{whose} is of type {type(password).__name__}; give a str")
    if reason := _unfit(password, limits):
        raise WeakPasswordError(f"{whose} {reason}")
    judged = varying if isinstance(varying, str) else password
    bits = estimated_bits(judged)
    if strength == "zxcvbn":
        bits = min(bits, _zxcvbn.estimated_bits(judged, known))
    least = least_bits(limits)
    if bits < least and not insecure_allow_weak:
        seconds = 2**bits / limits.guesses_per_second
        raise WeakPasswordError(
            f"{whose} holds about {int(bits)} bits, fewer than {least:.0f}: found in {_duration(seconds)} at "
            f"{limits.guesses_per_second:,} guesses a second; use one that is "
            "harder to guess, such as generated_password() makes, or insecure_allow_weak_password=True"
        )
    return password


def least_bits(limits: Limits) -> float:
    """Return how many bits a password of such files must hold."""
    return LEAST_BITS + math.log2(limits.guesses_per_second / GUESSES_PER_SECOND)


def letters(password: str) -> str:
    """Return the letters and digits of *password*, so that a filter or other hyphens make no other of it."""
    return "".join(filter(str.isalnum, password.casefold()))


def check_strength(strength: Strength) -> None:
    """Look whether passwords can be estimated in this way.

    Raises:
        ConfigurationError: there is no such way.
        MissingDependencyError: its extra is not installed.
    """
    if strength not in get_args(Strength):
        raise ConfigurationError(f"{strength!r}: no such strength; there are {', '.join(get_args(Strength))}")
    if strength == "zxcvbn":
        _zxcvbn.library()


def _unfit(password: str, limits: Limits) -> str | None:
    if not password:
        return "is empty; everyone could open the document"
    if len(password) > limits.longest:  # looked at first: a value of the context may have megabytes
        return _too_long(limits)
    if not _is_prepared(password):
        return (
            "holds a character that programs treat differently, so that it would not open in all of them; "
            "use letters, digits and ASCII punctuation, in normal form NFKC"
        )
    if limits.is_ascii and not password.isascii():
        return "holds more than ASCII, which programs encode in different ways"
    if len(password.encode()) > limits.longest:
        return _too_long(limits)
    return None


def _too_long(limits: Limits) -> str:
    return f"is longer than {limits.longest} bytes in UTF-8, more than all programs take"


_PROHIBITED = (
    stringprep.in_table_a1,
    stringprep.in_table_b1,
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def _is_prepared(password: str) -> bool:
    """Whether SASLprep (RFC 4013) would leave *password* as it is: seven of ten readers skip that step."""
    if password.isascii() and password.isprintable():
        return True
    if any(prohibited(character) for character in password for prohibited in _PROHIBITED):
        return False
    if not (
        unicodedata.is_normalized("NFKC", password) and unicodedata.ucd_3_2_0.is_normalized("NFKC", password)
    ):
        return False
    if not any(map(stringprep.in_table_d1, password)):
        return True
    has_left_to_right = any(map(stringprep.in_table_d2, password))
    return not has_left_to_right and all(map(stringprep.in_table_d1, (password[0], password[-1])))


def estimated_bits(password: str) -> float:
    """Estimate how many bits a guesser must search, at most.

    The cheapest way to put *password* together from dates, words, well-known passwords, repeats, walks over
    the keyboard and single characters. Letters that could be a word or a name count 2.2 bits each, a digit
    3.3, other letters 4.7. The estimate sees characters only: it does not know which names, dates or numbers
    a guesser already knows of the recipient, nor that numbers are given out in order.
    """
    cheapest = [0.0] + [math.inf] * len(password)
    for piece in sorted(_pieces(password)):
        cheapest[piece.end] = min(cheapest[piece.end], cheapest[piece.start] + piece.bits)
    hexadecimal = 4.0 * len(password) if re.fullmatch("[0-9a-f]+|[0-9A-F]+", password) else math.inf
    return min(cheapest[-1], hexadecimal)


class _Piece(NamedTuple):
    start: int
    end: int
    bits: float


def _pieces(password: str) -> Iterator[_Piece]:
    before = " "
    for index, character in enumerate(password):
        own = _class_of(character)
        is_change = before not in {own, " "} and character.isalnum()
        yield _Piece(index, index + 1, _CHARACTER_BITS[own] + is_change)
        before = own
    for find in (_dates, _identifiers, _words, _well_known, _walks, _repeats):
        yield from find(password)


_CHARACTER_BITS = {"0": 3.32, "a": 4.7, "A": 4.7, " ": 1.0, "!": 5.0, "ž": 6.0}


@functools.lru_cache(maxsize=256)
def _class_of(character: str) -> str:
    """The class that an attacker's mask would name; separators are nearly free, a template fixes them."""
    if not character.isascii():
        return "ž"
    if character in " -_./,:;":
        return " "
    if character.isdigit():
        return "0"
    if character.isalpha():
        return "a" if character.islower() else "A"
    return "!"


_DATE_BITS = 17.0  # a day of the last 120 years, in one of three formats
_YEAR, _SHORT, _TWO = "(?P<y>(?:19|20)[0-9]{2})", "(?P<y>[0-9]{2})", "(?P<{}>[0-9]{{2}})".format
_Y, _M, _D = "(?P<y>(?:19|20)?[0-9]{2})", "(?P<m>1[0-2]|0?[1-9])", "(?P<d>3[01]|[12][0-9]|0?[1-9])"
# The beginnings of the months in a dozen European languages.
_MONTH = (
    "(?:jan|feb|fév|mar|mär|maa|mrt|apr|avr|abr|may|mai|mei|maj|máj|jun|jún|jui|jul|júl|aug|avg|aou|aoû|ago|sep|sze|set|"
    "oct|okt|out|nov|dec|des|dez|dic|déc|"
    "led|úno|uno|bře|bre|dub|kvě|kve|čer|cer|srp|zář|zar|říj|rij|lis|pro|sty|lut|kwi|cze|lip|sie|wrz|paź|paz|gru|gen|mag|giu|lug|ott"
    r")[^\W\d_]*"
)
_DATES = [
    re.compile(f"(?=(?P<all>{pattern}))", re.IGNORECASE)
    for pattern in (
        *(_YEAR + _TWO("m") + _TWO("d"), _TWO("d") + _TWO("m") + _YEAR, _TWO("m") + _TWO("d") + _YEAR),
        *(
            rf"(?<!\d){digits}(?!\d)"
            for digits in (
                _SHORT + _TWO("m") + _TWO("d"),
                _TWO("d") + _TWO("m") + _SHORT,
                _TWO("m") + _TWO("d") + _SHORT,
            )
        ),
        *(f"{a}[-./ ]+{b}[-./ ]+{c}" for a, b, c in ((_Y, _M, _D), (_D, _M, _Y), (_M, _D, _Y))),
        *(
            f"{_D}[-./ ]*{_MONTH}[-./ ]*{_Y}",
            f"{_MONTH}[-./ ]*{_D}[-./, ]+{_Y}",
            f"{_Y}[-./ ]*{_MONTH}[-./ ]*{_D}",
        ),
    )
]


def _dates(password: str) -> Iterator[_Piece]:
    for pattern in _DATES:
        for match in pattern.finditer(password):
            found = match.groupdict()
            if _is_date(found["y"], found.get("m", "1"), found["d"]):
                yield _Piece(*match.span("all"), _DATE_BITS)


def _is_date(year: str, month: str, day: str) -> bool:
    try:
        datetime.date(int(year) if len(year) == 4 else 2000 + int(year), int(month), int(day))
    except ValueError:
        return False
    return True


_MONTH_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_IDENTIFIERS = [  # ~ is a separator, if there is one
    (re.compile(f"(?=(?P<all>{pattern.replace('~', '[-./ ]?')}))", re.IGNORECASE), bits)
    for pattern, bits in (
        (rf"(?<!\d)[1-9]?\d\d{_MONTH_DAY}[-/ ]?\d{{6,7}}(?!\d)", 31.0),  # national numbers with a date
        (r"[a-z]{6}\d\d[a-ehlmprst]\d\d[a-z]\d{3}[a-z]", 32.0),  # Italian tax codes
        (r"(?<!\d)[12](?:~\d\d){2}~\d[\dab]~\d{3}~\d{3}(?:~\d\d)?(?!\d)", 34.0),  # French NIR
        (r"(?<!\d)756~\d{4}~\d{4}~\d\d(?!\d)", 30.0),  # Swiss AHV numbers
        (r"\b[a-z]{2}~\d\d~\d\d~\d\d~[a-d]\b", 31.0),  # British National Insurance numbers
        (r"(?<!\d)\d\d~\d{6}~[a-z]~\d{3}(?!\d)", 32.0),  # German pension insurance numbers
        (rf"(?<!\d)[1-8]\d{{5}}(?:19|20)\d\d{_MONTH_DAY}\d{{3}}[\dx](?!\d)", 37.0),  # Chinese identities
        (r"\b[a-z]{4}\d{6}[hmx][a-z]{5}[a-z\d]\d\b", 32.0),  # Mexican CURP
        (r"\b[a-z]{3}[abcfghljpt][a-z]\d{4}[a-z]\b", 33.0),  # Indian tax numbers
        (r"(?:\+|(?<!\d)00)[1-9](?: ?\d){7,13}", 31.0),  # telephone numbers
        (r"\b[a-z]{1,2}\d[a-z\d]?[- ]?\d[a-z]{2}\b", 21.0),  # postcodes of the United Kingdom
        (r"\b[a-z]\d[a-z][- ]?\d[a-z]\d\b", 20.0),  # of Canada
        (r"\b[a-z]\d[\dw][- ]?[a-z\d]{4}\b", 22.0),  # of Ireland
        (r"(?<!\d)(?:19[2-9]|20[0-3])\d(?!\d)", 7.0),  # years
    )
]


def _identifiers(password: str) -> Iterator[_Piece]:
    for pattern, bits in _IDENTIFIERS:
        for match in pattern.finditer(password):
            yield _Piece(*match.span("all"), bits)


_WORD = re.compile(r"[^\W\d_][^\W\d_A-Z]{3,}|[A-Z]{4,}")
_LETTERS = re.compile(r"[^\W\d_]{4,}")
# The pairs of consonants that European words and names are made of; random letters soon hold another one.
_PAIRS = re.compile(
    "b[blrs]|c[chkrtz]|d[dlmnrstvz]|f[flrst]|g[ghlnrst]|h[lmnrtv]|j[dns]|k[klnrstv]|l[bcdfgklmnpstvz]|m[bmnps]|"
    "n[cdfgjkmnstz]|p[fhlprst]|r[bcdfgjklmnpqrstvwz]|s[chklmnpqrstvwz]|t[chklnrstvwz]|v[lnrz]|w[hnrs]|z[bdklmnvz]"
)


def _words(password: str) -> Iterator[_Piece]:
    """Runs of letters that could be spoken: no dictionary holds every surname of every language."""
    in_capitals = (match for match in _LETTERS.finditer(password) if match[0].isupper())
    for match in itertools.chain(_WORD.finditer(password), in_capitals):
        if _is_speakable(_plain(match[0])):
            yield _Piece(*match.span(), 2.2 * len(match[0]))


def _is_speakable(letters: str) -> bool:
    if not letters.isascii():
        return max(letters) < "\u3000"  # from here on, a character is a syllable or a word
    clusters = re.findall("[^aeiouy]+", letters)
    pairs = [cluster[index : index + 2] for cluster in clusters for index in range(len(cluster) - 1)]
    return clusters != [letters] and all(map(_PAIRS.fullmatch, pairs))


def _plain(letters: str) -> str:
    decomposed = unicodedata.normalize("NFD", letters.lower())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


_LEET = str.maketrans("01345789@$!", "oieastbgasi")
_WELL_KNOWN = frozenset(
    """
    abc abcd access admin administrator ahoj andrew android angel apple april asdf ashley autumn
    azerty baby bank baseball basketball batman battery bestellung bienvenue changeme charlie client
    company computer contrasena correct customer daniel default demo document dokument dragon email
    facebook faktura family february firma flower foobar football freedom friday fussball geheim
    google guest hallo haslo hello heslo hidden hockey horse iloveyou internet invoice iphone
    january jelszo jessica jordan klient kodeord kunde letmein login logon losenord love lovely mail
    march martin master michael microsoft monday money monkey motdepasse mustang ninja office online
    order parola pass passw password passwort pokemon post princess private pwd qaz qwerty qwertz
    rechnung robert root salasana samsung secret senha service shadow shop soccer sommer spiderman
    spring staple starwars summer sunday sunshine superman support tajne test tester thomas trustno
    user vitejte wachtwoord welcome whatever willkommen windows winter witaj wsx zakaznik zaq zxcv
    """.split()  # noqa: SIM905 - a list of words is read as text
)


def _well_known(password: str) -> Iterator[_Piece]:
    plain = _plain(password)
    if len(plain) != len(password):
        return
    for folded in {plain, plain.translate(_LEET)}:
        for word in _WELL_KNOWN:
            start = folded.find(word)
            while start >= 0:
                yield _Piece(start, start + len(word), 9.0)
                start = folded.find(word, start + 1)


_PATHS = (
    *("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "qwertzuiop", "azertyuiop"),
    *("asdfghjkl", "qsdfghjklm", "zxcvbnm", "yxcvbnm", "1qaz2wsx3edc4rfv5tgb", "1q2w3e4r5t6y7u8i9o0p"),
)
_WALKS = "\n".join(path[::step] for path in _PATHS for step in (1, -1))


def _walks(password: str) -> Iterator[_Piece]:
    folded = password.lower()
    if len(folded) != len(password):
        return
    for start in range(len(folded)):
        for end in range(start + 4, len(folded) + 1):
            if folded[start:end] not in _WALKS:
                break
            yield _Piece(start, end, 6.0 + math.log2(end - start))


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
                yield _Piece(start, start + times * size, estimated_bits(block) + math.log2(times))
            start += length


def _duration(seconds: float) -> str:
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds" if seconds >= 1.5 else "a second"
