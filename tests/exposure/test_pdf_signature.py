"""A signature of a PDF covers the whole file if nothing but its value is left out."""

from __future__ import annotations

from typing import Any

import pytest

from ondemand_attach._exposure._pdf_signature import description

HEAD, TAIL = b"%PDF-1.7 before", b"after %%EOF"


def signature(
    value: bytes = b"<00ff>", *, change: tuple[int, int, int, int] = (0, 0, 0, 0), **entries: Any
) -> Any:
    """Return a signature of a file, and the file; the ranges are *change* off those that are right."""
    ranges = (0, len(HEAD), len(HEAD) + len(value), len(TAIL))
    at = [right + off for right, off in zip(ranges, change, strict=True)]
    return {"/ByteRange": at, "/Contents": b"", **entries}, HEAD + value + TAIL


def said(*signatures: Any, value: bytes = b"<00ff>") -> str | None:
    return description(HEAD + value + TAIL, signatures)


@pytest.mark.parametrize("value", [b"<>", b"<00ff>", b"<" + b"0" * 9000 + b">"])
def test_the_whole_file_is_all_but_the_value(value: bytes) -> None:
    assert said(signature(value)[0], value=value) == "a signature that is not PAdES, over the whole file"


@pytest.mark.parametrize(
    "value", [b"", b"<00ff", b"00ff>", b"<00> /Name (Jane) <ff>", b"(00ff)", b"[00ff>", b"<00ff]", b"<00>>"]
)
def test_what_else_is_left_out_is_a_part_of_the_file(value: bytes) -> None:
    assert (
        said(signature(value)[0], value=value)
        == "a signature that is not PAdES, over a part of the file only"
    )


@pytest.mark.parametrize(
    "change",
    [(1, 0, 0, 0), (0, 1, 0, 0), (0, -1, 0, 0), (0, 0, 1, -1), (0, 0, -1, 1), (0, 0, 0, -1), (0, 0, 0, 1)],
)
def test_ranges_that_are_a_byte_off_cover_a_part(change: tuple[int, int, int, int]) -> None:
    made, content = signature(change=change)
    assert description(content, [made]) == "a signature that is not PAdES, over a part of the file only"


def test_the_last_signature_is_told_and_counted_wherever_it_stands() -> None:
    last, first = signature()[0], signature(change=(0, 0, 0, -5))[0]
    for order in ((first, last), (last, first)):
        assert said(*order) == "2 signatures, the last a signature that is not PAdES, over the whole file"
    assert said(first) == "a signature that is not PAdES, over a part of the file only"


def test_a_stamp_of_the_document_is_no_signature_of_somebody() -> None:
    stamp = signature(**{"/SubFilter": "/ETSI.RFC3161"})[0]
    assert said(stamp) == "a document time stamp, over the whole file"
    signed = signature(change=(0, 0, 0, -5))[0]
    assert said(signed, stamp) == "a signature that is not PAdES, over the whole file"


@pytest.mark.parametrize("missing", ["/ByteRange", "/Contents"])
def test_what_has_no_range_or_no_value_is_no_signature(missing: str) -> None:
    made = signature()[0]
    del made[missing]
    assert said(made) is None
    assert said("/ByteRange", made) is None
