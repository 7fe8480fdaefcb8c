"""Cross-reference streams, which stay in clear (ISO 32000-2 section 7.5.8): whether all is in order."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterator
from typing import Any, Final

from ondemand_attach._exposure._budget import Budget, TooLargeError, at_most
from ondemand_attach._exposure._pdf_objects import Stream

_MOST_ENTRIES: Final = 500_000
_WIDEST: Final = 8
_FREE, _PLACE, _IN_STREAM = 0, 1, 2
_MOST_IN_STREAM: Final = 1 << 20
_LAST_GENERATION: Final = 65535
_NONE, _SUB, _UP, _AVERAGE, _PAETH = range(5)


def is_table(stream: Stream, starts: set[int], budget: Budget) -> bool:
    """Whether the *stream* says where objects are, which begin at *starts*, and nothing else.

    Raises:
        TooLargeError: of too many.
    """
    widths = stream.dictionary["/W"]
    if len(widths) != 3 or not all(isinstance(width, int) and 0 <= width <= _WIDEST for width in widths):
        return False
    index = stream.dictionary.get("/Index", [0, stream.dictionary["/Size"]])
    entries = at_most(sum(index[1::2]), _MOST_ENTRIES)
    budget.spend(entries)
    rows = _rows(stream, sum(widths), entries)
    return rows is not None and all(_is_entry(row, widths, starts) for row in rows)


def _is_entry(row: bytes, widths: list[int], starts: set[int]) -> bool:
    first, second = widths[0], widths[0] + widths[1]
    kind = row[0] if first == 1 else int.from_bytes(row[:first], "big") if first else _PLACE
    place, number = int.from_bytes(row[first:second], "big"), int.from_bytes(row[second:], "big")
    if kind == _PLACE:
        return (place in starts or not place) and number <= _LAST_GENERATION
    if kind == _IN_STREAM:
        return place <= _MOST_ENTRIES and number <= _MOST_IN_STREAM
    return kind == _FREE and place <= _MOST_IN_STREAM and number <= _LAST_GENERATION


def _rows(stream: Stream, width: int, entries: int) -> Iterator[bytes] | None:
    """Return the entries, without what makes them easier to deflate; nothing if more is there."""
    parameters = _only(stream.dictionary.get("/DecodeParms")) or {}
    is_predicted = parameters.get("/Predictor", 1) >= 10
    if is_predicted and parameters.get("/Columns", 1) != width:
        return None
    step = width + 1 if is_predicted else width
    data = _decoded(stream, step * entries)
    if data is None or len(data) != step * entries or not step:
        return None
    rows = (data[start : start + step] for start in range(0, len(data), step))
    return _unpredicted(rows, width) if is_predicted else rows


def _decoded(stream: Stream, size: int) -> bytes | None:
    data = bytes(stream.data)
    kind = _only(stream.dictionary.get("/Filter"))
    if kind is None:
        return data[:size] if not data[size:].strip() else None
    inflater = zlib.decompressobj()
    found = inflater.decompress(data, size + 1) if kind == "/FlateDecode" else b""
    return found if inflater.eof and not inflater.unused_data.strip() else None


def _only(value: Any) -> Any:
    """Return the one member of a list, or *value* itself."""
    if not isinstance(value, list):
        return value
    if len(value) > 1:
        raise TooLargeError
    return value[0] if value else None


def _unpredicted(rows: Iterator[bytes], width: int) -> Iterator[bytes]:
    """Undo the PNG filters (RFC 2083 section 6), each byte of a row being a sample."""
    above = bytes(width)
    for row in rows:
        above = _FILTERS[row[0]](row[1:], above)
        yield above


def _up(row: bytes, above: bytes) -> bytes:
    return bytes((one + other) & 0xFF for one, other in zip(row, above, strict=True))


def _sub(row: bytes, _: bytes) -> bytes:
    return bytes(number & 0xFF for number in itertools.accumulate(row))


def _average(row: bytes, above: bytes) -> bytes:
    found = bytearray()
    for octet, up in zip(row, above, strict=True):
        found.append((octet + ((found[-1] if found else 0) + up) // 2) & 0xFF)
    return bytes(found)


def _paeth(row: bytes, above: bytes) -> bytes:
    found, corner = bytearray(), 0
    for octet, up in zip(row, above, strict=True):
        left = found[-1] if found else 0
        near = min((left, up, corner), key=lambda each: abs(left + up - corner - each))
        found.append((octet + near) & 0xFF)
        corner = up
    return bytes(found)


_FILTERS: Final = {_NONE: lambda row, _: row, _SUB: _sub, _UP: _up, _AVERAGE: _average, _PAETH: _paeth}
