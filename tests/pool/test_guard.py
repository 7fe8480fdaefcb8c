"""The guard of a render process: what it refuses, what it lets through, and that it is the guard that does it."""

from __future__ import annotations

import contextlib
import ctypes
import ftplib
import importlib
import io
import os
import pathlib
import pkgutil
import shutil
import smtplib
import socket
import sqlite3
import subprocess
import sys
import tempfile
import urllib.request
import zoneinfo
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ondemand_attach import MessageBuilder, RenderPool, Xhtml2PdfGenerator
from ondemand_attach._reach import reaching_out
from ondemand_attach.errors import GenerationError, MailError, ResourceBlockedError
from ondemand_attach.pool._guard import Guard, roots
from pool import plugs
from pool.plugs import LETTER, doing, result

CONTEXT = {"number": 1}
TO = "a@example.com"
OUTSIDE = str(pathlib.Path(tempfile.gettempdir(), "outside.txt"))
PASSWORDS = pathlib.Path("/etc/passwd")

REFUSED: list[tuple[Any, ...]] = [
    (open, "/etc/passwd"),
    (open, b"/etc/passwd"),
    (open, "/../etc/../etc/passwd"),
    (io.open, "/etc/passwd", "rb", 0),
    (io.FileIO, "/etc/passwd"),
    (os.open, "/etc/passwd", os.O_RDONLY),
    (os.open, "/etc", os.O_RDONLY),
    (pathlib.Path.read_text, PASSWORDS),
    (pathlib.Path.read_bytes, pathlib.Path("/proc/self/environ")),
    (pathlib.Path.read_bytes, pathlib.Path("/proc/self/maps")),
    (shutil.copy, "/etc/passwd", "copy"),
    (plugs.read_through_link, "/etc/passwd", os.symlink),
    (plugs.read_through_link, __file__, os.link),
    (open, OUTSIDE, "w"),
    (open, OUTSIDE, "x"),
    (open, OUTSIDE, "ab"),
    (os.open, OUTSIDE, os.O_WRONLY | os.O_CREAT),
    (os.open, OUTSIDE, os.O_RDWR),
    (pathlib.Path.write_text, pathlib.Path(OUTSIDE), "x"),
    (open, os.__file__, "r+"),
    (tempfile.mkstemp, "", "", os.sep + "tmp"),
    (os.mkdir, OUTSIDE),
    (os.remove, OUTSIDE),
    (os.rmdir, OUTSIDE),
    (os.rename, OUTSIDE, OUTSIDE),
    (os.replace, OUTSIDE, OUTSIDE),
    (os.symlink, "a", OUTSIDE),
    (os.truncate, OUTSIDE, 0),
    (os.chmod, OUTSIDE, 0o777),
    (os.utime, OUTSIDE),
    (plugs.remove_relative_to, str(pathlib.Path(os.__file__).parent), "os.py"),
    (os.listdir, "/"),
    (os.listdir, b"/etc"),
    (os.scandir, "/etc"),
    (plugs.walk, "/etc"),
    (os.chdir, "/"),
    (socket.socket,),
    (socket.socket, socket.AF_INET, socket.SOCK_DGRAM),
    (socket.create_connection, ("127.0.0.1", 9)),
    (socket.getaddrinfo, "localhost", 80),
    (socket.gethostbyname, "localhost"),
    (socket.gethostbyaddr, "127.0.0.1"),
    (plugs.connect_to_unix_socket, "/run/docker.sock"),
    (urllib.request.urlopen, "http://127.0.0.1:9/"),
    (urllib.request.urlopen, "file:///etc/passwd"),
    (smtplib.SMTP, "127.0.0.1", 9),
    (ftplib.FTP, "127.0.0.1"),
    (sqlite3.connect, ":memory:"),
    (subprocess.run, ["true"]),
    (os.system, "true"),
    (os.fork,),
    (os.execv, "/bin/true", ["true"]),
    (os.posix_spawn, "/bin/true", ["true"], {}),
    (os.spawnv, os.P_WAIT, "/bin/true", ["true"]),
    (os.kill, 1, 0),
    (os.killpg, 1, 0),
    (ctypes.CDLL, None),
    (ctypes.string_at, 0),
]


@pytest.mark.parametrize("call", REFUSED, ids=lambda call: f"{call[0].__qualname__} {call[1:2]}")
def test_is_refused(pool: RenderPool, call: tuple[Any, ...]) -> None:
    with pytest.raises(ResourceBlockedError, match=r"refused in the render process at pool.plugs, line \d+:"):
        result(pool, doing(*call))
    assert not pathlib.Path(OUTSIDE).exists()


def test_it_is_the_guard_that_refuses() -> None:
    for call in (
        (pathlib.Path.read_text, PASSWORDS),
        (os.listdir, "/etc"),
        (socket.gethostbyname, "localhost"),
        (subprocess.run, ["true"]),
        (plugs.swallowing, pathlib.Path.read_text, PASSWORDS),
    ):
        assert doing(*call).build(CONTEXT, to=TO)


def test_an_error_that_is_swallowed_is_raised_after_all(pool: RenderPool) -> None:
    with pytest.raises(ResourceBlockedError):
        result(pool, doing(plugs.swallowing, pathlib.Path.read_text, PASSWORDS))
    assert result(pool, doing(str, "fine")) == "fine"


def test_the_working_directory_is_not_read(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tmp_path.joinpath(".env").write_text("SECRET=1")
    with RenderPool(time_limit=120) as pool:
        for path in (".env", str(tmp_path / ".env")):
            with pytest.raises(ResourceBlockedError):
                result(pool, doing(open, path))


def test_a_place_where_nothing_is_may_be_looked_at(pool: RenderPool) -> None:
    with pytest.raises(GenerationError, match="FileNotFoundError") as caught:
        result(pool, doing(open, "/nowhere/settings.ini"))
    assert not isinstance(caught.value, ResourceBlockedError)


ALLOWED: list[tuple[Any, ...]] = [
    (pathlib.Path.read_bytes, pathlib.Path(os.__file__)),
    (pathlib.Path.read_bytes, pathlib.Path(pytest.__file__)),
    (importlib.import_module, "xml.dom.pulldom"),
    (pkgutil.get_data, "ondemand_attach.demo", "templates/logo.png"),
    (plugs.temporary_files,),
    (plugs.read_through_link, os.__file__, os.symlink),
    (zoneinfo.ZoneInfo, "Europe/Prague"),
    (plugs.run_event_loop,),
    (socket.gethostname,),
    (open, os.devnull, "w"),
    (os.urandom, 4),
]


@pytest.mark.parametrize("call", ALLOWED, ids=lambda call: f"{call[0].__qualname__} {call[1:2]}")
def test_is_let_through(pool: RenderPool, call: tuple[Any, ...]) -> None:
    assert result(pool, doing(*call))


def test_the_folders_that_a_builder_names_are_read_and_no_others(
    pool: RenderPool, tmp_path: pathlib.Path
) -> None:
    for name in ("templates", "assets", "data", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.css").write_text("p { color: red }")
        (tmp_path / name / "a.html").write_text("<style>@import 'a.css';</style><p>{{ number }}</p>")
    document = Xhtml2PdfGenerator(template="a.html", assets=tmp_path / "assets")
    builder = (
        MessageBuilder(templates=tmp_path / "templates")
        .sender("a@b.cz")
        .subject("s")
        .html(template="a.html")
        .attach(document, filename="a.pdf")
    )
    assert pool.build(builder, CONTEXT, to=TO)
    named = [tmp_path / "data" / "a.css", tmp_path / "data"]
    for folder in named:
        assert "red" in result(pool, doing(pathlib.Path.read_text, named[0], folders=(str(folder),)))
    for folder in ("templates", "assets", "data", "other"):
        with pytest.raises(ResourceBlockedError):
            result(pool, doing(pathlib.Path.read_text, tmp_path / folder / "a.css"))


def test_only_code_is_read_where_modules_are(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    tmp_path.joinpath("settings.ini").write_text("secret")
    tmp_path.joinpath("late.py").write_text("text = 'loaded late'")
    with RenderPool(time_limit=120) as pool:
        assert "late" in result(pool, doing(importlib.import_module, "late"))
        with pytest.raises(ResourceBlockedError):
            result(pool, doing(open, str(tmp_path / "settings.ini")))


def test_a_module_that_reads_files_is_for_the_initializer(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.joinpath("settings.ini").write_text("read")
    tmp_path.joinpath("app.py").write_text(
        "import pathlib\n"
        "def start(): pass\n"
        "def shown(text): return text + SETTINGS\n"
        "SETTINGS = pathlib.Path(__file__).with_name('settings.ini').read_text()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    app = importlib.import_module("app")
    monkeypatch.delitem(sys.modules, "app")
    monkeypatch.setitem(sys.modules, "app", app)
    builder = doing(app.shown, "was ")
    with RenderPool(time_limit=120) as pool, pytest.raises(GenerationError, match="initializer="):
        result(pool, builder)
    with RenderPool(time_limit=120, initializer=app.start) as pool:
        assert "was read" in result(pool, builder)


def test_the_main_template_engine_reads_no_other_files(pool: RenderPool) -> None:
    for source in ("{% include '/etc/passwd' %}", "{% include '../../etc/passwd' %}"):
        with pytest.raises(MailError):
            pool.build(LETTER.html(source), CONTEXT, to=TO)


DECIDED: list[tuple[bool, str, tuple[Any, ...]]] = [
    (True, "open", ("/etc/passwd", "r", 0)),
    (True, "open", ("/etc/passwd", None, os.O_RDONLY)),
    (True, "open", ("{code}/settings.ini", "r", 0)),
    (True, "open", ("{code}/module.py", "r+", 0)),
    (True, "open", ("{other}/file", "w", 0)),
    (True, "open", ("{private}/../other/file", None, os.O_CREAT)),
    (False, "open", ("{code}/module.py", "r", 0)),
    (False, "open", ("{code}/package.zip", "r", 0)),
    (False, "open", ("{private}/file", "w", 0)),
    (False, "open", (os.__file__, "r", 0)),
    (False, "open", ("/nowhere", "r", 0)),
    (False, "open", (os.devnull, "w", 0)),
    (False, "open", (3, "w", 0)),
    (True, "os.listdir", ("/etc",)),
    (True, "os.scandir", ("{other}",)),
    (False, "os.listdir", ("{code}",)),
    (False, "os.listdir", (3,)),
    (True, "os.remove", ("{other}/file", -1)),
    (True, "os.remove", ("{private}/..", -1)),
    (True, "os.rename", ("{private}/a", "{other}/b", -1, -1)),
    (True, "os.rename", ("{other}/a", "{private}/b", -1, -1)),
    (True, "os.truncate", ("{private}/link", 0)),
    (False, "os.remove", ("{private}/link", -1)),
    (False, "os.remove", (b"{private}/a", -1)),
    (False, "os.truncate", (3, 0)),
    (False, "os.rename", ("{private}/a", "{private}/b", -1, -1)),
    (True, "socket.__new__", (None, socket.AF_INET6, 1, 0)),
    (False, "socket.__new__", (None, socket.AF_UNIX, 1, 0)),
    (True, "socket.connect", (None, "")),
    (True, "os.something_new", ()),
    (True, "ctypes.dlopen", ("libc.so.6",)),
    (False, "ctypes.addressof", (None,)),
    (False, "builtins.id", (1,)),
    (False, "something.else", ()),
]


@pytest.mark.parametrize(("is_to_be_refused", "event", "arguments"), DECIDED, ids=str)
def test_the_guard_decides(
    is_to_be_refused: bool, event: str, arguments: tuple[Any, ...], tmp_path: pathlib.Path
) -> None:
    places = {name: str(tmp_path / name) for name in ("private", "other", "code")}
    for name in places.values():
        pathlib.Path(name).mkdir()
    (tmp_path / "code" / "settings.ini").touch()
    (tmp_path / "private" / "link").symlink_to(tmp_path / "other")
    guard = Guard(places["private"], [places["code"], places["code"] + "/package.zip"])
    (tmp_path / "code" / "package.zip").touch()
    for _ in range(2):
        if is_to_be_refused:
            with pytest.raises(ResourceBlockedError):
                guard(event, tuple(spelt(argument, places) for argument in arguments))
        else:
            guard(event, tuple(spelt(argument, places) for argument in arguments))
    assert bool(guard.refused) == is_to_be_refused


Take = Callable[[str, int], tuple[Any, ...]]
# What Python tells an audit hook (PEP 578) of a path and of the open directory that it is relative to, if that can be given.
CHANGING: list[tuple[str, Take]] = [
    ("os.chmod", lambda path, folder: (path, 0o600, folder)),
    ("os.chown", lambda path, folder: (path, 1, 1, folder)),
    ("os.link", lambda path, folder: (path, "{private}/b", folder, -1)),
    ("os.link", lambda path, folder: ("{private}/a", path, -1, folder)),
    ("os.mkdir", lambda path, folder: (path, 0o700, folder)),
    ("os.remove", lambda path, folder: (path, folder)),
    ("os.rename", lambda path, folder: (path, "{private}/b", folder, -1)),
    ("os.rename", lambda path, folder: ("{private}/a", path, -1, folder)),
    ("os.rmdir", lambda path, folder: (path, folder)),
    ("os.symlink", lambda path, folder: ("anything", path, folder)),
    ("os.utime", lambda path, folder: (path, None, None, folder)),
]
CHANGING_IDS = [f"{number}-{event}" for number, (event, _) in enumerate(CHANGING)]


def decides(guard: Guard, event: str, arguments: tuple[Any, ...]) -> bool:
    """Tell whether something is let through."""
    try:
        guard(event, arguments)
    except ResourceBlockedError:
        return False
    return True


@pytest.fixture
def places(tmp_path: pathlib.Path) -> dict[str, str]:
    found = {name: str(tmp_path / name) for name in ("private", "other", "code")}
    for name in found.values():
        pathlib.Path(name, "folder").mkdir(parents=True)
    pathlib.Path(found["private"], "out").symlink_to(found["other"])
    pathlib.Path(found["other"], "in").symlink_to(found["private"])
    return found


@pytest.mark.parametrize(("event", "take"), CHANGING, ids=CHANGING_IDS)
def test_each_path_of_a_change_is_looked_at(event: str, take: Take, places: dict[str, str]) -> None:
    guard = Guard(places["private"], [places["code"]])

    def is_let_through(path: str, folder: int = -1) -> bool:
        return decides(guard, event, tuple(spelt(each, places) for each in take(path, folder)))

    assert is_let_through("{private}/file")
    assert is_let_through("{private}/folder/file")
    assert not is_let_through("{other}/file")
    assert not is_let_through("{code}/file")
    assert not is_let_through("{private}/../other/file")
    assert not is_let_through("{private}/out/file")
    assert is_let_through("{other}/in/file")
    with open_folder(places["private"]) as private, open_folder(places["other"]) as other:
        assert is_let_through("file", private)
        assert not is_let_through("file", other)
        assert not is_let_through("../other/file", private)
        assert is_let_through("../private/file", other)
        assert is_let_through("{private}/file", other)
        assert not is_let_through("{other}/file", private)


ON_ENTRIES = {"os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink"}


@pytest.mark.parametrize(("event", "take"), CHANGING, ids=CHANGING_IDS)
def test_a_link_at_the_end_is_followed_where_python_follows_it(
    event: str, take: Take, places: dict[str, str]
) -> None:
    guard = Guard(places["private"], [])

    def is_let_through(path: str) -> bool:
        return decides(guard, event, tuple(spelt(each, places) for each in take(path, -1)))

    assert is_let_through("{private}/out") == (event in ON_ENTRIES)
    assert is_let_through("{other}/in") != (event in ON_ENTRIES)
    for name in ("", "/.", "/.."):
        assert not is_let_through("{private}/out" + (name or "/"))


@contextlib.contextmanager
def open_folder(name: str) -> Iterator[int]:
    descriptor = os.open(name, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


REFUSED_EVENTS = """
ctypes.dlopen ctypes.dlsym ctypes.call_function ctypes.cdata ctypes.string_at ctypes.wstring_at ctypes.set_exception ftplib.connect ftplib.sendcmd http.client.connect http.client.send
imaplib.open imaplib.send nntplib.connect os.exec os.fork os.forkpty os.posix_spawn os.spawn os.system os.kill os.killpg os.chdir
os.fwalk os.chroot os.setxattr os.removexattr os.lockf os.add_dll_directory poplib.connect pty.spawn resource.prlimit resource.setrlimit signal.pthread_kill
smtplib.connect smtplib.send socket.__new__ socket.bind socket.connect socket.getaddrinfo socket.gethostbyaddr socket.gethostbyname socket.getnameinfo
socket.getservbyname socket.sendmsg socket.sendto socket.sethostname sqlite3.connect sqlite3.enable_load_extension subprocess.Popen
sys.remote_exec syslog.openlog syslog.syslog telnetlib.Telnet.open urllib.Request webbrowser.open
""".split()  # noqa: SIM905 - a list of words is read as text
HARMLESS_EVENTS = """
ctypes.addressof ctypes.cdata/buffer ctypes.create_string_buffer ctypes.create_unicode_buffer ctypes.get_errno ctypes.set_errno
os.getxattr os.listxattr os.putenv os.unsetenv socket.gethostname builtins.id builtins.breakpoint compile exec import marshal.loads object.__getattr__ sys._getframe
sys.setprofile tempfile.mkstemp tempfile.mkdtemp shutil.copyfile glob.glob gc.get_objects cpython.run_command array.__new__ code.__new__ mmap.__new__ pickle.find_class
""".split()  # noqa: SIM905


@pytest.mark.parametrize("event", REFUSED_EVENTS)
def test_what_no_document_needs_is_refused(event: str, places: dict[str, str]) -> None:
    assert not decides(Guard(places["private"], []), event, (None, socket.AF_INET, 0, 0))


@pytest.mark.parametrize("event", HARMLESS_EVENTS)
def test_what_does_no_harm_is_let_through(event: str, places: dict[str, str]) -> None:
    assert decides(Guard(places["private"], []), event, ("/etc/passwd", 1))


@pytest.mark.parametrize("event", ["os.listdir", "os.scandir", "os.walk"])
def test_folders_are_listed_where_files_are_read(event: str, places: dict[str, str]) -> None:
    guard = Guard(places["private"], [places["code"]])
    for name in ("private", "code"):
        assert decides(guard, event, (places[name],))
    assert decides(guard, event, (str(pathlib.Path(os.__file__).parent),))
    assert not decides(guard, event, (places["other"],))
    guard.folders = roots([places["other"]])
    assert decides(guard, event, (places["other"],))
    assert decides(guard, event, (places["other"] + "/folder",))
    assert not decides(guard, event, (places["other"] + "wise",))


@pytest.mark.parametrize("event", ["os.listdir", "os.scandir"])
def test_no_path_is_the_working_directory(
    event: str, places: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = Guard(places["private"], [])
    for name in ("private", "other"):
        monkeypatch.chdir(places[name])
        for path in (None, ".", ""):
            assert decides(guard, event, (path,)) == (name == "private")
        assert decides(guard, event, ()) == (name == "private")


@pytest.mark.parametrize(
    ("mode", "flags"),
    [
        *((mode, 0) for mode in ("w", "a", "x", "r+", "wb", "ab", "xb", "rb+", "w+")),
        *((None, flag) for flag in (os.O_WRONLY, os.O_RDWR, os.O_APPEND, os.O_CREAT, os.O_TRUNC)),
        ("r", os.O_WRONLY),
    ],
    ids=str,
)
def test_every_way_to_write_is_one(mode: str | None, flags: int, places: dict[str, str]) -> None:
    guard = Guard(places["private"], [places["other"]])
    guard.folders = roots([places["other"]])
    assert decides(guard, "open", (places["private"] + "/file.py", mode, flags))
    assert not decides(guard, "open", (places["other"] + "/file.py", mode, flags))
    for path in (os.devnull, 3):
        assert decides(guard, "open", (path, mode, flags))


@pytest.mark.parametrize(
    ("ending", "is_code"), [(".py", 1), (".pyc", 1), (".so", 1), (".ini", 0), (".pyx", 0), ("", 0)]
)
def test_of_the_folders_of_modules_code_is_read(ending: str, is_code: int, places: dict[str, str]) -> None:
    pathlib.Path(places["code"], f"file{ending}").touch()
    guard = Guard(places["private"], [places["code"]])
    assert decides(guard, "open", (f"{places['code']}/file{ending}", "r", 0)) == bool(is_code)


def test_while_a_signer_reaches_out_it_may_read_and_use_the_network(places: dict[str, str]) -> None:
    guard = Guard(places["private"], [])
    with reaching_out():
        assert decides(guard, "socket.connect", (None, ("127.0.0.1", 9)))
        assert decides(guard, "socket.__new__", (None, socket.AF_INET, 1, 0))
        assert decides(guard, "http.client.connect", (None, "tsa.example", 80))
        assert decides(guard, "open", ("/etc/passwd", "r", 0))
        assert not decides(guard, "open", ("/etc/passwd", "w", 0))
        assert not decides(guard, "subprocess.Popen", ("true",))
        assert not decides(guard, "smtplib.connect", (None, "mail.example", 25))
    assert not decides(guard, "socket.connect", (None, ("127.0.0.1", 9)))
    assert not decides(guard, "open", ("/etc/passwd", "r", 0))


@pytest.mark.parametrize("name", ["<frozen os>", "<string>", "<template>", os.__file__])
def test_the_line_of_the_application_is_named_wherever_it_runs(
    name: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `python -m` the working directory holds modules; what has no file does not lie there."""
    monkeypatch.chdir(pathlib.Path(__file__).parent)
    guard = Guard(str(tmp_path), [str(pathlib.Path.cwd()), str(pathlib.Path(os.__file__).parent)])
    with pytest.raises(ResourceBlockedError, match=rf" at {__name__}, line \d+: "):
        exec(compile("guard('os.listdir', ('/etc',))", name, "exec"), {"guard": guard, "__name__": "os"})


def test_no_line_is_named_if_none_of_the_application_is_at_work(tmp_path: pathlib.Path) -> None:
    with pytest.raises(
        ResourceBlockedError, match=r"refused in the render process( in the module \S+)?: nothing is written"
    ):
        Guard(str(tmp_path), [])("os.remove", ("/etc/passwd", -1))


def spelt(argument: Any, places: dict[str, str]) -> Any:
    if isinstance(argument, bytes):
        return argument.decode().format(**places).encode()
    return argument.format(**places) if isinstance(argument, str) else argument


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_guard_follows_open_directories(tmp_path: pathlib.Path) -> None:
    guard = Guard(str(tmp_path), [])
    for folder, is_to_be_refused in ((tmp_path, False), (tmp_path.parent, True)):
        descriptor = os.open(folder, os.O_RDONLY)
        with contextlib.nullcontext() if not is_to_be_refused else pytest.raises(ResourceBlockedError):
            guard("os.remove", ("file", descriptor))
        os.close(descriptor)
