"""No file makes its reader work for longer, or hold more, than a file may; whatever it says of itself."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable

import pytest

import exposure_bombs
from exposure_cases import pdf_of, stream_of
from ondemand_attach._exposure import of_file, of_message

SECONDS, BYTES = 30, 3 << 29
"""Of the processor, and of memory: ten times what is needed, and far below what any of the bombs asks for."""

LIMITED = f"""
import json, resource, sys
sys.path.insert(0, {{folder!r}})
import exposure_bombs
from ondemand_attach._exposure import of_file
resource.setrlimit(resource.RLIMIT_AS, ({BYTES}, resource.RLIM_INFINITY))
content = getattr(exposure_bombs, {{group!r}})[{{name!r}}]()
used = resource.getrusage(resource.RUSAGE_SELF)
seconds = int(used.ru_utime + used.ru_stime) + {SECONDS}
resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
print(json.dumps([[found.part, found.encryption, found.is_protected] for found in of_file(content)]))
"""


def looked_at(
    fresh_python: Callable[[str], str], group: str, name: str
) -> list[tuple[str, str | None, bool]]:
    """Return what is found in a bomb, in a process that is ended if that takes too much."""
    folder = exposure_bombs.__file__.rpartition("/")[0]
    said: Iterable[list[object]] = json.loads(
        fresh_python(LIMITED.format(folder=folder, group=group, name=name))
    )
    return [tuple(each) for each in said]  # type: ignore[misc]


@pytest.mark.skipif(sys.platform == "win32", reason="has no limits for a process")
@pytest.mark.parametrize("name", exposure_bombs.LARGE)
def test_what_is_too_large_counts_as_for_everyone(name: str, fresh_python: Callable[[str], str]) -> None:
    assert looked_at(fresh_python, "LARGE", name) == [("document", "too large to be looked at", False)]


@pytest.mark.skipif(sys.platform == "win32", reason="has no limits for a process")
@pytest.mark.parametrize("name", exposure_bombs.BEHIND_HEADER)
def test_the_rest_of_a_message_does_so_too(name: str, fresh_python: Callable[[str], str]) -> None:
    header, *_, rest = looked_at(fresh_python, "BEHIND_HEADER", name)
    assert header == ("header", None, False)
    assert rest == ("rest of it", "too large to be looked at", False)


@pytest.mark.skipif(sys.platform == "win32", reason="has no limits for a process")
@pytest.mark.parametrize("name", exposure_bombs.QUICK)
def test_what_only_seems_large_is_looked_at(name: str, fresh_python: Callable[[str], str]) -> None:
    found = looked_at(fresh_python, "QUICK", name)
    assert not any(is_protected for *_, is_protected in found)


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
