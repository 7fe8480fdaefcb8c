"""Text, pictures and archives where ciphertext should be: none counts as protected, and no ciphertext as plain."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable

import pytest
import pyzipper
from PIL import Image

from exposure_cases import (
    ENCRYPT,
    KEYS,
    TO_KEY,
    aes_zip,
    agile_with,
    cipher,
    office,
    office_of,
    packet,
    pdf_of,
    stream_of,
    text_of,
)
from ondemand_attach._exposure import of_file
from ondemand_attach._exposure._budget import Budget
from ondemand_attach._exposure._plain import is_any_plain
from scale import SCALE

CZECH = "Vážená paní Kvapilová, Váš výpis z účtu DE02 1203 0000 0000 2020 51 za květen: 12 345,60 Kč. "
LETTERS = {
    "Czech": (CZECH, ("utf-8", "utf-16-be", "utf-16-le", "utf-32-le", "cp1250", "iso-8859-2", "utf-7")),
    "German": ("Sehr geehrte Frau Müller, größere Beträge überweisen wir am Freitag. ", ("latin-1", "cp437")),
    "French": ("Chère Hélène, vos intérêts s'élèvent à près de 1 200,00 € ", ("cp1252", "utf-8")),
    "Vietnamese": ("Kính gửi ông Nguyễn Văn Trỗi, số dư tài khoản của quý khách ", ("utf-8", "utf-16-le")),
    "Russian": ("Уважаемый Иван Петрович, остаток на счёте 12345 рублей ", ("utf-8", "cp1251", "koi8-r")),
    "Greek": ("Αγαπητέ κύριε Παπαδόπουλε, το υπόλοιπό σας ", ("utf-8", "cp1253", "utf-16-be")),
    "Hebrew": ("לקוח יקר, יתרת החשבון שלך היא אלף שקלים ", ("utf-8", "cp1255", "utf-16-le")),
    "Arabic": ("عزيزي العميل رقم حسابك هو مائة وعشرون ", ("utf-8", "cp1256", "utf-16-le")),
    "Thai": ("เรียนลูกค้าที่เคารพ ยอดเงินคงเหลือของท่าน ", ("utf-8", "cp874")),
    "Chinese": ("尊敬的客户您的账户余额为一千二百三十四元请核对。", ("utf-8", "gb18030", "utf-16-le")),
    "Japanese": ("お客様の口座番号は一二三四五六七です。ご確認ください。", ("utf-8", "shift_jis", "euc-jp")),
    "Korean": ("고객님의 계좌 번호를 확인해 주세요. ", ("utf-8", "euc-kr", "utf-16-be")),
}
TEXT = (CZECH * 20).encode()


def picture(kind: str) -> bytes:
    out = io.BytesIO()
    Image.frombytes("RGB", (40, 40), cipher(4800)).save(out, kind)
    return out.getvalue()


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as found:
        found.writestr("a.csv", cipher(2000))
    return out.getvalue()


def lzw(data: bytes) -> bytes:
    """Pack as PDF does (ISO 32000-2 section 7.4.4), with codes of nine bits."""
    table, found, place = {bytes([octet]): octet for octet in range(256)}, [256], 0
    while place < len(data) and len(table) < 500:
        longest = next(n for n in range(60, 0, -1) if data[place : place + n] in table)
        found.append(table[data[place : place + longest]])
        table[data[place : place + longest + 1]] = len(table) + 2
        place += longest
    bits = "".join(f"{code:09b}" for code in [*found, 257])
    return int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")


PACKED: dict[str, Callable[[], bytes]] = {
    "deflated": lambda: zlib.compress(TEXT),
    "deflated, fast": lambda: zlib.compress(TEXT, 1),
    "deflated, stored": lambda: zlib.compress(TEXT, 0),
    "deflated, without a check sum": lambda: zlib.compress(CZECH.encode() + cipher(3000))[:-4],
    "deflated, more than a window": lambda: zlib.compress(base64.b64encode(cipher(150_000))),
    "gzip": lambda: gzip.compress(cipher(500), mtime=1),
    "bzip2": lambda: bz2.compress(cipher(500)),
    "xz": lambda: lzma.compress(cipher(500)),
    "ZIP": archive,
    "PNG": lambda: picture("png"),
    "JPEG": lambda: picture("jpeg"),
    "JPEG 2000": lambda: picture("jpeg2000"),
    "LZW": lambda: lzw(TEXT),
    "WOFF": lambda: b"wOF2\0\1\0\0" + struct.pack(">I", 500) + cipher(488),
    "OpenType": lambda: b"\0\1\0\0" + struct.pack(">4H", 12, 128, 3, 64) + cipher(500),
    "7z": lambda: b"7z\xbc\xaf'\x1c\0\4" + struct.pack("<I", zlib.crc32(bytes(20))) + bytes(20) + cipher(500),
    "base64": lambda: base64.b64encode(cipher(300)),
    "base 85": lambda: base64.a85encode(cipher(300)),
    "hexadecimal": lambda: cipher(300).hex().encode(),
    "zeros": lambda: bytes(200),
}
PLAIN = {
    f"{name}, {code}": (text * 3).encode(code, "ignore")
    for name, (text, codes) in LETTERS.items()
    for code in codes
}


def plain(name: str) -> bytes:
    return PLAIN[name] if name in PLAIN else PACKED[name]()


def in_blocks(data: bytes) -> bytes:
    """Make *data* as long as what AES leaves, without any text at the end."""
    return data + cipher(-len(data) % 16 + 16, seed=3)


def in_zip(data: bytes) -> bytes:
    """Put *data* where the ciphertext of a file in a ZIP is."""
    content = bytearray(aes_zip_of(len(data)))
    name, extra = struct.unpack_from("<HH", content, 26)
    start = 30 + name + extra + 16 + 2  # behind salt and check
    content[start : start + len(data)] = data
    return bytes(content)


def aes_zip_of(size: int) -> bytes:
    out = io.BytesIO()
    with pyzipper.AESZipFile(out, "w") as found:
        found.setencryption(pyzipper.WZ_AES)
        found.setpassword(b"secret")
        found.writestr("list.csv", cipher(size))
    return out.getvalue()


def in_openpgp(data: bytes) -> bytes:
    body = b"\x01" + cipher(20, 21) + data + cipher(22, 22)
    return TO_KEY + b"\xd2\xff" + struct.pack(">I", len(body)) + body


def der(tag: int, *members: bytes) -> bytes:
    body = b"".join(members)
    return bytes([tag, 0x84]) + struct.pack(">I", len(body)) + body


def cms_of(data: bytes, *attributes: bytes, key: bytes = b"", originator: bytes = b"") -> bytes:
    """Return enveloped data (RFC 5652 section 6.1), encrypted with AES-256-CBC to one RSA key."""
    enveloped, content = bytes.fromhex("06092a864886f70d010703"), bytes.fromhex("06092a864886f70d010701")
    cipher_ = der(0x30, bytes.fromhex("060960864801650304012a"), der(0x04, cipher(16)))
    recipient = der(0x30, b"\x02\x01\x00", der(0x30), der(0x30), der(0x04, key or cipher(256)))
    inner = der(0x30, content, cipher_, der(0x80, data))
    return der(
        0x30,
        enveloped,
        der(0xA0, der(0x30, b"\x02\x01\x00", originator, der(0x31, recipient), inner, *attributes)),
    )


def in_office(data: bytes) -> bytes:
    content = bytearray(office(max(6000, len(data) + 1000)))
    place = len(content) - len(content) % 512 - 512 * (len(data) // 512 + 2)
    content[place : place + len(data)] = data
    return bytes(content)


PLACES: dict[str, Callable[[bytes], bytes]] = {
    "PDF stream": lambda data: pdf_of(stream_of(in_blocks(data))),
    "PDF stream, behind a vector": lambda data: pdf_of(stream_of(cipher(16) + in_blocks(data))),
    "PDF string": lambda data: pdf_of(b"<< /Title " + text_of(in_blocks(data)) + b" >>"),
    "ZIP": in_zip,
    "OpenPGP": in_openpgp,
    "CMS": lambda data: cms_of(in_blocks(data)),
    "Office": in_office,
}


@pytest.mark.parametrize("place", PLACES)
def test_ciphertext_counts_as_protected_in_each_place(place: str) -> None:
    for seed in range(5 * SCALE):
        (found,) = of_file(PLACES[place](cipher(496, seed)))
        assert found.is_protected, found


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", PLAIN)
def test_text_where_ciphertext_should_be_is_for_everyone(name: str, place: str) -> None:
    (found,) = of_file(PLACES[place](plain(name)))
    assert not found.is_protected


@pytest.mark.parametrize("place", ["PDF stream", "PDF stream, behind a vector", "PDF string", "CMS"])
@pytest.mark.parametrize("name", PACKED)
def test_what_is_only_packed_is_for_everyone(name: str, place: str) -> None:
    (found,) = of_file(PLACES[place](plain(name)))
    assert not found.is_protected


@pytest.mark.parametrize("text", ["Kvapilova Zdenk", "Kvapilova Zdenka"])
def test_a_title_of_any_length_in_utf_16_is_seen(text: str) -> None:
    title = text_of(b"\xfe\xff" + text.encode("utf-16-be"))
    assert not of_file(pdf_of(b"<< /Title " + title + b" >>"))[0].is_protected


def test_a_file_in_a_zip_that_is_deflated_but_not_encrypted_is_seen() -> None:
    packer = zlib.compressobj(wbits=-15)
    data = packer.compress(base64.b64encode(cipher(3000))) + packer.flush()
    assert not of_file(in_zip(data))[0].is_protected


def test_random_bytes_are_never_called_plain() -> None:
    """The chance is below 10^-9 for a file; a test that errs for one of a thousand would show here."""
    chosen = random.Random(11)
    for size, number in ((32, 400), (48, 300), (500, 60), (5_000, 20), (300_000, 1)):
        for _ in range(3 * SCALE):
            items = [chosen.randbytes(size) for _ in range(number)]
            assert not is_any_plain(items, Budget())


def test_a_vector_of_zeros_is_a_poor_one_but_no_text() -> None:
    assert not is_any_plain([bytes(16) + cipher(64)], Budget())


def test_what_is_too_short_to_be_judged_counts_by_its_form() -> None:
    """Eight letters cannot be told from chance; docs/security.md says so."""
    assert of_file(pdf_of(stream_of(cipher(200) + b"DE021203")))[0].is_protected


# --- the structure of a PDF


SHOWN = text_of(cipher(32))
SIGNATURE = b"<< /Type /Sig /ByteRange [0 1 2 3] /Contents %b /Reason " + SHOWN + b" >>"
CLEAR: dict[str, Callable[[], bytes]] = {
    "a string in a dictionary": lambda: pdf_of(b"<< /Author (My IBAN is DE02) >>"),
    "a string in a string's place": lambda: pdf_of(b"(My IBAN is DE02)"),
    "a string deep inside": lambda: pdf_of(b"[[<< /A << /B [(x)] >> >>]]"),
    "a string in the dictionary of a stream": lambda: pdf_of(stream_of(cipher(48), b"/A (x)")),
    "a string of one block": lambda: pdf_of(text_of(cipher(16))),
    "a string of 33 bytes": lambda: pdf_of(text_of(cipher(33))),
    "a stream of 33 bytes": lambda: pdf_of(stream_of(cipher(33))),
    "an object stream": lambda: pdf_of(stream_of(b"5 0 (My IBAN is DE02)", b"/Type /ObjStm /N 1 /First 4")),
    "an object stream with a filter of its own": lambda: pdf_of(
        stream_of(cipher(160), b"/Type /ObjStm /N 1 /First 4 /Filter [/Crypt]")
    ),
    "a filter of its own, by another spelling": lambda: pdf_of(stream_of(cipher(160), b"/Filter /Cryp#74")),
    "the filter that leaves it as it is": lambda: pdf_of(
        stream_of(cipher(160), b"/Filter [/Crypt] /DecodeParms [<< /Name /Identity >>]")
    ),
    "text between objects": lambda: pdf_of(between=[b"My IBAN is DE02\n"]),
    "a string between objects": lambda: pdf_of(between=[b"(x)\n"]),
    "a comment between objects": lambda: pdf_of(between=[b"% My IBAN is DE02\n"]),
    "a comment in an object": lambda: pdf_of(b"<< % My IBAN\n /A 1 >>"),
    "a second header": lambda: pdf_of(between=[b"%PDF-1.7 My IBAN\n"]),
    "a string in the trailer": lambda: pdf_of(trailer=b"/Info << /Title (My IBAN) >>"),
    "a string in the encryption": lambda: pdf_of(encrypt=ENCRYPT_WITH_TEXT),
    "an identifier that is a letter": lambda: pdf_of().replace(b"<0011", b"<" + b"41" * 80 + b"0011", 1),
    "text as signature": lambda: pdf_of(SIGNATURE % b"(My IBAN is DE02)"),
    "text behind a signature": lambda: pdf_of(SIGNATURE % text_of(SIGNED + b"My IBAN")),
    "text in the octets of a signature": lambda: pdf_of(SIGNATURE % text_of(der(0x04, ENGLISH))),
    "text that a signature holds": lambda: pdf_of(SIGNATURE % text_of(signed_of(der(0x04, ENGLISH)))),
    "text that it holds as something else": lambda: pdf_of(
        SIGNATURE % text_of(signed_of(der(0x0C, ENGLISH)))
    ),
    "text in the place of what is signed": lambda: pdf_of(
        SIGNATURE % text_of(der(0x30, OF_SIGNED, der(0xA0, der(0x04, ENGLISH))))
    ),
    "text in the place of certificates": lambda: pdf_of(
        SIGNATURE % text_of(signed_of(beside=der(0xA0, der(0x0C, ENGLISH))))
    ),
    "text as authentication code": lambda: pdf_of(trailer=code_of(der(0x30, der(0x04, ENGLISH)))),
    "text in the place of an authentication code": lambda: pdf_of(trailer=code_of(der(0x04, ENGLISH))),
    "text behind the hash of a password": lambda: pdf_of(
        encrypt=ENCRYPT.replace(OWNER, text_of(cipher(48, 90) + ENGLISH))
    ),
    "text as a key": lambda: pdf_of(encrypt=ENCRYPT.replace(text_of(cipher(32, 92)), text_of(ENGLISH[:32]))),
    "text as salt of a key": lambda: pdf_of(encrypt=with_entry(b"/KDFSalt " + text_of(ENGLISH[:32]))),
    "a third identifier": lambda: pdf_of().replace(b"/ID [", b"/ID [(My IBAN) "),
    "a name behind that of a program": lambda: pdf_of(between=[b"%iText Zdenka Kvapilova\n"]),
    "a number behind that of a program": lambda: pdf_of(between=[b"% Written by MuPDF 8551011234567\n"]),
    "another alphabet in comments": lambda: pdf_of(between=["%Квапилов\n%Николаев\n".encode("cp1251")]),
    "a key to certificates in an unknown cipher": lambda: pdf_of(encrypt=for_certificates(b"\x06\x01\x2a")),
    "a key to certificates in RC2 with 40 bits": lambda: pdf_of(encrypt=for_certificates(RC2, b"\x00\xa0")),
    "text as a key to certificates": lambda: pdf_of(encrypt=for_certificates(RC2, b"\x3a", ENGLISH[:32])),
    "metadata that are in clear": lambda: pdf_of(encrypt=with_entry(b"/EncryptMetadata false")),
    "embedded files that are": lambda: pdf_of(encrypt=with_entry(b"/EFF /Identity")),
    "an object within a stream": lambda: lying(pdf_of(stream_of(HIDDEN))),
    "a cross-reference stream with text": lambda: pdf_of(stream_of(b"\1My IBAN is DE02", TABLE)),
    "a cross-reference stream and more": lambda: pdf_of(stream_of(zlib.compress(bytes(4)) + b"IBAN", FLATE)),
    "a cross-reference stream to a place in a stream": lambda: pdf_of(stream_of(b"\1\0\x09", TABLE)),
    "two encryptions": lambda: pdf_of(between=[b"trailer << /Encrypt 9 0 R >>\n"]),
    "a name twice": lambda: pdf_of(b"<< /A 1 /A 2 >>"),
}
TABLE = b"/Type /XRef /W [1 2 0] /Index [0 1] /Size 1"
FLATE = b"/Type /XRef /W [1 2 1] /Index [0 1] /Size 1 /Filter /FlateDecode"
OF_SIGNED, OF_DATA = bytes.fromhex("06092a864886f70d010702"), bytes.fromhex("06092a864886f70d010701")
OF_MAC = bytes.fromhex("060b2a864886f70d0109100102")
RC2, TRIPLE_DES = bytes.fromhex("06082a864886f70d0302"), bytes.fromhex("06082a864886f70d0307")
OWNER = text_of(cipher(48, 90))


def signed_of(content: bytes = b"", beside: bytes = b"", kind: bytes = OF_DATA) -> bytes:
    """Return a signature over *content*, if that is in it, with certificates *beside* it (RFC 5652 section 5.1)."""
    what = der(0x30, kind, der(0xA0, content) if content else b"")
    algorithms, signers = der(0x31, der(0x30)), der(0x31, der(0x30, b"\x02\x01\x01"))
    return der(0x30, OF_SIGNED, der(0xA0, der(0x30, b"\x02\x01\x01", algorithms, what, beside, signers)))


def code_of(body: bytes) -> bytes:
    return b"/AuthCode << /MAC " + text_of(der(0x30, OF_MAC, der(0xA0, body))) + b" >>"


def for_certificates(kind: bytes, version: bytes = b"\x3a", key: bytes = cipher(32)) -> bytes:
    """Say that the key of a PDF is given to a certificate, encrypted in a cipher of the *kind*."""
    parameters = der(0x30, der(0x02, version), der(0x04, cipher(8))) if kind == RC2 else der(0x04, cipher(8))
    recipient = der(0x30, b"\x02\x01\x00", der(0x30), der(0x30), der(0x04, cipher(256)))
    content = der(0x30, OF_DATA, der(0x30, kind, parameters), der(0x80, key))
    enveloped = der(
        0x30,
        bytes.fromhex("06092a864886f70d010703"),
        der(0xA0, der(0x30, b"\x02\x01\x00", der(0x31, recipient), content)),
    )
    given = b"/Recipients [" + text_of(enveloped) + b"] /AuthEvent"
    return ENCRYPT.replace(KEYS, b"").replace(b"/Standard", b"/Adobe.PubSec").replace(b"/AuthEvent", given)


SIGNED = signed_of()
STAMP = bytes.fromhex("060b2a864886f70d0109100104")
HIDDEN = cipher(800, 5)[:400] + b"\n9 0 obj(x)endobj\n" + cipher(798, 5)[416:]


def with_entry(entry: bytes) -> bytes:
    return ENCRYPT.replace(b"/P -4", b"/P -4 " + entry)


ENCRYPT_WITH_TEXT = with_entry(b"/Note (My IBAN)")


def lying(content: bytes) -> bytes:
    """Have the cross-references send a reader into the middle of a stream."""
    place = content.index(b"9 0 obj(x)")
    return re.sub(rb"\d{10} (00000 n \ntrailer)", b"%010d \\1" % place, content)


@pytest.mark.parametrize("name", CLEAR)
def test_a_pdf_with_anything_in_clear_is_for_everyone(name: str) -> None:
    (found,) = of_file(CLEAR[name]())
    assert not found.is_protected


ROW = b"\1\0\x0f"  # an object, and where it begins
RIGHT: dict[str, Callable[[], bytes]] = {
    "strings and streams": lambda: pdf_of(
        SHOWN, stream_of(cipher(160)), b"<< /A [" + SHOWN + b" 1.5 -2 .5 null] >>"
    ),
    "empty ones": lambda: pdf_of(b"()", stream_of(b"")),
    "an object stream": lambda: pdf_of(
        stream_of(cipher(800), b"/Type /ObjStm /N 9 /First 40 /Filter /FlateDecode")
    ),
    "a length that stands elsewhere": lambda: pdf_of(stream_of(cipher(160), length=b"5 0 R"), b"160"),
    "a length in an object stream": lambda: pdf_of(stream_of(cipher(160), length=b"99 0 R")),
    "a length that is wrong": lambda: pdf_of(stream_of(cipher(160), length=b"3")),
    "another way to write strings": lambda: pdf_of(
        b"(" + re.sub(rb"([()\\\r\n])", rb"\\\1", cipher(32, 2)) + b")"
    ),
    "a signature": lambda: pdf_of(SIGNATURE % text_of(SIGNED + bytes(40))),
    "a signature with certificates": lambda: pdf_of(
        SIGNATURE % text_of(signed_of(beside=der(0xA0, der(0x30, der(0x0C, b"Zdenka Kvapilova")))))
    ),
    "a signature over a hash that it holds": lambda: pdf_of(
        SIGNATURE % text_of(signed_of(der(0x04, cipher(20))))
    ),
    "a signature that is a number": lambda: pdf_of(SIGNATURE % text_of(der(0x04, cipher(256)))),
    "a time stamp": lambda: pdf_of(
        SIGNATURE % text_of(signed_of(der(0x04, der(0x30, der(0x0C, b"Time Stamping Unit 1"))), kind=STAMP))
    ),
    "an authentication code": lambda: pdf_of(
        trailer=code_of(der(0x30, b"\x02\x01\x00", der(0x04, cipher(40)), der(0x04, cipher(32, 2))))
    ),
    "hashes of passwords with zeros behind": lambda: pdf_of(
        encrypt=ENCRYPT.replace(OWNER, text_of(cipher(48, 90) + bytes(79)))
    ),
    "a hash of a password with zeros in its place": lambda: pdf_of(
        encrypt=ENCRYPT.replace(OWNER, text_of(cipher(16, 90) + bytes(16)))
        .replace(b"/V 5 /R 6", b"/V 4 /R 4")
        .replace(b"/AESV3", b"/AESV2")
        .replace(text_of(cipher(48, 91)), text_of(cipher(16, 91) + bytes(16)))
    ),
    "a key to certificates in RC2": lambda: pdf_of(encrypt=for_certificates(RC2)),
    "a key to certificates in Triple DES": lambda: pdf_of(encrypt=for_certificates(TRIPLE_DES)),
    "nonces that count": lambda: pdf_of(
        b"["
        + b"".join(text_of(cipher(4, n) + n.to_bytes(8, "big") + cipher(40, n)) for n in range(9))
        + b"]",
        encrypt=ENCRYPT.replace(b"/V 5 /R 6", b"/V 6 /R 7").replace(b"/AESV3", b"/AESV4"),
    ),
    "comments of programs": lambda: pdf_of(between=[b"%iText-Core-8.0.2\n", b"% Written by MuPDF 1.26.3\n"]),
    "a cross-reference stream": lambda: pdf_of(stream_of(ROW, TABLE)),
    "the filter that all have": lambda: pdf_of(
        stream_of(cipher(160), b"/Filter [/Crypt] /DecodeParms [<< /Name /StdCF >>]")
    ),
    "two revisions": lambda: pdf_of(between=[b"trailer << /Encrypt 3 0 R >>\nstartxref\n0\n%%EOF\n"]),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_pdf_that_is_encrypted_throughout_is_protected(name: str) -> None:
    (found,) = of_file(RIGHT[name]())
    assert found.is_protected, found


def test_a_pdf_that_pyhanko_packs_into_encrypted_object_streams_is_protected() -> None:
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.writer import PdfFileWriter

    writer = PdfFileWriter(stream_xrefs=True)
    writer.encrypt("owner", "secret")
    packed = writer.prepare_object_stream()
    for number in range(50):
        title = generic.pdf_string(f"Kvapilová {number}, IBAN DE02120300000000202051")
        packed_one = generic.DictionaryObject({generic.pdf_name("/Title"): title})
        writer.add_object(packed_one, obj_stream=packed)
    out = io.BytesIO()
    writer.write(out)
    (found,) = of_file(out.getvalue())
    assert (found.is_protected, found.encryption) == (True, "AES-256 (revision 6) by password")
    assert b"/ObjStm" in out.getvalue()


# --- the structure of the others


def member_of(content: bytes, place: int, data: bytes) -> bytes:
    return content[:place] + data + content[place + len(data) :]


def zip_with_clear_folder() -> bytes:
    """A folder that holds something, without encryption, beside a file that is encrypted."""
    out = io.BytesIO(aes_zip())
    with zipfile.ZipFile(out, "a") as found:
        found.writestr(zipfile.ZipInfo("folder/"), b"My IBAN is DE02")
    return out.getvalue()


def zip_with_empty_file() -> bytes:
    out = io.BytesIO(aes_zip())
    with zipfile.ZipFile(out, "a") as found:
        found.writestr("empty", b"")
        found.writestr("folder/", b"")
    return out.getvalue()


def zip_with_extra(field: bytes) -> bytes:
    """Put an extra field more into the directory of a ZIP."""
    content = aes_zip_of(100)
    start, end = content.index(b"PK\x01\x02"), content.index(b"PK\x05\x06")
    length = struct.unpack_from("<H", content, start + 30)[0] + len(field)
    directory = member_of(content[start:end], 30, struct.pack("<H", length)) + field
    return content[:start] + directory + member_of(content[end:], 12, struct.pack("<I", len(directory)))


def piecewise(data: bytes) -> bytes:
    """Return a ZIP that was written piece by piece: sizes stand behind its one file, as *data*."""
    content = aes_zip_of(100)
    start = content.index(b"PK\x01\x02")
    head, directory = bytearray(content[:start]), bytearray(content[start:])
    head[6] |= 8
    directory[8] |= 8
    sizes = bytes(head[14:26])
    place = directory.index(b"PK\x05\x06")
    said = data or b"PK\x07\x08" + sizes
    directory[place + 16 : place + 20] = struct.pack("<I", len(head) + len(said))
    return bytes(head) + said + bytes(directory)


OTHERS: dict[str, tuple[Callable[[], bytes], bool]] = {
    "ZIP: a folder that holds something": (zip_with_clear_folder, False),
    "ZIP: an empty file has nothing to hide": (zip_with_empty_file, True),
    "ZIP: words in an extra field": (
        lambda: zip_with_extra(struct.pack("<HH", 0x4444, 7) + b"My IBAN"),
        False,
    ),
    "ZIP: times in an extra field": (lambda: zip_with_extra(struct.pack("<HHBI", 0x5455, 5, 1, 9)), True),
    "ZIP: sizes behind the file": (lambda: piecewise(b""), True),
    "ZIP: words behind the file": (lambda: piecewise(b"My IBAN is DE02!"), False),
    "ZIP: another name in front": (lambda: aes_zip_of(9).replace(b"list.csv", b"IBANDE02", 1), False),
    "CMS: attributes in clear": (lambda: cms_of(cipher(160), der(0xA1, der(0x04, b"My IBAN"))), False),
    "CMS: no whole blocks": (lambda: cms_of(cipher(161)), False),
    "CMS: nothing": (lambda: cms_of(b""), False),
    "CMS: a key in clear": (lambda: cms_of(cipher(160), key=CZECH.encode()), False),
    "CMS: too short a key": (lambda: cms_of(cipher(160), key=cipher(32)), False),
    "CMS: certificates of the sender": (
        lambda: cms_of(cipher(160), originator=der(0xA0, der(0xA0, der(0x30)))),
        True,
    ),
    "CMS: words of the sender": (
        lambda: cms_of(cipher(160), originator=der(0xA0, der(0xA0, der(0x04, b"My IBAN")))),
        False,
    ),
    "CMS: words of the sender in place of certificates": (
        lambda: cms_of(cipher(160), originator=der(0xA0, der(0x04, b"My IBAN"))),
        False,
    ),
    "CMS: text behind it": (lambda: cms_of(cipher(160)) + b"My IBAN", False),
    "OpenPGP: a marker": (lambda: packet(10, b"PGP") + in_openpgp(cipher(40, 8)), True),
    "OpenPGP: another marker": (lambda: packet(10, b"IBAN") + in_openpgp(cipher(40, 8)), False),
    "OpenPGP: a key that is text": (
        lambda: packet(1, b"My IBAN is DE02") + in_openpgp(b"")[len(TO_KEY) :],
        False,
    ),
    "OpenPGP: hardly any data": (lambda: TO_KEY + packet(18, b"\x01abc"), False),
    "Office: words in its XML": (lambda: office_with(b'saltSize="16"', b'myIBAN="DE2"'), False),
    "Office: a comment in its XML": (lambda: office_with(b"<keyEncryptors>", b"<!-- IBAN  -->"), False),
    "Office: words behind a stream": (lambda: office_with_slack(b"My IBAN"), False),
    "Office: words as an address in its XML": (
        lambda: office_with(
            b"schemas.microsoft.com/office/2006/encryption", b"x.example/My-name-is-Zdenka-Kvapilova-Prague"
        ),
        False,
    ),
    "Office: words as an algorithm": (
        lambda: office_with(b'hashAlgorithm="SHA512"', b'hashAlgorithm="IBANDE"'),
        False,
    ),
    "Office: words in base64": (
        lambda: office_of(agile_with(base64.b64encode(ENGLISH[:48])), cipher(4096)),
        False,
    ),
    "Office: another alphabet in a space": (
        lambda: office_with(b"\1\0\0\0" * 3, "Квапил".encode("utf-16-le")),
        False,
    ),
    "Office: put together here": (
        lambda: office_of(agile_with(base64.b64encode(cipher(48))), cipher(4096)),
        True,
    ),
    "Office: the older form": (lambda: office_of(standard(PROVIDER, cipher(72)), cipher(4096)), True),
    "Office: the older form without a name": (
        lambda: office_of(standard("", cipher(72)), cipher(4096)),
        True,
    ),
    "Office: words in the older form": (
        lambda: office_of(standard("Zdenka Kvapilova", cipher(72)), cipher(4096)),
        False,
    ),
    "Office: words as its salt": (
        lambda: office_of(standard(PROVIDER, cipher(4) + ENGLISH[:32] + cipher(36)), cipher(4096)),
        False,
    ),
    "Office: words behind the older form": (
        lambda: office_of(standard(PROVIDER, cipher(72) + b"My IBAN"), cipher(4096)),
        False,
    ),
}


ENGLISH = b"My name is Zdenka Kvapilova, and my IBAN is DE02120300000000202051 in Prague, please. "
PROVIDER = "Microsoft Enhanced RSA and AES Cryptographic Provider"


def standard(provider: str, verifier: bytes) -> bytes:
    """Say so in the older form (section 2.3.4.5)."""
    header = struct.pack("<8I", 0x24, 0, 0x660E, 0x8004, 128, 24, 0, 0) + f"{provider}\0".encode("utf-16-le")
    return struct.pack("<HHII", 3, 2, 0x24, len(header)) + header + verifier


def office_with(old: bytes, new: bytes) -> bytes:
    content = office(6000)
    assert old in content
    return content.replace(old, new.ljust(len(old)), 1)


def office_with_slack(text: bytes) -> bytes:
    content = office(6000)
    end = content.index(b"</encryption>") + len(b"</encryption>\n")
    return member_of(content, end, text)


@pytest.mark.parametrize("name", OTHERS)
def test_other_formats_are_looked_at_to_the_end(name: str) -> None:
    make, is_protected = OTHERS[name]
    (found,) = of_file(make())
    assert found.is_protected is is_protected, found
