"""What the codes of a font stand for, beside what others say of the same encodings."""

from __future__ import annotations

import unicodedata

import pytest
from fontTools import agl
from fontTools.encodings import MacRoman, StandardEncoding

from ondemand_attach._leaks._pdf_fonts import code_lengths, composite, is_composite, mapped, simple

EVERY = bytes(range(32, 256))


def is_letter(text: str) -> bool:
    return len(text) == 1 and unicodedata.name(text, "").startswith("LATIN") and text not in "ªºƒ"


@pytest.mark.parametrize(
    ("name", "encoding"),
    [(b"StandardEncoding", StandardEncoding.StandardEncoding), (b"MacRomanEncoding", MacRoman.MacRoman)],
)
@pytest.mark.parametrize("form", [b"<< /Encoding /%s >>", b"<</Encoding<</BaseEncoding /%s>>>>"])
def test_the_letters_of_an_encoding_are_those_of_its_glyphs(
    name: bytes, encoding: list[str], form: bytes
) -> None:
    read = simple(form % name, b"", {})(EVERY)
    for code, letter in zip(EVERY, read, strict=True):
        named = agl.toUnicode(encoding[code]) if encoding[code] != ".notdef" else ""
        if is_letter(named):
            assert letter == named, (code, encoding[code])


@pytest.mark.parametrize(
    "dictionary", [b"", b"<</Encoding /WinAnsiEncoding>>", b"<</Encoding /Unheard>>", b"<</Encoding 5 0 R>>"]
)
def test_any_other_encoding_is_that_of_windows(dictionary: bytes) -> None:
    assert simple(dictionary, b"", {})(EVERY) == EVERY.decode("cp1252", "replace")


def test_what_a_font_says_of_a_code_is_more_than_its_encoding() -> None:
    encoding = b"<</BaseEncoding /MacRomanEncoding /Differences [65 /eacute /F 97/zcaron]>>"
    assert simple(b"<</Encoding 9 0 R>>", encoding, {})(b"ABCab\x8e") == "éFCžbé"
    assert simple(b"<</Encoding 9 0 R>>", encoding, {66: "Q", 97: "word", 300: "x"})(b"ABab") == "éQwordb"
    assert simple(b"<</Differences [ 256 /A 999 /B 7 /C/D ]>>", b"", {})(b"\x07\x08") == "CD"


@pytest.mark.parametrize(
    ("encoding", "charset", "text"),
    [
        ("UniGB-UCS2-H", "utf-16-be", "王小明"),
        ("UniCNS-UTF16-V", "utf-16-be", "王小明"),
        ("UniJIS-UTF8-H", "utf-8", "山田太郎"),
        ("UniJIS-UTF32-H", "utf-32-be", "山田太郎"),
        ("90ms-RKSJ-H", "cp932", "山田太郎"),
        ("90msp-RKSJ-V", "cp932", "山田太郎"),
        ("90pv-RKSJ-H", "cp932", "山田太郎"),
        ("83pv-RKSJ-H", "cp932", "山田太郎"),
        ("Add-RKSJ-H", "cp932", "山田太郎"),
        ("Ext-RKSJ-V", "cp932", "山田太郎"),
        ("EUC-H", "euc_jp", "山田太郎"),
        ("EUC-V", "euc_jp", "山田太郎"),
        ("GB-EUC-H", "gb18030", "王小明"),
        ("GBK-EUC-V", "gb18030", "王小明"),
        ("GBpc-EUC-H", "gb18030", "王小明"),
        ("GBKp-EUC-H", "gb18030", "王小明"),
        ("GBK2K-H", "gb18030", "王小明"),
        ("B5pc-H", "big5hkscs", "王小明"),
        ("ETen-B5-H", "big5hkscs", "王小明"),
        ("ETenms-B5-V", "big5hkscs", "王小明"),
        ("HKscs-B5-H", "big5hkscs", "王小明"),
        ("KSC-EUC-H", "cp949", "김민수"),
        ("KSCms-UHC-H", "cp949", "김민수"),
        ("KSCpc-EUC-V", "cp949", "김민수"),
    ],
)
def test_each_character_collection_is_known(encoding: str, charset: str, text: str) -> None:
    dictionary = f"<</Subtype /Type0 /Encoding /{encoding}>>".encode()
    assert composite(dictionary, [], {})(text.encode(charset)) == text
    assert composite(dictionary, [], {0x4142: "x"})(b"AB") == "x"  # its map says more


@pytest.mark.parametrize("encoding", ["Identity-H", "Identity-V", "X-EUC-H", "XGB", "Unheard"])
def test_of_any_other_codes_only_their_map_tells(encoding: str) -> None:
    dictionary = f"<</Subtype /Type0 /Encoding /{encoding}>>".encode()
    assert composite(dictionary, [], {1: "J", 2: "o"})(b"\0\1\0\2\0\3\0") == "Jo "
    assert composite(dictionary, [2], {1: "J"})(b"\0\1") == "J"
    assert composite(dictionary, [], {})(b"\0\1") == " "


def test_codes_of_several_lengths_are_told_apart() -> None:
    meanings = {1: "J", 0x8001: "o", 0x800002: "e"}
    assert composite(b"", [1, 2, 3], meanings)(b"\1\x80\1\x80\0\2\1") == "JoeJ"
    assert composite(b"", [1], meanings)(b"\1\1") == "JJ"
    assert composite(b"", [1, 2], meanings)(b"\x90\x90\1") == " J"


@pytest.mark.parametrize(
    ("dictionary", "expected"), [(b"/Subtype /Type0", True), (b"/Subtype/Type0>>", True)]
)
def test_a_composite_font_says_so(dictionary: bytes, expected: bool) -> None:
    assert is_composite(dictionary) is expected
    assert not is_composite(dictionary.replace(b"Type0", b"Type01"))
    assert not is_composite(dictionary.replace(b"Type0", b"Type1"))


def test_how_long_codes_are_is_read() -> None:
    space = b"2 begincodespacerange <00> <80> <8140> <9ffc> endcodespacerange"
    assert code_lengths(space) == [1, 2]
    assert code_lengths(b"1 begincodespacerange <00000000> <ffffffff> endcodespacerange") == [4]
    assert code_lengths(
        space + b" begincodespacerange <000000> <ffffff> <0000000000> <ffffffffff> endcodespacerange"
    ) == [1, 2, 3]
    assert code_lengths(b"begincodespacerange <> [<00>] endcodespacerange <0000>") == []


@pytest.mark.parametrize(
    ("code_map", "meanings"),
    [
        (b"beginbfchar <01> <0041> <0002> <00420043> endbfchar", {1: "A", 2: "BC"}),
        (b"beginbfchar <01> <0041> endbfchar beginbfchar <02> <0042> endbfchar", {1: "A", 2: "B"}),
        (b"beginbfchar <01> <D83DDE00> endbfchar", {1: "\U0001f600"}),
        (b"beginbfchar <00000001> <0041> <0000000001> <0042> endbfchar", {1: "A", -1: "B"}),
        (b"beginbfchar <01> <0041> <02> endbfchar <03> <0043>", {1: "A"}),
        (b"beginbfrange <01> <03> <0041> endbfrange", {1: "A", 2: "B", 3: "C"}),
        (b"beginbfrange <01> <01> <0041> <05><06><00660061> endbfrange", {1: "A", 5: "fa", 6: "fb"}),
        (b"beginbfrange <01> <03> [<0041> <00660069>] endbfrange", {1: "A", 2: "fi"}),
        (
            b"beginbfrange <01> <02> [<0041><0042>] <03> <04> <0043> endbfrange",
            {1: "A", 2: "B", 3: "C", 4: "D"},
        ),
        (b"beginbfrange <03> <01> <0041> endbfrange", {}),
        (b"beginbfrange <01> <02> <FFFF> endbfrange", {1: "\uffff", 2: "\0"}),
        (b"begin bfchar <01> <0041> endbfchar", {}),
    ],
)
def test_each_form_of_a_map_is_read(code_map: bytes, meanings: dict[int, str]) -> None:
    assert dict(mapped(code_map)) == meanings


def test_a_map_gives_as_many_meanings_as_there_are_codes() -> None:
    assert len(list(mapped(b"beginbfrange <0000> <ffff> <0000> endbfrange"))) == 0x10000
    assert len(list(mapped(b"beginbfrange <00000000> <00010000> <0000> endbfrange"))) == 0x10000
    twice = b"beginbfrange <0000> <7fff> <0000> <8000> <ffff> <0000> <00> <01> <0041> endbfrange"
    assert len(list(mapped(twice))) == 0x10000


def test_a_code_stands_for_64_letters_at_most() -> None:
    (found,) = mapped(b"beginbfchar <01> <" + b"0041" * 65 + b"> endbfchar")
    assert found == (1, "A" * 64)
