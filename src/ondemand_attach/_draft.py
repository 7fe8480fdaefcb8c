"""What a builder has been told so far. Only this may be incomplete."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from ondemand_attach._confidential import Marks, Path
from ondemand_attach._given import Lazy
from ondemand_attach._message import Address, Attachment, AttachmentRequest, Document, Recipient, Slot, Source
from ondemand_attach.errors import ConfigurationError

if TYPE_CHECKING:
    from ondemand_attach.protectors.dkim import DkimSigner
    from ondemand_attach.protectors.generated_passwords import Recipe


Words: TypeAlias = Mapping[Lazy, str]
"""The texts of lazy strings at one moment."""


def said(source: Source, words: Words) -> Source:
    """Return *source* with its text, if that was not known before."""
    return source if source.lazy is None else Source(words[source.lazy], None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """One attachment to be made: the three plug points reduced to their methods.

    Args:
        document: the template that the generator renders, if it says so with `template` and `source`.
        reads: what the generator says that it reads of the context.
        hash_plain: whether the receipt gets a hash of the document as it was before protection.
        is_given: whether the document is the same for everyone, and was read while wiring.
    """

    filename: Source
    document: Source | None
    generate: Callable[[AttachmentRequest], Document]
    encrypt: Callable[[Document, AttachmentRequest], Document] | None
    sign: Callable[[Document, AttachmentRequest], Document] | None
    reads: Reads | None = None
    hash_plain: bool = False
    is_given: bool = False


@dataclass(frozen=True, slots=True)
class Reads:
    """What a generator that is no template says that it reads.

    Args:
        where: where it says so, for findings.
        paths: of the context.
    """

    where: str
    paths: tuple[Path, ...]


def owner_of(method: Callable[..., Any]) -> Any:
    """Return the object that a plug point's method is of; a function stands for itself."""
    return getattr(method, "__self__", method)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The steps taken on a builder.

    Args:
        encrypt: encrypts the whole message.
        sign: signs it.
        outer_subject: what everyone sees of the subject of an encrypted message (RFC 9788 section 3.2.1).
        dkim: each makes a header field that goes in front of the finished message.
        passwords: how those are made that the application does not know beforehand.
        recipient_at: where in the context the recipient's address is.
        pasted: what was pasted into the sources of templates, as far as it shows.
    """

    sender: Address | None = None
    return_path: Address | None = None
    to: tuple[Recipient, ...] = ()
    cc: tuple[Recipient, ...] = ()
    bcc: tuple[Recipient, ...] = ()
    reply_to: tuple[Address, ...] = ()
    subject: Source | None = None
    text: Source | None = None
    html: Source | None = None
    headers: tuple[tuple[str, Source], ...] = ()
    images: tuple[Attachment, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    marks: Marks = Marks()
    encrypt: Callable[[Document, AttachmentRequest], Document] | None = None
    sign: Callable[[Document, AttachmentRequest], Document] | None = None
    outer_subject: str = "[...]"
    dkim: tuple[DkimSigner, ...] = ()
    passwords: tuple[Recipe, ...] = ()
    recipient_at: Path | None = None
    pasted: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        self._check_recipients()
        if self.encrypt is not None and self.bcc:
            raise ConfigurationError(
                "a blind copy of an encrypted message could be read by nobody, or would name its recipient; "
                "leave bcc() out and send them a message of their own"
            )
        for signer in self.dkim:
            if self.sender is None or not signer.answers_for(self.sender.domain):
                raise ConfigurationError(
                    f"a DKIM signature of {signer.domain} says nothing of mail from "
                    f"{self.sender.domain if self.sender else 'nobody yet'}; sign for the domain of sender()"
                )

    def _check_recipients(self) -> None:
        """Refuse what no message of this kind could be protected for."""
        encryptors = [owner_of(encrypt) for encrypt in self._encrypts()]
        least = len(self.cc) + (len(self.to) + (self.recipient_at is not None) or 1)
        if least > 1 and (self.passwords or any(getattr(one, "for_one", False) for one in encryptors)):
            raise ConfigurationError(
                f"a password is one person's, and each message goes to {least} or more; leave out cc() "
                "and to() and use build_each(), send copies with bcc(), or encrypt to certificates"
            )
        for encryptor in encryptors:
            if check := getattr(encryptor, "check_recipients", None):
                check((*self.to, *self.cc))

    def _encrypts(self) -> Iterator[Callable[[Document, AttachmentRequest], Document]]:
        yield from (enclosure.encrypt for enclosure in self.enclosures if enclosure.encrypt)
        if self.encrypt is not None:
            yield self.encrypt

    def password_templates(self) -> Iterator[Source]:
        """Yield the templates of passwords."""
        for encrypt in self._encrypts():
            if (text := getattr(owner_of(encrypt), "password_template", None)) is not None:
                yield Source(text, None)

    @property
    def has_own_encryptors(self) -> bool:
        """Whether there are encryptors that do not say whether they take passwords, such as functions."""
        return not all(hasattr(owner_of(encrypt), "for_one") for encrypt in self._encrypts())

    @property
    def is_wrapped(self) -> bool:
        """Whether the message is signed or encrypted as a whole."""
        return self.encrypt is not None or self.sign is not None

    @property
    def needs_raw_mime(self) -> bool:
        """Whether a change of its bytes on the way would be taken for an attack."""
        return self.is_wrapped or bool(self.dkim)

    def is_private(self, slot: Slot) -> bool:
        """Whether what stands in *slot* is read by the recipients alone."""
        return self.encrypt is not None and slot in {"text", "html", "filename", "document"}

    def words(self) -> Words:
        """Return what the lazy strings are now, in the language of whoever asks."""
        return {
            source.lazy: source.lazy.now(f"the {slot}")
            for slot, source in self.templates()
            if source.lazy is not None
        }

    def sources(self) -> Iterator[tuple[Slot, Source]]:
        """Yield every public template with its slot."""
        for slot, source, is_protected in self._sources():
            if not (is_protected or self.is_private(slot)):
                yield slot, source

    def public_reads(self) -> Iterator[Reads]:
        """Yield what generators read for attachments that everybody can read."""
        for enclosure in self.enclosures:
            if enclosure.reads and enclosure.encrypt is None and not self.is_private("document"):
                yield enclosure.reads

    def templates(self) -> Iterator[tuple[Slot, Source]]:
        """Yield every template with its slot."""
        yield from ((slot, source) for slot, source, _ in self._sources())

    def _sources(self) -> Iterator[tuple[Slot, Source, bool]]:
        single: tuple[tuple[Slot, Source | None], ...] = (
            ("subject", self.subject), ("text", self.text), ("html", self.html),
        )  # fmt: skip
        yield from ((slot, source, False) for slot, source in single if source is not None)
        yield from (("header", source, False) for _, source in self.headers)
        for enclosure in self.enclosures:
            yield "filename", enclosure.filename, False
            if enclosure.document is not None:
                yield "document", enclosure.document, enclosure.encrypt is not None
