"""Objects that are passed on as they were read, and a writer of them."""

# mypy: disallow-untyped-calls=False
# pyHanko brings types for a part of itself only.

from __future__ import annotations

import os
from collections.abc import Mapping
from io import BytesIO
from typing import IO

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.crypt import SecurityHandler
from pyhanko.pdf_utils.writer import BasePdfFileWriter, PdfFileWriter

from ondemand_attach.protectors._fast._parser import parsed


class VerbatimObject(generic.PdfObject):
    """An indirect object as it was read; its strings and its stream are encrypted when it is written.

    Args:
        source: what stood between ``obj`` and ``endobj``.
        pieces: the object with its strings decoded: every second piece is one. Of a stream, what follows the
            first ``<<``, without /Length.
        data: what the stream holds, as it is filtered, if it is one.
    """

    def __init__(self, source: memoryview, pieces: list[bytes], data: memoryview | None) -> None:
        self._source, self._pieces, self._data = source, pieces, data

    def write_to_stream(
        self,
        stream: IO[bytes],
        handler: SecurityHandler | None = None,
        container_ref: generic.Reference | None = None,
    ) -> None:
        """Write the object, encrypted by *handler*."""
        data: bytes | memoryview | None = self._data
        if data is not None and handler is not None and container_ref is not None:
            encryption = handler.get_stream_filter()
            key = encryption.derive_object_key(container_ref.idnum, container_ref.generation)
            data = encryption.encrypt(key, bytes(data))
        if data is not None:
            stream.write(b"<<\n/Length %d\n" % len(data))
        for place, piece in enumerate(self._pieces):
            if place % 2:
                generic.ByteStringObject(piece).write_to_stream(stream, handler, container_ref)
            else:
                stream.write(piece)
        if data is not None:
            stream.write(b"\nstream\n")
            stream.write(data)
            stream.write(b"\nendstream")

    def parsed(self, container: generic.Reference, as_metadata_stream: bool) -> generic.PdfObject:  # noqa: FBT001
        """Return pyHanko's form of the object."""
        text = bytes(self._source)
        if self._data is None and b"#" not in text:
            return parsed(text, container)
        return generic.read_object(BytesIO(text + b" "), container, as_metadata_stream)


class VerbatimWriter(PdfFileWriter):
    """Keeps the numbers of the objects, and lets pyHanko parse those that it asks for.

    Args:
        objects: every object by its number, from 1 on.
        root: the number of the document catalog.
        info: the number of the information dictionary, if there is one.
    """

    strict = True  # pyHanko's parser then refuses keys that recur

    def __init__(self, objects: Mapping[int, VerbatimObject], root: int, info: int | None) -> None:
        super().__init__(stream_xrefs=False, init_page_tree=False)
        BasePdfFileWriter.__init__(  # once more, because PdfFileWriter makes a catalog of its own
            self,
            generic.IndirectObject(root, 0, self),
            None if info is None else generic.IndirectObject(info, 0, self),
            generic.ArrayObject(generic.ByteStringObject(os.urandom(16)) for _ in range(2)),
            obj_id_start=len(objects),
            stream_xrefs=False,
        )
        self.objects.update(((0, number), one) for number, one in objects.items())

    def get_object(
        self,
        ido: generic.Reference | generic.IndirectObject,
        as_metadata_stream: bool = False,  # noqa: FBT001, FBT002
    ) -> generic.PdfObject:
        """Return the object that *ido* refers to, parsed."""
        reference = ido.reference if isinstance(ido, generic.IndirectObject) else ido
        found: generic.PdfObject = super().get_object(reference, as_metadata_stream)
        if isinstance(found, VerbatimObject):
            found = found.parsed(generic.Reference(reference.idnum, 0, self), as_metadata_stream)
            self.objects[0, reference.idnum] = found
        return found
