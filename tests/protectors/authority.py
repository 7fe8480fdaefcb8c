"""A certificate authority on loopback: time stamps (RFC 3161), OCSP (RFC 6960) and CRLs (RFC 5280)."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from certomancer.integrations.animator import Animator, AnimatorArchStore
from certomancer.registry import ArchLabel, CertLabel, CertomancerConfig
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request

SHOP = ArchLabel("shop")
NAMES = (
    *("root", "issuer", "signer", "revoked", "clock", "responder", "stranger", "quack", "second", "third"),
    *("silent", "mute", "below", "modest", "brief"),
)


@dataclass(slots=True)
class Authority:
    """What runs.

    Args:
        url: where it listens.
        certificates: all that it issued, by name.
        keys: their private keys.
        asked: the paths that were requested.
        answers: what to answer for a path instead.
    """

    url: str
    certificates: dict[str, x509.Certificate]
    keys: dict[str, rsa.RSAPrivateKey]
    asked: list[str] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)

    @property
    def clock(self) -> str:
        """The URL of the time stamps."""
        return f"{self.url}/shop/tsa/clock"

    @property
    def root(self) -> x509.Certificate:
        return self.certificates["root"]

    @property
    def chain(self) -> list[x509.Certificate]:
        """The certificates from the signer's issuer on."""
        return [self.certificates["issuer"], self.root]


class _Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Authority]:
    """Run an authority with its keys in *folder*."""
    keys = {name: rsa.generate_private_key(public_exponent=65537, key_size=2048) for name in NAMES}
    for name, key in keys.items():
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / f"{name}.pem").write_bytes(pem)
    authority = Authority("", {}, keys)
    server = make_server("127.0.0.1", 0, _application(authority), threaded=True, request_handler=_Quiet)
    authority.url = f"http://127.0.0.1:{server.server_port}"
    architecture = CertomancerConfig(
        _configuration(authority.url, folder), key_search_dir=str(folder), config_search_dir=str(folder)
    ).get_pki_arch(SHOP)
    for name in NAMES:
        content = architecture.get_cert(CertLabel(name)).dump()
        authority.certificates[name] = x509.load_der_x509_certificate(content)
    animator = Animator(AnimatorArchStore({SHOP: architecture}), with_web_ui=False)
    authority.answers[""] = animator
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield authority
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _application(authority: Authority) -> Any:
    def answer(environ: Any, start_response: Any) -> Any:
        path = environ["PATH_INFO"]
        authority.asked.append(path)
        usual = authority.answers[""]
        asked = Request(environ)
        special = next(
            (make for start, make in authority.answers.items() if start and path.startswith(start)), None
        )
        if special is None:
            return usual(environ, start_response)
        return special(asked, usual)(environ, start_response)

    return answer


def _configuration(url: str, folder: Path) -> Any:
    text = Path(__file__).with_name("authority.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text.replace("URL", url).replace("FOLDER", str(folder)))
