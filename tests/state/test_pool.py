"""Nothing outlives a message in a render process either."""

from __future__ import annotations

import email
import json
from typing import Any

from ondemand_attach import MessageBuilder, RenderPool
from state import features
from state.probes import CUSTOMERS, SEED, load, look, remember

KINDS = ("pdf", "drawn", "files", "signed")


def looked(pool: RenderPool) -> dict[str, Any]:
    builder = MessageBuilder().sender("a@shop.example").subject("s").text("t").attach(look, filename="a.json")
    message = email.message_from_bytes(pool.build(builder, {}, to="jane@example.com").content)
    return json.loads(message.get_payload()[-1].get_payload(decode=True))


def test_no_object_of_a_render_process_holds_anything_of_a_customer_afterwards() -> None:
    pool = RenderPool(time_limit=300, memory_limit=2 << 30, initializer=load)
    for name in KINDS:
        for who in (features.customer(number, SEED) for number in range(CUSTOMERS)):
            for _ in range(2):
                made = pool.build(features.BUILDERS[name](), who.context, to=who.address)
                assert made.parts or name == "signed"
    told = looked(pool)
    assert told["found"] == []
    assert told["looked at"] > 50_000
    card = features.customer(1, SEED).context["card"]
    keeping = (
        MessageBuilder().sender("a@shop.example").subject("s").text("t").attach(remember, filename="a.txt")
    )
    pool.build(keeping, {"number": card}, to="jane@example.com")
    assert [kind for kind, _ in looked(pool)["found"]] == ["int"]
