"""Archives, messages and documents within documents are searched as far as any program would read them."""

from __future__ import annotations

import base64
import binascii
import bz2
import gzip
import io
import json
import logging
import lzma
import quopri
import random
import struct
import tarfile
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable

import pytest

from leak_cases import HEADER, is_found, pdf, stream, zipped
from ondemand_attach import Document, MessageBuilder
from ondemand_attach._leaks import _containers, find_leaks

NAME = "Zdenka Kvapilová"
CHANCE = random.Random(5)
ROWS = f"name;city\n{NAME};Praha\n".encode() * 3
ONE = f"name;city\n{NAME};Praha\n".encode()
DOCX = zipped(
    ("[Content_Types].xml", b"<Types/>"),
    ("word/document.xml", "<w:p><w:r><w:t>Zdenka Kva</w:t></w:r><w:r><w:t>pilová</w:t></w:r></w:p>".encode()),
)


class Pipe(io.RawIOBase):
    """Takes what is written without letting the writer go back, so that lengths come behind the data."""

    def __init__(self) -> None:
        self.written = b""

    def writable(self) -> bool:
        return True

    def write(self, content: bytes) -> int:  # type: ignore[override]
        self.written += bytes(content)
        return len(content)


def piped(method: int) -> bytes:
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", method) as archive:
        archive.writestr(zipfile.ZipInfo("a.txt"), b"x" * 50, method)
        archive.writestr(zipfile.ZipInfo("b.txt"), ROWS, method)
    return pipe.written


def zip64() -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open(zipfile.ZipInfo("b.txt"), "w", force_zip64=True) as member:
            member.write(ROWS)
    return memory.getvalue()


def changed(content: bytes, at: int, octets: bytes) -> bytes:
    return content[:at] + octets + content[at + len(octets) :]


TWO = zipped(("a.txt", b"x" * 90), ("b.txt", ROWS))
DIRECTORY = TWO.find(b"PK\1\2")
SECOND = TWO.find(b"PK\1\2", DIRECTORY + 4)


def tarred(mode: str, name: str, content: bytes) -> bytes:
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode=mode) as archive:  # type: ignore[call-overload]
        for one, octets in (("first", b"x"), (name, content)):
            member = tarfile.TarInfo(one)
            member.size = len(octets)
            archive.addfile(member, io.BytesIO(octets))
    return memory.getvalue()


def nested(times: int, content: bytes = ROWS) -> bytes:
    for _ in range(times):
        content = zipped(("inner.zip", content))
    return content


def uuencoded(content: bytes) -> bytes:
    lines = [binascii.b2a_uu(content[at : at + 45]) for at in range(0, len(content), 45)]
    return b"begin 644 data.zip\n" + b"".join(lines) + b"`\nend\n"


def mail(encoding: bytes, body: bytes, charset: bytes = b"utf-8") -> bytes:
    fields = b"Subject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=%s\nContent-Transfer-Encoding: %s\n\n"
    return fields % (charset, encoding) + body


def attached_to_mail(inner: bytes) -> bytes:
    head = b"Content-Transfer-Encoding: 7bit\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n"
    return head + inner + b"\n--b--\n"


CONTAINERS: dict[str, bytes] = {
    **{f"ZIP, method {method}": zipped(("a", b"x"), ("b", ROWS), method=method) for method in (0, 8, 12, 14)},
    "ZIP, lengths behind the data": piped(zipfile.ZIP_DEFLATED),
    "ZIP, stored, lengths behind the data": piped(zipfile.ZIP_STORED),
    "ZIP64": zip64(),
    "ZIP with something in front": b"#!/bin/sh\n" + TWO,
    "ZIP without its directory": TWO[:DIRECTORY],
    "ZIP, other names in the directory": changed(TWO, DIRECTORY + 46, b"z"),
    "ZIP, one member not in the directory": TWO[:SECOND] + TWO[TWO.find(b"PK\5\6") :],
    "ZIP, the first member damaged": changed(TWO, 35, b"\xff\xff"),
    "ZIP, the first member encrypted": changed(changed(TWO, 6, b"\1"), DIRECTORY + 8, b"\1"),
    "ZIP, the first member of an unknown method": changed(changed(TWO, 8, b"\x61\0"), DIRECTORY + 10, b"\x61\0"),
    "ZIP, the first member with a wrong checksum": changed(TWO, 14, b"\0\0"),
    "ZIP, the first member with a wrong length": changed(TWO, 18, b"\xff\xff\xff\x7f"),
    "ZIP, stored, with a wrong length": changed(zipped(("b.txt", ROWS), method=0), 18, b"\xff\xff\xff\x7f"),
    "ZIP, the last member cut off": zipped(("a", b"x"), ("b", ROWS + CHANCE.randbytes(900)))[:-600],
    "ZIP, a comment": zipped(("a", b"x"), comment=NAME.encode()),
    "ZIP, a name": zipped((f"{NAME}.txt", b"x")),
    "ZIP in a stored ZIP": zipped(("inner.zip", zipped(("b.txt", ROWS))), method=0),
    "ZIP, five deep": nested(5),
    "gzip": gzip.compress(ROWS, mtime=0),
    "gzip, checksum wrong": gzip.compress(ROWS, mtime=0)[:-8] + b"\0" * 8,
    "gzip, cut off": gzip.compress(ROWS + CHANCE.randbytes(900), mtime=0)[:-600],
    "gzip, two members": gzip.compress(b"x", mtime=0) + gzip.compress(ROWS, mtime=0),
    "gzip, empty first member": gzip.compress(b"", mtime=0) + gzip.compress(ROWS, mtime=0),
    "gzip, a value over two members": gzip.compress(ONE[:18], mtime=0) + gzip.compress(ONE[18:], mtime=0),
    "gzip, zeros between": gzip.compress(b"x", mtime=0) + b"\0" * 99 + gzip.compress(ROWS, mtime=0),
    "gzip, second damaged": gzip.compress(b"x", mtime=0) + changed(gzip.compress(ROWS + CHANCE.randbytes(900), mtime=0), 800, b"\xff" * 9),
    "bzip2": bz2.compress(ROWS),
    "bzip2, two": bz2.compress(b"x") + bz2.compress(ROWS),
    "xz": lzma.compress(ROWS),
    "xz, two": lzma.compress(b"x") + lzma.compress(ROWS),
    "lzma": lzma.compress(ROWS, format=lzma.FORMAT_ALONE),
    "zlib": zlib.compress(ROWS),
    **{f"tar, {mode}": tarred(mode, "b.gz", gzip.compress(ROWS, mtime=0)) for mode in ("w", "w:gz", "w:bz2", "w:xz")},
    "tar, a name": tarred("w", NAME, b"x"),
    "Word": DOCX,
    "Excel": zipped(("xl/sharedStrings.xml", f"<sst><si><t>{NAME}</t></si></sst>".encode())),
    "OpenDocument": zipped(("content.xml", "<text:p>Zdenka<text:s/>Kvapilová</text:p>".encode())),
    "XML in UTF-16": zipped(("a.xml", f'<?xml version="1.0" encoding="UTF-16"?><t>{NAME}</t>'.encode("utf-16"))),
    "SVG, compressed": gzip.compress(f"<svg><text>{NAME}</text></svg>".encode(), mtime=0),
    "in another file": b"\x78\x9f\x3e\x22\x01\0" + bytes(60) + DOCX + bytes(30),
    "old Office file": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + NAME.encode("utf-16-le") + bytes(9),
    "a file in a PDF": pdf(stream(DOCX, b"/Type /EmbeddedFile")),
    "a compressed file in a PDF": pdf(stream(zlib.compress(DOCX), b"/Type /EmbeddedFile /Filter /FlateDecode")),
    "JSON": json.dumps({"file": base64.b64encode(DOCX).decode()}).encode(),
    "data URI": b"<a href='data:application/zip;base64," + base64.b64encode(DOCX) + b"'>x</a>",
    "uuencoded": uuencoded(DOCX),
    "message in base64": mail(b"base64", base64.encodebytes(ROWS)),
    "message in 8bit": mail(b"8bit", NAME.encode("iso-8859-2"), b"iso-8859-2"),
    "message in quoted-printable": mail(b"quoted-printable", quopri.encodestring(NAME.encode("cp1250")), b"windows-1250"),
    "message with an attachment": mail(b"base64", base64.encodebytes(DOCX)),
    "message in a message": attached_to_mail(mail(b"base64", base64.encodebytes(DOCX))),
    "message of CRLF in a message": attached_to_mail(mail(b"base64", base64.encodebytes(DOCX))).replace(b"\n", b"\r\n"),
    "RTF": rb"{\rtf1\ansi\ansicpg1250{\fonttbl{\f0 Arial;}}\f0\fs24 Zdenka Kvapilov\'e1\par}",
    "RTF, Unicode": rb"{\rtf1\ansi\uc1 Zdenka {\b Kva}pilov\u225?\par}",
    "RTF, no-break space": rb"{\rtf1\ansi Zdenka\~Kva\-pilov\'e1\par}",
}  # fmt: skip


@pytest.mark.parametrize("container", CONTAINERS)
def test_containers_are_searched_to_their_end(container: str) -> None:
    assert is_found(CONTAINERS[container], NAME)
    assert not is_found(CONTAINERS[container], "Zdenka Kvapilíková")


def spoilt_zips() -> list[bytes]:
    whole = zipped(("a\u017e.txt", b"x"))
    end, directory = whole.rfind(b"PK\5\6"), whole.find(b"PK\1\2")
    before = bytearray(whole)
    struct.pack_into("<I", before, end + 16, directory + 10)  # the directory is said to be where it is not
    return [whole.replace("\u017e".encode(), b"\xff\xff"), bytes(before)]


@pytest.mark.parametrize(
    "content", [*spoilt_zips(), b"&#" + b"9" * 5000 + b";", b"PK\3\4", b"PK\5\6" + b"\xff" * 18]
)
def test_what_a_customer_supplied_never_stops_a_message(content: bytes) -> None:
    letter = MessageBuilder().sender("a@shop.example").subject("s").confidential("iban")
    context = {"iban": "DE02120300000000202051", "note": content.decode("latin-1").replace("\0", "")}
    made = letter.text("t").attach(
        lambda _: Document(content=content, media_type="application/x"), filename="a.bin"
    )
    assert made.build(context, to="a@example.com")
    if content.isascii() and content.startswith(b"&#"):
        assert letter.text("Your note: {{ note }}").build(context, to="a@example.com")


SEEDS = [*CONTAINERS.values(), b"%PDF-1.7\n1 0 obj<</Title <41", b"=?koi8-r?q?=C1?= &#0;"]
SPLINTERS = [
    *(b"stream\n", b"endstream", b" obj ", b"<<", b">>", b"(", b"<", b"/Filter [/LZWDecode/A85/RL]", b"PK\3\4", b"PK\1\2"),
    *(b"/Type/ObjStm/First 9", b"beginbfrange<0000><ffff><0000>", b"/Length 99999999", b"/Predictor 15/Columns 1 "),
    *(b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\0", b"&#", b"9" * 5000, b"=?punycode?q?", b"=?idna?b?", b"*0*=x''%", b"xn--9"),
    *(b"charset=unicode_escape", b"charset=utf-7\n\n+2AA-", b"\xff\xfe\0\0", b"\xff\xfe", b"\\u", b"\\U99999999", b"%u", b"\0"),
    *(b"begin 644 a\n", b"JVBERi0\v", b"Tf", b"TJ", b"BI ID ", b"{\\rtf1\\ansicpg99999", b"\\u-99999?", b"\xed\xa0\x80"),
]  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_changed_containers_raise_nothing(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(40):
        content = bytearray(chance.choice(SEEDS))
        for _ in range(chance.choice((1, 2, 8))):
            at = chance.randrange(len(content) + 1)
            splinter = chance.choice(
                (chance.choice(SPLINTERS), chance.randbytes(3), chance.choice(SEEDS)[:400])
            )
            content[at : at + chance.choice((0, 0, 1, 9))] = splinter * chance.choice((1, 1, 3))
        is_found(bytes(content), NAME)


def logged(content: bytes, caplog: pytest.LogCaptureFixture) -> str:
    caplog.clear()
    with caplog.at_level(logging.WARNING, "ondemand_attach"):
        assert not find_leaks(HEADER + content, [("customer.name", NAME)])
    return caplog.text


def test_what_is_left_unsearched_is_logged_and_stops_nothing(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not logged(zipped(("a", b"x" * 9000)), caplog)
    assert "attachment 1 holds more than" in logged(nested(9, b"x"), caplog)
    monkeypatch.setattr(_containers, "INFLATED", 1 << 20)
    assert "attachment 1 holds more than 1 MB" in logged(gzip.compress(bytes(3 << 20), mtime=0), caplog)
    assert is_found(
        gzip.compress(bytes(3 << 20), mtime=0) + NAME.encode(), NAME
    )  # as it stands, all of it is


def octets_searched(content: bytes) -> int:
    return sum(len(window) for _, window in _containers.opened("attachment 1", content, "utf-8"))


def deflated_text(*, times: int, entries: bytes = b"/Filter /FlateDecode") -> bytes:
    return pdf(*[stream(zlib.compress(b"BT (a) Tj " * 100_000), entries)] * times)


@pytest.mark.parametrize(
    "bomb",
    [
        gzip.compress(bytes(8 << 20), mtime=0),
        bz2.compress(bytes(8 << 20)),
        lzma.compress(bytes(8 << 20)),
        zipped(*((f"{number}", b"x") for number in range(2000))),
        zipped(*((f"{number}", bytes(1 << 20)) for number in range(9))),
        b"PK\3\4" * 20_000,
        zipped(("a", b"x"), method=0) * 500,
        b"\x1f\x8b\x08\0\0\0\0\0\0\3" * 5_000,
        deflated_text(times=9),
        pdf(stream(zlib.compress(zlib.compress(bytes(8 << 20))), b"/Filter [/FlateDecode/FlateDecode]")),
        pdf(stream(zlib.compress(b"\4a" * 200_000), b"/Filter/FlateDecode/DecodeParms<</Predictor 15/Columns 1>>")),
        pdf(*[b"<</Type /Font /Subtype /Type1>>"] * 900, stream(b"BT /F1 1 Tf (a) Tj " * 900)),
        attached_to_mail(attached_to_mail(attached_to_mail(b"x" * 90_000))) * 3,
    ],
)  # fmt: skip
def test_no_container_makes_more_than_its_budget(bomb: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in octets that are searched, which a machine's speed has no part in."""
    monkeypatch.setattr(_containers, "INFLATED", 1 << 20)
    tracemalloc.start()
    searched = octets_searched(bomb)
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Its own octets, what the budget allows, and the one member with which it was spent.
    assert searched <= 2 * (len(bomb) + (1 << 20)) + len(bomb)
    assert memory < 12 * (len(bomb) + (1 << 20))


def test_without_a_budget_a_bomb_would_be_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mutant of the test above."""
    monkeypatch.setattr(_containers, "INFLATED", 1 << 30)
    assert octets_searched(gzip.compress(bytes(8 << 20), mtime=0)) > 8 << 20


def in_png(name: bytes, data: bytes) -> bytes:
    chunk = name + data
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(data)) + chunk + struct.pack(">I", zlib.crc32(chunk))


@pytest.mark.parametrize("level", [0, 1, 6, 9])
@pytest.mark.parametrize(
    ("name", "head"),
    [
        (b"zTXt", b"Author\0\0"),
        (b"iTXt", b"Author\0\x01\0\0\0"),
        (b"iTXt", "XML:com.adobe.xmp\0\x01\0cs-CZ\0Autor obrázku\0".encode()),
    ],
)
def test_text_beside_the_pixels_of_a_picture_is_read(name: bytes, head: bytes, level: int) -> None:
    value, padding = "Jiří Dvořák, Brno", "a sunny day "
    text = zlib.compress((padding * 40 + value + padding * 40).encode(), level)
    for whole in (
        in_png(name, head + text),
        zipped(("a.png", in_png(b"tEXt", b"a\0b") + in_png(name, head + text))),
    ):
        assert is_found(whole, value)
        assert is_found(whole[:-8] if whole.startswith(b"\x89") else whole, value)


def test_a_bomb_beside_the_pixels_stops_at_the_budget() -> None:
    text = zlib.compress(b"\0" * (80 << 20), 9)
    assert not is_found(in_png(b"zTXt", b"Author\0\0" + text) * 3, "Jiří Dvořák, Brno")


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_is_unpacked_as_the_directory_says_too(method: int) -> None:
    """Python's reader believes the directory where the header in front of the member says otherwise."""
    content = bytearray(
        zipped(("a.txt", b"first" * 20), ("b.txt", b"for Zdenka Kvapilova " * 9), method=method)
    )
    second = content.index(b"PK\3\4", 4)
    for said in (0, 8, 12, 14, 97):
        content[second + 8 : second + 10] = said.to_bytes(2, "little")
        with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
            assert archive.read("b.txt").startswith(b"for Zdenka")
        assert is_found(bytes(content), "Zdenka Kvapilova")


def test_a_directory_that_says_the_same_again_and_again_is_read_once() -> None:
    entry = b"PK\1\2" + bytes(24) + (50_000).to_bytes(2, "little") + bytes(16)
    content = zipped(("a.txt", b"x")) + entry * 4_000
    tracemalloc.start()
    assert not is_found(content, "Zdenka Kvapilova")
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert memory < 30 * len(content)


TEXT = b"padding " * 50 + NAME.encode() + b" end" * 30
BEHIND = {
    "gzip": gzip.compress(TEXT),
    "bzip2": bz2.compress(TEXT),
    "xz": lzma.compress(TEXT),
    "a ZIP": zipped(("a.txt", TEXT)),
    "a PDF": pdf(stream(zlib.compress(TEXT), b" /Filter /FlateDecode")),
    "base64": base64.b64encode(gzip.compress(TEXT)),
    "text": TEXT,
}
HARMLESS = zipped(("x.txt", b"harmless " * 100), ("y.txt", b"likewise"))


def put_before(mark: bytes, hidden: bytes) -> bytes:
    at = HARMLESS.index(mark, 4)
    return HARMLESS[:at] + hidden + HARMLESS[at:]


BESIDE: dict[str, Callable[[bytes], bytes]] = {
    "behind it": lambda hidden: HARMLESS + hidden,
    "before it": lambda hidden: hidden + HARMLESS,
    "behind a program that unpacks it": lambda hidden: b"MZ\x90\0" + HARMLESS + hidden,
    "between two": lambda hidden: HARMLESS + hidden + HARMLESS,
    "between its members": lambda hidden: put_before(b"PK\x03\x04", hidden),
    "before its directory": lambda hidden: put_before(b"PK\x01\x02", hidden),
    "in its comment": lambda hidden: zipped(("x.txt", b"harmless"), comment=hidden),
}


@pytest.mark.parametrize("place", BESIDE)
@pytest.mark.parametrize("name", BEHIND)
def test_what_is_beside_the_members_of_a_zip_is_opened(name: str, place: str) -> None:
    assert is_found(BESIDE[place](BEHIND[name]), NAME)
    assert not is_found(BESIDE[place](b"harmless"), NAME)
