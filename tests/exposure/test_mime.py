"""Parameters of fields are read as mail programs read them (RFC 2045, RFC 2231)."""

from __future__ import annotations

import pytest

from ondemand_attach._exposure._budget import Budget, TooLargeError
from ondemand_attach._exposure._mime import (
    entity_of,
    name_in,
    names_of,
    parameter,
    parts_of,
    without_parameters,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a; name=b", "b"),
        ("a; name=b c ; x=d", "b c"),
        ("a;NAME = b", "b"),
        ('a; name="b"', "b"),
        ('a; name="b;c"; x=d', "b;c"),
        (r'a; name="b\"c\\d\e"', r'b"c\de'),
        ('a; name="b\\\nc"', "b\nc"),
        ('a; name="b', "b"),
        ('a; name=" b "', "b"),
        ("a; name=", ""),
        ('a; name=""', ""),
        ("a; name=b; name=c", "b"),
        ("a; filename=b", None),
        ("a; xname=b", None),
        ("a name=b", None),
        ("a; name*=utf-8'cs'Ji%C5%99%C3%AD", "Jiří"),
        ("a; name*=iso-8859-2''Ji%F8%ED", "Jiří"),
        ("a; name*=Ji%C5%99", "Jiř"),
        ("a; name*=a'b", "a'b"),
        ("a; name=b; name*=c", "c"),
        ("a; name*=c; name=b", "c"),
        ("a; name*0=b; name*1=c", "bc"),
        ("a; name*1=c; name*0=b", "bc"),
        ("a; name*0*=utf-8''b%20; name*1=%20; name*2*=%20c", "b %20 c"),
        ("a; name*0=b%20; name*1*=%20c", "b%20 c"),
        ("a; name*1=b; name*10=d; name*2=c", "bcd"),
        ("a; name*0=b; name*0=c", "b"),
        ("a; name*0=a''b", "a''b"),
        ("a; name*12345=b", None),
    ],
)
def test_a_parameter_is_read_in_every_form(value: str, expected: str | None) -> None:
    assert parameter(value, "name") == expected


def test_a_name_is_as_long_as_anybody_needs() -> None:
    assert parameter(f"a; name={'x' * 5_000}", "name") == "x" * 4_096
    assert parameter(f"a; name*={'x' * 5_000}", "name") == "x" * 4_096


def test_parameters_are_counted() -> None:
    assert parameter("a" + "; x=1" * 1_000 + "; name=b", "name") == "b"
    with pytest.raises(TooLargeError):
        parameter("a" + "; x=1" * 1_001 + "; name=b", "name")


def test_the_rest_of_a_field_is_told() -> None:
    assert name_in("a; name==?utf-8?q?=C5=99?=", "name") == "ř"
    assert name_in("a; x=b", "name") is None
    assert names_of('a; B=1; c*0*=2; c*1="3"; d*=e') == {"b", "c", "d"}
    assert without_parameters('a b; c="d;e" f; g=h; i') == "a b f; i"


def entity(head: str, body: str = "body") -> object:
    return entity_of(f"{head}\n\n{body}".encode(), Budget())


@pytest.mark.parametrize(
    ("head", "media_type", "disposition", "encoding", "filename"),
    [
        ("Content-Type: Text/HTML; charset=x", "text/html", "", "", None),
        ("content-type : image/png;name=a", "image/png", "", "", "a"),
        ("Content-Type: text", "text/plain", "", "", None),
        ("Content-Type:", "text/x-default", "", "", None),
        ("Content-Type: a/b c", "text/plain", "", "", None),
        ("X: y", "text/x-default", "", "", None),
        ("Content-Disposition: ATTACHMENT; filename=a", "text/x-default", "attachment", "", "a"),
        ("Content-Disposition: inline;filename=\nContent-Type: a/b; name=c", "a/b", "inline", "", "c"),
        ("Content-Disposition: x; filename=b\nContent-Type: a/b; name=c", "a/b", "x", "", "b"),
        ("Content-Transfer-Encoding: Base64 ; x", "text/x-default", "", "base64", None),
        ("Content-Transfer-Encoding: a\nContent-Transfer-Encoding: b", "text/x-default", "", "a", None),
        ("Content-Type:\n text/html;\n\tname=a", "text/html", "", "", "a"),
        ("From a@b.example Mon\nContent-Type: a/b", "a/b", "", "", None),
        (">From a@b.example Mon\nContent-Type: a/b", "a/b", "", "", None),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_header_is_read(
    head: str, media_type: str, disposition: str, encoding: str, filename: str | None, line_end: str
) -> None:
    content = f"{head}\n\nbody\n".replace("\n", line_end).encode()
    found = entity_of(content, Budget(), default="text/x-default")
    assert (found.media_type, found.disposition, found.encoding) == (media_type, disposition, encoding)
    assert found.filename == filename
    assert found.raw == f"body{line_end}".encode()


@pytest.mark.parametrize(
    ("head", "is_allowed"),
    [
        ("X: y\n" * 2_000, True),
        ("X: y\n" * 2_001, False),
        ("X:" + "y" * (1 << 16) + "\n", True),
        ("X:" + "y" * ((1 << 16) + 1) + "\n", False),
        (("X:" + "y" * 65_533 + "\n") * 16, True),
        (("X:" + "y" * 65_533 + "\n") * 16 + "X: y\n", False),
    ],
)
def test_a_header_has_its_limits(head: str, is_allowed: bool) -> None:
    content = f"{head}\nbody".encode()
    if is_allowed:
        assert entity_of(content, Budget()).raw == b"body"
    else:
        with pytest.raises(TooLargeError):
            entity_of(content, Budget())


def divided(
    body: str, head: str = "Content-Type: multipart/mixed; boundary=b"
) -> tuple[list[bytes], bytes] | None:
    found = parts_of(entity_of(f"{head}\n\n{body}".encode(), Budget()), Budget(), 0)
    return found and ([part.raw for part in found[0]], found[1])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("--b\n\nx\n--b\n\ny\n--b--\n", ([b"x", b"y"], b"")),
        ("before\n--b\n\nx\n--b--\nafter", ([b"x"], b"beforeafter")),
        ("--b \t\n\nx\n--b-- \n", ([b"x"], b"")),
        ("--b\n\nx", ([b"x"], b"")),
        ("--b\n\nx\n--bb\ny\n--b--", ([b"x\n--bb\ny"], b"")),
        ("--b\n\nx --b\n--b--", ([b"x --b"], b"")),
        ("--b\n\nx\n--b- \n--b--", ([b"x\n--b- "], b"")),
        ("--b\n\nx\n--b--\n--b\n\nz\n--b--\n", ([b"x"], b"--b\n\nz\n--b--\n")),
        ("--b\n\nx\n\n--b--", ([b"x\n"], b"")),
        ("--b--", ([], b"")),
        ("no parts", None),
        ("", None),
    ],
)
def test_parts_are_taken_apart(body: str, expected: tuple[list[bytes], bytes] | None) -> None:
    assert divided(body) == expected
    crlf = divided(body.replace("\n", "\r\n"))
    wanted = expected and (
        [part.replace(b"\n", b"\r\n") for part in expected[0]],
        expected[1].replace(b"\n", b"\r\n"),
    )
    assert crlf == wanted


@pytest.mark.parametrize(
    ("head", "is_divided"),
    [
        ("Content-Type: Multipart/X; Boundary=b", True),
        ('Content-Type: multipart/x; boundary="b "', True),
        ("Content-Type: text/plain; boundary=b", False),
        ("Content-Type: multipart/x", False),
        ("Content-Type: multipart/x; boundary=", False),
        ("X: y", False),
    ],
)
def test_only_a_multipart_has_parts(head: str, is_divided: bool) -> None:
    assert (divided("--b\n\nx\n--b--", head) is not None) == is_divided


@pytest.mark.parametrize(("size", "is_divided"), [(256, True), (257, False)])
def test_a_boundary_has_its_limit(size: int, is_divided: bool) -> None:
    boundary = "b" * size
    found = divided(f"--{boundary}\n\nx", f"Content-Type: multipart/x; boundary={boundary}")
    assert (found is not None) == is_divided


def test_parts_are_so_deep_and_so_many() -> None:
    found = entity_of(b"Content-Type: multipart/x; boundary=b\n\n--b\n\nx", Budget())
    assert parts_of(found, Budget(), 20)
    with pytest.raises(TooLargeError):
        parts_of(found, Budget(), 21)
    many = entity_of(b"Content-Type: multipart/x; boundary=b\n\n" + b"--b\n\nx\n" * 10, Budget())
    assert parts_of(many, Budget(steps=1_010), 0)
    with pytest.raises(TooLargeError):
        parts_of(many, Budget(steps=1_009), 0)


def test_a_digest_holds_messages() -> None:
    found = entity_of(b"Content-Type: multipart/digest; boundary=b\n\n--b\n\nx", Budget())
    parts = parts_of(found, Budget(), 0)
    assert parts
    assert parts[0][0].media_type == "message/rfc822"
