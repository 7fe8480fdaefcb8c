"""The values that travel: frozen, keyword-only, valid by construction."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeAlias, cast

from ondemand_attach._pieces import Base64, Piece, chunks, frozen
from ondemand_attach._receipt import PartReceipt
from ondemand_attach._receipt import Receipt as Receipt  # noqa: PLC0414 - found here with the other values
from ondemand_attach._receipt import Refusal as Refusal  # noqa: PLC0414 - likewise
from ondemand_attach._seal import sealed
from ondemand_attach.errors import InvalidAddressError, MessageError, MissingRecipientError

if TYPE_CHECKING:
    from ondemand_attach._exposure import Exposure


@dataclass(frozen=True, kw_only=True)
class Address:
    """A mailbox: an addr-spec with an optional display name (RFC 5322 section 3.4).

    The addr-spec is checked and normalised; the domain may be internationalised (RFC 5891), the
    local part too (RFC 6531).

    Raises:
        InvalidAddressError: the addr-spec is not one that mail can be sent to.
    """

    addr_spec: str
    display_name: str = ""

    def __post_init__(self) -> None:
        from ondemand_attach import _addresses

        object.__setattr__(self, "addr_spec", _addresses.normalised(self.addr_spec))
        _addresses.check_display_name(self.display_name)

    @classmethod
    @sealed
    def parse(cls, text: str) -> Address:
        """Read ``jane@example.com`` or ``Jane Doe <jane@example.com>``.

        Raises:
            InvalidAddressError: *text* is neither.
        """
        from ondemand_attach import _addresses

        display_name, addr_spec = _addresses.split(text)
        return cls(addr_spec=addr_spec, display_name=display_name)

    @property
    def domain(self) -> str:
        """The domain in its ASCII form (A-labels, RFC 5890)."""
        return self.ascii_addr_spec.rpartition("@")[2]

    @cached_property
    def ascii_addr_spec(self) -> str:
        """The addr-spec with its domain in A-labels, as the SMTP server is told."""
        from ondemand_attach import _addresses

        return _addresses.with_ascii_domain(self.addr_spec)

    @property
    def needs_smtputf8(self) -> bool:
        """Whether only a server with SMTPUTF8 (RFC 6531) can take this address."""
        return not self.ascii_addr_spec.isascii()

    def __repr__(self) -> str:
        return "<Address>"


# What is wrong with an address is said without it, so the frames that hold it must not hang on either.
Address.__init__ = sealed(Address.__init__)  # type: ignore[method-assign]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One person: where to send to, and what is needed to protect for them.

    Args:
        address: where to send to.
        locale: a BCP 47 language tag for the application's own templates and generators.
        certificate: what is encrypted to for the person: an X.509 certificate, PEM or DER, or an OpenPGP
            certificate, armored or binary.

    Raises:
        InvalidAddressError: *address* is no `Address`.
    """

    address: Address
    locale: str | None = None
    certificate: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.address, Address):
            raise InvalidAddressError(
                f"Recipient(address=…) takes an Address, not a value of type {type(self.address).__name__}; "
                "Address.parse() reads one from text"
            )

    @classmethod
    @sealed
    def of(cls, value: str | Address | Recipient) -> Recipient:
        """Accept an address in any of its forms."""
        if isinstance(value, Recipient):
            return value
        address = value if isinstance(value, Address) else Address.parse(value)
        return cls(address=address)


Recipient.__init__ = sealed(Recipient.__init__)  # type: ignore[method-assign]


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What the server is told (RFC 5321 section 2.3.1), apart from what the reader sees.

    Args:
        sender: the reverse-path, where bounces go; ``None`` for the null reverse-path ``<>``.
        recipients: every forward-path: to, cc and bcc.
        copies: those of them who only get a copy. Whether the message was sent is decided by the others.
    """

    sender: Address | None
    recipients: tuple[Address, ...]
    copies: tuple[Address, ...] = ()

    def __post_init__(self) -> None:
        if not self.recipients:
            raise MissingRecipientError("the message has no recipient; name one with to, cc or bcc")

    @property
    def primary(self) -> tuple[Address, ...]:
        """The recipients who get more than a copy, or all if there are none; the message is for them."""
        copies = {address.addr_spec for address in self.copies}
        chosen = tuple(address for address in self.recipients if address.addr_spec not in copies)
        return chosen or self.recipients

    @property
    def needs_smtputf8(self) -> bool:
        """Whether any address needs SMTPUTF8 (RFC 6531)."""
        addresses = self.recipients if self.sender is None else (self.sender, *self.recipients)
        return any(address.needs_smtputf8 for address in addresses)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a generator makes and a protector returns.

    Args:
        content: the finished bytes.
        media_type: an RFC 6838 type, such as ``application/pdf``.
        encryption: how it is encrypted, in words for the receipt, such as ``AES-256 by password``; never
            for whom.
        signature: how it is signed, in such words, such as ``PAdES B-T``.
        signature_asked: how it was to be signed at best, in the same words, if it may have become less.
        rewriting: by what it was written anew before it was protected, and why, in words for the receipt.
        proof: looks at the finished bytes, after all protectors, and raises a `ProofError` if they are not
            protected as they should be. It may hold a secret, so a pickle leaves it out.
        made_for: the addr-specs of those whom it was made for, in ASCII. A builder that protects a document
            sets it if it is None, and refuses one that was made for others, such as a cached one.
    """

    content: bytes = field(repr=False)
    media_type: str
    encryption: str | None = None
    signature: str | None = None
    signature_asked: str | None = None
    rewriting: str | None = None
    proof: Callable[[bytes], None] | None = field(default=None, repr=False, compare=False)
    made_for: frozenset[str] | None = field(default=None, repr=False, compare=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return _document, tuple(getattr(self, name) for name in _PICKLED)


_PICKLED = ("content", "media_type", "encryption", "signature", "signature_asked", "rewriting", "made_for")


def _document(*values: Any) -> Document:
    return Document(**dict(zip(_PICKLED, values, strict=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A document under the name that the reader sees.

    Args:
        filename: the checked name.
        document: the bytes and their type.
        content_id: the RFC 2392 id for an image that the HTML body shows as ``cid:…``.
        is_protected: whether an encryptor made it unreadable to everyone but the recipient.
    """

    filename: str
    document: Document
    content_id: str | None = None
    is_protected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, init=False, eq=False)
class Message:
    """A finished message. Its bytes are final: they are sent exactly as they are.

    They are kept in pieces, in which a document is not yet in base64, so that a large one is never there
    twice. Two messages are equal if all of their bytes are.

    Args:
        envelope: what the server is told.
        message_id: the RFC 5322 msg-id, with its angle brackets.
        content: the MIME bytes, CRLF line ends, without a Bcc field.
        pieces: the same in pieces, instead of *content*.
        needs_raw_mime: only a transport with the capability ``RAW_MIME`` may send it: the signature or the
            encryption of the whole would not survive a change.
        protected_for: the addr-specs that a protected part of it was made for; None if there is no such part.
        parts: what the receipt will say of the files in it.
        template_version: what it was made from, for the receipt.

    Raises:
        MessageError: the envelope names somebody else.
    """

    envelope: Envelope
    message_id: str
    pieces: tuple[Piece, ...] = field(repr=False)
    needs_raw_mime: bool
    protected_for: frozenset[str] | None = field(repr=False)
    parts: tuple[PartReceipt, ...] = field(repr=False)
    template_version: str | None = field(repr=False)
    _sha256: str | None = field(init=False, repr=False)

    def __init__(
        self,
        *,
        envelope: Envelope,
        message_id: str,
        content: bytes | None = None,
        pieces: Iterable[Piece] = (),
        needs_raw_mime: bool = False,
        protected_for: Iterable[str] | None = None,
        parts: Iterable[PartReceipt] = (),
        template_version: str | None = None,
    ) -> None:
        object.__setattr__(self, "envelope", envelope)
        object.__setattr__(self, "message_id", message_id)
        given = pieces if content is None else (content,)
        kept = (piece if isinstance(piece, Base64) else frozen(piece) for piece in given)
        object.__setattr__(self, "pieces", tuple(kept))
        object.__setattr__(self, "needs_raw_mime", needs_raw_mime)
        bound = None if protected_for is None else frozenset(protected_for)
        object.__setattr__(self, "protected_for", bound)
        object.__setattr__(self, "parts", tuple(parts))
        object.__setattr__(self, "template_version", template_version)
        object.__setattr__(self, "_sha256", None)
        self.check_recipients()

    def check_recipients(self) -> None:
        """Look again whether the envelope names nobody but those for whom the message was made.

        Raises:
            MessageError: it does.
        """
        named = {address.addr_spec for address in self.envelope.recipients}
        if self.protected_for is not None and not named <= self.protected_for:
            raise MessageError(
                "the envelope names somebody for whom the protected parts of the message were not made; "
                "build a message for them"
            )

    @property
    def content(self) -> bytes:
        """All of the bytes, put together anew each time."""
        return b"".join(self.chunks())

    @property
    def size(self) -> int:
        """The number of bytes, known without putting them together."""
        return sum(map(len, self.pieces))

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes one after the other, at most some 160 kB of a document at a time."""
        hashed = hashlib.sha256()
        for chunk in chunks(self.pieces):
            hashed.update(chunk)
            yield chunk
        object.__setattr__(self, "_sha256", hashed.hexdigest())

    def sha256(self) -> str:
        """Return the SHA-256 of the bytes, in hexadecimal digits: as they last went by, if they did."""
        if self._sha256 is None:
            for _ in self.chunks():
                pass
        return cast("str", self._sha256)

    def exposure(self) -> tuple[Exposure, ...]:
        """Say of each part who can read it, from the bytes: the header, bodies, and each attachment."""
        from ondemand_attach import _exposure

        return _exposure.of_message(self.content)

    def __bytes__(self) -> bytes:
        return self.content

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Message):
            return NotImplemented
        is_similar = (self.envelope, self.message_id, self.size) == (
            other.envelope,
            other.message_id,
            other.size,
        )
        return is_similar and (self.pieces == other.pieces or self.content == other.content)

    def __hash__(self) -> int:
        return hash((self.envelope, self.message_id, self.size))


Slot: TypeAlias = Literal["subject", "header", "text", "html", "filename", "document", "password"]
"""Where a rendered text goes, which decides how values are escaped."""


class Source(NamedTuple):
    """A Jinja2 template: its text, or the name of its file."""

    text: str | None
    template: str | None


class Secret(NamedTuple):
    """What is known of a password: the parts that it is put together of, and how strong it must be."""

    parts: tuple[str, ...]
    least_bits: float

    def __repr__(self) -> str:
        return "<Secret>"


class Renders(Protocol):
    """Renders a template with a context; *whose* says whom the source may be about."""

    def render(
        self, context: Mapping[str, Any], slot: Slot, source: Source, whose: frozenset[str] | None = None
    ) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentRequest:
    """What a generator, an encryptor and a signer are told about the attachment at hand.

    Args:
        context: the data of the event: the full view if the attachment will be encrypted, else the
            public view, in which a confidential value raises `ConfidentialityError` when touched.
        filename: the rendered file name.
        recipients: everyone whom the message names, to and cc. A bcc recipient gets the same bytes, and
            nothing in them may tell of it.
        templates: renders a template against a context.
        now: the time of building, timezone-aware.
        sender: who the message is from.
        passwords: the encryptors' so far, each with the parts that it is put together of.
    """

    context: Mapping[str, Any] = field(repr=False)
    filename: str = field(repr=False)
    recipients: tuple[Recipient, ...]
    templates: Renders = field(repr=False)
    now: datetime.datetime
    sender: Address | None = None
    passwords: dict[str, Secret] = field(default_factory=dict, repr=False, compare=False)

    @property
    def made_for(self) -> frozenset[str]:
        """The addr-specs of the recipients, for `Document.made_for`."""
        return frozenset(recipient.address.ascii_addr_spec for recipient in self.recipients)

    @property
    def recipient(self) -> Recipient:
        """The one recipient.

        Raises:
            MissingRecipientError: there is none; or there are several, each of whom needs their own message.
        """
        if not self.recipients:
            raise MissingRecipientError("an attachment is protected for one person; name them with to")
        if len(self.recipients) > 1:
            raise MissingRecipientError(
                f"an attachment is protected for one person, but the message has {len(self.recipients)} "
                "recipients; use build_each() to make a message for each"
            )
        return self.recipients[0]

    def render(
        self, source: str | None = None, *, template: str | None = None, autoescape: bool = True
    ) -> str:
        """Render *source*, or the file *template*, with this request's context.

        Args:
            source: Jinja2 source.
            template: the name of a template file that the builder can load.
            autoescape: escape values for HTML and XML; switch off for plain text.

        Raises:
            TemplateError: it could not be loaded, parsed or rendered.
            ConfidentialityError: it touched a confidential value of the public view.
        """
        slot: Slot = "document" if autoescape else "text"
        return self.templates.render(self.context, slot, Source(source, template), self.made_for)

    def secret(self, source: str) -> str:
        """Render *source* for a password: without escaping, from text and whole numbers only.

        Raises:
            TemplateError: it could not be rendered, or a value such as None or a list is put into it.
        """
        return self.templates.render(self.context, "password", Source(source, None))

    def keep_out(self, password: str, *, parts: Iterable[str] = (), least_bits: float = 40.0) -> None:
        """Have the message refused if *password* can be read in it. Every encryptor by password calls this.

        Args:
            password: what opens the attachment.
            parts: what it is put together of. The message is refused too if so many of them can be read in it
                that the others could be guessed.
            least_bits: what the others must hold.

        Raises:
            ConfidentialityError: from `MessageBuilder.build`, if so.
        """
        known = self.passwords.get(password)
        if known is None or not known.parts:
            self.passwords[password] = Secret(tuple(parts), least_bits)
