"""Mailer: builds at the moment of sending, hands over, says what came of it."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
import traceback
from typing import Any

import pytest

from ondemand_attach import (
    AttachmentRequest,
    Document,
    Mailer,
    MemoryTransport,
    Message,
    MessageBuilder,
    PdfEncryptor,
    ReadingGenerator,
    Receipt,
    SmtpTransport,
    Xhtml2PdfGenerator,
)
from ondemand_attach.errors import (
    ConfidentialityError,
    ConfigurationError,
    MailError,
    RecipientsRefusedError,
    TemplateError,
    TransportError,
)
from ondemand_attach.testing import SmtpSink, loopback_tls

CANARY = "Qw7canary4711"
LETTER = MessageBuilder().sender("shop@shop.example").subject("Order {{ number }}").text("Thank you.")


def test_sends_over_smtp_and_returns_the_receipt() -> None:
    server, client = loopback_tls()
    with (
        SmtpSink(server, refused=["b@example.com"]) as sink,
        Mailer(SmtpTransport(sink.url, ssl_context=client)) as mailer,
    ):
        receipt = mailer.send(LETTER, {"number": 1}, to=["a@example.com", "b@example.com"])
        assert receipt.accepted == ("a@example.com",)
        assert receipt.refused["b@example.com"].enhanced_code == "5.1.1"
        assert sink.deliveries[0].recipients == ("a@example.com",)
        with pytest.raises(RecipientsRefusedError):
            mailer.send(LETTER, {"number": 1}, to="b@example.com")
        mailer.send(LETTER, {"number": 2}, to="a@example.com")
        assert len(sink.deliveries) == 2


def test_deliver_sends_a_message_built_before() -> None:
    transport = MemoryTransport()
    message = LETTER.build({"number": 1}, to="a@example.com")
    Mailer(transport).deliver(message)
    assert transport.messages == [message]


def test_a_function_is_a_transport() -> None:
    sent: list[Message] = []

    def send(message: Message) -> Receipt:
        sent.append(message)
        return Receipt(message_id=message.message_id, accepted=())

    Mailer(send).send(LETTER, {"number": 1}, to="a@example.com", message_id="<1@x.example>")
    assert [message.message_id for message in sent] == ["<1@x.example>"]
    for wrong in (object(), MemoryTransport):
        with pytest.raises(ConfigurationError):
            Mailer(wrong)  # type: ignore[arg-type]


def test_errors_of_a_transport_are_cut_off() -> None:
    def send(message: Message) -> Receipt:
        raise OSError(CANARY)

    with pytest.raises(
        TransportError, match=r"the transport raised OSError at .*test_mailer\.py:[0-9]+ \(send\)"
    ) as caught:
        Mailer(send).send(LETTER, {"number": 1}, to="a@example.com")
    assert caught.value.__cause__ is None
    assert CANARY not in str(caught.value)
    assert caught.value.is_uncertain  # nobody knows how far it had come


def test_the_log_says_no_address(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        Mailer(MemoryTransport()).send(LETTER, {"number": CANARY}, to="canary@example.com")
    text = "\n".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    assert "1 accepted" in text
    assert "canary" not in text


def test_asend() -> None:
    transport = MemoryTransport()

    async def main() -> list[Receipt]:
        mailer = Mailer(transport)
        return await asyncio.gather(
            *(mailer.asend(LETTER, {"number": n}, to="a@example.com") for n in range(20))
        )

    assert len({receipt.message_id for receipt in asyncio.run(main())}) == 20
    assert len(transport.messages) == 20


def test_asend_takes_what_send_takes() -> None:
    sync, other = inspect.signature(Mailer.send), inspect.signature(Mailer.asend)
    assert list(sync.parameters.values()) == list(other.parameters.values())
    with pytest.raises(TypeError, match="recipient"):
        Mailer(MemoryTransport()).asend(LETTER, {}, recipient="a@example.com")  # type: ignore[call-arg]


def test_nothing_of_the_data_hangs_on_an_error_of_asend() -> None:
    async def main() -> MailError | None:
        try:
            await Mailer(MemoryTransport()).asend(LETTER, {"nothing": CANARY}, to="a@example.com")
        except MailError as error:
            return error
        return None

    failure = asyncio.run(main())
    assert failure is not None
    text = "".join(traceback.TracebackException.from_exception(failure, capture_locals=True).format())
    assert CANARY not in text


def test_waiting_sends_leave_the_threads_of_the_event_loop_alone() -> None:
    is_free = threading.Event()

    def wait(message: Message) -> Receipt:
        assert is_free.wait(300)
        return Receipt(message_id=message.message_id, accepted=("a@example.com",))

    async def send_all() -> None:
        with Mailer(wait) as mailer:
            builder = MessageBuilder().sender("a@example.com").subject("x").text("x")
            sends = [asyncio.ensure_future(mailer.asend(builder, {}, to="b@example.com")) for _ in range(80)]
            await asyncio.sleep(0.2)
            assert await asyncio.wait_for(asyncio.to_thread(lambda: "at once"), 120) == "at once"
            assert not any(send.done() for send in sends)
            is_free.set()
            await asyncio.gather(*sends)

    asyncio.run(send_all())


def test_check_finds_the_template_of_a_protected_attachment_missing() -> None:
    builder = (
        MessageBuilder()
        .sender("a@example.com")
        .subject("x")
        .text("x")
        .attach(
            Xhtml2PdfGenerator(template="missing.html"),
            filename="a.pdf",
            encryptor=PdfEncryptor(password="{{ secret }}"),
        )
    )
    with pytest.raises(TemplateError, match=r"missing\.html"):
        builder.check()


# generators that are no templates


class Reading(ReadingGenerator):
    def __init__(self, *reads: str) -> None:
        self.reads = reads

    def generate(self, request: AttachmentRequest) -> Document:
        return Document(content=b"x", media_type="text/plain")


GUARDED = LETTER.confidential("customer", "order.engraving").public("customer.city", "customer.address.zip")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("number", []),
        ("order.number", []),
        ("orders", []),
        ("customer.city", []),
        ("customer.city.name", []),
        ("customer.address.zip", []),
        ("customer", ["customer"]),
        ("customer.name", ["customer.name"]),
        ("customer.address", ["customer.address"]),
        ("customer.address.street", ["customer.address.street"]),
        ("order", ["order.engraving"]),
        ("order.engraving", ["order.engraving"]),
        ("order.engraving.0", ["order.engraving.*"]),
    ],
)
def test_check_asks_a_generator_what_it_reads(path: str, found: list[str]) -> None:
    builder = GUARDED.attach(Reading("number", path), filename="a.txt")
    assert [finding.path for finding in builder.check()] == found
    assert all(str(finding).startswith("Reading.reads:2: ") for finding in builder.check())
    assert all("has no encryptor" in finding.reason for finding in builder.check())


def test_what_is_protected_may_be_read() -> None:
    def swap(document: Document, _: AttachmentRequest) -> Document:
        return document

    assert GUARDED.attach(Reading("customer"), filename="a.txt", encryptor=swap).check() == []
    assert GUARDED.attach(Reading("customer"), filename="a.txt").whole_message(encryptor=swap).check() == []


def test_what_check_finds_is_what_a_build_refuses() -> None:
    class Careless(Reading):
        def generate(self, request: AttachmentRequest) -> Document:
            for path in self.reads:
                value: Any = request.context
                for step in path.split("."):
                    value = value[step]
                str(value)
            return super().generate(request)

    order = {"number": 1, "engraving": "for ever"}
    context = {
        "number": 1,
        "order": order,
        "customer": {"city": "Oslo", "address": {"zip": "1"}, "name": "Jane"},
    }
    for path in ("number", "order", "order.number", "customer", "customer.name", "customer.city"):
        builder = GUARDED.attach(Careless(path), filename="a.txt")
        if builder.check():
            with pytest.raises(ConfidentialityError):
                builder.build(context, to="a@example.com")
        else:
            builder.build(context, to="a@example.com")


def test_a_class_that_renders_a_template_may_read_more() -> None:
    class Stamped(Xhtml2PdfGenerator):
        reads = ("customer.name",)

    builder = GUARDED.attach(Stamped(source="{{ order.engraving }}"), filename="a.pdf")
    assert [finding.path for finding in builder.check()] == ["order.engraving", "customer.name"]


def test_a_function_may_say_what_it_reads() -> None:
    def letter(request: AttachmentRequest) -> Document:
        return Document(content=b"x", media_type="text/plain")

    assert GUARDED.attach(letter, filename="a.txt").check() == []
    letter.reads = ["customer.name"]  # type: ignore[attr-defined]
    assert [finding.path for finding in GUARDED.attach(letter, filename="a.txt").check()] == ["customer.name"]


class Misspelt(ReadingGenerator):
    raeds = ("customer",)

    def generate(self, request: AttachmentRequest) -> Document:
        raise AssertionError


@pytest.mark.parametrize(
    ("reads", "words"),
    [
        ("customer", "not a str"),
        (5, "not a int"),
        ((1,), "not a tuple"),
        (lambda: (), "not a function"),
        (("customer..name",), "is not a path"),
        (("",), "is not a path"),
    ],
)
def test_what_says_nothing_of_use_is_refused_while_wiring(reads: Any, words: str) -> None:
    generator = Reading()
    generator.reads = reads
    with pytest.raises(ConfigurationError, match=words):
        LETTER.attach(generator, filename="a.txt")


def test_a_misspelt_attribute_is_seen_while_wiring() -> None:
    with pytest.raises(ConfigurationError, match=r"a Misspelt says .* not by none \(is it 'raeds'\?\)"):
        LETTER.attach(Misspelt(), filename="a.txt")  # type: ignore[abstract]


@pytest.mark.parametrize(
    ("transport", "said"),
    [(MemoryTransport, "MemoryTransport is a class"), (None, "this is None"), (7, "of type int")],
)
def test_what_is_no_transport_is_called_what_it_is(transport: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        Mailer(transport)
