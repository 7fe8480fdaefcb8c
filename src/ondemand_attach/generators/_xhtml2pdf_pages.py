# ruff: noqa: N802 - the names are those of the parent class
"""The number of pages, guessed before the layout, so that a right guess saves the second one.

xhtml2pdf lays out every document that prints its page count twice: to count, and to print.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Final

from xhtml2pdf.xhtml2pdf_reportlab import PmlBaseDoc, PmlPageCount

_MAX_PASSES: Final = 3
_REMEMBERED: Final = 32


class PageCounts:
    """Remembers how many pages the recent documents had, by the length of their markup."""

    def __init__(self) -> None:
        self._recent: deque[tuple[int, int]] = deque(maxlen=_REMEMBERED)
        self._lock = threading.Lock()

    def guess(self, length: int) -> int:
        """Return the number of pages of the recent document that was nearest in length, or 1."""
        with self._lock:
            nearest = min(self._recent, key=lambda known: abs(known[0] - length), default=(0, 1))
        return nearest[1]

    def remember(self, length: int, pages: int) -> None:
        with self._lock:
            self._recent.append((length, pages))


class GuessedPageCount(PmlPageCount):  # type: ignore[misc]
    """Stands at the end of a story and asks for another layout for as long as the guess is wrong.

    Args:
        doc: what the story is laid out in.
        guess: the number of pages to print in the first layout.
    """

    def __init__(self, doc: PmlBaseDoc, guess: int) -> None:
        super().__init__()
        self._doc, self._guess, self._passes = doc, guess, 0

    def beforeBuild(self) -> None:
        for counting in (self._doc, *self._doc.pageTemplates):
            counting._page_count = self._guess  # noqa: SLF001
        self._passes += 1

    def isSatisfied(self) -> bool:
        doc, guess = self._doc, self._guess
        self._guess = doc.page
        are_resets_known = sorted(doc.pageNumberResets) == doc._knownResets  # noqa: SLF001
        return (doc.page == guess and are_resets_known) or self._passes >= _MAX_PASSES
