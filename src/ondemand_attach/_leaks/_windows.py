"""Long texts and bytes one window after the other, so that memory stays bounded.

Windows overlap by more than the longest value that is searched for takes, so none is lost between two.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import TypeVar

from ondemand_attach._leaks._decoding import codec_of, marked_charset

CHUNK = 1 << 18
OVERLAP = CHUNK // 16
_READ_IN_PARTS = frozenset({"utf-8", "utf-16", "utf-32", "ascii", "iso8859-1", "cp1252"})

Content = TypeVar("Content", str, bytes)


def windows_of(content: Content) -> Iterator[Content]:
    """Yield *content*, whole if it fits into one window."""
    for start in range(0, max(len(content) - OVERLAP, 1), CHUNK - OVERLAP):
        yield content[start : start + CHUNK]


def decoded_windows(content: bytes, charset: str) -> Iterator[str] | Iterator[bytes]:
    """Yield the windows of *content*: as text if all of it is text, else as bytes."""
    marked = marked_charset(content)
    try:
        charset = marked or codec_of(charset)
        if len(content) > CHUNK and charset in _READ_IN_PARTS:
            if charset == "utf-16" and not marked:
                charset = "utf-16-le"  # without its mark it can only be decoded at once, and is then this
            is_text = not any("\0" in part for part in _parts(content, charset))
            return _text_windows(content, charset) if is_text else windows_of(content)
        text = content.decode(charset)
    except (ValueError, LookupError):
        return windows_of(content)
    return windows_of(content) if "\0" in text else windows_of(text)


def _text_windows(content: bytes, charset: str) -> Iterator[str]:
    window = ""
    for part in _parts(content, charset):
        window += part
        while len(window) > CHUNK:
            yield window[:CHUNK]
            window = window[CHUNK - OVERLAP :]
    yield window


def _parts(content: bytes, charset: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(charset)()
    view = memoryview(content)
    for start in range(0, len(content), CHUNK):
        yield decoder.decode(view[start : start + CHUNK], final=start + CHUNK >= len(content))
