from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mime_cases import INJECTIONS, NAUGHTY
from ondemand_attach._characters import UNSAFE, UNSAFE_OR_INVISIBLE
from ondemand_attach._filenames import sanitised


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("order.pdf", "order.pdf"),
        ("Objednávka č. 7.pdf", "Objednávka č. 7.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\y.pdf", "y.pdf"),
        ("/a/b/", "b"),
        ("..", "attachment"),
        ("", "attachment"),
        (" . ", "attachment"),
        ("\u200b", "attachment"),
        (".htaccess", "htaccess"),
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
    for written in (
        name,
        name.upper(),
        f"{name}.pdf",
        f"{name} .pdf",
        f"{name}.tar.gz",
        f"folder/{name}.pdf",
    ):
        assert sanitised(written).startswith("_"), written
        assert sanitised(sanitised(written)) == sanitised(written)
    for written in (f"{name}x.pdf", f"x{name}.pdf", f"{name}-1.pdf"):
        assert sanitised(written) == written


@pytest.mark.parametrize("character", '<>:"|?*')
def test_no_name_holds_what_windows_forbids(character: str) -> None:
    assert sanitised(f"a{character}b.pdf") == "a_b.pdf"


BIDIRECTIONAL = {0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}  # UAX #9
IGNORABLE = {  # Default_Ignorable_Code_Point of DerivedCoreProperties.txt, and what brackets an annotation
    *(0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFEFF, 0xFFA0),
    *(*range(0x180B, 0x1810), *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)),
    *(*range(0xFE00, 0xFE10), *range(0xFFF0, 0xFFFC), *range(0xE0000, 0xE1000)),
}


def test_what_ends_a_line_turns_it_or_is_not_seen_is_known() -> None:
    for number in range(sys.maxunicode + 1):
        is_breaking = unicodedata.category(chr(number)) in {"Cc", "Cs", "Zl", "Zp"}
        is_unsafe = is_breaking or number in BIDIRECTIONAL
        assert bool(UNSAFE.fullmatch(chr(number))) == is_unsafe, hex(number)
        is_either = is_unsafe or number in IGNORABLE
        assert bool(UNSAFE_OR_INVISIBLE.fullmatch(chr(number))) == is_either, hex(number)


@pytest.mark.parametrize("name", NAUGHTY + INJECTIONS, ids=lambda _: "")
def test_naughty(name: str) -> None:
    check(name)


@settings(max_examples=500, deadline=None)
@given(st.text() | st.text("conul.\\/ \u202e\x00é:1¹"))
def test_any_text(name: str) -> None:
    check(name)


def check(name: str) -> None:
    kept = sanitised(name)
    assert kept
    assert len(kept.encode()) <= 150
    assert not UNSAFE_OR_INVISIBLE.search(kept)
    assert not set(kept) & set('/\\<>:"|?*')
    assert kept == kept.strip(". ")
    assert sanitised(kept) == kept
