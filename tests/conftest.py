from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

FreshPython = Callable[[str], str]


@pytest.fixture(scope="session")
def fresh_python() -> FreshPython:
    """Run a program in an interpreter that has loaded nothing yet, and return what it printed."""

    def run(program: str) -> str:
        command = [sys.executable, "-W", "error", "-c", program]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout

    return run
