"""The MIME tree: mixed(alternative(text, related(html, images)), attachments), without needless levels."""

from __future__ import annotations

import hashlib
import re
import urllib.parse
from dataclasses import dataclass
from typing import Final

from ondemand_attach._message import Attachment
from ondemand_attach._mime import _encodings
from ondemand_attach._mime._fields import encoded_words
from ondemand_attach._mime._names import check_characters, is_plain
from ondemand_attach._mime._values import Body
from ondemand_attach._pieces import Base64, Piece
from ondemand_attach.errors import InvalidHeaderError, MessageError

_RESTRICTED_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"  # RFC 6838 section 4.2
_ATTRIBUTE: Final = r"[A-Za-z0-9!#$&^_.+-]{1,60}=[A-Za-z0-9!#$&^_.+-]{1,60}"
_MEDIA_TYPE: Final = re.compile(rf"({_RESTRICTED_NAME}/{_RESTRICTED_NAME})((?:; ?{_ATTRIBUTE}){{0,4}})")
_CONTENT_ID: Final = re.compile(r"[\w!#$%&'*+/=?^`{|}~.-]{1,255}(?:@[\w.-]{1,255})?", re.ASCII)
_QUOTABLE: Final = re.compile(r"[\w!#$&+^`{}~., ()@-]{1,60}", re.ASCII)
_SECTION: Final = 54
_WORD: Final = 68  # with the name of the parameter in front and its quotes, a line of at most 76


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the tree, ready to be written.

    Args:
        media_type: its type, in lower case.
        pieces: its bytes: header fields, empty line, content.
        filename: the name it goes by.
        delimiters: the boundary delimiters in its content, in order.
        parts: what it is made of.
    """

    media_type: str
    pieces: list[Piece]
    filename: str | None = None
    delimiters: tuple[bytes, ...] = ()
    parts: tuple[Part, ...] = ()

    @property
    def is_text_body(self) -> bool:
        """Whether it is the text or the HTML body, with one of a few header blocks."""
        return not self.parts and self.filename is None

    def walk(self) -> list[Part]:
        """This part and those in it, in the order of their bytes."""
        return [self, *(inner for part in self.parts for inner in part.walk())]


def tree(body: Body, seed: str) -> Part:
    """Return the part that holds all of *body*, with boundaries derived from *seed*.

    Raises:
        InvalidHeaderError: a file name or Content-ID holds what a header cannot.
        MessageError: a body has no UTF-8 form, or a media type is malformed or needs another encoding.
    """
    bodies = [_text("plain", body.text)] if body.text or body.html is None else []
    if body.html is not None:
        html = [_text("html", body.html), *(file(image) for image in body.images)]
        bodies.append(joined('related; type="text/html"', html, f"related {seed}"))
    elif body.images:
        raise MessageError("the message has images but no HTML body that shows them; give one with html()")
    content = [joined("alternative", bodies, f"alternative {seed}"), *map(file, body.attachments)]
    return joined("mixed", content, f"mixed {seed}")


def joined(kind: str, parts: list[Part], seed: str) -> Part:
    """Return a multipart of *kind*, its subtype with any parameters; or the only part there is."""
    if len(parts) == 1:
        return parts[0]
    # No encoding used here can hold =_ at the start of a line, so no part can hold the boundary.
    boundary = f"=_{hashlib.sha256(seed.encode()).hexdigest()[:32]}"
    opening, closing = f"--{boundary}\r\n".encode(), f"--{boundary}--\r\n".encode()
    pieces: list[Piece] = [f'Content-Type: multipart/{kind};\r\n boundary="{boundary}"\r\n\r\n'.encode()]
    for part in parts:
        pieces += [opening, *part.pieces]
    delimiters = (each for part in parts for each in (opening, *part.delimiters))
    media_type = f"multipart/{kind.partition(';')[0]}"
    return Part(media_type, [*pieces, closing], None, (*delimiters, closing), tuple(parts))


def _text(subtype: str, text: str) -> Part:
    encoding, content = _encodings.encoded_text(text)
    head = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return Part(f"text/{subtype}", [head.encode(), content])


def file(file: Attachment, *, is_armored: bool = False) -> Part:
    """Return the part that holds *file*: in base64, unless it already is a text that can be sent as it is."""
    media_type, parameters = _checked_type(file.document.media_type)
    disposition = "attachment" if file.content_id is None else "inline"
    name = _filename(file.filename)
    lines = [
        ";\r\n ".join([f"Content-Type: {media_type}", *_with_name(parameters, file.filename)]),
        f"Content-Transfer-Encoding: {'7bit' if is_armored else 'base64'}",
        ";\r\n ".join([f"Content-Disposition: {disposition}", *name]),
    ]
    if file.content_id is not None:
        lines.append(f"Content-ID: <{_checked_id(file.content_id)}>")
    head = "\r\n".join([*lines, "", ""]).encode()
    content = file.document.content
    written: list[Piece] = [content, b"\r\n"] if is_armored else [Base64(content)]
    return Part(media_type, [head, *written], file.filename)


def _checked_type(text: str) -> tuple[str, list[str]]:
    found = _MEDIA_TYPE.fullmatch(text)
    if not found:
        raise MessageError("the media type of an attachment must be of the form type/subtype (RFC 6838)")
    media_type = found[1].lower()
    if media_type.startswith(("multipart/", "message/")):
        # RFC 2046 section 5 forbids base64 for these.
        raise MessageError(f"an attachment cannot be {media_type}; send it as application/octet-stream")
    return media_type, [parameter.strip() for parameter in found[2].split(";")[1:]]


def _checked_id(content_id: str) -> str:
    if not _CONTENT_ID.fullmatch(content_id):
        raise InvalidHeaderError("the Content-ID of an image is not of the form name@domain (RFC 2392)")
    return content_id


def _filename(name: str) -> list[str]:
    """Return the parameters that carry *name* (RFC 2183 section 2.3, RFC 2231 sections 3 and 4)."""
    check_characters("a file name", name)
    if not name:
        raise InvalidHeaderError("an attachment has an empty file name")
    if _is_quotable(name):
        return [f'filename="{name}"']
    sections = _sections(name)
    if len(sections) == 1:
        return [f"filename*=utf-8''{sections[0]}"]
    sections[0] = f"utf-8''{sections[0]}"
    return [f"filename*{number}*={section}" for number, section in enumerate(sections)]


def _with_name(parameters: list[str], name: str) -> list[str]:
    """Return the *parameters* of a type, with *name* for programs that do not know RFC 2231.

    To these, Outlook up to 2016 among them, the file has no name else, and they have nothing to open it with.
    RFC 2047 section 5 forbids encoded-words here, but who reads this parameter reads them.
    """
    if _is_quotable(name) or any(each.lower().startswith("name=") for each in parameters):
        return parameters
    words = "\r\n ".join(encoded_words(name, _WORD, _WORD))
    return [*parameters, f'name="{words}"']


def _is_quotable(name: str) -> bool:
    return bool(_QUOTABLE.fullmatch(name)) and is_plain(name)


def _sections(name: str) -> list[str]:
    # A character is never divided: some readers decode each section by itself.
    sections = [""]
    for character in name:
        quoted = urllib.parse.quote(character, safe="")
        if len(sections[-1]) + len(quoted) > _SECTION:
            sections.append("")
        sections[-1] += quoted
    return sections
