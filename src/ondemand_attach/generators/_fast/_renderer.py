"""Renders documents of recurring shapes from the stories that are kept, and all others as xhtml2pdf does."""

from __future__ import annotations

import importlib.metadata
import logging
import re
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, cast
from xml.dom.minidom import Document as Tree

from xhtml2pdf.config.resources import RenderLimitError, check_deadline

from ondemand_attach.errors import GenerationError
from ondemand_attach.generators._fast._flowables import Looks
from ondemand_attach.generators._fast._looks import forget_words
from ondemand_attach.generators._fast._markup import Cut, cut
from ondemand_attach.generators._fast._shapes import Shape, number_values
from ondemand_attach.generators._fast._tracking import TrackingContext
from ondemand_attach.generators._fast._unsupported import UnsupportedError
from ondemand_attach.generators._xhtml2pdf_context import DocumentContext
from ondemand_attach.generators._xhtml2pdf_findings import Findings
from ondemand_attach.generators._xhtml2pdf_logs import collecting
from ondemand_attach.generators._xhtml2pdf_markup import parse
from ondemand_attach.generators._xhtml2pdf_pages import PageCounts
from ondemand_attach.generators._xhtml2pdf_places import Files, Places
from ondemand_attach.generators._xhtml2pdf_story import Story, tell

COMPARE_EVERY: Final = 200  # documents of a shape
MAX_FLOWABLES: Final = 10_000  # of all the stories that are kept; one takes some 3 kB

_MAX_SEEN: Final = 4_096
_SUPPORTED: Final = {"xhtml2pdf": r"0\.2\.28", "reportlab": r"5\.[01](\..*)?"}
_DIFFERENT: Final = (
    "a document from a kept story came out different from xhtml2pdf's own, which is sent instead; "
    "this shape of documents is not kept any more"
)
_UNSUPPORTED: Final = (
    "documents are rendered as slowly as xhtml2pdf does: the fast ways were not tried with its version %s"
)
_VOWEL_MARKS: Final = re.compile("[\u064b-\u065f\u0670]")  # arabic_reshaper drops them
# The time of the rendering, and what ReportLab makes of it.
_OF_THE_MOMENT: Final = re.compile(rb"\(D:\d{14}[^)]*\)|<[0-9a-f]{32}>")

_log = logging.getLogger("ondemand_attach")

Contexts = Callable[[type[DocumentContext], Findings], DocumentContext]
"""Makes the context of one document."""


class Renderer:
    """Turns markup into a PDF, for one thread at a time.

    Args:
        contexts: makes the context of each document.
        is_fast: whether stories are kept, and plain text is drawn by its look.
    """

    def __init__(self, contexts: Contexts, *, is_fast: bool) -> None:
        self._contexts = contexts
        self._files: Files = dict
        self._is_fast = is_fast and _is_supported()
        self._looks, self._page_counts = Looks(), PageCounts()
        self._shapes: OrderedDict[bytes, Shape] = OrderedDict()
        self._seen: OrderedDict[bytes, bool] = OrderedDict()  # and whether the shape may be kept

    def render(self, html: str, files: Files = dict) -> tuple[bytes, Findings]:
        """Return the PDF of *html*, made of the templates *files*, and what was found out on the way."""
        self._files = files
        try:
            if not self._is_fast:
                return self._stock(html)
            return self._rendered(unicodedata.normalize("NFC", html))  # as it will be when it is parsed
        finally:
            self._files = dict  # they lead to the data
            forget_words()

    def _rendered(self, html: str) -> tuple[bytes, Findings]:
        parts = cut(html)
        if parts is None:
            return self._told(html)
        for key in (parts.shape, parts.exact):
            if key in self._shapes and not self._shapes[key].is_current:
                del self._shapes[key]
            if key in self._shapes:
                drawn = self._again(key, html, parts)
                if drawn is not None:
                    return drawn
        return self._learned(html, parts) if self._is_worth(parts) else self._told(html)

    def _findings(self, html: str) -> Findings:
        return Findings(places=Places(html, self._files))

    def _stock(self, html: str) -> tuple[bytes, Findings]:
        """Do all that xhtml2pdf does, as it does it."""
        findings = self._findings(html)
        with _noting(findings):
            story = tell(_tree(html, findings), self._contexts(DocumentContext, findings))
            return story.laid_out(findings, None)[0], findings

    def _told(self, html: str) -> tuple[bytes, Findings]:
        findings = self._findings(html)
        with _noting(findings):
            story = tell(_tree(html, findings), self._contexts(DocumentContext, findings))
            self._quicken(story)
            return self._laid_out(story, html, findings), findings

    def _learned(self, html: str, parts: Cut) -> tuple[bytes, Findings]:
        """Render, and keep the story."""
        findings = self._findings(html)
        with _noting(findings):
            context = cast("TrackingContext", self._contexts(TrackingContext, findings))
            context.addresses = parts.values[parts.texts :]
            tree = _tree(html, findings)
            is_followed = number_values(tree, parts.values[: parts.texts])
            story = tell(tree, context)
            self._quicken(story, is_kept=True)
            shape = _shape(story, parts, findings) if is_followed else None
            content = self._laid_out(story, html, findings)
        if shape is None:
            self._seen[parts.exact] = False
        else:
            self._keep(parts, shape)
        return content, findings

    def _again(self, key: bytes, html: str, parts: Cut) -> tuple[bytes, Findings] | None:
        """Return a document from the story that is kept, or None if it cannot be made from it."""
        self._shapes.move_to_end(key)
        shape, findings = self._shapes[key], self._findings(html)
        guess = self._page_counts.guess(len(html))
        try:
            with _noting(findings):
                content, pages = shape.draw(parts, findings, guess)
        except UnsupportedError:
            return None
        except Exception as error:  # xhtml2pdf is asked whether it is one
            del self._shapes[key]  # styles, which are not put back, may have been changed for a moment
            if isinstance(error, RenderLimitError):
                raise
            return self._told(html)
        except BaseException:
            del self._shapes[key]
            raise
        self._page_counts.remember(len(html), pages)
        self._make_room()
        if not shape.is_proven or shape.drawn % COMPARE_EVERY == 0:
            return self._compared(content, findings, html, key, shape)
        return content, findings

    def _compared(
        self, content: bytes, findings: Findings, html: str, key: bytes, shape: Shape
    ) -> tuple[bytes, Findings]:
        expected, expected_findings = self._stock(html)
        if _timeless(content) == _timeless(expected) and findings == expected_findings:
            shape.prove()
            return content, findings
        _log.warning(_DIFFERENT)
        self._shapes.pop(key, None)
        self._seen[key] = False
        return expected, expected_findings

    def _quicken(self, story: Story, *, is_kept: bool = False) -> None:
        self._looks.quicken(story.context.story, is_kept=is_kept)
        for template in story.templates:
            for frame in template.pisaStaticList:
                self._looks.quicken(frame.pisaStaticStory, is_kept=is_kept)

    def _laid_out(self, story: Story, html: str, findings: Findings) -> bytes:
        content, pages = story.laid_out(findings, self._page_counts.guess(len(html)))
        self._page_counts.remember(len(html), pages)
        return content

    def _is_worth(self, parts: Cut) -> bool:
        """Return whether the shape may be kept, and was seen before: to keep one takes time too."""
        if self._seen.get(parts.exact) is False or self._seen.get(parts.shape) is False:
            return False
        is_known = parts.shape in self._seen
        self._seen[parts.shape] = True
        self._seen.move_to_end(parts.shape)
        if len(self._seen) > _MAX_SEEN:
            self._seen.popitem(last=False)
        return is_known

    def _keep(self, parts: Cut, shape: Shape) -> None:
        shape.clear()
        key = parts.shape if shape.has_rows else parts.exact
        try:
            if key in self._shapes and shape.has_rows:
                self._shapes[key].adopt(shape)
                return
        except UnsupportedError:
            key = parts.exact
        self._shapes[key] = shape
        self._make_room()

    @property
    def _size(self) -> int:
        return sum(shape.size for shape in self._shapes.values())

    def _make_room(self) -> None:
        while self._size > MAX_FLOWABLES:
            self._shapes.popitem(last=False)


def _tree(html: str, findings: Findings) -> Tree:
    if _VOWEL_MARKS.search(html):
        findings.losses.append("the vowel marks of Arabic text are not drawn")
    return parse(html, check_deadline)


def _shape(story: Story, parts: Cut, findings: Findings) -> Shape | None:
    if findings.error() is not None:
        return None
    try:
        return Shape(story, parts, findings.advice)
    except Exception:  # noqa: BLE001 - a story that is not understood is laid out once, and not kept
        return None


@contextmanager
def _noting(findings: Findings) -> Iterator[None]:
    """Let *findings* say why, if they know, whenever something fails afterwards."""
    with collecting(findings):
        try:
            yield
        except RenderLimitError:
            raise
        except Exception:
            error: GenerationError | None = findings.error()
            if error is None:
                raise
            raise error from None
        finally:
            findings.places.forget()  # a story that is kept holds the findings


def _timeless(content: bytes) -> bytes:
    return _OF_THE_MOMENT.sub(b"", content)


def _is_supported() -> bool:
    found = {name: importlib.metadata.version(name) for name in _SUPPORTED}
    unknown = [name for name, version in found.items() if not re.fullmatch(_SUPPORTED[name], version)]
    if unknown:
        _log.warning(_UNSUPPORTED, " and ".join(f"{name} {found[name]}" for name in unknown))
    return not unknown
