"""What protectors refuse, and in which words: tried, and written into docs/reference/refused.md."""

from __future__ import annotations

import base64
import datetime
import functools
import itertools
import pickle
import re
import sys
import zlib
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any

import openpyxl
import pikepdf
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs7,
    pkcs12,
)
from cryptography.x509 import Certificate, ExtensionOID, ObjectIdentifier, UnrecognizedExtension

from ondemand_attach import (
    AttachmentRequest,
    DkimSigner,
    Document,
    MessageBuilder,
    OfficeEncryptor,
    PdfEncryptor,
    PdfSigner,
    SmimeEncryptor,
    SmimeSigner,
    TimeStampAuthority,
    VisibleSignature,
    ZipEncryptor,
)
from ondemand_attach.errors import EncryptionError, MailError, ProtectionError
from ondemand_attach.protectors import _certificates
from ondemand_attach.protectors._foreign import PDF_A
from ondemand_attach.testing import attachment_request
from pages import check_page, table
from protectors import rich_pdfs, samples
from protectors.samples import CANARY, NOW, certify, ec_key, order, rsa_key

PASSWORD = "Qz7-confidential-4711"
WRONG = "Qz7-confidential-4712"
SECRETS = (PASSWORD, WRONG, CANARY, "fidential", "4711", "4712")
REQUEST = attachment_request({}, filename="order.pdf")
PAGE = "refused.md"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OWN, OF_ANOTHER = certify(ec_key()), certify(rsa_key())


def fails(*_: object) -> Any:
    raise KeyError(PASSWORD)


@functools.cache
def store() -> bytes:
    protection = BestAvailableEncryption(PASSWORD.encode())
    return pkcs12.serialize_key_and_certificates(b"shop", ec_key(), OWN, None, protection)


@functools.cache
def pem(*, is_locked: bool = False) -> bytes:
    protection = BestAvailableEncryption(PASSWORD.encode()) if is_locked else NoEncryption()
    return ec_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)


def chain(certificate: Any = OWN) -> bytes:
    return certificate.public_bytes(Encoding.PEM)  # type: ignore[no-any-return]


def serialized(key: Any, others: list[Certificate] | None) -> bytes:
    protection = BestAvailableEncryption(PASSWORD.encode())
    return pkcs12.serialize_key_and_certificates(b"shop", key, None, others, protection)


def one_line(content: bytes) -> bytes:
    return content.replace(b"\n", b"\\n")


Signer = type[PdfSigner] | type[SmimeSigner]


def own(kind: Signer, key: Any, **options: Any) -> object:
    return kind(key=key, certificate=certify(key, **options))


SIGNING_KEYS: dict[str, Callable[[Signer], object]] = {
    "PKCS #12 store: wrong password": lambda of: of.from_pkcs12(store(), password=lambda: WRONG),
    "PKCS #12 store: no password": lambda of: of.from_pkcs12(store()),
    "PKCS #12 store: the password's callable raises": lambda of: of.from_pkcs12(store(), password=fails),
    "PKCS #12 store: the password is no text": lambda of: of.from_pkcs12(store(), password=lambda: 4711),  # type: ignore[arg-type, return-value]
    "PKCS #12 store: cut off": lambda of: of.from_pkcs12(store()[:-40], password=lambda: PASSWORD),
    "PKCS #12 store: empty": lambda of: of.from_pkcs12(b"", password=lambda: PASSWORD),
    "PKCS #12 store: something else": lambda of: of.from_pkcs12(pem(), password=lambda: PASSWORD),
    "PKCS #12 store: wrong password, out of a file": lambda of: of.from_pkcs12(
        store(), password=lambda: f"{PASSWORD}\n"
    ),
    "PKCS #12 store: in base64": lambda of: of.from_pkcs12(base64.encodebytes(store())),
    "PKCS #12 store: in base64, as text": lambda of: of.from_pkcs12(base64.b64encode(store() * 2).decode()),
    "PKCS #12 store: of Java": lambda of: of.from_pkcs12(b"\xfe\xed\xfe\xed\0\0\0\2" + bytes(90)),
    "PKCS #12 store: a certificate in DER": lambda of: of.from_pkcs12(
        OWN.public_bytes(Encoding.DER), password=lambda: PASSWORD
    ),
    "PKCS #12 store: without a private key": lambda of: of.from_pkcs12(
        serialized(None, [OWN]), password=lambda: PASSWORD
    ),
    "PKCS #12 store: without certificates": lambda of: of.from_pkcs12(
        serialized(ec_key(), None), password=lambda: PASSWORD
    ),
    "PKCS #12 store: no such file": lambda of: of.from_pkcs12("/nowhere/shop.p12"),
    "PEM: encrypted key, no password": lambda of: of.from_pem(pem(is_locked=True), chain()),
    "PEM: encrypted key, wrong password": lambda of: of.from_pem(
        pem(is_locked=True), chain(), password=lambda: WRONG
    ),
    "PEM: encrypted key, password out of a file": lambda of: of.from_pem(
        pem(is_locked=True), chain(), password=lambda: f"{PASSWORD}\r\n"
    ),
    "PEM: encrypted key, empty password": lambda of: of.from_pem(
        pem(is_locked=True), chain(), password=lambda: ""
    ),
    "PEM: key that is no text": lambda of: of.from_pem("", chain()),
    r"PEM: key with \n for the ends of lines": lambda of: of.from_pem(one_line(pem()), chain()),
    r"PEM: encrypted key with \n for the ends of lines": lambda of: of.from_pem(
        one_line(pem(is_locked=True)), chain(), password=lambda: PASSWORD
    ),
    r"PEM: certificates with \n for the ends of lines": lambda of: of.from_pem(pem(), one_line(chain())),
    "PEM: key of OpenSSH": lambda of: of.from_pem(
        ec_key().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()), chain()
    ),
    "PEM: certificate in DER": lambda of: of.from_pem(pem(), OWN.public_bytes(Encoding.DER)),
    "PEM: no certificates": lambda of: of.from_pem(pem(), b"\n"),
    "PEM: key for the certificates": lambda of: of.from_pem(pem(), pem()),
    "PEM: key cut off": lambda of: of.from_pem(pem()[:-40], chain()),
    "PEM: certificates cut off": lambda of: of.from_pem(pem(), chain()[:-40]),
    "PEM: no certificate of the key": lambda of: of.from_pem(pem(), chain(OF_ANOTHER)),
    "PEM: a certificate for the key": lambda of: of.from_pem(chain(), chain()),
    "certificate of another key": lambda of: of(key=ec_key(), certificate=OF_ANOTHER),
    "certificate that is none": lambda of: of(key=ec_key(), certificate=b"nonsense"),
    "certificate of the chain that is none": lambda of: of(
        key=ec_key(), certificate=OWN, chain=[b"nonsense"]
    ),
    "key that is none": lambda of: of(key=PASSWORD, certificate=OWN),  # type: ignore[arg-type]
    "key of RSA with 1024 bits": lambda of: own(of, rsa_key(1024)),
    "key on a curve that readers do not know": lambda of: own(of, ec_key(0, ec.SECP256K1)),
    "key of Ed25519": lambda of: of(key=Ed25519PrivateKey.generate(), certificate=OWN),  # type: ignore[arg-type]
    "certificate that expired": lambda of: own(of, ec_key(), days=(-9, -1)),
    "certificate that is not valid yet": lambda of: own(of, ec_key(), days=(1, 9)),
    "certificate that is damaged": lambda of: of(key=ec_key(), certificate=DAMAGED["key usage"]()),
    "certificate with a critical extension that is not known": lambda of: of(
        key=ec_key(), certificate=with_extension("1.2.3.4", b"")
    ),
    "certificate for encryption only": lambda of: own(of, ec_key(), usages=["key_agreement"]),
}


def refusal(act: Callable[[], object]) -> MailError:
    """Return the error, once it is sure that it says nothing it should not."""
    with pytest.raises(MailError) as caught:
        act()
    error = caught.value
    told = repr(error) + str(error) + repr(pickle.loads(pickle.dumps(error)))
    assert not any(secret in told for secret in SECRETS)
    assert error.__cause__ is error.__context__ is None
    return error


def row(error: MailError) -> dict[str, str]:
    day = str(error).replace("<", r"\<").replace(f"{NOW - samples.DAY:%Y-%m-%d %H:%M}", "2026-11-01 09:30")
    day = day.replace(f"{NOW + samples.DAY:%Y-%m-%d %H:%M}", "2026-11-01 09:30")
    said = re.sub(r"\S*test_refused\.py:\d+ \(fails\)", "shop/keys.py:12 (look_up)", day)
    return {"error": f"`{type(error).__name__}`", "words": said}


def rows_of(cases: dict[str, Any], *subjects: Any) -> dict[str, dict[str, str]]:
    """Try each case with each subject, which must all refuse it in the same words."""
    first, *others = (
        {name: row(refusal(functools.partial(case, subject))) for name, case in cases.items()}
        for subject in subjects
    )
    for other in others:
        assert other == first
    return first


def test_keys_that_cannot_sign() -> None:
    check_page(PAGE, "keys", table(rows_of(SIGNING_KEYS, PdfSigner, SmimeSigner), "given"))


# --- certificates


def to(*addresses: str) -> AttachmentRequest:
    return attachment_request({}, to=addresses, filename="order.pdf")


def looked_up(of: Any, found: Any, *addresses: str) -> object:
    encryptor = of(certificates=found if callable(found) else lambda _: found)
    return encryptor.encrypt(order(), to(*(addresses or ("jane@example.com",))))


def with_extension(number: str, content: bytes, *, is_critical: bool = True) -> Certificate:
    extension = UnrecognizedExtension(ObjectIdentifier(number), content)
    return certify(ec_key(), usages=["key_agreement"], further=[(extension, is_critical)])


def with_other_usage(content: bytes) -> Certificate:
    usage = UnrecognizedExtension(ExtensionOID.KEY_USAGE, content)
    return certify(ec_key(), usages=None, further=[(usage, True)])


def altered(key: Any, before: str, after: str) -> bytes:
    """Return a certificate in which some bytes are others, in hexadecimal."""
    content = certify(key).public_bytes(Encoding.DER)
    assert bytes.fromhex(before) in content
    return content.replace(bytes.fromhex(before), bytes.fromhex(after))


MAILBOX_IN_UTF8 = "06082b06010505070809"
DAMAGED: dict[str, Callable[[], Any]] = {
    "key usage": lambda: with_other_usage(b"\x30\x03nop"),
    "key usage of nothing": lambda: with_other_usage(b""),
    "alternative name": lambda: with_extension("2.5.29.17", b"\x30\x03nop"),
    "alternative name, not critical": lambda: with_extension("2.5.29.17", b"\x30\x03nop", is_critical=False),
    "mailbox in UTF-8": lambda: with_extension(
        "2.5.29.17", bytes.fromhex(f"3011a00f{MAILBOX_IN_UTF8}a0030401") + b"a", is_critical=False
    ),
    "extended key usage": lambda: with_extension("2.5.29.37", b"\x30\x03nop"),
    "name constraints": lambda: with_extension("2.5.29.30", b"\x30\x03nop"),
    "policies, not critical": lambda: with_extension("2.5.29.32", b"\x30\x03nop", is_critical=False),
    "unknown kind of key": lambda: altered(ec_key(), "06072a8648ce3d0201", "06072a8648ce3d0277"),
    "unknown curve": lambda: altered(ec_key(), "06082a8648ce3d030107", "06082a8648ce3d030177"),
    "no point of the curve": lambda: altered(
        ec_key(), f"04{ec_key().public_key().public_numbers().x:064x}", "04" + 32 * "11"
    ),
    "RSA with an even exponent": lambda: altered(rsa_key(), "0203010001", "0203010002"),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_nothing_is_encrypted_to_a_certificate_that_cannot_be_read(what: str) -> None:
    for of in (PdfEncryptor, SmimeEncryptor):
        error = refusal(functools.partial(looked_up, of, [DAMAGED[what]()]))
        assert isinstance(error, EncryptionError)
        assert "certificate is damaged, or of a kind that is not known" in str(error)


def test_an_extension_that_is_not_critical_need_not_be_known() -> None:
    for of in (PdfEncryptor, SmimeEncryptor):
        assert looked_up(of, [with_extension("1.2.3.4", b"x", is_critical=False)])


def test_a_certificate_is_valid_from_its_first_second_to_its_last() -> None:
    certificate, second = certify(ec_key(), days=(-1, 1)), datetime.timedelta(seconds=1)
    first, last = NOW - samples.DAY, NOW + samples.DAY
    for moment in (first, NOW, last):
        assert _certificates.out_of_date(certificate, moment) is None
    before, after = (
        _certificates.out_of_date(certificate, moment) for moment in (first - second, last + second)
    )
    assert before == f"is not valid before {first:%Y-%m-%d %H:%M} UTC"
    assert after == f"expired on {last:%Y-%m-%d %H:%M} UTC"


def test_a_chain_leads_from_the_certificate_to_its_root_in_whatever_order_it_is_given() -> None:
    root = certify(ec_key(1), "root")
    middle = certify(ec_key(2), "middle", issuer=(ec_key(1), root))
    issuer = certify(ec_key(3), "issuer", issuer=(ec_key(2), middle))
    leaf, stranger = certify(ec_key(4), "leaf", issuer=(ec_key(3), issuer)), certify(ec_key(5), "stranger")
    for given in itertools.permutations([leaf, issuer, middle, root, stranger]):
        content = b"".join(each.public_bytes(Encoding.PEM) for each in given)
        key = ec_key(4).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        found = _certificates.from_pem(key, content, None)
        assert found["certificate"] == leaf
        assert found["chain"] == [issuer, middle, root, stranger]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (lambda: rsa_key(2048), None),
        (lambda: rsa_key(2040), "has an RSA key of fewer than 2048 bits"),
        (ec_key, None),
        (lambda: ec_key(0, ec.SECP521R1), None),
        (lambda: ec_key(0, ec.SECP224R1), "has an EC key of fewer than 256 bits"),
    ],
)
def test_keys_are_strong_enough_from_their_least_size_on(key: Callable[[], Any], said: str | None) -> None:
    assert _certificates.too_weak(certify(key())) == said


CERTIFICATES: dict[str, Callable[[Any], object]] = {
    "none at the recipient": lambda of: of().encrypt(order(), to("jane@example.com")),
    "none found": lambda of: looked_up(of, []),
    "fewer than recipients": lambda of: looked_up(of, [OWN], "jane@example.com", "joe@example.com"),
    "one that is none": lambda of: looked_up(of, [b"nonsense"]),
    "PKCS #7": lambda of: looked_up(of, [pkcs7.serialize_certificates([OWN], Encoding.DER)]),
    "PKCS #7 in PEM": lambda of: looked_up(of, [pkcs7.serialize_certificates([OWN], Encoding.PEM)]),
    "base64": lambda of: looked_up(of, [b"".join(chain().splitlines()[1:-1])]),
    r"PEM with \n for the ends of lines": lambda of: looked_up(of, [one_line(chain())]),
    "a private key": lambda of: looked_up(of, [pem()]),
    "two, neither of which issued the other": lambda of: looked_up(of, [2 * chain() + chain(OF_ANOTHER)]),
    "one that is cut off": lambda of: looked_up(of, [chain()[:-40]]),
    "a look-up that raises": lambda of: looked_up(of, fails),
    "a look-up that returns no list": lambda of: looked_up(of, 4711),
    "expired": lambda of: looked_up(of, [certify(ec_key(), days=(-9, -1))]),
    "not valid yet": lambda of: looked_up(of, [certify(ec_key(), days=(1, 9))]),
    "RSA with 1024 bits": lambda of: looked_up(of, [certify(rsa_key(1024))]),
    "a key for signing only, RSA": lambda of: looked_up(
        of, [certify(rsa_key(), usages=["digital_signature"])]
    ),
    "a key for signing only, EC": lambda of: looked_up(of, [certify(ec_key(), usages=["digital_signature"])]),
    "of another mail address": lambda of: looked_up(
        of, [certify(ec_key(), alternative=f"{WRONG}@x.example")]
    ),
    "damaged": lambda of: looked_up(of, [DAMAGED["key usage"]()]),
    "a critical extension that is not known": lambda of: looked_up(of, [with_extension("1.2.3.4", b"")]),
    "one of several is unfit": lambda of: looked_up(
        of, [OWN, certify(rsa_key(), days=(-9, -1))], "jane@example.com", "joe@example.com"
    ),
}


def test_certificates_to_encrypt_to() -> None:
    check_page(PAGE, "certificates", table(rows_of(CERTIFICATES, PdfEncryptor, SmimeEncryptor), "given"))


# --- passwords


def by_pdf(password: Any) -> object:
    return PdfEncryptor(password=password).encrypt(order(), to("jane@example.com"))


def by_zip(password: Any) -> object:
    request = replace(to("jane@example.com"), filename="order.zip")
    return ZipEncryptor(password=password, name_inside="order.pdf").encrypt(order(), request)


def by_office(password: Any) -> object:
    made, output = openpyxl.Workbook(), BytesIO()
    made.save(output)
    workbook = Document(content=output.getvalue(), media_type=XLSX)
    request = replace(to("jane@example.com"), filename="order.xlsx")
    return OfficeEncryptor(password=password).encrypt(workbook, request)


PASSWORDS: dict[str, Any] = {
    "fixed text": lambda protect: protect(PASSWORD),
    "a template with a fixed value": lambda protect: protect("{{ '" + PASSWORD + "' }}"),
    "a template with an unknown name": lambda protect: protect("{{ missing }}"),
    "a callable that raises": lambda protect: protect(fails),
    "a callable that returns no text": lambda protect: protect(lambda _: 4711),
    "no callable": lambda protect: protect(4711),
    "empty": lambda protect: protect(lambda _: ""),
    "five letters": lambda protect: protect(lambda _: "4711x"),
    "a date": lambda protect: protect(lambda _: "1975-03-12"),
    "a postcode": lambda protect: protect(lambda _: "SW1A 2AA"),
    "a telephone number": lambda protect: protect(lambda _: "+49 30 4711 4712"),
    "a national number": lambda protect: protect(lambda _: "756.4711.4712.77"),
    "one letter many times": lambda protect: protect(lambda _: "a" * 40),
    "127 bytes": lambda protect: protect(lambda _: (PASSWORD * 10)[:127]),
    "a no-break space": lambda protect: protect(lambda _: PASSWORD + "\u00a0" + WRONG),
    "an emoji": lambda protect: protect(lambda _: PASSWORD + "\U0001f600"),
    "a decomposed accent": lambda protect: protect(lambda _: PASSWORD + "e\u0301"),
}


def test_passwords() -> None:
    """The others name another file, and a ZIP is held to more bits."""
    rows = rows_of(PASSWORDS, by_pdf)
    for protect in (by_zip, by_office):
        assert [each["error"] for each in rows_of(PASSWORDS, protect).values()] == [
            each["error"] for each in rows.values()
        ]
    check_page(PAGE, "passwords", table(rows, "given"))


# --- documents


def pdf(content: bytes) -> Document:
    return Document(content=content, media_type="application/pdf")


def foreign(**options: Any) -> Document:
    output = BytesIO()
    with pikepdf.open(BytesIO(order().content)) as opened:
        opened.save(output, encryption=pikepdf.Encryption(**options))
    return pdf(output.getvalue())


def bomb() -> bytes:
    """Make an object stream that holds more than 64 MB."""
    packer = zlib.compressobj()
    data = b"".join(packer.compress(bytes(1 << 20)) for _ in range(65)) + packer.flush()
    head = b"%PDF-1.5\n1 0 obj\n<</Type/ObjStm/N 1/First 5/Filter/FlateDecode>>\nstream\n"
    return head + data + b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n"


SIGN = PdfSigner(key=ec_key(), certificate=OWN)
ENCRYPT = PdfEncryptor(password=lambda _: PASSWORD)
DOCUMENTS: dict[str, Callable[[Any], object]] = {
    "text": lambda act: act(Document(content=CANARY.encode(), media_type="text/plain")),
    "text that is called a PDF": lambda act: act(pdf(CANARY.encode())),
    "nothing": lambda act: act(pdf(b"")),
    "a PDF that is cut off": lambda act: act(pdf(order().content[: len(order().content) // 2])),
    "a PDF that is encrypted already": lambda act: act(foreign(owner="o", user="u", R=6)),
    "a PDF that is signed already": lambda act: act(pdf(SIGN.sign(order(), REQUEST).content)),
    "PDF/A that is damaged": lambda act: act(pdf(b"%PDF-1.7 " + PDF_A)),
    "a PDF that would fill the memory": lambda act: act(pdf(bomb())),
}


def test_documents() -> None:
    request = to("jane@example.com")
    for name, act in {
        "documents to encrypt": lambda document: ENCRYPT.encrypt(document, request),
        "documents to sign": lambda document: SIGN.sign(document, request),
    }.items():
        check_page(PAGE, name, table(rows_of(DOCUMENTS, act), "given"))


def test_documents_without_the_extra_repair(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are made beforehand, some of them by pikepdf."""
    request = to("jane@example.com")
    documents: dict[str, Any] = {name: case(lambda document: document) for name, case in DOCUMENTS.items()}
    monkeypatch.setitem(sys.modules, "pikepdf", None)
    rows = rows_of(
        {name: lambda act, document=document: act(document) for name, document in documents.items()},
        lambda document: ENCRYPT.encrypt(document, request),
    )
    check_page(PAGE, "documents without repair", table(rows, "given"))


# --- which file


def signed_by(**options: Any) -> object:
    return PdfSigner(**({"key": ec_key(), "certificate": OWN} | options)).sign(order(), REQUEST)


def shown_by(**options: Any) -> object:
    return signed_by(appearance=VisibleSignature(**({"box": (70, 60, 330, 110)} | options)))


def of_nobody() -> TimeStampAuthority:
    return TimeStampAuthority(url="http://127.0.0.1:1/", timeout=1)


MAKING: dict[str, Callable[[], object]] = {
    **{
        f"{name}, to {verb}": functools.partial(case, act)
        for name, case in DOCUMENTS.items()
        for verb, act in {
            "encrypt": lambda document: ENCRYPT.encrypt(document, REQUEST),
            "sign": lambda document: SIGN.sign(document, REQUEST),
        }.items()
    },
    "PDF/A": lambda: ENCRYPT.encrypt(pdf(order().content + PDF_A), REQUEST),
    "a form that readers are to draw": lambda: SIGN.sign(
        pdf(rich_pdfs.form(is_drawn=False, asks=True)), REQUEST
    ),
    "the same, encrypted": lambda: SIGN.sign(
        ENCRYPT.encrypt(pdf(rich_pdfs.form(is_drawn=False, asks=True)), REQUEST), REQUEST
    ),
    "no such page": lambda: shown_by(page=9),
    "a box off the page": lambda: shown_by(box=(700, 60, 900, 120)),
    "a text too long": lambda: shown_by(text="word " * 999),
    "a letter that the font lacks": lambda: shown_by(text="契約"),
    "a QR code too fine": lambda: shown_by(qr="x" * 999),
    "a key elsewhere that fails": lambda: signed_by(key=fails),
    "a key elsewhere that signs nothing": lambda: signed_by(key=lambda _: b"nothing"),
    "a certificate that expired": lambda: SIGN.sign(order(), replace(REQUEST, now=NOW + 99 * samples.DAY)),
    "a time stamp authority that is not there": lambda: signed_by(level="B-T", time_stamps=of_nobody()),
    "a weak password": lambda: by_pdf(lambda _: "pancake"),
    "an owner password that is the password": lambda: PdfEncryptor(
        password=lambda _: PASSWORD, owner_password=lambda _: PASSWORD
    ).encrypt(order(), REQUEST),
    "no certificate": lambda: PdfEncryptor().encrypt(order(), REQUEST),
}


@pytest.mark.parametrize("name", MAKING)
def test_each_refusal_says_which_file_it_is_of(name: str) -> None:
    error = refusal(MAKING[name])
    assert isinstance(error, ProtectionError)
    assert error.filename == "order.pdf"
    assert "order.pdf" in str(error)


@pytest.mark.parametrize("refused", ["first.zip", "second.zip"])
def test_each_refusal_of_another_format_says_which_file_it_is_of(refused: str) -> None:
    by, request = ZipEncryptor(password=fails, name_inside="order.pdf"), replace(REQUEST, filename=refused)
    error = refusal(lambda: by.encrypt(order(), request))
    assert isinstance(error, ProtectionError)
    assert error.filename == refused
    assert refused in str(error)


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("verb", ["encryptor", "signer"])
def test_of_several_attachments_the_one_that_is_refused_is_named(place: int, verb: str) -> None:
    builder = MessageBuilder().sender("shop@shop.example").subject("Order").text("Attached.")
    for each in range(3):
        content = SIGN.sign(order(), REQUEST).content if each == place else order().content
        made = functools.partial(Document, content=content, media_type="application/pdf")
        by: Any = {verb: ENCRYPT if verb == "encryptor" else SIGN}
        builder = builder.attach(lambda _, made=made: made(), filename=f"terms-{each}.pdf", **by)
    error = refusal(lambda: builder.build({}, to="jane@example.com"))
    assert isinstance(error, ProtectionError)
    assert error.filename == f"terms-{place}.pdf"
    assert re.findall(r"terms-\d\.pdf", str(error)) == [f"terms-{place}.pdf"]
    assert "signed already" in str(error)


WAYS_OUT = ("give ", "have it made", "send it", "split it", "attach it", "make a plain PDF")


@pytest.mark.parametrize("name", [each for each in MAKING if "PDF" in each or "order" in each])
def test_each_refusal_of_a_document_says_what_to_do(name: str) -> None:
    assert any(way in str(refusal(MAKING[name])) for way in WAYS_OUT)


# --- DKIM


def dkim(**given: Any) -> DkimSigner:
    return DkimSigner(**{"domain": "shop.example", "selector": "mail2026", "key": rsa_key()} | given)


DKIM: dict[str, Callable[[Any], object]] = {
    "domain with an umlaut": lambda of: of(domain="krämer.example"),
    "domain with a space": lambda of: of(domain="shop example"),
    "no domain": lambda of: of(domain=""),
    "selector with a space": lambda of: of(selector="mail 2026"),
    "selector with the end of a line": lambda of: of(selector="mail2026\n"),
    "selector with a dot at its end": lambda of: of(selector="mail2026."),
    "the whole name of the record": lambda of: of(selector="mail2026._domainkey"),
    "no selector": lambda of: of(selector=""),
    "key of RSA with 1024 bits": lambda of: of(key=rsa_key(1024)),
    "key on an elliptic curve": lambda of: of(key=ec_key()),
    "key that is none": lambda of: of(key=b"nonsense"),
    "no such file": lambda of: of(key="/nowhere/dkim.pem"),
    "encrypted key, no password": lambda of: of(key=pem(is_locked=True)),
    "encrypted key, wrong password": lambda of: of(key=pem(is_locked=True), password=lambda: WRONG),
    "encrypted key, the password's callable raises": lambda of: of(key=pem(is_locked=True), password=fails),
}


def test_dkim() -> None:
    check_page(PAGE, "DKIM", table(rows_of(DKIM, dkim), "given"))
