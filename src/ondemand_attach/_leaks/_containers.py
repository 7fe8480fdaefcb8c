"""What is inside of the contents of a part: ZIP members, gzip, the streams of a PDF."""

from __future__ import annotations

import base64
import io
import re
import zipfile
import zlib
from collections.abc import Iterator

from ondemand_attach._leaks._windows import decoded_windows

INFLATED = 64 << 20
_DEPTH = 3
_STREAM = re.compile(rb"stream[\r\n]*")
_IMAGE = re.compile(rb"/Subtype\s*/Image\b")


def opened(label: str, content: bytes, charset: str) -> Iterator[tuple[str, str | bytes]]:
    """Yield windows of *content* and of what it contains, until 64 MB more than it are reached."""
    left = len(content) + INFLATED
    for member, its_charset in _with_members(content, charset):
        for window in decoded_windows(member, its_charset):
            yield label, window
        left -= len(member)
        if left < 0:
            return


def _with_members(content: bytes, charset: str, depth: int = 0) -> Iterator[tuple[bytes, str]]:
    yield content, charset
    if depth < _DEPTH:
        for member in _members(content):
            yield from _with_members(member, "utf-8", depth + 1)


def _members(content: bytes) -> Iterator[bytes]:
    if content.startswith(b"PK\x03\x04"):
        yield from _zip_members(content)
    elif content.startswith(b"\x1f\x8b"):
        yield _inflated(content)
    elif b"%PDF-" in content[:1024]:
        yield from _pdf_streams(content)


def _zip_members(content: bytes) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                yield member.filename.encode("utf-8", "replace")
                with archive.open(member) as file:
                    yield file.read(INFLATED)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError):
        return  # broken, or itself encrypted


def _pdf_streams(content: bytes) -> Iterator[bytes]:
    view, start = memoryview(content), 0
    while (end := content.find(b"endstream", start)) >= 0:
        found = _STREAM.search(content, start, end)
        dictionary_end, begin = found.span() if found else (end, end)
        if not _IMAGE.search(content, max(start, dictionary_end - 400), dictionary_end):
            yield _pdf_stream(view[begin:end])
        start = end + len(b"endstream")


def _pdf_stream(stream: memoryview) -> bytes:
    inflated = _inflated(stream)
    if inflated or not (encoded := bytes(stream).strip()).endswith(b"~>"):
        return inflated
    try:
        return _inflated(base64.a85decode(encoded.removeprefix(b"<~").removesuffix(b"~>")))
    except ValueError:
        return b""


def _inflated(content: bytes | memoryview) -> bytes:
    try:
        return zlib.decompressobj(wbits=47).decompress(content, INFLATED)  # the header tells zlib from gzip
    except zlib.error:
        return b""
