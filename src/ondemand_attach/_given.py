"""What an application gives as an argument: the plain value that it stands for, or words on what to give.

A lazy string (Django's ``gettext_lazy``, Flask-Babel's ``lazy_gettext``) is another text for each reader, and
a proxy (werkzeug's ``LocalProxy``, Django's ``SimpleLazyObject``) stands for something else in each request.
So neither is looked at while an application is wired, only when a message is built.
"""

from __future__ import annotations

import datetime
import decimal
import functools
import inspect
import itertools
import os
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, ParamSpec, TypeAlias, TypeVar

from ondemand_attach._origins import told
from ondemand_attach._seal import sealed, translated
from ondemand_attach.errors import ConfigurationError, MailError, MessageError

P = ParamSpec("P")
T = TypeVar("T")
C = TypeVar("C")
_Wanted: TypeAlias = tuple[tuple[type, ...], str]

# In this order: a bool is an int, and a datetime a date. Django's proxies lack __index__ and the like, but
# pass on methods with a name.
_PLAIN: Final[Mapping[type, Callable[[Any], object]]] = {
    type(None): lambda _: None,
    bool: bool,
    str: str,
    int: lambda value: value.conjugate(),
    float: lambda value: value.conjugate(),
    bytes: bytes,
    decimal.Decimal: lambda value: value.conjugate(),
    datetime.datetime: lambda value: value.replace(),
    datetime.date: lambda value: value.replace(),
    datetime.time: lambda value: value.replace(),
    datetime.timedelta: lambda value: value.__pos__(),
    uuid.UUID: lambda value: uuid.UUID(int=value.int),
    dict: dict,
    list: list,
    tuple: tuple,
}


class _Own(type):
    """Stands for a class of this library, which may be loaded only when somebody makes one, by its name."""

    def __instancecheck__(cls, value: object) -> bool:
        return issubclass(value.__class__, cls)  # also of a proxy

    def __subclasscheck__(cls, other: type) -> bool:
        names = {one.__name__ for one in other.__mro__ if f"{one.__module__}.".startswith(f"{__package__}.")}
        return cls.__name__ in names


def _own(name: str) -> tuple[type, ...]:
    return (_Own(name, (), {}),)


_WORDS: Final[Mapping[str, _Wanted]] = {
    "str": ((str,), "text"),
    "bytes": ((bytes, bytearray, memoryview), "bytes, such as those of a file, not its path"),
    "bool": ((bool,), "True or False"),
    "int": ((int,), "a whole number"),
    "float": ((int, float), "a number"),
    "datetime.datetime": ((datetime.datetime,), "a datetime"),
    "Iterable": ((Iterable,), "several"),
    "Collection": ((Iterable,), "several"),
    "Sequence": ((Iterable,), "several"),
    "Mapping": ((Mapping,), "a mapping"),
    "str | os.PathLike": ((str, os.PathLike), "the path of a folder"),
    "AttachmentRequest": (_own("AttachmentRequest"), "the AttachmentRequest that a builder hands over"),
    "Document": (_own("Document"), "a Document, such as a generator returns"),
    "Message": (_own("Message"), "a Message, such as MessageBuilder.build() returns"),
    "MessageBuilder": (_own("MessageBuilder"), "a MessageBuilder"),
    "RenderPool": (_own("RenderPool"), "a RenderPool"),
}
"""The types that each of these annotations means, and how they are called."""
_SIMPLE: Final = frozenset(_PLAIN)
_ANYTHING: Final[_Wanted] = ((), "")  # for what is no parameter


def _meant(annotation: object) -> _Wanted | None:
    """Return what an annotation asks for, if that is something plain."""
    name = str(annotation)
    kinds, words = _WORDS.get(name.removesuffix(" | None").partition("[")[0], ((), ""))
    return (
        ((*kinds, type(None)), words)
        if kinds and name.endswith(" | None")
        else (kinds, words)
        if kinds
        else None
    )


class Lazy:
    """A text that is asked for when a message is built. A pickle leaves out what gives it.

    Args:
        number: by which it is known again in another process.
        source: the lazy string or proxy.
    """

    __slots__ = ("number", "source")
    _numbers = itertools.count(1)

    def __init__(self, source: object, number: int | None = None) -> None:
        self.source, self.number = source, number or next(self._numbers)

    def now(self, what: str) -> str:
        """Return the text that it is at this moment.

        Raises:
            MessageError: it failed, or is no text.
        """
        value = plain(self.source, what)
        if not isinstance(value, str):
            raise MessageError(f"the lazy text given to {what} is {kind(value)} now; it must be text")
        return value

    def __reduce__(self) -> tuple[Any, ...]:
        return Lazy, (None, self.number)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Lazy) and other.number == self.number

    def __hash__(self) -> int:
        return self.number


def is_lazy(value: object) -> bool:
    """Whether *value* stands for a text without being one: it says so, or can do what only a text can."""
    if isinstance(value, str) and issubclass(type(value), str):
        return False
    try:
        return isinstance(value, str) or (
            not isinstance(value, type) and callable(getattr(value, "casefold", None))
        )
    except Exception:  # noqa: BLE001 - a proxy of what is not there yet, outside of a request
        return True


def text(value: object, what: str, wanted: str = "text") -> str | Lazy:
    """Return *value* as plain text, or as one that is asked for later.

    Args:
        value: what the application gave.
        what: to which argument.
        wanted: what it takes.

    Raises:
        ConfigurationError: it is no text.
    """
    if isinstance(value, str) and issubclass(type(value), str):
        return str.__str__(value)  # also of Markup, or of a member of an enumeration
    if is_lazy(value):
        return Lazy(value)
    raise ConfigurationError(f"{what} takes {wanted}, not {kind(value)}")


def fixed(value: object, what: str, wanted: str = "text") -> str:
    """Return *value* as plain text that is known now.

    Raises:
        ConfigurationError: it is no text, or a lazy one.
    """
    found = text(value, what, wanted)
    if isinstance(found, Lazy):
        raise ConfigurationError(_lazy(what, wanted, value))
    return found


def plain(value: Any, what: str) -> Any:
    """Return what a proxy or a lazy string stands for now, if it is something plain; else *value*.

    Raises:
        MessageError: it failed.
    """
    return translated(
        lambda: _plain(value),
        lambda error: MessageError(f"{what} cannot be asked for its value: {kind(value)}, {told(error)}"),
    )


def _plain(value: Any) -> Any:
    says = value.__class__
    if says is not type(value):
        for known, convert in _PLAIN.items():
            if issubclass(says, known):
                return convert(value)
    return str(value) if is_lazy(value) else value


def kind(value: object) -> str:
    """Say what *value* is without saying it."""
    if value is None:
        return "None"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if type(value) is str:
        return "text"
    name = type(value).__name__
    return f"a lazy text ({name})" if is_lazy(value) else f"a value of type {name}"


def shown(value: object) -> str:
    """Return *value* if it is a word of the code, such as the name of an option, else what it is."""
    return repr(value) if type(value) is str and len(value) < 30 else kind(value)


def _lazy(what: str, wanted: str, value: object) -> str:
    return (
        f"{what} takes {wanted} that is known now, not {kind(value)}, which would be the same for everyone "
        "from here on; give str() of it"
    )


def checked(
    function: Callable[P, T],
    /,
    *,
    failure: type[MailError] = ConfigurationError,
    name: str | None = None,
) -> Callable[P, T]:
    """Refuse arguments of *function* that are not of the plain type which its signature names, or are lazy.

    Args:
        function: what is called.
        failure: what is raised.
        name: what callers call it, if that is not its own name.
    """
    parameters = inspect.signature(function).parameters.values()
    names = [parameter.name for parameter in parameters if parameter.kind is not parameter.VAR_POSITIONAL]
    rest = [parameter.name for parameter in parameters if parameter.kind is parameter.VAR_POSITIONAL]
    wanted = {parameter.name: _meant(parameter.annotation) for parameter in parameters}
    called = name or function.__qualname__.removesuffix(".__init__").removeprefix("MessageBuilder.")

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        placed = zip(itertools.chain(names, itertools.cycle(rest)), args, strict=False)
        problem = _first_problem(called, wanted, itertools.chain(placed, kwargs.items()))
        if problem is None:
            return function(*args, **kwargs)
        del args, kwargs  # a traceback that captures locals shows them
        raise failure(problem)

    return call


def checked_as(failure: type[MailError]) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Do as `checked`, and raise *failure*."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        return checked(function, failure=failure)

    return decorate


def checked_fields(failure: type[MailError] = ConfigurationError) -> Callable[[type[C]], type[C]]:
    """Do as `checked` for what makes a dataclass, and raise *failure*. It goes above ``@dataclass``.

    What is wrong is said without the values, so the frames that hold them do not hang on the error either.
    """

    def decorate(cls: type[C]) -> type[C]:
        cls.__init__ = checked(sealed(cls.__init__), failure=failure, name=cls.__name__)  # type: ignore[method-assign]
        return cls

    return decorate


def _first_problem(
    called: str, wanted: Mapping[str, _Wanted | None], arguments: Iterable[tuple[str, object]]
) -> str | None:
    for name, value in arguments:
        meant = wanted.get(name, _ANYTHING)
        if type(value) in (meant[0] if meant else _SIMPLE):  # nearly always
            continue
        if meant is not _ANYTHING and (problem := _problem(f"{called}({name}=…)", value, meant)):
            return problem
    return None


def _problem(what: str, value: object, wanted: _Wanted | None) -> str | None:
    if wanted is None:
        return _lazy(what, "what", value) if is_lazy(value) else None
    kinds, words = wanted
    if (issubclass(type(value), kinds) or _is_own(value, kinds)) and not _is_mistaken(value, kinds):
        return None
    may_be_text = type(kinds[0]) is not _Own
    if may_be_text and is_lazy(value):
        return _lazy(what, words, value)
    return f"{what} takes {words}, not {kind(value)}"


def _is_own(value: object, kinds: tuple[type, ...]) -> bool:
    """Whether *value* is of this library, or a proxy of what is."""
    return type(kinds[0]) is _Own and isinstance(value, kinds[0])


def _is_mistaken(value: object, kinds: tuple[type, ...]) -> bool:
    """Whether *value* is of these *kinds* to Python alone: True is a number, and a text has letters in it."""
    if isinstance(value, bool):
        return bool not in kinds
    return (Iterable in kinds or Mapping in kinds) and (isinstance(value, str | bytes) or is_lazy(value))
