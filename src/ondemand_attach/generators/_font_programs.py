"""Font programs without what no reader of a PDF needs (ISO 32000-2 section 9.9.1).

Of a subset of DejaVu, two thirds are its `name` table, mostly the licence, and instructions that fit outlines
to the pixels of screens of the past. Without the tables that the instructions need, no glyph may have any.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from typing import Final

from reportlab.pdfbase.ttfonts import TTFontMaker

_NOT_NEEDED: Final = frozenset(("name", "cvt ", "fpgm", "prep"))
_HEAD: Final = 10  # bytes of a glyph's header: number of contours, bounding box
_WORDS, _SCALE, _MORE, _TWO_SCALES, _TWO_BY_TWO, _INSTRUCTIONS = 1, 8, 0x20, 0x40, 0x80, 0x100


def unhinted(program: bytes) -> bytes:
    """Return the TrueType font *program*, as ReportLab writes it, without hints and names."""
    tables = dict(_tables(program))
    places = _places(tables["loca"], is_long=tables["head"][51] == 1)
    glyphs = [_without_instructions(tables["glyf"][start:end]) for start, end in itertools.pairwise(places)]
    glyphs = [glyph + bytes(-len(glyph) % 4) for glyph in glyphs]
    ends = [0]
    for glyph in glyphs:
        ends.append(ends[-1] + len(glyph))
    maker = TTFontMaker()
    for tag, table in tables.items():
        if tag not in _NOT_NEEDED:
            maker.add(tag, table)
    maker.add("glyf", b"".join(glyphs))
    maker.add("loca", struct.pack(f">{len(ends)}I", *ends))
    maker.add("head", tables["head"][:50] + b"\0\1" + tables["head"][52:])  # long places
    made: bytes = maker.makeStream()
    return made


def _tables(program: bytes) -> Iterator[tuple[str, bytes]]:
    for entry in range(12, 12 + 16 * int.from_bytes(program[4:6], "big"), 16):
        tag, start, length = program[entry : entry + 4], *struct.unpack_from(">II", program, entry + 8)
        yield tag.decode("latin-1"), program[start : start + length]


def _places(loca: bytes, *, is_long: bool) -> list[int]:
    if is_long:
        return list(struct.unpack(f">{len(loca) // 4}I", loca))
    return [2 * half for half in struct.unpack(f">{len(loca) // 2}H", loca)]


def _without_instructions(glyph: bytes) -> bytes:
    if len(glyph) < _HEAD:
        return b""
    (contours,) = struct.unpack_from(">h", glyph)
    if contours < 0:
        return _composite(glyph)
    start = _HEAD + 2 * contours
    length = int.from_bytes(glyph[start : start + 2], "big")
    return glyph[:start] + b"\0\0" + glyph[start + 2 + length :]


def _composite(glyph: bytes) -> bytes:
    """Return a glyph that is put together of others: its components, up to the last."""
    parts, place, flags = [glyph[:_HEAD]], _HEAD, _MORE
    while flags & _MORE:
        (flags,) = struct.unpack_from(">H", glyph, place)
        scale = next((size for flag, size in _SCALES if flags & flag), 0)
        end = place + 4 + (4 if flags & _WORDS else 2) + scale
        parts.append(struct.pack(">H", flags & ~_INSTRUCTIONS) + glyph[place + 2 : end])
        place = end
    return b"".join(parts)


_SCALES: Final = ((_SCALE, 2), (_TWO_SCALES, 4), (_TWO_BY_TWO, 8))
