"""Encrypted PDFs read again, in the layout of `_object_streams`, without what wrote them.

Every byte of the file is looked at: each object is of a form that is known, and nothing stands between them.
"""

from __future__ import annotations

import itertools
import re
import zlib
from collections.abc import Callable, Iterator
from typing import Final

from ondemand_attach.errors import ProofError
from ondemand_attach.protectors._fast import _grammar
from ondemand_attach.protectors._object_streams import ROOM, ROUND
from ondemand_attach.protectors._stream_padding import coarse

_HEADER: Final = re.compile(rb"%PDF-[12]\.[0-9]\n%[\x80-\xff]{4,8}\n")
_END: Final = re.compile(rb"\nstartxref\n([0-9]{1,19})\n%%EOF\n")
_OBJECT: Final = re.compile(rb"([0-9]+) 0 obj\n")
_TABLE: Final = re.compile(rb"[0-9]+ 0 obj\n<<\n(.*?\n)>>\nstream\n", re.DOTALL)
_INDEX: Final = re.compile(rb"/Index \[ ?([0-9 ]+?) ?\]\n")
_ENCRYPT: Final = re.compile(rb"/Encrypt ([0-9]+) 0 R\n")
_PREVIOUS: Final = re.compile(rb"/Prev ([0-9]+)\n")
_LENGTH: Final = re.compile(rb"/Length ([0-9]+)\n")
_ROW: Final = 11  # bytes: a kind of one, a place of eight, a generation of two
_MOST_ROWS: Final = 1 << 22
_ENTRY: Final = re.compile(rb"/([A-Za-z]+) (/[A-Za-z0-9.]+|<[0-9A-Fa-f]*>|-?[0-9]+|true|false)")
_STRING: Final = re.compile(rb"<([0-9A-Fa-f]+)>")
_SIGNATURE: Final = re.compile(rb"/Contents <[0-9A-Fa-f]+>")
_NAME = rb"/[^\x00-\x20()<>\[\]{}/%]+"
_NAMES: Final = re.compile(rb"%b|\[ ?(?:%b ?)*\]" % (_NAME, _NAME))
_NAMING: Final = {b"/Filter", b"/PageLayout", b"/PageMode", b"/Subtype", b"/Type", b"/Version"}
_WORD = rb"(?:[1-9][0-9]* 0 R|true|false|null|/Device(?:CMYK|Gray|RGB))"
_SHOWN: Final = re.compile(rb"%b|\[ ?(?:%b ?)*\]" % (_WORD, _WORD))
_BLOCK: Final = 16  # bytes
_PADDINGS: Final = {size: bytes([size]) * size for size in range(1, _BLOCK + 1)}  # PKCS #7


class OtherLayoutError(Exception):
    """The document is laid out in another way."""


class EncryptedFile:
    """The objects of an encrypted PDF that are not in object streams, in the order in which they stand.

    Args:
        content: the finished bytes.

    Attributes:
        encryption: the entries of the encryption dictionary (ISO 32000-2 section 7.6.2), as they are written.
        has_mac: whether the last revision has an integrity MAC (ISO/TS 32004).

    Raises:
        OtherLayoutError: it is laid out in another way.
    """

    def __init__(self, content: bytes) -> None:
        self._content, self.has_mac = content, False
        self._tables, places = self._cross_references()
        first, *_ = self._bounds = [*sorted({*places, *self._tables}), len(content)]
        if not _HEADER.fullmatch(content, 0, first):
            raise OtherLayoutError
        self.encryption: dict[bytes, bytes] = {}
        for number, *place in self._objects():
            if number == self._encrypt:
                self.encryption.update(_ENTRY.findall(content, *place))

    def _cross_references(self) -> tuple[set[int], set[int]]:
        """Return where the cross-reference streams are, of all revisions, and where the objects are."""
        end = _match(_END, self._content, self._content.rfind(b"\nstartxref"))
        tables, places, start = set[int](), set[int](), int(end[1])
        while start not in tables:
            table = _match(_TABLE, self._content, start)
            self.has_mac = self.has_mac or (not tables and b"/AuthCode <<" in table[1])
            tables.add(start)
            places.update(self._rows(table))
            previous, self._first_table = _PREVIOUS.search(table[1]), start
            start = int(previous[1]) if previous else start
        self._encrypt = int(_search(_ENCRYPT, table[1])[1])
        return tables, places

    def _rows(self, table: re.Match[bytes]) -> Iterator[int]:
        """Yield the places of the objects that are not in object streams (ISO 32000-2 section 7.5.8.3)."""
        index = list(map(int, _search(_INDEX, table[1])[1].split()))
        size = sum(index[1::2]) * _ROW
        inflater = zlib.decompressobj()
        data = self._content[table.end() : table.end() + int(_search(_LENGTH, table[1])[1])]
        rows = inflater.decompress(data, min(size, _ROW * _MOST_ROWS))
        if len(rows) != size:
            raise OtherLayoutError
        for row in range(0, size, _ROW):
            if rows[row] == 1:
                yield int.from_bytes(rows[row + 1 : row + 9], "big")

    def _objects(self) -> Iterator[tuple[int, int, int]]:
        for start, end in itertools.pairwise(self._bounds):
            head = _match(_OBJECT, self._content, start)
            if start in self._tables:
                end = self._content.rfind(b"\nstartxref\n", start, end)  # noqa: PLW2901
                _match(_END, self._content, end)
            if not self._content.endswith(b"\nendobj\n", start, end):
                raise OtherLayoutError
            if start not in self._tables:
                yield int(head[1]), head.end(), end

    def check_encrypted(self, decrypt: Callable[[bytes], bytes]) -> None:
        """Look at each string and stream, but for the values of signatures, and at what stays in clear.

        Args:
            decrypt: decrypts blocks of 16 bytes by themselves.

        Raises:
            ProofError: one of them is not encrypted, or more is in clear than has to be.
            OtherLayoutError: that holds of what was added later.
        """
        found = [encrypted for place in self._objects() for encrypted in self._encrypted(*place)]
        if any(len(data) < 2 * _BLOCK or len(data) % _BLOCK for data in found):
            raise ProofError("a part of the document is not encrypted")
        before, last = (b"".join(ends) for ends in zip(*map(_ends, found), strict=True))
        plain = int.from_bytes(decrypt(last), "big") ^ int.from_bytes(before, "big")
        text = plain.to_bytes(len(last), "big")
        if not all(_is_padded(text[place : place + _BLOCK]) for place in range(0, len(text), _BLOCK)):
            raise ProofError("a part of the document is not encrypted with its key")

    def _encrypted(self, number: int, start: int, end: int) -> Iterator[bytes]:
        if number == self._encrypt:
            return
        stream = self._content.find(b"\nstream\n", start, end)
        text = self._content[start : end - len(b"\nendobj\n") if stream < 0 else stream]
        if b"/ByteRange" in text:
            text = _SIGNATURE.sub(b"", text, count=1)
        elif not self._shows_little(text):
            if start < self._first_table:
                raise ProofError("more of the document is in clear than has to be")
            raise OtherLayoutError
        if b"(" in text:
            raise OtherLayoutError
        yield from map(bytes.fromhex, map(bytes.decode, _STRING.findall(text)))
        if stream >= 0:
            yield self._data(text, stream + len(b"\nstream\n"), end)

    def _shows_little(self, text: bytes) -> bool:
        """Whether nothing in the stream dictionary or catalog *text* depends on what a document says."""
        found = _grammar.entries(text, len(b"<<")) if text.startswith(b"<<") else None
        if found is None:
            return False
        entries = dict(found)
        if b"/Pages" in entries:  # the catalog
            entries.pop(b"/Extensions", None)
        if entries.get(b"/Type") == b"/ObjStm":
            number, first = int(entries.pop(b"/N")), int(entries.pop(b"/First"))
            if number % ROUND or first != number * ROOM:
                return False
        length = int(entries.pop(b"/Length", b"0"))
        return length == coarse(length) and all(
            _SHOWN.fullmatch(value) or (name in _NAMING and _NAMES.fullmatch(value))
            for name, value in entries.items()
        )

    def _data(self, text: bytes, start: int, end: int) -> bytes:
        length = int(_search(_LENGTH, text + b"\n")[1])
        if self._content[start + length : end].split() != [b"endstream", b"endobj"]:
            raise OtherLayoutError
        return self._content[start : start + length]


def _match(form: re.Pattern[bytes], text: bytes, place: int) -> re.Match[bytes]:
    if place < 0 or (found := form.match(text, place)) is None:
        raise OtherLayoutError
    return found


def _search(form: re.Pattern[bytes], text: bytes) -> re.Match[bytes]:
    if (found := form.search(text)) is None:
        raise OtherLayoutError
    return found


def _ends(data: bytes) -> tuple[bytes, bytes]:
    """Return the last two blocks: what the plain text of the last was combined with, and the last."""
    return data[-2 * _BLOCK : -_BLOCK], data[-_BLOCK:]


def _is_padded(block: bytes) -> bool:
    return block.endswith(_PADDINGS.get(block[-1], b"no padding"))
