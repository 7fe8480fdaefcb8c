"""MessageBuilder: what is described is what is in the bytes."""

from __future__ import annotations

import datetime
import email
import email.message
import email.policy
import pickle
import string
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ondemand_attach import (
    Address,
    AttachmentRequest,
    Document,
    MessageBuilder,
    PdfEncryptor,
    PdfSigner,
    Recipient,
    Xhtml2PdfGenerator,
)
from ondemand_attach.errors import (
    ConfidentialityError,
    ConfigurationError,
    EncryptionError,
    GenerationError,
    InvalidAddressError,
    InvalidHeaderError,
    MailError,
    MessageError,
    MissingRecipientError,
    SigningError,
    TemplateError,
)
from ondemand_attach.testing import self_signed

CANARY = "Qw7canary4711"
LETTER = (
    MessageBuilder().sender("Shop <orders@shop.example>").subject("Order {{ number }}").text("Thank you.")
)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def parsed(content: bytes) -> email.message.EmailMessage:
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, email.message.EmailMessage)
    return message


def built(
    builder: MessageBuilder, context: object = None, to: object = "jane@example.com"
) -> email.message.EmailMessage:
    return parsed(builder.build({"number": 1} if context is None else context, to=to).content)  # type: ignore[arg-type]


def echo(request: AttachmentRequest) -> Document:
    return Document(content=repr(sorted(request.context)).encode(), media_type="text/plain")


def test_headers_and_body() -> None:
    when = datetime.datetime(2026, 5, 4, 12, 30, tzinfo=datetime.UTC)
    builder = LETTER.cc("boss@shop.example").reply_to("help@shop.example").header("X-Order", "{{ number }}")
    message = builder.build(
        {"number": "GG-1"}, to="Zoë <zoe@example.com>", now=when, message_id="<1@shop.example>"
    )
    mail = parsed(message.content)
    assert mail["From"] == "Shop <orders@shop.example>"
    assert mail["To"] == "Zoë <zoe@example.com>"
    assert mail["Cc"] == "boss@shop.example"
    assert mail["Reply-To"] == "help@shop.example"
    assert mail["Subject"] == "Order GG-1"
    assert mail["X-Order"] == "GG-1"
    assert mail["Date"].datetime == when
    assert mail["Message-ID"] == "<1@shop.example>" == message.message_id
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content().strip() == "Thank you."
    assert "jane" not in repr(message)


def test_same_input_same_message() -> None:
    when = datetime.datetime(2026, 5, 4, tzinfo=datetime.UTC)
    first, second = (
        LETTER.attach(echo, filename="a.txt").build(
            {"number": 1}, to="a@example.com", now=when, message_id="<1@x.example>"
        )
        for _ in range(2)
    )
    assert first == second


@pytest.mark.parametrize(
    "message_id",
    [
        *(
            "<\ud800@x>",
            "<a\udcff@x.example>",
            "<a@\ud800>",
            "<=?iso-8859-1?q?=A0?=@x.example>",
            "<=?utf-8?b?/w==?=@x>",
        ),
        *(
            "<a@x",
            "a@x",
            "<a b@x>",
            "<a@x>\n",
            "<é@x>",
            "<\x00@x>",
            "<a@b@c>",
            "<" + "a" * 300 + "@x>",
            " ",
            7,
            b"<a@x>",
        ),
    ],
    ids=ascii,
)
@pytest.mark.parametrize("is_multipart", [True, False])
def test_a_message_id_that_is_none_is_refused_before_anything_is_made(
    message_id: Any, is_multipart: bool
) -> None:
    made: list[object] = []

    def generate(request: AttachmentRequest) -> Document:
        made.append(request)
        return Document(content=b"x", media_type="text/plain")

    builder = LETTER.attach(generate, filename="a.txt") if is_multipart else LETTER
    with pytest.raises(InvalidHeaderError, match="message id is not of the form"):
        builder.build({"number": 1}, to="a@example.com", message_id=message_id)
    assert made == []


def test_message_id_is_in_the_domain_of_the_sender_and_new_each_time() -> None:
    ids = {LETTER.build({"number": 1}, to="a@example.com").message_id for _ in range(20)}
    assert len(ids) == 20
    assert all(message_id.endswith("@shop.example>") for message_id in ids)


def test_every_step_returns_a_new_builder() -> None:
    changed = LETTER.subject("Other").to("x@example.com").confidential("number")
    assert built(LETTER)["Subject"] == "Order 1"
    assert changed is not LETTER


def test_bcc_is_in_the_envelope_only() -> None:
    message = (
        LETTER.return_path("bounce@shop.example")
        .bcc("secret@example.com")
        .build({"number": 1}, to="a@example.com")
    )
    assert [address.addr_spec for address in message.envelope.recipients] == [
        "a@example.com",
        "secret@example.com",
    ]
    assert message.envelope.sender == Address(addr_spec="bounce@shop.example")
    assert b"secret" not in message.content
    assert b"bounce" not in message.content


def test_a_recipient_named_twice_is_sent_to_once() -> None:
    message = LETTER.cc("a@example.com").build({"number": 1}, to=["a@example.com", "b@example.com"])
    assert [address.addr_spec for address in message.envelope.recipients] == [
        "a@example.com",
        "b@example.com",
    ]


def test_template_files(tmp_path: Path) -> None:
    (tmp_path / "order.html").write_text("<p>Hello {{ name }}</p>", encoding="utf-8")
    (tmp_path / "order.txt").write_text("Hello {{ name }}", encoding="utf-8")
    builder = MessageBuilder(templates=tmp_path).sender("a@shop.example").subject("x")
    mail = built(builder.html(template="order.html").text(template="order.txt"), {"name": "<b>&"})
    assert mail.get_body(("html",)).get_content().strip() == "<p>Hello &lt;b&gt;&amp;</p>"  # type: ignore[union-attr]
    assert mail.get_body(("plain",)).get_content().strip() == "Hello <b>&"  # type: ignore[union-attr]


def test_escaping_is_chosen_by_slot() -> None:
    builder = LETTER.subject("{{ x }}").html("{{ x }}").attach(echo, filename="{{ x }}.txt")
    mail = built(builder, {"x": "a&<b>"})
    assert mail["Subject"] == "a&<b>"
    assert "a&amp;&lt;b&gt;" in mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert next(mail.iter_attachments()).get_filename() == "a&_b_.txt"


def test_text_is_derived_from_html() -> None:
    builder = (
        MessageBuilder()
        .sender("a@shop.example")
        .subject("x")
        .html('<h1>Hi</h1><p>See <a href="https://shop.example">us</a></p>')
    )
    mail = built(builder)
    assert mail.get_content_type() == "multipart/alternative"
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Hi" in text
    assert "https://shop.example" in text


def test_images_are_related_to_the_html(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(PNG)
    builder = (
        LETTER.html('<img src="cid:logo">').image("logo", tmp_path / "logo.png").image("unused.png", PNG)
    )
    mail = built(builder)
    related = next(part for part in mail.walk() if part.get_content_type() == "multipart/related")
    html, image, _ = related.iter_parts()  # type: ignore[attr-defined]
    assert image["Content-ID"] == "<logo@shop.example>"
    assert image.get_content_type() == "image/png"
    assert "cid:logo@shop.example" in html.get_content()


def test_an_image_that_is_not_there_is_an_error() -> None:
    with pytest.raises(MessageError, match="that image\\(\\) did not add; added: logo"):
        built(LETTER.image("logo", PNG).html('<img src="cid:canary">'))
    assert built(LETTER.html("<p>{{ note }}</p>"), {"number": 1, "note": 'El cid:campeador "cid:x"'})


@pytest.mark.parametrize("character", sorted(set(map(chr, range(128))) | {"é", "\u0660", "\uff11"}))
def test_an_image_is_named_with_what_an_address_may_hold(character: str) -> None:
    for name in (f"a{character}b", character):
        if character in string.ascii_letters + string.digits + ".-_+":
            assert built(LETTER.image(name, PNG).html(f'<img src="cid:{name}">'))
        else:
            with pytest.raises(ConfigurationError, match="no name for an image"):
                LETTER.image(name, PNG)


@pytest.mark.parametrize(
    "shown",
    [
        'src="cid:a-b-"',
        "src='CID:a-b-'",
        "src=cid:a-b-",
        "src=cid:a-b- alt=x",
        "src= cid:a-b-\n",
        'style="background: url(cid:a-b-)"',
    ],
)
def test_an_image_is_found_however_it_is_shown(shown: str) -> None:
    html = built(LETTER.image("a-b-", PNG).html(f"<p {shown}>")).get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "a-b-@shop.example" in html


def test_files_are_attached(tmp_path: Path) -> None:
    (tmp_path / "terms.pdf").write_bytes(b"%PDF-terms")
    builder = LETTER.attach_file(tmp_path / "terms.pdf").attach_file(
        tmp_path / "terms.pdf", filename="{{ number }}.bin", media_type="x/y"
    )
    first, second = built(builder).iter_attachments()
    assert (first.get_filename(), first.get_content_type(), first.get_content()) == (
        "terms.pdf",
        "application/pdf",
        b"%PDF-terms",
    )
    assert (second.get_filename(), second.get_content_type()) == ("1.bin", "x/y")


def test_a_generator_sees_confidential_values_only_with_an_encryptor() -> None:
    def reveal(request: AttachmentRequest) -> Document:
        return Document(content=request.context["iban"].encode(), media_type="text/plain")

    def rot(document: Document, request: AttachmentRequest) -> Document:
        return Document(content=document.content[::-1], media_type="application/octet-stream")

    builder = LETTER.confidential("iban")
    context = {"number": 1, "iban": CANARY}
    mail = built(builder.attach(reveal, filename="a.bin", encryptor=rot), context)
    assert next(mail.iter_attachments()).get_content() == CANARY[::-1].encode()
    with pytest.raises(ConfidentialityError, match="iban"):
        built(builder.attach(reveal, filename="a.txt"), context)
    with pytest.raises(ConfidentialityError, match="iban"):
        built(builder.attach(reveal, filename="a.txt", signer=rot), context)


def test_an_encryptor_that_does_not_encrypt_a_second_copy_is_caught() -> None:
    """Protected documents are known by their bytes: the same text in another part is a leak."""

    def reveal(request: AttachmentRequest) -> Document:
        return Document(content=b"copy of " + CANARY.encode(), media_type="text/plain")

    builder = LETTER.confidential("iban").attach(reveal, filename="a.txt")
    with pytest.raises(ConfidentialityError) as caught:
        built(builder, {"number": 1, "iban": CANARY})
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    "leaky",
    [
        LETTER.subject("{{ other }}"),
        LETTER.text("Dear {{ other }}"),
        LETTER.text("Dear {{ other|upper }}"),
        LETTER.html("<p>{{ other|replace('c', '<i>c</i>')|safe }}</p>"),
        LETTER.header("X-Note", "{{ other }}"),
        LETTER.attach(echo, filename="{{ other }}.txt"),
        LETTER.attach(
            lambda r: Document(content=r.context["other"].encode("utf-16"), media_type="x/y"), filename="a"
        ),
    ],
    ids=["subject", "text", "upper", "html", "header", "filename", "attachment"],
)
def test_a_value_under_another_name_is_found_in_the_finished_message(leaky: MessageBuilder) -> None:
    with pytest.raises(ConfidentialityError) as caught:
        built(leaky.confidential("iban"), {"number": 1, "iban": CANARY, "other": CANARY})
    assert caught.value.path == "iban"
    assert "canary" not in str(caught.value).lower()


def test_the_display_name_of_a_recipient_is_public_and_the_address_is_not_a_leak() -> None:
    builder = LETTER.confidential("customer")
    context = {"number": 1, "customer": {"name": "Zoë Bergqvist", "email": "zoe.lindstrom@example.com"}}
    assert built(builder, context, "zoe.lindstrom@example.com")["To"] == "zoe.lindstrom@example.com"
    with pytest.raises(ConfidentialityError, match=r"customer\.name"):
        built(builder, context, "Zoë Bergqvist <zoe.lindstrom@example.com>")
    with pytest.raises(ConfidentialityError, match=r"customer\.email"):
        built(
            builder.text("{{ mail }}"),
            {**context, "mail": "zoe.lindstrom@example.com"},
            "zoe.lindstrom@example.com",
        )


def test_words_of_the_templates_themselves_are_no_leaks(tmp_path: Path) -> None:
    """A customer called Price cannot be told from the word in the layout."""
    (tmp_path / "layout.html").write_text(
        "<p>The Price of it</p>{% block b %}{% endblock %}", encoding="utf-8"
    )
    (tmp_path / "order.html").write_text("{% extends 'layout.html' %}", encoding="utf-8")
    builder = (
        MessageBuilder(templates=tmp_path).sender("a@shop.example").subject("x").html(template="order.html")
    )
    assert built(builder.confidential("name"), {"name": "Price"})["Subject"] == "x"
    with pytest.raises(ConfidentialityError):
        built(builder.confidential("name").subject("{{ n }}"), {"name": "Jones", "n": "Jones"})


def test_data_pasted_into_a_template_is_found() -> None:
    """The f-string mistake: no guard can see it, as there is nothing to guard in the source."""
    name, iban = "Jiri Dvorak Novotny", "DE02120300000000202051"
    for builder in (
        LETTER.subject(f"For {name}"),
        LETTER.text(f"Paid from {iban}"),
        LETTER.attach(echo, filename=f"{name}.txt"),
    ):
        assert builder.confidential("c").check() == []
        with pytest.raises(ConfidentialityError):
            built(builder.confidential("c"), {"number": 1, "c": {"name": name, "iban": iban}})


def test_a_public_value_may_be_confidential_elsewhere() -> None:
    builder = LETTER.confidential("customer").public("customer.first").text("Dear {{ customer.first }}")
    assert built(
        builder, {"number": 1, "customer": {"first": "Madonna", "name": "Madonna", "host": "shop.example"}}
    )


def test_the_customer_may_stand_in_reply_to() -> None:
    builder = LETTER.confidential("customer").reply_to("zoe.bergqvist@example.com")
    context = {"number": 1, "customer": {"email": "zoe.bergqvist@example.com"}}
    assert built(builder, context, "help@shop.example")["Reply-To"] == "zoe.bergqvist@example.com"


def test_check_looks_into_documents_that_nobody_encrypts() -> None:
    builder = LETTER.confidential("customer")
    generator = Xhtml2PdfGenerator(source="<p>{{ customer.name }}</p>")
    [finding] = builder.attach(generator, filename="a.pdf").check()
    assert (finding.template, finding.path) == ("<document>", "customer.name")
    assert builder.attach(generator, filename="a.pdf", encryptor=PdfEncryptor()).check() == []


def test_a_bcc_recipient_is_nowhere_in_the_bytes() -> None:
    from cryptography.hazmat.primitives.serialization import Encoding

    from ondemand_attach.testing import self_signed

    people = [
        Recipient(
            address=Address.parse(f"{name}@example.com"),
            certificate=self_signed(name)[1].public_bytes(Encoding.PEM),
        )
        for name in ("jane", "auditor")
    ]
    builder = LETTER.attach(
        Xhtml2PdfGenerator(source="<p>x</p>"), filename="a.pdf", encryptor=PdfEncryptor()
    ).bcc(people[1])
    [attached] = built(builder, to=people[0]).iter_attachments()
    readable = attached.get_content().lower()
    assert b"jane".hex().encode() in readable
    assert b"auditor".hex().encode() not in readable


def test_the_return_path_is_searched() -> None:
    builder = LETTER.confidential("iban").return_path(f"bounce+{CANARY}@shop.example")
    with pytest.raises(ConfidentialityError, match="Return-Path"):
        built(builder, {"number": 1, "iban": CANARY})
    verp = LETTER.confidential("email").return_path("bounce+zoe=example.com@shop.example")
    assert built(verp, {"number": 1, "email": "zoe@example.com"}, "zoe@example.com")


def test_an_encryptor_that_does_nothing_is_refused() -> None:
    for idle in (
        lambda document, request: document,
        lambda document, request: Document(content=b"", media_type="x/y"),
    ):
        with pytest.raises(EncryptionError, match="as it was, or nothing"):
            built(LETTER.attach(echo, filename="a.txt", encryptor=idle))


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(MessageError, match="time zone"):
        LETTER.build({"number": 1}, to="a@example.com", now=datetime.datetime(2026, 1, 1))


def test_check_lists_what_public_templates_touch() -> None:
    builder = LETTER.confidential("customer").public("customer.first_name")
    assert builder.text("Dear {{ customer.first_name }}").check() == []
    findings = (
        builder.subject("{{ customer.name }}").text("\n{{ customer.iban }}").header("X-A", "{{ customer.x }}")
        .attach(echo, filename="{{ customer.y }}.txt")
    ).check()  # fmt: skip
    assert sorted((finding.path, finding.line) for finding in findings) == [
        ("customer.iban", 2), ("customer.name", 1), ("customer.x", 1), ("customer.y", 1),
    ]  # fmt: skip


def test_what_is_missing_is_said() -> None:
    for builder, text in (
        (MessageBuilder().subject("x").text("y"), "sender"),
        (MessageBuilder().sender("a@shop.example").text("y"), "subject"),
        (MessageBuilder().sender("a@shop.example").subject("y"), "body"),
    ):
        with pytest.raises(MessageError, match=text):
            built(builder)
    with pytest.raises(MissingRecipientError, match="name one with to"):
        LETTER.build({"number": 1})
    protected = LETTER.attach(echo, filename="x", encryptor=lambda _, request: request.recipient)  # type: ignore[arg-type, return-value]
    with pytest.raises(MissingRecipientError, match="name them with to"):
        protected.bcc("boss@shop.example").build({"number": 1})


def test_wrong_wiring_is_said_while_wiring(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not a folder"):
        MessageBuilder(templates=tmp_path / "nowhere")
    with pytest.raises(ConfigurationError, match="either the source"):
        LETTER.text()
    with pytest.raises(ConfigurationError, match="generate"):
        LETTER.attach(object(), filename="x")  # type: ignore[arg-type]
    for plug in ({"encryptor": PdfEncryptor}, {"signer": PdfSigner}):
        with pytest.raises(ConfigurationError, match="is a class; give an object"):
            LETTER.attach(echo, filename="x.pdf", **plug)
    with pytest.raises(InvalidAddressError, match=r"takes an Address.*Address.parse\(\)"):
        Recipient(address="jane@example.com")  # type: ignore[arg-type]
    with pytest.raises(InvalidHeaderError):
        LETTER.header("Bcc", "x")
    with pytest.raises(InvalidAddressError):
        LETTER.sender("nobody")


def test_template_errors_name_template_and_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x\n{{ nothing }}", encoding="utf-8")
    builder = MessageBuilder(templates=tmp_path).sender("a@shop.example").subject("x")
    with pytest.raises(TemplateError, match=r"a\.txt:2: 'nothing' is not in the context"):
        built(builder.text(template="a.txt"))
    with pytest.raises(TemplateError, match=r"b\.txt"):
        built(builder.text(template="b.txt"))
    with pytest.raises(TemplateError, match="<text>:1"):
        built(builder.text("{% if %}"))


def explode(*_: object) -> Document:
    raise ValueError(CANARY)


def test_errors_of_plug_points_say_the_stage_and_not_the_text() -> None:
    for builder, stage in (
        (LETTER.attach(explode, filename="a.txt"), GenerationError),
        (LETTER.attach(echo, filename="a.txt", encryptor=explode), EncryptionError),
        (LETTER.attach(echo, filename="a.txt", signer=explode), SigningError),
        (LETTER.attach(lambda _: b"bytes", filename="a.txt"), GenerationError),  # type: ignore[arg-type, return-value]
    ):
        with pytest.raises(stage) as caught:
            built(builder)
        assert caught.value.filename == "a.txt"  # type: ignore[attr-defined]
        assert "canary" not in str(caught.value)
        assert pickle.loads(pickle.dumps(caught.value)).filename == "a.txt"


def test_nothing_of_the_data_hangs_on_an_error() -> None:
    failure = None
    try:
        LETTER.attach(explode, filename="a.txt").build(
            {"number": 1, "iban": CANARY}, to=f"{CANARY}@example.com"
        )
    except MailError as error:
        failure = error
    assert failure is not None
    frames = traceback.TracebackException.from_exception(failure, capture_locals=True)
    frames.stack = traceback.StackSummary.from_list(frames.stack[1:])  # the first is this test
    assert len(frames.stack) == 1
    assert "canary" not in "".join(frames.format(chain=True)).lower()


def test_build_each_makes_one_message_for_each_recipient() -> None:
    people = ["ann@example.com", Recipient.of("bob@example.com")]
    messages = list(LETTER.build_each(people, lambda recipient: {"number": recipient.address.addr_spec}))
    assert [parsed(message.content)["Subject"] for message in messages] == [
        "Order ann@example.com",
        "Order bob@example.com",
    ]
    assert [len(message.envelope.recipients) for message in messages] == [1, 1]
    assert len(list(LETTER.build_each(people, {"number": 2}))) == 2


def test_a_builder_is_shared_between_threads() -> None:
    builder = LETTER.attach(echo, filename="{{ number }}.txt").html("{{ number }}")
    subjects: list[str] = []

    def work(start: int) -> None:
        subjects.extend(built(builder, {"number": number})["Subject"] for number in range(start, start + 20))

    threads = [threading.Thread(target=work, args=(start,)) for start in range(0, 160, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(subjects) == sorted(f"Order {number}" for number in range(160))


def test_filters_of_the_application_get_no_guard() -> None:
    builder = (
        MessageBuilder(filters={"shout": lambda text: str(text).upper()})
        .sender("a@shop.example")
        .subject("x")
    )
    assert built(builder.text("{{ name|shout }}"), {"name": "jane"}).get_content().strip() == "JANE"
    with pytest.raises(ConfidentialityError):
        built(builder.text("{{ name|shout }}").confidential("name"), {"name": "jane"})


@pytest.mark.parametrize(
    ("wire", "hint"),
    [
        (
            lambda letter, *_: letter.attach(PdfEncryptor(password="{{ a }}"), filename="a.pdf"),
            r"has no method generate\(\) but one encrypt\(\): give it as encryptor=",
        ),
        (
            lambda letter, signer: letter.attach(print, filename="a.pdf", encryptor=signer),
            "give it as signer=",
        ),
        (
            lambda letter, _: letter.attach(print, filename="a.pdf", signer=PdfEncryptor(password="{{ a }}")),
            "give it as encryptor=",
        ),
        (lambda letter, _: letter.attach("a.pdf", filename="a.pdf"), "and is no function"),
    ],
)
def test_a_plug_in_the_place_of_another_is_told_its_own(
    wire: Callable[[MessageBuilder, PdfSigner], object], hint: str
) -> None:
    key, certificate = self_signed("Shop")
    letter = MessageBuilder().sender("a@shop.example").subject("x").text("y")
    with pytest.raises(ConfigurationError, match=hint):
        wire(letter, PdfSigner(key=key, certificate=certificate))


@pytest.mark.parametrize(
    ("method", "place"),
    [
        ("generate", "first to attach()"),
        ("encrypt", "as encryptor="),
        ("sign", "as signer="),
        ("deliver", "as delivery="),
        ("send", "to a Mailer"),
    ],
)
def test_each_kind_of_plug_is_told_its_place(method: str, place: str) -> None:
    plug = type("Plug", (), {method: lambda self: None})()
    wrong = "signer" if method == "encrypt" else "encryptor"
    letter = MessageBuilder().sender("a@shop.example").subject("x").text("y")
    with pytest.raises(ConfigurationError) as caught:
        letter.attach(print, filename="a.pdf", **{wrong: plug})
    assert f"but one {method}(): give it {place}" in str(caught.value)
