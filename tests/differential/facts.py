"""What a PDF says and how it looks, in values that can be compared: object numbers, dates and ids left out."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import Any

import pikepdf
import pypdfium2

_SCALE = 1.5
_VOLATILE = {"/CreationDate", "/ModDate", "/Length", "/Filter", "/DecodeParms", "/Parent", "/P"}

Fact = Callable[[pikepdf.Pdf], object]


def facts(content: bytes) -> dict[str, object]:
    """Return everything about a PDF that its reader could notice, except for how it looks."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        found = {name: fact(pdf) for name, fact in FACTS.items()}
    return found | {"text": _texts(content)}


def looks(content: bytes) -> list[tuple[int, int, bytes]]:
    """Return the picture of each page: its width, height and pixels."""
    with pypdfium2.PdfDocument(content) as document:
        return [_picture(page) for page in document]


def _picture(page: pypdfium2.PdfPage) -> tuple[int, int, bytes]:
    bitmap = page.render(scale=_SCALE)
    return bitmap.width, bitmap.height, bytes(bitmap.buffer)


def _texts(content: bytes) -> list[str]:
    with pypdfium2.PdfDocument(content) as document:
        return [page.get_textpage().get_text_range() for page in document]


def _page_sizes(pdf: pikepdf.Pdf) -> object:
    keys = ("/MediaBox", "/CropBox", "/Rotate", "/UserUnit")
    return [{key: _plain(pdf, page.obj[key]) for key in keys if key in page.obj} for page in pdf.pages]


def _streams(pdf: pikepdf.Pdf) -> object:
    return [_stream(page) for page in pdf.pages]


def _stream(page: pikepdf.Page) -> bytes:
    page.contents_coalesce()
    return page.Contents.read_bytes()


def _fonts(pdf: pikepdf.Pdf) -> object:
    return [_plain(pdf, page.resources.get("/Font", {})) for page in pdf.pages]


def _resources(pdf: pikepdf.Pdf) -> object:
    kinds = [dict(page.resources.items()) for page in pdf.pages]
    return [{key: _plain(pdf, used) for key, used in kind.items() if key != "/Font"} for kind in kinds]


def _annotations(pdf: pikepdf.Pdf) -> object:
    return [_plain(pdf, page.obj.get("/Annots", [])) for page in pdf.pages]


def _outlines(pdf: pikepdf.Pdf) -> object:
    with pdf.open_outline() as outline:
        return [_entry(pdf, item) for item in outline.root]


def _entry(pdf: pikepdf.Pdf, item: pikepdf.OutlineItem) -> object:
    target = item.destination if item.action is None else item.action
    return item.title, _plain(pdf, target), item.is_closed, [_entry(pdf, child) for child in item.children]


def _information(pdf: pikepdf.Pdf) -> object:
    return _plain(pdf, pdf.docinfo)


def _page_labels(pdf: pikepdf.Pdf) -> object:
    return [page.label for page in pdf.pages], _plain(pdf, pdf.Root.get("/PageLabels", {}))


def _catalogue(pdf: pikepdf.Pdf) -> object:
    elsewhere = {"/Pages", "/Outlines", "/PageLabels"}
    return {key: _plain(pdf, value) for key, value in pdf.Root.items() if key not in elsewhere}


FACTS: dict[str, Fact] = {
    "page sizes": _page_sizes,
    "content streams": _streams,
    "fonts": _fonts,
    "other resources": _resources,
    "annotations": _annotations,
    "outlines": _outlines,
    "information": _information,
    "page labels": _page_labels,
    "catalogue": _catalogue,
}


def _plain(pdf: pikepdf.Pdf, value: Any) -> Any:
    """Return *value* without object numbers; a stream as its dictionary and a digest of what it unpacks to."""
    if isinstance(value, pikepdf.Stream):
        return _entries(pdf, value), hashlib.sha256(value.read_bytes()).hexdigest()
    if isinstance(value, (pikepdf.Dictionary, dict)):
        return _page(pdf, value) if value.get("/Type") == "/Page" else _entries(pdf, value)
    if isinstance(value, (pikepdf.Array, list)):
        return [_plain(pdf, part) for part in value]
    return bytes(value) if isinstance(value, pikepdf.String) else str(value)


def _page(pdf: pikepdf.Pdf, value: pikepdf.Dictionary) -> str:
    places = (place for place, page in enumerate(pdf.pages) if page.obj.objgen == value.objgen)
    return f"page {next(places, 'that is not there')}"


def _entries(pdf: pikepdf.Pdf, value: Any) -> dict[str, Any]:
    return {key: _plain(pdf, part) for key, part in sorted(value.items()) if key not in _VOLATILE}
