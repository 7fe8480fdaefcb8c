"""Names of servers."""

from __future__ import annotations

import ipaddress


def is_address(host: str) -> bool:
    """Whether *host* is an IP address, without brackets."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether *host*, a name or an IP address without brackets, is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_host(name: str) -> bool:
    """Whether *name* can be looked up: no label of it is empty or longer than 63 octets (RFC 1035)."""
    try:
        name.encode("idna")
    except UnicodeError:
        return False
    return True
