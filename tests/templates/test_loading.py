"""Template files that cannot be read are named."""

from __future__ import annotations

from pathlib import Path

import jinja2
import pytest

from ondemand_attach import MessageBuilder
from ondemand_attach.errors import TemplateError


@pytest.mark.parametrize("how", ["the template", "included", "extended", "imported"])
@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_file_that_is_not_utf_8_is_named(how: str, encoding: str, tmp_path: Path) -> None:
    (tmp_path / "broken.txt").write_text("Grüße", encoding=encoding)
    source = {
        "included": "{% include 'broken.txt' %}",
        "extended": "{% extends 'broken.txt' %}",
        "imported": "{% import 'broken.txt' as it %}",
    }.get(how)
    for place in (tmp_path, jinja2.FileSystemLoader(tmp_path)):
        builder = MessageBuilder(templates=place).sender("orders@shop.example").subject("Order")
        builder = builder.text(source) if source else builder.text(template="broken.txt")
        with pytest.raises(
            TemplateError, match=r"broken\.txt: it is not UTF-8, as byte \d shows; save it"
        ) as caught:
            builder.build({}, to="jane@example.com")
        assert caught.value.template == "broken.txt"
