"""Invented order events: the same ones for the same seed."""

from __future__ import annotations

import decimal
import random
from pathlib import Path
from typing import Any

Event = dict[str, Any]

TEMPLATES = Path(__file__).parent / "templates"
SENDER = "Garnet & Gold <orders@shop.example>"
SUBJECT = "Your order {{ order.number }}"

_LATIN = [
    *("Maria Rossi", "Jean-Luc O'Connor", "José Álvarez Muñoz", "Søren Kierkegård", "Li Wei"),
    *("Zoë Lindström", "Anna-Maria von und zu Hohenzollern-Sigmaringen", "Müller & Söhne GmbH"),
]
_OTHER = [
    *("Jiří Dvořák", "Božena Němcová", "Łukasz Żółć", "Алексей Смирнов", "Ольга Петрова"),
    *("Ελένη Παπαδοπούλου", "Γιώργος Σεφέρης"),
]
_STREETS = ["Via Garibaldi", "Rue de la République", "Straße des 17. Juni"]
_GOODS = [
    *("Mug", "Gift card", "Cable 2 m", "Café crème 250 g", "Photo book (A4, 48 pages)", "Postage & packing"),
    "T-shirt, size XL, colour “navy”, 100% cotton, long sleeves and an embroidered monogram",
]
_WORDS = ["amber", "kettle", "violin", "meadow", "cobalt", "walnut", "ferry", "lantern", "saffron", "glacier"]


def varied(seed: int, count: int) -> list[Event]:
    """Return orders of 1 to 25 rows, few more often than many; a third of the names are not Latin-1."""
    chance = random.Random(seed)
    names = [chance.choice(_OTHER if number % 3 == 2 else _LATIN) for number in range(count)]
    return [_event(chance, name, min(25, 1 + int(chance.expovariate(0.15))), _GOODS) for name in names]


def uniform(seed: int, count: int) -> list[Event]:
    """Return orders that fill one page with 8 rows of short Latin text."""
    chance = random.Random(seed)
    return [_event(chance, "Maria Rossi", 8, ["Mug", "Cable 2 m"]) for _ in range(count)]


def long(seed: int, rows: int, count: int) -> list[Event]:
    """Return orders of exactly *rows* rows."""
    chance = random.Random(seed)
    return [_event(chance, chance.choice(_LATIN), rows, _GOODS) for _ in range(count)]


def _event(chance: random.Random, name: str, rows: int, goods: list[str]) -> Event:
    number = chance.randrange(10**7, 10**8)
    lines = [_line(chance, goods) for _ in range(rows)]
    customer = {
        "email": f"customer{number}@example.com",
        "first_name": name.split(maxsplit=1)[0],
        "name": f"{name} {chance.choice(_WORDS).title()}",
        "street": f"{chance.choice(_STREETS)} {chance.randrange(100, 999)}",
        "city": f"{chance.randrange(10**4, 10**5)} Port {chance.choice(_WORDS).title()}",
        "iban": f"DE{chance.randrange(10**19, 10**20)}",
        "policy": f"P-{chance.randrange(10**9, 10**10)}",
        "passphrase": "-".join([*chance.sample(_WORDS, 4), str(chance.randrange(1000, 9999))]),
    }
    total = f"€ {sum(decimal.Decimal(line['total']) for line in lines)}"
    order = {"number": f"GG-{number}", "date": "4 May 2026", "lines": lines, "total": total}
    return {"order": order, "customer": customer}


def _line(chance: random.Random, goods: list[str]) -> dict[str, Any]:
    quantity, price = chance.randrange(1, 4), decimal.Decimal(chance.randrange(100, 200_000)) / 100
    return {
        "sku": f"SKU-{chance.randrange(10**4, 10**5)}",
        "description": f"{chance.choice(goods)} {chance.choice(_WORDS)}",
        "quantity": quantity,
        "price": f"{price:.2f}",
        "total": f"{quantity * price:.2f}",
    }
