"""What is said of who can read a message, against what the bytes of it really are."""

from __future__ import annotations

import email
import io
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from exposure_cases import (
    CIPHERTEXT,
    DATA,
    TO_KEY,
    aes_zip,
    armored,
    cipher,
    office,
    pgp_mime,
    stream_of,
    zipped,
)
from ondemand_attach import (
    Address,
    Document,
    Exposure,
    Message,
    MessageBuilder,
    PdfEncryptor,
    PdfSigner,
    Recipient,
    SmimeEncryptor,
    SmimeSigner,
    TimeStampAuthority,
)
from ondemand_attach._exposure import _office, of_file, of_message
from ondemand_attach.testing import attachment_request
from protectors import authority
from protectors.authority import Authority
from protectors.samples import CANARY, KEYS, certify, order, rsa_key, secret

EVERYONE = "everyone who relays or stores the message"
REQUEST = attachment_request({})
LETTER = MessageBuilder().sender("Shop <shop@shop.example>").subject("Order 1").text("Thank you.")


def by_password(document: Document | None = None) -> Document:
    return PdfEncryptor(password=secret).encrypt(document or order(), REQUEST)


def to_certificates(*kinds: str) -> Document:
    found = [certify(KEYS[kind](), kind) for kind in kinds]
    return PdfEncryptor(certificates=lambda _: found).encrypt(order(), REQUEST)


def alone(content: bytes) -> Exposure:
    (found,) = of_file(content)
    return found


def attached(document: Document) -> MessageBuilder:
    content = document.content
    return LETTER.attach(
        lambda _: Document(content=content, media_type=document.media_type),
        filename="Order of {{ name }}.pdf",
    )


def built(builder: MessageBuilder, *people: Recipient) -> Message:
    return builder.build({"name": "Zoë"}, to=people or "jane@example.com")


# --- messages


def test_every_part_is_listed_in_its_order() -> None:
    builder = (
        LETTER.html('<img src="cid:logo">')
        .image("logo", b"\x89PNG")
        .attach(lambda _: by_password(), filename="order.pdf")
        .attach(lambda _: Document(content=b"a;b\n", media_type="text/csv"), filename="Zoë.csv")
    )
    message = built(builder)
    assert [
        (e.part, e.readers, e.is_protected, e.name, e.media_type, e.size) for e in message.exposure()
    ] == [
        ("header", EVERYONE, False, None, "message/rfc822", message.content.index(b"\r\n\r\n") + 4),
        ("text body", EVERYONE, False, None, "text/plain", 10),
        ("HTML body", EVERYONE, False, None, "text/html", len('<img src="cid:logo@shop.example">')),
        ("inline file", EVERYONE, False, "logo", "image/png", 4),
        (
            "attachment 1",
            "holders of the password",
            True,
            "order.pdf",
            "application/pdf",
            message.parts[0].size,
        ),
        ("attachment 2", EVERYONE, False, "Zoë.csv", "text/csv", 4),
    ]
    assert message.exposure() == of_file(message.content)


def test_a_repr_shows_no_file_name() -> None:
    assert "Zoë" not in repr(built(attached(order())).exposure())


def test_what_an_attachment_is_does_not_depend_on_what_it_is_called() -> None:
    disguised = Document(content=by_password().content, media_type="application/octet-stream")
    boasting = Document(
        content=b"plain", media_type="application/pdf", encryption="AES-256", signature="PAdES"
    )
    assert built(attached(disguised)).exposure()[-1].encryption == "AES-256 (revision 6) by password"
    found = built(attached(boasting)).exposure()[-1]
    assert (found.readers, found.encryption, found.signature) == (EVERYONE, None, None)


def test_a_signed_message_is_taken_apart() -> None:
    certificate = certify(rsa_key(), alternative="shop@shop.example")
    key = {"key": rsa_key(), "certificate": certificate}
    builder = LETTER.attach(lambda _: order(), filename="a.pdf", signer=PdfSigner(**key))
    found = built(builder.whole_message(signer=SmimeSigner(**key))).exposure()
    assert [(each.part, each.signature) for each in found] == [
        ("header", None),
        ("text body", "S/MIME"),
        ("attachment 1", "PAdES B-B, over the whole file, S/MIME"),
        ("signature", "S/MIME"),
    ]
    assert not any(each.is_protected for each in found)


def people(*kinds: str) -> list[Recipient]:
    return [
        Recipient(
            address=Address(addr_spec=f"{kind.lower()}@example.com"),
            certificate=certify(KEYS[kind](), kind).public_bytes(Encoding.PEM),
        )
        for kind in kinds
    ]


@pytest.mark.parametrize("is_signed", [False, True])
@pytest.mark.parametrize(("strict", "mode"), [(False, "CBC"), (True, "GCM")])
def test_an_encrypted_message_is_one_opaque_part(*, strict: bool, mode: str, is_signed: bool) -> None:
    signer = SmimeSigner(key=rsa_key(), certificate=certify(rsa_key())) if is_signed else None
    builder = attached(order()).whole_message(encryptor=SmimeEncryptor(strict=strict), signer=signer)
    header, opaque = built(builder, *people(*KEYS)).exposure()
    assert (header.part, header.readers) == ("header", EVERYONE)
    assert (opaque.part, opaque.is_protected, opaque.name) == ("encrypted message", True, "smime.p7m")
    assert opaque.readers == "holders of 3 certificates' keys"
    assert opaque.encryption == f"S/MIME, AES-256-{mode} to 3 certificates"
    (_, opaque) = built(builder, *people("P-256")).exposure()
    assert opaque.readers == "the holder of the certificate's key"


def test_openpgp_is_one_opaque_part() -> None:
    header, opaque = of_file(
        pgp_mime(f"Content-Type: application/octet-stream\n\n{armored(TO_KEY * 2 + DATA)}\n")
    )
    assert header.part == "header"
    assert (opaque.part, opaque.readers) == ("encrypted message", "holders of 2 OpenPGP keys")
    assert opaque.encryption == "OpenPGP to 2 keys"


@pytest.mark.parametrize(
    "content",
    [
        "in clear",
        armored(DATA),
        armored(TO_KEY + DATA + b"\xcb\x04clear"),
        armored(TO_KEY + DATA) + "\nin clear",
        armored(TO_KEY + DATA).replace("\n\n", "\nComment: in clear\n\n"),
        armored(TO_KEY + DATA) + "\nin clear\n" + armored(TO_KEY + DATA),
        armored(TO_KEY + DATA).replace("\n-----END", "\nin clear\n-----END"),
        armored(TO_KEY + b"\xd2\xe5" + CIPHERTEXT[:32] + b"in clear"),
        armored(TO_KEY + b"\xd2\xe5" + CIPHERTEXT[:32] + bytes([35]) + CIPHERTEXT[32:] + b"\xcb\x05clear"),
    ],
    ids=[
        *("no OpenPGP", "no key", "more than what is encrypted", "text behind it", "text in its header"),
        *("text between two", "text in the armor", "parts without an end", "text behind the parts"),
    ],
)
def test_what_only_says_that_it_is_openpgp_is_for_everyone(content: str) -> None:
    found = of_file(pgp_mime(f"Content-Type: application/octet-stream\n\n{content}\n"))
    assert not any(each.is_protected for each in found)


def test_data_may_come_in_parts() -> None:
    parts = b"\xe5" + CIPHERTEXT[:32] + b"\xe4" + CIPHERTEXT[32:48] + bytes([19]) + CIPHERTEXT[48:]
    content = armored(TO_KEY + b"\xd2" + parts)
    (_, opaque) = of_file(pgp_mime(f"Content-Type: application/octet-stream\n\n{content}\n"))
    assert opaque.is_protected


@pytest.mark.parametrize("place", ["before", "behind"])
def test_text_beside_the_parts_is_listed(place: str) -> None:
    content = built(attached(by_password())).content
    boundary = re.search(rb'boundary="?([^";\r\n]+)', content)
    assert boundary is not None
    at = content.index(b"--" + boundary[1]) if place == "before" else len(content)
    changed = content[:at] + b"\r\nMy IBAN is DE02.\r\n" + content[at:]
    *_, beside = of_file(changed)
    assert (beside.part, beside.is_protected) == ("text beside the parts", False)


def test_no_part_of_an_encrypted_multipart_is_passed_over() -> None:
    found = of_file(pgp_mime(f"\n{armored(TO_KEY + DATA)}\n", "\nin clear\n"))
    assert [each.is_protected for each in found] == [False, True, False]


def test_a_message_in_a_message_is_for_everyone() -> None:
    outer = b"From: a@x.example\nContent-Type: message/rfc822\n\n" + built(attached(by_password())).content
    assert [(each.part, each.is_protected) for each in of_file(outer)] == [
        ("header", False),
        ("attachment 1", False),
    ]


WORDS = [
    *(
        b"multipart/signed",
        b"multipart/encrypted",
        b"message/rfc822",
        b"message/delivery-status",
        b"boundary",
        b"--",
    ),
    *(b"Content-Transfer-Encoding: x-uuencode\n", b"charset=foo", b"filename*0*=utf-9''%ff", b"name*=", b"%"),
    *(b"=?x?q?y?=", b"\xff\xfe", b"\n\n", b"\r", b";", b'"', b"Content-Disposition: \xff; filename=\xff\n"),
]


def test_whatever_is_done_to_it_a_message_is_read_without_an_error() -> None:
    chosen, key = random.Random(4), {"key": rsa_key(), "certificate": certify(rsa_key())}
    builder = attached(order()).html("<img src='cid:logo'>").image("logo", b"\x89PNG")
    originals = [
        built(builder.whole_message(signer=SmimeSigner(**key))).content[:6000],
        built(builder.whole_message(encryptor=SmimeEncryptor()), *people("P-256")).content[:6000],
        b"From: a@x.example\nContent-Type: message/rfc822\n\n" + built(attached(order())).content,
        pgp_mime(f"Content-Type: application/octet-stream\n\n{armored(TO_KEY + DATA)}\n"),
    ]
    for _ in range(300):
        content = bytearray(chosen.choice(originals))
        for _ in range(chosen.randrange(1, 6)):
            start = chosen.randrange(min(len(content), 1500))
            content[start : start + chosen.choice([0, 5, 30])] = chosen.choice(WORDS)
        assert of_message(bytes(content))[0].part == "header"


# --- PDF


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with authority.running(tmp_path_factory.mktemp("authority")) as found:
        yield found


PROTECTIONS: dict[str, tuple[Callable[[], Document], str | None, str]] = {
    "plain": (order, None, "everyone who has the file"),
    "password": (by_password, "AES-256 (revision 6) by password", "holders of the password"),
    "certificates": (
        lambda: to_certificates("RSA-2048", "P-256"),
        "AES-256 to 2 certificates",
        "holders of 2 certificates' keys",
    ),
}


@pytest.mark.parametrize("level", ["B-B", "B-T", "B-LT", "B-LTA"])
@pytest.mark.parametrize("protection", PROTECTIONS)
def test_protection_and_level_are_read_from_the_bytes(
    running: Authority, protection: str, level: Any
) -> None:
    make, encryption, readers = PROTECTIONS[protection]
    stamps = TimeStampAuthority(url=running.clock, trust_roots=[running.root])
    signer = PdfSigner(
        key=running.keys["signer"],
        certificate=running.certificates["signer"],
        chain=running.chain,
        level=level,
        time_stamps=None if level == "B-B" else stamps,
    )
    signed = signer.sign(make(), REQUEST)
    found = alone(signed.content)
    assert (found.encryption, found.readers) == (encryption, readers)
    assert found.signature == f"{signed.signature}, over the whole file"
    longer = alone(signed.content + b"\n")
    assert longer.signature == f"{signed.signature}, over a part of the file only"


def test_a_level_that_may_be_higher_is_said_to_be_the_least(running: Authority) -> None:
    """The catalog, which names validation data, may lie in an object stream, which nobody reads without the password."""
    signer = PdfSigner(
        key=running.keys["signer"],
        certificate=running.certificates["signer"],
        chain=running.chain,
        level="B-T",
        time_stamps=TimeStampAuthority(url=running.clock, trust_roots=[running.root]),
    )
    signed = signer.sign(by_password(), REQUEST).content
    without_catalog = signed.replace(b"/Pages ", b"/Pagez ")
    assert without_catalog != signed
    assert alone(without_catalog).signature == "PAdES B-T at least, over the whole file"


def test_a_later_revision_may_hide_validation_data_in_any_file(running: Authority) -> None:
    signer = PdfSigner(
        key=running.keys["signer"],
        certificate=running.certificates["signer"],
        chain=running.chain,
        level="B-T",
        time_stamps=TimeStampAuthority(url=running.clock, trust_roots=[running.root]),
    )
    for document in (order(), by_password()):
        signed = signer.sign(document, REQUEST).content
        packed = b"900 0 obj\n" + stream_of(cipher(80), b"/Type /ObjStm /N 1 /First 4") + b"\nendobj\n"
        assert alone(signed).signature == "PAdES B-T, over the whole file"
        later = alone(signed + packed + b"startxref\n0\n%%EOF\n").signature
        assert later == "PAdES B-T at least, over a part of the file only"


@pytest.mark.parametrize("protection", PROTECTIONS)
def test_what_is_not_signed_is_not_said_to_be(protection: str) -> None:
    make, encryption, readers = PROTECTIONS[protection]
    found = alone(make().content)
    assert (found.encryption, found.readers, found.signature) == (encryption, readers, None)


def by_qpdf(
    *, streams: pikepdf.ObjectStreamMode = pikepdf.ObjectStreamMode.preserve, **options: Any
) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(order().content)) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(**options), object_stream_mode=streams)
    return out.getvalue()


@pytest.mark.filterwarnings("ignore:Encryption R=5")
@pytest.mark.parametrize(
    ("options", "encryption", "is_protected"),
    [
        ({"user": "u", "R": 6}, "AES-256 (revision 6) by password", True),
        ({"user": "u", "R": 5}, "AES-256 (revision 5) by password", True),
        ({"user": "u", "R": 4}, "AES-128 (revision 4) by password", True),
        (
            {"user": "u", "R": 6, "streams": pikepdf.ObjectStreamMode.generate},
            "AES-256 (revision 6) by password",
            True,
        ),
        (
            {"user": "u", "R": 4, "aes": False, "metadata": False},
            "RC4 (revision 4) by password, which is weak",
            False,
        ),
        (
            {"user": "u", "R": 3, "aes": False, "metadata": False},
            "RC4 (revision 3) by password, which is weak",
            False,
        ),
        (
            {"user": "u", "R": 2, "aes": False, "metadata": False},
            "RC4 (revision 2) by password, which is weak",
            False,
        ),
        ({"user": "", "R": 6}, "AES-256 (revision 6), opens without a password", False),
        ({"user": "", "R": 4}, "AES-128 (revision 4), opens without a password", False),
        ({"user": "u", "R": 6, "metadata": False}, "AES-256 (revision 6) by password, parts in clear", False),
    ],
    ids=str,
)
def test_what_another_program_has_encrypted(
    options: dict[str, Any], encryption: str, is_protected: bool
) -> None:
    found = alone(by_qpdf(owner="o", **options))
    assert (found.encryption, found.is_protected) == (encryption, is_protected)


@pytest.mark.parametrize("identifiers", [b"/ID [<00><00>]", b""])
@pytest.mark.parametrize("user", ["", "u"])
def test_a_trailer_of_another_file_hides_no_empty_password(user: str, identifiers: bytes) -> None:
    """The key of revision 4 depends on the identifier of the file, and readers differ on which trailer counts."""
    content = by_qpdf(streams=pikepdf.ObjectStreamMode.disable, user=user, owner="o", R=4)
    start, encrypt = content.rindex(b"xref\n0 "), re.search(rb"/Encrypt \d+ 0 R", content)
    assert encrypt is not None
    front = content[:start] + b"trailer << " + encrypt[0] + identifiers + b" >>\n"
    end = content.rindex(b"startxref")
    found = alone(front + content[start:end] + b"startxref\n%d\n%%%%EOF\n" % len(front))
    assert (found.is_protected, "opens without" in str(found.encryption)) == (user != "", user == "")


STREAM = re.compile(rb"(?<=\nstream\n)(.{64,}?)(?=\nendstream)", re.DOTALL)


def in_clear(content: bytes, text: bytes) -> bytes:
    """Put *text* in place of the longest stream, padded to the length that it has."""
    longest = max(STREAM.finditer(content), key=lambda found: len(found[0]))
    return content[: longest.start()] + text.ljust(len(longest[0])) + content[longest.end() :]


FILTERS = b"/StmF /StdCF\n/StrF /StdCF"
HALF_ENCRYPTED: dict[str, Callable[[], bytes]] = {
    "ASCII in clear": lambda: in_clear(by_password().content, b"BT (Canary) Tj ET"),
    "a stream only deflated": lambda: in_clear(by_password().content, zlib.compress(CANARY.encode())),
    "a picture in clear": lambda: in_clear(
        by_password().content, b"\xff\xd8\xff\xe0" + bytes(range(128, 256))[:60]
    ),
    "text behind its end": lambda: by_password().content + b"\nMy IBAN is DE02\n",
    "text before it": lambda: b"My IBAN is DE02\n" + by_password().content,
    "an object that nothing refers to": lambda: by_password().content.replace(
        b"\nstartxref\n", b"\n99 0 obj\n(My IBAN is DE02)\nendobj\nstartxref\n"
    ),
    "text in the place of the MAC": lambda: re.sub(
        rb"/MAC <([0-9A-Fa-f]+)>",
        lambda found: b"/MAC <%b>" % b"My IBAN is DE02".hex().encode().ljust(len(found[1]), b"0"),
        by_password().content,
    ),
    "no cipher": lambda: by_password().content.replace(b"/CFM /AESV3", b"/CFM /None "),
    "no cipher for strings": lambda: by_password().content.replace(FILTERS, b"/StmF/StdCF/StrF/Identity"),
    "no cipher for streams": lambda: by_password().content.replace(FILTERS, b"/StmF/Identity/StrF/StdCF"),
    "an unknown filter for streams": lambda: by_password().content.replace(b"/StmF /StdCF", b"/StmF /XtdCF"),
    "an unknown filter for strings": lambda: by_password().content.replace(b"/StrF /StdCF", b"/StrF /XtdCF"),
}


@pytest.mark.parametrize("name", HALF_ENCRYPTED)
def test_a_pdf_that_is_only_said_to_be_encrypted_is_for_everyone(name: str) -> None:
    content = HALF_ENCRYPTED[name]()
    assert content != by_password().content
    assert not alone(content).is_protected


def test_an_unprotected_pdf_is_never_said_to_be_protected() -> None:
    chosen, plain = random.Random(1), order().content
    tricks = [
        b"/Encrypt 9 0 R",
        b"/Filter /Standard",
        b"%PDF-1.7",
        b"/ByteRange [0 1 2 3]",
        b"\x00" * 9,
        b"<<",
        b">>",
    ]
    for _ in range(300):
        content = bytearray(plain)
        for _ in range(chosen.randrange(4)):
            start = chosen.randrange(len(content))
            content[start : start + chosen.choice([0, 9])] = chosen.choice(tricks)
        found = of_file(bytes(content))[0]
        assert not found.is_protected
        assert "PAdES" not in (found.signature or "")


def test_an_unprotected_pdf_with_the_trailer_of_a_protected_one_is_not() -> None:
    sealed, plain = by_password().content, order().content
    number = max(int(found) for found in re.findall(rb"(\d+) 0 obj", plain)) + 1
    (dictionary,) = re.findall(rb"\d+ 0 obj\n(<<(?:(?!endobj).)*/Standard.*?)endobj", sealed, re.DOTALL)
    place, root = len(plain), re.findall(rb"/Root (\d+ \d+ R)", plain)[-1]
    start = re.findall(rb"startxref\s+(\d+)", plain)[-1]
    added = b"%d 0 obj\n%sendobj\n" % (number, dictionary)
    table = b"xref\n%d 1\n%010d 00000 n \ntrailer\n<</Size %d/Root %s/Prev %s/Encrypt %d 0 R/ID[<00><00>]>>\n"
    faked = plain + added + table % (number, place, number + 1, root, start, number)
    found = alone(faked + b"startxref\n%d\n%%%%EOF\n" % (place + len(added)))
    assert found.encryption == "AES-256 (revision 6) by password, parts in clear"
    assert not found.is_protected


@pytest.mark.parametrize(
    ("kind", "signature"),
    [
        (b"/adbe.pkcs7.detached", "a signature that is not PAdES, over the whole file"),
        (b"/ETSI.RFC3161       ", "a document time stamp, over the whole file"),
    ],
)
def test_what_is_no_pades_is_not_said_to_be(kind: bytes, signature: str) -> None:
    signed = PdfSigner(key=rsa_key(), certificate=certify(rsa_key())).sign(order(), REQUEST).content
    assert alone(signed).signature == "PAdES B-B, over the whole file"
    assert alone(signed.replace(b"/ETSI.CAdES.detached", kind)).signature == signature
    without = re.sub(SIGNING_CERTIFICATE, b"060b2a864886f70d0109100230", signed, flags=re.IGNORECASE)
    assert (
        alone(without).signature
        == "a signature without the certificate in it, so not PAdES, over the whole file"
    )


SIGNING_CERTIFICATE = b"060b2a864886f70d010910022f"
"""The object identifier of the signed attribute (RFC 5035), in hexadecimal digits."""


# --- other formats


LOCAL = b"PK\x03\x04\x14\0\1\0c\0"
"""How a local header begins that says AES."""


def half_encrypted_zip() -> bytes:
    out = io.BytesIO(aes_zip())
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("more.csv", CANARY)
    return out.getvalue()


def faked_zip() -> bytes:
    """A ZIP whose directory says AES, while the files themselves are not encrypted."""
    content = zipped()
    start = content.index(b"PK\x01\x02")
    directory = content[start:].replace(b"PK\x01\x02", b"PK\x01\x02", 1)
    entry = bytearray(directory)
    place = 0
    while (place := entry.find(b"PK\x01\x02", place)) >= 0:
        entry[place + 8] |= 1
        place += 4
    return content[:start] + bytes(entry)


SMIME_SIGNATURE = bytes.fromhex("300f06092a864886f70d010702a0023000")


def commented(content: bytes, comment: bytes = b"My IBAN") -> bytes:
    return content[:-2] + len(comment).to_bytes(2, "little") + comment


AES_ZIP_IN_PART = "AES-256 by password (WinZip), file names in clear, parts in clear"
OFFICE_IN_PART = "AES-256 by password (Office), parts in clear"


@pytest.mark.parametrize(
    ("make", "encryption", "is_protected"),
    [
        (zipped, None, False),
        (aes_zip, "AES-256 by password (WinZip), file names in clear", True),
        (lambda: aes_zip(128), "AES-128 by password (WinZip), file names in clear", True),
        (half_encrypted_zip, "in part only", False),
        (lambda: zipped() + aes_zip(), AES_ZIP_IN_PART, False),
        (lambda: aes_zip() + b"My IBAN", AES_ZIP_IN_PART, False),
        (lambda: commented(aes_zip()), AES_ZIP_IN_PART, False),
        (lambda: office(6000) + b"My IBAN", OFFICE_IN_PART, False),
        (lambda: office(6000) + zipped(), OFFICE_IN_PART, False),
        (
            lambda: office(6000).replace("Version".encode("utf-16-le"), "MyIBANs".encode("utf-16-le")),
            OFFICE_IN_PART,
            False,
        ),
        (lambda: office(6000, "VelvetSweatshop"), "AES-256 (Office), opens without a password", False),
        (faked_zip, "ZipCrypto or weaker", False),
        (lambda: aes_zip().replace(LOCAL, b"PK\x03\x04\x14\0\0\0c\0", 1), "ZipCrypto or weaker", False),
        (lambda: aes_zip().replace(LOCAL, b"PK\x03\x04\x14\0\1\0\x08\0", 1), "ZipCrypto or weaker", False),
        (lambda: office(6000), "AES-256 by password (Office)", True),
        (lambda: office(3_000_000), "AES-256 by password (Office)", True),
        (lambda: office(6000).replace("EncryptedPackage".encode("utf-16-le"), bytes(32)), None, False),
        (lambda: office(10)[:2000], "unreadable", False),
        (lambda: b"EncryptionInfo EncryptedPackage", None, False),
        (lambda: SMIME_SIGNATURE, None, False),
        (lambda: b"", None, False),
    ],
)
def test_other_formats(make: Callable[[], bytes], encryption: str | None, is_protected: bool) -> None:
    found = alone(make())
    assert (found.encryption, found.is_protected) == (encryption, is_protected)


@pytest.mark.parametrize(
    "make", [lambda: by_password().content, aes_zip, lambda: office(6000)], ids=["PDF", "ZIP", "OLE"]
)
def test_whatever_is_done_to_it_a_document_is_read_without_an_error(make: Callable[[], bytes]) -> None:
    chosen, content = random.Random(2), make()
    for _ in range(100):
        start, end = sorted(chosen.choices(range(len(content)), k=2))
        changed = content[:start] + chosen.choice([b"", b"\xff" * 4, content[start:end]]) + content[end:]
        assert of_file(changed)


@pytest.mark.parametrize(
    ("information", "algorithm"),
    [
        (struct.pack("<HHIIIII", 3, 2, 0x24, 0x8C, 0x24, 0, 0x660E), "AES-128"),
        (struct.pack("<HHIIIII", 4, 2, 0x24, 0x8C, 0x24, 0, 0x6610), "AES-256"),
        (struct.pack("<HHIIIII", 2, 2, 0x04, 0x8C, 0x04, 0, 0x6801), None),
        (struct.pack("<HHIIIII", 3, 3, 0x24, 0x8C, 0x24, 0, 0x660E), None),
        (struct.pack("<HHI", 4, 4, 0x40) + b'<keyData cipherAlgorithm="AES" keyBits="192"/>', "AES-192"),
        (struct.pack("<HHI", 4, 4, 0x40) + b'<keyData cipherAlgorithm="DES" keyBits="192"/>', None),
        (struct.pack("<HHI", 4, 4, 0x40), None),
    ],
)
def test_the_algorithm_of_an_office_document(information: bytes, algorithm: str | None) -> None:
    assert _office._algorithm(information) == algorithm


# --- the command


def enciphered(*, strict: bool) -> bytes:
    builder = LETTER.whole_message(encryptor=SmimeEncryptor(strict=strict))
    return built(builder, *people("RSA-2048")).content


def signed() -> bytes:
    return PdfSigner(key=rsa_key(), certificate=certify(rsa_key())).sign(by_password(), REQUEST).content


FILES: dict[str, tuple[Callable[[], bytes], str]] = {
    "PDF": (signed, "PAdES B-B, over the whole file"),
    "PDF to certificates": (lambda: to_certificates("RSA-2048").content, "AES-256 to a certificate"),
    "S/MIME": (lambda: enciphered(strict=False), "S/MIME, AES-256-CBC to a certificate"),
    "S/MIME, strict": (lambda: enciphered(strict=True), "S/MIME, AES-256-GCM to a certificate"),
    "ZIP": (aes_zip, "AES-256 by password (WinZip)"),
    "Office": (lambda: office(6000), "AES-256 by password (Office)"),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_process_that_has_loaded_nothing_knows_them_all(
    kind: str, tmp_path: Path, fresh_python: Callable[[str], str]
) -> None:
    make, protection = FILES[kind]
    path = tmp_path / "file"
    path.write_bytes(make())
    program = f"from ondemand_attach.cli import main; main(['inspect', {str(path)!r}])"
    assert protection in fresh_python(program)


def test_a_name_cannot_play_with_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from ondemand_attach.cli import main

    message = email.message_from_bytes(built(attached(order())).content)
    message.get_payload()[1].replace_header("Content-Disposition", 'attachment; filename="a\x1b[2J.pdf"')  # type: ignore[index, union-attr]
    (tmp_path / "a.eml").write_bytes(bytes(message))
    assert main(["inspect", str(tmp_path / "a.eml")]) == 0
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a;b\r\n", "none"),
        (b"\x89PNG\r\n\x1a\n\0\0", "none"),
        (b"7z\xbc\xaf\x27\x1c\0\x04\xff\xfe", "not understood"),
        (bytes(range(256)), "not understood"),
    ],
)
def test_nothing_found_is_told_from_not_understood(
    content: bytes, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from ondemand_attach.cli import main

    path = Path(tmp_path, "a.bin")
    path.write_bytes(content)
    assert main(["inspect", str(path)]) == 0
    assert re.split(r"\s{2,}", capsys.readouterr().out.splitlines()[1].rstrip())[-2:] == [words, words]
