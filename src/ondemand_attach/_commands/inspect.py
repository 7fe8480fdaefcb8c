"""``ondemand-attach inspect``: who can read which part of a file."""

from __future__ import annotations

import argparse
import dataclasses
import json
import pathlib
from collections.abc import Sequence
from typing import Final

from ondemand_attach import _exposure
from ondemand_attach._commands._files import content_of, say, shown

_WIDEST: Final = 250
_TITLES: Final = ("part", "who can read it", "name", "type", "bytes", "encryption", "signature")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the options of the command."""
    parser.add_argument(
        "file", type=pathlib.Path, metavar="FILE", help="a message (.eml), a PDF, or another attachment"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def run(arguments: argparse.Namespace) -> int:
    """Print what is found; return 0."""
    exposures = _exposure.of_file(content_of(arguments.file))
    if arguments.json:
        say(*json.dumps([dataclasses.asdict(exposure) for exposure in exposures], indent=2).splitlines())
    else:
        say(*_table([_TITLES, *map(_row, exposures)]))
    return 0


def _row(exposure: _exposure.Exposure) -> tuple[str, ...]:
    nothing = "none" if exposure.is_understood else "not understood"
    cells = (
        exposure.part,
        exposure.readers,
        exposure.name,
        exposure.media_type,
        str(exposure.size),
        exposure.encryption or nothing,
        exposure.signature or nothing,
    )
    return tuple(_shortened(shown(cell or "-")) for cell in cells)


def _shortened(cell: str) -> str:
    return cell if len(cell) <= _WIDEST else f"{cell[:_WIDEST]}..."


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
