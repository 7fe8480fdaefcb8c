"""What is kept of a message that was sent: receipts, and their JSON."""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ondemand_attach._seal import sealed
from ondemand_attach.errors import MessageError

if TYPE_CHECKING:
    from ondemand_attach._message import Document

VERSION: Final = 1
_LARGEST: Final = (1 << 63) - 1
_MOST_PARTS: Final = 1_000
_LONGEST: Final = 1 << 20
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _may_be_text(value: object) -> bool:
    return value is None or _is_text(value)


def _is_size(value: object) -> bool:
    return type(value) is int and 0 <= value <= _LARGEST


def _may_be_size(value: object) -> bool:
    return value is None or _is_size(value)


def _may_be_sha256(value: object) -> bool:
    return value is None or (isinstance(value, str) and _SHA256.fullmatch(value) is not None)


_KINDS: Final = {
    "message_id": _is_text,
    "sha256": _may_be_sha256,
    "size": _may_be_size,
    "answer": _may_be_text,
    "provider_id": _may_be_text,
    "template_version": _may_be_sha256,
}
_PART_KINDS: Final = {
    "part": _is_text,
    "media_type": _is_text,
    "size": _is_size,
    "sha256": _may_be_sha256,
    "plain_size": _may_be_size,
    "plain_sha256": _may_be_sha256,
    "encryption": _may_be_text,
    "signature": _may_be_text,
    "signature_asked": _may_be_text,
    "rewriting": _may_be_text,
}
_LATER: Final = frozenset({"signature_asked", "provider_id", "rewriting"})
"""Names that receipts of this version did not have from the beginning."""
_KEPT: Final = (
    *("message_id", "sent_at", "sha256", "size", "answer", "provider_id"),
    *("template_version", "parts"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a server refused one recipient: the SMTP reply code and the RFC 3463 status code."""

    code: int
    enhanced_code: str | None = None

    def __str__(self) -> str:
        return f"{self.code} {self.enhanced_code}" if self.enhanced_code else str(self.code)


class Claims(NamedTuple):
    """What is known of how a document is protected.

    Args:
        encryption: how it is encrypted, in words.
        signature: how it is signed, in words.
        can_be_guessed: whether who knows what it says, but for a name, can find out its hash.
    """

    encryption: str | None = None
    signature: str | None = None
    can_be_guessed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PartReceipt:
    """What a receipt says of one file in the message.

    Args:
        part: ``attachment 1`` and so on, or ``signature`` or ``encrypted message`` for what signs or encrypts
            the message as a whole.
        media_type: an RFC 6838 type.
        size: bytes of the document as it was sent, before base64.
        sha256: of the same, in hexadecimal digits, if nobody could guess it: the document is encrypted or
            signed, or it was asked for with ``hash_plain=True``.
        plain_size: bytes of the document before it was encrypted and signed, if it was.
        plain_sha256: of the same, if it was asked for with ``hash_plain=True``.
        encryption: how it is encrypted, in words, as the finished bytes say.
        signature: how it is signed, likewise, with the level that they have, such as ``PAdES B-LT``.
        signature_asked: the level that was asked for, in the same words; `Mailer` logs if it is another.
        rewriting: by what the document was written anew before it was protected, and why, such as ``pikepdf
            10.1.0: its cross-reference table contradicts …``; `Mailer` logs it.

    Raises:
        MessageError: one of them is of another kind.
    """

    part: str
    media_type: str
    size: int
    sha256: str | None = None
    plain_size: int | None = None
    plain_sha256: str | None = None
    encryption: str | None = None
    signature: str | None = None
    signature_asked: str | None = None
    rewriting: str | None = None

    def __post_init__(self) -> None:
        for name, fits in _PART_KINDS.items():
            if not fits(getattr(self, name)):
                raise MessageError(f"the receipt of a part holds a {name} of another kind than it should be")

    @classmethod
    def of(
        cls, part: str, document: Document, plain: Document, claims: Claims, *, hash_plain: bool = False
    ) -> PartReceipt:
        """Describe *document*, which was *plain* before it was protected.

        Args:
            part: which it is.
            document: as it is sent.
            plain: as it was made; the same if nothing was done to it.
            claims: what may be said of its protection.
            hash_plain: whether what can be guessed shall be hashed as well.
        """
        is_changed = plain is not document
        return cls(
            part=part,
            media_type=document.media_type.partition(";")[0],
            size=len(document.content),
            sha256=digest(document.content) if hash_plain or not claims.can_be_guessed else None,
            plain_size=len(plain.content) if is_changed else None,
            plain_sha256=digest(plain.content) if is_changed and hash_plain else None,
            encryption=claims.encryption,
            signature=claims.signature,
            signature_asked=document.signature_asked,
            rewriting=document.rewriting,
        )

    @property
    def is_lower_than_asked(self) -> bool:
        """Whether it is signed at another level than was asked for."""
        return self.signature_asked is not None and self.signature != self.signature_asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A transport's word that it took the message over, and what was sent. Acceptance, not delivery.

    A transport gives the first five; `Mailer` adds the others. All but *accepted* and *refused* can be kept
    as JSON, in which there is no address, name or file name.

    Args:
        message_id: the msg-id of the message.
        accepted: the addr-specs that were taken, as `Address.addr_spec` spells them.
        refused: the addr-specs that were not, with the reason for each. That of `Mailer` and `SmtpTransport`
            finds them by any spelling that the application was given, such as ``Jane@Example.COM``.
        answer: what the server said when it took the message, without words in which there is an address or a
            name of the envelope.
        provider_id: what a provider calls the message; its webhooks and bounces may name it only so.
        sent_at: when it was taken, timezone-aware.
        sha256: of the MIME bytes as they were sent, in hexadecimal digits, if nobody could guess them: the
            message is signed, or there is a hash of a part of it.
        size: how many they were.
        template_version: SHA-256 of the sources of the templates of the builder, with those that they
            include, import or extend by a fixed name.
        parts: the files in the message: the attachments in order, then what signs or encrypts the whole.
    """

    message_id: str
    accepted: tuple[str, ...] = field(default=(), repr=False)
    refused: Mapping[str, Refusal] = field(default_factory=dict, repr=False)
    answer: str | None = None
    provider_id: str | None = None
    sent_at: datetime.datetime | None = None
    sha256: str | None = None
    size: int | None = None
    template_version: str | None = None
    parts: tuple[PartReceipt, ...] = ()

    def to_json(self) -> str:
        """Return all but the addresses, on one line.

        The names are stable; another ``receipt_version`` would come with other names.
        """
        said: dict[str, Any] = {name: getattr(self, name) for name in _KEPT}
        said["sent_at"] = self.sent_at and self.sent_at.isoformat()
        said["parts"] = [dataclasses.asdict(part) for part in self.parts]
        return json.dumps({"receipt_version": VERSION, **said})

    @classmethod
    @sealed
    def from_json(cls, text: str | bytes) -> Receipt:
        """Read what `to_json` wrote; nobody is in *accepted* or *refused*.

        Raises:
            MessageError: it is something else, or of another version.
        """
        if isinstance(text, str | bytes) and len(text) > _LONGEST:
            raise MessageError(
                f"the text is not the JSON of a receipt: it is longer than {_LONGEST:,}; "
                "give what to_json() wrote"
            )
        try:
            said = json.loads(text)
            version = said["receipt_version"]
        except (ValueError, RecursionError, TypeError, LookupError):
            version = None
        if version is None:
            raise MessageError("the text is not the JSON of a receipt; give what to_json() wrote")
        if type(version) is not int or version != VERSION:
            raise MessageError(
                f"the receipt is not of version {VERSION}, which is known here; read it with a newer release"
            )
        return cls(**_read(said))


def digest(content: bytes | memoryview) -> str:
    """Return the SHA-256 of *content*, in hexadecimal digits."""
    return sha256(content).hexdigest()


def parts_from(said: Sequence[Mapping[str, Any]]) -> tuple[PartReceipt, ...]:
    """Return what JSON says of the parts.

    Raises:
        MessageError: something is of another kind than it should be.
        TypeError, LookupError: so is all of it.
    """
    names = [each.name for each in dataclasses.fields(PartReceipt) if each.name not in _LATER]
    later = [{name: part[name] for name in _LATER & set(part)} for part in said]
    return tuple(
        PartReceipt(**{name: part[name] for name in names}, **more)
        for part, more in zip(said, later, strict=True)
    )


def _read(said: Mapping[str, Any]) -> dict[str, Any]:
    said = {**dict.fromkeys(_LATER & set(_KEPT)), **said}
    missing = next((name for name in _KEPT if name not in said), None)
    if missing is not None:
        raise MessageError(f"the receipt lacks something: its {missing}; give all that to_json() wrote")
    found = {name: said[name] for name in _KEPT} | {"sent_at": _time(said["sent_at"])}
    wrong = next((name for name, fits in _KINDS.items() if not fits(found[name])), None)
    if wrong is not None:
        raise MessageError(
            f"the {wrong} of the receipt is of another kind than it should be; give what to_json() wrote"
        )
    return found | {"parts": _parts(said["parts"])}


def _time(said: object) -> datetime.datetime | None:
    """Return the time that *said* is, which has a time zone."""
    if said is None:
        return None
    try:
        found = datetime.datetime.fromisoformat(said)  # type: ignore[arg-type]
    except (ValueError, TypeError, OverflowError):
        found = None
    if found is None or found.utcoffset() is None:
        raise MessageError(
            "the sent_at of the receipt is no time with a time zone; give what to_json() wrote"
        )
    return found


def _parts(said: object) -> tuple[PartReceipt, ...]:
    if not isinstance(said, list) or len(said) > _MOST_PARTS:
        raise MessageError(
            f"the parts of the receipt are no list of at most {_MOST_PARTS:,}; give what to_json() wrote"
        )
    try:
        return parts_from(said)
    except (TypeError, LookupError):
        raise MessageError(
            "one of the parts of the receipt lacks something, or is none; give what to_json() wrote"
        ) from None
