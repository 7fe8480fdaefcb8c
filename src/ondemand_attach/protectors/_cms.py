"""Cryptographic Message Syntax for whole messages (RFC 5652, 5083, 5084, 5753, 8551)."""

# mypy: disallow-untyped-calls=False
# asn1crypto brings no types.

from __future__ import annotations

import datetime
import hashlib
import secrets
import struct
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal, TypeAlias

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from cryptography.hazmat.primitives.padding import PKCS7

from ondemand_attach._asn1 import algos, cms, core, keys, make_ready, x509

RsaPadding: TypeAlias = Literal["PKCS1-v1_5", "OAEP"]

_ECDH = "1.3.132.1.11.1"  # dhSinglePass-stdDH-sha256kdf-scheme, RFC 5753 section 7.1.4
_TAG = 16  # bytes


class GcmParameters(core.Sequence):  # type: ignore[misc]
    """RFC 5084 section 3.2."""

    _fields: ClassVar = [("nonce", core.OctetString), ("tag_length", core.Integer, {"default": 12})]


class _SharedInfo(core.Sequence):  # type: ignore[misc]
    """What an agreed key is derived for (RFC 5753 section 7.2)."""

    _fields: ClassVar = [
        ("algorithm", cms.KeyEncryptionAlgorithm),
        ("key_bits", core.OctetString, {"explicit": 2}),
    ]


make_ready()


def signed(
    entity: bytes,
    certificates: Sequence[bytes],
    sign: Callable[[bytes], bytes],
    now: datetime.datetime,
    *,
    is_rsa: bool,
) -> bytes:
    """Return the detached signature of *entity* with SHA-256: SignedData in DER.

    Args:
        entity: what is signed.
        certificates: the signer's and those that lead to its root, in DER.
        sign: makes the signature of bytes: RSASSA-PKCS1-v1_5 or ECDSA.
        now: the time of signing.
        is_rsa: which of the two.
    """
    attributes = cms.CMSAttributes(
        [
            _attribute("content_type", "data"),
            _attribute("signing_time", _time(now.astimezone(datetime.UTC))),
            _attribute("message_digest", hashlib.sha256(entity).digest()),
        ]
    )
    own, digest = x509.Certificate.load(certificates[0]), {"algorithm": "sha256"}
    signer = {
        "version": "v1",
        "sid": _identified(cms.SignerIdentifier, own),
        "digest_algorithm": digest,
        "signed_attrs": attributes,
        "signature_algorithm": {"algorithm": "rsassa_pkcs1v15" if is_rsa else "sha256_ecdsa"},
        "signature": sign(attributes.untag().dump()),
    }
    content = {
        "version": "v1",
        "digest_algorithms": [digest],
        "encap_content_info": {"content_type": "data"},
        "certificates": [x509.Certificate.load(certificate) for certificate in certificates],
        "signer_infos": [signer],
    }
    return _dumped("signed_data", cms.SignedData(content))


def _time(now: datetime.datetime) -> cms.Time:
    """RFC 5652 section 11.3."""
    return cms.Time({"utc_time" if now.year < 2050 else "general_time": now.replace(microsecond=0)})


def _attribute(kind: str, value: Any) -> cms.CMSAttribute:
    return cms.CMSAttribute({"type": kind, "values": [value]})


def enveloped(entity: bytes, certificates: Sequence[bytes], rsa_padding: RsaPadding) -> tuple[bytes, bytes]:
    """Return *entity* encrypted to *certificates* with AES-256-CBC: EnvelopedData in DER, and its key."""
    key, start = secrets.token_bytes(32), secrets.token_bytes(16)
    padder, encryptor = PKCS7(128).padder(), Cipher(AES256(key), CBC(start)).encryptor()
    recipients = _recipients(key, certificates, rsa_padding)
    content = {
        "version": "v0" if all(info.name == "ktri" for info in recipients) else "v2",
        "recipient_infos": recipients,
        "encrypted_content_info": {
            "content_type": "data",
            "content_encryption_algorithm": {"algorithm": "aes256_cbc", "parameters": start},
            "encrypted_content": encryptor.update(padder.update(entity) + padder.finalize()),
        },
    }
    return _dumped("enveloped_data", cms.EnvelopedData(content)), key


def auth_enveloped(
    entity: bytes, certificates: Sequence[bytes], rsa_padding: RsaPadding
) -> tuple[bytes, bytes]:
    """Return *entity* encrypted to *certificates* with AES-256-GCM: AuthEnvelopedData in DER, and its key."""
    key, nonce = secrets.token_bytes(32), secrets.token_bytes(12)
    sealed = AESGCM(key).encrypt(nonce, entity, None)
    parameters = GcmParameters({"nonce": nonce, "tag_length": _TAG})
    algorithm = algos.EncryptionAlgorithm({"algorithm": "aes256_gcm", "parameters": parameters})
    content = {
        "version": "v0",
        "recipient_infos": _recipients(key, certificates, rsa_padding),
        "auth_encrypted_content_info": {
            "content_type": "data",
            "content_encryption_algorithm": algorithm,
            "encrypted_content": sealed[:-_TAG],
        },
        "mac": sealed[-_TAG:],
    }
    return _dumped("authenticated_enveloped_data", cms.AuthEnvelopedData(content)), key


def _dumped(kind: str, content: Any) -> bytes:
    return cms.ContentInfo({"content_type": kind, "content": content}).dump()  # type: ignore[no-any-return]


def _recipients(
    key: bytes, certificates: Sequence[bytes], rsa_padding: RsaPadding
) -> list[cms.RecipientInfo]:
    return [_recipient(key, x509.Certificate.load(certificate), rsa_padding) for certificate in certificates]


def _recipient(key: bytes, certificate: x509.Certificate, rsa_padding: RsaPadding) -> cms.RecipientInfo:
    public_key: Any = serialization.load_der_public_key(certificate.public_key.dump())
    if isinstance(public_key, rsa.RSAPublicKey):
        return cms.RecipientInfo("ktri", _transported(key, public_key, certificate, rsa_padding))
    return cms.RecipientInfo("kari", _agreed(key, public_key, certificate))


def _transported(
    key: bytes, public_key: rsa.RSAPublicKey, certificate: x509.Certificate, rsa_padding: RsaPadding
) -> dict[str, Any]:
    """KeyTransRecipientInfo (RFC 5652 section 6.2.1; RFC 8017 for OAEP, with SHA-256)."""
    if rsa_padding == "OAEP":
        digest = {"algorithm": "sha256"}
        parameters = algos.RSAESOAEPParams(
            {"hash_algorithm": digest, "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": digest}}
        )
        algorithm = {"algorithm": "rsaes_oaep", "parameters": parameters}
        how: Any = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    else:
        algorithm, how = {"algorithm": "rsaes_pkcs1v15"}, padding.PKCS1v15()
    return {
        "version": "v0",
        "rid": _identified(cms.RecipientIdentifier, certificate),
        "key_encryption_algorithm": cms.KeyEncryptionAlgorithm(algorithm),
        "encrypted_key": public_key.encrypt(key, how),
    }


def _agreed(
    key: bytes, public_key: ec.EllipticCurvePublicKey, certificate: x509.Certificate
) -> dict[str, Any]:
    """KeyAgreeRecipientInfo, ephemeral-static ECDH (RFC 5753 section 3.1)."""
    own = ec.generate_private_key(public_key.curve)
    wrap = cms.KeyEncryptionAlgorithm({"algorithm": "aes256_wrap"})
    shared = _SharedInfo({"algorithm": wrap, "key_bits": struct.pack(">I", 256)})
    secret = own.exchange(ec.ECDH(), public_key)
    wrapping_key = X963KDF(algorithm=hashes.SHA256(), length=32, sharedinfo=shared.dump()).derive(secret)
    originator = own.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    rid = _identified(cms.KeyAgreementRecipientIdentifier, certificate)
    return {
        "version": "v3",
        "originator": cms.OriginatorIdentifierOrKey("originator_key", keys.PublicKeyInfo.load(originator)),
        "key_encryption_algorithm": {"algorithm": _ECDH, "parameters": wrap},
        "recipient_encrypted_keys": [{"rid": rid, "encrypted_key": aes_key_wrap(wrapping_key, key)}],
    }


def _identified(kind: Any, certificate: x509.Certificate) -> Any:
    value = cms.IssuerAndSerialNumber(
        {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
    )
    return kind("issuer_and_serial_number", value)
