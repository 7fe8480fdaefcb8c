"""The formats that can be protected, each known by how it begins and read by a reader of its own."""

from __future__ import annotations

from typing import Final

from ondemand_attach._exposure import _cms, _office, _openpgp, _pdf, _zip
from ondemand_attach._exposure._budget import MOST_BYTES, Budget, TooLargeError, at_most
from ondemand_attach._exposure._facts import Facts

_RECOGNISERS: Final = {
    "application/pdf": (_pdf.fits, _pdf.facts),
    "application/zip": (_zip.fits, _zip.facts),
    "application/x-ole-storage": (_office.fits, _office.facts),
    "application/pkcs7-mime": (_cms.fits, _cms.facts),
    "application/pgp-encrypted": (_openpgp.fits, _openpgp.facts),
}


TOO_LARGE: Final = Facts(encryption="too large to be looked at")


_IMAGES: Final = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"RIFF")


def is_understood(content: bytes) -> bool:
    """Whether *content* is of a format that is looked into here, or is text or an image, and in clear."""
    if any(fits(content) for fits, _ in _RECOGNISERS.values()) or content.startswith(_IMAGES):
        return True
    try:
        return content.decode().replace("\t", "").replace("\r", "").replace("\n", "").isprintable()
    except UnicodeDecodeError:
        return False


def recognised(content: bytes, budget: Budget | None = None) -> tuple[str | None, Facts]:
    """Return the media type of *content*, if it is known here, and what it shows of its protection.

    What cannot be read is for everyone, and so is what is too large to be looked at: nobody may rely on it.

    Args:
        content: the bytes of a document.
        budget: what may be spent, if it is one of several documents of a file.
    """
    budget = budget or Budget()
    for media_type, (fits, facts) in _RECOGNISERS.items():
        if fits(content):
            try:
                at_most(len(content), MOST_BYTES)
                return media_type, facts(content, budget)
            except TooLargeError:
                return media_type, TOO_LARGE
            except Exception:  # noqa: BLE001 - whatever a reader makes of bytes that anybody may have sent
                return media_type, Facts(encryption="unreadable")
    return None, Facts()
