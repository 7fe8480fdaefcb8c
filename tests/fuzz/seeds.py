"""Sound inputs of each format, made by this project and by foreign tools."""

from __future__ import annotations

import functools
import io
import json
import random
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msoffcrypto.format.ooxml
import pikepdf
import pysequoia
import pyzipper
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from PIL import Image
from pysequoia import CipherSuite, Profile, Tsk

from fuzz.target import CANARY
from ondemand_attach import (
    Address,
    DkimSigner,
    Document,
    Mailer,
    MemoryTransport,
    Message,
    MessageBuilder,
    OpenPgpEncryptor,
    PdfEncryptor,
    PdfSigner,
    Recipient,
    SmimeEncryptor,
    SmimeSigner,
    ZipEncryptor,
)
from ondemand_attach.testing import attachment_request
from protectors.samples import SECRET, certify, ec_key, order, rsa_key, secret

JANE = "jane@example.com"
REQUEST = attachment_request({})
FILES = Path(__file__).parent.parent / "data" / "openpgp"
LETTER = MessageBuilder().sender("Shop <shop@shop.example>").subject("Order 1").text("Thank you.")
TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'

Seeds = Callable[[], Mapping[str, bytes]]


def plain() -> Document:
    return order(3, CANARY.decode())


@functools.cache
def encrypted() -> Document:
    return PdfEncryptor(password=secret).encrypt(plain(), REQUEST)


@functools.cache
def signer() -> PdfSigner:
    return PdfSigner(key=ec_key(), certificate=certify(ec_key()))


def _saved(content: bytes, **options: Any) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        pdf.save(out, **options)
    return out.getvalue()


def _of_qpdf(**options: Any) -> bytes:
    encryption = pikepdf.Encryption(owner="o", user=SECRET, **options)
    return _saved(plain().content, encryption=encryption)


STREAMS = pikepdf.ObjectStreamMode.generate


@functools.cache
def plain_pdfs() -> dict[str, bytes]:
    """PDFs that are for everyone."""
    content = plain().content
    return {
        "plain": content,
        "object streams": _saved(content, object_stream_mode=STREAMS),
        "signed": signer().sign(plain(), REQUEST).content,
    }


@functools.cache
def encrypted_pdfs() -> dict[str, bytes]:
    """PDFs that are not, each in one way."""
    to = [certify(rsa_key()), certify(ec_key())]
    by_certificate = PdfEncryptor(certificates=lambda _: to).encrypt(plain(), REQUEST)
    return {
        "by password": encrypted().content,
        "to certificates": by_certificate.content,
        "encrypted and signed": signer().sign(encrypted(), REQUEST).content,
        "by qpdf": _of_qpdf(R=6),
        "by qpdf, AES-128": _of_qpdf(R=4),
        "by qpdf, object streams": _saved(
            plain().content,
            object_stream_mode=STREAMS,
            encryption=pikepdf.Encryption(owner="o", user=SECRET, R=6),
        ),
    }


def pdfs() -> dict[str, bytes]:
    return {**plain_pdfs(), **encrypted_pdfs()}


@functools.cache
def zips() -> dict[str, bytes]:
    """ZIPs by this project, by pyzipper and by the standard library."""
    table = Document(content=CANARY * 3, media_type="text/csv")
    request = attachment_request({}, filename="list.zip")
    by_us = ZipEncryptor(password=secret, name_inside="list.csv").encrypt(table, request)
    foreign, open_one, both = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with pyzipper.AESZipFile(foreign, "w", compression=pyzipper.ZIP_DEFLATED) as archive:
        archive.setencryption(pyzipper.WZ_AES, nbits=256)
        archive.setpassword(SECRET.encode())
        for name in ("list.csv", "výpis.csv"):
            archive.writestr(name, CANARY * 3)
    with zipfile.ZipFile(open_one, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("list.csv", CANARY * 3)
        archive.writestr("výpis/a.txt", b"x" * 500)
    with zipfile.ZipFile(both, "w") as archive:
        archive.writestr("inner.zip", open_one.getvalue())
        archive.writestr("order.pdf", plain().content)
    return {
        "ours": by_us.content,
        "pyzipper": foreign.getvalue(),
        "for everyone": open_one.getvalue(),
        "nested": both.getvalue(),
    }


@functools.cache
def office() -> dict[str, bytes]:
    """An encrypted workbook, and one that is not."""
    package, out = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("[Content_Types].xml", TYPES)
        archive.writestr("xl/workbook.xml", CANARY * 4)
    msoffcrypto.format.ooxml.OOXMLFile(package).encrypt(SECRET, out)
    return {"encrypted": out.getvalue(), "for everyone": package.getvalue()}


def _recipient(certificate: bytes) -> Recipient:
    return Recipient(address=Address(addr_spec=JANE), certificate=certificate)


@functools.cache
def secret_letters() -> dict[str, Message]:
    """Messages that are encrypted as a whole."""
    letter = LETTER.text(CANARY.decode() * 3).attach(lambda _: plain(), filename="order.pdf")
    people = {
        "S/MIME, RSA": _recipient(certificates()["RSA, DER"]),
        "S/MIME, EC": _recipient(certificates()["EC, DER"]),
        "OpenPGP": _recipient(openpgp_certificates()["RFC 4880"]),
    }
    encryptors = {"S/MIME": SmimeEncryptor, "OpenPGP": OpenPgpEncryptor}
    return {
        name: letter.whole_message(encryptor=encryptors[name.partition(",")[0]]()).build({}, to=who)
        for name, who in people.items()
    }


def _document(content: bytes, media_type: str) -> Callable[[object], Document]:
    return lambda _: Document(content=content, media_type=media_type)


@functools.cache
def messages() -> dict[str, bytes]:
    """Whole messages: with documents, signed, encrypted, and by the standard library."""
    key = {"key": ec_key(), "certificate": certify(ec_key())}
    letter = LETTER.html("<img src='cid:logo'>").image("logo", b"\x89PNG")
    letter = letter.attach(lambda _: encrypted(), filename="order.pdf")
    found = {name: message.content for name, message in secret_letters().items()}
    found["documents"] = letter.build({}, to=JANE).content
    found["a workbook"] = (
        LETTER.attach(_document(office()["encrypted"], "application/vnd.ms-excel"), filename="Zoë.xlsx")
        .build({}, to=JANE)
        .content
    )
    found["a ZIP"] = (
        LETTER.attach(_document(zips()["ours"], "application/zip"), filename="list.zip")
        .build({}, to=JANE)
        .content
    )
    found["signed"] = letter.whole_message(signer=SmimeSigner(**key)).build({}, to=JANE).content[:9000]
    found["a message in a message"] = b"Content-Type: message/rfc822\r\n\r\n" + found["a ZIP"]
    return found


@functools.cache
def cms() -> dict[str, bytes]:
    """Enveloped data, in DER."""
    import base64

    letters = secret_letters()
    bodies = {name: letters[name].content.partition(b"\r\n\r\n")[2] for name in ("S/MIME, RSA", "S/MIME, EC")}
    return {name: base64.b64decode(body) for name, body in bodies.items()}


@functools.cache
def openpgp_messages() -> dict[str, bytes]:
    """Encrypted OpenPGP messages, binary and armored."""
    certificate = pysequoia.Cert.from_bytes(openpgp_certificates()["RFC 4880"])
    armored = pysequoia.encrypt(CANARY * 3, [certificate])
    newer = pysequoia.encrypt(CANARY * 3, [pysequoia.Cert.from_bytes(openpgp_certificates()["RFC 9580"])])
    return {"armored": armored, "binary": dearmored(armored), "of version 2": dearmored(newer)}


def dearmored(armored: bytes) -> bytes:
    import base64

    body = armored.replace(b"\r", b"").partition(b"\n\n")[2].rpartition(b"-----END")[0]
    return base64.b64decode(b"".join(line for line in body.splitlines() if not line.startswith(b"=")))


@functools.cache
def openpgp_keys() -> dict[str, Tsk]:
    suite = CipherSuite.Cv25519
    return {
        name: Tsk.generate(
            f"Jane <{JANE}>", profile=getattr(Profile, name.replace(" ", "")), cipher_suite=suite
        )
        for name in ("RFC 4880", "RFC 9580")
    }


@functools.cache
def openpgp_certificates() -> dict[str, bytes]:
    """Sound certificates, binary and as GnuPG exports them."""
    binary = {name: bytes(key.extract_certificate()) for name, key in openpgp_keys().items()}
    files = {
        name: (FILES / f"{name}.asc").read_bytes() for name in ("expired-subkey", "revoked-subkey", "dsa")
    }
    return {**binary, **files, **{f"{name}, binary": dearmored(files[name]) for name in files}}


@functools.cache
def openpgp_secret_keys() -> dict[str, bytes]:
    found = {name: bytes(key) for name, key in openpgp_keys().items()}
    return {**found, "locked": (FILES / "locked-secret-key.asc").read_bytes()}


@functools.cache
def certificates() -> dict[str, bytes]:
    """X.509 certificates that are fit, in DER and PEM."""
    kept = {
        "RSA": certify(rsa_key(), "Jane", address=JANE),
        "EC": certify(ec_key(), "Jane", alternative=JANE),
    }
    forms = {"DER": Encoding.DER, "PEM": Encoding.PEM}
    return {
        f"{kind}, {name}": each.public_bytes(form)
        for kind, each in kept.items()
        for name, form in forms.items()
    }


class _Numbers:
    """A public key of any numbers, for a certificate."""

    def __init__(self, modulus: int, exponent: int) -> None:
        self._made = rsa.RSAPublicNumbers(exponent, modulus).public_key()

    def public_key(self) -> rsa.RSAPublicKey:
        return self._made


def of_numbers(bits: int, exponent: int = 65537) -> bytes:
    """Return a certificate of Jane's with an RSA key of *bits* that nobody holds."""
    issuer = rsa_key(), certify(rsa_key())
    key: Any = _Numbers((1 << bits) - 1, exponent)
    return certify(key, "Jane", issuer=issuer, address=JANE).public_bytes(Encoding.DER)


@functools.cache
def bad_certificates() -> dict[str, bytes]:
    """Certificates whose keys OpenSSL would work at for long, or not at all."""
    return {
        "a key of 16,385 bits": of_numbers(16385),
        "a key of 200,000 bits": of_numbers(200_000),
        "an exponent of 3,000 bits": of_numbers(4096, (1 << 3000) + 1),
    }


@functools.cache
def signing_certificates() -> dict[str, bytes]:
    """Certificates for signatures, the first with a key that is at hand."""
    return {"own": certify(ec_key()).public_bytes(Encoding.DER), **certificates()}


@functools.cache
def key_files() -> dict[str, bytes]:
    """PKCS #12 and PEM with private keys."""
    found = {}
    for kind, key in {"RSA": rsa_key(), "EC": ec_key()}.items():
        certificate = certify(key, kind)
        quick = (
            serialization.PrivateFormat.PKCS12.encryption_builder()
            .kdf_rounds(100)
            .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
            .build(SECRET.encode())
        )
        found[f"PKCS #12, {kind}"] = pkcs12.serialize_key_and_certificates(
            b"shop", key, certificate, [certificate], quick
        )
        pem = key.private_bytes(Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        found[f"PEM, {kind}"] = pem + certificate.public_bytes(Encoding.PEM)
    return found


@functools.cache
def dkim_keys() -> dict[str, bytes]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    form = (Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    found = {
        "RSA": rsa_key().private_bytes(*form),
        "Ed25519": Ed25519PrivateKey.generate().private_bytes(*form),
    }
    for each in found.values():
        DkimSigner(domain="shop.example", selector="s", key=each)
    return found


@functools.cache
def sent() -> tuple[bytes, bytes]:
    """Return a message, and the JSON of its receipt."""
    letter = LETTER.attach(lambda _: encrypted(), filename="order.pdf")
    message = letter.build({}, to=JANE)
    return message.content, Mailer(MemoryTransport()).deliver(message).to_json().encode()


def receipts() -> dict[str, bytes]:
    _, receipt = sent()
    bare = {**json.loads(receipt), "parts": [], "answer": "250 2.0.0 taken"}
    return {"receipt": receipt, "without parts": json.dumps(bare).encode()}


@functools.cache
def images() -> dict[str, bytes]:
    """Small images of each format, in the modes that matter."""
    found = {}
    noise = Image.frombytes("RGB", (24, 16), random.Random(1).randbytes(24 * 16 * 3))
    for name, mode, options in (
        ("PNG", "RGBA", {}),
        ("PNG", "P", {"transparency": 3}),
        ("PNG", "I;16", {}),
        ("JPEG", "RGB", {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"}),
        ("JPEG", "CMYK", {}),
        ("GIF", "P", {}),
        ("WEBP", "RGB", {}),
    ):
        out = io.BytesIO()
        image = noise.convert("L").convert("I").convert(mode) if mode == "I;16" else noise.convert(mode)
        image.save(out, name, **options)
        found[f"{name}, {mode}"] = out.getvalue()
    return {**found, "SVG": SVG}


SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink" width="30" height="20" viewBox="0 0 30 20">
<defs><g id="a"><rect width="5" height="5" fill="#369"/><circle cx="9" cy="9" r="3" style="fill:red;stroke:none"/></g></defs>
<use x:href="#a" transform="translate(3,4) rotate(20)"/><path d="M1 1 L20 4 C1 2 3 4 5 6 A3 3 0 0 1 9 9 z" fill="url(#g)"/>
<text x="2" y="18" font-size="4" font-family="serif">Canary</text><linearGradient id="g"/><polyline points="1,2 3,4"/></svg>"""
