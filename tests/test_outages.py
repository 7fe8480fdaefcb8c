"""An outage of a service that the application's own code asks is temporary; a bug in it is not."""

from __future__ import annotations

import errno
import socket
import urllib.error
from collections.abc import Callable
from typing import Any

import pytest

from ondemand_attach import (
    AttachmentRequest,
    Document,
    MessageBuilder,
    OpenPgpEncryptor,
    PdfEncryptor,
    SmimeEncryptor,
    ZipEncryptor,
)
from ondemand_attach.errors import MailError
from protectors.samples import order

LETTER = MessageBuilder().sender("orders@shop.example").subject("Order").text("Hello.")


def document(_: AttachmentRequest) -> Document:
    return Document(content=b"a,b", media_type="text/csv")


def letter(_: AttachmentRequest) -> Document:
    return order()


def kinds(fail: Callable[..., Any]) -> list[MessageBuilder]:
    def shown(_: object) -> str:
        return str(fail())

    return [
        LETTER.attach(fail, filename="a.csv"),
        LETTER.attach(document, filename="a.csv", encryptor=fail),
        LETTER.attach(document, filename="a.csv", signer=fail),
        MessageBuilder(filters={"shown": shown}).sender("o@shop.example").subject("x").text("{{ 1|shown }}"),
        LETTER.attach(document, filename="a.zip", encryptor=ZipEncryptor(password=fail, name_inside="a.csv")),
        LETTER.attach(letter, filename="a.pdf", encryptor=PdfEncryptor(password=fail)),
        LETTER.attach(letter, filename="a.pdf", encryptor=PdfEncryptor(certificates=fail)),
        LETTER.whole_message(encryptor=SmimeEncryptor(certificates=fail)),
        LETTER.whole_message(encryptor=OpenPgpEncryptor(certificates=fail)),
    ]


@pytest.mark.parametrize("place", range(9))
@pytest.mark.parametrize(
    ("error", "is_temporary"),
    [
        (TimeoutError(), True),
        (ConnectionResetError(), True),
        (urllib.error.URLError("down"), True),
        (OSError(errno.EHOSTUNREACH, "x"), True),
        (socket.gaierror(socket.EAI_AGAIN, "x"), True),
        (FileNotFoundError(errno.ENOENT, "x"), False),
        (PermissionError(errno.EACCES, "x"), False),
        (KeyError("iban"), False),
        (ValueError("x"), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_a_service_that_is_down_raises_is_temporary(
    place: int, error: Exception, is_temporary: bool
) -> None:
    def fail(*_: object) -> Document:
        raise error

    with pytest.raises(MailError) as caught:
        kinds(fail)[place].build({}, to="jane@example.com")
    assert caught.value.is_temporary is is_temporary
