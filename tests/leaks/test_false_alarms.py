"""What the application says to everyone, and public figures, stop no mail; the same out of the data does."""

from __future__ import annotations

from typing import Any

import pytest

from ondemand_attach import MessageBuilder
from ondemand_attach.errors import ConfidentialityError
from ordinary_cases import CASES, Case


def built(builder: MessageBuilder, context: dict[str, Any], value: object) -> object:
    customer = value if isinstance(value, dict) else {"value": value}
    return builder.build({**context, "customer": customer}, to="jana@example.com")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_ordinary_mail_is_sent(case: Case) -> None:
    assert built(case.builder, case.context, case.value)


@pytest.mark.parametrize("case", [case for case in CASES if case.can_leak], ids=lambda case: case.name)
def test_the_same_out_of_the_data_is_found_beside_it(case: Case) -> None:
    """Fixed text explains the place where it stands, and no other."""
    builder, context = case.with_leak()
    with pytest.raises(ConfidentialityError) as caught:
        built(builder, context, case.value)
    assert "note" in str(caught.value)
    assert (caught.value.path, caught.value.template) == ("customer.value", "<text>")
