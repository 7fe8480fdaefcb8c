"""Who can read which part of a message: what the bytes say, not what was intended."""

from __future__ import annotations

from ondemand_attach._exposure._facts import Exposure, Facts
from ondemand_attach._exposure._parts import Part, is_message, parts_of
from ondemand_attach._exposure._recognising import is_understood, recognised

__all__ = ["Exposure", "is_message", "of_file", "of_message", "parts_of"]

_PDF = b"%PDF-"  # what it is by its first bytes; there may be one somewhere behind the header of a message
_RELAYS = "everyone who relays or stores the message"
_HOLDERS = "everyone who has the file"


def of_message(content: bytes) -> tuple[Exposure, ...]:
    """Say of each part of the message *content* who can read it."""
    return tuple(_exposure(part, _RELAYS) for part in parts_of(content))


def of_file(content: bytes) -> tuple[Exposure, ...]:
    """Say of *content*, a message or a document, who can read it."""
    if is_message(content) and not content.startswith(_PDF):
        return of_message(content)
    media_type, facts = recognised(content)
    media_type = media_type or "application/octet-stream"
    return (_exposure(Part(part="document", media_type=media_type, content=content, facts=facts), _HOLDERS),)


def _exposure(part: Part, everyone: str) -> Exposure:
    return Exposure(
        part=part.part,
        readers=part.facts.readers or everyone,
        is_protected=part.facts.readers is not None,
        name=part.name,
        media_type=part.media_type,
        size=len(part.content),
        encryption=part.facts.encryption,
        signature=part.facts.signature,
        is_understood=part.facts != Facts() or is_understood(part.content),
    )
