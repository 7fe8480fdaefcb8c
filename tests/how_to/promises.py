"""What the applications of the how-to guides promise, seen from outside of their process."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import email
import email.message
import email.policy
import io
import json
import quopri
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import SignatureCoverageLevel
from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE

from ondemand_attach.testing import SmtpSink

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "docs/how-to/examples"
PASSPHRASE = "amber-kettle-violin-27"
ENGRAVING = "for ever yours"
WITH_ARCHIVE = """
from ondemand_attach import MessageBuilder
usual = MessageBuilder.subject
MessageBuilder.subject = lambda self, source: usual(self, source).bcc("archive@shop.example")
"""
CANARIES = ("Lindström", "Ferry Road", "Port Amber", "Signet ring", "640.00", ENGRAVING, PASSPHRASE)


@dataclasses.dataclass(kw_only=True)
class Shop:
    """An application, served by a process of its own."""

    url: str
    cookie: str

    def order(self, piece: int = 1) -> int:
        """Check out in a browser, and return the status of the answer."""
        form = {"piece": str(piece), "engraving": ENGRAVING}
        cookies = self.cookie
        page, set_cookie = self._fetch(cookies)
        if token := re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page):
            form["csrfmiddlewaretoken"] = token[1]
            cookies += "; " + set_cookie.partition(";")[0]
        return self._status(cookies, form)

    def _fetch(self, cookies: str) -> tuple[str, str]:
        with urllib.request.urlopen(
            urllib.request.Request(self.url, headers={"Cookie": cookies}), timeout=300
        ) as page:
            return page.read().decode(), page.headers.get("Set-Cookie", "")

    def _status(self, cookies: str, form: Mapping[str, str]) -> int:
        content = urllib.parse.urlencode(form).encode()
        try:
            with _browser().open(
                urllib.request.Request(self.url, content, {"Cookie": cookies}), timeout=300
            ) as page:
                return int(page.status)
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.code


def _browser() -> urllib.request.OpenerDirector:
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    return urllib.request.build_opener(Stay)


@contextlib.contextmanager
def serving(program: str, env: Mapping[str, str], log: Path) -> Iterator[Shop]:
    """Run *program*, which serves a shop, in a process of its own that writes its log to *log*."""
    command = [sys.executable, "-W", "error", "-c", program]
    with (
        log.open("w") as errors,
        subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, log.read_text()
            yield Shop(**json.loads(line))
        finally:
            process.kill()


def run(command: tuple[str, ...], env: Mapping[str, str]) -> str:
    """Run a command of the application, and return what it said."""
    whole = [sys.executable, "-W", "error", *command]
    done = subprocess.run(whole, check=False, capture_output=True, text=True, env=env, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


class Promises:
    """Inherit, and say how the application is filled, served and asked to retry.

    ``program`` fills the shop with 40 of piece 1 and none of piece 2, logs its customer in, and serves.
    """

    program: str
    retry: tuple[str, ...]
    own_tests: tuple[str, ...]
    sold_out_status: int

    @staticmethod
    def environment(folder: Path, mail_url: str, signing_key_file: Path) -> dict[str, str]:
        raise NotImplementedError

    @pytest.fixture(autouse=True)
    def forget(self, sink: SmtpSink) -> None:
        sink.deliveries.clear()

    def test_its_own_tests_pass(self, env: Mapping[str, str], tmp_path: Path) -> None:
        output = run(self.own_tests, {**env, "TMPDIR": str(tmp_path)})
        assert "5 passed" in output or "Ran 5 tests" in output

    def test_a_commit_sends_one_protected_mail(self, shop: Shop, sink: SmtpSink) -> None:
        assert shop.order() == 302
        [delivery] = sink.deliveries
        assert delivery.is_encrypted
        assert delivery.user == "shop"
        assert delivery.recipients == ("zoe@example.com",)
        assert_nothing_outside_of_the_pdf(delivery.content)
        assert_opens_with_the_passphrase_only(pdf_in(delivery.content))

    def test_a_rollback_sends_nothing(self, shop: Shop, sink: SmtpSink) -> None:
        assert shop.order(piece=2) == self.sold_out_status
        assert not sink.deliveries

    def test_one_mailer_serves_the_process(self, shop: Shop, sink: SmtpSink) -> None:
        for _ in range(3):
            shop.order()
        assert (len(sink.deliveries), sink.connections) == (3, 1)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            assert {*pool.map(lambda _: shop.order(), range(4))} == {302}
        ids = {email.message_from_bytes(delivery.content)["Message-ID"] for delivery in sink.deliveries}
        assert len(ids) == len(sink.deliveries) == 7

    def test_what_cannot_be_sent_is_stuck(
        self, shop: Shop, folder: Path, env: Mapping[str, str], sink: SmtpSink
    ) -> None:
        sink.refused = {"zoe@example.com"}
        assert shop.order() == 302
        sink.refused = ()
        assert "is stuck" in folder.joinpath("log").read_text()
        run(self.retry, env)
        assert not sink.deliveries

    def test_the_archive_makes_no_success_and_its_absence_is_seen(
        self, tmp_path: Path, sink: SmtpSink, certificates: Mapping[str, Path], env: Mapping[str, str]
    ) -> None:
        env = {**env, **self.environment(tmp_path, sink.url, certificates["signing"])}
        log = tmp_path / "log"
        try:
            with serving(WITH_ARCHIVE + self.program, env, log) as shop:
                sink.refused = {"zoe@example.com"}
                assert shop.order() == 302
                assert "is stuck" in log.read_text()
                assert not sink.deliveries
                sink.refused = {"archive@shop.example"}
                assert shop.order() == 302
                assert "is partly: a recipient was refused: 550 5.1.1" in log.read_text()
                sink.refused = ()
                assert shop.order() == 302
        finally:
            sink.refused = ()
        assert [delivery.recipients for delivery in sink.deliveries] == [
            ("zoe@example.com",),
            ("zoe@example.com", "archive@shop.example"),
        ]
        assert "@example.com" not in log.read_text()
        run(self.retry, env)
        assert len(sink.deliveries) == 2

    def test_nothing_is_left_outside(self, shop: Shop, folder: Path) -> None:
        shop.order()
        log = folder.joinpath("log").read_text()
        assert "1 accepted" in log
        assert_nothing_in(log)
        assert "zoe@" not in log
        assert not list(folder.joinpath("temporary").iterdir())
        stored = folder.joinpath("shop.sqlite3").read_bytes()
        assert ENGRAVING.encode() in stored
        assert PASSPHRASE.encode() not in stored

    def test_what_can_wait_is_sent_later(
        self, tmp_path: Path, sink: SmtpSink, certificates: Mapping[str, Path], env: Mapping[str, str]
    ) -> None:
        env = {**env, **self.environment(tmp_path, sink.url, certificates["signing"])}
        with unanswered() as port, serving(self.program, with_port(env, port), tmp_path / "log") as shop:
            assert shop.order() == 302
        assert not sink.deliveries
        log = tmp_path.joinpath("log").read_text()
        [message_id] = re.findall(r"due, (<\S+@shop\.example>) was not sent", log)
        assert_nothing_in(log)
        run(self.retry, env)
        run(self.retry, env)
        [delivery] = sink.deliveries
        assert email.message_from_bytes(delivery.content)["Message-ID"] == message_id


@contextlib.contextmanager
def unanswered() -> Iterator[int]:
    """Hold a port on which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


def with_port(env: Mapping[str, str], port: int) -> dict[str, str]:
    return {
        name: re.sub(r":\d+$", f":{port}", value) if "MAIL_URL" in name else value
        for name, value in env.items()
    }


def pdf_in(content: bytes) -> bytes:
    message = email.message_from_bytes(content, policy=email.policy.default)
    [pdf] = [part for part in message.walk() if part.get_content_type() == "application/pdf"]
    return bytes(pdf.get_content())


def assert_nothing_in(text: str) -> None:
    for canary in CANARIES:
        assert canary.casefold() not in text.casefold(), canary


def assert_nothing_outside_of_the_pdf(content: bytes) -> None:
    """Look into the bytes as they are, and into every header and part as a reader decodes it."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    for part in message.walk():
        assert_nothing_in(" ".join(map(str, part.values())))
        if part.get_content_maintype() == "text":
            assert_nothing_in(part.get_content())
    for canary in CANARIES:
        for bytes_ in (content, quopri.decodestring(content), pdf_in(content)):
            assert canary.encode() not in bytes_, canary


def assert_opens_with_the_passphrase_only(pdf: bytes) -> None:
    for wrong in (None, "", "amber-kettle-violin-28", "GG-40001"):
        with pytest.raises(pypdfium2.PdfiumError):
            pypdfium2.PdfDocument(pdf, password=wrong)
        with pytest.raises(pikepdf.PasswordError):
            pikepdf.open(io.BytesIO(pdf), password=wrong or "")
    with pypdfium2.PdfDocument(pdf, password=PASSPHRASE) as document:
        text = " ".join(document[0].get_textpage().get_text_bounded().split())
        assert len(list(document[0].get_objects(filter=[FPDF_PAGEOBJ_IMAGE]))) == 1  # the logo, a static file
    for canary in CANARIES[:-1]:
        assert canary in text
    with pikepdf.open(io.BytesIO(pdf), password=PASSPHRASE) as opened:
        assert (opened.encryption.R, opened.encryption.bits) == (6, 256)
    assert_signed(pdf)


def assert_signed(pdf: bytes) -> None:
    reader = PdfFileReader(io.BytesIO(pdf))
    reader.decrypt(PASSPHRASE)
    [signature] = reader.embedded_signatures
    signature.compute_integrity_info()
    assert signature.coverage == SignatureCoverageLevel.ENTIRE_FILE
    assert signature.signer_cert.subject.native["common_name"] == "Garnet & Gold Ltd"
