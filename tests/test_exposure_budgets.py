"""No file makes its reader work for longer, or hold more, than a file may; whatever it says of itself."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import exposure_bombs
from exposure_cases import pdf_of, stream_of
from ondemand_attach._exposure import of_file, of_message

SECONDS, BYTES = 30, 1 << 31
"""Of the processor, and of memory: ten times what is needed, and far below what any of the bombs asks for."""

LIMITED = """
import json, resource, sys
sys.path.insert(0, {folder!r})
import exposure_bombs
from ondemand_attach._exposure import of_file
resource.setrlimit(resource.RLIMIT_AS, ({memory}, resource.RLIM_INFINITY))
for name, make in getattr(exposure_bombs, {group!r}).items():
    content, used = make(), resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + {seconds}
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
    found = [(each.part, each.encryption, each.is_protected) for each in of_file(content)]
    print(json.dumps([name, found[0], found[-1]]), flush=True)
"""
needs_limits = pytest.mark.skipif(sys.platform == "win32", reason="has no limits for a process")


def looked_at(group: str) -> dict[str, list[list[object]]]:
    """Return what is found in the first and the last part of bombs, up to one that takes too much."""
    folder = exposure_bombs.__file__.rpartition("/")[0]
    program = LIMITED.format(folder=folder, group=group, memory=BYTES, seconds=SECONDS)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    said = map(json.loads, done.stdout.splitlines())
    return {name: found for name, *found in said}


@needs_limits
def test_what_is_too_large_counts_as_for_everyone() -> None:
    rest = ["document", "too large to be looked at", False]
    assert looked_at("LARGE") == {name: [rest, rest] for name in exposure_bombs.LARGE}


@needs_limits
def test_the_rest_of_a_message_does_so_too() -> None:
    found = looked_at("BEHIND_HEADER")
    assert found.keys() == exposure_bombs.BEHIND_HEADER.keys()
    assert {tuple(header) for header, _ in found.values()} == {("header", None, False)}
    assert {tuple(rest[1:]) for _, rest in found.values()} == {("too large to be looked at", False)}


@needs_limits
def test_what_only_seems_large_is_looked_at() -> None:
    found = looked_at("QUICK")
    assert found.keys() == exposure_bombs.QUICK.keys()
    assert not any(is_protected for parts in found.values() for *_, is_protected in parts)


def test_a_large_file_that_is_encrypted_is_not_too_large() -> None:
    from exposure_cases import cipher, office

    many = pdf_of(*(stream_of(cipher(160, seed)) for seed in range(2_000)), stream_of(cipher(8 << 20)))
    assert of_file(many)[0].is_protected
    assert of_file(office(8 << 20))[0].is_protected


def test_a_message_of_many_parts_is_not_too_large() -> None:
    content = exposure_bombs.MIXED + b"--b\r\nContent-Type: text/csv\r\n\r\na;b\r\n" * 500 + b"--b--\r\n"
    found = of_message(content)
    assert [each.part for each in found] == ["header", *(f"attachment {number}" for number in range(1, 501))]


def test_a_file_of_any_length_is_refused_before_it_is_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from ondemand_attach._commands import _files
    from ondemand_attach.cli import main

    monkeypatch.setattr(_files.content_of, "__defaults__", (1_000_000,))
    assert main(["inspect", "/dev/zero"]) == 2
    assert "/dev/zero is larger than 1,000,000 bytes" in capsys.readouterr().err
