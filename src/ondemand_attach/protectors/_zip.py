"""ZIP with AES, by pyzipper; and what such a file shows to whoever opens it."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from typing import Any, Final

from ondemand_attach._extras import require
from ondemand_attach._origins import told
from ondemand_attach._seal import translated
from ondemand_attach.errors import ProofError

_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
_AE2, _AES_256, _DEFLATED = 2, 3, 8
_DETAILS: Final = struct.Struct("<HHH2sBH")
_AES_FIELD: Final = _DETAILS.pack(0x9901, 7, _AE2, b"AE", _AES_256, _DEFLATED)
_AROUND: Final = 30 + 46 + 22  # bytes of the headers before and after the file, and of the end of the ZIP


def library() -> Any:
    """Return pyzipper.

    Raises:
        MissingDependencyError: the extra is not installed.
    """
    return require("pyzipper", "ZIP needs pyzipper", extra="zip")


def encrypted(content: bytes, name: str, password: str) -> bytes:
    """Return a ZIP that holds nothing but *content*, as *name*."""
    pyzipper, octets = library(), BytesIO()
    with pyzipper.AESZipFile(octets, "w", encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(password.encode())
        archive.setencryption(pyzipper.WZ_AES, nbits=256, force_wz_aes_version=_AE2)
        entry = archive.zipinfo_cls(name, _LONG_AGO)
        entry.compress_type = pyzipper.ZIP_DEFLATED
        archive.writestr(entry, content)
    return octets.getvalue()


@dataclass(frozen=True, slots=True)
class Proof:
    """That a ZIP holds one file, encrypted with AES-256, which opens with the password and not without.

    Args:
        name: of the file.
        password: what opens it.
        digest: SHA-256 of the file.
    """

    name: str
    password: str = field(repr=False)
    digest: bytes = field(repr=False)

    def __call__(self, content: bytes) -> None:
        """Look at the finished ZIP.

        Raises:
            ProofError: something is not as it should be.
        """
        translated(
            lambda: self._check(content),
            lambda error: ProofError(f"the ZIP cannot be opened again: {told(error)}"),
        )

    def _check(self, content: bytes) -> None:
        with library().AESZipFile(BytesIO(content)) as archive:
            entries = archive.infolist()
            if [entry.filename for entry in entries] != [self.name]:
                raise ProofError("the ZIP holds other files than the one that was put in")
            self._check_entry(content, entries[0])
            for wrong in (b"", self.password.encode() + b"."):
                if _opens(archive, self.name, wrong):
                    raise ProofError("the file in the ZIP opens without its password")
            if sha256(archive.read(self.name, self.password.encode())).digest() != self.digest:
                raise ProofError("the ZIP does not hold the file that was put in")

    def _check_entry(self, content: bytes, entry: Any) -> None:
        """Look at both headers: programs differ in which one they believe."""
        name, length = self.name.encode(), entry.compress_size + 2 * (len(self.name) + len(_AES_FIELD))
        local = content[30 : 30 + len(name) + len(_AES_FIELD)]
        method = struct.unpack_from("<H", content, 8)[0]
        if (method, local) != (99, name + _AES_FIELD) or len(content) != _AROUND + length or entry.CRC:
            raise ProofError("the ZIP is not encrypted with AES-256 (AE-2), or holds more than one file")


def _opens(archive: Any, name: str, password: bytes) -> bool:
    try:
        archive.read(name, password)
    except Exception:  # noqa: BLE001 - whatever keeps it shut
        return False
    return True
