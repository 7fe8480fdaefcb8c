"""The one error tree.

::

    MailError                         .is_temporary
    ├── ConfigurationError            while wiring, never while building or sending
    │   └── MissingDependencyError    (also ImportError)
    ├── MessageError                  (also ValueError)
    │   ├── InvalidAddressError
    │   ├── InvalidHeaderError
    │   ├── MissingRecipientError
    │   └── MessageTooLargeError
    ├── ConfidentialityError          .path .template .line
    ├── TemplateError                 .template .line
    ├── GenerationError               .filename .template .line
    │   ├── GenerationTimeoutError
    │   │   └── PoolBusyError         nothing was begun
    │   └── ResourceBlockedError
    ├── ProtectionError               .filename
    │   ├── EncryptionError
    │   ├── ProofError                made, and found wanting
    │   ├── SigningError
    │   │   └── UnreachedLevelError   a server did not answer as it should
    │   └── WeakPasswordError
    └── TransportError                .is_uncertain .code .enhanced_code .accepted .refused
        ├── ConnectionFailedError
        ├── AuthenticationError
        └── RecipientsRefusedError    only when all were refused whom the message is for

The class names the stage. Worth a retry is what has ``is_temporary``, of whatever class, and nothing else:
an outage of a mail server, a provider, a time server or a key elsewhere, or no render process that is free.
A wrong set-up, such as an untrusted certificate or a wrong password, is not temporary.
No error carries a confidential value: an error of another library, which may quote the customer's data,
is cut off, and only the stage, the template, the line and a fixed text remain. Every error pickles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "AuthenticationError",
    "ConfidentialityError",
    "ConfigurationError",
    "ConnectionFailedError",
    "EncryptionError",
    "GenerationError",
    "GenerationTimeoutError",
    "InvalidAddressError",
    "InvalidHeaderError",
    "MailError",
    "MessageError",
    "MessageTooLargeError",
    "MissingDependencyError",
    "MissingRecipientError",
    "PoolBusyError",
    "ProofError",
    "ProtectionError",
    "RecipientsRefusedError",
    "ResourceBlockedError",
    "SigningError",
    "TemplateError",
    "TransportError",
    "UnreachedLevelError",
    "WeakPasswordError",
]


class MailError(Exception):
    """The root of every error that this library raises on purpose.

    Args:
        *args: the text. It is shown as it is, so it holds nothing of the customer's data.
        is_temporary: the same may succeed later, unchanged.

    Attributes:
        is_temporary: the same may succeed later, unchanged. Who raises an error for an outage sets it.
    """

    is_temporary: bool = False

    def __init__(self, *args: object, is_temporary: bool = False) -> None:
        super().__init__(*args)
        if is_temporary:  # else what the class says stays
            self.is_temporary = True

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(cls: type[MailError], args: tuple[Any, ...], state: dict[str, Any]) -> MailError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ConfigurationError(MailError):
    """The application is wired wrongly. Raised while wiring, never while building or sending."""


class MissingDependencyError(ConfigurationError, ImportError):
    """An optional extra is not installed; the text holds the pip command that installs it."""


class MessageError(MailError, ValueError):
    """The message cannot be built from what was given."""


class InvalidAddressError(MessageError):
    """An address is not an RFC 5322 addr-spec or name-addr that this library sends to."""


class InvalidHeaderError(MessageError):
    """A header or file name holds a character that could end the header or deceive its reader."""


class MissingRecipientError(MessageError):
    """The message has no recipient, or a step that protects for one person was given several."""


class MessageTooLargeError(MessageError):
    """The message is larger than the transport accepts (RFC 1870)."""


class _LocatedError(MailError):
    def __init__(
        self,
        text: str,
        *,
        template: str | None = None,
        line: int | None = None,
        is_temporary: bool = False,
    ) -> None:
        super().__init__(text, is_temporary=is_temporary)
        self.template = template
        self.line = line

    def __str__(self) -> str:
        text = super().__str__()
        if self.template is None:
            return text
        return f"{self.template if self.line is None else f'{self.template}:{self.line}'}: {text}"


class ConfidentialityError(_LocatedError):
    """A confidential value would have left its protected part.

    Attributes:
        path: the marked path, such as ``customer.tax_code``. Never the value.
        template: the public template that touched it, if one did.
        line: the line in that template.
    """

    def __init__(self, text: str, *, path: str, template: str | None = None, line: int | None = None) -> None:
        super().__init__(text, template=template, line=line)
        self.path = path


class TemplateError(_LocatedError):
    """A template could not be loaded, parsed or rendered."""


class GenerationError(_LocatedError):
    """An attachment could not be generated, or not without losing content.

    Attributes:
        filename: the name of the attachment.
    """

    filename: str | None = None

    def __str__(self) -> str:
        return _with_filename(self.filename, super().__str__())


class GenerationTimeoutError(GenerationError):
    """The generator did not finish within its time limit."""


class PoolBusyError(GenerationTimeoutError):
    """No render process could be had: all were busy, or the system allows no more of them now.

    This message was not begun, and may be sent later.
    """

    is_temporary = True


class ResourceBlockedError(GenerationError):
    """The document asked for an image, style sheet or font that it may not load."""


class ProtectionError(MailError):
    """An attachment could not be protected.

    Attributes:
        filename: the name of the attachment.
    """

    filename: str | None = None

    def __str__(self) -> str:
        return _with_filename(self.filename, super().__str__())


def _with_filename(filename: str | None, text: str) -> str:
    return text if filename is None or filename in text else f"{filename}: {text}"


class EncryptionError(ProtectionError):
    """The document could not be encrypted."""


class ProofError(ProtectionError):
    """The finished bytes are not protected as they were to be. Nothing was sent."""


class SigningError(ProtectionError):
    """The document could not be signed.

    Attributes:
        is_temporary: who was asked for the signature, or for a time stamp, is out of order.
    """


class UnreachedLevelError(SigningError):
    """A time stamp, or the revocation data of a certificate, cannot be had.

    Attributes:
        is_temporary: it may be had later. If not, the way to the server is set up wrongly, or the server is.
    """


class WeakPasswordError(ProtectionError):
    """The password could be guessed, or would not open in every reader."""


class TransportError(MailError):
    """The message was not, or perhaps not, handed over.

    Attributes:
        is_temporary: the same message may be accepted later (RFC 5321 section 4.2.1, 4yz), with nothing
            changed here.
        is_uncertain: the connection died after the final dot, or after the whole HTTP request, or a gateway
            answered 502 or 504; the message may have been accepted (RFC 1047). Sending again may deliver
            twice. It is never temporary as well.
        code: the SMTP reply code or HTTP status, if there was an answer.
        enhanced_code: the RFC 3463 status code, such as ``5.1.1``.
        accepted: the addr-specs that were not refused, as `Address.addr_spec` spells them.
        refused: the addr-specs that were, with the reply to each. It finds them by any spelling that the
            application was given, such as ``Jane@Example.COM``, or with the domain in A-labels.

    These two hold addresses, so neither the text nor the repr shows them, and a pickle or copy leaves them
    out: task queues store the errors that they catch.
    """

    def __init__(
        self,
        text: str,
        *,
        is_temporary: bool = False,
        is_uncertain: bool = False,
        code: int | None = None,
        enhanced_code: str | None = None,
        accepted: Iterable[str] = (),
        refused: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(text, is_temporary=is_temporary)
        self.is_uncertain = is_uncertain
        self.code = code
        self.enhanced_code = enhanced_code
        self.accepted = tuple(accepted)
        self.refused: Mapping[str, Any] = {} if refused is None else refused

    def __reduce__(self) -> tuple[Any, ...]:
        rebuild, (cls, args, state) = super().__reduce__()
        return rebuild, (cls, args, {**state, "accepted": (), "refused": {}})


class ConnectionFailedError(TransportError):
    """No trustworthy connection could be made: network, name look-up or TLS."""


class AuthenticationError(TransportError):
    """The server did not accept the credentials, or they could not be sent safely."""


class RecipientsRefusedError(TransportError):
    """All were refused whom the message is for: those in To; if nobody is, in Cc; if nobody is, in Bcc.

    A copy for others makes no success of it: they are in *accepted*. `SmtpTransport` notices before it sends
    the message, so that they get nothing either, and a retry makes no second copy.

    Its *accepted* and *refused* hold addresses; its text, repr and pickle do not.
    """
