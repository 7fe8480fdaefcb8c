"""ZIP: encrypted as WinZip does (AE-1 and AE-2), or in the old way that is soon broken."""

from __future__ import annotations

import itertools
import struct
from typing import Final, NamedTuple

from ondemand_attach._exposure._budget import Budget, at_most
from ondemand_attach._exposure._facts import BY_PASSWORD, Facts
from ondemand_attach._exposure._packed import is_raw_deflate
from ondemand_attach._exposure._plain import is_any_plain

_AES: Final = 99  # the compression method that says so, with the details in an extra field
_DETAILS: Final = struct.Struct("<H2sBH")
_END: Final = struct.Struct("<4s4H2IH")
_CENTRAL: Final = struct.Struct("<4s6H3I5H2I")
_LOCAL: Final = struct.Struct("<4s5H3I2H")
_DESCRIPTORS: Final = ("<4sIII", "<III")  # behind the data of a file that was written piece by piece
_DESCRIPTOR_MARK: Final = b"PK\x07\x08"
_KEYS: Final = {1: 128, 2: 192, 3: 256}
_CHECK, _TAG = 2, 10
_AES_FIELD: Final = 0x9901
_EXTRA: Final = {  # sizes of the extra fields that hold no words: ZIP64, NTFS, times, owners, AES
    0x0001: 32,
    0x000A: 36,
    0x5455: 13,
    0x5855: 12,
    0x7855: 4,
    0x7875: 24,
    _AES_FIELD: 7,
}
_MOST_MEMBERS: Final = 20_000
_STEPS: Final = 20
_ENCRYPTED, _LATER = 1, 8  # flags


class _Member(NamedTuple):
    """A file in a ZIP, as the central directory says."""

    flags: int
    method: int
    crc: int
    packed: int
    size: int
    name: bytes
    extra: bytes
    comment: bytes
    place: int


class _Archive(NamedTuple):
    members: list[_Member]
    start: int  # of the directory
    is_all: bool  # whether the directory is what it should be, and nothing is behind it


def fits(content: bytes) -> bool:
    """Whether *content* begins as a ZIP does."""
    return content.startswith(b"PK\x03\x04")


def facts(content: bytes, budget: Budget) -> Facts:
    """Say how the files in a ZIP are encrypted; all of them must be, as strongly as the weakest.

    Raises:
        ValueError, IndexError, struct.error: it is damaged.
        TooLargeError: there are too many files in it.
    """
    archive = _archive(content, budget)
    members = [member for member in archive.members if member.packed or member.size]  # others hold nothing
    encrypted = [member for member in members if member.flags & _ENCRYPTED]
    if not members or len(encrypted) < len(members):
        return Facts(encryption="in part only" if encrypted else None)
    strengths = [_strength(content, member) for member in members]
    if 0 in strengths:
        return Facts(encryption="ZipCrypto or weaker")
    named = f"AES-{min(strengths)} by password (WinZip), file names in clear"
    is_all = archive.is_all and _is_all(content, archive) and _are_ciphertexts(content, members, budget)
    return Facts(encryption=named, readers=BY_PASSWORD).if_all(is_all)


def _archive(content: bytes, budget: Budget) -> _Archive:
    """Read the central directory."""
    end = content.rfind(b"PK\x05\x06", max(0, len(content) - _END.size - 0xFFFF))
    _, disk, _, number, total, size, start, comment = _END.unpack_from(content, max(end, 0))
    front = end - size - start  # what stands before the archive
    if end < 0 or disk or number != total or front < 0:
        raise ValueError
    budget.spend(at_most(total, _MOST_MEMBERS) * _STEPS)
    members, place = [], start + front
    for _ in range(total):
        member, place = _central(content, place)
        members.append(member._replace(place=member.place + front))
    is_all = place == end and not comment and end + _END.size == len(content)
    return _Archive(members, start + front, is_all)


def _central(content: bytes, place: int) -> tuple[_Member, int]:
    found = _CENTRAL.unpack_from(content, place)
    mark, flags, method, crc, packed, size = found[0], *found[3:5], *found[7:10]
    if mark != b"PK\x01\x02":
        raise ValueError
    *texts, end = itertools.accumulate(found[10:13], initial=place + _CENTRAL.size)
    name, extra, comment = (content[start:stop] for start, stop in itertools.pairwise([*texts, end]))
    return _Member(flags, method, crc, packed, size, name, extra, comment, found[-1]), end


def _is_all(content: bytes, archive: _Archive) -> bool:
    """Whether there is nothing but the files of the *archive* and its directory, without comments."""
    place = 0
    for member in sorted(archive.members, key=lambda each: each.place):
        if member.comment or member.place != place or not _is_known(member.extra):
            return False
        start = _data_of(content, member)
        if start is None:
            return False
        place = _behind(content, member, start + member.packed)
    return place == archive.start


def _data_of(content: bytes, member: _Member) -> int | None:
    """Return where the data of *member* begins, if its own header says what the directory says."""
    mark, _, flags, method, _, _, _, packed, size, name, extra = _LOCAL.unpack_from(content, member.place)
    start = member.place + _LOCAL.size
    is_same = (mark, flags, method) == (b"PK\x03\x04", member.flags, member.method) and (
        (packed, size) == (member.packed, member.size) or flags & _LATER
    )
    is_named = content[start : start + name] == member.name
    fields = content[start + name : start + name + extra]
    return start + name + extra if is_same and is_named and _is_known(fields) else None


def _behind(content: bytes, member: _Member, place: int) -> int:
    """Return where the next file begins, behind what is said only after the data."""
    if not member.flags & _LATER:
        return place
    said = (member.crc, member.packed, member.size)
    for form in _DESCRIPTORS:
        try:
            found = struct.unpack_from(form, content, place)
        except struct.error:
            continue
        if found in {said, (_DESCRIPTOR_MARK, *said)}:
            return place + struct.calcsize(form)
    return place


def _is_known(extra: bytes) -> bool:
    """Whether the extra fields are of kinds that hold numbers only."""
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        if size > _EXTRA.get(kind, -1) or 4 + size > len(extra):
            return False
        extra = extra[4 + size :]
    return not extra


def _details(extra: bytes) -> tuple[int, bytes, int, int] | None:
    """Return what the field of AES says: version, vendor, kind of key, and how the data is packed."""
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        if kind == _AES_FIELD and size >= _DETAILS.size:
            return _DETAILS.unpack_from(extra, 4)
        extra = extra[4 + size :]
    return None


def _strength(content: bytes, member: _Member) -> int:
    """Return the bits of the AES key that *member* is encrypted with, or 0 if it is not."""
    _, _, flags, method, *_ = _LOCAL.unpack_from(content, member.place)
    details = _details(member.extra)
    if not (member.method == method == _AES and flags & _ENCRYPTED) or details is None:
        return 0
    return _KEYS[details[2]]


def _are_ciphertexts(content: bytes, members: list[_Member], budget: Budget) -> bool:
    data = [_ciphertext(content, member) for member in members]
    return None not in data and not is_any_plain(filter(None, data), budget)


def _ciphertext(content: bytes, member: _Member) -> bytes | None:
    """Return salt, check, data and tag, if they have their lengths and are not just packed."""
    start, details = _data_of(content, member), _details(member.extra)
    if start is None or details is None:
        return None
    salt = _KEYS[details[2]] // 16
    data = content[start : start + member.packed]
    within = data[salt + _CHECK : -_TAG]
    is_right = len(data) >= salt + _CHECK + _TAG and (details[3] or len(within) == member.size)
    return data if is_right and not is_raw_deflate(within) and not is_raw_deflate(data) else None
