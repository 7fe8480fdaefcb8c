"""What of a template is the same for everyone."""

from __future__ import annotations

import re
from typing import Final

import jinja2
from jinja2 import meta, nodes

_SHORTEST: Final = 4
"""Characters; what is shorter is a separator, or part of a format."""
_BLANK: Final = re.compile(r"%[^a-zA-Z]*[a-zA-Z]|\{[^{}]*\}")  # of the filters `format` and the like


def constants(source: str) -> frozenset[str] | None:
    """Return the texts that the expressions of a template hold themselves; None if they use nothing else."""
    try:
        parsed = jinja2.Environment().parse(source)  # noqa: S701 - nothing is rendered
    except jinja2.TemplateSyntaxError:  # which rendering tells
        return frozenset()
    if not meta.find_undeclared_variables(parsed):
        return None
    found = (_BLANK.split(str(node.value)) for node in parsed.find_all(nodes.Const))
    return frozenset(text for texts in found for text in texts if len(text) >= _SHORTEST)
