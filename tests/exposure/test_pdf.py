"""The cipher of a PDF is the one that it names for all of its streams and strings (ISO 32000-2 section 7.6)."""

from __future__ import annotations

from typing import Any

import pytest

from cms_cases import message, noise, of_rsa
from ondemand_attach._exposure._budget import Budget, TooLargeError
from ondemand_attach._exposure._pdf import _ciphertext, _encryption, _is_filtered, _method
from ondemand_attach._exposure._pdf_objects import Stream

METHODS = {
    (4, "/AESV2"): "AES-128",
    (5, "/AESV3"): "AES-256",
    (6, "/AESV4"): "AES-256",
    (4, "/V2"): "RC4",
    (5, "/V2"): "RC4",
}


def encrypted(version: int, method: str | None, **changed: Any) -> dict[str, Any]:
    crypt_filter = {} if method is None else {"/CFM": method}
    entries = {
        "V": version,
        "StmF": "/A",
        "StrF": "/A",
        "CF": {"/A": {"/AuthEvent": "/DocOpen", **crypt_filter}},
    }
    return {f"/{name}": value for name, value in (entries | changed).items() if value is not ...}


@pytest.mark.parametrize("version", [4, 5, 6, 7])
@pytest.mark.parametrize("method", ["/AESV2", "/AESV3", "/AESV4", "/V2", "/None", None])
def test_each_cipher_belongs_to_its_version(version: int, method: str | None) -> None:
    assert _method(encrypted(version, method)) == METHODS.get((version, str(method)), "no cipher")
    assert _method(encrypted(version, method, EFF="/A")) == _method(encrypted(version, method))


@pytest.mark.parametrize("version", [0, 1, 2, 3])
def test_older_versions_know_one_cipher(version: int) -> None:
    assert _method({"/V": version}) == "RC4"
    assert _method(encrypted(version, "/AESV3")) == "RC4"


@pytest.mark.parametrize(
    "changed",
    [
        {"StmF": ...},
        {"StrF": ...},
        {"StmF": "/Identity"},
        {"StrF": "/Identity"},
        {"StmF": "/Identity", "StrF": "/Identity"},
        {"StmF": ..., "StrF": ...},
        {"EFF": "/Identity"},
        {"EFF": "/B"},
        {"CF": {}},
        {"CF": ...},
        {"CF": {"/A": {}}},
        {"CF": {"/B": {"/CFM": "/AESV3"}}},
    ],
)
def test_a_cipher_for_some_of_it_is_none(changed: dict[str, Any]) -> None:
    assert _method(encrypted(5, "/AESV3", **changed)) == "no cipher for some of it"


@pytest.mark.parametrize("size", range(70))
@pytest.mark.parametrize("line_end", [b"", b"\n", b"\r", b"\r\n"])
def test_a_ciphertext_has_the_length_that_encryption_gives_it(size: int, line_end: bytes) -> None:
    data = bytes(range(100, 100 + size))
    is_whole = size == 0 or (size > 16 and size % 16 == 0)
    assert (_ciphertext(data + line_end, is_gcm=False) == data) == is_whole
    is_whole = size == 0 or size >= 28
    found = _ciphertext(data + line_end, is_gcm=True)
    assert (found is not None) == (is_whole or size + len(line_end) >= 28)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ({}, True),
        ({"/Filter": "/FlateDecode"}, True),
        ({"/Filter": ["/FlateDecode"], "/DecodeParms": [None]}, True),
        ({"/Filter": "/Crypt"}, False),
        ({"/Filter": "/Crypt", "/DecodeParms": {"/Name": "/A"}}, True),
        ({"/Filter": ["/Crypt"], "/DecodeParms": [{"/Name": "/A"}]}, True),
        ({"/Filter": ["/Crypt", "/FlateDecode"], "/DecodeParms": [{"/Name": "/A"}, None]}, True),
        ({"/Filter": "/Crypt", "/DecodeParms": {"/Name": "/Identity"}}, False),
        ({"/Filter": "/Crypt", "/DecodeParms": {"/Type": "/A"}}, False),
        ({"/Filter": ["/Crypt", "/Crypt"], "/DecodeParms": [{"/Name": "/A"}, {"/Name": "/Identity"}]}, False),
    ],
)
def test_a_stream_may_name_the_cipher_of_all_and_no_other(entries: dict[str, Any], expected: bool) -> None:
    stream = Stream(number=4, dictionary=entries, data=memoryview(b""))
    assert _is_filtered(stream, {"/StmF": "/A"}) is expected


def to_certificates(count: int, *, method: str = "/AESV3", is_list: bool = True) -> tuple[str, str | None]:
    envelope = message(of_rsa(noise(64)), data=noise(16))
    recipients = [envelope] * count if is_list else envelope
    entries = encrypted(5, method, Filter="/Adobe.PubSec", R=5)
    entries["/CF"]["/A"]["/Recipients"] = recipients
    return _encryption(entries, [], Budget())


@pytest.mark.parametrize(
    ("count", "shown", "readers"),
    [
        (1, "AES-256 (revision 5) to a certificate", "the holder of the certificate's key"),
        (2, "AES-256 (revision 5) to 2 certificates", "holders of 2 certificates' keys"),
        (2_000, "AES-256 (revision 5) to 2000 certificates", "holders of 2000 certificates' keys"),
    ],
)
def test_the_certificates_of_a_pdf_are_counted(count: int, shown: str, readers: str) -> None:
    assert to_certificates(count) == (shown, readers)
    assert to_certificates(count, method="/V2") == (f"{shown.replace('AES-256', 'RC4')}, which is weak", None)


def test_a_pdf_for_no_certificate_is_for_everyone() -> None:
    assert to_certificates(0)[1] is None
    assert to_certificates(1, is_list=False) == to_certificates(1)
    with pytest.raises(TooLargeError):
        to_certificates(2_001)
