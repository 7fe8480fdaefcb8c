"""A field of a part is usual if it says how to read the part and how it is called, and nothing else."""

from __future__ import annotations

import pytest

from ondemand_attach._exposure._fields import is_usual
from ondemand_attach._exposure._words import decoded, readable

PARAMETERS = [
    *(
        "charset",
        "boundary",
        "protocol",
        "micalg",
        "smime-type",
        "type",
        "start",
        "format",
        "delsp",
        "method",
    ),
    *("report-type", "size", "creation-date", "modification-date", "read-date", "reply-type", "x-unix-mode"),
    *("x-mac-type", "x-mac-creator", "x-apple-part-url", "start-info", "header", "version"),
]
DESCRIPTIONS = [
    *("OpenPGP encrypted message", "PGP/MIME version identification", "PGP/MIME Versions Identification"),
    *(
        "S/MIME Encrypted Message",
        "S/MIME Cryptographic Signature",
        "OpenPGP digital signature",
        "invoice.pdf",
    ),
]


@pytest.mark.parametrize("field", ["content-type", "content-disposition"])
@pytest.mark.parametrize("parameter", PARAMETERS)
def test_each_usual_parameter_is_usual(field: str, parameter: str) -> None:
    for value in (
        f"text/plain; {parameter}=x",
        f'text/plain; {parameter.upper()}="x y"',
        f"text/plain;{parameter}=x;",
    ):
        assert is_usual(field, value, None)
    assert not is_usual(field, f"text/plain; x{parameter}=x", None)
    assert not is_usual(field, f"text/plain; {parameter}=x; customer=Jane", None)
    assert not is_usual("content-transfer-encoding", f"text/plain; {parameter}=x", None)


@pytest.mark.parametrize("field", ["content-type", "content-disposition"])
@pytest.mark.parametrize("parameter", ["name", "filename"])
def test_a_name_is_usual_if_it_is_the_one_that_is_shown(field: str, parameter: str) -> None:
    value = f'application/pdf; {parameter}="invoice.pdf"'
    assert is_usual(field, value, "invoice.pdf")
    assert not is_usual(field, value, "other.pdf")
    assert not is_usual(field, value, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("content-type", "text/plain"),
        ("content-type", " application/vnd.openxmlformats-officedocument.x ; "),
        ("content-type", "a" * 80 + "/" + "b" * 80),
        ("content-disposition", "attachment"),
        ("content-disposition", "inline;"),
        ("content-transfer-encoding", "base64"),
        ("content-transfer-encoding", " quoted-printable "),
        ("content-transfer-encoding", "x" * 20),
        ("content-id", "<a@b.example>"),
        ("content-id", " <> "),
        ("mime-version", "1.0"),
        ("mime-version", " 1.0 "),
        ("x-attachment-id", "f_abc-1.2@x"),
        *(("content-description", text) for text in DESCRIPTIONS),
        ("content-description", " =?utf-8?q?invoice.pdf?= "),
    ],
)
def test_what_says_how_to_read_a_part_is_usual(field: str, value: str) -> None:
    assert is_usual(field, value, "invoice.pdf")


@pytest.mark.parametrize("space", ["", " ", "\t", "  ", " \r\n "])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("content-type", "text/plain"),
        ("content-type", "text/plain;"),
        ("content-disposition", "attachment"),
        ("content-transfer-encoding", "quoted-printable"),
        ("content-id", "<a@b.example>"),
        ("mime-version", "1.0"),
        *(("x-attachment-id", sign) for sign in ("f", "-", "_", ".", "@", "7", "s")),
        ("content-description", "invoice.pdf"),
    ],
)
def test_white_space_around_it_says_nothing(field: str, value: str, space: str) -> None:
    assert is_usual(field, f"{space}{value}", "invoice.pdf")
    assert is_usual(field, f"{value}{space}", "invoice.pdf")
    assert not is_usual(field, f"{value}{space}\xe9", "invoice.pdf")
    assert not is_usual(field, f"{value}{space}, Jane", "invoice.pdf")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("content-type", "text/plain Jane Doe"),
        ("content-type", "text/plain (Jane Doe)"),
        ("content-type", "a" * 81 + "/b"),
        ("content-type", "a/" + "b" * 81),
        ("content-type", ""),
        ("content-type", "é/plain"),
        ("content-disposition", "attachment Jane"),
        ("content-transfer-encoding", "base64 Jane"),
        ("content-transfer-encoding", "x" * 21),
        ("content-transfer-encoding", ""),
        ("content-id", "a@b.example"),
        ("content-id", "<a@b.example> Jane"),
        ("content-id", "<a b@b.example>"),
        ("mime-version", "1.1"),
        ("mime-version", "1x0"),
        ("mime-version", "1.0 (Jane)"),
        ("x-attachment-id", "Jane Doe"),
        ("x-attachment-id", ""),
        ("x-attachment-id", "é"),
        ("content-description", "Jane Doe"),
        ("content-description", "S/MIME"),
        ("content-description", ""),
        ("content-description", "other.pdf"),
        ("subject", "1.0"),
        ("content-language", "en"),
        ("x-customer", "Jane"),
    ],
)
def test_what_says_more_is_not_usual(field: str, value: str) -> None:
    assert not is_usual(field, value, "invoice.pdf")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("plain", "plain"),
        ("=?utf-8?b?SmnFmcOt?=", "Jiří"),
        ("=?UTF-8?B?SmnFmcOt?=", "Jiří"),
        ("=?utf-8?q?Ji=C5=99=c3=ad?=", "Jiří"),
        ("=?utf-8?Q?a_b?= =?utf-8?Q?c?=", "a bc"),
        ("=?iso-8859-2?q?Ji=F8=ED?= x", "Jiříx"),
        ("a =?utf-8?q?b?= c", "a bc"),
        ("=?utf-8?b?xQ==?= =?UTF-8?b?mQ==?=", "ř"),  # a letter that goes over two words
        ("=?utf-8?b?xQ==?= =?iso-8859-1?q?=E9?=", "\ufffdé"),
        ("=?utf-8?b?YQ==?=", "a"),
        ("=?utf-8?b?YWE=?=", "aa"),
        ("=?utf-8?b?YWFh?=", "aaa"),
        ("=?utf-8?b?YWFhYg==?=", "aaab"),
        ("=?utf-8?b??=", ""),
        ("=?utf-8?b?YQ=?=", "=?utf-8?b?YQ=?="),
        ("=?utf-8?b?a b?=", "=?utf-8?b?a b?="),
        ("=?utf-8?q?a b?=", "=?utf-8?q?a b?="),
        ("=?utf-8?q?a?b?=", "=?utf-8?q?a?b?="),
        ("=?utf-8?q?=9?=", "=?utf-8?q?=9?="),
        ("=?unheard-of?q?a?=", "=?unheard-of?q?a?="),
        ("=?utf-8?q?a?= =?unheard-of?q?a?=", "=?utf-8?q?a?= =?unheard-of?q?a?="),
        ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
        ("=?" + "u" * 41 + "?q?a?=", "=?" + "u" * 41 + "?q?a?="),
        ("=?utf 8?q?a?=", "=?utf 8?q?a?="),
        ("?utf-8?q?a?=", "?utf-8?q?a?="),
    ],
)
def test_encoded_words_are_read_as_mail_programs_do(name: str, text: str) -> None:
    assert readable(name) == text


@pytest.mark.parametrize(
    ("octets", "charset", "text"),
    [
        (b"\xe9", "iso-8859-1", "é"),
        (b"\xf8", "windows-1250", "ř"),
        (b"\xc5\x99", "utf-8", "ř"),
        (b"\xe9", "ISO-8859-1", "é"),
        (b"\xff", "unheard-of", "\ufffd"),
        (b"\xc5\x99", "unheard-of", "ř"),
        (b"\xc5\x99", "", "ř"),
        (b"\xc5\x99", "-x", "ř"),
        (b"xn--a", "idna", "xn--a"),
        (b"xn--a", "IDNA", "xn--a"),
        (b"a-b", "punycode", "a-b"),
        (b"a-b", "x.PunyCode", "a-b"),
        (b"\xff", "utf-8", "\ufffd"),
        (b"\xc5\x99", "rot13", "ř"),
        (b"YQ==", "base64", "YQ=="),
        (b"\xe9", "iso-8859-1" + ":" * 31, "\ufffd"),
    ],
)
def test_any_character_set_gives_text(octets: bytes, charset: str, text: str) -> None:
    assert decoded(octets, charset) == text
