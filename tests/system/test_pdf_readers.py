"""What poppler and qpdf, which share no code with pyHanko, make of the documents."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from ondemand_attach import Document, PdfEncryptor, PdfSigner, VisibleSignature
from ondemand_attach.testing import attachment_request
from protectors.samples import KEYS, SECRET, certify, order
from system.readers import run

REQUEST = attachment_request({"secret": SECRET}, filename="order.pdf")
SEALED = PdfEncryptor(password="{{ secret }}").encrypt(order(lines=40), REQUEST)


def signer(kind: str = "RSA-2048", appearance: VisibleSignature | None = None) -> PdfSigner:
    made = PdfSigner(
        key=KEYS[kind](), certificate=certify(KEYS[kind]()), reason="Order 7", appearance=appearance
    )
    for document in (SEALED, order()) * 2:
        made.sign(document, REQUEST)  # from the third signature of a kind on, pyHanko's are filled in anew
    return made


def saved(folder: Path, content: bytes) -> Path:
    path = folder / "order.pdf"
    path.write_bytes(content)
    return path


@pytest.fixture(params=["encrypted", "encrypted and signed", "encrypted and visibly signed"])
def sealed(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    document: Document = SEALED
    if "signed" in request.param:
        shown = VisibleSignature(box=(300, 60, 540, 120)) if "visibly" in request.param else None
        document = signer(appearance=shown).sign(SEALED, REQUEST)
    return saved(tmp_path, document.content)


def test_qpdf_finds_no_fault(sealed: Path) -> None:
    status, report = run("qpdf", f"--password={SECRET}", "--check", sealed)
    assert status == 0, report
    assert "No syntax or stream encoding errors found" in report
    assert "R = 6" in report
    assert report.count("encryption method: AESv3") == 3
    assert "extract for accessibility: allowed" in report
    assert run("qpdf", "--check", sealed)[0] != 0


def verdict(path: Path, *options: str) -> list[str]:
    """Return what pdfsig says of the signatures; an append after signing shows by a missing line only."""
    lines = [line.strip(" -.") for line in run("pdfsig", "-nocert", *options, path)[1].splitlines()]
    return [line for line in lines if line.startswith(("Signature Validation:", "Total document"))]


SOUND = ["Total document signed", "Signature Validation: Signature is Valid"]


@pytest.mark.parametrize("kind", KEYS)
def test_poppler_finds_the_signature_valid_over_the_whole_file(kind: str, tmp_path: Path) -> None:
    signed = signer(kind).sign(SEALED, REQUEST)
    assert verdict(saved(tmp_path, signed.content), "-upw", SECRET) == SOUND
    assert verdict(saved(tmp_path, signer(kind).sign(order(), REQUEST).content)) == SOUND


def test_poppler_sees_what_is_wrong(tmp_path: Path) -> None:
    signed = signer().sign(order(), REQUEST).content
    assert verdict(saved(tmp_path, signed.replace(b"/Rotate 0", b"/Rotate 9"))) != SOUND

    output = BytesIO()
    with pikepdf.open(BytesIO(signed)) as pdf:
        pdf.save(output, encryption=pikepdf.Encryption(owner="owner", user=SECRET, R=6))
    assert verdict(saved(tmp_path, output.getvalue()), "-upw", SECRET) != SOUND

    writer, output = IncrementalPdfFileWriter(BytesIO(signed)), BytesIO()
    writer.update_root()
    writer.write(output)
    assert verdict(saved(tmp_path, output.getvalue())) == [SOUND[1]]
