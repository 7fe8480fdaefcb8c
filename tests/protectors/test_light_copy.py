"""The light copy against pyHanko's own: every object the same, or left to pyHanko."""

from __future__ import annotations

import functools
import pathlib
import random
import re
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from PIL import Image
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.crypt.api import PdfMacStatus
from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PdfFileWriter, copy_into_new_writer
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from ondemand_attach import Document, PdfEncryptor, Xhtml2PdfGenerator
from ondemand_attach.protectors._fast._source import light_copy
from ondemand_attach.protectors._object_streams import plain_stream
from ondemand_attach.protectors._rewriting import rewritten
from ondemand_attach.testing import attachment_request
from protectors.samples import SECRET

# --- documents


@functools.cache
def rich() -> bytes:
    """Outlines, links, notes, images with masks, and strings of every kind."""
    output, pixels = BytesIO(), BytesIO()
    Image.new("RGBA", (8, 8), (1, 2, 3, 100)).save(pixels, "PNG")
    canvas = Canvas(output, invariant=True, lang="cs")
    canvas.setTitle("Žluťoučký (kůň) \\ 100 %")
    canvas.setAuthor("a(b)c")
    for page in range(3):
        canvas.drawString(72, 700, f"page {page}")
        canvas.bookmarkPage(f"p{page}")
        canvas.addOutlineEntry(f"Kapitola č. {page} (x)", f"p{page}")
        canvas.linkURL("https://shop.example/(a)?b=1#/Length", (10, 10, 50, 50))
        canvas.linkAbsolute("see 5 0 R", "p0", (60, 60, 90, 90))
        canvas.textAnnotation("note (with) parentheses, é", (10, 20, 30, 40))
        canvas.drawImage(ImageReader(pixels), 100, 100, mask="auto")
        canvas.showPage()
    canvas.save()
    return output.getvalue()


def saved(content: bytes, change: Callable[[pikepdf.Pdf], object] = id, **options: Any) -> bytes:
    output = BytesIO()
    with pikepdf.open(BytesIO(content)) as pdf:
        change(pdf)
        pdf.save(output, static_id=True, **options)
    return output.getvalue()


def with_attachment(pdf: pikepdf.Pdf) -> None:
    pdf.attachments["order.xml"] = b"<order>7</order>" * 50
    with pdf.open_metadata() as metadata:
        metadata["dc:title"] = "Objednávka"
    deep = pikepdf.Array([1, pikepdf.Dictionary(B=pikepdf.Array([pikepdf.Dictionary(C=pikepdf.Array([]))]))])
    pdf.Root.PieceInfo = pikepdf.Dictionary(
        A=deep, B=pikepdf.String("ž(()\\"), C=pikepdf.String("\x00\x9f\r\n")
    )


def plain(**options: Any) -> bytes:
    return saved(rich(), with_attachment, object_stream_mode=pikepdf.ObjectStreamMode.disable, **options)


def generated(name: str) -> bytes:
    source = (pathlib.Path(__file__).parents[1] / "data" / "templates" / name).read_text()
    source = re.sub(r"<img[^>]*>|url\([^)]*\)|<link[^>]*>|@import[^;]*;", "", source)
    return Xhtml2PdfGenerator(source=source).generate(attachment_request()).content


AS_THEY_ARE: dict[str, Any] = {
    "object_stream_mode": pikepdf.ObjectStreamMode.disable,
    "compress_streams": False,
    "stream_decode_level": pikepdf.StreamDecodeLevel.none,
}
GENERALIZED = pikepdf.StreamDecodeLevel.generalized
COPIED_LIGHTLY: dict[str, Callable[[], bytes]] = {
    "a form": lambda: saved(
        rich(), lambda pdf: pdf.Root.__setitem__("/AcroForm", pikepdf.Dictionary(Fields=[]))
    ),
    "ReportLab": rich,
    "a template": lambda: generated("simple-invoice.html"),
    "pikepdf": lambda: saved(rich(), object_stream_mode=pikepdf.ObjectStreamMode.disable),
    "attachment and XMP": plain,
    "lengths elsewhere": lambda: plain(qdf=True),
    "filters elsewhere": lambda: with_references(b"/Filter"),
    "parameters elsewhere": lambda: with_references(b"/DecodeParms"),
    "filters and parameters elsewhere": lambda: with_references(b"/Filter", b"/DecodeParms"),
    "uncompressed": lambda: plain(compress_streams=False, stream_decode_level=GENERALIZED),
    "PDF 2.0": lambda: plain(force_version="2.0"),
    "CR LF": lambda: with_crlf(rich()),
    "no information": lambda: saved(
        rich(),
        lambda pdf: pdf.trailer.__delitem__("/Info"),
        object_stream_mode=pikepdf.ObjectStreamMode.disable,
    ),
}
LEFT_TO_PYHANKO: dict[str, Callable[[], bytes]] = {
    "object streams": lambda: saved(rich(), object_stream_mode=pikepdf.ObjectStreamMode.generate),
    "linearized": lambda: saved(rich(), linearize=True),
    "an update": lambda: rich() + rich()[rich().rindex(b"xref\n0 ") :],
    "an object nobody refers to": lambda: rich().replace(b"/Outlines 19 0 R", b"/Outlines null  "),
    "an object that is not there": lambda: rich().replace(b"/Outlines 19 0 R", b"/Outlines 99 0 R"),
    "the information used twice": lambda: rich().replace(b"/Outlines 19 0 R", b"/Outlines 18 0 R"),
    "a key that recurs": lambda: rich().replace(b"/Rotate 0", b"/Type /Q "),
    "a key that recurs in the trailer": lambda: rich().replace(b"/Size 27", b"/Size 27 /Size 27"),
    "a comment in an object": lambda: rich().replace(b"/Rotate 0", b"/Rotate%\n"),
    "a name with an escape": lambda: rich().replace(b"/Length 1", b"/#4cen 1", 1),
    "a line end in a string": lambda: rich().replace(b"(note", b"(\rot"),
}


def with_references(*names: bytes) -> bytes:
    """Return a file with a stream whose filter and its parameters are told by objects of their own."""
    values = {
        b"/Filter": pikepdf.Array([pikepdf.Name.FlateDecode]),
        b"/DecodeParms": pikepdf.Array([pikepdf.Dictionary(Predictor=1)]),
    }

    def change(pdf: pikepdf.Pdf) -> None:
        stream = pdf.make_stream(b"")
        stream.write(zlib.compress(b"order " * 20), filter=values[b"/Filter"])
        for name, value in values.items():
            stream[name.decode()] = pdf.make_indirect(value) if name in names else value
        pdf.Root.Extra = stream

    content = saved(rich(), change, **AS_THEY_ARE)
    assert all(re.search(name + rb" [0-9]+ 0 R", content) for name in names)
    return content


def with_crlf(content: bytes) -> bytes:
    head, table = content.split(b"xref\n0 ", 1)
    entries, trailer = table.split(b"trailer", 1)
    return (
        head
        + b"xref\r\n0 "
        + entries.replace(b"\n", b"\r\n", 1).replace(b" \n", b"\r\n")
        + b"trailer"
        + trailer
    )


# --- the comparison


def written(writer: PdfFileWriter) -> list[object]:
    output = BytesIO()
    writer.write(output)
    return graph(PdfFileReader(BytesIO(output.getvalue())))


def graph(reader: PdfFileReader) -> list[object]:
    """Return every object that can be reached, numbered in the order of the names that lead to it."""
    numbers: dict[generic.Reference, int] = {}
    found: list[object] = []

    def visit(one: Any) -> object:
        if not isinstance(one, generic.IndirectObject):
            return form(one, visit)
        if one.reference not in numbers:
            numbers[one.reference] = len(found)
            found.append(None)
            found[numbers[one.reference]] = visit(one.get_object())
        return "reference", numbers[one.reference]

    trailer = reader.trailer_view
    found.append([visit(trailer.raw_get(key)) for key in ("/Root", "/Info") if key in trailer])
    return found


VARYING = ("/Length",)
OF_FILTERS = ("/Filter", "/DecodeParms")


def form(one: Any, visit: Callable[[Any], object]) -> object:
    if isinstance(one, generic.StreamObject):
        entries = [(key, visit(one[key])) for key in sorted(one) if key not in (*VARYING, *OF_FILTERS)]
        return entries, *without_first_deflation(one)
    if isinstance(one, generic.DictionaryObject):
        # Values of the catalog, and of streams, are put into objects by themselves.
        is_catalog = one.get("/Type") == "/Catalog"
        values = {key: one.raw_get(key) for key in sorted(one) if key not in VARYING}
        return [(key, visit(one.get_object() if is_catalog else one)) for key, one in values.items()]
    if isinstance(one, generic.ArrayObject):
        return [visit(one.raw_get(place)) for place in range(len(one))]
    if isinstance(one, generic.NullObject):
        return None
    if isinstance(one, generic.NumberObject | generic.FloatObject):
        return float(one)
    return next(base for base in type(one).__mro__ if base.__module__ == generic.__name__), str(one)


def direct(one: Any) -> object:
    return form(one.get_object() if isinstance(one, generic.IndirectObject) else one, direct)


def without_first_deflation(stream: Any) -> tuple[object, bytes]:
    """Return filters and data of *stream*, whether or not it was deflated so that it can be padded."""
    filters = [(name, direct(parameters)) for name, parameters in stream._filters()]
    if not filters or filters[0][0] != "/FlateDecode":
        return filters, stream.encoded_data
    return filters[filters[0][1] is None :], zlib.decompress(stream.encoded_data)


def by_pyhanko(content: bytes) -> PdfFileWriter:
    writer = copy_into_new_writer(PdfFileReader(BytesIO(content)))
    writer._update_meta = lambda: None  # it would say that pyHanko wrote the file, and when
    return writer


def lightly(content: bytes) -> PdfFileWriter:
    writer = light_copy(content)
    assert writer is not None
    return writer


@pytest.mark.parametrize("kind", COPIED_LIGHTLY)
def test_every_object_is_as_in_the_copy_of_pyhanko(kind: str) -> None:
    content = COPIED_LIGHTLY[kind]()
    assert written(lightly(content)) == written(by_pyhanko(content))


@pytest.mark.parametrize("kind", LEFT_TO_PYHANKO)
def test_what_is_not_plain_is_left_to_pyhanko(kind: str) -> None:
    assert light_copy(LEFT_TO_PYHANKO[kind]()) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"note ", b"nota "),
        (b"\\351", b"\\352"),
        (b"/Rotate 0", b"/Rotate 9"),
        (b"/Fit ]", b"/Fat ]"),
        (b"~>", b"z>"),
    ],
)
def test_the_comparison_sees_any_difference(old: bytes, new: bytes) -> None:
    content = rich()
    changed = content.replace(old, new)
    assert changed != content
    assert written(lightly(changed)) != written(by_pyhanko(content))


# --- damage

PIECES = (
    *(
        b"<<",
        b">>",
        b"[",
        b"]",
        b"(",
        b")",
        b"<",
        b">",
        b"/",
        b"%",
        b"\\",
        b" ",
        b"\r",
        b"\n",
        b"0",
        b"9",
        b".",
    ),
    *(
        b"-",
        b"R",
        b"null",
        b"true",
        b"/Type",
        b"5 0 R",
        b"99 0 R",
        b"obj",
        b"endobj",
        b"stream",
        b"#",
        b"\x00",
    ),
    *(b"(a)", b"<a>", b"/Length 3", b"{", b"\xff"),
)


def damaged(content: bytes, seed: int, count: int) -> Iterator[bytes]:
    """Yield *content* with one to three changes outside of its streams, which keep every offset."""
    chance = random.Random(seed)
    between = re.split(rb"(stream\n.*?endstream)", content, flags=re.DOTALL)
    places, start = [], 0
    for number, part in enumerate(between):
        places += range(start, start + len(part)) if number % 2 == 0 else ()
        start += len(part)
    for _ in range(count):
        changed = bytearray(content)
        for _ in range(chance.choice((1, 1, 2, 3))):
            place, piece = chance.choice(places), chance.choice((*PIECES, bytes([chance.randrange(256)])))
            changed[place : place + len(piece)] = piece
        yield bytes(changed)


def outcome(make: Callable[[bytes], PdfFileWriter], content: bytes) -> object:
    try:
        return written(make(content))
    except Exception as error:  # noqa: BLE001 - any error, if it is the same for both
        return type(error).__name__


@pytest.mark.parametrize("source", [rich, plain], ids=["ReportLab", "pikepdf"])
def test_damage_has_the_same_effect_as_with_pyhanko(source: Callable[[], bytes]) -> None:
    lightly_copied = 0
    for content in damaged(source(), seed=7, count=300):
        try:
            is_plain = light_copy(content) is not None
        except Exception:  # noqa: BLE001
            is_plain = True
        if is_plain:
            assert outcome(lightly, content) == outcome(by_pyhanko, content)
            lightly_copied += 1
    assert lightly_copied > 20


# --- encrypted


@pytest.mark.parametrize("kind", [*COPIED_LIGHTLY, *LEFT_TO_PYHANKO])
def test_every_object_is_there_after_decryption(kind: str) -> None:
    content = (COPIED_LIGHTLY | LEFT_TO_PYHANKO)[kind]()
    request = attachment_request({"secret": SECRET}, filename="order.pdf")
    encryptor = PdfEncryptor(password="{{ secret }}")
    document = Document(content=content, media_type="application/pdf")
    try:
        writer, output = by_pyhanko(content), BytesIO()
    except PdfReadError:  # damaged on purpose, and written anew
        writer, output = by_pyhanko(rewritten(content, "it is damaged")), BytesIO()
    writer.encrypt(owner_pass="owner", user_pass=SECRET)
    writer.write(output)
    assert opened(encryptor.encrypt(document, request).content) == opened(output.getvalue())


def opened(content: bytes) -> list[object]:
    reader = PdfFileReader(BytesIO(content))
    assert reader.decrypt(SECRET).mac_status == PdfMacStatus.SUCCESSFUL
    return graph(reader)


@pytest.mark.parametrize("others", [[], ["/FlateDecode"], ["/ASCIIHexDecode"]])
def test_a_crypt_filter_that_does_nothing_is_left_out(others: list[str]) -> None:
    """It would say that the stream, which is encrypted now, is not."""
    data = {"/FlateDecode": zlib.compress(b"text"), "/ASCIIHexDecode": b"74657874>"}.get(
        *others or [""], b"text"
    )
    stream = generic.StreamObject(
        {"/Filter": generic.ArrayObject(map(generic.NameObject, ("/Crypt", *others)))}, encoded_data=data
    )
    plain = plain_stream(stream)
    assert plain.entries.get(b"/Filter", b"[]").decode() == f"[{' '.join(others)}]"
    assert b"Crypt" not in plain.source()
    assert bytes(plain.data) == data


def test_nothing_of_the_document_is_in_clear_but_names_and_numbers() -> None:
    request = attachment_request({"secret": SECRET}, filename="order.pdf")
    document = Document(content=plain(compress_streams=False), media_type="application/pdf")
    content = PdfEncryptor(password="{{ secret }}").encrypt(document, request).content
    for secret in (b"Kapitola", b"shop.example", b"note", b"order.xml", b"<order>", b"Objedn", b"D:2"):
        assert secret not in content
        assert secret.hex().encode() not in content.lower()
        assert secret.decode().encode("utf-16-be") not in content


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("/PageLayout", "/OneColumn"),
        ("/PageMode", "/UseOutlines"),
        ("/Type", "/Catalog"),
        ("/Version", "/2.0"),
    ],
)
def test_what_a_reader_looks_for_in_the_catalog_stays_there(name: str, value: str) -> None:
    content = saved(rich(), lambda pdf: pdf.Root.__setitem__(name, pikepdf.Name(value)), **AS_THEY_ARE)
    request = attachment_request({"secret": SECRET}, filename="order.pdf")
    document = Document(content=content, media_type="application/pdf")
    assert (
        f"{name} {value}\n".encode()
        in PdfEncryptor(password="{{ secret }}").encrypt(document, request).content
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("/PageLayout", "OneColumn"), ("/Lang", "cs-CZ"), ("/Other", pikepdf.Name("/OneColumn"))],
)
def test_what_depends_on_the_document_does_not(name: str, value: object) -> None:
    content = saved(rich(), lambda pdf: pdf.Root.__setitem__(name, value), **AS_THEY_ARE)
    request = attachment_request({"secret": SECRET}, filename="order.pdf")
    document = Document(content=content, media_type="application/pdf")
    sealed = PdfEncryptor(password="{{ secret }}").encrypt(document, request).content
    assert re.search(rb"%b [0-9]+ 0 R\n" % name.encode(), sealed)
