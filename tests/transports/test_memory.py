from __future__ import annotations

from ondemand_attach import MemoryTransport
from transports.peers import made


def test_messages_are_kept_in_order() -> None:
    transport = MemoryTransport()
    messages = [made(recipients=[f"{number}@shop.example", "all@shop.example"]) for number in range(3)]
    receipts = [transport.send(message) for message in messages]
    assert transport.messages == messages
    assert receipts[2].accepted == ("2@shop.example", "all@shop.example")
    assert receipts[2].refused == {}
    assert repr(transport) == "<MemoryTransport with 3 messages>"
