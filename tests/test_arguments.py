"""Whatever an application gives by mistake is refused at the call, in words that say what to give instead."""

from __future__ import annotations

import asyncio
import atexit
import datetime
import decimal
import email.message
import enum
import inspect
import pathlib
import pickle
import re
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils.functional import SimpleLazyObject
from markupsafe import Markup
from werkzeug.local import LocalProxy

import ondemand_attach
from ondemand_attach import (
    Address,
    Attachment,
    AttachmentRequest,
    DkimSigner,
    Document,
    Envelope,
    FileTransport,
    HttpsTransport,
    MaildirTransport,
    Mailer,
    MailError,
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
    RenderPool,
    SmimeEncryptor,
    SmimeSigner,
    SmtpTransport,
    TimeStampAuthority,
    VisibleSignature,
    Xhtml2PdfGenerator,
    ZipEncryptor,
    testing,
)
from ondemand_attach._confidential import Marks, views
from ondemand_attach._given import text as given_text
from ondemand_attach._message import Source
from ondemand_attach.errors import (
    ConfigurationError,
    InvalidAddressError,
    MessageError,
    MissingRecipientError,
    TransportError,
)

KEY, CERTIFICATE = testing.self_signed("Shop")
JANE = Address(addr_spec="jane@example.com")
REQUEST = testing.attachment_request({"number": "k7QxW2mZpT9r"})
DOCUMENT = Document(content=b"x", media_type="text/plain")
BUILDER = MessageBuilder().sender("shop@example.com").subject("Order").text("Thank you.")
MESSAGE = BUILDER.build({}, to="a@example.com")
MAILER, POOL = Mailer(MemoryTransport()), RenderPool()
FOLDER = tempfile.mkdtemp()
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
NOWHERE = "https://localhost:9/"  # where nobody listens
MAIL = email.message.EmailMessage()


class Lazy:
    """As Flask-Babel's and speaklater's: no str, and asked anew each time."""

    language = "en"

    def __str__(self) -> str:
        return {"en": "Your order", "de": "Ihre Bestellung"}[self.language]

    def __getattr__(self, name: str) -> Any:
        return getattr(str(self), name)


def text_file(_: AttachmentRequest) -> Document:
    return Document(content=b"x", media_type="text/plain")


def nobody() -> Any:
    raise RuntimeError("outside of a request")


def sent_by_a_loop(
    builder: Any, context: Any, *, to: Any = (), now: Any = None, message_id: Any = None
) -> Any:
    return asyncio.run(MAILER.asend(builder, context, to=to, now=now, message_id=message_id))


def no_request(_: Message) -> Any:
    return {}, b""


def built_each(recipients: Any, context: Any) -> list[Message]:
    return list(BUILDER.build_each(recipients, context))


PASSWORD = {"password": "{{ number }}"}
FIXED: dict[str, Any] = {"key": KEY, "certificate": CERTIFICATE}
SOUND: dict[str, tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = {
    "Address": (Address, (), {"addr_spec": "a@example.com", "display_name": "A"}),
    "Address.parse": (Address.parse, ("a@example.com",), {}),
    "Attachment": (Attachment, (), {"filename": "a.txt", "document": DOCUMENT}),
    "DkimSigner": (DkimSigner, (), {"domain": "example.com", "selector": "s", "key": KEY}),
    "Document": (Document, (), {"content": b"x", "media_type": "text/plain"}),
    "Envelope": (Envelope, (), {"sender": JANE, "recipients": (JANE,)}),
    "Message": (Message, (), {"envelope": Envelope(sender=JANE, recipients=(JANE,)), "message_id": "<a@b>"}),
    "MessageBuilder": (MessageBuilder, (), {"templates": ()}),
    "OfficeEncryptor": (OfficeEncryptor, (), PASSWORD),
    "OpenPgpEncryptor": (OpenPgpEncryptor, (), {}),
    "OpenPgpSigner": (OpenPgpSigner, (), {"key": b"none"}),
    "PdfEncryptor": (PdfEncryptor, (), PASSWORD),
    "PdfSigner": (PdfSigner, (), FIXED),
    "PdfSigner.from_pem": (PdfSigner.from_pem, (b"none", b"none"), {}),
    "PdfSigner.from_pkcs12": (PdfSigner.from_pkcs12, (b"none",), {}),
    "Recipient": (Recipient, (), {"address": JANE}),
    "RenderPool": (RenderPool, (), {}),
    "SmimeEncryptor": (SmimeEncryptor, (), {}),
    "SmimeSigner": (SmimeSigner, (), FIXED),
    "SmimeSigner.from_pem": (SmimeSigner.from_pem, (b"none", b"none"), {}),
    "SmimeSigner.from_pkcs12": (SmimeSigner.from_pkcs12, (b"none",), {}),
    "TimeStampAuthority": (TimeStampAuthority, (), {"url": "https://time.example.com/"}),
    "VisibleSignature": (VisibleSignature, (), {"box": (0, 0, 99, 99)}),
    "Xhtml2PdfGenerator": (Xhtml2PdfGenerator, (), {"source": "<p>a</p>"}),
    "ZipEncryptor": (ZipEncryptor, (), {**PASSWORD, "name_inside": "a.txt"}),
    "FileTransport": (FileTransport, (FOLDER,), {}),
    "FileTransport.send": (FileTransport(FOLDER).send, (MESSAGE,), {}),
    "HttpsTransport": (HttpsTransport, (NOWHERE, no_request), {}),
    "HttpsTransport.mailgun": (
        HttpsTransport.mailgun, (), {"domain": "a.example", "api_key": lambda: "key"},
    ),
    "HttpsTransport.send": (HttpsTransport(NOWHERE, no_request).send, (MESSAGE,), {}),
    "MaildirTransport": (MaildirTransport, (FOLDER,), {}),
    "MaildirTransport.send": (FileTransport(FOLDER).send, (MESSAGE,), {}),
    "Mailer": (Mailer, (MemoryTransport(),), {}),
    "Mailer.asend": (sent_by_a_loop, (BUILDER, {}), {"to": "a@example.com"}),
    "Mailer.deliver": (MAILER.deliver, (MESSAGE,), {}),
    "Mailer.send": (MAILER.send, (BUILDER, {}), {"to": "a@example.com"}),
    "MemoryTransport.send": (MemoryTransport().send, (MESSAGE,), {}),
    "RenderPool.build": (POOL.build, (BUILDER, {}), {"to": "a@example.com"}),
    "RenderPool.warm_up": (POOL.warm_up, (BUILDER,), {}),
    "SmtpTransport": (SmtpTransport, ("smtp://localhost:9",), {}),
    "SmtpTransport.send": (SmtpTransport("smtp://localhost:9").send, (MESSAGE,), {}),
    "DkimSigner.sign": (
        DkimSigner(domain="example.com", selector="s", key=KEY).sign, (MESSAGE.content,), {},
    ),
    "OfficeEncryptor.encrypt": (OfficeEncryptor(**PASSWORD).encrypt, (DOCUMENT, REQUEST), {}),
    "OpenPgpEncryptor.encrypt": (OpenPgpEncryptor().encrypt, (DOCUMENT, REQUEST), {}),
    "PdfEncryptor.encrypt": (PdfEncryptor(**PASSWORD).encrypt, (DOCUMENT, REQUEST), {}),
    "PdfSigner.sign": (PdfSigner(**FIXED).sign, (DOCUMENT, REQUEST), {}),
    "Receipt.from_json": (Receipt.from_json, (Receipt(message_id="<a@b>").to_json(),), {}),
    "Recipient.of": (Recipient.of, (JANE,), {}),
    "SmimeEncryptor.encrypt": (SmimeEncryptor().encrypt, (DOCUMENT, REQUEST), {}),
    "SmimeSigner.sign": (SmimeSigner(**FIXED).sign, (DOCUMENT, REQUEST), {}),
    "Xhtml2PdfGenerator.generate": (Xhtml2PdfGenerator(source="<p>a</p>").generate, (REQUEST,), {}),
    "Xhtml2PdfGenerator.html": (Xhtml2PdfGenerator(source="<p>a</p>").html, (REQUEST,), {}),
    "ZipEncryptor.encrypt": (
        ZipEncryptor(**PASSWORD, name_inside="a.txt").encrypt, (DOCUMENT, REQUEST), {},
    ),
    "request.keep_out": (REQUEST.keep_out, ("secret",), {}),
    "request.render": (REQUEST.render, ("text",), {}),
    "request.secret": (REQUEST.secret, ("{{ number }}",), {}),
    "builder.attach": (BUILDER.attach, (text_file,), {"filename": "a.txt"}),
    "builder.attach_file": (BUILDER.attach_file, (__file__,), {}),
    "builder.bcc": (BUILDER.bcc, ("a@example.com",), {}),
    "builder.build": (BUILDER.build, ({},), {"to": "a@example.com"}),
    "builder.build_each": (built_each, (["a@example.com"], {}), {}),
    "builder.cc": (BUILDER.cc, ("a@example.com",), {}),
    "builder.check": (BUILDER.check, (), {}),
    "builder.confidential": (BUILDER.confidential, ("a",), {}),
    "builder.dkim": (BUILDER.dkim, (DkimSigner(domain="example.com", selector="s", key=KEY),), {}),
    "builder.generated_password": (
        BUILDER.generated_password, ("code",), {"delivery": lambda _: None, "digits": 16},
    ),
    "builder.header": (BUILDER.header, ("X-Shop", "1"), {}),
    "builder.html": (BUILDER.html, ("<p>a</p>",), {}),
    "builder.image": (BUILDER.image, ("logo", b"\x89PNG"), {}),
    "builder.public": (BUILDER.public, ("a",), {}),
    "builder.recipient_at": (BUILDER.recipient_at, ("customer.email",), {}),
    "builder.reply_to": (BUILDER.reply_to, ("a@example.com",), {}),
    "builder.return_path": (BUILDER.return_path, ("a@example.com",), {}),
    "builder.sender": (BUILDER.sender, ("a@example.com",), {}),
    "builder.subject": (BUILDER.subject, ("a",), {}),
    "builder.text": (BUILDER.text, ("a",), {}),
    "builder.to": (BUILDER.to, ("a@example.com",), {}),
    "builder.whole_message": (BUILDER.whole_message, (), {"signer": SmimeSigner(**FIXED)}),
}  # fmt: skip
"""Each public callable that takes something of the application, with arguments that it takes."""

ELSEWHERE = {
    *(
        "AttachmentGenerator",
        "Encryptor",
        "PasswordDelivery",
        "ReadingGenerator",
        "Signer",
        "Transport",
    ),  # protocols
    *("Confidential", "MailError"),  # take nothing
    *("AttachmentRequest", "Exposure", "Finding", "GeneratedPassword", "PartReceipt"),  # are handed out
    *("Receipt", "Refusal"),  # what transports answer is looked at once it is there
    *("MemoryTransport", "__version__"),  # take nothing
}
HOOKS = {
    *("PdfSigner.from_pkcs11", "SmimeSigner.from_pkcs11"),  # need a token: tests/system/test_tokens.py
    "OpenPgpSigner.sign",  # needs a key: tests/protectors/test_openpgp.py
    *("DkimSigner.answers_for", "PartReceipt.of", "VisibleSignature.drawn"),  # are asked by the library
    *(f"{name}Encryptor.check_attachment" for name in ("Office", "Pdf", "Zip")),
    *(f"{name}Encryptor.check_recipients" for name in ("OpenPgp", "Pdf", "Smime")),
}
BAD: dict[str, Any] = {
    "None": None,
    "object": object(),
    "number": 5,
    "bytes": b"bytes",
    "list": [None],
    "mapping": {1: 2},
    "class": dict,
    "function": lambda: 1,
    "empty": "",
    "lazy": Lazy(),
    "unbound": LocalProxy(nobody),
    "surrogate": "\ud800",
    "builder": BUILDER,
    "message": MESSAGE,
    "class of messages": Message,
    "of the standard library": MAIL,
}
THEIRS = {
    ("builder.build_each", "context"),  # a function of the application, called in its own loop
    ("Recipient.of", "what"),  # words of the library
}
MAY_BE_NONE = {
    ("builder.generated_password", "digits"), ("PdfSigner.from_pem", "options"),
    ("PdfSigner.from_pkcs12", "options"), ("Envelope", "sender"),
}  # fmt: skip


def calls() -> Iterator[Any]:
    for name, (function, args, kwargs) in SOUND.items():
        signature = inspect.signature(function)
        bound = signature.bind(*args, **kwargs).arguments
        for parameter in signature.parameters.values():
            if parameter.kind is inspect.Parameter.VAR_KEYWORD or (name, parameter.name) in THEIRS:
                continue
            yield pytest.param(name, function, bound, parameter, id=f"{name}({parameter.name})")


def called(function: Callable[..., Any], parameter: inspect.Parameter, bound: Any, value: object) -> Any:
    signature = inspect.signature(function)
    given = {**bound, parameter.name: (value,) if parameter.kind is parameter.VAR_POSITIONAL else value}
    arguments = inspect.BoundArguments(
        signature, {name: given[name] for name in signature.parameters if name in given}
    )  # type: ignore[arg-type]
    return function(*arguments.args, **arguments.kwargs)


def test_every_public_callable_is_tried() -> None:
    steps = {
        f"builder.{name}"
        for name, value in vars(MessageBuilder).items()
        if callable(value) and name[0] != "_"
    }
    assert {name for name in SOUND if name.startswith("builder.")} == steps
    assert set(ondemand_attach.__all__) - ELSEWHERE <= set(SOUND)


def test_every_public_method_is_tried() -> None:
    classes = {getattr(ondemand_attach, name) for name in ondemand_attach.__all__}
    found = {
        f"{cls.__name__}.{name}"
        for cls in classes
        if inspect.isclass(cls)
        and not getattr(cls, "_is_protocol", False)
        and not issubclass(cls, BaseException)
        for name, value in inspect.getmembers(cls, callable)
        if name[0] != "_" and set(inspect.signature(value).parameters) - {"self"}
    }
    tried = {
        name.replace("builder.", "MessageBuilder.").replace("request.", "AttachmentRequest.")
        for name in SOUND
    }
    assert found - HOOKS <= tried


@pytest.mark.parametrize(("name", "function", "bound", "parameter"), list(calls()))
def test_a_wrong_argument_is_refused_in_words(
    name: str,
    function: Callable[..., Any],
    bound: Any,
    parameter: inspect.Parameter,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for kind, value in BAD.items():
        failure = refused(function, parameter, bound, value)
        if failure is not None:
            assert not re.search("unexpected|makers of|AttributeError", failure), (kind, failure)
            assert re.search(r"\w \w", failure), (kind, failure)
        elif kind == "None":
            assert may_be_none(name, parameter), "None was taken"


def refused(
    function: Callable[..., Any], parameter: inspect.Parameter, bound: Any, value: object
) -> str | None:
    try:
        made = called(function, parameter, bound, value)
        if isinstance(made, MessageBuilder):
            made.build({"customer": {"email": "a@example.com"}, "a": "b"}, to="a@example.com")
    except MailError as error:
        return str(error)
    return None


def may_be_none(name: str, parameter: inspect.Parameter) -> bool:
    is_said = parameter.default is None or "None" in str(parameter.annotation)
    return is_said or parameter.annotation in {"object", "Any"} or (name, parameter.name) in MAY_BE_NONE


class Colour(enum.StrEnum):
    RED = "red"


class Shade(str, enum.Enum):  # noqa: UP042 - as applications wrote it before Python 3.11
    DARK = "dark"


def subject_of(message: Message) -> str:
    return re.findall(rb"^Subject: (.*?)\r\n", message.content, re.MULTILINE)[0].decode()


def translated(made: Callable[[], Message]) -> list[str]:
    return [spoken(language, made) for language in ("en", "de", "en")]


def spoken(language: str, made: Callable[[], Message]) -> str:
    Lazy.language = language
    return subject_of(made())


IN_BOTH = ["Your order", "Ihre Bestellung", "Your order"]


def test_a_lazy_string_is_translated_for_each_message() -> None:
    builder = BUILDER.subject(Lazy())  # type: ignore[arg-type]
    assert translated(lambda: builder.build({}, to="a@example.com")) == IN_BOTH
    headed = BUILDER.header("X-Shop", Lazy()).text(Lazy()).html(Lazy())  # type: ignore[arg-type]
    headed = headed.attach(text_file, filename=Lazy())  # type: ignore[arg-type]
    Lazy.language = "de"
    assert headed.build({}, to="a@example.com").content.count(b"Ihre Bestellung") == 4


def test_a_lazy_string_is_translated_where_the_language_is_known() -> None:
    """A render process knows nothing of the language that is active in a thread of the application."""
    builder = BUILDER.subject(Lazy())  # type: ignore[arg-type]
    with RenderPool() as pool:
        assert translated(lambda: pool.build(builder, {}, to="a@example.com")) == IN_BOTH


def test_django_translates_in_the_active_language(settings_of_django: Any) -> None:
    from django.utils.translation import override

    builder = BUILDER.subject(settings_of_django("Monday")).text("{{ day }}")
    found = []
    for language in ("en", "de", "fr"):
        with override(language):
            message = builder.build({"day": settings_of_django("Tuesday")}, to="a@example.com")
        found.append((subject_of(message), message.content.split(b"\r\n\r\n")[1].strip().decode()))
    assert found == [("Monday", "Tuesday"), ("Montag", "Dienstag"), ("lundi", "mardi")]


@pytest.fixture
def settings_of_django() -> Any:
    import django
    from django.conf import settings
    from django.utils.translation import gettext_lazy

    if not settings.configured:
        settings.configure(USE_I18N=True)
    django.setup()
    return gettext_lazy


def test_a_lazy_string_that_fails_says_where() -> None:
    builder = BUILDER.subject(LocalProxy(nobody))  # type: ignore[arg-type]
    with pytest.raises(
        MessageError, match=r"the subject cannot be .*RuntimeError at .*test_arguments.py:\d+ \(nobody\)"
    ):
        builder.build({}, to="a@example.com")


def test_a_lazy_string_does_not_travel() -> None:
    lazy = Source.of(given_text(Lazy(), "subject()")).lazy
    assert lazy is not None
    assert pickle.loads(pickle.dumps(lazy)) == lazy
    assert b"Lazy" not in pickle.dumps(lazy).replace(b"_given\x94\x8c\x04Lazy", b"")


PROXIED: dict[str, Any] = {
    "text": "red", "number": 5, "truth": True, "nothing": None, "bytes": b"red",
    "day": datetime.date(2026, 11, 30), "time": datetime.datetime(2026, 11, 30, 9, 30, tzinfo=datetime.UTC),
    "list": ["red"], "record": {"colour": "red"}, "id": uuid.UUID(int=5), "amount": decimal.Decimal("1.50"),
}  # fmt: skip


@pytest.mark.parametrize("value", PROXIED.values(), ids=PROXIED)
@pytest.mark.parametrize(
    "proxy", [lambda value: LocalProxy(lambda: value), lambda value: SimpleLazyObject(lambda: value)]
)
def test_a_proxy_in_the_context_is_what_it_stands_for(proxy: Any, value: Any) -> None:
    seen = views({"value": proxy(value)}, Marks().with_confidential(["value"]))
    assert seen.full == {"value": value}
    assert type(seen.full["value"]) is type(value)
    assert views(proxy({"value": value}), Marks()).full == {"value": value}


def test_members_of_enumerations_and_markup_are_the_text_that_they_are() -> None:
    builder = BUILDER.subject(Colour.RED).text(Shade.DARK)
    message = builder.build({}, to=[Markup("a@example.com")])
    assert (subject_of(message), message.content.split(b"\r\n\r\n")[1].strip()) == ("red", b"dark")


def test_proxies_of_recipients_are_asked_when_a_message_is_built() -> None:
    for proxy in (LocalProxy(lambda: "a@example.com"), LocalProxy(lambda: [JANE]), LocalProxy(lambda: JANE)):
        assert BUILDER.build({}, to=proxy).envelope.recipients  # type: ignore[arg-type]
    with pytest.raises(MissingRecipientError, match="to= is None"):
        BUILDER.build({}, to=LocalProxy(lambda: None))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("call", "failure", "words"),
    [
        (lambda: BUILDER.build({}, to=None), MissingRecipientError, "to= is None; give an address"),  # type: ignore[arg-type]
        (lambda: BUILDER.build({}, to=[None]), InvalidAddressError, "to= is an address, as text or Address, not None"),  # type: ignore[list-item]
        (lambda: BUILDER.bcc(None), InvalidAddressError, r"bcc\(\) is an address, as text or Address, not None"),  # type: ignore[arg-type]
        (lambda: BUILDER.subject(None), ConfigurationError, r"subject\(\) takes a template as text, not None"),  # type: ignore[arg-type]
        (lambda: BUILDER.sender(("Shop", "a@shop.example")), InvalidAddressError, r"of type tuple; .*display_name="),  # type: ignore[arg-type]
        (lambda: BUILDER.build({}, to=[("Jane", "a@x.example")]), InvalidAddressError, "of type tuple; .*display_name="),  # type: ignore[list-item]
        (lambda: BUILDER.sender(Lazy()), InvalidAddressError, r"sender\(\) is .*, not a lazy text \(Lazy\); give str"),  # type: ignore[arg-type]
        (lambda: BUILDER.image("logo", "no/such.png"), ConfigurationError, "the file 'no/such.png' cannot be read: No such"),
        (lambda: Document(content="x", media_type="a/b"), MessageError, "takes bytes, not text"),  # type: ignore[arg-type]
        (lambda: Address(addr_spec="a@example.com", display_name=Lazy()), InvalidAddressError, "not a lazy text"),  # type: ignore[arg-type]
        (lambda: PdfEncryptor(password="{{ number }}", insecure_omit_mac="no"), ConfigurationError, "True or False"),  # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_words(call: Callable[[], object], failure: type[MailError], words: str) -> None:
    with pytest.raises(failure, match=words):
        call()


@pytest.mark.parametrize(
    ("call", "failure", "words"),
    [
        (lambda: MAILER.send(None, {}), MessageError, r"Mailer\.send\(builder=…\) takes a MessageBuilder, not None"),  # type: ignore[arg-type]
        (lambda: MAILER.send(MESSAGE, {}), MessageError, "takes a MessageBuilder, not a value of type Message$"),  # type: ignore[arg-type]
        (lambda: MAILER.send(MessageBuilder, {}), MessageError, "takes a MessageBuilder, not the class MessageBuilder"),  # type: ignore[arg-type]
        (lambda: MAILER.deliver(BUILDER), TransportError, r"takes a Message, such as MessageBuilder\.build\(\) returns, not"),  # type: ignore[arg-type]
        (lambda: MAILER.deliver(MAIL), TransportError, "takes a Message, .* not a value of type EmailMessage"),  # type: ignore[arg-type]
        (lambda: POOL.warm_up(BUILDER, None), ConfigurationError, "takes a MessageBuilder, not None"),  # type: ignore[arg-type]
        (lambda: Mailer(None), ConfigurationError, "or is a function from a message to a receipt; this is None"),  # type: ignore[arg-type]
        (lambda: MAILER.deliver(type("Message", (), {"__module__": None})()), TransportError, "takes a Message"),  # type: ignore[arg-type]
        (lambda: MAILER.deliver(type("Message", (), {"__module__": "ondemand_attach_shop"})()), TransportError, "takes a Message"),  # type: ignore[arg-type]
        (lambda: Mailer(MAILER), ConfigurationError, "this is a value of type Mailer"),  # type: ignore[arg-type]
        (lambda: Mailer(MemoryTransport(), pool=BUILDER), ConfigurationError, "takes a RenderPool, not"),  # type: ignore[arg-type]
        (lambda: FileTransport(None), ConfigurationError, "takes the path of a folder, not None"),  # type: ignore[arg-type]
        (lambda: MaildirTransport(""), ConfigurationError, "the folder to write to is empty text"),
        (lambda: SmtpTransport("smtp://localhost", timeout="5"), ConfigurationError, "takes a number, not text"),  # type: ignore[arg-type]
        (lambda: HttpsTransport(NOWHERE, no_request, ssl_context=True), ConfigurationError, "takes an ssl.SSLContext"),  # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_words_of_what_sends(call: Callable[[], object], failure: type[MailError], words: str) -> None:
    with pytest.raises(failure, match=words):
        call()


def test_a_proxy_of_a_builder_or_message_is_taken() -> None:
    assert MAILER.send(LocalProxy(lambda: BUILDER), {}, to="a@example.com").accepted  # type: ignore[arg-type]
    assert MAILER.deliver(LocalProxy(lambda: MESSAGE)).accepted  # type: ignore[arg-type]


def test_a_builder_of_a_class_of_the_application_is_taken() -> None:
    class Letterhead(MessageBuilder):
        pass

    letter = Letterhead().sender("shop@example.com").subject("Order").text("Thank you.")
    assert MAILER.send(letter, {}, to="a@example.com").accepted
