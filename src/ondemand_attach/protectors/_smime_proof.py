"""What a signed or encrypted message shows to whoever reads it, looked at in its finished bytes."""

# mypy: disallow-untyped-calls=False
# asn1crypto brings no types.

from __future__ import annotations

import base64
from collections.abc import Collection
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from ondemand_attach._asn1 import cms, x509
from ondemand_attach._seal import translated
from ondemand_attach.errors import ProofError
from ondemand_attach.protectors._cms import GcmParameters
from ondemand_attach.protectors._multiparts import body_of, parts_of, unreadable
from ondemand_attach.protectors._proof import recipients_of
from ondemand_attach.protectors._signing_keys import fits


@dataclass(frozen=True, slots=True)
class SignedMessageProof:
    """That the signature of a multipart/signed is of its first part, as it stands there.

    Args:
        public_key: of the signer's certificate.
    """

    public_key: CertificatePublicKeyTypes = field(repr=False)

    def __call__(self, content: bytes) -> None:
        """Look at the finished entity, its header first.

        Raises:
            ProofError: something is not as it should be.
        """
        translated(lambda: self._check(content), unreadable)

    def _check(self, content: bytes) -> None:
        part, signature = parts_of(content, "signed")
        signed = cms.ContentInfo.load(base64.b64decode(body_of(signature)))["content"]
        (signer,) = signed["signer_infos"]
        stated = {one["type"].native: one["values"][0].native for one in signer["signed_attrs"]}
        attributes = b"\x31" + signer["signed_attrs"].dump()[1:]  # RFC 5652 section 5.4
        holds = fits(signer["signature"].native, attributes, self.public_key)
        if not holds or stated["message_digest"] != sha256(part).digest():
            raise ProofError("the signature of the message does not hold")


@dataclass(frozen=True, slots=True)
class EncryptedMessageProof:
    """That a message is for the holders of certificates alone, and holds what was encrypted.

    Args:
        certificates: theirs, in DER.
        key: the content-encryption key.
        digest: SHA-256 of what was encrypted.
        mode: how.
    """

    certificates: Collection[bytes] = field(repr=False)
    key: bytes = field(repr=False)
    digest: bytes = field(repr=False)
    mode: Literal["CBC", "GCM"]

    def __call__(self, content: bytes) -> None:
        """Look at the finished entity, its header first.

        Raises:
            ProofError: something is not as it should be.
        """
        translated(lambda: self._check(content), unreadable)

    def _check(self, content: bytes) -> None:
        octets = base64.b64decode(body_of(content))
        wanted = map(x509.Certificate.load, self.certificates)
        if sorted(recipients_of(octets)) != sorted((one.issuer.dump(), one.serial_number) for one in wanted):
            raise ProofError("the message is encrypted to others than its recipients")
        info = cms.ContentInfo.load(octets)
        if sha256(self._decrypted(info["content"])).digest() != self.digest:
            raise ProofError("the message does not hold what was encrypted")

    def _decrypted(self, content: Any) -> bytes:
        part = content["encrypted_content_info" if self.mode == "CBC" else "auth_encrypted_content_info"]
        algorithm = part["content_encryption_algorithm"]
        if algorithm["algorithm"].native != f"aes256_{self.mode.lower()}":
            raise ProofError("the message is not encrypted with AES-256")
        octets = part["encrypted_content"].native
        if self.mode == "GCM":
            parameters = GcmParameters.load(algorithm["parameters"].dump())
            return AESGCM(self.key).decrypt(parameters["nonce"].native, octets + content["mac"].native, None)
        decryptor = Cipher(AES256(self.key), CBC(algorithm["parameters"].native)).decryptor()
        unpadder = PKCS7(128).unpadder()
        return unpadder.update(decryptor.update(octets)) + unpadder.finalize()
