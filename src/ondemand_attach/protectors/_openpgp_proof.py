"""What an OpenPGP message shows to whoever reads it, looked at in its finished bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ondemand_attach._exposure._budget import Budget
from ondemand_attach._exposure._openpgp import facts
from ondemand_attach._seal import translated
from ondemand_attach.errors import ProofError
from ondemand_attach.protectors import _openpgp
from ondemand_attach.protectors._multiparts import body_of, parts_of, unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pysequoia import Cert


def description(content: bytes) -> str | None:
    """Say how the message is encrypted, as its packets do: the older kinds of them do not name the cipher."""
    return facts(content, Budget()).encryption


@dataclass(frozen=True, slots=True)
class SignedMessageProof:
    """That the signature of a multipart/signed is of its first part, as it stands there.

    Args:
        certificate: the signer's.
    """

    certificate: Cert = field(repr=False)

    def __call__(self, content: bytes) -> None:
        """Look at the finished entity, its header first.

        Raises:
            ProofError: something is not as it should be.
        """
        translated(lambda: self._check(content), unreadable)

    def _check(self, content: bytes) -> None:
        part, signature = parts_of(content, "signed")
        if not _openpgp.holds(body_of(signature), part, self.certificate):
            raise ProofError("the signature of the message does not hold; the key may have expired")


@dataclass(frozen=True, slots=True)
class EncryptedMessageProof:
    """That a message is encrypted, to each of some certificates and to nobody else.

    What is in it cannot be looked at without a secret key.

    Args:
        certificates: the recipients'.
    """

    certificates: Sequence[Cert] = field(repr=False)

    def __call__(self, content: bytes) -> None:
        """Look at the finished entity, its header first.

        Raises:
            ProofError: something is not as it should be.
        """
        translated(lambda: self._check(content), unreadable)

    def _check(self, content: bytes) -> None:
        key_ids = _openpgp.recipients_of(body_of(parts_of(content, "encrypted")[1]))
        wanted = [_openpgp.key_ids_of(certificate) for certificate in self.certificates]
        if not key_ids <= set().union(*wanted) or any(key_ids.isdisjoint(each) for each in wanted):
            raise ProofError("the message is encrypted to others than its recipients")
