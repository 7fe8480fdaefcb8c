"""Company keys with self-signed certificates, made anew for each run."""

from __future__ import annotations

import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12
from cryptography.x509.oid import NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def make(folder: Path) -> dict[str, Path]:
    """Write a PKCS #12 file (RFC 7292) for each kind of key that is compared."""
    keys: dict[str, Key] = {
        "RSA-2048": rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "P-256": ec.generate_private_key(ec.SECP256R1()),
    }
    return {kind: _write(folder / f"{kind}.p12", key) for kind, key in keys.items()}


def certificate(path: Path) -> x509.Certificate:
    found = pkcs12.load_key_and_certificates(path.read_bytes(), None)[1]
    assert found is not None
    return found


def _write(path: Path, key: Key) -> Path:
    content = pkcs12.serialize_key_and_certificates(b"company", key, _self_signed(key), None, NoEncryption())
    path.write_bytes(content)
    return path


def _self_signed(key: Key) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Garnet & Gold Ltd")])
    now = datetime.datetime.now(datetime.UTC)
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(hours=1))
    builder = builder.not_valid_after(now + datetime.timedelta(days=2))
    return builder.add_extension(usage, critical=True).sign(key, hashes.SHA256())
