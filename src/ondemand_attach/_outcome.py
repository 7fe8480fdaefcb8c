"""What became of those whom a message is for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ondemand_attach._addresses import ByAddress
from ondemand_attach._message import Envelope, Receipt, Refusal
from ondemand_attach.errors import RecipientsRefusedError, TransportError

_ENHANCED_CODE: Final = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")  # RFC 3463 section 2


def refusal_of_all(
    envelope: Envelope, refused: Mapping[str, Any], *, by: str
) -> RecipientsRefusedError | None:
    """Return an error if all are *refused* whom the message is for, whatever became of copies.

    Args:
        envelope: who they are.
        refused: the addr-specs that were, with a `Refusal` for each.
        by: who refused them.
    """
    primary = [one.addr_spec for one in envelope.primary]
    if not all(spec in refused for spec in primary):
        return None
    reasons = [reason for spec in primary if (reason := _reason(refused[spec])) is not None]
    whom = "everyone for whom the message is" if envelope.copies else "every recipient"
    is_temporary = any(400 <= reason.code < 500 for reason in reasons)
    todo = "send again later" if is_temporary else _advice(reasons)
    answer = f"the first with {reasons[0]}" if reasons else "without a reply code"
    return RecipientsRefusedError(
        f"{by} refused {whom}, {answer}: {todo}",
        is_temporary=is_temporary,
        code=reasons[0].code if reasons else None,
        enhanced_code=reasons[0].enhanced_code if reasons else None,
        accepted=(one.addr_spec for one in envelope.recipients if one.addr_spec not in refused),
        refused=ByAddress(refused),
    )


def _advice(reasons: list[Refusal]) -> str:
    """Say what to do about refusals that stay; those of subject 7 are of policy (RFC 3463 section 3.8)."""
    if reasons and all(one.code == 530 or (one.enhanced_code or "").startswith("5.7.") for one in reasons):
        return (
            "it does not relay for this machine or login, or blocks one of them; log in, by a user in "
            "the URL and password=, or ask who runs it"
        )
    return "to send again will not help; the error's refused says whom"


def _reason(given: Any) -> Refusal | None:
    """Return the codes alone of what a transport of the application may have made up: errors show them."""
    code, enhanced = getattr(given, "code", None), getattr(given, "enhanced_code", None)
    if type(code) is not int:
        return None
    is_code = isinstance(enhanced, str) and _ENHANCED_CODE.fullmatch(enhanced)
    return Refusal(code=code, enhanced_code=enhanced if is_code else None)


def check_outcome(envelope: Envelope, receipt: Receipt) -> None:
    """Refuse a *receipt*, of any transport, by which nobody was accepted whom the message is for.

    One that names none of them is believed if it names only copies as refused, or others as accepted: some
    transports say only who was refused, and some send everything to an address of their own.

    Raises:
        RecipientsRefusedError: all of them were refused.
        TransportError: copies were accepted or others refused, and it does not say what became of them; or it
            does not name the message. It is uncertain.
    """
    if not isinstance(receipt.message_id, str):
        kind = type(receipt.message_id).__name__
        raise TransportError(
            f"the message_id in the receipt of the transport is a {kind}; the message may be sent",
            is_uncertain=True,
        )
    named = set(_known(envelope, receipt.accepted))
    accepted = tuple(one.addr_spec for one in envelope.recipients if one.addr_spec in named)
    if any(one.addr_spec in named for one in envelope.primary):
        return
    refused = dict(zip(_known(envelope, receipt.refused), receipt.refused.values(), strict=True))
    failure = refusal_of_all(envelope, refused, by="the far side of the transport")
    if failure is not None:
        failure.accepted = accepted
        raise failure
    is_of_others = not refused.keys() <= {one.addr_spec for one in envelope.recipients}
    if accepted or is_of_others:
        raise TransportError(
            "the receipt of the transport does not say what became of those for whom the message is, only of "
            "others; it takes addr-specs as the envelope has them",
            is_uncertain=True,
            accepted=accepted,
            refused=ByAddress(refused),
        )


def _known(envelope: Envelope, spelt: Iterable[str]) -> list[str]:
    """Return the addr-specs as the envelope has them: domains may be given in A-labels or in other case."""
    forms = [
        (form, one.addr_spec) for one in envelope.recipients for form in (one.ascii_addr_spec, one.addr_spec)
    ]
    loosely = {form.casefold(): spec for form, spec in forms}
    exactly = dict(forms)
    return [exactly.get(form) or loosely.get(form.casefold(), form) for form in map(str, spelt)]
