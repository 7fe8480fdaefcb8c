"""The header writer. A value becomes words, and only this module breaks a line between two of them."""

from __future__ import annotations

import base64
import email.utils
import re
from collections.abc import Iterable
from typing import Final

from ondemand_attach._message import Address
from ondemand_attach._mime._names import check_characters, check_extra, is_plain, is_structured, longest_word
from ondemand_attach._mime._values import Headers
from ondemand_attach.errors import InvalidHeaderError, MessageError

_LINE: Final = 76  # RFC 2047 section 2, for a line with an encoded-word; RFC 5322 asks for 78
_WORD: Final = 75
_FRAME: Final = len("=?utf-8?b??=")
_ATOMS: Final = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?: [\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
_QUOTABLE: Final = re.compile(r"[\w!#$%&'*+/=?^`{|}~., -]{1,60}", re.ASCII)
_MESSAGE_ID: Final = re.compile(r"<[\w!#$%&'*+/=?^`{|}~.-]{1,255}@[\w.-]{1,255}>", re.ASCII)
UNDISCLOSED: Final = "undisclosed-recipients:;"


def fields(headers: Headers) -> bytes:
    """Return the header fields, up to and with MIME-Version, in UTF-8."""
    check_extra(headers.extra)
    return "".join(_lines(headers)).encode()


def _lines(headers: Headers) -> Iterable[str]:
    yield _mailboxes("From", (headers.sender,))
    if headers.to or not headers.cc:
        yield _mailboxes("To", headers.to)
    if headers.cc:
        yield _mailboxes("Cc", headers.cc)
    if headers.reply_to:
        yield _mailboxes("Reply-To", headers.reply_to)
    yield _text("Subject", headers.subject)
    yield _folded("Date", [_date(headers)])
    yield _folded("Message-ID", [_message_id(headers)])
    yield from (_text(name, value) for name, value in headers.extra)
    if all(name.lower() != "auto-submitted" for name, _ in headers.extra):
        yield _folded("Auto-Submitted", ["auto-generated"])  # RFC 3834 section 5
    yield _folded("MIME-Version", ["1.0"])


def _text(name: str, value: str) -> str:
    check_characters(name, value)
    room = _LINE - len(name) - 2
    first, _, rest = value.partition(" ")
    is_foldable = len(first) <= room and longest_word(rest) < _LINE
    if is_plain(value) and (is_foldable or is_structured(name)):
        return _folded(name, value.split())
    return _folded(name, encoded_words(value, room))


def _mailboxes(name: str, addresses: tuple[Address, ...]) -> str:
    words: list[str] = []
    for address in addresses:
        room = _WORD if words else _LINE - len(name) - 2
        words += _mailbox(name, address, room)
        words[-1] += ","
    return _folded(name, [*words[:-1], words[-1][:-1]] if words else [UNDISCLOSED])


def _mailbox(field: str, address: Address, room: int) -> list[str]:
    if not address.display_name:
        return [address.ascii_addr_spec]
    check_characters(f"a display name in {field}", address.display_name)
    return [*_phrase(address.display_name, room), f"<{address.ascii_addr_spec}>"]


def _phrase(name: str, room: int) -> list[str]:
    # What a careless reader could take for an address, a comment or a group is not put in quotes but encoded.
    if "=?" not in name and len(name) <= room - 2:
        if _ATOMS.fullmatch(name):
            return name.split(" ")
        if _QUOTABLE.fullmatch(name) and is_plain(name):
            return [f'"{name}"']
    return encoded_words(name, room)


def encoded_words(text: str, room: int, longest: int = _WORD) -> list[str]:
    """Return *text* as encoded-words of whole characters (RFC 2047).

    Args:
        text: any text.
        room: characters for the first.
        longest: characters for each of the others.
    """
    octets, words, start = text.encode(), [], 0
    while start < len(octets):
        end = _character_start(octets, start + max(4, (min(room, longest) - _FRAME) // 4 * 3))
        words.append(f"=?utf-8?b?{base64.b64encode(octets[start:end]).decode()}?=")
        start, room = end, longest
    return words


def _character_start(octets: bytes, index: int) -> int:
    while index < len(octets) and octets[index] & 0xC0 == 0x80:
        index -= 1
    return index


def _folded(name: str, words: Iterable[str]) -> str:
    lines = [f"{name}:"]
    for index, word in enumerate(words):
        if index and len(lines[-1]) + 1 + len(word) > _LINE:
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines) + "\r\n"


def _date(headers: Headers) -> str:
    if headers.date.utcoffset() is None:
        raise MessageError("the date of the message has no timezone; use datetime.datetime.now(datetime.UTC)")
    return email.utils.format_datetime(headers.date)


def _message_id(headers: Headers) -> str:
    check_message_id(headers.message_id)
    return headers.message_id


def check_message_id(message_id: object) -> None:
    """Accept a msg-id that can be written as it is, and that no reader takes for an encoded-word.

    Raises:
        InvalidHeaderError: it is none.
    """
    if not (isinstance(message_id, str) and _MESSAGE_ID.fullmatch(message_id)) or "=?" in message_id:
        raise InvalidHeaderError(
            "the message id is not of the form <unique@domain> in ASCII (RFC 5322 section 3.6.4); "
            "email.utils.make_msgid(domain=…) makes one"
        )
