"""What a message with 25 MB attached costs: in CPU time, and in memory beyond the document itself. Linux only."""

from __future__ import annotations

import email
import email.message
import random
import re
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import sink
import traffic

from ondemand_attach import Document, Mailer, MessageBuilder, SmtpTransport

SIZE = 25_000_000
_SMALL = 1000


class Cost(NamedTuple):
    """Seconds of CPU, user and system, and bytes at the peak above what was there before, the document included."""

    cpu: float
    memory: int


def library(port: int) -> Cost:
    """Return what the library needs, from the event to the receipt, for an encrypted document."""
    return _fresh("library", port)


def library_searched(port: int) -> Cost:
    """Return the same for a document that nobody encrypted, which is searched for confidential values."""
    return _fresh("library_searched", port)


def by_hand(port: int) -> Cost:
    """Return what `EmailMessage.add_attachment` and `smtplib.SMTP.send_message` need."""
    return _fresh("by_hand", port)


def _fresh(side: str, port: int) -> Cost:
    """Measure *side* in an interpreter of its own, against the sink on *port*, and check what arrived there."""
    command = [sys.executable, __file__, side, str(port)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    cpu, memory = printed.split()
    arrived = email.message_from_bytes(sink.last_message(port))
    attached = [part.get_payload(decode=True) for part in arrived.walk() if part.get_filename()]
    assert attached == [_document(SIZE)], "the attachment did not arrive as it was"
    return Cost(float(cpu), int(memory))


def _document(size: int) -> bytes:
    """Return what a protected PDF is to the library: a stream that nobody can read, in a little that anybody can."""
    head = b"%%PDF-1.7\n1 0 obj\n<< /Length %9d >>\nstream\n"
    tail = b"\nendstream\nendobj\nstartxref\n0\n%%EOF\n"
    data = random.Random(2026).randbytes(size - len(head % 0) - len(tail))
    return head % len(data) + data + tail


def _run_library(event: traffic.Event, pdf: bytes, port: int, *, is_encrypted: bool = True) -> None:
    document = Document(content=pdf, media_type="application/pdf")
    builder = (
        MessageBuilder(templates=traffic.TEMPLATES)
        .sender(traffic.SENDER)
        .subject(traffic.SUBJECT)
        .text(template="order.txt")
        .html(template="order.html")
        .confidential("customer", "order.lines", "order.total")
        .public("customer.first_name")
        .attach(
            lambda _: Document(content=b"", media_type="application/pdf") if is_encrypted else document,
            filename="order-{{ order.number }}.pdf",
            encryptor=(lambda *_: document) if is_encrypted else None,
        )
    )
    with SmtpTransport(f"smtp://127.0.0.1:{port}") as transport:
        Mailer(transport).send(builder, event, to=event["customer"]["email"])


def _run_searched(event: traffic.Event, pdf: bytes, port: int) -> None:
    _run_library(event, pdf, port, is_encrypted=False)


def _run_by_hand(event: traffic.Event, pdf: bytes, port: int) -> None:
    message = email.message.EmailMessage()
    message["From"] = traffic.SENDER
    message["To"] = event["customer"]["email"]
    message["Subject"] = f"Your order {event['order']['number']}"
    message.set_content("Thank you.")
    name = f"order-{event['order']['number']}.pdf"
    message.add_attachment(pdf, maintype="application", subtype="pdf", filename=name)
    with smtplib.SMTP("127.0.0.1", port, local_hostname="shop.example") as smtp:
        smtp.send_message(message)


_SIDES: dict[str, Callable[[Any, bytes, int], None]] = {
    "library": _run_library,
    "library_searched": _run_searched,
    "by_hand": _run_by_hand,
}


def _measure(side: str, port: int) -> Cost:
    run, (warm, event), pdf = _SIDES[side], traffic.varied(2026, 2), _document(SIZE)
    run(warm, _document(_SMALL), port)  # whatever is loaded lazily is loaded now
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew: man 5 proc
    before, started = _memory("VmRSS"), time.process_time()
    run(event, pdf, port)
    return Cost(time.process_time() - started, _memory("VmHWM") - before)


def _memory(field: str) -> int:
    found = re.search(rf"{field}:\s*(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    assert found is not None
    return 1024 * int(found[1])


if __name__ == "__main__":
    print(*_measure(sys.argv[1], int(sys.argv[2])))
