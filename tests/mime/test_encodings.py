"""Lines of a body are never longer than they may be, and none can be taken for something else."""

from __future__ import annotations

import quopri

import pytest

from ondemand_attach._mime._encodings import encoded_text


@pytest.mark.parametrize("size", range(68, 82))
@pytest.mark.parametrize("start", ["", "é", ".", "From ", " ", "=", "x" * 5])
@pytest.mark.parametrize("end", ["", " ", "\t", "é", "="])
def test_lines_of_any_length_are_short_and_the_same_when_decoded(size: int, start: str, end: str) -> None:
    text = f"é\n{start}{'x' * size}{end}\nend\n"
    name, octets = encoded_text(text)
    assert name == "quoted-printable"
    lines = octets.split(b"\r\n")
    assert max(map(len, lines)) <= 76  # RFC 2045 section 6.7
    assert not any(line.startswith((b".", b"From ")) or line.endswith((b" ", b"\t")) for line in lines)
    assert quopri.decodestring(octets).decode().replace("\r\n", "\n") == text


@pytest.mark.parametrize("size", range(70, 77))
def test_a_line_is_divided_only_where_it_must_be(size: int) -> None:
    _, octets = encoded_text(f"é\n{'x' * size}\n")
    assert (b"=\r\n" in octets) == (size > 73)


@pytest.mark.parametrize(("size", "name"), [(77, "7bit"), (78, "7bit"), (79, "quoted-printable")])
def test_plain_lines_stay_as_they_are_up_to_their_limit(size: int, name: str) -> None:
    assert encoded_text("x" * size)[0] == name


@pytest.mark.parametrize("line", ["From x", ".", ".x", "--=_x", "x ", "x\t", "é", "\x7f", "\0"])
def test_what_may_be_changed_on_the_way_is_encoded(line: str) -> None:
    name, octets = encoded_text(f"x\n{line}\n{'x' * 50}")
    assert name == "quoted-printable"
    assert line.encode() not in octets.split(b"\r\n")


@pytest.mark.parametrize(("text", "name"), [("é" + "x" * 10, "quoted-printable"), ("é" + "x" * 7, "base64")])
def test_the_shorter_encoding_is_taken(text: str, name: str) -> None:
    assert encoded_text(text)[0] == name
