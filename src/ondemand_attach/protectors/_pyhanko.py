"""All that pyHanko does here: a writer that encrypts, and a signature made in the same write."""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from io import BytesIO
from typing import Any, TypeVar

import tzlocal
from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.crypt.permissions import PubKeyPermissions, StandardPermissions
from pyhanko.pdf_utils.crypt.pubkey import RecipientEncryptionPolicy
from pyhanko.pdf_utils.generic import NameObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import AxisAlignment, BoxConstraints, Margins, SimpleBoxLayoutRule
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import BasePdfFileWriter, PdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.signers.pdf_signer import PdfSigningSession, PdfTBSDocument
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.stamp import StaticStampStyle

from ondemand_attach._asn1 import make_ready, x509
from ondemand_attach._exposure._facts import to_keys
from ondemand_attach._message import AttachmentRequest, Document
from ondemand_attach._seal import translated
from ondemand_attach.errors import EncryptionError, SigningError
from ondemand_attach.protectors._fast import _mac
from ondemand_attach.protectors._fast._credentials import Credentials, KeptKeySigner
from ondemand_attach.protectors._fast._keys import PasswordHandler
from ondemand_attach.protectors._fast._source import light_copy
from ondemand_attach.protectors._fast._verbatim import copied
from ondemand_attach.protectors._foreign import (
    HybridReferencesError,
    PlainPdf,
    UnfitError,
    check_unpacked,
    read_by,
    wrong_with,
)
from ondemand_attach.protectors._form_fields import check_drawn, free_name, put_in_order
from ondemand_attach.protectors._proof import CertificatesProof, PasswordProof

# pyHanko asks for the local time with each signature, but a render process may not open the files it is in.
tzlocal.get_localzone()

make_ready()

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Encryption:
    """A way to encrypt.

    Args:
        set_up: does so on a writer.
        description: what it is, in words.
        proof: looks at what became of it.
    """

    set_up: Callable[[PdfFileWriter], None] = field(repr=False)
    description: str
    proof: Callable[[bytes], None] = field(repr=False)


_FIELD = "Signature"


class EncryptedPdf(Document):
    """An encrypted PDF whose bytes are written when they are first asked for.

    A signature is made in the same write as the encryption, so what the signer needs is a writer. Signing
    changes a writer, so each use gets one of its own. A copy or a pickle is a plain document.
    """

    def __init__(
        self, plain: PlainPdf, encryption: Encryption, made_for: frozenset[str], filename: str
    ) -> None:
        # The first is opened at once, so that whatever is wrong shows here and not while signing.
        writer, plain = read_by(lambda plain: _opened(plain.content, encryption, filename), plain)
        object.__setattr__(self, "media_type", "application/pdf")
        object.__setattr__(self, "encryption", encryption.description)
        object.__setattr__(self, "signature", None)
        object.__setattr__(self, "signature_asked", None)
        object.__setattr__(self, "rewriting", plain.rewriting)
        object.__setattr__(self, "proof", encryption.proof)
        object.__setattr__(self, "made_for", made_for)
        self.__dict__.update(_plain=plain, _encryption=encryption, _filename=filename, _writers=[writer])

    def writer(self) -> PdfFileWriter:
        """Return a writer on which the encryption is set up."""
        if self.__dict__["_writers"]:
            return self.__dict__["_writers"].pop()  # type: ignore[no-any-return]
        return _opened(
            self.__dict__["_plain"].content, self.__dict__["_encryption"], self.__dict__["_filename"]
        )

    def plain(self) -> PlainPdf:
        """Return what it is made of."""
        return self.__dict__["_plain"]  # type: ignore[no-any-return]

    def anew(self, plain: PlainPdf) -> EncryptedPdf:
        """Return the same, made of *plain*."""
        own = self.__dict__
        return EncryptedPdf(plain, own["_encryption"], self.made_for or frozenset(), own["_filename"])

    @cached_property
    def content(self) -> bytes:
        """The finished bytes.

        Raises:
            EncryptionError: the document is damaged where only its writing looks.
        """
        return translated(
            self._written,
            lambda error: EncryptionError(
                f"{self.__dict__['_filename']} could not be encrypted: {wrong_with(error)}"
            ),
        )

    def _written(self) -> bytes:
        writer = self.writer()
        content = _mac.write(writer)
        _let_go(writer)
        return content


def _let_go(writer: BasePdfFileWriter) -> None:
    """Free what *writer* holds: its objects refer to it, and would wait for the garbage collector."""
    vars(writer).clear()


def with_password(user: str, owner: str | None, permissions: Iterable[str], *, with_mac: bool) -> Encryption:
    """AES-256 by password: V 5, R 6 (ISO 32000-2 section 7.6.4), with an integrity MAC (ISO/TS 32004).

    Without *owner*, no password lifts the restrictions.
    """
    flags = StandardPermissions(0)
    for permission in (*permissions, *([] if with_mac else ["TOLERATE_MISSING_PDF_MAC"])):
        flags |= StandardPermissions[permission]
    handlers: list[Any] = []

    def set_up(writer: PdfFileWriter) -> None:
        # The one step that pyHanko has no public name for.
        if (assign := getattr(writer, "_assign_security_handler", None)) is not None:
            assign(PasswordHandler(user, owner, flags, with_mac=with_mac))
        else:
            writer.encrypt(  # type: ignore[no-untyped-call]
                owner or secrets.token_urlsafe(12), user, perms=flags, encrypt_metadata=True, pdf_mac=with_mac
            )
        handlers.append(writer.security_handler)

    return Encryption(
        set_up,
        f"AES-256 by password{_mac_or_not(with_mac=with_mac)}",
        PasswordProof(user, handlers, with_mac=with_mac),
    )


def to_certificates(
    certificates: Sequence[bytes], permissions: Iterable[str], *, with_oaep: bool, with_mac: bool
) -> Encryption:
    """AES-256 to certificates (ISO 32000-2 section 7.6.5), with an integrity MAC.

    The key is wrapped with RSA or ECDH.
    """
    flags = PubKeyPermissions(0)
    for permission in (*permissions, *([] if with_mac else ["TOLERATE_MISSING_PDF_MAC"])):
        flags |= PubKeyPermissions[permission]
    recipients = [x509.Certificate.load(certificate) for certificate in certificates]
    # pyHanko's own check of the key usage wants keyEncipherment of EC certificates too.
    policy = RecipientEncryptionPolicy(ignore_key_usage=True, prefer_oaep=with_oaep)
    handlers: list[Any] = []

    def set_up(writer: PdfFileWriter) -> None:
        writer.encrypt_pubkey(recipients, perms=flags, policy=policy, encrypt_metadata=True, pdf_mac=with_mac)
        handlers.append(writer.security_handler)

    return Encryption(
        set_up,
        f"AES-256 {to_keys(len(recipients))}{_mac_or_not(with_mac=with_mac)}",
        CertificatesProof(certificates, handlers),
    )


def _mac_or_not(*, with_mac: bool) -> str:
    return "" if with_mac else ", without a MAC"


def encrypted(content: bytes, encryption: Encryption, request: AttachmentRequest) -> EncryptedPdf:
    """Return the PDF *content* with *encryption* set up.

    Raises:
        EncryptionError: it is encrypted or signed already.
        UnfitError: it cannot be read, even written anew.
    """
    return EncryptedPdf(PlainPdf(content), encryption, request.made_for, request.filename)


def _opened(content: bytes, encryption: Encryption, filename: str) -> PdfFileWriter:
    writer = light_copy(content) or _copy(content, filename)
    encryption.set_up(writer)
    return writer


def _copy(content: bytes, filename: str) -> PdfFileWriter:
    check_unpacked(content)
    reader = PdfFileReader(BytesIO(content))
    if reader.encrypted:
        raise EncryptionError(f"{filename} is encrypted already; give the encryptor the plain document")
    if "/AcroForm" in reader.root and reader.embedded_signatures:
        raise EncryptionError(
            f"{filename} is signed already, which encryption would break; send it in an encrypted ZIP or "
            "in a message that is encrypted as a whole, or encrypt first, then sign"
        )
    return copied(reader)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Where a signature shows, and the one-page PDF that it shows as."""

    page: int
    box: tuple[float, float, float, float]
    content: bytes = field(repr=False)

    def check_place(self, writer: BasePdfFileWriter) -> None:
        """Refuse a picture that nobody would see.

        Raises:
            SigningError: there is no such page, or a part of the picture lies outside of it.
        """
        count = int(writer.root["/Pages"]["/Count"])
        if not -count <= self.page < count:
            raise SigningError(
                f"there is no page {self.page} for the visible signature; the first of {count} has index 0"
            )
        found, _ = writer.find_page_for_modification(self.page)  # type: ignore[no-untyped-call]
        left, bottom, right, top = box = _visible(found.get_object())
        x1, y1, x2, y2 = map(round, self.box)
        if not (left <= x1 and x2 <= right and bottom <= y1 and y2 <= top):
            raise SigningError(
                f"the box of the visible signature lies outside of its page, which is {box} in points"
            )

    def form_field(self, name: str) -> fields.SigFieldSpec:
        """Describe the form field that the signature goes into."""
        left, bottom, right, top = map(round, self.box)
        return fields.SigFieldSpec(name, self.page, (left, bottom, right, top), readable_field_name=name)

    def style(self) -> StaticStampStyle:
        """Describe how the field looks."""
        no_margins = Margins(0, 0, 0, 0)
        layout = SimpleBoxLayoutRule(AxisAlignment.ALIGN_MID, AxisAlignment.ALIGN_MID, no_margins)
        return StaticStampStyle(border_width=0, background=_Page(self.content), background_layout=layout)


def _visible(page: Any) -> tuple[int, ...]:
    """Return the box of *page* that readers show (ISO 32000-2 section 14.11.2), in whole points."""
    found: dict[str, Any] = {}
    while page is not None:
        found = {name: page[name] for name in ("/CropBox", "/MediaBox") if name in page} | found
        page = page["/Parent"] if "/Parent" in page else None  # noqa: SIM401 - get() does not follow it
    x1, y1, x2, y2 = map(round, found.get("/CropBox", found["/MediaBox"]))
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What one signature is to be like.

    Args:
        credentials: the key and its certificates.
        picture: how it shows, if it does.
        certified: which changes are let through afterwards (DocMDP), if it is a certification signature.
        now: when it is made.
    """

    credentials: Credentials
    picture: Picture | None
    certified: fields.MDPPerm | None
    now: datetime.datetime

    def put_on(self, document: Document) -> bytes:
        """Return *document* with a PAdES B-B signature (ETSI EN 319 142-1) over the whole file."""
        own, writer = KeptKeySigner(self.credentials), writer_of(document)
        signer = _ClockedSigner(self, own, None, free_name(writer.root, _FIELD))
        cms = self.credentials.cms
        mac_key = _mac.wrapping_key(writer.security_handler)
        if (template := cms.template(with_mac=mac_key is not None)) is not None:
            signed = signer.sign_by(
                lambda digest: template.filled(digest, self.credentials.sign, mac_key), writer
            )
            _let_go(writer)
            return signed
        # sign_pdf() calls asyncio.run(), which refuses inside a running loop and elsewhere resets the
        # caller's current loop. A thread of its own has neither trouble, and costs 0.3 ms.
        with ThreadPoolExecutor(max_workers=1) as thread:
            output: BytesIO = thread.submit(signer.sign_pdf, writer, bytes_reserved=signer.reserved).result()
        cms.learn(own.example(mac_key))
        return output.getvalue()

    def signer(self, stamper: TimeStamper | None, writer: BasePdfFileWriter) -> signers.PdfSigner:
        """Return pyHanko's signer for what *writer* writes, with time stamps by *stamper*."""
        name = free_name(writer.root, _FIELD)
        return _ClockedSigner(self, KeptKeySigner(self.credentials), stamper, name)


def permitted(changes: str | None) -> fields.MDPPerm | None:
    """Return pyHanko's name for *changes*."""
    return {
        "nothing": fields.MDPPerm.NO_CHANGES,
        "fill_forms": fields.MDPPerm.FILL_FORMS,
        "annotate": fields.MDPPerm.ANNOTATE,
    }.get(changes or "")


def signed_by(sign: Callable[[Document], T], document: Document) -> tuple[T, str | None]:
    """Return what *sign* makes of *document*, and by what and why that was written anew, if it was.

    Raises:
        UnfitError: it cannot be read, even written anew.
    """
    if isinstance(document, EncryptedPdf):
        plain: PlainPdf = document.plain()
        anew: Callable[[PlainPdf], Document] = document.anew
    else:
        plain, anew = PlainPdf(document.content, document.rewriting), partial(_with, document)
    made, read = read_by(lambda read: sign(document if read is plain else anew(read)), plain)
    return made, read.rewriting


def _with(document: Document, plain: PlainPdf) -> Document:
    return replace(document, content=plain.content)


def writer_of(document: Document) -> BasePdfFileWriter:
    """Return a writer to sign *document* with."""
    return document.writer() if isinstance(document, EncryptedPdf) else _appending(document.content)


class _AppendingWriter(IncrementalPdfFileWriter):
    def _update_meta(self) -> None:
        """Leave the metadata as they are, which may be damaged; a signature says when and by whom itself."""


def _appending(content: bytes) -> IncrementalPdfFileWriter:
    check_unpacked(content)
    writer = _AppendingWriter(BytesIO(content))
    if writer.prev.xrefs.hybrid_xrefs_present:
        raise HybridReferencesError
    if writer.prev.encrypted:
        raise UnfitError(
            "it is encrypted already; give the plain document, or what "
            "PdfEncryptor.encrypt() returned, unchanged"
        )
    if writer.prev.embedded_signatures:
        raise UnfitError(
            "it is signed already; attach it without a signer, or give the document as it was before"
        )
    return writer


class _ClockedSigner(signers.PdfSigner):
    """Signs at the time it is told, and shows the picture it is given."""

    def __init__(
        self, signature: Signature, own: KeptKeySigner, stamper: TimeStamper | None, field_name: str
    ) -> None:
        credentials, picture = signature.credentials, signature.picture
        metadata = signers.PdfSignatureMetadata(
            field_name=field_name,
            md_algorithm="sha256",
            subfilter=fields.SigSeedSubFilter.PADES,
            reason=credentials.reason,
            location=credentials.location,
            certify=signature.certified is not None,
            docmdp_permissions=signature.certified or fields.MDPPerm.FILL_FORMS,
        )
        super().__init__(
            metadata,
            own,
            timestamper=stamper,
            stamp_style=picture.style() if picture else None,
            new_field_spec=picture.form_field(field_name) if picture else None,
        )
        self._now, self._picture, self.reserved = signature.now, picture, credentials.reserved

    def sign_by(self, make: Callable[[bytes], bytes], writer: BasePdfFileWriter) -> bytes:
        """Return what *writer* writes, with the CMS object that *make* returns for its digest."""
        session = self.init_signing_session(writer)
        prepared = session.prepare_tbs_document(None, self.reserved)
        digest, output = prepared.digest_tbs_document()
        PdfTBSDocument.resume_signing(output, digest, make(digest.document_digest))
        return output.getvalue()  # type: ignore[attr-defined, no-any-return]

    def init_signing_session(
        self,
        pdf_out: BasePdfFileWriter,
        existing_fields_only: bool = False,  # noqa: FBT001, FBT002
    ) -> PdfSigningSession:
        check_drawn(pdf_out.root)
        put_in_order(pdf_out)
        if self._picture is not None:
            self._picture.check_place(pdf_out)
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self._now
        return session


class _Page(PdfContent):
    """The first page of a PDF in memory; pyHanko's ImportedPdfPage reads files only."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self._content = content

    def render(self) -> bytes:
        form = self._ensure_writer.import_page_as_xobject(PdfFileReader(BytesIO(self._content)))
        self.resources.xobject[NameObject("/Signature")] = form
        left, bottom, right, top = form.get_object()["/BBox"]
        self.box = BoxConstraints(width=right - left, height=top - bottom)
        return b"/Signature Do"
