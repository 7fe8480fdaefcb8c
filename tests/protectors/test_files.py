"""Files other than PDF, protected by password: what opens them, what does not, and known-bad ones."""

from __future__ import annotations

import email
import io
import random
import secrets
import struct
import sys
import zipfile
from collections.abc import Callable
from typing import Any

import olefile
import openpyxl
import pytest
import pyzipper
from msoffcrypto.exceptions import InvalidKeyError
from msoffcrypto.format.ooxml import OOXMLFile
from msoffcrypto.method.ecma376_agile import ECMA376Agile

from ondemand_attach import (
    AttachmentRequest,
    Document,
    MessageBuilder,
    OfficeEncryptor,
    PdfSigner,
    ZipEncryptor,
)
from ondemand_attach.errors import (
    ConfidentialityError,
    ConfigurationError,
    EncryptionError,
    MissingDependencyError,
    MissingRecipientError,
    ProofError,
    WeakPasswordError,
)
from ondemand_attach.testing import EncryptorContract, attachment_request
from protectors.samples import certify, ec_key
from scale import SCALE

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SECRET = "amber-kettle-27-violin"
NAME = "Jane Doe-Smithers"
LETTER = (
    MessageBuilder()
    .sender("orders@shop.example")
    .subject("Your statement")
    .text("Attached.")
    .confidential("name", "code")
)
CONTEXT = {"name": NAME, "code": SECRET}


def workbook(*values: str) -> bytes:
    made, octets = openpyxl.Workbook(), io.BytesIO()
    made.active.append(values or (NAME,))
    made.save(octets)
    return octets.getvalue()


def csv(request: AttachmentRequest) -> Document:
    return Document(content=f"name\r\n{request.context['name']}\r\n".encode(), media_type="text/csv")


def xlsx(request: AttachmentRequest) -> Document:
    return Document(content=workbook(str(request.context["name"])), media_type=XLSX)


def zip_encryptor(**options: Any) -> ZipEncryptor:
    return ZipEncryptor(**({"password": "{{ code }}", "name_inside": "statement.csv"} | options))


def office_encryptor(**options: Any) -> OfficeEncryptor:
    return OfficeEncryptor(**({"password": "{{ code }}"} | options))


ZIP = LETTER.attach(csv, filename="statement.zip", encryptor=zip_encryptor())
OFFICE = LETTER.attach(xlsx, filename="statement.xlsx", encryptor=office_encryptor())
DOCUMENTS = {
    ".zip": Document(content=b"name\r\n" + NAME.encode(), media_type="text/csv"),
    ".xlsx": Document(content=workbook(), media_type=XLSX),
}


def protected(encryptor: ZipEncryptor | OfficeEncryptor, password: str = SECRET) -> Document:
    suffix = ".zip" if isinstance(encryptor, ZipEncryptor) else ".xlsx"
    request = attachment_request({"code": password}, filename=f"statement{suffix}")
    return encryptor.encrypt(DOCUMENTS[suffix], request)


def unzipped(content: bytes, password: str) -> bytes | None:
    with pyzipper.AESZipFile(io.BytesIO(content)) as archive:
        try:
            return archive.read("statement.csv", password.encode())  # type: ignore[no-any-return]
        except RuntimeError:
            return None


def decrypted(content: bytes, password: str) -> bytes | None:
    file, plain = OOXMLFile(io.BytesIO(content)), io.BytesIO()
    try:
        file.load_key(password=password, verify_password=True)
    except InvalidKeyError:
        return None
    file.decrypt(plain, verify_integrity=True)
    return plain.getvalue()


def attached(builder: MessageBuilder) -> tuple[str, str | None, bytes]:
    *_, part = email.message_from_bytes(builder.build(CONTEXT, to="jane@example.com").content).walk()
    return part.get_content_type(), part.get_filename(), part.get_payload(decode=True)  # type: ignore[return-value]


class TestZip(EncryptorContract):
    filename, context = "statement.zip", {"code": SECRET}

    def document(self) -> Document:
        return Document(content=self.canary, media_type="text/csv")

    def make(self) -> ZipEncryptor:
        return zip_encryptor()


class TestOffice(EncryptorContract):
    filename, context = "statement.xlsx", {"code": SECRET}

    def document(self) -> Document:
        octets = io.BytesIO(workbook())
        with zipfile.ZipFile(octets, "a", zipfile.ZIP_STORED) as archive:
            archive.writestr("docProps/note.txt", self.canary)
        return Document(content=octets.getvalue(), media_type=XLSX)

    def make(self) -> OfficeEncryptor:
        return office_encryptor()


def test_a_message_brings_a_zip_that_opens_with_the_password() -> None:
    media_type, filename, content = attached(ZIP)
    assert (media_type, filename) == ("application/zip", "statement.zip")
    assert unzipped(content, SECRET) == f"name\r\n{NAME}\r\n".encode()
    assert unzipped(content, SECRET[:-1]) is None
    with zipfile.ZipFile(io.BytesIO(content)) as archive, pytest.raises(RuntimeError):
        archive.read("statement.csv")
    assert NAME.encode() not in content


def test_nothing_in_a_zip_tells_when_or_where_it_was_made() -> None:
    (entry,) = zipfile.ZipFile(io.BytesIO(attached(ZIP)[2])).infolist()
    assert (entry.date_time, entry.CRC, entry.comment) == ((1980, 1, 1, 0, 0, 0), 0, b"")


def test_a_message_brings_a_workbook_that_opens_with_the_password() -> None:
    media_type, filename, content = attached(OFFICE)
    assert (media_type, filename) == (XLSX, "statement.xlsx")
    plain = decrypted(content, SECRET)
    assert plain is not None
    assert openpyxl.load_workbook(io.BytesIO(plain)).active["A1"].value == NAME
    assert decrypted(content, SECRET[:-1]) is None
    with pytest.raises(zipfile.BadZipFile):
        openpyxl.load_workbook(io.BytesIO(content))


@pytest.mark.parametrize(
    ("encryptor", "opened", "count"), [(zip_encryptor(), unzipped, 300), (office_encryptor(), decrypted, 10)]
)
def test_each_file_opens_with_its_password_and_with_no_other(
    encryptor: ZipEncryptor | OfficeEncryptor, opened: Callable[[bytes, str], bytes | None], count: int
) -> None:
    chosen, before = random.Random(7), secrets.token_urlsafe(12)
    for _ in range(count * SCALE):
        password = "".join(chosen.choices("abcdefghijkmnopqrstuvwxyzABCDEFGH23456789 !#%&/()=?'\"\\", k=14))
        try:
            document = protected(encryptor, password)
        except WeakPasswordError:
            continue
        assert document.proof is not None
        document.proof(document.content)
        assert opened(document.content, password) in {each.content for each in DOCUMENTS.values()}
        assert opened(document.content, before) is None
        before = password


@pytest.mark.parametrize("builder", [ZIP, OFFICE])
def test_a_password_that_stands_in_the_message_is_found(builder: MessageBuilder) -> None:
    with pytest.raises(ConfidentialityError):
        builder.text("{{ number }}").build(CONTEXT | {"number": SECRET}, to="jane@example.com")


@pytest.mark.parametrize("make", [zip_encryptor, office_encryptor])
def test_a_password_is_for_one_recipient(make: Callable[..., Any]) -> None:
    suffix = "zip" if make is zip_encryptor else "xlsx"
    with pytest.raises(ConfigurationError, match="goes to 2 or more"):
        LETTER.to("a@x.example", "b@x.example").attach(csv, filename=f"a.{suffix}", encryptor=make())
    with pytest.raises(MissingRecipientError):
        ZIP.build(CONTEXT, to=["a@x.example", "b@x.example"])


@pytest.mark.parametrize(
    ("wire", "reason"),
    [
        (lambda: LETTER.attach(csv, filename="a.csv", encryptor=zip_encryptor()), "must end in .zip"),
        (
            lambda: LETTER.attach(xlsx, filename="a.pdf", encryptor=office_encryptor()),
            "must end in .docx or .pptx or .xlsx",
        ),
        (
            lambda: LETTER.attach(
                csv,
                filename="a.zip",
                encryptor=zip_encryptor(),
                signer=PdfSigner(key=KEY, certificate=certify(KEY)),
            ),
            r"whole_message\(signer=",
        ),
        (lambda: zip_encryptor(password="fixed"), "fixed text"),
        (lambda: office_encryptor(password="{{ 'fixed' }}"), "fixed text"),
        (lambda: zip_encryptor(name_inside="../statement.csv"), "file name in ASCII"),
        (lambda: zip_encryptor(name_inside="výpis.csv"), "file name in ASCII"),
        (lambda: zip_encryptor(name_inside=""), "file name in ASCII"),
    ],
)
def test_what_cannot_work_is_refused_while_wiring(wire: Callable[[], object], reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        wire()


KEY = ec_key()


@pytest.mark.parametrize(
    ("builder", "reason"),
    [
        (LETTER.attach(csv, filename="{{ 'a.csv' }}", encryptor=zip_encryptor()), r"must end in \.zip"),
        (LETTER.attach(csv, filename="a.xlsx", encryptor=office_encryptor()), "is text/csv, not of Office"),
        (LETTER.attach(xlsx, filename="a.docx", encryptor=office_encryptor()), r"must end in \.xlsx"),
        (
            LETTER.attach(
                lambda _: Document(content=b"PK\3\4", media_type=XLSX),
                filename="a.xlsx",
                encryptor=office_encryptor(),
            ),
            "no package of Office Open XML",
        ),
        (
            LETTER.attach(
                lambda request: protected(office_encryptor()), filename="a.xlsx", encryptor=office_encryptor()
            ),
            "is encrypted already",
        ),
    ],
)
def test_what_cannot_be_encrypted_is_refused(builder: MessageBuilder, reason: str) -> None:
    with pytest.raises(EncryptionError, match=reason) as caught:
        builder.build(CONTEXT, to="jane@example.com")
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("make", [zip_encryptor, office_encryptor])
@pytest.mark.parametrize("password", ["", "1975-03-12", "amber", "x" * 127, "amber-kettle-\u00a0violin-27"])
def test_a_weak_or_unfit_password_is_refused(make: Callable[..., Any], password: str) -> None:
    with pytest.raises(WeakPasswordError) as caught:
        protected(make(), password)
    assert not password or password not in str(caught.value)


def test_a_zip_needs_a_stronger_password_than_a_workbook_and_in_ascii() -> None:
    between = "k7q2-m9xd"  # 41 bits
    assert protected(office_encryptor(), between)
    with pytest.raises(WeakPasswordError, match=r"fewer than 45: found in .* at 32,000,000 guesses"):
        protected(zip_encryptor(), between)
    assert protected(office_encryptor(), "žluťoučký-Kx7tRw9-2mQz")
    with pytest.raises(WeakPasswordError, match="more than ASCII"):
        protected(zip_encryptor(), "žluťoučký-Kx7tRw9-2mQz")


def test_without_its_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, extra, make in (
        ("pyzipper", "zip", zip_encryptor),
        ("msoffcrypto", "office", office_encryptor),
    ):
        for name in [name for name in sys.modules if name.startswith(module)]:
            monkeypatch.setitem(sys.modules, name, None)
        monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(MissingDependencyError, match=rf"ondemand_attach\[{extra}\]"):
            make()


# --- known-bad ones

PLAIN = f"name\r\n{NAME[:4]}\r\n".encode()  # too short for the search to find in the clear


def zip_of(*entries: tuple[str, bytes], bits: int = 256, version: int = 2, how: Any = "aes") -> bytes:
    octets = io.BytesIO()
    with pyzipper.AESZipFile(octets, "w") as archive:
        for name, content in entries:
            if how == "aes":
                archive.setpassword(SECRET.encode())
                archive.setencryption(pyzipper.WZ_AES, nbits=bits, force_wz_aes_version=version)
            entry = archive.zipinfo_cls(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = pyzipper.ZIP_DEFLATED
            archive.writestr(entry, content)
    return octets.getvalue()


GOOD = zip_of(("statement.csv", PLAIN))


def with_another_entry(content: bytes) -> bytes:
    octets = io.BytesIO(content)
    with zipfile.ZipFile(octets, "a") as archive:
        archive.writestr("more.csv", content)
    return octets.getvalue()


def in_the_old_way(_: bytes) -> bytes:
    """Return a ZIP whose headers say ZipCrypto."""
    content = bytearray(GOOD)
    for place in (8, content.rindex(b"PK\1\2") + 10):
        struct.pack_into("<H", content, place, 8)
    return bytes(content)


BAD_ZIPS: dict[str, Callable[[bytes], bytes]] = {
    "not encrypted": lambda _: zip_of(("statement.csv", PLAIN), how=None),
    "AES-128": lambda _: zip_of(("statement.csv", PLAIN), bits=128),
    "AE-1, with a CRC": lambda _: zip_of(("statement.csv", PLAIN), version=1),
    "ZipCrypto": in_the_old_way,
    "two entries": lambda _: zip_of(("statement.csv", PLAIN), ("more.csv", PLAIN)),
    "a plain entry": lambda _: with_another_entry(GOOD),
    "another name": lambda _: zip_of(("jane.csv", PLAIN)),
    "another text": lambda _: zip_of(("statement.csv", PLAIN + b".")),
    "another password": lambda _: GOOD.replace(GOOD[60:70], bytes(10)),
    "something in front": lambda _: b"name" + GOOD,
    "something behind": lambda _: GOOD + b"name",
    "another local name": lambda _: GOOD.replace(b"statement", b"jane.smit", 1),
    "a changed byte": lambda _: GOOD[:75] + bytes([GOOD[75] ^ 1]) + GOOD[76:],
    "cut off": lambda _: GOOD[:-1],
    "no ZIP": lambda _: b"PK",
}


class Careless:
    """Promises one thing and does another."""

    for_one = True

    def __init__(self, encryptor: Any, make: Callable[[bytes], bytes]) -> None:
        self.encryptor, self.make = encryptor, make

    def encrypt(self, document: Document, request: AttachmentRequest) -> Document:
        made = self.encryptor.encrypt(document, request)
        return Document(content=self.make(made.content), media_type=made.media_type, proof=made.proof)


@pytest.mark.parametrize("kind", BAD_ZIPS)
def test_a_zip_that_is_not_as_it_should_be_never_leaves(kind: str) -> None:
    def send(make: Callable[[bytes], bytes]) -> None:
        generator = lambda _: Document(content=PLAIN, media_type="text/csv")  # noqa: E731
        careless = Careless(zip_encryptor(), make)
        LETTER.attach(generator, filename="statement.zip", encryptor=careless).build(
            CONTEXT, to="jane@example.com"
        )

    send(lambda _: GOOD)
    with pytest.raises(ProofError):
        send(BAD_ZIPS[kind])


BOOK = workbook("Jane")


def agile(content: bytes = BOOK, password: str = SECRET, rounds: int = 100_000) -> bytes:
    return ECMA376Agile.encrypt(password, io.BytesIO(content), spin_count=rounds)  # type: ignore[no-any-return]


GOOD_BOOK = agile()
BAD_BOOKS: dict[str, Callable[[bytes], bytes]] = {
    "not encrypted": lambda _: BOOK + b" ",
    "another password": lambda _: agile(password="another"),
    "another workbook": lambda _: agile(workbook("Joe")),
    "few rounds": lambda _: agile(rounds=1000),
    "said to be AES-128": lambda _: GOOD_BOOK.replace(b'keyBits="256"', b'keyBits="128"', 1),
    "said to be of SHA-1": lambda _: GOOD_BOOK.replace(b'"SHA512"', b'"SHA1  "'),
    "standard encryption": lambda _: GOOD_BOOK.replace(
        b"\4\0\4\0\x40\0\0\0<?xml", b"\4\0\2\0\x40\0\0\0<?xml"
    ),
    "a second key": lambda _: GOOD_BOOK.replace(b" " * 28 + b"hashSize", b" " * 11 + b"hashSize", 1).replace(
        b"</keyEncryptors>", b"<keyEncryptor  /></keyEncryptors>"
    ),
    "a changed byte": lambda _: changed(GOOD_BOOK),
    "cut off": lambda _: GOOD_BOOK[:5000],
    "no file": lambda _: b"\xd0\xcf\x11\xe0",
}


def changed(content: bytes) -> bytes:
    with olefile.OleFileIO(io.BytesIO(content)) as file:
        package = file.openstream("EncryptedPackage").read()
    start = content.index(package[:64]) + 30
    return content[:start] + bytes([content[start] ^ 1]) + content[start + 1 :]


@pytest.mark.parametrize("kind", BAD_BOOKS)
def test_a_workbook_that_is_not_as_it_should_be_never_leaves(kind: str) -> None:
    def send(make: Callable[[bytes], bytes]) -> None:
        generator = lambda _: Document(content=BOOK, media_type=XLSX)  # noqa: E731
        careless = Careless(office_encryptor(), make)
        LETTER.attach(generator, filename="statement.xlsx", encryptor=careless).build(
            CONTEXT, to="jane@example.com"
        )

    send(lambda _: GOOD_BOOK)
    assert BAD_BOOKS[kind](GOOD_BOOK) != GOOD_BOOK
    with pytest.raises(ProofError):
        send(BAD_BOOKS[kind])
