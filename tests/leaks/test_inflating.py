"""What is compressed comes out as far as it goes, and never more than was asked for."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
import zlib

import pytest

from ondemand_attach._leaks._inflating import bzip2, deflate, inflated, joined, xz, zlib_or_gzip

DATA = b"Zdenka Kvapilova, " * 50 + bytes(range(256)) * 4
NOISE = random.Random(2).randbytes(400_000)
MOST = 1 << 20
OPENERS = {
    deflate: lambda data: zlib.compress(data, wbits=-15),
    zlib_or_gzip: zlib.compress,
    bzip2: bz2.compress,
    xz: lzma.compress,
}


@pytest.mark.parametrize("opener", OPENERS)
@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 200_000, 400_000])
def test_all_of_it_comes_out_and_no_more_than_asked_for(opener: object, size: int) -> None:
    packed = OPENERS[opener](NOISE[:size])  # type: ignore[index]
    for start, end in ((b"", b""), (b"before", b""), (b"before", b"after")):
        content = start + packed + end
        assert inflated(opener, content, len(start), MOST) == (NOISE[:size], len(start) + len(packed))  # type: ignore[arg-type]
        for most in (1, size // 2, size - 1, size):
            if most > 0:
                assert inflated(opener, content, len(start), most)[0] == NOISE[: min(most, size)]  # type: ignore[arg-type]


@pytest.mark.parametrize("opener", [deflate, zlib_or_gzip])
@pytest.mark.parametrize("place", [100, 5_000, 70_000, 150_000, 199_000])
def test_what_came_out_before_an_error_counts(opener: object, place: int) -> None:
    packed = OPENERS[opener](DATA * 300)  # type: ignore[index]
    place = min(place, len(packed) - 20) if opener else place
    broken = packed[:place] + b"\xff" * 40
    found, _ = inflated(opener, broken, 0, MOST)  # type: ignore[arg-type]
    whole = zlib.decompressobj(-15 if opener is deflate else 47).decompress(packed[:place])
    assert len(found) >= len(whole) - 4_096 * 300
    assert (DATA * 300).startswith(found[: len(whole) - 300])


def test_files_behind_each_other_are_one() -> None:
    content = b"x" + gzip.compress(b"Jane ") + gzip.compress(b"") + gzip.compress(b"Doe") + b"rest"
    assert joined(zlib_or_gzip, content, 1, MOST) == (
        b"Jane ",
        len(gzip.compress(b"Jane ") + gzip.compress(b"")) + 1,
    ) or (joined(zlib_or_gzip, content, 1, MOST)[0] == b"Jane Doe")
    content = gzip.compress(b"Jane ") + gzip.compress(b"Doe") + b"rest"
    assert joined(zlib_or_gzip, content, 0, MOST) == (b"Jane Doe", len(content) - 4)
    assert joined(zlib_or_gzip, content, 0, 5)[0] == b"Jane "
