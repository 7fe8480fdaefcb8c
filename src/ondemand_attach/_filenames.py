"""File names that are the same, and harmless, on every system that saves them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection
from typing import Final
from unicodedata import normalize

from ondemand_attach._characters import UNSAFE_OR_INVISIBLE

_OCTETS: Final = 150
_EXTENSION: Final = re.compile(r"(?:\.[A-Za-z0-9]{1,8})?\.[^. ]{1,19}\Z")
_EXTENSION_OCTETS: Final = 20
_NO_STEM: Final = re.compile(r"\.(?:tar\.)?[^. ]{1,19}")  # of a number that is empty, say
_SEPARATOR: Final = re.compile(r"[/\\]")
_PATH: Final = re.compile(r"[A-Za-z]:[/\\]|\\\\|(?:.*[/\\])?\.\.[/\\]", re.DOTALL)
_FORBIDDEN: Final = re.compile(r'[<>:"|?*]')  # by Windows; a colon would name an NTFS stream
_RESERVED: Final = re.compile(
    r"(?:con|prn|aux|nul|clock\$|conin\$|conout\$|(?:com|lpt)[0-9¹²³])\s*(?:\.|\Z)", re.IGNORECASE
)
_NONE: Final = "attachment"


def sanitised(name: str) -> str:
    r"""Return *name* without hidden characters and what Windows or a shell reads otherwise.

    A separator in it is part of a number, such as ``INV/2026/0001``, and becomes a hyphen. Only what can be
    nothing but a path loses its folders: ``C:\...``, a share, or with ``..`` in it.

    The result is never empty, in normal form C and at most 150 octets of UTF-8; its extension is kept.
    """
    visible = normalize("NFC", UNSAFE_OR_INVISIBLE.sub("", name))
    tidy = _with_stem(" ".join(_FORBIDDEN.sub("_", _without_separators(visible)).split()).rstrip(". "))
    if _RESERVED.match(tidy):
        tidy = f"_{tidy}"
    return _shortened(tidy, _OCTETS) or _NONE


def distinct(name: str, taken: Collection[str]) -> str:
    """Return *name*, or the like, so that no system takes it for one of those that are *taken*."""
    folded = {_folded(each) for each in taken}
    numbered = (_numbered(name, number) for number in itertools.count(2))
    return next(each for each in itertools.chain([name], numbered) if _folded(each) not in folded)


def _folded(name: str) -> str:
    """Return what some system holds for the same name: without case, in whatever normal form."""
    return normalize("NFKC", normalize("NFKC", name).upper().casefold())


def _numbered(name: str, number: int) -> str:
    end = f" ({number})"
    extension = _extension(name)
    stem = name.removesuffix(extension)
    return _shortened(stem, _OCTETS - len(f"{end}{extension}".encode())) + end + extension


def _without_separators(name: str) -> str:
    parts = [part.strip() for part in _SEPARATOR.split(name)]
    named = [part for part in parts if part.strip(". ")] or parts[-1:]
    if _PATH.match(name):
        return named[-1]
    is_extension_alone = len(named) > 1 and _NO_STEM.fullmatch(named[-1])
    return "-".join(named[:-1]) + named[-1] if is_extension_alone else "-".join(named)


def _with_stem(name: str) -> str:
    """Return *name* without what hides it on Unix, or is an option to a command; with a stem."""
    bare = name.lstrip(".- ")
    has_dot = "." in name[: len(name) - len(bare)]
    return f"{_NONE}.{bare}" if has_dot and _NO_STEM.fullmatch(f".{bare}") else bare


def _extension(name: str) -> str:
    found = _EXTENSION.search(name)
    return found[0] if found and len(found[0].encode()) <= _EXTENSION_OCTETS and found.start() else ""


def _shortened(name: str, octets: int) -> str:
    extension = _extension(name)
    room = octets - len(extension.encode())
    stem = name.removesuffix(extension)
    return f"{stem.encode()[:room].decode(errors='ignore').rstrip('. ')}{extension}"
