"""What signers say of a key and its certificates as they are put together."""

from __future__ import annotations

import itertools
import logging
import subprocess
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from ondemand_attach import PdfSigner, SmimeSigner, TimeStampAuthority
from ondemand_attach.errors import ConfigurationError
from protectors.samples import certify, ec_key, rsa_key

ROOT = certify(rsa_key(), "Root")
BETWEEN = certify(ec_key(1), "In Between", issuer=(rsa_key(), ROOT))
OWN = certify(ec_key(), "Garnet & Gold", issuer=(ec_key(1), BETWEEN))
CHAINS: dict[str, tuple[Any, list[Any], bool]] = {
    "none": (OWN, [], True),
    "the root alone": (OWN, [ROOT], True),
    "its own certificate again": (OWN, [OWN], True),
    "the issuer": (OWN, [BETWEEN], False),
    "all, in any order": (OWN, [ROOT, BETWEEN], False),
    "none, self-issued": (certify(ec_key()), [], False),
}


@pytest.mark.parametrize("signer", [PdfSigner, SmimeSigner])
@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_without_the_issuer_is_said_in_the_log(
    signer: type[PdfSigner | SmimeSigner], name: str, caplog: pytest.LogCaptureFixture
) -> None:
    own, chain, is_said = CHAINS[name]
    with caplog.at_level(logging.WARNING, "ondemand_attach"):
        signer(key=ec_key(), certificate=own, chain=chain)
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == is_said
    assert all("Garnet & Gold" in each and "chain=" in each for each in said)


def pem(*certificates: Any) -> bytes:
    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates)


@pytest.mark.parametrize("given", list(itertools.permutations([OWN, BETWEEN, ROOT])))
def test_a_file_with_the_chain_is_a_certificate_with_its_chain(given: Any) -> None:
    made = PdfSigner(key=ec_key(), certificate=pem(*given, *given))
    assert made._certificate == OWN
    assert set(made._chain) == {BETWEEN, ROOT}
    assert PdfSigner(key=ec_key(), certificate=OWN, chain=[pem(BETWEEN, ROOT)])._chain == (BETWEEN, ROOT)


def test_a_file_of_roots_is_trusted_in_whole() -> None:
    other = certify(rsa_key(), "Other")
    authority = TimeStampAuthority(url="http://tsa.example", trust_roots=[pem(ROOT, other)])
    assert len(authority.trust_roots) == 2


@pytest.mark.parametrize(
    "curve",
    [ec.SECP256R1, ec.SECP384R1, ec.SECP521R1, ec.BrainpoolP256R1, ec.BrainpoolP384R1, ec.BrainpoolP512R1],
)
def test_the_curves_of_iso_ts_32002_sign(curve: type[ec.EllipticCurve]) -> None:
    key = ec_key(0, curve)
    assert PdfSigner(key=key, certificate=certify(key))


def test_a_curve_without_a_name_does_not_sign() -> None:
    """Made by OpenSSL: cryptography always writes the name, and older versions read nothing else."""
    numbers = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit")
    command = ("openssl", "req", "-x509", "-nodes", "-subj", "/CN=Shop", "-keyout", "-", "-days", "9")
    made = subprocess.run([*command, *numbers], check=True, capture_output=True).stdout
    with pytest.raises(ConfigurationError, match=r"by numbers and not by name|cannot be read"):
        PdfSigner.from_pem(made, made)
