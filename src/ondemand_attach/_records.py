"""Record classes: what their fields are called, and which of these their types mark as confidential."""

from __future__ import annotations

import dataclasses
import functools
import typing
from collections.abc import Hashable, Iterator
from typing import Any

from ondemand_attach.errors import ConfigurationError

Path = tuple[str, ...]


class Confidential:
    """Marks a field in the type of a context: ``iban: Annotated[str, Confidential]``.

    Read from dataclasses, attrs, msgspec and pydantic classes, NamedTuple and TypedDict. What is marked
    in a base class stays marked in its subclasses.
    """


@functools.lru_cache(maxsize=512)
def field_names(cls: Hashable) -> tuple[str, ...] | None:
    """Return the names of the fields of a record class, or None for any other class."""
    if not isinstance(cls, type):
        return None
    if dataclasses.is_dataclass(cls):
        return tuple(field.name for field in dataclasses.fields(cls))
    if hasattr(cls, "__attrs_attrs__"):
        return tuple(attribute.name for attribute in cls.__attrs_attrs__)
    if isinstance(getattr(cls, "model_fields", None), dict):  # pydantic
        return tuple(cls.model_fields)  # type: ignore[attr-defined]
    if typing.is_typeddict(cls):
        return tuple(cls.__annotations__)
    names = getattr(cls, "__struct_fields__", None) or getattr(cls, "_fields", None)  # msgspec, NamedTuple
    return tuple(names) if isinstance(names, tuple) else None


@functools.lru_cache(maxsize=512)
def marked_paths(cls: Hashable) -> frozenset[Path]:
    """Return the paths from a record of *cls* to its marked fields, through the records in it.

    Raises:
        ConfigurationError: an annotation cannot be resolved, or a TypedDict holds itself.
    """
    return frozenset(_paths_in(cls, (), ()))


def _paths_in(cls: Any, path: Path, above: tuple[type, ...]) -> Iterator[Path]:
    for name, hints in _hints(cls).items():
        if any(map(_is_marked, hints)):
            yield (*path, name)
            continue
        for nested in {nested for hint in hints for nested in _records_in(hint)}:
            if nested not in (*above, cls):
                yield from _paths_in(nested, (*path, name), (*above, cls))
            elif typing.is_typeddict(nested):  # a plain dict: nothing will tell what it is when it is met
                raise ConfigurationError(f"the TypedDict {nested.__name__} holds itself; make it a dataclass")


def _hints(cls: Any) -> dict[str, list[object]]:
    """Return for each field its types, also those that the base classes give it."""
    inherited = [_resolved(base, is_own=base is cls) for base in cls.__mro__[:-1]]
    described = getattr(cls, "model_fields", {})  # pydantic knows best what a generic model's fields are
    return {
        name: [
            *(hints[name] for hints in inherited if name in hints),
            *([described[name].annotation, *described[name].metadata] if name in described else []),
        ]
        for name in field_names(cls) or ()
    }


def _resolved(cls: type, *, is_own: bool) -> dict[str, object]:
    try:
        return typing.get_type_hints(cls, include_extras=True)
    except (NameError, TypeError):
        if not is_own:
            return {}
    raise ConfigurationError(
        f"the annotations of {cls.__qualname__} cannot be resolved, so its marks cannot be read; "
        "import what they name at run time, not for type checkers only"
    )


def _is_marked(hint: object) -> bool:
    if hint is Confidential or isinstance(hint, Confidential):
        return True
    metadata = getattr(hint, "__metadata__", ())
    return any(map(_is_marked, (*metadata, *_inside(hint))))


def _records_in(hint: object) -> Iterator[type]:
    if isinstance(hint, type) and field_names(hint) is not None:
        yield hint
    for part in _inside(hint):
        yield from _records_in(part)


def _inside(hint: object) -> tuple[object, ...]:
    """Return what *hint* is made of: arguments, and what an alias or a NewType stands for."""
    stands_for = (getattr(hint, name, None) for name in ("__value__", "__supertype__"))
    return (*typing.get_args(hint), *(part for part in stands_for if part is not None))
