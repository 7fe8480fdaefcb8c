"""Files that somebody names on the command line, and what is printed of them."""

from __future__ import annotations

import pathlib
import sys

from ondemand_attach._characters import UNSAFE
from ondemand_attach._exposure._budget import MOST_BYTES
from ondemand_attach._origins import of_file
from ondemand_attach._seal import translated
from ondemand_attach.errors import ConfigurationError


def content_of(path: pathlib.Path, most: int = MOST_BYTES) -> bytes:
    """Return the bytes of the file at *path*.

    Raises:
        ConfigurationError: it cannot be read, or is longer than *most* bytes.
    """
    content = translated(
        lambda: _first(path, most + 1),
        lambda error: ConfigurationError(f"{path} cannot be read: {of_file(error)}"),
    )
    if len(content) > most:
        raise ConfigurationError(f"{path} is larger than {most:,} bytes, which is the most that is looked at")
    return content


def _first(path: pathlib.Path, size: int) -> bytes:
    with path.open("rb") as file:
        return file.read(size)


def say(*lines: str) -> None:
    """Print *lines* as any terminal can show them: without what moves the cursor or turns the direction.

    Letters that the encoding of the terminal lacks are written by their number, as Python does.
    """
    encoding = sys.stdout.encoding or "ascii"
    for line in lines:
        print(shown(line).encode(encoding, "backslashreplace").decode(encoding))


def shown(line: str) -> str:
    """Return *line* with a question mark for each character that ends it or deceives its reader."""
    return UNSAFE.sub("?", line)
