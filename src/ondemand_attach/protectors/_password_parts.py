"""Which part of a password is secret: what comes of confidential values."""

from __future__ import annotations

import contextlib
import datetime
import decimal
import string
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from ondemand_attach._confidential import Guard
from ondemand_attach._message import AttachmentRequest
from ondemand_attach._template_facts import Path, facts
from ondemand_attach.errors import MailError

_SEPARATORS: Final = " -_./,:;()+"
_SIGNS: Final = "".join(sorted({*string.punctuation} - {*_SEPARATORS}))
_ALPHABETS: Final = (string.ascii_lowercase, string.ascii_uppercase, "123456789", _SIGNS)
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
    candidates = [_varying(password, template, request, public)]
    if facts(template).is_whole:
        paths = sorted(facts(template).lookups)
        candidates.append(" ".join(text for path in paths for text in _texts(request.context, public, path)))
    return min(candidates, key=lambda text: sum(map(str.isalnum, text)))


def _varying(password: str, template: str, request: AttachmentRequest, public: Any) -> str:
    other = ""
    with contextlib.suppress(MailError):  # a filter of the application may know real values only
        other = replace(request, context=_disguised(request.context, public)).secret(template)
    if len(other) != len(password):  # what is confidential decides what is written
        return password
    varying = (a for a, b in zip(password, other, strict=True) if a != b or a in _SEPARATORS)
    return "".join(varying).strip(_SEPARATORS)


def _below(public: Any, name: str) -> Any:
    """Return the public view of a value in a mapping; None if it is confidential, as all below it is."""
    below = public.get(name) if isinstance(public, Mapping) else None
    return None if isinstance(below, Guard) else below


def _disguised(full: Any, public: Any) -> Any:
    if isinstance(full, Mapping):
        return {name: _disguised(value, _below(public, name)) for name, value in full.items()}
    if isinstance(full, list | tuple):
        views = public if isinstance(public, list) else [None] * len(full)
        return [_disguised(value, _open(view)) for value, view in zip(full, views, strict=True)]
    return _other(full) if public is None else full


def _open(view: Any) -> Any:
    return None if isinstance(view, Guard) else view


def _other(value: Any) -> Any:
    """Return another value that is written with as many letters, digits and signs."""
    match value:
        case str():
            return "".join(map(_other_letter, value)).translate(_OTHER)
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


def _other_letter(letter: str) -> str:
    return ("ш" if letter != "ш" else "ж") if letter.isalpha() and not letter.isascii() else letter


def _texts(full: Any, public: Any, path: Path) -> Iterator[str]:
    """Yield the confidential texts at *path* and below."""
    if isinstance(full, Mapping):
        for name in full if not path else path[:1]:
            if name in full:
                yield from _texts(full[name], _below(public, name), path[1:])
    elif isinstance(full, list | tuple):
        views = public if isinstance(public, list) else [None] * len(full)
        for value, view in zip(full, views, strict=True):
            yield from _texts(value, _open(view), path)
    elif public is None and full is not None:
        yield str(full)
