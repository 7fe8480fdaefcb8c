"""Where in a document, or in its template, something is: in words that quote the template alone."""

from __future__ import annotations

import contextlib
import html
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from xhtml2pdf.config.resources import check_deadline
from xhtml2pdf.xhtml2pdf_reportlab import PmlTable

from ondemand_attach.generators._xhtml2pdf_markup import parse

Files = Callable[[], Mapping[str, str]]
"""The templates of a document by their names, read when something is wrong."""

_HIDDEN: Final = frozenset({"head", "script", "style", "title"})
_DEEPEST: Final = 20


class Places:
    """Looks for things in one document.

    Args:
        markup: the document.
        files: its templates.
    """

    def __init__(self, markup: str, files: Files = dict) -> None:
        self._markup, self._files = markup, files

    def forget(self) -> None:
        """Keep nothing of the document."""
        vars(self).clear()
        vars(self).update(_markup="", _files=dict)

    def named(self, address: str) -> str:
        """Say which *address* it is: as it is, if a template says so, else that it is of the data."""
        if address.strip().lower().startswith("data:"):
            return "what a data: address holds"
        if not address.strip():
            return f"an empty address ({self._element_with(address)})"
        for name, text in self._files().items():
            for written in {address, html.escape(address)}:
                if (start := _start_of(written, text)) is not None:
                    return f"{address!r} ({name}:{text.count(chr(10), 0, start) + 1})"
        return f"an address that is made of the data ({self._element_with(address)})"

    def _element_with(self, address: str) -> str:
        """Return the element of which *address* is an attribute."""
        with contextlib.suppress(Exception):  # as above
            seen: Counter[str] = Counter()
            for node in self._tree.getElementsByTagName("*"):
                seen[node.tagName] += 1
                if any(_holds(name, value, address) for name, value in node.attributes.items()):
                    return f"<{node.tagName}> {seen[node.tagName]} of the document"
        return "in a style sheet"

    def of_text(self, text: str) -> str | None:
        """Return the element of the document that *text* was drawn for, or None if it is not found."""
        wanted = _plain(text)
        return next((place for place, found in self._texts if wanted and wanted in found), None)

    @cached_property
    def _texts(self) -> list[tuple[str, str]]:
        with contextlib.suppress(Exception):  # whatever is wrong, or out of time: there is an error already
            return list(_texts(self._tree.documentElement, Counter()))
        return []

    @cached_property
    def _tree(self) -> Any:
        return parse(self._markup, check_deadline)

    def too_large(self, error: BaseException) -> str | None:
        """Say which part of the document does not fit its page, if *error* is about that."""
        calls = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
        # ReportLab stumbles while it describes a table whose heights it has not looked at.
        is_layout = type(error).__name__ == "LayoutError" or any(
            frame.f_code.co_name == "_fSizeString" for frame in calls
        )
        at = [frame.f_locals for frame in calls if frame.f_code.co_name == "handle_flowable"]
        if not is_layout or not at or "f" not in at[-1]:
            return None
        return self._described(at[-1]["f"], getattr(at[-1].get("self"), "page", None))

    def _described(self, part: Any, page: int | None) -> str:
        element = self.of_text(_first_text(part) or "")
        where = f" (page {page}{f', {element}' if element else ''})" if page else ""
        if isinstance(part, PmlTable):
            what = f"a table of {part._nrows} rows and {part._ncols} columns has some that are"  # noqa: SLF001
            way = "a cell with rowspan keeps its rows together: give it fewer, or repeat it"
        else:
            what = "a part of the document is"
            way = "make it smaller, or let it break: page-break-inside: avoid keeps it together"
        return f"{what} larger than its page and cannot be split{where}; {way}"


def _holds(name: str, value: str, address: str) -> bool:
    """Whether the attribute *name* asks for *address*. An empty one is in each text."""
    return address in value if address.strip() else name in {"src", "href"} and not value.strip()


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _texts(node: Any, seen: Counter[str]) -> Iterator[tuple[str, str]]:
    """Yield the texts of the document, in order, each with the element that it is in."""
    seen[node.tagName] += 1
    place = f"<{node.tagName}> {seen[node.tagName]} of the document"
    for child in node.childNodes:
        if child.nodeType == child.TEXT_NODE:
            yield place, _plain(child.data)
        elif child.nodeType == child.ELEMENT_NODE and child.tagName not in _HIDDEN:
            yield from _texts(child, seen)


def _first_text(part: Any, depth: int = 0) -> str | None:
    """Return a text that a flowable draws."""
    if isinstance(part, str) or depth > _DEEPEST:
        return part if isinstance(part, str) and part.strip() else None
    inside = part if isinstance(part, list | tuple) else _inside(part)
    return next(filter(None, (_first_text(each, depth + 1) for each in inside)), None)


def _inside(part: Any) -> list[Any]:
    names = ("_cellvalues", "_content", "content", "_flowables", "frags")
    found = [vars(part)[name] for name in names if name in getattr(part, "__dict__", {})]
    text = getattr(part, "text", None)
    return [*found, text] if isinstance(text, str) else found


def _start_of(value: str, template: str) -> int | None:
    """Return where *value* is all of a value in *template*. A pattern of it would stay in `re`'s cache."""
    start = template.find(value) if value else -1
    while start >= 0:
        before, after = template[max(start - 1, 0) : start], template[start + len(value) :][:1]
        if before and after and before in "=\"'( \t\r\n" and after in "\"') \t\r\n>":
            return start
        start = template.find(value, start + 1)
    return None
