"""What a render process is told to do: it imports this module by its name."""

from __future__ import annotations

import gc
import importlib
import json

from ondemand_attach import AttachmentRequest, Document
from state import features, memory

SEED = "in a pool"
CUSTOMERS = 2


def look(request: AttachmentRequest) -> Document:
    """Search the process that this runs in."""
    gc.unfreeze()  # the nursery froze what all processes share; some of it has changed since
    people = [features.customer(number, SEED) for number in range(CUSTOMERS)]
    search = memory.Search([trace for who in people for trace in (*who.traces, who.address)])
    del people
    number, found = memory.findings(search)
    return Document(
        content=json.dumps({"looked at": number, "found": found}).encode(), media_type="application/json"
    )


def load() -> None:
    """Import what the messages use; openpyxl reads a file of the system meanwhile."""
    importlib.import_module("openpyxl")


def remember(request: AttachmentRequest) -> Document:
    memory.LONG_LIVED.append(request.context["number"])
    return Document(content=b"x", media_type="text/plain")
