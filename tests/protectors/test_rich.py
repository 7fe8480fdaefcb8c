"""PDFs of other programs are protected, signed and proven, whatever is in them and whichever comes first."""

# mypy: disallow-untyped-calls=False
# pyHanko brings types for a part of itself only.

from __future__ import annotations

import io
import logging
import re
import sys
import zlib
from collections.abc import Iterator
from typing import Any

import pikepdf
import pypdfium2
import pytest
from pyhanko.pdf_utils import generic

from ondemand_attach import (
    Document,
    Mailer,
    MemoryTransport,
    MessageBuilder,
    PdfEncryptor,
    PdfSigner,
    Receipt,
    VisibleSignature,
)
from ondemand_attach.errors import EncryptionError, MailError, SigningError
from ondemand_attach.protectors import _rewriting
from ondemand_attach.protectors._form_fields import free_name
from ondemand_attach.testing import attachment_request
from protectors import rich_pdfs
from protectors.rich_pdfs import MENDED, SOUND
from protectors.samples import SECRET, certify, flaws, rsa_key

CERTIFICATE = certify(rsa_key())
SIGNER = PdfSigner(key=rsa_key(), certificate=CERTIFICATE)
STAMPED = PdfSigner(
    key=rsa_key(), certificate=CERTIFICATE, appearance=VisibleSignature(page=-1, box=(150, 20, 290, 60))
)
ENCRYPTOR = PdfEncryptor(password=lambda _: SECRET)
REQUEST = attachment_request({}, filename="terms.pdf")
ALL = SOUND | MENDED


def pdf(content: bytes) -> Document:
    return Document(content=content, media_type="application/pdf")


def protected(content: bytes, signer: PdfSigner = SIGNER) -> Document:
    """Return it encrypted, signed, and proven as a builder does."""
    sealed = ENCRYPTOR.encrypt(pdf(content), REQUEST)
    made = signer.sign(sealed, REQUEST)
    for proof in (sealed.proof, made.proof):
        assert proof is not None
        proof(made.content)
    return made


def shown(content: bytes, password: str = "") -> list[object]:
    """Return what the pages say and look like, by pdfium."""
    with pypdfium2.PdfDocument(content, password=password) as document:
        return [
            (page.get_textpage().get_text_bounded(), page.render(scale=0.5).to_pil().tobytes())
            for page in document
        ]


def held(content: bytes, password: str = "") -> list[object]:
    """Return the drawing instructions and the images of the pages, as they are stored."""
    with pikepdf.open(io.BytesIO(content), password=password, suppress_warnings=True) as opened:
        return [(_octets(page.Contents), list(_images(page.Resources))) for page in opened.pages]


def _images(resources: Any) -> Iterator[object]:
    for name, image in resources.get("/XObject", {}).items():
        yield name, _octets(image), _octets(image.get("/SMask")) if "/SMask" in image else None


def _octets(stream: Any) -> bytes:
    """Return the data of *stream*, without the deflation that it may have got so that it can be padded."""
    raw: bytes = stream.read_raw_bytes()
    filters = stream.get("/Filter", [])
    names = list(filters) if isinstance(filters, pikepdf.Array) else [filters]
    return zlib.decompressobj().decompress(raw) if names[:1] == [pikepdf.Name.FlateDecode] else raw


@pytest.mark.parametrize("kind", ALL)
def test_what_readers_open_is_protected_and_looks_as_before(kind: str) -> None:
    content = ALL[kind]()
    made = protected(content)
    assert flaws(made.content, CERTIFICATE, SECRET) == []
    assert held(made.content, SECRET) == held(content)
    assert shown(made.content, SECRET) == shown(content)
    assert (made.rewriting is not None) == (kind in MENDED)  # and what need not be is left as it was


@pytest.mark.parametrize("kind", ALL)
def test_what_is_signed_only_looks_as_before(kind: str) -> None:
    content = ALL[kind]()
    made = SIGNER.sign(pdf(content), REQUEST)
    assert made.proof is not None
    made.proof(made.content)
    assert shown(made.content) == shown(content)


def test_each_kind_passes_at_each_place_in_a_process() -> None:
    """Nothing is looked at only now and then: what is let through once is let through always."""
    kinds = [make() for make in ALL.values()]
    for place in range(257):
        protected(kinds[place % len(kinds)])


@pytest.mark.parametrize("kind", ["names in Latin-1", "names in Latin-1 in a packed file"])
def test_a_visible_signature_keeps_the_names_of_its_page(kind: str) -> None:
    made = protected(ALL[kind](), STAMPED)
    assert "Letter, page 1" in str(shown(made.content, SECRET)[-1][0])  # type: ignore[index]


def test_a_file_without_a_trailer_is_mended() -> None:
    """Not every reader opens it."""
    content = rich_pdfs.plain()
    made = protected(content[: content.rindex(b"trailer")])
    assert shown(made.content, SECRET) == shown(content)


# --- what is said of it


def builder(content: bytes) -> MessageBuilder:
    return (
        MessageBuilder()
        .sender("shop@shop.example")
        .subject("Terms")
        .text("Attached.")
        .attach(lambda _: pdf(content), filename="terms.pdf", encryptor=ENCRYPTOR, signer=SIGNER)
    )


def test_the_receipt_and_the_log_say_that_a_document_was_written_anew(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "ondemand_attach"):
        receipt = Mailer(MemoryTransport()).send(
            builder(MENDED["fewer objects in the trailer"]()), {}, to="jane@example.com"
        )
    (part,) = receipt.parts
    assert part.rewriting == (
        f"pikepdf {pikepdf.__version__}: its cross-reference table contradicts ISO 32000-2 section 7.5.4, or "
        "the rest of the file"
    )
    assert Receipt.from_json(receipt.to_json()).parts == receipt.parts
    (record,) = caplog.records
    assert record.getMessage() == f"{receipt.message_id}: attachment 1 was written anew by {part.rewriting}"


def test_of_what_was_left_as_it_was_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    receipt = Mailer(MemoryTransport()).send(builder(rich_pdfs.plain()), {}, to="jane@example.com")
    assert [part.rewriting for part in receipt.parts] == [None]
    assert caplog.records == []


def test_without_the_extra_it_is_said_what_is_wrong_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pikepdf", None)
    with pytest.raises(EncryptionError) as caught:
        builder(MENDED["fewer objects in the trailer"]()).build({}, to="jane@example.com")
    assert caught.value.filename == "terms.pdf"
    assert str(caught.value) == (
        "terms.pdf could not be encrypted: its cross-reference table contradicts ISO 32000-2 section 7.5.4, or "
        'the rest of the file; pip install "ondemand_attach[repair]" has such files written anew; or do so '
        "before, with qpdf"
    )
    for content in (rich_pdfs.plain(), rich_pdfs.by_pillow()):  # which do not need it
        protected(content)


# --- nothing is lost without a word


def with_lost_page() -> bytes:
    content = rich_pdfs.plain()
    at = [found.start() for found in re.finditer(rb"\d+ 0 obj", content) if _is_page(content, found.end())][
        -1
    ]
    end = content.index(b"endobj", at) + len(b"endobj")
    return content[:at] + b" " * (end - at) + content[end:]


def with_lost_object(*, is_packed: bool) -> bytes:
    """Return a file whose table is damaged, and lacks an object that another in it refers to."""
    modes = pikepdf.ObjectStreamMode
    with pikepdf.new() as opened:
        rich_pdfs.page(opened, b"BT /F1 12 Tf 20 100 Td (Letter) Tj ET")
        opened.Root.Kept = opened.make_indirect(pikepdf.Dictionary(A=opened.make_stream(b"lost")))
        mode = modes.generate if is_packed else modes.disable
        content = rich_pdfs.saved(opened, object_stream_mode=mode, compress_streams=False)
    lost = re.search(rb"[0-9]+ 0 obj((?!endobj).)*?lost\s+endstream\s+endobj", content, re.DOTALL)
    assert lost
    content = content.replace(lost[0], b" " * len(lost[0]))
    return re.sub(rb"startxref\s+[0-9]+", b"startxref\n9", content)


def _is_page(content: bytes, at: int) -> bool:
    return re.search(rb"/Type /Page\b", content[at : content.index(b"endobj", at)]) is not None


def encrypted(**options: Any) -> bytes:
    return rich_pdfs.letter(encryption=pikepdf.Encryption(**options))


UNFIT = {
    "cut off": (lambda: rich_pdfs.plain()[:-700], ""),
    "without one of its pages": (with_lost_page, "a part of what it shows is missing"),
    "without an object": (lambda: with_lost_object(is_packed=False), "a part of what it shows is missing"),
    "without an object, packed": (
        lambda: with_lost_object(is_packed=True),
        "a part of what it shows is missing",
    ),
    "not a PDF": (lambda: b"Dear customer,", "it is no PDF, which begins with %PDF-; have it made"),
    "nothing": (lambda: b"", "it is empty; have it made"),
    "encrypted without a password": (lambda: encrypted(owner="x", user=""), "encrypted already"),
    "encrypted and damaged": (
        lambda: encrypted(owner="x", user="").replace(b" 65535 f", b" 65536 f"),
        "encrypted already",
    ),
    "signed and damaged": (
        lambda: SIGNER.sign(pdf(rich_pdfs.plain()), REQUEST).content.replace(b" 65535 f", b" 65536 f", 1),
        "signed already",
    ),
    "PDF/A and damaged": (
        lambda: rich_pdfs.letter(
            rich_pdfs._metadata(b"<x xmlns:pdfaid='http://www.aiim.org/pdfa/ns/id/'/>"),
            compress_streams=False,
        ).replace(b" 65535 f", b" 65536 f"),
        "PDF/A",
    ),
}


XMP = b"<x:xmpmeta xmlns:pdfaid='http://www.aiim.org/pdfa/ns/id/' pdfaid:part='3'/>"
ORDINARY = b"<x:xmpmeta xmlns:dc='http://purl.org/dc/elements/1.1/'>PDF/A</x:xmpmeta>"
_AS_IT_IS = {"stream_decode_level": pikepdf.StreamDecodeLevel.none, "compress_streams": False}
PACKED = _AS_IT_IS | {"object_stream_mode": pikepdf.ObjectStreamMode.generate}


def saying(xmp: bytes, *, deflated: bool, **options: Any) -> bytes:
    def change(opened: pikepdf.Pdf) -> None:
        rich_pdfs._metadata(zlib.compress(xmp) if deflated else xmp)(opened)
        if deflated:  # under another type, because qpdf would inflate it
            opened.Root.Metadata.Filter = pikepdf.Name.FlateDecode
            opened.Root.Metadata.Type = pikepdf.Name("/Metadatx")

    content = rich_pdfs.letter(change, **(_AS_IT_IS | options)).replace(b"/Metadatx", b"/Metadata")
    assert (xmp in content) == (not deflated)
    return content


@pytest.mark.parametrize("options", [{}, PACKED], ids=["plain", "packed"])
@pytest.mark.parametrize("deflated", [False, True])
@pytest.mark.parametrize("xmp", [XMP, ORDINARY], ids=["PDF/A", "PDF"])
def test_pdf_a_is_known_by_its_metadata_deflated_or_not(
    xmp: bytes, *, deflated: bool, options: dict[str, Any]
) -> None:
    content = saying(xmp, deflated=deflated, **options)
    if xmp == XMP:
        with pytest.raises(EncryptionError, match=r"terms\.pdf is PDF/A, which must not be encrypted"):
            ENCRYPTOR.encrypt(pdf(content), REQUEST)
    else:
        assert ENCRYPTOR.encrypt(pdf(content), REQUEST).content
    assert SIGNER.sign(pdf(content), REQUEST).rewriting is None


APPENDED_TO = {"without one of its pages"}
"""What a signature appended to leaves as it was, byte by byte."""


@pytest.mark.parametrize("kind", UNFIT)
def test_what_would_lose_something_is_refused_in_words(kind: str) -> None:
    make, words = UNFIT[kind]
    acts = [lambda one: ENCRYPTOR.encrypt(one, REQUEST).content, lambda one: SIGNER.sign(one, REQUEST)]
    for act in acts[: 1 if kind in APPENDED_TO else 2]:
        with pytest.raises(MailError) as caught:
            act(pdf(make()))
        assert words in str(caught.value)
        assert "Error" not in str(caught.value)


@pytest.mark.parametrize("packed", [False, True])
def test_objects_that_would_fill_the_memory_are_not_unpacked(*, packed: bool) -> None:
    with pikepdf.new() as opened:
        rich_pdfs.page(opened, b"")
        opened.Root.Extra = pikepdf.Array([pikepdf.Dictionary(A=pikepdf.String("x" * (1 << 20)))] * 3)
        content = rich_pdfs.saved(opened, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    bomb = _rewriting.rewritten(content, "it is damaged") if not packed else _bomb()
    if not packed:
        protected(bomb)
        return
    with pytest.raises(EncryptionError, match="nests too deep, or is too large"):
        ENCRYPTOR.encrypt(pdf(bomb), REQUEST)


def _bomb() -> bytes:
    packer = zlib.compressobj()
    data = b"".join(packer.compress(bytes(1 << 20)) for _ in range(80)) + packer.flush()
    head = b"%%PDF-1.5\n1 0 obj\n<</Type/ObjStm/N 1/First 5/Filter/FlateDecode/Length %d>>\nstream\n" % len(
        data
    )
    return head + data + b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n"


@pytest.mark.parametrize("number", [19, 105, 1234567890])
@pytest.mark.parametrize("space", [b" ", b"\n", b"  \r\n"])
def test_an_object_that_is_null_is_not_lost(number: int, space: bytes) -> None:
    null = space.join((b"%d" % number, b"0", b"obj", b"null", b"endobj"))
    found = {(int(one[1]), int(one[2])) for one in _rewriting._NULL.finditer(b"x\n" + null)}
    assert found == {(number, 0)}
    assert not _rewriting._NULL.search(null.replace(b"null", b"true"))


# --- forms


def test_a_form_that_only_readers_would_draw_is_not_signed() -> None:
    content = rich_pdfs.form(is_drawn=False, asks=True)
    with pytest.raises(SigningError, match="field 1 of the form has a value that readers are asked to draw"):
        protected(content)
    with pytest.raises(SigningError, match="field 1"):
        SIGNER.sign(pdf(content), REQUEST)
    assert ENCRYPTOR.encrypt(pdf(content), REQUEST).content


def test_a_form_that_is_drawn_is_signed_although_it_asks() -> None:
    content = rich_pdfs.form(is_drawn=True, asks=True)
    with pikepdf.open(io.BytesIO(protected(content).content), password=SECRET) as opened:
        (field, *_) = opened.Root.AcroForm.Fields
        assert b"(Alice) Tj" in _octets(field.AP.N)


def _box(pdf: pikepdf.Pdf, value: str | None, state: str, shown: dict[str, bytes]) -> None:
    """Add a check box to a form that asks readers to draw its fields, as word processors do."""
    kind = pikepdf.Dictionary(
        Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, BBox=pikepdf.Array([0, 0, 10, 10])
    )
    made = {name: pdf.make_stream(drawn, kind) for name, drawn in shown.items()}
    box = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Widget, FT=pikepdf.Name.Btn, T="agreed", F=4
    )
    box.Rect, box.AS = pikepdf.Array([20, 20, 30, 30]), pikepdf.Name(state)
    box.AP = pikepdf.Dictionary(N=pikepdf.Dictionary(made))
    if value is not None:
        box.V = pikepdf.Name(value)
    found = pdf.make_indirect(box)
    pdf.pages[0].Annots = pikepdf.Array([found])
    pdf.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([found]), NeedAppearances=True)


TICK, BLANK = b"q 0 g 2 2 6 6 re f* Q", b"/Tx BMC /F 8 Tf EMC"
BOXES: dict[
    str, tuple[Any, ...]
] = {  # the value, the state, what is shown in which, and whether the tick is lost
    "ticked": ("/Yes", "/Yes", {"/Yes": TICK, "/Off": BLANK}, False),
    "ticked, of no other state": ("/Yes", "/Yes", {"/Yes": TICK}, False),
    "not ticked": ("/Off", "/Off", {"/Yes": TICK, "/Off": BLANK}, False),
    "not ticked, of no appearance": ("/Off", "/Off", {"/Yes": TICK}, False),
    "without a value": (None, "/Off", {"/Yes": TICK}, False),
    "of a group, another of which is ticked": ("/2", "/Off", {"/1": TICK, "/Off": BLANK}, False),
    "ticked, under another name": ("/Yes", "/Yes", {"/on": TICK, "/Off": BLANK}, True),
    "ticked, but blank": ("/Yes", "/Yes", {"/Yes": BLANK, "/Off": BLANK}, True),
    "ticked by its value only": ("/Yes", "/Off", {"/Yes": TICK, "/Off": BLANK}, True),
    "ticked by its state only, under another name": (None, "/Yes", {"/on": TICK}, True),
}


@pytest.mark.parametrize("kind", BOXES)
def test_a_tick_that_only_readers_would_draw_is_not_signed_away(kind: str) -> None:
    *box, is_lost = BOXES[kind]
    content = rich_pdfs.letter(lambda opened: _box(opened, *box))
    if is_lost:
        with pytest.raises(
            SigningError, match="field 1 of the form has a value that readers are asked to draw"
        ):
            protected(content)
    else:
        assert flaws(protected(content).content, CERTIFICATE, SECRET) == []


# --- lists of fields that readers make nothing of


def _field(pdf: pikepdf.Pdf, name: str = "name", **entries: Any) -> pikepdf.Object:
    return pdf.make_indirect(pikepdf.Dictionary(FT=pikepdf.Name.Tx, T=name, V="Alice", **entries))


def _parent(pdf: pikepdf.Pdf, name: str) -> pikepdf.Object:
    return pdf.make_indirect(pikepdf.Dictionary(T=name, Kids=pikepdf.Array([_field(pdf, "of it")])))


def _empty_signature(pdf: pikepdf.Pdf, name: str) -> pikepdf.Object:
    kind = {"/Type": pikepdf.Name.Annot, "/Subtype": pikepdf.Name.Widget, "/F": 132}
    return pdf.make_indirect(
        pikepdf.Dictionary(FT=pikepdf.Name.Sig, T=name, Rect=pikepdf.Array([0, 0, 0, 0]), **kind)
    )


LISTS: dict[
    str, tuple[Any, list[str]]
] = {  # the fields of a form, and the names that are there once it is signed
    "nothing in place of fields": (lambda pdf: [None, _field(pdf), None], ["name", "Signature"]),
    "a field that is not by reference": (
        lambda _: [pikepdf.Dictionary(FT=pikepdf.Name.Tx, T="name")],
        ["name", "Signature"],
    ),
    "a number in place of a field": (lambda pdf: [7, _field(pdf)], ["name", "Signature"]),
    "no fields": (lambda _: [], ["Signature"]),
    "a field of the same name": (
        lambda pdf: [_field(pdf, "Signature"), _field(pdf, "Signature 2")],
        ["Signature", "Signature 2", "Signature 3"],
    ),
    "fields under the same name": (lambda pdf: [_parent(pdf, "Signature")], ["Signature", "Signature 2"]),
    "an empty signature of the same name": (lambda pdf: [_empty_signature(pdf, "Signature")], ["Signature"]),
    "an empty signature": (lambda pdf: [_empty_signature(pdf, "Yours")], ["Yours", "Signature"]),
}


@pytest.mark.parametrize("by", [SIGNER, STAMPED], ids=["unseen", "seen"])
@pytest.mark.parametrize("kind", LISTS)
def test_a_form_is_signed_whatever_its_fields_are_called(kind: str, by: PdfSigner) -> None:
    make, names = LISTS[kind]

    def change(opened: pikepdf.Pdf) -> None:
        opened.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array(make(opened)))

    content = rich_pdfs.letter(change)
    for made, password in ((protected(content, by), SECRET), (by.sign(pdf(content), REQUEST), None)):
        assert flaws(made.content, CERTIFICATE, password) == []
        assert made.rewriting is None
        with pikepdf.open(io.BytesIO(made.content), password=password or "") as opened:
            fields = list(opened.Root.AcroForm.Fields)
            assert [str(each.T) for each in fields] == names
            assert all(each.V == "Alice" for each in fields if "/V" in each and each.FT == "/Tx")


@pytest.mark.parametrize("form", [7, [], {"/Fields": {}}, {}, {"/DA": "x"}])
def test_a_form_that_is_none_is_taken_for_an_empty_one(form: Any) -> None:
    content = rich_pdfs.letter(
        lambda opened: opened.Root.__setitem__("/AcroForm", opened.make_indirect(form))
    )
    made = protected(content)
    assert flaws(made.content, CERTIFICATE, SECRET) == []


@pytest.mark.parametrize(
    ("taken", "name"),
    [
        ([], "TimeStamp"),
        (["TimeStamp"], "TimeStamp 2"),
        (["TimeStamp", "TimeStamp 2"], "TimeStamp 3"),
        (["TimeStamp 2"], "TimeStamp"),
    ],
)
def test_a_time_stamp_has_a_field_of_its_own(taken: list[str], name: str) -> None:
    fields = generic.ArrayObject(
        generic.DictionaryObject({"/FT": generic.NameObject("/Tx"), "/T": generic.pdf_string(each)})
        for each in taken
    )
    form = generic.DictionaryObject({"/Fields": fields})
    assert free_name(generic.DictionaryObject({"/AcroForm": form}), "TimeStamp") == name
