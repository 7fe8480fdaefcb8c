"""The same message by hand, with WeasyPrint in place of xhtml2pdf."""

from __future__ import annotations

from pathlib import Path

import by_hand
import traffic
import weasyprint
from weasyprint.text.fonts import FontConfiguration


class ByWeasyPrint(by_hand.ByHand):
    """jinja2, WeasyPrint, pyHanko, email and smtplib; the fonts are read once."""

    def __init__(self, pkcs12: Path, port: int, fonts: dict[str, Path]) -> None:
        super().__init__(pkcs12, port, fonts)
        self.configuration = FontConfiguration()

    def render(self, event: traffic.Event) -> bytes:
        template = self.templates.get_template("order_by_weasyprint.pdf.html")
        html = template.render(event, fonts=self.fonts)
        pdf: bytes = weasyprint.HTML(string=html, base_url="file:///").write_pdf(
            font_config=self.configuration
        )
        return pdf
