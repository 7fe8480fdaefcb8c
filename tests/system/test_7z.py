"""What 7-Zip, which shares no code with pyzipper, makes of the ZIPs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ondemand_attach import Document, ZipEncryptor
from ondemand_attach.errors import WeakPasswordError
from ondemand_attach.testing import attachment_request

CSV = b"name\r\nJane Doe-Smithers\r\n" * 40
KINDS = {
    "letters and digits": "Kx7tRw92mQz8aa",
    "groups": "7391-0462-8517-3946",
    "spaces": "amber kettle 27 violin",
    "space at the ends": " amber kettle 27 violin ",
    "quotes": "amber\"kettle'27`violin",
    "backslash": "amber\\kettle\\27\\violin",
    "percent and dollar": "amber%kettle$27$violin",
    "at and exclamation mark": "amber@kettle!27!violin",
    "brackets": "amber(kettle)[27]{violin}",
    "angle brackets": "amber<kettle>27&violin",
    "longer than 32": "amber-kettle-27-violin-meadow-cobalt-walnut",
    "64 characters": "aK3-" * 2 + "amber-kettle-27-violin-meadow-cobalt-walnut-ferry-lantern",
    "99 characters": "Kx7tRw92mQz" * 9,
    "hyphen first": "-amber-kettle-27-violin",
    "umlauts": "bernstein-kätzchen-27-veilchen",
    "decomposed": "bernstein-ka\u0308tzchen-27",
    "Cyrillic": "Пароль-7731-Kx7q-жук",
    "Chinese": "北京上海广州深圳天津重庆",
    "emoji": "Kx7-tRw9-2mQz-\U0001f600",
    "tab": "Kx7-tRw9\t2mQz-88",
    "empty": "",
    "100 characters": "Kx7tRw92mQz" * 9 + "a",
}
REFUSED = {"umlauts", "decomposed", "Cyrillic", "Chinese", "emoji", "tab", "empty", "100 characters"}


def seven_zip(*command: str | Path) -> tuple[int, str]:
    done = subprocess.run(["7z", *command], check=False, capture_output=True, timeout=60)
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def zipped(folder: Path, password: str) -> Path:
    encryptor = ZipEncryptor(password=lambda _: password, name_inside="statement.csv")
    request = attachment_request(filename="statement.zip")
    made = encryptor.encrypt(Document(content=CSV, media_type="text/csv"), request)
    path = folder / "statement.zip"
    path.write_bytes(made.content)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_a_password_is_refused_or_opens_the_zip(kind: str, tmp_path: Path) -> None:
    if kind in REFUSED:
        with pytest.raises(WeakPasswordError):
            zipped(tmp_path, KINDS[kind])
        return
    path = zipped(tmp_path, KINDS[kind])
    status, said = seven_zip("x", f"-p{KINDS[kind]}", f"-o{tmp_path / 'out'}", path)
    assert status == 0, said
    assert (tmp_path / "out" / "statement.csv").read_bytes() == CSV
    for wrong in ("-p", f"-p{KINDS[kind][:-1]}"):
        assert seven_zip("t", wrong, path)[0] != 0


def test_7z_says_that_it_is_aes(tmp_path: Path) -> None:
    status, said = seven_zip("l", "-slt", zipped(tmp_path, "Kx7tRw92mQz8aa"))
    assert status == 0
    assert "Method = AES-256 Deflate" in said
    assert "Encrypted = +" in said
    assert "CRC = \n" in said
    assert said.count("Path = statement.csv") == 1
