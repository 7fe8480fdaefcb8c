"""FileTransport and MaildirTransport: messages as files, for development or another program."""

from __future__ import annotations

import datetime
import errno
import os
import secrets
import socket
import time
from pathlib import Path

from ondemand_attach._given import checked
from ondemand_attach._message import Message, Receipt
from ondemand_attach._origins import told
from ondemand_attach._seal import at_work, translated
from ondemand_attach.errors import ConfigurationError, TransportError
from ondemand_attach.transports._receipt import accepted_for_all

_TEMPORARY = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ESTALE}


class FileTransport:
    """Writes each message to a new ``.eml`` file, named by the time.

    The file appears whole or not at all, is readable by its owner only and on the disk when `send`
    returns. It holds the message's bytes, so not the recipients that only the envelope names.

    Args:
        folder: where to write; made if missing.

    Raises:
        ConfigurationError: the folder cannot be made.
    """

    capabilities = frozenset({"RAW_MIME"})

    @checked
    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = _made(_path(folder))

    @at_work(TransportError)
    @checked
    def send(self, message: Message, /) -> Receipt:
        """Write the bytes of *message*.

        Raises:
            TransportError: they could not be written; temporary if the disk is full.
        """
        now = datetime.datetime.now(datetime.UTC)
        name = f"{now:%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(8)}.eml"
        _write(message, self._folder / f".{name}.part", self._folder / name)
        return accepted_for_all(message)

    def __repr__(self) -> str:
        return f"<FileTransport to {self._folder}>"


class MaildirTransport:
    """Delivers each message into a Maildir, where mail programs and IMAP servers find it.

    The message keeps its CRLF line ends: what was signed stays as it was signed.

    Args:
        folder: the Maildir; its parts ``tmp``, ``new`` and ``cur`` are made if missing.

    Raises:
        ConfigurationError: the folder cannot be made.
    """

    capabilities = frozenset({"RAW_MIME"})

    @checked
    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = _made(_path(folder))
        for part in ("tmp", "new", "cur"):
            _made(self._folder / part)

    @at_work(TransportError)
    @checked
    def send(self, message: Message, /) -> Receipt:
        """Deliver the bytes of *message*.

        Raises:
            TransportError: they could not be written; temporary if the disk is full.
        """
        host = socket.gethostname().replace("/", r"\057").replace(":", r"\072")
        seconds, microseconds = divmod(time.time_ns() // 1000, 1_000_000)
        name = f"{seconds}.M{microseconds}P{os.getpid()}R{secrets.token_hex(8)}.{host}"
        _write(message, self._folder / "tmp" / name, self._folder / "new" / name)
        return accepted_for_all(message)

    def __repr__(self) -> str:
        return f"<MaildirTransport to {self._folder}>"


def _path(folder: str | os.PathLike[str]) -> Path:
    if not os.fspath(folder):  # as of a variable of the environment that is not set
        raise ConfigurationError("the folder to write to is empty text; give a path, or '.' for this one")
    return Path(folder)


def _made(folder: Path) -> Path:
    def failure(error: Exception) -> ConfigurationError:
        return ConfigurationError(f"the folder {folder} cannot be made: {_reason(error)}")

    translated(lambda: folder.mkdir(mode=0o700, parents=True, exist_ok=True), failure)
    return folder.absolute()


def _write(message: Message, draft: Path, final: Path) -> None:
    def failure(error: Exception) -> TransportError:
        return TransportError(
            f"the message could not be written to {final.parent}: {_reason(error)}",
            is_temporary=isinstance(error, OSError) and error.errno in _TEMPORARY,
        )

    def doubt(error: Exception) -> TransportError:
        return TransportError(
            f"the message may be lost from {final.parent}: {_reason(error)}", is_uncertain=True
        )

    translated(lambda: _write_whole(message, draft, final), failure)
    translated(lambda: _sync_folder(final.parent), doubt)


def _write_whole(message: Message, draft: Path, final: Path) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(draft, flags, 0o600), "wb") as file:
            file.writelines(message.chunks())
            file.flush()
            os.fsync(file.fileno())
        draft.rename(final)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    """Make the new name itself survive a power cut, where the system knows how."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: Exception) -> str:
    number = error.errno if isinstance(error, OSError) else None
    return f"{os.strerror(number)} ({errno.errorcode.get(number, number)})" if number else told(error)
