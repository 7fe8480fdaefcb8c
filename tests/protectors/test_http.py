"""An answer of a server is read as far as it may be long, and no redirection is followed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from ondemand_attach.protectors._http import Answer, Session, TooLargeError, run


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        size = int(self.path.rpartition("/")[2])
        self.send_response(302 if "moved" in self.path else 200)
        self.send_header("Location", "/5")
        self.send_header("Content-Length", str(size))
        self.end_headers()
        self.wfile.write(b"x" * size)

    do_POST = do_GET  # noqa: N815 - of the class above

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with HTTPServer(("localhost", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield f"http://localhost:{http.server_port}"
        http.shutdown()
        thread.join()


def answer(url: str, *, is_post: bool = False) -> Answer:
    async def asked() -> Answer:
        async with Session(30, largest=1_000) as session:
            async with (session.post if is_post else session.get)(url) as found:
                assert await found.read() == found.content
                return found

    return run(asked)


@pytest.mark.parametrize("is_post", [False, True])
@pytest.mark.parametrize("size", [0, 1, 999, 1_000])
def test_an_answer_may_be_as_long_as_the_limit(server: str, size: int, is_post: bool) -> None:
    found = answer(f"{server}/{size}", is_post=is_post)
    assert (found.status, found.content) == (200, b"x" * size)


@pytest.mark.parametrize("is_post", [False, True])
@pytest.mark.parametrize("size", [1_001, 1_000_000])
def test_a_longer_one_is_an_error(server: str, size: int, is_post: bool) -> None:
    with pytest.raises(TooLargeError):
        answer(f"{server}/{size}", is_post=is_post)


@pytest.mark.parametrize("is_post", [False, True])
def test_nobody_is_sent_on(server: str, is_post: bool) -> None:
    found = answer(f"{server}/moved/7", is_post=is_post)
    assert (found.status, found.content) == (302, b"x" * 7)
