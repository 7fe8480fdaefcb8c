"""What the header of a part says beyond its type, its encoding and its name."""

from __future__ import annotations

import re
from typing import Final

from ondemand_attach._exposure import _mime
from ondemand_attach._exposure._words import readable

_KIND: Final = re.compile(r"\s*+[-!#$%&'*+.^`|~\w]{1,80}(?:/[-!#$%&'*+.^`|~\w]{1,80})?\s*+;?\s*+", re.ASCII)
_WITH_PARAMETERS: Final = {"content-type", "content-disposition"}
_PARAMETERS: Final = {
    *(
        "name",
        "filename",
        "charset",
        "boundary",
        "protocol",
        "micalg",
        "smime-type",
        "type",
        "start",
        "format",
    ),
    *(
        "delsp",
        "method",
        "report-type",
        "size",
        "creation-date",
        "modification-date",
        "read-date",
        "reply-type",
    ),
    *("x-unix-mode", "x-mac-type", "x-mac-creator", "x-apple-part-url", "start-info", "header", "version"),
}
_PLAIN: Final = {
    "content-transfer-encoding": re.compile(r"\s*+[-\w]{1,20}\s*+", re.ASCII),
    "content-id": re.compile(r"\s*+<[^<>\s]*+>\s*+"),
    "mime-version": re.compile(r"\s*+1\.0\s*+"),
    "x-attachment-id": re.compile(r"\s*+[-\w.@]++\s*+", re.ASCII),
}
_DESCRIPTIONS: Final = {
    "OpenPGP encrypted message",
    "PGP/MIME version identification",
    "PGP/MIME Versions Identification",
    "S/MIME Encrypted Message",
    "S/MIME Cryptographic Signature",
    "OpenPGP digital signature",
}


def is_usual(name: str, value: str, filename: str | None) -> bool:
    """Whether the field *name* of a part says no more than how to read it and how it is called."""
    if name in _WITH_PARAMETERS:
        names = {_mime.name_in(value, each) for each in ("name", "filename")} - {None, filename}
        rest = _mime.without_parameters(value)
        return bool(_KIND.fullmatch(rest)) and _mime.names_of(value) <= _PARAMETERS and not names
    if name == "content-description":
        return readable(value.strip()) in {*_DESCRIPTIONS, filename}
    pattern = _PLAIN.get(name)
    return pattern is not None and bool(pattern.fullmatch(value))
