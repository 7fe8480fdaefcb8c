"""MemoryTransport: keeps what was sent, for tests."""

from __future__ import annotations

from ondemand_attach._given import checked
from ondemand_attach._message import Message, Receipt
from ondemand_attach._seal import at_work
from ondemand_attach.errors import TransportError
from ondemand_attach.transports._receipt import accepted_for_all


class MemoryTransport:
    """Keeps the messages instead of sending them, for tests.

    Attributes:
        messages: what was sent, in this order.
    """

    capabilities = frozenset({"RAW_MIME"})

    def __init__(self) -> None:
        self.messages: list[Message] = []

    @at_work(TransportError)
    @checked
    def send(self, message: Message, /) -> Receipt:
        """Keep *message* and accept every recipient.

        Raises:
            TransportError: it is no message.
        """
        self.messages.append(message)
        return accepted_for_all(message)

    def __repr__(self) -> str:
        return f"<MemoryTransport with {len(self.messages)} messages>"
