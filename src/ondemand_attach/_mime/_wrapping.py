"""Security multiparts and their like: a message signed, encrypted, or both (RFC 1847, 3156, 8551, 9788)."""

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
from ondemand_attach.errors import ProtectionError, SigningError

_FILENAMES: Final = {
    "application/pgp-encrypted": "encrypted.asc",
    "application/pgp-signature": "signature.asc",
    "application/pkcs7-mime": "smime.p7m",
    "application/pkcs7-signature": "smime.p7s",
}
_PGP_VERSION: Final = (
    b"Content-Type: application/pgp-encrypted\r\nContent-Transfer-Encoding: 7bit\r\n\r\nVersion: 1\r\n"
)
_ARMOR: Final = re.compile(rb"-----BEGIN PGP [A-Z]+-----\r\n(?:[ -~]{0,76}\r\n)++-----END PGP [A-Z]+-----")
_SIGNATURE: Final = re.compile(r"(application/[a-z0-9.+-]{1,60}); micalg=([a-z0-9-]{1,40})")
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
            part = _encrypted(self.encrypt(_entity(part)), headers.message_id)
        return part


def _entity(part: Part) -> Document:
    return Document(content=b"".join(chunks(part.pieces)), media_type=part.media_type)


def _signed(part: Part, sign: Callable[[Document], Document], seed: str) -> Part:
    entity = _entity(part)
    # The last line end belongs to the delimiter that follows (RFC 2046 section 5.1.1).
    signature = sign(replace(entity, content=entity.content.removesuffix(b"\r\n")))
    found = _SIGNATURE.fullmatch(signature.media_type)
    if found is None:
        raise SigningError(
            "the signature of a message needs a media type with its micalg (RFC 1847), "
            "such as application/pkcs7-signature; micalg=sha-256"
        )
    kind = f'signed; protocol="{found[1]}"; micalg={found[2]}'
    return joined(kind, [part, _file(replace(signature, media_type=found[1]))], f"signed {seed}")


def _encrypted(document: Document, seed: str) -> Part:
    if document.media_type != "application/pgp-encrypted":
        return _file(document)
    parts = [Part(document.media_type, [_PGP_VERSION]), _file(document, "application/octet-stream")]
    return joined(f'encrypted; protocol="{document.media_type}"', parts, f"encrypted {seed}")


def _file(document: Document, media_type: str | None = None) -> Part:
    kind = document.media_type.partition(";")[0]
    filename, is_armored = _FILENAMES.get(kind, "protected.bin"), kind.startswith("application/pgp-")
    if is_armored and not _ARMOR.fullmatch(document.content):
        raise ProtectionError(f"{kind} is not in ASCII armor (RFC 9580 section 6.2) with CRLF line ends")
    # Some mail programs look for the name in the older of the two places.
    named = replace(document, media_type=f"{media_type or document.media_type}; name={filename}")
    return file(Attachment(filename=filename, document=named), is_armored=is_armored)


def _with_headers(part: Part, headers: Headers, outer: Headers) -> Part:
    """Let *part* say what the header of the message is, and which fields are shown outside (RFC 9788)."""
    inner = b"".join(line for line in _FIELD.findall(fields(headers)) if _INNER.match(line))
    shown = b"".join(b"HP-Outer: " + line for line in _FIELD.findall(fields(outer)) if _INNER.match(line))
    first, *rest = part.pieces
    assert isinstance(first, bytes)  # noqa: S101 - every part begins with its header
    head = _TYPE.sub(rb'Content-Type: \1;\r\n hp="cipher"', first, count=1)
    return replace(part, pieces=[inner + shown + head, *rest])
