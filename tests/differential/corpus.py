"""Invented documents of many templates: the same ones for the same seed.

Each template takes what it prints from a `Story`. What decides about the structure – how many rows, which
blocks – comes from a few forms that recur, as in real traffic; every text is new.
"""

from __future__ import annotations

import base64
import datetime
import functools
import io
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import jinja2
from PIL import Image
from words import FOREIGN, LANGUAGES, MARKUP, ODD

TEMPLATES = Path(__file__).parent / "templates"
NAMES = tuple(sorted(path.stem for path in TEMPLATES.glob("*.html")))

FORMS = 5
_RECURRING = 0.8
_NAUGHTY: list[str] = json.loads(
    (Path(__file__).parents[1] / "data" / "blns.json").read_text(encoding="utf-8")
)


def documents(
    seed: int, count: int, names: tuple[str, ...] = NAMES, *, forms: int = FORMS
) -> Iterator[tuple[str, str]]:
    """Return *count* pairs of the name of a template and the HTML of a document, each template in its turn.

    Four in five documents have one of as many *forms* for each template.
    """
    templates = _templates()
    for number in range(count):
        name = names[number % len(names)]
        chance = random.Random(f"{seed} {number}")
        recurring = chance.random() < _RECURRING
        form = random.Random(f"{seed} {name} {chance.randrange(forms) if recurring else number}")
        yield name, templates.get_template(f"{name}.html").render(story=Story(form, chance))


@functools.cache
def _templates() -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(TEMPLATES)
    return jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)


class Story:
    """What one document says.

    Args:
        form: decides about its structure.
        chance: decides about its texts.
    """

    def __init__(self, form: random.Random, chance: random.Random) -> None:
        self._form, self._chance = form, chance
        self._words = LANGUAGES[chance.choice(["en", "en", "en", *LANGUAGES])]
        self._spoil = chance.choices(list(_SPOILERS), weights=[weight for weight, _ in _SPOILERS.values()])[0]
        self._said = [self.title()]
        self.name, self.company = self.person(), self.firm()
        self.street, self.city = self.address(), self.town()

    # The structure

    def rows(self, low: int, high: int) -> range:
        """Return numbers to go through, few more often than many."""
        return range(min(high, low + int(self._form.expovariate(3 / (high - low + 1)))))

    def maybe(self, share: float = 0.5) -> bool:
        return self._form.random() < share

    def one_of(self, *choices: str) -> str:
        """Return a choice that shows in the markup: a class, a style."""
        return self._form.choice(choices)

    # Texts

    def text(self, low: int = 1, high: int = 0) -> str:
        """Return *low* to *high* words, or *low* if there is no *high*; now and then something odd."""
        if self._chance.random() < 0.03:
            return self._chance.choice(self._said)
        said = self._spoilt(" ".join(self.word() for _ in range(self._chance.randint(low, high or low))))
        self._said.append(said)
        return said

    def title(self) -> str:
        """Return one to three words, always some."""
        return " ".join(self.word() for _ in range(self._chance.randint(1, 3))).capitalize()

    def word(self) -> str:
        return self._chance.choice(self._words)

    def person(self) -> str:
        return self._spoilt(f"{self.word()} {self.word()}".title())

    def firm(self) -> str:
        ending = self._chance.choice(["Ltd", "GmbH & Co. KG", "s.r.o.", "“Partners”", "S.p.A.", "<Group>"])
        return f"{self.word().title()} {ending}"

    def address(self) -> str:
        return self._spoilt(f"{self.word().title()} {self.number(1, 400)}")

    def town(self) -> str:
        return f"{self.number(10_000, 99_999)} {self.word().title()}"

    def number(self, low: int = 0, high: int = 1000) -> int:
        return self._chance.randint(low, high)

    def amount(self, high: int = 5000) -> str:
        return f"{self._chance.randint(-high, 100 * high) / 100:,.2f}"

    def money(self, high: int = 5000) -> str:
        return self._chance.choice(["€ {}", "{} €", "£{}", "{}\xa0Kč", "{} zł"]).format(self.amount(high))

    def date(self) -> str:
        day = datetime.date(2026, 1, 1) + datetime.timedelta(days=self.number(0, 700))
        return f"{day:{self._chance.choice(['%Y-%m-%d', '%d.%m.%Y', '%d %B %Y'])}}"

    def time(self) -> str:
        return f"{self.number(0, 23):02}:{self.number(0, 59):02}"

    def code(self, letters: str = "ABCDEFGHJKLMNPQRSTUVWXYZ") -> str:
        return self._chance.choice(letters) + str(self.number(10**6, 10**7 - 1))

    def address_of(self, page: str) -> str:
        return f"https://shop.example/{page}?id={self.number(1, 10**6)}&lang=cs"

    # Pictures

    def picture(self, width: int = 60, height: int = 20, color: str = "teal") -> str:
        """Return the address of a picture that is the same in every document."""
        return _address(Image.new("RGB", (width, height), color))

    def matrix(self) -> str:
        """Return the address of a picture that looks like a QR code, another one in each document."""
        bits = Image.new("1", (21, 21))
        bits.putdata([self._chance.randrange(2) for _ in range(21 * 21)])
        return _address(bits.resize((63, 63)))

    def _spoilt(self, text: str) -> str:
        share = 0.06 if self._spoil != "nothing" else 0
        return _SPOILERS[self._spoil][1](self._chance, text) if self._chance.random() < share else text


def _address(image: Image.Image) -> str:
    out = io.BytesIO()
    image.save(out, "PNG")
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"


def _within(chance: random.Random, text: str, thing: str) -> str:
    place = chance.randint(0, len(text))
    return text[:place] + thing + text[place:]


_SPOILERS: dict[str, tuple[float, Callable[[random.Random, str], str]]] = {
    "nothing": (50, lambda chance, text: text),
    "blank": (6, lambda chance, text: chance.choice(["", " ", "  \n ", "\t", "\xa0", "\xa0 "])),
    "white space": (
        8,
        lambda chance, text: _within(chance, text, chance.choice(["\n", "\t", "   ", "\r\n", "\xa0", " \n"])),
    ),
    "markup": (10, lambda chance, text: _within(chance, text, chance.choice(MARKUP))),
    "odd": (10, lambda chance, text: _within(chance, text, chance.choice(ODD))),
    "long word": (4, lambda chance, text: text.replace(" ", "") * chance.randint(2, 5)),
    "long text": (4, lambda chance, text: " ".join([text] * chance.randint(5, 30))),
    "naughty": (4, lambda chance, text: chance.choice(_NAUGHTY)),
    "foreign": (4, lambda chance, text: _within(chance, text, chance.choice(FOREIGN))),
}
"""What a document may hold now and then: how often as a weight, and what becomes of a text."""
