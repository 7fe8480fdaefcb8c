"""Reads a finished message back, with the standard library's parser, and compares it to what was asked.

The base64 of documents need not be in it: it is made while the message is sent, of characters that neither
begin a delimiter nor a header field, in lines that end in CRLF. So a line in its place is enough to see that
the header of its part ends where it should, and that the next delimiter begins a line.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from email.header import decode_header
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from typing import Final, NamedTuple

from ondemand_attach._message import Address
from ondemand_attach._mime._parts import Part
from ondemand_attach._mime._values import Headers
from ondemand_attach.errors import InvalidHeaderError, MessageError

_DELIMITER: Final = b"\r\n--=_"
_FOLD: Final = re.compile(r"\r\n(?=[ \t])")
_TEXT_FIELDS: Final = ["Content-Type", "Content-Transfer-Encoding"]
_FILE_FIELDS: Final = [*_TEXT_FIELDS, "Content-Disposition"]
_PART_FIELDS: Final = {
    "multipart": [["Content-Type"]],
    "text": [_TEXT_FIELDS],
    "file": [_FILE_FIELDS, [*_FILE_FIELDS, "Content-ID"]],
}
_parser: Final = BytesHeaderParser()


def check(content: bytes, headers: Headers, top: Part) -> None:
    """Refuse *content* unless it reads back as *headers* and the tree below *top*.

    Raises:
        InvalidHeaderError: a header field or file name reads as something else.
        MessageError: the structure does, or there is a bare CR or LF.
    """
    if not content.count(b"\r\n") == content.count(b"\r") == content.count(b"\n"):
        raise MessageError("the message holds a bare CR or LF")
    first, *others = _blocks(content, top)
    part, *parts = top.walk()
    head = _head(first)
    _check_fields(head.fields, headers)
    _check_part(head._replace(fields=head.fields[len(_names(headers)) :]), part)
    for block, part in zip(others, parts, strict=True):
        _check_part(_familiar_head(block) if part.is_text_body else _head(block), part)


class _Head(NamedTuple):
    fields: Sequence[tuple[str, str]]
    media_type: str
    filename: str | None


def _head(block: bytes) -> _Head:
    parsed = _parser.parsebytes(block)
    fields = tuple((name, _unfolded(value)) for name, value in parsed.raw_items())
    return _Head(fields, parsed.get_content_type(), parsed.get_filename())


_familiar_head: Final = functools.lru_cache(maxsize=16)(
    _head
)  # a text body has one of a few, whoever gets it


def _blocks(content: bytes, top: Part) -> list[bytes]:
    """Return the header block of every part; what follows it stays unread."""
    found = [(content[start:end], end) for start, end in _delimiters(content)]
    if [delimiter for delimiter, _ in found] != list(top.delimiters):
        raise MessageError("the parts of the message do not read back as they were joined")
    starts = [0, *(end for delimiter, end in found if not delimiter.endswith(b"--\r\n"))]
    return [content[start : content.index(b"\r\n\r\n", start) + 4] for start in starts]


def _delimiters(content: bytes) -> Iterator[tuple[int, int]]:
    end = 2
    while (start := content.find(_DELIMITER, end - 2)) >= 0:
        end = content.index(b"\n", start + 2) + 1
        yield start + 2, end


def _check_fields(found: Sequence[tuple[str, str]], headers: Headers) -> None:
    expected = _names(headers)
    if [name for name, _ in found[: len(expected)]] != expected:
        raise InvalidHeaderError("the message does not read back with the headers that were asked for")
    values = dict(found)
    for name, addresses in _addressed(headers):
        if addresses and _mailboxes(values[name]) != [
            (each.display_name, each.ascii_addr_spec) for each in addresses
        ]:
            raise InvalidHeaderError(f"the addresses in {name} do not read back as they were given")
    texts = [("Subject", headers.subject), ("Message-ID", headers.message_id), *headers.extra]
    asked = {name for name, _ in texts}
    if [(name, _decoded(value)) for name, value in found if name in asked] != texts:
        raise InvalidHeaderError(
            "the subject, message id or a custom header does not read back as it was given"
        )


def _names(headers: Headers) -> list[str]:
    addressed = [name for name, addresses in _addressed(headers) if addresses]
    if not headers.to and not headers.cc:
        addressed.insert(1, "To")
    extra = [name for name, _ in headers.extra]
    if "auto-submitted" not in map(str.lower, extra):
        extra.append("Auto-Submitted")
    return [*addressed, "Subject", "Date", "Message-ID", *extra, "MIME-Version"]


def _addressed(headers: Headers) -> tuple[tuple[str, tuple[Address, ...]], ...]:
    return ("From", (headers.sender,)), ("To", headers.to), ("Cc", headers.cc), ("Reply-To", headers.reply_to)


def _check_part(head: _Head, part: Part) -> None:
    kind = "multipart" if part.parts else "text" if part.is_text_body else "file"
    if [name for name, _ in head.fields] not in _PART_FIELDS[kind]:
        raise InvalidHeaderError(
            "a part of the message does not read back with the headers that it was given"
        )
    if head.media_type != part.media_type:
        raise MessageError("a part of the message does not read back with its media type")
    if head.filename != part.filename:
        raise InvalidHeaderError("a file name does not read back as it was given")


def _unfolded(value: str) -> str:
    return (_FOLD.sub("", value) if "\r" in value else value).strip(" ")


def _mailboxes(value: str) -> list[tuple[str, str]]:
    # The parser keeps raw UTF-8 (RFC 6532) as surrogates.
    text = value.encode("ascii", "surrogateescape").decode()
    return [(_decoded(name), addr_spec) for name, addr_spec in getaddresses([text])]


def _decoded(value: str) -> str:
    if "=?" not in value:
        return value
    octets = (
        text.encode("raw-unicode-escape") if isinstance(text, str) else text
        for text, _ in decode_header(value)
    )
    return b"".join(octets).decode(errors="replace")  # which is then not what was asked for
