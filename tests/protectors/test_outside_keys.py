"""Keys that sign elsewhere, behind a callable."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding

from ondemand_attach import PdfEncryptor, PdfSigner
from ondemand_attach.errors import ConfigurationError, SigningError
from ondemand_attach.protectors._signing_keys import OutsideKey
from ondemand_attach.testing import attachment_request
from protectors.samples import KEYS, SECRET, certify, flaws, order, rsa_key

REQUEST = attachment_request({})
WRONG = "no signature by the key of the certificate"


def service(kind: str) -> Callable[[bytes], bytes]:
    """Return what a signing service does for the key of *kind*."""
    key: Any = KEYS[kind]()
    if kind.startswith("RSA"):
        return lambda data: key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    return lambda data: key.sign(data, ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize("kind", KEYS)
def test_a_service_signs_many_documents(kind: str) -> None:
    certificate = certify(KEYS[kind]())
    signer = PdfSigner(key=service(kind), certificate=certificate)
    encryptor = PdfEncryptor(password=lambda _: SECRET)
    for lines in range(1, 5):  # from the third on, the CMS object is not pyHanko's own
        signed = signer.sign(encryptor.encrypt(order(lines), REQUEST), REQUEST)
        assert flaws(signed.content, certificate, SECRET) == []


def another(data: bytes) -> bytes:
    return rsa_key(3072).sign(data, padding.PKCS1v15(), hashes.SHA256())


def of_other_data(data: bytes) -> bytes:
    return service("RSA-2048")(data + b"!")


def text(_: bytes) -> Any:
    return "signature"


def broken(_: bytes) -> bytes:
    raise ConnectionError("secret-token-4711")


@pytest.mark.parametrize(
    ("sign", "reason"),
    [(another, WRONG), (of_other_data, WRONG), (text, WRONG), (broken, "failed: ConnectionError at ")],
)
def test_a_lying_or_broken_service_is_an_error_without_its_text(
    sign: Callable[[bytes], bytes], reason: str
) -> None:
    signer = PdfSigner(key=sign, certificate=certify(rsa_key()))
    with pytest.raises(SigningError, match=reason) as caught:
        signer.sign(order(), REQUEST)
    assert "4711" not in repr(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None


def unset(_: bytes) -> bytes:
    raise KeyError("secret-token-4711")


@pytest.mark.parametrize(
    ("sign", "is_temporary"), [(another, False), (text, False), (unset, False), (broken, True)]
)
def test_a_service_that_is_down_may_sign_later(sign: Callable[[bytes], bytes], is_temporary: bool) -> None:
    by_service = {"key": sign, "certificate": certify(rsa_key())}
    with pytest.raises(SigningError) as caught:
        PdfSigner(**by_service).sign(order(), REQUEST)  # type: ignore[arg-type]
    assert caught.value.is_temporary == is_temporary


def test_what_is_neither_key_nor_callable_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="type str cannot sign"):
        PdfSigner(key="key", certificate=certify(rsa_key()))  # type: ignore[arg-type]


def test_a_key_elsewhere_pickles_with_its_callable() -> None:
    key = OutsideKey(another, rsa_key(3072).public_key())
    copy = pickle.loads(pickle.dumps(key))
    assert copy.sign(b"data") == key.sign(b"data")
    assert copy.key_size == 3072
