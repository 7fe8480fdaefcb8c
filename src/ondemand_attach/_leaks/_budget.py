"""How much may be unpacked while one attachment is searched: octets and members, whatever the attachment says."""

from __future__ import annotations

_MEMBER = 4096  # octets; a small member costs as much time as so many of a large one


class Budget:
    """Octets that may still be unpacked, counted as they come out. A clock would decide otherwise each time.

    Args:
        octets: how many.
    """

    def __init__(self, octets: int) -> None:
        self.left = octets
        self.is_enough = True

    def allows(self, size: int, *, least: int = _MEMBER) -> bool:
        """Take *size* octets, but not less than *least*, and return whether there were any left."""
        if self.left <= 0:
            self.is_enough = False
            return False
        self.left -= max(size, least)
        return True

    @property
    def most(self) -> int:
        """How many octets one member may have."""
        return max(self.left, 1)
