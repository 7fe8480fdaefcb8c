"""Peers that must get neither a byte of mail nor a credential, in clear or encrypted."""

from __future__ import annotations

import base64
import contextlib
import datetime
import smtplib
import ssl
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from ondemand_attach import SmtpTransport
from ondemand_attach.errors import ConnectionFailedError
from transports.peers import DAY, Action, Authority, ScriptedServer, made, says

SECRETS = (
    b"canary",
    b"MAIL",
    b"RCPT",
    b"DATA",
    b"AUTH",
    b"shop.example",
    base64.b64encode(b"\0user\0canary-password"),
    base64.b64encode(b"canary-password"),
)


def tls11(authority: Authority) -> ssl.SSLContext:
    context = authority.server_context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


@dataclass(frozen=True)
class Peer:
    name: str
    context: Callable[[Authority], ssl.SSLContext]
    script: tuple[tuple[str, Action], ...] = ()
    clear_offers: Iterable[bytes] = (b"STARTTLS",)
    has_smtps: bool = True
    is_temporary: bool = False

    def __str__(self) -> str:
        return self.name


def good(authority: Authority) -> ssl.SSLContext:
    return authority.server_context()


EHLO_IN_CLEAR = b"250-scripted\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS\r\n"
PEERS = [
    Peer("self-signed", lambda authority: authority.server_context(is_self_signed=True)),
    Peer("expired", lambda authority: authority.server_context(age=60 * DAY), is_temporary=True),
    Peer("not yet valid", lambda authority: authority.server_context(age=-DAY), is_temporary=True),
    Peer(
        "just expired",
        lambda a: a.server_context(age=30 * DAY + datetime.timedelta(seconds=5)),
        is_temporary=True,
    ),
    Peer("wrong host", lambda authority: authority.server_context(["mail.other.example", "127.0.0.2"])),
    Peer("no names", lambda authority: authority.server_context([], common_name="127.0.0.1")),
    Peer("unknown authority", lambda _: Authority().server_context()),
    Peer("same name, other key", lambda _: Authority("test authority").server_context()),
    Peer("a client's certificate", lambda a: a.server_context(usage=ExtendedKeyUsageOID.CLIENT_AUTH)),
    Peer("TLS 1.1", tls11),
    Peer("stripped STARTTLS", good, clear_offers=(b"AUTH PLAIN LOGIN",), has_smtps=False),
    Peer(
        "refused STARTTLS",
        good,
        (("starttls", says(b"454 4.7.0 not now\r\n")),),
        has_smtps=False,
        is_temporary=True,
    ),
    Peer(
        "injected reply",
        good,
        (("starttls", says(b"220 go ahead\r\n" + EHLO_IN_CLEAR)),),
        has_smtps=False,
    ),
    Peer("goes on in clear", good, (("handshake", says(EHLO_IN_CLEAR)),)),
    Peer("only in clear", good, (("ehlo", says(b"250-x\r\n250 AUTH PLAIN LOGIN\r\n")),), has_smtps=False),
]

Client = Callable[[str, int, ssl.SSLContext], None]


def with_transport(scheme: str, port: int, context: ssl.SSLContext) -> None:
    url = f"{scheme}://user@127.0.0.1:{port}"
    password = "canary-password"
    with SmtpTransport(url, password=lambda: password, timeout=60, ssl_context=context) as transport:
        transport.send(made())


def learned(
    peer: Peer, authority: Authority, *, client: Client = with_transport, scheme: str = "smtp+starttls"
) -> tuple[list[bytes], Exception | None]:
    """Return the secrets that the peer came to know, and how the client ended."""
    failure = None
    with ScriptedServer(
        dict(peer.script),
        tls=peer.context(authority),
        clear_offers=peer.clear_offers,
        is_implicit=scheme == "smtps",
    ) as server:
        try:
            client(scheme, server.port, authority.client_context())
        except Exception as error:  # noqa: BLE001 - judged by the test
            failure = error
    known = (server.clear + server.encrypted).lower()
    return [secret for secret in SECRETS if secret.lower() in known], failure


@pytest.mark.parametrize("peer", PEERS, ids=str)
def test_bad_peer_learns_nothing(peer: Peer, authority: Authority) -> None:
    secrets, failure = learned(peer, authority)
    assert secrets == []
    assert isinstance(failure, ConnectionFailedError)
    assert failure.is_temporary == peer.is_temporary
    assert not failure.is_uncertain


@pytest.mark.parametrize("peer", [peer for peer in PEERS if peer.has_smtps], ids=str)
def test_bad_peer_learns_nothing_from_the_start(peer: Peer, authority: Authority) -> None:
    secrets, failure = learned(peer, authority, scheme="smtps")
    assert secrets == []
    assert isinstance(failure, ConnectionFailedError)
    assert failure.is_temporary == peer.is_temporary


@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
@pytest.mark.parametrize("names", [[], ["127.0.0.1"]], ids=["no names", "another kind of name"])
def test_a_certificate_that_names_the_host_in_its_common_name_only_is_not_trusted(
    names: list[str], scheme: str, authority: Authority
) -> None:
    context = authority.client_context()
    assert context.hostname_checks_common_name  # as an application's own context has it
    issued = authority.server_context(names, common_name="localhost")
    with ScriptedServer(tls=issued, is_implicit=scheme == "smtps") as server:
        with SmtpTransport(
            f"{scheme}://user@localhost:{server.port}",
            password=lambda: "canary-password",
            ssl_context=context,
        ) as transport:
            with pytest.raises(ConnectionFailedError, match="only a common name"):
                transport.send(made())
    assert server.encrypted == b""
    assert context.hostname_checks_common_name  # nobody else's object is changed


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_certificate_with_names_is_trusted_with_an_applications_context(
    host: str, authority: Authority
) -> None:
    issued = authority.server_context(["localhost", "127.0.0.1"], common_name="elsewhere")
    with ScriptedServer(tls=issued, is_implicit=True) as server:
        with SmtpTransport(
            f"smtps://{host}:{server.port}", ssl_context=authority.client_context()
        ) as transport:
            transport.send(made())
    assert len(server.contents) == 1


@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
def test_good_peer_learns_all_of_it_and_nothing_in_clear(scheme: str, authority: Authority) -> None:
    with ScriptedServer(tls=good(authority), is_implicit=scheme == "smtps") as server:
        with_transport(scheme, server.port, authority.client_context())
    assert server.contents == [made().content.replace(b"\r\n.", b"\r\n..")]
    assert SECRETS[-2] in server.encrypted
    assert b"canary" not in server.clear
    assert b"MAIL" not in server.clear


def starttls_without_context(_: str, port: int, __: ssl.SSLContext) -> None:
    with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost", timeout=60) as smtp:
        smtp.starttls()
        smtp.sendmail("orders@shop.example", ["jane@shop.example"], made().content)


def starttls_if_offered(_: str, port: int, context: ssl.SSLContext) -> None:
    with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost", timeout=60) as smtp:
        with contextlib.suppress(smtplib.SMTPNotSupportedError):
            smtp.starttls(context=context)
        smtp.sendmail("orders@shop.example", ["jane@shop.example"], made().content)


def login_in_clear(_: str, port: int, __: ssl.SSLContext) -> None:
    with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost", timeout=60) as smtp:
        smtp.login("user", "canary-password")


@pytest.mark.parametrize(
    ("client", "names"),
    [
        (starttls_without_context, {"self-signed", "expired", "wrong host", "unknown authority"}),
        (starttls_if_offered, {"stripped STARTTLS", "only in clear"}),
        (login_in_clear, {"stripped STARTTLS", "only in clear"}),
    ],
)
def test_plain_smtplib_fails_this_harness(client: Client, names: set[str], authority: Authority) -> None:
    chosen = [peer for peer in PEERS if peer.name in names]
    assert len(chosen) == len(names)
    for peer in chosen:
        secrets, _ = learned(peer, authority, client=client)
        assert secrets, peer
