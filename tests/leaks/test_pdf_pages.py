"""The text of a page is read by the fonts that its own dictionaries name, wherever these stand, and by no others."""

from __future__ import annotations

import pytest

from leak_cases import pdf, stream
from ondemand_attach._leaks._budget import Budget
from ondemand_attach._leaks._pdf import members

OURS = b"begincmap beginbfrange <41> <5a> <0061> endbfrange endcmap"  # as small letters
OTHER = b"begincmap beginbfrange <41> <5a> <0391> endbfrange endcmap"  # as Greek ones
CONTENT = stream(b"BT /F1 9 Tf (ZDENKA) Tj ET")
FONT, WRONG = (
    b"<</Type /Font /Subtype /Type1 /ToUnicode 3 0 R>>",
    b"<</Type /Font /Subtype /Type1 /ToUnicode 4 0 R>>",
)


def texts(*objects: bytes, font: bytes = FONT, content: bytes = CONTENT) -> list[str]:
    """Return the text of each stream; objects are numbered from 7 on, the right font is 1, the content 5."""
    page_of_others = b"<</Type /Page /Resources <</Font <</F1 2 0 R>>>>>>"
    made = pdf(font, WRONG, stream(OURS), stream(OTHER), content, page_of_others, *objects)
    found = [member.decode() for member, charset in members(made, Budget(1 << 20)) if charset is None]
    return [text.strip() for text in found[1:]]


WAYS = {
    "in the page": [b"<</Type /Page /Contents 5 0 R /Resources <</Font <</F1 1 0 R>>>>>>"],
    "contents in an array": [b"<</Type /Page /Contents [5 0 R] /Resources <</Font <</F1 1 0 R>>>>>>"],
    "an array by itself": [b"<</Type /Page /Contents 8 0 R /Resources <</Font <</F1 1 0 R>>>>>>", b"[5 0 R]"],
    "resources by themselves": [
        b"<</Type /Page /Contents 5 0 R /Resources 8 0 R>>",
        b"<</Font <</F1 1 0 R>>>>",
    ],
    "fonts by themselves": [b"<</Type /Page /Contents 5 0 R /Resources <</Font 8 0 R>>>>", b"<</F1 1 0 R>>"],
    "both by themselves": [
        b"<</Type /Page /Contents 5 0 R /Resources 8 0 R>>",
        b"<</Font 9 0 R>>",
        b"<</F1 1 0 R>>",
    ],
    "above the page": [
        b"<</Type /Page /Contents 5 0 R /Parent 8 0 R>>",
        b"<</Type /Pages /Resources <</Font <</F1 1 0 R>>>>>>",
    ],
    "far above the page": [
        b"<</Type /Page /Contents 5 0 R /Parent 8 0 R>>",
        *(b"<</Type /Pages /Parent %d 0 R>>" % number for number in range(9, 16)),
        b"<</Type /Pages /Resources <</Font <</F1 1 0 R>>>>>>",
    ],
    "without spaces": [b"<</Type/Page/Contents 5 0 R/Resources<</Font<</F1 1 0 R>>>>>>"],
    "with other spaces": [
        b"<</Type /Page /Contents\n5\r\n0  R /Resources\t<</Font\n<</F1\t\n1\r\n0 \t R>>>>>>"
    ],
    "with other spaces in an array": [
        b"<</Type /Page /Contents\n[ 5\r\n0  R ] /Resources 8  0\n R>>",
        b"<</Font <</F1 1 0 R>>>>",
    ],
    "of another generation": [b"<</Type /Page /Contents 5 7 R /Resources <</Font <</F1 1 12345 R>>>>>>"],
}


@pytest.mark.parametrize("objects", WAYS.values(), ids=WAYS)
def test_a_page_has_the_fonts_that_it_names(objects: list[bytes]) -> None:
    assert texts(*objects) == ["zdenka"]


def test_a_page_that_names_none_is_read_with_all() -> None:
    (text,) = texts(b"<</Type /Page /Contents 5 0 R>>", b"<</Font <</F1 1 0 R>>>>")
    assert {line.strip() for line in text.split("\n")} == {"zdenka", "\u03aa\u0394\u0395\u039e\u039b\u0391"}


@pytest.mark.parametrize(
    "font",
    [
        b"/Type /Font",
        b"/Type/Font",
        b"/Type /Font/Subtype /Type1",
        b"/Type /Font /Subtype /Unheard",
        *(b"/Subtype /" + kind for kind in (b"Type1", b"Type3", b"TrueType", b"MMType1")),
        b"/Subtype/Type1",
    ],
)
def test_a_font_is_known_by_its_type_or_its_subtype(font: bytes) -> None:
    assert texts(*WAYS["in the page"], font=b"<<" + font + b" /ToUnicode 3 0 R>>") == ["zdenka"]


def test_a_composite_font_is_known_by_its_subtype() -> None:
    wide = stream(b"BT /F1 9 Tf <005A 0044> Tj ET")
    font = b"<</Subtype /Type0 /Encoding /Identity-H /ToUnicode 3 0 R>>"
    assert texts(*WAYS["in the page"], font=font, content=wide) == ["zd"]


@pytest.mark.parametrize(
    "font", [b"/Type /FontDescriptor", b"/Subtype /Type12", b"/Type /XFont", b"/Subtype /CIDFont"]
)
def test_what_is_no_font_gives_no_letters(font: bytes) -> None:
    assert texts(*WAYS["in the page"], font=b"<<" + font + b" /ToUnicode 3 0 R>>") != ["zdenka"]


@pytest.mark.parametrize(
    "operator",
    [b"(ZDENKA) Tj", b"[(ZDE) 5 (NKA)] TJ", b"<5A44454E4B41> Tj", b"(ZDENKA) '", b'0 0 (ZDENKA) "'],
)
def test_each_operator_shows_text(operator: bytes) -> None:
    assert texts(*WAYS["in the page"], content=stream(b"BT /F1 9 Tf " + operator + b" ET")) == ["zdenka"]


@pytest.mark.parametrize("content", [b"0 0 m 9 9 l S", b"(ZDENKA) Td", b"/F1 9 Tf"])
def test_what_shows_none_has_none(content: bytes) -> None:
    assert texts(*WAYS["in the page"], content=stream(content)) == []


def test_a_picture_is_not_read() -> None:
    assert (
        texts(*WAYS["in the page"], content=stream(b"BT /F1 9 Tf (ZDENKA) Tj ET", b"/Subtype /Image")) == []
    )
    assert (
        texts(*WAYS["in the page"], content=stream(b"BT /F1 9 Tf (ZDENKA) Tj ET", b"/Subtype /Images")) != []
    )


@pytest.mark.parametrize(
    "page",
    [
        b"<</Type /Page /Contents 5 0 R /Resources 99 0 R>>",
        b"<</Type /Page /Contents 5 0 R /Resources <</Font 99 0 R>>>>",
        b"<</Type /Page /Contents 5 0 R /Parent 99 0 R>>",
        b"<</Type /Page /Contents 5 0 R /Parent 7 0 R>>",
        b"<</Type /Page /Contents [5 0 R 99 0 R] /Resources <</Font <</F1 99 0 R>>>>>>",
        b"<</Type /Page /Contents 5 0 R /Resources 7 0 R /Font 7 0 R>>",
    ],
)
def test_what_refers_to_nothing_or_to_itself_stops_nothing(page: bytes) -> None:
    assert any("\u03aa" in text for text in texts(page))
    assert texts(page, font=FONT.replace(b"3 0 R", b"99 0 R"))
    assert texts(page, font=FONT.replace(b">>", b" /Encoding 99 0 R>>"))


def test_an_object_in_a_stream_is_one() -> None:
    page = b"<</Type /Page /Contents 5 0 R /Resources <</Font <</F1 1 0 R>>>>>>"
    held = stream(b"9 0 " + page, b"/Type /ObjStm /N 1 /First 4")
    assert texts(held) == ["zdenka"]
    assert texts(held.replace(b"/ObjStm", b"/ObjStms")) != ["zdenka"]
