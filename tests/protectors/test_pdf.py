from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import copy
import gc
import pickle
import re
import traceback
import zlib
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import asn1crypto.keys
import asn1crypto.x509
import pikepdf
import pypdfium2
import pytest
import zxingcpp
from asn1crypto import cms
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from pyhanko.pdf_utils.crypt import pubkey
from pyhanko.pdf_utils.crypt.api import AuthStatus, PdfMacStatus
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from pyhanko.sign import signers
from pyhanko.sign.fields import MDPPerm

from fuzz.protecting import bad_pdfs
from ondemand_attach import Document, MessageBuilder, PdfEncryptor, PdfSigner, Recipient, VisibleSignature
from ondemand_attach._message import Address, AttachmentRequest
from ondemand_attach.errors import (
    ConfigurationError,
    EncryptionError,
    MailError,
    MissingRecipientError,
    SigningError,
    TemplateError,
    WeakPasswordError,
)
from ondemand_attach.testing import EncryptorContract, SignerContract, attachment_request
from protectors import samples
from protectors.samples import CANARY, KEYS, SECRET, certify, flaws, order

CERTIFICATE = certify(KEYS["RSA-2048"]())


def request(*recipients: Recipient, **context: object) -> AttachmentRequest:
    to = recipients or ("jane@example.com",)
    return attachment_request({"secret": SECRET, **context}, filename="order.pdf", to=to)


def signer(**options: Any) -> PdfSigner:
    return PdfSigner(key=KEYS["RSA-2048"](), certificate=CERTIFICATE, **options)


ENCRYPTOR = PdfEncryptor(password="{{ secret }}")


class TestEncryptorContract(EncryptorContract):
    context = {"secret": SECRET}

    def make(self) -> PdfEncryptor:
        return PdfEncryptor(password=lambda request: request.context["secret"])


class TestSignerContract(SignerContract):
    def make(self) -> PdfSigner:
        return signer()

    def is_valid(self, content: bytes) -> bool:
        return not flaws(content, CERTIFICATE)


# --- encryption by password


def weaknesses(content: bytes, password: str = SECRET) -> list[str]:
    """Say what is wrong with an encrypted document; nothing if all is well."""
    found = ["opens without"] * opens(content, "") + ["opens with another"] * opens(content, SECRET + "x")
    found += ["does not open"] * (not opens(content, password))
    found += ["canary in clear"] * any(canary in blob for blob in blobs(content) for canary in canaries())
    if not opens(content, password) or b"/Encrypt" not in content:
        return found
    with pikepdf.open(BytesIO(content), password=password) as pdf:
        how = pdf.encryption
        found += [f"R {how.R}, V {how.V}"] * ((how.R, how.V) != (6, 5))
        methods = {method.name for method in (how.stream_method, how.string_method, how.file_method)}
        found += [f"{methods}"] * (methods != {"aesv3"})
        found += ["the owner"] * pdf.owner_password_matched
        found += ["screen readers"] * (not pdf.allow.accessibility)
    found += ["no MAC"] * (b"/AuthCode" not in content)
    return found


def opens(content: bytes, password: str) -> bool:
    try:
        pikepdf.open(BytesIO(content), password=password).close()
    except (pikepdf.PasswordError, pikepdf.PdfError):
        return False
    return True


def canaries() -> list[bytes]:
    return [
        CANARY.encode("utf-8"),
        CANARY.encode("utf-16-be"),
        b"Canary-7731",
        "Canary-7731".encode("utf-16-be"),
    ]


def blobs(content: bytes) -> list[bytes]:
    found = [content]
    for match in re.finditer(rb"stream\r?\n(.*?)endstream", content, re.DOTALL):
        try:
            found.append(zlib.decompressobj().decompress(match[1]))
        except zlib.error:
            continue
    return found


def test_an_encrypted_document_is_sound() -> None:
    assert weaknesses(ENCRYPTOR.encrypt(order(), request()).content) == []


def test_an_encrypted_and_signed_document_is_sound() -> None:
    content = signer().sign(ENCRYPTOR.encrypt(order(), request()), request()).content
    assert weaknesses(content) == []
    assert flaws(content, CERTIFICATE, SECRET) == []


def by_pikepdf(**options: Any) -> bytes:
    output = BytesIO()
    with pikepdf.open(BytesIO(order().content)) as pdf:
        pdf.save(output, encryption=pikepdf.Encryption(**options))
    return output.getvalue()


def by_pyhanko(*, owner: str = "owner", **options: Any) -> bytes:
    writer, output = copy_into_new_writer(PdfFileReader(BytesIO(order().content))), BytesIO()
    writer.encrypt(owner_pass=owner, user_pass=SECRET, **options)
    writer.write(output)
    return output.getvalue()


def by_reportlab() -> bytes:
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    output = BytesIO()
    canvas = Canvas(output, encrypt=StandardEncryption(SECRET, "owner"))
    canvas.drawString(72, 720, CANARY)
    canvas.save()
    return output.getvalue()


@pytest.mark.parametrize(
    ("mutant", "weakness"),
    [
        (by_reportlab, "R 2, V 1"),
        (lambda: by_pikepdf(owner="owner", user="", R=6), "opens without"),
        (lambda: by_pikepdf(owner="", user=SECRET, R=6), "opens without"),
        (lambda: by_pikepdf(owner="owner", user=SECRET, R=4), "R 4, V 4"),
        (lambda: by_pikepdf(owner=SECRET, user=SECRET, R=6), "the owner"),
        (lambda: by_pyhanko(use_gcm=True), "does not open"),
        (lambda: by_pyhanko(owner=SECRET), "the owner"),
        (lambda: by_pyhanko(pdf_mac=False), "no MAC"),
        (lambda: order().content, "canary in clear"),
    ],
    ids=[
        "reportlab",
        "empty user",
        "empty owner",
        "R4",
        "owner is user",
        "GCM",
        "owner is user 2",
        "no MAC",
        "plain",
    ],
)
@pytest.mark.filterwarnings("ignore:A password was provided")
def test_a_weak_document_would_be_seen(mutant: Callable[[], bytes], weakness: str) -> None:
    assert weakness in weaknesses(mutant())


def test_pdfium_reads_the_text() -> None:
    for document in (sealed := ENCRYPTOR.encrypt(order(), request()), signer().sign(sealed, request())):
        with pypdfium2.PdfDocument(document.content, password=SECRET) as pdf:
            assert f"{CANARY} line 2" in pdf[0].get_textpage().get_text_range()
        with pytest.raises(pypdfium2.PdfiumError):
            pypdfium2.PdfDocument(document.content)


def test_permissions_are_written_and_screen_readers_always_let_in() -> None:
    def allowed(*allow: Any) -> set[str]:
        content = PdfEncryptor(password="{{ secret }}", allow=allow).encrypt(order(), request()).content
        with pikepdf.open(BytesIO(content), password=SECRET) as pdf:
            return {name for name, is_allowed in pdf.allow._asdict().items() if is_allowed}

    assert allowed() == {"accessibility"}
    assert allowed("print") == {"accessibility", "print_lowres", "print_highres"}
    assert allowed("copy") == {"accessibility", "extract"}
    assert allowed("annotate") >= {"accessibility", "modify_annotation"}
    assert allowed("change") >= {"accessibility", "modify_other"}
    with pytest.raises(ConfigurationError, match=r"allow= takes print, copy.* not 'shred'"):
        PdfEncryptor(password="{{ secret }}", allow=["shred"])  # type: ignore[list-item]


def test_the_owner_password_can_be_chosen_but_not_be_the_other() -> None:
    owner = "Owner-9zQ4-tB7w-11"
    encryptor = PdfEncryptor(password="{{ secret }}", owner_password=lambda request: owner)
    with pikepdf.open(BytesIO(encryptor.encrypt(order(), request()).content), password=owner) as pdf:
        assert pdf.owner_password_matched
    with pytest.raises(EncryptionError, match="must differ") as caught:
        encryptor.encrypt(order(), request(secret=owner))
    assert owner not in str(caught.value)


def test_the_password_is_rendered_without_escaping() -> None:
    encryptor = PdfEncryptor(password="{{ customer.postcode }}&{{ customer.code }}")
    sealed = encryptor.encrypt(order(), request(customer={"postcode": "SW1A 1AA", "code": "<1004512>'Q"}))
    assert opens(sealed.content, "SW1A 1AA&<1004512>'Q")


@pytest.mark.parametrize("password", ["", "s3cret-for-all-Kx7-tRw9", "{ secret }"])
def test_a_fixed_password_is_refused_while_wiring(password: str) -> None:
    with pytest.raises(ConfigurationError, match=r"the same for everyone"):
        PdfEncryptor(password=password)


def test_options_that_do_not_go_together_are_refused_while_wiring() -> None:
    with pytest.raises(ConfigurationError, match="not both"):
        PdfEncryptor(password="{{ secret }}", certificates=lambda request: [])
    with pytest.raises(ConfigurationError, match="without a password"):
        PdfEncryptor(insecure_allow_weak_password=True)


def test_a_weak_password_is_refused_unless_the_application_insists() -> None:
    with pytest.raises(
        WeakPasswordError, match=r"the password of order\.pdf looks like a date, and holds about 17 bits"
    ) as caught:
        ENCRYPTOR.encrypt(order(), request(secret="12.5.1980"))
    assert "1980" not in str(caught.value)
    insisting = PdfEncryptor(password="{{ secret }}", insecure_allow_weak_password=True)
    assert opens(insisting.encrypt(order(), request(secret="12.5.1980")).content, "12.5.1980")


def test_several_recipients_do_not_share_a_password() -> None:
    several = request(*map(Recipient.of, ("jane@example.com", "joe@example.com")))
    with pytest.raises(MissingRecipientError):
        ENCRYPTOR.encrypt(order(), several)


def fails(_: object) -> Any:
    raise KeyError(SECRET)


@pytest.mark.parametrize(
    ("act", "error", "text"),
    [
        (
            lambda: PdfEncryptor(password=fails).encrypt(order(), request()),
            EncryptionError,
            "the password failed: KeyError at ",
        ),
        (
            lambda: PdfEncryptor(certificates=fails).encrypt(order(), request()),
            EncryptionError,
            r"the certificates failed: KeyError at ",
        ),
        (lambda: PdfEncryptor(password="{{ missing }}").encrypt(order(), request()), TemplateError, "text"),
        (
            lambda: ENCRYPTOR.encrypt(broken(), request()),
            EncryptionError,
            "order.pdf could not be encrypted: it is no PDF, or its structure is damaged",
        ),
        (lambda: ENCRYPTOR.encrypt(text(), request()), EncryptionError, "order.pdf is text/plain"),
        (lambda: ENCRYPTOR.encrypt(stored(), request()), EncryptionError, "encrypted already"),
        (
            lambda: ENCRYPTOR.encrypt(signer().sign(order(), request()), request()),
            EncryptionError,
            "signed already",
        ),
        (
            lambda: signer().sign(broken(), request()),
            SigningError,
            "order.pdf could not be signed: it is no PDF, or its structure is damaged",
        ),
        (lambda: signer().sign(text(), request()), SigningError, "order.pdf is text/plain"),
        (lambda: signer().sign(stored(), request()), SigningError, "encrypted already"),
        (lambda: signer().sign(signer().sign(order(), request()), request()), SigningError, "signed already"),
        (lambda: signer().sign(order(), later(40)), SigningError, "the certificate expired on 20"),
    ],
)
def test_what_cannot_be_protected_is_told_without_a_secret(
    act: Callable[[], object], error: type[MailError], text: str
) -> None:
    with pytest.raises(error, match=re.escape(text)) as caught:
        act()
    assert SECRET not in repr(caught.value)
    assert CANARY not in repr(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None
    assert repr(pickle.loads(pickle.dumps(caught.value))) == repr(caught.value)


FOREIGN = {
    "a catalog that is a number": "structure is damaged",
    "no pages": "structure is damaged",
    "an empty file": "it is empty",
    "not a PDF": "it is no PDF",
}


UNREAD = ["XMP that is no XML", "XMP that is no UTF-8", "Info that is a number", "Info that is a list"]


@pytest.mark.parametrize("name", UNREAD)
def test_what_nobody_reads_may_be_damaged(name: str) -> None:
    document = Document(content=bad_pdfs()[name], media_type="application/pdf")
    made = signer().sign(ENCRYPTOR.encrypt(document, request()), request())
    assert flaws(made.content, CERTIFICATE, SECRET) == []


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_pdf_that_is_damaged_is_named_with_what_is_wrong(name: str) -> None:
    """Also where only the writing looks at it, which a builder and a signer do later."""
    document = Document(content=bad_pdfs()[name], media_type="application/pdf")
    letter = MessageBuilder().sender("shop@shop.example").subject("Order").text("Thank you.")
    built = letter.attach(lambda _: document, filename="order.pdf", encryptor=ENCRYPTOR)
    for act in (
        lambda: ENCRYPTOR.encrypt(document, request()).content,
        lambda: built.build({"secret": SECRET}, to="jane@example.com"),
    ):
        with pytest.raises(EncryptionError, match=re.escape(FOREIGN[name])) as raised:
            act()
        assert str(raised.value).startswith("order.pdf could not be encrypted: it")
        shown = "".join(traceback.format_exception(raised.value))
        assert "Canary" not in shown
        assert not raised.value.__cause__
    with contextlib.suppress(SigningError):  # what is appended to a plain one need not look at all of it
        signer().sign(document, request())
    with pytest.raises((EncryptionError, SigningError), match=re.escape(FOREIGN[name])):
        signer().sign(ENCRYPTOR.encrypt(document, request()), request())


def broken() -> Document:
    return Document(content=b"%PDF-1.7 " + CANARY.encode(), media_type="application/pdf")


def text() -> Document:
    return Document(content=CANARY.encode(), media_type="text/plain")


def stored() -> Document:
    return copy.copy(ENCRYPTOR.encrypt(order(), request()))


def later(days: int) -> AttachmentRequest:
    return replace(request(), now=samples.NOW + days * samples.DAY)


def test_what_was_looked_at_can_still_be_signed_and_more_than_once() -> None:
    sealed = ENCRYPTOR.encrypt(order(), request())
    assert sealed.content is sealed.content
    assert pickle.loads(pickle.dumps(sealed)) == Document(
        content=sealed.content, media_type="application/pdf", encryption="AES-256 by password"
    )
    for _ in range(2):
        assert flaws(signer().sign(sealed, request()).content, CERTIFICATE, SECRET) == []


def test_nothing_shows_a_secret() -> None:
    key = KEYS["RSA-2048"]().private_numbers().d
    for value in (ENCRYPTOR, signer(), ENCRYPTOR.encrypt(order(), request()), signer(appearance=VISIBLE)):
        assert SECRET not in repr(value)
        assert str(key) not in repr(value)
        assert CANARY not in repr(value)


# --- encryption to certificates


def person(name: str, kind: str) -> tuple[Any, Recipient]:
    key = KEYS[kind]()
    pem = certify(key, name).public_bytes(Encoding.PEM)
    return key, Recipient(address=Address(addr_spec=f"{name}@example.com"), certificate=pem)


def decrypter(key: Any, certificate: bytes) -> pubkey.SimpleEnvelopeKeyDecrypter:
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return pubkey.SimpleEnvelopeKeyDecrypter(
        cert=asn1crypto.x509.Certificate.load(asn1crypto.pem.unarmor(certificate)[2]),
        private_key=asn1crypto.keys.PrivateKeyInfo.load(der),
    )


def test_each_recipient_opens_with_their_own_key() -> None:
    people = [person("jane", "RSA-2048"), person("joe", "P-256"), person("jim", "P-384")]
    _, stranger = person("eve", "RSA-2048")
    everyone = request(*(recipient for _, recipient in people))
    sealed = PdfEncryptor().encrypt(order(), everyone)
    signed = signer().sign(sealed, everyone)
    for content in (sealed.content, signed.content):
        assert not any(canary in blob for blob in blobs(content) for canary in canaries())
        for key, recipient in people:
            reader = PdfFileReader(BytesIO(content))
            result = reader.decrypt_pubkey(decrypter(key, recipient.certificate or b""))
            assert (result.status.name, result.mac_status.name) == ("USER", "SUCCESSFUL")
            assert "ALLOW_ASSISTIVE_TECHNOLOGY" in str(result.permission_flags)
            assert "ALLOW_MODIFICATION_GENERIC" not in str(result.permission_flags)
            assert reader.trailer_view["/Info"]["/Title"] == CANARY
        key = KEYS["RSA-2048"]()
        assert (
            PdfFileReader(BytesIO(content))
            .decrypt_pubkey(decrypter(key, stranger.certificate or b""))
            .status.name
            == "FAILED"
        )


def test_certificates_come_in_any_form() -> None:
    certificate = certify(KEYS["P-256"](), "Jane")
    forms = [certificate, certificate.public_bytes(Encoding.PEM), certificate.public_bytes(Encoding.DER)]
    for form in forms:
        sealed = PdfEncryptor(certificates=lambda _, form=form: [form]).encrypt(order(), request())  # type: ignore[misc]
        reader = PdfFileReader(BytesIO(sealed.content))
        assert reader.decrypt_pubkey(decrypter(KEYS["P-256"](), forms[1])).status.name == "USER"


@pytest.mark.parametrize("place", ["address", "alternative"])
@pytest.mark.parametrize(
    ("holder", "is_refused"),
    [("jane@example.com", False), ("JANE@Example.com", False), ("joan@example.com", True)],
)
def test_a_certificate_of_somebody_else_is_refused(place: str, holder: str, *, is_refused: bool) -> None:
    certificate = certify(KEYS["P-256"](), **{place: holder})
    jane = Recipient(address=Address(addr_spec="jane@example.com"), certificate=pem(certificate))
    ways = ((PdfEncryptor(), request(jane)), (PdfEncryptor(certificates=lambda _: [certificate]), request()))
    for encryptor, asked in ways:
        if is_refused:
            with pytest.raises(EncryptionError, match="another mail address") as caught:
                encryptor.encrypt(order(), asked)
            assert "joan" not in str(caught.value)
        else:
            assert encryptor.encrypt(order(), asked).content


def test_two_recipients_cannot_swap_their_certificates() -> None:
    names = ("jane@example.com", "joe@example.com")
    certificates = [certify(KEYS["P-256"](), alternative=name) for name in names]
    swapped = [
        Recipient(address=Address(addr_spec=name), certificate=pem(certificate))
        for name, certificate in zip(names, reversed(certificates), strict=True)
    ]
    with pytest.raises(EncryptionError, match="another mail address"):
        PdfEncryptor().encrypt(order(), request(*swapped))
    both = request(*names)
    assert PdfEncryptor(certificates=lambda _: certificates).encrypt(order(), both).content
    with pytest.raises(EncryptionError, match="1 certificates for 2 recipients"):
        PdfEncryptor(certificates=lambda _: certificates[:1]).encrypt(order(), both)


def pem(certificate: Any) -> bytes:
    return certificate.public_bytes(Encoding.PEM)  # type: ignore[no-any-return]


def test_a_certificate_without_key_usage_may_do_everything() -> None:
    certificate = certify(KEYS["P-256"](), usages=None)
    assert PdfEncryptor(certificates=lambda _: [certificate]).encrypt(order(), request()).content


def test_a_recipient_without_certificate_is_told() -> None:
    with pytest.raises(EncryptionError, match="certificate is missing"):
        PdfEncryptor().encrypt(order(), request())


# --- signatures


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("is_encrypted", [False, True])
def test_a_signature_holds_with_every_kind_of_key(kind: str, is_encrypted: bool) -> None:
    root_key = samples.ec_key(1)
    root = certify(root_key, "Root of Trust")
    middle_key = samples.ec_key(2)
    middle = certify(middle_key, "Middle", issuer=(root_key, root))
    own = certify(KEYS[kind](), issuer=(middle_key, middle))
    document = ENCRYPTOR.encrypt(order(), request()) if is_encrypted else order()
    signed = PdfSigner(key=KEYS[kind](), certificate=own, chain=[middle]).sign(document, request())
    assert flaws(signed.content, root, SECRET if is_encrypted else None) == []
    assert flaws(signed.content, certify(root_key, "Another"), SECRET if is_encrypted else None) != []
    assert b"/ETSI.CAdES.detached" in signed.content


def test_reason_place_and_time_are_in_the_signature() -> None:
    when = samples.NOW + samples.DAY
    signed = signer(reason="Order 7", location="Brno").sign(order(), replace(request(), now=when))
    (signature,) = PdfFileReader(BytesIO(signed.content)).embedded_signatures
    assert signature.sig_object["/Reason"] == "Order 7"
    assert signature.sig_object["/Location"] == "Brno"
    assert signature.self_reported_timestamp == when


def test_nothing_about_the_signer_is_readable_in_an_encrypted_document() -> None:
    signed = signer(reason="Reason-4711").sign(ENCRYPTOR.encrypt(order(), request()), request())
    assert not any(b"Reason-4711" in blob or b"Example Shop" in blob for blob in blobs(signed.content))


def test_wrong_orders_would_be_seen() -> None:
    plainly_signed = signer().sign(order(), request()).content
    output = BytesIO()
    with pikepdf.open(BytesIO(plainly_signed)) as pdf:
        pdf.save(output, encryption=pikepdf.Encryption(owner="owner", user=SECRET, R=6))
    assert flaws(output.getvalue(), CERTIFICATE, SECRET) != []

    appended, output = IncrementalPdfFileWriter(BytesIO(plainly_signed)), BytesIO()
    appended.root["/Lang"] = pikepdf_name = appended.root.get("/Type")
    assert pikepdf_name is not None
    appended.update_root()
    appended.write(output)
    assert "not wholly covered" in flaws(output.getvalue(), CERTIFICATE)


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
def test_a_signature_is_made_inside_a_running_loop_and_leaves_the_loop_of_the_thread_alone() -> None:
    async def inside() -> Document:
        return signer().sign(order(), request())

    loop = asyncio.new_event_loop()
    try:
        asyncio.set_event_loop(loop)
        signed = loop.run_until_complete(inside())
        signer().sign(order(), request())
        assert asyncio.get_event_loop() is loop
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    assert flaws(signed.content, CERTIFICATE) == []
    simple = signers.SimpleSigner.load_pkcs12_data(pkcs12_of("RSA-2048"), [])
    mutant = signers.PdfSigner(signers.PdfSignatureMetadata(field_name="Signature"), simple)

    async def by_hand() -> None:
        mutant.sign_pdf(IncrementalPdfFileWriter(BytesIO(order().content)))

    with pytest.raises(RuntimeError, match="running event loop"):
        asyncio.run(by_hand())
    gc.collect()


def test_eight_threads_sign_with_one_signer() -> None:
    shared = signer()

    def work(number: int) -> bytes:
        own = request(secret=f"{SECRET}-{number}")
        return shared.sign(ENCRYPTOR.encrypt(order(), own), own).content

    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        contents = list(threads.map(work, range(40)))
    assert [flaws(content, CERTIFICATE, f"{SECRET}-{n}") for n, content in enumerate(contents)] == [[]] * 40


def test_the_key_is_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from cryptography.hazmat.primitives import serialization

    made = signer()
    for name in ("load_der_private_key", "load_pem_private_key"):
        monkeypatch.setattr(serialization, name, fails)
    assert flaws(made.sign(order(), request()).content, CERTIFICATE) == []


@pytest.mark.parametrize("length", [1, 6])
def test_the_space_for_the_signature_suffices_for_long_chains(length: int) -> None:
    key, certificate = samples.ec_key(1), certify(samples.ec_key(1), "Root " + 50 * "x")
    chain = [certificate]
    for number in range(length):
        issued = certify(samples.ec_key(2), f"Link {number} " + 50 * "x", issuer=(key, chain[-1]))
        key, chain = samples.ec_key(2), [*chain, issued]
    own = certify(samples.rsa_key(4096), "Leaf " + 50 * "x", issuer=(key, chain[-1]))
    made = PdfSigner(key=samples.rsa_key(4096), certificate=own, chain=chain)
    signed = made.sign(ENCRYPTOR.encrypt(order(), request()), request())
    assert flaws(signed.content, chain[0], SECRET) == []


# --- keys


def pkcs12_of(kind: str, password: bytes | None = None) -> bytes:
    protection = BestAvailableEncryption(password) if password else NoEncryption()
    key = KEYS[kind]()
    return pkcs12.serialize_key_and_certificates(
        b"shop", key, certify(key), [certify(samples.ec_key(1))], protection
    )


@pytest.mark.parametrize("kind", KEYS)
def test_from_pkcs12(kind: str, tmp_path: Any) -> None:
    path = tmp_path / "shop.p12"
    path.write_bytes(pkcs12_of(kind, b"pass"))
    made = PdfSigner.from_pkcs12(path, password=lambda: "pass", reason="Order")
    assert flaws(made.sign(order(), request()).content, made._certificate) == []
    assert PdfSigner.from_pkcs12(pkcs12_of(kind)) is not None


@pytest.mark.parametrize("kind", KEYS)
def test_from_pem(kind: str, tmp_path: Any) -> None:
    key, other = KEYS[kind](), certify(samples.ec_key(1), "Other")
    own = certify(key)
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pass"))
    )
    chain = other.public_bytes(Encoding.PEM) + own.public_bytes(Encoding.PEM)
    made = PdfSigner.from_pem(tmp_path / "key.pem", chain, password=lambda: b"pass")
    assert flaws(made.sign(order(), request()).content, own) == []


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: VisibleSignature(box=(10, 10, 10, 40)), "box .* is empty"),
        (lambda: VisibleSignature(box=(10, 10, 90, 40), logo=b"GIF89a"), "neither PNG nor JPEG"),
        (lambda: VisibleSignature(box=(10, 10, 90, 40), logo=b"\x89PNG cut off"), "is damaged"),
        (
            lambda: VisibleSignature(box=(10, 10, 90, 40), logo="/nowhere/logo.png"),
            "cannot be read: No such file",
        ),
        (lambda: VisibleSignature(box=(10, 10, 90, 40), logo=7), "neither PNG nor JPEG"),
        (lambda: VisibleSignature(box=(10, 10, float("inf"), 40)), "box of the visible signature"),
        (lambda: VisibleSignature(box=(10, 10, 90)), "box of the visible signature"),
        (lambda: VisibleSignature(box="10, 10, 90, 40"), "box of the visible signature"),
        (lambda: VisibleSignature(box=(90, 10, 10, 40)), "box of the visible signature"),
    ],
)
def test_what_cannot_be_shown_is_refused_while_wiring(make: Callable[[], object], text: str) -> None:
    with pytest.raises(ConfigurationError, match=text) as caught:
        make()
    assert SECRET not in str(caught.value)


def own(key: Any, **options: Any) -> PdfSigner:
    return PdfSigner(key=key, certificate=certify(key, **options))


@pytest.mark.parametrize("usages", [None, ["digital_signature"], ["content_commitment"]])
def test_certificates_for_signing_are_taken(usages: list[str] | None) -> None:
    assert own(KEYS["P-256"](), usages=usages) is not None


# --- visible signatures

VISIBLE = VisibleSignature(box=(300, 60, 540, 120))


def dark_pixels(document: Document, box: tuple[int, int, int, int]) -> int:
    with pypdfium2.PdfDocument(document.content, password=SECRET) as pdf:
        pdf.init_forms()
        image = pdf[0].render(scale=1).to_pil().convert("L")
    left, bottom, right, top = box
    part = image.crop((left, image.height - top, right, image.height - bottom))
    return sum(pixel < 128 for pixel in part.tobytes())


def test_a_visible_signature_shows_in_its_box_only() -> None:
    sealed = ENCRYPTOR.encrypt(order(), request())
    invisible = signer().sign(sealed, request())
    visible = signer(appearance=VISIBLE).sign(sealed, request())
    assert dark_pixels(invisible, (300, 60, 540, 120)) == 0
    assert dark_pixels(visible, (300, 60, 540, 120)) > 100
    assert dark_pixels(visible, (0, 0, 595, 60)) == 0
    assert flaws(visible.content, CERTIFICATE, SECRET) == []


def test_its_text_is_a_template_in_any_European_script() -> None:  # noqa: N802
    shown = VisibleSignature(box=(72, 60, 330, 110), page=0, text="{{ firm }} – Ελλάδα & Київ, 100 % €")
    signed = signer(appearance=shown).sign(order(), request(firm="Žluťoučký kůň"))
    with pypdfium2.PdfDocument(signed.content) as pdf:
        pdf.init_forms()
        pdf[0].flatten()
        text = " ".join(pdf[0].get_textpage().get_text_range().split())
    assert "Žluťoučký kůň – Ελλάδα & Київ, 100 % €" in text


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (VisibleSignature(box=(72, 60, 100, 70)), "does not fit"),
        (VisibleSignature(box=(72, 60, 330, 110), text="契約"), "a character that its font lacks"),
        (VisibleSignature(box=(72, 60, 330, 110), page=9), "there is no page 9"),
        (VisibleSignature(box=(72, 60, 330, 110), page=-2), "there is no page -2"),
        (VisibleSignature(box=(700, 60, 900, 120)), r"outside of its page, which is \(0, 0, 595, 842\)"),
        (VisibleSignature(box=(500, 60, 740, 120)), "outside of its page"),
        (VisibleSignature(box=(300, -200, 540, -120)), "outside of its page"),
        (VisibleSignature(box=(300, 800, 540, 900)), "outside of its page"),
        (VisibleSignature(box=(72, 60, 120, 84), text="x", qr="https://shop.example/" * 9), "too fine"),
        (VisibleSignature(box=(72, 60, 330, 110), qr="x" * 5000), "could not be drawn"),
    ],
)
@pytest.mark.parametrize("make", [order, lambda: ENCRYPTOR.encrypt(order(), request())])
def test_what_cannot_be_shown_is_an_error(
    make: Callable[[], Document], shown: VisibleSignature, text: str
) -> None:
    with pytest.raises(SigningError, match=text):
        signer(appearance=shown).sign(make(), request())


def test_a_picture_may_fill_the_page() -> None:
    shown = VisibleSignature(box=(0, 0, 595.276, 841.89))
    assert signer(appearance=shown).sign(order(), request())


def test_a_page_may_begin_anywhere() -> None:
    with pikepdf.Pdf.open(BytesIO(order().content)) as pdf:
        pdf.pages[0].CropBox = pikepdf.Array([-100, 900, 495, 58])
        output = BytesIO()
        pdf.save(output)
    moved = Document(content=output.getvalue(), media_type="application/pdf")
    shown = VisibleSignature(box=(-90, 100, 150, 160))
    assert signer(appearance=shown).sign(moved, request())
    with pytest.raises(SigningError, match=r"outside of its page, which is \(-100, 58, 495, 900\)"):
        signer(appearance=VisibleSignature(box=(400, 60, 540, 120))).sign(moved, request())


def black_picture() -> bytes:
    from PIL import Image

    picture = BytesIO()
    Image.new("RGB", (40, 40), (0, 0, 0)).save(picture, "PNG")
    return picture.getvalue()


def test_a_logo_shows_to_the_left_of_the_text() -> None:
    shown = VisibleSignature(box=(300, 60, 540, 120), text="Shop", logo=black_picture())
    signed = signer(appearance=shown).sign(order(), request())
    assert dark_pixels(signed, (302, 62, 358, 118)) > 2500


def test_a_qr_code_can_be_read_from_the_page() -> None:
    shown = VisibleSignature(
        box=(300, 60, 540, 120), text="Shop", qr="https://shop.example/verify/{{ number }}?žluť"
    )
    signed = signer(appearance=shown).sign(order(), request(number=4711))
    with pypdfium2.PdfDocument(signed.content) as pdf:
        pdf.init_forms()
        image = pdf[0].render(scale=3).to_pil()
    (code,) = zxingcpp.read_barcodes(image)
    assert code.text == "https://shop.example/verify/4711?žluť"
    left, right = code.position.top_left.x / 3, code.position.top_right.x / 3
    assert 480 < left < right < 540
    assert dark_pixels(signed, (300, 60, 480, 120)) > 20


# --- certification


@pytest.mark.parametrize(
    ("certify", "permission"),
    [
        ("nothing", MDPPerm.NO_CHANGES),
        ("fill_forms", MDPPerm.FILL_FORMS),
        ("annotate", MDPPerm.ANNOTATE),
        (None, None),
    ],
)
@pytest.mark.parametrize("is_encrypted", [False, True])
def test_a_certification_signature_says_what_may_change(
    certify: Any, permission: MDPPerm | None, *, is_encrypted: bool
) -> None:
    document = ENCRYPTOR.encrypt(order(), request()) if is_encrypted else order()
    by = signer(certify=certify)
    for _ in range(3):
        content = by.sign(document, request()).content
        assert flaws(content, CERTIFICATE, SECRET if is_encrypted else None) == []
        (signature,) = opened(content, SECRET).embedded_signatures
        assert signature.docmdp_level == permission


def test_only_known_changes_can_be_permitted() -> None:
    with pytest.raises(ConfigurationError, match="certify= takes nothing, fill_forms, annotate"):
        signer(certify="everything")


def opened(content: bytes, password: str) -> PdfFileReader:
    reader = PdfFileReader(BytesIO(content))
    if reader.encrypted:
        reader.decrypt(password)
    return reader


# --- ways to encrypt


def test_the_mac_can_be_left_out() -> None:
    without = PdfEncryptor(password="{{ secret }}", insecure_omit_mac=True).encrypt(order(), request())
    assert without.encryption == "AES-256 by password, without a MAC"
    result = PdfFileReader(BytesIO(without.content)).decrypt(SECRET)
    assert (result.status, result.mac_status) == (AuthStatus.USER, PdfMacStatus.NOT_APPLICABLE)
    signed = signer().sign(without, request()).content
    assert opened(signed, SECRET).embedded_signatures[0].signer_cert is not None
    assert b"/AuthCode" not in without.content + signed
    with_mac = ENCRYPTOR.encrypt(order(), request())
    assert b"/AuthCode" in with_mac.content


@pytest.mark.parametrize(("padding", "algorithm"), [("PKCS1-v1_5", "rsaes_pkcs1v15"), ("OAEP", "rsaes_oaep")])
@pytest.mark.parametrize("omit_mac", [False, True])
def test_the_key_is_wrapped_as_wished(padding: Any, algorithm: str, *, omit_mac: bool) -> None:
    key, recipient = person("RSA-2048", "RSA-2048")
    encryptor = PdfEncryptor(rsa_padding=padding, insecure_omit_mac=omit_mac)
    encrypted = encryptor.encrypt(order(), request(recipient))
    assert encrypted.encryption == "AES-256 to a certificate" + omit_mac * ", without a MAC"
    reader = PdfFileReader(BytesIO(encrypted.content))
    (info,) = cms.ContentInfo.load(reader.encrypt_dict["/CF"]["/DefaultCryptFilter"]["/Recipients"][0])[
        "content"
    ]["recipient_infos"]
    assert info.chosen["key_encryption_algorithm"]["algorithm"].native == algorithm
    result = reader.decrypt_pubkey(decrypter(key, recipient.certificate or b""))
    assert result.status == AuthStatus.USER
    assert reader.root["/Pages"]["/Count"] == 1


def test_only_known_paddings_are_taken() -> None:
    with pytest.raises(ConfigurationError, match="PKCS1-v1_5 or OAEP"):
        PdfEncryptor(rsa_padding="none")  # type: ignore[arg-type]


def test_the_public_module_loads_no_heavy_library(fresh_python: Callable[[str], str]) -> None:
    program = """
import sys
from ondemand_attach import PdfEncryptor, PdfSigner, VisibleSignature
PdfEncryptor(password="{{ secret }}")
heavy = ("pyhanko", "cryptography", "reportlab", "asn1crypto", "asyncio", "jinja2")
print([name for name in heavy if name in sys.modules])
"""
    assert fresh_python(program).strip() == "[]"


@pytest.mark.parametrize(
    ("template", "context"),
    [
        ("garnet-and-gold-{{ zip }}", {"zip": "11000"}),
        ("amber-kettle-violin-lantern{{ pin }}", {"pin": ""}),
        ("{% if number %}amber-kettle-violin-lantern-27{% endif %}", {"number": 7}),
        ("contract-customer-{{ '%05d' % number }}", {"number": 7}),
        ("{% if number %}amber-kettle-violin-lantern{% endif %}{{ number }}", {"number": 7}),
    ],
)
def test_the_fixed_text_of_a_template_is_no_secret(template: str, context: dict[str, object]) -> None:
    with pytest.raises(WeakPasswordError):
        PdfEncryptor(password=template).encrypt(order(), request(**context))


@pytest.mark.parametrize("value", [None, b"amber-kettle-violin-27", ["amber-kettle-violin-27"], True, 1.5])
def test_what_nobody_could_type_is_no_secret(value: object) -> None:
    with pytest.raises(TemplateError, match="put into a secret"):
        PdfEncryptor(password="{{ value }}-amber-kettle-violin-27").encrypt(order(), request(value=value))


@pytest.mark.parametrize(
    "fixed", ["amber-kettle-violin-27", "{{ 'amber-kettle-violin-27' }}", '{{ "amber" }}-{{ 27 }}', ""]
)
def test_a_password_that_is_the_same_for_everyone_is_refused(fixed: str) -> None:
    with pytest.raises(ConfigurationError, match="the same for everyone"):
        PdfEncryptor(password=fixed)


def test_a_logo_may_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(black_picture())
    assert VisibleSignature(box=(0, 0, 50, 50), logo=tmp_path / "logo.png").logo == black_picture()


def test_a_password_that_is_no_callable_is_refused_in_words(tmp_path: Path) -> None:
    file = tmp_path / "key.p12"
    file.write_bytes(
        pkcs12.serialize_key_and_certificates(
            None, KEYS["RSA-2048"](), CERTIFICATE, None, BestAvailableEncryption(b"x")
        )
    )
    with pytest.raises(ConfigurationError, match="takes a callable"):
        PdfSigner.from_pkcs12(file, password="x")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="it is encrypted: give password="):
        PdfSigner.from_pkcs12(file)
    with pytest.raises(
        ConfigurationError, match=r"nowhere\.p12' of the PKCS #12 store cannot be read: No such file"
    ):
        PdfSigner.from_pkcs12(tmp_path / "nowhere.p12")
