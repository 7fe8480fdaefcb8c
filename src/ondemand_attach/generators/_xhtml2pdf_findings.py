"""What a render found out about its document. Never a value of the document itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from ondemand_attach.errors import GenerationError, ResourceBlockedError
from ondemand_attach.generators._xhtml2pdf_places import Places


@dataclass(slots=True)
class Findings:
    """Collected here, as xhtml2pdf goes on after most failures and swallows exceptions on the way.

    Args:
        blocked: resources that were refused or could not be used.
        losses: content that the reader would not see.
        advice: what the style sheet asked for in vain.
        places: finds things in the document.
    """

    blocked: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    advice: set[str] = field(default_factory=set)
    places: Places = field(default_factory=lambda: Places(""), compare=False, repr=False)

    def error(self) -> GenerationError | None:
        """Return the error to raise, if anything was lost."""
        if self.blocked:
            return ResourceBlockedError(self.blocked[0])
        if self.losses:
            return GenerationError("; ".join(dict.fromkeys(self.losses)))
        return None
