"""Office Open XML, encrypted by msoffcrypto; and what such a file shows to whoever opens it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from typing import Any, Final

from ondemand_attach._extras import require
from ondemand_attach._origins import told
from ondemand_attach._seal import translated
from ondemand_attach.errors import EncryptionError, MissingDependencyError, ProofError

_STREAMS: Final = {"EncryptionInfo", "EncryptedPackage"}
_FEWEST_ROUNDS: Final = 100_000
_AES_256: Final = re.compile(
    rb'<(?:keyData|p:encryptedKey) [^>]*keyBits="256"[^>]*cipherAlgorithm="AES"[^>]*"ChainingModeCBC"'
)


def library() -> Any:
    """Return what msoffcrypto makes of a file.

    Raises:
        MissingDependencyError: the extra is not installed.
    """
    name = "msoffcrypto.format.ooxml"
    return require(name, "Office documents need msoffcrypto-tool", extra="office").OOXMLFile


def encrypted(content: bytes, password: str) -> bytes:
    """Return the package *content* in a compound file.

    Raises:
        EncryptionError: it is no such package, or is encrypted already.
    """
    package, octets = _opened(content), BytesIO()
    if package is None or package.is_encrypted():
        raise EncryptionError(
            "the document is no package of Office Open XML, or is encrypted already; give it in clear"
        )
    package.encrypt(password, octets)
    return octets.getvalue()


def _opened(content: bytes) -> Any:
    try:
        return library()(BytesIO(content))
    except MissingDependencyError:
        raise
    except Exception:  # noqa: BLE001 - whatever the bytes are at odds with
        return None


@dataclass(frozen=True, slots=True)
class Proof:
    """That a document is encrypted with AES-256, opens with the password and not without.

    Args:
        password: what opens it.
        digest: SHA-256 of the document before.
    """

    password: str = field(repr=False)
    digest: bytes = field(repr=False)

    @classmethod
    def of(cls, password: str, content: bytes) -> Proof:
        """Return what looks for *content*."""
        return cls(password, sha256(content).digest())

    def __call__(self, content: bytes) -> None:
        """Look at the finished document.

        Raises:
            ProofError: something is not as it should be.
        """
        translated(
            lambda: self._check(content),
            lambda error: ProofError(f"the Office document cannot be opened again: {told(error)}"),
        )

    def _check(self, content: bytes) -> None:
        file, plain = library()(BytesIO(content)), BytesIO()
        if file.type != "agile" or not _is_strong(file):
            raise ProofError("the Office document is not encrypted with AES-256 (agile encryption)")
        named = {"/".join(path) for path in file.file.listdir()}
        if {name for name in named if not name.startswith("\x06DataSpaces/")} != _STREAMS:
            raise ProofError("the Office document holds more than what is encrypted")
        file.load_key(password=self.password)
        file.decrypt(plain, verify_integrity=True)
        if sha256(plain.getvalue()).digest() != self.digest:
            raise ProofError("the Office document does not hold what was encrypted")


def _is_strong(file: Any) -> bool:
    """Whether the file is encrypted as it should be, and nothing but one password opens it."""
    with file.file.openstream("EncryptionInfo") as stream:
        information = stream.read()
    return (
        file.info["spinValue"] >= _FEWEST_ROUNDS
        and file.info["keyDataHashAlgorithm"] == file.info["passwordHashAlgorithm"] == "SHA512"
        and len(_AES_256.findall(information)) == 2  # for the document, and for its key
        and information.count(b"<keyEncryptor ") == 1
    )
