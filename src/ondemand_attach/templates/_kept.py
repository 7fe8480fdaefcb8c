"""Which parsed templates are kept."""

from __future__ import annotations

import functools
import hashlib
import itertools
from collections.abc import Callable, Iterator

import jinja2
from jinja2.utils import LRUCache

from ondemand_attach._message import Slot, Source

_KEPT = 256
_SEEN = 4_096


class Kept:
    """Templates, parsed when they are first asked for; shared by threads.

    A file is kept at once, a source when it comes again: a generator may have put it together of the data of
    one customer, which nobody else has a use for.

    Args:
        parse: how one is parsed.
    """

    def __init__(self, parse: Callable[[Slot, Source], jinja2.Template]) -> None:
        self._parse = parse
        self._templates = LRUCache(_KEPT)
        self._sightings = functools.lru_cache(maxsize=_SEEN)(_counter)

    def __call__(self, slot: Slot, source: Source) -> jinja2.Template:
        """Return the template."""
        template: jinja2.Template | None = self._templates.get((slot, source))
        if template is None:
            template = self._parse(slot, source)
            if source.text is None or self._is_known(slot, source.text):
                self._templates[slot, source] = template
        return template

    def _is_known(self, slot: Slot, text: str) -> bool:
        digest = hashlib.blake2b(f"{slot}\0{text}".encode("utf-8", "surrogatepass"), digest_size=20).digest()
        return next(self._sightings(digest)) > 0


def _counter(digest: bytes) -> Iterator[int]:  # noqa: ARG001 - one for each
    return itertools.count()
