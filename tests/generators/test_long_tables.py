"""Tables over many pages are those that xhtml2pdf makes, in time that grows with their rows."""

from __future__ import annotations

import facts
import pytest

from ondemand_attach import Xhtml2PdfGenerator
from ondemand_attach.generators._fast import _long_tables
from ondemand_attach.testing import attachment_request

HEAD = "<thead><tr><th colspan='2'>what</th><th>price</th></tr></thead>"
ROW = "<tr{kind}><td>{n}</td><td>word {n} more</td><td>{n}.00</td></tr>"
LINES = "td { border-bottom: 1px solid #ccc; border-top: 1pt solid red } .b td { border: 2pt dotted blue }"


def table(rows: int, *, row: str = ROW, head: str = HEAD, end: str = "", style: str = LINES) -> str:
    body = "".join(row.format(n=n, kind=" class='b'" if n % 7 == 3 else "") for n in range(rows))
    return f"<style>{style}</style><p>before</p><table repeat='1'>{head}{body}{end}</table><p>after</p>"


SPAN = "<tr{kind}><td colspan='2'>{n}</td><td>{n}.00</td></tr>"
TABLES = {
    "lines": table(130),
    "no head": table(130, head=""),
    "tbody": table(130, head=HEAD + "<tbody>", end="</tbody><tfoot><tr><td colspan='3'>end</td></tr></tfoot>"),
    "a sum": table(130, end="<tr><td colspan='2'>sum</td><td>9</td></tr>"),
    "spans in every row": table(130, row=SPAN),
    "spans now and then": table(130, row=ROW * 5 + SPAN),
    "rows that span": table(70, row=ROW + "<tr><td rowspan='2'>{n}</td><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr>"),
    "backgrounds": table(130, style=LINES + "tr.b { background: #eef } td:first-child { background: yellow }"),
    "a group": table(130, style="table { border: 2pt solid green; background: #eee } tbody { background: #fed }"),
    "zebra": table(130, style="tr:nth-child(even) td { background: #f6f6ff }"),
    "rounded": table(130, style="td { border: 1pt solid red; border-radius: 4pt; background: #eee }"),
    "a whole page of rows": table(300, style=LINES + "@page { size: a4; margin: 1mm } td { font-size: 1pt; line-height: 1; padding: 0 }"),
    "all on one page": table(140, row=SPAN, style="@page { size: 20cm 300cm; margin: 1cm } td { border: 1pt solid red }"),
    "rows of many heights": table(130, row="<tr{kind}><td>{n}</td><td>{n}<br>{n}<br>{n}</td><td style='height: 30pt'>x</td></tr>"),
    "a row longer than a page": table(110) + table(1, row="<tr><td>" + "long {n} " * 900 + "</td></tr>", head=""),
    "a heading that stays": "<h1 style='-pdf-keep-with-next: true'>head</h1>" + table(130),
    "in a box": f"<div style='border: 1pt solid red; padding: 9pt'>{table(130)}</div>",
    "in a cell": f"<table><tr><td>{table(130)}</td></tr></table>",
}  # fmt: skip


@pytest.fixture(autouse=True)
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take tables of a few pages for long ones."""
    monkeypatch.setattr(_long_tables, "_MANY_ROWS", 40)
    monkeypatch.setattr(_long_tables, "_NEAR", 20)


@pytest.mark.parametrize("name", TABLES)
def test_long_tables_are_the_same(name: str) -> None:
    ours, stock = (
        Xhtml2PdfGenerator(source="{{ html | safe }}", replay=replay, strict=False)
        for replay in (True, False)
    )
    html = TABLES[name]
    expected = facts.facts(stock.generate(attachment_request({"html": html})).content)
    for _ in range(3):  # told, told and kept, drawn from what was kept
        assert facts.facts(ours.generate(attachment_request({"html": html})).content) == expected


def test_what_is_far_away_is_moved_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    moved = []
    monkeypatch.setattr(
        _long_tables.LongTable,
        "_addCommand",
        lambda self, command: moved.append(command) or added(self, command),
    )
    added = _long_tables.LongTable.__mro__[1]._addCommand
    counts = []
    for rows in (150, 600):
        moved.clear()
        Xhtml2PdfGenerator(source="{{ html | safe }}").generate(attachment_request({"html": table(rows)}))
        counts.append(len(moved))
    assert counts[1] < 6 * counts[0]  # with the square of the rows it would be 16 times as many
