"""Images that are in the markup itself, such as the QR code of a ticket."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from xhtml2pdf.xhtml2pdf_reportlab import PmlImage

from ondemand_attach.errors import MailError
from ondemand_attach.generators import _xhtml2pdf_images as images
from ondemand_attach.generators._fast._markup import Cut
from ondemand_attach.generators._fast._states import State
from ondemand_attach.generators._fast._unsupported import UnsupportedError
from ondemand_attach.generators._xhtml2pdf_context import DocumentContext, source_of


@dataclass(frozen=True, slots=True)
class KeptPicture:
    """An image of the story of which each document has its own.

    Args:
        image: what draws it.
        is_sized: whether the markup says how large; otherwise its pixels do.
    """

    image: PmlImage
    is_sized: bool

    def put(self, content: bytes) -> None:
        """Draw another image, until the next `restore` of its state.

        Raises:
            UnsupportedError: the document would look otherwise with it.
        """
        before = self.image.imageWidth, self.image.imageHeight
        self.image._imgdata, self.image.src = content, source_of(content)  # noqa: SLF001
        size = self.image.getImage().getSize()
        if not self.is_sized and size != before:
            raise UnsupportedError
        self.image.imageWidth, self.image.imageHeight = size

    def forget(self, states: Iterable[State]) -> None:
        """Take the image itself out of what is remembered of it."""
        for state in states:
            if state.thing is self.image:
                state.attributes.update(_imgdata=b"", src="")


def kept_pictures(flowables: Iterable[Any], parts: Cut, context: DocumentContext) -> list[KeptPicture]:
    """Return what draws the images of a document.

    Raises:
        UnsupportedError: it is not certain which address an image is from.
    """
    drawn = {id(flowable): flowable for flowable in flowables if type(flowable) is PmlImage}
    kept = []
    for picture, content in zip(parts.pictures, contents(parts, context), strict=True):
        found = [image for image in drawn.values() if image.src == source_of(content)]
        if len(found) != 1:
            raise UnsupportedError
        kept.append(KeptPicture(found[0], picture.is_sized))
    return kept


def contents(parts: Cut, context: DocumentContext) -> Sequence[bytes]:
    """Return the images of a document.

    Raises:
        UnsupportedError: one of them is refused, or is not drawn by its pixels.
    """
    try:
        found = [context.vetted(parts.values[picture.number]) for picture in parts.pictures]
    except MailError:
        raise UnsupportedError from None
    if not all(map(images.raster_format, found)):
        raise UnsupportedError
    return found
