"""Tries whether tests notice a change, in a process of its own that has loaded the libraries already."""

from __future__ import annotations

import compileall
import contextlib
import gc
import importlib
import io
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Literal, cast

import pytest

Outcome = Literal["noticed", "survived", "survived so far", "no test"]

_LIBRARIES = (  # those that take longest
    *("aiosmtpd.controller", "attrs", "celery", "certomancer.registry", "cryptography.x509", "django.http"),
    *("email_validator", "flask", "hypothesis.strategies", "jinja2.sandbox", "msgspec", "openpyxl"),
    *("pikepdf", "pydantic", "pyhanko.pdf_utils.writer", "pyhanko.sign.signers", "reportlab.platypus"),
    *("starlette.applications", "sybil", "xhtml2pdf.document", "yaml"),
)
_OPTIONS = (
    *("-x", "-q", "-p", "no:cacheprovider"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # of Hypothesis, which is loaded already
)
_FIRST = 60  # tests, which are in few files: one of them notices most changes
_SECONDS_OF_A_TEST = 60  # of CPU: the slowest takes ten
_SECONDS_OF_A_WAIT = 300  # of the clock: a test that waits for ever uses no CPU


def prepare(tree: Path) -> None:
    """Make the project in `tree` the one that is imported, here and below, and do once what each trial needs."""
    os.chdir(tree)
    os.environ["PYTHONPATH"] = str(tree / "src")
    sys.path.insert(0, str(tree / "src"))
    compileall.compile_dir("src", quiet=1, invalidation_mode=PycInvalidationMode.CHECKED_HASH)
    subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-qq"], stdout=subprocess.DEVNULL, check=True
    )
    sys.dont_write_bytecode = True
    for library in _LIBRARIES:
        importlib.import_module(library)
    gc.freeze()


def outcome(tests: list[str], seconds: float) -> tuple[Outcome, str]:
    """Return what came of some tests, and which of them noticed first or how many were run.

    Args:
        tests: in the order in which they shall run.
        seconds: of CPU time, after which no further test is begun.
    """
    first = _outcome(tests[:_FIRST], seconds)
    return first if first[0] != "survived" or len(tests) <= _FIRST else _outcome(tests[_FIRST:], seconds)


def _outcome(tests: list[str], seconds: float) -> tuple[Outcome, str]:
    if not tests:
        return "no test", ""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_run, args=(tests, seconds, theirs))
    process.start()
    theirs.close()
    process.join(_SECONDS_OF_A_WAIT)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # and what it left behind
    process.join()
    try:
        return cast("tuple[Outcome, str]", ours.recv())
    except EOFError:
        return "noticed", f"status {process.exitcode}"


class _Selection:
    """Keeps some tests, in an order, and stops when their time is up."""

    def __init__(self, tests: list[str], seconds: float) -> None:
        self._rank = {test: rank for rank, test in enumerate(tests)}
        self._seconds, self._end = seconds, float("inf")
        self.failed, self.passed, self.is_complete = "", 0, True

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        ranks = {item: self._rank_of(item.nodeid) for item in items}
        items[:] = sorted((item for item in items if ranks[item] is not None), key=ranks.__getitem__)

    def _rank_of(self, test: str) -> int | None:
        return self._rank.get(test, self._rank.get(test.partition("::")[0]))

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        used = int(time.process_time())
        self._end = min(self._end, used + self._seconds)  # from the first test on
        resource.setrlimit(resource.RLIMIT_CPU, (used + _SECONDS_OF_A_TEST, resource.RLIM_INFINITY))
        if used > self._end:
            item.session.shouldstop, self.is_complete = "time is up", False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.passed += report.when == "call" and report.passed
        if report.failed:
            self.failed = self.failed or report.nodeid


def _run(tests: list[str], seconds: float, answer: Connection) -> None:
    os.setsid()
    selection = _Selection(tests, seconds)
    files = list(dict.fromkeys(test.partition("::")[0] for test in tests))
    status, nowhere = pytest.ExitCode.INTERNAL_ERROR, io.StringIO()
    with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        with contextlib.suppress(Exception):
            status = pytest.main([*_OPTIONS, *files], plugins=[selection])
    is_as_usual = (
        status in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED} or not selection.is_complete
    )
    if selection.failed or not is_as_usual:
        answer.send(("noticed", selection.failed or f"status {status}"))
    elif selection.passed:
        ran = f"{selection.passed} of {len(tests)} tests"
        answer.send(("survived" if selection.is_complete else "survived so far", ran))
    else:
        answer.send(("no test", ""))
    answer.close()
    os._exit(0)
