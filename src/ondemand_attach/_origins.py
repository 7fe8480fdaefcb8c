"""Where an error comes from, in words that quote nothing: code and templates are the application's own."""

from __future__ import annotations

import os
import pathlib
import sys
import sysconfig
import traceback
from types import CodeType
from typing import Final

_HERE: Final = f"{pathlib.Path(__file__).resolve().parent}{os.sep}"
_LIBRARIES: Final = tuple(
    f"{sysconfig.get_path(name)}{os.sep}" for name in ("stdlib", "platstdlib", "purelib", "platlib")
)
SWITCH: Final = "ONDEMAND_ATTACH_INSECURE_DEBUG"
WITHHELD: Final = (
    f"what it says is withheld, as it may quote the data: {SWITCH}=1 shows it, in development only"
)


def told(error: BaseException) -> str:
    """Say which error *error* is and where it was raised, and how to see the rest of it."""
    return f"{named(error)}; {WITHHELD}"


def named(error: BaseException) -> str:
    """Say which error *error* is, and in which line of which file it was raised."""
    name = type(error).__name__
    if isinstance(error, ModuleNotFoundError) and error.name:
        name = f"{name} (no module {error.name!r})"
    elif isinstance(error, OSError) and error.errno and error.strerror:
        name = f"{name} ({os.strerror(error.errno)})"
    if place := place_of(error):
        return f"{name} at {place}"
    return f"{name}, as it does not take what it was called with" if name == "TypeError" else name


def of_file(error: BaseException) -> str:
    """Say why a file cannot be read or written, by the words of the system."""
    return os.strerror(error.errno) if isinstance(error, OSError) and error.errno else named(error)


def place_of(error: BaseException) -> str | None:
    """Return file, line and function of the innermost code of the application that *error* went through.

    If there is none, those of the library where it was raised; None if it was raised by what is not Python.
    """
    frames = [
        (frame.f_code, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if not _is_passed_over(frame.f_code, frame.f_globals)
    ]
    of_application = [each for each in frames if not _is_of_library(each[0].co_filename)]
    for code, line in reversed(of_application or frames):
        return f"{_shown(code.co_filename)}:{line} ({code.co_name})"
    return None


def _is_passed_over(code: CodeType, names: dict[str, object]) -> bool:
    """Whether it is of this library, of a compiled template, or frozen into the interpreter."""
    file = code.co_filename
    return file.startswith((_HERE, "<frozen")) or "__jinja_template__" in names


def _is_of_library(file: str) -> bool:
    return file.startswith(_LIBRARIES) or f"{os.sep}site-packages{os.sep}" in file


def _shown(file: str) -> str:
    """Return *file* as it is imported: what is above that may be somebody's name."""
    path = pathlib.PurePath(file)
    above = [folder for folder in filter(None, map(str, sys.path)) if path.is_relative_to(folder)]
    if above:
        return str(path.relative_to(max(above, key=len)))
    return str(pathlib.PurePath(*path.parts[-2:]))


def unforeseen(error: BaseException) -> str:
    """Say what was raised where nothing should be: by the application, or by a fault of this library."""
    frames = list(traceback.walk_tb(error.__traceback__))
    code, line = (frames[-1][0].f_code, frames[-1][1]) if frames else (unforeseen.__code__, 0)
    inmost = f"{pathlib.PurePath(code.co_filename).name}:{line} ({code.co_qualname})"
    return (
        f"{named(error)} ended this call, which went as far as {inmost}; if the first place is in your code, "
        f"mend it there, else report both to the makers of ondemand_attach; {WITHHELD}"
    )
