"""The ways to make a PDF of a document, and what comes of it."""

from __future__ import annotations

import contextlib
import importlib.resources
import inspect
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import facts

from ondemand_attach import AttachmentRequest, Xhtml2PdfGenerator
from ondemand_attach.errors import MailError
from ondemand_attach.testing import attachment_request

FONTS = Path(str(importlib.resources.files("ondemand_attach.generators") / "fonts"))
CAN_REPLAY = "replay" in inspect.signature(Xhtml2PdfGenerator).parameters


class Given(Xhtml2PdfGenerator):
    """Draws documents whose HTML is made already."""

    def html(self, request: AttachmentRequest) -> str:
        return str(request.context["html"])


def generator(name: str, *, replay: bool, strict: bool = True) -> Given:
    """Return a generator for the documents of the template *name*."""
    options = {"replay": replay} if CAN_REPLAY else {}
    return Given(template=f"{name}.html", assets=FONTS, strict=strict, **options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A PDF or the class and text of an error; and what was logged."""

    content: bytes | None
    error: tuple[str, str] | None
    warnings: tuple[str, ...]


def outcome(given: Given, html: str) -> Outcome:
    """Return what *given* makes of *html*."""
    content = error = None
    with _logged() as warnings:
        try:
            content = given.generate(attachment_request({"html": html})).content
        except MailError as failure:
            error = type(failure).__name__, str(failure)
    return Outcome(content=content, error=error, warnings=tuple(warnings))


def differing(ours: Outcome, theirs: Outcome, *, with_looks: bool = False) -> list[str]:
    """Return the names of everything in which the two are not equal."""
    found = [name for name in ("error", "warnings") if getattr(ours, name) != getattr(theirs, name)]
    if ours.content is None or theirs.content is None:
        return found
    mine, yours = facts.facts(ours.content), facts.facts(theirs.content)
    found += [name for name in mine if mine[name] != yours[name]]
    if with_looks and facts.looks(ours.content) != facts.looks(theirs.content):
        found.append("looks")
    return found


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname} {record.getMessage()}")


@contextlib.contextmanager
def _logged() -> Iterator[list[str]]:
    handler, logger = _Lines(), logging.getLogger("ondemand_attach")
    logger.addHandler(handler)
    try:
        yield handler.lines
    finally:
        logger.removeHandler(handler)
