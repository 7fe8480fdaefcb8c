"""The parts of a message, as any mail program takes it apart (RFC 2045, RFC 1847)."""

from __future__ import annotations

import email
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email.message import Message
from typing import Any, Final, cast

from ondemand_attach._exposure._facts import Facts
from ondemand_attach._exposure._recognising import recognised

_FIELD: Final = re.compile(rb"(?:From [^\r\n]*\r?\n)?[!-9;-~]+[ \t]*:")
_HEAD: Final = re.compile(rb"\r?\n\r?\n")
_DKIM: Final = re.compile(r"\bd\s*=\s*([^;\s]+)")
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
    """Return the header of the message *content*, and its parts in their order."""
    end = _HEAD.search(content)
    head = content[: end.end()] if end else content
    parsed = email.message_from_bytes(content)
    names = (f"attachment {number}" for number in itertools.count(1))
    facts = Facts(signature=_signed_for(parsed))
    header = Part(part="header", media_type="message/rfc822", content=head, facts=facts)
    if parsed.get_content_type() in _WHOLE:
        return [header, _whole(parsed)]
    return [header, *_below(parsed, names, None)]


def _below(entity: Message[Any, Any], names: Iterator[str], signature: str | None) -> Iterator[Part]:
    """Yield the parts of *entity*, with the *signature* over them."""
    kind = entity.get_content_type()
    if not entity.is_multipart() or kind.startswith("message/"):
        yield _part(entity, names, signature)
        return
    parts: Any = entity.get_payload()
    if kind == "multipart/encrypted":
        yield from (_whole(part) for part in parts if _content(part).strip() != b"Version: 1")
    elif kind == "multipart/signed":
        standard = _standard(str(entity.get_param("protocol")))
        yield from (each for part in parts[:-1] for each in _below(part, names, standard))
        yield replace(_part(parts[-1], names, None), part="signature", facts=Facts(signature=standard))
    else:
        yield from (each for part in parts for each in _below(part, names, signature))
    beside = "\n".join(filter(None, (entity.preamble, entity.epilogue)))
    if beside.strip():
        yield Part(
            part="text beside the parts", media_type="text/plain", content=beside.encode("utf-8", "replace")
        )


def _part(entity: Message[Any, Any], names: Iterator[str], signature: str | None) -> Part:
    content = _content(entity)
    kind, is_attached = entity.get_content_type(), entity.get_content_disposition() == "attachment"
    _, facts = recognised(content)
    if entity.get_content_disposition() == "inline" and entity.get_filename():
        name = "inline file"
    elif is_attached or kind not in _BODIES:
        name = next(names)
    else:
        name = _BODIES[kind]
    signatures = ", ".join(filter(None, (facts.signature, signature))) or None
    return Part(
        part=name,
        media_type=kind,
        content=content,
        name=entity.get_filename(),
        facts=replace(facts, signature=signatures),
    )


def _whole(entity: Message[Any, Any]) -> Part:
    part = _part(entity, iter([""]), None)
    return replace(part, part="encrypted message" if part.facts.readers else "opaque message")


def _content(entity: Message[Any, Any]) -> bytes:
    if entity.is_multipart():  # a message in the message
        return b"".join(map(_written_again, cast("list[Any]", entity.get_payload())))
    content = entity.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _written_again(entity: Message[Any, Any]) -> bytes:
    try:
        return bytes(entity)
    except (UnicodeError, LookupError):  # so broken that the standard library reads it, but cannot write it
        return b""


def _standard(protocol: str) -> str:
    return next((name for word, name in _PROTOCOLS.items() if word in protocol), "unknown")


def _signed_for(parsed: Message[Any, Any]) -> str | None:
    domains = [_DKIM.search(str(value)) for value in parsed.get_all("DKIM-Signature", ())]
    return ", ".join(f"DKIM of {found[1]}" for found in domains if found) or None
