"""Which level a signature has reached, read back from the finished document (ETSI EN 319 142-1 section 6)."""

# mypy: disallow-untyped-calls=False
# pyHanko brings types for a part of itself only.

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Final

from pyhanko.pdf_utils.crypt import SecurityHandler
from pyhanko.sign.general import extract_certificate_info
from pyhanko.sign.validation import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.policy_decl import (
    REQUIRE_REVINFO,
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)

from ondemand_attach._asn1 import cms, x509
from ondemand_attach.protectors._proof import OpenedReader, signed_data_in
from ondemand_attach.protectors._time_stamps import CLOCKS_APART

if TYPE_CHECKING:
    from ondemand_attach.protectors._levels import SignatureLevel

_FRESH: Final = 600.0  # seconds for which a verdict over the same data is used again
_STAMP: Final = "1.2.840.113549.1.9.16.2.14"  # RFC 3161 appendix A
_NEVER_REVOKED: Final = {"2.5.29.56", "0.4.0.194121.2.1"}
"""Extensions of certificates that live so shortly that nobody revokes them (RFC 9608, ETSI EN 319 412-1)."""


@dataclass(slots=True, kw_only=True)
class Chains:
    """Who must be shown to have been good.

    Args:
        own: the certificates of the signer, the root last, in DER.
        roots: those of the time stamp authority, in DER.
    """

    own: Sequence[bytes] = field(repr=False)
    roots: Sequence[bytes] = field(repr=False)
    _shown: dict[bytes, float] = field(default_factory=dict, init=False, repr=False)

    def unanswered(self) -> list[int]:
        """Return the places in the signer's chain, from 1 on, of those that say nowhere to ask about them."""
        certificates = map(x509.Certificate.load, self.own[:-1])
        return [
            place
            for place, one in enumerate(certificates, 1)
            if not (one.ocsp_urls or one.crl_distribution_points or _never_revoked(one))
        ]

    def are_shown_by(self, store: DocumentSecurityStore, stamp: cms.SignedData) -> bool:
        """Whether what is in *store* shows that neither the signer's chain nor *stamp*'s unit was revoked.

        The store is another one after some minutes only, so that a verdict is kept as long.
        """
        unit, others = _unit(stamp)
        key, now = _digest(store, unit), time.monotonic()
        self._shown = {key: since for key, since in self._shown.items() if now - since < _FRESH}
        if key not in self._shown:
            with ThreadPoolExecutor(max_workers=1) as thread:  # the caller may have an event loop that runs
                try:
                    thread.submit(lambda: asyncio.run(self._check(store, unit, others))).result()
                except Exception:  # noqa: BLE001 - whatever is missing, is wrong, or cannot be read
                    return False
            self._shown = {**self._shown, key: now}
        return True

    async def _check(
        self, store: DocumentSecurityStore, unit: x509.Certificate, others: Sequence[x509.Certificate]
    ) -> None:
        own, *issuers = map(x509.Certificate.load, self.own)
        context = _context(store, issuers[-1:], _policy(own))
        path = await CertificateValidator(own, issuers, context).async_validate_path()
        if not list(path.iter_certs(include_root=False)):
            raise ValueError("trusted as it is: nobody can say that it was revoked")
        roots = [x509.Certificate.load(root) for root in self.roots]
        context = _context(store, roots, RevocationCheckingPolicy.from_legacy("hard-fail"))
        await CertificateValidator(unit, others, context).async_validate_usage(set(), {"time_stamping"})


def reached(
    content: bytes, handler: SecurityHandler | None, chains: Chains, tried: SignatureLevel
) -> SignatureLevel:
    """Return the level of the signature in *content*, which is at most *tried*.

    B-LT takes more than a document security store: what is in the file alone must show, without asking
    anybody, that no certificate of the signer but the root was revoked, nor that of the time stamp if it says
    where to ask.

    Args:
        content: the finished document.
        handler: what it was encrypted by.
        chains: whose certificates.
        tried: what it was made for.
    """
    last, *_ = found = list(signed_data_in(content))
    (signer,) = next(one for one in found if _kind(one) == "data")["signer_infos"]
    stamp = _stamp_of(signer)
    if stamp is None or not _is_of(stamp, signer["signature"].native):
        return "B-B"
    if tried == "B-T" or not chains.are_shown_by(_store(content, handler), stamp):
        return "B-T"
    return "B-LTA" if _kind(last) == "tst_info" else "B-LT"  # of the whole file, as the proof looks at again


def _kind(signed: cms.SignedData) -> str:
    return str(signed["encap_content_info"]["content_type"].native)


def _store(content: bytes, handler: SecurityHandler | None) -> DocumentSecurityStore:
    try:
        return DocumentSecurityStore.read_dss(OpenedReader(BytesIO(content), handler))
    except NoDSSFoundError:
        return DocumentSecurityStore(writer=None)


def _digest(store: DocumentSecurityStore, unit: x509.Certificate) -> bytes:
    streams = (*store.certs.values(), *store.ocsps, *store.crls)
    parts = sorted(hashlib.sha256(stream.get_object().data).digest() for stream in streams)
    return hashlib.sha256(b"".join([*parts, unit.dump()])).digest()


def _stamp_of(signer: cms.SignerInfo) -> cms.SignedData | None:
    stamps = [one["values"][0]["content"] for one in signer["unsigned_attrs"] if one["type"].dotted == _STAMP]
    return stamps[0] if stamps else None


def _is_of(stamp: cms.SignedData, signature: bytes) -> bool:
    imprint = stamp["encap_content_info"]["content"].parsed["message_imprint"]
    digest = hashlib.new(imprint["hash_algorithm"]["algorithm"].native, signature).digest()
    return bool(imprint["hashed_message"].native == digest)


def _context(
    store: DocumentSecurityStore, roots: Sequence[x509.Certificate], policy: RevocationCheckingPolicy
) -> ValidationContext:
    return store.as_validation_context(
        {
            "trust_roots": roots,
            "allow_fetching": False,
            "revinfo_policy": CertRevTrustPolicy(policy),
            "time_tolerance": CLOCKS_APART,
        }
    )


def _policy(certificate: x509.Certificate) -> RevocationCheckingPolicy:
    if not _never_revoked(certificate):
        return REQUIRE_REVINFO
    return RevocationCheckingPolicy(
        RevocationCheckingRule.NO_CHECK, RevocationCheckingRule.CRL_OR_OCSP_REQUIRED
    )


def _never_revoked(certificate: x509.Certificate) -> bool:
    found = certificate["tbs_certificate"]["extensions"]
    return any(extension["extn_id"].dotted in _NEVER_REVOKED for extension in found)


def _unit(stamp: cms.SignedData) -> tuple[x509.Certificate, list[x509.Certificate]]:
    found = extract_certificate_info(stamp)
    return found.signer_cert, found.other_certs
