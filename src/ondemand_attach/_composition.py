"""From a draft and a context to a finished message: the one gate, pure but for clock and randomness."""

from __future__ import annotations

import contextlib
import datetime
import difflib
import itertools
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from ondemand_attach import _filenames, _html_text, _mime
from ondemand_attach._account import Account, Record, disclosed, refusal
from ondemand_attach._confidential import FIELD_NAME, Finding, Path, Views, copied, shown
from ondemand_attach._draft import Draft, Enclosure, Words, said
from ondemand_attach._given import kind
from ondemand_attach._leaks import find_leaks
from ondemand_attach._message import (
    Address,
    Attachment,
    AttachmentRequest,
    Document,
    Envelope,
    Message,
    Recipient,
    Slot,
    Source,
)
from ondemand_attach._origins import told
from ondemand_attach._pieces import Piece, elided
from ondemand_attach._receipt import PartReceipt
from ondemand_attach._seal import as_outage, translated
from ondemand_attach._stages import (
    check_made_for,
    claims_of,
    encrypted,
    is_proven,
    prove,
    stage,
    still_encrypted,
)
from ondemand_attach._whole import Whole
from ondemand_attach.errors import (
    EncryptionError,
    GenerationError,
    MessageError,
    ProtectionError,
    SigningError,
    TemplateError,
)

if TYPE_CHECKING:
    from ondemand_attach.protectors.generated_passwords import GeneratedPassword
    from ondemand_attach.templates._environment import Templates

T = TypeVar("T")

_READ = "is confidential and read for an attachment that has no encryptor"
_CID = re.compile(r"""([="'(]\s*cid:)([^"'()\s<>]+)""", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What differs from one message of a kind to the next, besides its context.

    Args:
        to: the recipients, the builder's own too.
        now: the time; the clock's, if it is None.
        message_id: the msg-id; a new one, if it is None.
        words: what the lazy strings of the builder are for this message.
    """

    to: tuple[Recipient, ...]
    now: datetime.datetime | None
    message_id: str | None
    words: Words = field(default_factory=dict)


class Composition:
    """One message of a kind: `message()` makes it."""

    def __init__(self, draft: Draft, templates: Templates, seen: Views, occasion: Occasion) -> None:
        if draft.sender is None:
            raise MessageError("the message has no sender; name one with sender()")
        if draft.subject is None:
            raise MessageError("the message has no subject; give one with subject()")
        if draft.text is None and draft.html is None:
            raise MessageError("the message has no body; give one with text() or html()")
        self.draft, self.templates, self.seen = draft, templates, seen
        self.sender, self.subject = draft.sender, draft.subject
        self.to, self.words = occasion.to, occasion.words
        self.now = datetime.datetime.now(datetime.UTC) if occasion.now is None else occasion.now
        if not isinstance(self.now, datetime.datetime):
            raise MessageError(f"now= takes a datetime with a time zone, not {kind(self.now)}")
        if self.now.tzinfo is None:
            raise MessageError("now= has no time zone; give an aware datetime")
        self.message_id = (
            occasion.message_id
            if occasion.message_id is not None
            else f"<{secrets.token_hex(16)}@{draft.sender.domain}>"
        )
        _mime.check_message_id(self.message_id)  # boundaries are made from it
        self.passwords: list[str] = []
        if draft.passwords:
            _ = self.request("the message", seen.full).recipient  # a generated password is of one person
        self.parts: list[PartReceipt] = []
        self.filenames = [image.filename for image in draft.images]
        self.record = Record()

    def message(self) -> Message:
        subject = self.render(self.subject, "subject")
        html, images = self.html_with_images()
        text = self.render(self.draft.text, "text") if self.draft.text else _html_text.text_of(html or "")
        body = _mime.Body(
            text=text,
            html=html,
            images=images,
            attachments=tuple(map(self.attachment, itertools.count(1), self.draft.enclosures)),
        )
        headers = _mime.Headers(
            sender=self.sender,
            to=_addresses(self.to),
            cc=_addresses(self.draft.cc),
            reply_to=self.draft.reply_to,
            subject=subject,
            date=self.now,
            message_id=self.message_id,
            extra=tuple((name, self.render(source, "header")) for name, source in self.draft.headers),
        )
        whole = self.whole()
        pieces = _mime.pieces(headers, body, whole.wrapping if whole else None)
        message = self.finished(
            pieces, self.parts, self.templates.version(self.sources(self.draft.templates()))
        )
        sealed = [a.document.content for a in body.attachments if a.is_protected]
        if whole is not None:
            whole.prove(message)
            sealed += whole.sealed
        for recipe in self.draft.passwords:
            self.refuse_unused(recipe.name)
        self.refuse_leaks(message, sealed, partial(self.account, headers, body, whole))
        return self.signed_for_domain(message) if self.draft.dkim else message

    def signed_for_domain(self, message: Message) -> Message:
        """Put the DKIM fields in front, each over the message without the others."""
        content = message.content
        pieces = [*(signer.sign(content) for signer in self.draft.dkim), *message.pieces]
        return self.finished(pieces, message.parts, message.template_version)

    def handed_over(self, message: Message) -> Message:
        """Return *message*, once the application has taken over the passwords that were made for it."""
        for recipe in self.draft.passwords:
            translated(
                partial(recipe.deliver, self.generated(recipe.name)),
                lambda error: as_outage(
                    EncryptionError(
                        f"the application's own delivery of a generated password failed: {told(error)}"
                    ),
                    error,
                ),
            )
        return message

    def refuse_unused(self, name: str) -> None:
        """Refuse to hand over a password that opens nothing, as far as the encryptors tell."""
        from ondemand_attach.protectors._passwords import letters

        made = letters(self.seen.full[name])
        is_used = any(made in letters(password) for password in self.passwords)
        if not (is_used or self.draft.has_own_encryptors):
            raise EncryptionError(
                f"the generated password {name!r} opens nothing in the message; put {{{{ {name} }}}} into "
                "password= of an encryptor, have your own encryptor call keep_out(), or leave it out"
            )

    def generated(self, name: str) -> GeneratedPassword:
        from ondemand_attach.protectors.generated_passwords import GeneratedPassword

        return GeneratedPassword(
            password=self.seen.full[name],
            recipient=self.request("the message", self.seen.full).recipient,
            context=self.seen.full,
            message_id=self.message_id,
        )

    def finished(
        self, pieces: Iterable[Piece], parts: Iterable[PartReceipt], template_version: str | None
    ) -> Message:
        """Return the message whose bytes are *pieces*."""
        return Message(
            envelope=self.envelope(),
            message_id=self.message_id,
            pieces=pieces,
            needs_raw_mime=self.draft.needs_raw_mime,
            protected_for=self.protected_for(),
            parts=parts,
            template_version=template_version,
        )

    def protected_for(self) -> Iterable[str] | None:
        """Return whom protected parts are made for, and who is sent them besides."""
        if not (self.draft.encrypt or any(enclosure.encrypt for enclosure in self.draft.enclosures)):
            return None
        return [address.addr_spec for address in self.envelope().recipients]

    def whole(self) -> Whole | None:
        """Return what is done to the whole message."""
        if not self.draft.is_wrapped:
            return None
        seen = self.seen.full if self.draft.encrypt else self.seen.public
        return Whole(self.draft, self.request("the message", seen), self.parts)

    def account(self, headers: _mime.Headers, body: _mime.Body, whole: Whole | None) -> Account:
        return Account(self.draft, self.own_words, self.seen, self.record, (headers, body, whole))

    def own_words(self) -> list[str]:
        """Return the texts of the public templates."""
        texts: list[str] = []
        for slot, source in self.sources(self.draft.sources()):
            with contextlib.suppress(TemplateError):  # what it includes may be missing, if it says so
                texts += self.templates.texts_of(slot, source)
        return texts

    def refuse_leaks(self, message: Message, sealed: list[bytes], account: Callable[[], Account]) -> None:
        visible = (self.sender, *self.draft.reply_to, *_addresses((*self.to, *self.draft.cc)))
        content, documents = elided(message.pieces)
        leaks = find_leaks(
            _return_path(message.envelope) + content,
            self.seen.values,
            secrets=[("password", password) for password in dict.fromkeys(self.passwords)],
            elided=documents,
            protected=sealed,
            addresses={spec for address in visible for spec in (address.addr_spec, address.ascii_addr_spec)},
            disclosed=disclosed(self.draft, self.seen),
        )
        if any(leak.path != "password" for leak in leaks):
            leaks = account().unexplained(leaks, {"password"})
        for leak in leaks:
            raise refusal(leak, {"password", *(recipe.name for recipe in self.draft.passwords)})

    def envelope(self) -> Envelope:
        """Return the envelope: the message is for To; if nobody is there, for Cc; if nobody is, for Bcc."""
        ranks = [ranked for ranked in map(_unique, (self.to, self.draft.cc, self.draft.bcc)) if ranked]
        merged = {spec: address for ranked in ranks for spec, address in ranked.items()}
        copies = [address for spec, address in merged.items() if spec not in ranks[0]]
        return Envelope(
            sender=self.draft.return_path or self.sender,
            recipients=tuple(merged.values()),
            copies=tuple(copies),
        )

    def render(self, source: Source, slot: Slot) -> str:
        view = self.seen.full if self.draft.is_private(slot) else self.seen.public
        with self.record.of(slot, is_public=not self.draft.is_private(slot)):
            rendered = self.templates.render(view, slot, said(source, self.words))
        return rendered.strip() if slot in {"subject", "header", "filename"} else rendered

    def sources(self, sources: Iterable[tuple[Slot, Source]]) -> tuple[tuple[Slot, Source], ...]:
        """Return *sources* as they are for this message."""
        return tuple((slot, said(source, self.words)) for slot, source in sources)

    def html_with_images(self) -> tuple[str | None, tuple[Attachment, ...]]:
        """Give each image a Content-ID that is unique in the world, as RFC 2392 wants it."""
        if self.draft.html is None:
            return None, ()
        ids = {image.content_id: f"{image.content_id}@{self.sender.domain}" for image in self.draft.images}
        html = _CID.sub(lambda match: match[1] + _known(ids, match[2]), self.render(self.draft.html, "html"))
        return html, tuple(replace(image, content_id=ids[image.content_id]) for image in self.draft.images)

    def request(self, filename: str, context: Mapping[str, Any]) -> AttachmentRequest:
        return AttachmentRequest(
            context=copied(context),  # a generator may change it; the next attachment sees nothing of that
            filename=filename,
            recipients=(*self.to, *self.draft.cc),
            templates=self.templates,
            now=self.now,
            sender=self.sender,
            passwords=self.passwords,
            public_view=partial(copied, self.seen.public),
        )

    def attachment(self, number: int, enclosure: Enclosure) -> Attachment:
        wished = _filenames.sanitised(self.render(enclosure.filename, "filename"))
        filename = _filenames.distinct(wished, self.filenames)
        self.filenames.append(filename)
        try:
            with self.record.of("document", is_public=not self.is_private(enclosure)):
                return self.protected(filename, enclosure)
        except (GenerationError, ProtectionError) as error:
            if self.draft.is_private("filename"):  # it may be somebody's name, and an error is public
                template = enclosure.filename.shown
                is_fixed = not any(data.lower() in template.lower() for data in self.draft.pasted)
                error.filename = f"attachment {number} ({template})" if is_fixed else f"attachment {number}"
                error.args = tuple(str(arg).replace(filename, error.filename) for arg in error.args)
            raise

    def is_private(self, enclosure: Enclosure) -> bool:
        return enclosure.encrypt is not None or self.draft.is_private("document")

    def protected(self, filename: str, enclosure: Enclosure) -> Attachment:
        is_private = self.is_private(enclosure)
        request = self.request(filename, self.seen.full if is_private else self.seen.public)
        document = plain = stage(GenerationError, filename, lambda: enclosure.generate(request))
        if is_private:
            check_made_for(document, request, GenerationError)
        by: dict[str, Document] = {}
        if encrypt := enclosure.encrypt:
            document = stage(EncryptionError, filename, lambda: encrypted(encrypt(plain, request), plain))
            check_made_for(document, request, EncryptionError)
            by["encrypted"] = document
        if sign := enclosure.sign:
            unsigned = document
            document = stage(SigningError, filename, lambda: sign(unsigned, request))
            if is_private:
                check_made_for(document, request, SigningError)
            by["signed"] = document = still_encrypted(document, unsigned)
        self.record.plain.append(plain if is_proven(by.get("signed")) else document)
        prove(document.content, [each.proof for each in by.values()], filename)
        self.parts.append(
            PartReceipt.of(
                f"attachment {len(self.parts) + 1}",
                document,
                plain,
                claims_of(document, **by),
                hash_plain=enclosure.hash_plain,
            )
        )
        return Attachment(filename=filename, document=document, is_protected=enclosure.encrypt is not None)


def _return_path(envelope: Envelope) -> bytes:
    """Return the reverse-path as every relay sees it, without the recipients that it may name (VERP)."""
    path = envelope.sender.ascii_addr_spec if envelope.sender else ""
    for recipient in envelope.recipients:
        path = path.replace(recipient.ascii_addr_spec.replace("@", "="), "")
    return f"Return-Path: <{path}>\r\n".encode()


def _known(ids: dict[str | None, str], name: str) -> str:
    if name not in ids:
        known = ", ".join(sorted(filter(None, ids))) or "none"
        raise MessageError(
            f"the HTML body shows an image (cid:) that image() did not add; added: {known}; "
            "add it, or leave it out"
        )
    return ids[name]


def _unique(recipients: tuple[Recipient, ...]) -> dict[str, Address]:
    return {address.addr_spec: address for address in _addresses(recipients)}


def _addresses(recipients: tuple[Recipient, ...]) -> tuple[Address, ...]:
    return tuple(recipient.address for recipient in recipients)


def one_person(given: tuple[Recipient, ...], seen: Views, path: Path) -> tuple[Recipient, ...]:
    """Return the recipient whose address is in the context; if one is *given*, it must be the same.

    A display name beside it is taken only if that place is public: everybody reads it in To.

    Raises:
        MessageError: it is not the same, or there is no address.
    """
    value, in_public = _at(seen.full, path), _at(seen.public, path)
    if not isinstance(value, str):
        raise MessageError(
            f"there is no address in the context at {'.'.join(path)!r}"
            f"{_misspelt(seen.full, path) or '; leave out who has none'}"
        )
    found = Recipient.of(value, f"the address in the context at {'.'.join(path)!r}")
    if not isinstance(in_public, str):
        found = Recipient(address=Address(addr_spec=found.address.addr_spec))
    if not given:
        return (found,)
    if [one.address.ascii_addr_spec for one in given] != [found.address.ascii_addr_spec]:
        raise MessageError(
            f"to= is not the one address that the context holds at {'.'.join(path)!r}; "
            "leave to= out, or give that person's data"
        )
    return given


def _misspelt(context: Any, path: Path) -> str:
    """Say which name of *path* is not in the context at all, and which one like it is."""
    for number, name in enumerate(path):
        if not isinstance(context, Mapping):
            return ""
        if name not in context:
            names = [key for key in context if isinstance(key, str) and FIELD_NAME.fullmatch(key)]
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.7)
            meant = f"; did you mean {'.'.join((*path[:number], *near))!r}?" if near else ""
            return f": {name!r} is not there{meant}" if near else ""
        context = context[name]
    return ""


def _at(context: Any, path: Path) -> Any:
    for name in path:
        context = context.get(name) if isinstance(context, Mapping) else None
    return context


def check(draft: Draft, templates: Templates) -> list[Finding]:
    """Return what the public templates of *draft* touch; see `MessageBuilder.check`."""
    from ondemand_attach.templates._analysis import touched

    for enclosure in draft.enclosures:
        if enclosure.document is not None:
            templates.texts_of("document", enclosure.document)
    words = draft.words()
    found = [
        finding
        for slot, unsaid in draft.sources()
        for source in (said(unsaid, words),)
        for finding in touched(
            templates.environment(slot),
            draft.marks,
            template=source.template or f"<{slot}>",
            source=source.text,
        )
    ]
    return found + [
        Finding(template=reads.where, line=number, path=shown(mark), reason=_READ)
        for reads in draft.public_reads()
        for number, path in enumerate(reads.paths, 1)
        for mark in draft.marks.touched_by(path)
    ]
