"""Small files that ask for much: each takes a reader that believes it minutes, gigabytes, or down."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable

from exposure_cases import (
    DATA,
    ENCRYPT,
    TO_KEY,
    agile_with,
    cipher,
    office,
    office_of,
    pdf_of,
    stream_of,
    text_of,
)

HEAD = b"From: a@x.example\r\n"
MIXED = HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
TABLE = b"/Type /XRef /W [1 1 1] "
ENVELOPED = bytes.fromhex("308006092a864886f70d010703a0803080020100")
MILLION = 1_000_000
LETTERS = b"abcdefghijklmnopqrstuvwxyz"


def zeros(size: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join([*(packer.compress(bytes(MILLION)) for _ in range(size // MILLION)), packer.flush()])


def compound(*sectors: bytes, **numbers: int) -> bytes:
    """Return a compound file; *numbers* are what its header says ([MS-CFB] section 2.2)."""
    places = {"tables": 44, "directory": 48, "mini": 60, "index": 68, "indexes": 72}
    head = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(68) + b"\xff" * 436)
    struct.pack_into("<HH", head, 30, 9, 6)
    struct.pack_into("<I", head, 56, 4096)
    for name, number in {"tables": 0xFFFFFFFF, "mini": 0xFFFFFFFE, "index": 0xFFFFFFFE, **numbers}.items():
        if name != "first":
            struct.pack_into("<I", head, places[name], number)
    if "first" in numbers:
        struct.pack_into("<109I", head, 76, *[numbers["first"]] * 109)
    return bytes(head) + b"".join(sectors)


def nested(number: int) -> bytes:
    return b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (each, each)
        for each in range(number)
    )


def nearly_words(seed: int) -> bytes:
    """Return letters with something between them that no word goes over."""
    chosen = random.Random(seed)
    between = bytes([*range(14, 32), *range(0xF8, 0x100)])
    return bytes(each for _ in range(32) for each in (chosen.choice(LETTERS), chosen.choice(between)))


def with_rounds(number: int) -> bytes:
    """Ask for a *number* of rounds of seven digits; of an Office document, the XML is padded."""
    content, said = bytearray(office(6000)), b'spinCount="100000"'
    place, end = content.index(said), content.index(b"</encryption>") + 13
    content[place : place + len(said)] = b'spinCount="%d"' % number
    del content[end + 1]
    return bytes(content)


ENDS = struct.pack("<128I", *[0xFFFFFFFE] * 128)
ZEROS = struct.pack("<128I", *[0] * 128)
LARGE: dict[str, Callable[[], bytes]] = {
    "PDF: entries of a table": lambda: pdf_of(stream_of(b"\1\0\0", TABLE + b"/Index [0 99999999] /Size 1")),
    "PDF: size of a table": lambda: pdf_of(stream_of(b"\1\0\0", TABLE + b"/Size 99999999")),
    "PDF: depth of arrays": lambda: pdf_of(b"[" * MILLION),
    "PDF: depth of dictionaries": lambda: pdf_of(b"<< /A " * MILLION),
    "PDF: values": lambda: pdf_of(b"[" + b"1 " * 4 * MILLION + b"]"),
    "PDF: strings": lambda: pdf_of(b"[" + b"()" * MILLION + b"]"),
    "PDF: parentheses": lambda: pdf_of(b"(" * 2 * MILLION + b")" * 2 * MILLION),
    "PDF: escapes": lambda: pdf_of(b"(" + b"\\n" * 4 * MILLION + b")"),
    "PDF: entries of a table in clear": lambda: pdf_of(
        between=[b"xref\n0 4000000\n" + b"0000000015 00000 n \n" * 4 * MILLION]
    ),
    "PDF: what could be words": lambda: pdf_of(
        b"[" + b"".join(text_of(nearly_words(number)) for number in range(70_000)) + b"]"
    ),
    "PDF: recipients": lambda: pdf_of(
        encrypt=ENCRYPT.replace(b"/Standard", b"/Adobe.PubSec").replace(
            b"/AuthEvent", b"/Recipients [" + b"<3080>" * 3_000 + b"] /AuthEvent"
        )
    ),
    "ZIP: files": lambda: (
        b"PK\3\4" + bytes(26) + b"PK\5\6" + struct.pack("<4H2IH", 0, 0, 65535, 65535, 0, 30, 0)
    ),
    "Office: an index that leads to itself": lambda: compound(ZEROS, index=0, indexes=0xFFFFFFFF),
    "Office: a table that leads to itself": lambda: compound(ZEROS * 20_000, first=0, directory=0),
    "Office: a table of the same sector": lambda: compound(
        ENDS
        + b"".join(struct.pack("<128I", *[0] * 127, each) for each in [*range(2, 3_000), 0xFFFFFFFE])
        + ZEROS * 200_000,
        tables=0x7FFFFFFF,
        directory=0,
        index=1,
        indexes=0xFFFFFFFF,
        first=0,
    ),
    "Office: rounds": lambda: with_rounds(9_999_999),
    "CMS: depth": lambda: ENVELOPED + b"\x30\x80" * MILLION,
    "CMS: recipients": lambda: ENVELOPED + b"\x31\x80" + b"\x30\0" * MILLION,
    "CMS: pieces": lambda: ENVELOPED + b"\x31\0\x30\x80\xa0\x80" + b"\x04\1a" * MILLION,
    "OpenPGP: pieces": lambda: TO_KEY + b"\xd2" + b"\xe0a" * MILLION + b"\0",
    "OpenPGP: keys": lambda: TO_KEY * 200_000 + DATA,
    "OpenPGP: markers": lambda: b"\xca\3PGP" * MILLION,
}
BEHIND_HEADER: dict[str, Callable[[], bytes]] = {
    "depth of multiparts": lambda: nested(1_000),
    "parts": lambda: MIXED + b"--b\r\n\r\na\r\n" * MILLION,
    "parts, deep inside": lambda: nested(19) + b"--b18\r\n\r\nx\r\n" * MILLION,
    "what looks like a boundary": lambda: MIXED + b" --b" * 4 * MILLION,
    "fields": lambda: HEAD + b"A: b\r\n" * MILLION,
    "a folded field": lambda: HEAD + b"A: b\r\n" + b" x\r\n" * MILLION,
    "a long field": lambda: HEAD + b"A: " + b"x" * 8 * MILLION,
    "parameters": lambda: HEAD + b"Content-Type: text/plain" + b";a=b" * 15_000 + b"\r\n\r\nx",
    "pieces of a parameter": lambda: (
        HEAD
        + b"Content-Disposition: attachment"
        + b"".join(b";filename*%d*=a" % n for n in range(3_000))
        + b"\r\n\r\n"
    ),
    "documents": lambda: (
        MIXED + b"".join(b"--b\r\n\r\n%PDF-1.7\n1 0 obj[" + b"1 " * 30_000 + b"\r\n" for _ in range(120))
    ),
}
QUICK: dict[str, Callable[[], bytes]] = {
    "PDF: a table that inflates": lambda: pdf_of(
        stream_of(zeros(300 * MILLION), TABLE + b"/Size 400000 /Filter /FlateDecode")
    ),
    "PDF: a stream that inflates": lambda: pdf_of(stream_of(zeros(300 * MILLION)[:-12])),
    "PDF: strings without end": lambda: pdf_of(b"1 0 obj(" * 100_000),
    "PDF: streams without end": lambda: pdf_of(b"1 0 obj<<>>stream\n" * 200_000),
    "PDF: streams without an object's end": lambda: pdf_of(
        b"1 0 obj<<>>stream\n" * 200_000 + b"\nendstream x"
    ),
    "PDF: spaces": lambda: pdf_of((b"1" + b" " * 100_000) * 50),
    "PDF: a long number": lambda: pdf_of(b"9" * MILLION),
    "PDF: a deep signature": lambda: pdf_of(
        b"<< /ByteRange [0 1 2 3] /Contents " + text_of(b"\x30\x80" * MILLION) + b" >>"
    ),
    "ZIP: files that overlap": lambda: overlapping(20_000, 2 * MILLION),
    "Office: space for small streams": lambda: office_of(agile_with(b""), b"a" * 4096, 60_000),
    "OpenPGP: armor": lambda: b"-----BEGIN PGP MESSAGE-----\n" + b"A: b\n" * MILLION,
    "OpenPGP: armor of spaces": lambda: b"-----BEGIN PGP MESSAGE-----\n" + (b" " * 5_000 + b"\n") * 1_000,
    "MIME: one boundary for all": lambda: (MIXED[len(HEAD) :] + b"--b\r\n") * 10_000,
    "MIME: messages in messages": lambda: b"Content-Type: message/rfc822\r\n\r\n" * MILLION,
    "MIME: a quoted parameter": lambda: (
        b'From: a\r\nContent-Type: text/plain; a="' + b'\\";' * 20_000 + b"\r\n\r\nx"
    ),
    "MIME: a name in the code of domain names": lambda: (
        MIXED
        + (
            b"--b\r\nContent-Disposition: attachment;filename*=Punycode-''a-"
            + b"b" * 4_000
            + b"\r\n\r\nx\r\n"
        )
        * 1_000
    ),
    "MIME: base64": lambda: HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"=" * 4 * MILLION,
    "MIME: quoted-printable": lambda: (
        HEAD + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=\r\n" * 2 * MILLION
    ),
    "nothing known": lambda: b"a" * 20 * MILLION,
}


def overlapping(number: int, size: int) -> bytes:
    """Return a ZIP that says *number* times that the same bytes are a file."""
    details = struct.pack("<HHH2sBH", 0x9901, 7, 2, b"AE", 3, 8)
    front = b"PK\3\4" + struct.pack("<5H3I2H", 20, 1, 99, 0, 0, 0, size, size, 0, 0) + cipher(size)
    entry = (
        b"PK\1\2"
        + struct.pack("<6H3I5H2I", 20, 20, 1, 99, 0, 0, 0, size, size, 0, 11, 0, 0, 0, 0, 0)
        + details
    )
    end = b"PK\5\6" + struct.pack("<4H2IH", 0, 0, number, number, len(entry) * number, len(front), 0)
    return front + entry * number + end
