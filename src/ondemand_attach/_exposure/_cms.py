"""The Cryptographic Message Syntax of S/MIME (RFC 5652, RFC 5083), and who its content is encrypted to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from ondemand_attach._exposure import _ber
from ondemand_attach._exposure._budget import Budget
from ondemand_attach._exposure._facts import Facts, holders_of_keys, to_keys
from ondemand_attach._exposure._plain import is_any_plain

_PKCS7: Final = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"
_AUTHENTICATED: Final = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17"
_MAC: Final = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x02"
_SIGNED, _ENVELOPED = _PKCS7 + b"\x02", _PKCS7 + b"\x03"
_AES: Final = b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01"
_CIPHERS: Final = {  # NIST's numbers of them
    2: ("AES-128", "CBC"),
    6: ("AES-128", "GCM"),
    22: ("AES-192", "CBC"),
    26: ("AES-192", "GCM"),
    42: ("AES-256", "CBC"),
    46: ("AES-256", "GCM"),
}
_RC2: Final = b"\x06\x08\x2a\x86\x48\x86\xf7\x0d\x03\x02"
_TRIPLE_DES: Final = b"\x06\x08\x2a\x86\x48\x86\xf7\x0d\x03\x07"
_128_BITS: Final = b"\x3a"  # of RC2 (RFC 8018 appendix B.2.3)
_STAMPED: Final = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04"  # RFC 3161 section 2.4.2
_SHA1: Final = 20
_OF_SIGNED: Final = {0x31, 0xA0, 0xA1}  # sets of algorithms and signers, certificates, revocation lists
_IN_SETS: Final = {0x30, 0xA0, 0xA1, 0xA2, 0xA3}
_BLOCK: Final = 16
_OLDER_BLOCK: Final = 8
_SHORTEST_TAG: Final = 12
_SHORTEST_KEY: Final = 64  # RSA
_CERTIFICATES: Final = {0xA0, 0xA1}  # and their revocation lists
_BITS: Final = 3
_LONGEST_IDENTIFIER, _LONGEST_VALUE, _LONGEST_ELEMENT = 32, 256, 2048
_ORIGINATOR, _AGREEMENT, _CONTENT, _PIECES = 0xA0, 0xA1, 0x80, 0xA0


class _Enveloped(NamedTuple):
    originator: _ber.Element | None
    recipients: _ber.Element
    content: _ber.Element
    rest: list[_ber.Element]


def fits(content: bytes) -> bool:
    """Whether *content* begins as CMS does: a sequence whose first member is the type of the content."""
    start = content[:20]
    return start[:1] == b"\x30" and (_PKCS7 in start or _AUTHENTICATED in start)


def is_signed(content: bytes, budget: Budget) -> bool:
    """Whether *content* is a signature without what is signed, and zeros behind it."""
    try:
        found = _ber.element_of(content, budget, is_padded=True)
        if found.tag == _ber.OCTETS:  # PKCS #1 (ISO 32000-1 section 12.8.3.2)
            return len(found.value) <= _LONGEST_ELEMENT and not is_any_plain([found.value], budget)
        kind, body = _opened(found)
    except (ValueError, IndexError):
        return False
    return (
        kind == _SIGNED
        and body.tag == _ber.SEQUENCE
        and all(_is_of_signed(each, budget) for each in body.members)
    )


def _is_of_signed(member: _ber.Element, budget: Budget) -> bool:
    """Whether *member* is one of SignedData, and none that holds a text that is signed."""
    if member.tag == _ber.INTEGER:
        return len(member.value) == 1
    if member.tag != _ber.SEQUENCE:
        return member.tag in _OF_SIGNED and all(each.tag in _IN_SETS for each in member.members)
    kind, *content = member.members
    if bytes(kind.whole) == _STAMPED:
        return len(member.whole) <= _LONGEST_ELEMENT
    octets = [leaf for each in content for leaf in _leaves(each)]
    return sum(map(len, octets)) in {0, _SHA1} and not is_any_plain(octets, budget)


def is_authenticated(content: bytes, budget: Budget) -> bool:
    """Whether *content* is AuthenticatedData (RFC 5652 section 9), and zeros behind it."""
    try:
        kind, body = _opened(_ber.element_of(content, budget, is_padded=True))
        _check_sizes([body])
    except (ValueError, IndexError):
        return False
    return kind == _MAC and body.tag == _ber.SEQUENCE and not is_any_plain(_leaves(body), budget)


def _leaves(element: _ber.Element) -> Iterator[memoryview]:
    if not element.members:
        yield element.value
    for member in element.members:
        yield from _leaves(member)


def facts(content: bytes, budget: Budget) -> Facts:
    """Say how CMS is encrypted, or that it is signed.

    Raises:
        ValueError, IndexError: it is damaged.
        TooLargeError: there is too much in it.
    """
    kind, body = _opened(_ber.element_of(content, budget))
    if kind == _SIGNED:
        return Facts(signature="S/MIME")
    if kind not in {_ENVELOPED, _AUTHENTICATED}:
        return Facts()
    enveloped = _enveloped(body)
    cipher, (number, keys) = _cipher(enveloped.content), _keys(enveloped.recipients)
    if cipher is None or not number:
        return Facts(encryption="unknown or weak")
    name, mode = cipher
    found = Facts(encryption=f"S/MIME, {name}-{mode} {to_keys(number)}", readers=holders_of_keys(number))
    return found.if_all(_is_all(enveloped, mode, keys, budget, is_authenticated=kind == _AUTHENTICATED))


def recipients(content: bytes, budget: Budget) -> int:
    """Return to how many certificates the key of the enveloped data *content* is given.

    Raises:
        ValueError, IndexError: it is given in another way too, such as by a password; or cannot be shown to
            be encrypted.
        TooLargeError: there is too much in it.
    """
    enveloped = _enveloped(_opened(_ber.element_of(content, budget))[1])
    number, keys = _keys(enveloped.recipients)
    cipher = _cipher(enveloped.content)
    if cipher is None and not _is_older(enveloped.content):
        raise ValueError
    block = _BLOCK if cipher else _OLDER_BLOCK
    if not _is_all(enveloped, "CBC", keys, budget, block=block):
        raise ValueError
    return number


def _is_older(content: _ber.Element) -> bool:
    """Whether the cipher is one of those in which most programs give the key of a PDF to certificates."""
    kind, *parameters = content.members[1].members
    if bytes(kind.whole) == _TRIPLE_DES:
        return True
    return bytes(kind.whole) == _RC2 and bytes(parameters[0].members[0].value) == _128_BITS


def _opened(info: _ber.Element) -> tuple[bytes, _ber.Element]:
    """Return the object identifier of what is in *info*, and that."""
    kind, content = info.members
    (body,) = content.members
    if info.tag != _ber.SEQUENCE or kind.tag != _ber.OBJECT:
        raise ValueError
    return bytes(kind.whole), body


def _enveloped(body: _ber.Element) -> _Enveloped:
    _, *members = body.members
    originator = members.pop(0) if members[0].tag == _ORIGINATOR else None
    recipients, content, *rest = members
    _check_sizes(body.members[:1])
    if body.tag != _ber.SEQUENCE or recipients.tag != _ber.SET or content.tag != _ber.SEQUENCE:
        raise ValueError
    return _Enveloped(originator, recipients, content, rest)


def _cipher(content: _ber.Element) -> tuple[str, str] | None:
    kind = bytes(content.members[1].members[0].whole)
    return _CIPHERS.get(kind[-1]) if kind[:-1] == _AES else None


def _keys(recipients: _ber.Element) -> tuple[int, list[memoryview]]:
    """Return how many certificates the key is encrypted to, and the key as it is encrypted to each.

    With key agreement comes a public key of the sender, which is as random.
    """
    keys = [key for recipient in recipients.members for key in _keys_of(recipient)]
    agreements = [recipient.members[:-1] for recipient in recipients.members if recipient.tag == _AGREEMENT]
    return len(keys), [*keys, *(octets for members in agreements for octets in _octets_in(members))]


def _octets_in(elements: Iterable[_ber.Element]) -> Iterator[memoryview]:
    for element in elements:
        if element.tag in {_BITS, _ber.OCTETS}:
            yield element.value
        yield from _octets_in(element.members)


def _keys_of(recipient: _ber.Element) -> list[memoryview]:
    *others, last = recipient.members
    if recipient.tag == _ber.SEQUENCE and len(others) == 3:
        keys = [last]
        shortest = _SHORTEST_KEY
    elif recipient.tag == _AGREEMENT and len(others) in {3, 4}:
        pairs = [(identifier, key) for identifier, key in (each.members for each in last.members)]
        keys = [key for _, key in pairs]
        others += [identifier for identifier, _ in pairs]
        shortest = 24  # AES key wrap (RFC 3394): eight bytes more than the key
    else:
        raise ValueError
    _check_sizes(others)
    if any(key.tag != _ber.OCTETS or len(key.value) < shortest for key in keys):
        raise ValueError
    return [key.value for key in keys]


def _check_sizes(elements: Iterable[_ber.Element]) -> None:
    """Refuse what is larger than numbers, algorithms, names and identifiers of certificates are."""
    for element in elements:
        most = _LONGEST_IDENTIFIER if element.tag == _CONTENT else _LONGEST_VALUE
        if len(element.whole) > _LONGEST_ELEMENT or (not element.members and len(element.value) > most):
            raise ValueError
        _check_sizes(element.members)


def _is_all(
    enveloped: _Enveloped,
    mode: str,
    keys: list[memoryview],
    budget: Budget,
    *,
    is_authenticated: bool = False,
    block: int = _BLOCK,
) -> bool:
    """Whether there are ciphertexts of the right form where they should be, and no attributes in clear."""
    ciphertext = _ciphertext(enveloped.content)
    tags = [bytes(each.value) for each in enveloped.rest]
    is_right = (
        len(tags) == 1 and enveloped.rest[0].tag == _ber.OCTETS and _SHORTEST_TAG <= len(tags[0]) <= _BLOCK
        if is_authenticated
        else not tags
    )
    fits = bool(ciphertext) and (mode == "GCM" or len(ciphertext) % block == 0)
    return (
        is_right
        and fits
        and is_authenticated == (mode == "GCM")
        and _is_only_certificates(enveloped.originator)
        and not is_any_plain([ciphertext, *keys, *tags], budget)
    )


def _ciphertext(content: _ber.Element) -> bytes:
    *others, encrypted = content.members
    _check_sizes(others)
    if len(others) != 2:
        raise ValueError
    if encrypted.tag == _CONTENT:
        return bytes(encrypted.value)
    if encrypted.tag != _PIECES:
        raise ValueError
    return b"".join(encrypted.pieces())


def _is_only_certificates(originator: _ber.Element | None) -> bool:
    return originator is None or all(
        within.tag in _CERTIFICATES and each.tag == _ber.SEQUENCE
        for within in originator.members
        for each in within.members or [within]
    )
