"""Names stand in a field as they are where every reader takes them for that, and encoded where one may not."""

from __future__ import annotations

import email.header
import email.policy
import string

import pytest

from ondemand_attach._mime._fields import _folded, _phrase, check_message_id, encoded_words
from ondemand_attach.errors import InvalidHeaderError

ATOM = "!#$%&'*+/=?^_`{|}~-"  # RFC 5322 section 3.2.3
QUOTED = "., "


@pytest.mark.parametrize("sign", [*ATOM, *string.ascii_letters, *string.digits])
def test_each_sign_of_an_atom_is_left_alone(sign: str) -> None:
    assert _phrase(f"a{sign}b c", 70) == [f"a{sign}b", "c"]
    assert _phrase(f"c a{sign}b d", 70) == ["c", f"a{sign}b", "d"]
    assert _phrase(f"a{sign}b, c", 70) == [f'"a{sign}b, c"']


@pytest.mark.parametrize("name", ["Shop Ltd.", "Doe, Jane", "J. R. Doe", "a,b.c-d", "Dr. O'Brien & Co."])
def test_what_is_no_atom_stands_in_quotes(name: str) -> None:
    assert _phrase(name, 70) == [f'"{name}"']


@pytest.mark.parametrize(
    "name",
    [
        *(f"a{sign}b" for sign in '()<>[]:;@\\"'),
        "Jiří",
        "a  b",
        " a",
        "a ",
        "=?utf-8?q?a?=",
        "a =?",
        "a\u200bb",
    ],
)
def test_what_a_reader_may_take_for_something_else_is_encoded(name: str) -> None:
    (word,) = _phrase(name, 70)
    assert word.startswith("=?utf-8?b?")
    assert str(email.header.make_header(email.header.decode_header(word))) == name


@pytest.mark.parametrize("size", range(55, 66))
def test_a_name_in_quotes_is_short(size: int) -> None:
    assert _phrase("." * size, 80)[0].startswith('"' if size <= 60 else "=?")


@pytest.mark.parametrize("size", [1, 10, 30, 58])
def test_a_name_fits_with_its_quotes(size: int) -> None:
    assert _phrase("." * size, size + 2) == [f'"{"." * size}"']
    assert _phrase("a" * size, size + 2) == ["a" * size]
    for letter in ".a":
        assert _phrase(letter * size, size + 1)[0].startswith("=?")


@pytest.mark.parametrize("room", [20, 40, 75])
@pytest.mark.parametrize("text", ["Jiří Řehoř " * 20, "漢字" * 60, "\U0001f600" * 40, "a" * 300])
def test_encoded_words_are_as_long_as_they_may_be(text: str, room: int) -> None:
    words = encoded_words(text, room)
    assert len(words[0]) <= max(room, 20)
    assert all(len(word) <= 75 for word in words[1:])
    assert all(len(word) > 75 - 8 for word in words[1:-1])  # whole characters, and groups of base64
    assert "".join(str(email.header.make_header(email.header.decode_header(word))) for word in words) == text
    assert all(len(word) <= 52 for word in encoded_words(text, room, longest=52)[1:])


@pytest.mark.parametrize("size", range(1, 80))
def test_lines_are_folded_at_76_characters(size: int) -> None:
    folded = _folded("Subject", ["a" * size, "b" * 20, "c"])
    first, *_ = folded.split("\r\n")
    assert all(len(line) <= 76 for line in folded.split("\r\n")) or size > 67
    assert ("bb" in first) == (len("Subject: ") + size + 1 + 20 <= 76)
    assert folded.endswith("\r\n")
    assert folded.replace("\r\n", "") == f"Subject: {'a' * size} {'b' * 20} c"


@pytest.mark.parametrize("sign", [*ATOM, ".", "a", "Z", "0"])
def test_a_message_id_may_have_each_sign(sign: str) -> None:
    check_message_id(f"<a{sign}b@shop.example>")


@pytest.mark.parametrize(
    "message_id",
    [
        *(
            "",
            "a@b",
            "<a@b",
            "a@b>",
            "<a>",
            "<@b>",
            "<a@>",
            "<a b@c>",
            "<a@b c>",
            "<ř@b>",
            "<a@ř>",
            "<=?@b>",
            "<a@b>x",
        ),
        *(f"<{'a' * 256}@b>", f"<a@{'b' * 256}>", "<a@b_c!>", "<a@@b>", "<<a@b>>", None, 5, b"<a@b>"),
    ],
)
def test_any_other_message_id_is_refused(message_id: object) -> None:
    with pytest.raises(InvalidHeaderError):
        check_message_id(message_id)


def test_a_message_id_is_as_long_as_it_may_be() -> None:
    check_message_id(f"<{'a' * 255}@{'b' * 255}>")
