"""Pages of the documentation which hold tables that tests write."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"


def table(rows: Mapping[str, Mapping[str, str]], first: str = "") -> str:
    columns = list(next(iter(rows.values())))
    lines = [[first, *columns], ["---"] * (1 + len(columns))]
    lines += [[name, *(row[column] for column in columns)] for name, row in rows.items()]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def check_page(page: str, name: str, text: str) -> None:
    """Put *text* where *name* is marked in the page, and see that it stood there already."""
    path = REFERENCE / page
    before = path.read_text(encoding="utf-8")
    head, found, rest = before.partition(f"<!-- {name}: written by the tests -->\n")
    assert found, f"the page has no place for {name}"
    after = f"{head}{found}\n{text}\n<!-- end -->{rest.partition('<!-- end -->')[2]}"
    if after != before:
        path.write_text(after, encoding="utf-8")
        raise AssertionError(f"{name} was written anew: look at it, and commit it")
