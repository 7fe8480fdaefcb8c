"""The files outside of docs/, whose links Sphinx does not check."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
LINKS = [
    (page.name, target)
    for page in sorted(ROOT.glob("*.md"))
    for target in LINK.findall(page.read_text("utf-8"))
]


def test_links_were_found() -> None:
    assert ("SECURITY.md", "docs/security.md") in LINKS


@pytest.mark.parametrize(("page", "target"), LINKS)
def test_linked_files_exist(page: str, target: str) -> None:
    assert ROOT.joinpath(target).exists(), page


def test_the_readme_is_short() -> None:
    assert len(ROOT.joinpath("README.md").read_text("utf-8").splitlines()) <= 120
