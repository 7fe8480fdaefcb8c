"""Stories kept by the shape of their document, into which the texts of the next one are put.

Documents of one template differ in text, seldom in structure. The story of a shape, once told by xhtml2pdf,
is laid out again by ReportLab for each document of that shape, without a look at markup and style sheets.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from xml.dom import Node
from xml.dom.minidom import Document as Tree

from reportlab.platypus.doctemplate import FrameBreak, NextPageTemplate
from reportlab.platypus.flowables import CondPageBreak, HRFlowable, PageBreak, Spacer
from xhtml2pdf.paragraph import PageNumberFlowable
from xhtml2pdf.xhtml2pdf_reportlab import (
    PmlFlowingCell,
    PmlImage,
    PmlKeepInFrame,
    PmlPageCount,
    PmlParagraph,
    PmlTable,
)

from ondemand_attach.generators._fast._flowables import MAX_TEXT, TextCell, TextParagraph
from ondemand_attach.generators._fast._tracking import TrackingContext, Use, Value
from ondemand_attach.generators._xhtml2pdf_findings import Findings
from ondemand_attach.generators._xhtml2pdf_fonts import coverage
from ondemand_attach.generators._xhtml2pdf_story import Story

_LEAVES: Final = (
    *(PmlParagraph, TextParagraph, PmlImage, Spacer, HRFlowable),
    *(PmlPageCount, PageNumberFlowable),
    *(PageBreak, CondPageBreak, NextPageTemplate, FrameBreak),
)
_CELLS: Final = (PmlKeepInFrame, PmlFlowingCell, TextCell)
_MARKERS: Final = frozenset({"img", "anchor", "barcode", "inlineBox"})


class UnsupportedShapeError(Exception):
    """The structure holds what cannot be kept, or the document is not of the structure."""


def number_values(tree: Tree, values: Sequence[str]) -> bool:
    """Make the text nodes of *tree* the `Value` that they are; return whether all of them are in *values*."""
    nodes = [node for node in _texts(tree) if node.data and not node.data.isspace()]
    for number, (node, value) in enumerate(zip(nodes, values, strict=False)):
        if node.data != value:
            return False
        node.data = Value(value, number)
    return len(nodes) <= len(values)


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
        values: those of the document that it was told of.
        advice: what was noted while it was told.

    Raises:
        UnsupportedShapeError: it holds what cannot be laid out again.
    """

    def __init__(self, story: Story, values: Sequence[str], advice: Collection[str]) -> None:
        context = self._context = cast("TrackingContext", story.context)
        if context.positioned or context.tocs:
            raise UnsupportedShapeError
        self.advice = frozenset(advice)
        self._story, self._flow = story, tuple(context.story)
        frames = [
            frame for template in story.templates for frame in (*template.frames, *template.pisaStaticList)
        ]
        static = [part for frame in frames for part in _walk(getattr(frame, "pisaStaticStory", ()))]
        flowables = [*_walk(self._flow), *static]
        self.size = len(flowables)
        self._uses = tuple(context.uses)
        self._links = _links(flowables, values)
        followed = {use.number for use in self._uses} | {number for number, _ in self._links}
        self._fixed = [(n, _digest(value)) for n, value in enumerate(values) if n not in followed]
        self._outlined = _outlined(flowables)
        self._title = _title(context, values)
        self._states = [_State.of(thing) for thing in (*flowables, *story.templates, *frames)]
        self.drawn, self._pages = 0, 1

    def draw(self, values: Sequence[str], findings: Findings) -> bytes:
        """Return the PDF of a document with *values*, of which nothing stays behind.

        Raises:
            UnsupportedShapeError: a value would change more than a text.
        """
        findings.advice |= self.advice
        self._put(values)
        try:
            content, self._pages = self._story.laid_out(findings, self._pages)
        finally:
            self.clear()
        self.drawn += 1
        return content

    def _put(self, values: Sequence[str]) -> None:
        if any(_digest(values[number]) != digest for number, digest in self._fixed):
            raise UnsupportedShapeError
        texts = [_fitting(use, values[use.number]) for use in self._uses]
        for use, new in zip(self._uses, texts, strict=True):
            for fragment, text in zip(use.fragments, new, strict=True):
                fragment.text = text
        for number, fragment in self._links:
            fragment.link = values[number].strip()
        for paragraph in self._outlined:
            paragraph.text = _text_of(paragraph)
        if self._title is not None:
            self._context.meta["title"] = "".join(self._title.texts(values[self._title.number]))
        self._context.story = list(self._flow)

    def clear(self) -> None:
        """Put everything back to what it was before the layout, and the texts to nothing."""
        for state in self._states:
            state.restore()
        for use in self._uses:
            for fragment in use.fragments:
                fragment.text = ""
        for _, fragment in self._links:
            fragment.link = ""
        for paragraph in self._outlined:
            paragraph.text = ""
        if self._title is not None:
            self._context.meta["title"] = ""
        self._context.story = []


def _digest(value: str) -> bytes:
    return hashlib.blake2b(value.encode(), digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class _State:
    """What a flowable was before its layout; lists are changed in place, and two names may share one."""

    thing: Any
    attributes: dict[str, Any]
    lists: dict[int, list[Any]]

    @classmethod
    def of(cls, thing: Any) -> _State:
        attributes = dict(vars(thing))
        if "frags" in attributes:
            attributes["text"] = ""  # what is drawn is in the fragments
        lists = {id(value): _copied(value) for value in attributes.values() if type(value) in {list, set}}
        return cls(thing, attributes, lists)

    def restore(self) -> None:
        attributes = vars(self.thing)
        attributes.clear()
        attributes.update(self.attributes)
        if self.lists:
            fresh = {key: _copied(value) for key, value in self.lists.items()}
            for name, value in self.attributes.items():
                if id(value) in fresh:
                    attributes[name] = fresh[id(value)]


def _copied(value: Any) -> Any:
    if type(value) is list and value and all(type(row) is list for row in value):
        return [list(row) for row in value]
    return value.copy()


def _walk(story: Sequence[Any]) -> Iterator[Any]:
    for flowable in story:
        if isinstance(flowable, list | tuple):
            yield from _walk(flowable)
        elif isinstance(flowable, PmlTable):
            yield flowable
            yield from _walk([cell for row in flowable._cellvalues for cell in row if cell])  # noqa: SLF001
        elif type(flowable) in _CELLS:
            yield flowable
            yield from _walk(flowable._content)  # noqa: SLF001
        elif type(flowable) in _LEAVES and _is_simple(flowable):
            yield flowable
        elif not isinstance(flowable, str):
            raise UnsupportedShapeError(type(flowable).__name__)


def _is_simple(flowable: Any) -> bool:
    markers = (getattr(fragment, "cbDefn", None) for fragment in getattr(flowable, "frags", ()))
    return all(marker is None or marker.kind in _MARKERS for marker in markers)


def _links(flowables: Sequence[Any], values: Sequence[str]) -> list[tuple[int, Any]]:
    """Return the fragments of each address that only one link has."""
    numbers = {value.strip(): number for number, value in enumerate(values)}
    fragments = [fragment for flowable in flowables for fragment in getattr(flowable, "frags", ())]
    linked = [(numbers.get(fragment.link), fragment) for fragment in fragments if fragment.link]
    return [(number, fragment) for number, fragment in linked if number is not None]


def _outlined(flowables: Sequence[Any]) -> list[Any]:
    outlined = [flowable for flowable in flowables if getattr(flowable, "outline", False)]
    if any(paragraph.text != _text_of(paragraph) for paragraph in outlined):
        raise UnsupportedShapeError
    return outlined


def _text_of(paragraph: Any) -> str:
    return "".join(fragment.text for fragment in paragraph.frags if isinstance(fragment.text, str))


def _title(context: TrackingContext, values: Sequence[str]) -> Use | None:
    title = context.meta["title"]
    return next((use for use in context.uses if "".join(use.texts(values[use.number])) == title), None)


def _fitting(use: Use, value: str) -> list[str]:
    texts = use.texts(value)
    if len(texts) != len(use.fragments) or len(value) > MAX_TEXT:
        raise UnsupportedShapeError
    for fragment, text in zip(use.fragments, texts, strict=True):
        known = coverage(fragment.fontName)
        if known is None or not known.issuperset(text):
            raise UnsupportedShapeError
    return texts
