"""The values that travel: frozen, keyword-only, valid by construction."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeAlias, cast

from ondemand_attach._given import Lazy, checked_fields, fixed, is_lazy, kind
from ondemand_attach._given import text as given_text
from ondemand_attach._pieces import Base64, Piece, chunks, frozen
from ondemand_attach._receipt import PartReceipt
from ondemand_attach._receipt import Receipt as Receipt  # noqa: PLC0414 - found here with the other values
from ondemand_attach._receipt import Refusal as Refusal  # noqa: PLC0414 - likewise
from ondemand_attach._seal import sealed
from ondemand_attach.errors import (
    ConfigurationError,
    InvalidAddressError,
    MessageError,
    MissingRecipientError,
    TemplateError,
)

if TYPE_CHECKING:
    from ondemand_attach._exposure import Exposure


@checked_fields(InvalidAddressError)
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

        if not isinstance(text, str) or is_lazy(text):
            raise InvalidAddressError(
                f"an address is text such as 'Jane Doe <jane@example.com>', not {kind(text)}; give str() of "
                "what stands for one, and leave out who has none"
            )
        display_name, addr_spec = _addresses.split(str.__str__(text))
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


@checked_fields(MessageError)
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
        MessageError: another argument is of the wrong type.
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
    def of(cls, value: str | Address | Recipient, what: str = "a recipient") -> Recipient:
        """Accept an address in any of its forms.

        Args:
            value: the address.
            what: the argument that it was given to.

        Raises:
            InvalidAddressError: it is none.
        """
        if isinstance(value, Recipient):
            return value
        return cls(address=addressed(value, what))


def addressed(value: object, what: str) -> Address:
    """Return the address that was given to the argument *what*.

    Raises:
        InvalidAddressError: it is none.
    """
    if isinstance(value, Address):
        return value
    if not isinstance(value, str) or is_lazy(value):
        raise InvalidAddressError(
            f"{what} is an address, as text or Address, not {kind(value)}; {_way(value)}"
        )
    try:
        return Address.parse(value)
    except InvalidAddressError as error:
        wrong = InvalidAddressError(f"{what}: {error}")
    del value  # a traceback that captures locals shows it
    raise wrong


def _way(value: object) -> str:
    """Say what to give in the place of *value*, which is no address."""
    if is_lazy(value):
        return "give str() of it, when it is known"
    if isinstance(value, tuple | list):  # of name and address, as other libraries take them
        return "give each as Address(display_name=…, addr_spec=…)"
    return "leave out who has none"


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
        _check_addresses(self)
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


def _check_addresses(envelope: Envelope) -> None:
    if not (envelope.sender is None or isinstance(envelope.sender, Address)):
        raise InvalidAddressError(f"Envelope(sender=…) takes an Address or None, not {kind(envelope.sender)}")
    for name, given in (("recipients", envelope.recipients), ("copies", envelope.copies)):
        wrong = (
            [each for each in given if not isinstance(each, Address)] if isinstance(given, tuple) else [given]
        )
        if wrong:
            raise InvalidAddressError(f"Envelope({name}=…) takes a tuple of Address, not {kind(wrong[0])}")


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

    def __post_init__(self) -> None:
        if type(self) is not Document:  # the content of another may be made when it is first read
            return
        for name, wanted in (("content", bytes), ("media_type", str)):
            if not isinstance(value := getattr(self, name), wanted):
                raise MessageError(
                    f"Document({name}=…) takes {'bytes' if wanted is bytes else 'text'}, not {kind(value)}"
                )

    def __reduce__(self) -> tuple[Any, ...]:
        return _document, tuple(getattr(self, name) for name in _PICKLED)


_PICKLED = ("content", "media_type", "encryption", "signature", "signature_asked", "rewriting", "made_for")


def _document(*values: Any) -> Document:
    return Document(**dict(zip(_PICKLED, values, strict=True)))


@checked_fields(MessageError)
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

    def __post_init__(self) -> None:
        if not isinstance(self.document, Document):
            raise MessageError(f"Attachment(document=…) takes a Document, not {kind(self.document)}")


@checked_fields(MessageError)
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
        if not isinstance(envelope, Envelope):
            raise MessageError(f"Message(envelope=…) takes an Envelope, not {kind(envelope)}")
        object.__setattr__(self, "envelope", envelope)
        object.__setattr__(self, "message_id", message_id)
        given = tuple(pieces) if content is None else (content,)
        if not all(isinstance(piece, bytes | bytearray | memoryview | Base64) for piece in given):
            raise MessageError("Message(content=…) takes bytes, and pieces= what another message has there")
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
    """A Jinja2 template: its text, or the name of its file; or what will give the text for each message."""

    text: str | None
    template: str | None
    lazy: Lazy | None = None

    @classmethod
    def of(cls, text: str | Lazy) -> Source:
        """Return the source whose text is known now, or later."""
        return cls(None, None, text) if isinstance(text, Lazy) else cls(text, None)

    @property
    def shown(self) -> str:
        """How it is called in an error."""
        return self.text or self.template or "a lazy text"


def source_of(source: object, template: object, what: str) -> Source:
    """Return the template that was given to the step *what*, by its text or the name of its file.

    Raises:
        ConfigurationError: it was given by neither, or by both.
    """
    if (source is None) == (template is None):
        raise ConfigurationError(
            f"{what} takes either the source of a template, or template='name of a file', not "
            + ("None" if source is None else "both")
        )
    if source is not None:
        return Source.of(given_text(source, what, "the source of a template as text"))
    name = fixed(template, f"template= of {what}", "the name of a template file as text")
    if not name:
        raise ConfigurationError(f"template= of {what} is empty; give the name of a template file")
    return Source(None, name)


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
        passwords: the encryptors' so far.
        public_view: returns the data as everybody may see it; without it, nothing is public.
    """

    context: Mapping[str, Any] = field(repr=False)
    filename: str = field(repr=False)
    recipients: tuple[Recipient, ...]
    templates: Renders = field(repr=False)
    now: datetime.datetime
    sender: Address | None = None
    passwords: list[str] = field(default_factory=list, repr=False, compare=False)
    public_view: Callable[[], Mapping[str, Any]] | None = field(default=None, repr=False, compare=False)

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
        if not isinstance(autoescape, bool):
            raise TemplateError(f"request.render(autoescape=…) takes True or False, not {kind(autoescape)}")
        slot: Slot = "document" if autoescape else "text"
        given = _asked_to_render("request.render()", source, template)
        return self.templates.render(self.context, slot, given, self.made_for)

    def secret(self, source: str) -> str:
        """Render *source* for a password: without escaping, from text and whole numbers only.

        Raises:
            TemplateError: it could not be rendered, or a value such as None or a list is put into it.
        """
        given = _asked_to_render("request.secret()", source, None)
        return self.templates.render(self.context, "password", given)

    def keep_out(self, password: str) -> None:
        """Have the message refused if *password* can be read in it. Every encryptor by password calls this.

        Raises:
            ConfidentialityError: from `MessageBuilder.build`, if so.
        """
        if not isinstance(password, str) or is_lazy(password):
            raise MessageError(f"request.keep_out() takes the password as text, not {kind(password)}")
        self.passwords.append(password)


def _asked_to_render(what: str, source: str | None, template: str | None) -> Source:
    try:
        given = source_of(source, template, what)
    except ConfigurationError as error:  # not while sending
        wrong = TemplateError(str(error))
    else:
        return given if given.lazy is None else Source(given.lazy.now(what), None)
    raise wrong
