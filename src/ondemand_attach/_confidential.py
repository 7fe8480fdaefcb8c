"""The confidentiality boundary: a marked value reaches the recipient only inside a protected part.

`views()` turns the application's context into plain data twice: the *full* view for parts that will be
protected, and the *public* view for everything else, in which a `Guard` stands for each marked value.
A guard knows the path and not the value, so there is nothing in it that could leak; whatever is done
to it raises.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import functools
import types
import typing
import uuid
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ondemand_attach.errors import ConfidentialityError, ConfigurationError, MessageError

Path = tuple[str, ...]

_SCALARS = (
    str,
    int,
    float,
    bytes,
    decimal.Decimal,
    datetime.date,
    datetime.time,
    datetime.timedelta,
    uuid.UUID,
)
_MAX_DEPTH = 40


class Confidential:
    """Marks a field in the type of a context: ``iban: Annotated[str, Confidential]``.

    Read from dataclasses, attrs, msgspec and pydantic classes, NamedTuple and TypedDict.
    """


@dataclass(frozen=True, slots=True)
class Marks:
    """Which paths of the context are confidential, and which below them are public after all.

    The elements of a list are meant by the path of the list: ``items.engraving`` is in every item.
    """

    confidential: frozenset[Path] = frozenset()
    public: frozenset[Path] = frozenset()
    spelt: frozenset[Path] = frozenset()

    def with_confidential(self, marks: Iterable[str | type]) -> Marks:
        marks = tuple(marks)
        paths = {path for mark in marks for path in _paths_of(mark)}
        spelt = {_parsed(mark) for mark in marks if isinstance(mark, str)}
        return dataclasses.replace(self, confidential=self.confidential | paths, spelt=self.spelt | spelt)

    def with_public(self, paths: Iterable[str]) -> Marks:
        spelt = {_parsed(path) for path in paths}
        return dataclasses.replace(self, public=self.public | spelt, spelt=self.spelt | spelt)


@dataclass(frozen=True, slots=True)
class Views:
    """The context as plain data, with and without what is confidential."""

    full: Mapping[str, Any] = field(repr=False)
    public: Mapping[str, Any] = field(repr=False)
    values: Sequence[tuple[str, Any]] = field(repr=False)


class Guard:
    """Stands in public for a confidential value, and raises whatever is done to it."""

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        object.__setattr__(self, "_path", path)

    def refuse(self, *_: object, **__: object) -> NoReturn:
        path = ".".join(object.__getattribute__(self, "_path"))
        raise ConfidentialityError(
            f"{path} is confidential and may only be used in an attachment that has an encryptor; "
            f"take it out, or exempt it with .public({path!r})",
            path=path,
        )

    __getattr__ = __setattr__ = __delattr__ = __getitem__ = __setitem__ = __delitem__ = refuse
    __str__ = __repr__ = __format__ = __bytes__ = __html__ = __html_format__ = refuse
    __bool__ = __int__ = __float__ = __complex__ = __index__ = __len__ = __length_hint__ = __hash__ = refuse
    __iter__ = __next__ = __reversed__ = __contains__ = __call__ = __dir__ = refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = refuse
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = __matmul__ = refuse
    __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = __lshift__ = __rshift__ = refuse
    __neg__ = __pos__ = __abs__ = __invert__ = __round__ = __trunc__ = __floor__ = __ceil__ = refuse
    __copy__ = __deepcopy__ = __reduce__ = __reduce_ex__ = __getstate__ = __sizeof__ = refuse
    __enter__ = __exit__ = __await__ = __aiter__ = __fspath__ = __buffer__ = refuse


def views(context: object, marks: Marks) -> Views:
    """Copy *context* into plain data, once in full and once with guards.

    Raises:
        MessageError: a value is not plain data, or a marked path is not in the context.
    """
    walk = _Walk(marks)
    full, public = walk.copy(context, ())
    if not isinstance(full, dict):
        raise MessageError(
            f"the context is a {type(context).__name__}; pass a mapping or a record with named fields"
        )
    for path in marks.spelt:
        if not _leads_somewhere(full, path):
            raise MessageError(
                f"the marked path {'.'.join(path)!r} is not in the context; a misspelt mark protects nothing "
                "(give an optional value as None)"
            )
    return Views(full, public, walk.values)


class _Walk:
    def __init__(self, marks: Marks) -> None:
        self.marks = marks
        self.values: list[tuple[str, Any]] = []

    def copy(self, value: object, path: Path, *, is_secret: bool = False) -> tuple[Any, Any]:
        """Return *value* as plain data: for the full view, and for the public view."""
        if path in self.marks.public:
            is_secret = False
        elif path in self.marks.confidential or _is_secret_type(value):
            is_secret = True
        full, public, is_leaf = self._plain(value, path, is_secret=is_secret)
        if not is_secret or (not is_leaf and _has_below(self.marks.public, path)):
            return full, public
        if full is None and _has_below(self.marks.public, path):
            return None, None  # a record that is not there; its public fields would be looked for in it
        if is_leaf:
            self.values.append((".".join(path), full))
        return full, Guard(path)

    def _plain(self, value: object, path: Path, *, is_secret: bool) -> tuple[Any, Any, bool]:
        if len(path) > _MAX_DEPTH:
            raise MessageError(
                f"the context is nested deeper than {_MAX_DEPTH} levels at {'.'.join(path[:3])!r}…"
            )
        if _is_secret_type(value):
            value = value.get_secret_value()  # type: ignore[attr-defined]
        if isinstance(value, enum.Enum):
            value = value.value
        if value is None or isinstance(value, _SCALARS):
            # Markup and Django's SafeString are str: as plain text they are escaped like any other value.
            scalar = str.__str__(value) if isinstance(value, str) else value
            return scalar, scalar, True
        if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
            pairs = [self.copy(element, path, is_secret=is_secret) for element in value]
            return [full for full, _ in pairs], [public for _, public in pairs], False
        fields = {
            name: self.copy(child, (*path, name), is_secret=is_secret or is_marked)
            for name, child, is_marked in _fields(value, path)
        }
        return (
            {n: full for n, (full, _) in fields.items()},
            {n: public for n, (_, public) in fields.items()},
            False,
        )


def _is_secret_type(value: object) -> bool:
    """Whether *value* is marked by its own type, as pydantic's SecretStr is."""
    return callable(getattr(type(value), "get_secret_value", None))


def _fields(value: object, path: Path) -> Iterator[tuple[str, object, bool]]:
    if isinstance(value, Mapping):
        for name, child in value.items():
            if not isinstance(name, str):
                raise MessageError(
                    f"a key in the context at {_spelt(path)} is a {type(name).__name__}; use strings"
                )
            yield name, child, False
        return
    cls: Any = type(value)
    marked = _marked_fields(cls)
    if marked is None:
        raise MessageError(
            f"the context value at {_spelt(path)} is a {type(value).__name__}; pass plain data "
            "(mappings, lists, text, numbers, dates) or a dataclass, attrs, msgspec or pydantic object, "
            "not a live object"
        )
    for name, is_marked in marked.items():
        yield name, getattr(value, name), is_marked


@functools.lru_cache(maxsize=512)
def _marked_fields(cls: Hashable) -> dict[str, bool] | None:
    """Return the fields of a record class with whether each is marked, or None for any other class."""
    if not isinstance(cls, type):
        return None
    if dataclasses.is_dataclass(cls):
        names = [f.name for f in dataclasses.fields(cls)]
    elif hasattr(cls, "__attrs_attrs__"):
        names = [a.name for a in cls.__attrs_attrs__]
    elif hasattr(cls, "__struct_fields__"):
        names = list(cls.__struct_fields__)
    elif isinstance(getattr(cls, "model_fields", None), dict):
        names = list(cls.model_fields)  # type: ignore[attr-defined]
    elif hasattr(cls, "_fields"):
        names = list(cls._fields)
    elif typing.is_typeddict(cls):
        names = list(cls.__annotations__)
    else:
        return None
    hints = typing.get_type_hints(cls, include_extras=True)
    return {name: _is_marked(hints.get(name)) for name in names}


def _is_marked(hint: object) -> bool:
    if typing.get_origin(hint) is typing.Annotated:
        return any(m is Confidential or isinstance(m, Confidential) for m in hint.__metadata__) or _is_marked(  # type: ignore[attr-defined]
            hint.__origin__  # type: ignore[attr-defined]
        )
    return any(_is_marked(argument) for argument in typing.get_args(hint))


def _paths_of(mark: str | type) -> Iterator[Path]:
    if isinstance(mark, str):
        yield _parsed(mark)
    elif isinstance(mark, type) and _marked_fields(mark) is not None:
        yield from _paths_in(mark, (), ())
    else:
        raise ConfigurationError(f"confidential() takes paths and record types, not {type(mark).__name__}")


def _paths_in(cls: type, path: Path, above: tuple[type, ...]) -> Iterator[Path]:
    hints = typing.get_type_hints(cls, include_extras=True)
    for name, is_marked in (_marked_fields(cls) or {}).items():
        if is_marked:
            yield (*path, name)
            continue
        for nested in _classes_in(hints.get(name)):
            if nested not in above and _marked_fields(nested) is not None:
                yield from _paths_in(nested, (*path, name), (*above, cls))


def _classes_in(hint: object) -> Iterator[type]:
    if isinstance(hint, type) and not isinstance(hint, types.GenericAlias):
        yield hint
    for argument in typing.get_args(hint):
        yield from _classes_in(argument)


def _parsed(path: str) -> Path:
    parts = tuple(path.split("."))
    if not all(parts):
        raise ConfigurationError(
            f"{path!r} is not a path; write names joined by dots, such as 'payment.iban'"
        )
    return parts


def _has_below(paths: frozenset[Path], above: Path) -> bool:
    return any(path[: len(above)] == above for path in paths)


def _leads_somewhere(value: object, path: Path) -> bool:
    if not path or value is None:
        return True
    if isinstance(value, list):
        return not value or any(_leads_somewhere(element, path) for element in value)
    return isinstance(value, dict) and path[0] in value and _leads_somewhere(value[path[0]], path[1:])


def _spelt(path: Path) -> str:
    return repr(".".join(path)) if path else "the top"
