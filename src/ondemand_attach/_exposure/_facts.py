"""What is found of a part."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

BY_PASSWORD = "holders of the password"  # noqa: S105 - words


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """Who can read one part of a message, as its bytes say.

    Cryptography is looked at, not broken: no password is tried but the empty one, no signature verified.

    Args:
        part: ``header``, ``text body``, ``HTML body``, ``attachment 1`` and so on, ``inline file``; or
            ``signature``, ``encrypted message`` or, if it is neither, ``opaque message``, for what protects
            the message as a whole; or ``document``, if it is all there is.
        readers: who can read it, in words.
        is_protected: whether all of it is encrypted, so that those who relay and store the message cannot.
        name: the file name.
        media_type: its RFC 6838 type, as the message says.
        size: bytes, before base64.
        encryption: how it is encrypted, in words.
        signature: how it is signed, in words; of a PDF, with the level that its structure has (ETSI EN 319
            142-1), and whether the whole file is covered.
        is_understood: whether it was looked into: with neither encryption nor signature, it has none. If not,
            it may have one in a format that is not known here, and counts as for everyone.
    """

    part: str
    readers: str
    is_protected: bool
    name: str | None = field(repr=False)
    media_type: str
    size: int
    encryption: str | None
    signature: str | None
    is_understood: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a document shows of its protection.

    Args:
        encryption: how it is encrypted, in words.
        readers: who can read it, if it is not everyone.
        signature: how it is signed, in words.
    """

    encryption: str | None = None
    readers: str | None = None
    signature: str | None = None

    def if_all(self, is_all: bool) -> Facts:  # noqa: FBT001 - what is asked
        """Return the same, but if that is not all of the document: for everyone."""
        if is_all or self.readers is None:
            return self
        return replace(self, encryption=f"{self.encryption}, parts in clear", readers=None)


def holders_of_keys(number: int) -> str:
    """Name those who can read what is encrypted to *number* certificates."""
    return "the holder of the certificate's key" if number == 1 else f"holders of {number} certificates' keys"


def to_keys(number: int, kind: str = "certificate") -> str:
    """Say to whom something is encrypted, as protectors do."""
    return f"to a {kind}" if number == 1 else f"to {number} {kind}s"
