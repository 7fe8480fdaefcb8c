"""Bytes of strangers, changed in many ways: each reader ends, in bounds, with an answer or an error of its own.

Each run tries the known bad inputs, the sound ones and a fixed number of changes, the same each time but for the
keys and salts in the seeds; ``nox -s nightly`` tries others. What is found is printed with its input.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from fuzz.all import TARGETS
from fuzz.target import Target
from scale import SCALE


@pytest.fixture(scope="session")
def searching() -> Iterator[tuple[IO[str], IO[str]]]:
    """A process that has loaded all there is, and reads each target's inputs in forks of itself."""
    program = Path(__file__).with_name("all.py")
    with subprocess.Popen(
        [sys.executable, program], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdin, process.stdout
        process.stdin.close()


def asked(searching: tuple[IO[str], IO[str]], target: Target) -> dict[str, Any]:
    to, from_ = searching
    print(json.dumps({"target": target.name, "count": target.runs * SCALE}), file=to, flush=True)
    said: dict[str, Any] = json.loads(from_.readline())
    return said


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory and CPU time as Linux does")
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_whatever_is_read_ends_as_documented(target: Target, searching: tuple[IO[str], IO[str]]) -> None:
    said = asked(searching, target)
    assert not said["report"], said["report"]
    assert said["executions"] >= target.runs * SCALE
