"""Streams of coarse lengths: a length stands in clear, and would tell the texts of two customers apart.

A compressed stream is padded with empty blocks, which every reader passes over, to a multiple of 4 kB. Then
all lengths together tell what the length of the file in steps of 4 kB tells. With smaller steps for small
streams they tell more: each would be near a limit of its own now and then, and cross it for some customers.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field
from typing import Final

_STEP: Final = 4096  # bytes
_BLOCK: Final = 16  # of AES
_EMPTY_BLOCK: Final = b"\x00\x00\x00\xff\xff"  # one that is stored (RFC 1951 section 3.2.4)
_ZLIB_HEADER: Final = 2  # bytes
_FLATE: Final = b"/FlateDecode"
_NAMES: Final = re.compile(rb"/[^\s/\[\]]+")


def coarse(size: int) -> int:
    """Return the length, in bytes, that encrypted data of *size* bytes or somewhat less is given."""
    return -(-size // _STEP) * _STEP


@dataclass(frozen=True, slots=True)
class PlainStream:
    """A stream object (ISO 32000-2 section 7.3.8) before it is encrypted.

    Args:
        entries: of its dictionary, but for /Length, each as it is written.
        data: what follows, filtered as the entries say.
    """

    entries: dict[bytes, bytes]
    data: bytes | memoryview = field(repr=False)

    def source(self) -> bytes:
        """Return the object as it stands in a file that is not encrypted."""
        head = b"".join(b"%b %b\n" % entry for entry in self.entries.items())
        head = b"<<\n%b/Length %d\n>>\nstream\n" % (head, len(self.data))
        return b"".join((head, self.data, b"\nendstream"))

    def padded(self) -> PlainStream:
        """Return it compressed, so that it can be padded, and with a coarse length once it is encrypted."""
        entries, data = self.entries, self.data
        if not self._can_be_padded():
            entries, data = self._compressed()
        return PlainStream(entries, _padded(data))

    def _can_be_padded(self) -> bool:
        head = bytes(self.data[:_ZLIB_HEADER])  # RFC 1950 section 2.2: deflate, no dictionary
        is_zlib = len(head) == _ZLIB_HEADER and head[0] & 15 == 8 and not head[1] & 32
        is_sound = is_zlib and int.from_bytes(head, "big") % 31 == 0
        return is_sound and self._filters()[:1] == [_FLATE]

    def _filters(self) -> list[bytes]:
        return _NAMES.findall(self.entries.get(b"/Filter", b""))

    def _compressed(self) -> tuple[dict[bytes, bytes], bytes]:
        filters, entries = self._filters(), dict(self.entries)
        entries[b"/Filter"] = b"[%b]" % b" ".join([_FLATE, *filters]) if filters else _FLATE
        if (given := entries.pop(b"/DecodeParms", None)) is not None and filters:
            entries[b"/DecodeParms"] = b"[null %b]" % (given[1:-1] if given.startswith(b"[") else given)
        # What has a filter of its own is compressed already, as a JPEG is.
        return entries, zlib.compress(self.data, 0 if filters else zlib.Z_DEFAULT_COMPRESSION)


def _padded(data: bytes | memoryview) -> bytes:
    # An initialisation vector goes in front, and 1 to 16 bytes of padding behind (ISO 32000-2 section 7.6.3).
    encrypted = _BLOCK + (len(data) // _BLOCK + 1) * _BLOCK
    missing = coarse(encrypted) - 2 * _BLOCK - len(data)
    blocks = _EMPTY_BLOCK * -(-max(missing, 0) // len(_EMPTY_BLOCK))
    return b"".join((data[:_ZLIB_HEADER], blocks, data[_ZLIB_HEADER:]))
