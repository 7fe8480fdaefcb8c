"""The text that pictures carry beside their pixels."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ondemand_attach._leaks._budget import Budget
from ondemand_attach._leaks._inflating import inflated, zlib_or_gzip

_MARK = b"TXt"
_COMPRESSED = re.compile(
    rb"(?:zTXt[^\x00]{1,79}+\x00\x00"
    rb"|iTXt[^\x00]{1,79}+\x00\x01\x00[^\x00]{0,80}+\x00[^\x00]{0,320}+\x00)(?=x[\x01\x5e\x9c\xda])"
)


def texts(content: bytes, budget: Budget) -> Iterator[bytes]:
    """Yield the compressed texts of PNGs (ISO 15948 section 11.3.4), wherever these are in *content*."""
    for found in _COMPRESSED.finditer(content) if _MARK in content else ():
        text, end = inflated(zlib_or_gzip, content, found.end(), budget.most)
        if not budget.allows(max(len(text), end - found.end())):
            return
        yield text
