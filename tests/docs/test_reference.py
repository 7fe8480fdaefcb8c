"""The pages of the reference show every public name with its signature, also where nothing builds them."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import ondemand_attach
from ondemand_attach import errors, testing
from pages import check_page

PAGES = {"ondemand_attach.md": ondemand_attach, "errors.md": errors, "testing.md": testing}
WIDTH = 100


def first_line(thing: object) -> str:
    return (inspect.getdoc(thing) or "").partition("\n\n")[0].replace("\n", " ")


def parameter(given: inspect.Parameter) -> str:
    stars = {given.VAR_POSITIONAL: "*", given.VAR_KEYWORD: "**"}.get(given.kind, "")
    typed = "" if given.annotation is given.empty else f": {given.annotation}"
    if given.default is given.empty:
        return f"{stars}{given.name}{typed}"
    shown = "…" if str(given.default) == "<factory>" else repr(given.default)
    return f"{stars}{given.name}{typed}{' = ' if typed else '='}{shown}"


def parameters(signature: inspect.Signature) -> Iterator[str]:
    """Yield each, with the signs that say which are given by position or by name only."""
    kinds = [each.kind for each in signature.parameters.values()]
    for place, each in enumerate(signature.parameters.values()):
        is_first = each.kind is each.KEYWORD_ONLY and each.KEYWORD_ONLY not in kinds[:place]
        if is_first and each.VAR_POSITIONAL not in kinds:
            yield "*"
        if each.name != "self":
            yield parameter(each)
        is_last = each.kind is each.POSITIONAL_ONLY and each.POSITIONAL_ONLY not in kinds[place + 1 :]
        if is_last and each.name != "self":
            yield "/"


def call(name: str, function: Callable[..., Any], *, returns: bool = True) -> str:
    signature = inspect.signature(function)
    taken = list(parameters(signature))
    annotation = signature.return_annotation
    end = f") -> {annotation}" if returns and annotation is not signature.empty else ")"
    line = f"{name}({', '.join(taken)}{end}"
    if len(line) <= WIDTH:
        return line
    return "\n".join((f"{name}(", *(f"    {each}," for each in taken), end))


def members(cls: type) -> Iterator[tuple[str, str]]:
    """Yield the heading and the first line of the docstring of each public method and property."""
    ours = [base for base in cls.__mro__ if base.__module__.startswith("ondemand_attach")]
    seen: set[str] = set()
    for name, member in ((name, member) for base in ours for name, member in vars(base).items()):
        if name.startswith("_") or name in seen:
            continue
        seen.add(name)
        if isinstance(member, property):
            yield f".{name}", first_line(member)
        elif isinstance(member, classmethod | staticmethod):
            yield call(f"{cls.__name__}.{name}", getattr(cls, name)), first_line(member)
        elif isinstance(member, types.FunctionType):
            yield call(f".{name}", member), first_line(member)


def has_constructor(cls: type) -> bool:
    return not getattr(cls, "_is_protocol", False) and cls.__init__ is not object.__init__


def shown(name: str, thing: Any) -> str:
    if not isinstance(thing, type):
        return f"**{name}**: {first_line(thing)}\n\n```text\n{call(name, thing)}\n```\n"
    lines = [call(name, thing, returns=False)] if has_constructor(thing) else []
    for heading, said in members(thing):
        lines += [f"\n# {said}\n{heading}" if said else heading]
    code = f"\n```text\n{chr(10).join(lines).strip()}\n```\n" if lines else ""
    return f"**{name}**: {first_line(thing)}\n{code}"


@pytest.mark.parametrize("page", PAGES)
def test_the_page_shows_every_name_with_its_signature(page: str) -> None:
    module = PAGES[page]
    names = [name for name in module.__all__ if not name.startswith("__")]
    text = "\n".join(shown(name, getattr(module, name)) for name in names)
    assert " at 0x" not in text
    check_page(page, "names", text)


def test_a_signature_is_shown_as_it_is_written() -> None:
    def function(first: int, /, second: str = "x", *, third: bool, **more: float) -> None:
        """Do nothing."""

    assert call("function", function) == (
        "function(first: int, /, second: str = 'x', *, third: bool, **more: float) -> None"
    )
