"""A shop that engraves jewellery: its company certificate, its mail server, its one kind of e-mail."""

from __future__ import annotations

from importlib import resources
from typing import Any, Self

from ondemand_attach import Mailer, MessageBuilder, PdfEncryptor, PdfSigner, SmtpTransport, Xhtml2PdfGenerator
from ondemand_attach.testing import SmtpSink, loopback_tls, self_signed

_HERE = "package:ondemand_attach.demo"


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
            .image(
                "logo", resources.files("ondemand_attach.demo").joinpath("templates/logo.png").read_bytes()
            )
            .confidential("customer", "payment", "order.items_ordered", "order.total")
            .public("customer.first_name")
            .attach(
                Xhtml2PdfGenerator(template="templates/order.pdf.html"),
                filename="order-{{ order.number }}.pdf",
                encryptor=PdfEncryptor(password="{{ customer.passphrase }}"),  # noqa: S106 - a template
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
