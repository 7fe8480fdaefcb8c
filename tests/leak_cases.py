"""What the tests of the leak search have in common."""

from __future__ import annotations

import io
import zipfile

from ondemand_attach._leaks import find_leaks

HEADER = b"Subject: Your order\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment\r\n\r\n"


def is_found(content: bytes, value: object) -> bool:
    """Whether *value* is found in an attachment with *content*."""
    return bool(find_leaks(HEADER + content, [("customer.secret", value)]))


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", method) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, method)
        archive.comment = comment
    return memory.getvalue()


def pdf(*objects: bytes) -> bytes:
    """Return a PDF of *objects*, numbered from 1, as a reader that repairs files takes it."""
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, one) for number, one in enumerate(objects, 1))
    return b"%PDF-1.7\n" + body + b"%%EOF\n" + b"\xff\x00" * 50


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<<%s /Length %d>>\nstream\n%s\nendstream" % (entries, len(data), data)
