"""MessageBuilder: describes one kind of e-mail once, and builds a message for every event."""

from __future__ import annotations

import copy
import dataclasses
import datetime
import difflib
import mimetypes
import pathlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from ondemand_attach import _composition, _filenames, _mime
from ondemand_attach._confidential import Finding, Marks, parsed, views
from ondemand_attach._draft import Draft, Enclosure, Reads
from ondemand_attach._given import checked, fixed, is_lazy, kind, plain, shown, text
from ondemand_attach._message import (
    Address,
    Attachment,
    AttachmentRequest,
    Document,
    Message,
    Recipient,
    Source,
    addressed,
    source_of,
)
from ondemand_attach._origins import of_file
from ondemand_attach._pasted import pasted
from ondemand_attach._seal import at_work, translated
from ondemand_attach.errors import (
    ConfigurationError,
    InvalidAddressError,
    MessageError,
    MissingRecipientError,
)
from ondemand_attach.interfaces import ReadingGenerator

if TYPE_CHECKING:
    from typing import Self

    from ondemand_attach.interfaces import AttachmentGenerator, Encryptor, PasswordDelivery, Signer
    from ondemand_attach.protectors.dkim import DkimSigner
    from ondemand_attach.protectors.generated_passwords import GeneratedPassword
    from ondemand_attach.templates._environment import Folder

_CONTENT_ID = re.compile(r"[A-Za-z0-9._+-]+")
_PLACES = {
    "generate": "first to attach()",
    "encrypt": "as encryptor=",
    "sign": "as signer=",
    "deliver": "as delivery=",
    "send": "to a Mailer",
}
_TEMPLATE = "a template as text"
_STEPS = {"attachment": "attach(…)", "message": "whole_message(…)", "header": "dkim(…)"}

AddressLike: TypeAlias = str | Address
RecipientLike: TypeAlias = str | Address | Recipient


class MessageBuilder:
    """Describes one kind of e-mail. Every step returns a new builder; a builder never changes.

    So a letterhead is made once and shared, between kinds of e-mail and between threads::

        letterhead = MessageBuilder(templates="mail").sender("Shop <orders@shop.example>")
        order = letterhead.subject("Your order {{ number }}").text(template="order.txt")

    Templates are Jinja2, sandboxed and strict: an unknown name is an error. Subject, bodies, headers
    and file names see the public view of the context; so does an attachment without an encryptor.
    Their sources may be lazy strings, which are translated anew for each message.

    Args:
        templates: where template files are looked up: a folder, ``package:name`` for a folder inside
            an installed package, a Jinja2 loader, or a sequence of these.
        filters: further Jinja2 filters, such as one that formats money; called in each rendering, also on
            fixed text, with a copy of the data.
    """

    def __init__(
        self,
        *,
        templates: Folder | Sequence[Folder] = (),
        filters: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        from ondemand_attach.templates._environment import Templates

        folders = (
            templates if isinstance(templates, Sequence) and not isinstance(templates, str) else [templates]
        )
        self._templates = Templates(folders, _filters(filters))
        self._draft = Draft()

    def sender(self, address: AddressLike) -> Self:
        """Set the From address (RFC 5322 section 3.6.2)."""
        return self._with(sender=addressed(address, "sender()"), pasted=pasted(address))

    def return_path(self, address: AddressLike) -> Self:
        """Set where bounces go, the reverse-path (RFC 5321 section 4.4), if not to the sender."""
        return self._with(return_path=addressed(address, "return_path()"))

    def to(self, *recipients: RecipientLike) -> Self:
        """Add recipients of every message; the customer is better given to `build()`."""
        return self._with(to=(*self._draft.to, *_named(recipients, "to()")), pasted=pasted(*recipients))

    def recipient_at(self, path: str) -> Self:
        """Take the recipient from the context, so that data and address are of one person.

        Args:
            path: where the address is, such as ``"customer.email"``. A `Recipient` that `build()` is given
                must have the same. Of ``Name <address>`` the name is left out, unless the path is public.
        """
        return self._with(recipient_at=parsed(path))

    def cc(self, *recipients: RecipientLike) -> Self:
        """Add recipients of a copy, visible to all."""
        return self._with(cc=(*self._draft.cc, *_named(recipients, "cc()")), pasted=pasted(*recipients))

    def bcc(self, *recipients: RecipientLike) -> Self:
        """Add recipients of a copy that nobody sees: they are in the envelope, never in the bytes."""
        return self._with(bcc=(*self._draft.bcc, *_named(recipients, "bcc()")))

    def reply_to(self, *addresses: AddressLike) -> Self:
        """Add addresses that replies go to (RFC 5322 section 3.6.2)."""
        return self._with(
            reply_to=(*self._draft.reply_to, *(addressed(each, "reply_to()") for each in addresses)),
            pasted=pasted(*addresses),
        )

    def subject(self, source: str) -> Self:
        """Set the template of the subject."""
        return self._with(subject=Source.of(text(source, "subject()", _TEMPLATE)), pasted=pasted(source))

    def text(self, source: str | None = None, *, template: str | None = None) -> Self:
        """Set the template of the plain text body; left out, it is derived from the HTML body."""
        return self._with(text=source_of(source, template, "text()"), pasted=pasted(source))

    def html(self, source: str | None = None, *, template: str | None = None) -> Self:
        """Set the template of the HTML body."""
        return self._with(html=source_of(source, template, "html()"), pasted=pasted(source))

    def header(self, name: str, source: str) -> Self:
        """Add a header field.

        Raises:
            InvalidHeaderError: the name is malformed, or of a field that has a step of its own; or the
                value, if it is fixed, could end the header or deceive its reader.
        """
        name = fixed(name, "header(name)", "the name of a field as text")
        _mime.check_header_name(name)
        value = Source.of(text(source, f"header({name!r})", _TEMPLATE))
        if value.text is not None and "{" not in value.text:
            _mime.check_header_value(name, value.text)
        return self._with(headers=(*self._draft.headers, (name, value)), pasted=pasted(source))

    def image(self, name: str, content: bytes | str | pathlib.Path) -> Self:
        """Add an image that the HTML body shows as ``<img src="cid:name">`` (RFC 2392).

        Args:
            name: the name used after ``cid:``, letters, digits, dots and hyphens.
            content: the bytes, or the path of the file, which is read now.
        """
        put_in = pasted(name, *_path_texts(content))
        name = fixed(name, "image(name)")
        if not _CONTENT_ID.fullmatch(name):
            raise ConfigurationError(
                f"{name!r} is no name for an image; use ASCII letters, digits, dots, hyphens"
            )
        found = _bytes_or_path(content, f"image({name!r})")
        filename = _filenames.sanitised(name if isinstance(found, bytes) else found.name)
        document = _read(found, _image_type(found, filename))
        image = Attachment(filename=filename, document=document, content_id=name)
        return self._with(images=(*self._draft.images, image), pasted=put_in)

    def attach(
        self,
        generator: AttachmentGenerator | Callable[[AttachmentRequest], Document],
        *,
        filename: str,
        encryptor: Encryptor | Callable[[Document, AttachmentRequest], Document] | None = None,
        signer: Signer | Callable[[Document, AttachmentRequest], Document] | None = None,
        hash_plain: bool = False,
    ) -> Self:
        """Add an attachment that *generator* makes at the moment of sending.

        Only with an *encryptor* does the generator see confidential values.

        Args:
            generator: an `AttachmentGenerator`, or a function with the same argument.
            filename: the template of the file name.
            encryptor: makes the document unreadable to everyone but the recipient.
            signer: signs the document, after encryption.
            hash_plain: have the receipt hold a hash of what is in the document, too: as it was before it was
                protected, or as it is sent without. Whoever reads the receipt can then try documents until
                one fits, so only for those in which there is something that nobody could guess.

        Raises:
            ConfigurationError: the parts do not fit together, such as a password with several recipients.
        """
        named = Source.of(text(filename, "attach(filename=…)", "the template of a file name as text"))
        _flag(hash_plain, "attach(hash_plain=…)")
        generate = _method(generator, "generate")
        document = _template_of(generator)
        enclosure = Enclosure(
            filename=named,
            document=document,
            reads=_reads_of(generator),
            generate=generate,
            encrypt=None if encryptor is None else _method(encryptor, "encrypt"),
            sign=None if signer is None else _method(signer, "sign"),
            hash_plain=hash_plain,
            is_given=isinstance(generator, _Given),
        )
        if check := getattr(encryptor, "check_attachment", None):
            check(generator, "{{ lazy }}" if named.text is None else named.text, signer)
        return self._with(
            enclosures=(*self._draft.enclosures, enclosure),
            pasted=pasted(filename, document and document.text),
        )

    def attach_file(
        self,
        path: str | pathlib.Path,
        *,
        filename: str | None = None,
        media_type: str | None = None,
        hash_plain: bool = False,
    ) -> Self:
        """Add the file at *path*, the same for everyone, such as terms and conditions; read now.

        Args:
            path: where it is.
            filename: the template of the file name; by default the file's own.
            media_type: an RFC 6838 type; by default guessed from the name.
            hash_plain: have the receipt say by its hash which file it was.
        """
        put_in = pasted(filename, *_path_texts(path))
        found = _bytes_or_path(path, "attach_file()")
        if isinstance(found, bytes):
            raise ConfigurationError(
                "attach_file() takes the path of a file; attach() takes what makes bytes"
            )
        if media_type is not None:
            media_type = fixed(media_type, "attach_file(media_type=…)", "a media type as text")
        document = _read(found, media_type or _guessed(found.name))
        named = found.name if filename is None else filename
        return self._with(pasted=put_in).attach(_Given(document), filename=named, hash_plain=hash_plain)

    def whole_message(
        self,
        *,
        encryptor: Encryptor | Callable[[Document, AttachmentRequest], Document] | None = None,
        signer: Signer | Callable[[Document, AttachmentRequest], Document] | None = None,
        outer_subject: str | None = None,
    ) -> Self:
        """Encrypt or sign the message as a whole, or both: it is signed, then encrypted.

        What an earlier call has set stays, unless it is given anew: a letterhead that encrypts always does.

        In an encrypted message, bodies, file names and all attachments may hold confidential values. The
        header is always public; the subject moves inside, where mail programs that know RFC 9788 show it.

        Args:
            encryptor: such as `SmimeEncryptor` or `OpenPgpEncryptor`.
            signer: such as `SmimeSigner` or `OpenPgpSigner`.
            outer_subject: the subject that everyone sees of an encrypted message, the same for all; by
                default ``[...]``, as RFC 9788 has it.

        Raises:
            ConfigurationError: neither was given, or one is for attachments; or the message has blind copies.
        """
        if encryptor is None and signer is None:
            raise ConfigurationError("whole_message() takes an encryptor, a signer, or both")
        changes: dict[str, Any] = {}
        if encryptor is not None:
            changes["encrypt"] = _method(encryptor, "encrypt", of="message")
        if signer is not None:
            changes["sign"] = _method(signer, "sign", of="message")
        if outer_subject is not None:
            outer_subject = fixed(outer_subject, "whole_message(outer_subject=…)")
            _mime.check_header_value("Subject", outer_subject)
            changes["outer_subject"] = outer_subject
        return self._with(**changes, pasted=pasted(outer_subject))

    def dkim(self, signer: DkimSigner) -> Self:
        """Add a DKIM signature (RFC 6376) over the final bytes; one more for each call.

        Raises:
            ConfigurationError: the domain that signs is neither that of `sender()` nor above it.
        """
        if is_lazy(signer) or not (
            callable(getattr(signer, "sign", None)) and callable(getattr(signer, "answers_for", None))
        ):
            raise ConfigurationError(f"dkim() takes a DkimSigner, not {kind(signer)}")
        return self._with(dkim=(*self._draft.dkim, signer))

    def confidential(self, *marks: str | type) -> Self:
        """Mark what must never leave unprotected.

        Args:
            marks: paths into the context such as ``"payment.iban"``, which mean everything below
                them, or record types whose fields are annotated with `Confidential`.
        """
        return self._with(marks=self._draft.marks.with_confidential(marks))

    def public(self, *paths: str) -> Self:
        """Exempt paths below a confidential one, such as a first name for the salutation."""
        return self._with(marks=self._draft.marks.with_public(paths))

    @checked
    def generated_password(
        self,
        name: str,
        *,
        delivery: PasswordDelivery | Callable[[GeneratedPassword], object],
        words: int | None = None,
        digits: int | None = None,
        word_list: Sequence[str] | None = None,
    ) -> Self:
        """Make a password for each message, which encryptors use as ``{{ name }}``.

        It is confidential like any marked value. When the message is finished, *delivery* is given it, to be
        brought to the recipient by another way. Six words of the default list hold 77 bits, 16 digits 53.

        Args:
            name: what templates call it.
            delivery: a `PasswordDelivery`, or a function with the same argument.
            words: how many words, joined by hyphens.
            digits: how many digits, in groups of four; instead of words.
            word_list: at least 100 words in the language of the recipients; by default English, for which the
                extra ``words`` is needed.

        Raises:
            ConfigurationError: fewer than 40 bits, or a list of too few words.
            WeakPasswordError: a word cannot be typed the same in every reader.
            MissingDependencyError: the extra is not installed.
        """
        from ondemand_attach.protectors.generated_passwords import recipe

        deliver = _method(delivery, "deliver")
        made = recipe(name, deliver, words=words, digits=digits, word_list=word_list)
        return self._with(
            passwords=(*self._draft.passwords, made), marks=self._draft.marks.with_generated(name)
        )

    def check(self) -> list[Finding]:
        """List the confidential paths that public templates touch, without rendering any.

        Generators that are no templates are asked for their `ReadingGenerator.reads`; one that does not say
        what it reads, such as a function, is not looked into.

        For a test in the application: ``assert not builder.check()``.

        Raises:
            TemplateError: a template could not be loaded or parsed.
        """
        return _composition.check(dataclasses.replace(self._draft, marks=self._marks()), self._templates)

    def _marks(self) -> Marks:
        """Return what is confidential: what the application marked, and what passwords are made of."""
        sources = tuple(self._draft.password_templates())
        if not sources:
            return self._draft.marks
        from ondemand_attach._template_facts import facts

        texts = (text for source in sources for text in self._templates.texts_of("password", source))
        return self._draft.marks.with_parts(path for text in texts for path in facts(text).lookups)

    @at_work(MessageError)
    def build(
        self,
        context: object,
        *,
        to: RecipientLike | Iterable[RecipientLike] = (),
        now: datetime.datetime | None = None,
        message_id: str | None = None,
    ) -> Message:
        """Make the finished message for one event.

        Args:
            context: the data of the event: a mapping, or an object with named fields, of plain data.
            to: recipients besides those of the builder.
            now: the time for the Date field; timezone-aware.
            message_id: the msg-id with angle brackets, if the application must know it beforehand.

        Raises:
            MessageError: something is missing or malformed.
            TemplateError: a template failed.
            ConfidentialityError: a confidential value would be outside a protected part.
            GenerationError: an attachment could not be made without loss.
            ProtectionError: an attachment could not be encrypted or signed.
        """
        composition = self._composition(context, to, now, message_id)
        return composition.handed_over(composition.message())

    def _composition(
        self,
        context: object,
        to: RecipientLike | Iterable[RecipientLike],
        now: datetime.datetime | None,
        message_id: str | None,
    ) -> _composition.Composition:
        generated = {recipe.name: recipe.make() for recipe in self._draft.passwords}
        seen = views(context, self._marks()).with_secrets(generated)
        given = tuple(_recipients(to))
        if path := self._draft.recipient_at:
            given = _composition.one_person(given, seen, path)
        occasion = _composition.Occasion(
            to=(*self._draft.to, *given), now=now, message_id=message_id, words=self._draft.words()
        )
        return _composition.Composition(self._draft, self._templates, seen, occasion)

    def build_each(
        self,
        recipients: RecipientLike | Iterable[RecipientLike],
        context: object | Callable[[Recipient], object],
    ) -> Iterator[Message]:
        """Make one message for each recipient, who is added to the builder's own to, cc and bcc.

        Args:
            recipients: who gets a message.
            context: the data for all of them, or a function from the recipient to theirs.

        Raises:
            MailError: as `build()`, when the message of that recipient is reached.
        """
        context_of = context if callable(context) else lambda _: context
        return (self.build(context_of(recipient), to=recipient) for recipient in _recipients(recipients))

    def _with(self, *, pasted: tuple[str, ...] = (), **changes: Any) -> Self:
        changed = copy.copy(self)
        if pasted:
            changes["pasted"] = (*self._draft.pasted, *pasted)
        changed._draft = dataclasses.replace(self._draft, **changes)  # noqa: SLF001 - of this class
        return changed


@dataclasses.dataclass(frozen=True, slots=True)
class _Given:
    """Generates the document that there is already."""

    document: Document

    def generate(self, _: AttachmentRequest) -> Document:
        return dataclasses.replace(self.document)  # a new one for each message, as it is for everyone


def _named(recipients: Iterable[RecipientLike], what: str) -> Iterator[Recipient]:
    return (Recipient.of(each, what) for each in recipients)


def _recipients(to: RecipientLike | Iterable[RecipientLike]) -> Iterator[Recipient]:
    """Yield whom `build()` was given; by now, a proxy stands for somebody."""
    given = plain(to, "to=")
    if given is None:
        raise MissingRecipientError("to= is None; give an address, and send nothing to who has none")
    if isinstance(given, str | Address | Recipient):
        given = (given,)
    if isinstance(given, bytes | Mapping) or not isinstance(given, Iterable):
        raise InvalidAddressError(
            f"to= takes an address, as text, Address or Recipient, or several of them, not {kind(given)}"
        )
    return (Recipient.of(plain(each, "to="), "to=") for each in given)


def _filters(filters: Mapping[str, Callable[..., Any]] | None) -> Mapping[str, Callable[..., Any]]:
    if not isinstance(filters, Mapping | None):
        raise ConfigurationError(f"filters= takes a mapping from names to functions, not {kind(filters)}")
    for name, function in (filters or {}).items():
        if not isinstance(name, str) or not callable(function):
            raise ConfigurationError(f"filters[{shown(name)}] takes a function, not {kind(function)}")
    return filters or {}


def _flag(value: object, what: str) -> None:
    if not isinstance(value, bool):
        raise ConfigurationError(f"{what} takes True or False, not {kind(value)}")


def _bytes_or_path(value: object, what: str) -> bytes | pathlib.Path:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str | pathlib.PurePath) and value.__class__ is type(value) and str(value):
        return pathlib.Path(value)
    given = "empty text" if value == "" else kind(value)
    raise ConfigurationError(f"{what} takes the path of a file, or its bytes, not {given}")


def _path_texts(path: object) -> tuple[str, ...]:
    """Return a path and the name of the file as text."""
    is_path = isinstance(path, str | pathlib.PurePath) and path.__class__ is type(path)
    return (str(path), pathlib.PurePath(path).name) if is_path else ()  # type: ignore[arg-type]


def _template_of(generator: object) -> Source | None:
    text, template = getattr(generator, "source", None), getattr(generator, "template", None)
    return Source(text, template) if isinstance(text or template, str) else None


def _reads_of(generator: object) -> Reads | None:
    given: Any = getattr(generator, "reads", None)
    name = type(generator).__name__
    if given is None and ReadingGenerator not in type(generator).__mro__:
        return None
    is_list = isinstance(given, tuple | list | set | frozenset)
    if not is_list or not all(isinstance(path, str) for path in given):
        nearest = difflib.get_close_matches("reads", set(dir(generator)) - {"reads"}, 1)
        hint = f" (is it {nearest[0]!r}?)" if given is None and nearest else ""
        raise ConfigurationError(
            f"a {name} says what it reads by an attribute reads, a tuple of paths such as ('order.number',), "
            f"not {'by none' if given is None else f'a {type(given).__name__}'}{hint}"
        )
    return Reads(f"{name}.reads", tuple(map(parsed, given)))


def _method(plug: Any, name: str, *, of: str = "attachment") -> Callable[..., Any]:
    if isinstance(plug, type):
        raise ConfigurationError(f"{name}(): {plug.__name__} is a class; give an object of it")
    if is_lazy(plug):
        raise ConfigurationError(
            f"{kind(plug)} has no method {name}() as long as nothing is sent; give an object"
        )
    method = getattr(plug, name, plug)
    if getattr(plug, "protects", of) != of:
        step = _STEPS.get(plug.protects, "another step")
        raise ConfigurationError(f"a {type(plug).__name__} is not for the {of}; give it to {step}")
    if not callable(method):
        other = next((does for does in _PLACES if callable(getattr(plug, does, None))), None)
        hint = (
            f"but one {other}(): give it {_PLACES[other]}"
            if other
            else "and is no function; give one that has"
        )
        raise ConfigurationError(f"a {type(plug).__name__} has no method {name}() {hint}")
    return cast("Callable[..., Any]", method)


def _read(content: bytes | pathlib.Path, media_type: str) -> Document:
    if not isinstance(content, bytes):
        path = content
        content = translated(
            path.read_bytes,
            lambda error: ConfigurationError(
                f"the file {str(path)!r} cannot be read: {of_file(error)}; "
                "give the path of a file that is there"
            ),
        )
    return Document(content=content, media_type=media_type)


def _image_type(content: bytes | pathlib.Path, filename: str) -> str:
    for start, media_type in (
        (b"\x89PNG", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF8", "image/gif"),
    ):
        if isinstance(content, bytes) and content.startswith(start):
            return media_type
    return _guessed(filename)


def _guessed(filename: str) -> str:
    return mimetypes.guess_type(filename)[0] or "application/octet-stream"
