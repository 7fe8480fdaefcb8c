"""Every implementation of a plug point holds the contract that is shipped for it."""

from __future__ import annotations

import io
import mailbox
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from asn1crypto.x509 import Certificate
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from ondemand_attach import (
    Document,
    FileTransport,
    MaildirTransport,
    MemoryTransport,
    Message,
    PdfEncryptor,
    PdfSigner,
    Receipt,
    Recipient,
    Refusal,
    SmtpTransport,
    Xhtml2PdfGenerator,
)
from ondemand_attach.testing import (
    EncryptorContract,
    GeneratorContract,
    SignerContract,
    SmtpSink,
    TransportContract,
    loopback_tls,
    self_signed,
)

KEY, CERTIFICATE = self_signed("Shop")


class TestXhtml2PdfGenerator(GeneratorContract):
    context = {"name": "Jiří", "lines": ["ring", "bangle"]}

    def make(self) -> Xhtml2PdfGenerator:
        return Xhtml2PdfGenerator(
            source="<h1>{{ name }}</h1>{% for line in lines %}<p>{{ line }}</p>{% endfor %}"
        )


class TestPdfEncryptorWithPassword(EncryptorContract):
    context = {"passphrase": "amber-kettle-violin-27"}

    def make(self) -> PdfEncryptor:
        return PdfEncryptor(password="{{ passphrase }}")


class TestPdfEncryptorToCertificates(EncryptorContract):
    is_for_one = False

    def make(self) -> PdfEncryptor:
        return PdfEncryptor(certificates=lambda _: [CERTIFICATE])


class TestPdfSigner(SignerContract):
    def make(self) -> PdfSigner:
        return PdfSigner(key=KEY, certificate=CERTIFICATE)

    def is_valid(self, content: bytes) -> bool:
        [signature] = PdfFileReader(io.BytesIO(content)).embedded_signatures
        root = Certificate.load(CERTIFICATE.public_bytes(Encoding.DER))
        status = validate_pdf_signature(signature, ValidationContext(trust_roots=[root]))
        return bool(status.bottom_line and status.coverage is SignatureCoverageLevel.ENTIRE_FILE)


class TestMemoryTransport(TransportContract):
    @pytest.fixture(autouse=True)
    def _transport(self) -> None:
        self.transport = MemoryTransport()

    def make(self) -> MemoryTransport:
        return self.transport

    def received(self) -> list[bytes]:
        return [message.content for message in self.transport.messages]


class TestFileTransport(TransportContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def make(self) -> FileTransport:
        return FileTransport(self.folder)

    def received(self) -> list[bytes]:
        files = sorted(self.folder.glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
        return [file.read_bytes() for file in files]


class TestMaildirTransport(TransportContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "mail"

    def make(self) -> MaildirTransport:
        return MaildirTransport(self.folder)

    def received(self) -> list[bytes]:
        files = sorted((self.folder / "new").iterdir(), key=lambda file: file.stat().st_mtime_ns)
        assert len(mailbox.Maildir(self.folder)) == len(files)
        return [file.read_bytes() for file in files]


class TestSmtpTransport(TransportContract):
    @pytest.fixture(autouse=True)
    def _sink(self) -> Any:
        server, client = loopback_tls()
        with (
            SmtpSink(server) as self.sink,
            SmtpTransport(self.sink.url, ssl_context=client) as self.transport,
        ):
            yield

    def make(self) -> SmtpTransport:
        return self.transport

    def make_refusing(self, addresses: Sequence[str]) -> SmtpTransport:
        self.sink.refused = addresses
        return self.transport

    def received(self) -> list[bytes]:
        return [delivery.content for delivery in self.sink.deliveries]


class TestTheContractsCanFail:
    """A suite that nothing fails proves nothing."""

    def test_a_generator_that_writes_to_disk(self) -> None:
        class Spilling(GeneratorContract):
            def make(self) -> Any:
                import tempfile

                def generate(request: Any) -> Document:
                    tempfile.mkstemp()
                    return Document(content=b"x", media_type="text/plain")

                return generate

        with pytest.raises(AssertionError, match="must not lie on a disk"):
            Spilling().test_leaves_nothing_in_the_temporary_folder()

    def test_an_encryptor_that_does_not_encrypt(self) -> None:
        class Idle(EncryptorContract):
            def make(self) -> Any:
                return lambda document, request: document

        for test in (
            "test_the_content_is_unreadable",
            "test_no_two_encryptions_are_alike",
            "test_insists_on_one_recipient",
        ):
            with pytest.raises(AssertionError):
                getattr(Idle(), test)()

    def test_a_signer_that_does_not_sign(self) -> None:
        class Idle(TestPdfSigner):
            def make(self) -> Any:
                return lambda document, request: document

        with pytest.raises(ValueError, match=re.escape("not enough values to unpack")):
            Idle().test_the_signature_is_valid()

    def test_a_transport_that_changes_the_bytes(self) -> None:
        class Changing(TestMemoryTransport):
            def received(self) -> list[bytes]:
                return [message.content.replace(b"\r\n", b"\n") for message in self.transport.messages]

        changing = Changing()
        changing.transport = MemoryTransport()
        with pytest.raises(AssertionError):
            changing.test_the_bytes_arrive_as_they_are()

    def test_a_transport_that_takes_a_copy_for_the_message(self) -> None:
        class Careless(TestMemoryTransport):
            def make_refusing(self, addresses: Sequence[str]) -> Any:
                def send(message: Message) -> Receipt:
                    self.transport.send(message)
                    refused = dict.fromkeys(addresses, Refusal(code=550))
                    return Receipt(message_id=message.message_id, refused=refused)

                return send

        careless = Careless()
        careless.transport = MemoryTransport()
        with pytest.raises(AssertionError, match="raise RecipientsRefusedError"):
            careless.test_it_is_an_error_if_only_a_copy_is_accepted()
        with pytest.raises(AssertionError):
            careless.test_the_receipt_names_who_was_refused()


def test_certificates_of_recipients_are_used() -> None:
    from ondemand_attach.testing import attachment_request

    recipient = Recipient(
        address=Recipient.of("jane@example.com").address, certificate=CERTIFICATE.public_bytes(Encoding.PEM)
    )
    document = EncryptorContract().document()
    encrypted = PdfEncryptor().encrypt(document, attachment_request({}, to=[recipient]))
    assert EncryptorContract.canary not in encrypted.content
