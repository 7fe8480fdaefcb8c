"""The members of a ZIP (APPNOTE.TXT 6.3), found by their own headers, whatever its directory says of them."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ondemand_attach._leaks._budget import Budget, Member
from ondemand_attach._leaks._inflating import Opener, bzip2, deflate, inflated, xz

LOCAL_HEADER = b"PK\x03\x04"
_DIRECTORY_HEADER = b"PK\x01\x02"
_DIRECTORY_END = b"PK\x05\x06"
_AFTER_A_MEMBER = (LOCAL_HEADER, _DIRECTORY_HEADER, b"PK\x07\x08")
_LOCAL = struct.Struct("<4s2xHH4x4xL4xHH")
_ENTRY = struct.Struct("<4s4xHH16xHHH12x")
_END = struct.Struct("<4s16xH")
_STORED, _LZMA = 0, 14
_METHODS: dict[int, Opener] = {8: deflate, 12: bzip2, 95: xz}


def members(content: bytes, budget: Budget) -> Iterator[Member]:
    """Yield the name and the contents of each member, then what is beside them and what the directory says.

    What is beside them is left to others if the file does not begin as a ZIP. A member that cannot be read is
    passed over: the ZIP is searched as it stands, too.
    """
    methods = _methods(content)
    at, beside, seen = content.find(LOCAL_HEADER), list[bytes](), 0
    while 0 <= at <= len(content) - _LOCAL.size:
        _, _, method, size, name_length, extra_length = _LOCAL.unpack_from(content, at)
        name_at = at + _LOCAL.size
        start = name_at + name_length + extra_length
        member, end = _member(content, start, method, size, budget)
        if not budget.allows(max(len(member), end - start)):
            return
        yield content[name_at : name_at + name_length], None
        yield member, "utf-8"
        for other in methods - {method}:  # which some programs believe
            further, _ = _member(content, start, other, size, budget)
            if not budget.allows(len(further)):
                return
            yield further, "utf-8"
        # What is damaged or encrypted ends anywhere; then the next header may be nearer.
        is_whole = member and content[end : end + 2] == b"PK"
        beside.append(content[seen:at])
        seen = end if is_whole else at + len(LOCAL_HEADER)
        at = content.find(LOCAL_HEADER, seen)
    if content.startswith(LOCAL_HEADER) and budget.allows(sum(map(len, beside)) + len(content) - seen):
        yield b"\n".join([*beside, content[seen:]]), "utf-8"
    yield _directory(content), None


def _member(content: bytes, start: int, method: int, size: int, budget: Budget) -> tuple[bytes, int]:
    if method == _STORED:
        end = _end_of_stored(content, start, size)
        return content[start:end], end
    if opener := _METHODS.get(method):
        return inflated(opener, content, start, budget.most)
    if method == _LZMA:
        # Section 5.8.8: version, length of the properties, the properties. A .lzma file begins with these.
        end = _end_of_stored(content, start, size)
        alone = content[start + 4 : start + 9] + b"\xff" * 8 + content[start + 9 : end]
        return inflated(xz, alone, 0, budget.most)[0], end
    return b"", start


def _end_of_stored(content: bytes, start: int, size: int) -> int:
    end = start + size
    if size and content[end : end + 2] == b"PK":
        return end
    # Its length comes later, or is not true.
    end = content.find(b"PK", start)
    while end >= 0 and not content.startswith(_AFTER_A_MEMBER, end):
        end = content.find(b"PK", end + 2)
    return end if end >= 0 else len(content)


def _entries(content: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield the method, the name and the comment of each entry of the directory."""
    at, left = content.find(_DIRECTORY_HEADER), len(content)  # entries that overlap say the same again
    while 0 <= at <= len(content) - _ENTRY.size and left > 0:
        _, _, method, name, extra, comment = _ENTRY.unpack_from(content, at)
        left -= name + comment
        start = at + _ENTRY.size
        comment_at = start + name + extra
        yield method, content[start : start + name], content[comment_at : comment_at + comment]
        at = content.find(_DIRECTORY_HEADER, at + len(_DIRECTORY_HEADER))


def _methods(content: bytes) -> set[int]:
    """Return how members are compressed, if the directory is believed."""
    return {method for method, _, _ in _entries(content)} & {*_METHODS, _LZMA}


def _directory(content: bytes) -> bytes:
    """Return the names and comments that stand in the directory, one to a line."""
    found = [text for _, name, comment in _entries(content) for text in (name, comment)]
    at = content.rfind(_DIRECTORY_END)
    if 0 <= at <= len(content) - _END.size:
        start = at + _END.size
        found.append(content[start : start + _END.unpack_from(content, at)[1]])
    return b"\n".join(found)
