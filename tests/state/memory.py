"""Looks through all objects of a process for what messages left behind; run as a program of its own.

    python memory.py SEED [BAD]

prints as JSON what was found, by the kind of value and by who holds it. Every object is looked at that Python's
collector knows, or that can be reached from one of these: so modules, classes, caches, closures, threads and frames.
"""

from __future__ import annotations

import _asyncio
import asyncio
import datetime
import functools
import gc
import json
import re
import sys
import tempfile
import types
import zlib
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from xhtml2pdf import util

from ondemand_attach import FileTransport, Mailer, MemoryTransport, Message, SmtpTransport
from ondemand_attach.generators import _xhtml2pdf_engine
from ondemand_attach.generators._fast import _renderer, _shapes
from ondemand_attach.templates import _kept, _sandbox
from ondemand_attach.testing import SmtpSink
from state import features

ENCODINGS = ("utf-8", "utf-16-be", "utf-16-le", "latin-1")
NUMBERS = (int, float, Decimal, datetime.date, datetime.datetime)


class Search:
    """What is looked for: texts in objects of any text or bytes, and numbers."""

    def __init__(self, traces: Sequence[Any]) -> None:
        self.texts = [trace for trace in traces if isinstance(trace, str)]
        self.numbers = {trace for trace in traces if isinstance(trace, NUMBERS)}
        spelt = [*self.texts, *map(str, self.numbers)]
        self._text = re.compile("|".join(map(re.escape, spelt)))
        in_bytes = {text.encode(encoding, "ignore") for text in spelt for encoding in ENCODINGS}
        self._bytes = re.compile(b"|".join(map(re.escape, in_bytes)))

    def finds(self, thing: Any) -> bool:
        if isinstance(thing, str):
            return self._text.search(thing) is not None
        if isinstance(thing, bytes | bytearray | memoryview):
            return any(self._bytes.search(part) for part in _unpacked(bytes(thing)))
        return type(thing) in NUMBERS and thing in self.numbers

    def forget(self) -> list[object]:
        """Return the objects of the search itself, which are no findings."""
        return [self.__dict__, self.texts, self.numbers, *self.texts, *self.numbers, *self._patterns()]

    def _patterns(self) -> list[object]:
        return [self._text, self._text.pattern, self._bytes, self._bytes.pattern]


def _unpacked(content: bytes) -> Iterator[bytes]:
    yield content
    for start in re.finditer(rb"\x78[\x01\x5e\x9c\xda]", content):
        try:
            yield zlib.decompressobj().decompress(content[start.start() :], 1 << 20)
        except zlib.error:
            continue


def findings(search: Search) -> tuple[int, list[tuple[str, str]]]:
    """Return how many objects there are, and what is still in them, each with the way to it."""
    own = {id(thing) for thing in search.forget()}
    gc.collect()
    left: list[Any] = gc.get_objects()
    seen: set[int] = set()
    found: list[tuple[Any, Any]] = []
    holders: dict[int, Any] = {}
    own |= {id(thing) for thing in (left, seen, found, holders, own, sys._getframe())}
    while left:
        thing = left.pop()
        if id(thing) in seen or id(thing) in own:
            continue
        seen.add(id(thing))
        if search.finds(thing):
            found.append((thing, holders.get(id(thing))))
        for inner in _referents(thing):
            if not gc.is_tracked(inner) and id(inner) not in seen:
                holders[id(inner)] = thing
                left.append(inner)
    del thing, inner
    holders.clear()
    own |= {id(pair) for pair in found}
    return len(seen), [(type(thing).__name__, _way(thing, holder, own)) for thing, holder in found]


def _referents(thing: Any) -> list[Any]:
    """Return what *thing* refers to.

    The C module of asyncio is asked for its names only: until CPython 3.12.6 and 3.13.0 it also told of iterators that
    it had freed, and looking at these closed its list of them to a ring, which no collection came out of (gh-122695).
    """
    return list(vars(thing).values()) if thing is _asyncio else gc.get_referents(thing)


def _way(thing: Any, holder: Any, own: set[int]) -> str:
    """Name who holds *thing*, from inside out, without quoting anything."""
    passed, names = {id(thing), *own}, []
    for _ in range(8):
        if holder is None or isinstance(holder, types.ModuleType | type):
            break
        passed.add(id(holder))
        names.append(_named(holder))
        holder = _holder_of(holder, passed)
    return " < ".join(names)


def _holder_of(thing: Any, passed: set[int]) -> Any:
    referrers = gc.get_referrers(thing)
    passed.add(id(referrers))
    for other in referrers:
        if id(other) not in passed and not isinstance(other, types.FrameType):
            return other
    return None


def _named(thing: Any) -> str:
    if isinstance(thing, dict) and isinstance(thing.get("__name__"), str):
        return f"dict of {thing['__name__']}"
    name = getattr(thing, "__qualname__", None) or getattr(thing, "__name__", None)
    return f"{type(thing).__name__} {name}" if isinstance(name, str) else type(thing).__name__


# The story: some customers get their messages, and leave


LONG_LIVED: list[Mailer] = []


def serve(people: Sequence[features.Customer], folder: Path) -> None:
    """Do with messages what an application does."""
    with SmtpSink() as sink:
        mailer = Mailer(SmtpTransport(sink.url))
        LONG_LIVED.append(mailer)
        sent = [mailer.deliver(message) for message in _messages(people)]
        assert len(sink.deliveries) == len(sent)
    mailer = Mailer(FileTransport(folder))
    LONG_LIVED.append(mailer)
    asyncio.run(_sent_from_a_loop(mailer, people))
    for message in _messages(people):
        mailer.deliver(message)
        message.exposure()
    memory = MemoryTransport()
    for message in _messages(people):
        Mailer(memory).deliver(message)
    for who in people:
        assert len(features.refused(who)) == len(features.broken())


async def _sent_from_a_loop(mailer: Mailer, people: Sequence[features.Customer]) -> None:
    builders = (features.pdf(), features.files(), features.broken()[0])
    calls = [mailer.asend(builder, who.context, to=who.address) for builder in builders for who in people]
    await asyncio.gather(*calls, return_exceptions=True)


def _messages(people: Sequence[features.Customer]) -> Iterator[Message]:
    for name, build in features.BUILDERS.items():
        for who in people:
            yield features.built(build(), who, name)


# Programs that are known to keep something


def _keep_modules() -> None:
    del _sandbox._Template._get_default_module


def _keep_sources() -> None:
    _kept.Kept._is_for_others = lambda *_: True


def _keep_words() -> None:
    _renderer.forget_words = lambda: None


def _keep_texts() -> None:
    clear = _shapes.Shape.clear

    def half(self: Any, *args: Any) -> None:
        texts = [(fragment, fragment.text) for *_, use in self._uses for fragment in use.fragments]
        clear(self, *args)
        for fragment, text in texts:
            fragment.text = text

    _shapes.Shape.clear = half


def _keep_in_a_filter() -> None:
    last: dict[str, Any] = {}
    dearest_first = features.dearest_first

    @functools.wraps(dearest_first)
    def kept(lines: list[Any]) -> list[Any]:
        last["lines"] = lines
        return dearest_first(lines)

    features.dearest_first = kept


def _keep_in_patterns() -> None:
    dearest_first = features.dearest_first
    features.dearest_first = lambda lines: re.compile(str(lines[0]["price"])) and dearest_first(lines)


def _keep_warnings() -> None:
    _xhtml2pdf_engine._forget = util.reset_caches


MUTANTS: dict[str, Callable[[], None]] = {  # by whom they are held
    "_Template <": _keep_modules,
    "< Kept <": _keep_sources,
    "_lru_cache_wrapper stringWidth": _keep_words,
    "< Shape <": _keep_texts,
    "function dearest_first": _keep_in_a_filter,
    "dict of re": _keep_in_patterns,
    "set < dict of xhtml2pdf.util": _keep_warnings,
}


def main(seed: str, is_bad: str = "") -> None:
    if is_bad:
        for keep in MUTANTS.values():
            keep()
    with tempfile.TemporaryDirectory() as folder:
        serve([features.customer(number, seed) for number in range(3)], Path(folder))
    features.forget()
    people = [features.customer(number, seed) for number in range(3)]
    search = Search([trace for who in people for trace in (*who.traces, who.address)])
    del people
    number, found = findings(search)
    json.dump({"looked at": number, "found": sorted(set(found))}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
