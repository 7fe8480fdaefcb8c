from __future__ import annotations

import datetime
import email
import email.policy
import sys
import unicodedata
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mime_cases import FILENAMES, INJECTIONS, NAUGHTY, asked, written
from ondemand_attach import AttachmentRequest, Document, Message, MessageBuilder
from ondemand_attach._characters import UNSAFE, UNSAFE_OR_INVISIBLE
from ondemand_attach._filenames import distinct, sanitised
from ondemand_attach.errors import TemplateError

BASE = MessageBuilder().sender("billing@shop.example").subject("Your invoice").text("Attached.")


def made(_: object) -> Document:
    return Document(content=b"x", media_type="application/pdf")


def names(message: Message) -> list[str | None]:
    parsed: Any = email.message_from_bytes(message.content, policy=email.policy.default)
    return [part.get_filename() for part in parsed.iter_attachments()]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("order.pdf", "order.pdf"),
        ("Objednávka č. 7.pdf", "Objednávka č. 7.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\y.pdf", "y.pdf"),
        ("/a/b/", "a-b"),
        ("..", "attachment"),
        ("", "attachment"),
        (" . ", "attachment"),
        ("\u200b", "attachment"),
        (".htaccess", "attachment.htaccess"),
        ("order.pdf. . ", "order.pdf"),
        ("a\x00b\r\nc.pdf", "abc.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("order\ud800.pdf", "order.pdf"),
        ("order.pdf\u00a0  .exe", "order.pdf.exe"),
        ("order.pdf:evil.exe", "order.pdf_evil.exe"),
        ('a<b>"c|d?e*.pdf', "a_b__c_d_e_.pdf"),
        ("CON", "_CON"),
        ("nul .pdf", "_nul.pdf"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("LPT³.pdf", "_LPT³.pdf"),
        ("console.pdf", "console.pdf"),
        ("a" * 300 + ".pdf", "a" * 146 + ".pdf"),
        ("č" * 300 + ".pdf", "č" * 73 + ".pdf"),
        ("a" * 300, "a" * 150),
        ("a" * 300 + ".tar.gz", "a" * 143 + ".tar.gz"),
        ("a" * 300 + ".csv.zip", "a" * 142 + ".csv.zip"),
        ("\U0001f4c4" * 50 + ".pdf", "\U0001f4c4" * 36 + ".pdf"),
        ("a" * 145 + ". .pdf", "a" * 145 + ".pdf"),
        ("a." + "b" * 300, "a." + "b" * 148),
    ],
    ids=ascii,
)
def test_sanitised(name: str, kept: str) -> None:
    assert sanitised(name) == kept


NUMBERS = "0123456789¹²³"
RESERVED = [
    "con",
    "prn",
    "aux",
    "nul",
    "conin$",
    "conout$",
    *(f"{port}{n}" for port in ("com", "lpt") for n in NUMBERS),
]


@pytest.mark.parametrize("name", RESERVED)
def test_no_name_is_one_that_windows_keeps_for_a_device(name: str) -> None:
    for spelt in (
        name,
        name.upper(),
        f"{name}.pdf",
        f"{name} .pdf",
        f"{name}.tar.gz",
    ):
        assert sanitised(spelt).startswith("_"), spelt
        assert sanitised(sanitised(spelt)) == sanitised(spelt)
    for spelt in (f"{name}x.pdf", f"x{name}.pdf", f"{name}-1.pdf"):
        assert sanitised(spelt) == spelt


@pytest.mark.parametrize("character", '<>:"|?*')
def test_no_name_holds_what_windows_forbids(character: str) -> None:
    assert sanitised(f"a{character}b.pdf") == "a_b.pdf"


BIDIRECTIONAL = {0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}  # UAX #9
MARKS = {0x061C, 0x200E, 0x200F}
IGNORABLE = {  # Default_Ignorable_Code_Point of DerivedCoreProperties.txt, and what brackets an annotation
    *(0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFEFF, 0xFFA0),
    *(*range(0x180B, 0x1810), *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)),
    *(*range(0xFE00, 0xFE10), *range(0xFFF0, 0xFFFC), *range(0xE0000, 0xE1000)),
}


def test_what_ends_a_line_turns_it_or_is_not_seen_is_known() -> None:
    for number in range(sys.maxunicode + 1):
        is_breaking = unicodedata.category(chr(number)) in {"Cc", "Cs", "Zl", "Zp"}
        is_unsafe = is_breaking or number in BIDIRECTIONAL
        is_mark = number in MARKS
        assert bool(UNSAFE.fullmatch(chr(number))) == (is_unsafe and not is_mark), hex(number)
        is_either = is_unsafe or number in IGNORABLE
        assert bool(UNSAFE_OR_INVISIBLE.fullmatch(chr(number))) == is_either, hex(number)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("INV/2026/0001.pdf", "INV-2026-0001.pdf"),
        ("INV\\2026\\0001.pdf", "INV-2026-0001.pdf"),
        ("invoice-INV/2026/0001.pdf", "invoice-INV-2026-0001.pdf"),
        ("FV-01/02/2026.pdf", "FV-01-02-2026.pdf"),
        ("INV / 2026 / 1.pdf", "INV-2026-1.pdf"),
        ("/2026/1.pdf", "2026-1.pdf"),
        ("a//b.pdf", "a-b.pdf"),
        ("INV/2026/1/.pdf", "INV-2026-1.pdf"),
        ("7/8", "7-8"),
        ("1:2/3.pdf", "1_2-3.pdf"),
        ("con/1.pdf", "con-1.pdf"),
        ("CON/.pdf", "_CON.pdf"),
        ("./a.pdf", "a.pdf"),
        ("a/./b.pdf", "a-b.pdf"),
        # what can be nothing but a path
        ("C:/Users/jane/scan.pdf", "scan.pdf"),
        ("\\\\server\\share\\x.pdf", "x.pdf"),
        ("a/../b.pdf", "b.pdf"),
    ],
    ids=ascii,
)
def test_a_separator_is_part_of_a_number(name: str, kept: str) -> None:
    assert sanitised(name) == kept


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        (".pdf", "attachment.pdf"),
        ("  .pdf", "attachment.pdf"),
        ("\u00a0\u200b.pdf", "attachment.pdf"),
        ("..pdf", "attachment.pdf"),
        ("- .pdf", "attachment.pdf"),
        ("/.pdf", "attachment.pdf"),
        ("//.pdf", "attachment.pdf"),
        (".tar.gz", "attachment.tar.gz"),
        (".PDF", "attachment.PDF"),
        (".Hello world.pdf", "Hello world.pdf"),
        ("-rf.pdf", "rf.pdf"),
        ("invoice-.pdf", "invoice-.pdf"),
    ],
    ids=ascii,
)
def test_an_empty_stem_keeps_its_extension(name: str, kept: str) -> None:
    assert sanitised(name) == kept


@pytest.mark.parametrize("reserved", ["con", "PRN", "Aux", "nul", "COM1", "lpt9", "COM¹", "CLOCK$", "CONIN$"])
@pytest.mark.parametrize("rest", ["", ".pdf", " .pdf", ".tar.gz", ". .pdf"])
def test_no_name_is_a_device_of_windows(reserved: str, rest: str) -> None:
    assert sanitised(reserved + rest).startswith(f"_{reserved}")


def test_names_are_in_normal_form_c() -> None:
    assert sanitised("Fakture\u0301.pdf") == "Fakturé.pdf"
    assert sanitised("\u1100\u1161.pdf") == "가.pdf"


@pytest.mark.parametrize(
    ("name", "taken", "kept"),
    [
        ("a.pdf", [], "a.pdf"),
        ("a.pdf", ["b.pdf"], "a.pdf"),
        ("a.pdf", ["a.pdf"], "a (2).pdf"),
        ("A.PDF", ["a.pdf"], "A (2).PDF"),
        ("straße.pdf", ["STRASSE.pdf"], "straße (2).pdf"),
        ("a.pdf", ["a.pdf", "A (2).pdf", "a (3).pdf"], "a (4).pdf"),
        ("ﬁle.pdf", ["file.pdf"], "ﬁle (2).pdf"),
        ("a.tar.gz", ["a.tar.gz"], "a (2).tar.gz"),
        ("attachment", ["attachment"], "attachment (2)"),
        ("a" * 146 + ".pdf", ["a" * 146 + ".pdf"], "a" * 142 + " (2).pdf"),
        ("č" * 73 + ".pdf", ["č" * 73 + ".pdf"], "č" * 71 + " (2).pdf"),
    ],
    ids=ascii,
)
def test_no_two_names_are_the_same_on_any_system(name: str, taken: list[str], kept: str) -> None:
    assert distinct(name, taken) == kept
    assert sanitised(kept) == kept


@pytest.mark.parametrize(
    ("template", "context", "kept"),
    [
        ("{{ n }}.pdf", {"n": "INV/2026/0001"}, "INV-2026-0001.pdf"),
        ("{{ n }}.pdf", {"n": ""}, "attachment.pdf"),
        ("{{ n }}.pdf", {"n": None}, "attachment.pdf"),
        ("invoice-{{ n }}.pdf", {"n": None}, "invoice-.pdf"),
        ("{{ n }}.pdf", {"n": 4711}, "4711.pdf"),
        ("{{ n }}.pdf", {"n": 0}, "0.pdf"),
        ("{{ n }}.pdf", {"n": 1.5}, "1.5.pdf"),
        ("{{ n }}.pdf", {"n": Decimal("10.00")}, "10.00.pdf"),
        ("{{ n }}.pdf", {"n": datetime.date(2026, 1, 2)}, "2026-01-02.pdf"),
        ("{{ n }}.pdf", {"n": datetime.datetime(2026, 1, 2, 3, 4)}, "2026-01-02 03_04_00.pdf"),
        ("{{ n }}/{{ m }}.pdf", {"n": "", "m": ""}, "attachment.pdf"),
    ],
)
def test_whatever_a_template_puts_into_a_name(template: str, context: dict[str, Any], kept: str) -> None:
    assert names(BASE.attach(made, filename=template).build(context, to="jane@example.com")) == [kept]


def test_a_name_of_a_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(TemplateError, match="'n' is not in the context"):
        BASE.attach(made, filename="{{ n }}.pdf").build({}, to="jane@example.com")


def test_attachments_of_one_message_have_names_of_their_own() -> None:
    builder = BASE.attach(made, filename="{{ n }}.pdf").attach(made, filename="A-1.pdf")
    builder = builder.attach(lambda request: Document(content=b"x", media_type="a/b"), filename="a-1.PDF")
    message = builder.build({"n": "a/1"}, to="jane@example.com")
    assert names(message) == ["a-1.pdf", "A-1 (2).pdf", "a-1 (3).PDF"]
    assert names(builder.build({"n": "a/1"}, to="jane@example.com")) == names(
        message
    )  # and for each the same


def test_a_generator_is_told_the_name_that_the_reader_will_see() -> None:
    told: list[str] = []

    def tell(request: AttachmentRequest) -> Document:
        told.append(request.filename)
        return Document(content=b"x", media_type="text/plain")

    BASE.attach(tell, filename="a.txt").attach(tell, filename="a.txt").build({}, to="jane@example.com")
    assert told == ["a.txt", "a (2).txt"]


@pytest.mark.parametrize("name", NAUGHTY + INJECTIONS + FILENAMES, ids=lambda _: "")
def test_naughty(name: str) -> None:
    check(name)
    parsed: Any = email.message_from_bytes(written(asked(name)[0]), policy=email.policy.default)
    assert [part.get_filename() for part in parsed.iter_attachments()] == [sanitised(name)]


@settings(max_examples=500, deadline=None)
@given(st.text() | st.text("conul.\\/ \u202e\x00é\u0301:1¹-tarpdf"))
def test_any_text(name: str) -> None:
    check(name)


def check(name: str) -> None:
    kept = sanitised(name)
    assert kept
    assert len(kept.encode()) <= 150
    assert not UNSAFE_OR_INVISIBLE.search(kept)
    assert not set(kept) & set('/\\<>:"|?*')
    assert kept == kept.strip(". ")
    assert not kept.startswith("-")
    again = distinct(kept, [kept])
    assert again != kept
    assert sanitised(again) == again
    assert sanitised(kept) == kept
