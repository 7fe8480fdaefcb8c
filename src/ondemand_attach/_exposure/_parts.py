"""The parts of a message, as any mail program takes it apart (RFC 2045, RFC 1847)."""

from __future__ import annotations

import binascii
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from ondemand_attach._exposure import _mime
from ondemand_attach._exposure._budget import Budget, TooLargeError
from ondemand_attach._exposure._facts import Facts
from ondemand_attach._exposure._fields import is_usual
from ondemand_attach._exposure._mime import Entity
from ondemand_attach._exposure._recognising import TOO_LARGE, recognised

_FIELD: Final = re.compile(rb"(?:From [^\r\n]*+\r?\n)?[!-9;-~]++[ \t]*+:")
_HEAD: Final = re.compile(rb"\r?\n\r?\n")
_BASE64: Final = re.compile(rb"(?:[A-Za-z0-9+/]{4})*+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_SPACE: Final = b" \t\r\n"
_SKIPPED: Final = re.compile(rb"=\r(?!\n)")  # by decoders of quoted-printable, to the end of the line
_DKIM: Final = re.compile(r"\bd\s*+=\s*+([^;\s]++)")
_MOST_SIGNATURES: Final = 20
_WHOLE: Final = {"application/pkcs7-mime", "application/x-pkcs7-mime"}
_BODIES: Final = {"text/plain": "text body", "text/html": "HTML body"}
_PROTOCOLS: Final = {"pkcs7": "S/MIME", "pgp": "OpenPGP"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part.

    Args:
        part: which it is.
        media_type: as the message says.
        content: the bytes, decoded.
        name: the file name.
        facts: what it shows of its protection.
    """

    part: str
    media_type: str
    content: bytes = field(repr=False)
    name: str | None = field(default=None, repr=False)
    facts: Facts = field(default_factory=Facts)


def is_message(content: bytes) -> bool:
    """Whether *content* begins with a header field."""
    return _FIELD.match(content) is not None


def parts_of(content: bytes) -> list[Part]:
    """Return the header of the message *content*, and its parts in their order.

    From where it is too large to be looked at, the rest is one part.
    """
    found: list[Part] = []
    try:
        for part in _Listing(content).parts():
            found.append(part)  # noqa: PERF402 - what came before an error is kept
    except TooLargeError:
        rest = Part(
            part="rest of it", media_type="application/octet-stream", content=content, facts=TOO_LARGE
        )
        found += [rest] if found else [_first_lines(content), rest]
    return found


def _first_lines(content: bytes) -> Part:
    end = _HEAD.search(content)
    return Part(part="header", media_type="message/rfc822", content=content[: end.end()] if end else content)


class _Listing:
    """Lists the parts of one message, on one budget."""

    def __init__(self, content: bytes) -> None:
        self._content, self._budget = content, Budget()
        self._names = (f"attachment {number}" for number in itertools.count(1))

    def parts(self) -> Iterator[Part]:
        """Yield them."""
        entity = _mime.entity_of(self._content, self._budget)
        facts, head = Facts(signature=_signed_for(entity)), self._content[slice(*entity.head)]
        yield Part(part="header", media_type="message/rfc822", content=head, facts=facts)
        if entity.media_type in _WHOLE:
            yield self._whole(entity)
        else:
            yield from self._below(entity, None, 0)

    def _below(self, entity: Entity, signature: str | None, depth: int) -> Iterator[Part]:
        """Yield the parts of *entity*, with the *signature* over them, and what stands beside them."""
        within = _mime.parts_of(entity, self._budget, depth)
        if within is None:
            yield (part := self._part(entity, self._name(entity), signature))
            yield from self._unusual(entity, part.part, depth)
            return
        parts, beside = within
        yield from self._within(entity.media_type, entity, parts, signature, depth)
        yield from self._unusual(entity, "the parts", depth)
        if beside.strip():
            yield Part(part="text beside the parts", media_type="text/plain", content=beside)

    def _within(
        self, kind: str, entity: Entity, parts: list[Entity], signature: str | None, depth: int
    ) -> Iterator[Part]:
        if kind == "multipart/encrypted":
            yield from (each for part in parts for each in self._encrypted(part, depth))
        elif kind == "multipart/signed":
            standard = _standard(_mime.parameter(entity.value("content-type"), "protocol") or "")
            yield from (each for part in parts[:-1] for each in self._below(part, standard, depth + 1))
            yield replace(self._part(parts[-1], "signature", None), facts=Facts(signature=standard))
            yield from self._unusual(parts[-1], "signature", depth + 1)
        else:
            yield from (each for part in parts for each in self._below(part, signature, depth + 1))

    def _encrypted(self, entity: Entity, depth: int) -> Iterator[Part]:
        if _decoded(entity)[0].strip() != b"Version: 1":
            yield self._whole(entity)
        yield from self._unusual(entity, "encrypted message", depth + 1)

    def _whole(self, entity: Entity) -> Part:
        part = self._part(entity, "", None)
        return replace(part, part="encrypted message" if part.facts.readers else "opaque message")

    def _part(self, entity: Entity, name: str, signature: str | None) -> Part:
        content, is_exact = _decoded(entity)
        facts = recognised(content, self._budget)[1].if_all(is_exact)
        signatures = ", ".join(filter(None, (facts.signature, signature))) or None
        return Part(
            part=name,
            media_type=entity.media_type,
            content=content,
            name=entity.filename,
            facts=replace(facts, signature=signatures),
        )

    def _name(self, entity: Entity) -> str:
        if entity.disposition == "inline" and entity.filename:
            return "inline file"
        if entity.disposition == "attachment" or entity.media_type not in _BODIES:
            return next(self._names)
        return _BODIES[entity.media_type]

    def _unusual(self, entity: Entity, name: str, depth: int) -> Iterator[Part]:
        """Yield the header of a part, if it says more than what it is and how it is called, or that twice."""
        is_twice = len({field for field, _ in entity.fields}) < len(entity.fields)
        if depth and (is_twice or not all(is_usual(*each, entity.filename) for each in entity.fields)):
            head = self._content[slice(*entity.head)]
            yield Part(part=f"header of {name}", media_type="text/plain", content=head)


def _decoded(entity: Entity) -> tuple[bytes, bool]:
    """Return what the part holds, and whether that is all that stands there."""
    if entity.encoding == "base64":
        return _from_base64(entity.raw)
    if entity.encoding == "quoted-printable":
        return binascii.a2b_qp(entity.raw), not _SKIPPED.search(entity.raw)
    return entity.raw, True


def _from_base64(text: bytes) -> tuple[bytes, bool]:
    octets = text.translate(None, _SPACE)
    if _BASE64.fullmatch(octets):
        return binascii.a2b_base64(octets), True
    try:
        return binascii.a2b_base64(octets + b"=="), False
    except binascii.Error:
        return text, False


def _standard(protocol: str) -> str:
    return next((name for word, name in _PROTOCOLS.items() if word in protocol), "unknown")


def _signed_for(entity: Entity) -> str | None:
    signatures = [value for name, value in entity.fields if name == "dkim-signature"]
    domains = map(_DKIM.search, signatures[:_MOST_SIGNATURES])
    return ", ".join(f"DKIM of {found[1]}" for found in domains if found) or None
