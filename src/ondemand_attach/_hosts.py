"""Names of servers."""

from __future__ import annotations

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether *host*, a name or an IP address without brackets, is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
