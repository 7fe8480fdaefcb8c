"""Targets that look at documents and messages: exposure, `inspect`, `verify`, receipts, the search for leaks."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import json
import pathlib
import struct
import tempfile
import zipfile
from collections.abc import Iterator, Mapping

from fuzz import seeds, structures
from fuzz.seeds import JANE
from fuzz.target import CANARY, Target, Wrong, readable
from ondemand_attach import Address, Document, Envelope, Message, MessageBuilder, cli
from ondemand_attach._exposure import of_file, parts_of
from ondemand_attach._receipt import Receipt
from ondemand_attach.errors import ConfidentialityError

_CANARY = structures.canary(CANARY)


# --- exposure of documents


def expose(content: bytes) -> None:
    """Say who can read a file: nobody is kept out who can read what is in it."""
    for exposure in of_file(content):
        if exposure.part == "document" and exposure.is_protected and readable(content):
            raise Wrong(f"wrongly protected: {exposure.encryption}")


def expose_plain(content: bytes) -> None:
    """Do the same for what began as a document for everyone."""
    for exposure in of_file(content):
        if exposure.part == "document" and exposure.is_protected:
            raise Wrong(f"wrongly protected: {exposure.encryption}, of what never was encrypted")


def expose_message(content: bytes) -> None:
    """Say of each part of a message who can read it."""
    message = Message(
        envelope=Envelope(sender=None, recipients=(Address(addr_spec=JANE),)),
        message_id="<1@x>",
        content=content,
    )
    exposures, parts = message.exposure(), parts_of(content)
    for exposure, part in zip(exposures, parts, strict=True):
        if exposure.is_protected and readable(part.content):
            raise Wrong(f"wrongly protected: {exposure.part}, {exposure.encryption}")
    if len(parts) == 2 and exposures[1].is_protected and exposures[1].part == "encrypted message":
        behind = content[len(parts[0].content) :]
        if readable(behind) and not readable(parts[0].content):
            raise Wrong(f"wrongly protected: text beside the {exposures[1].encryption}")


# --- the commands


@functools.cache
def _folder() -> pathlib.Path:
    return pathlib.Path(tempfile.mkdtemp())


def _printed(command: list[str], *, allowed: frozenset[int]) -> str:
    """Run a command, and return what it printed: what any terminal can show."""
    raw = io.BytesIO()
    out, err = (io.TextIOWrapper(each, "utf-8", write_through=True) for each in (raw, io.BytesIO()))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        said = cli.main(command)
    text = raw.getvalue().decode()
    if said not in allowed:
        raise Wrong(f"wrong: exit status {said}")
    if any(not letter.isprintable() for letter in text.replace("\n", "")):
        raise Wrong("wrong: what was printed holds a control character")
    return text


def inspect(content: bytes) -> None:
    """Run ``ondemand-attach inspect``, with and without ``--json``."""
    file = _folder() / "file"
    file.write_bytes(content)
    _printed(["inspect", str(file)], allowed=frozenset({0}))
    json.loads(_printed(["inspect", "--json", str(file)], allowed=frozenset({0})))


def verify_receipt(content: bytes) -> None:
    """Run ``ondemand-attach verify`` with a receipt of a stranger."""
    receipt, file = _folder() / "receipt", _folder() / "message"
    receipt.write_bytes(content)
    file.write_bytes(seeds.sent()[0])
    _printed(["verify", str(receipt), str(file)], allowed=frozenset({0, 1, 2, 3}))


def verify_message(content: bytes) -> None:
    """Run ``ondemand-attach verify`` with a message of a stranger: it is the one that was sent, or it is not."""
    message, made = seeds.sent()
    receipt, file = _folder() / "receipt", _folder() / "message"
    receipt.write_bytes(made)
    file.write_bytes(content)
    said = _printed(["verify", str(receipt), str(file)], allowed=frozenset({0, 1, 3}))
    if "is the message" in said and hashlib.sha256(message).hexdigest() not in _digests(content):
        raise Wrong("wrong: verified what was not sent")


def _digests(content: bytes) -> Iterator[str]:
    """Yield the digest of *content* from each line on, as servers put fields in front."""
    lines = content.split(b"\n")
    for number in range(min(len(lines), 200)):
        rest = b"\n".join(lines[number:])
        for form in (rest, rest.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")):
            yield hashlib.sha256(form).hexdigest()


def read_receipt(content: bytes) -> None:
    """Read a receipt, and write it again."""
    Receipt.from_json(Receipt.from_json(content).to_json())


# --- the search for confidential values

IBAN = "DE02120300000000202051"
_SEARCHED = MessageBuilder().sender("a@shop.example").subject("s").text("t").confidential("iban")


def _is_found(content: bytes, *, encryption: str | None = None) -> bool:
    document = Document(content=content, media_type="application/octet-stream", encryption=encryption)
    made = (
        Document(content=b"as it was made", media_type="application/octet-stream") if encryption else document
    )
    builder = _SEARCHED.attach(
        lambda _: made, filename="a.bin", encryptor=(lambda *_: document) if encryption else None
    )
    try:
        builder.build({"iban": IBAN}, to=JANE)
    except ConfidentialityError:
        return True
    return False


def search_attachment(content: bytes) -> None:
    """Search an attachment that is for everyone: what any program shows of it is found."""
    if _shows(content) and not _is_found(content):
        raise Wrong("wrong: a confidential value in an attachment was not found")
    _is_found(content)


def _shows(content: bytes) -> bool:
    return IBAN.encode() in content or any(IBAN.encode() in member for member in _members(content))


def _members(content: bytes) -> Iterator[bytes]:
    """Yield what the standard library reads of a ZIP, member by member."""
    with contextlib.suppress(Exception), zipfile.ZipFile(io.BytesIO(content)) as archive:
        for each in archive.infolist()[:30]:
            with contextlib.suppress(Exception), archive.open(each) as member:
                yield member.read(1 << 20)


def search_protected(content: bytes) -> None:
    """Search what stands in clear in a document that an encryptor of the application has made."""
    _is_found(content, encryption="of the application")


def search_value(content: bytes) -> None:
    """Search a message whose public values are a stranger's."""
    note = content.decode("utf-8", "surrogateescape")
    note = note.encode("utf-8", "replace").decode()
    builder = _SEARCHED.text("Your note: {{ note }}")
    builder.build({"iban": IBAN, "note": note}, to=JANE)


# --- known bad inputs, small


def _difat_loop() -> bytes:
    head = bytearray(512)
    head[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<HH", head, 30, 9, 6)
    struct.pack_into("<III", head, 48, 0, 0, 4096)
    struct.pack_into("<II", head, 68, 0, 0xFFFFFFFF)
    head[76:512] = b"\xff" * 436
    return bytes(head) + struct.pack("<128I", *[0] * 128)


def _rounds(count: bytes) -> bytes:
    content = bytearray(seeds.office()["encrypted"])
    at, end = content.find(b'spinCount="100000"') + 11, content.find(b"</encryption>") + 13
    content[at : at + 6] = count
    del content[end + len(count) - 6 : end + 2 * (len(count) - 6)]
    return bytes(content)


def _many_entries() -> bytes:
    body = b"1 0 obj\n<</Type/XRef/Size 99999999/W[1 1 1]/Index[0 99999999]/Root 2 0 R/Length 3>>stream\n\0\0\0\nendstream\nendobj\n"
    return b"%PDF-1.5\n" + body + b"startxref\n9\n%%EOF\n"


def _in_zip_data() -> bytes:
    content = bytearray(seeds.zips()["ours"])
    name, extra = struct.unpack_from("<HH", content, 26)
    start = 30 + name + extra
    content[start : start + len(CANARY)] = CANARY
    return bytes(content)


def _at_the_end(content: bytes) -> bytes:
    return content[: -len(CANARY)] + CANARY


def _in_public_key(content: bytes) -> bytes:
    """Put text over the ephemeral key of a key agreement, a bit string of 65 octets (RFC 5480)."""
    place = content.index(b"\x03\x42\x00\x04") + 4
    return content[:place] + CANARY + content[place + len(CANARY) :]


ATTACHED = b"From: a@x.example\r\nContent-Disposition: attachment; "
BAD_MESSAGES: Mapping[str, bytes] = {
    "messages in messages": b"Content-Type: message/rfc822\r\n\r\n" * 300,
    "multiparts in multiparts": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(1000)
    ),
    "a name twice in different ways": ATTACHED + b"filename*=utf-8''a; filename*0=b\r\n\r\nx",
    "a NUL in a charset": ATTACHED + b"filename*=utf\x00''a\r\n\r\nx",
    "a lone surrogate in a name": ATTACHED + b"filename*=utf-16''%d8%00\r\n\r\nx",
    "a long quoted parameter": b'From: a\r\nContent-Type: text/plain; a="' + b'\\";' * 40_000 + b"\r\n\r\nx",
    "many parameters": b"Content-Type: text/plain" + b";a=b" * 40_000 + b"\r\n\r\nx",
    "many comments": b"Content-Type: " + b"(" * 40_000 + b"\r\n\r\nx",
}


@functools.cache
def _bad_receipts() -> dict[str, bytes]:
    said = json.loads(seeds.sent()[1])
    parts = said["parts"]

    def with_name(name: str) -> bytes:
        return json.dumps({**said, "parts": [{**part, "part": name} for part in parts]}).encode()

    return {
        "a name that clears the terminal": with_name("attachment 1\x1b[2J"),
        "a lone surrogate": with_name("attachment \ud800"),
        "an encryption that clears the terminal": json.dumps(
            {**said, "parts": [{**part, "encryption": "\x1b[2J"} for part in parts]}
        ).encode(),
        "deep": b"[" * 100_000,
        "many digits": b'{"receipt_version": ' + b"9" * 5000 + b"}",
        "no time": json.dumps({**said, "sent_at": "9999-99-99"}).encode(),
    }


@functools.cache
def _bad_zips() -> dict[str, bytes]:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("až.txt", "hello" * 9)
        archive.writestr("list.csv", "name;iban\n" * 9 + IBAN)
    whole = out.getvalue()
    directory, end = whole.find(b"PK\1\2"), whole.rfind(b"PK\5\6")

    def changed(*places: tuple[int, int]) -> bytes:
        content = bytearray(whole)
        for place, value in places:
            content[place] = value
        return bytes(content)

    before = bytearray(whole)
    struct.pack_into("<I", before, end + 16, directory + 10)
    return {
        "a member that is encrypted": changed((6, 9), (directory + 8, 9)),
        "a member compressed in another way": changed((8, 97), (directory + 10, 97)),
        "a member with a wrong checksum": changed(
            (directory + 16, whole[directory + 16] ^ 1), (14, whole[14] ^ 1)
        ),
        "a name that is no UTF-8": whole.replace("ž".encode(), b"\xff\xff"),
        "a member before the file": bytes(before),
        "a number of many digits": b"&#" + b"9" * 5000 + b";",
        "a hexadecimal number of many digits": b"&#x" + b"f" * 5000 + b";",
    }


# --- all of them

_PDF_WORDS = (
    *(
        b"/Encrypt 9 0 R",
        b"/Filter /Standard",
        b"/Identity",
        b"obj",
        b"endobj",
        b"stream\n",
        b"endstream",
        b"xref",
    ),
    *(
        b"startxref\n0\n%%EOF",
        b"trailer",
        b"/Prev 9",
        b"/Type /XRef",
        b"/Type /ObjStm",
        b"/Kids [1 0 R]",
        b"%%EOF",
    ),
    *(b"/FlateDecode", b"/LZWDecode", b"/ASCII85Decode", b"/Predictor 15", b"/Columns 99999999", b"/Crypt"),
)
_ZIP_WORDS = (
    b"PK\x01\x02",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"PK\x06\x06",
    b"PK\x06\x07",
    b"\x01\x99\x07\0\x02\0AE",
    b"PK\x07\x08",
)
_PGP_WORDS = (
    b"\xd2\xff",
    b"\xc1",
    b"\xcb\x04",
    b"-----BEGIN PGP MESSAGE-----\n\n",
    b"-----END PGP MESSAGE-----",
    b"\xd4",
    b"\xc3",
)
_MIME_WORDS = (
    *(
        b"multipart/signed",
        b"multipart/encrypted",
        b"message/rfc822",
        b"message/partial",
        b"boundary=",
        b"--",
    ),
    *(b"Content-Transfer-Encoding: x-uuencode\n", b"charset=foo", b"filename*0*=utf-9''%ff", b"name*=", b"%"),
    *(b"begin 644 a\n", b"=\n", b"application/pkcs7-mime", b"Version: 1", b"\r", b";", b'"', b"From x\n"),
)
_OLE_WORDS = (
    b"\xfe\xff\xff\xff",
    b"\xff\xff\xff\xff",
    b"\xfd\xff\xff\xff",
    b"spinCount=",
    b"E\0n\0c\0r\0y\0p\0t\0",
    b"<keyEncryptor ",
)

TARGETS = (
    Target(
        name="exposure of PDF",
        seeds=seeds.encrypted_pdfs,
        known_bad=lambda: {
            "a table of many entries": _many_entries(),
            "text in the place of a stream": _in_a_stream(),
            "text behind the end": seeds.encrypted().content + CANARY,
        },
        read=expose,
        runs=300,
        words=_PDF_WORDS,
        structures=(structures.pdf, structures.pdf, structures.deflated, _CANARY, _CANARY),
    ),
    Target(
        name="exposure of PDF for everyone",
        seeds=seeds.plain_pdfs,
        read=expose_plain,
        runs=200,
        words=_PDF_WORDS,
        structures=(structures.pdf, structures.pdf, structures.deflated),
    ),
    Target(
        name="exposure of ZIP",
        seeds=seeds.zips,
        known_bad=lambda: {"text in the place of data": _in_zip_data()},
        read=expose,
        runs=800,
        words=_ZIP_WORDS,
        structures=(structures.zip_, structures.zip_, _CANARY),
    ),
    Target(
        name="exposure of Office",
        seeds=seeds.office,
        known_bad=lambda: {
            "a sector that leads to itself": _difat_loop(),
            "three million rounds": _rounds(b"3000000"),
            "text in the place of data": _at_the_end(seeds.office()["encrypted"]),
        },
        read=expose,
        runs=100,
        words=_OLE_WORDS,
        structures=(structures.zip_, _CANARY),
    ),
    Target(
        name="exposure of CMS",
        seeds=seeds.cms,
        known_bad=lambda: {
            "text in the place of data": _at_the_end(seeds.cms()["S/MIME, RSA"]),
            "text in the place of a public key": _in_public_key(seeds.cms()["S/MIME, EC"]),
        },
        read=expose,
        runs=800,
        words=(b"\x30\x80", b"\0\0", b"\x06\x09*\x86H\x86\xf7\r\x01\x07\x01", b"\x24\x80\x04"),
        structures=(structures.der, structures.der, _CANARY),
    ),
    Target(
        name="exposure of OpenPGP",
        seeds=seeds.openpgp_messages,
        known_bad=lambda: {
            "text in the place of data": b"\xc1\x03\x03kk\xd2" + bytes([1 + len(CANARY)]) + b"\x01" + CANARY,
            "a session key that is text": b"\xc1" + bytes([len(CANARY)]) + CANARY + b"\xd2\x04\x01abc",
            "a packet of 4 GB": b"\xc1\x03\x03kk\xd2\xff\xff\xff\xff\xff\x01abc",
        },
        read=expose,
        runs=1000,
        words=_PGP_WORDS,
        structures=(structures.openpgp, structures.within_base64(structures.openpgp), _CANARY),
    ),
    Target(
        name="exposure of messages",
        seeds=seeds.messages,
        known_bad=lambda: {**BAD_MESSAGES, **_bad_letters()},
        read=expose_message,
        runs=300,
        words=_MIME_WORDS,
        structures=(structures.mime, structures.mime, structures.base64_, _CANARY),
    ),
    Target(
        name="inspect",
        seeds=lambda: {**seeds.messages(), **seeds.pdfs(), **seeds.zips(), **seeds.cms()},
        known_bad=lambda: BAD_MESSAGES,
        read=inspect,
        runs=200,
        words=(*_MIME_WORDS, *_PDF_WORDS),
        structures=(structures.mime, structures.base64_, structures.pdf),
        expected=(),
    ),
    Target(
        name="verify, of a receipt",
        seeds=seeds.receipts,
        known_bad=_bad_receipts,
        read=verify_receipt,
        runs=200,
        structures=(structures.json_, structures.json_, structures.json_),
        expected=(),
    ),
    Target(
        name="verify, of a message",
        seeds=lambda: {"sent": seeds.sent()[0], "relayed": b"Received: a\r\n\tb\r\n" + seeds.sent()[0]},
        known_bad=lambda: {
            "a line without a colon in front": b"a" * 40_000 + b"\r\n" + seeds.sent()[0],
            "many fields in front": b"Received: x\r\n" * 20_000 + seeds.sent()[0],
            **BAD_MESSAGES,
        },
        read=verify_message,
        runs=200,
        words=_MIME_WORDS,
        structures=(structures.mime, structures.lines),
        expected=(),
    ),
    Target(
        name="receipts",
        seeds=seeds.receipts,
        known_bad=_bad_receipts,
        read=read_receipt,
        runs=2000,
        structures=(structures.json_, structures.json_, structures.json_),
    ),
    Target(
        name="search of attachments",
        seeds=lambda: {**seeds.zips(), **seeds.plain_pdfs(), **_bad_zips()},
        known_bad=_bad_zips,
        read=search_attachment,
        runs=200,
        words=(*_ZIP_WORDS, IBAN.encode(), b"\x1f\x8b\x08", b"&#x", b"&#", b"%", b"\\u"),
        structures=(structures.zip_, structures.zip_, structures.pdf, structures.deflated),
    ),
    Target(
        name="search of protected documents",
        seeds=seeds.encrypted_pdfs,
        known_bad=lambda: {"a stream without an end": b"%PDF-1.7\n1 0 obj stream\nxxxx endobj (x"},
        read=search_protected,
        runs=200,
        words=(*_PDF_WORDS, b"(Jane", b"<4A", b"\\(", b")"),
        structures=(structures.pdf, structures.deflated),
    ),
    Target(
        name="search of public values",
        seeds=lambda: {
            "a note": "Please ring & leave at the door, „Zoë“ &amp; <b>Jan</b> %41 =41 \\u0041 QUJD".encode()
        },
        known_bad=lambda: {"a number of many digits": b"&#" + b"9" * 5000 + b";"},
        read=search_value,
        runs=200,
        words=(b"&#", b"&#x", b"%u", b"\\u", b"=?utf-8?b?", b"\xff\xfe", b"+AGE-", b"&amp;"),
    ),
)


def _in_a_stream() -> bytes:
    content = seeds.encrypted().content
    start = max(content.split(b"stream\n"), key=len)
    return content.replace(start[: len(CANARY)], CANARY, 1)


@functools.cache
def _bad_letters() -> dict[str, bytes]:
    pgp = seeds.secret_letters()["OpenPGP"].content
    smime = seeds.secret_letters()["S/MIME, RSA"].content
    described = b"Content-Description: " + CANARY + b"\r\nContent-Type: application/octet-stream"
    return {
        "text in the head of the encrypted part": pgp.replace(
            b"Content-Type: application/octet-stream", described
        ),
        "text behind the padding": smime.rstrip().rstrip(b"=") + b"==\r\n" + CANARY + b"\r\n",
    }
