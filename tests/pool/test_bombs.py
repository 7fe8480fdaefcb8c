"""Bombs: each is one typed error within its limits, and the next message is not affected."""

from __future__ import annotations

from benchmarks.bombs import Row, row, rows
from ondemand_attach import RenderPool
from pool.bombs import MEMORY_LIMIT, ORDINARY, Bomb, bombs
from scale import SCALE

SAMPLE = sorted(bombs())[:: max(1, 16 // SCALE)]


def test_there_are_many_kinds() -> None:
    assert len(bombs()) >= 72


def test_bombs_do_no_harm() -> None:
    # The benchmark allows a second over the limit; here it is only asked whether something hangs.
    assert [each for each in rows(SAMPLE) if not each._replace(over=each.over / 100).is_held] == []


def test_what_does_no_harm_is_told_from_what_does() -> None:
    with RenderPool(time_limit=120, memory_limit=MEMORY_LIMIT) as pool:
        assert not row(pool, "no bomb", Bomb(ORDINARY, {"number": 1, "html": "x"})).is_held
    held = Row("held", 0.5, 400, "GenerationError", is_next_right=True)
    assert held.is_held
    for flaw in ({"over": 1.5}, {"peak": 600}, {"error": ""}, {"is_next_right": False}):
        assert not held._replace(**flaw).is_held
