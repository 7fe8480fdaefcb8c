"""PDF: how it is encrypted and signed, from its structure, without a password (ISO 32000-2 section 7.6)."""

# mypy: disallow-untyped-calls=False
# pyHanko brings types for a part of itself only.

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from ondemand_attach._exposure._facts import BY_PASSWORD, Facts, holders_of_keys, to_keys

if TYPE_CHECKING:
    from pyhanko.pdf_utils.reader import PdfFileReader

_BLOCK: Final = 16
_OBJECT: Final = re.compile(rb"(?<![0-9])[0-9]+\s+[0-9]+\s+obj\b")
_ENDS: Final = re.compile(rb"%%EOF\s*\Z")
_METHODS: Final = {"/AESV2": "AES-128", "/AESV3": "AES-256", "/V2": "RC4"}
_STRONG: Final = {"AES-128", "AES-256"}
_WINDOW: Final = 1 << 20
_WINDOWS: Final = 64
_JPEG: Final = b"\xff\xd8\xff"


def fits(content: bytes) -> bool:
    """Whether *content* begins as a PDF does."""
    return b"%PDF-" in content[:1024]


def facts(content: bytes) -> Facts:
    """Say how a PDF is encrypted and signed."""
    from pyhanko.pdf_utils.reader import PdfFileReader

    from ondemand_attach._exposure import _pdf_signature

    reader = PdfFileReader(BytesIO(content), strict=False)
    objects = list(_objects(reader))
    signature = _pdf_signature.description(content, [found for _, found in objects])
    if reader.encrypt_dict is None:
        return Facts(signature=signature)
    encryption, readers = _encryption(reader)
    found = Facts(encryption=encryption, readers=readers, signature=signature)
    return found.if_all(readers is None or _is_encrypted_throughout(content, reader, objects))


def _objects(reader: PdfFileReader) -> Iterator[tuple[int, Any]]:
    """Yield each object that is not in a stream of objects, of every revision, as it stands in the file."""
    xrefs = reader.xrefs
    for revision in range(xrefs.total_revisions):
        for reference in xrefs.explicit_refs_in_revision(revision):
            if isinstance(xrefs.get_historical_ref(reference, revision), int):
                yield reference.idnum, reader.get_object(reference, revision=revision, never_decrypt=True)


def _encryption(reader: PdfFileReader) -> tuple[str, str | None]:
    """Return how the document is encrypted, and who can read it if that is not everyone."""
    encryption: Any = reader.encrypt_dict
    method, revision = _method(encryption), encryption.get("/R")
    shown = f"{method} (revision {int(revision)})" if revision is not None else method
    if encryption["/Filter"] == "/Adobe.PubSec":
        number = _certificates(encryption)
        shown, readers = f"{shown} {to_keys(number)}", holders_of_keys(number) if number else None
    elif _opens_without_password(reader):
        return f"{shown}, opens without a password", None
    else:
        shown, readers = f"{shown} by password", BY_PASSWORD
    return (shown, readers) if method in _STRONG else (f"{shown}, which is weak", None)


def _method(encryption: Any) -> str:
    """Return the cipher that is for streams and strings alike."""
    if encryption["/V"] not in {4, 5}:
        return "RC4"
    name = encryption.get("/StmF")
    crypt_filter = encryption.get("/CF", {}).get(name) if encryption.get("/StrF") == name else None
    return _METHODS.get(crypt_filter.get("/CFM"), "no cipher") if crypt_filter else "no cipher for some of it"


def _certificates(encryption: Any) -> int:
    from ondemand_attach._asn1 import cms
    from ondemand_attach._exposure import _cms

    recipients = encryption["/CF"][encryption["/StmF"]]["/Recipients"]
    envelopes = recipients if isinstance(recipients, list) else [recipients]
    loaded = (cms.ContentInfo.load(envelope.original_bytes)["content"] for envelope in envelopes)
    return sum(map(_cms.recipients, loaded))


def _opens_without_password(reader: PdfFileReader) -> bool:
    from pyhanko.pdf_utils.crypt.api import AuthStatus

    return reader.decrypt("").status is not AuthStatus.FAILED


def _is_encrypted_throughout(content: bytes, reader: PdfFileReader, objects: list[tuple[int, Any]]) -> bool:
    """Whether all strings and streams look as AES leaves them, and none is just deflated."""
    encryption: Any = reader.encrypt_dict
    if encryption.get("/EncryptMetadata", True) != True:  # noqa: E712 - pyHanko's own kind of it
        return False
    in_clear = {getattr(reader.trailer.raw_get("/Encrypt"), "idnum", None)}
    in_clear |= {reference.idnum for reference in reader.xrefs.xref_stream_refs}
    data = (each for number, found in objects if number not in in_clear for each in _data(found))
    is_nothing_else = _ENDS.search(content) and content.startswith(b"%PDF-") and _is_listed(content, reader)
    return bool(
        is_nothing_else and all(map(_looks_encrypted, data)) and not any(map(_is_deflated, _streams(content)))
    )


def _is_listed(content: bytes, reader: PdfFileReader) -> bool:
    """Whether the cross-references know of each object that stands there."""
    xrefs = reader.xrefs
    known = {
        xrefs.get_historical_ref(reference, revision)
        for revision in range(xrefs.total_revisions)
        for reference in xrefs.explicit_refs_in_revision(revision)
    }
    return known >= {found.start() for found in _OBJECT.finditer(content)}


def _looks_encrypted(data: bytes) -> bool:
    """Whether *data* is an initialisation vector and padded blocks of what is no text and no picture."""
    is_in_blocks = len(data) % _BLOCK == 0 and len(data) != _BLOCK
    return not data or (is_in_blocks and not data.isascii() and not data.startswith(_JPEG))


def _data(value: Any) -> Iterator[bytes]:
    """Yield each string and stream in *value*, as it stands in the file."""
    from pyhanko.pdf_utils import generic

    if isinstance(value, generic.StreamObject):
        has_own_filter = "/Crypt" in str(value.get("/Filter", ""))  # which may leave it as it is
        yield b"in clear" if has_own_filter else value.encoded_data
    if isinstance(value, generic.TextStringObject | generic.ByteStringObject):
        yield value.original_bytes
    elif isinstance(value, generic.DictionaryObject):
        is_signature = "/ByteRange" in value  # of which one string is not encrypted
        for name in value:
            if not (is_signature and name == "/Contents"):
                yield from _data(value.raw_get(name))
    elif isinstance(value, generic.ArrayObject):
        for place in range(len(value)):
            yield from _data(value.raw_get(place))


def _streams(content: bytes) -> Iterator[bytes]:
    """Yield the data of all that looks like a stream, but for cross-references, which stay in clear."""
    start = 0
    while (end := content.find(b"endstream", start)) >= 0:
        begin = content.find(b"stream", start, end)
        dictionary = content[max(content.rfind(b"obj", start, begin), start) : begin]
        if begin >= 0 and b"/XRef" not in dictionary:
            yield content[begin + len(b"stream") : end].lstrip(b"\r\n")
        start = end + len(b"endstream")


def _is_deflated(data: bytes) -> bool:
    inflater = zlib.decompressobj()
    try:
        for _ in range(_WINDOWS):
            inflater.decompress(data, _WINDOW)
            data = inflater.unconsumed_tail
            if not data or inflater.eof:
                return inflater.eof
    except zlib.error:
        return False
    return True
