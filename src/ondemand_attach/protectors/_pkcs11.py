"""A private key in a PKCS #11 token: a smart card, an HSM, a cloud HSM."""

from __future__ import annotations

import functools
import hashlib
import os
import threading
from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from ondemand_attach._given import kind
from ondemand_attach._origins import named, told
from ondemand_attach._seal import translated
from ondemand_attach.errors import ConfigurationError, MissingDependencyError, SigningError
from ondemand_attach.protectors._certificates import Password

try:
    import pkcs11
    from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
except ModuleNotFoundError:
    raise MissingDependencyError(
        'a PKCS #11 token needs python-pkcs11: pip install "ondemand_attach[pkcs11]"'
    ) from None


_imported_in = os.getpid()
_OF_THE_PIN = (
    pkcs11.PinExpired,
    pkcs11.PinIncorrect,
    pkcs11.PinInvalid,
    pkcs11.PinLenRange,
    pkcs11.PinLocked,
)


class _Library:
    """The library of a token in one process. Sessions end when it is initialised anew."""

    def __init__(self, module: str) -> None:
        self._library: Any = pkcs11.lib(module)
        self.lock, self.generation = threading.Lock(), 0
        if os.getpid() != _imported_in:  # PKCS #11 section 6.7.1 wants it after a fork
            self._library.reinitialize()

    def token(self, label: str) -> Any:
        return self._library.get_token(token_label=label)

    def renew(self) -> None:
        self._library.reinitialize()
        self.generation += 1


@functools.cache
def _library(module: str, process: int) -> _Library:  # noqa: ARG001 - after a fork, one of its own
    return _Library(module)


class TokenKey:
    """Signs with the private key *label* of a token. Logs in when it is first used, in each process.

    Args:
        module: the path of the PKCS #11 library of the token's maker.
        token: the label of the token.
        pin: returns the user PIN; called at each log-in.
        label: the label of the private key, and of its certificate.
    """

    def __init__(self, module: str, *, token: str, pin: Password, label: str) -> None:
        self._module, self._token, self._pin, self._label = module, token, pin, label
        self._opened: tuple[_Library, int, Any] | None = None

    def __call__(self, data: bytes) -> bytes:
        """Return the signature of *data*: RSASSA-PKCS1-v1_5 or ECDSA, with SHA-256."""
        library = _library(self._module, os.getpid())
        try:
            with library.lock:
                return self._signed_at_last(data, library)
        except ConfigurationError as error:  # of the PIN, which may be asked for only now
            failure = SigningError(f"the PKCS #11 token cannot be used: {error}")
        raise failure

    def _signed_at_last(self, data: bytes, library: _Library) -> bytes:
        try:
            return self._signed(data, library)
        except _OF_THE_PIN as error:  # another try would bring it nearer to being locked
            raise SigningError(f"the PKCS #11 token takes no log-in: {named(error)}") from None
        except pkcs11.PKCS11Error:  # it may have been unplugged since, or the session have ended
            library.renew()
            return self._signed(data, library)

    def _signed(self, data: bytes, library: _Library) -> bytes:
        if self._opened is None or self._opened[:2] != (library, library.generation):
            found = self._session(library).get_key(object_class=ObjectClass.PRIVATE_KEY, label=self._label)
            self._opened = library, library.generation, found
        key = self._opened[2]
        if key.key_type is KeyType.RSA:
            return bytes(key.sign(data, mechanism=Mechanism.SHA256_RSA_PKCS))
        raw = key.sign(hashlib.sha256(data).digest(), mechanism=Mechanism.ECDSA)
        half = len(raw) // 2
        return encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))

    def _session(self, library: _Library) -> Any:
        token = library.token(self._token)
        try:
            return token.open(user_pin=_text_of(self._pin))
        except pkcs11.UserAlreadyLoggedIn:  # a log-in holds for all sessions of the process
            return token.open()

    def certificate(self) -> bytes:
        """Return the certificate of the key, in DER.

        Raises:
            ConfigurationError: the token cannot be opened, or does not hold both.
        """
        return translated(self._certificate, _explained)

    def _certificate(self) -> bytes:
        library = _library(self._module, os.getpid())
        wanted = {Attribute.CLASS: ObjectClass.CERTIFICATE, Attribute.LABEL: self._label}
        with library.lock, self._session(library) as session:
            session.get_key(object_class=ObjectClass.PRIVATE_KEY, label=self._label)
            for certificate in session.get_objects(wanted):
                return bytes(certificate[Attribute.VALUE])
        raise ConfigurationError(
            "the token holds no certificate with the label of the key; give one with certificate="
        )

    def __getstate__(self) -> dict[str, Any]:
        return {name: vars(self)[name] for name in ("_module", "_token", "_pin", "_label")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state | {"_opened": None})


def _text_of(pin: Password) -> str:
    """Return the PIN, if it can be one: a wrong one would bring the token nearer to being locked."""
    given = pin()  # what keeps it may be out of reach for a while, which is no fault of the wiring
    if not isinstance(given, str | bytes):
        raise ConfigurationError(
            f"the callable for the PIN returned {kind(given)}; it is to return text or bytes"
        )
    text = given if isinstance(given, str) else given.decode()
    if text.endswith(("\n", "\r")):
        raise ConfigurationError("the PIN, as from a file, ends with the end of a line; .strip() it")
    return text


def _explained(error: Exception) -> ConfigurationError:
    reasons = {
        "NoSuchToken": "there is no token with this label; is it plugged in?",
        "NoSuchKey": "the token holds no private key with this label",
        "MultipleObjectsReturned": "the token holds several private keys with this label",
        "PinIncorrect": "the PIN is wrong",
        "PinLocked": "the PIN is locked",
    }
    known = reasons.get(type(error).__name__, f"its library, or the token, failed: {told(error)}")
    return ConfigurationError(f"the PKCS #11 token cannot be used: {known}")
