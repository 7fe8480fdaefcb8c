"""Files that somebody names on the command line."""

from __future__ import annotations

import pathlib

from ondemand_attach._seal import translated
from ondemand_attach.errors import ConfigurationError


def content_of(path: pathlib.Path) -> bytes:
    """Return the bytes of the file at *path*.

    Raises:
        ConfigurationError: it cannot be read.
    """
    return translated(
        path.read_bytes, lambda error: ConfigurationError(f"{path} cannot be read: {_reason(error)}")
    )


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
