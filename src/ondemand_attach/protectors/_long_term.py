"""Signatures with time stamps and validation data: PAdES B-T, B-LT and B-LTA, as pyHanko makes them."""

# mypy: disallow-untyped-calls=False
# pyHanko brings types for a part of itself only.

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, TypeVar

from asn1crypto import crl, ocsp, x509
from pyhanko.pdf_utils.crypt import SecurityHandler
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.validation import DocumentSecurityStore
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathError, RevokedError, ValidationError
from pyhanko_certvalidator.fetchers.aiohttp_fetchers import AIOHttpFetcherBackend

from ondemand_attach._reach import reaching_out
from ondemand_attach.errors import SigningError
from ondemand_attach.protectors._proof import OpenedReader
from ondemand_attach.protectors._pyhanko import Signature, writer_of
from ondemand_attach.protectors._time_stamps import Stamper, UnusableStampError

if TYPE_CHECKING:
    from ondemand_attach._message import Document
    from ondemand_attach.protectors._levels import SignatureLevel, TimeStampAuthority

T = TypeVar("T")
_log = logging.getLogger("ondemand_attach")

_AUTHORITY = "the time stamp authority"
_REST = 30.0  # seconds in which what failed is not asked again, if there is a lower level
_FRESH = 600.0  # seconds for which validation data is used again
_MAC_TOKEN = 2048  # bytes; more than one takes


class UnreachedLevelError(SigningError):
    """A level cannot be had now. A lower one may do."""


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


@dataclass(slots=True)
class LongTerm:
    """What is kept from one signature of a key to the next.

    Args:
        authority: who gives the time stamps.
        certificates: of the key, the signer's first, the root last, in DER.
    """

    authority: TimeStampAuthority
    certificates: Sequence[bytes] = field(repr=False)
    _stamper: Stamper = field(init=False, repr=False)
    _kept: tuple[float, _ValidationData] | None = field(default=None, init=False, repr=False)
    _rests_until: dict[str, float] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        self._stamper = Stamper(self.authority)

    def sign(
        self, document: Document, signature: Signature, levels: Sequence[SignatureLevel]
    ) -> tuple[bytes, SignatureLevel]:
        """Return *document* signed at the best of *levels* that can be had, and that level."""
        for level in levels[:-1]:
            try:
                return self._signed(document, signature, level, may_rest=True), level
            except UnreachedLevelError as error:
                _log.warning("a signature is not made at level %s: %s", level, error)
        level = levels[-1]
        return self._signed(document, signature, level, may_rest=False), level

    def _signed(
        self, document: Document, signature: Signature, level: SignatureLevel, *, may_rest: bool
    ) -> bytes:
        if level == "B-B":
            return signature.put_on(document)
        with self._reaching(_AUTHORITY, may_rest=may_rest):
            size = _run(self._stamper.size)
        data = self._validation_data(may_rest=may_rest) if level != "B-T" else None
        writer, signer = writer_of(document), signature.signer(self._stamper)
        if data is not None:
            data.put_into(writer)
        handler, reserved = writer.security_handler, signature.credentials.reserved + _room(size)
        with self._reaching(_AUTHORITY, may_rest=may_rest):
            output = _run(lambda: signer.async_sign_pdf(writer, bytes_reserved=reserved))
            return self._archived(output, handler, size) if level == "B-LTA" else output.getvalue()

    def _archived(self, signed: BytesIO, handler: SecurityHandler | None, size: int) -> bytes:
        """Add a time stamp of the whole document (ETSI EN 319 142-1 section 5.5)."""
        writer = IncrementalPdfFileWriter.from_reader(OpenedReader(signed, handler))
        adder = signers.PdfTimeStamper(self._stamper, field_name="TimeStamp")
        reserved = _room(size + _MAC_TOKEN)
        output: BytesIO = _run(lambda: adder.async_timestamp_pdf(writer, "sha256", bytes_reserved=reserved))
        return output.getvalue()

    def _validation_data(self, *, may_rest: bool) -> _ValidationData:
        kept = self._kept
        if kept is None or time.monotonic() - kept[0] > _FRESH:
            with self._reaching("the validation data of the certificates", may_rest=may_rest):
                kept = self._kept = time.monotonic(), _run(self._gathered)
        return kept[1]

    async def _gathered(self) -> _ValidationData:
        own = [x509.Certificate.load(certificate) for certificate in self.certificates]
        roots = [own[-1], *map(x509.Certificate.load, self.authority.trust_roots)]
        backend = AIOHttpFetcherBackend(per_request_timeout=self.authority.time_limit)
        context = ValidationContext(
            trust_roots=roots, allow_fetching=True, fetcher_backend=backend, revocation_mode="hard-fail"
        )
        try:
            signing = CertificateValidator(own[0], own[1:], context)
            paths = [await signing.async_validate_usage({"digital_signature", "non_repudiation"})]
            stamping = await self._stamper.certificates()
            paths.append(
                await CertificateValidator(stamping[0], stamping[1:], context).async_validate_usage(
                    set(), {"time_stamping"}
                )
            )
        except RevokedError as error:
            if error.original_path.leaf == own[0]:
                raise SigningError("the signing certificate or one of its issuers was revoked") from None
            raise
        finally:
            await backend.close()
        certificates = {
            certificate.dump() for path in paths for certificate in path.iter_certs(include_root=True)
        }
        return _ValidationData(
            sorted(certificates),
            [response.dump() for response in context.ocsps],
            [revoked.dump() for revoked in context.crls],
        )

    @contextmanager
    def _reaching(self, what: str, *, may_rest: bool) -> Iterator[None]:
        if may_rest and time.monotonic() < self._rests_until.get(what, 0):
            raise UnreachedLevelError(f"{what} failed a moment ago")
        try:
            yield
        except (UnusableStampError, PathError, ValidationError) as error:
            reason = str(error) if isinstance(error, UnusableStampError) else type(error).__name__
        else:
            return
        self._rests_until[what] = time.monotonic() + _REST
        raise UnreachedLevelError(f"{what} cannot be had: {reason}")


def _room(size: int) -> int:
    """Return how many hexadecimal digits to keep for a time stamp; the next may be somewhat larger."""
    return 2 * (size + size // 4)


def _run(make: Callable[[], Awaitable[T]]) -> T:
    """Run a coroutine in a thread of its own: the caller may have a loop that runs."""

    async def main() -> T:
        return await make()

    with reaching_out(), ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(lambda: asyncio.run(main())).result()
