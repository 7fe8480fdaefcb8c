"""The templates by name, and the blocks that are in them."""

from __future__ import annotations

import jinja2
from jinja2 import nodes


class Library:
    """Loads and parses each template once."""

    def __init__(self, environment: jinja2.Environment) -> None:
        self._environment = environment
        self._trees: dict[str, nodes.Template] = {}
        self._blocks: dict[str, list[tuple[str, nodes.Block]]] = {}

    def tree(self, name: str, source: str | None = None) -> nodes.Template:
        """Return the syntax tree of a template; its *source* is given if it is not to be loaded.

        Raises:
            jinja2.TemplateNotFound: there is none of that name.
            jinja2.TemplateSyntaxError: it could not be parsed.
        """
        if name not in self._trees:
            tree = self._environment.parse(self._load(name) if source is None else source, name)
            self._trees[name] = tree
            for block in tree.find_all(nodes.Block):
                self._blocks.setdefault(block.name, []).append((name, block))
        return self._trees[name]

    def blocks(self, name: str) -> list[tuple[str, nodes.Block]]:
        """Return the blocks of that *name*, each with its template, in all templates loaded so far."""
        return list(self._blocks[name])

    def _load(self, name: str) -> str:
        if self._environment.loader is None:
            raise jinja2.TemplateNotFound(name)
        return self._environment.loader.get_source(self._environment, name)[0]
