r"""The last line of the confidentiality boundary: is a confidential value in the finished message?

The guards stop a template that touches a marked value. They cannot see a value that came in under
another name, so the finished bytes are searched as well. Whatever is not byte for byte a protected
document is searched: every header and file name, both bodies, unprotected attachments (also inside
PDF streams, ZIP members and gzip), and what lies between the parts.

Both sides are folded before they are compared: case, accents, compatibility forms, punctuation,
white space and invisible characters do not count. The haystack is also decoded, again and again, up to
four times: MIME transfer encodings, RFC 2047 and RFC 2231, HTML entities and tags, ``%XX``, ``\uXXXX``,
base64, hexadecimal, UTF-16.

A false alarm refuses a good message, so the length of a folded value decides where it counts:

=========================  =======================================================================
fewer than 4 characters    not searched (a CJK character counts as two; with a fraction: 5 digits)
4 to 7                     as a whole word; a number of 6 or 7 digits as a whole run of digits
8 and more                 anywhere
in binary data             from 6 characters on
more than 64               the first 64 stand for the whole
=========================  =======================================================================

Not found: text set in a PDF with glyph numbers of its own, pixels, what is inside of an encrypted or
unknown container, and all beyond the first 64 MB that an attachment inflates to.
"""

from __future__ import annotations

import binascii
import html
import io
import itertools
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum

SHORTEST = 4
SHORTEST_IN_BINARY = 6
SHORTEST_ANYWHERE = 8
LONGEST = 64
DEPTH = 4
CHUNK = 1 << 18
INFLATED = 64 << 20

# Words that a message has whoever receives it.
_MIME_WORDS = """
    text plain html multipart mixed alternative related encrypted signed boundary charset format flowed base64
    quoted-printable attachment inline filename application octet-stream pdf image content type transfer
    encoding disposition mime version message auto submitted generated date subject from sender reply
"""
_ADDRESS_FIELDS = frozenset({"from", "sender", "reply-to", "to", "cc"})
_DATE = re.compile(r"[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """Where a confidential value was found.

    Args:
        path: the marked path. Never the value.
        where: the surface, such as ``header Subject`` or ``file name of attachment 2``.
    """

    path: str
    where: str


def find_leaks(
    content: bytes,
    values: Iterable[tuple[str, object]],
    *,
    protected: Collection[bytes] = (),
    addresses: Collection[str] = (),
    own_words: Iterable[str] = (),
) -> tuple[Leak, ...]:
    """Return each place outside of the protected documents where one of *values* can be read.

    Args:
        content: the finished MIME bytes, CRLF line ends.
        values: the confidential leaves, each with its path.
        protected: the contents of the protected documents. A part is left out only if it is equal to
            one of them, so that a wrong boundary or a forgotten encryption cannot hide a part.
        addresses: the addr-specs that may stand in From, Sender, Reply-To, To and Cc.
        own_words: what the application itself says in every message: the sources of its templates. A
            value that is one of these words (a customer called Price) cannot be told from them.
    """
    needles = _needles(values, own_words)
    if not needles:
        return ()
    headers, documents = _surfaces(content, frozenset(protected), addresses)
    # A tag cannot reach over <>, so one search tells whether any header has to be looked at by itself.
    if not any(_found(needles, " <> ".join(text for _, text in headers))):
        headers = []
    surfaces = itertools.chain(
        headers, itertools.chain.from_iterable(itertools.starmap(_unpacked, documents))
    )
    found = (Leak(path=path, where=where) for where, surface in surfaces for path in _found(needles, surface))
    return tuple(dict.fromkeys(found))


# --- folding -------------------------------------------------------------------------------------


def _fold(character: str) -> str:
    folded = unicodedata.normalize("NFKD", character.casefold()).casefold()
    kept = (part for part in folded if unicodedata.category(part) not in {"Mn", "Cf", "Me"})
    return "".join(part if part.isalnum() else " " for part in kept)


class _Folds(dict[int, str]):
    def __missing__(self, code: int) -> str:
        return _fold(chr(code))


_FOLDS = _Folds({code: _fold(chr(code)) for code in range(0x500)})
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
# Bytes that mean nothing are the less likely to spell a name, the fewer of them count as letters.
_BYTE_FOLDS = bytes(ord(_FOLDS[code]) if code < 128 and len(_FOLDS[code]) == 1 else 32 for code in range(256))


def _words(text: str) -> str:
    if not text.isascii():  # str.translate is ten times faster where all is ASCII
        text = _NOT_ASCII.sub(lambda run: run[0].translate(_FOLDS), text)
    return f" {' '.join(text.translate(_FOLDS).split())} "


def _joins(character: str) -> bool:
    # From Thai to Hangul, words are written without spaces or with particles attached.
    return character.isalnum() and not "\u0e00" <= character <= "\U0003ffff"


def _never_joins(_: str) -> bool:
    return False


# --- needles -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Needle:
    path: str
    text: str = field(repr=False)
    size: int
    joins: Callable[[str], bool]
    encoded: tuple[bytes, ...] = field(repr=False)

    def is_in(self, words: str, glued: str) -> bool:
        if self.joins is _never_joins:
            return self.text in glued
        at = words.find(self.text)
        while at >= 0:
            if not self.joins(words[at - 1]) and not self.joins(words[at + len(self.text)]):
                return True
            at = words.find(self.text, at + 1)
        return False


def _needles(values: Iterable[tuple[str, object]], own_words: Iterable[str]) -> list[_Needle]:
    own = _words("\n".join((_MIME_WORDS, *own_words)))
    glued = own.replace(" ", "")
    forms = ((path, form) for path, value in values for form in dict.fromkeys(_forms(value)))
    needles = {(path, needle.text): needle for path, form in forms if (needle := _needle(path, form))}
    return [needle for needle in needles.values() if not needle.is_in(own, glued)]


def _needle(path: str, form: str) -> _Needle | None:
    words = _words(form).strip()
    glued = words.replace(" ", "")
    size = sum(1 if _joins(character) else 2 for character in glued)
    if size < SHORTEST:
        return None
    encoded = () if form.isascii() else tuple(_encodings(form))
    if size >= SHORTEST_ANYWHERE:
        return _Needle(path=path, text=glued[:LONGEST], size=size, joins=_never_joins, encoded=encoded)
    joins = str.isdigit if glued.isdigit() and size >= SHORTEST_IN_BINARY else _joins
    return _Needle(path=path, text=words, size=size, joins=joins, encoded=encoded)


def _encodings(form: str) -> Iterator[bytes]:
    for case in {form, form.upper(), form.lower()}:
        for encoding in ("utf-8", "utf-16-le", "utf-16-be", "cp1252"):
            encoded = case[:LONGEST].encode(encoding, "replace")
            if len(encoded) >= SHORTEST_IN_BINARY:
                yield encoded


def _forms(value: object) -> Iterator[str]:
    """Yield the ways in which *value* is commonly written, apart from punctuation and case."""
    match value:
        case None | bool():
            return
        case Enum():
            yield from _forms(value.value)
        case str():
            yield from _text_forms(str(value))
        case int() | float() | Decimal():
            yield from _number_forms(value)
        case datetime() if value.time() != time():
            yield from (f"{day} {value:%H:%M}" for day in _date_forms(value))
        case date():
            yield from _date_forms(value)
        case bytes() | bytearray():
            yield value.decode("latin-1")[:LONGEST]
            yield value[: LONGEST // 2].hex()
            yield binascii.b2a_base64(value[: LONGEST // 4 * 3]).decode("ascii").rstrip("=\n")
        case _:
            yield str(value)


def _text_forms(text: str) -> Iterator[str]:
    yield text
    if text.replace(" ", "").isdigit():
        yield text.replace(" ", "")
    name, at, domain = text.rpartition("@")
    if at and not domain.isascii():
        try:
            yield f"{name}@{domain.encode('idna').decode('ascii')}"
        except UnicodeError:
            return


def _number_forms(value: float | Decimal) -> Iterator[str]:
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN of either type
        return
    if value == int(value):
        yield from (f"{int(value)}", f"{int(value):,}")
    fractions = () if isinstance(value, int) else (f"{value}", f"{value:f}", f"{value:,.2f}", f"{value:.2f}")
    # A short one such as 12.50 is also a time of day and many a price.
    yield from (form for form in fractions if sum(map(str.isdigit, form)) > SHORTEST)


def _date_forms(value: date) -> Iterator[str]:
    year, month, day = value.year, value.month, value.day
    yield from (
        f"{year:04}-{month:02}-{day:02}",
        f"{day:02}.{month:02}.{year:04}",
        f"{month:02}/{day:02}/{year:04}",
    )
    yield from (f"{year}-{month}-{day}", f"{day}.{month}.{year}", f"{month}/{day}/{year}")
    for name in _MONTHS[month - 1]:
        yield from (
            f"{day} {name} {year}",
            f"{name} {day} {year}",
            f"{day:02} {name} {year}",
            f"{day}th {name} {year}",
        )


_MONTHS = [
    (name, name[:3])
    for name in (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    )
]  # fmt: skip


# --- searching -----------------------------------------------------------------------------------


def _found(needles: list[_Needle], surface: str | bytes) -> Iterator[str]:
    step = CHUNK - CHUNK // 16
    for start in range(0, max(len(surface) - CHUNK // 16, 1), step):
        chunk = surface[start : start + CHUNK]
        yield from (
            _found_in_text(needles, chunk) if isinstance(chunk, str) else _found_in_bytes(needles, chunk)
        )


def _found_in_text(needles: list[_Needle], text: str) -> Iterator[str]:
    for view in _views(text):
        if isinstance(view, bytes):
            yield from _found_in_bytes(needles, view)
            continue
        words = _words(view)
        glued = words.replace(" ", "")
        for needle in needles:
            if needle.is_in(words, glued):
                yield needle.path


def _found_in_bytes(needles: list[_Needle], content: bytes) -> Iterator[str]:
    candidates = [needle for needle in needles if needle.size >= SHORTEST_IN_BINARY]
    for view in {content, content.replace(b"\0", b"")}:
        words = f" {view.translate(_BYTE_FOLDS).decode('ascii')} "
        glued = words.replace(" ", "")
        yield from (needle.path for needle in candidates if needle.is_in(words, glued))
    for needle in needles:
        for form in needle.encoded:
            if form in content:
                yield needle.path


# --- decoding ------------------------------------------------------------------------------------


def _views(text: str) -> Iterator[str | bytes]:
    """Yield *text* as it may be read: as it is, without tags, decoded; bytes if that was a guess."""
    seen, known = {text}, set[bytes]()
    level = [text]
    for _ in range(DEPTH):
        decoded: list[str] = []
        for view in level:
            yield view
            if "<" in view:
                yield _TAG.sub("", _BLOCK_TAG.sub(" ", view))
            tokens = [token for token in _base64_tokens(view) if token not in known]
            known.update(tokens)
            yield _unaligned_base64(tokens)
            decoded += (_unescaped(view), _unquoted(view), _readable_tokens(tokens))
        level = [view for view in dict.fromkeys(decoded) if view and view not in seen]
        seen.update(level)


_BLOCK_TAG = re.compile(
    r"</?(?:\w+:)?(?:address|article|blockquote|body|br|c|caption|center|cr|dd|div|dl|dt|fieldset|figure|footer"
    r"|form|h[1-6]|head|header|hr|html|li|link|main|meta|nav|ol|option|p|pre|row|section|select|si|style|tab"
    r"|table|tbody|td|tfoot|th|thead|title|tr|ul|v)\b[^<>]*>",
    re.IGNORECASE,
)
_TAG = re.compile(r"<!--[^<>]*-->|<[^<>]*>")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def _unescaped(text: str) -> str:
    if "&" in text:
        text = html.unescape(text)
    for sign, pattern, decode in _ESCAPES:
        if sign in text:
            text = pattern.sub(decode, text)
    return text


def _encoded_words(match: re.Match[str]) -> str:
    """Decode adjacent RFC 2047 words, which may share a multi-byte character between them."""
    pieces = _ENCODED_WORD.findall(match[0])
    joined = b"".join(
        _base64(piece.encode("ascii", "ignore")) or b""
        if encoding in "bB"
        else binascii.a2b_qp(piece.encode("ascii", "ignore"), header=True)
        for _, encoding, piece in pieces
    )
    return _text(joined, pieces[0][0] if pieces else "utf-8")


def _octal(match: re.Match[str]) -> str:
    return _text(bytes(int(digits, 8) for digits in match[0][1:].split("\\")))


def _utf_16(match: re.Match[str]) -> str:
    return bytes.fromhex(match[0].replace("\\u", "")).decode("utf-16-be", "replace")


def _hexadecimal(match: re.Match[str]) -> str:
    return _text(bytes.fromhex(_HEX_SIGN.sub("", match[0])))


_HEX_SIGN = re.compile(r"%|=|\\x")
_ENCODED_WORD = re.compile(r"=\?([^?\s*]+)[^?\s]*\?([bBqQ])\?([^?]*)\?=")
# One alone is as likely an attribute: width=60.
_QUOTED = re.compile(r"(?:=[0-9A-Fa-f]{2}){2,}|=(?:20|2C|2E|3D|5F|[89A-F][0-9A-F])")
_ESCAPES: tuple[tuple[str, re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    # RFC 2231 section 3: the value goes on in the next parameter.
    ("*1", re.compile(r"\"?;\s*[\w-]+\*[1-9][0-9]*\*?=\"?"), lambda _: ""),
    ("%", re.compile(r"(?:%[0-9A-Fa-f]{2})+"), _hexadecimal),
    ("\\\\", re.compile(r"\\\\"), lambda _: "\\"),  # a quoted-pair, RFC 5322 section 3.2.1
    ("\\x", re.compile(r"(?:\\x[0-9A-Fa-f]{2})+"), _hexadecimal),
    ("\\u", re.compile(r"(?:\\u[0-9A-Fa-f]{4})+"), _utf_16),
    ("\\", re.compile(r"(?:\\[0-3][0-7]{2})+"), _octal),
    ("=?", re.compile(r"(?:=\?[^?\s]+\?[bBqQ]\?[^?]*\?=\s*)+"), _encoded_words),
    # PDF text with kerning: [(Ja) 20 (ne)] TJ
    ("TJ", re.compile(r"\)\s*-?[0-9.]+\s*\("), lambda _: ""),
)


def _unquoted(text: str) -> str:
    """Decode quoted-printable in text that was not declared so."""
    if "=" not in text:
        return text
    return _QUOTED.sub(_hexadecimal, text.replace("=\r\n", "").replace("=\n", ""))


_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_LINE_END_IN_BASE64 = re.compile(rb"\n(?<=[A-Za-z0-9+/]{4}\n)[ \t]*(?=[A-Za-z0-9+/]+=*(?:\n|$))")
_TOKEN = re.compile(rb"[A-Za-z0-9+/]{6,}")
_WORD = re.compile(rb"[A-Za-z0-9]{6,}")
_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2}){4,}")
_READABLE = re.compile(rb"(?<=\0\0\0)((?:[\t\r\n\x20-\x7e]++|[\xc2-\xf4][\x80-\xbf]{1,3})++)(?=\0)")


def _base64_tokens(text: str) -> list[bytes]:
    data = text.encode("ascii", "replace").translate(_URL_SAFE).replace(b"\r\n", b"\n")
    return _TOKEN.findall(_LINE_END_IN_BASE64.sub(b"", data))


def _readable_tokens(tokens: list[bytes]) -> str:
    """Decode what looks like base64 or hexadecimal, and keep it where it is readable text."""
    runs = _HEX.findall(b" ".join(tokens))
    words = _WORD.findall(b" ".join([token for token in tokens if b"/" in token or b"+" in token]))
    padded = [token + b"AAAAAAAA"[len(token) % 4 :] for token in tokens + words]
    texts = [bytes.fromhex(run.decode("ascii")).replace(b"\0", b"").lstrip(b"\xfe\xff") for run in runs]
    plain = b"\0\0\0".join([b"", binascii.a2b_base64(b"".join(padded)), *texts, b""])
    return " , ".join([piece.decode("utf-8", "ignore") for piece in _READABLE.findall(plain)])


def _unaligned_base64(tokens: list[bytes]) -> bytes:
    """Decode all that may be base64 from each of the four places where a group may begin."""
    data = b"".join([token for token in tokens if len(token) >= 8]) + b"AAA"
    groups = (data[start : start + (len(data) - start) // 4 * 4] for start in range(4))
    return b"\n\n".join([binascii.a2b_base64(group) for group in groups])


def _base64(data: bytes) -> bytes | None:
    compact = data.translate(None, b" \t\r\n").rstrip(b"=")
    try:
        return binascii.a2b_base64(compact + b"=" * (-len(compact) % 4), strict_mode=True)
    except binascii.Error:
        return None


def _text(data: bytes, charset: str = "utf-8") -> str:
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return data.decode("utf-16", "replace")
    try:
        return data.decode(charset)
    except (UnicodeError, LookupError):
        return data.decode("latin-1")


# --- the surfaces of a message -------------------------------------------------------------------

_Fields = list[tuple[str, str]]
_BOUNDARY = re.compile(r'boundary="?([^";\s]+)', re.IGNORECASE)
_CHARSET = re.compile(r'charset="?([^";\s]+)', re.IGNORECASE)


def _surfaces(
    content: bytes, protected: frozenset[bytes], addresses: Collection[str]
) -> tuple[list[tuple[str, str]], list[tuple[str, bytes, str]]]:
    """Return the header fields and the contents that are not protected, with the charset of each."""
    number = 0
    headers: list[tuple[str, str]] = []
    documents: list[tuple[str, bytes, str]] = []
    for depth, fields, body in _parts(content):
        known = {name.lower(): value for name, value in fields}
        media_type = known.get("content-type", "text/plain").partition(";")[0].strip().lower()
        is_attachment = "content-disposition" in known or not media_type.startswith(("text/", "multipart/"))
        number += is_attachment
        label = f"attachment {number}" if is_attachment else _BODIES.get(media_type, "body")
        headers += _headers(fields, addresses, label if depth else "")
        decoded = _decoded(body, known.get("content-transfer-encoding", ""))
        if decoded not in protected:
            charset = _CHARSET.search(known.get("content-type", ""))
            documents.append((label, decoded, charset[1] if charset else "utf-8"))
    return headers, documents


_BODIES = {"text/plain": "text body", "text/html": "HTML body"}


def _parts(content: bytes, depth: int = 0) -> Iterator[tuple[int, _Fields, bytes]]:
    """Yield the header fields and the raw body of each part, the whole message first."""
    head, _, body = (b"\r\n" + content).partition(b"\r\n\r\n")
    fields = [_field(line) for line in _text(re.sub(rb"\r\n(?=[ \t])", b"", head)).split("\r\n") if line]
    media_type = next((value for name, value in fields if name.lower() == "content-type"), "")
    boundary = _BOUNDARY.search(media_type)
    if depth > 8 or boundary is None:
        yield depth, fields, body
        return
    preamble, *pieces = (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode())
    parts = [piece for piece in pieces if not piece.startswith(b"--")]
    yield depth, fields, b"\r\n".join([preamble, *(piece for piece in pieces if piece.startswith(b"--"))])
    for piece in parts:
        yield from _parts(piece.removeprefix(b"\r\n"), depth + 1)


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.strip()


def _headers(fields: _Fields, addresses: Collection[str], label: str) -> Iterator[tuple[str, str]]:
    yield "a header name", "\n".join(name for name, _ in fields)
    for name, value in fields:
        if name.lower() in _ADDRESS_FIELDS:
            yield _place(name, label), _split(_without_addresses(value, addresses))
        elif name.lower() != "date" or not _DATE.fullmatch(value):
            yield _place(name, label), _split(value)


def _split(value: str) -> str:
    """Return *value* once more with JaneDoe as two words."""
    return f"{value}\n{_CAMEL.sub(' ', value)}"


def _place(name: str, label: str) -> str:
    if label.startswith("attachment") and name.lower() in {"content-type", "content-disposition"}:
        return f"file name of {label}"
    return f"header {name} of {label}" if label else f"header {name}"


def _without_addresses(value: str, addresses: Collection[str]) -> str:
    for address in addresses:
        value = re.sub(rf"(?<![\w.+-]){re.escape(address)}(?![\w.-])", " ", value, flags=re.IGNORECASE)
    return value


def _decoded(body: bytes, encoding: str) -> bytes:
    match encoding.strip().lower():
        case "base64":
            decoded = _base64(body)
            return body if decoded is None else decoded
        case "quoted-printable":
            return binascii.a2b_qp(body)
        case _:
            return body


def _unpacked(label: str, data: bytes, charset: str) -> Iterator[tuple[str, str | bytes]]:
    left = len(data) + INFLATED
    for surface in _contents(data, charset):
        yield label, surface
        left -= len(surface)
        if left < 0:
            return


def _contents(data: bytes, charset: str, depth: int = 0) -> Iterator[str | bytes]:
    """Yield *data* as text if it is text, else as bytes, and whatever it contains."""
    try:
        text = data.decode("utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else charset)
    except (UnicodeError, LookupError):
        text = "\0"
    yield data if "\0" in text else text
    if depth < 3:
        for member in _members(data):
            yield from _contents(member, "utf-8", depth + 1)


def _members(data: bytes) -> Iterator[bytes]:
    if data.startswith(b"PK\x03\x04"):
        yield from _zip_members(data)
    elif data.startswith(b"\x1f\x8b"):
        yield _inflated(data)
    elif b"%PDF-" in data[:1024]:
        for piece in data.split(b"endstream")[:-1]:
            dictionary, _, stream = piece.partition(b"stream")
            if not _IMAGE.search(dictionary[-400:]):
                yield _pdf_stream(stream.lstrip(b"\r\n"))


_IMAGE = re.compile(rb"/Subtype\s*/Image\b")


def _zip_members(data: bytes) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                yield member.filename.encode("utf-8", "replace")
                with archive.open(member) as file:
                    yield file.read(INFLATED)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError):
        return  # broken, or itself encrypted


def _pdf_stream(stream: bytes) -> bytes:
    inflated = _inflated(stream)
    if inflated or not stream.rstrip().endswith(b"~>"):
        return inflated
    import base64

    try:
        return _inflated(base64.a85decode(stream.strip().removeprefix(b"<~").removesuffix(b"~>")))
    except ValueError:
        return b""


def _inflated(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=47).decompress(data, INFLATED)
    except zlib.error:
        return b""
