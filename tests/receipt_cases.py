"""Plug points for the tests of receipts: at the top level of a module, as render processes need them."""

from __future__ import annotations

import random

from ondemand_attach import Document

CSV = b"iban\r\nDE02120300000000202051\r\n"


def listed(_: object) -> Document:
    return Document(content=CSV, media_type="text/csv")


def wrapped(document: Document, _: object) -> Document:
    """Stand in for an encryptor of whole messages."""
    return Document(
        content=random.randbytes(100), media_type="application/pkcs7-mime", encryption="one-time pad"
    )


def covered(document: Document, _: object) -> Document:
    """Stand in for an encryptor of the application."""
    content = random.randbytes(100)
    return Document(content=content, media_type="application/octet-stream", encryption="one-time pad")


def public(_: object) -> Document:
    return Document(content=b"terms", media_type="text/plain")


def sealed_by_us(document: Document, _: object) -> Document:
    """Stand in for a signer of the application, in a format of its own."""
    return Document(
        content=document.content + b"seal",
        media_type="application/octet-stream",
        signature="seal of 2026",
        signature_asked="seal of 2030",
    )
