"""A table is put together anew only if the one that is made of its own rows is the same in all that it says."""

from __future__ import annotations

from typing import Any

import pytest
from reportlab.platypus.tables import TableStyle
from xhtml2pdf.xhtml2pdf_reportlab import PmlTable

from ondemand_attach.generators._fast._rows import _ATTRIBUTES, KeptTable
from ondemand_attach.generators._fast._tracking import Columns, ToldTable
from ondemand_attach.generators._fast._unsupported import UnsupportedError


def told(**changed: Any) -> ToldTable:
    commands = [("LINEABOVE", (0, 0), (-1, -1), 1, "red")]
    flowable = PmlTable(
        [["", ""], ["", ""], ["", ""]],
        colWidths=[None, None],
        rowHeights=[None] * 3,
        style=TableStyle(commands),
        splitByRow=1,
        normalizedData=1,
    )
    vars(flowable).update(changed)
    return ToldTable(flowable, commands, Columns(), is_alone=True)


REGIONS = {0: (1, 1)}


def test_a_table_as_xhtml2pdf_makes_them_is_kept() -> None:
    kept = KeptTable(told(), REGIONS)
    assert kept.same_frame(KeptTable(told(), REGIONS))
    assert len(kept.rows) == 3


@pytest.mark.parametrize(
    "name", ["splitByRow", "splitInRow", "_rowSplitRange", "repeatCols", "_nosplitCmds", "_spanCmds"]
)
def test_what_another_would_not_have_is_not_kept(name: str) -> None:
    assert name in _ATTRIBUTES
    with pytest.raises(UnsupportedError):
        KeptTable(told(**{name: [("another",)]}), REGIONS)


def test_rows_that_are_repeated_on_each_page_are_not_others() -> None:
    KeptTable(told(repeatRows=1), REGIONS)
    with pytest.raises(UnsupportedError):
        KeptTable(told(repeatRows=2), REGIONS)


def test_rows_of_a_table_with_other_columns_would_look_otherwise() -> None:
    kept, other = KeptTable(told(), REGIONS), KeptTable(told(), REGIONS)
    other._widths = [1.0, 2.0]
    assert not kept.same_frame(other)
    other = KeptTable(told(), REGIONS)
    other.settled = [frozenset()]
    assert not kept.same_frame(other)
