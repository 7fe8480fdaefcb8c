"""From markup to a story of flowables, and from a story to pages, with the parts of xhtml2pdf.

`xhtml2pdf.document.pisaDocument` is not called, because it takes no canvas and no parser of ours. What
stands here follows its version 0.2.28 (document.pisaStory and document._build), without encryption,
signatures and PDF/X.
"""

from __future__ import annotations

import dataclasses
from io import BytesIO
from typing import Any
from xml.dom.minidom import Document as Tree

from reportlab.platypus.flowables import Spacer
from xhtml2pdf import document, util
from xhtml2pdf import parser as xhtml2pdf_parser
from xhtml2pdf.builders.inserts import insert_pages
from xhtml2pdf.builders.position import PositionAnchor
from xhtml2pdf.builders.watermarks import WaterMarks
from xhtml2pdf.config.resources import check_deadline
from xhtml2pdf.default import DEFAULT_CSS, DEFAULT_PAGE_NAME
from xhtml2pdf.xhtml2pdf_reportlab import PmlBaseDoc, PmlFrame, PmlImageReader, PmlPageTemplate

from ondemand_attach.generators._xhtml2pdf_canvas import WatchingCanvas
from ondemand_attach.generators._xhtml2pdf_context import DocumentContext
from ondemand_attach.generators._xhtml2pdf_findings import Findings
from ondemand_attach.generators._xhtml2pdf_pages import GuessedPageCount


@dataclasses.dataclass(frozen=True, slots=True)
class Story:
    """A document that is told and not yet laid out.

    Args:
        context: has the flowables and what the markup says about the document.
        templates: the kinds of pages, the first page's first.
        is_declared: whether the style sheet says what the first page is like.
    """

    context: DocumentContext
    templates: list[PmlPageTemplate]
    is_declared: bool

    def laid_out(self, findings: Findings, guess: int | None) -> tuple[bytes, int]:
        """Return the PDF and its number of pages.

        Args:
            findings: takes what was lost.
            guess: how many pages there may be; with None they are counted first.
        """
        out = BytesIO()
        doc = self._document(out)
        canvas = _laid_out(doc, self.context, None if self._prints_numbers() else guess)
        told = [part.text for part in self.context.told if isinstance(part.text, str)]
        findings.losses.extend(canvas.losses(told, findings.places))
        out = insert_pages(doc, out) or out
        merged, has_background = WaterMarks.process_doc(doc, out, BytesIO())
        pages = doc.page
        doc.__dict__.clear()  # it and its canvas name each other, and would wait for the garbage collector
        canvas.__dict__.clear()
        return (merged if has_background else out).getvalue(), pages

    def _prints_numbers(self) -> bool:
        """Whether the text holds page numbers: how they are broken depends on the layout before."""
        return any(not isinstance(part.text, str) for part in self.context.told)

    def _document(self, out: BytesIO) -> PmlBaseDoc:
        context = self.context
        meta = {name: context.meta[name].strip() for name in ("title", "author", "subject", "keywords")}
        doc = PmlBaseDoc(
            out,
            pagesize=context.pageSize,
            title=meta["title"],
            author=meta["author"],
            subject=meta["subject"],
            keywords=[word.strip() for word in meta["keywords"].split(",") if word],
            lang=context.lang_tag or None,
            showBoundary=0,
            allowSplitting=1,
        )
        doc.addPageTemplates(self.templates)
        doc.pisaPositioned = context.positioned
        document.start_on_mirrored_pair(doc, self.templates, declared_body=self.is_declared)
        document.start_on_leading_template(
            doc,
            self.templates,
            context.story,
            declared_body=self.is_declared,
            body_named=context.bodyPageNamed,
        )
        return doc


def tell(tree: Tree, context: DocumentContext) -> Story:
    """Return the story of *tree*."""
    context.addDefaultCSS(DEFAULT_CSS)
    xhtml2pdf_parser.pisaPreLoop(tree, context)
    check_deadline()
    context.parseCSS()
    check_deadline()
    xhtml2pdf_parser.pisaLoop(tree, context)
    xhtml2pdf_parser.warnDroppedFunctions(context.cssDroppedFunctions, context.cssDroppedFunctionSources)
    xhtml2pdf_parser.warnUnsupportedProperties(context.cssParser.declaredBySource)
    context.node = None
    context.cssAttrCache.clear()
    context.cssPseudoCache.clear()
    tree.unlink()
    _finish_story(context)
    return _with_pages(context)


def _with_pages(context: DocumentContext) -> Story:
    is_declared = DEFAULT_PAGE_NAME in context.templateList
    body = context.templateList.pop(DEFAULT_PAGE_NAME) if is_declared else _plain_page(context)
    templates = [body, *context.templateList.values()]
    for template in templates:
        _prepare_page(template, context)
    return Story(context, templates, is_declared)


def _finish_story(context: DocumentContext) -> None:
    if not context.story:
        context.story = [Spacer(1, 1)]
    first = next(
        (index for index, part in enumerate(context.story) if not isinstance(part, PositionAnchor)), 0
    )
    style = getattr(context.story[first], "style", None)
    space = getattr(style, "spaceBefore", 0) or 0
    if style is not None and space > 0:  # a frame swallows the space above its first part
        style.spaceBefore = 0
        context.story.insert(first, Spacer(1, space))
    if context.indexing_story:
        context.story.append(context.indexing_story)
    for fragment, anchor in context.anchorFrag:
        if anchor not in context.anchorName:
            fragment.link = None


def _plain_page(context: DocumentContext) -> PmlPageTemplate:
    x, y, width, height = util.getBox("1cm 1cm -1cm -1cm", context.pageSize)
    paddings = dict.fromkeys(("leftPadding", "rightPadding", "bottomPadding", "topPadding"), 0)
    frame = PmlFrame(x, y, width, height, id="body", **paddings)
    return PmlPageTemplate(id="body", frames=[frame], pagesize=context.pageSize)


def _prepare_page(template: PmlPageTemplate, context: DocumentContext) -> None:
    if context.pageCanvasBackground is not None:
        template.canvasBackground = context.pageCanvasBackground
    background = template.pisaBackground
    if background is not None and background.getMimeType() != "application/pdf":
        template.pisaBackground = None
        if background.getData():
            _draw_behind(template, background)


def _draw_behind(template: PmlPageTemplate, background: Any) -> None:
    """Draw a page's background image as the page begins; xhtml2pdf would go through a file on disk."""
    options = template.backgroundContext or {}
    image = PmlImageReader(WaterMarks.get_img_with_opacity(background, options))
    place = WaterMarks.get_size_location(image, options, template.pagesize, is_portrait=template.isPortrait())
    before = template.beforeDrawPage

    def begin(canvas: WatchingCanvas, doc: PmlBaseDoc) -> None:
        canvas.draw_background(image, *place)
        before(canvas, doc)

    template.beforeDrawPage = begin


def _laid_out(doc: PmlBaseDoc, context: DocumentContext, guess: int | None) -> WatchingCanvas:
    made: list[WatchingCanvas] = []

    def canvas(*args: Any, **kwargs: Any) -> WatchingCanvas:
        made[:] = [WatchingCanvas(*args, **kwargs)]  # each pass has its own; the last one is the document
        return made[0]

    doc._makeCanvas = lambda filename=None, canvasmaker=None: _make_canvas(doc, canvas, filename)  # noqa: ARG005, SLF001
    if guess is not None and context.indexing_story and not context.tocs:
        context.story[-1] = GuessedPageCount(doc, guess)
    if context.multiBuild:
        doc.multiBuild(context.story)
    else:
        doc.build(context.story)
    return made[0]


def _make_canvas(doc: PmlBaseDoc, canvas: Any, filename: Any) -> WatchingCanvas:
    return super(PmlBaseDoc, doc)._makeCanvas(filename=filename, canvasmaker=canvas)  # type: ignore[no-any-return]
