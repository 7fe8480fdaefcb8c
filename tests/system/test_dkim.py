"""DKIM signatures verified by Perl's Mail::DKIM, which SpamAssassin uses, and by Node's mailauth."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ondemand_attach import DkimSigner, MessageBuilder, SmimeSigner
from protectors.samples import certify, ec_key, rsa_key

HERE = Path(__file__).parent
RSA = DkimSigner(domain="shop.example", selector="rsa", key=rsa_key())
ED25519 = DkimSigner(domain="shop.example", selector="ed", key=Ed25519PrivateKey.generate())
BUILDER = (
    MessageBuilder()
    .sender("Krämer & Söhne <orders@mail.shop.example>")
    .subject("Ihre Bestellung für {{ name }} " + "x" * 90)
    .text("Guten Tag\n\n. \nFrom hier\n \n")
    .html("<p>Guten Tag</p>")
    .attach_file(__file__)
)
WRAPPED = BUILDER.whole_message(signer=SmimeSigner(key=ec_key(), certificate=certify(ec_key())))

pytestmark = pytest.mark.usefixtures("node_packages")
Verify = Callable[..., dict[str, str]]


def by_perl(folder: Path) -> Verify:
    return reader(["perl", HERE / "verify_dkim.pl"], folder)


def by_node(folder: Path) -> Verify:
    return reader(["node", HERE / "verify_dkim.cjs"], folder)


def reader(command: list[str | Path], folder: Path) -> Verify:
    """Return what tells the result of each signature in a message, by its algorithm."""

    def run(content: bytes, *signers: DkimSigner) -> dict[str, str]:
        records = [f"{by.selector}._domainkey.{by.domain} {by.dns_record}\n" for by in signers]
        (folder / "records").write_text("".join(records))
        done = subprocess.run(
            [*command, folder / "records"],
            input=content,
            check=True,
            capture_output=True,
            timeout=60,
        )
        return dict(line.split(" ", 1) for line in done.stdout.decode().splitlines())

    return run


@pytest.fixture(params=["perl", "node"])
def verify(request: pytest.FixtureRequest, tmp_path: Path) -> Verify:
    return by_perl(tmp_path) if request.param == "perl" else by_node(tmp_path)


@pytest.mark.parametrize("builder", [BUILDER, WRAPPED])
def test_signatures_hold(builder: MessageBuilder, verify: Verify) -> None:
    content = builder.dkim(RSA).dkim(ED25519).build({"name": "Jiří"}, to="jane@example.com").content
    found = verify(content, RSA, ED25519)
    assert found.pop("rsa-sha256") == "pass"
    # Mail::DKIM of Debian 12 does not know RFC 8463, and such a signature beside the other does no harm.
    assert found in ({"ed25519-sha256": "pass"}, {"ed25519-sha256": "invalid"})


def test_ed25519_alone_holds_for_who_knows_it(tmp_path: Path) -> None:
    content = BUILDER.dkim(ED25519).build({"name": "Jiří"}, to="jane@example.com").content
    assert by_node(tmp_path)(content, ED25519) == {"ed25519-sha256": "pass"}


def test_a_changed_byte_is_noticed(verify: Verify) -> None:
    content = BUILDER.dkim(RSA).dkim(ED25519).build({"name": "Jiří"}, to="jane@example.com").content
    for before, after in (
        (b"Guten Tag</p>", b"guten Tag</p>"),
        (b"\r\nTo: jane@", b"\r\nTo: joan@"),
        (b"\r\nTo:", b"\r\nSubject: x\r\nTo:"),
        (b"\r\nFrom:", b"\r\nContent-Type: text/html\r\nFrom:"),
    ):
        changed = content.replace(before, after, 1)
        assert changed != content
        assert "pass" not in verify(changed, RSA, ED25519).values()


def test_the_record_of_another_key_does_not_verify(verify: Verify) -> None:
    other = DkimSigner(domain="shop.example", selector="rsa", key=rsa_key(3072))
    content = BUILDER.dkim(RSA).build({"name": "Jiří"}, to="jane@example.com").content
    assert verify(content, RSA) == {"rsa-sha256": "pass"}
    assert verify(content, other) == {"rsa-sha256": "fail"}
