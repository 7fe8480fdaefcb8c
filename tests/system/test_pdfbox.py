"""What PDFBox, the reader of Java applications, makes of the documents, those for certificates too."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any, get_args

import pypdfium2
import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from ondemand_attach import PdfEncryptor, PdfSigner
from ondemand_attach.protectors.pdf import PdfPermission
from ondemand_attach.testing import attachment_request
from protectors.samples import CANARY, KEYS, SECRET, certify, order

REQUEST = attachment_request({"secret": SECRET})
LIBRARIES = (
    *("pdfbox2", "pdfbox2-tools", "fontbox2", "commons-logging"),
    *("bcprov", "bcpkix", "bcutil"),
)
CLASS_PATH = ":".join(f"/usr/share/java/{library}.jar" for library in LIBRARIES)
PASSWORD = "of the key store"


def pdfbox(tool: str, *arguments: str | Path) -> tuple[int, str]:
    command = ("java", "-cp", CLASS_PATH, f"org.apache.pdfbox.tools.{tool}", *arguments)
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def key_store(folder: Path, kind: str, certificate: Any) -> Path:
    path = folder / "jane.p12"
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"jane", KEYS[kind](), certificate, None, BestAvailableEncryption(PASSWORD.encode())
        )
    )
    return path


@pytest.mark.parametrize("omit_mac", [False, True])
@pytest.mark.parametrize(
    ("kind", "padding", "opens"),
    [("RSA-2048", "PKCS1-v1_5", True), ("RSA-2048", "OAEP", False), ("P-256", "PKCS1-v1_5", False)],
)
def test_which_certificates_it_opens(
    kind: str, padding: Any, *, opens: bool, omit_mac: bool, tmp_path: Path
) -> None:
    """It knows neither OAEP nor elliptic curves, as docs/how-to/protect-a-pdf.md says."""
    certificate = certify(KEYS[kind]())
    encryptor = PdfEncryptor(
        certificates=lambda _: [certificate],
        rsa_padding=padding,
        allow=get_args(PdfPermission),  # the tool wants them all
        insecure_omit_mac=omit_mac,
    )
    sealed, plain = tmp_path / "sealed.pdf", tmp_path / "plain.pdf"
    sealed.write_bytes(encryptor.encrypt(order(), REQUEST).content)
    store = key_store(tmp_path, kind, certificate)
    status, output = pdfbox(
        "Decrypt", "-password", PASSWORD, "-keyStore", store, "-alias", "jane", sealed, plain
    )
    assert (status == 0) is opens, output
    if opens:
        with pypdfium2.PdfDocument(plain) as pdf:
            assert CANARY in pdf[0].get_textpage().get_text_range()


@pytest.mark.parametrize("is_signed", [False, True])
@pytest.mark.parametrize("omit_mac", [False, True])
def test_it_opens_with_the_password_only(*, is_signed: bool, omit_mac: bool, tmp_path: Path) -> None:
    document = PdfEncryptor(password="{{ secret }}", insecure_omit_mac=omit_mac).encrypt(order(), REQUEST)
    if is_signed:
        signer = PdfSigner(key=KEYS["P-256"](), certificate=certify(KEYS["P-256"]()))
        document = signer.sign(document, REQUEST)
    path = tmp_path / "order.pdf"
    path.write_bytes(document.content)
    assert CANARY in pdfbox("ExtractText", "-password", SECRET, "-console", path)[1]
    for wrong in ("", SECRET[:-1]):
        status, output = pdfbox("ExtractText", "-password", wrong, "-console", path)
        assert status != 0
        assert CANARY not in output
        assert "password" in output
