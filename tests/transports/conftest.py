from __future__ import annotations

import pytest

from transports.peers import Authority, Tls


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="session")
def tls(authority: Authority) -> Tls:
    return Tls(server=authority.server_context(), client=authority.client_context())
