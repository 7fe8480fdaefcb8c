"""Why a template could not be rendered, in words that quote the template and never the data."""

from __future__ import annotations

import difflib
import traceback
from collections.abc import Iterable, Mapping
from types import FrameType
from typing import Any, Final

import jinja2

from ondemand_attach._confidential import FIELD_NAME
from ondemand_attach._given import kind
from ondemand_attach._origins import told
from ondemand_attach.templates import _sandbox

_LONGEST: Final = 80
_KNOWN: Final = "; name those of the application in filters="
ABSENT: Final = "not found in any of the template folders; templates= of the builder names them"


def explained(error: Exception) -> str:
    """Say what is wrong and, where it can be told, what was meant."""
    if isinstance(error, jinja2.UndefinedError):
        return _explained_missing(error)
    if isinstance(error, jinja2.exceptions.SecurityError):
        return _explained_refusal(error)
    if isinstance(error, jinja2.TemplateNotFound | jinja2.TemplatesNotFound):
        return _explained_absence(error)
    return f"{_failed(error)}{told(error)}"


def _failed(error: Exception) -> str:
    """Name the filter or test that failed: one that is written in C leaves no trace of its own."""
    for frame, _ in reversed(list(traceback.walk_tb(error.__traceback__))):
        if frame.f_code in _sandbox.GUARDED:
            return f"the filter or test {getattr(frame.f_locals['function'], '__name__', '')} failed: "
    return "what this line computes failed: "


def syntax(error: jinja2.TemplateSyntaxError) -> str:
    """Say what Jinja2 says of a template that it cannot parse."""
    said = (error.message or "it cannot be parsed").rstrip(".").replace("unexpected", "misplaced")
    return f"syntax error: {said}{_KNOWN if said.startswith('No ') else '; mend the template there'}"


def _explained_missing(error: Exception) -> str:
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    name, owner = _missing(error, frames)
    # Only a name that stands in the template itself is safe to repeat, not one that came from the data.
    if not (isinstance(name, str | int) and _is_written(name, frames)):
        return "a name that is not in the context is used; it is made of the data, as in a[b]"
    if isinstance(name, int):
        return f"there is no element {name} of what is asked for it; look at its length before"
    if owner is None:
        return f"{name!r} is asked of None; give a default, or ask for it inside of  if"
    if isinstance(owner, Mapping):
        return f"{name!r} is not in the context{_meant(name, owner)}"
    return f"{name!r} is asked of {kind(owner)}, which has nothing of that name"


def _missing(error: Exception, frames: list[FrameType]) -> tuple[Any, Any]:
    """Return the name that is missing, and that in which it was looked for."""
    undefined = frames[-1].f_locals.get("self") if frames else None
    if not isinstance(undefined, jinja2.Undefined):
        return str(error), {}
    owner = undefined._undefined_obj  # noqa: SLF001 - Jinja2 tells it to nobody
    if owner is jinja2.utils.missing:
        contexts = [frame.f_locals["context"] for frame in frames if "context" in frame.f_locals]
        owner = contexts[-1].get_all() if contexts else {}
    return undefined._undefined_name, owner  # noqa: SLF001


def _is_written(name: object, frames: Iterable[FrameType]) -> bool:
    return any(name in frame.f_code.co_consts for frame in frames if "__jinja_template__" in frame.f_globals)


def _meant(name: str, owner: Mapping[Any, Any]) -> str:
    """Suggest a name that is like *name*. What is no name of a field may be data, and is not said."""
    known = [key for key in owner if isinstance(key, str) and FIELD_NAME.fullmatch(key)]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
    return f"; did you mean {near[0]!r}?" if near else ""


def _explained_refusal(error: Exception) -> str:
    name = str(error)  # of an attribute; what else the sandbox says may quote a value
    what = f"the attribute {name!r}" if _is_in_code(name, error) else "an unsafe operation"
    return f"the sandbox refuses {what}; prepare the value in the application, or in a filter"


def _is_in_code(name: str, error: Exception) -> bool:
    return _is_written(name, (frame for frame, _ in traceback.walk_tb(error.__traceback__)))


def _explained_absence(error: Exception) -> str:
    name = str(getattr(error, "name", ""))
    is_safe = _is_in_code(name, error) and len(name) <= _LONGEST
    what = f"the template {name!r}" if is_safe else "a template"
    return f"{what}, which it includes, is in none of the folders; name its folder in templates="
