from __future__ import annotations

from collections.abc import Iterator

import pytest

from ondemand_attach import RenderPool


@pytest.fixture(scope="session")
def pool() -> Iterator[RenderPool]:
    with RenderPool(processes=1, time_limit=120) as one:
        yield one
