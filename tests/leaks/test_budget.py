"""What may be unpacked of one attachment is counted to the octet."""

from __future__ import annotations

import pytest

from ondemand_attach._leaks._budget import Budget


@pytest.mark.parametrize(
    ("size", "least", "left", "is_enough"),
    [
        (0, 0, 10_000, True),
        (1, 0, 9_999, True),
        (9_999, 0, 1, True),
        (10_000, 0, 0, False),
        (10_001, 0, -1, False),
        (1, 8_192, 1_808, True),
        (8_193, 8_192, 1_807, True),
    ],
)
def test_octets_are_taken_and_what_is_too_much_is_noted(
    size: int, least: int, left: int, is_enough: bool
) -> None:
    budget = Budget(10_000)
    assert budget.allows(size, least=least)
    assert (budget.left, budget.is_enough) == (left, is_enough)
    assert budget.most == max(left, 1)
    assert budget.allows(0, least=0) == (left > 0)


def test_a_small_member_costs_as_much_as_a_larger_one() -> None:
    budget = Budget(3 * 8_192)
    assert [budget.allows(1) for _ in range(5)] == [True, True, True, False, False]
    assert not budget.is_enough
