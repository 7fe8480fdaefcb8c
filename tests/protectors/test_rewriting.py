"""What is looked for in a damaged PDF before it is written anew, and how much work that is."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pikepdf
import pytest

from ondemand_attach.protectors import _rewriting
from ondemand_attach.protectors._foreign import UnfitError
from protectors import rich_pdfs


class Watched:
    """Bytes that count how many of them are looked at. They are no buffer, so no expression may read them."""

    def __init__(self, content: bytes, count: list[int]) -> None:
        self.content, self.count = content, count

    def split(self, separator: bytes, most: int = -1) -> list[Watched]:
        pieces = self.content.split(separator, most)
        read = len(self.content) if most < 0 or len(pieces) <= most else len(pieces[0]) + len(separator)
        self.count.append(read)
        return [Watched(piece, self.count) for piece in pieces]

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"count what {name} looks at")


HOSTILE: dict[str, Callable[[int], bytes]] = {
    "streams that do not end": lambda size: b"stream\n" * size,
    "streams that do not end, of another line end": lambda size: b"stream\r\n" * size,
    "ends of streams that do not begin": lambda size: b"endstream " * size,
    "empty streams": lambda size: b"stream\nendstream\n" * size,
    "objects that do not end": lambda size: b"1 0 obj\n" * size,
    "ends of objects that do not begin": lambda size: b"endobj\n" * size,
    "all words": lambda size: b"1 0 obj stream\nendobj endstream stream\r\n1 0 R obj " * size,
    "beginnings of words": lambda size: b"endstrea stream endstreamstream\n" * size,
    "one letter": lambda size: b"e" * size,
}
NOTHING_ELSE: Any = type("NothingElse", (), {"objects": ()})


@pytest.mark.parametrize("kind", HOSTILE)
def test_each_byte_of_a_file_full_of_words_is_looked_at_three_times_at_most(kind: str) -> None:
    for size in (1, 10, 1000):
        content, count = HOSTILE[kind](size), list[int]()
        watched: Any = Watched(content, count)
        pieces: Any = list(_rewriting._structure(NOTHING_ELSE, watched))
        assert len(content) <= sum(count) <= 3 * len(content)
        assert sum(len(piece.content) for piece in pieces) <= len(content)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_what_looks_like_a_reference_in_a_stream_is_none(line_end: bytes) -> None:
    inside = b"<<>>stream" + line_end + b"7 0 R stream\n8 0 R" + line_end + b"endstream"
    text = (
        b"1 0 obj 5 0 R " + inside + b" endobj 2 0 obj [6 0 R] endobj " + inside + b"trailer <</Root 1 0 R>>"
    )
    found = [place for piece in _rewriting._structure(NOTHING_ELSE, text) for place in _references(piece)]
    assert found == [(5, 0), (6, 0), (1, 0)]


def _references(piece: bytes) -> list[tuple[int, int]]:
    return list(_rewriting._references(piece))


def _with_text(text: bytes) -> bytes:
    """Make a file with *text* in a stream, and without a cross-reference table."""
    content = rich_pdfs.letter(
        lambda pdf: pdf.Root.__setitem__("/Extra", pikepdf.Stream(pdf, text)), compress_streams=False
    )
    assert text in content
    return content[: content.rindex(b"startxref")]


def test_words_of_the_structure_within_a_stream_are_no_loss() -> None:
    content = _with_text(b"99 0 R obj endobj stream\n98 0 R (97 0 R endstrea")
    with pikepdf.open(io.BytesIO(_rewriting.rewritten(content, "it is damaged"))) as pdf:
        assert len(pdf.pages) == 2


def test_a_reference_to_nothing_between_streams_is_a_loss() -> None:
    content = rich_pdfs.letter(lambda pdf: pdf.Root.__setitem__("/Extra", pikepdf.Array([77])))
    lost = content.replace(b"[ 77 ]", b"[ 77 0 R ]")[: content.rindex(b"startxref")]
    assert lost != content[: len(lost)]
    with pytest.raises(UnfitError, match="a part of what it shows is missing"):
        _rewriting.rewritten(lost, "it is damaged")


DAMAGED = {
    "words that are none": b"<< /Title " + b"@ ] @ " * 20 + b">>",
    "a string that does not end": b"<< /Title (Order >>",
    "arrays in arrays": b"<< /Title " + b"[" * 1000 + b"]" * 1000 + b">>",
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_an_object_that_cannot_be_read_is_a_loss(kind: str) -> None:
    """Be it what nobody sees, such as the document information: the next may be a page."""
    plain = b"<< /Q (%b) >>" % (b"x" * 2500)  # of the same length, so that each object stays where it was
    content = rich_pdfs.letter(
        lambda pdf: pdf.Root.__setitem__("/Extra", pdf.make_indirect(pikepdf.Object.parse(plain)))
    )
    assert content.count(plain) == 1
    with pytest.raises(UnfitError, match="a part of what it shows is missing"):
        _rewriting.rewritten(content.replace(plain, DAMAGED[kind].ljust(len(plain))), "it is damaged")
