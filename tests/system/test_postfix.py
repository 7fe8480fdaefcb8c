"""Through a real Postfix, with Debian's defaults, into a Maildir that Dovecot serves over IMAP."""

from __future__ import annotations

import contextlib
import email
import grp
import imaplib
import os
import pwd
import random
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from ondemand_attach import Document, Mailer, MessageBuilder, Refusal, SmtpTransport
from ondemand_attach.cli import main
from ondemand_attach.errors import ConnectionFailedError, MessageError, RecipientsRefusedError, TransportError
from transports.peers import Authority, made

POSTFIX = "/usr/sbin/postfix"
DOVECOT = "/usr/sbin/dovecot"
MAIL_USER = "nobody"
PEOPLE = ("jane", "joe", "jürgen", "plus")
PAIR = ("jane@shop.example", "joe@shop.example")
CONTENT_MARK = b"Subject: order\r\nMessage-ID: <1@shop.example>\r\n\r\n"

MAIN_CF = """
compatibility_level = 3.7
queue_directory = {folder}/spool
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.shop.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
default_transport = error:loopback only
relay_transport = error:loopback only
virtual_mailbox_domains = shop.example
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = hash:{folder}/etc/people
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
message_size_limit = 10000000
virtual_mailbox_limit = 0
smtpd_tls_cert_file = {folder}/etc/server.pem
smtpd_tls_key_file = {folder}/etc/server.pem
smtpd_tls_security_level = encrypt
smtpd_tls_session_cache_database =
smtpd_recipient_restrictions = reject_unlisted_recipient, permit_mynetworks, reject
smtpd_error_sleep_time = 0
smtpd_client_connection_rate_limit = 0
"""
MASTER_CF = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
proxymap unix - - n - - proxymap
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
DOVECOT_CONF = """
base_dir = {folder}/dovecot
state_dir = {folder}/dovecot
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail/%n
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 1
first_valid_gid = 1
auth_username_chars =
default_internal_user = dovecot
default_login_user = dovenull
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%n allow_all_users=yes
}}
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def wait(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.02)


def is_listening(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@dataclass(frozen=True)
class MailHost:
    folder: Path
    smtp_port: int
    imap_port: int
    authority: Authority

    def transport(self, context: ssl.SSLContext | None = None) -> SmtpTransport:
        return SmtpTransport(
            f"smtp+starttls://localhost:{self.smtp_port}",
            timeout=30,
            ssl_context=context or self.authority.client_context(),
        )

    def taken(self, person: str, count: int) -> list[bytes]:
        """Wait until Postfix has nothing left to do, and return what Dovecot shows to *person*."""
        maildir = self.folder / "mail" / person
        wait(lambda: self.is_idle() and self.count(maildir) >= count)
        with imaplib.IMAP4("127.0.0.1", self.imap_port, timeout=20) as imap:
            imap.authenticate("PLAIN", lambda _: f"\0{person}\0secret".encode())
            imap.select("INBOX")
            _, (numbers,) = imap.search(None, "ALL")
            found = [fetched(imap, number.decode()) for number in numbers.split()]
            for number in numbers.split():
                imap.store(number.decode(), "+FLAGS", r"\Deleted")
            imap.expunge()
        return found

    def is_idle(self) -> bool:
        queues = ("maildrop", "incoming", "active", "deferred")
        return not any(
            path.is_file() for queue in queues for path in (self.folder / "spool" / queue).rglob("*")
        )

    @staticmethod
    def count(maildir: Path) -> int:
        return sum(1 for part in ("new", "cur") for _ in (maildir / part).glob("*"))


def fetched(imap: imaplib.IMAP4, number: str) -> bytes:
    _, (answer, *_) = imap.fetch(number, "(BODY.PEEK[])")
    assert isinstance(answer, tuple)
    return answer[1]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailHost]:
    folder = Path(tmp_path_factory.mktemp("postfix"))
    for parent in (folder, *folder.parents):  # the daemons run as other users
        if parent.stat().st_uid == os.getuid() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o055)
    user = pwd.getpwnam(MAIL_USER)
    facts = {"folder": folder, "uid": user.pw_uid, "gid": user.pw_gid}
    authority = Authority()
    with running_postfix(facts, authority) as smtp_port, running_dovecot(facts) as imap_port:
        yield MailHost(folder, smtp_port, imap_port, authority)


@contextlib.contextmanager
def running_postfix(facts: dict[str, object], authority: Authority) -> Iterator[int]:
    folder, port = Path(str(facts["folder"])), free_port()
    for name in ("etc", "spool", "data", "mail"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    shutil.chown(folder / "mail", MAIL_USER, grp.getgrgid(int(str(facts["gid"]))).gr_name)
    etc = folder / "etc"
    (etc / "main.cf").write_text(MAIN_CF.format(**facts))
    (etc / "master.cf").write_text(MASTER_CF.format(port=port))
    (etc / "people").write_text("".join(f"{person}@shop.example {person}/\n" for person in PEOPLE))
    (etc / "server.pem").write_bytes(authority.pem())
    (etc / "server.pem").chmod(0o600)
    subprocess.run(["/usr/sbin/postmap", "-c", etc, f"hash:{etc}/people"], check=True)
    subprocess.run([POSTFIX, "-c", etc, "start"], check=True, capture_output=True, timeout=60)
    try:
        wait(lambda: is_listening(port))
        yield port
    finally:
        subprocess.run([POSTFIX, "-c", etc, "stop"], check=True, capture_output=True, timeout=60)


@contextlib.contextmanager
def running_dovecot(facts: dict[str, object]) -> Iterator[int]:
    folder, port = Path(str(facts["folder"])), free_port()
    configuration = folder / "etc" / "dovecot.conf"
    configuration.write_text(DOVECOT_CONF.format(port=port, **facts))
    process = subprocess.Popen([DOVECOT, "-F", "-c", configuration], stderr=subprocess.DEVNULL)
    try:
        wait(lambda: is_listening(port))
        yield port
    finally:
        process.terminate()
        process.wait(20)


def body(raw: bytes) -> bytes:
    return raw.partition(b"\r\n\r\n")[2]


ENDS = [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r"]
SMUGGLED = b"MAIL FROM:<x@shop.example>\r\nRCPT TO:<joe@shop.example>\r\nDATA\r\nSubject: smuggled\r\n\r\nx"


def mixtures(count: int) -> list[bytes]:
    """Make bodies of everything that a server may trip over, each with a number of its own."""
    chosen = random.Random(5)
    tokens = [
        b"\r\n",
        b"\r\n.",
        b".",
        b"\r\n.\r\n",
        b"\x00",
        b" ",
        b"\t",
        b"x",
        b"QUIT",
        b"DATA",
        b"From ",
        b"\xff",
    ]
    bare = [b"\r", b"\n", b"\n.\n", b"\r.\r", b"\r\r\n"]
    return [
        b"%d:" % number + b"".join(chosen.choices(tokens + bare * (number % 3 == 0), k=12)) + b"\r\n"
        for number in range(count)
    ]


def test_bodies_arrive_as_one_message_each(host: MailHost) -> None:
    bodies = [
        *mixtures(500),
        b".\r\n",
        b"\r\n.\r\n" * 50,
        b"x" * 990 + b"\r\n.\r\n",
        b"\r\n.\r\n" + SMUGGLED + b"\r\n",
    ]
    sent = []
    with host.transport() as transport:
        for content in bodies:
            with contextlib.suppress(MessageError):
                transport.send(made(CONTENT_MARK + content))
                sent.append(content)
    assert 300 < len(sent) < len(bodies)
    seen = [content.replace(b"\x00", b"\x80") for content in sent]  # IMAP has no NUL
    assert sorted(body(raw) for raw in host.taken("jane", len(sent))) == sorted(seen)
    assert host.taken("joe", 0) == []


@pytest.mark.parametrize("end", ENDS)
def test_no_second_message_can_be_smuggled(end: bytes, host: MailHost) -> None:
    with host.transport() as transport:
        with pytest.raises(MessageError):
            transport.send(made(CONTENT_MARK + b"x" + end + SMUGGLED + end))
        transport.send(made(CONTENT_MARK + b"last\r\n"))
    assert [body(raw) for raw in host.taken("jane", 1)] == [b"last\r\n"]
    assert host.taken("joe", 0) == []


def test_postfix_lets_a_naive_client_smuggle(host: MailHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """The harness sees what it is there for."""
    monkeypatch.setattr("ondemand_attach.transports.smtp._check_line_ends", lambda _: None)
    with contextlib.suppress(TransportError), host.transport() as transport:
        transport.send(made(CONTENT_MARK + b"x\n.\r\n" + SMUGGLED + b"\r\n"))
    assert [body(raw) for raw in host.taken("joe", 1)] == [b"x\r\n"]
    host.taken("jane", 1)


def test_internationalised_recipient(host: MailHost) -> None:
    with host.transport() as transport:
        receipt = transport.send(made("Subject: Größe\r\n\r\nüber\r\n".encode(), ["jürgen@shop.example"]))
    assert receipt.accepted == ("jürgen@shop.example",)
    (raw,) = host.taken("jürgen", 1)
    assert "\r\nSubject: Größe\r\n".encode() in raw
    assert body(raw) == "über\r\n".encode()


def test_partial_refusal(host: MailHost) -> None:
    recipients = ["jane@shop.example", "nobody@shop.example", "joe@shop.example", "neither@shop.example"]
    with host.transport() as transport:
        receipt = transport.send(made(CONTENT_MARK + b"x\r\n", recipients))
    assert receipt.accepted == ("jane@shop.example", "joe@shop.example")
    assert receipt.refused == dict.fromkeys(recipients[1::2], Refusal(code=550, enhanced_code="5.1.1"))
    assert len(host.taken("jane", 1)) == len(host.taken("joe", 1)) == 1


RESTRICTIONS = "smtpd_recipient_restrictions = {}reject_unlisted_recipient, permit_mynetworks, reject"


def restrict(host: MailHost, first: str = "") -> None:
    """Have Postfix refuse more, or no more, in the sessions that begin from now on."""
    etc = host.folder / "etc"
    subprocess.run(["/usr/sbin/postconf", "-c", etc, "-e", RESTRICTIONS.format(first)], check=True)
    subprocess.run([POSTFIX, "-c", etc, "reload"], check=True, capture_output=True, timeout=60)


def test_who_is_refused_by_an_old_session_only_gets_one_message(host: MailHost) -> None:
    restrict(host, "check_recipient_access inline:{{joe@shop.example=REJECT}}, ")
    try:
        with host.transport() as transport:
            wait(lambda: bool(transport.send(made(CONTENT_MARK + b"1\r\n", PAIR)).refused))
            before = len(host.taken("jane", 1))
            restrict(host)
            receipt = transport.send(made(CONTENT_MARK + b"2\r\n", PAIR))
    finally:
        restrict(host)
    assert before >= 1
    assert (receipt.accepted, receipt.refused) == (PAIR, {})
    for person in ("jane", "joe"):
        assert [body(raw) for raw in host.taken(person, 1)][-1:] == [b"2\r\n"]
    assert "lost connection after DATA" in (host.folder / "log").read_text()  # and nothing came of that


def test_all_refused(host: MailHost) -> None:
    with host.transport() as transport:
        with pytest.raises(RecipientsRefusedError) as caught:
            transport.send(made(recipients=["nobody@shop.example", "neither@shop.example"]))
    assert (caught.value.code, caught.value.enhanced_code) == (550, "5.1.1")
    assert not caught.value.is_temporary


def test_no_copy_is_delivered_of_what_nobody_was_accepted_for(host: MailHost) -> None:
    letter = MessageBuilder().sender("shop@shop.example").subject("Order {{ number }}").text("Thank you.")
    with Mailer(host.transport()) as mailer:
        for number, builder in enumerate((letter.bcc("joe@shop.example"), letter.cc("joe@shop.example"))):
            with pytest.raises(RecipientsRefusedError) as caught:
                mailer.send(builder, {"number": number}, to="nobody@shop.example")
            assert (caught.value.code, caught.value.accepted) == (550, ("joe@shop.example",))
        receipt = mailer.send(letter.bcc("neither@shop.example"), {"number": 2}, to="jane@shop.example")
        assert dict(receipt.refused) == {"neither@shop.example": Refusal(code=550, enhanced_code="5.1.1")}
        mailer.send(letter.bcc("joe@shop.example"), {"number": 3}, to="jane@shop.example")
        receipt = mailer.send(letter.bcc("joe@shop.example", "neither@shop.example"), {"number": 4})
        assert receipt.accepted == ("joe@shop.example",)
    assert sorted(subject(raw) for raw in host.taken("jane", 2)) == ["Order 2", "Order 3"]
    assert sorted(subject(raw) for raw in host.taken("joe", 2)) == ["Order 3", "Order 4"]


def subject(raw: bytes) -> str:
    return str(email.message_from_bytes(raw)["Subject"])


def test_attachment_arrives_byte_for_byte(host: MailHost) -> None:
    content = b"".join(b"%070d\r\n" % number for number in range(60_000))
    with host.transport() as transport:
        transport.send(made(CONTENT_MARK + content))
    (raw,) = host.taken("jane", 1)
    assert body(raw) == content


def test_message_above_the_limit_is_not_sent(host: MailHost) -> None:
    with host.transport() as transport:
        with pytest.raises(MessageError, match="takes 10000000"):
            transport.send(made(CONTENT_MARK + b"x\r\n" * 4_000_000))


def test_many_messages_from_many_threads(host: MailHost) -> None:
    contents = [b"number %d\r\n" % number for number in range(200)]
    with host.transport() as transport, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda content: transport.send(made(CONTENT_MARK + content)), contents))
    assert sorted(body(raw) for raw in host.taken("jane", 200)) == sorted(contents)


def test_postfix_with_an_unknown_certificate(host: MailHost) -> None:
    with pytest.raises(ConnectionFailedError, match="untrusted certificate"):
        host.transport(ssl.create_default_context()).send(made())


def test_session_was_encrypted(host: MailHost) -> None:
    with host.transport() as transport:
        transport.send(made(CONTENT_MARK + b"x\r\n"))
    (raw,) = host.taken("jane", 1)
    assert re.search(rb"\r\nReceived: from \[127\.0\.0\.1\] .*\r\n.* with ESMTPS id", raw)


def test_what_was_delivered_verifies_against_its_receipt(
    host: MailHost, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def covered(_: Document, __: object) -> Document:
        content = random.randbytes(100_000)
        return Document(content=content, media_type="application/octet-stream", encryption="one-time pad")

    builder = (
        MessageBuilder()
        .sender("shop@shop.example")
        .subject("Größe")
        .text("From here\n.\n..dots, größer\n")
        .attach(
            lambda _: Document(content=b"x", media_type="text/plain"), filename="a.bin", encryptor=covered
        )
    )
    with Mailer(host.transport()) as mailer:
        receipt = mailer.send(builder, {}, to="Jane Doe <jane@shop.example>")
    assert re.fullmatch(r"250 2\.0\.0 Ok: queued as \w+", receipt.answer or "")
    new = host.folder / "mail" / "jane" / "new"
    wait(lambda: host.is_idle() and any(new.iterdir()))
    as_stored = next(new.iterdir()).read_bytes()
    (as_fetched,) = host.taken("jane", 1)
    assert b"\r\n" not in as_stored  # Postfix stores lines as they are on this system
    (tmp_path / "receipt.json").write_text(receipt.to_json())

    def verified(content: bytes) -> tuple[int, str]:
        (tmp_path / "file").write_bytes(content)
        status = main(["verify", str(tmp_path / "receipt.json"), str(tmp_path / "file")])
        return status, capsys.readouterr().out.partition("\n")[0]

    for content in (as_stored, as_fetched):
        status, said = verified(content)
        assert (status, said.partition(";")[0]) == (0, "whole message")
        assert "return-path" in said
        assert "received" in said
        assert verified(content.replace(b"here", b"Here"))[0] == 1
        assert verified(content.replace(b"Subject: ", b"Subject: Re: ", 1))[0] == 1
