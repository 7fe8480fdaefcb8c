"""Markup that a parser could read in another way is not cut, and what is cut says what may differ."""

from __future__ import annotations

import html
import unicodedata

import pytest

from ondemand_attach.generators._fast._markup import SIMPLE, cut

OTHERWISE = [
    *("canvas", "listing", "pre", "xmp", "noscript", "iframe", "noembed", "noframes", "template", "textarea"),
    *("script", "plaintext"),
]


def values(markup: str) -> list[str]:
    found = cut(markup)
    assert found is not None
    return found.values


@pytest.mark.parametrize("name", OTHERWISE)
def test_elements_with_a_text_of_their_own_are_not_cut(name: str) -> None:
    for before in ("", "<!-- c -->", "<p>x</p>"):
        for tag in (f"<{name}>", f"<{name.upper()} class='x'>"):
            assert cut(f"{before}{tag}x") is None
        assert cut(f"{before}<{name}x>x</{name}x>") is not None


@pytest.mark.parametrize(
    "markup",
    [
        *("<p>a < b</p>", "<p", "<p>a</p", "a<", "<1>", "< p>", "<p title='>x", '<p title=">x'),
        *("<!-- x", "<!--> -->", "<!---> -->", "<!-- a --!> b -->", "<!-- a --><p><!-->", "<style>p {}", "<style>a</style x>"),
        *("<?php ?>", "</1>", "</ p>", "</>", "<!x>", "<![CDATA[x]]>", "<!-- a --><!x>"),
        *("a &amp b", "a & b", "&", "&#31;", "&#127;", "&#128;", "&#159;", "&#x1F;", "&#x7F;", "&#x80;", "&#x9f;"),
        *("&#x3000;", "&#1000;", "&#xD800;", "&#;", "&#x;", "&1;", "&;"),
        *("漢字", "שלום", "สวัสดี", "a\u00adb", "a\u200bb", "\U0001f600", "a\0b", "\x7f", "e\u0301", "\ufb01", "Â\xa0"),
    ],
)  # fmt: skip
def test_what_is_not_plain_is_not_cut(markup: str) -> None:
    assert cut(markup) is None


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("", []),
        ("<p>a</p>", ["a"]),
        ("<p>a</p> <p> b </p>\n", ["a", " b "]),
        ("<P TITLE='>'>a</P>", ["a"]),
        ('<p title="<">a</p>', ["a"]),
        ("<!DOCTYPE html><p>a", ["a"]),
        ("<!-- <p>x</p> --><p>a", ["a"]),
        ("<style>p > b { color: red }</style><p>a", ["a"]),
        ("<p>a &amp; b &lt;</p>", ["a & b <"]),
        ("<p>&#32;&#119;&#160;&#255;&#999;</p>", [" w\xa0ÿϧ"]),
        ("<p>&#x20;&#X7e;&#xa0;&#xFF;&#x3e7;&#x2014;</p>", [" ~\xa0ÿϧ—"]),
        ("<p>a\r\nb</p>", ["a\nb"]),
        ("<p>é\r\nb</p>", ["é\nb"]),
        ("<p>Žluťoučký Ωμέγα Жук €</p>", ["Žluťoučký Ωμέγα Жук €"]),
        ('<a href="https://a.example/?b=c&amp;d=e">x</a>', ["x", "https://a.example/?b=c&d=e"]),
        ('<a href="https://a.example/?b=c&d=e">x</a>', ["x", "https://a.example/?b=c&d=e"]),
        ('<a class="b" href="mailto:a@b.example" title="c">x</a>', ["x", "mailto:a@b.example"]),
        ('<a href="tel:+420123">x</a><a href="http://b">y</a>', ["x", "y", "tel:+420123", "http://b"]),
        ('<a href="#b">x</a><a href="http://b">y</a>', ["x", "y", "http://b"]),
        ('<a href="ftp://b">x</a><a href="http://b">y</a>', ["x", "y"]),
        ("<a href='http://b'>x</a><a href=\"http://b\">y</a>", ["x", "y"]),
        *(
            (f'<a href="http://b/{reference}c">x</a>', ["x", f"http://b/{html.unescape(reference)}c"])
            for reference in ("&amp;", "&quot;", "&#34;", "&#39;")
        ),
        ('<a href="http://b/&lt;c">x</a>', ["x"]),
        ('<a href="http://b c">x</a>', ["x"]),
        ('<a href="http://b&#38;c">x</a>', ["x"]),
        ('<a name="b">x</a><a href="http://b">y</a>', ["x", "y", "http://b"]),
        ('<abbr href="http://b">x</abbr>', ["x"]),
        ('<img src="data:image/png;base64,AA+/=="/>', ["data:image/png;base64,AA+/=="]),
        ('<img alt="b" src="data:image/gif;base64,AA" width="1">', ["data:image/gif;base64,AA"]),
        ('<img src="data:image/svg+xml;base64,AA">', []),
        ('<img src="http://b/c.png">', []),
        ("<img src='data:image/png;base64,AA'>", []),
        *(
            (f'<img src="data:image/{kind};base64,AA">', [f"data:image/{kind};base64,AA"])
            for kind in ("jpeg", "webp")
        ),
    ],
)
def test_what_may_differ_is_told(markup: str, expected: list[str]) -> None:
    assert values(markup) == expected


@pytest.mark.parametrize(
    ("one", "other", "is_alike"),
    [
        ("<p>a</p>", "<p>b c</p>", True),
        ("<p>a</p>", "<p>é</p>", True),
        ("<p>é\xa0b</p>", "<p>ab\xa0ř</p>", True),
        ("<p>é\xa0b</p>", "<p>ab\xa0\xa0ř</p>", False),
        ("<p>\xa0</p>", "<p>\xa0\xa0</p>", False),
        ("<p>\xa0</p>", "<p>\u2003</p>", False),
        ("<p>\xa0</p>", "<p>a\xa0</p>", False),
        ("<p>\xa0</p>", "<p>a</p>", False),
        ("<p>a b</p>", "<p>a\xa0b</p>", False),
        ("<p>a</p>", "<p></p>", False),
        ("<p>a</p>", "<p> </p>", False),
        ("<p>a</p> <p>b</p>", "<p>a</p><p>b</p>", False),
        ("<p>a</p>", "<p class='x'>a</p>", False),
        ("<p>a</p>", "<b>a</b>", False),
        ("<p>a</p><!-- b -->", "<p>a</p><!-- c -->", False),
        ('<a href="http://b">a</a>', '<a href="http://c">a</a>', True),
        ('<a href="#b">a</a>', '<a href="#c">a</a>', False),
        ('<img src="data:image/png;base64,AA">', '<img src="data:image/png;base64,BB">', True),
        (
            '<img width="1" src="data:image/png;base64,AA">',
            '<img width="2" src="data:image/png;base64,AA">',
            False,
        ),
        ("<table><tr><td>a</td></tr></table>", "<table><tr><td>a</td></tr><tr><td>b</td></tr></table>", True),
        ("<table><tr><td>a</td></tr></table>", "<table><tr><td><b>a</b></td></tr></table>", True),
        ("<table><tr><td>a</td></tr></table>", "<table><tr><td id='x'>a</td></tr></table>", False),
        ("<table><tr><td>a</td></tr></table>", "<table></table>", False),
    ],
)
def test_documents_of_one_shape_differ_in_no_tag_outside_of_rows(
    one: str, other: str, is_alike: bool
) -> None:
    first, second = cut(one), cut(other)
    assert first
    assert second
    assert (first.shape == second.shape) == is_alike
    assert (first.exact == second.exact) == (is_alike and "<tr" not in one)


@pytest.mark.parametrize(
    ("markup", "is_whole"),
    [
        *((f"{before}<tr><td>a</td></tr>{after}", True) for before, after in (
            ("<table>", "</table>"), ("<table><tbody>", "</tbody></table>"), ("<TABLE class='x'>", "</TABLE>"),
            ("<table><caption>c</caption>", "</table>"), ("<table><colgroup></colgroup>", "</table>"),
            ("<table><thead><tr><th id='x'>h</th></tr></thead>", "</table>"), ("<table>", "<tbody></tbody></table>"),
            ("<table><tfoot>", "</tfoot></table>"), ("<table><tbody></tbody>", "<tfoot></tfoot></table>"),
        )),
        ("<table><tr id='x'><td>b</td></tr><tr><td>a</td></tr></table>", False),
        ("<table><tr><td>a</td></tr><tr id='x'><td>b</td></tr></table>", False),
    ],
)  # fmt: skip
def test_a_region_is_whole_if_no_other_row_is_beside_it(markup: str, is_whole: bool) -> None:
    found = cut(markup)
    assert found
    assert [region.is_whole for region in found.regions] == [is_whole]
    assert [len(region.rows) for region in found.regions] == [1]


def test_where_texts_links_and_pictures_are_is_told() -> None:
    found = cut(
        'a<a href="http://b">c<b>d</b></a>e<img src="data:image/png;base64,AA" width="5" height="6">'
        '<img src="data:image/png;base64,BB" width="5" height="0"><table><tr><td>f<a href="http://g">h</a></td></tr></table>'
    )
    assert found
    assert (found.texts, found.values[:6]) == (6, ["a", "c", "d", "e", "f", "h"])
    assert [(anchor.link, anchor.texts) for anchor in found.anchors] == [(6, range(1, 3)), (7, range(5, 6))]
    assert [(picture.number, picture.is_sized) for picture in found.pictures] == [(8, True), (9, False)]
    ((row,),) = (region.rows for region in found.regions)
    assert (row.texts, row.links) == (range(4, 6), range(7, 8))


def test_markup_has_its_limit() -> None:
    assert cut("a" * 500_000)
    assert cut("a" * 500_001) is None


def test_letters_of_simple_scripts_stand_beside_each_other() -> None:
    for code in range(0x20, 0x2600):
        letter = chr(code)
        if SIMPLE.fullmatch(letter):
            assert unicodedata.bidirectional(letter) not in {"R", "AL", "NSM", "RLE", "RLO", "PDF"}, hex(code)
            assert unicodedata.category(letter) not in {"Mn", "Me", "Cc", "Zl", "Zp", "Cs"}, hex(code)
    for script in ("LATIN", "GREEK", "CYRILLIC"):
        for code in (*range(0x20, 0x250), *range(0x370, 0x530), *range(0x1E00, 0x2000)):
            if (
                unicodedata.name(chr(code), "").startswith(f"{script} ")
                and unicodedata.category(chr(code))[0] == "L"
            ):
                assert SIMPLE.fullmatch(chr(code)), hex(code)
    assert html.unescape("&nbsp;") == "\xa0"
