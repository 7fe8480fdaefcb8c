from __future__ import annotations

import base64
import contextlib
import pickle
import random
import socket
import ssl
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from hypothesis import given, settings
from hypothesis import strategies as st

from ondemand_attach import Address, Refusal, SmtpTransport
from ondemand_attach._pieces import Base64, Piece
from ondemand_attach._smtp_sink import SmtpSink
from ondemand_attach.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectionFailedError,
    InvalidAddressError,
    MessageError,
    MessageTooLargeError,
    RecipientsRefusedError,
    TransportError,
)
from ondemand_attach.transports import _network
from ondemand_attach.transports._server import Server
from ondemand_attach.transports._session import Session, _literal
from transports.peers import (
    Action,
    Authority,
    ScriptedServer,
    Tls,
    drops,
    in_turn,
    made,
    says,
    says_and_drops,
    says_and_resets,
)

# the bytes

CONTENTS = {
    "dots": b"Subject: a\r\n\r\n.\r\n..\r\n.x\r\nx.\r\n.\r\n",
    "dot first": b".Subject: a\r\n\r\nx\r\n",
    "mbox": b"Subject: a\r\n\r\nFrom the beginning\r\n>From\r\n",
    "NUL and 8-bit": b"Subject: a\r\n\r\n\x00\x80\xff\r\n",
    "commands": b"Subject: a\r\n\r\nQUIT\r\nRSET\r\nDATA\r\n",
    "empty lines": b"\r\n\r\n\r\n",
    "large": b"Subject: a\r\n\r\n" + b".0123456789\r\n" * 400_000,
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("is_encrypted", [True, False])
def test_bytes_arrive_exactly(content: bytes, is_encrypted: bool, tls: Tls) -> None:
    with SmtpSink(tls.server if is_encrypted else None) as sink:
        with SmtpTransport(sink.url, ssl_context=tls.client if is_encrypted else None) as transport:
            receipt = transport.send(made(content))
    (delivery,) = sink.deliveries
    assert delivery.content == content
    assert delivery.is_encrypted == is_encrypted
    assert (delivery.sender, delivery.recipients) == ("orders@shop.example", ("jane@shop.example",))
    assert receipt.message_id == "<1@shop.example>"
    assert receipt.accepted == ("jane@shop.example",)
    assert receipt.refused == {}


def test_last_line_is_ended() -> None:
    with SmtpSink() as sink, SmtpTransport(sink.url) as transport:
        transport.send(made(b"Subject: a\r\n\r\nend"))
    assert sink.deliveries[0].content == b"Subject: a\r\n\r\nend\r\n"


LINES = st.lists(st.sampled_from([b"", b".", b"..", b".x", b"x", b"x" * 70000]), max_size=4)
PIECES = st.lists(
    LINES.map(lambda lines: b"".join(line + b"\r\n" for line in lines))
    | st.builds(Base64, st.sampled_from([b"", b"abc", bytes(57), bytes(200_000)])),
    max_size=5,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=4))
def test_pieces_arrive_as_one(contents: list[list[Piece]]) -> None:
    messages = [replace(made(), content=None, pieces=(b"Subject: a\r\n\r\n", *pieces)) for pieces in contents]
    with SmtpSink() as sink, SmtpTransport(sink.url) as transport:
        for message in messages:
            transport.send(message)
    assert [delivery.content for delivery in sink.deliveries] == [message.content for message in messages]


@pytest.mark.parametrize("piece", [b"", b".", b".\r\n", b"x", b"x\r\n", Base64(b"abc")])
def test_dots_are_doubled_wherever_a_piece_begins(piece: Piece) -> None:
    message = replace(made(), pieces=(piece, b"", b".\r\n.x\r\n"))
    with SmtpSink() as sink, SmtpTransport(sink.url) as transport:
        transport.send(message)
    assert sink.deliveries[0].content == message.content


@pytest.mark.parametrize("is_encrypted", [True, False])
def test_a_large_document_arrives_exactly(is_encrypted: bool, tls: Tls) -> None:
    document = random.Random(3).randbytes(3_000_000)
    message = replace(made(), pieces=(b"Subject: a\r\n\r\n", Base64(document), b".\r\nend\r\n"))
    with SmtpSink(tls.server if is_encrypted else None) as sink:
        with SmtpTransport(sink.url, ssl_context=tls.client if is_encrypted else None) as transport:
            transport.send(message)
    assert sink.deliveries[0].content == message.content


@pytest.mark.parametrize(
    "pieces", [(b"a\r", b"\nb\r\n"), (b"a\r", Base64(b"x"), b"\nb\r\n"), (Base64(b"x"), b"\n")]
)
def test_a_line_end_that_is_divided_is_refused(pieces: tuple[Piece, ...]) -> None:
    with SmtpSink() as sink, SmtpTransport(sink.url) as transport:
        with pytest.raises(MessageError, match="CR or LF"):
            transport.send(replace(made(), pieces=pieces))
        assert sink.connections == 0


def test_the_size_of_a_document_is_announced_as_it_will_be_in_base64() -> None:
    message = replace(made(), pieces=(b"Subject: a\r\n\r\n", Base64(bytes(1000))))
    with ScriptedServer(offers=[b"SIZE 5000"], clear_offers=[]) as server:
        with SmtpTransport(f"smtp://localhost:{server.port}") as transport:
            transport.send(message)
            with pytest.raises(MessageTooLargeError, match="5000"):
                transport.send(replace(message, pieces=(Base64(bytes(4000)),)))
    assert server.commands[1] == b"MAIL FROM:<orders@shop.example> SIZE=%d" % len(message.content)


@pytest.mark.parametrize(
    "size",
    [
        "",
        "0",
        "-5",
        "abc",
        "1e9",
        "0x10",
        "5000000",
        "9" * 20,
        "9" * 5000,
        "9" * 60_000,
        "0" * 5000,
        "\u0663",
        "1 2",
    ],
    ids=lambda size: size[:9],
)
def test_a_size_that_is_none_or_large_takes_the_message(size: str) -> None:
    with ScriptedServer(offers=[b"SIZE " + size.encode()], clear_offers=[]) as server:
        with SmtpTransport(f"smtp://localhost:{server.port}") as transport:
            transport.send(made())
    assert len(server.contents) == 1


@pytest.mark.parametrize(
    "ending", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\r\r\n"]
)
def test_what_a_server_may_take_for_the_end_is_refused(ending: bytes) -> None:
    with SmtpSink() as sink, SmtpTransport(sink.url) as transport:
        with pytest.raises(MessageError, match="CR or LF"):
            transport.send(made(b"Subject: a\r\n\r\nx" + ending + b"MAIL FROM:<x@example.com>\r\n"))
        assert sink.connections == 0


def test_message_too_large_for_the_server_is_not_begun() -> None:
    with ScriptedServer(offers=[b"SIZE 1000"], clear_offers=[]) as server:
        with SmtpTransport(f"smtp://localhost:{server.port}") as transport:
            with pytest.raises(MessageTooLargeError, match="1000"):
                transport.send(made(b"x" * 1001))
            transport.send(made(b"x" * 998))
    assert len(server.contents) == 1
    assert [line for line in server.commands if line.startswith(b"MAIL")] == [
        b"MAIL FROM:<orders@shop.example> SIZE=998"
    ]


# the envelope


def commands_for(
    content: bytes = b"Subject: a\r\n\r\nx\r\n",
    *,
    sender: str | None = "orders@shop.example",
    recipient: str = "jane@shop.example",
    offers: tuple[bytes, ...] = (b"8BITMIME", b"SMTPUTF8"),
) -> list[str]:
    with ScriptedServer(offers=offers, clear_offers=[]) as server:
        with SmtpTransport(f"smtp://localhost:{server.port}") as transport:
            transport.send(made(content, [recipient], sender))
    return [line.decode() for line in server.commands]


def test_ordinary_session() -> None:
    assert commands_for() == [
        "ehlo [127.0.0.1]",
        "MAIL FROM:<orders@shop.example>",
        "RCPT TO:<jane@shop.example>",
        "DATA",
        "QUIT",
    ]


def test_commands_go_together_where_the_server_says_so() -> None:
    """Until DATA is answered, nothing is said of the content."""
    with ScriptedServer({"data": says(b"451 later\r\n")}, offers=[b"PIPELINING"], clear_offers=[]) as server:
        with SmtpTransport(f"smtp://localhost:{server.port}") as transport:
            with pytest.raises(TransportError, match="DATA with 451"):
                transport.send(made(recipients=["jane@shop.example", "joe@shop.example"]))
    (wire,) = server.wires
    assert wire.clear.partition(b"\r\n")[2] == (
        b"MAIL FROM:<orders@shop.example>\r\nRCPT TO:<jane@shop.example>\r\nRCPT TO:<joe@shop.example>\r\nDATA\r\n"
    )


@pytest.mark.parametrize("offers", [(), (b"PIPELINING",)])
@pytest.mark.parametrize("count", [1, 100, 1000])
def test_many_recipients(offers: tuple[bytes, ...], count: int) -> None:
    recipients = [f"customer{number}@shop.example" for number in range(count)]
    with ScriptedServer(offers=offers, clear_offers=[]) as server:
        with SmtpTransport(f"smtp://localhost:{server.port}") as transport:
            assert transport.send(made(recipients=recipients)).accepted == tuple(recipients)
    assert len(server.commands) == count + 4


def test_the_next_message_follows_some_refusals_on_the_same_connection() -> None:
    with SmtpSink(refused=["gone@shop.example"]) as sink, SmtpTransport(sink.url) as transport:
        for _ in range(3):
            transport.send(made(recipients=["gone@shop.example", "jane@shop.example"]))
    assert [delivery.content for delivery in sink.deliveries] == [made().content] * 3
    assert sink.connections == 1


def test_null_reverse_path() -> None:
    assert commands_for(sender=None)[1] == "MAIL FROM:<>"


def test_internationalised_domain_needs_no_smtputf8() -> None:
    assert commands_for(recipient="jane@bücher.example")[1:3] == [
        "MAIL FROM:<orders@shop.example>",
        "RCPT TO:<jane@xn--bcher-kva.example>",
    ]


def test_internationalised_local_part_needs_smtputf8() -> None:
    assert commands_for(recipient="jürgen@bücher.example")[1:3] == [
        "MAIL FROM:<orders@shop.example> SMTPUTF8",
        "RCPT TO:<jürgen@xn--bcher-kva.example>",
    ]


@pytest.mark.parametrize(
    ("content", "parameters"),
    [
        ("Subject: ü\r\n\r\nx\r\n", " BODY=8BITMIME SMTPUTF8"),
        ("Subject: u\r\n\r\nü\r\n", " BODY=8BITMIME"),
    ],
)
def test_eight_bit_content_is_announced(content: str, parameters: str) -> None:
    assert commands_for(content.encode())[1] == f"MAIL FROM:<orders@shop.example>{parameters}"


@pytest.mark.parametrize(
    ("offers", "content", "recipient"),
    [
        ((b"8BITMIME",), "Subject: a\r\n\r\n", "jürgen@shop.example"),
        ((b"8BITMIME",), "Subject: ü\r\n\r\n", "jane@shop.example"),
        ((b"SMTPUTF8",), "Subject: a\r\n\r\nü\r\n", "jane@shop.example"),
    ],
)
def test_server_without_what_the_message_needs(
    offers: tuple[bytes, ...], content: str, recipient: str
) -> None:
    with pytest.raises(TransportError, match="not offered") as caught:
        commands_for(content.encode(), offers=offers, recipient=recipient)
    assert not caught.value.is_temporary
    assert not caught.value.is_uncertain


@pytest.mark.parametrize(
    "path",
    [
        "a@b.example> BODY=8BITMIME RET=FULL",
        "a@b.example\r\nRSET",
        "a b@c.example",
        "<a@b.example",
        "a\x00@b",
    ],
)
def test_address_cannot_inject(path: str) -> None:
    message = made()
    address = message.envelope.recipients[0]
    vars(address).update(addr_spec=path, ascii_addr_spec=path)  # past its own checks
    with SmtpSink() as sink, SmtpTransport(sink.url) as transport:
        with pytest.raises(InvalidAddressError) as caught:
            transport.send(message)
    assert path not in str(caught.value)
    assert sink.deliveries == []


def test_some_recipients_are_refused() -> None:
    recipients = [f"{name}@shop.example" for name in ("jane", "gone", "joe", "away")]
    refused = ["gone@shop.example", "away@shop.example"]
    with SmtpSink(refused=refused) as sink, SmtpTransport(sink.url) as transport:
        receipt = transport.send(made(recipients=recipients))
    assert receipt.accepted == sink.deliveries[0].recipients == ("jane@shop.example", "joe@shop.example")
    assert receipt.refused == dict.fromkeys(refused, Refusal(code=550, enhanced_code="5.1.1"))
    assert "gone" not in repr(receipt)


@pytest.mark.parametrize(
    ("answers", "is_temporary"),
    [(["550", "551"], False), (["550 5.1.1", "450"], True), (["451", "452"], True)],
)
def test_all_recipients_are_refused(answers: list[str], is_temporary: bool) -> None:
    script = {"rcpt": in_turn(*(says(f"{answer} canary\r\n".encode()) for answer in answers))}
    with ScriptedServer(script, clear_offers=[]) as server:
        with SmtpTransport(f"smtp://localhost:{server.port}") as transport:
            with pytest.raises(RecipientsRefusedError) as caught:
                transport.send(made(recipients=["one@shop.example", "two@shop.example"]))
    assert set(caught.value.refused) == {"one@shop.example", "two@shop.example"}
    pickled = pickle.dumps(caught.value)
    error = pickle.loads(pickled)
    assert error.is_temporary == is_temporary
    assert error.code == int(answers[0][:3])
    assert (error.accepted, error.refused) == ((), {})
    for shown in (str(error), repr(error), pickled.decode("latin-1")):
        assert "shop.example" not in shown
        assert "canary" not in shown


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (["554 5.7.1 relay access denied"], "relay.*password="),
        (["530 authentication required", "550 5.7.60 not permitted"], "relay.*password="),
        (["550 5.1.1 no such user", "554 5.7.1 relay access denied"], "says whom"),
        (["550 no such user"], "says whom"),
        (["451 4.7.1 greylisted"], "send again later"),
    ],
)
def test_a_server_that_does_not_relay_wants_other_advice(answers: list[str], said: str) -> None:
    script = {"rcpt": in_turn(*(says(f"{answer}\r\n".encode()) for answer in answers))}
    recipients = [f"{number}@shop.example" for number in range(len(answers))]
    with ScriptedServer(script, clear_offers=[]) as server:
        with SmtpTransport(f"smtp://localhost:{server.port}") as transport:
            with pytest.raises(RecipientsRefusedError, match=said):
                transport.send(made(recipients=recipients))


def test_reply_codes_are_on_the_error() -> None:
    script = {"dot": says(b"554-5.7.1 rejected for canary@shop.example\r\n554 5.7.1 sorry\r\n")}
    with ScriptedServer(script, clear_offers=[]) as server:
        port = server.port
        with SmtpTransport(f"smtp://localhost:{port}") as transport:
            with pytest.raises(TransportError) as caught:
                transport.send(made())
    assert (caught.value.code, caught.value.enhanced_code) == (554, "5.7.1")
    assert str(caught.value) == (
        f"localhost:{port} answered the final dot with 554 5.7.1: it does not take what is in the message; "
        "ask who runs it why"
    )


# the connection


def test_one_connection_for_many_messages(tls: Tls) -> None:
    with SmtpSink(tls.server) as sink, SmtpTransport(sink.url, ssl_context=tls.client) as transport:
        for _ in range(20):
            transport.send(made())
    assert sink.connections == 1
    assert len(sink.deliveries) == 20


def test_threads_have_a_connection_each(tls: Tls) -> None:
    with SmtpSink(tls.server) as sink, SmtpTransport(sink.url, ssl_context=tls.client) as transport:
        with ThreadPoolExecutor(8) as pool:
            recipients = [f"{number}@shop.example" for number in range(160)]
            list(pool.map(lambda recipient: transport.send(made(recipients=[recipient])), recipients))
        assert {delivery.recipients[0] for delivery in sink.deliveries} == set(recipients)
        assert len(sink.deliveries) == 160
        assert sink.connections <= 8


@pytest.mark.parametrize(
    "first_script",
    [
        {"dot": says_and_drops(b"250 ok\r\n")},
        {"dot": says(b"250 ok\r\n421 4.4.2 idle for too long\r\n")},
        {"dot": says_and_drops(b"250 ok\r\n421 4.4.2 idle for too long\r\n")},
        {"dot": says_and_resets(b"250 ok\r\n")},
    ],
    ids=["closed", "said 421", "said 421 and closed", "reset"],
)
def test_connection_that_ended_while_idle_is_opened_again(first_script: dict[str, Action]) -> None:
    with ScriptedServer(first_scripts=[first_script], clear_offers=[]) as server:
        with SmtpTransport(f"smtp://localhost:{server.port}") as transport:
            transport.send(made())
            transport.send(made())
    assert len(server.contents) == 2
    assert len(server.wires) == 2


@pytest.mark.parametrize("second", [drops, says_and_drops(b"421 4.7.0 too many messages\r\n")])
def test_connection_that_ends_at_the_next_mail_is_opened_again(second: Action) -> None:
    script = {"mail": in_turn(says(b"250 ok\r\n"), second)}
    with ScriptedServer(first_scripts=[script], clear_offers=[]) as server:
        with SmtpTransport(f"smtp://localhost:{server.port}") as transport:
            transport.send(made())
            transport.send(made())
    assert len(server.contents) == 2
    assert len(server.wires) == 2


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
@pytest.mark.parametrize(
    "answer", [b"550 5.7.1 no more", b"530 log in", b"451 later", b"421 bye", b"nonsense"]
)
@pytest.mark.parametrize("offers", [[], [b"PIPELINING"]])
def test_what_fails_on_a_kept_connection_is_tried_on_a_new_one(
    stage: str, answer: bytes, offers: list[bytes]
) -> None:
    def usual(wire: Any) -> None:
        server._receive(wire, {}) if stage == "data" else wire.say(b"250 ok\r\n")

    script = {stage: in_turn(usual, says(answer + b"\r\n"))}
    with ScriptedServer(first_scripts=[script], clear_offers=offers) as server:
        with SmtpTransport(f"smtp://localhost:{server.port}") as transport:
            transport.send(made())
            assert transport.send(made()).accepted == ("jane@shop.example",)
    assert len(server.contents) == 2
    assert len(server.wires) == 2


TWO = ("jane@shop.example", "joe@shop.example")


@pytest.mark.parametrize("offers", [[], [b"PIPELINING"]], ids=["one by one", "pipelined"])
@pytest.mark.parametrize(
    "answer", [b"530 5.7.0 log in", b"550 5.7.1 relaying denied", b"454 4.7.1 no relaying"]
)
@pytest.mark.parametrize("refused", [0, 1])
def test_a_login_that_was_forgotten_refuses_nobody_of_several_for_good(
    refused: int, answer: bytes, offers: list[bytes]
) -> None:
    answers = [says(b"250 ok\r\n")] * 2
    answers[refused] = says(answer + b"\r\n")
    script = {"rcpt": in_turn(*[says(b"250 ok\r\n")] * 2, *answers)}
    with ScriptedServer(first_scripts=[script], clear_offers=offers) as server:
        with SmtpTransport(f"smtp://localhost:{server.port}") as transport:
            transport.send(made(recipients=TWO))
            receipt = transport.send(made(recipients=TWO))
    assert (receipt.accepted, receipt.refused) == (TWO, {})
    assert len(server.contents) == 2  # the first session was told DATA, and no dot
    assert len(server.wires) == 2


ABOUT_A_MAILBOX = (
    *(f"{code} no such user" for code in (450, 550, 551, 552, 553)),  # RFC 5321 section 4.2.3
    *("550 5.1.1 no such user", "450 4.1.8 odd", "550 5.2.1 closed", "452 4.2.2 full", "554 5.2.9 odd"),
)
ABOUT_THE_SESSION = (
    *(f"{code} not now" for code in (451, 452, 454, 455, 500, 501, 503, 530, 535, 549, 554, 555)),
    *(f"550 5.{subject}.0 no" for subject in (0, 3, 4, 5, 6, 7, 10, 11, 12, 20)),
)


def wires_of_two_messages(answer: str) -> tuple[set[str], int]:
    """Return who was refused by an answer on a kept connection, and how many connections there were."""
    usual = says(b"250 ok\r\n")
    script = {"rcpt": in_turn(usual, usual, usual, says(f"{answer}\r\n".encode()))}
    with ScriptedServer(first_scripts=[script], clear_offers=[]) as server:
        with SmtpTransport(f"smtp://localhost:{server.port}") as transport:
            transport.send(made(recipients=TWO))
            return set(transport.send(made(recipients=TWO)).refused), len(server.wires)


@pytest.mark.parametrize("answer", ABOUT_A_MAILBOX)
def test_who_is_not_there_is_believed_to_be_gone_on_a_kept_connection(answer: str) -> None:
    assert wires_of_two_messages(answer) == ({TWO[1]}, 1)


@pytest.mark.parametrize("answer", ABOUT_THE_SESSION)
def test_what_is_about_no_mailbox_is_asked_again_on_a_new_connection(answer: str) -> None:
    assert wires_of_two_messages(answer) == (set(), 2)


@pytest.mark.parametrize(
    ("end", "wires"),
    [
        (drops, 2),
        (says_and_drops(b"421 4.7.0 too long\r\n"), 2),
        (says(b"421 bye\r\n"), 2),
        (says(b"420 no\r\n"), 3),
        (says(b"422 no\r\n"), 3),
        (says(b"451 no\r\n"), 3),
    ],
    ids=["dropped", "said 421 and dropped", "421", "420", "422", "451"],
)
def test_the_next_kept_connection_is_taken_where_one_has_ended(end: Action, wires: int) -> None:
    """An answer, which the other connections would give as well, is taken to a new one at once."""
    meet = threading.Barrier(2)

    def waits(wire: Any) -> None:
        meet.wait(20)
        says(b"250 ok\r\n")(wire)

    then = in_turn(end, says(b"250 ok\r\n"))  # whichever connection is taken first
    scripts = [{"mail": in_turn(waits, then)} for _ in range(2)]
    with ScriptedServer(first_scripts=scripts, clear_offers=[]) as server:
        with SmtpTransport(f"smtp://localhost:{server.port}") as transport, ThreadPoolExecutor(2) as pool:
            list(pool.map(transport.send, [made()] * 2))
            transport.send(made())
    assert (len(server.contents), len(server.wires)) == (3, wires)


def test_a_bare_550_after_a_login_may_mean_that_it_was_forgotten(tls: Tls) -> None:
    usual = says(b"250 ok\r\n")
    script = {"rcpt": in_turn(usual, usual, usual, says(b"550 relay not permitted\r\n"))}
    with ScriptedServer(first_scripts=[script], tls=tls.server) as server:
        url = f"smtp+starttls://shop@localhost:{server.port}"
        with SmtpTransport(url, password=lambda: "secret", ssl_context=tls.client) as transport:
            transport.send(made(recipients=TWO))
            assert transport.send(made(recipients=TWO)).refused == {}
    assert len(server.contents) == len(server.wires) == 2


def test_one_of_several_who_is_refused_on_a_new_connection_as_well_stays_refused() -> None:
    usual = says(b"250 ok\r\n")
    first = {"rcpt": in_turn(usual, usual, usual, says(b"550 5.7.1 no\r\n"))}
    then = {"rcpt": in_turn(usual, says(b"550 5.7.1 no\r\n"))}
    with ScriptedServer(first_scripts=[first, then], clear_offers=[]) as server:
        with SmtpTransport(f"smtp://localhost:{server.port}") as transport:
            transport.send(made(recipients=TWO))
            assert set(transport.send(made(recipients=TWO)).refused) == {TWO[1]}
    assert len(server.contents) == len(server.wires) == 2


def test_nobody_is_sent_anything_if_the_new_connection_cannot_be_made() -> None:
    usual = says(b"250 ok\r\n")
    first = {"rcpt": in_turn(usual, usual, usual, says(b"550 5.7.1 no\r\n"))}
    with ScriptedServer(
        {"greeting": says(b"421 busy\r\n")}, first_scripts=[first], clear_offers=[]
    ) as server:
        with SmtpTransport(f"smtp://localhost:{server.port}") as transport:
            transport.send(made(recipients=TWO))
            with pytest.raises(ConnectionFailedError) as caught:
                transport.send(made(recipients=TWO))
    assert caught.value.is_temporary
    assert len(server.contents) == 1


def test_a_refusal_is_believed_when_a_new_connection_brings_it_as_well() -> None:
    script = {"mail": in_turn(says(b"250 ok\r\n"), says(b"550 5.7.1 no more\r\n"))}
    always = {"mail": says(b"550 5.7.1 no more\r\n")}
    with ScriptedServer(always, first_scripts=[script], clear_offers=[]) as server:
        with SmtpTransport(f"smtp://localhost:{server.port}") as transport:
            transport.send(made())
            with pytest.raises(TransportError) as caught:
                transport.send(made())
    assert caught.value.code == 550
    assert len(server.wires) == 2


def test_many_kept_connections_do_not_multiply_a_refusal() -> None:
    meet = threading.Barrier(4)

    def waits(wire: Any) -> None:
        meet.wait(120)
        says(b"250 ok\r\n")(wire)

    scripts = [{"mail": in_turn(waits, says(b"550 5.7.1 no more\r\n"))} for _ in range(4)]
    always = {"mail": says(b"550 5.7.1 no more\r\n")}
    with ScriptedServer(always, first_scripts=scripts, clear_offers=[]) as server:
        with SmtpTransport(f"smtp://localhost:{server.port}") as transport, ThreadPoolExecutor(4) as pool:
            list(pool.map(transport.send, [made()] * 4))
            with pytest.raises(TransportError):
                transport.send(made())
    assert len([line for line in server.commands if line.startswith(b"MAIL")]) == 4 + 2


def test_nothing_is_sent_over_a_connection_that_failed() -> None:
    with SmtpSink(refused=["gone@shop.example"]) as sink, SmtpTransport(sink.url) as transport:
        transport.send(made())
        with pytest.raises(RecipientsRefusedError):
            transport.send(made(recipients=["gone@shop.example"]))
        transport.send(made())
    assert len(sink.deliveries) == 2
    assert sink.connections == 2


def test_interrupted_session_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    with SmtpSink() as sink, SmtpTransport(sink.url) as transport:
        with monkeypatch.context() as patch:
            patch.setattr("ondemand_attach.transports._session._stuffed", interrupt)
            with pytest.raises(KeyboardInterrupt):
                transport.send(made())
        transport.send(made())
    assert len(sink.deliveries) == 1
    assert sink.connections == 2


def test_long_idle_connection_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    with SmtpSink() as sink, SmtpTransport(sink.url) as transport:
        transport.send(made())
        monkeypatch.setattr(_network, "_MAX_IDLE", 0.0)
        transport.send(made())
    assert sink.connections == 2


def test_connection_is_not_shared_with_a_forked_process(monkeypatch: pytest.MonkeyPatch) -> None:
    with SmtpSink() as sink, SmtpTransport(sink.url) as transport:
        transport.send(made())
        monkeypatch.setattr("os.getpid", lambda: -1)
        transport.send(made())
    assert sink.connections == 2


def test_closed_transport_can_be_used_again() -> None:
    with SmtpSink() as sink:
        transport = SmtpTransport(sink.url)
        for _ in range(2):
            transport.send(made())
            transport.close()
        transport.close()
    assert sink.connections == 2


def test_name_said_in_ehlo() -> None:
    with ScriptedServer(clear_offers=[]) as server:
        url = f"smtp://localhost:{server.port}"
        with SmtpTransport(url, local_hostname="relay.shop.example") as transport:
            transport.send(made())
    assert server.commands[0] == b"ehlo relay.shop.example"


@pytest.mark.parametrize(
    ("address", "literal"),
    [("192.0.2.1", "[192.0.2.1]"), ("2001:db8::1", "[IPv6:2001:db8::1]"), ("fe80::1%eth0", "[IPv6:fe80::1]")],
)
def test_address_literal(address: str, literal: str) -> None:
    assert _literal(address) == literal


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectionFailedError, match="connection refused: nothing listens") as caught:
        SmtpTransport(f"smtp://127.0.0.1:{port}").send(made())
    assert caught.value.is_temporary


def test_no_time_is_left() -> None:
    with pytest.raises(TimeoutError):
        _network.remaining(time.monotonic())


def test_unknown_host(monkeypatch: pytest.MonkeyPatch, tls: Tls) -> None:
    def resolve(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "canary")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(ConnectionFailedError, match=r"^mail\.shop\.example:465 .* unknown host name;"):
        SmtpTransport("smtps://mail.shop.example", ssl_context=tls.client).send(made())


def test_next_address_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with SmtpSink() as sink, socket.create_server(("127.0.0.1", 0)) as closed:
        addresses = [
            (socket.AF_INET, socket.SOCK_STREAM, 0, "", address)
            for address in (closed.getsockname(), ("127.0.0.1", sink.port))
        ]
        closed.close()
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses)
        with SmtpTransport("smtp://localhost:1") as transport:
            transport.send(made())
    assert len(sink.deliveries) == 1


# the login


@pytest.mark.parametrize("password", ["secret", "pässwörd €", "", "with\r\nline"])
def test_login(password: str, tls: Tls) -> None:
    with SmtpSink(tls.server, users={"shop@shop.example": password}) as sink:
        with SmtpTransport(sink.url, password=lambda: password, ssl_context=tls.client) as transport:
            transport.send(made())
            transport.send(made())
    assert [delivery.user for delivery in sink.deliveries] == ["shop@shop.example"] * 2


def test_login_where_only_login_is_offered(tls: Tls) -> None:
    asked = in_turn(
        *(says(text) for text in (b"334 VXNlciBOYW1lAA==\r\n", b"334 UGFzc3dvcmQA\r\n", b"235 hi\r\n"))
    )
    answers = [base64.b64encode(text).decode("ascii").lower() for text in (b"shop", b"secret")]
    script: dict[str, Action] = dict.fromkeys(["auth", *answers], asked)
    script["secure ehlo"] = says(b"250-scripted\r\n250 AUTH CRAM-MD5 LOGIN\r\n")
    with ScriptedServer(script, tls=tls.server) as server:
        url = f"smtp+starttls://shop@localhost:{server.port}"
        with SmtpTransport(url, password=lambda: "secret", ssl_context=tls.client) as transport:
            transport.send(made())
    assert server.commands[3:6] == [b"AUTH LOGIN", *(base64.b64encode(text) for text in (b"shop", b"secret"))]


@pytest.mark.parametrize(
    ("offer", "said"),
    [
        (b"AUTH CRAM-MD5 XOAUTH2", "neither PLAIN nor LOGIN, only CRAM-MD5, XOAUTH2"),
        (b"AUTH XOAUTH2 jane@shop.example", "only XOAUTH2;"),
        (b"HELP", "no login; .*587.*465.*leave out the user"),
        (b"AUTH", "no login; .*587.*465.*leave out the user"),
    ],
)
def test_login_that_cannot_be_done(offer: bytes, said: str, tls: Tls) -> None:
    script = {"secure ehlo": says(b"250-scripted\r\n250 " + offer + b"\r\n")}
    with ScriptedServer(script, tls=tls.server) as server:
        url = f"smtp+starttls://shop@localhost:{server.port}"
        with pytest.raises(AuthenticationError, match=said):
            SmtpTransport(url, password=lambda: "secret", ssl_context=tls.client).send(made())


PASSWORDS = {"right": "canary-password"}


def canary_transport(port: int, tls: Tls) -> SmtpTransport:
    return SmtpTransport(
        f"smtp+starttls://canary-user@localhost:{port}",
        password=lambda: PASSWORDS["right"],
        ssl_context=tls.client,
    )


def with_locals(error: Exception) -> str:
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


REFUSED_LOGIN = {"auth": says(b"535 5.7.8 canary-user canary-password\r\n")}


def test_wrong_password_is_tried_once_and_leaves_no_trace(tls: Tls) -> None:
    with ScriptedServer(REFUSED_LOGIN, tls=tls.server) as server:
        transport = canary_transport(server.port, tls)
        with pytest.raises(AuthenticationError) as caught:
            transport.send(made())
    shown = with_locals(caught.value)
    assert (caught.value.code, caught.value.enhanced_code) == (535, "5.7.8")
    assert not caught.value.is_temporary
    assert sum(line.startswith(b"AUTH") for line in server.commands) == 1
    assert "canary" not in shown


def test_trace_is_seen_where_it_is_not_cut_off(tls: Tls) -> None:
    """The harness sees what it is there for."""
    with ScriptedServer(REFUSED_LOGIN, tls=tls.server) as server:
        transport = canary_transport(server.port, tls)
        with pytest.raises(AuthenticationError) as caught:
            SmtpTransport.send.__wrapped__(transport, made())  # type: ignore[attr-defined]
    shown = with_locals(caught.value)
    assert "canary" in shown


def unset() -> str:
    raise KeyError("canary")


def vault_is_down() -> str:
    raise ConnectionError("canary")


@pytest.mark.parametrize(
    ("password", "is_temporary"),
    [
        (vault_is_down, True),
        (unset, False),
        (lambda: None, False),
        (lambda: "nul\0", False),
        (lambda: "out of a file\n", False),
    ],
)
def test_callable_without_a_password(password: Any, is_temporary: bool, tls: Tls) -> None:
    with SmtpSink(tls.server, users={"shop": "secret"}) as sink:
        with pytest.raises(AuthenticationError, match="callable") as caught:
            SmtpTransport(sink.url, password=password, ssl_context=tls.client).send(made())
    assert caught.value.is_temporary == is_temporary
    assert "canary" not in "".join(traceback.format_exception(caught.value))


# the second walls, behind the checks of the wiring


def session(server: ScriptedServer, scheme: str) -> Session:
    place = Server(scheme=scheme, host="127.0.0.1", port=server.port, user="shop")
    return Session(place, context=None, deadline=time.monotonic() + 120, local_hostname=None)


def test_session_never_logs_in_over_clear_text() -> None:
    with ScriptedServer(clear_offers=[b"AUTH PLAIN LOGIN"]) as server:
        with contextlib.closing(session(server, "smtp")) as unsafe:
            with pytest.raises(AuthenticationError, match="clear text"):
                unsafe.open(lambda: "secret")
            unsafe.close()
            with pytest.raises(ConnectionError):
                unsafe.ask("NOOP", 2)
    assert server.clear == b"ehlo [127.0.0.1]\r\n"


def test_session_never_trusts_without_a_context(tls: Tls) -> None:
    with ScriptedServer(tls=tls.server) as server:
        with contextlib.closing(session(server, "smtp+starttls")) as unsafe:
            with pytest.raises(ConnectionFailedError, match="nothing to verify"):
                unsafe.open(lambda: "secret")
    assert server.clear == b"ehlo [127.0.0.1]\r\nSTARTTLS\r\n"


# the wiring

UNVERIFYING = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
UNVERIFYING.check_hostname = False
NAMELESS = ssl.create_default_context()
NAMELESS.check_hostname = False
OLD = ssl.create_default_context()
OLD.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED


@pytest.mark.parametrize(
    ("url", "options", "text"),
    [
        ("smtp+starttls://user:canary@mail.shop.example", {}, "pass password=callable"),
        ("smtp+starttls://user:@mail.shop.example", {}, "pass password=callable"),
        ("smtp+starttls://user@mail.shop.example", {}, "both a user"),
        ("smtp+starttls://mail.shop.example", {"password": str}, "both a user"),
        ("smtps://user@mail.shop.example", {"password": "canary"}, "a callable"),
        ("smtp://user@localhost", {"password": str}, "never logs in"),
        ("smtp://user@localhost", {"password": str, "insecure_allow_clear_text": True}, "never logs in"),
        ("smtp://mail.shop.example", {}, "clear text"),
        ("smtp://localhost.shop.example", {}, "clear text"),
        ("http://mail.shop.example", {}, "begins with one of smtp, smtp"),
        ("mail.shop.example:25", {}, "begins with one of"),
        ("smtps://", {}, "no valid host"),
        ("smtps://mail canary", {}, "no valid host"),
        ("smtps://mail..example", {}, "no valid host"),
        (f"smtps://{'a' * 64}.example", {}, "no valid host"),
        ("smtps://mail.shop.example:canary", {}, "port"),
        ("smtps://user:canary@mail\uff0fshop.example", {}, "cannot be read"),
        ("smtps://[::1", {}, "cannot be read"),
        ("smtps://a%00b@mail.shop.example", {"password": str}, "NUL"),
        ("smtps://mail.shop.example:99999", {}, "port"),
        ("smtps://mail.shop.example/canary", {}, "after the port"),
        ("smtps://mail.shop.example?canary", {}, "after the port"),
        ("smtps://mail.shop.example", {"timeout": 0}, "timeout"),
        ("smtps://mail.shop.example", {"timeout": float("nan")}, "timeout"),
        ("smtps://mail.shop.example", {"local_hostname": "a\r\nMAIL"}, "local_hostname"),
        ("smtps://mail.shop.example", {"ssl_context": UNVERIFYING}, "does not verify"),
        ("smtps://mail.shop.example", {"ssl_context": NAMELESS}, "does not verify"),
        ("smtps://mail.shop.example", {"ssl_context": OLD}, "before 1.2"),
    ],
)
def test_wrong_wiring(url: str, options: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigurationError, match=text) as caught:
        SmtpTransport(url, **options)
    assert "canary" not in "".join(traceback.format_exception(caught.value, chain=True)).replace(url, "")


def test_default_context_is_strict() -> None:
    context = _network.verifying(None)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert not context.hostname_checks_common_name


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("smtp+starttls://canary@mail.shop.example", "smtp+starttls://mail.shop.example:587"),
        ("smtps://canary@MAIL.shop.example/", "smtps://mail.shop.example:465"),
        ("smtps://canary%40shop@mail.shop.example:10465", "smtps://mail.shop.example:10465"),
        ("smtp+starttls://canary@[2001:db8::1]", "smtp+starttls://[2001:db8::1]:587"),
    ],
)
def test_default_ports(url: str, shown: str) -> None:
    assert repr(SmtpTransport(url, password=str)) == f"<SmtpTransport {shown}>"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"])
def test_clear_text_stays_on_this_machine(host: str) -> None:
    assert repr(SmtpTransport(f"smtp://{host}")) == f"<SmtpTransport smtp://{host}:25>"


def test_clear_text_to_a_relay_of_ones_own() -> None:
    transport = SmtpTransport("smtp://relay", insecure_allow_clear_text=True)
    assert repr(transport) == "<SmtpTransport smtp://relay:25>"


# another server


class Keeping:
    def __init__(self) -> None:
        self.envelopes: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.envelopes.append((session.ssl is not None, envelope))
        return "250 OK"


def test_aiosmtpd_over_starttls(authority: Authority) -> None:
    keeping = Keeping()
    controller = Controller(
        keeping,
        hostname="127.0.0.1",
        port=0,
        tls_context=authority.server_context(),
        require_starttls=True,
        enable_SMTPUTF8=True,
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        controller.port = free.getsockname()[1]
    controller.start()
    try:
        url = f"smtp+starttls://127.0.0.1:{controller.port}"
        with SmtpTransport(url, ssl_context=authority.client_context()) as transport:
            for content in CONTENTS.values():
                transport.send(made(content[:100_000].rpartition(b"\r\n")[0] + b"\r\n"))
            transport.send(made(recipients=["jürgen@shop.example"]))
    finally:
        controller.stop()
    assert [is_encrypted for is_encrypted, _ in keeping.envelopes] == [True] * (len(CONTENTS) + 1)
    for (_, envelope), content in zip(keeping.envelopes, CONTENTS.values(), strict=False):
        assert envelope.content == content[:100_000].rpartition(b"\r\n")[0] + b"\r\n"
    assert keeping.envelopes[-1][1].rcpt_tos == ["jürgen@shop.example"]


def test_display_name_is_not_told_to_the_server() -> None:
    message = made()
    assert message.envelope.sender is not None
    named = Address(addr_spec=message.envelope.sender.addr_spec, display_name="canary")
    vars(message.envelope.sender).update(display_name=named.display_name)
    with SmtpSink() as sink, SmtpTransport(sink.url) as transport:
        transport.send(message)
    assert sink.deliveries[0].sender == "orders@shop.example"
