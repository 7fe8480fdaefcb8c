"""What the application says to everyone, and public figures, stop no mail; the same out of the data does."""

from __future__ import annotations

import datetime
import decimal
import html
import pathlib
import string
import textwrap
import time
import types
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import jinja2
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ondemand_attach import (
    Address,
    AttachmentRequest,
    Document,
    MessageBuilder,
    Recipient,
    SmimeEncryptor,
    SmimeSigner,
    Xhtml2PdfGenerator,
    _account,
    _builder,
)
from ondemand_attach._leaks import _explaining
from ondemand_attach._leaks._meaning import is_figure
from ondemand_attach.errors import ConfidentialityError
from ondemand_attach.testing import self_signed
from ordinary_cases import CASES, DAY, Case, written
from scale import SCALE


def built(builder: MessageBuilder, context: dict[str, Any], value: object) -> object:
    customer = value if isinstance(value, dict) else {"value": value}
    return builder.build({**context, "customer": customer}, to="jana@example.com")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_ordinary_mail_is_sent(case: Case) -> None:
    assert built(case.builder, case.context, case.value)


@pytest.mark.parametrize("case", [case for case in CASES if case.can_leak], ids=lambda case: case.name)
def test_the_same_out_of_the_data_is_found_beside_it(case: Case) -> None:
    """Fixed text explains the place where it stands, and no other."""
    builder, context = case.with_leak()
    with pytest.raises(ConfidentialityError) as caught:
        built(builder, context, case.value)
    assert "note" in str(caught.value)
    assert (caught.value.path, caught.value.template) == ("customer.value", "<text>")


VALUES = [
    "New York",
    "Frankfurt am Main",
    "60311 Frankfurt",
    "Praha",
    "Łódź",
    "GG-60311",
    "0800 123 456",
    "Price",
]
FIXED = [
    "Garnet & Gold, {value}. ",
    "<b>{value}</b>",
    "{{% if number %}}In {value}!{{% endif %}}",
    "{{% if not number %}}In {value}!{{% endif %}}",
    "{{% for _ in [1, 2] %}} {value};{{% endfor %}}",
    "{{% set said = '{value}' %}}{{{{ said }}}} ",
    "{{% macro m(x) %}} {{{{ x }}}} {value} {{% endmacro %}}{{{{ m(number) }}}}",
    "{{% filter upper %}} {value} {{% endfilter %}}",
    "{{{{ '{value}'|title }}}} ",
    "nothing at all {{{{ number }}}} ",
]
LEAKING = [
    " {{ note }} ",
    "<i>{{ note }}</i>",
    " {{ note|upper }} ",
    " {{ note|replace('x', 'y') }} ",
    "{% for n in [note] %} {{ n }} {% endfor %}",
    "{% set n = note %} {{ n }} ",
    "{% macro l(x) %} at {{ x }} {% endmacro %}{{ l(note) }}",
    "{% filter lower %} {{ note }} {% endfilter %}",
    " {{ number|known }} ",
    " {{ 'a'|known|upper }} ",
    " {{ notes|join(' ') }} ",
]


@settings(max_examples=200 * SCALE, deadline=None)
@given(
    value=st.sampled_from(VALUES),
    fixed=st.lists(st.sampled_from(FIXED), max_size=4),
    leaking=st.lists(st.sampled_from(LEAKING), max_size=1),
    slot=st.sampled_from(["text", "html", "subject"]),
    at=st.integers(0, 4),
    about=st.sampled_from(["{}", "seen in {} by us", "{}!"]),
)
def test_fixed_text_is_passed_and_data_is_found_however_they_are_mixed(
    value: str, fixed: list[str], leaking: list[str], slot: str, at: int, about: str
) -> None:
    segments = [segment.format(value=value) for segment in fixed]
    segments[at:at] = leaking
    source = "".join(segments)
    filters = {"known": lambda _: about.format(value)}
    shared = jinja2.DictLoader({"shared": "." + source.replace("\n", " ")})
    builder = MessageBuilder(templates=[shared], filters=filters).sender("orders@shop.example")
    builder = builder.subject("Your order").text("Hello.").confidential("customer")
    builder = getattr(builder, slot)("{% include 'shared' %}")
    said = about.format(value)
    is_known = any("known" in each for each in leaking)  # to the application alone, and not in the context
    # Where a tag writes the same text of the template as a whole, the two cannot be told apart.
    whole = ("'{value}'", "{{% macro", "{{% filter")
    assume(not (is_known and any(mark in each for each in fixed for mark in whole)))
    context = {"number": "GG-1", "note": said, "notes": [said, "x"]}
    if is_known or not leaking:
        context |= {"note": "x", "notes": []}
    if not leaking:
        assert built(builder, context, value)
        return
    with pytest.raises(ConfidentialityError) as caught:
        built(builder, context, value)
    assert caught.value.path == "customer.value"
    assert value not in str(caught.value)


LETTER = (
    MessageBuilder().sender("orders@shop.example").subject("Order").text("Hello.").confidential("customer")
)


def refused(builder: MessageBuilder, value: object = "New York", **context: object) -> ConfidentialityError:
    with pytest.raises(ConfidentialityError) as caught:
        built(builder, context, value)
    assert str(value) not in str(caught.value)
    return caught.value


def test_an_error_says_which_tag_wrote_it_and_which_path_holds_it_too(tmp_path: pathlib.Path) -> None:
    (tmp_path / "foot.txt").write_text("Bye.\nIn {{ order.pickup }}\n", encoding="utf-8")
    builder = MessageBuilder(templates=tmp_path, filters={"known": lambda _: "New York"})
    builder = builder.sender("orders@shop.example").subject("Order").confidential("customer")
    error = refused(builder.text("Hello.\n{% include 'foot.txt' %}"), order={"pickup": "New York"})
    assert (error.template, error.line, error.path) == ("foot.txt", 2, "customer.value")
    assert "order.pickup, which is not marked" in str(error)
    assert ".public('order.pickup')" in str(error)
    error = refused(builder.text("In New York\n\n{{ 1|known }}"))
    assert (error.template, error.line) == ("<text>", 3)
    assert ".public('customer.value')" in str(error)
    error = refused(
        builder.html("<p>x</p>").subject("To\u00a0{{ lines[0].town }}"), lines=[{"town": "New York"}]
    )
    assert (error.template, error.line) == ("<subject>", 1)
    assert "header Subject" in str(error)
    assert "lines.town" in str(error)


def test_following_the_error_lets_the_mail_out() -> None:
    builder = LETTER.text("In {{ order.pickup }}")
    context = {"order": {"pickup": "New York"}}
    refused(builder, **context)
    assert built(builder.public("order.pickup"), context, "New York")
    assert built(builder.public("customer.value"), context, "New York")


def csv(request: AttachmentRequest) -> Document:
    said = f"Price;Date\n{request.context.get('price')};{request.context.get('town')}\n"
    return Document(content=said.encode(), media_type="text/csv")


def test_an_attachment_is_named_by_its_file_name_unless_the_value_is_in_it() -> None:
    error = refused(LETTER.attach(csv, filename="list.csv"), town="New York")
    assert "attachment 1 (list.csv)" in str(error)
    error = refused(LETTER.attach(csv, filename="{{ town }}.csv"), town="New York")
    assert "(" not in str(error).partition(";")[0]


@pytest.mark.parametrize(
    ("value", "price"), [(Decimal("1640.50"), Decimal("1640.50")), (DAY, DAY), (1000, 1000)]
)
def test_public_figures_in_an_attachment_are_no_leaks(value: object, price: object) -> None:
    builder = LETTER.attach(csv, filename="list.csv")
    assert built(builder, {"price": price}, value)
    refused(builder, value, price="none", town=f"{value}, they say")
    refused(builder, value, price=price, town=f"{value}, they say")


def test_words_of_the_templates_may_stand_in_an_attachment_as_before() -> None:
    assert built(LETTER.text("The price is low.").attach(csv, filename="list.csv"), {}, "Price")


def test_a_public_pdf_says_what_its_template_says() -> None:
    page = "<h1>Garnet &amp; Gold, New York</h1><p>{{ order.day }}</p>"
    builder = LETTER.attach(Xhtml2PdfGenerator(source=page), filename="a.pdf")
    context = {"order": {"day": DAY, "pickup": "New York"}}
    assert built(builder, context, "New York")
    assert built(builder, context, DAY)
    leaky = LETTER.attach(Xhtml2PdfGenerator(source=page + "<p>{{ order.pickup }}</p>"), filename="a.pdf")
    error = refused(leaky, **context)
    assert (error.template, error.line) == ("<document>", 1)
    assert "order.pickup" in str(error)


def test_data_that_was_pasted_into_a_source_is_no_fixed_text() -> None:
    name, iban = "Jiri Dvorak", "DE02 1203 0000 0000 2020 51"
    for builder, value in (
        (LETTER.text(f"Dear {name},\nthank you for {'{{ n }}'}."), name),
        (LETTER.html(f"<p>Dear {name}</p>"), name),
        (LETTER.subject("Invoice for %s" % name), name),  # noqa: UP031 - what an application may do
        (LETTER.subject("Invoice for {}".format(name)), name),  # noqa: UP032 - likewise
        (LETTER.header("X-Customer", "Name " + name), name),
        (LETTER.attach(csv, filename=f"{name}.csv"), name),
        (LETTER.header("X-Account", iban), iban),
        (LETTER.text("Card 4111 1111 1111 1111"), "4111111111111111"),
    ):
        error = refused(builder, value, n=1)
        assert "must not be pasted" in str(error), error
        assert error.template


SHOP = "Garnet & Gold New York"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def test_data_that_was_pasted_beside_the_templates_is_not_fixed_either(tmp_path: pathlib.Path) -> None:
    name, mail = "Jiri Dvorak", "jiri@example.com"
    (tmp_path / f"Contract of {name}.txt").write_text("x", encoding="utf-8")
    (tmp_path / "terms.txt").write_text("x", encoding="utf-8")
    _, certificate = self_signed("Jana")
    jana = Recipient(
        address=Address.parse("jana@example.com"), certificate=certificate.public_bytes(Encoding.PEM)
    )
    for builder in (
        LETTER.sender(f"{name} at Garnet & Gold <orders@shop.example>"),
        LETTER.reply_to(f"{name} <{mail}>"),
        LETTER.cc("sales@shop.example", f"{name} <{mail}>"),
        LETTER.to(f"{name} <jiri@example.com>"),
        LETTER.html("Hello.").image(f"picture-of-{name.replace(' ', '-')}", PNG),
        LETTER.html("Hello.").image("picture", tmp_path / f"Contract of {name}.txt"),
        LETTER.attach_file(tmp_path / f"Contract of {name}.txt"),
        LETTER.attach_file(tmp_path / "terms.txt", filename=f"Terms for {name}.txt"),
        LETTER.attach(Xhtml2PdfGenerator(source=f"<p>Dear {name}</p>"), filename="a.pdf"),
    ):
        refused(builder, name)
    wrapped = LETTER.whole_message(encryptor=SmimeEncryptor(), outer_subject=f"Invoice for {name}")
    with pytest.raises(ConfidentialityError, match="header Subject"):
        wrapped.build({"customer": name}, to=jana)
    letter = LETTER.reply_to(f"{SHOP} <help@shop.example>").cc(f"{SHOP} <{mail}>")
    assert built(letter, {}, "New York")
    assert built(LETTER.attach_file(tmp_path / f"{'terms'}.txt"), {}, "terms and conditions")


def test_a_given_file_explains_no_account_and_no_address_of_somebody(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "terms.txt"
    for value in ("DE02 1203 0000 0000 2020 51", "4111 1111 1111 1111", "zoe@example.com"):
        path.write_text(f"New York {value}", encoding="utf-8")
        assert "attachment 1 (terms.txt)" in str(refused(LETTER.attach_file(path), value))
        assert built(LETTER.attach_file(path), {}, "New York")
        refused(LETTER.text(path.read_text(encoding="utf-8")), value)
    path.write_text("help@shop.example, sales@mail.shop.example, 0800 123 456", encoding="utf-8")
    for value in ("help@shop.example", "sales@mail.shop.example", "0800 123 456"):
        assert built(LETTER.attach_file(path), {}, value)


def test_a_source_that_names_the_recipient_is_not_the_same_for_everyone() -> None:
    """As one that another engine has rendered before the builder gets it."""
    body = "Dear {},\nyour diagnosis: gastritis. New York"
    for to, named in (
        ("jana@example.com", "Jana@Example.com"),
        ('"Jana Nova" <jana@example.com>', "<b>Jana  Nová</b>"),
    ):
        for builder in (LETTER.text(body.format(named)), LETTER.html(body.format(named))):
            with pytest.raises(ConfidentialityError, match="must not be pasted"):
                builder.build({"customer": "gastritis"}, to=to)
    assert LETTER.text(body.format("Jana")).build({"customer": "New York"}, to='"Jana" <jana@example.com>')
    own = LETTER.text("help@shop.example, New York")
    assert own.build({"customer": "New York"}, to="help@shop.example")
    assert (
        own.to("jana@example.com").text("jana@example.com").build({"customer": "New York"}, to="a@b.example")
    )


LETTERHEAD = "Garnet & Gold, 5 Mint Street, New York"
SETTINGS = types.ModuleType("settings")
SETTINGS.PLACE = LETTERHEAD  # type: ignore[attr-defined]
SAID = {"imprint": LETTERHEAD, "greeting": "Dear {name}, thanks", "town": "New York"}


def greeting(name: str) -> str:
    return f"Dear {name}, thanks"


def wired(text: str) -> MessageBuilder:
    return LETTER.text(text)


def addressed_to(order: types.SimpleNamespace) -> MessageBuilder:
    return LETTER.text(f"For {order.customer['name']}")


PASTES: dict[str, Callable[[str], MessageBuilder]] = {
    "f-string": lambda name: LETTER.text(f"Dear {name}, thanks"),
    "nothing else": lambda name: LETTER.text(source=name),
    "percent": lambda name: LETTER.text("Dear %s, thanks" % name),  # noqa: UP031
    "format": lambda name: LETTER.text(SAID["greeting"].format(name=name)),
    "template": lambda name: LETTER.text(string.Template("Dear $name, thanks").substitute(name=name)),
    "plus": lambda name: LETTER.text("Dear " + name),
    "replace": lambda name: LETTER.text("Dear NAME, thanks".replace("NAME", name)),
    "join": lambda name: LETTER.text("\n".join(["Dear", *[name], "thanks"])),
    "dedent": lambda name: LETTER.text(
        textwrap.dedent(f"""\
            Dear {name},
              thanks for your order {{{{ n }}}}
        """)
    ),
    "upper": lambda name: LETTER.text(f"Dear {name}, thanks".upper()),
    "a helper writes": lambda name: LETTER.text(greeting(name)),
    "a helper wires": lambda name: wired(f"Dear {name}, thanks"),
    "both": lambda name: wired(greeting(name)),
    "escaped": lambda name: LETTER.html(f"<p>Dear {html.escape(name)}</p>"),
    "a cell": lambda name: LETTER.html(f"<table><tr><td>{html.escape(name)}</td></tr></table>"),
    "subject": lambda name: LETTER.subject(f"{name}"),
    "header": lambda name: LETTER.header("X-Customer", f"{name}"),
    "file name": lambda name: LETTER.attach(csv, filename=f"order {name}.csv"),
    "in an object": lambda name: addressed_to(types.SimpleNamespace(customer={"name": name})),
    "in a loop": lambda name: next(LETTER.text(f"Dear {each}") for each in [name]),
    "beside a title": lambda name: LETTER.text(f"Dear {'Mrs'} {name}, thanks"),
}
WITHIN = [
    {"name": "Jane Smithers-Krause"},
    {"name": "Jane Smithers-Krause", "first_name": "Jane"},
    {"name": "Jane Smithers-Krause", "last_name": "Smithers-Krause", "email": "jane.krause@example.com"},
    {"name": "3 Elm Street, New York", "city": "New York"},
    {"name": "Conor O'Neill", "last_name": "O'Neill"},
    {"name": "DE02120300000000202051", "bank": "12030000"},
    {"name": "+49 30 7654321", "local": "7654321"},
]


@pytest.mark.parametrize("way", PASTES)
@pytest.mark.parametrize("customer", WITHIN, ids="-".join)
def test_however_data_was_pasted_it_is_found(way: str, customer: dict[str, str]) -> None:
    error = None
    try:
        built(PASTES[way](customer["name"]), {"n": 1}, customer)
    except ConfidentialityError as caught:
        error = caught
    assert error, "it was sent"
    assert customer["name"] not in str(error)


def test_two_values_that_were_pasted_are_found_beside_each_other() -> None:
    for street, town in (("3 Elm Street", "New York"), ("Garden Row 5", "Praha 1")):
        refused(LETTER.text(f"Ship {street} to {town}, thanks"), {"street": street, "town": town})
        refused(LETTER.text(f"{street} {town}"), {"street": street, "town": town})


def test_a_shop_in_the_town_of_the_customer_may_make_its_text_for_each_message() -> None:
    def letters(customer: dict[str, str], number: int) -> Iterator[MessageBuilder]:
        assert customer
        yield LETTER.text(f"Order {number}\nGarnet & Gold, New York")
        yield LETTER.text(f"Order {number}\n{LETTERHEAD}")
        yield LETTER.text(f"Order {number}\n{SAID['imprint']}")
        yield LETTER.text(f"Order {number}\n{SETTINGS.PLACE}")
        yield LETTER.html(f"<p>Order {number}</p><p>{html.escape(LETTERHEAD)}</p>")
        yield LETTER.text("\n".join([f"Order {number}", "Garnet & Gold, New York"]))

    for builder in letters({"town": "New York"}, 4001):
        assert built(builder, {}, "New York")


def test_a_builder_that_is_made_once_of_what_it_is_given_may_name_the_town() -> None:
    def letterhead(imprint: str) -> MessageBuilder:
        return LETTER.text(f"Order {{{{ n }}}}\n{imprint}")

    assert built(letterhead("Garnet & Gold, 5 Mint Street, New York"), {"n": 1}, "New York")
    assert built(letterhead("Garnet & Gold, 5 Mint Street, New York"), {"n": 1}, "Mint Street")


def test_a_signed_mail_and_its_certificate_name_the_town_of_the_shop() -> None:
    key, certificate = self_signed("Garnet & Gold, New York")
    builder = LETTER.text("Garnet & Gold, New York").whole_message(
        signer=SmimeSigner(key=key, certificate=certificate)
    )
    assert built(builder, {}, "New York")
    refused(builder.text("{{ note }}"), note="New York")
    refused(builder.text("New York {{ note }}"), note="New York")


def test_the_header_of_an_encrypted_mail_may_say_what_is_fixed() -> None:
    _, certificate = self_signed("Jana")
    jana = Recipient(
        address=Address.parse("jana@example.com"), certificate=certificate.public_bytes(Encoding.PEM)
    )
    builder = (
        LETTER.subject("New York").header("X-Shop", "New York").whole_message(encryptor=SmimeEncryptor())
    )
    builder = builder.text("{{ customer.value }}")
    context = {"customer": {"value": "New York"}}
    assert builder.build(context, to=jana)
    with pytest.raises(ConfidentialityError):
        builder.header("X-Note", "{{ note }}").build({**context, "note": "New York"}, to=jana)


def test_a_display_name_is_the_customers_unless_others_get_every_message() -> None:
    shop = '"Sales New York" <sales@shop.example>'
    assert built(LETTER.cc(shop), {}, "New York")
    assert built(LETTER.to(shop), {}, "New York")
    with pytest.raises(ConfidentialityError, match="header To"):
        LETTER.build({"customer": {"value": "New York"}}, to='"New York" <jana@example.com>')
    with pytest.raises(ConfidentialityError, match="header To"):
        LETTER.to('"New York" <jana@example.com>').build({"customer": {"value": "New York"}})


@pytest.mark.parametrize(
    ("name", "fixed"),
    [
        ("List-Unsubscribe", "<https://shop.example/newyork-city/u>"),
        ("List-Id", "New York City <list.shop.example>"),
        ("References", "<newyorkcity@shop.example>"),
        ("Feedback-ID", "newyorkcity:x:y:z"),
        ("Keywords", "New York City, rings"),
    ],
)
def test_fixed_fields_of_the_header_are_passed_whatever_they_may_hold(name: str, fixed: str) -> None:
    builder = LETTER.header(name, fixed)
    assert built(builder, {}, "New York City")
    refused(builder.text("{{ note }}"), "New York City", note="New York City")


def test_many_hits_in_a_long_mail_take_time_in_proportion() -> None:
    """The mutant looks for each value in each piece anew: forty times as long."""
    rows = "{% for price in prices %}<p>{{ '%.2f'|format(price) }}</p>{% endfor %}"

    def seconds(count: int) -> float:
        prices = [Decimal(f"{100 + number * 7}.50") for number in range(count)]
        started = time.process_time()
        assert built(LETTER.html(rows), {"prices": prices}, prices)
        return time.process_time() - started

    seconds(20)
    assert seconds(200) < 30 * seconds(20) + 0.5


def test_a_file_that_a_template_may_miss_is_not_missed() -> None:
    builder = LETTER.text("New York {% include 'none.txt' ignore missing %}{{ n }}")
    assert built(builder, {"n": 1}, "New York")
    refused(builder.attach(csv, filename="a.csv"), n=1, town="New York")


def test_a_number_that_somebody_has_is_no_figure() -> None:
    """As text it is an identifier, even where a whole number with these digits is public."""
    refused(LETTER.text("{{ it }}"), "8005011234", it=8005011234)
    refused(LETTER.text("{{ it }}"), "8005011234", it="8005011234")
    refused(LETTER.text("{{ it }}"), "603 123 456", it="603 123 456")
    refused(LETTER.text("{{ it }}"), "60311", it="60311")
    refused(LETTER.text("{{ it }}"), "192.168.100.5", it="192.168.100.5")
    refused(LETTER.text("{{ it }}"), "ABC 12345", it="ABC 12345")


@pytest.mark.parametrize(
    "tag",
    [
        *(
            "{{ note.split(', ')[1] }}",
            "{{ note[3:11] }}",
            "{{ order.notes[0][3:11] }}",
            "{{ order[k][0][3:11] }}",
        ),
        *("{% for n in order.notes %}{{ n[3:11] }}{% endfor %}", "{% set n = note %}{{ n[3:11] }}"),
        *("{% macro of(x) %}New York {{ x[3:11] }}{% endmacro %}{{ of(note) }}", "{{ order|first_note }}"),
        *("{% block b %}New York {{ note[3:11] }}{% endblock %}{{ self.b() }}", "{{ note|second }}"),
        *("{% set b %}New York {{ note[3:11] }}{% endset %}{{ b }}", "{{ note|replace('5, ', '') }}"),
    ],
)
@pytest.mark.parametrize("slot", ["text", "html", "subject", "filename"])
def test_a_part_of_public_data_is_found_though_a_constant_says_the_same(tag: str, slot: str) -> None:
    filters = {
        "second": lambda text: text.split(", ")[1],
        "first_note": lambda order: order["notes"][0][3:11],
    }
    builder = MessageBuilder(filters=filters).sender("orders@shop.example").subject("Order").text("Hello.")
    builder = builder.confidential("customer")
    source = "{% set town = 'New York' %}" + tag

    def saying(source: str) -> MessageBuilder:
        if slot == "filename":
            return builder.attach(csv, filename=f"{source}.csv")
        return getattr(builder, slot)(source)

    data = {"note": "5, New York", "order": {"notes": ["5, New York"]}, "k": "notes"}
    error = refused(saying(source), **data, town="none")
    assert "note" in str(error).partition("which is not marked")[0]
    assert built(saying("{% set town = 'New York' %}{{ town }}{{ k }}"), data, "New York")


@pytest.mark.parametrize(
    ("value", "source", "public"),
    [
        ("KD-471108", "KD-{{ n }}", {"n": 471108}),
        ("471108", "{% for d in n %}{{ d }}{% endfor %}", {"n": [4, 7, 1, 1, 0, 8]}),
        (DAY, "{{ d }}.{{ m }}.{{ n }}", {"d": 30, "m": 11, "n": 2026}),
        ("XY 471 108", "<b>XY</b> {{ n }} {{ d }}", {"n": 471, "d": 108}),
    ],
)
def test_a_value_that_public_figures_make_up_together_is_found(
    value: object, source: str, public: dict[str, Any]
) -> None:
    refused(LETTER.html(source), value, **public)
    assert built(LETTER.html("30. 11. {{ n }}"), {"n": 2026}, DAY)


def test_a_long_number_is_somebodys_whatever_its_type() -> None:
    for number in (4711081512, Decimal(4711081512), 4711081512.0, 10**17 + 1):
        for value in (number, str(int(number))):
            error = refused(LETTER.text("{{ it|int }}"), value, it=number)
            assert "it, which is not marked" in str(error)
        listed = lambda request: Document(  # noqa: E731
            content=b"%d" % int(request.context["town"]), media_type="text/csv"
        )
        refused(LETTER.attach(listed, filename="a.csv"), number, town=number)
    for amount in (150_000_000, Decimal("1234567891.50"), Decimal("123456789.00"), 12345678):
        assert built(LETTER.text("{{ it }}"), {"it": amount}, amount)


def test_what_a_whole_message_was_found_to_hold_elsewhere_stays_found() -> None:
    """What the application gives per message, and no step of the builder."""
    with pytest.raises(ConfidentialityError, match="Message-ID"):
        LETTER.text("In New York").build(
            {"customer": {"value": "New York"}}, to="jana@example.com", message_id="<new-york@shop.example>"
        )
    typed = lambda _: Document(content=b"x", media_type="text/csv; name=newyorkcity")  # noqa: E731
    refused(LETTER.text("In New York City").attach(typed, filename="a.csv"), "New York City")


@pytest.mark.parametrize("mutant", ["_is_explained", "_carriers", "pasted", "everything"])
def test_the_cases_see_what_would_let_leaks_through(mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mutants: each rule in turn explains too much, and a leak goes unnoticed."""
    if mutant == "_is_explained":
        monkeypatch.setattr(_explaining.Explanation, "_is_explained", lambda *_: True)
    elif mutant == "_carriers":
        monkeypatch.setattr(_explaining.Explanation, "_found_in", lambda *_: {})
    elif mutant == "pasted":
        monkeypatch.setattr(_builder, "pasted", lambda *_: ())
    else:
        monkeypatch.setattr(_account.Account, "unexplained", lambda *_: ())
    name = "Jiri Dvorak"
    leaks = [
        (LETTER.text("{{ note }}"), "New York"),
        (LETTER.text("{{ note }} {{ it }}"), DAY),
        (LETTER.text(f"Dear {name}"), name),
    ]
    missed = 0
    for builder, value in leaks:
        try:
            built(builder, {"note": f"on {written(value)}", "it": DAY}, value)
            missed += 1
        except ConfidentialityError:
            pass
    assert missed


@pytest.mark.parametrize(
    "text",
    [
        *("640.00", "640,00", "1.640,50", "1,640.50", "1 640,50 Kč", "€12", "EUR 12.50", "-98765.40 zł"),
        *("2026-11-30", "30.11.2026", "11/30/2026", "30 November 2026", "Nov. 30th, 2026"),
        *("Mon, 30 Nov 2026", "2026-11-30T14:30", "30 November 2026 at 2:30 pm"),
    ],
)
def test_amounts_and_dates_are_figures(text: str) -> None:
    assert is_figure(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "60311", "8005011234", "603 123 456", "+420 603 123 456", "192.168.100.5", "ABC 123", "2026"),
        *("12 Market Street", "born 30 November 2026", "30 November", "1.640.50", "DE 123", "0800 123 456"),
    ],
)
def test_who_and_where_are_none(text: str) -> None:
    assert not is_figure(text)


def test_nothing_lazy_is_asked_when_a_text_is_put_together() -> None:
    asked = list[str]()

    class Lazy:
        @property
        def __class__(self) -> type:  # type: ignore[override]
            asked.append("what it stands for")
            return dict

        @property
        def name(self) -> str:
            asked.append("its name")
            return "Jane"

    def letter(user: object) -> MessageBuilder:
        assert user is not None
        return LETTER.text(f"Order {'4001'.lower()} is on its way")

    letter(Lazy())
    letter({"user": Lazy(), "users": [Lazy()]})
    assert asked == []


class Unasked(str):
    __slots__ = ()

    def __str__(self) -> str:
        raise RuntimeError

    def __len__(self) -> int:
        raise RuntimeError


class UnaskedList(list[str]):
    def __iter__(self) -> Iterator[str]:
        raise RuntimeError


class UnaskedFigure(float):
    def __format__(self, _: str) -> str:
        raise RuntimeError


class UnaskedKind(type):
    def __getattr__(cls, _: str) -> object:
        raise RuntimeError


ITSELF: list[object] = []
ITSELF.append(ITSELF)
ODD = [
    *(decimal.Decimal(each) for each in ("NaN", "sNaN", "Infinity", "1E+999999")),
    *(float("nan"), 10**5000, datetime.date.min, datetime.datetime.max.replace(tzinfo=datetime.UTC)),
    *(Unasked("Jane 4711"), UnaskedList(["Jane"]), UnaskedFigure(1.5), UnaskedKind("Odd", (), {})()),
    *(type("Odd", (), {"__module__": None})(), ITSELF, "\ud800Jane", object(), range(10**9), iter("a")),
]


@pytest.mark.parametrize("value", ODD, ids=lambda value: type(value).__name__)
def test_no_variable_of_the_function_keeps_a_text_from_being_put_together(value: object) -> None:
    def letter(one: object) -> MessageBuilder:
        assert one is not letter
        return LETTER.text(f"Order {'4001'.lower()} is on its way")

    for holder in (value, [value], {"a": value}, types.SimpleNamespace(a=value)):
        assert built(letter(holder), {}, "Jiri Dvorak")
