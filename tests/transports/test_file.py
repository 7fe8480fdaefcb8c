from __future__ import annotations

import errno
import mailbox
import os
import re
import stat
import traceback
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ondemand_attach._pieces import Base64
from ondemand_attach.errors import ConfigurationError, TransportError
from ondemand_attach.transports.file import FileTransport, MaildirTransport
from transports.peers import made

Transports = type[FileTransport] | type[MaildirTransport]
BOTH = pytest.mark.parametrize("kind", [FileTransport, MaildirTransport])


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@BOTH
def test_bytes_are_written_exactly(kind: Transports, tmp_path: Path) -> None:
    message = made(
        b"Subject: a\r\n\r\n.\r\nFrom me\r\n\x00\xff", recipients=["a@shop.example", "b@shop.example"]
    )
    receipt = kind(tmp_path / "new folder" / "inner").send(message)
    (path,) = files(tmp_path)
    assert path.read_bytes() == message.content
    assert receipt.message_id == message.message_id
    assert receipt.accepted == ("a@shop.example", "b@shop.example")


@BOTH
def test_a_large_document_is_written_without_a_copy_of_it(kind: Transports, tmp_path: Path) -> None:
    document = bytes(range(256)) * 40_000
    message = replace(made(), pieces=(b"Subject: a\r\n\r\n", Base64(document), b"end\r\n"))
    transport = kind(tmp_path)
    tracemalloc.start()
    transport.send(message)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
    assert files(tmp_path)[0].read_bytes() == message.content


@BOTH
def test_files_and_new_folders_are_private(kind: Transports, tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        kind(tmp_path / "mail").send(made())
    finally:
        os.umask(mask)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}


@BOTH
def test_many_threads_lose_nothing(kind: Transports, tmp_path: Path) -> None:
    transport = kind(tmp_path)
    messages = [made(b"Subject: %d\r\n\r\n" % number) for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(transport.send, messages))
    assert {path.read_bytes() for path in files(tmp_path)} == {message.content for message in messages}


def test_names_of_eml_files_sort_by_time(tmp_path: Path) -> None:
    transport = FileTransport(tmp_path)
    for number in range(20):
        transport.send(made(b"%d" % number))
    found = files(tmp_path)
    assert [int(path.read_bytes()) for path in found] == list(range(20))
    assert {path.suffix for path in found} == {".eml"}
    assert repr(transport) == f"<FileTransport to {tmp_path}>"


def test_maildir_is_read_by_a_mail_program(tmp_path: Path) -> None:
    transport = MaildirTransport(tmp_path / "Maildir")
    for number in range(3):
        transport.send(made(b"Subject: %d\r\n\r\nx\r\n" % number))
    found = mailbox.Maildir(tmp_path / "Maildir", create=False)
    assert {message["Subject"] for message in found} == {"0", "1", "2"}
    assert {message.get_subdir() for message in found} == {"new"}
    assert list((tmp_path / "Maildir" / "tmp").iterdir()) == []
    assert repr(transport) == f"<MaildirTransport to {tmp_path}/Maildir>"


@BOTH
@pytest.mark.parametrize("call", ["fsync", "rename"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_failure_leaves_no_file(
    kind: Transports, call: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OSError(number, "canary")

    transport = kind(tmp_path)
    monkeypatch.setattr(Path if call == "rename" else os, call, fail)
    told = re.escape(f"{os.strerror(number)} ({errno.errorcode[number]})")
    with pytest.raises(TransportError, match=told) as caught:
        transport.send(made())
    assert caught.value.is_temporary == (number != errno.EACCES)
    assert not caught.value.is_uncertain
    assert "canary" not in "".join(traceback.format_exception(caught.value))
    assert files(tmp_path) == []


@BOTH
def test_name_that_may_not_last_is_uncertain(
    kind: Transports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, "canary")

    transport = kind(tmp_path)
    monkeypatch.setattr(os, "fsync", sync)
    with pytest.raises(TransportError, match="EIO") as caught:
        transport.send(made())
    assert caught.value.is_uncertain
    assert len(files(tmp_path)) == 1


@BOTH
def test_folder_that_cannot_be_made(kind: Transports, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="ENOTDIR"):
        kind(tmp_path / "file" / "mail")
    with pytest.raises(ConfigurationError, match="EEXIST"):
        kind(tmp_path / "file")


@BOTH
def test_link_laid_in_the_way_is_not_followed(
    kind: Transports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = kind(tmp_path / "mail")
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    real_open = os.open

    def lay(path: Path, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_CREAT:
            path.symlink_to(victim)
        return real_open(path, flags, mode)

    monkeypatch.setattr(os, "open", lay)
    with pytest.raises(TransportError, match="EEXIST"):
        transport.send(made())
    assert victim.read_text() == "untouched"
