"""Files named on the command line are read up to a limit, and shown without what deceives a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from ondemand_attach._commands._files import content_of, say, shown
from ondemand_attach.errors import ConfigurationError


@pytest.mark.parametrize("size", [0, 1, 9, 10])
def test_a_file_may_be_as_long_as_the_limit(tmp_path: Path, size: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * size)
    assert content_of(path, 10) == b"x" * size


@pytest.mark.parametrize("size", [11, 1_000])
def test_a_longer_one_is_an_error(tmp_path: Path, size: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * size)
    with pytest.raises(ConfigurationError, match="10 bytes"):
        content_of(path, 10)


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        content_of(tmp_path / "nowhere")
    with pytest.raises(ConfigurationError, match="directory"):
        content_of(tmp_path)


def test_nothing_moves_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    say("a\x1b[2Jb", "c\u202ed", "e\nf", "ř")
    assert capsys.readouterr().out == "a?[2Jb\nc?d\ne?f\nř\n"
    assert shown("\x00\x7f\x9b\u2028\ud800x") == "?????x"
