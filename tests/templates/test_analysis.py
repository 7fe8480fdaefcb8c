"""The static check finds whatever rendering can touch, and nothing in clean templates."""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jinja2
import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ondemand_attach._confidential import Finding, Marks, views
from ondemand_attach._message import Source
from ondemand_attach.errors import ConfidentialityError, MailError, TemplateError
from ondemand_attach.templates._analysis import _values, touched
from ondemand_attach.templates._analysis._calls import Calls
from ondemand_attach.templates._analysis._expressions import Expressions
from ondemand_attach.templates._analysis._filters import Filters
from ondemand_attach.templates._analysis._inclusions import Inclusions
from ondemand_attach.templates._analysis._members import Members
from ondemand_attach.templates._analysis._memory import Memory
from ondemand_attach.templates._analysis._statements import Statements
from ondemand_attach.templates._analysis._uses import Uses
from ondemand_attach.templates._analysis._values import NOTHING
from ondemand_attach.templates._environment import Templates
from scale import SCALE

MARKS = (
    Marks()
    .with_confidential(
        ["customer", "order.lines.engraving", "former.lines.engraving", "payment.iban", "refund.iban"]
    )
    .with_public(["customer.first_name", "customer.address.city"])
)


def findings(source: str, marks: Marks = MARKS, **files: str) -> list[Finding]:
    environment = jinja2.Environment(
        loader=jinja2.DictLoader(files),
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
        autoescape=True,
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
        ("{{ 'x' in (1, payment.iban) }}", "payment.iban"),
        ("{{ 'x' not in (1, payment.iban) }}", "payment.iban"),
        ("{{ 'x' in [payment.iban] }}", "payment.iban"),
        ("{{ 'x' in [1, payment.iban]|batch(1)|first }}", "payment.iban"),
        ("{{ payment == other }}", "payment.iban"),
        ("{{ [payment.iban]|first }}", "payment.iban"),
        ("{{ {'a': payment}.a.iban }}", "payment.iban"),
        ("{{ (1, payment)[1].iban }}", "payment.iban"),
        ("{{ dict(a=payment).a.iban }}", "payment.iban"),
        ("{{ ([payment] + [1])[0].iban }}", "payment.iban"),
        ("{{ lipsum(n=payment.iban) }}", "payment.iban"),
        ("{{ range(payment.iban) }}", "payment.iban"),
        ("{{ range(*[payment.iban]) }}", "payment.iban"),
        ("{{ lipsum(**{'n': payment.iban}) }}", "payment.iban"),
        ("{{ dict(**{'a': payment}).a.iban }}", "payment.iban"),
        ("{{ '{}'.format(*[payment]) }}", "payment.iban"),
        ("{{ '{a}'.format(**{'a': payment}) }}", "payment.iban"),
        ("{{ 'x'|replace(*['x', payment.iban]) }}", "payment.iban"),
        ("{{ 'x'|replace(**{'old': 'x', 'new': payment.iban}) }}", "payment.iban"),
        ("{{ 1 is sameas(*[payment.iban]) }}", "payment.iban"),
        ("{{ 'x' is eq(*[payment.iban]) }}", "payment.iban"),
        ("{{ '%s'|format(*[payment]) }}", "payment.iban"),
        ("{{ '%(a)s'|format(**{'a': payment}) }}", "payment.iban"),
        ("{{ x[payment.iban] }}", "payment.iban"),
        ("{% if payment.iban %}x{% endif %}", "payment.iban"),
        ("{% if a %}{% elif payment.iban %}x{% endif %}", "payment.iban"),
        ("{% if a %}{% else %}{{ payment.iban }}{% endif %}", "payment.iban"),
        ("{% set p = payment %}{{ p.iban }}", "payment.iban"),
        ("{% set p, q = 1, payment %}{{ q.iban }}", "payment.iban"),
        ("{% set a, b = payment.iban %}", "payment.iban"),
        ("{% for a, b in [payment.iban] %}{% endfor %}", "payment.iban"),
        ("{% set p %}{{ payment.iban }}{% endset %}", "payment.iban"),
        ("{% set p | upper %}{{ payment.iban }}{% endset %}", "payment.iban"),
        ("{% if a %}{% set p = payment %}{% endif %}{{ p.iban }}", "payment.iban"),
        ("{% with p = payment %}{{ p.iban }}{% endwith %}", "payment.iban"),
        ("{% for line in order.lines %}{{ line.engraving }}{% endfor %}", "order.lines.engraving"),
        ("{% for line in order.lines if line.engraving %}{% endfor %}", "order.lines.engraving"),
        ("{% for line in order.lines %}{% else %}{{ payment.iban }}{% endfor %}", "payment.iban"),
        ("{% for line in order.lines %}{{ loop.previtem.engraving }}{% endfor %}", "order.lines.engraving"),
        ("{% for a, b in pairs %}{{ loop.changed(payment.iban) }}{% endfor %}", "payment.iban"),
        (
            "{% for n in order recursive %}{{ loop(n.lines) }}{{ n.engraving }}{% endfor %}",
            "order.lines.engraving",
        ),
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
        (
            "{% for g in order.lines|groupby('name') %}{{ g.list[0].engraving }}{% endfor %}",
            "order.lines.engraving",
        ),
        ("{% for k, ls in order.lines|groupby('name') %}{{ ls }}{% endfor %}", "order.lines.engraving"),
        ("{% macro m(p) %}{{ p.iban }}{% endmacro %}{{ m(payment) }}", "payment.iban"),
        ("{% macro m(p) %}{{ p.iban }}{% endmacro %}{{ m(p=payment) }}", "payment.iban"),
        ("{% macro m(p=payment) %}{{ p.iban }}{% endmacro %}{{ m() }}", "payment.iban"),
        ("{% macro m() %}{{ varargs[0].iban }}{% endmacro %}{{ m(payment) }}", "payment.iban"),
        ("{% macro m() %}{{ kwargs.q.iban }}{% endmacro %}{{ m(q=payment) }}", "payment.iban"),
        ("{% macro m(p) %}{{ p.iban }}{% endmacro %}{{ m(*[payment]) }}", "payment.iban"),
        ("{% macro m(p) %}{{ p.iban }}{% endmacro %}{{ m(**{'p': payment}) }}", "payment.iban"),
        ("{% macro m() %}{{ q.iban }}{% endmacro %}{% set q = payment %}{{ m() }}", "payment.iban"),
        (
            "{% macro m() %}{{ caller(payment) }}{% endmacro %}{% call(p) m() %}{{ p.iban }}{% endcall %}",
            "payment.iban",
        ),
        (
            "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ payment.iban }}{% endcall %}",
            "payment.iban",
        ),
        ("{% macro m(p) %}{{ p.iban }}{% endmacro %}{% set n = m %}{{ n(payment) }}", "payment.iban"),
        (
            "{% macro m(p, n) %}{{ m(payment, n - 1) if n }}{{ p.iban }}{% endmacro %}{{ m(1, 2) }}",
            "payment.iban",
        ),
        ("{% set ns = namespace() %}{% set ns.p = payment %}{{ ns.p.iban }}", "payment.iban"),
        ("{% set ns = namespace(p=payment) %}{{ ns.p.iban }}", "payment.iban"),
        (
            "{% set n = namespace(p=1) %}{% for a in x %}{{ n.p }}{% set n.p = payment.iban %}{% endfor %}",
            "payment.iban",
        ),
        ("{% filter upper %}{{ payment.iban }}{% endfilter %}", "payment.iban"),
        ("{% filter replace('a', payment.iban) %}x{% endfilter %}", "payment.iban"),
        ("{% autoescape false %}{{ payment.iban }}{% endautoescape %}", "payment.iban"),
        ("{% block b %}{{ payment.iban }}{% endblock %}", "payment.iban"),
        ("{% set p = payment %}{% block b %}{{ p.iban }}{% endblock %}", "payment.iban"),
        (
            "{% for p in [payment] %}{% block b scoped %}{{ p.iban }}{% endblock %}{% endfor %}",
            "payment.iban",
        ),
        ("{% do payment.iban.strip() %}", "payment.iban"),
        ("{% include ['nothing', 'inner'] %}", "payment.iban"),
        ("{% include 'inner' if a else 'nothing' ignore missing %}", "payment.iban"),
        ("{% set q = payment %}{% include 'uses_q' %}", "payment.iban"),
        ("{% import 'macros' as m %}{{ m.show(payment) }}", "payment.iban"),
        ("{% from 'macros' import show as s %}{{ s(payment) }}", "payment.iban"),
        ("{% import 'macros' as m %}{{ m.alias.iban }}", "payment.iban"),
        ("{% import 'macros' as m %}{{ m['alias'].iban }}", "payment.iban"),
        ("{% import 'macros' as m %}{{ m[key].iban }}", "payment.iban"),
        ("{% import 'macros' as m %}{{ m['al' ~ key].iban }}", "payment.iban"),
        ("{% import 'macros' as m %}{{ (m|attr('alias')).iban }}", "payment.iban"),
        ("{% import 'macros' as m %}{{ (m|attr(key)).iban }}", "payment.iban"),
        ("{% set n = namespace(p=payment) %}{{ n['p'].iban }}", "payment.iban"),
        ("{% set n = namespace(p=payment) %}{{ n[key].iban }}", "payment.iban"),
        ("{% set n = namespace(p=payment) %}{{ (n|attr(key)).iban }}", "payment.iban"),
        ("{% for l in order.lines %}{{ loop['previtem'].engraving }}{% endfor %}", "order.lines.engraving"),
        ("{% for l in order.lines %}{{ loop['nextitem'].engraving }}{% endfor %}", "order.lines.engraving"),
        ("{% for l in order.lines %}{{ loop.nextitem.engraving }}{% endfor %}", "order.lines.engraving"),
        ("{{ {'p': payment}[key].iban }}", "payment.iban"),
        ("{{ (1, payment)[key].iban }}", "payment.iban"),
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
    lines = {found.line for found in findings(f"\n\n{source}", **files) if found.template == "<text>"}
    assert lines <= {3}


CONTEXT: dict[str, Any] = {
    "order": {
        "lines": [
            {"engraving": "Zoë", "name": "ring", "price": 1},
            {"engraving": "Ann", "name": "pin", "price": 2},
        ]
    },
    "former": {
        "lines": [
            {"engraving": "Eve", "name": "cup", "price": 3},
            {"engraving": "Bea", "name": "mug", "price": 4},
        ]
    },
    "payment": {"iban": "DE02", "bic": "X"},
    "refund": {"iban": "DE03", "bic": "Y"},
    "customer": {"first_name": "Jane", "last_name": "Doe", "address": {"city": "Brno", "street": "Main"}},
}


def refused(source: str) -> str | None:
    """Return the path of the guard that rendering touches, if any."""
    try:
        Templates().render(views(CONTEXT, MARKS).public, "text", Source(source, None))
    except ConfidentialityError as error:
        return error.path
    except TemplateError:
        return None
    return None


# What iterates, tests, compares or prints something, once it was taken out of a tuple.
TRUTHS = [
    *("{% if VALUE %}x{% endif %}", "{{ 'x' if VALUE else 'y' }}", "{{ VALUE and 'x' }}", "{{ not VALUE }}"),
    *("{{ VALUE or 'x' }}", "{{ VALUE }}", "{{ VALUE|length }}", "{{ VALUE is none }}", "{{ VALUE == 1 }}"),
    *(
        "{% for x in VALUE %}{% endfor %}",
        "{{ VALUE.x }}",
        "{{ VALUE[0] }}",
        "{{ VALUE ~ '' }}",
        "{{ VALUE() }}",
    ),
]
OUT_OF_TUPLES = [
    "(payment.iban, 1)[0]",
    "(1, payment.iban)[1]",
    "(1, payment.iban)[-1]",
    "(payment.iban, 1)[-2]",
    "((1, payment.iban), 2)[0][1]",
    "((1,) + (payment.iban, 2))[1]",
    "((payment.iban, 2) + (1,))[0]",
    "((1, payment.iban) * 2)[3]",
    "[(1, payment.iban)][0][1]",
    "([(1, payment.iban)], 2)[0][0][1]",
    "[[(1, payment.iban)]][0][0][1]",
    "((payment.iban, 1)|first)",
    "((1, payment.iban)|last)",
    "((1, payment.iban)|list)[1]",
    "((payment.iban,)|reverse|list)[0]",
    "((1, payment.iban)|batch(2)|first)[1]",
    "(payment|dictsort|last)[1]",
    "(payment|items|list|last)[1]",
    "(payment.values()|list)[0]",
    "(payment.items()|list)[0][1]",
    "(order.lines|groupby('name')|first).list[0].engraving",
    "(order.lines|groupby('name')|first)[1][0].engraving",
    "{'a': (1, payment.iban)}.a[1]",
    "dict(a=(1, payment.iban)).a[1]",
]
SET_FROM_TUPLES = [
    ("{% set v, _ = payment.iban, 1 %}", ""),
    ("{% set _, v = (1, payment.iban) %}", ""),
    ("{% set (_, (v, w)) = (1, (payment.iban, 2)) %}", ""),
    ("{% set t = (1, payment.iban) %}{% set v = t[1] %}", ""),
    ("{% for v in (payment.iban,) %}", "{% endfor %}"),
    ("{% for v in (1, payment.iban)[1:] %}", "{% endfor %}"),
    ("{% for _, v in [(1, payment.iban)] %}", "{% endfor %}"),
    ("{% for v, _ in ((payment.iban, 1),) %}", "{% endfor %}"),
    ("{% for t in [(1, payment.iban)] %}{% set v = t[1] %}", "{% endfor %}"),
    ("{% for r in [[(1, payment.iban)]] %}{% for _, v in r %}", "{% endfor %}{% endfor %}"),
    ("{% for v in payment.values() %}", "{% endfor %}"),
    ("{% for v in payment.values()|reverse %}", "{% endfor %}"),
    ("{% for _, v in payment.items() %}", "{% endfor %}"),
    ("{% for _, v in payment|items %}", "{% endfor %}"),
    ("{% for _, v in payment|dictsort %}", "{% endfor %}"),
    ("{% for t in payment.items() %}{% set v = t[1] %}", "{% endfor %}"),
    ("{% with v = (1, payment.iban)[1] %}", "{% endwith %}"),
    ("{% with t = (1, payment.iban) %}{% set v = t[1] %}", "{% endwith %}"),
    ("{% macro m(v) %}", "{% endmacro %}{{ m((1, payment.iban)[1]) }}"),
    ("{% macro m(t) %}{% set v = t[1] %}", "{% endmacro %}{{ m((1, payment.iban)) }}"),
    ("{% macro m() %}{% set v = varargs[1] %}", "{% endmacro %}{{ m(1, payment.iban) }}"),
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_what_comes_out_of_a_tuple_is_followed(truth: str) -> None:
    taken = [truth.replace("VALUE", value) for value in OUT_OF_TUPLES]
    taken += [f"{before}{truth.replace('VALUE', 'v')}{after}" for before, after in SET_FROM_TUPLES]
    touched_at = {source: path for source in taken if (path := refused(source)) is not None}
    assert len(touched_at) > len(taken) - 5
    for source, path in touched_at.items():
        assert any(_covers(found, path) for found in paths(source)), source


# Each filter that takes the name of an attribute, wherever it takes it.
BY_ATTRIBUTE = [
    *(
        "map(attribute=KEY)|list",
        "map(attribute=KEY, default='x')|join",
        "map(default='x', attribute=KEY)|join",
    ),
    *("join(', ', KEY)", "join(attribute=KEY)", "join(', ', attribute=KEY)", "join(d=', ', attribute=KEY)"),
    *("sum(KEY)", "sum(attribute=KEY)", "sum(KEY, 0)", "sum(start=0, attribute=KEY)"),
    *(
        "sort(false, false, KEY)|list|length",
        "sort(attribute=KEY)|length",
        "sort(true, attribute=KEY)|length",
    ),
    *(
        "unique(false, KEY)|list|length",
        "unique(attribute=KEY)|list|length",
        "unique(false, attribute=KEY)|list|length",
    ),
    *("min(false, KEY)|length", "min(attribute=KEY)|length", "min(false, attribute=KEY)|length"),
    *(
        "max(false, KEY)|length",
        "max(attribute=KEY)|length",
        "max(case_sensitive=false, attribute=KEY)|length",
    ),
    *("selectattr(KEY)|list|length", "selectattr(KEY, 'eq', 'x')|list|length", "rejectattr(KEY)|list|length"),
    *("rejectattr(KEY, 'none')|list|length", "groupby(KEY)|length", "groupby(attribute=KEY)|length"),
    *(
        "groupby(KEY, 'x')|length",
        "groupby(KEY, default='x')|length",
        "groupby(attribute=KEY, default='x')|length",
    ),
]


@pytest.mark.parametrize("by", BY_ATTRIBUTE)
def test_an_attribute_is_followed_wherever_a_filter_takes_it(by: str) -> None:
    for value, key in (
        ("order.lines", "'engraving'"),
        ("[order, former]", "'lines.0.engraving'"),
        ("[order, former]", "'lines.1.engraving'"),
        ("[order.lines, former.lines]", "'0.engraving'"),
        ("[(1, order), (2, former)]", "'1.lines.0.engraving'"),
        ("[payment, refund]", "'iban'"),
    ):
        source = f"{{{{ {value}|{by.replace('KEY', key)} }}}}"
        path = refused(source)
        assert path is not None, source
        assert any(_covers(found, path) for found in paths(source)), source
        clean = source.replace("engraving", "name").replace("iban", "bic")
        assert paths(clean) == set(), clean


SUBJECTS = [
    "payment",
    "payment.iban",
    "[payment]",
    "(payment.iban, 1)",
    "{'a': payment}",
    "order.lines",
    "payment.values()",
]
ARGUMENTS = [
    "",
    "(refund)",
    "(refund.iban)",
    "([refund])",
    "([payment])",
    "('iban')",
    "(1)",
    "(refund, payment)",
    "('x', payment)",
]
OPERATIONS = [
    *(
        "{{ S == refund }}",
        "{{ S != refund }}",
        "{{ refund == S }}",
        "{{ S in [refund] }}",
        "{{ refund in [S] }}",
    ),
    *(
        "{{ S not in [refund] }}",
        "{{ refund in S }}",
        "{{ 'x' in S }}",
        "{{ S < S }}",
        "{{ 1 == S }}",
        "{{ S == 1 }}",
    ),
    *(
        "{{ S ~ 'x' }}",
        "{{ 'x' ~ S }}",
        "{{ S + S }}",
        "{{ S * 2 }}",
        "{{ -S }}",
        "{{ S % 2 }}",
        "{{ '%s' % S }}",
    ),
    *(
        "{{ '%s' % (S,) }}",
        "{{ S // 2 }}",
        "{{ 2 ** S }}",
        "{{ not S }}",
        "{{ S and 1 }}",
        "{{ S or 1 }}",
        "{{ S }}",
    ),
    *(
        "{{ 'x' if S }}",
        "{{ S if 1 }}",
        "{{ 1 if 0 else S }}",
        "{{ S[0] }}",
        "{{ S['iban'] }}",
        "{{ S[1:] }}",
    ),
    *("{{ S.iban }}", "{{ S.a.iban }}", "{{ 'abc'[S] }}", "{{ range(S) }}", "{{ S() }}", "{{ dict(a=S).a }}"),
    *(
        "{% for x in S %}{{ x }}{% endfor %}",
        "{% for x in S %}{% endfor %}",
        "{% for x in S if x %}{% endfor %}",
    ),
    *("{% for x in S recursive %}{{ loop(x) }}{% endfor %}", "{% for x in S %}{{ x.iban }}{% endfor %}"),
    *(
        "{% set a, b = S %}",
        "{% set a = S %}{{ a }}",
        "{% if S %}{% endif %}",
        "{% set a %}{{ S }}{% endset %}",
    ),
    *(
        "{{ [S]|first }}",
        "{{ [S, S]|unique|list }}",
        "{{ cycler(S, 1).next() }}",
    ),
    *(
        "{% set n = namespace(v=S) %}{{ n.v }}",
        "{% set n = namespace() %}{% set n.v = S %}{{ n.v }}",
        "{{ lipsum(S) }}",
    ),
]


def assert_found_if_refused(sources: Iterable[str]) -> int:
    """See that the static check finds whatever touches a guard; return how much does."""
    touching = 0
    for source in sources:
        path = refused(source)
        if path is not None:
            touching += 1
            assert any(_covers(found, path) for found in paths(source)), source
    return touching


@pytest.mark.parametrize("name", sorted(filter(str.isidentifier, Templates().environment("text").tests)))
def test_every_test_of_jinja_is_known(name: str) -> None:
    assert assert_found_if_refused(
        f"{{{{ {subject} is {name}{argument} }}}}" for subject in SUBJECTS for argument in ARGUMENTS
    )


@pytest.mark.parametrize("name", sorted(Templates().environment("text").filters))
def test_every_filter_of_jinja_is_known(name: str) -> None:
    assert assert_found_if_refused(
        f"{{{{ {subject}|{name}{argument} }}}}" for subject in SUBJECTS for argument in ARGUMENTS
    )


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_is_known(operation: str) -> None:
    assert assert_found_if_refused(operation.replace("S", subject) for subject in SUBJECTS)


CLEAN = [
    "Dear {{ customer.first_name }}, order {{ order.number }} is on its way to {{ customer.address.city }}.",
    "{% for line in order.lines %}{{ loop.index }} {{ line.name }} {{ '%d'|format(line.price) }}{% endfor %}",
    "{% for line in order.lines|sort(attribute='name') %}{{ line.name|title }}{% else %}nothing{% endfor %}",
    "{% if order.lines|length > 1 %}{{ order.lines|length }} items{% endif %}{% if not order %}-{% endif %}",
    "{{ order.lines|map(attribute='name')|join(', ') }}; {{ order.lines|sum(attribute='price')|round(2) }}",
    "{% for name, lines in order.lines|groupby('name') %}{{ name }}: {{ lines|length }}{% endfor %}",
    "{% for group in order.lines|groupby('name') %}{{ group.grouper }}{{ group.list[0].price }}{% endfor %}",
    "{% set line = order.lines|first %}{{ line.name }}{% set n = order.lines[-1].name %}{{ n|upper }}",
    "{% macro row(line) %}{{ line.name }}{% endmacro %}{% for l in order.lines %}{{ row(l) }}{% endfor %}",
    "{% import 'kit' as kit %}{% call kit.card(title='Order') %}{{ order.number }}{% endcall %}",
    "{% from 'kit' import money %}{{ money(order.total) }} {{ money(value=payment.amount, currency='EUR') }}",
    "{% extends 'base' %}{% block body %}{{ super() }}Hello {{ customer.first_name }}{% endblock %}",
    "{% include 'footer' %}{% include ['missing', 'footer'] %}{% include 'missing' ignore missing %}",
    "{% set n = namespace(t=0) %}{% for l in order.lines %}{% set n.t = n.t + 1 %}{% endfor %}{{ n.t }}",
    "{% for name, value in [('No', order.number), ('Sum', order.total)] %}{{ name }}{{ value }}{% endfor %}",
    "{{ order.date.strftime('%d.%m.%Y') }} {{ order['number'] }} {{ order.get('note', '') }}",
    "{% with sum = order.total, city = customer.address.city %}{{ sum|default(0) }} {{ city }}{% endwith %}",
    "{% for row in order.lines|batch(2) %}{% for line in row %}{{ line.name }}{% endfor %}{% endfor %}",
    "{% if payment and payment.method == 'card' and 'note' in order %}{{ payment.method }}{% endif %}",
    "{{ (order.lines|selectattr('price', 'gt', 5)|first).name if order is mapping }}",
    "{{ payment is eq 'x' }}{{ payment is ne 'x' }}{{ payment is equalto 1 }}{{ payment == 'x' }}{{ 'x' != payment }}",
    "{% for l in order.lines|reverse %}{{ l.name }}{% endfor %}{{ (order.lines|list|last).name }}{{ order.note|d('x') }}",
    "{% filter trim %}{{ shop.name }}{% endfilter %}{% set t %}{{ order.number }}{% endset %}{{ t }}",
    "{% for l in order.lines if l.price %}{{ loop.cycle(1) }}{{ order.lines[loop.index0].name }}{% endfor %}",
]
CLEAN_FILES = {
    "kit": "{% macro card(title) %}<h1>{{ title }}</h1>{{ caller() }}{% endmacro %}"
    "{% macro money(value, currency='CZK') %}{{ '%.2f' % value }} {{ currency }}{% endmacro %}",
    "base": "<title>{% block title %}{{ shop.name }}{% endblock %}</title>{% block body %}Hi{% endblock %}",
    "footer": "{{ shop.name }}, {{ shop.street }}",
}


def test_there_are_twenty_clean_templates() -> None:
    assert len(CLEAN) >= 20


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


@pytest.mark.parametrize(
    "source", ["{% include name %}", "{% import 'a' ~ b as c %}", "{% extends layout %}"]
)
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


def test_a_guard_on_the_way_to_what_is_touched_is_no_finding_of_its_own() -> None:
    marks = Marks().with_confidential(["a", "c"]).with_public(["c.open"])

    def found(source: str) -> list[tuple[int, str]]:
        return [(finding.line, finding.path) for finding in findings(source, marks)]

    assert found("{{ a.b }}") == found("{% if a %}{{ a.b }}{% endif %}") == [(1, "a.b")]
    assert found("{{ a.b }}\n{{ a }} {{ ab }}") == [(1, "a.b"), (2, "a")]
    assert found("{{ a.b ~ a.d.e }}") == [(1, "a.b"), (1, "a.d.e")]
    assert found("{{ a.b.upper() }}") == found("{{ a.get('b') }}") == [(1, "a.b")]
    assert found("{{ c }} {{ c.d }}") == [(1, "c"), (1, "c.d")]  # c is more than one guard: c.e is, too


@pytest.mark.parametrize(
    "source",
    [
        "{% macro m(t) %}{{ m((t, 1)) }}{% endmacro %}{{ m(payment) }}",
        "{% macro m(t) %}{{ m([t, (t, t)]) }}{{ t.iban }}{% endmacro %}{{ m(payment) }}",
        "{% macro m(t) %}{{ n((t, t)) }}{% endmacro %}{% macro n(t) %}{{ m((1, t)) }}{% endmacro %}{{ m(payment) }}",
        "{% macro m(t) %}{{ m(t=(t, 1)) }}{% endmacro %}{{ m(t=payment) }}",
        "{% macro m() %}{{ m((varargs, 1)) }}{% endmacro %}{{ m(payment) }}",
        "{% for t in [payment] recursive %}{{ loop([(t, t)]) }}{% endfor %}",
        "{% set n = namespace(t=payment) %}{% for a in order.lines %}{% set n.t = (n.t, 1) %}{% endfor %}{{ n.t }}",
        "{% set t = payment %}{% for a in order.lines %}{% set t = (t, t) %}{{ t }}{% endfor %}",
    ],
)
def test_what_builds_ever_deeper_tuples_comes_to_an_end(source: str) -> None:
    started = time.process_time()
    assert "payment.iban" in paths(source)
    assert time.process_time() - started < 5


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
    """Writes random templates that mean something: it knows the value of every expression it writes."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.context = {key: self.data(3) for key in KEYS[:3]}
        self.names: dict[str, Any] = dict(self.context)
        self.macros: dict[str, Any] = {}
        self.files: dict[str, str] = {}
        self.loops = self.fresh = 0

    def data(self, depth: int) -> Any:
        kind = self.chance.random()
        if depth == 0 or (kind < 0.25 and depth < 3):
            return self.chance.choice(["text", "a", 7, ["x", "y"], "iban"])
        if kind < 0.55:
            shape = self.chance.sample(KEYS, 2)
            return [{key: self.data(depth - 1 if key == shape[0] else 0) for key in shape} for _ in range(2)]
        return {key: self.data(depth - 1) for key in self.chance.sample(KEYS, 3)}

    def marks(self) -> Marks:
        every = sorted({".".join(path) for path in self.walk(self.context, ())} - {""})
        confidential = self.chance.sample(every, min(len(every), self.chance.choice([1, 1, 2])))
        records = [mark for mark in confidential if self.is_record(self.context, mark.split("."))]
        below = [path for path in every if any(path.startswith(f"{mark}.") for mark in records)]
        return (
            Marks()
            .with_confidential(confidential)
            .with_public(below[:1] if self.chance.random() < 0.5 else [])
        )

    def walk(self, value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield path
        for key, child in value.items() if isinstance(value, dict) else ():
            yield from self.walk(child, (*path, key))
        for child in value if isinstance(value, list) else ():
            yield from self.walk(child, path)

    def is_record(self, value: Any, path: list[str]) -> bool:
        """Whether a mapping stands at *path* everywhere: a part of a text cannot be public."""
        if isinstance(value, list):
            return all(self.is_record(element, path) for element in value)
        return isinstance(value, dict) and (
            not path or (path[0] in value and self.is_record(value[path[0]], path[1:]))
        )

    # Expressions: the text and the value

    def expression(self, depth: int = 3) -> tuple[str, Any]:
        if depth == 0 or self.chance.random() < 0.15:
            name = self.chance.choice([*self.names, *list(self.names)[-3:]])
            return name, self.names[name]
        text, value = self.expression(depth - 1)
        wider = [self.combined, self.taken] if self.chance.random() < 0.25 else [self.taken]
        return self.chance.choice(wider)(text, value, depth)

    def combined(self, text: str, value: Any, depth: int) -> tuple[str, Any]:
        other, second = self.expression(depth - 1)
        key = self.chance.choice(KEYS)
        return self.chance.choice(
            [
                (f"({text} if {other} else {text})", value),
                (f"({other} and {text})", value if second else second),
                (f"({text} or {other})", value or second),
                (f"[{text}, {other}]", [value, second]),
                (f"({text}, {other})", (value, second)),
                (f"{{'{key}': {text}, 'z': {other}}}", {key: value, "z": second}),
                (f"dict({key}={text}, z={other})", {key: value, "z": second}),
                (f"({text})|default({other})", value),
                (f"({text} == {other})", True),
                (f"({text} ~ {other})", "xy"),
                (f"([{text}] + [{other}])", [value, second]),
                (f"({text} in [{other}])", True),
                (f"nothing|default({text})", value),
                (f"('%s' % {text})" if not isinstance(value, tuple) else text, value),
            ]
        )

    def taken(self, text: str, value: Any, _: int) -> tuple[str, Any]:
        """Take something out of *value*, or ask something about it."""
        options: list[tuple[str, Any]] = [
            (f"(({text}) is {t})", True) for t in ("defined", "none", "mapping", "eq(1)")
        ]
        options += [(f"({text})|{name}", "x") for name in ("pprint", "string")] + [(f"(not {text})", False)]
        if isinstance(value, dict):
            plain = [key for key in value if key != "items"] * 3
            options += [(f"({text}).{key}", value[key]) for key in plain]
            options += [(f"({text})['{key}']", value[key]) for key in value] * 2
            options += [(f"({text}).get('{key}')", value[key]) for key in value]
            options += [(f"({text})[('{key}' ~ nothing)|default('a')]", value.get("a", "")) for key in value]
            options += [
                (f"({text}){end}", list(value.items()))
                for end in (".items()|list", "|items|list", "|dictsort")
            ]
            options += [(f"({text}).values()|list", list(value.values())), (f"({text})|list", list(value))]
            options += [(f"({text})|length", 1), (f"({text})|tojson", "x"), (f"({text}).copy()", value)]
        if isinstance(value, list | tuple) and value:
            ends = ["[0]", "|first", "|list|first", "[0:1][0]", "|reverse|first", "|batch(2)|first|first"]
            options += [(f"({text}){end}", value[0]) for end in ends]
            options += [(f"({text}){end}", value[-1]) for end in ("[-1]", "|last")]
            options += [(f"({text})|length", 2), (f"({text})|slice(2)|list", [[value[0]], [value[-1]]])]
        if isinstance(value, list) and value and all(isinstance(element, dict) for element in value):
            for key in sorted(set(value[0]).intersection(*value)):
                options += self.over(f"({text})", value, key) * 2
        if isinstance(value, list) and value and all(isinstance(element, str) for element in value):
            options += [(f"({text})|{name}", "x") for name in ("join", "sort|first", "unique|first", "max")]
        if isinstance(value, str):
            options += [
                (f"({text}){end}", "x")
                for end in ("|upper", "[:2]", ".upper()", "|replace('a', 'b')", "~ 'x'")
            ]
        return self.chance.choice(options)

    def over(self, text: str, value: list[Any], key: str) -> list[tuple[str, Any]]:
        column = [element[key] for element in value]
        options = [
            (f"{text}|map(attribute='{key}')|list", column),
            (f"{text}|map(attribute='{key}', default=1)|first", column[0]),
            (f"{text}|selectattr('{key}')|list", value),
            (f"{text}|rejectattr('{key}', 'eq', 1)|first", value[0]),
        ]
        if all(isinstance(cell, str) for cell in column):
            options += [
                (f"{text}|groupby('{key}')|list", [(column[0], value)]),
                (f"({text}|groupby('{key}')|first).list", value),
                (f"{text}|groupby(attribute='{key}')|map(attribute=1)|list", [value]),
                (f"{text}|sort(attribute='{key}')", value),
                (f"{text}|unique(attribute='{key}')|list", value),
                (f"{text}|max(attribute='{key}')", value[0]),
                (f"{text}|join(',', '{key}')", "x"),
            ]
        return options

    # Statements

    def within(self, names: dict[str, Any], write: Callable[[], str]) -> str:
        outer, macros, self.names = self.names, self.macros, {**self.names, **names}
        body = write()
        self.names, self.macros = outer, macros
        return body

    def new(self) -> str:
        self.fresh += 1
        return f"v{self.fresh}" if self.chance.random() < 0.9 else self.chance.choice(KEYS[:3])

    def body(self, depth: int) -> str:
        return "".join(self.statement(depth) for _ in range(self.chance.randint(1, 2)))

    def shown(self) -> str:
        return f"{{{{ {self.expression()[0]} }}}}"

    def statement(self, depth: int) -> str:
        if depth == 0:
            return self.shown()
        writers = [self.shown, self.assigned, self.assigned, self.unpacked, self.stored, self.captured]
        writers += [self.looped, self.looped, self.looped_over_items, self.chosen, self.with_, self.filtered]
        writers += [self.macro, self.called, self.included, self.imported, self.block]
        write = self.chance.choice(writers)
        return (
            write(depth) if write not in (self.shown, self.assigned, self.unpacked, self.stored) else write()
        )

    def assigned(self) -> str:
        name, (text, value) = self.new(), self.expression()
        self.names = {**self.names, name: value}
        return f"{{% set {name} = {text} %}}"

    def unpacked(self) -> str:
        name, other, (text, value), (second, another) = (
            self.new(),
            self.new(),
            self.expression(),
            self.expression(1),
        )
        self.names = {**self.names, other: another, name: value} if name != other else self.names
        return f"{{% set {other}, {name} = {second}, {text} %}}"

    def stored(self) -> str:
        text, value = self.expression()
        attribute = f"s{self.fresh}"
        self.names = {**self.names, f"ns.{attribute}": value}
        return f"{{% set ns.{attribute} = {text} %}}"

    def captured(self, depth: int) -> str:
        name = self.new()
        body = self.within({}, lambda: self.body(depth - 1))
        self.names = {**self.names, name: "text"}
        return f"{{% set {name} %}}{body}{{% endset %}}"

    def listed(self) -> tuple[str, Any]:
        for _ in range(8):
            text, value = self.expression()
            if isinstance(value, list) and value:
                return text, value
        text, value = self.expression(1)
        return f"[{text}]", [value]

    def looped(self, depth: int) -> str:
        name, (text, value) = self.new(), self.listed()
        form = self.chance.choice(["", "", " if {0}", " recursive"])
        test = form.format(self.within({name: value[0]}, lambda: self.expression(2)[0]))
        names = {name: value[0], "loop.previtem|default(loop.nextitem)": value[0]}
        body = self.within(names, lambda: self.body(depth - 1))
        again = f"{{{{ loop([{self.expression(2)[0]}]) if loop.depth < 2 }}}}" if form == " recursive" else ""
        return f"{{% for {name} in {text}{test} %}}{again}{body}{{% else %}}{self.shown()}{{% endfor %}}"

    def looped_over_items(self, depth: int) -> str:
        for _ in range(8):
            text, value = self.expression()
            if isinstance(value, dict) and value:
                break
        else:
            text, value = "{'a': 1}", {"a": 1}
        key, name = self.new(), self.new()
        body = self.within({key: "a", name: list(value.values())[-1]}, lambda: self.body(depth - 1))
        return f"{{% for {key}, {name} in ({text}).items() %}}{body}{{% endfor %}}"

    def chosen(self, depth: int) -> str:
        inner = lambda: self.within({}, lambda: self.body(depth - 1))  # noqa: E731
        (first, _), (second, _) = self.expression(), self.expression()
        return f"{{% if {first} %}}{inner()}{{% elif {second} %}}{inner()}{{% else %}}{inner()}{{% endif %}}"

    def with_(self, depth: int) -> str:
        name, (text, value) = self.new(), self.expression()
        body = self.within({name: value}, lambda: self.body(depth - 1))
        return f"{{% with {name} = {text} %}}{body}{{% endwith %}}"

    def filtered(self, depth: int) -> str:
        return f"{{% filter upper %}}{self.within({}, lambda: self.body(depth - 1))}{{% endfilter %}}"

    def macro(self, depth: int) -> str:
        self.fresh += 1
        name, (text, value) = f"m{self.fresh}", self.expression()
        default = self.expression(1)
        form, names = self.chance.choice(
            [
                ("({0})", {"p": value, "q": default[1]}),
                ("(p={0})", {"p": value, "q": default[1]}),
                ("(1, {0})", {"p": 1, "q": value}),
                ("(1, 2, {0})", {"varargs[0]": value}),
                ("(1, z={0})", {"kwargs.z": value}),
                ("(*[{0}])", {"p": value, "q": default[1]}),
                ("(**{{'q': {0}}})", {"q": value}),
            ]
        )
        body = self.within(names, lambda: self.body(depth - 1))
        later = self.assigned() if self.chance.random() < 0.3 else ""
        spare = "" if "q" in names else "{{ varargs }}{{ kwargs }}"
        return (
            f"{{% macro {name}(p=1, q={default[0]}) %}}{body}{spare}"
            f"{{% endmacro %}}{later}{{{{ {name}{form.format(text)} }}}}"
        )

    def called(self, depth: int) -> str:
        self.fresh += 1
        name, (text, value), (inner, passed) = self.new(), self.expression(), self.expression()
        body = self.within({name: passed}, lambda: self.body(depth - 1))
        macro = self.within({"p": value}, lambda: self.body(depth - 1))
        return (
            f"{{% macro k{self.fresh}(p) %}}{macro}{{{{ caller({inner}) }}}}{{% endmacro %}}"
            f"{{% call({name}) k{self.fresh}({text}) %}}{body}{{% endcall %}}"
        )

    def included(self, depth: int) -> str:
        return self.file(self.within({}, lambda: self.body(depth - 1)), "{% include 'NAME' %}")

    def imported(self, depth: int) -> str:
        text, value = self.expression()
        outer, self.names = self.names, {"p": value}
        body = self.body(depth - 1)
        self.names = {**outer, "exported": value}
        use = self.chance.choice(["{{ show(" + text + ") }}", "{{ exported }}", "{{ show(exported) }}"])
        return self.file(
            f"{{% macro show(p) %}}{body}{{{{ p }}}}{{% endmacro %}}{{% set exported = {text} %}}",
            "{% from 'NAME' import show, exported with context %}" + use,
        )

    def file(self, body: str, use: str) -> str:
        name = f"f{len(self.files)}"
        self.files[name] = "{% set ns = namespace() %}" + body if "exported" in use else body
        return use.replace("NAME", name)

    def block(self, depth: int) -> str:
        self.fresh += 1
        name, scoped = f"b{self.fresh}", self.chance.choice(["", " scoped"])
        outer = self.names
        if not scoped:
            self.names = dict(self.context)
        body = self.within({}, lambda: self.body(depth - 1))
        self.names = outer
        return f"{{% block {name}{scoped} %}}{body}{{% endblock %}}"

    def template(self) -> str:
        body = "{% set ns = namespace() %}" + self.body(self.chance.choice([1, 2, 2, 3]))
        if self.chance.random() < 0.15:
            text, value = self.within(self.context, self.listed_at_top)
            row = self.within({"row": value}, lambda: self.body(1))
            self.files["layout"] = (
                f"{{% for row in {text} %}}{{% block r scoped %}}{{% endblock %}}{{% endfor %}}"
            )
            return f"{{% extends 'layout' %}}{body}{{% block r %}}{row}{{% endblock %}}"
        return body

    def listed_at_top(self) -> Any:
        outer, self.names = self.names, dict(self.context)
        text, value = self.listed()
        self.names = outer
        return text, value[0]


def recorded(
    value: Any, marks: Marks, touches: set[str], path: tuple[str, ...] = (), *, secret: bool = False
) -> Any:
    secret = path not in marks.public and (secret or path in marks.confidential)
    has_public = isinstance(value, dict | list) and any(
        public[: len(path)] == path for public in marks.public
    )
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
        source = grammar.template()
        yield source, grammar.files, grammar.context, grammar.marks()


def touched_by_rendering(
    source: str, files: dict[str, str], context: Any, marks: Marks, errors: list[str] | None = None
) -> set[str]:
    touches: set[str] = set()
    environment = ImmutableSandboxedEnvironment(
        loader=jinja2.DictLoader(files), undefined=jinja2.ChainableUndefined, autoescape=True
    )
    environment.policies["json.dumps_kwargs"] = {"default": str}
    try:
        environment.from_string(source).render(recorded(context, marks, touches))
    except (Exception, RecursionError) as error:  # noqa: BLE001 - what was touched before it counts
        if errors is not None:
            errors.append(f"{error!r:.80}")
    return touches


@functools.cache
def rendered() -> list[tuple[str, dict[str, str], Marks, set[str]]]:
    return [
        (source, files, marks, touched_by_rendering(source, files, context, marks))
        for source, files, context, marks in trials(800 * SCALE, seed=1)
    ]


def missed() -> Iterator[str]:
    """Yield the templates that touched a guard without a finding."""
    for source, files, marks, touches in rendered():
        environment = jinja2.Environment(loader=jinja2.DictLoader(files), autoescape=True)
        found = {finding.path for finding in touched(environment, marks, template="<text>", source=source)}
        if any(not any(_covers(path, touch) for path in found) for touch in touches):
            yield source


def _covers(found: str, touch: str) -> bool:
    return found == touch or found.startswith(f"{touch}.") or touch.startswith(f"{found}.")


def test_no_touch_is_missed_in_random_templates() -> None:
    assert not list(missed())
    assert sum(bool(touches) for *_, touches in rendered()) > 160 * SCALE


def test_no_touch_is_missed_by_the_real_guards() -> None:
    refused = 0
    for source, files, context, marks in trials(250 * SCALE, seed=2):
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
    assert refused > 40 * SCALE


def _nothing(*_: object, **__: object) -> Any:
    return NOTHING


MUTANTS: dict[str, tuple[object, Callable[..., Any]]] = {
    "bind": (Memory, lambda _, name, __, scope: scope.pop(name, None)),
    "export": (Memory, lambda self, template, _: self.modules.setdefault(template, {})),
    "_loosened": (_values, _nothing),
    "consume": (Uses, _nothing),
    "look": (Uses, _nothing),
    "elements": (Members, _nothing),
    "unpacked": (Members, lambda _, __, targets, ___: [NOTHING] * len(targets)),
    "run_macro": (Statements, _nothing),
    "include": (Inclusions, _nothing),
    "extends": (Inclusions, _nothing),
    "module": (Inclusions, _nothing),
    "block": (Inclusions, _nothing),
    "method": (Calls, _nothing),
    "container": (Calls, _nothing),
    "groupby": (Filters, _nothing),
    "items": (Filters, _nothing),
    "map": (Filters, _nothing),
    "select": (Filters, _nothing),
    "sort": (Filters, _nothing),
    "of_list": (Expressions, _nothing),
    "of_dict": (Expressions, _nothing),
    "of_tuple": (Expressions, _nothing),
    "of_condexpr": (Expressions, _nothing),
    "of_and_or": (Expressions, _nothing),
}


@pytest.mark.parametrize("part", MUTANTS)
def test_the_harness_notices_a_missing_part(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, mutant = MUTANTS[part]
    monkeypatch.setattr(owner, part, mutant)
    assert any(missed())
