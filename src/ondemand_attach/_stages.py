"""What happens round every call of a plug point: its result is looked at, its errors say where."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from ondemand_attach._exposure._budget import Budget
from ondemand_attach._exposure._recognising import recognised
from ondemand_attach._given import kind
from ondemand_attach._message import AttachmentRequest, Document
from ondemand_attach._origins import told
from ondemand_attach._receipt import Claims
from ondemand_attach._seal import as_outage, not_wiring, translated
from ondemand_attach.errors import (
    EncryptionError,
    GenerationError,
    MessageError,
    MissingRecipientError,
    ProofError,
    ProtectionError,
    SigningError,
)

_ROLES = {GenerationError: "generator", EncryptionError: "encryptor", SigningError: "signer"}


def stage(
    failure: type[GenerationError | ProtectionError], filename: str, call: Callable[[], Any]
) -> Document:
    """Return the document that *call* makes; whatever goes wrong says at which stage, of which file."""
    try:
        document = not_wiring(
            lambda: translated(
                call,
                lambda error: as_outage(
                    failure(f"the application's own {_ROLES[failure]} failed: {told(error)}"), error
                ),
            ),
            failure,
        )
        if not isinstance(document, Document):
            raise failure(f"the {_ROLES[failure]} returned {kind(document)}; return a Document")
        if type(document) is Document and not isinstance(document.content, bytes):
            raise failure(
                f"the content of the document is a {type(document.content).__name__}; make it bytes"
            )
    except MissingRecipientError:
        raise
    except MessageError as error:  # of what the application made of our values
        wrong: GenerationError | ProtectionError = failure(str(error))
    except (GenerationError, ProtectionError) as error:
        wrong = error
    else:
        return document
    wrong.filename = filename
    raise wrong


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
    """Return *signed*, which says what was done before, be the signer one that does not say it again."""
    encryption = signed.encryption or unsigned.encryption
    rewriting = signed.rewriting or unsigned.rewriting
    if (encryption, rewriting) != (signed.encryption, signed.rewriting):
        return replace(signed, encryption=encryption, rewriting=rewriting)
    return signed


def claims_of(
    document: Document, *, encrypted: Document | None = None, signed: Document | None = None
) -> Claims:
    """Say how the finished *document* is protected: what was proven, or else what its bytes show.

    Of a format that cannot be read here, it is what the protectors of the application say, but nobody else.

    Args:
        document: as it is sent.
        encrypted: what an encryptor returned.
        signed: what a signer returned.
    """
    is_encrypted, is_signed = is_proven(encrypted), is_proven(signed)
    encryption = document.encryption if is_encrypted else None
    signature = document.signature if is_signed else None
    claimed = encrypted or document.encryption, signed or document.signature
    if (is_encrypted or not claimed[0]) and (is_signed or not claimed[1]):
        return Claims(encryption, signature, not (is_encrypted or is_signed))
    kind, facts = recognised(document.content, Budget())
    if kind is not None:
        is_shown = is_encrypted or facts.readers is not None or facts.signature is not None
        return Claims(
            encryption or facts.encryption, signature or facts.signature, not (is_shown or is_signed)
        )
    encryption = document.encryption if encrypted else None
    signature = document.signature if signed else None
    return Claims(encryption, signature, encrypted is None and not is_signed)


def is_proven(made: Document | None) -> bool:
    """Whether a protector of this library has *made* it, whose proof has looked at the bytes."""
    return made is not None and type(made.proof).__module__.startswith(f"{__package__}.")


def prove(content: bytes, proofs: Iterable[Callable[[bytes], None] | None], filename: str) -> None:
    """Have the finished bytes looked at by everyone who promised something of them."""
    for proof in filter(None, proofs):
        try:
            not_wiring(
                partial(
                    translated,
                    partial(proof, content),
                    lambda error: ProofError(f"the application's own proof failed: {told(error)}"),
                ),
                ProofError,
            )
        except ProtectionError as error:
            error.filename = filename
            raise


def encrypted(document: Any, plain: Document) -> Any:
    """Return what an encryptor made of *plain*, unless it made nothing of it."""
    # A PdfEncryptor's document is written when it is signed; to look into it here would write it twice.
    if type(document) is Document and document.content in (plain.content, b""):
        raise EncryptionError(
            "the encryptor returned the document as it was, or nothing; return it encrypted"
        )
    return document
