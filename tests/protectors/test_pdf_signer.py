"""What is given for a key in a token reaches the token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ondemand_attach import MailError, PdfSigner
from protectors.samples import certify, rsa_key


class Token:
    """Stands in for a key in a token, which needs a device."""

    asked: dict[str, Any]

    def __init__(self, module: str, *, token: str, pin: Callable[[], str], label: str) -> None:
        Token.asked = {"module": module, "token": token, "pin": pin(), "label": label}

    def certificate(self) -> bytes:
        raise LookupError("of the token")


def test_the_token_is_asked_with_the_pin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ondemand_attach.protectors._pkcs11.TokenKey", Token)
    with pytest.raises(MailError):
        PdfSigner.from_pkcs11(
            "/lib/maker.so", token="shop", key="mails", pin=lambda: "1234", certificate=certify(rsa_key())
        )
    assert Token.asked == {"module": "/lib/maker.so", "token": "shop", "pin": "1234", "label": "mails"}
