"""The Cryptographic Message Syntax of S/MIME (RFC 5652, RFC 5083)."""

# mypy: disallow-untyped-calls=False
# asn1crypto brings no types.

from __future__ import annotations

from typing import Any, Final

from ondemand_attach._exposure._facts import Facts, holders_of_keys, to_keys

_PKCS7: Final = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"
_AUTHENTICATED: Final = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17"


def fits(content: bytes) -> bool:
    """Whether *content* begins as CMS does: a sequence whose first member is the type of the content."""
    start = content[:20]
    return start[:1] == b"\x30" and (_PKCS7 in start or _AUTHENTICATED in start)


def facts(content: bytes) -> Facts:
    """Say how CMS is encrypted, or that it is signed."""
    from ondemand_attach._asn1 import cms

    found = cms.ContentInfo.load(content, strict=True)
    kind, body = found["content_type"].native, found["content"]
    if kind == "signed_data":
        return Facts(signature="S/MIME")
    if kind not in {"enveloped_data", "authenticated_enveloped_data"}:
        return Facts()
    inner = body["encrypted_content_info" if kind == "enveloped_data" else "auth_encrypted_content_info"]
    cipher = _cipher(inner["content_encryption_algorithm"])
    number = recipients(body)
    if cipher is None or not number:
        return Facts(encryption="unknown or weak")
    return Facts(encryption=f"S/MIME, {cipher} {to_keys(number)}", readers=holders_of_keys(number))


def recipients(enveloped: Any) -> int:
    """Return to how many certificates the key of *enveloped* data is given.

    Raises:
        ValueError: it is given in another way too, such as by a password.
    """
    number = 0
    for recipient in enveloped["recipient_infos"]:
        if recipient.name not in {"ktri", "kari"}:
            raise ValueError
        number += 1 if recipient.name == "ktri" else len(recipient.chosen["recipient_encrypted_keys"])
    return number


def _cipher(algorithm: Any) -> str | None:
    name = algorithm["algorithm"].native  # such as aes256_cbc
    kind, _, mode = name.partition("_")
    return f"AES-{kind[3:]}-{mode.upper()}" if kind in {"aes128", "aes192", "aes256"} else None
