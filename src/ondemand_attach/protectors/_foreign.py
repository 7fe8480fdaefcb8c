"""PDFs of other programs: what is wrong with one that cannot be protected, and whether rewriting helps."""

from __future__ import annotations

import contextlib
import pathlib
import re
import traceback
import zlib
from collections.abc import Callable
from typing import Final, NamedTuple, TypeVar

from ondemand_attach.errors import MailError

T = TypeVar("T")

PDF_A: Final = b"http://www.aiim.org/pdfa/ns/id/"
"""What the XMP of a PDF/A says."""

_STRUCTURE: Final = "it is no PDF, or its structure is damaged"
_DEEP: Final = "it nests too deep, or is too large, to be taken apart"
_PLACES: Final = {
    "xmp_xml.py": "its metadata (XMP) is no XML in UTF-8",
    "info.py": "its document information (Info) is not as ISO 32000 has it",
    "xref.py": "its cross-reference table contradicts ISO 32000-2 section 7.5.4, or the rest of the file",
    "filters.py": "one of its compressed streams is damaged, or of a kind that is not known here",
}
_OURS: Final = {"_pyhanko.py", "_source.py", "_verbatim.py"}  # what goes through a document


_PACKED: Final = re.compile(rb"/(?:ObjStm|XRef)(?![A-Za-z0-9])")
_NEAR: Final = 1 << 12  # bytes, between which a dictionary and its stream begin
_MOST_UNPACKED: Final = 1 << 26
_METADATA: Final = re.compile(rb"/Metadata(?![A-Za-z0-9])")
_MOST_XMP: Final = 1 << 16  # bytes, as it is packed


class UnfitError(Exception):
    """The document cannot be protected, for a *reason* in words that quote nothing of it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnknownSpellingError(Exception):
    """A name that is not in ASCII was read, and not kept as it was spelt."""


class HybridReferencesError(Exception):
    """Readers would differ in which of two cross-references of a signed file they follow."""


class PlainPdf(NamedTuple):
    """A PDF that is to be protected.

    Args:
        content: its bytes.
        rewriting: by what and why it was written anew before, in words for the receipt.
    """

    content: bytes
    rewriting: str | None = None


def is_pdf_a(content: bytes) -> bool:
    """Whether XMP in a PDF says that it is PDF/A; only in PDF/A-1 it may not be deflated."""
    if PDF_A in content:
        return True
    left = _MOST_UNPACKED
    for found in _METADATA.finditer(content):
        xmp = _xmp(content, found.end())
        left -= len(xmp)
        if PDF_A in xmp or left <= 0:
            return PDF_A in xmp
    return False


def _xmp(content: bytes, place: int) -> bytes:
    """Return the deflated metadata in whose dictionary *place* is; nothing if it is no such place."""
    start = content.find(b"stream", place, place + _NEAR)
    if start < 0 or b"endobj" in content[place:start]:
        return b""
    start += len(b"stream\r\n" if content.startswith(b"\r\n", start + len(b"stream")) else b"stream\n")
    with contextlib.suppress(zlib.error):
        return zlib.decompressobj().decompress(memoryview(content)[start : start + _MOST_XMP], _MOST_UNPACKED)
    return b""


def check_unpacked(content: bytes) -> None:
    """Refuse a PDF whose object streams would fill the memory (ISO 32000-2 sections 7.5.7 and 7.5.8).

    Raises:
        UnfitError: they hold more than 64 MB.
    """
    left, view = _MOST_UNPACKED, memoryview(content)
    for found in _PACKED.finditer(content):
        start = content.find(b"stream", found.end(), found.end() + _NEAR)
        head = content[max(0, found.start() - _NEAR) : max(0, start)].rpartition(b"obj")[2]
        left -= _unpacked(view[start + len(b"stream") :], left) if start > 0 else 0
        if left <= 0 or head.count(b"/FlateDecode") > 1:  # packed twice: a million to one
            raise UnfitError(f"{_DEEP}; split it, or make it with another program")


def _unpacked(data: memoryview, most: int) -> int:
    """Return how many bytes *data*, which begin with a line end, inflate to; not much more than *most*."""
    inflater, size = zlib.decompressobj(), 0
    rest: bytes | memoryview = data[2 if data[:2].tobytes() == b"\r\n" else 1 :]
    with contextlib.suppress(zlib.error):  # it is another's to say so
        while rest and size < most and not inflater.eof:
            size += len(inflater.decompress(rest[:_NEAR], _MOST_UNPACKED))
            rest = inflater.unconsumed_tail or rest[_NEAR:]
    return size


_KINDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (UnknownSpellingError, "it has names that are not in ASCII, which pyHanko would spell in another way"),
    (HybridReferencesError, "its cross-references are hybrid (ISO 32000-2 section 7.5.8.4)"),
    (RecursionError, _DEEP),
    (MemoryError, _DEEP),
)


def fault_in(error: Exception) -> str | None:
    """Say what is wrong with the PDF whose reading or writing ended with *error*; None if it is not to blame.

    The text of *error* may quote the document, so only where it was raised counts.
    """
    if isinstance(error, UnfitError):
        return error.reason
    for kind, words in _KINDS:
        if isinstance(error, kind):
            return words
    frames = traceback.walk_tb(error.__traceback__)
    files = [pathlib.PurePath(frame.f_code.co_filename) for frame, _ in frames]
    if any("crypt" in file.parts for file in files):  # of a key; no document is to blame
        return None
    of_pdf = [file.name for file in files if "pdf_utils" in file.parts]
    for name in of_pdf:
        if name in _PLACES:
            return _PLACES[name]
    return _STRUCTURE if of_pdf or files[-1].name in _OURS else None


def wrong_with(error: Exception) -> str:
    """Say what *error* says of a PDF, or that it came from elsewhere."""
    return fault_in(error) or (
        f"{type(error).__name__}, for which the document is not to blame; "
        "with ONDEMAND_ATTACH_INSECURE_DEBUG=1 the error keeps its cause"
    )


def read_by(act: Callable[[PlainPdf], T], plain: PlainPdf) -> tuple[T, PlainPdf]:
    """Return what *act* makes of a PDF, and what was read: if need be, the PDF written anew.

    Raises:
        UnfitError: it cannot be read even so, or the extra is not installed.
        Exception: *act* fails for another reason than the PDF.
    """
    try:
        return act(plain), plain
    except (MailError, UnfitError):
        raise
    except Exception as error:  # whatever the reader stumbled over
        if (fault := fault_in(error)) is None:
            raise
    return _read_anew(act, plain, fault)


def _read_anew(act: Callable[[PlainPdf], T], plain: PlainPdf, fault: str) -> tuple[T, PlainPdf]:
    from ondemand_attach.protectors import _rewriting

    if plain.rewriting is not None:
        raise UnfitError(f"{fault}, although pikepdf has written it anew; make it with another program")
    anew = PlainPdf(_rewriting.rewritten(plain.content, fault), f"{_rewriting.by_what()}: {fault}")
    try:
        return act(anew), anew
    except (MailError, UnfitError):
        raise
    except Exception as error:  # likewise
        if (left := fault_in(error)) is None:
            raise
    raise UnfitError(f"{left}, although pikepdf has written it anew; make it with another program")
