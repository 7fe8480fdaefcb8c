"""What every implementation of a plug point must hold, as test classes to inherit from."""

from __future__ import annotations

import concurrent.futures
import copy
import datetime
import email.message
import email.policy
import pathlib
import pickle
import re
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

from ondemand_attach._builder import MessageBuilder
from ondemand_attach._confidential import Marks, views
from ondemand_attach._message import (
    Address,
    AttachmentRequest,
    Document,
    Message,
    Receipt,
    Recipient,
    Refusal,
)
from ondemand_attach.errors import MailError, MissingRecipientError, RecipientsRefusedError, TransportError
from ondemand_attach.templates._environment import Templates

_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+")
_THREADS = 8


def attachment_request(
    context: Mapping[str, Any] | None = None,
    *,
    filename: str = "document.pdf",
    to: Sequence[str | Address | Recipient] = ("jane@example.com",),
    templates: Sequence[Any] = (),
) -> AttachmentRequest:
    """Make the request that a builder would make, to call a generator or protector on its own."""
    return AttachmentRequest(
        context=context or {},
        filename=filename,
        recipients=tuple(map(Recipient.of, to)),
        templates=Templates(templates),
        now=datetime.datetime.now(datetime.UTC),
    )


class GeneratorContract:
    """What every `AttachmentGenerator` holds.

    Inherit, and implement `make`; override `context` with what the generator uses, and no more.
    """

    context: Mapping[str, Any] = {}

    def make(self) -> Any:
        """Return the generator under test."""
        raise NotImplementedError("implement make(): it returns the generator under test")

    def generate(self, context: Mapping[str, Any] | None = None) -> Document:
        request = attachment_request(self.context if context is None else context)
        document = _call(self.make(), "generate", request)
        assert isinstance(document, Document), (
            f"a generator returns a Document, not a {type(document).__name__}"
        )
        return document

    def test_returns_a_document(self) -> None:
        document = self.generate()
        assert isinstance(document.content, bytes), "the content of a Document is bytes"
        assert document.content, "the document is empty"
        assert _MEDIA_TYPE.fullmatch(document.media_type), (
            "media_type is an RFC 6838 type, such as application/pdf"
        )

    def test_leaves_the_context_alone(self) -> None:
        context = copy.deepcopy(dict(self.context))
        self.generate(context)
        assert context == self.context, "the context belongs to the application; copy what you change"

    def test_leaves_nothing_in_the_temporary_folder(self) -> None:
        with _temporary_folder() as folder:
            self.generate()
            assert not list(folder.iterdir()), "a document with personal data must not lie on a disk"

    def test_swallows_no_confidential_value(self) -> None:
        if not self.context:
            return
        public = views(self.context, Marks().with_confidential(self.context)).public
        try:
            _call(self.make(), "generate", attachment_request(public))
        except MailError:
            return
        raise AssertionError(
            "a document was made of confidential values, as for an attachment without an encryptor; let what "
            "they raise through, and keep in context what the generator uses"
        )

    def test_serves_threads(self) -> None:
        kinds = {document.media_type for document in _in_threads(self.generate)}
        assert len(kinds) == 1


class EncryptorContract:
    """What every `Encryptor` holds.

    Inherit, and implement `make`; override `document` and `filename` if it takes another media type, and
    `context` with what the secret is made of. Set `is_for_one` to False if one encryption serves many.
    """

    context: Mapping[str, Any] = {}
    filename = "document.pdf"
    is_for_one = True
    canary = b"the quick brown fox"

    def make(self) -> Any:
        """Return the encryptor under test."""
        raise NotImplementedError("implement make(): it returns the encryptor under test")

    def document(self) -> Document:
        """Return a document in which `canary` is readable."""
        return Document(content=_tiny_pdf(self.canary), media_type="application/pdf")

    def encrypt(self, to: Sequence[str | Recipient] = ("jane@example.com",)) -> Document:
        request = attachment_request(self.context, filename=self.filename, to=to)
        return _call(self.make(), "encrypt", self.document(), request)  # type: ignore[no-any-return]

    def test_the_content_is_unreadable(self) -> None:
        assert self.canary in self.document().content, "document() must hold the canary in clear"
        assert self.canary not in self.encrypt().content, "the content can be read in the encrypted document"

    def test_no_two_encryptions_are_alike(self) -> None:
        assert self.encrypt().content != self.encrypt().content, "two encryptions are alike: no random nonce"

    def test_insists_on_one_recipient(self) -> None:
        if not self.is_for_one:
            return
        try:
            self.encrypt(to=("jane@example.com", "joe@example.com"))
        except MissingRecipientError:
            return
        raise AssertionError("two recipients cannot share one secret: use request.recipient")

    def test_serves_threads(self) -> None:
        contents = [document.content for document in _in_threads(self.encrypt)]
        assert len(set(contents)) == _THREADS

    def test_its_repr_shows_no_secret(self) -> None:
        for value in _texts(self.context):
            assert value not in repr(self.make())


class SignerContract:
    """What every `Signer` holds. Inherit, and implement `make` and `is_valid`."""

    context: Mapping[str, Any] = {}

    def make(self) -> Any:
        """Return the signer under test."""
        raise NotImplementedError("implement make(): it returns the signer under test")

    def is_valid(self, content: bytes) -> bool:
        """Return whether the signature in *content* is valid, found by a reader of your choice."""
        raise NotImplementedError("implement is_valid(): it checks a signature with a reader of your choice")

    def document(self) -> Document:
        """Return an unsigned document."""
        return Document(content=_tiny_pdf(b"to be signed"), media_type="application/pdf")

    def sign(self) -> Document:
        return _call(self.make(), "sign", self.document(), attachment_request(self.context))  # type: ignore[no-any-return]

    def test_the_signature_is_valid(self) -> None:
        assert self.is_valid(self.sign().content)

    def test_a_changed_document_is_not(self) -> None:
        content = self.sign().content
        changed = content.replace(b"to be signed", b"to be singed")
        assert changed != content, "document() must stay readable after signing, or override this test"
        assert not self.is_valid(changed)

    def test_serves_threads(self) -> None:
        assert all(self.is_valid(document.content) for document in _in_threads(self.sign))


class TransportContract:
    """What every `Transport` holds. Inherit, and implement `make` and `received`.

    If the far side can refuse a recipient, implement `make_refusing` as well; if it can refuse a message,
    `make_rejecting`; if it can be out of reach, `make_unreachable`.
    """

    def make(self) -> Any:
        """Return the transport under test."""
        raise NotImplementedError("implement make(): it returns the transport under test")

    def received(self) -> list[bytes]:
        """Return the MIME bytes that arrived at the far side, in order."""
        raise NotImplementedError("implement received(): it returns the MIME bytes that arrived")

    def make_refusing(self, addresses: Sequence[str]) -> Any:  # noqa: ARG002 - for who overrides it
        """Return the transport under test, whose far side refuses *addresses*; None if it refuses nobody."""
        return None

    def make_rejecting(self) -> Any:
        """Return the transport under test, whose far side refuses every message; None if it takes all."""
        return None

    def make_unreachable(self) -> Any:
        """Return the transport under test, whose far side is out of reach; None if it always is in reach."""
        return None

    def message(self, subject: str = "Order 1") -> Message:
        """Return a message that the far side accepts."""
        builder = MessageBuilder().sender("shop@shop.example").subject(subject).bcc("archive@example.com")
        return builder.text(".\r\nFrom here\r\n.dots: grüße\r\n").build({}, to="jane@example.com")

    def test_the_bytes_arrive_as_they_are(self) -> None:
        message = self.message()
        self.send(message)
        assert self.received()[-1] == message.content

    def test_the_receipt_names_the_message_and_its_recipients(self) -> None:
        message = self.message()
        receipt = self.send(message)
        assert isinstance(receipt, Receipt)
        assert receipt.message_id == message.message_id
        assert set(receipt.accepted) == {"jane@example.com", "archive@example.com"}
        assert not receipt.refused

    def test_the_receipt_pickles_and_its_repr_shows_no_address(self) -> None:
        receipt = self.send(self.message())
        assert pickle.loads(pickle.dumps(receipt)) == receipt  # noqa: S301 - our own bytes
        assert "jane" not in repr(receipt)

    def test_it_is_an_error_if_only_a_copy_is_accepted(self) -> None:
        transport = self.make_refusing(["jane@example.com"])
        if transport is None:
            return
        before, failure = len(self.received()), None
        try:
            _call(transport, "send", self.message())
        except RecipientsRefusedError as error:
            failure = error
        assert failure is not None, "raise RecipientsRefusedError if all in envelope.primary were refused"
        assert set(failure.refused) == {"jane@example.com"}
        assert "jane" not in f"{failure} {failure!r}", "no address in the text of an error"
        assert len(self.received()) == before, "a message that is an error leaves no copy behind"

    def test_a_message_that_is_refused_is_an_error_that_is_not_temporary(self) -> None:
        if (transport := self.make_rejecting()) is not None:
            assert not self.failure(transport).is_temporary, "to send again what is refused is no use"

    def test_nobody_in_reach_is_an_error(self) -> None:
        if (transport := self.make_unreachable()) is not None:
            self.failure(transport)

    def failure(self, transport: Any) -> TransportError:
        """Send over *transport*, which must raise a `TransportError`, and return that."""
        before, failure = len(self.received()), None
        try:
            _call(transport, "send", self.message())
        except TransportError as error:
            failure = error
        assert failure is not None, "raise a TransportError if the message was not sent"
        assert not failure.is_uncertain, "say is_uncertain only if nobody knows whether it was sent"
        assert "jane" not in f"{failure} {failure!r}", "no address in the text of an error"
        assert len(self.received()) == before, "a message that is an error leaves no copy behind"
        return failure

    def test_the_receipt_names_who_was_refused(self) -> None:
        transport = self.make_refusing(["archive@example.com"])
        if transport is None:
            return
        receipt = _call(transport, "send", self.message())
        assert (receipt.accepted, set(receipt.refused)) == (("jane@example.com",), {"archive@example.com"})
        assert all(isinstance(refusal, Refusal) for refusal in receipt.refused.values())

    def test_many_messages_arrive_once_each(self) -> None:
        messages = [self.message(f"Order {number}") for number in range(10)]
        transport = self.make()
        for message in messages:
            _call(transport, "send", message)
        assert self.received()[-10:] == [message.content for message in messages]

    def test_serves_threads(self) -> None:
        transport = self.make()
        messages = iter([self.message(f"Order {number}") for number in range(_THREADS)])
        sent = _in_threads(lambda: _call(transport, "send", next(messages)))
        ids = {
            email.message_from_bytes(content, policy=email.policy.default)["Message-ID"]
            for content in self.received()
        }
        assert {receipt.message_id for receipt in sent} <= ids

    def send(self, message: Message) -> Receipt:
        return _call(self.make(), "send", message)  # type: ignore[no-any-return]


def _call(plug: Any, method: str, *arguments: Any) -> Any:
    return getattr(plug, method, plug)(*arguments)


def _in_threads(call: Any) -> list[Any]:
    with concurrent.futures.ThreadPoolExecutor(_THREADS) as pool:
        return [future.result() for future in [pool.submit(call) for _ in range(_THREADS)]]


def _texts(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [text for child in value.values() for text in _texts(child)]
    return [value] if isinstance(value, str) else []


class _temporary_folder:  # noqa: N801 - a context manager
    def __enter__(self) -> pathlib.Path:
        self._before = tempfile.tempdir
        self._folder = tempfile.TemporaryDirectory()
        tempfile.tempdir = self._folder.name
        return pathlib.Path(self._folder.name)

    def __exit__(self, *_: object) -> None:
        tempfile.tempdir = self._before
        self._folder.cleanup()


def _tiny_pdf(text: bytes) -> bytes:
    """Return a one-page PDF (ISO 32000-2) with *text* in clear."""
    stream = b"BT /F1 12 Tf 20 100 Td (" + text + b") Tj ET"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    out, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    return out + b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
