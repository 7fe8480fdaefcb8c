"""What the quick parser makes of an object is what pyHanko's own makes of it."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from pyhanko.pdf_utils import generic

from ondemand_attach.protectors._fast._parser import decoded, has_recurring_key, parsed

TEXTS = [
    *(b"/Name", b"/A#42", b"/A#20B#2f", b"/#e9", b"/#C3#A9", b"/A#4B#4b", b"/a.b-c_d+e*f"),
    *(b"1", b"-1", b"+1", b"0", b"1.5", b"-.5", b"4.", b"true", b"false", b"null", b"[12 0 R]"),
    *(
        b"(text)",
        b"(a\\(b\\)c)",
        b"(\\101\\n\\\\)",
        b"()",
        b"<4a>",
        b"<4A6>",
        b"<>",
        b"(\xfe\xff\0J)",
        b"<feff004a>",
    ),
    *(b"[]", b"[ 1 /A (b) [ 2 ] ]", b"<<>>", b"<< /A 1 /B << /C [ 3 0 R null ] >> >>", b"<</A/B/C(d)>>"),
]


class _Strict:
    strict = True


def compared(one: Any) -> object:
    if isinstance(one, generic.DictionaryObject):
        return {str(name): compared(one.raw_get(name)) for name in one}
    if isinstance(one, generic.ArrayObject):
        return [compared(one.raw_get(place)) for place in range(len(one))]
    if isinstance(one, generic.IndirectObject):
        return "reference", one.idnum, one.generation
    if isinstance(one, generic.NameObject):
        return "name", str(one)
    if isinstance(one, generic.TextStringObject | generic.ByteStringObject):
        return "string", one.original_bytes
    return next(base.__name__ for base in type(one).__mro__ if base.__module__ == generic.__name__), str(
        "" if isinstance(one, generic.NullObject) else one
    )


@pytest.mark.parametrize("text", TEXTS, ids=repr)
def test_each_object_is_the_same(text: bytes) -> None:
    at: Any = generic.Reference(1, 0, _Strict())
    assert compared(parsed(text, at)) == compared(generic.read_object(BytesIO(text + b" "), at))


@pytest.mark.parametrize(
    "text", [text for text in TEXTS if text.startswith((b"(", b"<")) and text[:2] != b"<<"], ids=repr
)
def test_the_octets_of_a_string_are_the_same(text: bytes) -> None:
    read: Any = generic.read_object(BytesIO(text), generic.Reference(0))
    assert decoded(text) == read.original_bytes


@pytest.mark.parametrize(
    ("text", "recurs"),
    [
        (b"<< /A 1 /B 2 >>", False),
        (b"<< /A 1 /A 2 >>", True),
        (b"<< /A /A /B /A >>", False),
        (b"<< /A << /A 1 >> /B << /A 1 >> >>", False),
        (b"<< /B << /A 1 /A 1 >> >>", True),
        (b"[ << /A 1 >> << /A 1 >> ]", False),
        (b"[ /A /A /A /A ]", False),
        (b"<< /A [ /B /B ] /C (/A /A) >>", False),
    ],
)
def test_a_key_that_recurs_in_one_dictionary_is_seen(text: bytes, recurs: bool) -> None:
    assert has_recurring_key(text) == recurs
