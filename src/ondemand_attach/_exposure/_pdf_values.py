"""The values that a PDF is made of (ISO 32000-2 section 7.3), read without following any reference."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from ondemand_attach._exposure._budget import Budget, at_most

SPACE: Final = rb"[\0\t\n\f\r ]"
_DEEPEST: Final = 64
_TOKEN: Final = re.compile(
    SPACE + rb"*+(?:(?P<begin><<|\[|\()|(?P<end>>>|\])|(?P<name>/[^\0\t\n\f\r ()<>\[\]{}/%]*+)"
    rb"|(?P<number>\d++)"
    + SPACE
    + rb"++(?P<generation>\d++)"
    + SPACE
    + rb"++R(?![A-Za-z0-9])|(?P<numeric>[-+.0-9]++)|<(?P<hexadecimal>[0-9A-Fa-f\0\t\n\f\r ]*+)>"
    rb"|(?P<word>true|false|null)|(?P<comment>%[^\r\n]*+))"
)
_IN_STRING: Final = re.compile(rb"[^()\\]*+(?:\\(?:.|\Z)[^()\\]*+)*+", re.DOTALL)
_ESCAPE: Final = re.compile(rb"\\(\r\n|[0-7]{1,3}|.|\Z)", re.DOTALL)
_ESCAPES: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_NUMBER_SIGN: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_REAL: Final = re.compile(rb"[-+]?(?:\d{1,40}\.?\d{0,40}|\.\d{1,40})")
_WORDS: Final = {b"true": True, b"false": False, b"null": None}


class MalformedError(Exception):
    """What stands there is no value."""


class Reference(NamedTuple):
    """The place of another object."""

    number: int
    generation: int


class Values:
    """Reads the values in *content*: names as text with their slash, strings as bytes.

    Attributes:
        comments: those that stood within values.
        reached: where the last token begins that was read.
    """

    def __init__(self, content: bytes, budget: Budget) -> None:
        self._content, self._budget = content, budget
        self.comments: list[bytes] = []
        self.reached = 0

    def value(self, place: int) -> tuple[Any, int]:
        """Return the value at *place*, and where it ends.

        Raises:
            MalformedError: there is none.
            TooLargeError: it is too deep, or there have been too many.
        """
        return self._value(self._token(place), 0)

    def _value(self, token: re.Match[bytes], depth: int) -> tuple[Any, int]:
        if token.lastgroup == "begin":
            return self._BEGIN[token["begin"]](self, token.end(), at_most(depth + 1, _DEEPEST))
        if token.lastgroup == "name":
            self._budget.spend(len(token["name"]) // 100)
        return _simple(token), token.end()

    def _token(self, place: int) -> re.Match[bytes]:
        """Return what stands at *place*, behind any comment."""
        while True:
            self._budget.spend()
            self.reached = place
            token = _TOKEN.match(self._content, place)
            if token is None:
                raise MalformedError
            if token.lastgroup != "comment":
                return token
            self.comments.append(token["comment"])
            place = token.end()

    def _array(self, place: int, depth: int) -> tuple[list[Any], int]:
        found: list[Any] = []
        while (token := self._token(place))["end"] != b"]":
            value, place = self._value(token, depth)
            found.append(value)
        return found, token.end()

    def _dictionary(self, place: int, depth: int) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        while (token := self._token(place))["end"] != b">>":
            if token.lastgroup != "name":
                raise MalformedError
            value, place = self._value(self._token(token.end()), depth)
            name = _name(token["name"])
            if name in found:  # readers differ on which of two counts
                raise MalformedError
            found[name] = value
        return found, token.end()

    def _string(self, place: int, _: int) -> tuple[bytes, int]:
        start, open_ones = place, 1
        while open_ones:
            end = _IN_STRING.match(self._content, place)
            place = end.end() if end else place
            self._budget.spend()
            if place >= len(self._content):
                self.reached = place
                raise MalformedError
            open_ones += 1 if self._content[place] == ord("(") else -1
            place += 1
        self.reached = place
        text = self._content[start : place - 1]
        self._budget.spend(text.count(b"\\"))
        return _ESCAPE.sub(_unescaped, text), place

    _BEGIN: Final = {b"[": _array, b"<<": _dictionary, b"(": _string}


def _simple(token: re.Match[bytes]) -> Any:
    kind = token.lastgroup or ""
    if kind == "end":
        raise MalformedError
    if kind == "name":
        return _name(token[kind])
    if kind == "generation":
        return Reference(_integer(token["number"]), _integer(token[kind]))
    if kind == "hexadecimal":
        digits = re.sub(SPACE, b"", token[kind])
        return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())
    return _WORDS[token[kind]] if kind == "word" else _number(token[kind])


def _integer(digits: bytes) -> int:
    if len(digits) > 19:
        raise MalformedError
    return int(digits)


def _number(text: bytes) -> int | float:
    if text.lstrip(b"+-").isdigit():
        return _integer(text.lstrip(b"+-")) * (-1 if b"-" in text else 1)
    if not _REAL.fullmatch(text):
        raise MalformedError
    return float(text)


def _name(text: bytes) -> str:
    return _NUMBER_SIGN.sub(lambda found: bytes.fromhex(found[1].decode()), text).decode("latin-1")


def _unescaped(found: re.Match[bytes]) -> bytes:
    escaped = found[1]
    if escaped[:1].isdigit() and escaped[:1] < b"8":
        return bytes([int(escaped, 8) & 0xFF])
    return b"" if escaped in {b"\n", b"\r", b"\r\n"} else _ESCAPES.get(escaped, escaped)
