"""``ondemand-attach verify``: whether a file is what a receipt says was sent."""

from __future__ import annotations

import argparse
import pathlib
import re
from typing import Final

from ondemand_attach import _exposure
from ondemand_attach._commands._files import content_of, say
from ondemand_attach._receipt import PartReceipt, Receipt, digest
from ondemand_attach.errors import MessageError

_FIELD: Final = re.compile(rb"([!-9;-~]++):[^\r\n]*+\r\n(?:[ \t]++[^\s][^\r\n]*+\r\n)*+")
_ENVELOPE: Final = re.compile(rb"\A>?From [^\r\n]*+\r?\n")  # in front of each message of an mbox (RFC 4155)
_BLANK: Final = re.compile(rb"(?<=\n)\r?\n\Z")  # behind each
_ID: Final = re.compile(rb"^message-id:[ \t]*+(<[^<>\s]{1,998}>)", re.IGNORECASE | re.MULTILINE)
_LONGEST_FRONT: Final = 1 << 20
_MOST_FIELDS: Final = 1_000
_LONGEST_RECEIPT: Final = 1 << 21
_BARE_LF: Final = re.compile(rb"(?<!\r)\n")
_TRACE: Final = re.compile(
    r"received|(?:old-)?return-path|delivered-to|envelope-to|delivery-date|dkim-signature|domainkey-signature"
    r"|authentication-results(?:-original)?|received-spf|arc-[a-z-]+|(?:dkim|dmarc|openarc)-filter"
    r"|status|lines|content-length|x-(?:status|keywords|account-key|evolution(?:-source)?)"
    r"|x-(?:received|original-to|delivered-to|envelope-(?:from|to)|originating-ip|mailfrom|rcptto|uidl?|sieve)"
    r"|x-(?:apparently-to|authentication-warning|fetchmail-warning|forwarded-encrypted|rcpt-to|return-path)"
    r"|x-(?:amavis|antivirus|apple|asg|barracuda|bogosity|clamav|cloudmark|cmae|crm114|dspam"
    r"|eop[a-z]+|eset[a-z]*|exim|expurgate|fe|forefront|getmail|gm|gmx|google|greylist|halon|ham|hmailserver"
    r"|incoming[a-z]+|ironport|kaspersky|kse|ld|mailscanner|me|microsoft|mimecast|mozilla|mras|ms|nai|ovh|pm|pobox"
    r"|policyd|proofpoint|provags|purgate|qq|quarantine|rspamd|scanned|ses|sid|sophos|spam|spamd|spamexperts"
    r"|tm|trend[a-z]*|tuid|ui|vade|virus|vr|yahoo[a-z]*|yandex|ymail|zoho)(?:-[a-z0-9-]+)?"
)
"""What servers put in front (RFC 5321 section 4.4, RFC 6376, RFC 8601, RFC 7208, RFC 8617; and under names of
their own). No mail program shows any of it as the sender's."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the options of the command."""
    parser.add_argument("receipt", type=pathlib.Path, metavar="RECEIPT", help="the JSON of a receipt")
    parser.add_argument(
        "file", type=pathlib.Path, metavar="FILE", help="the message (.eml), or one of its attachments"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print what matches.

    Returns:
        0 if the file is the message or a document of it; 1 if not; 3 if the receipt cannot tell.
    """
    receipt, content = _receipt(arguments.receipt), content_of(arguments.file)
    message = _out_of_mbox(content)
    whole, documents = _whole(receipt, message), _documents(receipt, content)
    found = [whole, *documents] if whole else documents
    inside = _inside(receipt, message) if whole or not found else []
    is_hidden = not found and _is_of_what_is_hidden(receipt, message)
    if not found:
        say(f"{arguments.file} {_not_found(receipt, message, is_hidden=is_hidden)}")
        say(*(f"it differs: {difference}" for difference in _differences(receipt, message)))
    say(*found, *(f"in it: {line}" for line in inside))
    if found:
        say(_circumstances(receipt))
    return 0 if found else 3 if is_hidden else 1


def _out_of_mbox(content: bytes) -> bytes:
    """Return the only message of an mbox, or *content* if it is none."""
    message = _ENVELOPE.sub(b"", content, count=1)
    return _BLANK.sub(b"", message) if len(message) < len(content) else content


def _receipt(path: pathlib.Path) -> Receipt:
    try:
        return Receipt.from_json(content_of(path, _LONGEST_RECEIPT))
    except MessageError as error:
        raise MessageError(f"{path}: {error}") from None


def _is_of_what_is_hidden(receipt: Receipt, content: bytes) -> bool:
    """Whether *content* may be the message, or a document of it, of which the receipt has no hash."""
    if _exposure.is_message(content):
        return receipt.sha256 is None and receipt.size is not None and _id_of(content) == receipt.message_id
    return any(part.sha256 is None for part in receipt.parts)


def _id_of(content: bytes) -> str | None:
    found = _ID.search(content)
    return found[1].decode("ascii", "replace") if found else None


def _not_found(receipt: Receipt, content: bytes, *, is_hidden: bool) -> str:
    if is_hidden:
        return (
            "may have been sent, or not: without hash_plain=True the receipt holds no hash of what is "
            "neither encrypted nor signed by itself"
            + ("; verify the message as it was sent" if receipt.sha256 else "")
        )
    message_id = (_id_of(content) if _exposure.is_message(content) else None) or receipt.message_id
    if message_id != receipt.message_id:
        return f"is message {message_id}; the receipt is of {receipt.message_id}"
    return "is not what the receipt says was sent"


def _whole(receipt: Receipt, content: bytes) -> str | None:
    """Say that *content* ends with the message, after nothing but trace fields."""
    if not receipt.sha256 or not receipt.size:
        return None
    for text in (content, _BARE_LF.sub(b"\r\n", content)):  # some servers store messages with bare LF
        start = len(text) - receipt.size
        if 0 <= start <= _LONGEST_FRONT and digest(memoryview(text)[start:]) == receipt.sha256:
            added = _names(text[:start])
            if added is not None and all(map(_TRACE.fullmatch, added)):
                unique = ", ".join(dict.fromkeys(added))
                return "whole message" + (f"; put in front on the way: {unique}" if added else "")
    return None


def _differences(receipt: Receipt, content: bytes) -> list[str]:
    """Say what differs between a message and that of the receipt, as far as hashes and sizes tell."""
    if added := _added_in_front(receipt, content):
        return [f"in front of the message stands what no server adds: {added}"]
    if not _exposure.is_message(content) or _id_of(content) != receipt.message_id:
        return []
    found = {digest(part.content) for part in _exposure.parts_of(content)[1:]}
    hashed = [part for part in receipt.parts if part.sha256]
    changed = [part.part for part in hashed if part.sha256 not in found]
    if changed:
        return [f"{', '.join(changed)}, which was changed or taken out"]
    return [
        "its header fields or bodies"
        + ("; all that the receipt has a hash of is as it was" if hashed else "")
    ]


def _added_in_front(receipt: Receipt, content: bytes) -> str | None:
    """Name what stands in front of the message, if that is in it from there to its end."""
    start = len(content) - (receipt.size or 0)
    if not (receipt.size and 0 < start <= _LONGEST_FRONT):
        return None
    if digest(memoryview(content)[start:]) != receipt.sha256:
        return None
    names = _names(content[:start])
    if names is None:
        return "something that is no header field"
    return ", ".join(dict.fromkeys(name for name in names if not _TRACE.fullmatch(name)))


def _names(head: bytes) -> list[str] | None:
    """Return the names of the header fields that *head* consists of, in lower case, if it is all fields."""
    names: list[str] = []
    place = 0
    while place < len(head):
        field = _FIELD.match(head, place)
        if field is None or len(names) == _MOST_FIELDS:
            return None
        names.append(field[1].decode().lower())
        place = field.end()
    return names


def _documents(receipt: Receipt, content: bytes) -> list[str]:
    """Say which documents of the receipt *content* is."""
    sha256 = digest(content)
    return [
        f"{part.part}, {state}{_protection(part) if state != 'plain' else ''}"
        for part in receipt.parts
        for state, known in (
            ("protected" if part.encryption else "as sent", part.sha256),
            ("plain", part.plain_sha256),
        )
        if known == sha256
    ]


def _protection(part: PartReceipt) -> str:
    """Say how a part is protected, as the receipt has it."""
    said = [part.encryption, part.signature and f"signed: {part.signature}"]
    if part.is_lower_than_asked:
        said.append(f"asked for: {part.signature_asked}")
    found = list(filter(None, said))
    return f" ({'; '.join(found)})" if found else ""


def _inside(receipt: Receipt, content: bytes) -> list[str]:
    if not _exposure.is_message(content):
        return []
    parts = _exposure.parts_of(content)[1:]
    return list(dict.fromkeys(line for part in parts for line in _documents(receipt, part.content)))


def _circumstances(receipt: Receipt) -> str:
    when = f"at {receipt.sent_at.isoformat(timespec='seconds')} " if receipt.sent_at else ""
    answer = f"; the server answered: {receipt.answer}" if receipt.answer else ""
    return f"sent {when}as {receipt.message_id}{answer}"
