"""What every protector of attachments does with its errors."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar

from ondemand_attach._message import AttachmentRequest, Document
from ondemand_attach._seal import sealed
from ondemand_attach.errors import ProtectionError

P = TypeVar("P")


def of_file(
    work: Callable[[P, Document, AttachmentRequest], Document],
) -> Callable[[P, Document, AttachmentRequest], Document]:
    """Have each error of *work*, a protector's method, say which file it is of; and do as `sealed`."""

    @sealed
    @functools.wraps(work)
    def named(protector: P, document: Document, request: AttachmentRequest, /) -> Document:
        try:
            return work(protector, document, request)
        except ProtectionError as error:
            if isinstance(request, AttachmentRequest):  # else that is what the error is about
                error.filename = error.filename or request.filename
            raise

    return named
