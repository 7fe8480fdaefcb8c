"""The plain text that goes beside an HTML body."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

# What html.parser reads in quadratic time, or not at all before its fixes of 2025 (unclosed comments
# and declarations), is taken out first; each pattern matches wherever it starts, so none looks twice.
_DROPPED: Final = re.compile(
    r"<!--.*?(?:-->|\Z)|<(head|script|style|template|title)\b.*?(?:</\1\s*>|\Z)|<[!?][^>]*>?",
    re.DOTALL | re.IGNORECASE,
)
_STRAY: Final = re.compile(r"<(?![^<>]*>)")
_LINES: Final = frozenset(
    {
        "address",
        "article",
        "aside",
        "br",
        "dd",
        "div",
        "dt",
        "footer",
        "form",
        "header",
        "li",
        "main",
        "nav",
        "section",
        "tr",
    }
)
_PARAGRAPHS: Final = frozenset(
    {"blockquote", "dl", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ol", "p", "pre", "table", "ul"}
)
_CELL: Final = "\t"
_SCHEMES: Final = ("http:", "https:", "mailto:", "tel:")


def text_of(html: str) -> str:
    """Return the text of *html*: blocks on lines of their own, links as ``text (address)``.

    List items are marked, table cells separated by two spaces, other white space is folded.
    """
    reader = _Reader()
    reader.feed(_STRAY.sub("&lt;", _DROPPED.sub("", html)))
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self._finished: list[str] = []
        self._line: list[str] = []
        self._marker = ""
        self._link = ("", 0)
        self._counters: list[int | None] = []

    def text(self) -> str:
        self._end_line(is_paragraph=False)
        return "\n".join(self._finished).strip("\n")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._separate(tag)
        values = dict(attrs)
        if tag == "a":
            self._link = (values.get("href") or "", len(self._line))
        elif tag == "img":
            self.handle_data(values.get("alt") or "")
        elif tag in {"ol", "ul"}:
            self._counters.append(1 if tag == "ol" else None)
        elif tag == "li":
            self._marker = self._next_marker()

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._end_link()
        elif tag in {"ol", "ul"} and self._counters:
            self._counters.pop()
        if tag != "br":
            self._separate(tag)

    def handle_data(self, data: str) -> None:
        self._line.append(data.replace(_CELL, " "))

    def _separate(self, tag: str) -> None:
        if tag in _LINES or tag in _PARAGRAPHS:
            self._end_line(is_paragraph=tag in _PARAGRAPHS and not self._counters)
        elif tag in {"td", "th"}:
            self._line.append(_CELL)

    def _end_line(self, *, is_paragraph: bool) -> None:
        cells = (" ".join(cell.split()) for cell in "".join(self._line).split(_CELL))
        self._line.clear()
        if line := "  ".join(filter(None, cells)):
            self._finished.append(self._marker + line)
            self._marker = ""
        if is_paragraph and self._finished and self._finished[-1]:
            self._finished.append("")

    def _end_link(self) -> None:
        (address, start), self._link = self._link, ("", 0)
        text = " ".join("".join(self._line[start:]).split())
        shown = address.removeprefix("mailto:").removeprefix("tel:")
        if address.startswith(_SCHEMES) and shown != text:
            self.handle_data(f" ({shown})" if text else shown)

    def _next_marker(self) -> str:
        indent = "  " * (len(self._counters) - 1)
        number = self._counters[-1] if self._counters else None
        if number is None:
            return f"{indent}- "
        self._counters[-1] = number + 1
        return f"{indent}{number}. "
