"""How much of a file of a stranger is looked at; what is more counts as for everyone."""

from __future__ import annotations

from typing import Final

MOST_BYTES: Final = 1 << 28
"""Of a file; a mail server takes a tenth of it."""


class TooLargeError(Exception):
    """More than is looked at: too long, too deep, or too many of something."""


class Budget:
    """What may be spent on one file, with all that is in it: steps of some microseconds at most.

    Args:
        steps: how many may be taken.
        closely: how many bytes may be looked at one by one.
    """

    def __init__(self, steps: int = 3_000_000, closely: int = 4_000_000) -> None:
        self._left, self._closely = steps, closely

    def spend(self, steps: int = 1) -> None:
        """Take *steps*.

        Raises:
            TooLargeError: there are none left.
        """
        self._left -= steps
        if self._left < 0:
            raise TooLargeError

    def look_closely(self, size: int) -> None:
        """Look at *size* bytes one by one.

        Raises:
            TooLargeError: so many have been.
        """
        self._closely -= size
        if self._closely < 0:
            raise TooLargeError


def at_most(number: int, most: int) -> int:
    """Return *number*.

    Raises:
        TooLargeError: it is more than *most*.
    """
    if number > most:
        raise TooLargeError
    return number
