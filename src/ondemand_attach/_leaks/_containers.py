"""What is inside of the contents of a part, however deep: archives, compressed data, PDFs, messages, RTF.

A container is known by its marks, wherever they stand: behind something else, in a tar archive, in another
file. What cannot be opened is searched as it stands, like everything else, and stops nothing.
"""

from __future__ import annotations

import binascii
import logging
import re
from collections.abc import Iterator

from ondemand_attach._leaks import _pdf, _png, _zip
from ondemand_attach._leaks._budget import Budget, Member
from ondemand_attach._leaks._decoding import from_base64
from ondemand_attach._leaks._inflating import Opener, bzip2, inflated, joined, xz, zlib_or_gzip
from ondemand_attach._leaks._rtf import MARK, text_of_rtf
from ondemand_attach._leaks._surfaces import bodies
from ondemand_attach._leaks._windows import decoded_windows

INFLATED = 64 << 20
_DEPTH = 8
_MARKS: tuple[tuple[bytes, Opener], ...] = (
    (b"\x1f\x8b\x08", zlib_or_gzip),
    (b"BZh", bzip2),
    (b"\xfd7zXZ\0", xz),
)
_WHOLE: tuple[tuple[tuple[bytes, ...], Opener], ...] = (
    ((b"x\x01", b"x^", b"x\x9c", b"x\xda"), zlib_or_gzip),
    ((b"]\0\0",), xz),
)
# What base64 makes of the marks of a PDF, a ZIP and gzip.
_IN_BASE64 = (b"JVBERi0", b"UEsDB", b"H4sI")
_BASE64 = re.compile(rb"(?:%s)[A-Za-z0-9+/\s]++" % b"|".join(_IN_BASE64))
_UUENCODED = re.compile(rb"^begin [0-7]{3,4} [^\r\n]*\r?\n", re.MULTILINE)

_log = logging.getLogger("ondemand_attach")


def opened(label: str, content: bytes, charset: str) -> Iterator[tuple[str, str | bytes]]:
    """Yield windows of *content*, and of what it contains until 64 MB more than it are reached.

    The rest is not searched: a file of a stranger must not stop the message, nor take minutes. It is logged.
    """
    budget = Budget(len(content) + INFLATED)
    for member, its_charset in _with_members(content, charset, budget):
        for window in decoded_windows(member, its_charset):
            yield label, window
    if not budget.is_enough:
        _log.warning(
            "%s holds more than %d MB or %d containers in each other; "
            "what is beyond was not searched for confidential values",
            *(label, INFLATED >> 20, _DEPTH),
        )


def _with_members(
    content: bytes, charset: str, budget: Budget, depth: int = 0
) -> Iterator[tuple[bytes, str]]:
    yield content, charset
    for member, its_charset in _members(content, budget):
        if its_charset is None:
            yield member, "utf-8"
        elif member and depth < _DEPTH:
            yield from _with_members(member, its_charset, budget, depth + 1)
        elif member:
            budget.is_enough = False
            return


def _members(content: bytes, budget: Budget) -> Iterator[Member]:
    if _zip.LOCAL_HEADER in content:
        yield from _zip.members(content, budget)
    if not content.startswith(_zip.LOCAL_HEADER):  # else only of what is beside its members
        yield from _found_by_marks(content, budget)
    yield from bodies(content, budget)
    if MARK in content[:64]:
        yield text_of_rtf(content), None


def _found_by_marks(content: bytes, budget: Budget) -> Iterator[Member]:
    for mark, opener in _MARKS:
        for member in _marked(content, mark, opener, budget):
            yield member, "utf-8"
    for marks, opener in _WHOLE:
        if content.startswith(marks):
            member, end = inflated(opener, content, 0, budget.most)
            if budget.allows(max(len(member), end)):
                yield member, "utf-8"
    if b"%PDF-" in content:
        yield from _pdf.members(content, budget)
    for member in (*_png.texts(content, budget), *_encoded(content, budget)):
        yield member, "utf-8"


def _marked(content: bytes, mark: bytes, opener: Opener, budget: Budget) -> Iterator[bytes]:
    at = content.find(mark)
    while at >= 0:
        member, end = joined(opener, content, at, budget.most)
        if not budget.allows(max(len(member), end - at)):
            return
        yield member
        at = content.find(mark, end if member else at + len(mark))


def _encoded(content: bytes, budget: Budget) -> Iterator[bytes]:
    """Yield what is in base64 and begins like a container, and what is uuencoded."""
    if any(mark in content for mark in _IN_BASE64):
        for found in _BASE64.finditer(content):
            if budget.allows(len(found[0])):
                compact = b"".join(found[0].split())
                yield from_base64(compact[: len(compact) - (len(compact) % 4 == 1)]) or b""
    if b"begin " in content:
        for found in _UUENCODED.finditer(content):
            if budget.allows(0):
                yield b"".join(_uudecoded(content, found.end()))


def _uudecoded(content: bytes, start: int) -> Iterator[bytes]:
    """Yield the lines from *start* on, up to the first that is no such line."""
    end = content.find(b"\n", start)
    while end >= 0 and not content.startswith((b"end", b"begin "), start):
        try:
            yield binascii.a2b_uu(content[start:end].rstrip(b"\r"))
        except binascii.Error:
            return
        start, end = end + 1, content.find(b"\n", end + 1)
