"""How many bits a guesser must search who has lists of passwords, names and words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

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


def estimated_bits(password: str, known: Sequence[str] = ()) -> float:
    """Estimate the bits of *password*, for somebody who tries the *known* words first."""
    return float(library()(password, list(known)).guesses_log10 * math.log2(10)) if password else 0.0
