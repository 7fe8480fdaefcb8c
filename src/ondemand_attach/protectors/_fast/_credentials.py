"""A private key with its certificates, kept from one signature to the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pyhanko.sign import signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

from ondemand_attach._asn1 import algos, cms, x509
from ondemand_attach.protectors._fast._cms import Example, LearntCms
from ondemand_attach.protectors._signing_keys import SigningKey, is_rsa, signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A loaded private key with its certificates in DER, the signer's first, and what the signature says."""

    key: SigningKey = field(repr=False)
    certificates: tuple[bytes, ...] = field(repr=False)
    reason: str | None
    location: str | None
    cms: LearntCms = field(default_factory=LearntCms, repr=False, compare=False)

    def sign(self, data: bytes) -> bytes:
        """Return the signature of *data*: RSASSA-PKCS1-v1_5 or ECDSA, with SHA-256."""
        return signature(self.key, data)

    @property
    def reserved(self) -> int:
        """How many hexadecimal digits the CMS object needs at most, so that no trial signature is made."""
        own = x509.Certificate.load(self.certificates[0])
        issuer = len(own.issuer.dump())
        return 2 * (sum(map(len, self.certificates)) + 2 * issuer + self.key.key_size // 4 + 768)


class KeptKeySigner(signers.Signer):
    """Makes one signature with a key that is loaded.

    pyHanko's SimpleSigner loads it from DER for each signature, which checks RSA keys for 28 ms. pyHanko also
    hangs the MAC of the document on its signer, and asn1crypto parses certificates when they are first looked
    at, which is not thread-safe; so each signature gets a signer of its own.
    """

    subject_name = None  # would be parsed each time, and only a text of pyHanko's own shows it

    def __init__(self, credentials: Credentials) -> None:
        algorithm = "sha256_rsa" if is_rsa(credentials.key) else "sha256_ecdsa"
        super().__init__(
            signing_cert=x509.Certificate.load(credentials.certificates[0]),
            signature_mechanism=algos.SignedDigestAlgorithm({"algorithm": algorithm}),
        )
        self._credentials = credentials
        self._digest = self._attributes = self._content = b""

    @cached_property
    def cert_registry(self) -> SimpleCertificateStore:
        """The certificates of the chain, needed only when pyHanko builds the CMS object."""
        registry = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        registry.register_multiple(map(x509.Certificate.load, self._credentials.certificates[1:]))
        return registry

    async def async_sign(self, data_digest: bytes, *args: Any, **options: Any) -> cms.ContentInfo:
        made = await super().async_sign(data_digest, *args, **options)
        self._digest, self._content = data_digest, made.dump()
        return made

    async def async_sign_raw(self, data: bytes, *_: object, **__: object) -> bytes:
        self._attributes = data
        return self._credentials.sign(data)

    def example(self, wrapping_key: bytes | None) -> Example:
        """Return what was signed last."""
        return Example(
            digest=self._digest, attributes=self._attributes, content=self._content, wrapping_key=wrapping_key
        )
