"""What is shown is run: every Python block of README.md and of the pages, page by page, in an empty folder.

A block in another language whose first line is a Jinja2 comment with a path, such as
`{# templates/order.html #}`, is written to that file, for the blocks that follow.
"""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path

import pytest
from sybil import Document, Example
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser

ROOT = Path(__file__).parent.parent.parent
NAMED = re.compile(r"\{# (\S+) #\}\n")


def write_file(example: Example) -> None:
    named = NAMED.match(example.parsed)
    if named:
        file = Path(named[1])
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(example.parsed[named.end() :], encoding="utf-8")


PARSERS = [
    PythonCodeBlockParser(),
    *(CodeBlockParser(language, write_file) for language in ("css", "html", "html+jinja", "jinja", "text")),
]


def examples(page: Path) -> list[Example]:
    return list(Document.parse(str(page), *PARSERS).examples())


def run(page: Path, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    module = types.ModuleType("page")  # where dataclasses look up the names in their annotations
    monkeypatch.setitem(sys.modules, "page", module)
    monkeypatch.chdir(folder)
    for example in examples(page):
        example.namespace = module.__dict__
        failure = example.evaluate()
        assert not failure
    run_contracts(module)


def run_contracts(module: types.ModuleType) -> None:
    """Run every test class that the page shows, as pytest would."""
    for name, shown in list(vars(module).items()):
        if isinstance(shown, type) and name.startswith("Test"):
            for test in [attribute for attribute in dir(shown) if attribute.startswith("test_")]:
                getattr(shown(), test)()


PAGES = [page for page in (*ROOT.glob("README.md"), *sorted(ROOT.glob("docs/**/*.md"))) if examples(page)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_examples_run(page: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run(page, monkeypatch, tmp_path)


GOOD = """
```html
{# mails/hello.html #}
<p>{{ name }}</p>
```
```python
from pathlib import Path
text = Path("mails/hello.html").read_text()
```
```{code-block} python
assert text == "<p>{{ name }}</p>\\n"
```
```python
>>> text.count("p")
2
```
"""


def test_a_page_that_holds_passes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(GOOD, encoding="utf-8")
    run(page, monkeypatch, tmp_path)


MISTAKES = [("{# mails/hello.html #}", "{# other.html #}"), ('"p"', '"q"'), ("</p>", "</b>")]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_page_that_does_not_hold_fails(
    mistake: tuple[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = tmp_path / "page.md"
    page.write_text(GOOD.replace(*mistake, 1), encoding="utf-8")
    with pytest.raises((AssertionError, OSError)):
        run(page, monkeypatch, tmp_path)
