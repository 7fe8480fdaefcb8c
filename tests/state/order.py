"""Builds messages in an order, and says what is in them; run as a program of its own.

    python order.py SEED [MUTANT]

prints as JSON which messages of a long-lived process differ from those of a process that makes nothing else.
"""

from __future__ import annotations

import functools
import json
import os
import pickle
import random
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from ondemand_attach.errors import MailError
from ondemand_attach.templates import _sandbox
from state import contents, features

Kind = tuple[str, int]  # the builder and the customer
PEOPLE = 3
THREADS = 4


def said(kind: Kind, seed: str) -> object:
    """Build a message and return what is in it, or what was said against it."""
    name, number = kind
    who = features.customer(number, seed)
    if name == "refused":
        return features.refused(who)
    try:
        return contents.contents(features.built(features.BUILDERS[name](), who, name), who)
    except MailError as error:
        return f"{type(error).__name__}: {error}"


def alone(kind: Kind, seed: str) -> object:
    """Return what is in a message that is the only one of its process, which has only imported what there is."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        with os.fdopen(write, "wb") as pipe:
            pickle.dump(said(kind, seed), pipe)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        made = pickle.load(pipe)
    os.waitpid(child, 0)
    return made


def kinds(names: Iterable[str]) -> list[Kind]:
    return [(name, number) for name in names for number in range(PEOPLE)]


def differences(seed: str, names: Sequence[str], turns: int) -> Iterator[str]:
    """Say what is different if messages are made one after the other, in some orders, and in threads."""
    features.rsa_key(), features.ec_key()  # which take long to make
    expected = {kind: alone(kind, seed) for kind in kinds(names)}
    for turn in range(turns):
        order = list(expected)
        random.Random(f"{seed} {turn}").shuffle(order)
        for kind in order:
            if said(kind, seed) != expected[kind]:
                yield f"{kind[0]} of customer {kind[1]}, turn {turn}"
    yield from _in_threads(expected, seed)


def _in_threads(expected: Mapping[Kind, object], seed: str) -> Iterator[str]:
    order = list(expected)
    random.Random(seed).shuffle(order)
    together = threading.Barrier(THREADS)

    def work(number: int) -> list[str]:
        together.wait(60)
        own = order[number::THREADS]
        return [f"{kind[0]} in a thread" for kind in own if said(kind, seed) != expected[kind]]

    with ThreadPoolExecutor(THREADS) as threads:
        for found in threads.map(work, range(THREADS)):
            yield from found


# Programs that are known to be bad


def _keep_modules() -> None:
    del _sandbox._Template._get_default_module


def _fold_filters() -> None:
    _sandbox._late = lambda function: function


def _remember_in_a_filter() -> None:
    features.Shop.word = functools.cache(features.Shop.word)  # type: ignore[method-assign]


MUTANTS: Mapping[str, Callable[[], None]] = {
    "the modules of templates are kept": _keep_modules,
    "filters are called once": _fold_filters,
    "a filter remembers": _remember_in_a_filter,
}
QUICK = ("signed", "files")


def main(seed: str, mutant: str = "") -> None:
    names, turns = (QUICK, 1) if mutant else ((*features.BUILDERS, "refused"), 2)
    if mutant:
        MUTANTS[mutant]()
    found = list(differences(seed, names, turns))
    json.dump({"compared": len(kinds(names)) * (turns + 1), "different": found}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
