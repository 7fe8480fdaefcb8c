"""Hostile documents: what they reach outside of the process, and that each ends soon with one typed error."""

from __future__ import annotations

import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

import ondemand_attach
from ondemand_attach import Xhtml2PdfGenerator
from ondemand_attach.errors import GenerationError, GenerationTimeoutError
from ondemand_attach.testing import attachment_request

HERE = pathlib.Path(__file__).parent
PACKAGE = pathlib.Path(ondemand_attach.__file__).parent


class Listener(http.server.BaseHTTPRequestHandler):
    hits: list[str]

    def do_GET(self) -> None:
        self.hits.append(self.path)
        redirected = self.path == "/redirect"
        self.send_response(302 if redirected else 404)
        self.send_header("Location", "/redirected" if redirected else "/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def listener() -> Iterator[tuple[int, list[str]]]:
    hits: list[str] = []
    handler = type("Handler", (Listener,), {"hits": hits})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, hits
        server.shutdown()


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    assets, secrets = tmp_path / "assets", tmp_path / "secrets"
    (tmp_path / "temporary").mkdir()
    secrets.mkdir()
    (assets / "sub").mkdir(parents=True)
    logo = PACKAGE / "demo" / "templates" / "logo.png"
    shutil.copy(logo, assets / "ok.png")
    shutil.copy(logo, secrets / "secret.png")
    shutil.copy(PACKAGE / "generators" / "fonts" / "DejaVuSans.ttf", secrets / "secret.ttf")
    (secrets / "secret.css").write_text("p { color: red }")
    (assets / "link.png").symlink_to(secrets / "secret.png")
    (assets / "linked").symlink_to(secrets)
    return tmp_path


def observed(which: str, port: int, folder: pathlib.Path) -> dict[str, object]:
    environment = {
        **os.environ,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(PACKAGE.parent),
        "TMPDIR": str(folder / "temporary"),
    }
    command = [sys.executable, str(HERE / "hostile_child.py"), which, str(port), str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_nothing_outside_of_the_assets_is_reached(
    listener: tuple[int, list[str]], folder: pathlib.Path
) -> None:
    port, hits = listener
    found = observed("ours", port, folder)
    outcomes = found.pop("outcomes")
    assert found == {
        name: []
        for name in ("untyped", "left", "names", "sockets", "secrets", "files", "writes", "processes")
    }
    assert hits == []
    assert sum(outcomes.values()) >= 600
    assert outcomes["ResourceBlockedError"] >= 300


def test_the_same_documents_reach_out_where_nothing_stops_them(
    listener: tuple[int, list[str]], folder: pathlib.Path
) -> None:
    port, hits = listener
    found = observed("permissive", port, folder)
    assert len(set(hits)) >= 5
    assert len(found["secrets"]) >= 5
    assert len(found["names"]) >= 5
    assert len(found["writes"]) >= 5


USES = "".join(f'<g id="a{n}"><use href="#a{n + 1}"/><use href="#a{n + 1}"/></g>' for n in range(20))
BOMBS = {
    "divs": "<div>" * 30_000,
    "formatting": "<p>" + "".join(f"<b class={n}>" for n in range(140)) + "</p><p>x" * 20_000,
    "attributes": "<p " + " ".join(f"a{n}" for n in range(50_000)) + ">x</p>",
    "attributes behind a comment": "<!-- <a x=' --> <p "
    + " ".join(f"a{n}" for n in range(50_000))
    + " '>x</p>",
    "colspan": "<table><tr><td colspan=1000000000>x</table>",
    "colspan with underscores": "<table><tr><td colspan=1_000_000_000>x</table>",
    "colspan in other digits": "<table><tr><td colspan=１００００００００>x</table>",
    "rowspan": "<table><tr><td rowspan='+1000000000'>x</table>",
    "span": "<table><col span=1000000000><tr><td>x</table>",
    "many spans": "<table>" + "<tr><td colspan=100 rowspan=100>x" * 1_000 + "</table>",
    "list start": "<ol type=a start=1000000000><li>x</ol>",
    "list value": "<ol type=i><li value=1000000000>x</ol>",
    "elements": "<br>" * 150_000,
    "SVG": f"<img src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'>{USES}</svg>\">".replace(
        "#", "%23"
    ),
    "SVG that uses itself": "<img src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><g id='a'><use href='%23a'/></g></svg>\">",
    "size": "x" * 9_000_000,
    "NaN": "<img width=nan height=nan src=x><table width=nan><tr height=inf><td>x</table><p style='font-size: 1e999pt'>x</p>",
    "deep tables": "<table><tr><td>" * 49 + "x",
}
SLOW = {
    "keep with next": "<table style='-pdf-keep-with-next: true'>" + "<tr><td>x</td></tr>" * 80 + "</table>",
    "rows": "<table>" + "<tr><td>x</td></tr>" * 20_000 + "</table>",
    "entities": "&amp;" * 300_000,
    "paragraph": "<p>" + "word " * 200_000,
    "breaks": "<p>" + "x<br>" * 90_000,
}


def generate(html: str, time_limit: float) -> None:
    Xhtml2PdfGenerator(source="{{ html | safe }}", time_limit=time_limit).generate(
        attachment_request({"html": html})
    )


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_one_typed_error(name: str) -> None:
    generate("<p>warm</p>", 10)
    started = time.process_time()
    with pytest.raises(GenerationError):
        generate(BOMBS[name], 5)
    assert time.process_time() - started < 8


@pytest.mark.parametrize("name", SLOW)
def test_what_takes_too_long_is_cut(name: str) -> None:
    started = time.process_time()
    with pytest.raises(GenerationTimeoutError):
        generate(SLOW[name], 0.7)
    assert time.process_time() - started < 8
    generate("<p>the next one is fine</p>", 10)
