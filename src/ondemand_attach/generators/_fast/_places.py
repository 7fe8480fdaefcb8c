"""Where a value is, in words that hold for all documents of a shape."""

from __future__ import annotations

from bisect import bisect_right

from ondemand_attach.generators._fast._markup import Cut


class Places:
    """Counts the values of one document from the beginning of the segment that they are in.

    A segment lies before, between, in or after the regions of rows; texts and addresses are counted apart.
    """

    def __init__(self, parts: Cut) -> None:
        texts, links = [0], [parts.texts]
        for region in parts.regions:
            first, last = region.rows[0], region.rows[-1]
            texts += [first.texts.start, last.texts.stop]
            links += [first.links.start, last.links.stop]
        self._texts, self._links, self._count = texts, links, parts.texts

    def __call__(self, number: int) -> tuple[int, int]:
        """Return the segment of a value, and its number within."""
        starts, before = (self._texts, 0) if number < self._count else (self._links, len(self._texts))
        segment = bisect_right(starts, number) - 1
        return before + segment, number - starts[segment]

    def number(self, segment: int, offset: int) -> int:
        """Return the number of a value."""
        segments = len(self._texts)
        start = self._texts[segment] if segment < segments else self._links[segment - segments]
        return start + offset
