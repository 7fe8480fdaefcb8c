"""Fixtures of several modules."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from system.gnupg import Ring


@pytest.fixture(scope="session")
def node_packages(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Have Node find what package.json names; .ci/run keeps it from one run to the next."""
    if "NODE_PATH" not in os.environ:
        folder = tmp_path_factory.mktemp("npm")
        shutil.copy(Path(__file__).with_name("package.json"), folder)
        options = ("--no-audit", "--no-fund", "--omit=optional", "--silent")
        subprocess.run(["npm", "install", "--prefix", folder, *options], check=True)
        os.environ["NODE_PATH"] = str(folder / "node_modules")


@pytest.fixture
def rings(tmp_path: Path) -> Iterator[list[Ring]]:
    made = [Ring(tmp_path / name) for name in ("shop", "jane", "joe")]
    for ring in made:
        ring.folder.mkdir(mode=0o700)
    yield made
    for ring in made:  # each has an agent of its own
        subprocess.run(["gpgconf", "--homedir", ring.folder, "--kill", "all"], check=True)
