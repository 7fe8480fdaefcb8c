"""Signatures by a key in a PKCS #11 token, made by SoftHSM."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ondemand_attach import PdfEncryptor, PdfSigner
from ondemand_attach.errors import ConfigurationError, SigningError
from ondemand_attach.protectors import _pkcs11
from ondemand_attach.testing import attachment_request
from protectors.samples import KEYS, SECRET, certify, flaws, order

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "734812"
REQUEST = attachment_request({})
CERTIFICATES = {kind: certify(key()) for kind, key in KEYS.items()}


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A token "shop" with a key of each kind, that of RSA with its certificate."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(configuration))
        run("softhsm2-util", "--init-token", "--free", "--label", "shop", "--pin", PIN, "--so-pin", "9182")
        for number, (kind, key) in enumerate(KEYS.items()):
            path: Any = folder / f"{kind}.pem"
            path.write_bytes(key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            own = ("--token", "shop", "--pin", PIN, "--label", kind, "--id", f"0{number}")
            run("softhsm2-util", "--import", str(path), *own)
        (folder / "own.der").write_bytes(CERTIFICATES["RSA-2048"].public_bytes(Encoding.DER))
        write = ("--write-object", str(folder / "own.der"), "--type", "cert", "--label", "RSA-2048")
        run("pkcs11-tool", "--module", MODULE, "--token-label", "shop", "--login", "--pin", PIN, *write)
        yield folder / "tokens"


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def signer(kind: str, **options: Any) -> PdfSigner:
    given = {"token": "shop", "key": kind, "pin": lambda: PIN, "certificate": CERTIFICATES[kind]}
    return PdfSigner.from_pkcs11(MODULE, **(given | options))


def signed(by: PdfSigner) -> bytes:
    encrypted = PdfEncryptor(password=lambda _: SECRET).encrypt(order(), REQUEST)
    return by.sign(encrypted, REQUEST).content


@pytest.mark.parametrize("kind", KEYS)
def test_a_token_signs_many_documents(tokens: Path, kind: str) -> None:
    own = signer(kind)
    for _ in range(4):
        assert flaws(signed(own), CERTIFICATES[kind], SECRET) == []


def test_the_certificate_is_read_from_the_token(tokens: Path) -> None:
    assert flaws(signed(signer("RSA-2048", certificate=None)), CERTIFICATES["RSA-2048"], SECRET) == []


@pytest.mark.filterwarnings("ignore:This process")  # a fork beside threads, which warn from 3.12 on
def test_a_forked_process_signs_too(tokens: Path) -> None:
    own = signer("RSA-2048")
    signed(own)
    if (child := os.fork()) == 0:
        os._exit(bool(flaws(signed(own), CERTIFICATES["RSA-2048"], SECRET)))
    assert os.waitpid(child, 0)[1] == 0
    assert flaws(signed(own), CERTIFICATES["RSA-2048"], SECRET) == []


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"token": "another"}, "there is no token with this label"),
        ({"key": "another"}, "no private key with this label"),
        ({"key": "P-256"}, "no certificate with the label"),
    ],
)
def test_what_the_token_lacks_is_said_while_wiring(
    tokens: Path, options: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        signer("RSA-2048", certificate=None, **options)


def test_a_missing_module_is_said_while_wiring(tokens: Path) -> None:
    with pytest.raises(ConfigurationError, match="its library, or the token, failed"):
        PdfSigner.from_pkcs11("/nowhere.so", token="shop", key="RSA-2048", pin=lambda: PIN)


def test_a_wrong_pin_is_tried_once(tokens: Path) -> None:
    asked: list[str] = []

    def pin() -> str:
        asked.append("4711")
        return asked[-1]

    _pkcs11._library(MODULE, os.getpid()).renew()  # nobody is logged in any more
    with pytest.raises(SigningError) as caught:
        signed(signer("RSA-2048", pin=pin))
    assert asked == ["4711"]
    with pytest.raises(ConfigurationError, match="the PIN is wrong"):
        signer("RSA-2048", pin=pin, certificate=None)
    assert "4711" not in repr(caught.value)


@pytest.mark.parametrize(
    ("pin", "reason"),
    [
        (lambda: f"{PIN}\n", r"ends with the end of a line; \.strip\(\) it"),
        (f"{PIN}\r\n".encode, r"ends with the end of a line; \.strip\(\) it"),
        (lambda: None, "returned None; it is to return text"),
    ],
)
def test_a_pin_that_cannot_be_one_is_not_tried(tokens: Path, pin: Any, reason: str) -> None:
    _pkcs11._library(MODULE, os.getpid()).renew()
    with pytest.raises(SigningError, match=reason):
        signed(signer("RSA-2048", pin=pin))
    with pytest.raises(ConfigurationError, match=reason):
        signer("RSA-2048", pin=pin, certificate=None)


def test_a_token_that_is_gone_is_an_error_of_the_message_and_comes_back(tokens: Path) -> None:
    own, aside = signer("RSA-2048"), tokens.with_name("aside")
    signed(own)
    shutil.move(tokens, aside)
    tokens.mkdir()
    try:
        with pytest.raises(SigningError, match="callable that signs failed") as caught:
            signed(own)
    finally:
        tokens.rmdir()
        shutil.move(aside, tokens)
    assert PIN not in repr(caught.value)
    assert flaws(signed(own), CERTIFICATES["RSA-2048"], SECRET) == []
