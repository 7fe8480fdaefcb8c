# ruff: noqa: N802 - the names are those of the parent classes
"""What an image must be before it is handed to the drawing libraries.

Pillow opens some fifty formats, one of them by starting a program; here it opens four. An SVG may hold no
image and no address, and what it expands to is counted before svglib draws it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final

from lxml import etree
from PIL import Image
from reportlab.graphics import renderPDF
from reportlab.graphics.shapes import DirectDraw, Drawing
from svglib.svglib import SvgRenderer, load_svg_file

from ondemand_attach.errors import GenerationError
from ondemand_attach.generators import _xhtml2pdf_fonts as fonts

MAX_PIXELS: Final = 25_000_000
_MAX_SVG_BYTES: Final = 512 * 1024
_MAX_SHAPES: Final = 10_000
_FORMATS: Final = {b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF", b"RIFF": "WEBP"}
_MAX_REMEMBERED: Final = 1024
_sound: set[bytes] = set()  # digests only: the image itself may be the customer's
_HREFS: Final = ("href", "{http://www.w3.org/1999/xlink}href")


def raster_format(content: bytes) -> str | None:
    """Return Pillow's name of the format of *content*, if it is one that is drawn."""
    return next((name for magic, name in _FORMATS.items() if content.startswith(magic)), None)


def is_svg(content: bytes) -> bool:
    """Return whether *content* looks like SVG, as xhtml2pdf would see it."""
    return content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def check(content: bytes) -> None:
    """Decode *content* once, as an image that breaks off would be drawn half or not at all.

    Raises:
        GenerationError: it is not a whole PNG, JPEG, GIF, WebP or SVG image of a sensible size.
    """
    digest = hashlib.sha256(content).digest()
    if digest in _sound:
        return
    if is_svg(content):
        _check_svg(content)
    elif not _decodes(content):
        raise GenerationError(
            "an image of the document is damaged, or neither PNG, JPEG, GIF, WebP nor SVG; save it anew"
        )
    if len(_sound) >= _MAX_REMEMBERED:
        _sound.clear()
    _sound.add(digest)


def open_raster(stream: Any) -> Image.Image:
    """Open an image as Pillow does, of the formats that are drawn only."""
    return Image.open(stream, formats=tuple(_FORMATS.values()))


def _decodes(content: bytes) -> bool:
    kind = raster_format(content)
    if kind is None:
        return False
    try:
        with Image.open(BytesIO(content), formats=(kind,)) as image:
            too_large = image.width * image.height > MAX_PIXELS
            if not too_large:
                image.load()
    except Exception:  # noqa: BLE001 - Pillow raises whatever the damage leads to
        return False
    if too_large:
        raise GenerationError(f"an image of the document has more than {MAX_PIXELS} pixels; make it smaller")
    return True


def _check_svg(content: bytes) -> None:
    if len(content) > _MAX_SVG_BYTES:
        raise GenerationError(
            f"an SVG image of the document is larger than {_MAX_SVG_BYTES} bytes; make it smaller, or a PNG"
        )
    try:
        root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
        document_type = root.getroottree().docinfo.internalDTD
    except etree.XMLSyntaxError:
        root = document_type = None
    if root is None or etree.QName(root).localname != "svg":
        raise GenerationError("an SVG image of the document is damaged; save it anew")
    if document_type is not None and list(document_type.iterentities()):
        raise GenerationError("an SVG image of the document declares entities; write out what they stand for")
    _check_shapes(root)


def _check_shapes(root: Any) -> None:
    elements = [element for element in root.iter() if isinstance(element.tag, str)]
    if any(etree.QName(element).localname in {"image", "foreignObject", "script"} for element in elements):
        raise GenerationError(
            "an SVG image of the document holds another image or a script, which is not drawn; leave it out"
        )
    if any(not address.startswith("#") for element in elements for address in _addresses(element)):
        raise GenerationError("an SVG image of the document refers to another file; put that into it")
    named = {element.get("id"): element for element in elements if element.get("id")}
    if len(elements) > _MAX_SHAPES or _expanded(root, named) > _MAX_SHAPES:
        raise GenerationError(
            f"an SVG image of the document draws more than {_MAX_SHAPES} shapes; make it simpler, or a PNG"
        )


def _addresses(element: Any) -> Iterator[str]:
    # What a link (<a>) leads to is not loaded.
    if etree.QName(element).localname != "a":
        yield from (element.get(name) for name in _HREFS if element.get(name))


def _expanded(root: Any, named: dict[str, Any]) -> int:
    """Count the shapes that *root* draws with every <use> followed."""
    counts: dict[Any, int] = {}

    def count(element: Any, depth: int) -> int:
        if depth > 100:
            raise GenerationError(
                "an SVG image of the document nests too deep, or uses itself; make it simpler, or a PNG"
            )
        if element not in counts:
            targets = [named.get(address[1:]) for address in _addresses(element)]
            parts = [*element, *(target for target in targets if target is not None)]
            counts[element] = 1 + sum(count(part, depth + 1) for part in parts)
        return counts[element]

    return count(root, 0)


class _FontMap:
    """svglib's own one starts fc-match to find fonts on the machine."""

    def find_font(self, name: str, weight: str = "normal", style: str = "normal") -> tuple[str, bool]:
        from reportlab.lib.fonts import tt2ps

        family = fonts.BUILT_IN.get(name.lower(), fonts.SANS)
        fonts.load(family)
        bold = weight in {"bold", "bolder", "600", "700", "800", "900"}
        return tt2ps(family, int(bold), int(style in {"italic", "oblique"})), True


class _Outline(DirectDraw):  # type: ignore[misc]
    """Tells the canvas which part of the page the drawing covers, as it is drawn."""

    def __init__(self, width: float, height: float) -> None:
        super().__init__()
        self._size = width, height

    def drawDirectly(self, renderer: Any) -> None:
        watch = getattr(renderer._canvas, "watch_box", None)  # noqa: SLF001
        if watch:
            watch(0, 0, *self._size)

    def getBounds(self) -> tuple[float, float, float, float]:
        return 0, 0, *self._size


def drawing(source: BytesIO, resolve_entities: bool = False) -> Drawing | None:  # noqa: FBT001, FBT002
    """Do what `svglib.svglib.svg2rlg` does, with our fonts and no others.

    Raises:
        GenerationError: the image is not one that `check` lets through.
    """
    check(source.getvalue())
    root = load_svg_file(source, resolve_entities=resolve_entities)
    result = SvgRenderer(source, font_map=_FontMap()).render(root)
    if result:
        result.add(_Outline(result.width, result.height))
    return result


def draw_flowable(image: Any) -> None:
    """Draw an image that stands on its own: SVG as shapes, for which xhtml2pdf would need a rasteriser."""
    shapes = image.getDrawing(image.dWidth, image.dHeight)
    if shapes:
        renderPDF.draw(shapes, image.canv, 0, 0)
    else:
        image.canv.drawImage(image.getImage(), 0, 0, image.dWidth, image.dHeight, mask=image._mask)  # noqa: SLF001
