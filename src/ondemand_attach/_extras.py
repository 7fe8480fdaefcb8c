"""Libraries that are installed by wish only."""

from __future__ import annotations

import importlib
from typing import Any

from ondemand_attach.errors import MissingDependencyError


def require(module: str, what: str, *, extra: str) -> Any:
    """Return the library *module*.

    Args:
        module: its name.
        what: what needs it, and which package it is in: ``ZIP needs pyzipper``.
        extra: which extra of this library installs it.

    Raises:
        MissingDependencyError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        failure = MissingDependencyError(f'{what}: pip install "ondemand_attach[{extra}]"')
    raise failure
