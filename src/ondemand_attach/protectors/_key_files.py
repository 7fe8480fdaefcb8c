"""What is wrong with a file that holds a key, in words that hold nothing of it."""

from __future__ import annotations

import base64
import binascii
import os
import re
from pathlib import Path, PurePath
from typing import Final

from ondemand_attach._asn1 import core

_LONGEST_PATH: Final = 1024
_BEGIN: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----\s*(.*?)-----END", re.DOTALL)
_HEADER: Final = re.compile(rb"^(?:[A-Za-z-]+: .*|\s*)$\n?", re.MULTILINE)
_JAVA: Final = (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce")  # JKS, JCEKS
_NO_CERTIFICATE: Final = "is neither PEM nor DER"
_NO_PKCS12: Final = "it is no PKCS #12, or was cut off; look whether openssl pkcs12 reads it"
_LOST_LINES: Final = (
    r"its lines end with the two signs \n, as some settings keep them; give it with real ends of lines: "
    r".replace('\\n', '\n')"
)
_LITERAL_END: Final = rb"\n"  # a backslash and a letter
_OTHER_KINDS: Final = {
    "OPENSSH PRIVATE KEY": "it is a key of OpenSSH; ssh-keygen -p -m PKCS8 -f makes PKCS #8 of a copy of it",
    "PGP PRIVATE KEY BLOCK": "it is an OpenPGP key, which is for OpenPgpSigner",
}


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


def not_a_path(text: str) -> str | None:
    """Say that *text*, which is no PEM, is no path either, if so."""
    if not text.strip():
        return "is given as an empty text; see where it is set"
    if len(text) > _LONGEST_PATH:
        return (
            "is given as a text that is too long for a path, and no PEM with its lines BEGIN and END; what "
            "is in base64 is to be decoded first"
        )
    return None


def fault_of_pkcs12(content: bytes, secret: bytes | None) -> str:
    """Say why a PKCS #12 object could not be opened with the password *secret*."""
    if not content:
        return "it is empty; look where it was written"
    if b"-----BEGIN" in content:
        return "it is PEM; read it with from_pem()"
    if content.startswith(_JAVA):
        return "it is a Java key store; keytool -importkeystore -deststoretype PKCS12 makes PKCS #12 of it"
    if _is_base64(content):
        return "it is base64; give base64.b64decode(…) of it"
    if not _is_whole(content) or not _is_pfx(content):
        return _NO_PKCS12
    return "it is encrypted: give password=" if secret is None else closed_to(secret)


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
    if label in _OTHER_KINDS:
        return _OTHER_KINDS[label]
    if "PRIVATE KEY" not in label:
        return f"it holds no private key, but first a {label}; give the file of the key"
    return lost_lines(content) or _fault_of_key(found, content, secret)


def _fault_of_key(found: re.Match[bytes], content: bytes, secret: bytes | None) -> str:
    has_label = b"ENCRYPTED" in found[1]
    is_encrypted = has_label or b"ENCRYPTED" in content
    if is_encrypted and secret is None:
        return "it is encrypted: give password="
    if not is_encrypted and secret is not None:
        return "it is not encrypted: leave out password="
    if is_encrypted and _is_sound(found[2], is_der=has_label):
        return closed_to(secret or b"")
    return "it is damaged, or of a kind that is not known; look whether openssl pkey reads it"


def fault_of_chain(content: bytes) -> str:
    """Say why no certificates could be read from PEM."""
    labels = {found[1].decode() for found in _BEGIN.finditer(content)}
    if not content.strip():
        return "it is empty; look where it was written"
    if said := lost_lines(content):
        return said
    if labels and not any("CERTIFICATE" in label for label in labels):
        return (
            f"it holds no certificate, but {' and '.join(sorted(labels))}; give the file of the certificates"
        )
    if b"-----BEGIN" not in content and _is_whole(content):
        return "it is not PEM, but perhaps DER; openssl x509 -inform der makes PEM of a certificate"
    return "it is not PEM, or damaged"


def fault_of_certificate(given: object) -> str:
    """Say what is given where one certificate is wanted."""
    if not isinstance(given, bytes):
        return _NO_CERTIFICATE
    labels = [found[1].decode() for found in _BEGIN.finditer(given)]
    if said := lost_lines(given):
        return f"cannot be read: {said}"
    if labels.count("CERTIFICATE") > 1:
        return "is several, of which one is wanted; give that of the recipient alone"
    if labels and labels[0] != "CERTIFICATE":
        return f"is no X.509 certificate, but {labels[0]}; give one certificate in PEM or DER"
    return _fault_of_der(given)


def _fault_of_der(given: bytes) -> str:
    if _is_base64(given):
        return "is base64 without the lines BEGIN and END; give base64.b64decode(…) of it"
    if _is_whole(given):
        return f"{_NO_CERTIFICATE}, but perhaps PKCS #7; openssl pkcs7 -print_certs writes what is in that"
    return _NO_CERTIFICATE


def lost_lines(content: bytes) -> str | None:
    """Say that armored *content* has something else for the ends of its lines, if so."""
    return _LOST_LINES if _LITERAL_END in content and b"-----BEGIN" in content else None


def closed_to(secret: bytes) -> str:
    """Say that the password does not fit. One out of a file often has the end of a line behind it."""
    if secret.endswith((b"\n", b"\r")):
        return (
            "the password does not open it; what the callable returns ends with the end of a line: "
            ".strip() it"
        )
    return "the password does not open it; give its own"


def _is_base64(content: bytes) -> bool:
    try:
        return _is_whole(base64.b64decode(b"".join(content.split()), validate=True))
    except binascii.Error:
        return False


def _is_pfx(content: bytes) -> bool:
    """Whether *content*, a sequence, begins with the version of a PFX (RFC 7292 section 4)."""
    inner: bytes = core.Sequence.load(content).contents
    return inner.startswith(b"\x02\x01\x03")


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
