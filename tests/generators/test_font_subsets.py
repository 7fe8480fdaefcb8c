"""Subsets of the default fonts: one code for a letter in all fonts of a document, and one table of the letters."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from fontTools.ttLib import TTFont
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont as ReportLabFont

from ondemand_attach import Xhtml2PdfGenerator
from ondemand_attach.generators import _xhtml2pdf_fonts, _xhtml2pdf_subsets
from ondemand_attach.testing import attachment_request

FONT = Path(_xhtml2pdf_fonts.__file__).parent / "fonts" / "DejaVuSans.ttf"
ASCII = "".join(map(chr, range(33, 127))).replace("&", "").replace("<", "")
LATIN = "".join(map(chr, range(0xC0, 0x180)))
GREEK = "".join(map(chr, range(0x3B1, 0x3C9)))
CYRILLIC = "".join(map(chr, range(0x410, 0x450)))


def made(html: str) -> bytes:
    return Xhtml2PdfGenerator(source=html).generate(attachment_request({})).content


def text_of(content: bytes) -> str:
    with pypdfium2.PdfDocument(content) as pdf:
        return "".join("".join(page.get_textpage().get_text_bounded().split()) for page in pdf)


def tables_of(content: bytes) -> list[tuple[int, int]]:
    """Return, for each font of a document, the objects that tell which letters its codes are."""
    with pikepdf.open(BytesIO(content)) as pdf:
        fonts = [
            each for each in pdf.objects if isinstance(each, pikepdf.Dictionary) and "/ToUnicode" in each
        ]
        return [font.ToUnicode.objgen for font in fonts]


@pytest.mark.parametrize("letters", [ASCII, LATIN, GREEK + CYRILLIC, LATIN + GREEK + CYRILLIC])
def test_every_letter_can_be_read_in_every_face(letters: str) -> None:
    pieces = [letters[start : start + 40] for start in range(0, len(letters), 40)]
    faces = (
        "%s",
        "<b>%s</b>",
        "<i>%s</i>",
        "<b><i>%s</i></b>",
        '<span style="font-family: monospace">%s</span>',
    )
    order = [piece[::-1] if number % 2 else piece for number, piece in enumerate(pieces * len(faces))]
    html = "".join(f"<p>{faces[number % len(faces)] % piece}</p>" for number, piece in enumerate(order))
    assert text_of(made(html)) == "".join(order)


def test_fonts_share_a_table() -> None:
    tables = tables_of(made("<p>Aß <b>Bé</b> <i>Cñ</i> <b><i>Dø</i></b></p>"))
    assert len(tables) == 4
    assert len(set(tables)) == 1


def test_a_font_has_the_glyphs_of_what_is_drawn_with_it_only() -> None:
    both, alone = (glyphs(made(html))["Bold"] for html in ("<p>Żółw <b>plain</b></p>", "<p><b>plain</b></p>"))
    assert both == alone
    assert glyphs(made("<p><b>Żółw</b></p>"))["Bold"] > alone


@pytest.mark.parametrize("is_first", [True, False])
def test_a_font_of_the_same_name_that_the_application_uses_is_another(
    *, is_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = {name: font for name, font in pdfmetrics._fonts.items() if not name.startswith("ondemand-")}
    monkeypatch.setattr(pdfmetrics, "_fonts", others)
    monkeypatch.setattr(pdfmetrics, "_dynFaceNames", {})
    monkeypatch.setattr(_xhtml2pdf_fonts, "_faces", set())
    own = ReportLabFont("Own", str(FONT))
    if is_first:
        pdfmetrics.registerFont(own)
    ours = pdfmetrics.getFont(_xhtml2pdf_fonts._face(FONT.read_bytes()))
    if not is_first:
        pdfmetrics.registerFont(own)
    assert isinstance(ours, _xhtml2pdf_subsets.KeptFont)
    assert pdfmetrics.getFont("Own") is own


def test_documents_do_not_share_codes() -> None:
    first, _, again = (made(f"<p>{text}</p>") for text in ("żółw", "ąęć", "żółw"))
    assert _streams(first) == _streams(again)


def glyphs(content: bytes) -> dict[str, int]:
    """Return how many glyphs each face of a document has, by the last word of its name."""
    with pikepdf.open(BytesIO(content)) as pdf:
        all_ = [each for each in pdf.objects if isinstance(each, pikepdf.Dictionary) and "/FontFile2" in each]
        programs = {str(each.FontName).rpartition("-")[2]: each.FontFile2.read_bytes() for each in all_}
    return {name: TTFont(BytesIO(program))["maxp"].numGlyphs for name, program in programs.items()}


def _streams(content: bytes) -> list[bytes]:
    with pikepdf.open(BytesIO(content)) as pdf:
        return [each.read_bytes() for each in pdf.objects if isinstance(each, pikepdf.Stream)]
