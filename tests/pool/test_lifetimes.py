"""Processes of a pool begin when they are needed, and end with the application, however it is run and ends."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import ondemand_attach
from ondemand_attach import RenderPool
from pool import plugs
from pool.plugs import doing, result

ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": f"{Path(__file__).parent.parent}:{Path(ondemand_attach.__file__).parent.parent}",
}
STARTED = """
import os, pathlib, signal, sys, threading, time
from pool import plugs
from pool.plugs import LETTER, doing, result
from ondemand_attach import Mailer, MemoryTransport, RenderPool
pool = RenderPool(processes=2, time_limit=120)
result(pool, doing(str))
print(pool._crew._nursery._process.pid, pool._crew._nursery._folder, flush=True)
"""


def is_gone(nursery: int, folder: str) -> bool:
    """Whether the nursery, all that it forked, and the private folders vanish, and do not hang."""
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline:
        if not Path(folder).exists() and not is_running(nursery):
            return True
        time.sleep(0.01)
    return False


def is_running(nursery: int) -> bool:
    """Whether the nursery runs; it removes the folders after it has ended all that it forked."""
    with contextlib.suppress(ProcessLookupError, FileNotFoundError):
        os.kill(nursery, 0)
        if sys.platform != "linux":
            return True
        # Nobody may have asked yet how it ended.
        return Path(f"/proc/{nursery}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@contextlib.contextmanager
def application(program: str) -> Iterator[tuple[subprocess.Popen[str], int, str]]:
    """Run *program*, in which a pool has been used, in an interpreter of its own."""
    source = STARTED + program
    command = [sys.executable, "-W", "error", "-X", "dev", "-c", source]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        try:
            nursery, folder = process.stdout.readline().split()
            yield process, int(nursery), folder
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # with its forks


ENDINGS = {
    "the end of the script": "",
    "an error": "1 / 0",
    "a mailer's close": "Mailer(MemoryTransport(), pool=pool).close()",
    "a daemon thread that builds": (
        "threading.Thread(target=result, args=(pool, doing(plugs.hang)), daemon=True).start(); time.sleep(0.5)"
    ),
    "a hidden exit": "os._exit(0)",
    "a signal": "signal.raise_signal(signal.SIGTERM)",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_nothing_is_left_of_an_application_that_ends(ending: str) -> None:
    with application(ENDINGS[ending]) as (process, nursery, folder):
        _, errors = process.communicate(timeout=300)
        assert is_gone(nursery, folder)
    expected = "ZeroDivisionError" if ending == "an error" else ""
    assert expected in errors
    assert "Warning" not in errors
    # What the thread says of its error may be cut off by the end of the interpreter.
    assert bool(errors) == bool(expected) or ending == "a daemon thread that builds"


@pytest.mark.parametrize("call", ["time.sleep, 60", "plugs.deaf_to_signals"])
def test_nothing_is_left_of_an_application_that_is_killed_while_it_builds(call: str) -> None:
    program = f"""
threading.Thread(target=result, args=(pool, doing({call})), daemon=True).start()
time.sleep(0.2)
os.kill(os.getpid(), signal.SIGKILL)
"""
    with application(program) as (process, nursery, folder):
        assert process.wait(300) == -signal.SIGKILL
        assert is_gone(nursery, folder)


def test_a_killed_application_takes_its_processes_along_even_if_its_forks_live_on() -> None:
    program = """
threading.Thread(target=result, args=(pool, doing(plugs.hang)), daemon=True).start()
time.sleep(0.2)
for _ in range(2):
    if os.fork() == 0:
        sys.stdout.close()
        time.sleep(300)
        os._exit(0)
os.kill(os.getpid(), signal.SIGKILL)
"""
    with application(program.replace("sys.stdout.close()", "os.close(1), os.close(2)")) as (
        process,
        nursery,
        folder,
    ):
        process.wait(300)
        assert is_gone(nursery, folder)


def test_a_fork_has_processes_of_its_own_and_leaves_its_parent_alone() -> None:
    """As under gunicorn with --preload: used before the fork, and by both afterwards."""
    program = """
mine = result(pool, doing(os.getppid))
readable, writable = os.pipe()
if os.fork() == 0:
    theirs = {result(pool, doing(os.getppid)) for _ in range(5)}
    os.write(writable, " ".join(theirs).encode())
    sys.exit(0)
os.wait()
theirs = os.read(readable, 100).decode()
print(mine, theirs, {result(pool, doing(os.getppid)) for _ in range(5)} == {mine})
"""
    with application(program) as (process, _, _):
        output, errors = process.communicate(timeout=300)
        mine, theirs, is_same = output.split()
    assert errors == ""
    assert (mine != theirs, is_same) == (True, "True")
    with pytest.raises(ProcessLookupError):
        os.killpg(int(theirs), 0)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_daemonic_process_of_multiprocessing_has_processes_of_its_own(
    method: str, pool: RenderPool
) -> None:
    """As in a Celery worker with prefork, whose processes are daemonic and may have no children."""
    mine = result(pool, doing(os.getppid))
    context = multiprocessing.get_context(method)
    ours, theirs = context.Pipe()
    shared = pool if method == "fork" else None
    process = context.Process(target=plugs.use, args=(shared, theirs), daemon=True)
    process.start()
    assert ours.poll(300)
    assert ours.recv() != mine
    process.join(300)
    assert process.exitcode == 0
    assert result(pool, doing(os.getppid)) == mine


def test_a_fork_while_threads_build_waits_for_no_lock() -> None:
    program = """
pool.warm_up()
for _ in range(3):
    threading.Thread(target=lambda: [result(pool, doing(str)) for _ in range(60)]).start()
for _ in range(4):
    time.sleep(0.02)
    if os.fork() == 0:
        signal.alarm(200)
        result(pool, doing(str))
        os._exit(0)
print({os.wait()[1] for _ in range(4)})
"""
    with application(program) as (process, nursery, folder):
        output, errors = process.communicate(timeout=300)
        assert is_gone(nursery, folder)
    assert (output.strip(), errors) == ("{0}", "")


MAIN = """
import os, sys
from ondemand_attach import AttachmentRequest, Document, MessageBuilder, RenderPool
print("loaded", __name__)

class Own:
    def generate(self, request):
        return Document(content=str(shout("hello")).encode(), media_type="text/plain")

def shout(text):
    return text.upper()

LETTER = (
    MessageBuilder(filters={{"shout": shout}})
    .sender("a@b.cz").subject("{{{{ 'x' | shout }}}}").text("t").attach(Own(), filename="a.txt")
)

def main():
    with RenderPool(time_limit=120) as pool:
        print(b"SEVMTE8=" in pool.build(LETTER, {{}}, to="a@example.com").content)
{last}
"""


def test_what_a_plain_script_defines_can_be_used(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(MAIN.format(last="if __name__ == '__main__': main()"))
    command = [sys.executable, "-W", "error", str(script)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300, env=ENVIRONMENT, cwd=tmp_path, check=False
    )
    assert (done.stdout, done.stderr) == ("loaded __main__\nTrue\n", "")


def test_a_module_that_is_run_can_be_used(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    module = MAIN.format(last="if __name__ == '__main__': main()")
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / "package" / "run.py").write_text("from . import other\n" + module)
    (tmp_path / "package" / "other.py").write_text("")
    command = [sys.executable, "-W", "error", "-m", "package.run"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300, env=ENVIRONMENT, cwd=tmp_path, check=False
    )
    assert (done.stdout, done.stderr) == ("loaded __main__\nTrue\n", "")


CELERY = """
import os, sys
sys.path.insert(0, {folder!r})
import mails
from ondemand_attach import RenderPool
pool = RenderPool(time_limit=120)
sys.path.remove({folder!r})
try:
    print(b"SEVMTE8=" in pool.build(mails.LETTER, {{}}, to="a@example.com").content)
finally:
    pool.close()
"""


def test_modules_are_found_where_they_were_when_the_pool_was_made(tmp_path: Path) -> None:
    """As under `celery -A`, which takes the working directory from the path once the application is imported."""
    (tmp_path / "mails.py").write_text(MAIN.format(last=""))
    program = CELERY.format(folder=str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        timeout=300,
        env=ENVIRONMENT,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("loaded mails\nTrue\n", "")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ("", "a render process finds no module 'mails'"),
        ("initializer=mails.main", "the module 'mails' of initializer= is not found"),
    ],
)
def test_a_module_that_is_not_found_is_named(options: str, error: str, tmp_path: Path) -> None:
    (tmp_path / "mails.py").write_text(MAIN.format(last=""))
    program = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
import mails
sys.path.remove({str(tmp_path)!r})
mails.RenderPool(time_limit=120, {options}).build(mails.LETTER, {{}}, to="a@example.com")
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=300,
        env=ENVIRONMENT,
        check=False,
    )
    assert error in done.stderr


def test_a_script_without_a_main_guard_is_told_so(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(MAIN.format(last="main()"))
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=300,
        env=ENVIRONMENT,
        check=False,
    )
    assert "GenerationError" in done.stderr
    assert "if __name__ == '__main__'" in done.stderr


def test_what_is_defined_at_the_prompt_is_told_so(tmp_path: Path) -> None:
    program = MAIN.format(last="main()")
    command = [sys.executable, "-"]
    done = subprocess.run(
        command, input=program, capture_output=True, text=True, timeout=300, env=ENVIRONMENT, check=False
    )
    assert "GenerationError" in done.stderr
    assert "notebook or at the prompt" in done.stderr
