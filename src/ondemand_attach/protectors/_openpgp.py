"""OpenPGP certificates and secret keys (RFC 9580), read by Sequoia: their use, and what they are fit for."""

from __future__ import annotations

import contextlib
import datetime
import itertools
from typing import TYPE_CHECKING, Any, Final

from ondemand_attach._extras import require
from ondemand_attach._message import Address, Recipient
from ondemand_attach._seal import translated
from ondemand_attach.errors import ConfigurationError, InvalidAddressError, ProofError
from ondemand_attach.protectors._key_files import closed_to, lost_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pysequoia import Cert, PySigner
    from pysequoia.packet import Packet

_NEVER: Final = datetime.datetime.min.replace(tzinfo=datetime.UTC)
_DAMAGED: Final = "is damaged, or of a kind that is not known"
_UNCRITICAL: Final = 0xC0 | 40  # how packets begin that readers pass over if they do not know them


def library() -> Any:
    """Return pysequoia.

    Raises:
        MissingDependencyError: the extra is not installed.
    """
    return require("pysequoia", "OpenPGP needs pysequoia", extra="openpgp")


def certificate_of(value: object) -> Cert:
    """Return the certificate in *value*, armored or binary."""
    return library().Cert.from_bytes(value)  # type: ignore[no-any-return]


def opened(content: bytes, password: bytes | None) -> tuple[Cert, PySigner]:
    """Return the certificate of a secret key, armored or binary, and what signs with it.

    Raises:
        ConfigurationError: it cannot be read or opened, is no longer to be used, or is not for signing.
    """
    key = translated(
        lambda: library().Tsk.from_bytes(content),
        lambda _: ConfigurationError(
            f"the OpenPGP key cannot be read: {lost_lines(content) or 'not one key, armored or binary'}"
        ),
    )
    certificate = key.extract_certificate()
    if reason := out_of_use(certificate, datetime.datetime.now(datetime.UTC)):
        raise ConfigurationError(f"the OpenPGP key {reason}")
    signer = translated(
        lambda: key.signer(None if password is None else password.decode()),
        lambda _: ConfigurationError(f"the OpenPGP key cannot sign: {_locked(content, password)}"),
    )
    return certificate, signer


def _locked(content: bytes, password: bytes | None) -> str:
    if b"PGP PUBLIC KEY BLOCK" in content:
        return "it is a public key; gpg --export-secret-keys writes the other"
    return (
        f"no secret key for that now, or {'it needs password=' if password is None else closed_to(password)}"
    )


def signed(content: bytes, signer: PySigner) -> tuple[bytes, str]:
    """Return a detached signature of *content*, armored, and its micalg (RFC 3156 section 5)."""
    pysequoia = library()
    armored = pysequoia.sign(signer, content, mode=pysequoia.SignatureMode.DETACHED)
    algorithm = str(pysequoia.Sig.from_bytes(armored).hash_algorithm).rpartition(".")[2]
    return _with_crlf(armored), f"pgp-{algorithm.lower().replace('_', '-')}"


def holds(signature: bytes, content: bytes, certificate: Cert) -> bool:
    """Whether *signature* is one of *content* by a key of *certificate* that is valid now."""
    pysequoia = library()
    read = pysequoia.Sig.from_bytes(signature)
    try:
        return bool(pysequoia.verify(content, store=lambda _: [certificate], signature=read).valid_sigs)
    except RuntimeError:
        return False


def encrypted(content: bytes, certificates: Iterable[Cert], now: datetime.datetime) -> bytes:
    """Return *content* encrypted to the *certificates*, armored."""
    return _with_crlf(library().encrypt(content, [_usable(certificate, now) for certificate in certificates]))


def recipients_of(message: bytes) -> set[str]:
    """Return the IDs of the keys that an encrypted *message* is for.

    Raises:
        ProofError: it is anything but session keys for public keys, then encrypted data with integrity
            protection (RFC 9580 sections 5.1 and 5.13).
    """
    packet = library().packet
    *keys, data = packet.PacketPile.from_bytes(message)
    if data.tag != packet.Tag.SEIP or any(key.tag != packet.Tag.PKESK for key in keys):
        raise ProofError("the message is not encrypted to public keys alone, with integrity protection")
    return {_recipient_of(bytes(key.body)) for key in keys}


def _recipient_of(session_key: bytes) -> str:
    if session_key[0] == 3:
        return session_key[1:9].hex()
    fingerprint = session_key[3 : 2 + session_key[1]]
    return (fingerprint[-8:] if session_key[2] == 4 else fingerprint[:8]).hex()


def key_ids_of(certificate: Cert) -> set[str]:
    """Return the IDs of the keys of *certificate*."""
    return {first.key_id for first, *_ in _components(certificate) if first.key_id}


def _with_crlf(armored: bytes) -> bytes:
    return armored.rstrip(b"\n").replace(b"\n", b"\r\n")


def unfit_to_receive(given: object, holders: Iterable[Recipient], now: datetime.datetime) -> str | None:
    """Say why nothing should be encrypted to a certificate, if so.

    Args:
        given: the certificate, as the application gave it.
        holders: one of them must be its holder.
        now: when.
    """
    if given is None:
        return "is missing"
    try:
        certificate = certificate_of(given)
    except Exception:  # noqa: BLE001 - whatever the bytes are at odds with
        said = lost_lines(given) if isinstance(given, bytes) else None
        return f"cannot be read: {said}" if said else "is not one OpenPGP certificate"
    return out_of_use(certificate, now) or _unfit(certificate, holders, now)


def _unfit(certificate: Cert, holders: Iterable[Recipient], now: datetime.datetime) -> str | None:
    try:
        return _of_another(certificate, holders) or _trial(certificate, now)
    except RuntimeError:
        return _DAMAGED


def _of_another(certificate: Cert, holders: Iterable[Recipient]) -> str | None:
    named = addresses_of(certificate)
    if not named:
        return "has no valid user ID with a mail address"
    if named.isdisjoint(holder.address.ascii_addr_spec.lower() for holder in holders):
        return "was issued to another mail address"
    return None


def _trial(certificate: Cert, now: datetime.datetime) -> str | None:
    try:
        encrypted(b"", [certificate], now)
    except RuntimeError:
        return "has no key for encryption that is strong, and has neither expired nor been revoked"
    return None


def out_of_use(certificate: Cert, now: datetime.datetime) -> str | None:
    """Say why *certificate* is no longer to be used at all, if so."""
    try:
        algorithm = _components(certificate)[0][0].key_algorithm
    except RuntimeError:  # packets are parsed when they are asked for, and the text holds a stack trace
        return _DAMAGED
    if algorithm == library().packet.PublicKeyAlgorithm.DSA:
        return "has a DSA key"
    try:
        expiration, is_revoked = certificate.expiration, certificate.is_revoked
    except RuntimeError:  # an RSA key of fewer than 2048 bits, say, or signatures over SHA-1
        return "does not meet the minimum strength of today"
    if is_revoked:
        return "was revoked"
    if expiration is not None and expiration <= now:
        return f"expired on {expiration:%Y-%m-%d %H:%M} UTC"
    return None


def addresses_of(certificate: Cert) -> set[str]:
    """Return the mail addresses in the valid user IDs of *certificate*, in lower case, with A-labels."""
    valid = {str(user_id) for user_id in certificate.user_ids}
    packets = [first for first, *_ in _components(certificate)]
    return set(_normalised(packet.user_id_email for packet in packets if packet.user_id in valid))


def _normalised(addresses: Iterable[str | None]) -> Iterator[str]:
    for address in filter(None, addresses):
        with contextlib.suppress(InvalidAddressError):  # no mail can be sent there
            yield Address(addr_spec=address).ascii_addr_spec.lower()


def _usable(certificate: Cert, now: datetime.datetime) -> Cert:
    """Return *certificate* without expired subkeys: pysequoia looks at everything else, but not at that."""
    kept = (_unless_expired(component, now) for component in _components(certificate))
    return library().Cert.from_packets(list(itertools.chain.from_iterable(kept)))  # type: ignore[no-any-return]


def _unless_expired(component: list[Packet], now: datetime.datetime) -> list[Packet]:
    """Return a key or user ID with its signatures, or nothing if it is a subkey that has expired."""
    first, *signatures = component
    binding = library().packet.SignatureType.SubkeyBinding
    bindings = [each for each in signatures if _signature_type_of(each) == binding]
    if not bindings:
        return component
    newest = max(bindings, key=lambda each: each.signature_created or _NEVER)
    lifetime, created = newest.key_validity_period, first.key_created
    if lifetime and created and created + lifetime <= now:
        return []
    # Should this binding be forged, Sequoia shall not fall back on an older one, which may have expired.
    return [each for each in component if each is newest or each not in bindings]


def _components(certificate: Cert) -> list[list[Packet]]:
    """Return each key and user ID with the signatures that follow it, the primary key first."""
    packet = library().packet
    found: list[list[Packet]] = []
    for each in packet.PacketPile.from_bytes(bytes(certificate)):
        tag = _tag_of(each)
        if tag == packet.Tag.Signature:
            found[-1].append(each)
        elif tag is not None:
            found.append([each])
    return found


def _tag_of(packet: Packet) -> object:
    """Return what kind of packet it is, or nothing if it is to be passed over (RFC 9580 section 4.3).

    Raises:
        RuntimeError: its kind is not known, and nobody may rely on the rest who does not know it.
    """
    with contextlib.suppress(RuntimeError):
        return packet.tag
    if bytes(packet)[0] < _UNCRITICAL:
        raise RuntimeError("a critical packet that is not known")
    return None


def _signature_type_of(signature: Packet) -> object:
    """Return the type of *signature*, or nothing if it is not known: then it binds nothing here."""
    with contextlib.suppress(RuntimeError):
        return signature.signature_type
    return None
