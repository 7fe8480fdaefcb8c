"""Protected files of all formats that are looked at, and files whose ciphertext is drawn, not made."""

from __future__ import annotations

import base64
import io
import random
import struct
import zipfile
from collections.abc import Sequence
from typing import Any

import msoffcrypto.format.ooxml
import pyzipper

from protectors.samples import CANARY

# --- OpenPGP


def pgp_mime(*parts: str) -> bytes:
    head = 'From: a@x.example\nContent-Type: multipart/encrypted; boundary=b; protocol="application/pgp-encrypted"\n\n'
    control = "Content-Type: application/pgp-encrypted\n\nVersion: 1\n"
    return (head + "".join(f"--b\n{part}\n" for part in (control, *parts)) + "--b--\n").encode()


def armored(body: bytes) -> str:
    text = base64.b64encode(body).decode()
    return f"-----BEGIN PGP MESSAGE-----\n\n{text}\n-----END PGP MESSAGE-----"


def packet(tag: int, body: bytes) -> bytes:
    return bytes([0xC0 | tag, len(body)]) + body


RANDOM = random.Random(7).randbytes(180)
POINT = b"\x01\x07\x40" + RANDOM[:32]  # of Curve25519 (RFC 9580 section 11.2.1)
TO_KEY = packet(1, b"\x03" + RANDOM[40:48] + b"\x12" + POINT + b"\x30" + RANDOM[48:96])
CIPHERTEXT = b"\x01" + RANDOM[100:166]
DATA = packet(18, CIPHERTEXT)


# --- ZIP and Office


def zipped(kind: type[zipfile.ZipFile] = zipfile.ZipFile, **options: Any) -> bytes:
    out = io.BytesIO()
    with kind(out, "w", **options) as archive:
        if options:
            archive.setpassword(b"secret")
        archive.writestr("list.csv", CANARY)
        archive.writestr("[Content_Types].xml", "<Types/>")
    return out.getvalue()


def aes_zip(bits: int = 256) -> bytes:
    out = io.BytesIO()
    with pyzipper.AESZipFile(out, "w", compression=pyzipper.ZIP_DEFLATED) as archive:
        archive.setencryption(pyzipper.WZ_AES, nbits=bits)
        archive.setpassword(b"secret")
        archive.writestr("list.csv", CANARY)
        archive.writestr("výpis.csv", CANARY)
    return out.getvalue()


TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'


def office(size: int, password: str = "secret") -> bytes:
    """An encrypted workbook: a ZIP for the cryptography, whatever is in it."""
    package, out = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("[Content_Types].xml", TYPES)
        archive.writestr("xl/workbook.xml", random.Random(1).randbytes(size))
    package.seek(0)
    msoffcrypto.format.ooxml.OOXMLFile(package).encrypt(password, out)
    return out.getvalue()


def agile_with(value: bytes) -> bytes:
    """Say in XML how an Office document is encrypted ([MS-OFFCRYPTO] section 2.3.4.10), with *value* in it."""
    return struct.pack("<HHI", 4, 4, 0x40) + (
        b'<?xml version="1.0"?><encryption><keyData cipherAlgorithm="AES" keyBits="256"/>'
        b'<dataIntegrity encryptedHmacKey="' + value + b'"/></encryption>'
    )


def office_of(information: bytes, package: bytes, small: int = 1) -> bytes:
    """Put a compound file together ([MS-CFB]) of an encrypted *package*, and what says how it is encrypted.

    Args:
        information: which is a small stream.
        package: a large one.
        small: how many sectors there are for small streams, most of them in no use.
    """
    small = max(small, -(-len(information) // 512))
    used, large = -(-len(information) // 64), -(-(len(package) + 8) // 512)
    tables = -(-small * 8 // 128)
    chains = [1, tables, small, large]  # the directory, the table of small streams, these, the package
    own = next(n for n in range(1, 5_000) if n * 128 >= n + _indexes(n) + sum(chains))
    sectors, starts = [0xFFFFFFFD] * own + [0xFFFFFFFC] * _indexes(own), []
    for length in chains:
        starts.append(len(sectors))
        sectors += [*range(len(sectors) + 1, len(sectors) + length), 0xFFFFFFFE]
    table = struct.pack(f"<{own * 128}I", *sectors, *[0xFFFFFFFF] * (own * 128 - len(sectors)))
    chained = [*range(1, used), 0xFFFFFFFE]
    small_table = struct.pack(f"<{tables * 128}I", *chained, *[0xFFFFFFFF] * (tables * 128 - used))
    streams = (("Root Entry", starts[2], small * 512), ("EncryptionInfo", 0, len(information)))
    directory = b"".join(map(_entry, (*streams, ("EncryptedPackage", starts[3], len(package) + 8))))
    head = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504))
    struct.pack_into("<5H", head, 24, 62, 3, 0xFFFE, 9, 6)
    index = own if _indexes(own) else 0xFFFFFFFE
    struct.pack_into("<2I4x5I", head, 44, own, starts[0], 4096, starts[1], tables, index, _indexes(own))
    struct.pack_into("<109I", head, 76, *range(min(own, 109)), *[0xFFFFFFFF] * (109 - own))
    for number in range(_indexes(own)):
        listed = range(109 + number * 127, min(109 + (number + 1) * 127, own))
        following = own + number + 1 if number + 1 < _indexes(own) else 0xFFFFFFFE
        table += struct.pack("<128I", *listed, *[0xFFFFFFFF] * (127 - len(listed)), following)
    body = information.ljust(used * 64, b"\0").ljust(small * 512, b"\0")
    whole = struct.pack("<Q", len(package)) + package
    return (
        bytes(head)
        + table
        + directory.ljust(512, b"\0")
        + small_table
        + body
        + whole.ljust(large * 512, b"\0")
    )


def _indexes(own: int) -> int:
    """Return how many sectors are needed to list those of the table, when the header is full."""
    return -(-max(own - 109, 0) // 127)


def _entry(stream: tuple[str, int, int]) -> bytes:
    name, start, size = stream
    spelt = name.encode("utf-16-le")
    tail = struct.pack("<2I", start, size)
    return spelt.ljust(64, b"\0") + struct.pack("<H", len(spelt) + 2) + bytes(50) + tail + bytes(4)


# --- PDF


def cipher(size: int, seed: int = 1) -> bytes:
    """Draw what a cipher may leave: for a PDF a vector and blocks."""
    return random.Random(seed).randbytes(size)


def text_of(octets: bytes) -> bytes:
    """Write a string of a PDF down."""
    return b"<" + octets.hex().encode() + b">"


def stream_of(data: bytes, entries: bytes = b"", length: bytes | None = None) -> bytes:
    size = b"%d" % len(data) if length is None else length
    return b"<< /Length " + size + b" " + entries + b" >>\nstream\n" + data + b"\nendstream"


KEYS = b" ".join(
    b"/%b %b" % (name, text_of(cipher(size, seed)))
    for seed, (name, size) in enumerate(
        [(b"O", 48), (b"U", 48), (b"OE", 32), (b"UE", 32), (b"Perms", 16)], start=90
    )
)
ENCRYPT = (
    b"<< /Filter /Standard /V 5 /R 6 /P -4 " + KEYS + b" /StmF /StdCF /StrF /StdCF "
    b"/CF << /StdCF << /CFM /AESV3 /AuthEvent /DocOpen /Length 32 >> >> >>"
)
IDENTIFIERS = b"/ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>]"
PAGES = (b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>")


def pdf_of(
    *objects: bytes, encrypt: bytes = ENCRYPT, trailer: bytes = b"", between: Sequence[bytes] = ()
) -> bytes:
    """Put together an encrypted PDF: the *objects* are numbered from 4 on, with what stands *between* them."""
    content, places = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
    for number, value in enumerate([*PAGES, encrypt, *objects], start=1):
        places.append(len(content))
        content += b"%d 0 obj\n%b\nendobj\n" % (number, value)
        content += b"".join(between) if number == 3 else b""
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer\n<< /Size %d /Root 1 0 R /Encrypt 3 0 R %b %b >>\n" % (
        len(places) + 1,
        IDENTIFIERS,
        trailer,
    )
    start = b"startxref\n%d\n%%%%EOF\n" % len(content)
    return content + b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1) + table + end + start
