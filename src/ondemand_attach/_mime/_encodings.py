"""Content-Transfer-Encoding: RFC 2045 section 6. Lines end in CRLF and are at most 78 characters long."""

from __future__ import annotations

import re
from typing import Final

from ondemand_attach._pieces import Base64
from ondemand_attach.errors import MessageError

# A line that starts with "From " or a dot is changed by some software on the way, spaces at its end are lost.
_SAFE_LINE: Final = re.compile(r"(?!From |\.|--=_)(?:[ -~]{0,77}[!-~])?")
_TRAILING_SPACE: Final = re.compile(r"[ \t]$", re.MULTILINE)
_RISKY_START: Final = re.compile(r"^(?:From |\.)", re.MULTILINE)
_LINE_END: Final = re.compile(r"\r\n|\r")
_CHUNK: Final = re.compile(r"[^\n]{1,73}(?<!=)(?<!=[0-9A-F])")  # with "=" and a guarded start at most 76
_CHUNK_LENGTH: Final = 73

_LITERAL: Final = frozenset(b"\t\n !\"#$%&'()*+,-./0123456789:;<>?@[\\]^_`{|}~") | frozenset(range(65, 123))
_QUOTED: Final = {bytes([octet]): b"=%02X" % octet for octet in range(256) if octet not in _LITERAL}
_TO_QUOTE: Final = re.compile(b"[%b]" % re.escape(b"".join(_QUOTED)))

_NON_ASCII: Final = bytes(range(128, 256))


def encoded_text(text: str) -> tuple[str, bytes]:
    """Return the name of the encoding and the UTF-8 *text* in it, its line ends made CRLF.

    Raises:
        MessageError: *text* holds a lone surrogate.
    """
    lines = _canonical(text).split("\n")
    if text.isascii() and all(map(_SAFE_LINE.fullmatch, lines)):
        return "7bit", "\r\n".join(lines).encode()
    octets = _utf8("\r\n".join(lines))
    non_ascii = len(octets) - len(octets.translate(None, _NON_ASCII))
    if 6 * non_ascii > len(octets):  # from here on base64 is the shorter
        return "base64", b"".join(Base64(octets))
    return "quoted-printable", _quoted_printable("\n".join(lines))


def _canonical(text: str) -> str:
    text = _LINE_END.sub("\n", text)
    return text if text.endswith("\n") else f"{text}\n"


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        position = error.start + 1
    raise MessageError(
        f"a body holds a lone surrogate at position {position}, which UTF-8 cannot express; "
        "look where the data was cut"
    )


def _quoted_printable(text: str) -> bytes:
    quoted = _TO_QUOTE.sub(lambda octet: _QUOTED[octet[0]], text.encode()).decode("ascii")
    quoted = _TRAILING_SPACE.sub(_quote_first, quoted)
    lines = (
        "=\n".join(_CHUNK.findall(line)) if len(line) > _CHUNK_LENGTH else line for line in quoted.split("\n")
    )
    return _RISKY_START.sub(_quote_first, "\n".join(lines)).replace("\n", "\r\n").encode()


def _quote_first(found: re.Match[str]) -> str:
    return f"={ord(found[0][0]):02X}{found[0][1:]}"
