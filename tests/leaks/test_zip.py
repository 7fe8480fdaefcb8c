"""Each member of a ZIP is found by its own header, whatever the directory and the sizes say."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from ondemand_attach._leaks._budget import Budget
from ondemand_attach._leaks._zip import members

METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
TEXTS = {f"{name}.txt": f"{name} of Jane, ".encode() * 9 for name in ("first", "second", "third")}


def packed(texts: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", method) as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
            archive.getinfo(name).comment = b"about " + name.encode()
        archive.comment = b"about all"
    return output.getvalue()


def found(content: bytes) -> list[bytes]:
    return [octets for octets, _ in members(content, Budget(1 << 24))]


@pytest.mark.parametrize("method", METHODS)
def test_all_members_are_found_with_names_and_comments(method: int) -> None:
    pieces = found(packed(TEXTS, method))
    for name, text in TEXTS.items():
        assert name.encode() in pieces
        assert text in pieces
        assert b"about " + name.encode() in pieces[-1].split(b"\n")
    assert pieces[-1].split(b"\n")[-1] == b"about all"


@pytest.mark.parametrize("method", METHODS)
def test_they_are_found_behind_anything_and_without_a_directory(method: int) -> None:
    content = packed(TEXTS, method)
    for changed in (b"MZ before " + content, content[: content.index(b"PK\x01\x02")], content + b"behind"):
        assert {*TEXTS.values()} <= {*found(changed)}


def test_what_is_stored_ends_where_its_size_says() -> None:
    inner = packed(TEXTS)
    assert inner in found(packed({"inner.zip": inner, "other.txt": b"x"}))
    assert inner in found(packed({"other.txt": b"x", "inner.zip": inner}))


@pytest.mark.parametrize("size", [0, 1, 10, 1 << 20])
def test_a_size_that_is_not_true_ends_at_the_next_header(size: int) -> None:
    text = b"PK, says Jane, PKPK"
    content = bytearray(packed({"a.txt": text, "b.txt": b"other"}))
    struct.pack_into("<L", content, 18, size)
    assert text in found(bytes(content))


@pytest.mark.parametrize("told", [8, 12, 14])
def test_the_method_of_the_directory_is_tried_as_well(told: int) -> None:
    content = packed(TEXTS, told)
    other = content.replace(
        b"PK\x03\x04" + content[4:8] + struct.pack("<H", told), b"PK\x03\x04" + content[4:10]
    )
    for at in (place for place in range(len(other)) if other.startswith(b"PK\x03\x04", place)):
        other = other[: at + 8] + b"\0\0" + other[at + 10 :]
    assert {*TEXTS.values()} <= {*found(other)}


def test_nothing_more_is_read_when_the_budget_is_spent() -> None:
    assert [octets for octets, _ in members(packed(TEXTS), Budget(1))] == [b"first.txt", TEXTS["first.txt"]]
