"""Renders hostile documents in an interpreter of its own, under an audit hook, and reports what they reached.

Usage: hostile_child.py ours|permissive PORT FOLDER
"""

from __future__ import annotations

import io
import json
import logging
import os
import pathlib
import sys
import sysconfig
import urllib.parse
from collections.abc import Callable, Iterator

from ondemand_attach import Xhtml2PdfGenerator
from ondemand_attach._seal import sealed
from ondemand_attach.errors import MailError
from ondemand_attach.testing import attachment_request

# ruff: noqa: ISC004, SIM905 - one document a line

IMAGE_ADDRESSES = """
http://127.0.0.1:{port}/a.png HTTP://127.0.0.1:{port}/b.png http://localhost:{port}/c.png http://0:{port}/d.png
http://0x7f000001:{port}/e.png http://2130706433:{port}/f.png http://[::1]:{port}/g.png http://user@127.0.0.1:{port}/h.png
http://127.1:{port}/i.png //127.0.0.1:{port}/j.png http://127.0.0.1:{port}/redirect http://evil.invalid/k.png
https://evil.invalid/l.png //evil.invalid/m.png ftp://evil.invalid/n.png gopher://evil.invalid/o jar:http://evil.invalid/p!/q
http:evil.invalid/r.png http:///evil.invalid/s.png http://evil.invalid@127.0.0.1:{port}/t.png \\\\evil.invalid\\u.png
file://{secret}/secret.png file:{secret}/secret.png file://localhost{secret}/secret.png FILE://{secret}/secret.png
{secret}/secret.png ../secrets/secret.png sub/../../secrets/secret.png ..%2fsecrets/secret.png %2e%2e/secrets/secret.png
link.png linked/secret.png /proc/self/environ /etc/hostname //{secret}/secret.png x:{secret}/secret.png
""".split()

ELEMENTS = """
<link rel="stylesheet" href="{u}">
<style>@import "{u}";</style>
<style>@import url({u}) print;</style>
<style>@import url(data:text/css,@import%20url%28{q}%29;);</style>
<style>@font-face {{ font-family: x; src: url({u}) }} p {{ font-family: x }}</style>
<style>@font-face {{ font-family: x; src: local("y"), url({u}) format("truetype") }}</style>
<style>@page {{ background-image: url({u}) }}</style>
<style>@page {{ background: url({u}) }}</style>
<style>@page {{ @frame a {{ background-image: url({u}); left: 1cm; width: 5cm; top: 1cm; height: 5cm }} }}</style>
<style>@page {{ -pdf-watermark: url({u}); -pdf-page-background: url({u}) }}</style>
<style>p {{ background-image: url({u}) }}</style>
<style>p {{ --x: url({u}); background: var(--x) }}</style>
<style>p::before {{ content: url({u}) }}</style>
<style>p {{ cursor: url({u}); border-image: url({u}); mask: url({u}) }}</style>
<style>@namespace url({u}); @charset "{u}";</style>
<style>signature {{ -pdf-signature: url({u}) }}</style>
<div style="background-image: url('{u}')">x</div>
<div style="background: url({u}) repeat">x</div>
<ul style="list-style-image: url({u})"><li>x</li></ul>
<ul style="list-style: url({u})"><li>x</li></ul>
<table background="{u}"><tr><td background="{u}">x</td></tr></table>
<img src="{u}"><img srcset="{u} 2x" src="ok.png"><picture><source srcset="{u}"></picture>
<img src="ok.png" longdesc="{u}" usemap="{u}" lowsrc="{u}">
<object data="{u}"></object>
<embed src="{u}">
<iframe src="{u}"></iframe>
<frameset><frame src="{u}"></frameset>
<video poster="{u}"></video>
<audio src="{u}"></audio>
<input type="image" src="{u}">
<script src="{u}"></script>
<base href="{u}"><img src="a.png">
<meta http-equiv="refresh" content="0; url={u}">
<svg><image href="{u}"/><use xlink:href="{u}"/></svg>
<pdf:font name="x" src="{u}"><p style="font-family: x">x</p>
<pdf:font name="x" src="{u}.afm"><p style="font-family: x">x</p>
<pdf:include src="{u}">
<pdf:insertpdf src="{u}">
<pdf:template name="x" background="{u}"><pdf:frame box="1cm 1cm 5cm 5cm"></pdf:template>
<canvas type="graph">{{"type": "{u}", "data": ["{u}"], "labels": ["{u}"], "src": "{u}"}}</canvas>
<a href="{u}">x</a>
""".strip().splitlines()

DRAWINGS = """
<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="{u}" width="9" height="9"/></svg>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink" width="9" height="9"><image x:href="{u}" width="9" height="9"/></svg>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink" width="9" height="9"><use x:href="{u}#a"/></svg>
<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><style>@import url({u}); rect {{ fill: url({u}) }}</style><rect width="9" height="9"/></svg>
<?xml-stylesheet href="{u}"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9" fill="url({u})"/></svg>
<!DOCTYPE svg [<!ENTITY e SYSTEM "{u}">]><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text y="9">&e;</text></svg>
<!DOCTYPE svg SYSTEM "{u}"><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text y="9">x</text></svg>
<!DOCTYPE svg [<!ENTITY % p SYSTEM "{u}"> %p;]><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text y="9">x</text></svg>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:i="http://www.w3.org/2001/XInclude" width="9" height="9"><i:include href="{u}" parse="text"/></svg>
<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text y="9" font-family="No Such Font">x</text></svg>
""".strip().splitlines()

PLAIN = [
    "<img src='data:application/postscript,%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) print'>",
    '<hr color=\'rl_config.__import__("os").system("id")\'><font color=\'[[[getattr(pow,Word("__globals__"))["os"].system("id") for Word in [0]]]]\'>x</font>',
    '<p style=\'color: __import__("os").system("id")\'>x</p>',
    "<para><font color='fade(red,50)'>x</font></para>",
]

WRAPPERS = [
    "<html><body>{}</body></html>",
    "<table><tr><td><div>{}</div></td></tr></table>",
    "<style>@page {{ @frame h {{ -pdf-frame-content: h; left: 1cm; width: 9cm; top: 1cm; height: 2cm }}"
    " @frame b {{ left: 1cm; width: 9cm; top: 4cm; height: 9cm }} }}</style><div id='h'>{}</div><p>x</p>",
]


def documents(port: int, folder: pathlib.Path) -> Iterator[str]:
    secret = str(folder / "secrets")
    addresses = [address.format(port=port, secret=secret) for address in IMAGE_ADDRESSES]
    three = [
        f"http://127.0.0.1:{port}/z",
        "http://evil.invalid/z",
        f"{secret}/secret.css",
        f"file://{secret}/secret.ttf",
    ]
    pieces = [f'<img src="{address}">' for address in addresses] + PLAIN
    for address in three:
        quoted = urllib.parse.quote(address, safe="")
        pieces += [element.format(u=address, q=quoted) for element in ELEMENTS]
        drawings = [urllib.parse.quote(drawing.format(u=address)) for drawing in DRAWINGS]
        pieces += [f'<img src="data:image/svg+xml,{drawing}">' for drawing in drawings]
    return (wrapper.format(piece) for wrapper in WRAPPERS for piece in pieces)


class Watch:
    """What an interpreter did, apart from reading its own code."""

    def __init__(self, folder: pathlib.Path) -> None:
        own = {*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix, str(folder / "assets")}
        own |= {str(pathlib.Path(part).resolve()) for part in sys.path if part}
        settings = [
            str(pathlib.Path.home() / f".reportlab_{name}") for name in ("mods", "settings")
        ]  # ReportLab asks for its own
        self._own = (*(path + os.sep for path in own), *settings)
        self._secrets = str(folder / "secrets")
        self.seen: dict[str, list[str]] = {
            name: [] for name in ("names", "sockets", "secrets", "files", "writes", "processes")
        }

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if event == "open":
            self._opened(*arguments)
        elif event == "socket.getaddrinfo" and "127.0.0.1" not in str(arguments[0]):
            self.seen["names"].append(str(arguments[0]))
            raise OSError("no such name")
        elif event.startswith("socket.") and event != "socket.gethostname":
            self.seen["sockets"].append(event)
        elif event in {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork"}:
            self.seen["processes"].append(event)
            raise OSError("no such program")
        elif event in {
            "tempfile.mkstemp",
            "tempfile.mkdtemp",
            "os.mkdir",
            "os.rename",
            "os.link",
            "os.symlink",
        }:
            self.seen["writes"].append(event)

    def _opened(self, path: object, mode: object = "r", flags: object = 0) -> None:
        name = (
            os.path.realpath(os.fsdecode(path)) if isinstance(path, str | bytes | os.PathLike) else str(path)
        )
        if (isinstance(mode, str) and set(mode) & set("wax+")) or (
            isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR)
        ):
            self.seen["writes"].append(name)
        if name.startswith(self._secrets):
            self.seen["secrets"].append(name)
        elif not name.startswith(self._own):
            self.seen["files"].append(name)


def ours(folder: pathlib.Path) -> Callable[[str], None]:
    generator = Xhtml2PdfGenerator(source="{{ html | safe }}", assets=[folder / "assets"], time_limit=10)
    generate = sealed(generator.generate)
    return lambda html: generate(attachment_request({"html": html})) and None


def permissive(folder: pathlib.Path) -> Callable[[str], None]:
    from xhtml2pdf import pisa
    from xhtml2pdf.config.resources import PERMISSIVE_POLICY

    os.chdir(folder / "assets")
    return lambda html: pisa.CreatePDF(html, io.BytesIO(), resource_policy=PERMISSIVE_POLICY) and None


def main(which: str, port: int, folder: pathlib.Path) -> None:
    logging.disable()
    watch = Watch(folder)
    sys.addaudithook(watch)
    render = {"ours": ours, "permissive": permissive}[which](folder)
    outcomes: dict[str, int] = {}
    untyped = []
    for html in list(documents(port, folder)):
        try:
            render(html)
            outcome = "rendered"
        except MailError as error:
            outcome = type(error).__name__
        except Exception as error:  # noqa: BLE001 - counted
            outcome = "untyped"
            untyped.append(f"{type(error).__name__} for {html}")
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    left = [file.name for file in pathlib.Path(os.environ["TMPDIR"]).iterdir()]
    sys.stdout.write(json.dumps({"outcomes": outcomes, "untyped": untyped[:9], "left": left, **watch.seen}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3]))
