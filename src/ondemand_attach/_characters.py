"""Characters that end a line or deceive its reader, as regular expressions for one of them."""

from __future__ import annotations

import re
from typing import Final

_BREAKING: Final = r"\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
_BIDIRECTIONAL: Final = r"\u202a-\u202e\u2066-\u2069"
# In amounts and dates of Hebrew, Arabic and Persian (CLDR). They turn no letters around, so deceive nobody.
_MARKS: Final = r"\u061c\u200e\u200f"
_INVISIBLE: Final = (
    r"\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f"
    r"\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff"
)

UNSAFE: Final = re.compile(f"[{_BREAKING}{_BIDIRECTIONAL}]")
"""C0, DEL, C1, line and paragraph separator, lone surrogate, or embedding, override or isolate (UAX #9)."""

UNSAFE_OR_INVISIBLE: Final = re.compile(f"[{_BREAKING}{_BIDIRECTIONAL}{_MARKS}{_INVISIBLE}]")
"""The same, a bidirectional mark, or a character without a width: Default_Ignorable_Code_Point (UAX #44)."""
