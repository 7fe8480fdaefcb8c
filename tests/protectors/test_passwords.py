from __future__ import annotations

import contextlib
import functools
import random
import secrets
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ondemand_attach import PdfEncryptor
from ondemand_attach.errors import ConfigurationError, MissingDependencyError, WeakPasswordError
from ondemand_attach.protectors._passwords import _estimate, check
from ondemand_attach.protectors._strength import estimated_bits
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


@given(st.text(max_size=140))
def test_every_text_is_judged(password: str) -> None:
    with contextlib.suppress(WeakPasswordError):
        assert check(password, whose="the password") == password
    assert estimated_bits(password) >= 0


SEEN_BY_PATTERNS = ["1975-03-12", "+420 601 234 567", "SW1A 1AA", "Jane Doe 1975"]
KNOWN_TO_ZXCVBN = ["Tr0ub4dour&3", "Chr1$t0ph3r-R3n3"]


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


def test_zxcvbn_takes_no_random_code_for_a_word() -> None:
    """It counts ten guesses for a character that it knows nothing of, which alone would refuse ten of them."""
    chance = random.Random(4)
    codes = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=10)) for _ in range(2000)]
    assert sum(_estimate(code, "zxcvbn", ()).bits < 40 for code in codes) <= 1


@pytest.mark.parametrize("strength", ["patterns", "zxcvbn"])
def test_words_of_the_address_are_tried_first(strength: Any) -> None:
    encryptor = PdfEncryptor(password=lambda _: "Grzegorzewska.Kx7t9q", strength=strength)
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
