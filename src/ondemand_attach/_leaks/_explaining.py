"""Whether an occurrence of a value is explained: by fixed text of a template, or by a public figure.

A value that stands in the message need not have come from where it is confidential. The imprint names a town
in which customers live, and an order is paid for on the day on which it was made. Whoever is refused for that
gets no mail, for ever. But the same words put there out of the data must still be found, beside the imprint
too. So an occurrence is explained at its place, or not at all:

- The renderings of public templates were recorded piece by piece, what a template says itself apart from
  what its tags wrote.
- Text of a template explains what stands wholly in it, and so does a run of such text with tags between.
- What a tag wrote explains a value that is a figure (a number, an amount, a date) and public as such, and a
  value in a text that the templates hold in an expression or a macro. But it explains nothing if a text of
  the public data that holds the value is in it.
- Text that was pasted into the source of a template explains nothing, nor does an account number there, or
  the address of somebody else than the application; and nothing does in a source that names the recipient.
- What is explained is taken out of the rendering, and what is left is searched again, like the message.

All of this is only done when the search has found something.
"""

from __future__ import annotations

import bisect
import html
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ondemand_attach._leaks import _kinds
from ondemand_attach._leaks._folding import words, words_of_each
from ondemand_attach._leaks._forms import forms
from ondemand_attach._leaks._needles import Needle, needles_for
from ondemand_attach._leaks._searching import found
from ondemand_attach._leaks._views import views
from ondemand_attach._rendering import Piece, Rendering

_BETWEEN_WORDS = re.compile(r"\b")
# Nobody's name, and in ASCII as some header fields want it: what was on both sides of it stays apart.
_TAKEN_OUT = "-xqzx-"
_MOST = 200  # occurrences in one run; what is beyond stays in
_FEW_DIGITS = 5  # of a value that tags may have written in part
_FEW = 3  # letters that may stand between values that were pasted, beside each other
_LITTLE = 12  # letters that may stand beside a figure: a weekday, a currency


class Origin(NamedTuple):
    """Where a value came from, as far as it is known.

    Args:
        template: the template, and
        line: the line of the tag that wrote it.
        path: the path in the public view that holds it.
        is_pasted: whether it stands in the source of the template, and was not always there.
    """

    template: str | None = None
    line: int | None = None
    path: str | None = None
    is_pasted: bool = False


class Owners(NamedTuple):
    """Whose a message is.

    Args:
        domain: of the application's own addresses.
        recipients: the address and the display name of each.
    """

    domain: str
    recipients: Sequence[tuple[str, str]] = ()

    def people(self) -> Iterator[str]:
        """Yield the folded words of what no text names that is the same for everyone."""
        for address, name in self.recipients:
            if _kinds.is_address(address, self.domain):
                yield words(address)
                yield from [words(name)] if len(words(name).split()) > 1 else ()


class Explanation:
    """Tells which occurrences of *values* are explained.

    Args:
        values: those that were found, each under a name of its own.
        public: the leaves of the public view, each with its path.
        disclosed: values that are declared public.
        pasted: what was put into the sources of templates from elsewhere.
        owners: whose the message is.
    """

    def __init__(
        self,
        values: Sequence[tuple[str, object]],
        public: Iterable[tuple[str, object]],
        disclosed: Iterable[object],
        pasted: Iterable[str] = (),
        owners: Owners | None = None,
    ) -> None:
        owners = owners or Owners("")
        disclosed = tuple(disclosed)
        self._values = dict(values)
        self._needles = needles_for(values, (), disclosed)
        self._of: dict[str, list[Needle]] = defaultdict(list)
        for needle in self._needles:
            self._of[needle.path].append(needle)
        leaves = tuple(public)
        written = [form for _, value in leaves if _kinds.is_figure(value) for form in _kinds.figures(value)]
        lines = words_of_each([*written, *(form for value in disclosed for form in forms(value))])
        self._figures = "\n".join(f" {line} " for line in lines if line)
        self._glued_figures = self._figures.replace(" ", "")
        self._carriers = self._found_in(
            [(path, str(v)) for path, v in leaves if not _kinds.is_figure(v) and v is not None]
        )

        self._literals: dict[int, tuple[str, ...]] = {}
        self._lookups: dict[int, frozenset[str]] = {}
        self._seen: dict[str, set[str]] = {}
        self._somebodys = frozenset(
            name
            for name, value in values
            if _kinds.is_account(value) or _kinds.is_address(value, owners.domain)
        )
        self._people = tuple(owners.people())
        self._pasted = set(self._somebodys)
        for text in pasted:
            self._pasted |= self._put_in(text)

    def _put_in(self, text: str) -> set[str]:
        """Return the values in *text*, which was pasted, if it is made of them: a street, a town in it."""
        names = self.in_text(text)
        if any(
            self._is_little_more(name, line, 0)
            for name in names
            for line in (words(text), words(html.unescape(text)))
        ):
            return names
        spans = [span for name in names for span in self._occurrences(name, text, 0, len(text))]
        left = _without(text, spans).replace(_TAKEN_OUT, " ")
        return names if sum(map(str.isalnum, left)) < _FEW else set()

    def _found_in(self, texts: Iterable[tuple[str, str]]) -> Mapping[str, list[tuple[str, str]]]:
        """Return for each value the texts that hold it, folded, with their paths."""
        carriers: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for path, text in dict.fromkeys(texts):
            for name in self.in_text(text):
                carriers[name].append((path, words(text).strip()))
        return carriers

    def in_text(self, text: str) -> set[str]:
        """Return the names of the values in *text*."""
        return set(found(self._needles, [text]))

    def without_explained(self, rendering: Rendering) -> str:
        """Return what *rendering* wrote, without the occurrences that are explained."""
        text = rendering.text
        if not self.in_text(text):
            return text
        pieces = rendering.pieces()
        spans = list(self._in_pieces(rendering, pieces))
        # Few values stand in more than one piece, and to look for all of them in all of the text takes long.
        for name in self.in_text(_without(text, spans)):
            for start, end in self._runs(name, rendering, pieces):
                found_there = self._occurrences(name, text, start, end)
                spans += (span for span in found_there if self._is_mostly_fixed(name, span, pieces))
        return _without(text, spans)

    def _in_pieces(self, rendering: Rendering, pieces: Sequence[Piece]) -> Iterator[tuple[int, int]]:
        """Yield the spans that are explained within one piece."""
        end = 0
        for piece in pieces:
            start, end = end, end + len(piece.text)
            for name in self._names_in(piece.text):
                if self._explaining(name, rendering, pieces)(piece):
                    yield from self._occurrences(name, rendering.text, start, end)

    def _names_in(self, text: str) -> set[str]:
        if text not in self._seen:
            self._seen[text] = self.in_text(text)
        return self._seen[text]

    def is_somebodys(self, name: str) -> bool:
        """Whether the value is one that no text has which is the same for everyone."""
        return name in self._somebodys

    def is_pasted_in(self, text: str) -> bool:
        """Whether *text* holds a value that was pasted into it, as far as is known."""
        return any(self._is_in(name, text) for name in self._pasted)

    def is_figure(self, name: str) -> bool:
        """Whether the value is a figure that is public as well, and no text of the public data holds it."""
        return self._is_public_figure(name) and not self._carriers.get(name)

    def origin(self, name: str, renderings: Iterable[Rendering]) -> Origin:
        """Return which tag has written the value, and from which path in the public view it came."""
        renderings = tuple(renderings)
        for rendering in renderings:
            pieces = rendering.pieces()
            explains = self._explaining(name, rendering, pieces)
            for piece in pieces:
                if piece.place and name in self._names_in(piece.text) and not explains(piece):
                    said = _said(piece.text)
                    paths = [path for path, text in self._carriers.get(name, ()) if _holds(said, text)]
                    paths += self._asked_for(name, rendering)
                    template, line = piece.place()
                    return Origin(template or rendering.name, line, paths[0] if paths else None)
        pasted = (
            each
            for each in renderings
            if (name in self._pasted or self._is_of_one(each)) and self._is_in(name, each.source)
        )
        return next((Origin(each.name, is_pasted=True) for each in pasted), Origin())

    def _runs(self, name: str, rendering: Rendering, pieces: Sequence[Piece]) -> Iterator[tuple[int, int]]:
        """Yield where the pieces that explain the value stand, those together that follow each other."""
        explains = self._explaining(name, rendering, pieces)
        start = end = 0
        for piece in pieces:
            after = end + len(piece.text)
            if not explains(piece):
                yield start, end
                start = after
            end = after
        yield start, end

    def _is_of_one(self, rendering: Rendering) -> bool:
        """Whether the source names the recipient, as one does that was rendered before it was given."""
        source = words(rendering.source) if self._people and rendering.source else ""
        return any(each in source for each in self._people)

    def _is_mostly_fixed(self, name: str, span: tuple[int, int], pieces: Iterable[Piece]) -> bool:
        """Whether tags have written few of the digits in *span*, unless the value is a public figure itself.

        A year may be put behind a fixed day, but a number that was put together of public ones is somebody's.
        """
        if self._is_public_figure(name):
            return True
        end, digits = 0, list[int]()
        for piece in pieces:
            start, end = end, end + len(piece.text)
            if piece.place and start < span[1] and end > span[0]:
                shared = piece.text[max(span[0] - start, 0) : span[1] - start]
                digits += filter(None, [sum(map(str.isdigit, shared))])
        is_amount = _kinds.is_figure(self._values[name]) and len(digits) == 1  # its currency is fixed text
        return is_amount or sum(digits) <= _FEW_DIGITS

    def _explaining(
        self, name: str, rendering: Rendering, pieces: Iterable[Piece]
    ) -> Callable[[Piece], bool]:
        """Return what tells whether a piece of *rendering* explains the value."""
        if (name in self._pasted and self._is_in(name, rendering.source)) or self._is_of_one(rendering):
            return lambda piece: bool(piece.place) and self._is_explained(name, piece.text, ())
        is_by_tag = any(piece.place for piece in pieces) and not self._asked_for(name, rendering)
        literals = self._literals_of(rendering) if is_by_tag else ()
        return lambda piece: not piece.place or self._is_explained(name, piece.text, literals)

    def _literals_of(self, rendering: Rendering) -> tuple[str, ...]:
        if id(rendering) not in self._literals:
            self._literals[id(rendering)] = rendering.literals()
        return self._literals[id(rendering)]

    def _asked_for(self, name: str, rendering: Rendering) -> list[str]:
        """Return the paths of public texts that hold the value and are used by the templates.

        A tag may have written a part of such a text, and not what the template says as well.
        """
        carriers = self._carriers.get(name, ())
        if carriers and id(rendering) not in self._lookups:
            self._lookups[id(rendering)] = rendering.lookups()
        return [path for path, _ in carriers if _is_used(path, self._lookups[id(rendering)])]

    def _is_explained(self, name: str, written: str, literals: Iterable[str]) -> bool:
        """Whether what a tag has *written* explains the value."""
        said = _said(written)
        if not said.strip():
            return True
        if name not in self._names_in(written):  # a part of what stands there, perhaps: the day of a date
            return not _kinds.is_identifying(self._values[name]) and said.partition("\n")[0] in self._figures
        carriers = self._carriers.get(name, ())
        if any(_holds(said, text) for _, text in carriers):
            return False
        if self._is_public_figure(name) and (not carriers or self._is_little_more(name, said)):
            return True
        return any(
            self._is_in(name, literal) and _holds(said, words(literal).strip()) for literal in literals
        )

    def _is_public_figure(self, name: str) -> bool:
        value = self._values[name]
        return _kinds.is_figure(value, is_public=False) and any(
            needle.is_in(self._figures, self._glued_figures) for needle in self._of[name]
        )

    def _is_little_more(self, name: str, said: str, more: int = _LITTLE) -> bool:
        longest = max(needle.size for needle in self._of[name])
        return len(said.partition("\n")[0].replace(" ", "")) <= longest + more

    def _is_in(self, name: str, text: str) -> bool:
        return any(found(self._of[name], [text]))

    def _occurrences(self, name: str, text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the smallest spans of words between *start* and *end* that hold the value, in their order."""
        cuts = [start, *(found.start() for found in _BETWEEN_WORDS.finditer(text, start, end)), end]
        for _ in range(_MOST):
            last = bisect.bisect_left(cuts, True, key=lambda cut: self._is_in(name, text[start:cut]))
            if last == len(cuts):
                return
            before = cuts[: last + 1]
            stop = cuts[last]
            first = (
                bisect.bisect_left(before, True, key=lambda cut: not self._is_in(name, text[cut:stop])) - 1
            )
            if first < 0 or not self._is_in(name, text[before[first] : stop]):
                return
            yield before[first], stop
            start, cuts = stop, cuts[last:]


def _is_used(path: str, lookups: Iterable[str]) -> bool:
    """Whether one of *lookups* is *path*, or leads to it or to a part of it."""
    return any(f"{path}.".startswith(f"{each}.") or f"{each}.".startswith(f"{path}.") for each in lookups)


def _without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    kept: list[str] = []
    at = 0
    for start, end in sorted(spans):
        kept += (text[at:start], _TAKEN_OUT) if start >= at else ()
        at = max(at, end)
    return "".join([*kept, text[at:]])


def _said(text: str) -> str:
    """Return the folded words of *text* in each way in which it may be read, one to a line."""
    return "\n".join(dict.fromkeys(words(view) for view in views(text) if isinstance(view, str)))


def _holds(said: str, text: str) -> bool:
    return f" {text} " in said or (len(text) >= _LITTLE and text.replace(" ", "") in said.replace(" ", ""))
