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
from state import memory, order, pairs

HERE = Path(__file__).parent


def run(program: str, *arguments: str, **environment: str) -> dict[str, Any]:
    """Run *program* in a process of its own, in which nothing was used before."""
    done = subprocess.run(
        [sys.executable, HERE / program, *arguments],
        env=os.environ | {"PYTHONPATH": str(HERE.parent)} | environment,
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


def pairs_told(folder: Path, *arguments: str) -> dict[str, Any]:
    """Run all pairs; each process imports anew what it needs, but compiles nothing twice."""
    return run("pairs.py", *arguments, PYTHONDONTWRITEBYTECODE="", PYTHONPYCACHEPREFIX=str(folder))


def test_each_feature_works_alone_and_as_the_second_of_a_process(tmp_path: Path) -> None:
    told = pairs_told(tmp_path)
    assert told["loaded"] == []
    assert told["different"] == []
    assert told["alone"] == pairs.EXPECTED
    assert told["pairs"] == len(pairs.EXPECTED) ** 2


@pytest.mark.parametrize("mutant", pairs.MUTANTS)
def test_the_pairs_see_what_depends_on_what_was_used_before(mutant: str, tmp_path: Path) -> None:
    assert pairs_told(tmp_path, mutant)["different"] != []
