"""Every extra of pyproject.toml is on the page of extras, with what it is for and what it installs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from pages import check_page, table

ROOT = Path(__file__).parents[2]
USES = {
    "accel": "parts of ReportLab, which draws PDFs, in C; nothing is to be set",
    "demo": "`ondemand-attach demo`, which draws a picture of the first page",
    "dkim": "`DkimSigner`: [sign with DKIM](../how-to/sign-with-dkim.md)",
    "http": "`HttpsTransport`: [providers with an HTTPS interface](../how-to/when-sending-fails.md)",
    "office": "`OfficeEncryptor`: [protect other files](../how-to/protect-other-files.md); `inspect` tries the "
    "password that Excel tries by itself",
    "openpgp": "`OpenPgpEncryptor`, `OpenPgpSigner`: [protect a message](../how-to/protect-a-message.md)",
    "pkcs11": "`PdfSigner.from_pkcs11`: keys in a smart card or an HSM: "
    "[protect a PDF](../how-to/protect-a-pdf.md)",
    "repair": "PDFs of other programs that break a rule are written anew: "
    "[protect a PDF](../how-to/protect-a-pdf.md)",
    "strength": '`strength="zxcvbn"`, a second estimate of passwords: [passwords](../how-to/passwords.md)',
    "words": "`generated_password(words=…)` with an English list of words: "
    "[passwords](../how-to/passwords.md)",
    "zip": "`ZipEncryptor`: [protect other files](../how-to/protect-other-files.md)",
}


def extras() -> dict[str, list[str]]:
    project = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text("utf-8"))["project"]
    return dict(project["optional-dependencies"])


def test_the_page_names_every_extra_with_what_it_is_for() -> None:
    found = extras()
    assert list(USES) == sorted(found)
    rows = {
        f"`{name}`": {"for": USES[name], "installs": ", ".join(f"`{each}`" for each in found[name])}
        for name in USES
    }
    check_page("extras.md", "extras", table(rows, "extra"))


def test_every_extra_that_an_error_or_docstring_names_exists() -> None:
    named = {
        name
        for path in ROOT.joinpath("src").rglob("*.py")
        for found in re.findall(
            r"ondemand_attach\[([\w,]+)\]|extra ``\[(\w+)\]|extra=\"(\w+)\"", path.read_text("utf-8")
        )
        for each in found
        for name in each.split(",")
        if name
    }
    assert {"http", "zip", "words", "repair"} <= named <= set(extras())
