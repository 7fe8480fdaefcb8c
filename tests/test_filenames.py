from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mime_cases import INJECTIONS, NAUGHTY
from ondemand_attach._characters import UNSAFE_OR_INVISIBLE
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
