"""What `import ondemand_attach` costs, and what it offers."""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import ondemand_attach

FreshPython = Callable[[str], str]

HEAVY = {
    "aiohttp", "asn1crypto", "cryptography", "email_validator", "html5lib", "idna", "jinja2", "lxml",
    "markupsafe", "PIL", "pyhanko", "pyhanko_certvalidator", "pypdf", "reportlab", "svglib", "urllib3",
    "xhtml2pdf",
}  # fmt: skip
HEAVY_STANDARD = {
    "asyncio", "concurrent", "ctypes", "decimal", "email", "html", "http", "logging", "multiprocessing",
    "smtplib", "socket", "sqlite3", "ssl", "subprocess", "tempfile", "unittest", "urllib", "uuid",
    "xml", "zoneinfo",
}  # fmt: skip

LOADED = """
import json, sys
before = set(sys.modules)
{statement}
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def loaded(fresh_python: FreshPython, statement: str) -> set[str]:
    return set(json.loads(fresh_python(LOADED.format(statement=statement))))


def top_levels(modules: set[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules}


def test_importing_the_package_loads_only_light_standard_library_modules(fresh_python: FreshPython) -> None:
    modules = loaded(fresh_python, "import ondemand_attach")
    assert {module for module in modules if module.startswith("ondemand_attach")} == {"ondemand_attach"}
    others = top_levels(modules) - {"ondemand_attach"}
    assert others <= sys.stdlib_module_names
    assert not others & HEAVY_STANDARD


def test_naming_every_public_object_loads_no_heavy_library(fresh_python: FreshPython) -> None:
    modules = loaded(fresh_python, "from ondemand_attach import *")
    assert "ondemand_attach._builder" in modules
    assert not top_levels(modules) & HEAVY


@pytest.mark.parametrize("library", ["jinja2", "ssl"])
def test_what_is_loaded_is_noticed(fresh_python: FreshPython, library: str) -> None:
    modules = loaded(fresh_python, f"import ondemand_attach, {library}")
    assert top_levels(modules) & (HEAVY | HEAVY_STANDARD)


@pytest.mark.parametrize("name", ondemand_attach.__all__)
def test_every_public_name_exists(name: str) -> None:
    assert getattr(ondemand_attach, name) is getattr(ondemand_attach, name)
    assert name in dir(ondemand_attach)


@pytest.mark.parametrize("name", sorted(set(ondemand_attach.__all__) - {"__version__"}))
def test_every_public_name_is_documented(name: str) -> None:
    assert inspect.getdoc(getattr(ondemand_attach, name))


def test_public_names_are_sorted_and_unique() -> None:
    names = [name for name in ondemand_attach.__all__ if name != "__version__"]
    assert names == sorted(set(names))


def test_type_checkers_see_the_names_that_exist() -> None:
    tree = ast.parse(Path(ondemand_attach.__file__).read_text("utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    imported = {alias.asname or alias.name for node in block.body for alias in node.names}  # type: ignore[attr-defined]
    assert imported == set(ondemand_attach.__all__) - {"__version__"}


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'MailBuilder'"):
        _ = ondemand_attach.MailBuilder


def test_the_changelog_begins_with_this_version() -> None:
    changelog = Path(__file__).parent.parent.joinpath("CHANGELOG.md").read_text("utf-8")
    versions = re.findall(r"^## \[(\d.*?)\]", changelog, re.MULTILINE)
    assert versions[0] == ondemand_attach.__version__
