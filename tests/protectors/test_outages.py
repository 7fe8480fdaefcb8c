"""Of what servers for signatures do wrong, only that is temporary which ends with nothing changed here."""

from __future__ import annotations

import http
import pickle
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import tsp
from cryptography.hazmat.primitives.serialization import Encoding
from werkzeug.wrappers import Response

from ondemand_attach import MessageBuilder, PdfSigner, RenderPool, Xhtml2PdfGenerator
from ondemand_attach.errors import UnreachedLevelError
from ondemand_attach.protectors import _http
from protectors.authority import Authority
from protectors.test_levels import (
    LIES,
    REQUEST,
    down,
    endless,
    forging,
    garbage,
    own,
    redirecting,
    replaying,
    running,
    saying,
    sealed,
    signer,
)
from transports import peers
from transports.peers import ScriptedServer, says, says_and_drops
from transports.test_faults import CERTIFICATES

__all__ = ["own", "running"]  # fixtures

STATUSES = {status.value for status in http.HTTPStatus if status >= 300} | {418, 520, 599}
BUSY = {408, 425, 429, 500, 502, 503, 504, 507, 520, 599}
Answer = Callable[[Any, Any], Any]


def failure_of(by: PdfSigner) -> UnreachedLevelError:
    with pytest.raises(UnreachedLevelError) as caught:
        by.sign(sealed(), REQUEST)
    assert re.search(r"(authority|certificate) .*cannot be had: ", str(caught.value))
    assert pickle.loads(pickle.dumps(caught.value)).is_temporary == caught.value.is_temporary
    return caught.value


def with_status(status: int) -> Answer:
    return lambda *_: Response("canary", status=status)


@pytest.mark.parametrize("status", sorted(STATUSES))
def test_a_time_server_says_by_its_status_whether_it_is_out_of_order(own: Authority, status: int) -> None:
    own.answers["/shop/tsa"] = with_status(status)
    failure = failure_of(signer(own))
    assert failure.is_temporary == (status in BUSY)
    assert f"HTTP {status}" in str(failure)
    assert "canary" not in str(failure)


@pytest.mark.parametrize("status", [302, 401, 403, 404, 410, 429, 500, 501, 503])
@pytest.mark.parametrize("path", ["/shop/ocsp", "/shop/crls"])
def test_so_do_those_who_answer_for_certificates(own: Authority, path: str, status: int) -> None:
    own.answers[path] = with_status(status)
    failure = failure_of(signer(own, "B-LT"))
    assert failure.is_temporary == (status in BUSY)
    assert f"HTTP {status}" in str(failure)


def login(*_: object) -> Any:
    return Response("<html>Log in</html>", mimetype="text/html")


NO_STAMPS: dict[str, tuple[Callable[[Authority], Answer], bool]] = {
    "a page": (lambda _: login, False),
    "nothing": (lambda _: lambda *_: Response(b""), False),
    "garbage": (lambda _: garbage, False),
    "endless": (lambda _: endless, False),
    "forged": (lambda _: forging, False),
    "of another document": (lambda _: replaying(), False),
    "of a weak hash": (LIES["of SHA-1"][0], False),
    "minutes ahead": (LIES["minutes ahead"][0], True),
    "a year late": (LIES["a year late"][0], True),
}


@pytest.mark.parametrize("name", NO_STAMPS)
def test_what_is_no_time_stamp_is_none_later_either(own: Authority, name: str) -> None:
    make, is_temporary = NO_STAMPS[name]
    own.answers["/shop/tsa"] = make(own)
    assert failure_of(signer(own)).is_temporary == is_temporary


def refusing(status: str, *reasons: str) -> Answer:
    info: dict[str, Any] = {"status": status} | ({"fail_info": set(reasons)} if reasons else {})
    content = tsp.TimeStampResp({"status": info, "time_stamp_token": {"content_type": "data"}})
    body = content["status"].dump()
    return lambda *_: Response(b"\x30" + bytes([len(body)]) + body, mimetype="application/timestamp-reply")


REFUSALS: dict[tuple[str, ...], bool] = {
    ("rejection",): True,  # for reasons that it does not tell
    ("waiting",): True,
    ("rejection", "time_not_available"): True,
    ("rejection", "system_failure"): True,
    ("rejection", "bad_alg"): False,
    ("rejection", "bad_request"): False,
    ("rejection", "bad_data_format"): False,
    ("rejection", "unaccepted_policy"): False,
    ("rejection", "unaccepted_extensions"): False,
    ("rejection", "add_info_not_available"): False,
}


@pytest.mark.parametrize("said", REFUSALS, ids="-".join)
def test_a_refusal_is_temporary_if_its_reason_is(own: Authority, said: tuple[str, ...]) -> None:
    own.answers["/shop/tsa"] = refusing(*said)
    failure = failure_of(signer(own))
    assert "it refused" in str(failure)
    assert failure.is_temporary == REFUSALS[said]
    assert all(reason.replace("_", " ") in str(failure) for reason in said[1:])


@pytest.mark.parametrize(
    ("status", "is_temporary"),
    [
        ("malformed_request", False), ("internal_error", True), ("try_later", True), ("sign_required", False),
        ("unauthorized", False),
    ],
)  # fmt: skip
def test_a_responder_says_whether_to_ask_later(own: Authority, status: str, is_temporary: bool) -> None:
    own.answers["/shop/ocsp"] = saying(status)
    failure = failure_of(signer(own, "B-LT"))
    assert failure.is_temporary == is_temporary
    assert f"it answered OCSP {status.replace('_', ' ')!r}" in str(failure)


@pytest.mark.parametrize("path", ["/shop/ocsp", "/shop/crls"])
def test_what_says_nothing_of_a_certificate_says_no_more_later(own: Authority, path: str) -> None:
    own.answers[path] = login
    assert not failure_of(signer(own, "B-LT")).is_temporary


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[peers.Authority]:
    """An authority that this machine trusts."""
    made = peers.Authority()
    (tmp_path / "trusted.pem").write_bytes(made.certificate.public_bytes(Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "trusted.pem"))
    _http._verifying.cache_clear()
    yield made
    _http._verifying.cache_clear()


@pytest.mark.parametrize("name", CERTIFICATES)
def test_a_certificate_that_is_not_trusted(own: Authority, name: str, trusted: peers.Authority) -> None:
    options, _, is_temporary = CERTIFICATES[name]
    issuer = peers.Authority() if name == "unknown authority" else trusted
    with ScriptedServer(tls=issuer.server_context(**options), is_implicit=True) as server:
        failure = failure_of(signer(own, url=f"https://localhost:{server.port}/"))
    assert "untrusted certificate: " in str(failure)
    assert failure.is_temporary == is_temporary
    assert "ssl_context" not in str(failure)  # which nobody can give here


def test_a_port_that_does_not_speak_tls(own: Authority) -> None:
    failure = failure_of(signer(own, url=own.clock.replace("http:", "https:")))
    assert "it does not speak TLS at this port: see the port in the URL" in str(failure)
    assert not failure.is_temporary


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_nobody_listens(own: Authority, host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    failure = failure_of(signer(own, url=f"http://{host}:{port}/"))
    assert "connection refused: nothing listens at this port" in str(failure)
    assert failure.is_temporary


@pytest.mark.parametrize(
    "act", [says_and_drops(b""), says_and_drops(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")]
)
def test_a_connection_that_breaks_off(own: Authority, act: Any) -> None:
    with ScriptedServer({"greeting": act}) as server:
        failure = failure_of(signer(own, url=f"http://127.0.0.1:{server.port}/"))
    assert failure.is_temporary


def test_an_answer_that_is_not_http(own: Authority) -> None:
    with ScriptedServer({"greeting": says(b"220 a mail server\r\n")}) as server:
        failure = failure_of(signer(own, url=f"http://127.0.0.1:{server.port}/"))
    assert "the answer is not HTTP" in str(failure)
    assert failure.is_temporary  # as with mail servers and providers: overloaded ones and firewalls do so


@pytest.mark.parametrize(
    ("name", "is_temporary"), [("EAI_NONAME", False), ("EAI_AGAIN", True), ("EAI_FAIL", True)]
)
def test_an_unknown_host_is_told_from_a_name_server_that_is_down(
    own: Authority, name: str, is_temporary: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_up(*_: object, **__: object) -> Any:
        raise socket.gaierror(getattr(socket, name), "canary")

    by = signer(own, url="http://clock.example/")
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    failure = failure_of(by)
    assert failure.is_temporary == is_temporary
    assert ("unknown host name" in str(failure)) != is_temporary


@pytest.mark.parametrize(
    ("error", "is_temporary"), [(KeyError("canary"), False), (ConnectionError("canary"), True)]
)
def test_credentials_that_cannot_be_had(
    own: Authority, error: Exception, is_temporary: bool, trusted: peers.Authority
) -> None:
    def credentials() -> Any:
        raise error

    failure = failure_of(signer(own, url="https://localhost:9/", credentials=credentials))
    assert failure.is_temporary == is_temporary
    assert "canary" not in str(failure)


@pytest.mark.parametrize("given", [None, "user:password", ("user",), ("user", None), (b"user", b"password")])
def test_credentials_that_are_none(own: Authority, given: Any) -> None:
    failure = failure_of(signer(own, url="https://localhost:9/", credentials=lambda: given))
    assert "the user and the password, two texts" in str(failure)
    assert not failure.is_temporary


@pytest.mark.parametrize(("status", "is_temporary"), [(404, False), (503, True)])
def test_a_render_process_says_so_too(own: Authority, status: int, is_temporary: bool) -> None:
    own.answers["/shop/tsa"] = with_status(status)
    builder = (
        MessageBuilder()
        .sender("orders@shop.example")
        .subject("Your order")
        .text("Attached.")
        .attach(Xhtml2PdfGenerator(source="<p>Order</p>"), filename="order.pdf", signer=signer(own))
    )
    with RenderPool(time_limit=300) as pool, pytest.raises(UnreachedLevelError) as caught:
        pool.build(builder, {}, to="maria@example.com")
    assert caught.value.is_temporary == is_temporary


@pytest.mark.parametrize("answer", [down, redirecting])
def test_a_wrong_set_up_costs_a_level_like_an_outage(own: Authority, answer: Answer) -> None:
    own.answers["/shop/tsa"] = answer
    assert signer(own, may_fall_to="B-B").sign(sealed(), REQUEST).signature == "PAdES B-B"
