"""Whom a message is for decides whether it was sent, whatever became of copies."""

from __future__ import annotations

import copy
import itertools
import pickle
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from ondemand_attach import (
    Address,
    Envelope,
    Mailer,
    Message,
    MessageBuilder,
    Receipt,
    Refusal,
    SmtpTransport,
)
from ondemand_attach._addresses import ByAddress
from ondemand_attach.errors import RecipientsRefusedError, TransportError
from ondemand_attach.testing import SmtpSink
from transports.peers import ScriptedServer, in_turn, made, says

GROUPS = {
    "to": ("ann@example.com", "bob@example.com"),
    "cc": ("clerk@example.com",),
    "bcc": ("archive@shop.example", "audit@shop.example"),
}
GONE = Refusal(code=550, enhanced_code="5.1.1")
LATER = Refusal(code=450, enhanced_code="4.2.1")


def builder_for(groups: Mapping[str, tuple[str, ...]]) -> MessageBuilder:
    builder = MessageBuilder().sender("shop@shop.example").subject("Order").text("Thank you.")
    return builder.to(*groups["to"]).cc(*groups["cc"]).bcc(*groups["bcc"])


def message_for(groups: Mapping[str, tuple[str, ...]]) -> Message:
    return builder_for(groups).build({})


def choices() -> Iterator[dict[str, tuple[str, ...]]]:
    for sizes in itertools.product(range(3), range(2), range(3)):
        if any(sizes):
            yield {name: GROUPS[name][:size] for name, size in zip(GROUPS, sizes, strict=True)}


def whom(groups: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return groups["to"] or groups["cc"] or groups["bcc"]


def subsets(names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for size in range(len(names) + 1):
        yield from itertools.combinations(names, size)


@pytest.mark.parametrize(
    "groups", list(choices()), ids=lambda groups: "-".join(str(len(g)) for g in groups.values())
)
def test_every_choice_of_recipients_and_refusals_over_smtp(groups: dict[str, tuple[str, ...]]) -> None:
    everyone = tuple(itertools.chain(*groups.values()))
    with SmtpSink() as sink, SmtpTransport(sink.url) as transport:
        mailer = Mailer(transport)
        for refused in subsets(everyone):
            sink.refused = refused
            sink.deliveries.clear()
            if set(whom(groups)) <= set(refused):
                with pytest.raises(RecipientsRefusedError) as caught:
                    mailer.send(builder_for(groups), {})
                assert not caught.value.is_temporary
                assert caught.value.refused == dict.fromkeys(refused, GONE)
                assert set(caught.value.accepted) == set(everyone) - set(refused)
                assert sink.deliveries == []  # so no copy is kept of what was not sent
            else:
                receipt = mailer.send(builder_for(groups), {})
                assert dict(receipt.refused) == dict.fromkeys(refused, GONE)
                (delivery,) = sink.deliveries
                assert set(delivery.recipients) == set(receipt.accepted) == set(everyone) - set(refused)


def test_who_is_in_to_as_well_as_in_bcc_gets_no_copy_only() -> None:
    message = message_for(
        {"to": ("ann@example.com",), "cc": (), "bcc": ("ann@EXAMPLE.com", "x@shop.example")}
    )
    assert [one.addr_spec for one in message.envelope.primary] == ["ann@example.com"]
    assert [one.addr_spec for one in message.envelope.copies] == ["x@shop.example"]


def test_an_envelope_made_by_hand_is_for_everyone_unless_it_says_otherwise() -> None:
    ann, archive = Address(addr_spec="ann@example.com"), Address(addr_spec="archive@shop.example")
    assert Envelope(sender=None, recipients=(ann, archive)).primary == (ann, archive)
    assert Envelope(sender=None, recipients=(ann, archive), copies=(archive,)).primary == (ann,)
    assert Envelope(sender=None, recipients=(archive,), copies=(archive,)).primary == (archive,)
    kept = pickle.loads(pickle.dumps(Envelope(sender=None, recipients=(ann, archive), copies=(archive,))))
    assert kept.primary == (ann,)


@pytest.mark.parametrize("offers", [[], [b"PIPELINING"]], ids=["one by one", "pipelined"])
@pytest.mark.parametrize(
    ("answers", "is_temporary"),
    [
        (["550 5.1.1", "250"], False),
        (["450 4.2.1", "250"], True),
        (["550 5.1.1", "450 4.2.1"], False),  # a copy that could be taken later is no reason to try again
        (["450 4.2.1", "550 5.1.1"], True),
    ],
)
def test_the_server_is_not_sent_the_data_of_a_message_for_which_only_a_copy_is_accepted(
    answers: list[str], is_temporary: bool, offers: list[bytes]
) -> None:
    message = message_for({"to": ("ann@example.com",), "cc": (), "bcc": ("archive@shop.example",)})
    script = {"rcpt": in_turn(*(says(f"{answer} x\r\n".encode()) for answer in answers))}
    with ScriptedServer(script, clear_offers=offers) as server:
        with SmtpTransport(f"smtp://localhost:{server.port}") as transport:
            with pytest.raises(RecipientsRefusedError) as caught:
                transport.send(message)
    assert caught.value.is_temporary == is_temporary
    assert caught.value.code == int(answers[0][:3])
    assert b"DATA" not in server.commands
    assert server.contents == []


def test_without_copies_data_goes_along_with_the_other_commands() -> None:
    received: list[bytes] = []

    def first(wire: Any) -> None:
        received.append(bytes(wire.pending))
        wire.say(b"250 ok\r\n")

    for recipients in (("ann@example.com",), ("ann@example.com", "bob@example.com")):
        with ScriptedServer({"mail": first}, clear_offers=[b"PIPELINING"]) as server:
            with SmtpTransport(f"smtp://localhost:{server.port}") as transport:
                transport.send(made(recipients=recipients))
    assert [pending.endswith(b"DATA\r\n") for pending in received] == [True, True]


# any transport

MESSAGE = message_for({"to": ("ann@bücher.example",), "cc": (), "bcc": ("archive@shop.example",)})
ANN, ASCII_ANN, ARCHIVE = "ann@bücher.example", "ann@xn--bcher-kva.example", "archive@shop.example"


def delivered(**receipt: Any) -> Receipt:
    return Mailer(lambda message: Receipt(message_id=message.message_id, **receipt)).deliver(MESSAGE)


@pytest.mark.parametrize(
    "receipt",
    [
        {"accepted": (ANN, ARCHIVE)},
        {"accepted": (ASCII_ANN,), "refused": {ARCHIVE: GONE}},
        {"accepted": ("ANN@BÜCHER.example",), "refused": {ARCHIVE: GONE}},
        {"accepted": (ANN,), "refused": {ANN: GONE}},
        {"accepted": ()},
        {"accepted": ("somebody@else.example",)},
        {"accepted": (), "refused": {ARCHIVE: GONE}},
    ],
)
def test_a_receipt_that_does_not_say_otherwise_is_believed(receipt: dict[str, Any]) -> None:
    assert delivered(**receipt).accepted == receipt["accepted"]


@pytest.mark.parametrize(
    ("refusal", "is_temporary", "code"),
    [
        (GONE, False, 550),
        (LATER, True, 450),
        ("550 ann@bücher.example is unknown", False, None),
        (None, False, None),
        (Refusal(code="550 ann"), False, None),  # type: ignore[arg-type]
        (Refusal(code=451, enhanced_code="for ann"), True, 451),
    ],
)
@pytest.mark.parametrize("spelt", [ANN, ASCII_ANN, "ANN@bücher.EXAMPLE"])
@pytest.mark.parametrize("accepted", [(), (ARCHIVE,)])
def test_a_receipt_by_which_all_were_refused_is_an_error_of_any_transport(
    refusal: Any, is_temporary: bool, code: int | None, spelt: str, accepted: tuple[str, ...]
) -> None:
    with pytest.raises(RecipientsRefusedError) as caught:
        delivered(accepted=accepted, refused={spelt: refusal})
    error = caught.value
    assert (error.is_temporary, error.is_uncertain, error.code) == (is_temporary, False, code)
    assert error.accepted == accepted
    assert set(error.refused) == {ANN}
    assert "ann" not in f"{error} {error!r} {error.enhanced_code}"


SPELLINGS = [
    *(
        "Gone@bücher.example",
        "Gone@BÜCHER.Example",
        "Gone@xn--bcher-kva.example",
        "Gone@XN--BCHER-KVA.example",
    ),
    *("Ann Gone <Gone@Bücher.example>", '"Gone, Ann" <Gone@bücher.example>'),
]


@pytest.mark.parametrize("given", SPELLINGS)
@pytest.mark.parametrize("asked", SPELLINGS)
def test_who_was_refused_is_found_by_the_address_that_was_given(given: str, asked: str) -> None:
    builder = MessageBuilder().sender("shop@shop.example").subject("Order").text("Thank you.")
    with SmtpSink(refused=["Gone@xn--bcher-kva.example"]) as sink, SmtpTransport(sink.url) as transport:
        receipt = Mailer(transport).send(builder, {}, to=[given, "ann@example.com"])
        with pytest.raises(RecipientsRefusedError) as caught:
            Mailer(transport).send(builder, {}, to=given)
    for refused in (receipt.refused, caught.value.refused, copy.copy(receipt).refused):
        assert asked in refused
        assert (refused[asked], refused.get(asked)) == (GONE, GONE)
        assert list(refused) == ["Gone@bücher.example"]
        assert refused == {"Gone@bücher.example": GONE}
    assert pickle.loads(pickle.dumps(receipt)).refused[asked] == GONE


@pytest.mark.parametrize("asked", ["gone@bücher.example", "Gone@example.com", "Gone", "", "a@b@c", None, 1])
def test_nobody_else_is_found(asked: Any) -> None:
    refused = ByAddress({"Gone@bücher.example": GONE})
    assert asked not in refused
    assert refused.get(asked) is None
    assert refused.get(asked, 1) == 1
    with pytest.raises(KeyError) as caught:
        _ = refused[asked]
    assert caught.value.args == ()


def test_spellings_of_another_transport_are_found_as_well() -> None:
    receipt = delivered(accepted=(ANN,), refused={"Archive@SHOP.example": GONE})
    assert receipt.refused["Archive@shop.example"] == GONE


@pytest.mark.parametrize("spelt", [f"<{ANN}>", f"Ann <{ANN}>", f" {ANN}", f"mailto:{ANN}"])
def test_a_receipt_that_names_nobody_of_the_envelope_is_uncertain(spelt: str) -> None:
    with pytest.raises(TransportError, match="only of others") as caught:
        delivered(accepted=(), refused={spelt: GONE})
    assert caught.value.is_uncertain


def test_whoever_was_accepted_may_come_one_after_the_other() -> None:
    receipt = delivered(accepted=(address for address in (ANN, ARCHIVE)), refused={})
    assert receipt.accepted == (ANN, ARCHIVE)


@pytest.mark.parametrize("refused", [{}, {"somebody@else.example": GONE}])
def test_a_receipt_that_names_copies_only_is_uncertain(refused: dict[str, Any]) -> None:
    with pytest.raises(TransportError, match="only of others") as caught:
        delivered(accepted=(ARCHIVE,), refused=refused)
    assert caught.value.is_uncertain
    assert not caught.value.is_temporary


@pytest.mark.parametrize(
    "receipt",
    [{"refused": [ANN]}, {"accepted": None}, {"accepted": 1}, {"accepted": ANN}, {"refused": None}],
)
def test_a_receipt_that_cannot_be_read_is_one_typed_error(receipt: dict[str, Any]) -> None:
    with pytest.raises(TransportError) as caught:
        delivered(**receipt)
    assert caught.value.is_uncertain


@pytest.mark.parametrize("message_id", [None, b"<1@shop.example>", 1])
def test_a_receipt_that_does_not_name_the_message_is_uncertain(message_id: Any) -> None:
    with pytest.raises(TransportError, match="message_id in the receipt") as caught:
        Mailer(lambda _: Receipt(message_id=message_id)).deliver(MESSAGE)
    assert caught.value.is_uncertain


def test_the_log_shows_a_partial_refusal_at_a_level_that_is_seen(caplog: pytest.LogCaptureFixture) -> None:
    delivered(accepted=(ANN,), refused={ARCHIVE: GONE})
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "1 accepted, 1 refused" in caplog.text
    assert "archive" not in caplog.text
