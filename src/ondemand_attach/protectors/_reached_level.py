"""Which level a signature has reached, read back from the finished document (ETSI EN 319 142-1 section 6)."""

# mypy: disallow-untyped-calls=False
# pyHanko brings types for a part of itself only.

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from asn1crypto import x509
from pyhanko.pdf_utils.crypt import SecurityHandler
from pyhanko.sign.general import extract_certificate_info
from pyhanko.sign.validation import DocumentSecurityStore, SignatureCoverageLevel
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.policy_decl import (
    REQUIRE_REVINFO,
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)

from ondemand_attach.protectors._proof import OpenedReader
from ondemand_attach.protectors._time_stamps import CLOCKS_APART

if TYPE_CHECKING:
    from ondemand_attach.protectors._levels import SignatureLevel

_STAMP: Final = "1.2.840.113549.1.9.16.2.14"  # RFC 3161 appendix A
_NEVER_REVOKED: Final = {"2.5.29.56", "0.4.0.194121.2.1"}
"""Extensions of certificates that live so shortly that nobody revokes them (RFC 9608, ETSI EN 319 412-1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chains:
    """Who must be shown to have been good.

    Args:
        own: the certificates of the signer, the root last, in DER.
        roots: those of the time stamp authority, in DER.
    """

    own: Sequence[bytes] = field(repr=False)
    roots: Sequence[bytes] = field(repr=False)

    def unanswered(self) -> list[int]:
        """Return the places in the signer's chain, from 1 on, of certificates that say nowhere to ask about them."""
        certificates = map(x509.Certificate.load, self.own[:-1])
        return [
            place
            for place, one in enumerate(certificates, 1)
            if not (one.ocsp_urls or one.crl_distribution_points or _never_revoked(one))
        ]


def reached(content: bytes, handler: SecurityHandler | None, chains: Chains) -> SignatureLevel:
    """Return the level of the signature in *content*.

    B-LT takes more than a document security store: what is in the file alone must show, without asking anybody, that
    no certificate of the signer but the root was revoked, nor that of the time stamp if it says where to ask.

    Args:
        content: the finished document.
        handler: what it was encrypted by.
        chains: whose certificates.
    """
    reader = OpenedReader(BytesIO(content), handler)
    own = reader.embedded_regular_signatures[-1]
    stamp = _stamp_of(own.signer_info)
    if stamp is None or not _is_of(stamp, own.signer_info["signature"].native):
        return "B-B"
    if not _is_shown(reader, own, stamp, chains):
        return "B-T"
    last = reader.embedded_signatures[-1]
    is_archived = last is not own and last.evaluate_signature_coverage() is SignatureCoverageLevel.ENTIRE_FILE
    return "B-LTA" if is_archived else "B-LT"


def _stamp_of(signer: Any) -> Any:
    stamps = [one["values"][0]["content"] for one in signer["unsigned_attrs"] if one["type"].dotted == _STAMP]
    return stamps[0] if stamps else None


def _is_of(stamp: Any, signature: bytes) -> bool:
    imprint = stamp["encap_content_info"]["content"].parsed["message_imprint"]
    digest = hashlib.new(imprint["hash_algorithm"]["algorithm"].native, signature).digest()
    return bool(imprint["hashed_message"].native == digest)


def _is_shown(reader: OpenedReader, own: Any, stamp: Any, chains: Chains) -> bool:
    async def check() -> bool:
        store = DocumentSecurityStore.read_dss(reader)
        path = await CertificateValidator(
            own.signer_cert, own.other_embedded_certs, _context(store, chains.own[-1:], _policy(own.signer_cert))
        ).async_validate_usage({"digital_signature", "non_repudiation"})
        unit, others = _unit(stamp)
        await CertificateValidator(
            unit, others, _context(store, chains.roots, RevocationCheckingPolicy.from_legacy("hard-fail"))
        ).async_validate_usage(set(), {"time_stamping"})
        return any(True for _ in path.iter_certs(include_root=False))

    with ThreadPoolExecutor(max_workers=1) as thread:  # the caller may have an event loop that runs
        try:
            return thread.submit(lambda: asyncio.run(check())).result()
        except Exception:  # noqa: BLE001 - whatever is missing, is wrong, or cannot be read
            return False


def _context(
    store: DocumentSecurityStore, roots: Sequence[bytes], policy: RevocationCheckingPolicy
) -> ValidationContext:
    return store.as_validation_context(
        {
            "trust_roots": [x509.Certificate.load(root) for root in roots],
            "allow_fetching": False,
            "revinfo_policy": CertRevTrustPolicy(policy),
            "time_tolerance": CLOCKS_APART,
        }
    )


def _policy(certificate: x509.Certificate) -> RevocationCheckingPolicy:
    if not _never_revoked(certificate):
        return REQUIRE_REVINFO
    return RevocationCheckingPolicy(RevocationCheckingRule.NO_CHECK, RevocationCheckingRule.CRL_OR_OCSP_REQUIRED)


def _never_revoked(certificate: x509.Certificate) -> bool:
    found = certificate["tbs_certificate"]["extensions"]
    return any(extension["extn_id"].dotted in _NEVER_REVOKED for extension in found)


def _unit(stamp: Any) -> tuple[x509.Certificate, list[x509.Certificate]]:
    found = extract_certificate_info(stamp)
    return found.signer_cert, found.other_certs
