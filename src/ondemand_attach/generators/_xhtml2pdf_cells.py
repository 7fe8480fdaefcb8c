"""Table cells that are higher than a page: they go on on the next one, in print of the same size."""

from __future__ import annotations

from typing import Any, Final

from reportlab.platypus.flowables import _listWrapOn
from xhtml2pdf.xhtml2pdf_reportlab import _UNBOUNDED, PmlKeepInFrame, _CellPart

_FUZZ: Final = 1e-3
_wrap = PmlKeepInFrame.wrap


def wrap(cell: Any, width: float, height: float) -> Any:
    """Lay a cell out as xhtml2pdf does, but never shrink it because of its height.

    xhtml2pdf cuts a row inside if its cells do not fit the page as they are. It takes them for fitting when
    they were shrunk, down to print that nobody can read.
    """
    size = _wrap(cell, width, height)
    if getattr(cell, "_scale", 1) <= 1 or height >= _UNBOUNDED or isinstance(cell, _CellPart):
        return size
    content, canvas = cell._content, getattr(cell, "canv", None)  # noqa: SLF001
    if _listWrapOn(content, max(width, 1.0), canvas)[1] <= cell.maxHeight + _FUZZ:
        return size  # a word or an image is too wide
    del cell._scale  # noqa: SLF001
    return _wrap(cell, width, _UNBOUNDED)
