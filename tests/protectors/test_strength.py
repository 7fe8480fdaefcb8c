"""What a password looks like: codes that machines made pass, what people have or know does not."""

from __future__ import annotations

import collections
import datetime
import random
import string
import uuid
from collections.abc import Callable, Iterator

import pytest

from ondemand_attach.protectors import _strength
from ondemand_attach.protectors._strength import LEAST_BITS, estimate, estimated_bits
from protectors import given_out
from scale import SCALE

TIMES = 1_500 if SCALE == 1 else 300_000
"""How often each kind of code is tried; of the many, one in 10,000 may be refused."""

LOWER, UPPER, DIGITS = string.ascii_lowercase, string.ascii_uppercase, string.digits
HEX, BASE32 = "0123456789abcdef", UPPER + "234567"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BASE58 = "".join(sorted({*string.ascii_letters, *DIGITS} - {*"0OIl"}))
ALPHABETS: dict[str, tuple[str, int, int]] = {  # letters, length, length of groups
    "digits, 16": (DIGITS, 16, 0),
    "digits, 16 by 4": (DIGITS, 16, 4),
    "digits, 16 by 8": (DIGITS, 16, 8),
    "digits, 20 by 5": (DIGITS, 20, 5),
    "a-z0-9, 10": (LOWER + DIGITS, 10, 0),
    "A-Z0-9, 10": (UPPER + DIGITS, 10, 0),
    "a-z0-9, 10 by 5": (LOWER + DIGITS, 10, 5),
    "a-z0-9, 12": (LOWER + DIGITS, 12, 0),
    "a-z0-9, 14": (LOWER + DIGITS, 14, 0),
    "A-Z0-9, 12 by 4": (UPPER + DIGITS, 12, 4),
    "A-Z0-9, 12 by 3": (UPPER + DIGITS, 12, 3),
    "Crockford, 10": (CROCKFORD, 10, 0),
    "Crockford, 12 by 4": (CROCKFORD, 12, 4),
    "base32, 10": (BASE32, 10, 0),
    "base32, 16 by 4": (BASE32, 16, 4),
    "hexadecimal, 16": (HEX, 16, 0),
    "hexadecimal, 16 by 4": (HEX, 16, 4),
    "hexadecimal, 32": (HEX, 32, 0),
    "base58, 9": (BASE58, 9, 0),
    "a-zA-Z0-9, 9": (string.ascii_letters + DIGITS, 9, 0),
    "a-zA-Z0-9, 12": (string.ascii_letters + DIGITS, 12, 0),
    "base64, 11": (string.ascii_letters + DIGITS + "-_", 11, 0),
    "base64, 16": (string.ascii_letters + DIGITS + "-_", 16, 0),
    "a-z, 11": (LOWER, 11, 0),
    "A-Z, 12 by 4": (UPPER, 12, 4),
    "a-zA-Z, 9": (string.ascii_letters, 9, 0),
    "consonants, 12": ("BCDFGHJKLMNPQRSTVWXZ", 12, 0),
}


def grouped(code: str, size: int) -> str:
    return "-".join(code[at : at + size] for at in range(0, len(code), size)) if size else code


def words(count: int, join: str, chance: random.Random) -> str:
    from ondemand_attach.protectors.generated_passwords import _english

    return join.join(chance.choice(_english()) for _ in range(count))


CODES: dict[str, Callable[[random.Random], str]] = {
    **{
        name: lambda chance, letters=letters, length=length, size=size: grouped(  # type: ignore[misc]
            "".join(chance.choices(letters, k=length)), size
        )
        for name, (letters, length, size) in ALPHABETS.items()
    },
    "4 words with hyphens": lambda chance: words(4, "-", chance),
    "4 words with spaces": lambda chance: words(4, " ", chance),
    "4 words with capitals": lambda chance: words(4, " ", chance).title().replace(" ", ""),
    "uuid4": lambda chance: str(uuid.UUID(int=chance.getrandbits(128), version=4)),
}


@pytest.mark.parametrize("name", CODES)
def test_a_random_code_of_50_bits_is_all_but_always_taken(name: str) -> None:
    chance = random.Random(f"{name} {SCALE}")
    refused = [
        code for code in (CODES[name](chance) for _ in range(TIMES)) if estimated_bits(code) < LEAST_BITS
    ]
    assert len(refused) <= max(2, TIMES / 10_000), refused[:5]


def test_a_gate_that_takes_characters_for_a_format_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """So it was: one in seven of ten random letters and digits was refused."""
    monkeypatch.setattr(_strength, "_CHANGE_OF_OTHERS", 1.0)
    monkeypatch.setattr(_strength, "_CHANCE", 0.0)
    chance = random.Random(1)
    assert sum(estimated_bits(CODES["a-z0-9, 10"](chance)) < LEAST_BITS for _ in range(1_000)) > 10


def missed(given: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = collections.defaultdict(list)
    for form, value in given:
        for spelt in dict.fromkeys((value, value.lower(), value.replace(" ", ""), value.replace(" ", "-"))):
            if estimated_bits(spelt) >= LEAST_BITS:
                found[form].append(spelt)
    return found


@pytest.mark.parametrize("table", ["TELEPHONES", "IDENTITIES", "PLATES", "POSTCODES"])
def test_what_is_given_out_in_fifty_countries_is_refused(table: str) -> None:
    assert missed(given_out.of(getattr(given_out, table), 3 * SCALE, random.Random(SCALE))) == {}


def test_the_tables_know_forty_countries() -> None:
    for table, least in (("TELEPHONES", 50), ("IDENTITIES", 50), ("PLATES", 48), ("POSTCODES", 30)):
        countries = {line[:2] for line in getattr(given_out, table).strip().splitlines()}
        assert len(countries) >= least, table


def test_account_numbers_are_refused() -> None:
    assert missed(given_out.ibans(2 * SCALE, random.Random(SCALE))) == {}
    assert estimate("DE02 1203 0000 0000 2020 51").kind == "the number of an account (IBAN)"
    assert (
        estimate("creed-dried-sixteen-stamp").bits >= LEAST_BITS
    )  # would be one of Costa Rica, but for its digits


def test_dates_are_refused_in_whatever_words() -> None:
    born = (datetime.date(1940, 1, 1) + datetime.timedelta(n) for n in range(0, 26_000, 97))
    numbers = ((form, f"{date:{form}}") for date in born for form in given_out.DATES)
    in_words = [form.format(day) for form in given_out.IN_WORDS for day in (1, 12, 28)]
    assert missed(numbers) == {}
    assert [date for date in in_words if estimated_bits(date) >= LEAST_BITS] == []
    assert [date for date in map(str.lower, in_words) if estimated_bits(date) >= LEAST_BITS] == []


@pytest.mark.parametrize(
    ("password", "kind"),
    [
        ("1975-03-12", "a date"),
        ("12.03.1975", "a date"),
        ("+420 601 234 567", "a number of 12 digits, as telephones, accounts and persons have"),
        ("tel:+420601234567", "a number of 12 digits, as telephones, accounts and persons have"),
        ("5412 7512 3412 3456", "the number of a card"),
        ("11010519491231002X", "an identity number"),
        ("RSSMRA80A01H501U", "a tax or identity number"),
        ("NL123456789B01", "a VAT number"),
        ("MH 12 AB 1234", "a registration plate"),
        ("Jane Doe-Smithers 1975", "words, names or dates that could be looked up"),
        ("B-AB 1234", "a format or a word that guessers know"),
    ],
)
def test_it_is_said_what_it_looks_like(password: str, kind: str) -> None:
    assert estimate(password).kind == kind


@pytest.mark.parametrize(
    "spellings",
    [
        ["12/03/1980", "12.03.1980", "12 03 1980", "12-03-1980", "1980-03-12", "19800312"],
        ["+49 (0)30 123456", "+49 030/123456", "4903 0123456", "(490) 30.12.34.56"],
        ["7KQ-2M9X", "7KQ 2M9X", "7KQ2M9X", "7-K-Q-2-M-9-X"],
    ],
)
def test_separators_make_nothing_stronger(spellings: list[str]) -> None:
    weak = {estimated_bits(spelling) < LEAST_BITS for spelling in spellings}
    assert weak == {True}


@pytest.mark.parametrize(
    "password",
    [
        *(
            "novakova1980",
            "Kvapilova-1975-80331",
            "ZK-80331-12031975",
            "ZdenkaKvapilova75",
            "Jana Novakova 1980",
        ),
        *("Alexandra Konstantinopoulou", "Rechtsschutzversicherung", "letmein-letmein", "Пароль 1980"),
        *("aaaabbbbcccc", "kwkwkw-zxzxzx", "asdf-hjkl-uiop", "1qaz-4rfv-lkjh", "P@ssw0rd2024!"),
    ],
)
def test_names_words_walks_and_repeats_are_refused(password: str) -> None:
    assert estimated_bits(password) < LEAST_BITS


@pytest.mark.parametrize("piece", ["kx7", "q7wz", "7-tR"])
def test_a_password_that_is_typed_again_is_hardly_stronger(piece: str) -> None:
    assert estimated_bits(4 * piece) <= estimated_bits(piece) + 20


def test_a_card_is_known_by_its_groups_alone() -> None:
    """One in 43 random numbers of 16 digits could be a card's: without spaces, it cannot be told from a code."""
    assert estimated_bits("7391 0462 8517 3946") < LEAST_BITS <= estimated_bits("7391-0462-8517-3946")


def test_many_times_the_longest_is_estimated_in_bounded_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = collections.Counter[str]()
    original = _strength._Piece

    def piece(*values: float) -> object:
        counted["pieces"] += 1
        return original(*values)  # type: ignore[arg-type]

    monkeypatch.setattr(_strength, "_Piece", piece)
    for password in ("a" * 126, "aB3-" * 31, "1" * 126, "ab" * 63, "zažluť" * 21):
        assert estimated_bits(password) >= 0
    assert counted["pieces"] < 50_000


@pytest.mark.parametrize(
    ("password", "is_uneven"),
    [
        ("1234", False),
        ("12-34-56", False),
        ("12-345", True),
        ("420 603 123 456", False),
        ("0800 123 456", True),
    ],
)
def test_groups_that_are_not_of_one_length_are_uneven(password: str, is_uneven: bool) -> None:
    assert _strength._is_uneven(password) == is_uneven
