"""The formats that can be protected, each known by how it begins and read by a reader of its own."""

from __future__ import annotations

from typing import Final

from ondemand_attach._exposure import _cms, _office, _openpgp, _pdf, _zip
from ondemand_attach._exposure._facts import Facts

_RECOGNISERS: Final = {
    "application/pdf": (_pdf.fits, _pdf.facts),
    "application/zip": (_zip.fits, _zip.facts),
    "application/x-ole-storage": (_office.fits, _office.facts),
    "application/pkcs7-mime": (_cms.fits, _cms.facts),
    "application/pgp-encrypted": (_openpgp.fits, _openpgp.facts),
}


def recognised(content: bytes) -> tuple[str | None, Facts]:
    """Return the media type of *content*, if it is known here, and what it shows of its protection.

    What cannot be read is for everyone: nobody may rely on it.
    """
    for media_type, (fits, facts) in _RECOGNISERS.items():
        if fits(content):
            try:
                return media_type, facts(content)
            except Exception:  # noqa: BLE001 - whatever a reader makes of bytes that anybody may have sent
                return media_type, Facts(encryption="unreadable")
    return None, Facts()
