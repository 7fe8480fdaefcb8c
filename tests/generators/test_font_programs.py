"""Fonts without hints and names draw the same, in a third of the bytes."""

from __future__ import annotations

import contextlib
import zlib
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image, ImageChops, ImageStat
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

import ondemand_attach.generators
from ondemand_attach import Xhtml2PdfGenerator
from ondemand_attach.generators import _font_programs, _xhtml2pdf_subsets
from ondemand_attach.generators._font_programs import unhinted
from ondemand_attach.generators._xhtml2pdf_subsets import KeptFont
from ondemand_attach.testing import attachment_request

FOLDER = Path(ondemand_attach.generators.__file__).parent / "fonts"
FACES = sorted(path.name for path in FOLDER.glob("*.ttf"))
CODES = [*range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x391, 0x3C9), *range(0x410, 0x450)]


def subset(face: str) -> bytes:
    font = TTFont("font", str(FOLDER / face)).face
    made: bytes = font.makeSubset([code for code in CODES if code in font.charToGlyph][:250])
    return made


@pytest.mark.parametrize("face", FACES)
def test_what_is_left_out_is_what_no_reader_needs(face: str) -> None:
    before, after = subset(face), unhinted(subset(face))
    tables = [set(dict(_font_programs._tables(each))) for each in (before, after)]
    assert tables[0] - tables[1] == {"name", "cvt ", "fpgm", "prep"} & tables[0]
    assert len(zlib.compress(after)) < 0.76 * len(zlib.compress(before))


STYLES = ("", "<b>%s</b>", "<i>%s</i>", "<b><i>%s</i></b>")
KNOWN = set.intersection(*(set(TTFont("font", str(FOLDER / face)).face.charToGlyph) for face in FACES))
TEXT = "".join(chr(code) for code in CODES if code in KNOWN and chr(code).isalnum())
LETTER = "".join(
    f"<p style='font-family: {family}'>{(style or '%s') % TEXT[start : start + 60]}</p>"
    for family in ("sans-serif", "serif", "monospace")
    for style in STYLES
    for start in range(0, len(TEXT), 60)
)


def drawn() -> list[Image.Image]:
    for font in pdfmetrics._fonts.values():
        if isinstance(font, KeptFont):
            font._subset.cache_clear()
    content = Xhtml2PdfGenerator(source=LETTER).generate(attachment_request({})).content
    with contextlib.closing(pypdfium2.PdfDocument(content)) as pdf:
        return [page.render(scale=3).to_pil().convert("L") for page in pdf]


def apart(pages: list[Image.Image], others: list[Image.Image]) -> float:
    """Return how far two drawings are apart at most: the mean of a page, in steps of grey."""
    pairs = zip(pages, others, strict=True)
    return max(ImageStat.Stat(ImageChops.difference(page, other)).mean[0] for page, other in pairs)


def test_they_draw_the_same_but_for_hints(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = drawn()
    with monkeypatch.context() as patch:
        patch.setattr(_xhtml2pdf_subsets, "unhinted", lambda program: program)
        hinted = apart(drawn(), pages)
    with monkeypatch.context() as patch:
        patch.setattr(_font_programs, "_composite", lambda glyph: glyph[:10])  # no accents
        without_accents = apart(drawn(), pages)
    drawn()  # so that no subset of this test is kept
    assert 10 * hinted < without_accents
