"""The picture of a visible signature: a one-page PDF as large as its box."""

from __future__ import annotations

import functools
import importlib.resources
from io import BytesIO

from reportlab.graphics import renderPDF
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.utils import ImageReader, simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from ondemand_attach.errors import SigningError

_MARGIN = 2.0  # points
_LARGEST, _SMALLEST = 10.0, 5.0  # points
_SMALLEST_MODULE = 0.9  # points, a third of a millimetre


def drawn(
    text: str, width: float, height: float, *, logo: bytes | None = None, code: str | None = None
) -> bytes:
    """Draw *text*, as large as fits, between *logo* and a QR code that holds *code*.

    Raises:
        SigningError: something does not fit, or the font lacks a character of the text.
    """
    font, output = _font(), BytesIO()
    if not all(ord(character) in font.face.charToGlyph for character in text if not character.isspace()):
        raise SigningError("the text of the visible signature holds a character that its font lacks")
    canvas = Canvas(output, pagesize=(width, height))
    left, right = _MARGIN, width - _MARGIN
    if logo is not None:
        left += _draw_logo(canvas, logo, min(width / 2, height), height) + 2 * _MARGIN
    if code is not None:
        right -= _draw_code(canvas, code, width, height) + 2 * _MARGIN
    size, lines = _fitted(text, font.fontName, right - left, height - 2 * _MARGIN)
    block = canvas.beginText(left, height - (height - 1.2 * size * len(lines)) / 2 - size)
    block.setFont(font.fontName, size, leading=1.2 * size)
    block.textLines(lines)
    canvas.drawText(block)
    canvas.save()
    return output.getvalue()


def _draw_logo(canvas: Canvas, logo: bytes, width: float, height: float) -> float:
    image = ImageReader(BytesIO(logo))
    pixels_wide, pixels_high = image.getSize()
    scale = min((width - 2 * _MARGIN) / pixels_wide, (height - 2 * _MARGIN) / pixels_high)
    wide, high = pixels_wide * scale, pixels_high * scale
    canvas.drawImage(image, _MARGIN, (height - high) / 2, wide, high, mask="auto")
    return float(wide)


def _draw_code(canvas: Canvas, text: str, width: float, height: float) -> float:
    side = min(width / 2, height)
    code = QrCodeWidget(text, barWidth=side, barHeight=side, barLevel="M")
    code.draw()  # finds the version out
    if side / (code.qr.getModuleCount() + 8) < _SMALLEST_MODULE:
        raise SigningError(
            "the QR code of the visible signature is too fine for its box; give it less text or more space"
        )
    drawing = Drawing(side, side)
    drawing.add(code)
    renderPDF.draw(drawing, canvas, width - side, (height - side) / 2)
    return side


def _fitted(text: str, font: str, width: float, height: float) -> tuple[float, list[str]]:
    size = _LARGEST
    while size >= _SMALLEST:
        lines = simpleSplit(text, font, size, width)
        widest = max((pdfmetrics.stringWidth(line, font, size) for line in lines), default=0)
        if 1.2 * size * len(lines) <= height and widest <= width:
            return size, lines
        size -= 0.5
    raise SigningError(
        "the text of the visible signature does not fit its box at 5 points; shorten it or enlarge the box"
    )


@functools.cache
def _font() -> TTFont:
    fonts = importlib.resources.files("ondemand_attach.generators") / "fonts"
    font = TTFont("ondemand_attach signature", BytesIO((fonts / "DejaVuSans.ttf").read_bytes()))
    # registerFont() would take what is there of the same face name, such as a font of the application.
    pdfmetrics._fonts[font.fontName] = font  # noqa: SLF001
    return font
