from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

from ondemand_attach.testing import SmtpSink, loopback_tls, self_signed

pytest.register_assert_rewrite("how_to.promises")
from how_to.promises import EXAMPLES, ROOT, Shop, serving  # noqa: E402 - rewritten first


@pytest.fixture(scope="session")
def tls() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return loopback_tls()


@pytest.fixture(scope="session")
def certificates(
    tls: tuple[ssl.SSLContext, ssl.SSLContext], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Path]:
    folder = tmp_path_factory.mktemp("certificates")
    [authority] = tls[1].get_ca_certs(binary_form=True)
    folder.joinpath("authority.pem").write_text(ssl.DER_cert_to_PEM_cert(authority))
    key, certificate = self_signed("Garnet & Gold Ltd")
    pkcs12 = serialize_key_and_certificates(None, key, certificate, None, BestAvailableEncryption(b"signing"))
    folder.joinpath("signing.p12").write_bytes(pkcs12)
    return {"authority": folder / "authority.pem", "signing": folder / "signing.p12"}


@pytest.fixture(scope="class")
def sink(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> Iterator[SmtpSink]:
    with SmtpSink(tls[0], users={"shop": "secret"}) as sink:
        yield sink


@pytest.fixture(scope="class")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The application's own folder: database, log, temporary files."""
    return tmp_path_factory.mktemp("shop")


@pytest.fixture(scope="class")
def env(
    request: pytest.FixtureRequest, folder: Path, sink: SmtpSink, certificates: Mapping[str, Path]
) -> dict[str, str]:
    folder.joinpath("temporary").mkdir()
    paths = (EXAMPLES, ROOT / "src", ROOT / "tests")
    return {
        **os.environ,
        **request.cls.environment(folder, sink.url, certificates["signing"]),
        "PYTHONPATH": os.pathsep.join([*map(str, paths), os.environ.get("PYTHONPATH", "")]),
        "SSL_CERT_FILE": str(certificates["authority"]),
        "TMPDIR": str(folder / "temporary"),
    }


@pytest.fixture(scope="class")
def shop(request: pytest.FixtureRequest, env: Mapping[str, str], folder: Path) -> Iterator[Shop]:
    with serving(request.cls.program, env, folder / "log") as shop:
        yield shop
