"""A writer of objects that are passed on as they were read."""

# mypy: disallow-untyped-calls=False
# pyHanko brings types for a part of itself only.

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from typing import TypeAlias

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import BasePdfFileWriter, PdfFileWriter, copy_into_new_writer

from ondemand_attach.protectors._fast import _grammar
from ondemand_attach.protectors._fast._parser import parsed
from ondemand_attach.protectors._object_streams import (
    NOTHING,
    ROUND,
    ObjectStreamWriter,
    VerbatimObject,
    VerbatimStream,
    in_clear,
    plain_stream,
    text_of,
)
from ondemand_attach.protectors._stream_padding import PlainStream, coarse

_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_ANNOTATIONS = re.compile(rb"/Annots\s*([1-9][0-9]*) 0 R")

Plain: TypeAlias = bytes | PlainStream
"""An indirect object: its text, or a stream."""


class VerbatimWriter(ObjectStreamWriter, PdfFileWriter):
    """Takes objects as they are, and lets pyHanko parse those that it asks for.

    The objects get new numbers, because the number of a stream tells how many objects came before it. What is
    added later begins at a round number.

    Args:
        objects: every object by its number.
        root: the number of the document catalog.
        info: the number of the information dictionary, if there is one.

    Attributes:
        ends: catalog and information dictionary.
    """

    strict = True  # pyHanko's parser then refuses keys that recur

    def __init__(self, objects: Mapping[int, Plain], root: int, info: int | None) -> None:
        padded = {old: one.padded() if isinstance(one, PlainStream) else one for old, one in objects.items()}
        ends = [root] if info is None else [root, info]
        numbers = {old: new for new, old in enumerate(_ordered(padded, ends), 1)}
        super().__init__(init_page_tree=False)
        self.ends = [generic.IndirectObject(numbers[end], 0, self) for end in ends]
        BasePdfFileWriter.__init__(  # once more, because PdfFileWriter makes a catalog of its own
            self,
            self.ends[0],
            None if info is None else self.ends[-1],
            generic.ArrayObject(generic.ByteStringObject(os.urandom(16)) for _ in range(2)),
            obj_id_start=-(-len(numbers) // ROUND) * ROUND,
        )
        self.objects.update({(0, numbers[old]): _renumbered(one, numbers) for old, one in padded.items()})
        self.objects.update(
            {(0, number): NOTHING for number in range(len(numbers) + 1, self._lastobj_id + 1)}
        )

    def get_object(
        self,
        ido: generic.Reference | generic.IndirectObject,
        as_metadata_stream: bool = False,  # noqa: FBT001, FBT002
    ) -> generic.PdfObject:
        """Return the object that *ido* refers to, parsed."""
        reference = ido.reference if isinstance(ido, generic.IndirectObject) else ido
        found: generic.PdfObject = super().get_object(reference, as_metadata_stream)
        if isinstance(found, (VerbatimObject, VerbatimStream)):
            found = _parsed(found, generic.Reference(reference.idnum, 0, self), as_metadata_stream)
            self.objects[0, reference.idnum] = found
        return found


def copied(reader: PdfFileReader) -> VerbatimWriter:
    """Return a writer with the objects that can be reached in what *reader* reads."""
    copy = copy_into_new_writer(reader)
    objects = {
        number: plain_stream(one) if isinstance(one, generic.StreamObject) else text_of(one)
        for (_, number), one in copy.objects.items()
    }
    info = copy.trailer_view.raw_get("/Info") if "/Info" in copy.trailer_view else None
    return VerbatimWriter(objects, copy.root_ref.idnum, None if info is None else info.idnum)


def _parsed(
    one: VerbatimObject | VerbatimStream,
    container: generic.Reference,
    as_metadata_stream: bool,  # noqa: FBT001
) -> generic.PdfObject:
    """Return pyHanko's form of the object."""
    source = one.text if isinstance(one, VerbatimObject) else one.plain.source()
    if isinstance(one, VerbatimObject) and _grammar.end_of_value(source, 0) == len(
        source.rstrip()
    ):  # pyHanko writes more than that
        return parsed(source, container)
    return generic.read_object(BytesIO(source + b" "), container, as_metadata_stream)


def _ordered(objects: Mapping[int, Plain], ends: Sequence[int]) -> Iterable[int]:
    """Return the numbers of *objects* in an order that only what stays in clear decides.

    The streams come first, by lengths and dictionaries, and where these are alike, by what they refer to or
    are referred to from; if even that is alike, they are exchangeable. Then come *ends*, catalog and
    information dictionary, then what all these refer to, then pages and their lists of annotations, of which
    a later revision tells the numbers, and last the objects that nobody sees.
    """
    streams = {number: one for number, one in objects.items() if isinstance(one, PlainStream)}
    looks = {number: (coarse(len(one.data)), in_clear(one.entries)) for number, one in streams.items()}
    referred = {number: list(filter(streams.__contains__, _referred(one))) for number, one in streams.items()}
    targets = {number: [looks[other] for other in others] for number, others in referred.items()}
    referring = sorted(streams, key=lambda number: (looks[number], targets[number]))
    places = {
        other: place for place, number in reversed([*enumerate(referring)]) for other in referred[number]
    }
    first = sorted(referring, key=lambda number: (looks[number], targets[number], places.get(number, -1)))
    shown = [other for number in (*first, ends[0]) for other in (number, *_referred(objects[number]))]
    pages = {number: one for number, one in objects.items() if isinstance(one, bytes) and _PAGE.search(one)}
    lists = [int(found[1]) for page in pages.values() for found in _ANNOTATIONS.finditer(page)]
    return dict.fromkeys(filter(objects.__contains__, (*first, *ends, *shown, *pages, *lists, *objects)))


def _referred(one: Plain) -> Iterator[int]:
    """Yield what a stream, or a catalog, refers to in clear; in a value that is more, it is hidden."""
    entries = one.entries if isinstance(one, PlainStream) else dict(_grammar.entries(one, len(b"<<")) or ())
    for text in entries.values():
        if (found := _grammar.REFERENCE.fullmatch(text)) is not None:
            yield int(found[1])


def _renumbered(one: Plain, numbers: Mapping[int, int]) -> generic.PdfObject:
    def new(found: re.Match[bytes]) -> bytes:
        return b"%d 0 R" % numbers[int(found[1])]

    if isinstance(one, bytes):
        return VerbatimObject(_replaced(one, new))
    return VerbatimStream(
        PlainStream({name: _replaced(text, new) for name, text in one.entries.items()}, one.data)
    )


def _replaced(text: bytes, new: Callable[[re.Match[bytes]], bytes]) -> bytes:
    """Return *text* with *new* references, but for what looks like one in a string."""
    parts = pieces(text)
    parts[::2] = (_grammar.REFERENCE.sub(new, part) for part in parts[::2])
    return b"".join(parts)


def pieces(text: bytes) -> list[bytes]:
    """Return *text* split at its strings: every second piece is one."""
    has_strings = b"(" in text or text.count(b"<") != 2 * text.count(b"<<")
    return _grammar.STRING.split(text) if has_strings else [text]
