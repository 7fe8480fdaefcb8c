"""PDF signatures (ISO 32000-2 section 12.8, ETSI EN 319 142-1)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, TypedDict, get_args

from ondemand_attach._given import checked, checked_as
from ondemand_attach._message import AttachmentRequest, Document
from ondemand_attach._seal import sealed, translated
from ondemand_attach.errors import ConfigurationError, SigningError
from ondemand_attach.protectors._foreign import wrong_with
from ondemand_attach.protectors._key_holder import KeyHolder
from ondemand_attach.protectors._levels import SignatureLevel, TimeStampAuthority, ladder
from ondemand_attach.protectors._of_file import of_file
from ondemand_attach.protectors._visible_signature import VisibleSignature

if TYPE_CHECKING:
    from typing import Self, Unpack

    from cryptography import x509

    from ondemand_attach.protectors import _pyhanko
    from ondemand_attach.protectors._certificates import Password, Source
    from ondemand_attach.protectors._fast._credentials import Credentials
    from ondemand_attach.protectors._long_term import LongTerm
    from ondemand_attach.protectors._signing_keys import LocalKey, Sign


PermittedChanges: TypeAlias = Literal["nothing", "fill_forms", "annotate"]
"""What may be changed in a certified document without a warning (DocMDP, ISO 32000-2 section 12.8.2.2)."""

_CERTIFIED: tuple[PermittedChanges, ...] = get_args(PermittedChanges)


class SignatureOptions(TypedDict, total=False):
    """What every way to make a `PdfSigner` takes besides the key."""

    level: SignatureLevel
    may_fall_to: SignatureLevel | None
    time_stamps: TimeStampAuthority | None
    certify: PermittedChanges | None
    reason: str | None
    location: str | None
    appearance: VisibleSignature | None


class PdfSigner(KeyHolder):
    """Signs a PDF: PAdES baseline, SHA-256 with RSA (PKCS #1 v1.5) or ECDSA, the chain embedded.

    The key is loaded and checked once and shared between threads. What `PdfEncryptor.encrypt` returned is
    signed in the same write as it is encrypted; a plain PDF gets the signature appended.

    Args:
        key: an RSA key of 2048 bits or more, or an EC key, as ``cryptography`` loads it; or, for a key that
            stays where it is, a callable that takes bytes and returns their signature: RSASSA-PKCS1-v1_5 or
            ECDSA (in DER), with SHA-256. What it returns is checked with the certificate.
        certificate: the certificate of the key: x509.Certificate, PEM or DER.
        chain: the certificates from its issuer on; up to level B-T the root may be left out.
        level: what the signature proves, and for how long. All but B-B need *time_stamps*; B-LT and B-LTA
            fetch OCSP responses and CRLs from where the certificates say, and use them for ten minutes.
        may_fall_to: the lowest level to sign at when a better one cannot be had at the moment, because a
            server is out of order. The document says which it was. By default, that is an error.
        time_stamps: who says when the signature was made.
        certify: make it a certification signature, which lets readers warn of any change but these.
        reason: why the document is signed, shown by readers.
        location: where, shown by readers.
        appearance: shows the signature on a page. By default it is invisible.

    Raises:
        ConfigurationError: the key does not belong to the certificate or is too weak; or the certificate is
            not valid now, or was not issued for signing; or the level needs what was not given.
    """

    protects: Literal["attachment"] = "attachment"
    media_type: Final = "application/pdf"
    _made_anew = frozenset({"_credentials", "_long_term"})

    @checked
    @sealed
    def __init__(
        self,
        *,
        key: LocalKey | Sign,
        certificate: x509.Certificate | bytes,
        chain: Iterable[x509.Certificate | bytes] = (),
        level: SignatureLevel = "B-B",
        may_fall_to: SignatureLevel | None = None,
        time_stamps: TimeStampAuthority | None = None,
        certify: PermittedChanges | None = None,
        reason: str | None = None,
        location: str | None = None,
        appearance: VisibleSignature | None = None,
    ) -> None:
        super().__init__(key, certificate, chain)
        self._levels, self._time_stamps = ladder(level, may_fall_to), time_stamps
        if certify not in (*_CERTIFIED, None):  # a set would stumble over a list
            raise ConfigurationError(f"{certify!r}: no such change; certify= takes {', '.join(_CERTIFIED)}")
        self._certified = certify
        self._reason, self._location, self._appearance = reason, location, appearance
        self._check_level(level)

    def _check_level(self, level: SignatureLevel) -> None:
        if (level == "B-B") != (self._time_stamps is None):
            raise ConfigurationError(
                "levels above B-B, and only these, need time_stamps=TimeStampAuthority(…)"
            )
        if level not in {"B-LT", "B-LTA"}:
            return
        last = (self._certificate, *self._chain)[-1]
        if last.issuer != last.subject:
            raise ConfigurationError(f"level {level} needs the whole chain, down to its self-issued root")
        if all(one == self._certificate for one in self._chain):
            raise ConfigurationError(f"level {level} needs a certificate of an issuer who can revoke it")
        if self._time_stamps and not self._time_stamps.trust_roots:
            raise ConfigurationError(f"level {level} needs trust_roots= of the time stamp authority")

    @classmethod
    @checked
    @sealed
    def from_pkcs12(
        cls, source: Source, /, *, password: Password | None = None, **options: Unpack[SignatureOptions]
    ) -> Self:
        """Read key, certificate and chain from PKCS #12 (RFC 7292).

        Args:
            source: the path of the file, or the bytes themselves.
            password: a callable that returns the password of the file; called once.
            options: as for `PdfSigner`.

        Raises:
            ConfigurationError: it cannot be read, or as for `PdfSigner`.
        """
        from ondemand_attach.protectors import _certificates

        return cls(**_certificates.from_pkcs12(source, password), **options)

    @classmethod
    @checked
    @sealed
    def from_pem(
        cls,
        key: Source,
        certificate_chain: Source,
        /,
        *,
        password: Password | None = None,
        **options: Unpack[SignatureOptions],
    ) -> Self:
        """Read the key and its certificates, in any order, from PEM (RFC 7468).

        Args:
            key: the path of the file, or the PEM itself.
            certificate_chain: likewise.
            password: a callable that returns the password of the key; called once.
            options: as for `PdfSigner`.

        Raises:
            ConfigurationError: they cannot be read, or as for `PdfSigner`.
        """
        from ondemand_attach.protectors import _certificates

        return cls(**_certificates.from_pem(key, certificate_chain, password), **options)

    @classmethod
    @checked
    @sealed
    def from_pkcs11(
        cls,
        module: str,
        /,
        *,
        token: str,
        key: str,
        pin: Password,
        certificate: x509.Certificate | bytes | None = None,
        chain: Iterable[x509.Certificate | bytes] = (),
        **options: Unpack[SignatureOptions],
    ) -> Self:
        """Sign with a key that stays in a PKCS #11 token, such as an HSM. Needs the extra ``[pkcs11]``.

        The token is logged in to once in each process, and again after it was unplugged.

        Args:
            module: the path of the PKCS #11 library of the token's maker.
            token: the label of the token.
            key: the label of the private key.
            pin: a callable that returns the user PIN.
            certificate: the certificate of the key; by default, the one that the token holds under the same
                label.
            chain: the certificates from its issuer on; the root may be left out.
            options: as for `PdfSigner`.

        Raises:
            ConfigurationError: the token cannot be used, or as for `PdfSigner`.
            MissingDependencyError: the extra is not installed.
        """
        from ondemand_attach.protectors._pkcs11 import TokenKey

        asked = TokenKey(module, token=token, pin=pin, label=key)
        return cls(key=asked, certificate=certificate or asked.certificate(), chain=chain, **options)

    @of_file
    @checked_as(SigningError)
    def sign(self, document: Document, request: AttachmentRequest, /) -> Document:
        """Return *document* signed.

        Raises:
            SigningError: the document is no PDF, was signed already, or encrypted before and not by
                `PdfEncryptor` just now; the certificate has expired; or the visible signature does not fit.
        """
        from ondemand_attach.protectors import _proof, _pyhanko

        if document.media_type != "application/pdf":
            raise SigningError(
                f"{request.filename} is {document.media_type}, not application/pdf; give it a PDF"
            )
        self._check_date(request)
        signature = _pyhanko.Signature(
            credentials=self._credentials,
            picture=self._picture(request),
            certified=_pyhanko.permitted(self._certified),
            now=request.now,
        )
        (content, level), rewriting = translated(
            lambda: _pyhanko.signed_by(lambda read: self._signed(read, signature), document),
            lambda error: SigningError(f"{request.filename} could not be signed: {wrong_with(error)}"),
        )
        return Document(
            content=content,
            media_type=document.media_type,
            encryption=document.encryption,
            signature=f"PAdES {level}",
            signature_asked=f"PAdES {self._levels[0]}",
            rewriting=rewriting,
            proof=_proof.SignatureProof(self._certificate.public_key()),
            made_for=document.made_for,
        )

    def _signed(self, document: Document, signature: _pyhanko.Signature) -> tuple[bytes, SignatureLevel]:
        if self._long_term is None:
            return signature.put_on(document), "B-B"
        return self._long_term.sign(document, signature, self._levels)

    @cached_property
    def _credentials(self) -> Credentials:
        from ondemand_attach.protectors._fast._credentials import Credentials

        return Credentials(
            key=self._key,
            certificates=self._certificates_der(),
            reason=self._reason,
            location=self._location,
        )

    @cached_property
    def _long_term(self) -> LongTerm | None:
        if self._time_stamps is None:
            return None
        from ondemand_attach.protectors._long_term import LongTerm

        return LongTerm(self._time_stamps, self._credentials.certificates)

    def _picture(self, request: AttachmentRequest) -> _pyhanko.Picture | None:
        if (shown := self._appearance) is None:
            return None
        from ondemand_attach.protectors import _pyhanko

        content = shown.drawn(self._certificate, request)
        return _pyhanko.Picture(page=shown.page, box=shown.box, content=content)
