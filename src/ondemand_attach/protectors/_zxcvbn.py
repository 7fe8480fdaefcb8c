"""How many bits a guesser must search who has lists of passwords, names and words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ondemand_attach._extras import require

if TYPE_CHECKING:
    from collections.abc import Callable

    from zxcvbn_rs_py import Entropy


def library() -> Callable[..., Entropy]:
    """Return zxcvbn.

    Raises:
        MissingDependencyError: the extra is not installed.
    """
    return require("zxcvbn_rs_py", 'strength="zxcvbn" needs zxcvbn-rs-py', extra="strength").zxcvbn  # type: ignore[no-any-return]


_CHANCE: Final = 12.0


def estimated_bits(password: str, known: Sequence[str] = ()) -> float:
    """Estimate the bits of *password*, for somebody who tries the *known* words first.

    For a character that it knows nothing of, zxcvbn counts ten guesses. So it has found something only where
    it counts clearly fewer; in a random code it has not, however short, and infinity is returned.
    """
    bits = float(library()(password, list(known)).guesses_log10 * math.log2(10)) if password else 0.0
    return bits if not password or bits < len(password) * math.log2(10) - _CHANCE else math.inf
