"""Documents, certificates and validators for the tests of the protectors."""

from __future__ import annotations

import datetime
import functools
import subprocess
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import asn1crypto.x509
import pikepdf
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.crypt.api import AuthStatus, PdfMacStatus
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from reportlab.pdfgen.canvas import Canvas

from ondemand_attach import Document

CANARY = "Canary-7731-Novotná"
SECRET = "Kx7-tRw9-2mQz-88"

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
DAY = datetime.timedelta(days=1)


@functools.cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@functools.cache
def ec_key(number: int = 0, curve: type[ec.EllipticCurve] = ec.SECP256R1) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(curve())


KEYS = {"RSA-2048": rsa_key, "P-256": ec_key, "P-384": lambda: ec_key(0, ec.SECP384R1)}

ALL_USAGES = ("digital_signature", "content_commitment", "key_encipherment", "key_agreement", "key_cert_sign")


def certify(
    key: Key,
    name: str = "Example Shop Ltd.",
    *,
    issuer: tuple[Key, x509.Certificate] | None = None,
    usages: Sequence[str] | None = ALL_USAGES,
    days: tuple[int, int] = (-1, 30),
    address: str | None = None,
    alternative: str | None = None,
    further: Sequence[tuple[x509.ExtensionType, bool]] = (),
) -> x509.Certificate:
    of_subject = [x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]
    if address is not None:
        of_subject.append(x509.NameAttribute(x509.NameOID.EMAIL_ADDRESS, address))
    subject = x509.Name(of_subject)
    issuing_key, issuing_name = (issuer[0], issuer[1].subject) if issuer else (key, subject)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuing_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + days[0] * DAY)
        .not_valid_after(NOW + days[1] * DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    if alternative is not None:
        names = x509.SubjectAlternativeName([x509.DNSName("example.com"), x509.RFC822Name(alternative)])
        builder = builder.add_extension(names, critical=False)
    if usages is not None:
        builder = builder.add_extension(_usage(usages), critical=True)
    for extension, is_critical in further:
        builder = builder.add_extension(extension, critical=is_critical)
    return builder.sign(issuing_key, hashes.SHA256())


def _usage(names: Sequence[str]) -> x509.KeyUsage:
    all_names = (*ALL_USAGES, "data_encipherment", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{name: name in names for name in all_names})


def secret(_: object) -> str:
    """Look up a password; at the top level of a module, as render processes need it."""
    return SECRET


@functools.cache
def order(lines: int = 3, title: str = CANARY) -> Document:
    output = BytesIO()
    canvas = Canvas(output, invariant=True, pageCompression=1)
    canvas.setTitle(title)
    canvas.setAuthor(title)
    canvas.bookmarkPage("first")
    canvas.addOutlineEntry(title, "first")
    for line in range(lines):
        canvas.drawString(72, 720 - 14 * line, f"{title} line {line}")
    canvas.save()
    plain = BytesIO()
    with pikepdf.open(output) as pdf:  # ReportLab's ASCII 85 would hide the canary from the tests
        pdf.save(plain, stream_decode_level=pikepdf.StreamDecodeLevel.generalized, deterministic_id=True)
    return Document(content=plain.getvalue(), media_type="application/pdf")


def flaws(content: bytes, trusted: x509.Certificate, password: str | None = None) -> list[str]:
    """Say what pyHanko finds wrong with the signed *content*; nothing if all is well."""
    try:
        return _flaws(content, trusted, password)
    except Exception as error:  # noqa: BLE001 - a file that cannot be parsed has not passed
        return [f"unreadable: {type(error).__name__}"]


def _flaws(content: bytes, trusted: x509.Certificate, password: str | None) -> list[str]:
    reader = PdfFileReader(BytesIO(content))
    found = []
    if password is not None:
        result = reader.decrypt(password)
        found += [f"login {result.status}"] * (result.status != AuthStatus.USER)
        found += [f"MAC {result.mac_status}"] * (result.mac_status != PdfMacStatus.SUCCESSFUL)
    (signature,) = reader.embedded_signatures
    root = asn1crypto.x509.Certificate.load(trusted.public_bytes(Encoding.DER))
    status: Any = validate_pdf_signature(signature, ValidationContext(trust_roots=[root]))
    found += ["broken"] * (not (status.intact and status.valid))
    found += ["not wholly covered"] * (status.coverage != SignatureCoverageLevel.ENTIRE_FILE)
    found += ["bottom line"] * (not status.bottom_line)
    return found


def openssl(folder: Path, content: bytes, *command: str | Path) -> tuple[int, bytes]:
    """Give OpenSSL a message; return its status and what it wrote."""
    out = folder / "out"
    out.unlink(missing_ok=True)
    (folder / "message.eml").write_bytes(content)
    done = subprocess.run(
        ["openssl", "cms", *command, "-in", folder / "message.eml", "-out", out],
        check=False,
        capture_output=True,
        timeout=60,
    )
    return done.returncode, out.read_bytes() if out.exists() else b""


def decrypted(
    folder: Path, content: bytes, key: Key, certificate: x509.Certificate, *options: str
) -> tuple[int, bytes]:
    """Have OpenSSL decrypt a message, as the holder of *certificate* with *key*."""
    own, private = folder / "own.pem", folder / "key.pem"
    own.write_bytes(certificate.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return openssl(folder, content, "-decrypt", *options, "-recip", own, "-inkey", private)
