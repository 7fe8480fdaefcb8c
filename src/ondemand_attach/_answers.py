"""What servers answer, without the names of people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final
from unicodedata import combining, normalize

from ondemand_attach._characters import UNSAFE
from ondemand_attach._message import Address

_LONGEST: Final = 200
_SHORT: Final = 3  # letters; a shorter name is only seen where it is the whole word
_IDENTIFIER: Final = re.compile(r"[!-~]{1,200}")
_WORD: Final = re.compile(r"\w+")
_UNDIVIDED: Final = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe"})


def impersonal(answer: object, people: Iterable[Address]) -> str | None:
    """Return *answer*, of a server, without words in which there is an address or a name of *people*.

    It may be whatever a transport of the application makes of it: the message is sent, no error would help.
    """
    if isinstance(answer, bytes):
        answer = answer.decode("utf-8", "replace")
    if not isinstance(answer, str):
        return None
    names = {name for address in people for name in _names(address)}
    told = ""
    for word in UNSAFE.sub(" ", answer).split():
        shown = "[...]" if _is_personal(word, names) else word
        if len(told) + 1 + len(shown) > _LONGEST:  # the rest is not even looked at: a server may say a lot
            return f"{told} [...]".lstrip()
        told = f"{told} {shown}".lstrip()
    return told


def identifier(given: object, people: Iterable[Address]) -> str | None:
    """Return *given* if it can be what a provider calls a message, and holds no address of *people*."""
    if not isinstance(given, str) or not _IDENTIFIER.fullmatch(given):
        return None
    specs = {spec.casefold() for one in people for spec in (one.addr_spec, one.ascii_addr_spec)}
    spelt = given.casefold()
    return None if any(spec in spelt or spec.replace("@", "=") in spelt for spec in specs) else given


def _names(address: Address) -> Iterator[str]:
    local_part, _, domain = address.addr_spec.rpartition("@")
    for name in (local_part, domain, *_WORD.findall(f"{local_part} {address.display_name}")):
        yield _folded(name)
    yield address.ascii_addr_spec.rpartition("@")[2]


def _is_personal(word: str, names: set[str]) -> bool:
    folded = _folded(word)
    return "@" in folded or folded in names or any(len(name) >= _SHORT and name in folded for name in names)


def _folded(text: str) -> str:
    """Return *text* without case and accents, so that Dvorak is found in DVOŘÁK."""
    decomposed = normalize("NFKD", text.casefold().translate(_UNDIVIDED))
    return "".join(letter for letter in decomposed if not combining(letter))
