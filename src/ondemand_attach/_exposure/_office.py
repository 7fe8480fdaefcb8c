"""Office documents encrypted with a password: compound files that hold the package ([MS-OFFCRYPTO])."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Final, NamedTuple

from ondemand_attach._exposure._facts import BY_PASSWORD, Facts

_MAGIC: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END: Final = 0xFFFFFFFA  # what is no sector begins here ([MS-CFB] section 2.1)
_PACKAGE: Final = frozenset({"EncryptionInfo", "EncryptedPackage"})
_ITS_SPACES: Final = frozenset(  # [MS-OFFCRYPTO] section 2.1, and places that nothing is in
    {
        *("", "Root Entry", "\x06DataSpaces", "Version", "DataSpaceMap", "DataSpaceInfo", "\x06Primary"),
        *("StrongEncryptionDataSpace", "TransformInfo", "StrongEncryptionTransform"),
    }
)
_EVERYBODYS: Final = "VelvetSweatshop"  # Excel opens a workbook with it unasked
_FREE: Final = 0xFFFFFFFF
_IN_HEADER: Final = 109
_ENTRY: Final = 128
_AGILE: Final = (4, 4)
_KEY: Final = re.compile(rb"<keyData\b[^>]*>")
_STANDARD_AES: Final = {0x660E: "AES-128", 0x660F: "AES-192", 0x6610: "AES-256"}


class _Stream(NamedTuple):
    start: int
    size: int


def fits(content: bytes) -> bool:
    """Whether *content* begins as a compound file does."""
    return content.startswith(_MAGIC)


def facts(content: bytes) -> Facts:
    """Say how an Office document is encrypted; older formats in such a file count as not."""
    file = _CompoundFile(content)
    if not file.streams.keys() >= _PACKAGE:
        return Facts()
    encryption = _algorithm(file.read("EncryptionInfo"))
    if encryption is None:
        return Facts(encryption="unknown")
    if _opens_unasked(content):
        return Facts(encryption=f"{encryption} (Office), opens without a password")
    return Facts(encryption=f"{encryption} by password (Office)", readers=BY_PASSWORD).if_all(file.is_all)


def _opens_unasked(content: bytes) -> bool:
    """Whether it is encrypted with the password that Excel knows itself, as far as that can be tried."""
    try:
        from msoffcrypto.format.ooxml import OOXMLFile
    except ModuleNotFoundError:
        return False
    try:
        OOXMLFile(BytesIO(content)).load_key(password=_EVERYBODYS, verify_password=True)
    except Exception:  # noqa: BLE001 - however it says no
        return False
    return True


def _algorithm(information: bytes) -> str | None:
    major, minor = struct.unpack_from("<HH", information)
    if (major, minor) == _AGILE:
        return _agile(_KEY.search(information))
    algorithm = struct.unpack_from("<I", information, 12 + 8)[0] if minor == 2 else 0
    return _STANDARD_AES.get(algorithm)


def _agile(key: re.Match[bytes] | None) -> str | None:
    attributes = dict(re.findall(rb'(\w+)="([^"]*)"', key[0])) if key else {}
    if attributes.get(b"cipherAlgorithm") != b"AES":
        return None
    return f"AES-{int(attributes[b'keyBits'])}"


class _CompoundFile:
    """The streams of a compound file ([MS-CFB]), by their names."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        shift, mini_shift = struct.unpack_from("<HH", content, 30)
        self._size, self._mini_size = 1 << shift, 1 << mini_shift
        first, self._cutoff, mini_fat = (
            struct.unpack_from("<I", content, place)[0] for place in (48, 56, 60)
        )
        self._fat = self._numbers(b"".join(map(self._sector, self._fat_sectors())))
        directory = self._chain(first)
        entries = [directory[place : place + _ENTRY] for place in range(0, len(directory), _ENTRY)]
        self.streams = {_name(entry): _Stream(*struct.unpack_from("<II", entry, 116)) for entry in entries}
        self.is_all = self._is_all()
        self._mini_fat = self._numbers(self._chain(mini_fat))
        self._mini_stream = self._chain(struct.unpack_from("<I", entries[0], 116)[0])

    def _is_all(self) -> bool:
        """Whether it holds nothing but what is encrypted, and no more sectors than it uses."""
        sectors = -(-len(self._content) // self._size) - 1
        is_used = all(number != _FREE for number in self._fat[:sectors]) and sectors <= len(self._fat)
        return is_used and self.streams.keys() <= _PACKAGE | _ITS_SPACES

    def read(self, name: str) -> bytes:
        """Return the stream *name*."""
        start, size = self.streams[name]
        if size >= self._cutoff:
            return self._chain(start)[:size]
        step = self._mini_size
        return _chained(start, self._mini_fat, lambda sector: self._mini_stream[sector * step :][:step])[
            :size
        ]

    def _chain(self, start: int) -> bytes:
        return _chained(start, self._fat, self._sector)

    def _sector(self, number: int) -> bytes:
        return self._content[(number + 1) * self._size :][: self._size]

    def _fat_sectors(self) -> Iterator[int]:
        listed = struct.unpack_from(f"<{_IN_HEADER}I", self._content, 76)
        following, left = struct.unpack_from("<II", self._content, 68)
        while True:
            yield from (sector for sector in listed if sector < _END)
            if following >= _END or not left:
                return
            *listed, following = self._numbers(self._sector(following))  # type: ignore[assignment]
            left -= 1

    @staticmethod
    def _numbers(octets: bytes) -> tuple[int, ...]:
        return struct.unpack(f"<{len(octets) // 4}I", octets)


def _chained(start: int, following: tuple[int, ...], sector: Callable[[int], bytes]) -> bytes:
    found: list[bytes] = []
    while start < _END and len(found) <= len(following):
        found.append(sector(start))
        start = following[start]
    return b"".join(found)


def _name(entry: bytes) -> str:
    length = struct.unpack_from("<H", entry, 64)[0]
    return entry[: max(length - 2, 0)].decode("utf-16-le", "replace")
