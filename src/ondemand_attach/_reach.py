"""Where a signer leaves the process, which the guard of a render process must let through."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

_reaching = 0


@contextlib.contextmanager
def reaching_out() -> Iterator[None]:
    """Tell that what happens here goes to a service that the application named: its key, its time stamps."""
    global _reaching  # noqa: PLW0603 - of the process: names are looked up in other threads
    _reaching += 1
    try:
        yield
    finally:
        _reaching -= 1


def is_reaching_out() -> bool:
    """Whether anything is reaching out at the moment."""
    return _reaching > 0
