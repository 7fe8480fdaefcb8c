from __future__ import annotations

import dataclasses
import io
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import compare
import corpus
import facts
import pikepdf
import pytest
import sides

from ondemand_attach import AttachmentRequest, Document
from scale import SCALE

SEED = random.SystemRandom().randrange(10**6)
HTML = """<html lang="en"><head><title>Title</title><meta name="author" content="Author"><meta name="subject" content="Subject">
<style>h1 { -pdf-outline: true }</style></head><body><h1>Heading</h1><p>A paragraph of text with <a href="https://shop.example/7">a link</a>
and <a href="#end">another</a>.</p><pdf:nextpage /><p id="end">The end.</p></body></html>"""


def test_documents_from_kept_stories_are_the_same() -> None:
    names = corpus.NAMES if SCALE > 1 else tuple(random.Random(SEED).sample(corpus.NAMES, 12))
    tallies = compare.run(SEED, 8 * len(names) * SCALE, names=names, forms=1)
    assert [difference for tally in tallies.values() for difference in tally.differences] == []
    if sides.CAN_REPLAY:
        assert sum(tally.hits for tally in tallies.values()) > 0


def test_shapes_of_several_templates_are_told_apart() -> None:
    both = [sides.generator("any", replay=replay) for replay in (True, False)]
    for number, (name, html) in enumerate(corpus.documents(SEED, 90 * SCALE, corpus.NAMES[::3], forms=1)):
        found = sides.differing(*(sides.outcome(generator, html) for generator in both))
        assert found == [], f"{name}, document {number} of seed {SEED}"


def test_documents_are_the_same_for_the_same_seed_only() -> None:
    assert list(corpus.documents(SEED, 90)) == list(corpus.documents(SEED, 90))
    assert list(corpus.documents(SEED, 90)) != list(corpus.documents(SEED + 1, 90))


def test_shapes_recur() -> None:
    tags = [tuple(re.findall(r"<[a-z]+", html)) for _, html in corpus.documents(SEED, 400, corpus.NAMES[:4])]
    assert len(set(tags)) < 200


def test_documents_of_each_template_are_drawn() -> None:
    for name in corpus.NAMES:
        generator = sides.generator(name, replay=True)
        htmls = (html for _, html in corpus.documents(SEED, 8, (name,)))
        assert any(sides.outcome(generator, html).content for html in htmls), f"{name}, seed {SEED}"


# The harness sees what is different


def made() -> bytes:
    content = sides.outcome(sides.generator("any", replay=False), HTML).content
    assert content is not None
    return content


def edited(content: bytes, edit: Callable[[pikepdf.Pdf], Any]) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        edit(pdf)
        pdf.save(out)
    return out.getvalue()


def in_stream(old: bytes, new: bytes) -> Callable[[pikepdf.Pdf], None]:
    def edit(pdf: pikepdf.Pdf) -> None:
        stream = pdf.pages[0].Contents
        before = stream.read_bytes()
        stream.write(re.sub(old, new, before, count=1))
        assert stream.read_bytes() != before

    return edit


def font(pdf: pikepdf.Pdf) -> Any:
    return next(font for _, font in pdf.pages[0].resources.Font.items() if "/ToUnicode" in font)


def links(pdf: pikepdf.Pdf) -> list[Any]:
    return list(pdf.pages[0].Annots)


def set_outline(pdf: pikepdf.Pdf) -> None:
    with pdf.open_outline() as outline:
        outline.root[0].title = "Other"


def link_to_first_page(pdf: pikepdf.Pdf) -> None:
    [note] = [note for note in links(pdf) if "/Dest" in note]
    note.Dest[0] = pdf.pages[0].obj


def shift(pdf: pikepdf.Pdf) -> None:
    box = links(pdf)[0].Rect
    links(pdf)[0].Rect = pikepdf.Array([box[0], box[1], box[2], float(box[3]) + 0.1])


def map_otherwise(pdf: pikepdf.Pdf) -> None:
    stream = font(pdf).ToUnicode
    stream.write(stream.read_bytes().replace(b"<0041>", b"<0042>").replace(b"<0065>", b"<0066>"))


MUTANTS: dict[str, tuple[Callable[[pikepdf.Pdf], Any], set[str]]] = {
    "nothing": (lambda pdf: None, set()),
    "a moved line": (in_stream(rb"BT 1 0 0 1 0 \S+", b"BT 1 0 0 1 0 3"), {"content streams", "looks"}),
    "a moved line, by a hair": (in_stream(rb"(BT 1 0 0 1) 0 ", rb"\1 .001 "), {"content streams"}),
    "a letter": (in_stream(rb"\) Tj", rb"\\001) Tj"), {"content streams", "text", "looks"}),
    "a color": (in_stream(rb"0 0 0 rg", b"1 0 0 rg"), {"content streams", "looks"}),
    "what a letter reads as": (map_otherwise, {"fonts", "text"}),
    "the name of a font": (lambda pdf: font(pdf).__setattr__("BaseFont", pikepdf.Name.Other), {"fonts"}),
    "a width": (lambda pdf: font(pdf).Widths.__setitem__(1, 1234), {"fonts"}),
    "an address": (lambda pdf: links(pdf)[0].A.__setattr__("URI", "https://evil.example"), {"annotations"}),
    "the place of a link": (shift, {"annotations"}),
    "a missing link": (lambda pdf: pdf.pages[0].__delattr__("Annots"), {"annotations"}),
    "where a link leads": (link_to_first_page, {"annotations"}),
    "an entry of the outline": (set_outline, {"outlines"}),
    "the title": (lambda pdf: pdf.docinfo.__setitem__("/Title", "Other"), {"information"}),
    "the author": (lambda pdf: pdf.docinfo.__setitem__("/Author", "Other"), {"information"}),
    "the subject": (lambda pdf: pdf.docinfo.__delitem__("/Subject"), {"information"}),
    "the language": (lambda pdf: pdf.Root.__setitem__("/Lang", "cs"), {"catalogue"}),
    "the size of a page": (lambda pdf: pdf.pages[1].MediaBox.__setitem__(3, 500), {"page sizes", "looks"}),
    "a missing page": (lambda pdf: pdf.pages.__delitem__(1), {"page sizes", "content streams", "looks"}),
    "page labels": (
        lambda pdf: pdf.Root.__setitem__("/PageLabels", pikepdf.Dictionary(Nums=[0, {"/S": pikepdf.Name.r}])),
        {"page labels"},
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_each_difference_is_seen(name: str) -> None:
    edit, expected = MUTANTS[name]
    one = sides.Outcome(content=made(), error=None, warnings=())
    other = dataclasses.replace(one, content=edited(one.content, edit))
    found = set(sides.differing(one, other, with_looks=True))
    assert found >= expected
    assert bool(found) == bool(expected)


def test_each_fact_is_seen_to_differ() -> None:
    seen = set().union({"other resources"}, *(expected for _, expected in MUTANTS.values()))
    assert seen >= {*facts.FACTS, "text", "looks"}


def test_another_picture_is_seen() -> None:
    htmls = [f"<img src='{corpus.Story(random.Random(1), random.Random(n)).matrix()}'>" for n in (1, 2)]
    both = [sides.outcome(sides.generator("any", replay=False), html) for html in htmls]
    assert set(sides.differing(*both, with_looks=True)) >= {"other resources", "looks"}


def test_other_errors_and_warnings_are_seen() -> None:
    one = sides.Outcome(content=None, error=("GenerationError", "x"), warnings=())
    for name, change in {"error": ("GenerationError", "y"), "warnings": ("WARNING",)}.items():
        assert sides.differing(one, dataclasses.replace(one, **{name: change})) == [name]
    drawn = sides.Outcome(content=made(), error=None, warnings=())
    assert sides.differing(one, drawn) == ["error"]


class Broken(sides.Given):
    """Draws the title of some other document."""

    def generate(self, request: AttachmentRequest) -> Document:
        content = super().generate(request).content
        changed = edited(content, lambda pdf: pdf.docinfo.__setitem__("/Title", "Mrs Somebody Else"))
        return Document(content=changed, media_type="application/pdf")


def broken(name: str, *, replay: bool, strict: bool = True) -> sides.Given:
    if not replay:
        return sides.generator(name, replay=False, strict=strict)
    return Broken(template=f"{name}.html", assets=sides.FONTS, strict=strict)


def test_a_broken_generator_is_reported(tmp_path: Path) -> None:
    names = ("library_notice", "gift_voucher")
    tallies = compare.run(SEED, 8, make=broken, names=names, keep=tmp_path)
    for tally in tallies.values():
        assert len(tally.differences) == tally.documents
        assert "information" in tally.differences[0]
    folders = sorted(tmp_path.iterdir())
    assert len(folders) == 8
    assert (folders[0] / "document.html").exists()
    assert (folders[0] / "differences.txt").exists()
