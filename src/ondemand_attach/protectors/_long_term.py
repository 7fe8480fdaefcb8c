"""Signatures with time stamps and validation data: PAdES B-T, B-LT and B-LTA, as pyHanko makes them."""

# mypy: disallow-untyped-calls=False
# pyHanko brings types for a part of itself only.

from __future__ import annotations

import itertools
import logging
import time
import urllib.parse
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING

from pyhanko.pdf_utils.crypt import SecurityHandler
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.general import SigningError as PyHankoSigningError
from pyhanko.sign.validation import DocumentSecurityStore
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import InsufficientRevinfoError, RevokedError, StaleRevinfoError
from pyhanko_certvalidator.fetchers.aiohttp_fetchers import AIOHttpFetcherBackend

from ondemand_attach._asn1 import crl, make_ready, ocsp, x509
from ondemand_attach._faults import Fault
from ondemand_attach.errors import SigningError, UnreachedLevelError
from ondemand_attach.protectors._form_fields import free_name
from ondemand_attach.protectors._http import NoAnswerError, Session, reason_of, run
from ondemand_attach.protectors._object_streams import ObjectStreamWriter
from ondemand_attach.protectors._proof import OpenedReader
from ondemand_attach.protectors._pyhanko import Signature, writer_of
from ondemand_attach.protectors._reached_level import Chains, reached
from ondemand_attach.protectors._time_stamps import CLOCKS_APART, Stamper, Unit, Units, UnusableStampError

if TYPE_CHECKING:
    from ondemand_attach._message import Document
    from ondemand_attach.protectors._levels import SignatureLevel, TimeStampAuthority

make_ready()

_log = logging.getLogger("ondemand_attach")

_REVOKED = "the signing certificate or one of its issuers was revoked"
_OWN_DATA = "the validation data of the signing certificate"
_UNITS_DATA = "the validation data of the time stamp authority"
_REST = 30.0  # seconds in which what failed is not asked again, if there is a lower level
_FRESH = 600.0  # seconds for which validation data is used again
_MAC_TOKEN = 2048  # bytes; more than one takes
_TRIES = 3  # for an authority whose stamps are larger, or of another unit, than those before


@dataclass(frozen=True, slots=True)
class _ValidationData:
    """What shows that the certificates were good: the chains and their OCSP responses and CRLs, in DER."""

    certificates: Sequence[bytes]
    responses: Sequence[bytes]
    lists: Sequence[bytes]

    def put_into(self, writer: BasePdfFileWriter) -> None:
        """Write the document security store (ISO 32000-2 section 12.8.4.3)."""
        DocumentSecurityStore.supply_dss_in_writer(
            writer,
            None,
            certs=map(x509.Certificate.load, self.certificates),
            ocsps=map(ocsp.OCSPResponse.load, self.responses),
            crls=map(crl.CertificateList.load, self.lists),
        )


def _together(parts: Sequence[_ValidationData]) -> _ValidationData:
    return _ValidationData(
        sorted({each for part in parts for each in part.certificates}),
        [each for part in parts for each in part.responses],
        sorted({each for part in parts for each in part.lists}),
    )


@dataclass(slots=True)
class LongTerm:
    """What is kept from one signature of a key to the next.

    Args:
        authority: who gives the time stamps.
        certificates: of the key, the signer's first, the root last, in DER.
    """

    authority: TimeStampAuthority
    certificates: Sequence[bytes] = field(repr=False)
    _units: Units = field(default_factory=Units, init=False, repr=False)
    _kept: dict[bytes, tuple[float, _ValidationData]] = field(default_factory=dict, init=False, repr=False)
    _rests_until: dict[str, float] = field(default_factory=dict, init=False, repr=False)
    _is_revoked: bool = field(default=False, init=False, repr=False)
    _chains: Chains = field(init=False, repr=False)

    def __post_init__(self) -> None:
        roots = [x509.Certificate.load(root).dump() for root in self.authority.trust_roots]
        self._chains = Chains(own=self.certificates, roots=roots)

    def sign(
        self, document: Document, signature: Signature, levels: Sequence[SignatureLevel]
    ) -> tuple[bytes, SignatureLevel]:
        """Return *document* signed at the best of *levels* that can be had, and the level it has reached.

        Raises:
            SigningError: what was made is of none of the levels; or another reason to sign at none.
            UnreachedLevelError: a server is out of order, and there is no lower level.
        """
        for level, next_level in itertools.pairwise(levels):
            try:
                return self._checked(*self._signed(document, signature, level, may_rest=True), level, levels)
            except UnreachedLevelError as error:
                _log.warning("a document is signed at %s at most, not %s: %s", next_level, level, error)
        level = levels[-1]
        return self._checked(*self._signed(document, signature, level, may_rest=False), level, levels)

    def _checked(
        self, content: bytes, found: SignatureLevel, level: SignatureLevel, levels: Sequence[SignatureLevel]
    ) -> tuple[bytes, SignatureLevel]:
        """Return what was signed, if its level is that which was tried, or another that will do."""
        if found == level:
            return content, found
        silent = [f"certificate {place}" for place in self._chains.unanswered()]
        why = (
            f"{' and '.join(silent)} of the chain (1 is the signer's) names no OCSP responder and no CRL"
            if silent
            else "what is in it does not show that its certificates had not been revoked"
        )
        if found not in levels:
            raise SigningError(
                f"the document has reached level {found}, not {level}: {why}; use another "
                "certificate, or a lower level"
            )
        _log.warning("a document is signed at %s, not %s: %s", found, level, why)
        return content, found

    def _signed(
        self, document: Document, signature: Signature, level: SignatureLevel, *, may_rest: bool
    ) -> tuple[bytes, SignatureLevel]:
        if self._is_revoked:  # for ever, even if nobody says so any more
            raise SigningError(_REVOKED)
        if level == "B-B":
            return signature.put_on(document), level
        # Whatever the authority does, a certificate that was revoked signs nothing.
        own = None if level == "B-T" else self._own_data(may_rest=may_rest)
        with self._reaching(self._clock, may_rest=may_rest, failures=UnusableStampError):
            if not self._units.largest:
                run(Stamper(self.authority, self._units).get_to_know)
        for _ in range(_TRIES):
            units = self._units.lately()
            data = own and _together([own, *self._units_data(units.values(), may_rest=may_rest)])
            stamper = Stamper(self.authority, self._units)
            with self._reaching(self._clock, may_rest=may_rest, failures=UnusableStampError):
                made = self._tried(document, signature, stamper, data, archived=level == "B-LTA")
            if made and (own is None or stamper.used <= units.keys()):
                content, handler = made
                return content, reached(content, handler, self._chains, level)
        raise UnreachedLevelError(
            f"{self._clock} cannot be used: its stamps are of ever new sizes or units", is_temporary=True
        )

    @property
    def _clock(self) -> str:
        return f"the time stamp authority {urllib.parse.urlsplit(self.authority.url).hostname}"

    def _tried(
        self,
        document: Document,
        signature: Signature,
        stamper: Stamper,
        data: _ValidationData | None,
        *,
        archived: bool,
    ) -> tuple[bytes, SecurityHandler | None] | None:
        """Return *document* signed, and what encrypts it; nothing if a time stamp was larger than before."""
        size, writer = self._units.largest, writer_of(document)
        if data is not None:
            data.put_into(writer)
        handler, reserved = writer.security_handler, signature.credentials.reserved + _room(size)
        signer = signature.signer(stamper, writer)
        try:
            output = run(lambda: signer.async_sign_pdf(writer, bytes_reserved=reserved))
            content = _archived(output, handler, stamper, size) if archived else output.getvalue()
        except PyHankoSigningError:
            if self._units.largest > size:
                return None
            raise
        return content, handler

    def _own_data(self, *, may_rest: bool) -> _ValidationData:
        own, *others = map(x509.Certificate.load, self.certificates)
        with self._reaching(_OWN_DATA, may_rest=may_rest):
            return self._gathered(Unit(own, tuple(others)), [own, *others][-1:], own_usage=True)

    def _units_data(self, units: Collection[Unit], *, may_rest: bool) -> list[_ValidationData]:
        roots = [x509.Certificate.load(root) for root in self.authority.trust_roots]
        with self._reaching(_UNITS_DATA, may_rest=may_rest):
            return [self._gathered(unit, roots, own_usage=False) for unit in units]

    def _gathered(
        self, holder: Unit, roots: Sequence[x509.Certificate], *, own_usage: bool
    ) -> _ValidationData:
        key, now = holder.certificate.dump(), time.monotonic()
        kept = {key: (since, data) for key, (since, data) in self._kept.items() if now - since < _FRESH}
        if key not in kept:
            kept[key] = now, run(lambda: self._fetched(holder, roots, own_usage=own_usage))
        self._kept = kept
        return kept[key][1]

    async def _fetched(
        self, holder: Unit, roots: Sequence[x509.Certificate], *, own_usage: bool
    ) -> _ValidationData:
        limit = self.authority.timeout
        async with Session(limit, judge=_of_responder) as session:
            context = ValidationContext(
                trust_roots=roots,
                allow_fetching=True,
                fetcher_backend=AIOHttpFetcherBackend(session, limit),  # type: ignore[arg-type]
                revocation_mode="hard-fail",
                time_tolerance=CLOCKS_APART,
            )
            validator = CertificateValidator(holder.certificate, holder.others, context)
            try:
                if own_usage:  # what it was issued for was looked at while wiring
                    path = await validator.async_validate_path()
                else:
                    path = await validator.async_validate_usage(set(), {"time_stamping"})
            except RevokedError:
                if not own_usage:
                    raise
                self._is_revoked = True
                raise SigningError(_REVOKED) from None
            except Exception as error:  # noqa: BLE001 - the answers may be anything
                failures = session.failures or [_unanswered(error)]
                raise NoAnswerError(
                    "; ".join(dict.fromkeys(each.text for each in failures)),
                    is_temporary=any(each.is_temporary for each in failures),  # one that answers is enough
                ) from None
        return _ValidationData(
            [certificate.dump() for certificate in path.iter_certs(include_root=True)],
            [response.dump() for response in context.ocsps],
            [revoked.dump() for revoked in context.crls],
        )

    @contextmanager
    def _reaching(
        self, what: str, *, may_rest: bool, failures: type[Exception] = Exception
    ) -> Iterator[None]:
        """Take *failures* for those of a server; all others are of the document, and nobody else's."""
        if may_rest and time.monotonic() < self._rests_until.get(what, 0):
            raise UnreachedLevelError(f"{what} failed a moment ago", is_temporary=True)
        try:
            yield
        except SigningError:  # our own: no lower level would be better
            raise
        except failures as error:  # whatever the servers' answers are at odds with
            reason = reason_of(error)
        else:
            return
        self._rests_until[what] = time.monotonic() + _REST
        raise UnreachedLevelError(f"{what} cannot be had: {reason.text}", is_temporary=reason.is_temporary)


def _unanswered(error: Exception) -> Fault:
    if isinstance(error, StaleRevinfoError):
        return Fault("what its issuers say of it is out of date", is_temporary=True)
    if isinstance(error, InsufficientRevinfoError):
        return Fault(
            "no OCSP responder and no CRL that the certificates name says of each that it was not revoked",
            is_temporary=False,
        )
    return reason_of(error)


def _of_responder(content: bytes) -> Fault | None:
    """Say what is wrong with the answer of an OCSP responder, if it says so (RFC 6960 section 4.2.1)."""
    try:
        status = ocsp.OCSPResponse.load(content)["response_status"].native
    except (ValueError, TypeError):  # as asn1crypto of that version has it
        return Fault("what it answered is no OCSP response", is_temporary=False)
    if status == "successful":
        return None
    words = str(status).replace("_", " ")
    return Fault(f"it answered OCSP {words!r}", is_temporary=status in {"internal_error", "try_later"})


class _EncryptedUpdate(ObjectStreamWriter, IncrementalPdfFileWriter):
    """Appends to a file that is encrypted."""


def _archived(signed: BytesIO, handler: SecurityHandler | None, stamper: Stamper, size: int) -> bytes:
    """Add a time stamp of the whole document (ETSI EN 319 142-1 section 5.5)."""
    kind = IncrementalPdfFileWriter if handler is None else _EncryptedUpdate
    writer = kind.from_reader(OpenedReader(signed, handler))
    adder = signers.PdfTimeStamper(stamper, field_name=free_name(writer.root, "TimeStamp"))
    reserved = _room(size + _MAC_TOKEN)
    output: BytesIO = run(lambda: adder.async_timestamp_pdf(writer, "sha256", bytes_reserved=reserved))
    return output.getvalue()


def _room(size: int) -> int:
    """Return how many hexadecimal digits to keep for a time stamp; the next may be somewhat larger."""
    return 2 * (size + size // 4)
