"""Documents that look like one that is kept, and are not to be made from it.

Each case was once made wrongly. The first three documents are of one shape, so that its story is kept and
proven; the others would be drawn from it if nothing told them apart.
"""

from __future__ import annotations

import gc
import logging
import time
import types
from collections.abc import Sequence
from typing import Any

import facts
import pytest

from ondemand_attach import MailError, Xhtml2PdfGenerator
from ondemand_attach.generators._fast._markup import cut
from ondemand_attach.testing import attachment_request

SOURCE = "{{ html | safe }}"
PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
ROW = "<tr><td>@</td></tr>"


def filled(text: str, *values: str) -> list[str]:
    return [text.replace("@", value) for value in (values[0], *values[0:1], *values)]


def pairs(text: str, *values: tuple[str, str]) -> list[str]:
    return [text.replace("@", a).replace("§", b) for a, b in (values[0], values[0], *values)]


def tables(row: str, *counts: int, before: str = "<p>s</p>", after: str = "tail") -> list[str]:
    """Documents with so many rows."""
    counts = (counts[0], counts[0], *counts)
    rows = ["".join(row.replace("@", f"{n}{m}") for m in range(count)) for n, count in enumerate(counts)]
    return [f"{before}<table>{each}</table>{after}" for each in rows]


def mixed(other: str) -> list[str]:
    """Documents with another kind of row now and then."""
    kinds = {"A": ROW, "B": f"<tr><td>{other}</td></tr>"}
    rows = [
        "".join(kinds[kind].replace("@", str(n)) for kind in kinds_of) for n, kinds_of in enumerate("AAABAB")
    ]
    return [f"<p>q</p><table>{each}</table><p>end</p>" for each in rows]


BODY = "".join(f'<tr id="i{n}"><td>body {n}</td></tr>' for n in range(90))
SPANS = (
    '<td rowspan=" 2">',
    '<td rowspan="+2">',
    '<td rowspan="&#50;">',
    '<td/rowspan="2">',
    '<td rowspan="2_0">',
)

ADDRESSES = {
    "drawn by a style sheet": filled(
        '<style>a:after{content:" (" attr(href) ")"}</style><a href="https://@">t</a>', "a", "customer-4"
    ),
    "seen by a style sheet": filled(
        '<style>a[href^="https://red"]{color:red}</style><a href="https://@">t</a>', "a", "b", "red/"
    ),
    "seen through :not": filled(
        '<style>a:not([href$="q"]){color:red}</style><a href="https://@">t</a>', "a", "b", "q"
    ),
    "seen from a child": filled(
        '<style>a[href*="red"] b{color:red}</style><a href="https://@"><b>t</b></a>', "a", "b", "red"
    ),
    "references without an end": filled(
        '<a href="https://x/?a=@">t</a>',
        "1",
        "1&currency=EUR",
        "1&copy=2",
        "1&copy_x=2",
        "1&amp;b=2",
        "&#38;",
    ),
    "no link": filled(
        '<p><a href="@">b</a></p>', "https://a", "javascript:alert(1)", "a\rb", " https://a ", "#x"
    ),
    "in other quotes": filled(
        """<a href='https://f/'>one</a> <a href="@">two</a>""", "https://f/", "https://z/"
    ),
    "in upper case": filled(
        """<A HREF="https://f/">one</A> <a href="@">two</a>""", "https://f/", "https://z/"
    ),
    "in another attribute": filled(
        """<a title=' href="@" ' href="https://f/">one</a>""", "https://f/", "https://z/"
    ),
    "of an image": pairs(
        f'<a href="@"><img src="{PIXEL}"></a> <a href="§"><img src="{PIXEL}"></a>',
        *(("https://f/", "https://f/"), ("https://f/", "https://z/")),
    ),
}

TEXTS = {
    "in a table": pairs("<table><tr id='q'><td>@</td></tr>§</table>", ("k", "k"), ("l", "m")),
    "in a row": pairs("<table><tr><td>@</td>§</tr></table>", ("k", "k"), ("l", "m")),
    "title of other white space": filled(
        "<style>title{white-space:pre}</style><title>Order</title><p>@</p>", "Order", "zz"
    ),
    "title after an equal text": pairs("<p>@</p><title>§</title>", ("k", "k"), ("l", "m")),
    "two titles": pairs("<title>@</title><title>§</title><p>x</p>", ("k", "k"), ("l", "m")),
    "white space that is kept": filled("<pre><b>a</b>@<i>b</i></pre>", " ", "\n\n", "   "),
    "only white space that is kept": filled("<pre>@</pre><p>x</p>", " ", "\n\n", "   "),
    "other white space": filled("<p><b>a</b>@<i>b</i></p>", " ", "\u2003", "\x1f", "\u2003 "),
    "A with a circumflex": filled("<p>@</p>", "x&nbsp;y", "x\xc2&nbsp;y", "x&Acirc;&#160;y"),
    "Symbol": filled('<p style="font-family:symbol">@</p>', "abc", "abd", "\u03a9", "\u2200"),
    "ZapfDingbats": filled('<p style="font-family:zapfdingbats">@</p>', "abc", "abd", "\u2192"),
}

ROWS = {
    **{
        f"beside the cells: {row}": tables(row, 1, 3)
        for row in (
            "<tr><td>@</td><hr></tr>",
            "<tr></br><td>@</td></tr>",
            '<tr><pdf:spacer height="40"><td>@</td></tr>',
            '<tr><div style="border:1pt solid red;height:10pt"></div><td>@</td></tr>',
            "<tr><pdf:nextpage><td>@</td></tr>",
            '<tr><b style="font-size:120%"><td>@</td></tr>',
            "<tr>\u2003<td>@</td></tr>",
        )
    },
    **{
        f"{selector} breaks: {style}": tables(
            ROW, 2, 5, before=f"<style>{selector}{{{style}}}</style><p>s</p>"
        )
        for selector in ("tr", "tr:nth-child(even)", "td")
        for style in (
            "display:block;page-break-before:always",
            "display:block;page-break-after:always",
            "display:block;-pdf-frame-break:before",
            "page-break-before:avoid",
        )
    },
    "counters": tables(
        '<tr style="counter-increment:n"><td>@</td></tr>',
        2,
        5,
        before="<style>td:before{content:counter(n)}</style>",
    ),
    "numbers": tables('<tr><td><li style="list-style-type:decimal">@</li></td></tr>', 1, 3),
    "a marker for the next one": mixed("@<li></li>"),
    **{
        f"acts outside: {other}": mixed(other)
        for other in (
            "<style>p{color:red}</style>@",
            '@<meta name="author" content="Bob">',
            '@<pdf:language name="de">',
            '@<link type="text/css" rel="stylesheet" href="data:text/css,p%7Bcolor:red%7D">',
            '@<body style="color:red">',
            '@<html dir="rtl" lang="de">',
            '<span style="position:absolute;top:1cm">@</span>',
            '<p style="page-break-after:always">@</p>',
            '<p style="page-break-af\\74 er:always">@</p>',
        )
    },
    **{
        f"heads: {start}": tables("<tr><td>@</td></tr>", 1, 3, before="", after="")
        and [
            f"<table>{start}{''.join(f'<tr><td>h{n}{m}</td></tr>' for m in range(count))}{end}<tbody>{BODY}</tbody></table>"
            for n, count in enumerate((1, 1, 1, 3))
        ]
        for start, end in (
            ('<thead><tr><td><table><tr id="q"><td>logo</td></tr></table></td></tr>', "</thead>"),
            ("<THEAD>", "</THEAD>"),
            ("<thead></tbody>", "</thead>"),
            ("<thead></caption>", "</thead>"),
        )
    },
    **{
        f"spans: {cell}": tables(f"<tr>{cell}a@</td><td>b</td></tr><tr><td>c</td></tr>", 1, 2)
        for cell in SPANS
    },
    **{
        f"spanned: {cell}": tables(
            "<tr><td>c@</td></tr>", 1, 2, before=f"<table><tr>{cell}h</td><td>q</td></tr>"
        )
        for cell in SPANS
    },
    "spans over a table": [
        '<table><tr><td rowspan="2">s<table><tr id="x"><td>n</td></tr><tr id="y"><td>m</td></tr></table></td>'
        f"<td>b</td></tr>{''.join(f'<tr><td>c{n}{m}</td></tr>' for m in range(count))}</table>"
        for n, count in enumerate((1, 1, 1, 3))
    ],
    "in upper case": tables("<tr><td>@</td><TR><td></td></tr>", 1, 3),
    "hidden": tables('<tr><td>@</td></tr><tr style="display:none"><td></td></tr>', 1, 1, 2),
}


class Log(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def made(generator: Xhtml2PdfGenerator, html: str) -> Any:
    try:
        return facts.facts(generator.generate(attachment_request({"html": html})).content)
    except MailError as error:
        return str(error)


def compare(documents: Sequence[str]) -> None:
    ours, stock = Xhtml2PdfGenerator(source=SOURCE), Xhtml2PdfGenerator(source=SOURCE, replay=False)
    logger, log = logging.getLogger("ondemand_attach"), Log()
    logger.addHandler(log)
    try:
        for number, html in enumerate(documents):
            log.messages.clear()
            document, messages = made(ours, html), tuple(log.messages)
            log.messages.clear()
            assert document == made(stock, html), number
            assert messages == tuple(log.messages), number  # in particular not that it came out different
    finally:
        logger.removeHandler(log)


@pytest.mark.parametrize("name", ADDRESSES)
def test_addresses(name: str) -> None:
    compare(ADDRESSES[name])


@pytest.mark.parametrize("name", TEXTS)
def test_texts(name: str) -> None:
    compare(TEXTS[name])


@pytest.mark.parametrize("name", ROWS)
def test_rows(name: str) -> None:
    compare(ROWS[name])


@pytest.mark.parametrize(
    "markup", ["<p>x</p>" + "<style" * 16_000 + end for end in ("</style", "</style >", "")]
)
def test_endless_tags_take_no_time(markup: str) -> None:
    before = time.process_time()
    assert cut(markup) is None
    assert time.process_time() - before < 5  # it was a minute


CANARY = "<p>qzcanaryqz secret</p>"
KEPT = {
    "page numbers": f"{CANARY}<p><pdf:pagecount> <pdf:pagenumber></p>",
    "barcode": f'{CANARY}<p><pdf:barcode value="9" type="code128">',
    "QR code": f'{CANARY}<p><pdf:barcode value="9" type="qr">',
    "image in a line": f'<p><img src="{PIXEL}"> qzcanaryqz</p>',
    "image as a block": f'{CANARY}<img src="{PIXEL}" style="display:block">',
    "floating image": f'<p><img align="left" src="{PIXEL}"> qzcanaryqz</p>',
    "background": f'<div style="background-image:url({PIXEL})">qzcanaryqz</div>',
    "image of a page": f"<style>@page{{background-image:url({PIXEL})}}</style>{CANARY}",
    "box": f'<div style="border:1pt solid red;padding:3pt">{CANARY}<hr></div>',
    "nested table": f"<table><tr><td>{CANARY}<table><tr><td>qzcanaryqz</td></tr></table></td></tr></table>",
    "list": "<ul><li>qzcanaryqz</li></ul>",
    "link": '<p><a href="https://shop.example/qzcanaryqz">here</a></p>',
    "title": "<title>qzcanaryqz</title><p>x</p>",
    "heading": "<h1>qzcanaryqz</h1><p>x</p>",
    "preformatted": "<pre>qzcanaryqz</pre>",
    "not drawn": '<p>x</p><p style="display:none">qzcanaryqz</p>',
    "drawn by a style sheet": '<style>a:after{content:attr(href)}</style><a href="https://qzcanaryqz/">t</a>',
    "header": (
        "<style>@page{@frame a{-pdf-frame-content:hd;top:1cm;left:1cm;width:10cm;height:1cm} "
        '@frame b{top:3cm;left:1cm;width:10cm;height:15cm}}</style><div id="hd">qzcanaryqz</div><p>x</p>'
    ),
}
NEVER_KEPT = {"preformatted", "drawn by a style sheet"}


@pytest.mark.parametrize("name", KEPT)
def test_no_text_stays_behind(name: str) -> None:
    generator = Xhtml2PdfGenerator(source=SOURCE)
    for _ in range(4):
        assert "canary" in str(made(generator, KEPT[name])) or name == "not drawn"
    stories = generator._engine._renderer._shapes.values()
    assert sum(shape.drawn for shape in stories) == (0 if name in NEVER_KEPT else 2)
    seen: set[int] = set()
    found: list[Any] = []
    left: list[Any] = list(stories)
    while left:
        thing = left.pop()
        if isinstance(thing, str | bytes):
            found += [thing] if "canary" in str(thing) else []
        elif id(thing) not in seen and not isinstance(thing, type | types.ModuleType | types.FunctionType):
            seen.add(id(thing))
            left += gc.get_referents(thing)
    assert found == []
