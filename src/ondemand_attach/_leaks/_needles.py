"""What is searched for, and what it takes for it to be found."""

from __future__ import annotations

import codecs
import functools
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import time
from typing import NamedTuple

from ondemand_attach._leaks._folding import joins, words, words_of_each
from ondemand_attach._leaks._forms import LONGEST, day_and_clock, forms

SHORTEST = 4
SHORTEST_IN_BINARY = 6
SHORTEST_ANYWHERE = 8
_LONGEST_WORD = 11
_LONGEST_NAME = 32
_NEAR = 24
# No pattern is made of a value: Python keeps patterns.
_CLOCK = re.compile(r"(?<![0-9])(?=([0-9]{1,2})(?: ?h)? ?([0-9]{2})(?: ?[0-9]{2})?(?: ?([ap]) ?m)?(?![0-9]))")
# The first days of a month: without spaces, 1 March is in 11, 21 and 31 March as well.
_FIRST_DAYS = re.compile(
    r"[1-9](?:st|nd|rd|th)? (?:of )?"
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec) [0-9]"
)
_ENCODERS = tuple(map(codecs.getencoder, ("utf-8", "utf-16-le", "utf-16-be", "cp1252")))
# In which files of older programs, and those of other systems, write names; each is a superset of others.
_OLD_CHARSETS = (
    *("cp1250", "iso8859-2", "iso8859-4", "iso8859-16", "cp1251", "koi8-u", "iso8859-5", "cp866", "cp1253"),
    *("cp1254", "cp1255", "cp1256", "cp1257", "cp852", "cp437", "cp850", "mac-roman", "mac-latin2"),
    *("cp932", "euc-jp", "gb18030", "big5hkscs", "cp949"),
)

# Words that a message has whoever receives it.
_MIME_WORDS = """
    text plain html multipart mixed alternative related encrypted signed boundary charset format flowed base64
    quoted-printable attachment inline filename application octet-stream pdf image content type transfer
    encoding disposition mime version message auto submitted generated date subject from sender reply
"""


_Encoder = Callable[[str], tuple[bytes, int]]


class Needle(NamedTuple):
    """A way of writing the value at a path.

    Args:
        path: the marked path.
        text: the folded form: its words, or its letters without spaces if it counts anywhere.
        size: how much it weighs, in letters and digits.
        joins: what must not stand next to it; None if it counts anywhere.
        encoded: the form in the encodings of binary files.
        form: as it was before it was folded; empty if it is ASCII.
        beside: the time of day that has to stand near it; None if nothing has.
    """

    path: str
    text: str
    size: int
    joins: Callable[[str], bool] | None
    encoded: tuple[bytes, ...]
    form: str
    beside: time | None = None

    def __repr__(self) -> str:
        return f"<Needle for {self.path}>"

    def is_in(self, haystack: str, glued: str) -> bool:
        """Whether it is in the words of *haystack*, which are *glued* together without spaces as well."""
        if self.joins is None:
            return self.text in glued
        at = haystack.find(self.text)
        while at >= 0:
            end = at + len(self.text)
            is_whole = not self.joins(haystack[at - 1]) and not self.joins(haystack[end])
            if is_whole and self._is_beside(haystack[max(0, at - _NEAR) : at], haystack[end : end + _NEAR]):
                return True
            at = haystack.find(self.text, at + 1)
        return False

    def _is_beside(self, *near: str) -> bool:
        return self.beside is None or any(_says(text, self.beside) for text in near)


def _says(text: str, clock: time) -> bool:
    """Whether the folded *text* holds a time of day: 14 30, 2 30 pm."""
    found = ((int(hour), int(minute), half) for hour, minute, half in _CLOCK.findall(text))
    return any(
        ((hour % 12 + (half == "p") * 12) if half else hour, minute) == (clock.hour, clock.minute)
        for hour, minute, half in found
    )


def needles_for(
    values: Sequence[tuple[str, object]], own_words: Iterable[str], disclosed: Iterable[object]
) -> list[Needle]:
    """Return what to search for, but for what the application says itself."""
    own_words = tuple(own_words)
    own = _own(own_words)
    public = words("\n".join(form for value in disclosed for form in forms(value)))
    glued = public.replace(" ", "")
    written = [(path, form) for path, value in values for form in forms(value)]
    texts = words_of_each([form for _, form in written])
    needles = (_needle(path, form, text) for (path, form), text in zip(written, texts, strict=True))
    unique: dict[tuple[str, str], Needle] = {}
    for needle in filter(None, itertools.chain(needles, *itertools.starmap(_points_of_time, values))):
        unique.setdefault((needle.path, needle.text), needle)
    long = {path for path, value in values if isinstance(value, str) and len(value) > LONGEST}
    own_text = _glued("\n".join(own_words)) if long else ""
    return [
        needle
        for needle in unique.values()
        # Only a single plain word: a number or a name in a template's source is data that was pasted into it.
        if not (needle.text in own and needle.text.isalpha() and len(needle.text) <= _LONGEST_WORD)
        and not needle.is_in(public, glued)
        # Nor a part of a long text that the templates have as well, such as an address at its foot.
        and not (needle.path in long and len(needle.text) > _LONGEST_NAME and needle.text in own_text)
    ]


@functools.lru_cache(maxsize=64)
def _own(own_words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(words("\n".join((_MIME_WORDS, *own_words))).split())


def _glued(text: str) -> str:
    return words(text).replace(" ", "")


def _points_of_time(path: str, value: object) -> Iterator[Needle]:
    days, clock = day_and_clock(value)
    for text in words_of_each(days) if clock else ():
        yield Needle(path, text, len(text), str.isdigit, (), "", clock)


def _needle(path: str, form: str, text: str) -> Needle | None:
    glued = text.replace(" ", "")
    size = len(glued) if glued.isascii() else sum(1 if joins(character) else 2 for character in glued)
    if size < SHORTEST:
        return None
    form = "" if form.isascii() else form[:LONGEST]
    encoded = tuple(_encodings(form, _ENCODERS)) if form else ()
    is_first_day = _FIRST_DAYS.match(text) is not None
    if size >= SHORTEST_ANYWHERE and not is_first_day:
        return Needle(path, glued[:LONGEST], size, None, encoded, form)
    is_number = is_first_day or (glued.isdigit() and size >= SHORTEST_IN_BINARY)
    return Needle(path, text, size, str.isdigit if is_number else joins, encoded, form)


def in_old_charsets(form: str) -> list[bytes]:
    """Return *form* as files of older programs hold it."""
    return list(_encodings(form, map(codecs.getencoder, _OLD_CHARSETS)))


def in_utf_32(form: str) -> list[bytes]:
    """Return *form* in UTF-32 without a mark."""
    return list(_encodings(form, map(codecs.getencoder, ("utf-32-le", "utf-32-be"))))


def _encodings(form: str, encoders: Iterable[_Encoder]) -> Iterator[bytes]:
    cases = {form, form.upper(), form.lower()}
    for encode in encoders:
        for case in cases:
            try:
                encoded, _ = encode(case)
            except UnicodeEncodeError:  # a question mark in place of a letter may stand for any
                break
            if len(encoded) >= SHORTEST_IN_BINARY:
                yield encoded
