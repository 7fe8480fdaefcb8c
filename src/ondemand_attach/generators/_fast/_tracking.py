# ruff: noqa: N802 - names and arguments are those of the parent class
"""A document context that notes which fragments of the story each value of the markup became."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from xhtml2pdf.util import apply_text_transform

from ondemand_attach.generators._xhtml2pdf_context import DocumentContext

_NO_BREAK_SPACE: Final = "\xa0"
_SPACES: Final = re.compile("( )").split
_NO_BREAK_SPACES: Final = re.compile("(\xa0)").split
_COLLAPSING: Final = frozenset({"normal", "nowrap", "", None})


class Value(str):
    """The text of a node, with the number of the value that it is."""

    __slots__ = ("number",)
    number: int

    def __new__(cls, text: str, number: int) -> Self:
        value = super().__new__(cls, text)
        value.number = number
        return value


@dataclass(frozen=True, slots=True)
class Use:
    """Where a value went.

    Args:
        number: which value.
        fragments: what it became.
        transform: the CSS text-transform.
        is_nowrap: whether its spaces are kept from breaking.
        is_first: whether white space at its beginning falls away.
    """

    number: int
    fragments: Sequence[Any]
    transform: str
    is_nowrap: bool
    is_first: bool

    def texts(self, value: str) -> list[str]:
        """Return the texts of the fragments that *value* becomes, as xhtml2pdf's `addFrag` makes them."""
        text = value if self.transform == "none" else apply_text_transform(value, self.transform)
        if self.is_nowrap:
            return [_NO_BREAK_SPACE if piece == " " else piece for piece in _SPACES(" ".join(text.split()))]
        texts, is_first = [], self.is_first
        for piece in _NO_BREAK_SPACES(text) if _NO_BREAK_SPACE in text else (text,):
            if piece != _NO_BREAK_SPACE:
                piece = " ".join(("x" + piece + "x").split())[1:-1]  # noqa: PLW2901
                piece = piece.lstrip() if is_first else piece  # noqa: PLW2901
                is_first = is_first and not piece
            texts.append(piece)
        return texts


class TrackingContext(DocumentContext):
    """A document on its way, of which the values are followed.

    Attributes:
        uses: where each value went that can be followed.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.uses: list[Use] = []

    def addFrag(self, text: Any = "", frag: Any = None) -> None:
        before, is_first = len(self.fragList), self.fragStrip
        super().addFrag(text, frag)
        if isinstance(text, Value) and self.frag.whiteSpace in _COLLAPSING:
            added = self.fragList[before:]
            transform = str(getattr(self.frag, "textTransform", None) or "none").lower()
            use = Use(text.number, added, transform, self.frag.whiteSpace == "nowrap", is_first)
            if use.texts(text) == [fragment.text for fragment in added]:
                self.uses.append(use)
