"""Where the password of each document comes from: a template or a callable, checked each time."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
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
        bits: how many a password holds, if a machine makes it.
        strength: what estimates the passwords otherwise.
        insecure_allow_weak: let passwords through that can be guessed.
        limits: of the kind of file.

    Raises:
        ConfigurationError: *source* is neither, or fixed text, the same for everyone; or *bits* are too few.
        MissingDependencyError: *strength* needs an extra that is not installed.
    """

    def __init__(
        self,
        source: Source,
        *,
        bits: float | None = None,
        strength: _passwords.Strength,
        insecure_allow_weak: bool,
        limits: _passwords.Limits = _passwords.PDF,
    ) -> None:
        if not isinstance(source, str) and not callable(source):
            raise ConfigurationError(
                f"password= takes a template or a callable, not a value of type {type(source).__name__}"
            )
        _passwords.check_strength(strength)
        if bits is not None:
            _passwords.check_bits(bits, limits)
            if insecure_allow_weak or strength != "patterns":
                raise ConfigurationError(
                    "password_bits= says how strong the passwords are; leave out strength= and "
                    "insecure_allow_weak_password="
                )
        self._source, self._bits, self._strength = source, bits, strength
        self._allows_weak, self._limits = insecure_allow_weak, limits
        if self.template is not None and _is_fixed(self.template):
            raise ConfigurationError(_FIXED)

    @property
    def template(self) -> str | None:
        """The template that makes the password; what it uses of the data is confidential."""
        return self._source if isinstance(self._source, str) else None

    def check(self) -> None:
        """Look whether the template gives another password to each customer.

        Raises:
            ConfigurationError: it does not.
        """
        from ondemand_attach._template_facts import facts

        if self.template is not None and (known := facts(self.template)).is_whole and not known.lookups:
            raise ConfigurationError(_FIXED)

    def password_for(self, request: AttachmentRequest) -> str:
        """Return the password, which must not stand in the message.

        Raises:
            WeakPasswordError: it can be guessed, or would not open in every reader.
            EncryptionError: the callable failed.
            MissingRecipientError: it would be shared by several recipients.
        """
        _ = request.recipient  # one message has one set of attachments, so one password
        judged, bits = None, self._bits
        if isinstance(self._source, str):
            password: object = request.secret(self._source)
            if isinstance(password, str) and len(password) <= self._limits.longest:
                from ondemand_attach.protectors._password_parts import secret_part

                judged = secret_part(password, self._source, request)
        else:
            password = asked(self._source, "password", request)
        checked = self.checked(password, f"the password of {request.filename}", request, judged, bits)
        request.keep_out(checked)
        return checked

    def checked(
        self,
        password: object,
        whose: str,
        request: AttachmentRequest,
        judged: str | None = None,
        bits: float | None = None,
    ) -> str:
        """Return *password*, if it is one.

        Raises:
            WeakPasswordError: it is not.
        """
        address = request.recipient.address.addr_spec
        return _passwords.check(
            password,
            whose=whose,
            judged=judged,
            bits=bits,
            insecure_allow_weak=self._allows_weak,
            strength=self._strength,
            known=[address, *re.split(r"\W", address)],
            limits=self._limits,
        )


def _is_fixed(template: str) -> bool:
    """Whether no expression has a name: known without Jinja2, which is slow to import."""
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
