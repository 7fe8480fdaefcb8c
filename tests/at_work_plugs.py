"""Parts of an application that wire while they work, where render processes find them."""

from __future__ import annotations

from typing import Any

from ondemand_attach import Document, MessageBuilder
from ondemand_attach.errors import ConfigurationError, MissingDependencyError

LETTER = MessageBuilder().sender("shop@shop.example").subject("Order").text("Thank you.")
TO = "jane@example.com"


def wire(*_: Any, **__: Any) -> Any:
    raise ConfigurationError("wired at work")


def lack(*_: Any, **__: Any) -> Any:
    raise MissingDependencyError("wired at work")


def made_here(_: Any) -> Document:
    return Document(content=b"x", media_type="text/plain")


def protected(document: Document, _: Any) -> Document:
    return Document(content=document.content[::-1] + b"y", media_type="text/plain")


def badly_proven(document: Document, _: Any) -> Document:
    return Document(content=b"y", media_type="text/plain", proof=wire)
