"""The sandbox that templates run in: no filter sees a guard, and nothing outlives a rendering."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import GeneratorType
from typing import Any, Final, NoReturn

import jinja2
from jinja2.compiler import CodeGenerator
from jinja2.environment import TemplateModule
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ondemand_attach._confidential import Guard
from ondemand_attach._rendering import Fixed
from ondemand_attach.errors import TemplateError

Filters = Mapping[str, Callable[..., Any]]

_modules: Final[ContextVar[dict[str | None, TemplateModule]]] = ContextVar("modules of this rendering")

_is_compiling: Final[ContextVar[bool]] = ContextVar("whether a template is being compiled", default=False)


@contextmanager
def rendering() -> Iterator[None]:
    """Let all templates that are rendered inside share what they import, and nobody else."""
    token = _modules.set({})
    try:
        yield
    finally:
        _modules.reset(token)


class _Template(jinja2.Template):
    """A template that keeps no module.

    Jinja2 makes the module of an imported template once, and hangs it on the template: its namespaces,
    cyclers and joiners, and whatever its filters returned, would be the next customer's too.
    """

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:  # noqa: ARG002 - Jinja2's
        modules = _modules.get({})
        if self.name not in modules:  # threads that load it at the same time may each have a copy
            modules[self.name] = self.make_module()
        return modules[self.name]


class _Missing(jinja2.StrictUndefined):
    """Says only which name is missing: Jinja2's own text may quote a value that was used as a key."""

    @property
    def _undefined_message(self) -> str:
        return str(self._undefined_name)


class _CodeGenerator(CodeGenerator):
    """Lets a template tell its own text from what its tags write."""

    def _output_const_repr(self, group: Iterable[Any]) -> str:
        return f"environment.fixed({super()._output_const_repr(group)})"


class _Environment(ImmutableSandboxedEnvironment):
    template_class = _Template
    code_generator_class = _CodeGenerator
    fixed = Fixed

    def compile(self, *args: Any, **kwargs: Any) -> Any:
        before = _is_compiling.set(True)
        try:
            return super().compile(*args, **kwargs)
        finally:
            _is_compiling.reset(before)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return a plain mapping: those of an environment never change, and each rendering copies them."""
        return {**self.globals, **(d or {})}

    def _load_template(self, name: str, globals: Any) -> jinja2.Template:  # noqa: A002 - Jinja2's
        template = super()._load_template(name, globals)
        if template.environment is not self:
            raise TemplateError(
                "its loader brings a template of another Jinja2 environment, outside of the sandbox; let it "
                "bring the source",
                template=name,
            )
        return template


def pieces(template: jinja2.Template, context: Context) -> tuple[tuple[str, ...], list[tuple[int, Any, int]]]:
    """Render *template*, and return what it wrote, with each of what its tags wrote and where these stand.

    A macro or a filter block is one piece, with its text and its data.
    """
    stream: Any = template.root_render_func(context)
    is_flat = not _includes(stream)
    written: list[str] = []
    tags: list[tuple[int, Any, int]] = []
    for text in stream:
        if type(text) is not Fixed:
            inner = stream if is_flat and stream.gi_yieldfrom is None else _innermost(stream)
            frame = inner.gi_frame
            tags.append((len(written), frame.f_globals, frame.f_lineno))
        written.append(text)
    return tuple(written), tags


def _innermost(stream: Any) -> Any:
    """Return the generator that has written last: that of the block or the included file."""
    while True:
        inner = stream.gi_yieldfrom
        if inner is None and _includes(stream):
            inner = stream.gi_frame.f_locals.get("gen")
        if not isinstance(inner, GeneratorType) or inner.gi_frame is None:
            return stream
        stream = inner


def _includes(stream: Any) -> bool:
    """Whether it may hold an included file, which Jinja2 does not yield from but iterates over."""
    return "gen" in stream.gi_code.co_varnames


def place(names: Mapping[str, Any], line: int) -> tuple[str, int]:
    """Return the template and its line of a *line* of the module that Jinja2 has made of it."""
    template = names["__jinja_template__"]
    return template.name or "", template.get_corresponding_lineno(line)


def environment(loader: jinja2.BaseLoader, filters: Filters, *, autoescape: bool) -> jinja2.Environment:
    """Return an environment with the *filters* of the application."""
    made = _Environment(loader=loader, autoescape=autoescape, undefined=_Missing)
    made.filters.update({name: _late(function) for name, function in filters.items()})
    for functions in (made.filters, made.tests):
        functions.update({name: _guarded(function) for name, function in functions.items()})
    made.policies["json.dumps_kwargs"] = {"sort_keys": True, "default": _refuse_in_json}
    return made


def secret(plain: jinja2.Environment) -> jinja2.Environment:
    """Return *plain* for passwords, into which only text and whole numbers may be put."""
    return plain.overlay(finalize=_part_of_secret)


def filename(plain: jinja2.Environment) -> jinja2.Environment:
    """Return *plain* for the names of files."""
    return plain.overlay(finalize=_part_of_filename)


def _late(function: Callable[..., Any]) -> Callable[..., Any]:
    """Have *function* called in each rendering.

    Jinja2 applies a filter to a constant while it compiles, once for all messages: a filter that translates
    or counts would give everyone what the first customer got. It leaves to the rendering what fails then.
    """

    @functools.wraps(function, updated=())
    def late(*args: Any, **kwargs: Any) -> Any:
        if _is_compiling.get():
            raise RuntimeError("not while a template is compiled")
        return function(*args, **kwargs)

    if (wanted := getattr(function, "jinja_pass_arg", None)) is not None:
        late.jinja_pass_arg = wanted  # type: ignore[attr-defined]
    return late


def _guarded(function: Any) -> Callable[..., Any]:
    """Let *function* see no guard: `x is none` or `x is string` would answer about the guard itself."""

    @functools.wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        for argument in (*args, *kwargs.values()):
            if isinstance(argument, Guard):
                argument.refuse()
        return function(*args, **kwargs)

    return guarded


GUARDED: Final = frozenset({_guarded(len).__code__})
"""The code that calls filters and tests, with what it calls as its local *function*."""


def _part_of_secret(value: object) -> object:
    """Let text and whole numbers into a secret: nobody could type what ``None`` or ``b'…'`` prints as."""
    if isinstance(value, str | int | jinja2.Undefined) and not isinstance(value, bool):
        return value
    raise TemplateError(f"a {type(value).__name__} is put into a secret; only text and whole numbers may be")


def _part_of_filename(value: object) -> object:
    """Leave out what is not there: nobody wants a file that is called None."""
    return "" if value is None else value


def _refuse_in_json(value: object) -> NoReturn:
    if isinstance(value, Guard):
        value.refuse()
    raise TypeError
