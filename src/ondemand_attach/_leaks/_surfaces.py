"""The surfaces of a message on which a value could stand: its header fields and the contents of its parts."""

from __future__ import annotations

import binascii
import re
from collections.abc import Collection, Iterator, Mapping

from ondemand_attach._leaks._budget import Budget, Member
from ondemand_attach._leaks._decoding import from_base64, text_of

_Fields = list[tuple[str, str]]

_ADDRESS_FIELDS = frozenset({"from", "sender", "reply-to", "to", "cc"})
# What a message has whoever receives it.
_USUAL_NAMES = frozenset(
    {
        *("Return-Path", "From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
        *("MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Content-ID"),
    }
)
_USUAL_FIELDS = frozenset(
    {
        ("Auto-Submitted", "auto-generated"),
        ("MIME-Version", "1.0"),
        *(("Content-Type", f"text/{kind}; charset=utf-8") for kind in ("plain", "html")),
        *(("Content-Transfer-Encoding", name) for name in ("7bit", "base64", "quoted-printable")),
    }
)
_BODIES = {"text/plain": "text body", "text/html": "HTML body"}
_BOUNDARY = re.compile(r'boundary="?([^";\s]+)', re.IGNORECASE)
_CHARSET = re.compile(r'charset="?([^";\s]+)', re.IGNORECASE)
_DATE = re.compile(r"[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}")
_FOLD = re.compile(rb"\r\n(?=[ \t])")
_BEFORE = re.compile(r"[\w.+-]")
_AFTER = re.compile(r"[\w.-]")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ENCODED_BODIES = (b"ontent-Transfer-Encoding:", b"ontent-transfer-encoding:", b"ONTENT-TRANSFER-ENCODING:")
_DEPTH = 8


def surfaces(
    content: bytes, elided: Mapping[bytes, bytes], protected: Collection[bytes], addresses: Collection[str]
) -> tuple[list[tuple[str, str]], list[tuple[str, bytes, str]]]:
    """Return the header fields and the contents that are not protected, with the charset of each."""
    number = 0
    left = dict(elided)
    headers: list[tuple[str, str]] = []
    documents: list[tuple[str, bytes, str]] = []
    for depth, fields, body in parts(content):
        known = {name.lower(): value for name, value in fields}
        media_type = known.get("content-type", "text/plain").partition(";")[0].strip().lower()
        is_attachment = "content-disposition" in known or not media_type.startswith(("text/", "multipart/"))
        number += is_attachment
        label = f"attachment {number}" if is_attachment else _BODIES.get(media_type, "body")
        headers += _headers(fields, addresses, label if depth else "")
        decoded = decoded_body(body, known.get("content-transfer-encoding", ""), left)
        if decoded.strip(b"\r\n-") and decoded not in protected:
            charset = _CHARSET.search(known.get("content-type", ""))
            documents.append((label, decoded, charset[1] if charset else "utf-8"))
    documents += (("attachment", document, "utf-8") for document in left.values())  # not all of any part
    return headers, documents


def bodies(content: bytes, budget: Budget) -> Iterator[Member]:
    """Yield the bodies of a message in *content* that it does not show as they read, with their charsets."""
    if not any(name in content for name in _ENCODED_BODIES):
        return
    for _, fields, body in parts(content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")):
        known = {name.lower(): value for name, value in fields}
        encoding = known.get("content-transfer-encoding", "").strip().lower()
        media_type = known.get("content-type", "")
        charset = _CHARSET.search(media_type)
        is_message = media_type.lower().startswith("message/")
        if (charset or is_message or encoding in {"base64", "quoted-printable"}) and budget.allows(len(body)):
            yield decoded_body(body, encoding, {}), charset[1] if charset else "utf-8"


def parts(content: bytes, depth: int = 0) -> Iterator[tuple[int, _Fields, bytes]]:
    """Yield the header fields and the raw body of each part, the whole message first."""
    head, _, body = (b"\r\n" + content).partition(b"\r\n\r\n")
    fields = [_field(line) for line in text_of(_FOLD.sub(b"", head)).split("\r\n") if line]
    media_type = next((value for name, value in fields if name.lower() == "content-type"), "")
    boundary = _BOUNDARY.search(media_type)
    if depth > _DEPTH or boundary is None:
        yield depth, fields, body
        return
    preamble, *pieces = (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode())
    within = [piece for piece in pieces if not piece.startswith(b"--")]
    yield depth, fields, b"\r\n".join([preamble, *(piece for piece in pieces if piece.startswith(b"--"))])
    for piece in within:
        yield from parts(piece.removeprefix(b"\r\n"), depth + 1)


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.strip()


def decoded_body(body: bytes, encoding: str, elided: dict[bytes, bytes]) -> bytes:
    match encoding.strip().lower():
        case "base64" if body in elided:
            return elided.pop(body)
        case "base64":
            decoded = from_base64(body)
            return body if decoded is None else decoded
        case "quoted-printable":
            return binascii.a2b_qp(body)
        case _:
            return body


def _headers(fields: _Fields, addresses: Collection[str], label: str) -> Iterator[tuple[str, str]]:
    fields = [field for field in fields if field not in _USUAL_FIELDS]
    yield "a header name", "\n".join([name for name, _ in fields if name not in _USUAL_NAMES])
    for name, value in fields:
        if name.lower() in _ADDRESS_FIELDS:
            yield _place(name, label), _split(_without_addresses(value, addresses))
        elif name.lower() != "date" or not _DATE.fullmatch(value):
            yield _place(name, label), _split(value)


def _place(name: str, label: str) -> str:
    if label.startswith("attachment") and name.lower() in {"content-type", "content-disposition"}:
        return f"file name of {label}"
    return f"header {name} of {label}" if label else f"header {name}"


def _split(value: str) -> str:
    """Return *value*, and once more with JaneDoe as two words."""
    divided = _CAMEL.sub(" ", value)
    return value if divided == value else f"{value}\n{divided}"


def _without_addresses(value: str, addresses: Collection[str]) -> str:
    for address in addresses:
        value = _without(value, address)
    return value


def _without(value: str, address: str) -> str:
    lowered, address = value.lower(), address.lower()
    at = lowered.find(address) if len(lowered) == len(value) else -1  # a letter such as İ grows
    while at >= 0:
        end = at + len(address)
        if not _BEFORE.match(lowered[at - 1 : at]) and not _AFTER.match(lowered, end):
            value, lowered = f"{value[:at]} {value[end:]}", f"{lowered[:at]} {lowered[end:]}"
        at = lowered.find(address, at + 1)
    return value
