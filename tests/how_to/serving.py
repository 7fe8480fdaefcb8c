"""Run by the tests in a process of its own: serves a WSGI application until it is killed."""

from __future__ import annotations

import json
import socketserver
from typing import Any
from wsgiref import simple_server


class Server(socketserver.ThreadingMixIn, simple_server.WSGIServer):
    daemon_threads = True
    request_queue_size = 32


class Silent(simple_server.WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


def serve(application: Any, *, cookie: str) -> None:
    """Say where the shop is and who is logged in, and serve."""
    with simple_server.make_server("127.0.0.1", 0, application, Server, Silent) as server:
        place = {"url": f"http://127.0.0.1:{server.server_port}/checkout/", "cookie": cookie}
        print(json.dumps(place), flush=True)  # noqa: T201 - read by the test
        server.serve_forever()
