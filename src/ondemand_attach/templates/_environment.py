"""The Jinja2 environments. A slot, not a file extension, decides how values are escaped."""

from __future__ import annotations

import functools
import importlib.resources
import json
import pathlib
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from hashlib import sha256
from types import TracebackType
from typing import Any, TypeAlias, TypeVar

import jinja2
from jinja2 import meta, nodes

from ondemand_attach._confidential import copied, shown
from ondemand_attach._given import is_lazy, kind
from ondemand_attach._message import Slot, Source
from ondemand_attach._origins import told
from ondemand_attach._rendering import Piece, Rendering, recorder
from ondemand_attach._seal import as_outage, translated
from ondemand_attach._template_facts import lookups
from ondemand_attach.errors import ConfidentialityError, ConfigurationError, MailError, TemplateError
from ondemand_attach.templates import _sandbox
from ondemand_attach.templates._explaining import ABSENT, explained, syntax
from ondemand_attach.templates._kept import Kept

T = TypeVar("T")
Folder: TypeAlias = "str | pathlib.Path | jinja2.BaseLoader"

_BODIES = (nodes.Macro, nodes.CallBlock, nodes.FilterBlock, nodes.AssignBlock)
_ESCAPED: frozenset[Slot] = frozenset({"html", "document"})


class Templates:
    """Renders Jinja2 sources and files; parsed once, shared by threads.

    Args:
        folders: where template files are looked up, in this order: a folder, ``package:name`` for a
            folder inside an installed package, or any Jinja2 loader.
        filters: further Jinja2 filters of the application.
    """

    def __init__(
        self, folders: Sequence[Folder] = (), filters: Mapping[str, Callable[..., Any]] | None = None
    ) -> None:
        self._filters = dict(filters or {})
        self._loader = _Loader([_loader(folder) for folder in folders])
        self._escaping = _sandbox.environment(self._loader, self._filters, autoescape=True)
        self._plain = _sandbox.environment(self._loader, self._filters, autoescape=False)
        self._secret = _sandbox.secret(self._plain)
        self._filename = _sandbox.filename(self._plain)
        self._parsed = Kept(self._parse)
        self._read = functools.lru_cache(maxsize=256)(self._load)
        self.version = functools.lru_cache(maxsize=256)(self._version)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._loader.loaders, self._filters)

    @property
    def folders(self) -> tuple[str, ...]:
        """Where template files are read, as far as the loaders say so."""
        return tuple(_folders(self._loader))

    @property
    def parts(self) -> tuple[tuple[str, object], ...]:
        """What the application has put in here, each with its name."""
        filters = ((f"the filter {name!r}", function) for name, function in self._filters.items())
        return (*filters, *(("a loader of templates=", loader) for loader in self._loader.loaders))

    def environment(self, slot: Slot) -> jinja2.Environment:
        """Return the environment that *slot* is rendered in."""
        if slot == "password":
            return self._secret
        if slot == "filename":
            return self._filename
        return self._escaping if slot in _ESCAPED else self._plain

    def render(
        self, context: Mapping[str, Any], slot: Slot, source: Source, whose: frozenset[str] | None = None
    ) -> str:
        """Render *source* with *context*.

        Args:
            context: plain data.
            slot: what it is for.
            source: the template.
            whose: the recipients, if the source may have been put together of their data.

        Raises:
            TemplateError: it could not be loaded, parsed or rendered.
            ConfidentialityError: it touched a guard.
        """
        template = translated(
            lambda: self._parsed(slot, source, whose), lambda error: _load_error(error, slot)
        )
        name = source.template or f"<{slot}>"
        # A filter of the application may sort a list in place, or take from it; Jinja2's own change nothing.
        own = copied(context) if self._filters else dict(context)
        renderings = recorder()
        return translated(
            lambda: (
                _rendered(template, own, name)
                if renderings is None
                else self._recorded(template, own, (slot, source), renderings)
            ),
            lambda error: _render_error(error, name),
        )

    def _recorded(
        self,
        template: jinja2.Template,
        context: dict[str, Any],
        of: tuple[Slot, Source],
        renderings: list[Rendering],
    ) -> str:
        slot, source = of
        name = source.template or f"<{slot}>"
        written, tags = _located_call(name, lambda: _sandbox.pieces(template, template.new_context(context)))
        text = "".join(written)
        renderings.append(
            Rendering(
                name,
                source.text or "",
                text,
                lambda: _pieces(written, tags),
                lambda: self._literals_of(slot, source),
                lambda: self._lookups_of(slot, source),
            )
        )
        return text

    def texts_of(self, slot: Slot, source: Source) -> tuple[str, ...]:
        """Return the text of *source* and of every file that it includes, imports or extends.

        Raises:
            TemplateError: the file was not found.
        """
        return translated(lambda: self._read(slot, source), lambda error: _load_error(error, slot))

    def files_of(self, slot: Slot, source: Source) -> dict[str, str]:
        """Return the same by name; those that cannot be read are left out."""
        try:
            return self._loaded(slot, source)
        except Exception:  # noqa: BLE001 - something else is wrong already
            return {}

    def _literals_of(self, slot: Slot, source: Source) -> tuple[str, ...]:
        trees = self._trees_of(slot, source)
        fixed = [
            node.data
            for tree in trees
            for part in _printed(tree)
            for node in part.find_all(nodes.TemplateData)
        ]
        constants = [node.value for tree in trees for node in tree.find_all(nodes.Const)]
        return (*fixed, *(value for value in constants if isinstance(value, str)))

    def _lookups_of(self, slot: Slot, source: Source) -> frozenset[str]:
        return frozenset(shown(path) for tree in self._trees_of(slot, source) for path in lookups(tree))

    def _trees_of(self, slot: Slot, source: Source) -> list[nodes.Template]:
        try:
            texts = self._load(slot, source)  # not kept: it may be of one customer
        except jinja2.TemplateNotFound:  # which the template may ignore
            texts = (source.text or "",)
        return [self.environment(slot).parse(text) for text in texts]

    def _version(self, sources: tuple[tuple[Slot, Source], ...]) -> str:
        """Return a digest of all that *sources* and what they refer to by a fixed name consist of."""
        return sha256(json.dumps([self._contents(*source) for source in sources]).encode()).hexdigest()

    def _contents(self, slot: Slot, source: Source) -> tuple[str | None, ...]:
        try:
            return self.texts_of(slot, source)
        except TemplateError:  # of a generator that has an engine of its own
            return source.text, source.template

    def _parse(self, slot: Slot, source: Source) -> jinja2.Template:
        environment = self.environment(slot)
        if source.template is not None:
            return environment.get_template(source.template)
        return environment.from_string(source.text or "")

    def _load(self, slot: Slot, source: Source) -> tuple[str, ...]:
        return tuple(self._loaded(slot, source).values())

    def _loaded(self, slot: Slot, source: Source) -> dict[str, str]:
        environment = self.environment(slot)
        texts: dict[str, str] = {}
        names = [source.template]
        while names:
            name = names.pop()
            text = self._loader.get_source(environment, name)[0] if name else source.text or ""
            texts[name or f"<{slot}>"] = text
            referenced = meta.find_referenced_templates(environment.parse(text))
            names += [other for other in referenced if other is not None and other not in texts]
        return texts


def _printed(tree: nodes.Template) -> Iterable[nodes.Node]:
    """Return what of a template an expression may print as a whole, such as the bodies of its macros."""
    whole = any(node.name in {"self", "super"} for node in tree.find_all(nodes.Name))
    return (
        [tree]
        if whole or any(loop.recursive for loop in tree.find_all(nodes.For))
        else tree.find_all(_BODIES)
    )


def _pieces(written: Sequence[str], tags: Iterable[tuple[int, Mapping[str, Any], int]]) -> tuple[Piece, ...]:
    places = {at: functools.partial(_sandbox.place, names, line) for at, names, line in tags}
    return tuple(Piece(text, places.get(at)) for at, text in enumerate(written))


def _rendered(template: jinja2.Template, context: dict[str, Any], name: str) -> str:
    # Template.render would rewrite the traceback, which is read below to find the line.
    return _located_call(name, lambda: "".join(template.root_render_func(template.new_context(context))))


def _located_call(name: str, call: Callable[[], T]) -> T:
    try:
        with _sandbox.rendering():
            return call()
    except MailError as error:
        raise _located(error, name) from None


def _located(error: MailError, name: str) -> MailError:
    place = _place(error.__traceback__, name)
    if isinstance(error, ConfidentialityError | TemplateError) and error.template is None:
        error.template, error.line = place
    return error


def _render_error(error: Exception, name: str) -> TemplateError:
    template, line = _place(error.__traceback__, name)
    return as_outage(TemplateError(explained(error), template=template, line=line), error)


def _place(traceback: TracebackType | None, name: str) -> tuple[str, int | None]:
    """Return the innermost template and its line that *traceback* went through."""
    place: tuple[str, int | None] = (name, None)
    while traceback is not None:
        template = traceback.tb_frame.f_globals.get("__jinja_template__")
        if template is not None:
            place = (template.name or name, template.get_corresponding_lineno(traceback.tb_lineno))
        traceback = traceback.tb_next
    return place


def _load_error(error: Exception, slot: Slot) -> TemplateError:
    name = f"<{slot}>"
    if isinstance(error, jinja2.TemplateSyntaxError):
        return TemplateError(syntax(error), template=error.name or name, line=error.lineno)
    if isinstance(error, jinja2.TemplateNotFound):
        return TemplateError(
            ABSENT,
            template=str(error.name),
        )
    return TemplateError(f"it cannot be loaded: {told(error)}", template=name)


def _loader(folder: Folder) -> jinja2.BaseLoader:
    if isinstance(folder, jinja2.BaseLoader):
        return folder
    if isinstance(folder, str) and folder.startswith("package:"):
        return _PackageLoader(folder.removeprefix("package:"))
    if not isinstance(folder, str | pathlib.Path) or is_lazy(folder):
        raise ConfigurationError(
            f"templates= takes folders, package:name or Jinja2 loaders, not {kind(folder)}; without files, "
            "leave it out"
        )
    if not pathlib.Path(folder).is_dir():
        raise ConfigurationError(f"{str(folder)!r} is not a folder with templates; give the path of one")
    return _FileLoader(pathlib.Path(folder).absolute())


class _Loader(jinja2.ChoiceLoader):
    """Says which file is not UTF-8, which the error of no other loader does."""

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str | None, Any]:
        return _decoded(template, lambda: super(_Loader, self).get_source(environment, template))

    def load(
        self,
        environment: jinja2.Environment,
        name: str,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002 - Jinja2's
    ) -> jinja2.Template:
        return _decoded(name, lambda: super(_Loader, self).load(environment, name, globals))


def _decoded(name: str, load: Callable[[], T]) -> T:
    try:
        return load()
    except UnicodeDecodeError as error:
        at = error.start
    raise TemplateError(f"it is not UTF-8, as byte {at} shows; save it as UTF-8", template=name)


class _FileLoader(jinja2.FileSystemLoader):
    """Reads each file once, so that a message is made of one version of its templates."""

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str, Any]:
        text, path, _ = super().get_source(environment, template)
        return text, path, None


class _PackageLoader(jinja2.FunctionLoader):
    """Reads below the folder of an installed package, which need not be on disk."""

    def __init__(self, package: str) -> None:
        super().__init__(functools.partial(_read_resource, package))
        self._package = package

    @property
    def searchpath(self) -> list[str]:
        return [str(importlib.resources.files(self._package))]


def _read_resource(package: str, name: str) -> str | None:
    parts = name.split("/")
    if ".." in parts:
        return None
    resource = importlib.resources.files(package).joinpath(*parts)
    return resource.read_text("utf-8") if resource.is_file() else None


def _folders(loader: Any) -> Iterator[str]:
    yield from map(str, getattr(loader, "searchpath", ()))
    below = getattr(loader, "loaders", ())  # of a ChoiceLoader, or by prefix
    for other in below.values() if isinstance(below, Mapping) else below:
        yield from _folders(other)
