"""Every way in which a value may be written into a message is found, and good messages pass."""

from __future__ import annotations

import base64
import codecs
import functools
import gzip
import html
import io
import json
import os
import quopri
import random
import time
import tracemalloc
import unicodedata
import urllib.parse
import uuid
import zipfile
import zlib
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from enum import Enum

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ondemand_attach._leaks import Leak, _containers, _needles, _searching, _views, _windows, find_leaks
from scale import SCALE

PROTECTED = b"%PDF-1.7\n" + random.Random(1).randbytes(4_000)
TEXT = """Hello,

thank you for your order 20265-88 of 23 November 2026. You will find the invoice over 1,250.00 EUR
in the attached document. Open it with the password that you chose in your account.

The Example Shop, 12 Market Street, 110 00 Prague, shop.example/help?x=%C3%A9t%C3%A9&y=1
"""
HTML = f"""<!doctype html><html><head><style>p {{ color: #333; width:60px }}</style></head>
<body style="background-color:#f4f4f7"><table width=600><tr><td><p>{html.escape(TEXT)}</p>
<a href="https://shop.example/orders/3f2a9c71d0e84b5f">Your&nbsp;order</a></td></tr></table></body></html>"""
NAMES = [
    "Jane Doe-Smithers",
    "Jiří Řehoř",
    "Zoë Strauß",
    "Ελένη Παπαδοπούλου",
    "Надежда Иванова",
    "王小明",
    "Łukasz O'Brien",
]


def message(
    *, subject: str = "Your order", text: str = TEXT, html_text: str = HTML, filename: str = "invoice.pdf"
) -> EmailMessage:
    made = EmailMessage(policy=SMTP)
    made["From"] = "Example Shop <orders@shop.example>"
    made["To"] = "Recipient <jane.doe@example.com>"
    made["Subject"] = subject
    made["Date"] = "Mon, 23 Nov 2026 10:15:00 +0000"
    made["Message-ID"] = f"<{uuid.UUID(int=7)}@shop.example>"
    made.set_content(text)
    made.add_alternative(html_text, subtype="html")
    made.add_attachment(PROTECTED, maintype="application", subtype="pdf", filename=filename)
    return made


@functools.cache
def plain() -> bytes:
    return message().as_bytes()


def leaks(made: EmailMessage | bytes, *values: object) -> tuple[Leak, ...]:
    content = made if isinstance(made, bytes) else made.as_bytes()
    return find_leaks(content, [("customer.secret", value) for value in values], protected=[PROTECTED])


def places(made: EmailMessage | bytes, *values: object) -> set[str]:
    return {leak.where for leak in leaks(made, *values)}


def b64(text: str, encoding: str = "utf-8") -> str:
    return base64.b64encode(text.encode(encoding)).decode()


def wrapped(text: str, width: int) -> str:
    return "\n".join(text[at : at + width] for at in range(0, len(text), width))


def interspersed(text: str, sign: str) -> str:
    return text[:2] + sign + text[2:]


DISGUISES: dict[str, Callable[[str], str]] = {
    "plain": str,
    "upper case": str.upper,
    "lower case": str.lower,
    "NFD": lambda name: unicodedata.normalize("NFD", name),
    "accents lost": lambda name: "".join(
        part for part in unicodedata.normalize("NFD", name) if not unicodedata.combining(part)
    ),
    "double spaces": lambda name: name.replace(" ", " \n\t "),
    "no-break spaces": lambda name: name.replace(" ", "\u00a0"),
    "no spaces": lambda name: name.replace(" ", ""),
    "zero width space": lambda name: interspersed(name, "\u200b"),
    "soft hyphen": lambda name: interspersed(name, "\u00ad"),
    "word joiner": lambda name: interspersed(name, "\u2060"),
    "full width": lambda name: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in name),
    "inline tag": lambda name: f"{name[0]}<b>{name[1:]}</b>",
    "unknown tag": lambda name: f"{name[:2]}<x-y class='z'>{name[2:]}</x-y>",
    "comment": lambda name: interspersed(name, "<!-- x -->"),
    "word per cell": lambda name: "<td>" + "</td>\n<td>".join(name.split()) + "</td>",
    "attribute": lambda name: f'<a title="{html.escape(name)}">x</a>',
    "comment only": lambda name: f"<!-- {name} -->",
    "named entities": lambda name: html.escape(name).replace("ř", "&rcaron;").replace(" ", "&nbsp;"),
    "decimal entities": lambda name: "".join(f"&#{ord(c)};" for c in name),
    "hex entities": lambda name: "".join(f"&#x{ord(c):X};" for c in name),
    "entity of soft hyphen": lambda name: interspersed(name, "&shy;"),
    "double escaped": lambda name: html.escape("".join(f"&#{ord(c)};" for c in name)),
    "percent": urllib.parse.quote,
    "percent plus": lambda name: "https://shop.example/?n=" + urllib.parse.quote_plus(name) + "&a=1",
    "percent everything": lambda name: "".join(f"%{byte:02x}" for byte in name.encode()),
    "percent twice": lambda name: urllib.parse.quote(urllib.parse.quote(name)),
    "JSON": lambda name: json.dumps({"name": name}),
    "JavaScript": lambda name: "".join(f"\\x{byte:02x}" for byte in name.encode()),
    "hexadecimal": lambda name: name.encode().hex(),
    "UTF-16 hexadecimal": lambda name: name.encode("utf-8").hex().upper(),
    "base64": b64,
    "base64 token": lambda name: f"https://shop.example/t/{b64(name).rstrip('=')}?x",
    "base64 after 1": lambda name: b64("a" + name),
    "base64 after 2": lambda name: b64("ab" + name + "."),
    "base64 glued": lambda name: f"id{b64('key=' + name)}",
    "base64 in lines of 76": lambda name: wrapped(b64("x" * 80 + name + "y" * 80), 76),
    "base64 in lines of 20": lambda name: wrapped(b64("x" * 80 + name + "y" * 80), 20),
    "base64 in base64": lambda name: b64(b64(name)),
    "base64 in percent": lambda name: urllib.parse.quote(b64(name), safe=""),
    "quoted-printable": lambda name: quopri.encodestring(name.encode(), quotetabs=True).decode(),
    "quoted-printable, all": lambda name: "".join(f"={byte:02X}" for byte in name.encode()),
    "soft line break": lambda name: interspersed(name, "=\n"),
    "RFC 2047 base64": lambda name: Header(name, "utf-8").encode(),
    "RFC 2047 quoted": lambda name: "=?utf-8?q?" + "".join(f"={byte:02X}" for byte in name.encode()) + "?=",
    "RFC 2047 in two words": lambda name: " ".join(
        f"=?utf-8?b?{base64.b64encode(part).decode()}?=" for part in (name.encode()[:5], name.encode()[5:])
    ),
}


def in_subject(disguised: str) -> bytes:
    line = b"Subject: " + " ".join(disguised.split()).encode()
    return plain().replace(b"Subject: Your order", line)


def in_custom_header(disguised: str) -> bytes:
    line = b"\r\nX-Reference: " + "\r\n ".join(disguised.split()).encode()
    return plain().replace(b"\r\nSubject:", line + b"\r\nSubject:")


def in_folded_subject(disguised: str) -> EmailMessage:
    return message(subject=" ".join(disguised.split()))


def in_display_name(disguised: str) -> bytes:
    quoted = " ".join(disguised.split()).replace('"', "'").encode()
    return plain().replace(b"To: Recipient", b'To: "' + quoted + b'"')


def in_text(disguised: str) -> EmailMessage:
    return message(text=TEXT + "Dear " + disguised + "\n")


def in_html(disguised: str) -> EmailMessage:
    return message(html_text=HTML.replace("Hello", f"Dear {disguised}, hello"))


def in_base64_html(disguised: str) -> EmailMessage:
    made = message()
    made.get_payload(0).get_payload(1).set_content(  # type: ignore[union-attr]
        f"<p>{disguised}</p>", subtype="html", cte="base64"
    )
    return made


def in_filename(disguised: str) -> bytes:
    quoted = " ".join(disguised.split()).replace("\\", "\\\\").replace('"', '\\"').encode()
    return plain().replace(b'"invoice.pdf"', b'"invoice-' + quoted + b'.pdf"')


def in_rfc_2231_filename(disguised: str) -> EmailMessage:
    return message(filename=f"invoice-{' '.join(disguised.split())}.pdf")


def in_attachment(disguised: str, maintype: str = "text", subtype: str = "csv") -> EmailMessage:
    return attached(f"name;order\n{disguised};7\n".encode(), maintype, subtype)


def attached(content: bytes, maintype: str = "application", subtype: str = "octet-stream") -> EmailMessage:
    made = message()
    made.add_attachment(content, maintype=maintype, subtype=subtype, filename="data.bin")
    return made


def in_zip(disguised: str) -> EmailMessage:
    return attached(zipped({"word/document.xml": disguised}))


def zipped(members: dict[str, str]) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            of_no_date = zipfile.ZipInfo(name)  # else each worker of the tests would name them otherwise
            archive.writestr(of_no_date, content, zipfile.ZIP_DEFLATED)
    return memory.getvalue()


def pdf_with(stream: bytes) -> bytes:
    return (
        b"%PDF-1.7\n1 0 obj <</Length 9>>\nstream\n"
        + stream
        + b"\nendstream\nendobj\n%%EOF\n"
        + b"\xff\x00" * 50
    )


def in_pdf_stream(disguised: str) -> EmailMessage:
    return attached(pdf_with(zlib.compress(f"BT ({disguised}) Tj ET".encode())), "application", "pdf")


SURFACES: dict[str, Callable[[str], EmailMessage | bytes]] = {
    "header Subject": in_subject,
    "header X-Reference": in_custom_header,
    "header To": in_display_name,
    "text body": in_text,
    "HTML body": in_html,
    "file name of attachment 1": in_filename,
    "attachment 2": in_attachment,
}
SOMEWHERE = {"zip": in_zip, "pdf": in_pdf_stream, "base64 body": in_base64_html}


@pytest.mark.parametrize("disguise", DISGUISES)
def test_finds_every_disguise_on_every_surface(disguise: str) -> None:
    fits_in_a_line = disguise not in {"soft line break", "base64 in lines of 76", "base64 in lines of 20"}
    for where, put in SURFACES.items():
        for name in NAMES:
            disguised = DISGUISES[disguise](name)
            if fits_in_a_line or not where.startswith(("header", "file")):
                assert where in places(put(disguised), name), (where, name)
    some = NAMES if SCALE > 1 else NAMES[1::2]
    for label, put in SOMEWHERE.items():
        for name in some:
            assert leaks(put(DISGUISES[disguise](name)), name), (label, name)
    if fits_in_a_line and disguise != "RFC 2047 in two words":  # which the standard library garbles
        for name in some:
            assert leaks(in_rfc_2231_filename(DISGUISES[disguise](name)), name), name
            assert leaks(in_folded_subject(DISGUISES[disguise](name)), name), name


@pytest.mark.parametrize("put", [in_subject, in_custom_header, in_text])
def test_hexadecimal_in_percent_is_found_where_the_line_ends_with_it(
    put: Callable[[str], EmailMessage | bytes],
) -> None:
    assert leaks(put("".join(f"%{byte:02x}" for byte in b"Rome".hex().encode())), "Rome")


def test_the_disguises_beat_a_plain_search() -> None:
    """The mutant: looking for the value as it is, in the bytes as they are."""

    def naive(content: bytes, value: str) -> bool:
        return value.encode() in content

    missed = [
        disguise
        for disguise, hide in DISGUISES.items()
        if not naive(in_text(hide("Jiří Řehoř")).as_bytes(), "Jiří Řehoř")
    ]
    assert len(missed) > len(DISGUISES) * 0.8


@pytest.mark.parametrize(
    "step", ["unescaped", "unquoted", "readable_tokens", "unaligned_base64", "words_of_each"]
)
def test_each_decoder_is_needed(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mutants: each decoder in turn does nothing, and some disguise goes unnoticed."""
    nothing: dict[str, object] = {"unaligned_base64": b"", "words_of_each": [], "readable_tokens": ""}
    owner = _searching if step == "words_of_each" else _views
    monkeypatch.setattr(owner, step, lambda text: nothing.get(step, text))
    assert not all(leaks(in_text(hide(name)), name) for hide in DISGUISES.values() for name in NAMES[1::2])


def test_random_values_in_random_nested_encodings() -> None:
    chance = random.Random(20261123)
    encoders = [
        DISGUISES[name] for name in ("percent", "decimal entities", "JSON", "base64", "quoted-printable")
    ]
    alphabet = "abcdefghijklmnopqrstuvwxyzáčďéěíňóřšťúůýžäöüßαβγδдежз"
    for _ in range(200 * SCALE):
        value = "".join(chance.choices(alphabet, k=chance.randint(8, 20)))
        hidden = value
        for encoder in chance.sample(encoders, 2):
            hidden = encoder(hidden).replace("=\n", "")
        assert leaks(in_text(hidden), value), (value, hidden)


class Plan(Enum):
    GOLD = "gold-member-77"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (date(1980, 5, 1), "1980-05-01"),
        (date(1980, 5, 1), "01.05.1980"),
        (date(1980, 5, 1), "1. 5. 1980"),
        (date(1980, 5, 1), "01/05/1980"),
        (date(1980, 5, 1), "05/01/1980"),
        (date(1980, 5, 1), "5/1/1980"),
        (date(1980, 5, 1), "19800501"),
        (date(1980, 5, 1), "01051980"),
        (date(1980, 5, 1), "1 May 1980"),
        (date(1980, 5, 1), "May 1st, 1980".replace("st", "")),
        (date(1980, 11, 21), "Nov 21, 1980"),
        (datetime(1980, 5, 1), "1980-05-01"),
        (datetime(1980, 5, 1, 14, 30), "1980-05-01 14:30:00"),
        (datetime(1980, 5, 1, 14, 30), "01.05.1980 14:30"),
        (1234, "no. 1234."),
        (987654, "CZK987654"),
        (Decimal("1234.50"), "1,234.50"),
        (Decimal("1234.50"), "1.234,50"),
        (Decimal("1234.50"), "1\u202f234,50"),
        (Decimal("1234.5"), "1234.50"),
        (Decimal("1500.00"), "1,500"),
        (1234.5, "1234.50"),
        (1234567, "1 234 567"),
        (1234567, "1'234'567"),
        ("CZ6508000000192000145399", "CZ65 0800 0000 1920 0014 5399"),
        ("CZ65 0800 0000 1920 0014 5399", "cz65-0800-0000-1920-0014-5399"),
        ("4111111111111111", "4111 1111 1111 1111"),
        ("800501/1234", "8005011234"),
        ("+420 603 123 456", "00420603123456"),
        ("110 07", "11007"),
        (uuid.UUID(int=0x1234567890ABCDEF1234567890ABCDEF), "1234567890abcdef1234567890abcdef"),
        (b"\xde\xad\xbe\xef\xca\xfe\xba\xbe\x01\x02\x03\x04", "3q2+78r+ur4BAgME"),
        (b"\xde\xad\xbe\xef\xca\xfe\xba\xbe", "DEADBEEFCAFEBABE"),
        (b"top secret token", "top secret token"),
        (Plan.GOLD, "Gold member 77"),
        ("jane@řízek.example", "jane@xn--zek-kma1o.example"),
        ("Mona", "MonaDoe"),
        ("x" * 3000 + "tail", "x" * 3000),
    ],
    ids=str,
)
def test_finds_values_of_every_type(value: object, written: str) -> None:
    if isinstance(value, str) and "řízek" in value:
        written = "jane@" + "řízek.example".encode("idna").decode()
    where = "file name of attachment 1" if written == "MonaDoe" else "text body"
    put = in_filename if written == "MonaDoe" else in_text
    assert where in places(put(written), value)
    assert not leaks(message(), value)


@pytest.mark.parametrize(
    "value", [None, True, False, "", " ", "Li", "CZ", "EUR", 7, 42, 999, Decimal("12.50"), 0.0]
)
def test_values_too_short_or_too_common_are_not_searched(value: object) -> None:
    assert not leaks(in_text(f"{value} 12:50 CZ EUR Li 7 42 999 0.0 None True"), value)


@pytest.mark.parametrize(
    ("value", "innocent"),
    [
        ("Mark", "a remarkable market"),
        ("Rome", "Jerome went to the promenade"),
        ("Grant", "we granted it"),
        (1234, "9912345, 12345, 1234567, a1234b"),
        (123456, "1234567"),
        ("1980", "#1980ab;"),
        ("王伟", "王先生"),
    ],
)
def test_part_of_a_word_is_not_the_value(value: object, innocent: str) -> None:
    assert not leaks(in_text(innocent), value)


def test_encodings_of_wide_text_in_binary_attachments() -> None:
    for name in NAMES:
        for encoding in ("utf-8", "utf-16-le", "utf-16-be", "utf-16"):
            for noise in (b"", b"\xff\x00\xfe"):
                made = attached(b"\x00\xffID" + noise + name.encode(encoding) + b"\xff\xfe\x00")
                assert places(made, name) == {"attachment 2"}, (name, encoding)
        assert places(attached(("\ufeff" + name).encode("utf-16-le")), name) == {"attachment 2"}
    assert places(attached(b"\xff\x00" + "Zoë Müller".encode("latin-1")), "Zoë Müller") == {"attachment 2"}


@pytest.mark.parametrize(
    "content",
    [
        zipped({"word/document.xml": "<w:t>Jane Doe-</w:t></w:r><w:r><w:t>Smithers</w:t>"}),
        zipped({"Jane Doe-Smithers.txt": "x"}),
        zipped({"inner.txt": b64("Jane Doe-Smithers")}),
        gzip.compress(b"for Jane Doe-Smithers", mtime=0),
        pdf_with(zlib.compress(b"[(Jane D) 20 (oe-Smith) -3.5 (ers)] TJ")),
        pdf_with(zlib.compress(rb"(\112\141\156\145 Doe\055Smithers) Tj")),
        pdf_with(base64.a85encode(zlib.compress(b"(Jane Doe-Smithers) Tj")) + b"~>"),
        pdf_with(b"(Jane Doe-Smithers) Tj"),
        b"%PDF-1.4\n/Title <FEFF" + "Jane Doe-Smithers".encode("utf-16-be").hex().encode() + b">",
    ],
)
def test_looks_into_containers(content: bytes) -> None:
    assert places(attached(content), "Jane Doe-Smithers") == {"attachment 2"}


def test_a_protected_part_is_not_searched_but_only_if_it_is_the_protected_document() -> None:
    secret = b"%PDF jane doe-smithers"
    made = attached(secret)
    values = [("customer.name", "Jane Doe-Smithers")]
    assert not find_leaks(made.as_bytes(), values, protected=[secret])
    assert find_leaks(made.as_bytes(), values, protected=[secret + b" "])
    assert find_leaks(made.as_bytes(), values) == (Leak(path="customer.name", where="attachment 2"),)


def test_a_document_that_a_line_stands_for_is_searched_as_if_it_were_there() -> None:
    secret, values = b"%PDF jane doe-smithers", [("customer.name", "Jane Doe-Smithers")]
    whole = attached(secret).as_bytes()
    content = whole.replace(base64.b64encode(secret) + b"\r\n", b"\x000\x00")
    assert b"\r\n\x000\x00\r\n--" in content
    elided = {b"\x000\x00": secret}
    assert not find_leaks(content, values, elided=elided, protected=[secret])
    assert find_leaks(content, values, elided=elided) == find_leaks(whole, values)
    assert find_leaks(content, values, elided=elided, protected=[secret + b" "])


PDF = b"%PDF-2.0\n1 0 obj\n<<\n/Title <{hex}>\n/Length 40 >>\nstream\n{stream}\nendstream\nendobj\nxref\n0 2\n{table}\ntrailer\n<< >>\nstartxref\n90\n%%EOF"


def protected_pdf(stream: bytes = b"", title: bytes = b"", table: bytes = b"") -> bytes:
    filled = PDF.replace(b"{hex}", title.hex().encode()).replace(b"{stream}", stream)
    return filled.replace(b"{table}", table)


@pytest.mark.parametrize(
    ("value", "document", "is_found"),
    [
        ("Jane Doe-Smithers", protected_pdf(title=b"Jane Doe-Smithers"), True),
        ("Jiří Novák", protected_pdf(title="Jiří Novák".encode("utf-16-be")), True),
        ("Jane Doe-Smithers", b"%PDF-2.0\n% Jane Doe-Smithers\n" + protected_pdf(), True),
        ("Jane Doe-Smithers", protected_pdf().replace(b"startxref", b"Jane Doe-Smithers startxref"), False),
        ("Jane Doe-Smithers", b"PK\3\4 Jane Doe-Smithers.xlsx", True),
        ("Jane Doe-Smithers", protected_pdf(stream=b"Jane Doe-Smithers"), False),  # for the proof to find
        ("Jane Doe-Smithers", protected_pdf(title=b"Jane Doe-Smithers".ljust(32)), False),  # likewise
        ("Length", protected_pdf(), False),
        ("00000123", protected_pdf(table=b"0000000123 00000 n"), False),
        (12345678, b"PK 12345678", True),
        (1234567, b"PK 1234567", False),
        ("1975-03-12", b"PK 1975-03-12", True),
        ("240.23", b"%PDF-2.0\n/Descent -240.2344 " + protected_pdf(), False),
    ],
)
def test_what_anybody_can_read_of_a_protected_document_is_searched(
    value: object, document: bytes, is_found: bool
) -> None:
    found = find_leaks(attached(document).as_bytes(), [("customer.name", value)], protected=[document])
    assert [leak.where for leak in found] == ["readable part of a protected document"] * is_found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\x000\x00", b"\x000\x00\r\nafter it"),
        (b"\x000\x00", b"before it\r\n\x000\x00"),
        (b"\x000\x00", b""),
        (b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: 7bit"),
    ],
)
def test_a_document_whose_line_is_not_all_of_a_part_is_searched_even_if_protected(
    old: bytes, new: bytes
) -> None:
    secret = b"%PDF Jane Doe-Smithers"
    content = attached(secret).as_bytes().replace(base64.b64encode(secret), b"\x000\x00").replace(old, new)
    values = [("customer.name", "Jane Doe-Smithers")]
    assert find_leaks(content, values, elided={b"\x000\x00": secret}, protected=[secret])


def test_what_lies_between_the_parts_and_in_boundaries_and_ids() -> None:
    made = message()
    made.preamble = "for Jane Doe-Smithers"
    assert leaks(made, "Jane Doe-Smithers")
    made = message()
    made.epilogue = "for Jane Doe-Smithers"
    assert leaks(made, "Jane Doe-Smithers")
    made = message()
    made.set_boundary("=_JaneDoeSmithers_1")
    assert places(made, "Jane Doe-Smithers") >= {"header Content-Type"}
    made = message()
    made.replace_header("Message-ID", "<janedoesmithers.1@shop.example>")
    assert places(made, "Jane Doe-Smithers") == {"header Message-ID"}
    made = message()
    made["X-Jane-Doe-Smithers"] = "1"
    assert places(made, "Jane Doe-Smithers") == {"a header name"}


def test_a_file_name_in_rfc_2231_continuations() -> None:
    raw = (
        message()
        .as_bytes()
        .replace(
            b'filename="invoice.pdf"',
            b"filename*0*=utf-8''Ji%C5%99%C3%AD%20%C5%98;\r\n filename*1*=eho%C5%99.pdf",
        )
    )
    assert places(raw, "Jiří Řehoř") == {"file name of attachment 1"}


def test_an_attached_message_is_searched_as_well() -> None:
    made = message()
    made.add_attachment(in_text("Jane Doe-Smithers"))
    assert leaks(made, "Jane Doe-Smithers")


def test_addresses_may_stand_in_address_fields_but_names_may_not() -> None:
    made = message()
    values = [("customer.email", "jane.doe@example.com"), ("customer.last_name", "Recipient")]
    found = find_leaks(made.as_bytes(), values, protected=[PROTECTED], addresses=["Jane.Doe@example.com"])
    assert found == (Leak(path="customer.last_name", where="header To"),)
    assert {leak.path for leak in leaks(made, "jane.doe@example.com")} == {"customer.secret"}
    made = message(text="for jane.doe@example.com", subject="jane.doe@example.com")
    found = find_leaks(made.as_bytes(), values[:1], protected=[PROTECTED], addresses=["jane.doe@example.com"])
    assert {leak.where for leak in found} == {"header Subject", "text body"}


def test_a_longer_address_is_not_the_exempt_one() -> None:
    raw = message().as_bytes().replace(b"<jane.doe@example.com>", b"<old.jane.doe@example.com>")
    values = [("customer.email", "old.jane.doe@example.com")]
    assert find_leaks(raw, values, protected=[PROTECTED], addresses=["jane.doe@example.com"])


@pytest.mark.parametrize(
    "huge", [Decimal("1E+3000000"), Decimal("sNaN"), Decimal("Infinity"), 1e300, float("nan")]
)
def test_numbers_that_nobody_writes_out_cost_nothing(huge: object) -> None:
    assert not leaks(in_text("1"), huge)


@pytest.mark.parametrize(
    "written", ["1985-03-12T10:30:15", "1985-03-12T10:30:15+00:00", "19850312T103015Z", "1985-03-12 10:30:15"]
)
def test_a_time_of_a_day_is_found_in_its_usual_forms(written: str) -> None:
    assert leaks(in_text(f"since {written}."), datetime(1985, 3, 12, 10, 30, 15))


def test_the_applications_own_words_are_not_leaks() -> None:
    values = [("customer.last_name", "Market"), ("customer.first_name", "Image"), ("customer.city", "Prague")]
    assert find_leaks(message().as_bytes(), values, protected=[PROTECTED], own_words=[TEXT, HTML]) == ()
    assert {leak.path for leak in find_leaks(message().as_bytes(), values, protected=[PROTECTED])} == {
        "customer.last_name",
        "customer.city",
    }


def test_no_false_alarm_for_random_people() -> None:
    """20 values each for 200 customers, against messages with logos and tokens, none of them theirs."""
    chance = random.Random(5)
    made = message()
    made.add_attachment(chance.randbytes(50_000), maintype="image", subtype="png", filename="logo.png")
    made["X-Token"] = base64.b64encode(chance.randbytes(60)).decode()
    made["X-Trace"] = chance.randbytes(32).hex()
    content = made.as_bytes()
    letters = "aaabcdeeefghiijklmnooprstuvyz"
    values: list[tuple[str, object]] = []
    for number in range(200):
        values += [
            (f"{number}.word", "".join(chance.choices(letters, k=chance.randint(4, 9)))) for _ in range(15)
        ]
        values += [
            (f"{number}.pin", chance.randint(1000, 9999)),
            (f"{number}.zip", chance.randint(10000, 99999)),
        ]
        values += [(f"{number}.born", date.fromordinal(chance.randint(710000, 732000)))]
        values += [
            (f"{number}.phone", f"+4206{chance.randint(10**7, 10**8 - 1)}"),
            (f"{number}.paid", chance.random() * 1e4),
        ]
    assert find_leaks(content, values, protected=[PROTECTED]) == ()


def test_a_leak_and_the_scan_hold_no_value_in_their_repr() -> None:
    made = in_filename("Jane Doe-Smithers")
    assert "Smithers" not in repr(leaks(made, "Jane Doe-Smithers"))
    assert "mithers" not in repr(
        _needles.needles_for([("a", "Jane Doe-Smithers"), ("b", "Doe Smi"), ("c", "Ř mithers")], [], [])
    )


def test_broken_containers_and_headers_do_not_stop_the_scan() -> None:
    broken = [b"PK\x03\x04" + os.urandom(50), b"\x1f\x8b" + os.urandom(50), pdf_with(b"x~>"), b"\xff\xfe\x00"]
    for content in broken:
        assert places(message(subject="Jane Doe-Smithers"), "Jane Doe-Smithers") == {"header Subject"}
        assert not leaks(attached(content), "Jane Doe-Smithers")
    for raw in (
        b"",
        b"\r\n\r\n",
        b"Subject",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x",
        b"\xff: \xff\r\n\r\n",
    ):
        assert not leaks(raw, "Jane Doe-Smithers")
    assert not leaks(in_text("=?utf\0-8?q?a?="), "Jane Doe-Smithers")
    odd = b"Content-Transfer-Encoding: base64\r\n\r\nSmFuZSBEb2UtU21pdGhlcnM*"
    assert leaks(odd, "Jane Doe-Smithers")
    assert leaks(b"Content-Type: text/plain; charset=nonsense\r\n\r\nJane Doe-Smithers", "Jane Doe-Smithers")


@pytest.mark.parametrize("wrap", [bytes, base64.b64encode])
def test_time_is_linear_and_memory_bounded(wrap: Callable[[bytes], bytes]) -> None:
    def seconds(size: int) -> float:
        content = attached(wrap(random.Random(3).randbytes(size))).as_bytes()
        started = time.process_time()
        assert not leaks(content, *NAMES)
        return time.process_time() - started

    seconds(100_000)
    assert seconds(4_000_000) < 8 * seconds(1_000_000) + 0.1
    content = attached(b"\0" + b"x" * 4_000_000).as_bytes()
    tracemalloc.start()
    assert not leaks(content, *NAMES)
    assert tracemalloc.get_traced_memory()[1] < 8 * len(content)
    tracemalloc.stop()


BOMBS = [
    *(
        b"<",
        b"<!--",
        b"<p x",
        b"%41",
        b"=41",
        b"=\n",
        b"&amp;",
        b"&#",
        b"\\",
        b"=?utf-8?b?",
        b"=?a?b??=",
        b";a*1",
    ),
    *(b"TJ) ", b"%PDF-stream\n", b"%PDF-stream\nx\nendstream\n", b"A", b"aaaa\n", b"4a", b"\0", b"\xc5\x99"),
]


@pytest.mark.parametrize("bomb", BOMBS)
def test_no_input_makes_the_scan_slow(bomb: bytes) -> None:
    """The mutant is any pattern that begins anew at every byte: minutes instead of 0.1 s."""
    started = time.process_time()
    leaks(attached(bomb * (300_000 // len(bomb))), *NAMES)
    assert time.process_time() - started < 2


def test_a_zip_bomb_is_left_off() -> None:
    bomb = zipped({f"{number}.txt": "\0" * (_containers.INFLATED // 4) for number in range(12)})
    started = time.process_time()
    assert not leaks(attached(bomb), "Jane Doe-Smithers")
    assert time.process_time() - started < 10


def at_once(content: bytes, charset: str) -> list[str] | list[bytes]:
    """The windows of *content*, decoded in one."""
    try:
        codecs.lookup(charset)  # of nothing at all, decode() would not ask for it
        text = content.decode("utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else charset)
    except (UnicodeError, LookupError):
        return list(_windows.windows_of(content))
    return list(_windows.windows_of(content)) if "\0" in text else list(_windows.windows_of(text))


@settings(max_examples=500, deadline=None)
@given(
    st.text(max_size=300),
    st.sampled_from(
        ["utf-8", "utf-16", "utf-16-le", "latin-1", "cp1252", "ascii", "utf-7", "shift-jis", "base64", "none"]
    ),
    st.binary(max_size=3),
    st.integers(0, 300),
)
@example("0" * 15, "utf-16", b"\x00\x01", 0)  # its mark is not where it begins
def test_windows_are_the_same_decoded_bit_by_bit_and_at_once(
    text: str, charset: str, noise: bytes, at: int
) -> None:
    try:
        content = text.encode(charset, "replace")
    except (LookupError, UnicodeError):
        content = text.encode("utf-8", "replace")
    content = content[:at] + noise + content[at:]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_windows, "CHUNK", 32)
        patch.setattr(_windows, "OVERLAP", 8)
        assert list(_windows.decoded_windows(content, charset)) == at_once(content, charset)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_no_place_of_a_long_text_is_between_two_windows(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_windows, "CHUNK", 4096)
    monkeypatch.setattr(_windows, "OVERLAP", 256)
    chance = random.Random(7)
    for name in ("Jiří Řehoř", "Jane Doe-Smithers"):
        for hidden in (name, b64(name), urllib.parse.quote(name), "".join(f"&#{ord(c)};" for c in name)):
            before = "ě" * (chance.randint(3700, 4200)) + "."
            content = f"{before} {hidden} {'é ' * 3000}".encode(encoding)
            assert leaks(attached(content), name), (name, hidden, len(before))


def test_a_value_across_the_border_of_two_chunks_is_found() -> None:
    for shift in range(-40, 5):
        for filler in (b" .", b"\x00\xff"):
            at = _searching.CHUNK + shift
            content = (filler * at)[:at] + b" Jane Doe-Smithers " + filler * 100
            assert leaks(attached(content), "Jane Doe-Smithers"), shift


def test_without_an_overlap_it_would_be_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mutant of the test above."""
    monkeypatch.setattr(_windows, "OVERLAP", 0)
    content = b" ." * (_windows.CHUNK // 2 - 4) + b" Jane Doe-Smithers " + b" ." * 100
    assert not leaks(attached(content), "Jane Doe-Smithers")
