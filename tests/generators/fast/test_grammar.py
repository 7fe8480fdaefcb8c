"""Rows may be others in another document where nothing acts on what is beside them, and nowhere else."""

from __future__ import annotations

import re

import pytest

from ondemand_attach.generators._fast._grammar import MisplacedError, varying_rows

INERT_TAGS = [
    *("a", "abbr", "b", "big", "br", "code", "div", "em", "font", "i", "p", "s", "small", "span", "strong"),
    *("sub", "sup", "u"),
]
INERT_ATTRIBUTES = [
    *("align", "bgcolor", "class", "color", "colspan", "face", "height", "href", "nowrap", "scope", "size"),
    *("style", "title", "valign", "width"),
]
INERT_STYLES = [
    *("background", "background-color", "border", "border-top", "border-bottom-width", "color", "font"),
    *("font-size", "font-family", "font-weight", "height", "letter-spacing", "line-height", "padding"),
    *("padding-left", "text-align", "text-decoration", "text-indent", "text-transform", "vertical-align"),
    *("white-space", "width", "word-spacing"),
]
OTHER_STYLES = [
    "-pdf-keep-with-next",
    "page-break-before",
    "display",
    "float",
    "margin",
    "position",
    "text",
    "text-x",
]


def varying(markup: str) -> list[list[str]]:
    """Return the rows of a table that may be others, each as it stands there."""
    pieces = re.split(r"(<[^>]*>)", markup)
    texts, tags = pieces[::2], pieces[1::2]
    kinds = ["x0" if text.strip() else " " if text else "" for text in texts]
    return [
        [
            "".join(
                tag + text for tag, text in zip(tags[a : b + 1], [*texts[a + 1 : b + 1], ""], strict=True)
            )
            for a, b in span
        ]
        for span in varying_rows(tags, kinds)
    ]


def row(inner: str = "a", before: str = "") -> str:
    return f"<tr{before}><td>{inner}</td></tr>"


def count(markup: str) -> int:
    return sum(map(len, varying(markup)))


@pytest.mark.parametrize("tag", INERT_TAGS)
def test_tags_that_act_on_nothing_else_may_stand_in_such_a_row(tag: str) -> None:
    for inner in (f"<{tag}>x</{tag}>", f"<{tag} />", f'<{tag} class="x y">', f"<{tag} class='x'>"):
        assert count(f"<table>{row(inner)}</table>") == 1


@pytest.mark.parametrize(
    "tag",
    ["img", "ul", "li", "h1", "h6", "pre", "hr", "pdf:nextpage", "input", "center", "ins", "x", "B"],
)
def test_other_tags_may_not(tag: str) -> None:
    inner = row(f"<{tag}>")
    assert count(f"<table>{inner}</table>") == 0


@pytest.mark.parametrize("attribute", INERT_ATTRIBUTES)
def test_attributes_that_act_on_nothing_else_may(attribute: str) -> None:
    value = "color: red" if attribute == "style" else "1"
    for quote in "\"'":
        assert count(f"<table><tr><td {attribute}={quote}{value}{quote}>a</td></tr></table>") == 1
        assert (
            count(
                f"<table><tr><td class={quote}c{quote} {attribute}={quote}{value}{quote}>a</td></tr></table>"
            )
            == 1
        )
    assert count(f"<table><tr><td x{attribute}='1'>a</td></tr></table>") == 0
    assert count(f"<table><tr><td {attribute}=1>a</td></tr></table>") == 0
    assert count(f"<table><tr><td {attribute}='a&amp;b'>a</td></tr></table>") == 0
    on_row = row(before=f" {attribute}='{value}'")
    assert count(f"<table>{on_row}</table>") == (attribute != "bgcolor")


@pytest.mark.parametrize("attribute", ["id", "rowspan", "name", "lang", "repeat", "border", "cellpadding"])
def test_other_attributes_may_not(attribute: str) -> None:
    assert count(f"<table><tr><td {attribute}='1'>a</td></tr></table>") == 0


@pytest.mark.parametrize("style", INERT_STYLES)
def test_styles_that_act_on_nothing_else_may(style: str) -> None:
    for value in (f"{style}: 1pt", f"{style}:1pt;", f" {style} : 1pt ; color: red", f"color:red;{style}:x y"):
        assert count(f'<table><tr><td style="{value}">a</td></tr></table>') == 1
    for value in (
        f"x{style}: 1pt",
        f"{style}: url(x)",
        f"{style}: a/b",
        f"{style}: a\\b",
        f"{style} 1pt",
        f"{style}:a:b",
    ):
        assert count(f'<table><tr><td style="{value}">a</td></tr></table>') == 0


@pytest.mark.parametrize("style", OTHER_STYLES)
def test_other_styles_may_not(style: str) -> None:
    for value in (f"{style}: 1pt", f"color: red; {style}: 1pt"):
        assert count(f'<table><tr><td style="{value}">a</td></tr></table>') == 0


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        (f"<table>{row('a')}{row('b')}</table>", [[row("a"), row("b")]]),
        (f"<table>{row('a')}<tr><td id='x'>b</td></tr>{row('c')}</table>", [[row("a")], [row("c")]]),
        (f"<table><thead>{row('h')}</thead><tbody>{row('a')}</tbody></table>", [[row("a")]]),
        (f"<table><thead>{row('h')}</thead><tfoot>{row('f')}</tfoot>{row('a')}</table>", [[row("f")], [row("a")]]),
        (f"<table><caption>c</caption><colgroup><col></colgroup>{row('a')}</table>", [[row("a")]]),
        (f"<table><col><col>{row('a')}</table>", [[row("a")]]),
        ("<table><tr><td>a<td>b</tr></table>", [["<tr><td>a<td>b</tr>"]]),
        ("<table><tr><td>a</table>", []),
        (f"<table>\n{row('a')}\n<!-- c -->{row('b')} </table>", [[row("a")], [row("b")]]),
        (f"<table><tr><td rowspan=\"2\">a</td></tr>{row('b')}{row('c')}</table>", [[row("c")]]),
        (f"<table><tr><td class=\"x\" rowspan=\"3\">a</td></tr>{row('b')}{row('c')}{row('d')}</table>", [[row("d")]]),
        (f"<table><tr><th rowspan=\"1\" class=\"x\">a</th></tr>{row('b')}</table>", [[row("b")]]),
        (f"<table><tr><td rowspan='2'>a</td></tr>{row('b')}{row('c')}</table>", []),
        (f"<table><tr><td ROWSPAN=\"2\">a</td></tr>{row('b')}{row('c')}</table>", []),
        (f"<table><tr><td><table>{row('a')}</table></td></tr></table>", [[row("a")]]),
        (f"<table>{row('a')}<tr><td><table>{row('b')}</table></td></tr>{row('c')}</table>", [[row("a")], [row("b")], [row("c")]]),
        (f"<p>x</p><table>{row('a')}</table><p>y</p><table>{row('b')}</table>", [[row("a")], [row("b")]]),
        (f"<table><tr><td rowspan=\"2\" rowspan=\"3\">a</td></tr>{row('b')}{row('c')}</table>", []),
        ("<p>x</p>", []),
    ],
)  # fmt: skip
def test_the_rows_that_may_be_others_are_found(markup: str, expected: list[list[str]]) -> None:
    assert varying(markup) == expected


@pytest.mark.parametrize(
    "markup",
    [
        "<table>x<tr><td>a</td></tr></table>",
        "<table><tr>x<td>a</td></tr></table>",
        "<table><tr><td>a</td>x</tr></table>",
        "<table><tr><td>a</td></tr>x</table>",
        "<table><p>x</p></table>",
        "<table><tr><b><td>a</td></b></tr></table>",
        "<table><tr><table></table></tr></table>",
        "<tr><td>a</td></tr>",
        "<table><td>a</td></table>",
        "<td>a</td>",
        "<table><caption><tr></tr></caption></table></tr>",
        "</table>",
        "<table></td></table>",
    ],
)
def test_what_a_parser_would_move_is_refused(markup: str) -> None:
    with pytest.raises(MisplacedError):
        varying(markup)
