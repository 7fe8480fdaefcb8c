"""The addresses of a certificate are those of its mail names, and no name of another kind."""

from __future__ import annotations

import pytest
from cryptography import x509

from ondemand_attach.protectors._certificates import addresses_of
from protectors.samples import certify, ec_key


def other_name(kind: str, content: bytes, tag: int = 12) -> x509.OtherName:
    return x509.OtherName(x509.ObjectIdentifier(kind), bytes([tag, len(content)]) + content)


def addresses(*names: x509.GeneralName) -> set[str]:
    extension = (x509.SubjectAlternativeName(names), False)
    return addresses_of(certify(ec_key(), further=[extension] if names else []))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((), set()),
        ((x509.RFC822Name("Jane@Example.com"),), {"jane@example.com"}),
        (
            (x509.RFC822Name("jane@example.com"), x509.RFC822Name("joe@example.com")),
            {"jane@example.com", "joe@example.com"},
        ),
        ((other_name("1.3.6.1.5.5.7.8.9", "Jiří@příklad.cz".encode()),), {"jiří@příklad.cz"}),  # RFC 9598
        ((other_name("1.3.6.1.4.1.311.20.2.3", b"jane@example.com"),), set()),  # how she logs in
        ((other_name("1.3.6.1.5.5.7.8.5", b"jane@example.com"),), set()),  # XMPP, RFC 6120
        ((other_name("1.3.6.1.5.2.2", b"\2\1\1", 48),), set()),  # Kerberos, RFC 4556
        ((x509.DNSName("example.com"),), set()),
        ((x509.UniformResourceIdentifier("mailto:jane@example.com"),), set()),
        (
            (x509.RFC822Name("jane@example.com"), other_name("1.2.3", b"joe@example.com")),
            {"jane@example.com"},
        ),
    ],
)
def test_only_mail_names_are_addresses(names: tuple[x509.GeneralName, ...], expected: set[str]) -> None:
    assert addresses(*names) == expected


def test_an_address_in_the_name_of_the_subject_is_one() -> None:
    assert addresses_of(certify(ec_key(), address="Jane@Example.com")) == {"jane@example.com"}
