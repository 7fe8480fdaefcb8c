"""Each way in which a text is escaped is undone, and nothing else is changed."""

from __future__ import annotations

import base64
import html
import urllib.parse

import pytest

from ondemand_attach._leaks._decoding import (
    codec_of,
    from_base64,
    from_style_sheet,
    marked_charset,
    text_of,
    unescaped,
    unquoted,
)
from ondemand_attach._leaks._folding import joins, words, words_in_bytes, words_of_each
from ondemand_attach._leaks._guessing import base64_tokens, readable_tokens, unaligned_base64

NAME = "Jiří Řehoř"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (html.escape("<Jiří & Co.>"), "<Jiří & Co.>"),
        ("Ji&#345;&#xED;", "Jiří"),
        ("Ji&#0345;&#X00ed;", "Jiří"),
        ("Ji&#00000000000345;", "Jiř"),
        ("Ji&#99999999", "Ji\ufffd"),
        ("Ji&rcaron;&iacute;", "Jiří"),
        (urllib.parse.quote(NAME), NAME),
        (urllib.parse.quote(NAME).lower(), "jiří Řehoř"),
        (urllib.parse.quote(NAME, encoding="iso-8859-1", errors="ignore"), "Ji\xed eho"),
        ("Ji%u0159%u00ED", "Jiří"),
        ("100 %", "100 %"),
        ("100%2", "100%2"),
        ("Ji\\u0159\\u00ed", "Jiří"),
        ("\\ud83d\\ude00", "\U0001f600"),
        ("\\ud83d", "\ufffd"),
        ("Ji\\u{159}", "Jiř"),
        ("\\u{1F600}", "\U0001f600"),
        ("\\u{110000}\\u{d800}\\u{dfff}\\u{e000}", "\ufffd\ufffd\ufffd\ue000"),
        ("\\U0001F600", "\U0001f600"),
        ("\\U00110000", "\ufffd"),
        ("Ji\\xc5\\x99", "Jiř"),
        ("Ji\\xC5\\x99\\xe9", "JiÅ\x99é"),
        ("Ji\\305\\231", "Jiř"),
        ("Ji\\405", "Ji\\405"),
        ("O\\\\'Brien", "O\\'Brien"),
        ("xn--jrd-8xa", "xn--jrd-8xa".removeprefix("xn--").encode().decode("punycode")),
        ("xn--mnchen-3ya.example", "münchen.example"),
        ("xn--!", "xn--!"),
        ("=?utf-8?b?SmnFmcOt?=", "Jiří"),
        ("=?UTF-8?Q?Ji=C5=99=C3=AD_R?=", "Jiří R"),
        ("=?utf-8?b?xQ==?= =?UTF-8?B?mQ==?=", "ř"),
        ("=?utf-8*cs?q?Ji=C5=99?=", "Jiř"),
        ("=?iso-8859-2?q?Ji=F8=ED?= =?utf-8?q?=C5=98?=", "JiříŘ"),
        ("=?unheard-of?q?a=E9?=", "aé"),
        ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
        ("filename*=utf-8''Ji%C5%99", "filename*=Jiř"),
        ("filename*=\"iso-8859-2'cs'Ji%F8\"", 'filename*=Jiř"'),
        ('filename*0="Ji"; filename*1="ri"', 'filename*0="Jiri"'),
        ("a*0=Ji;\r\n a*1*=ri; a*2=x", "a*0=Jirix"),
        ("2 * 3 = 6", "2 * 3 = 6"),
        (NAME, NAME),
    ],
)  # fmt: skip
def test_each_escape_is_undone(text: str, plain: str) -> None:
    assert unescaped(text) == plain


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Ji=C5=99=C3=AD", "Jiří"),
        ("Jane=20Doe", "Jane Doe"),
        ("a=2Cb=2Ec=3Dd=5Fe", "a,b.c=d_e"),
        ("Ja=\r\nne D=\noe", "Jane Doe"),
        ("=4A=61=6E=65", "Jane"),
        ("=4a=61", "Ja"),
        ("width=60 a=b", "width=60 a=b"),
        ("x=41", "x=41"),
        ("=E9", "é"),
        ("=9F=8G", "\x9f=8G"),
        ("no sign", "no sign"),
    ],
)
def test_quoted_printable_is_undone_where_it_leaves_no_doubt(text: str, plain: str) -> None:
    assert unquoted(text) == plain


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("content: '\\4a\\61 ne'", "content: 'Jane'"),
        ("content: '\\00004A \\61\tne'", "content: 'Jane'"),
        ("content: '\\110000\\d800'", "content: '\ufffd\ufffd'"),
        ("content: '\\4'", "content: '\\4'"),
        ("font: '\\4a\\61'", "font: '\\4a\\61'"),
        ("content: 'Jane'", "content: 'Jane'"),
    ],
)
def test_the_escapes_of_a_style_sheet_are_undone(text: str, plain: str) -> None:
    assert from_style_sheet(text) == plain


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_a_mark_tells_the_charset(charset: str) -> None:
    marked = "\ufeff".encode(charset) + NAME.encode(charset)
    assert marked_charset(marked) == charset[:6]
    assert text_of(marked) == text_of(marked, "iso-8859-2") == NAME
    assert marked_charset(NAME.encode(charset)) is None
    assert marked_charset(b"\xef\xbb\xbfJane") is None


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-2", "windows-1250", "mac-latin2", "UTF-16"])
def test_a_text_is_decoded_as_it_says(charset: str) -> None:
    assert text_of(NAME.encode(charset), charset) == NAME


@pytest.mark.parametrize(
    "charset", ["utf-8", "unheard-of", "punycode", "idna", "unicode-escape", "undefined", "hex", ""]
)
def test_any_octets_are_a_text(charset: str) -> None:
    assert text_of(b"Jane \xe9\xff", charset) == "Jane éÿ"
    if charset != "utf-8":
        with pytest.raises((LookupError, ValueError)):
            "x".encode(codec_of(charset))


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        (b"SmFuZQ==", b"Jane"),
        (b"SmFuZQ", b"Jane"),
        (b"SmFu\r\n ZQ =\t=", b"Jane"),
        (b"SmFuZQ====", b"Jane"),
        (b"", b""),
        (b"SmFuZ", None),
        (b"Sm=FuZQ", None),
        (b"SmFu!ZQ==", None),
        (b"Jane Doe", base64.b64decode("JaneDoe=")),
    ],
)
def test_base64_is_read_strictly(text: bytes, octets: bytes | None) -> None:
    assert from_base64(text) == octets


LONG = b"Jane Doe-Smithers, DE02 1203 0000 0000 2020 51"


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(LONG).decode(),
        base64.urlsafe_b64encode(LONG).decode().rstrip("="),
        base64.encodebytes(LONG * 3).decode(),
        base64.encodebytes(LONG * 3).decode().replace("\n", "\r\n  "),
        base64.b32encode(LONG).decode(),
        base64.b32encode(LONG).decode().rstrip("="),
        LONG.hex(),
        LONG.hex().upper(),
        LONG.decode().encode("utf-16-be").hex(),
        ("\ufeff" + LONG.decode()).encode("utf-16-be").hex(),
        "key=" + base64.b64encode(LONG).decode() + "&x",
        "a-" + LONG.hex() + "_b",
    ],
)
def test_what_a_run_of_letters_would_say_is_read(text: str) -> None:
    assert LONG.decode() in readable_tokens(base64_tokens(text))


@pytest.mark.parametrize(
    "text",
    [
        "Jane\tDoe",
        "Jane\r\nDoe",
        "Ji\u0159\u00ed \u0158eho\u0159",
        "\u738b\u5c0f\u660e \U0001f600",
        "~ Jane Doe ~",
    ],
)
def test_what_is_read_may_have_tabs_lines_and_any_letters(text: str) -> None:
    for written in (base64.b64encode(text.encode()).decode(), text.encode().hex()):
        assert text in readable_tokens(base64_tokens(written))


@pytest.mark.parametrize(
    "octets", [b"Jane\0Doe \0\1", b"\x80\x81\x82\x83\x84\x85", b"\1\2\3\4\5\6\7\x08", b"\x7f" * 9]
)
def test_what_is_no_text_is_not(octets: bytes) -> None:
    assert "\x7f" not in readable_tokens(base64_tokens(octets.hex()))
    assert "\x80" not in readable_tokens(base64_tokens(octets.hex()))
    assert "\1" not in readable_tokens(base64_tokens(octets.hex()))


@pytest.mark.parametrize("size", range(13, 60))
def test_base32_of_any_length_is_read(size: int) -> None:
    text = base64.b32encode((LONG * 2)[:size]).decode().rstrip("=")
    assert (LONG * 2)[:size].decode() in readable_tokens(base64_tokens(text))


@pytest.mark.parametrize("before", ["", "A", "AB", "ABC"])
def test_base64_is_read_wherever_a_group_begins(before: str) -> None:
    tokens = base64_tokens(before + base64.b64encode(LONG).decode())
    assert LONG[:-3] in unaligned_base64(tokens)


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
