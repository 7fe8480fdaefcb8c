"""``ondemand-attach demo``: the whole story on embedded parts, with each promise checked."""

from __future__ import annotations

import argparse
import contextlib
import pathlib
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the options of the command."""
    parser.add_argument(
        "--recipients", type=_count, default=3, metavar="N", help="how many customers buy (3)"
    )
    parser.add_argument(
        "--folder",
        type=pathlib.Path,
        default=pathlib.Path("ondemand-attach-demo"),
        help="where to keep the first mail (./ondemand-attach-demo)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Tell the story; return 0 if every fact held, else 1."""
    from ondemand_attach.demo._facts import Facts, check_mail
    from ondemand_attach.demo._orders import orders
    from ondemand_attach.demo._shop import Shop

    events = list(orders(arguments.recipients))
    facts = Facts()
    with _own_temporary_folder() as temporary, Shop() as shop:
        print(f"A shop, a company certificate, and an SMTP server at {shop.sink.url}")
        for number, event in enumerate(events, 1):
            shop.sell(event)
            _progress(number, len(events))
        facts.check("every message was accepted by the server", len(shop.sink.deliveries) == len(events))
        facts.check(
            "every message came over TLS", all(delivery.is_encrypted for delivery in shop.sink.deliveries)
        )
        for event, other, delivery in zip(
            events, events[1:] + events[:1], shop.sink.deliveries, strict=False
        ):
            check_mail(facts, shop, event, other if other is not event else None, delivery.content)
        facts.check("nothing is left in the temporary folder", not any(temporary.iterdir()))
    facts.print()
    if shop.sink.deliveries:
        _keep(arguments.folder, shop.sink.deliveries[0].content, events[0])
    return 0 if facts.hold else 1


@contextlib.contextmanager
def _own_temporary_folder() -> Iterator[pathlib.Path]:
    """Give everything in this process a fresh temporary folder, to see what is left in it."""
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="ondemand-attach-demo-") as folder:
        tempfile.tempdir = folder
        try:
            yield pathlib.Path(folder)
        finally:
            tempfile.tempdir = before


def _progress(done: int, total: int) -> None:
    if sys.stdout.isatty():
        print(
            f"\r  generated, encrypted, signed and sent: {done}/{total}",
            end="" if done < total else "\n",
            flush=True,
        )
    elif done in {1, total} or done % 100 == 0:
        print(f"  generated, encrypted, signed and sent: {done}/{total}", flush=True)


def _keep(folder: pathlib.Path, content: bytes, event: dict[str, Any]) -> None:
    from ondemand_attach.demo._facts import attached_pdf, page_image

    customer = event["customer"]
    folder.mkdir(parents=True, exist_ok=True)
    pdf = attached_pdf(content)
    kept = {
        "order.eml": content,
        "order.pdf": pdf,
        "order-page-1.png": page_image(pdf, customer["passphrase"]),
    }
    for name, octets in kept.items():
        (folder / name).write_bytes(octets)
        print(f"kept {folder / name}")
    print(f"open order.pdf with the passphrase: {customer['passphrase']}")


def _count(text: str) -> int:
    count = int(text)
    if not 1 <= count <= 100_000:
        raise argparse.ArgumentTypeError("give a number from 1 to 100000")
    return count
