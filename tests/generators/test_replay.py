"""Documents from kept stories are those that xhtml2pdf makes, or xhtml2pdf makes them."""

from __future__ import annotations

import gc
import logging
import random
import types
from typing import Any

import facts
import pytest

from ondemand_attach import Xhtml2PdfGenerator
from ondemand_attach.errors import GenerationError
from ondemand_attach.generators._fast import _renderer
from ondemand_attach.generators._fast._markup import cut
from ondemand_attach.generators._fast._shapes import Shape
from ondemand_attach.testing import attachment_request
from scale import SCALE

ORDER = """<style>{{ style }}</style><h1>Order {{ number }}</h1>
<table repeat="1"><thead><tr><th width="40%">What</th><th>Price</th></tr></thead><tbody>
{% for row in rows %}<tr class="{{ row.kind }}"><td>{{ row.text }}</td><td>{{ row.price }}</td></tr>
{% endfor %}</tbody></table><p>Thank you, {{ number }}. <a href="https://shop.example/{{ number }}">Order {{ number }}</a></p>"""


def order(chance: random.Random, rows: int, kinds: tuple[str, ...] = ("a",)) -> dict[str, Any]:
    return {
        "number": f"GG-{chance.randrange(10**6)}",
        "rows": [
            {
                "kind": kinds[row % len(kinds)] if chance.random() < 0.5 else chance.choice(kinds),
                "text": "amber kettle violin " * chance.randint(1, 5) + str(chance.randrange(1000)),
                "price": f"{chance.randrange(10**5) / 100:.2f}",
            }
            for row in range(rows)
        ],
    }


def both(**options: Any) -> tuple[Xhtml2PdfGenerator, Xhtml2PdfGenerator]:
    return Xhtml2PdfGenerator(**options), Xhtml2PdfGenerator(**options, replay=False)


def made(generator: Xhtml2PdfGenerator, context: dict[str, Any]) -> dict[str, object]:
    return facts.facts(generator.generate(attachment_request(context)).content)


def shapes(generator: Xhtml2PdfGenerator) -> list[Shape]:
    return list(generator._engine._renderer._shapes.values())


def replayed(generator: Xhtml2PdfGenerator) -> int:
    return sum(shape.drawn for shape in shapes(generator))


STYLES = {
    "nothing": "",
    "every cell": "td { border-bottom: 1px solid #ccc; padding: 4px }",
    "classes": ".a td { background: #eee } .b td { border: 1pt solid red; font-weight: bold } .c { background: blue }",
    "cells by position": "td:nth-child(2) { text-align: right } td:first-child { color: red } td + td { padding: 9pt }",
    "the group": "tbody { background-color: #ffeecc } table { border: 2pt solid green }",
    "zebra": "tr:nth-child(even) td { background: #f6f6ff }",
    "the ends": "tr:first-child td { border-top: 3pt solid red } tr:last-child td { border-bottom: 1pt dashed blue }",
    "all but the last": "tr:not(:last-child) td { border-bottom: 1pt solid #ccc }",
}
"""With these, documents of any number of rows are made from one story."""

SEEING_MORE = {
    "every third": "tr:nth-child(3n) td { background: yellow }",
    "from the end": "tr:nth-last-child(2) td { background: yellow }",
    "what is before": ".a + .b td { color: red } .b ~ .c td { font-weight: bold }",
    "counted": "tbody { counter-reset: line } tr { counter-increment: line } td:first-child:before { content: counter(line) '. ' }",
    "of its type": "tr:first-of-type td { color: red }",
    "rounded": "td { border: 1pt solid red; border-radius: 4pt; background: #eee }",
    "widths": ".b td { width: 20% } .c td { width: 70% }",
    "heights": ".b td { height: 40pt }",
}
"""With these, that is not sure, so most are made by xhtml2pdf."""


@pytest.mark.parametrize("style", STYLES | SEEING_MORE)
def test_documents_of_any_number_of_rows_are_the_same(style: str) -> None:
    ours, stock = both(source=ORDER)
    chance = random.Random(style)
    sheet = {"style": (STYLES | SEEING_MORE)[style]}
    for rows in (3, 1, 7, 2, 0, 12, 1, 5, 60, 4):
        context = sheet | order(chance, rows, ("a", "b", "c")[: 1 + len(style) % 3])
        assert made(ours, context) == made(stock, context), f"{rows} rows"
    if style in STYLES:
        assert replayed(ours) >= 3


def test_the_number_of_rows_costs_no_new_story() -> None:
    ours, _ = both(source=ORDER)
    for rows in range(1, 30):
        made(ours, {"style": ""} | order(random.Random(rows), rows))
    assert len(shapes(ours)) == 1
    assert replayed(ours) == 27


def test_more_rows_than_are_kept_are_the_same() -> None:
    ours, stock = both(source=ORDER)
    for rows in (2, 3, 230, 4):
        context = {"style": STYLES["every cell"]} | order(random.Random(rows), rows)
        assert made(ours, context) == made(stock, context)
    assert replayed(ours) == 2
    assert shapes(ours)[0].size < 2_000


def test_rows_of_another_kind_are_learned() -> None:
    ours, stock = both(source=ORDER)
    for number, kind in enumerate(("a", "b", "c") * 3):
        context = {"style": STYLES["classes"]} | order(random.Random(number), 4, (kind,))
        assert made(ours, context) == made(stock, context)
    assert len(shapes(ours)) == 1
    assert replayed(ours) == 9 - 4  # one of the shape and one of each kind came first


def test_rows_that_settle_the_width_of_a_column_are_missed() -> None:
    """The widths of the columns are those that the last row declares, so rows of other kinds are no proof."""
    ours, stock = both(source=ORDER.replace(' width="40%"', ""))
    for number, kinds in enumerate((("b", "a"), ("a",), ("c", "a"), ("a", "b"), ("b",), ("c",)) * 2):
        context = {"style": SEEING_MORE["widths"]} | order(random.Random(number), 6, kinds)
        assert made(ours, context) == made(stock, context), kinds


def test_links_go_where_their_document_says() -> None:
    source = """<p><a href="{{ one }}">same</a> <a href="{{ two }}">same</a></p><table>{% for link in links %}
    <tr><td><a href="{{ link }}">{{ link }}</a></td><td><a href="https://shop.example/">shop</a></td></tr>{% endfor %}</table>"""
    ours, stock = both(source=source)
    for number in range(8):
        links = [f"https://shop.example/{number}/{row}" for row in range(1 + number % 3)]
        same = number % 2 == 0
        one = f"https://shop.example/{number}"
        context = {"one": one, "two": one if same else one + "?b", "links": links}
        assert made(ours, context) == made(stock, context)
    assert replayed(ours) >= 2


@pytest.mark.parametrize("cell", ["&nbsp;", "", " ", "{{ text }}&nbsp;", "<b>{{ text }}</b> {{ text }}"])
def test_cells_without_text_are_the_same(cell: str) -> None:
    source = f"<table>{{% for n in range(rows) %}}<tr><td>{cell}</td><td>x{{{{ n }}}}</td></tr>{{% endfor %}}</table>"
    ours, stock = both(source=source)
    for rows in (1, 3, 2, 5, 4):
        context = {"rows": rows, "text": f"word {rows}"}
        assert made(ours, context) == made(stock, context)
    assert replayed(ours) == (3 if cell else 0)  # nothing settles the width of an empty column


def test_a_group_with_one_row_is_no_proof_for_more() -> None:
    ours, stock = both(source=ORDER)
    for rows in (1, 1, 3, 1, 5, 2, 4):
        context = {"style": STYLES["the group"]} | order(random.Random(rows), rows)
        assert made(ours, context) == made(stock, context)
    assert replayed(ours) >= 2


def test_rows_beside_those_of_a_rowspan_are_the_same() -> None:
    source = """<table><tr><td rowspan="2">{{ text }}</td><td>one</td></tr><tr><td>two</td></tr>
    {% for n in range(rows) %}<tr><td>{{ text }}</td><td>{{ n }}</td></tr>{% endfor %}
    <tr><td colspan="2">{{ text }}</td></tr></table>"""
    ours, stock = both(source=source)
    for rows in (1, 4, 2, 0, 3, 5):
        context = {"rows": rows, "text": f"word {rows}"}
        assert made(ours, context) == made(stock, context)
    assert replayed(ours) >= 3


def test_each_of_several_tables_may_have_other_rows(caplog: pytest.LogCaptureFixture) -> None:
    table = (
        "<table>{% for n in range(NAME) %}<tr><td>{{ text }}</td><td>{{ n }}</td></tr>{% endfor %}</table>"
    )
    source = "<p>x</p>".join(table.replace("NAME", name) for name in ("one", "two", "three"))
    ours, stock = both(source=source)
    for number, (one, two, three) in enumerate(((1, 2, 3), (2, 1, 1), (3, 4, 1), (1, 1, 5), (4, 2, 2))):
        context = {"one": one, "two": two, "three": three, "text": f"word {number}"}
        assert made(ours, context) == made(stock, context)
    assert len(shapes(ours)) == 1
    assert replayed(ours) == 3
    assert "came out different" not in caplog.text


# The rules


def test_a_difference_is_noticed_and_ends_the_shape(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ours, stock = both(source="<p>{{ text }}</p>")
    put = Shape._put

    def wrong(shape: Shape, parts: Any, rows: Any) -> None:
        put(shape, parts._replace(values=["other"] * len(parts.values)), rows)

    monkeypatch.setattr(Shape, "_put", wrong)
    for text in ("canary one", "canary two", "canary three"):
        assert made(ours, {"text": text}) == made(stock, {"text": text})
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert "came out different" in record.message
    assert "canary" not in caplog.text
    assert shapes(ours) == []


def test_one_in_so_many_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_renderer, "COMPARE_EVERY", 5)
    compared: list[str] = []
    stock = _renderer.Renderer._stock
    monkeypatch.setattr(
        _renderer.Renderer, "_stock", lambda renderer, html: compared.append(html) or stock(renderer, html)
    )
    ours, _ = both(source="<p>{{ text }}</p>")
    for text in range(17):
        made(ours, {"text": f"x{text}"})
    assert compared == ["<p>x2</p>", "<p>x6</p>", "<p>x11</p>", "<p>x16</p>"]


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_renderer, "MAX_FLOWABLES", 60)
    ours, stock = both(source="{% for n in range(count) %}<p>{{ n }}</p>{% endfor %}")
    for count in (*range(1, 30), *range(1, 30)):
        assert made(ours, {"count": count}) == made(stock, {"count": count})
        assert sum(shape.size for shape in shapes(ours)) <= 60
    assert shapes(ours)


def test_no_text_is_kept() -> None:
    ours, _ = both(source=ORDER)
    for rows in (3, 5, 2, 4):
        context = {"style": ""} | order(random.Random(rows), rows)
        context["number"] = f"canary{rows}"
        for row in context["rows"]:
            row["text"] += " canary"
        made(ours, context)
    assert replayed(ours) == 2
    seen: set[int] = set()
    found, left = [], list(shapes(ours))
    while left:
        thing = left.pop()
        if isinstance(thing, str | bytes):
            found += [thing] if "canary" in str(thing) else []
        elif id(thing) not in seen and not isinstance(thing, type | types.ModuleType | types.FunctionType):
            seen.add(id(thing))
            left += gc.get_referents(thing)
    assert found == []


def test_nothing_is_kept_if_that_is_not_wanted() -> None:
    _, stock = both(source="<p>{{ text }}</p>")
    for text in range(4):
        made(stock, {"text": text})
    assert shapes(stock) == []


def test_unknown_versions_are_left_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(_renderer._SUPPORTED, "reportlab", r"4\..*")
    ours, stock = both(source="<p>{{ text }}</p>")
    for text in range(4):
        assert made(ours, {"text": text}) == made(stock, {"text": text})
    assert shapes(ours) == []
    assert "the fast ways were not tried with its version reportlab" in caplog.text


# The markup


def test_rows_are_found() -> None:
    parts = cut("<table><tr><td>a</td><td>b</td></tr> <tr><td>c</td><td></td></tr></table><p>d</p>")
    [region] = parts.regions
    assert [list(row.texts) for row in region.rows] == [[0, 1], [2]]
    assert region.rows[0].look != region.rows[1].look
    assert region.is_whole
    assert (parts.values, parts.texts) == (["a", "b", "c", "d"], 4)


@pytest.mark.parametrize(
    "markup",
    [
        "<table><thead><tr><td>a</td></tr></thead></table>",
        "<table><tr><td><table></table></td></tr></table>",
        "<table><tr id='x'><td>a</td></tr></table>",
        "<table><tr><td id=x>a</td></tr></table>",
        "<table><tr><td rowspan=2>a</td></tr><tr><td>b</td></tr></table>",
        "<table><tr><td>a</td></table>",
    ],
)
def test_rows_of_their_own_kind_are_left_alone(markup: str) -> None:
    assert list(cut(markup).regions) == []


def test_the_shape_does_not_depend_on_the_number_of_rows() -> None:
    row, other = "<tr><td>{}</td></tr>", "<tr class='b'><td>x</td></tr>"
    texts = [row.format("a"), row.format("b") * 2, other + row.format("c"), other]
    cuts = [cut(f"<p>x</p><table>{text}</table><p>y</p>") for text in texts]
    assert len({parts.shape for parts in cuts}) == 1
    assert len({parts.exact for parts in cuts}) == 4
    assert cut("<p>x</p><table></table><p>y</p>").shape != cuts[0].shape


PIECES = (
    *("{{ a }}", "{{ b }}", "<b>{{ a }}</b>", "<i>{{ b }}</i>", "<br>", "<br/>", " ", "Dear ", ", thank you"),
    *(
        "<br><br>",
        "&nbsp;",
        "<b>{{ a }} </b>",
        "<span style='color: red'>{{ b }}</span>",
        "<small>{{ a }}</small>",
    ),
    *(
        "<b>Ship to</b><br>{{ a }}<br>{{ b }}",
        "{{ a }}<br>{{ b }}",
        "<u>{{ a }}</u>",
        "<a href='#x'>{{ b }}</a>",
    ),
)
LOOKS = (
    *(
        "",
        "text-align: right",
        "text-align: center",
        "text-align: justify",
        "font-size: 7pt",
        "line-height: 2",
    ),
    *(
        "margin-left: 3cm; padding: 4pt",
        "border: 1pt solid red",
        "text-indent: 1cm",
        "font-family: DejaVu Serif",
    ),
    *("text-transform: uppercase", "letter-spacing: 2pt", "background: #eee; width: 4cm"),
)
FOOTER = """<style>@page { @frame f { -pdf-frame-content: f; left: 2cm; right: 2cm; bottom: 1cm; height: 2cm } }</style>
<div id="f">%s</div>"""
FOOTERS = (
    "Page <pdf:pagenumber> of <pdf:pagecount>",
    "<pdf:pagenumber>",
    "<pdf:pagenumber>/<pdf:pagecount>",
    "{{ a }}<br>Page <pdf:pagenumber>",
    "<b>Shop</b><br>page <pdf:pagenumber>",
    "<table><tr><td>Page <pdf:pagenumber></td><td>{{ a }}</td></tr></table>",
)


def letter_of(chance: random.Random) -> str:
    """Return a template of headings, paragraphs and cells of whatever text may be in them."""

    def text() -> str:
        return "".join(chance.choices(PIECES, k=chance.randint(1, 5)))

    blocks = []
    for _ in range(chance.randint(3, 9)):
        tag, look = chance.choice(("p", "p", "h1", "h2", "h4", "div", "li", "table")), chance.choice(LOOKS)
        if tag == "table":
            blocks.append(
                f"<table><tr><td style='{look}' width='30%'>{text()}</td><td>{text()}</td></tr></table>"
            )
        elif tag == "li":
            blocks.append(f"<ul><li style='{look}'>{text()}</li><li>{text()}</li></ul>")
        else:
            blocks.append(f"<{tag} style='{look}'>{text()}</{tag}>")
    footer = FOOTER % chance.choice(FOOTERS) if chance.random() < 0.7 else ""
    return footer + "".join(blocks)


def outcome(generator: Xhtml2PdfGenerator, context: dict[str, Any]) -> object:
    try:
        return made(generator, context)
    except GenerationError as error:
        return str(error)


@pytest.mark.parametrize("seed", [*range(25 * SCALE), 2484])  # of which the last divides a heading
def test_text_in_any_fragments_is_the_same(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    chance = random.Random(seed)
    ours, stock = both(source=letter_of(chance))
    for _ in range(4):
        context = {name: " ".join(chance.choices(WORDS, k=chance.choice((1, 2, 25)))) for name in "ab"}
        assert outcome(ours, context) == outcome(stock, context)
    assert "came out different" not in caplog.text


WORDS = (
    "amber",
    "kettle",
    "violin",
    "(x)",
    "Žluťoučký",
    "Ελλάδα",
    "Straße",
    "41",
    "a-very-long-word-of-" * 2,
    "\\",
)
