"""Passwords that are made for one message, and brought to its recipient by another way."""

from __future__ import annotations

import functools
import math
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ondemand_attach.errors import ConfigurationError, MissingDependencyError
from ondemand_attach.protectors import _passwords, _strength

if TYPE_CHECKING:
    from ondemand_attach._message import Recipient

__all__ = ["GeneratedPassword"]

_FEWEST_WORDS = 100
_GROUP = 4  # digits
_TRIES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedPassword:
    """What a `PasswordDelivery` is given.

    Args:
        password: what opens the attachment.
        recipient: whom it is for.
        context: the data of the event in full, as plain data: a telephone number, a customer's number.
        message_id: of the message that is about to be sent.
    """

    password: str = field(repr=False)
    recipient: Recipient = field(repr=False)
    context: Mapping[str, Any] = field(repr=False)
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How passwords are made, and who gets them.

    Args:
        name: what templates call the password.
        parts: one of them stands in each place.
        count: how many places there are.
        group: how many stand together; hyphens come between.
        deliver: is given each.
    """

    name: str
    parts: Sequence[str] = field(repr=False)
    count: int
    group: int
    deliver: Callable[[GeneratedPassword], object]

    def __post_init__(self) -> None:
        bits = self.count * math.log2(len(self.parts))
        if bits < _strength.LEAST_BITS:
            raise ConfigurationError(
                f"{self.count} out of {len(self.parts)} make {bits:.0f} bits, fewer than "
                f"{_strength.LEAST_BITS}; ask for more"
            )

        self.make()

    def make(self) -> str:
        """Return a new password, but none that looks like a date or another one that is guessed early."""
        for _ in range(_TRIES):
            chosen = [secrets.choice(self.parts) for _ in range(self.count)]
            groups = ("".join(chosen[at : at + self.group]) for at in range(0, self.count, self.group))
            if _strength.estimated_bits(password := "-".join(groups)) >= _strength.LEAST_BITS:
                return password
        raise ConfigurationError("the words of word_list= are too short or too well known; ask for more")


def undelivered(recipe: Recipe) -> Recipe:
    """Return *recipe* for a process that hands nothing over."""
    return replace(recipe, deliver=_keep)


def _keep(_: GeneratedPassword) -> None:
    pass


def recipe(
    name: str,
    deliver: Callable[[GeneratedPassword], object],
    *,
    words: int | None,
    digits: int | None,
    word_list: Sequence[str] | None,
) -> Recipe:
    """Return how to make passwords of so many words or digits."""
    if not name.isidentifier():
        raise ConfigurationError(f"{name!r} is no name that a template can use")
    if (words is None) == (digits is None):
        raise ConfigurationError("a generated password is made of words= or of digits=, as many as are given")
    if digits is not None:
        return Recipe(name=name, parts="0123456789", count=digits, group=_GROUP, deliver=deliver)
    parts = _english() if word_list is None else _checked(word_list)
    return Recipe(name=name, parts=parts, count=words or 0, group=1, deliver=deliver)


@functools.cache
def _english() -> tuple[str, ...]:
    """Return the long list of the Electronic Frontier Foundation, more than 7,700 words."""
    try:
        from xkcdpass import xkcd_password
    except ModuleNotFoundError:
        raise MissingDependencyError(
            'words need a list: give word_list=, or pip install "ondemand_attach[words]"'
        ) from None
    return tuple(filter(str.isalpha, xkcd_password.generate_wordlist("eff-long", min_length=3)))


def _checked(word_list: Sequence[str]) -> tuple[str, ...]:
    unique = tuple(dict.fromkeys(word_list))
    if len(unique) < _FEWEST_WORDS or not all(word.isalpha() for word in unique):
        raise ConfigurationError(
            f"word_list= takes at least {_FEWEST_WORDS} different words, of letters alone"
        )
    for word in unique:
        _passwords.check(word, whose="a word of word_list=", insecure_allow_weak=True)
    return unique
