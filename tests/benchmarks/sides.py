"""The ways to make a message with one key, and the stages they go through."""

from __future__ import annotations

import contextlib
import datetime
import email.policy
import functools
from collections.abc import Callable, Sequence
from pathlib import Path

import by_hand
import credentials
import proof
import sink
import traffic
from clock import Prepare, Work
from library import Library, document_of

from ondemand_attach import Address, Attachment, _mime

Stage = Callable[["Sides", traffic.Event, bytes], Sequence[Work]]
"""Returns for an event with its PDF the work of the library, by hand and, if it differs, by hand, kept."""


_WARM_UP = 5

GOALS = {"by hand, key kept": 6.5, "WeasyPrint by hand": 12.0}
"""Of a whole message with RSA-2048, beside the goals against xhtml2pdf by hand."""


class Sides:
    """The library, and the others by what they are called."""

    def __init__(self, kind: str, pkcs12: Path, port: int, fonts: dict[str, Path]) -> None:
        self.kind, self.port, self.certificate = kind, port, credentials.certificate(pkcs12)
        self.library = Library(pkcs12, port)
        self.hand = by_hand.ByHand(pkcs12, port, fonts)
        self.kept = by_hand.ByHandKept(pkcs12, port, fonts)
        self.by_hand: dict[str, by_hand.ByHand] = {
            "by hand": self.hand,
            "by hand, key kept": by_hand.ByHandKeptKey(pkcs12, port, fonts),
            "by hand, key and SMTP kept": self.kept,
        }
        with contextlib.suppress(ImportError, OSError):  # it needs Pango of the system
            from by_weasyprint import ByWeasyPrint

            self.by_hand["WeasyPrint by hand"] = ByWeasyPrint(pkcs12, port, fonts)

    def warm_up(self, events: Sequence[traffic.Event]) -> None:
        """Let the library send *events*; the others, which keep nothing of a document, send some of them."""
        for number, event in enumerate(events):
            self.library.run(event)
            for hand in self.by_hand.values() if number < _WARM_UP else ():
                hand.run(event)

    def check(self, event: traffic.Event) -> None:
        """Let each side send its message, open what arrived, and compare what can be read in it."""
        texts = {"the library": self._arrived(self.library.run, event)}
        texts |= {name: self._arrived(hand.run, event) for name, hand in self.by_hand.items()}
        texts.pop("WeasyPrint by hand", None)  # breaks lines elsewhere, and its pages too
        assert len(set(texts.values())) == 1, "the documents do not say the same"

    def close(self) -> None:
        self.library.mailer.close()
        self.kept.smtp.close()

    def _arrived(self, run: Callable[[traffic.Event], None], event: traffic.Event) -> str:
        run(event)
        return proof.readable(sink.last_message(self.port), event, self.certificate)


def whole(sides: Sides, hands: Sequence[by_hand.ByHand], event: traffic.Event) -> Sequence[Work]:
    """Return the work of the library and then of each of *hands*."""
    return lambda: sides.library.run(event), *(functools.partial(hand.run, event) for hand in hands)


def bound(stage: Stage, one: Sides, plain: dict[str, bytes]) -> Prepare:
    """Return the work of *stage* for an event, given the PDF for each number of an order."""
    return lambda event: stage(one, event, plain[event["order"]["number"]])


def render(sides: Sides, event: traffic.Event, _: bytes) -> Sequence[Work]:
    request = sides.library.request(event)
    return lambda: sides.library.generator.generate(request), lambda: sides.hand.render(event)


def encrypt(sides: Sides, event: traffic.Event, pdf: bytes) -> Sequence[Work]:
    request, document = sides.library.request(event), document_of(pdf)
    passphrase = event["customer"]["passphrase"]
    return (
        lambda: sides.library.encryptor.encrypt(document, request).content,
        lambda: sides.hand.encrypt(pdf, passphrase),
    )


def sign(sides: Sides, event: traffic.Event, pdf: bytes) -> Sequence[Work]:
    request, passphrase = sides.library.request(event), event["customer"]["passphrase"]
    ours = sides.library.encryptor.encrypt(document_of(pdf), request)
    theirs = sides.hand.encrypt(pdf, passphrase)
    return (
        lambda: sides.library.signer.sign(ours, request),
        lambda: sides.hand.sign(theirs, passphrase),
        lambda: sides.kept.sign(theirs, passphrase),
    )


def encrypt_and_sign(sides: Sides, event: traffic.Event, pdf: bytes) -> Sequence[Work]:
    request, document = sides.library.request(event), document_of(pdf)
    passphrase = event["customer"]["passphrase"]
    encryptor, signer = sides.library.encryptor, sides.library.signer
    return (
        lambda: signer.sign(encryptor.encrypt(document, request), request),
        lambda: sides.hand.sign(sides.hand.encrypt(pdf, passphrase), passphrase),
        lambda: sides.kept.sign(sides.kept.encrypt(pdf, passphrase), passphrase),
    )


def mime(sides: Sides, event: traffic.Event, pdf: bytes) -> Sequence[Work]:
    library, hand = sides.library, sides.hand
    request = library.request(event)
    subject = request.render(traffic.SUBJECT, autoescape=False)
    text, html = request.render(template="order.txt", autoescape=False), request.render(template="order.html")
    sender, recipient = Address.parse(traffic.SENDER), Address.parse(event["customer"]["email"])
    attachment = Attachment(filename=request.filename, document=document_of(pdf), is_protected=True)

    def ours() -> bytes:
        now = datetime.datetime.now(datetime.UTC)
        headers = _mime.Headers(
            sender=sender, to=(recipient,), subject=subject, date=now, message_id="<1@shop.example>"
        )
        return _mime.serialise(headers, _mime.Body(text=text, html=html, attachments=(attachment,)))

    return ours, lambda: hand.mime(event, subject, text, html, pdf).as_bytes(policy=email.policy.SMTP)


def compose(sides: Sides, event: traffic.Event, pdf: bytes) -> Sequence[Work]:
    builder, to = sides.library.finished(pdf), event["customer"]["email"]
    return (
        lambda: builder.build(event, to=to),
        lambda: sides.hand.message(event, pdf).as_bytes(policy=email.policy.SMTP),
    )


def smtp(sides: Sides, event: traffic.Event, pdf: bytes) -> Sequence[Work]:
    to = event["customer"]["email"]
    message = sides.library.finished(pdf).build(event, to=to)
    content = sides.hand.message(event, pdf).as_bytes(policy=email.policy.SMTP)

    def by_hand_anew() -> None:
        with sides.hand.connection() as connection:
            connection.sendmail("orders@shop.example", [to], content)

    return (
        lambda: sides.library.transport.send(message),
        by_hand_anew,
        lambda: sides.kept.smtp.sendmail("orders@shop.example", [to], content),
    )


STAGES: dict[str, Stage] = {
    "render": render,
    "encrypt": encrypt,
    "sign": sign,
    "encrypt and sign": encrypt_and_sign,
    "MIME": mime,
    "bodies, boundary and MIME": compose,
    "SMTP": smtp,
}

DOING_MORE = {"bodies, boundary and MIME"}
"""Stages with a part that nobody does by hand."""
