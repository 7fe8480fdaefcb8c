"""Glyphs are read by the names that Adobe's list gives to the letters of European names."""

from __future__ import annotations

import unicodedata

import pytest
from fontTools import agl

from ondemand_attach._leaks._pdf_glyphs import letters

# The words of other languages, and what no name is written with.
NOT_KNOWN = {
    *("Ldot", "ldot", "Ohorn", "ohorn", "Uhorn", "uhorn", "florin", "kgreenlandic", "napostrophe"),
    *("Aringacute", "aringacute", "Oslashacute", "oslashacute"),
}
SPELT_OUT = {"IJ": "IJ", "ij": "ij", "AEacute": "AÉ", "aeacute": "aé", "longs": "s"}
SIGNS = {"at": "@", "plus": "+", "period": ".", "comma": ",", "hyphen": "-", "slash": "/"}
DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def is_latin(text: str) -> bool:
    return all(unicodedata.name(letter, "").startswith("LATIN") for letter in text)


def test_each_latin_letter_of_the_list_is_known() -> None:
    listed = {name: agl.toUnicode(name) for name in agl.AGL2UV if is_latin(agl.toUnicode(name))}
    assert len(listed) > 240
    read = {name: letters(name) for name in listed if name not in NOT_KNOWN}
    assert read == {name: SPELT_OUT.get(name, listed[name]) for name in read}


@pytest.mark.parametrize("name", [*DIGITS, *SIGNS])
def test_digits_and_the_signs_of_addresses_are_known(name: str) -> None:
    assert (
        letters(name)
        == agl.toUnicode(name)
        == SIGNS.get(name, str(DIGITS.index(name) if name in DIGITS else ""))
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("A.sc", "A"),
        ("eacute.alt.2", "é"),
        ("f_f_i", "ffi"),
        ("T_h.liga", "Th"),
        ("f_eacute", "fé"),
        ("ff", "ff"),
        ("ffi", "ffi"),
        ("ffl", "ffl"),
        ("fi", "fi"),
        ("fl", "fl"),
        ("uni0041", "A"),
        ("uni00410301", "A\u0301"),
        ("uniD800", " "),
        ("uniDFFF", " "),
        ("uniE000", "\ue000"),
        ("uniD7FF", "\ud7ff"),
        ("u0158", "Ř"),
        ("u1F600", "\U0001f600"),
        ("u10FFFF", "\U0010ffff"),
        ("u110000", " "),
        ("uD800", " "),
        ("uni004", " "),
        ("uni00411", " "),
        ("uni00e1", " "),  # small letters are no digits in it
        ("u004", " "),
        ("u1234567", " "),
        ("xuni0041", " "),
        ("Xacute", "X\u0301"),
        ("4acute", " "),
        ("abacute", " "),
        ("quotesingle", " "),
        ("g17", " "),
        ("", " "),
    ],
)
def test_names_that_are_made_of_others_are_read(name: str, text: str) -> None:
    assert letters(name) == text
