"""Drives xhtml2pdf: markup in, PDF out, all of it in memory, one document at a time and within limits."""

from __future__ import annotations

import dataclasses
import importlib.metadata
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import PIL.Image
import PIL.MpoImagePlugin
import PIL.TiffImagePlugin
from reportlab import rl_config
from xhtml2pdf import document, util, xhtml2pdf_reportlab
from xhtml2pdf.config.resources import (
    RenderLimitError,
    ResourceAccessPolicy,
    active_budget,
    render_budget,
    use_policy,
)
from xhtml2pdf.files import cleanFiles
from xhtml2pdf.w3c import css_variables
from xhtml2pdf.xhtml2pdf_reportlab import PmlImage, PmlImageReader, PmlKeepInFrame

from ondemand_attach._origins import WITHHELD, named
from ondemand_attach.errors import GenerationError, GenerationTimeoutError
from ondemand_attach.generators import _xhtml2pdf_cells as cells
from ondemand_attach.generators import _xhtml2pdf_fonts as fonts
from ondemand_attach.generators import _xhtml2pdf_images as images
from ondemand_attach.generators._assets import MAX_BYTES
from ondemand_attach.generators._fast._renderer import Renderer
from ondemand_attach.generators._xhtml2pdf_context import DocumentContext, Reads, substitute
from ondemand_attach.generators._xhtml2pdf_findings import Findings
from ondemand_attach.generators._xhtml2pdf_markup import MAX_CHARACTERS, MAX_DEPTH
from ondemand_attach.generators._xhtml2pdf_places import Files, Places

# Pillow loads its readers when it meets an image, and they log what is in it: so all of them are known now.
_PRELOADED: Final = (PIL.Image.init(), PIL.MpoImagePlugin, PIL.TiffImagePlugin)

_OUT_OF_TIME: Final = "the document was not finished within {:g} s; make it smaller or raise time_limit="


class Engine:
    """Renders the documents of one generator.

    Args:
        assets: reads the files that they may use.
        faces: the application's own fonts, by CSS family and style.
        time_limit: seconds.
        is_fast: whether the fast ways are taken.
    """

    def __init__(
        self, assets: Reads, faces: Mapping[str, fonts.Faces], time_limit: float, *, is_fast: bool
    ) -> None:
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
        self._renderer = Renderer(self._context, is_fast=is_fast)

    def render(self, html: str, files: Files = dict) -> tuple[bytes, Findings]:
        """Return the PDF of *html*, made of the templates *files*, and what was found out on the way.

        Raises:
            GenerationTimeoutError: it took too long.
            GenerationError: it is not a document that can be rendered.
        """
        with ExitStack() as stack:
            self._wait_for_turn(stack)
            stack.enter_context(_guarded())
            stack.enter_context(use_policy(self._policy))
            stack.enter_context(render_budget(self._policy))
            return self._timed(html, files)

    def _context(self, kind: type[DocumentContext], findings: Findings) -> DocumentContext:
        context = kind(self._assets, self._families, findings)
        context.resource_policy = self._policy
        return context

    def _wait_for_turn(self, stack: ExitStack) -> None:
        """Wait for the one lock that every user of xhtml2pdf in this process takes."""
        if not document._RENDER_LOCK.acquire(timeout=self._time_limit):  # noqa: SLF001
            raise GenerationTimeoutError(
                f"other documents kept the renderer of this process busy for {self._time_limit:g} s; "
                "send again later, and use more processes"
            )
        stack.callback(document._RENDER_LOCK.release)  # noqa: SLF001

    def _timed(self, html: str, files: Files) -> tuple[bytes, Findings]:
        try:
            return self._renderer.render(html, files)
        except Exception as failure:
            # The layout may wrap the error that stopped it, so the clock is asked too.
            if isinstance(failure, RenderLimitError) or _is_out_of_time():
                raise GenerationTimeoutError(_OUT_OF_TIME.format(self._time_limit)) from None
            raise


def _is_out_of_time() -> bool:
    budget = active_budget()
    remaining = budget.remaining() if budget else None
    return remaining is not None and remaining <= 0


def explain(error: Exception, html: str) -> GenerationError:
    """Put a failure of the libraries, whose own text quotes the document *html*, into words that do not."""
    if isinstance(error, RecursionError):
        return GenerationError("the document nests too deep; take some of its elements out of each other")
    if isinstance(error, MemoryError):
        return GenerationError("the document needs more memory than there is; make it smaller")
    if too_large := Places(html).too_large(error):
        return GenerationError(too_large)
    return GenerationError(
        f"xhtml2pdf {_version()} failed with {named(error)}; leave out parts of the template until it does "
        f"not, and write the last one in another way; {WITHHELD}"
    )


def _version() -> str:
    return importlib.metadata.version("xhtml2pdf")


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
    util._value_warned.clear()  # noqa: SLF001 - the values of properties that it did not understand


_SAFE: Final[tuple[tuple[Any, str, Any], ...]] = (
    (rl_config, "toColorCanUse", None),
    (rl_config, "trustedHosts", []),
    (rl_config, "trustedSchemes", []),
    (rl_config, "useA85", 0),  # text for a quarter more bytes, which no mail needs within base64
    (xhtml2pdf_reportlab, "svg2rlg", images.drawing),
    (css_variables, "substitute", substitute),
    (PmlImage, "draw", images.draw_flowable),
    (PmlKeepInFrame, "wrap", cells.wrap),
    (PmlImageReader, "_read_image", staticmethod(images.open_raster)),
)
