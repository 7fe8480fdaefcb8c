"""Which parsed templates are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import jinja2
from jinja2.utils import LRUCache

from ondemand_attach._message import Slot, Source

_KEPT = 256
_SEEN = 4_096


class Kept:
    """Templates, parsed when they are first asked for; shared by threads.

    What a generator renders may have been put together of the data of one customer, and would stay for
    nobody's use: it is kept when it comes for other recipients too.

    Args:
        parse: how one is parsed.
    """

    def __init__(self, parse: Callable[[Slot, Source], jinja2.Template]) -> None:
        self._parse = parse
        self._templates = LRUCache(_KEPT)
        self._first = LRUCache(_SEEN)

    def __call__(self, slot: Slot, source: Source, whose: frozenset[str] | None = None) -> jinja2.Template:
        """Return the template.

        Args:
            slot: what it is for.
            source: what is parsed.
            whose: the recipients, if it may have been put together of their data.
        """
        if source.text is None:
            return self._parse(
                slot, source
            )  # Jinja2 keeps files, and asks their loader whether they are current
        template: jinja2.Template | None = self._templates.get((slot, source))
        if template is None:
            template = self._parse(slot, source)
            if whose is None or self._is_for_others(_digest(source.text), whose):
                self._templates[slot, source] = template
        return template

    def _is_for_others(self, source: bytes, whose: frozenset[str]) -> bool:
        recipients = _digest(*sorted(whose))
        return bool(self._first.setdefault(source, recipients) != recipients)


def _digest(*texts: str) -> bytes:
    return hashlib.blake2b("\0".join(texts).encode("utf-8", "surrogatepass"), digest_size=20).digest()
