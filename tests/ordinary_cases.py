"""Ordinary mails in which a confidential value stands for a reason that has nothing to do with the customer.

Each case is a builder that marks ``customer``, the context without it, and a value that the customer has. The
places of fixed text are crossed with what shops, insurers and hospitals say in them.
"""

from __future__ import annotations

import datetime
import io
import pathlib
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import jinja2

from ondemand_attach import MessageBuilder

DAY = datetime.date(2026, 11, 30)
FOOT = "{% import 'macros' as m %}{{ m.foot('*') }}"
TEMPLATES = {
    "foot": "-- \n{{ shop }}, 5 Mint Street, New York\nIBAN GB29 NWBK 6016 1331 9268 19",
    "macros": "{% macro foot(mark) %}{{ mark }} Garnet & Gold, 602 00 Brno{% endmacro %}",
    "layout": "<html><body>{% block body %}{% endblock %}<p>Lip\u00f3t k\u00f6r\u00fat 12, Budapest</p></body></html>",
    "page": "{% extends 'layout' %}{% block body %}<p>Order {{ number }}</p>{% endblock %}",
}
BUILDER = (
    MessageBuilder(
        templates=[jinja2.DictLoader(TEMPLATES)],
        filters={"day": lambda day: f"{day:%d %B %Y}", "euros": lambda amount: f"{amount:,.2f} EUR"},
    )
    .sender("Garnet & Gold <orders@shop.example>")
    .subject("Your order {{ number }}")
    .text("Hello.")
    .confidential("customer")
)
FOLDER = tempfile.TemporaryDirectory()
NUMBER = {"number": "GG-40001"}


class Case(NamedTuple):
    """An ordinary mail: nothing in it is the customer's."""

    name: str
    builder: MessageBuilder
    value: object
    context: dict[str, Any] = NUMBER

    @property
    def can_leak(self) -> bool:
        """Whether the value is one that the search looks for, and that is not public itself."""
        return (
            not isinstance(self.value, dict) and len("".join(filter(str.isalnum, written(self.value)))) >= 4
        )

    def with_leak(self) -> tuple[MessageBuilder, dict[str, Any]]:
        """Return the same mail in which the value has come in under another name, too."""
        return noted(self.builder), {**self.context, "note": f"Seen by us: {written(self.value)}."}


def noted(builder: MessageBuilder) -> MessageBuilder:
    """Return the builder with a note in its text; whoever wires it holds nobody's data."""
    text = builder._draft.text
    return builder.text(f"{text.text if text else FOOT}\n{{{{ note }}}}")


def written(value: object) -> str:
    """Return how a person writes *value*."""
    if isinstance(value, datetime.datetime):
        return f"{value:%d %B %Y, %H:%M}"
    return f"{value:%d %B %Y}" if isinstance(value, datetime.date) else str(value)


# What a customer has, and where the application says the same to everyone.
SAID: list[tuple[object, str]] = [
    ("New York", "Garnet & Gold, 5 Mint Street, New York"),
    ("Frankfurt am Main", "Garnet & Gold GmbH, Frankfurt am Main, HRB 12345"),
    ("602 00 Brno", "Garnet & Gold s.r.o., Lipov\u00e1 12, 602 00 Brno, I\u010cO 27082440"),
    ("60311 Frankfurt", "Kaiserstra\u00dfe 1, 60311 Frankfurt"),
    (60311, "Kaiserstra\u00dfe 1, 60311 Frankfurt"),
    ("60311", "Kaiserstra\u00dfe 1, 60311 Frankfurt"),
    ("Praha 1", "P\u0159\u00edkop\u011b 3, Praha 1"),
    ("Saint-\u00c9tienne", "12 rue de la R\u00e9publique, 42000 Saint-\u00c9tienne"),
    ("\u0141\u00f3d\u017a", "ul. Piotrkowska 7, 90-001 \u0141\u00f3d\u017a"),
    ("Reykjav\u00edk", "Laugavegur 1, 101 Reykjav\u00edk"),
    ("Wien", "Graben 1, 1010 Wien"),
    ("Praha", "Garnet & Gold, Praha"),
    ("United Kingdom", "Registered in the United Kingdom"),
    ("Czech Republic", "Made in the Czech Republic"),
    ("Deutschland", "Versand nach Deutschland und \u00d6sterreich"),
    ("\u00d6sterreich", "Versand nach Deutschland und \u00d6sterreich"),
    ("Bosnia and Herzegovina", "We do not ship to Bosnia and Herzegovina"),
    ("Europe", "We ship to all of Europe"),
    ("English", "This mail is in English; \u010ce\u0161tina is available"),
    ("\u010ce\u0161tina", "This mail is in English; \u010ce\u0161tina is available"),
    ("Fran\u00e7ais", "Fran\u00e7ais / English"),
    ("Thank you", "Thank you for your order"),
    ("With love", "With love from Garnet & Gold"),
    ("Happy birthday", "Our Happy Birthday offers"),
    ("None", "None of our parcels is insured"),
    ("by card", "You paid by card"),
    ("bank transfer", "Pay by bank transfer within 14 days"),
    ("Direct debit", "Direct Debit is available"),
    ("Signet ring", "Care for your signet ring"),
    ("Wedding ring", "Discover our wedding rings and gift vouchers"),
    ("Gift voucher 50", "Ask for the gift voucher 50"),
    ("Silver chain 925", "New: Silver chain 925"),
    ("Standard delivery", "Standard delivery takes 3 days"),
    ("gold member", "Gold members get 5 % off"),
    (100000, "Insured up to 100,000 EUR"),
    (Decimal("100.00"), "Free delivery from 100.00 EUR"),
    (Decimal("1000.00"), "Insured up to 1000.00 EUR"),
    (1000, "Insured up to 1,000 EUR"),
    ("1000.00", "Free insurance up to 1,000 EUR"),
    (2500, "2500 customers trust us"),
    (2026, "\u00a9 2026 Garnet & Gold"),
    (1998, "Since 1998"),
    (datetime.date(2026, 12, 24), "Closed on 24 December 2026"),
    (datetime.date(2027, 1, 1), "Prices from 1 January 2027"),
    ("2026-12-24", "Order until 24 December 2026"),
    (datetime.date(2018, 5, 25), "Privacy policy of 2018-05-25"),
    ("0800 123 456", "Call 0800 123 456"),
    ("0800123456", "Call 0800 123 456"),
    ("+420 603 123 456", "Tel. +420 603 123 456"),
    ("+49 30 1234567", "Telefon 030 1234567"),
    ("help@shop.example", "Write to help@shop.example"),
    ("www.shop.example", "See https://www.shop.example/help"),
    ("DE123456789", "VAT ID DE123456789"),
    ("CZ27082440", "DI\u010c CZ27082440"),
    ("Garnet & Gold", "Garnet & Gold wish you a good day"),
    ("Jane Miller", "Managing director: Jane Miller"),
    ("12 Market Street", "Come to 12 Market Street"),
    ("Price", "The price includes VAT"),
    ("Order", "Your order is on its way"),
    ("Invoice", "The invoice is attached"),
    ("Monday", "We are open from Monday to Friday"),
    ("December", "Offers in December"),
    ("Ms Smith", "Ask for Ms Smith at the desk"),
    ("General practice", "General practice, 2nd floor"),
    ("Comprehensive insurance", "Comprehensive insurance at a glance"),
    ("\u041d\u043e\u0432\u043e\u0441\u0438\u0431\u0438\u0440\u0441\u043a", "\u0433. \u041d\u043e\u0432\u043e\u0441\u0438\u0431\u0438\u0440\u0441\u043a, \u0443\u043b. \u041b\u0435\u043d\u0438\u043d\u0430 1"),
    ("\u0398\u03b5\u03c3\u03c3\u03b1\u03bb\u03bf\u03bd\u03af\u03ba\u03b7", "\u0395\u03b3\u03bd\u03b1\u03c4\u03af\u03b1 1, \u0398\u03b5\u03c3\u03c3\u03b1\u03bb\u03bf\u03bd\u03af\u03ba\u03b7"),
    ("\u6771\u4eac\u90fd", "\u6771\u4eac\u90fd\u5343\u4ee3\u7530\u533a1-1"),
]  # fmt: skip


def _in_html(said: str) -> MessageBuilder:
    escaped = said.replace("&", "&amp;")
    return BUILDER.html(
        f"<h1>Order {{{{ number }}}}</h1><table><tr><td title='x'>{escaped}</td></tr></table>"
    )


def _in_tags(said: str) -> MessageBuilder:
    return BUILDER.html("<p>" + "<br>".join(said.replace("&", "&amp;").split()) + "</p>")


PLACES: dict[str, Callable[[str], MessageBuilder]] = {
    "text": lambda said: BUILDER.text("Order {{ number }}.\n" + said + "\n"),
    "html": _in_html,
    "html, a word a line": _in_tags,
    "subject": BUILDER.subject,
    "header": lambda said: BUILDER.header("X-Campaign", said),
    "file name": lambda said: BUILDER.attach(_csv, filename=said + ".csv"),
    "loop": lambda said: BUILDER.text("{% for _ in range(3) %}" + said + "\n{% endfor %}"),
    "branch": lambda said: BUILDER.text("{% if number %}" + said + "{% else %}Hello.{% endif %}"),
    "variable": lambda said: BUILDER.text("{% set said = '" + said + "' %}{{ said }}\n{{ said|upper }}"),
    "macro": lambda said: BUILDER.text(
        "{% macro m() %}{{ number }} " + said + "{% endmacro %}{{ m() }}{{ m() }}"
    ),
    "filter": lambda said: BUILDER.text("{% filter upper %}" + said + "{% endfilter %}"),
    "attached file": lambda said: BUILDER.attach_file(_file(said, ".txt")),
    "sender": lambda said: BUILDER.sender(f'"{said}" <orders@shop.example>'),
    "reply-to": lambda said: BUILDER.reply_to(f'"{said}" <help@shop.example>'),
    "copies": lambda said: BUILDER.cc(f'"{said}" <sales@shop.example>'),
}


def _csv(_: object) -> Any:
    from ondemand_attach import Document

    return Document(content=b"a,b\r\n", media_type="text/csv")


def _file(said: str, ending: str, content: bytes | None = None) -> pathlib.Path:
    path = pathlib.Path(FOLDER.name) / f"terms{ending}"  # it is read at once
    path.write_bytes(said.encode() if content is None else content)
    return path


def _zipped(said: str) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", f"<w:t>{said}</w:t>")
    return memory.getvalue()


# What is public in the data, and how a template prints it.
FIGURES: list[tuple[object, object, str]] = [
    (DAY, DAY, "Ordered on {{ it }}"),
    (DAY, DAY, "Ordered on {{ it|day }}"),
    (DAY, DAY, "Ordered on {{ it.strftime('%A, %d %B %Y') }}"),
    (DAY, DAY, "Ordered on {{ it.day }}. {{ it.month }}. {{ it.year }}"),
    (DAY, DAY, "Ordered on {{ it.strftime('%d') }} {{ it.strftime('%B') }} {{ it.year }}"),
    (DAY, datetime.datetime(2026, 11, 30, 14, 30), "Ordered on {{ it.strftime('%d.%m.%Y') }}"),
    (datetime.datetime(2026, 11, 30, 14, 30), datetime.datetime(2026, 11, 30, 14, 30), "At {{ it }}"),
    (
        datetime.datetime(2026, 11, 30, 14, 30),
        datetime.datetime(2026, 11, 30, 14, 30),
        "On {{ it|day }} at {{ it.strftime('%H:%M') }}",
    ),
    (DAY, "2026-11-30", "Ordered on {{ it }}"),
    (DAY, "30 November 2026", "Ordered on {{ it }}"),
    (DAY, "Monday, 30 November 2026", "Ordered on {{ it }}"),
    ("2026-11-30", "30.11.2026", "Ordered on {{ it }}"),
    ("2026-11-30", DAY, "Ordered on {{ it }}"),
    (Decimal("640.00"), Decimal("640.00"), "Total {{ it }} EUR"),
    (Decimal("640.00"), "640.00", "Total {{ it }} EUR"),
    ("640.00", "640.00", "Total {{ it }} EUR"),
    (Decimal("640.00"), "640.00 EUR", "Total {{ it }}"),
    (Decimal("1640.50"), "\u20ac1,640.50", "Total {{ it }}"),
    (Decimal("1640.50"), Decimal("1640.50"), "Total {{ it|euros }}"),
    (Decimal("1640.50"), 1640.5, "Total {{ '%.2f'|format(it) }}"),
    (1640, Decimal("1640.00"), "Total {{ it|euros }}"),
    (1000, 1000, "{{ it }} pieces"),
    (1000, [1000, 2000], "{{ it|sum }} {{ it|join(', ') }}"),
    (234000, Decimal("1234000.00"), "Total {{ it|euros }}"),
    (60311, 60311, "{{ it }} points"),
    ("60311", 60311, "{{ it }} points"),
    (12500000, 12500000, "{{ '{:,}'.format(it) }} IDR"),
    ("12.500.000 IDR", 12500000, "{{ '{:,}'.format(it) }} IDR"),
    ("GG-60311", 60311, "Order GG-{{ it }}"),
]


def cases() -> Iterator[Case]:
    for place, put in PLACES.items():
        for value, said in SAID:
            yield Case(f"{place}: {value}", put(said), value)
    for value, public, source in FIGURES:
        for slot in ("text", "html", "subject"):
            builder = getattr(BUILDER, slot)(source)
            yield Case(f"{slot}: {source} of {public!r}", builder, value, {**NUMBER, "it": public})
    yield from _of_files()
    foot = BUILDER.text("Hello.\n{% include 'foot' %}")
    yield Case("included", foot, "New York", {**NUMBER, "shop": "x"})
    yield Case("the shop's account in a file", foot, "GB29NWBK60161331926819", {**NUMBER, "shop": "x"})
    imported = BUILDER.text("{% import 'macros' as m %}{{ m.foot('*') }}")
    yield Case("imported", imported, "602 00 Brno")
    yield Case("extended", BUILDER.html(template="page"), "Budapest")
    yield Case(
        "translated", BUILDER.text("{{ 'New York'|trim }} {{ ('in ' ~ 'New York')|title }}"), "New York"
    )
    yield Case("otherwise", BUILDER.text("{{ (town or 'New York') }}"), "New York", {**NUMBER, "town": None})
    declared = BUILDER.public("customer.town").text("To {{ customer.town }}")
    yield Case("declared public", declared, {"town": "New York", "born_in": "New York"})
    picture = BUILDER.html("<img src='cid:newyork'>").image("newyork", b"\x89PNG New York")
    yield Case("image", picture, "New York")


def _of_files() -> Iterator[Case]:
    for value, said in SAID[:12]:
        for ending in (".html", ".csv"):
            yield Case(f"{ending} file: {value}", BUILDER.attach_file(_file(said, ending)), value)
        zipped = BUILDER.attach_file(_file("", ".docx", _zipped(said)))
        yield Case(f".docx file: {value}", zipped, value)


CASES = list(cases())
