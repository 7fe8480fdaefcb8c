"""The default generator: an HTML template becomes a PDF, drawn by xhtml2pdf."""

from __future__ import annotations

import logging
import math
import pathlib
import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ondemand_attach._given import checked, checked_as
from ondemand_attach._message import AttachmentRequest, Document, Source
from ondemand_attach._seal import translated
from ondemand_attach.errors import ConfigurationError, GenerationError
from ondemand_attach.generators._assets import Assets, Place

if TYPE_CHECKING:
    from ondemand_attach.generators._xhtml2pdf_engine import Engine
    from ondemand_attach.generators._xhtml2pdf_findings import Findings

_log = logging.getLogger("ondemand_attach")


class Xhtml2PdfGenerator:
    """Renders a Jinja2 template to HTML and the HTML to a PDF, in memory.

    The document loads nothing but the files below *assets*, by their relative name, and ``data:`` addresses.
    DejaVu Sans, Serif and Mono are built in. Whatever a reader would not see is an error: a character without
    a glyph, an image that is missing, text below 5 pt or outside of its page. A table cell that is higher
    than a page goes on on the next one. Letters outside of ASCII in a link are percent-encoded (RFC 3987).

    Override `html` to make the HTML in another way.

    Args:
        template: the name of a template file that the builder can load.
        source: Jinja2 source, in place of a file.
        assets: folders, or ``package:name`` for the folder of an installed package, with images, styles,
            fonts, and PDF files to insert.
        fonts: further font families: TrueType files by CSS family and style, which is one of ``normal``,
            ``bold``, ``italic`` and ``bold_italic``.
        time_limit: seconds after which a document is given up. Looked at between parts of the document:
            one part that takes long is not cut short.
        strict: refuse a document that loses content; if off, losses are logged as warnings. A resource that
            was refused is an error in any case.
        replay: keep what recent documents have in common, and make the next ones of their kind from it,
            with any number of table rows. If off, each document is made as xhtml2pdf makes it, which takes
            several times as long.

    Raises:
        ConfigurationError: not exactly one of template and source was given, or a folder or font file is
            unusable.
    """

    @checked
    def __init__(
        self,
        *,
        template: str | None = None,
        source: str | None = None,
        assets: Place | Sequence[Place] = (),
        fonts: Mapping[str, Mapping[str, str | pathlib.Path]] | None = None,
        time_limit: float = 30.0,
        strict: bool = True,
        replay: bool = True,
    ) -> None:
        if (template is None) == (source is None):
            raise ConfigurationError(
                "Xhtml2PdfGenerator takes either template='name of a file' or source='…', not "
                + ("None" if source is None else "both")
            )
        self.template = template
        self.source = source
        self._assets = Assets(assets)
        self._faces = _read_families(fonts) if fonts else {}
        if not (math.isfinite(time_limit) and time_limit > 0):
            raise ConfigurationError("time_limit= takes a number of seconds above 0")
        self._time_limit = time_limit
        self._strict = strict
        self._replay = replay
        self._reported: set[str] = set()
        self._lock = threading.Lock()

    @checked_as(GenerationError)
    def generate(self, request: AttachmentRequest) -> Document:
        """Return the PDF for *request*.

        Raises:
            TemplateError: the template could not be rendered.
            ConfidentialityError: it touched a confidential value, and the attachment is not encrypted.
            ResourceBlockedError: the document asks for a file or address that it may not load.
            GenerationTimeoutError: it was not finished in time.
            GenerationError: it cannot be drawn, or not without losing content.
        """
        html = self.html(request)
        try:
            content, findings = translated(
                lambda: self._engine.render(html, lambda: self._files(request)),
                lambda error: _explain(error, html),
            )
            self._report(findings)
        except GenerationError as error:
            error.filename, error.template = request.filename, self.template
            raise
        return Document(content=content, media_type="application/pdf", made_for=request.made_for)

    @checked_as(GenerationError)
    def html(self, request: AttachmentRequest) -> str:
        """Return the HTML for *request*, from the template."""
        return request.templates.render(request.context, "document", Source(self.source, self.template))

    def _files(self, request: AttachmentRequest) -> Mapping[str, str]:
        """Return the templates that the document is made of, as far as the request knows them."""
        files_of = getattr(request.templates, "files_of", None)
        return files_of("document", Source(self.source, self.template)) if files_of else {}

    @property
    def folders(self) -> tuple[pathlib.Path, ...]:
        """Where the files in *assets* are read."""
        return self._assets.folders

    def __getstate__(self) -> dict[str, Any]:
        made_here = {"_engine", "_lock", "_reported"}
        return {name: value for name, value in vars(self).items() if name not in made_here}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _lock=threading.Lock(), _reported=set())

    @cached_property
    def _engine(self) -> Engine:
        from ondemand_attach.generators._xhtml2pdf_engine import Engine

        return Engine(self._assets, self._faces, self._time_limit, is_fast=self._replay)

    def _report(self, findings: Findings) -> None:
        error = findings.error()
        if error is not None and (self._strict or findings.blocked):
            raise error
        self._warn_once("content was lost: {}", set(findings.losses))
        self._warn_once("xhtml2pdf does not support what its style sheet asks for: {}", findings.advice)

    def _warn_once(self, text: str, found: set[str]) -> None:
        with self._lock:
            news = found - self._reported
            self._reported |= news
        if news:
            _log.warning("%s: %s", self.template or "<source>", text.format(", ".join(sorted(news))))


def _read_families(
    fonts: Mapping[str, Mapping[str, str | pathlib.Path]],
) -> Mapping[str, Mapping[str, bytes]]:
    from ondemand_attach.generators._xhtml2pdf_fonts import read_families

    return read_families(fonts)


def _explain(error: Exception, html: str) -> GenerationError:
    from ondemand_attach.generators._xhtml2pdf_engine import explain

    return explain(error, html)
