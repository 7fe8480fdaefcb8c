"""Readers of PDF that share no code with this library, each as a function that returns the text, or nothing."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import asn1crypto.x509
import pymupdf
import pypdfium2
from asn1crypto.keys import PrivateKeyInfo
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from pyhanko.pdf_utils.crypt.api import AuthResult
from pyhanko.pdf_utils.crypt.pubkey import SimpleEnvelopeKeyDecrypter
from pyhanko.pdf_utils.reader import PdfFileReader

from protectors.samples import Key

Read = Callable[[bytes, str], str]
ReadWithKey = Callable[[bytes, Key, x509.Certificate], str]

HERE = Path(__file__).parent
LIBRARIES = (
    *("pdfbox2", "pdfbox2-tools", "fontbox2", "commons-logging"),
    *("bcprov", "bcpkix", "bcutil"),
)
CLASS_PATH = ":".join(f"/usr/share/java/{library}.jar" for library in LIBRARIES)


def run(*command: str | Path) -> tuple[int, str]:
    done = subprocess.run(command, check=False, capture_output=True, timeout=120)
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def by_command(make: Callable[[Path, str], list[str | Path]]) -> Read:
    """Return what runs a program that prints the text."""

    def read(content: bytes, password: str) -> str:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "document.pdf")
            path.write_bytes(content)
            status, text = run(*make(path, password))
            return text if status == 0 else ""

    return read


def poppler(path: Path, password: str) -> list[str | Path]:
    return ["pdftotext", "-upw", password, path, "-"]


def qpdf(path: Path, password: str) -> list[str | Path]:
    """Have it print the objects, with their streams not compressed."""
    options = ("--warning-exit-0", "--qdf", "--decrypt", "--object-streams=disable")
    return ["qpdf", f"--password={password}", *options, path, "-"]


def mupdf(path: Path, password: str) -> list[str | Path]:
    return ["mutool", "draw", "-q", "-p", password, "-F", "text", path]


def ghostscript(path: Path, password: str) -> list[str | Path]:
    options = ("-q", "-dBATCH", "-dNOPAUSE", "-sDEVICE=txtwrite", "-sOutputFile=-")
    return ["gs", *options, f"-sPDFPassword={password}", path]


def pdfbox(path: Path, password: str) -> list[str | Path]:
    tool = "org.apache.pdfbox.tools.ExtractText"
    encoding = "-Dfile.encoding=UTF-8"
    return ["java", encoding, "-cp", CLASS_PATH, tool, "-password", password, "-console", path]


def pdf_js(path: Path, password: str) -> list[str | Path]:
    return ["node", HERE / "read_pdf.cjs", path, password]


def pdfium(content: bytes, password: str) -> str:
    try:
        with pypdfium2.PdfDocument(content, password) as pdf:
            return pdf[0].get_textpage().get_text_range()  # type: ignore[no-any-return]
    except pypdfium2.PdfiumError:
        return ""


def py_mu_pdf(content: bytes, password: str) -> str:
    with pymupdf.open(stream=content, filetype="pdf") as pdf:
        if pdf.needs_pass and not pdf.authenticate(password):
            return ""
        return pdf[0].get_text()  # type: ignore[no-any-return]


def pyhanko(content: bytes, password: str) -> str:
    reader = PdfFileReader(BytesIO(content))
    return _text(reader, reader.decrypt(password) if reader.encrypted else None)


def _text(reader: PdfFileReader, result: AuthResult | None) -> str:
    if result is not None and result.status.value == 0:
        return ""
    return str(reader.root["/Pages"]["/Kids"][0]["/Contents"].data.decode("cp1252"))


BY_PASSWORD: dict[str, Read] = {
    "poppler": by_command(poppler),
    "qpdf": by_command(qpdf),
    "MuPDF": by_command(mupdf),
    "Ghostscript": by_command(ghostscript),
    "pdfium": pdfium,
    "PyMuPDF": py_mu_pdf,
    "PDFBox": by_command(pdfbox),
    "pdf.js": by_command(pdf_js),
    "pyHanko": pyhanko,
}


def pyhanko_with_key(content: bytes, key: Key, certificate: x509.Certificate) -> str:
    own = asn1crypto.x509.Certificate.load(certificate.public_bytes(Encoding.DER))
    pkcs8 = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    reader = PdfFileReader(BytesIO(content))
    decrypter = SimpleEnvelopeKeyDecrypter(own, PrivateKeyInfo.load(pkcs8))
    return _text(reader, reader.decrypt_pubkey(decrypter))


def pdfbox_with_key(content: bytes, key: Key, certificate: x509.Certificate) -> str:
    """Decrypt to a file, and read that."""
    with tempfile.TemporaryDirectory() as folder:
        sealed, store, plain = (Path(folder, name) for name in ("sealed.pdf", "own.p12", "plain.pdf"))
        sealed.write_bytes(content)
        encryption = BestAvailableEncryption(b"of the store")
        store.write_bytes(pkcs12.serialize_key_and_certificates(b"own", key, certificate, None, encryption))
        options = ("-password", "of the store", "-keyStore", store, "-alias", "own")
        tool = "org.apache.pdfbox.tools.Decrypt"
        status, _ = run("java", "-cp", CLASS_PATH, tool, *options, sealed, plain)
        return pdfium(plain.read_bytes(), "") if status == 0 else ""


WITH_KEY: dict[str, ReadWithKey] = {"PDFBox": pdfbox_with_key, "pyHanko": pyhanko_with_key}
