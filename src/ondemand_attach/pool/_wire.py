"""What is spoken between the application, its nursery and its render processes.

A frame is a head in JSON and a body in parts of bytes. The nursery, once it is ready, takes commands.

What goes to a render process holds pickles. What comes back never does: a process that a hostile document
has taken over must not be able to have anything run in the application.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from typing import Any, Final, TypeAlias

Head: TypeAlias = dict[str, Any]

COMMAND: Final = struct.Struct("!cI")
"""To the nursery: what to do, and with which process."""
ANSWER: Final = struct.Struct("!i")
FORK: Final = b"F"
BURY: Final = b"B"

_LENGTH: Final = struct.Struct("!I")
_MAX_HEAD: Final = 1 << 20
_CHUNK: Final = 1 << 18


def send(connection: socket.socket, head: Head, *parts: bytes, deadline: float | None = None) -> None:
    """Send one frame.

    Raises:
        TimeoutError: not before *deadline*, by the monotonic clock.
        OSError: the other side is gone.
    """
    encoded = json.dumps({**head, "parts": [*map(len, parts)]}).encode()
    for part in (_LENGTH.pack(len(encoded)) + encoded, *parts):
        connection.settimeout(_left(deadline))
        connection.sendall(part)


def receive(
    connection: socket.socket, *, limit: int, deadline: float | None = None
) -> tuple[Head, list[bytes]]:
    """Return the head of the next frame, and the parts of its body.

    Args:
        connection: from the other side.
        limit: how many bytes the body may have.
        deadline: by the monotonic clock.

    Raises:
        TimeoutError: it was not there before *deadline*.
        OSError: the other side is gone, or what it sends is no frame.
    """
    (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size, deadline))
    if length > _MAX_HEAD:
        raise ConnectionError("the head of a frame is too long")
    head, lengths = _decoded(_exactly(connection, length, deadline))
    if sum(lengths) > limit:
        raise ConnectionError("the body of a frame is too long")
    return head, [_exactly(connection, length, deadline) for length in lengths]


def _decoded(encoded: bytes) -> tuple[Head, list[int]]:
    try:
        head = json.loads(encoded)
        lengths = head["parts"]
    except (ValueError, RecursionError, TypeError, LookupError):
        lengths = None
    if isinstance(lengths, list) and all(isinstance(length, int) and length >= 0 for length in lengths):
        return head, lengths
    raise ConnectionError("the head of a frame cannot be read")


def _exactly(connection: socket.socket, length: int, deadline: float | None) -> bytes:
    parts = []
    while length:
        connection.settimeout(_left(deadline))
        parts.append(connection.recv(min(length, _CHUNK)))
        if not parts[-1]:
            raise ConnectionError("the other side has closed the connection")
        length -= len(parts[-1])
    return b"".join(parts)


def _left(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
