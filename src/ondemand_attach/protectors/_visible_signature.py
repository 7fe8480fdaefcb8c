"""How a signature shows on a page."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ondemand_attach._given import checked_fields
from ondemand_attach._message import AttachmentRequest, Source
from ondemand_attach._origins import named, of_file, told
from ondemand_attach._seal import translated
from ondemand_attach.errors import ConfigurationError, SigningError

if TYPE_CHECKING:
    from cryptography import x509


@checked_fields()
@dataclass(frozen=True, slots=True, kw_only=True)
class VisibleSignature:
    """A picture of the signature on a page.

    Args:
        box: left, bottom, right and top edge in points, from the lower left corner of the page.
        page: the index of the page; -1 is the last.
        text: a template that is rendered with the request's context, without escaping; by default the name in
            the certificate and the time in UTC.
        logo: a PNG or JPEG image, shown to the left of the text: its bytes, or the path of the file, which is
            read now.
        qr: a template, as *text* is one, of what a QR code to the right of the text holds.

    Raises:
        ConfigurationError: the box is empty, or the logo is no PNG or JPEG.
    """

    box: tuple[float, float, float, float]
    page: int = -1
    text: str | None = None
    logo: bytes | str | Path | None = field(default=None, repr=False)
    qr: str | None = None

    def __post_init__(self) -> None:
        if not _is_box(self.box):
            raise ConfigurationError(
                "the box of the visible signature is empty; give left, bottom, right, top in points"
            )
        if isinstance(self.logo, str | Path):
            content = translated(
                Path(self.logo).read_bytes,
                lambda error: ConfigurationError(
                    f"the logo of the visible signature, {str(self.logo)!r}, cannot be read: "
                    f"{of_file(error)}; give the path of a file that is there, or its bytes"
                ),
            )
            object.__setattr__(self, "logo", content)
        if self.logo is not None:
            _check_logo(self.logo)

    def drawn(self, certificate: x509.Certificate, request: AttachmentRequest) -> bytes:
        """Return the picture of a signature made with *certificate*: a one-page PDF."""
        from ondemand_attach.protectors import _appearance, _certificates

        if self.text is None:
            now = request.now.astimezone(datetime.UTC)
            text = f"Digitally signed by {_certificates.name_of(certificate)}\n{now:%Y-%m-%d %H:%M} UTC"
        else:
            text = _rendered(self.text, request)
        code = None if self.qr is None else _rendered(self.qr, request)
        left, bottom, right, top = self.box
        logo = self.logo if isinstance(self.logo, bytes) else None
        return translated(
            lambda: _appearance.drawn(text, right - left, top - bottom, logo=logo, code=code),
            lambda error: SigningError(
                f"the visible signature on {request.filename} could not be drawn: {told(error)}"
            ),
        )


def _rendered(source: str, request: AttachmentRequest) -> str:
    return request.templates.render(request.context, "text", Source(source, None))


def _is_box(box: object) -> bool:
    if not (isinstance(box, tuple | list) and len(box) == 4):
        return False
    if not all(isinstance(edge, int | float) and math.isfinite(edge) for edge in box):
        return False
    return bool(box[2] - box[0] >= 1 and box[3] - box[1] >= 1)


def _check_logo(logo: object) -> None:
    """Read the picture now: a file that was cut off is no error of a message.

    Raises:
        ConfigurationError: it is neither PNG nor JPEG, or damaged.
    """
    from ondemand_attach.protectors import _appearance

    if not (isinstance(logo, bytes) and logo.startswith((b"\x89PNG", b"\xff\xd8\xff"))):
        raise ConfigurationError(
            "the logo of the visible signature is neither PNG nor JPEG; save it as one of them"
        )
    translated(
        lambda: _appearance.drawn("", 99.0, 99.0, logo=logo),
        lambda error: ConfigurationError(
            f"the logo of the visible signature is damaged ({named(error)}); save it anew as PNG or JPEG"
        ),
    )
