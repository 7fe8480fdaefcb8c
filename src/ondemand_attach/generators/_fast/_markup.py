"""Markup, cut into what makes its structure and what may differ between two documents of one shape."""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from typing import Final, NamedTuple

# No part of it can look at the rest of the markup again and again.
_TAG: Final = re.compile(
    r"(<!--.*?-->|<style\b.*?</style\s*>|<[/!?a-z](?:[^<>\"']|\"[^\"]*\"|'[^']*')*+>)",
    re.DOTALL | re.IGNORECASE,
)
_ENDLESS: Final = (("<!--", "-->"), ("<style", "</style"))
_OTHER_TEXT: Final = re.compile(
    r"<(?:xmp|noscript|iframe|noembed|noframes|template|textarea|script|plaintext)\b", re.IGNORECASE
)
_MAX_CHARACTERS: Final = 500_000
_HREF: Final = re.compile(r"(<a\s(?:[^>]*?\s)?href=\")([^\"#][^\"]*)(\".*)", re.DOTALL)
_BAD_REFERENCE: Final = re.compile(
    r"&(?!(?:[a-zA-Z][a-zA-Z0-9]*|#(?:3[2-9]|[4-9]\d|1[01]\d|16\d|17\d|1[89]\d|[2-9]\d\d));)"
)

# Scripts that are set from left to right, letter by letter.
SIMPLE: Final = re.compile(
    "[\t\n\r -~\xa0-\xac\xae-\u024f\u0370-\u0482\u048a-\u052f\u1e00-\u1fff"
    "\u2000-\u200a\u2010-\u2027\u202f-\u205f\u20a0-\u20c0\u2100-\u218f\u2190-\u22ff\u2500-\u25ff]*"
)


class Cut(NamedTuple):
    """A document in two parts.

    Args:
        shape: a digest of all that must be the same: tags, and which texts are blank.
        values: what may differ: texts and addresses of links, in document order, as plain text.
    """

    shape: bytes
    values: list[str]


def cut(markup: str) -> Cut | None:
    """Return *markup* in parts, or None if it holds what no shape covers."""
    if len(markup) > _MAX_CHARACTERS or _OTHER_TEXT.search(markup) or not _is_closed(markup):
        return None
    pieces = _TAG.split(markup)
    texts, tags = pieces[::2], pieces[1::2]
    found = "".join(texts)
    if "<" in found or _BAD_REFERENCE.search(found):
        return None
    links: list[str] = []
    tags = [_without_href(tag, links) if tag[1:3] == "a " else tag for tag in tags]
    values = [_plain(text) for text in (*texts, *links) if text and not text.isspace()]
    if not SIMPLE.fullmatch("".join(values)):
        return None
    kinds = [_kind(text) for text in texts]
    shape = "\0".join((*tags, *kinds)).encode("utf-8", "surrogatepass")
    return Cut(hashlib.blake2b(shape, digest_size=20).digest(), values)


def _is_closed(markup: str) -> bool:
    lower = markup.lower()
    return all(lower.rfind(start) <= lower.rfind(end) for start, end in _ENDLESS)


def _without_href(tag: str, links: list[str]) -> str:
    match = _HREF.fullmatch(tag)
    if match is None:
        return tag
    links.append(match[2])
    return f"{match[1]}{match[3]}"


def _plain(text: str) -> str:
    text = html.unescape(text) if "&" in text else text
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n"))


def _kind(text: str) -> str:
    """Say what the number of fragments depends on: blank or not, and the no-break spaces."""
    if not text or text.isspace():
        return text[:1] and " "
    spaces = text.count("\xa0") + text.count("&nbsp;") + text.count("&#160;")
    return f"x{spaces}"
