# ruff: noqa: ARG002, FBT001, FBT002, N802, N803, N815 - names and arguments are those of the parent classes
"""xhtml2pdf's document context, with our own door for every file and font that the markup asks for.

Everything a document can name passes through `getFile` or a style sheet's `parseExternal`; here both end at
`Assets` or at a ``data:`` address, in memory. The policy that the engine puts in force is the second wall
behind it: it lets xhtml2pdf itself read no file and no address at all.
"""

from __future__ import annotations

import functools
import hashlib
import posixpath
import weakref
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any, Final, Protocol

from reportlab.lib.fonts import tt2ps
from xhtml2pdf import parser
from xhtml2pdf.config.resources import check_deadline
from xhtml2pdf.context import pisaContext, pisaCSSBuilder, pisaCSSParser
from xhtml2pdf.files import BaseFile, InlineDataURI, pisaFileObject
from xhtml2pdf.w3c import css, css_variables

from ondemand_attach.errors import GenerationError, MailError, ResourceBlockedError
from ondemand_attach.generators import _xhtml2pdf_fonts as fonts
from ondemand_attach.generators import _xhtml2pdf_images as images
from ondemand_attach.generators._assets import MAX_BYTES, normalised
from ondemand_attach.generators._xhtml2pdf_findings import Findings

_MAX_SELECTORS: Final = 5_000
_MAX_VALUE: Final = 10_000
_MEDIA_TYPES: Final = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}


class Reads(Protocol):
    """Where named files come from."""

    def read(self, name: str) -> bytes: ...

    def stamp(self, name: str) -> object: ...


class DocumentContext(pisaContext):  # type: ignore[misc]
    """One document on its way.

    Args:
        assets: reads the files that it may use.
        families: the application's own font families, from CSS name to registered family.
        findings: takes what was lost or refused.
    """

    def __init__(self, assets: Reads, families: Mapping[str, str], findings: Findings) -> None:
        super().__init__("", capacity=-1)  # -1: never spill to a temporary file
        self.fontList = _Families(
            {**fonts.BUILT_IN, **families, "symbol": "Symbol", "zapfdingbats": "ZapfDingbats"}
        )
        self.asianFontList: dict[str, str] = {}  # not embedded: what is seen depends on the reader
        self.pathDirectory = ""
        self._assets = assets
        self._findings = findings
        self._embedded: dict[str, str] = {}
        self.stamps: dict[str, object] = {}  # the files that were read, and what tells whether they change
        self.told: list[Any] = []  # the fragments of the flow; those of headers are drawn on some pages only

    def getFile(self, name: Any, relative: str | None = None) -> _MemoryFile | None:
        """Return the image, font or PDF that *name* means, or None if there is no name."""
        if name is None:
            return None
        return _MemoryFile(lambda: self.vetted(str(name)), lambda error: self._refuse(error, str(name)))

    def vetted(self, name: str) -> bytes:
        """Return the image, font or PDF that *name* means.

        Raises:
            GenerationError: it cannot be drawn.
            ResourceBlockedError: it is not among the assets.
        """
        content = self._content(name)
        if content[:4] in {b"\0\1\0\0", b"true", b"OTTO", b"wOFF", b"wOF2"}:
            return content
        if content.startswith(b"%PDF-") and not name.startswith("data:"):
            return content
        images.check(content)
        return content

    def style_sheet(self, name: str, relative: str) -> tuple[bytes, str]:
        """Return a style sheet and the folder that addresses in it are relative to.

        Raises:
            ResourceBlockedError: it is not among the assets.
        """
        return self._content(name, relative), _folder(name, relative)

    def getFontNames(self, names: Any) -> list[str]:
        """Return the families of a CSS list, with DejaVu Sans for what the others cannot show."""
        found: list[str] = super().getFontNames(names)
        if not found:
            self._findings.advice.add("a font family that is neither built in nor given in fonts=")
        return found if fonts.SANS in found else [*found, self.fontList.get("sans-serif")]

    def getFontName(self, names: Any, default: str = "helvetica", *, warn: bool = True) -> Any:
        """Return the first family of a CSS list; for a barcode, which wants no warning, its face."""
        if warn:
            return super().getFontName(names, default)
        families = super().getFontNames(names) or [self.fontList.get("sans-serif")]
        return tt2ps(families[0], 0, 0)

    def loadFont(
        self, names: Any, src: Any, encoding: str = "", bold: bool = False, italic: bool = False
    ) -> bool:
        """Register a font of a style sheet (`@font-face`) from memory."""
        family = _first(names)
        content = src.getData() if src else None
        if not family or not content:
            return False
        key = self._embedded.setdefault(family, "font-" + hashlib.sha256(content).hexdigest()[:20])
        for style, (is_bold, is_italic) in fonts.STYLES.items():
            if (is_bold, is_italic) == (int(bold), int(italic)) or f"{family}:{style}" not in self._embedded:
                self._register(key, style, content)
        self._embedded[f"{family}:{_style(bold=bold, italic=italic)}"] = key
        self.fontList[family] = key
        return True

    def parseCSS(self) -> None:
        """Do what the parent does, with our parser, and the built-in style sheet parsed once per process."""
        self.cssBuilder = _Builder(self)
        self.cssParser = _Parser(self.cssBuilder, self)
        self.css = self.cssBuilder.stylesheet(
            [self._parseCSSSource(*source) for source in self.cssSources], []
        )
        self.cssDefault = _built_in_sheet(self.cssDefaultText)
        self.cssCascade = css.CSSCascadeStrategy(userAgent=self.cssDefault, user=self.css)
        self.cssCascade.parser = self.cssParser
        self.cssPositionalTags = parser.getPositionalTagNames(self.cssCascade)
        self.cssAttributeNames = parser.getAttributeSelectorNames(self.cssCascade)
        self.cssCustomNames = frozenset(
            name for name in self.cssCascade.propertyNames if name.startswith("--")
        )

    def addPara(self, *, force: bool = False) -> None:
        """Close a paragraph, and note its fragments."""
        self.told += [part for part in self.fragList if not part.insideStaticFrame]
        super().addPara(force=force)

    def _byCoverage(self, frag: Any) -> list[Any]:
        # Nearly every fragment is within its first font; the parent asks for each character.
        text, families = frag.text, frag.fontFamilies
        if not families or not isinstance(text, str):
            return [frag]
        if not text or _covers(tt2ps(families[0], frag.bold, frag.italic), text):
            return [frag]
        return super()._byCoverage(frag)  # type: ignore[no-any-return]

    def _register(self, family: str, style: str, content: bytes) -> None:
        try:
            fonts.register(family, style, content)
        except GenerationError as error:
            self._findings.losses.append(str(error))
            raise

    def _content(self, name: str, folder: str = "") -> bytes:
        if name.strip().lower().startswith("data:"):
            return _inline(name.strip())
        name = normalised(name, folder)
        self.stamps[name] = self._assets.stamp(name)
        return self._assets.read(name)

    def has_files(self, stamps: Mapping[str, object]) -> bool:
        """Whether the files are still those that *stamps* tell of."""
        return all(self._assets.stamp(name) == stamp for name, stamp in stamps.items())

    def _refuse(self, error: MailError, name: str) -> None:
        found = self._findings.blocked if isinstance(error, ResourceBlockedError) else self._findings.losses
        found.append(f"{self._findings.places.named(name)}: {error}")


class _MemoryFile(pisaFileObject):  # type: ignore[misc]
    """What xhtml2pdf takes for an opened file."""

    def __init__(self, read: Callable[[], bytes], refuse: Callable[[MailError], None]) -> None:
        self.basepath = self.policy = None
        self.data = self._read(read, refuse)
        self.uri = source_of(self.data or b"")
        self.instance = BaseFile("", None)

    @staticmethod
    def _read(read: Callable[[], bytes], refuse: Callable[[MailError], None]) -> bytes | None:
        try:
            return read()
        except MailError as error:
            refuse(error)
            return None

    def getData(self) -> bytes | None:
        return self.data

    getFileContent = getData

    def getBytesIO(self) -> BytesIO | None:
        return BytesIO(self.data) if self.data else None

    getFile = getBytesIO

    def getNamedFile(self) -> str:
        raise ResourceBlockedError("a part of xhtml2pdf asked for a file on disk")

    def getAbsPath(self) -> str:
        return str(self.uri)

    def getMimeType(self) -> str:
        content = self.data or b""
        kind = images.raster_format(content)
        if kind:
            return _MEDIA_TYPES[kind]
        return "image/svg+xml" if images.is_svg(content) else "application/pdf"


class _Families(dict[str, str]):
    """Registers a built-in family when it is first asked for: parsing its four files takes some 30 ms."""

    def get(self, name: str, default: Any = None) -> Any:
        # <font face> is looked up twice, the second time by what the first has found.
        family = super().get(name) or (name if name in self.values() else default)
        if family is not None:
            fonts.load(family)
        return family


class _Builder(pisaCSSBuilder):  # type: ignore[misc]
    def __init__(self, context: DocumentContext) -> None:
        super().__init__(mediumSet=["all", "print", "pdf"])
        self._context = weakref.ref(context)

    @property
    def c(self) -> DocumentContext | None:
        return self._context()

    def termURI(self, value: str) -> str:
        """Make an address relative to the document; the parent finds only fonts beside their style sheet."""
        context = self.c
        folder = context.cssParser.rootPath if context else ""
        return value if value.lower().startswith("data:") else posixpath.join(folder, value)


class _Parser(pisaCSSParser):  # type: ignore[misc]
    def __init__(self, builder: pisaCSSBuilder, context: DocumentContext) -> None:
        super().__init__(builder)
        self.rootPath = ""
        self._selectors = 0
        self._context = weakref.ref(context)

    @property
    def c(self) -> DocumentContext | None:
        return self._context()

    def parseExternal(self, cssResourceName: str) -> Any:
        context = self.c
        if context is None:
            return None
        try:
            content, folder = context.style_sheet(cssResourceName, self.rootPath)
        except MailError as error:
            context._refuse(error, cssResourceName)  # noqa: SLF001
            return None
        return self._parsed_in(folder, content)

    def _parseSelector(self, src: str) -> Any:
        check_deadline()
        self._selectors += 1
        if self._selectors > _MAX_SELECTORS:  # each may be compared with all the others
            raise GenerationError(
                f"its style sheets have more than {_MAX_SELECTORS} selectors; leave out what is not used"
            )
        return super()._parseSelector(src)

    def _parseAtFrame(self, src: str) -> Any:
        # The parent passes over seven characters, the last of which a minified sheet leaves out: @frame{
        return super()._parseAtFrame(f"@frame {src[len('@frame') :]}")

    def _parseDeclaration(self, src: str) -> Any:
        check_deadline()
        return super()._parseDeclaration(src)

    def _parsed_in(self, folder: str, content: bytes) -> Any:
        outer, self.rootPath = self.rootPath, folder
        try:
            return self.parse(content.decode("utf-8-sig"))
        finally:
            self.rootPath = outer


@functools.lru_cache(maxsize=4)
def _built_in_sheet(text: str) -> Any:
    context = pisaContext("", capacity=-1)
    context.cssDefaultText = text
    pisaContext.parseCSS(context)
    return context.cssDefault


def source_of(content: bytes) -> str:
    """Return the name of a file that has none; xhtml2pdf caches images by it."""
    return "memory:" + hashlib.sha256(content).hexdigest()


def _inline(address: str) -> bytes:
    if len(address) > 2 * MAX_BYTES:
        raise ResourceBlockedError(
            f"a data: address of the document is longer than {2 * MAX_BYTES >> 20} MiB; make it smaller"
        )
    try:
        content = InlineDataURI("data:" + address[5:], None).extract_data()
    except (RuntimeError, ValueError):
        content = None
    if not content:
        raise ResourceBlockedError(
            "a data: address of the document is malformed (RFC 2397); write data:image/png;base64,…"
        )
    return bytes(content)


def _folder(name: str, relative: str) -> str:
    return (
        relative
        if name.strip().lower().startswith("data:")
        else posixpath.dirname(normalised(name, relative))
    )


def substitute(text: str, *arguments: Any) -> str:
    """Replace each CSS ``var()`` in *text* as xhtml2pdf does, but within bounds: they can double each other.

    Raises:
        GenerationError: the text grew out of all proportion.
    """
    check_deadline()
    result: str = _substitute(text, *arguments)
    if len(result) > _MAX_VALUE:
        raise GenerationError(
            f"a value of its style sheet is longer than {_MAX_VALUE} characters; "
            "use fewer var() in each other"
        )
    return result


_substitute = css_variables.substitute


def _covers(face: str, text: str) -> bool:
    known = fonts.coverage(face)
    return known is not None and known.issuperset(text)


def _first(names: Any) -> str:
    name = names[0] if isinstance(names, list) and names else str(names).split(",")[0]
    return str(name).strip().lstrip("#").lower()


def _style(*, bold: bool, italic: bool) -> str:
    return next(style for style, face in fonts.STYLES.items() if face == (int(bold), int(italic)))
