"""File names that are the same, and harmless, on every system that saves them."""

from __future__ import annotations

import re
from typing import Final

from ondemand_attach._characters import UNSAFE_OR_INVISIBLE

_OCTETS: Final = 150
_EXTENSION_OCTETS: Final = 20
_SEPARATOR: Final = re.compile(r"[/\\]")
_FORBIDDEN: Final = re.compile(r'[<>:"|?*]')  # by Windows; a colon would name an NTFS stream
_RESERVED: Final = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])\s*(?:\.|\Z)", re.IGNORECASE
)


def sanitised(name: str) -> str:
    """Return *name* without path, hidden characters and what Windows or a shell reads otherwise.

    The result is never empty and at most 150 octets of UTF-8; its extension is kept.
    """
    visible = UNSAFE_OR_INVISIBLE.sub("", name).rstrip("/\\")
    last = _SEPARATOR.split(visible)[-1]
    tidy = " ".join(_FORBIDDEN.sub("_", last).split()).strip(". ")
    if _RESERVED.match(tidy):
        tidy = f"_{tidy}"
    return _shortened(tidy) or "attachment"


def _shortened(name: str) -> str:
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension.encode()) > _EXTENSION_OCTETS:
        stem, dot, extension = name, "", ""
    room = _OCTETS - len(f"{dot}{extension}".encode())
    return f"{stem.encode()[:room].decode(errors='ignore').rstrip('. ')}{dot}{extension}"
