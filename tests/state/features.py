"""Messages of many kinds, which between them use all libraries, for customers who are told apart by every value."""

from __future__ import annotations

import base64
import contextlib
import datetime
import functools
import io
import random
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

import jinja2
import openpyxl
import pysequoia
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from PIL import Image

from ondemand_attach import (
    Address,
    AttachmentRequest,
    DkimSigner,
    Document,
    GeneratedPassword,
    Message,
    MessageBuilder,
    OfficeEncryptor,
    OpenPgpEncryptor,
    OpenPgpSigner,
    PdfEncryptor,
    PdfSigner,
    Recipient,
    SmimeEncryptor,
    SmimeSigner,
    VisibleSignature,
    Xhtml2PdfGenerator,
    ZipEncryptor,
)
from ondemand_attach.errors import MailError
from protectors.samples import NOW, certify, ec_key, rsa_key

SENDER = "orders@shop.example"
WORDS = {"cs": "Faktura", "de": "Rechnung", "en": "Invoice"}
LETTERS = "bcdfghjklmnpqrstvwxz"

FILES = {
    "shop.j2": (
        "{% set seen = namespace(last='nobody', count=0) %}{% set turn = cycler('odd', 'even') %}"
        "{% set comma = joiner(', ') %}{% set heading = 'Invoice'|word %}"
        "{% macro remember(value, among=[]) %}{% set seen.last = value %}{% set seen.count = seen.count + 1 %}"
        "{{ comma() }}{{ turn.next() }} {{ seen.count }} {{ heading }} {{ among|length }}{% endmacro %}"
    ),
    "base.html": (
        "<html><head><title>{% block title %}x{% endblock %}</title><style>td { padding: 2pt } "
        "h1 { font-family: serif }</style></head><body>{% block body %}{% endblock %}</body></html>"
    ),
    "foot.html": "{% import 'shop.j2' as shop %}<p>{{ shop.seen.last }} {{ shop.remember('foot') }}</p>",
    "invoice.html": (
        "{% extends 'base.html' %}{% from 'shop.j2' import seen, remember %}"
        "{% block title %}{{ 'Invoice'|word }} {{ customer.name }}{% endblock %}"
        "{% block body %}<h1>{{ 'Invoice'|word }} {{ number }}</h1><p>{{ customer.name }}<br>{{ customer.street }}</p>"
        "<p>{{ remember(customer.name) }}: {{ seen.last }}</p>{% include 'foot.html' without context %}"
        '<img src="{{ customer.code }}" width="20" height="20">'
        '<p><a href="https://shop.example/{{ customer.token }}">{{ customer.iban }}</a></p>'
        "<table>{% for line in lines|dearest_first %}"
        "<tr><td>{{ line.text }}</td><td>{{ line.price }}</td><td>{{ loop.cycle('a', 'b') }}</td></tr>"
        "{% endfor %}</table><p>{{ born }} {{ card }} <pdf:pagenumber> / <pdf:pagecount></p>{% endblock %}"
    ),
    "drawn.html": (
        "<h1>{{ customer.name }}</h1>"
        '<p><pdf:barcode value="{{ customer.token }}" type="qr"></p><ul><li>{{ customer.street }}</li></ul>'
        "<pre>{{ customer.iban }}</pre>"
        '<img src="{{ customer.drawing }}"><p style="border: 1pt solid red; border-radius: {{ customer.token }}; '
        "display: {{ customer.token }}; color: {{ customer.token }}; {{ customer.token }}: 1pt; font-family: "
        '{{ customer.token }}; width: {{ customer.token }}; background-image: url({{ customer.code }})">'
        '<a name="{{ customer.token }}" href="#{{ customer.token }}">{{ customer.name|upper }}</a></p>'
        "{% for line in lines %}<p>{{ line.text }}</p>{% endfor %}"
    ),
    "mail.html": (
        "{% from 'shop.j2' import seen, remember %}<p>{{ 'Invoice'|word }} {{ number }}: {{ seen.last }} "
        "{{ remember(number) }} {{ lines|dearest_first|map(attribute='price')|join(' ') }}</p>"
        '{% include "foot.html" %}<img src="cid:logo">'
    ),
}


def dearest_first(lines: list[Any]) -> list[Any]:
    """Sort in place, as careless filters do."""
    lines.sort(key=lambda line: line["price"], reverse=True)
    return lines


class Shop:
    """What an application keeps beside its templates: the language of the message at hand."""

    language: ClassVar = ContextVar("the language", default="en")

    @classmethod
    def word(cls, text: str) -> str:
        return WORDS[cls.language.get()] if text == "Invoice" else text


@dataclass(frozen=True, kw_only=True)
class Customer:
    """A customer, whose *traces* nobody else has."""

    number: int
    language: str
    context: Mapping[str, Any]
    traces: tuple[Any, ...]
    address: str

    @property
    def password(self) -> str:
        return str(self.context["customer"]["password"])


def customer(number: int, seed: str) -> Customer:
    draw = random.Random(f"{seed} {number}")

    def word(length: int = 9) -> str:
        return "".join(draw.choices(LETTERS, k=length))

    mailbox, token, street, name = (
        word(12),
        word(12),
        f"{word().title()}ova {draw.randint(1, 99)}",
        f"{word().title()} {word()}řčů",
    )
    iban, born = (
        f"DE{draw.randrange(10**19, 10**20)}",
        datetime.date(1900, 1, 1) + draw.randrange(20_000) * DAY,
    )
    card, password = draw.randrange(10**15, 10**16), f"{word(6)}-{draw.randint(1000, 9999)}-{word(6)}"
    lines = [
        {"text": f"{word()} {word()}", "price": Decimal(draw.randrange(10**9, 10**10)) / 100}
        for _ in range(draw.randint(1, 6))
    ]
    person = {
        "name": name,
        "street": street,
        "iban": iban,
        "token": token,
        "password": password,
        "code": f"data:image/png;base64,{_picture(draw)}",
        "drawing": f"data:image/svg+xml;base64,{_drawing(word())}",
    }
    context = {"customer": person, "born": born, "card": card, "number": number, "lines": lines}
    texts = (mailbox, token, street, *name.split(), iban, password, person["code"], person["drawing"])
    others = (card, *(line[key] for line in lines for key in ("text", "price")))
    return Customer(
        number=number,
        language=sorted(WORDS)[number % len(WORDS)],
        context=context,
        address=f"{mailbox}@insurer.example",
        traces=(*texts, *others, name.upper().split()[0]),
    )


DAY = datetime.timedelta(days=1)


def _picture(draw: random.Random) -> str:
    output = io.BytesIO()
    Image.frombytes("L", (8, 8), draw.randbytes(64)).save(output, "PNG")
    return base64.b64encode(output.getvalue()).decode()


def _drawing(text: str) -> str:
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="20"><text x="1" y="9">{text}</text></svg>'
    return base64.b64encode(svg.encode()).decode()


# What an application sets up once


@functools.cache
def base() -> MessageBuilder:
    return (
        MessageBuilder(
            templates=jinja2.DictLoader(FILES), filters={"word": Shop.word, "dearest_first": dearest_first}
        )
        .sender(f"Shop <{SENDER}>")
        .subject("{% import 'shop.j2' as shop %}{{ shop.heading }} {{ number }}{{ shop.comma() }}")
        .confidential("customer", "born", "card", "lines.text")
        .header("X-Turn", "{% import 'shop.j2' as shop %}{{ shop.turn.next() }} {{ shop.seen.last }}")
    )


def table(request: AttachmentRequest) -> Document:
    """Make what is the application's own: it changes its context, and renders a source that holds data."""
    lines = request.context["lines"]
    lines.pop()
    request.context["customer"]["name"] += " & Co."  # type: ignore[index]
    source = f"{request.context['customer']['name']}: {{{{ lines|length }}}} {{{{ customer.name }}}}"
    return Document(content=request.render(source).encode(), media_type="text/plain")


def workbook(request: AttachmentRequest) -> Document:
    book, output = openpyxl.Workbook(write_only=False), io.BytesIO()
    book.active.append([request.context["customer"]["name"], request.context["customer"]["iban"]])
    book.properties.created = book.properties.modified = NOW.replace(tzinfo=None)
    book.save(output)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return Document(content=output.getvalue(), media_type=kind)


def listing(request: AttachmentRequest) -> Document:
    text = request.render(
        "{{ lines|map(attribute='price')|join(', ') }} {{ 'Invoice'|word }}", autoescape=False
    )
    return Document(content=text.encode(), media_type="text/plain")


@functools.cache
def pdf() -> MessageBuilder:
    stamp = VisibleSignature(page=0, box=(60, 20, 260, 60))
    return (
        base()
        .html(template="mail.html")
        .image("logo", _pixel())
        .attach(
            Xhtml2PdfGenerator(template="invoice.html"),
            filename="{{ 'Invoice'|word }}-{{ number }}.pdf",
            encryptor=PdfEncryptor(password="{{ customer.password }}"),
            signer=PdfSigner(key=rsa_key(), certificate=certify(rsa_key()), appearance=stamp),
        )
        .attach(listing, filename="prices.txt")
    )


def _pixel() -> bytes:
    output = io.BytesIO()
    Image.new("L", (1, 1)).save(output, "PNG")
    return output.getvalue()


@functools.cache
def drawn() -> MessageBuilder:
    return (
        base()
        .text("Hello")
        .attach(
            Xhtml2PdfGenerator(template="drawn.html", strict=False),
            filename="drawn.pdf",
            encryptor=PdfEncryptor(password="{{ customer.password }}"),
        )
    )


@functools.cache
def files() -> MessageBuilder:
    encryptor = ZipEncryptor(password="{{ customer.password }}", name_inside="table.txt")
    office = OfficeEncryptor(password="{{ customer.password }}")
    return (
        base()
        .text("{{ lines|length }} lines, {{ 'Invoice'|word }}")
        .attach(table, filename="a.zip", encryptor=encryptor)
        .attach(workbook, filename="b.xlsx", encryptor=office)
        .attach(table, filename="c.zip", encryptor=encryptor)
        .attach(listing, filename="prices.txt")
    )


@functools.cache
def smime() -> MessageBuilder:
    key, certificate = rsa_key(), certify(rsa_key(), address=SENDER)
    return (
        base()
        .text("{{ customer.name }}")
        .whole_message(signer=SmimeSigner(key=key, certificate=certificate), encryptor=SmimeEncryptor())
    )


@functools.cache
def signed() -> MessageBuilder:
    key, certificate = rsa_key(), certify(rsa_key(), address=SENDER)
    return base().text("{{ number }}").whole_message(signer=SmimeSigner(key=key, certificate=certificate))


@functools.cache
def certificate_for(address: str, kind: str) -> x509.Certificate:
    return certify(rsa_key() if kind == "RSA" else ec_key(), address=address)


@functools.cache
def openpgp_key(user_id: str) -> pysequoia.Tsk:
    return pysequoia.Tsk.generate(user_id, profile=pysequoia.Profile.RFC4880)


@functools.cache
def openpgp() -> MessageBuilder:
    key = openpgp_key(f"Shop <{SENDER}>")
    return (
        base()
        .html(template="invoice.html")
        .whole_message(signer=OpenPgpSigner(key=bytes(key)), encryptor=OpenPgpEncryptor())
    )


@functools.cache
def certificates() -> MessageBuilder:
    return (
        base()
        .text("Hello")
        .dkim(DkimSigner(domain="shop.example", selector="a", key=rsa_key()))
        .attach(
            Xhtml2PdfGenerator(source="<p>{{ customer.name }} {{ customer.iban }}</p>"),
            filename="a.pdf",
            encryptor=PdfEncryptor(certificates=lambda request: [_certificate_for(request)]),
        )
    )


def _certificate_for(request: AttachmentRequest) -> bytes:
    return certificate_for(request.recipient.address.addr_spec, "EC").public_bytes(Encoding.DER)


class Delivered:
    """The generated passwords, as they reach the customers."""

    passwords: ClassVar[dict[int, list[str]]] = {}

    @classmethod
    def keep(cls, made: GeneratedPassword) -> None:
        cls.passwords.setdefault(made.context["number"], []).append(made.password)


def forget() -> None:
    """Forget what belongs to the customers, as they do not live in this process."""
    certificate_for.cache_clear()
    openpgp_key.cache_clear()
    Delivered.passwords.clear()


@functools.cache
def generated() -> MessageBuilder:
    return (
        base()
        .text("Hello")
        .generated_password("passphrase", words=6, delivery=Delivered.keep)
        .attach(
            Xhtml2PdfGenerator(source="<p>{{ customer.name }}</p>"),
            filename="a.pdf",
            encryptor=PdfEncryptor(password="{{ passphrase }}"),
        )
    )


# What goes wrong, each at another stage


@functools.cache
def broken() -> tuple[MessageBuilder, ...]:
    password = PdfEncryptor(password="{{ customer.password }}")

    def with_document(source: str, encryptor: PdfEncryptor = password) -> MessageBuilder:
        return (
            base().text("x").attach(Xhtml2PdfGenerator(source=source), filename="a.pdf", encryptor=encryptor)
        )

    def raises(request: AttachmentRequest) -> Document:
        raise ValueError(request.context["customer"]["name"])

    return (
        base().text("{{ customer.name }}"),
        base().text("{{ number ~ nothing }}"),
        with_document("{{ customer.name + 1 }}"),
        with_document("<p>{{ customer.name }} \U0001f600</p>"),
        with_document("<div style='margin-left: 700pt'>{{ customer.name }}</div>"),
        with_document('<p>{{ customer.name }}<img src="https://a.example/{{ customer.token }}">'),
        with_document("<p>{{ customer.name }}", PdfEncryptor(password="{{ customer.name[:6] }}")),
        with_document("<svg>{{ customer.name }}</svg><p style='color: {{ customer.token }}'>x"),
        base().text("x").attach(raises, filename="a.zip", encryptor=ZipEncryptor(password="{{ customer.password }}", name_inside="a")),
        base().text("x").attach(
            lambda request: Document(content=str(request.context["number"]).encode() * 9, media_type="text/plain"),
            filename="{{ number }}{{ customer.name }}",
        ),
    )  # fmt: skip


def refused(who: Customer) -> list[str]:
    """Build what cannot be built, and return what was said."""
    texts = []
    for builder in broken():
        try:
            built(builder, who)
        except MailError as error:
            texts.append(f"{type(error).__name__}: {error}")
    return texts


BUILDERS: Mapping[str, Callable[[], MessageBuilder]] = {
    build.__name__: build for build in (pdf, drawn, files, smime, signed, openpgp, certificates, generated)
}


def recipient(name: str, who: Customer) -> Recipient:
    certificate = None
    if name == "smime":
        certificate = certificate_for(who.address, "RSA").public_bytes(Encoding.DER)
    if name == "openpgp":
        certificate = bytes(openpgp_key(f"<{who.address}>").extract_certificate())
    return Recipient(address=Address(addr_spec=who.address), certificate=certificate)


def built(builder: MessageBuilder, who: Customer, name: str = "") -> Message:
    with speaking(who.language):
        return builder.build(
            who.context, to=recipient(name, who), now=NOW, message_id=f"<{who.number}@shop.example>"
        )


@contextlib.contextmanager
def speaking(language: str) -> Iterator[None]:
    token = Shop.language.set(language)
    try:
        yield
    finally:
        Shop.language.reset(token)
