"""A message as any mail program takes it apart (RFC 2045, RFC 2046), over bytes of a stranger.

The standard library's parser goes as deep as a message says, and its time grows with the square of a field.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from ondemand_attach._exposure._budget import Budget, at_most
from ondemand_attach._exposure._words import decoded, readable

_LINE_END: Final = rb"(?:\r\n|\r|\n)"
_FIELD: Final = re.compile(
    rb"([!-9;-~]++)[ \t]*+:([^\r\n]*+(?:" + _LINE_END + rb"[ \t][^\r\n]*+)*+)(?:" + _LINE_END + rb"|\Z)"
)
_ENVELOPE: Final = re.compile(rb">?From [^\r\n]*+" + _LINE_END)
_BLANK: Final = re.compile(_LINE_END)
_BREAK: Final = re.compile(r"[\r\n]+")
_BEHIND_BOUNDARY: Final = re.compile(rb"(--)?[ \t]*+(?:" + _LINE_END + rb"|\Z)")
_MEDIA_TYPE: Final = re.compile(r"\s*+([^\s/;]++/[^\s/;]++)\s*+(?:;|\Z)")
_TOKEN: Final = re.compile(r"\s*+([^\s;]*+)")
_PARAMETER: Final = re.compile(r";\s*+([^\s=;]++)\s*+=\s*+(?:\"((?:[^\"\\]|\\.)*+)\"?|([^;]*+))", re.DOTALL)
_PIECE: Final = re.compile(r"(.+?)\*(\d{1,4})?(\*)?", re.DOTALL)
_MOST_FIELDS: Final = 2_000
_LONGEST_HEAD: Final = 1 << 20
_LONGEST_FIELD: Final = 1 << 16
_MOST_PARAMETERS: Final = 1_000
_LONGEST_NAME: Final = 1 << 12
_LONGEST_BOUNDARY: Final = 256
_DEEPEST: Final = 20
_PART: Final = 100  # steps


@dataclass(frozen=True, slots=True)
class Entity:
    """A message or a part of one.

    Args:
        content: the whole message.
        fields: of the header, with their names in lower case.
        head: where the header is.
        body: where all behind it is.
        default: the type of what does not say its own.
    """

    content: bytes
    fields: list[tuple[str, str]]
    head: tuple[int, int]
    body: tuple[int, int]
    default: str

    @property
    def raw(self) -> bytes:
        """The body as it stands there."""
        return self.content[slice(*self.body)]

    def value(self, name: str) -> str:
        """Return the first field of the *name*."""
        return next((value for each, value in self.fields if each == name), "")

    @property
    def media_type(self) -> str:
        """The type, or that of plain text if it is damaged (RFC 2045 section 5.2)."""
        value = self.value("content-type")
        found = _MEDIA_TYPE.match(value)
        return found[1].lower() if found else "text/plain" if value.strip() else self.default

    @property
    def disposition(self) -> str:
        """The first word of Content-Disposition."""
        return self._token("content-disposition")

    @property
    def encoding(self) -> str:
        """The content-transfer-encoding."""
        return self._token("content-transfer-encoding")

    @property
    def filename(self) -> str | None:
        """The name of the file."""
        named = (("content-disposition", "filename"), ("content-type", "name"))
        return next(filter(None, (name_in(self.value(field), name) for field, name in named)), None)

    def _token(self, field: str) -> str:
        found = _TOKEN.match(self.value(field))
        return found[1].lower() if found else ""


def entity_of(
    content: bytes, budget: Budget, place: int = 0, end: int | None = None, default: str = "text/plain"
) -> Entity:
    """Read the header of what stands in *content* from *place* to *end*.

    Raises:
        TooLargeError: it is too long, or has too many fields.
    """
    budget.spend(_PART)
    start, end = place, len(content) if end is None else end
    if not start and (envelope := _ENVELOPE.match(content)):
        place = envelope.end()
    fields: list[tuple[str, str]] = []
    while field := _FIELD.match(content, place, end):
        place = field.end()
        budget.spend(1 + at_most(len(field[2]), _LONGEST_FIELD) // 100)
        text = _BREAK.sub("", field[2].decode("utf-8", "replace"))
        fields.append((field[1].decode().lower(), text))
        at_most(len(fields), _MOST_FIELDS)
    at_most(place - start, _LONGEST_HEAD)
    blank = _BLANK.match(content, place, end)
    place = blank.end() if blank else place
    return Entity(content, fields, (start, place), (place, end), default)


def parts_of(entity: Entity, budget: Budget, depth: int) -> tuple[list[Entity], bytes] | None:
    """Return the parts of a multipart, and the text beside them; nothing of what is none.

    Raises:
        TooLargeError: there are too many, or too deep.
    """
    boundary = parameter(entity.value("content-type"), "boundary") if _is_multipart(entity) else None
    if not boundary or len(boundary) > _LONGEST_BOUNDARY:
        return None
    at_most(depth, _DEEPEST)
    places, (start, end) = (
        list(_boundaries(entity, boundary.rstrip().encode("utf-8", "replace"), budget)),
        entity.body,
    )
    if not places:
        return None
    default = "message/rfc822" if entity.media_type == "multipart/digest" else "text/plain"
    closed = next((number for number, place in enumerate(places) if place[2]), None)
    last = len(places) - 1 if closed is None else closed
    ends = [*(place[0] for place in places[1 : last + 1]), *([end] if closed is None else [])]
    beside = entity.content[start : places[0][0]] + (
        b"" if closed is None else entity.content[places[last][1] : end]
    )
    parts = [
        entity_of(entity.content, budget, place[1], max(end, place[1]), default)
        for place, end in zip(places, ends, strict=False)
    ]
    return parts, beside


def _is_multipart(entity: Entity) -> bool:
    return entity.media_type.startswith("multipart/")


def _boundaries(entity: Entity, boundary: bytes, budget: Budget) -> Iterator[tuple[int, int, bool]]:
    """Yield where each line of the *boundary* begins, with its line end, and ends, and if it closes."""
    content, (place, end) = entity.content, entity.body
    start, line = place, b"--" + boundary
    while (found := content.find(line, place, end)) >= 0:
        budget.spend()
        place = found + len(line)
        behind = _BEHIND_BOUNDARY.match(content, place, end)
        if behind and (found == start or content[found - 1 : found] in (b"\r", b"\n")):
            yield _before(content, found, start), behind.end(), behind[1] is not None
            place = behind.end()


def _before(content: bytes, place: int, start: int) -> int:
    """Return where the line end in front of *place* begins, which belongs to the boundary."""
    for line_end in (b"\r\n", b"\n", b"\r"):
        if content.endswith(line_end, start, place):
            return place - len(line_end)
    return place


def parameter(value: str, name: str) -> str | None:
    """Return a parameter of a field, put together and decoded as RFC 2231 says; not more than a long name.

    Raises:
        TooLargeError: there are too many.
    """
    plain: str | None = None
    pieces: dict[int, tuple[str, bool]] = {}
    for number, found in enumerate(_PARAMETER.finditer(value)):
        at_most(number, _MOST_PARAMETERS)
        said, text = found[1].lower(), _unquoted(found)
        piece = _PIECE.fullmatch(said)
        if said == name and plain is None:
            plain = text
        elif piece and piece[1] == name:
            pieces.setdefault(int(piece[2] or 0), (text, piece[2] is None or piece[3] is not None))
    return _joined(pieces)[:_LONGEST_NAME].strip() if pieces else plain and plain[:_LONGEST_NAME].strip()


def name_in(value: str, name: str) -> str | None:
    """Return a parameter of a field that names a file, as mail programs show it.

    Raises:
        TooLargeError: there are too many.
    """
    found = parameter(value, name)
    return found and readable(found)


def names_of(value: str) -> set[str]:
    """Return the names of the parameters of a field, without the numbers of their pieces."""
    return {found[1].lower().partition("*")[0] for found in _PARAMETER.finditer(value)}


def without_parameters(value: str) -> str:
    """Return what a field says but for its parameters."""
    return _PARAMETER.sub("", value)


def _unquoted(found: re.Match[str]) -> str:
    return found[3].strip() if found[2] is None else re.sub(r"\\(.)", r"\1", found[2], flags=re.DOTALL)


def _joined(pieces: dict[int, tuple[str, bool]]) -> str:
    """Return the text of the *pieces*, the first of which may begin with a character set and a language."""
    first, is_extended = pieces[min(pieces)]
    charset, is_quoted = "utf-8", is_extended and first.count("'") >= 2
    if is_quoted:
        charset, _, first = first.split("'", 2)
    ordered = [(first, is_extended), *(pieces[number] for number in sorted(pieces)[1:])]
    octets = b"".join(
        unquote_to_bytes(text) if is_extended else text.encode("utf-8", "replace")
        for text, is_extended in ordered
    )
    return decoded(octets[:_LONGEST_NAME], charset)
