"""What happens round every call of a plug point: its result is looked at, its errors say where."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from ondemand_attach._message import AttachmentRequest, Document
from ondemand_attach._seal import translated
from ondemand_attach.errors import EncryptionError, GenerationError, ProofError, ProtectionError


def stage(
    failure: type[GenerationError | ProtectionError], filename: str, call: Callable[[], Any]
) -> Document:
    """Return the document that *call* makes; whatever goes wrong says at which stage, of which file."""
    try:
        document = translated(
            call, lambda error: failure(f"{type(error).__name__} in the application's code")
        )
        if not isinstance(document, Document):
            raise failure(f"a {type(document).__name__} was returned; return a Document")
        if type(document) is Document and not isinstance(document.content, bytes):
            raise failure(
                f"the content of the document is a {type(document.content).__name__}; make it bytes"
            )
    except (GenerationError, ProtectionError) as error:
        error.filename = filename
        raise
    return document


def check_made_for(
    document: Document, request: AttachmentRequest, failure: type[GenerationError | ProtectionError]
) -> None:
    """Refuse a document that was made for others; it is theirs for whom it is seen here first."""
    if document.made_for is None:
        object.__setattr__(document, "made_for", request.made_for)
    if document.made_for != request.made_for:
        error = failure(
            "the document was made for another recipient; make a new Document for each, even of what is the "
            "same for everyone"
        )
        error.filename = request.filename
        raise error


def still_encrypted(signed: Document, unsigned: Document) -> Document:
    """Return *signed*, which says how it is encrypted, be the signer one that does not say it again."""
    if signed.encryption is None and unsigned.encryption is not None:
        return replace(signed, encryption=unsigned.encryption)
    return signed


def prove(content: bytes, proofs: Iterable[Callable[[bytes], None] | None], filename: str) -> None:
    """Have the finished bytes looked at by everyone who promised something of them."""
    for proof in filter(None, proofs):
        try:
            translated(
                partial(proof, content),
                lambda error: ProofError(f"{type(error).__name__} in a proof of the application's"),
            )
        except ProtectionError as error:
            error.filename = filename
            raise


def encrypted(document: Any, plain: Document) -> Any:
    """Return what an encryptor made of *plain*, unless it made nothing of it."""
    # A PdfEncryptor's document is written when it is signed; to look into it here would write it twice.
    if type(document) is Document and document.content in (plain.content, b""):
        raise EncryptionError("the encryptor returned the document as it was, or nothing")
    return document
