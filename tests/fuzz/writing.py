"""Targets that take texts of strangers: addresses, header fields, names of files, message ids; and what is drawn."""

from __future__ import annotations

import base64
import functools
import pathlib
import tempfile

from fuzz import seeds, structures
from fuzz.seeds import JANE, LETTER
from fuzz.target import CANARY, Target, Wrong
from ondemand_attach import Address, Xhtml2PdfGenerator
from ondemand_attach._filenames import sanitised
from ondemand_attach.errors import ConfigurationError, GenerationError, MessageError, TemplateError
from ondemand_attach.testing import attachment_request


def _text(content: bytes) -> str:
    """Return a text of any code points, lone surrogates too."""
    return (
        content.decode("utf-8", "surrogateescape")
        if content[:1] != b"\xff"
        else content[1:].decode("latin-1")
    )


def address(content: bytes) -> None:
    """Parse an address, and write a message to it."""
    text = _text(content)
    found = Address.parse(text)
    built = LETTER.build({}, to=found)
    if built.envelope.recipients[0].addr_spec != found.addr_spec:
        raise Wrong("wrong: another address than was given")


def header(content: bytes) -> None:
    """Write a message with a subject, a name and an identifier of the customer."""
    text = _text(content)
    builder = LETTER.subject("{{ text }}").to(Address(addr_spec=JANE, display_name=text))
    message = builder.build({"text": text})
    head = message.content.partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0].lower() for line in head.split(b"\r\n") if line[:1] not in b" \t"]
    if len(names) != len(set(names)) or b"bcc" in names or b"\r\n\r\n" in head:
        raise Wrong(f"wrong: fields that nobody asked for: {names}")


def filename(content: bytes) -> None:
    """Name a file after a value of the customer."""
    text = _text(content)
    name = sanitised(text)
    if not name or len(name.encode()) > 150 or set(name) & set('/\\<>:"|?*\0\r\n'):
        raise Wrong("wrong: a file name that not every system takes")
    builder = LETTER.attach(lambda _: seeds.plain(), filename="Order {{ text }}.pdf")
    builder.build({"text": text}, to=JANE)


def message_id(content: bytes) -> None:
    """Build a message with an id of the application."""
    letter = LETTER.attach(lambda _: seeds.plain(), filename="order.pdf")
    letter.build({}, to=JANE, message_id=_text(content))


# --- what is drawn


@functools.cache
def _folder() -> pathlib.Path:
    return pathlib.Path(tempfile.mkdtemp())


@functools.cache
def _picture() -> Xhtml2PdfGenerator:
    return Xhtml2PdfGenerator(source='<p>A</p><img src="{{ image }}" width="60">', time_limit=10.0)


def image(content: bytes) -> None:
    """Draw an image of the customer."""
    media_type = "image/svg+xml" if content.lstrip()[:1] == b"<" else "image/png"
    context = {"image": f"data:{media_type};base64,{base64.b64encode(content).decode()}"}
    _picture().generate(attachment_request(context))


def font(content: bytes) -> None:
    """Wire a font of the application, and draw with it."""
    file = _folder() / "font.ttf"
    file.write_bytes(content)
    generator = Xhtml2PdfGenerator(
        source="<p style='font-family: own'>Hamburg</p>", fonts={"own": {"normal": file}}, time_limit=10.0
    )
    generator.generate(attachment_request({}))


@functools.cache
def _page() -> Xhtml2PdfGenerator:
    source = (
        "<style>p { color: #333 }</style><p>{{ text }}</p><a href='{{ text }}'>x</a><img alt='{{ text }}'>"
    )
    return Xhtml2PdfGenerator(
        source=source.replace("<img alt='{{ text }}'>", ""), time_limit=10.0, strict=False
    )


def value(content: bytes) -> None:
    """Draw a value of the customer."""
    _page().generate(attachment_request({"text": _text(content)[:20_000]}))


@functools.cache
def _markup() -> Xhtml2PdfGenerator:
    return Xhtml2PdfGenerator(source="{{ markup|safe }}", time_limit=3.0, strict=False)


def markup(content: bytes) -> None:
    """Draw HTML that an editor of the application made."""
    _markup().generate(attachment_request({"markup": _text(content)[:20_000]}))


@functools.cache
def fonts() -> dict[str, bytes]:
    """A small TrueType font."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    import ondemand_attach.generators as room

    whole = pathlib.Path(room.__path__[0]) / "fonts" / "DejaVuSansMono.ttf"
    made = TTFont(whole)
    del made["FFTM"]  # which cannot be subset
    chooser = subset.Subsetter(subset.Options(notdef_outline=True, glyph_names=False, hinting=False))
    chooser.populate(text="Hamburg ")
    chooser.subset(made)
    file = _folder() / "small.ttf"
    made.save(file)
    return {"small": file.read_bytes()}


_ADDRESS_WORDS = (
    *(b"@", b"<", b">", b'"', b"\\", b",", b";", b"(", b"xn--", b"xn--a", b"\xe2\x80\xae", b"\xc2\xa0", b"."),
    *(
        "ⓧ".encode(),
        "ß".encode(),
        "ſ".encode(),
        "．".encode(),
        "。".encode(),
        "\u0378".encode(),
        b"\xed\xa0\x80",
        b"=?utf-8?q?=0D?=",
    ),
)
_TEXT_WORDS = (
    *(
        b"\r\nBcc: eve@x.example",
        b"\n",
        "\u2028".encode(),
        "\u0085".encode(),
        b"=?utf-8?q?=0D=0ABcc:_e=40x?=",
        b"\x7f",
    ),
    *(
        "\u202e".encode(),
        "\ufeff".encode(),
        "👩‍👩‍👧".encode(),
        b"/",
        b"\\",
        b"..",
        b"CON",
        b".",
        b" ",
        b"\0",
        "ﷺ".encode(),
        "e\u0301".encode(),
    ),
)
_HTML_WORDS = (
    *(
        b"<table>",
        b"<tr>",
        b"<td colspan=99999999>",
        b"<div style='width:1e9pt'>",
        b"<pre>",
        b"<li>",
        b"<ol start=1e9>",
    ),
    *(
        b"style='font-size:0'",
        b"style='float:left'",
        b"<img src=data:,>",
        b"<pdf:toc>",
        b"<style>@page{size:0 0}</style>",
    ),
    *(
        b"<h1>",
        b"-pdf-keep-with-next:true",
        b"<hr color=bad>",
        b"rowspan=0",
        b"<![CDATA[",
        b"<!--",
        b"&#x110000;",
        b"<svg>",
    ),
)

TARGETS = (
    Target(
        name="addresses",
        seeds=lambda: {
            "plain": b"jane@example.com",
            "named": '"Novotná, Jana" <jana@bücher.example>'.encode(),
            "of a host": b"root@localhost",
            "of others": "用户@例子.example".encode(),
        },
        known_bad=lambda: {
            "long": b"a" * 100_000 + b"@example.com",
            "long, not ASCII": "é".encode() * 50_000 + b"@example.com",
            "many labels": b"a@" + b"a." * 50_000 + b"com",
            "quotes": b'"' + b"\\" * 50_000 + b'" <a@example.com>',
            "a lone surrogate": b"\xed\xa0\x80@example.com",
            "a long A-label": b"a@xn--" + b"a" * 5000 + b".example",
        },
        read=address,
        runs=1200,
        words=_ADDRESS_WORDS,
        expected=(MessageError,),
    ),
    Target(
        name="header fields",
        seeds=lambda: {"name": "Jiří Dvořák-Novotný".encode(), "subject": b"Order GG-40001 of 2026-03-14"},
        known_bad=lambda: {
            "long": "é".encode() * 50_000,
            "one word": b"a" * 100_000,
            "a lone surrogate": b"\xed\xa0\x80",
        },
        read=header,
        runs=800,
        words=_TEXT_WORDS,
        expected=(MessageError, TemplateError),
    ),
    Target(
        name="names of files",
        seeds=lambda: {
            "number": b"INV/2026/0001",
            "name": "Jiří Dvořák.pdf".encode(),
            "path": b"C:\\x\\..\\y",
        },
        known_bad=lambda: {
            "long": "é".encode() * 50_000,
            "dots": b"." * 50_000,
            "a lone surrogate": b"\xed\xa0\x80",
        },
        read=filename,
        runs=500,
        words=_TEXT_WORDS,
        expected=(MessageError, TemplateError),
    ),
    Target(
        name="message ids",
        seeds=lambda: {"one": b"<20260314.4711@shop.example>"},
        known_bad=lambda: {
            "a lone surrogate": b"<\xed\xa0\x80@x>",
            "long": b"<" + b"a" * 100_000 + b"@x>",
            "two": b"<a@b> <c@d>",
            "a line end": b"<a@b>\n",
        },
        read=message_id,
        runs=400,
        words=(b"<", b">", b"@", b"\r\n", b"[", b"]", b"\xed\xa0\x80", "é".encode(), b"..", b'"'),
        expected=(MessageError,),
    ),
    Target(
        name="images",
        seeds=seeds.images,
        known_bad=lambda: {
            "an SVG that uses itself": b"<svg xmlns='http://www.w3.org/2000/svg'><g id='a'><use href='#a'/></g></svg>",
            "an SVG in an SVG": b"<svg xmlns='http://www.w3.org/2000/svg'>"
            + b"<g>" * 3000
            + b"</g>" * 3000
            + b"</svg>",
            "an SVG without a size": b"<svg xmlns='http://www.w3.org/2000/svg' width='0' height='0'/>",
            "an SVG of numbers": b"<svg xmlns='http://www.w3.org/2000/svg' width='1e999' height='nan'><path d='M1e999 0 L'/></svg>",
            "a PNG of many points": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xff\xff\0\0\xff\xff\x08\x06\0\0\0"
            + bytes(40),
            "nothing": b"",
        },
        read=image,
        runs=120,
        words=(
            b"<use href='#a'/>",
            b"1e999",
            b"IDAT",
            b"IEND",
            b"tRNS",
            b"iCCP",
            b"acTL",
            b"url(#g)",
            b"matrix(0 0 0 0 0 0)",
            b"%",
            b"-",
        ),
        structures=(structures.deflated,),
        expected=(GenerationError,),
        seconds=12.0,
    ),
    Target(
        name="fonts",
        seeds=fonts,
        read=font,
        runs=60,
        words=(b"glyf", b"loca", b"cmap", b"head", b"hmtx", b"OTTO", b"wOFF", b"true"),
        expected=(GenerationError, ConfigurationError),
        seconds=12.0,
    ),
    Target(
        name="values in documents",
        seeds=lambda: {"name": "Jiří Dvořák & Söhne <novak@x.example>".encode(), "canary": CANARY},
        known_bad=lambda: {"long words": b"a" * 20_000, "a lone surrogate": b"\xed\xa0\x80", "NUL": b"a\0b"},
        read=value,
        runs=60,
        words=(*_TEXT_WORDS, b"<b>", b"&#0;", b"http://", b"javascript:", b"data:"),
        expected=(GenerationError, TemplateError),
        seconds=12.0,
    ),
    Target(
        name="markup in documents",
        seeds=lambda: {
            "table": b"<style>td{padding:2pt}</style><table><tr><td>A "
            + CANARY
            + b"</td><td>B</td></tr></table><ol><li>C</li></ol>",
            "boxes": b"<div style='border:1px solid red;margin:3pt'><h1>"
            + CANARY
            + b"</h1><p style='text-align:center'>x<br>y</p></div>",
        },
        read=markup,
        runs=60,
        words=_HTML_WORDS,
        expected=(GenerationError, TemplateError),
        seconds=12.0,
    ),
)
