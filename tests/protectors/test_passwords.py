from __future__ import annotations

import contextlib
import functools
import secrets
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ondemand_attach import PdfEncryptor
from ondemand_attach.errors import ConfigurationError, MissingDependencyError, WeakPasswordError
from ondemand_attach.protectors._passwords import check, estimated_bits
from ondemand_attach.testing import attachment_request
from protectors.samples import order

# Tried with pdf.js, pypdf, pyHanko, qpdf, poppler, mutool, Ghostscript, pdfium, pymupdf and pikepdf.
OPENS_EVERYWHERE = [
    "Kx7-tRw9-2mQz-88",
    "zažluťKx7-tRw92m",
    "Пароль-7731-Kx7q",
    "كلمة-السر-الطويلة-جدا-للطلب",
    "北京上海广州深圳天津重庆",
    "straße-Kx7-tRw92",
    "Kx7-tRw9-2mQz-8 ",
    "q" * 3 + "Kx7tRw92mQz" * 11 + "ab",
]
OPENS_NOT_EVERYWHERE = {
    "empty": "",
    "decomposed": "Kx7-tRw9-2mQz-8e\u0301",
    "ligature": "Kx7-tRw9-2mQz-\ufb01",
    "full width": "Kx7-tRw9-2mQz-\uff21",
    "no-break space": "Kx7-tRw9\u00a02mQz-88",
    "soft hyphen": "Kx7-tRw9\u00ad2mQz-88",
    "zero width joiner": "Kx7-tRw9\u200d2mQz-88",
    "Roman numeral": "Kx7-tRw9-2mQz-\u2168",
    "127 bytes": "Kx7tRw92mQz" * 11 + "abcdef",
    "127 bytes of two": "ž" * 63 + "a",
    "emoji": "Kx7-tRw9-2mQz-\U0001f600",
    "tab": "Kx7-tRw9\t2mQz-88",
    "delete": "Kx7-tRw9-2mQz-\x7f",
    "right-to-left override": "Kx7-tRw9-2mQz-\u202e",
    "NUL": "Kx7-tRw9-2mQz-\x00",
    "Hebrew that ends in a digit": "שלום-שלום-שלום-1",
    "lone surrogate": "Kx7-tRw9-2mQz-\ud800",
}


@pytest.mark.parametrize("password", OPENS_EVERYWHERE)
def test_what_opens_everywhere_is_taken(password: str) -> None:
    assert check(password, whose="the password") == password


@pytest.mark.parametrize("kind", OPENS_NOT_EVERYWHERE)
def test_what_does_not_is_refused_whoever_insists(kind: str) -> None:
    with pytest.raises(WeakPasswordError) as caught:
        check(OPENS_NOT_EVERYWHERE[kind], whose="the password", insecure_allow_weak=True)
    assert len(kind) == 0 or "Kx7" not in str(caught.value)


def test_the_longest_has_126_bytes() -> None:
    longest = ("Kx7tRw92mQz" * 12)[:126]
    assert check(longest, whose="the password") == longest


@pytest.mark.parametrize("value", [None, b"Kx7-tRw9-2mQz-88", 12345678901234])
def test_other_types_are_refused(value: object) -> None:
    with pytest.raises(WeakPasswordError, match=type(value).__name__):
        check(value, whose="the password")


WEAK = """
 19800512 12051980 05121980 120580 800512 1980-05-12 12.5.1980 12/05/80 5.12.1980 12-May-1980 12may1980
1980.05.12 12.května.1980 3.Oktober.1975 May-12-1980 8005121234 800512/1234 805512/1234 850512/123
1850512123456 8005121234567 RSSMRA80A01H501U +420777123456 +49-151-1234567 00420777123456 1234 123456
98765432 0123456789 111111111111111 aaaaaaaaaaaaaaaaaaaaaaaa abcabcabcabcabcabcabc 12121212121212121212
abcdefghijklmnop qwertyuiopasdfgh 1qaz2wsx3edc4rfv passw0rd Password1! P@ssw0rd2024! heslo123456
Passwort2026! letmein-letmein Summer2026! Novakova1980 novakova-11000 Schmidt12345 11000-100451
90210-123456 Invoice-2026 Jana-1980-05-12 customer-12345 correcthorse x Kx7-tRw qwertzuiop123456
756.9217.0769.85 7569217076985 QQ-12-34-56-C 2-84-05-78-006-084-36 284057800608436 65170839J003
65-170839-J-003 11010519491231002X GOMC800512HDFMRR07 AFZPK7190K asdfasdfasdfasdf zxcvbnm,./1234 admin.admin.admin ahojahojahojahoj
""".split()  # noqa: SIM905 - a list of words is read as text


@pytest.mark.parametrize("password", WEAK)
def test_what_can_be_guessed_is_refused(password: str) -> None:
    with pytest.raises(
        WeakPasswordError, match=r"about [0-9]+ bits, fewer than 40: found in (a|[0-9]+) [a-z]+ at 1,000,000"
    ) as caught:
        check(password, whose="the PIN")
    assert len(password) < 4 or password not in str(caught.value)
    assert check(password, whose="the PIN", insecure_allow_weak=True) == password


# Where a word of the list or a word of a language is none, these are as strong as their letters.
REPEATED = """
aaaabbbbcccc 111122223333 aaaa1111bbbb2222 abababcdcdcd xyzxyzuvwuvw 7979797313131 kwkwkw-zxzxzx----
""".split()  # noqa: SIM905 - a list of words is read as text
SPELT = """
NOVA-KOLO-MILA nova-kolo-mila Nova-Kolo-Mila NOVAK-TOVE NOVA1-KOLO2 Žaneta-Šárka žaneta-ŠÁRKA
""".split()  # noqa: SIM905
WALKED = """
zQ9-mK2qwert qwert-zQ9mK2 zQ9qwertmK2 TREWQ-zQ9-mK2 asdf-hjkl-uiop zxcv.5678.rewq 1qaz-4rfv-lkjh
""".split()  # noqa: SIM905


@pytest.mark.parametrize("password", [*REPEATED, *SPELT, *WALKED])
def test_several_easy_pieces_are_as_easy(password: str) -> None:
    with pytest.raises(WeakPasswordError, match="fewer than 40"):
        check(password, whose="the PIN")


def harder_by(piece: str, of: str = "vQ-{}-Zk") -> float:
    """Say how many bits a piece adds to a password; up to two more are for the changes between its letters."""
    return estimated_bits(of.format(piece)) - estimated_bits(of.format(""))


@pytest.mark.parametrize("of", ["{}", "vQ-{}", "{}-Zk", "vQ-{}-Zk", "vQ{}Zk", "vQ{}"])
def test_a_walk_over_the_keyboard_is_easy_from_four_keys_on(of: str) -> None:
    for row in (
        *("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl"),
        *("qsdfghjklm", "zxcvbnm", "yxcvbnm", "1qaz2wsx3edc4rfv5tgb", "1q2w3e4r5t6y7u8i9o0p"),
    ):
        for keys in (row, row[::-1], row.upper()):
            for start in range(len(keys) - 3):
                assert harder_by(keys[start : start + 4], of) <= 10
            assert harder_by(keys, of) <= 12.4
    assert harder_by("tre") > 12
    assert harder_by("asdr") > 12


def test_a_repeat_is_easy_from_four_letters_on_and_of_more_from_six() -> None:
    for once, often in (("kkk", "kkkk"), ("kwkw", "kwkwkw"), ("kwxkw", "kwxkwx"), ("q7wzq7w", "q7wzq7wz")):
        assert harder_by(often) < harder_by(once)
    assert harder_by("kwkw") > 18
    for often in ("k" * 40, "kw" * 20, "kwx" * 15, "kw.7" * 10):
        assert harder_by(often) <= harder_by(often[:4]) + 8
    assert harder_by("kwkwkwzzzz") <= harder_by("kw") + 3 + harder_by("z") + 3


@pytest.mark.parametrize("once", ["kx7", "q7wz", "Kx7-tR", "k.3!Qz,8m"])
def test_a_password_that_is_typed_twice_is_hardly_stronger(once: str) -> None:
    bits = estimated_bits(once)
    assert estimated_bits(2 * once) <= bits + 2
    assert estimated_bits(3 * once) <= bits + 2


@pytest.mark.parametrize("before", ["한국어한국어", "ﷺ", "\u1e9b\u0323", "İİ", "ﬃ"])
def test_letters_that_come_apart_do_not_shift_what_follows(before: str) -> None:
    for password in (f"{before}-admin", f"admin{before}", f"{before}-admin-{before}"):
        assert 0 < estimated_bits(password) < 300


@pytest.mark.parametrize(
    "word", ["nova", "Nova", "NOVA", "Nová", "nová", "novakova", "Novakova", "Škoda", "strasse"]
)
def test_what_could_be_spoken_is_easy_from_four_letters_on(word: str) -> None:
    assert harder_by(word) <= 2.2 * len(word) + 2
    assert harder_by(word[:3]) > 2.2 * 3 + 5
    assert harder_by("xkqv") > harder_by("nova") + 8
    assert harder_by("NOVAx") <= 2.2 * 4 + 4.7 + 2


@pytest.mark.parametrize(
    "word",
    "passw0rd m1chael s3cret p4ssword 5ecret 7ester 8aseball 9oogle p@ssword $ecret m!chael p@$$w0rd PASSW0RD heslo contraseña".split(),  # noqa: SIM905
)
def test_well_known_words_are_easy_in_other_letters_too(word: str) -> None:
    assert harder_by(word) <= 11
    assert harder_by(f"{word}{word}") <= 20


DATES = """
19801231 31121980 12311980 801231 311280 123180 1980-12-31 80-12-31 31.12.1980 31.12.80 12/31/1980 12/31/80 1.2.1980 31-Dec-1980
31.Dezember.1980 Dec-31,1980 Dec-31-80 1980-Dec-31 80.dec.31 31dec1980 20001231 29.2.2000
""".split()  # noqa: SIM905 - a list of words is read as text
MONTHS = """
january février March April May June July August September October November December März Maart Mrt Avril Abril Mai Mei Maj
Juin Juillet Août Aout Agosto Setembro Oktober Outubro Dezember Dicembre Décembre leden únor unor březen brezen duben květen kveten
červen cerven srpen září zari říjen rijen listopad prosinec styczeń luty kwiecień czerwiec lipiec sierpień wrzesień październik
pazdziernik grudzień gennaio maggio giugno luglio settembre ottobre maart desember május máj június júl szeptember avgust
""".split()  # noqa: SIM905


@pytest.mark.parametrize("date", [*DATES, *(f"12.{month}.1980" for month in MONTHS)])
def test_a_date_is_easy_however_it_is_written(date: str) -> None:
    for written in (date, date.upper(), date.lower()):
        assert harder_by(written) <= 17.1


@pytest.mark.parametrize(
    "digits", ["19801331", "19801232", "31021980", "800231", "30.2.1980", "12.foo.1980", "18801231"]
)
def test_what_is_no_date_is_not_taken_for_one(digits: str) -> None:
    assert harder_by(digits) > 18


IDENTIFIERS = {
    "8005121234567": 31,
    "850512-1234567": 31,
    "5850512123456": 31,
    "RSSMRA80A01H501U": 32,
    "2-84-05-78-006-084-36": 34,
    "284057800608436": 34,
    "1840578006084": 34,
    "28405 2A 006 084".replace(" ", ""): 34,
    "756.9217.0769.85": 30,
    "7569217076985": 30,
    "QQ-12-34-56-C": 31,
    "qq123456c": 31,
    "65170839J003": 32,
    "65-170839-J-003": 32,
    "11010519491231002X": 37,
    "110105194912310021": 37,
    "GOMC800512HDFMRR07": 32,
    "GOMX800512MDFMRR07": 32,
    "GOMX800512XDFMRRA7": 32,
    "AFZPK7190K": 33,
    "+420777123456": 31,
    "+420 777 123 456": 31,
    "00420777123456": 31,
    "+14155552671": 31,
    "SW1A 1AA": 21,
    "sw1a1aa": 21,
    "M1 1AE": 21,
    "K1A 0B1": 20,
    "k1a-0b1": 20,
    "D02 AF30": 22,
    "D6W-XY00": 22,
    "1920": 7,
    "1975": 7,
    "2039": 7,
}


@pytest.mark.parametrize("number", IDENTIFIERS)
def test_a_number_that_is_given_out_is_as_easy_as_its_kind(number: str) -> None:
    for of in ("vQ-{}-Zk", "{}-Zk", "vQ-{}", "{}"):
        assert harder_by(number, of) <= IDENTIFIERS[number] + 3


def test_every_letter_that_a_number_may_hold_is_known() -> None:
    for month in "ABCDEHLMPRST":
        assert harder_by(f"RSSMRA80{month}01H501U") <= 35
    for holder in "ABCFGHLJPT":
        assert harder_by(f"XKQ{holder}Z7190K") <= 36
    for sex in "HMX":
        assert harder_by(f"GOMC800512{sex}DFMRR07") <= 35
    for suffix in "ABCD":
        assert harder_by(f"QX-12-34-56-{suffix}") <= 34
    for end in "0123456789X":
        assert harder_by(f"11010519491231002{end}") <= 40


@pytest.mark.parametrize("year", ["1919", "2040", "1875"])
def test_what_is_no_year_of_a_life_is_four_digits(year: str) -> None:
    assert harder_by(year) > 13


def test_single_letters_count_as_much_as_their_kind() -> None:
    assert [round(estimated_bits(each), 1) for each in "7qQ!ž -_./,:;"] == [
        3.3,
        4.7,
        4.7,
        5.0,
        6.0,
        *[1.0] * 8,
    ]
    assert round(estimated_bits("q7Q!"), 1) == round(4.7 + 4.32 + 5.7 + 5.0, 1)
    assert round(estimated_bits("q-q"), 1) == round(4.7 + 1.0 + 4.7, 1)


@pytest.mark.parametrize("digits", ["c9f1d7b3a8e6", "C9F1D7B3A8E6", "9d4c7b1f2e8a3c6d"])
def test_hexadecimal_digits_hold_four_bits_each(digits: str) -> None:
    assert estimated_bits(digits) == 4 * len(digits)
    assert estimated_bits(digits[:-1] + "g") > 4 * len(digits)


@pytest.mark.parametrize(
    "password",
    [
        "11000-1004512",
        "SW1A 1AA-1004512",
        "A7K2-9QXD-M4TZ",
        "7391046285173946",
        "correct-horse-battery-staple-lamp-river",
    ],
)
def test_what_takes_long_enough_is_taken(password: str) -> None:
    assert check(password, whose="the password") == password


@pytest.mark.parametrize(
    "make", [lambda: secrets.token_hex(8), lambda: secrets.token_urlsafe(12)], ids=["hex", "urlsafe"]
)
def test_random_tokens_are_all_but_always_taken(make: object) -> None:
    bits = sorted(estimated_bits(make()) for _ in range(500))  # type: ignore[operator]
    assert sum(each < 40 for each in bits) <= 2
    assert bits[-1] <= 100


@given(st.text(max_size=140))
def test_every_text_is_judged(password: str) -> None:
    with contextlib.suppress(WeakPasswordError):
        assert check(password, whose="the password") == password
    assert estimated_bits(password) >= 0


@given(st.text(st.characters(codec="ascii"), min_size=2, max_size=20))
def test_a_repeated_password_is_hardly_stronger(password: str) -> None:
    assert estimated_bits(3 * password) <= estimated_bits(password) + 2


SEEN_BY_PATTERNS = ["1975-03-12", "+420 601 234 567", "SW1A 1AA 1975", "K1A 0B1 2019", "D02 AF30 1988"]
KNOWN_TO_ZXCVBN = ["Tr0ub4dour&3", "Chr1$t0ph3r-R3n3", "jane-grzegorzewska-2"]


@pytest.mark.parametrize("password", [*SEEN_BY_PATTERNS, *KNOWN_TO_ZXCVBN])
def test_with_zxcvbn_the_lower_estimate_counts(password: str) -> None:
    judge = functools.partial(check, password, whose="the PIN", known=("grzegorzewska",))
    if password in KNOWN_TO_ZXCVBN:
        assert judge() == password
    with pytest.raises(WeakPasswordError, match=r"found in (a|[0-9]+) [a-z]+ at") as caught:
        judge(strength="zxcvbn")
    assert password not in str(caught.value)


@given(st.text(max_size=140), st.lists(st.text(max_size=8), max_size=3))
def test_zxcvbn_judges_every_text(password: str, known: list[str]) -> None:
    with contextlib.suppress(WeakPasswordError):
        assert check(password, whose="the PIN", strength="zxcvbn", known=known) == password


def test_words_of_the_address_are_tried_first() -> None:
    encryptor = PdfEncryptor(password=lambda _: "Grzegorzewska.Kx7t", strength="zxcvbn")
    request = attachment_request({}, to=["x.grzegorzewska@example.com"])
    assert encryptor.encrypt(order(), attachment_request({}))
    with pytest.raises(WeakPasswordError):
        encryptor.encrypt(order(), request)


def test_another_strength_or_none_to_estimate_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="there are patterns, zxcvbn"):
        PdfEncryptor(password="{{ pin }}", strength="high")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="without a password"):
        PdfEncryptor(strength="zxcvbn")
    monkeypatch.setitem(sys.modules, "zxcvbn_rs_py", None)
    with pytest.raises(MissingDependencyError, match=r'pip install "ondemand_attach\[strength\]"'):
        PdfEncryptor(password="{{ pin }}", strength="zxcvbn")


@pytest.mark.parametrize("password", ["é" * 2_000_000, "א" * 2_000_000, "\u200b" * 2_000_000, "漢" * 127])
def test_what_is_too_long_is_not_looked_at(password: str) -> None:
    """A value of the context may have any length: each character of it would be looked up in eleven tables."""
    looked_at = []

    class Watched(str):
        __slots__ = ()

        def __iter__(self) -> Iterator[str]:
            looked_at.append(self)
            return super().__iter__()

    with pytest.raises(WeakPasswordError, match="longer than 126 bytes"):
        check(Watched(password), whose="the password")
    assert not looked_at


def test_the_longest_is_judged_at_once() -> None:
    import time

    started = time.process_time()
    for password in ("a" * 126, "aB3-" * 31, "1" * 126, "ab" * 63, secrets.token_urlsafe(94)[:126]):
        estimated_bits(password)
    assert time.process_time() - started < 2
