"""The receipts of transports."""

from __future__ import annotations

from ondemand_attach._message import Message, Receipt


def accepted_for_all(message: Message, answer: str | None = None, provider_id: str | None = None) -> Receipt:
    """Return a receipt in which nobody was refused."""
    accepted = tuple(recipient.addr_spec for recipient in message.envelope.recipients)
    return Receipt(message_id=message.message_id, accepted=accepted, answer=answer, provider_id=provider_id)
