"""That the search sees what it looks for, and that its changes reach what they are for."""

from __future__ import annotations

import base64
import io
import json
import random
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pikepdf
import pytest

from fuzz import seeds, structures
from fuzz.all import TARGETS
from fuzz.mutation import LONGEST, mutated
from fuzz.runner import Inputs, packed, unpacked
from fuzz.target import CANARY, Target, readable

linux = pytest.mark.skipif(sys.platform != "linux", reason="counts memory and CPU time as Linux does")

BAD_READERS = """
import logging, os, re, time
from dataclasses import replace
from fuzz import reading
from fuzz.runner import run
from fuzz.target import SIGNS
from ondemand_attach import _exposure
from ondemand_attach._exposure import _facts, _parts, _recognising
from ondemand_attach.errors import MailError, MessageError

def deep(content): return deep(content)
def raises(content): raise ValueError(content)
def bare(content): raise MailError("unexpected ValueError")
def quotes(content): raise MessageError("it holds " + SIGNS[0])
def logs(content): logging.getLogger("urllib3").warning("no %s", SIGNS[0])
def loops(content):
    while True: pass
def loops_in_c(content): re.match("(a|a)*b", "a" * 60)
def hoards(content): return [b"x" * (1 << 20) for _ in range(500)].clear()
def dies(content): os.abort()
def exits(content): raise SystemExit

ZIP = next(each for each in reading.TARGETS if each.name == "exposure of ZIP")
def found(target): return sorted({(each.kind, bool(each.content)) for each in run(target, 3).findings})
for reader in (deep, raises, bare, quotes, logs, loops, loops_in_c, hoards, dies, exits):
    target = replace(ZIP, read=reader, seconds=0.3, known_bad=dict, seeds=lambda: {"one": b"PK"})
    print(reader.__name__, found(target))
_recognising._RECOGNISERS["application/zip"] = (lambda _: True, lambda *_: _facts.Facts(encryption="AES", readers="x"))
print("says protected", found(replace(ZIP, known_bad=dict)))
_parts.recognised = raises
print("raises in a message", found(next(each for each in reading.TARGETS if each.name == "exposure of messages")))
"""


@linux
def test_the_search_sees_each_kind_of_bad_reader() -> None:
    """Readers that recurse, raise, quote, loop, hoard or die; and readers of ours that were broken so."""
    program = f"import sys; sys.path.insert(0, {str(Path(__file__).parent.parent)!r})\n{BAD_READERS}"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=1800
    )
    found = dict(line.rsplit(" [", 1) for line in done.stdout.splitlines())
    assert {name: text.rstrip("]") for name, text in found.items()} == {
        "deep": "('untyped', True)",
        "raises": "('untyped', True)",
        "bare": "('untyped', True)",
        "quotes": "('canary', True)",
        "logs": "('canary', True)",
        "loops": "('over the budget', True)",
        "loops_in_c": "('over the budget', True)",
        "hoards": "('over the budget', True)",
        "dies": "('untyped', True)",
        "exits": "('untyped', True)",
        "says protected": "('wrongly protected', True)",
        "raises in a message": "('untyped', True)",
    }


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_the_same_draw_makes_the_same_input(target: Target) -> None:
    inputs, again = Inputs(target), Inputs(target)
    drawn = [inputs[len(inputs.first) + number] for number in range(20)]
    assert drawn == [again[len(again.first) + number] for number in range(20)]
    assert len({content for _, content in drawn}) > 10
    assert all(len(content) <= LONGEST for _, content in drawn)
    assert Inputs(target, draw=1)[len(inputs.first)] != drawn[0]


def test_an_input_can_be_pasted() -> None:
    content = bytes(range(256)) * 3
    assert unpacked(packed(content)) == content


CHANGES = {
    "DER": (structures.der, lambda: seeds.cms()["S/MIME, RSA"]),
    "OpenPGP": (structures.openpgp, lambda: seeds.openpgp_certificates()["RFC 4880"]),
    "PDF": (structures.pdf, lambda: seeds.plain_pdfs()["plain"]),
    "ZIP": (structures.zip_, lambda: seeds.zips()["nested"]),
    "JSON": (structures.json_, lambda: seeds.receipts()["receipt"]),
}


def _still_parses(kind: str, content: bytes) -> bool:
    try:
        if kind == "DER":
            _, end = structures._header(content, 0) or (0, 0)
            return end == len(content)
        if kind == "OpenPGP":
            return len(structures._packets(content)) >= 3
        if kind == "PDF":
            pikepdf.open(io.BytesIO(content), attempt_recovery=False).close()
        if kind == "ZIP":
            return bool(zipfile.ZipFile(io.BytesIO(content)).namelist())
        if kind == "JSON":
            json.loads(content)
    except Exception:  # noqa: BLE001 - whatever the change has broken
        return False
    return True


@pytest.mark.parametrize("kind", CHANGES)
def test_changes_that_know_a_format_keep_its_lengths(kind: str) -> None:
    change, seed = CHANGES[kind]
    made = [change(seed(), random.Random(number)) for number in range(100)]
    assert len(set(made)) > 50
    assert sum(_still_parses(kind, content) for content in made) >= 40


def test_changes_of_every_kind_are_made() -> None:
    made = {mutated(b"one two 33 four" * 9, random.Random(number), words=(b"word",)) for number in range(300)}
    assert len(made) > 290
    assert any(b"word" in content for content in made)
    assert any(len(content) > 5000 for content in made)
    assert any(len(content) < 20 for content in made)


@pytest.mark.parametrize(
    "content",
    [
        CANARY,
        zlib.compress(CANARY),
        base64.encodebytes(CANARY),
        CANARY.hex().encode(),
        CANARY.decode().encode("utf-16-be"),
        base64.b64encode(zlib.compress(CANARY)),
    ],
    ids=["as it is", "deflated", "base64", "hexadecimal", "UTF-16", "deflated in base64"],
)
def test_what_can_be_read_is_seen(content: bytes) -> None:
    assert readable(b"\0" * 9 + content + b"\xff" * 9)
    assert not readable(b"\0" * 9 + content[: len(content) // 2] + b"\xff" * 9)


SOUND = {
    "X.509 certificates for PDF": 4,
    "X.509 certificates for S/MIME": 4,
    "OpenPGP certificates": 3,
    "OpenPGP keys": 3,
    "files of keys": 4,
    "keys for DKIM": 2,
    "images": 8,
    "fonts": 1,
    "values in documents": 2,
    "markup in documents": 2,
    "foreign PDFs, encrypted": 2,
    "foreign PDFs, signed": 2,
    "answers of mail servers": 1,
    "answers of providers": 2,
    "answers of render processes": 1,
    "receipts": 2,
    "addresses": 4,
    "names of files": 3,
    "message ids": 1,
}


def test_sound_inputs_come_through() -> None:
    """A search whose seeds are all refused at the door would see little."""
    program = f"""
import os, sys; sys.path.insert(0, {str(Path(__file__).parent.parent)!r})
from fuzz.all import TARGETS
for target in TARGETS:
    through = 0
    for content in target.seeds().values():
        try:
            target.read(content)
        except Exception:
            continue
        through += 1
    print(target.name, through, sep="|", flush=True)
os._exit(0)  # without waiting for the servers
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=1800
    )
    through = dict(line.split("|") for line in done.stdout.splitlines())
    assert {name: least for name, least in SOUND.items() if int(through[name]) < least} == {}
