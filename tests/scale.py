"""How much of what is random the tests try: 1, or up to 20 for a long search."""

from __future__ import annotations

import os

SCALE = int(os.environ.get("ONDEMAND_ATTACH_TESTS_SCALE", "1"))
