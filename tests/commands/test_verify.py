"""What is said of a message beside what matches: when it was sent, and what the server answered, if known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ondemand_attach import Receipt
from ondemand_attach._commands.verify import _TRACE, _circumstances, _id_of, _names

RECEIPT = Receipt(message_id="<1@shop.example>", accepted=("a@b.example",))
SENT = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("receipt", "text"),
    [
        (RECEIPT, "sent as <1@shop.example>"),
        (replace(RECEIPT, sent_at=SENT), "sent at 2026-11-23T10:15:00+00:00 as <1@shop.example>"),
        (replace(RECEIPT, answer="250 ok"), "sent as <1@shop.example>; the server answered: 250 ok"),
    ],
)
def test_nothing_is_said_of_what_is_not_known(receipt: Receipt, text: str) -> None:
    assert _circumstances(replace(receipt, sent_at=receipt.sent_at)) == text


@pytest.mark.parametrize(
    ("content", "message_id"),
    [
        (b"Message-ID: <1@x>\r\n\r\n", "<1@x>"),
        (b"Subject: x\r\nmessage-id:<1@x>\r\n\r\n", "<1@x>"),
        (b"Message-ID: <\xff@x>\r\n\r\n", "<\ufffd@x>"),
        (b"Subject: x\r\n\r\nbody", None),
    ],
)
def test_a_message_says_its_number(content: bytes, message_id: str | None) -> None:
    assert _id_of(content) == message_id


@pytest.mark.parametrize(
    "name",
    [
        *("received", "return-path", "old-return-path", "delivered-to", "envelope-to", "delivery-date"),
        *(
            "dkim-signature",
            "domainkey-signature",
            "authentication-results",
            "authentication-results-original",
        ),
        *(
            "received-spf",
            "arc-seal",
            "arc-message-signature",
            "dkim-filter",
            "dmarc-filter",
            "openarc-filter",
        ),
        *("status", "lines", "content-length", "x-status", "x-keywords", "x-account-key", "x-evolution"),
        *("x-evolution-source", "x-received", "x-original-to", "x-delivered-to", "x-envelope-from"),
        *("x-envelope-to", "x-originating-ip", "x-mailfrom", "x-rcptto", "x-uid", "x-uidl", "x-sieve"),
        *("x-apparently-to", "x-authentication-warning", "x-fetchmail-warning", "x-forwarded-encrypted"),
        *(
            "x-rcpt-to",
            "x-return-path",
            "x-spam",
            "x-spam-status",
            "x-microsoft-antispam",
            "x-gm-message-state",
        ),
        *("x-ms-exchange-x", "x-virus-scanned", "x-yahoo", "x-yahoofilteredbulk", "x-eopattributedmessage"),
        *("x-esetid", "x-trendmicro-x", "x-incominghost", "x-ui-filterresults", "x-rspamd-server"),
    ],
)
def test_each_field_of_a_server_is_known(name: str) -> None:
    assert _TRACE.fullmatch(name)
    assert not _TRACE.fullmatch(f"x{name}")
    assert not _TRACE.fullmatch(f"{name}\n")


@pytest.mark.parametrize(
    "name", ["from", "subject", "to", "x-customer", "x-priority", "resent-from", "sender", "date"]
)
def test_a_field_of_the_sender_is_none_of_them(name: str) -> None:
    assert not _TRACE.fullmatch(name)


@pytest.mark.parametrize(
    ("head", "names"),
    [
        (b"", []),
        (b"A: b\r\nC-d: e\r\n f\r\n", ["a", "c-d"]),
        (b"A: b\r\n\r\n", None),
        (b"A b\r\n", None),
        (b"A: b", None),
        (b" A: b\r\n", None),
        (b"A: b\r\n" * 1_000, ["a"] * 1_000),
        (b"A: b\r\n" * 1_001, None),
    ],
)
def test_what_stands_in_front_is_all_fields(head: bytes, names: list[str] | None) -> None:
    assert _names(head) == names
