from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mime_cases import INJECTIONS, NAUGHTY
from ondemand_attach._html_text import text_of

PAGE = """<!doctype html><html><head><title>no</title><style>p { color: red }</style></head><body>
<h1>Thank you,
   Jane &amp; Joe</h1>
<p>Your <b>order</b> is <a href="https://shop.example/o/1">here</a>, or at
<a href="https://shop.example/">https://shop.example/</a>; <a href="#x">more</a>,
<a href="mailto:help@shop.example">help@shop.example</a>, <a href="#y">call</a><br>Next line</p>
<ul><li><p>One</p></li><li>Two<ul><li>Sub</li></ul></li></ul>
<ol><li>First<li>Second</ol>
<table><tr><th>Item</th><th>Price</th></tr><tr><td>Cup</td><td>10&nbsp;€</td></tr></table>
<!-- no --><script>no()</script><p><a href="https://shop.example/logo"><img src="cid:logo" alt="Shop"></a></p>
</body></html>"""

TEXT = """Thank you, Jane & Joe

Your order is here (https://shop.example/o/1), or at https://shop.example/; more, help@shop.example, call
Next line

- One
- Two
  - Sub

1. First
2. Second

Item  Price
Cup  10 €

Shop (https://shop.example/logo)"""


def test_a_page() -> None:
    assert text_of(PAGE) == TEXT


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("a < b > c", "a < b > c"),
        ("a &lt;b&gt; c", "a <b> c"),
        ("a<br><br>b", "a\nb"),
        ("<p>a<p>b", "a\n\nb"),
        ("<div>a<div>b</div></div>c", "a\nb\nc"),
        ("<header>a</header>b", "a\nb"),
        ("<a href='javascript:x'>a</a>", "a"),
        ("<a href='https://x.example'></a>", "https://x.example"),
        ("<a href='https://x.example'><div>a</div></a>", "a\nhttps://x.example"),
        ("<a href='tel:+420'>call</a>", "call (+420)"),
        ("</li></ul></a></p>a", "a"),
        ("<li>a", "- a"),
        ("<script>a</script >b<style>c", "b"),
        ("<script>1/script>2<script>3</style>4</script>b", "b"),
        ("<SCRIPT a='b'>1</ScRiPt\n>b<scripts>c", "bc"),
        ("a<!-- <p> --b", "a"),
        ("a<![if x]>b<?x?>c<!x>d", "abcd"),
    ],
)
def test_small(html: str, text: str) -> None:
    assert text_of(html) == text


@pytest.mark.parametrize(
    "tag",
    "address article aside dd div dt footer form header main nav section tr".split(),  # noqa: SIM905
)
def test_a_block_is_on_lines_of_its_own(tag: str) -> None:
    assert text_of(f"a<{tag}>b</{tag}>c") == text_of(f"a<{tag.upper()} x='y'>b</{tag.upper()}>c") == "a\nb\nc"


@pytest.mark.parametrize(
    "tag",
    "blockquote dl figure h1 h2 h3 h4 h5 h6 hr ol p pre table ul".split(),  # noqa: SIM905
)
def test_a_paragraph_is_between_empty_lines(tag: str) -> None:
    assert text_of(f"a<{tag}>b</{tag}>c") == "a\n\nb\n\nc"
    assert text_of(f"<ul><li>a<{tag}>b</{tag}>c</ul>") == "- a\nb\nc"


def test_what_is_no_block_is_in_its_line() -> None:
    for tag in ("b", "i", "em", "span", "strong", "font", "code", "sub", "sup", "small"):
        assert text_of(f"a<{tag}>b</{tag}>c") == "abc"
    for tag in ("td", "th"):
        assert text_of(f"a<{tag}>b</{tag}>c") == "a  b  c"
    for tag in ("head", "script", "style", "template", "title"):
        assert text_of(f"a<{tag}>b</{tag}>c") == text_of(f"a<{tag.upper()} x>b</{tag}  >c") == "ac"


@pytest.mark.parametrize("scheme", ["http:", "https:", "mailto:", "tel:"])
def test_an_address_that_can_be_followed_is_shown(scheme: str) -> None:
    shown = f"{scheme}x" if scheme.startswith("http") else "x"
    assert text_of(f"<a href='{scheme}x'>a</a>") == f"a ({shown})"
    assert text_of(f"<a href='{scheme}x'>x</a>") == ("x (" + shown + ")" if shown != "x" else "x")
    for other in ("ftp:x", "javascript:x", "data:x", "#x", "cid:x", "x"):
        assert text_of(f"<a href='{other}'>a</a>") == "a"


@pytest.mark.parametrize(
    "unit",
    [
        "<",
        "<!",
        "<!--",
        "<![",
        "<?",
        "</",
        "<a ",
        "<a b='",
        '<a b="',
        "<script>",
        "<a a",
        "&",
        "&#",
        "<p>",
        "<li>",
        "<ul>",
        "<td>",
    ],
)
def test_no_input_takes_long(unit: str) -> None:
    started = time.process_time()
    text_of(unit * 50_000)
    assert time.process_time() - started < 2


@pytest.mark.parametrize("html", NAUGHTY + INJECTIONS, ids=lambda _: "")
def test_naughty(html: str) -> None:
    assert text_of(html) == text_of(html)
    assert "Dobrý den" in text_of(f"<p>Dobrý den</p><p>{html}</p>")


@settings(max_examples=300, deadline=None)
@given(st.text() | st.text("<>/!-[]?='\" apliutd&#;\n"))
def test_any_text_is_read(html: str) -> None:
    assert text_of(html) == text_of(html)
