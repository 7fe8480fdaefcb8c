"""Letters are compared by what they have in common however they are written."""

from __future__ import annotations

import pytest

from ondemand_attach._leaks._folding import joins, words, words_in_bytes, words_of_each


def test_letters_are_the_same_however_they_are_written() -> None:
    for text, folded in {
        "Řehoř": "rehor",
        "Straße": "strasse",
        "ŁÓDŹ": "lodz",
        "Ærø": "aero",
        "Þór": "thor",
        "Ðuro": "duro",
        "ŋ": "n",
        "ĸ": "k",
        "ə": "e",
        "ȷ": "j",
        "ı": "i",
        "İ": "i",
        "ﬁ": "fi",
        "①": "1",
        "٣": "3",
        "O’Brien": "o brien",
        "Kʻ": "k",
        "a\u200db\u00adc\u0301": "abc",
        "Қайрат": "каират",
        "ёж": "еж",
        "\u0640": "",
        "a_b-c.d": "a b c d",
    }.items():
        assert words(text).strip() == folded, text
    assert words("  a \n b ") == " a b "
    assert words_of_each(["A b", "c\nd", "", " e "]) == ["a b", "c d", "", "e"]
    assert words_in_bytes(b"Ja\xffNE\x00.5") == " ja ne  5 "


@pytest.mark.parametrize(
    ("character", "expected"),
    [
        *((letter, True) for letter in "a7řжאéÿ\u0d85"),
        *((letter, False) for letter in " -_.ก王김\u0dff\u0e01\U00020000"),
    ],
)
def test_a_word_goes_on_at_letters_of_scripts_with_spaces(character: str, expected: bool) -> None:
    assert joins(character) is expected
