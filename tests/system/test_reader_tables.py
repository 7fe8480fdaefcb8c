"""What is protected how, and who opens it: tried, and written into docs/reference/readers.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from ondemand_attach import (
    Address,
    Document,
    MessageBuilder,
    OpenPgpEncryptor,
    OpenPgpSigner,
    PdfEncryptor,
    PdfSigner,
    Recipient,
    SmimeEncryptor,
    SmimeSigner,
    VisibleSignature,
)
from ondemand_attach.errors import WeakPasswordError
from ondemand_attach.protectors.pdf import PdfPermission
from ondemand_attach.testing import attachment_request
from pages import check_page, table
from protectors.samples import KEYS, SECRET, certify, decrypted, ec_key, flaws, openssl, order, rsa_key
from system.gnupg import Ring
from system.readers import BY_PASSWORD, WITH_KEY, run

pytestmark = pytest.mark.usefixtures("node_packages")
PAGE = "readers.md"
REQUEST = attachment_request({})
CANARY = "Canary-7731"
Row = Mapping[str, str]


def opened(read: Callable[..., str], content: bytes, password: str) -> str:
    """Say how a reader gets on with a document that *password* should open, and nothing else."""
    if any(CANARY in attempt(read, content, wrong) for wrong in (password[:-1] + "~", "")):
        return "OPENS WITHOUT"
    return "opens" if CANARY in attempt(read, content, password) else "no"


def signer(kind: str = "RSA-2048", **options: Any) -> PdfSigner:
    return PdfSigner(key=KEYS[kind](), certificate=certify(KEYS[kind]()), **options)


def by_password(**options: Any) -> Document:
    return PdfEncryptor(password=lambda _: SECRET, **options).encrypt(order(), REQUEST)


SHOWN = VisibleSignature(box=(300, 60, 540, 120))
DOCUMENTS: dict[str, Callable[[], Document]] = {
    "password": by_password,
    "password, without MAC": lambda: by_password(insecure_omit_mac=True),
    "password, signed": lambda: signer().sign(by_password(), REQUEST),
    "password, visibly signed": lambda: signer("P-256", appearance=SHOWN).sign(by_password(), REQUEST),
}


def test_every_reader_opens_what_is_protected_by_password() -> None:
    documents = {name: make().content for name, make in DOCUMENTS.items()}
    rows = {
        name: {reader: opened(read, content, SECRET) for reader, read in BY_PASSWORD.items()}
        for name, content in documents.items()
    }
    assert {cell for row in rows.values() for cell in row.values()} == {"opens"}
    check_page(PAGE, "passwords", table(rows, "PDF by"))


def test_a_reader_that_opens_anything_would_be_noticed() -> None:
    assert opened(lambda *_: CANARY, b"", SECRET) == "OPENS WITHOUT"
    assert opened(lambda *_: "", b"", SECRET) == "no"
    assert opened(BY_PASSWORD["pdfium"], order().content, SECRET) == "OPENS WITHOUT"


CERTIFICATES: dict[str, tuple[Sequence[str], dict[str, Any]]] = {
    "RSA, PKCS #1 v1.5": (["RSA-2048"], {}),
    "RSA, without MAC": (["RSA-2048"], {"insecure_omit_mac": True}),
    "RSA, two recipients": (["RSA-2048", "RSA-3072"], {}),
    "RSA, OAEP": (["RSA-2048"], {"rsa_padding": "OAEP"}),
    "EC, P-256": (["P-256"], {}),
}
OWN = KEYS | {"RSA-3072": lambda: rsa_key(3072)}


def test_who_opens_what_is_protected_to_certificates() -> None:
    rows = {name: row_of(*case) for name, case in CERTIFICATES.items()}
    check_page(PAGE, "certificates", table(rows, "PDF to a certificate of"))
    assert {row["pyHanko"] for row in rows.values()} == {"opens"}
    assert {name for name, row in rows.items() if row["PDFBox"] == "no"} == {"RSA, OAEP", "EC, P-256"}


def row_of(kinds: Sequence[str], options: dict[str, Any]) -> Row:
    certificates = [certify(OWN[kind]()) for kind in kinds]
    encryptor = PdfEncryptor(
        certificates=lambda _: certificates,
        allow=get_args(PdfPermission),  # PDFBox's tool wants them all
        **options,
    )
    content = encryptor.encrypt(order(), REQUEST).content
    cells = dict.fromkeys(BY_PASSWORD, "no certificates")
    assert not any(CANARY in attempt(read, content, "") for read in BY_PASSWORD.values())
    stranger = rsa_key(2048) if "RSA-2048" not in kinds else rsa_key(4096)
    for reader, read in WITH_KEY.items():
        holders = [(OWN[kind](), certificate) for kind, certificate in zip(kinds, certificates, strict=True)]
        opens = all(CANARY in attempt(read, content, *holder) for holder in holders)
        assert CANARY not in attempt(read, content, stranger, certify(stranger))
        cells[reader] = "opens" if opens else "no"
    return cells


def attempt(read: Callable[..., str], *arguments: Any) -> str:
    try:
        return read(*arguments)
    except Exception:  # noqa: BLE001 - whatever keeps it shut
        return ""


def pdfsig(content: bytes, password: str | None, folder: Path) -> str:
    path = folder / "signed.pdf"
    path.write_bytes(content)
    options = [] if password is None else ["-upw", password]
    said = run("pdfsig", "-nocert", *options, path)[1]
    is_valid = "Signature is Valid" in said and "Total document signed" in said
    return "valid, whole file" if is_valid else "INVALID"


def by_pyhanko(content: bytes, password: str | None, kind: str) -> str:
    return "INVALID" if flaws(content, SIGNERS[kind][1], password) else "valid, whole file"


SIGNERS = {kind: (key(), certify(key())) for kind, key in KEYS.items()}


def test_every_reader_finds_the_signatures_valid(tmp_path: Path) -> None:
    rows = {}
    for kind, (key, certificate) in SIGNERS.items():
        own = PdfSigner(key=key, certificate=certificate)
        for name, document, password in (("", order(), None), (", encrypted", by_password(), SECRET)):
            content = own.sign(document, REQUEST).content
            for changed in (
                content[:-20] + b" " + content[-20:],
                content.replace(b"/PageMode /UseNone", b"/PageMode /UseThis"),
            ):
                assert changed != content
                assert "valid, whole file" not in (
                    pdfsig(changed, password, tmp_path),
                    by_pyhanko(changed, password, kind),
                )
            rows[kind + name] = {
                "poppler": pdfsig(content, password, tmp_path),
                "pyHanko": by_pyhanko(content, password, kind),
            }
    assert {cell for row in rows.values() for cell in row.values()} == {"valid, whole file"}
    check_page(PAGE, "signatures", table(rows, "PDF signed with"))


# --- passwords

PASSWORDS = {
    "letters and digits": "Kx7tRw92mQz8aa",
    "digits in groups": "7391-0462-8517-3946",
    "words": "amber-kettle-violin-meadow",
    "spaces inside": "amber kettle 27 violin",
    "spaces at the ends": " amber kettle 27 violin ",
    "quotes": "amber\"kettle'27`violin",
    "backslashes": "amber\\kettle\\27\\violin",
    "brackets": "amber(kettle)27[violin]{x}",
    "percent and dollar": "amber%kettle$27$violin",
    "angle brackets": "amber<kettle>27&violin",
    "hyphen first": "-amber-kettle-27-violin",
    "accents, composed": "zažluťoučký-Kx7tRw92m",
    "accents, decomposed": "za\u0308zluty-Kx7tRw92m",
    "Greek": "Ωμέγα-Kx7tRw92m-λόγος",
    "Cyrillic": "Пароль-7731-Kx7q",
    "Arabic": "كلمة-السر-الطويلة-جدا-للطلب",
    "Chinese": "北京上海广州深圳天津重庆",
    "emoji": "Kx7-tRw9-2mQz-\U0001f600",
    "ligature": "Kx7-tRw9-2mQz-\ufb01",
    "no-break space": "Kx7-tRw9\u00a02mQz-88",
    "126 bytes": ("Kx7tRw92mQz" * 12)[:126],
    "127 bytes": ("Kx7tRw92mQz" * 12)[:127],
    "empty": "",
}
REFUSED = {"accents, decomposed", "emoji", "ligature", "no-break space", "127 bytes", "empty"}


def test_every_kind_of_password_opens_in_every_reader_or_is_refused_before() -> None:
    rows = {kind: cells_for(password) for kind, password in PASSWORDS.items()}
    assert {kind for kind, row in rows.items() if "refused" in row.values()} == REFUSED
    allowed = {"opens", "refused", "the tool cuts it at 32"}
    assert {cell for row in rows.values() for cell in row.values()} == allowed
    check_page(PAGE, "kinds", table(rows, "password with"))


def cells_for(password: str) -> Row:
    try:
        content = PdfEncryptor(password=lambda _: password).encrypt(order(), REQUEST).content
    except WeakPasswordError:
        return dict.fromkeys(BY_PASSWORD, "refused")
    row = {reader: opened(read, content, password) for reader, read in BY_PASSWORD.items()}
    if len(password.encode()) > 32 and row["poppler"] == "no":
        row["poppler"] = "the tool cuts it at 32"  # its library does not
    return row


# --- messages

SHOP = "orders@shop.example"
JANE = Address(addr_spec="jane@shop.example")
LETTER = MessageBuilder().sender(SHOP).subject("Order").text(f"{CANARY}, thank you.")
COMPANY = (rsa_key(), certify(rsa_key(), alternative=SHOP))
SIGNED = SmimeSigner(key=COMPANY[0], certificate=COMPANY[1])


def smime(kind: str, folder: Path, *, strict: bool = False, is_signed: bool = False) -> str:
    """Have OpenSSL open a message, and try with another key before."""
    key, other = KEYS[kind](), ec_key(7) if kind == "P-256" else rsa_key(3072)
    certificate = certify(key, "Jane", alternative=JANE.addr_spec)
    recipient = Recipient(address=JANE, certificate=certificate.public_bytes(Encoding.DER))
    message = LETTER.whole_message(
        encryptor=SmimeEncryptor(strict=strict), signer=SIGNED if is_signed else None
    ).build({}, to=recipient)
    # For PKCS #1 v1.5, what comes out with another key is noise, and no error.
    assert CANARY.encode() not in decrypted(folder, message.content, other, certificate)[1]
    content = decrypted(folder, message.content, key, certificate)[1]
    if is_signed:
        return verified(content, folder)
    return "opens" if CANARY.encode() in content else "no"


def verified(content: bytes, folder: Path) -> str:
    (folder / "ca.pem").write_bytes(COMPANY[1].public_bytes(Encoding.PEM))
    status, out = openssl(folder, content, "-verify", "-CAfile", folder / "ca.pem")
    return "valid" if status == 0 and CANARY.encode() in out else "no"


def gnupg(rings: Sequence[Ring], *, is_signed: bool, is_encrypted: bool) -> str:
    """Have GnuPG open or verify a message."""
    shop, jane, joe = rings
    recipient = Recipient(address=JANE, certificate=jane.public(JANE.addr_spec))
    message = LETTER.whole_message(
        encryptor=OpenPgpEncryptor() if is_encrypted else None,
        signer=OpenPgpSigner(key=shop.secret(SHOP)) if is_signed else None,
    ).build({}, to=recipient)
    if not is_encrypted:
        return "valid" if jane.holds(message.content) else "no"
    assert joe.decrypted(message) is None
    content = jane.decrypted(message) or b""
    if is_signed:
        return "valid" if jane.holds(content) else "no"
    return "opens" if CANARY.encode() in content else "no"


def test_who_opens_whole_messages(tmp_path: Path, rings: list[Ring]) -> None:
    for ring, address in zip(rings, (SHOP, JANE.addr_spec, "joe@shop.example"), strict=True):
        ring.make(address)
    rings[1].gpg("--import", content=rings[0].public(SHOP))
    recipient = Recipient(address=JANE)
    signed = LETTER.whole_message(signer=SIGNED).build({}, to=recipient).content
    openssl = {
        "S/MIME, signed": verified(signed, tmp_path),
        "S/MIME, encrypted, RSA": smime("RSA-2048", tmp_path),
        "S/MIME, encrypted, P-256": smime("P-256", tmp_path),
        "S/MIME, strict, RSA": smime("RSA-2048", tmp_path, strict=True),
        "S/MIME, strict, P-256": smime("P-256", tmp_path, strict=True),
        "S/MIME, signed and encrypted": smime("RSA-2048", tmp_path, is_signed=True),
    }
    pgp = {
        "OpenPGP, signed": gnupg(rings, is_signed=True, is_encrypted=False),
        "OpenPGP, encrypted": gnupg(rings, is_signed=False, is_encrypted=True),
        "OpenPGP, signed and encrypted": gnupg(rings, is_signed=True, is_encrypted=True),
    }
    rows = {name: {"OpenSSL": cell, "GnuPG": "–"} for name, cell in openssl.items()}
    rows |= {name: {"OpenSSL": "–", "GnuPG": cell} for name, cell in pgp.items()}
    assert "no" not in {*openssl.values(), *pgp.values()}
    assert verified(signed.replace(b"thank", b"Thank"), tmp_path) == "no"
    check_page(PAGE, "messages", table(rows, "message"))
