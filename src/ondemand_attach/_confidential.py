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
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ondemand_attach._given import is_lazy, kind, plain
from ondemand_attach._origins import told
from ondemand_attach._records import Confidential, Path, field_names, marked_paths
from ondemand_attach._seal import translated
from ondemand_attach.errors import ConfidentialityError, ConfigurationError, MessageError

__all__ = ["Confidential", "Guard", "Marks", "Path", "Views", "copied", "parsed", "shown", "views"]

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
_PLAIN = frozenset({*_SCALARS, bool, datetime.datetime, dict, list, tuple, type(None)})
_MAX_DEPTH = 50
_MAX_SIZE = 1_000_000
_PART = ", as a password is made of it,"
FIELD_NAME = re.compile(r"[A-Za-z_]+[0-9]?")


@dataclass(frozen=True, slots=True)
class Marks:
    """Which paths of the context are confidential, and which below them are public after all.

    The elements of a list are meant by the path of the list: ``items.engraving`` is in every item.
    """

    confidential: frozenset[Path] = frozenset()
    public: frozenset[Path] = frozenset()
    spelt: frozenset[Path] = frozenset()
    classes: frozenset[type] = frozenset()
    parts: frozenset[Path] = frozenset()

    def with_confidential(self, marks: Iterable[str | type]) -> Marks:
        marks = tuple(marks)
        spelt = {parsed(mark) for mark in marks if isinstance(mark, str)}
        classes = {_record_class(mark) for mark in marks if not isinstance(mark, str)}
        paths = spelt.union(*map(marked_paths, classes))
        return Marks(
            confidential=self.confidential | paths,
            public=self.public - paths,
            spelt=self.spelt | spelt,
            classes=self.classes | classes,
        )

    def with_public(self, paths: Iterable[str]) -> Marks:
        spelt = {parsed(path) for path in paths}
        return Marks(self.confidential - spelt, self.public | spelt, self.spelt | spelt, self.classes)

    def with_generated(self, name: str) -> Marks:
        """Mark a value that no context holds beforehand."""
        return Marks(self.confidential | {(name,)}, self.public, self.spelt, self.classes)

    def touched_by(self, path: Path) -> list[Path]:
        """Return the confidential paths that are touched by who reads *path* and everything below it."""
        above = [path[:depth] for depth in range(1, len(path) + 1)]
        nearest = next((mark for mark in reversed(above) if mark in self.confidential | self.public), None)
        if nearest in self.confidential:
            return [path]
        return sorted(mark for mark in self.confidential if mark[: len(path)] == path)

    def with_parts(self, paths: Iterable[Path]) -> Marks:
        """Mark what passwords are made of, unless it was said to be public."""
        parts = {
            path for path in paths if not any(path[:end] in self.public for end in range(1, len(path) + 1))
        }
        return dataclasses.replace(self, confidential=self.confidential | parts, parts=frozenset(parts))

    def refuse_dead(self, context: Mapping[str, Any]) -> None:
        """Raise `MessageError` for a mark that leads nowhere in *context*: it would protect nothing."""
        for path in self.spelt:
            if not _leads_somewhere(context, path):
                raise MessageError(
                    f"the marked path {'.'.join(path)!r} is not in the context; a misspelt mark protects "
                    "nothing (give an optional value as None)"
                )
        for cls in self.classes:
            if not any(_leads_somewhere(context, path) for path in marked_paths(cls)):
                raise MessageError(
                    f"no marked field of {cls.__qualname__} is in the context; confidential() takes the "
                    "class of the whole context, or paths"
                )


@dataclass(frozen=True, slots=True)
class Views:
    """The context as plain data, with and without what is confidential."""

    full: Mapping[str, Any] = field(repr=False)
    public: Mapping[str, Any] = field(repr=False)
    values: Sequence[tuple[str, Any]] = field(repr=False)
    disclosed: Sequence[Any] = field(repr=False)

    def with_secrets(self, secrets: Mapping[str, str]) -> Views:
        """Add confidential values that the application does not know of.

        Raises:
            MessageError: it has one of that name itself.
        """
        if taken := secrets.keys() & self.full.keys():
            raise MessageError(
                f"the context has a value {min(taken)!r} already; give the generated one another name"
            )
        return Views(
            {**self.full, **secrets},
            {**self.public, **{name: Guard((name,)) for name in secrets}},
            [*self.values, *secrets.items()],
            self.disclosed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A place in a public template that must not stay as it is.

    Args:
        template: the template, or the slot such as ``<subject>``.
        line: the line in it.
        path: the confidential path that is touched; empty if the place cannot be analysed.
        reason: what is wrong.
    """

    template: str
    line: int
    path: str
    reason: str = "is confidential and touched here"

    def __str__(self) -> str:
        return f"{self.template}:{self.line}: {f'{self.path} {self.reason}'.strip()}"


class Guard:
    """Stands in public for a confidential value, and raises whatever is done to it."""

    __slots__ = ("_path", "_why")

    def __init__(self, path: Path, why: str = "") -> None:
        object.__setattr__(self, "_path", path)
        object.__setattr__(self, "_why", why)

    def refuse(self, *_: object, **__: object) -> NoReturn:
        path, why = shown(object.__getattribute__(self, "_path")), object.__getattribute__(self, "_why")
        raise ConfidentialityError(
            f"{path} is confidential{why} and may only be used in an attachment that has an encryptor; "
            f"take it out, or say with .public({path!r}) that anybody may read it",
            path=path,
        )

    def __getattr__(self, name: str) -> NoReturn:
        Guard((*object.__getattribute__(self, "_path"), name)).refuse()

    __setattr__ = __delattr__ = __getitem__ = __setitem__ = __delitem__ = refuse
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
        ConfigurationError: the marks of a record class cannot be read.
    """
    walk = _Walk(marks)
    full, public = translated(
        lambda: walk.copy(context, ()),
        lambda error: MessageError(f"the context cannot be read: {told(error)}"),
    )
    if not isinstance(full, dict):
        raise MessageError(f"the context is {kind(context)}; pass a mapping or a record with named fields")
    marks.refuse_dead(full)
    return Views(full, public, walk.values, walk.disclosed)


def copied(view: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of *view* that its receiver may change as they like: nobody else will see it."""
    return {name: _copied(value) for name, value in view.items()}


def _copied(value: Any) -> Any:
    if type(value) is list:
        return [_copied(element) for element in value]
    return copied(value) if type(value) is dict else value


class _Walk:
    def __init__(self, marks: Marks) -> None:
        self.public = marks.public
        self.above_public = {path[:depth] for path in marks.public for depth in range(len(path) + 1)}
        self.shown = functools.cache(shown)
        self.confidential, self.parts = set(marks.confidential), marks.parts - marks.spelt
        self.values: list[tuple[str, Any]] = []
        self.disclosed: list[Any] = []
        self.size = 0

    def copy(self, value: object, path: Path, *, is_secret: bool = False, depth: int = 0) -> tuple[Any, Any]:
        """Return *value* as plain data: for the full view, and for the public view."""
        self.measure(path, depth)
        if type(value) not in _PLAIN:
            value, is_secret = _unwrapped(value, path, is_secret=is_secret)
        is_secret = (is_secret and path not in self.public) or path in self.confidential
        if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
            pairs = [self.copy(element, path, is_secret=is_secret, depth=depth + 1) for element in value]
            full, public = [full for full, _ in pairs], [public for _, public in pairs]
        elif value is None or isinstance(value, _SCALARS):
            return self.leaf(value, path, is_secret=is_secret)
        else:
            full, public = self.record(value, path, is_secret=is_secret, depth=depth)
        return full, public if not is_secret or path in self.above_public else self.guard(path)

    def measure(self, path: Path, depth: int) -> None:
        self.size += 1
        if depth > _MAX_DEPTH or self.size > _MAX_SIZE:
            raise MessageError(
                f"the context is nested deeper than {_MAX_DEPTH} levels or holds more than {_MAX_SIZE:,} "
                f"values, at {_spelt(path[:3])}; give only what templates use"
            )

    def leaf(self, value: Any, path: Path, *, is_secret: bool) -> tuple[Any, Any]:
        # Markup and Django's SafeString are str: as plain text they are escaped like any other value.
        scalar = str.__str__(value) if isinstance(value, str) else value
        if not is_secret:
            if path in self.public:
                self.disclosed.append(scalar)
            return scalar, scalar
        if scalar is None and path in self.above_public:
            return None, None  # a record that is not there; its public fields would be looked for in it
        self.values.append((self.shown(path), scalar))
        return scalar, self.guard(path)

    def guard(self, path: Path) -> Guard:
        return Guard(path, _PART if path in self.parts else "")

    def record(self, value: object, path: Path, *, is_secret: bool, depth: int) -> tuple[Any, Any]:
        full, public = {}, {}
        for name, child in self.fields(value, path):
            below = (*path, name)
            is_data = is_secret and FIELD_NAME.fullmatch(name) is None
            if is_data:
                self.values.append((shown(below), name))
            full[name], in_public = self.copy(child, below, is_secret=is_secret, depth=depth + 1)
            if not is_data or below in self.above_public:
                public[name] = in_public
        return full, public

    def fields(self, value: object, path: Path) -> Iterable[tuple[str, object]]:
        if isinstance(value, Mapping):
            if all(isinstance(name, str) for name in value):
                return value.items()
            raise MessageError(
                f"the mapping in the context at {_spelt(path)} has a key that is not text; make it text"
            )
        cls: Any = value.__class__  # of a proxy, what it stands for
        names = field_names(cls)
        if names is None:
            raise MessageError(
                f"the context value at {_spelt(path)} is a {cls.__name__}; pass plain data "
                "(mappings, lists, text, numbers, dates) or a dataclass, attrs, msgspec or pydantic object, "
                "not a live object"
            )
        self.confidential.update((*path, *marked) for marked in marked_paths(cls))
        return [(name, getattr(value, name)) for name in names]


def _unwrapped(value: Any, path: Path, *, is_secret: bool) -> tuple[Any, bool]:
    """Take *value* out of what wraps it, and say whether it is confidential."""
    if value.__class__ is not type(value) or is_lazy(value):
        value = plain(value, f"the context value at {_spelt(path)}")
    if callable(getattr(type(value), "get_secret_value", None)):  # pydantic's SecretStr marks itself
        value, is_secret = value.get_secret_value(), True
    return (value.value if isinstance(value, enum.Enum) else value), is_secret


def shown(path: Path) -> str:
    """Spell *path* for a person. A key that is no field name may itself be data, so it is left out."""
    return ".".join(name if FIELD_NAME.fullmatch(name) else "*" for name in path)


def _record_class(mark: object) -> type:
    if not isinstance(mark, type) or field_names(mark) is None:
        raise ConfigurationError(f"confidential() takes paths and record classes, not {kind(mark)}")
    if not marked_paths(mark):
        raise ConfigurationError(f"no field of {mark.__qualname__} is marked with Annotated[…, Confidential]")
    return mark


def parsed(path: str) -> Path:
    """Return the steps of a path that is spelt with dots."""
    if not isinstance(path, str) or is_lazy(path):
        raise ConfigurationError(
            f"a path is text, names joined by dots, such as 'payment.iban', not {kind(path)}"
        )
    parts = tuple(path.split("."))
    if not all(parts):
        raise ConfigurationError(
            f"{path!r} is not a path; write names joined by dots, such as 'payment.iban'"
        )
    return parts


def _leads_somewhere(value: object, path: Path) -> bool:
    if not path or value is None:
        return True
    if isinstance(value, list):
        return all(_leads_somewhere(element, path) for element in value)
    return isinstance(value, dict) and path[0] in value and _leads_somewhere(value[path[0]], path[1:])


def _spelt(path: Path) -> str:
    return repr(shown(path)) if path else "the top"
