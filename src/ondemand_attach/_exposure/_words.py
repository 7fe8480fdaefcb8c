"""Character sets and encoded-words, as strangers write them."""

from __future__ import annotations

import binascii
import codecs
import itertools
import re
from typing import Final

_CHARSET: Final = re.compile(r"(?!.*(?:punycode|idna))[a-z0-9][-\w.:]{0,39}", re.ASCII | re.IGNORECASE)
"""Character sets of mail; those of domain names take time with the square of a text."""
_BASE64: Final = r"[bB]\?((?:[A-Za-z0-9+/]{4})*+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?+)"
_QUOTED: Final = r"[qQ]\?((?:[!-<>@-~]|=[0-9A-Fa-f]{2})*+)"
_WORD: Final = re.compile(rf"=\?([\w.:-]{{1,40}})\?(?:{_BASE64}|{_QUOTED})\?=\s*+", re.ASCII)
_WORDS: Final = re.compile(rf"(?:{_WORD.pattern})++", re.ASCII)


def decoded(octets: bytes, charset: str) -> str:
    """Return the text of *octets*, in UTF-8 if their *charset* is none."""
    try:
        return octets.decode(charset if _CHARSET.fullmatch(charset) else "utf-8", "replace")
    except (LookupError, ValueError):
        return octets.decode("utf-8", "replace")


def readable(name: str) -> str:
    """Return *name* with its encoded-words decoded, as mail programs do (RFC 2047 section 5 notwithstanding).

    A word that says anything besides, in what no decoder reads, is left as it is.
    """
    return _WORDS.sub(_text, name) if "=?" in name else name


def _text(run: re.Match[str]) -> str:
    words = _WORD.findall(run[0])
    if not all(_is_known(charset) for charset, _, _ in words):
        return run[0]
    grouped = itertools.groupby(words, key=lambda word: word[0].lower())  # a character may go over two words
    return "".join(decoded(b"".join(map(_octets, group)), charset) for charset, group in grouped)


def _is_known(charset: str) -> bool:
    try:
        codecs.lookup(charset)
    except (LookupError, ValueError):
        return False
    return True


def _octets(word: tuple[str, str, str]) -> bytes:
    _, base64, quoted = word
    return binascii.a2b_base64(base64) if base64 else binascii.a2b_qp(quoted, header=True)
