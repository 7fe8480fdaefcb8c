"""Nothing that builds or sends raises a `ConfigurationError`: by then nobody is wiring, and nobody looks there."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from at_work_plugs import LETTER, TO, badly_proven, lack, made_here, protected, wire
from ondemand_attach import (
    Mailer,
    MemoryTransport,
    MessageBuilder,
    PdfEncryptor,
    RenderPool,
)
from ondemand_attach.errors import (
    ConfigurationError,
    EncryptionError,
    GenerationError,
    MailError,
    MessageError,
    ProofError,
    SigningError,
    TransportError,
)
from transports.peers import made

Failing = Callable[..., Any]
BUILDERS: dict[str, tuple[Callable[[Failing], MessageBuilder], type[MailError]]] = {
    "generator": (lambda fail: LETTER.attach(fail, filename="a.txt"), GenerationError),
    "encryptor": (
        lambda fail: LETTER.attach(made_here, filename="a.txt", encryptor=fail),
        EncryptionError,
    ),
    "signer": (lambda fail: LETTER.attach(made_here, filename="a.txt", signer=fail), SigningError),
    "password": (
        lambda fail: LETTER.attach(made_here, filename="a.pdf", encryptor=PdfEncryptor(password=fail)),
        EncryptionError,
    ),
    "proof": (
        lambda _: LETTER.attach(made_here, filename="a.txt", encryptor=badly_proven),
        ProofError,
    ),
    "encryptor of the message": (lambda fail: LETTER.whole_message(encryptor=fail), EncryptionError),
    "signer of the message": (lambda fail: LETTER.whole_message(signer=fail), SigningError),
    "filter": (
        lambda fail: MessageBuilder(filters={"money": fail}).sender(TO).subject("{{ 1|money }}").text("x"),
        MailError,
    ),
    "delivery": (
        lambda fail: LETTER.generated_password("code", digits=16, delivery=fail).attach(
            made_here, filename="a.txt", encryptor=protected
        ),
        MailError,
    ),
}


def check(failure: MailError, kind: type[MailError]) -> None:
    assert isinstance(failure, kind)
    assert not isinstance(failure, ConfigurationError)
    assert not failure.is_temporary
    assert (failure.__cause__, failure.__context__) == (None, None)


@pytest.mark.parametrize("fail", [wire, lack])
@pytest.mark.parametrize("plug", BUILDERS)
def test_a_part_of_the_application_that_wires_while_it_works(plug: str, fail: Failing) -> None:
    make, kind = BUILDERS[plug]
    builder = make(fail)
    mailer = Mailer(MemoryTransport())
    for work in (builder.build, lambda *args, **kwargs: mailer.send(builder, *args, **kwargs)):
        with pytest.raises(MailError) as caught:
            work({}, to=TO)
        check(caught.value, kind)
    with pytest.raises(MailError) as caught:
        asyncio.run(mailer.asend(builder, {}, to=TO))
    check(caught.value, kind)


@pytest.mark.parametrize("plug", ["generator", "encryptor", "signer", "password", "filter"])
def test_likewise_in_a_render_process(plug: str) -> None:
    make, kind = BUILDERS[plug]
    with RenderPool(time_limit=60) as pool, pytest.raises(MailError) as caught:
        pool.build(make(wire), {}, to=TO)
    check(caught.value, kind)


def test_what_is_wired_wrongly_and_is_seen_only_in_the_data_is_an_error_of_the_message() -> None:
    class Order:
        __annotations__ = {"name": "Nowhere"}

        def __init__(self) -> None:
            self.name = "x"

    import dataclasses

    context = dataclasses.dataclass(Order)()
    with pytest.raises(MailError) as caught:
        LETTER.build(context, to=TO)
    check(caught.value, MessageError)


@pytest.mark.parametrize("fail", [wire, lack])
def test_a_transport_that_wires_while_it_works(fail: Failing) -> None:
    for work in (Mailer(fail).deliver, lambda message: Mailer(fail).send(LETTER, {}, to=TO)):
        with pytest.raises(TransportError, match="wired at work") as caught:
            work(made())
        check(caught.value, TransportError)


def test_a_message_that_needs_another_transport_is_no_error_of_wiring() -> None:
    builder = LETTER.whole_message(signer=lambda document, _: document)
    mailer = Mailer(lambda message: None)  # type: ignore[arg-type, return-value]
    with pytest.raises(TransportError, match="RAW_MIME") as caught:
        mailer.send(builder, {}, to=TO)
    check(caught.value, TransportError)


def test_the_debug_switch_shows_what_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONDEMAND_ATTACH_INSECURE_DEBUG", "1")
    with pytest.raises(GenerationError) as caught:
        LETTER.attach(wire, filename="a.txt").build({}, to=TO)
    assert "raise ConfigurationError" in "".join(traceback.format_exception(caught.value))
