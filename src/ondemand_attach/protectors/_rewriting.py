"""PDFs written anew by pikepdf, that is by qpdf, if pyHanko is stricter than readers are.

Only structure is written anew: the cross-reference table, the ends of objects, the lengths of streams. What
is in the streams stays as it was, byte by byte. All of it happens in memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from ondemand_attach.protectors._foreign import UnfitError, check_unpacked, is_pdf_a

if TYPE_CHECKING:
    import pikepdf

_EXTRA: Final = (
    'pip install "ondemand_attach[repair]" has such files written anew; or do so before, with qpdf'
)
_RECONSTRUCTED: Final = "reconstruct cross-reference table"
_LOST: Final = (  # what qpdf says when it goes on without something
    "treating stream as empty",
    "treating as null",
    "object as null",
    "giving up on reading object",
    "ignoring excessively deeply nested",
    "ignoring object with impossibly large id",
    "ignoring page",
    "being discarded as a result of flattening",
    "unexpected EOF",
    "parse error while reading object",
    "not found in file after regenerating",
    "Pages tree includes non-dictionary object",
)
_AGAIN: Final = "have it made or sent once more"
_LOSS: Final = "{}, and a part of what it shows is missing from the file; " + _AGAIN
_NO_PAGES: Final = "{}, and pikepdf finds no pages in it either; " + _AGAIN
_HEADER: Final = re.compile(rb"%PDF-|%!PS-Adobe-[0-9.]+ PDF-|[0-9] obj")  # qpdf does without one, too
_NEAR_THE_BEGINNING: Final = 1 << 16
_REFERENCE: Final = re.compile(rb"(?<![0-9.#])([1-9][0-9]{0,8}) ([0-9]{1,5}) R(?![A-Za-z0-9])")
_NULL: Final = re.compile(rb"(?<![0-9])([0-9]{1,10})\s{1,20}([0-9]{1,5})\s{1,20}obj\s{0,20}null")
_STRING: Final = re.compile(rb"\((?:[^()\\]|\\.)*+\)|<[0-9A-Fa-f]*+>", re.DOTALL)


def library() -> Any:
    """Return pikepdf.

    Raises:
        ModuleNotFoundError: the extra is not installed.
    """
    import pikepdf

    return pikepdf


def by_what() -> str:
    """Say what writes anew, for the receipt."""
    return f"pikepdf {library().__version__}"


def rewritten(content: bytes, fault: str) -> bytes:
    """Return a PDF written anew: without object streams, with one cross-reference table.

    Args:
        content: the PDF.
        fault: what is wrong with it.

    Raises:
        UnfitError: it is encrypted or signed; a part of it is lost; or there is nothing that could be read.
    """
    if not _HEADER.search(content[:_NEAR_THE_BEGINNING]):
        what = "no PDF, which begins with %PDF-" if content else "empty"
        raise UnfitError(f"it is {what}; {_AGAIN}")
    if is_pdf_a(content):
        raise UnfitError(
            f"{fault}, and it is PDF/A, which it might no longer be once it is written anew; {_AGAIN}"
        )
    try:
        found = library()
    except ModuleNotFoundError:
        raise UnfitError(f"{fault}; {_EXTRA}") from None
    check_unpacked(content)
    try:
        with found.open(BytesIO(content), suppress_warnings=True) as pdf:
            _check(pdf, content, fault)
            return _written(found, pdf)
    except UnfitError:
        raise
    except found.PasswordError:
        failure = UnfitError("it is encrypted already; give the plain document")
    except Exception:  # noqa: BLE001 - whatever qpdf stumbles over, it may quote the document
        failure = UnfitError(_NO_PAGES.format(fault))
    raise failure


def _check(pdf: pikepdf.Pdf, content: bytes, fault: str) -> None:
    if pdf.is_encrypted:  # an empty password opens it, but whoever encrypted it wanted it so
        raise UnfitError("it is encrypted already; give the plain document")
    if not len(pdf.pages):
        raise UnfitError(_NO_PAGES.format(fault))
    if _is_signed(pdf):
        raise UnfitError("it is signed already, and to write it anew would break its signature; " + _AGAIN)
    warnings = [str(warning) for warning in pdf.get_warnings()]
    if any(words in warning for warning in warnings for words in _LOST):
        raise UnfitError(_LOSS.format(fault))
    if any(_RECONSTRUCTED in warning for warning in warnings) and _lacks_objects(pdf, content):
        raise UnfitError(_LOSS.format(fault))


def _is_signed(pdf: pikepdf.Pdf) -> bool:
    """Whether there is a signature, other than one that only lets Adobe Reader save a form (usage rights)."""
    kind = library().Dictionary
    signatures = (each for each in pdf.objects if isinstance(each, kind) and "/ByteRange" in each)
    return any(_methods(each) - {"/UR", "/UR3"} or not _methods(each) for each in signatures)


def _methods(signature: Any) -> set[str]:
    """Return what a signature vouches for, as it says (ISO 32000-2 section 12.8.2)."""
    return {str(each.get("/TransformMethod")) for each in signature.get("/Reference", [])}


def _lacks_objects(pdf: pikepdf.Pdf, content: bytes) -> bool:
    """Whether an object refers to one that is not there; then a part of the file may be lost."""
    referred = {place for text in _structure(pdf, content) for place in _references(text)}
    nulls = {(int(found[1]), int(found[2])) for found in _NULL.finditer(content)}
    return any(pdf.get_object(place) is None for place in referred - nulls)


def _structure(pdf: pikepdf.Pdf, content: bytes) -> Iterator[bytes]:
    """Yield objects as they stand in the file: of what is lost, qpdf drops the references too."""
    for piece in content.split(b"endstream"):  # what is between streams, each byte looked at three times
        yield piece.split(b"stream\n", 1)[0].split(b"stream\r\n", 1)[0]
    streams = (each for each in pdf.objects if isinstance(each, library().Stream))
    yield from (each.read_bytes() for each in streams if each.get("/Type") == "/ObjStm")


def _references(text: bytes) -> Iterator[tuple[int, int]]:
    return ((int(found[1]), int(found[2])) for found in _REFERENCE.finditer(_STRING.sub(b"()", text)))


def _written(found: Any, pdf: pikepdf.Pdf) -> bytes:
    output = BytesIO()
    pdf.trailer["/Size"] = 0  # qpdf puts the right one there, but only where one was
    if "/Perms" in pdf.Root:
        del pdf.Root["/Perms"]  # usage rights, which end with any change; Adobe Reader would complain of them
    pdf.save(
        output,
        object_stream_mode=found.ObjectStreamMode.disable,
        stream_decode_level=found.StreamDecodeLevel.none,
        compress_streams=False,
        fix_metadata_version=False,
    )
    return output.getvalue()
