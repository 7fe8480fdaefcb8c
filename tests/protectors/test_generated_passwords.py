"""Passwords that are made for one message and given to the application, and that stand nowhere in it."""

from __future__ import annotations

import datetime
import email
import email.policy
import hashlib
import io
import math
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from ondemand_attach import (
    AttachmentRequest,
    Document,
    GeneratedPassword,
    Mailer,
    MemoryTransport,
    Message,
    MessageBuilder,
    OfficeEncryptor,
    PdfEncryptor,
    RenderPool,
    Xhtml2PdfGenerator,
    ZipEncryptor,
)
from ondemand_attach.errors import (
    ConfidentialityError,
    ConfigurationError,
    EncryptionError,
    GenerationError,
    MessageError,
    MissingDependencyError,
    MissingRecipientError,
    WeakPasswordError,
)
from ondemand_attach.protectors import _strength
from ondemand_attach.protectors._password_source import PasswordSource
from ondemand_attach.testing import attachment_request

CONTEXT = {"number": "GG-40001", "customer": {"name": "Jane Doe-Smithers", "phone": "+420 601 234 567"}}
LETTER = (
    MessageBuilder()
    .sender("orders@shop.example")
    .subject("Your order {{ number }}")
    .text("Thank you.")
    .confidential("customer")
)
STATEMENT = LETTER.attach(
    Xhtml2PdfGenerator(source="<p>{{ customer.name }}</p>"),
    filename="order.pdf",
    encryptor=PdfEncryptor(password="{{ passphrase }}"),
)


class Quick:
    """Encrypts nothing: its password is what matters here."""

    for_one = True

    def __init__(self, password: str) -> None:
        self.source = PasswordSource(password, strength="patterns", insecure_allow_weak=False)
        self.password_template = self.source.template

    def encrypt(self, _: Document, request: AttachmentRequest) -> Document:
        self.source.password_for(request)
        return Document(content=b"sealed", media_type="application/octet-stream")


def opened_by(password: Any, letter: MessageBuilder = LETTER) -> MessageBuilder:
    return letter.attach(
        lambda _: Document(content=b"plain", media_type="text/plain"),
        filename="a.bin",
        encryptor=Quick(password),
    )


OPENED_BY_PIN = opened_by("{{ pin }}")


class Inbox(list[GeneratedPassword]):
    def deliver(self, password: GeneratedPassword) -> None:
        self.append(password)


def opened_with(message: Message, password: str) -> pikepdf.Pdf:
    (attachment,) = email.message_from_bytes(message.content, policy=email.policy.SMTP).iter_attachments()
    return pikepdf.open(io.BytesIO(attachment.get_content()), password=password)


@pytest.mark.parametrize(
    ("made_of", "pattern"),
    [({"words": 6}, r"[a-z]+(-[a-z]+){5}"), ({"digits": 18}, r"\d{4}-\d{4}-\d{4}-\d{4}-\d{2}")],
    ids=str,
)
def test_the_application_is_given_what_opens_the_attachment(made_of: dict[str, int], pattern: str) -> None:
    inbox = Inbox()
    builder = STATEMENT.generated_password("passphrase", delivery=inbox, **made_of)
    messages = [builder.build(CONTEXT, to="jane@example.com") for _ in range(3)]
    assert len({given.password for given in inbox}) == 3
    for given, message in zip(inbox, messages, strict=True):
        assert re.fullmatch(pattern, given.password)
        assert given.message_id == message.message_id
        assert given.recipient.address.addr_spec == "jane@example.com"
        assert given.context["customer"]["phone"] == "+420 601 234 567"
        assert given.password not in repr(given)
        assert given.password.encode() not in message.content
        assert len(opened_with(message, given.password).pages) == 1
    with pytest.raises(pikepdf.PasswordError):
        opened_with(messages[0], inbox[1].password)


def test_a_render_pool_leaves_the_delivery_to_the_application() -> None:
    inbox: list[GeneratedPassword] = []

    def deliver(given: GeneratedPassword) -> None:  # a closure, which no other process could have
        inbox.append(given)

    builder = STATEMENT.generated_password("passphrase", digits=16, delivery=deliver)
    transport = MemoryTransport()
    with RenderPool(time_limit=60) as pool, Mailer(transport, pool=pool) as mailer:
        mailer.send(builder, CONTEXT, to="jane@example.com")
    assert len(opened_with(transport.messages[0], inbox[0].password).pages) == 1


@pytest.mark.parametrize("step", ["text", "html", "subject"])
def test_the_password_is_confidential(step: str) -> None:
    inbox = Inbox()
    builder = STATEMENT.generated_password("passphrase", digits=16, delivery=inbox)
    leaking = getattr(builder, step)("It opens with {{ passphrase }}")
    assert [finding.path for finding in leaking.check()] == ["passphrase"]
    with pytest.raises(ConfidentialityError, match="passphrase is confidential"):
        leaking.build(CONTEXT, to="jane@example.com")
    assert inbox == []


def test_nothing_is_delivered_for_a_message_that_is_not_finished() -> None:
    def fails(_: object) -> Any:
        raise ValueError

    inbox = Inbox()
    builder = STATEMENT.generated_password("passphrase", digits=16, delivery=inbox)
    with pytest.raises(GenerationError):
        builder.attach(fails, filename="terms.pdf").build(CONTEXT, to="jane@example.com")
    assert inbox == []


def test_nothing_is_sent_if_the_password_is_not_delivered() -> None:
    def fails(given: GeneratedPassword) -> None:
        raise OSError(given.password)

    transport = MemoryTransport()
    builder = STATEMENT.generated_password("passphrase", digits=16, delivery=fails)
    with pytest.raises(EncryptionError, match=r"delivery of a generated password failed: OSError at "):
        Mailer(transport).send(builder, CONTEXT, to="jane@example.com")
    assert not transport.messages


def test_it_is_of_one_person() -> None:
    builder = STATEMENT.generated_password("passphrase", digits=16, delivery=print)
    with pytest.raises(MissingRecipientError, match="2 recipients"):
        builder.build(CONTEXT, to=["jane@example.com", "joe@example.com"])


def test_a_name_that_the_context_has_is_refused() -> None:
    builder = STATEMENT.generated_password("number", digits=16, delivery=print)
    with pytest.raises(MessageError, match="a value 'number' already"):
        builder.build(CONTEXT, to="jane@example.com")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "words= or of digits="),
        ({"words": 6, "digits": 16}, "words= or of digits="),
        ({"digits": 12}, "make 40 bits, fewer"),
        ({"words": 3}, "make 39 bits"),
        ({"words": 6, "word_list": ["one", "two"]}, "at least 100 different words"),
        ({"words": 6, "word_list": [f"{'ab' * n}\ufb01" for n in range(1, 101)]}, "treat differently"),
        ({"words": 0}, "make 0 bits"),
    ],
    ids=["neither", "both", "digits", "words", "short list", "ligature", "none"],
)
def test_weak_recipes_are_refused_while_wiring(options: dict[str, Any], text: str) -> None:
    with pytest.raises((ConfigurationError, WeakPasswordError), match=text):
        STATEMENT.generated_password("passphrase", delivery=print, **options)


def test_a_recipe_that_makes_nothing_but_weak_ones_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_strength, "estimated_bits", lambda _: 39.0)
    with pytest.raises(ConfigurationError, match="too well known"):
        STATEMENT.generated_password("passphrase", delivery=print, words=6)


def test_words_without_the_extra_name_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from ondemand_attach.protectors import generated_passwords

    generated_passwords._english.cache_clear()
    monkeypatch.setitem(sys.modules, "xkcdpass", None)
    with pytest.raises(MissingDependencyError, match=r'pip install "ondemand_attach\[words\]"'):
        STATEMENT.generated_password("passphrase", delivery=print, words=6)


def test_digits_are_even_and_words_many() -> None:
    inbox = Inbox()
    builder = OPENED_BY_PIN.generated_password("pin", digits=40, delivery=inbox)
    for _ in range(50):
        builder.build(CONTEXT, to="jane@example.com")
    digits = "".join(given.password.replace("-", "") for given in inbox)
    assert len(digits) == 2000
    assert all(120 < digits.count(digit) < 290 for digit in "0123456789")  # 6 standard deviations
    from ondemand_attach.protectors.generated_passwords import _english

    assert math.log2(len(_english())) > 12.9


@pytest.mark.parametrize(
    ("where", "leaking"),
    [
        ("header Subject", lambda builder: builder.subject("Order {{ number }}, {{ pin }}")),
        ("text body", lambda builder: builder.text("Type {{ pin }}.")),
        ("text body", lambda builder: builder.text("Type {{ pin[:4] }} {{ pin[4:] }}.")),
        ("HTML body", lambda builder: builder.html("<p>Type <b>{{ pin }}</b></p>")),
        (
            "file name of attachment 1",
            lambda builder: builder.attach(Xhtml2PdfGenerator(source="<p>x</p>"), filename="{{ pin }}.pdf"),
        ),
        (
            "attachment 1",
            lambda builder: builder.attach(
                Xhtml2PdfGenerator(source="<p>{{ pin }}</p>"), filename="terms.pdf"
            ),
        ),
    ],
    ids=["subject", "text", "in pieces", "html", "filename", "document"],
)
def test_a_password_that_can_be_read_in_the_message_is_refused(
    where: str, leaking: Callable[[MessageBuilder], MessageBuilder]
) -> None:
    """The application forgot to mark it."""
    for password in ("{{ pin }}", lambda request: request.context["pin"]):
        builder = leaking(LETTER).attach(
            Xhtml2PdfGenerator(source="<p>{{ customer.name }}</p>"),
            filename="order.pdf",
            encryptor=PdfEncryptor(password=password),
        )
        with pytest.raises(ConfidentialityError) as raised:
            builder.build({**CONTEXT, "pin": "k3jd92kfaa0l"}, to="jane@example.com")
        assert "k3jd92" not in str(raised.value)
        if isinstance(password, str):
            assert "pin is confidential, as a password is made of it," in str(raised.value)
        else:
            assert raised.value.path == "password"
            assert f"the value of password stands in the {where}" in str(raised.value)


CODE = "k3jd92kfaa0l"


@pytest.mark.parametrize(
    "to", ["{}@example.com", "Jane <{}@example.com>", "jane@{}.example", "{} <jane@a.example>"]
)
@pytest.mark.parametrize("password", ["{{ pin }}", lambda request: request.context["pin"]])
def test_the_address_that_it_goes_to_is_no_password(to: str, password: Any) -> None:
    builder = opened_by(password)
    assert builder.build({**CONTEXT, "pin": CODE}, to="jane@example.com")
    with pytest.raises(ConfidentialityError) as raised:
        builder.build({**CONTEXT, "pin": CODE}, to=to.format(CODE))
    assert raised.value.path in {"password", "pin"}
    assert CODE not in str(raised.value)


def test_a_password_is_no_less_of_one_for_standing_in_a_public_value() -> None:
    letter = LETTER.confidential("customer").public("customer.line").text("{{ customer.line }}")
    customer = {"customer": {"line": f"Your code is {CODE}."}, "number": "GG-40001", "pin": CODE}
    assert letter.build(customer, to="jane@example.com")
    with pytest.raises(ConfidentialityError, match="text body"):
        opened_by("{{ pin }}", letter).build(customer, to="jane@example.com")


@pytest.mark.parametrize("password", ["xkqjzwvbnfp", "?{#)!$}&=+*(", "a!#$%&/()=?b", "<\"&>§%$'=;:_"])
@pytest.mark.parametrize(
    "leaking",
    [
        lambda letter, password: letter.text("Type {{ pin }}."),
        lambda letter, password: letter.text(f"The code is {{% raw %}}{password}{{% endraw %}}"),
        lambda letter, password: letter.html("<p>Type <b>{{ pin }}</b>.</p>"),
        lambda letter, password: letter.subject("Type {{ pin }}"),
    ],
    ids=["text", "own words", "html", "subject"],
)
def test_a_password_of_signs_or_of_a_word_is_found_too(
    leaking: Callable[[MessageBuilder, str], MessageBuilder], password: str
) -> None:
    builder = opened_by(lambda request: request.context["pin"], leaking(LETTER, password))
    with pytest.raises(ConfidentialityError) as raised:
        builder.build({**CONTEXT, "pin": password}, to="jane@example.com")
    assert password not in str(raised.value)
    assert opened_by("{{ pin }}", LETTER).build({**CONTEXT, "pin": password}, to="jane@example.com")


def test_an_encryptor_of_the_application_tells_its_password_too() -> None:
    def sealed_with(_: Document, request: AttachmentRequest) -> Document:
        request.keep_out(request.context["pin"])
        return Document(content=b"sealed", media_type="application/octet-stream")

    builder = LETTER.attach(
        lambda _: Document(content=b"plain", media_type="text/plain"), filename="a.bin", encryptor=sealed_with
    )
    assert builder.build({**CONTEXT, "pin": CODE}, to="jane@example.com")
    with pytest.raises(ConfidentialityError, match="text body"):
        builder.text("Type {{ pin }}.").build({**CONTEXT, "pin": CODE}, to="jane@example.com")


class Labelled(Quick):
    """Says in clear whose document it is, as a ZIP says the name in it."""

    def encrypt(self, document: Document, request: AttachmentRequest) -> Document:
        super().encrypt(document, request)
        return Document(content=b"sealed, of GG-4000132", media_type="application/octet-stream")


def test_what_is_readable_in_a_protected_document_is_found() -> None:
    builder = LETTER.attach(
        lambda _: Document(content=b"plain", media_type="text/plain"),
        filename="a.bin",
        encryptor=Labelled("{{ code }}-{{ pin }}"),
    )
    context = {**CONTEXT, "code": "GG-4000132", "pin": CODE}
    with pytest.raises(ConfidentialityError, match="the value of code stands in the readable part"):
        builder.build(context, to="jane@example.com")
    assert builder.public("code").build(context, to="jane@example.com")


@pytest.mark.parametrize(("pin", "is_taken"), [("kq7vx2mztb", True), ("kq7vx2mz", False)])
def test_what_is_secret_is_as_strong_as_the_kind_of_file_needs(pin: str, *, is_taken: bool) -> None:
    builder = LETTER.public("number").attach(
        lambda _: Document(content=b"plain", media_type="text/plain"),
        filename="a.zip",
        encryptor=ZipEncryptor(password="{{ number }}{{ pin }}", name_inside="a.txt"),
    )
    if is_taken:
        assert builder.build({**CONTEXT, "pin": pin}, to="jane@example.com")
    else:
        with pytest.raises(WeakPasswordError, match="holds about 41 bits, fewer than 45"):
            builder.build({**CONTEXT, "pin": pin}, to="jane@example.com")


def test_a_template_may_include_another(tmp_path: Path) -> None:
    (tmp_path / "pw.txt").write_text("{{ pin }}")
    letter = MessageBuilder(templates=tmp_path).sender("a@shop.example").subject("x").text("y")
    document = Xhtml2PdfGenerator(source="<p>x</p>")
    builder = letter.attach(
        document, filename="a.pdf", encryptor=PdfEncryptor(password='{% include "pw.txt" %}')
    )
    assert builder.build({"pin": CODE}, to="jane@example.com")


def test_an_owner_password_stands_nowhere_either() -> None:
    builder = LETTER.attach(
        Xhtml2PdfGenerator(source="<p>{{ customer.name }}</p>"),
        filename="order.pdf",
        encryptor=PdfEncryptor(
            password="{{ pin }}", owner_password=lambda request: request.context["master"]
        ),
    )
    context = {**CONTEXT, "pin": CODE, "master": "Kx7tRw92mQz88"}
    assert builder.build(context, to="jane@example.com")
    with pytest.raises(ConfidentialityError, match="header Subject"):
        builder.subject("Order {{ master }}").build(context, to="jane@example.com")


OWN = {
    **CONTEXT,
    "number": "GG-4000132",
    "born": "1980-02-17",
    "pin": CODE,
    "card": {"code": "k7q2m9xd4rtz", "kind": "vip", "born": datetime.date(1980, 2, 17)},
    "codes": ["k7q2", "m9xd", "4rtz"],
    "people": [{"code": "k7q2m9", "name": "Jane"}, {"code": "xd4rtz", "name": "Joe"}],
    "id": 7391046285173946,
}
PARTS = [  # a template, what the subject says of it, and whether it is strong without what is public
    ("{{ number }}{{ born }}", "{{ number }}", False),
    ("{{ number }}-{{ pin }}", "{{ number }}", True),
    ("{{ number }}-{{ pin[:4] }}", "{{ number }}", False),
    ("{{ number ~ born }}", "{{ number }}", False),
    ("{{ number | replace('-', '') | lower }}{{ born }}", "{{ number }}", False),
    ("{% if number %}{{ number }}{{ born }}{% endif %}", "{{ number }}", False),
    ("{{ [number, born] | join }}", "{{ number }}", False),
    ("{% for part in [number, number, born] %}{{ part }}{% endfor %}", "{{ number }}", False),
    ("{% set all = number ~ number ~ born %}{{ all }}", "{{ number }}", False),
    ("{{ {'a': number, 'b': born}['a'] }}{{ born }}", "{{ number }}", False),
    ("{{ card.code }}", "{{ card['code'] }}", False),
    ("{{ codes | join }}", "{{ codes | first }}", False),
    ("{{ codes[0] }}{{ codes[1] }}{{ codes[2] }}", "{{ codes[2] }}", False),
    ("{{ people | map(attribute='code') | join }}", "{{ people[0].code }}", False),
]


@pytest.mark.parametrize(("password", "said", "is_strong"), PARTS)
def test_what_a_password_is_made_of_is_confidential_or_counts_nothing(
    password: str, said: str, *, is_strong: bool
) -> None:
    builder = opened_by(password, LETTER.subject(f"Order {said}"))
    path = re.sub(r"\W", " ", said).split()[0]
    with pytest.raises(
        ConfidentialityError, match=r"<subject>:1: \S+ is confidential, as a password is made"
    ):
        builder.build(OWN, to="jane@example.com")
    assert [finding.template for finding in builder.check()] == ["<subject>"]
    public = builder.public({"card": "card.code"}.get(path, path))
    assert not public.check()
    if is_strong:
        assert public.build(OWN, to="jane@example.com")
    else:
        with pytest.raises(WeakPasswordError, match="not confidential count nothing") as raised:
            public.build(OWN, to="jane@example.com")
        assert "40001" not in str(raised.value)


@pytest.mark.parametrize(
    "password",
    [
        "{{ card.code }}",
        "{{ card.code[:6] }}-{{ card['code'][6:] | upper }}",
        "{{ codes | join('-') }}",
        "{% for code in codes %}{{ code }}{% endfor %}",
        "{{ codes | first }}{{ codes[1] }}{{ codes | last }}",
        "{{ people | map(attribute='code') | join }}",
        "{% for person in people %}{{ person.code }}{% endfor %}",
        "{% set card = card %}{{ card.code }}",
        "{{ id }}",
        "{{ pin.upper() }}",
        "{{ {'a': pin}['a'] }}",
        "{% macro twice(x) %}{{ x }}{{ x }}{% endmacro %}{{ twice(pin) }}",
        "{% if card.kind == 'vip' %}{{ pin }}{% else %}{{ id }}{% endif %}",
    ],
)
def test_parts_in_lists_mappings_and_filters_count(password: str) -> None:
    assert opened_by(password, LETTER).build(OWN, to="jane@example.com")


@pytest.mark.parametrize(
    "password",
    [
        "{% if card.kind == 'vip' %}k7q2m9xd4rtz8w{% else %}other{% endif %}",
        "{{ born | digest }}",
        "{{ card.born | digest }}",
        "{{ people[0].name | digest }}",
        "{{ card.born.strftime('%d%m%Y') }}-{{ 'k7q2m9xd4rtz8w' }}",
        "{{ born }}{{ born }}{{ born }}",
        "{{ codes[0] }}{{ '?!#$%&' }}{{ codes[0] }}",
    ],
)
def test_no_password_holds_more_than_the_values_that_it_is_made_of(password: str) -> None:
    builder = MessageBuilder(filters={"digest": lambda text: hashlib.sha256(str(text).encode()).hexdigest()})
    letter = builder.sender("a@shop.example").subject("x").text("y")
    with pytest.raises(WeakPasswordError, match="fewer than 40"):
        opened_by(password, letter).build(OWN, to="jane@example.com")


def test_what_a_function_of_the_application_uses_has_to_be_marked() -> None:
    """The builder does not see the template of an encryptor inside of a function."""

    def sealed_with(document: Document, request: AttachmentRequest) -> Document:
        return Quick("{{ pin }}").encrypt(document, request)

    builder = LETTER.attach(
        lambda _: Document(content=b"plain", media_type="text/plain"), filename="a.bin", encryptor=sealed_with
    )
    with pytest.raises(WeakPasswordError, match=r"holds about 0 bits.*not confidential count nothing"):
        builder.build(OWN, to="jane@example.com")
    assert builder.confidential("pin").build(OWN, to="jane@example.com")


def test_it_does_not_matter_when_something_is_said_to_be_public() -> None:
    for builder in (
        opened_by("{{ number }}-{{ pin }}", LETTER.public("number")),
        opened_by("{{ number }}-{{ pin }}", LETTER).public("number"),
    ):
        assert builder.build(OWN, to="jane@example.com")


def test_an_address_makes_no_password_stronger() -> None:
    builder = opened_by("{{ customer.email }}{{ born }}")
    context = {**OWN, "customer": {"email": "grzegorzewska@example.com"}}
    with pytest.raises(WeakPasswordError):
        builder.build(context, to="grzegorzewska@example.com")


FILES = {
    "a.pdf": (PdfEncryptor, {}),
    "a.zip": (ZipEncryptor, {"name_inside": "a.txt"}),
    "a.xlsx": (OfficeEncryptor, {}),
}


@pytest.mark.parametrize("filename", FILES)
def test_an_application_that_makes_codes_says_so_while_wiring(filename: str) -> None:
    kind, options = FILES[filename]
    looks_like_a_number = "739104628517"
    assert kind(password="{{ pin }}", password_bits=60, **options)
    for bits, text in (
        (39, "password_bits=39 is fewer than 4[05]; make longer"),
        (float("nan"), "fewer"),
        ("60", "takes a number, not text"),
        (True, "not a value of type bool"),
    ):
        with pytest.raises(ConfigurationError, match=text):
            kind(password="{{ pin }}", password_bits=bits, **options)
    with pytest.raises(ConfigurationError, match="leave out strength= and insecure"):
        kind(password="{{ pin }}", password_bits=60, insecure_allow_weak_password=True, **options)
    source = PasswordSource("{{ pin }}", bits=50, strength="patterns", insecure_allow_weak=False)
    request = attachment_request({"pin": looks_like_a_number})
    assert source.password_for(request) == looks_like_a_number
    assert request.passwords == [looks_like_a_number]
    with pytest.raises(WeakPasswordError, match="too short to hold the 50 bits") as raised:
        source.password_for(attachment_request({"pin": "7391"}))
    assert raised.value.is_temporary is False
    with pytest.raises(ConfigurationError, match="without a password"):
        PdfEncryptor(password_bits=60)


@pytest.mark.parametrize("builder", [LETTER, opened_by("{{ code }}")])
def test_a_password_that_opens_nothing_is_not_handed_over(builder: MessageBuilder) -> None:
    inbox = Inbox()
    with pytest.raises(EncryptionError, match="'pin' opens nothing in the message"):
        builder.generated_password("pin", digits=16, delivery=inbox).build(
            {**CONTEXT, "code": CODE}, to="jane@example.com"
        )
    assert inbox == []


@pytest.mark.parametrize(
    "fixed",
    [
        "{{ 'walnut-ferry-8823-cobalt' | lower }}",
        "{% set a = 'walnut-ferry-8823' %}{{ a }}",
        "{{ 88231122 }}",
    ],
)
def test_the_same_password_for_everyone_is_refused_while_wiring(fixed: str) -> None:
    with pytest.raises(ConfigurationError, match="fixed text, the same for everyone"):
        LETTER.attach(
            Xhtml2PdfGenerator(source="<p>x</p>"), filename="a.pdf", encryptor=PdfEncryptor(password=fixed)
        )


@pytest.mark.parametrize(
    "password",
    [
        "walnut-ferry-cobalt-{{ postcode }}",
        "{{ 'walnut-ferry-cobalt-' ~ postcode }}",
        "{{ ('walnut-ferry-cobalt-' ~ postcode) | upper }}",
        "{{ 'walnut-%s-cobalt' | format(postcode) }}",
        "{{ postcode }}-walnut-ferry-cobalt-{{ postcode }}",
        "{{ postcode }}-walnut-ferry-cobalt",
        "walnut-{{ postcode }}-ferry-{{ postcode }}-cobalt",
        "{% if postcode %}walnut-ferry-cobalt-{% endif %}{{ postcode }}",
        "{% set a = postcode %}walnut-ferry-cobalt-{{ a }}{# walnut #}",
        "{{ postcode\n}}-walnut-ferry-cobalt-{{\npostcode }}",
    ],
)
def test_fixed_text_makes_no_password_stronger(password: str) -> None:
    with pytest.raises(WeakPasswordError):
        opened_by(password).build({**CONTEXT, "postcode": "110 00"}, to="jane@example.com")


@pytest.mark.parametrize(
    "used", ["{{ pin | replace('-', ' ') }}", "{{ pin | upper }}!", "{{ number }}-{{ pin }}"]
)
def test_a_generated_password_may_be_written_in_another_way(used: str) -> None:
    inbox = Inbox()
    words = [
        "walnut",
        "ferry",
        "cobalt",
        *(f"word{chr(97 + n)}{chr(97 + m)}" for n in range(10) for m in range(10)),
    ]
    builder = opened_by(used, LETTER.public("number")).generated_password(
        "pin", words=8, word_list=words, delivery=inbox
    )
    builder.build(CONTEXT, to="jane@example.com")
    assert len(inbox) == 1


def test_an_encryptor_of_the_application_may_use_a_password_in_its_own_way() -> None:
    inbox, sealed = Inbox(), Document(content=b"sealed", media_type="application/octet-stream")
    builder = LETTER.attach(
        lambda _: Document(content=b"plain", media_type="text/plain"),
        filename="a.bin",
        encryptor=lambda *_: sealed,
    )
    builder.generated_password("pin", digits=16, delivery=inbox).build(CONTEXT, to="jane@example.com")
    assert len(inbox) == 1


def test_a_generated_password_is_never_weak() -> None:
    inbox = Inbox()
    builder = OPENED_BY_PIN.generated_password("pin", digits=16, delivery=inbox)
    for _ in range(200):
        builder.build(CONTEXT, to="jane@example.com")
    assert min(_strength.estimated_bits(given.password) for given in inbox) >= _strength.LEAST_BITS
