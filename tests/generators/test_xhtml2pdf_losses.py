"""Nothing is lost silently: what our generator lets through is read again by PDFium, which knows nothing of it."""

from __future__ import annotations

import base64
import io
import json
import pathlib
import random
import unicodedata
from collections import Counter
from collections.abc import Iterator
from html import escape

import pypdfium2
import pypdfium2.raw
import pytest
from PIL import Image

from ondemand_attach import Xhtml2PdfGenerator
from ondemand_attach.errors import GenerationError, ResourceBlockedError
from ondemand_attach.testing import attachment_request

# ruff: noqa: ISC004, SIM905 - one document a line

NAMES = (
    "Jiří Dvořák|Příliš žluťoučký kůň|Łukasz Żółć|Þórður Ægisson|Ħal Għaxaq|Ŵyn Ŷ|Gökçe Şahin İğdır|Õie Ülle|Ģirts Ķēniņš|"
    "Ștefan Țurcanu|Zoë Brontë|François Œuvre|Straße ß ẞ|Žydrūnė|Οδυσσέας Ελύτης|Ωραία ᾳ|Юлия Ёлкина|Їжак Ґудзик|Ђорђе Љубица|"
    "Արամ|თამარ|שלום עולם|مرحبا بالعالم|日本太郎|王小明|홍길동|สมชาย|नमस्ते|தமிழ்|ភាសា|བོད|አማርኛ|😀🎉|€ £ ¥ ₽ ₴|½ × ² ™ © №|ⅷ ﬁ ｱ|"
    "a\u0308o\u0308|ᚠᚢᚦ|𝒜𝔅|\u2028x|x\u200by|a\u0007b|\u202eabc"
).split("|")

PICTURE = io.BytesIO()
Image.new("RGB", (60, 40), "teal").save(PICTURE, "PNG")
PICTURE_ADDRESS = "data:image/png;base64," + base64.b64encode(PICTURE.getvalue()).decode()


def shape(kind: int, name: str, chance: random.Random) -> str:
    number = chance.choice([1, 8, 40, 120, 400])
    place = chance.choice([-60, 10, 200, 560, 900])
    return [
        f"<p>{name}</p>",
        f"<table><tr><th>{name}</th></tr><tr><td>{name} <b>{name}</b> <i>{name}</i></td></tr></table>",
        f"<p style='font-family: serif'>{name} <b>{name}</b></p><p style='font-family: monospace'>{name}</p>",
        f"<p>{'W' * number} {name}</p>",
        f"<table><tr><td>{f'<p>{name}</p>' * number}</td><td>x</td></tr></table>",
        f"<div style='position: absolute; left: {place}pt; top: {abs(place)}pt; width: 90pt'>{name}</div><p>x</p>",
        f"<p style='margin-left: {place}pt'>{name}</p>",
        f"<p style='font-size: {chance.choice([2, 4, 5, 6, 9])}pt'>{name}<sup>2</sup></p>",
        f"<p style='white-space: nowrap'>{f'{name} ' * number}</p>",
        f"<p><img src='{PICTURE_ADDRESS}' width='{number * 4}'> {name}</p>",
        f"<p><img src='{chance.choice(['lost.png', '/etc/x.png', 'data:image/png;base64,AAAA', PICTURE_ADDRESS[:-60]])}'>{name}</p>",
        f"<p><img src='{PICTURE_ADDRESS}' style='width: {chance.choice(['100%', '50%', '80px'])}'> {name}</p>",
        f"<style>@page {{ @frame f {{ -pdf-frame-content: f; left: 2cm; width: 9cm; top: {place}pt; height: 30pt }}"
        f" @frame b {{ left: 2cm; width: 15cm; top: 300pt; height: 300pt }} }}</style><div id=f><p>{name}</p>"
        f"{'<p>line</p>' * (number // 8)}</div><p>{name}</p>",
        f"<ul><li>{name}</li></ul><ol><li>{name}</li></ol>",
    ][kind]


def documents() -> Iterator[str]:
    chance = random.Random(20261123)
    for number in range(420):
        yield shape(number % 14, NAMES[(number // 14 * 5 + number) % len(NAMES)], chance)


def expected_text(html: str) -> Counter[str]:
    from lxml import html as reader

    tree = reader.fromstring(f"<div>{html}</div>")
    for sheet in tree.iter("style"):
        sheet.text = ""
    return letters(tree.text_content())


def letters(text: str) -> Counter[str]:
    plain = unicodedata.normalize("NFKC", text)  # Arabic is written with presentation forms
    return Counter(letter for letter in plain if unicodedata.category(letter)[0] not in "ZC")


def seen_losses(content: bytes, html: str) -> set[str]:
    found = set()
    text, pictures = Counter[str](), 0
    for page in pypdfium2.PdfDocument(content):
        width, height = page.get_size()
        pictures += sum(
            1
            for item in page.get_objects([pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])
            if _is_visible(item, width, height)
        )
        reader = page.get_textpage()
        raw = reader.get_text_range()
        text += letters(raw)
        if set(raw) & set("■\0\ufffd\ufffe"):
            found.add("box in place of a letter")
        for index in range(reader.count_chars()):
            if unicodedata.category(chr(pypdfium2.raw.FPDFText_GetUnicode(reader.raw, index)))[0] in "ZCM":
                continue
            left, bottom, right, top = reader.get_charbox(index, loose=True)
            if left < -1.5 or bottom < -1.5 or right > width + 1.5 or top > height + 1.5:
                found.add("text off the page")
            if top - bottom < 4.9:
                found.add("text too small")
    if expected_text(html) - text:
        found.add("missing text")
    if pictures < html.count("<img"):
        found.add("missing image")
    return found


def _is_visible(item: pypdfium2.PdfObject, width: float, height: float) -> bool:
    left, bottom, right, top = item.get_bounds()
    return (
        right - left > 0.1
        and top - bottom > 0.1
        and left > -1.5
        and bottom > -1.5
        and right < width + 1.5
        and top < height + 1.5
    )


def test_what_is_accepted_has_lost_nothing() -> None:
    generator = Xhtml2PdfGenerator(source="{{ html | safe }}")
    accepted = refused = 0
    for html in documents():
        try:
            content = generator.generate(attachment_request({"html": html})).content
        except GenerationError:
            refused += 1
            continue
        assert not seen_losses(content, html), html
        accepted += 1
    assert accepted > 120
    assert refused > 120


def test_the_reader_sees_losses_where_nothing_prevents_them(capsys: pytest.CaptureFixture[str]) -> None:
    from xhtml2pdf import pisa
    from xhtml2pdf.config.resources import ResourceAccessPolicy

    found = Counter[str]()
    for html in list(documents())[::3]:
        out = io.BytesIO()
        status = pisa.CreatePDF(html, out, resource_policy=ResourceAccessPolicy.server(allow_remote=False))
        if not status.err:
            found.update(seen_losses(out.getvalue(), html))
    assert found.keys() == {
        "box in place of a letter",
        "missing image",
        "missing text",
        "text off the page",
        "text too small",
    }


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<p>日本</p>", "2 characters (CJK)"),
        ("<p>नमस्ते</p>", "(Devanagari)"),
        ("<p style='font-size: 4pt'>x</p>", "smaller than 5 pt"),
        ("<p>" + "W" * 300 + "</p>", "text lies outside"),
        (f"<p style='margin-left: 540pt'><img src='{PICTURE_ADDRESS}'></p>", "an image lies outside"),
        (f"<img src='{PICTURE_ADDRESS}' style='width: 100%'>", "no size"),
        ("<img>", "an image has no address"),
        ("<p>مُحَمَّد</p>", "vowel marks"),
        ("<div style='position: absolute; top: 900pt'>x</div>", "1 characters were not drawn on any page"),
        ("<svg></svg>", "inline SVG"),
        ("<input value=x>", "form fields"),
        ("<p>\ud800</p>", "surrogate"),
        ("<table><tr><td style='height: 2000pt'>x</td></tr></table>", "larger than its page"),
    ],
)
def test_a_loss_is_named(html: str, words: str) -> None:
    with pytest.raises(GenerationError) as caught:
        Xhtml2PdfGenerator(source="{{ html | safe }}").generate(attachment_request({"html": html}))
    assert words in str(caught.value)


def test_a_lenient_generator_warns_of_losses_once_and_still_refuses_resources(
    caplog: pytest.LogCaptureFixture,
) -> None:
    generator = Xhtml2PdfGenerator(source="<p>{{ name }}</p><img src='{{ picture }}'>", strict=False)
    for _ in range(2):
        generator.generate(attachment_request({"name": "日本", "picture": PICTURE_ADDRESS}))
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "2 characters (CJK)" in caplog.text
    assert "日" not in caplog.text
    with pytest.raises(ResourceBlockedError):
        generator.generate(attachment_request({"name": "x", "picture": "http://example.com/x.png"}))


def test_naughty_strings_are_drawn_or_refused() -> None:
    strings = json.loads(
        (pathlib.Path(__file__).parents[1] / "data" / "blns.json").read_text(encoding="utf-8")
    )
    generator = Xhtml2PdfGenerator(source="<p>{{ text }}</p><table><tr><td>{{ text }}</td></tr></table>")
    accepted = 0
    for text in strings:
        try:
            content = generator.generate(attachment_request({"text": text})).content
        except GenerationError:
            continue
        accepted += 1
        html = f"<p>{escape(text)}</p><p>{escape(text)}</p>"
        assert not seen_losses(content, html), text
    assert accepted > 300


@pytest.mark.parametrize(
    ("kind", "value"), [("code128", "GG-7"), ("code39", "GG-7"), ("qr", "GG-7"), ("ean13", "400638133393")]
)
def test_a_barcode_is_drawn(kind: str, value: str) -> None:
    generator = Xhtml2PdfGenerator(source="<pdf:barcode value='{{ value }}' type='{{ kind }}'>")
    [page] = pypdfium2.PdfDocument(
        generator.generate(attachment_request({"kind": kind, "value": value})).content
    )
    assert page.render(scale=1).to_pil().convert("L").getextrema()[0] < 90


def test_a_barcode_that_cannot_be_drawn_is_an_error() -> None:
    generator = Xhtml2PdfGenerator(source="<pdf:barcode value='{{ name }}' type='code128'>")
    with pytest.raises(GenerationError, match="barcode"):
        generator.generate(attachment_request({"name": "Łukasz Żółć"}))
