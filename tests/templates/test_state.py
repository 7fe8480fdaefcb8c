"""Nothing of a rendering is there in the next one: not in this template, nor in another, nor in another thread."""

from __future__ import annotations

import contextlib
import copy
import datetime
import email
import functools
import inspect
import itertools
import os
import pathlib
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from decimal import Decimal
from typing import Any

import jinja2
import pytest

from ondemand_attach import (
    AttachmentRequest,
    Document,
    Message,
    MessageBuilder,
    PdfEncryptor,
    Xhtml2PdfGenerator,
    ZipEncryptor,
)
from ondemand_attach._message import Slot, Source
from ondemand_attach.errors import TemplateError
from ondemand_attach.templates._environment import Templates

FILES = {
    "state.j2": (
        "{% set ns = namespace(last='nobody', all=[]) %}{% set turn = cycler('a', 'b', 'c') %}"
        "{% set comma = joiner(', ') %}{% set numbers = [1] %}{% set table = {'a': 1} %}"
        "{% macro keep(value, seen=[]) %}{% set ns.last = value %}{% set ns.all = ns.all + [value] + seen %}{% endmacro %}"
        "{% macro told() %}{{ ns.last }} {{ ns.all|length }}{% endmacro %}"
        "{% macro called() %}{{ caller() }}{{ comma() }}{% endmacro %}"
        "<{{ ns.last }}{{ turn.current }}>"
    ),
    "through.j2": (
        "{% import 'state.j2' as s %}{% macro keep(value) %}{{ s.keep(value) }}{% endmacro %}"
        "{% macro told() %}{{ s.told() }}{% endmacro %}"
    ),
    "inside.j2": "{% import 'state.j2' as s %}{{ s.keep(name) }}{{ s.told() }}",
    "parent.j2": "{% import 'state.j2' as s %}{% block body %}{% endblock %}|{{ s.told() }}",
    "child.j2": "{% extends 'parent.j2' %}{% block body %}{% import 'state.j2' as s %}{{ s.keep(name) }}{% endblock %}",
}
# What uses state in each way that Jinja2 has; each begins a rendering as if it were the first.
SOURCES = {
    "namespace": "{% from 'state.j2' import ns %}{{ ns.last }}{% set ns.last = name %}{{ ns.last }}",
    "list in a namespace": "{% from 'state.j2' import ns %}{{ ns.all }}{% set ns.all = ns.all + [name] %}",
    "cycler": "{% from 'state.j2' import turn %}{{ turn.next() }}{{ turn.next() }}",
    "joiner": "{% import 'state.j2' as s %}a{{ s.comma() }}b{{ s.comma() }}c",
    "macro": "{% from 'state.j2' import keep, told %}{{ told() }}{{ keep(name) }}{{ told() }}",
    "macro that is called": "{% from 'state.j2' import called %}{% call called() %}{{ name }}{% endcall %}",
    "through another": "{% import 'through.j2' as t %}{{ t.told() }}{{ t.keep(name) }}{{ t.told() }}",
    "imported with context": "{% import 'state.j2' as s with context %}{{ s.told() }}{{ s.keep(name) }}",
    "included": "{% include 'inside.j2' %}",
    "included twice": "{% include 'inside.j2' %}{% include 'inside.j2' %}",
    "included without context": "{% include 'state.j2' without context %}{% import 'state.j2' as s %}{{ s.turn.next() }}{{ s.keep(name) }}",
    "extended": "{% extends 'child.j2' %}",
    "in a block": "{% block a %}{% import 'state.j2' as s %}{{ s.told() }}{{ s.keep(name) }}{% endblock %}{{ self.a() }}",
    "in a loop": "{% for _ in 'xy' %}{% import 'state.j2' as s %}{{ s.told() }}{{ s.keep(name) }}{% endfor %}",
    "in a macro": "{% macro m() %}{% import 'state.j2' as s %}{{ s.told() }}{{ s.keep(name) }}{% endmacro %}{{ m() }}{{ m() }}",
    "in a condition": "{% if name %}{% from 'state.j2' import ns as other %}{{ other.last }}{% set other.last = name %}{% endif %}",
    "by a name of the data": "{% import file as s %}{{ s.told() }}{{ s.keep(name) }}",
    "first of several": "{% include ['missing.j2', 'inside.j2'] %}",
    "own": "{% set ns = namespace(n=0) %}{% set turn = cycler(1, 2) %}{{ ns.n }}{{ turn.next() }}{% set ns.n = name %}",
    "own constants": "{% set found = [] %}{{ found }}{% set found = found + [name] %}{{ found }}{% set t = {'a': [1]} %}{{ t }}",
    "default of a macro": "{% macro m(x=[], y=namespace(n=0)) %}{{ x }}{{ y.n }}{% set y.n = 1 %}{% endmacro %}{{ m() }}{{ m() }}",
    "loop": "{% for x in name %}{{ loop.changed(x) }}{{ loop.cycle(1, 2) }}{% endfor %}",
    "names set in a rendering": "{% set a = b is defined %}{{ a }}{% set b = name %}",
    "escaping": "{% autoescape false %}{{ '<' }}{% endautoescape %}{% autoescape true %}{{ '<' }}{% endautoescape %}",
}  # fmt: skip
SLOTS: tuple[Slot, ...] = ("html", "text", "document", "subject")


def templates(**filters: Callable[..., Any]) -> Templates:
    return Templates([jinja2.DictLoader(FILES)], filters)


def context(name: str) -> dict[str, Any]:
    return {"name": name, "file": "state.j2"}


def test_each_source_says_the_name_or_counts() -> None:
    """Otherwise the tests below would compare nothing."""
    for source in SOURCES.values():
        assert templates().render(context("Jane"), "text", Source(source, None)).strip()


@pytest.mark.parametrize("slot", SLOTS)
@pytest.mark.parametrize("name", SOURCES)
def test_a_rendering_is_like_the_first(name: str, slot: Slot) -> None:
    source, one = Source(SOURCES[name], None), templates()
    first = {who: templates().render(context(who), slot, source) for who in ("Jane", "Joe", "")}
    for who in ("Jane", "Joe", "", "Joe", "Jane"):
        assert one.render(context(who), slot, source) == first[who]


@pytest.mark.parametrize("slot", SLOTS)
def test_a_rendering_is_like_the_first_after_all_others(slot: Slot) -> None:
    one = templates()
    for other in SOURCES.values():
        for other_slot in SLOTS:
            one.render(context("Jane"), other_slot, Source(other, None))
    for source in SOURCES.values():
        fresh = templates().render(context("Joe"), slot, Source(source, None))
        assert one.render(context("Joe"), slot, Source(source, None)) == fresh


def test_a_rendering_is_like_the_first_after_one_that_failed() -> None:
    one = templates()
    failing = Source("{% import 'state.j2' as s %}{{ s.keep(name) }}{{ s.turn.next() }}{{ nothing }}", None)
    for source in SOURCES.values():
        with pytest.raises(Exception, match="nothing"):
            one.render(context("Jane"), "text", failing)
        fresh = templates().render(context("Joe"), "text", Source(source, None))
        assert one.render(context("Joe"), "text", Source(source, None)) == fresh


def test_threads_see_nothing_of_each_other() -> None:
    one, together = (
        templates(pause=lambda value: (together.wait(30) and value) or value),
        threading.Barrier(4),
    )
    source = Source(
        "{% import 'state.j2' as s %}{{ s.keep(name) }}{{ s.turn.next() }}{{ name|pause }}{% import 'state.j2' as t %}"
        "{{ t.told() }}{{ t.turn.next() }}{{ t.comma() }}",
        None,
    )
    with ThreadPoolExecutor(4) as threads:
        for _ in range(5):
            said = list(threads.map(lambda who: one.render(context(who), "text", source), "abcd"))
            assert said == [f"a{who}{who} 1b" for who in "abcd"]


def test_within_a_rendering_all_templates_share_what_they_import() -> None:
    source = "{% import 'state.j2' as s %}{{ s.keep(name) }}{% include 'inside.j2' %}{{ s.told() }}"
    assert templates().render(context("Jane"), "text", Source(source, None)) == "Jane 2Jane 2"
    assert templates().render(context("Jane"), "text", Source(None, "child.j2")) == "|Jane 1"


def test_a_rendering_within_a_rendering_is_one_of_its_own() -> None:
    one = templates(again=lambda name: one.render(context(name), "text", Source(SOURCES["macro"], None)))
    source = "{% from 'state.j2' import keep, told %}{{ keep('outer') }}{{ 'inner'|again }}, {{ told() }}"
    assert one.render({}, "text", Source(source, None)) == "nobody 0inner 1, outer 1"


def test_templates_work_after_a_journey() -> None:
    one = pickle.loads(pickle.dumps(Templates([jinja2.DictLoader(FILES)], {"len": len})))
    for _ in range(2):
        assert one.render(context("Jane"), "text", Source(SOURCES["macro"], None)) == "nobody 0Jane 1"
        assert one.render({}, "text", Source("{{ 'abc'|len }}", None)) == "3"


FILES_OF_VERSION = {"a": "{% include 'b' %}{% import 'c' as c %}{{ c.x }}", "b": "1", "c": "{% set x = 1 %}"}


def test_what_was_parsed_stays_as_it_was(tmp_path: pathlib.Path) -> None:
    """As of the template itself, so of what it includes: a message is of one version."""
    for name, text in FILES_OF_VERSION.items():
        (tmp_path / name).write_text(text)
    one = Templates([tmp_path])
    assert one.render({}, "text", Source(None, "a")) == "11"
    for name, text in FILES_OF_VERSION.items():
        (tmp_path / name).write_text(text.replace("1", "2"))
        os.utime(tmp_path / name, (1, 1))
    assert one.render({}, "text", Source(None, "a")) == "11"


def test_a_loader_says_whether_what_it_brought_is_current() -> None:
    """It may bring each tenant's own."""
    tenant = ContextVar[str]("tenant")
    one = Templates(
        [jinja2.FunctionLoader(lambda name: (f"{FILES_OF_VERSION[name]}{tenant.get()}", None, lambda: False))]
    )
    for each in ("Anna", "Ben", "Anna"):
        tenant.set(each)
        assert one.render({}, "text", Source(None, "a")) == f"1{each}1{each}"


def test_a_template_of_another_environment_is_refused() -> None:
    """It would be outside of the sandbox, see guards as values, and keep its modules."""

    class Foreign(jinja2.DictLoader):
        def load(self, environment: jinja2.Environment, name: str, globals: Any = None) -> jinja2.Template:  # noqa: A002
            return jinja2.Environment(loader=jinja2.DictLoader(FILES)).get_template(name)

    one = Templates([Foreign(FILES)])
    for source in (
        Source(None, "child.j2"),
        Source("{% import 'state.j2' as s %}", None),
        Source("{% include 'child.j2' %}", None),
    ):
        with pytest.raises(TemplateError, match="another Jinja2 environment"):
            one.render(context("Jane"), "text", source)


# Filters of the application are called in each rendering

LANGUAGE: ContextVar[str] = ContextVar("language", default="en")
WORDS = {"en": "Thanks", "de": "Danke", "fr": "Merci"}


def translated(value: object = None, *_: object) -> str:
    return WORDS[LANGUAGE.get()]


@jinja2.pass_context
def with_context(found: Any, value: object, *_: object) -> str:
    assert found.environment.filters
    return translated()


@jinja2.pass_eval_context
def with_eval_context(found: Any, value: object, *_: object) -> str:
    assert found.autoescape in {True, False}
    return translated()


@jinja2.pass_environment
def with_environment(found: Any, value: object, *_: object) -> str:
    assert found.filters
    return translated()


class Filter:
    def __call__(self, value: object, *_: object) -> str:
        return translated()

    def method(self, value: object, *_: object) -> str:
        return translated()


FILTERS = {
    "a function": translated,
    "with the context": with_context,
    "with the evaluation context": with_eval_context,
    "with the environment": with_environment,
    "an object": Filter(),
    "a method": Filter().method,
    "a partial function": functools.partial(translated, "x"),
    "a lambda": lambda value, *_: translated(),
}
CALLS = (
    "{{ 'Thanks'|t }}",
    "{{ 'Thanks'|t('x') }}",
    "{{ ('Tha' ~ 'nks')|t }}",
    "{{ 'thanks'|title|t }}",
    "{{ 'Thanks'|t|e }}",
    "{{ 1|t }}",
    "{{ []|t }}",
    "{% filter t %}Thanks{% endfilter %}",
    "{% set thanks = 'Thanks'|t %}{{ thanks }}",
    "{{ ['Thanks']|map('t')|first }}",
    "{{ 'Thanks'|t if true else '' }}",
    "{% macro m(x='Thanks'|t) %}{{ x }}{% endmacro %}{{ m() }}",
    "{% import 'words.j2' as w %}{{ w.thanks }}",
    "{% import 'words.j2' as w %}{{ w.say() }}",
    "{% include 'said.j2' %}",
    "{% include 'said.j2' without context %}",
    "{% if 'Thanks'|t == 'Danke' %}Danke{% elif 'Thanks'|t == 'Merci' %}Merci{% else %}Thanks{% endif %}",
    "{% for x in ['Thanks'|t] %}{{ x }}{% endfor %}",
    "{{ {'a': 'Thanks'|t}.a }}",
    "{{ 'Thanks'|upper|t }}",
    "{% autoescape true %}{{ 'Thanks'|t }}{% endautoescape %}",
)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", FILTERS)
def test_a_filter_is_called_in_each_rendering(kind: str, call: str) -> None:
    files = {
        "words.j2": "{% set thanks = 'Thanks'|t %}{% macro say() %}{{ 'Thanks'|t }}{% endmacro %}",
        "said.j2": "{{ 'Thanks'|t }}",
    }
    one = Templates([jinja2.DictLoader(files)], {"t": FILTERS[kind]})
    for slot in SLOTS:
        for language in ("de", "fr", "en", "de"):
            token = LANGUAGE.set(language)
            try:
                assert one.render({}, slot, Source(call, None)) == WORDS[language]
            finally:
                LANGUAGE.reset(token)


def test_a_filter_that_replaces_one_of_jinja2_is_called_too() -> None:
    numbers = iter(range(10))
    one = Templates((), {"upper": lambda value: f"{value}{next(numbers)}"})
    assert [one.render({}, "text", Source("{{ 'a'|upper }}", None)) for _ in range(3)] == ["a0", "a1", "a2"]


def test_a_password_takes_what_a_filter_says_now() -> None:
    numbers = iter(range(10))
    one = Templates((), {"next": lambda value: next(numbers)})
    assert [one.render({}, "password", Source("{{ 'a'|next }}", None)) for _ in range(3)] == ["0", "1", "2"]


# Nobody changes the context of another template

CHANGES: dict[str, Callable[[list[Any]], object]] = {
    "sort": lambda lines: lines.sort(key=str, reverse=True),
    "pop": lambda lines: lines.pop(),
    "append": lambda lines: lines.append(9),
    "clear": lambda lines: lines.clear(),
    "below": lambda lines: lines[0].update(name="other"),
    "above": lambda lines: lines.__setitem__(0, None),
}
LINES = [{"name": "a"}, {"name": "b"}]


@pytest.mark.parametrize("change", CHANGES)
def test_a_filter_that_changes_its_argument_changes_no_other_template(change: str) -> None:
    one = Templates((), {"change": lambda lines: (CHANGES[change](lines) and "") or ""})
    seen = {"order": {"lines": copy.deepcopy(LINES)}}
    for _ in range(2):
        one.render(seen, "text", Source("{{ order.lines|change }}", None))
        assert seen == {"order": {"lines": LINES}}


def test_a_filter_that_changes_the_context_changes_no_other_template() -> None:
    @jinja2.pass_context
    def change(found: Any, value: object) -> str:
        found["order"]["lines"].clear()
        found.parent["name"] = "other"
        return ""

    seen = {"order": {"lines": [1]}, "name": "Jane"}
    Templates((), {"change": change}).render(seen, "text", Source("{{ name|change }}", None))
    assert seen == {"order": {"lines": [1]}, "name": "Jane"}


def mutable() -> dict[str, Any]:
    return {
        "list": [3, 1, 2],
        "dicts": [{"a": 2, "b": [1]}, {"a": 1, "b": [2]}],
        "dict": {"b": 2, "a": [1]},
        "text": "some text",
        "number": Decimal("1.50"),
        "day": datetime.date(2026, 5, 4),
    }


ARGUMENTS = (
    "",
    "('a')",
    "(attribute='a')",
    "(1)",
    "(2, 'x')",
    "('a', 'b')",
    "(reverse=true)",
    "(start=list)",
)


@pytest.mark.parametrize("name", sorted(jinja2.Environment().filters))
def test_no_filter_of_jinja2_changes_the_context(name: str) -> None:
    one = Templates()
    for value, arguments, after in itertools.product(mutable(), ARGUMENTS, ("", "|list")):
        seen = mutable()
        try:
            one.render(seen, "text", Source("{{ " + f"{value}|{name}{arguments}{after}" + " }}", None))
        except TemplateError:  # most do not fit; `indent` adds to a list before it fails, with the message
            continue
        assert seen == mutable()


@pytest.mark.parametrize("kind", [list, dict])
def test_no_method_that_a_template_may_call_changes_the_context(kind: type) -> None:
    value: Any = {list: [3, 1, 2], dict: {"b": [2], "a": 1}}[kind]
    seen, one = {"value": copy.deepcopy(value)}, Templates()
    for name in [name for name, _ in inspect.getmembers(kind, callable)]:
        for arguments in ("()", "(1)", "(0, 1)", "('a')", "({'c': 1})", "([1])"):
            for call in (
                f"value.{name}{arguments}",
                f"(value|attr('{name}')){arguments}",
                f"value['{name}']{arguments}",
            ):
                with contextlib.suppress(TemplateError):  # most are refused
                    one.render(seen, "text", Source("{{ " + call + " }}", None))
    assert seen == {"value": value}


# Messages

CUSTOMER = {"name": "Jane", "code": "walnut-ferry-8823-cobalt", "is_ill": True}


def kept(request: AttachmentRequest) -> Document:
    said = request.render("{% from 'state.j2' import keep %}{{ keep(customer.is_ill) }}kept")
    return Document(content=said.encode(), media_type="text/plain")


def told(request: AttachmentRequest) -> Document:
    said = request.render("{% from 'state.j2' import told %}{{ told() }}")
    return Document(content=said.encode(), media_type="text/plain")


def parts(message: Message) -> list[bytes]:
    found = email.message_from_bytes(message.content).walk()
    return [part.get_payload(decode=True) for part in found if not part.is_multipart()]


def test_what_a_protected_document_sets_is_not_in_the_public_parts() -> None:
    secret = ZipEncryptor(password="{{ customer.code }}", name_inside="a.txt")
    builder = (
        MessageBuilder(templates=jinja2.DictLoader(FILES))
        .sender("a@shop.example")
        .subject("{% from 'state.j2' import told %}{{ told() }}")
        .text("{% from 'state.j2' import told %}{{ told() }}")
        .confidential("customer")
        .attach(kept, filename="a.zip", encryptor=secret)
        .attach(told, filename="{% from 'state.j2' import told %}{{ told() }}.txt")
    )
    for _ in range(3):
        message = builder.build({"customer": CUSTOMER}, to="jane@example.com")
        assert parts(message)[0] == b"nobody 0"
        assert parts(message)[-1] == b"nobody 0"
        assert b"Subject: nobody 0\r\n" in message.content
        assert b"nobody 0.txt" in message.content


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("is_protected", [True, False])
def test_what_a_generator_does_to_its_context_is_not_seen_by_the_others(
    change: str, is_protected: bool
) -> None:
    def changing(request: AttachmentRequest) -> Document:
        CHANGES[change](request.context["order"]["lines"])
        request.context["number"] = 2  # type: ignore[index]
        return Document(content=b"x", media_type="text/plain")

    def seen(request: AttachmentRequest) -> Document:
        assert request.context["order"] == {"lines": LINES}
        assert request.context["number"] == 1
        return Document(content=b"y", media_type="text/plain")

    secret = ZipEncryptor(password="{{ code }}", name_inside="a.txt") if is_protected else None
    context = {"order": {"lines": copy.deepcopy(LINES)}, "number": 1, "code": CUSTOMER["code"]}
    builder = (
        MessageBuilder().sender("a@shop.example").subject("s").text("{{ order.lines }}").confidential("code")
    )
    for first, second in ((changing, seen), (seen, changing)):
        made = builder.attach(first, filename="a.zip", encryptor=secret).attach(
            second, filename="b.zip", encryptor=secret
        )
        for number in range(2):
            made.build(context, to=f"jane{number}@example.com")
    assert context["order"] == {"lines": LINES}


def test_a_source_of_ones_data_is_not_kept_and_a_fixed_one_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def generate(request: AttachmentRequest) -> Document:
        request.render("fixed {{ number }}")
        return Document(
            content=request.render(f"of {request.context['name']}").encode(), media_type="text/plain"
        )

    builder = (
        MessageBuilder().sender("a@shop.example").subject("s").text("t").attach(generate, filename="a.txt")
    )
    parsed: list[str | None] = []
    parse = builder._templates._parsed._parse
    monkeypatch.setattr(
        builder._templates._parsed,
        "_parse",
        lambda slot, source: parsed.append(source.text) or parse(slot, source),
    )
    for name in ("Jane", "Jane", "Joe", "Joe", "Joe"):
        builder.build({"name": name, "number": 1}, to=f"{name}@example.com")
    assert parsed.count("s") == 1
    assert parsed.count("fixed {{ number }}") == 3
    assert parsed.count("of Jane") == 2
    kept_texts = [key[1].text for key in builder._templates._parsed._templates]
    assert "fixed {{ number }}" in kept_texts
    assert not [text for text in kept_texts if "Jane" in text or "Joe" in text]


def test_own_sources_are_parsed_once() -> None:
    builder = (
        MessageBuilder()
        .sender("a@shop.example")
        .subject("s {{ number }}")
        .text("t")
        .confidential("code")
        .attach(
            Xhtml2PdfGenerator(source="<p>{{ number }}</p>"),
            filename="a.pdf",
            encryptor=PdfEncryptor(password="{{ code }}"),
        )
    )
    builder.build({"number": 1, "code": CUSTOMER["code"]}, to="jane@example.com")
    kept_sources = {(slot, source.text) for slot, source in builder._templates._parsed._templates}
    assert kept_sources == {
        ("subject", "s {{ number }}"),
        ("text", "t"),
        ("filename", "a.pdf"),
        ("document", "<p>{{ number }}</p>"),
        ("password", "{{ code }}"),
    }


def test_filters_of_the_application_may_call_each_other_and_take_any_argument() -> None:
    @jinja2.pass_environment
    def by_environment(environment: jinja2.Environment, value: str) -> str:
        return f"{environment.call_filter('own', value)}{environment.filters['own'](value)}"

    @jinja2.pass_context
    def by_context(context: jinja2.runtime.Context, value: str) -> str:
        return str(context.environment.call_filter("own", value))

    filters = {
        "own": str.upper,
        "by_environment": by_environment,
        "by_context": by_context,
        "named": lambda value, context, function: f"{value}{context}{function}",
    }
    one = Templates([], filters)
    for text, made in (
        ("{{ 'a'|by_environment }}", "AA"),
        ("{{ 'a'|by_context }}", "A"),
        ("{{ 'a'|named(context=2, function=3) }}", "a23"),
    ):
        assert one.render({}, "text", Source(text, None)) == made
