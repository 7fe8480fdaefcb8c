"""How much may be unpacked while one attachment is searched, whatever it says of itself."""

from __future__ import annotations

from typing import TypeAlias

# What was found in a container, with its charset; None if it is text, in which no container is looked for.
Member: TypeAlias = tuple[bytes, str | None]

_LEAST = 8192  # octets; a small member costs as much time as so many of a large one


class Budget:
    """Octets that may still be unpacked, counted as they come out. A clock would decide otherwise each time.

    Args:
        octets: how many.
    """

    def __init__(self, octets: int) -> None:
        self.left = octets
        self.is_enough = True

    def allows(self, size: int, *, least: int = _LEAST) -> bool:
        """Take *size* octets, but not less than *least*, and return whether there were any left."""
        if size >= self.left:  # a member that was made of all that was left has been cut off there
            self.is_enough = False
        is_allowed = self.left > 0
        self.left -= max(size, least)
        return is_allowed

    @property
    def most(self) -> int:
        """How many octets one member may have."""
        return max(self.left, 1)
