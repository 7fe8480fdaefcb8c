"""What a protected PDF shows to whoever opens it, looked at in its finished bytes before it is sent.

Every document is read in the layout of `_object_streams`, by what shares nothing with what wrote it. One of
another layout is read by pyHanko's own reader.
"""

# mypy: disallow-untyped-calls=False
# asn1crypto brings no types, and pyHanko for a part of itself only.

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from io import BytesIO
from typing import Any

from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.crypt import AuthResult, AuthStatus, SecurityHandler, StandardSecurityHandler
from pyhanko.pdf_utils.crypt.api import PdfMacStatus
from pyhanko.pdf_utils.reader import PdfFileReader

from ondemand_attach._asn1 import cms, x509
from ondemand_attach._seal import translated
from ondemand_attach.errors import ProofError
from ondemand_attach.protectors._fast._keys import PasswordHandler
from ondemand_attach.protectors._fast._reread import EncryptedFile, OtherLayoutError
from ondemand_attach.protectors._signing_keys import fits

_AES_256 = {
    b"Filter": b"/Standard",
    b"V": b"5",
    b"R": b"6",
    b"StmF": b"/StdCF",
    b"StrF": b"/StdCF",
    b"CFM": b"/AESV3",
    b"EncryptMetadata": b"true",
}
"""What pyHanko writes for it (ISO 32000-2 section 7.6)."""

_SIGNED = re.compile(rb"/ByteRange ?\[ ?([0-9]+) ([0-9]+) ([0-9]+) ([0-9]+) ?\]")


@dataclass(frozen=True, slots=True)
class PasswordProof:
    """That a document opens with its password and with no empty one, and that all in it is encrypted.

    Args:
        user: the password that opens it, as SASLprep leaves it.
        handlers: what it was encrypted by, each time that it was written. That an empty password does not
            open the document follows from their /U and /O: hashes of passwords that are not empty, or random.
        with_mac: whether it is to have an integrity MAC.
    """

    user: str = field(repr=False)
    handlers: Sequence[StandardSecurityHandler] = field(repr=False)
    with_mac: bool

    def __call__(self, content: bytes) -> None:
        """Look at the finished bytes.

        Raises:
            ProofError: something is not as it should be.
        """
        if not translated(lambda: self._holds(content), _unreadable):
            translated(lambda: self._check_with_pyhanko(content), _unreadable)

    def _holds(self, content: bytes) -> bool:
        """Return False if the document is laid out in another way than is known here."""
        try:
            file = EncryptedFile(content)
            if not file.encryption.items() >= _AES_256.items():
                raise ProofError("the document is not encrypted with AES-256 throughout")
            handler = self._maker_of(*(_octets(file.encryption[name]) for name in (b"U", b"O")))
            if not isinstance(handler, PasswordHandler):
                return False
            self._check_passwords(handler)
            if self.with_mac and not file.has_mac:
                raise ProofError("the document has no integrity MAC")
            blocks = Cipher(AES256(self._file_key(handler, file.encryption)), ECB()).decryptor()  # noqa: S305 - what the standard says
            if blocks.update(_octets(file.encryption[b"Perms"]))[9:12] != b"adb":
                raise ProofError("the document does not open with its password")
            file.check_encrypted(blocks.update)
        except OtherLayoutError:
            return False
        return True

    def _check_passwords(self, handler: PasswordHandler) -> None:
        """Look at what the entries of the document were made from, which are the same as the handler's."""
        if b"" in handler.passwords:
            raise ProofError("the document opens with an empty password")

    def _file_key(self, handler: PasswordHandler, encryption: Mapping[bytes, bytes]) -> bytes:
        key = handler.hashed(self.user, _octets(encryption[b"U"])[40:48])
        return Cipher(AES256(key), CBC(bytes(16))).decryptor().update(_octets(encryption[b"UE"]))

    def _maker_of(self, user_entry: bytes, owner_entry: bytes) -> StandardSecurityHandler:
        """Return what made the entries of the passwords."""
        for handler in self.handlers:
            if (handler.udata, handler.odata) == (user_entry, owner_entry):
                return handler
        raise ProofError("the document may open with another password than its own")

    def _check_with_pyhanko(self, content: bytes) -> None:
        if _opened(content, "")[1].status is not AuthStatus.FAILED:
            raise ProofError("the document opens with an empty password")
        reader, result = _opened(content, self.user)
        if result.status is not AuthStatus.USER:
            raise ProofError("the document does not open with its password")
        if self.with_mac and result.mac_status is not PdfMacStatus.SUCCESSFUL:
            raise ProofError("the integrity MAC of the document does not hold")
        encryption: Any = reader.encrypt_dict
        _check_algorithm(encryption, "/Standard")
        self._maker_of(*(encryption[name].original_bytes for name in ("/U", "/O")))
        _read_all(reader)


@dataclass(frozen=True, slots=True)
class CertificatesProof:
    """That a document opens for the holders of certificates alone, and that all in it is encrypted.

    Args:
        certificates: theirs, in DER.
        handlers: what it was encrypted by, each time that it was written.
    """

    certificates: Collection[bytes] = field(repr=False)
    handlers: Sequence[SecurityHandler] = field(repr=False)

    def __call__(self, content: bytes) -> None:
        """Look at the finished bytes.

        Raises:
            ProofError: something is not as it should be.
        """
        failure = ProofError("the document was never encrypted")
        for handler in self.handlers:
            try:
                translated(partial(self._check, content, handler), _unreadable)
            except ProofError as error:
                failure = error
            else:
                return
        raise failure

    def _check(self, content: bytes, handler: SecurityHandler) -> None:
        reader = OpenedReader(BytesIO(content), handler)
        encryption: Any = reader.encrypt_dict
        _check_algorithm(encryption, "/Adobe.PubSec")
        envelopes = encryption["/CF"][encryption["/StmF"]]["/Recipients"]
        wanted = map(x509.Certificate.load, self.certificates)
        named = [name for envelope in envelopes for name in recipients_of(envelope.original_bytes)]
        if sorted(named) != sorted((one.issuer.dump(), one.serial_number) for one in wanted):
            raise ProofError("the document opens for others than its recipients")
        try:
            file, key = EncryptedFile(content), handler.get_file_encryption_key()
            file.check_encrypted(Cipher(AES256(key), ECB()).decryptor().update)  # noqa: S305
        except OtherLayoutError:
            _read_all(reader)


def recipients_of(envelope: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield issuer and serial number of each certificate that an envelope is for."""
    for recipient in cms.ContentInfo.load(envelope)["content"]["recipient_infos"]:
        info = recipient.chosen
        for key in [info] if recipient.name == "ktri" else info["recipient_encrypted_keys"]:
            identifier = key["rid"].chosen
            yield identifier["issuer"].dump(), identifier["serial_number"].native


@dataclass(frozen=True, slots=True)
class SignatureProof:
    """That a signature by a certificate is in a document, and that the last one there covers all of it.

    Args:
        public_key: of the certificate.
    """

    public_key: CertificatePublicKeyTypes = field(repr=False)

    def __call__(self, content: bytes) -> None:
        """Look at the finished bytes.

        Raises:
            ProofError: something is not as it should be.
        """
        translated(lambda: self._check(content), _unreadable)

    def _check(self, content: bytes) -> None:
        ranges = [tuple(map(int, found.groups())) for found in _SIGNED.finditer(content)]
        if not ranges or ranges[-1][0] != 0 or sum(ranges[-1][2:]) != len(content):
            raise ProofError("the signature does not cover the whole document")
        if not any(self._is_intact(content, *place) for place in ranges):
            raise ProofError("the signature of the document does not hold")

    def _is_intact(self, content: bytes, start: int, size: int, rest: int, rest_size: int) -> bool:
        view, digest = memoryview(content), sha256()
        digest.update(view[start : start + size])
        digest.update(view[rest : rest + rest_size])
        value = content[start + size : rest]
        if not (value.startswith(b"<") and value.endswith(b">")):
            return False
        (signer,) = _signed_data(value)["signer_infos"]
        attributes = b"\x31" + signer["signed_attrs"].dump()[1:]  # RFC 5652 section 5.4
        return digest.digest() in attributes and fits(signer["signature"].native, attributes, self.public_key)


def signed_data_in(content: bytes) -> Iterator[cms.SignedData]:
    """Yield the CMS objects of the signatures in a document, the last one first."""
    for found in reversed(list(_SIGNED.finditer(content))):
        _, size, rest, _ = map(int, found.groups())
        with contextlib.suppress(ValueError, TypeError):  # words that look like it
            yield _signed_data(content[size:rest])


def _signed_data(value: bytes) -> cms.SignedData:
    return cms.ContentInfo.load(bytes.fromhex(value[1:-1].decode()))["content"]


class OpenedReader(PdfFileReader):
    """Reads what was encrypted a moment ago: the key is at hand, the recipient's to log in with is not."""

    def __init__(self, stream: BytesIO, handler: SecurityHandler | None) -> None:
        self._handler = handler
        super().__init__(stream)

    @property
    def security_handler(self) -> SecurityHandler | None:
        """The one that the document was written with."""
        return self._handler


def _opened(content: bytes, password: str) -> tuple[PdfFileReader, AuthResult]:
    reader = PdfFileReader(BytesIO(content))
    if not reader.encrypted:
        raise ProofError("the document is not encrypted")
    return reader, reader.decrypt(password)


def _read_all(reader: PdfFileReader) -> None:
    """Decrypt all there is, as nothing but reading it does."""
    for revision in range(reader.xrefs.total_revisions):
        for reference in reader.xrefs.explicit_refs_in_revision(revision):
            if reference.idnum != reader.trailer.raw_get("/Encrypt").idnum:
                _read(reader.get_object(reference))


def _read(value: generic.PdfObject) -> None:
    if isinstance(value, generic.StreamObject):
        _ = value.encoded_data  # what it is filtered by beside the encryption is nobody's business here
    if isinstance(value, generic.DictionaryObject):
        is_signature = "/ByteRange" in value  # of which one string is not encrypted
        for name in value:
            if not (is_signature and name == "/Contents"):
                _read(value.raw_get(name))
    elif isinstance(value, generic.ArrayObject):
        for place in range(len(value)):
            _read(value.raw_get(place))


def _check_algorithm(encryption: Any, handler: str) -> None:
    """Accept nothing but AES-256 for all there is (ISO 32000-2 section 7.6.2)."""
    name = encryption["/StmF"]
    crypt_filter = encryption["/CF"].get(name, {})
    if (
        (encryption["/Filter"], encryption["/V"], encryption["/StrF"]) != (handler, 5, name)
        or crypt_filter.get("/CFM") != "/AESV3"
        or (handler == "/Standard" and encryption["/R"] != 6)
        or encryption.get("/EncryptMetadata", True) != True  # noqa: E712 - pyHanko's own kind of it
    ):
        raise ProofError("the document is not encrypted with AES-256 throughout")


def _octets(string: bytes) -> bytes:
    return bytes.fromhex(string[1:-1].decode())


def _unreadable(error: Exception) -> ProofError:
    return ProofError(f"the protected document cannot be read again: {type(error).__name__}")
