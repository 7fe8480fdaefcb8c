"""What has a name: in a scope, in the namespaces, in the modules."""

from __future__ import annotations

from ondemand_attach.templates._analysis._values import (
    HAS_FREE_NAMES,
    NOTHING,
    Place,
    Scope,
    Value,
    flat,
    loosened,
    union,
)


class Memory:
    """Holds whatever was ever bound; without tuples, or a loop could build ever deeper ones."""

    def __init__(self) -> None:
        self.names: Scope = {}
        self.attributes: Scope = {}
        self.modules: dict[str, Scope] = {}

    def snapshot(self) -> object:
        """Return all that is held; the analysis is over when a run through the template adds nothing."""
        modules = {template: dict(exports) for template, exports in self.modules.items()}
        return dict(self.names), dict(self.attributes), modules

    def bind(self, name: str, value: Value, scope: Scope) -> None:
        """Bind *name* in *scope*."""
        scope[name] = value
        _add(self.names, name, flat(value))

    def named(self, name: str, scope: Scope) -> Value:
        """Return what *name* may be in *scope*."""
        if name in scope:
            return scope[name]
        place: Value = frozenset({Place((name,))})
        return place | self.names.get(name, NOTHING) if HAS_FREE_NAMES in scope else place

    def store(self, attribute: str, value: Value) -> None:
        """Put *value* into an attribute of a namespace."""
        _add(self.attributes, attribute, loosened(value))

    def anything_stored(self) -> Value:
        """Return what any attribute of a namespace may be."""
        return union(self.attributes.values())

    def export(self, template: str, scope: Scope) -> None:
        """Let a module have all that its *scope* binds."""
        exports = self.modules.setdefault(template, {})
        for name, value in scope.items():
            _add(exports, name, flat(value))

    def exported(self, template: str, name: str) -> Value:
        """Return what *name* in a module may be."""
        return self.modules[template].get(name, NOTHING)

    def anything_exported(self, template: str) -> Value:
        """Return what any name in a module may be."""
        return loosened(union(self.modules[template].values()))


def _add(scope: Scope, name: str, value: Value) -> None:
    scope[name] = scope.get(name, NOTHING) | value
