"""What a receipt proves, what it keeps to itself, and how it is verified later."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import email
import email.policy
import hashlib
import itertools
import json
import os
import pickle
import random
import re
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from pysequoia import Tsk

from ondemand_attach import (
    Address,
    AttachmentRequest,
    DkimSigner,
    Document,
    Mailer,
    MemoryTransport,
    Message,
    MessageBuilder,
    OpenPgpEncryptor,
    PartReceipt,
    PdfEncryptor,
    PdfSigner,
    Receipt,
    Recipient,
    RenderPool,
    SmimeEncryptor,
    SmimeSigner,
    SmtpTransport,
    Xhtml2PdfGenerator,
    ZipEncryptor,
)
from ondemand_attach import _message as message_module
from ondemand_attach._pieces import chunks
from ondemand_attach.cli import main
from ondemand_attach.errors import MessageError
from ondemand_attach.testing import SmtpSink
from protectors.samples import certify, rsa_key
from receipt_cases import CSV, covered, listed, public, sealed_by_us, wrapped
from transports import peers

CONTEXT = {
    "number": "1",
    "customer": {
        "name": "Ludmila Krásná-Veselá",
        "iban": "DE02120300000000202051",
        "code": "8844",
        "secret": "Kx7-tRw9-2mQz-88",
    },
}
PERSON = Address(addr_spec="jiri.dvorak@customer.example", display_name="Jiří Dvořák-Novotný")
ORDER = (
    MessageBuilder()
    .sender("Shop <orders@shop.example>")
    .subject("Your order {{ number }}")
    .text("Thank you.")
    .html("<p>Thank you.</p>")
    .confidential("customer")
)
SIGNER = PdfSigner(key=rsa_key(), certificate=certify(rsa_key()))
PDF = ORDER.attach(
    Xhtml2PdfGenerator(source="<p>{{ customer.name }}, {{ customer.iban }}</p>"),
    filename="Dvorak-4711.pdf",
    encryptor=PdfEncryptor(password="{{ customer.secret }}"),
    signer=SIGNER,
)
BOTH = PDF.attach(listed, filename="secret-list.csv", encryptor=covered)


def sent(builder: MessageBuilder, *, pool: RenderPool | None = None) -> tuple[Receipt, Message]:
    transport = MemoryTransport()
    receipt = Mailer(transport, pool=pool).send(builder, CONTEXT, to=PERSON)
    return receipt, transport.messages[0]


def answered(reply: str) -> Receipt:
    """Send to a server that says *reply* when it has taken the message."""
    with peers.ScriptedServer(
        {"dot": peers.says(f"{reply}\r\n".encode())}, clear_offers=[b"8BITMIME"]
    ) as server:
        with Mailer(SmtpTransport(f"smtp://localhost:{server.port}")) as mailer:
            return mailer.send(PDF, CONTEXT, to=PERSON)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def documents(content: bytes) -> list[bytes]:
    parsed: Any = email.message_from_bytes(content, policy=email.policy.default)
    return [part.get_payload(decode=True) for part in parsed.iter_attachments()]


# --- what it says


def check(receipt: Receipt, message: Message) -> None:
    pdf, pad = documents(message.content)
    assert (receipt.sha256, receipt.size) == (sha256(message.content), len(message.content))
    assert receipt.message_id == message.message_id
    assert [(part.part, part.sha256, part.size) for part in receipt.parts] == [
        ("attachment 1", sha256(pdf), len(pdf)),
        ("attachment 2", sha256(pad), 100),
    ]
    first, second = receipt.parts
    assert (first.media_type, first.encryption, first.signature) == (
        "application/pdf",
        "AES-256 by password",
        "PAdES B-B",
    )
    assert first.plain_size is not None
    assert first.plain_size > 1000
    assert (second.media_type, second.encryption, second.signature, second.plain_size) == (
        "application/octet-stream",
        "one-time pad",
        None,
        len(CSV),
    )


def test_a_receipt_says_what_was_sent() -> None:
    check(*sent(BOTH))


def test_it_comes_out_of_a_render_process_as_well() -> None:
    with RenderPool(time_limit=60) as pool:
        receipt, message = sent(BOTH, pool=pool)
    check(receipt, message)
    assert receipt.template_version == sent(BOTH)[0].template_version


def test_deliver_and_asend_give_it_too_and_a_message_keeps_what_it_needs() -> None:
    transport = MemoryTransport()
    mailer = Mailer(transport)
    stored = pickle.dumps(BOTH.build(CONTEXT, to=PERSON))
    check(mailer.deliver(pickle.loads(stored)), transport.messages[0])
    check(asyncio.run(mailer.asend(BOTH, CONTEXT, to=PERSON)), transport.messages[1])


def test_it_says_when_and_what_the_server_answered() -> None:
    receipt = answered("250-2.0.0 Ok: queued as 4Xyz\r\n250 2.0.0 <jiri.dvorak@customer.example> DVOŘÁK Jíří")
    assert receipt.answer == "250 2.0.0 Ok: queued as 4Xyz 2.0.0 [...] [...] [...]"
    assert receipt.sent_at is not None
    assert receipt.sent_at.tzinfo is not None


def addressed(request: AttachmentRequest) -> Document:
    return Document(content=request.recipient.address.addr_spec.encode(), media_type="text/plain")


def test_of_what_is_for_everyone_there_is_no_hash_unless_it_is_asked_for() -> None:
    plain = ORDER.attach(addressed, filename="to.txt")
    receipt, message = sent(plain)
    assert (receipt.sha256, receipt.size) == (None, message.size)
    assert [(part.sha256, part.plain_sha256, part.size) for part in receipt.parts] == [
        (None, None, len(PERSON.addr_spec))
    ]
    assert sent(ORDER)[0].sha256 is None
    receipt, message = sent(ORDER.attach(addressed, filename="to.txt", hash_plain=True))
    assert receipt.sha256 == sha256(message.content)
    assert [(part.sha256, part.plain_sha256) for part in receipt.parts] == [
        (sha256(PERSON.addr_spec.encode()), None)
    ]


def test_of_a_plain_document_beside_a_protected_one_there_is_none_either() -> None:
    receipt, message = sent(BOTH.attach(addressed, filename="to.txt"))
    assert receipt.parts[2].sha256 is None
    assert receipt.sha256 == sha256(message.content)  # in which there is the protected one


@pytest.mark.parametrize("hash_plain", [True, False])
def test_a_file_for_everyone_is_hashed_if_that_is_asked_for(hash_plain: bool, tmp_path: Path) -> None:
    (tmp_path / "terms.txt").write_bytes(b"terms")
    builder = ORDER.attach_file(tmp_path / "terms.txt", hash_plain=hash_plain)
    assert sent(builder)[0].parts[0].sha256 == (sha256(b"terms") if hash_plain else None)


def test_a_signed_document_is_hashed_as_nobody_can_make_its_signature(tmp_path: Path) -> None:
    receipt, message = sent(
        ORDER.attach(Xhtml2PdfGenerator(source="<p>Terms</p>"), filename="a.pdf", signer=SIGNER)
    )
    (pdf,) = documents(message.content)
    assert receipt.parts[0].sha256 == sha256(pdf)
    assert receipt.sha256 == sha256(message.content)
    dkim = ORDER.dkim(DkimSigner(domain="shop.example", selector="s", key=rsa_key()))
    receipt, message = sent(dkim)
    assert receipt.sha256 == sha256(message.content)


def unsigned(document: Document, _: object) -> Document:
    return Document(content=document.content, media_type="application/pdf", signature="PAdES B-LTA")


def weak(document: Document, _: object) -> Document:
    out = BytesIO()
    with pikepdf.open(BytesIO(document.content)) as pdf:
        pdf.save(
            out, encryption=pikepdf.Encryption(user="canary-4711", owner="o", R=3, metadata=False, aes=False)
        )
    return Document(content=out.getvalue(), media_type="application/pdf", encryption="AES-256 by password")


RC4 = "RC4 (revision 3) by password, which is weak"


def claiming(_: object) -> Document:
    return Document(content=b"x", media_type="text/plain", encryption="AES-256", signature="PAdES B-LTA")


def zipped(document: Document, _: object) -> Document:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.csv", "rows")
    return Document(content=out.getvalue(), media_type="application/zip", encryption="AES-256 by password")


@pytest.mark.parametrize(
    ("builder", "encryption", "signature"),
    [
        (PDF, "AES-256 by password", "PAdES B-B"),
        (ORDER.attach(claiming, filename="a.txt"), None, None),
        (ORDER.attach(Xhtml2PdfGenerator(source="x"), filename="a.pdf", signer=unsigned), None, None),
        (
            ORDER.attach(
                Xhtml2PdfGenerator(source="x"),
                filename="a.pdf",
                encryptor=PdfEncryptor(password="{{ customer.secret }}"),
                signer=unsigned,
            ),
            "AES-256 by password",
            None,
        ),
        (ORDER.attach(Xhtml2PdfGenerator(source="x"), filename="a.pdf", encryptor=weak), RC4, None),
        (ORDER.attach(listed, filename="a.zip", encryptor=zipped), None, None),
    ],
)
def test_what_is_claimed_of_protection_is_read_from_the_bytes(
    builder: MessageBuilder, encryption: str | None, signature: str | None
) -> None:
    receipt, _ = sent(builder)
    (part,) = receipt.parts
    is_protected = bool(encryption or signature) and encryption != RC4
    assert (part.sha256 is not None, receipt.sha256 is not None) == (is_protected, is_protected)
    assert (part.encryption, part.signature) == (encryption, signature)


def holders(kind: str) -> list[Recipient]:
    if kind == "OpenPGP":
        given = bytes(Tsk.generate(f"<{PERSON.addr_spec}>").extract_certificate())
    else:
        given = certify(rsa_key()).public_bytes(Encoding.PEM)
    return [Recipient(address=PERSON, certificate=given)]


LISTED = ORDER.attach(listed, filename="secret-list.csv")
WAYS = {
    "PDF by password": PDF,
    "PDF to certificates": ORDER.attach(
        Xhtml2PdfGenerator(source="x"), filename="a.pdf", encryptor=PdfEncryptor(), signer=SIGNER
    ),
    "PDF without a MAC": ORDER.attach(
        Xhtml2PdfGenerator(source="x"),
        filename="a.pdf",
        encryptor=PdfEncryptor(password="{{ customer.secret }}", insecure_omit_mac=True),
    ),
    "ZIP": ORDER.attach(
        listed,
        filename="a.zip",
        encryptor=ZipEncryptor(password="{{ customer.secret }}", name_inside="a.csv"),
    ),
    "S/MIME": LISTED.whole_message(encryptor=SmimeEncryptor()),
    "S/MIME, strict": LISTED.whole_message(encryptor=SmimeEncryptor(strict=True)),
    "OpenPGP": LISTED.whole_message(encryptor=OpenPgpEncryptor()),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_receipt_says_of_our_own_protectors_what_inspect_reads(way: str) -> None:
    """It says it in fewer words: a receipt names neither the revision nor the place of a signature."""
    transport = MemoryTransport()
    receipt = Mailer(transport).send(WAYS[way], CONTEXT, to=holders(way))
    told, shown = receipt.parts[-1], transport.messages[0].exposure()[-1]
    words = re.split(r"[ ,()]+", (told.encryption or "?").replace(", without a MAC", ""))
    assert set(filter(None, words)) <= set(re.split(r"[ ,()]+", shown.encryption or ""))
    assert (told.signature or "") in (shown.signature or "")
    assert (told.signature is None) == (shown.signature is None)


def test_a_level_that_is_lower_than_asked_is_in_the_receipt_and_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with RenderPool(time_limit=60) as pool:  # whose processes have logs of their own
        receipt, message = sent(ORDER.attach(public, filename="a.txt", signer=sealed_by_us), pool=pool)
    (part,) = receipt.parts
    assert (part.signature, part.signature_asked, part.sha256) == ("seal of 2026", "seal of 2030", None)
    assert (
        f"{message.message_id}: attachment 1 is signed as seal of 2026, not seal of 2030, which was asked for"
        in caplog.text
    )
    caplog.clear()
    assert sent(PDF)[0].parts[0].signature_asked == "PAdES B-B"
    assert "asked for" not in caplog.text


def test_a_message_that_is_protected_as_a_whole_has_one_part_more() -> None:
    signer = SmimeSigner(key=rsa_key(), certificate=certify(rsa_key()))
    builder = ORDER.attach(listed, filename="secret-list.csv").whole_message(
        encryptor=SmimeEncryptor(), signer=signer
    )
    transport = MemoryTransport()
    recipient = Recipient(address=PERSON, certificate=certify(rsa_key()).public_bytes(Encoding.PEM))
    receipt = Mailer(transport).send(builder, CONTEXT, to=recipient)
    listed_part, signature, encrypted = receipt.parts
    assert (listed_part.part, listed_part.size, listed_part.sha256) == ("attachment 1", len(CSV), None)
    assert (signature.part, signature.signature) == ("signature", "S/MIME")
    opaque = transport.messages[0].exposure()[1]
    assert (encrypted.part, encrypted.size) == (opaque.part, opaque.size)
    assert encrypted.encryption == opaque.encryption
    assert sha256(CSV) not in receipt.to_json()


# --- which templates


def test_the_template_version_changes_with_every_template_that_was_used(tmp_path: Path) -> None:
    files = {"a.html": "{% include 'b.html' %}", "b.html": "{% extends 'c.html' %}", "c.html": "c"}
    (tmp_path / "unused.html").write_text("x")

    def version(**changes: str) -> str | None:
        for name, text in (files | {name.replace("_", "."): text for name, text in changes.items()}).items():
            (tmp_path / name).write_text(text)
        builder = (
            MessageBuilder(templates=tmp_path)
            .sender("a@shop.example")
            .subject(changes.get("subject", "s"))
            .text(template="a.html")
            .header("X-Kind", changes.get("header", "h"))
            .attach(
                Xhtml2PdfGenerator(source=changes.get("document", "<p>d</p>")),
                filename=changes.get("filename", "f.pdf"),
                encryptor=covered,
            )
        )
        return sent(builder)[0].template_version

    usual = version()
    assert version() == usual
    assert version(unused_html="y") == usual
    changed = [
        {"a_html": "a"},
        {"b_html": "b"},
        {"c_html": "d"},
        {"subject": "t"},
        {"header": "i"},
        {"filename": "g.pdf"},
        {"document": "<p>e</p>"},
    ]
    versions = [version(**change) for change in changed]
    assert len({usual, *versions}) == len(changed) + 1


def test_a_generator_with_templates_of_its_own_kind_is_no_trouble() -> None:
    class Letter:
        template = "letter.docx"

        def generate(self, _: object) -> Document:
            return Document(content=b"x", media_type="text/plain")

    receipt, _ = sent(ORDER.attach(Letter(), filename="a.txt", encryptor=covered))
    assert receipt.template_version != sent(ORDER)[0].template_version


# --- what it keeps to itself

PRIVATE = [
    *CONTEXT["customer"].values(),  # type: ignore[attr-defined]
    *("Krásná", "jiri", "dvorak", "customer.example", "Dvořák", "orders@", "4711", "secret-list", "csv.p7m"),
]


def hidden_in(text: str) -> list[str]:
    """Return the private values that can be found in *text*, in clear or hashed."""
    hashes = [sha256(value.encode()) for value in PRIVATE] + [sha256(CSV)]
    decoded = json.dumps(json.loads(text), ensure_ascii=False)
    both = f"{text}\n{decoded}".lower()
    words = re.sub("[0-9a-f]{32,}", "", both)
    # Four digits stand by chance in hashes, and in the millionths of a second of a time.
    found = [
        value for value in PRIVATE if re.search(rf"(?<![0-9]){re.escape(value.lower())}(?![0-9])", words)
    ]
    return found + [each for each in hashes if each in both]


def kept(builder: MessageBuilder) -> str:
    return sent(builder)[0].to_json()


@pytest.mark.parametrize(
    "builder",
    [PDF, BOTH, BOTH.whole_message(signer=SmimeSigner(key=rsa_key(), certificate=certify(rsa_key())))],
)
def test_no_personal_data_is_in_the_json(builder: MessageBuilder) -> None:
    assert hidden_in(kept(builder)) == []


def test_no_personal_data_is_in_it_when_the_server_repeats_the_recipients() -> None:
    receipt = answered("250 ok jiri.dvorak@customer.example <jiri> Dvorak Dvořák-Novotný jiri.dvorak")
    assert hidden_in(receipt.to_json()) == []
    assert receipt.accepted == (PERSON.addr_spec,)
    assert "dvorak" not in repr(receipt)


def test_what_is_in_a_receipt_is_found() -> None:
    """A hash of what was plain is there only if it was asked for: this is what it would be."""
    builder = ORDER.attach(listed, filename="a.csv", encryptor=covered, hash_plain=True)
    assert hidden_in(kept(builder)) == [sha256(CSV)]
    assert hidden_in(json.dumps({"answer": "Dvořák"})) == ["Dvořák"]


# --- its JSON


def test_the_json_reads_back_as_the_receipt() -> None:
    receipt, _ = sent(BOTH)
    assert pickle.loads(pickle.dumps(receipt)) == receipt
    found = Receipt.from_json(receipt.to_json())
    assert found == dataclasses.replace(receipt, accepted=())
    assert found.to_json() == receipt.to_json()
    assert Receipt.from_json(receipt.to_json().encode()) == found
    bare = Receipt(message_id="<1@x.example>")
    assert Receipt.from_json(bare.to_json()) == bare


def test_the_names_in_the_json_stay() -> None:
    said = json.loads(kept(BOTH))
    assert list(said) == [
        *(
            "receipt_version",
            "message_id",
            "sent_at",
            "sha256",
            "size",
            "answer",
            "provider_id",
            "template_version",
            "parts",
        ),
    ]
    assert list(said["parts"][0]) == [
        *("part", "media_type", "size", "sha256", "plain_size", "plain_sha256", "encryption", "signature"),
        *("signature_asked", "rewriting"),
    ]


def test_the_json_of_an_earlier_release_is_read() -> None:
    receipt, _ = sent(BOTH)
    said = json.loads(receipt.to_json())
    for part in said["parts"]:
        del part["signature_asked"]
    found = Receipt.from_json(json.dumps(said))
    assert [part.sha256 for part in found.parts] == [part.sha256 for part in receipt.parts]
    assert [part.signature_asked for part in found.parts] == [None, None]
    said["parts"][0]["signature_asked"] = 1
    with pytest.raises(MessageError):
        Receipt.from_json(json.dumps(said))


WRONG: list[dict[str, Any]] = [
    *({"receipt_version": value} for value in (2, None, "1")),
    *({"sha256": value} for value in ("canary", 1, [])),
    *({"size": value} for value in ("1", -1, True, 1.0)),
    *({"sent_at": value} for value in ("canary", 1, {})),
    *({"parts": value} for value in (1, None, [1], [{}], {"a": "b"})),
    *({name: value} for name in ("answer", "template_version") for value in (1, [])),
    {"message_id": None},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_what_is_no_receipt_is_refused(wrong: dict[str, Any]) -> None:
    said = json.loads(Receipt(message_id="<1@x.example>").to_json())
    with pytest.raises(MessageError, match="receipt") as caught:
        Receipt.from_json(json.dumps(said | wrong))
    assert "canary" not in str(caught.value)


PART = {"part": "attachment 1", "media_type": "text/csv", "size": 1, "sha256": None}
EMPTY = dict.fromkeys(("plain_size", "plain_sha256", "encryption", "signature"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name in ("part", "media_type") for value in (None, 1, [])),
        *((name, value) for name in ("size", "plain_size") for value in ("1", -1, True, 1.0, 1 << 63, [])),
        *((name, value) for name in ("sha256", "plain_sha256") for value in ("canary", "A" * 64, 1, [])),
        *((name, value) for name in ("encryption", "signature") for value in (1, [], {})),
        ("size", None),
    ],
)
def test_each_entry_of_a_part_is_of_its_kind(name: str, value: Any) -> None:
    said = json.loads(Receipt(message_id="<1@x.example>").to_json())
    good = json.dumps(said | {"parts": [PART | EMPTY]})
    assert Receipt.from_json(good).parts[0].part == "attachment 1"
    with pytest.raises(MessageError, match=f"a {name} of another kind") as caught:
        Receipt.from_json(json.dumps(said | {"parts": [PART | EMPTY | {name: value}]}))
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("name", [*PART, *EMPTY])
def test_no_entry_of_a_part_may_be_missing(name: str) -> None:
    said = json.loads(Receipt(message_id="<1@x.example>").to_json())
    part = {key: value for key, value in (PART | EMPTY).items() if key != name}
    with pytest.raises(MessageError, match="lacks something"):
        Receipt.from_json(json.dumps(said | {"parts": [part]}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("size", "9" * 4_000),
        ("size", "1e3"),
        ("size", "NaN"),
        ("receipt_version", "1.0"),
        ("receipt_version", "NaN"),
        ("sent_at", '"2026-05-04T12:00:00"'),
        ("sent_at", '"0001-01-01T00:00:00+99:99"'),
        ("sent_at", "NaN"),
        ("parts", "[" * 900 + "]" * 900),
        ("parts", f"[{json.dumps(PART | EMPTY)}{f',{json.dumps(PART | EMPTY)}' * 1_000}]"),
    ],
    ids=lambda value: value[:20],
)
def test_what_json_can_say_and_a_receipt_cannot_is_refused(name: str, value: str) -> None:
    said = json.loads(Receipt(message_id="<1@x.example>").to_json())
    text = json.dumps(said | {name: "here"}).replace('"here"', value)
    with pytest.raises(MessageError, match="receipt"):
        Receipt.from_json(text)


def test_an_error_names_what_is_wrong_in_a_receipt() -> None:
    said = json.loads(Receipt(message_id="<1@x.example>").to_json())
    with pytest.raises(MessageError, match="the answer of the receipt is of another kind"):
        Receipt.from_json(json.dumps(said | {"answer": 1}))
    with pytest.raises(MessageError, match="its template_version"):
        Receipt.from_json(json.dumps({name: said[name] for name in said if name != "template_version"}))


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "1", "null", '"x"', "[" * 100_000, "[" * (1 << 21), b"\xff", "canary"],
    ids=lambda text: repr(text)[:20],
)
def test_what_is_no_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(MessageError, match="is not the JSON of a receipt"):
        Receipt.from_json(text)


@pytest.mark.parametrize(
    "name",
    [
        each.name
        for each in dataclasses.fields(Receipt)
        if each.name not in {"accepted", "refused", "provider_id"}
    ],
)
def test_nothing_may_be_missing(name: str) -> None:
    said = json.loads(Receipt(message_id="<1@x.example>").to_json())
    del said[name]
    with pytest.raises(MessageError, match="lacks something"):
        Receipt.from_json(json.dumps(said))


# --- what it costs


def test_a_large_message_is_hashed_while_it_is_sent_and_not_put_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passes: list[list[int]] = []

    def watched(pieces: Any) -> Iterator[bytes]:
        passes.append([])
        for chunk in chunks(pieces):
            passes[-1].append(len(chunk))
            yield chunk

    large = Document(content=random.Random(1).randbytes(10_000_000), media_type="application/octet-stream")
    builder = ORDER.attach(listed, filename="a.bin", encryptor=lambda *_: large)
    builder.build(CONTEXT, to=PERSON)
    tracemalloc.start()
    receipt, message = sent(builder)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000
    assert receipt.sha256 == sha256(message.content)
    message = builder.build(CONTEXT, to=PERSON)
    monkeypatch.setattr(message_module, "chunks", watched)
    with SmtpSink() as sink, Mailer(SmtpTransport(sink.url)) as mailer:
        receipt = mailer.deliver(message)
    (sizes,) = passes
    assert sum(sizes) == message.size
    assert max(sizes) < 200_000
    assert receipt.sha256 == sha256(sink.deliveries[0].content)


# --- verifying


@pytest.fixture
def verify(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[[Receipt, bytes], tuple[int, list[str]]]:
    def run(receipt: Receipt, content: bytes) -> tuple[int, list[str]]:
        (tmp_path / "receipt.json").write_text(receipt.to_json(), encoding="utf-8")
        (tmp_path / "file").write_bytes(content)
        status = main(["verify", str(tmp_path / "receipt.json"), str(tmp_path / "file")])
        return status, capsys.readouterr().out.splitlines()

    return run


PROTECTED = (
    "attachment 1, protected (AES-256 by password; signed: PAdES B-B)",
    "attachment 2, protected (one-time pad)",
)
Verify = Callable[[Receipt, bytes], tuple[int, list[str]]]
TRACE = (
    b"Return-Path: <orders@shop.example>\r\nDelivered-To: jiri@customer.example\r\n"
    b"Received: from a by b;\r\n\tMon, 4 May 2026 12:00:00 +0000\r\nAuthentication-Results: mx; dkim=pass\r\n"
    b"ARC-Seal: i=1\r\nX-Spam-Status: No\r\n"
)


def test_the_message_and_its_documents_verify(verify: Verify) -> None:
    receipt, message = sent(BOTH)
    status, lines = verify(receipt, message.content)
    assert (status, lines[:-1]) == (
        0,
        ["whole message", f"in it: {PROTECTED[0]}", f"in it: {PROTECTED[1]}"],
    )
    assert receipt.message_id in lines[-1]
    for number, content in enumerate(documents(message.content), 1):
        status, lines = verify(receipt, content)
        assert (status, lines[0]) == (0, PROTECTED[number - 1])


def test_a_plain_document_verifies_if_that_was_asked_for(verify: Verify) -> None:
    asked = ORDER.attach(listed, filename="a.csv", encryptor=covered, hash_plain=True)
    assert verify(sent(asked)[0], CSV)[1][0] == "attachment 1, plain"
    assert verify(sent(BOTH)[0], CSV)[0] == 1


ON_THE_WAY = [
    "Authentication-Results-Original",
    "Content-Length",
    "Delivery-Date",
    "DKIM-Filter",
    "DMARC-Filter",
    "Envelope-To",
    "Lines",
    "OpenARC-Filter",
    "Old-Return-Path",
    "Status",
    "X-Account-Key",
    "X-Apparently-To",
    "X-ASG-Debug-ID",
    "X-Authentication-Warning",
    "X-CMAE-Envelope",
    "X-DSPAM-Result",
    "X-EOPAttributedMessage",
    "X-EOPTenantAttributedMessage",
    "X-Fetchmail-Warning",
    "X-GMX-Antispam",
    "X-IncomingTopHeaderMarker",
    "X-IncomingHeaderCount",
    "X-Keywords",
    "X-LD-Processed",
    "X-ME-Proxy",
    "X-Microsoft-Antispam",
    "X-Mozilla-Keys",
    "X-MS-Exchange-Organization-SCL",
    "X-MS-PublicTrafficType",
    "X-Mras",
    "X-Pm-Origin",
    "X-Provags-ID",
    "X-purgate-type",
    "X-SID-PRA",
    "X-Status",
    "X-TUID",
    "X-TM-AS-Result",
    "X-UI-Filterresults",
    "X-UID",
    "X-UIDL",
    "X-VR-SPAMSTATE",
    "X-Zoho-Virus-Status",
]  # of Exim, milters, mbox, Thunderbird, Microsoft 365, GMX, Proton, Fastmail, OVH and scanners


def test_what_servers_and_mail_programs_put_in_front_is_known(verify: Verify) -> None:
    receipt, message = sent(BOTH)
    front = b"".join(b"%s: a\r\n" % name.encode() for name in ON_THE_WAY)
    status, lines = verify(receipt, front + message.content)
    assert (status, lines[0]) == (
        0,
        f"whole message; put in front on the way: {', '.join(ON_THE_WAY).lower()}",
    )


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
def test_what_was_put_in_front_on_the_way_is_named(line_end: bytes, verify: Verify) -> None:
    receipt, message = sent(BOTH)
    status, lines = verify(receipt, (TRACE + message.content).replace(b"\r\n", line_end))
    assert status == 0
    assert lines[0] == (
        "whole message; put in front on the way: return-path, delivered-to, received, authentication-results, "
        "arc-seal, x-spam-status"
    )


@pytest.mark.parametrize(
    "front",
    [
        b"Subject: other\r\n",
        b"From: a@evil.example\r\n",
        b"\r\n",
        b"x\r\n",
        b"Received: a\r\n\r\n",
        b" a\r\n",
        TRACE + b"Reply-To: a@b.example\r\n",
        b"Received: a",
        b"Received: a\r\n \r\n",
        b"X-Unsent: 1\r\n",
        b"X-Text: Dear customer, pay to DE99\r\n",
        b"X-Spammer: a\r\n",
        b"X-Priority: 1\r\n",
        b"X-MSMail-Priority: High\r\n",
        b"X-Confirm-Reading-To: a@b.example\r\n",
        b"X-Mailer: a\r\n",
        b"X-Merchant: pay to DE99\r\n",
        b"Content-Type: text/plain\r\n",
        b"Delivery: a\r\n",
        b"List-Unsubscribe: <https://evil.example/>\r\n",
        b"Resent-From: a@b.example\r\n",
        b"Sender: a@b.example\r\n",
    ],
)
def test_whatever_else_was_put_in_front_is_a_change(front: bytes, verify: Verify) -> None:
    receipt, message = sent(BOTH)
    assert verify(receipt, front + message.content)[0] == 1


def test_a_change_of_one_byte_is_not_verified(verify: Verify) -> None:
    receipt, message = sent(BOTH)
    chosen = random.Random(3)
    for content in (message.content, TRACE + message.content, *documents(message.content)):
        start = len(TRACE) if content.startswith(TRACE) else 0
        for place in {start, len(content) - 1, *chosen.choices(range(start, len(content)), k=20)}:
            changed = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
            assert verify(receipt, changed)[0] == 1
        for changed in (content[:-1], content[start + 1 :], content + b"\n", b""):
            assert verify(receipt, changed)[0] == 1


def test_an_attachment_in_a_message_that_was_changed_is_still_named(verify: Verify) -> None:
    receipt, message = sent(BOTH)
    status, lines = verify(receipt, message.content.replace(b"Thank you", b"Thanks"))
    assert status == 1
    assert "is not what the receipt says was sent" in lines[0]
    assert lines[1:] == [
        "it differs: its header fields or bodies; all that the receipt has a hash of is as it was",
        f"in it: {PROTECTED[0]}",
        f"in it: {PROTECTED[1]}",
    ]


def test_a_document_that_was_changed_in_a_message_is_named(verify: Verify) -> None:
    receipt, message = sent(BOTH)
    place = message.content.index(b"\r\n\r\n", message.content.index(b"secret-list.csv")) + 6
    changed = message.content[:place] + b"AA" + message.content[place + 2 :]
    assert verify(receipt, changed)[1][1] == "it differs: attachment 2, which was changed or taken out"
    assert verify(receipt, documents(message.content)[0] + b"x")[1][1:] == []


def test_what_was_added_in_front_of_a_message_is_named(verify: Verify) -> None:
    receipt, message = sent(BOTH)
    for front, named in (
        (TRACE + b"Reply-To: a@b.example\r\n", "reply-to"),
        (b"x\r\n", "something that is no"),
    ):
        _, lines = verify(receipt, front + message.content)
        assert lines[1].startswith(f"it differs: in front of the message stands what no server adds: {named}")


def test_one_message_does_not_verify_as_another(verify: Verify) -> None:
    (receipt, _), (_, other) = sent(BOTH), sent(BOTH)
    status, lines = verify(receipt, other.content)
    assert status == 1
    assert lines[0].endswith(f"is message {other.message_id}; the receipt is of {receipt.message_id}")


def test_a_document_that_quotes_a_message_is_not_taken_for_it(verify: Verify) -> None:
    receipt, _ = sent(BOTH)
    status, lines = verify(receipt, b"%PDF-1.7\nMessage-ID: <another@shop.example>\n")
    assert status == 1
    assert lines[0].endswith("is not what the receipt says was sent")


def test_a_message_out_of_an_mbox_verifies(verify: Verify) -> None:
    receipt, message = sent(BOTH)
    for line_end, envelope in itertools.product(
        (b"\r\n", b"\n"),
        (b"From orders@shop.example Mon May  4 12:00:00 2026", b"From - Mon May  4", b">From - Mon May  4"),
    ):
        content = message.content.replace(b"\r\n", line_end)
        for end in (b"", line_end):  # RFC 4155: a blank line behind each message
            assert (
                verify(receipt, envelope + line_end + TRACE.replace(b"\r\n", line_end) + content + end)[0]
                == 0
            )
        assert verify(receipt, envelope + line_end + content + line_end * 2)[0] == 1
        assert verify(receipt, content + line_end)[0] == 1
        assert verify(receipt, envelope + line_end + content + b"a" + line_end)[0] == 1


@pytest.mark.parametrize("place", [b"Thank", b"Subject:", b"Content-Type: text/plain"])
def test_a_line_that_begins_with_from_is_a_change_like_any_other(place: bytes, verify: Verify) -> None:
    receipt, message = sent(BOTH)
    changed = message.content.replace(place, b"From the attacker: pay to DE99\r\n" + place, 1)
    assert changed != message.content
    assert verify(receipt, changed)[0] == 1


def test_a_message_that_speaks_of_from_verifies(verify: Verify) -> None:
    receipt, message = sent(PDF.subject("Greetings From Prague").text("From us to you\nFrom Prague"))
    assert verify(receipt, message.content)[0] == 0


@pytest.mark.parametrize(
    ("answer", "kept"), [(b"250 ok", "250 ok"), (b"\xff ok", "\ufffd ok"), (7, None), (None, None)]
)
def test_a_message_that_is_sent_is_no_error_whatever_a_transport_answers(
    answer: Any, kept: str | None
) -> None:
    class Own:
        def send(self, message: Message) -> Receipt:
            return Receipt(message_id=message.message_id, accepted=("a@x.example",), answer=answer)

    receipt = Mailer(Own()).deliver(PDF.build(CONTEXT, to=PERSON))
    assert receipt.answer == kept


def test_of_what_encryption_hides_a_receipt_says_that_it_cannot_tell(verify: Verify) -> None:
    hidden = ORDER.attach(listed, filename="a.csv").whole_message(encryptor=wrapped)
    receipt, message = sent(hidden)
    status, lines = verify(receipt, CSV)
    assert status == 3
    assert "may have been sent, or not" in lines[0]
    assert verify(receipt, message.content)[0] == 0
    assert verify(receipt, message.content[:-1])[0] == 1
    told = ORDER.attach(listed, filename="a.csv", hash_plain=True).whole_message(encryptor=wrapped)
    assert verify(sent(told)[0], CSV)[0] == 0
    assert verify(sent(told)[0], CSV + b"x")[0] == 1


def test_of_a_message_for_everyone_a_receipt_says_that_it_cannot_tell(verify: Verify) -> None:
    receipt, message = sent(ORDER.attach(addressed, filename="to.txt"))
    for content in (message.content, PERSON.addr_spec.encode()):
        status, lines = verify(receipt, content)
        assert status == 3
        assert "may have been sent, or not" in lines[0]
    status, lines = verify(receipt, sent(ORDER)[1].content)
    assert (status, "the receipt is of" in lines[0]) == (1, True)


def test_a_receipt_that_a_transport_gave_by_itself_proves_nothing(verify: Verify) -> None:
    message = PDF.build(CONTEXT, to=PERSON)
    assert verify(MemoryTransport().send(message), message.content)[0] == 1
    assert verify(MemoryTransport().send(message), b"")[0] == 1


def test_a_document_with_a_line_in_front_is_another(verify: Verify) -> None:
    part = PartReceipt(part="attachment 1", media_type="text/csv", size=len(CSV), sha256=sha256(CSV))
    receipt = Receipt(message_id="<1@x.example>", parts=(part,))
    assert verify(receipt, CSV)[0] == 0
    assert verify(receipt, b"From shop@shop.example\r\n" + CSV)[0] == 1


@pytest.mark.parametrize(
    "front",
    [
        b"a" * 3_000_000,
        b"a" * 500_000 + b"\r\n",
        b"Received: a\r\n" * 2_000,
        b"X-Spam: a\r\n \t" + b" " * 400_000,
    ],
    ids=["a long line", "a long name", "many fields", "spaces"],
)
def test_a_front_of_any_length_is_a_change(front: bytes, verify: Verify) -> None:
    receipt, message = sent(PDF)
    assert verify(receipt, front + message.content)[0] == 1


@pytest.mark.parametrize(
    ("sha256_", "size"), [(None, 0), (None, None), (sha256(b""), None), (sha256(b""), 0)]
)
def test_a_receipt_of_nothing_verifies_nothing(sha256_: str | None, size: int | None, verify: Verify) -> None:
    receipt = Receipt(message_id="<1@x.example>", sha256=sha256_, size=size)
    assert verify(receipt, b"Received: from x.example\r\n")[0] == 1
    assert verify(receipt, b"")[0] == 1


def test_a_document_that_is_sent_twice_is_named_once_for_each_part(verify: Verify) -> None:
    twice = ORDER.attach(harmless, filename="a.csv").attach(harmless, filename="b.csv", hash_plain=True)
    message = twice.build(CONTEXT, to=PERSON)
    known = {"media_type": "text/csv", "size": 5, "sha256": sha256(b"a;b\r\n")}
    parts = tuple(PartReceipt(part=f"attachment {number}", **known) for number in (1, 2))
    receipt = Receipt(
        message_id="<1@x.example>", sha256=sha256(message.content), size=len(message.content), parts=parts
    )
    _, lines = verify(receipt, message.content)
    assert sorted(line for line in lines if line.startswith("in it")) == [
        "in it: attachment 1, as sent",
        "in it: attachment 2, as sent",
    ]


def harmless(_: object) -> Document:
    return Document(content=b"a;b\r\n", media_type="text/csv")


# --- the commands


DECEIVING = "\x1b[2J\x9b31m\r\n\u202efdp\ud800\u2028"


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252", "cp437", "utf-16"])
def test_whatever_a_receipt_says_any_terminal_shows_it(encoding: str, tmp_path: Path) -> None:
    part = PartReceipt(
        part=f"attachment {DECEIVING}č", media_type="text/csv", size=8, sha256=sha256(b"document")
    )
    receipt = Receipt(message_id=f"<{DECEIVING}>", answer=DECEIVING, parts=(part,))
    (tmp_path / "receipt").write_text(receipt.to_json())
    (tmp_path / "file").write_bytes(b"document")
    status, raw, _ = ran(encoding, "verify", str(tmp_path / "receipt"), str(tmp_path / "file"))
    first, second, *rest = raw.decode(encoding).splitlines()
    assert status == 0
    assert first.startswith("attachment ?[2J?31m???fdp??")
    assert second.startswith("sent as <?[2J")
    assert not rest


def ran(encoding: str, *arguments: str) -> tuple[int, bytes, bytes]:
    """Run a command in a process whose output has the *encoding*."""
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "LC_ALL": "C"}
    command = [sys.executable, "-m", "ondemand_attach", *arguments]
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_file_name_that_the_terminal_cannot_show_is_no_error(
    encoding: str, options: list[str], tmp_path: Path
) -> None:
    builder = ORDER.attach(harmless, filename="výpis-účtu-ť-文.csv")
    (tmp_path / "a.eml").write_bytes(builder.build(CONTEXT, to=PERSON).content)
    status, raw, errors = ran(encoding, "inspect", *options, str(tmp_path / "a.eml"))
    assert (status, errors) == (0, b"")
    assert "csv" in raw.decode(encoding)


def test_a_name_as_long_as_a_book_is_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = b"Content-Disposition: attachment; filename=" + b"a" * 4_000 + b"\r\n\r\nx"
    (tmp_path / "a.eml").write_bytes(content)
    assert main(["inspect", str(tmp_path / "a.eml")]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) < 600


def test_a_reader_that_goes_away_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(
        b"".join(b"--b\r\n\r\na\r\n" for _ in range(1_500)).join([MIXED, b"--b--"])
    )
    command = [sys.executable, "-m", "ondemand_attach", "inspect", "--json", str(tmp_path / "a.eml")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait() == 2


MIXED = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"


def test_a_path_that_deceives_is_shown_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(tmp_path / "a\x1b[2J\nb\udc80")]) == 2
    error = capsys.readouterr().err
    assert "a?[2J?b?" in error
    assert error.count("\n") == 1


def test_inspect_prints_an_aligned_table_or_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, message = sent(PDF)
    (tmp_path / "a.eml").write_bytes(message.content)
    assert main(["inspect", str(tmp_path / "a.eml")]) == 0
    title, *rows = capsys.readouterr().out.splitlines()
    column = title.index("who can read it")
    assert [row[column:].partition("  ")[0] for row in rows] == [each.readers for each in message.exposure()]
    assert main(["inspect", "--json", str(tmp_path / "a.eml")]) == 0
    assert json.loads(capsys.readouterr().out) == [dataclasses.asdict(each) for each in message.exposure()]


@pytest.mark.parametrize(
    "command",
    [
        ["inspect", "{missing}"],
        ["verify", "{missing}", "{file}"],
        ["verify", "{receipt}", "{missing}"],
        ["verify", "{file}", "{file}"],
        ["inspect", "{folder}"],
    ],
)
def test_what_cannot_be_read_is_one_line(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    receipt, _ = sent(PDF)
    (tmp_path / "receipt").write_text(receipt.to_json())
    (tmp_path / "file").write_bytes(base64.b64encode(b"x"))
    names = {name: str(tmp_path / name) for name in ("missing", "file", "receipt")} | {
        "folder": str(tmp_path)
    }
    assert main([word.format(**names) for word in command]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("ondemand-attach: ")
    assert captured.err.count("\n") == 1
