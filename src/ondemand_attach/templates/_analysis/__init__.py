"""Which confidential paths does a public template touch? Found in its syntax tree, without rendering.

An abstract interpretation: every expression has a value, which says where in the context it may come
from. An alias, a loop variable, a macro's parameter carry that along. Whatever cannot be followed is
taken to be used to the full, so the answer errs to the safe side: a template without a finding touches
no guard, whatever the data. The one thing not looked into is Python code that a template calls.

Statements run in their order, and evaluate expressions; these make, take apart and use values. So the
modules build on each other: `_statements` and `_inclusions`, `_expressions`, `_calls` and `_filters`,
`_members`, `_uses`, `_memory` and `_findings`, `_values`.
"""

from __future__ import annotations

import jinja2

from ondemand_attach._confidential import Finding, Marks
from ondemand_attach._origins import told
from ondemand_attach._seal import translated
from ondemand_attach.errors import MailError, TemplateError
from ondemand_attach.templates._analysis._library import Library
from ondemand_attach.templates._analysis._statements import Statements
from ondemand_attach.templates._analysis._values import NOTHING
from ondemand_attach.templates._explaining import ABSENT, syntax


def touched(
    environment: jinja2.Environment, marks: Marks, *, template: str, source: str | None = None
) -> list[Finding]:
    """Return what *template*, and all that it includes, imports and extends, touches.

    Args:
        environment: the environment that renders it.
        marks: the confidential paths.
        template: its name, for the findings and, without *source*, for the loader.
        source: its text, if it is not to be loaded.

    Raises:
        TemplateError: the template could not be loaded or parsed.
    """
    return translated(
        lambda: _findings(Library(environment), marks, template, source),
        lambda error: _unreadable(error, template),
    )


def _findings(library: Library, marks: Marks, template: str, source: str | None) -> list[Finding]:
    tree = library.tree(template, source)
    statements = Statements(library, marks)
    before: object = None
    while before != (before := statements.memory.snapshot()):
        statements.findings.inside(template, tree, NOTHING, lambda: statements.run(tree.body, {}))
    return statements.findings.ordered()


def _unreadable(error: Exception, template: str) -> MailError:
    if isinstance(error, jinja2.TemplateSyntaxError):
        return TemplateError(syntax(error), template=error.name or template, line=error.lineno)
    if isinstance(error, jinja2.TemplateNotFound):
        return TemplateError(
            ABSENT,
            template=template,
        )
    return TemplateError(f"it cannot be analysed: {told(error)}", template=template)
