"""The rows that have a goal: what a service that sends day in, day out gains over the same made by hand."""

from __future__ import annotations

import functools
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bombs
import clock
import fresh
import jinja2
import large
import processes
import pypdfium2
import sides
import start_up
import traffic
import unseen
from report import Report

from ondemand_attach import Xhtml2PdfGenerator
from ondemand_attach.testing import attachment_request

WHOLE = {"RSA-2048": 12.0, "P-256": 7.0}
SIGN = {"RSA-2048": 40.0, "P-256": 10.0}
_LONG_RUN = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What is measured.

    Args:
        both: the sides with each kind of key, RSA first.
        seed: of the orders and templates.
        messages: how many are measured.
        pkcs12: the file with the RSA key.
        port: of the SMTP server on loopback.
        fonts: the font file for each CSS font-weight.
        long_run: how many messages the long run sends.
        has_bombs: whether the resource bombs are set off.
    """

    both: Sequence[sides.Sides]
    seed: int
    messages: int
    pkcs12: Path
    port: int
    fonts: dict[str, Path]
    long_run: int
    has_bombs: bool

    @property
    def events(self) -> list[traffic.Event]:
        """One more than is measured: the first of each row warms up."""
        return traffic.varied(self.seed, self.messages + 1)


def whole(report: Report, bench: Bench) -> None:
    """Print the rows of a whole message."""
    for one in bench.both:
        ways = {
            name: hand for name, hand in one.by_hand.items() if one.kind == "RSA-2048" or name == "by hand"
        }
        ours, *others = clock.costs(functools.partial(sides.whole, one, list(ways.values())), bench.events)
        for name, costs in zip(ways, others, strict=True):
            goal = WHOLE[one.kind] if name == "by hand" else sides.GOALS.get(name)
            report.row(f"message, {one.kind}, {name}", costs, ours, at_least=goal)
    if "WeasyPrint by hand" not in bench.both[0].by_hand:
        report.note("WeasyPrint cannot be imported here: its row is left out")


def cold(report: Report, bench: Bench) -> None:
    """Print what the first messages after start cost: nothing is kept yet."""
    fonts = {weight: str(file) for weight, file in bench.fonts.items()}
    arguments = {"pkcs12": str(bench.pkcs12), "port": bench.port, "fonts": fonts, "seed": bench.seed}
    ours, hand = (fresh.first_messages(side, arguments | {"messages": 20}) for side in fresh.MODULES)
    report.value("first message after start, with its imports", hand[0] / ours[0])
    report.value("messages 2 to 20", sum(hand[1:]) / sum(ours[1:]))


def render_unseen(report: Report, bench: Bench) -> None:
    """Print the row of rendering, each document from another template."""
    sources = unseen.templates(bench.seed, bench.messages + 1)
    documents = list(zip(sources, bench.events, strict=True))
    hand = bench.both[0].hand
    for source, event in documents[:3]:
        texts = {_text(render()) for render in _renderings(hand, (source, event))}
        assert len(texts) == 1, "the documents do not say the same"
    ours, others = clock.costs(functools.partial(_renderings, hand), documents)
    report.row("render a template never seen before", others, ours, at_least=1.4)


def _renderings(hand: Any, document: tuple[str, traffic.Event]) -> Sequence[Callable[[], bytes]]:
    source, event = document
    request = attachment_request(event)

    def by_hand() -> bytes:
        template = jinja2.Environment(autoescape=True).from_string(source)
        return bytes(hand.pdf(template.render(event, fonts=hand.fonts)))

    return lambda: Xhtml2PdfGenerator(source=source).generate(request).content, by_hand


def _text(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        pages = ["".join(page.get_textpage().get_text_bounded().split()) for page in document]
    for number, page in enumerate(pages, 1):
        assert f"page{number}of{len(pages)}" in page, "page number or page count is wrong"
    return "".join(pages)


def sign_only(report: Report, bench: Bench) -> None:
    """Print the rows of the signature alone."""
    for one in bench.both:
        plain = {event["order"]["number"]: one.hand.render(event) for event in bench.events}
        ours, hand, _ = clock.costs(sides.bound(sides.sign, one, plain), bench.events)
        report.row(f"sign only, {one.kind}", hand, ours, at_least=SIGN[one.kind])


def large_attachment(report: Report, bench: Bench) -> None:
    """Print the rows of 25 MB, made by something else."""
    turns = [(large.by_hand(bench.port), large.library(bench.port)) for _ in range(3)]
    ratio = statistics.median(hand.cpu / ours.cpu for hand, ours in turns)
    report.value("attachment of 25 MB, CPU", ratio, at_least=12)
    memory = statistics.median(ours.memory for _, ours in turns)
    report.value("attachment of 25 MB, memory beyond it", memory / 1e6, " MB", at_most=3)


def long_table(report: Report, bench: Bench) -> None:
    """Print the rows of tables over many pages."""
    one = bench.both[0]
    pairs = list(zip(*(traffic.long(bench.seed, rows, 3) for rows in (400, 1600)), strict=True))

    def prepare(pair: Sequence[traffic.Event]) -> Sequence[clock.Work]:
        requests = [one.library.request(event) for event in pair]
        ours = [functools.partial(one.library.generator.generate, request) for request in requests]
        return *ours, lambda: one.hand.render(pair[1])

    short, long, hand = clock.costs(prepare, pairs)
    report.row("render 1,600 rows, against 400", long, short, at_most=4.5)
    report.row("render 1,600 rows, against by hand", hand, long, at_least=2)


def two_processes(report: Report, bench: Bench) -> None:
    """Print how many times as much two render processes make, by the clock on the wall."""
    times = processes.throughput(seed=bench.seed)["times"]
    report.value("messages a second, two processes against one", times, at_least=1.9)


def memory(report: Report, bench: Bench) -> None:
    """Print by how much the process grows."""
    grown = processes.growth(bench.long_run, seed=bench.seed)["grown"]
    report.value(f"growth over {bench.long_run:,} messages", grown, " MB", at_most=5)
    if bench.long_run < _LONG_RUN:
        report.note(f"the goal is for {_LONG_RUN:,} messages: --long sends as many")


def start(report: Report, bench: Bench) -> None:
    """Print what the import costs."""
    seconds = start_up.seconds(max(5, bench.messages // 2))
    cost = {name: 1000 * (taken - seconds["nothing"]) for name, taken in seconds.items()}
    report.value("import", cost["the library"], " ms", at_most=20)
    report.note(f"the imports of the same by hand: {cost['by hand']:.0f} ms")


def set_off_bombs(report: Report, bench: Bench) -> None:
    """Print how many resource bombs did no harm."""
    if not bench.has_bombs:
        report.note("resource bombs: --bombs sets them off, which takes some minutes")
        return
    rows = list(bombs.rows())
    held = sum(row.is_held for row in rows)
    report.value(f"resource bombs held, of {len(rows)}", held, at_least=len(rows))


ROWS = (
    whole,
    cold,
    render_unseen,
    sign_only,
    large_attachment,
    long_table,
    two_processes,
    memory,
    start,
    set_off_bombs,
)
