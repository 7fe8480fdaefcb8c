"""The finished parts of security multiparts, for the proofs (RFC 1847)."""

from __future__ import annotations

import re
from typing import Final, Literal

from ondemand_attach._origins import told
from ondemand_attach.errors import ProofError

_HEAD_END: Final = b"\r\n\r\n"
_BOUNDARY: Final = rb'^Content-Type: multipart/%b;(?:[^\r]|\r\n[ \t])*?boundary="([^"\r]+)"'


def parts_of(entity: bytes, kind: Literal["signed", "encrypted"]) -> tuple[bytes, bytes]:
    """Return both parts of a multipart, without the line end before the next delimiter.

    Raises:
        ProofError: it is no such multipart.
        ValueError: it has more parts, or fewer.
    """
    head, _, body = entity.partition(_HEAD_END)
    boundary = re.search(_BOUNDARY % kind.encode(), head + b"\r\n", re.MULTILINE)
    if boundary is None:
        raise ProofError(f"the message is not multipart/{kind}")
    _, first, second, _ = (b"\r\n" + body).split(b"\r\n--" + boundary[1])
    return first.removeprefix(b"\r\n"), second.removeprefix(b"\r\n")


def body_of(entity: bytes) -> bytes:
    """Return what follows the header."""
    return entity.partition(_HEAD_END)[2]


def unreadable(error: Exception) -> ProofError:
    """Return what is raised for a message that cannot be read again."""
    return ProofError(f"the protected message cannot be read again: {told(error)}")
