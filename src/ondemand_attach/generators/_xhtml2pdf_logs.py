"""What the drawing libraries log quotes the document: here it is read, and goes no further.

A filter sits on each of their loggers for good, and acts only in the thread that renders for us, so that an
application that uses the same libraries keeps its own log.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from ondemand_attach.generators._xhtml2pdf_findings import Findings

_LIBRARIES: Final = (
    "xhtml2pdf",
    "reportlab",
    "svglib",
    "PIL",
    "pypdf",
    "html5lib",
    "fontTools",
    "cssselect2",
    "tinycss2",
)

_LOSSES: Final = {
    "Cannot identify image": "an image could not be drawn",
    "Cannot decode": "an image could not be drawn",
    "Cannot draw the": "a barcode could not be drawn",
    "Cannot use the page background": "a page background could not be drawn",
    "Could not get image data": "an image could not be drawn",
    "Could not paint the static frame": "a header or footer could not be drawn",
    "Could not read background image": "an image could not be drawn",
    "Could not read the PDF background": "a page background could not be drawn",
    "Error in handling image": "an image could not be drawn",
    "Error while parsing CSS file": "a style sheet could not be read",
    "Ignoring <pdf:insertpdf>": "a PDF file could not be inserted",
    "No font this document has": "",  # the canvas counts them
    "SVG drawing could not be resized": "an image could not be drawn",
    "The src attribute of image tag is empty": "an image has no address; give <img> a src",
    "The static frame": "a header or footer does not fit into its frame",
}
_IGNORED_PROPERTIES: Final = "%s: Ignoring CSS properties xhtml2pdf does not implement: %s"
_IGNORED_VALUES: Final = "%sIgnoring CSS declarations whose value xhtml2pdf cannot evaluate: %s"
_NAME: Final = re.compile(r"[a-z-]{3,40}")

# Names outside of this list could be a value that a template put into its style sheet.
_KNOWN: Final = frozenset(
    """
    accent-color align-content align-items align-self animation animation-name appearance aspect-ratio
    backdrop-filter background-attachment background-clip background-origin border-image border-radius
    bottom box-shadow box-sizing break-after break-before break-inside clear clip clip-path color-
    scheme column-count column-gap column-width columns cursor direction filter flex flex-basis flex-
    direction flex-flow flex-grow flex-shrink flex-wrap float font-feature-settings font-kerning font-
    smoothing font-variant font-variant-numeric gap grid grid-area grid-column grid-gap grid-row grid-
    template grid-template-areas grid-template-columns grid-template-rows height hyphens justify-
    content justify-items justify-self left letter-spacing line-break mask max-height max-width min-
    height min-width mix-blend-mode object-fit object-position opacity order outline outline-offset
    overflow overflow-wrap overflow-x overflow-y perspective place-items pointer-events position
    quotes resize right row-gap scroll-behavior shape-outside tab-size table-layout text-decoration-
    color text-decoration-style text-indent text-overflow text-rendering text-shadow text-size-adjust
    top transform transform-origin transition unicode-bidi user-select vertical-align visibility
    white-space width will-change word-break word-spacing word-wrap writing-mode z-index zoom -webkit-
    font-smoothing -moz-osx-font-smoothing -webkit-text-size-adjust -ms-text-size-adjust print-color-
    adjust
    """.split()  # noqa: SIM905 - one name after the other is easier to read
)

_thread = threading.local()


@contextmanager
def collecting(findings: Findings) -> Iterator[None]:
    """Keep what the libraries log in this thread, and note in *findings* what matters of it."""
    _install()
    _thread.findings = findings
    try:
        yield
    finally:
        del _thread.findings


class _Keep(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        findings: Findings | None = getattr(_thread, "findings", None)
        if findings is None:
            return True
        _note(record, findings)
        return False


_keep = _Keep()
_installed = 0


def _install() -> None:
    global _installed  # noqa: PLW0603 - loggers are as global, and appear as modules are imported
    loggers: dict[str, Any] = logging.root.manager.loggerDict
    if len(loggers) == _installed:
        return
    for name in [name for name in list(loggers) if name.split(".")[0] in _LIBRARIES]:
        logging.getLogger(name).addFilter(_keep)
    _installed = len(loggers)


def _note(record: logging.LogRecord, findings: Findings) -> None:
    text = str(record.msg)
    if text.startswith("Blocked by the resource policy"):
        findings.blocked.append("the document asks for a resource that it may not load")
    elif text in {_IGNORED_PROPERTIES, _IGNORED_VALUES}:
        findings.advice.update(_properties(record.args))
    else:
        found = (loss for start, loss in _LOSSES.items() if text.startswith(start))
        findings.losses.extend(loss for loss in found if loss)


def _properties(arguments: Any) -> set[str]:
    names = {name.partition(":")[0].strip() for name in str(arguments[1]).split(",")}
    return {name if name in _KNOWN else "another CSS property" for name in names if _NAME.fullmatch(name)}
