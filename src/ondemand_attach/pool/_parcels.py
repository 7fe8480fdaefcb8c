"""What travels to a render process, as pickles: the builder once, and for each message what is new."""

from __future__ import annotations

import copyreg
import io
import pickle
import runpy
import sys
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

from ondemand_attach._composition import Composition, Occasion
from ondemand_attach._confidential import Guard, Marks, Views
from ondemand_attach._draft import Draft
from ondemand_attach._origins import WITHHELD, named
from ondemand_attach._seal import translated
from ondemand_attach.errors import ConfigurationError, MailError, MessageError
from ondemand_attach.protectors._key_holder import PrivateKeyHolder
from ondemand_attach.protectors.generated_passwords import undelivered
from ondemand_attach.templates._environment import Templates


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What all render processes of a pool are told.

    Args:
        folder: where their private folders are made.
        memory_limit: bytes of address space for each.
        code: folders with modules of the application.
        main: name and file of the application's main module, as far as it has them.
    """

    folder: str
    memory_limit: int
    code: list[str]
    main: tuple[str | None, str | None]

    @classmethod
    def of(cls, head: dict[str, Any]) -> Orders:
        """Take the orders out of the head of a frame."""
        return cls(**{each.name: head[each.name] for each in fields(cls)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a render process needs of a builder."""

    draft: Draft
    templates: Templates


def packed_plan(draft: Draft, templates: Templates) -> bytes:
    """Pickle what is in a builder, the private keys of signers too: for a process of our own only.

    Raises:
        ConfigurationError: a part of it does not pickle.
    """
    # The marks name classes of the application and have done their work when the views are made; passwords
    # are handed over on this side.
    draft = replace(draft, marks=Marks(), passwords=tuple(map(undelivered, draft.passwords)))
    try:
        return _dumped(Plan(draft=draft, templates=templates))
    except Exception:  # noqa: BLE001 - whatever the application's objects raise
        culprit = next(_culprits((*templates.parts, *_plugs(draft))), "the builder")
    raise ConfigurationError(
        f"{culprit} cannot be sent to the render processes; define functions and classes at the top level of "
        "a module, and open connections where they are used"
    )


def folders_of(draft: Draft, templates: Templates) -> tuple[str, ...]:
    """Return where templates and plug points read files, as far as they say so."""
    return (*templates.folders, *(folder for _, plug in _plugs(draft) for folder in _folders(plug)))


def unpacked_plan(content: bytes, main: tuple[str | None, str | None]) -> Plan:
    """Return what `packed_plan` packed.

    Args:
        content: the pickle.
        main: name and file of the application's main module.

    Raises:
        ConfigurationError: a module of the application cannot be loaded here.
    """
    try:
        plan: Plan = _Unpickler(content, main).load()
    except MailError:
        raise
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"a render process finds no module {error.name!r}, which the builder needs; make its folder part "
            "of sys.path (PYTHONPATH) before the RenderPool is made"
        ) from None
    except Exception as error:  # noqa: BLE001 - whatever the application's modules raise
        raise ConfigurationError(
            f"a render process could not load the builder: {named(error)}; load its modules there with "
            f"initializer=; {WITHHELD}"
        ) from None
    return plan


def packed_event(composition: Composition) -> bytes:
    """Pickle what is new for one message: the views of its context, its recipients, id and time.

    Raises:
        MessageError: a value of the context does not pickle.
    """
    occasion = Occasion(
        to=composition.to, now=composition.now, message_id=composition.message_id, words=composition.words
    )
    out = io.BytesIO()
    translated(
        lambda: _EventPickler(out, pickle.HIGHEST_PROTOCOL).dump((composition.seen, occasion)),
        lambda error: MessageError(
            f"the context cannot be sent to a render process: {named(error)}; pass plain data; {WITHHELD}"
        ),
    )
    return out.getvalue()


def unpacked_event(content: bytes) -> tuple[Views, Occasion]:
    """Return what `packed_event` packed.

    Raises:
        ConfigurationError: a value of the context is of a class that cannot be loaded here.
    """
    try:
        event: tuple[Views, Occasion] = pickle.loads(content)  # noqa: S301 - from the application
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever the application's modules raise
        raise ConfigurationError(
            f"a render process could not load the context: {named(error)}; pass plain data; {WITHHELD}"
        ) from None
    return event


class _PlanPickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, PrivateKeyHolder):  # refuses every other pickler
            return copyreg.__newobj__, (type(value),), value.__getstate__()  # type: ignore[attr-defined]
        return NotImplemented


class _EventPickler(pickle.Pickler):
    dispatch_table = copyreg.dispatch_table | {
        Guard: lambda guard: (  # it refuses all else
            Guard,
            (object.__getattribute__(guard, "_path"), object.__getattribute__(guard, "_why")),
        )
    }


class _Unpickler(pickle.Unpickler):
    def __init__(self, content: bytes, main: tuple[str | None, str | None]) -> None:
        super().__init__(io.BytesIO(content))
        self._main = main

    def find_class(self, module: str, name: str) -> Any:
        if module in {"__main__", "__mp_main__"} and "__mp_main__" not in sys.modules:
            _load_main(*self._main)
        return super().find_class(module, name)


def _load_main(name: str | None, path: str | None) -> None:
    """Run the application's main module under another name, as multiprocessing does when it spawns."""
    if name is None and path is None:
        raise ConfigurationError(
            "the builder uses what was defined in a notebook or at the prompt; move it into a module"
        )
    try:
        names = (
            runpy.run_module(name, run_name="__mp_main__", alter_sys=True)
            if name
            else runpy.run_path(path or "", run_name="__mp_main__")
        )
    except BaseException as error:  # noqa: BLE001 - a script may exit
        raise ConfigurationError(
            f"a render process could not load the main script: {named(error)}; put what it does below  if "
            "__name__ == '__main__':  or move what the builder uses into a module"
        ) from None
    module = types.ModuleType("__mp_main__")
    vars(module).update(names)
    sys.modules["__main__"] = sys.modules["__mp_main__"] = module


def _plugs(draft: Draft) -> Iterator[tuple[str, Any]]:
    for enclosure in draft.enclosures:
        name = enclosure.filename.shown
        yield f"the generator of {name!r}", enclosure.generate
        yield f"the encryptor of {name!r}", enclosure.encrypt
        yield f"the signer of {name!r}", enclosure.sign
    yield "the encryptor of the message", draft.encrypt
    yield "the signer of the message", draft.sign
    yield from (("dkim()", signer) for signer in draft.dkim)


def _folders(plug: Any) -> Iterable[str]:
    return map(str, getattr(getattr(plug, "__self__", plug), "folders", ()))


def _culprits(parts: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """Name what does not pickle, as precisely as it can be told."""
    for name, part in parts:
        if _pickles(part):
            continue
        owner = getattr(part, "__self__", part)
        for attribute, value in _unpickled(owner):
            yield f"{name} ({_kind(owner)}), whose {attribute!r} is a {_kind(_inmost(value))},"
        yield f"{name} ({_kind(owner)})"


def _unpickled(owner: Any) -> Iterator[tuple[str, Any]]:
    return (item for item in getattr(owner, "__dict__", {}).items() if not _pickles(item[1]))


def _inmost(value: Any) -> Any:
    """Look into the library's own helpers for what the application gave them."""
    if not type(value).__module__.startswith("ondemand_attach."):
        return value
    return next((_inmost(inner) for _, inner in _unpickled(value)), value)


def _kind(value: Any) -> str:
    return str(getattr(value, "__qualname__", type(value).__qualname__))


def _pickles(value: Any) -> bool:
    try:
        _dumped(value)
    except Exception:  # noqa: BLE001 - as above
        return False
    return True


def _dumped(value: Any) -> bytes:
    out = io.BytesIO()
    _PlanPickler(out, pickle.HIGHEST_PROTOCOL).dump(value)
    return out.getvalue()
