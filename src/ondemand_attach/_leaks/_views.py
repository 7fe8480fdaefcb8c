"""The views of a text: each way in which it may be read, one encoding inside of another."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ondemand_attach._leaks._decoding import from_style_sheet, unescaped, unquoted
from ondemand_attach._leaks._guessing import base64_tokens, readable_tokens, unaligned_base64

DEPTH = 4

_BLOCK_TAG = re.compile(
    r"</?(?:\w+:)?(?:address|article|blockquote|body|br|c|caption|center|cr|dd|div|dl|dt|fieldset|figure|footer"
    r"|form|h[1-6]|head|header|hr|html|li|link|main|meta|nav|ol|option|p|pre|row|section|select|si|style|tab"
    r"|table|tbody|td|tfoot|th|thead|title|tr|ul|v)\b[^<>]*>",
    re.IGNORECASE,
)
_TAG = re.compile(r"<!--[^<>]*-->|<!\[CDATA\[|\]\]>|<[^<>]*>")


def views(text: str) -> Iterator[str | bytes]:
    """Yield *text* as it may be read: as it is, without tags, decoded; bytes if that was a guess."""
    seen, known = {text}, set[bytes]()
    level = [text]
    for _ in range(DEPTH):
        decoded: list[str] = []
        for view in level:
            yield view
            if "<" in view:
                yield _TAG.sub("", _BLOCK_TAG.sub(" ", view))
            tokens = [token for token in base64_tokens(view) if token not in known]
            decoded += (unescaped(view), unquoted(view), from_style_sheet(view))
            if tokens:
                known.update(tokens)
                yield unaligned_base64(tokens)
                decoded.append(readable_tokens(tokens))
        level = [view for view in dict.fromkeys(decoded) if view and view not in seen]
        seen.update(level)
