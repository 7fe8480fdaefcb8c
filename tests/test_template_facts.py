"""What a template uses of the data is told without rendering it."""

from __future__ import annotations

import pytest

from ondemand_attach._template_facts import Facts, facts


@pytest.mark.parametrize(
    ("source", "is_whole"),
    [
        ("abc", True),
        ("{{ 'abc' }}", True),
        ("{{ x }}", True),
        ("{% include 'a' %}", False),
        ("{% include x %}", False),
        ("{% import 'a' as b %}{{ b.c }}", False),
        ("{% extends 'a' %}", False),
        ("{% if", False),
    ],
)
def test_a_template_is_whole_if_it_needs_no_other(source: str, is_whole: bool) -> None:
    assert facts(source).is_whole is is_whole


@pytest.mark.parametrize(
    ("source", "lookups"),
    [
        ("{{ code }}", ["code"]),
        ("{{ customer.code }}", ["customer.code"]),
        ("{{ customer['code'] }}", ["customer.code"]),
        ("{{ a.b[0].c }}{{ a.b }}", ["a.b", "a.b.c"]),
        ("{{ a.b.upper() }}", ["a.b"]),
        ("{{ f(x) }}", ["x"]),
        ("{{ a.b }}{{ a.b }}{{ c }}", ["a.b", "c"]),
        ("{% set x = a %}{{ x.y }}", ["a"]),
        ("{{ a[b] }}", ["a", "b"]),
        ("{{ a[b].c }}", ["a.c", "b"]),
        ("{% for each in codes %}{{ each.part }}{% endfor %}", ["codes"]),
        ("{{ 'x' }}", []),
    ],
)
def test_the_paths_that_a_template_uses_are_told(source: str, lookups: list[str]) -> None:
    assert sorted(".".join(path) for path in facts(source).lookups) == lookups


def test_what_cannot_be_read_tells_nothing() -> None:
    assert facts("{% if") == Facts(frozenset(), is_whole=False)
