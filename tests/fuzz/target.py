"""What is tried: something that reads bytes of strangers, and what may come of it."""

from __future__ import annotations

import base64
import binascii
import logging
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from fuzz.mutation import Change
from ondemand_attach.errors import MailError

CANARY = b"Canary-7731-Novotna IBAN DE02120300000000202051"
"""Stands in seeds as what a customer must not find elsewhere."""
SIGNS = ("Canary-7731", "DE02120300000000202051", "Kx7-tRw9-2mQz-88", "jane.novotna")
"""No text of an error or log may hold one of these."""


class Wrong(Exception):  # noqa: N818 - a verdict, no error of the program
    """A reader said or let through what it must not. The text begins with the kind."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """Something that reads.

    Args:
        name: which it is.
        seeds: make what the changes begin with, by what each is; sound ones, made by this project and others.
        known_bad: make small inputs that once failed, by what they stand for.
        read: reads one input; may raise what is in *expected*, and raises `Wrong` if it sees a wrong verdict.
        runs: how many changed inputs are read in each run of the tests.
        words: of the format.
        structures: changes that know the format.
        expected: the errors that are documented.
        seconds: CPU time that one input may take.
        megabytes: of memory that one input may take.
    """

    name: str
    seeds: Callable[[], Mapping[str, bytes]]
    read: Callable[[bytes], object]
    runs: int
    known_bad: Callable[[], Mapping[str, bytes]] = dict
    words: Sequence[bytes] = ()
    structures: Sequence[Change] = ()
    expected: tuple[type[BaseException], ...] = (MailError,)
    seconds: float = 4.0
    megabytes: int = 400


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that must not be.

    Args:
        kind: ``untyped``, ``over the budget``, ``wrongly protected``, ``canary`` or ``wrong``.
        what: in words, the same for the same cause.
        content: the input.
        origin: which it is: the name of a seed, or the number of the draw.
        details: where it happened.
    """

    kind: str
    what: str
    content: bytes = field(repr=False)
    origin: str
    details: str = field(default="", repr=False)


def tried(target: Target, content: bytes, log: Log) -> tuple[str, str] | None:
    """Have *target* read *content*, and return the kind and the words of what must not be, if it was."""
    log.texts.clear()
    try:
        target.read(content)
    except Wrong as wrong:
        kind, _, what = str(wrong).partition(": ")
        return kind, what
    except target.expected as error:
        if type(error) is MailError:  # whatever came out of a seal without a stage
            return "untyped", str(error)
        texts = [*_texts(error), *log.texts]
    except BaseException as error:  # noqa: BLE001 - that is what is looked for; libraries in Rust panic so
        return "untyped", f"{type(error).__name__} {_place(error)}"
    else:
        texts = log.texts
    told = next((text for text in texts if any(sign in text for sign in SIGNS)), None)
    return ("canary", f"in {told[:60]!r}") if told is not None else None


def _texts(error: BaseException) -> Iterator[str]:
    seen: BaseException | None = error
    while seen is not None:
        yield from (str(seen), repr(seen), *getattr(seen, "__notes__", ()))
        seen = seen.__cause__ or seen.__context__


def _place(error: BaseException) -> str:
    """Name the innermost line of the library, and the innermost of all."""
    places, frame = [], error.__traceback__
    while frame is not None:
        places.append((frame.tb_frame.f_code.co_filename, frame.tb_lineno))
        frame = frame.tb_next
    ours = [place for place in places if "/ondemand_attach/" in place[0]][-1:]
    return " < ".join(f"{path.rpartition('/')[2]}:{line}" for path, line in (places[-1], *ours))


class Log(logging.Handler):
    """Keeps what is logged: by this library anything, by others from warnings on."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith("ondemand_attach") or record.levelno >= logging.WARNING:
            self.texts.append(self.format(record))


# --- what can be read by whoever has the bytes

_BASE64 = re.compile(rb"[A-Za-z0-9+/\r\n]{40,}={0,2}")
_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2}){20,}")
_DEFLATED = re.compile(rb"\x78[\x01\x5e\x9c\xda]")


def readable(content: bytes, text: bytes = CANARY, depth: int = 2) -> bool:
    """Whether *text* stands in *content*: as it is, inflated, or out of base64 or hexadecimal digits."""
    if text in content or text.decode().encode("utf-16-be") in content:
        return True
    return depth > 0 and any(readable(form, text, depth - 1) for form in _forms(content))


def _forms(content: bytes) -> Iterator[bytes]:
    """Yield what *content* holds in other forms; of what is there many times, some."""
    for found in islice(_BASE64.finditer(content), 200):
        try:
            yield base64.b64decode(found[0].rstrip(b"\r\n=") + b"==")
        except binascii.Error:
            continue
    for found in islice(_HEX.finditer(content), 200):
        yield bytes.fromhex(found[0].decode())
    for found in islice(_DEFLATED.finditer(content), 40):
        yield _inflated(content[found.start() : found.start() + 20_000])


def _inflated(content: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(content, 50_000)
    except zlib.error:
        return b""


def named(targets: Iterable[Target]) -> dict[str, Target]:
    """Return *targets* by their names."""
    return {target.name: target for target in targets}
