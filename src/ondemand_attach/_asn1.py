"""asn1crypto, made ready before anybody uses it.

It sets up each of its classes when the class is first used, in several steps and without a lock: two threads
that come first at the same time see tables half filled, or fill them twice. And once it has turned the table
of a class around, from names to numbers, it never looks again for the names that pyHanko adds when it is
imported; pyHanko adds one of them itself then, the wrong way round.
"""

# mypy: disallow-untyped-calls=False
# asn1crypto brings no types.

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, Final

from asn1crypto import algos, cms, core, crl, keys, ocsp, parser, tsp, x509

__all__ = ["algos", "cms", "core", "crl", "keys", "make_ready", "ocsp", "parser", "tsp", "x509"]

_lock: Final = threading.Lock()


def make_ready() -> None:
    """Set up all classes that exist. What defines more, or imports a library that does, calls this again."""
    with _lock:
        for cls in set(_below(core.Asn1Value)):
            if cls not in core._SETUP_CLASSES:  # noqa: SLF001
                _set_up(cls)
            _turn_around(cls)


def _below(cls: Any) -> Iterator[Any]:
    for child in cls.__subclasses__():
        yield child
        yield from _below(child)


def _turn_around(cls: Any) -> None:
    names = vars(cls).get("_map") or {}
    turned = {name: number for number, name in names.items()}
    if turned and turned != vars(cls).get("_reverse_map"):
        cls._reverse_map = turned


def _set_up(cls: Any) -> None:
    is_abstract = issubclass(cls, core.Choice) and cls._alternatives is None
    if hasattr(cls, "_setup") and not is_abstract:
        cls._setup(object.__new__(cls))
        core._SETUP_CLASSES[cls] = True  # noqa: SLF001


make_ready()
