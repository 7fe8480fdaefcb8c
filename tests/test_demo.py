"""The demo tells the truth: it passes as it is, and fails when a promise is broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from ondemand_attach import Document, PdfEncryptor, PdfSigner, _smtp_sink
from ondemand_attach._smtp_sink import Delivery
from ondemand_attach.cli import main


def told(folder: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str]:
    status = main(["demo", "--folder", str(folder), *options])
    return status, capsys.readouterr().out


def test_the_story_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out = told(tmp_path / "kept", capsys, "--recipients", "2")
    assert status == 0
    assert "✗" not in out
    for promise in (
        "opens with the customer's",
        "does not open without",
        "another customer's",
        "valid",
        "temporary folder",
    ):
        assert promise in out
    document, mail = ((tmp_path / "kept" / name).read_bytes() for name in ("order.pdf", "order.eml"))
    assert document.startswith(b"%PDF")
    assert len(document) <= 40_000
    assert (tmp_path / "kept" / "order-page-1.png").read_bytes().startswith(b"\x89PNG")
    assert mail.startswith(b"From: Garnet")
    assert len(mail) <= 60_000


@pytest.mark.parametrize(
    ("broken", "method", "promise"),
    [(PdfEncryptor, "encrypt", "does not open without"), (PdfSigner, "sign", "signature is valid")],
)
def test_a_broken_promise_is_seen(
    broken: type,
    method: str,
    promise: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def skipped(self: object, document: Document, request: object) -> Document:
        return Document(content=document.content + b"\n", media_type=document.media_type)

    monkeypatch.setattr(broken, method, skipped)
    status, out = told(tmp_path, capsys, "--recipients", "1")
    assert status == 1
    assert any("✗" in line and promise in line for line in out.splitlines())


def test_a_mail_that_came_in_clear_is_seen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def in_clear(**fields: object) -> Delivery:
        return Delivery(**{**fields, "is_encrypted": False})  # type: ignore[arg-type]

    monkeypatch.setattr(_smtp_sink, "Delivery", in_clear)
    status, out = told(tmp_path, capsys, "--recipients", "1")
    assert status == 1
    assert [line.split(maxsplit=1)[1] for line in out.splitlines() if "✗" in line] == [
        "every message came over TLS"
    ]


@pytest.mark.parametrize("count", ["0", "-1", "x", "100001"])
def test_a_wrong_count_is_refused(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["demo", "--recipients", count])
    assert caught.value.code == 2
