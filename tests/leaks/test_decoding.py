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
        ("XN--MNCHEN-3YA.EXAMPLE", "MüNCHEN.EXAMPLE"),
        ("Xn--mnchen-3ya.xN--MNchen-3YA", "münchen.MüNchen"),
        ("mail.XN--mnchen-3ya.example", "mail.münchen.example"),
        ("xn%2D%2Dmnchen%2d3ya", "münchen"),
        ("XN&#45;&#x2D;mnchen-3ya", "münchen"),
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
        ("CONTENT: '\\4a\\61 ne'", "CONTENT: 'Jane'"),
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
