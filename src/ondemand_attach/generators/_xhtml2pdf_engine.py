"""Drives xhtml2pdf: markup in, PDF out, all of it in memory.

`xhtml2pdf.document.pisaDocument` is not called, because it takes no canvas and no parser of ours. What
stands here follows its version 0.2.28 (document.pisaStory and document._build), without encryption,
signatures and PDF/X.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from io import BytesIO
from typing import Any, Final

import PIL.Image
import PIL.MpoImagePlugin
import PIL.TiffImagePlugin
from reportlab import rl_config
from reportlab.platypus.flowables import Spacer
from xhtml2pdf import document, util, xhtml2pdf_reportlab
from xhtml2pdf import parser as xhtml2pdf_parser
from xhtml2pdf.builders.inserts import insert_pages
from xhtml2pdf.builders.position import PositionAnchor
from xhtml2pdf.builders.watermarks import WaterMarks
from xhtml2pdf.config.resources import (
    RenderLimitError,
    ResourceAccessPolicy,
    active_budget,
    check_deadline,
    render_budget,
    use_policy,
)
from xhtml2pdf.default import DEFAULT_CSS, DEFAULT_PAGE_NAME
from xhtml2pdf.files import cleanFiles
from xhtml2pdf.w3c import css_variables
from xhtml2pdf.xhtml2pdf_reportlab import PmlBaseDoc, PmlFrame, PmlImage, PmlImageReader, PmlPageTemplate

from ondemand_attach.errors import GenerationError, GenerationTimeoutError
from ondemand_attach.generators import _xhtml2pdf_fonts as fonts
from ondemand_attach.generators import _xhtml2pdf_images as images
from ondemand_attach.generators._assets import MAX_BYTES
from ondemand_attach.generators._xhtml2pdf_canvas import WatchingCanvas
from ondemand_attach.generators._xhtml2pdf_context import DocumentContext, Reads, substitute
from ondemand_attach.generators._xhtml2pdf_findings import Findings
from ondemand_attach.generators._xhtml2pdf_logs import collecting
from ondemand_attach.generators._xhtml2pdf_markup import MAX_CHARACTERS, MAX_DEPTH, parse

# Pillow loads its readers when it meets an image, and they log what is in it: so all of them are known now.
_PRELOADED: Final = (PIL.Image.init(), PIL.MpoImagePlugin, PIL.TiffImagePlugin)

_VOWEL_MARKS: Final = re.compile("[\u064b-\u065f\u0670]")  # arabic_reshaper drops them

_OUT_OF_TIME: Final = "the document was not finished within {:g} s; make it smaller or raise time_limit="


class Engine:
    """Renders the documents of one generator.

    Args:
        assets: reads the files that they may use.
        faces: the application's own fonts, by CSS family and style.
        time_limit: seconds.
    """

    def __init__(self, assets: Reads, faces: Mapping[str, fonts.Faces], time_limit: float) -> None:
        self._assets = assets
        self._families = {family: fonts.register_family(files) for family, files in faces.items()}
        self._time_limit = time_limit
        self._policy = dataclasses.replace(
            ResourceAccessPolicy.server(),
            allow_remote=False,
            max_local_bytes=MAX_BYTES,
            max_image_pixels=images.MAX_PIXELS,
            max_render_seconds=time_limit,
            max_document_bytes=4 * MAX_CHARACTERS,
            max_depth=2 * MAX_DEPTH,
        )

    def render(self, html: str) -> tuple[bytes, Findings]:
        """Return the PDF of *html*, and what was found out on the way.

        Raises:
            GenerationTimeoutError: it took too long.
            GenerationError: it is not a document that can be rendered.
        """
        findings = Findings()
        with ExitStack() as stack:
            self._wait_for_turn(stack)
            stack.enter_context(collecting(findings))
            stack.enter_context(_guarded())
            stack.enter_context(use_policy(self._policy))
            stack.enter_context(render_budget(self._policy))
            context = DocumentContext(self._assets, self._families, findings)
            context.resource_policy = self._policy
            return self._timed(html, context, findings), findings

    def _wait_for_turn(self, stack: ExitStack) -> None:
        """Wait for the one lock that every user of xhtml2pdf in this process takes."""
        if not document._RENDER_LOCK.acquire(timeout=self._time_limit):  # noqa: SLF001
            raise GenerationTimeoutError(
                f"other documents kept the renderer of this process busy for {self._time_limit:g} s; "
                "send again later, and use more processes"
            )
        stack.callback(document._RENDER_LOCK.release)  # noqa: SLF001

    def _timed(self, html: str, context: DocumentContext, findings: Findings) -> bytes:
        try:
            return _rendered(html, context, findings)
        except Exception as failure:
            # The layout may wrap the error that stopped it, so the clock is asked too.
            if isinstance(failure, RenderLimitError) or _is_out_of_time():
                raise GenerationTimeoutError(_OUT_OF_TIME.format(self._time_limit)) from None
            error = findings.error()
            if error is None:
                raise
            raise error from None  # the cause of what went wrong afterwards


def _is_out_of_time() -> bool:
    budget = active_budget()
    remaining = budget.remaining() if budget else None
    return remaining is not None and remaining <= 0


def explain(error: Exception) -> GenerationError:
    """Put a failure of the libraries, whose own text quotes the document, into words that do not."""
    if isinstance(error, RecursionError):
        return GenerationError("the document nests too deep")
    if isinstance(error, MemoryError):
        return GenerationError("the document needs more memory than there is")
    if type(error).__name__ == "LayoutError":
        return GenerationError("a part of the document is larger than its page and cannot be split")
    return GenerationError(
        f"xhtml2pdf {_version()} failed with {type(error).__name__}; "
        "the text of the error is withheld, as it may quote the document"
    )


def _version() -> str:
    return importlib.metadata.version("xhtml2pdf")


def _rendered(html: str, context: DocumentContext, findings: Findings) -> bytes:
    if _VOWEL_MARKS.search(html):
        findings.losses.append("the vowel marks of Arabic text are not drawn")
    _tell_story(html, context)
    out = BytesIO()
    doc = _document(context, out)
    canvas = _laid_out(doc, context)
    findings.losses.extend(canvas.losses(context.told))
    out = insert_pages(doc, out) or out
    merged, has_background = WaterMarks.process_doc(doc, out, BytesIO())
    return (merged if has_background else out).getvalue()


def _tell_story(html: str, context: DocumentContext) -> None:
    tree = parse(html, check_deadline)
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


def _document(context: DocumentContext, out: BytesIO) -> PmlBaseDoc:
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
    is_declared = DEFAULT_PAGE_NAME in context.templateList
    body = context.templateList.pop(DEFAULT_PAGE_NAME) if is_declared else _plain_page(context)
    templates = [body, *context.templateList.values()]
    for template in templates:
        _prepare_page(template, context)
    doc.addPageTemplates(templates)
    doc.pisaPositioned = context.positioned
    document.start_on_mirrored_pair(doc, templates, declared_body=is_declared)
    document.start_on_leading_template(
        doc, templates, context.story, declared_body=is_declared, body_named=context.bodyPageNamed
    )
    return doc


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


def _laid_out(doc: PmlBaseDoc, context: DocumentContext) -> WatchingCanvas:
    made: list[WatchingCanvas] = []

    def canvas(*args: Any, **kwargs: Any) -> WatchingCanvas:
        made[:] = [WatchingCanvas(*args, **kwargs)]  # each pass has its own; the last one is the document
        return made[0]

    doc._makeCanvas = lambda filename=None, canvasmaker=None: _make_canvas(doc, canvas, filename)  # noqa: ARG005, SLF001
    if context.multiBuild:
        doc.multiBuild(context.story)
    else:
        doc.build(context.story)
    return made[0]


def _make_canvas(doc: PmlBaseDoc, canvas: Any, filename: Any) -> WatchingCanvas:
    return super(PmlBaseDoc, doc)._makeCanvas(filename=filename, canvasmaker=canvas)  # type: ignore[no-any-return]


@contextmanager
def _guarded() -> Iterator[None]:
    """Close the doors of the libraries for as long as we hold the render lock, and leave nothing behind."""
    with ExitStack() as stack:
        # ReportLab evaluates colours and opens addresses by settings of the process: they are put back
        # afterwards, so that an application's other use of ReportLab keeps what it chose.
        for owner, name, value in _SAFE:
            stack.callback(setattr, owner, name, vars(owner)[name])
            setattr(owner, name, value)
        stack.callback(_forget)
        yield


def _forget() -> None:
    cleanFiles()
    util.reset_caches()
    util._background_image_readers.clear()  # noqa: SLF001 - kept for ever otherwise


_SAFE: Final[tuple[tuple[Any, str, Any], ...]] = (
    (rl_config, "toColorCanUse", None),
    (rl_config, "trustedHosts", []),
    (rl_config, "trustedSchemes", []),
    (xhtml2pdf_reportlab, "svg2rlg", images.drawing),
    (css_variables, "substitute", substitute),
    (PmlImage, "draw", images.draw_flowable),
    (PmlImageReader, "_read_image", staticmethod(images.open_raster)),
)
