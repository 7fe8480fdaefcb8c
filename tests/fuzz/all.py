"""All that reads bytes of strangers."""

from __future__ import annotations

import pathlib
import sys

if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from fuzz import protecting, reading, servers, writing
from fuzz.runner import main

TARGETS = (*reading.TARGETS, *protecting.TARGETS, *servers.TARGETS, *writing.TARGETS)

if __name__ == "__main__":
    main(TARGETS)
