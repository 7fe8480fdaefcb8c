"""Reads inputs in a process of its own, which may die: what it died of is a finding, with the input.

A reader that loops is ended by the kernel when its CPU time is used up (also within a library in C), one that
takes memory by its address space; no clock on the wall has a say. The inputs are drawn by number, so that the
one that killed the process can be made again here.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import json
import logging
import mmap
import os
import random
import resource
import signal
import struct
import sys
import tempfile
import warnings
import zlib
from base64 import b85decode, b85encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from fuzz.mutation import mutated
from fuzz.target import Finding, Log, Target, tried

_ADDRESS_SPACE = 3 << 30  # bytes more than there are at the beginning
_PATIENCE = 900.0  # seconds for what waits and takes no CPU time at all, such as for a lock
_MOST_FINDINGS = 60
_INDEX = struct.Struct("q")


@dataclass(frozen=True)
class Inputs:
    """What a target is given: the known bad ones, the seeds, then the draws."""

    target: Target
    draw: int = 0
    with_known_bad: bool = True

    @cached_property
    def known_bad(self) -> list[tuple[str, bytes]]:
        return list(self.target.known_bad().items()) if self.with_known_bad else []

    @cached_property
    def seeds(self) -> list[tuple[str, bytes]]:
        return list(self.target.seeds().items())

    @cached_property
    def first(self) -> list[tuple[str, bytes]]:
        """Those that are not drawn."""
        return [*self.known_bad, *self.seeds]

    def __getitem__(self, number: int) -> tuple[str, bytes]:
        if number < len(self.first):
            return self.first[number]
        chosen = random.Random(f"{self.target.name} {self.draw} {number}")
        small = [content for _, content in self.known_bad if len(content) < 20_000]
        contents = [content for _, content in self.seeds]
        seed = chosen.choice(small if small and chosen.random() < 0.05 else contents)
        change = mutated(
            seed, chosen, others=contents, words=self.target.words, structures=self.target.structures
        )
        return f"draw {self.draw}, {number}", change


@dataclass
class Outcome:
    """What came of it.

    Args:
        executions: how many inputs were read.
        seconds: of CPU that they took.
        findings: what must not be, the first of each cause.
        counts: how often each cause was met.
    """

    executions: int = 0
    seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)
    counts: dict[tuple[str, str], int] = field(default_factory=dict)

    def note(self, found: Finding) -> None:
        key = found.kind, found.what
        if key not in self.counts:
            self.findings.append(found)
        self.counts[key] = self.counts.get(key, 0) + 1

    def report(self) -> str:
        """Say what was found, with the inputs in a form that can be pasted."""
        return "\n".join(
            f"{found.kind}: {found.what} ({self.counts[found.kind, found.what]} times; {found.origin})\n"
            f"  input: {packed(found.content)[:6000]}\n{found.details}"
            for found in self.findings
        )


def packed(content: bytes) -> str:
    """Return *content* as text that `unpacked` takes."""
    return b85encode(zlib.compress(content, 9)).decode()


def unpacked(text: str) -> bytes:
    """Return what `packed` packed."""
    return zlib.decompress(b85decode(text))


def run(
    target: Target,
    count: int,
    *,
    draw: int = 0,
    with_known_bad: bool = True,
    until: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Have *target* read all known inputs and *count* that are drawn, in processes that may die."""
    inputs, outcome = Inputs(target, draw, with_known_bad), Outcome()
    last, number = len(inputs.first) + count, 0
    while number < last and len(outcome.findings) < _MOST_FINDINGS and not until():
        number = _in_a_process(inputs, range(number, last), outcome)
    return outcome


def _in_a_process(inputs: Inputs, numbers: range, outcome: Outcome) -> int:
    """Read on until all is read or the process dies; return the number to go on with."""
    place = mmap.mmap(-1, _INDEX.size)
    place[:] = _INDEX.pack(numbers.start)
    with tempfile.TemporaryFile() as trace:
        reading, writing = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        process = os.fork()
        if process == 0:
            _child(inputs, numbers, place, writing, trace)
        os.close(writing)
        with os.fdopen(reading, encoding="utf-8") as lines:
            for line in lines:
                _take(json.loads(line), inputs, outcome)
        _, status, usage = os.wait4(process, 0)
        outcome.seconds += usage.ru_utime + usage.ru_stime
        (at,) = _INDEX.unpack(place[:])
        ended = os.waitstatus_to_exitcode(status)
        if ended == 0:
            outcome.executions += at - numbers.start
            return at
        outcome.executions += at + 1 - numbers.start
        trace.seek(0)
        written = trace.read().decode("utf-8", "replace")
        if ended > 0:
            raise RuntimeError(f"the harness itself failed at {inputs.target.name}, {at}: {written}")
        outcome.note(_death(ended, inputs[at], written))
    return at + 1


def _take(said: dict[str, Any], inputs: Inputs, outcome: Outcome) -> None:
    origin, content = inputs[said["number"]]
    outcome.note(Finding(kind=said["kind"], what=said["what"], content=content, origin=origin))


def _death(ended: int, taken: tuple[str, bytes], trace: str) -> Finding:
    name = signal.Signals(-ended).name
    frames = [line.strip() for line in trace.splitlines() if "/ondemand_attach/" in line]
    where = frames[0].rpartition("/")[2] if frames else "somewhere"
    is_over = ended in {-signal.SIGPROF, -signal.SIGALRM, -signal.SIGKILL}
    kind = "over the budget" if is_over else "untyped"
    return Finding(
        kind=kind, what=f"{name} in {where}", content=taken[1], origin=taken[0], details=trace[:3000]
    )


def _child(inputs: Inputs, numbers: range, place: mmap.mmap, writing: int, trace: Any) -> None:
    ended = 1
    try:
        with os.fdopen(writing, "w", encoding="utf-8") as out:
            _limit(trace)
            _read_all(inputs, numbers, place, out)
        ended = 0
    except BaseException as error:  # noqa: BLE001 - the harness itself has failed
        trace.write(repr(error).encode())
        trace.flush()
    finally:
        os._exit(ended)


def _limit(trace: Any) -> None:
    # The handler writes where the program is, then lets the signal end it.
    for number in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
        faulthandler.register(number, file=trace, all_threads=True, chain=True)
    faulthandler.enable(file=trace)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(ValueError, OSError):
        most = _memory("VmSize") + _ADDRESS_SPACE
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    gc.collect()
    gc.freeze()


def _memory(name: str) -> int:
    """Return a figure of this process's memory in bytes: ``VmHWM`` is the most that it had (Linux)."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith(name):
                return int(line.split()[1]) << 10
    return 0


def _read_all(inputs: Inputs, numbers: range, place: mmap.mmap, out: Any) -> None:
    target, log = inputs.target, Log()
    root = logging.getLogger()
    root.addHandler(log)
    root.setLevel(logging.DEBUG)
    warnings.simplefilter("ignore")
    peak = _memory("VmHWM")
    for number in numbers:
        place[:] = _INDEX.pack(number)
        _, content = inputs[number]
        if found := _judged(target, content, log):
            said = {"number": number, "kind": found[0], "what": found[1]}
            print(json.dumps(said), file=out, flush=True)
        grown = _memory("VmHWM") - peak
        if grown > target.megabytes << 20:
            what = f"more than {target.megabytes} MB"
            print(
                json.dumps({"number": number, "kind": "over the budget", "what": what}), file=out, flush=True
            )
            place[:] = _INDEX.pack(number + 1)
            return  # the most that it ever had would hide the next
    place[:] = _INDEX.pack(numbers.stop)


def _judged(target: Target, content: bytes, log: Log) -> tuple[str, str] | None:
    signal.setitimer(signal.ITIMER_PROF, target.seconds)
    signal.setitimer(signal.ITIMER_REAL, _PATIENCE)
    try:
        return tried(target, content, log)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


def main(targets: Sequence[Target]) -> None:
    """Answer on standard output what is asked for on standard input, line by line (see test_fuzz.py)."""
    known = {target.name: target for target in targets}
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            outcome = run(known[asked["target"]], asked["count"], draw=asked.get("draw", 0))
        except Exception as error:  # noqa: BLE001 - of the harness; the next target shall be read all the same
            print(json.dumps({"executions": 0, "report": repr(error)}), flush=True)  # noqa: T201
            continue
        said = {"executions": outcome.executions, "seconds": outcome.seconds, "report": outcome.report()}
        print(json.dumps(said), flush=True)  # noqa: T201 - that is how it answers
