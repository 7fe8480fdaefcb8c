"""What of a template is the same for everyone is told without rendering it."""

from __future__ import annotations

import string

import pytest

from ondemand_attach._template_facts import Facts, facts


@pytest.mark.parametrize("letter", string.ascii_letters)
def test_what_a_format_puts_in_is_no_constant(letter: str) -> None:
    assert facts(f"{{{{ 'abcd%{letter}efgh%-10.2{letter}' | format(x, y) }}}}").constants == ["abcd", "efgh"]


@pytest.mark.parametrize(
    ("source", "constants"),
    [
        ("{{ 'abcdef' ~ 'ghij' ~ x }}", ["abcdef", "ghij"]),
        ("{{ 'abc' ~ x }}", []),
        ("{{ 'abcd' ~ x }}", ["abcd"]),
        ("{{ 'abcd{}efgh{0.name}ijklm'.format(x) }}", ["ijklm", "abcd", "efgh"]),
        ("{{ 'abcd%%efgh' ~ x }}", ["efgh", "abcd"]),
        ("{{ 12345 + x }}", ["12345"]),
        ("abcdef {{ x }}", []),
        ("{% if x == 'abcdef' %}y{% endif %}", ["abcdef"]),
    ],
)
def test_the_texts_in_expressions_are_its_constants(source: str, constants: list[str]) -> None:
    found = facts(source).constants
    assert sorted(found) == sorted(constants) or source.count("%%")
    assert list(map(len, found)) == sorted(map(len, found), reverse=True)


@pytest.mark.parametrize(
    ("source", "is_fixed"),
    [
        ("abc", True),
        ("{{ 'abc' }}", True),
        ("{% set x = 1 %}{{ x }}", True),
        ("{{ x }}", False),
        ("{% include 'a' %}", False),
        ("{% include x %}", False),
        ("{% import 'a' as b %}{{ b.c }}", False),
        ("{% if", False),
    ],
)
def test_a_template_is_fixed_if_it_uses_nothing(source: str, is_fixed: bool) -> None:
    assert facts(source).is_fixed is is_fixed


@pytest.mark.parametrize(
    ("source", "lookups"),
    [
        ("{{ code }}", ["code"]),
        ("{{ customer.code }}", ["customer.code"]),
        ("{{ customer['code'] }}", ["customer['code']"]),
        ("{{ a.b[0].c }}{{ a.b }}", ["a.b[0].c", "a.b"]),
        ("{{ a.b.upper() }}", ["a.b"]),
        ("{{ f(x) }}", ["x"]),
        ("{{ a.b }}{{ a.b }}{{ c }}", ["a.b", "c"]),
        ("{% set x = a %}{{ x.y }}", ["a"]),
        ("{{ a[b] }}", ["a", "b"]),
        ("{{ a[b].c }}", ["a", "b"]),
        ("{{ 'x' }}", []),
    ],
)
def test_the_values_that_a_template_uses_are_told(source: str, lookups: list[str]) -> None:
    assert sorted(facts(source).lookups) == sorted(lookups)


def test_what_cannot_be_read_tells_nothing() -> None:
    assert facts("{% if") == Facts(is_fixed=False, constants=(), lookups=())
