"""What is wrong with a PDF that cannot be protected, in words: it may come from any program."""

from __future__ import annotations

import pathlib
import traceback
from typing import Final

_STRUCTURE: Final = (
    "it is no PDF, or its structure is damaged; write it anew first, as qpdf or pikepdf do, and look whether "
    "it still opens"
)
_PLACES: Final = {
    "xmp_xml.py": "its metadata (XMP) is no XML in UTF-8; leave it out, or have it written anew",
    "info.py": "its document information (Info) is not as ISO 32000 has it; leave it out, or write it anew",
}
_OURS: Final = {"_pyhanko.py", "_source.py", "_verbatim.py"}  # what goes through a document


def wrong_with(error: Exception) -> str:
    """Say what is wrong with a PDF whose reading or writing ended with *error*, and what can be done.

    The text of *error* may quote the document, so only where it was raised counts.
    """
    if isinstance(error, RecursionError | MemoryError):
        return "it nests too deep, or is too large, to be taken apart"
    frames = traceback.walk_tb(error.__traceback__)
    files = [pathlib.PurePath(frame.f_code.co_filename) for frame, _ in frames]
    if any("crypt" in file.parts for file in files):  # of a key; no document is to blame
        return type(error).__name__
    of_pdf = [file.name for file in files if "pdf_utils" in file.parts]
    for name in of_pdf:
        if name in _PLACES:
            return _PLACES[name]
    return _STRUCTURE if of_pdf or files[-1].name in _OURS else type(error).__name__
