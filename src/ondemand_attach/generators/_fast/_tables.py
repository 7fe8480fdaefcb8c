"""Finds the rows of a document in the tables of its story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ondemand_attach.generators._fast._markup import Cut, Region
from ondemand_attach.generators._fast._positions import Sight
from ondemand_attach.generators._fast._rows import (
    ALWAYS,
    KeptRegion,
    KeptRow,
    KeptTable,
)
from ondemand_attach.generators._fast._tracking import ToldTable, Use
from ondemand_attach.generators._fast._unsupported import UnsupportedError

Uses = Mapping[int, Sequence[Use]]
Links = Sequence[tuple[int, Any]]


def keys(region: Region, sight: Sight) -> list[Any]:
    """Return for each row what decides about its look: its markup, and what style sheets see of its place."""
    rows = region.rows
    if not sight:
        return [row.look for row in rows]
    last = len(rows) - 1
    ends, parity = Sight.ENDS in sight, Sight.PARITY in sight
    return [
        (row.look, ends and n == 0, ends and n == last, parity and n % 2 == 1) for n, row in enumerate(rows)
    ]


def kept_tables(
    tables: Sequence[ToldTable], parts: Cut, uses: Uses, links: Links, sight: Sight
) -> tuple[list[KeptTable], dict[int, KeptRegion]]:
    """Return the tables of which rows may be others, and these rows by the number of their region."""
    kept: list[KeptTable] = []
    regions: dict[int, KeptRegion] = {}
    if Sight.ALL in sight:
        return kept, regions
    places = _places(tables)
    located = {number: _located(region, uses, places) for number, region in enumerate(parts.regions)}
    for place, told in enumerate(tables):
        own = {
            number: found[1:]
            for number, found in located.items()
            if found and found[0] == place and (not sight or parts.regions[number].is_whole)
        }
        if not (own and told.is_alone):
            continue
        try:
            table = KeptTable(told, own)
            found_rows = {
                n: _rows(table.rows[first : last + 1], parts.regions[n], uses, links, sight)
                for n, (first, last) in own.items()
            }
            table.settled = [
                _settling(row, own, parts, sight) for row in told.columns.settling(len(table.rows[0].cells))
            ]
        except UnsupportedError:
            continue
        kept.append(table)
        regions |= {number: KeptRegion(rows) for number, rows in found_rows.items()}
    return kept, regions


def _settling(
    row: int | None, regions: Mapping[int, tuple[int, int]], parts: Cut, sight: Sight
) -> frozenset[Any]:
    """Return what must be in a document so that a column is as wide, if *row* settles that."""
    if row is None:
        raise UnsupportedError
    for number, (first, last) in regions.items():
        if first <= row <= last:
            return frozenset({(number, keys(parts.regions[number], sight)[row - first])})
    return frozenset({ALWAYS})


def _places(tables: Sequence[ToldTable]) -> dict[int, tuple[int, int]]:
    """Return by the identity of a fragment the table and the row that it is in."""
    places = {}
    for place, table in enumerate(tables):
        for number, row in enumerate(table.flowable._cellvalues):  # noqa: SLF001
            for cell in row:
                for part in getattr(cell, "_content", ()):
                    for fragment in getattr(part, "frags", ()):
                        places[id(fragment)] = place, number
    return places


def _located(
    region: Region, uses: Uses, places: Mapping[int, tuple[int, int]]
) -> tuple[int, int, int] | None:
    """Return the table, its first and its last row that *region* became, if that is certain."""
    origins = set()
    for offset, row in enumerate(region.rows):
        for number in row.texts:
            for use in uses.get(number, ()) or (None,):
                table, place = places.get(id(use.fragments[0]), (-1, 0)) if use else (-1, 0)
                origins.add((table, place - offset))
    if len(origins) != 1:
        return None
    ((table, first),) = origins
    return None if table < 0 else (table, first, first + len(region.rows) - 1)


def _rows(
    rows: Sequence[KeptRow], region: Region, uses: Uses, links: Links, sight: Sight
) -> dict[Any, list[KeptRow]]:
    kept: dict[Any, list[KeptRow]] = {}
    for key, marked, row in zip(keys(region, sight), region.rows, rows, strict=True):
        row.uses = [(n - marked.texts.start, use) for n in marked.texts for use in uses[n]]
        row.links = [(n - marked.links.start, fragment) for n, fragment in links if n in marked.links]
        if len({n for n, _ in row.links}) != len(marked.links) or not row.can_be_copied():
            raise UnsupportedError
        same = kept.setdefault(key, [])
        if same and not row.looks_like(same[0]):
            raise UnsupportedError
        same.append(row)
        row.freeze()
    return kept
