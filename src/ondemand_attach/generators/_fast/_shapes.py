"""Stories kept by the shape of their document, into which the texts of the next one are put.

Documents of one template differ in text, seldom in structure. The story of a shape, once told by xhtml2pdf,
is laid out again by ReportLab for each document of that shape, without a look at markup and style sheets.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final, cast
from xml.dom import Node
from xml.dom.minidom import Document as Tree

from reportlab.platypus.doctemplate import FrameBreak, NextPageTemplate
from reportlab.platypus.flowables import (
    CondPageBreak,
    Flowable,
    HRFlowable,
    KeepInFrame,
    KeepTogether,
    PageBreak,
    Spacer,
)
from xhtml2pdf.paragraph import PageNumberFlowable
from xhtml2pdf.xhtml2pdf_reportlab import (
    PmlFlowingCell,
    PmlImage,
    PmlKeepInFrame,
    PmlPageCount,
    PmlParagraph,
    PmlParagraphAndImage,
    PmlTable,
)

from ondemand_attach.generators._fast._flowables import BOXES, MAX_TEXT, TextCell, TextParagraph
from ondemand_attach.generators._fast._markup import Cut
from ondemand_attach.generators._fast._pictures import contents, kept_pictures
from ondemand_attach.generators._fast._places import Places
from ondemand_attach.generators._fast._positions import Sight, sight
from ondemand_attach.generators._fast._rows import (
    ALWAYS,
    KeptRow,
    KeptTable,
    form_of_part,
)
from ondemand_attach.generators._fast._states import State
from ondemand_attach.generators._fast._tables import kept_tables, keys
from ondemand_attach.generators._fast._tracking import TrackingContext, Use, Value
from ondemand_attach.generators._fast._unsupported import UnsupportedError
from ondemand_attach.generators._xhtml2pdf_findings import Findings
from ondemand_attach.generators._xhtml2pdf_fonts import coverage
from ondemand_attach.generators._xhtml2pdf_story import Story

_LEAVES: Final = (
    *(PmlParagraph, TextParagraph, PmlImage, Spacer, HRFlowable),
    *(PmlPageCount, PageNumberFlowable),
    *(PageBreak, CondPageBreak, NextPageTemplate, type(FrameBreak)),
)
_CONTAINERS: Final = (PmlKeepInFrame, PmlFlowingCell, TextCell, KeepInFrame, KeepTogether)
_MARKERS: Final = frozenset({"img", "anchor", "barcode", "inlineBox"})


def number_values(tree: Tree, values: Sequence[str]) -> bool:
    """Make the text nodes of *tree* the `Value` that they are; return whether they are just the *values*."""
    nodes = [node for node in _texts(tree) if node.data and not node.data.isspace()]
    if [node.data for node in nodes] != values:
        return False
    for number, node in enumerate(nodes):
        node.data = Value(node.data, number, is_title=node.parentNode.nodeName == "title")
    return True


def _texts(node: Any) -> Iterator[Any]:
    for child in node.childNodes:
        if child.nodeType == Node.TEXT_NODE:
            yield child
        elif child.nodeType == Node.ELEMENT_NODE and child.tagName != "style":
            yield from _texts(child)


class Shape:
    """The story of one structure.

    Args:
        story: told with a `TrackingContext`, before its layout.
        parts: the document that it was told of.
        advice: what was noted while it was told.

    Attributes:
        drawn: how many documents were made from it.

    Raises:
        UnsupportedError: it holds what cannot be laid out again.
    """

    def __init__(self, story: Story, parts: Cut, advice: Collection[str]) -> None:
        context = self._context = cast("TrackingContext", story.context)
        if context.positioned or context.tocs or not context.is_followed:
            raise UnsupportedError
        self.advice = frozenset(advice)
        self._story, self._flow = story, tuple(context.story)
        frames = [
            frame for template in story.templates for frame in (*template.frames, *template.pisaStaticList)
        ]
        static = [part for frame in frames for part in _walk(getattr(frame, "pisaStaticStory", ()))]
        flowables = [*_walk(self._flow), *static]
        uses, links = _uses(context), _links(flowables, context, parts)
        seen = sight(context)
        if Sight.ADDRESSES in seen and (parts.anchors or parts.pictures):
            raise UnsupportedError
        self._sight = seen & ~Sight.ADDRESSES
        self._tables, self._regions = kept_tables(context.tables, parts, uses, links, self._sight)
        self._looks = _looks(parts)
        inside = _within(parts, self._regions)
        place = Places(parts)
        self._uses = [(*place(n), use) for n, found in uses.items() if n not in inside for use in found]
        self._links = [(*place(n), fragment) for n, fragment in links if n not in inside]
        things = [*flowables, *_inside_text(flowables), *story.templates, *frames]
        self._pictures = kept_pictures(things, parts, context)
        followed = {*inside, *uses, *(n for n, _ in links), *(n for n, _ in context.titles)}
        followed |= {picture.number for picture in parts.pictures}
        self._fixed = [(*place(n), _digest(v)) for n, v in enumerate(parts.values) if n not in followed]
        self._outlined = _outlined(flowables, uses)
        self._title = _title(context, parts, place)
        in_rows = {id(state.thing) for region in self._regions.values() for state in region.states}
        in_rows |= {id(table.flowable) for table in self._tables}
        things = [thing for thing in things if id(thing) not in in_rows]
        self._states = [State.of(thing) for thing in things]
        for picture in self._pictures:
            picture.forget(self._states)
        in_rows = {id(f) for region in self._regions.values() for row in region.all for f in row.fragments}
        self._told = [part for part in context.told if id(part) not in in_rows]
        self._numbers = _numbers(flowables)
        if any(not isinstance(part.text, str) for part in context.told if id(part) in in_rows):
            raise UnsupportedError
        self._stamps = context.stamps
        self._proven: set[Any] = set()
        self._last: set[Any] = set()
        self.drawn = 0
        context.uses, context.titles, context.tables = [], [], []

    @property
    def is_current(self) -> bool:
        """Whether the files that it was made with are as they were."""
        return self._context.has_files(self._stamps)

    @property
    def has_rows(self) -> bool:
        """Whether there may be other rows in another document."""
        return bool(self._regions)

    @property
    def size(self) -> int:
        """The number of flowables that are kept."""
        return len(self._states) + sum(region.size for region in self._regions.values())

    @property
    def is_proven(self) -> bool:
        """Whether all that the last document was made of has been compared with xhtml2pdf's own."""
        return self._last <= self._proven

    def prove(self) -> None:
        """Note that the last document was the same as xhtml2pdf's own."""
        self._proven |= self._last

    def adopt(self, other: Shape) -> None:
        """Keep the rows of another document of this structure too.

        Raises:
            UnsupportedError: they would look otherwise here.
        """
        if self._regions.keys() != other._regions.keys():
            raise UnsupportedError
        if self._frame() != other._frame():
            raise UnsupportedError
        if not all(map(KeptTable.same_frame, self._tables, other._tables)):
            raise UnsupportedError
        for number, region in self._regions.items():
            region.rows = other._regions[number].rows | region.rows
        for table, another in zip(self._tables, other._tables, strict=True):
            table.adopt(another)
        self.advice |= other.advice

    def _frame(self) -> list[Any]:
        """Return what is around the rows, before any layout."""
        things = (state.thing for state in self._states)
        return [form_of_part(thing) if hasattr(thing, "frags") else type(thing) for thing in things]

    def draw(self, parts: Cut, findings: Findings, guess: int | None) -> tuple[bytes, int]:
        """Return the PDF of a document, of which nothing stays behind, and its number of pages.

        Args:
            parts: the document.
            findings: takes what was lost.
            guess: how many pages there may be.

        Raises:
            UnsupportedError: a value would change more than a text, or a row was not met yet.
        """
        rows = self._rows(parts)
        findings.advice |= self.advice
        try:
            self._put(parts, rows)
            result = self._story.laid_out(findings, guess)
        finally:
            self.clear(rows)
        self.drawn += 1
        return result

    def _rows(self, parts: Cut) -> dict[int, list[KeptRow]]:
        for number, region in enumerate(parts.regions):
            if number not in self._regions and [row.look for row in region.rows] != self._looks[number]:
                raise UnsupportedError
        wanted = {number: keys(parts.regions[number], self._sight) for number in self._regions}
        present = {(number, key) for number, found in wanted.items() for key in found}
        self._last = {ALWAYS, *present}
        if not all(table.is_settled(present) for table in self._tables):
            raise UnsupportedError
        return {number: self._regions[number].take(found) for number, found in wanted.items()}

    def _put(self, parts: Cut, rows: Mapping[int, Sequence[KeptRow]]) -> None:
        place = Places(parts)
        if any(_digest(parts.values[place.number(*at)]) != digest for *at, digest in self._fixed):
            raise UnsupportedError
        self._put_values(parts, place, rows)
        for paragraph in self._outlined:
            paragraph.text = _text_of(paragraph)
        for table in self._tables:
            table.compose({number: rows[number] for number in table.regions})
        for picture, content in zip(self._pictures, contents(parts, self._context), strict=True):
            picture.put(content)
        self._context.story = list(self._flow)
        fragments = (row.fragments for kept in rows.values() for row in kept)
        self._context.told = [*self._told, *chain.from_iterable(fragments)]

    def _put_values(self, parts: Cut, place: Places, rows: Mapping[int, Sequence[KeptRow]]) -> None:
        values = parts.values
        uses = [(place.number(segment, offset), use) for segment, offset, use in self._uses]
        links = [(place.number(segment, offset), fragment) for segment, offset, fragment in self._links]
        for number, kept in rows.items():
            for marked, row in zip(parts.regions[number].rows, kept, strict=True):
                uses += [(marked.texts.start + offset, use) for offset, use in row.uses]
                links += [(marked.links.start + offset, fragment) for offset, fragment in row.links]
        texts = [_fitting(use, values[number]) for number, use in uses]
        for (_, use), new in zip(uses, texts, strict=True):
            for fragment, text in zip(use.fragments, new, strict=True):
                fragment.text = text
        for number, fragment in links:
            fragment.link = values[number]
        if self._title is not None:
            *at, use = self._title
            self._context.meta["title"] = "".join(use.texts(values[place.number(*at)]))

    def clear(self, rows: Mapping[int, Sequence[KeptRow]] | None = None) -> None:
        """Put everything back to what it was before the layout, and the texts to nothing."""
        placed = [row for kept in (rows or {}).values() for row in kept]
        if rows is None:
            placed = [row for region in self._regions.values() for row in region.all]
        for state in chain(self._states, *(row.states for row in placed)):
            state.restore()
        for table in self._tables:
            table.restore()
        for use in chain((use for *_, use in self._uses), *((use for _, use in row.uses) for row in placed)):
            for fragment in use.fragments:
                fragment.text = ""
        links = chain((f for *_, f in self._links), *((f for _, f in row.links) for row in placed))
        for fragment in links:
            fragment.link = ""
        for paragraph in self._outlined:
            paragraph.text = ""
        for number, data in self._numbers:
            vars(number).update(data)
        self._clear_context()
        for region in self._regions.values():
            region.trim()

    def _clear_context(self) -> None:
        if self._title is not None:
            self._context.meta["title"] = ""
        self._context.story, self._context.told, self._context.addresses = [], [], ()
        self._context.log = []  # quotes what is around a remark


def _digest(value: str) -> bytes:
    return hashlib.blake2b(value.encode(), digest_size=16).digest()


def _looks(parts: Cut) -> list[list[bytes]]:
    return [[row.look for row in region.rows] for region in parts.regions]


def _within(parts: Cut, regions: Collection[int]) -> set[int]:
    rows = [row for number in regions for row in parts.regions[number].rows]
    return {number for row in rows for number in (*row.texts, *row.links)}


def _walk(story: Sequence[Any]) -> Iterator[Any]:
    for flowable in story:
        if isinstance(flowable, list | tuple):
            yield from _walk(flowable)
        elif isinstance(flowable, PmlTable):
            yield flowable
            yield from _walk([cell for row in flowable._cellvalues for cell in row if cell])  # noqa: SLF001
        elif type(flowable) in _CONTAINERS:
            yield flowable
            yield from _walk(flowable._content)  # noqa: SLF001
        elif type(flowable) in BOXES:
            yield flowable
            yield from _walk(flowable.content)
        elif type(flowable) is PmlParagraphAndImage:
            yield flowable
            yield from _walk((flowable.P, flowable.I))
        elif type(flowable) in _LEAVES and _is_simple(flowable):
            yield flowable
        elif not isinstance(flowable, str):
            raise UnsupportedError(type(flowable).__name__)


def _inside_text(flowables: Sequence[Any]) -> Iterator[Any]:
    """Return the flowables in the lines of paragraphs, such as barcodes."""
    fragments = chain.from_iterable(getattr(flowable, "frags", ()) for flowable in flowables)
    for marker in filter(None, (getattr(fragment, "cbDefn", None) for fragment in fragments)):
        for part in _flowables_of(marker):
            yield part
            yield from _flowables_of(part)


def _flowables_of(thing: Any) -> list[Any]:
    return [part for part in vars(thing).values() if isinstance(part, Flowable)]


def _is_simple(flowable: Any) -> bool:
    markers = (getattr(fragment, "cbDefn", None) for fragment in getattr(flowable, "frags", ()))
    return all(marker is None or marker.kind in _MARKERS for marker in markers)


def _uses(context: TrackingContext) -> dict[int, list[Use]]:
    uses: dict[int, list[Use]] = {}
    for number, use in context.uses:
        uses.setdefault(number, []).append(use)
    return uses


def _links(flowables: Sequence[Any], context: TrackingContext, parts: Cut) -> list[tuple[int, Any]]:
    """Return the fragments of each link beside the number of its address, if it is certain whose they are."""
    uses, addresses = _uses(context), {a.link: parts.values[a.link] for a in parts.anchors}
    owners = {
        id(fragment): anchor.link
        for anchor in parts.anchors
        for number in anchor.texts
        for use in uses.get(number, ())
        for fragment in use.fragments
        if fragment.link == addresses[anchor.link]
    }
    links, doubtful = [], set()
    for flowable in flowables:
        last = None
        for fragment in getattr(flowable, "frags", ()):
            same = [number for number, address in addresses.items() if address == fragment.link]
            last = owners.get(id(fragment), last)  # an empty fragment follows the text of a link
            if last in same or len(same) == 1:
                links.append((last if last in same else same[0], fragment))
            else:
                doubtful.update(same)
    return [(number, fragment) for number, fragment in links if number not in doubtful]


def _outlined(flowables: Sequence[Any], uses: Mapping[int, Sequence[Use]]) -> list[Any]:
    outlined = [flowable for flowable in flowables if getattr(flowable, "outline", False)]
    # Blanks at the ends of a title fall away, but for those that are kept from breaking.
    kept = {id(f) for found in uses.values() for use in found if use.is_nowrap for f in use.fragments}
    if any(paragraph.text != _text_of(paragraph) for paragraph in outlined) or any(
        id(fragment) in kept for paragraph in outlined for fragment in paragraph.frags
    ):
        raise UnsupportedError
    return outlined


def _numbers(flowables: Sequence[Any]) -> list[tuple[Any, dict[str, Any]]]:
    """Return the page numbers and counts in the text, with what they are before any layout."""
    fragments = chain.from_iterable(getattr(flowable, "frags", ()) for flowable in flowables)
    texts = (fragment.text for fragment in fragments if not isinstance(fragment.text, str))
    return [(text, dict(vars(text))) for text in texts if text is not None]


def _text_of(paragraph: Any) -> str:
    return "".join(fragment.text for fragment in paragraph.frags if isinstance(fragment.text, str))


def _title(context: TrackingContext, parts: Cut, place: Places) -> tuple[int, int, Use] | None:
    if not context.titles:
        return None
    number, use = context.titles[-1]
    if len(context.titles) > 1 or "".join(use.texts(parts.values[number])) != context.meta["title"]:
        raise UnsupportedError
    return *place(number), use.of(())


def _fitting(use: Use, value: str) -> list[str]:
    texts = use.texts(value)
    if len(texts) != len(use.fragments) or len(value) > MAX_TEXT:
        raise UnsupportedError
    for fragment, text in zip(use.fragments, texts, strict=True):
        known = coverage(fragment.fontName)
        if known is None or not known.issuperset(text):
            raise UnsupportedError
    return texts
