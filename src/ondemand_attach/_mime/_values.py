"""What a message is made of."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from ondemand_attach._message import Address, Attachment


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers:
    """What the reader sees above the text. There is no Bcc on purpose.

    Args:
        sender: the author (From).
        to: the recipients; with neither *to* nor *cc* the message is to undisclosed recipients.
        cc: the recipients of copies.
        reply_to: where answers go, if not to the sender.
        subject: the subject, any text on one line.
        date: when the message was made, timezone-aware.
        message_id: the msg-id with its angle brackets.
        extra: further fields as (name, value).
    """

    sender: Address
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    subject: str
    date: datetime.datetime
    message_id: str
    extra: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What the reader sees below the headers.

    Args:
        text: the plain text.
        html: the same as HTML.
        images: shown by the HTML; each has a content_id, without angle brackets.
        attachments: the files.
    """

    text: str
    html: str | None = None
    images: tuple[Attachment, ...] = ()
    attachments: tuple[Attachment, ...] = ()
