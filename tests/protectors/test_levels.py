"""PAdES B-T, B-LT and B-LTA against an authority that runs here."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import email
import email.policy
import itertools
import logging
import re
import socket
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import asn1crypto.x509
import pytest
from asn1crypto import ocsp, tsp
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.crypt.pubkey import SimpleEnvelopeKeyDecrypter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper
from pyhanko.sign.validation import DocumentSecurityStore, SignatureCoverageLevel, validate_pdf_timestamp
from pyhanko.sign.validation.ades import simulate_future_ades_lta_validation
from pyhanko.sign.validation.policy_decl import PdfSignatureValidationSpec, SignatureValidationSpec
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)
from pyhanko_certvalidator.registry import SimpleTrustManager
from werkzeug.wrappers import Response

from ondemand_attach import (
    Document,
    MessageBuilder,
    PdfEncryptor,
    PdfSigner,
    RenderPool,
    TimeStampAuthority,
    Xhtml2PdfGenerator,
)
from ondemand_attach.errors import ConfigurationError, ResourceBlockedError, SigningError, UnreachedLevelError
from ondemand_attach.protectors import _http, _long_term, _proof
from ondemand_attach.testing import attachment_request
from pages import check_page, table
from pool.plugs import Doing
from protectors import authority, samples
from protectors.authority import Authority
from protectors.samples import SECRET, certify, flaws, order, rsa_key
from transports import peers
from transports.test_https import Provider

REQUEST = attachment_request({})
LEVELS = ["B-T", "B-LT", "B-LTA"]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with authority.running(tmp_path_factory.mktemp("authority")) as found:
        yield found


@pytest.fixture
def own(running: Authority) -> Iterator[Authority]:
    """The authority, answering as it should when the test begins."""
    usual = running.answers[""]
    running.asked.clear()
    yield running
    running.answers.clear()
    running.answers[""] = usual


def signer(
    own: Authority, level: Any = "B-T", *, name: str = "signer", issuer: str = "issuer", **options: Any
) -> PdfSigner:
    stamps = {"url": own.clock, "trust_roots": [own.root], "timeout": 120.0}
    stamps |= {key: options.pop(key) for key in list(options) if key in {*stamps, "credentials"}}
    return PdfSigner(
        key=own.keys[name],
        certificate=own.certificates[name],
        chain=[own.certificates[issuer], own.root],
        level=level,
        time_stamps=TimeStampAuthority(**stamps),
        **options,
    )


def sealed() -> Document:
    return PdfEncryptor(password=lambda _: SECRET).encrypt(order(), REQUEST)


def verdict(content: bytes, root: x509.Certificate) -> str:
    """Return what the file alone proves, when all certificates have expired (ETSI EN 319 102-1 section 5.6)."""
    reader = PdfFileReader(BytesIO(content))
    if reader.encrypted:
        reader.decrypt(SECRET)
    trusted = asn1crypto.x509.Certificate.load(root.public_bytes(Encoding.DER))
    required = RevocationCheckingPolicy(
        RevocationCheckingRule.CHECK_IF_DECLARED, RevocationCheckingRule.CHECK_IF_DECLARED
    )
    policy = CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build([trusted]), revinfo_policy=CertRevTrustPolicy(required)
    )
    result = asyncio.run(
        simulate_future_ades_lta_validation(
            reader.embedded_regular_signatures[0],
            PdfSignatureValidationSpec(SignatureValidationSpec(policy)),
            datetime.datetime(2040, 1, 1, tzinfo=datetime.UTC),
        )
    )
    return str(result.ades_subindic)


@pytest.mark.parametrize("make", [sealed, order], ids=["encrypted", "plain"])
@pytest.mark.parametrize("level", ["B-T", "B-LT"])
def test_up_to_b_lt_one_signature_covers_the_whole_file(
    own: Authority, level: str, make: Callable[[], Document]
) -> None:
    by = signer(own, level)
    for _ in range(2):
        made = by.sign(make(), REQUEST)
        assert made.signature == f"PAdES {level}"
        assert made.encryption == ("AES-256 by password" if make is sealed else None)
        assert flaws(made.content, own.root, SECRET if make is sealed else None) == []


@pytest.mark.parametrize("make", [sealed, order], ids=["encrypted", "plain"])
def test_from_b_lt_on_the_file_alone_proves_the_signature(
    own: Authority, make: Callable[[], Document]
) -> None:
    made = {level: signer(own, level).sign(make(), REQUEST).content for level in LEVELS}
    verdicts = {level: verdict(content, own.root) for level, content in made.items()}
    assert verdicts["B-LT"] == verdicts["B-LTA"] == "AdESPassed.OK"
    assert verdicts["B-T"] != "AdESPassed.OK"
    assert verdict(made["B-LTA"], own.certificates["stranger"]) != "AdESPassed.OK"


def test_what_pyhanko_does_not_trust_is_not_in_the_log(
    own: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    stamps = TimeStampAuthority(url=own.clock, timeout=120)  # whom it does not know
    by = PdfSigner(
        key=own.keys["signer"],
        certificate=own.certificates["signer"],
        chain=own.chain,
        level="B-T",
        time_stamps=stamps,
    )
    assert by.sign(order(), REQUEST).signature == "PAdES B-T"
    assert caplog.records == []


def test_an_archive_time_stamp_covers_the_whole_file(own: Authority) -> None:
    reader = PdfFileReader(BytesIO(signer(own, "B-LTA").sign(order(), REQUEST).content))
    (stamp,) = reader.embedded_timestamp_signatures
    root = asn1crypto.x509.Certificate.load(own.root.public_bytes(Encoding.DER))
    status = validate_pdf_timestamp(stamp, ValidationContext(trust_roots=[root]))
    assert status.trusted
    assert status.coverage == SignatureCoverageLevel.ENTIRE_FILE


def test_a_document_for_certificates_gets_an_archive_time_stamp_too(own: Authority) -> None:
    key, certificate = rsa_key(), certify(rsa_key())
    encrypted = PdfEncryptor(certificates=lambda _: [certificate]).encrypt(order(), REQUEST)
    reader = PdfFileReader(BytesIO(signer(own, "B-LTA").sign(encrypted, REQUEST).content))
    der = certificate.public_bytes(Encoding.DER)
    reader.decrypt_pubkey(
        SimpleEnvelopeKeyDecrypter(asn1crypto.x509.Certificate.load(der), private_key_info(key))
    )
    assert len(reader.embedded_signatures) == 2
    assert all(signature.compute_integrity_info() is None for signature in reader.embedded_signatures)


@pytest.mark.parametrize("level", LEVELS)
def test_of_what_a_signature_adds_as_little_is_in_clear(
    own: Authority, level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = sealed()
    made = signer(own, level).sign(document, REQUEST)
    monkeypatch.setattr(
        _proof.PasswordProof, "_check_with_pyhanko", None
    )  # left for what is laid out in another way
    assert document.proof is not None
    document.proof(made.content)


def private_key_info(key: Any) -> Any:
    from asn1crypto.keys import PrivateKeyInfo
    from cryptography.hazmat.primitives.serialization import NoEncryption, PrivateFormat

    return PrivateKeyInfo.load(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


def test_a_stamp_is_asked_for_once_for_each_document_and_validation_data_for_many(own: Authority) -> None:
    by = signer(own, "B-LT")
    by.sign(sealed(), REQUEST)
    assert sorted(set(own.asked)) == ["/shop/crls/root/latest.crl", "/shop/ocsp/issuer", "/shop/tsa/clock"]
    own.asked.clear()
    for _ in range(3):
        by.sign(sealed(), REQUEST)
    assert own.asked == ["/shop/tsa/clock"] * 3


def down(_: object, __: object) -> Any:
    return Response("busy", status=503)


def slow(_: object, usual: Any) -> Any:
    time.sleep(60)
    return usual


def limit(answer: str) -> float:
    """Return how long to wait: what is slow has no time, and everything else has it on a busy machine too."""
    return 1.0 if answer == "slow" else 120.0


def redirecting(_: object, __: object) -> Any:
    return Response(status=307, headers={"Location": "http://127.0.0.1:9/"})


def endless(_: object, __: object) -> Any:
    return Response((b"x" * 65536 for _ in range(64)), mimetype="application/timestamp-reply")


def garbage(_: object, __: object) -> Any:
    return Response(b"\x30\x03\x02\x01\x00", mimetype="application/timestamp-reply")


def refusing(_: object, __: object) -> Any:
    return Response(b"\x30\x05\x30\x03\x02\x01\x02", mimetype="application/timestamp-reply")


def replaying() -> Callable[[Any, Any], Any]:
    """Answer with the stamp of another document, and the nonce that was asked for."""
    kept: list[bytes] = []

    def answer(request: Any, usual: Any) -> Any:
        def app(environ: Any, start_response: Any) -> Any:
            kept.append(b"".join(usual(environ, lambda *_: None)))
            return Response(kept[0], mimetype="application/timestamp-reply")(environ, start_response)

        return app

    return answer


def later(time: re.Match[bytes]) -> bytes:
    return time[1] + str(9 - int(time[2])).encode()


def forging(request: Any, usual: Any) -> Any:
    """Change the time in the stamp."""

    def app(environ: Any, start_response: Any) -> Any:
        content = b"".join(usual(environ, start_response))
        return [re.sub(rb"(\x18[\x0f-\x17]20\d{11})(\d)", later, content, count=1)]

    return app


def lying(**options: Any) -> Callable[[Authority], Callable[[Any, Any], Any]]:
    """Answer with stamps of the real unit that are not as they should be."""

    def make(own: Authority) -> Callable[[Any, Any], Any]:
        certificate = own.certificates["clock"].public_bytes(Encoding.DER)
        unit = DummyTimeStamper(
            asn1crypto.x509.Certificate.load(certificate),
            private_key_info(own.keys["clock"]),
            [asn1crypto.x509.Certificate.load(own.root.public_bytes(Encoding.DER))],
            **options,
        )

        def answer(request: Any, _: object) -> Any:
            content = unit.request_tsa_response(tsp.TimeStampReq.load(request.get_data())).dump()
            return Response(content, mimetype="application/timestamp-reply")

        return answer

    return make


def untimely(**difference: float) -> Callable[[Authority], Callable[[Any, Any], Any]]:
    def make(own: Authority) -> Callable[[Any, Any], Any]:
        return lying(fixed_dt=datetime.datetime.now(datetime.UTC) + datetime.timedelta(**difference))(own)

    return make


LIES = {
    "minutes ahead": (untimely(minutes=10), "clock is minutes apart"),
    "a year late": (untimely(days=-365), "clock is minutes apart"),
    "of SHA-1": (lying(override_md="sha1"), "a weak hash"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_stamp_that_proves_little_counts_as_none(own: Authority, lie: str) -> None:
    own.answers["/shop/tsa"] = lying()(own)
    assert signer(own).sign(sealed(), REQUEST).signature == "PAdES B-T"
    make, reason = LIES[lie]
    own.answers["/shop/tsa"] = make(own)
    with pytest.raises(SigningError, match=reason):
        signer(own).sign(sealed(), REQUEST)
    assert signer(own, may_fall_to="B-B").sign(sealed(), REQUEST).signature == "PAdES B-B"


def in_turn(*names: str) -> Callable[[Any, Any], Any]:
    """Answer by one unit after the other, the last one from then on."""
    left = list(names)

    def answer(_: object, usual: Any) -> Any:
        name = left.pop(0) if len(left) > 1 else left[0]
        return lambda environ, start: usual(environ | {"PATH_INFO": f"/shop/tsa/{name}"}, start)

    return answer


def unanswered(content: bytes) -> set[int]:
    """Return the serial numbers of the units in *content* with a responder of which it holds no answer."""
    reader = PdfFileReader(BytesIO(content))
    reader.decrypt(SECRET)
    answers = DocumentSecurityStore.read_dss(reader).ocsps
    stamps = [signature.signed_data for signature in reader.embedded_timestamp_signatures]
    for signature in reader.embedded_regular_signatures:
        stamps += [
            attribute["values"][0]["content"]
            for attribute in signature.signer_info["unsigned_attrs"]
            if attribute["type"].native == "signature_time_stamp_token"
        ]
    units = {
        certificate.chosen
        for stamp in stamps
        for certificate in stamp["certificates"]
        if certificate.chosen.serial_number == stamp["signer_infos"][0]["sid"].chosen["serial_number"].native
    }
    assert units
    known = {
        answer["cert_id"]["serial_number"].native
        for loaded in answers
        for answer in ocsp.OCSPResponse.load(loaded.get_object().data).response_data["responses"]
    }
    return {unit.serial_number for unit in units if unit.ocsp_urls} - known


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "units",
    [
        ("clock", "second"),
        ("clock", "clock", "second", "clock"),
        ("second", "third"),
        ("clock", "second") * 10,
    ],
)
def test_an_authority_may_stamp_with_several_units_some_with_larger_stamps(
    own: Authority, units: tuple[str, ...], level: str
) -> None:
    own.answers["/shop/tsa/clock"] = in_turn(*units)
    by = signer(own, level)
    for _ in range(3):
        content = by.sign(sealed(), REQUEST).content
        assert level != "B-T" or flaws(content, own.root, SECRET) == []
        assert level == "B-T" or verdict(content, own.root) == "AdESPassed.OK"
        assert level == "B-T" or unanswered(content) == set()


def test_once_the_units_are_known_a_stamp_is_asked_for_once_again(own: Authority) -> None:
    own.answers["/shop/tsa/clock"] = in_turn(*("clock", "second") * 20)
    by = signer(own, "B-LT")
    for _ in range(3):
        by.sign(sealed(), REQUEST)
    own.asked.clear()
    for _ in range(4):
        by.sign(sealed(), REQUEST)
    assert own.asked == ["/shop/tsa/clock"] * 4


def test_a_revoked_certificate_does_not_sign_while_the_time_server_is_down(own: Authority) -> None:
    own.answers["/shop/tsa"] = down
    with pytest.raises(SigningError, match="was revoked"):
        signer(own, "B-LT", name="revoked", may_fall_to="B-B").sign(sealed(), REQUEST)


@pytest.mark.parametrize("path", ["/shop/ocsp", "/shop/crls"])
@pytest.mark.parametrize("answer", ["down", "slow", "redirecting", "endless", "garbage"])
def test_a_broken_answer_about_a_certificate_costs_a_level(
    own: Authority, path: str, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Those who answer for certificates are waited for briefly, and the time server as long as it takes.
    backend = _long_term.AIOHttpFetcherBackend
    monkeypatch.setattr(
        _long_term, "AIOHttpFetcherBackend", lambda session, _: backend(session, limit(answer))
    )
    made = {"endless": unending}.get(answer) or BROKEN[answer][0]
    own.answers[path] = made
    with pytest.raises(SigningError, match=r"the validation data of the .* cannot be had"):
        signer(own, "B-LT").sign(sealed(), REQUEST)
    own.answers[path] = made
    signed = signer(own, "B-LTA", may_fall_to="B-T").sign(sealed(), REQUEST)
    assert signed.signature == "PAdES B-T"


def unending(_: object, __: object) -> Any:
    return Response((b"x" * 65536 for _ in range(1000)), mimetype="application/pkix-crl")


def test_a_name_server_that_hangs_is_not_waited_for(own: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    answers, is_over = threading.Event(), threading.Event()

    def hang(*_: object, **__: object) -> Any:
        answers.wait(120)
        is_over.set()
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    by = signer(own, url="http://clock.example/", may_fall_to="B-B", timeout=0.3)
    assert by.sign(sealed(), REQUEST).signature == "PAdES B-B"
    assert not is_over.is_set()
    answers.set()


BROKEN = {
    "down": (down, "HTTP 503"),
    "slow": (slow, "no answer in time"),
    "redirecting": (redirecting, "HTTP 307"),
    "endless": (endless, "too large"),
    "garbage": (garbage, "is no time stamp"),
    "refusing": (refusing, "it refused"),
    "forging": (forging, "forged"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_time_server_costs_a_level_or_is_an_error_never_a_false_stamp(
    own: Authority, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer, reason = BROKEN[name]
    own.answers["/shop/tsa"] = answer
    with pytest.raises(SigningError, match=reason):
        signer(own, timeout=limit(name)).sign(sealed(), REQUEST)
    with caplog.at_level(logging.WARNING, "ondemand_attach"):
        made = signer(own, "B-LTA", may_fall_to="B-B", timeout=limit(name)).sign(sealed(), REQUEST)
    assert made.signature == "PAdES B-B"
    assert flaws(made.content, own.root, SECRET) == []
    assert "at B-B at most, not B-T: the time stamp authority 127.0.0.1" in caplog.text


def test_the_page_tells_what_time_servers_do_wrong(own: Authority) -> None:
    rows = {}
    lies = {name: make(own) for name, (make, _) in LIES.items()}
    for name, answer in {**{name: answer for name, (answer, _) in BROKEN.items()}, **lies}.items():
        own.answers["/shop/tsa"] = answer
        with pytest.raises(SigningError) as caught:
            signer(own, timeout=limit(name)).sign(sealed(), REQUEST)
        words = str(caught.value).replace("TypeError", "ValueError")  # as asn1crypto of that version has it
        rows[name] = {"error": f"`{type(caught.value).__name__}`", "words": words}
    check_page("refused.md", "time servers", table(rows, "it is"))


def test_the_stamp_of_another_document_is_refused(own: Authority) -> None:
    own.answers["/shop/tsa"] = replaying()
    with pytest.raises(SigningError, match="it answered another request"):
        signer(own).sign(sealed(), REQUEST)


def test_a_stamp_by_a_stranger_is_refused_if_roots_are_given(own: Authority) -> None:
    elsewhere = f"{own.url}/shop/tsa/quack"
    with pytest.raises(SigningError, match="not trusted"):
        signer(own, url=elsewhere).sign(sealed(), REQUEST)
    made = signer(own, url=elsewhere, trust_roots=[]).sign(sealed(), REQUEST)
    assert made.signature == "PAdES B-T"


def test_nobody_listens(own: Authority) -> None:
    unused = "http://127.0.0.1:9/"
    with pytest.raises(SigningError, match="connection refused: nothing listens"):
        signer(own, url=unused).sign(sealed(), REQUEST)
    assert signer(own, url=unused, may_fall_to="B-B").sign(sealed(), REQUEST).signature == "PAdES B-B"


def test_what_failed_is_left_alone_for_a_while_and_tried_again_later(
    own: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    by = signer(own, may_fall_to="B-B")
    own.answers["/shop/tsa"] = down
    for _ in range(3):
        assert by.sign(sealed(), REQUEST).signature == "PAdES B-B"
    assert len(own.asked) == 1
    del own.answers["/shop/tsa"]
    monkeypatch.setattr(_long_term, "_REST", 0)
    by._long_term._rests_until.clear()  # type: ignore[union-attr]
    assert by.sign(sealed(), REQUEST).signature == "PAdES B-T"


def test_without_revocation_data_the_level_falls_to_b_t(own: Authority) -> None:
    own.answers["/shop/ocsp"] = down
    with pytest.raises(SigningError, match="the validation data of the signing certificate cannot be had"):
        signer(own, "B-LT").sign(sealed(), REQUEST)
    assert signer(own, "B-LTA", may_fall_to="B-T").sign(sealed(), REQUEST).signature == "PAdES B-T"


UNANSWERED = [({"name": "silent"}, "certificate 1 "), ({"name": "below", "issuer": "mute"}, "certificate 2 ")]


@pytest.mark.parametrize(("options", "which"), UNANSWERED, ids=["signer", "issuer"])
@pytest.mark.parametrize("make", [sealed, order], ids=["encrypted", "plain"])
@pytest.mark.parametrize("level", ["B-LT", "B-LTA"])
def test_a_level_is_not_claimed_for_which_the_file_lacks_what_shows_it(
    own: Authority,
    options: dict[str, Any],
    which: str,
    level: str,
    make: Callable[[], Document],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(SigningError, match=f"reached level B-T, not {level}: {which}of the chain") as caught:
        signer(own, level, **options).sign(make(), REQUEST)
    assert not caught.value.is_temporary  # no retry mends it
    signed = signer(own, level, may_fall_to="B-T", **options).sign(make(), REQUEST)
    assert (signed.signature, signed.signature_asked) == ("PAdES B-T", f"PAdES {level}")
    assert f"signed at B-T, not {level}: {which}" in caplog.text


@pytest.mark.parametrize("name", ["modest", "brief"])
@pytest.mark.parametrize("level", ["B-LT", "B-LTA"])
def test_certificates_of_other_kinds_reach_the_level_too(own: Authority, name: str, level: str) -> None:
    made = signer(own, level, name=name).sign(sealed(), REQUEST)
    assert made.signature == f"PAdES {level}"
    assert name == "brief" or verdict(made.content, own.root) == "AdESPassed.OK"


@pytest.mark.parametrize("level", LEVELS)
def test_the_level_that_was_reached_and_the_one_that_was_asked_for_are_told(
    own: Authority, level: str
) -> None:
    made = signer(own, level).sign(sealed(), REQUEST)
    assert (made.signature, made.signature_asked) == (f"PAdES {level}",) * 2
    own.answers["/shop/tsa"] = down
    made = signer(own, level, may_fall_to="B-B").sign(sealed(), REQUEST)
    assert (made.signature, made.signature_asked) == ("PAdES B-B", f"PAdES {level}")


def without(part: str) -> Callable[..., Any]:
    """Write documents that lack a part of their validation data, as a fault of the library would."""

    def write(self: Any, writer: Any) -> None:
        kept = dataclasses.replace(self, **{part: []})
        usual(kept, writer)

    usual = _long_term._ValidationData.put_into
    return write


@pytest.mark.parametrize("part", ["certificates", "responses", "lists"])
@pytest.mark.parametrize("level", ["B-LT", "B-LTA"])
def test_the_level_is_that_of_the_finished_document_whatever_was_meant_to_be_in_it(
    own: Authority, part: str, level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_long_term._ValidationData, "put_into", without(part))
    made = signer(own, level, may_fall_to="B-T").sign(sealed(), REQUEST)
    # The certificates are in the signature and the time stamp as well.
    assert made.signature == (f"PAdES {level}" if part == "certificates" else "PAdES B-T")
    monkeypatch.setattr(_long_term._ValidationData, "put_into", lambda *_: None)
    assert signer(own, level, may_fall_to="B-T").sign(sealed(), REQUEST).signature == "PAdES B-T"


def test_without_an_archive_time_stamp_it_is_b_lt(own: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_long_term, "_archived", lambda signed, *_: signed.getvalue())
    made = signer(own, "B-LTA", may_fall_to="B-B").sign(sealed(), REQUEST)
    assert made.signature == "PAdES B-LT"


def test_what_is_its_own_root_reaches_no_level_above_b_t(own: Authority) -> None:
    """Nobody can say of a certificate that is trusted as it is that it was revoked."""
    by = PdfSigner(
        key=own.keys["root"],
        certificate=own.root,
        chain=[own.certificates["issuer"], own.root],
        level="B-LT",
        may_fall_to="B-T",
        time_stamps=TimeStampAuthority(url=own.clock, trust_roots=[own.root], timeout=120),
    )
    assert by.sign(sealed(), REQUEST).signature == "PAdES B-T"


def saying(status: str) -> Callable[[Any, Any], Any]:
    """Have the responder say *status* (RFC 6960 section 4.2.1) and nothing else."""

    def answer(_: object, __: object) -> Any:
        content = ocsp.OCSPResponse({"response_status": status}).dump()
        return Response(content, mimetype="application/ocsp-response")

    return answer


@pytest.mark.parametrize(
    "status", ["malformed_request", "internal_error", "try_later", "sign_required", "unauthorized"]
)
def test_a_responder_without_data_costs_a_level(own: Authority, status: str) -> None:
    own.answers["/shop/ocsp"] = saying(status)
    with pytest.raises(
        UnreachedLevelError, match="the validation data of the signing certificate cannot be had"
    ):
        signer(own, "B-LT").sign(sealed(), REQUEST)
    made = signer(own, "B-LT", may_fall_to="B-T").sign(sealed(), REQUEST)
    assert (made.signature, made.signature_asked) == ("PAdES B-T", "PAdES B-LT")


def test_a_revoked_certificate_never_signs_at_a_lower_level(own: Authority) -> None:
    by = signer(own, "B-LT", name="revoked", may_fall_to="B-B")
    with pytest.raises(SigningError, match="was revoked"):
        by.sign(sealed(), REQUEST)


def test_that_it_was_revoked_is_not_forgotten_when_nobody_can_be_asked(own: Authority) -> None:
    by = signer(own, "B-LT", name="revoked", may_fall_to="B-B")
    with pytest.raises(SigningError, match="was revoked"):
        by.sign(sealed(), REQUEST)
    for path in ("/shop/ocsp", "/shop/crls"):
        own.answers[path] = down
        with pytest.raises(SigningError, match="was revoked"):
            by.sign(sealed(), REQUEST)


@pytest.mark.parametrize("options", [{}, {"may_fall_to": "B-B"}])
def test_a_document_that_cannot_be_signed_is_no_fault_of_the_authority(
    own: Authority, options: dict[str, Any]
) -> None:
    by = signer(own, **options)
    assert by.sign(sealed(), REQUEST).signature == "PAdES B-T"
    with pytest.raises(SigningError) as raised:
        by.sign(Document(content=b"no PDF", media_type="application/pdf"), REQUEST)
    assert not isinstance(raised.value, UnreachedLevelError)
    assert "authority" not in str(raised.value)
    assert by.sign(sealed(), REQUEST).signature == "PAdES B-T"


def test_an_outage_is_told_from_what_no_retry_mends(own: Authority) -> None:
    own.answers["/shop/tsa"] = down
    with pytest.raises(UnreachedLevelError, match=r"the time stamp authority 127\.0\.0\.1 cannot be had"):
        signer(own).sign(sealed(), REQUEST)


def test_the_certificates_in_a_file_are_in_any_order(own: Authority) -> None:
    key = own.keys["signer"].private_bytes(
        Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for chain in itertools.permutations([own.certificates["signer"], *own.chain]):
        by = PdfSigner.from_pem(
            key,
            b"".join(one.public_bytes(Encoding.PEM) for one in chain),
            level="B-LT",
            time_stamps=TimeStampAuthority(url=own.clock, trust_roots=[own.root], timeout=120),
        )
        assert by.sign(sealed(), REQUEST).signature == "PAdES B-LT"


@pytest.mark.parametrize("again", [0, 1])
def test_who_issued_their_own_certificate_has_nobody_to_tell_of_its_revocation(
    own: Authority, again: int
) -> None:
    certificate = certify(rsa_key())
    with pytest.raises(
        ConfigurationError, match="level B-LT needs a certificate of an issuer who can revoke it"
    ):
        PdfSigner(
            key=rsa_key(),
            certificate=certificate,
            chain=[certificate] * again,
            level="B-LT",
            time_stamps=TimeStampAuthority(url=own.clock, trust_roots=[own.root]),
        )


def test_the_server_is_told_user_and_password_if_it_wants_them(own: Authority) -> None:
    seen: list[str] = []

    def listening(request: Any, usual: Any) -> Any:
        seen.append(request.headers.get("Authorization", ""))
        return usual

    own.answers["/shop/tsa"] = listening
    signer(own, credentials=lambda: ("shop", "secret-4711")).sign(sealed(), REQUEST)
    assert set(seen) == {"Basic c2hvcDpzZWNyZXQtNDcxMQ=="}


@pytest.mark.parametrize(
    ("names", "is_asked"), [([], False), (["127.0.0.1"], False), (["localhost"], True)], ids=str
)
def test_a_server_that_names_itself_in_its_common_name_only_is_told_nothing(
    names: list[str], is_asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = peers.Authority()
    context = trusted.client_context()
    monkeypatch.setattr(ssl, "create_default_context", lambda: context)
    _http._verifying.cache_clear()
    try:
        issued = trusted.server_context(names, common_name="localhost")
        with Provider(peers.Tls(server=issued, client=context)) as server:
            authority = TimeStampAuthority(
                url=f"https://localhost:{server.port}/tsa",
                credentials=lambda: ("shop", "secret-4711"),
                timeout=120,
            )
            by = PdfSigner(
                key=rsa_key(),
                certificate=certify(rsa_key()),
                level="B-T",
                may_fall_to="B-B",
                time_stamps=authority,
            )
            assert by.sign(sealed(), REQUEST).signature == "PAdES B-B"
    finally:
        _http._verifying.cache_clear()
    assert bool(server.requests) == is_asked


def unneeded(own: Authority) -> object:
    return PdfSigner(
        key=own.keys["signer"],
        certificate=own.certificates["signer"],
        time_stamps=TimeStampAuthority(url=own.clock),
    )


def missing(own: Authority) -> object:
    return PdfSigner(key=own.keys["signer"], certificate=own.certificates["signer"], level="B-T")


def no_root(own: Authority) -> object:
    return PdfSigner(
        key=own.keys["signer"],
        certificate=own.certificates["signer"],
        level="B-LT",
        time_stamps=TimeStampAuthority(url=own.clock, trust_roots=[own.root]),
    )


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (unneeded, "need time_stamps="),
        (missing, "need time_stamps="),
        (no_root, "self-issued root"),
        (lambda own: signer(own, "B-LT", trust_roots=[]), "needs trust_roots="),
        (lambda own: signer(own, "B-T", may_fall_to="B-LT"), "is not below B-T"),
        (lambda own: signer(own, "B-X"), "level= takes a level of signature"),
        (lambda own: signer(own, trust_roots=[b"nonsense"]), "neither PEM nor DER"),
        (lambda own: signer(own, url="ftp://clock.example"), "http://"),
        (lambda own: signer(own, url="http://user:secret@clock.example"), "credentials="),
        (lambda own: signer(own, url="http://"), "http://"),
        (lambda own: signer(own, url="http://clock.example:99999/"), "http://"),
        (lambda own: signer(own, url="https://clock.example/#secret"), "http://"),
        (lambda own: signer(own, url="https://clock.example/\r\nsecret"), "http://"),
        (lambda own: signer(own, url=None), "takes text, not None"),
        (
            lambda own: signer(own, url="http://clock.example/", credentials=lambda: ("a", "secret")),
            "need a URL with https://",
        ),
        (lambda own: signer(own, timeout=0), "timeout="),
        (lambda own: signer(own, timeout=float("inf")), "timeout="),
        (lambda own: signer(own, timeout="5"), "timeout="),
        (lambda own: signer(own, certify=[]), "no such change"),
        (lambda own: signer(own, certify="everything"), "no such change"),
    ],
)
def test_wishes_that_cannot_be_met_are_refused_while_wiring(
    own: Authority, make: Callable[[Authority], object], reason: str
) -> None:
    with pytest.raises(ConfigurationError, match=reason) as caught:
        make(own)
    assert "secret" not in str(caught.value)


def test_the_key_in_a_url_is_not_shown() -> None:
    authority = TimeStampAuthority(url="https://clock.example/stamp?key=secret-4711")
    assert repr(authority) == "TimeStampAuthority(url='https://clock.example/stamp', timeout=5.0)"


def test_a_render_pool_lets_a_signer_reach_its_servers_and_nothing_else(own: Authority) -> None:
    builder = (
        MessageBuilder()
        .sender("Shop <orders@shop.example>")
        .subject("Your order")
        .text("Attached.")
        .attach(
            Xhtml2PdfGenerator(source="<p>Order</p>"),
            filename="order.pdf",
            encryptor=PdfEncryptor(password=samples.secret),
            signer=signer(own, "B-LTA"),
        )
    )
    with RenderPool(time_limit=300) as pool:
        message = pool.build(builder, {}, to="maria@example.com")
        meddling = builder.attach(Doing(urllib.request.urlopen, (own.clock,)), filename="more.txt")
        with pytest.raises(ResourceBlockedError, match="has no network"):
            pool.build(meddling, {}, to="maria@example.com")
    (part,) = email.message_from_bytes(message.content, policy=email.policy.default).iter_attachments()
    assert verdict(part.get_content(), own.root) == "AdESPassed.OK"
