"""What is looked at of a stranger's file is counted to the step."""

from __future__ import annotations

import pytest

from ondemand_attach._exposure._budget import MOST_BYTES, Budget, TooLargeError, at_most


def test_steps_are_taken_until_there_are_none() -> None:
    budget = Budget(steps=3)
    budget.spend()
    budget.spend(2)
    budget.spend(0)
    with pytest.raises(TooLargeError):
        budget.spend()
    with pytest.raises(TooLargeError):
        Budget(steps=3).spend(4)


@pytest.mark.parametrize("number", [-1, 0, 9, 10])
def test_a_number_may_be_as_large_as_its_limit(number: int) -> None:
    assert at_most(number, 10) == number
    with pytest.raises(TooLargeError):
        at_most(number + 11, number + 10)


def test_a_file_may_be_larger_than_any_that_is_mailed() -> None:
    assert MOST_BYTES == 256 * 1024 * 1024
