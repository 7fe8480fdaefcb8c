"""Each place of a message is looked at, and what all messages have is not taken for somebody's."""

from __future__ import annotations

import base64

import pytest

from ondemand_attach._leaks._budget import Budget
from ondemand_attach._leaks._surfaces import bodies, surfaces

USUAL_NAMES = [
    *("Return-Path", "From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
    *("MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Content-ID"),
]
USUAL_FIELDS = [
    *("Auto-Submitted: auto-generated", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8"),
    *("Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: 7bit"),
    *("Content-Transfer-Encoding: base64", "Content-Transfer-Encoding: quoted-printable"),
]
ADDRESS_FIELDS = ["From", "Sender", "Reply-To", "To", "Cc"]


def headers(*fields: str, addresses: tuple[str, ...] = ()) -> dict[str, str]:
    found, _ = surfaces("\r\n".join([*fields, "", "text"]).encode(), {}, (), addresses)
    return dict(found)


def documents(content: str) -> list[tuple[str, bytes, str]]:
    return surfaces(content.replace("\n", "\r\n").encode(), {}, (), ())[1]


@pytest.mark.parametrize("name", USUAL_NAMES)
def test_names_that_all_messages_have_are_nobodys(name: str) -> None:
    assert headers(f"{name}: x") == {"a header name": "", f"header {name}": "x"}
    assert headers(f"{name}-Jane: x")["a header name"] == f"{name}-Jane"


@pytest.mark.parametrize("field", USUAL_FIELDS)
def test_fields_that_all_messages_have_are_nobodys(field: str) -> None:
    assert headers(field) == {"a header name": ""}
    assert headers(f"{field}x") != {"a header name": ""}


def test_all_other_names_are_looked_at() -> None:
    found = headers("X-Jane: 1", "Subject: s", "Bcc: b", "X-Doe: 2")
    assert found["a header name"] == "X-Jane\nBcc\nX-Doe"


@pytest.mark.parametrize("name", [*ADDRESS_FIELDS, *map(str.upper, ADDRESS_FIELDS)])
def test_addresses_may_stand_in_the_fields_of_addresses(name: str) -> None:
    found = headers(f"{name}: Jane <jane.doe@example.com>", addresses=("Jane.Doe@example.com",))
    assert found[f"header {name}"] == "Jane < >"


@pytest.mark.parametrize("name", ["Subject", "Bcc", "Resent-To", "X-To"])
def test_addresses_may_not_stand_in_other_fields(name: str) -> None:
    found = headers(f"{name}: jane.doe@example.com", addresses=("jane.doe@example.com",))
    assert "jane.doe@example.com" in found[f"header {name}"]


@pytest.mark.parametrize(
    ("value", "left"),
    [
        ("jane@x.example", " "),
        ("<jane@x.example>, <jane@x.example>", "< >, < >"),
        ("JANE@X.EXAMPLE", " "),
        ("bigjane@x.example", "bigjane@x.example"),
        ("big.jane@x.example", "big.jane@x.example"),
        ("big+jane@x.example", "big+jane@x.example"),
        ("big-jane@x.example", "big-jane@x.example"),
        ("jane@x.example.org", "jane@x.example.org"),
        ("jane@x.example-org", "jane@x.example-org"),
        ("jane@x.examples", "jane@x.examples"),
        ("jane@x.examples jane@x.example", "jane@x.examples  "),
        ("jane@x.example+", " +"),
        ("/jane@x.example/", "/ /"),
        ("İ jane@x.example", "İ jane@x.example"),
    ],
)
def test_only_the_whole_address_is_left_out(value: str, left: str) -> None:
    assert headers(f"To: {value}", addresses=("jane@x.example",))["header To"].partition("\n")[0] == left


@pytest.mark.parametrize("value", ["Mon, 23 Nov 2026 10:15:00 +0000", "Tue, 3 Nov 2026 10:15:00 -0130"])
def test_the_date_of_a_message_is_nobodys(value: str) -> None:
    assert headers(f"Date: {value}") == {"a header name": ""}
    assert headers(f"DATE: {value}") == {"a header name": "DATE"}
    for other in (
        f"{value} Jane",
        f"x{value}",
        value.replace("Nov", "nov"),
        value.replace(":", "."),
        value[:-1],
    ):
        assert headers(f"Date: {other}")["header Date"].partition("\n")[0] == other


def test_a_name_in_camel_case_is_two_words_as_well() -> None:
    assert headers("Subject: for JaneDoe")["header Subject"] == "for JaneDoe\nfor Jane Doe"
    assert headers("Subject: JANE doe")["header Subject"] == "JANE doe"


PARTS = """Content-Type: multipart/mixed; boundary="b 1"; x

preamble
--b
Content-Type: multipart/alternative; BOUNDARY=c

--c
Content-Type: text/plain; charset="iso-8859-2"

plain
--c
Content-Type: TEXT/HTML

html
--c
Content-Type: text/calendar

calendar
--c--
--b
Content-Type: text/plain; name=a
Content-Disposition: attachment; filename=a

first
--b
Content-Type: application/x

second
--b--
epilogue
"""


def test_each_part_has_its_place() -> None:
    message = PARTS.replace('"b 1"; x', "b")
    assert documents(message) == [
        ("body", b"\r\npreamble\r\n--\r\nepilogue\r\n", "utf-8"),
        ("text body", b"plain", "iso-8859-2"),
        ("HTML body", b"html", "utf-8"),
        ("body", b"calendar", "utf-8"),
        ("attachment 1", b"first", "utf-8"),
        ("attachment 2", b"second", "utf-8"),
    ]
    assert {where for where, _ in surfaces(message.replace("\n", "\r\n").encode(), {}, (), ())[0]} == {
        "a header name",
        "header Content-Type",
        "header Content-Type of body",
        "header Content-Type of text body",
        "header Content-Type of HTML body",
        "file name of attachment 1",
        "file name of attachment 2",
    }


@pytest.mark.parametrize("depth", range(12))
def test_parts_are_taken_apart_so_deep_and_searched_whole_below(depth: int) -> None:
    body = "Content-Type: text/plain\n\ninnermost"
    for level in range(depth):
        body = f"Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n{body}\n--b{level}--\n"
    found = documents(body)
    assert any(b"innermost" in content for _, content, _ in found)
    assert ("text body", b"innermost", "utf-8") in found or depth > 9
    assert (("text body", b"innermost", "utf-8") in found) == (depth <= 9)


@pytest.mark.parametrize(
    ("encoding", "body", "decoded"),
    [
        ("base64", base64.b64encode(b"Jane").decode(), b"Jane"),
        ("BASE64 ", base64.b64encode(b"Jane").decode(), b"Jane"),
        ("base64", "no base64!", b"no base64!"),
        ("quoted-printable", "J=61ne=", b"Jane"),
        ("Quoted-Printable", "J=61ne", b"Jane"),
        ("7bit", "J=61ne", b"J=61ne"),
        ("x-unheard", "SmFuZQ==", b"SmFuZQ=="),
        ("", "SmFuZQ==", b"SmFuZQ=="),
    ],
)
def test_bodies_are_decoded_as_they_say(encoding: str, body: str, decoded: bytes) -> None:
    ((_, content, _),) = documents(f"Content-Transfer-Encoding: {encoding}\n\n{body}")
    assert content == decoded


def test_what_is_protected_or_empty_is_left_out_and_what_no_part_holds_is_not() -> None:
    message = PARTS.replace('"b 1"; x', "b").replace("\n", "\r\n").encode()
    _, found = surfaces(message, {b"never": b"whole"}, (b"first", b"html"), ())
    assert [content for _, content, _ in found][1:] == [b"plain", b"calendar", b"second", b"whole"]
    assert surfaces(b"Subject: s\r\n\r\n\r\n--\r\n", {}, (), ())[1] == []


def test_a_document_that_a_line_stands_for_is_looked_at_once() -> None:
    message = (
        PARTS.replace('"b 1"; x', "b")
        .replace("first", "line")
        .replace("name=a\nContent", "name=a\nContent-Transfer-Encoding: base64\nContent")
    )
    _, found = surfaces(
        message.replace("\n", "\r\n").encode(), {b"line": b"whole", b"other": b"rest"}, (), ()
    )
    assert [content for _, content, _ in found][4:] == [b"whole", b"second", b"rest"]


@pytest.mark.parametrize("fold", ["\r\n ", "\r\n\t", "\r\n   "])
def test_a_folded_field_is_one(fold: str) -> None:
    assert headers(f"Subject: Jane{fold}Doe")["header Subject"] == f"Jane{fold[2:]}Doe"


def inner(content: str) -> list[tuple[bytes, str | None]]:
    return list(bodies(content.encode(), Budget(1 << 20)))


HEAD = "Subject: s\nContent-Transfer-Encoding: "


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (f"{HEAD}base64\n\nSmFuZQ==", [(b"Jane", "utf-8")]),
        (f"{HEAD} BASE64\n\nSmFuZQ==", [(b"Jane", "utf-8")]),
        (f"{HEAD}quoted-printable\n\nJ=61ne", [(b"Jane", "utf-8")]),
        (f"{HEAD}7bit\n\nJane", []),
        (f"{HEAD}7bit\nContent-Type: text/plain\n\nJane", []),
        (f"{HEAD}7bit\nContent-Type: text/plain; charset=iso-8859-2\n\nJane", [(b"Jane", "iso-8859-2")]),
        (f'{HEAD}7bit\nContent-Type: text/plain; CHARSET="x y"\n\nJane', [(b"Jane", "x")]),
        (f"{HEAD}7bit\nContent-Type: Message/RFC822\n\nJane", [(b"Jane", "utf-8")]),
        (f"{HEAD}base64\nContent-Type: text/plain; charset=cp1250\n\nSmFuZQ==", [(b"Jane", "cp1250")]),
        (f"{HEAD.upper()}base64\n\nSmFuZQ==", [(b"Jane", "utf-8")]),
        (f"{HEAD.lower()}base64\n\nSmFuZQ==", [(b"Jane", "utf-8")]),
        (f"{HEAD}base64\r\n\r\nSmFuZQ==", [(b"Jane", "utf-8")]),
        ("Subject: s\nContent-Encoding: base64\n\nSmFuZQ==", []),
        (
            "Content-Type: multipart/mixed; Boundary=b\n\n--b\nContent-Transfer-Encoding: base64\n\nSmFuZQ==\n--b--",
            [(b"Jane", "utf-8")],
        ),
    ],
)
def test_bodies_in_a_file_are_read_if_they_are_encoded(
    content: str, expected: list[tuple[bytes, str]]
) -> None:
    assert inner(content) == expected


def test_bodies_are_counted() -> None:
    budget = Budget(10)
    assert list(bodies(f"{HEAD}base64\n\nSmFuZQ==".encode(), budget))
    assert budget.left < 0
    assert not list(bodies(f"{HEAD}base64\n\nSmFuZQ==".encode(), budget))
