"""PDF: how it is encrypted and signed, from its structure, without a password (ISO 32000-2 section 7.6)."""

# mypy: disallow-untyped-calls=False
# pyHanko brings types for a part of itself only.

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ondemand_attach._exposure import _cms, _pdf_signature
from ondemand_attach._exposure._budget import Budget, at_most
from ondemand_attach._exposure._facts import BY_PASSWORD, Facts, holders_of_keys, to_keys
from ondemand_attach._exposure._pdf_objects import Objects, Stream, objects_of, strings_in
from ondemand_attach._exposure._pdf_tables import is_table
from ondemand_attach._exposure._pdf_values import Reference
from ondemand_attach._exposure._plain import is_any_plain

_BLOCK: Final = 16
_NONCE: Final = 12
_GCM_OVERHEAD: Final = _NONCE + 16
_ENDS: Final = re.compile(rb"%%EOF\s*+\Z")
_LINE_ENDS: Final = (b"", b"\r\n", b"\n", b"\r")
_METHODS: Final = {
    (4, "/AESV2"): "AES-128",
    (5, "/AESV3"): "AES-256",
    (6, "/AESV4"): "AES-256",  # GCM (ISO/TS 32003)
    **{(version, "/V2"): "RC4" for version in (4, 5)},
}
_STRONG: Final = {"AES-128", "AES-256"}
_RC4: Final = {0, 1, 2, 3}
_WITH_ID: Final = {0, 1, 2, 3, 4}  # the key depends on the file, and readers differ on which trailer counts
_GCM: Final = 6
_LONGEST_ID: Final = 64
_TRAILER_STRINGS: Final = {"/ID", "/Encrypt", "/AuthCode"}  # the last: ISO/TS 32004
_KEY_STRINGS: Final = {"/O": 48, "/U": 48, "/OE": 32, "/UE": 32, "/Perms": 16, "/KDFSalt": 32}
"""With their lengths, behind which some programs write zeros."""
_MOST_IDS: Final = 2
_MOST_TRAILERS: Final = 32  # with an /ID of its own
_MOST_RECIPIENTS: Final = 2_000


def fits(content: bytes) -> bool:
    """Whether *content* begins as a PDF does."""
    return b"%PDF-" in content[:1024]


def facts(content: bytes, budget: Budget) -> Facts:
    """Say how a PDF is encrypted and signed.

    Raises:
        TooLargeError: there is too much in it.
        Exception: it is damaged.
    """
    objects = objects_of(content, budget)
    encryption = _encryption_of(objects)
    dictionaries = [found for _, found in objects.dictionaries]
    catalogs = [found for found in dictionaries if "/Pages" in found]
    # Whatever a later revision adds to the catalog may stand in an object stream.
    is_complete = bool(catalogs) and not any("/DSS" in found for found in catalogs) and objects.revisions < 2
    has_hidden = any(stream.is_of("/ObjStm") for stream in objects.streams)
    signature = _pdf_signature.description(content, dictionaries, is_hidden=has_hidden and not is_complete)
    if encryption is None:
        return Facts(signature=signature)
    number, dictionary = encryption
    shown, readers = _encryption(dictionary, objects.trailers, budget)
    found = Facts(encryption=shown, readers=readers, signature=signature)
    is_all = readers is None or _is_encrypted_throughout(content, objects, (number, dictionary), budget)
    return found.if_all(is_all)


def _encryption_of(objects: Objects) -> tuple[int | None, dict[str, Any]] | None:
    """Return the dictionary that says how the file is encrypted, with the number of its object."""
    said = [trailer["/Encrypt"] for trailer in objects.trailers if trailer.get("/Encrypt") is not None]
    if not said:
        return None
    if any(each != said[0] for each in said):
        raise ValueError
    if not isinstance(said[0], Reference):
        return None, said[0]
    (found,) = (each for number, each in objects.dictionaries if number == said[0].number and "/V" in each)
    return said[0].number, found


def _encryption(
    dictionary: dict[str, Any], trailers: list[dict[str, Any]], budget: Budget
) -> tuple[str, str | None]:
    """Return how the document is encrypted, and who can read it if that is not everyone."""
    method, revision = _method(dictionary), dictionary.get("/R")
    shown = f"{method} (revision {int(revision)})" if revision is not None else method
    if dictionary["/Filter"] == "/Adobe.PubSec":
        number = _certificates(dictionary, budget)
        shown, readers = f"{shown} {to_keys(number)}", holders_of_keys(number) if number else None
    elif _opens_without_password(dictionary, trailers):
        return f"{shown}, opens without a password", None
    else:
        shown, readers = f"{shown} by password", BY_PASSWORD
    return (shown, readers) if method in _STRONG else (f"{shown}, which is weak", None)


def _method(dictionary: dict[str, Any]) -> str:
    """Return the cipher that is for streams, strings and embedded files alike."""
    version, filters = dictionary["/V"], dictionary.get("/CF", {})
    if version in _RC4:
        return "RC4"
    name = dictionary.get("/StmF")
    if any(dictionary.get(other, default) != name for other, default in (("/StrF", None), ("/EFF", name))):
        return "no cipher for some of it"
    crypt_filter = filters.get(name)
    if not crypt_filter:
        return "no cipher for some of it"
    return _METHODS.get((version, crypt_filter.get("/CFM")), "no cipher")


def _certificates(dictionary: dict[str, Any], budget: Budget) -> int:
    recipients = dictionary["/CF"][dictionary["/StmF"]]["/Recipients"]
    envelopes = recipients if isinstance(recipients, list) else [recipients]
    at_most(len(envelopes), _MOST_RECIPIENTS)
    return sum(_cms.recipients(envelope, budget) for envelope in envelopes)


def _opens_without_password(dictionary: dict[str, Any], trailers: list[dict[str, Any]]) -> bool:
    from pyhanko.pdf_utils.crypt import SecurityHandler
    from pyhanko.pdf_utils.crypt.api import AuthStatus

    identifiers = {trailer["/ID"][0] if trailer.get("/ID") else b"" for trailer in trailers}
    at_most(len(identifiers), _MOST_TRAILERS)
    handler: Any = SecurityHandler.build(_for_pyhanko(dictionary))
    counted = identifiers if dictionary["/V"] in _WITH_ID else {b""}
    tried = (handler.authenticate("", id1=each).status for each in counted)
    return any(status is not AuthStatus.FAILED for status in tried)


def _for_pyhanko(value: Any) -> Any:
    """Return *value* in the types of pyHanko, which know how a password is tried."""
    from pyhanko.pdf_utils import generic

    if isinstance(value, dict):
        pairs = ((generic.NameObject(name), _for_pyhanko(each)) for name, each in value.items())
        return generic.DictionaryObject(dict(pairs))
    if isinstance(value, list):
        return generic.ArrayObject(map(_for_pyhanko, value))
    return _PYHANKO[type(value)](generic)(value)


_PYHANKO: Final[Mapping[type, Any]] = {
    bool: lambda generic: generic.BooleanObject,
    int: lambda generic: generic.NumberObject,
    str: lambda generic: generic.NameObject,
    bytes: lambda generic: generic.ByteStringObject,
}


def _is_encrypted_throughout(
    content: bytes, objects: Objects, encryption: tuple[int | None, dict[str, Any]], budget: Budget
) -> bool:
    """Whether all strings and streams look as AES leaves them, and nothing stands beside them."""
    number, dictionary = encryption
    tables = [stream for stream in objects.streams if stream.is_of("/XRef")]
    return (
        objects.is_all
        and content.startswith(b"%PDF-")
        and _ENDS.search(content[-1024:]) is not None
        and dictionary.get("/EncryptMetadata", True) is True
        and _is_only_keys(dictionary, budget)
        and all(_is_plain_trailer(trailer, budget) for trailer in objects.trailers)
        and objects.places <= objects.starts
        and all(is_table(stream, objects.starts, budget) for stream in tables)
        and _are_ciphertexts(list(_data(objects, number, dictionary)), dictionary, budget)
    )


def _is_only_keys(dictionary: dict[str, Any], budget: Budget) -> bool:
    """Whether the *dictionary* that says how a file is encrypted has no strings but those that it must."""
    others = {name: each for name, each in dictionary.items() if name not in {*_KEY_STRINGS, "/CF"}}
    keys = {name: dictionary[name].rstrip(b"\0") for name in _KEY_STRINGS.keys() & dictionary.keys()}
    filters = [
        {name: each for name, each in found.items() if name != "/Recipients"}
        for found in dictionary.get("/CF", {}).values()
    ]
    return (
        not strings_in([others, filters], budget)
        and all(len(key) <= _KEY_STRINGS[name] for name, key in keys.items())
        and not is_any_plain(keys.values(), budget)
    )


def _is_plain_trailer(trailer: dict[str, Any], budget: Budget) -> bool:
    """Whether a *trailer* has no strings but those that it must: they are never encrypted."""
    others = {name: each for name, each in trailer.items() if name not in _TRAILER_STRINGS}
    identifiers = strings_in(trailer.get("/ID", []), budget)
    codes = strings_in(trailer.get("/AuthCode", {}), budget)
    return (
        not strings_in(others, budget)
        and len(identifiers) <= _MOST_IDS
        and all(len(each) <= _LONGEST_ID for each in identifiers)
        and all(_cms.is_authenticated(each, budget) for each in codes)
    )


def _are_ciphertexts(data: list[bytes], dictionary: dict[str, Any], budget: Budget) -> bool:
    found = [_ciphertext(each, is_gcm=dictionary["/V"] == _GCM) for each in data]
    return None not in found and not is_any_plain(filter(None, found), budget)


def _data(objects: Objects, number: int | None, dictionary: dict[str, Any]) -> Iterator[bytes]:
    """Yield what should be encrypted: every string and stream but for those that must not be."""
    yield from (string for within, string in objects.strings if within != number)
    for stream in objects.streams:
        if not stream.is_of("/XRef"):
            yield bytes(stream.data) if _is_filtered(stream, dictionary) else b"in clear"


def _is_filtered(stream: Stream, dictionary: dict[str, Any]) -> bool:
    """Whether the *stream* is encrypted as all others, and not with a filter of its own, or none."""
    filters, parameters = (
        each if isinstance(each, list) else [each]
        for each in (stream.dictionary.get("/Filter"), stream.dictionary.get("/DecodeParms"))
    )
    if "/Crypt" not in filters:
        return True
    names = {each.get("/Name") for each in parameters if isinstance(each, dict) and "/Name" in each}
    return names == {dictionary.get("/StmF")}


def _ciphertext(data: bytes, *, is_gcm: bool) -> bytes | None:
    """Return *data* without the line end behind a stream, if it has the length that encryption gives it.

    A nonce may be a counter, which begins with zeros.
    """
    for line_end in _LINE_ENDS:
        found = data.removesuffix(line_end)
        if data.endswith(line_end) and _has_length(found, is_gcm=is_gcm):
            return found[:_NONCE].translate(None, b"\0") + found[_NONCE:] if is_gcm else found
    return None


def _has_length(data: bytes, *, is_gcm: bool) -> bool:
    """Whether *data* is nothing; or an initialisation vector and padded blocks; or with a nonce and a tag."""
    return not data or (
        len(data) >= _GCM_OVERHEAD if is_gcm else not len(data) % _BLOCK and len(data) > _BLOCK
    )
