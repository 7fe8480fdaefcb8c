"""What is done to a whole message, once it is written, and what is proven of it."""

from __future__ import annotations

from collections.abc import Callable

from ondemand_attach import _mime
from ondemand_attach._draft import Draft
from ondemand_attach._message import AttachmentRequest, Document, Message
from ondemand_attach._receipt import PartReceipt
from ondemand_attach._stages import check_made_for, claims_of, encrypted, prove, stage
from ondemand_attach.errors import EncryptionError, SigningError

_NAME = "the message"


class Whole:
    """Signs and encrypts one message.

    Args:
        draft: says how.
        request: what the plug points are told.
        parts: of the receipt; what is made here is added.
    """

    def __init__(self, draft: Draft, request: AttachmentRequest, parts: list[PartReceipt]) -> None:
        self._draft, self._request, self._parts = draft, request, parts
        self._proofs: list[Callable[[bytes], None] | None] = []
        self.sealed: list[bytes] = []
        self.made: dict[str, Document] = {}
        self.wrapping = _mime.Wrapping(
            sign=draft.sign and self._sign,
            encrypt=draft.encrypt and self._encrypt,
            outer_subject=draft.outer_subject,
        )

    def prove(self, message: Message) -> None:
        """Have the finished message looked at by those who promised something of it.

        Raises:
            ProofError: it is not as it should be.
        """
        if any(self._proofs):
            prove(message.content, self._proofs, _NAME)

    def again(self, outer_subject: str) -> _mime.Wrapping:
        """Return what puts in place of another message what was made for this one, under *outer_subject*."""
        made = self.made
        return _mime.Wrapping(
            sign=(lambda _: made["sign"]) if "sign" in made else None,
            encrypt=(lambda _: made["encrypt"]) if "encrypt" in made else None,
            outer_subject=outer_subject,
        )

    def _sign(self, entity: Document) -> Document:
        sign = self._draft.sign
        assert sign is not None  # noqa: S101 - only then is it called
        signature = stage(SigningError, _NAME, lambda: sign(entity, self._request))
        self._proofs = [signature.proof]
        self.made["sign"] = signature
        self._parts.append(
            PartReceipt.of("signature", signature, signature, claims_of(signature, signed=signature))
        )
        return signature

    def _encrypt(self, entity: Document) -> Document:
        encrypt = self._draft.encrypt
        assert encrypt is not None  # noqa: S101 - only then is it called
        prove(entity.content, self._proofs, _NAME)  # nobody but the recipient can look at it later
        document = stage(EncryptionError, _NAME, lambda: encrypted(encrypt(entity, self._request), entity))
        check_made_for(document, self._request, EncryptionError)
        self._proofs = [document.proof]
        self.made["encrypt"] = document
        self.sealed.append(document.content)
        self._parts.append(
            PartReceipt.of("encrypted message", document, entity, claims_of(document, encrypted=document))
        )
        return document
