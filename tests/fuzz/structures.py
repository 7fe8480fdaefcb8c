"""Changes that know a format: what was changed is put together again, with lengths and tables that fit."""

from __future__ import annotations

import base64
import contextlib
import io
import itertools
import json
import random
import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from fuzz import mutation
from fuzz.mutation import Change

_CHANGES: tuple[Change, ...] = (
    *(mutation.flip, mutation.delete, mutation.duplicate, mutation.move),
    *(mutation.truncate, mutation.number, mutation.digits, mutation.nest),
)


def _changed(content: bytes, chosen: random.Random) -> bytes:
    return chosen.choice(_CHANGES)(content, chosen)[: mutation.LONGEST]


# --- DER (X.690)


def _header(content: bytes, start: int) -> tuple[int, int] | None:
    """Return where the content of the value at *start* begins and ends, if it is one."""
    if start + 2 > len(content) or content[start] & 31 == 31:
        return None
    size, begin = content[start + 1], start + 2
    if size & 128:
        more = size & 127
        if not 0 < more <= 4:
            return None
        size, begin = int.from_bytes(content[begin : begin + more]), begin + more
    return (begin, begin + size) if begin + size <= len(content) else None


def _values(content: bytes, start: int, end: int, depth: int = 0) -> Iterator[tuple[int, ...]]:
    """Yield the path to each value between *start* and *end*: where it and those around it begin."""
    while start < end and depth < 40:
        found = _header(content, start)
        if found is None or found[1] > end:  # else what overlaps would be gone through again and again
            return
        yield (start,)
        if content[start] & 32:
            yield from ((start, *path) for path in _values(content, *found, depth + 1))
        start = found[1]


def der(content: bytes, chosen: random.Random) -> bytes:
    """Change one value, and the lengths of all that it is in."""
    paths = list(itertools.islice(_values(content, 0, len(content)), 3000))
    if not paths:
        return _changed(content, chosen)
    path = chosen.choice(paths)
    begin, end = _header(content, path[-1]) or (0, 0)
    whole = content[path[-1] : end]
    other = chosen.choice(paths)[-1]
    new = chosen.choice(
        (
            lambda: _tlv(whole[0], _changed(content[begin:end], chosen)),
            lambda: _tlv(chosen.randrange(256), content[begin:end]),
            lambda: mutation.times(whole, chosen.choice((2, 30))),
            lambda: b"",
            lambda: content[other : (_header(content, other) or (0, 0))[1]],
            lambda: whole + content[other : (_header(content, other) or (0, 0))[1]],
            lambda: _wrapped(whole[:5000], chosen.choice((1, 40, 1000))),
        )
    )()
    return _replaced(content, path, new, end)


def _replaced(content: bytes, path: tuple[int, ...], new: bytes, end: int) -> bytes:
    for start in reversed(path[:-1]):
        begin, outer_end = _header(content, start) or (0, 0)
        inner = path[path.index(start) + 1]
        new = _tlv(content[start], content[begin:inner] + new + content[end:outer_end])
        end = outer_end
    return content[: path[0]] + new + content[end:]


def _tlv(tag: int, value: bytes) -> bytes:
    size = len(value)
    digits = size.to_bytes((size.bit_length() + 7) // 8)  # as few as can be: strict readers insist
    return bytes([tag]) + (bytes([size]) if size < 128 else bytes([0x80 | len(digits)]) + digits) + value


def _wrapped(value: bytes, times: int) -> bytes:
    for _ in range(times):
        value = _tlv(0x30, value)
    return value


# --- OpenPGP packets (RFC 9580)


def _packets(content: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 0
    while at < len(content):
        tag, at = content[at], at + 1
        size = _sizes(content, at, is_new=bool(tag & 64), kind=tag & 3)
        if not tag & 128 or size is None:
            break
        length, at = size
        found.append(((tag & 63) if tag & 64 else (tag & 63) >> 2, content[at : at + length]))
        at += length
    return found


def _sizes(content: bytes, at: int, *, is_new: bool, kind: int) -> tuple[int, int] | None:
    if at >= len(content):
        return None
    if not is_new:
        return (
            (len(content) - at, at)
            if kind == 3
            else (int.from_bytes(content[at : at + (1 << kind)]), at + (1 << kind))
        )
    if content[at] < 192:
        return content[at], at + 1
    if content[at] < 224 and at + 1 < len(content):
        return (content[at] - 192 << 8) + content[at + 1] + 192, at + 2
    return int.from_bytes(content[at + 1 : at + 5]), at + 5


def _packet(tag: int, body: bytes) -> bytes:
    size = len(body)
    return bytes([0xC0 | tag]) + (bytes([size]) if size < 192 else b"\xff" + size.to_bytes(4)) + body


def openpgp(content: bytes, chosen: random.Random) -> bytes:
    """Change, drop, repeat or move one packet, or add one of any tag."""
    packets = _packets(content)
    if not packets:
        return _changed(content, chosen)
    place = chosen.randrange(len(packets))
    tag, body = packets[place]
    if chosen.random() < 0.15:
        start = chosen.randrange(len(body) + 1)  # in two parts (section 4.2.1.4)
        split = (
            bytes([0xC0 | tag, 224 + chosen.randrange(10)])
            + body[:start]
            + bytes([chosen.randrange(192)])
            + body[start:]
        )
        return b"".join(_packet(*each) for each in packets[:place]) + split
    packets[place : place + 1] = chosen.choice(
        (
            [(tag, _changed(body, chosen))],
            [(tag, _changed(body, chosen))],
            [],
            [(tag, body)] * (2 if len(body) > 2000 else chosen.choice((2, 50))),
            [(chosen.randrange(64), body)],
            [(tag, body), (chosen.randrange(64), chosen.randbytes(chosen.choice((0, 1, 20))))],
            [chosen.choice(packets), (tag, body)],
        )
    )
    return b"".join(_packet(*each) for each in packets)


# --- PDF (ISO 32000-2)

_OBJECT = re.compile(rb"(\d{1,9}) \d+ obj\b(.*?)\bendobj", re.DOTALL)
_TRAILER = re.compile(rb"trailer\s*(<<.*?>>)\s*startxref", re.DOTALL)
_REFERENCE = re.compile(rb"\d+ 0 R")
_ENTRY = re.compile(rb"/[A-Za-z0-9.]+")
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)


def pdf(content: bytes, chosen: random.Random) -> bytes:
    """Change one object, and write the file again with a table that fits."""
    bodies = {int(found[1]): found[2] for found in _OBJECT.finditer(content)}
    trailer = _TRAILER.search(content)
    if not bodies or trailer is None:
        return _changed(content, chosen)
    number = chosen.choice(list(bodies))
    bodies[number] = chosen.choice((_reference, _entry, _value, _stream, _flat))(
        bodies[number], bodies, chosen
    )
    head = trailer[1] if chosen.random() < 0.8 else _entry(trailer[1], bodies, chosen)
    return _written(bodies, head)


def _substituted(pattern: re.Pattern[bytes], body: bytes, chosen: random.Random, new: bytes) -> bytes:
    found = list(pattern.finditer(body))
    if not found:
        return _changed(body, chosen)
    one = chosen.choice(found)
    return body[: one.start()] + new + body[one.end() :]


def _reference(body: bytes, bodies: dict[int, bytes], chosen: random.Random) -> bytes:
    """Let a reference lead elsewhere: to what it stands in, perhaps."""
    return _substituted(_REFERENCE, body, chosen, b"%d 0 R" % chosen.choice([*bodies, 0, 9999]))


_NAMES = (
    *(b"/Kids", b"/Parent", b"/Length", b"/Filter", b"/Prev", b"/Type", b"/Size", b"/Root", b"/Encrypt"),
    *(b"/ObjStm", b"/XRef", b"/XRefStm", b"/Extends", b"/First", b"/N", b"/W", b"/Index", b"/DecodeParms"),
    *(b"/AcroForm", b"/Fields", b"/FT", b"/Sig", b"/V", b"/ByteRange", b"/Contents", b"/Metadata", b"/Info"),
    *(b"/CFM", b"/AESV3", b"/AESV2", b"/Identity", b"/None", b"/StmF", b"/StrF", b"/R", b"/O", b"/U", b"/UE"),
)


def _entry(body: bytes, _: dict[int, bytes], chosen: random.Random) -> bytes:
    return _substituted(_ENTRY, body, chosen, chosen.choice(_NAMES))


def _value(body: bytes, bodies: dict[int, bytes], chosen: random.Random) -> bytes:
    """Put a value of another kind behind a name."""
    values = (
        b" 1",
        b" -1",
        b" null",
        b" true",
        b" ()",
        b" (\xfe\xff\xd8\x00)",
        b" <41",
        b" []",
        b" <<>>",
        b" /Name",
        b" 1e400",
    )
    new = chosen.choice((*values, b" %d 0 R" % chosen.choice([*bodies, 9999]), b" [ %s ]" % (b"0 " * 3000)))
    found = list(_ENTRY.finditer(body))
    if not found:
        return new
    one = chosen.choice(found)
    return body[: one.end()] + new + body[one.end() :]


def _stream(body: bytes, _: dict[int, bytes], chosen: random.Random) -> bytes:
    """Change what a stream holds, and compress it again if it was."""
    found = _STREAM.search(body)
    if found is None:
        return _changed(body, chosen)
    with contextlib.suppress(zlib.error):
        plain = zlib.decompressobj().decompress(found[1], 1 << 20)
        new = zlib.compress(_changed(plain, chosen))
        head = re.sub(rb"/Length \d+(?! 0 R)", b"/Length %d" % len(new), body[: found.start()])
        return b"%sstream\n%s\nendstream%s" % (head, new, body[found.end() :])
    return body[: found.start(1)] + _changed(found[1], chosen) + body[found.end(1) :]


def _flat(body: bytes, _: dict[int, bytes], chosen: random.Random) -> bytes:
    return _changed(body, chosen)


def _written(bodies: dict[int, bytes], head: bytes) -> bytes:
    out, places = io.BytesIO(), {}
    out.write(b"%PDF-1.7\n")
    for number, body in bodies.items():
        places[number] = out.tell()
        out.write(b"%d 0 obj%sendobj\n" % (number, body))
    start, last = out.tell(), min(max(places), 5000)
    entries = (
        b"%010d 00000 n \n" % places[each] if each in places else b"0000000000 65535 f \n"
        for each in range(last + 1)
    )
    out.write(
        b"xref\n0 %d\n%strailer\n%s\nstartxref\n%d\n%%%%EOF\n" % (last + 1, b"".join(entries), head, start)
    )
    return out.getvalue()


# --- ZIP


def zip_(content: bytes, chosen: random.Random) -> bytes:
    """Change a member, its name, or one field of a header; checksums fit where they are written again."""
    if chosen.random() < 0.5:
        return _zip_field(content, chosen)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [(each.filename, archive.read(each)[:100_000]) for each in archive.infolist()[:20]]
    except Exception:  # noqa: BLE001 - whatever was changed before
        return _zip_field(content, chosen)
    if members:
        place = chosen.randrange(len(members))
        name, plain = members[place]
        members[place : place + 1] = chosen.choice(
            (
                [(name, _changed(plain, chosen))],
                [(name + chosen.choice(("/", "\0", "../a", "\u202e", "")), plain)],
                [(name, content[:20_000])],
                [(name, plain[:5000])] * chosen.choice((2, 30)),
                [(name, bytes(2_000_000)), (name, plain)],
            )
        )
    out = io.BytesIO()
    method = chosen.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", method) as archive:
        warnings.simplefilter("ignore")  # of two members of one name
        for name, plain in members:
            with contextlib.suppress(Exception):
                archive.writestr(zipfile.ZipInfo(name), plain, method)  # without the time of day
    return out.getvalue()


def _zip_field(content: bytes, chosen: random.Random) -> bytes:
    marks = [
        found.start()
        for found in re.finditer(rb"PK(?:\x01\x02|\x03\x04|\x05\x06|\x06\x06|\x06\x07)", content)
    ]
    if not marks:
        return _changed(content, chosen)
    place = chosen.choice(marks) + chosen.randrange(4, 46, 2)
    packed = struct.pack(
        "<H", chosen.choice((0, 1, 8, 9, 12, 14, 93, 97, 99, 0x800, 0x801, 0xFFFF, chosen.randrange(65536)))
    )
    return content[:place] + packed + content[place + 2 :]


# --- MIME, base64, deflate, JSON, lines

_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{40,}={0,2}\r?\n?)+")


def base64_(content: bytes, chosen: random.Random) -> bytes:
    """Change what stands in base64, and encode it again."""
    return _inside(_BASE64, content, chosen, _changed)


def within_base64(change: Change) -> Change:
    """Return what makes *change* within base64."""
    return lambda content, chosen: _inside(_BASE64, content, chosen, change)


def _inside(pattern: re.Pattern[bytes], content: bytes, chosen: random.Random, change: Change) -> bytes:
    found = list(pattern.finditer(content))
    if not found:
        return _changed(content, chosen)
    one = chosen.choice(found)
    with contextlib.suppress(ValueError):
        inner = change(base64.b64decode(one[0] + b"=="), chosen)
        return content[: one.start()] + base64.encodebytes(inner) + content[one.end() :]
    return content


_BOUNDARY = re.compile(rb'boundary="?([^";\r\n]+)')


def mime(content: bytes, chosen: random.Random) -> bytes:
    """Repeat, drop, nest or head a part anew."""
    return chosen.choice((_part, _nested, _field_line, _long_field))(content, chosen)


def _part(content: bytes, chosen: random.Random) -> bytes:
    found = _BOUNDARY.search(content)
    pieces = content.split(b"--" + found[1]) if found else []
    if len(pieces) < 3 or found is None:
        return _field_line(content, chosen)
    place = chosen.randrange(1, len(pieces))
    piece = pieces[place]
    pieces[place : place + 1] = chosen.choice(
        ([], [piece] * (2 if len(piece) > 5000 else chosen.choice((2, 40))), [_changed(piece, chosen)])
    )
    return (b"--" + found[1]).join(pieces)


def _nested(content: bytes, chosen: random.Random) -> bytes:
    times = chosen.choice((1, 3, 30, 400))
    if chosen.random() < 0.5:
        return b"Content-Type: message/rfc822\r\n\r\n" * times + content
    heads = (b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(times))
    return b"".join(heads) + content


_FIELDS = (
    *(b"Content-Type: multipart/signed; protocol=x", b"Content-Type: multipart/encrypted; boundary=a"),
    *(
        b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data",
        b"Content-Type: text/plain; charset=\xff",
    ),
    *(
        b"Content-Transfer-Encoding: x-uuencode",
        b"Content-Transfer-Encoding: base64",
        b"Content-Transfer-Encoding: \0",
    ),
    *(
        b"Content-Disposition: attachment; filename*=utf-8''a; filename*0=b",
        b"Content-Type: message/external-body",
    ),
    *(
        b"Content-Disposition: attachment; filename*=utf\x00''a",
        b"Content-Disposition: inline; filename=\xed\xa0\x80",
    ),
    *(
        b"Content-Disposition: attachment; filename*9999999999=a",
        b"DKIM-Signature: v=1; d=\xff",
        b"Content-Type: \xff/\xff",
    ),
    *(
        b"Subject: =?idna?q?a?=",
        b"Content-Disposition: attachment; filename*0*=punycode''%ff%ff; filename*1=b",
    ),
)


def _field_line(content: bytes, chosen: random.Random) -> bytes:
    lines = content.split(b"\n")
    lines.insert(chosen.randrange(min(len(lines), 60) + 1), chosen.choice(_FIELDS) + b"\r")
    return b"\n".join(lines)


def _long_field(content: bytes, chosen: random.Random) -> bytes:
    piece = chosen.choice(
        (b'\\";', b";a=b", b"\r\n ", b"=?x?q?y?= ", b"(", b"<a@b>,", b"%41", b"; filename*0=a")
    )
    name = chosen.choice(
        (b'Content-Type: text/plain; a="', b"Content-Disposition: attachment; x=", b"Subject: ", b"To: ")
    )
    return name + piece * chosen.choice((10, 1000, 20_000)) + b"\r\n" + content


_DEFLATED = re.compile(rb"\x78[\x01\x5e\x9c\xda]")


def deflated(content: bytes, chosen: random.Random) -> bytes:
    """Change what is compressed, and compress it again."""
    starts = [found.start() for found in _DEFLATED.finditer(content)][:200]
    if not starts:
        return _changed(content, chosen)
    start, inflater = chosen.choice(starts), zlib.decompressobj()
    with contextlib.suppress(zlib.error):
        plain = inflater.decompress(content[start:], 1 << 20)
        return content[:start] + zlib.compress(_changed(plain, chosen)) + inflater.unused_data
    return content


_STRANGE: tuple[Any, ...] = (
    *(
        None,
        True,
        -1,
        0,
        1 << 70,
        1e308,
        float("inf"),
        float("nan"),
        "",
        "\ud800",
        "\x1b[2J",
        [],
        {},
        "é" * 5000,
    ),
    *("9" * 5000, [[]] * 50, {"": None}, "2026-13-45T99:99", "0" * 64, "1"),
)


def json_(content: bytes, chosen: random.Random) -> bytes:
    """Put another value in the place of one, or another name."""
    try:
        whole = [json.loads(content)]
    except (ValueError, RecursionError):
        return _changed(content, chosen)
    places = list(_places(whole))
    holder, key = chosen.choice(places)
    holder[key] = chosen.choice((*_STRANGE, *(other[name] for other, name in places[:40])))
    if isinstance(holder, dict) and chosen.random() < 0.2:
        holder[chosen.choice(("", "parts", "x", "\ud800"))] = holder.pop(key)
    try:
        return json.dumps(whole[0], default=str).encode()
    except (ValueError, RecursionError):  # it has come to hold itself
        return _changed(content, chosen)


def _places(holder: Any, depth: int = 0) -> Iterator[tuple[Any, Any]]:
    for key in list(holder) if isinstance(holder, dict) else range(len(holder)):
        yield holder, key
        if isinstance(holder[key], dict | list) and depth < 20:
            yield from _places(holder[key], depth + 1)


def lines(content: bytes, chosen: random.Random) -> bytes:
    """Repeat, drop, swap or lengthen lines."""
    found = content.split(b"\r\n")
    place = chosen.randrange(len(found))
    piece = found[place]
    found[place : place + 1] = chosen.choice(
        (
            [],
            [piece] * (2 if len(piece) > 600 else chosen.choice((2, 300))),
            [piece, chosen.choice(found)],
            [mutation.times(piece, 300)],
            [piece[:3] + b"-" + piece[4:]],
        )
    )
    return b"\r\n".join(found)


def canary(text: bytes) -> Change:
    """Return what puts *text*, or what it can be had from, over something or beside it."""
    forms: tuple[Callable[[], bytes], ...] = (
        lambda: text,
        lambda: text,
        lambda: text,
        lambda: zlib.compress(text),
        lambda: base64.b64encode(text),
        lambda: text.hex().encode(),
        lambda: b"(" + text + b")",
        lambda: text.ljust(64),
    )

    def change(content: bytes, chosen: random.Random) -> bytes:
        piece = chosen.choice(forms)()
        start = chosen.choice((0, len(content), *[chosen.randrange(len(content) + 1)] * 8))
        over = len(piece) if chosen.random() < 0.6 else 0
        return content[:start] + piece + content[start + over :]

    return change
