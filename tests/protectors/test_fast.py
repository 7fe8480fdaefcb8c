"""Keys and CMS objects that are made without pyHanko, against pyHanko's own."""

from __future__ import annotations

import asyncio
import concurrent.futures
import datetime
import logging
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any

import asn1crypto.core
import asn1crypto.keys
import asn1crypto.x509
import pikepdf
import pypdfium2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from pyhanko.pdf_utils.crypt import StandardSecurityHandler
from pyhanko.pdf_utils.crypt.api import AuthStatus, PdfMacStatus
from pyhanko.pdf_utils.crypt.permissions import StandardPermissions
from pyhanko.pdf_utils.crypt.pubkey import SimpleEnvelopeKeyDecrypter
from pyhanko.pdf_utils.crypt.standard import _r6_hash_algo
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import BasePdfFileWriter, PdfFileWriter
from pyhanko.sign import signers

from ondemand_attach import Document, PdfEncryptor, PdfSigner, VisibleSignature
from ondemand_attach._message import AttachmentRequest
from ondemand_attach.protectors import _certificates, _pyhanko
from ondemand_attach.protectors._fast import _keys, _mac
from ondemand_attach.protectors._fast._cms import CmsTemplate, Example, LearntCms
from ondemand_attach.protectors._fast._credentials import Credentials
from ondemand_attach.protectors._fast._der import DerTemplate
from ondemand_attach.protectors._fast._keys import PasswordHandler, hashed
from ondemand_attach.testing import attachment_request
from protectors import samples
from protectors.samples import KEYS, SECRET, certify, flaws, order

REQUEST = attachment_request({"secret": SECRET}, filename="order.pdf")
ENCRYPTOR = PdfEncryptor(password="{{ secret }}")

# --- keys


@given(st.binary(max_size=127), st.binary(min_size=8, max_size=8), st.sampled_from([b"", bytes(range(48))]))
def test_the_hash_is_that_of_pyhanko(password: bytes, salt: bytes, user_entry: bytes) -> None:
    right = _r6_hash_algo(password, salt, user_entry or None)
    assert hashed(password, salt, user_entry) == right
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_keys, "_encryptor", _keys._checked)
        assert hashed(password, salt, user_entry) == right


@pytest.mark.parametrize(
    "password", [SECRET, "zažluťKx7-tRw92m", "Пароль-7731-Kx7q", ("Kx7ž-ťR9w-" * 9)[:90]]
)
def test_the_password_opens_and_no_other(password: str) -> None:
    content = ENCRYPTOR.encrypt(order(), replace(REQUEST, context={"secret": password})).content
    pypdfium2.PdfDocument(content, password=password).close()
    with pikepdf.open(BytesIO(content), password=password) as pdf:
        assert pdf.user_password_matched
        assert not pdf.owner_password_matched
    for wrong in ("", password[:-1], password + "x"):
        with pytest.raises(pikepdf.PasswordError):
            pikepdf.open(BytesIO(content), password=wrong)
        with pytest.raises(pypdfium2.PdfiumError):
            pypdfium2.PdfDocument(content, password=wrong)


def test_the_encryption_dictionary_has_the_entries_of_pyhanko() -> None:
    flags = StandardPermissions.ALLOW_PRINTING | StandardPermissions.TOLERATE_MISSING_PDF_MAC
    ours = PasswordHandler(SECRET, None, flags, with_mac=True).as_pdf_object()
    theirs = StandardSecurityHandler.build_from_pw("owner", SECRET, flags).as_pdf_object()
    random = {"/O", "/U", "/OE", "/UE", "/Perms", "/KDFSalt"}
    assert {key: len(ours[key]) for key in random} == {key: len(theirs[key]) for key in random}
    for entries in (ours, theirs):
        for key in random:
            del entries[key]
    assert ours == theirs


@pytest.mark.parametrize(
    ("owner", "given", "status"),
    [
        ("owner", "owner", AuthStatus.OWNER),
        ("owner", SECRET, AuthStatus.USER),
        (None, SECRET, AuthStatus.USER),
        (None, "owner", AuthStatus.FAILED),
        (None, "", AuthStatus.FAILED),
    ],
)
def test_the_passwords_give_the_right_access(owner: str | None, given: str, status: AuthStatus) -> None:
    made = PasswordHandler(SECRET, owner, StandardPermissions.ALLOW_PRINTING, with_mac=True)
    read = StandardSecurityHandler.instantiate_from_pdf_object(made.as_pdf_object())
    assert read.authenticate(given).status == status
    if status != AuthStatus.FAILED:
        assert read.get_file_encryption_key() == made.get_file_encryption_key()


def test_no_two_documents_share_a_key() -> None:
    handlers = [PasswordHandler(SECRET, None, StandardPermissions(0), with_mac=True) for _ in range(2)]
    assert len({handler.get_file_encryption_key() for handler in handlers}) == 2
    assert len({handler.odata for handler in handlers}) == 2


def test_without_the_step_that_has_no_public_name_pyhanko_makes_the_keys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def renamed(self: PdfFileWriter, owner_pass: str, user_pass: str, **options: Any) -> None:
        step(self, StandardSecurityHandler.build_from_pw(owner_pass, user_pass, **options))

    step = BasePdfFileWriter._assign_security_handler
    monkeypatch.delattr(BasePdfFileWriter, "_assign_security_handler")
    monkeypatch.setattr(PdfFileWriter, "encrypt", renamed)
    with pikepdf.open(BytesIO(ENCRYPTOR.encrypt(order(), REQUEST).content), password=SECRET) as pdf:
        assert not pdf.owner_password_matched


# --- templates


@given(st.lists(st.binary(min_size=1, max_size=300), min_size=2, max_size=2, unique=True))
def test_a_template_adapts_the_lengths_around_a_value(values: list[bytes]) -> None:
    def nested(value: bytes) -> bytes:
        inner = asn1crypto.core.SequenceOf([value], spec=asn1crypto.core.OctetString)
        return asn1crypto.core.SequenceOf([inner, inner], spec=asn1crypto.core.SequenceOf).dump()

    first, second = values
    assert DerTemplate(nested(first), {first: "value"}).filled({"value": second}) == nested(second)


class Watched(LearntCms):
    """Keeps what pyHanko made, and has it make everything."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Example] = []

    def learn(self, example: Example) -> None:
        self.seen.append(example)


def credentials(kind: str = "P-256", chain: int = 1, **options: Any) -> Credentials:
    certificate = certify(KEYS[kind]())
    others = [certify(samples.ec_key(number), f"Link {number}") for number in range(1, chain)]
    values: dict[str, Any] = {"key": KEYS[kind](), "reason": None, "location": None} | options
    return Credentials(certificates=tuple(_certificates.der((certificate, *others))), **values)


def documents(*, with_mac: bool, count: int) -> list[Document]:
    return [ENCRYPTOR.encrypt(order(), REQUEST) if with_mac else order(number + 1) for number in range(count)]


def examples(kind: str, *, with_mac: bool, chain: int = 1, count: int = 3) -> list[Example]:
    watched = Watched()
    kept = credentials(kind, chain, cms=watched)
    for document in documents(with_mac=with_mac, count=count):
        _pyhanko.Signature(credentials=kept, picture=None, certified=None, now=REQUEST.now).put_on(document)
    return watched.seen


@pytest.mark.parametrize("with_mac", [True, False])
@pytest.mark.parametrize(("kind", "chain"), [("RSA-2048", 1), ("P-256", 3), ("P-384", 1)])
def test_a_template_gives_what_pyhanko_does_byte_for_byte(kind: str, chain: int, *, with_mac: bool) -> None:
    first, *others = examples(kind, with_mac=with_mac, chain=chain, count=6)
    template = CmsTemplate(first, _mac.mac_template(is_signed=True) if with_mac else None)
    assert all(template.reproduces(other) for other in others)


def altered(content: bytes) -> bytes:
    """Return the CMS object with another digest algorithm, the first place that does not hold a value."""
    place = content.index(bytes.fromhex("608648016503040201")) + 8
    return content[:place] + b"\x02" + content[place + 1 :]


@pytest.mark.parametrize(
    "change",
    [
        lambda one: replace(one, content=altered(one.content)),
        lambda one: replace(one, attributes=one.attributes + b"\x05\x00"),
        lambda one: replace(one, digest=bytes(32)),
        lambda one: replace(one, wrapping_key=bytes(32)),
        lambda one: replace(one, content=b"garbage"),
    ],
)
@pytest.mark.parametrize("place", [0, 1])
def test_what_is_not_as_supposed_is_left_to_pyhanko_for_good(
    change: Callable[[Example], Example], place: int, caplog: pytest.LogCaptureFixture
) -> None:
    seen = examples("P-256", with_mac=True, count=4)
    seen[place] = change(seen[place])
    learnt = LearntCms()
    with caplog.at_level(logging.WARNING, "ondemand_attach"):
        for one in (*seen, *seen):
            learnt.learn(one)
    assert learnt.template(with_mac=True) is None
    assert [record.getMessage() for record in caplog.records] == [
        "pyHanko's CMS objects are not of the form known; signatures take longer"
    ]


def test_two_signatures_of_a_kind_prove_the_template() -> None:
    learnt = LearntCms()
    for with_mac in (True, False):
        first, second, _ = examples("P-256", with_mac=with_mac)
        learnt.learn(first)
        assert learnt.template(with_mac=with_mac) is None
        learnt.learn(second)
        assert learnt.template(with_mac=with_mac) is not None


@pytest.mark.parametrize("content", [lambda token: token[:-1] + bytes([token[-1] ^ 1]), lambda _: b"garbage"])
def test_a_mac_of_another_form_is_left_to_pyhanko(
    content: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    make = _mac._Example.make

    def changed(**options: bool) -> Any:
        example = make(**options)
        return replace(example, content=content(example.content))

    monkeypatch.setattr(_mac._Example, "make", changed)
    _mac.mac_template.cache_clear()
    try:
        document = ENCRYPTOR.encrypt(order(), REQUEST)
        signer = signing("P-256")
        with caplog.at_level(logging.WARNING, "ondemand_attach"):
            contents = [document.content, *(signer.sign(document, REQUEST).content for _ in range(3))]
    finally:
        _mac.mac_template.cache_clear()
    assert len({record.getMessage() for record in caplog.records}) == 2
    assert all(b"/AuthCode" in content for content in contents)
    assert flaws(contents[-1], signer._certificate, SECRET) == []


# --- signatures that are filled in


def signing(kind: str, **options: Any) -> PdfSigner:
    return PdfSigner(key=KEYS[kind](), certificate=certify(KEYS[kind]()), **options)


@pytest.fixture
def no_more_by_pyhanko(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("pyHanko was asked to sign")

    return lambda: monkeypatch.setattr(signers.Signer, "async_sign", refuse)


def sealed_for(request: AttachmentRequest) -> Document:
    return ENCRYPTOR.encrypt(order(), request)


@pytest.mark.parametrize("seal", [sealed_for, lambda _: order()], ids=["encrypted", "plain"])
@pytest.mark.parametrize(
    "shown", [None, VisibleSignature(box=(300, 60, 540, 120))], ids=["invisible", "visible"]
)
@pytest.mark.parametrize("kind", KEYS)
def test_from_the_third_on_signatures_are_filled_in_and_valid(
    kind: str,
    shown: VisibleSignature | None,
    seal: Callable[[AttachmentRequest], Document],
    no_more_by_pyhanko: Callable[[], None],
) -> None:
    signer = signing(kind, reason="Order", location="Prague", appearance=shown)
    password = SECRET if seal is sealed_for else None
    for _ in range(2):
        signer.sign(seal(REQUEST), REQUEST)
    no_more_by_pyhanko()
    for _ in range(2):
        assert flaws(signer.sign(seal(REQUEST), REQUEST).content, signer._certificate, password) == []


def test_a_signed_document_looks_the_same_whoever_made_the_cms_object() -> None:
    signer = signing("RSA-2048", reason="Order", location="Prague")
    sizes = {len(signer.sign(order(), REQUEST).content) for _ in range(4)}
    assert len(sizes) == 1


def test_certificates_encrypt_and_the_signature_is_filled_in(no_more_by_pyhanko: Callable[[], None]) -> None:
    signer, reader = signing("P-256"), certify(KEYS["RSA-2048"]())
    encryptor = PdfEncryptor(certificates=lambda _: [reader])
    for _ in range(2):
        signer.sign(ENCRYPTOR.encrypt(order(), REQUEST), REQUEST)
    no_more_by_pyhanko()
    content = signer.sign(encryptor.encrypt(order(), REQUEST), REQUEST).content
    key = KEYS["RSA-2048"]().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    result = PdfFileReader(BytesIO(content)).decrypt_pubkey(
        SimpleEnvelopeKeyDecrypter(
            asn1crypto.x509.Certificate.load(reader.public_bytes(Encoding.DER)),
            asn1crypto.keys.PrivateKeyInfo.load(key),
        )
    )
    assert (result.status, result.mac_status) == (AuthStatus.USER, PdfMacStatus.SUCCESSFUL)


@pytest.mark.parametrize("kind", ["RSA-2048", "P-256"])
def test_eight_threads_share_what_was_learnt(kind: str) -> None:
    signer = signing(kind)

    def work(number: int) -> bytes:
        request = replace(REQUEST, context={"secret": f"{SECRET}-{number}"})
        return signer.sign(sealed_for(request), request).content

    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        contents = list(threads.map(work, range(16)))
    for number, content in enumerate(contents):  # here, because pdfium is for one thread at a time
        assert flaws(content, signer._certificate, f"{SECRET}-{number}") == []
    assert signer._credentials.cms.template(with_mac=True) is not None


def test_a_running_loop_and_its_thread_are_left_alone() -> None:
    signer = signing("P-256")
    for _ in range(2):
        signer.sign(order(), REQUEST)

    async def sign() -> Document:
        return signer.sign(order(), REQUEST)

    assert flaws(asyncio.run(sign()).content, signer._certificate) == []


def test_a_holder_without_a_name_signs_too() -> None:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.SERIAL_NUMBER, "7731")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - samples.DAY).not_valid_after(now + samples.DAY)
    certificate = builder.sign(key, samples.hashes.SHA256())
    signer = PdfSigner(key=key, certificate=certificate)
    for _ in range(3):
        assert flaws(signer.sign(order(), REQUEST).content, certificate) == []
