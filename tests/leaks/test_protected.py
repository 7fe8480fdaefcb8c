"""What anybody can read of a protected document is searched, whatever form the file has."""

from __future__ import annotations

import zlib
from dataclasses import replace

import pytest

from leak_cases import HEADER, pdf, stream
from ondemand_attach import AttachmentRequest, Document, MessageBuilder
from ondemand_attach._leaks import find_leaks
from ondemand_attach.errors import ConfidentialityError

NAME = "Jane Doe-Smithers"
CIPHERTEXT = bytes(range(160, 208)) * 4


def is_readable(document: bytes, value: object = NAME) -> bool:
    """Whether *value* is found in a protected *document*."""
    leaks = find_leaks(HEADER + document, [("customer.name", value)], protected=[document])
    assert all(leak.where == "readable part of a protected document" for leak in leaks)
    return bool(leaks)


def with_table(*objects: bytes) -> bytes:
    return pdf(*objects).replace(
        b"%%EOF", b"xref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 9>>\nstartxref\n9\n%%EOF"
    )


def with_stream(*objects: bytes) -> bytes:
    table = stream(CIPHERTEXT, b"/Type /XRef /W [1 4 2] /Size 12345678 /Filter /FlateDecode")
    return pdf(*objects, table).replace(b"%%EOF", b"startxref\n1234\n%%EOF")


FORMS = [with_table, with_stream]
OBJECTS = stream(CIPHERTEXT, b"/Type /ObjStm /N 9 /First 90 /Filter /FlateDecode")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "clear",
    [
        b"<</Author (Jane Doe-Smithers)>>",
        b"<</Author (Jane \\104oe-Smithers)>>",
        b"<</Author (Jane Doe\\-Smi\\\nthers)>>",
        b"<</Author <4A616E6520446F652D536D697468657273>>>",
        b"<</Author <4A61 6E65 2044 6F65\n2D53 6D69 7468 6572 7>>>".replace(b"7>>>", b"73>>>"),
        b"<</Author (\\376\\377" + b"".join(b"\\000%c" % octet for octet in NAME.encode()) + b")>>",
        b"<</Note (seen on a livestream: Jane Doe-Smithers)>>",
        b"<</Author (upstream) /Title (Jane Doe-Smithers)>>",
    ],
)
def test_strings_in_clear_are_found_beside_what_is_encrypted(form: object, clear: bytes) -> None:
    for objects in ((OBJECTS, clear), (clear, OBJECTS)):
        assert is_readable(form(*objects))  # type: ignore[operator]
        assert not is_readable(form(*objects), "Jane Doe-Smitherson")  # type: ignore[operator]


@pytest.mark.parametrize("form", FORMS)
def test_numbers_of_the_file_itself_are_nobodys(form: object) -> None:
    document = form(OBJECTS, b"<</V 5 /R 6 /O <%s>>>" % CIPHERTEXT[:48].hex().encode())  # type: ignore[operator]
    for value in (12345, "65535", "00000000", "1234", "AES-256", CIPHERTEXT[:8].hex()):
        assert not is_readable(document, value), value


@pytest.mark.parametrize("rest", [b"", b"\nendobj", b"\nendobj\n2 0 obj\n<</Author (Jane Doe-Smithers)>>"])
def test_a_document_cut_off_in_a_stream_is_searched_to_its_end(rest: bytes) -> None:
    document = b"%PDF-1.7\n1 0 obj <<>>\nstream\n" + CIPHERTEXT + rest
    assert is_readable(document) is (b"Jane" in rest)
    again = b"%PDF-1.7\n" + stream(CIPHERTEXT) + b" 1 0 obj <<>>\nstream\nstream\n" + rest
    assert is_readable(again) is (b"Jane" in rest)


@pytest.mark.parametrize(
    "document",
    [
        b"PK\3\4 a stream of water\n endstream no stream Jane Doe-Smithers",
        b"PK\3\4 <<>> stream\n Jane Doe-Smithers endstream",
        b"own format: stream Jane Doe-Smithers",
    ],
)
def test_a_document_that_is_no_pdf_is_searched_as_it_stands(document: bytes) -> None:
    assert is_readable(document)


def test_what_is_in_an_encrypted_stream_is_for_the_proof_to_see() -> None:
    assert not is_readable(with_table(stream(b"Jane Doe-Smithers")))
    assert not is_readable(with_table(stream(zlib.compress(b"Jane Doe-Smithers"))))


def leaking(document: Document, request: AttachmentRequest) -> Document:
    """Encrypts nothing, and tells the password that was made for the message."""
    said = f"%PDF-1.7\n1 0 obj <</Title (opens with {request.context['passphrase']})>> endobj\n"
    return Document(content=said.encode(), media_type="application/pdf")


def keeping(document: Document, request: AttachmentRequest) -> Document:
    return Document(
        content=b"%PDF-1.7\n1 0 obj <</Title (opens with a password)>> endobj\n", media_type="application/pdf"
    )


def test_a_generated_password_in_a_readable_part_is_refused() -> None:
    """It is a confidential value like any other, although no context of the application holds it."""
    delivered: list[object] = []
    letter = (
        MessageBuilder()
        .sender("orders@shop.example")
        .subject("s")
        .text("t")
        .generated_password("passphrase", delivery=delivered.append, digits=16)
    )
    plain = Document(content=b"x", media_type="application/pdf")
    builder = letter.attach(lambda _: plain, filename="a.pdf", encryptor=leaking)
    with pytest.raises(
        ConfidentialityError, match="value of passphrase stands in the readable part of a protected"
    ):
        builder.build({}, to="jane@example.com")
    assert not delivered
    builder = letter.attach(lambda _: replace(plain), filename="a.pdf", encryptor=keeping)
    assert builder.build({}, to="jane@example.com")
    assert len(delivered) == 1


@pytest.mark.parametrize(
    "value", ["Jane\ud800Doe", "\udfff\udfffJane Doe", "\x00Jane Doe", 12345678, "12.345.678"]
)
def test_any_text_can_be_looked_for(value: object) -> None:
    told = str(value).encode(errors="replace")
    assert is_readable(b"Rar!\x1a\x07\x00 " + told + b" \x00", value)
    assert not is_readable(b"Rar!\x1a\x07\x00 " + told[:-1] + b" \x00", value)


def test_a_password_in_an_address_is_told_as_that() -> None:
    secrets = [("password", "jane-7391-doe")]
    for addresses in (["x@shop.example", "jane-7391-doe@shop.example"], ["JANE.7391.DOE@shop.example"]):
        [leak] = find_leaks(HEADER + b"Hello", [], secrets=secrets, addresses=addresses)
        assert (leak.path, leak.where) == ("password", "address of a sender or recipient")
    assert not find_leaks(
        HEADER + b"Hello", [("name", "jane-7391-doe")], addresses=["jane-7391-doe@shop.example"]
    )
