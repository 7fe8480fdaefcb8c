"""The data of a PDF's streams are read behind each filter, as the libraries that write them do."""

from __future__ import annotations

import base64
import random
import zlib

import pikepdf
import pytest
from reportlab.lib.rl_accel import asciiBase85Encode

from ondemand_attach._leaks._pdf_filters import decoded, is_dear

DATA = b"Zdenka Kvapilova, " * 50 + bytes(range(256)) * 4
NOISE = random.Random(2).randbytes(400_000)
MOST = 1 << 20


def lzw(data: bytes, early: int = 1) -> bytes:
    """Compress by LZW (ISO 32000-2 section 7.4.4), with as many clears as the table needs."""
    table, width, codes = {bytes([octet]): octet for octet in range(256)}, 9, [(256, 9)]
    known, held = 258, b""
    for octet in data:
        longer = held + bytes([octet])
        if longer in table:
            held = longer
            continue
        codes.append((table[held], width))
        table[longer] = known
        known += 1
        width = max(9, (known + early - 1).bit_length())
        if known == 4094:
            codes.append((256, 12))
            table, known, width = {bytes([each]): each for each in range(256)}, 258, 9
        held = bytes([octet])
    codes.append((table[held], width))
    known += 1
    codes.append((257, max(9, (known + early - 1).bit_length())))
    bits = "".join(f"{code:0{size}b}" for code, size in codes)
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def run_lengths(data: bytes) -> bytes:
    made = b""
    while data:
        same = len(data) - len(data.lstrip(data[:1]))
        if same > 1:
            size = min(same, 128)
            made += bytes([257 - size]) + data[:1]
        else:
            size = min(len(data), 128)
            made += bytes([size - 1]) + data[:size]
        data = data[size:]
    return made + b"\x80rest"


ENCODERS = {
    (b"FlateDecode", b"Fl"): zlib.compress,
    (b"LZWDecode", b"LZW"): lzw,
    (b"ASCIIHexDecode", b"AHx"): lambda data: data.hex().encode() + b">",
    (b"ASCII85Decode", b"A85"): lambda data: base64.a85encode(data) + b"~>",
    (b"RunLengthDecode", b"RL"): run_lengths,
}
NAMES = [(name, encode) for names, encode in ENCODERS.items() for name in names]


@pytest.mark.parametrize(("name", "encode"), NAMES, ids=[name.decode() for name, _ in NAMES])
def test_each_filter_is_undone(name: bytes, encode: object) -> None:
    for data in (DATA, NOISE[:9_000], b"a", b"ab", bytes(1_000)):
        encoded = encode(data)  # type: ignore[operator]
        for dictionary in (b"/Filter /%b", b"/Filter/%b>>", b"/Filter [/%b]", b"/Filter [ /%b ] /Length 5"):
            assert decoded(dictionary % name, encoded, MOST) == data
            assert decoded(dictionary % name, memoryview(encoded), MOST) == data
        assert decoded(b"/Filter /X%b" % name, encoded, MOST) == b""
        assert len(decoded(b"/Filter /%b" % name, encoded, 500)) <= max(628, len(data) if data == DATA else 0)
    flated = zlib.compress(encode(DATA))  # type: ignore[operator]
    assert decoded(b"/Filter [/FlateDecode /%b]" % name, flated, MOST) == DATA
    assert decoded(b"/Filter [/FlateDecode/%b]" % name, flated, MOST) == DATA
    assert decoded(b"/Filter [/FlateDecode /DCTDecode /%b]" % name, flated, MOST) == b""


@pytest.mark.parametrize("name", [name for name, _ in NAMES])
def test_qpdf_reads_the_same(name: bytes) -> None:
    if len(name) < 4:
        return
    encode = next(encode for names, encode in ENCODERS.items() if name in names)
    with pikepdf.new() as pdf:
        stream = pikepdf.Stream(pdf, encode(DATA).removesuffix(b"rest"))
        stream.Filter = pikepdf.Name(f"/{name.decode()}")
        if name != b"LZWDecode":
            assert stream.read_bytes(pikepdf.StreamDecodeLevel.all) == DATA
        else:
            assert stream.read_bytes(pikepdf.StreamDecodeLevel.specialized) == DATA


@pytest.mark.parametrize("early", [0, 1])
def test_lzw_may_change_its_width_late(early: int) -> None:
    for data in (DATA, NOISE[:9_000]):
        assert (
            decoded(b"/Filter /LZWDecode /DecodeParms << /EarlyChange %d >>" % early, lzw(data, early), MOST)
            == data
        )
    assert (
        decoded(
            b"/Filter /LZW /DecodeParms << /EarlyChange %d >>" % (1 - early), lzw(NOISE[:9_000], early), MOST
        )
        != NOISE[:9_000]
    )


def predicted(data: bytes, kinds: list[int], width: int, step: int) -> bytes:
    made, above = b"", bytes(width)
    for number, start in enumerate(range(0, len(data), width)):
        row, kind = data[start : start + width], kinds[number % len(kinds)]
        made += bytes([kind])
        for place, octet in enumerate(row):
            left, corner = (row[place - step], above[place - step]) if place >= step else (0, 0)
            up = above[place]
            near = min((left, up, corner), key=lambda each: abs(left + up - corner - each))
            made += bytes([octet - (0, left, up, (left + up) // 2, near)[kind] & 0xFF])
        above = row
    return made


@pytest.mark.parametrize(
    ("columns", "colors", "bits"), [(10, 1, 8), (4, 3, 8), (16, 4, 8), (5, 1, 16), (80, 1, 1), (20, 1, 4)]
)
def test_each_predictor_is_undone(columns: int, colors: int, bits: int) -> None:
    width, step = columns * colors * bits // 8, max(colors * bits // 8, 1)
    data = NOISE[: width * 12]
    form = (
        b"/Filter /FlateDecode /DecodeParms << /Predictor %d /Columns %d /Colors %d /BitsPerComponent %d >>"
    )
    for kinds in ([0], [1], [2], [3], [4], [4, 2, 1, 0, 3]):
        for predictor in (10, 12, 15):
            entries = form % (predictor, columns, colors, bits)
            assert decoded(entries, zlib.compress(predicted(data, kinds, width, step)), MOST) == data
            assert (
                decoded(
                    entries.replace(b"FlateDecode", b"LZWDecode"),
                    lzw(predicted(data, kinds, width, step)),
                    MOST,
                )
                == data
            )
    rows = [data[start : start + width] for start in range(0, len(data), width)]
    tiff = b"".join(predicted(row, [1], width, step)[1:] for row in rows)
    assert decoded(form % (2, columns, colors, bits), zlib.compress(tiff), MOST) == data
    assert decoded(form % (1, columns, colors, bits), zlib.compress(tiff), MOST) == tiff


def test_what_is_left_out_of_the_parameters_has_its_default() -> None:
    data = NOISE[:40]
    entries = b"/Filter /FlateDecode /DecodeParms << /Predictor 12 >>"
    assert decoded(entries, zlib.compress(predicted(data, [1, 2], 1, 1)), MOST) == data


@pytest.mark.parametrize(
    ("name", "encoded", "data"),
    [
        (b"AHx", b"4A 61\n6e 65>4a", b"Jane"),
        (b"AHx", b"4A6>", b"J`"),
        (b"AHx", b"4A6", b"J`"),
        (b"AHx", b"", b""),
        (b"A85", asciiBase85Encode("Jane Doe").encode(), b"Jane Doe"),
        (b"A85", b" \n<~" + base64.a85encode(b"Jane") + b"~> ", b"Jane"),
        (b"A85", b"z" + base64.a85encode(b"Jane") + b"~", b"\0\0\0\0Jane"),
        (b"A85", b"\t9jqo\f^\0~>", b"Man "),
        (b"A85", b"9jqo^\x7f~>", b""),
        (b"A85", base64.a85encode(b"Jane"), b"Jane"),
        (b"RL", b"\x03Jane\x80\x03Jane", b"Jane"),
        (b"RL", b"\xffJ\xfea\x81n", b"JJaaa" + b"n" * 128),
        (b"RL", b"\x03Ja", b"Ja"),
        (b"RL", b"", b""),
        (b"LZW", b"", b""),
        (b"Fl", zlib.compress(b"Jane")[:-4], b"Jane"),
        (b"Fl", b"Jane", b""),
    ],
)
def test_what_others_write_is_read(name: bytes, encoded: bytes, data: bytes) -> None:
    assert decoded(b"/Filter /" + name, encoded, MOST) == data


@pytest.mark.parametrize(
    ("encoded", "data"),
    [
        (zlib.compress(DATA), DATA),
        (base64.a85encode(zlib.compress(DATA)) + b"~>", DATA),
        (base64.a85encode(zlib.compress(DATA)) + b"~>\r\n ", DATA),
        (base64.a85encode(zlib.compress(DATA)), base64.a85encode(zlib.compress(DATA))),
        (b"Jane", b"Jane"),
        (b"", b""),
    ],
)
def test_a_filter_that_is_not_named_is_guessed(encoded: bytes, data: bytes) -> None:
    assert decoded(b"/Length 5", encoded, MOST) == data
    assert b"~>" in encoded or decoded(b"/Length 5", encoded, 3) == data[:3]


@pytest.mark.parametrize(
    "name", [b"Predictor", b"ASCII85Decode", b"A85", b"LZWDecode", b"LZW", b"RunLengthDecode", b"RL"]
)
def test_what_is_worked_through_octet_by_octet_is_dear(name: bytes) -> None:
    assert is_dear(b"/Filter /" + name)
    assert is_dear(b"/Filter[/FlateDecode/" + name + b"]")
    assert not is_dear(b"/Filter /" + name + b"x")
    assert not is_dear(b"/Filter /FlateDecode")
