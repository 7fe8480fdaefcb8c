"""The filters of a PDF's streams, ISO 32000-2, 7.4, each as far as its data can be read."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

from ondemand_attach._leaks._inflating import inflated, zlib_or_gzip

_FILTERS = re.compile(rb"/Filter\s*(\[[^\]]*\]|/[^\s/\[\]<>()]+)")
_NAME = re.compile(rb"/([^\s/\[\]<>()]+)")
_PARAMETER = re.compile(rb"/(Predictor|Columns|Colors|BitsPerComponent|EarlyChange)\s+([0-9]{1,6})\b")
_DEAR = re.compile(rb"/(?:Predictor|ASCII85Decode|A85|LZWDecode|LZW|RunLengthDecode|RL)\b")
_SPACE = b"\0\t\n\f\r\v "
_SLOWLY = 8 << 20  # octets that are worked through one by one
_MOST_RUNS = 2 << 20  # of two octets each at least


def is_dear(dictionary: bytes) -> bool:
    """Whether a stream is worked through octet by octet, which takes far longer than inflating."""
    return _DEAR.search(dictionary) is not None


def decoded(dictionary: bytes, data: bytes | memoryview, most: int) -> bytes:
    """Return the data of a stream without its filters, up to *most* octets.

    A filter that is not known, as those of images, leaves nothing, and so does one that its data do not fit.
    """
    found = _FILTERS.search(dictionary)
    names = _NAME.findall(found[1]) if found else []
    if not names:  # said elsewhere, or left out by mistake
        return _guessed(data, most) or bytes(data[:most])
    parameters = {name: int(value) for name, value in _PARAMETER.findall(dictionary)}
    for name in names:
        if (decode := _DECODERS.get(name)) is None:
            return b""
        data = decode(data, parameters, most)
    return bytes(data)


def _guessed(data: bytes | memoryview, most: int) -> bytes:
    if octets := inflated(zlib_or_gzip, data, 0, most)[0]:
        return octets
    if not bytes(data[-16:]).rstrip(_SPACE).endswith(b"~>"):
        return b""
    return inflated(zlib_or_gzip, _ascii85(data, {}, most), 0, most)[0]


def _flate(data: bytes | memoryview, parameters: dict[bytes, int], most: int) -> bytes:
    return _unpredicted(inflated(zlib_or_gzip, data, 0, most)[0], parameters)


def _ascii_hex(data: bytes | memoryview, _: dict[bytes, int], most: int) -> bytes:
    digits = re.sub(rb"[^0-9A-Fa-f]", b"", bytes(data).partition(b">")[0])
    return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))[:most]


def _ascii85(data: bytes | memoryview, _: dict[bytes, int], most: int) -> bytes:
    encoded = bytes(data[:_SLOWLY]).strip(_SPACE).removeprefix(b"<~").partition(b"~")[0]
    try:
        return base64.a85decode(encoded, ignorechars=_SPACE)[:most]
    except ValueError:
        return b""


def _run_length(data: bytes | memoryview, _: dict[bytes, int], most: int) -> bytes:
    found, at = bytearray(), 0
    for _run in range(_MOST_RUNS):
        if at >= len(data) or (length := data[at]) == 128 or len(found) >= most:
            break
        is_run = length > 128
        end = at + 2 + (0 if is_run else length)
        found += bytes(data[at + 1 : end]) * (257 - length if is_run else 1)
        at = end
    return bytes(found)


def _lzw(data: bytes | memoryview, parameters: dict[bytes, int], most: int) -> bytes:
    early = parameters.get(b"EarlyChange", 1)
    start = [*(bytes([octet]) for octet in range(256)), b"", b""]
    table, previous, pieces, size = list(start), b"", list[bytes](), 0
    bits, held, width = 0, 0, 9
    for octet in data:
        bits, held = (bits << 8 | octet) & 0xFFFFFF, held + 8
        if held < width:
            continue
        held -= width
        code = bits >> held & (1 << width) - 1
        if code == 256:
            table, previous, width = list(start), b"", 9
            continue
        if code == 257 or code > len(table) or size > min(most, _SLOWLY):
            break
        entry = table[code] if code < len(table) else previous + previous[:1]
        pieces.append(entry)
        size += len(entry)
        if previous and len(table) < 4096:
            table.append(previous + entry[:1])
        previous = entry
        width = min(max((len(table) + early).bit_length(), 9), 12)
    return _unpredicted(b"".join(pieces), parameters)


def _unpredicted(data: bytes, parameters: dict[bytes, int]) -> bytes:
    """Undo the PNG predictors, 7.4.4.4, as cross-reference and object streams have them."""
    predictor = parameters.get(b"Predictor", 1)
    if predictor < 2 or len(data) > _SLOWLY:
        return data
    bits = parameters.get(b"Colors", 1) * parameters.get(b"BitsPerComponent", 8)
    step, width = max(bits // 8, 1), max(bits * parameters.get(b"Columns", 1) // 8, 1)
    if predictor == 2:
        rows = (data[at : at + width] for at in range(0, len(data), width))
        return b"".join(_row(1, row, b"", step) for row in rows)
    above, found = bytes(width), bytearray()
    for at in range(0, len(data), width + 1):
        above = _row(data[at], data[at + 1 : at + 1 + width], above, step)
        found += above
    return bytes(found)


def _row(kind: int, row: bytes, above: bytes, step: int) -> bytes:
    if kind == 0 or kind > 4:
        return row
    if kind == 2:
        return bytes((one + upper) & 0xFF for one, upper in zip(row, above, strict=False))
    made, above = bytearray(row), above.ljust(len(row), b"\0")
    for at, one in enumerate(row):
        left, corner = (made[at - step], above[at - step]) if at >= step else (0, 0)
        predicted = (left, 0, (left + above[at]) // 2, _paeth(left, above[at], corner))[kind - 1]
        made[at] = (one + predicted) & 0xFF
    return bytes(made)


def _paeth(left: int, upper: int, corner: int) -> int:
    guess = left + upper - corner
    return min((left, upper, corner), key=lambda one: abs(guess - one))


_Decoder = Callable[[bytes | memoryview, dict[bytes, int], int], bytes]
_DECODERS: dict[bytes, _Decoder] = {
    **dict.fromkeys((b"FlateDecode", b"Fl"), _flate),
    **dict.fromkeys((b"LZWDecode", b"LZW"), _lzw),
    **dict.fromkeys((b"ASCIIHexDecode", b"AHx"), _ascii_hex),
    **dict.fromkeys((b"ASCII85Decode", b"A85"), _ascii85),
    **dict.fromkeys((b"RunLengthDecode", b"RL"), _run_length),
}
