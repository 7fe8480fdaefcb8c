"""The first messages after start, in an interpreter of its own for each side."""

from __future__ import annotations

import importlib
import itertools
import json
import logging
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import traffic

MODULES = {"library": "library", "by hand": "by_hand"}


def first_messages(side: str, arguments: dict[str, Any]) -> list[float]:
    """Return the CPU seconds of each of the first messages of *side*; the first with start and imports."""
    command = [sys.executable, "-W", "ignore", __file__, side, json.dumps(arguments)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [float(seconds) for seconds in json.loads(printed)]


def _first(side: str, arguments: dict[str, Any]) -> list[float]:
    run, moments = _sender(side, arguments), [0.0]
    for event in traffic.varied(arguments["seed"], arguments["messages"]):
        run(event)
        moments.append(time.process_time())
    return [after - before for before, after in itertools.pairwise(moments)]


def _sender(side: str, arguments: dict[str, Any]) -> Any:
    module = importlib.import_module(MODULES[side])
    pkcs12, port = Path(arguments["pkcs12"]), arguments["port"]
    if side == "library":
        return module.Library(pkcs12, port).run
    fonts = {weight: Path(file) for weight, file in arguments["fonts"].items()}
    return module.ByHand(pkcs12, port, fonts).run


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    print(json.dumps(_first(sys.argv[1], json.loads(sys.argv[2]))))
