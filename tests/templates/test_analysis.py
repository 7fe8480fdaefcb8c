"""The static check finds whatever rendering can touch, and nothing in clean templates."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import jinja2
import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ondemand_attach._confidential import Marks, views
from ondemand_attach._message import Source
from ondemand_attach.errors import ConfidentialityError, MailError, TemplateError
from ondemand_attach.templates import _analysis
from ondemand_attach.templates._analysis import Finding, touched
from ondemand_attach.templates._environment import Templates

MARKS = (
    Marks()
    .with_confidential(["customer", "order.lines.engraving", "payment.iban"])
    .with_public(["customer.first_name", "customer.address.city"])
)


def findings(source: str, marks: Marks = MARKS, **files: str) -> list[Finding]:
    environment = jinja2.Environment(
        loader=jinja2.DictLoader(files), extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"], autoescape=True
    )
    return touched(environment, marks, template="<text>", source=source)


def paths(source: str, **files: str) -> set[str]:
    return {finding.path for finding in findings(source, **files)}


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("{{ customer }}", "customer"),
        ("{{ customer.last_name }}", "customer.last_name"),
        ("{{ customer['last_name'] }}", "customer.last_name"),
        ("{{ customer.address.street }}", "customer.address.street"),
        ("{{ customer[key] }}", "customer"),
        ("{{ payment }}", "payment.iban"),
        ("{{ payment|tojson }}", "payment.iban"),
        ("{{ payment|pprint }}", "payment.iban"),
        ("{{ payment.iban[:4] }}", "payment.iban"),
        ("{{ payment.iban[0] }}", "payment.iban"),
        ("{{ payment.iban.upper() }}", "payment.iban"),
        ("{{ payment[key] }}", "payment.iban"),
        ("{{ payment['ib' ~ 'an'] }}", "payment.iban"),
        ("{{ payment.get('iban') }}", "payment.iban"),
        ("{{ payment.values()|list }}", "payment.iban"),
        ("{% set f = payment.get %}{{ f('iban') }}", "payment.iban"),
        ("{{ payment|attr('iban') }}", "payment.iban"),
        ("{{ '%s' % payment.iban }}", "payment.iban"),
        ("{{ '{0.iban}'.format(payment) }}", "payment.iban"),
        ("{{ '%s'|format(payment.iban) }}", "payment.iban"),
        ("{{ 'a' ~ payment.iban }}", "payment.iban"),
        ("{{ payment.iban is none }}", "payment.iban"),
        ("{{ payment.iban|default('-') }}", "payment.iban"),
        ("{{ 'x' if payment.iban else 'y' }}", "payment.iban"),
        ("{{ payment.iban or 'y' }}", "payment.iban"),
        ("{{ 'x' and payment.iban }}", "payment.iban"),
        ("{{ payment.iban == 'x' }}", "payment.iban"),
        ("{{ 'x' in payment.iban }}", "payment.iban"),
        ("{{ 'x' is in payment.iban }}", "payment.iban"),
        ("{{ payment == other }}", "payment.iban"),
        ("{{ [payment.iban]|first }}", "payment.iban"),
        ("{{ {'a': payment}.a.iban }}", "payment.iban"),
        ("{{ (1, payment)[1].iban }}", "payment.iban"),
        ("{{ dict(a=payment).a.iban }}", "payment.iban"),
        ("{{ ([payment] + [1])[0].iban }}", "payment.iban"),
        ("{{ lipsum(n=payment.iban) }}", "payment.iban"),
        ("{{ range(payment.iban) }}", "payment.iban"),
        ("{{ x[payment.iban] }}", "payment.iban"),
        ("{% if payment.iban %}x{% endif %}", "payment.iban"),
        ("{% if a %}{% elif payment.iban %}x{% endif %}", "payment.iban"),
        ("{% if a %}{% else %}{{ payment.iban }}{% endif %}", "payment.iban"),
        ("{% set p = payment %}{{ p.iban }}", "payment.iban"),
        ("{% set p, q = 1, payment %}{{ q.iban }}", "payment.iban"),
        ("{% set p %}{{ payment.iban }}{% endset %}", "payment.iban"),
        ("{% set p | upper %}{{ payment.iban }}{% endset %}", "payment.iban"),
        ("{% if a %}{% set p = payment %}{% endif %}{{ p.iban }}", "payment.iban"),
        ("{% with p = payment %}{{ p.iban }}{% endwith %}", "payment.iban"),
        ("{% for line in order.lines %}{{ line.engraving }}{% endfor %}", "order.lines.engraving"),
        ("{% for line in order.lines if line.engraving %}{% endfor %}", "order.lines.engraving"),
        ("{% for line in order.lines %}{% else %}{{ payment.iban }}{% endfor %}", "payment.iban"),
        ("{% for line in order.lines %}{{ loop.previtem.engraving }}{% endfor %}", "order.lines.engraving"),
        ("{% for a, b in pairs %}{{ loop.changed(payment.iban) }}{% endfor %}", "payment.iban"),
        ("{% for n in order recursive %}{{ loop(n.lines) }}{{ n.engraving }}{% endfor %}", "order.lines.engraving"),
        ("{% for key, value in payment|items %}{{ value }}{% endfor %}", "payment.iban"),
        ("{% for key, value in payment.items() %}{{ value }}{% endfor %}", "payment.iban"),
        ("{% for key, value in payment|dictsort %}{{ value }}{% endfor %}", "payment.iban"),
        ("{{ order.lines[0].engraving }}", "order.lines.engraving"),
        ("{{ order.lines[loop.index0].engraving }}", "order.lines.engraving"),
        ("{{ order.lines[n].engraving }}", "order.lines.engraving"),
        ("{{ (order.lines|first).engraving }}", "order.lines.engraving"),
        ("{{ (order.lines|batch(2)|first|last).engraving }}", "order.lines.engraving"),
        ("{{ order.lines|map(attribute='engraving')|join }}", "order.lines.engraving"),
        ("{{ order.lines|map('attr', 'engraving')|list }}", "order.lines.engraving"),
        ("{{ order|map(attribute='lines.engraving')|join }}", "order.lines.engraving"),
        ("{{ order.lines|join(attribute='engraving') }}", "order.lines.engraving"),
        ("{{ order.lines|sum('engraving') }}", "order.lines.engraving"),
        ("{{ order.lines|sort(attribute='engraving')|length }}", "order.lines.engraving"),
        ("{{ order.lines|sort(attribute='name,engraving')|length }}", "order.lines.engraving"),
        ("{{ order.lines|unique(attribute='engraving')|list|length }}", "order.lines.engraving"),
        ("{{ (order.lines|max(attribute='price')).engraving }}", "order.lines.engraving"),
        ("{{ order.lines|selectattr('engraving')|list|length }}", "order.lines.engraving"),
        ("{{ order.lines|rejectattr('engraving', 'eq', 'x')|list|length }}", "order.lines.engraving"),
        ("{{ order.lines|groupby('engraving')|length }}", "order.lines.engraving"),
        ("{% for g in order.lines|groupby('name') %}{{ g.list[0].engraving }}{% endfor %}", "order.lines.engraving"),
        ("{% for k, ls in order.lines|groupby('name') %}{{ ls }}{% endfor %}", "order.lines.engraving"),
        ("{% macro m(p) %}{{ p.iban }}{% endmacro %}{{ m(payment) }}", "payment.iban"),
        ("{% macro m(p) %}{{ p.iban }}{% endmacro %}{{ m(p=payment) }}", "payment.iban"),
        ("{% macro m(p=payment) %}{{ p.iban }}{% endmacro %}{{ m() }}", "payment.iban"),
        ("{% macro m() %}{{ varargs[0].iban }}{% endmacro %}{{ m(payment) }}", "payment.iban"),
        ("{% macro m() %}{{ kwargs.q.iban }}{% endmacro %}{{ m(q=payment) }}", "payment.iban"),
        ("{% macro m(p) %}{{ p.iban }}{% endmacro %}{{ m(*[payment]) }}", "payment.iban"),
        ("{% macro m(p) %}{{ p.iban }}{% endmacro %}{{ m(**{'p': payment}) }}", "payment.iban"),
        ("{% macro m() %}{{ q.iban }}{% endmacro %}{% set q = payment %}{{ m() }}", "payment.iban"),
        ("{% macro m() %}{{ caller(payment) }}{% endmacro %}{% call(p) m() %}{{ p.iban }}{% endcall %}", "payment.iban"),
        ("{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ payment.iban }}{% endcall %}", "payment.iban"),
        ("{% macro m(p) %}{{ p.iban }}{% endmacro %}{% set n = m %}{{ n(payment) }}", "payment.iban"),
        ("{% macro m(p, n) %}{{ m(payment, n - 1) if n }}{{ p.iban }}{% endmacro %}{{ m(1, 2) }}", "payment.iban"),
        ("{% set ns = namespace() %}{% set ns.p = payment %}{{ ns.p.iban }}", "payment.iban"),
        ("{% set ns = namespace(p=payment) %}{{ ns.p.iban }}", "payment.iban"),
        (
            "{% set ns = namespace(p=1) %}{% for a in x %}{{ ns.p }}{% set ns.p = payment.iban %}{% endfor %}",
            "payment.iban",
        ),
        ("{% filter upper %}{{ payment.iban }}{% endfilter %}", "payment.iban"),
        ("{% filter replace('a', payment.iban) %}x{% endfilter %}", "payment.iban"),
        ("{% autoescape false %}{{ payment.iban }}{% endautoescape %}", "payment.iban"),
        ("{% block b %}{{ payment.iban }}{% endblock %}", "payment.iban"),
        ("{% set p = payment %}{% block b %}{{ p.iban }}{% endblock %}", "payment.iban"),
        ("{% for p in [payment] %}{% block b scoped %}{{ p.iban }}{% endblock %}{% endfor %}", "payment.iban"),
        ("{% do payment.iban.strip() %}", "payment.iban"),
        ("{% include ['nothing', 'inner'] %}", "payment.iban"),
        ("{% include 'inner' if a else 'nothing' ignore missing %}", "payment.iban"),
        ("{% set q = payment %}{% include 'uses_q' %}", "payment.iban"),
        ("{% import 'macros' as m %}{{ m.show(payment) }}", "payment.iban"),
        ("{% from 'macros' import show as s %}{{ s(payment) }}", "payment.iban"),
        ("{% import 'macros' as m %}{{ m.alias.iban }}", "payment.iban"),
        ("{% from 'macros' import wrong with context %}{{ wrong() }}", "payment.iban"),
        ("{% extends 'layout' %}{% block b %}{{ payment.iban }}{% endblock %}", "payment.iban"),
        ("{% extends 'layout' %}{% block row %}{{ line.engraving }}{% endblock %}", "order.lines.engraving"),
        ("{% extends 'layout' %}{% set title = payment.iban %}", "payment.iban"),
        ("{% include 'a_cycle' %}", "payment.iban"),
    ],
)
def test_finds_what_is_touched(source: str, path: str) -> None:
    files = {
        "inner": "x\n{{ payment.iban }}",
        "uses_q": "{{ q.iban }}",
        "macros": "{% macro show(p) %}{{ p.iban }}{% endmacro %}{% set alias = payment %}"
        "{% macro wrong() %}{{ payment.iban }}{% endmacro %}",
        "layout": "{{ title }}{% block b %}{% endblock %}"
        "{% for line in order.lines %}{% block row scoped %}{% endblock %}{% endfor %}",
        "a_cycle": "{% include 'b_cycle' %}",
        "b_cycle": "{% include 'a_cycle' %}{{ payment.iban }}",
    }
    assert path in paths(source, **files)


CLEAN = [
    "Dear {{ customer.first_name }}, your order {{ order.number }} is on its way to {{ customer.address.city }}.",
    "{% for line in order.lines %}{{ loop.index }}. {{ line.name }} {{ '%.2f'|format(line.price) }}\n{% endfor %}",
    "{% for line in order.lines|sort(attribute='name') %}{{ line.name|title }}{% else %}nothing{% endfor %}",
    "{% if order.lines|length > 1 %}{{ order.lines|length }} items{% endif %}{% if not order.lines %}-{% endif %}",
    "{{ order.lines|map(attribute='name')|join(', ') }}; {{ order.lines|sum(attribute='price')|round(2) }}",
    "{% for name, lines in order.lines|groupby('name') %}{{ name }}: {{ lines|length }}{% endfor %}",
    "{% for group in order.lines|groupby('name') %}{{ group.grouper }}{{ group.list[0].price }}{% endfor %}",
    "{% set line = order.lines|first %}{{ line.name }}{% set n = order.lines[-1].name %}{{ n|upper }}",
    "{% macro row(line) %}<td>{{ line.name }}</td>{% endmacro %}{% for l in order.lines %}{{ row(l) }}{% endfor %}",
    "{% import 'kit' as kit %}{% call kit.card(title='Order') %}{{ order.number }}{% endcall %}",
    "{% from 'kit' import money %}{{ money(order.total) }} {{ money(value=payment.amount, currency='EUR') }}",
    "{% extends 'base' %}{% block body %}{{ super() }}Hello {{ customer.first_name }}{% endblock %}",
    "{% include 'footer' %}{% include ['missing', 'footer'] %}{% include 'missing' ignore missing %}",
    "{% set ns = namespace(total=0) %}{% for l in order.lines %}{% set ns.total = ns.total + l.price %}{% endfor %}"
    "{{ ns.total }}",
    "{% for label, value in [('Number', order.number), ('Total', order.total)] %}{{ label }}={{ value }}{% endfor %}",
    "{{ order.date.strftime('%d.%m.%Y') }} {{ order['number'] }} {{ order.get('note', '') }}",
    "{% with total = order.total, city = customer.address.city %}{{ total|default(0) }} {{ city }}{% endwith %}",
    "{% for row in order.lines|batch(2) %}{% for line in row %}{{ line.name }}{% endfor %}{% endfor %}",
    "{% if payment and payment.method == 'card' and 'note' in order %}{{ payment.method }}{% endif %}"
    "{{ (order.lines|selectattr('price', 'gt', 5)|first).name if order is mapping }}",
    "{% filter trim %}{{ shop.name }}{% endfilter %}{% set text %}{{ order.number }}{% endset %}{{ text|wordwrap }}"
    "{% for line in order.lines if line.price %}{{ loop.cycle('odd', 'even') }}{{ order.lines[loop.index0].name }}"
    "{% endfor %}",
]
CLEAN_FILES = {
    "kit": "{% macro card(title) %}<h1>{{ title }}</h1>{{ caller() }}{% endmacro %}"
    "{% macro money(value, currency='CZK') %}{{ '%.2f' % value }} {{ currency }}{% endmacro %}",
    "base": "<title>{% block title %}{{ shop.name }}{% endblock %}</title>{% block body %}Hi{% endblock %}",
    "footer": "{{ shop.name }}, {{ shop.street }}",
}


def test_there_are_twenty_clean_templates() -> None:
    assert len(CLEAN) == 20


@pytest.mark.parametrize("source", CLEAN)
def test_no_false_alarm_in_clean_templates(source: str) -> None:
    assert findings(source, **CLEAN_FILES) == []


def test_findings_name_the_inner_template_and_line() -> None:
    files = {"inner": "a\n\n{{ payment.iban }}", "kit": "\n{% macro m(p) %}\n{{ p.iban }}{% endmacro %}"}
    source = "{% import 'kit' as kit %}\n{% include 'inner' %}\n{{ kit.m(payment) }}\n{{ customer.name }}"
    assert [str(finding) for finding in findings(source, **files)] == [
        "<text>:4: customer.name is confidential and touched here",
        "inner:3: payment.iban is confidential and touched here",
        "kit:3: payment.iban is confidential and touched here",
    ]


@pytest.mark.parametrize("source", ["{% include name %}", "{% import 'a' ~ b as c %}", "{% extends layout %}"])
def test_a_computed_template_name_cannot_be_analysed(source: str) -> None:
    (finding,) = findings(source)
    assert (finding.path, finding.line) == ("", 1)
    assert "computes" in str(finding)


def test_a_missing_inner_template_is_a_finding() -> None:
    (finding,) = findings("{% include 'nowhere' %}")
    assert "cannot be found" in str(finding)


def test_templates_that_cannot_be_read() -> None:
    with pytest.raises(TemplateError, match="<text>:2"):
        findings("\n{% if %}")
    with pytest.raises(TemplateError, match="inner:1"):
        findings("{% include 'inner' %}", inner="{% endfor %}")
    with pytest.raises(TemplateError, match="not found"):
        touched(jinja2.Environment(loader=jinja2.DictLoader({}), autoescape=True), MARKS, template="none")
    with pytest.raises(TemplateError, match="not found"):
        touched(jinja2.Environment(autoescape=True), MARKS, template="none")
    loader = jinja2.DictLoader({"here": "{{ payment.iban }}"})
    assert touched(jinja2.Environment(loader=loader, autoescape=True), MARKS, template="here")


def test_a_mark_below_what_is_public_counts_again() -> None:
    marks = Marks().with_confidential(["a", "a.b.c"]).with_public(["a.b"])
    assert [finding.path for finding in findings("{{ a.b.c }}", marks)] == ["a.b.c"]
    assert [finding.path for finding in findings("{{ a.b }}", marks)] == ["a.b.c"]
    assert findings("{{ a.b.d }}", marks) == []


def test_the_debug_tag_shows_everything() -> None:
    environment = jinja2.Environment(extensions=["jinja2.ext.debug"], autoescape=True)
    assert touched(environment, MARKS, template="<text>", source="{% debug %}")


# --- soundness: random templates over random contexts --------------------------------------------


class Recorder:
    """Stands for a confidential value; notes every use, and goes along so that rendering goes on."""

    def __init__(self, touches: set[str], path: str) -> None:
        self.__dict__.update(touches=touches, path=path)

    def _note(self) -> None:
        self.touches.add(self.path)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self._note()
        return self

    def __getitem__(self, key: object) -> Recorder:
        self._note()
        if isinstance(key, int) and key > 2:
            raise IndexError
        return self

    def __call__(self, *_: object, **__: object) -> Recorder:
        self._note()
        return self

    def __iter__(self) -> Iterator[Recorder]:
        self._note()
        return iter([self, self])

    def _text(self, *_: object) -> str:
        self._note()
        return "x"

    def _true(self, *_: object) -> bool:
        self._note()
        return True

    def _one(self, *_: object) -> int:
        self._note()
        return 1

    __str__ = __repr__ = __format__ = __html__ = _text
    __bool__ = __contains__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _true
    __len__ = __hash__ = __int__ = __index__ = _one
    __add__ = __radd__ = __mul__ = __rmul__ = __mod__ = __rmod__ = __sub__ = __rsub__ = _text


KEYS = ["a", "b", "c", "items"]


class Grammar:
    """Writes random templates that mean something: names that exist, loops over lists, aliases."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.names = list(KEYS[:3])
        self.macros: list[str] = []
        self.files: dict[str, str] = {}
        self.fresh = 0

    def data(self, depth: int = 3) -> Any:
        kind = self.chance.random()
        if depth == 0 or (kind < 0.2 and depth < 3):
            return self.chance.choice(["text", 7, "a", ["x", "y"], True])
        if kind < 0.45 and depth < 3:
            return [self.data(depth - 1) for _ in range(2)]
        return {key: self.data(depth - 1) for key in self.chance.sample(KEYS, 3)}

    def marks(self, context: Any) -> Marks:
        every = sorted({".".join(path) for path in self.walk(context, ())} - {""})
        confidential = self.chance.sample(every, min(len(every), self.chance.randint(1, 3)))
        below = [path for path in every if any(path.startswith(f"{mark}.") for mark in confidential)]
        return Marks().with_confidential(confidential).with_public(below[:1] if self.chance.random() < 0.5 else [])

    def walk(self, value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield path
        pairs = value.items() if isinstance(value, dict) else [("", v) for v in value] if isinstance(value, list) else ()
        for key, child in pairs:
            yield from self.walk(child, (*path, key) if key else path)

    def name(self) -> str:
        return self.chance.choice(self.names)

    def new(self, prefix: str = "v") -> str:
        self.fresh += 1
        return f"{prefix}{self.fresh}" if self.chance.random() < 0.85 else self.chance.choice(KEYS[:3])

    def expression(self, depth: int = 3) -> str:
        pick, sub = self.chance.choice, lambda: self.expression(depth - 1)
        if depth == 0:
            return pick([self.name(), self.name(), f"{self.name()}.{pick(KEYS)}", "1", "'a'", "[]", "loop.index0"])
        key = pick(KEYS)
        return pick(
            [
                *[lambda: f"{sub()}.{key}", lambda: f"{sub()}['{key}']"] * 6,
                lambda: f"({sub()})[{pick([0, 1, -1])}]",
                lambda: f"({sub()})[{sub()}]",
                lambda: f"({sub()})[:1]",
                *[lambda: f"({sub()})|{self.filter(depth)}"] * 6,
                lambda: f"({sub()}) is {pick(['defined', 'none', 'mapping', 'string', 'eq(1)', 'in([1])'])}",
                lambda: f"({sub()} if {sub()} else {sub()})",
                lambda: f"({sub()} {pick(['and', 'or', '==', '<', 'in', '~', '+', '%', '*'])} {sub()})",
                lambda: f"(not {sub()})",
                lambda: f"[{sub()}, {sub()}]",
                lambda: f"({sub()}, {sub()})",
                lambda: f"{{'{key}': {sub()}, 'a': {sub()}}}",
                lambda: f"dict(a={sub()}, b={sub()})",
                lambda: f"({sub()}).{pick(['get', 'pop'])}('{key}', {sub()})",
                lambda: f"({sub()}).{pick(['items', 'values', 'keys', 'copy', 'upper'])}()",
                lambda: self.macro_call(depth),
                lambda: f"loop.{pick(['index', 'previtem', 'nextitem', 'first'])}",
                lambda: f"loop.cycle({sub()}, {sub()})",
                lambda: f"ns.{pick(KEYS)}",
            ]
        )()

    def filter(self, depth: int) -> str:
        key = self.chance.choice(KEYS)
        return self.chance.choice(
            [
                *["list", "first", "last", "reverse", "length", "items", "dictsort", "tojson", "pprint", "string"],
                *["sort", "unique", "min", "max", "join", "batch(2)", "slice(2)", "random", "select", "upper", "safe"],
                *[f"attr('{key}')", f"map(attribute='{key}')", f"map('attr', '{key}')", f"selectattr('{key}')"] * 2,
                *[f"groupby('{key}')", f"sort(attribute='{key}')", f"join(',', '{key}')", f"max(attribute='{key}')"],
                *[f"map(attribute='{key}.a')", f"rejectattr('{key}', 'eq', 1)", f"unique(attribute='{key}')"],
                f"default({self.expression(0)})",
                f"map(attribute='{key}', default={self.expression(0)})",
                f"dictsort(by='value')|map(attribute={self.chance.choice([0, 1])})",
            ]
        )

    def macro_call(self, depth: int) -> str:
        if not self.macros:
            return self.name()
        arguments = self.expression(depth - 1), self.expression(depth - 1)
        form = self.chance.choice(["{0}", "{0}, {1}", "q={0}", "*[{0}, {1}]", "**{{'p': {0}}}", "{0}, {1}, {0}", "z={1}"])
        return f"{self.chance.choice(self.macros)}({form.format(*arguments)})"

    def within(self, names: list[str], write: Callable[[], str]) -> str:
        outer, self.names = self.names, self.names + names * 3
        body = write()
        self.names = outer
        return body

    def body(self, depth: int) -> str:
        return "".join(self.statement(depth) for _ in range(self.chance.randint(1, 3)))

    def bound(self, write: Callable[[str], str]) -> str:
        name = self.new()
        text = write(name)
        self.names = [*self.names, name, name, name]
        return text

    def statement(self, depth: int = 3) -> str:
        e, inner = self.expression, lambda: self.body(depth - 1)
        if depth == 0:
            return f"{{{{ {e(1)} }}}}"
        v, w = self.new(), self.new()
        return self.chance.choice(
            [
                lambda: f"{{{{ {e()} }}}}",
                *[lambda: self.bound(lambda n: f"{{% set {n} = {e()} %}}")] * 4,
                lambda: self.bound(lambda n: f"{{% set {n}, {w} = {e()} %}}"),
                lambda: f"{{% set {v} %}}{inner()}{{% endset %}}",
                lambda: f"{{% set ns.{self.chance.choice(KEYS)} = {e()} %}}",
                *[lambda: f"{{% for {v} in {e()} %}}{self.within([v], inner)}{{% endfor %}}"] * 3,
                lambda: f"{{% for {v}, {w} in {e()} %}}{self.within([v, w], inner)}{{% endfor %}}",
                lambda: f"{{% for {v} in {e()} if {e(1)} %}}{inner()}{{% else %}}{inner()}{{% endfor %}}",
                lambda: f"{{% for {v} in {e()} recursive %}}{{{{ loop({v}.{self.chance.choice(KEYS)}) }}}}"
                f"{self.within([v], inner)}{{% endfor %}}",
                lambda: f"{{% if {e()} %}}{inner()}{{% elif {e()} %}}{inner()}{{% else %}}{inner()}{{% endif %}}",
                lambda: f"{{% with {v} = {e()} %}}{self.within([v], inner)}{{% endwith %}}",
                *[self.macro] * 2,
                lambda: f"{{% call({v}) {self.macro_call(2)} %}}{self.within([v], inner)}{{% endcall %}}"
                if self.macros
                else "",
                lambda: f"{{% filter upper %}}{inner()}{{% endfilter %}}",
                lambda: self.file(inner(), "{% include 'NAME' %}"),
                self.imported,
                self.block,
            ]
        )()

    def macro(self) -> str:
        name = f"m{self.fresh}_{len(self.macros)}"
        body = self.within(["p", "q"], lambda: self.body(1))
        extra = self.chance.choice(["{{ caller(p) if caller else '' }}", "{{ varargs }}{{ kwargs }}", ""])
        self.macros = [*self.macros, name]
        return f"{{% macro {name}(p, q={self.expression(1)}) %}}{body}{extra}{{% endmacro %}}{{{{ {self.macro_call(2)} }}}}"

    def file(self, body: str, use: str) -> str:
        name = f"f{len(self.files)}"
        self.files[name] = body
        return use.replace("NAME", name)

    def imported(self) -> str:
        body = self.within(["p"], lambda: self.body(1))
        how = self.chance.choice(["", " with context"])
        text = f"{{% macro show(p) %}}{body}{{{{ p.{self.chance.choice(KEYS)} }}}}{{% endmacro %}}"
        return self.file(text, f"{{% import 'NAME' as lib{how} %}}{{{{ lib.show({self.expression(2)}) }}}}")

    def block(self) -> str:
        self.fresh += 1
        scoped = self.chance.choice(["", " scoped"])
        return f"{{% block b{self.fresh}{scoped} %}}{self.body(1)}{{% endblock %}}"

    def template(self) -> str:
        body = "{% set ns = namespace() %}" + self.body(3) + self.body(2)
        if self.chance.random() < 0.15:
            row = self.within(["row"], lambda: self.body(1))
            layout = f"{{% for row in {self.expression(2)} %}}{{% block r scoped %}}{{% endblock %}}{{% endfor %}}"
            self.files["layout"] = layout + self.body(1)
            return f"{{% extends 'layout' %}}{body}{{% block r %}}{row}{{% endblock %}}"
        return body


def recorded(value: Any, marks: Marks, touches: set[str], path: tuple[str, ...] = (), *, secret: bool = False) -> Any:
    secret = path not in marks.public and (secret or path in marks.confidential)
    has_public = isinstance(value, dict | list) and any(public[: len(path)] == path for public in marks.public)
    if secret and not has_public:
        return Recorder(touches, ".".join(path))
    if isinstance(value, dict):
        return {k: recorded(v, marks, touches, (*path, k), secret=secret) for k, v in value.items()}
    if isinstance(value, list):
        return [recorded(v, marks, touches, path, secret=secret) for v in value]
    return value


def trials(count: int, seed: int) -> Iterator[tuple[str, dict[str, str], Any, Marks]]:
    for number in range(count):
        grammar = Grammar(random.Random(seed * 1_000_003 + number))
        context = {key: grammar.data(2) for key in KEYS[:3]}
        marks = grammar.marks(context)
        source = grammar.template()
        yield source, grammar.files, context, marks


def touched_by_rendering(source: str, files: dict[str, str], context: Any, marks: Marks) -> set[str]:
    touches: set[str] = set()
    environment = ImmutableSandboxedEnvironment(
        loader=jinja2.DictLoader(files), undefined=jinja2.ChainableUndefined, autoescape=True
    )
    try:
        environment.from_string(source).render(recorded(context, marks, touches))
    except (Exception, RecursionError):
        return touches
    return touches


def missed(count: int, seed: int) -> tuple[int, int, list[str]]:
    """Return how many templates were readable, how many touched a guard, and those that were missed."""
    readable = touching = 0
    misses = []
    for source, files, context, marks in trials(count, seed):
        environment = jinja2.Environment(loader=jinja2.DictLoader(files), autoescape=True)
        try:
            found = {finding.path for finding in touched(environment, marks, template="<text>", source=source)}
        except TemplateError:
            continue
        readable += 1
        touches = touched_by_rendering(source, files, context, marks)
        touching += bool(touches)
        if any(not any(_covers(path, touch) for path in found) for touch in touches):
            misses.append(source)
    return readable, touching, misses


def _covers(found: str, touch: str) -> bool:
    return found == touch or found.startswith(f"{touch}.") or touch.startswith(f"{found}.")


def test_no_touch_is_missed_in_3000_random_templates() -> None:
    readable, touching, misses = missed(3000, seed=1)
    assert not misses
    assert readable > 2500
    assert touching > 600


def test_no_touch_is_missed_by_the_real_guards() -> None:
    refused = 0
    for source, files, context, marks in trials(1000, seed=2):
        templates = Templates([jinja2.DictLoader(files)])
        found = False
        try:
            found = bool(touched(templates.environment("html"), marks, template="<html>", source=source))
            templates.render(views(context, marks).public, "html", Source(text=source, template=None))
        except ConfidentialityError:
            refused += 1
            assert found, source
        except (MailError, RecursionError):
            continue
    assert refused > 150


def _nothing(*_: object, **__: object) -> Any:
    return _analysis.NOTHING


MUTANTS: dict[str, Callable[..., Any]] = {
    "bind": lambda _, name, __, scope: scope.pop(name, None),
    "consume": _nothing,
    "look": _nothing,
    "_loosened": _nothing,
    "elements": _nothing,
    "unpacked": lambda _, __, target: [_analysis.NOTHING] * len(target.items),
    "call_macro": _nothing,
    "call_method": _nothing,
    "run_include": _nothing,
    "run_block": _nothing,
    "run_extends": _nothing,
    "run_import": _nothing,
    "filter_groupby": _nothing,
    "filter_items": _nothing,
    "filter_map": _nothing,
    "filter_select": _nothing,
    "filter_sort": _nothing,
    "filter_attr": _nothing,
    "container": _nothing,
    "value_of_list": _nothing,
    "value_of_dict": _nothing,
    "value_of_tuple": _nothing,
    "value_of_condexpr": _nothing,
    "value_of_or": _nothing,
    "value_of_and": _nothing,
}


@pytest.mark.parametrize("part", MUTANTS)
def test_the_harness_notices_a_missing_part(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = _analysis if hasattr(_analysis, part) else _analysis._Analysis
    monkeypatch.setattr(owner, part, MUTANTS[part])
    assert any(missed(250, seed)[2] for seed in range(1, 13))
