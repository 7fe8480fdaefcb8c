"""What a typed application writes; checked by mypy (nox -s types), never run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_type

from ondemand_attach import (
    Attachment,
    AttachmentGenerator,
    AttachmentRequest,
    Document,
    Encryptor,
    Exposure,
    Mailer,
    MailError,
    MemoryTransport,
    Message,
    MessageBuilder,
    ReadingGenerator,
    Receipt,
    Recipient,
    RenderPool,
    Signer,
    Transport,
    Xhtml2PdfGenerator,
)


class Letter:
    def generate(self, request: AttachmentRequest) -> Document:
        return Document(content=request.render("Dear {{ name }}").encode(), media_type="text/html")


class Stars:
    def encrypt(self, document: Document, request: AttachmentRequest) -> Document:
        return document

    def sign(self, document: Document, request: AttachmentRequest) -> Document:
        return document


class Booking(ReadingGenerator):
    reads = ("number", "customer.name")

    def generate(self, request: AttachmentRequest) -> Document:
        return Document(content=b"", media_type="text/csv")


class Column(ReadingGenerator):
    def __init__(self, path: str) -> None:
        self.reads = (path,)

    def generate(self, request: AttachmentRequest) -> Document:
        return Document(content=b"", media_type="text/csv")


class Misspelt(ReadingGenerator):
    raeds = ("number",)

    def generate(self, request: AttachmentRequest) -> Document:
        return Document(content=b"", media_type="text/csv")


class OneText(ReadingGenerator):
    reads = "number"  # type: ignore[assignment]

    def generate(self, request: AttachmentRequest) -> Document:
        return Document(content=b"", media_type="text/csv")


class LandscapeGenerator(Xhtml2PdfGenerator):
    def generate(self, request: AttachmentRequest) -> Document:
        return super().generate(request)


def letter(request: AttachmentRequest) -> Document:
    return Document(content=request.filename.encode(), media_type="text/plain")


def post(message: Message) -> Receipt:
    return Receipt(message_id=message.message_id, accepted=())


generators: list[AttachmentGenerator] = [Letter(), Booking(), Column("number")]
generators += [Misspelt()]  # type: ignore[abstract]
encryptors: list[Encryptor] = [Stars()]
signers: list[Signer] = [Stars()]
transports: list[Transport] = [MemoryTransport()]

builder = MessageBuilder().sender("shop@shop.example").subject("Order {{ number }}").text("Thank you.")
builder = builder.attach(Letter(), filename="a.pdf", encryptor=Stars(), signer=Stars())
builder = builder.attach(letter, filename="b.txt").confidential("customer.iban")

assert_type(builder, MessageBuilder)
assert_type(builder.build({"number": 1}, to="jane@example.com"), Message)
assert_type(builder.build_each(["jane@example.com"], {"number": 1}), Iterator[Message])
assert_type(Mailer(MemoryTransport()).send(builder, {"number": 1}, to="jane@example.com"), Receipt)
assert_type(Mailer(post, pool=RenderPool()).send(builder, {"number": 1}), Receipt)
assert_type(RenderPool(processes=2).build(builder, {"number": 1}, to="jane@example.com"), Message)
assert_type(Mailer(post).deliver(builder.build({})), Receipt)
assert_type(Receipt.from_json(Mailer(post).deliver(builder.build({})).to_json()), Receipt)
assert_type(builder.build({}).exposure(), tuple[Exposure, ...])


async def order(mailer: Mailer, recipient: Recipient) -> Receipt:
    assert_type(await mailer.asend(builder, {"number": 1}, message_id="<1@shop.example>"), Receipt)
    return await mailer.asend(builder, {"number": 1}, to=recipient)


async def mistakes(mailer: Mailer) -> None:
    """What is wrong in `send` is wrong in `asend`: an ignore that is not needed is an error of mypy."""
    mailer.send(builder, {}, recipient="jane@example.com")  # type: ignore[call-arg]
    mailer.send(builder, {}, to=1)  # type: ignore[arg-type]
    mailer.send(builder, {}, now="today")  # type: ignore[arg-type]
    await mailer.asend(builder, {}, recipient="jane@example.com")  # type: ignore[call-arg]
    await mailer.asend(builder, {}, to=1)  # type: ignore[arg-type]
    await mailer.asend(builder, {}, now="today")  # type: ignore[arg-type]


def described(error: MailError, attachment: Attachment) -> str:
    return f"{attachment.filename}: {error}"
