"""What is wrongly protected is never sent: known-bad ways to protect, and the proof that finds each."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import io
import itertools
import random
import re
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import pikepdf
import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer

from ondemand_attach import (
    AttachmentRequest,
    Document,
    Mailer,
    MemoryTransport,
    MessageBuilder,
    PdfEncryptor,
    PdfSigner,
    Xhtml2PdfGenerator,
)
from ondemand_attach.errors import ConfidentialityError, ProofError
from ondemand_attach.protectors import _object_streams, _proof, _stream_padding
from ondemand_attach.protectors._fast._keys import PasswordHandler
from ondemand_attach.testing import attachment_request
from protectors.samples import KEYS, SECRET, certify, ec_key, order, rsa_key
from scale import SCALE

REQUEST = attachment_request({})
BY_PASSWORD = PdfEncryptor(password=lambda _: SECRET)
CERTIFICATE = certify(rsa_key())
SIGNER = PdfSigner(key=rsa_key(), certificate=CERTIFICATE)

Encrypt = Callable[[bytes], bytes]


def written_by_pikepdf(**options: object) -> Encrypt:
    def encrypt(content: bytes) -> bytes:
        output = io.BytesIO()
        with pikepdf.open(io.BytesIO(content)) as pdf, warnings.catch_warnings(action="ignore"):
            pdf.save(output, encryption=pikepdf.Encryption(**options))
        return output.getvalue()

    return encrypt


def written_by_pyhanko(user: str, owner: str) -> Encrypt:
    def encrypt(content: bytes) -> bytes:
        writer, output = copy_into_new_writer(PdfFileReader(io.BytesIO(content))), io.BytesIO()
        writer.encrypt(owner, user)
        writer.write(output)
        return output.getvalue()

    return encrypt


FOREIGN: dict[str, Encrypt] = {
    "not at all": lambda content: content,
    "nothing": lambda _: b"",
    "RC4 with 40 bits": written_by_pikepdf(user=SECRET, owner="owner", R=2, metadata=False, aes=False),
    "RC4 with 128 bits": written_by_pikepdf(user=SECRET, owner="owner", R=3, metadata=False, aes=False),
    "AES-128": written_by_pikepdf(user=SECRET, owner="owner", R=4),
    "AES-256 of revision 5": written_by_pikepdf(user=SECRET, owner="owner", R=5),
    "an empty password": written_by_pikepdf(user="", owner=SECRET, R=6),
    "an empty owner password": written_by_pikepdf(user=SECRET, owner="", R=6),
    "another password": written_by_pyhanko("another-9931-walnut", "owner"),
    "metadata left out": written_by_pikepdf(user=SECRET, owner="owner", R=6, metadata=False),
    "the password as that of the owner": written_by_pyhanko("another-9931-walnut", SECRET),
    "no MAC": written_by_pyhanko(SECRET, "owner"),
}


@pytest.mark.parametrize("how", FOREIGN)
def test_a_document_that_was_encrypted_in_another_way_is_not_sent(how: str) -> None:
    proof = BY_PASSWORD.encrypt(order(), REQUEST).proof
    assert proof is not None
    with pytest.raises(ProofError):
        proof(FOREIGN[how](order().content))


@pytest.mark.parametrize("reads", ["_holds", "_check_with_pyhanko"])
def test_what_is_as_it_should_be_passes(reads: str) -> None:
    """It does so with our reader and with pyHanko's, which shares nothing with ours."""
    for signer in (None, SIGNER):
        sealed = BY_PASSWORD.encrypt(order(), REQUEST)
        made = sealed if signer is None else signer.sign(sealed, REQUEST)
        assert getattr(sealed.proof, reads)(made.content) in {True, None}
        if signer is not None:
            assert made.proof is not None
            made.proof(made.content)


ENTRY = rb"/%s\s*(/[A-Za-z0-9]+|<[0-9A-Fa-f]+>|-?[0-9]+|[a-z]+)"


def with_entry_changed(content: bytes, handler: bytes, name: str) -> bytes:
    """Change one byte of an entry of the encryption dictionary, be it a name, a number, a truth or a string."""
    found = content.index(handler)
    start, end = content.rindex(b" obj", 0, found), content.index(b"endobj", found)
    value = re.search(ENTRY % name.encode(), content[start:end])
    assert value is not None
    last = start + value.end(1) - (2 if value[1].endswith(b">") else 1)
    other = {ord("5"): b"4", ord("6"): b"5", ord("3"): b"2"}.get(content[last]) or b"%c" % (content[last] ^ 1)
    return content[:last] + other + content[last + 1 :]


KEPT_TO = ["Filter", "V", "R", "StmF", "StrF", "CFM", "EncryptMetadata", "O", "U", "UE", "Perms"]


@pytest.mark.parametrize("is_signed", [False, True])
@pytest.mark.parametrize("name", KEPT_TO)
def test_no_other_encryption_dictionary_passes_without_pyhanko(
    name: str, is_signed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = BY_PASSWORD.encrypt(order(), REQUEST)
    content = (SIGNER.sign(sealed, REQUEST) if is_signed else sealed).content
    monkeypatch.setattr(_proof.PasswordProof, "_check_with_pyhanko", lambda *_: None)
    assert sealed.proof is not None
    sealed.proof(content)
    with pytest.raises(ProofError):
        sealed.proof(with_entry_changed(content, b"/Standard", name))


@pytest.mark.parametrize("name", [*KEPT_TO, "P", "OE", "KDFSalt", "Length"])
def test_pyhanko_reads_no_other_encryption_dictionary(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = BY_PASSWORD.encrypt(order(), REQUEST)
    monkeypatch.setattr(_proof.PasswordProof, "_holds", lambda *_: False)
    assert sealed.proof is not None
    sealed.proof(sealed.content)
    with pytest.raises(ProofError):
        sealed.proof(with_entry_changed(sealed.content, b"/Standard", name))


@pytest.mark.parametrize("name", ["Filter", "V", "StmF", "StrF", "CFM", "EncryptMetadata"])
def test_no_other_encryption_dictionary_passes_for_certificates(name: str) -> None:
    sealed = to_certificates(JANE).encrypt(order(), REQUEST)
    assert sealed.proof is not None
    sealed.proof(sealed.content)
    with pytest.raises(ProofError):
        sealed.proof(with_entry_changed(sealed.content, b"/Adobe.PubSec", name))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("/Filter", generic.NameObject("/Adobe.PubSec")),
        ("/V", generic.NumberObject(4)),
        ("/R", generic.NumberObject(5)),
        ("/StmF", generic.NameObject("/Identity")),
        ("/StrF", generic.NameObject("/Identity")),
        ("/EncryptMetadata", generic.BooleanObject(value=False)),
        ("/CF", generic.DictionaryObject()),
        ("/CF", {"/StdCF": {"/CFM": "/AESV2"}}),
        ("/CF", {"/StdCF": {"/CFM": "/None"}}),
        ("/CF", {"/StdCF": {}}),
    ],
)
def test_pyhanko_takes_nothing_but_aes_256_for_all_there_is(name: str, value: object) -> None:
    found = encrypted_with(dictionary()).encrypt_dict
    assert found is not None
    _proof._check_algorithm(dict(found), "/Standard")
    with pytest.raises(ProofError, match="AES-256 throughout"):
        _proof._check_algorithm({**found, name: value}, "/Standard")


class InClear(generic.TextStringObject):
    def write_to_stream(self, stream: Any, handler: object = None, container_ref: object = None) -> None:
        super().write_to_stream(stream)


RANGE_OF = {"ByteRange": generic.ArrayObject(map(generic.NumberObject, (0, 1, 2, 3)))}
STRING = generic.TextStringObject
PLACES: dict[str, Callable[[Callable[[str], Any]], Any]] = {
    "in a dictionary": lambda string: dictionary(A=string("x")),
    "behind others": lambda string: dictionary(A=STRING("x"), B=string("x")),
    "in an array": lambda string: generic.ArrayObject([string("x")]),
    "at the end of an array": lambda string: generic.ArrayObject([STRING("x"), string("x")]),
    "in an array in an array": lambda string: generic.ArrayObject([generic.ArrayObject([string("x")])]),
    "in a dictionary in an array": lambda string: generic.ArrayObject([dictionary(A=string("x"))]),
    "in an array in a dictionary": lambda string: dictionary(A=generic.ArrayObject([string("x")])),
    "in the dictionary of a stream": lambda string: generic.StreamObject(
        {"/A": string("x")}, stream_data=b"x"
    ),
    "in what is no signature": lambda string: dictionary(Contents=string("x")),
    "beside the value of a signature": lambda string: dictionary(**RANGE_OF, Reason=string("x")),
}


@pytest.mark.parametrize("place", PLACES)
def test_pyhanko_reads_every_string(place: str) -> None:
    for string, is_encrypted in ((STRING, True), (InClear, False)):
        reader = encrypted_with(PLACES[place](string))
        with contextlib.nullcontext() if is_encrypted else pytest.raises((PdfError, ValueError)):
            _proof._read_all(reader)


def test_the_value_of_a_signature_is_in_clear() -> None:
    _proof._read_all(encrypted_with(dictionary(**RANGE_OF, Contents=InClear("x"))))


def dictionary(**entries: generic.PdfObject) -> generic.DictionaryObject:
    return generic.DictionaryObject({f"/{name}": value for name, value in entries.items()})


def encrypted_with(value: generic.PdfObject) -> PdfFileReader:
    writer, output = copy_into_new_writer(PdfFileReader(io.BytesIO(order().content))), io.BytesIO()
    writer.root["/Extra"] = writer.add_object(value)
    writer.encrypt("owner", SECRET)
    writer.write(output)
    reader = PdfFileReader(output)
    reader.decrypt(SECRET)
    return reader


@functools.cache
def with_fonts() -> bytes:
    return Xhtml2PdfGenerator(source="<h1>Order</h1><p>Šárka</p>").generate(REQUEST).content


def letter() -> Document:
    return Document(content=with_fonts(), media_type="application/pdf")


def changed(change: Callable[[pikepdf.Pdf], object]) -> Document:
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(with_fonts())) as pdf:
        change(pdf)
        pdf.save(output)
    return Document(content=output.getvalue(), media_type="application/pdf")


def with_stream(**entries: object) -> Callable[[pikepdf.Pdf], object]:
    def change(pdf: pikepdf.Pdf) -> None:
        pdf.Root.Extra = pdf.make_stream(b"x" * 100, {f"/{name}": value for name, value in entries.items()})

    return change


NAMES_IN_A_CATALOG = {
    "/PageLayout": ("/SinglePage", "/OneColumn", "/TwoColumnLeft", "/TwoPageRight"),
    "/PageMode": ("/UseNone", "/UseOutlines", "/UseThumbs", "/FullScreen", "/UseOC", "/UseAttachments"),
    "/Version": ("/1.7", "/2.0"),
    "/Other": ("/Name",),
}
MADE_BY_OTHERS: dict[str, Callable[[pikepdf.Pdf], object]] = {
    "a colour profile": with_stream(N=3, Alternate=pikepdf.Name.DeviceRGB),
    "a stream with the entries of an object stream": with_stream(N=3, First=100),
    "values of every kind": with_stream(
        A=None, B=True, C=-1.5, D="(é)", E=b"\xff", F=[1, [2]], G=pikepdf.Dictionary()
    ),
    "names of every kind": with_stream(A=pikepdf.Name("/a#b c"), B=[pikepdf.Name("/é")]),
    "a crypt filter that does nothing": with_stream(
        Filter=pikepdf.Name.Crypt, DecodeParms=pikepdf.Dictionary(Name=pikepdf.Name.Identity)
    ),
    **{
        f"a catalog with {name} {value}": lambda pdf, name=name, value=value: pdf.Root.__setitem__(
            name, pikepdf.Name(value)
        )
        for name, values in NAMES_IN_A_CATALOG.items()
        for value in values
    },
    "a stream of a kind": with_stream(
        Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, BBox=[0, 0, 1, 1], Filter=[]
    ),
    "a catalog without a type": lambda pdf: pdf.Root.__delitem__("/Type"),
    "a catalog with values": lambda pdf: [
        pdf.Root.__setitem__(name, value)
        for name, value in (("/Lang", "cs"), ("/MarkInfo", pikepdf.Dictionary(Marked=True)))
    ],
}


@pytest.mark.parametrize("kind", MADE_BY_OTHERS)
def test_a_document_by_whomever_passes_without_pyhanko(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = BY_PASSWORD.encrypt(changed(MADE_BY_OTHERS[kind]), REQUEST)
    monkeypatch.setattr(_proof.PasswordProof, "_check_with_pyhanko", None)
    assert sealed.proof is not None
    sealed.proof(sealed.content)


def empty_owner_password(patch: pytest.MonkeyPatch) -> None:
    original = PasswordHandler.__init__

    def made(self: PasswordHandler, user: str, owner: str | None, *args: object, **options: object) -> None:
        original(self, user, "", *args, **options)

    patch.setattr(PasswordHandler, "__init__", made)


def weak_password(patch: pytest.MonkeyPatch) -> None:
    original = PasswordHandler.__init__

    def made(self: PasswordHandler, user: str, *args: object, **options: object) -> None:
        original(self, "1234", *args, **options)

    patch.setattr(PasswordHandler, "__init__", made)


def without_handler(patch: pytest.MonkeyPatch, *, turns: Iterable[int]) -> None:
    """Write some of the streams in clear."""
    original, count = _object_streams.VerbatimStream.write_to_stream, itertools.count()

    def write(one: _object_streams.VerbatimStream, stream: Any, handler: Any = None, ref: Any = None) -> None:
        original(one, stream, None if next(count) in turns else handler, ref)

    patch.setattr(_object_streams.VerbatimStream, "write_to_stream", write)


def streams_in_clear(patch: pytest.MonkeyPatch) -> None:
    without_handler(patch, turns=range(1000))


def one_stream_in_clear(patch: pytest.MonkeyPatch) -> None:
    without_handler(patch, turns=[0])


def beside_object_streams(patch: pytest.MonkeyPatch, *, word: bytes) -> None:
    """Leave an object with *word* in it outside of the object streams."""
    original = _object_streams.ObjectStreamWriter._divided

    def divided(writer: Any) -> Any:
        shown, hidden = original(writer)
        number = next(number for number, one in hidden.items() if word in getattr(one, "text", b""))
        shown[number], hidden[writer._next_number()] = hidden.pop(number), _object_streams.NOTHING
        return shown, hidden

    patch.setattr(_object_streams.ObjectStreamWriter, "_divided", divided)


def strings_in_clear(patch: pytest.MonkeyPatch) -> None:
    beside_object_streams(patch, word=b"(")


def widths_in_clear(patch: pytest.MonkeyPatch) -> None:
    beside_object_streams(patch, word=b"/Widths")


def numbers_of_objects_in_clear(patch: pytest.MonkeyPatch) -> None:
    beside_object_streams(patch, word=b"/Count")


def values_of_streams_in_clear(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(_object_streams, "_WORD", re.compile(rb".*", re.DOTALL))


def values_of_the_catalog_in_clear(patch: pytest.MonkeyPatch) -> None:
    def catalog(one: Any, _: object) -> Any:
        return generic.DictionaryObject({**one, "/Lang": generic.NumberObject(7)})

    patch.setattr(_object_streams, "_catalog_with_little_shown", catalog)


def lengths_in_clear(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(_stream_padding, "_padded", bytes)


def numbers_in_clear(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(_object_streams, "ROUND", 1)


def array_in_clear(patch: pytest.MonkeyPatch) -> None:
    """Put an object that is no dictionary beside the object streams."""
    original = _object_streams.ObjectStreamWriter._divided

    def divided(writer: Any) -> Any:
        shown, hidden = original(writer)
        shown[writer._next_number()] = _object_streams.VerbatimObject(b"[ 565 610 ]")
        return shown, hidden

    patch.setattr(_object_streams.ObjectStreamWriter, "_divided", divided)


def dictionary_in_clear(patch: pytest.MonkeyPatch) -> None:
    """Put an object there that begins as no other does."""
    original = _object_streams.VerbatimObject.write_to_stream

    def write(one: Any, stream: Any, *rest: Any) -> None:
        stream.write(b" " if b"/Widths" in one.text else b"")
        original(one, stream, *rest)

    widths_in_clear(patch)
    patch.setattr(_object_streams.VerbatimObject, "write_to_stream", write)


def names_in_clear(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(_stream_padding.PlainStream, "padded", with_a_name(_stream_padding.PlainStream.padded))
    patch.setattr(_object_streams, "_WORD", re.compile(rb"/Jane"))


def with_a_name(padded: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def named(one: Any) -> Any:
        made = padded(one)
        return _stream_padding.PlainStream({**made.entries, b"/Name": b"/Jane"}, made.data)

    return named


def tables_in_clear(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(_object_streams, "ROOM", 23)


MISTAKES = [
    empty_owner_password,
    weak_password,
    streams_in_clear,
    one_stream_in_clear,
    strings_in_clear,
    widths_in_clear,
    numbers_of_objects_in_clear,
    values_of_streams_in_clear,
    values_of_the_catalog_in_clear,
    lengths_in_clear,
    numbers_in_clear,
    tables_in_clear,
    array_in_clear,
    dictionary_in_clear,
    names_in_clear,
]


def builder(
    signer: Callable[[Document, AttachmentRequest], Document] | PdfSigner | None = SIGNER,
) -> MessageBuilder:
    return (
        MessageBuilder()
        .sender("shop@shop.example")
        .subject("Your order")
        .text("Attached.")
        .attach(lambda _: letter(), filename="order.pdf", encryptor=BY_PASSWORD, signer=signer)
    )


@pytest.mark.parametrize("is_signed", [False, True])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_nothing_that_is_wrongly_protected_leaves(
    mistake: Callable[[pytest.MonkeyPatch], None],
    is_signed: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mistake(monkeypatch)
    transport = MemoryTransport()
    with pytest.raises(ProofError) as caught:
        Mailer(transport).send(builder(SIGNER if is_signed else None), {}, to="jane@example.com")
    assert transport.messages == []
    assert caught.value.filename == "order.pdf"
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_all_of_it_is_found_without_pyhanko(
    mistake: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mistake(monkeypatch)
    monkeypatch.setattr(_proof.PasswordProof, "_check_with_pyhanko", lambda *_: None)
    with pytest.raises(ProofError):
        builder().build({}, to="jane@example.com")


def test_pyhanko_finds_an_empty_owner_password_too(monkeypatch: pytest.MonkeyPatch) -> None:
    empty_owner_password(monkeypatch)
    monkeypatch.setattr(_proof.PasswordProof, "_holds", lambda *_: False)
    with pytest.raises(ProofError, match="opens with an empty password"):
        builder().build({}, to="jane@example.com")


def test_a_missing_mac_is_found_without_pyhanko(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_proof.PasswordProof, "_check_with_pyhanko", lambda *_: None)
    sealed = PdfEncryptor(password=lambda _: SECRET, insecure_omit_mac=True).encrypt(order(), REQUEST)
    assert sealed.proof is not None
    sealed.proof(sealed.content)
    with pytest.raises(ProofError, match="no integrity MAC"):
        dataclasses.replace(sealed.proof, with_mac=True)(sealed.content)  # type: ignore[type-var]


def test_a_signer_that_takes_the_encryption_off_is_found() -> None:
    def sign(document: Document, _: AttachmentRequest) -> Document:
        output = io.BytesIO()
        with pikepdf.open(io.BytesIO(document.content), password=SECRET) as pdf:
            pdf.save(output)
        return Document(content=output.getvalue(), media_type="application/pdf")

    with pytest.raises(ProofError):
        builder(sign).build({}, to="jane@example.com")


def test_each_string_of_the_dictionary_of_a_signature_must_be_encrypted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_proof.PasswordProof, "_check_with_pyhanko", lambda *_: None)
    sealed = BY_PASSWORD.encrypt(order(), REQUEST)
    content = SIGNER.sign(sealed, REQUEST).content
    assert sealed.proof is not None
    sealed.proof(content)
    start = content.rfind(b" 0 obj\n", 0, content.index(b"/ByteRange"))
    end = content.index(b"endobj", start)
    places = [found.span(1) for found in re.finditer(rb"<([0-9A-Fa-f]{64,})>", content[start:end])]
    strings = [
        place for place in places if content[start + place[0] - 11 : start + place[0]] != b"/Contents <"
    ]
    assert strings
    for first, last in strings:
        said = (b"Jane Doe, 1 Example Street" * last)[: (last - first) // 2].hex().encode()
        with pytest.raises(ProofError, match="not encrypted"):
            sealed.proof(content[: start + first] + said + content[start + last :])


def test_what_was_signed_first_and_then_encrypted_is_found() -> None:
    proof = SIGNER.sign(order(), REQUEST).proof
    assert proof is not None
    with pytest.raises(ProofError):
        proof(written_by_pyhanko(SECRET, "owner")(SIGNER.sign(order(), REQUEST).content))


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("is_encrypted", [False, True])
def test_every_change_of_a_signed_document_is_found(key: str, is_encrypted: bool) -> None:
    made = PdfSigner(key=KEYS[key](), certificate=certify(KEYS[key]())).sign(
        BY_PASSWORD.encrypt(order(), REQUEST) if is_encrypted else order(), REQUEST
    )
    assert made.proof is not None
    made.proof(made.content)
    rng, (start, end) = random.Random(4711), value_of_signature(made.content)
    for _ in range(100 * SCALE):
        place = rng.choice([*range(start), *range(end, len(made.content))])
        changed = made.content[place] ^ (1 << rng.randrange(8))
        with pytest.raises(ProofError):
            made.proof(made.content[:place] + bytes([changed]) + made.content[place + 1 :])


def value_of_signature(content: bytes) -> tuple[int, int]:
    found = re.search(rb"/Contents <[0-9A-Fa-f]+>", content)
    assert found is not None
    return found.span()


def test_a_signature_of_somebody_else_or_of_less_is_found() -> None:
    made = SIGNER.sign(order(), REQUEST)
    assert made.proof is not None
    stranger = PdfSigner(key=rsa_key(3072), certificate=certify(rsa_key(3072))).sign(order(), REQUEST)
    appended = io.BytesIO()
    writer = IncrementalPdfFileWriter(io.BytesIO(made.content))
    writer.root["/Lang"] = writer.root["/Pages"]
    writer.update_root()
    writer.write(appended)
    for content in (
        order().content,
        stranger.content,
        made.content + b"\n",
        appended.getvalue(),
        made.content[:-1],
    ):
        with pytest.raises(ProofError):
            made.proof(content)


# --- to certificates


JANE, JOE = certify(rsa_key(), "Jane"), certify(ec_key(), "Joe")


def to_certificates(*certificates: object) -> PdfEncryptor:
    return PdfEncryptor(certificates=lambda _: certificates)


@pytest.mark.parametrize("certificates", [(JANE,), (JOE,), (JANE, JOE)])
def test_a_document_to_certificates_passes(certificates: tuple[object, ...]) -> None:
    sealed = to_certificates(*certificates).encrypt(order(), REQUEST)
    assert sealed.proof is not None
    sealed.proof(sealed.content)
    sealed.proof(SIGNER.sign(sealed, REQUEST).content)


def test_a_document_to_other_certificates_is_found() -> None:
    wanted = to_certificates(JANE).encrypt(order(), REQUEST)
    assert wanted.proof is not None
    for others in ((JOE,), (JANE, JOE), (JANE,)):  # the last has another key of the file
        with pytest.raises(ProofError):
            wanted.proof(to_certificates(*others).encrypt(order(), REQUEST).content)
    for encrypt in FOREIGN.values():
        with pytest.raises(ProofError):
            wanted.proof(encrypt(order().content))


@pytest.mark.parametrize("mistake", MISTAKES[2:])
def test_a_document_to_certificates_with_clear_parts_is_found(
    mistake: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mistake(monkeypatch)
    sealed = to_certificates(JANE).encrypt(letter(), REQUEST)
    assert sealed.proof is not None
    with pytest.raises(ProofError):
        sealed.proof(sealed.content)


# --- by others


def test_a_proof_of_the_application_is_asked() -> None:
    looked_at: list[bytes] = []

    def encrypt(document: Document, _: AttachmentRequest) -> Document:
        return Document(content=document.content[::-1], media_type="application/octet-stream", proof=look)

    def look(content: bytes) -> None:
        looked_at.append(content)
        if len(looked_at) > 1:
            raise ValueError(SECRET)

    own = (
        MessageBuilder()
        .sender("shop@shop.example")
        .subject("Your order")
        .text("Attached.")
        .attach(lambda _: order(), filename="order.bin", encryptor=encrypt)
    )
    own.build({}, to="jane@example.com")
    assert looked_at == [order().content[::-1]]
    with pytest.raises(ProofError, match="ValueError") as caught:
        own.build({}, to="jane@example.com")
    assert SECRET not in str(caught.value)


def test_a_value_in_the_clear_part_of_a_protected_document_is_found() -> None:
    own = (
        MessageBuilder()
        .sender("shop@shop.example")
        .subject("Your order")
        .text("Attached.")
        .confidential("name")
        .attach(
            lambda _: order(),
            filename="order.zip",
            encryptor=lambda document, request: Document(
                content=b"PK" + request.context["name"].encode() + document.content[::-1],
                media_type="application/zip",
            ),
        )
    )
    with pytest.raises(ConfidentialityError, match="readable part of a protected document"):
        own.build({"name": "Jane Doe-Smithers"}, to="jane@example.com")
