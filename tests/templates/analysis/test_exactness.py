"""The static check tells exactly what is touched: each construct is followed, and none is taken for a use of all."""

from __future__ import annotations

from typing import Any

import jinja2
import pytest

from ondemand_attach._confidential import Finding, Marks, views
from ondemand_attach._message import Source
from ondemand_attach.errors import ConfidentialityError, TemplateError
from ondemand_attach.templates._analysis import touched
from ondemand_attach.templates._environment import Templates

MARKS = Marks().with_confidential(["lines.engraving", "pay.iban", "back.iban", "holder.card.number"])
CONTEXT: dict[str, Any] = {
    "lines": [
        {"engraving": "Zoë", "name": "ring", "price": 1, "parts": []},
        {"engraving": "Ann", "name": "pin", "price": 2, "parts": []},
    ],
    "pay": {"iban": "DE02", "bic": "X", "note": "n"},
    "back": {"iban": "DE03", "bic": "Y", "note": "m"},
    "holder": {"card": {"number": "4111", "kind": "debit"}, "name": "n"},
    "key": "bic",
    "number": 1,
    "text": "abc",
    "no": False,
}
FILES = {
    "shows_p": "{{ p.iban if p }}",
    "shows_iban": "{{ pay.iban }}",
    "clean": "{{ pay.bic }}",
    "kit": "{% set open = pay.bic %}{% set both = (pay, 1) %}{% macro bic(x) %}{{ x.bic }}{% endmacro %}"
    "{% macro iban(x) %}{{ x.iban }}{% endmacro %}",
    "base": "{% block a %}{{ pay.bic }}{% endblock %}{% block b %}{{ pay.iban }}{% endblock %}",
}

FILTERS = [
    *((f"{{{{ (lines|{name})[0].name }}}}", "") for name in ("list", "reverse|list", "default([])", "d([])")),
    *(
        (f"{{{{ (lines|{name})[0].engraving }}}}", "lines.engraving")
        for name in ("list", "reverse|list", "d([])")
    ),
    *((f"{{{{ (none_such|{name}(pay)).bic }}}}", "") for name in ("default", "d")),
    *((f"{{{{ (none_such|{name}(pay)).iban }}}}", "pay.iban") for name in ("default", "d")),
    *((f"{{{{ lines|{name} }}}}{{{{ pay|{name} }}}}", "") for name in ("length", "count")),
    *((f"{{{{ pay.iban|{name} }}}}", "pay.iban") for name in ("length", "count")),
    *((f"{{{{ (lines|{name}).name }}}}", "") for name in ("first", "last", "random")),
    *((f"{{{{ (lines|{name}).engraving }}}}", "lines.engraving") for name in ("first", "last", "random")),
    *((f"{{{{ (lines|{name}(2)|first|first).name }}}}", "") for name in ("slice", "batch")),
    *((f"{{{{ ([(1, pay)]|{name}(1)|first|first)[0] }}}}", "") for name in ("slice", "batch")),
    *((f"{{{{ ([(1, pay)]|{name}(1)|first|first)[1].bic }}}}", "") for name in ("slice", "batch")),
    *((f"{{{{ ([(1, pay)]|{name}(1)|first|first)[1].iban }}}}", "pay.iban") for name in ("slice", "batch")),
    *((f"{{% for k, v in pay|{name} %}}{{{{ k }}}}{{% endfor %}}", "") for name in ("items", "dictsort")),
    *(
        (f"{{% for k, v in pay|{name} %}}{{{{ v }}}}{{% endfor %}}", "pay.iban")
        for name in ("items", "dictsort")
    ),
    ("{% for k, v in pay|dictsort(false, 'value') %}{% endfor %}", "pay.iban"),
    ("{% for k, v in pay|dictsort(by='value') %}{% endfor %}", "pay.iban"),
    *((f"{{{{ (lines|{name}(attribute='price')|first).name }}}}", "") for name in ("sort", "unique")),
    *((f"{{{{ (lines|{name}(attribute='price')).name }}}}", "") for name in ("min", "max")),
    *(
        (f"{{{{ (lines|{name}(attribute='price')).engraving }}}}", "lines.engraving")
        for name in ("min", "max")
    ),
    *((f"{{{{ lines|{name}(attribute='price') }}}}", "") for name in ("sum", "join")),
    *((f"{{{{ ([(1, pay)]|{name}(attribute=0))[0] }}}}", "") for name in ("min", "max")),
    *((f"{{{{ ([(1, pay)]|{name}(attribute=0)|first)[0] }}}}", "") for name in ("sort", "unique")),
    ("{{ lines|sort(attribute='price,name')|length }}", ""),
    ("{{ lines|sort(true, true, 'price')|length }}", ""),
    ("{{ ['a']|join(pay.bic) }}", ""),
    ("{{ ['a', 'b']|join(pay.iban) }}", "pay.iban"),
    ("{{ [1]|sum(start=pay.iban) }}", "pay.iban"),
    *((f"{{{{ (lines|{name}('price')|list|length) }}}}", "") for name in ("selectattr", "rejectattr")),
    *(
        (f"{{{{ lines|{name}('engraving')|list|length }}}}", "lines.engraving")
        for name in ("selectattr", "rejectattr")
    ),
    ("{{ (lines|selectattr('price')|first).name }}", ""),
    ("{{ (lines|select|first).name }}{{ lines|reject|list|length }}", ""),
    ("{{ [holder]|selectattr('card')|list|length }}{{ [holder]|rejectattr('card')|list|length }}", ""),
    ("{{ [holder]|selectattr('card', 'ne', back)|list|length }}", "back.iban holder.card.number"),
    ("{{ [pay]|select('ne', back)|list|length }}", "back.iban pay.iban"),
    ("{{ (pay|attr('bic')) }}{{ pay|attr('note') }}", ""),
    ("{{ pay|attr('iban') }}", "pay.iban"),
    ("{{ lines|map(attribute='name')|join }}", ""),
    ("{{ lines|map(attribute='engraving')|join }}", "lines.engraving"),
    ("{{ ([holder]|map(attribute='card')|first).kind }}", ""),
    ("{{ ([holder]|map(attribute='card.kind')|first) }}", ""),
    ("{{ ([holder]|map(attribute='card')|first) }}", "holder.card.number"),
    ("{{ (lines|map(attribute='none_such', default=pay)|first).bic }}", ""),
    ("{{ (lines|map(attribute='none_such', default=pay)|first) }}", "pay.iban"),
    ("{{ [(1, pay)]|map(attribute=0)|join }}{{ [(1, pay)]|map(attribute=1)|map(attribute='bic')|join }}", ""),
    ("{{ [(1, pay)]|map(attribute='1.bic')|join }}", ""),
    ("{{ [(1, pay)]|map(attribute='1.iban')|join }}", "pay.iban"),
    ("{{ ['a']|map('upper')|join }}{{ lines|map(attribute='name')|map('upper')|join }}", ""),
    ("{{ [pay]|map('string')|join }}", "pay.iban"),
    ("{{ [pay]|map('string')|list|length }}", "pay.iban"),
    ("{{ ['a']|map('replace', 'a', pay.iban)|list|length }}", "pay.iban"),
    ("{{ ['a']|map('replace', 'a', pay.bic)|list|length }}", ""),
    ("{{ ['a']|map('default', default_value=pay.iban)|list|length }}", "pay.iban"),
    ("{{ [pay]|map(attribute='bic')|map('string')|list|length }}", ""),
    ("{% for name, of in lines|groupby('name') %}{{ name }}{{ of[0].price }}{% endfor %}", ""),
    ("{% for g in lines|groupby('name') %}{{ g.grouper }}{{ g.list[0].name }}{% endfor %}", ""),
    ("{% for g in lines|groupby('name') %}{{ g.list[0].engraving }}{% endfor %}", "lines.engraving"),
    ("{% for name, of in lines|groupby('engraving') %}{% endfor %}", "lines.engraving"),
    ("{{ [{}]|groupby('name', default=pay.iban)|length }}", "pay.iban"),
    ("{{ pay.bic|upper }}{{ text|replace('a', pay.bic) }}{{ '%s'|format(pay.bic) }}", ""),
    ("{{ text|replace('a', pay.iban) }}", "pay.iban"),
    ("{{ text|truncate(length=pay.iban) }}", "pay.iban"),
]

CALLS = [
    ("{{ dict(a=pay.bic).a }}", ""),
    ("{{ dict(a=pay.bic, b=pay) }}", "pay.iban"),
    ("{% macro dict(a) %}{{ a.bic }}{% endmacro %}{{ dict(pay) }}", ""),
    ("{% macro namespace(a) %}{{ a.bic }}{% endmacro %}{{ namespace(pay) }}", ""),
    ("{% set n = namespace(a=pay.bic, b=pay) %}{{ n.a }}", ""),
    ("{% set n = namespace(a=pay.bic, b=pay) %}{{ n.b.iban }}", "pay.iban"),
    ("{% set n = namespace(a=pay) %}{{ n }}", "pay.iban"),
    ("{% set n = namespace() %}{% set n.a = pay %}{{ '%s'|format(n) }}", "pay.iban"),
    ("{% set n = namespace(a=pay.bic) %}{{ n }}", ""),
    ("{{ (1, pay) }}", "pay.iban"),
    ("{{ [(1, [pay])] }}", "pay.iban"),
    ("{{ (1, pay.bic) }}", ""),
    ("{% macro m(x) %}{{ x.bic }}{% endmacro %}{{ m(pay) }}{{ m(x=back) }}", ""),
    ("{% macro m(x) %}{{ x.iban }}{% endmacro %}{{ m(pay) }}", "pay.iban"),
    ("{% if no %}{{ helper(pay.bic, a=pay.note) }}{{ helper(number) }}{% endif %}", ""),
    ("{{ ' '.join(lines|map(attribute='name')) }}{{ '{}'.format(pay.bic) }}", ""),
    ("{{ '{}'.format(pay.iban) }}", "pay.iban"),
    ("{{ text.upper() }}{{ pay.bic.lower() }}{{ pay.bic.replace('a', 'b') }}", ""),
    ("{{ pay.iban.lower() }}", "pay.iban"),
    ("{{ pay.get('bic') }}{{ pay.get('none_such', 'x') }}{{ pay.get('none_such', back).bic }}", ""),
    ("{{ holder.get('card').kind }}", ""),
    ("{{ pay.get('iban') }}", "pay.iban"),
    ("{{ pay.get('none_such', back) }}", "back.iban"),
    ("{% for k, v in pay.items() %}{{ k }}{% endfor %}{{ pay.keys()|list }}{{ pay.copy().bic }}", ""),
    (
        "{% set a = pay.items() %}{% set b = pay.values() %}{% set c = pay.keys() %}{% set d = pay.copy() %}",
        "",
    ),
    ("{% for k, v in pay.items() %}{{ v }}{% endfor %}", "pay.iban"),
    ("{% for v in pay.values() %}{{ v }}{% endfor %}", "pay.iban"),
    ("{{ pay.copy() }}", "pay.iban"),
    ("{{ pay.copy().iban }}", "pay.iban"),
    ("{{ range(number)|length }}{{ cycler('a', pay.bic).next() }}{{ lipsum(n=number)|length }}", ""),
    ("{{ cycler('a', pay.iban).next() }}", "pay.iban"),
]

LOOP_NUMBERS = ["depth", "depth0", "index", "index0", "length", "revindex", "revindex0"]
MEMBERS = [
    *(
        (f"{{% for l in lines %}}{{{{ (lines[loop.{name}]|d(l)).name }}}}{{% endfor %}}", "")
        for name in LOOP_NUMBERS
    ),
    *(
        (f"{{% for l in lines %}}{{{{ loop.{name} }}}}{{% endfor %}}", "")
        for name in (*LOOP_NUMBERS, "first", "last")
    ),
    (
        "{% for l in lines %}{{ lines[loop.index0 - 1].name }}{{ lines[loop.length - loop.index].name }}{% endfor %}",
        "",
    ),
    ("{% for l in lines %}{{ lines[loop.index0].engraving }}{% endfor %}", "lines.engraving"),
    (
        "{% for l in lines %}{{ loop.previtem.name if not loop.first }}{{ (loop.nextitem|d(l)).name }}{% endfor %}",
        "",
    ),
    ("{% for l in lines %}{{ loop.cycle('a', 'b') }}{{ loop.changed(l.name) }}{% endfor %}", ""),
    ("{% for l in lines if l.price %}{{ l.name }}{% endfor %}", ""),
    ("{% for l in lines if l %}{{ l.name }}{% endfor %}", ""),
    ("{{ lines[0].name }}{{ lines[-1].name }}{{ lines['0']|d('x') }}", ""),
    (
        "{{ lines[1:][0].name }}{{ lines[:number][0].name }}{% for l in lines[::2] %}{{ l.name }}{% endfor %}",
        "",
    ),
    ("{{ lines[:1][0].engraving }}", "lines.engraving"),
    ("{{ text[:pay.iban] }}", "pay.iban"),
    ("{{ holder['card']['kind'] }}{% if no %}{{ pay.bic.a.b.c.d }}{% endif %}", ""),
    ("{{ (1, pay)[0] }}{{ (1, pay)[1].bic }}{{ (1, pay)[-1].bic }}{{ (1, pay)[-2] }}", ""),
    ("{{ (1, pay)[1] }}", "pay.iban"),
    ("{{ (pay, 1)[-2] }}", "pay.iban"),
    ("{% set a, b = 1, pay %}{{ a }}{{ b.bic }}", ""),
    ("{% set a, (b, c) = 1, (pay, back) %}{{ a }}{{ b.bic }}{{ c.iban }}", "back.iban"),
    ("{% for a, b in [(1, pay)] %}{{ a }}{{ b.bic }}{% endfor %}", ""),
    ("{{ {'a': pay.bic}.a }}", ""),
    ("{{ {'a': pay}.a }}", "pay.iban"),
    ("{{ {pay.iban: 1}|length }}", "pay.iban"),
    ("{{ [pay, back][0].bic }}{{ [pay.bic]|first }}", ""),
    ("{{ {'X': 1}[pay.bic] }}", ""),
]

KINDS = [
    "boolean",
    "callable",
    "defined",
    "false",
    "float",
    "integer",
    "iterable",
    "mapping",
    "none",
    "number",
]
KINDS += ["sequence", "string", "true", "undefined"]
EXPRESSIONS = [
    *((f"{{{{ pay is {kind} }}}}{{{{ pay is not {kind} }}}}", "") for kind in KINDS),
    *(
        (f"{{{{ pay.iban is {kind} }}}}", "pay.iban")
        for kind in KINDS
        if kind not in {"defined", "undefined"}
    ),
    *((f"{{{{ pay is {name} 'x' }}}}", "") for name in ("eq", "ne", "equalto")),
    *((f"{{{{ pay.iban is {name} 'x' }}}}", "pay.iban") for name in ("eq", "ne", "equalto")),
    *((f"{{{{ pay is {name}(back) }}}}", "back.iban pay.iban") for name in ("eq", "ne", "equalto")),
    ("{{ pay == 'x' }}{{ 'x' != pay }}{{ 'x' in pay }}{{ 'x' not in lines }}", ""),
    ("{{ pay == back }}", "back.iban pay.iban"),
    ("{{ lines[0] in lines }}", "lines.engraving"),
    ("{{ 1 < lines[0].price <= lines|length }}", ""),
    ("{{ 1 < 2 == pay.iban }}", "pay.iban"),
    ("{{ pay.bic if pay else '' }}{{ (pay if no else back).bic }}{{ (pay if text).bic }}", ""),
    ("{{ (pay if no else back).iban }}", "back.iban pay.iban"),
    ("{{ 1 if pay.iban else 2 }}", "pay.iban"),
    ("{{ (pay or back).bic }}{{ (text and pay).bic }}{{ not pay }}{{ not lines }}", ""),
    ("{{ (no or pay).iban }}", "pay.iban"),
    ("{{ (text and pay).iban }}", "pay.iban"),
    ("{{ not pay.iban }}", "pay.iban"),
    ("{{ (lines + lines)[0].name }}{{ (lines * 2)[0].name }}{{ (lines + [])|length }}", ""),
    ("{{ ([1] + lines)[1].engraving }}", "lines.engraving"),
    ("{{ (lines * 2)[0].engraving }}", "lines.engraving"),
    ("{{ pay.bic ~ text }}{{ -number }}{{ number // 2 }}{{ '%s' % pay.bic }}", ""),
    ("{{ text ~ pay.iban }}", "pay.iban"),
]

STATEMENTS = [
    ("{% if pay %}{{ pay.bic }}{% elif back %}{{ back.bic }}{% else %}{{ text }}{% endif %}", ""),
    ("{% if text %}{% set p = pay %}{% else %}{% set p = back %}{% endif %}{{ p.bic }}", ""),
    (
        "{% if text %}{% set p = pay %}{% else %}{% set p = back %}{% endif %}{{ p.iban }}",
        "back.iban pay.iban",
    ),
    ("{% if no %}{% elif text %}{% set p = pay %}{% endif %}{{ p.iban }}", "pay.iban"),
    ("{% for x in lines %}{% set p = pay %}{% endfor %}{{ p.iban if p is defined }}", ""),
    ("{% for x in lines %}{% set p = pay %}{{ p.iban }}{% endfor %}", "pay.iban"),
    ("{% for x in [] %}{{ x }}{% else %}{{ pay.bic }}{% endfor %}", ""),
    ("{% set a = back %}{% with a = pay, b = a %}{{ b.iban }}{% endwith %}", "back.iban"),
    ("{% with p = pay %}{{ p.bic }}{% endwith %}{{ p.iban if p is defined }}", ""),
    ("{% set x %}{{ pay.bic }}{% endset %}{{ x }}", ""),
    ("{% set x %}{{ pay.iban }}{% endset %}", "pay.iban"),
    ("{% set x | center(number) %}b{% endset %}{{ x }}", ""),
    ("{% set x | center(pay.iban) %}b{% endset %}", "pay.iban"),
    ("{% filter replace('a', pay.bic) %}{{ text }}{% endfilter %}", ""),
    ("{% filter replace('a', pay.iban) %}{{ text }}{% endfilter %}", "pay.iban"),
    ("{% autoescape false %}{% set p = pay %}{% endautoescape %}{{ p.iban if p is defined }}", ""),
    ("{% set p = pay %}{% set p = back %}{{ p.iban }}", "back.iban"),
    ("{% set n = namespace() %}{% set n.a = pay %}{{ n.a.bic }}", "pay.iban"),
    (
        "{% set n = namespace(a=1) %}{% for x in lines %}{% set n.a = n.a + x.price %}{% endfor %}{{ n.a }}",
        "",
    ),
]

MACROS = [
    ("{% macro m(x) %}{{ varargs|length }}{{ kwargs|length }}{% endmacro %}{{ m(pay) }}{{ m(x=pay) }}", ""),
    ("{% macro m(x) %}{{ varargs }}{% endmacro %}{{ m(pay, back) }}", "back.iban"),
    ("{% macro m(x) %}{{ kwargs }}{% endmacro %}{{ m(x=pay, y=back) }}", "back.iban"),
    ("{% macro m(x=pay) %}{{ x.iban }}{% endmacro %}{{ m(back) }}{{ m(x=back) }}", "back.iban"),
    ("{% macro m(a, b=pay, c=1) %}{{ a }}{{ c }}{{ b.bic }}{% endmacro %}{{ m(text) }}", ""),
    ("{% macro m(a, b=1, c=pay) %}{{ c.iban }}{% endmacro %}{{ m(text) }}", "pay.iban"),
    ("{% macro m(a, b) %}{{ a.bic }}{{ b.iban }}{% endmacro %}{{ m(pay, back) }}", "back.iban"),
    ("{% macro m(a, b) %}{{ a.bic }}{{ b.iban }}{% endmacro %}{{ m(b=pay, a=back) }}", "pay.iban"),
    ("{% macro m() %}{{ caller(pay) }}{% endmacro %}{% call(x) m() %}{{ x.bic }}{% endcall %}", ""),
    ("{% macro m() %}{{ caller(pay) }}{% endmacro %}{% call(x) m() %}{{ x.iban }}{% endcall %}", "pay.iban"),
    (
        "{% macro m(x) %}{{ caller(x) }}{% endmacro %}{% call(y) m(pay) %}{{ y.iban }}{% endcall %}",
        "pay.iban",
    ),
    ("{% macro m(x) %}{{ x.iban }}{% endmacro %}", ""),
    (
        "{% for n in [1] recursive %}{{ loop(*[lines]) if loop.depth < 2 }}{{ n.engraving|d }}{% endfor %}",
        "lines.engraving",
    ),
    (
        "{% for n in [1] recursive %}{{ loop(lines) if loop.depth < 2 }}{{ n.engraving|d }}{% endfor %}",
        "lines.engraving",
    ),
    ("{% for n in lines recursive %}{{ n.name }}{{ loop(n.parts) }}{% endfor %}", ""),
]

INCLUSIONS = [
    ("{% include 'clean' %}", ""),
    ("{% include 'shows_iban' %}", "pay.iban"),
    ("{% set p = pay %}{% include 'shows_p' %}", "pay.iban"),
    ("{% set p = pay %}{% include 'shows_p' without context %}", ""),
    ("{% set p = pay %}{% import 'shows_p' as m with context %}", "pay.iban"),
    ("{% set p = pay %}{% import 'shows_p' as m %}", ""),
    ("{% set p = pay %}{% from 'shows_p' import q with context %}", "pay.iban"),
    ("{% set p = pay %}{% from 'shows_p' import q %}", ""),
    ("{% include ['none_such', 'clean'] %}{% include ('none_such', 'clean') %}", ""),
    ("{% include ['none_such', 'shows_iban'] %}", "pay.iban"),
    ("{% include 'none_such' ignore missing %}{% include ['none', 'such'] ignore missing %}", ""),
    ("{% include 'clean' if pay else 'clean' %}", ""),
    ("{% include 'clean' if pay.iban else 'clean' %}", "pay.iban"),
    ("{% include 'clean' if no else 'shows_iban' %}", "pay.iban"),
    ("{% import 'kit' as kit with context %}{{ kit.open }}{{ kit.bic(pay) }}{{ kit.both[1] }}", "pay.iban"),
    ("{% import 'kit' as kit with context %}{{ kit.open }}{{ kit.bic(pay) }}", ""),
    ("{% import 'kit' as kit with context %}{{ kit.iban(pay) }}", "pay.iban"),
    (
        "{% from 'kit' import bic, iban as i, open with context %}{{ bic(pay) }}{{ open }}{{ i(back) }}",
        "back.iban",
    ),
    ("{% extends 'base' %}{% block b %}{{ pay.bic }}{% endblock %}", "pay.iban"),
    ("{% extends 'base' %}{% block a %}{{ back.iban }}{% endblock %}", "back.iban pay.iban"),
]


def found(source: str, **environment: Any) -> list[Finding]:
    made = jinja2.Environment(loader=jinja2.DictLoader(FILES), autoescape=True, **environment)
    return touched(made, MARKS, template="<text>", source=source)


def refused(source: str) -> str:
    """Return the path of the guard that rendering touches first, if any."""
    try:
        templates = Templates([jinja2.DictLoader(FILES)])
        templates.render(views(CONTEXT, MARKS).public, "text", Source(source, None))
    except ConfidentialityError as error:
        return error.path
    except TemplateError:  # a name that is not there
        return ""
    return ""


@pytest.mark.parametrize(
    ("source", "expected"), FILTERS + CALLS + MEMBERS + EXPRESSIONS + STATEMENTS + MACROS + INCLUSIONS
)
def test_exactly_what_is_touched_is_found(source: str, expected: str) -> None:
    assert {finding.path for finding in found(source)} == set(expected.split())
    path = refused(source)
    assert not path or any(f"{path}.".startswith(f"{mark}.") for mark in expected.split())


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{% include 'none_such' %}", "cannot be found"),
        ("{% include ['none', 'such'] %}", "cannot be found"),
        ("{% import 'none_such' as m %}", "cannot be found"),
        ("{% from 'none_such' import m %}", "cannot be found"),
        ("{% extends 'none_such' %}", "cannot be found"),
        ("{% include key %}", "computes"),
        ("{% include 'clean' if no else key %}", "computes"),
        ("{% include key if no else 'clean' %}", "computes"),
        ("{% include 'clean' if no %}", "computes"),
        ("{% import key as m %}", "computes"),
        ("{% extends 'base' if no else key %}", "computes"),
    ],
)
def test_a_place_that_cannot_be_analysed_is_named_with_its_line(source: str, reason: str) -> None:
    (obstacle,) = (finding for finding in found(f"\n\n{source}") if not finding.path)
    assert (obstacle.template, obstacle.line) == ("<text>", 3)
    assert reason in obstacle.reason


def test_findings_stand_in_order_and_once() -> None:
    source = "{{ pay.iban }}{{ back.iban }}\n{{ pay.iban }}{{ pay.iban }}{% include 'shows_iban' %}"
    assert [(finding.template, finding.line, finding.path) for finding in found(source)] == [
        ("<text>", 1, "back.iban"),
        ("<text>", 1, "pay.iban"),
        ("<text>", 2, "pay.iban"),
        ("shows_iban", 1, "pay.iban"),
    ]
