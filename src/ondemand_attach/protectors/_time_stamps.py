"""Time stamps (RFC 3161), asked for over HTTP and checked when they come."""

# mypy: disallow-untyped-calls=False
# pyHanko brings types for a part of itself only.

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, ClassVar

import aiohttp
from asn1crypto import cms, tsp, x509
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext

if TYPE_CHECKING:
    from ondemand_attach.protectors._levels import TimeStampAuthority

_LARGEST = 256 * 1024  # bytes of an answer; a stamp with its certificates has some 6,000
_HEADERS = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}


class UnusableStampError(Exception):
    """The authority gave no time stamp, or one that proves nothing. The text is safe to show."""


class _Response(tsp.TimeStampResp):  # type: ignore[misc]
    """An answer, in which a refusal has no time stamp."""

    _fields: ClassVar = [
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", cms.ContentInfo, {"optional": True}),
    ]


class Stamper(TimeStamper):
    """Asks *authority*, at most once for each time stamp."""

    def __init__(self, authority: TimeStampAuthority) -> None:
        super().__init__()
        self._authority = authority

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """Return what the server answers."""
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(self._authority.time_limit)) as session,
            session.post(
                self._authority.url, data=req.dump(), headers=self._headers(), allow_redirects=False
            ) as response,
        ):
            if response.status != 200:
                raise UnusableStampError(f"it answered HTTP {response.status}")
            content = bytearray()
            async for chunk in response.content.iter_any():
                content += chunk
                if len(content) > _LARGEST:
                    raise UnusableStampError("its answer is too large")
            return _Response.load(bytes(content), strict=True)

    def _headers(self) -> dict[str, str]:
        if self._authority.credentials is None:
            return _HEADERS
        pair = ":".join(self._authority.credentials())
        return _HEADERS | {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """Return a time stamp for *message_digest*.

        Raises:
            UnusableStampError: there is none, or it is not of this digest, or not signed as it should be.
        """
        try:
            nonce, request = self.request_cms(message_digest, md_algorithm)
            answer = await self.async_request_tsa_response(request)
            return await self._checked(answer, message_digest, nonce)
        except UnusableStampError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the network or the answer is at odds with
            reason = type(error).__name__
        raise UnusableStampError(reason)

    async def _checked(self, answer: tsp.TimeStampResp, digest: bytes, nonce: int) -> cms.ContentInfo:
        if answer["status"]["status"].native not in {"granted", "granted_with_mods"}:
            raise UnusableStampError("it refused")
        token = answer["time_stamp_token"]
        signed = token["content"]
        stamp = signed["encap_content_info"]["content"].parsed
        if stamp["nonce"].native != nonce or stamp["message_imprint"]["hashed_message"].native != digest:
            raise UnusableStampError("it answered another request")
        others = [certificate.chosen for certificate in signed["certificates"]]
        roots = [x509.Certificate.load(root) for root in self._authority.trust_roots]
        context = ValidationContext(trust_roots=roots, other_certs=others)
        status = await validate_tst_signed_data(signed, context, lambda _: digest)
        if not (status["intact"] and status["valid"]):
            raise UnusableStampError("its time stamp is forged")
        if roots and status["trust_problem_indic"] is not None:
            raise UnusableStampError("the certificate of its time stamp is not trusted")
        return token

    async def size(self) -> int:
        """Return how many bytes a time stamp takes; the first time, one is asked for to know."""
        return len((await self.async_dummy_response("sha256")).dump())

    async def certificates(self) -> list[x509.Certificate]:
        """Return the certificates of a time stamp, the signer's first."""
        token = (await self.async_dummy_response("sha256"))["content"]
        found = [certificate.chosen for certificate in token["certificates"]]
        signer = token["signer_infos"][0]["sid"].chosen["serial_number"].native
        return sorted(found, key=lambda certificate: certificate.serial_number != signer)
