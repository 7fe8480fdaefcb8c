"""A shop that engraves jewellery: its company certificate, its mail server, its one kind of e-mail."""

from __future__ import annotations

import datetime
import decimal
import itertools
import random
from collections.abc import Iterator
from importlib import resources
from typing import Any, Self

from ondemand_attach import Mailer, MessageBuilder, PdfEncryptor, PdfSigner, SmtpTransport, Xhtml2PdfGenerator
from ondemand_attach.testing import SmtpSink, loopback_tls, self_signed

_HERE = "package:ondemand_attach.demo"
_PEOPLE = ["Zoë Lindström", "Jiří Dvořák", "Ελένη Παπαδοπούλου", "Алексей Смирнов", "Mária Szűcs", "Seán Ó Briain"]
_PIECES = [("Signet ring, 18 ct gold", 640), ("Locket, sterling silver", 185), ("Bangle, rose gold", 420)]
_WORDS = ["amber", "kettle", "violin", "meadow", "cobalt", "walnut", "ferry", "lantern", "saffron", "glacier"]


def orders(count: int) -> Iterator[dict[str, Any]]:
    """Make up *count* order events, each with a customer of its own; the same ones every time."""
    chance = random.Random(2026)  # noqa: S311 - invented customers, no secrets
    for number, name in zip(range(1, count + 1), itertools.cycle(_PEOPLE)):
        items = [
            {"name": piece, "engraving": f"for {chance.choice(_PEOPLE)} – {chance.choice(_WORDS)} {number}", "price": price}
            for piece, price in chance.sample(_PIECES, 2)
        ]
        yield {
            "order": {
                "number": f"GG-{40_000 + number}",
                "placed": datetime.date(2026, 5, 4),
                "items_ordered": items,
                "total": sum(decimal.Decimal(item["price"]) for item in items),
            },
            "customer": {
                "email": f"customer{number}@example.com",
                "first_name": name.split()[0],
                "name": f"{name} {chance.choice(_WORDS).title()}",
                "number": f"C{chance.randrange(10**7, 10**8)}",
                "street": f"{chance.randrange(100, 999)} {chance.choice(_WORDS).title()}-{chance.choice(_WORDS)} Road",
                "city": f"{chance.randrange(10000, 99999)} Port {chance.choice(_WORDS).title()}",
                "passphrase": "-".join([*chance.sample(_WORDS, 4), str(chance.randrange(1000, 9999))]),
            },
            "payment": {"iban": f"DE{chance.randrange(10**19, 10**20)}", "mandate": f"M-{chance.randrange(10**9, 10**10)}"},
        }


class Shop:
    """Everything that lives with the application: mailer, letterhead, key; and here the server too."""

    def __init__(self) -> None:
        key, self.certificate = self_signed("Garnet & Gold Ltd")
        server, client = loopback_tls()
        self.sink = SmtpSink(server)
        self.mailer = Mailer(SmtpTransport(self.sink.url, ssl_context=client))
        self.confirmation = (
            MessageBuilder(templates=_HERE)
            .sender("Garnet & Gold <orders@shop.example>")
            .subject("Your order {{ order.number }}")
            .html(template="templates/order.html")
            .image("logo", resources.files("ondemand_attach.demo").joinpath("templates/logo.png").read_bytes())
            .confidential("customer", "payment", "order.items_ordered", "order.total")
            .public("customer.first_name")
            .attach(
                Xhtml2PdfGenerator(template="templates/order.pdf.html"),
                filename="order-{{ order.number }}.pdf",
                encryptor=PdfEncryptor(password="{{ customer.passphrase }}"),
                signer=PdfSigner(key=key, certificate=self.certificate),
            )
        )

    def sell(self, event: dict[str, Any]) -> None:
        """The moment after checkout: the event happened, so the mail goes out."""
        self.mailer.send(self.confirmation, event, to=event["customer"]["email"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.mailer.close()
        self.sink.close()
