"""What the operating system holds a render process to."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys

_MAX_FILE = 64 << 20
_PR_SET_DUMPABLE = 4


def apply(memory_limit: int) -> None:
    """Limit this process for good: *memory_limit* bytes of address space, no core dump, no large files."""
    _set(resource.RLIMIT_CORE, 0)  # a core dump would hold customers' data
    _set(resource.RLIMIT_FSIZE, _MAX_FILE)
    with contextlib.suppress(ValueError, OSError):  # macOS knows the name, and refuses
        _set(resource.RLIMIT_AS, memory_limit)


def hide() -> None:
    """Let no other process of this user read the memory of this one and of those it forks (Linux)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def die_in(seconds: float) -> None:
    """Let the kernel end this process in *seconds*, or call that off with 0.

    The application ends it earlier; this is for a process that has lost its application.
    """
    signal.setitimer(signal.ITIMER_REAL, seconds)


def peak_bytes() -> int:
    """Return how many bytes of memory this process has had at most."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def silence() -> None:
    """Read and print nowhere."""
    with open(os.devnull, "r+b", buffering=0) as nowhere:
        for standard in (0, 1, 2):
            os.dup2(nowhere.fileno(), standard)


def close_all_but(kept: int) -> None:
    """Close every file descriptor that was inherited, but for *kept* and the standard ones."""
    os.closerange(3, kept)
    os.closerange(kept + 1, os.sysconf("SC_OPEN_MAX"))


def _set(limit: int, value: int) -> None:
    _, hard = resource.getrlimit(limit)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (value, value))
