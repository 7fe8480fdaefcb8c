"""What a server answers is shown without the names of people, however they are spelt."""

from __future__ import annotations

import pytest

from ondemand_attach import Address
from ondemand_attach._answers import identifier, impersonal

SPELT = [
    ("Đorđe", "dorde"),
    ("Wałęsa", "walesa"),
    ("Sørensen", "sorensen"),
    ("Æsop", "aesop"),
    ("Œuvre", "oeuvre"),
]
SPELT += [
    ("Dvořák", "dvorak"),
    ("Straße", "strasse"),
    ("Ğül", "gul"),
    ("Ångström", "angstrom"),
    ("Zoë", "zoe"),
]


@pytest.mark.parametrize(("name", "plain"), SPELT)
def test_a_name_is_found_with_and_without_its_accents(name: str, plain: str) -> None:
    for known, written in ((name, plain), (plain, name)):
        people = [Address(addr_spec="x1@shop.example", display_name=known)]
        for word in (written, written.upper(), written.title(), f"<{written}>", f"{written}'s"):
            assert impersonal(f"250 {word} queued", people) == "250 [...] queued"


JANE = Address(addr_spec="jane.doe@příklad.example", display_name="Jane Q Smithers-Roe")


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("250 ok", "250 ok"),
        (b"250 \xff", "250 \ufffd"),
        ("250 <jane.doe@shop.example>", "250 [...]"),
        ("for jane", "for [...]"),
        ("for DOE!", "for [...]"),
        ("for Smithers", "for [...]"),
        ("for roe", "for [...]"),
        ("for Q", "for [...]"),
        ("for Queue", "for Queue"),  # a letter is no name in a word
        ("at příklad.example", "at [...]"),
        ("at xn--pklad-zsa96e.example", "at [...]"),
        ("somebody@elsewhere.example", "[...]"),
        ("a \x07 b\u202e  c", "a b c"),
        (7, None),
        (None, None),
    ],
)
def test_words_with_a_name_or_an_address_are_left_out(answer: object, shown: str | None) -> None:
    assert impersonal(answer, [JANE]) == shown


@pytest.mark.parametrize(("size", "is_whole"), [(190, True), (200, True), (201, False), (250, False)])
def test_a_long_answer_is_cut_at_a_word(size: int, is_whole: bool) -> None:
    answer = f"{'x' * 100} {'y' * (size - 101)}"
    assert impersonal(answer, []) == (answer if is_whole else f"{'x' * 100} [...]")


@pytest.mark.parametrize(
    ("given", "is_kept"),
    [
        ("<20261201.1@provider.example>", True),
        ("!~" * 100, True),
        ("x" * 201, False),
        ("", False),
        ("a b", False),
        ("é", False),
        (7, False),
        (None, False),
        ("bounce-JANE.DOE@xn--pklad-zsa96e.example-1", False),
        ("bounce-jane.doe=xn--pklad-zsa96e.example@provider.example", False),
    ],
)
def test_an_identifier_is_one_and_holds_no_address(given: object, is_kept: bool) -> None:
    assert identifier(given, [JANE]) == (given if is_kept else None)
