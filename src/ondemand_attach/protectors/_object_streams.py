"""A writer of encrypted PDFs that leaves nothing in clear that depends on the text.

Encryption hides strings and streams, and nothing else (ISO 32000-2 section 7.6.1): the widths of a font list
the letters of a name, and the rectangle of a link is as wide as its text. So every object that may go into an
object stream goes there (section 7.5.7), where it is encrypted as a whole. What has to stay outside are

* streams: of a dictionary stays what names a kind or a filter; any other value becomes an object by itself,
  in an object stream, with a reference in its place. The length is coarse;
* the catalog, in the same manner, because Adobe Reader 8 does not find it elsewhere;
* the encryption dictionary, signatures, the document security store, and the cross-reference stream.

How many objects there are is rounded up with null objects.
"""

# mypy: disallow-untyped-calls=False
# pyHanko brings types for a part of itself only.

from __future__ import annotations

import itertools
import re
import zlib
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import IO, Final, TypeAlias

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.crypt import SecurityHandler
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.pdf_utils.xref import PositionDict
from pyhanko.sign.signers.pdf_byterange import PdfByteRangeDigest

from ondemand_attach.protectors._foreign import UnknownSpellingError
from ondemand_attach.protectors._stream_padding import PlainStream

ROUND: Final = 64
"""There are as many objects in a file as a multiple of it, but for those that have to be shown."""
ROOM: Final = 24
"""Bytes for each object in the table at the front of an object stream."""

_TOGETHER: Final = 4 * ROUND  # objects in one stream, which a reader takes apart as a whole
_LEVEL: Final = 3  # of compression: after the padding, a better one makes few files smaller
_SHOWN_IN_CATALOG: Final = frozenset(("/Extensions", "/PageLayout", "/PageMode", "/Type", "/Version"))
_SHOWN_IN_STREAMS: Final = frozenset((b"/Filter", b"/Subtype", b"/Type"))
_WORD: Final = re.compile(rb"true|false|null|/Device(?:CMYK|Gray|RGB)")
_NAMES: Final = re.compile(rb"/[^\x00-\x20()<>\[\]{}/%]+|\[(?: ?/[^\x00-\x20()<>\[\]{}/%]+)* ?\]")
_ESCAPED: Final = re.compile(rb"[^!-~]|[#%/()<>\[\]{}]")
_REFERENCE: Final = re.compile(rb"[1-9][0-9]* 0 R")

_Hide: TypeAlias = Callable[[generic.PdfObject], generic.IndirectObject]


class SpeltName(generic.NameObject):
    """A name that is written as it was *spelt*: it may be of any charset (ISO 32000-2 section 7.3.5)."""

    spelt: bytes

    def write_to_stream(self, stream: IO[bytes], *_: object, **__: object) -> None:
        """Write the name."""
        stream.write(self.spelt)


class VerbatimObject(generic.PdfObject):
    """An object that is written as it stands.

    Args:
        text: the object. Strings in it are not encrypted, so it has to go into an object stream.
    """

    def __init__(self, text: bytes) -> None:
        self.text = text

    def write_to_stream(self, stream: IO[bytes], *_: object, **__: object) -> None:
        """Write the object."""
        stream.write(self.text)


NOTHING: Final = VerbatimObject(b"null")


class VerbatimStream(generic.PdfObject):
    """A stream that is written as it stands, but for its encryption.

    Args:
        plain: the stream, padded.
    """

    def __init__(self, plain: PlainStream) -> None:
        self.plain = plain

    def write_to_stream(
        self,
        stream: IO[bytes],
        handler: SecurityHandler | None = None,
        container_ref: generic.Reference | None = None,
    ) -> None:
        """Write the stream, encrypted by *handler*."""
        plain = self.plain
        if handler is not None and container_ref is not None:
            encryption = handler.get_stream_filter()
            key = encryption.derive_object_key(container_ref.idnum, container_ref.generation)
            plain = PlainStream(plain.entries, encryption.encrypt(key, bytes(plain.data)))
        stream.write(plain.source())


class ObjectStreamWriter(BasePdfFileWriter):
    """To be mixed into a writer of an encrypted file with a cross-reference stream."""

    def _update_meta(self) -> None:
        """Add no metadata: they would be one more stream, to say when the file was written and by what."""

    def _write_objects(self, stream: IO[bytes], object_position_dict: PositionDict) -> None:
        shown, hidden = self._divided()
        numbers = sorted(hidden)
        for start in range(0, len(numbers), _TOGETHER):
            together, own = numbers[start : start + _TOGETHER], self._next_number()
            shown[own] = _object_stream({number: hidden[number] for number in together})
            object_position_dict.update({(0, number): (own, place) for place, number in enumerate(together)})
        for number in sorted(shown):
            object_position_dict[0, number] = stream.tell()
            is_encrypted = self._encrypt is None or number != self._encrypt.idnum
            handler = self.security_handler if is_encrypted else None
            stream.write(b"%d 0 obj\n" % number)
            shown[number].write_to_stream(stream, handler, generic.Reference(number, 0, self))
            stream.write(b"\nendobj\n")

    def _divided(self) -> tuple[dict[int, generic.PdfObject], dict[int, generic.PdfObject]]:
        """Return what has to stay outside of object streams, and all the rest."""
        hidden = {number: one for (_, number), one in self.objects.items()} | self.objs_in_streams
        stores = self.root.get_value_as_reference("/DSS", optional=True)
        ends = {end.idnum for end in (self._root, self._encrypt, stores) if end is not None}
        outside = (generic.StreamObject, VerbatimStream, PdfByteRangeDigest)
        shown = {number: one for number, one in hidden.items() if number in ends or isinstance(one, outside)}
        for number, one in sorted(shown.items()):
            del hidden[number]
            shown[number] = self._with_little_shown(number, one, hidden)
        while len(hidden) % ROUND:
            hidden[self._next_number()] = NOTHING
        return shown, hidden

    def _with_little_shown(
        self, number: int, one: generic.PdfObject, hidden: dict[int, generic.PdfObject]
    ) -> generic.PdfObject:
        """Return *one* with references in place of the values that are added to *hidden*."""

        def hide(value: generic.PdfObject) -> generic.IndirectObject:
            hidden[self._next_number()] = value
            return generic.IndirectObject(self._lastobj_id, 0, self)

        if isinstance(one, generic.StreamObject):
            one = VerbatimStream(plain_stream(one).padded())
        if isinstance(one, VerbatimStream):
            return _stream_with_little_shown(one.plain, hide)
        if number == self._root.idnum and isinstance(one, generic.DictionaryObject):
            return _catalog_with_little_shown(one, hide)
        return one

    def _next_number(self) -> int:
        self._lastobj_id += 1
        return self._lastobj_id


def in_clear(entries: Mapping[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """Return what of the *entries* of a stream stays in clear, but for the numbers of references."""
    return [(name, text if _stays(name, text) else b"") for name, text in entries.items()]


def _stays(name: bytes, text: bytes) -> bool:
    is_name = name in _SHOWN_IN_STREAMS and _NAMES.fullmatch(text)
    return bool(is_name or _WORD.fullmatch(text))


def _stream_with_little_shown(plain: PlainStream, hide: _Hide) -> VerbatimStream:
    entries = dict(plain.entries)
    for name, text in plain.entries.items():
        if not (_stays(name, text) or _REFERENCE.fullmatch(text)):
            entries[name] = text_of(hide(VerbatimObject(text)))
    return VerbatimStream(PlainStream(entries, plain.data))


def _catalog_with_little_shown(catalog: generic.DictionaryObject, hide: _Hide) -> generic.DictionaryObject:
    result = generic.DictionaryObject()
    for name in catalog:
        value = catalog.raw_get(name)
        kind = generic.DictionaryObject if name == "/Extensions" else generic.NameObject
        is_known = name in _SHOWN_IN_CATALOG and isinstance(value, kind)
        is_shown = is_known or isinstance(value, generic.IndirectObject)
        result[name] = value if is_shown else hide(value)
    return result


def plain_stream(stream: generic.StreamObject) -> PlainStream:
    """Return what pyHanko would write for *stream*, not encrypted."""
    entries = _entries(stream)
    filters, parameters = (_listed(stream, name) for name in ("/Filter", "/DecodeParms"))
    pairs = list(itertools.zip_longest(filters, parameters[: len(filters)], fillvalue=generic.NullObject()))
    # A crypt filter says how a stream is encrypted; in a file that is not, it does nothing (section 7.4.10).
    kept = [pair for pair in pairs if text_of(pair[0]) != b"/Crypt"]
    for name, values in zip((b"/Filter", b"/DecodeParms"), zip(*kept, strict=True), strict=False):
        entries[name] = b"[%b]" % b" ".join(map(text_of, values))
    if not kept:
        entries.pop(b"/Filter", None)
    if not any(map(bool, parameters)):
        entries.pop(b"/DecodeParms", None)
    return PlainStream(entries, stream.encoded_data)


def _listed(stream: generic.StreamObject, name: str) -> list[generic.PdfObject]:
    value = stream[name] if name in stream else generic.ArrayObject()
    return [each.get_object() for each in value] if isinstance(value, generic.ArrayObject) else [value]


def text_of(one: generic.PdfObject) -> bytes:
    """Return *one* as it is written in an object stream.

    As pyHanko would, but for numbers, which it may write with an exponent, and for escapes of one digit.

    Raises:
        UnknownSpellingError: pyHanko has read a name as UTF-8 or as Latin-1, and does not say which.
    """
    if isinstance(one, SpeltName):
        return one.spelt
    if isinstance(one, generic.NameObject):
        if not one.isascii() and _is_of_two_spellings(one):
            raise UnknownSpellingError
        return _ESCAPED.sub(lambda found: b"#%02X" % found[0][0], one[1:].encode()).join((b"/", b""))
    if isinstance(one, generic.FloatObject):
        return format(one, "f").encode()
    if isinstance(one, generic.ArrayObject):
        return b"[ %b ]" % b" ".join(text_of(one.raw_get(place)) for place in range(len(one)))
    if isinstance(one, generic.DictionaryObject):
        return b"<<\n%b>>" % b"".join(b"%b %b\n" % entry for entry in _entries(one).items())
    output = BytesIO()
    one.write_to_stream(output, None)
    return output.getvalue()


def _is_of_two_spellings(name: str) -> bool:
    """Whether pyHanko, which takes for Latin-1 what is not UTF-8, would have read *name* from either."""
    try:
        octets = name.encode("latin-1")
    except UnicodeEncodeError:
        return False
    try:
        octets.decode()
    except UnicodeDecodeError:
        return True
    return False


def _entries(dictionary: generic.DictionaryObject) -> dict[bytes, bytes]:
    return {text_of(name): text_of(dictionary.raw_get(name)) for name in dictionary if name != "/Length"}


def _object_stream(objects: Mapping[int, generic.PdfObject]) -> VerbatimStream:
    """Return *objects* by their numbers as one stream (ISO 32000-2 section 7.5.7)."""
    texts = [one.text if isinstance(one, VerbatimObject) else text_of(one) for one in objects.values()]
    ends = itertools.accumulate(len(text) + 1 for text in texts)
    places = [b"%d %d" % place for place in zip(objects, (0, *ends), strict=False)]
    first = ROOM * len(objects)
    entries = {b"/Type": b"/ObjStm", b"/N": b"%d" % len(objects), b"/First": b"%d" % first}
    text = b" ".join(places).ljust(first) + b"\n".join(texts)
    return VerbatimStream(
        PlainStream(entries | {b"/Filter": b"/FlateDecode"}, zlib.compress(text, _LEVEL)).padded()
    )
