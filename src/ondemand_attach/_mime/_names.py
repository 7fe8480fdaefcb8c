"""Which header fields may be added to a message, and with which values."""

from __future__ import annotations

import re
from typing import Final

from ondemand_attach._characters import UNSAFE
from ondemand_attach.errors import InvalidHeaderError

_FIELD_NAME: Final = re.compile(r"[!-9<-~]{1,76}")
"""As in RFC 5322 section 3.6.8 (ftext), but for the semicolon: it would end the list of names that a DKIM
signature covers (RFC 6376 section 3.5), be that ours or one of a server on the way."""
_OWN: Final = frozenset(
    {
        "from",
        "sender",
        "reply-to",
        "to",
        "cc",
        "bcc",
        "subject",
        "date",
        "message-id",
        "mime-version",
        "received",
        "return-path",
        "delivered-to",
        "errors-to",
        "apparently-to",
        "envelope-to",
        "x-original-to",
        "authentication-results",
        "dkim-signature",
        "domainkey-signature",
    }
)
_OWN_FAMILIES: Final = ("content-", "resent-", "arc-")
_STRUCTURED: Final = frozenset(
    {
        "auto-submitted",
        "disposition-notification-to",
        "feedback-id",
        "importance",
        "in-reply-to",
        "precedence",
        "priority",
        "references",
        "sensitivity",
    }
)
_LINE: Final = 998  # RFC 5322 section 2.1.1


def check_header_name(name: str) -> None:
    """Accept the name of a field that an application may add.

    Raises:
        InvalidHeaderError: it is malformed, or of a field that the library writes or that changes
            where the message goes or how it is read.
    """
    if not _FIELD_NAME.fullmatch(name):
        raise InvalidHeaderError(
            "header(name): the name of a field takes 1 to 76 printable ASCII characters without a space, "
            "colon or semicolon"
        )
    if name.lower() in _OWN or name.lower().startswith(_OWN_FAMILIES):
        raise InvalidHeaderError(f"the header {name} is written by the library or on the way; leave it out")


def check_header_value(name: str, value: str) -> None:
    """Accept *value*, any text on one line, for the field *name*.

    Raises:
        InvalidHeaderError: it holds a control, separator, surrogate or bidirectional control, or is
            not plain ASCII in a field whose syntax has no encoded-words (RFC 2047 section 5).
    """
    check_characters(name, value)
    if is_structured(name) and not (is_plain(value) and longest_word(value) < _LINE - len(name) - 2):
        raise InvalidHeaderError(f"the header {name} takes printable ASCII without double spaces only")


def check_characters(what: str, value: str) -> None:
    """Refuse the characters that no header, file name or display name may hold."""
    if found := UNSAFE.search(value):
        raise InvalidHeaderError(
            f"{what} holds a control character, or one that reorders text, at position {found.start() + 1}; "
            "remove it"
        )


def check_extra(extra: tuple[tuple[str, str], ...]) -> None:
    """Check each of the further fields, and that no structured one comes twice."""
    for name, value in extra:
        check_header_name(name)
        check_header_value(name, value)
    names = [name.lower() for name, _ in extra if is_structured(name)]
    if len(names) != len(set(names)):
        raise InvalidHeaderError("a header that may occur once was added twice; leave one header() out")


def is_structured(name: str) -> bool:
    """Whether the field has a grammar of its own, in which an encoded-word means nothing."""
    return name.lower() in _STRUCTURED or name.lower().startswith("list-")


def is_plain(value: str) -> bool:
    """Whether *value* reads back the same when written as it is and folded at its spaces."""
    is_ascii = value.isascii() and value.isprintable()
    return is_ascii and "=?" not in value and "  " not in value and value == value.strip(" ")


def longest_word(value: str) -> int:
    """The length that folding cannot get below."""
    return max(map(len, value.split(" ")))
