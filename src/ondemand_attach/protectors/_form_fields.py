"""Form fields with a value that their appearance does not show (ISO 32000-2 section 12.7.4.3).

/NeedAppearances asks readers to draw fields from their values. A signature ends that: what is signed must not
look otherwise from one reader to the next. Then readers show the appearances that are there, blank or not.
"""

# mypy: disallow-untyped-calls=False
# pyHanko brings types for a part of itself only.

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any, Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.writer import BasePdfFileWriter

from ondemand_attach.errors import SigningError

_DRAWS: Final = re.compile(rb"\b(?:Tj|TJ|Do)\b|[)>]\s*['\"]")
_PAINTS: Final = re.compile(rb"(?<![/A-Za-z0-9])(?:[BFSbfs]|Do|EI|TJ|Tj|sh)(?![A-Za-z0-9])|[)>]\s*['\"]")
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
        if _lacks_tick(field, value) if kind == "/Btn" else kind in _OF_TEXT and value and _is_blank(field):
            raise SigningError(
                f"field {place} of the form has a value that readers are asked to draw (NeedAppearances); "
                "once the document is signed, they do not; have the fields drawn before, as pikepdf's "
                "generate_appearance_streams() does, or export it without form fields"
            )


def free_name(root: generic.DictionaryObject, wished: str) -> str:
    """Return *wished*, or a name like it that no field of the form has but an empty one for a signature."""
    fields = _listed(_at(root, "/AcroForm"), "/Fields")
    taken = {str(_at(each, "/T")) for each in fields if _at(each, "/FT") != "/Sig" or _at(each, "/V")}
    names = itertools.chain([wished], (f"{wished} {number}" for number in itertools.count(2)))
    return next(name for name in names if name not in taken)


def put_in_order(writer: BasePdfFileWriter) -> None:
    """Leave only references to fields in the list of them; readers pass over all else, pyHanko does not.

    Args:
        writer: of the document that is about to be signed.
    """
    root = writer.root
    if "/AcroForm" in root and not isinstance(_at(root, "/AcroForm"), generic.DictionaryObject):
        del root["/AcroForm"]
        writer.update_root()
    form = _at(root, "/AcroForm")
    listed = _at(form, "/Fields")
    given = list(listed) if isinstance(listed, generic.ArrayObject) else None
    if form is None or given == (sound := list(_references(writer, given or []))):
        return
    form[generic.NameObject("/Fields")] = generic.ArrayObject(sound)
    writer.update_container(form)


def _references(writer: BasePdfFileWriter, given: list[Any]) -> Iterator[generic.IndirectObject]:
    for each in given:
        if isinstance(each.get_object(), generic.DictionaryObject):
            yield each if isinstance(each, generic.IndirectObject) else writer.add_object(each)


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
    return isinstance(normal, generic.StreamObject) and not _has(normal, _DRAWS)


def _lacks_tick(field: Any, value: Any) -> bool:
    """Whether a box or button is ticked, and its appearances do not show it."""
    states, state = _at(_at(field, "/AP"), "/N"), _at(field, "/AS")
    if not isinstance(states, generic.DictionaryObject) or isinstance(states, generic.StreamObject):
        return False
    wanted = value if isinstance(value, generic.NameObject) and value in states else state
    if not isinstance(wanted, generic.NameObject) or wanted == "/Off":
        return False
    shown = _at(states, wanted)
    return wanted != state or not (isinstance(shown, generic.StreamObject) and _has(shown, _PAINTS))


def _has(appearance: generic.StreamObject, operators: re.Pattern[bytes]) -> bool:
    return len(appearance.encoded_data) > _LARGE or operators.search(appearance.data) is not None
