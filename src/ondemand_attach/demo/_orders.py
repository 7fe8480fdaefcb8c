"""The customers of the demo and what they buy; all of it invented."""

from __future__ import annotations

import datetime
import itertools
import random
from collections.abc import Iterator
from typing import Any

_PEOPLE = [
    "Zoë Lindström",
    "Jiří Dvořák",
    "Ελένη Παπαδοπούλου",
    "Алексей Смирнов",
    "Mária Szűcs",
    "Seán Ó Briain",
]
_PIECES = [("Signet ring, 18 ct gold", 640), ("Locket, sterling silver", 185), ("Bangle, rose gold", 420)]
_WORDS = ["amber", "kettle", "violin", "meadow", "cobalt", "walnut", "ferry", "lantern", "saffron", "glacier"]


def orders(count: int) -> Iterator[dict[str, Any]]:
    """Make up *count* order events, each with a customer of its own; the same ones every time."""
    chance = random.Random(2026)  # noqa: S311 - invented customers, no secrets
    for number, name in zip(range(1, count + 1), itertools.cycle(_PEOPLE)):
        bought = chance.sample(_PIECES, 2)
        items = [
            {
                "name": piece,
                "engraving": f"for {chance.choice(_PEOPLE)} – {chance.choice(_WORDS)} {number}",
                "price": price,
            }
            for piece, price in bought
        ]
        yield {
            "order": {
                "number": f"GG-{40_000 + number}",
                "placed": datetime.date(2026, 5, 4),
                "items_ordered": items,
                "total": sum(price for _, price in bought),
            },
            "customer": {
                "email": f"customer{number}@example.com",
                "first_name": name.split()[0],
                "name": f"{name} {chance.choice(_WORDS).title()}",
                "number": f"C{chance.randrange(10**7, 10**8)}",
                "street": f"{chance.randrange(100, 999)} {chance.choice(_WORDS).title()} Hill Road",
                "city": f"{chance.randrange(10000, 99999)} Port {chance.choice(_WORDS).title()}",
                "passphrase": "-".join([*chance.sample(_WORDS, 3), str(chance.randrange(1000, 9999))]),
            },
            "payment": {
                "iban": f"DE{chance.randrange(10**19, 10**20)}",
                "mandate": f"M-{chance.randrange(10**9, 10**10)}",
            },
        }
