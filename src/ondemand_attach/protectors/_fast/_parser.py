"""pyHanko's objects from what the grammar let through, in a quarter of the time of pyHanko's own parser."""

# mypy: disallow-untyped-calls=False
# pyHanko brings types for a part of itself only.

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from typing import IO, Any

from pyhanko.pdf_utils import generic

from ondemand_attach.protectors._fast import _grammar
from ondemand_attach.protectors._object_streams import SpeltName

_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")


def parsed(text: bytes, container: generic.Reference) -> generic.PdfObject:
    """Return the object that *text* is.

    Args:
        text: what `_grammar.end_of_value` found; no stream.
        container: the reference to it.
    """
    stack: list[list[generic.PdfObject]] = [[]]
    for token in _grammar.TOKEN.finditer(text):
        kind: Any = token.lastgroup
        if kind == "start":
            stack.append([])
        elif kind == "end":
            _close(stack, token[0], container)
        else:
            stack[-1].append(_SIMPLE[kind](token[0], container))
    ((whole,),) = stack
    return whole


def _close(stack: list[list[generic.PdfObject]], end: bytes, container: generic.Reference) -> None:
    inner = stack.pop()
    made: generic.PdfObject = generic.ArrayObject(inner)
    if end == b">>":
        made = generic.DictionaryObject(dict(zip(inner[::2], inner[1::2], strict=True)))
    made.container_ref = container
    stack[-1].append(made)


def has_recurring_key(text: bytes) -> bool:
    """Whether a dictionary in *text*, which is likewise, has a key twice."""
    stack: list[list[bytes]] = [[]]
    for token in _grammar.TOKEN.finditer(text):
        if token.lastgroup == "start":
            stack.append([])
            continue
        if token.lastgroup == "end" and token[0] == b">>":
            keys = stack[-1][::2]
            if len(keys) != len(set(keys)):
                return True
        if token.lastgroup == "end":
            stack.pop()
        stack[-1].append(token[0])
    return False


class _PlainName(generic.NameObject):
    """A name of which no character needs an escape."""

    def write_to_stream(self, stream: IO[bytes], *_: object, **__: object) -> None:
        stream.write(self.encode("ascii"))


def _name(token: bytes, _: object) -> generic.NameObject:
    if b"#" not in token:
        return _PlainName(token.decode())
    octets = _ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode()), token)
    name = SpeltName(_text_of(octets))
    name.spelt = token
    return name


def _text_of(octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _reference(token: bytes, container: generic.Reference) -> generic.IndirectObject:
    return generic.IndirectObject(int(token[:-4]), 0, container.pdf)


def _number(token: bytes, _: object) -> generic.PdfObject:
    return generic.FloatObject(token.decode()) if b"." in token else generic.NumberObject(token)


def _string(token: bytes, _: object) -> generic.PdfObject:
    return generic.pdf_string(decoded(token))


def decoded(string: bytes) -> bytes:
    """Return the bytes that a string in its brackets stands for."""
    if string.startswith(b"(") and b"\\" not in string:
        return string[1:-1]
    text: Any = generic.read_object(BytesIO(string), generic.Reference(0))
    return text.original_bytes  # type: ignore[no-any-return]


_WORDS: dict[bytes, Callable[[], generic.PdfObject]] = {
    b"true": lambda: generic.BooleanObject(True),
    b"false": lambda: generic.BooleanObject(False),
    b"null": generic.NullObject,
}
_SIMPLE: dict[str, Callable[[bytes, generic.Reference], generic.PdfObject]] = {
    "name": _name,
    "reference": _reference,
    "number": _number,
    "word": lambda token, _: _WORDS[token](),
    "string": _string,
}
