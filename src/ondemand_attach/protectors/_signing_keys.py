"""Keys that sign: in memory, or elsewhere behind a callable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from ondemand_attach._origins import told
from ondemand_attach._reach import reaching_out
from ondemand_attach._seal import as_outage, translated
from ondemand_attach.errors import ConfigurationError, SigningError
from ondemand_attach.protectors._certificates import key_usage, not_understood, too_weak

LocalKey: TypeAlias = RSAPrivateKey | EllipticCurvePrivateKey
Sign: TypeAlias = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class OutsideKey:
    """A private key in a token or a service, which only a callable reaches.

    Args:
        ask: returns the signature of the data that it is given.
        public_key: what the signature must fit.
    """

    ask: Sign = field(repr=False)
    public_key: RSAPublicKey | EllipticCurvePublicKey = field(repr=False)

    @property
    def key_size(self) -> int:
        """The number of bits, as of a local key."""
        return self.public_key.key_size

    def sign(self, data: bytes) -> bytes:
        """Return the signature of *data*, checked."""
        with reaching_out():
            signature = translated(
                lambda: self.ask(data),
                lambda error: as_outage(
                    SigningError(f"the application's callable that signs failed: {told(error)}"), error
                ),
            )
        if not isinstance(signature, bytes) or not fits(signature, data, self.public_key):
            raise SigningError(
                "what the callable that signs returned is no signature by the key of the certificate; it is "
                "to return RSASSA-PKCS1-v1_5 or ECDSA (in DER), with SHA-256, as bytes"
            )
        return signature

    def __reduce__(self) -> tuple[Any, ...]:
        public_key = self.public_key.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return _outside, (self.ask, public_key)


SigningKey: TypeAlias = LocalKey | OutsideKey


def _outside(ask: Sign, public_key: bytes) -> OutsideKey:
    loaded: Any = serialization.load_der_public_key(public_key)
    return OutsideKey(ask, loaded)


def check_pair(key: object, certificate: x509.Certificate) -> SigningKey:
    """Return *key* if signatures made with it and *certificate* are worth something.

    Raises:
        ConfigurationError: they do not belong together, are too weak, or were not issued for signing.
    """
    if reason := too_weak(certificate) or not_understood(certificate):
        raise ConfigurationError(f"the signing certificate {reason}")
    usage, public_key = key_usage(certificate), certificate.public_key()
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        raise ConfigurationError(
            "the certificate was not issued for signing: it lacks both digitalSignature and nonRepudiation"
        )
    if isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey):
        if key.public_key() != public_key:
            raise ConfigurationError(
                "the private key does not belong to the certificate; give both of one pair"
            )
        return key
    if not callable(key) or not isinstance(public_key, RSAPublicKey | EllipticCurvePublicKey):
        raise ConfigurationError(
            f"a value of type {type(key).__name__} cannot sign; give an RSA or EC private key, or a callable "
            "that signs; from_pem() and from_pkcs12() read files"
        )
    return OutsideKey(key, public_key)


def is_rsa(key: SigningKey) -> bool:
    """Whether *key* makes RSA signatures; if not, ECDSA."""
    return isinstance(key.public_key if isinstance(key, OutsideKey) else key, RSAPublicKey | RSAPrivateKey)


def signature(key: SigningKey, data: bytes) -> bytes:
    """Return the signature of *data* by *key*: RSASSA-PKCS1-v1_5 or ECDSA, with SHA-256.

    Raises:
        SigningError: a key elsewhere did not sign.
    """
    if isinstance(key, RSAPrivateKey):
        return key.sign(data, PKCS1v15(), SHA256())
    if isinstance(key, EllipticCurvePrivateKey):
        return key.sign(data, ECDSA(SHA256()))
    return key.sign(data)


def fits(made: bytes, data: bytes, public_key: object) -> bool:
    """Whether *made* is a signature of *data* by the key that *public_key* belongs to."""
    try:
        if isinstance(public_key, RSAPublicKey):
            public_key.verify(made, data, PKCS1v15(), SHA256())
        elif isinstance(public_key, EllipticCurvePublicKey):
            public_key.verify(made, data, ECDSA(SHA256()))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def stored(key: SigningKey) -> bytes | OutsideKey:
    """Return *key* as a pickle can hold it: a local one in PKCS #8 (RFC 5958), unencrypted."""
    if isinstance(key, OutsideKey):
        return key
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def loaded(key: bytes | OutsideKey) -> SigningKey:
    """Return the key that `stored` gave. It was checked when it was loaded first, which takes 28 ms."""
    if isinstance(key, OutsideKey):
        return key
    found: Any = serialization.load_der_private_key(key, None, unsafe_skip_rsa_key_validation=True)
    return found  # type: ignore[no-any-return]
