"""Each limit of a document: what goes past it is refused in words that name the limit, and what does not is drawn."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable

import pytest
from PIL import Image

from ondemand_attach import Xhtml2PdfGenerator
from ondemand_attach.errors import GenerationError, ResourceBlockedError
from ondemand_attach.generators import _xhtml2pdf_images as images
from ondemand_attach.generators import _xhtml2pdf_markup as markup
from ondemand_attach.testing import attachment_request

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9">{}</svg>'


def drawn(html: str) -> bytes:
    return Xhtml2PdfGenerator(source=html).generate(attachment_request({})).content


def inline(content: bytes, media_type: str) -> str:
    return f'<img width="9" src="data:{media_type};base64,{base64.b64encode(content).decode()}">'


def svg(shapes: str) -> str:
    return inline(SVG.format(shapes).encode(), "image/svg+xml")


def png(width: int, height: int) -> str:
    output = io.BytesIO()
    Image.new("1", (width, height)).save(output, "png")
    return inline(output.getvalue(), "image/png")


def sheet(selectors: int) -> str:
    return f"<style>{', '.join(f'.c{number}' for number in range(selectors))} {{ color: red }}</style><p>x"


def doubled(times: int) -> str:
    values = "".join(f"--a{each + 1}: var(--a{each}) var(--a{each});" for each in range(times))
    return f"<style>p {{ --a0: x; {values} font-family: var(--a{times}) }}</style><p>x"


Drawn = Callable[[int], str]
DRAWN: dict[str, tuple[int, Drawn, str]] = {
    # what still is drawn, how it is written, and what is said of one more
    "attributes": (200, lambda n: f"<p {' '.join(f'a{each}' for each in range(n))}>x", "more than 200 attributes"),
    "depth": (140, lambda n: "<div>" * n + "x", "deeper than 150"),
    "colspan": (100, lambda n: f"<table><tr><td colspan={n}>x</table>", "colspan of a tag is larger than 100"),
    "rowspan": (100, lambda n: f"<table><tr><td rowspan={n}>x</table>", "rowspan of a tag is larger than 100"),
    "span of a colgroup": (100, lambda n: f"<table><colgroup span={n}><tr><td>x</table>", "span of a tag is larger"),
    "start of a list": (1_000_000, lambda n: f"<ol start={n}><li>x</ol>", "start of a tag is larger"),
    "value of a list": (1_000_000, lambda n: f"<ol><li value={n}>x</ol>", "value of a tag is larger"),
    "selectors": (4_000, sheet, "more than 5000 selectors"),
    "variables": (12, doubled, "longer than 10000 characters"),
    "shapes": (500, lambda n: svg('<path d="M0 0"/>' * n), "more than 10000 shapes"),
    "bytes of an SVG": (500_000, lambda n: svg(f"<desc>{'x' * n}</desc>"), "larger than 524288 bytes"),
}  # fmt: skip
PAST = {"depth": 151, "selectors": 5_001, "variables": 14, "shapes": 10_001, "bytes of an SVG": 525_000}


@pytest.mark.parametrize("what", DRAWN)
def test_what_is_within_a_limit_is_drawn_and_what_is_past_it_is_refused(what: str) -> None:
    most, written, said = DRAWN[what]
    assert drawn(written(most)).startswith(b"%PDF")
    with pytest.raises(GenerationError, match=said):
        drawn(written(PAST.get(what, most + 2)))


def test_negative_spans_are_as_large_as_positive_ones() -> None:
    with pytest.raises(GenerationError, match="colspan"):
        drawn("<table><tr><td colspan=-101>x</table>")
    with pytest.raises(GenerationError, match="rowspan"):
        drawn("<table><tr><td rowspan='1_01'>x</table>")


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ("<table><tr>" + "<td colspan=100 rowspan=100>x" * 11, "span more than 100000 cells"),
        ("<table><tr>" + "<th colspan=100 rowspan=100>x" * 11, "span more than 100000 cells"),
        ("<p>" * 100_001, "more than 100000 elements"),
        ("x" * 8_000_001, "longer than 8000000 characters"),
        (png(5_001, 5_000), "more than 25000000 pixels"),
    ],
    ids=["cells", "heads", "elements", "characters", "pixels"],
)
def test_large_documents_are_refused_by_the_limit_that_they_go_past(html: str, said: str) -> None:
    with pytest.raises(GenerationError, match=said):
        drawn(html)


def test_the_limits_stay_where_documents_of_a_thousand_pages_are_below_them() -> None:
    assert markup.MAX_CHARACTERS == 8_000_000
    assert markup.MAX_ELEMENTS == markup.MAX_CELLS == 100_000
    assert images.MAX_PIXELS == 25_000_000


@pytest.mark.parametrize("tag", ["applet", "audio", "embed", "frame", "iframe", "object", "video"])
def test_what_a_pdf_cannot_show_is_not_embedded(tag: str) -> None:
    frame = "<frameset>" if tag == "frame" else ""
    for name in (tag, tag.upper()):
        with pytest.raises(ResourceBlockedError, match=f"embeds a resource with <{tag}>"):
            drawn(f"{frame}<{name} src='https://shop.example/'>")


@pytest.mark.parametrize("tag", ["svg", "math", "input", "select", "textarea"])
def test_what_is_not_drawn_is_named(tag: str) -> None:
    with pytest.raises(GenerationError, match=r"is not drawn|are not drawn"):
        drawn(f"<p>x<{tag}>y</{tag}>")


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        ('<g id="a"><use xlink:href="#a"/></g>', "uses itself"),
        ('<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>', "uses itself"),
        ("<g>" * 101 + "</g>" * 101, "nests too deep"),
        ('<image href="#a"/>', "another image or a script"),
        ("<foreignObject/>", "another image or a script"),
        ("<script/>", "another image or a script"),
        ('<use href="other.svg#a"/>', "refers to another file"),
        ('<use xlink:href="http://shop.example/a.svg"/>', "refers to another file"),
    ],
)
def test_what_an_svg_image_must_not_hold(shapes: str, said: str) -> None:
    with pytest.raises(GenerationError, match=said):
        drawn(svg(shapes))


def test_a_use_that_is_followed_counts_as_what_it_draws() -> None:
    tens = "".join(
        f'<g id="l{n + 1}">{f"<use href=&quot;#l{n}&quot;/>".replace("&quot;", chr(34)) * 10}</g>'
        for n in range(5)
    )
    with pytest.raises(GenerationError, match="more than 10000 shapes"):
        drawn(svg(f'<g id="l0"><path d="M0 0"/></g>{tens}'))
    assert drawn(svg('<a href="https://shop.example/"><path d="M0 0"/></a>'))


def test_an_svg_image_declares_no_entities() -> None:
    content = f'<!DOCTYPE svg [<!ENTITY a "b">]>{SVG.format("")}'
    with pytest.raises(GenerationError, match="declares entities"):
        drawn(inline(content.encode(), "image/svg+xml"))
