"""What a public template has written, piece by piece, to tell afterwards where a text comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

Place: TypeAlias = Callable[[], tuple[str, int | None]]


class Fixed(str):
    """Text that stands in a template, and not in the data."""

    __slots__ = ()


class Piece(NamedTuple):
    """What one tag has written, or the text between two.

    Args:
        text: as it was written, escaped for its slot.
        place: returns the template and line of the tag; None of text that stands in the template.
    """

    text: str
    place: Place | None


@dataclass(slots=True)
class Rendering:
    """What a template has written.

    Args:
        name: its name, or the slot such as ``<subject>``.
        source: the template, if it was given as text and not as the name of a file.
        text: all that was written.
        pieces: returns it piece by piece, in their order.
        literals: returns the texts of the templates that a tag may write: constants, bodies of macros.
        lookups: returns the paths of the data that the templates use, as a person may read them.
    """

    name: str
    source: str = field(repr=False)
    text: str = field(repr=False)
    pieces: Callable[[], tuple[Piece, ...]] = field(repr=False)
    literals: Callable[[], tuple[str, ...]] = field(repr=False)
    lookups: Callable[[], frozenset[str]] = field(repr=False)


_recorder: Final[ContextVar[list[Rendering] | None]] = ContextVar("what is recorded", default=None)


@contextmanager
def recorded(*, is_public: bool = True) -> Iterator[list[Rendering]]:
    """Record what is rendered inside, in this thread; nothing if it is not public."""
    renderings: list[Rendering] = []
    token = _recorder.set(renderings if is_public else None)
    try:
        yield renderings
    finally:
        _recorder.reset(token)


def recorder() -> list[Rendering] | None:
    """Return where renderings are recorded, if they are."""
    return _recorder.get()
