"""The files that a document may use: those below the folders that the application names, and no other."""

from __future__ import annotations

import importlib.util
import pathlib
import posixpath
from collections.abc import Sequence
from typing import TypeAlias
from urllib.parse import unquote

from ondemand_attach._given import is_lazy, kind
from ondemand_attach.errors import ConfigurationError, ResourceBlockedError

Place: TypeAlias = "str | pathlib.Path"

MAX_BYTES = 20 * 1024 * 1024


class Assets:
    """Reads files by their name below a folder.

    Args:
        places: a folder or several, or ``package:name`` for the folder of an installed package, searched in
            this order.

    Attributes:
        folders: where the files are read.

    Raises:
        ConfigurationError: a place does not exist.
    """

    def __init__(self, places: Place | Sequence[Place] = ()) -> None:
        if isinstance(places, str | pathlib.Path):
            places = [places]
        if not isinstance(places, Sequence) or isinstance(places, bytes):
            raise ConfigurationError(f"assets= takes folders, or package:name, not {kind(places)}")
        self.folders = tuple(root for place in places for root in _folders(place))

    def read(self, name: str) -> bytes:
        """Return the content of *name*, a normalised relative name.

        Raises:
            ResourceBlockedError: no folder has it, or it leads out of its folder.
        """
        path = self._find(name)
        if path is None:
            raise ResourceBlockedError(
                "the document asks for a file that is not in its assets; name its folder in assets="
            )
        return _bounded(path)

    def stamp(self, name: str) -> tuple[str, int, int] | None:
        """Return what tells whether *name* is still the same file: its path, time and size."""
        path = self._find(name)
        if path is None:
            return None
        status = path.stat()
        return str(path), status.st_mtime_ns, status.st_size

    def _find(self, name: str) -> pathlib.Path | None:
        for root in self.folders:
            path = (root / name).resolve()  # follows symbolic links, so that one that leads out is seen
            if path.is_relative_to(root) and path.is_file():
                return path
        return None


def normalised(address: str, folder: str = "") -> str:
    """Return the asset name that *address* means in a document or style sheet in *folder*.

    Raises:
        ResourceBlockedError: it is not a relative name, or leads out of the assets.
    """
    name = unquote(address.strip())
    if not name:
        raise ResourceBlockedError(
            "the document asks for a resource without a name; leave the element out where there is none, by "
            "{% if … %} in its template"
        )
    if ":" in name or "\\" in name or "\0" in name or name.startswith("/"):
        raise ResourceBlockedError(
            "the document asks for a resource by an absolute path or an address; "
            "only names below the folders in assets= and data: are loaded"
        )
    name = posixpath.normpath(posixpath.join(folder, name))
    if name.startswith(".."):
        raise ResourceBlockedError(
            "the document asks for a file outside of its assets; name its folder in assets="
        )
    return name


def _folders(place: Place) -> list[pathlib.Path]:
    if not isinstance(place, str | pathlib.Path) or is_lazy(place):
        raise ConfigurationError(f"assets= takes folders, or package:name, not {kind(place)}")
    if isinstance(place, str) and place.startswith("package:"):
        return _package_folders(place.removeprefix("package:"))
    if not pathlib.Path(place).is_dir():
        raise ConfigurationError(
            f"the assets folder {str(place)!r} does not exist; give the path of one that does"
        )
    return [pathlib.Path(place).resolve()]


def _package_folders(package: str) -> list[pathlib.Path]:
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        spec = None
    places = spec.submodule_search_locations if spec else None
    folders = [pathlib.Path(place).resolve() for place in places or ()]
    if not folders or not all(folder.is_dir() for folder in folders):
        raise ConfigurationError(
            f"the assets package {package!r} is not installed as a folder; give the name of a package that is"
        )
    return folders


def _bounded(path: pathlib.Path) -> bytes:
    if path.stat().st_size > MAX_BYTES:
        raise ResourceBlockedError(
            f"the document asks for a file of more than {MAX_BYTES >> 20} MiB; make it smaller"
        )
    return path.read_bytes()
