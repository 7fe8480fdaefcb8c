"""Where the password of each document comes from: a template or a callable, checked each time."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from typing import TypeAlias

from ondemand_attach._message import AttachmentRequest
from ondemand_attach.errors import ConfigurationError, MailError
from ondemand_attach.protectors import _passwords
from ondemand_attach.protectors._recipients import asked

Source: TypeAlias = str | Callable[[AttachmentRequest], str]

_EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_LITERAL = re.compile(r"'[^']*'|\"[^\"]*\"")
_NAME = re.compile(r"[A-Za-z_]")
_FIXED = (
    "the password is fixed text, the same for everyone; give a template that uses the data, or a callable"
)


class PasswordSource:
    """Gives each document its password.

    Args:
        source: a template or a callable.
        strength: what estimates the passwords.
        insecure_allow_weak: let passwords through that can be guessed.
        limits: of the kind of file.

    Raises:
        ConfigurationError: *source* is neither, or fixed text, the same for everyone.
        MissingDependencyError: *strength* needs an extra that is not installed.
    """

    def __init__(
        self,
        source: Source,
        *,
        strength: _passwords.Strength,
        insecure_allow_weak: bool,
        limits: _passwords.Limits = _passwords.PDF,
    ) -> None:
        if isinstance(source, str) and _is_fixed(source):
            raise ConfigurationError(_FIXED)
        if not isinstance(source, str) and not callable(source):
            raise ConfigurationError(
                f"password= takes a template or a callable, not a value of type {type(source).__name__}"
            )
        _passwords.check_strength(strength)
        self._source, self._strength, self._allows_weak = source, strength, insecure_allow_weak
        self._limits = limits

    def password_for(self, request: AttachmentRequest) -> str:
        """Return the password, which must not stand in the message.

        Raises:
            WeakPasswordError: it can be guessed, or would not open in every reader.
            EncryptionError: the callable failed.
            MissingRecipientError: it would be shared by several recipients.
        """
        _ = request.recipient  # one message has one set of attachments, so one password
        if isinstance(self._source, str):
            password, parts = self._rendered(self._source, request)
        else:
            password, parts = asked(self._source, "password", request), ()
        varying = "".join(parts) if parts else password
        if isinstance(varying, str):
            for text in self._fixed:
                varying = text.sub("", varying)
        checked = self.checked(password, f"the password of {request.filename}", request, varying)
        request.keep_out(checked, parts=() if self._allows_weak else parts)
        return checked

    def check(self) -> None:
        """Look whether the template gives another password to each customer.

        Raises:
            ConfigurationError: it does not.
        """
        _ = self._fixed

    @cached_property
    def _fixed(self) -> Sequence[re.Pattern[str]]:
        """What finds text in the expressions of the template, which is the same for everyone."""
        if not isinstance(self._source, str):
            return ()
        from ondemand_attach._constants import constants

        found = constants(self._source)
        if found is None:
            raise ConfigurationError(_FIXED)
        return [re.compile(re.escape(text), re.IGNORECASE) for text in sorted(found, key=len, reverse=True)]

    def _rendered(self, template: str, request: AttachmentRequest) -> tuple[str, tuple[str, ...]]:
        """Return the password, and what each expression in *template* gives, if it is not just one."""
        password, expressions = request.secret(template), _EXPRESSION.findall(template)
        if expressions == [template]:
            return password, ()
        if any(expression.startswith("{%") for expression in expressions):
            return password, (request.secret("".join(expressions)),)
        return password, tuple(map(request.secret, expressions))

    def checked(
        self, password: object, whose: str, request: AttachmentRequest, varying: object = None
    ) -> str:
        """Return *password*, if it is one.

        Raises:
            WeakPasswordError: it is not.
        """
        return _passwords.check(
            password,
            whose=whose,
            varying=varying,
            insecure_allow_weak=self._allows_weak,
            strength=self._strength,
            known=re.split(r"\W", request.recipient.address.addr_spec),
            limits=self._limits,
        )


def _is_fixed(template: str) -> bool:
    return not _NAME.search(_LITERAL.sub("", "".join(_EXPRESSION.findall(template))))


def check_suffix(filename: str, suffixes: Collection[str], failure: type[MailError]) -> None:
    """Refuse a file name that tells programs another kind of file than it is.

    Raises:
        MailError: of the kind *failure*, if it ends in none of the *suffixes*.
    """
    if not filename.lower().endswith(tuple(suffixes)):
        raise failure(f"the file name must end in {' or '.join(sorted(suffixes))}")


def check_wishes(filename: str, suffixes: Collection[str], signer: object) -> None:
    """Look at the template of a file name, and at the signer, of what will be no PDF.

    Raises:
        ConfigurationError: it cannot end in one of the *suffixes*, or *signer* is for PDF.
    """
    if not filename.rstrip().endswith("}"):
        check_suffix(filename.rstrip(), suffixes, ConfigurationError)
    if getattr(signer, "media_type", None) == "application/pdf":
        raise ConfigurationError("only a PDF can be signed so; sign the message with whole_message(signer=…)")
