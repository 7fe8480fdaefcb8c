"""What is inside of the contents of a part: ZIP members, gzip, the streams of a PDF."""

from __future__ import annotations

import base64
import io
import re
import zipfile
import zlib
from collections.abc import Iterator

from ondemand_attach._leaks._decoding import BYTE_ORDER_MARKS

INFLATED = 64 << 20
_DEPTH = 3
_IMAGE = re.compile(rb"/Subtype\s*/Image\b")


def opened(label: str, content: bytes, charset: str) -> Iterator[tuple[str, str | bytes]]:
    """Yield *content* and what it contains, each with the *label*, until 64 MB more than it are reached."""
    left = len(content) + INFLATED
    for surface in _surfaces(content, charset):
        yield label, surface
        left -= len(surface)
        if left < 0:
            return


def _surfaces(content: bytes, charset: str, depth: int = 0) -> Iterator[str | bytes]:
    """Yield *content* as text if it is text, else as bytes, and whatever it contains."""
    yield _text_or_bytes(content, charset)
    if depth < _DEPTH:
        for member in _members(content):
            yield from _surfaces(member, "utf-8", depth + 1)


def _text_or_bytes(content: bytes, charset: str) -> str | bytes:
    try:
        text = content.decode("utf-16" if content.startswith(BYTE_ORDER_MARKS) else charset)
    except (UnicodeError, LookupError):
        return content
    return content if "\0" in text else text


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
    for piece in content.split(b"endstream")[:-1]:
        dictionary, _, stream = piece.partition(b"stream")
        if not _IMAGE.search(dictionary[-400:]):
            yield _pdf_stream(stream.lstrip(b"\r\n"))


def _pdf_stream(stream: bytes) -> bytes:
    inflated = _inflated(stream)
    if inflated or not stream.rstrip().endswith(b"~>"):
        return inflated
    try:
        return _inflated(base64.a85decode(stream.strip().removeprefix(b"<~").removesuffix(b"~>")))
    except ValueError:
        return b""


def _inflated(content: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=47).decompress(content, INFLATED)  # the header tells zlib from gzip
    except zlib.error:
        return b""
