"""SmtpTransport: the usual way out."""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self, TypeVar

from ondemand_attach._addresses import ByAddress
from ondemand_attach._answers import impersonal
from ondemand_attach._given import checked
from ondemand_attach._message import Message, Receipt, Refusal
from ondemand_attach._seal import at_work, translated
from ondemand_attach.errors import ConfigurationError, MessageError, RecipientsRefusedError, TransportError
from ondemand_attach.transports._network import KeptConnections, verifying
from ondemand_attach.transports._server import Server
from ondemand_attach.transports._session import Session

T = TypeVar("T")
_NO_MAILBOX = {450, 550, 551, 552, 553}  # RFC 5321 section 4.2.3
_EHLO_NAME = re.compile(r"[A-Za-z0-9.\-]+|\[[A-Za-z0-9.:]+\]")


class SmtpTransport:
    """Sends over SMTP (RFC 5321), keeping connections open for the next message.

    It can be shared between threads: each message goes over a connection of its own. A connection is
    closed after any error, and opened anew when the server closed it or it was idle for a minute.

    The server is verified, by TLS 1.2 or newer, before anything but EHLO is said. Only ``smtp://`` sends
    in clear text, and it never logs in.

    Args:
        url: ``smtp+starttls://user@host:587`` (RFC 3207), ``smtps://user@host:465`` (RFC 8314) or
            ``smtp://localhost:25``; the ports shown are the defaults. Percent-encode the user.
        password: returns the password of the user; called at each login.
        timeout: seconds for one message, from connecting to the last reply; resolving the host name
            is not counted.
        ssl_context: verifies the server with another authority, or shows a client certificate.
        local_hostname: the name to say in EHLO, for servers that ask for one; the address literal of
            the local end by default.
        rewrites_messages: the server is known to put messages together anew, as some providers' do, so that
            none may be sent that is signed or encrypted as a whole.
        insecure_allow_clear_text: let ``smtp://`` go to another machine.

    Raises:
        ConfigurationError: one of them is wrong, or they would send something unprotected.
    """

    @checked
    def __init__(
        self,
        url: str,
        *,
        password: Callable[[], str] | None = None,
        timeout: float = 60.0,
        ssl_context: ssl.SSLContext | None = None,
        local_hostname: str | None = None,
        rewrites_messages: bool = False,
        insecure_allow_clear_text: bool = False,
    ) -> None:
        self._server = Server.parse(url)
        _check_login(self._server, password)
        if not (self._server.is_encrypted or self._server.is_loopback or insecure_allow_clear_text):
            raise ConfigurationError(
                "smtp:// sends in clear text; use smtp+starttls:// or smtps://, or, for a relay on your own "
                "network, insecure_allow_clear_text=True"
            )
        if not timeout > 0:
            raise ConfigurationError("timeout is a number of seconds above zero")
        if local_hostname is not None and not _EHLO_NAME.fullmatch(local_hostname):
            raise ConfigurationError("local_hostname is an ASCII host name, or an address in brackets")
        self._context = verifying(ssl_context) if self._server.is_encrypted else None
        self.capabilities = frozenset(() if rewrites_messages else {"RAW_MIME"})
        self._password = password
        self._timeout = timeout
        self._local_hostname = local_hostname
        self._idle: KeptConnections[Session] = KeptConnections()

    @at_work(TransportError)
    @checked
    def send(self, message: Message, /) -> Receipt:
        """Send the bytes of *message* exactly as they are.

        Returns:
            A receipt, with the recipients that the server refused while it took the others.

        Raises:
            RecipientsRefusedError: the server refused all for whom the message is. Nobody was sent it.
            TransportError: the message was not taken; if ``is_uncertain``, it may have been.
            MessageTooLargeError: it is larger than the server takes (RFC 1870).
            MessageError: its bytes hold a CR or LF that is not part of a line end.
        """
        _check_line_ends(message)
        session, refused = self._prepared(message, time.monotonic() + self._timeout)
        reply = _within(session, lambda: session.hand_over(message))
        self._idle.keep(session, session.connection)
        recipients = (recipient.addr_spec for recipient in message.envelope.recipients)
        accepted = tuple(recipient for recipient in recipients if recipient not in refused)
        said = f"{reply.code} {reply.text.decode('utf-8', 'replace')}"
        answer = impersonal(said, message.envelope.recipients)
        return Receipt(
            message_id=message.message_id, accepted=accepted, refused=ByAddress(refused), answer=answer
        )

    def _prepared(self, message: Message, deadline: float) -> tuple[Session, dict[str, Refusal]]:
        """Return a session that waits for the bytes of *message*, and who was refused.

        What else than a mailbox fails on a kept connection, if only for one of several recipients, is tried
        once again on a new one: servers end or refuse sessions that were long or idle, or forget a login, in
        many words. Nothing was sent by then: without the final dot, a server drops what it was told (RFC 5321
        section 4.1.1.4).
        """
        while (kept := self._idle.take()) is not None:
            kept.deadline = deadline
            try:
                refused = _within(kept, lambda: kept.prepare(message))
            except TransportError as error:
                if isinstance(error, RecipientsRefusedError) and self._are_about_mailboxes(error.refused):
                    raise
                if error.code in (None, 421):
                    continue
            else:
                if self._are_about_mailboxes(refused):
                    return kept, refused
                kept.close()
            break  # it was an answer; the other connections would give it, too
        session = Session(
            self._server, context=self._context, deadline=deadline, local_hostname=self._local_hostname
        )
        _within(session, lambda: session.open(self._password))
        return session, _within(session, lambda: session.prepare(message))

    def _are_about_mailboxes(self, refused: Mapping[str, Refusal]) -> bool:
        """Whether a server said that mailboxes do not exist or cannot be used (RFC 3463 sections 3.2, 3.3).

        One that gives a mere 550, and had a login, may also mean that it has forgotten that.
        """
        known = () if self._password else _NO_MAILBOX
        return all(
            refusal.enhanced_code.split(".")[1] in {"1", "2"}
            if refusal.enhanced_code
            else refusal.code in known
            for refusal in refused.values()
        )

    def close(self) -> None:
        """Close the connections that are idle. The transport can still be used."""
        while (session := self._idle.take()) is not None:
            session.deadline = time.monotonic() + min(self._timeout, 2.0)
            session.leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<SmtpTransport {self._server.scheme}://{self._server}>"


def _within(session: Session, step: Callable[[], T]) -> T:
    """Return ``step()``; whatever it raises ends *session*, whose replies may be out of step after it."""
    try:
        return translated(step, session.failure)
    except BaseException:
        session.close()
        raise


def _check_login(server: Server, password: Callable[[], str] | None) -> None:
    if (server.user is None) != (password is None):
        raise ConfigurationError("a login needs both a user in the URL and password=callable")
    if password is None:
        return
    if not callable(password):
        raise ConfigurationError("password is a callable that returns it, such as a lambda")
    if not server.is_encrypted:
        raise ConfigurationError("smtp:// is clear text and never logs in; use smtp+starttls:// or smtps://")


def _check_line_ends(message: Message) -> None:
    """Refuse what some servers take for the end of the message (CVE-2023-51764)."""
    for text in (piece for piece in message.pieces if isinstance(piece, bytes)):
        if not text.count(b"\r\n") == text.count(b"\n") == text.count(b"\r"):
            raise MessageError(
                "the message holds a CR or LF that is not part of a line end; build it with CRLF"
            )
