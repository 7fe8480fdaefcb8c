"""A plain SMTP server, run as a process of its own: takes everything, and gives the last message to XLAST."""

from __future__ import annotations

import socket
import socketserver

_EXTENSIONS = b"250-sink\r\n250-8BITMIME\r\n250-PIPELINING\r\n250-SMTPUTF8\r\n250 SIZE 100000000\r\n"


class _Session(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    last = b""

    def handle(self) -> None:
        self.wfile.write(b"220 sink\r\n")
        while (verb := self.rfile.readline()[:4].upper()) not in {b"", b"QUIT"}:
            self.wfile.write(self.answer(verb))
        if verb:
            self.wfile.write(b"221 bye\r\n")

    def answer(self, verb: bytes) -> bytes:
        if verb == b"XLAS":
            return b"%d\r\n%b" % (len(_Session.last), _Session.last)
        if verb == b"DATA":
            self.wfile.write(b"354 go on\r\n")
            _Session.last = b"".join(line.removeprefix(b".") for line in iter(self.rfile.readline, b".\r\n"))
        return _EXTENSIONS if verb == b"EHLO" else b"250 ok\r\n"


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


def last_message(port: int) -> bytes:
    """Return the bytes of the message that the server on *port* received last."""
    with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rwb") as stream:
        stream.readline()
        stream.write(b"XLAST\r\n")
        stream.flush()
        return stream.read(int(stream.readline()))


if __name__ == "__main__":
    with _Server(("127.0.0.1", 0), _Session) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()
