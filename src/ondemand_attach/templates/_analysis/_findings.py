"""Where the analysis is, and what it has found."""

from __future__ import annotations

from collections.abc import Callable

from ondemand_attach._confidential import Finding


class Findings:
    """Collects findings in the template that is being read."""

    def __init__(self) -> None:
        self.template = ""
        self._found: dict[Finding, bool] = {}
        self._active: set[tuple[object, object]] = set()

    def inside(self, template: str, owner: object, state: object, work: Callable[[], object]) -> None:
        """Do *work* in *template*, unless *owner* is at it already in the same *state*.

        A recursion that is in the state of the call around it finds nothing new.
        """
        if (owner, state) in self._active:
            return
        self._active.add((owner, state))
        outer, self.template = self.template, template
        work()
        self.template = outer
        self._active.discard((owner, state))

    def is_inside(self, owner: object) -> bool:
        """Whether *owner* is at work, in any state."""
        return any(active is owner for active, _ in self._active)

    def touch(self, line: int, path: str, *, is_guard: bool) -> None:
        """Report a use of the confidential *path*, for all of which one guard stands, or several."""
        self._found[Finding(template=self.template, line=line, path=path)] = is_guard

    def obstacle(self, line: int, reason: str) -> None:
        """Report a place that cannot be analysed."""
        self._found[Finding(template=self.template, line=line, path="", reason=reason)] = False

    def ordered(self) -> list[Finding]:
        """Return the findings by template, line and path.

        A guard on the way to what is named in the same line is left out: ``customer`` beside
        ``customer.name``. A record that is not one guard is more than what is named beside it.
        """
        telling = (
            finding
            for finding, is_guard in self._found.items()
            if not (is_guard and any(_is_on_the_way(finding, other) for other in self._found))
        )
        return sorted(telling, key=lambda finding: (finding.template, finding.line, finding.path))


def _is_on_the_way(finding: Finding, other: Finding) -> bool:
    is_beside = (finding.template, finding.line) == (other.template, other.line)
    return is_beside and other.path.startswith(f"{finding.path}.")
