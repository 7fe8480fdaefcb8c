"""The security handler of AES-256 by password, made with half of the hashes or in half of the time."""

# mypy: disallow-untyped-calls=False
# pyHanko brings types for a part of itself only.

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import NamedTuple, Self

from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES128, AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB
from pyhanko.pdf_utils.crypt import StandardSecurityHandler
from pyhanko.pdf_utils.crypt.api import SecurityHandlerVersion
from pyhanko.pdf_utils.crypt.permissions import StandardPermissions
from pyhanko.pdf_utils.crypt.standard import StandardSecuritySettingsRevision

_HASHES = (hashlib.sha256, hashlib.sha384, hashlib.sha512)


def _checked(algorithm: AES128, mode: CBC) -> CipherContext:
    return Cipher(algorithm, mode).encryptor()


# Of the 140 contexts of a document, none has a key of the wrong length; the checks are a sixth of all rounds.
_encryptor: Callable[[AES128, CBC], CipherContext] = getattr(
    getattr(openssl, "ciphers", None), "create_encryption_ctx", _checked
)


class PasswordHandler(StandardSecurityHandler):
    """Version 5, revision 6 (ISO 32000-2 section 7.6.4), with the salt of an integrity MAC (ISO/TS 32004).

    Args:
        user: the password that opens the document, as SASLprep leaves it.
        owner: the one that lifts the restrictions too. By default there is none: the entries are random
            bytes, which no password is known to give.
        permissions: what the reader shall allow.
        with_mac: whether the document gets an integrity MAC.

    Attributes:
        passwords: what its entries are the hashes of.
    """

    def __init__(
        self, user: str, owner: str | None, permissions: StandardPermissions, *, with_mac: bool
    ) -> None:
        self._file_key = secrets.token_bytes(32)
        if with_mac:
            permissions &= ~StandardPermissions.TOLERATE_MISSING_PDF_MAC
        made = self._made = _Entries.of(user, self._file_key)
        self.passwords = [made.secret]
        if owner is None:
            owner_entry, owner_seed = secrets.token_bytes(48), secrets.token_bytes(32)
        else:
            by_owner = _Entries.of(owner, self._file_key, made.entry)
            owner_entry, owner_seed = by_owner.entry, by_owner.seed
            self.passwords.append(by_owner.secret)
        super().__init__(
            version=SecurityHandlerVersion.AES256,
            revision=StandardSecuritySettingsRevision.AES256,
            legacy_keylen=32,
            perm_flags=permissions,
            odata=owner_entry,
            udata=made.entry,
            oeseed=owner_seed,
            ueseed=made.seed,
            encrypted_perms=_encrypted_permissions(permissions, self._file_key),
            encrypt_metadata=True,
            kdf_salt=secrets.token_bytes(32) if with_mac else None,
        )

    def get_file_encryption_key(self) -> bytes:
        """Return the key that the document is encrypted with."""
        return self._file_key

    def hashed(self, password: str, salt: bytes) -> bytes:
        """Return the hash of *password*, which is not made again if it was made for this document."""
        is_made = (password.encode(), salt) == (self._made.secret, self._made.entry[40:48])
        return self._made.key if is_made else hashed(password.encode(), salt)


class _Entries(NamedTuple):
    """What a document holds of a password, and what it was made of.

    Args:
        entry: /U or /O.
        seed: /UE or /OE.
        secret: the password.
        key: its hash that the seed is encrypted with.
    """

    entry: bytes
    seed: bytes
    secret: bytes
    key: bytes

    @classmethod
    def of(cls, password: str, file_key: bytes, user_entry: bytes = b"") -> Self:
        """Make /U with /UE, or with *user_entry* /O with /OE (algorithms 8 and 9)."""
        secret, validation_salt, key_salt = password.encode(), secrets.token_bytes(8), secrets.token_bytes(8)
        key = hashed(secret, key_salt, user_entry)
        seed = Cipher(AES256(key), CBC(bytes(16))).encryptor().update(file_key)
        entry = hashed(secret, validation_salt, user_entry) + validation_salt + key_salt
        return cls(entry, seed, secret, key)

    def __repr__(self) -> str:
        return "<_Entries>"


def _encrypted_permissions(permissions: StandardPermissions, file_key: bytes) -> bytes:
    """Return /Perms (algorithm 10)."""
    text = permissions.as_bytes()[::-1] + b"\xff\xff\xff\xffTadb" + secrets.token_bytes(4)
    return Cipher(AES256(file_key), ECB()).encryptor().update(text)  # noqa: S305 - what the standard says


def hashed(password: bytes, salt: bytes, user_entry: bytes = b"") -> bytes:
    """Return the hash of *password* (algorithm 2.B). Its 64 rounds or more are what a guess costs."""
    key, last, done = hashlib.sha256(password + salt + user_entry).digest(), 0, 0
    while done < 64 or last > done - 32:
        cipher = _encryptor(AES128(key[:16]), CBC(key[16:32]))
        encrypted = cipher.update((password + key + user_entry) * 64)
        key = _HASHES[int.from_bytes(encrypted[:16], "big") % 3](encrypted).digest()
        last, done = encrypted[-1], done + 1
    return key[:32]
