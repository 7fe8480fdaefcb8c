"""What a message says to its recipient, without what is random or of the moment."""

from __future__ import annotations

import email
import email.policy
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import asn1crypto.keys
import asn1crypto.x509
import msoffcrypto
import pikepdf
import pysequoia
import pyzipper
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs7 import pkcs7_decrypt_der
from pyhanko.pdf_utils.crypt.pubkey import SimpleEnvelopeKeyDecrypter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer

from ondemand_attach import Message
from protectors.samples import ec_key, rsa_key
from state import features

DATES = re.compile(rb"D:\d{14}[^)]*|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d|^trailer .*", re.MULTILINE)


def contents(message: Message, who: features.Customer) -> list[str]:
    """Return what is in each part, opened with what *who* has."""
    return [repr(part) for part in _parts(message.content, who)]


def _parts(content: bytes, who: features.Customer) -> Iterator[object]:
    parsed = email.message_from_bytes(content, policy=email.policy.SMTP)
    for part in parsed.walk():
        if part.is_multipart():
            yield _headers(part)
        else:
            yield _headers(part), *_opened(part, who)


def _headers(part: Any) -> list[tuple[str, str]]:
    varying = {"dkim-signature", "content-type"}
    own = [(name, value) for name, value in part.raw_items() if name.lower() not in varying]
    return [*own, ("type", part.get_content_type()), ("name", str(part.get_filename()))]


def _opened(part: Any, who: features.Customer) -> Iterator[object]:
    content = part.get_payload(decode=True)
    opened = _OPENERS.get(part.get_content_type(), lambda content, _: [content])
    yield from opened(content, who)


def _signature(_: bytes, __: features.Customer) -> list[bytes]:
    return []  # holds the time, and may hold what is random


def _zip(content: bytes, who: features.Customer) -> list[object]:
    with pyzipper.AESZipFile(io.BytesIO(content)) as archive:
        archive.setpassword(who.password.encode())
        return [(name, archive.read(name)) for name in archive.namelist()]


def _office(content: bytes, who: features.Customer) -> list[object]:
    file, output = msoffcrypto.OfficeFile(io.BytesIO(content)), io.BytesIO()
    file.load_key(password=who.password)
    file.decrypt(output)
    with zipfile.ZipFile(output) as archive:
        return [(name, archive.read(name)) for name in archive.namelist() if name != "docProps/core.xml"]


def _cms(content: bytes, who: features.Customer) -> list[object]:
    certificate = features.certificate_for(who.address, "RSA")
    return list(_parts(pkcs7_decrypt_der(content, certificate, rsa_key(), []), who))


def _openpgp(content: bytes, who: features.Customer) -> list[object]:
    if not content.startswith(b"-----BEGIN PGP MESSAGE"):
        return []
    decrypted = pysequoia.decrypt(content, features.openpgp_key(f"<{who.address}>").decryptor())
    return list(_parts(decrypted.bytes, who))


def _pdf(content: bytes, who: features.Customer) -> list[object]:
    passwords = [*features.Delivered.passwords.get(who.number, ()), who.password]
    for password in passwords:
        try:
            with pikepdf.open(io.BytesIO(content), password=password) as pdf:
                return [_plain(pdf)]
        except pikepdf.PasswordError:
            continue
        except pikepdf.PdfError:  # encrypted to a certificate
            break
    with pikepdf.open(_decrypted(content, who)) as pdf:
        return [_plain(pdf)]


def _decrypted(content: bytes, who: features.Customer) -> io.BytesIO:
    key = ec_key().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    certificate = features.certificate_for(who.address, "EC").public_bytes(Encoding.DER)
    reader, output = PdfFileReader(io.BytesIO(content)), io.BytesIO()
    opener = SimpleEnvelopeKeyDecrypter(
        cert=asn1crypto.x509.Certificate.load(certificate),
        private_key=asn1crypto.keys.PrivateKeyInfo.load(key),
    )
    reader.decrypt_pubkey(opener)
    copy_into_new_writer(reader).write(output)
    return output


def _plain(pdf: pikepdf.Pdf) -> bytes:
    """Return *pdf* uncompressed, without its signature, dates and identifiers."""
    for thing in pdf.objects:
        if isinstance(thing, pikepdf.Dictionary) and thing.get("/Type") == "/Sig":
            thing["/Contents"], thing["/ByteRange"] = pikepdf.String(""), pikepdf.Array([])
    output = io.BytesIO()
    pdf.save(
        output,
        encryption=False,
        static_id=True,
        object_stream_mode=pikepdf.ObjectStreamMode.disable,
        stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
        compress_streams=False,
    )
    return DATES.sub(b"", output.getvalue())


_OPENERS: Mapping[str, Callable[[bytes, features.Customer], list[Any]]] = {
    "application/pdf": _pdf,
    "application/zip": _zip,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": _office,
    "application/pkcs7-mime": _cms,
    "application/pkcs7-signature": _signature,
    "application/pgp-signature": _signature,
    "application/octet-stream": _openpgp,
}
