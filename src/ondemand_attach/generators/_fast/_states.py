"""What a flowable was before its layout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class State:
    """The attributes of a flowable; lists are changed in place, and two names may share one."""

    thing: Any
    attributes: dict[str, Any]
    lists: dict[int, list[Any]]

    @classmethod
    def of(cls, thing: Any) -> State:
        attributes = dict(vars(thing))
        if "frags" in attributes:
            attributes["text"] = ""  # what is drawn is in the fragments
        lists = {id(value): _copied(value) for value in attributes.values() if type(value) in {list, set}}
        return cls(thing, attributes, lists)

    def restore(self) -> None:
        attributes = vars(self.thing)
        attributes.clear()
        attributes.update(self.attributes)
        if self.lists:
            fresh = {key: _copied(value) for key, value in self.lists.items()}
            for name, value in self.attributes.items():
                if id(value) in fresh:
                    attributes[name] = fresh[id(value)]


def _copied(value: Any) -> Any:
    if type(value) is list and value and all(type(row) is list for row in value):
        return [list(row) for row in value]
    return value.copy()
