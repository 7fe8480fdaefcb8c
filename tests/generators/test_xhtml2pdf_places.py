"""Errors of documents say where: in the template if it is written there, else in the document."""

from __future__ import annotations

import ctypes
import gc
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from pypdfium2 import raw

from ondemand_attach import Document, Xhtml2PdfGenerator
from ondemand_attach.errors import GenerationError, ResourceBlockedError
from ondemand_attach.generators._xhtml2pdf_places import Places
from ondemand_attach.testing import attachment_request

CANARY = "quetzal-4711"
ROW = "<tr><td>line</td><td>1.00</td></tr>"


def made(source: str, context: Any = None, **options: Any) -> Document:
    request = attachment_request(context or {}, filename="d.pdf")
    return Xhtml2PdfGenerator(source=source, **options).generate(request)


def failure(source: str, context: Any = None, **options: Any) -> str:
    with pytest.raises(GenerationError) as caught:
        made(source, {"canary": CANARY, **(context or {})}, **options)
    assert CANARY not in str(caught.value)
    return str(caught.value)


def test_an_image_that_is_missing_is_named_with_its_line(tmp_path: Path) -> None:
    Path(tmp_path, "order.html").write_text("<p>Order</p>\n{% include 'head.html' %}", "utf-8")
    Path(tmp_path, "head.html").write_text("\n\n<img src='logo.png' width='30'>", "utf-8")
    request = attachment_request({}, filename="d.pdf", templates=[tmp_path])
    with pytest.raises(
        ResourceBlockedError, match=r"'logo\.png' \(head\.html:3\).* name its folder in assets="
    ):
        Xhtml2PdfGenerator(template="order.html", assets=tmp_path).generate(request)


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("<p>a</p><img src='a.png'><img src='{{ canary }}'>", "made of the data (<img> 2 of the document)"),
        (
            "<p id='{{ canary }}'>a</p><img src='a.png'><img src=''>",
            "an empty address (<img> 2 of the document)",
        ),
        ("<p id='{{ canary }}'>a</p><img src='{{ \"\" }} '>", "an empty address (<img> 1 of the document)"),
        (
            "<style>p { background: url({{ canary }}.png) }</style><p>a</p>",
            "made of the data (in a style sheet)",
        ),
        ("<p style='background: url({{ canary }}.png)'>a</p>", "made of the data (<p> 1 of the document)"),
    ],
)
def test_an_image_whose_name_is_data_is_told_by_its_element(source: str, place: str, tmp_path: Path) -> None:
    Path(tmp_path, "a.png").write_bytes(pixel())
    assert place in failure(source, assets=tmp_path)


def pixel() -> bytes:
    import io

    from PIL import Image

    octets = io.BytesIO()
    Image.new("RGB", (9, 9)).save(octets, "PNG")
    return octets.getvalue()


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("<p>a</p><p style='margin-left: -30cm'>{{ canary }}</p>", "first on page 1, <p> 2 of the document"),
        ("<p>a</p><pdf:nextpage><b style='font-size: 3pt'>{{ canary }}</b>", "first on page 2, <b> 1 of"),
        ("<p>a</p><p>{{ canary }}\N{PARTY POPPER}</p>", "first on page 1, <p> 2 of the document"),
        (f"<table>{ROW * 3}</table><table>{ROW}<tr><td rowspan='90'>{{{{ canary }}}}</td></tr>{ROW * 90}</table>{ROW}",
         "a table of 91 rows"),
        ("<input value='{{ canary }}'>", "<input>: form fields"),
    ],
)  # fmt: skip
def test_what_would_be_lost_is_told_by_page_and_element(source: str, place: str) -> None:
    assert place in failure(source)


def test_advice_on_fonts_can_be_followed() -> None:
    assert "drawn with no font" in failure("\N{PARTY POPPER}")
    assert "fonts=" not in failure("\N{PARTY POPPER}\N{DEVANAGARI LETTER NA}")
    assert failure("\N{HANGUL SYLLABLE GA}").endswith("give one that can in fonts=")


@pytest.mark.parametrize("replay", [True, False])
def test_a_cell_that_is_higher_than_a_page_goes_on_at_its_size(replay: bool) -> None:
    source = "<style>@page {{ size: a4; margin: 2cm }} td {{ font-size: 10pt }}</style><table>{row}</table>"
    generator = Xhtml2PdfGenerator(
        source=source.format(row="<tr><td>1</td><td>{{ text }}</td></tr>"), replay=replay
    )
    for words in (900, 950, 1000, 1050):
        request = attachment_request({"text": "terms and conditions apply " * words}, filename="d.pdf")
        assert line_heights(generator.generate(request).content) == {10.0}


def line_heights(content: bytes) -> set[float]:
    with pypdfium2.PdfDocument(content) as document:
        pages = [page.get_textpage() for page in document]
        assert len(pages) > 1
        sizes = [raw.FPDFText_GetFontSize(page, index) for page in pages for index in range(5, 50)]
        scales = [page.get_charbox(20, loose=True) for page in pages]
    heights = {round(box[3] - box[1], 1) for box in scales}
    assert len(heights) == 1, heights
    return {round(size, 1) for size in sizes if size > 1}  # of the line ends that pdfium adds


def test_a_frame_of_a_minified_style_sheet_is_a_frame() -> None:
    found = []
    for space in ("", " "):
        style = f"@page{{size:a4;@frame{space}{{-pdf-frame-content:foot;left:2cm;right:2cm;bottom:1cm;height:1cm}}}}"
        content = made(f"<style>{style}</style><div id='foot'>FOOT</div><p>Body</p>").content
        with pypdfium2.PdfDocument(content) as document:
            page = document[0].get_textpage()
            found.append(page.get_charbox(page.search("FOOT").get_next()[0]))
    assert found[0] == found[1]
    assert found[0][1] < 100


@pytest.mark.parametrize("times", [1, 4])
def test_a_link_is_written_in_ascii(times: int) -> None:
    generator = Xhtml2PdfGenerator(source='<a href="https://pay.example/?n={{ n }}&amp;x=%20">pay</a>')
    for name in ["Jiří", "Åsa", "Łukasz", "Jiří"][-times:]:
        content = generator.generate(attachment_request({"n": name}, filename="d.pdf")).content
    assert address_of(content) == b"https://pay.example/?n=Ji%C5%99%C3%AD&x=%20"


def address_of(content: bytes) -> bytes:
    with pypdfium2.PdfDocument(content) as document:
        page, link, start = document[0], raw.FPDF_LINK(), ctypes.c_int(0)
        raw.FPDFLink_Enumerate(page.raw, ctypes.byref(start), ctypes.byref(link))
        buffer = ctypes.create_string_buffer(200)
        raw.FPDFAction_GetURIPath(document.raw, raw.FPDFLink_GetAction(link), buffer, 200)
        return buffer.raw.rstrip(b"\0")


def test_nothing_of_a_document_stays_with_what_finds_places() -> None:
    generator = Xhtml2PdfGenerator(source="<p>{{ canary }}</p>")
    for number in range(4):
        generator.generate(attachment_request({"canary": f"{CANARY}-{number}"}, filename="d.pdf"))
    with pytest.raises(GenerationError):
        generator.generate(attachment_request({"canary": f"{CANARY}\N{PARTY POPPER}"}, filename="d.pdf"))
    gc.collect()
    assert not [each for each in gc.get_objects() if isinstance(each, Places) and CANARY in str(vars(each))]
    assert generator._engine._renderer._files is dict
