"""Nothing outlives a message: it is searched for in all objects of a process, and in the messages of others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scale import SCALE
from state import memory, order

HERE = Path(__file__).parent


def run(program: str, *arguments: str) -> dict[str, Any]:
    """Run *program* in a process of its own, in which nothing was used before."""
    done = subprocess.run(
        [sys.executable, HERE / program, *arguments],
        env=os.environ | {"PYTHONPATH": str(HERE.parent)},
        capture_output=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("seed", [f"seed {number}" for number in range(SCALE)])
def test_no_object_of_the_process_holds_anything_of_a_customer_afterwards(seed: str) -> None:
    told = run("memory.py", seed)
    assert told["found"] == []
    assert told["looked at"] > 100_000


def test_the_search_sees_what_is_kept() -> None:
    ways = [way for _, way in run("memory.py", "seed", "bad")["found"]]
    assert [holder for holder in memory.MUTANTS if not any(holder in way for way in ways)] == []


@pytest.mark.parametrize("seed", [f"seed {number}" for number in range(SCALE)])
def test_a_message_is_the_same_in_any_order_and_thread_as_alone_in_a_process(seed: str) -> None:
    told = run("order.py", seed)
    assert told["different"] == []
    assert told["compared"] == 81


@pytest.mark.parametrize("mutant", order.MUTANTS)
def test_the_comparison_sees_what_comes_from_another_message(mutant: str) -> None:
    assert run("order.py", "seed", mutant)["different"] != []
