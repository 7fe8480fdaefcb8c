"""The first text that was told and not drawn is the one that is named."""

from __future__ import annotations

import pytest

from ondemand_attach.generators._xhtml2pdf_canvas import _undrawn


@pytest.mark.parametrize(
    ("told", "drawn", "missing"),
    [
        ([], [], ""),
        (["a b"], ["a", "b"], ""),
        (["a b", "c d"], ["ab"], "c d"),
        (["a b", "c d"], ["c", "d"], "a b"),
        (["a\n b", "c"], ["a b c"], ""),
        (["x", "y"], [], "x"),
        ([" ", "y"], [], "y"),
    ],
)
def test_the_first_text_that_is_missing_is_told(told: list[str], drawn: list[str], missing: str) -> None:
    assert _undrawn(told, drawn) == missing
