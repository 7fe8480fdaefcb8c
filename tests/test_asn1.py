"""asn1crypto is the same whatever uses it first, and whoever comes at the same time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from asn1crypto import core
from asn1crypto.cms import CMSAttributeType, ContentInfo
from asn1crypto.x509 import Certificate

from ondemand_attach import _asn1

FIRST_USES = """
import sys
from ondemand_attach import *
from ondemand_attach.testing import attachment_request, self_signed
from cryptography.hazmat.primitives.serialization import Encoding
from protectors.samples import certify, order, rsa_key, ec_key

key, own = rsa_key(), certify(rsa_key(), address="a@shop.example")
der = certify(ec_key(), address="jane@example.com").public_bytes(Encoding.DER)
jane = Recipient(address=Address(addr_spec="jane@example.com"), certificate=der)
base = MessageBuilder().sender("a@shop.example").subject("s").text("t").confidential("code")
USES = {
    "S/MIME signature": lambda: base.whole_message(signer=SmimeSigner(key=key, certificate=own)),
    "S/MIME encryption": lambda: base.whole_message(encryptor=SmimeEncryptor()),
    "S/MIME with GCM": lambda: base.whole_message(encryptor=SmimeEncryptor(strict=True)),
    "PDF signature": lambda: base.attach(
        lambda request: Document(content=order().content, media_type="application/pdf"), filename="a.pdf",
        encryptor=PdfEncryptor(password="{{ code }}"), signer=PdfSigner(key=key, certificate=own)),
    "PDF for certificates": lambda: base.attach(
        lambda request: Document(content=order().content, media_type="application/pdf"), filename="a.pdf",
        encryptor=PdfEncryptor(certificates=lambda request: [der])),
}
for name in sys.argv[1:]:
    message = USES[name]().build({"code": "walnut-ferry-8823-cobalt"}, to=jane)
    assert message.exposure()
"""
USES = ("S/MIME signature", "S/MIME encryption", "S/MIME with GCM", "PDF signature", "PDF for certificates")


@pytest.mark.parametrize("turn", range(len(USES)))
def test_any_use_may_come_first(turn: int) -> None:
    uses = [*USES[turn:], *USES[:turn], *reversed(USES)]
    done = subprocess.run(
        [sys.executable, "-c", FIRST_USES, *uses],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


UNREADY = """
from asn1crypto import core
from ondemand_attach import _asn1
from ondemand_attach.protectors import _cms, _long_term, _pyhanko, _smime_proof, _time_stamps

for cls in set(_asn1._below(core.Asn1Value)) - {core.Choice}:  # which has no alternatives itself
    names = vars(cls).get("_map") or {}
    if hasattr(cls, "_setup") and cls not in core._SETUP_CLASSES:
        print(cls, "is not set up")
    if names and {name: number for number, name in names.items()} != cls._reverse_map:
        print(cls, "does not know", set(names.values()) ^ set(cls._reverse_map))
"""


def test_all_classes_are_set_up_with_all_names_before_any_is_used() -> None:
    done = subprocess.run(
        [sys.executable, "-c", UNREADY], capture_output=True, text=True, timeout=300, check=True
    )
    assert done.stdout == ""


def test_names_that_come_later_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CMSAttributeType._map, "1.2.3.4.5", "of_another_library")
    monkeypatch.setattr(
        CMSAttributeType, "_reverse_map", {**CMSAttributeType._reverse_map, "1.2.3.4.5": "wrong"}
    )
    with pytest.raises(ValueError, match="of_another_library"):
        CMSAttributeType("of_another_library")
    _asn1.make_ready()
    assert CMSAttributeType("of_another_library").dotted == "1.2.3.4.5"
    assert CMSAttributeType("1.2.3.4.5").native == "of_another_library"


def test_a_class_that_comes_later_is_set_up() -> None:
    class Later(core.Sequence):  # type: ignore[misc]
        _fields = [("number", core.Integer)]

    _asn1.make_ready()
    assert Later in core._SETUP_CLASSES
    assert Later._field_map == {"number": 0}


def test_what_is_set_up_is_left_alone() -> None:
    def tables() -> list[int]:
        found = (CMSAttributeType, ContentInfo, Certificate)
        return [
            id(vars(cls).get(name)) for cls in found for name in ("_reverse_map", "_field_ids", "_field_map")
        ]

    _asn1.make_ready()
    before = tables()
    _asn1.make_ready()
    assert tables() == before
