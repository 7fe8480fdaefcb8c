"""What made a message is freed when the message is made, without waiting for the garbage collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from ondemand_attach import MessageBuilder, PdfEncryptor, PdfSigner, Xhtml2PdfGenerator
from ondemand_attach.testing import self_signed
from protectors.samples import CANARY, SECRET

LETTER = MessageBuilder().sender("a@shop.example").subject("Hello").text("See the PDF.").confidential("c")
KEY, CERTIFICATE = self_signed("Garnet & Gold Ltd")


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Switch the garbage collector off."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("signer", [None, PdfSigner(key=KEY, certificate=CERTIFICATE)], ids=["", "signed"])
def test_nothing_that_a_document_says_waits_for_the_garbage_collector(signer: PdfSigner | None) -> None:
    builder = LETTER.attach(
        Xhtml2PdfGenerator(source="<p>{{ c }}</p>"),
        filename="c.pdf",
        encryptor=PdfEncryptor(password=lambda _: SECRET),
        signer=signer,
    )
    for number in range(4):
        builder.build({"c": f"{CANARY} {number}"}, to="b@example.com")
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        builder.build({"c": f"{CANARY} last"}, to="b@example.com")
        gc.collect()
    finally:
        gc.set_debug(0)
        left = gc.garbage[:]
        gc.garbage.clear()
    assert len(left) < 100  # 14, with a signature 58; all of it was 300 to 420
    assert not [each for each in left if isinstance(each, dict | list | tuple) and CANARY in str(each)]
