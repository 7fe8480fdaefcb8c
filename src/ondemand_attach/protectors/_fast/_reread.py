"""Encrypted PDFs read again, in the layout that pyHanko writes: one table of objects, nothing appended."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator

from ondemand_attach.errors import ProofError

_START = re.compile(rb"startxref\s+([0-9]+)\s+%%EOF\s*\Z")
_TABLE = re.compile(
    rb"xref\n0 [0-9]+\n((?:[0-9]{10} [0-9]{5} [nf] \n)+)trailer\n(<<.*?>>)\nstartxref", re.DOTALL
)
_ENCRYPT = re.compile(rb"/Encrypt ([0-9]+) 0 R")
_OBJECT = re.compile(rb"([0-9]+) 0 obj\n")
_ENTRY = re.compile(rb"/([A-Za-z]+) (/[A-Za-z0-9.]+|<[0-9A-Fa-f]*>|-?[0-9]+|true|false)")
_LENGTH = re.compile(rb"/Length ([0-9]+)\b")
_STRING = re.compile(rb"<([0-9A-Fa-f]+)>")
_SIGNATURE = re.compile(rb"/Contents <[0-9A-Fa-f]+>")
_BLOCK = 16  # bytes
_PADDINGS = {size: bytes([size]) * size for size in range(1, _BLOCK + 1)}  # PKCS #7


class OtherLayoutError(Exception):
    """The document is laid out in another way."""


class EncryptedFile:
    """The objects of an encrypted PDF, in the order in which they stand.

    Args:
        content: the finished bytes.

    Attributes:
        encryption: the entries of the encryption dictionary (ISO 32000-2 section 7.6.2), as they are written.
    """

    def __init__(self, content: bytes) -> None:
        start = _START.match(content, content.rfind(b"startxref"))
        table = _TABLE.match(content, int(start[1])) if start else None
        encrypt = _ENCRYPT.search(table[2]) if table else None
        if table is None or encrypt is None:
            raise OtherLayoutError
        places = sorted(int(line[:10]) for line in table[1].splitlines() if line[17:18] == b"n")
        self._content, self._bounds = content, [*places, table.start()]
        self._encrypt = int(encrypt[1])
        self.encryption: dict[bytes, bytes] = {}
        for number, *place in self._objects():
            if number == self._encrypt:
                self.encryption.update(_ENTRY.findall(content, *place))

    def _objects(self) -> Iterator[tuple[int, int, int]]:
        for start, end in itertools.pairwise(self._bounds):
            head = _OBJECT.match(self._content, start)
            if head is None or not self._content.endswith(b"\nendobj\n", start, end):
                raise OtherLayoutError
            yield int(head[1]), head.end(), end

    def check_encrypted(self, decrypt: Callable[[bytes], bytes]) -> None:
        """Look at each string and stream, but for the values of signatures.

        Args:
            decrypt: decrypts blocks of 16 bytes by themselves.

        Raises:
            ProofError: one of them is not encrypted.
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
        text = self._content[start : end if stream < 0 else stream]
        if b"/ByteRange" in text:
            text = _SIGNATURE.sub(b"", text, count=1)
        if b"(" in text:
            raise OtherLayoutError
        yield from map(bytes.fromhex, map(bytes.decode, _STRING.findall(text)))
        if stream >= 0:
            yield self._data(text, stream + len(b"\nstream\n"), end)

    def _data(self, text: bytes, start: int, end: int) -> bytes:
        length = _LENGTH.search(text)
        if length is None or not self._content.startswith(b"\nendstream", start + int(length[1]), end):
            raise OtherLayoutError
        return self._content[start : start + int(length[1])]


def _ends(data: bytes) -> tuple[bytes, bytes]:
    """Return the last two blocks: what the plain text of the last was combined with, and the last."""
    return data[-2 * _BLOCK : -_BLOCK], data[-_BLOCK:]


def _is_padded(block: bytes) -> bool:
    return block.endswith(_PADDINGS.get(block[-1], b"no padding"))
