"""The receipts of transports."""

from __future__ import annotations

import re
from unicodedata import combining, normalize

from ondemand_attach._characters import UNSAFE
from ondemand_attach._message import Address, Message, Receipt

_LONGEST = 200
_WORD = re.compile(r"\w+")


def accepted_for_all(message: Message, answer: str | None = None) -> Receipt:
    """Return a receipt in which nobody was refused."""
    accepted = tuple(recipient.addr_spec for recipient in message.envelope.recipients)
    return Receipt(message_id=message.message_id, accepted=accepted, answer=answer)


def impersonal(answer: str, message: Message) -> str:
    """Return *answer*, of a server, without words in which there is an address or a name of the envelope."""
    names = {name for address in message.envelope.recipients for name in _names(address)}
    words = UNSAFE.sub(" ", answer)[:_LONGEST].split()
    return " ".join("[...]" if _is_personal(word, names) else word for word in words)


def _names(address: Address) -> list[str]:
    local_part = address.addr_spec.rpartition("@")[0]
    return [_folded(name) for name in (local_part, *_WORD.findall(f"{local_part} {address.display_name}"))]


def _is_personal(word: str, names: set[str]) -> bool:
    folded = _folded(word)
    return "@" in folded or any(name in folded for name in names)


def _folded(text: str) -> str:
    """Return *text* without case and accents, so that Dvorak is found in DVOŘÁK."""
    return "".join(letter for letter in normalize("NFKD", text.casefold()) if not combining(letter))
