"""Compound files ([MS-CFB]): their streams by name, read in no more steps than they have sectors."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from ondemand_attach._exposure._budget import Budget, at_most

MAGIC: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEADER: Final = 512
_MINI: Final = 64
_CUTOFF: Final = 4096
_FORMS: Final = {(9, 6, _CUTOFF), (12, 6, _CUTOFF)}  # powers of sizes, and from where on streams are large
_SPARE: Final = 16
_END: Final = 0xFFFFFFFA  # what is no sector begins here (section 2.1)
_IN_HEADER: Final = 109
_ENTRY: Final = 128
_MOST_ENTRIES: Final = 20_000


class Stream(NamedTuple):
    """Where a stream begins, and how long it is."""

    start: int
    size: int


class CompoundFile:
    """The streams of a compound file.

    Attributes:
        streams: each by its name; what is a folder is empty.
        is_all: whether no sector is used twice, and directory and header say nothing else.

    Raises:
        ValueError, IndexError, struct.error: it is damaged.
        TooLargeError: there is too much in it.
    """

    def __init__(self, content: bytes, budget: Budget) -> None:
        self._content, self._budget = content, budget
        shift, mini_shift = struct.unpack_from("<HH", content, 30)
        first, cutoff, mini_fat = (struct.unpack_from("<I", content, place)[0] for place in (48, 56, 60))
        if (shift, mini_shift, cutoff) not in _FORMS:
            raise ValueError
        self._size = 1 << shift
        self._sectors = -(-len(content) // self._size) - 1
        self._fat: tuple[int, ...] = ()
        number = at_most(struct.unpack_from("<I", content, 44)[0], self._sectors * 4 // self._size + _SPARE)
        own = list(itertools.islice(self._fat_sectors(), number))  # some writers list one more
        self._fat = _numbers(b"".join(map(self._sector, own)))
        directory, mini = self._places(first), self._places(mini_fat)
        self._mini_fat = _numbers(self._joined(mini))
        entries = _entries(self._joined(directory))
        names = [_name(entry) for entry in entries]
        self._root, *streams = (Stream(*struct.unpack_from("<II", entry, 116)) for entry in entries)
        self._mini_stream = self._joined(self._places(self._root.start))
        self.streams = dict(zip(names[1:], streams, strict=True))
        large = (self._places(stream.start) for stream in streams if stream.size >= _CUTOFF)
        sectors = [*own, *self._index, *directory, *mini, *self._places(self._root.start)]
        sectors += itertools.chain.from_iterable(large)
        self._unused = sorted(set(range(self._sectors)) - set(sectors))
        is_plain = all(map(_is_plain_entry, entries)) and not content[_HEADER : self._size].strip(b"\0")
        self.is_all = (
            is_plain
            and self._is_plain_header()
            and _is_set(filter(None, names))
            and _is_set(sectors)
            and not (self._unused and len(content) % self._size)
        )

    def _is_plain_header(self) -> bool:
        """Whether header and tables hold no numbers that are none of sectors: they might be letters."""
        listed = struct.unpack_from(f"<{_IN_HEADER}I", self._content, 76)
        numbers = {*listed, *self._fat, *self._mini_fat}
        reserved = self._content[8:24] + self._content[34:40]
        return not reserved.strip(b"\0") and all(each < self._sectors * 8 or each >= _END for each in numbers)

    def read(self, name: str) -> bytes:
        """Return the stream *name*."""
        return self._whole(self.streams[name])[: self.streams[name].size]

    def slack(self) -> Iterator[bytes]:
        """Yield what no stream holds: behind its end in its last sector, and in unused sectors."""
        used: set[int] = set()
        for stream in self.streams.values():
            yield self._whole(stream)[stream.size :].strip(b"\0")
            if stream.size < _CUTOFF:
                used.update(self._mini_places(stream))
        unused = set(range(-(-len(self._mini_stream) // _MINI))) - used
        yield b"".join(map(self._mini_sector, sorted(unused))).strip(b"\0")
        yield self._joined(self._unused).strip(b"\0")

    def _whole(self, stream: Stream) -> bytes:
        if stream.size >= _CUTOFF:
            return self._joined(self._places(stream.start))
        return b"".join(map(self._mini_sector, self._mini_places(stream)))

    def _mini_places(self, stream: Stream) -> list[int]:
        places = _chain(stream.start, self._mini_fat, _CUTOFF // _MINI, self._budget) if stream.size else []
        if len(places) != -(-stream.size // _MINI):
            raise ValueError
        return places

    def _mini_sector(self, number: int) -> bytes:
        return self._mini_stream[number * _MINI : (number + 1) * _MINI]

    def _places(self, start: int) -> list[int]:
        """Return the numbers of the sectors of a chain."""
        return _chain(start, self._fat, self._sectors, self._budget)

    def _joined(self, places: Iterable[int]) -> bytes:
        return b"".join(map(self._sector, places))

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self._size
        return self._content[start : start + self._size]

    def _fat_sectors(self) -> Iterator[int]:
        """Yield the sectors of the table of sectors; note those that list what the header cannot."""
        most = self._sectors * 4 // self._size * 2 + _SPARE
        listed = struct.unpack_from(f"<{_IN_HEADER}I", self._content, 76)
        following = struct.unpack_from("<I", self._content, 68)[0]
        self._index: list[int] = []
        for left in range(most, -1, -1):
            yield from (sector for sector in listed if sector < _END)
            if following >= _END:
                return
            self._index.append(at_most(following, self._sectors))
            at_most(1, left)
            *listed, following = _numbers(self._sector(following))  # type: ignore[assignment]


def _chain(start: int, following: tuple[int, ...], most: int, budget: Budget) -> list[int]:
    found: list[int] = []
    while start < _END:
        budget.spend()
        at_most(len(found), most)
        found.append(start)
        start = following[start]
    return found


def _numbers(octets: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(octets) // 4}I", octets[: len(octets) // 4 * 4])


def _entries(directory: bytes) -> list[bytes]:
    at_most(len(directory) // _ENTRY, _MOST_ENTRIES)
    return [directory[place : place + _ENTRY] for place in range(0, len(directory), _ENTRY)]


def _name(entry: bytes) -> str:
    return entry[: _length(entry)].decode("utf-16-le", "replace")


def _length(entry: bytes) -> int:
    return int(max(struct.unpack_from("<H", entry, 64)[0] - 2, 0))


def _is_plain_entry(entry: bytes) -> bool:
    """Whether there is nothing behind the name of an entry, and no class, which none of these has."""
    return not entry[_length(entry) : 64].strip(b"\0") and not entry[80:96].strip(b"\0")


def _is_set(each: Iterable[object]) -> bool:
    found = list(each)
    return len(found) == len(set(found))
