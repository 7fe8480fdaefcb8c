"""The guard of a render process: an audit hook (PEP 578) that refuses what no document needs.

No network, no names looked up, no other program, no file outside of the private folder and of those that the
builder names, apart from Python's own code and libraries. It is a wall behind the generator's own; it is no
sandbox for hostile Python code, which can find a way around an audit hook. While a signer asks its time stamp
authority, or for a key that is elsewhere, it may use the network and read files.
"""

from __future__ import annotations

import functools
import os
import socket
import sys
import sysconfig
import zoneinfo
from collections.abc import Callable, Iterable
from typing import Any

from ondemand_attach._reach import is_reaching_out
from ondemand_attach.errors import ResourceBlockedError

_GUARDED = (
    *("ctypes.", "ftplib.", "http.", "imaplib.", "nntplib.", "os.", "poplib.", "pty.", "resource."),
    *("signal.", "smtplib.", "socket.", "sqlite3.", "subprocess.", "sys.remote_exec", "syslog."),
    *("telnetlib.", "urllib.", "webbrowser."),
)
_HARMLESS = {
    *("ctypes.addressof", "ctypes.cdata/buffer", "ctypes.create_string_buffer"),
    *("ctypes.create_unicode_buffer", "ctypes.get_errno", "ctypes.set_errno"),
    *("os.getxattr", "os.listxattr", "os.putenv", "os.unsetenv", "socket.gethostname"),
}
_NETWORK = ("http.", "socket.", "urllib.")
_LISTING = {"os.listdir", "os.scandir", "os.walk"}
_CHANGING = {  # where among the arguments the paths are, each with the directory that it is relative to
    "os.chmod": ((0, 2),),
    "os.chown": ((0, 3),),
    "os.link": ((0, 2), (1, 3)),
    "os.mkdir": ((0, 2),),
    "os.remove": ((0, 1),),
    "os.rename": ((0, 2), (1, 3)),
    "os.rmdir": ((0, 1),),
    "os.symlink": ((1, 2),),
    "os.truncate": ((0, None),),
    "os.utime": ((0, 3),),
}
_OF_ENTRIES = {"os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink"}  # not of what a link leads to
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC
_INSIDE = ("ondemand_attach.", "importlib", "_frozen_importlib", "os", "io", "pathlib", "__main__")
_CODE = (".py", ".pyc", ".so")

_FILE = (
    "the file is outside of the folders that the builder names: templates=, assets=, folders of a generator"
)
_WRITE = "nothing is written outside of the private folder of the process"
_OTHER = "a render process has no network, starts no program and calls no foreign code"


class Guard:
    """An audit hook.

    Args:
        private: the folder that may be written to.
        code: folders with modules of the application.

    Attributes:
        folders: what the builder at hand may read, from `roots`.
        refused: what was refused since this list was emptied, for code that swallows the error.
    """

    def __init__(self, private: str, code: Iterable[str]) -> None:
        self.folders: tuple[str, ...] = ()
        self.refused: list[str] = []
        self._private = roots([private])
        self._libraries = (*roots(_library_folders()), *self._private)
        self._code = roots(code)
        self._rules: dict[str, Callable[..., None] | None] = {"open": self._open}

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        try:
            rule = self._rules[event]
        except KeyError:
            rule = self._rules[event] = self._rule(event)
        if rule is not None:
            rule(*arguments)

    def _rule(self, event: str) -> Callable[..., None] | None:
        if not event.startswith(_GUARDED) or event in _HARMLESS:
            return None
        if event == "socket.__new__":
            return self._socket
        if event.startswith(_NETWORK):
            return functools.partial(self._network, event)
        if event in _LISTING:
            return functools.partial(self._list, event)
        if event in _CHANGING:
            return functools.partial(self._change, event)
        return lambda *_: self._refuse(event, _OTHER)

    def _open(self, path: Any, mode: str | None, flags: int) -> None:
        if isinstance(path, int):
            return
        name = _real(path)
        if name == os.devnull:
            return
        if set(mode or "") & set("wax+") or flags & _WRITING:
            if not _is_in(name, self._private):
                self._refuse("open to write", _WRITE)
        elif not self._may_read(name) and os.path.lexists(name):  # libraries try where settings could be
            self._refuse("open", _FILE)

    def _may_read(self, name: str) -> bool:
        return (
            is_reaching_out()
            or _is_in(name, (*self._libraries, *self.folders))
            or (
                _is_in(name, self._code)
                and (name.endswith(_CODE) or name + os.sep in self._code)  # or a zip file
            )
        )

    def _list(self, event: str, path: Any = None, *_: object) -> None:
        if not isinstance(path, int) and not _is_in(
            _real(path or "."), (*self._libraries, *self.folders, *self._code)
        ):
            self._refuse(event, _FILE)

    def _change(self, event: str, *arguments: Any) -> None:
        for place, directory in _CHANGING[event]:
            path, relative_to = arguments[place], -1 if directory is None else arguments[directory]
            if isinstance(path, int):
                continue
            name = _real(path, relative_to, follows=event not in _OF_ENTRIES)
            if not _is_in(name, self._private):
                self._refuse(event, _WRITE)

    def _socket(self, _: object, family: int, *__: object) -> None:
        if family != socket.AF_UNIX:  # an event loop wakes itself through a pair of these
            self._network("socket.__new__")

    def _network(self, event: str, *_: object) -> None:
        if not is_reaching_out():
            self._refuse(event, _OTHER)

    def _refuse(self, event: str, reason: str) -> None:
        text = f"{event} was refused in the render process{self._where()}: {reason}"
        self.refused.append(text)
        raise ResourceBlockedError(text)

    def _where(self) -> str:
        """Name the line of the application that is at work, or else the module; a path could be data."""
        frame = sys._getframe(2)  # noqa: SLF001 - made for this
        module = ""
        while frame.f_back is not None:
            name = str(frame.f_globals.get("__name__"))
            if self._is_of_application(frame.f_code.co_filename):
                return f" at {name}, line {frame.f_lineno}"
            if not module and not name.startswith(_INSIDE):
                module = f" in the module {name}"
            frame = frame.f_back
        return module

    def _is_of_application(self, file: str) -> bool:
        if file.startswith("<"):  # frozen or made of text: it would seem to lie in the working directory
            return False
        name = _real(file)
        return _is_in(name, self._code) and not _is_in(name, self._libraries)


def roots(folders: Iterable[str]) -> tuple[str, ...]:
    """Return the real paths of *folders*, each with a separator at its end."""
    return tuple({os.path.join(os.path.realpath(folder), "") for folder in folders if folder})


def _is_in(name: str, folders: tuple[str, ...]) -> bool:
    return os.path.join(name, "").startswith(folders)


def _real(path: Any, directory: int = -1, *, follows: bool = True) -> str:
    """Return where *path* leads, relative to an open directory; unless *follows*, to a link at its end."""
    name = os.fsdecode(path)
    if directory != -1:
        name = os.path.join(os.readlink(f"/proc/self/fd/{directory}"), name)
    folder, entry = os.path.split(name)
    if follows or entry in {"", ".", ".."}:
        return os.path.realpath(name)
    return os.path.join(os.path.realpath(folder), entry)


def _library_folders() -> list[str]:
    installed = [path for path in sys.path if os.path.basename(path) in {"site-packages", "dist-packages"}]
    standard = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    package = os.path.dirname(os.path.dirname(__file__))
    return [*installed, *standard, *zoneinfo.TZPATH, package]
