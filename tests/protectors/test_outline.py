"""What an encrypted PDF shows without its password tells no more of a customer than its size in steps of 4 kB.

Somebody who has the template, the fonts and a list of candidates makes the document of each, and compares what is
in clear: numbers, names, lengths, order, places. Ways to protect that are known to be bad show that this sees it.
"""

from __future__ import annotations

import base64
import functools
import io
import itertools
import random
import re
import secrets
import zlib
from collections.abc import Callable, Iterator
from typing import Any, cast

import pikepdf
import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from ondemand_attach import Document, PdfEncryptor, PdfSigner, VisibleSignature, Xhtml2PdfGenerator
from ondemand_attach.protectors import _long_term, _object_streams, _stream_padding
from ondemand_attach.protectors._fast import _mac, _verbatim
from ondemand_attach.protectors._proof import OpenedReader
from ondemand_attach.protectors._pyhanko import EncryptedPdf
from ondemand_attach.testing import attachment_request
from protectors.samples import certify, ec_key, rsa_key
from scale import SCALE

STEP = 4096

# --- candidates

GIVEN = [
    "Anna",
    "Ben",
    "Иван",
    "Жанна",
    "Šárka",
    "Zdeněk",
    "Λυδία",
    "Ümit",
    "Łucja",
    "Françoise",
    "Øyvind",
    "Αλέξανδρος",
]
FAMILY = [
    "Li",
    "Novák",
    "Щукин",
    "Růžička",
    "O’Brien-Fitzgerald",
    "Παπαδόπουλος",
    "Đorđević",
    "Smith",
    "Цой",
    "Şahin",
]
NAMES = [f"{given} {family}" for given in GIVEN for family in FAMILY]
CITIES = ["110 00 Praha", "73000 Saint-Jean-de-Maurienne", "6 Å", "125009 Москва"]
ADDRESSES = [f"{name}, {number} {city}" for name in NAMES for number in (1, 1234) for city in CITIES]
MAILS = [
    f"{given}.{family}@{host}"
    for given in ("anna", "bob", "maximiliane", "io")
    for family in ("novak", "mueller-luedenscheidt", "li", "kim")
    for host in ("gmail.com", "post.example", "a.example", "wien.gv.example")
]

# --- documents


@functools.cache
def generator(source: str) -> Xhtml2PdfGenerator:
    return Xhtml2PdfGenerator(source=source)


def html(source: str) -> Callable[[str], bytes]:
    return lambda value: generator(source).generate(attachment_request({"value": value})).content


def code(value: str) -> Image.Image:
    """Return a picture like a QR code: its dots depend on the value, and their number on its length."""
    side = 21 + 4 * (len(value) // 8)
    dots = random.Random(value)
    return Image.frombytes("L", (side, side), bytes(dots.choices((0, 255), k=side * side)))


def with_code(value: str) -> bytes:
    picture = io.BytesIO()
    code(value).save(picture, "PNG")
    source = "<p>Your ticket</p><img src='data:image/png;base64,{{ value }}'/>"
    return html(source)(base64.b64encode(picture.getvalue()).decode())


def by_hand(value: str) -> bytes:
    """Title, bookmarks, notes, links, a form drawn twice and a JPEG, each with the value in it."""
    output, picture = io.BytesIO(), io.BytesIO()
    code(value).save(picture, "JPEG")
    canvas = Canvas(output)
    canvas.setTitle(value)
    canvas.beginForm("stamp", 0, 0, 10 * len(value), 20)
    canvas.drawString(0, 0, value)
    canvas.endForm()
    for page in range(2):
        canvas.bookmarkPage(f"p{page}")
        canvas.addOutlineEntry(value, f"p{page}")
        canvas.linkURL(f"https://shop.example/{value}", (10, 10, 10 + 5 * len(value), 50))
        canvas.textAnnotation(value, (10, 20, 10 + 3 * len(value), 40))
        canvas.drawImage(ImageReader(picture), 100, 100)
        canvas.doForm("stamp")
        canvas.showPage()
    canvas.save()
    return output.getvalue()


def with_masks(value: str) -> bytes:
    """Two pictures with soft masks, the first or the second of them the larger."""
    output, dots = io.BytesIO(), random.Random(value)
    canvas = Canvas(output)
    for side in dots.sample((30, 45), 2):
        picture = io.BytesIO()
        Image.frombytes("RGBA", (side, side), dots.randbytes(4 * side * side)).save(picture, "PNG")
        canvas.drawImage(ImageReader(picture), 100, 100, mask="auto")
    canvas.save()
    return output.getvalue()


def with_destinations(value: str) -> bytes:
    """Places to go to by name, as many as the value has letters."""
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(html("<p>{{ value }}</p>")(value))) as pdf:
        names = [pdf.make_indirect(pikepdf.Array([pdf.pages[0].obj, pikepdf.Name.Fit])) for _ in value]
        pdf.Root.Dests = pikepdf.Dictionary({f"/n{place}": one for place, one in enumerate(names)})
        pdf.save(output)
    return output.getvalue()


ROWS = "".join(
    f"<tr><td>{number}</td><td>Item {number}</td><td>{7 * number}.00</td></tr>" for number in range(70)
)
KINDS: dict[str, tuple[Callable[[str], bytes], list[str]]] = {
    "a name": (html("<h1>Order</h1><p>{{ value }}</p>"), NAMES),
    "a name in three faces": (html("<p>{{ value }}</p><p><b>{{ value }}</b> <i>{{ value }}</i></p>"), NAMES),
    "an address": (html("<table><tr><td>To</td><td>{{ value }}</td></tr></table>"), ADDRESSES),
    "a link": (html("<p>Thank you.</p><p><a href='mailto:{{ value }}'>{{ value }}</a></p>"), MAILS),
    "two pages": (html(f"<h1>Statement</h1><p>{{{{ value }}}}</p><table>{ROWS}</table>"), NAMES),
    "a code": (with_code, MAILS),
    "whatever holds text": (by_hand, NAMES),
    "pictures with masks": (with_masks, NAMES),
    "destinations": (with_destinations, NAMES),
}

# --- what is in clear

SECRET = re.compile(rb"<[0-9A-Fa-f]{16,}>")  # hashes, keys, signatures: random, but for how long they are
OBJECT = re.compile(rb"[0-9]+ 0 obj\b")
STREAM = re.compile(rb">>\s*stream\r?\n")
LENGTH = re.compile(rb"/Length ([0-9]+)")


def outline(content: bytes) -> bytes:
    """Return all of a file, with lengths in the place of what is encrypted or random."""
    return SECRET.sub(lambda found: b"<%d>" % len(found[0]), b"".join(_in_clear(content)))


def _in_clear(content: bytes) -> Iterator[bytes]:
    place = 0
    while (found := OBJECT.search(content, place)) is not None:
        end, stream = content.index(b"endobj", found.end()), STREAM.search(content, found.end())
        head = content[place : min(end, stream.end()) if stream else end]
        yield head
        place += len(head)
        if stream is not None and place == stream.end():
            length = int(LENGTH.findall(head)[-1])
            data = content[place : place + length]
            yield zlib.decompress(data) if b"/XRef" in head else b"(%d)" % length
            place += length
    yield content[place:]


# --- the comparison

KEY = rsa_key()
SIGNER = PdfSigner(key=KEY, certificate=certify(KEY))
SHOWN = PdfSigner(key=KEY, certificate=certify(KEY), appearance=VisibleSignature(box=(20, 20, 220, 80)))
JANE = certify(ec_key(), "Jane")
REQUEST = attachment_request({})


def by_password(content: bytes) -> Document:
    document = Document(content=content, media_type="application/pdf")
    return PdfEncryptor(password=lambda _: secrets.token_urlsafe(16), password_bits=128).encrypt(
        document, REQUEST
    )


def to_a_certificate(content: bytes) -> Document:
    document = Document(content=content, media_type="application/pdf")
    return PdfEncryptor(certificates=lambda _: [JANE]).encrypt(document, REQUEST)


def with_a_later_revision(content: bytes) -> Document:
    """Change the first page again, as a document time stamp does."""
    writer = cast("EncryptedPdf", by_password(content)).writer()
    reader = OpenedReader(io.BytesIO(_mac.write(writer)), writer.security_handler)
    update, output = _long_term._EncryptedUpdate.from_reader(reader), io.BytesIO()
    update.mark_update(update.find_page_for_modification(0)[0])
    update.write(output)
    return Document(content=output.getvalue(), media_type="application/pdf")


PROTECTIONS: dict[str, Callable[[bytes], Document]] = {
    "by password": by_password,
    "to a certificate": to_a_certificate,
    "signed": lambda content: SIGNER.sign(by_password(content), REQUEST),
    "signed visibly": lambda content: SHOWN.sign(by_password(content), REQUEST),
    "with a later revision": with_a_later_revision,
}


@functools.cache
def documents(kind: str) -> list[bytes]:
    make, candidates = KINDS[kind]
    return list(map(make, random.Random(4711).sample(candidates, min(len(candidates), 20 * SCALE))))


def told_apart(kind: str, protection: str = "by password") -> tuple[int, int]:
    """Return how many outlines the documents have, and how many sizes."""
    protected = [PROTECTIONS[protection](content).content for content in documents(kind)]
    return len(set(map(outline, protected))), len({-(-len(content) // STEP) for content in protected})


@pytest.mark.parametrize("protection", PROTECTIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_an_outline_tells_no_more_than_the_size(kind: str, protection: str) -> None:
    outlines, sizes = told_apart(kind, protection)
    assert outlines == sizes <= len(documents(kind)) / 4


def test_the_same_document_has_the_same_outline() -> None:
    (content, *_) = documents("whatever holds text")
    assert len({outline(by_password(content).content) for _ in range(5)}) == 1


# --- known-bad ways


def widths(patch: pytest.MonkeyPatch) -> None:
    original = _object_streams.ObjectStreamWriter._divided

    def divided(writer: Any) -> Any:
        shown, hidden = original(writer)
        fonts = [number for number, one in hidden.items() if b"/Widths" in getattr(one, "text", b"")]
        shown |= {number: hidden.pop(number) for number in fonts}
        return shown, hidden

    patch.setattr(_object_streams.ObjectStreamWriter, "_divided", divided)


def lengths(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(_stream_padding, "_padded", bytes)


def smaller_steps(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(_stream_padding, "_STEP", 64)


def values_of_streams(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(_object_streams, "_WORD", re.compile(rb".*", re.DOTALL))


def numbers_of_streams(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(_verbatim, "_ordered", lambda objects, _: list(objects))


def numbers_of_pages(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(_verbatim, "_PAGE", re.compile(rb"(?!)"))


def how_many_objects(patch: pytest.MonkeyPatch) -> None:
    original = _object_streams.ObjectStreamWriter._divided

    def divided(writer: Any) -> Any:
        shown, hidden = original(writer)
        extra = itertools.count(writer._next_number())
        texts = [one.text for one in hidden.values() if isinstance(one, _object_streams.VerbatimObject)]
        hidden |= {next(extra): _object_streams.NOTHING for _ in range(sum(map(len, texts)) % 50)}
        writer._lastobj_id = next(extra)
        return shown, hidden

    patch.setattr(_object_streams.ObjectStreamWriter, "_divided", divided)


@pytest.mark.parametrize(
    ("mistake", "kind", "protection"),
    [
        (widths, "a name", "by password"),
        (lengths, "a name", "by password"),
        (lengths, "a link", "by password"),
        (smaller_steps, "an address", "by password"),
        (values_of_streams, "a name", "by password"),
        (values_of_streams, "a code", "by password"),
        (values_of_streams, "whatever holds text", "by password"),
        (numbers_of_streams, "whatever holds text", "by password"),
        (how_many_objects, "a link", "by password"),
        (numbers_of_pages, "destinations", "with a later revision"),
    ],
)
def test_what_tells_more_is_seen(
    mistake: Callable[[pytest.MonkeyPatch], None], kind: str, protection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mistake(monkeypatch)
    outlines, sizes = told_apart(kind, protection)
    assert outlines > max(sizes, 2)
