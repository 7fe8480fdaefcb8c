"""What a flowable was before its layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class State:
    """The attributes of a flowable; lists are changed in place, and two names may share one."""

    thing: Any
    attributes: dict[str, Any]
    lists: Sequence[tuple[list[str], Any]]

    @classmethod
    def of(cls, thing: Any) -> State:
        attributes = dict(vars(thing))
        if "frags" in attributes:
            attributes["text"] = ""  # what is drawn is in the fragments
        names: dict[int, list[str]] = {}
        for name, value in attributes.items():
            if type(value) in {list, set}:
                names.setdefault(id(value), []).append(name)
        return cls(thing, attributes, [(same, _copied(attributes[same[0]])) for same in names.values()])

    def restore(self) -> None:
        attributes = vars(self.thing)
        attributes.clear()
        attributes.update(self.attributes)
        for names, value in self.lists:
            attributes.update(dict.fromkeys(names, _copied(value)))


def _copied(value: Any) -> Any:
    if type(value) is list and value and all(type(row) is list for row in value):
        return [list(row) for row in value]
    return value.copy()
