"""Where the password of each document comes from: a template or a callable, checked each time."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Collection
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from ondemand_attach._message import AttachmentRequest
from ondemand_attach.errors import ConfigurationError, MailError
from ondemand_attach.protectors import _passwords
from ondemand_attach.protectors._passwords import letters
from ondemand_attach.protectors._recipients import asked

if TYPE_CHECKING:
    from ondemand_attach._template_facts import Facts

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
            password = request.secret(self._source)
            varying = self._varying(password, self._source, request)
        else:
            password = varying = asked(self._source, "password", request)
        checked = self.checked(password, f"the password of {request.filename}", request, varying)
        request.keep_out(
            checked,
            parts=() if self._allows_weak else self._parts(checked, varying, request),
            least_bits=_passwords.least_bits(self._limits),
        )
        return checked

    def check(self) -> None:
        """Look whether the template gives another password to each customer.

        Raises:
            ConfigurationError: it does not.
        """
        _ = self._facts

    @cached_property
    def _facts(self) -> Facts | None:
        if not isinstance(self._source, str):
            return None
        from ondemand_attach._template_facts import facts

        found = facts(self._source)
        if found.is_fixed:
            raise ConfigurationError(_FIXED)
        return found

    def _varying(self, password: str, template: str, request: AttachmentRequest) -> str:
        """Return *password* without the text that is the same for everyone."""
        expressions = "".join(_EXPRESSION.findall(template))
        varying = password if expressions == template else request.secret(expressions)
        for text in self._facts.constants if self._facts else ():
            varying = re.sub(re.escape(text), "", varying, flags=re.IGNORECASE)
        return varying

    def _parts(self, password: str, varying: str, request: AttachmentRequest) -> list[str]:
        """Return the values that the template puts together, as far as they stand in it, and what is left."""
        parts, left = [], letters(varying)
        for lookup in self._facts.lookups if self._facts else ():
            with contextlib.suppress(MailError):  # a list, say, or of a branch that was not taken
                part = request.secret(f"{{{{ {lookup} }}}}")
                if letters(part) and letters(part) in left:
                    left = left.replace(letters(part), "", 1)
                    parts.append(part)
        is_whole = [letters(part) for part in parts] == [letters(password)]
        return [*parts, *filter(None, [left])] if parts and not is_whole else []

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
