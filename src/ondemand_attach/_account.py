"""Accounts for what the search has found: the message without what is explained is searched once more.

A value may stand in the message because the application says it to everyone: in the imprint, as the name of
the sender, in the terms that are attached. `ondemand_attach._leaks._explaining` tells which occurrences in a
rendering are explained. Here a second message is composed like the first, of the renderings without them and
without what was given while wiring, and searched like the first. What is found again is a leak.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from ondemand_attach import _filenames, _html_text, _mime
from ondemand_attach._confidential import Guard, Path, Views, shown
from ondemand_attach._draft import Draft
from ondemand_attach._leaks import Leak, find_leaks
from ondemand_attach._leaks._explaining import Explanation, Origin, Owners
from ondemand_attach._message import Address, Attachment, Document, Slot
from ondemand_attach._pieces import elided
from ondemand_attach._rendering import Rendering, recorded
from ondemand_attach._stages import is_proven
from ondemand_attach._whole import Whole
from ondemand_attach.errors import ConfidentialityError, MailError

_UNKNOWN = Origin()
_NO_SUBJECT = "[...]"
_NUMBERED = re.compile(r"(file name of )?attachment ([0-9]+)")


@dataclass(slots=True)
class Record:
    """What was made on the way to the message.

    Args:
        renderings: of each slot in the order of the steps; none of what is private.
        plain: each attachment as it was before the library signed it.
    """

    renderings: list[tuple[Slot, list[Rendering]]] = field(default_factory=list, repr=False)
    plain: list[Document] = field(default_factory=list, repr=False)

    @contextmanager
    def of(self, slot: Slot, *, is_public: bool) -> Iterator[None]:
        """Record what is rendered inside."""
        with recorded(is_public=is_public) as renderings:
            self.renderings.append((slot, renderings))
            yield

    def at(self, slot: Slot) -> list[list[Rendering]]:
        """Return the renderings of each step of this kind."""
        return [renderings for kind, renderings in self.renderings if kind == slot]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced(Leak):
    """A leak, and where it came from, as far as that is known.

    Args:
        origin: the template, and the path in the public view that holds the value as well.
        filename: of the attachment.
    """

    origin: Origin = _UNKNOWN
    filename: str | None = None


class Account:
    """Tells which of the leaks that were found in a message are none.

    Args:
        draft: what the builder was told.
        own_words: returns the texts of the public templates.
        seen: the views of the context.
        record: what was rendered.
        message: the headers and the body as they were, and what was done to the whole.
    """

    def __init__(
        self,
        draft: Draft,
        own_words: Callable[[], list[str]],
        seen: Views,
        record: Record,
        message: tuple[_mime.Headers, _mime.Body, Whole | None],
    ) -> None:
        self._draft, self._own_words, self._seen, self._record = draft, own_words, seen, record
        self._headers, self._body, self._whole = message

    def unexplained(self, leaks: Iterable[Leak], opening: set[str]) -> tuple[Leak, ...]:
        """Return the *leaks* that are some; those of the paths *opening* always are."""
        leaks = tuple(leaks)
        found = [leak for leak in leaks if leak.path not in opening and self._is_examined(leak.where)]
        kept = [leak for leak in leaks if leak not in found]
        values = self._values({leak.path for leak in found})
        named = [(name, value) for name, (_, value) in values.items()]
        public = disclosed(self._draft, self._seen)
        self._explanation = Explanation(
            named, _leaves(self._seen.public), public, self._draft.pasted, self._owners()
        )
        try:
            again = [*self._in_message(named), *self._in_documents(named, found)]
        except MailError:  # what is left makes no message, so nothing can be said of it
            return leaks
        return tuple(dict.fromkeys([*kept, *(self._traced(leak, values[leak.path][0]) for leak in again)]))

    def _owners(self) -> Owners:
        given = {recipient.address for recipient in (*self._draft.to, *self._draft.cc)}
        people = [address for address in self._headers.to if address not in given]
        return Owners(
            domain=self._headers.sender.domain,
            recipients=[(one.addr_spec, one.display_name) for one in people],
        )

    def _values(self, paths: set[str]) -> dict[str, tuple[str, Any]]:
        """Return the values at *paths*, each under a name of its own: many may have the same path."""
        unique = {
            (path, type(value), value): (path, value) for path, value in self._seen.values if path in paths
        }
        return {f"{number}": value for number, value in enumerate(unique.values())}

    def _is_examined(self, where: str) -> bool:
        """Whether it can be told what the application says there to everyone."""
        numbered = _NUMBERED.fullmatch(where)
        if numbered and numbered[1] is None:
            return self._draft.encrypt is None and not self._is_protected(int(numbered[2]))
        if where == "header Return-Path":
            return False
        return bool(numbered) or where in {"text body", "HTML body"} or where.startswith("header ")

    def _is_protected(self, number: int) -> bool:
        index = number - len(self._body.images) - 1
        if 0 <= index < len(self._draft.enclosures):
            return self._draft.enclosures[index].encrypt is not None
        signature = self._whole.made.get("sign") if self._whole else None
        return index >= 0 and not is_proven(signature)  # a signature of the library's says who signed

    def _in_message(self, values: Sequence[tuple[str, Any]]) -> tuple[Leak, ...]:
        """Search the headers and bodies without what is explained in them."""
        subject = self._draft.outer_subject
        subject = subject if self._explanation.is_pasted_in(subject) else _NO_SUBJECT
        wrapping = self._whole.again(subject) if self._whole else None
        content, documents = elided(_mime.pieces(self._headers_left(), self._body_left(), wrapping))
        leaks = find_leaks(
            content,
            values,
            elided=documents,
            protected=self._whole.sealed if self._whole else (),
            addresses=addresses(self._headers),
            disclosed=disclosed(self._draft, self._seen),
        )
        return tuple(leak for leak in leaks if not leak.where.startswith("attachment"))

    def _headers_left(self) -> _mime.Headers:
        """Return the headers without the names that the application gave while wiring."""
        headers, draft = self._headers, self._draft
        fixed = {*draft.cc, *(draft.to if len(headers.to) > len(draft.to) else ())}
        given = {recipient.address for recipient in fixed}
        return replace(
            headers,
            sender=self._nameless(headers.sender),
            to=tuple(self._nameless(address) if address in given else address for address in headers.to),
            cc=tuple(self._nameless(address) if address in given else address for address in headers.cc),
            reply_to=tuple(map(self._nameless, headers.reply_to)),
            subject=self._left("subject") or "",
            extra=tuple(
                (name, self._left("header", number) or "") for number, (name, _) in enumerate(headers.extra)
            ),
        )

    def _nameless(self, address: Address) -> Address:
        is_kept = not address.display_name or self._explanation.is_pasted_in(address.display_name)
        return address if is_kept else replace(address, display_name="")

    def _unnamed(self, image: Attachment, number: int) -> Attachment:
        is_kept = self._explanation.is_pasted_in(image.filename)
        name = image.filename if is_kept else f"{number}"
        return replace(image, filename=name, document=_emptied(image.document), content_id=f"{number}")

    def _body_left(self) -> _mime.Body:
        html = self._left("html")
        text = self._left("text") if self._draft.text else _html_text.text_of(html or "")
        images = [self._unnamed(image, number) for number, image in enumerate(self._body.images)]
        names: list[str] = []
        attachments = []
        for number, attachment in enumerate(self._body.attachments):
            wished = _filenames.sanitised((self._left("filename", number) or "").strip())
            names.append(_filenames.distinct(wished, names))
            document = _emptied(attachment.document)
            attachments.append(Attachment(filename=names[-1], document=document))
        return _mime.Body(text=text or "", html=html, images=tuple(images), attachments=tuple(attachments))

    def _left(self, slot: Slot, number: int = 0) -> str | None:
        """Return what a template has written, without what is explained."""
        steps = self._record.at(slot)
        if number >= len(steps):
            return None
        if not steps[number]:  # private, and in what is sealed
            return ""
        left = self._explanation.without_explained(steps[number][0])
        return left.strip() if slot in {"subject", "header", "filename"} else left

    def _in_documents(self, values: Sequence[tuple[str, Any]], found: Sequence[Leak]) -> Iterator[Leak]:
        """Yield what is not explained in the attachments that nobody encrypts."""
        paths = dict(self._values({leak.path for leak in found}))
        for index, enclosure in enumerate(self._draft.enclosures):
            where = f"attachment {len(self._body.images) + index + 1}"
            here = {leak.path for leak in found if leak.where == where}
            document, renderings = self._record.plain[index], self._record.at("document")[index]
            names = [
                (name, value)
                for name, value in values
                if paths[name][0] in here and (not enclosure.is_given or self._explanation.is_somebodys(name))
            ]
            if not names:
                continue
            for name in self._in_document(document, names, renderings):
                yield Leak(path=name, where=where)

    def _in_document(
        self, document: Document, values: Sequence[tuple[str, Any]], renderings: Sequence[Rendering]
    ) -> Iterator[str]:
        explanation = self._explanation
        written = {name for rendering in renderings for name in explanation.in_text(rendering.text)}
        left = {
            name
            for rendering in renderings
            for name in explanation.in_text(explanation.without_explained(rendering))
        }
        head = f"Content-Type: {document.media_type}\r\n\r\n".encode()
        leaks = find_leaks(
            head + document.content,
            values,
            own_words=self._own_words(),
            disclosed=disclosed(self._draft, self._seen),
        )
        shown_there = {leak.path for leak in leaks}
        for name, _ in values:
            if name in left or (name in shown_there - written and not explanation.is_figure(name)):
                yield name

    def _traced(self, leak: Leak, path: str) -> Traced:
        origin = self._explanation.origin(leak.path, self._renderings_at(leak.where))
        return Traced(path=path, where=leak.where, origin=origin, filename=self._filename_at(leak.where))

    def _renderings_at(self, where: str) -> list[Rendering]:
        at = self._record.at
        numbered = _NUMBERED.fullmatch(where)
        if numbered:
            steps = at("filename" if numbered[1] else "document")
            index = int(numbered[2]) - len(self._body.images) - 1
            return steps[index] if 0 <= index < len(steps) else []
        if where in {"text body", "HTML body"}:
            is_html = where == "HTML body" or self._draft.text is None
            return [rendering for step in at("html" if is_html else "text") for rendering in step]
        if where == "header Subject":
            return [rendering for step in at("subject") for rendering in step]
        names = [f"header {name}" for name, _ in self._draft.headers]
        return [r for name, step in zip(names, at("header"), strict=True) if name == where for r in step]

    def _filename_at(self, where: str) -> str | None:
        """Return the name of the attachment, unless it holds a value itself."""
        numbered = _NUMBERED.fullmatch(where)
        if numbered is None or numbered[1] is not None or self._draft.is_private("filename"):
            return None
        index = int(numbered[2]) - len(self._body.images) - 1
        names = self._body.attachments
        name = names[index].filename if 0 <= index < len(names) else ""
        return name if name and not self._explanation.in_text(name) else None


def refusal(leak: Leak, secrets: Collection[str]) -> ConfidentialityError:
    """Return the error that says where the value stands, what wrote it there and what to do.

    Args:
        leak: which value, and where.
        secrets: the paths that nobody should make public: those of passwords.
    """
    traced = leak if isinstance(leak, Traced) else Traced(path=leak.path, where=leak.where)
    where = f"{traced.where} ({traced.filename})" if traced.filename else traced.where
    return ConfidentialityError(
        f"the value of {traced.path} stands in the {where}, where anybody can read it; "
        f"{_remedy(traced, secrets)}",
        path=traced.path,
        template=traced.origin.template,
        line=traced.origin.line,
    )


def _remedy(leak: Traced, secrets: Collection[str]) -> str:
    if leak.origin.is_pasted:
        return (
            "it stands in the source of the template, where data must not be pasted; write {{ … }} there, or "
            "give text that is the same for everyone with template= or attach_file()"
        )
    if leak.path in secrets:
        return "take it out of there"
    if source := leak.origin.path:
        return (
            f"it is also at {source}, which is not marked: take that out of there and mark it too, or say "
            f"with .public({source!r}) that anybody may read it"
        )
    return f"take it out of there, or say with .public({leak.path!r}) that anybody may read it"


def disclosed(draft: Draft, seen: Views) -> set[str]:
    """Return what is declared public, or the application's own address."""
    sender = {draft.sender.addr_spec} if draft.sender else set()
    return {*map(str, seen.disclosed), *sender}


def addresses(headers: _mime.Headers) -> set[str]:
    """Return the addresses that may stand in the address fields."""
    visible = (headers.sender, *headers.reply_to, *headers.to, *headers.cc)
    return {spec for address in visible for spec in (address.addr_spec, address.ascii_addr_spec)}


def _emptied(document: Document) -> Document:
    return Document(content=b"", media_type=document.media_type)


def _leaves(value: Any, path: Path = ()) -> Iterator[tuple[str, Any]]:
    """Yield the values of the public view, with their paths as a person may read them."""
    if isinstance(value, Mapping):
        for name, child in value.items():
            yield from _leaves(child, (*path, name))
    elif isinstance(value, list):
        for child in value:
            yield from _leaves(child, path)
    elif not isinstance(value, Guard):
        yield shown(path), value
