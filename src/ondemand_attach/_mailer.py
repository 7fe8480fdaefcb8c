"""Mailer: lives with the application and ties builders to a transport."""

from __future__ import annotations

import datetime
import functools
import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ondemand_attach._addresses import ByAddress
from ondemand_attach._answers import identifier, impersonal
from ondemand_attach._given import checked, kind
from ondemand_attach._message import Receipt
from ondemand_attach._origins import told
from ondemand_attach._outcome import check_outcome
from ondemand_attach._seal import at_work, bare, translated
from ondemand_attach.errors import ConfigurationError, MessageError, TransportError

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor
    from types import TracebackType
    from typing import Self

    from ondemand_attach._builder import MessageBuilder, RecipientLike
    from ondemand_attach._message import Message
    from ondemand_attach._receipt import PartReceipt
    from ondemand_attach.interfaces import Transport
    from ondemand_attach.pool.render_pool import RenderPool

_THREADS = 64
"""As many messages at once wait for render processes and mail servers; more wait for these."""

_log = logging.getLogger("ondemand_attach")


class Mailer:
    """Builds a message at the moment of sending and hands it to the transport. One per process.

    Args:
        transport: the way out: a `Transport`, or a function from a message to a receipt.
        pool: where messages are built; without one, in the thread that sends.
    """

    @checked
    def __init__(
        self, transport: Transport | Callable[[Message], Receipt], *, pool: RenderPool | None = None
    ) -> None:
        send: Any = getattr(transport, "send", transport)
        if isinstance(transport, type):
            raise ConfigurationError(f"{transport.__name__} is a class; give a Mailer an object of it")
        if not callable(send) or isinstance(transport, Mailer):
            raise ConfigurationError(
                "a transport has a method send(), or is a function from a message to a receipt; "
                f"this is {kind(transport)}"
            )
        self._transport = transport
        self._send: Callable[[Message], Receipt] = send
        self._pool = pool
        self._threads: tuple[int, ThreadPoolExecutor] | None = None  # and the process that they run in

    @at_work(MessageError)
    @checked
    def send(
        self,
        builder: MessageBuilder,
        context: object,
        *,
        to: RecipientLike | Iterable[RecipientLike] = (),
        now: datetime.datetime | None = None,
        message_id: str | None = None,
    ) -> Receipt:
        """Build the message for one event and send it.

        The arguments are those of `MessageBuilder.build`.

        Raises:
            MailError: any of those of `MessageBuilder.build` or `RenderPool.build`, or of `deliver`. Worth a
                retry is what has ``is_temporary``, and nothing else.
        """
        self._check_transport(builder._draft.needs_raw_mime)  # noqa: SLF001 - of this library
        build = functools.partial(self._pool.build, builder) if self._pool else builder.build
        return self.deliver(build(context, to=to, now=now, message_id=message_id))

    @at_work(TransportError)
    @checked
    def deliver(self, message: Message) -> Receipt:
        """Send a message that was built before.

        Returns:
            The transport's receipt, with the time and hashes of what was sent, if nobody could guess it.

        Raises:
            RecipientsRefusedError: all were refused for whom the message is, whatever became of copies.
            TransportError: it was not, or perhaps not, handed over; or it is signed or encrypted as a whole,
                which would not survive the transport.
            MessageError: it is protected for others than its envelope names.
        """
        self._check_transport(message.needs_raw_mime)
        message.check_recipients()
        receipt = translated(lambda: self._send(message), _unknown)
        if not isinstance(receipt, Receipt):
            raise TransportError(
                f"the transport returned a {type(receipt).__name__} and no Receipt; the message may be sent",
                is_uncertain=True,
            )
        receipt = translated(lambda: _with_plain_outcome(receipt), _unclear)
        translated(lambda: check_outcome(message.envelope, receipt), _unclear)
        _log.log(
            logging.WARNING if receipt.refused else logging.INFO,
            "sent %s: %d accepted, %d refused",
            receipt.message_id,
            len(receipt.accepted),
            len(receipt.refused),
        )
        for part in message.parts:
            if part.is_lower_than_asked:
                _log.warning("%s: %s is signed as %s, not %s, which was asked for", *_levels(message, part))
            if part.rewriting:
                _log.warning("%s: %s was written anew by %s", message.message_id, part.part, part.rewriting)
        return replace(
            receipt,
            answer=impersonal(receipt.answer, message.envelope.recipients),
            provider_id=identifier(receipt.provider_id, message.envelope.recipients),
            sent_at=datetime.datetime.now(datetime.UTC),
            sha256=None if _can_be_guessed(message) else message.sha256(),
            size=message.size,
            template_version=message.template_version,
            parts=message.parts,
        )

    def _check_transport(self, needs_raw_mime: bool) -> None:  # noqa: FBT001 - what is asked
        if needs_raw_mime and "RAW_MIME" not in getattr(self._transport, "capabilities", ()):
            raise TransportError(
                "the message is signed or encrypted as a whole, and the transport does not say that it "
                "leaves the bytes alone; use another, or, if it does, give it capabilities = {'RAW_MIME'}"
            )

    async def asend(
        self,
        builder: MessageBuilder,
        context: object,
        *,
        to: RecipientLike | Iterable[RecipientLike] = (),
        now: datetime.datetime | None = None,
        message_id: str | None = None,
    ) -> Receipt:
        """Do as `send()`, in a thread of the mailer, so that the event loop goes on.

        A call that is cancelled may still send. Give it a *message_id* if it may be made again.
        """
        import asyncio
        import contextvars

        send = functools.partial(self.send, builder, context, to=to, now=now, message_id=message_id)
        call = functools.partial(contextvars.copy_context().run, send)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor(), call)
        except BaseException as error:  # noqa: BLE001 - raised again below
            failure = bare(error)
        del builder, context, to, message_id, send, call  # a traceback that captures locals shows them
        raise failure

    def _executor(self) -> ThreadPoolExecutor:
        """Return the threads of this process. The event loop's own are left to the application."""
        from concurrent.futures import ThreadPoolExecutor

        if self._threads is None or self._threads[0] != os.getpid():
            self._threads = os.getpid(), ThreadPoolExecutor(_THREADS, thread_name_prefix="ondemand_attach")
        return self._threads[1]

    def close(self) -> None:
        """Close the transport's connections, if it keeps any, and the pool; the pool may be used again."""
        if self._threads is not None:
            self._threads[1].shutdown(wait=False)
            self._threads = None
        for owned in (self._transport, self._pool):
            close = getattr(owned, "close", None)
            if close is not None:
                close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _levels(message: Message, part: PartReceipt) -> tuple[str, str, str | None, str | None]:
    return message.message_id, part.part, part.signature, part.signature_asked


def _can_be_guessed(message: Message) -> bool:
    """Whether who knows all of it but, say, the name in the salutation, could find that by its hash.

    Not so if it is signed or encrypted as a whole, or if of a part there is a hash.
    """
    return not (message.needs_raw_mime or any(part.sha256 for part in message.parts))


def _with_plain_outcome(receipt: Receipt) -> Receipt:
    if isinstance(receipt.accepted, str):
        raise TypeError
    return replace(receipt, accepted=tuple(receipt.accepted), refused=ByAddress(receipt.refused))


def _unknown(error: Exception) -> TransportError:
    """Say what a transport raised that is no error of this library, so tells nothing of the message."""
    return TransportError(
        f"the transport raised {told(error)}; it is not known whether the message is sent. Have it raise a "
        "TransportError, which tells",
        is_uncertain=True,
    )


def _unclear(error: Exception) -> TransportError:
    return TransportError(
        f"{type(error).__name__} while the transport's receipt was read: accepted and refused name "
        "addresses; the message may be sent",
        is_uncertain=True,
    )
