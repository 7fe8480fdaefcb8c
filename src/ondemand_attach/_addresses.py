"""The rules for addresses: RFC 5322 section 3.4, RFC 6531 (local part), RFC 5891 (domain).

An address is the customer's: no error here quotes it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Final, TypeVar

from ondemand_attach._characters import UNSAFE, UNSAFE_OR_INVISIBLE
from ondemand_attach._seal import translated
from ondemand_attach.errors import InvalidAddressError

T = TypeVar("T")

_OCTETS: Final = 254  # RFC 5321 section 4.5.3.1.3: 256 with the angle brackets
_LOCAL_OCTETS: Final = 64  # RFC 5321 section 4.5.3.1.1
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE: Final = re.compile(r"\\(.)")
_SEPARATED: Final = re.compile(r"@[^@]*[,;]")
_NEEDS_QUOTES: Final = re.compile(r'[<>,;:@"\\]')


def normalised(addr_spec: str) -> str:
    """Return *addr_spec* in NFC, with its domain in U-labels (RFC 5890).

    Hosts without a public domain (``root@localhost``) are accepted, quoted local parts and address
    literals are not. Nothing is looked up.

    Raises:
        InvalidAddressError: mail cannot be sent to it, or its text would deceive a reader.
    """
    _check_characters(addr_spec, "address", UNSAFE_OR_INVISIBLE)
    if addr_spec.count("@") > 1 and _SEPARATED.search(addr_spec):
        raise InvalidAddressError("this is more than one address; give several as a list")
    addr_spec = unicodedata.normalize("NFC", addr_spec)
    local, at, domain = addr_spec.rpartition("@")
    _check_parts(local, at, domain)
    return translated(
        lambda: _validated(addr_spec),
        lambda _: InvalidAddressError(
            f"the address is not valid {_side(local)} the @ (RFC 5321); look for spaces, dots and signs there"
        ),
    )


def split(text: str) -> tuple[str, str]:
    """Return the display name (or ``""``) and the addr-spec of an RFC 5322 mailbox.

    *text* is ``a@b``, ``Name <a@b>`` or ``"Name, quoted" <a@b>``; comments and groups are not read. A name in
    encoded-words, as `email.utils.formataddr` makes them, is decoded (RFC 2047 section 5).

    Raises:
        InvalidAddressError: it is none of these.
    """
    text = text.strip(" ")
    if not text.endswith(">"):
        return "", text
    phrase, _, addr_spec = text[:-1].rpartition("<")
    return _unquoted(phrase.strip(" ")), addr_spec


def check_display_name(name: str) -> None:
    """Refuse a display name that could end the header or change how its neighbours read.

    Raises:
        InvalidAddressError: it holds a control, separator, surrogate or bidirectional control.
    """
    _check_characters(name, "display name", UNSAFE)


def with_ascii_domain(addr_spec: str) -> str:
    """Return a normalised *addr_spec* with its domain in A-labels (IDNA 2008, RFC 5891).

    Raises:
        InvalidAddressError: a label of the domain has none.
    """
    local, _, domain = addr_spec.rpartition("@")
    if domain.isascii():
        return addr_spec
    ascii_domain = translated(
        lambda: _a_labels(domain),
        lambda _: InvalidAddressError(
            "the domain of the address has no ASCII form (RFC 5891); give one that has"
        ),
    )
    return f"{local}@{ascii_domain}"


class ByAddress(dict[str, T]):
    """What there is for each addr-spec, found by any spelling of it, such as the application was given.

    The keys themselves are spelt as `Address.addr_spec` is: the domain in lower case and in its own letters.
    """

    def __missing__(self, address: str) -> T:
        wanted = _spelt(address)
        for key, value in self.items():
            if wanted is not None and wanted in (key, _spelt(key)):
                return value
        raise KeyError  # without the address, which is somebody's

    def __contains__(self, address: object) -> bool:
        try:
            _ = self[address]  # type: ignore[index]
        except KeyError:
            return False
        return True

    def get(self, address: str, default: Any = None) -> Any:
        """Return what there is for *address*, or *default*."""
        try:
            return self[address]
        except KeyError:
            return default


def _spelt(address: object) -> str | None:
    try:
        return normalised(split(address)[1]) if isinstance(address, str) else None
    except InvalidAddressError:
        return None


def _check_characters(text: str, what: str, forbidden: re.Pattern[str]) -> None:
    if found := forbidden.search(text):
        raise InvalidAddressError(
            f"the {what} holds a control or hidden character at position {found.start() + 1}; remove it"
        )


def _check_parts(local: str, at: str, domain: str) -> None:
    if not (local and at and domain):
        raise InvalidAddressError("the address is not of the form name@domain")
    if len(f"{local}@{domain}".encode()) > _OCTETS or len(local.encode()) > _LOCAL_OCTETS:
        raise InvalidAddressError(
            f"the address is longer than {_LOCAL_OCTETS} octets before the @ or {_OCTETS} in all; "
            "give a shorter"
            " one"
        )
    if "=?" in local:
        # Readers that decode RFC 2047 everywhere would see another address.
        raise InvalidAddressError(
            "the address holds =? before the @, which looks like an encoded-word; give it decoded"
        )
    if domain.rpartition(".")[2].isdecimal():
        raise InvalidAddressError("the address names its host by number; name a domain")


def _validated(addr_spec: str) -> str:
    from email_validator import validate_email

    # email-validator has no switch for the names of RFC 6761, such as localhost; below another domain
    # it takes them like any other.
    below = validate_email(
        f"{addr_spec}.x", allow_smtputf8=True, check_deliverability=False, globally_deliverable=False
    )
    return below.normalized.removesuffix(".x")


def _side(local: str) -> str:
    try:
        _validated(f"{local}@example.com")
    except ValueError:
        return "before"
    return "after"


def _a_labels(domain: str) -> str:
    import idna

    return idna.encode(domain).decode("ascii")


def _unquoted(phrase: str) -> str:
    if quoted := _QUOTED.fullmatch(phrase):
        return _ESCAPE.sub(r"\1", quoted[1])
    if _NEEDS_QUOTES.search(phrase):
        raise InvalidAddressError('the display name holds one of < > , ; : @ " \\; put it in double quotes')
    return _decoded(phrase) if "=?" in phrase else phrase


def _decoded(phrase: str) -> str:
    """Return *phrase* without encoded-words; as it is, if these are none that can be read."""
    from email.errors import MessageError
    from email.header import decode_header, make_header

    try:
        return str(make_header(decode_header(phrase)))
    except (ValueError, LookupError, MessageError):
        return phrase
