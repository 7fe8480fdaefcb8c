"""What a password must be: typed the same in every reader, and not guessed in a day."""

from __future__ import annotations

import math
import stringprep
import unicodedata
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

from ondemand_attach.errors import ConfigurationError, WeakPasswordError
from ondemand_attach.protectors import _zxcvbn
from ondemand_attach.protectors._strength import LEAST_BITS, Estimate, estimate

GUESSES_PER_SECOND = 1_000_000
"""One strong graphics card on the R6 hash, rounded up; pure Python makes 1,500 on one core."""


_MOST_BITS: Final = math.log2(95)  # in a character, if all that can be typed are as likely
_SHORTEST_WORD: Final = 4

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
    judged: str | None = None,
    bits: float | None = None,
    insecure_allow_weak: bool = False,
    strength: Strength = "patterns",
    known: Sequence[str] = (),
    limits: Limits = PDF,
) -> str:
    """Return *password* if it opens in every reader and is strong enough.

    Args:
        password: what the application gave.
        whose: how the error text names it. The password itself is never shown.
        judged: what of it is secret, if that is not all of it.
        bits: how many it holds, if the application knows.
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
    if insecure_allow_weak:
        return password
    secret = password if judged is None else judged
    if bits is not None:
        _check_room(secret, bits, whose)
        return password
    found = _estimate(_without(known, secret), strength, known)
    if found.bits < least_bits(limits):
        raise WeakPasswordError(_weak(found, limits, whose, is_all=letters(secret) == letters(password)))
    return password


def check_bits(bits: object, limits: Limits = PDF) -> None:
    """Look whether so many bits are enough, as the application says while wiring.

    Raises:
        ConfigurationError: they are not, or are no number.
    """
    if isinstance(bits, bool) or not isinstance(bits, int | float):
        raise ConfigurationError(f"password_bits= takes a number, not a value of type {type(bits).__name__}")
    if not bits >= least_bits(limits):
        raise ConfigurationError(
            f"password_bits={bits:g} is fewer than {least_bits(limits):.0f}; make longer codes: n out of k "
            "letters and digits hold n * log2(k) bits"
        )


def _check_room(secret: str, bits: float, whose: str) -> None:
    if len(secret) * _MOST_BITS < bits:
        raise WeakPasswordError(
            f"{whose} is too short to hold the {bits:g} bits of password_bits=: fixed text and public values "
            "count nothing; put the whole code into it"
        )


def _estimate(secret: str, strength: Strength, known: Sequence[str]) -> Estimate:
    found = estimate(secret)
    if strength == "zxcvbn" and not letters(secret).isdecimal():
        bits = _zxcvbn.estimated_bits(secret, known)
        return min(
            found, Estimate(bits, "words, names or passwords that are in lists"), key=lambda one: one.bits
        )
    return found


def _without(known: Sequence[str], secret: str) -> str:
    """Return *secret* without the words that everybody reads in the address, unless it is one of them."""
    for word in known:
        at = secret.lower().find(word.lower())
        if len(word) >= _SHORTEST_WORD and at >= 0 and len(secret) > len(word):
            secret = secret[:at] + secret[at + len(word) :]
    return secret


def _weak(found: Estimate, limits: Limits, whose: str, *, is_all: bool) -> str:
    looks = f"looks like {found.kind}, and " if found.kind else ""
    counted = "" if is_all else "; fixed text and values that are not confidential count nothing"
    seconds = 2**found.bits / limits.guesses_per_second
    return (
        f"{whose} {looks}holds about {int(found.bits)} bits, fewer than {least_bits(limits):.0f}: found in "
        f"{_duration(seconds)} at {limits.guesses_per_second:,} guesses a second{counted}; use "
        "a code that the customer finds in their account, or let generated_password() make one; or, if a "
        "machine made it, say how many bits it holds with password_bits=; or take it as it is with "
        "insecure_allow_weak_password=True"
    )


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


def _duration(seconds: float) -> str:
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds" if seconds >= 1.5 else "a second"
