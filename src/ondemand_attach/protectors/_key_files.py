"""What is wrong with a file that holds a key, in words that hold nothing of it."""

from __future__ import annotations

import binascii
import os
import re
from pathlib import Path, PurePath
from typing import Final

from ondemand_attach._asn1 import core

_LONGEST_PATH: Final = 1024
_BEGIN: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----\s*(.*?)-----END", re.DOTALL)
_HEADER: Final = re.compile(rb"^(?:[A-Za-z-]+: .*|\s*)$\n?", re.MULTILINE)


def shown(source: object) -> str:
    """Return the path that *source* is, with a space in front; nothing if it may be the key itself."""
    if isinstance(source, PurePath) or (isinstance(source, str) and _is_path(source)):
        return f" {os.fspath(source)!r}"
    return ""


def _is_path(text: str) -> bool:
    if len(text) > _LONGEST_PATH or not text.isprintable() or "-----BEGIN" in text:
        return False
    path = Path(text)
    try:
        return path.exists() or path.suffix.lower() in {
            ".p12",
            ".pfx",
            ".pem",
            ".key",
            ".crt",
            ".cer",
            ".asc",
        }
    except OSError:
        return False


def fault_of_pkcs12(content: bytes, secret: bytes | None) -> str:
    """Say why a PKCS #12 object could not be opened with the password *secret*."""
    if not content:
        return "it is empty; look where it was written"
    if b"-----BEGIN" in content:
        return "it is PEM; read it with from_pem()"
    if not _is_whole(content):
        return "it is no PKCS #12, or was cut off; look whether openssl pkcs12 reads it"
    return (
        "it is encrypted: give password=" if secret is None else "the password does not open it; give its own"
    )


def fault_of_pem(content: bytes, secret: bytes | None) -> str:
    """Say why no private key could be read from PEM with the password *secret*."""
    found = _BEGIN.search(content)
    if found is None:
        return (
            "it is cut off; look where it was written"
            if b"-----BEGIN" in content
            else "it is not PEM, with its lines BEGIN and END; give the PEM file"
        )
    label = found[1].decode()
    if "PRIVATE KEY" not in label:
        return f"it holds no private key, but first a {label}; give the file of the key"
    is_encrypted = "ENCRYPTED" in label or b"ENCRYPTED" in content
    if is_encrypted and secret is None:
        return "it is encrypted: give password="
    if not is_encrypted and secret is not None:
        return "it is not encrypted: leave out password="
    if is_encrypted and _is_sound(found[2], is_der="ENCRYPTED" in label):
        return "the password does not open it; give its own"
    return "it is damaged, or of a kind that is not known; look whether openssl pkey reads it"


def _is_sound(body: bytes, *, is_der: bool) -> bool:
    try:
        content = binascii.a2b_base64(_HEADER.sub(b"", body))
    except binascii.Error:
        return False
    return _is_whole(content) if is_der else bool(content)


def _is_whole(content: bytes) -> bool:
    """Whether *content* is one ASN.1 sequence from its first byte to its last."""
    try:
        core.Sequence.load(content, strict=True)
    except (ValueError, TypeError):
        return False
    return True
