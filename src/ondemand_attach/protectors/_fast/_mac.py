"""The integrity MAC of an encrypted PDF (ISO/TS 32004), as pyHanko makes it, with only what varies put in."""

# mypy: disallow-untyped-calls=False
# pyHanko brings types for a part of itself only.

from __future__ import annotations

import functools
import hmac
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap
from pyhanko.pdf_utils.crypt import SecurityHandler
from pyhanko.pdf_utils.crypt.pdfmac import PdfMacTokenHandler
from pyhanko.pdf_utils.generic import NameObject
from pyhanko.pdf_utils.writer import PdfFileWriter
from pyhanko.sign.signers.pdf_byterange import PdfByteRangeDigest

from ondemand_attach._asn1 import cms, make_ready
from ondemand_attach.protectors._fast._der import DerTemplate

make_ready()

_log = logging.getLogger("ondemand_attach")


def wrapping_key(handler: SecurityHandler | None) -> bytes | None:
    """Return what wraps the key of the MAC, or nothing if the document gets no MAC."""
    if handler is None or not handler.pdf_mac_enabled:
        return None
    derivation = HKDF(algorithm=SHA256(), length=32, salt=handler.get_kdf_salt(), info=b"PDFMAC")
    return derivation.derive(handler.get_file_encryption_key())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Example:
    """A token that pyHanko made: an AuthenticatedData object (RFC 5652 section 9.1) in DER.

    Args:
        wrapping_key: what wraps its key.
        digests: the SHA-256 of the document, and that of the value of the signature, if it is signed.
        content: the token.
    """

    wrapping_key: bytes
    digests: dict[str, bytes]
    content: bytes

    @classmethod
    def make(cls, *, is_signed: bool) -> _Example:
        wrapping_key, document, signature = (secrets.token_bytes(32) for _ in range(3))
        token = PdfMacTokenHandler(mac_kek=wrapping_key, md_algorithm="sha256").build_pdfmac_token(
            document_digest=document, signature_digest=signature if is_signed else None
        )
        digests = {"document": document} | ({"signature": signature} if is_signed else {})
        return cls(wrapping_key=wrapping_key, digests=digests, content=token.dump())


class MacTemplate:
    """The token of *example*, to be filled in for other documents."""

    def __init__(self, example: _Example) -> None:
        token = cms.ContentInfo.load(example.content)["content"]
        message, attributes = (
            bytes(token["encap_content_info"]["content"]),
            token["auth_attrs"].untag().dump(),
        )
        names = {message: "message", sha256(message).digest(): "message digest", token["mac"].native: "MAC"}
        self._whole = DerTemplate(example.content, names | {_wrapped_key(example.content): "wrapped key"})
        self._message = DerTemplate(message, {digest: name for name, digest in example.digests.items()})
        self._attributes = DerTemplate(attributes, names)

    def filled(self, wrapping_key: bytes, digests: Mapping[str, bytes], key: bytes | None = None) -> bytes:
        """Return the token for the document and the signature with *digests*.

        Args:
            wrapping_key: as `wrapping_key` returns it.
            digests: the SHA-256 of the document, and that of the value of the signature, if it is signed.
            key: 32 bytes; by default, random ones.
        """
        key = key or secrets.token_bytes(32)
        message = self._message.filled(digests)
        values = {"message": message, "message digest": sha256(message).digest()}
        values["MAC"] = hmac.digest(key, self._attributes.filled(values), "sha256")
        return self._whole.filled(values | {"wrapped key": aes_key_wrap(wrapping_key, key)})

    def reproduces(self, example: _Example) -> bool:
        """Whether this gives *example* byte for byte from the same values."""
        key = key_of(example.content, example.wrapping_key)
        return self.filled(example.wrapping_key, example.digests, key) == example.content


def key_of(token: bytes, wrapping_key: bytes) -> bytes:
    """Return the key that *token* was made with."""
    return aes_key_unwrap(wrapping_key, _wrapped_key(token))


def _wrapped_key(token: bytes) -> bytes:
    (recipient,) = cms.ContentInfo.load(token)["content"]["recipient_infos"]
    return recipient.chosen["encrypted_key"].native  # type: ignore[no-any-return]


@functools.cache
def mac_template(*, is_signed: bool) -> MacTemplate | None:
    """Return a template of pyHanko's tokens, or nothing if they are not of the form known here."""
    try:
        template = MacTemplate(_Example.make(is_signed=is_signed))
        if template.reproduces(_Example.make(is_signed=is_signed)):
            return template
    except Exception:  # noqa: BLE001, S110 - whatever it is, pyHanko makes them without this
        pass
    _log.warning(
        "the integrity MAC of pyHanko is not of the form known; encryption and signatures take longer"
    )
    return None


def write(writer: PdfFileWriter) -> bytes:
    """Return what *writer* writes, with a MAC of its own if it is to have one."""
    key, template = wrapping_key(writer.security_handler), mac_template(is_signed=False)
    if key is None or template is None:
        output = BytesIO()
        writer.write(output)
        return output.getvalue()
    size = len(template.filled(key, {"document": bytes(32)}))
    entry = PdfByteRangeDigest(NameObject("/MAC"), bytes_reserved=2 * size)
    entry["/MACLocation"] = NameObject("/Standalone")
    writer.set_custom_trailer_entry(NameObject("/AuthCode"), entry)
    prepared, written = next(entry.fill(writer, "sha256"))
    prepared.fill_with_cms(written, template.filled(key, {"document": prepared.document_digest}))
    return written.getvalue()  # type: ignore[no-any-return]
