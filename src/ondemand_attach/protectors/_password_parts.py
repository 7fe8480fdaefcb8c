"""Which part of a password is secret: what comes of confidential values."""

from __future__ import annotations

import contextlib
import datetime
import decimal
import itertools
import string
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from ondemand_attach._confidential import Guard
from ondemand_attach._message import AttachmentRequest
from ondemand_attach._template_facts import Path, facts
from ondemand_attach.errors import MailError
from ondemand_attach.protectors._characters import SEPARATORS

_SIGNS: Final = "".join(sorted({*string.punctuation} - {*SEPARATORS}))
_ALPHABETS: Final = (string.ascii_lowercase, string.ascii_uppercase, "123456789", _SIGNS)
_MOST: Final = 1_000  # characters of a value, which may have millions; a password has 126
_OTHER: Final = str.maketrans(
    "0" + "".join(_ALPHABETS), "1" + "".join(alphabet[1:] + alphabet[0] for alphabet in _ALPHABETS)
)


def secret_part(password: str, template: str, request: AttachmentRequest) -> str:
    """Return what of *password* is secret: its *template* made it of the data of *request*.

    The template is rendered once more, with other confidential values of the same form. What stays the same
    is fixed text or public. No password holds more than the values that it is made of, so these count if they
    are shorter: a hash, or a text for each of two cases, makes nothing stronger.
    """
    public = request.public_view() if request.public_view else None
    known = facts(template)
    names = {path[0] for path in known.lookups} if known.is_whole else {*request.context}
    candidates = [_varying(password, template, request, _disguised(request.context, public, names))]
    if known.is_whole:
        paths = sorted(known.lookups)
        candidates.append(" ".join(text for path in paths for text in _texts(request.context, public, path)))
    return min(candidates, key=lambda text: sum(map(str.isalnum, text)))


def _varying(password: str, template: str, request: AttachmentRequest, context: Mapping[str, Any]) -> str:
    other = ""
    with contextlib.suppress(MailError):  # a filter of the application may know real values only
        other = replace(request, context=context).secret(template)
    if len(other) != len(password):  # what is confidential decides what is written
        return password
    varying = (a for a, b in zip(password, other, strict=True) if a != b or a in SEPARATORS)
    return "".join(varying).strip(SEPARATORS)


def _below(public: Any, name: str) -> Any:
    """Return the public view of a value in a mapping; None if it is confidential, as all below it is."""
    below = public.get(name) if isinstance(public, Mapping) else None
    return None if isinstance(below, Guard) else below


def _each(values: Sequence[Any], public: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each element of a list, with its public view."""
    is_known = isinstance(public, list) and len(public) == len(values)
    for value, view in zip(values, public if is_known else itertools.repeat(None), strict=False):
        yield value, None if isinstance(view, Guard) else view


def _disguised(full: Any, public: Any, names: Collection[str] | None = None) -> Any:
    """Return data of the same form with other confidential values; only in *names*, if they are given."""
    if isinstance(full, Mapping):
        wanted = full if names is None else names
        return {n: _disguised(v, _below(public, n)) if n in wanted else v for n, v in full.items()}
    if isinstance(full, list | tuple):
        return [_disguised(value, view) for value, view in _each(full, public)]
    return _other(full) if public is None else full


def _other(value: Any) -> Any:
    """Return another value that is written with as many letters, digits and signs."""
    match value:
        case str():
            return _other_text(value) if len(value) <= _MOST else "q" * len(value)
        case bool():
            return value
        case int() | decimal.Decimal() | float():
            with contextlib.suppress(ValueError, ArithmeticError):
                return type(value)(str(value).translate(_OTHER))
        case datetime.date():
            year = 1987 if value.year != 1987 else 2032
            return value.replace(year=year, month=value.month % 12 + 1, day=value.day % 27 + 1)
        case uuid.UUID():
            return uuid.UUID(int=value.int ^ int("1" * 32, 16))
    return value


def _other_text(text: str) -> str:
    foreign = (
        ("ш" if each != "ш" else "ж") if each.isalpha() and not each.isascii() else each for each in text
    )
    return "".join(foreign).translate(_OTHER)


def _texts(full: Any, public: Any, path: Path) -> Iterator[str]:
    """Yield the confidential texts at *path* and below."""
    if isinstance(full, Mapping):
        for name in full if not path else path[:1]:
            if name in full:
                yield from _texts(full[name], _below(public, name), path[1:])
    elif isinstance(full, list | tuple):
        for value, view in _each(full, public):
            yield from _texts(value, view, path)
    elif public is None and full is not None:
        yield str(full)[:_MOST]
