"""What stands in a message where no mail program looks: fields of parts, garbage in base64, names in any code."""

from __future__ import annotations

import base64
import binascii
import email
import email.policy
import itertools
import random
from email.message import EmailMessage

import pytest

from exposure_cases import DATA, TO_KEY, armored, pdf_of
from ondemand_attach._exposure import of_file, of_message
from scale import SCALE

MIXED = b"From: a@x.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
PDF = pdf_of()


def message(*fields: bytes, body: bytes | None = None) -> bytes:
    """Return a message with one part, a protected PDF in base64 if there is no other *body*."""
    head = b"\r\n".join([b"--b", *fields]) + b"\r\n\r\n"
    return MIXED + head + (base64.encodebytes(PDF) if body is None else body) + b"\r\n--b--\r\n"


NAMED = "Příloha k 発注.pdf"
IN_UTF8 = b"=?utf-8?b?UMWZw61sb2hhIGsg55m65rOoLnBkZg==?="
EXTENDED = b"Content-Disposition: attachment; filename*=utf-8''P%C5%99%C3%ADloha%20k%20%E7%99%BA%E6%B3%A8.pdf"


@pytest.mark.parametrize(
    "name",
    [
        IN_UTF8,
        b"=?UTF-8?Q?P=C5=99=C3=ADloha_k_=E7=99=BA=E6=B3=A8.pdf?=",
        b"=?UTF-8?Q?P=C5=99=C3=ADloha_k_?=\r\n =?UTF-8?Q?=E7=99=BA=E6=B3=A8.pdf?=",
        b"=?utf-8?B?UMWZw61sb2hhIGsg55m6?= =?utf-8?B?5rOo?=.pdf",
        b"=?utf-8?B?UMWZw61sb2hhIGsg55m65rM=?= =?utf-8?B?qC5wZGY=?=",  # a character over two words
    ],
)
def test_a_name_for_older_programs_is_the_name_and_no_row_of_its_own(name: bytes) -> None:
    """As nearly every mail program sends it: JavaMail, Nodemailer, Thunderbird, Gmail, Outlook."""
    typed, described = b'Content-Type: application/pdf; name="' + name + b'"', b"Content-Description: " + name
    for fields in (
        [typed, EXTENDED],
        [typed, EXTENDED, described],
        [typed, b"Content-Disposition: attachment"],
    ):
        _, part = of_file(message(BASE64, *fields))
        assert (part.name, part.is_protected) == (NAMED, True)
    _, part = of_file(message(BASE64, b'Content-Disposition: attachment; filename="' + name + b'"'))
    assert (part.name, part.is_protected) == (NAMED, True)


@pytest.mark.parametrize(
    "name",
    [
        b"=?utf-8?b?T3RoZXIucGRm?=",  # another name
        IN_UTF8.replace(b"utf-8", b"IBAN-DE02-1203"),
        IN_UTF8.replace(b"utf-8", b"utf-8*IBAN-DE02"),
        IN_UTF8.replace(b"==?=", b"==IBAN?="),
        IN_UTF8 + b" IBAN",
        b"IBAN " + IN_UTF8,
        IN_UTF8[:-1],
        b"=?utf-8?q?P=ZZ?=",
        b"=?utf-8?x?P?=",
        b"=?hex?q?P?=",
        b"=?" * 2000,
    ],
)
def test_a_name_that_says_more_than_the_name_is_a_row_of_its_own(name: bytes) -> None:
    field = b'Content-Type: application/pdf; name="' + name + b'"'
    _, part, header = of_file(message(BASE64, EXTENDED, field))
    assert (part.name, part.is_protected, header.is_protected) == (NAMED, True, False)


BASE64 = b"Content-Transfer-Encoding: base64"
ATTACHED = b"Content-Disposition: attachment; filename=a.pdf"


@pytest.mark.parametrize(
    "fields",
    [
        [],
        [b"Content-Type: application/pdf; name=a.pdf", ATTACHED, b"Content-ID: <1@x.example>"],
        [ATTACHED, b"Content-Description: a.pdf", b"X-Attachment-Id: f_12"],
        [ATTACHED, b"Content-Description: OpenPGP encrypted message"],
        [ATTACHED + b'; size=123; creation-date="Mon, 4 May 2026 12:00:00 +0000"'],
    ],
)
def test_a_protected_part_and_its_usual_fields_are_one_row(fields: list[bytes]) -> None:
    _, part = of_file(message(BASE64, *fields))
    assert part.is_protected


@pytest.mark.parametrize(
    "field",
    [
        b"Content-Description: My IBAN is DE02",
        b"Subject: My IBAN",
        b"X-Note: IBAN",
        b"Content-Type: application/pdf; note=IBAN",
        b"Content-Type: application/pdf; name=IBAN.pdf",
        b"Content-Type: application/pdf (IBAN)",
        "Content-Type: application/výpis".encode(),
        b"Content-Disposition: attachment (IBAN); filename=a.pdf",
        b"Content-ID: IBAN DE02",
        b"MIME-Version: 1.0 (IBAN)",
        b"Content-Transfer-Encoding: 7bit",
        b"Content-Disposition: inline",
    ],
)
def test_a_field_with_more_than_usual_is_a_row_of_its_own(field: bytes) -> None:
    _, part, header = of_file(message(BASE64, ATTACHED, field))
    assert part.is_protected
    assert (header.part, header.is_protected) == (f"header of {part.part}", False)


def test_the_header_of_a_multipart_in_a_multipart_is_looked_at_too() -> None:
    inner = b"Content-Type: multipart/mixed; boundary=c\r\nX-Note: IBAN\r\n\r\n--c\r\n\r\na\r\n--c--\r\n"
    found = of_file(MIXED + b"--b\r\n" + inner + b"--b--\r\n")
    assert [each.part for each in found] == ["header", "text body", "header of the parts"]


@pytest.mark.parametrize(
    "body",
    [
        base64.encodebytes(PDF).rstrip() + b"=\r\nMy IBAN",
        base64.encodebytes(PDF).replace(b"\n", b"\nMy IBAN!\n", 1),
        base64.encodebytes(PDF)[:40] + b"=" + base64.encodebytes(PDF)[40:],
        b"\xc4\x8d" + base64.encodebytes(PDF),
    ],
    ids=["behind its end", "between its lines", "padding in it", "letters of no code"],
)
def test_what_no_program_decodes_is_in_clear(body: bytes) -> None:
    _, part, *_ = of_file(message(BASE64, ATTACHED, body=body))
    assert not part.is_protected


def test_what_decoders_of_quoted_printable_skip_is_in_clear() -> None:
    encoded, quoted = binascii.b2a_qp(PDF, istext=False), b"Content-Transfer-Encoding: quoted-printable"
    for body, is_protected in ((encoded, True), (encoded.replace(b"=\n", b"=\rMy IBAN\n", 1), False)):
        _, part, *_ = of_file(message(quoted, ATTACHED, body=body))
        assert (part.size, part.is_protected) == (len(PDF), is_protected)


def test_text_in_front_of_uuencoded_data_is_seen() -> None:
    _, part = of_file(
        message(b"Content-Transfer-Encoding: x-uuencode", body=b"My IBAN\nbegin 644 a\n`\nend\n")
    )
    assert (part.is_protected, part.size) == (False, 26)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        (b"attachment; filename=a.pdf", "a.pdf"),
        (b'attachment; filename="a \\"b\\".pdf"', 'a "b".pdf'),
        (b"attachment; filename*=UTF-8''v%C3%BDpis.pdf", "výpis.pdf"),
        (b"attachment; filename*=iso-8859-2'cs'v%FDpis.pdf", "výpis.pdf"),
        (b"attachment;\r\n filename*0*=UTF-8''v%C3%BD;\r\n filename*1=pis.pdf", "výpis.pdf"),
        (b"attachment; filename=x; filename*=utf-8''a", "a"),
        (b"attachment; filename*=utf-8''a; filename*0=b", "a"),
        (b"attachment; filename*=utf\0''a", "a"),
        (b"attachment; filename*=nonsense''%ff", "\ufffd"),
        (b"attachment; filename*=rot13''a", "a"),
        (b"attachment; filename*=%", "%"),
        (b"attachment; filename*0=a; filename*2=c; filename*1=b", "abc"),
        (b"attachment; filename*99999999999999=a", None),
        (b"attachment; filename=" + b"a" * 10_000, "a" * 4_096),
        ("attachment; filename=výpis.pdf".encode(), "výpis.pdf"),
        (b"attachment; filename=\xff.pdf", "\ufffd.pdf"),
        (b'inline; filename=""', None),
    ],
)
def test_a_name_is_read_in_every_code(fields: bytes, name: str | None) -> None:
    _, part, *_ = of_file(message(b"Content-Disposition: " + fields, body=b"x"))
    assert part.name == name


def test_the_parts_are_those_that_the_standard_library_finds() -> None:
    chosen = random.Random(5)
    for _ in range(40 * SCALE):
        built = EmailMessage(policy=email.policy.SMTP)
        built["From"] = "a@x.example"
        built.set_content("text " * chosen.randrange(1, 40))
        if chosen.random() < 0.5:
            built.add_alternative("<p>a</p>", subtype="html")
        for number in range(chosen.randrange(4)):
            content = chosen.randbytes(chosen.randrange(200))
            built.add_attachment(content, maintype="application", subtype="x", filename=f"{number}ý.bin")
        _, *parts = of_message(built.as_bytes())
        read = email.message_from_bytes(built.as_bytes(), policy=email.policy.SMTP)
        wanted = [each for each in read.walk() if not each.is_multipart()]
        assert [each.size for each in parts] == [len(each.get_payload(decode=True)) for each in wanted]
        assert [each.name for each in parts] == [each.get_filename() for each in wanted]
        assert [each.media_type for each in parts] == [each.get_content_type() for each in wanted]


@pytest.mark.parametrize(
    ("line_end", "close"), list(itertools.product([b"\r\n", b"\n", b"\r"], [b"--b--", b""]))
)
def test_lines_may_end_in_any_way(line_end: bytes, close: bytes) -> None:
    content = line_end.join(
        [b"Content-Type: multipart/mixed; boundary=b", b"", b"--b  ", b"", b"a", b"--b", b"", b"b", close]
    )
    assert [each.part for each in of_message(content)] == ["header", "text body", "text body"]


def test_a_boundary_is_all_of_a_line() -> None:
    content = MIXED + b"--bc\r\n--b\r\n\r\na--b\r\n x--b\r\n--bb\r\n--b-- x\r\n--b--\r\n"
    found = of_message(content)
    assert [each.part for each in found] == ["header", "text body", "text beside the parts"]


def test_a_digest_holds_messages() -> None:
    content = MIXED.replace(b"mixed", b"digest") + b"--b\r\n\r\nSubject: a\r\n\r\nb\r\n--b--\r\n"
    assert of_message(content)[1].media_type == "message/rfc822"


@pytest.mark.parametrize(
    ("line", "is_protected"),
    [
        ("", True),
        ("Version: GnuPG v2\n", True),
        ("Version: OpenPGP.js v4.10.10\nComment: https://openpgpjs.org\n", True),
        ("Version: My IBAN\n", False),
        ("Comment: My IBAN\n", False),
        ("Comment: https://openpgpjs.org My IBAN\n", False),
    ],
)
def test_an_armor_says_by_itself_which_program_made_it(line: str, is_protected: bool) -> None:
    content = armored(TO_KEY + DATA).replace("\n\n", f"\n{line}\n", 1).encode()
    (found,) = of_file(content)
    assert found.is_protected is is_protected


def test_a_message_with_a_pdf_near_its_beginning_is_a_message() -> None:
    assert [each.part for each in of_file(message(body=b"%PDF-1.7\n"))] == ["header", "text body"]
