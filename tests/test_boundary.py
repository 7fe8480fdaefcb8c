"""Attacks on the confidentiality boundary: no template gets a confidential value out in public."""

from __future__ import annotations

import copy
import dataclasses
import datetime
import decimal
import enum
import json
import pickle
import traceback
import uuid
from typing import Annotated, Any, NamedTuple, NewType, TypedDict

import attrs
import jinja2
import msgspec
import pydantic
import pytest
import typing_extensions

from ondemand_attach._confidential import Confidential, Guard, Marks, views
from ondemand_attach._message import Source
from ondemand_attach._seal import sealed
from ondemand_attach.errors import (
    ConfidentialityError,
    ConfigurationError,
    MailError,
    MessageError,
    TemplateError,
)
from ondemand_attach.templates._environment import Templates

CANARY = "Qw7canary4711"
CONTEXT = {
    "customer": {"first_name": "Zoë", "iban": CANARY, "limits": {"day": 4711}},
    "orders": [{"city": CANARY, "total": 12}, {"city": CANARY + "x", "total": 7}],
    "number": "GG-1",
}
MARKS = Marks().with_confidential(["customer", "orders.city"]).with_public(["customer.first_name"])
ENVIRONMENT = Templates().environment("text")


def in_public(source: str, *, slot: Any = "text", templates: Templates | None = None) -> str:
    return (templates or Templates()).render(views(CONTEXT, MARKS).public, slot, Source(source, None))


def assert_refused(source: str) -> None:
    for slot in ("text", "html", "header", "filename"):
        with pytest.raises((ConfidentialityError, TemplateError)) as caught:
            in_public(source, slot=slot)
        assert "canary" not in str(caught.value).lower()
        assert "4711" not in str(caught.value)


def test_public_values_render() -> None:
    assert (
        in_public("Dear {{ customer.first_name }}, {{ number }}, {{ orders|sum('total') }}")
        == "Dear Zoë, GG-1, 19"
    )


def test_error_names_template_line_and_path() -> None:
    with pytest.raises(ConfidentialityError) as caught:
        in_public("Hello\n{% if number %}\n{{ customer.iban }}{% endif %}")
    assert (caught.value.path, caught.value.template, caught.value.line) == ("customer.iban", "<text>", 3)


def test_error_in_an_include_names_the_included_file() -> None:
    templates = Templates([jinja2.DictLoader({"a": "x\n{% include 'b' %}", "b": "\n\n{{ customer.iban }}"})])
    with pytest.raises(ConfidentialityError) as caught:
        templates.render(views(CONTEXT, MARKS).public, "html", Source(None, "a"))
    assert (caught.value.template, caught.value.line) == ("b", 3)


# What each filter needs besides its subject; every other one is tried with none, one and two arguments.
ARGUMENTS = [
    "",
    "(1)",
    "('a')",
    "('a', 'b')",
    "(attribute='city')",
    "('city')",
    "('upper')",
    "(customer.iban)",
]
SUBJECTS = [
    "customer.iban",
    "customer.limits",
    "customer.limits.day",
    "[customer.iban]",
    "[customer.iban, customer.iban]",
    "{'k': customer.iban}",
    "orders|map(attribute='city')",
]


@pytest.mark.parametrize("name", sorted(ENVIRONMENT.filters))
def test_no_builtin_filter_lets_a_value_out(name: str) -> None:
    for subject in SUBJECTS:
        for arguments in ARGUMENTS:
            source = f"{{{{ {subject}|{name}{arguments} }}}}"
            try:
                shown = in_public(source)
            except (ConfidentialityError, TemplateError) as error:
                shown = str(error)
            assert "canary" not in shown.lower(), source
            assert "4711" not in shown, source


@pytest.mark.parametrize("name", sorted(ENVIRONMENT.filters))
def test_every_builtin_filter_refuses_a_bare_guard(name: str) -> None:
    for arguments in ARGUMENTS:
        assert_refused(f"{{% set x = customer.iban|{name}{arguments} %}}{{{{ x }}}}")


@pytest.mark.parametrize("name", sorted(ENVIRONMENT.tests))
def test_no_builtin_test_answers_about_a_value(name: str) -> None:
    for argument in ["", f"({CANARY!r})", "(1)", "(customer.iban)", "([1])"]:
        assert_refused(f"{{{{ customer.iban is {name}{argument} }}}}")
        assert_refused(f"{{{{ customer.iban is not {name}{argument} }}}}")


@pytest.mark.parametrize("name", sorted(ENVIRONMENT.globals))
def test_no_global_lets_a_value_out(name: str) -> None:
    for call in ["(customer.iban)", "(x=customer.iban)", "(1, customer.iban)"]:
        try:
            shown = in_public(f"{{% set g = {name}{call} %}}{{{{ g }}}}{{{{ g.x }}}}{{{{ g.next() }}}}")
        except (ConfidentialityError, TemplateError) as error:
            shown = str(error)
        assert "canary" not in shown.lower()


@pytest.mark.parametrize(
    "source",
    [
        "{{ customer }}",
        "{{ customer.iban }}",
        "{{ customer['iban'] }}",
        "{{ customer.limits.day }}",
        "{{ customer.limits['day'] + 1 }}",
        "{{ customer.iban ~ '' }}",
        "{{ customer.iban + '' }}",
        "{{ '' + customer.iban }}",
        "{{ customer.iban * 2 }}",
        "{{ -customer.limits.day }}",
        "{{ 1 + customer.limits.day }}",
        "{{ customer.limits.day // 1000 }}",
        "{{ 2 ** customer.limits.day }}",
        "{{ customer.iban[0] }}",
        "{{ customer.iban[:3] }}",
        "{{ 'abc'[:customer.limits.day] }}",
        "{{ customer.iban == 'x' }}",
        "{{ 'x' == customer.iban }}",
        "{{ customer.iban != 'x' }}",
        "{{ customer.limits.day < 5000 }}",
        "{{ 5000 > customer.limits.day }}",
        "{{ 'Q' in customer.iban }}",
        "{{ customer.iban in 'Qw7canary4711' }}",
        "{{ customer.iban in ['a'] }}",
        "{{ not customer.iban }}",
        "{{ customer.iban and 'yes' }}",
        "{{ 'yes' if customer.iban else 'no' }}",
        "{% if customer.iban %}yes{% endif %}",
        "{% if customer.limits.day > 5 %}yes{% endif %}",
        "{% for c in customer.iban %}{{ c }}{% endfor %}",
        "{% for c in customer.iban %}x{% endfor %}",
        "{% for o in orders %}{{ o.city }}{% endfor %}",
        "{% for o in orders if o.city == 'x' %}{{ loop.index }}{% endfor %}",
        "{% for o in orders recursive %}{{ loop(o.city) }}{% endfor %}",
        "{% for o in orders %}{{ loop.changed(o.city) }}{% endfor %}",
        "{% for k, v in customer.items() %}{{ v }}{% endfor %}",
        "{{ customer.values()|list }}",
        "{{ orders }}",
        "{{ orders|first }}",
        "{{ (orders|first).city }}",
        "{{ orders|map(attribute='city')|join }}",
        "{{ orders|map(attribute='city')|map('upper')|list }}",
        "{{ orders|groupby('city') }}",
        "{{ orders|sort(attribute='city')|map(attribute='total')|list }}",
        "{{ orders|selectattr('city', 'eq', 'x')|list }}",
        "{{ orders|tojson }}",
        "{{ orders|pprint }}",
        "{{ customer|tojson }}",
        "{{ customer|xmlattr }}",
        "{{ customer|urlencode }}",
        "{{ '%s'|format(customer.iban) }}",
        "{{ '%s' % customer.iban }}",
        "{{ '{}'.format(customer.iban) }}",
        "{{ '{0.iban}'.format(customer) }}",
        "{{ '{c[iban]}'.format(c=customer) }}",
        "{{ '{c[iban]}'.format_map({'c': customer}) }}",
        "{{ ''.join([customer.iban]) }}",
        "{{ 'a'.replace('a', customer.iban) }}",
        "{{ 'abc'.startswith(customer.iban) }}",
        "{{ customer.iban.upper() }}",
        "{{ customer.iban.__class__ }}",
        "{{ customer.iban._path }}",
        "{{ customer.iban() }}",
        "{{ range(customer.limits.day)|length }}",
        "{{ {customer.iban: 1} }}",
        "{% set x = customer.iban %}{{ x }}",
        "{% set x %}{{ customer.iban }}{% endset %}{{ x }}",
        "{% set ns = namespace(a=customer.iban) %}{{ ns.a }}",
        "{% with x = customer %}{{ x.iban }}{% endwith %}",
        "{% macro m(v) %}{{ v }}{% endmacro %}{{ m(customer.iban) }}",
        "{% macro m() %}{{ caller(customer.iban) }}{% endmacro %}{% call(v) m() %}{{ v }}{% endcall %}",
        "{% filter upper %}{{ customer.iban }}{% endfilter %}",
        "{{ customer.iban|safe }}",
        "{{ customer.iban|e }}",
        "{{ self._TemplateReference__context.vars }}",
        "{{ number[customer.iban] }}",
        "{{ customer[customer.iban] }}",
        "{% include customer.iban %}",
        "{{ lipsum(customer.limits.day) }}",
        "{{ dict(a=customer.iban) }}",
        "{{ joiner(customer.iban)() }}{{ [customer.iban] }}",
        "{{ cycler(customer.iban).next() }}",
        "{% autoescape false %}{{ customer.iban }}{% endautoescape %}",
        "{% raw %}{% endraw %}{{ customer.iban|string }}",
        "{{ customer.iban|default('none') }}",
        "{{ (customer.iban, 1)|first }}",
    ],
)  # fmt: skip
def test_no_construct_lets_a_value_out(source: str) -> None:
    assert_refused(source)


def test_the_harness_sees_a_leak() -> None:
    """Without the guards the same sources print the value: a harness that cannot fail proves nothing."""
    leaked = [
        source
        for source in (
            "{{ customer.iban }}",
            "{{ orders|tojson }}",
            "{{ customer|pprint }}",
            "{{ '%s'|format(customer.iban) }}",
        )
        if "canary" in Templates().render(CONTEXT, "text", Source(source, None))
    ]
    assert len(leaked) == 4


def test_a_guard_holds_no_value_and_refuses_python_too() -> None:
    guard = views(CONTEXT, MARKS).public["customer"]["iban"]
    assert isinstance(guard, Guard)
    for use in (
        str,
        repr,
        bool,
        len,
        hash,
        list,
        int,
        float,
        bytes,
        json.dumps,
        copy.copy,
        copy.deepcopy,
        pickle.dumps,
    ):
        with pytest.raises((ConfidentialityError, TypeError)) as caught:
            use(guard)
        assert "canary" not in str(caught.value)


def test_errors_of_the_engine_do_not_quote_the_data() -> None:
    full = views(CONTEXT, MARKS).full
    for source in (
        "{{ customer.iban|int + orders }}",
        "{{ number[customer.iban].x }}",
        "{{ customer[customer.iban] }}",
        "{{ customer.iban.nothing }}",
        "{% include customer.iban %}",
        "{{ orders|groupby(customer.iban)|first }}",
        "{{ '%d'|format(customer.iban) }}",
        "{{ '{:d}'.format(customer.iban) }}",
        "{{ customer.iban.__class__ }}",
        "{{ [1]|sum(start=customer.iban) }}",
    ):
        with pytest.raises(TemplateError) as caught:
            Templates().render(full, "document", Source(source, None))
        assert "canary" not in str(caught.value).lower(), source
        shown = "".join(traceback.format_exception(caught.value, chain=True))
        assert "canary" not in shown.lower(), source


def test_captured_locals_show_nothing_of_the_data() -> None:
    """An error tracker prints the local variables of every frame, and the errors before this one."""

    @sealed
    def entry(context: dict[str, Any]) -> str:
        return Templates().render(
            views(context, MARKS).full, "document", Source("{{ customer.iban.nothing }}", None)
        )

    failure = None
    try:
        entry(copy.deepcopy(CONTEXT))
    except MailError as error:
        failure = error
    assert failure is not None
    shown = "".join(
        traceback.TracebackException.from_exception(failure, capture_locals=True).format(chain=True)
    )
    assert "canary" not in shown.lower()
    assert failure.__context__ is None
    assert failure.__cause__ is None


def test_the_debug_switch_brings_the_cause_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONDEMAND_ATTACH_INSECURE_DEBUG", "1")
    with pytest.raises(TemplateError) as caught:
        Templates().render({"x": "a"}, "text", Source("{{ x + 1 }}", None))
    assert isinstance(caught.value.__cause__, TypeError)


@dataclasses.dataclass
class Payment:
    method: str
    iban: Annotated[str, Confidential]


class Line(NamedTuple):
    name: str
    engraving: Annotated[str | None, Confidential]


class Extra(TypedDict):
    note: Annotated[str, Confidential()]
    public: str


@dataclasses.dataclass
class Event:
    payment: Payment
    lines: list[Line]
    extra: Extra
    tags: Annotated[list[str], Confidential]


EVENT = Event(
    Payment("debit", CANARY),
    [Line("ring", CANARY), Line("bangle", None)],
    {"note": "n", "public": "p"},
    [CANARY],
)


def test_marks_in_types_are_found_in_values() -> None:
    seen = views(EVENT, Marks())
    assert seen.full["payment"] == {"method": "debit", "iban": CANARY}
    assert isinstance(seen.public["payment"]["iban"], Guard)
    assert isinstance(seen.public["lines"][0]["engraving"], Guard)
    assert isinstance(seen.public["tags"], Guard)
    assert seen.public["lines"][1]["name"] == "bangle"
    assert seen.values == [
        ("payment.iban", CANARY),
        ("lines.engraving", CANARY),
        ("lines.engraving", None),
        ("extra.note", "n"),
        ("tags", CANARY),
    ]


def test_marks_in_types_are_paths() -> None:
    marks = Marks().with_confidential([Event])
    assert marks.confidential == {("payment", "iban"), ("lines", "engraving"), ("extra", "note"), ("tags",)}
    assert isinstance(views(EVENT, marks).public["extra"]["note"], Guard)


@attrs.frozen
class AttrsPayment:
    method: str
    iban: Annotated[str, Confidential]


class MsgspecPayment(msgspec.Struct):
    method: str
    iban: Annotated[str, Confidential]


class PydanticPayment(pydantic.BaseModel):
    method: str
    iban: Annotated[str, Confidential]
    token: pydantic.SecretStr = pydantic.SecretStr(CANARY)


@pytest.mark.parametrize("cls", [Payment, AttrsPayment, MsgspecPayment, PydanticPayment])
def test_marks_are_read_from_every_kind_of_record(cls: Any) -> None:
    seen = views({"payment": cls(method="debit", iban=CANARY)}, Marks())
    assert seen.public["payment"]["method"] == "debit"
    assert isinstance(seen.public["payment"]["iban"], Guard)
    assert seen.full["payment"]["iban"] == CANARY
    assert Marks().with_confidential([cls]).confidential == {("iban",)}


def test_secret_str_marks_itself() -> None:
    seen = views(PydanticPayment(method="debit", iban="x"), Marks())
    assert isinstance(seen.public["token"], Guard)
    assert seen.full["token"] == CANARY


def test_a_misspelt_mark_is_an_error() -> None:
    for path in ("custmer", "customer.ibann", "orders.town", "number.x"):
        with pytest.raises(MessageError, match="is not in the context"):
            views(CONTEXT, Marks().with_confidential([path]))
    views({**CONTEXT, "customer": None}, Marks().with_confidential(["customer.iban"]))
    views({**CONTEXT, "orders": []}, Marks().with_confidential(["orders.city"]))


def test_a_missing_record_with_public_fields_can_be_asked_for() -> None:
    public = views({**CONTEXT, "customer": None}, MARKS).public
    assert Templates().render(public, "text", Source("{{ 'none' if customer is none }}", None)) == "none"


def test_a_mark_that_is_no_path_is_an_error() -> None:
    @dataclasses.dataclass(frozen=True)
    class Paid:
        iban: Annotated[str, Confidential]

    for mark in ("", "a..b", int, Paid("DE02"), list[Paid], Paid | None, None, 5):
        with pytest.raises(ConfigurationError):
            Marks().with_confidential([mark])  # type: ignore[list-item]


class Size(enum.IntEnum):
    SMALL = 1


VALUES = {
    "text": "x",
    "whole": 1,
    "float": 1.5,
    "truth": True,
    "nothing": None,
    "octets": b"x",
    "decimal": decimal.Decimal("1.50"),
    "date": datetime.date(2026, 11, 23),
    "time": datetime.time(9, 30),
    "moment": datetime.datetime(2026, 11, 23, 9, 30, tzinfo=datetime.UTC),
    "span": datetime.timedelta(days=1),
    "uuid": uuid.UUID(int=7),
    "enum": Size.SMALL,
}


@pytest.mark.parametrize("kind", VALUES)
def test_every_kind_of_value_reaches_a_template_as_it_is(kind: str) -> None:
    value = VALUES[kind]
    for context in ({"a": value, "b": [value]}, {"a": value, "b": (value,)}):
        seen = views(context, Marks().with_confidential(["b"]))
        for view in (seen.full, seen.public):
            assert view["a"] == value
            assert type(view["a"]) is type(value) or kind == "enum"
        assert seen.full["b"] == [value]
        assert isinstance(seen.public["b"], Guard)
        assert ("b", value) in seen.values


class Live:
    def delete(self) -> str:
        return "DELETED"


def test_live_objects_do_not_reach_a_template() -> None:
    with pytest.raises(MessageError, match="'order' is a Live"):
        views({"order": Live()}, Marks())
    with pytest.raises(MessageError, match="the context is a value of type list"):
        views([1], Marks())


def test_plain_data_is_copied() -> None:
    context: dict[str, Any] = {
        "a": [1, {"b": decimal.Decimal("1.5")}],
        "d": datetime.date(2026, 1, 2),
        "n": None,
        "t": (1,),
    }
    full = views(context, Marks()).full
    context["a"].append(2)
    assert full == {
        "a": [1, {"b": decimal.Decimal("1.5")}],
        "d": datetime.date(2026, 1, 2),
        "n": None,
        "t": [1],
    }


@dataclasses.dataclass
class Aliased:
    bare: Confidential  # type: ignore[valid-type]
    named: NewType("Named", Annotated[str, Confidential])  # type: ignore[valid-type]
    nested: list[Annotated[str, Confidential] | None]


@dataclasses.dataclass
class Redeclared(Payment):
    iban: str


@pytest.mark.parametrize(
    ("cls", "paths"), [(Aliased, {("bare",), ("named",), ("nested",)}), (Redeclared, {("iban",)})]
)
def test_every_spelling_of_a_mark_is_read(cls: type, paths: set[tuple[str, ...]]) -> None:
    assert Marks().with_confidential([cls]).confidential == paths


class Tree(TypedDict):
    note: Annotated[str, Confidential]
    children: list[Tree]


class Unmarked(TypedDict):
    name: str


def test_a_class_that_would_protect_nothing_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no field of Unmarked is marked"):
        Marks().with_confidential([Unmarked])
    with pytest.raises(ConfigurationError, match="Tree holds itself"):
        Marks().with_confidential([Tree])
    with pytest.raises(MessageError, match="no marked field of Extra is in the context"):
        views({"extra": {"note": "n", "public": "p"}}, Marks().with_confidential([Extra]))


def test_annotations_that_cannot_be_read_are_named() -> None:
    unreadable = dataclasses.make_dataclass("Unreadable", [("iban", "Nowhere")])
    with pytest.raises(ConfigurationError, match="annotations of Unreadable cannot be resolved"):
        views(unreadable("x"), Marks())


def test_a_type_alias_is_looked_through() -> None:
    iban = typing_extensions.TypeAliasType("Iban", Annotated[str, Confidential])
    payment = dataclasses.make_dataclass("Paid", [("iban", iban)])
    assert isinstance(views(payment("x"), Marks()).public["iban"], Guard)


def test_the_last_mark_counts() -> None:
    marks = Marks().with_public(["a"]).with_confidential(["a"])
    assert isinstance(views({"a": 1}, marks).public["a"], Guard)
    assert views({"a": 1}, marks.with_public(["a"])).public["a"] == 1


def test_each_call_adds_to_the_marks_of_those_before() -> None:
    @dataclasses.dataclass
    class Paid:
        iban: Annotated[str, Confidential]

    @dataclasses.dataclass
    class Sent:
        street: Annotated[str, Confidential]

    assert Marks().with_confidential(["a", Paid]).with_confidential(["b", Sent]).with_public(
        ["a.x"]
    ).with_public(["b.x"]).with_generated("pin").with_generated("code") == Marks(
        confidential=frozenset({("a",), ("b",), ("iban",), ("street",), ("pin",), ("code",)}),
        public=frozenset({("a", "x"), ("b", "x")}),
        spelt=frozenset({("a",), ("b",), ("a", "x"), ("b", "x")}),
        classes=frozenset({Paid, Sent}),
    )
    before = Marks().with_public(["a.x"]).with_generated("pin").with_confidential(["b"]).with_public(["b.x"])
    assert before == Marks(
        confidential=frozenset({("pin",), ("b",)}),
        public=frozenset({("a", "x"), ("b", "x")}),
        spelt=frozenset({("a", "x"), ("b",), ("b", "x")}),
    )
    context = {"a": {"x": "public", "y": "secret"}, "b": {"x": "public", "y": "secret"}}
    marks = (
        Marks().with_confidential(["a"]).with_confidential(["b"]).with_public(["a.x"]).with_public(["b.x"])
    )
    for record in views(context, marks).public.values():
        assert record["x"] == "public"
        assert isinstance(record["y"], Guard)


def test_keys_that_are_data_are_searched_and_never_shown() -> None:
    seen = views({"accounts": {"DE0212030000": {"balance": 7}}}, Marks().with_confidential(["accounts"]))
    assert seen.values == [("accounts.*", "DE0212030000"), ("accounts.*.balance", 7)]
    for context in ({"a": {"DE0212030000": object()}}, {"a": {"DE0212030000": {1: 2}}}):
        with pytest.raises(MessageError) as caught:
            views(context, Marks())
        assert "DE02" not in str(caught.value)


@pytest.mark.parametrize(
    ("context", "place"),
    [
        ({1: 2}, "the mapping in the context at the top has a key"),
        ({"a": {1: 2}}, "the mapping in the context at 'a' has a key"),
        ({"a": [{"b": {1: 2}}]}, "the mapping in the context at 'a.b' has a key"),
        ({"a": {"DE02 12": {1: 2}}}, "the mapping in the context at 'a.*' has a key"),
        (object(), "the context value at the top is a object"),
        ({"a": {"b": object()}}, "the context value at 'a.b' is a object"),
    ],
)
def test_a_value_that_cannot_be_taken_is_named_by_its_place(context: object, place: str) -> None:
    with pytest.raises(MessageError) as caught:
        views(context, Marks())
    assert str(caught.value).startswith(place)


class Text(str):
    """Says of itself that it is markup, as those of template engines do."""

    __slots__ = ()

    def __html__(self) -> str:
        return self


@pytest.mark.parametrize("marked", [[], ["a"]])
def test_text_is_plain_text_whatever_class_it_is_of(marked: list[str]) -> None:
    seen = views({"a": Text("<b>"), "b": [Text("x")]}, Marks().with_confidential(marked))
    assert type(seen.full["a"]) is str
    assert type(seen.full["b"][0]) is type(seen.public["b"][0]) is str
    assert [type(value) for _, value in seen.values] == [str] * len(marked)


def test_a_context_that_never_ends_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    wide: Any = 1
    for _ in range(30):
        wide = [wide, wide]
    for endless in (loop, wide):
        with pytest.raises(MessageError, match="nested deeper than"):
            views({"x": endless}, Marks())


@pytest.mark.parametrize("exit_with", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_the_end_of_the_process_shows_no_data_either(exit_with: type[BaseException]) -> None:
    @sealed
    def entry(context: dict[str, str]) -> None:
        raise exit_with

    try:
        entry({"iban": CANARY})
    except BaseException as error:  # noqa: BLE001 - these are no Exceptions
        failure = error
    shown = "".join(traceback.TracebackException.from_exception(failure, capture_locals=True).format())
    assert "canary4711" not in shown
    with pytest.raises(TypeError, match="unexpected keyword"):
        entry(CANARY, to="x")  # type: ignore[call-arg]
