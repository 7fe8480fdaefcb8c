from __future__ import annotations

import socket
from email.header import Header
from email.utils import formataddr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ondemand_attach import Address
from ondemand_attach._addresses import normalised, split, with_ascii_domain
from ondemand_attach.errors import InvalidAddressError


@pytest.mark.parametrize(
    ("text", "kept", "ascii_form"),
    [
        ("jane@example.com", "jane@example.com", "jane@example.com"),
        ("jane.o'neil+shop@example.com", "jane.o'neil+shop@example.com", "jane.o'neil+shop@example.com"),
        ("Jane@EXAMPLE.com", "Jane@example.com", "Jane@example.com"),
        ("root@localhost", "root@localhost", "root@localhost"),
        ("x@corp.internal", "x@corp.internal", "x@corp.internal"),
        ("x@printer.local", "x@printer.local", "x@printer.local"),
        ("x@shop.test", "x@shop.test", "x@shop.test"),
        ("jane@bücher.example", "jane@bücher.example", "jane@xn--bcher-kva.example"),
        ("jane@xn--bcher-kva.example", "jane@bücher.example", "jane@xn--bcher-kva.example"),
        ("jane@faß.example", "jane@faß.example", "jane@xn--fa-hia.example"),  # IDNA 2003 had fass
        ("zoe\u0308@example.com", "zoë@example.com", "zoë@example.com"),
        ("用户@例子.example", "用户@例子.example", "用户@xn--fsqu00a.example"),
        ("a" * 64 + "@example.com",) * 3,
    ],
)
def test_accepted(text: str, kept: str, ascii_form: str) -> None:
    assert normalised(text) == kept
    assert normalised(kept) == kept
    assert with_ascii_domain(kept) == ascii_form
    for address in (Address(addr_spec=text), Address.parse(text), Address.parse(f"Jane <{text}>")):
        assert address.addr_spec == kept
        assert address.ascii_addr_spec == ascii_form
        assert address.domain == ascii_form.rpartition("@")[2]
        assert address.needs_smtputf8 == (not ascii_form.isascii())
    assert Address(addr_spec=text) == Address(addr_spec=kept) == Address.parse(kept)


REFUSED = [
    "",
    "jane",
    "@example.com",
    "jane@",
    "jane@@example.com",
    "jane@example.com.",
    "jane@.example.com",
    "jane..doe@example.com",
    "jane doe@example.com",
    "jane@exam ple.com",
    "<jane@example.com>",
    "Jane <jane@example.com>",
    "jane@example.com, joe@example.com",
    '"jane doe"@example.com',
    '"jane"@example.com',
    "jane@[192.0.2.1]",
    "jane@[IPv6:2001:db8::1]",
    "jane@192.0.2.1",
    "jane@under_score.example",
    "jane@-example.com",
    "a@b> BODY=8BITMIME",
    "a@b> BODY=8BITMIME RET=FULL",
    "jane@example.com\r\nBcc: evil@x.test",
    "jane@example.com\n",
    "jane\r\n@example.com",
    "jane\x00@example.com",
    "jane\x85@example.com",
    "jane\u2028@example.com",
    "jane\u200b@example.com",
    "jane\u202e@example.com",
    "jane\u2066@example.com",
    "jane\ufeff@example.com",
    "jane\U000e0041@example.com",
    "jane@exam\u200bple.com",
    "jane\ud800@example.com",
    "jane@\udcff.example",
    "=?utf-8?q?a?=@x.example",
    "jane\u037eevil@x.example",  # NFC makes a semicolon of it
    "a" * 65 + "@example.com",
    "é" * 33 + "@example.com",
    "a@" + "b" * 64 + ".example",
    "a@" + "b." * 130 + "example",
    "a@1.א.example",
]


@pytest.mark.parametrize("text", REFUSED, ids=ascii)
def test_refused_without_quoting(text: str) -> None:
    with pytest.raises(InvalidAddressError) as caught:
        Address(addr_spec=text)
    assert text == "" or text not in str(caught.value)
    assert "evil" not in str(caught.value)
    assert caught.value.__context__ is None


def test_the_reason_is_named() -> None:
    reasons = {
        "jane\u200b@example.com": "at position 5",
        "ja ne@example.com": "before the @",
        "jane@exam ple.com": "after the @",
        "jane@example.com,joe@example.com": "more than one address; give several as a list",
        "jane@example.com; joe@example.com": "more than one address",
        "a" * 65 + "@example.com": "longer than 64 octets",
    }
    for addr_spec, reason in reasons.items():
        with pytest.raises(InvalidAddressError, match=reason):
            normalised(addr_spec)


def test_nothing_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(*_: object) -> None:
        pytest.fail("a name was looked up")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket.socket, "connect", look_up)
    monkeypatch.setattr(socket.socket, "sendto", look_up)
    assert normalised("jane@no-such-host.example") == "jane@no-such-host.example"


@pytest.mark.parametrize(
    ("text", "display_name", "addr_spec"),
    [
        ("a@b", "", "a@b"),
        (" a@b ", "", "a@b"),
        ("<a@b>", "", "a@b"),
        ("Jane Doe <a@b>", "Jane Doe", "a@b"),
        ("Zoë O'Neil (shop) <a@b>", "Zoë O'Neil (shop)", "a@b"),
        ('"Doe, Jane" <a@b>', "Doe, Jane", "a@b"),
        (r'"Jane \"J\" \\ Doe"<a@b>', r'Jane "J" \ Doe', "a@b"),
        ('"<evil@x.test>" <a@b>', "<evil@x.test>", "a@b"),
        ("=?utf-8?b?aGk=?= <a@b>", "hi", "a@b"),
        (formataddr(("Müller, Jörg", "a@b")), "Müller, Jörg", "a@b"),
        (
            formataddr(("Dvořáková z Nového Města nad Metují, Anežka", "a@b")),
            "Dvořáková z Nového Města nad Metují, Anežka",
            "a@b",
        ),
        (f"{Header(('Zoë ' * 30).strip(), 'utf-8').encode(linesep='')} <a@b>", ("Zoë " * 30).strip(), "a@b"),
        ("=?iso-8859-2?q?Ji=F8=ED?= Novotny <a@b>", "Jiří Novotny", "a@b"),
        ('"=?utf-8?b?aGk=?=" <a@b>', "=?utf-8?b?aGk=?=", "a@b"),
        ("=?no-such?b?aGk=?= <a@b>", "=?no-such?b?aGk=?=", "a@b"),
        ("=?utf-8?b?/w==?= <a@b>", "=?utf-8?b?/w==?=", "a@b"),
        ("Jane =?= <a@b>", "Jane =?=", "a@b"),
        ("1234.50\u00a0\u200f₪ <a@b>", "1234.50\u00a0\u200f₪", "a@b"),
    ],
)
def test_split(text: str, display_name: str, addr_spec: str) -> None:
    assert split(text) == (display_name, addr_spec)
    assert Address.parse(text) == Address(display_name=display_name, addr_spec=addr_spec)


@pytest.mark.parametrize(
    "text",
    [
        "Doe, Jane <a@b>",
        "evil@x.test <a@b>",
        "<evil@x.test> <a@b>",
        '"a" b <c@d>',
        '"a\\" <c@d>',
        "group: a@b;",
        "a@b <",
        "a@b, c@d",
        "Jane <a@b> x",
        "Jane\r\nBcc: evil@x.test <a@b>",
        "J\u202eane <a@b>",
        "=?utf-8?q?Jane=0D=0ABcc:_evil=40x.test?= <a@b>",
        "=?utf-8?q?J=E2=80=AEane?= <a@b>",
        "J\ud800ane <a@b>",
    ],
    ids=ascii,
)
def test_split_refuses(text: str) -> None:
    with pytest.raises(InvalidAddressError) as caught:
        Address.parse(text)
    assert "evil" not in str(caught.value)


@settings(max_examples=300, deadline=None)
@given(st.text() | st.from_regex(r"\A[a-zé=?.,<>\" \r\n\u202e]{1,12}@[a-zü.\-\[\]_]{1,12}\Z"))
def test_any_text_is_refused_or_is_a_fixed_point(text: str) -> None:
    try:
        kept = normalised(text)
    except InvalidAddressError:
        return
    assert normalised(kept) == kept
    assert not set(kept) & set('<>,;:"()[]\\ \r\n\u202e')
    assert with_ascii_domain(kept).rpartition("@")[2].isascii()
