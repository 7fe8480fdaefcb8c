"""X.509 certificates and the files that hold them: reading them, and what they are fit for."""

from __future__ import annotations

import datetime
import itertools
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import pkcs12

from ondemand_attach._asn1 import core
from ondemand_attach._asn1 import x509 as asn1_x509
from ondemand_attach._given import is_lazy, kind
from ondemand_attach._origins import of_file, told
from ondemand_attach._seal import translated
from ondemand_attach.errors import ConfigurationError
from ondemand_attach.protectors._key_files import (
    fault_of_certificate,
    fault_of_chain,
    fault_of_pem,
    fault_of_pkcs12,
    not_a_path,
    shown,
)

if TYPE_CHECKING:
    from ondemand_attach._message import Address, Recipient

Source: TypeAlias = str | os.PathLike[str] | bytes
Password: TypeAlias = Callable[[], str | bytes]

_LEAST_RSA_BITS = 2048
_MOST_RSA_BITS, _MOST_BITS_FOR_ANY_EXPONENT, _MOST_EXPONENT_BITS = 16384, 3072, 64  # as OpenSSL has it
_SMTP_UTF8_MAILBOX = "1.3.6.1.5.5.7.8.9"


def from_pkcs12(source: Source, password: Password | None) -> dict[str, Any]:
    """Read a private key, its certificate and further certificates from PKCS #12 (RFC 7292)."""
    content, secret = content_of(source, "the PKCS #12 store"), secret_of(password)
    key, certificate, chain = translated(
        lambda: pkcs12.load_key_and_certificates(content, secret),
        lambda _: ConfigurationError(
            f"the PKCS #12 store{shown(source)} cannot be opened: {fault_of_pkcs12(content, secret)}"
        ),
    )
    if missing := "private key" if key is None else "certificate of its key" if certificate is None else "":
        raise ConfigurationError(
            f"the PKCS #12 store{shown(source)} holds no {missing}; export the key together "
            "with its certificates"
        )
    return {"key": key, "certificate": certificate, "chain": chain}


def from_pem(key: Source, certificate_chain: Source, password: Password | None) -> dict[str, Any]:
    """Read a private key and the certificates that lead from it to its issuer, in any order."""
    loaded = private_key(key, password)
    chain_content = content_of(certificate_chain, "the certificate chain")
    chain = translated(
        lambda: x509.load_pem_x509_certificates(chain_content),
        lambda _: ConfigurationError(
            f"the certificate chain{shown(certificate_chain)} cannot be read: {fault_of_chain(chain_content)}"
        ),
    )
    check_names(chain)
    public_key = loaded.public_key()
    own = next((one for one in chain if _is_of(one, public_key)), None)
    if own is None:
        raise ConfigurationError(
            f"no certificate of the chain{shown(certificate_chain)} belongs to the private key{shown(key)}"
        )
    return {"key": loaded, "certificate": own, "chain": _in_order(own, chain)}


def _is_of(certificate: x509.Certificate, public_key: object) -> bool:
    """Whether *certificate* is of *public_key*: that of an issuer may be of a kind that is not known here."""
    try:
        return certificate.public_key() == public_key
    except Exception:  # noqa: BLE001 - a key is parsed when it is asked for
        return False


def has_readable_names(certificate: x509.Certificate) -> bool:
    """Whether its names are in the character sets that they say (RFC 5280 section 4.1.2.4)."""
    try:
        return bool((certificate.issuer, certificate.subject))
    except ValueError:  # they are parsed when they are asked for
        return False


def check_names(certificates: Iterable[x509.Certificate]) -> None:
    """Refuse what pyHanko and others stumble over with each signature.

    Raises:
        ConfigurationError: a certificate has a name that cannot be read.
    """
    if not all(map(has_readable_names, certificates)):
        raise ConfigurationError(
            "a signing certificate or one of its issuers has a name that is not in the character set it says"
        )


def _in_order(own: x509.Certificate, certificates: Iterable[x509.Certificate]) -> list[x509.Certificate]:
    """Return all but *own*: its issuer, the issuer of that, and so on; then those that are none of them."""
    left, chain, last = [one for one in certificates if one != own], [], own
    while issuer := next((one for one in left if one.subject == last.issuer), None):
        left.remove(issuer)
        chain.append(last := issuer)
    return chain + left


def misses_issuer(own: x509.Certificate, chain: Iterable[x509.Certificate]) -> bool:
    """Whether *chain* lacks the issuer of *own*, so that readers who do not know it cannot say who signed."""
    return own.issuer != own.subject and all(one.subject != own.issuer for one in chain)


def private_key(key: Source, password: Password | None) -> Any:
    """Read a private key from PEM."""
    content, secret = content_of(key, "the private key"), secret_of(password)
    return translated(
        lambda: serialization.load_pem_private_key(content, secret),
        lambda _: ConfigurationError(
            f"the private key{shown(key)} cannot be read: {fault_of_pem(content, secret)}"
        ),
    )


def certificate_of(value: object) -> x509.Certificate:
    """Return the certificate that *value* is, or the one in it that issued none of the others.

    Raises:
        ValueError: it holds none, or several of that kind.
    """
    first, *others = found = certificates_of(value)
    if not others:
        return first
    # A file with the chain, in any order: encrypted to an issuer, nothing could be read by its holder.
    issuers = [one.issuer for one in found if one.issuer != one.subject]
    [own] = [one for one in found if one.subject not in issuers]
    return own


def own_first(certificate: object, chain: Iterable[object]) -> list[x509.Certificate]:
    """Return the *certificate*, then those beside it in its file, then the *chain*.

    Raises:
        ValueError: one is none.
    """
    own = certificate_of(certificate)
    beside = [one for one in certificates_of(certificate) if one != own]
    return [own, *beside, *itertools.chain.from_iterable(map(certificates_of, chain))]


def certificates_of(value: object) -> list[x509.Certificate]:
    """Return all certificates in *value*: an x509.Certificate, or PEM or DER bytes.

    Raises:
        ValueError: it is none of these.
    """
    if isinstance(value, x509.Certificate):
        return [value]
    if not isinstance(value, bytes):
        raise ValueError("not a certificate")  # noqa: TRY004 - one error for whatever is no certificate
    if b"-----BEGIN" in value:
        return list(dict.fromkeys(x509.load_pem_x509_certificates(value)))
    return [x509.load_der_x509_certificate(value)]


def content_of(source: Source | bytearray, what: str) -> bytes:
    """Return what *source* holds: a path, or the content itself."""
    if isinstance(source, bytes | bytearray):
        return bytes(source)
    if isinstance(source, str) and "-----BEGIN" in source:
        return source.encode()
    if not isinstance(source, str | os.PathLike) or is_lazy(source):
        raise ConfigurationError(
            f"{what} is given as the path of a file, or its content, not as {kind(source)}"
        )
    if isinstance(source, str) and (problem := not_a_path(source)):
        raise ConfigurationError(f"{what} {problem}")
    return translated(
        lambda: Path(source).read_bytes(),
        lambda error: ConfigurationError(
            f"the file{shown(source)} of {what} cannot be read: {of_file(error)}; give a path, or the content"
        ),
    )


def secret_of(password: Password | None) -> bytes | None:
    """Return what the callable *password* returns."""
    if password is None:
        return None
    if not callable(password):
        raise ConfigurationError(
            "password= takes a callable that returns it, so that it is not kept or shown, not "
            f"{kind(password)}"
        )
    secret = translated(
        password,
        lambda error: ConfigurationError(
            f"the application's callable for the key's password failed: {told(error)}"
        ),
    )
    if not isinstance(secret, str | bytes):
        raise ConfigurationError(
            f"the callable for the key's password returned {kind(secret)}; it is to return text or bytes"
        )
    return secret.encode() if isinstance(secret, str) else secret


def unfit_for_mail(given: object, holders: Iterable[Recipient], now: datetime.datetime) -> str | None:
    """Say why no message should be encrypted to a certificate, if so."""
    return unfit_to_receive(given, holders, now) or not_for_mail(certificate_of(given))


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
        return fault_of_certificate(given)
    try:
        return (
            out_of_date(certificate, now)
            or too_weak(certificate)
            or not_understood(certificate)
            or _not_for_encryption(certificate)
            or _of_another(certificate, holders)
        )
    except Exception:  # noqa: BLE001 - extensions and keys are parsed when they are asked for
        return "is damaged, or of a kind that is not known"


def not_understood(certificate: x509.Certificate) -> str | None:
    """Say that nobody may rely on *certificate* who does not know all of it, if so."""
    for extension in certificate.extensions:
        if extension.critical and isinstance(extension.value, x509.UnrecognizedExtension):
            return "has a critical extension that is not known (RFC 5280 section 4.2)"
    return None


def _not_for_encryption(certificate: x509.Certificate) -> str | None:
    usage, public_key = key_usage(certificate), certificate.public_key()
    # RFC 5280 section 4.2.1.3: RSA transports a key, EC agrees on one; without the extension all is allowed
    if usage is not None and isinstance(public_key, RSAPublicKey) and not usage.key_encipherment:
        return "was not issued for encryption: its key usage lacks keyEncipherment"
    if usage is not None and isinstance(public_key, EllipticCurvePublicKey) and not usage.key_agreement:
        return "was not issued for encryption: its key usage lacks keyAgreement"
    return None


def not_for_mail(certificate: x509.Certificate) -> str | None:
    """Say that *certificate* was issued for other uses alone (RFC 8550 section 4.4.4), if so."""
    try:
        uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return None
    wanted = {
        x509.oid.ExtendedKeyUsageOID.EMAIL_PROTECTION,
        x509.oid.ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    }
    return None if wanted.intersection(uses) else "was not issued for mail (emailProtection)"


def _of_another(certificate: x509.Certificate, holders: Iterable[Recipient]) -> str | None:
    named = addresses_of(certificate)
    if not named or any(forms_of(holder.address) & named for holder in holders):
        return None
    return "was issued to another mail address"


def forms_of(address: Address) -> set[str]:
    """Return how *address* may be written in a certificate, in lower case."""
    return {address.addr_spec.lower(), address.ascii_addr_spec.lower()}


def out_of_date(certificate: x509.Certificate, now: datetime.datetime) -> str | None:
    """Say that *certificate* is not valid at *now*, if so."""
    if now < certificate.not_valid_before_utc:
        return f"is not valid before {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
    if now > certificate.not_valid_after_utc:
        return f"expired on {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
    return None


def too_weak(certificate: x509.Certificate) -> str | None:
    """Say that the key of *certificate* is too weak, or of a kind not used here, if so."""
    public_key = certificate.public_key()
    if certificate.public_key_algorithm_oid == x509.oid.PublicKeyAlgorithmOID.RSASSA_PSS:
        return "has a key for RSASSA-PSS alone"
    if isinstance(public_key, RSAPublicKey):
        if public_key.key_size < _LEAST_RSA_BITS:
            return f"has an RSA key of fewer than {_LEAST_RSA_BITS} bits"
        return _unusable(public_key)
    if isinstance(public_key, EllipticCurvePublicKey):
        return "has an EC key of fewer than 256 bits" if public_key.key_size < 256 else None
    return "has neither an RSA nor an EC key"


def _unusable(key: RSAPublicKey) -> str | None:
    """Say that OpenSSL would not work with *key*, or take seconds or more, if so."""
    if key.key_size > _MOST_RSA_BITS:
        return f"has an RSA key of more than {_MOST_RSA_BITS} bits"
    if (
        key.key_size > _MOST_BITS_FOR_ANY_EXPONENT
        and key.public_numbers().e.bit_length() > _MOST_EXPONENT_BITS
    ):
        return f"has an RSA key with an exponent of more than {_MOST_EXPONENT_BITS} bits"
    if key.public_numbers().e % 2 == 0:
        return "is damaged, or of a kind that is not known"
    return None


def has_named_curve(certificate: x509.Certificate) -> bool:
    """Whether *certificate* of an EC key names its curve, as RFC 5480 section 2.1.1 has it."""
    read = asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))
    algorithm = read["tbs_certificate"]["subject_public_key_info"]["algorithm"]
    return algorithm["parameters"].name == "named"  # type: ignore[no-any-return]


def key_usage(certificate: x509.Certificate) -> x509.KeyUsage | None:
    """Return what *certificate* was issued for (RFC 5280 section 4.2.1.3); None means anything."""
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None


def addresses_of(certificate: x509.Certificate) -> set[str]:
    """Return the mail addresses that *certificate* was issued to, in lower case (RFC 8550, RFC 9598)."""
    subject = certificate.subject.get_attributes_for_oid(x509.NameOID.EMAIL_ADDRESS)
    found = [str(attribute.value) for attribute in subject]
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        pass
    else:
        found += names.get_values_for_type(x509.RFC822Name)
        found += [
            str(core.UTF8String.load(other.value).native)
            for other in names.get_values_for_type(x509.OtherName)
            if other.type_id.dotted_string == _SMTP_UTF8_MAILBOX
        ]
    return {address.lower() for address in found}


def name_of(certificate: x509.Certificate) -> str:
    """Return the common name of the holder, or else the organisation's."""
    for oid in (x509.NameOID.COMMON_NAME, x509.NameOID.ORGANIZATION_NAME):
        for attribute in certificate.subject.get_attributes_for_oid(oid):
            return str(attribute.value)
    return certificate.subject.rfc4514_string()


def der(certificates: Iterable[object]) -> list[bytes]:
    """Return *certificates* in DER, each once, with all of a PEM file that holds several."""
    read = itertools.chain.from_iterable(map(certificates_of, certificates))
    return list(dict.fromkeys(each.public_bytes(serialization.Encoding.DER) for each in read))
