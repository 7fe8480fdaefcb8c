"""The password that Excel knows itself is tried as far as its hash takes no longer than Office's own."""

from __future__ import annotations

import pytest

from ondemand_attach._exposure._budget import Budget, TooLargeError
from ondemand_attach._exposure._office import _opens_unasked


@pytest.mark.parametrize("rounds", [1, 100_000, 1_000_000])
def test_so_many_rounds_are_tried_and_counted(rounds: int) -> None:
    information = b'<p:encryptedKey spinCount="%d" saltSize="16"/>' % rounds
    assert not _opens_unasked(b"", information, Budget(steps=rounds))
    with pytest.raises(TooLargeError):
        _opens_unasked(b"", information, Budget(steps=rounds - 1))
    with pytest.raises(TooLargeError):
        _opens_unasked(b"", information * 2, Budget(steps=2 * rounds - 1))


@pytest.mark.parametrize("rounds", [b"1000001", b"9" * 20])
def test_more_rounds_are_not(rounds: bytes) -> None:
    with pytest.raises(TooLargeError):
        _opens_unasked(b"", b'<p:encryptedKey spinCount="' + rounds + b'"/>', Budget())
