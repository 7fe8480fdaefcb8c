"""Security multiparts and their like: a whole message signed, encrypted, or both (RFC 1847, 8551, 9788)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from ondemand_attach._message import Attachment, Document
from ondemand_attach._mime._fields import fields
from ondemand_attach._mime._parts import Part, file, joined
from ondemand_attach._mime._values import Headers
from ondemand_attach._pieces import chunks

_FIELD: Final = re.compile(rb"(?:[^\r]|\r\n[ \t])+\r\n")
_TYPE: Final = re.compile(rb"Content-Type: ([^;\r]+)")
_INNER: Final = re.compile(rb"(?:From|To|Cc|Reply-To|Subject|Date|Message-ID):")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapping:
    """What is done to the whole message.

    Args:
        sign: returns a detached signature of a MIME entity.
        encrypt: returns a MIME entity encrypted.
        outer_subject: the subject that everyone sees, if the message is encrypted.
    """

    sign: Callable[[Document], Document] | None
    encrypt: Callable[[Document], Document] | None
    outer_subject: str

    def outer(self, headers: Headers) -> Headers:
        """Return the headers that everyone sees."""
        return headers if self.encrypt is None else replace(headers, subject=self.outer_subject)

    def around(self, part: Part, headers: Headers) -> Part:
        """Return the part that holds *part*, with *headers* protected if it is encrypted."""
        if self.encrypt is not None:
            part = _with_headers(part, headers, self.outer(headers))
        if self.sign is not None:
            part = _signed(part, self.sign, headers.message_id)
        if self.encrypt is not None:
            part = _named(self.encrypt(_entity(part)), "smime.p7m")
        return part


def _entity(part: Part) -> Document:
    return Document(content=b"".join(chunks(part.pieces)), media_type=part.media_type)


def _signed(part: Part, sign: Callable[[Document], Document], seed: str) -> Part:
    entity = _entity(part)
    # The last line end belongs to the delimiter that follows (RFC 2046 section 5.1.1).
    signature = sign(replace(entity, content=entity.content.removesuffix(b"\r\n")))
    media_type, _, parameter = signature.media_type.partition("; ")
    kind = f'signed; protocol="{media_type}"; {parameter}'
    return joined(
        kind, [part, _named(replace(signature, media_type=media_type), "smime.p7s")], f"signed {seed}"
    )


def _named(document: Document, filename: str) -> Part:
    # Some mail programs look for the name in the older of the two places.
    media_type = f"{document.media_type}; name={filename}"
    return file(Attachment(filename=filename, document=replace(document, media_type=media_type)))


def _with_headers(part: Part, headers: Headers, outer: Headers) -> Part:
    """Let *part* say what the header of the message is, and which fields are shown outside (RFC 9788)."""
    inner = b"".join(line for line in _FIELD.findall(fields(headers)) if _INNER.match(line))
    shown = b"".join(b"HP-Outer: " + line for line in _FIELD.findall(fields(outer)) if _INNER.match(line))
    first, *rest = part.pieces
    assert isinstance(first, bytes)  # noqa: S101 - every part begins with its header
    head = _TYPE.sub(rb'Content-Type: \1;\r\n hp="cipher"', first, count=1)
    return replace(part, pieces=[inner + shown + head, *rest])
