"""The text that a content stream of a PDF shows, ISO 32000-2, 9.4, whatever codes its fonts have."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ondemand_attach._leaks._pdf_fonts import Font
from ondemand_attach._leaks._pdf_strings import hexadecimal, literal, texts

# Strings, what stands between two of them, and what changes the font; drawings are passed over.
_TOKEN = re.compile(
    rb"(?P<literal>\()"
    rb"|<(?P<hex>[0-9A-Fa-f\s\0]*+)>"
    rb"|/(?P<font>[^\s\0()<>\[\]{}/%]+)\s+[-+.0-9]+\s+Tf(?![^\s\0()<>\[\]{}/%])"
    rb"|(?P<gap>-[0-9]+)(?:\.[0-9]*)?(?=\s*+[(<])"
    rb"|(?<![^\s\0()<>\[\]{}/%])(?:(?P<move>Td|TD|T\*|Tm|ET|'|\")|(?P<save>q)|(?P<restore>Q)|(?P<image>ID)\s)(?![^\s\0()<>\[\]{}/%])"
    rb"|%[^\r\n]*+"
)
_IMAGE_END = re.compile(rb"\sEI(?![^\s\0])")
_WIDE = -180  # thousandths of the size of the text; a narrower gap is no space
_DEEPEST = 64  # saved states
_LETTERS = 64  # that cost as much as one token

Fonts = Mapping[bytes, Sequence[Font]]


def shown(content: bytes, fonts: Fonts, most: int) -> tuple[str, int]:
    """Return the text of *content*, and how many tokens it took to read it.

    Args:
        content: the stream, without its filters.
        fonts: what each name of a font may mean here; the text is read with each.
        most: tokens to read.
    """
    readings, left = dict[str, None](), most
    for choice in range(max(map(len, fonts.values()), default=1)):
        reader = _Reader(content, fonts, choice, left)
        readings[reader.text()] = None
        left = reader.left
    return "\n".join(readings), most - left


class _Reader:
    """Reads one stream, with the fonts that are at one place of their lists."""

    def __init__(self, content: bytes, fonts: Fonts, choice: int, left: int) -> None:
        self.content, self.left = content, left
        self.fonts = {name: some[min(choice, len(some) - 1)] for name, some in fonts.items() if some}
        self.font: Font | None = None
        self.saved: list[Font | None] = []
        self.pieces: list[str] = []
        self.has_images = True

    def text(self) -> str:
        found = _TOKEN.search(self.content)
        while found and self.left > 0:
            self.left -= 1
            end = self.read(found)
            found = _TOKEN.search(self.content, end)
        return "".join(self.pieces)

    def read(self, found: re.Match[bytes]) -> int:
        """Take the token *found* in, and return where the next one may begin."""
        match found.lastgroup:
            case "literal":
                octets, end = literal(self.content, found.start())
                self.show(octets)
                return end
            case "hex":
                self.show(hexadecimal(found["hex"]))
            case "font":
                self.font = self.fonts.get(found["font"])
            case "gap" if int(found["gap"][:9]) < _WIDE:
                self.pieces.append(" ")
            case "move":
                self.pieces.append(" ")
            case "save" if len(self.saved) < _DEEPEST:
                self.saved.append(self.font)
            case "restore" if self.saved:
                self.font = self.saved.pop()
            case "image":
                return self.end_of_image(found.end())
        return found.end()

    def end_of_image(self, start: int) -> int:
        found = _IMAGE_END.search(self.content, start) if self.has_images else None
        self.has_images = found is not None
        return found.end() if found else start

    def show(self, octets: bytes) -> None:
        if self.font is None or octets.startswith((b"\xfe\xff", b"\xff\xfe")):
            self.pieces.append(f" {' '.join(texts(octets))} " if self.font else " ".join(texts(octets)))
        else:
            text = self.font(octets)
            self.left -= len(text) // _LETTERS  # of which one code may stand for many
            self.pieces.append(text)
