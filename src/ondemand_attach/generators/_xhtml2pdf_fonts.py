"""Fonts, registered with ReportLab straight from memory, once per process.

DejaVu is in the package because it has every Latin, Greek and Cyrillic letter of Europe and the euro sign,
in twelve faces of three families, under a licence that allows embedding. The fourteen fonts that every PDF
reader has cover Western Europe only.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.resources
import pathlib
import threading
from collections.abc import Mapping
from typing import Final, TypeAlias

from reportlab.lib.fonts import addMapping
from reportlab.pdfbase import pdfmetrics

from ondemand_attach._given import kind
from ondemand_attach._origins import named
from ondemand_attach.errors import ConfigurationError, GenerationError, MailError
from ondemand_attach.generators._xhtml2pdf_subsets import KeptFont

Faces: TypeAlias = Mapping[str, bytes]

SANS: Final = "ondemand-sans"
SERIF: Final = "ondemand-serif"
MONO: Final = "ondemand-mono"

STYLES: Final = {"normal": (0, 0), "bold": (1, 0), "italic": (0, 1), "bold_italic": (1, 1)}

_FILES: Final = {
    SANS: ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique"),
    SERIF: ("DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic", "DejaVuSerif-BoldItalic"),
    MONO: ("DejaVuSansMono", "DejaVuSansMono-Bold", "DejaVuSansMono-Oblique", "DejaVuSansMono-BoldOblique"),
}
_NAMES: Final = {
    SANS: "sans-serif,sans,sansserif,ui-sans-serif,system-ui,ui-rounded,helvetica,helvetica neue,arial,"
    "verdana,geneva,tahoma,segoe ui,roboto,dejavu sans,fantasy,emoji",
    SERIF: "serif,ui-serif,times,times-roman,times new roman,georgia,garamond,cambria,dejavu serif,cursive,"
    "math,fangsong",
    MONO: "monospace,ui-monospace,mono,monospaced,courier,courier new,consolas,menlo,monaco,dejavu sans mono",
}
BUILT_IN: Final = {name: family for family, names in _NAMES.items() for name in names.split(",")}

_MAX_FACES: Final = 256
_lock = threading.Lock()
_faces: set[str] = set()

# ReportLab draws letters one after the other; these Unicode blocks are unreadable without reordering.
_WHITE: Final = frozenset("\xa0 \n\t\r")
_UNSHAPED: Final = frozenset(
    map(chr, (*range(0x0900, 0x0E00), *range(0x0F00, 0x10A0), *range(0x1780, 0x1800)))
)


def load(family: str) -> None:
    """Register the faces of *family*, a key of the built-in families, unless that was done before."""
    if family in _FILES:
        _built_in(family)


@functools.cache
def _built_in(family: str) -> None:
    folder = importlib.resources.files(__package__) / "fonts"
    for style, file in zip(STYLES, _FILES[family], strict=True):
        register(family, style, (folder / f"{file}.ttf").read_bytes())


def register(family: str, style: str, content: bytes) -> None:
    """Make the TrueType font *content* the *style* of *family*.

    Raises:
        GenerationError: it is not a TrueType font that can be embedded.
    """
    problem = complaint(content)
    if problem:
        raise GenerationError(f"a font of the document cannot be embedded: {problem}")
    bold, italic = STYLES[style]
    addMapping(family, bold, italic, _face(content))


def register_family(faces: Faces) -> str:
    """Register *faces*, by style, under a name made of their content, and return it.

    A style that is missing is drawn with the nearest one that is there.
    """
    family = "font-" + hashlib.sha256(b"".join(faces[style] for style in sorted(faces))).hexdigest()[:20]
    for style, nearest in _nearest(faces).items():
        register(family, style, faces[nearest])
    return family


def _nearest(faces: Faces) -> dict[str, str]:
    order = {
        "bold_italic": ("bold", "italic", "normal"),
        "bold": ("normal",),
        "italic": ("normal",),
        "normal": (),
    }
    found = {
        style: next((near for near in (style, *order[style]) if near in faces), None) for style in STYLES
    }
    return {style: near or next(iter(faces)) for style, near in found.items()}


def complaint(content: bytes) -> str | None:
    """Return why *content* cannot be embedded, or None if it looks as if it could."""
    if content[:4] in {b"\0\1\0\0", b"true"}:
        return None
    if content[:4] == b"OTTO":
        return "its outlines are PostScript (CFF, usually an .otf file); use its TrueType edition"
    if content[:4] in {b"wOFF", b"wOF2"}:
        return "it is packed as WOFF; unpack it to a .ttf file"
    return "it is not a TrueType font; use a .ttf file"


def read_families(fonts: Mapping[str, Mapping[str, str | pathlib.Path]]) -> dict[str, Faces]:
    """Read the application's own font files, by family in lower case and style.

    Raises:
        ConfigurationError: a file cannot be read or embedded, or a style is unknown.
    """
    if wrong := [family for family in fonts if not isinstance(family, str)]:
        raise ConfigurationError(f"fonts= takes families by their names, not {kind(wrong[0])}")
    return {family.lower(): _read_faces(family, files) for family, files in fonts.items()}


def _read_faces(family: str, files: Mapping[str, str | pathlib.Path]) -> Faces:
    if not isinstance(files, Mapping) or not files or not files.keys() <= STYLES.keys():
        raise ConfigurationError(
            f"fonts[{family!r}] takes a mapping from styles ({', '.join(STYLES)}) to files, such as "
            "{'normal': 'fonts/Name.ttf'}"
        )
    if wrong := [file for file in files.values() if not isinstance(file, str | pathlib.PurePath)]:
        raise ConfigurationError(f"fonts[{family!r}] takes the paths of TrueType files, not {kind(wrong[0])}")
    return {style: _read(pathlib.Path(file)) for style, file in files.items()}


def _read(file: pathlib.Path) -> bytes:
    if not file.is_file():
        raise ConfigurationError(
            f"the font file {str(file)!r} does not exist; give the path of one that does"
        )
    content = file.read_bytes()
    problem = complaint(content)
    if problem:
        raise ConfigurationError(f"the font file {str(file)!r} cannot be embedded: {problem}")
    return content


def _face(content: bytes) -> str:
    name = "ondemand-" + hashlib.sha256(content).hexdigest()[:20]
    with _lock:
        if name not in _faces:
            if len(_faces) >= _MAX_FACES:
                raise GenerationError(
                    f"more than {_MAX_FACES} different fonts were used in this process; "
                    "use the same ones for all documents"
                )
            # registerFont() would take what is there of this face name, such as a font of the application.
            pdfmetrics._fonts[name] = _parsed(name, content)  # noqa: SLF001
            pdfmetrics.registerFontFamily(name)
            _faces.add(name)
    return name


def _parsed(name: str, content: bytes) -> KeptFont:
    try:
        return KeptFont(name, content)
    except Exception as error:  # noqa: BLE001 - whatever the damage leads to
        failure: MailError = GenerationError(
            f"a font of the document is damaged ({named(error)}); use another file of it"
        )
    raise failure


def needs_shaping(character: str) -> bool:
    """Whether no font is of use: ReportLab cannot write *character*, or takes its script apart."""
    return character > "\uffff" or character in _UNSHAPED


@functools.cache
def coverage(face: str) -> frozenset[str] | None:
    """Return the characters that *face* can show, or None for a face with an encoding of its own."""
    font = pdfmetrics.getFont(face)
    glyphs = getattr(font.face, "charToGlyph", None)
    if glyphs is not None:
        # Above U+FFFF, ReportLab writes a wrong text beside the right glyph: not to be read aloud or copied.
        return frozenset(chr(code) for code in glyphs if code <= 0xFFFF).difference(_UNSHAPED) | _WHITE
    if face in {"Symbol", "ZapfDingbats"}:
        return None
    return frozenset(bytes(range(32, 256)).decode("cp1252", "ignore"))
