"""Templates that nobody has seen before: each has other tags, other styles and another page than the last."""

from __future__ import annotations

import random
from collections.abc import Callable

COUNTED = "page <pdf:pagenumber> of <pdf:pagecount>"

_FACES = """{% for weight, file in (fonts if fonts is defined else {}).items() %}
@font-face { font-family: "DejaVu Sans"; font-weight: {{ weight }}; src: url("{{ file }}"); }{% endfor %}"""
_COLORS = ["#003366", "#aa4400", "rgb(0, 90, 40)", "#555555", "maroon", "#222266"]
_VALUES = [
    "customer.name",
    "customer.street",
    "customer.city",
    "customer.iban | batch(4) | map('join') | join(' ')",  # in one piece it is wider than a narrow column
    "order.number",
    "order.total",
]
_PROSE = (
    "We are writing about your order and about what comes next. Please read it with care, keep it for your "
    "records, and tell us at once if anything in it is not as it should be. Nothing else is needed from you."
)


def templates(seed: int, count: int) -> list[str]:
    """Return Jinja2 sources that print an order of `traffic`; *fonts* may be given by weight for xhtml2pdf."""
    chance = random.Random(seed)
    return [_template(chance) for _ in range(count)]


def _template(chance: random.Random) -> str:
    blocks = "".join(chance.choice(_BLOCKS)(chance) for _ in range(chance.randint(4, 9)))
    return f"""<!DOCTYPE html><html><head><title>{{{{ order.number }}}}</title><style>{_FACES}
    @page {{ size: {chance.choice(["a4", "letter"])}; margin: {chance.randint(15, 30)}mm;
      @frame footer {{ -pdf-frame-content: footer; left: 2cm; right: 2cm; bottom: 8mm; height: 8mm; }} }}
    body {{ font-family: "DejaVu Sans", sans-serif; font-size: {chance.randint(8, 11)}pt }}
    {"".join(_rule(chance, tag) for tag in ("h1", "h2", "p", "td", "th", "li", ".a", ".b", "tr.a td", "#c"))}
    </style></head><body><div id="footer">{COUNTED}</div>{blocks}{_table(chance)}</body></html>"""


def _rule(chance: random.Random, selector: str) -> str:
    declarations = [
        f"color: {chance.choice(_COLORS)}",
        f"padding: {chance.randint(1, 6)}px",
        f"margin-bottom: {chance.randint(2, 9)}pt",
        f"text-align: {chance.choice(['left', 'right', 'justify'])}",
        f"border-bottom: {chance.randint(1, 3)}px solid {chance.choice(_COLORS)}",
    ]
    return f"{selector} {{ {'; '.join(chance.sample(declarations, chance.randint(1, 3)))} }}\n"


def _class(chance: random.Random) -> str:
    return f' class="{chance.choice("ab")}"' if chance.random() < 0.4 else ""


def _value(chance: random.Random) -> str:
    return f"{{{{ {chance.choice(_VALUES)} }}}}"


def _heading(chance: random.Random) -> str:
    tag = chance.choice(["h1", "h2", "h3"])
    return f"<{tag}{_class(chance)}>Part {_value(chance)}</{tag}>"


def _paragraph(chance: random.Random) -> str:
    inline = chance.choice(["b", "i", "u", "span", "em"])
    words = _PROSE[: chance.randint(30, len(_PROSE))]
    return f"<p{_class(chance)}>{words} <{inline}>{_value(chance)}</{inline}> {_value(chance)}</p>"


def _list(chance: random.Random) -> str:
    tag = chance.choice(["ul", "ol"])
    return f"<{tag}>{''.join(f'<li>{_value(chance)}</li>' for _ in range(chance.randint(2, 6)))}</{tag}>"


def _grid(chance: random.Random) -> str:
    columns = chance.randint(2, 5)
    cells = [
        "".join(f"<td{_class(chance)}>{_value(chance)}</td>" for _ in range(columns))
        for _ in range(chance.randint(1, 5))
    ]
    return f'<table width="100%">{"".join(f"<tr{_class(chance)}>{row}</tr>" for row in cells)}</table>'


def _table(chance: random.Random) -> str:
    names = chance.sample(["sku", "description", "quantity", "price", "total"], chance.randint(2, 5))
    head = "".join(f"<th>{name}</th>" for name in names)
    row = "".join(f"<td{_class(chance)}>{{{{ item.{name} }}}}</td>" for name in names)
    rows = f"{{% for item in order.lines %}}<tr>{row}</tr>{{% endfor %}}"
    return f'<table width="100%" repeat="1"><tr>{head}</tr>{rows}</table>'


_BLOCKS: list[Callable[[random.Random], str]] = [_heading, _paragraph, _paragraph, _list, _grid]
