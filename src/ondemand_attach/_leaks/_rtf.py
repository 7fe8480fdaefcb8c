"""The text of a document in RTF, without what says how it looks."""

from __future__ import annotations

import codecs
import re

MARK = b"{\\rtf"
_CODE_PAGE = re.compile(rb"\\ansicpg([0-9]{3,5})")
_SIGN = re.compile(
    r"(?P<octets>(?:\\'[0-9A-Fa-f]{2})+)"
    r"|\\u(?P<unit>-?[0-9]{1,5}) ?(?:\\'[0-9A-Fa-f]{2}|\?)?"  # the second is for readers that know no Unicode
    r"|\\(?P<word>[A-Za-z]+)-?[0-9]{0,10} ?"
    r"|\\(?P<sign>[^A-Za-z\r\n])"
    r"|[{}\r\n]"
)
_BREAKS = frozenset({"par", "line", "tab", "cell", "row", "sect", "page", "emspace", "enspace"})
_SIGNS = {"~": " ", "-": "", "_": "-", "*": ""}


def text_of_rtf(content: bytes) -> bytes:
    """Return the text of *content* in UTF-8."""
    found = _CODE_PAGE.search(content[:4096])
    charset = _known(f"cp{found[1].decode()}" if found else "cp1252")

    def read(match: re.Match[str]) -> str:
        if match["octets"]:
            return bytes.fromhex(match["octets"].replace("\\'", "")).decode(charset, "replace")
        if match["unit"]:
            return chr(int(match["unit"]) % 0x10000)
        if match["sign"]:
            return _SIGNS.get(match["sign"], match["sign"])
        return " " if match["word"] in _BREAKS else ""

    text = _SIGN.sub(read, content.decode(charset, "replace"))
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _known(charset: str) -> str:
    try:
        return codecs.lookup(charset).name
    except LookupError:
        return "cp1252"
