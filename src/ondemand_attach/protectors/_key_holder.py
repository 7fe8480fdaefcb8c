"""What signers of all kinds have in common: a private key with its certificates."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from ondemand_attach._seal import translated
from ondemand_attach.errors import ConfigurationError, SigningError

if TYPE_CHECKING:
    from cryptography import x509

    from ondemand_attach._message import AttachmentRequest
    from ondemand_attach.protectors._signing_keys import LocalKey, Sign

_log = logging.getLogger("ondemand_attach")
_NO_ISSUER = (
    "the certificate that signs as %s comes without that of its issuer: unless this is a root, readers will "
    "not find out who signed; add the certificates in between to chain=, the PEM file or the PKCS #12 store"
)


class PrivateKeyHolder:
    """Holds a private key, and does not let it travel."""

    def __reduce__(self) -> NoReturn:
        # A pickle travels: a task queue would keep the private key in its broker.
        raise TypeError(
            f"a {type(self).__name__} holds a private key and does not pickle; load the key where you sign"
        )


class KeyHolder(PrivateKeyHolder):
    """Holds a key with its certificates that was checked once."""

    _made_anew: ClassVar[frozenset[str]] = frozenset()
    """Attributes that a copy in another process makes for itself."""

    def __init__(
        self,
        key: LocalKey | Sign,
        certificate: x509.Certificate | bytes,
        chain: Iterable[x509.Certificate | bytes],
    ) -> None:
        from ondemand_attach.protectors import _certificates, _signing_keys

        own, *others = translated(
            lambda: _certificates.own_first(certificate, chain),
            lambda _: ConfigurationError(
                "a signing certificate is missing, or neither PEM nor DER; give the content of its file, "
                "as bytes"
            ),
        )
        _certificates.check_names((own, *others))
        self._key = translated(
            lambda: _signing_keys.check_pair(key, own),
            lambda _: ConfigurationError(
                "the signing certificate is damaged, or of a kind that is not known"
            ),
        )
        if reason_not := _certificates.out_of_date(own, datetime.datetime.now(datetime.UTC)):
            raise ConfigurationError(f"the signing certificate {reason_not}")
        if _certificates.misses_issuer(own, others):
            _log.warning(_NO_ISSUER, _certificates.name_of(own))
        self._certificate, self._chain = own, tuple(others)

    def _check_date(self, request: AttachmentRequest) -> None:
        from ondemand_attach.protectors import _certificates

        for moment in (request.now, datetime.datetime.now(datetime.UTC)):  # what it says, and what is
            if reason_not := _certificates.out_of_date(self._certificate, moment):
                raise SigningError(f"{request.filename} cannot be signed: the certificate {reason_not}")

    def _certificates_der(self) -> tuple[bytes, ...]:
        """Return the certificates in DER, the key's own first."""
        from ondemand_attach.protectors import _certificates

        return tuple(_certificates.der((self._certificate, *self._chain)))

    def __getstate__(self) -> dict[str, Any]:
        """Return all there is to this signer, the private key in clear, for a process of our own only."""
        from ondemand_attach.protectors import _signing_keys

        kept = {name: value for name, value in vars(self).items() if name not in self._made_anew}
        return kept | {
            "_key": _signing_keys.stored(self._key),
            "_chain": self._certificates_der(),
            "_certificate": None,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        from ondemand_attach.protectors import _certificates, _signing_keys

        own, *others = map(_certificates.certificate_of, state["_chain"])
        key = _signing_keys.loaded(state["_key"])
        vars(self).update(state | {"_key": key, "_certificate": own, "_chain": tuple(others)})
