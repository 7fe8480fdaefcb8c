"""Whether bytes are packed, or a picture, font or archive, in a format that is known by how it begins.

A mark of four bytes is met by chance in one of 2^32 random texts, too often for a file with thousands
of them. So more of the format must fit: its check sums, or what its header says of what follows.
"""

from __future__ import annotations

import itertools
import math
import re
import struct
import zlib
from collections.abc import Callable
from typing import Final

_MARKS: Final = (  # at least eight bytes that all files of the kind have
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    b"\0\0\0\x0cjP  \r\n\x87\n",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"Rar!\x1a\x07\x01\0",
    b"\xfd7zXZ\0\0",
    b"\x97JB2\r\n\x1a\n",
)
_BZIP2: Final = b"1AY&SY"
_LONG: Final = 320
_LONGER: Final = 448
_WINDOW: Final = 1 << 16
_WINDOWS: Final = 1 << 10
_BEGINNINGS: Final = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_MOST_BEGINNINGS: Final = 1 << 10
_ENDLESS: Final = 1 << 62


def is_packed(data: bytes, bits: int) -> bool:
    """Whether *data* begins as a packed format does, with at least *bits* of evidence."""
    return (
        data.startswith(_MARKS)
        or (data[:3] == b"BZh" and data[4:10] == _BZIP2)
        or _is_deflated(data)
        or _evidence(data) >= bits
    )


def _evidence(data: bytes) -> float:
    """Return by how many bits *data* fits the formats whose header tells of what follows."""
    return max(_jpeg(data), _gzip(data), _zip(data), _font(data), _pdf(data), _seven_zip(data), _lzw(data))


def _is_deflated(data: bytes) -> bool:
    """Whether *data* is of RFC 1950: one in 2^11 begins so, and the check sum fits for one in 2^32."""
    is_header = len(data) > 6 and data[0] & 0x8F == 8 and not data[1] & 0x20
    if not is_header or int.from_bytes(data[:2], "big") % 31:
        return False
    return _inflates(data[2:], _LONG)


def holds_deflated(data: bytes) -> bool:
    """Whether all of a stream of RFC 1950 stands somewhere in *data*.

    Of random bytes, one place in 16,000 looks like the usual beginnings of one, and one of 2^32 of these has
    the right check sum.
    """
    for found in itertools.islice(_BEGINNINGS.finditer(data), _MOST_BEGINNINGS):
        if _inflates(data[found.end() :], _ENDLESS):
            return True
    return False


def _gzip(data: bytes) -> float:
    """Return the evidence for RFC 1952 with no more in its header than a time and perhaps a name."""
    if data[:3] != b"\x1f\x8b\x08" or len(data) < 18 or data[3] & 0xF7 or data[8] not in {0, 2, 4}:
        return 0
    start = 10 if not data[3] else data.find(b"\0", 10) + 1
    return 24 + 7 + 6 + (32 if start and _inflates(data[start:], _LONG, zlib.crc32) else 0)


def is_raw_deflate(data: bytes) -> bool:
    """Whether *data* is deflated without a header, as in a ZIP; only if it is longer than some lines."""
    return len(data) > _LONGER and _inflates(data, _LONGER)


def _inflates(data: bytes, long: int, check: Callable[..., int] = zlib.adler32) -> bool:
    """Whether *data* inflates to its check sum, or for so *long* that no random bytes would."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        found, said = _all_of(inflater, data, check), inflater.unused_data[:4]
    except zlib.error:
        return False
    if inflater.eof and len(said) == 4 and found in {*struct.unpack("<I", said), *struct.unpack(">I", said)}:
        return True
    used = len(data) - len(inflater.unused_data)
    return used >= long and not _is_stored(data)


def _all_of(inflater: zlib._Decompress, data: bytes, check: Callable[..., int]) -> int:
    """Return the check sum of what *data* inflates to, window by window."""
    checksum = check(b"")
    for _ in range(_WINDOWS):
        found = inflater.decompress(data, _WINDOW)
        checksum, data = check(found, checksum), inflater.unconsumed_tail
        if not data or inflater.eof:
            break
    return checksum


def _is_stored(data: bytes) -> bool:
    """Whether the first block of what is deflated stands there as it was, for which two bytes are enough."""
    return not data[0] & 6


def _jpeg(data: bytes) -> float:
    place, bits = 2, 16.0 if data[:3] == b"\xff\xd8\xff" else 0.0
    while bits and place + 4 <= len(data) and data[place] == 0xFF and data[place + 1] >= 0xC0:
        bits += 10
        if data[place + 1] == 0xDA or bits > 200:
            return bits
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return bits


def _zip(data: bytes) -> float:
    if data[:4] != b"PK\x03\x04" or len(data) < 30:
        return 0
    version, flags, method, name, extra = struct.unpack_from("<HHH16xHH", data, 4)
    fits = version < 100 and not flags & 0xF000 and method < 100 and name < 1024 and extra < 1024
    return 32 + 9 + 4 + 9 + 6 + 6 if fits else 32


def _font(data: bytes) -> float:
    """Return the evidence for OpenType, whose header says one number in three ways, and for WOFF."""
    if data[:4] in {b"wOFF", b"wOF2"}:
        return 64 if int.from_bytes(data[8:12], "big") <= len(data) and data[4:8] in _FLAVOURS else 32
    if data[:4] not in _FLAVOURS or len(data) < 12:
        return 0
    tables, width, power, rest = struct.unpack_from(">4H", data, 4)
    exponent = max(tables.bit_length() - 1, 0)
    right = (16 << exponent, exponent, (tables << 4) - (16 << exponent))
    return 30 + 16 * sum(map(int.__eq__, (width, power, rest), right))


_FLAVOURS: Final = {b"\0\1\0\0", b"OTTO", b"true", b"ttcf"}


def _pdf(data: bytes) -> float:
    return 8.0 * 7 if data.startswith((b"%PDF-1.", b"%PDF-2.")) else 0


def _seven_zip(data: bytes) -> float:
    is_right = data[:6] == b"7z\xbc\xaf'\x1c" and zlib.crc32(data[12:32]) == int.from_bytes(
        data[8:12], "little"
    )
    return 80.0 if is_right else 0


def _lzw(data: bytes) -> float:
    """Return the evidence for LZW: after the code that clears, no code is beyond those known by then."""
    number, bits = int.from_bytes(data[:_LONG], "big"), 9.0
    width = 8 * min(len(data), _LONG)
    if width < 18 or number >> (width - 9) != 256:
        return 0
    for known in range(258, 511):
        width -= 9
        if width < 9:
            return 0
        code = number >> (width - 9) & 0x1FF
        if code >= known or code == 256:
            return 0
        bits -= math.log2(known / 512)
        if code == 257:
            return bits
    return bits
