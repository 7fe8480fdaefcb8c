"""The CMS object of a signature (RFC 5652), as pyHanko makes it, with only what varies put in."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from ondemand_attach._asn1 import cms
from ondemand_attach.protectors._fast._der import DerTemplate, contents
from ondemand_attach.protectors._fast._mac import MacTemplate, key_of, mac_template

_log = logging.getLogger("ondemand_attach")

Sign = Callable[[bytes], bytes]
"""Returns the signature of the attributes in DER."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A signature that pyHanko made.

    Args:
        digest: the SHA-256 of the document without the signature.
        attributes: what was signed: the signed attributes in DER.
        content: the CMS object in DER.
        wrapping_key: as `wrapping_key` returns it.
    """

    digest: bytes
    attributes: bytes
    content: bytes
    wrapping_key: bytes | None = field(repr=False)

    @property
    def signature(self) -> bytes:
        """The value of the signature."""
        return self._signer["signature"].native  # type: ignore[no-any-return]

    @property
    def token(self) -> bytes:
        """The token of the integrity MAC in DER."""
        (attribute,) = self._signer["unsigned_attrs"]
        (token,) = attribute["values"]
        return token.dump()  # type: ignore[no-any-return]

    @property
    def _signer(self) -> Any:
        (signer,) = cms.ContentInfo.load(self.content)["content"]["signer_infos"]
        return signer


class CmsTemplate:
    """The CMS object of *example*, to be filled in for other documents.

    Args:
        example: what to learn from.
        mac: the template of its MAC, if it has one.
    """

    def __init__(self, example: Example, mac: MacTemplate | None) -> None:
        names = {example.digest: "digest", example.signature: "signature"}
        self._attributes = DerTemplate(example.attributes, names)
        if mac is not None:
            names[contents(example.token)] = "token"
        self._whole, self._mac = DerTemplate(example.content, names), mac

    def filled(
        self, digest: bytes, sign: Sign, wrapping_key: bytes | None, mac_key: bytes | None = None
    ) -> bytes:
        """Return the CMS object for the document with *digest*.

        Args:
            digest: the SHA-256 of the document without the signature.
            sign: makes the signature.
            wrapping_key: as `wrapping_key` returns it.
            mac_key: 32 bytes; by default, random ones.
        """
        signature = sign(self._attributes.filled({"digest": digest}))
        values = {"digest": digest, "signature": signature}
        if self._mac is not None and wrapping_key is not None:
            digests = {"document": digest, "signature": sha256(signature).digest()}
            values["token"] = contents(self._mac.filled(wrapping_key, digests, mac_key))
        return self._whole.filled(values)

    def reproduces(self, example: Example) -> bool:
        """Whether this gives *example* byte for byte from the same values."""
        signed: list[bytes] = []

        def sign(attributes: bytes) -> bytes:
            signed.append(attributes)
            return example.signature

        wrapping_key = example.wrapping_key
        mac_key = None if wrapping_key is None else key_of(example.token, wrapping_key)
        content = self.filled(example.digest, sign, wrapping_key, mac_key)
        return content == example.content and signed == [example.attributes]


class LearntCms:
    """What is known of the signatures of one key. Shared between threads.

    The first signature of each kind, with a MAC and without, is pyHanko's own and shows the form; the second
    is pyHanko's too and proves it. If it does not, pyHanko makes all that follow.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._supposed: dict[bool, CmsTemplate] = {}
        self._proven: dict[bool, CmsTemplate] = {}
        self._is_given_up = False

    def template(self, *, with_mac: bool) -> CmsTemplate | None:
        """Return the proven template, if there is one."""
        return self._proven.get(with_mac)

    def learn(self, example: Example) -> None:
        """Take notice of a signature that pyHanko made."""
        with self._lock:
            if self._is_given_up:
                return
            try:
                self._is_given_up = not self._is_as_supposed(example)
            except Exception:  # noqa: BLE001 - whatever it is, pyHanko signs without this
                self._is_given_up = True
            if self._is_given_up:
                self._proven.clear()
                _log.warning("pyHanko's CMS objects are not of the form known; signatures take longer")

    def _is_as_supposed(self, example: Example) -> bool:
        kind = example.wrapping_key is not None
        if kind not in self._supposed:
            mac = mac_template(is_signed=True) if kind else None
            self._supposed[kind] = CmsTemplate(example, mac)
            return mac is not None or not kind
        if not self._supposed[kind].reproduces(example):
            return False
        self._proven[kind] = self._supposed[kind]
        return True
