"""The same document by xhtml2pdf alone, with the same fonts under names that it does not know yet."""

from __future__ import annotations

import functools
import io
import logging
import re
import unicodedata
from typing import Any
from unittest import mock

import html5lib
from reportlab.pdfbase import pdfmetrics
from sides import FONTS
from xhtml2pdf import pisa
from xhtml2pdf.config.resources import ResourceAccessPolicy

from ondemand_attach.generators._xhtml2pdf_subsets import KeptFont

DIFFERENT = {
    "pension_statement": "brings fonts of its own by relative names, which xhtml2pdf reads from no folder",
    "picking_list": "has digits below a barcode, for which xhtml2pdf takes Helvetica",
    "report_with_contents": "has a table of contents, which xhtml2pdf slants with a bold embedded font",
}
"""Templates whose documents do not look the same, and why."""

_FACES = {"same-sans": "DejaVuSans", "same-serif": "DejaVuSerif", "same-mono": "DejaVuSansMono"}
_SLANTED = {"DejaVuSans": "Oblique", "DejaVuSerif": "Italic", "DejaVuSansMono": "Oblique"}
_NAMES = {
    "same-serif": ("georgia", "times", "cambria", "garamond", "serif", "book antiqua"),
    "same-mono": ("courier", "monospace", "consolas"),
}
_FAMILIES = re.compile(r"""(font-family:\s*|font:\s*9pt\s|face=")([^;}<>]*?)([;}>]|"(?=>))""")
_POLICY = ResourceAccessPolicy(allow_remote=False, base_dir=FONTS)


def rendered(html: str) -> bytes:
    """Return the PDF that `pisa.pisaDocument` makes of *html*, as the generator reads it."""
    _share_fonts()
    out = io.BytesIO()
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with mock.patch.object(html5lib, "HTMLParser", _Merging):
            pisa.pisaDocument(
                _SHEET + _FAMILIES.sub(_same, unicodedata.normalize("NFC", html)),
                out,
                resource_policy=_POLICY,
            )
    finally:
        logging.disable(before)
    return out.getvalue()


@functools.cache
def _share_fonts() -> None:
    """Have ReportLab embed the fonts as the generator does, without hints: it takes the first of a face name."""
    for file in FONTS.glob("*.ttf"):
        font = KeptFont(f"same-{file.stem}", file.read_bytes())
        pdfmetrics._dynFaceNames[font.face.name] = font


class _Merging(html5lib.HTMLParser):  # type: ignore[misc]
    def parse(self, *args: Any, **kwargs: Any) -> Any:
        tree = super().parse(*args, **kwargs)
        tree.normalize()  # a character reference is a part of the text around it
        return tree


def _same(found: re.Match[str]) -> str:
    before, names, after = found.groups()
    first = re.split(r"[,\s]*[\"',]+\s*", names.strip(" \"'"))[0].lower()
    known = (family for family, starts in _NAMES.items() if first.startswith(starts))
    return f"{before}{next(known, 'same-sans')}, same-sans{after}"


def _face(family: str, file: str) -> str:
    slanted = _SLANTED[file]
    styles = {
        "": "",
        "-Bold": "font-weight: bold;",
        f"-{slanted}": "font-style: italic;",
        f"-Bold{slanted}": "font-weight: bold; font-style: italic;",
    }
    return "".join(
        f'@font-face {{ font-family: {family}; {style} src: url("{FONTS / file}{suffix}.ttf") }}\n'
        for suffix, style in styles.items()
    )


_SHEET = f"""<style>{"".join(_face(family, file) for family, file in _FACES.items())}
html {{ font-family: same-sans }} pre, code, kbd, tt {{ font-family: same-mono, same-sans }}</style>"""
