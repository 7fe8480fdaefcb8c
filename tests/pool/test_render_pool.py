"""RenderPool: the same messages and errors as without it, and what only it can do."""

from __future__ import annotations

import asyncio
import datetime
import decimal
import email
import email.policy
import errno
import functools
import gc
import importlib
import logging
import multiprocessing.spawn
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import traceback
import uuid
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest

from ondemand_attach import (
    Confidential,
    Mailer,
    MemoryTransport,
    MessageBuilder,
    PdfEncryptor,
    PdfSigner,
    Receipt,
    RenderPool,
    VisibleSignature,
    Xhtml2PdfGenerator,
)
from ondemand_attach.errors import (
    ConfidentialityError,
    ConfigurationError,
    GenerationError,
    GenerationTimeoutError,
    MailError,
    MessageError,
    PoolBusyError,
    TemplateError,
)
from ondemand_attach.pool import _processes
from pool import plugs
from pool.plugs import LETTER, doing, result
from protectors import samples

CANARY = "Qw7canary4711"
TO = "a@example.com"
NOW = datetime.datetime(2026, 5, 4, 12, tzinfo=datetime.UTC)
EXACTLY = {"now": NOW, "message_id": "<1@shop.example>"}


def process_of(pool: RenderPool) -> int:
    return int(result(pool, doing(os.getpid)))


@dataclass
class Customer:
    name: str
    iban: Annotated[str, Confidential]
    salary: Annotated[decimal.Decimal, Confidential]
    born: Annotated[datetime.date, Confidential]
    id: uuid.UUID


def test_the_message_is_the_same_as_without_a_pool(pool: RenderPool, tmp_path: Path) -> None:
    (tmp_path / "mail.html").write_text("<p>{{ name | shout }} {{ id }}</p><img src='cid:logo'>")
    (tmp_path / "terms.txt").write_text("Terms")
    builder = (
        MessageBuilder(templates=[tmp_path, "package:ondemand_attach.demo"], filters={"shout": plugs.upper})
        .sender("Shop <orders@shop.example>")
        .return_path("bounces@shop.example")
        .cc("boss@shop.example")
        .bcc("archive@shop.example")
        .reply_to("help@shop.example")
        .subject("Order for {{ name }}")
        .html(template="mail.html")
        .header("X-Order", "{{ id }}")
        .image("logo", b"\x89PNG\r\n")
        .attach_file(tmp_path / "terms.txt")
        .confidential(Customer)
    )
    customer = Customer("Zoë", CANARY, decimal.Decimal("4100.50"), NOW.date(), uuid.UUID(int=7))
    here = builder.build(customer, to="Zoë <zoe@example.com>", **EXACTLY)  # type: ignore[arg-type]
    there = pool.build(builder, customer, to="Zoë <zoe@example.com>", **EXACTLY)  # type: ignore[arg-type]
    assert without_boundaries(there.content) == without_boundaries(here.content)
    assert (there.envelope, there.message_id) == (here.envelope, here.message_id)


def without_boundaries(content: bytes) -> list[tuple[list[tuple[str, str]], bytes | None]]:
    parts = email.message_from_bytes(content).walk()
    return [
        ([(k, v.split("boundary")[0]) for k, v in part.items()], part.get_payload(decode=True))
        for part in parts
    ]


@pytest.mark.parametrize("kind", ["RSA", "EC"])
def test_encrypts_and_signs(pool: RenderPool, kind: str) -> None:
    key = samples.rsa_key() if kind == "RSA" else samples.ec_key()
    certificate = samples.certify(key)
    builder = LETTER.confidential("name", "secret").attach(
        Xhtml2PdfGenerator(source="<p>{{ name }}</p>"),
        filename="a.pdf",
        encryptor=PdfEncryptor(password="{{ secret }}"),
        signer=PdfSigner(key=key, certificate=certificate, appearance=VisibleSignature(box=(0, 0, 200, 50))),
    )
    context = {"number": 1, "name": "Zoë", "secret": "lantern-ferry-saffron-4711"}
    mail = email.message_from_bytes(pool.build(builder, context, to=TO).content)
    pdf = next(part for part in mail.walk() if part.get_content_type() == "application/pdf").get_payload(
        decode=True
    )
    assert isinstance(pdf, bytes)
    assert samples.flaws(pdf, certificate, context["secret"]) == []  # type: ignore[arg-type]


def test_errors_come_back_as_they_are(pool: RenderPool) -> None:
    guarded = LETTER.confidential("iban").html("<p>\n{{ iban }}</p>")
    pdf = LETTER.attach(Xhtml2PdfGenerator(source="<img src='a.png'>"), filename="a.pdf")
    weak = LETTER.attach(plugs.Doing(str), filename="a.txt", encryptor=PdfEncryptor(password="{{ number }}"))
    cases: list[tuple[type[MailError], MessageBuilder, object]] = [
        (ConfidentialityError, guarded, {"number": 1, "iban": CANARY}),
        (TemplateError, LETTER.text("{{ 1 // number }}"), {"number": 0}),
        (TemplateError, LETTER.text("{{ nothing }}"), {"number": 1}),
        (GenerationError, pdf, {"number": 1}),
        (GenerationError, doing(plugs.refuse, "as it is"), {"number": 1}),
        (GenerationError, doing(plugs.raise_error, KeyError(CANARY)), {"number": 1}),
        (MessageError, MessageBuilder(), {}),
        (MessageError, LETTER, {"number": object()}),
        (MessageError, LETTER.confidential("misspelt"), {"number": 1}),
        (MailError, weak, {"number": 1}),
    ]
    for kind, builder, context in cases:
        here = error_of(builder.build, context)
        there = error_of(functools.partial(pool.build, builder), context)
        assert isinstance(there, kind)
        assert (str(there), vars(there)) == (str(here), vars(here))


def error_of(build: Callable[..., object], context: object) -> MailError:
    with pytest.raises(MailError) as caught:
        build(context, to=TO)
    return caught.value


def test_nothing_of_the_data_hangs_on_an_error(pool: RenderPool) -> None:
    def attempt(context: object) -> MailError:
        return error_of(functools.partial(pool.build, doing(plugs.refuse, "text")), context)

    error = attempt({"number": CANARY})
    frames = traceback.TracebackException.from_exception(error, capture_locals=True, limit=-1)
    assert CANARY not in "".join(frames.format())
    assert error.__context__ is None


def test_debugging_shows_the_frames_of_the_other_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONDEMAND_ATTACH_INSECURE_DEBUG", "1")
    with RenderPool(time_limit=120) as one:
        error = error_of(
            functools.partial(one.build, doing(plugs.raise_error, KeyError("why"))), {"number": 1}
        )
    assert "KeyError: 'why'" in "".join(error.__notes__)


def test_what_hangs_is_killed_and_the_next_message_is_fine(caplog: pytest.LogCaptureFixture) -> None:
    with RenderPool(time_limit=120) as pool:
        before = process_of(pool)
        for stubborn in (plugs.hang, plugs.deaf_to_signals):
            pool.warm_up(doing(stubborn))
            pool._time_limit = 1.0
            with pytest.raises(GenerationTimeoutError, match="within 1 s"):
                pool.build(doing(stubborn), {"number": 1}, to=TO)
            pool._time_limit = 120.0
        after = process_of(pool)
        assert after != before
        with pytest.raises(ProcessLookupError):
            os.kill(before, 0)


def name_of(value: object) -> str:
    return str([getattr(part, "__name__", part) for part in value] if isinstance(value, tuple) else value)


@pytest.mark.parametrize(
    "call", [(plugs.allocate, 600 << 20), (plugs.grow,), (plugs.raise_error, MemoryError())], ids=name_of
)
def test_too_much_memory_is_one_error(pool: RenderPool, call: tuple[Callable[..., object]]) -> None:
    with pytest.raises(GenerationError, match="more memory than memory_limit=536,870,912"):
        result(pool, doing(*call))
    assert result(pool, doing(str, "fine")) == "fine"


def test_too_much_memory_in_a_template_is_one_error(pool: RenderPool) -> None:
    with pytest.raises(GenerationError, match="more memory"):
        pool.build(LETTER.html("{{ 'a' * 10 ** 9 }}"), {"number": 1}, to=TO)
    with pytest.raises(GenerationError, match="too large"):
        pool.build(LETTER, {"number": "x" * (200 << 20)}, to=TO)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ((os._exit, 7), "exited with status 7"),
        ((os.abort,), "SIGABRT"),
        ((signal.raise_signal, signal.SIGSEGV), "SIGSEGV"),
        (
            (plugs.raise_error, SystemExit(3)),
            r"SystemExit at \S*plugs\.py:\d+ \(raise_error\) ended the render process",
        ),
        ((plugs.raise_error, KeyboardInterrupt()), "KeyboardInterrupt at "),
        ((plugs.close_all,), "render process that built the message"),
    ],
    ids=name_of,
)
def test_a_process_that_ends_is_one_error(
    pool: RenderPool, call: tuple[Callable[..., object]], text: str
) -> None:
    with pytest.raises(GenerationError, match=text):
        result(pool, doing(*call))
    assert result(pool, doing(str, "fine")) == "fine"


def test_an_idle_process_that_has_ended_is_replaced_unnoticed(pool: RenderPool) -> None:
    before = process_of(pool)
    kill_idle(pool, before)
    assert process_of(pool) != before


def kill_idle(pool: RenderPool, pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    while pool._crew._idle[0].is_there():
        time.sleep(0.001)


def test_a_nursery_that_has_ended_is_replaced_unnoticed() -> None:
    with RenderPool(time_limit=120) as pool:
        worker = process_of(pool)
        nursery = pool._crew._nursery
        assert nursery is not None
        os.kill(nursery._process.pid, signal.SIGKILL)
        assert process_of(pool) == worker
        kill_idle(pool, worker)
        assert process_of(pool) != worker
        assert pool._crew._nursery is not nursery


def test_a_process_is_used_again_until_it_is_worn(pool: RenderPool) -> None:
    first = process_of(pool)
    assert process_of(pool) == first
    assert result(pool, doing(plugs.start_thread)) == str(first)
    second = process_of(pool)
    assert second != first
    result(pool, doing(plugs.allocate, 300 << 20))
    assert process_of(pool) != second


def test_busy_is_an_error_after_the_time_limit() -> None:
    with RenderPool(processes=2, time_limit=120) as pool:
        with pool._crew.worker(120), pool._crew.worker(120):
            pool._time_limit = 0.1
            with pytest.raises(PoolBusyError, match=r"all 2 render processes were busy for 0\.1 s") as caught:
                pool.build(LETTER, {"number": 1}, to=TO)
            assert caught.value.is_temporary
        pool._time_limit = 120.0
        assert pool.build(LETTER, {"number": 1}, to=TO).message_id


def test_processes_are_known_by_their_name(pool: RenderPool) -> None:
    command = Path(f"/proc/{process_of(pool)}/cmdline").read_bytes().split(b"\0")
    assert b"ondemand_attach render process" in command


def test_many_threads_share_few_processes() -> None:
    with RenderPool(processes=2, time_limit=120) as pool, ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: process_of(pool), range(40)))
    assert len(set(found)) == 2


def test_many_builders_take_turns(pool: RenderPool) -> None:
    builders = [doing(str, number) for number in range(70)]
    for _ in range(2):
        assert [result(pool, builder) for builder in builders] == [str(number) for number in range(70)]


def test_a_builder_is_pickled_once_and_not_kept_alive(pool: RenderPool) -> None:
    builder = doing(str, 1)
    result(pool, builder)
    plan = pool._plans[builder]
    result(pool, builder)
    assert pool._plans[builder] is plan
    gone = weakref.ref(builder)
    del builder
    gc.collect()
    assert gone() is None


def lock_holder() -> MessageBuilder:
    generator = plugs.Doing(str)
    object.__setattr__(generator, "arguments", threading.Lock())
    return LETTER.attach(generator, filename="a.txt")


@pytest.mark.parametrize(
    ("builder", "culprit"),
    [
        (LETTER.attach(lambda _: samples.order(), filename="a.pdf"), "the generator of 'a.pdf' .*lambda"),
        (lock_holder(), "the generator of 'a.txt' \\(Doing\\), whose 'arguments' is a lock"),
        (MessageBuilder(filters={"money": lambda x: x}), "the filter 'money' .*lambda"),
        (
            LETTER.attach(plugs.Doing(str), filename="a.pdf", encryptor=PdfEncryptor(password=lambda _: "x")),
            "the encryptor of 'a.pdf' \\(PdfEncryptor\\), whose '_password' is a .*lambda",
        ),
    ],
    ids=["function", "attribute", "filter", "password"],
)
def test_what_cannot_be_sent_is_named(pool: RenderPool, builder: MessageBuilder, culprit: str) -> None:
    whole = builder.sender("a@b.cz").subject("s").text("t")
    with pytest.raises(ConfigurationError, match=f"{culprit}.* top level of a module"):
        pool.warm_up(whole)
    with pytest.raises(GenerationError, match=f"{culprit}.* top level of a module"):
        pool.build(whole, {"number": 1}, to=TO)


def test_a_private_key_travels_to_the_render_process_only() -> None:
    key = samples.ec_key()
    signer = PdfSigner(key=key, certificate=samples.certify(key))
    for value in (signer, LETTER.attach(plugs.Doing(str), filename="a", signer=signer)):
        with pytest.raises(TypeError, match="holds a private key"):
            pickle.dumps(value)
    without_signer = pickle.loads(pickle.dumps(LETTER.attach(plugs.Doing(str), filename="a")))
    assert without_signer.build({"number": 1}, to=TO)


def test_a_value_that_does_not_pickle_is_named(pool: RenderPool) -> None:
    class Price(decimal.Decimal):
        pass

    with pytest.raises(MessageError, match="pass plain data") as caught:
        pool.build(LETTER, {"number": Price(CANARY.count("7"))}, to=TO)
    assert CANARY not in str(caught.value)


def test_what_the_library_logs_is_logged_here_and_nothing_else(
    pool: RenderPool, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        result(pool, doing(plugs.log_and_print, CANARY))
    assert [(record.name, record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ondemand_attach", "WARNING", f"ours: {CANARY}")
    ]
    assert capfd.readouterr() == ("", "")


def test_the_private_folder_is_private_and_emptied() -> None:
    with RenderPool(time_limit=120) as pool:
        folder, mode, file = result(pool, doing(plugs.temporary_files)).split()
        assert mode == "0o40700"
        assert Path(folder).is_dir()
        assert not Path(file).exists()
        with pytest.raises(GenerationError):
            result(pool, doing(plugs.leave_file_and_die))
        assert not Path(folder).exists()
        assert list(Path(folder).parent.iterdir()) == []
    assert not Path(folder).parent.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_system_holds_it_to_its_limits(pool: RenderPool) -> None:
    assert result(pool, doing(plugs.limits)) == str(
        {"RLIMIT_AS": 512 << 20, "RLIMIT_CORE": 0, "RLIMIT_FSIZE": 64 << 20}
    )
    kinds = result(pool, doing(plugs.open_files)).split()
    assert [kind.split(":")[0] for kind in kinds] == ["/dev/null"] * 3 + ["socket"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has it")
def test_no_other_process_reads_its_memory(fresh_python: Callable[[str], str]) -> None:
    program = "import ctypes; from ondemand_attach.pool import _limits; {}; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    assert [fresh_python(program.format(call)).strip() for call in ("0", "_limits.hide()")] == ["1", "0"]


def test_the_initializer_runs_before_the_first_message() -> None:
    with RenderPool(initializer=plugs.initialize) as pool:
        assert result(pool, doing(plugs.initialized)) == "['yes']"
    for initializer, text in (
        (plugs.fail_to_initialize, r"KeyError at \S*plugs\.py:\d+ \(fail_to_initialize\)"),
        (plugs.initialize_with_thread, "started a thread"),
    ):
        with RenderPool(initializer=initializer) as pool:
            with pytest.raises(ConfigurationError, match=text) as caught:
                pool.warm_up()
            assert "canary" not in str(caught.value)


def test_limits_that_make_no_sense_are_refused() -> None:
    for options in (
        {"initializer": lambda: None},
        {"initializer": functools.partial(print)},
        {"processes": 0},
        {"time_limit": 0},
        {"time_limit": float("nan")},
        {"memory_limit": 1 << 20},
    ):
        with pytest.raises(ConfigurationError):
            RenderPool(**options)  # type: ignore[arg-type]


def test_what_is_no_python_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multiprocessing.spawn, "_python_exe", "/nowhere/python")
    with pytest.raises(ConfigurationError, match="set_executable"):
        RenderPool().warm_up()
    monkeypatch.setattr(multiprocessing.spawn, "_python_exe", "/bin/false")
    with pytest.raises(ConfigurationError, match="'/bin/false' exited with status 1"):
        RenderPool().warm_up()
    with pytest.raises(GenerationError, match="cannot be started") as caught:
        RenderPool().build(LETTER, {"number": 1}, to=TO)
    assert not caught.value.is_temporary


@pytest.mark.parametrize(
    ("program", "words"), [("kill -9 $$", "was ended by SIGKILL"), ("exec sleep 600", "did not start within")]
)
def test_processes_that_are_ended_while_they_start_are_worth_a_retry(
    program: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system ends what is largest when it is out of memory."""
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{program}\n")
    python.chmod(0o700)
    monkeypatch.setattr(multiprocessing.spawn, "_python_exe", str(python))
    monkeypatch.setattr(_processes, "_START_LIMIT", 60.0 if "kill" in program else 0.2)
    monkeypatch.setattr(_processes, "_ANSWER_LIMIT", 5.0)
    for ask in (RenderPool().warm_up, lambda: RenderPool().build(LETTER, {"number": 1}, to=TO)):
        with pytest.raises(PoolBusyError, match=words) as caught:
            ask()
        assert caught.value.is_temporary


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.ENOMEM])
def test_a_system_that_allows_no_more_processes_now_is_worth_a_retry(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, "canary")

    with RenderPool() as pool:
        with monkeypatch.context() as patch:
            patch.setattr(subprocess, "Popen", refuse)
            with pytest.raises(PoolBusyError, match="no process can be started"):
                pool.build(LETTER, {"number": 1}, to=TO)
        with monkeypatch.context() as patch:
            patch.setattr(_processes.Nursery, "_told", lambda *_: -number)
            with pytest.raises(PoolBusyError, match="no render process can be forked"):
                pool.build(LETTER, {"number": 1}, to=TO)
        assert pool.build(LETTER, {"number": 1}, to=TO).message_id


def test_a_module_that_the_nursery_loads_cannot_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.joinpath("eager.py").write_text(
        "from ondemand_attach import RenderPool\ndef start(): RenderPool().warm_up()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    eager = importlib.import_module("eager")
    with (
        RenderPool(initializer=eager.start) as pool,
        pytest.raises(ConfigurationError, match="its own processes"),
    ):
        pool.warm_up()


def test_a_closed_pool_begins_anew() -> None:
    pool = RenderPool(time_limit=120)
    before = process_of(pool)
    pool.close()
    pool.close()
    assert process_of(pool) != before
    pool.close()


def test_closing_waits_for_what_is_being_built() -> None:
    pool = RenderPool(processes=2, time_limit=120)
    pool.warm_up()
    with ThreadPoolExecutor() as threads:
        running = [threads.submit(result, pool, doing(plugs.sleep, 0.3)) for _ in range(4)]
        time.sleep(0.1)
        pool.close()
        assert [each.result() for each in running] == ["slept"] * 4
    pool.close()


def test_a_pool_that_is_forgotten_ends_its_processes() -> None:
    pool = RenderPool(time_limit=120)
    pid = process_of(pool)
    del pool
    gc.collect()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_warming_up_sends_builders_ahead() -> None:
    with RenderPool(processes=2, time_limit=120) as pool:
        builder = doing(os.getpid)
        pool.warm_up(builder)
        assert len(pool._crew._workers) == 2
        assert all(worker._known for worker in pool._crew._workers)
        with pytest.raises(ConfigurationError):
            pool.warm_up(LETTER.attach(lambda _: samples.order(), filename="a.pdf"))


def test_a_mailer_builds_in_its_pool() -> None:
    transport = MemoryTransport()
    with Mailer(transport, pool=RenderPool(processes=2, time_limit=120)) as mailer:
        receipt = mailer.send(LETTER, {"number": 1}, to=TO, message_id="<1@x.example>")
        assert receipt.message_id == "<1@x.example>"
        assert os.getpid() not in [int(sent) for sent in sent_by(mailer, transport)]

        async def main() -> list[Receipt]:
            return await asyncio.gather(*(mailer.asend(LETTER, {"number": n}, to=TO) for n in range(20)))

        assert len(asyncio.run(main())) == 20
        with pytest.raises(TemplateError):
            mailer.send(LETTER, {}, to=TO)


def sent_by(mailer: Mailer, transport: MemoryTransport) -> list[str]:
    mailer.send(doing(os.getpid), {"number": 1}, to=TO)
    mail = email.message_from_bytes(transport.messages[-1].content, policy=email.policy.default)
    return [part.get_content() for part in mail.iter_attachments()]  # type: ignore[attr-defined]
