"""The signatures of a PDF by their structure (ISO 32000-2 section 12.8, ETSI EN 319 142-1 section 6)."""

# mypy: disallow-untyped-calls=False
# asn1crypto brings no types.

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

_PADES: Final = "/ETSI.CAdES.detached"
_TIME_STAMP: Final = "/ETSI.RFC3161"
# By number: asn1crypto learns the names of attributes from pyHanko, if that was loaded before.
_SIGNING_CERTIFICATE: Final = "1.2.840.113549.1.9.16.2.47"  # RFC 5035 section 3
_STAMP_OF_SIGNATURE: Final = "1.2.840.113549.1.9.16.2.14"  # RFC 3161 appendix A


def description(content: bytes, objects: Sequence[Any], *, is_hidden: bool = False) -> str | None:
    """Say how the PDF *content* is signed; nothing if it is not.

    Args:
        content: the file.
        objects: its dictionaries.
        is_hidden: whether there may be validation data in object streams, which are not read here.
    """
    signatures = sorted(filter(_is_signature, objects), key=_end)
    own = [found for found in signatures if found.get("/SubFilter") != _TIME_STAMP]
    if not signatures:
        return None
    covered = "the whole file" if _covers(signatures[-1], content) else "a part of the file only"
    number = f"{len(own)} signatures, the last " if len(own) > 1 else ""
    return f"{number}{_kind(signatures, own, objects, is_hidden=is_hidden)}, over {covered}"


def _is_signature(value: Any) -> bool:
    return _is_dictionary(value) and "/ByteRange" in value and "/Contents" in value


def _end(signature: Any) -> int:
    return int(signature["/ByteRange"][2] + signature["/ByteRange"][3])


def _covers(signature: Any, content: bytes) -> bool:
    """Whether the signed ranges are all of the file but the value of the signature itself."""
    start, size, rest, rest_size = map(int, signature["/ByteRange"])
    value = content[size:rest]
    is_value = value.startswith(b"<") and value.endswith(b">") and b">" not in value[:-1]
    return start == 0 and rest + rest_size == len(content) and is_value


def _kind(signatures: Sequence[Any], own: Sequence[Any], objects: Sequence[Any], *, is_hidden: bool) -> str:
    if not own:
        return "a document time stamp"
    if own[-1].get("/SubFilter") != _PADES:
        return "a signature that is not PAdES"
    if not _has(own[-1], "signed_attrs", _SIGNING_CERTIFICATE):
        return "a signature without the certificate in it, so not PAdES"
    return f"PAdES {_level(signatures, own, objects, is_hidden=is_hidden)}"


def _level(signatures: Sequence[Any], own: Sequence[Any], objects: Sequence[Any], *, is_hidden: bool) -> str:
    is_stamped_later = signatures[-1] is not own[-1]
    if not (is_stamped_later or _has(own[-1], "unsigned_attrs", _STAMP_OF_SIGNATURE)):
        return "B-B"
    if not _has_validation_data(objects):
        return "B-T at least" if is_hidden else "B-T"
    return "B-LTA" if is_stamped_later else "B-LT"


def _has(signature: Any, where: str, attribute: str) -> bool:
    from ondemand_attach._asn1 import cms

    (signer,) = cms.ContentInfo.load(signature["/Contents"])["content"]["signer_infos"]
    return attribute in {found["type"].dotted for found in signer[where]}


def _has_validation_data(objects: Sequence[Any]) -> bool:
    """Whether there is a Document Security Store (ETSI EN 319 142-1 section 5.4.2)."""
    dictionaries = list(filter(_is_dictionary, objects))
    within = [found["/DSS"] for found in dictionaries if "/DSS" in found]
    return any(
        store.get("/Certs") and (store.get("/OCSPs") or store.get("/CRLs"))
        for store in (*dictionaries, *filter(_is_dictionary, within))
    )


def _is_dictionary(value: Any) -> bool:
    return isinstance(value, dict)
