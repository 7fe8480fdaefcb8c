"""How many shapes an SVG draws is counted with every <use> followed."""

from __future__ import annotations

import pytest
from lxml import etree

from ondemand_attach.errors import GenerationError
from ondemand_attach.generators._xhtml2pdf_images import _expanded

XLINK = 'xmlns:x="http://www.w3.org/1999/xlink"'


def drawn(inner: str) -> int:
    root = etree.fromstring(f'<svg xmlns="http://www.w3.org/2000/svg" {XLINK}>{inner}</svg>')
    elements = list(root.iter())
    return _expanded(root, {element.get("id"): element for element in elements if element.get("id")})


@pytest.mark.parametrize(
    ("inner", "count"),
    [
        ("", 1),
        ("<rect/>", 2),
        ("<g><rect/><rect/></g>", 4),
        ('<rect id="a"/><use href="#a"/>', 4),
        ('<rect id="a"/><use x:href="#a"/>', 4),
        ('<g id="a"><rect/><rect/></g><use href="#a"/><use href="#a"/>', 12),
        ('<use href="#missing"/>', 2),
        ('<a href="#b"><rect id="b"/></a>', 3),
        ('<g id="a"><rect/></g><g id="b"><use href="#a"/><use href="#a"/></g><use href="#b"/>', 18),
    ],
)
def test_each_shape_counts_as_often_as_it_is_drawn(inner: str, count: int) -> None:
    assert drawn(inner) == count


@pytest.mark.parametrize(
    "inner",
    [
        '<g id="a"><use href="#a"/></g>',
        "<g>" * 101 + "</g>" * 101,
        '<use id="a" href="#b"/><use id="b" href="#a"/>',
    ],
)
def test_what_uses_itself_or_nests_too_deep_is_refused(inner: str) -> None:
    with pytest.raises(GenerationError):
        drawn(inner)


def test_a_picture_may_nest_so_deep() -> None:
    assert drawn("<g>" * 100 + "</g>" * 100) == 101
