"""Data that was pasted into the source of a template, a name or the like, with an f-string, say.

Text of a template is the same for everyone, and so explains a value that stands in it. A source such as
``f"For {name}"`` is not: it is made anew for each customer, and no guard can see it. Where the function that
gave the source holds its fixed parts as constants, ``"For "``, what stands between them was pasted in.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator
from typing import Final

_BLANK: Final = re.compile(r"%[^a-zA-Z%\s]*[a-zA-Z]|\{[^{}]*\}")  # of % and of format()
_LETTERS: Final = re.compile(r"(?:[^\W\d_][^a-zA-Z]*){3}")  # fewer are a separator or a tag


_BEFORE_ADDRESS: Final = " <"


def pasted(*sources: object) -> tuple[str, ...]:
    """Return what the caller of the caller has pasted into *sources*, as far as its constants show it."""
    code = sys._getframe(2).f_code  # noqa: SLF001 - inspect.currentframe() is this and a test for other Pythons
    constants = [constant for constant in code.co_consts if isinstance(constant, str)]
    made = [source for source in sources if isinstance(source, str) and source not in constants]
    # What is written in a module is the same for everyone.
    if not made or code.co_name == "<module>":
        return ()
    parts = {part for constant in constants for part in _BLANK.split(constant)}
    found = [each for source in made for each in _between(source, parts)]
    return tuple(each for each in found if each == each.strip())  # a space at an end is a constant's


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
