"""A DER object (X.690) with places that are filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from ondemand_attach._asn1 import parser

Part: TypeAlias = "bytes | tuple[int, str | list[Part]]"
"""What never varies; or a tag with the name of its value, or with the parts of it."""


class DerTemplate:
    """A DER object of which some values vary.

    Args:
        example: the object with all of its values.
        names: the name of each value that varies. Wherever it is the content of a primitive, or of nothing
            shorter, it is taken out.
    """

    def __init__(self, example: bytes, names: Mapping[bytes, str]) -> None:
        self._parts = _parts(example, names)

    def filled(self, values: Mapping[str, bytes]) -> bytes:
        """Return the object with *values*."""
        return _filled(self._parts, values)


def contents(whole: bytes) -> bytes:
    """Return the contents octets of a DER object."""
    return parser.parse(whole, strict=True)[4]  # type: ignore[no-any-return]


def _parts(content: bytes, names: Mapping[bytes, str]) -> list[Part]:
    parts: list[Part] = []
    for tag, value, whole in _objects(content):
        inner: str | list[Part] | None = names.get(value)
        if inner is None and tag & 0x20:  # constructed
            inner = _parts(value, names)
        if isinstance(inner, str) or (inner and inner != [value]):
            parts.append((tag, inner))
        elif parts and isinstance(parts[-1], bytes):
            parts[-1] += whole
        else:
            parts.append(whole)
    return parts


def _objects(content: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    while content:
        _, _, _, header, value, trailer = parser.parse(content)  # refuses what is cut off
        size = len(header) + len(value) + len(trailer)
        yield header[0], value, content[:size]
        content = content[size:]


def _filled(parts: list[Part], values: Mapping[str, bytes]) -> bytes:
    return b"".join(
        part if isinstance(part, bytes) else _encoded(part[0], _value(part[1], values)) for part in parts
    )


def _value(inner: str | list[Part], values: Mapping[str, bytes]) -> bytes:
    return values[inner] if isinstance(inner, str) else _filled(inner, values)


def _encoded(tag: int, value: bytes) -> bytes:
    size = len(value)
    if size < 0x80:
        return bytes((tag, size)) + value
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + value
