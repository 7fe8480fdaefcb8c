"""Who can read what GnuPG, 7-Zip and OpenSSL have encrypted."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ondemand_attach._exposure import of_file
from protectors.samples import certify, rsa_key

CANARY = b"Canary-7731 " * 50


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two keys of GnuPG's."""
    home = tmp_path_factory.mktemp("gnupg")
    home.chmod(0o700)
    for name in ("a@x.example", "b@x.example"):
        gpg(home, "--quick-gen-key", name, "default", "default", "never")
    return home


def gpg(home: Path, *arguments: str | Path, content: bytes = b"") -> bytes:
    options = (
        "--batch",
        "--yes",
        "--passphrase",
        "",
        "--pinentry-mode",
        "loopback",
        "--trust-model",
        "always",
    )
    command = ["gpg", "--homedir", home, *options, *arguments]
    return subprocess.run(command, input=content, check=True, capture_output=True, timeout=120).stdout


@pytest.mark.parametrize("armor", [["--armor"], []], ids=["armored", "binary"])
@pytest.mark.parametrize(
    ("arguments", "readers", "encryption"),
    [
        (["-r", "a@x.example", "-e"], "the holder of the OpenPGP key", "OpenPGP to a key"),
        (["-r", "a@x.example", "-r", "b@x.example", "-e"], "holders of 2 OpenPGP keys", "OpenPGP to 2 keys"),
        (
            ["-u", "b@x.example", "-r", "a@x.example", "-s", "-e"],
            "the holder of the OpenPGP key",
            "OpenPGP to a key",
        ),
        (["--passphrase", "secret", "-c"], "holders of the password", "OpenPGP by password"),
        (["-s"], "everyone who has the file", None),
        (["--store"], "everyone who has the file", None),
    ],
    ids=["one key", "two keys", "signed", "password", "only signed", "only packed"],
)
def test_openpgp(
    keys: Path, arguments: list[str], readers: str, encryption: str | None, armor: list[str]
) -> None:
    (found,) = of_file(gpg(keys, *armor, *arguments, content=CANARY))
    assert (found.readers, found.encryption) == (readers, encryption)


@pytest.mark.parametrize(
    ("arguments", "encryption", "is_protected"),
    [
        (["-psecret", "-mem=AES256"], "AES-256 by password (WinZip), file names in clear", True),
        (["-psecret", "-mem=AES128"], "AES-128 by password (WinZip), file names in clear", True),
        (["-psecret", "-mem=ZipCrypto"], "ZipCrypto or weaker", False),
        ([], None, False),
    ],
)
def test_zip(arguments: list[str], encryption: str | None, is_protected: bool, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(CANARY)
    archive = tmp_path / "a.zip"
    command = ["7z", "a", "-tzip", *arguments, archive, tmp_path / "list.csv"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    (found,) = of_file(archive.read_bytes())
    assert (found.encryption, found.is_protected) == (encryption, is_protected)


@pytest.mark.parametrize(
    ("cipher", "encryption"),
    [
        ("-aes-256-cbc", "S/MIME, AES-256-CBC to a certificate"),
        ("-aes-128-gcm", "S/MIME, AES-128-GCM to a certificate"),
        ("-des3", "unknown or weak"),
    ],
)
@pytest.mark.parametrize("form", ["SMIME", "DER"])
def test_smime(form: str, cipher: str, encryption: str, tmp_path: Path) -> None:
    (tmp_path / "certificate.pem").write_bytes(certify(rsa_key()).public_bytes(Encoding.PEM))
    command = [
        "openssl",
        "cms",
        "-encrypt",
        cipher,
        "-outform",
        form,
        "-stream",
        tmp_path / "certificate.pem",
    ]
    done = subprocess.run(command, input=CANARY, check=True, capture_output=True, timeout=60)
    found = of_file(done.stdout)[-1]
    assert (found.encryption, found.is_protected) == (encryption, encryption.startswith("S/MIME"))


def test_smime_that_is_only_signed(tmp_path: Path) -> None:
    (tmp_path / "certificate.pem").write_bytes(certify(rsa_key()).public_bytes(Encoding.PEM))
    key = rsa_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(key)
    files = ("-signer", tmp_path / "certificate.pem", "-inkey", tmp_path / "key.pem")
    command = ["openssl", "cms", "-sign", "-nodetach", "-outform", "SMIME", *files]
    done = subprocess.run(command, input=CANARY, check=True, capture_output=True, timeout=60)
    found = of_file(done.stdout)[-1]
    assert (found.part, found.signature, found.is_protected) == ("opaque message", "S/MIME", False)


def test_smime_that_a_password_opens_too_is_not_said_to_be_for_the_certificate_alone(tmp_path: Path) -> None:
    (tmp_path / "certificate.pem").write_bytes(certify(rsa_key()).public_bytes(Encoding.PEM))
    options = ("-encrypt", "-aes-256-cbc", "-outform", "DER", "-pwri_password", "secret")
    command = ["openssl", "cms", *options, tmp_path / "certificate.pem"]
    (found,) = of_file(
        subprocess.run(command, input=CANARY, check=True, capture_output=True, timeout=60).stdout
    )
    assert not found.is_protected
