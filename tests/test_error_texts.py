"""Every error that can be provoked says what is wrong, where, and what to do; and never a value of the data."""

from __future__ import annotations

import datetime
import functools
import io
import json
import pathlib
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pikepdf
import pytest
from cryptography.hazmat.primitives import serialization
from PIL import Image

from ondemand_attach import (
    Address,
    Attachment,
    AttachmentRequest,
    DkimSigner,
    Document,
    Envelope,
    MailError,
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
    TimeStampAuthority,
    VisibleSignature,
    Xhtml2PdfGenerator,
    ZipEncryptor,
    testing,
)

CANARY = "Quetzal-Ludmila-7391"
NAME, COUNT = "customer.name", 200
KEY, CERTIFICATE = testing.self_signed("Shop")
OTHER_KEY, _ = testing.self_signed("Another")
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)
LOCKED = KEY.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.BestAvailableEncryption(CANARY.encode()),
)
CHAIN = CERTIFICATE.public_bytes(serialization.Encoding.PEM)
DATA: dict[str, Any] = {
    "number": "k7QxW2mZpT9r",
    "customer": {"name": CANARY, "email": "jane@example.com", "company": None, "tags": ["a"]},
    "orders": [{"total": 5}],
    "when": datetime.date(2026, 11, 30),
    "markup": f"<img src='{CANARY}.png'>",
}
FOLDER = pathlib.Path(tempfile.gettempdir())


def fails(*_: object) -> Any:
    raise KeyError(CANARY)


def returns_nothing(*_: object) -> Any:
    return None


def text_file(_: AttachmentRequest) -> Document:
    return Document(content=b"x", media_type="text/plain")


def pdf_file(_: AttachmentRequest) -> Document:
    return Document(content=b"%PDF-1.7 no more", media_type="application/pdf")


def sound_pdf(_: AttachmentRequest) -> Document:
    octets = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(octets)
    return Document(content=octets.getvalue(), media_type="application/pdf")


def archive(_: AttachmentRequest) -> Document:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return Document(content=b"no package", media_type=kind)


B = MessageBuilder().sender("shop@example.com").subject("Order {{ number }}").text("Thank you.")
Call = Callable[[], object]


def built(builder: MessageBuilder, context: Any = DATA, **options: Any) -> Call:
    return lambda: builder.build(context, **({"to": "jane@example.com"} | options))


def rendered(source: str, **filters: Any) -> Call:
    base = MessageBuilder(filters=filters) if filters else MessageBuilder()
    return built(base.sender("shop@example.com").subject("a").text(source))


def document(source: str, **options: Any) -> Call:
    return lambda: B.attach(Xhtml2PdfGenerator(source=source, **options), filename="order.pdf").build(
        DATA, to="jane@example.com"
    )


def attached(generator: Any, filename: str = "order.pdf", **options: Any) -> Call:
    return lambda: B.attach(generator, filename=filename, **options).build(DATA, to="jane@example.com")


def whole(**options: Any) -> Call:
    return lambda: B.whole_message(**options).build(DATA, to="jane@example.com")


def signer(**options: Any) -> Call:
    return lambda: PdfSigner(**({"key": KEY, "certificate": CERTIFICATE} | options))


def request(**options: Any) -> AttachmentRequest:
    return testing.attachment_request(DATA, **options)


def receipt(**changes: Any) -> str:
    names = ("sent_at", "sha256", "size", "answer", "template_version")
    said = {"receipt_version": 1, "message_id": "a", **dict.fromkeys(names), "parts": [], **changes}
    return json.dumps(said)


ADDRESSES = {
    "": "nothing", "jane": "no domain", "@example.com": "no name", "jane@": "nothing behind",
    "a@b@c, d@e": "two", "jane@127.0.0.1": "a number", "ja ne@example.com": "a space",
    "jane@exa_mple..com": "dots", "Doe, Jane <jane@example.com>": "a comma", "jane\n@example.com": "a line end",
    f"{'a' * 65}@example.com": "too long", "=?utf-8?q?a?=@example.com": "an encoded-word",
}  # fmt: skip
TEMPLATES = [
    "{{ numbr }}", "{{ customer.nam }}", "{{ customer.company.name }}", "{{ customer.tags.first }}",
    "{{ orders[7].total }}", "{{ number.x }}", "{{ customer[number] }}", "{{ number.__class__ }}",
    "{{ number + 1 }}", "{{ 1 / 0 }}", "{{ number() }}", "{{ number | round }}", "{{ '%d' | format(number) }}",
    "{% include 'absent.txt' %}", "{% include number %}", "{% import 'absent.txt' as a %}", "{% extends 'no.txt' %}",
    "{{ number | absent }}", "{% if %}", "{{ number", "{% for a in b %}", "{% endfor %}", "{{ range(10 ** 9) }}",
    "{{ orders.total }}", "{% for a in absent %}{% endfor %}", "{{ when + 1 }}", "{{ absent() }}",
    "{% macro m(a) %}{{ a.nmber }}{% endmacro %}{{ m(customer) }}", "{{ when.strftime(1) }}", "{{ number is absent }}",
    "{% set a = absent %}{{ a }}", "{{ customer | join(',') | int + [] }}", "{{ orders | sum }}",
"{{ number | attr('__class__') }}", "{{ number | xmlattr }}", "{{ [1, 'a'] | max }}",
]  # fmt: skip
FRAME = "@frame { -pdf-frame-content: f; left: 1cm; right: 1cm; bottom: 1cm; height: 4pt }"
DOCUMENTS = [
    "<img src='absent.png'>", "<img src='{{ customer.name }}.png'>", "{{ markup | safe }}", "<img src='../a.png'>",
    "<img src='https://x.example/a.png'>", "<img src='/etc/passwd'>", "<img src='data:image/png;base64,AAAA'>",
    "<img src='data:x'>", "<img src='bad.png'>", "<img src='bad.svg'>", "<img src='entity.svg'>", "<img src='script.svg'>",
    "<img src='loads.svg'>", "<link rel='stylesheet' href='absent.css'><p>a</p>", "<style>@import 'absent.css';</style>a",
    "<style>@font-face { font-family: A; src: url(absent.ttf) }</style><p style='font-family: A'>a</p>",
    "<style>@font-face { font-family: A; src: url(bad.ttf) }</style><p style='font-family: A'>a</p>",
    "<p style='margin-left: -30cm'>{{ customer.name }}</p>", "<p style='font-size: 2pt'>{{ customer.name }}</p>",
    "<p>{{ customer.name }} \N{PARTY POPPER}</p>", "<p>\N{HANGUL SYLLABLE GA} {{ customer.name }}</p>",
    "<p>\N{DEVANAGARI LETTER NA}</p>", "<svg></svg>", "<math></math>", "<input value='{{ customer.name }}'>",
    "<select></select>", "<textarea>a</textarea>", "<iframe src='a'></iframe>", "<video></video>", "<object></object>",
    "<table><tr><td colspan='1000'>a</td></tr></table>", "<table><tr><td rowspan='999'>a</td></tr></table>",
    "<table><tr><td rowspan='90'>{{ customer.name }}</td><td>a</td></tr>" + "<tr><td>a</td></tr>" * 90 + "</table>",
    "<table><tr><td style='height: 3000pt'>{{ customer.name }}</td></tr></table>",
    "<div>" * 200 + "a", "<p " + " ".join(f"a{i}=''" for i in range(300)) + ">a</p>",
    f"<style>@page {{ size: a4; {FRAME} }}</style><div id='f'>a<br>b<br>c</div><p>a</p>", "<p>\ud800</p>",
    "<ol start='99999999'><li>a</li></ol>", "{{ absent }}", "{{ customer.nam }}",
]  # fmt: skip
HEADERS = [
    ("", "a"), ("X Shop", "a"), ("X-Shop:", "a"), ("Bcc", "a"), ("Subject", "a"), ("Content-Type", "a"),
    ("X-Shop", "a\nb"), ("References", "é"), ("List-Id", "\u202e"), ("Résumé", "a"),
]  # fmt: skip
RECEIPTS = [
    "", "{}", "[]", '{"receipt_version": 2}', '{"receipt_version": "1"}', '{"receipt_version": 1}', "x" * 2_000_000,
    receipt(message_id=5), receipt(sent_at="2026"), receipt(parts=[5]),
]  # fmt: skip
PASSWORDS: dict[str, Any] = {
    "fixed": "secret", "constant": "{{ 'secret' }}", "absent": "{{ absent }}", "fails": fails, "None": returns_nothing,
    "weak": "{{ orders[0].total }}", "a date": "{{ when }}", "a list": "{{ customer.tags }}", "number": 5,
    "short": lambda _: "ab", "long": lambda _: "x7" * 99, "space": lambda _: "a\N{NO-BREAK SPACE}b" * 9,
}  # fmt: skip


def cases(folder: pathlib.Path) -> Iterator[tuple[str, Call]]:
    """Yield what provokes errors, each with its name."""
    yield from ((f"to({what})", lambda text=text: B.to(text)) for text, what in ADDRESSES.items())
    yield from ((f"template {source}", rendered(source)) for source in TEMPLATES)
    yield from ((f"document {source[:90]}", document(source, assets=folder)) for source in DOCUMENTS)
    yield from ((f"header {each}", lambda each=each: B.header(*each)) for each in HEADERS)
    yield from ((f"receipt {text[:90]}", lambda text=text: Receipt.from_json(text)) for text in RECEIPTS)
    for name, password in PASSWORDS.items():
        yield f"password {name}", attached_to(Xhtml2PdfGenerator(source="a"), password)
    yield from _wiring(folder)
    yield from _building(folder)
    yield from _protecting(folder)
    yield from _own_code(folder)


def attached_to(generator: Any, password: Any) -> Call:
    def call() -> object:
        return attached(generator, encryptor=PdfEncryptor(password=password))()

    return call


def _wiring(folder: pathlib.Path) -> Iterator[tuple[str, Call]]:
    yield "no templates", lambda: MessageBuilder(templates=folder / "absent")
    yield "no package", lambda: MessageBuilder(templates="package:absent.nowhere").text(template="a").check()
    yield "no filter", lambda: MessageBuilder(filters={"a": 5})  # type: ignore[dict-item]
    yield "text of both", lambda: B.text("a", template="b")
    yield "text of none", B.text
    yield "image name", lambda: B.image("a b", b"\x89PNG")
    yield "image file", lambda: B.image("a", folder / "absent.png")
    yield "file", lambda: B.attach_file(folder / "absent.pdf")
    yield "folder as file", lambda: B.attach_file(folder)
    yield "class", lambda: B.attach(Xhtml2PdfGenerator, filename="a.pdf")  # type: ignore[arg-type]
    yield (
        "encryptor as generator",
        lambda: B.attach(ZipEncryptor(password="{{ a }}", name_inside="a"), filename="a"),
    )  # type: ignore[arg-type]
    yield "object", lambda: B.attach(object(), filename="a")  # type: ignore[arg-type]
    yield "whole of none", B.whole_message
    yield "encryptor for attachments", lambda: B.whole_message(encryptor=PdfEncryptor(password="{{ a }}"))
    yield "dkim of another", lambda: B.dkim(DkimSigner(domain="example.org", selector="s", key=KEY))
    yield "path", lambda: B.confidential("a..b")
    yield "no record", lambda: B.confidential(dict)
    yield (
        "for several",
        lambda: B.to("a@b.example", "c@d.example").attach(
            text_file, filename="a.zip", encryptor=ZipEncryptor(password="{{ number }}", name_inside="a")
        ),
    )
    yield "bcc of encrypted", lambda: B.bcc("a@b.example").whole_message(encryptor=SmimeEncryptor())
    yield (
        "no zip",
        lambda: B.attach(
            text_file, filename="a.pdf", encryptor=ZipEncryptor(password="{{ a }}", name_inside="a")
        ),
    )
    yield "name inside", lambda: ZipEncryptor(password="{{ a }}", name_inside="ä/b")
    yield "both", lambda: PdfEncryptor(password="{{ a }}", certificates=fails)
    yield "permission", lambda: PdfEncryptor(password="{{ a }}", allow=["fly"])  # type: ignore[list-item]
    yield "padding", lambda: PdfEncryptor(rsa_padding="none")  # type: ignore[arg-type]
    yield "source and template", lambda: Xhtml2PdfGenerator(source="a", template="b")
    yield "neither", Xhtml2PdfGenerator
    yield "time", lambda: Xhtml2PdfGenerator(source="a", time_limit=0)
    yield "assets", lambda: Xhtml2PdfGenerator(source="a", assets=folder / "absent")
    yield "assets of a package", lambda: Xhtml2PdfGenerator(source="a", assets="package:absent.nowhere")
    yield "style", lambda: Xhtml2PdfGenerator(source="a", fonts={"A": {"thin": "a"}})
    yield "font file", lambda: Xhtml2PdfGenerator(source="a", fonts={"A": {"normal": folder / "absent.ttf"}})
    yield "no font", lambda: Xhtml2PdfGenerator(source="a", fonts={"A": {"normal": folder / "bad.ttf"}})
    yield "pool", lambda: RenderPool(processes=0)
    yield "pool memory", lambda: RenderPool(memory_limit=5)
    yield "pool initializer", lambda: RenderPool(initializer=lambda: None)
    yield "digits", lambda: B.generated_password("a b", delivery=print, digits=16)
    yield "strength", lambda: PdfEncryptor(password="{{ a }}", strength="guess")  # type: ignore[arg-type]
    yield "box", lambda: VisibleSignature(box=(1, 1, 1, 1))
    yield "logo", lambda: VisibleSignature(box=(0, 0, 99, 99), logo=folder / "absent.png")
    yield "bad logo", lambda: VisibleSignature(box=(0, 0, 99, 99), logo=b"GIF89a")
    yield "broken logo", lambda: VisibleSignature(box=(0, 0, 99, 99), logo=b"\x89PNG\r\n")
    yield "time stamps", lambda: TimeStampAuthority(url="ftp://a.example")
    yield "time limit", lambda: TimeStampAuthority(url="https://a.example", timeout=-1)
    yield "credentials", lambda: TimeStampAuthority(url="http://a.example", credentials=lambda: ("a", "b"))
    yield "time stamp root", lambda: TimeStampAuthority(url="https://a.example", trust_roots=[b"a"])


def _building(folder: pathlib.Path) -> Iterator[tuple[str, Call]]:
    plain = MessageBuilder()
    yield "no sender", built(plain.subject("a").text("a"))
    yield "no subject", built(plain.sender("a@b.example").text("a"))
    yield "no body", built(plain.sender("a@b.example").subject("a"))
    yield "to nobody", built(B, to=())
    yield "to None", built(B, to=None)
    yield "to bytes", built(B, to=CANARY.encode())
    yield "to a bad one", built(B, to=f"{CANARY} <a@")
    yield "now", built(B, now=datetime.datetime(2026, 1, 1))
    yield "now as text", built(B, now="2026")
    yield "message id", built(B, message_id="a")
    yield "context of text", built(B, CANARY)
    yield "context of a list", built(B, [CANARY])
    yield "live object", built(B, {"a": object()})
    yield "key of a number", built(B, {"a": {5: CANARY}})
    yield "depth", built(B, functools.reduce(lambda inner, _: {"a": inner}, range(99), {"a": 1}))
    yield "dead mark", built(B.confidential("customer.iban"))
    yield "touched", built(B.confidential("customer").text("Dear {{ customer.name }}"))
    yield "pasted", built(B.confidential("customer.name").text(f"Good morning, {CANARY}"))
    yield "no address", built(B.recipient_at("customer.fax"), to=())
    yield "another address", built(B.recipient_at("customer.email"), to="other@example.com")
    yield "bad address", built(B.recipient_at("customer.name"), to=())
    yield "cid", built(B.html("<img src='cid:logo'>"))
    yield "subject of two lines", built(B.subject("a\n{{ number }}\nb"))
    yield "header of a value", built(B.header("References", "{{ customer.name }}é"))
    yield "template file", built(B.text(template="absent.txt"))
    yield "surrogate", built(B.text("\ud800"))
    yield "empty envelope", lambda: Envelope(sender=None, recipients=())
    yield "display name", lambda: Address(addr_spec="a@b.example", display_name="a\nb")
    yield "recipient of text", lambda: Recipient(address="a@b.example")  # type: ignore[arg-type]
    yield "document of text", lambda: Document(content="a", media_type="a/b")  # type: ignore[arg-type]
    yield "attachment of bytes", lambda: Attachment(filename="a", document=b"a")  # type: ignore[arg-type]
    yield "for others", lambda: Message(
        envelope=Envelope(sender=None, recipients=(Address(addr_spec="a@b.example"),)),
        message_id="<a@b>", content=b"", protected_for=["c@d.example"],
    )  # fmt: skip


def _protecting(folder: pathlib.Path) -> Iterator[tuple[str, Call]]:
    path = folder / "shop.p12"
    for kind in (PdfSigner, SmimeSigner):
        yield f"{kind.__name__} absent", lambda kind=kind: kind.from_pkcs12(folder / "absent.p12")
        yield f"{kind.__name__} broken", lambda kind=kind: kind.from_pkcs12(path)
        yield f"{kind.__name__} locked", lambda kind=kind: kind.from_pem(LOCKED, CHAIN)
        yield (
            f"{kind.__name__} password",
            lambda kind=kind: kind.from_pem(LOCKED, CHAIN, password=lambda: "wrong"),
        )
        yield f"{kind.__name__} fails", lambda kind=kind: kind.from_pem(LOCKED, CHAIN, password=fails)
        yield (
            f"{kind.__name__} password text",
            lambda kind=kind: kind.from_pem(LOCKED, CHAIN, password=CANARY),
        )
        yield f"{kind.__name__} unlocked", lambda kind=kind: kind.from_pem(PEM, CHAIN, password=lambda: "a")
        yield f"{kind.__name__} no chain", lambda kind=kind: kind.from_pem(PEM, PEM)
        yield f"{kind.__name__} no key", lambda kind=kind: kind.from_pem(CHAIN, CHAIN)
        yield f"{kind.__name__} other key", lambda kind=kind: kind(key=OTHER_KEY, certificate=CERTIFICATE)
        yield f"{kind.__name__} key of text", lambda kind=kind: kind(key=CANARY, certificate=CERTIFICATE)
        yield f"{kind.__name__} certificate", lambda kind=kind: kind(key=KEY, certificate=b"a")
    yield "level", signer(level="B-X")
    yield "no authority", signer(level="B-T")
    yield (
        "falls",
        signer(level="B-T", may_fall_to="B-LT", time_stamps=TimeStampAuthority(url="https://a.example")),
    )
    yield "certify", signer(certify="all")
    yield "dkim key", lambda: DkimSigner(domain="example.com", selector="s", key=folder / "absent.pem")
    yield "dkim kind", lambda: DkimSigner(domain="example.com", selector="s", key=5)  # type: ignore[arg-type]
    yield "dkim domain", lambda: DkimSigner(domain="exämple.com", selector="s", key=KEY)
    yield "openpgp key", lambda: OpenPgpSigner(key=b"a")
    yield "openpgp file", lambda: OpenPgpSigner(key=folder / "absent.asc")
    yield "openpgp recipient", whole(encryptor=OpenPgpEncryptor())
    yield "smime recipient", whole(encryptor=SmimeEncryptor())
    yield "smime of text", built(B.whole_message(encryptor=SmimeEncryptor()), to=recipient(b"a"))
    yield "pdf of text", attached(text_file, encryptor=PdfEncryptor(password="{{ number }}"))
    yield "sign text", attached(text_file, signer=PdfSigner(key=KEY, certificate=CERTIFICATE))
    yield "office", attached(archive, "a.xlsx", encryptor=OfficeEncryptor(password="{{ number }}"))
    yield (
        "office name",
        attached(archive, "{{ number }}.txt", encryptor=OfficeEncryptor(password="{{ number }}")),
    )
    yield (
        "zip name",
        attached(text_file, "{{ number }}", encryptor=ZipEncryptor(password="{{ number }}", name_inside="a")),
    )
    yield "certificates fail", attached(sound_pdf, encryptor=PdfEncryptor(certificates=fails))
    yield "certificates none", attached(sound_pdf, encryptor=PdfEncryptor(certificates=returns_nothing))
    yield "certificate missing", attached(sound_pdf, encryptor=PdfEncryptor())
    yield "page", attached(sound_pdf, signer=shown(page=7))
    yield "box outside", attached(sound_pdf, signer=shown(box=(5000, 0, 5099, 99)))
    yield "box small", attached(sound_pdf, signer=shown(text="{{ customer.name }}" * 99))
    yield "key fails", attached(sound_pdf, signer=PdfSigner(key=fails, certificate=CERTIFICATE))
    yield "key returns", attached(sound_pdf, signer=PdfSigner(key=returns_nothing, certificate=CERTIFICATE))
    for url, what in (("http://127.0.0.1:9/", "refused"), ("http://absent.invalid/", "unknown")):
        authority = TimeStampAuthority(url=url, timeout=120)
        stamped = PdfSigner(key=KEY, certificate=CERTIFICATE, level="B-T", time_stamps=authority)
        yield f"time server {what}", attached(sound_pdf, signer=stamped)
    asks = TimeStampAuthority(url="http://127.0.0.1:9/", credentials=fails)
    stamped = PdfSigner(key=KEY, certificate=CERTIFICATE, level="B-T", time_stamps=asks)
    yield "time server credentials", attached(sound_pdf, signer=stamped)


def recipient(certificate: bytes) -> Recipient:
    return Recipient(address=Address(addr_spec="jane@example.com"), certificate=certificate)


def shown(**options: Any) -> PdfSigner:
    appearance = VisibleSignature(**({"box": (0, 0, 99, 99)} | options))
    return PdfSigner(key=KEY, certificate=CERTIFICATE, appearance=appearance)


def _own_code(folder: pathlib.Path) -> Iterator[tuple[str, Call]]:
    yield "own filter", rendered("{{ number | money }}", money=fails)
    yield "own filter in C", rendered("{{ number | whole }}", whole=int)
    yield "own generator", attached(fails)
    yield "own generator returns", attached(returns_nothing)
    yield "own generator of text", attached(lambda _: Document(content=CANARY, media_type="a/b"))  # type: ignore[arg-type]
    yield "own encryptor", attached(text_file, encryptor=fails)
    yield "own encryptor returns", attached(text_file, encryptor=lambda document, _: document)
    yield "own signer", attached(text_file, signer=fails)
    yield "own signer returns", attached(text_file, signer=returns_nothing)
    yield "own proof", attached(lambda _: text_file(request()), encryptor=with_proof)
    yield "own whole encryptor", whole(encryptor=fails)
    yield "own whole signer", whole(signer=fails)
    yield "own whole signature", whole(signer=lambda *_: Document(content=b"x", media_type="a/b"))
    yield "own lazy text", built(B.subject(Lazy()))  # type: ignore[arg-type]
    yield "own password", attached(sound_pdf, encryptor=PdfEncryptor(password=fails))
    yield (
        "own owner password",
        attached(
            sound_pdf,
            encryptor=PdfEncryptor(password=lambda _: "amber-kettle-violin-31", owner_password=fails),
        ),
    )
    yield (
        "own delivery",
        built(
            B.generated_password("code", delivery=fails, digits=16).attach(
                sound_pdf, filename="a.pdf", encryptor=PdfEncryptor(password="{{ code }}")
            )
        ),
    )
    yield "own media type", attached(lambda _: Document(content=b"x", media_type="a"))
    yield "own message in it", attached(lambda _: Document(content=b"x", media_type="message/rfc822"))
    yield "own property", built(B, Record())
    yield "render nothing", attached(lambda request: request.render())
    yield "render by None", attached(lambda request: request.render("a", autoescape=None))
    yield "render absent", attached(lambda request: request.render("{{ absent }}"))


class Lazy:
    def __str__(self) -> str:
        raise KeyError(CANARY)

    def casefold(self) -> str:
        return str(self)


class Record(dict[str, Any]):
    def items(self) -> Any:
        raise KeyError(CANARY)


def with_proof(*_: object) -> Document:
    return Document(content=b"y", media_type="text/plain", proof=fails)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return filled(tmp_path_factory.mktemp("files"))


def filled(folder: pathlib.Path) -> pathlib.Path:
    """Put files into *folder* with which something is wrong."""
    head = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'"
    texts = {
        "bad.svg": f"{head}", "script.svg": f"{head}><script>a</script></svg>",
        "entity.svg": f"<!DOCTYPE svg [<!ENTITY a 'b'>]>{head}></svg>",
        "loads.svg": f"{head}><use href='other.svg#a'/></svg>", "bad.ttf": "no font", "shop.p12": "no store",
        "bad.png": "\x89PNG",
    }  # fmt: skip
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    Image.new("RGB", (9, 9)).save(folder / "wide.png")
    with zipfile.ZipFile(folder / "a.zip", "w"):
        pass
    return folder


PLACE = re.compile(
    r"\w\.\w+:\d+|<\w+>|page \d|\w+\(|\w=|'[^']+'|\b\w+\.(?:pdf|zip|xlsx|txt|eml)\b|attachment \d|position \d"
    r"|the (?:text|subject|header|HTML|message|receipt|context|context value|marked path|body) |level B"
    r"|(?:key|certificate|chain|token|box|logo|signature|envelope|builder|sender|recipient|authority|password|attachment|file name)\b|fonts\["
)
"""Where: template and line, file and line, element, page, argument, file, or the part of the message."""

ADVICE = re.compile(
    r"\b(?:give|gives|use|take|takes|name|names|make|makes|leave|put|write|send|raise|remove|replace|pass|mend|needs?"
    r"|must|may only|only|return|save|choose|load|look|ask|begins with|did you mean|prepare|sign|encrypt|call|read"
    r"|shorten|enlarge|spell|let|there are|is of the form|is one of|expected|of the form|keep|add|renew|repeat"
    r"|is not in the context|connection refused|in points|has index|ONDEMAND_ATTACH_INSECURE_DEBUG)\b"
)
"""What to do, or what would be right."""


def provoked(call: Call) -> str | None:
    """Return the text of the error that *call* ends with, or None if there is none."""
    try:
        call()
    except MailError as error:
        return str(error)
    return None


def faults(text: str) -> list[str]:
    """Return the rules that the *text* of an error breaks."""
    broken = {
        "a class name alone": re.fullmatch(r"(?:[\w./ '-]+: )*\w+(?:Error|Exception|Warning)", text),
        "not foreseen": re.search(r"unexpected|makers of", text),
        "a value of the data": CANARY.lower() in text.lower() or "7391" in text,
        "no place": PLACE.search(text) is None,
        "no advice": ADVICE.search(text) is None,
        "withheld without a way": "withheld" in text and "ONDEMAND_ATTACH_INSECURE_DEBUG=1" not in text,
        "an address of memory": re.search(r"0x[0-9a-f]{6}|<[\w.]+ object", text),
    }
    return [rule for rule, is_broken in broken.items() if is_broken]


def test_errors_can_be_acted_on(folder: pathlib.Path) -> None:
    texts = {name: provoked(call) for name, call in cases(folder)}
    assert not [name for name, text in texts.items() if text is None]
    assert len(texts) >= COUNT
    assert not {name: (faults(text), text) for name, text in texts.items() if text and faults(text)}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("SigningError: ValueError", "a class name alone"),
        ("order.pdf: TypeError", "a class name alone"),
        ("unexpected TypeError in _recipients, _builder.py:394", "not foreseen"),
        (f"the value {CANARY} is wrong", "a value of the data"),
        ("something is wrong", "no place"),
        ("what it says is withheld", "withheld without a way"),
    ],
)
def test_the_rules_bite(text: str, rule: str) -> None:
    assert rule in faults(text)


OWN = re.compile(r"at (?:\S*/)?test_error_texts\.py:\d+ \(fails\)")


@pytest.mark.parametrize(
    "name",
    [
        *("own filter", "own generator", "own encryptor", "own signer", "own proof", "own whole encryptor"),
        *(
            "own whole signer",
            "own password",
            "own owner password",
            "own delivery",
            "certificates fail",
            "key fails",
        ),
        *("PdfSigner fails", "time server credentials"),
    ],
)
def test_file_and_line_of_the_application_are_named_at_every_plug_point(
    name: str, folder: pathlib.Path
) -> None:
    text = provoked(dict(cases(folder))[name])
    assert text is not None
    assert OWN.search(text), text


def test_a_misspelt_name_is_suggested() -> None:
    assert provoked(rendered("\n{{ customer.nmae }}")) == (
        "<text>:2: 'nmae' is not in the context; did you mean 'name'?"
    )
    secret = {"number": 1, "data": {"Jane Doe": 1}}
    text = provoked(built(B.text("{{ data['Jane Do'] }}"), secret))
    assert text == "<text>:1: 'Jane Do' is not in the context"  # what is no name of a field is not said


def test_a_function_that_takes_other_arguments_is_told_so() -> None:
    letter = MessageBuilder(filters={"short": lambda: ""}).sender("orders@shop.example").subject("Order")
    for builder in (
        letter.text("{{ 1|short }}"),
        letter.text("{{ 1|short(2) }}"),
        letter.text("Hello.").attach(lambda: None, filename="order.csv"),  # type: ignore[arg-type,misc]
    ):
        with pytest.raises(MailError, match="TypeError, as it does not take what it was called with"):
            builder.build({}, to="jane@example.com")
