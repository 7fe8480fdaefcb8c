"""Passwords that are made for one message and given to the application, and that stand nowhere in it."""

from __future__ import annotations

import email
import email.policy
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
from ondemand_attach.protectors import _passwords
from ondemand_attach.protectors._password_source import PasswordSource

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
    monkeypatch.setattr(_passwords, "estimated_bits", lambda _: 39.0)
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
    assert raised.value.path == "password"
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


def test_a_part_in_the_readable_end_of_a_document_hides_no_leak() -> None:
    """A part of a password may be read, if what is left of it is strong; everything else is searched for still."""

    class Labelled(Quick):
        def encrypt(self, document: Document, request: AttachmentRequest) -> Document:
            super().encrypt(document, request)
            return Document(content=b"sealed, of GG-4000132", media_type="application/octet-stream")

    builder = LETTER.attach(
        lambda _: Document(content=b"plain", media_type="text/plain"),
        filename="a.bin",
        encryptor=Labelled("{{ number }}-{{ pin }}"),
    )
    context = {**CONTEXT, "number": "GG-4000132", "pin": CODE, "name": CONTEXT["customer"]["name"]}
    assert builder.build(context, to="jane@example.com")
    for leaking, path in (("{{ name }}", "customer.name"), ("{{ number }}-{{ pin }}", "password")):
        with pytest.raises(ConfidentialityError) as raised:
            builder.text(leaking).build(context, to="jane@example.com")
        assert raised.value.path == path


@pytest.mark.parametrize("order", [1, -1])
def test_the_parts_of_a_password_that_is_used_twice_are_known(order: int) -> None:
    builder = LETTER.text("Order {{ number }}.")
    for source in ["{{ number }}{{ born }}", lambda request: "GG-40001321980-02-17"][::order]:
        builder = opened_by(source, builder)
    context = {**CONTEXT, "number": "GG-4000132", "born": "1980-02-17"}
    with pytest.raises(ConfidentialityError, match="can be guessed"):
        builder.build(context, to="jane@example.com")


def test_what_is_left_is_as_strong_as_the_kind_of_file_needs() -> None:
    builder = LETTER.text("Order {{ number }}.").attach(
        lambda _: Document(content=b"plain", media_type="text/plain"),
        filename="a.zip",
        encryptor=ZipEncryptor(password="{{ number }}{{ pin }}", name_inside="a.txt"),
    )
    assert builder.build({**CONTEXT, "pin": "kq7vx2mztb"}, to="jane@example.com")
    with pytest.raises(ConfidentialityError, match="can be guessed"):
        builder.build({**CONTEXT, "pin": "kq7vx2mzt"}, to="jane@example.com")


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


@pytest.mark.parametrize(
    ("password", "text", "is_refused"),
    [
        ("{{ number }}{{ born }}", "Thank you.", True),
        ("{{ number }}-{{ pin }}", "Thank you.", False),
        ("{{ number }}-{{ pin }}", "Type {{ pin }}.", True),
        ("amber-{{ pin }}", "Type {{ pin }}.", True),
        ("amber-{{ pin }}", "Type amber.", False),
        ("{{ pin }}-{{ other }}", "Type {{ pin }}.", False),
        ("{% if number %}{{ pin }}{% endif %}-x", "Type {{ pin }}.", True),
        ("{% if number %}{{ pin }}{% endif %}-x", "Thank you.", False),
        ("{{ number ~ born }}", "Order {{ number }}.", True),
        ("{{ number ~ pin }}", "Order {{ number }}.", False),
        ("{% if number %}{{ number }}{{ born }}{% endif %}", "Order {{ number }}.", True),
        ("{{ number | replace('-', '') }}{{ born }}", "Order {{ number }}.", True),
        (
            "{{ card.code[:4] }}-{{ card['code'][4:8] }}-{{ card.code[8:12] }}-{{ card.code[12:] }}",
            "(c) 2026",
            False,
        ),
        ("{{ card.a }}-{{ card.b }}-{{ card.c }}-{{ card.d }}", "(c) 2026 Shop", False),
        ("{{ card.a }}-{{ card.b }}-{{ card.c }}-{{ card.d }}", "(c) 2026 Shop, 4815 Street", True),
        ("{{ 'Garnet-Gold-Portal' ~ born }}{{ number ~ pin }}", "Order {{ number }}-{{ pin }}.", True),
        ("{{ list[0] }}{{ number.upper() }}{{ born }}", "Thank you.", False),
    ],
)
def test_what_is_left_of_a_password_without_what_can_be_read_is_strong(
    password: str, text: str, *, is_refused: bool
) -> None:
    builder = opened_by(password, LETTER.text(text))
    own = {"number": "GG-4000132", "born": "1980-02-17", "pin": CODE, "other": "Kx7tRw92mQz88"}
    code = "2026481593726408"
    card = {"code": code, **{name: code[4 * n : 4 * n + 4] for n, name in enumerate("abcd")}}
    more = {**CONTEXT, **own, "card": card, "list": ["Kx7tRw92"]}
    if not is_refused:
        assert builder.build(more, to="jane@example.com")
        return
    with pytest.raises(ConfidentialityError) as raised:
        builder.build(more, to="jane@example.com")
    assert "can be guessed" in str(raised.value)
    assert not any(value in str(raised.value) for value in own.values())


@pytest.mark.parametrize("builder", [LETTER, opened_by("{{ number }}-{{ customer.phone }}")])
def test_a_password_that_opens_nothing_is_not_handed_over(builder: MessageBuilder) -> None:
    inbox = Inbox()
    with pytest.raises(EncryptionError, match="'pin' opens nothing in the message"):
        builder.generated_password("pin", digits=16, delivery=inbox).build(CONTEXT, to="jane@example.com")
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
    builder = opened_by(used).generated_password("pin", words=8, word_list=words, delivery=inbox)
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
    builder = OPENED_BY_PIN.generated_password("pin", digits=13, delivery=inbox)
    for _ in range(200):
        builder.build(CONTEXT, to="jane@example.com")
    assert min(_passwords.estimated_bits(given.password) for given in inbox) >= _passwords.LEAST_BITS
