"""Renders invented documents with the kept stories and without, and compares everything a reader could notice.

Both generators of a template live through the whole run. Of every tenth document the pictures are compared
too: of both ways, of a generator that was made for this document, and of xhtml2pdf alone. Ends with status 1
if anything differs.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import corpus
import facts
import sides
import stock
from sides import Given, Outcome

Make = Callable[..., Given]

SAMPLE = 10
_FILES = ("replayed", "plain", "replayed-not-strict", "plain-not-strict")


@dataclass(slots=True)
class Tally:
    """What came out for one template.

    Args:
        documents: how many were compared.
        hits: how many of them were made from a kept story.
        refused: how many were an error both ways.
        differences: what differed, for each document that did.
        seconds: CPU time with kept stories and without.
    """

    documents: int = 0
    hits: int = 0
    refused: int = 0
    differences: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=lambda: [0.0, 0.0])


class Pair:
    """Makes the documents of one template both ways.

    Args:
        name: the template.
        make: makes the generators.
    """

    def __init__(self, name: str, make: Make) -> None:
        self._name, self._make = name, make
        self._strict = [make(name, replay=replay) for replay in (True, False)]
        self._lenient = [make(name, replay=replay, strict=False) for replay in (True, False)]
        self.tally = Tally()

    def compare(self, html: str, *, with_looks: bool) -> tuple[list[str], list[Outcome]]:
        """Return in what the two ways differ, and what came of both; if refused, of both not strict too."""
        made = self._made(html)
        found = sides.differing(made[0], made[1], with_looks=with_looks)
        if made[1].content is not None and with_looks:
            found += self._differing_alone(html, made[1].content)
        if made[1].error is not None:
            self.tally.refused += 1
            made += [sides.outcome(generator, html) for generator in self._lenient]
            found += [f"{name}, not strict" for name in sides.differing(*made[2:], with_looks=with_looks)]
        return found, made

    def _made(self, html: str) -> list[Outcome]:
        kept, made = drawn(self._strict[0]), {}
        for way in (0, 1) if self.tally.documents % 2 else (1, 0):  # whoever comes second finds warm caches
            before = time.process_time()
            made[way] = sides.outcome(self._strict[way], html)
            self.tally.seconds[way] += time.process_time() - before
        self.tally.documents += 1
        self.tally.hits += drawn(self._strict[0]) > kept
        return [made[0], made[1]]

    def _differing_alone(self, html: str, content: bytes) -> Iterator[str]:
        fresh = sides.outcome(self._make(self._name, replay=False), html)
        if fresh.content is None or facts.facts(fresh.content) != facts.facts(content):
            yield "a new generator"
        if self._name not in stock.DIFFERENT and facts.looks(stock.rendered(html)) != facts.looks(content):
            yield "xhtml2pdf alone"


def drawn(generator: Given) -> int:
    """Return how many documents *generator* has made from the stories that it keeps."""
    shapes = getattr(getattr(generator._engine, "_renderer", None), "_shapes", {})
    return sum(shape.drawn for shape in shapes.values())


def run(
    seed: int,
    count: int,
    *,
    make: Make = sides.generator,
    names: tuple[str, ...] = corpus.NAMES,
    forms: int = corpus.FORMS,
    keep: Path | None = None,
) -> dict[str, Tally]:
    """Compare *count* documents of *seed*; write what differs into the folder *keep*."""
    pairs = {name: Pair(name, make) for name in names}
    for number, (name, html) in enumerate(corpus.documents(seed, count, names, forms=forms)):
        found, made = pairs[name].compare(html, with_looks=(number + number // len(names)) % SAMPLE == 1)
        if found:
            pairs[name].tally.differences.append(f"document {number} of seed {seed}: {', '.join(found)}")
            if keep is not None:
                _write(keep / f"{number:05}-{name}", html, found, made)
    return {name: pair.tally for name, pair in pairs.items()}


def _write(folder: Path, html: str, found: list[str], made: list[Outcome]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "document.html").write_text(html, encoding="utf-8")
    lines = [*found, *(f"{outcome.error} {outcome.warnings}" for outcome in made)]
    (folder / "differences.txt").write_text("\n".join(lines), encoding="utf-8")
    for name, outcome in zip(_FILES, made, strict=False):
        if outcome.content is not None:
            (folder / f"{name}.pdf").write_bytes(outcome.content)


def main() -> int:
    options = _options()
    logging.getLogger("ondemand_attach").propagate = False  # compared, not shown
    names = tuple(options.templates or corpus.NAMES)
    tallies = run(options.seed, options.documents, names=names, keep=options.keep)
    print(f"{'template':<24}{'documents':>10}{'hits':>7}{'refused':>9}{'differences':>13}{'times':>8}")
    for name, tally in tallies.items():
        print(_row(name, tally))
    print(_row("all", _total(tallies)))
    for name, tally in tallies.items():
        for difference in tally.differences[:3]:
            print(f"{name}: {difference}")
    return any(tally.differences for tally in tallies.values())


def _row(name: str, tally: Tally) -> str:
    ours, theirs = tally.seconds
    counts = f"{tally.documents:>10}{tally.hits:>7}{tally.refused:>9}{len(tally.differences):>13}"
    return f"{name:<24}{counts}{theirs / ours if ours else 1:>8.1f}"


def _total(tallies: dict[str, Tally]) -> Tally:
    total = Tally()
    for tally in tallies.values():
        total.documents += tally.documents
        total.hits += tally.hits
        total.refused += tally.refused
        total.differences += tally.differences
        total.seconds = [sum(both) for both in zip(total.seconds, tally.seconds, strict=True)]
    return total


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=2026, help="of the documents (default: %(default)s)")
    parser.add_argument("--documents", type=int, default=5000, help="how many (default: %(default)s)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where to write documents that differ")
    parser.add_argument("templates", nargs="*", metavar="TEMPLATE", help="only these (default: all)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
