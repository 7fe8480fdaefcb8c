"""Documents that look like one that is kept, and are not to be made from it.

Each case was once made wrongly. The first three documents are of one shape, so that its story is kept and
proven; the others would be drawn from it if nothing told them apart.
"""

from __future__ import annotations

import base64
import gc
import itertools
import logging
import time
import types
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import facts
import pytest
from PIL import Image
from xhtml2pdf.xhtml2pdf_reportlab import PmlParagraph

from ondemand_attach import MailError, Xhtml2PdfGenerator
from ondemand_attach.generators._fast._markup import cut
from ondemand_attach.testing import attachment_request

SOURCE = "{{ html | safe }}"
PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
ROW = "<tr><td>@</td></tr>"


def png(side: int) -> str:
    content = BytesIO()
    Image.new("RGB", (side, 10), "teal").save(content, "PNG")
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"


def filled(text: str, *values: str) -> list[str]:
    return [text.replace("@", value) for value in (values[0], *values[0:1], *values)]


def pairs(text: str, *values: tuple[str, str]) -> list[str]:
    return [text.replace("@", a).replace("§", b) for a, b in (values[0], values[0], *values)]


def tables(row: str, *counts: int, before: str = "<p>s</p>", after: str = "tail") -> list[str]:
    """Documents with so many rows."""
    counts = (counts[0], counts[0], *counts)
    rows = ["".join(row.replace("@", f"{n}{m}") for m in range(count)) for n, count in enumerate(counts)]
    return [f"{before}<table>{each}</table>{after}" for each in rows]


def rows(count: int, number: int) -> str:
    return "".join(f"<tr><td>r{number}{m}</td></tr>" for m in range(count))


def mixed(other: str) -> list[str]:
    """Documents with another kind of row now and then."""
    kinds = {"A": ROW, "B": f"<tr><td>{other}</td></tr>"}
    rows = [
        "".join(kinds[kind].replace("@", str(n)) for kind in kinds_of) for n, kinds_of in enumerate("AAABAB")
    ]
    return [f"<p>q</p><table>{each}</table><p>end</p>" for each in rows]


BODY = "".join(f'<tr id="i{n}"><td>body {n}</td></tr>' for n in range(90))
BACKGROUNDS = {
    "A": "<tr><td>@</td><td>b</td></tr>",
    "B": '<tr bgcolor="#eeeeee"><td>@</td><td>b</td></tr>',
}
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
    "references that compose": filled("<p>@</p>", "Rene", "Anna", "Rene&#769;"),
    "references that decompose": filled("<p>@</p>", "5 V", "6 V", "5 k&#x2126;", "&angst;"),
    "no characters": filled("<p>@</p>", "a", "b", "&#xFFFF;", "&#xFDD0;"),
    "blank at the end of a nowrap heading": filled(
        '<h1 style="white-space:nowrap">@</h1><p>b</p>', "Invoice", "Bill", "Reminder\n"
    ),
    "charts": filled(
        '<p>a</p><canvas type="graph" width="350" height="200">@</canvas>',
        "{}",
        "{}",
        '{"type": "horizontalbar", "data": [[1, 2]], "labels": ["a", "b"]}',
    ),
    "preformatted in a line": filled(
        "<style>pre,listing{display:inline;white-space:normal}</style><div>a<pre>@</pre></div>",
        "Anna",
        "Bert",
        "\nCarl",
    ),
    "page count in a table as wide as its content": filled(
        "<table style='margin:0 auto'><tr><td>@</td><td>x</td></tr>"
        "<tr><td>Page <pdf:pagenumber> of <pdf:pagecount></td><td>q</td></tr></table>",
        "A rather long name of a customer",
        "Another long name of a customer",
        "Bo",
        "Al",
    ),
    "images without a width": filled('<p><img width="0" height="50" src="@"></p>', *map(png, (10, 10, 20))),
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
    **{
        f"border: {border}": tables(
            "<tr><td>a@</td><td>9</td></tr>", 1, 3, 2, before=f"<table {border}>", after="e"
        )
        and [
            f"<table {border}>{''.join(f'<tr><td>a{n}{m}</td></tr>' for m in range(count))}</table>"
            for n, count in enumerate(counts)
        ]
        for border in ('border="1"', 'style="border:1pt solid red"', 'style="border-bottom:1pt solid red"')
        for counts in ((1, 1, 1, 3, 2), (3, 3, 3, 1, 2, 5))
    },
    "several heads": [
        f"<table><thead><tr><th>A{n}</th></tr></thead><tbody>{rows(first, n)}</tbody>"
        f"<thead><tr><th>B</th></tr></thead><tbody>{rows(second, n)}</tbody></table>"
        for n, (first, second) in enumerate(((2, 2), (2, 2), (2, 2), (3, 2), (5, 90)))
    ],
    "background of a row": [
        f"<table>{''.join(BACKGROUNDS[kind].replace('@', f'{n}{m}') for m, kind in enumerate(kinds))}</table>"
        for n, kinds in enumerate(("A", "A", "A", "B", "B", "AB", "BA", "ABA"))
    ],
    "spans of a long table": [
        "<style>td{border:1pt solid #ccc}</style><table><thead><tr><th rowspan='2' width='10%'>no</th>"
        "<th colspan='2'>article</th></tr><tr><th>what</th><th>price</th></tr></thead>"
        + "".join(
            f"<tr><td>{n}{m}</td><td>w {m}</td><td>1</td></tr>"
            + (f"<tr><td colspan='3'>{'a long description ' * 5}{m}</td></tr>" if m % 5 == 4 else "")
            for m in range(count)
        )
        + "</table>"
        for n, count in enumerate((10, 10, 10, 240))
    ],
    "in upper case": tables("<tr><td>@</td><TR><td></td></tr>", 1, 3),
    "hidden": tables('<tr><td>@</td></tr><tr style="display:none"><td></td></tr>', 1, 1, 2),
}


def test_a_page_count_that_could_be_another_is_the_one_of_xhtml2pdf() -> None:
    style = (
        "<style>@page{size:10cm 5cm;margin:1cm} p{margin:0;font-size:10pt;line-height:12pt} "
        "td{padding:0;font-size:10pt}</style>"
    )
    for width, lines in itertools.product(range(70, 77), range(51, 56)):
        head = f'{style}<table width="{width}pt"><tr><td>total pages: <pdf:pagecount></td></tr></table>'
        compare([head + "".join(f"<p>l{i}</p>" for i in range(count)) for count in (lines + 3, lines)])


@pytest.mark.parametrize("name", ["logo.png", "own.css"])
def test_a_changed_asset_is_seen(name: str, tmp_path: Path) -> None:
    source = '<link rel="stylesheet" type="text/css" href="own.css"><p>{{ n }}</p><img src="logo.png">'
    files = {"logo.png": (base64.b64decode(png(10)[22:]), base64.b64decode(png(20)[22:]))}
    files["own.css"] = (b"p{color:red}", b"p{color:green }")
    for file, (content, _) in files.items():
        (tmp_path / file).write_bytes(content)
    generators = [
        Xhtml2PdfGenerator(source=source, assets=tmp_path, replay=replay) for replay in (True, False)
    ]
    for number in range(6):
        if number == 3:
            (tmp_path / name).write_bytes(files[name][1])
        if number == 5:
            (tmp_path / name).unlink()
        ours, stock = [made(generator, "", n=number) for generator in generators]
        assert ours == stock, number
    assert "not in its assets" in ours


def test_a_story_that_was_interrupted_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    generator, document = Xhtml2PdfGenerator(source=SOURCE), '<p style="background:red">{}</p>'
    before = [made(generator, document.format(name)) for name in ("Anna", "Bert", "Carl")]
    kept = PmlParagraph.draw

    def interrupted(self: Any) -> None:
        monkeypatch.setattr(PmlParagraph, "draw", kept)
        self.style.backColor = None
        raise KeyboardInterrupt

    (shape,) = generator._engine._renderer._shapes.values()
    assert shape.drawn == 1
    for kind in {type(thing) for state in shape._states for thing in [state.thing]} | {PmlParagraph}:
        if issubclass(kind, PmlParagraph):
            monkeypatch.setattr(kind, "draw", interrupted)
    with pytest.raises(KeyboardInterrupt):
        generator.generate(attachment_request({"html": document.format("Dora")}))
    monkeypatch.undo()
    assert made(generator, document.format("Carl")) == before[2]


class Log(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def made(generator: Xhtml2PdfGenerator, html: str, **context: object) -> Any:
    try:
        return facts.facts(generator.generate(attachment_request({"html": html, **context})).content)
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
    "remark": '<p align="centre">qzcanaryqz</p>',
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
