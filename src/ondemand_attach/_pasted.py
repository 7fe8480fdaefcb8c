"""Data that was pasted into the source of a template, a name or the like, with an f-string, say.

Text of a template is the same for everyone, and so explains a value that stands in it. A source such as
``f"For {name}"`` is not: it is made anew for each customer, and no guard can see it. Two things tell:

- The function that gave the source holds its fixed parts as constants, ``"For "``; what stands between them
  was put in.
- It holds what it puts in, too: in a variable, or in an object that one leads to.

A source that is itself a constant is fixed, and so is what is made while a module is imported.
"""

from __future__ import annotations

import contextlib
import datetime
import html
import itertools
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from types import (
    CodeType,
    FrameType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any, Final

from ondemand_attach._leaks._folding import words
from ondemand_attach._leaks._forms import forms

_BLANK: Final = re.compile(  # of %, of format(), of string.Template; and where dedent() takes something out
    r"%[^a-zA-Z%\s]*[a-zA-Z]|\{[^{}]*\}|\$\{?[a-zA-Z_]\w*\}?|\n\s*"
)
_LETTERS: Final = re.compile(r"(?:[^\W\d_][^a-zA-Z]*){3}")  # fewer are a separator or a tag
_FIGURES: Final = int | float | Decimal | datetime.date
_CODE: Final = ModuleType | FunctionType | MethodType | CodeType | FrameType | type
_DESCRIPTORS: Final = (GetSetDescriptorType, MemberDescriptorType)
_NOT_DATA: Final = {"jinja2", "ondemand_attach"}
_SHORTEST, _LONGEST = 4, 2000  # characters of what is looked for; fewer the search does not find
_MOST = 1000  # objects that are looked at
_CALLERS = 5
_DEPTH = 4  # a task, its order, the customer of that, the name


_BEFORE_ADDRESS: Final = " <"


def pasted(*sources: object) -> tuple[str, ...]:
    """Return what the caller of the caller has pasted into *sources*, as far as can be seen."""
    frame = sys._getframe(2)  # noqa: SLF001 - inspect.currentframe() is this and a test for other Pythons
    texts = [_plain(source) for source in sources if _is(source, str)]
    made = [text for text in texts if text not in frame.f_code.co_consts]
    if not made or _is_importing(frame):
        return ()
    held = list(_held(frame, made))
    parts = {*_parts(each for each in _written(frame) if each not in held), *_parts(_shared(frame))}
    # What stands there as a whole may be data of a test or a script: no end of what is put in.
    ends = parts - {each.lower() for each in _shared(frame) if any(each in text for text in made)}
    found = [each for text in made for each in _between(text.lower(), ends)]
    # A space at an end is a constant's.
    between = [each for each in found if each == each.strip()]
    return tuple(dict.fromkeys([*_beyond(parts, held, made), *between]))


def _parts(constants: Iterable[str]) -> Iterator[str]:
    for constant in constants:
        for text in dict.fromkeys((constant, html.escape(constant))):
            yield from _BLANK.split(text.lower())


def _beyond(parts: Collection[str], held: Collection[str], made: Collection[str]) -> Iterator[str]:
    """Yield what of *held* stands in *made* elsewhere than in one of the fixed *parts*."""
    fixed = [part for part in map(words, parts) if len(part) >= _SHORTEST] if held else []
    for form in held:
        each = words(form).strip()
        left = words("\n".join(made))
        for part in fixed:
            left = left.replace(part.strip(), " ") if each in part else left
        if each.replace(" ", "") in left.replace(" ", "") or not any(each in part for part in fixed):
            yield form


def _is_importing(frame: FrameType | None) -> bool:
    """Whether all of this happens once, and for everyone."""
    while frame is not None:
        if frame.f_globals.get("__name__") == "importlib._bootstrap":
            return True
        frame = frame.f_back
    return False


def _written(frame: FrameType) -> Iterator[str]:
    """Yield the texts in the code of a function."""
    yield from (constant for constant in frame.f_code.co_consts if isinstance(constant, str))


def _shared(frame: FrameType) -> Iterator[str]:
    """Yield the texts of its module that a function names, those in a settings object and a helper too."""
    is_script = frame.f_globals.get("__name__") == "__main__"
    for name in frame.f_code.co_names:
        if is_script and not name.isupper():  # what the script works on may be global there
            continue
        value = frame.f_globals.get(name)
        inner = value if type(value) is dict else _fields(value)
        is_named = _is(value, ModuleType | type)  # which hold much that has nothing to do with it
        names = [each for each in frame.f_code.co_names if each in inner] if is_named else list(inner)
        for known in (value, *(inner[each] for each in names)):
            nested = known.__code__.co_consts if _is(known, FunctionType) else [known]
            yield from (_plain(text) for text in nested if _is(text, str))


def _held(frame: FrameType | None, made: Collection[str]) -> Iterator[str]:
    """Yield what of *made* the function holds, and whoever called it, if the text came from there."""
    folded = words("\n".join(itertools.chain.from_iterable((text, html.unescape(text)) for text in made)))
    glued = folded.replace(" ", "")
    for _ in range(_CALLERS):
        if frame is None:
            return
        held = dict(frame.f_locals)
        # By its name a constant is one: the place of the shop, in a script.
        found = [value for name, value in held.items() if not name.isupper()]
        yield from (form for form in _leaves(found) if words(form).replace(" ", "") in glued)
        code = frame.f_code
        given = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        texts = [_plain(held[name]) for name in given if _is(held.get(name), str)]
        if not any(words(text).strip() and words(text).strip() in folded for text in texts):
            return
        frame = frame.f_back


def _leaves(found: list[Any]) -> Iterator[str]:
    """Yield how the values are written that *found* leads to, the nearest first."""
    seen: set[int] = set()
    queue = iter(found)
    for value in itertools.islice(_spread(queue, seen), _MOST):
        written = [value]
        if not _is(value, str) or any(map(str.isdigit, value)):
            with contextlib.suppress(Exception):  # of a class of the application, which is not our business
                written = list(forms(value))
        yield from (form for form in written if _is(form, str) and sum(map(str.isalnum, form)) >= _SHORTEST)


def _spread(queue: Iterator[Any], seen: set[int]) -> Iterator[Any]:
    row = list(queue)
    for _ in range(_DEPTH):
        following: list[Any] = []
        for value in row[:_MOST]:
            if _is(value, str):
                if str.__len__(value) <= _LONGEST:
                    yield _plain(value)
            elif _is(value, _FIGURES):
                yield value
            elif id(value) not in seen:
                seen.add(id(value))
                following += _inside(value)
        row = following[:_MOST]


def _is(value: object, kind: Any) -> bool:
    """Do as `isinstance`, which asks a lazy object what it stands for."""
    return issubclass(type(value), kind)


def _plain(text: Any) -> str:
    """Return a text without what a class of its own makes of it."""
    return str.__str__(text)


def _inside(value: Any) -> Collection[Any]:
    """Return what an object leads to, without asking it: a property may be a question to a database."""
    if _is(value, dict):
        return dict.values(value)
    for rows in (list, tuple, set, frozenset):
        if _is(value, rows):
            return [*rows.__iter__(value)]
    kind = type(value)
    is_record = any("__dataclass_fields__" in vars(one) for one in kind.__mro__)
    is_data = is_record or str(vars(kind).get("__module__")).partition(".")[0] not in _NOT_DATA
    if _is(value, _CODE) or not is_data:
        return ()
    slots = [
        each for one in kind.__mro__ for each in vars(one).values() if type(each) is MemberDescriptorType
    ]
    return [*_fields(value).values(), *_in_slots(value, slots)]


def _fields(value: object) -> Mapping[str, Any]:
    """Return the attributes of an object. A proxy makes up its ``__dict__``, and is not asked for it."""
    found = (vars(one).get("__dict__") for one in type(value).__mro__)
    own: Any = next((each for each in found if type(each) in _DESCRIPTORS), None)
    return own.__get__(value) if own else {}


def _in_slots(value: object, slots: list[Any]) -> Iterator[Any]:
    for slot in slots:
        try:
            yield slot.__get__(value)
        except AttributeError:  # nothing was put there
            continue


def _between(source: str, parts: Collection[str]) -> Iterator[str]:
    """Yield what of *source* stands between *parts*, or between one and the end."""
    spans = sorted(
        (at, at + len(part))
        for part in parts
        if _LETTERS.search(part) or part == _BEFORE_ADDRESS
        for at in _places(source, part)
    )
    end = 0
    for start, stop in [*spans, (len(source), len(source))] if spans else ():
        if start > end:
            yield from _without_tags(source[end:start], parts)
        end = max(end, stop)


def _without_tags(text: str, parts: Collection[str]) -> Iterator[str]:
    """Yield *text*, also without a short constant at either end, such as ``</p>``."""
    yield text
    ends = [part for part in parts if len(part.strip()) > 1]
    before = max((part for part in ends if text.startswith(part)), key=len, default="")
    after = max((part for part in ends if text.endswith(part)), key=len, default="")
    yield text.removeprefix(before).removesuffix(after)


def _places(source: str, part: str) -> Iterator[int]:
    at = source.find(part)
    while at >= 0:
        yield at
        at = source.find(part, at + 1)
