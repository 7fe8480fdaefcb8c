"""ZIP: encrypted as WinZip does (AE-1 and AE-2), or in the old way that is soon broken."""

from __future__ import annotations

import struct
import zipfile
from io import BytesIO
from typing import Final

from ondemand_attach._exposure._facts import BY_PASSWORD, Facts

_AES: Final = 99  # the compression method that says so, with the details in the extra field 0x9901
_DETAILS: Final = struct.Struct("<HH H2sBH")
_LOCAL_HEADER: Final = struct.Struct("<4sHHH")
_LENGTHS: Final = struct.Struct("<HH")
_DESCRIPTOR: Final = 16  # bytes, behind the data of a file that was written piece by piece
_BITS: Final = {1: 128, 2: 192, 3: 256}


def fits(content: bytes) -> bool:
    """Whether *content* begins as a ZIP does."""
    return content.startswith(b"PK\x03\x04")


def facts(content: bytes) -> Facts:
    """Say how the files in a ZIP are encrypted; all of them must be, as strongly as the weakest."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        is_all = _is_all(content, archive)
        members = [member for member in archive.infolist() if not member.is_dir()]
    if not all(member.flag_bits & 1 for member in members) or not members:
        return Facts(encryption="in part only" if any(member.flag_bits & 1 for member in members) else None)
    strengths = [_strength(content, member) for member in members]
    if 0 in strengths:
        return Facts(encryption="ZipCrypto or weaker")
    named = f"AES-{min(strengths)} by password (WinZip), file names in clear"
    return Facts(encryption=named, readers=BY_PASSWORD).if_all(is_all)


def _is_all(content: bytes, archive: zipfile.ZipFile) -> bool:
    """Whether there is nothing but the files of *archive* and its directory, without comments."""
    place = 0
    for member in sorted(archive.infolist(), key=lambda each: each.header_offset):
        if member.comment or not 0 <= member.header_offset - place <= _DESCRIPTOR:
            return False
        name, extra = _LENGTHS.unpack_from(content, member.header_offset + 26)
        place = member.header_offset + 30 + name + extra + member.compress_size
    directory = sum(46 + len(_name(member)) + len(member.extra) for member in archive.infolist())
    end = archive.start_dir + directory + 22
    return 0 <= archive.start_dir - place <= _DESCRIPTOR and end == len(content) and not archive.comment


def _name(member: zipfile.ZipInfo) -> bytes:
    """Return the file name as it stands there; the flag says which encoding that is."""
    return member.orig_filename.encode("utf-8" if member.flag_bits & 0x800 else "cp437")


def _strength(content: bytes, member: zipfile.ZipInfo) -> int:
    """Return the bits of the AES key that *member* is encrypted with, or 0 if it is not."""
    _, _, flags, method = _LOCAL_HEADER.unpack_from(content, member.header_offset)
    if not (member.compress_type == method == _AES and flags & 1):
        return 0
    extra = member.extra
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        if kind == 0x9901:
            return _BITS[_DETAILS.unpack_from(extra)[4]]
        extra = extra[4 + size :]
    return 0
