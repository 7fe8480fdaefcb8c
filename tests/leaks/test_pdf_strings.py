"""Strings and tokens of a PDF are read as ISO 32000-2 sections 7.3.4, 7.9.2 and 9.4 have them, and as pikepdf does."""

from __future__ import annotations

import pikepdf
import pytest

from ondemand_attach._leaks._pdf_content import shown
from ondemand_attach._leaks._pdf_objects import compressed, objects, outside_of_streams
from ondemand_attach._leaks._pdf_strings import hexadecimal, literal, strings, texts

LITERALS = [
    b"()",
    b"(Jane)",
    b"(a(b(c)d)e)",
    rb"(\(a\)b\\)",
    rb"(\n\r\t\b\f\x)",
    rb"(\101\1012\7\78\0)",
    rb"(\377\400\777)",
    b"(a\\\nb\\\rc\\\r\nd)",
    b"(a(\\)b)c)",
    b"(\\\\)",
    b"(\xfe\xff\0J)",
]


@pytest.mark.parametrize("text", LITERALS)
def test_literal_strings_are_those_that_qpdf_reads(text: bytes) -> None:
    expected = bytes(pikepdf.Object.parse(text))
    assert literal(text, 0) == (expected, len(text))
    assert literal(b"x" + text + b"(more)", 1) == (expected, len(text) + 1)
    assert list(strings(b"<</A " + text + b" /B (x)>>")) == [expected, b"x"]


@pytest.mark.parametrize("text", [b"<>", b"<4A>", b"<4a61>", b"<4A6>", b"<4 A\n6\t1>", b"<FEFF004A>"])
def test_hexadecimal_strings_are_those_that_qpdf_reads(text: bytes) -> None:
    expected = bytes(pikepdf.Object.parse(text))
    assert hexadecimal(text[1:-1]) == expected
    assert list(strings(b"[" + text + b"]")) == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"(not closed", [b"not closed"]),
        (b"(a (b) c", [b"a (b) c"]),
        (b"<</A <4A>>>", [b"J"]),
        (b"<</Jane#20Doe /Plain>>", [b"Jane Doe"]),
        (b"/A#4a#4A#zz", [b"AJJ#zz"]),
        (b"% (comment)\n(a)", [b"a"]),
        (b"% (comment)\r(a)", [b"a"]),
        (b"<4X>(a)", [b"a"]),
        (b"no strings", []),
    ],
)
def test_strings_are_found_wherever_they_stand(content: bytes, found: list[bytes]) -> None:
    assert list(strings(content)) == found


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"Jane", ["Jane"]),
        ("Žižka".encode("utf-16-be"), ["Žižka"]),
        (b"\xfe\xff" + "Žižka".encode("utf-16-be"), ["Žižka"]),
        (b"\xff\xfe" + "Žižka".encode("utf-16-le"), ["Žižka"]),
        (b"\xef\xbb\xbf" + "Žižka".encode(), ["Žižka"]),
        (b"\xfe\xff\0\x1b\0c\0s\0\x1b\0J", ["J"]),
        ("Žižka".encode(), ["Å½iÅ¾ka".replace("½", "½").replace("Å¾", "Å¾"), "Žižka"]),
        (b"\x93\x94\x95\x96\x97\x98\x99\x9a\x9b\x9c\x9d\x9e", ["ﬁﬂŁŒŠŸŽıłœšž"]),
        (b"a\x18b\x1fc\x80d\x92e\x9ff\xa0g\xa1", ["a b c d e f g¡"]),
        (b"Kvapilov\xe1", ["Kvapilová"]),
        (b"\1\2\3", []),
        (b"a\x0eb", []),
        (b"a\tb\nc\rd", ["a\tb\nc\rd"]),
        (b"", [""]),
    ],
)
def test_a_text_string_says_what_its_mark_tells(octets: bytes, said: list[str]) -> None:
    assert list(texts(octets)) == said


@pytest.mark.parametrize(
    "code", sorted({*range(0x18, 0x7F), *range(0x80, 0x100)} - {0x19, 0x1A, 0x86, 0x9F, 0xAD})
)
def test_letters_of_pdfdocencoding_are_those_of_pikepdf(code: int) -> None:
    expected = bytes([code]).decode("pdfdoc_pikepdf", "replace")
    (said, *_) = texts(bytes([code]))
    assert said == (
        expected if expected.isalnum() or (expected.isascii() and expected.isprintable()) else said
    )


def small(octets: bytes) -> str:
    return octets.decode().lower()


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"/F1 9 Tf (JANE) Tj", "jane"),
        (b"/F1 -9.5 Tf(JANE)Tj", "jane"),
        (b"/F1 9 Tf [(JA) -180 (NE)] TJ", "jane"),
        (b"/F1 9 Tf [(JA) -181 (NE)] TJ", "ja ne"),
        (b"/F1 9 Tf [(JA)-181.5(NE)] TJ", "ja ne"),
        (b"/F1 9 Tf [(JA) -181<4E45>] TJ", "ja ne"),
        (b"/F1 9 Tf [(JA) 500 (NE)] TJ", "jane"),
        (b"/F1 9 Tf (JA) Tj (NE) Tj", "jane"),
        *((b"/F1 9 Tf (JA) Tj 1 2 " + move + b" (NE) Tj", "ja ne") for move in (b"Td", b"TD", b"T*", b"Tm", b"ET", b"'", b'"')),
        (b"/F1 9 Tf (JA) Tj 1 2 TdX (NE) Tj", "jane"),
        (b"/F1 9 Tf (JA) Tj 1 2 xTd (NE) Tj", "jane"),
        (b"/F1 9 Tf q /F2 9 Tf (X) Tj Q (JANE) Tj", "Xjane"),
        (b"/F1 9 Tf Q (JANE) Tj", "jane"),
        (b"q " * 70 + b"/F1 9 Tf " + b"Q " * 70 + b"(JANE) Tj", "JANE"),
        (b"/F1 9 Tf BI /W 1 ID (((\nEI (JANE) Tj", "jane"),
        (b"/F1 9 Tf BI /W 1 ID x EIx\n EI (JANE) Tj", "jane"),
        (b"/F1 9 Tf BI ID (JANE) Tj", "jane"),
        (b"/F1 9 Tf % (X) Tj\n(JANE) Tj", "jane"),
        (b"/F2 9 Tf (JANE) Tj", "JANE"),
        (b"(JANE) Tj", "JANE"),
        (b"/F1 9 TfX (JANE) Tj", "JANE"),
        (b"/F1 9 Tf <4A414E45> Tj", "jane"),
        (b"/F1 9 Tf (JANE) Tj /F2 9 Tf (\xfe\xff\0J) Tj", "janeJ"),
        (b"/F1 9 Tf (JANE) Tj (\xfe\xff\0J) Tj", "jane J "),
        (b"/F1 9 Tf (JANE) Tj (\xff\xfeJ\0) Tj", "jane J "),
        (b"0 0 m", ""),
    ],
)  # fmt: skip
def test_what_a_content_stream_shows_is_read(content: bytes, text: str) -> None:
    assert shown(content, {b"F1": [small]}, 1_000)[0] == text


def test_tokens_are_counted() -> None:
    content = b"/F1 9 Tf " + b"(JANE) Tj " * 10
    assert shown(content, {b"F1": [small]}, 1_000) == ("jane" * 10, 11)
    assert shown(content, {b"F1": [small]}, 3) == ("jane" * 2, 3)
    assert shown(b"/F1 9 Tf (J) Tj", {b"F1": [lambda _: "x" * 640]}, 1_000) == ("x" * 640, 12)


def test_a_name_with_several_meanings_is_read_with_each() -> None:
    fonts = {b"F1": [small, lambda octets: octets.decode()[::-1]], b"F2": [small], b"F3": []}
    text, tokens = shown(b"/F1 9 Tf (JANE) Tj /F2 9 Tf (DOE) Tj /F3 9 Tf (X) Tj", fonts, 1_000)
    assert (text, tokens) == ("janedoeX\nENAJdoeX", 12)


def split(content: bytes) -> list[tuple[int, bytes, bytes]]:
    return [
        (one.number, one.body.strip(), content[one.start : one.end] if one.start >= 0 else b"")
        for one in objects(content)
    ]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (
            b"1 0 obj a endobj 12 5 obj b",
            [(-1, b"", b""), (1, b"1 0 obj a endobj", b""), (12, b"12 5 obj b", b"")],
        ),
        (b"x 1 0 objx", [(-1, b"x 1 0 objx", b"")]),
        (
            b"1 0 obj <</Length 4>> stream\nJane\nendstream",
            [(-1, b"", b""), (1, b"1 0 obj <</Length 4>>", b"Jane"), (-1, b"", b"")],
        ),
        (
            b"1 0 obj <</Length 4>>stream\r\nJane\r\nendstream",
            [(-1, b"", b""), (1, b"1 0 obj <</Length 4>>", b"Jane"), (-1, b"", b"")],
        ),
        (
            b"1 0 obj <</Length 9>> stream\nJane\nendstream",
            [(-1, b"", b""), (1, b"1 0 obj <</Length 9>>", b"Jane\n"), (-1, b"", b"")],
        ),
        (
            b"1 0 obj <</Length 4 0 R>> stream\nJane\nendstream",
            [(-1, b"", b""), (1, b"1 0 obj <</Length 4 0 R>>", b"Jane\n"), (-1, b"", b"")],
        ),
        (b"1 0 obj <<>> stream\nJane", [(-1, b"", b""), (1, b"1 0 obj <<>> stream\nJane", b"")]),
        (b"1 0 obj (a stream of endstream)", [(-1, b"", b""), (1, b"1 0 obj (a stream of endstream)", b"")]),
    ],
)
def test_objects_are_found_as_they_stand(content: bytes, found: list[tuple[int, bytes, bytes]]) -> None:
    assert split(content) == found


def test_what_stands_outside_of_streams_is_told() -> None:
    content = (
        b"before <</Length 4>> stream\nJane\nendstream between <</Length 1>> stream\nx\nendstream behind"
    )
    assert list(outside_of_streams(content)) == [
        b"before <</Length 4>> ",
        b" between <</Length 1>> ",
        b" behind",
    ]


@pytest.mark.parametrize(
    ("body", "data", "found"),
    [
        (b"/First 8", b"7 0 9 3 (a)(b)", [(7, b"(a)"), (9, b"(b)")]),
        (b"/First 8", b"9 3 7 0 (a)(b)", [(7, b"(a)"), (9, b"(b)")]),
        (b"/First 4", b"7 0 (a)", [(7, b"(a)")]),
        (b"/First\n6", b"7 0 9 (a)", [(7, b"(a)")]),
        (b"", b"7 0 (a)", []),
        (b"/First 0", b"(a)", []),
    ],
)
def test_the_objects_of_an_object_stream_are_taken_apart(
    body: bytes, data: bytes, found: list[tuple[int, bytes]]
) -> None:
    assert list(compressed(body, data)) == found
