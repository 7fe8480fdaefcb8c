"""The syntax of PDF objects (ISO 32000-2 section 7.3) that is passed on unread, as regular expressions.

Narrower than the standard, and than pyHanko: no comments, no unusual escapes.
"""

from __future__ import annotations

import re

_SPACES = b"\x00\t\n\x0c\r "
_SPACE = rb"[\x00\t\n\x0c\r ]*+"
_NAME = rb"/(?:[!\"$&'*-.0-;=?-Z\\^-z|~]|\#[0-9A-Fa-f]{2})++"
_NUMBER = rb"[+-]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)"
_REFERENCE = rb"[1-9][0-9]*+[ ]0[ ]R"
_LITERAL = rb"\((?:[^()\\\r]|\\(?:[nrtbf()\\]|[0-3][0-7]{2}|[0-7]{1,2}(?![0-9])))*+\)"
_HEXADECIMAL = rb"(?<!<)<[0-9A-Fa-f\t\n\x0c\r ]*+>"
_WORD_END = rb"(?=[\x00\t\n\x0c\r ()<>\[\]/])"


def _value(depth: int) -> bytes:
    simple = rb"(?:%b|%b|%b|true|false|null)%b" % (_NAME, _REFERENCE, _NUMBER, _WORD_END)
    if not depth:
        return rb"(?:%b|%b|%b)" % (simple, _LITERAL, _HEXADECIMAL)
    inner = _value(depth - 1)
    array = rb"\[%b(?:%b%b)*+\]" % (_SPACE, inner, _SPACE)
    return rb"(?:%b|%b|%b|%b|%b)" % (simple, array, _dictionary(inner), _LITERAL, _HEXADECIMAL)


def _dictionary(value: bytes) -> bytes:
    return rb"<<%b(?:%b%b%b%b)*+>>" % (_SPACE, _NAME, _SPACE, value, _SPACE)


HEAD = re.compile(rb"([0-9]++) 0 obj%b" % _SPACE)
"""How an indirect object begins: its number."""

TAIL = re.compile(rb"%b(?:endobj|(stream)\r?\n)" % _SPACE)
"""How it goes on: whether the data of a stream follow."""

_STEP = re.compile(rb"%b(?:(%b)|(<<|\[)|(>>|\]))" % (_SPACE, _value(2)))

_KEY = re.compile(rb"%b(%b)" % (_SPACE, _NAME))
_DICTIONARY_END = re.compile(rb"%b>>%b" % (_SPACE, _SPACE))

TRAILER = re.compile(rb"%btrailer%b(%b)%b" % (_SPACE, _SPACE, _dictionary(_value(1)), _SPACE))

ENTRY = re.compile(rb"(%b)%b(%b)" % (_NAME, _SPACE, _value(1)))

TOKEN = re.compile(
    rb"(?P<name>%b)|(?P<reference>%b)%b|(?P<number>%b)|(?P<start><<|\[)|(?P<end>>>|\])|(?P<word>true|false|null)"
    rb"|(?P<string>%b|%b)" % (_NAME, _REFERENCE, _WORD_END, _NUMBER, _LITERAL, _HEXADECIMAL)
)
NAME = re.compile(_NAME)
STRING = re.compile(rb"(%b|%b)" % (_LITERAL, _HEXADECIMAL))
REFERENCE = re.compile(rb"(?<![0-9])([1-9][0-9]{0,9}) 0 R")  # goes through a number of many digits once
LENGTH = re.compile(rb"([0-9]++)( 0 R)?")


def end_of_value(text: bytes, place: int) -> int | None:
    """Return where the value ends that begins at *place*, or nothing if it is not of this grammar."""
    levels: list[tuple[bytes, list[bool]]] = []  # the brackets that are open; which of the values are names
    while (found := _STEP.match(text, place)) is not None:
        value, start, end = found.groups()
        place = found.end()
        if start:
            levels.append((start, []))
            continue
        if end and not (levels and _is_complete(*levels.pop(), end)):
            break
        if not levels:
            return place
        levels[-1][1].append(value is not None and value.startswith(b"/"))
    return None


def entries(text: bytes, place: int) -> list[tuple[bytes, bytes]] | None:
    """Return the entries of the dictionary that follow the ``<<`` before *place*, or nothing likewise."""
    found: list[tuple[bytes, bytes]] = []
    while (name := _KEY.match(text, place)) is not None:
        end = end_of_value(text, name.end())
        if end is None:
            return None
        found.append((name[1], text[name.end() : end].strip(_SPACES)))
        place = end
    return found if _DICTIONARY_END.fullmatch(text, place) else None


def _is_complete(start: bytes, are_names: list[bool], end: bytes) -> bool:
    if start == b"[":
        return end == b"]"
    return end == b">>" and len(are_names) % 2 == 0 and all(are_names[::2])
