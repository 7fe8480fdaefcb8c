"""What a password looks like: codes that machines made pass, what people have or know does not."""

from __future__ import annotations

import collections
import datetime
import itertools
import math
import random
import string
import uuid
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from ondemand_attach.protectors import _strength
from ondemand_attach.protectors._characters import is_grouped_by_sense
from ondemand_attach.protectors._strength import LEAST_BITS, estimate, estimated_bits
from protectors import given_out
from scale import SCALE

TIMES = 1_500 if SCALE == 1 else 300_000
"""How often each kind of code is tried."""
ONE_IN: Final = 10_000
"""One in so many may be refused."""

LOWER, UPPER, DIGITS = string.ascii_lowercase, string.ascii_uppercase, string.digits
HEX, BASE32 = "0123456789abcdef", UPPER + "234567"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BASE58 = "".join(sorted({*string.ascii_letters, *DIGITS} - {*"0OIl"}))
ALPHABETS: dict[str, tuple[str, int, int]] = {  # letters, length, length of groups
    "digits, 16": (DIGITS, 16, 0),
    "digits, 16 by 4": (DIGITS, 16, 4),
    "digits, 16 by 8": (DIGITS, 16, 8),
    "digits, 18 by 3": (DIGITS, 18, 3),
    "digits, 20 by 5": (DIGITS, 20, 5),
    "a-z0-9, 10": (LOWER + DIGITS, 10, 0),
    "A-Z0-9, 10": (UPPER + DIGITS, 10, 0),
    "a-z0-9, 10 by 5": (LOWER + DIGITS, 10, 5),
    "a-z0-9, 12": (LOWER + DIGITS, 12, 0),
    "a-z0-9, 14": (LOWER + DIGITS, 14, 0),
    "A-Z0-9, 12 by 4": (UPPER + DIGITS, 12, 4),
    "A-Z0-9, 12 by 3": (UPPER + DIGITS, 12, 3),
    "Crockford, 10": (CROCKFORD, 10, 0),
    "Crockford, 10 by 3": (CROCKFORD, 10, 3),
    "Crockford, 10 by 5": (CROCKFORD, 10, 5),
    "Crockford, 11 by 4": (CROCKFORD, 11, 4),
    "Crockford, 12 by 3": (CROCKFORD, 12, 3),
    "Crockford, 12 by 4": (CROCKFORD, 12, 4),
    "base32, 10": (BASE32, 10, 0),
    "base32, 16 by 4": (BASE32, 16, 4),
    "hexadecimal, 16": (HEX, 16, 0),
    "hexadecimal, 16 by 4": (HEX, 16, 4),
    "hexadecimal, 32": (HEX, 32, 0),
    "base58, 9": (BASE58, 9, 0),
    "a-zA-Z0-9, 9": (string.ascii_letters + DIGITS, 9, 0),
    "a-zA-Z0-9, 10 by 5": (string.ascii_letters + DIGITS, 10, 5),
    "a-zA-Z0-9, 12": (string.ascii_letters + DIGITS, 12, 0),
    "base64, 10": (string.ascii_letters + DIGITS + "-_", 10, 0),
    "base64 with + and /, 10": (string.ascii_letters + DIGITS + "+/", 10, 0),
    "ASCII, 10": (string.ascii_letters + DIGITS + string.punctuation, 10, 0),
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
    assert len(refused) <= _most(TIMES), refused[:5]


def _most(times: int) -> int:
    """Return how many are refused at most if it is one in 10,000, but for one time in 10,000 (Poisson)."""
    mean, count = times / ONE_IN, 0
    share = remaining = math.exp(-mean)
    while 1 - remaining > 1 / ONE_IN:
        count += 1
        share *= mean / count
        remaining += share
    return count


def test_so_many_may_be_refused_by_chance() -> None:
    """The tables of the Poisson distribution, for the means 0.15 and 30."""
    assert (_most(1_500), _most(300_000)) == (3, 52)


def test_a_gate_that_takes_characters_for_a_format_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """So it was: one in seven of ten random letters and digits was refused."""
    monkeypatch.setattr(_strength, "_CHANGE_OF_OTHERS", 1.0)
    monkeypatch.setattr(_strength, "_CHANCE", 0.0)
    chance = random.Random(1)
    assert sum(estimated_bits(CODES["a-z0-9, 10"](chance)) < LEAST_BITS for _ in range(1_000)) > 10


def missed(given: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = collections.defaultdict(list)
    for form, value in given:
        for spelt in spellings(value):
            if estimated_bits(spelt) >= LEAST_BITS:
                found[form].append(spelt)
    return found


def spellings(value: str) -> set[str]:
    """Return *value* in one piece, and with each of the usual separators for those that it has."""
    groups = "".join(each if each.isalnum() else " " for each in value).split()
    usual = {value, value.lower(), *(value.replace(" ", each) for each in ("", *"-./"))}
    return usual | {each.join(groups) for each in ("", *" -./_")}


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


CARDS = {  # how the numbers of each issuer begin, how long they are, and how they are grouped on the card
    **dict.fromkeys(("4", "51", "2221", "6011", "3530", "6759", "6521", "2202"), (16, (4, 4, 4, 4))),
    "37": (15, (4, 6, 5)),
    "36": (14, (4, 6, 4)),
    "41": (13, (4, 4, 4, 1)),
    "48": (19, (4, 4, 4, 4, 3)),
    "62": (19, (6, 13)),
    "5018": (18, (4, 4, 4, 4, 2)),
}


def card(begin: str, length: int, chance: random.Random) -> str:
    """Return a number whose last digit is right (ISO/IEC 7812-1, Luhn)."""
    digits = begin + "".join(chance.choices(DIGITS, k=length - 1 - len(begin)))
    doubled = (int(each) * (2 - at % 2) for at, each in enumerate(reversed(digits)))
    return f"{digits}{-sum(n - 9 * (n > 9) for n in doubled) % 10}"


def cards(times: int, *separators: str) -> Iterator[tuple[str, str]]:
    chance = random.Random(times)
    for (begin, (length, groups)), _, separator in itertools.product(CARDS.items(), range(times), separators):
        left = iter(card(begin, length, chance))
        yield begin, separator.join("".join(itertools.islice(left, size)) for size in groups)


def test_cards_are_refused_as_they_are_written() -> None:
    taken = [
        number for _, number in cards(5, " ", "  ", ".", "/", "_") if estimated_bits(number) >= LEAST_BITS
    ]
    assert taken == []


def test_cards_that_are_written_as_codes_are_cannot_be_told_from_codes() -> None:
    """One in 43 codes could be a card's. So of these, only those of up to 15 digits are refused."""
    taken = {begin for begin, number in cards(5, "", "-") if estimated_bits(number) >= LEAST_BITS}
    assert taken == {begin for begin, (length, _) in CARDS.items() if length > 15}


def test_groups_that_codes_have_as_well_make_a_card_only_with_its_check_digit() -> None:
    assert estimated_bits("4111.1234.1234.1232") >= LEAST_BITS > estimated_bits("4111.1234.1234.1230")
    assert estimated_bits("7391 0462 8517 3946") < LEAST_BITS <= estimated_bits("7391-0462-8517-3946")


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("Kunde 601 2345", "KUND-6012-345"),  # groups of one length are those of a code
        ("601 234 567 CZK", "601-234-CZ5-67"),
        ("Tel601234567", "601T234EL567"),
        ("0608437295K", "06084K37295"),
        ("34 ABC 1234", "34 aBc 1234"),
        ("ABCPE 1234 F", "ABC-PE1-234-F"),
        ("A123-4567-8901", "A123-4B67-8901"),
    ],
)
def test_a_label_stands_beside_its_number(label: str, code: str) -> None:
    assert estimated_bits(label) < LEAST_BITS <= estimated_bits(code)


@pytest.mark.parametrize(
    "number", ["+1-212-555-0139x695", "12125550139 x695", "12125550139ext.022", "DL 3C AB 1234"]
)
def test_what_is_added_to_a_number_makes_it_no_code(number: str) -> None:
    assert estimated_bits(number) < LEAST_BITS


@pytest.mark.parametrize(
    "password",
    [
        '295>B:"|+y',
        '284#}q".7+',
        "54J(M3})|3",
        "0h8+/gmdt/",
        "dva6gg/a++",
        "bq)f/N(Yed",
        "o,0v24:t-o",
        ";9/1(1x7\\~",
    ],
)
def test_signs_that_separate_nothing_are_those_of_a_code(password: str) -> None:
    assert estimated_bits(password) >= LEAST_BITS


@pytest.mark.parametrize("walk", ["zxcvbnm,./1234", "!@#$%^&*()", "qwertz!@#$%"])
def test_signs_are_walked_over_too(walk: str) -> None:
    assert estimated_bits(walk) < LEAST_BITS


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
    ("password", "is_by_sense"),
    [
        ("1234", False),
        ("12-34-56", False),
        ("12-345", True),
        ("420 603 123 456", False),
        ("0800 123 456", True),
        ("1234-1234-12", False),
        ("1234-1234-123456", True),
        ("12-34-567", True),
    ],
)
def test_groups_of_one_length_with_a_shorter_last_one_are_those_of_a_code(
    password: str, is_by_sense: bool
) -> None:
    assert is_grouped_by_sense(password) == is_by_sense


def test_an_iban_is_written_in_one_case() -> None:
    iban = "DE02120300000000202051"
    for written in (iban, iban.lower(), "DE02 1203 0000 0000 2020 51", "GB29NWBK60161331926819"):
        assert estimated_bits(written) < LEAST_BITS
    chance, ibans = random.Random(2026), list[str]()
    while len(ibans) < 20:
        code = "".join(chance.choices(string.ascii_letters + string.digits, k=18))
        shown = f"GB{int(''.join(str(int(each, 36)) for each in code + 'GB00')) % 97:02}{code}"
        ibans += [f"Gb{98 - int(shown[2:4]):02}{code}"] * (not code.isupper() and not code.islower())
    assert all(estimated_bits(each) >= LEAST_BITS for each in ibans)
