"""Targets that protect: foreign PDFs, certificates and keys of strangers, passwords."""

from __future__ import annotations

import base64
import functools

from fuzz import seeds, structures
from fuzz.seeds import JANE, REQUEST
from fuzz.target import CANARY, Target, Wrong, readable
from ondemand_attach import (
    Address,
    DkimSigner,
    Document,
    OpenPgpEncryptor,
    OpenPgpSigner,
    PdfEncryptor,
    PdfSigner,
    Recipient,
    SmimeEncryptor,
    SmimeSigner,
    TimeStampAuthority,
)
from ondemand_attach.errors import ConfigurationError, MailError, ProtectionError
from ondemand_attach.protectors import _passwords
from ondemand_attach.testing import attachment_request
from protectors.samples import SECRET, certify, ec_key, secret

_ENTITY = Document(content=b"Content-Type: text/plain\r\n\r\nhi\r\n", media_type="text/plain")
_PDF = "application/pdf"


def _checked(document: Document) -> bytes:
    content = document.content
    if document.proof is not None:
        document.proof(content)
    return content


def encrypt_pdf(content: bytes) -> None:
    """Encrypt a foreign PDF: nothing that is sent can be read, and what cannot be done has a name."""
    made = PdfEncryptor(password=secret).encrypt(Document(content=content, media_type=_PDF), REQUEST)
    if readable(_checked(made), depth=1):
        raise Wrong("wrongly protected: an encrypted PDF holds its text in clear")


def sign_pdf(content: bytes) -> None:
    """Sign a foreign PDF."""
    _checked(seeds.signer().sign(Document(content=content, media_type=_PDF), REQUEST))


def encrypt_and_sign_pdf(content: bytes) -> None:
    """Encrypt a foreign PDF to a certificate, and sign it in the same write."""
    encryptor = PdfEncryptor(certificates=lambda _: [certify_once()])
    encrypted = encryptor.encrypt(Document(content=content, media_type=_PDF), REQUEST)
    _checked(seeds.signer().sign(encrypted, REQUEST))


def certify_once() -> bytes:
    return seeds.certificates()["EC, DER"]


def _jane(certificate: bytes) -> Recipient:
    return Recipient(address=Address(addr_spec=JANE), certificate=certificate)


def _both(
    encryptor: PdfEncryptor | SmimeEncryptor | OpenPgpEncryptor, document: Document, content: bytes
) -> None:
    """Wire and send with a certificate; either refuses what it cannot use, in the words of its stage."""
    who = [_jane(content)]
    try:
        encryptor.check_recipients(who)
    except ConfigurationError as error:
        _short(error)
    try:
        encryptor.encrypt(document, attachment_request({}, to=who)).content  # noqa: B018 - written when it is asked for
    except ProtectionError as error:
        _short(error)
        raise


def _short(error: MailError) -> None:
    if len(str(error)) > 500 or "\n" in str(error):
        raise Wrong(
            f"wrong: the text of an error has {len(str(error)) // 1000} thousand letters, or several lines"
        )


def certificate_for_pdf(content: bytes) -> None:
    """Encrypt a PDF to the certificate of a stranger."""
    _both(PdfEncryptor(), seeds.plain(), content)


def certificate_for_smime(content: bytes) -> None:
    """Encrypt a message to the certificate of a stranger."""
    _both(SmimeEncryptor(), _ENTITY, content)


def certificate_for_openpgp(content: bytes) -> None:
    """Encrypt a message to the OpenPGP certificate of a stranger."""
    _both(OpenPgpEncryptor(), _ENTITY, content)


def signing_certificate(content: bytes) -> None:
    """Wire a signer, and an authority, with a certificate; no error quotes it."""
    for wire in (
        lambda: PdfSigner(key=ec_key(), certificate=content),
        lambda: PdfSigner(key=ec_key(), certificate=certify(ec_key()), chain=[content]).sign(
            seeds.plain(), REQUEST
        ),
        lambda: SmimeSigner(key=ec_key(), certificate=content, chain=[content]).sign(_ENTITY, REQUEST),
        lambda: TimeStampAuthority(url="http://127.0.0.1:1", trust_roots=[content]),
    ):
        try:
            wire()
        except ProtectionError as error:
            _short(error)
        except ConfigurationError as error:
            _short(error)


def key_file(content: bytes) -> None:
    """Read a private key with its certificates."""
    if b"-----BEGIN" in content:
        PdfSigner.from_pem(content, content).sign(seeds.plain(), REQUEST)
    else:
        SmimeSigner.from_pkcs12(content, password=lambda: SECRET)


def openpgp_key(content: bytes) -> None:
    """Read an OpenPGP key, and sign with it."""
    try:
        OpenPgpSigner(key=content).sign(_ENTITY, REQUEST)
    except ConfigurationError as error:
        _short(error)
        OpenPgpSigner(key=content, password=lambda: "amber-kettle").sign(_ENTITY, REQUEST)


def dkim_key(content: bytes) -> None:
    """Read a key for DKIM, and sign with it."""
    DkimSigner(domain="shop.example", selector="s", key=content).sign(b"From: a@shop.example\r\n\r\nx\r\n")


def password(content: bytes) -> None:
    """Estimate a password."""
    text = content.decode("utf-8", "surrogateescape")  # what is no UTF-8 becomes lone surrogates
    limits = _passwords.PDF._replace(is_ascii=bool(len(content) % 2))
    _passwords.check(text, whose="the password", limits=limits)


# --- known bad inputs


def _pdf(catalog: bytes = b"", trailer: bytes = b"", more: bytes = b"") -> bytes:
    """Write a page, with additions."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog,
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<<>>>>",
        b"<</Length 2>>\nstream\nBT\nendstream",
        more or b"null",
    ]
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    return (
        out
        + head
        + b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, trailer, len(out))
    )


def _xmp(content: bytes) -> bytes:
    return b"<</Type/Metadata/Subtype/XML/Length %d>>\nstream\n%s\nendstream" % (len(content), content)


@functools.cache
def bad_pdfs() -> dict[str, bytes]:
    """Foreign PDFs that are damaged where it is seen late."""
    return {
        "XMP that is no XML": _pdf(b"/Metadata 5 0 R", more=_xmp(b"<x:xmpmeta>" + CANARY)),
        "XMP that is no UTF-8": _pdf(b"/Metadata 5 0 R", more=_xmp(b"<x>\xff\xfe" + CANARY)),
        "XMP that declares entities": _pdf(
            b"/Metadata 5 0 R",
            more=_xmp(
                b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;</x>'
            ),
        ),
        "Info that is a number": _pdf(trailer=b"/Info 5 0 R", more=b"17"),
        "Info that is a list": _pdf(trailer=b"/Info [1]"),
        "pages that are their own parent": _pdf().replace(b"/Kids[3 0 R]", b"/Kids[2 0 R]"),
        "a catalog that is a number": _pdf().replace(b"<</Type/Catalog/Pages 2 0 R>>", b"17" + b" " * 27),
        "no pages": _pdf().replace(b"/Pages 2 0 R", b"/Pages 9 0 R"),
        "a form that is a number": _pdf(b"/AcroForm 5 0 R", more=b"17"),
        "form fields in themselves": _pdf(b"/AcroForm<</Fields[5 0 R]>>", more=b"<</T(a)/Kids[5 0 R]>>"),
        "arrays in arrays": _pdf(more=b"[" * 5000 + b"]" * 5000),
        "an empty file": b"",
        "not a PDF": CANARY,
    }


@functools.cache
def bad_openpgp() -> dict[str, bytes]:
    """Certificates that are damaged where it is seen late, and good ones with what is to be passed over."""
    good = seeds.openpgp_certificates()["RFC 4880"]
    packets = structures._packets(good)
    curve = bytearray(packets[0][1])
    curve[6] = 0x40  # the object identifier of the curve is longer than the packet

    def joined(*changed: tuple[int, bytes]) -> bytes:
        return b"".join(structures._packet(tag, body) for tag, body in changed)

    return {
        "a key whose curve is cut off": joined((6, bytes(curve)), *packets[1:]),
        "a key alone": joined(packets[0]),
        "a signature that is cut off": joined(packets[0], (2, packets[1][1][:20]), *packets[2:]),
        "a critical unknown packet": good + b"\xe5\x01a",
        "a user ID that is no UTF-8": joined(packets[0], (13, b"Jane <jane@\xff\xfe>"), *packets[2:]),
        "armor around nothing": b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n=twTO\n-----END PGP PUBLIC KEY BLOCK-----\n",
        "a damaged one in armor": _armored(joined((6, bytes(curve)), *packets[1:])),
        "two": good * 2,
    }


def _armored(content: bytes) -> bytes:
    text = base64.encodebytes(content)
    return b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n" + text + b"-----END PGP PUBLIC KEY BLOCK-----\n"


def bad_passwords() -> dict[str, bytes]:
    """Passwords that take long, if their length is not looked at first."""
    return {
        "long": "é".encode() * 1_000_000,
        "long, in ASCII": b"a1" * 1_000_000,
        "long, of what is not allowed": "\u200b".encode() * 1_000_000,
        "a lone surrogate": b"Kx7-tRw9-\xff-2mQz-88",
        "long words": b"abcdefghij" * 12,
        "a walk": b"qwertyuiop" * 12,
    }


_X509_WORDS = (
    *(b"\x06\x03U\x1d\x0f", b"\x06\x03U\x1d\x11", b"\x06\x03U\x1d%", b"\x01\x01\xff", b"\x30\x80", b"\0\0"),
    *(
        b"\x06\x07*\x86H\xce=\x02\x01",
        b"-----BEGIN CERTIFICATE-----\n",
        b"-----END CERTIFICATE-----\n",
        b"991231235959Z",
    ),
)
_PEM = structures.within_base64(structures.der)
_DER = (structures.der, structures.der, _PEM)
_PGP = (structures.openpgp, structures.openpgp, structures.within_base64(structures.openpgp))
_WORDS = (
    b"/Encrypt 9 0 R",
    b"/AcroForm 9 0 R",
    b"/Metadata 9 0 R",
    b"/Info 9 0 R",
    b"/Prev 0",
    b"/XRefStm 9",
    b"/Kids[2 0 R]",
)
_PDFS = (structures.pdf, structures.pdf, structures.pdf, structures.deflated)

TARGETS = (
    Target(
        name="foreign PDFs, encrypted",
        seeds=seeds.plain_pdfs,
        known_bad=bad_pdfs,
        read=encrypt_pdf,
        runs=100,
        words=_WORDS,
        structures=_PDFS,
        expected=(ProtectionError,),
    ),
    Target(
        name="foreign PDFs, signed",
        seeds=seeds.plain_pdfs,
        known_bad=bad_pdfs,
        read=sign_pdf,
        runs=100,
        words=_WORDS,
        structures=_PDFS,
        expected=(ProtectionError,),
    ),
    Target(
        name="foreign PDFs, encrypted and signed",
        seeds=seeds.plain_pdfs,
        known_bad=bad_pdfs,
        read=encrypt_and_sign_pdf,
        runs=60,
        words=_WORDS,
        structures=_PDFS,
        expected=(ProtectionError,),
    ),
    Target(
        name="X.509 certificates for PDF",
        seeds=seeds.certificates,
        known_bad=seeds.bad_certificates,
        read=certificate_for_pdf,
        runs=200,
        words=_X509_WORDS,
        structures=_DER,
        expected=(ProtectionError,),
    ),
    Target(
        name="X.509 certificates for S/MIME",
        seeds=seeds.certificates,
        known_bad=seeds.bad_certificates,
        read=certificate_for_smime,
        runs=400,
        words=_X509_WORDS,
        structures=_DER,
        expected=(ProtectionError,),
    ),
    Target(
        name="X.509 certificates that sign",
        seeds=seeds.signing_certificates,
        read=signing_certificate,
        runs=100,
        words=_X509_WORDS,
        structures=_DER,
        expected=(),
    ),
    Target(
        name="files of keys",
        seeds=seeds.key_files,
        read=key_file,
        runs=200,
        words=_X509_WORDS,
        structures=_DER,
        expected=(ConfigurationError, ProtectionError),
    ),
    Target(
        name="keys for DKIM",
        seeds=seeds.dkim_keys,
        read=dkim_key,
        runs=100,
        words=_X509_WORDS,
        structures=(_PEM,),
        expected=(ConfigurationError, ProtectionError),
    ),
    Target(
        name="OpenPGP certificates",
        seeds=lambda: {
            **seeds.openpgp_certificates(),
            "with a packet that is not known": seeds.openpgp_certificates()["RFC 4880"] + b"\xed\x01a",
        },
        known_bad=bad_openpgp,
        read=certificate_for_openpgp,
        runs=200,
        words=(b"\xc6", b"\xcd\x04a<b>", b"\xed\x01a", b"\xfc\x01a", b"\xd1", b"<jane@example.com>"),
        structures=_PGP,
        expected=(ProtectionError,),
    ),
    Target(
        name="OpenPGP keys",
        seeds=seeds.openpgp_secret_keys,
        known_bad=bad_openpgp,
        read=openpgp_key,
        runs=120,
        structures=_PGP,
        expected=(ConfigurationError, ProtectionError),
    ),
    Target(
        name="passwords",
        seeds=lambda: {
            "code": b"Kx7-tRw9-2mQz-88",
            "words": "Jiří-Novák-1985-03-14-Praha-qwertz".encode(),
            "IBAN": b"DE02120300000000202051aaaaaabcabcabc",
        },
        known_bad=bad_passwords,
        read=password,
        runs=600,
        seconds=0.5,
        words=(
            "é".encode(),
            "א".encode(),
            "ﬁ".encode(),
            b"2026-03-14",
            b"qwert",
            b"aaaa",
            b"\xff",
            "漢".encode(),
        ),
        expected=(ProtectionError,),
    ),
)
