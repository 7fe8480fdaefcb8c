"""Whether a needle is in a text or in bytes, chunk by chunk, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator

from ondemand_attach._leaks._folding import words, words_in_bytes
from ondemand_attach._leaks._needles import SHORTEST_IN_BINARY, Needle
from ondemand_attach._leaks._views import views

CHUNK = 1 << 18
_OVERLAP = CHUNK // 16


def found(needles: list[Needle], surface: str | bytes) -> Iterator[str]:
    """Yield the paths of the *needles* that are in *surface*, some of them more than once."""
    for start in range(0, max(len(surface) - _OVERLAP, 1), CHUNK - _OVERLAP):
        chunk = surface[start : start + CHUNK]
        for view in views(chunk) if isinstance(chunk, str) else (chunk,):
            yield from _in_text(needles, view) if isinstance(view, str) else _in_bytes(needles, view)


def _in_text(needles: list[Needle], text: str) -> Iterator[str]:
    haystack = words(text)
    glued = haystack.replace(" ", "")
    for needle in needles:
        if needle.is_in(haystack, glued):
            yield needle.path


def _in_bytes(needles: list[Needle], content: bytes) -> Iterator[str]:
    candidates = [needle for needle in needles if needle.size >= SHORTEST_IN_BINARY]
    for view in {content, content.replace(b"\0", b"")}:
        haystack = words_in_bytes(view)
        glued = haystack.replace(" ", "")
        yield from (needle.path for needle in candidates if needle.is_in(haystack, glued))
    for needle in needles:
        if any(form in content for form in needle.encoded):
            yield needle.path
