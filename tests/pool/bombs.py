"""Documents, templates, contexts and plug points that use up time or memory, or end their process.

Each is to end within the time limit and a second, in one typed error, and to leave the next message alone.
"""

from __future__ import annotations

import base64
import contextlib
import io
import itertools
import os
import re
import signal
import sys
import tempfile
import threading
import time
import urllib.parse
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

from PIL import Image

from ondemand_attach import AttachmentRequest, Document, MessageBuilder, PdfEncryptor, Xhtml2PdfGenerator
from pool.plugs import LETTER, Doing, deaf_to_signals, doing, grow, hang, raise_error

TIME_LIMIT = 2.0
MEMORY_LIMIT = 512 << 20


class Bomb(NamedTuple):
    """What goes off when *builder* builds for *context*."""

    builder: MessageBuilder
    context: dict[str, Any]


# Documents

PAGE = LETTER.attach(Xhtml2PdfGenerator(source="{{ html | safe }}", time_limit=600), filename="a.pdf")
USES = "".join(f'<g id="a{n}"><use href="#a{n + 1}"/><use href="#a{n + 1}"/></g>' for n in range(24))
LAUGHS = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))
PIXELS = '<rect width="1" height="1"/>'


def svg(content: str, before: str = "") -> str:
    drawing = f'{before}<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{content}</svg>'
    return f'<img src="data:image/svg+xml,{urllib.parse.quote(drawing)}">'


def picture(kind: str, size: tuple[int, int]) -> str:
    out = io.BytesIO()
    Image.new("1", size).save(out, kind)
    return f'<img src="data:image/{kind};base64,{base64.b64encode(out.getvalue()).decode()}">'


def chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content).to_bytes(4, "big")
    return len(content).to_bytes(4, "big") + kind + content + check


def png_of_claimed_size() -> str:
    head = (60_000).to_bytes(4, "big") * 2 + b"\x08\x06\0\0\0"
    body = zlib.compress(bytes(1 << 24), 9)
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    return f'<img src="data:image/png;base64,{base64.b64encode(content).decode()}">'


def png_with_a_long_text() -> str:
    head = (9).to_bytes(4, "big") * 2 + b"\x08\0\0\0\0"
    text = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(1 << 30), 9))
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + text * 4 + chunk(b"IEND", b"")
    return f'<img src="data:image/png;base64,{base64.b64encode(content).decode()}">'


DOCUMENTS: dict[str, Callable[[], str]] = {
    "divs in divs": lambda: "<div>" * 30_000,
    "bold in bold": lambda: "<p>" + "".join(f"<b class={n}>" for n in range(140)) + "</p><p>x" * 20_000,
    "attributes": lambda: "<p " + " ".join(f"a{n}" for n in range(50_000)) + ">x</p>",
    "colspan": lambda: "<table><tr><td colspan=1000000000>x</table>",
    "rowspan": lambda: "<table><tr><td rowspan='+1000000000'>x</table>",
    "span of columns": lambda: "<table><col span=1000000000><tr><td>x</table>",
    "many spans": lambda: "<table>" + "<tr><td colspan=100 rowspan=100>x" * 1_000 + "</table>",
    "start of a list": lambda: "<ol type=a start=1000000000><li>x</ol>",
    "value of a list item": lambda: "<ol type=i><li value=1000000000>x</ol>",
    "elements": lambda: "<br>" * 150_000,
    "SVG that doubles": lambda: svg(USES),
    "SVG that uses itself": lambda: svg('<g id="a"><use href="#a"/></g>'),
    "SVG of entities": lambda: svg("<text>&a9;</text>", f'<!DOCTYPE svg [<!ENTITY a0 "lol">{LAUGHS}]>'),
    "SVG in depth": lambda: svg("<g>" * 50_000 + PIXELS + "</g>" * 50_000),
    "SVG of many elements": lambda: svg(PIXELS * 100_000),
    "SVG of a long path": lambda: svg(f'<path d="M0 0 {"L1 1 " * 1_000_000}"/>'),
    "SVG of sharp curves": lambda: svg(f'<path d="M0 0 {"A1e9 1e9 0 1 1 1 1 " * 200_000}"/>'),
    "characters": lambda: "x" * 9_000_000,
    "no numbers": lambda: "<img width=nan height=nan src=x><table width=nan><tr height=inf><td>x</table>",
    "tables in tables": lambda: "<table><tr><td>" * 49 + "x",
    "keep with next": lambda: "<table style='-pdf-keep-with-next: true'>" + "<tr><td>x" * 80 + "</table>",
    "rows": lambda: "<table>" + "<tr><td>x</td></tr>" * 20_000 + "</table>",
    "columns": lambda: "<table><tr>" + "<td>x</td>" * 20_000 + "</tr></table>",
    "entities": lambda: "&amp;" * 1_000_000,
    "a long paragraph": lambda: "<p>" + "word " * 400_000,
    "a long word": lambda: "<p>" + "w" * 2_000_000,
    "line breaks": lambda: "<p>" + "x<br>" * 90_000,
    "preformatted lines": lambda: "<pre>" + "x\n" * 400_000 + "</pre>",
    "pages": lambda: "<p>x</p><pdf:nextpage>" * 60_000,
    "links": lambda: "".join(f"<a name='a{n}' href='#a{n + 1}'>x</a>" for n in range(60_000)),
    "rules": lambda: "<style>" + "".join(f".c{n} {{ color: red }}" for n in range(60_000)) + "</style><p>x",
    "selectors": lambda: (
        "<style>" + ", ".join(["div p b i u"] * 4_000) + "{ color: red }</style>" + "<p>x" * 4_000
    ),
    "declarations": lambda: "<p style='" + "color: red;" * 300_000 + "'>x",
    "variables that double": lambda: (
        "<style>p { --a0: x; "
        + "".join(f"--a{n + 1}: var(--a{n}) var(--a{n});" for n in range(40))
        + " color: var(--a40) }</style><p>x"
    ),
    "frames": lambda: (
        "<style>@page { "
        + "".join(f"@frame f{n} {{ left: 1cm; width: 1cm; top: 1cm; height: 1cm }}" for n in range(20_000))
        + " }</style>"
        + "<p>x" * 3_000
    ),
    "a PNG of many pixels": lambda: picture("png", (20_000, 20_000)),
    "a GIF of many pixels": lambda: picture("gif", (12_000, 12_000)),
    "a PNG that claims to be large": png_of_claimed_size,
    "a PNG with a long text": png_with_a_long_text,
    "many pictures": lambda: picture("png", (2_000, 2_000)) * 400,
    "barcodes": lambda: "<pdf:barcode value='1234567890' type='code128'></pdf:barcode>" * 20_000,
    "comments": lambda: "<!-- -- -->" * 800_000,
    "broken markup": lambda: "<a><b><i><p></b></a><table><a>" * 60_000,
    "large type": lambda: "<p style='font-size: 100000pt'>x",
    "margins": lambda: "<p style='margin: 1000000cm'>x",
}

# Templates

TEMPLATES = {
    "repetition": "{{ 'a' * 10 ** 9 }}",
    "lists": "{{ ([[]] * 10 ** 8) | length }}",
    "padding": "{{ 'a' | center(999999999) }}",
    "indentation": "{{ 'a\nb' | indent(999999999) }}",
    "format": "{{ '%999999999d' | format(1) }}",
    "str.format": "{{ '{:>999999999}'.format(1) }}",
    "loops in loops": "{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}",
    "loops that print": "{% for a in range(90000) %}{% for b in range(90000) %}xxxxxxxx{% endfor %}{% endfor %}",
    "powers": "{{ 10 ** (10 ** 9) }}",
    "digits": "{{ (10 ** 4000) ** 4000 }}",
    "lorem ipsum": "{{ lipsum(n=1000000) }}",
    "doubling": "{% set n = namespace(x='x') %}{% for a in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}{{ n.x }}",
    "doubling lists": "{% set n = namespace(x=[1]) %}{% for a in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
    "a macro that calls itself": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "a macro that doubles": "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
    "replacing": "{{ ('a' * 100000) | replace('a', 'b' * 100000) }}",
    "batches": "{{ range(99999) | batch(999999999, 'x') | list }}",
    "slices": "{{ range(9) | slice(999999999) | list }}",
    "joining": "{{ (range(99999) | list * 999) | join('x' * 9999) }}",
    "sorting": "{{ (range(99999) | list * 9999) | sort }}",
    "wrapping": "{{ ('a b ' * 9999999) | wordwrap(1) }}",
    "escaping": "{{ ('<' * 99999999) | escape | escape | escape }}",
    "JSON": "{{ (range(99999) | list * 9999) | tojson }}",
    "pretty-printing": "{{ (range(99999) | list * 9999) | pprint }}",
}

# Contexts


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def itself() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


CONTEXTS: dict[str, Callable[[], object]] = {
    "a long text": lambda: "x" * (200 << 20),
    "depth": lambda: nested(60),
    "values": lambda: [1] * 1_100_000,
    "itself": itself,
    "no end": itertools.count,
}


# Plug points of an application


def loop() -> None:
    while True:
        pass


def loop_in_c() -> None:
    sum(itertools.repeat(0))


def search_back_and_forth() -> None:
    re.match(r"(a+)+$", "a" * 60 + "b")


def call_itself() -> None:
    call_itself()


def call_itself_deeper() -> None:
    sys.setrecursionlimit(1 << 30)
    nested_call(0)


def nested_call(depth: int) -> object:
    return max([depth], key=lambda value: nested_call(value + 1))


def grow_by(start: bytes) -> int:
    while True:
        start += start


def start_threads() -> None:
    while True:
        threading.Thread(target=time.sleep, args=(99,), daemon=True).start()


def open_files() -> None:
    kept = []
    while True:
        kept.append(tempfile.TemporaryFile())  # noqa: SIM115 - kept open


def write_a_large_file() -> None:
    with open(os.path.join(tempfile.gettempdir(), "a"), "wb") as file:
        while True:
            file.write(bytes(1 << 20))


def write_many_files() -> None:
    for number in itertools.count():
        with open(os.path.join(tempfile.gettempdir(), f"{number}"), "wb") as file:
            file.write(bytes(1 << 10))


def make_folders_in_folders() -> None:
    folder = tempfile.gettempdir()
    while True:
        folder = tempfile.mkdtemp(dir=folder)


def stop() -> None:
    signal.raise_signal(signal.SIGSTOP)


def call_off_the_alarm() -> None:
    signal.setitimer(signal.ITIMER_REAL, 0)
    deaf_to_signals()


def talk_nonsense(content: bytes) -> None:
    for number in range(3, 20):  # one of these is the connection to the application
        with contextlib.suppress(OSError):
            os.write(number, content)
    hang()


def hang_up() -> None:
    os.closerange(3, 20)
    hang()


class Stubborn(Exception):  # noqa: N818
    """An error whose text never comes."""

    @property
    def args(self) -> Any:  # type: ignore[override]
        return hang()


def raise_stubborn() -> None:
    raise Stubborn


def hang_in_a_filter(value: object) -> None:
    hang()


def hang_for_a_password(_: AttachmentRequest) -> str:
    return hang()  # type: ignore[return-value]


class Large:
    """Generates a document of 600 MB."""

    def generate(self, _: AttachmentRequest) -> Document:
        return Document(content=bytes(600 << 20), media_type="text/plain")


CALLS: dict[str, tuple[Any, ...]] = {
    "a loop": (loop,),
    "a loop in C": (loop_in_c,),
    "a sleep": (time.sleep, 99),
    "a loop that catches all": (hang,),
    "a loop that is deaf": (deaf_to_signals,),
    "a loop without alarm": (call_off_the_alarm,),
    "a stop": (stop,),
    "a regular expression": (search_back_and_forth,),
    "a large number": (pow, 3, 1 << 40),
    "memory": (bytearray, 1 << 30),
    "memory little by little": (grow,),
    "memory by doubling": (grow_by, b"x"),
    "recursion": (call_itself,),
    "recursion into the stack": (call_itself_deeper,),
    "threads": (start_threads,),
    "open files": (open_files,),
    "a large file": (write_a_large_file,),
    "many files": (write_many_files,),
    "folders in folders": (make_folders_in_folders,),
    "an exit": (os._exit, 0),
    "an exit with an exception": (raise_error, SystemExit(0)),
    "an interrupt": (raise_error, KeyboardInterrupt()),
    "an abortion": (os.abort,),
    "a segmentation fault": (signal.raise_signal, signal.SIGSEGV),
    "a kill": (signal.raise_signal, signal.SIGKILL),
    "an alarm": (signal.raise_signal, signal.SIGALRM),
    "nonsense": (talk_nonsense, b"nonsense" * 9),
    "half an answer": (talk_nonsense, b"\0\0\0\x40{"),
    "an endless answer": (talk_nonsense, b"\xff" * 64),
    "a wrong answer": (talk_nonsense, b'\0\0\0\x0c{"parts":[]}'),
    "a large answer": (talk_nonsense, b'\0\0\0\x17{"parts":[99999999999]}'),
    "hanging up": (hang_up,),
    "an error that hangs": (raise_stubborn,),
    "closing all files": (os.closerange, 0, 99),
}


def bombs() -> dict[str, Callable[[], Bomb]]:
    """Return how to make each bomb; some take memory themselves."""
    made: dict[str, Callable[[], Bomb]] = {}
    for name, html in DOCUMENTS.items():
        made[f"document: {name}"] = lambda html=html: Bomb(PAGE, {"number": 1, "html": html()})  # type: ignore[misc]
    for name, source in TEMPLATES.items():
        made[f"template: {name}"] = lambda source=source: Bomb(LETTER.html(source), {"number": 1})  # type: ignore[misc]
    for name, value in CONTEXTS.items():
        made[f"context: {name}"] = lambda value=value: Bomb(LETTER, {"number": value()})  # type: ignore[misc]
    for name, call in CALLS.items():
        made[f"generator: {name}"] = lambda call=call: Bomb(doing(*call), {"number": 1})  # type: ignore[misc]
    password = PdfEncryptor(password=hang_for_a_password)
    pdf = LETTER.attach(Xhtml2PdfGenerator(source="<p>x</p>"), filename="a.pdf", encryptor=password)
    filtered = (
        MessageBuilder(filters={"hang": hang_in_a_filter})
        .sender("a@b.cz")
        .subject("{{ 1 | hang }}")
        .text("x")
    )
    made["encryptor: a password that hangs"] = lambda: Bomb(pdf, {"number": 1})
    made["filter: a loop"] = lambda: Bomb(filtered, {})
    made["generator: a large document"] = lambda: Bomb(
        LETTER.attach(Large(), filename="a.bin"), {"number": 1}
    )
    return made


ORDINARY = PAGE.attach(Doing(str, ("fine",)), filename="fine.txt")
