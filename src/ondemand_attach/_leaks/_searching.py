"""Whether a needle is in a text or in bytes, window by window, so that memory stays bounded."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator

from ondemand_attach._leaks._folding import words_in_bytes, words_of_each
from ondemand_attach._leaks._needles import SHORTEST_IN_BINARY, Needle, in_old_charsets, in_utf_32
from ondemand_attach._leaks._views import views
from ondemand_attach._leaks._windows import CHUNK, windows_of

_CONTROLS = bytes({*range(1, 32)} - {*b"\t\n\r\x1b"})
_OF_TEXT = 50  # at most one octet in so many is a control character; of compressed data, one in nine


def found(needles: list[Needle], surfaces: Iterable[str | bytes]) -> Iterator[str]:
    """Yield the paths of the *needles* that are in one of the *surfaces*, some of them more than once."""
    size = 0
    texts: list[str] = []
    octets: list[bytes] = []
    rarely = functools.cache(lambda encode: [(one.path, encode(one.form)) for one in needles if one.form])
    for view, is_file in _views(surfaces):
        if isinstance(view, str):
            texts.append(view)
        else:
            octets.append(view)
            for encode in _rare_encodings(view) if is_file else ():
                yield from (path for path, forms in rarely(encode) if any(map(view.__contains__, forms)))
        size += len(view)
        if size > CHUNK:
            yield from _found_in(needles, texts, octets)
            size, texts, octets = 0, [], []
    yield from _found_in(needles, texts, octets)


def _views(surfaces: Iterable[str | bytes]) -> Iterator[tuple[str | bytes, bool]]:
    """Yield what is searched, and whether it stands so in the message or in a file: it may be a guess."""
    for surface in surfaces:
        if isinstance(surface, bytes):
            yield from ((window, True) for window in windows_of(surface))
        else:
            for window in windows_of(surface):
                yield from ((view, False) for view in views(window))


def _rare_encodings(content: bytes) -> Iterator[Callable[[str], list[bytes]]]:
    if b"\0\0" in content:
        yield in_utf_32
    if (len(content) - len(content.translate(None, _CONTROLS))) * _OF_TEXT <= len(content):
        yield in_old_charsets


def _found_in(needles: list[Needle], texts: list[str], octets: list[bytes]) -> Iterator[str]:
    in_text = _in_lines(words_of_each(texts))
    in_octets = map(words_in_bytes, octets)
    in_wide = (words_in_bytes(content.replace(b"\0", b"")) for content in octets if b"\0" in content)
    in_most = _in_lines([in_text, *in_octets])
    in_all = _in_lines([in_most, *in_wide])
    glued_text, glued = in_text.replace(" ", ""), in_most.replace(" ", "")
    for needle in needles:
        is_long = needle.size >= SHORTEST_IN_BINARY
        if needle.is_in(in_all, glued) if is_long else needle.is_in(in_text, glued_text):
            yield needle.path
        if needle.encoded and any(any(map(content.__contains__, needle.encoded)) for content in octets):
            yield needle.path


def _in_lines(texts: Iterable[str]) -> str:
    # No word goes on over the end of a line, and no needle has one.
    return "\n".join(["", *texts, ""])
