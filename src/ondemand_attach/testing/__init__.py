"""For the tests of applications: a real mail server on loopback, contract suites, throw-away certificates."""

from __future__ import annotations

from ondemand_attach._smtp_sink import Delivery, SmtpSink
from ondemand_attach.testing._certificates import loopback_tls, self_signed
from ondemand_attach.testing._contracts import (
    EncryptorContract,
    GeneratorContract,
    SignerContract,
    TransportContract,
    attachment_request,
)
from ondemand_attach.transports.memory import MemoryTransport

__all__ = [
    "Delivery",
    "EncryptorContract",
    "GeneratorContract",
    "MemoryTransport",
    "SignerContract",
    "SmtpSink",
    "TransportContract",
    "attachment_request",
    "loopback_tls",
    "self_signed",
]
