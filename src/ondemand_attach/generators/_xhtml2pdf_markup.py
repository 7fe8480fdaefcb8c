# ruff: noqa: FBT001, FBT002, N802, N803 - the names are those of the parent classes
"""HTML to a tree, with limits where the parser itself would spend unbounded time or memory.

The limits sit inside the parser, so that no spelling of the markup can hide a tag from them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from io import StringIO
from typing import Any, Final
from xml.dom.minidom import Document as Tree

from html5lib import _tokenizer, html5parser, treebuilders

from ondemand_attach.errors import GenerationError, ResourceBlockedError

MAX_CHARACTERS: Final = 8_000_000
MAX_ELEMENTS: Final = 100_000
MAX_DEPTH: Final = 150
MAX_ATTRIBUTES: Final = 200
MAX_CELLS: Final = 100_000

_SPANS: Final = {"colspan": 100, "rowspan": 100, "span": 100, "start": 1_000_000, "value": 1_000_000}
_NUMBERED: Final = frozenset({"td", "th", "col", "colgroup", "ol", "li"})
_EMBEDDED: Final = frozenset({"applet", "audio", "embed", "frame", "iframe", "object", "video"})
_NOT_DRAWN: Final = {
    "svg": "inline SVG is not drawn; put it into the assets, or a data: address, and use <img>",
    "math": "MathML is not drawn; make a picture of it, or write it as text",
    "input": "form fields are not drawn as text; write the value itself",
    "select": "form fields are not drawn as text; write the value itself",
    "textarea": "form fields are not drawn as text; write the value itself",
}

Beat = Callable[[], None]


def parse(html: str, beat: Beat) -> Tree:
    """Return the tree of *html*.

    Args:
        html: the markup.
        beat: called often; raises once the time is up.

    Raises:
        GenerationError: it goes past a limit, or holds what would not be drawn.
    """
    if len(html) > MAX_CHARACTERS:
        raise GenerationError(f"the document is longer than {MAX_CHARACTERS} characters; make several of it")
    if not html.isascii():
        html = _checked(html)
    tree = _Parser(beat).parse(_Beating(html, beat))
    tree.normalize()  # the parser makes a text node of its own of each character reference
    return tree  # type: ignore[no-any-return]


def _checked(html: str) -> str:
    try:
        html.encode()
    except UnicodeEncodeError:
        html = ""
    if not html:
        raise GenerationError(
            "the document holds half of a surrogate pair, which is no character; look where the data was cut"
        )
    return unicodedata.normalize("NFC", html)  # marks are not placed over their letters otherwise


class _Beating(StringIO):
    """html5lib reads 10,000 characters at a time."""

    def __init__(self, text: str, beat: Beat) -> None:
        super().__init__(text)
        self._beat = beat

    def read(self, size: int | None = -1, /) -> str:
        self._beat()
        return super().read(size)


class _Tokenizer(_tokenizer.HTMLTokenizer):  # type: ignore[misc]
    def attributeNameState(self) -> bool:
        # Each attribute is compared with all before it.
        if len(self.currentToken["data"]) > MAX_ATTRIBUTES:
            raise GenerationError(f"a tag has more than {MAX_ATTRIBUTES} attributes; leave some out")
        return super().attributeNameState()  # type: ignore[no-any-return]


class _Parser(html5parser.HTMLParser):  # type: ignore[misc]
    def __init__(self, beat: Beat) -> None:
        super().__init__(tree=_tree_builder(beat))

    def _parse(
        self, stream: Any, innerHTML: bool = False, container: str = "div", scripting: bool = False
    ) -> None:
        # The parent's, with our tokenizer.
        self.innerHTMLMode, self.container, self.scripting = innerHTML, container, scripting
        self.tokenizer = _Tokenizer(stream, parser=self)
        self.reset()
        self.mainLoop()


def _tree_builder(beat: Beat) -> Any:
    class Builder(treebuilders.getTreeBuilder("dom")):  # type: ignore[misc]
        def reset(self) -> None:
            super().reset()
            self.counted = self.cells = 0

        def elementClass(self, name: str, namespace: str | None = None) -> Any:
            # Also called for formatting elements, which misnested tags multiply.
            self.counted += 1
            if self.counted % 256 == 0:
                beat()
            _check_size(self.counted, len(self.openElements))
            _check_drawn(name)
            return super().elementClass(name, namespace)

        def createElement(self, token: Any) -> Any:
            self.count_cells(token)
            return super().createElement(token)

        def insertElementNormal(self, token: Any) -> Any:
            self.count_cells(token)
            return super().insertElementNormal(token)

        def count_cells(self, token: Any) -> None:
            if token["name"] in _NUMBERED:
                self.cells = _added(self.cells, token["data"])

    return Builder


def _check_size(elements: int, depth: int) -> None:
    if elements > MAX_ELEMENTS:
        raise GenerationError(f"the document has more than {MAX_ELEMENTS} elements; make several of it")
    if depth > MAX_DEPTH:
        raise GenerationError(
            f"the elements of the document nest deeper than {MAX_DEPTH}; take some out of each other"
        )


def _check_drawn(name: str) -> None:
    if name in _EMBEDDED:
        raise ResourceBlockedError(
            f"the document embeds a resource with <{name}>, which a PDF cannot show; leave it out"
        )
    if name in _NOT_DRAWN:
        raise GenerationError(f"<{name}>: {_NOT_DRAWN[name]}")


def _added(cells: int, attributes: Mapping[str, str]) -> int:
    cells += _area(attributes)
    if cells > MAX_CELLS:
        raise GenerationError(
            f"the tables of the document span more than {MAX_CELLS} cells; make several of it"
        )
    return cells


def _area(attributes: Mapping[str, str]) -> int:
    spans = {name: _number(attributes[name]) for name in _SPANS if name in attributes}
    for name, span in spans.items():
        if span > _SPANS[name]:
            raise GenerationError(
                f"the attribute {name} of a tag is larger than {_SPANS[name]}; make it smaller"
            )
    return spans.get("colspan", 1) * spans.get("rowspan", 1)


def _number(text: str) -> int:
    try:
        return abs(int(text))  # as xhtml2pdf reads it: "1_000" is a thousand
    except ValueError:
        return 1
