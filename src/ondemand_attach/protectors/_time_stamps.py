"""Time stamps (RFC 3161), asked for over HTTP and checked when they come."""

# mypy: disallow-untyped-calls=False
# pyHanko brings types for a part of itself only.

from __future__ import annotations

import base64
import datetime
import logging
import secrets
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final

from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext

from ondemand_attach._asn1 import cms, make_ready, tsp, x509
from ondemand_attach._faults import is_outage
from ondemand_attach._origins import told
from ondemand_attach.protectors._http import NoAnswerError, Session, of_status, reason_of

if TYPE_CHECKING:
    from ondemand_attach.protectors._levels import TimeStampAuthority

CLOCKS_APART: Final = datetime.timedelta(minutes=1)
"""How far the clocks of those who issue certificates, and answer for them, may be from ours."""

_LARGEST: Final = 256 * 1024  # bytes of an answer; a stamp with its certificates has some 6,000
_TRAVEL: Final = datetime.timedelta(minutes=5)
_MOST_UNITS: Final = 4
_WEAK: Final = {"md2", "md5", "sha1"}
_HEADERS: Final = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}


_LATER: Final = {"time_not_available", "system_failure"}  # RFC 3161 section 2.4.2
_EXPIRED: Final = {"OUT_OF_BOUNDS_NO_POE", "OUT_OF_BOUNDS_NOT_REVOKED", "TRY_LATER"}
"""What ETSI EN 319 102-1 calls it that a certificate is not yet, or no longer, valid: it will be renewed."""

_is_asking: Final[ContextVar[bool]] = ContextVar("whether a time stamp is being checked", default=False)
# pyHanko logs a traceback of whatever it does not trust; what that means is said in words here.
logging.getLogger("pyhanko.sign.validation.generic_cms").addFilter(lambda _: not _is_asking.get())


class UnusableStampError(NoAnswerError):
    """The authority gave no time stamp, or one that proves nothing. The text is safe to show."""


class _Response(tsp.TimeStampResp):  # type: ignore[misc]
    """An answer, in which a refusal has no time stamp."""

    _fields: ClassVar = [
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", cms.ContentInfo, {"optional": True}),
    ]


make_ready()


@dataclass(frozen=True, slots=True)
class Unit:
    """One of the keys that an authority stamps with: its certificate, and others that came with it."""

    certificate: x509.Certificate
    others: tuple[x509.Certificate, ...]


@dataclass(slots=True)
class Units:
    """What was seen of an authority: the units that stamped lately, and how large a stamp may be."""

    largest: int = 0
    _lately: dict[bytes, Unit] = field(default_factory=dict)

    def note(self, token: cms.ContentInfo, unit: Unit) -> None:
        """Remember the *unit* that made *token*."""
        self.largest = max(self.largest, len(token.dump()))
        self._lately = {**self._lately, unit.certificate.dump(): unit}
        self._lately = dict(list(self._lately.items())[-_MOST_UNITS:])

    def lately(self) -> dict[bytes, Unit]:
        """Return the units by their certificates in DER."""
        return self._lately


class Stamper(TimeStamper):
    """Asks *authority* for the time stamps of one document, at most once for each.

    Args:
        authority: who is asked.
        units: what is remembered of it.
    """

    def __init__(self, authority: TimeStampAuthority, units: Units) -> None:
        super().__init__()
        self._authority, self._units = authority, units
        self.used: set[bytes] = set()
        """The certificates of the units that stamped, in DER."""

    async def get_to_know(self) -> None:
        """Ask for a time stamp of nothing."""
        await self.async_timestamp(secrets.token_bytes(32), "sha256")

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """Return what the server answers."""
        async with (
            Session(self._authority.timeout, _LARGEST) as session,
            session.post(self._authority.url, data=req.dump(), headers=self._headers()) as answer,
        ):
            if answer.status != 200:
                refused = of_status(answer.status)
                raise UnusableStampError(refused.text, is_temporary=refused.is_temporary)
            return _Response.load(answer.content, strict=True)

    def _headers(self) -> dict[str, str]:
        if self._authority.credentials is None:
            return _HEADERS
        pair = ":".join(self._asked_for(self._authority.credentials))
        return _HEADERS | {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}

    @staticmethod
    def _asked_for(credentials: Callable[[], tuple[str, str]]) -> tuple[str, str]:
        try:
            given = credentials()
        except Exception as error:  # noqa: BLE001 - of the application
            failed = f"the application's callable for its credentials failed: {told(error)}"
            failure = UnusableStampError(failed, is_temporary=is_outage(error))
        else:
            match given:
                case (str() as user, str() as password):
                    return user, password
            failure = UnusableStampError("credentials= is to return the user and the password, two texts")
        raise failure

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """Return a time stamp for *message_digest*.

        Raises:
            UnusableStampError: there is none, or it is not of this digest, or not signed as it should be.
        """
        try:
            nonce, request = self.request_cms(message_digest, md_algorithm)
            answer = await self.async_request_tsa_response(request)
            return await self._checked(answer, request["message_imprint"], nonce)
        except UnusableStampError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the network or the answer is at odds with
            reason = reason_of(error, "what it answered is no time stamp")
        raise UnusableStampError(reason.text, is_temporary=reason.is_temporary)

    async def _checked(
        self, answer: tsp.TimeStampResp, imprint: tsp.MessageImprint, nonce: int
    ) -> cms.ContentInfo:
        _check_granted(answer["status"])
        token = answer["time_stamp_token"]
        signed = token["content"]
        stamp = signed["encap_content_info"]["content"].parsed
        if stamp["nonce"].native != nonce or stamp["message_imprint"].native != imprint.native:
            raise UnusableStampError("it answered another request")
        if abs(stamp["gen_time"].native - datetime.datetime.now(datetime.UTC)) > _TRAVEL:
            raise UnusableStampError("its clock is minutes apart from ours", is_temporary=True)
        if signed["signer_infos"][0]["digest_algorithm"]["algorithm"].native in _WEAK:
            raise UnusableStampError("its time stamp is signed over a weak hash")
        others = tuple(certificate.chosen for certificate in signed["certificates"])
        before = _is_asking.set(True)
        try:
            status = await validate_tst_signed_data(
                signed, self._context(others), lambda _: imprint["hashed_message"].native
            )
        finally:
            _is_asking.reset(before)
        self._check(status)
        unit = status["signing_cert"]
        self._units.note(token, Unit(unit, others))
        self.used.add(unit.dump())
        return token

    def _context(self, others: tuple[x509.Certificate, ...]) -> ValidationContext:
        roots = [x509.Certificate.load(root) for root in self._authority.trust_roots]
        return ValidationContext(trust_roots=roots, other_certs=others, time_tolerance=CLOCKS_APART)

    def _check(self, status: dict[str, Any]) -> None:
        if not (status["intact"] and status["valid"]):
            raise UnusableStampError("its time stamp is forged")
        problem = status["trust_problem_indic"]
        if self._authority.trust_roots and problem is not None:
            raise UnusableStampError(
                "the certificate of its time stamp is not trusted", is_temporary=problem.name in _EXPIRED
            )


def _check_granted(status: tsp.PKIStatusInfo) -> None:
    said = status["status"].native
    if said in {"granted", "granted_with_mods"}:
        return
    reasons = status["fail_info"].native or set()
    words = ", ".join(sorted(reasons)).replace("_", " ")
    raise UnusableStampError(
        f"it refused: {words}" if words else "it refused", is_temporary=not reasons or bool(reasons & _LATER)
    )
