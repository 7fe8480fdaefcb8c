"""A value is looked for as files of older programs hold it, in the letters of each language."""

from __future__ import annotations

import pytest

from ondemand_attach._leaks._needles import in_old_charsets, in_utf_32

NAMES = {
    "cp1250": "Žluťoučký",
    "iso8859-2": "Žluťoučký",
    "iso8859-4": "Ģirts Šķēle",
    "iso8859-16": "Țepeș Ștefan",
    "cp1251": "Щукинский",
    "koi8-u": "Їжакевич",
    "iso8859-5": "Щукинский",
    "cp866": "Щукинский",
    "cp1253": "Ελένη Παπά",
    "cp1254": "Gülşah Işık",
    "cp1255": "שרה כהן",
    "cp1256": "محمد علي",
    "cp1257": "Šarūnas Žukauskas",
    "cp852": "Žluťoučký",
    "cp437": "Müller",
    "cp850": "Müller Ângelo",
    "mac-roman": "Müller",
    "mac-latin2": "Žluťoučký",
    "cp932": "山田太郎",
    "euc-jp": "山田太郎",
    "gb18030": "王小明",
    "big5hkscs": "陳大文",
    "cp949": "김철수",
}


@pytest.mark.parametrize(("charset", "name"), NAMES.items())
def test_each_old_character_set_is_tried(charset: str, name: str) -> None:
    found = in_old_charsets(name)
    for case in (name, name.lower(), name.upper()):
        assert case.encode(charset) in found


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        *(
            ("iso8859-1", "Müller"),
            ("iso8859-15", "Müller"),
            ("iso8859-9", "Gülşah"),
            ("iso8859-13", "Šarūnas"),
        ),
        *(
            ("iso8859-7", "Ελενη Παππα"),
            ("iso8859-8", "שרה כהן"),
            ("koi8-r", "Щукинский"),
            ("shift_jis", "山田太郎"),
        ),
        *(("gb2312", "王小明"), ("gbk", "王小明"), ("big5", "陳大文"), ("euc-kr", "김철수")),
    ],
)
def test_smaller_character_sets_are_within_others(charset: str, name: str) -> None:
    from ondemand_attach._leaks._needles import _ENCODERS, _encodings

    assert name.encode(charset) in [*in_old_charsets(name), *_encodings(name, _ENCODERS)]


@pytest.mark.parametrize("order", ["utf-32-le", "utf-32-be"])
def test_utf_32_is_tried_in_both_orders(order: str) -> None:
    for case in ("Jane", "JANE", "jane"):
        assert case.encode(order) in in_utf_32("Jane")


def test_a_letter_that_a_character_set_lacks_is_none_in_it() -> None:
    assert all(b"?" not in octets for octets in in_old_charsets("Ελένη山"))
