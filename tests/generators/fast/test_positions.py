"""What a style sheet sees of the position of a row is told from its selectors."""

from __future__ import annotations

import pytest
from xhtml2pdf.context import pisaContext

from ondemand_attach.generators._fast._positions import Sight, sight

ENDS = [
    "first-child",
    "last-child",
    "only-child",
    "not-first-child",
    "not-last-child",
    "not(:first-child)",
    "not(:last-child)",
]
PARITY = ["nth-child(even)", "nth-child(odd)", "nth-child(2n)", "nth-child(2n+1)"]
ALL = [
    *(
        "nth-child(3n)",
        "nth-child(1)",
        "nth-child(2n+3)",
        "nth-child(n)",
        "nth-last-child(even)",
        "nth-last-child(1)",
    ),
    *("first-of-type", "last-of-type", "only-of-type", "nth-of-type(even)", "has(td)"),
]


def seen(style: str) -> Sight:
    context = pisaContext("")
    context.addCSS(style)
    context.parseCSS()
    return sight(context)


@pytest.mark.parametrize("subject", ["tr", "TR", "*", "table tr", "tbody > tr", "tr.x"])
@pytest.mark.parametrize("after", ["", " td", " > td"])
@pytest.mark.parametrize(
    ("conditions", "expected"),
    [(ENDS, Sight.ENDS), (PARITY, Sight.PARITY), (ALL, Sight.ALL)],
    ids=lambda _: "",
)
def test_conditions_on_rows_are_seen(
    subject: str, after: str, conditions: list[str], expected: Sight
) -> None:
    for condition in conditions:
        assert seen(f"{subject}:{condition}{after} {{ color: red }}") == expected, condition


@pytest.mark.parametrize("subject", ["td", "th", "p", "table", "li"])
def test_conditions_on_anything_else_are_not_seen(subject: str) -> None:
    for condition in (*ENDS, *PARITY, *set(ALL) - {"has(td)"}):
        assert seen(f"{subject}:{condition} {{ color: red }}") == Sight.NOTHING, condition


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("", Sight.NOTHING),
        ("tr { color: red } .a td { color: red } #b, tbody > tr td { color: red }", Sight.NOTHING),
        ("tr + tr { color: red }", Sight.ALL),
        ("tr ~ tr { color: red }", Sight.ALL),
        ("tr + * { color: red }", Sight.ALL),
        ("tr + tr td { color: red }", Sight.ALL),
        ("td + td { color: red } p ~ p { color: red }", Sight.NOTHING),
        ("a:link { color: red } a:visited { color: red }", Sight.NOTHING),
        ("a[href] { color: red }", Sight.ADDRESSES),
        ("a[HREF='x'] { color: red }", Sight.ADDRESSES),
        ("img[src] { width: 1pt }", Sight.ADDRESSES),
        ("a[title] { color: red }", Sight.NOTHING),
        ("p a[href] b { color: red }", Sight.ADDRESSES),
        ("td { counter-increment: line }", Sight.ALL),
        ("td { counter-reset: line }", Sight.ALL),
        ("tr:first-child td { color: red } tr:nth-child(odd) td { color: red }", Sight.ENDS | Sight.PARITY),
        ("tr:first-child a[href] { color: red }", Sight.ENDS | Sight.ADDRESSES),
        ("tr:not(.x) { color: red }", Sight.NOTHING),
        ("tr:not(:nth-child(even)) { color: red }", Sight.PARITY),
        ("tr:not(:nth-child(3n)) { color: red }", Sight.ALL),
        ("tr:is(:first-child) { color: red }", Sight.ENDS),
        ("td:is(:first-child) { color: red }", Sight.NOTHING),
        ("td:not(:first-child) { color: red }", Sight.NOTHING),
        ("td:is(tr:first-child td) { color: red }", Sight.ENDS),
        ("td:has(p) { color: red }", Sight.ALL),
    ],
)
def test_what_a_style_sheet_sees_is_told(style: str, expected: Sight) -> None:
    assert seen(style) == expected
