"""The statements of the how-to guide, sent by real servers."""

from __future__ import annotations

import base64
import contextlib
import email
import email.policy
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pypdfium2
import pytest

from how_to.promises import EXAMPLES, ROOT, WITH_ARCHIVE
from ondemand_attach.testing import SmtpSink


@pytest.fixture
def env(sink: SmtpSink, certificates: Mapping[str, Path], tmp_path: Path) -> dict[str, str]:
    broker = tmp_path / "broker"
    broker.mkdir()
    options = {"data_folder_in": str(broker), "data_folder_out": str(broker), "control_folder": str(broker)}
    (tmp_path / "celery_settings.py").write_text(
        f"broker_url = 'filesystem://'\nbroker_transport_options = {options!r}\n"
    )
    return {
        **os.environ,
        "BANK_MAIL_URL": sink.url,
        "BANK_MAIL_PASSWORD": "secret",
        "BANK_CELERY_SETTINGS": "celery_settings",
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "src", tmp_path))),
        "SSL_CERT_FILE": str(certificates["authority"]),
    }


@contextlib.contextmanager
def running(arguments: list[str], env: Mapping[str, str], log: Path) -> Iterator[None]:
    """Run a server until the end of the block, when it is told to end."""
    command = [str(Path(sys.executable).parent / arguments[0]), *arguments[1:]]
    with log.open("w") as out:
        process = subprocess.Popen(command, cwd=EXAMPLES, env=env, stdout=out, stderr=out)
    try:
        yield
    finally:
        process.terminate()
        status = process.wait(300)
    assert status in {0, -15}, log.read_text()


def wait(log: Path, is_so: Callable[[], object]) -> None:
    end = time.monotonic() + 300
    while not is_so():
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.05)


def statement(sink: SmtpSink, number: int) -> str:
    """Return the text of the last statement, which opens with the passphrase of that number."""
    assert b"Rossi" not in sink.deliveries[-1].content
    mail = email.message_from_bytes(sink.deliveries[-1].content, policy=email.policy.default)
    [attachment] = mail.iter_attachments()
    with pypdfium2.PdfDocument(
        attachment.get_content(), password=f"walnut-ferry-{8823 + number}-cobalt"
    ) as pdf:
        return str(pdf[0].get_textpage().get_text_range())


def test_uvicorn(sink: SmtpSink, env: dict[str, str], tmp_path: Path) -> None:
    arguments = ["uvicorn", "statements.asgi:app", "--port", "0", "--app-dir", "."]
    log = tmp_path / "log"
    with running(arguments, env, log):
        wait(log, lambda: "Uvicorn running" in log.read_text())
        [url] = re.findall(r"http://127\.0\.0\.1:\d+", log.read_text())
        for number in (1, 2):
            with urllib.request.urlopen(f"{url}/statements/{number}", data=b"", timeout=300) as answer:
                assert answer.read() == b"sent"
            assert f"{number}.00 EUR" in statement(sink, number)
        with urllib.request.urlopen(f"{url}/ping", timeout=300) as answer:
            assert answer.read() == b"pong"
    assert "Traceback" not in log.read_text()


def test_that_a_copy_was_refused_is_seen(
    sink: SmtpSink, env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "archived.py").write_text(f"{WITH_ARCHIVE}\nfrom statements.asgi import app as app\n")
    log = tmp_path / "log"
    monkeypatch.setattr(sink, "refused", {"archive@shop.example"})
    with running(["uvicorn", "archived:app", "--port", "0", "--app-dir", "."], env, log):
        wait(log, lambda: "Uvicorn running" in log.read_text())
        [url] = re.findall(r"http://127\.0\.0\.1:\d+", log.read_text())
        with urllib.request.urlopen(f"{url}/statements/4", data=b"", timeout=300) as answer:
            assert answer.read() == b"sent, but not to all"
        monkeypatch.setattr(sink, "refused", {"maria@example.com"})
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"{url}/statements/5", data=b"", timeout=300)
        assert (caught.value.code, caught.value.read()) == (502, b"refused")


def test_celery(sink: SmtpSink, env: dict[str, str], tmp_path: Path) -> None:
    program = "from statements.tasks import send_statement; send_statement.delay(3)"
    subprocess.run([sys.executable, "-c", program], cwd=EXAMPLES, env=env, check=True, timeout=300)
    [queued] = [file.read_bytes() for file in (tmp_path / "broker").glob("*.msg")]
    assert b"Rossi" not in base64.b64decode(json.loads(queued)["body"])
    before = len(sink.deliveries)
    # Celery takes the working directory from the path once it has imported the application.
    log = tmp_path / "log"
    with running(["celery", "-A", "statements.tasks", "worker", "--concurrency=1"], env, log):
        wait(log, lambda: len(sink.deliveries) > before)
        assert "3.00 EUR" in statement(sink, 3)
    assert "Traceback" not in log.read_text()
