"""Markup, cut into what makes its structure and what may differ between two documents of one shape."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from ondemand_attach.generators._fast._grammar import MisplacedError, Span, varying_rows

# No part of it can look at the rest of the markup again and again.
_TAG: Final = re.compile(
    r"(<!--.*?-->|<style\b.*?</style>|<[/!?a-z](?:[^<>\"']|\"[^\"]*\"|'[^']*')*+>)",
    re.DOTALL | re.IGNORECASE,
)
_ENDLESS: Final = (("<!--", "-->"), ("<style", "</style>"))
# What a parser cuts in another way, or reads as text.
_OTHERWISE_READ: Final = re.compile(
    r"<(?:canvas|listing|pre|xmp|noscript|iframe|noembed|noframes|template|textarea|script|plaintext)\b"
    r"|</style[^>]|<\?|</[^a-z]|<!(?!doctype)",
    re.IGNORECASE,
)
_BAD_COMMENT: Final = re.compile(r"<!--?-?>|--!>")
_MAX_CHARACTERS: Final = 500_000
_BAD_REFERENCE: Final = re.compile(
    r"&(?!(?:[a-zA-Z][a-zA-Z0-9]*|#(?:3[2-9]|[4-9]\d|1[01]\d|16\d|17\d|1[89]\d|[2-9]\d\d)"
    r"|#[xX](?:[2-6][\da-fA-F]|7[\da-eA-E]|[a-fA-F][\da-fA-F]|[1-9a-fA-F][\da-fA-F]{2}|[12][\da-fA-F]{3}));)"
)
_WHITE_SPACE: Final = " \t\n\r\f"  # in HTML
_NO_BREAK_SPACE: Final = "\xa0"
_MISREAD_SPACE: Final = "\xc2\xa0"  # xhtml2pdf takes it for a no-break space in UTF-8

_LINK: Final = re.compile(r"<a[\s/]", re.IGNORECASE)
_HREF: Final = re.compile(
    r"(<a(?:\s+[a-z-]+=\"[^\"<>]*\")*?\s+href=\")([^\"]*)(\"(?:\s+[a-z-]+=\"[^\"<>]*\")*\s*>)"
)
_ADDRESS: Final = re.compile(
    r"(?:https?://|mailto:|tel:)(?:[!#-%'-;=?-~]|&(?:amp|quot|#34|#39);|&(?=[A-Za-z][A-Za-z0-9]*=))+"
)
_PICTURE: Final = re.compile(
    r"(<img(?:\s+[a-z-]+=\"[^\"<>]*\")*?\s+src=\")(data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2})"
    r"(\"(?:\s+[a-z-]+=\"[^\"<>]*\")*\s*/?>)"
)
_SIZED: Final = re.compile(r"(?=.*\swidth=\"[1-9]\d*\")(?=.*\sheight=\"[1-9]\d*\")", re.DOTALL)
_REFERENCE: Final = re.compile("&(?:amp|quot|#34|#39);")

_BEFORE_ROWS: Final = ("<table", "<tbody", "<tfoot", "</thead", "</tbody", "</colgroup", "</caption")
_AFTER_ROWS: Final = ("</table", "</tbody", "</tfoot", "<tbody", "<tfoot")

_ROWS: Final = "\x01"  # stands for them; no piece of markup is just that

# Scripts that are set from left to right, letter by letter.
SIMPLE: Final = re.compile(
    "[\t\n\r -~\xa0-\xac\xae-\u024f\u0370-\u0482\u048a-\u052f\u1e00-\u1fff"
    "\u2000-\u200a\u2010-\u2027\u202f-\u205f\u20a0-\u20c0\u2100-\u218f\u2190-\u22ff\u2500-\u25ff]*"
)


class Row(NamedTuple):
    """A table row.

    Args:
        look: a digest of its tags, and of which texts are blank.
        texts: where its texts are in the values.
        links: where the addresses of its links are in the values.
    """

    look: bytes
    texts: range
    links: range


class Region(NamedTuple):
    """Rows that follow each other and hold no table.

    Args:
        rows: at least one.
        is_whole: whether no other row is beside them.
    """

    rows: Sequence[Row]
    is_whole: bool


class Anchor(NamedTuple):
    """A link.

    Args:
        link: where its address is in the values.
        texts: where the texts in it are.
    """

    link: int
    texts: range


class Picture(NamedTuple):
    """An image that is in the markup itself.

    Args:
        number: where its address is in the values.
        is_sized: whether its tag says how wide and high it is.
    """

    number: int
    is_sized: bool


class Cut(NamedTuple):
    """A document in parts.

    Args:
        shape: a digest of what must be the same: tags, and which texts are blank, outside of the regions.
        exact: the same of the whole document.
        values: what may differ: first the texts, then the addresses of links, then those of images that are
            in the markup itself, each in document order, as plain text.
        texts: how many of them are texts.
        regions: table rows, of which there may be others in another document.
        anchors: the links that have an address among the values.
        pictures: the images that have.
    """

    shape: bytes
    exact: bytes
    values: list[str]
    texts: int
    regions: Sequence[Region]
    anchors: Sequence[Anchor]
    pictures: Sequence[Picture]


class _Pieces(NamedTuple):
    tags: list[str]
    kinds: list[str]
    values: list[str]
    texts: int
    links: Sequence[int]  # which tags have an address among the values
    pictures: Sequence[int]


def cut(markup: str) -> Cut | None:
    """Return *markup* in parts, or None if it holds what no shape covers."""
    if len(markup) > _MAX_CHARACTERS or not _is_closed(markup):
        return None
    split = _TAG.split(markup)
    texts = "".join(split[::2])
    if "<" in texts or _BAD_REFERENCE.search(texts) or _is_read_otherwise(split[1::2]):
        return None
    pieces = _pieces([_plain(text) for text in split[::2]], split[1::2])
    values = "".join(pieces.values)
    if _MISREAD_SPACE in values or not SIMPLE.fullmatch(values):
        return None
    try:
        return _parts(pieces)
    except MisplacedError:
        return None


def _pieces(texts: Sequence[str], tags: list[str]) -> _Pieces:
    links, pictures = _addresses(tags), _pictures(tags)
    for place, match in (*links.items(), *pictures.items()):
        tags[place] = f"{match[1]}{match[3]}"
    kinds = [_kind(text) for text in texts]
    values = [text for text, kind in zip(texts, kinds, strict=True) if kind[:1] == "x"]
    addresses = [_plain_address(match[2]) for match in links.values()]
    addresses += [match[2] for match in pictures.values()]
    return _Pieces(tags, kinds, values + addresses, len(values), list(links), list(pictures))


def _parts(pieces: _Pieces) -> Cut:
    tags, kinds, values, count, links, pictures = pieces
    places = _Places(kinds, len(tags), links, count)
    spans = varying_rows(tags, kinds)
    exact = _digest(tags, kinds)
    return Cut(
        shape=_digest(_outside(tags, spans, 0), _outside(kinds, spans, 1)) if spans else exact,
        exact=exact,
        values=values,
        texts=count,
        regions=[_region(tags, kinds, places, span) for span in spans],
        anchors=[places.anchor(tags, number, place) for number, place in enumerate(links, count)],
        pictures=[
            Picture(number, is_sized=_SIZED.match(tags[place]) is not None)
            for number, place in enumerate(pictures, count + len(links))
        ],
    )


def _region(tags: Sequence[str], kinds: Sequence[str], places: _Places, span: Span) -> Region:
    before, after = tags[span[0][0] - 1].lower(), tags[span[-1][1] + 1].lower()
    rows = [
        Row(_digest(tags[a : b + 1], kinds[a + 1 : b + 1]), places.texts(a, b), places.links(a, b))
        for a, b in span
    ]
    return Region(rows, before.startswith(_BEFORE_ROWS) and after.startswith(_AFTER_ROWS))


class _Places:
    """Says where in the values the texts and links between two tags are."""

    def __init__(self, kinds: Sequence[str], tags: int, links: Sequence[int], count: int) -> None:
        self._texts = list(accumulate((kind[:1] == "x" for kind in kinds), initial=0))
        has_link = [False] * tags
        for place in links:
            has_link[place] = True
        self._links = list(accumulate(has_link, initial=count))

    def texts(self, start: int, end: int) -> range:
        return range(self._texts[start + 1], self._texts[end + 1])

    def links(self, start: int, end: int) -> range:
        return range(self._links[start], self._links[end + 1])

    def anchor(self, tags: Sequence[str], number: int, place: int) -> Anchor:
        ends = (at for at in range(place + 1, len(tags)) if tags[at].lower().startswith(("</a", "<a")))
        return Anchor(number, self.texts(place, next(ends, place)))


def _outside(pieces: Sequence[str], spans: Iterable[Span], shift: int) -> list[str]:
    parts: list[str] = []
    before = 0
    for span in spans:
        parts += pieces[before : span[0][0] + shift]
        parts.append(_ROWS)
        before = span[-1][1] + 1
    return [*parts, *pieces[before:]]


def _digest(tags: Sequence[str], kinds: Sequence[str]) -> bytes:
    shape = "\0".join((*tags, *kinds)).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(shape, digest_size=20).digest()


def _is_read_otherwise(tags: Sequence[str]) -> bool:
    comments = [tag for tag in tags if tag.startswith("<!--")]
    others = [tag for tag in tags if not tag.startswith("<!--")] if comments else tags
    return bool(_OTHERWISE_READ.search("".join(others)) or _BAD_COMMENT.search("".join(comments)))


def _is_closed(markup: str) -> bool:
    lower = markup.lower()
    return all(lower.rfind(start) <= lower.rfind(end) for start, end in _ENDLESS)


def _addresses(tags: Sequence[str]) -> Mapping[int, re.Match[str]]:
    """Return where addresses of links may differ: everywhere, or nowhere if one of them is not plain."""
    found = {}
    for place, tag in enumerate(tags):
        if not _LINK.match(tag):
            continue
        match = _HREF.fullmatch(tag)
        if match and _ADDRESS.fullmatch(match[2]):
            found[place] = match
        elif not (match and match[2].startswith("#")) and "href" in tag.lower():
            return {}
    return found


def _pictures(tags: Sequence[str]) -> Mapping[int, re.Match[str]]:
    found = ((place, _PICTURE.fullmatch(tag)) for place, tag in enumerate(tags) if tag.startswith("<img"))
    return {place: match for place, match in found if match}


def _plain(text: str) -> str:
    if text.isascii() and "&" not in text and "\r" not in text:
        return text
    return (html.unescape(text) if "&" in text else text).replace("\r\n", "\n")


def _plain_address(address: str) -> str:
    return _REFERENCE.sub(lambda found: html.unescape(found[0]), address)


def _kind(text: str) -> str:
    """Say what the number of fragments depends on: blank or not, and the no-break spaces."""
    if not text.strip(_WHITE_SPACE):
        return text[:1] and " "
    if text.isascii() and not text.isspace():
        return "x0"
    return text if text.isspace() else f"x{text.count(_NO_BREAK_SPACE)}"
