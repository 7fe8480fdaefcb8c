"""Form fields with a value whose appearance is blank (ISO 32000-2 section 12.7.4.3).

/NeedAppearances asks readers to draw fields from their values. A signature ends that: what is signed must not
look otherwise from one reader to the next. Then readers show the appearances that are there, blank or not.
"""

# mypy: disallow-untyped-calls=False
# pyHanko brings types for a part of itself only.

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from pyhanko.pdf_utils import generic

from ondemand_attach.errors import SigningError

_DRAWS: Final = re.compile(rb"\b(?:Tj|TJ|Do)\b|[)>]\s*['\"]")
_OF_TEXT: Final = {"/Tx", "/Ch"}
_MOST_FIELDS: Final = 10_000
_LARGE: Final = 1 << 16  # bytes; what is larger draws something


def check_drawn(root: generic.DictionaryObject) -> None:
    """Refuse to sign a form of which a value would no longer be seen.

    Args:
        root: the document catalog.

    Raises:
        SigningError: there is such a value.
    """
    form = _at(root, "/AcroForm")
    if not _at(form, "/NeedAppearances"):
        return
    for place, (field, kind, value) in enumerate(_fields(form), 1):
        if kind in _OF_TEXT and value and _is_blank(field):
            raise SigningError(
                f"field {place} of the form has a value that readers are asked to draw (NeedAppearances); "
                "once the document is signed, they do not; have the fields drawn before, as pikepdf's "
                "generate_appearance_streams() does"
            )


def _fields(form: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Yield what shows a field, with the kind and the value, which may be its parent's."""
    waiting: list[tuple[Any, Any, Any]] = [(each, None, None) for each in reversed(_listed(form, "/Fields"))]
    for _ in range(_MOST_FIELDS):
        if not waiting:
            return
        field, kind, value = waiting.pop()
        kind, value = _at(field, "/FT") or kind, _at(field, "/V") or value
        if kids := _listed(field, "/Kids"):
            waiting += [(kid, kind, value) for kid in reversed(kids)]
        else:
            yield field, kind, value


def _at(owner: Any, name: str) -> Any:
    return owner[name] if isinstance(owner, generic.DictionaryObject) and name in owner else None


def _listed(owner: Any, name: str) -> list[Any]:
    """Return the dictionaries in the array *name*."""
    found = _at(owner, name)
    each = [one.get_object() for one in found] if isinstance(found, generic.ArrayObject) else []
    return [one for one in each if isinstance(one, generic.DictionaryObject)]


def _is_blank(field: Any) -> bool:
    """Whether there is an appearance that draws nothing; readers make one where there is none at all."""
    normal = _at(_at(field, "/AP"), "/N")
    if not isinstance(normal, generic.StreamObject):
        return False
    return len(normal.encoded_data) <= _LARGE and _DRAWS.search(normal.data) is None
