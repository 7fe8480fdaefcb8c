"""Only paragraphs whose lines can be measured by their look are; the others are drawn by xhtml2pdf."""

from __future__ import annotations

from typing import Any

import pytest
from reportlab.platypus.flowables import Spacer

from ondemand_attach import Xhtml2PdfGenerator
from ondemand_attach.generators._fast import _renderer
from ondemand_attach.generators._fast._flowables import MAX_TEXT, TextCell, TextParagraph, TextTable
from ondemand_attach.generators._xhtml2pdf_context import DocumentContext
from ondemand_attach.generators._xhtml2pdf_story import tell

PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    "rkJggg=="
)


def quickened(html: str, *, is_kept: bool = True) -> list[Any]:
    """Return the flowables of a document before its layout, after the plain ones were given a look."""
    renderer = Xhtml2PdfGenerator(source="x")._engine._renderer
    findings = renderer._findings(html)
    with _renderer._noting(findings):
        story = tell(_renderer._tree(html, findings), renderer._contexts(DocumentContext, findings))
        renderer._quicken(story, is_kept=is_kept)
    return [flowable for flowable in story.context.story if type(flowable) is not Spacer]


def is_measured(flowable: Any) -> bool:
    return type(flowable) is TextParagraph and flowable.look is not None


PLAIN = {
    "text": "<p>Dear Jane</p>",
    "a heading": "<h1>Order</h1>",
    "lines": "<p>one<br>two<br>three</p>",
    "lines in faces": "<p><b>Ship to</b><br>Jane<br>Brno</p>",
    "to the right": "<p style='text-align: right'>Dear Jane</p>",
    "in the middle": "<p style='text-align: center'>Dear Jane</p>",
    "as long as may be": f"<p>{'word ' * (MAX_TEXT // 5 - 1)}words</p>",
    "another script": "<p>Ελλάδα, България</p>",
    "a colour and a size of all of it": "<p style='color: red; font-size: 8pt'>Dear Jane</p>",
}
NOT_PLAIN = {
    "underlined": "<p>Dear <u>Jane</u></p>",
    "all underlined": "<p style='text-decoration: underline'>Dear Jane</p>",
    "struck": "<p>Dear <strike>Jane</strike></p>",
    "all struck": "<p style='text-decoration: line-through'>Dear Jane</p>",
    "raised": "<p>10 m<sup>2</sup></p>",
    "lowered": "<p>H <sub>2</sub></p>",
    "a link": "<p>Dear <a href='https://shop.example/'>Jane</a></p>",
    "all a link": "<p><a href='https://shop.example/'>Jane</a></p>",
    "a link that is not underlined": "<p><a style='text-decoration: none' href='https://shop.example/'>Jane</a></p>",
    "raised at its size": "<p><sup><span style='font-size: 10pt'>Jane</span></sup></p>",
    "letters that are joined": "<p>مرحبا Jane</p>",
    "a mark upon a letter": "<p>Ja\u0331ne</p>",
    "an anchor": "<p><a name='x'></a>Jane</p>",
    "a picture": f"<p>Dear Jane <img src='{PIXEL}'> and Joe</p>",
    "a bar code": "<p>Dear Jane <pdf:barcode value='123' type='code128'> and Joe</p>",
    "justified": "<p style='text-align: justify'>Dear Jane</p>",
    "indented": "<p style='text-indent: 1cm'>Dear Jane</p>",
    "letters apart": "<p style='letter-spacing: 2pt'>Dear Jane</p>",
    "words apart": "<p style='word-spacing: 2pt'>Dear Jane</p>",
    "a colour of its own": "<p>Dear <span style='color: red'>Jane</span></p>",
    "a background of its own": "<p>Dear <span style='background-color: #eee'>Jane</span></p>",
    "a size of its own": "<p>Dear <small>Jane</small></p>",
    "a bullet": "<ul><li>Dear Jane</li></ul>",
    "from the right": "<p dir='rtl'>Dear Jane</p>",
    "too long": f"<p>{'word ' * (MAX_TEXT // 5)}w</p>",
    "a space that does not break": "<p>Dear&nbsp;Jane</p>",
    "words that go on in another face": "<p>Ja<b>ne</b></p>",
}


@pytest.mark.parametrize("kind", PLAIN)
def test_plain_text_is_measured_by_its_look(kind: str) -> None:
    [paragraph] = quickened(PLAIN[kind])
    assert is_measured(paragraph)


@pytest.mark.parametrize("kind", NOT_PLAIN)
def test_anything_else_is_left_to_xhtml2pdf(kind: str) -> None:
    assert not any(map(is_measured, quickened(NOT_PLAIN[kind])))


@pytest.mark.parametrize("kind", NOT_PLAIN)
def test_so_it_is_in_a_cell(kind: str) -> None:
    [table] = quickened(f"<table><tr><td>{NOT_PLAIN[kind]}</td><td>Jane</td></tr></table>")
    [[first, second]] = table._cellvalues
    assert type(table) is TextTable
    assert (type(first) is TextCell, type(second) is TextCell) == (False, True)


@pytest.mark.parametrize(
    ("html", "is_measured_once"),
    [("<p>Jane</p>", True), ("<h1>Jane</h1>", False), ("<p>Dear <b>Jane</b></p>", False)],
)
def test_what_is_drawn_once_is_measured_if_there_is_much_of_it(html: str, is_measured_once: bool) -> None:
    assert [is_measured(one) for one in quickened(html, is_kept=False)] == [is_measured_once]


def test_what_is_in_a_box_is_measured() -> None:
    [box] = quickened(
        "<div style='border: 1pt solid red; padding: 4pt; width: 5cm'><p>Jane</p><p>Joe</p></div>"
    )
    assert [is_measured(one) for one in box.content] == [True, True]
