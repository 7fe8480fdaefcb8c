"""Every implementation of a plug point holds the contract that is shipped for it."""

from __future__ import annotations

import importlib
import inspect
import io
import mailbox
import pkgutil
import re
import shutil
import socket
import sys
import tempfile
import typing
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from asn1crypto.x509 import Certificate
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

import ondemand_attach
from ondemand_attach import (
    Document,
    FileTransport,
    HttpsTransport,
    MaildirTransport,
    MemoryTransport,
    Message,
    MessageBuilder,
    OfficeEncryptor,
    OpenPgpEncryptor,
    OpenPgpSigner,
    PdfEncryptor,
    PdfSigner,
    Receipt,
    Recipient,
    Refusal,
    SmimeEncryptor,
    SmimeSigner,
    SmtpTransport,
    Xhtml2PdfGenerator,
    ZipEncryptor,
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
from protectors.samples import certify, openssl, rsa_key
from protectors.test_openpgp import holds, key, recipient
from transports.peers import Authority, ScriptedServer, Tls, says
from transports.test_https import Provider, answer, mailgun

KEY, CERTIFICATE = self_signed("Shop")
SECRET = "amber-kettle-violin-27"


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


class TestZipEncryptor(EncryptorContract):
    filename = "list.zip"
    context = {"code": SECRET}

    def document(self) -> Document:
        return Document(content=self.canary, media_type="text/csv")

    def make(self) -> ZipEncryptor:
        return ZipEncryptor(password="{{ code }}", name_inside="list.csv")


class TestOfficeEncryptor(EncryptorContract):
    filename = "list.xlsx"
    context = {"code": SECRET}

    def document(self) -> Document:
        octets = io.BytesIO()
        openpyxl.Workbook().save(octets)
        with zipfile.ZipFile(octets, "a", zipfile.ZIP_STORED) as archive:
            archive.writestr("docProps/note.txt", self.canary)
        media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        return Document(content=octets.getvalue(), media_type=media_type)

    def make(self) -> OfficeEncryptor:
        return OfficeEncryptor(password="{{ code }}")


class TestSmimeEncryptor(EncryptorContract):
    is_for_one = False

    def make(self) -> SmimeEncryptor:
        certificate = certify(rsa_key(), alternative="jane@example.com")
        return SmimeEncryptor(certificates=lambda _: [certificate])


class TestOpenPgpEncryptor(EncryptorContract):
    is_for_one = False

    def make(self) -> OpenPgpEncryptor:
        return OpenPgpEncryptor(certificates=lambda _: [recipient("jane").certificate or b""])


class OfMessages(SignerContract):
    """Of what is signed as a whole, the signature is beside it: what is looked at is the message."""

    def sign(self) -> Document:
        builder = MessageBuilder().sender("orders@shop.example").subject("Order").text("to be signed")
        message = builder.whole_message(signer=self.make()).build({}, to="jane@example.com")
        return Document(content=message.content, media_type="message/rfc822")


class TestSmimeSigner(OfMessages):
    certificate = certify(rsa_key(), alternative="orders@shop.example")

    def make(self) -> SmimeSigner:
        return SmimeSigner(key=rsa_key(), certificate=self.certificate)

    def is_valid(self, content: bytes) -> bool:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder, "root.pem")
            root.write_bytes(self.certificate.public_bytes(Encoding.PEM))
            status, _ = openssl(Path(folder), content, "-verify", "-CAfile", root)
        return status == 0


class TestOpenPgpSigner(OfMessages):
    def make(self) -> OpenPgpSigner:
        return OpenPgpSigner(key=bytes(key()))

    def is_valid(self, content: bytes) -> bool:
        return holds(content)


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

    def make_unreachable(self) -> FileTransport:
        transport = FileTransport(self.folder / "unmounted")
        shutil.rmtree(self.folder / "unmounted")
        return transport

    def received(self) -> list[bytes]:
        files = sorted(self.folder.glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
        return [file.read_bytes() for file in files]


class TestMaildirTransport(TransportContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "mail"

    def make(self) -> MaildirTransport:
        return MaildirTransport(self.folder)

    def make_unreachable(self) -> MaildirTransport:
        self.make()
        transport = MaildirTransport(self.folder / "unmounted")
        shutil.rmtree(self.folder / "unmounted")
        return transport

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
            ScriptedServer({"dot": says(b"554 5.7.1 jane\r\n")}, clear_offers=[]) as self.rejecting,
        ):
            yield

    def make(self) -> SmtpTransport:
        return self.transport

    def make_refusing(self, addresses: Sequence[str]) -> SmtpTransport:
        self.sink.refused = addresses
        return self.transport

    def make_rejecting(self) -> SmtpTransport:
        return SmtpTransport(f"smtp://localhost:{self.rejecting.port}")

    def make_unreachable(self) -> SmtpTransport:
        return SmtpTransport(f"smtp://127.0.0.1:{unused_port()}")

    def received(self) -> list[bytes]:
        return [delivery.content for delivery in self.sink.deliveries]


class TestHttpsTransport(TransportContract):
    @pytest.fixture(autouse=True)
    def _provider(self) -> Any:
        authority = Authority()
        tls = Tls(server=authority.server_context(), client=authority.client_context())
        with Provider(tls) as self.server, mailgun(self.server, tls, timeout=60) as self.transport:
            yield

    def make(self) -> HttpsTransport:
        return self.transport

    def make_rejecting(self) -> HttpsTransport:
        self.server.act = says(answer("400 Bad Request", b'{"message": "jane"}'))
        self.server.requests = Discarded()
        return self.make()

    def make_unreachable(self) -> HttpsTransport:
        return HttpsTransport(f"https://localhost:{unused_port()}", lambda _: ({}, b""))

    def received(self) -> list[bytes]:
        return [request.parts()[-1][1] for request in self.server.requests]


class Discarded(list[Any]):
    """What a provider refuses, it does not keep."""

    def append(self, _: object) -> None:
        pass


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


CONTRACTS = {
    "generate": GeneratorContract,
    "encrypt": EncryptorContract,
    "sign": SignerContract,
    "send": TransportContract,
}
OF_OTHER_KINDS = {
    "DkimSigner": "its sign() is given bytes and returns a header field",
    "Mailer": "it is no plug point; its send() is given a builder",
}


def public_classes() -> Iterator[type]:
    """Yield what the package offers, and whatever else has a public name in a public module of it."""
    yield from filter(inspect.isclass, (getattr(ondemand_attach, name) for name in ondemand_attach.__all__))
    for found in pkgutil.walk_packages(ondemand_attach.__path__, "ondemand_attach."):
        if not any(part.startswith("_") for part in found.name.split(".")):
            module = importlib.import_module(found.name)
            yield from (
                each
                for each in filter(inspect.isclass, vars(module).values())
                if each.__module__ == found.name or each.__name__ in getattr(module, "__all__", ())
            )


def shipped() -> set[tuple[str, str]]:
    """Return every implementation in the package, with the method of its plug point."""
    return {
        (method, cls.__name__)
        for cls in public_classes()
        for method in CONTRACTS
        if callable(getattr(cls, method, None))
        and not getattr(cls, "_is_protocol", False)
        and cls.__module__.startswith("ondemand_attach.")
        and not cls.__name__.startswith("_")
        and cls.__name__ not in OF_OTHER_KINDS
        and not issubclass(cls, tuple(CONTRACTS.values()))
    }


def tried() -> set[tuple[str, str]]:
    """Return what the test classes of this module make."""
    classes = [each for name, each in vars(sys.modules[__name__]).items() if name.startswith("Test")]
    return {
        (method, typing.get_type_hints(each.make)["return"].__name__)
        for each in classes
        for method, contract in CONTRACTS.items()
        if issubclass(each, contract)
    }


def test_every_implementation_that_is_shipped_is_tried() -> None:
    assert len(shipped()) >= 12
    assert shipped() == tried()


def test_one_that_is_forgotten_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(sys.modules[__name__], "TestHttpsTransport")
    assert shipped() - tried() == {("send", "HttpsTransport")}


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

    def test_a_generator_that_swallows_what_is_confidential(self) -> None:
        class Swallowing(GeneratorContract):
            context = {"name": "Jane"}

            def make(self) -> Any:
                def generate(request: Any) -> Document:
                    try:
                        return Document(
                            content=str(request.context["name"]).encode(), media_type="text/plain"
                        )
                    except Exception:  # noqa: BLE001 - as careless code does
                        return Document(content=b"nobody", media_type="text/plain")

                return generate

        with pytest.raises(AssertionError, match="made of confidential values"):
            Swallowing().test_swallows_no_confidential_value()

    def test_a_transport_that_keeps_quiet_about_failures(self) -> None:
        class Quiet(TestMemoryTransport):
            def make_rejecting(self) -> Any:
                return lambda message: Receipt(message_id=message.message_id)

            make_unreachable = make_rejecting

        quiet = Quiet()
        quiet.transport = MemoryTransport()
        for test in (
            quiet.test_a_message_that_is_refused_is_an_error_that_is_not_temporary,
            quiet.test_nobody_in_reach_is_an_error,
        ):
            with pytest.raises(AssertionError, match="raise a TransportError"):
                test()

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
