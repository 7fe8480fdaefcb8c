"""What is searched for, and what it takes for it to be found."""

from __future__ import annotations

import codecs
import functools
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from ondemand_attach._leaks._folding import joins, words, words_of_each
from ondemand_attach._leaks._forms import LONGEST, forms

SHORTEST = 4
SHORTEST_IN_BINARY = 6
SHORTEST_ANYWHERE = 8
_LONGEST_WORD = 11
_ENCODERS = tuple(map(codecs.getencoder, ("utf-8", "utf-16-le", "utf-16-be", "cp1252")))

# Words that a message has whoever receives it.
_MIME_WORDS = """
    text plain html multipart mixed alternative related encrypted signed boundary charset format flowed base64
    quoted-printable attachment inline filename application octet-stream pdf image content type transfer
    encoding disposition mime version message auto submitted generated date subject from sender reply
"""


class Needle(NamedTuple):
    """A way of writing the value at a path.

    Args:
        path: the marked path.
        text: the folded form: its words, or its letters without spaces if it counts anywhere.
        size: how much it weighs, in letters and digits.
        joins: what must not stand next to it; None if it counts anywhere.
        encoded: the form in the encodings of binary files.
    """

    path: str
    text: str
    size: int
    joins: Callable[[str], bool] | None
    encoded: tuple[bytes, ...]

    def __repr__(self) -> str:
        return f"<Needle for {self.path}>"

    def is_in(self, haystack: str, glued: str) -> bool:
        """Whether it is in the words of *haystack*, which are *glued* together without spaces as well."""
        if self.joins is None:
            return self.text in glued
        at = haystack.find(self.text)
        while at >= 0:
            if not self.joins(haystack[at - 1]) and not self.joins(haystack[at + len(self.text)]):
                return True
            at = haystack.find(self.text, at + 1)
        return False


def needles_for(
    values: Iterable[tuple[str, object]], own_words: Iterable[str], disclosed: Iterable[object]
) -> list[Needle]:
    """Return what to search for, but for what the application says itself."""
    own = _own(tuple(own_words))
    public = words("\n".join(form for value in disclosed for form in forms(value)))
    glued = public.replace(" ", "")
    written = [(path, form) for path, value in values for form in forms(value)]
    texts = words_of_each([form for _, form in written])
    needles = (_needle(path, form, text) for (path, form), text in zip(written, texts, strict=True))
    return [
        needle
        for needle in {(needle.path, needle.text): needle for needle in needles if needle}.values()
        # Only a single plain word: a number or a name in a template's source is data that was pasted into it.
        if not (needle.text in own and needle.text.isalpha() and len(needle.text) <= _LONGEST_WORD)
        and not needle.is_in(public, glued)
    ]


@functools.lru_cache(maxsize=64)
def _own(own_words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(words("\n".join((_MIME_WORDS, *own_words))).split())


def _needle(path: str, form: str, text: str) -> Needle | None:
    glued = text.replace(" ", "")
    size = len(glued) if glued.isascii() else sum(1 if joins(character) else 2 for character in glued)
    if size < SHORTEST:
        return None
    encoded = () if form.isascii() else tuple(_encodings(form))
    if size >= SHORTEST_ANYWHERE:
        return Needle(path, glued[:LONGEST], size, None, encoded)
    is_number = glued.isdigit() and size >= SHORTEST_IN_BINARY
    return Needle(path, text, size, str.isdigit if is_number else joins, encoded)


def _encodings(form: str) -> Iterator[bytes]:
    for case in {form, form.upper(), form.lower()}:
        for encode in _ENCODERS:
            encoded, _ = encode(case[:LONGEST], "replace")
            if len(encoded) >= SHORTEST_IN_BINARY:
                yield encoded
