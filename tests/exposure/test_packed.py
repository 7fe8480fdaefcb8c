"""What is packed is known by as many bits as its format gives, as real programs write it."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from PIL import Image

import ondemand_attach.generators
from ondemand_attach._exposure._packed import holds_deflated, is_packed, is_raw_deflate

FONT = Path(ondemand_attach.generators.__file__).parent / "fonts" / "DejaVuSans.ttf"
SURE = 1_000
NOISE = random.Random(5).randbytes(20_000)
TEXT = b" ".join(b"%d of %d" % (number, number * number) for number in range(3_000))


def picture(form: str, **options: object) -> bytes:
    made = io.BytesIO()
    Image.frombytes("RGB", (64, 64), NOISE[: 64 * 64 * 3]).save(made, form, **options)
    return made.getvalue()


def zipped(content: bytes = TEXT, method: int = zipfile.ZIP_DEFLATED, name: str = "a.txt") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        archive.writestr(zipfile.ZipInfo(name), content, method)
    return made.getvalue()


def font(flavour: str | None) -> bytes:
    made = io.BytesIO()
    with TTFont(FONT, recalcTimestamp=False) as read:
        read.flavor = flavour
        read.save(made)
    return made.getvalue()


def seven_zip(crc: int | None = None) -> bytes:
    start = NOISE[:20]
    checked = zlib.crc32(start) if crc is None else crc
    return b"7z\xbc\xaf\x27\x1c\0\x04" + checked.to_bytes(4, "little") + start + NOISE[20:90]


def deflated(content: bytes, level: int = 9, wbits: int = -15) -> bytes:
    made = zlib.compressobj(level, wbits=wbits)
    return made.compress(content) + made.flush()


@pytest.mark.parametrize(
    "data",
    [
        picture("PNG"),
        picture("JPEG2000"),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + NOISE,
        b"Rar!\x1a\x07\x01\0" + NOISE,
        lzma.compress(TEXT),
        b"\x97JB2\r\n\x1a\n" + NOISE,
        *(bz2.compress(TEXT, level) for level in (1, 5, 9)),
        *(zlib.compress(TEXT, level) for level in (1, 6, 9)),
        zlib.compress(b""),
        zlib.compress(bytes(200_000)),
        zlib.compress(bytes(65_536)),
        zlib.compress(bytes(65_537)),
        zlib.compress(b"a"),
        zlib.compress(NOISE),
        zlib.compress(TEXT)[:400],
        zlib.compress(TEXT)[:322],
    ],
    ids=lambda data: f"{data[:8]!r}, {len(data)}",
)
def test_a_format_that_says_enough_is_known_however_much_is_asked(data: bytes) -> None:
    assert is_packed(data, SURE)


@pytest.mark.parametrize(
    "data",
    [
        *(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDX", b"BZh9" + NOISE, bz2.compress(TEXT)[:9], b"BZx" + bz2.compress(TEXT)[3:]),
        *(b"Rar!\x1a\x07\x02\0" + NOISE, b"\xfd7zXY\0\0" + NOISE, b"\x97JB3\r\n\x1a\n" + NOISE),
        *(b"\xd0\xcf\x11\xe0\xa1\xb1\x1b\xe1" + NOISE, b"\0\0\0\x0cjP  \r\n\x88\n" + NOISE),
        *(zlib.compress(TEXT)[:300], zlib.compress(TEXT)[:321], zlib.compress(b"ab")[:-1]),
        *(b"\x78\x9d" + zlib.compress(TEXT)[2:], b"\x78\xbb" + deflated(TEXT), b"\x79\x9c" + deflated(TEXT)),
        *(zlib.compress(b"abc")[:-4] + b"\0\0\0\0", b"\x78\x9c" + NOISE[:400], b"", b"\x78", b"\x78\x9c"),
        *(zlib.compress(NOISE, 0)[:400], TEXT, NOISE),
    ],
    ids=lambda data: f"{data[:8]!r}, {len(data)}",
)  # fmt: skip
def test_what_is_no_such_format_is_not_known(data: bytes) -> None:
    assert not is_packed(data, 40)


WHOLE_GZIP = gzip.compress(TEXT, mtime=0)
NAMED = b"\x1f\x8b\x08\x08" + bytes(4) + b"\x02\x03a.txt\0" + WHOLE_GZIP[10:]
SHORT = gzip.compress(b"a", mtime=0)
JPEG = b"\xff\xd8\xff"
WOFF = font("woff")
SFNT = font(None)


@pytest.mark.parametrize(
    ("data", "bits"),
    [
        (WHOLE_GZIP, 69),
        (WHOLE_GZIP[:400], 69),
        (WHOLE_GZIP[:4096], 69),
        (NAMED, 69),
        (SHORT, 69),
        (SHORT[:-8] + bytes(8), 37),
        (gzip.compress(b"some letters", mtime=0)[:-4], 69),
        (WHOLE_GZIP[:8] + b"\0" + WHOLE_GZIP[9:], 69),
        (WHOLE_GZIP[:8] + b"\4" + WHOLE_GZIP[9:], 69),
        (WHOLE_GZIP[:8] + b"\1" + WHOLE_GZIP[9:], 0),
        (WHOLE_GZIP[:3] + b"\4" + WHOLE_GZIP[4:], 0),
        (WHOLE_GZIP[:17], 0),
        (WHOLE_GZIP[:18], 37),
        (NAMED[:10] + b"a" * 60, 37),
        (zipped(), 66),
        (zipped(method=zipfile.ZIP_STORED), 66),
        (zipped(method=zipfile.ZIP_LZMA), 66),
        (zipped(b"", name="x" * 1023), 66),
        (zipped(b"", name="x" * 1024), 32),
        (zipped()[:29], 0),
        (zipped()[:30], 66),
        (b"PK\3\4" + struct.pack("<HHH16xHH", 99, 0x0FFF, 99, 1023, 1023), 66),
        (b"PK\3\4" + struct.pack("<HHH16xHH", 100, 0, 8, 5, 0), 32),
        (b"PK\3\4" + struct.pack("<HHH16xHH", 20, 0x1000, 8, 5, 0), 32),
        (b"PK\3\4" + struct.pack("<HHH16xHH", 20, 0x8000, 8, 5, 0), 32),
        (b"PK\3\4" + struct.pack("<HHH16xHH", 20, 0, 100, 5, 0), 32),
        (b"PK\3\4" + struct.pack("<HHH16xHH", 20, 0, 8, 5, 1024), 32),
        (b"PK\5\6" + bytes(40), 0),
        (SFNT, 78),
        (SFNT[:12], 78),
        (SFNT[:11], 0),
        *((flavour + SFNT[4:], 78) for flavour in (b"OTTO", b"true", b"ttcf")),
        (SFNT[:6] + b"\0\0" + SFNT[8:], 62),
        (SFNT[:6] + b"\0\0\0\0" + SFNT[10:], 46),
        (SFNT[:6] + b"\0\0\0\0\0\0" + SFNT[12:], 30),
        (b"abcd" + SFNT[4:], 0),
        (WOFF, 64),
        (b"wOF2" + WOFF[4:], 64),
        (WOFF[:-1], 32),
        (WOFF[:4] + b"abcd" + WOFF[8:], 32),
        (b"%PDF-1.7\n", 56),
        (b"%PDF-2.0\n", 56),
        (b"%PDF-3.0\n", 0),
        (seven_zip(), 80),
        (seven_zip(crc=1), 0),
        (b"8" + seven_zip()[1:], 0),
        (JPEG, 16),
        (JPEG + b"\xe0", 16),
        (JPEG + b"\xe0\0\2", 26),
        (JPEG + b"\xe0\0\2\xff\xdb\0\4ab\xff\xc0\0\2", 46),
        (JPEG + b"\xe0\0\2\xff\xbf\0\2", 26),
        (JPEG + b"\xe0\0\2\xfe\xdb\0\2", 26),
        (JPEG + b"\xe0\0\3\xff\xdb\0\2\0\0", 26),
        (JPEG + b"\xda\0\2\xff\xdb\0\2", 26),
        (JPEG + b"\xbf\0\2", 16),
        (b"\xff\xd8\xff" + b"\xe0\0\2\xff" * 30, 16 + 190),
        (b"\xff\xd9\xff\xe0\0\2", 0),
    ],
    ids=lambda value: f"{value[:12]!r}, {len(value)}" if isinstance(value, bytes) else None,
)
def test_a_header_is_worth_as_many_bits_as_it_tells(data: bytes, bits: int) -> None:
    assert not bits or is_packed(data, bits)
    assert not is_packed(data, bits + 1)


def test_a_photograph_is_known() -> None:
    assert is_packed(picture("JPEG"), 60)
    assert is_packed(picture("JPEG", progressive=True), 60)


def lzw(codes: list[int]) -> bytes:
    bits = "".join(f"{code:09b}" for code in codes)
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


@pytest.mark.parametrize(
    ("codes", "bits"),
    [
        ([256, 65, 257], 10),
        ([256, *[65] * 10, 257], 19),
        ([256, 65, 258, 259, 257], 12),
        ([256, 65, 259, 257], 0),  # not known by then
        ([256, 258, 257], 0),
        ([256, 65, 256, 65, 257], 0),
        ([255, 65, 257], 0),
        ([256], 0),
        ([256, 65, 66, 67], 0),  # it comes to no end
    ],
)
def test_lzw_is_worth_as_much_as_its_codes_tell(codes: list[int], bits: int) -> None:
    assert not bits or is_packed(lzw(codes), bits)
    assert not is_packed(lzw(codes), bits + 3)


def test_a_long_run_of_codes_is_lzw() -> None:
    assert is_packed(lzw([256, *NOISE[:300]]), 100)
    assert not is_packed(lzw([256, *NOISE[:100], 500, *NOISE[:200]]), 20)


@pytest.mark.parametrize("mark", [b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"])
def test_a_whole_deflated_stream_is_found_wherever_it_stands(mark: bytes) -> None:
    stream = mark + zlib.compress(TEXT)[2:]
    for data in (stream, b"x" + stream, NOISE + stream + NOISE, b"\x78\x9c" * 40 + stream):
        assert holds_deflated(data)
    for data in (
        NOISE,
        stream[:-1],
        stream[:-4] + b"abcd",
        b"x" + stream[:-3],
        b"\x78\x9d" + stream[2:],
        b"",
    ):
        assert not holds_deflated(data)


def test_so_many_beginnings_are_tried() -> None:
    stream = zlib.compress(b"abc")
    assert holds_deflated(b"\x78\x9c\xff" * 1023 + stream)
    assert not holds_deflated(b"\x78\x9c\xff" * 1024 + stream)


def test_the_check_sum_is_read_in_both_orders() -> None:
    stream = zlib.compress(b"abc")
    assert is_packed(stream[:-4] + stream[-4:][::-1], SURE)
    assert not is_packed(stream[:-4] + stream[-4:][1:] + stream[-4:][:1], SURE)


def test_raw_deflate_is_known_if_it_is_long() -> None:
    raw = deflated(TEXT)
    assert is_raw_deflate(raw)
    assert is_raw_deflate(raw[:449])
    assert not is_raw_deflate(raw[:448])
    assert not is_raw_deflate(deflated(NOISE, level=0))
    assert not is_raw_deflate(NOISE)
    assert not is_raw_deflate(deflated(b"a") + NOISE)


def test_a_bomb_is_looked_at_in_part() -> None:
    bomb = deflated(bytes(70 << 20))
    assert is_raw_deflate(bomb)
