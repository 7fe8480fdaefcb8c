"""From headers and bodies to the bytes that are sent: RFC 5322, 2045 to 2049, 2183, 2231, 2387, 6532.

The standard library's writer lets values become header lines on some of the Pythons supported here
(CVE-2024-6923), and recipients change when long names are folded on most (gh-80222), so this one is our
own. What it wrote is read back before it is handed out.
"""

from __future__ import annotations

from ondemand_attach._mime._fields import check_message_id, fields
from ondemand_attach._mime._names import check_header_name, check_header_value
from ondemand_attach._mime._parts import Part, tree
from ondemand_attach._mime._reading import check
from ondemand_attach._mime._values import Body, Headers
from ondemand_attach._mime._wrapping import Wrapping
from ondemand_attach._pieces import Piece, chunks, elided, merged

__all__ = [
    "Body",
    "Headers",
    "Wrapping",
    "check_header_name",
    "check_header_value",
    "check_message_id",
    "pieces",
    "serialise",
]


def pieces(headers: Headers, body: Body, wrapping: Wrapping | None = None) -> tuple[Piece, ...]:
    """Return the message: CRLF line ends, ASCII but for the local parts of RFC 6532, never a Bcc field.

    The same input gives the same bytes. They are read back but for the base64 of the files, which is made
    when the message is sent: a line stands in its place, see `ondemand_attach._pieces.elided`.

    Raises:
        InvalidHeaderError: a header or file name holds what could end it or deceive its reader.
        MessageError: a body or attachment cannot be written, or did not read back as what was asked.
    """
    top = tree(body, headers.message_id)
    written = _written(headers, top)
    return written if wrapping is None else _written(wrapping.outer(headers), wrapping.around(top, headers))


def _written(headers: Headers, top: Part) -> tuple[Piece, ...]:
    written = merged((fields(headers), *top.pieces))
    check(elided(written)[0], headers, top)
    return written


def serialise(headers: Headers, body: Body) -> bytes:
    """Return the same in one."""
    return b"".join(chunks(pieces(headers, body)))
